"""Motionblinds: the golden AccessToken, orders and reports, a token that changed, and an open client as a witness."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import motionblinds
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.motionblinds import Motionblinds, MotionblindsSettings, access_token
from gateway.commands import Command, Move, SetPosition, SetPower, SetTilt, Stop
from gateway.driver import (
    Action,
    Answered,
    Datagram,
    Done,
    Drop,
    Feedback,
    Later,
    Offers,
    Ready,
    Refused,
    Request,
    Send,
    Taken,
)
from gateway.model import Reason
from simulators.motionblinds import Motionblinds as Simulator
from tests.drivers.contract import Case, Do, Hand, run_device
from tests.drivers.golden import Golden

ROLLER, VENETIAN = "aabbccddeeff0001", "aabbccddeeff0002"
LOCAL = {"report_host": "127.0.0.1", "report_port": 0}
CASE = Case(
    driver=Motionblinds,
    simulator="motionblinds",
    links=("udp",),
    settings={
        "key": "abcd1234-56ef-78",
        "multicast": "",
        "report_port": lambda sim: sim.report_port,
        "poll": 0.3,
        "quick": 0.2,
    },
    simulator_settings={"speed": 20, "boot_seconds": 50, **LOCAL},
    commands=[
        Do(SetPosition(50), ROLLER, seen=lambda sim: sim.blinds[ROLLER].position == 50),
        Do(Move("down"), VENETIAN, seen=lambda sim: sim.blinds[VENETIAN].position == 100),
        Do(SetTilt(50), VENETIAN, seen=lambda sim: sim.angles[VENETIAN] == 90),
        Do(
            Stop(),
            ROLLER,
            before=lambda sim: sim.remote("down"),
            seen=lambda sim: sim.blinds[ROLLER].moving is None,
        ),
    ],
    hands=[Hand(do=lambda sim: sim.remote("down"), shows={"moving": "down"}, unit=ROLLER)],
    refused_login={"simulator_settings": {}, "settings": {"key": "abcd1234-56ef-79"}},
)
TOKEN = Golden(
    b"7F9974098FD840F23C7D463CCA2A8B8B",
    "AccessToken of key abcd1234-56ef-78 and token 1234567890ABCDEF",
    "RoomGate facts: room devices 4.9 (vector)",
)
NOTES = "an open Homey app for Brel Home (the same gateway), notes of its device API"
MOTOR = "openHAB add-ons, motionblinds: messages captured from a Wi-Fi motor"
LIST = Golden(b'{"msgType": "GetDeviceList", "msgID": "20211120185942192"}', "who is there", NOTES)
LISTED = Golden(
    b'{"msgType":"GetDeviceListAck","mac":"<macaddress>","deviceType":"02000001","fwVersion":"A1.0.1_B0.1.4",'
    b'"ProtocolVersion":"0.9","token":"<token>","data":[{"mac":"<macaddress>","deviceType":"02000001"},'
    b'{"mac":"<macaddress>","deviceType":"10000000"}]}',
    "the gateway and a blind",
    NOTES,
)
READ = Golden(
    b'{"msgType": "ReadDevice", "mac": "<macaddress>", "deviceType": "10000000", "msgID": "20211120185429504",'
    b' "AccessToken": "<AccessToken>"}',
    "how is it",
    NOTES,
)
READ_ACK = Golden(
    b'{"msgType":"ReadDeviceAck","mac":"<macaddress>","deviceType":"10000000","msgID":"20211120195744003","data":'
    b'{"type":1,"operation":2,"currentPosition":7,"currentAngle":141,"currentState":3,"voltageMode":1,'
    b'"batteryLevel":1245,"wirelessMode":1,"RSSI":-79}}',
    "it stands at 7 %",
    NOTES,
)
WRITE = Golden(
    b'{"msgType": "WriteDevice", "mac": "<macaddress>", "deviceType": "10000000", "data": {"targetPosition": 30},'
    b' "msgID": "20211120193237081", "AccessToken": "<AccessToken>"}',
    "to 30 %",
    NOTES + " (0-100)",
)
WRITE_ACK = Golden(
    b'{"msgType":"WriteDeviceAck","mac":"<macaddress>","deviceType":"10000000","msgID":"20211120195632984","data":'
    b'{"type":1,"operation":2,"currentPosition":0,"currentAngle":0,"currentState":3,"voltageMode":1,'
    b'"batteryLevel":1245,"wirelessMode":1,"RSSI":-89}}',
    "heard; what was before",
    NOTES,
)
MOVING = Golden(
    b'{"msgType":"Report","mac":"244cab4e06b4","deviceType":"22000002","msgID":"20260928182944898",'
    b'"data":{"currentPosition":90,"currentAngle":180,"RSSI":-78}}',
    "on its way, at 90 %",
    MOTOR,
)
NO = Golden(
    b'{"msgType":"WriteDeviceAck","mac":"244cab4e06b4","deviceType":"22000002",'
    b'"actionResult":"AccessToken error","token":"Zx8cVb7nMl6kJh5g"}',
    "a wrong AccessToken, and the token of now",
    MOTOR,
)


def filled(golden: Golden, **holes: str) -> bytes:
    """A golden message with what its source left out."""
    text = golden.wire.decode()
    for name, value in {"macaddress": ROLLER, "token": "1234567890ABCDEF", **holes}.items():
        text = text.replace(f"<{name}>", value)
    return text.encode()


def alike(said: Action, golden: Golden) -> bool:
    """Whether a message is the golden one but for its number."""
    wanted = json.loads(filled(golden, AccessToken=TOKEN.wire.decode()))
    given = message(said)
    return len(given.pop("msgID")) == len(wanted.pop("msgID")) and bool(given == wanted)


def told(what: str, unit: str = ROLLER, **more: Any) -> Datagram:
    return Datagram(json.dumps({"msgType": what, "mac": unit, **more}).encode())


def listing(token: str = "1234567890ABCDEF") -> Datagram:
    blinds = [{"mac": "aabbccddeeff", "deviceType": "02000002"}, {"mac": ROLLER, "deviceType": "10000000"}]
    return told("GetDeviceListAck", token=token, data=blinds)


def state(position: int = 0, operation: int = 2, **more: Any) -> dict[str, Any]:
    return {"type": 1, "operation": operation, "currentPosition": position, "wirelessMode": 1, **more}


def online(key: str = "abcd1234-56ef-78", **data: Any) -> Motionblinds:
    driver = Motionblinds(MotionblindsSettings(key=key), host="192.0.2.9")
    (ask,) = driver.opened()
    assert message(ask)["msgType"] == "GetDeviceList" and len(message(ask)["msgID"]) == 17
    assert Ready() not in list(driver.received(listing()))
    assert Ready() in list(driver.received(told("ReadDeviceAck", data=state(**data))))
    return driver


def message(action: Action) -> Any:
    assert isinstance(action, Send)
    return json.loads(action.data.data)


def given_to(driver: Motionblinds, command: Command, unit: str = ROLLER) -> tuple[Request, list[Action]]:
    request = Request("c", command, unit)
    return request, list(driver.command(request))


def test_the_golden_token_goes_with_every_order_and_never_on_the_tape() -> None:
    assert access_token("abcd1234-56ef-78", "1234567890ABCDEF").encode() == TOKEN.wire
    assert access_token("", "1234567890ABCDEF") == access_token("abcd1234-56ef-78", "") == ""
    assert len(access_token("short", "1234567890ABCDEF")) == 32  # wrong, as the gateway will say
    _, (send,) = given_to(online(), Stop())
    assert isinstance(send, Send) and send.hide == (TOKEN.wire.decode(),)
    asked = message(send)
    assert asked["AccessToken"].encode() == TOKEN.wire and asked["data"] == {"operation": 2}


def test_golden_messages_both_ways() -> None:
    driver = Motionblinds(MotionblindsSettings(key="abcd1234-56ef-78"))
    (ask,) = driver.opened()
    assert alike(ask, LIST)
    listed = list(driver.received(Datagram(filled(LISTED))))
    (read,) = [action for action in listed if isinstance(action, Send)]
    assert alike(read, READ)
    told_ = list(driver.received(Datagram(filled(READ_ACK))))
    assert Feedback(ROLLER, moving="stopped", position=7) in told_ and Ready() in told_
    request, (write,) = given_to(driver, SetPosition(30))
    assert alike(write, WRITE)
    assert Taken(request) in list(driver.received(Datagram(filled(WRITE_ACK))))
    unit = "244cab4e06b4"
    motor = Motionblinds(MotionblindsSettings(key="abcd1234-56ef-78"))
    list(motor.received(told("GetDeviceListAck", token="A" * 16, data=[{"mac": unit, "deviceType": "22000002"}])))
    list(motor.received(told("ReadDeviceAck", unit, data=state())))
    moving = list(motor.received(Datagram(MOVING.wire), None, "reports"))
    assert Feedback(unit, moving=None, position=90) in moving
    request, (before,) = given_to(motor, Stop(), unit)
    answered, again = motor.received(Datagram(NO.wire))
    assert answered == Answered(request) and message(again)["data"] == {"operation": 2}
    token = access_token("abcd1234-56ef-78", "Zx8cVb7nMl6kJh5g")
    assert message(again)["AccessToken"] == token != message(before)["AccessToken"]
    refused = list(motor.received(Datagram(NO.wire)))  # the same again: it is the key that is wrong
    assert Refused(request, "AccessToken error") in refused


def test_a_lost_datagram_is_said_again_and_silence_is_the_end() -> None:
    driver = online()
    move, (first,) = given_to(driver, Move("down"))
    (again,) = driver.failed(move, "no response")
    assert message(again)["data"] == message(first)["data"] == {"operation": 0}
    stop = Request("s", Stop(), ROLLER)
    list(driver.command(stop))
    assert list(driver.failed(move, "no response")) == []  # a newer order came: it is not said a third time
    acked = list(driver.received(told("WriteDeviceAck", data=state())))
    assert acked[0] == Answered(stop) and Taken(stop) in acked and driver.silent == 0
    assert list(driver.failed(("query", ROLLER), "no response")) == []
    assert list(driver.failed(("read", ROLLER), "no response")) == []
    (drop,) = driver.failed(("read", ROLLER), "no response")
    assert isinstance(drop, Drop) and drop.reason is Reason.NO_RESPONSE
    (drop,) = online().failed(("list", ""), "no response")
    assert isinstance(drop, Drop)


def test_two_orders_on_their_way_have_an_answer_each() -> None:
    driver = online()
    move, _ = given_to(driver, Move("down"))
    stop = Request("s", Stop(), ROLLER)
    list(driver.command(stop))
    for request in (move, stop):
        acked = list(driver.received(told("WriteDeviceAck", data=state())))
        assert acked[0] == Answered(request) and Taken(request) in acked
    assert list(driver.received(told("WriteDeviceAck", data=state()))) == [Answered(("query", ROLLER))]


WORD16 = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=16, max_size=16)


@given(WORD16, WORD16)
@settings(max_examples=60, deadline=None)
def test_who_has_the_key_reads_the_token_in_an_access_token(key: str, token: str) -> None:
    reader = Cipher(algorithms.AES(key.encode()), modes.ECB()).decryptor()
    assert reader.update(bytes.fromhex(access_token(key, token))) + reader.finalize() == token.encode()


ORDERS = st.one_of(
    st.sampled_from([(Move("up"), {"operation": 1}), (Move("down"), {"operation": 0}), (Stop(), {"operation": 2})]),
    st.integers(0, 100).map(lambda percent: (SetPosition(percent), {"targetPosition": percent})),
)


@given(ORDERS)
@settings(max_examples=60, deadline=None)
def test_reading_undoes_writing(order: tuple[Command, dict[str, int]]) -> None:
    command, data = order
    said = message(given_to(online(), command)[1][0])
    assert (said["msgType"], said["mac"], said["deviceType"], said["data"]) == ("WriteDevice", ROLLER, "10000000", data)


def readable(datagram: bytes) -> bool:
    try:
        return bool(json.loads(datagram))
    except ValueError:
        return False


async def test_any_flipped_bit_of_an_access_token_is_rejected() -> None:
    sim = Simulator(speed=20, report_host="127.0.0.1", report_port=0)
    order = given_to(online(), Move("down"))[1][0]
    assert isinstance(order, Send)
    wire, token = order.data.data, TOKEN.wire
    at, unreadable = 8 * wire.index(token), 0
    async with sim.serving():
        for bit in range(at, at + 8 * len(token)):
            broken = bytearray(wire)
            broken[bit // 8] ^= 1 << bit % 8
            sim._received(bytes(broken), ("127.0.0.1", 9))
            unreadable += not readable(bytes(broken))
            assert sim.blinds[ROLLER].moving is None
        sim._received(wire, ("127.0.0.1", 9))
        assert sim.blinds[ROLLER].moving == "down" and sim.refused + unreadable == 8 * len(token)


def test_orders() -> None:
    driver = online()
    for command, data in (
        (Move("up"), {"operation": 1}),
        (Move("down"), {"operation": 0}),
        (SetPosition(30), {"targetPosition": 30}),
    ):
        assert message(given_to(driver, command)[1][0])["data"] == data
    for command, unit in ((SetPower(True), ROLLER), (SetTilt(5), ROLLER), (Stop(), VENETIAN)):
        assert isinstance(given_to(driver, command, unit)[1][0], Refused)
    request, said = given_to(online(key=""), Stop())
    assert said == [Refused(request, "the key is not set, or the gateway's token is none")]
    slats = online(type=2, currentAngle=45)
    assert message(given_to(slats, SetTilt(50))[1][0])["data"] == {"targetAngle": 90}
    assert Feedback(ROLLER, tilt=25) in list(slats.received(told("Report", data=state(type=2, currentAngle=45))))


def test_proof_comes_with_the_report() -> None:
    driver = online(position=10)
    request, _ = given_to(driver, Move("down"))
    acked = list(driver.received(told("WriteDeviceAck", data=state(100))))  # tells what was before
    assert acked == [Answered(request), Feedback(ROLLER, moving=None), Taken(request), Later(2.0, "quick")]
    assert Done(request) not in list(driver.received(told("Report", data=state(10, 5))))
    assert Done(request) in list(driver.received(told("Report", data=state(12, 5))))
    (look, again) = driver.due("quick")
    assert message(look)["data"] == {"operation": 5} and again == Later(2.0, "quick")
    assert list(driver.received(told("WriteDeviceAck", data=state()))) == [Answered(("query", ROLLER))]
    assert driver.shows(SetPosition(50), {"position": 49}) and not driver.shows(SetPosition(50), {})
    driver.now = 99.0
    assert list(driver.due("quick")) == []


def test_a_blind_that_cannot_answer_is_believed() -> None:
    driver = online(wirelessMode=0)
    request, _ = given_to(driver, Move("down"))
    acked = list(driver.received(told("WriteDeviceAck")))
    assert Feedback(ROLLER, assumed=True, moving="down", position=None) in acked and Done(request) in acked
    limits = Motionblinds(MotionblindsSettings(key="abcd1234-56ef-78"))
    list(limits.received(listing()))
    said = list(limits.received(told("ReadDeviceAck", data=state(50, wirelessMode=2, currentState=2))))
    assert Offers(ROLLER, frozenset({Move, Stop})) in said and Feedback(ROLLER, moving="stopped", position=100) in said


def test_refusals() -> None:
    driver = online()
    request, _ = given_to(driver, Stop())
    said = list(driver.received(told("WriteDeviceAck", actionResult="AccessToken error")))
    assert said[:2] == [Answered(request), Refused(request, "AccessToken error")]
    assert message(said[2])["msgType"] == "GetDeviceList"  # the gateway has a new one
    fresh = Motionblinds(MotionblindsSettings(key="abcd1234-56ef-79"))
    list(fresh.received(listing()))
    drop = list(fresh.received(told("ReadDeviceAck", actionResult="AccessToken error")))[-1]
    assert isinstance(drop, Drop) and drop.reason is Reason.LOGIN_REFUSED
    assert fresh.side_links() == {"reports": "listen+udp://238.0.0.18:32101?from="}


@pytest.mark.parametrize(
    "given", [{"travel": 0.0}, {"quick": 0.0}, {"tolerance": 11}, {"multicast": "10.0.0.1"}, {"report_port": -1}]
)
def test_settings_that_make_no_sense(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        MotionblindsSettings(**given)


async def test_one_way_blinds_live() -> None:
    sim = Simulator(speed=20, one_way="aabbccddeeff0003", report_host="127.0.0.1", report_port=0)
    async with sim.serving() as address:
        given = {"key": "abcd1234-56ef-78", "report_port": 0}
        async with run_device(Motionblinds, address, given) as (device, watcher):
            await watcher.until(lambda: device.online)
            outcome = await device.submit(Move("down"), "aabbccddeeff0003").ended(5)
            assert outcome is not None and outcome.result == "assumed"
            await sim.until(lambda: sim.blinds["aabbccddeeff0003"].position == 100)


async def test_an_open_client_and_the_simulator_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    sim = Simulator(speed=20, report_host="127.0.0.1", report_port=0)
    async with sim.serving() as address:
        monkeypatch.setattr(motionblinds.motion_blinds, "UDP_PORT_SEND", int(address.rpartition(":")[2]))
        gateway = motionblinds.MotionGateway(ip="127.0.0.1", key="abcd1234-56ef-78")
        found = await asyncio.to_thread(gateway.GetDeviceList)
        assert set(found) == {ROLLER, VENETIAN}
        await asyncio.to_thread(found[ROLLER].Set_position, 40)
        await sim.until(lambda: sim.blinds[ROLLER].position == 40)
        await asyncio.to_thread(found[ROLLER].Update_from_cache)
        assert found[ROLLER].position == 40 and gateway.access_token == access_token(
            "abcd1234-56ef-78", "1234567890ABCDEF"
        )


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
WHAT = ["GetDeviceListAck", "ReadDeviceAck", "WriteDeviceAck", "Report", "Heartbeat"]
FIELDS = ["type", "operation", "currentPosition", "currentAngle", "wirelessMode", "currentState", "mac", "deviceType"]
DATA = ODD | st.dictionaries(st.sampled_from(FIELDS), ODD, max_size=5)


@given(st.sampled_from(WHAT), DATA | st.lists(DATA, max_size=2), ODD, ODD, st.binary(max_size=20))
@settings(max_examples=150, deadline=None)
def test_nothing_it_may_say_raises(what: str, data: Any, token: Any, result: Any, noise: bytes) -> None:
    driver = online()
    given_to(driver, Move("up"))
    for datagram in (told(what, data=data, token=token), told(what, actionResult=result), Datagram(noise)):
        list(driver.received(datagram))
    list(driver.received(Datagram(json.dumps(data).encode())))
