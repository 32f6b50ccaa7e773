"""Keeps one room's meetings fresh: when its calendar is read, what is held meanwhile, and what is said when it fails.

An outage shows what was last read, with its age. *auth lost* (an administrator must act) is told apart from *network
lost* (it mends itself). What may not live here: what is shown (`showing.py`), how any calendar is read.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from gateway.calendars.calendar import (
    AuthLost,
    Calendar,
    CalendarTrouble,
    NetworkLost,
    NotAllowed,
    NotNow,
    Throttled,
)
from gateway.calendars.meeting import Meeting, Window
from gateway.calendars.showing import in_utc, midnight
from gateway.calendars.store import Kept, Store
from gateway.clock import Clock

log = logging.getLogger("roomgate.calendars")

DAYS = 3  # from the beginning of today: the rest of a weekend's Friday, and tomorrow's first meeting
QUICK = 5.0  # seconds after a write until it is read again
AGAIN = 10.0  # seconds until the next try after the first failure; doubled up to LONGEST
LONGEST = 300.0
SIGNED_OUT = 300.0  # seconds between tries while somebody must sign in: asking more often locks accounts
STALE = 3.0  # so many times `every` without an answer, and what is shown is said to be old
JITTER = 0.15


@dataclass(frozen=True)
class Health:
    """How a calendar is. state: *ok*, *starting*, *asleep* (a codec's own), *network lost*, *auth lost*, *not allowed*,
    *trouble*, *not set up*. words: for people, without secrets. read_at: when it last answered, seconds of the wall
    clock."""

    state: str = "starting"
    words: str = ""
    read_at: float | None = None


class Keeper:
    """One calendar at work. `meetings` is what is known; `then` is called whenever that or the health changes."""

    def __init__(
        self,
        source: str,
        calendar: Calendar | None,
        store: Store,
        clock: Clock,
        zone: tzinfo,
        then: Callable[[], None],
        *,
        every: float = 60.0,
        spread: float = 0.0,
        words: str = "",
        chance: random.Random | None = None,
    ) -> None:
        self.source = source
        self.calendar = calendar
        self.store = store
        self.clock = clock
        self.zone = zone
        self.then = then
        self.every = every
        self.spread = spread
        self.meetings: tuple[Meeting, ...] = ()
        self.health = Health("not set up", words) if calendar is None else Health()
        self._failures = 0
        self._chance = chance or random.Random()
        self._asking = asyncio.Lock()  # a calendar takes one call at a time
        self._woken = asyncio.Event()

    @property
    def stale(self) -> bool:
        """Whether what is known may no longer be so."""
        if self.health.read_at is None:
            return True
        return self.clock.wall() - self.health.read_at > STALE * self.every

    async def run(self) -> None:
        """Show what was kept, then read again and again, until cancelled."""
        await self.recall()
        if self.calendar is None:
            return
        await self._rest(self._chance.uniform(0, self.spread))
        while True:
            await self._rest(await self.look())

    async def recall(self) -> None:
        """What was kept on the disk, where nothing newer is known."""
        kept = await self.store.load(self.source)
        if kept is not None and self.health.read_at is None:
            self.meetings = kept.meetings
            self.health = Health(self.health.state, self.health.words, kept.at)
            self.then()

    async def look(self) -> float:
        """Read the calendar once; returns the seconds until the next look."""
        try:
            await self.read()
        except CalendarTrouble as trouble:
            return self._failed(trouble)
        except Exception as error:  # a kind's own fault: it costs this calendar, and nothing else
            log.exception("the calendar of %s met a fault", self.source)
            return self._failed(CalendarTrouble(f"reading the calendar met a fault ({type(error).__name__})"))
        return self._jittered(self.every)

    async def read(self) -> tuple[Meeting, ...]:
        """Read it now. Raises CalendarTrouble."""
        async with self._asking:
            return await self._read()

    async def _read(self) -> tuple[Meeting, ...]:
        if self.calendar is None:
            raise CalendarTrouble(self.health.words)
        meetings = tuple(map(in_utc, await self.calendar.read(self.window())))
        await self._learn(meetings)
        return meetings

    async def write(self, act: Callable[[Calendar, tuple[Meeting, ...]], Any]) -> Any:
        """Read again, then let `act` write by what is there now: nobody else reads or writes between. Raises as it
        does, and CalendarTrouble."""
        async with self._asking:
            meetings = await self._read()
            assert self.calendar is not None
            done = await act(self.calendar, meetings)
            try:
                await self._read()
            except CalendarTrouble as trouble:  # it is written; that it cannot be read just now is the next look's
                log.info("%s: written, and not read again: %s", self.source, trouble)
        self.clock.at(self.clock.now() + QUICK, self.wake)
        return done

    def window(self) -> Window:
        """What is asked for: from the room's midnight on, so that a day's window stays the same all day."""
        now = datetime.fromtimestamp(self.clock.wall(), UTC)
        return Window(midnight(now, self.zone), midnight(now, self.zone, DAYS))

    def wake(self) -> None:
        """Look again now."""
        self._woken.set()

    async def _learn(self, meetings: tuple[Meeting, ...]) -> None:
        at = self.clock.wall()
        changed = meetings != self.meetings
        first = self._failures or self.health.state != "ok"
        self._failures = 0
        self.meetings, self.health = meetings, Health("ok", "", at)
        if first and self.health.state == "ok":
            log.info("the calendar of %s is read: %d meetings", self.source, len(meetings))
        self.then()
        if changed or first:
            await self.store.save(self.source, Kept(meetings, at))
        else:
            await self.store.still(self.source, at)

    def _failed(self, trouble: CalendarTrouble) -> float:
        """Note it, and say when to try again."""
        self._failures += 1
        match trouble:
            case NotNow():
                state, wait = "asleep", AGAIN
            case AuthLost():
                state, wait = "auth lost", SIGNED_OUT
            case NotAllowed():
                state, wait = "not allowed", SIGNED_OUT
            case Throttled():
                state, wait = "network lost", max(trouble.seconds, self._back_off())
            case NetworkLost():
                state, wait = "network lost", self._back_off()
            case _:
                state, wait = "trouble", self._back_off()
        if (state, str(trouble)) != (self.health.state, self.health.words):
            told = log.debug if state == "asleep" else log.warning
            told("the calendar of %s: %s: %s", self.source, state, trouble)
            self.health = Health(state, str(trouble), self.health.read_at)
        self.then()
        least = trouble.seconds if isinstance(trouble, Throttled) else 0.0
        return max(least, self._jittered(wait))

    def _back_off(self) -> float:
        return min(LONGEST, AGAIN * 2.0 ** min(self._failures - 1, 10))

    def _jittered(self, seconds: float) -> float:
        return seconds * self._chance.uniform(1 - JITTER, 1 + JITTER)

    async def _rest(self, seconds: float) -> None:
        """Until then, or until somebody wakes it."""
        timer = self.clock.at(self.clock.now() + seconds, self._woken.set)
        try:
            await self._woken.wait()
        finally:
            timer.cancel()
            self._woken.clear()
