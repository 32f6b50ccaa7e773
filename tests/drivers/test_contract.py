"""The shared contract suite: every driver, against its simulator, over each of its transports.

A driver joins by its CASE in tests/drivers/test_<name>.py. What a bad day does to it is the same for all.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import inspect
import time
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any

import pytest

import simulators
from gateway.commands import (
    Answer,
    DrawKey,
    HangUp,
    Hold,
    LayOut,
    Reject,
    Rest,
    Resume,
    SendDtmf,
    ShowKey,
    Transfer,
)
from gateway.device import Device
from gateway.driver import Driver
from gateway.model import Reading, Reason, Result
from tests.drivers.contract import Case, Do, Hand, run_device, value

CASES: list[Case] = []
for file in sorted(Path(__file__).parent.glob("test_*.py")):
    if file.stem != "test_contract":
        module = importlib.import_module(f"tests.drivers.{file.stem}")
        CASES += [held for held in (getattr(module, "CASE", None),) if held is not None]

LINKS = [pytest.param(case, link, id=f"{case.driver.name}-{link}") for case in CASES for link in case.links]
HANDS = {
    pushed: [
        held
        for held, (case, link) in zip(LINKS, [(case, link) for case in CASES for link in case.links], strict=True)
        if link not in case.one_way and any(hand.pushed == pushed for hand in case.hands)
    ]
    for pushed in (True, False)
}
PACKETS = {"snmp", "udp"}  # transports that are packets: nothing to chop, no connection to drop
AT_ONCE = 4  # simulators at work side by side in one test: more, and their own handshakes make them late


def make(case: Case, **more: Any) -> Any:
    return simulators.find(case.simulator)(**{**case.simulator_settings, **more})


def settings(case: Case, sim: Any) -> dict[str, Any]:
    """The case's settings; a callable one is asked with the running simulator."""
    return {key: held(sim) if callable(held) else held for key, held in case.settings.items()}


async def act(what: Any, sim: Any) -> None:
    """Do something to a simulator; hands may be coroutines."""
    done = what(sim)
    if inspect.isawaitable(done):
        await done


@pytest.mark.parametrize(("case", "link"), LINKS)
async def test_comes_online_and_goes_on_every_unit(case: Case, link: str) -> None:
    sim = make(case)
    async with sim.serving(link) as address, run_device(case.driver, address, settings(case, sim)) as (device, watcher):
        await watcher.until(lambda: case.up(device))
        usual = [do for do in case.commands if do.outcome in ("confirmed", "assumed") and not do.before]
        for do in usual:  # what needs something before may only be offered then
            await watcher.until(lambda do=do: device.unit(do.unit).offers is not None)  # type: ignore[misc]
            assert type(do.command) in (device.unit(do.unit).offers or ())


PLAYERS = [pytest.param(case, id=case.driver.name) for case in CASES if case.driver.plays]


@pytest.mark.parametrize("case", PLAYERS)
def test_what_it_is_said_to_take_is_what_is_tried(case: Case) -> None:
    """`takes` is what a profile is checked against: nothing of it goes untried, and nobody says nothing."""
    declares = case.driver.takes is not None or case.driver.may_take is not Driver.may_take
    tried = {type(do.command) for do in case.commands if do.outcome in ("confirmed", "assumed")}
    keys = {DrawKey, LayOut, Rest, ShowKey}  # of a surface, which a profile gives no commands
    assert declares and (case.driver.takes or frozenset()) - keys <= tried


OF_CALLS = (Answer, HangUp, Hold, Reject, Resume, SendDtmf, Transfer)  # without a call they are refused, and rightly


def knows_of_a_call(points: Mapping[str, Reading]) -> object:
    """Whether the driver has heard of the call that the simulator has."""
    return "calls" in points and points["calls"].value


