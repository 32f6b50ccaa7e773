"""The list of `roomgate drivers cisco_roomos --commands` against everything that is ever sent, and a second reading.

The second reading is the simulator's table, written from the schemas apart from the driver. Whatever anybody asks:
what leaves is a line of the list but for its free values, and those lie in the schemas' ranges.
"""

from __future__ import annotations

import dataclasses
import json
import typing
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.cisco import CiscoRoomos
from gateway.command import Command
from gateway.driver import Request
from gateway.tape import Budget, Tape
from simulators.cisco_roomos import CiscoRoomOS
from simulators.cisco_roomos.listener import Listener
from simulators.cisco_roomos.table import CONFIGURATION
from simulators.cisco_roomos.tree import steps_of
from tests.drivers import test_cisco_roomos as cisco  # a CASE of ours would be a second one of the contract suite
from tests.drivers.cisco_bench import Bench
from tests.drivers.cisco_listed import PARAMETER, check, check_sent, line_of
from tests.drivers.contract import run_device
from tests.drivers.test_cisco_roomos_calls import INCOMING


async def test_the_second_reading_knows_every_listed_line() -> None:
    """Commands with their values, settings, and every path that is read or subscribed to."""
    codec = CiscoRoomOS()
    check(CiscoRoomos.lines())
    others = [line for line in CiscoRoomos.lines() if not line.startswith("xCommand")]
    assert others[:2] == ["echo off", "xpreferences outputmode json"]
    for line in others[2:]:
        if line.startswith("xfeedback register "):
            Listener(codec).register(1, steps_of(line.removeprefix("xfeedback register ")))
            continue
        path, given_ = PARAMETER.sub("", line), PARAMETER.findall(line)
        root, *rest = path.split()
        if given_:
            ((name, value),) = given_
            CONFIGURATION[" ".join([*rest, name])].space.read(json.loads(value))
        else:
            codec.get([root.removeprefix("x"), *rest])


TEXTS = st.one_of(
    st.sampled_from(["", "1", "2", "3", "7", "27", "65535", "12#", "Grid", "equal", "bob@example.com", 'a "b" \\ c']),
    st.sampled_from(["x" * 33, "x" * 256, "https://example.com/" + "x" * 1990, "ü: 5", "5: five"]),
    st.text(max_size=20),
)


def values(kind: Any) -> st.SearchStrategy[Any]:
    if typing.get_origin(kind) is Literal:
        return st.sampled_from(typing.get_args(kind))
    if kind is int:
        return st.integers(-1, 101) | st.sampled_from([64, 384, 10000, 10001])
    return {bool: st.booleans(), str: TEXTS}[kind]


@st.composite
def commands(draw: st.DrawFn) -> Command | None:
    """Anything that this driver offers, with anything in it; None where the command itself refuses that."""
    kind = draw(st.sampled_from(sorted(cisco.ALL, key=lambda one: one.verb)))
    hints = typing.get_type_hints(kind)
    given_ = {field.name: draw(values(hints[field.name])) for field in dataclasses.fields(kind)}
    try:
        return kind(**given_)
    except ValueError:
        return None


@settings(max_examples=300)
@given(
    scheme=st.sampled_from(["ssh", "ws"]),
    version=st.sampled_from(["ce9.15.17.4", "RoomOS 26.4.1.0"]),
    config=st.fixed_dictionaries(
        {
            "teams": st.sampled_from(["guest", "rooms"]),
            "phonebook": st.sampled_from(["corporate", "local"]),
            "page": st.sampled_from([1, 50, 65534]),
        }
    ),
    named=st.booleans(),
    calls=st.sampled_from([[], [27], [27, 28]]),
    wanted=st.lists(commands(), min_size=1, max_size=4),
)
def test_whatever_is_asked_only_listed_lines_leave(
    scheme: str, version: str, config: dict[str, Any], named: bool, calls: list[int], wanted: list[Command | None]
) -> None:
    bench = Bench(scheme, **config)
    bench.status["Status/SystemUnit"]["Software"]["Version"] = version
    bench.status["Status/Call"] = [{**INCOMING, "id": call, "Status": "Connected"} for call in calls]
    if not named:
        bench.status["Status/Video"]["Layout"] = {"LayoutFamily": {"Local": "Equal"}}
    actions = bench.up()
    for number, command in enumerate(filter(None, wanted)):
        for page in (0, 1):
            actions += bench.do(bench.driver.command(Request(f"q{number}-{page}", command, page=page)))
        if number % 2:
            actions += bench.error(bench.open[0], "Unknown command", -32601) if bench.open else []
        actions += bench.answer_all()
    for name in ("verify", "heart", "quiet", "doubt", "poll"):
        actions += bench.wait(130, name)
    check_sent(actions)


@pytest.mark.parametrize("link", cisco.CASE.links)
async def test_the_contract_run_sends_only_listed_lines(link: str) -> None:
    """Every command of the case, one after the other, on one live connection, and the panel's farewell."""
    case = cisco.CASE
    sim, tape = CiscoRoomOS(**case.simulator_settings), Tape(Budget(50_000_000, 50_000_000))
    more: dict[str, Any] = {"tape": tape, "timing": {"gap": 0.0}}
    async with (
        sim.serving(link) as address,
        run_device(CiscoRoomos, address, case.settings, **more) as (device, watcher),
    ):
        await watcher.until(lambda: device.online)
        for do in case.commands:
            if do.before:
                do.before(sim)
            if do.heard:
                await watcher.until(lambda do=do: do.heard(device.unit(do.unit).points))  # type: ignore[misc]
            await device.submit(do.command, do.unit).ended(1)
    sent = [details[0] for (_, _, what, details, _), _ in tape.entries if what == "send"]
    lines = [line_of(data) for data in sent if "***" not in str(data)]  # masked are secrets; the test above sees them
    assert len(lines) > len(case.commands) and tape.dropped == 0
    check(lines)
    assert any("Panel Remove" in line for line in lines)
