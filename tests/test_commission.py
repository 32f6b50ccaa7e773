"""`roomgate commission`: every device told, every part tried, a sheet left behind, and nothing left half done."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import signal
from collections.abc import Iterable
from pathlib import Path

import pytest

from gateway.cli.commission import CommissionError, Wish, commission
from gateway.plugins import load_drivers
from gateway.sheet import Made, Sheet, Tried, load, markdown, page, save

HERE = Path(__file__).parent.parent
ROOM = """
name = "Trial room"
[devices.box]
driver = "global_cache"
link = "tcp://10.9.9.9"
simulate = true
[devices.projector]
driver = "pjlink"
link = "tcp://10.9.9.8"
quick = 0.1
simulate = true
simulator = { speed = 50, idle_seconds = 0 }
[parts]
relay.lamp = "box/1:3"
[parts.display.main]
unit = "projector"
default_input = "31"
[parts.screen.left]
wiring = "hold"
up = "box/1:1"
down = "box/1:2"
seconds_up = 1
seconds_down = 1.5
[sources.laptop]
input = "32"
"""


class Person:
    """Somebody with answers; None when they have gone."""

    def __init__(self, answers: Iterable[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def ask(self, question: str) -> str | None:
        self.asked.append(question)
        return self.answers.pop(0) if self.answers else None


def wish(tmp_path: Path, **more: bool) -> Wish:
    (tmp_path / "trial.toml").write_text(ROOM, encoding="utf-8")
    return Wish("trial", tmp_path, tmp_path / "out", pace=0.1, **more)


async def test_all_by_itself_against_simulators(tmp_path: Path) -> None:
    out = io.StringIO()
    code = await commission(wish(tmp_path, yes=True), load_drivers(), out)
    sheet = load(tmp_path / "out" / "commission-trial.json")
    assert code == 0 and sheet.verdict == "pass", out.getvalue()
    assert [device.name for device in sheet.devices] == ["box", "projector"]
    assert all(device.online and device.where.endswith("(simulated)") for device in sheet.devices)
    assert (
        list(sheet.tried)
        == sheet.planned
        == [
            "display.main/on",
            "display.main/input 32",
            "display.main/input 31",
            "room/source laptop",
            "screen.left/motion",
            "relay.lamp/relay",
        ]
    )
    paper = (tmp_path / "out" / "commission-trial.md").read_text(encoding="utf-8")
    web = (tmp_path / "out" / "commission-trial.html").read_text(encoding="utf-8")
    assert "Trial room (trial): pass" in paper and "| box |" in paper
    assert "http" not in web.replace("http://", "").replace("https://", "") and "PASS" in web


async def test_what_the_site_has_for_all_rooms_is_tried_too_where_it_is_simulated(tmp_path: Path) -> None:
    given = wish(tmp_path, yes=True)
    pdu = 'driver = "apc_pdu"\nlink = "snmp://10.9.9.7"\nsimulate = true\nsimulator = { speed = 50 }\n'
    (tmp_path / "site.toml").write_text(f"[devices.pdu]\n{pdu}", encoding="utf-8")
    room = ROOM.replace("relay.lamp", 'outlet.rack = "pdu/1"\nrelay.lamp')
    (tmp_path / "trial.toml").write_text(room, encoding="utf-8")
    assert await commission(given, load_drivers(), io.StringIO()) == 0
    assert load(tmp_path / "out" / "commission-trial.json").tried["outlet.rack/power"].verdict == "pass"


def hurried(profile: str) -> str:
    """A profile with simulators that make haste (but hang up as late as before), and motors with short ways."""
    profile = re.sub(r"^(seconds_(?:up|down)) = .*$", r"\1 = 1.0", profile, flags=re.M)
    tables = re.split(r"^(?=\[)", profile, flags=re.M)
    for number, table in enumerate(tables):
        haste = "speed = 20" + (", idle_seconds = 600" if '"pjlink"' in table else "")
        more = re.search(r"^simulator = \{(.*)\}.*\n", table, flags=re.M)
        if more:
            table = table.replace(more[0], "")
            haste += f", {more[1].strip()}"
        tables[number] = table.replace("simulate = true\n", f"simulate = true\nsimulator = {{ {haste} }}\n")
    return "".join(tables)


@pytest.mark.parametrize("room", ["boardroom", "demo", "huddle", "lecture-hall"])
async def test_every_room_that_comes_with_it_passes_all_by_itself(room: str, tmp_path: Path) -> None:
    for file in (HERE / "profiles").glob("*.toml"):
        (tmp_path / file.name).write_text(hurried(file.read_text(encoding="utf-8")), encoding="utf-8")
    out = io.StringIO()
    given = Wish(room, tmp_path, tmp_path / "out", pace=0.2, yes=True)
    assert await commission(given, load_drivers(), out) == 0, out.getvalue()


async def test_a_person_sees_says_no_notes_stops_and_goes_on(tmp_path: Path) -> None:
    out = io.StringIO()
    first = Person(["", "y", "", "n", "s", "", "the wrong picture", "q"])
    assert await commission(wish(tmp_path), load_drivers(), out, first) == 1
    sheet = load(tmp_path / "out" / "commission-trial.json")
    told = [(one.verdict, one.seen, one.note) for one in sheet.tried.values()]
    assert told == [
        ("pass", "seen", ""),
        ("fail", "not seen", ""),
        ("skipped", "nobody looked", ""),
        ("pass", "seen", "the wrong picture"),
    ]
    assert sheet.verdict == "fail" and "Not tried yet" in markdown(sheet)
    second = Person(["", "y", "", "y", "", "y", "", "y"])
    assert await commission(wish(tmp_path, resume=True), load_drivers(), out, second) == 0
    assert "passed before" in out.getvalue()
    assert load(tmp_path / "out" / "commission-trial.json").verdict == "pass"


async def test_what_is_broken_off_stands_still(tmp_path: Path) -> None:
    class Leaver(Person):
        async def ask(self, question: str) -> str | None:
            if "down, stop, up" in told.getvalue():
                asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), signal.SIGINT)
                return ""
            return "s"

    told = io.StringIO()
    assert await commission(wish(tmp_path), load_drivers(), told, Leaver([])) == 1
    assert "what moves is stopped" in told.getvalue()
    sheet = load(tmp_path / "out" / "commission-trial.json")
    assert "screen.left/motion" not in sheet.tried and sheet.verdict.endswith("to be tried")


async def test_it_does_not_move_real_equipment_unasked(tmp_path: Path) -> None:
    with pytest.raises(CommissionError, match="no room 'nowhere'"):
        await commission(Wish("nowhere", wish(tmp_path).site, tmp_path), load_drivers(), io.StringIO())
    given = wish(tmp_path, yes=True)
    (tmp_path / "trial.toml").write_text(ROOM.replace("simulate = true", "", 1), encoding="utf-8")
    with pytest.raises(CommissionError, match="real: trial/box"):
        await commission(given, load_drivers(), io.StringIO())
    with pytest.raises(CommissionError, match="no sheet to go on from"):
        await commission(wish(tmp_path, resume=True), load_drivers(), io.StringIO())


def test_the_sheet_keeps_its_words_in_their_places(tmp_path: Path) -> None:
    device = Made("a|b", "pjlink", "tcp://x", False, "no <response>", None)
    sheet = Sheet("r", "R & D", "now", "1", [device], {"t": Tried("t", "T", "fail", ("refused: no",))}, ["t", "u"])
    assert sheet.verdict == "fail"
    assert "a\\|b" in markdown(sheet) and "&lt;response&gt;" in page(sheet) and "R &amp; D" in page(sheet)
    save(sheet, tmp_path / "s.json")
    assert load(tmp_path / "s.json") == sheet
    (tmp_path / "s.json").write_text(json.dumps({"room": "r"}), encoding="utf-8")
    with pytest.raises(ValueError, match="no sheet"):
        load(tmp_path / "s.json")
