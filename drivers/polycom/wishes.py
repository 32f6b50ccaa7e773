"""Dials, answers, rejections and hang-ups that the calls have yet to show.

What may not live here: how calls are told or commands written. An acknowledgement proves nothing: a dial is done when
a call of its own is shown, an answer when the call is connected, a rejection and a hang-up when the calls are gone. A
list that was asked for before a command left proves nothing of it, either: so both carry the number of lines that had
left by then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gateway.commands import Answer, Dial, HangUp, Reject
from gateway.driver import Action, Done, Refused, Request
from gateway.model import Call

Calls = Mapping[str, Call]
UP = ("connected", "on hold")
COMING = 2.0  # seconds in which a dial that a hang-up came behind may still show its call


def ringing(calls: Calls) -> list[str]:
    """The calls that ring in this room, by id."""
    return [key for key, call in calls.items() if call.direction == "in" and not call.answered]


@dataclass(slots=True)
class Wish:
    """One command about calls, until the calls decide it or its time is over."""

    request: Request
    before: frozenset[str]
    targets: frozenset[str]  # those it is about; empty for a dial, and where the news of a call is on its way
    until: float
    since: float
    number: int  # lines that had left when it was made
    dials: frozenset[str] = frozenset()  # hang-up: the dials whose calls it takes back
    sent: bool = False  # dial: it has left
    seen: str = ""  # dial: its call, even if that is gone again


class Wishes:
    """All of them, by request."""

    def __init__(self) -> None:
        self.held: dict[str, Wish] = {}
        self.back: dict[str, Wish] = {}  # dials that were taken back, and their hang-up
        self.unwanted: list[str] = []  # calls of theirs that have come, and must be ended
        self.claimed: set[str] = set()  # calls that have proved a dial

    def __bool__(self) -> bool:
        return bool(self.held)

    def made(self, request: Request, calls: Calls, until: float, now: float, number: int) -> None:
        """Somebody wants something of calls, when `number` lines have left; after `until` the house has settled it."""
        command = request.command
        dials: frozenset[str] = frozenset()
        match command:
            case Dial():
                targets: set[str] = set()
            case Answer() | Reject():
                targets = {command.call} if command.call else set(ringing(calls))
            case HangUp():
                targets = {command.call} if command.call else set(calls)
                coming = (key for key, held in self.held.items() if held.sent and not held.seen)
                dials = frozenset() if command.call else frozenset(coming)
            case _:
                return
        wish = Wish(request, frozenset(calls), frozenset(targets), until, now, number, dials)
        self.held[request.id] = wish
        self.back.update(dict.fromkeys(dials, wish))

    def left(self, request: Request, calls: Calls) -> None:
        """A dial is on the wire: the next outgoing call is its own."""
        wish = self.held.get(request.id)
        if wish is not None and isinstance(request.command, Dial):
            wish.sent, wish.before = True, frozenset(calls)

    def forget(self, request: Request) -> None:
        """It never left, and never will."""
        self.held.pop(request.id, None)

    def ending(self, key: str) -> bool:
        """Whether somebody wants this call to end."""
        return any(isinstance(held.request.command, HangUp) and key in held.targets for held in self.held.values())

    def refused(self, request: Request, words: str, calls: Calls) -> Action:
        """The codec said no. To end what is gone by now is what was wanted."""
        wish = self.held.pop(request.id, None)
        self.back.pop(request.id, None)
        ended = wish is not None and wish.targets and wish.targets <= wish.before and not wish.targets & calls.keys()
        return Done(request) if ended and isinstance(request.command, HangUp | Reject) else Refused(request, words)

    def settle(self, calls: Calls, now: float, *, listed: int = -1) -> Iterator[Action]:
        """What the calls, as they are now, decide; `listed`: the codec has just listed them all, asked by the line of
        this number."""
        self.claimed &= calls.keys()
        for key, wish in list(self.held.items()):
            self._learn(key, wish, calls, listed)
            end = self._end(wish, calls, now, listed)
            if end is not None or now > wish.until:
                del self.held[key]
                self.back.pop(key, None)
            if end is not None:
                yield end

    def _learn(self, key: str, wish: Wish, calls: Calls, listed: int) -> None:
        """Which calls it is about, as far as that comes to light only now."""
        command = wish.request.command
        if isinstance(command, Dial) and wish.sent and not wish.seen:
            came = (call for call in calls if call not in wish.before and call not in self.claimed)
            wish.seen = next((call for call in came if calls[call].direction == "out"), "")
            if wish.seen:
                self.claimed.add(wish.seen)
                hang_up = self.back.pop(key, None)
                if hang_up is not None:
                    hang_up.targets |= {wish.seen}
                    self.unwanted.append(wish.seen)
        elif isinstance(command, Answer | Reject) and not wish.targets:
            rang = (call for call in calls.keys() - wish.before if calls[call].direction == "in")
            wish.targets = frozenset(ringing(calls)) | frozenset(rang)
        elif isinstance(command, HangUp) and not wish.targets and listed > wish.number:
            wish.targets = frozenset(calls)

    def _end(self, wish: Wish, calls: Calls, now: float, listed: int) -> Action | None:
        request = wish.request
        left = wish.targets & calls.keys()
        match request.command:
            case Dial():
                return Done(request) if wish.seen else None
            case HangUp():
                coming = any(self.back.get(dial) is wish for dial in wish.dials) and now < wish.since + COMING
                return Done(request) if not left and not coming and (wish.targets or listed > wish.number) else None
            case Answer() | Reject() if not wish.targets:
                return None
            case Reject():
                if any(calls[key].state in UP for key in left):
                    return Refused(request, "the call was answered before it was turned away")
                return Done(request) if not left else None
        if not left:
            return Refused(request, "the call ended before it was answered")
        return Done(request) if any(calls[key].state in UP for key in left) else None
