"""`roomgate join-info` as an administrator meets it: every form of file, own rules, a room's plan, clear mistakes."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.__main__ import main
from gateway.plugins import load_drivers
from gateway.profile.site import read

TEAMS = "https://teams.microsoft.com/l/meetup-join/1/0"
FOLDED = "https://zoom.us/j/93\r\n 412345678"
LINK = "<a href=https://zoom.us/j/93412345678>x</a>"
ROOM = """
[devices.codec]
driver = "poly_videoos"
link = "https://127.0.0.1"
[parts]
calls = "codec"
"""
RULES = """
[join]
teams_gateway = "webex"
[[join.rules]]
host = "meet.example.com"
pattern = "/room/(?P<meeting_id>[0-9]+)"
dial = "{meeting_id}@vc.example.com"
"""


def ask(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["join-info", *arguments]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


@pytest.mark.parametrize(
    ("name", "content", "wanted"),
    [
        ("a.txt", "Join https://zoom.us/j/93412345678", "zoom"),
        ("a.html", '<p><a href="https://zoom.us/j/93412345678">Join</a></p><a href="/x">x</a>', "zoom"),
        ("a.eml", "From: a@example.com\nTo: b@example.com\nSubject: x\n\nhttps://zoom.us/j/93412345678\n", "zoom"),
        ("a.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDESCRIPTION:https://zoom.us/j/93\n 412345678\nEND:VEVENT\n", "zoom"),
        ("a.json", json.dumps({"body": "https://zoom.us/j/93412345678", "onlineMeeting": None}), "zoom"),
        ("b.json", json.dumps({"body_type": "ics-description-raw", "body": FOLDED}), "zoom"),
        ("c.json", json.dumps({"onlineMeeting": {"joinUrl": TEAMS}}), "teams"),
        ("d.json", json.dumps({"location": {"displayName": "https://meet.google.com/abc-defg-hij"}}), "meet"),
        ("e.json", json.dumps({"body": {"contentType": "html", "content": LINK}}), "zoom"),
        ("noname", json.dumps({"body": "https://zoom.us/j/93412345678"}), "zoom"),
    ],
)  # fmt: skip
def test_files(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: str, wanted: str) -> None:
    file = tmp_path / name
    file.write_text(content, encoding="utf-8", newline="")
    told = ask(capsys, str(file))
    assert [option["kind"] for option in told["options"]] == [wanted]
    assert told["notes"] == [] and set(told) == {"options", "notes"}
    assert "" not in told["options"][0].values()


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"nothing here")))
    assert ask(capsys, "-") == {"options": [], "notes": []}


def test_own_rules_and_a_rooms_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "site.toml").write_text(RULES, encoding="utf-8")
    (tmp_path / "huddle.toml").write_text(ROOM, encoding="utf-8")
    file = tmp_path / "mail.txt"
    file.write_text("https://meet.example.com/room/4455", encoding="utf-8")
    (option,) = ask(capsys, str(file), "--rules", str(tmp_path))["options"]
    assert option["sip"] == "4455@vc.example.com" and option["kind"] == "other"
    told = ask(capsys, str(file), "--rules", str(tmp_path), "--room", "huddle")["plan"]
    assert told["codec"] == "poly_videoos"
    assert told["ways"][0]["do"] == "dial" and told["ways"][0]["address"] == "4455@vc.example.com"
    file.write_text("https://teams.microsoft.com/l/meetup-join/1/0", encoding="utf-8")
    told = ask(capsys, str(file), "--rules", str(tmp_path), "--room", "huddle")["plan"]
    assert told["ways"] == [] and "ask the organiser" in told["words"]


def test_mistakes_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mail.txt"
    file.write_text("x", encoding="utf-8")
    assert main(["join-info", str(tmp_path / "none.txt")]) == 1
    (tmp_path / "site.toml").write_text('[[join.rules]]\nhost = "x.example"\npattern = "(a"\n', encoding="utf-8")
    assert main(["join-info", str(file), "--rules", str(tmp_path)]) == 1
    assert "join.rules.1" in capsys.readouterr().err
    (tmp_path / "site.toml").write_text("", encoding="utf-8")
    assert main(["join-info", str(file), "--rules", str(tmp_path), "--room", "nowhere"]) == 1
    assert "nowhere" in capsys.readouterr().err


def test_the_site_reads_its_rules(tmp_path: Path) -> None:
    (tmp_path / "huddle.toml").write_text('group = "north"\n' + ROOM, encoding="utf-8")
    (tmp_path / "site.toml").write_text(RULES + 'colour = "red"\n', encoding="utf-8")
    reading = read(tmp_path, load_drivers())
    assert [rule.host for rule in reading.site.join.rules] == ["meet.example.com"]
    assert reading.site.join.teams_gateway == "webex" and reading.site.rooms["huddle"].group == "north"
    assert [complaint.key for complaint in reading.complaints] == ["colour"]
