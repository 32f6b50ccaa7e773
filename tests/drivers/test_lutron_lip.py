"""Lutron LIP: golden lines of three dialects, log-in, prompts that end nothing, refusals, and pylutron as a witness."""

from __future__ import annotations

import asyncio
import itertools
import threading
from typing import Any

import pylutron
import pytest
import telnetlib3
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.lutron_lip import LutronLip, LutronLipSettings
from gateway.commands import Command, Move, RecallPreset, SetLevel, SetPosition, SetPower, Stop
from gateway.driver import Action, Answered, Done, Drop, Feedback, Later, Offers, Ready, Refused, Request, Send
from gateway.model import Reason
from simulators.lutron_lip import LutronLip as Simulator
from tests.drivers.contract import Case, Do, Hand, run_device, value
from tests.drivers.golden import Golden

UNITS: dict[str, Any] = {"shades": ("5", "6"), "groups": ("2",), "lights": ("12",), "areas": ("3",), "keypads": ("7",)}
CASE = Case(
    driver=LutronLip,
    simulator="lutron_lip",
    links=("telnet",),
    settings={**UNITS, "password": "integration", "quick": 0.1, "poll": 1.0},
    simulator_settings={"speed": 20, "negotiates": True},
    commands=[
        Do(SetPosition(50), "shade/5", seen=lambda sim: round(sim.shades["5"].position) == 50),
        Do(Move("down"), "shade/5", seen=lambda sim: sim.shades["5"].position == 100),
        Do(
            Stop(),
            "shade/6",
            before=lambda sim: sim.wall_control("6"),
            seen=lambda sim: sim.shades["6"].moving is None,
            outcome="assumed",
        ),
        Do(SetLevel(40, 2), "light/12", seen=lambda sim: sim.lights["12"] == 40 and sim.fades["12"] == 2),
        Do(Move("down"), "group/2", seen=lambda sim: sim.shades["6"].position == 100, outcome="assumed"),
        Do(RecallPreset(3), "group/2", seen=lambda sim: sim.groups["2"] == 3, outcome="assumed"),
        Do(RecallPreset(2), "area/3", seen=lambda sim: sim.scenes["3"] == 2, outcome="assumed"),
        Do(RecallPreset(4), "keypad/7", seen=lambda sim: sim.pressed == ["7,4,3", "7,4,4"], outcome="assumed"),
    ],
    hands=[
        Hand(do=lambda sim: sim.walk_in(), shows={"occupied": True}, unit="area/3"),
        Hand(do=lambda sim: sim.dimmer("12", 61.0), shows={"level": 61}, unit="light/12"),
        Hand(do=lambda sim: sim.wall_control("5"), shows={"position": 100}, unit="shade/5", pushed=False),
    ],
    refused_login={"simulator_settings": {}, "settings": {"password": "not this one"}},
)
LIP = "Lutron Integration Protocol 040249, "
GROUP_70 = Golden(b"#SHADEGRP,2,1,70,2\r\n", "shade group 2 to 70 %", LIP + "SHADEGRP (manualshelf, p. 57)")
GROUP_DOWN = Golden(b"#SHADEGRP,2,3\r\n", "lower shade group 2", LIP + "SHADEGRP (manualshelf, p. 57)")
GROUP_ASK = Golden(b"?SHADEGRP,2,6\r\n", "which preset", LIP + "SHADEGRP (manualshelf, p. 57)")
GROUP_2 = Golden(b"~SHADEGRP,2,6,2\r\n", "preset 2", LIP + "SHADEGRP (manualshelf, p. 57)")
AREA_ASK = Golden(b"?AREA,2,8\r\n", "is area 2 occupied", LIP + "HomeWorks QS, AREA (p. 67)")
OCCUPIED = Golden(b"~AREA,2,8,3\r\n", "area 2 is occupied", LIP + "HomeWorks QS, AREA (p. 67)")
SCENE_2 = Golden(b"~AREA,2,6,2\r\n", "scene 2 of area 2", LIP + "HomeWorks QS, AREA (p. 67)")
SET_SCENE = Golden(b"#AREA,1,6,3\r\n", "area 1 to scene 3", "PlaceOS drivers, lutron/lighting_spec")
LEVEL = Golden(b"~OUTPUT,53,1,100.00\r\n", "output 53 at 100 %", "PlaceOS drivers, lutron/lighting_spec")
GROUP_LEVEL = Golden(b"~SHADEGRP,26,1,100.00\r\n", "group 26 at 100 %", "PlaceOS drivers, lutron/lighting_spec")
NWK = Golden(b"login: ", "who is there", "PlaceOS drivers, lutron/lighting_spec")
NWK_NAME = Golden(b"nwk\r\n", "the name of QS Standalone", "PlaceOS drivers, lutron/lighting_spec")
NWK_IN = Golden(b"connection established\r\n", "logged in", "PlaceOS drivers, lutron/lighting_spec")
SCENE_ASK = Golden(b"?AREA,1,6\r\n", "which scene", "PlaceOS/drivers, drivers/lutron/lighting_spec.cr")
SCENE_1_2 = Golden(b"~AREA,1,6,2\r\n", "scene 2 of area 1", "PlaceOS/drivers, drivers/lutron/lighting_spec.cr")
LED = Golden(b"~DEVICE,1,6,9,1\r\n", "an LED is lit", "PlaceOS/drivers, drivers/lutron/lighting_spec.cr")
GOHOME = "markdaws/gohome, test of its Lutron event stream, "
PROMPTED = Golden(b"GNET> ~OUTPUT,2,1,25.00\r\n", "output 2 at 25 %, behind a prompt", GOHOME + "5th read")
PRESSED = Golden(b"~DEVICE,1,9,3\r\n", "button 9 of keypad 1 is pressed", GOHOME + "7th read")
RELEASED = Golden(b"~DEVICE,1,9,4\r\n", "and let go", GOHOME + "9th read")
NO_COMMA = Golden(b"~ERROR 1\r\n", "an error, written with a space", GOHOME + "12th read")
UNMONITORED = Golden(b"~MONITORING,1,2\r\n", "diagnostic monitoring is off", LIP + "Stanza, MONITORING (p. 11)")
MONITOR = Golden(b"?MONITORING,3\r\n", "is button monitoring on", LIP + "MONITORING (p. 51)")


