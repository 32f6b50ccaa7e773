"""The calls as the codec shows them, put together from three answers, and the commands that they prove.

The list of conferences has the calls that are up, the filter ANSWERABLE those that ring here, and the address that a
dial was answered with has the call that is being set up. What may not live here: asking for any of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from drivers.polycom.videoos_status import Tree, call, conferences, connections, key, whole
from gateway.commands import Answer, Dial, HangUp, Reject, SendDtmf
from gateway.driver import Action, Done, Refused, Request
from gateway.model import Call

HREF = re.compile(r"/rest/conferences/([^/?#]+)/connections/([^/?#]+)")
COMING = 2.0  # seconds in which a dial whose answer named no call may still show it to a hang-up behind it
GRACE = 5.0  # seconds past a command's patience before it is forgotten: the house has settled it long since
UP = ("connected", "on hold")
LONGEST = 7 * 86400  # seconds: a start that is further away is of another clock


@dataclass
class Wish:
    """A command about calls that they have yet to show."""

    request: Request
    before: frozenset[str]  # the calls there were
    targets: frozenset[str]  # answer, reject, hang up: those it is about; empty: not known yet
    since: float
    taken: bool = False
    call: str = ""  # dial: the id of the new call, where the answer told it
    dials: frozenset[str] = frozenset()  # hang up all: the dials on their way, whose calls are to end as well
    late: frozenset[str] = frozenset()  # those calls, as they come


class Calls:
    """What is known of calls. `known`: the codec tells of them at all."""

    def __init__(self) -> None:
        self.known = False
        self.book: dict[str, Call] = {}
        self.conferences: dict[str, Tree] = {}
        self.ringing: dict[str, Tree] = {}
        self.dialled: dict[str, tuple[str, Tree]] = {}  # call -> conference in its address, what that showed
        self.incoming: set[str] = set()  # calls that were seen to ring here
        self.wishes: dict[str, Wish] = {}
        self.homes: dict[str, str] = {}  # call -> its conference
        self.claimed: set[str] = set()  # calls that have proved a dial
        self.late: dict[str, frozenset[str]] = {}  # hang-up -> the calls that it is to end now

    # ---- what the codec tells ------------------------------------------------------------------------------------

    def listed(self, told: Any) -> bool:
        """GET /rest/conferences. True where that is all there is to know of calls now."""
        self.conferences = conferences(told)
        for conference in self.conferences.values():
            for identity in connections(conference):
                self.dialled.pop(identity, None)
        return not (self.ringing or self.dialled)

    def rings(self, told: Any) -> None:
        """The connections that can be answered."""
        self.ringing = connections(told)

    def dial_answered(self, request: Request, told: Any) -> None:
        """`[{"href": "/rest/conferences/0/connections/3"}]`: where the call is that we dialled."""
        one = told[0] if isinstance(told, list) and told else told
        href = one.get("href") if isinstance(one, dict) else None
        found = HREF.search(href) if isinstance(href, str) else None
        if found and key(found[2]) and key(found[1]):
            self.dialled[found[2]] = (found[1], {})
            wish = self.wishes.get(request.id)
            if wish is not None:
                self._came(wish, found[2])

    def _came(self, dial: Wish, call: str) -> None:
        """The call of a dial is known; who hung up behind it wants it to end."""
        dial.call = call
        self.claimed.add(call)
        for wish in self.wishes.values():
            if dial.request.id in wish.dials:
                wish.dials -= {dial.request.id}
                wish.late |= {call}

    def dialled_told(self, identity: str, told: Any, gone: bool) -> None:
        """The call at that address. It is set up once it names its own address (AVI-SPL driver); before that the codec
        may have nothing to tell of it."""
        held = self.dialled.get(identity)
        if held is None:
            return
        if isinstance(told, dict):
            self.dialled[identity] = (key(told.get("parentConfId")) or held[0], told)
        elif gone or held[1]:
            del self.dialled[identity]

    def running(self, clock: float | None) -> tuple[Call, ...]:
        """The calls as they are first told, with the seconds that those that are up have lasted; from then on the house
        counts. `clock`: the codec's own, in seconds since 1970."""
        return tuple(replace(one, duration=self._lasted(one, clock)) for one in self.book.values())

    def _lasted(self, one: Call, clock: float | None) -> int | None:
        conference = self.conferences.get(self.homes.get(one.id, ""), {})
        fields = connections(conference).get(one.id, {})
        start = whole(fields.get("startTime"), 1) or whole(conference.get("startTime"), 1)
        if one.state not in UP or clock is None or start is None:
            return None
        return whole(int(clock - start / 1000), 0, LONGEST)

    def compose(self) -> tuple[Call, ...]:
        """All calls now, in the order of their ids."""
        book: dict[str, Call] = {}
        self.homes = {}
        self.incoming |= self.ringing.keys()
        for home, conference in self.conferences.items():
            for identity, fields in connections(conference).items():
                self.homes[identity] = home
                book[identity] = self._call(identity, fields, conference)
        for identity, fields in self.ringing.items():
            self.homes.setdefault(identity, key(fields.get("parentConfId")) or "active")
            book[identity] = self._call(identity, fields, {})
        for identity, (home, fields) in self.dialled.items():
            if identity not in book and fields.get("address"):
                self.homes[identity] = home
                book[identity] = self._call(identity, fields, {})
        self.incoming &= book.keys()
        self.claimed &= book.keys() | self.dialled.keys()
        self.book = dict(sorted(book.items(), key=lambda pair: (len(pair[0]), pair[0])))
        return tuple(self.book.values())

    def _call(self, identity: str, fields: Tree, conference: Tree) -> Call:
        rings = identity in self.ringing
        return call(identity, fields, conference, "in" if identity in self.incoming else "out", rings=rings)

    # ---- what people want of them ------------------------------------------------------------------------------

    @property
    def live(self) -> dict[str, Call]:
        """The calls that have not ended."""
        return {identity: one for identity, one in self.book.items() if one.state != "ended"}

    def home(self, identity: str) -> str:
        """The conference of a call, as it stands in addresses."""
        held = self.dialled.get(identity)
        return self.homes.get(identity) or (held[0] if held else "active")

    def targets(self, request: Request) -> frozenset[str]:
        """The calls that an answer, a rejection, a hang-up or tones are about, as far as is known now."""
        command = request.command
        if request.id in self.late:
            return self.late.pop(request.id)
        if isinstance(command, SendDtmf):
            return frozenset(self.live)
        if isinstance(command, Answer | Reject):
            found = [identity for identity in self.ringing if command.call in ("", identity)]
            return frozenset(found[:1] if isinstance(command, Answer) else found)
        if isinstance(command, HangUp):
            there = self.live.keys() | self.dialled.keys()  # also one that is dialled and not shown yet
            return frozenset(identity for identity in there if command.call in ("", identity))
        return frozenset()

    def wish(self, request: Request, targets: frozenset[str], now: float) -> None:
        """A command about calls leaves now, or as soon as its targets are known."""
        wish = self.wishes[request.id] = Wish(request, frozenset(self.live), targets, now)
        if isinstance(request.command, HangUp) and not request.command.call:
            wish.dials = frozenset(one for one, held in self.wishes.items() if self._coming(held, now))

    @staticmethod
    def _coming(wish: Wish, now: float) -> bool:
        """A dial on its way to the codec, or just answered without a word of its call."""
        soon = not wish.taken or now < wish.since + COMING
        return isinstance(wish.request.command, Dial) and not wish.call and soon

    def taken(self, request: Request) -> None:
        """The codec has acknowledged all of it."""
        wish = self.wishes.get(request.id)
        if wish is not None:
            wish.taken = True

    def settle(self, now: float, complete: bool) -> Iterator[Action | Request]:
        """What the calls, as they are now, decide; a Request is one whose targets have come to light. `complete`: all
        that belongs together has been asked, so that what is not there is not there."""
        for identity, wish in list(self.wishes.items()):
            if now > wish.since + wish.request.command.patience + GRACE:
                del self.wishes[identity]
                if not self.dialled.get(wish.call, ("", {}))[1]:
                    self.dialled.pop(wish.call, None)  # it never came to anything
                continue
            command = wish.request.command
            wish.dials = frozenset(
                one for one in wish.dials if one in self.wishes and self._coming(self.wishes[one], now)
            )
            if wish.late and (wish.taken or not wish.targets):
                del self.wishes[identity]
                self.late[identity] = wish.late | (wish.targets & self.live.keys())
                yield wish.request
                continue
            if not wish.taken and not wish.targets and not isinstance(command, Dial):
                if not complete or wish.dials:
                    continue
                del self.wishes[identity]
                yield wish.request if self.targets(wish.request) else self._nothing(wish.request)
                continue
            end = self._end(wish) if wish.taken and not wish.dials else None
            if end is not None:
                del self.wishes[identity]
                yield end

    @property
    def dialling(self) -> bool:
        """A call was dialled and is not shown yet."""
        return any(isinstance(wish.request.command, Dial) for wish in self.wishes.values())

    @staticmethod
    def _nothing(request: Request) -> Action:
        """There is no such call: that is what a hang-up wanted."""
        if isinstance(request.command, HangUp):
            return Done(request)
        tones = isinstance(request.command, SendDtmf)
        return Refused(request, "there is no call to send tones into" if tones else "no such call is ringing")

    def _end(self, wish: Wish) -> Action | None:
        live, request = self.live, wish.request
        left = wish.targets & live.keys()
        match request.command:
            case Dial():
                new = live.keys() - wish.before - self.claimed
                if not wish.call and (
                    call := next((one for one in live if one in new and live[one].direction == "out"), "")
                ):
                    self._came(wish, call)
                if wish.call in live:
                    return Done(request)
                if wish.call and wish.call not in self.dialled:
                    return Refused(request, "the call ended before the codec showed it")
                return None
            case Answer():
                if not left:
                    return Refused(request, "the call ended before it was answered")
                return Done(request) if any(live[one].state in (*UP, "connecting") for one in left) else None
            case Reject():
                turned = not left or all(live[one].state == "disconnecting" for one in left)
                return Done(request) if turned else None
        return None if left or wish.targets & self.dialled.keys() else Done(request)
