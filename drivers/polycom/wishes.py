"""Dials, answers, rejections and hang-ups that the calls have yet to show.

What may not live here: how calls are told or commands written. An acknowledgement proves nothing: a dial is done when
its call is shown, an answer when the call is connected, a rejection and a hang-up when the calls are gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gateway.commands import Answer, Dial, HangUp, Reject
from gateway.driver import Action, Done, Refused, Request
from gateway.model import Call

Calls = Mapping[str, Call]
UP = ("connected", "on hold")


def ringing(calls: Calls) -> list[str]:
    """The calls that ring in this room, by id."""
    return [key for key, call in calls.items() if call.direction == "in" and not call.answered]


@dataclass(slots=True)
class Wish:
    """One command about calls, until the calls decide it or its time is over."""

    request: Request
    before: frozenset[str]
    targets: frozenset[str]  # those it is about; empty for a dial, and where the news of a ringing call is on its way
    until: float
    seen: set[str] = field(default_factory=set)  # dial: outgoing calls that came since, even if they are gone again


class Wishes:
    """All of them, by request."""

    def __init__(self) -> None:
        self.held: dict[str, Wish] = {}

    def __bool__(self) -> bool:
        return bool(self.held)

    def made(self, request: Request, calls: Calls, until: float) -> None:
        """A command about calls leaves now; after `until` the house has settled it."""
        command = request.command
        match command:
            case Dial():
                targets: set[str] = set()
            case Answer() | Reject():
                targets = {command.call} if command.call else set(ringing(calls))
            case HangUp():
                targets = {command.call} if command.call else set(calls)
            case _:
                return
        self.held[request.id] = Wish(request, frozenset(calls), frozenset(targets), until)

    def ending(self, key: str) -> bool:
        """Whether somebody wants this call to end."""
        return any(isinstance(held.request.command, HangUp) and key in held.targets for held in self.held.values())

    def refused(self, request: Request, words: str, calls: Calls) -> Action:
        """The codec said no. To end what is gone by now is what was wanted."""
        wish = self.held.pop(request.id, None)
        ended = wish is not None and wish.targets and wish.targets <= wish.before and not wish.targets & calls.keys()
        return Done(request) if ended and isinstance(request.command, HangUp | Reject) else Refused(request, words)

    def settle(self, calls: Calls, now: float, *, listed: bool = False) -> Iterator[Action]:
        """What the calls, as they are now, decide; `listed`: the codec has just listed them all."""
        for key, wish in list(self.held.items()):
            wish.seen |= {call for call in calls.keys() - wish.before if calls[call].direction == "out"}
            if not wish.targets and isinstance(wish.request.command, Answer | Reject):
                came = (key for key in calls.keys() - wish.before if calls[key].direction == "in")
                wish.targets = frozenset(ringing(calls)) | frozenset(came)
            end = _end(wish, calls, listed)
            if end is not None or now > wish.until:
                del self.held[key]
            if end is not None:
                yield end


def _end(wish: Wish, calls: Calls, listed: bool) -> Action | None:
    request = wish.request
    left = wish.targets & calls.keys()
    match request.command:
        case Dial():
            return Done(request) if wish.seen else None
        case HangUp():
            return Done(request) if not left and (wish.targets or listed) else None
        case Answer() | Reject() if not wish.targets:
            return None
        case Reject():
            if any(calls[key].state in UP for key in left):
                return Refused(request, "the call was answered before it was turned away")
            return Done(request) if not left else None
    if not left:
        return Refused(request, "the call ended before it was answered")
    return Done(request) if any(calls[key].state in UP for key in left) else None
