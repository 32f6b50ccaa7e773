"""`[keys]` of site.toml: the typeface of what stands on keys, for scripts that RoomGate's own has no letters of.

    [keys]
    typeface = "NotoSansJP-Medium.otf"    # beside site.toml, or a whole path

What may not live here: which text is set in it (`surfaces/typefaces.py`).
"""

from __future__ import annotations

from pathlib import Path

from gateway.complaint import Table


def read_typeface(top: Table, folder: Path) -> Path | None:
    """The file, looked into as far as to see that it is a typeface; None where the site names none, or no good one."""
    if "keys" not in top.data:
        top.taken.add("keys")
        return None
    table = top.table("keys")
    name: str | None = table.take("typeface", str)
    table.finish()
    if name is None:
        return None
    file: Path = folder / name
    if not file.is_file():
        table.complain("typeface", f"no file {name!r}", "expected a TrueType or OpenType file beside site.toml")
        return None
    from PIL import ImageFont  # only where it is asked for: it is not quick to load

    try:
        ImageFont.truetype(file, 20)
    except OSError:
        table.complain("typeface", f"{name!r} is no typeface", "expected a TrueType or OpenType file")
        return None
    return file
