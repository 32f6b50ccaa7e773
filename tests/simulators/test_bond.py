"""The simulated Bond Bridge, told as what a person with an HTTP client and a UDP socket sees."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from simulators.bond import Bond
from simulators.device import SimulatorError

SHADE, PLAIN = "79135791", "4caf6472"
TOKEN = {"BOND-Token": "f074b61f628018fd"}


@asynccontextmanager
async def bridge(**settings: Any) -> AsyncIterator[tuple[Bond, httpx.AsyncClient]]:
    bond = Bond(bpup_port=0, **({"speed": 50.0} | settings))
    async with bond.serving() as link, httpx.AsyncClient(base_url=link, headers=TOKEN, trust_env=False) as client:
        yield bond, client


class Listener(asyncio.DatagramProtocol):
    """A BPUP client: what it is told lands in `heard`."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.lost = asyncio.Event()

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        assert data.endswith(b"\n")
        self.heard.put_nowait(json.loads(data))

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()

    async def next(self) -> dict[str, Any]:
        return await asyncio.wait_for(self.heard.get(), 5)


@asynccontextmanager
async def listening(bond: Bond) -> AsyncIterator[Listener]:
    transport, listener = await asyncio.get_running_loop().create_datagram_endpoint(
        Listener, remote_addr=("127.0.0.1", bond.bpup_port)
    )
    transport.sendto(b"\n")
    try:
        yield listener
    finally:
        transport.close()
        await listener.lost.wait()


async def put(client: httpx.AsyncClient, device: str, action: str, argument: object = None) -> httpx.Response:
    body = {} if argument is None else {"argument": argument}
    return await client.put(f"/v2/devices/{device}/actions/{action}", json=body)


async def state(client: httpx.AsyncClient, device: str) -> dict[str, Any]:
    body: dict[str, Any] = (await client.get(f"/v2/devices/{device}/state")).raise_for_status().json()
    return {name: value for name, value in body.items() if name != "_"}


async def test_the_version_needs_no_token_and_everything_else_does() -> None:
    async with bridge() as (_, client):
        client.headers = httpx.Headers()
        assert (await client.get("/v2/sys/version")).json()["bondid"] == "ZZBL12345"
        refused = await client.get("/v2/devices")
        assert refused.status_code == 401 and refused.json()["error_id"] == 401
        assert (await client.get("/v2/devices", headers={"BOND-Token": "wrong"})).status_code == 401
        assert (await client.get("/v2/devices", headers=TOKEN)).status_code == 200


async def test_the_token_may_stand_in_the_body() -> None:
    async with bridge() as (_, client):
        client.headers = httpx.Headers()
        # Bond Local API, chapter Get Device Information: `curl -X GET -d "{\"_token\": ...}"`.
        answer = await client.request("GET", "/v2/devices", json={"_token": "f074b61f628018fd"})
        assert SHADE in answer.json()
        assert (await client.request("GET", "/v2/devices", json={"_token": ["f074b61f628018fd"]})).status_code == 401


async def test_the_token_is_told_for_ten_minutes_after_power_up() -> None:
    async with bridge(speed=400.0) as (bond, client):
        assert (await client.get("/v2/token")).json()["token"] == "f074b61f628018fd"
        await bond.until(lambda: bond.locked)
        locked = (await client.get("/v2/token")).json()
        assert locked["locked"] == 1 and "token" not in locked
        await bond.reboot()
        assert (await client.get("/v2/token")).json()["locked"] == 0


async def test_refused_login_is_the_answer_to_the_right_token() -> None:
    async with bridge() as (bond, client):
        bond.faults.refuse_login = True
        assert (await client.get("/v2/devices")).status_code == 401
        assert (await client.get("/v2/sys/version")).status_code == 200


async def test_the_list_is_a_hash_tree() -> None:
    async with bridge() as (_, client):
        before = (await client.get("/v2/devices")).json()
        assert set(before) == {"_", SHADE, PLAIN} and set(before[SHADE]) == {"_"}
        await put(client, SHADE, "Close")
        after = (await client.get("/v2/devices")).json()
        assert after["_"] != before["_"] and after[SHADE] != before[SHADE] and after[PLAIN] == before[PLAIN]


async def test_a_motor_with_positions_and_one_without() -> None:
    async with bridge(travel_seconds=20.0) as (_, client):
        knowing, plain = [(await client.get(f"/v2/devices/{key}")).json() for key in (SHADE, PLAIN)]
        assert knowing["type"] == plain["type"] == "MS"
        assert "SetPosition" in knowing["actions"] and "SetPosition" not in plain["actions"]
        assert (await client.get(f"/v2/devices/{SHADE}/properties")).json()["course_time"] == 20_000
        assert await state(client, SHADE) == {"open": 1, "position": 0}
        assert await state(client, PLAIN) == {"open": 1}


