"""Motionblinds: the token's known pair, messages, two-way and one-way motors, a token that grew old."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulators
from drivers.motionblinds import Motionblinds, access_token
from gateway.commands import Command, Move, SetPosition, SetPower, SetTilt, Stop
from gateway.driver import (
    Action,
    Answered,
    Datagram,
    Done,
    Drop,
    Feedback,
    Offers,
    Ready,
    Refused,
    Request,
    Send,
    Taken,
)
from tests.drivers.contract import Case, Do, Hand, run_device
from tests.drivers.golden import Golden

TWO, ONE = "20f838abcd010001", "20f838abcd010002"
KEY = "abcd1234-56ef-78"
CASE = Case(
    driver=Motionblinds,
    simulator="motionblinds",
    links=("udp",),
    settings={"key": KEY, "poll": 0.4, "quick": 0.1},
    simulator_settings={"speed": 20, "seconds": 10.0},
    commands=[
        Do(Move("down"), TWO, seen=lambda sim: sim.blinds[TWO].position == 100),
        Do(SetPosition(40), TWO, seen=lambda sim: abs(sim.blinds[TWO].position - 40) <= 2),
        Do(SetTilt(50), TWO, seen=lambda sim: sim.angles[TWO] == 90),
        Do(
            Stop(),
            TWO,
            before=lambda sim: sim.remote_control("down"),
            seen=lambda sim: sim.blinds[TWO].moving is None,
        ),
        Do(Move("down"), ONE, seen=lambda sim: sim.blinds[ONE].position > 0, outcome="assumed"),
        Do(Stop(), ONE, seen=lambda sim: sim.blinds[ONE].moving is None, outcome="assumed"),
    ],
    hands=[Hand(do=lambda sim: sim.remote_control("down"), shows={"position": 100}, unit=TWO, pushed=False)],
)
PAIR = Golden(b"7F9974098FD840F23C7D463CCA2A8B8B", "the proof of a known token", "RoomGate facts 4.9 (tried)")


def up(driver: Motionblinds | None = None) -> Motionblinds:
    driver = driver or Motionblinds(Motionblinds.Settings(key=KEY))
    list(driver.opened())
    rows = [
        {"mac": "20f838abcd01", "deviceType": "02000002"},
        *({"mac": m, "deviceType": "10000000"} for m in (TWO, ONE)),
    ]
    asked = tell(driver, {"msgType": "GetDeviceListAck", "token": "1234567890ABCDEF", "data": rows})
    assert [action for action in asked if isinstance(action, Answered)] == [Answered("list")]
    state = {"currentPosition": 0, "currentAngle": 0, "wirelessMode": 1, "batteryLevel": 87}
    actions = tell(driver, {"msgType": "ReadDeviceAck", "mac": TWO, "data": state})
    assert Offers(TWO, frozenset({Move, Stop, SetPosition, SetTilt})) in actions
    actions = tell(driver, {"msgType": "ReadDeviceAck", "mac": ONE, "data": {"wirelessMode": 0}})
    assert Offers(ONE, frozenset({Move, Stop})) in actions and Ready() in actions
    return driver


def tell(driver: Motionblinds, message: Any) -> list[Action]:
    return list(driver.received(Datagram(json.dumps(message).encode())))


def ask(driver: Motionblinds, command: Command, unit: str = TWO) -> tuple[Request, list[Action]]:
    request = Request("1", command, unit)
    return request, list(driver.command(request))


def test_the_token() -> None:
    assert access_token(KEY, "1234567890ABCDEF").encode() == PAIR.wire
    for key, token in (("short", "1234567890ABCDEF"), (KEY, ""), (KEY, "12345")):
        with pytest.raises(ValueError):
            access_token(key, token)


@pytest.mark.parametrize(
    ("command", "data"),
    [
        (Move("down"), {"operation": 0}),
        (Move("up"), {"operation": 1}),
        (Stop(), {"operation": 2}),
        (SetPosition(30), {"targetPosition": 30}),
        (SetTilt(100), {"targetAngle": 180}),
    ],
)
def test_orders_are_proved_and_the_proof_is_hidden(command: Command, data: dict[str, int]) -> None:
    _, (send,) = ask(up(), command)
    assert isinstance(send, Send) and send.hide == (PAIR.wire.decode(),)
    told = json.loads(send.data.data)
    assert told["msgType"] == "WriteDevice" and told["mac"] == TWO and told["data"] == data
    assert told["AccessToken"] == PAIR.wire.decode() and len(told["msgID"]) == 17


def test_what_a_two_way_motor_shows() -> None:
    driver = up()
    request, _ = ask(driver, Move("down"))
    actions = tell(driver, {"msgType": "WriteDeviceAck", "mac": TWO, "data": {"currentPosition": 0, "wirelessMode": 1}})
    assert actions[:3] == [Answered(request), Taken(request), Feedback(TWO, assumed=True, moving="down")]
    assert Done(request) not in tell(driver, {"msgType": "Report", "mac": TWO, "data": {"currentPosition": 60}})
    actions = tell(driver, {"msgType": "Report", "mac": TWO, "data": {"currentPosition": 99}})
    assert actions[:3] == [Feedback(TWO, position=99), Feedback(TWO, moving="stopped"), Done(request)]
    assert driver.shows(SetPosition(50), {"position": 51}) and not driver.shows(SetPosition(50), {"position": 53})


def test_what_cannot_be_done() -> None:
    driver = up()
    for command, unit in ((SetPosition(5), ONE), (SetPower(True), TWO), (Stop(), "000000000000")):
        assert isinstance(ask(driver, command, unit)[1][0], Refused)
    bare = up(Motionblinds())
    assert isinstance(ask(bare, Stop())[1][0], Refused)  # no key in the profile
    (drop,) = [
        one for one in tell(Motionblinds(), {"msgType": "GetDeviceListAck", "data": []}) if isinstance(one, Drop)
    ]
    assert "no blinds" in drop.words


def test_a_refused_order_says_why_and_fetches_a_fresh_token() -> None:
    driver = up()
    request, _ = ask(driver, Stop())
    actions = tell(driver, {"msgType": "WriteDeviceAck", "mac": TWO, "actionResult": "AccessToken error"})
    assert actions[:2] == [Answered(request), Refused(request, "AccessToken error")]
    assert isinstance(actions[2], Send) and b"GetDeviceList" in actions[2].data.data
    tell(driver, {"msgType": "Heartbeat", "token": "AAAAAAAAAAAAAAAA"})
    assert driver.token == "AAAAAAAAAAAAAAAA"


async def test_a_lost_datagram_is_sent_again() -> None:
    sim = simulators.find("motionblinds")(speed=20)
    given = {"key": KEY, "poll": 5.0}
    async with (
        sim.serving("udp") as link,
        run_device(Motionblinds, link, given, timing={"reply": 0.2}) as (device, watcher),
    ):
        await watcher.until(lambda: device.online)
        sim.lose = 1
        outcome = await device.submit(Stop(), TWO).ended(5)
        assert outcome is not None and outcome.good and device.online


@pytest.mark.parametrize("given", [{"key": "short"}, {"quick": 0.0}, {"quick": 99.0}])
def test_settings_that_make_no_sense(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Motionblinds.Settings(**given)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["mac", "data", "currentPosition", "currentAngle", "token", "deviceType"]), inner
        )
    ),
    max_leaves=6,
)
TYPES = st.sampled_from(["GetDeviceListAck", "ReadDeviceAck", "WriteDeviceAck", "Report", "Heartbeat", 3])


@given(st.binary(max_size=40), TYPES, st.sampled_from([TWO, "x", None]), JSON)
def test_nothing_it_may_say_raises(noise: bytes, kind: Any, mac: Any, told: Any) -> None:
    driver = up()
    list(driver.received(Datagram(noise)))
    tell(driver, {"msgType": kind, "mac": mac, "data": told, "token": told})
    tell(driver, told)