def feed(driver: LutronLip, data: bytes, tag: Any = None) -> list[Action]:
    actions: list[Action] = []
    for message in driver.cutter.start()(data):
        actions += driver.received(message, tag if driver.cutter.answers(message) else None)
    return actions


def sent(actions: Any) -> list[bytes]:
    return [action.data for action in actions if isinstance(action, Send)]


def online(answers: bytes, **more: Any) -> LutronLip:
    driver = LutronLip(LutronLipSettings(**more))
    assert sent(feed(driver, b"\r\nlogin: ")) == [b"lutron\r\n"]
    (word,) = feed(driver, b"password: ")
    assert word == Send(b"integration\r\n", reply=False, hide=("integration",))
    begun = sent(feed(driver, b"\r\nGNET> "))
    assert begun[:4] == [
        b"#MONITORING,12,2\r\n",
        b"#MONITORING,5,1\r\n",
        b"#MONITORING,6,1\r\n",
        b"#MONITORING,8,1\r\n",
    ]
    assert Ready() not in feed(driver, answers)
    assert Ready() in feed(driver, b"~MONITORING,5,1\r\n")
    return driver


def asked(driver: LutronLip, command: Command, unit: str) -> tuple[Request, list[Action]]:
    request = Request("c", command, unit)
    return request, list(driver.command(request))


def test_golden_lines_out() -> None:
    driver = online(GROUP_2.wire, groups=("2",))
    _, said = asked(driver, Move("down"), "group/2")
    assert sent(said) == [GROUP_DOWN.wire]
    _, said = asked(driver, SetPosition(30), "group/2")
    assert sent(said) == [GROUP_70.wire.replace(b",70,2", b",70")]  # without the delay, which is optional
    assert Feedback("group/2", assumed=True, position=30, preset=None) in said
    _, said = asked(driver, RecallPreset(2), "group/2")
    assert sent(said) == [b"#SHADEGRP,2,6,2\r\n", GROUP_ASK.wire]
    refused, said = asked(driver, RecallPreset(31), "group/2")
    assert said == [Refused(refused, "this unit cannot do that")]
    driver = online(SCENE_2.wire.replace(b",2,6", b",1,6"), areas=("1",))
    assert sent(asked(driver, RecallPreset(3), "area/1")[1])[0] == SET_SCENE.wire
    assert AREA_ASK.wire in sent(LutronLip(LutronLipSettings(areas=("2",)))._look())