async def test_leading_zeros_of_an_id_do_not_matter() -> None:
    async with bridge(with_position="01abcdef") as (_, client):  # the example of chapter 64-bit Keys
        for key in ("1abcdef", "01abcdef", "0000000001ABCDEF"):
            assert (await client.get(f"/v2/devices/{key}")).status_code == 200


async def test_a_position_is_believed_at_once_and_reached_in_time() -> None:
    async with bridge(speed=10.0) as (bond, client):
        answer = await put(client, SHADE, "SetPosition", 50)
        assert answer.status_code == 204 and answer.content == b""
        shade = bond.shades[SHADE]
        assert (shade.position, shade.moving) == (50, "down") and bond.memory()["shades"][SHADE]["actual"] < 50
        began = bond.clock()
        await bond.until(lambda: not shade.moving)
        assert shade.actual == 50 and bond.clock() - began > 8
        assert await state(client, SHADE) == {"open": 1, "position": 50}


async def test_a_bridge_that_reports_on_arrival() -> None:
    async with bridge(reports="arrival", speed=20.0) as (bond, client):
        await put(client, SHADE, "Close")
        assert (await state(client, SHADE))["position"] == 0
        await bond.until(lambda: bond.shades[SHADE].position == 100)
        assert await state(client, SHADE) == {"open": 0, "position": 100}


async def test_hold_stops_the_shade_and_stop_does_not() -> None:
    async with bridge(speed=5.0) as (bond, client):
        shade = bond.shades[SHADE]
        await put(client, SHADE, "Close")
        await put(client, SHADE, "Stop")
        assert shade.moving == "down"
        await put(client, SHADE, "Hold")
        assert not shade.moving and 0 < shade.actual < 100
        assert (await state(client, SHADE))["position"] == round(shade.actual)


async def test_hold_changes_nothing_that_a_plain_motor_is_believed_to_be() -> None:
    async with bridge(speed=5.0) as (bond, client):
        await put(client, PLAIN, "Close")
        await put(client, PLAIN, "Hold")
        assert bond.shades[PLAIN].actual < 100 and await state(client, PLAIN) == {"open": 0}


async def test_preset_and_the_relative_actions() -> None:
    async with bridge(preset=40) as (bond, client):
        for action, argument, position in (
            ("Preset", None, 40),
            ("IncreasePosition", 25, 65),
            ("DecreasePosition", 100, 0),
            ("ToggleOpen", None, 100),
            ("ToggleOpen", None, 0),
        ):
            assert (await put(client, SHADE, action, argument)).status_code == 204
            assert bond.shades[SHADE].position == position


@pytest.mark.parametrize(
    ("device", "action", "argument", "status"),
    [
        (SHADE, "SetPosition", 101, 400),
        (SHADE, "SetPosition", None, 400),
        (SHADE, "SetPosition", True, 400),
        (SHADE, "TurnOn", None, 400),
        (PLAIN, "SetPosition", 50, 400),
        ("ffff", "Open", None, 404),
        ("nohex", "Open", None, 404),
    ],
)
async def test_what_the_bridge_refuses(device: str, action: str, argument: object, status: int) -> None:
    async with bridge() as (bond, client):
        answer = await put(client, device, action, argument)
        assert answer.status_code == status and answer.json()["error_msg"]
        assert not any(shade.moving for shade in bond.shades.values())


async def test_what_is_no_json_or_no_place() -> None:
    async with bridge() as (_, client):
        assert (await client.put(f"/v2/devices/{SHADE}/actions/Open", content=b"{")).status_code == 400
        assert (await client.put(f"/v2/devices/{SHADE}/actions/Open", content=b"[]")).status_code == 400
        assert (await client.get("/v2/nowhere")).status_code == 404
        assert (await client.get("/v2/bridge?x=1")).status_code == 200


