"""The sheet that an installer leaves behind: devices, what was tried, pass or fail; as Markdown, HTML and JSON.

Pure text, but for `save` and `load`. What may not live here: trying anything (`commission.py`).
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

Verdict = Literal["pass", "fail", "skipped"]


@dataclass(frozen=True)
class Made:
    """One device as it was found. `seconds` until it was online; `reason` why it is not."""

    name: str
    driver: str
    where: str
    online: bool
    reason: str = ""
    seconds: float | None = None
    model: str = ""
    serial: str = ""
    firmware: str = ""


@dataclass(frozen=True)
class Tried:
    """One trial: what came of each command, and whether anybody saw it."""

    id: str
    title: str
    verdict: Verdict
    outcomes: tuple[str, ...] = ()
    seen: Literal["seen", "not seen", "nobody looked"] = "nobody looked"
    seconds: float = 0.0
    note: str = ""


@dataclass
class Sheet:
    """All of it, for one room."""

    room: str
    name: str
    began: str
    version: str
    devices: list[Made] = field(default_factory=list)
    tried: dict[str, Tried] = field(default_factory=dict)
    planned: list[str] = field(default_factory=list)
    ended: str = ""

    @property
    def verdict(self) -> str:
        """pass, fail, or what is still to be done."""
        if any(not device.online for device in self.devices) or any(t.verdict == "fail" for t in self.tried.values()):
            return "fail"
        left = [one for one in self.planned if one not in self.tried or self.tried[one].verdict == "skipped"]
        return f"{len(left)} to be tried" if left else "pass"


def save(sheet: Sheet, file: Path) -> None:
    """Write the state that `--resume` goes on from; whole or not at all."""
    fresh = file.with_suffix(".part")
    fresh.write_text(json.dumps(asdict(sheet), indent=2, ensure_ascii=False), encoding="utf-8")
    fresh.replace(file)


def load(file: Path) -> Sheet:
    """Read it back. Raises ValueError where it is none."""
    try:
        told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        devices = [Made(**device) for device in told.pop("devices")]
        tried = {key: Tried(**{**one, "outcomes": tuple(one["outcomes"])}) for key, one in told.pop("tried").items()}
        return Sheet(**told, devices=devices, tried=tried)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{file} is no sheet to go on from: {error}") from None


def markdown(sheet: Sheet) -> str:
    """The sheet as Markdown."""
    lines = [f"# {_md(sheet.name)} ({sheet.room}): {sheet.verdict}", ""]
    lines += [f"Begun {sheet.began}, ended {sheet.ended or 'not yet'}; RoomGate {sheet.version}.", "", "## Devices", ""]
    lines += [*_table(DEVICES, (_device(device) for device in sheet.devices)), "", "## Tried", ""]
    lines += _table(TRIALS, (_trial(one) for one in sheet.tried.values()))
    left = [one for one in sheet.planned if one not in sheet.tried]
    if left:
        lines += ["", "## Not tried yet", "", *(f"* {_md(one)}" for one in left)]
    lines += ["", "Commissioned by: ______________________   Date: ____________", ""]
    return "\n".join(lines)


DEVICES = ("device", "driver", "where", "state", "model", "serial number", "firmware")
TRIALS = ("tried", "result", "the devices say", "a person", "seconds", "note")


def _device(device: Made) -> tuple[str, ...]:
    waited = "" if device.seconds is None else f" after {device.seconds:.1f} s"
    state = f"online{waited}" if device.online else f"OFFLINE: {device.reason}"
    return (device.name, device.driver, device.where, state, device.model, device.serial, device.firmware)


def _trial(one: Tried) -> tuple[str, ...]:
    return (one.title, one.verdict.upper(), ", ".join(one.outcomes), one.seen, f"{one.seconds:.1f}", one.note)


def _md(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return lines + [f"| {' | '.join(_md(cell) for cell in row)} |" for row in rows]


STYLE: Mapping[str, str] = {
    "body": "font:14px/1.4 system-ui,sans-serif;margin:2rem auto;max-width:62rem;padding:0 1rem;color:#111",
    "table": "border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem",
    "th,td": "border:1px solid #bbb;padding:.3rem .5rem;text-align:left;vertical-align:top",
    "th": "background:#eee",
    ".FAIL,.OFFLINE": "background:#fdd;font-weight:bold",
    ".PASS": "background:#dfd",
    "h1 span": "font-weight:normal",
    "footer": "margin-top:3rem",
}
PRINT = "@media print{body{margin:0;max-width:none}tr{break-inside:avoid}}"


def page(sheet: Sheet) -> str:
    """The sheet as one HTML page, to print: nothing is fetched from anywhere."""
    style = "".join(f"{where}{{{what}}}" for where, what in STYLE.items()) + PRINT
    title = html.escape(f"{sheet.name} ({sheet.room})")
    ended = html.escape(sheet.ended or "not yet")
    left = [one for one in sheet.planned if one not in sheet.tried]
    rest = "".join(f"<li>{html.escape(one)}" for one in left)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{style}</style>'
        f"<h1>{title} <span>{html.escape(sheet.verdict)}</span></h1>"
        f"<p>Begun {html.escape(sheet.began)}, ended {ended}; RoomGate {html.escape(sheet.version)}."
        f"<h2>Devices</h2>{_rows(DEVICES, map(_device, sheet.devices))}"
        f"<h2>Tried</h2>{_rows(TRIALS, map(_trial, sheet.tried.values()))}"
        + (f"<h2>Not tried yet</h2><ul>{rest}</ul>" if left else "")
        + "<footer>Commissioned by: ______________________ &emsp; Date: ____________</footer></html>\n"
    )


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    def cell(text: str) -> str:
        mark = next((word for word in ("FAIL", "PASS", "OFFLINE") if text.startswith(word)), "")
        return f"<td{f' class={mark}' if mark else ''}>{html.escape(text)}"

    top = "".join(f"<th>{name}" for name in head)
    return f"<table><tr>{top}" + "".join(f"<tr>{''.join(map(cell, row))}" for row in rows) + "</table>"