def test_golden_lines_in() -> None:
    driver = online(
        GROUP_LEVEL.wire + b"~SHADEGRP,26,6,0\r\n" + OCCUPIED.wire + LEVEL.wire + b"~OUTPUT,12,1,0.00\r\n",
        shades=("53",),
        groups=("26",),
        areas=("2",),
        lights=("12",),
    )
    assert Feedback("shade/53", position=0) in feed(driver, LEVEL.wire)
    assert Feedback("group/26", position=0) in feed(driver, GROUP_LEVEL.wire)
    assert Feedback("area/2", occupied=True) in feed(driver, OCCUPIED.wire)
    assert Feedback("area/2", preset="2") in feed(driver, SCENE_2.wire)
    assert feed(driver, b"~OUTPUT,12,1,49.50\r\n")[0] == Feedback("light/12", level=50)
    assert MONITOR.wire.replace(b"3", b"5") in sent(driver.due("poll"))


def test_lines_that_other_programs_have_seen() -> None:
    driver = online(SCENE_1_2.wire + b"~AREA,1,8,4\r\n~OUTPUT,2,1,0.00\r\n", areas=("1",), lights=("2",))
    assert SCENE_ASK.wire in sent(LutronLip(LutronLipSettings(areas=("1",)))._look())
    assert Feedback("area/1", preset="2") in feed(driver, SCENE_1_2.wire)
    assert feed(driver, PROMPTED.wire)[0] == Feedback("light/2", level=25)
    for line in (LED, PRESSED, RELEASED, UNMONITORED, NO_COMMA):
        assert not [told for told in feed(driver, line.wire) if isinstance(told, Feedback | Drop)]


@pytest.mark.parametrize(
    "odd",
    [b"~OUTPUT,53,1,101\r\n", b"~OUTPUT,53,1,x\r\n", b"~OUTPUT,53\r\n", b"OUTPUT,53,1,5\r\n", b"~\r\n", b"~ERROR\r\n"],
)
def test_what_says_nothing_is_no_feedback(odd: bytes) -> None:
    driver = online(LEVEL.wire, shades=("53",))
    assert not [action for action in feed(driver, odd) if isinstance(action, Feedback)]


def test_commands_and_their_proof() -> None:
    driver = online(b"~OUTPUT,5,1,100.00\r\n~OUTPUT,12,1,0\r\n", shades=("5",), lights=("12",))
    down, said = asked(driver, Move("down"), "shade/5")
    assert sent(said) == [b"#OUTPUT,5,3\r\n", b"?OUTPUT,5,1\r\n"] and Later(1.0, "quick") in said
    assert Done(down) not in feed(driver, b"~OUTPUT,5,1,100.00\r\n")  # it has not moved yet
    assert Done(down) in feed(driver, b"~OUTPUT,5,1,93.00\r\n")
    assert sent(driver.due("quick")) == [b"?OUTPUT,5,1\r\n"]
    driver.now = 91.0
    assert list(driver.due("quick")) == []
    _, said = asked(driver, Stop(), "shade/5")
    assert sent(said)[0] == b"#OUTPUT,5,4\r\n" and Feedback("shade/5", assumed=True, moving="stopped") in said
    assert sent(asked(driver, SetPosition(30), "shade/5")[1])[0] == b"#OUTPUT,5,1,70\r\n"
    assert sent(asked(driver, SetLevel(60, 1.5), "light/12")[1])[0] == b"#OUTPUT,12,1,60,1.5\r\n"
    assert sent(asked(driver, SetLevel(60, 90), "light/12")[1])[0] == b"#OUTPUT,12,1,60,01:30\r\n"
    for command, unit in ((SetPower(True), "shade/5"), (Stop(), "light/12"), (Stop(), "shade/9")):
        request, said = asked(driver, command, unit)
        assert said == [Refused(request, "this unit cannot do that")]


def test_refusals() -> None:
    driver = online(b"~OUTPUT,5,1,100.00\r\n", shades=("5",))
    request, _ = asked(driver, SetPosition(30), "shade/5")
    tag = ("OUTPUT,5,1", "shade/5")
    assert feed(driver, b"~ERROR,2\r\n", tag) == [Refused(request, "object does not exist")]
    assert feed(driver, b"~ERROR,2\r\n", ("OUTPUT,6,1", "shade/6")) == []  # the question of the same command
    driver.now = 5.0
    assert feed(driver, b"~ERROR,2\r\n", tag)[0] == Feedback("", faults=("shade/5: object does not exist",))
    assert Feedback("", faults=()) in feed(driver, b"~OUTPUT,5,1,100.00\r\n")
    assert driver.cutter.answers(b"QNET> ~ERROR,2\r\n") and not driver.cutter.answers(b"~OUTPUT,5,1,100.00\r\n")


