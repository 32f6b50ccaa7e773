"""The Sony BRAVIA driver in its two languages: REST with a pre-shared key, and Simple IP Control with its news."""

from __future__ import annotations

import json
import socket
from typing import Any

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st
from pybravia import BraviaAuthError, BraviaClient, BraviaTurnedOff

from drivers.sony import rest, simple_ip
from drivers.sony.bravia import SonyBravia, SonyBraviaSettings
from gateway.commands import Command, SelectInput, SetMute, SetPower, SetRelay, SetVideoMute, SetVolume
from gateway.driver import Drop, Feedback, HttpReply, HttpRequest, Offers, Opening, Ready, Refused, Request, Send, Taken
from gateway.model import Reason
from gateway.polled import Ask
from simulators.sony_bravia import SonyBravia as Simulator
from tests.drivers.contract import Case, Do, Hand, run_device, value
from tests.drivers.display_bench import Wire
from tests.drivers.golden import Golden


def lit(sim: Any) -> None:
    sim.active = True


CASE = Case(
    driver=SonyBravia,
    simulator="sony_bravia",
    links=("http", "tcp"),
    simulator_settings={"speed": 50},
    settings={"poll": 0.2, "quick": 0.05, "psk": "s3cret"},
    commands=[
        Do(SetPower(True), seen=lambda sim: sim.active),
        Do(SelectInput("hdmi2"), before=lit, seen=lambda sim: sim.input == "hdmi2"),
        Do(SetVolume(40), before=lit, seen=lambda sim: sim.volume == 40),
        Do(SetMute(True), before=lit, seen=lambda sim: sim.muted),
        Do(SetVideoMute(True), before=lit, seen=lambda sim: sim.dark),
        Do(SelectInput("hdmi4"), before=lit, outcome="refused"),
        Do(SetPower(False), before=lit, seen=lambda sim: not sim.active),
    ],
    hands=[
        Hand(do=lambda sim: sim.press_power(), shows={"power": "on"}, pushed=False),
        Hand(
            do=lambda sim: (lit(sim), sim.turn_volume(31), sim.select_input("hdmi2")),
            shows={"volume": 31, "input": "hdmi2", "power": "on"},
            pushed=False,
        ),
    ],
)

FACTS = "RoomGate facts: room devices 5.4"
SIMPLE = "Sony BRAVIA Professional Displays: Simple IP Control, "
GOLDEN = [
    Golden(b"*SCPOWR0000000000000001\n", "power on", FACTS),
    Golden(b"*SAPOWR0000000000000000\n", "power taken, or is off", FACTS),
    Golden(b"*SEPOWR################\n", "ask for the power", FACTS),
    Golden(b"*SCVOLU0000000000000029\n", "volume 29", SIMPLE + "setAudioVolume"),
    Golden(b"*SCINPT0000000100000001\n", "select HDMI 1", SIMPLE + "setInput"),
    Golden(b"*SCAMUT0000000000000001\n", "mute", SIMPLE + "setAudioMute"),
    Golden(b"*SCPMUT0000000000000000\n", "show the picture", SIMPLE + "setPictureMute"),
    Golden(b"*SCINPT0000000300000001\n", "select composite 1", SIMPLE + "setInput, 3 = composite"),
    Golden(b"*SEVOLU################\n", "ask for the volume", SIMPLE + "getAudioVolume"),
    Golden(b"*SEAMUT################\n", "is it muted", SIMPLE + "getAudioMute"),
    Golden(b"*SEINPT################\n", "ask for the input", SIMPLE + "getInput"),
    Golden(b"*SEPMUT################\n", "is the picture off", SIMPLE + "getPictureMute"),
    Golden(b"*SAVOLUFFFFFFFFFFFFFFFF\n", "volume refused", SIMPLE + "setAudioVolume, error"),
    Golden(b"*SAPOWRFFFFFFFFFFFFFFFF\n", "error", FACTS + ": sixteen F"),
    Golden(
        b'{"error": [40005, "Display Is Turned off"], "id": 1}', "REST: it is off", "antonioparraga/braviarc, issue 20"
    ),
    Golden(
        b'{"error": [7, "not power-on"], "id": 1}',
        "REST: it is off, an Android TV",
        "custom-components/media_player.braviatv_psk, issue 21",
    ),
    Golden(b'{"id": 1, "error": [7, "Illegal State"]}', "REST: an app is shown", "antonioparraga/braviarc, issue 1"),
    Golden(
        b'{"result": [[{"target": "speaker", "volume": 9, "mute": false, "maxVolume": 100, "minVolume": 0}]], "id": 1}',
        "REST: volume 9",
        "home-assistant/core, issue 82403 (a log of pybravia)",
    ),
    Golden(b'{"result": [{"status": "active"}], "id": 1}', "REST: it is on", "home-assistant/core, issue 82403"),
    Golden(
        b'{"method":"getPowerStatus","params":[],"id":1,"version":"1.0"}', "REST: ask for the power", FACTS + ", REST"
    ),
]
WIRE = {golden.meaning: golden.wire for golden in GOLDEN}
ON = b"*SAPOWR0000000000000001\n"
REST_OF_IT = b"*SAVOLU0000000000000020\n*SAAMUT0000000000000000\n*SAINPT0000000100000002\n*SAPMUT0000000000000000\n"


