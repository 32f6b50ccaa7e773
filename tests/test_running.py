"""The page about running RoomGate as a service, and the limits that a service meets."""

from __future__ import annotations

import configparser
import re
import resource
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.cli import openfiles, options
from gateway.folder import default_path
from gateway.spec import RoomSpec, SiteSpec

PAGE = Path(__file__).parent.parent / "docs" / "running.md"


def unit() -> configparser.ConfigParser:
    (text,) = re.findall(r"```ini\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return parser


def test_the_pages_commands_are_roomgates() -> None:
    text = PAGE.read_text(encoding="utf-8")
    commands = re.findall(r"/opt/roomgate/bin/roomgate (.+)", text)
    assert len(commands) >= 3
    for command in commands:
        options.parser().parse_args(shlex.split(command))  # exits where it knows no such thing


def test_the_unit_keeps_its_state_where_the_page_says() -> None:
    service = unit()["Service"]
    assert service["Type"] == "notify" and service["User"] == "roomgate"
    state = Path("/var/lib") / service["StateDirectory"]
    assert default_path({"STATE_DIRECTORY": str(state)}) == state and f"--data {state}" in PAGE.read_text("utf-8")
    assert int(service["LimitNOFILE"]) == openfiles.WANTED


def test_the_limit_is_raised_and_a_site_that_needs_more_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = [1024, 4096]
    monkeypatch.setattr(resource, "getrlimit", lambda _: tuple(limits))
    monkeypatch.setattr(resource, "setrlimit", lambda _, wanted: limits.__setitem__(slice(None), wanted))
    assert openfiles.allowed() == 4096 and limits == [4096, 4096]
    assert openfiles.allowed() == 4096, "once is enough"
    limits[:] = [1024, resource.RLIM_INFINITY]
    assert openfiles.allowed() == openfiles.WANTED and limits[0] == openfiles.WANTED

    def no(_: int, __: tuple[int, int]) -> None:
        raise ValueError("not allowed to raise maximum limit")

    limits[:] = [1024, 4096]
    monkeypatch.setattr(resource, "setrlimit", no)
    assert openfiles.allowed() == 1024
    room = RoomSpec("a", "A", {}, {})
    site = SiteSpec({f"room-{n}": replace(room, id=f"room-{n}") for n in range(300)})
    assert openfiles.needed(site) == 8 * 300 + 128
    words = openfiles.complaint(site, 1024)
    assert words.startswith("WARNING: this process may hold 1024 files") and "2528" in words
    assert openfiles.complaint(site, 4096) == ""
