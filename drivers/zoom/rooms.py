"""Zoom Rooms over its control system API (ZR-CSAPI): SSH on port 2244, a command line in JSON mode.

A Zoom Rooms controller that logs in takes the room over: we know nothing then, and the next command only fetches the
room back and is sent again, once. What may not live here: wire format (`words.py`) and calls (`calls.py`).
Source: Zoom Rooms Control System API 1.1, developers.zoom.us/docs/rooms/cli.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import replace
from typing import Any, ClassVar

from drivers.zoom import about, phone, tones, words
from drivers.zoom.calls import Calls
from drivers.zoom.orders import HDMI, Orders
from drivers.zoom.words import Ask
from gateway.commands import (
    Answer,
    Dial,
    HangUp,
    Join,
    ListBookings,
    Reject,
    Search,
    SendDtmf,
    SetMicMute,
    SetVideoMute,
    SetVolume,
    Share,
)
from gateway.driver import (
    Action,
    Actions,
    Done,
    Driver,
    Drop,
    Feedback,
    Item,
    Later,
    More,
    Offers,
    Opening,
    Ready,
    Refused,
    Request,
    Send,
    Settings,
    Taken,
    Timing,
)
from gateway.model import Reason

STATE = (words.CALL, words.MICS, words.CAMERA, words.VOLUME, words.SHARING, words.PEOPLE)
PROOF = {SetMicMute: words.MICS, SetVideoMute: words.CAMERA, SetVolume: words.VOLUME, Share: words.SHARING}
SHARING = {"none": "off", "sending": "sending", "send_receiving": "sending", "receiving": "receiving"}
TOLD = ("mic_muted", "video_muted", "volume", "sharing", "share_source", "calls", "participants")
SETTING_UP = 30.0  # seconds from a call accepted to its meeting
RINGS = 60.0  # seconds that a call rings where it does not say so
TAKEN_OVER = "a Zoom Rooms controller has the room"


class ZoomRooms(Driver):
    """One Zoom Room."""

    name = "zoom_rooms"
    title = "Zoom Rooms"
    models = "Zoom Rooms on macOS and Windows with the control system API (SSH, port 2244)"
    plays = frozenset({"volume", "mics", "camera", "calls", "share"})
    takes = about.ALL
    links = {"ssh": 2244}
    timing = Timing(window=1, gap=0.02, reply=5.0, ready=10.0)
    cutter = words.Shell()
    evidence = "manual"
    sources = about.SOURCES
    offered = about.OFFERED
    not_offered = about.NOT_OFFERED
    Settings: ClassVar[type[Settings]] = about.ZoomSettings
    settings: about.ZoomSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.greeted = self.ready = self.taken_over = self.toned = False
        self.claim: Request | None = None  # the command that is to take the room back
        self.calls = Calls()
        self.orders = Orders(self.calls, self.settings)
        self.points: dict[str, Any] = {}
        self.sharing: str | None = None
        self.held: list[Ask] = []  # to be sent again when the room is back

    @classmethod
    def lines(cls) -> Iterator[str]:
        """Every line that can be sent, with sample values."""
        yield from words.samples(STATE)

    # ---- coming up -------------------------------------------------------------------------------------------

    def opening(self) -> Opening:
        """The link logs in."""
        return Opening(username=self.settings.username, password=self.settings.password, pty=self.settings.pty)

    def _begin(self) -> Iterator[Action]:
        self.greeted = True
        for line in (words.ECHO_OFF, words.JSON_MODE):  # how they are acknowledged is not documented
            yield Send(f"{line}\r\n".encode(), reply=False)
        yield from self._questions(words.UNIT, words.PHONES, *STATE)

    def _questions(self, *lines: str) -> Iterator[Action]:
        yield from (Ask(line).send() for line in lines)

    # ---- commands --------------------------------------------------------------------------------------------

    def command(self, request: Request) -> Actions:
        """Put a command into the room's words; while a controller has the room, it fetches the room back."""
        if self.taken_over:
            self.claim = request
        yield from self.orders.put(request, self.now)

    # ---- hearing ---------------------------------------------------------------------------------------------

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        """A line, an answer or an event."""
        tree = words.read(data)
        ask = tag if isinstance(tag, Ask) else None
        pipe = words.pipe(data, tree)
        if pipe == "Reconnecting":
            yield from self._fetched_back(ask)
        elif pipe:
            yield from self._taken_away()
        elif tree is not None:
            yield from self._heard(tree, ask)
        elif data.startswith(words.REJECTED):
            yield Drop(Reason.CONNECTION_REFUSED, "the room takes one control system at a time")
        elif not self.greeted:
            if words.GREETING in data:
                yield from self._begin()
        elif ask is not None:
            yield from self._refused(ask, data.decode("utf-8", "replace").strip())

    def _taken_away(self) -> Iterator[Action]:
        self.taken_over, self.sharing, self.claim = True, None, None
        refused = list(self.calls.lost(TAKEN_OVER))
        self.points.clear()
        unknown: dict[str, Any] = dict.fromkeys(TOLD)
        yield Feedback("", **unknown)
        yield from refused
        yield from self._reoffer()

    def _fetched_back(self, ask: Ask | None) -> Iterator[Action]:
        """The room was not ours, so what was asked was not carried out; it is asked again, but not for ever."""
        self.taken_over = False
        if ask is None:
            return
        if ask.again:
            yield from self._refused(ask, TAKEN_OVER)
            return
        if ask.request is None or self.calls.waits(ask.request):
            self.held.append(replace(ask, again=True))
        else:
            yield from self.calls.phones.forget(ask.request)
        yield Later(self.settings.reconnect, "again")

    def _claimed(self, ask: Ask) -> Iterator[Action]:
        """A command that was to take the room back is answered at once: whoever had the room has left it."""
        if self.taken_over and self.claim is not None and self.claim == ask.request:
            self.taken_over = False
            yield from self._questions(*self._of_phones(), *STATE)

    def _refused(self, ask: Ask, why: str) -> Iterator[Action]:
        if ask.request is not None and why != TAKEN_OVER and self.calls.wants_every(ask.request):
            yield from self._questions(*self._of_phones(), words.CALL)  # no meeting, but perhaps a telephone call
        elif ask.request is not None:
            if self.calls.waits(ask.request):
                yield Refused(ask.request, why)
            self.calls.forget(ask.request)
            yield from self.calls.phones.forget(ask.request)
        elif ask.line == words.PHONES and words.unheard_of(why):
            self.calls.phones.lists = False
        elif ask.line == words.CALL and not self.ready:
            yield Drop(Reason.PROTOCOL_ERROR, f"the room does not tell of its meeting: {why}")

    def _heard(self, tree: words.Tree, ask: Ask | None) -> Iterator[Action]:
        if not self.greeted:
            return
        why = words.error(tree)
        if why is not None:
            if ask is not None:
                yield from self._refused(ask, why)
                yield from self._claimed(ask)
            return
        kind, told = words.body(tree)
        if ask is not None and ask.request is not None:
            yield from self._answered(ask, ask.request, told)
            yield from self._claimed(ask)
            return
        yield from self._event(kind, told)
        if ask is not None and ask.line == words.CALL and not self.ready and self.calls.known:
            self.ready = True
            yield self._offers()
            yield Ready()
            yield Later(self.settings.poll, "poll")

    def _answered(self, ask: Ask, request: Request, told: Any) -> Iterator[Action]:
        match request.command:
            case ListBookings():
                for row in told if isinstance(told, list) else ():
                    if (booking := words.booking(row)) is not None:
                        yield Item(request, booking)
                yield Done(request)
            case Search() as search:
                rows = words.at(told, "Contacts")
                rows = rows if isinstance(rows, list) else []
                wanted = search.text.casefold()
                for row in rows:
                    found = words.contact(row)
                    if found is not None and wanted in f"{found['name']} {found['address']}".casefold():
                        yield Item(request, found)
                yield More(request) if len(rows) >= self.settings.page else Done(request)
            case SendDtmf():
                yield from self.calls.phones.tones.answered(request)
            case Dial() as dial if phone.meant(dial):
                yield Taken(request)  # its event tells the rest
            case Answer() | Reject() | HangUp() | Dial() | Join():
                yield Taken(request)
                yield from self._questions(*self._of_phones(), words.CALL)
            case command:
                yield Taken(request)
                yield from self._questions(PROOF.get(type(command), words.SHARING))

    def _event(self, kind: str, told: Any) -> Iterator[Action]:
        """Every answer to a question, and every event, whether it was asked for or not."""
        at, text = words.at, words.text
        key = kind.partition("/")[2]
        points = words.points(key, told)
        match key:
            case "call":
                if word := text(at(told, "Status")):
                    yield from self._status(word)
            case "sharing":
                hdmi = words.truth(at(told, "isSharingBlackMagic"))
                if hdmi is not None:
                    others = "receiving" if self.sharing == "receiving" else "off"
                    self.sharing = "sending" if hdmi else others
                    points.update(self._sharing())
            case "sharingstate":
                self.sharing = SHARING.get(text(at(told, "state")).lower(), self.sharing)
                points.update(self._sharing())
            case "listparticipantsresult":
                if isinstance(told, list):
                    points["participants"] = len(told)
                else:
                    yield Later(0.1, "people")  # one of them came, went or changed
            case "incomingcallindication":
                if jid := text(at(told, "callerJID")):
                    call = self.calls.rings(jid, text(at(told, "callerName")))
                    seconds = at(told, "lifeTime")
                    life = float(seconds) if isinstance(seconds, int) and 0 < seconds <= 600 else RINGS
                    yield from self._show()
                    yield Later(life, f"rung {call} {jid}")
            case "treatedincomingcallindication":
                self.calls.treated(text(at(told, "callerJID")), words.truth(at(told, "accepted")) is True)
                yield from self._show()
                yield Later(SETTING_UP, "accepted")
            case "phonecallstatus" | "phonecallterminated":
                yield from self.calls.phones.told(told, self.now, terminated=key == "phonecallterminated")
                yield from self._show()
            case "phonecalllistresult" | "phonecalllist" | "phonecall":
                yield from self.calls.phones.listed(told, self.now)
                for found in self.calls.found(self.now):
                    yield from self._questions(*filter(None, (self.orders.hang_up_phone(found.id),)))
                yield from self._show()
            case "callconnecterror":
                why = text(at(told, "error_message")) or "the meeting could not be joined"
                self.calls.failed(why)
                yield from self.calls.refuse_joins(why)
                yield from self._questions(words.CALL)
            case "meetingneedspassword" if words.truth(at(told, "needsPassword")):
                wrong = words.truth(at(told, "wrongAndRetry"))
                yield from self.calls.refuse_joins("the passcode is wrong" if wrong else "the meeting wants a passcode")
            case "calldisconnect":
                yield from self._questions(words.CALL)
        news = {name: value for name, value in points.items() if self.points.get(name, self) != value or name in PROVEN}
        if news:
            self.points.update(news)
            yield Feedback("", **news)

    def _status(self, word: str) -> Iterator[Action]:
        before = self.calls.meeting
        self.calls.status(word)
        after = self.calls.meeting
        yield from self._show()
        if (before is None) != (after is None) or (before and after and before.state != after.state):
            yield Feedback("", **self._sharing())
            if after is not None and self.ready:  # in a meeting they are another matter than before
                yield from self._questions(words.MICS, words.CAMERA, words.SHARING, words.PEOPLE)
        if after is None and self.calls.known and self.points.get("participants") != 0:
            self.points["participants"] = 0
            yield Feedback("", participants=0)

    def _offers(self) -> Offers:
        """A meeting takes no tones, a telephone call does."""
        self.toned = self.calls.phones.connected()
        commands = about.ALL if self.toned else about.ALL - {SendDtmf}
        return Offers("", commands, {"source": {HDMI: "HDMI"}})

    def _reoffer(self) -> Iterator[Action]:
        if self.ready and self.toned != self.calls.phones.connected():
            yield self._offers()

    def _show(self) -> Iterator[Action]:
        """All calls as they are; one that has just ended is shown so once, with its reason, before it leaves."""
        yield Feedback("", calls=self.calls.shown())
        if self.calls.bury():
            yield Feedback("", calls=self.calls.shown())
        yield from self._reoffer()
        yield from self.calls.settle()

    def _of_phones(self) -> tuple[str, ...]:
        """The question for the telephone calls, where its answer can be news."""
        return (words.PHONES,) if self.calls.phones.in_doubt() else ()

    def _sharing(self) -> dict[str, Any]:
        """What is sent while nobody else is there is a preview."""
        sent = self.sharing == "sending"
        state = "preview" if sent and self.calls.meeting is None else self.sharing
        return {"sharing": state, "share_source": HDMI if sent else None}

    # ---- time ------------------------------------------------------------------------------------------------

    def due(self, name: str) -> Actions:
        """Time to look, to ask again, or to believe that a call has rung out."""
        if name == "poll":
            if not self.taken_over:  # a question would take the room away from whoever holds the controller
                asked = STATE if self.calls.meeting else STATE[:-1]
                yield from self._questions(*self._of_phones(), *asked)
            yield Later(self.settings.poll, "poll")
        elif name == "again":
            held, self.held = self.held, []
            for ask in held:
                if ask.request is None or self.calls.waits(ask.request):
                    yield ask.send()
                else:
                    yield from self.calls.phones.forget(ask.request)
            if self.ready:
                yield from self._questions(words.PHONES, *STATE)
        elif name == tones.TIMER:
            yield from self.calls.phones.tones.paused()
        elif name == "people":
            yield from self._questions(words.PEOPLE)
        elif name == "accepted":
            self.calls.failed()
            yield from self._show()
        elif name.startswith(phone.RUNG):
            self.calls.phones.rung_out(name.removeprefix(phone.RUNG))
            yield from self._show()
        elif name.startswith("rung "):
            self.calls.treated(name.split(" ", 2)[2], False)
            yield from self._show()


PROVEN = frozenset({"mic_muted", "video_muted", "volume", "sharing"})  # what is told afresh proves a command
