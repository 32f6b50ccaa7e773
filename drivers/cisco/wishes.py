"""Dials, answers and hang-ups that the codec has acknowledged or not, and that its call list has yet to show.

What may not live here: how calls are read (`status.py`) or commands written. An acknowledgement proves nothing: a
dial is done when its call is shown, an answer when the call is answered, a hang-up when the calls are gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gateway.commands import Answer, Dial, HangUp
from gateway.driver import Action, Done, Refused, Request
from gateway.model import Call

Calls = Mapping[str, Call]

GRACE = 5.0  # seconds past a command's patience before it is forgotten: the house has settled it long since


@dataclass(slots=True)
class Wish:
    """One command about calls. Nothing is decided before the codec has taken it."""

    request: Request
    before: frozenset[str]  # calls that cannot be its proof: those there were; answer: those that were answered
    targets: frozenset[str]  # answer, hang up: the calls it is about
    since: float
    taken: bool = False
    call: str = ""  # dial: the codec's id for the new call
    seen: set[str] = field(default_factory=set)  # dial: outgoing calls that came since, even if they are gone again


class Wishes:
    """All of them, by request."""

    def __init__(self) -> None:
        self.held: dict[str, Wish] = {}

    def __bool__(self) -> bool:
        return bool(self.held)

    def made(self, request: Request, calls: Calls, now: float) -> None:
        """A command about calls leaves now."""
        command = request.command
        match command:
            case Answer():
                ringing = {key for key, call in calls.items() if call.direction == "in" and not call.answered}
                before, targets = calls.keys() - ringing, {command.call} if command.call else ringing
            case HangUp():
                before, targets = set(calls), {command.call} if command.call else set(calls)
            case Dial():
                before, targets = set(calls), set()
            case _:
                return
        self.held[request.id] = Wish(request, frozenset(before), frozenset(targets), now)

    def taken(self, request: Request, call: str) -> None:
        """The codec acknowledged; a dial's answer names the new call."""
        wish = self.held.get(request.id)
        if wish is not None:
            wish.taken, wish.call = True, call

    def refused(self, request: Request, words: str, calls: Calls) -> Action:
        """The codec said no. To hang up what is gone by now is what was wanted; an id that never was is a mistake."""
        wish = self.held.pop(request.id, None)
        gone = wish is not None and wish.targets <= wish.before and not wish.targets & calls.keys()
        return Done(request) if gone and isinstance(request.command, HangUp) else Refused(request, words)

    def settle(self, calls: Calls, now: float) -> Iterator[Action]:
        """What the call list, as it is now, decides."""
        for key, wish in list(self.held.items()):
            wish.seen |= {call for call in calls.keys() - wish.before if calls[call].direction == "out"}
            end = _end(wish, calls) if wish.taken else None
            if end is not None or now > wish.since + wish.request.command.patience + GRACE:
                del self.held[key]
            if end is not None:
                yield end


def _end(wish: Wish, calls: Calls) -> Action | None:
    request = wish.request
    left = wish.targets & calls.keys()
    match request.command:
        case Dial():
            shown = wish.call in wish.seen | calls.keys() if wish.call else bool(wish.seen)
            return Done(request) if shown else None
        case HangUp():
            return None if left else Done(request)
    if wish.targets and not left:
        return Refused(request, "the call ended before it was answered")
    possible = left or calls.keys() - wish.before
    return Done(request) if any(calls[key].answered for key in possible) else None
