"""Lives a device's recorded life again through its driver, with no network, and tells every difference.

A tape that stands under tests/tapes/ is a regression test by being there. What may not live here: recording.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.driver import Driver, Drop, Feedback, Send
from gateway.model import Reason, plain
from gateway.tape import Tape, as_json, decode
from gateway.unit import Unit


class TapeError(ValueError):
    """The file is no tape that can be played; the words say where."""


@dataclass
class Replay:
    """What came of it: the feedback, in order, and what differs from what was recorded."""

    feedback: list[tuple[float, Feedback]] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    inputs: int = 0
    truncated: bool = False


def load(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A tape file's header and lines. Raises TapeError."""
    try:  # not by `splitlines`: a device's own bytes may be what that takes for the end of a line
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    except (OSError, ValueError) as error:
        raise TapeError(f"{path.name} is no tape: {error}") from None
    if not lines or not isinstance(lines[0], dict) or lines[0].get("tape") != 1:
        raise TapeError(f"{path.name} is no tape of this version: its first line has no tape: 1")
    return lines[0], lines[1:]


def play(header: Mapping[str, Any], lines: Iterable[Mapping[str, Any]], drivers: Mapping[str, type[Driver]]) -> Replay:
    """Feed every input of a tape to a fresh driver. Raises TapeError for what cannot be played."""
    driver_class = drivers.get(str(header.get("driver")))
    if driver_class is None:
        raise TapeError(f"there is no driver {header.get('driver')!r}")
    known = {f.name for f in dataclasses.fields(driver_class.Settings)}
    settings = driver_class.Settings(**{k: v for k, v in dict(header.get("settings", {})).items() if k in known})
    result = Replay(truncated=bool(header.get("dropped")))
    players: dict[int, _Player] = {}  # of a device that listens: one for each connection
    for number, line in enumerate(lines, start=2):
        if "missed" in line:
            result.truncated = True
            continue
        try:
            at, of = float(line["t"]), int(line.get("line", 0))
            details = [decode(item) if "in" in line else item for item in line.get("with", [])]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise TapeError(f"line {number}: {error}") from None
        player = players.get(of)
        if "in" in line:
            if player is not None:
                player.compare(result)
            if line["in"] == "opened" or player is None:
                driver = driver_class(settings, host=str(header.get("host", "")), scheme=str(header.get("scheme", "")))
                player = players[of] = _Player(driver)
            result.inputs += 1
            if line["in"] == "quiet":
                result.inputs += player.skip(details) - 1
                continue
            player.ask(line["in"], details, at, number, result)
        elif player is not None:
            player.recorded(line["out"], line.get("with", []))
    for player in players.values():
        player.compare(result)
    return result


class _Player:
    """One connection's life: the driver, its sends by number, and what the tape says it answered."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.mask = Tape()
        self.tags: dict[int, Any] = {}
        self.sends = 0
        self.now: list[Any] = []
        self.then: list[Any] = []
        self.about = ""

    def skip(self, details: list[Any]) -> int:
        """Quiet messages, which are only counted: how many they were."""
        match details:
            case [_, int(count), int(sends), _]:
                self.sends += sends
                self.now, self.then = [], []
                return count
        raise TapeError(f"{self.about}: quiet messages without their number")

    def recorded(self, what: str, details: list[Any]) -> None:
        if what in ("send", "feedback", "action"):
            self.then.append([what, *details])
        elif what == "ended" and details[0] == Reason.DRIVER_ERROR:
            self.then.append(["raised", str(details[1]).partition(" ")[0]])

    def ask(self, what: str, details: list[Any], at: float, number: int, result: Replay) -> None:
        self.about = f"line {number}, at {at:.3f} s, {what}"
        self.now, self.then = [], []
        self.driver.now = at
        try:
            for action in self._answers(what, details):
                self._note(action, at, result)
                if isinstance(action, Drop):
                    return
        except TapeError:
            raise
        except Exception as error:
            self.now.append(["raised", type(error).__name__])

    def _answers(self, what: str, details: list[Any]) -> Iterator[Any]:
        given: tuple[Any, ...] = tuple(details)
        match what, details:
            case "received", [data, int(answered), str(link)]:
                given = data, self.tags.get(answered), link
            case "failed", [int(unanswered), str(reason)]:
                given = self.tags.get(unanswered), reason
            case ("opened" | "closing", []) | ("command" | "due", [_]):
                pass
            case _:
                raise TapeError(f"{self.about}: no such question")
        yield from getattr(self.driver, what)(*given)

    def _note(self, action: Any, at: float, result: Replay) -> None:
        if isinstance(action, Send):
            self.mask.hide(action.hide)
            self.sends += 1
            self.tags[self.sends] = action.tag
            self.now.append(["send", *_told(self.mask, action.data), self.sends, action.link])
        elif isinstance(action, Feedback):
            self.now.append(["feedback", *_told(self.mask, action)])
            Unit(action.unit).hear(action, 0.0, at)  # a point or value that is none is a driver error
            result.feedback.append((at, action))
        else:
            self.now.append(["action", *_told(self.mask, action)])

    def compare(self, result: Replay) -> None:
        if json.loads(json.dumps(self.now)) == self.then:
            return
        for held, replayed in _pairs(self.then, json.loads(json.dumps(self.now))):
            if held != replayed:
                result.differences.append(f"{self.about}: the tape has {_short(held)}, now {_short(replayed)}")


def _told(mask: Tape, value: Any) -> list[Any]:
    line: list[Any] = as_json((0.0, "out", "", (mask.masked(value),), 0))["with"]
    return line


def _pairs(then: list[Any], now: list[Any]) -> Iterator[tuple[Any, Any]]:
    for index in range(max(len(then), len(now))):
        yield (then[index] if index < len(then) else None), (now[index] if index < len(now) else None)


def _short(value: Any) -> str:
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else text[:197] + "..."


def words(told: Feedback, at: float) -> str:
    """One line of feedback, for people."""
    points = ", ".join(f"{name}={json.dumps(plain(value), ensure_ascii=False)}" for name, value in told.points.items())
    return f"{at:10.3f} s  {told.unit or '-':10} {points}{'  (assumed)' if told.assumed else ''}"