def test_log_ins_that_fail() -> None:
    driver = LutronLip()
    feed(driver, b"login: ")
    feed(driver, b"password: ")
    (drop,) = feed(driver, b"\r\nlogin: ")
    assert isinstance(drop, Drop) and drop.reason is Reason.LOGIN_REFUSED
    driver = LutronLip()
    feed(driver, b"login: ")
    (drop,) = feed(driver, b"login incorrect\r\n")
    assert isinstance(drop, Drop) and drop.reason is Reason.LOGIN_REFUSED


def test_qs_standalone() -> None:
    driver = LutronLip(LutronLipSettings(dialect="qse", shades=("00AB12CD",), lights=("GE1/1",)))
    assert sent(feed(driver, NWK.wire)) == [NWK_NAME.wire]
    assert b"?DETAILS,ALL_DEVICES\r\n" in sent(feed(driver, NWK_IN.wire))
    feed(driver, b"QSE>~DETAILS,SN:00AB12CD,INTEGRATIONID:Left,FAMILY:SHADES(3),PRODUCT:ROLLER(1)\r\nQSE>")
    # It may answer with the integration id; an unasked line has a prompt behind it, too.
    assert feed(driver, b"~DEVICE,Left,0,14,75.00\r\nQSE>")[0] == Feedback("shade/00AB12CD", position=25)
    assert feed(driver, b"~DEVICE,GE1,1,14,20\r\nQSE>")[0] == Feedback("light/GE1/1", level=20)
    assert Ready() in feed(driver, b"~MONITORING,5,1\r\nQSE>")
    assert sent(asked(driver, Move("up"), "shade/00AB12CD")[1])[0] == b"#DEVICE,00AB12CD,0,18\r\n"
    assert sent(asked(driver, Stop(), "shade/00AB12CD")[1])[0] == b"#DEVICE,00AB12CD,0,20\r\n"
    assert sent(asked(driver, SetPosition(25), "shade/00AB12CD")[1]) == [
        b"#DEVICE,00AB12CD,0,14,75\r\n",
        b"?DEVICE,00AB12CD,0,14\r\n",
    ]
    assert sent(asked(driver, SetLevel(5), "light/GE1/1")[1])[0] == b"#DEVICE,GE1,1,14,5,0\r\n"
    plain = LutronLip(LutronLipSettings(dialect="qse", shades=("A",), motor_actions="2/3/4"))
    assert sent(asked(plain, Move("down"), "shade/A")[1])[0] == b"#DEVICE,A,0,3\r\n"


def test_radiora_2_tells_occupancy_by_group() -> None:
    driver = online(b"~GROUP,3,3,4\r\n", dialect="radiora2", areas=("3",))
    assert feed(driver, b"~GROUP,3,3,3\r\n")[0] == Feedback("area/3", occupied=True)
    assert feed(driver, b"~GROUP,3,3,255\r\n")[0] == Feedback("area/3", occupied=None)
    request, said = asked(driver, RecallPreset(1), "area/3")
    assert said == [Refused(request, "this unit cannot do that")]


