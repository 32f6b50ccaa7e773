"""Poly and Polycom codecs on their command line: VideoOS, RealPresence Group and HDX, one grammar with three accents.

The codec tells of calls, volume, mute, content and sleep once registered; what it does not tell is asked for after each
command and now and then, but never what would wake it. What may not live here: how a command is written
(`cli_words.py`), what a line says (`cli_grammar.py`), turns and echoes (`talk.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from drivers.polycom import cli_about, cli_words
from drivers.polycom.cli_grammar import TOP
from drivers.polycom.cli_state import Hearing
from drivers.polycom.cli_words import ANSWERS, NEEDS, REGISTRATIONS, question, registration
from drivers.polycom.lines import is_prompt
from drivers.polycom.talk import SOFT, Ask, pattern, percent, step
from drivers.polycom.wishes import ringing
from gateway.commands import (
    Answer,
    Command,
    Dial,
    HangUp,
    ListBookings,
    MoveCamera,
    RecallPreset,
    Reject,
    Search,
    SelectCamera,
    SendDtmf,
    SetAutoAnswer,
    SetDoNotDisturb,
    SetPower,
    SetVolume,
    Share,
    StorePreset,
)
from gateway.driver import (
    Actions,
    Answered,
    Done,
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

ALWAYS = (SetPower, SelectCamera, MoveCamera, RecallPreset, StorePreset)
DIALLED = 2.0  # seconds from `dialing` to the first news of the call
DOUBT = 3.0  # seconds after a command about calls before we look for ourselves
UNHEARD = 1.0  # seconds that a rejection waits for the news of the call
WOKEN = 4.0  # seconds for the news of sleeping and waking, which only comes where something changed


class PolyCli(Hearing):
    """One codec, over telnet, SSH, a serial line, or raw TCP."""

    name = "poly_cli"
    title = "Poly / Polycom codec (command line)"
    models = "VideoOS (G7500, G62, Studio X), RealPresence Group, HDX"
    links = {"telnet": 24, "ssh": 22, "tcp": 24, "serial": 0}
    timing = Timing(window=1, gap=0.0, reply=5.0, ready=30.0)
    evidence = "manual"
    sources = cli_about.SOURCES
    offered = cli_about.OFFERED
    not_offered = cli_about.NOT_OFFERED
    plays = frozenset({"volume", "mics", "camera", "calls", "share", "picture", "codec"})
    takes = frozenset({*ALWAYS, *(command for several in NEEDS.values() for command in several)})
    units = '""'
    Settings: ClassVar[type[Settings]] = cli_about.PolyCliSettings
    settings: cli_about.PolyCliSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.prompted: set[str] = set()
        self.turning_away: Request | None = None  # a rejection that came before the news of its call
        if self.settings.dialect != "auto":
            self.dialect = self.settings.dialect
        self.unanswered: set[str] = set()
        self.offers: Offers | None = None

    # ---- coming up -------------------------------------------------------------------------------------------

    def opening(self) -> Opening:
        """Over SSH the link logs in."""
        held = self.settings
        return Opening(username=held.username, password=held.password, pty=held.pty, baud=held.baud)

    def opened(self) -> Actions:
        """Over a network it greets or asks who we are; a serial line may have been open for days."""
        if self.scheme == "serial":
            yield from self._begin()
        else:
            yield Later(self.settings.greeting, "knock")

    def greeted(self, line: str) -> Actions:
        """The log-in dialogue, and the greeting after it."""
        if "login failed" in line.lower():
            yield Drop(Reason.LOGIN_REFUSED, f"the codec says: {line}")
        elif is_prompt(line):
            yield from self._prompted("password" if line.lower().startswith("password") else "user")
        elif line.lower().startswith("snmp enabled"):  # the last line of the greeting
            yield from self._begin()
        else:
            yield from self._identified(line)

    def _prompted(self, what: str) -> Actions:
        if what in self.prompted:  # it tries three times; we do not, or the account would be locked
            yield Drop(Reason.LOGIN_REFUSED, "the codec does not accept the user name or the password")
            return
        self.prompted.add(what)
        word = self.settings.password if what == "password" else self.settings.username
        if not word and what == "password":
            yield Drop(Reason.LOGIN_REFUSED, "the codec asks for a password and none is set")
            return
        yield Send(word.encode() + self.END, reply=False, hide=(word,) if what == "password" else ())
        yield Later(self.settings.greeting, "knock")

    def _begin(self) -> Actions:
        if self.talking:
            return
        self.talking = True
        yield Later(0, "knock")
        if not self.model:
            self.poll(cli_words.whoami())
        self.poll(*(registration(words, first=True) for words in REGISTRATIONS))
        self.poll(*(question(words, first=True) for words in ANSWERS))
        self.unanswered = {ask.words for ask in self.polls}
        yield from self.pump()

    def _usable(self) -> Actions:
        if not self.known & {"callinfo all", "volume get", "mute near get"}:
            yield Drop(Reason.PROTOCOL_ERROR, "the codec answers none of callinfo, volume and mute")
            return
        self.ready = True
        yield from self._offer()
        yield Ready()
        yield Later(self.settings.verify, "verify")

    def _offer(self) -> Actions:
        commands = [*ALWAYS, *(command for words in NEEDS if words in self.known for command in NEEDS[words])]
        sources = {source.strip(): f"Content {source.strip()}" for source in self.settings.sources.split(",")}
        cameras = {str(number): f"Camera {number}" for number in range(1, self.settings.cameras + 1)}
        offers = Offers("", frozenset(commands), {"source": sources, "camera": cameras})
        if offers != self.offers:
            self.offers = offers
            yield offers

    def received(self, data: Any, tag: Any = None, link: str = "main") -> Actions:
        """As in `Talk`; but a serial line, or a session that ended under us, may ask for the log-in again."""
        line = bytes(data).decode("utf-8", "replace").strip()
        if self.talking and not self.ready and is_prompt(line):
            self.talking = False
            if self.asked is not None:
                yield Answered(self.asked.tag)
                self.asked = None
            self.polls.clear()
            yield from self._prompted("password" if line.lower().startswith("password") else "user")
            return
        yield from super().received(data, tag, link)

    # ---- asking ----------------------------------------------------------------------------------------------

    def hush(self) -> float:
        return self.settings.quiet

    def gap(self) -> float:
        return self.settings.gap

    def probe(self) -> Ask:
        return question("volume get" if "volume get" in self.known else "callinfo all")

    def command(self, request: Request) -> Actions:
        """Put a command into the codec's words."""
        command = request.command
        until = self.now + self.patience(command)
        try:
            match command:
                case HangUp() | Reject():
                    yield from self._hang_up(request, until)
                case Answer():
                    if command.call and ringing(self.calls) != [command.call]:
                        raise ValueError("no such call rings, or not alone: the codec answers whichever rings first")
                    self.wishes.made(request, self.calls, until, self.now, self.lines_left)
                    ends = pattern("answering video.*|answer video")
                    yield from self.person(Ask("answer video", ends, request, soft=SOFT, always=True))
                    yield Later(DOUBT, "doubt")
                case Dial():
                    words = cli_words.dial(command, rate=self.settings.rate, isdn=self.dialect == "hdx")
                    self.wishes.made(request, self.calls, until, self.now, self.lines_left)
                    yield from self.person(Ask(words, pattern("dialing .*"), request))
                case SendDtmf():
                    yield from self.dtmf(request, command)
                case MoveCamera(to="stop"):
                    yield self.now_or_never(f"camera {'far' if command.far else 'near'} move stop")
                case SetAutoAnswer() | SetDoNotDisturb():
                    yield from self._answering(request)
                case _:
                    yield from self._plain(request)
        except ValueError as error:
            yield Refused(request, str(error))

    def _plain(self, request: Request) -> Actions:
        command = request.command
        choices = self.offers.choices if self.offers else {}
        match command:
            case Share(source=source, preview=preview):
                if source and source not in choices.get("source", {}):
                    raise ValueError(f"there is no content source {source}")
                if preview and any(call.state == "connected" for call in self.calls.values()):
                    raise ValueError("in a call the codec shows its content to the far end, too")
            case SelectCamera(camera=camera) if camera not in choices.get("camera", {}):
                raise ValueError(f"there is no camera {camera}")
            case MoveCamera(camera=camera) if camera not in ("", self.points.get("camera")):
                raise ValueError("the codec moves the camera that is selected: select it first")
            case Search() | ListBookings():
                self.rows = 0
                self.meetings.clear()
        ask = cli_words.said(request, page=self.settings.page)
        if ask is None:
            raise ValueError("this device cannot do that")
        yield from self.person(ask)

    def _answering(self, request: Request) -> Actions:
        """One setting holds both (IRM `autoanswer`): turning one off leaves the other as it is."""
        command = request.command
        assert isinstance(command, SetAutoAnswer | SetDoNotDisturb)
        word = "yes" if isinstance(command, SetAutoAnswer) else "donotdisturb"
        asked = question("autoanswer get")
        if not command.on and self.answering not in ("", word):
            asked.request = request
            yield from self.person(asked)
            return
        words = f"autoanswer {word if command.on else 'no'}"
        ends = pattern("autoanswer (yes|no|donotdisturb)")
        yield from self.person(Ask(words, ends, request, soft=SOFT, then=(asked,)))

    def _hang_up(self, request: Request, until: float) -> Actions:
        command = request.command
        assert isinstance(command, HangUp | Reject)
        self.take_back(command)
        rings = ringing(self.calls)
        keys = [command.call] if command.call else rings if isinstance(command, Reject) else []
        if isinstance(command, Reject) and not set(keys) <= set(rings):
            raise ValueError("no such call rings")
        if isinstance(command, Reject) and not keys:  # news of it may be on its way
            self.turning_away = request
            yield Later(UNHEARD, "unheard")
            return
        if not set(keys) <= self.calls.keys():
            raise ValueError(f"there is no call {command.call}")
        self.wishes.made(request, self.calls, until, self.now, self.lines_left)
        self.dialled_until = 0.0
        for words in [f"hangup video {key}" for key in keys] or ["hangup all"]:
            yield self.now_or_never(words)
        if not self.calls:
            look = question("callinfo all")
            look.always = True
            self.polls.appendleft(look)
        yield Later(DOUBT, "doubt")
        yield from self.pump()

    def end_now(self, key: str) -> Actions:
        yield self.now_or_never(f"hangup video {key}")
        yield Later(DOUBT, "doubt")

    def calls_changed(self) -> Actions:
        """As in `Hearing`; and what was to be turned away has rung."""
        yield from super().calls_changed()
        if self.turning_away is not None and ringing(self.calls):
            request, self.turning_away = self.turning_away, None
            yield from self._hang_up(request, self.now + self.patience(request.command))

    # ---- exchanges that have ended ---------------------------------------------------------------------------

    def over(self, ask: Ask, line: str, error: str) -> Actions:
        """What an exchange's end means for the one who asked."""
        if "already active" in error:
            error = ""
        if line.lower().endswith(" failed"):
            error = line
        if ask.kind == "tone":
            yield from self.play()
        elif ask.kind in ("search", "bookings", "meeting"):
            yield from self._rows_over(ask, error)
        elif ask.request is not None and error:
            yield self.wishes.refused(ask.request, error, self.calls)
        elif ask.request is not None:
            yield Taken(ask.request)
            yield from self._taken(ask.request.command)
        elif error:
            self.known.discard(ask.words)
            if self.ready:
                yield from self._offer()
        elif ask.words in ANSWERS:
            self.known.add(ask.words)
        if ask.first:
            self.unanswered.discard(ask.words)
            if not self.unanswered and not self.ready:
                yield from self._usable()

    def _taken(self, command: Command) -> Actions:
        if isinstance(command, Dial):
            self.dialled_until = self.now + DIALLED
            yield Later(DIALLED, "hush")
            yield Later(DOUBT, "doubt")
        elif isinstance(command, SetPower):
            yield Later(WOKEN, "woken" if command.on else "asleep")

    def _rows_over(self, ask: Ask, error: str) -> Actions:
        request = ask.request
        assert request is not None
        if error and ask.kind != "meeting":
            yield Refused(request, error)
            return
        if ask.kind == "search":
            yield More(request) if self.rows >= self.settings.page else Done(request)
            return
        if ask.kind == "meeting" and self.meetings:
            yield Item(request, self.meetings.pop(0))
        if self.meetings:
            self.people.appendleft(cli_words.meeting(self.meetings[0]["id"], request))
        else:
            yield Done(request)

    def due(self, name: str) -> Actions:
        """Time to begin, to look for ourselves, or to settle what no news can show."""
        match name:
            case "knock":
                yield from self._begin()
            case "verify":
                if not self.setting_up():
                    self._look()
                yield Later(self.settings.verify, "verify")
            case "unheard" if self.turning_away is not None:
                yield Refused(self.turning_away, "no call rings")
                self.turning_away = None
            case "doubt" if self.wishes:
                self.poll(question("callinfo all"))
            case "woken" | "asleep":  # no news: it was so before, or news is lost; only what it told itself is certain
                power = "on" if name == "woken" else "standby"
                yield Feedback("", assumed=self.power != power, power=power)
        yield from super().due(name)

    def shows(self, command: Command, points: Mapping[str, Any]) -> bool:
        """The codec's scale is coarser than ours."""
        if isinstance(command, SetVolume):
            return points.get("volume") == percent(step(command.level, TOP), TOP)
        return super().shows(command, points)
