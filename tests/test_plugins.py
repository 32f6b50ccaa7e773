"""Other distributions: drivers that they bring, plug-ins that fail, and packages that take our names."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from gateway import plugins
from gateway.plugins import Intruder, check_names, load_drivers

GOOD = """
from gateway.driver import Driver, hookimpl

class Lamp(Driver):
    name = "lamp"
    title = "A lamp on a line"
    links = {"tcp": 7000}

@hookimpl
def register_drivers(register):
    register(Lamp)
"""


def install(folder: Path, name: str, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution with one module and an entry point, on the path as `pip install` would leave it."""
    (folder / f"{name}.py").write_text(source)
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[roomgate]\n{name} = {name}\n")
    (info / "RECORD").write_text(f"{name}.py,,\n")
    monkeypatch.syspath_prepend(str(folder))


def test_a_plug_in_brings_its_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "roomgate_lamp", GOOD, monkeypatch)
    assert load_drivers()["lamp"].title == "A lamp on a line"


@pytest.mark.parametrize(
    ("name", "source", "words"),
    [
        ("roomgate_broken", "import a_library_that_is_not_there\n", "No module named 'a_library_that_is_not_there'"),
        ("roomgate_quits", "import sys\nsys.exit(3)\n", "SystemExit: 3"),
        ("roomgate_again", GOOD.replace('"lamp"', '"pjlink"'), "two drivers are named 'pjlink'"),
        ("roomgate_nameless", GOOD.replace('"lamp"', '""'), "Lamp has no name"),
        ("roomgate_raises", GOOD.replace("    register(Lamp)", "    1 / 0"), "ZeroDivisionError"),
    ],
)
def test_a_plug_in_that_fails_is_said_and_the_others_are_there(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
    source: str,
    words: str,
) -> None:
    install(tmp_path, name, source, monkeypatch)
    lamp = tmp_path / "lamp"
    lamp.mkdir()
    install(lamp, "roomgate_lamp", GOOD, monkeypatch)
    caplog.set_level(logging.INFO)
    drivers = load_drivers()
    assert {"pjlink", "lamp"} <= drivers.keys() and drivers["pjlink"].__module__.startswith("drivers.")
    (record,) = caplog.records  # one clear line
    assert name in record.message and words in record.message and record.levelno == logging.ERROR
    assert "\n" not in record.message


def test_an_intruder_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_names()
    info = tmp_path / "smart_gateway-2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: smart-gateway\nVersion: 2.0\n")
    (info / "top_level.txt").write_text("gateway\n")
    (info / "RECORD").write_text("gateway/__init__.py,,\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(Intruder, match=r"smart-gateway also provides the package 'gateway'.*uninstall smart-gateway"):
        check_names()
    script = f"import sys; from gateway.__main__ import main; sys.path.append({str(tmp_path)!r}); sys.exit(main())"
    refused = subprocess.run([sys.executable, "-c", script, "drivers"], capture_output=True, text=True, check=False)
    assert refused.returncode == 1 and refused.stdout == ""
    assert refused.stderr.startswith("roomgate: the distribution smart-gateway") and refused.stderr.count("\n") == 1


def test_the_built_in_drivers_come_by_the_same_door() -> None:
    found = load_drivers()
    assert len(found) >= 6 and all(driver.__module__.startswith("drivers.") for driver in found.values())
    assert list(found) == sorted(found) and plugins.OURS == "roomgate"
