"""`roomgate commission`: connects to a room, tries every part, and writes the sheet that is left behind.

What may not live here: what is tried (`trials.py`), the paper (`sheet.py`). It runs the room by itself: a gateway that
serves the same devices at the same time would be in its way where a device takes one client.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TextIO

from gateway import __version__
from gateway.cli import rehearsal
from gateway.clock import LoopClock
from gateway.device import Device
from gateway.driver import Driver
from gateway.house import House, links_over
from gateway.journal import Journal
from gateway.model import Outcome, Result
from gateway.profile import site as profile
from gateway.room import NothingPlays, Room
from gateway.serve import stopping
from gateway.sheet import Made, Sheet, Tried, load, markdown, page, save
from gateway.trials import Trial, trials

PATIENCE = 30.0  # seconds until what is not online by then is written down so
UNDO = 5.0  # seconds for leaving things as they were when it is broken off


class CommissionError(Exception):
    """It cannot begin; the words say why."""


class Asker(Protocol):
    """The person at the keyboard."""

    async def ask(self, question: str) -> str | None:
        """The answer, without blanks around it; None where nobody is there any more."""
        ...


class Keyboard:
    """Lines from standard input, read by a thread of their own: a press of Ctrl-C does not wait for the Enter key."""

    def __init__(self, out: TextIO) -> None:
        self.out = out
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._thread: threading.Thread | None = None

    async def ask(self, question: str) -> str | None:
        print(question, end=" ", file=self.out, flush=True)
        if self._thread is None:
            loop = asyncio.get_running_loop()
            self._thread = threading.Thread(target=self._read, args=(loop,), daemon=True)
            self._thread.start()
        line = await self._lines.get()
        return None if line is None else line.strip()

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            for line in sys.stdin:
                loop.call_soon_threadsafe(self._lines.put_nowait, line)
            loop.call_soon_threadsafe(self._lines.put_nowait, None)


@dataclass(frozen=True)
class Wish:
    """What the command line asked for. `yes`: nobody is asked; `unattended`: also with real equipment."""

    room: str
    site: Path
    out: Path
    yes: bool = False
    unattended: bool = False
    resume: bool = False
    dial: str = ""
    patience: float = PATIENCE
    pace: float = 1.0  # times the seconds that a step is held to be looked at


async def commission(wish: Wish, drivers: Mapping[str, type[Driver]], out: TextIO, asker: Asker | None = None) -> int:
    """Do it. 0 where everything passed, 1 where something failed or is left. Raises CommissionError."""
    began = time.strftime("%Y-%m-%d %H:%M")
    file = wish.out / f"commission-{wish.room}.json"
    sheet = _begin(wish, file, began)
    async with contextlib.AsyncExitStack() as ends:
        stop = ends.enter_context(stopping())
        room, house = await ends.enter_async_context(_room(wish, drivers))
        sheet.name = room.spec.name
        walk = Walk(wish, room, sheet, file, out, asker or Keyboard(out))
        doing = asyncio.create_task(walk.walk(house))
        sign = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((doing, sign), return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not doing.done():
                print("\nLeaving: what moves is stopped, what was changed is put back.", file=out, flush=True)
            for task in (doing, sign):
                task.cancel()
            await asyncio.gather(doing, sign, return_exceptions=True)
        if doing.done() and not doing.cancelled() and (error := doing.exception()):
            raise error
    sheet.ended = time.strftime("%Y-%m-%d %H:%M")
    written = _write(sheet, file)
    print(f"\n{sheet.name}: {sheet.verdict}. " + ", ".join(str(one) for one in written), file=out, flush=True)
    return 0 if sheet.verdict == "pass" else 1


def _begin(wish: Wish, file: Path, began: str) -> Sheet:
    if not wish.resume:
        return Sheet(wish.room, wish.room, began, __version__)
    try:
        sheet = load(file)
    except ValueError as error:
        raise CommissionError(str(error)) from None
    if sheet.room != wish.room:
        raise CommissionError(f"{file} is the sheet of {sheet.room}")
    return sheet


def _write(sheet: Sheet, file: Path) -> list[Path]:
    save(sheet, file)
    paper, web = file.with_suffix(".md"), file.with_suffix(".html")
    paper.write_text(markdown(sheet), encoding="utf-8")
    web.write_text(page(sheet), encoding="utf-8")
    return [paper, web]


@contextlib.asynccontextmanager
async def _room(wish: Wish, drivers: Mapping[str, type[Driver]]) -> AsyncIterator[tuple[Room, House]]:
    """The room at work, alone, with simulators where its profile says so."""
    rehearsal.invent_secrets(wish.site)
    reading = profile.read(wish.site, drivers)
    if wish.room not in reading.site.rooms:
        words = "\n".join(str(one) for one in reading.grave) or f"known: {', '.join(reading.site.rooms) or 'none'}"
        raise CommissionError(f"there is no room {wish.room!r} in {wish.site}\n{words}")
    spec = reading.site.only(wish.room)
    real = [name for name, device in spec.all_devices().items() if not (device.simulate or device.disabled)]
    if wish.yes and real and not wish.unattended:
        raise CommissionError(
            f"--yes tries equipment with nobody looking, and these are real: {', '.join(real)}. "
            "Leave --yes away, or add --unattended where moving them is safe."
        )
    wish.out.mkdir(parents=True, exist_ok=True)
    folder = wish.site if wish.site.is_dir() else wish.site.parent
    async with contextlib.AsyncExitStack() as ends:
        simulated = await ends.enter_async_context(rehearsal.stand_ins(folder, spec))
        clock = LoopClock()
        journal = Journal(None, clock=clock)
        journal.open()
        ends.push_async_callback(journal.close)
        house = House(links_over(spec, simulated), journal, clock)
        running = asyncio.create_task(house.run())

        async def leave() -> None:
            await house.close()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

        ends.push_async_callback(leave)
        yield house.rooms[wish.room], house


class Walk:
    """One installer's way through one room."""

    def __init__(self, wish: Wish, room: Room, sheet: Sheet, file: Path, out: TextIO, asker: Asker) -> None:
        self.wish, self.room, self.sheet, self.file = wish, room, sheet, file
        self.out, self.asker = out, asker
        self._news = asyncio.Event()
        self._stand_ins: frozenset[str] = frozenset()  # devices that are simulated

    def say(self, words: str) -> None:
        """A line for the installer."""
        print(words, file=self.out, flush=True)

    async def walk(self, house: House) -> None:
        """First the devices, then every trial that is not passed yet."""
        self._stand_ins = frozenset(name for name, device in house.spec.all_devices().items() if device.simulate)
        await self._devices(house)
        planned = trials(self.room, self.wish.dial)
        self.sheet.planned = [trial.id for trial in planned]
        for number, trial in enumerate(planned, 1):
            held = self.sheet.tried.get(trial.id)
            if held is not None and held.verdict == "pass":
                self.say(f"[{number}/{len(planned)}] {trial.title}: passed before")
                continue
            # What a part shows may have changed since the list was made: the trial is made afresh.
            fresh = next((one for one in trials(self.room, self.wish.dial) if one.id == trial.id), trial)
            if not await self._one(fresh, f"[{number}/{len(planned)}]"):
                return
            save(self.sheet, self.file)

    # ---- devices -----------------------------------------------------------------------------------------------

    async def _devices(self, house: House) -> None:
        self.say("Devices:")
        began = self.room.clock.now()
        told: dict[str, Made] = {}
        waiting = dict(house.devices)
        for device in waiting.values():
            device.listeners.append(self)
        try:
            while waiting:
                for identity, device in list(waiting.items()):
                    late = self.room.clock.now() - began > self.wish.patience
                    if device.online or device.disabled or late:
                        stand_in = identity in self._stand_ins
                        told[identity] = made(device, self.room.clock.now() - began, simulated=stand_in)
                        self._tell(told[identity])
                        del waiting[identity]
                if waiting:
                    self._news.clear()
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(
                            max(0.05, began + self.wish.patience - self.room.clock.now() + 0.05)
                        ):
                            await self._news.wait()
        finally:
            for device in house.devices.values():
                if self in device.listeners:
                    device.listeners.remove(self)
        self.sheet.devices = [told[identity] for identity in house.devices]
        save(self.sheet, self.file)

    def _tell(self, device: Made) -> None:
        about = " ".join(filter(None, (device.model, device.serial and f"serial {device.serial}", device.firmware)))
        state = f"online after {device.seconds:.1f} s" if device.online else f"OFFLINE: {device.reason}"
        self.say(f"  {device.name:16} {device.driver:16} {state}" + (f"  ({about})" if about else ""))

    # Listener of the devices.

    def changed(self, player: Any, unit: str, points: Any) -> None:
        """News of points are nothing to the list of devices."""

    def availability(self, player: Any) -> None:
        """A device came or went."""
        self._news.set()

    def offered(self, player: Any, unit: str) -> None:
        """What it offers is looked at later."""

    def happened(self, player: Any, event: Any) -> None:
        """Nor its events."""

    # ---- one trial ---------------------------------------------------------------------------------------------

    async def _one(self, trial: Trial, count: str) -> bool:
        """Try it; False where the installer has had enough."""
        self.say(f"\n{count} {trial.title}")
        if self.wish.yes and trial.careful and not self._simulated(trial):
            self._note(trial, Tried(trial.id, trial.title, "skipped", note="only with a person there"))
            return True
        if not self.wish.yes:
            answer = await self.asker.ask("    Enter: try it, s: skip, q: stop here.")
            if answer is None or answer.lower() == "q":
                return False
            if answer.lower() == "s":
                self._note(trial, Tried(trial.id, trial.title, "skipped"))
                return True
        began = self.room.clock.now()
        outcomes = await self._carry_out(trial)
        seconds = round(self.room.clock.now() - began, 1)
        words = tuple(_words(outcome) for outcome in outcomes)
        good = len(outcomes) == len(trial.steps) and all(outcome.good for outcome in outcomes)
        self.say(f"    {', '.join(words)} ({seconds} s)")
        if self.wish.yes:
            self._note(trial, Tried(trial.id, trial.title, "pass" if good else "fail", words, seconds=seconds))
            return True
        answer = await self.asker.ask(f"    {trial.looks} Did it? y: yes, n: no, or a note.")
        if answer is None:
            return False
        no = answer.lower() in ("n", "no") or answer.lower().startswith(("no ", "no,", "n "))
        yes = answer.lower() in ("y", "yes", "")
        verdict = Tried(
            trial.id,
            trial.title,
            "pass" if good and not no else "fail",
            words,
            "not seen" if no else "seen",
            seconds,
            "" if yes or answer.lower() in ("n", "no") else answer,
        )
        self._note(trial, verdict)
        return True

    async def _carry_out(self, trial: Trial) -> list[Outcome]:
        """The steps, one after the other; what fails ends it. Broken off, things are left as `undo` says."""
        outcomes: list[Outcome] = []
        whole = False
        try:
            for step in trial.steps:
                outcome = await self._do(trial, step.command)
                outcomes.append(outcome)
                if not outcome.good:
                    return outcomes
                await asyncio.sleep(self.wish.pace * (min(step.hold, 0.5) if self.wish.yes else step.hold))
            whole = True
        finally:
            if not whole:
                await asyncio.shield(self._undo(trial))
        return outcomes

    async def _do(self, trial: Trial, command: Any) -> Outcome:
        moving = type(command).__name__ == "Move" and len(trial.steps) > 1 and command == trial.steps[0].command
        try:
            ticket = self.room.submit(command, trial.part, cause="commissioning")
        except (NothingPlays, ValueError) as error:
            return Outcome(Result.REFUSED, str(error))
        if moving:  # it is stopped on its way: that it began is enough
            return await ticket.ended(1.0) or Outcome(Result.ASSUMED, "on its way")
        return await ticket.ended(command.patience + 5) or Outcome(Result.UNCONFIRMED, "no word of it")

    async def _undo(self, trial: Trial) -> None:
        for command in trial.undo:
            with contextlib.suppress(NothingPlays, ValueError):
                await self.room.submit(command, trial.part, cause="commissioning").ended(UNDO)

    def _simulated(self, trial: Trial) -> bool:
        spec = self.room.spec.parts.get(trial.part)
        return spec is not None and all(target.device in self._stand_ins for target in spec.targets)

    def _note(self, trial: Trial, tried: Tried) -> None:
        self.sheet.tried[trial.id] = tried
        self.say(f"    {tried.verdict.upper()}")


def made(device: Device, seconds: float, *, simulated: bool = False) -> Made:
    """A device as it is now."""
    points = device.unit("").values()
    reason = device.words or str(device.reason or "no answer yet")
    if device.reason and device.words:
        reason = f"{device.reason} ({device.words})"
    address = device.address
    where = f"{address.scheme}://{address.host or address.path}" + (f":{address.port}" if address.port else "")
    return Made(
        device.name,
        device.driver.name,
        f"{where} (simulated)" if simulated else where,
        device.online,
        "" if device.online else reason,
        round(seconds, 1) if device.online else None,
        *(str(points.get(name) or "") for name in ("model", "serial", "firmware")),
    )


def _words(outcome: Outcome) -> str:
    return f"{outcome.result.value}: {outcome.words}" if outcome.words else outcome.result.value