@pytest.mark.parametrize(
    "given",
    [
        {"dialect": "vive"},
        {"motor_actions": "1"},
        {"quick": 0.0},
        {"travel": 0.0},
        {"dialect": "qse", "groups": ("1",)},
        {"dialect": "qse", "areas": ("1",)},
        {"dialect": "qse", "lights": ("1",)},
        {"shades": ("5,1\r\n",)},
        {"shades": (5,)},
    ],
)
def test_settings_that_make_no_sense(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        LutronLipSettings(**given)


def test_units() -> None:
    driver = LutronLip(LutronLipSettings(**UNITS))
    assert driver.valid_unit("") and driver.valid_unit("keypad/7") and not driver.valid_unit("shade/9")
    assert [type(action) for action in driver._usable("x")] == [Offers] * 6 + [Ready]


@pytest.mark.parametrize("dialect", ["radiora2", "qse"])
@pytest.mark.parametrize("reports", ["place", "target"])
async def test_the_other_dialects_live(dialect: str, reports: Any) -> None:
    sim = Simulator(dialect=dialect, reports=reports, speed=50, light_ids="")  # type: ignore[arg-type]
    given = {"dialect": dialect, "shades": ("5", "6"), "quick": 0.1}
    async with sim.serving() as address, run_device(LutronLip, address, given) as (device, watcher):
        await watcher.until(lambda: device.online)
        outcome = await device.submit(Move("down"), "shade/5").ended(5)
        assert outcome is not None and outcome.result == "confirmed"
        await watcher.until(lambda: value(device, "position", "shade/5") == 100)
        outcome = await device.submit(SetPosition(40), "shade/6").ended(5)
        assert outcome is not None and outcome.result == "confirmed"


async def test_pylutron_and_the_simulator_agree() -> None:
    sim = Simulator(dialect="radiora2", speed=50, negotiates=True)
    async with sim.serving() as address:
        port = int(address.rpartition(":")[2])

        async def connect(host: str, _: int, **more: Any) -> Any:
            return await telnetlib3.open_connection(host, port, **more)

        heard: list[str] = []
        news = threading.Event()

        def hear(line: str) -> None:
            heard.append(line)
            news.set()

        client = pylutron.LutronConnection("127.0.0.1", "lutron", "integration", hear, connection_factory=connect)
        await asyncio.to_thread(client.connect)
        try:
            await sim.until(lambda: "#MONITORING,8,1" in sim.heard)
            client.send("#OUTPUT,12,1,35.00")
            await sim.until(lambda: sim.lights["12"] == 35)
            client.send("#OUTPUT,5,3")
            await sim.until(lambda: sim.shades["5"].position == 100)
            while "~OUTPUT,5,1,0.00" not in heard:
                news.clear()
                if "~OUTPUT,5,1,0.00" not in heard:
                    assert await asyncio.to_thread(news.wait, 5), heard
            assert "~OUTPUT,12,1,35.00" in heard
        finally:
            await asyncio.to_thread(client.disconnect)


@pytest.mark.parametrize(
    ("dialect", "asked", "answer"),
    [
        ("homeworks", "#OUTPUT,5,9", "~ERROR,3"),  # an action that there is not
        ("homeworks", "?SHADEGRP,2,7", "~ERROR,3"),
        ("homeworks", "?AREA,3,9", "~ERROR,3"),
        ("homeworks", "?DEVICE,7,4,3", "~ERROR,3"),
        ("qse", "#DEVICE,5,0,99", "~ERROR,3"),
        ("homeworks", "#OUTPUT,99,1,50", "~ERROR,2"),
        ("homeworks", "#OUTPUT,5,1,101", "~ERROR,4"),
        ("homeworks", "#OUTPUT,5", "~ERROR,1"),
        ("homeworks", "#TELEPORT,5", "~ERROR,6"),
    ],
)
async def test_the_system_says_what_is_wrong(dialect: Any, asked: str, answer: str) -> None:
    """Error numbers: Lutron Integration Protocol 040249."""
    sim = Simulator(dialect=dialect)
    async with sim.serving() as address:
        host, _, port = address.removeprefix("telnet://").rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        names = b"nwk\r\n" if dialect == "qse" else b"lutron\r\nintegration\r\n"
        writer.write(names + asked.encode() + b"\r\n")
        said = await asyncio.wait_for(reader.readuntil(f"{answer}\r\n".encode()), 5)
        assert said.count(b"~") == 1
        writer.close()
        await writer.wait_closed()


STREAM = b"~OUTPUT,53,1,50.00\r\nQSE>QSE>~OUTPUT,53,1,20\r\nGNET> noise\r~ERROR,6\r\n~OUTPUT,53,1,0.00\r\n"


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
@settings(max_examples=60, deadline=None)
def test_any_split_says_the_same(cuts: list[int]) -> None:
    def run(pieces: list[bytes]) -> list[Action]:
        driver = online(LEVEL.wire, shades=("53",))
        cut = driver.cutter.start()
        told = [action for piece in pieces for line in cut(piece) for action in driver.received(line)]
        return [action for action in told if not isinstance(action, Answered)]

    marks = sorted({0, *cuts, len(STREAM)})
    assert run([STREAM[a:b] for a, b in itertools.pairwise(marks)]) == run([STREAM])


@given(st.binary(max_size=60), st.booleans())
@settings(max_examples=150, deadline=None)
def test_nothing_it_may_say_raises(noise: bytes, inside: bool) -> None:
    driver = online(LEVEL.wire, shades=("53",)) if inside else LutronLip()
    feed(driver, noise + b"\r\n", ("OUTPUT,53,1", "shade/53"))
    feed(driver, b"~" + noise + b"\r\n~OUTPUT," + noise + b"\r\n")
