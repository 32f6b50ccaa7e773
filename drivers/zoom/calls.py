"""The meeting and the calls that ring, from what the room tells, and which commands that proves.

What may not live here: how anything is said on the wire, and how telephone calls go (`phone.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from drivers.zoom.phone import Phones, is_phone, meant
from gateway.commands import Answer, Dial, HangUp, Join, Reject
from gateway.driver import Action, Done, Refused, Request
from gateway.model import Call

MEETING = "meeting"  # the id of a meeting that nobody has seen ringing: a room is in one at most
STATES = ("CONNECTING_MEETING", "IN_MEETING")
FORGOTTEN = 60.0  # seconds after which nobody waits for a proof any more


@dataclass(frozen=True, slots=True)
class Wish:
    """What a command waits to see: a meeting (`ids` empty), those calls answered, or those calls gone.

    every: gone are to be the telephone calls, too, that the room has yet to list; then they join `ids`.
    """

    request: Request
    ids: frozenset[str]
    gone: bool
    made: float
    every: bool = False


class Calls:
    """What the room is in, and what rings."""

    def __init__(self) -> None:
        self.known = False
        self.meeting: Call | None = None
        self.ringing: dict[str, Call] = {}  # id -> the call; its address is the caller's JID
        self.wishes: list[Wish] = []
        self.phones = Phones()
        self.number = ""  # the meeting that was asked for
        self._rings = 0
        self._taken: Call | None = None  # accepted; the meeting has yet to show
        self._gone: list[Call] = []  # they ended for a known reason, and have not been shown so yet
        self._why = ""  # why what is being set up will not be a meeting

    def shown(self) -> tuple[Call, ...] | None:
        """All calls, and those that have just ended; None while the room does not tell."""
        if not self.known:
            return None
        meetings = (call for call in (self.meeting, self._taken) if call)
        gone = (*self._gone, *self.phones.gone)
        return (*meetings, *self.phones.calls.values(), *self.ringing.values(), *gone)

    def bury(self) -> bool:
        """What ended has been shown; whether there was any."""
        any_gone = bool(self._gone or self.phones.gone)
        self._gone, self.phones.gone = [], []
        return any_gone

    def status(self, word: str) -> None:
        """`zStatus Call Status`."""
        self.known = word in STATES or word in ("NOT_IN_MEETING", "LOGGED_OUT")
        if word in STATES:
            if word == "IN_MEETING":
                self._why = ""
            now = self.meeting
            if self._taken and (now is None or (word == "CONNECTING_MEETING" and now.state == "connected")):
                now, self._taken = self._taken, None  # what was accepted shows when the former meeting is left
            now = now or Call(MEETING, "out", "connecting", "", self.number, "zoom", "video")
            self.meeting = replace(now, state="connected" if word == "IN_MEETING" else "connecting", answered=True)
        elif self.known and self.meeting is not None:
            self._end(self.meeting, self._why)
            self.meeting, self.number, self._why = None, "", ""

    def rings(self, jid: str, name: str) -> str:
        """A call comes in; its id."""
        for held in self.ringing.values():
            if held.address == jid:
                return held.id
        self._rings += 1
        free = self.meeting is None and self._taken is None and not self.ringing
        call = Call(
            MEETING if free else f"ring-{self._rings}", "in", "ringing", name, jid, "zoom", "video", answered=False
        )
        self.ringing[call.id] = call
        return call.id

    def treated(self, jid: str, accepted: bool) -> None:
        """An incoming call was answered, turned away or given up."""
        for held in [call for call in self.ringing.values() if call.address == jid]:
            del self.ringing[held.id]
            if accepted:
                self._taken = replace(held, state="connecting", answered=True)

    def failed(self, why: str = "") -> None:
        """What was to become a meeting will not; the reason is shown when the room shows the end."""
        if self.meeting is not None and self.meeting.state == "connecting":
            self._why = why
        if self._taken is not None:
            self._end(self._taken, why)
            self._taken = None

    def _end(self, call: Call, why: str) -> None:
        if why:
            self._gone.append(replace(call, state="ended", reason=why))

    def lost(self, why: str) -> Iterator[Action]:
        """The room has another controller and tells us nothing."""
        self.known, self.meeting, self._taken = False, None, None
        self._why = ""
        self.ringing.clear()
        yield from self.phones.lost(why)

    def wish(
        self,
        request: Request,
        now: float,
        ids: frozenset[str] = frozenset(),
        *,
        gone: bool = False,
        every: bool = False,
    ) -> None:
        """Remember what a command waits for."""
        self.wishes = [held for held in self.wishes if held.made > now - FORGOTTEN]
        self.wishes.append(Wish(request, ids, gone, now, every))

    def joining(self) -> bool:
        """Whether a meeting is asked for that the room has not shown yet."""
        return any(isinstance(held.request.command, Dial | Join) for held in self.wishes)

    def forget(self, request: Request) -> None:
        """It was refused."""
        self.wishes = [held for held in self.wishes if held.request != request]

    def waits(self, request: Request) -> bool:
        """Whether this has not ended by now: only then is it refused, or said again."""
        match request.command:
            case Answer() | Reject() | HangUp() | Join():
                return any(held.request == request for held in self.wishes)
            case Dial() as command if not meant(command):
                return any(held.request == request for held in self.wishes)
            case _:
                return self.phones.waits(request)

    def wants_every(self, request: Request) -> bool:
        """Whether this is a hang-up of everything that waits for the list of telephone calls."""
        return any(held.every and held.request == request for held in self.wishes)

    def found(self, now: float) -> list[Call]:
        """The telephone calls that a hang-up of everything did not know of, now that the room has listed them."""
        waiting = [held for held in self.wishes if held.every and held.made > now - FORGOTTEN]
        if not waiting or not self.phones.sure:
            return []
        ids = frozenset(self.phones.calls)
        self.wishes = [
            replace(held, ids=held.ids | ids, every=False) if held in waiting else held for held in self.wishes
        ]
        return list(self.phones.calls.values())

    def settle(self) -> Iterator[Action]:
        """Which wishes have come true, and which cannot any more."""
        shown = self.shown()
        if shown is None:
            return
        there = {call.id: call for call in shown if call.state != "ended"}
        for held in list(self.wishes):
            if held.gone:
                phones = (one for one in held.ids if is_phone(one))
                done = not held.every and not held.ids & there.keys() and all(map(self.phones.over, phones))
            elif not held.ids:
                done = self.meeting is not None
            else:
                done = any(there[one].state != "ringing" for one in held.ids & there.keys())
                if not held.ids & there.keys() and isinstance(held.request.command, Answer):
                    self.wishes.remove(held)
                    yield Refused(held.request, "the caller has given up")
                    continue
            if done:
                self.wishes.remove(held)
                yield Done(held.request)

    def refuse_joins(self, words: str) -> Iterator[Action]:
        """The meeting did not take us."""
        for held in [wish for wish in self.wishes if not wish.ids and not wish.gone]:
            self.wishes.remove(held)
            yield Refused(held.request, words)