async def test_two_requests_in_one_segment_are_answered_in_order_and_one_byte_at_a_time_is_understood() -> None:
    async with bridge() as (bond, client):
        where = urlsplit(str(client.base_url))
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        bond.faults.chop = True
        head = f"BOND-Token: {bond.token}\r\n"
        first = f"PUT /v2/devices/{SHADE}/actions/SetPosition HTTP/1.1\r\n{head}Content-Length: 15\r\n\r\n" + (
            '{"argument":30}'
        )
        writer.write(f"{first}GET /v2/sys/version HTTP/1.1\r\n".encode())
        for byte in b"Connection: close\r\n\r\n":
            writer.write(bytes((byte,)))
            await writer.drain()
        heard = await asyncio.wait_for(reader.read(), 5)
        assert heard.startswith(b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n") and b"ZZBL12345" in heard
        writer.close()
        await writer.wait_closed()


async def test_what_is_no_http_is_refused_and_the_connection_closed() -> None:
    async with bridge() as (_, client):
        where = urlsplit(str(client.base_url))
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        writer.write(b"\x00\xff\r\n\r\n")
        assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 400 ")
        writer.close()
        await writer.wait_closed()


async def test_a_newline_subscribes_and_a_change_is_pushed() -> None:
    async with bridge() as (bond, client), listening(bond) as listener:
        assert (await listener.next())["B"] == "ZZBL12345"
        await put(client, SHADE, "SetPosition", 30)
        news = await listener.next()
        assert news["t"] == f"devices/{SHADE}/state" and news["s"] == 200
        assert news["b"] == (await client.get(f"/v2/devices/{SHADE}/state")).json()


async def test_a_remote_control_is_pushed_when_the_bridge_hears_it() -> None:
    async with bridge() as (bond, client), listening(bond) as listener:
        await listener.next()
        bond.remote_control(action="Close", heard=False)
        await bond.until(lambda: bond.shades[SHADE].actual == 100)
        assert (await state(client, SHADE))["position"] == 0 and listener.heard.empty()
        bond.remote_control(device=PLAIN, action="Close")
        assert (await listener.next())["b"]["open"] == 0
        for device, action in (("99", "Open"), (SHADE, "SetPosition")):
            with pytest.raises(SimulatorError, match="there are"):
                bond.remote_control(device, action)


async def test_a_subscription_ends_after_125_seconds_without_a_newline() -> None:
    async with bridge(speed=1000.0) as (bond, client), listening(bond) as listener:
        await listener.next()
        assert len(bond.listeners) == 1
        ended = await listener.next()
        assert (ended["err_id"], bond.listeners) == (631, [])
        await put(client, SHADE, "Close")
        assert listener.heard.empty()


async def test_an_unplugged_bridge_is_gone_and_its_shade_arrives_without_it() -> None:
    async with bridge(speed=200.0) as (bond, client), listening(bond) as listener:
        await listener.next()
        await put(client, SHADE, "Close")
        await listener.next()
        bond.unplug()
        with pytest.raises(httpx.TransportError):
            await client.get("/v2/sys/version")
        await bond.plug_in()
        assert bond.listeners == [] and (await client.get("/v2/sys/version")).status_code == 200
        await bond.until(lambda: bond.shades[SHADE].actual == 100)


@pytest.mark.parametrize(
    ("fault", "undo"),
    [
        (lambda bond: bond.faults.apply("silent"), lambda bond: bond.faults.apply("silent", on=False)),
        (lambda bond: bond.faults.apply("unreachable"), lambda bond: bond.faults.apply("unreachable", on=False)),
    ],
    ids=["silent", "unreachable"],
)
async def test_pushes_follow_the_faults(fault: Callable[[Bond], None], undo: Callable[[Bond], None]) -> None:
    async with bridge() as (bond, _), listening(bond) as listener:
        await listener.next()
        fault(bond)
        bond.remote_control(action="Close")
        undo(bond)
        bond.remote_control(action="Open")
        assert (await listener.next())["b"]["position"] == 0
        assert listener.heard.empty()


@pytest.mark.alone
async def test_it_starts_fast_stops_twice_and_starts_again() -> None:
    bond = Bond(bpup_port=0)
    loop = asyncio.get_running_loop()
    began = loop.time()
    link = await bond.start()
    assert loop.time() - began < 0.1
    await bond.stop()
    await bond.stop()
    assert not bond.timers
    port = bond.bpup_port
    assert await bond.start(link) == link and bond.bpup_port == port
    await bond.stop()


def test_settings_are_checked() -> None:
    assert "token" not in Bond().memory()
    with pytest.raises(SimulatorError, match="reports"):
        Bond.configured({"reports": "never"})
    with pytest.raises(SimulatorError, match="'xyz' is no device id"):
        Bond.configured({"plain": "xyz"})
    assert list(Bond.configured({"with_position": "", "plain": "1, 2"}).shades) == ["1", "2"]