async def side_by_side(works: Mapping[str, Coroutine[Any, Any, None]]) -> None:
    """All of it, for devices take their time; what went wrong is told with its name."""

    async def told(name: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except BaseException as error:
            error.add_note(f"in {name}")
            raise

    ends = await asyncio.gather(*(told(*each) for each in works.items()), return_exceptions=True)
    wrong = [error for error in ends if isinstance(error, Exception)]
    if wrong:
        raise ExceptionGroup(", ".join(error.__notes__[-1] for error in wrong), wrong)


@pytest.mark.parametrize(("case", "link"), LINKS)
async def test_commands_end_as_they_should_and_are_seen_in_the_device(case: Case, link: str) -> None:
    """Each command to a device and a simulator of its own."""
    at_once = asyncio.Semaphore(AT_ONCE)

    async def command(do: Do) -> None:
        sim = make(case)
        async with (
            at_once,
            sim.serving(link) as address,
            run_device(case.driver, address, settings(case, sim)) as (device, watcher),
        ):
            await watcher.until(lambda: case.up(device))
            if do.before:
                await act(do.before, sim)
            heard = do.heard or (knows_of_a_call if do.before and isinstance(do.command, OF_CALLS) else None)
            if heard:
                await watcher.until(lambda: heard(device.unit(do.unit).points))
            ticket = device.submit(do.command, do.unit, cause="test")
            outcome = await ticket.ended(20)
            assert outcome is not None and outcome.result == case.wanted(do, link), f"{outcome}"
            await sim.until(lambda: do.seen(sim), timeout=10)

    await side_by_side({f"{number} {do.command}": command(do) for number, do in enumerate(case.commands)})


async def front_panel(case: Case, link: str, hands: list[Hand]) -> None:
    """Each hand at a device and a simulator of its own, one after the other, once all are online: a push is timed."""
    async with contextlib.AsyncExitStack() as held:
        rooms = []
        for number, hand in enumerate(hands):
            sim = make(case)
            address = await held.enter_async_context(sim.serving(link))
            up = await held.enter_async_context(run_device(case.driver, address, settings(case, sim)))
            rooms.append((f"{number} {'-'.join(hand.shows)}", hand, sim, *up))
        for _, _, _, device, watcher in rooms:
            await watcher.until(lambda device=device: case.up(device))  # type: ignore[misc]
        for name, hand, sim, device, watcher in rooms:

            def seen(device: Device = device, hand: Hand = hand) -> bool:
                return all(
                    wanted(told) if callable(wanted) else told == wanted
                    for point, wanted in hand.shows.items()
                    for told in [value(device, point, hand.unit)]
                )

            try:
                began = time.monotonic()
                await act(hand.do, sim)
                await watcher.until(seen, within=10)
                assert not hand.pushed or time.monotonic() - began < 0.1
            except Exception as error:
                error.add_note(f"in {name}")
                raise


@pytest.mark.alone
@pytest.mark.parametrize(("case", "link"), HANDS[True])
async def test_front_panel_change_is_pushed(case: Case, link: str) -> None:
    await front_panel(case, link, [hand for hand in case.hands if hand.pushed])


@pytest.mark.parametrize(("case", "link"), HANDS[False])
async def test_front_panel_change_is_seen(case: Case, link: str) -> None:
    await front_panel(case, link, [hand for hand in case.hands if not hand.pushed])


@pytest.mark.parametrize(("case", "link"), LINKS)
async def test_one_byte_packets_change_nothing(case: Case, link: str) -> None:
    sim = make(case)
    sim.faults.chop = True
    async with sim.serving(link) as address, run_device(case.driver, address, settings(case, sim)) as (device, watcher):
        await watcher.until(lambda: case.up(device), within=20)
        do = case.commands[0]
        if do.before:
            await act(do.before, sim)
        outcome = await device.submit(do.command, do.unit).ended(20)
        assert outcome is not None and outcome.result == case.wanted(do, link), f"{outcome}"


@pytest.mark.parametrize(("case", "link"), LINKS)
async def test_silence_is_no_response_and_recovers(case: Case, link: str) -> None:
    sim = make(case)
    quick = {"reply": 0.3, "ready": 1.0}
    async with (
        sim.serving(link) as address,
        run_device(case.driver, address, settings(case, sim), timing=quick) as (device, watcher),
    ):
        await watcher.until(lambda: case.up(device))
        sim.faults.silent = True
        do = case.commands[0]
        outcome = await device.submit(do.command, do.unit).ended(15)
        assert outcome is not None
        if link in case.one_way:
            assert outcome.result is Result.ASSUMED and device.online
            return
        if case.visitor:  # what is drawn is not answered; that nobody pings any more is noticed
            assert outcome.result is Result.ASSUMED
        elif case.wanted(do, link) == Result.REFUSED:  # a device that takes no orders
            assert outcome.result is Result.REFUSED
        else:
            assert outcome.result in (Result.OFFLINE, Result.UNCONFIRMED), f"{outcome}"
        await watcher.until(lambda: not case.up(device), within=20)
        assert case.visitor or device.reason is Reason.NO_RESPONSE
        assert all(r.stale for unit in device.units.values() for r in unit.points.values() if r.value is not None)
        sim.faults.silent = False
        await watcher.until(lambda: case.up(device), within=20)


@pytest.mark.parametrize(("case", "link"), LINKS)
async def test_garbage_is_survived(case: Case, link: str) -> None:
    sim = make(case)
    quick = {"reply": 0.5, "ready": 2.0}
    async with (
        sim.serving(link) as address,
        run_device(case.driver, address, settings(case, sim), timing=quick) as (device, watcher),
    ):
        await watcher.until(lambda: case.up(device))
        sim.faults.garbage()
        # Either it was ignored, or the link was given up and made anew: in both ways the next command works.
        for _ in range(8):
            await watcher.until(lambda: case.up(device), within=20)
            do = case.commands[0]
            if do.before:
                await act(do.before, sim)
            outcome = await device.submit(do.command, do.unit).ended(20)
            if outcome is not None and outcome.result == case.wanted(do, link):
                return
        pytest.fail(f"never recovered: {outcome}, {device.reason} {device.words}")


@pytest.mark.parametrize(("case", "link"), LINKS)
async def test_dropped_link_is_link_lost_and_recovers(case: Case, link: str) -> None:
    if link in PACKETS & case.one_way:
        return  # datagrams to a device that never answers: there is no link to lose
    sim = make(case)
    quick = {"reply": 0.5, "ready": 2.0}
    async with (
        sim.serving(link) as address,
        run_device(case.driver, address, settings(case, sim), timing=quick) as (device, watcher),
    ):
        await watcher.until(lambda: case.up(device))
        sim.faults.unreachable = True
        device.submit(case.commands[0].command, case.commands[0].unit)
        await watcher.until(lambda: not case.up(device), within=20)
        assert case.visitor or device.reason in (
            Reason.LINK_LOST,
            Reason.UNREACHABLE,
            Reason.CONNECTION_REFUSED,
            Reason.NO_RESPONSE,
        ), device.reason
        outcome = await device.submit(case.commands[0].command, case.commands[0].unit).ended(5)
        assert outcome is not None and outcome.result is Result.OFFLINE and outcome.words
        sim.faults.unreachable = False
        device.restart()
        await watcher.until(lambda: case.up(device), within=20)


@pytest.mark.parametrize(("case", "link"), LINKS)
async def test_refused_login_says_so_and_does_not_hammer(case: Case, link: str) -> None:
    if link in case.one_way:
        return  # there is no log-in where nothing is ever answered
    if case.refused_login is None:
        sim = make(case)
        assert not any(hasattr(sim, name) and getattr(sim, name) for name in ("password", "token")), (
            "a device with a log-in needs refused_login in its case"
        )
        return
    sim = make(case, **case.refused_login["simulator_settings"])
    wrong = {**settings(case, sim), **case.refused_login["settings"]}
    async with (
        sim.serving(link) as address,
        run_device(case.driver, address, wrong, timing={"reply": 0.5, "ready": 2.0}) as (device, watcher),
    ):
        await watcher.until(lambda: device.reason is not None, within=20)
        assert device.reason is case.refused_reason, f"{device.reason} {device.words}"
        assert not device.online
        for secret in case.refused_login["settings"].values():
            assert str(secret) not in device.words


@pytest.mark.parametrize(("case", "link"), LINKS)
async def test_reboot_comes_back_to_the_truth(case: Case, link: str) -> None:
    sim = make(case)
    quick = {"reply": 0.5, "ready": 3.0}
    async with (
        sim.serving(link) as address,
        run_device(case.driver, address, settings(case, sim), timing=quick) as (device, watcher),
    ):
        await watcher.until(lambda: case.up(device))
        gone = asyncio.create_task(watcher.until(lambda: not case.up(device), within=20))
        await sim.reboot()
        if link not in PACKETS:
            await gone
        device.restart()
        await gone
        await watcher.until(lambda: case.up(device), within=20)
        do = case.commands[0]
        if do.before:
            await act(do.before, sim)
        outcome = await device.submit(do.command, do.unit).ended(20)
        assert outcome is not None and outcome.result == case.wanted(do, link), f"{outcome}"
