"""Commands about calls that the codec has acknowledged or not, and that its call list has yet to show.

What may not live here: how calls are read (`status.py`) or commands written. An acknowledgement proves nothing: a
dial is done when its call is shown, an answer when the call is answered, a hold when it is held, a resume when it is
not, a hang-up, a rejection and a transfer when the calls are gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from drivers.cisco.words import targets
from gateway.commands import Answer, Dial, HangUp, Hold, Join, Reject, Resume, Transfer
from gateway.driver import Action, Done, Refused, Request
from gateway.model import Call

Calls = Mapping[str, Call]

GRACE = 5.0  # seconds past a command's patience before it is forgotten: the house has settled it long since
ABOUT_CALLS = (Answer, Dial, HangUp, Hold, Join, Reject, Resume, Transfer)
ENDING = (HangUp, Reject)


@dataclass(slots=True)
class Wish:
    """One command about calls. Nothing is decided before the codec has taken it."""

    request: Request
    # Calls that cannot be its proof: those there were; answer: the answered ones, hold: the held, resume: the others.
    before: frozenset[str]
    targets: frozenset[str]  # the calls it is about; none for a dial
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
        if not isinstance(command, ABOUT_CALLS):
            return
        before = frozenset(calls)
        if isinstance(command, Answer):
            before -= targets(Answer(), calls)
        elif isinstance(command, Hold | Resume):
            before = frozenset(key for key, call in calls.items() if call.held is isinstance(command, Hold))
        self.held[request.id] = Wish(request, before, targets(command, calls), now)

    def taken(self, request: Request, call: str) -> None:
        """The codec acknowledged; a dial's answer names the new call."""
        wish = self.held.get(request.id)
        if wish is not None:
            wish.taken, wish.call = True, call

    def refused(self, request: Request, words: str, calls: Calls, call: str = "") -> Action | None:
        """The codec said no (to the part about `call`, where a hang-up has several). To end what is gone by now is
        what was wanted; an id that never was is a mistake."""
        wish = self.held.get(request.id)
        if wish is not None and isinstance(request.command, ENDING):
            meant = frozenset({call}) if call else wish.targets
            if meant <= wish.before and not meant & calls.keys() and (meant or isinstance(request.command, HangUp)):
                if wish.targets & calls.keys():
                    wish.taken = True  # the others are still to go
                    return None
                del self.held[request.id]
                return Done(request)
        self.held.pop(request.id, None)
        return Refused(request, words)

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
        case Dial() | Join():
            shown = wish.call in wish.seen | calls.keys() if wish.call else bool(wish.seen)
            return Done(request) if shown else None
        case HangUp(call="") if not wish.targets:  # it was asked before we were told of any call
            return None if calls else Done(request)
        case HangUp() | Reject() | Transfer():
            return None if left else Done(request)
        case Hold() | Resume() as command:
            if wish.targets and not left:
                return Refused(request, "the call ended before that")
            held = isinstance(command, Hold)
            if not wish.targets:  # the codec took it, and so knows of a call that it has yet to tell us of
                new = calls.keys() - wish.before
                return Done(request) if any(_held(calls[key]) is held for key in new) else None
            return Done(request) if all(_held(calls[key]) is held for key in left) else None
    if wish.targets and not left:
        return Refused(request, "the call ended before it was answered")
    possible = left or calls.keys() - wish.before
    return Done(request) if any(calls[key].answered for key in possible) else None


def _held(call: Call) -> bool | None:
    """True or False where the call is plainly held or up; None in between."""
    return True if call.held else False if call.state == "connected" else None
