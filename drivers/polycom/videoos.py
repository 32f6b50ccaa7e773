"""Poly VideoOS codecs over their REST API: G7500, G62, Studio X. Calls, sound, mutes, cameras, directory, calendar.

The API tells nothing by itself, so we look: quickly after a command and in a call, slowly at rest. What may not live
here: the session (`videoos_session.py`), what JSON means (`videoos_status.py`, `videoos_calls.py`), how commands are
written (`videoos_orders.py`). Source: Poly VideoOS REST API reference guide 3.1, and the clients that
`videoos_about.py` names; what none of them shows is a setting, or not offered.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from drivers.polycom import videoos_about as about
from drivers.polycom import videoos_status as status
from drivers.polycom.videoos_mirror import CALL_LOOKS, EVERY, LOOKS, ROOM, Mirror
from drivers.polycom.videoos_orders import PAUSE, Order, hang_up, on_connection, order
from drivers.polycom.videoos_rows import Rows
from drivers.polycom.videoos_session import LEFT_BEHIND, LOG_IN, LOG_OUT, PATHS, STALE, Exchange, Session
from gateway.commands import Answer, Dial, HangUp, ListBookings, Reject, Search, SelectCamera, SendDtmf
from gateway.driver import (
    Action,
    Actions,
    Driver,
    Drop,
    Feedback,
    HttpReply,
    Later,
    Offers,
    Ready,
    Refused,
    Request,
    Settings,
    Taken,
    Timing,
)
from gateway.model import Reason

ABOUT_CALLS = (Answer, Reject, HangUp)
IN_ROWS = (Search, ListBookings)


@dataclass(frozen=True)
class Look:
    """A question of ours; numbered, so that two of a kind are two."""

    what: str
    number: int
    call: str = ""


class PolyVideoos(Driver):
    """One codec, over https (or http in front of a simulator)."""

    name = "poly_videoos"
    title = "Poly VideoOS codec (REST)"
    models = "G7500, G62, Studio X30, X32, X50, X52, X70; VideoOS 3.0 and later"
    links = {"https": 443, "http": 80}
    plays = frozenset({"volume", "mics", "camera", "calls", "share", "codec"})
    takes = EVERY
    pushes = False
    # One exchange at a time: units are known to lock up, and replies come in well under a second.
    timing = Timing(window=1, reply=5.0, ready=30.0)
    evidence = "manual"
    sources = about.SOURCES
    offered = about.OFFERED
    not_offered = about.NOT_OFFERED
    Settings: ClassVar[type[Settings]] = about.VideoosSettings
    settings: about.VideoosSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.session = Session(self.settings.username, self.settings.password)
        self.mirror = Mirror(self.settings)
        self.calls = self.mirror.calls
        self.rows = Rows(self.settings, self.session.ask)
        self.orders: dict[str, Order] = {}
        self.looks: set[Look] = set()  # not answered yet
        self.numbers = 0
        self.forbidden: set[str] = set()  # paths that no fresh session may use, either
        self.offers: Offers | None = None
        self.ready = False
        self.good = False  # one of this round's looks was answered well
        self.silences = 0
        self.lively_until = float("-inf")
        self.room_at = float("-inf")
        self.ending: Drop | None = None  # to be done when the session is logged out
        self.leaving = False

    # ---- coming, resting, going ----------------------------------------------------------------------------------

    def opened(self) -> Actions:
        yield from self._look(*ROOM, "calls")

    def closing(self) -> Actions:
        """Leave no session behind; one that is on its way is ended when it has come."""
        self.leaving = True
        self.session.waiting.clear()
        if self.session.state == "in":
            yield self.session.log_out()

    def due(self, name: str) -> Actions:
        if name == "look":
            lively = self.now < self.lively_until and not self.calls.dialling  # a call that is busy is soon gone
            room = lively or self.now >= self.room_at
            yield from self._look(*(ROOM if room else ()), "calls", missing=True)
            yield from self.rows.tidy(self.now)
        elif name.startswith("tone "):
            yield from self._go_on(name.removeprefix("tone "))

    def _round_over(self) -> Iterator[Action]:
        """Every look has been answered: rest until the next, and end a session that is old."""
        good, self.good = self.good, False
        if not good:
            yield from self._give_up()
            return
        if not self.ready:
            self.ready = True
            yield from self._offer()
            yield Ready()
        calls, session = self.calls, self.session
        for lost in session.tidy():
            if isinstance(lost.tag, Request):
                self.orders.pop(lost.tag.id, None)
        busy = bool(calls.live or calls.wishes or calls.dialled or self.now < self.lively_until)
        pause = self.settings.quick if busy else self.settings.poll
        yield Later(self.settings.dialling if calls.dialling else pause, "look")
        limit = self.settings.renew if busy or self.rows.open or self.orders else self.settings.idle
        if session.state == "in" and not session.busy and self.now - session.born >= limit:
            yield session.log_out()

    def _give_up(self) -> Iterator[Action]:
        """Nothing was answered well: a user without rights, no codec, or one that has locked up."""
        if LOOKS["calls"] in self.forbidden:
            self.ending = Drop(Reason.LOGIN_REFUSED, "logged in, but the codec lets this user read nothing")
        else:
            self.ending = Drop(Reason.PROTOCOL_ERROR, "the codec answers every question with an error")
        yield self.session.log_out() if self.session.state == "in" else self.ending

    # ---- exchanges -----------------------------------------------------------------------------------------------

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        if not isinstance(data, HttpReply):
            return
        self.silences = 0
        session = self.session
        if tag == LOG_IN:
            yield from self._logged_in(data)
            return
        if tag == LOG_OUT:
            yield from self._logged_out()
            return
        exchange = session.out.pop(tag, None)
        if exchange is None or self.leaving:
            return
        session.learn(data, exchange)
        if data.status in STALE:
            if session.may_be_stale(exchange) and exchange.path not in self.forbidden:
                yield from session.stale(exchange)
                return
            self.forbidden.add(exchange.path)
            yield from session.bury()
        else:
            self.forbidden.discard(exchange.path)
            if exchange.again:
                session.before = None  # it was stale indeed
        yield from self._answered(exchange, data)

    def failed(self, tag: Hashable, reason: str) -> Actions:
        """One lost answer spoils no other here; two in a row and the codec is away."""
        session = self.session
        if tag == LOG_OUT:
            yield from self._logged_out()
            return
        exchange = session.out.pop(tag, None)
        if tag == LEFT_BEHIND or self.leaving:
            return
        self.silences += 1
        if tag == LOG_IN or not self.ready or self.silences > 1:
            yield Drop(Reason.NO_RESPONSE, reason)
        elif isinstance(tag, Look):
            yield from self._looked(tag)
        elif exchange is not None and isinstance(tag, Request):
            again = tag.command.proof == "points" or isinstance(tag.command, ABOUT_CALLS)
            if again and reason != "no response" and not exchange.again:
                exchange.again = True  # an idle connection was closed just then; what is asked is the same twice
                yield from session.ask(exchange)
                return
            self.orders.pop(tag.id, None)
            if isinstance(tag.command, Dial):
                self.calls.taken(tag)  # perhaps: the calls will show it
            yield from self._look("system", "calls")

    def _logged_in(self, reply: HttpReply) -> Iterator[Action]:
        session = self.session
        if reply.status == 404 and session.path == PATHS[0]:
            session.path = PATHS[1]
            yield session.log_in()
            return
        words = session.logged_in(reply, status.parsed(reply), self.now)
        if self.leaving:
            if not words:
                yield session.log_out()
        elif not words:
            yield from session.go_on()
        elif reply.status >= 500 or reply.status == 404:
            yield Drop(Reason.PROTOCOL_ERROR, f"the log-in is answered with HTTP {reply.status}")
        else:
            secret = self.settings.password
            yield Drop(Reason.LOGIN_REFUSED, words.replace(secret, "***") if secret else words)

    def _logged_out(self) -> Iterator[Action]:
        if self.ending is not None:
            yield self.ending
        elif not self.leaving:
            yield from self.session.logged_out()

    def _answered(self, exchange: Exchange, reply: HttpReply) -> Iterator[Action]:
        tag = exchange.tag
        if isinstance(tag, Look):
            yield from self._told(tag, reply)
            yield from self._looked(tag)
        elif isinstance(tag, Request):
            if isinstance(tag.command, IN_ROWS):
                yield from self.rows.answered(tag, reply)
            else:
                yield from self._stepped(tag, exchange, reply)

    # ---- looking -------------------------------------------------------------------------------------------------

    def _look(self, *what: str, missing: bool = False) -> Iterator[Action]:
        """Ask for these; with `missing` only for what is not being asked already."""
        if "audio" in what:
            self.room_at = self.now + self.settings.poll
        under_way = {look.what for look in self.looks} if missing else set()
        for one in (one for name in what for one in self.mirror.instead(name)):
            if one in under_way:
                continue
            yield from self._look_at(one, LOOKS[one])
            if one == "calls":
                for identity, (home, _) in list(self.calls.dialled.items()):
                    yield from self._look_at("dialled", hang_up(home, identity).path, identity)
                yield from self._look_at("ringing", LOOKS["ringing"])

    def _look_at(self, what: str, path: str, call: str = "") -> Iterator[Action]:
        if path in self.forbidden and what != "calls":
            return
        self.numbers += 1
        look = Look(what, self.numbers, call)
        self.looks.add(look)
        yield from self.session.ask(Exchange("GET", path, b"", look))

    def _looked(self, look: Look) -> Iterator[Action]:
        self.looks.discard(look)
        if not self.looks:
            yield from self._round_over()

    def _told(self, look: Look, reply: HttpReply) -> Iterator[Action]:
        good = 200 <= reply.status < 300
        told = status.parsed(reply) if good else None
        self.good = self.good or good
        if look.what in CALL_LOOKS:
            last = not any(one.what in CALL_LOOKS for one in self.looks - {look})
            points = self.mirror.called(look.what, look.call, told, reply.status, self.now, last=last)
            yield from self._feed(points)
            yield from self._settle(last) if points else ()
            return
        points, further = self.mirror.told(look.what, told, reply.status, self.now)
        yield from self._feed(points)
        for what in further:
            yield from self._look_at(what, LOOKS[what])

    def _feed(self, points: dict[str, Any]) -> Iterator[Action]:
        if points:
            yield Feedback("", **points)
            if self.ready:
                yield from self._offer()

    def _settle(self, complete: bool) -> Iterator[Action]:
        """See which commands the calls prove."""
        for settled in list(self.calls.settle(self.now, complete)):
            if isinstance(settled, Request):  # now there are calls that it is about
                yield from self.command(settled)
            else:
                yield settled

    def _offer(self) -> Iterator[Action]:
        offers = self.mirror.offers()
        if offers != self.offers:
            self.offers = offers
            yield offers

    # ---- commands ------------------------------------------------------------------------------------------------

    def command(self, request: Request) -> Actions:
        command = request.command
        if isinstance(command, IN_ROWS):
            yield from self.rows.asked(request, self.now, self.mirror.clock(self.now))
        elif isinstance(command, ABOUT_CALLS):
            yield from self._about_calls(request)
        elif isinstance(command, SendDtmf) and not self.calls.live:
            self.calls.wish(request, frozenset(), self.now)  # there may be one that we have not seen yet
            yield from self._look("calls")
        elif isinstance(command, SelectCamera) and command.camera not in status.choices(self.mirror.cameras):
            yield Refused(request, "the codec shows no such camera")
        else:
            found = order(request, self.settings, self.mirror.source(getattr(command, "source", "")))
            if isinstance(found, str):
                yield Refused(request, found)
                return
            if isinstance(command, Dial):
                self.calls.wish(request, frozenset(), self.now)
            yield from self._begin(found)

    def _about_calls(self, request: Request) -> Iterator[Action]:
        """Answer, reject, hang up. Where no call is known that it could be about, the codec is asked first."""
        for back in self.session.take_back(request.command.cancels):
            self.orders.pop(back.id, None)
            self.calls.wishes.pop(back.id, None)
        targets = self.calls.targets(request)
        self.calls.wish(request, targets, self.now)
        if not targets:
            yield from self._look("calls")
            return
        homes = {one: self.calls.home(one) for one in targets}
        if isinstance(request.command, Answer):
            steps = [on_connection(homes[one], one, self.settings.answer) for one in targets]
        elif isinstance(request.command, Reject) and self.settings.reject:
            steps = [on_connection(homes[one], one, self.settings.reject) for one in targets]
        elif isinstance(request.command, HangUp) and not request.command.call:
            whole = sorted({homes[one] for one in targets} & self.calls.conferences.keys())
            steps = [hang_up(home) for home in whole]
            alone = {one for one in targets if homes[one] not in whole or one in self.calls.ringing}
            steps += [hang_up(homes[one], one) for one in sorted(alone)]
        else:
            steps = [hang_up(homes[one], one) for one in sorted(targets)]
        yield from self._begin(Order(request, steps, ("calls",)))

    def _begin(self, wanted: Order) -> Iterator[Action]:
        self.orders[wanted.request.id] = wanted
        self.lively_until = self.now + self.settings.lively
        yield from self._go_on(wanted.request.id)

    def _go_on(self, identity: str) -> Iterator[Action]:
        """The next step of an order; after the last the codec has taken it, and is looked at."""
        wanted = self.orders.get(identity)
        if wanted is None:
            return
        if not wanted.steps:
            del self.orders[identity]
            self.calls.taken(wanted.request)
            yield Taken(wanted.request)
            if wanted.looks:
                yield from self._look(*wanted.looks)
            return
        step = wanted.steps.pop(0)
        if not step.method:
            yield Later(PAUSE, f"tone {identity}")
            return
        hide = (step.body.decode(),) if isinstance(wanted.request.command, SendDtmf) else ()
        yield from self.session.ask(Exchange(step.method, step.path, step.body, wanted.request, hide))

    def _stepped(self, request: Request, exchange: Exchange, reply: HttpReply) -> Iterator[Action]:
        words = status.refused(reply)
        if words and not (exchange.method == "DELETE" and reply.status == 404):  # 404: it is gone already
            self.orders.pop(request.id, None)
            self.calls.wishes.pop(request.id, None)
            yield Refused(request, words)
            yield from self._look("calls") if isinstance(request.command, ABOUT_CALLS) else ()
            return
        if isinstance(request.command, Dial):
            self.calls.dial_answered(request, status.parsed(reply))
        yield from self._go_on(request.id)