def simple() -> Wire:
    """A display that is on, over Simple IP."""
    wire = Wire(SonyBravia(scheme="tcp"))
    wire.hear(ON + ON + REST_OF_IT)
    assert wire.told(Ready) == [Ready()]
    return wire


def result(*what: Any) -> HttpReply:
    return HttpReply(200, {}, json.dumps({"result": list(what), "id": 1}).encode())


def error(code: int, words: str, status: int = 200) -> HttpReply:
    return HttpReply(status, {}, json.dumps({"error": [code, words], "id": 1}).encode())


class Talk:
    """A REST display: what is asked is answered by its tag."""

    def __init__(self, **settings: Any) -> None:
        self.driver = SonyBravia(SonyBraviaSettings(**settings), scheme="http")
        self.sent: dict[Any, HttpRequest] = {}
        self.log: list[Any] = []
        self.do(self.driver.opened())

    def do(self, actions: Any) -> list[Any]:
        told = list(actions)
        self.log += told
        self.sent |= {action.tag: action.data for action in told if isinstance(action, Send)}
        return told

    def hear(self, what: str, reply: HttpReply) -> list[Any]:
        return self.do(self.driver.received(reply, Ask("", what)))

    def ask(self, command: Command) -> Request:
        request = Request(f"c{len(self.log)}", command)
        self.do(self.driver.command(request))
        return request


def talking() -> Talk:
    talk = Talk(psk="key")
    talk.hear("power", result({"status": "active"}))
    assert Ready() in talk.log
    return talk


# ---- Simple IP -----------------------------------------------------------------------------------------------------


def test_simple_ip_asks_and_tells_everything() -> None:
    wire = simple()
    assert wire.sent[0] == WIRE["ask for the power"]
    questions = ("ask for the volume", "is it muted", "ask for the input", "is the picture off")
    assert {WIRE[what] for what in questions} <= set(wire.sent)
    assert wire.points() == {"power": "on", "volume": 20, "muted": False, "input": "hdmi2", "video_muted": False}


@pytest.mark.parametrize(
    ("command", "sent"),
    [
        (SetPower(True), WIRE["power on"]),
        (SetVolume(29), WIRE["volume 29"]),
        (SelectInput("hdmi1"), WIRE["select HDMI 1"]),
        (SelectInput("composite1"), WIRE["select composite 1"]),
        (SetMute(True), WIRE["mute"]),
        (SetVideoMute(False), WIRE["show the picture"]),
    ],
)
def test_simple_ip_commands(command: Command, sent: bytes) -> None:
    wire = simple()
    request = wire.ask(command)
    assert wire.log[-1] == Send(sent, tag=request) and len(sent) == 24


def test_news_come_unasked_and_end_no_turn() -> None:
    wire = simple()
    request = wire.ask(SetPower(False))
    assert wire.hear(b"*SNVOLU0000000000000031\n*SNAMUT0000000000000001\n") == [
        Feedback(volume=31),
        Feedback(muted=True),
    ]
    assert Taken(request) in wire.hear(WIRE["power taken, or is off"])


@pytest.mark.parametrize(("answer", "words"), [("F" * 16, "refused"), ("N" * 16, "no such thing")])
def test_simple_ip_refusals(answer: str, words: str) -> None:
    wire = simple()
    request = wire.ask(SelectInput("hdmi3"))
    (refused,) = wire.hear(f"*SAINPT{answer}\n".encode())
    assert isinstance(refused, Refused) and refused.request == request and words in refused.words


def test_simple_ip_out_of_step_and_in_standby() -> None:
    (drop,) = Wire(SonyBravia(scheme="tcp")).hear(b"*SAVOLU0000000000000020\n")
    assert isinstance(drop, Drop) and drop.reason is Reason.PROTOCOL_ERROR
    wire = Wire(SonyBravia(scheme="tcp"))
    wire.hear(WIRE["power taken, or is off"] * 2)
    assert set(wire.sent) == {WIRE["ask for the power"]} and wire.points() == {"power": "standby"}


