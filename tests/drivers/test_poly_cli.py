"""The Polycom command line driver as a driver: coming up, golden bytes; and its case for the shared contract suite."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.polycom import cli_grammar
from drivers.polycom.cli import PolyCli
from drivers.polycom.cli_about import PolyCliSettings
from gateway.commands import (
    Answer,
    Command,
    Dial,
    HangUp,
    ListBookings,
    MoveCamera,
    RecallPreset,
    Reject,
    Search,
    SelectCamera,
    SendDtmf,
    SetAutoAnswer,
    SetDoNotDisturb,
    SetMicMute,
    SetPower,
    SetSelfView,
    SetVideoMute,
    SetVolume,
    Share,
    StopShare,
    StorePreset,
)
from gateway.driver import (
    Drop,
    Later,
    Offers,
    Ready,
    Send,
)
from gateway.model import Call, Reason
from tests.drivers.contract import Case, Do, Hand
from tests.drivers.golden import Golden
from tests.drivers.polycom_bench import ANSWERS, GREETING, IDLE, WAKING, Bench, bench, only, told


async def in_call(sim: Any) -> None:
    """Somebody called, and the call is up."""
    sim.incoming_call("bob@example.com", "Bob")
    sim.touch_answer()
    await sim.until(lambda: any(call.state == "connected" for call in sim.calls))


CASE = Case(
    driver=PolyCli,
    simulator="poly_cli",
    links=("telnet", "ssh", "serial", "tcp"),
    simulator_settings={"speed": 20, "password": "s3cret"},
    settings={"password": "s3cret", "gap": 0.005, "verify": 5.0},
    commands=[
        Do(SetVolume(40), seen=lambda sim: sim.volume == 20),
        Do(SetVolume(41), seen=lambda sim: sim.volume == 21),
        Do(SetMicMute(True), seen=lambda sim: sim.mic_muted),
        Do(SetMicMute(False), seen=lambda sim: not sim.mic_muted),
        Do(SetVideoMute(True), seen=lambda sim: sim.video_muted),
        Do(SetPower(False), seen=lambda sim: sim.asleep),
        Do(SetPower(True), before=lambda sim: sim.sleep_now(), seen=lambda sim: not sim.asleep),
        Do(Dial("far.end@example.com"), seen=lambda sim: any(c.number == "far.end@example.com" for c in sim.calls)),
        Do(Dial("far.end", "h323", rate=1024), seen=lambda sim: any(c.rate == 1024 for c in sim.calls)),
        Do(HangUp(), before=in_call, seen=lambda sim: not sim.calls),
        Do(HangUp("34"), before=in_call, seen=lambda sim: not sim.calls),
        Do(
            Answer(),
            before=lambda sim: sim.incoming_call(),
            seen=lambda sim: any(call.state == "connected" for call in sim.calls),
        ),
        Do(Reject(), before=lambda sim: sim.incoming_call(), seen=lambda sim: not sim.calls),
        Do(
            SendDtmf("12#"),
            before=in_call,
            seen=lambda sim: any(call.tones.endswith("12#") for call in sim.calls),
            outcome="assumed",
        ),
        Do(SetAutoAnswer(True), seen=lambda sim: sim.auto_answer == "yes"),
        Do(SetDoNotDisturb(True), seen=lambda sim: sim.auto_answer == "donotdisturb"),
        Do(SetSelfView(True), seen=lambda sim: sim.self_view == "On"),
        Do(Share("1"), before=in_call, seen=lambda sim: sim.content == "1"),
        Do(Share(preview=True), seen=lambda sim: sim.content == "2"),
        Do(StopShare(), before=lambda sim: sim.touch_content(), seen=lambda sim: not sim.content),
        Do(SelectCamera("3"), seen=lambda sim: sim.camera == 3),
        Do(MoveCamera("left"), seen=lambda sim: sim.camera_moves == ["near left"], outcome="assumed"),
        Do(MoveCamera("stop"), seen=lambda sim: sim.camera_moves == ["near stop"], outcome="assumed"),
        Do(RecallPreset(4), seen=lambda sim: sim.recalled == 4, outcome="assumed"),
        Do(StorePreset(7), seen=lambda sim: sim.presets == [7], outcome="assumed"),
        Do(Search("person 00001")),
        Do(ListBookings()),
        Do(Dial("far.end", "spark"), outcome="refused"),
    ],
    hands=[
        Hand(do=lambda sim: sim.touch_volume(66), shows={"volume": 66}),
        Hand(do=lambda sim: sim.touch_mic_mute(), shows={"mic_muted": True}),
        Hand(do=lambda sim: sim.sleep_now(), shows={"power": "standby"}),
        Hand(do=lambda sim: sim.touch_content("2"), shows={"sharing": "preview"}),
        Hand(do=lambda sim: sim.touch_camera(2), shows={"camera": "2"}),
        Hand(do=lambda sim: sim.incoming_call(), shows={"calls": lambda calls: bool(calls)}),
    ],
    refused_login={"simulator_settings": {"password": "right"}, "settings": {"password": "wrong"}},
)

GROUP = "Integrator's Reference Manual for the Polycom RealPresence Group Series (3725-63708), "
HDX = "Integrator's Reference Manual for Polycom HDX Systems (3725-23979), "
DRIVERS = "other people's drivers for these codecs: "
SYNTAX = "the syntax of "  # the words are the manual's, the values ours
SENT: list[tuple[Golden, Command]] = [
    (Golden(b"volume set 23\r", "volume", HDX + "volume (p. 563)"), SetVolume(46)),
    (Golden(b"mute near on\r", "mute the microphones", GROUP + "mute (p. 287)"), SetMicMute(True)),
    (Golden(b"videomute near off\r", "picture on", DRIVERS + "videomute near on/off/get"), SetVideoMute(False)),
    (Golden(b"wake\r", "wake up", SYNTAX + GROUP + "wake"), SetPower(True)),
    (Golden(b"sleep\r", "go to sleep", GROUP + "sleep (p. 329)"), SetPower(False)),
    (Golden(b'dial auto "192.168.1.101"\r', "call an address", SYNTAX + GROUP + "dial"), Dial("192.168.1.101")),
    (
        Golden(b'dial manual "1024" "user@x" sip\r', "call over SIP at a rate", DRIVERS + "dial manual"),
        Dial("user@x", "sip", rate=1024),
    ),
    (
        Golden(b'dial addressbook "John Polycom"\r', "call by name", GROUP + "dial (p. 99)"),
        Dial("addressbook:John Polycom"),
    ),
    (Golden(b"dial phone sip 1234\r", "call without picture", GROUP + "dial (p. 99)"), Dial("1234", kind="audio")),
    (Golden(b"autoanswer yes\r", "answer by itself", GROUP + "autoanswer (p. 137)"), SetAutoAnswer(True)),
    (Golden(b"autoanswer donotdisturb\r", "turn calls away", GROUP + "autoanswer (p. 137)"), SetDoNotDisturb(True)),
    (Golden(b"systemsetting selfview on\r", "see ourselves", DRIVERS + "systemsetting selfview on"), SetSelfView(True)),
    (Golden(b"vcbutton play 1\r", "show content 1", GROUP + "vcbutton (p. 394)"), Share("1")),
    (Golden(b"vcbutton stop\r", "end content", GROUP + "vcbutton (p. 394)"), StopShare()),
    (Golden(b"camera near 2\r", "camera 2", GROUP + "camera (p. 163)"), SelectCamera("2")),
    (Golden(b"camera near move left\r", "pan left", GROUP + "camera (p. 163)"), MoveCamera("left")),
    (Golden(b"camera far move zoom+\r", "zoom the far camera", GROUP + "camera (p. 163)"), MoveCamera("in", far=True)),
    (Golden(b"camera near move stop\r", "stop the camera", GROUP + "camera (p. 163)"), MoveCamera("stop")),
    (Golden(b"preset near go 1\r", "go to preset 1", GROUP + "preset (p. 306)"), RecallPreset(1)),
    (Golden(b"preset near set 2\r", "keep preset 2", GROUP + "preset (p. 306)"), StorePreset(2)),
    (Golden(b'globaldir "jo" range 0 49\r', "search the directory", SYNTAX + GROUP + "globaldir"), Search("jo")),
    (
        Golden(
            b'calendarmeetings list "today:00:00" "tomorrow:23:59"\r', "bookings", SYNTAX + GROUP + "calendarmeetings"
        ),
        ListBookings(2),
    ),
    (Golden(b"hangup all\r", "end every call", GROUP + "hangup (p. 249)"), HangUp()),
]
HEARD: list[tuple[Golden, dict[str, Any]]] = [
    (Golden(b"volume 23\r\r\n", "volume 23 of 50", HDX + "volume (p. 563)"), {"volume": 46}),
    (Golden(b"mute near on\r\r\n", "muted", GROUP + "mute (p. 287)"), {"mic_muted": True}),
    (
        Golden(b"notification:mutestatus:near:near:near:near:muted\r\r\n", "muted", HDX + "notify (p. 4-235)"),
        {"mic_muted": True},
    ),
    (Golden(b"videomute near on\r\n", "picture off", DRIVERS + "videomute near on/off/get"), {"video_muted": True}),
    (Golden(b"listen going to sleep\r\n", "asleep", GROUP + "listen (p. 273)"), {"power": "standby"}),
    (Golden(b"listen waking up\r\n", "awake", GROUP + "listen (p. 273)"), {"power": "on"}),
    (
        Golden(b"autoanswer no\r\n", "asks first", GROUP + "autoanswer (p. 137)"),
        {"auto_answer": False, "do_not_disturb": False},
    ),
    (Golden(b"systemsetting selfview On\r\n", "self-view", DRIVERS + "systemsetting selfview On"), {"self_view": True}),
    (Golden(b"camera near source 2\r\n", "camera 2", GROUP + "camera (p. 163)"), {"camera": "2"}),
    (
        Golden(b"notification:vidsourcechange:near:1:Main:people\r\n", "camera 1", GROUP + "notify (p. 298)"),
        {"camera": "1"},
    ),
    (Golden(b"Control event: vcbutton play\r\n", "content", HDX + "vcbutton (4-245)"), {"sharing": "preview"}),
    (
        Golden(b"Control event: vcbutton farplay\r\n", "the far end's content", GROUP + "vcbutton (p. 396)"),
        {"sharing": "receiving", "share_source": None},
    ),
    (
        Golden(
            b"notification:callstatus:outgoing:34:Polycom Group Series Demo:192.168.1.101:"
            b"connected:384:0:videocall\r\n",
            "a call is up",
            GROUP + "notify (p. 298)",
        ),
        {
            "calls": (
                Call("34", "out", "connected", "Polycom Group Series Demo", "192.168.1.101", kind="video", rate=384),
            ),
            "power": "on",
        },
    ),
    (
        Golden(
            b"notification:callstatus:outgoing:45:null 1::opened::0:videocall\r\n",
            "a call begins",
            GROUP + "dial (p. 99)",
        ),
        {"calls": (Call("45", "out", "dialling", kind="video"),)},
    ),
]
CALLINFO = [
    (
        Golden(
            b"callinfo:43:Polycom Group Series Demo:192.168.1.101:384:connected:notmuted:outgoing:videocall",
            "with a name",
            GROUP + "callinfo (p. 85)",
        ),
        ("43", "out", "Polycom Group Series Demo", "192.168.1.101", 384),
    ),
    (
        Golden(
            b"callinfo:36:192.168.1.102:256:connected:muted:outgoing:videocall", "no name", GROUP + "callinfo (p. 85)"
        ),
        ("36", "out", "", "192.168.1.102", 256),
    ),
]
COLONS = [  # made up after what polycom-manager guards against: a number with colons, with and without a name
    ("36:Bob:sip:bob@example.com:256", ("36", "in", "Bob", "sip:bob@example.com", 256)),
    ("36:sip:bob@example.com:256", ("36", "in", "", "sip:bob@example.com", 256)),
    ("36::bob@example.com:256", ("36", "in", "", "bob@example.com", 256)),
    ("36:2001:db8::7:256", ("36", "in", "", "2001:db8::7", 256)),
]
LINESTATUS = [
    (Golden(b"notification:linestatus:outgoing:32:0:0:disconnected", "document", SYNTAX + GROUP + "notify"), "32"),
    (
        Golden(
            b"notification:linestatus:outgoing:sip:b@x.y:32:0:0:inactive",
            "VideoOS",
            SYNTAX + DRIVERS + "a VideoOS module",
        ),
        "32",
    ),
    (Golden(b"ended: call[42]", "callstate", GROUP + "hangup (p. 249)"), "42"),
    (Golden(b"cleared: call[42]", "callstate", GROUP + "hangup (p. 249)"), "42"),
]


@pytest.fixture
def up() -> Bench:
    found = bench(*IDLE)
    assert found.driver.ready and found.flight is None
    found.log.clear()
    found.sent.clear()
    return found


# ---- coming up


def test_ready_only_when_everything_was_answered() -> None:
    wire = bench(*ANSWERS[:-1])
    assert not only(wire.log, Ready)
    wire.lines(ANSWERS[-1])
    assert only(wire.log, Ready)
    points = told(wire.log)
    assert points["name"] == "Boardroom" and points["model"] == "RealPresence Group 500" and points["serial"] == "82134"
    assert (points["volume"], points["mic_muted"], points["firmware"]) == (50, False, "6.2.2")
    (call,) = points["calls"]
    assert (call.id, call.direction, call.state, call.address) == ("36", "in", "connected", "sip:bob@x.y")
    assert not WAKING & set(wire.sent)
    assert isinstance(wire.driver, PolyCli) and wire.driver.dialect == "group"


def test_log_in_with_prompts_that_end_no_line() -> None:
    wire = Bench(PolyCli(PolyCliSettings(username="bob", password="s3cret")))
    assert wire.hear(b"\r\nUser: ")[:1] == [Send(b"bob\r", reply=False)]
    send, later = wire.hear(b"bob\r\nPassword:")
    assert send == Send(b"s3cret\r", reply=False, hide=("s3cret",)) and isinstance(later, Later)
    (drop,) = wire.hear(b" \r\n-- login failed, retry --\r\n")
    assert isinstance(drop, Drop) and drop.reason is Reason.LOGIN_REFUSED and "s3cret" not in drop.words


def test_an_old_unit_asks_for_a_password_only_and_none_is_set() -> None:
    (drop,) = Bench(PolyCli()).hear(b"Password: ")
    assert isinstance(drop, Drop) and drop.reason is Reason.LOGIN_REFUSED and "none is set" in drop.words


def test_a_serial_line_is_spoken_to_first_and_may_ask_who_we_are() -> None:
    wire = Bench(PolyCli(PolyCliSettings(password="s3cret", gap=0.0), scheme="serial"))
    assert wire.sent == [b"whoami\r"]
    wire.hear(b"User:")
    wire.hear(b"Password:")
    assert wire.sent[1:] == [b"admin\r", b"s3cret\r"]
    wire.lines(*GREETING, *IDLE)
    assert only(wire.log, Ready)


def test_what_a_codec_does_not_know_is_not_offered() -> None:
    lost = [line.replace("videomute near off", "error: command not found") for line in IDLE]
    (offers,) = only(bench(*lost).log, Offers)
    assert isinstance(offers, Offers) and SetVideoMute not in offers.commands and SetMicMute in offers.commands


def test_an_optional_question_may_stay_unanswered_while_coming_up() -> None:
    wire = bench(*IDLE[: IDLE.index("autoanswer no")])
    wire.silent()
    wire.lines(*IDLE[IDLE.index("systemsetting selfview Off") :])
    (offers,) = only(wire.log, Offers)
    assert isinstance(offers, Offers) and SetAutoAnswer not in offers.commands


# ---- golden bytes


@pytest.mark.parametrize(("golden", "command"), SENT, ids=lambda value: getattr(value, "meaning", ""))
def test_what_is_sent(up: Bench, golden: Golden, command: Command) -> None:
    up.ask(command)
    assert up.sent[0] == golden.wire


@pytest.mark.parametrize(("golden", "points"), HEARD, ids=lambda value: getattr(value, "meaning", ""))
def test_what_is_heard(up: Bench, golden: Golden, points: dict[str, Any]) -> None:
    assert told(up.hear(golden.wire)) == points


@pytest.mark.parametrize(("golden", "meant"), CALLINFO, ids=lambda value: getattr(value, "meaning", ""))
def test_callinfo_is_read_from_both_ends(golden: Golden, meant: tuple[Any, ...]) -> None:
    found = cli_grammar.callinfo(golden.wire.decode())
    assert found is not None
    assert (found.id, found.direction, found.name, found.address, found.rate) == meant


@pytest.mark.parametrize(("line", "meant"), COLONS)
def test_numbers_with_colons(line: str, meant: tuple[Any, ...]) -> None:
    found = cli_grammar.callinfo(f"callinfo:{line}:connected:muted:incoming:videocall")
    assert found is not None
    assert (found.id, found.direction, found.name, found.address, found.rate) == meant


@pytest.mark.parametrize(("golden", "key"), LINESTATUS, ids=lambda value: getattr(value, "meaning", ""))
def test_both_spellings_of_linestatus_end_a_call(golden: Golden, key: str, up: Bench) -> None:
    up.lines(f"notification:callstatus:outgoing:{key}:Bob:b@x.y:connected:384:0:videocall")
    assert told(up.hear(golden.wire + b"\r\r\n"))["calls"] == ()
