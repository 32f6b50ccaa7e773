"""The Bond driver, question by question: what it asks, and what it makes of replies and pushes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from bond_async import Action, BondType, BPUPSubscriptions
from bond_async import Bond as Witness
from bond_async.bpup import BPUProtocol
from hypothesis import given
from hypothesis import strategies as st

from drivers.bond.bridge import Bond
from drivers.bond.words import BondSettings
from gateway.commands import Command, Move, RecallPreset, SetPosition, SetPower, SetRelay, SetTilt, Stop
from gateway.driver import (
    Datagram,
    Done,
    Drop,
    Feedback,
    Gone,
    HttpReply,
    HttpRequest,
    Later,
    Offers,
    Ready,
    Refused,
    Request,
    Send,
    Taken,
)
from gateway.model import Reason
from simulators.bond import Bond as Simulator
from tests.drivers.contract import Case, Do, Hand, run_device
from tests.drivers.golden import Golden

SHADE, PLAIN, GROUP, PLUG = "79135791", "4caf6472", "3b20f300", "2a2b2c2d"
CASE = Case(
    driver=Bond,
    simulator="bond",
    links=("http",),
    simulator_settings={
        "speed": 50,
        "boot_seconds": 60,
        "bpup_port": 0,
        "with_position": SHADE,
        "plain": PLAIN,
        "with_slats": PLAIN,
        "grouped": f"{GROUP}={SHADE}+{PLAIN}",
        "switched": PLUG,
    },
    settings={"token": lambda sim: sim.token, "bpup_port": lambda sim: sim.bpup_port, "poll": 0.5, "quick": 0.1},
    commands=[
        # A bridge cannot hear its motors: all of it is believed, none of it confirmed.
        Do(SetPosition(50), SHADE, lambda sim: sim.shades[SHADE].position == 50, outcome="assumed"),
        Do(Move("down"), SHADE, lambda sim: sim.shades[SHADE].position == 100, outcome="assumed"),
        Do(Stop(), SHADE, lambda sim: not sim.shades[SHADE].moving, outcome="assumed"),
        Do(Move("down"), PLAIN, lambda sim: sim.shades[PLAIN].open == 0, outcome="assumed"),
        Do(Stop(), PLAIN, lambda sim: not sim.shades[PLAIN].moving, outcome="assumed"),
        Do(RecallPreset(1), SHADE, lambda sim: sim.shades[SHADE].actual == 50, outcome="assumed"),
        Do(SetTilt(100), PLAIN, lambda sim: sim.slats[PLAIN] == "TiltClose", outcome="assumed"),
        Do(SetTilt(50), PLAIN, outcome="refused"),
        Do(SetPower(True), PLUG, lambda sim: sim.switches[PLUG].power == 1, outcome="assumed"),
        Do(Move("up"), PLUG, outcome="refused"),
        Do(
            Move("up"),
            f"group/{GROUP}",
            lambda sim: not any(s.position for s in sim.shades.values()),
            outcome="assumed",
        ),
        Do(Stop(), f"group/{GROUP}", lambda sim: not any(s.moving for s in sim.shades.values()), outcome="assumed"),
        Do(SetPosition(50), f"group/{GROUP}", outcome="refused"),  # one of them knows no positions
    ],
    hands=[
        Hand(do=lambda sim: sim.remote_control(SHADE, "Close"), unit=SHADE, shows={"position": 100}, pushed=True),
        Hand(do=lambda sim: sim.remote_control(PLAIN, "Close"), unit=PLAIN, shows={"position": 100}, pushed=True),
    ],
    refused_login={"simulator_settings": {}, "settings": {"token": "wrong"}},
)

DOC = "Bond Local API v3.0.0 (docs-local.appbond.com), "

VERSION = Golden(
    wire=b'{"target":"snowbird","fw_ver":"v2.5.2","fw_date":"Fri Feb 22 14:13:25 -03 2019","make":"Olibra LLC",'
    b'"model":"model","branding_profile":"O_SNOWBIRD","uptime_s":380,"_":"c342ae74"}',
    meaning="what GET /v2/sys/version answers",
    source=DOC + "Getting Started: Check Bond Version",
)
DEVICES = Golden(
    wire=b'{"_":"f7e407f1","79135791":{"_":"599b0fc5"}}',
    meaning="what GET /v2/devices answers",
    source=DOC + "Getting Started: Get Device Information",
)
DEVICE = Golden(
    wire=b'{"name":"Magic Fan","type":"CF","actions":["TurnOn","TurnOff","SetSpeed","IncreaseSpeed","DecreaseSpeed"],'
    b'"location":"Dungeon","_":"599b0fc5","commands":{"_":"be8e1896"}}',
    meaning="what GET /v2/devices/79135791 answers",
    source=DOC + "Getting Started: Get Device Information",
)
UPDATE = Golden(
    wire=b'{"B":"ZZBL12345","d":0,"v":"v2.18.2","t":"devices/aabbccdd/state","i":"00112233bbeeeeff","s":200,"m":0,'
    b'"f":255,"b":{"_":"ab9284ef","power":1,"speed":2}}\n',
    meaning="a pushed update: aabbccdd is on",
    source=DOC + "Bond Push UDP Protocol (BPUP)",
)
KEEP_ALIVE = Golden(
    wire=b"\n",
    meaning="keep-alive datagram, subscribes to every state",
    source=DOC + "Bond Push UDP Protocol (BPUP)",
)
WELCOME = Golden(
    wire=b'{"B":"ZZBL12345"}\n',
    meaning="what a keep-alive is answered with",
    source=DOC + "Bond Push UDP Protocol (BPUP)",
)
TIMEOUT = Golden(
    wire=b'{"B":"ZZBL12345","err_id":631,"err_msg":"BPUP client timeout"}\n',
    meaning="the Bond has forgotten us",
    source=DOC + "Bond Push UDP Protocol (BPUP)",
)
ACTIONS = [
    Golden(wire=wire, meaning=meaning, source=DOC + chapter)
    for wire, meaning, chapter in (
        (b"PUT /v2/devices/79135791/actions/Open {}", "move up", "PUT .../actions/{action_name}; Features: Open"),
        (b"PUT /v2/devices/79135791/actions/Close {}", "move down", "PUT .../actions/{action_name}; Features: Open"),
        (b"PUT /v2/devices/79135791/actions/Hold {}", "stop", "PUT .../actions/{action_name}; Features: Misc"),
        (b"PUT /v2/devices/79135791/actions/TurnOn {}", "on", "PUT .../actions/{action_name}; Features: Power"),
        (b"PUT /v2/devices/79135791/actions/TurnOff {}", "off", "PUT .../actions/{action_name}; Features: Power"),
        (
            b'PUT /v2/devices/79135791/actions/SetPosition {"argument":50}',
            "position 50",
            "PUT .../actions/{action_name}; Getting Started: Set the Fan Speed; Features: Position",
        ),
    )
]
GROUPS = Golden(
    wire=b'{"_":"7fc1e84b","3b20f300":{"_":"9a5e1136"},"4caf6472":{"_":"409d124b"}}',
    meaning="what GET /v2/groups answers",
    source=DOC + "Groups: List your Groups",
)
GROUP_BODY = Golden(
    wire=b'{"name":"Kitchen Shades","devices":["aabbccdd","11223344","deadbeef"],"types":["MS"],'
    b'"locations":["Kitchen"],"actions":["Open","Close","Raise","Lower","Retract","Extend","Preset"],'
    b'"state":{"_":"ad9bcde4"}}',
    meaning="what GET /v2/groups/3b20f300 answers",
    source=DOC + "Groups: Get Group",
)
GROUP_STATE = Golden(b'{"open":1}', "a group's state", DOC + "Group State: Get Group State")
GROUP_ACTION = Golden(
    b"PUT /v2/groups/3b20f300/actions/Open {}", "a group up", DOC + "Group Actions: Execute a Group Action"
)
GOLDEN = [
    GROUPS,
    GROUP_BODY,
    GROUP_STATE,
    GROUP_ACTION,
    VERSION,
    DEVICES,
    DEVICE,
    UPDATE,
    KEEP_ALIVE,
    WELCOME,
    TIMEOUT,
    *ACTIONS,
]
COMMANDS: dict[str, Command] = {
    "move up": Move("up"),
    "move down": Move("down"),
    "stop": Stop(),
    "on": SetPower(True),
    "off": SetPower(False),
    "position 50": SetPosition(50),
}

PLAIN_ACTIONS = ["Open", "Close", "ToggleOpen", "Hold", "Stop", "Preset"]
ALL_ACTIONS = [*PLAIN_ACTIONS, "SetPosition", "TurnOn", "TurnOff"]
READ_STATE = Send(HttpRequest("GET", f"/v2/devices/{SHADE}/state"), tag=("now", SHADE))
DEVICE_TAG, STATE_TAG, NOW_TAG = ("device", SHADE), ("state", SHADE), ("now", SHADE)


def reply(body: Any, status: int = 200) -> HttpReply:
    return HttpReply(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


def wire(send: Any) -> bytes:
    """A request as one line of text."""
    request: HttpRequest = send.data
    return f"{request.method} {request.path} ".encode() + request.body


def online(state: dict[str, Any], actions: list[str] = ALL_ACTIONS, **settings: Any) -> Bond:
    """A driver that knows one shade in this state."""
    driver = Bond(BondSettings(**settings), host="bond.local")
    said = [*driver.opened()]
    said += driver.received(reply(VERSION.wire), ("version", ""))
    said += driver.received(reply(DEVICES.wire), ("devices", ""))
    said += driver.received(reply({}, 404), ("groups", ""))  # a Smart by Bond: no groups
    said += driver.received(reply({"name": "Left", "type": "MS", "actions": actions}), DEVICE_TAG)
    assert Ready() not in said  # not before the state is known
    said += driver.received(reply(state), STATE_TAG)
    assert said[-2:] == [Ready(), Later(driver.settings.poll, "poll")]
    return driver


def acted(driver: Bond, command: Command, unit: str = SHADE) -> tuple[Request, list[Any]]:
    """Give a command that the Bond executes."""
    request = Request("c1", command, unit)
    assert [type(action) for action in driver.command(request)] == [Send]
    return request, list(driver.received(HttpReply(204), request))


def pushed(driver: Bond, state: dict[str, Any], unit: str = SHADE) -> list[Any]:
    update = {"B": "ZZBL12345", "t": f"devices/{unit}/state", "s": 200, "b": state}
    return list(driver.received(Datagram(json.dumps(update).encode() + b"\n"), None, "push"))


# ---- golden ------------------------------------------------------------------------------------------------------


def test_the_documents_first_conversation() -> None:
    driver = Bond(BondSettings(token="f074b61f628018fd"), host="192.100.0.61")
    assert driver.opening().headers == {"BOND-Token": "f074b61f628018fd"}
    assert driver.side_links() == {"push": "udp://192.100.0.61:30007"}
    version, knock, again = driver.opened()
    assert wire(version) == b"GET /v2/sys/version "
    assert knock == Send(Datagram(KEEP_ALIVE.wire), link="push", reply=False)
    assert again == Later(10.0, "push")
    told, devices = driver.received(reply(VERSION.wire), version.tag)  # type: ignore[union-attr]
    assert told == Feedback("", model="Olibra LLC model", serial=None, firmware="v2.5.2")
    assert wire(devices) == b"GET /v2/devices "
    device, groups = driver.received(reply(DEVICES.wire), devices.tag)  # type: ignore[union-attr]
    assert wire(device) == b"GET /v2/devices/79135791 " and wire(groups) == b"GET /v2/groups "
    assert list(driver.received(reply({}), groups.tag)) == []  # type: ignore[union-attr]
    offers, name, state = driver.received(reply(DEVICE.wire), device.tag)  # type: ignore[union-attr]
    assert offers == Offers("79135791", frozenset({SetPower}))
    assert name == Feedback("79135791", name="Magic Fan")
    assert wire(state) == b"GET /v2/devices/79135791/state "
    assert list(driver.received(reply({"power": 0, "speed": 2}), state.tag)) == [  # type: ignore[union-attr]
        Feedback("79135791", assumed=True, power="off"),
        Ready(),
        Later(10.0, "poll"),
    ]


@pytest.mark.parametrize("golden", ACTIONS, ids=lambda golden: golden.meaning)
def test_actions_are_the_documents(golden: Golden) -> None:
    request = Request("c1", COMMANDS[golden.meaning], SHADE)
    (send,) = online({"position": 30}).command(request)
    assert isinstance(send, Send)
    assert (wire(send), send.tag) == (golden.wire, request)


def test_the_documents_push() -> None:
    driver = online({"position": 0})
    driver.devices["aabbccdd"] = driver.devices[SHADE]
    assert list(driver.received(Datagram(WELCOME.wire), None, "push")) == [Later(60.0, "push")]
    assert list(driver.received(Datagram(UPDATE.wire), None, "push")) == [
        Feedback("aabbccdd", assumed=True, power="on")
    ]
    assert list(driver.received(Datagram(TIMEOUT.wire), None, "push")) == [Later(1.0, "push")]
    assert list(driver.due("push")) == [Send(Datagram(KEEP_ALIVE.wire), link="push", reply=False), Later(10, "push")]


# ---- finding out -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("actions", "offered"),
    [
        (ALL_ACTIONS, {Move, Stop, SetPosition, SetPower, RecallPreset}),
        (PLAIN_ACTIONS, {Move, Stop, RecallPreset}),
        (["TiltOpen", "TiltClose"], {SetTilt}),
        (["TiltOpen"], set()),
        (["Open", "Close", "Stop"], {Move}),  # their Stop ends a transmission, not a movement
        (["TogglePower"], set()),
        ("nonsense", set()),
        ([1, None, ["Open"]], set()),
    ],
)
def test_a_device_offers_what_its_actions_say(actions: Any, offered: set[type[Command]]) -> None:
    driver = Bond()
    said = list(driver.received(reply({"name": "x", "actions": actions}), DEVICE_TAG))
    assert said == []  # never asked
    driver.asked.add(DEVICE_TAG)
    assert Offers(SHADE, frozenset(offered)) in list(driver.received(reply({"actions": actions}), DEVICE_TAG))


def test_a_wrong_token_is_a_refused_login() -> None:
    driver = Bond()
    list(driver.opened())
    list(driver.received(reply(VERSION.wire), ("version", "")))
    assert list(driver.received(reply({"error_msg": "no"}, 401), ("devices", ""))) == [
        Drop(Reason.LOGIN_REFUSED, "the Bond refused the token")
    ]


@pytest.mark.parametrize("answer", [reply(b"<html>", 200), reply([], 200), reply({}, 200), reply({}, 500)])
def test_what_is_no_bond_is_dropped(answer: HttpReply) -> None:
    driver = Bond()
    list(driver.opened())
    (drop,) = driver.received(answer, ("version", ""))
    assert isinstance(drop, Drop) and drop.reason is Reason.PROTOCOL_ERROR


def test_a_look_reads_only_what_has_another_hash() -> None:
    driver = online({"position": 0})
    (look,) = driver.due("poll")
    assert wire(look) == b"GET /v2/devices "
    same = {"_": "1", SHADE: {"_": "599b0fc5"}}
    assert list(driver.received(reply(same), ("devices", ""))) == [Later(10.0, "poll")]
    list(driver.due("poll"))
    changed = {"_": "2", SHADE: {"_": "00000000"}, PLAIN: {"_": "1"}, "__": "x"}
    assert [wire(send) for send in driver.received(reply(changed), ("devices", ""))] == [
        f"GET /v2/devices/{SHADE} ".encode(),
        f"GET /v2/devices/{PLAIN} ".encode(),
    ]
    for unit in (SHADE, PLAIN):
        list(driver.received(reply({"name": unit, "actions": ALL_ACTIONS}), ("device", unit)))
    assert Ready() not in list(driver.received(reply({"position": 10}), STATE_TAG))
    assert list(driver.received(reply({"open": 0}), ("state", PLAIN))) == [
        Feedback(PLAIN, assumed=True, position=100),
        Later(10.0, "poll"),
    ]


@pytest.mark.parametrize("told", ["read", "pushed"])
def test_a_shade_that_goes_back_has_its_old_hash_and_is_read_all_the_same(told: str) -> None:
    driver = online({"position": 0})
    if told == "read":
        acted(driver, SetPosition(50))
        list(driver.received(reply({"position": 50}), NOW_TAG))
    else:
        pushed(driver, {"position": 50})
    list(driver.due("poll"))
    (look,) = driver.received(reply(DEVICES.wire), ("devices", ""))
    assert wire(look) == b"GET /v2/devices/79135791 "


def test_a_device_that_was_removed_is_gone() -> None:
    driver = online({"position": 0})
    list(driver.due("poll"))
    gone = [Offers(SHADE, frozenset()), Gone(SHADE)]
    assert list(driver.received(reply({"_": "1"}), ("devices", ""))) == [*gone, Later(10.0, "poll")]
    driver = online({"position": 0})
    acted(driver, Move("down"))
    assert list(driver.received(reply({}, 404), NOW_TAG)) == gone


def test_units_are_ids_of_devices_and_groups() -> None:
    assert [Bond().valid_unit(unit) for unit in ("", "79135791", "1", "00112233aabbccdd", "group/1")] == [True] * 5
    assert [Bond().valid_unit(unit) for unit in ("_", "a/b", "..", "a b", "x" * 33, "group/")] == [False] * 6


# ---- groups ------------------------------------------------------------------------------------------------------

KITCHEN = f"group/{GROUP}"


def grouped(*members: str, **settings: Any) -> Bond:
    """A driver that knows one group of these devices, all up."""
    driver = Bond(BondSettings(**settings), host="bond.local")
    list(driver.opened())
    list(driver.received(reply(VERSION.wire), ("version", "")))
    list(driver.received(reply({one: {"_": "1"} for one in members}), ("devices", "")))
    for one in members:
        list(driver.received(reply({"name": one, "actions": ALL_ACTIONS}), ("device", one)))
        list(driver.received(reply({"open": 1}), ("state", one)))
    list(driver.received(reply({GROUP: {"_": "9a5e1136"}}), ("groups", "")))
    body = {"name": "Kitchen Shades", "devices": list(members), "actions": PLAIN_ACTIONS}
    list(driver.received(reply(body), ("device", KITCHEN)))
    assert Ready() in list(driver.received(reply(GROUP_STATE.wire), ("state", KITCHEN)))
    return driver


def test_the_documents_groups() -> None:
    driver = Bond()
    list(driver.opened())
    list(driver.received(reply(VERSION.wire), ("version", "")))
    list(driver.received(reply({}), ("devices", "")))
    asked = list(driver.received(reply(GROUPS.wire), ("groups", "")))
    assert [wire(send) for send in asked] == [b"GET /v2/groups/3b20f300 ", b"GET /v2/groups/4caf6472 "]
    offers, name, state = driver.received(reply(GROUP_BODY.wire), ("device", KITCHEN))
    assert (
        offers == Offers(KITCHEN, frozenset({Move, RecallPreset})) and wire(state) == b"GET /v2/groups/3b20f300/state "
    )
    assert name == Feedback(KITCHEN, name="Kitchen Shades")
    assert list(driver.received(reply(GROUP_STATE.wire), ("state", KITCHEN))) == [
        Feedback(KITCHEN, assumed=True, position=0)
    ]
    (send,) = driver.command(Request("c1", Move("up"), KITCHEN))
    assert wire(send) == GROUP_ACTION.wire


def test_an_order_to_a_group_is_one_to_each_of_its_members() -> None:
    driver = grouped("aabbccdd", "11223344")
    request, said = acted(driver, Move("down"), KITCHEN)
    reads = [wire(action) for action in said if isinstance(action, Send)]
    assert reads == [
        b"GET /v2/groups/3b20f300/state ",
        b"GET /v2/devices/aabbccdd/state ",
        b"GET /v2/devices/11223344/state ",
    ]
    assert Done(request) not in list(driver.received(reply({"open": 0}), ("now", "aabbccdd")))
    assert Done(request) in list(driver.received(reply({"open": 0}), ("now", KITCHEN)))
    request, said = acted(driver, Stop(), KITCHEN)
    for unit in (KITCHEN, "aabbccdd", "11223344"):
        assert Feedback(unit, assumed=True, moving="stopped") in said
    held = list(driver.received(reply({"open": 0}), ("now", "aabbccdd")))
    assert held == [Feedback("aabbccdd", assumed=True, position=None)]  # open and closed are far ends
    _, said = acted(driver, Move("up"), "aabbccdd")
    assert Feedback(KITCHEN, moving=None) in said  # not all of it stands any more


@pytest.mark.parametrize("state", [{"open": None}, {"open": 1, "position": None}, {"open": None, "position": None}])
def test_where_its_members_differ_a_group_is_nowhere_known(state: dict[str, Any]) -> None:
    driver = grouped("aabbccdd", "11223344")
    update = {"B": "ZZBL12345", "t": f"groups/{GROUP}/state", "s": 200, "b": state}
    said = list(driver.received(Datagram(json.dumps(update).encode()), None, "push"))
    assert Feedback(KITCHEN, assumed=True, position=None) in said


def test_a_group_that_was_removed_is_gone_and_its_members_stay() -> None:
    driver = grouped("aabbccdd")
    list(driver.due("poll"))
    assert [wire(send) for send in driver.received(reply({"aabbccdd": {"_": "1"}}), ("devices", ""))] == [
        b"GET /v2/groups "
    ]
    assert Gone(KITCHEN) in list(driver.received(reply({"_": "0"}), ("groups", "")))
    assert "aabbccdd" in driver.devices


async def test_a_smart_by_bond_has_no_groups() -> None:
    sim = Simulator(bpup_port=0, knows_groups=False)
    given = {"token": sim.token, "bpup_port": 0}
    async with sim.serving() as address, run_device(Bond, address, given) as (device, watcher):
        await watcher.until(lambda: device.online)
        assert set(device.units) == {"", SHADE, PLAIN}


@pytest.mark.parametrize("wrong", [{"poll": 0.0}, {"quick": 11.0}, {"bpup_port": 65536}, {"travel": 0.0}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        BondSettings(**wrong)


def test_no_port_no_push() -> None:
    driver = Bond(BondSettings(bpup_port=0), host="::1")
    assert driver.side_links() == {}
    assert [type(action) for action in driver.opened()] == [Send]
    assert Bond(host="fe80::1").side_links() == {"push": "udp://[fe80::1]:30007"}


# ---- positions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "position"),
    [
        ({"open": 1, "position": 40}, 40),
        ({"open": 1}, 0),
        ({"open": 0}, 100),
        ({"open": 1, "position": 101}, None),
    ],
)
def test_what_a_bond_believes_is_assumed(state: dict[str, Any], position: int | None) -> None:
    assert pushed(online({"position": 0}), state)[-1] == Feedback(SHADE, assumed=True, position=position)


def test_two_way_motors_confirm_a_position_but_never_a_mere_open() -> None:
    driver = online({"position": 0}, two_way=True)
    assert pushed(driver, {"open": 1, "position": 40})[-1] == Feedback(SHADE, position=40)
    assert pushed(driver, {"open": 0})[-1] == Feedback(SHADE, assumed=True, position=100)


@pytest.mark.parametrize("state", [{}, {"position": "50"}, {"position": True}, {"open": [1]}, {"power": 2}])
def test_a_state_that_tells_nothing_is_no_feedback(state: dict[str, Any]) -> None:
    driver = online({"position": 0})
    list(driver.received(Datagram(WELCOME.wire), None, "push"))
    assert pushed(driver, state) == []


def test_set_position_is_taken_and_read_back() -> None:
    driver = online({"position": 0})
    request, said = acted(driver, SetPosition(50))
    assert said == [Taken(request), Later(1.0, "quick"), READ_STATE]
    assert list(driver.received(reply({"position": 50, "open": 1}), NOW_TAG)) == [
        Feedback(SHADE, assumed=True, position=50)
    ]


@pytest.mark.parametrize(
    ("before", "direction", "after", "done"),
    [
        (50, "up", 50, False),  # it has not told of any movement
        (50, "up", 49, True),
        (50, "up", 51, False),
        (50, "down", 51, True),
        (0, "up", 0, True),  # it was there already
        (0, "down", 100, True),
    ],
)
def test_a_move_is_done_when_it_is_on_its_way(before: int, direction: Any, after: int, done: bool) -> None:
    driver = online({"position": before})
    request, _ = acted(driver, Move(direction))
    assert (Done(request) in list(driver.received(reply({"position": after}), NOW_TAG))) is done


def test_a_move_of_a_plain_motor_is_shown_by_open() -> None:
    driver = online({"open": 1}, PLAIN_ACTIONS)
    request, _ = acted(driver, Move("down"))
    assert Done(request) not in list(driver.received(reply({"open": 1}), NOW_TAG))
    assert Done(request) in pushed(driver, {"open": 0})


def test_a_held_shade_is_only_believed_to_stand_still() -> None:
    driver = online({"open": 1}, PLAIN_ACTIONS)
    move, _ = acted(driver, Move("down"))
    request, said = acted(driver, Stop())
    assert said == [Taken(request), Feedback(SHADE, assumed=True, moving="stopped"), READ_STATE]
    # Open or closed is the far end that was ordered, not where it was held.
    held = list(driver.received(reply({"open": 0}), NOW_TAG))
    assert held == [Feedback(SHADE, assumed=True, position=None)] and Done(move) not in held
    assert pushed(driver, {"open": 0})[-1] == Feedback(SHADE, assumed=True, position=None)
    # Somebody takes the remote control.
    assert pushed(driver, {"open": 1})[-2:] == [
        Feedback(SHADE, moving=None),
        Feedback(SHADE, assumed=True, position=0),
    ]


def test_a_new_move_ends_standing_still() -> None:
    driver = online({"position": 50})
    acted(driver, Stop())
    list(driver.received(reply({"position": 50}), NOW_TAG))
    request, said = acted(driver, Move("up"))
    assert said[:2] == [Taken(request), Feedback(SHADE, moving=None)]


def test_presets_and_slats_have_no_numbers() -> None:
    driver = online({"position": 0}, [*ALL_ACTIONS, "TiltOpen", "TiltClose"])
    for command, path in ((RecallPreset(1), "Preset"), (SetTilt(0), "TiltOpen"), (SetTilt(100), "TiltClose")):
        (send,) = driver.command(Request("c1", command, SHADE))
        assert wire(send) == f"PUT /v2/devices/{SHADE}/actions/{path} {{}}".encode()
    _, said = acted(driver, SetTilt(100))
    assert Feedback(SHADE, assumed=True, tilt=100) in said
    for wrong, words in ((SetTilt(40), "its slats only"), (RecallPreset(2), "this device has no action")):
        (refused,) = driver.command(Request("c1", wrong, SHADE))
        assert isinstance(refused, Refused) and refused.words.startswith(words)


async def test_two_bridges_live_on_one_machine() -> None:
    one, two = Simulator(), Simulator()
    async with one.serving(), two.serving():
        assert one.bpup_port != two.bpup_port


def test_a_refused_action_is_told_in_the_bonds_words() -> None:
    driver = online({"position": 0})
    request = Request("c1", SetPosition(50), SHADE)
    assert list(driver.received(reply({"error_msg": "busy"}, 400), request)) == [Refused(request, "busy")]
    assert list(driver.received(reply(b"", 503), request)) == [Refused(request, "HTTP 503")]


def test_what_a_device_cannot_do_is_refused_without_asking() -> None:
    driver = online({"open": 1}, PLAIN_ACTIONS)
    for command, unit, words in (
        (SetPosition(50), SHADE, "this device has no action SetPosition"),
        (SetRelay(True), SHADE, "this device has no action for that"),
        (Move("up"), "nowhere", "the Bond has no such device or group"),
    ):
        request = Request("c1", command, unit)
        assert list(driver.command(request)) == [Refused(request, words)]


# ---- looking and listening ---------------------------------------------------------------------------------------


def test_a_moving_shade_is_looked_at_quickly_until_it_is_there() -> None:
    driver = online({"position": 0})
    acted(driver, SetPosition(50))
    list(driver.received(reply({"position": 10}), NOW_TAG))
    assert list(driver.due("quick")) == [Later(1.0, "quick"), READ_STATE]
    assert list(driver.due("quick")) == [Later(1.0, "quick")]  # one question at a time
    list(driver.received(reply({"position": 50}), NOW_TAG))
    assert list(driver.due("quick")) == []


def test_while_the_push_is_heard_nothing_is_looked_at_quickly() -> None:
    driver = online({"position": 0})
    list(driver.received(Datagram(WELCOME.wire), None, "push"))
    acted(driver, SetPosition(50))
    list(driver.received(reply({"position": 10}), NOW_TAG))
    assert list(driver.due("quick")) == [Later(1.0, "quick")]
    driver.now = 71.0  # a keep-alive went unanswered
    assert list(driver.due("push"))[-1] == Later(10.0, "push")
    assert list(driver.due("quick")) == [Later(1.0, "quick"), READ_STATE]
    driver.now = 91.0  # it should be there by now
    assert list(driver.due("quick")) == []


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\xff\x00",
        b"[" * 100_000,
        b'{"t":"devices/79135791/state","b":{"position":9}}',
        b'{"B":"ZZBL99999","t":"devices/79135791/state","b":{"position":9}}',  # another Bond
        b'{"B":"ZZBL12345","t":"devices/79135791/state","s":404,"b":{"position":9}}',
        b'{"B":"ZZBL12345","t":"devices/79135791/state","b":[9]}',
        b'{"B":"ZZBL12345","t":["devices"],"b":{"position":9}}',
        b'{"B":"ZZBL12345","t":"groups/79135791/state","b":{"position":9}}',
        b'{"B":"ZZBL12345","t":"devices/00000000/state","b":{"position":9}}',
    ],
)
def test_a_push_that_is_not_ours_says_nothing(datagram: bytes) -> None:
    driver = online({"position": 0})
    driver.bond_id = "ZZBL12345"
    said = list(driver.received(Datagram(datagram), None, "push"))
    assert not [action for action in said if isinstance(action, Feedback)]


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
KEYS = st.sampled_from(["position", "open", "power", "actions", "name", "fw_ver", "bondid", "_", SHADE, "err_id"])
BODIES = st.binary(max_size=20) | st.dictionaries(KEYS, ODD | st.integers(-1, 101), max_size=4).map(
    lambda body: json.dumps(body).encode()
)
REQUESTS = st.sampled_from([Request("c1", command, SHADE) for command in COMMANDS.values()])
TAGS = REQUESTS | st.sampled_from([None, ("version", ""), ("devices", ""), DEVICE_TAG, STATE_TAG, NOW_TAG])
PUSHES = BODIES | ODD.map(
    lambda body: json.dumps({"B": "ZZBL12345", "t": f"devices/{SHADE}/state", "b": body}).encode()
)
REPLIES = st.builds(HttpReply, st.sampled_from([200, 204, 400, 404, 500]), st.just({}), BODIES)


@given(st.lists(st.tuples(REPLIES, TAGS, st.just("main")) | st.tuples(PUSHES, st.none(), st.just("push")), max_size=6))
def test_no_answer_makes_it_raise(said: list[tuple[Any, Any, str]]) -> None:
    driver = online({"position": 50})
    for data, tag, link in said:
        if isinstance(tag, tuple):
            driver.asked.add(tag)
        for action in driver.received(data, tag, link):
            if isinstance(action, Feedback) and action.points.get("position") is not None:
                assert 0 <= action.points["position"] <= 100


async def test_bond_async_and_the_simulator_agree() -> None:
    sim = Simulator(speed=50, bpup_port=0, with_position=SHADE, plain=PLAIN, grouped=f"{GROUP}={SHADE}+{PLAIN}")
    async with sim.serving("http") as address, aiohttp.ClientSession() as session:
        host = address.removeprefix("http://")
        bridge = Witness(host, sim.token, session=session)
        assert (await bridge.version())["bondid"] == sim.bond_id
        assert await bridge.bond_type() is BondType.BRIDGE_ZERMATT
        assert sorted(await bridge.devices()) == sorted([SHADE, PLAIN])
        shade = await bridge.device(SHADE)
        assert shade["type"] == "MS" and Action.SET_POSITION in shade["actions"]
        assert await bridge.groups() == [GROUP]
        heard: list[dict[str, Any]] = []
        news = BPUPSubscriptions()
        news.subscribe(SHADE, heard.append)
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: BPUProtocol(news), remote_addr=("127.0.0.1", sim.bpup_port)
        )
        try:
            await sim.until(lambda: bool(sim.listeners))
            await bridge.action(SHADE, Action.set_position(60))
            await sim.until(lambda: sim.shades[SHADE].actual == 60)
            assert (await bridge.device_state(SHADE))["position"] == 60
            await bridge.group_action(GROUP, Action.open())
            await sim.until(lambda: sim.shades[SHADE].actual == 0)
            assert news.alive and [one["b"]["position"] for one in heard] == [60, 0]
        finally:
            transport.close()
        with pytest.raises(aiohttp.ClientResponseError, match="401"):
            await Witness(host, "nonsense", session=session).devices()
