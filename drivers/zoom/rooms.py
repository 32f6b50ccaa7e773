"""Zoom Rooms over its control system API (ZR-CSAPI): SSH on port 2244, a command line in JSON mode.

A Zoom Rooms controller that logs in takes the room over: we know nothing then, and the next command only fetches the
room back and is sent again, once. What may not live here: wire format (`words.py`) and calls (`calls.py`).
Source: Zoom Rooms Control System API 1.1, developers.zoom.us/docs/rooms/cli.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import replace
from typing import Any, ClassVar

from drivers.zoom import about, phone, words
from drivers.zoom.calls import MEETING, Calls
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
    StopShare,
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
from gateway.model import Call, Reason

STATE = (words.CALL, words.MICS, words.CAMERA, words.VOLUME, words.SHARING, words.PEOPLE)
PROOF = {SetMicMute: words.MICS, SetVideoMute: words.CAMERA, SetVolume: words.VOLUME, Share: words.SHARING}
SHARING = {"none": "off", "sending": "sending", "send_receiving": "sending", "receiving": "receiving"}
HDMI = "hdmi"
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
        self.calls = Calls()
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
        """Put a command into the room's words."""
        command = request.command
        match command:
            case SetVolume():
                yield Ask(f"{words.VOLUME}: {command.level}", request).send()
            case SetMicMute():
                yield Ask(words.switch(words.MICS, command.on), request).send()
            case SetVideoMute():
                yield Ask(words.switch(words.CAMERA, command.on), request).send()
            case Share() if command.preview or command.source not in ("", HDMI):
                yield Refused(request, "a Zoom Room shares its HDMI input, and the meeting decides who sees it")
            case Share():
                yield Ask(words.SHARE, request).send()
            case StopShare():
                yield Ask(words.STOP_SHARE, request).send()
            case Dial() if phone.meant(command):
                yield from self.calls.phones.call_out(request, command)
            case Dial() | Join():
                yield from self._join(request)
            case SendDtmf():
                yield from self.calls.phones.send_tones(request, command)
            case Answer() | Reject():
                yield from self._ringing(request, command)
            case HangUp():
                yield from self._hang_up(request, command)
            case ListBookings():
                yield Ask(words.BOOKINGS, request).send()
            case Search():
                page = self.settings.page
                yield Ask(words.contacts(request.page * page, page), request).send()
            case _:
                yield Refused(request, "this device cannot do that")

    def _join(self, request: Request) -> Iterator[Action]:
        command, passcode = request.command, ""
        if isinstance(command, Join):
            if command.service != "zoom":
                yield Refused(request, f"a Zoom Room joins Zoom meetings, not {command.service}")
                return
            number, passcode = words.meeting(command.number or command.url), command.passcode
        else:
            number = words.meeting(command.address) if isinstance(command, Dial) else ""
        if not number:
            yield Refused(request, "a Zoom Room joins meetings by their number of 9 to 11 digits")
        elif any(mark.isspace() for mark in passcode):
            yield Refused(request, "a passcode has no spaces")
        elif self.calls.meeting is not None:
            yield Refused(request, "the room is in a meeting already")
        else:
            self.calls.number = number
            self.calls.wish(request, self.now)
            hide = (passcode,) if passcode else ()
            yield Ask(words.join(number, passcode), request, hide).send()

    def _ringing(self, request: Request, command: Answer | Reject) -> Iterator[Action]:
        waiting = [*self.calls.ringing.values(), *self.calls.phones.calls.values()]
        rings = [call for call in waiting if call.direction == "in" and call.state == "ringing"]
        rings = [call for call in rings if command.call in ("", call.id)]
        if not rings:
            yield Refused(request, "no such call rings")
            return
        call = rings[0]
        if call.id in self.calls.phones.calls and isinstance(command, Answer):
            yield Refused(request, "a Zoom Room's telephone call can only be answered at the room")
            return
        self.calls.wish(request, self.now, frozenset({call.id}), gone=isinstance(command, Reject))
        say = words.accept(call.address) if isinstance(command, Answer) else self._end_of(call)
        yield Ask(say, request).send()

    def _end_of(self, call: Call) -> str:
        """The line that ends this call."""
        if call.id in self.calls.phones.calls:
            return words.phone_hang_up(phone.room_id(call.id))
        if call.state == "ringing":
            return words.reject(call.address)
        return words.LEAVE if self.settings.hang_up == "leave" else words.DISCONNECT

    def _hang_up(self, request: Request, command: HangUp) -> Iterator[Action]:
        shown = self.calls.shown()
        chosen = [call for call in shown or () if command.call in ("", call.id)]
        if shown is not None and not chosen:
            yield Refused(request, "there is no such call")
            return
        ids = frozenset(call.id for call in chosen) or frozenset({MEETING})  # unknown: a controller has the room
        self.calls.wish(request, self.now, ids, gone=True)
        lines = dict.fromkeys(self._end_of(call) for call in chosen)
        if shown is None:
            lines = {words.LEAVE if self.settings.hang_up == "leave" else words.DISCONNECT: None}
        for line in lines:
            yield Ask(line, request).send()

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
        self.taken_over, self.sharing = True, None
        self.calls.lost()
        self.points.clear()
        unknown: dict[str, Any] = dict.fromkeys(TOLD)
        yield Feedback("", **unknown)

    def _fetched_back(self, ask: Ask | None) -> Iterator[Action]:
        """The room was not ours, so what was asked was not carried out; it is asked again, but not for ever."""
        self.taken_over = False
        if ask is None:
            return
        if ask.again:
            yield from self._refused(ask, TAKEN_OVER)
            return
        self.held.append(replace(ask, again=True))
        yield Later(self.settings.reconnect, "again")

    def _refused(self, ask: Ask, why: str) -> Iterator[Action]:
        if ask.request is not None:
            self.calls.forget(ask.request)
            yield Refused(ask.request, why)
            yield from self.calls.phones.forget(ask.request)
        elif ask.line == words.CALL and not self.ready:
            yield Drop(Reason.PROTOCOL_ERROR, f"the room does not tell of its meeting: {why}")

    def _heard(self, tree: words.Tree, ask: Ask | None) -> Iterator[Action]:
        if not self.greeted:
            return
        why = words.error(tree)
        if why is not None:
            if ask is not None:
                yield from self._refused(ask, why)
            return
        kind, told = words.body(tree)
        if ask is not None and ask.request is not None:
            yield from self._answered(ask, ask.request, told)
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
                yield from self.calls.phones.tone_sent(request)
            case Dial() as dial if phone.meant(dial):
                yield Taken(request)  # its event tells the rest
            case Answer() | Reject() | HangUp() | Dial() | Join():
                yield Taken(request)
                yield from self._questions(words.CALL)
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
                yield from self.calls.phones.told(told)
                yield from self._show()
            case "phonecalllistresult" | "phonecalllist" | "phonecall":
                yield from self.calls.phones.listed(told)
                yield from self._show()
            case "callconnecterror":
                self.calls.failed()
                why = text(at(told, "error_message")) or "the meeting could not be joined"
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

    def _show(self) -> Iterator[Action]:
        yield Feedback("", calls=self.calls.shown())
        if self.ready and self.toned != self.calls.phones.connected():
            yield self._offers()
        yield from self.calls.settle()

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
                yield from self._questions(*(STATE if self.calls.meeting else STATE[:-1]))
            yield Later(self.settings.poll, "poll")
        elif name == "again":
            held, self.held = self.held, []
            for ask in held:
                yield ask.send()
            if self.ready:
                yield from self._questions(words.PHONES, *STATE)
        elif name == "tones":
            yield from self.calls.phones.tone_sent()
        elif name == "people":
            yield from self._questions(words.PEOPLE)
        elif name == "accepted":
            self.calls.failed()
            yield from self._show()
        elif name.startswith("rung "):
            self.calls.treated(name.split(" ", 2)[2], False)
            yield from self._show()


PROVEN = frozenset({"mic_muted", "video_muted", "volume", "sharing"})  # what is told afresh proves a command