def test_what_is_not_told_is_unknown() -> None:
    wire = simple()
    wire.do(wire.driver.due("poll"))
    wire.hear(ON + WIRE["volume refused"] + b"*SAAMUT0000000000000000\n*SAINPTFFFFFFFFFFFFFFFF\n")
    assert wire.points()["volume"] is None and wire.points()["input"] is None


# ---- REST ----------------------------------------------------------------------------------------------------------


def test_rest_asks_with_the_key_in_a_header() -> None:
    talk = Talk(psk="key")
    assert talk.driver.opening() == Opening(headers={"X-Auth-PSK": "key"})
    asked = talk.sent[Ask("", "power")]
    assert (asked.method, asked.path) == ("POST", "/sony/system")
    assert json.loads(asked.body) == json.loads(WIRE["REST: ask for the power"])


def test_rest_tells_everything() -> None:
    talk = talking()
    sound = {"target": "speaker", "volume": 10, "mute": True, "maxVolume": 50, "minVolume": 0}
    talk.hear("sound", result([{"target": "headphone", "volume": 1}, sound]))
    talk.hear("input", result({"uri": "extInput:hdmi?port=2", "title": "HDMI 2"}))
    talk.hear("picture", result({"mode": "pictureOff"}))
    talk.hear("identity", result({"model": "FW-55BZ40H", "serial": "123", "generation": "5.2.0"}))
    talk.hear(
        "inputs", result([{"uri": "extInput:hdmi?port=1", "title": "HDMI 1", "label": "Laptop"}, {"uri": "tv:dvbt"}])
    )
    told = {name: held for action in talk.log if isinstance(action, Feedback) for name, held in action.points.items()}
    assert told == {
        **{"power": "on", "volume": 20, "muted": True, "input": "hdmi2", "video_muted": True},
        **{"model": "Sony FW-55BZ40H", "serial": "123", "firmware": "5.2.0"},
    }
    assert [action for action in talk.log if isinstance(action, Offers)][-1].choices == {"input": {"hdmi1": "Laptop"}}
    request = talk.ask(SetVolume(41))  # in steps of its own, of which there are 50
    assert b'"volume":"20"' in talk.sent[request].body and talk.driver.shows(SetVolume(41), {"volume": 40})


@pytest.mark.parametrize(
    ("command", "path", "method", "params"),
    [
        (SetPower(False), "system", "setPowerStatus", {"status": False}),
        (SetMute(True), "audio", "setAudioMute", {"status": True}),
        (SelectInput("hdmi2"), "avContent", "setPlayContent", {"uri": "extInput:hdmi?port=2"}),
        (SetVideoMute(True), "system", "setPowerSavingMode", {"mode": "pictureOff"}),
    ],
)
def test_rest_commands(command: Command, path: str, method: str, params: dict[str, Any]) -> None:
    talk = talking()
    sent = talk.sent[talk.ask(command)]
    body = json.loads(sent.body)
    assert (sent.path, body["method"], body["params"]) == (f"/sony/{path}", method, [params])


def test_rest_answers_of_real_displays() -> None:
    talk = talking()
    talk.hear("sound", HttpReply(200, {}, WIRE["REST: volume 9"]))
    assert Feedback(volume=9, muted=False) in talk.log
    for meaning in ("REST: an app is shown", "REST: it is off", "REST: it is off, an Android TV"):
        nothing, code, words = rest.read(HttpReply(200, {}, WIRE[meaning]))
        assert nothing is None and code in (rest.ILLEGAL_STATE, rest.OFF) and words
    talk.hear("input", HttpReply(200, {}, WIRE["REST: an app is shown"]))
    assert Feedback(input=None) in talk.log
    assert rest.points("power", rest.read(HttpReply(200, {}, WIRE["REST: it is on"]))[0]) == {"power": "on"}


def test_rest_errors() -> None:
    talk = talking()
    request = talk.ask(SelectInput("hdmi2"))
    (refused,) = talk.do(talk.driver.received(error(3, "Illegal Argument"), request))
    assert refused == Refused(request, "Illegal Argument (3)")
    assert Feedback(input=None) in talk.hear("input", error(7, "Illegal State"))
    talk.hear("picture", error(12, "No Such Method"))
    assert SetVideoMute not in talk.driver.offer("").commands
    for reply, reason in (
        (error(403, "Forbidden", 403), Reason.LOGIN_REFUSED),
        (HttpReply(200, {}, b"<html>"), Reason.PROTOCOL_ERROR),
    ):
        (drop,) = talk.hear("power", reply)
        assert isinstance(drop, Drop) and drop.reason is reason


@pytest.mark.parametrize("scheme", ["http", "tcp"])
def test_nonsense_is_refused_before_it_is_sent(scheme: str) -> None:
    driver = SonyBravia(scheme=scheme)
    driver.points[""]["power"] = "on"
    for command in (SelectInput("toaster"), SelectInput("hdmi0"), SetRelay(True)):
        (refused,) = driver.command(Request("c", command))
        assert isinstance(refused, Refused)


