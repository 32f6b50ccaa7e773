"""Faces: what a key shows of the room, and that it never shows what was hoped for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from gateway.commands import Answer, CallForHelp, SetPower, ShowKey, Toggle
from gateway.model import POINTS, UNKNOWN, Call, Point, Reading
from gateway.profile.expression import Expression, parse
from gateway.profile.layout import OF_CALLS, ONLINE, KeySpec, Slide
from gateway.profile.steps import Step
from gateway.surfaces.surface import FAILED, OFF, TONE, WAITING, Face, Touched, changed, faces

POINTS_OF: Mapping[str, Mapping[str, Point]] = {
    "room": {"power": POINTS["power"], "source": POINTS["source"]},
    "volume": {"volume": POINTS["volume"], "muted": POINTS["muted"], "online": ONLINE},
    "calls": {**OF_CALLS, "online": ONLINE},
}


def shows(text: str) -> Expression:
    return parse(text, POINTS_OF)


@dataclass
class Room:
    """What a test says of a room."""

    points: dict[str, Any] = field(default_factory=dict)
    away: dict[str, str] = field(default_factory=dict)

    def reading(self, part: str, point: str) -> Reading:
        held = self.points.get(f"{part}.{point}", UNKNOWN)
        return held if isinstance(held, Reading) else Reading(held, confirmed=True)

    def cannot(self, verb: str, part: str) -> str:
        return self.away.get(part, "")

    def online(self, part: str) -> bool:
        return part not in self.away

    def say(self, phrase: str) -> str:
        return phrase

    def label(self, part: str, point: str, value: Any) -> str:
        return {"laptop": "Laptop"}.get(value, str(value))


MUTE = KeySpec(
    "mute",
    "Sound",
    "speaker",
    (Step(Toggle("mute")),),
    shows=shows("volume.muted"),
    label_on="Sound off",
    icon_on="speaker-off",
    tone="danger",
)
VOLUME = KeySpec("volume", "Volume", "speaker", slide=Slide("volume", "volume"), shows=shows("volume.volume"))
SOURCE = KeySpec("source", "Now", "source", shows=shows("room.source"))
ANSWER = KeySpec(
    "answer", "Answer", "call", (Step(Answer(), "calls"),), enabled=shows('calls.state == "ringing"'), tone="good"
)
HELP = KeySpec("help", "Help", "help", (Step(CallForHelp()),))
CALL = KeySpec("call", "Call", "people", shows=shows("calls.state"))


def one(room: Room, key: KeySpec, touched: Touched | None = None) -> Face:
    (found,) = faces(room, [key], touched).values()
    return found


def test_a_key_shows_the_value_as_people_say_it() -> None:
    room = Room({"volume.muted": False, "volume.volume": 40, "room.source": "laptop"})
    assert one(room, MUTE) == Face("Sound", "speaker", background=OFF)
    assert one(room, VOLUME) == Face("Volume\n40 %", "speaker", level=40)
    assert one(room, SOURCE).text == "Now\nLaptop"
    room.points["volume.muted"] = True
    assert one(room, MUTE) == Face("Sound off", "speaker-off", background=TONE["danger"], on=True)


def test_what_is_not_known_is_shown_as_that() -> None:
    assert one(Room(), VOLUME).text == "Volume\n–" and one(Room(), VOLUME).level is None
    assert one(Room(), MUTE).on is False


def test_a_press_is_pending_before_it_is_true_and_never_shown_as_done() -> None:
    room = Room({"volume.muted": False})
    pressed = one(room, MUTE, Touched({"mute": 1}))
    assert (pressed.flag, pressed.background, pressed.on, pressed.text) == ("pending", WAITING, False, "Sound")
    failed = one(room, MUTE, Touched({"mute": 1}, {"mute": "Offline"}))
    assert (failed.flag, failed.background, failed.text) == ("failed", FAILED, "Sound\nOffline")


def test_stale_and_away_are_said() -> None:
    room = Room({"volume.volume": Reading(40, stale=True)})
    assert one(room, VOLUME).flag == "stale" and one(room, VOLUME).text == "Volume\n40 %"
    room.away["volume"] = "Offline"
    assert one(room, VOLUME).flag == "unavailable"
    assert one(room, MUTE).flag == "unavailable"  # what it would turn over is away
    assert one(room, HELP).flag == ""  # help can always be called for
    assert one(room, SOURCE).flag == ""  # and what only shows something has nothing to be unable to do


RINGING = Call("1", "in", "ringing", name="Alice", answered=False)
UP = Call("2", "out", "connected", address="sip:b@example.com")
HELD = Call("3", "out", "on hold", held=True)


@pytest.mark.parametrize(
    ("calls", "state", "flag"),
    [
        ((), "idle", "unavailable"),
        ((RINGING,), "ringing", ""),
        ((UP, RINGING), "ringing", ""),
        ((HELD, UP), "connected", "unavailable"),
        ((HELD,), "on hold", "unavailable"),
        ((Call("4", "out", "ringing"),), "dialling", "unavailable"),
        ((Call("5", "in", "ringing", answered=True),), "dialling", "unavailable"),
        ((Call("6", "out", "disconnecting"),), "connecting", "unavailable"),
        ((Call("7", "out", "ended"),), "idle", "unavailable"),
    ],
)
def test_the_call_that_matters_most(calls: tuple[Call, ...], state: str, flag: str) -> None:
    room = Room({"calls.calls": calls})
    assert one(room, CALL).text == f"Call\n{state}" and one(room, ANSWER).flag == flag


def test_who_calls_and_how_many() -> None:
    who = KeySpec("who", "", shows=shows("calls.with"))
    many = KeySpec("many", "Calls", shows=shows("calls.count"))
    room = Room({"calls.calls": (UP, RINGING)})
    assert one(room, who).text == "Alice" and one(room, many).text == "Calls\n2"
    assert one(Room({"calls.calls": (UP,)}), who).text == "sip:b@example.com"
    assert one(Room(), ANSWER).flag == "unavailable"  # nobody knows of any call


def test_a_key_that_could_do_several_things_is_there_while_one_of_them_can_be_done() -> None:
    both = KeySpec("both", "Both", press=(Step(SetPower(True), "volume"), Step(Answer(), "calls")))
    assert one(Room(away={"volume": "Offline"}), both).flag == ""
    assert one(Room(away={"volume": "Offline", "calls": "Offline"}), both).flag == "unavailable"


def test_only_what_is_different_is_sent() -> None:
    room = Room({"volume.muted": False, "volume.volume": 40})
    before = faces(room, [MUTE, VOLUME, HELP])
    room.points["volume.volume"] = 41
    now = faces(room, [MUTE, VOLUME, HELP])
    assert set(changed(before, now)) == {"volume"} and changed(now, now) == {}


def contrast(one: str, two: str) -> float:
    """WCAG 2.2, relative luminance."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        r, g, b = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    light, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_every_face_can_be_read() -> None:
    for background in (OFF, WAITING, FAILED, *TONE.values()):
        assert contrast("#ffffff", background) >= 4.5, background


def test_a_face_is_one_command() -> None:
    face = one(Room({"volume.volume": 40}), VOLUME)
    assert face.command("volume") == ShowKey("volume", "Volume\n40 %", "speaker", "#ffffff", OFF, 40, False, "")
    newer, other = ShowKey("volume"), ShowKey("mute")
    assert newer.replaces(face.command("volume")) and not other.replaces(newer)
    for wrong in (
        {"key": ""},
        {"key": "a", "level": 101},
        {"key": "a", "flag": "new"},
        {"key": "a", "background": "red"},
    ):
        with pytest.raises(ValueError, match=r".+"):
            ShowKey(**wrong)
