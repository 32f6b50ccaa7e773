"""Records a short life of each driver against its simulator; `python -m tests.recording [DRIVER]...` makes the tapes.

A tape holds no path and no address but loopback's. What may not live here: tests.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from pathlib import Path
from typing import Any

from gateway.driver import secrets_of
from gateway.recorder import header
from gateway.tape import Budget, Tape, as_json
from tests.drivers.contract import Case, run_device, value
from tests.drivers.test_contract import CASES, act, make, settings

TAPES = Path(__file__).parent / "tapes"
LOGINS = {"pjlink": {"password": "keep this to yourself"}}  # log-ins that a case does not have by itself
ENOUGH = 35_000  # bytes after which a life is long enough
ROOM = 4_000_000  # bytes: nothing of a short life is dropped


def name_of(case: Case, link: str) -> str:
    """The file of a driver's tape, by its link where it has several."""
    return f"{case.driver.name}-{link}.jsonl" if len(case.links) > 1 else f"{case.driver.name}.jsonl"


def recorded(case: Case) -> tuple[str, ...]:
    """The links whose tapes are kept: two are enough to have both grammars of those that have two."""
    return case.links[:2]


async def life(case: Case, link: str) -> list[dict[str, Any]]:
    """Come online, do every command of the case once, see every hand, leave; the tape's lines."""
    login = LOGINS.get(case.driver.name, {})
    sim = make(case, **login)
    async with sim.serving(link) as address:
        given = {**settings(case, sim), **login}
        tape = Tape(Budget(ROOM, ROOM), secrets_of(case.driver.Settings(**given)))
        async with run_device(case.driver, address, given, tape=tape) as (device, watcher):
            await watcher.until(lambda: case.up(device), within=20)
            for do in case.commands:
                if tape.bytes > ENOUGH:
                    break
                if do.before:  # which may make no sense after all the other commands
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(1):
                            await act(do.before, sim)
                await device.submit(do.command, do.unit, cause="recording").ended(3)
            for hand in case.hands:
                await act(hand.do, sim)
                with contextlib.suppress(AssertionError):  # after all these commands it may show nothing new
                    await watcher.until(lambda hand=hand: _seen(device, hand), within=1)  # type: ignore[misc]
            first = header(device, case.driver.name)
    return [first, *(as_json(entry) for entry, _ in tape.entries)]


def _seen(device: Any, hand: Any) -> bool:
    return all(
        wanted(value(device, name, hand.unit)) if callable(wanted) else value(device, name, hand.unit) == wanted
        for name, wanted in hand.shows.items()
    )


def write(path: Path, lines: list[dict[str, Any]]) -> None:
    """Write a tape."""
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    for case in CASES:
        if not sys.argv[1:] or case.driver.name in sys.argv[1:]:
            for link in recorded(case):
                write(TAPES / name_of(case, link), asyncio.run(life(case, link)))
                print(name_of(case, link))