@pytest.mark.parametrize("wrong", ["nonsense", ""])
async def test_the_wrong_key_is_a_refused_login(wrong: str) -> None:
    sim = Simulator()
    async with sim.serving("http") as address, run_device(SonyBravia, address, {"psk": wrong}) as (device, watcher):
        await watcher.until(lambda: device.reason is not None)
        assert device.reason is Reason.LOGIN_REFUSED and "nonsense" not in device.words


async def test_an_app_hides_the_input_and_labels_are_found() -> None:
    sim = Simulator(active=True)
    settings = {"psk": "s3cret", "poll": 0.1, "quick": 0.05}
    async with sim.serving("http") as address, run_device(SonyBravia, address, settings) as (device, watcher):
        await watcher.until(lambda: device.unit("").choices.get("input", {}).get("hdmi1") == "Laptop")
        await watcher.until(lambda: value(device, "input") == "hdmi1")
        sim.open_app()
        await watcher.until(lambda: device.unit("").points["input"].value is None)


# ---- properties ----------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 30), max_size=20))
def test_any_split_of_the_stream_gives_the_same(lengths: list[int]) -> None:
    wire, held = Wire(SonyBravia(scheme="tcp")), ON + ON + REST_OF_IT
    for length in lengths:
        wire.hear(held[:length])
        held = held[length:]
    wire.hear(held)
    assert wire.log == simple().log


@given(
    st.lists(st.binary(max_size=60) | st.sampled_from([ON, REST_OF_IT, b"*SNINPT00000009000000\xb2\xb2\n"]), max_size=9)
)
def test_no_bytes_make_it_raise(chunks: list[bytes]) -> None:
    wire = Wire(SonyBravia(scheme="tcp"))
    for chunk in chunks:
        wire.hear(chunk)
        wire.do(wire.driver.due("quick"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["speaker", "active"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["result", "error", "target", "volume", "uri", "mode", "maxVolume"]), inner)
    ),
)


@given(JSON, st.sampled_from(sorted(rest.METHODS)))
def test_no_json_makes_it_raise(body: Any, what: str) -> None:
    talk = talking()
    for reply in (HttpReply(200, {}, json.dumps(body).encode()), result(body), result([body])):
        talk.hear(what, reply)


@given(st.sampled_from(sorted(simple_ip.KINDS.values())), st.integers(1, 9999))
def test_inputs_are_named_back_as_they_were_set(kind: str, index: int) -> None:
    what, message = simple_ip.setting_to(SelectInput(f"{kind}{index}"))
    assert message is not None and simple_ip.points(what, simple_ip.read(message)[2]) == {"input": f"{kind}{index}"}
    _, call = rest.setting_to(SelectInput(f"{kind}{index}"), 100)
    assert call is not None and rest.named(json.loads(call.body)["params"][0]["uri"]) == f"{kind}{index}"


class Port(AbstractResolver):
    """Every name leads to one port of this machine: pybravia itself knows port 80 only."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[Any]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=self.port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing is held."""


async def test_pybravia_speaks_with_the_simulator() -> None:
    sim = Simulator(speed=100, android=True)
    async with (
        sim.serving("http") as address,
        aiohttp.TCPConnector(resolver=Port(int(address.rpartition(":")[2]))) as connector,
        aiohttp.ClientSession(connector=connector) as session,
    ):
        display = BraviaClient("display", session=session)
        with pytest.raises(BraviaAuthError):
            await display.connect(psk="nonsense")
        await display.connect(psk="s3cret")
        about = await display.get_system_info()
        assert (about["model"], about["serial"]) == (sim.model, sim.serial_number)
        assert await display.get_power_status() == "standby"
        with pytest.raises(BraviaTurnedOff):
            await display.get_volume_info()
        assert await display.set_power_status(True)
        await sim.until(lambda: sim.active)
        assert await display.get_power_status() == "active"
        assert await display.volume_level(31) and await display.volume_mute(True)
        told = await display.get_volume_info()
        assert (told["volume"], told["mute"], told["target"]) == (31, True, "speaker")
        assert not await display.volume_level(101)
        sockets = {one["title"]: one["uri"] for one in await display.get_external_status()}
        assert await display.set_play_content(sockets["HDMI2"]) and sim.input == "hdmi2"
        assert (await display.get_playing_info())["uri"] == sockets["HDMI2"]
        assert await display.set_power_saving_mode("pictureOff") and sim.dark
        assert await display.get_power_saving_mode() == "pictureOff"
        assert await display.turn_off() and not sim.active
