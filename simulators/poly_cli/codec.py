"""The codec's memory, its log-in, its line ends and echo, and which session hears of what.

What a command does may not live here (`words.py`). Sources: Integrator's Reference Manuals for Polycom HDX Systems and
RealPresence Group Series; line ends, log-in texts and spellings after drivers of AVI-SPL and others.
Not documented, so settings: `linestatus`, `callinfo_rings`, which lines come between those of a reply.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from simulators._polycom_calls import Call, Switchboard
from simulators.device import Session, Where, hand
from simulators.poly_cli import words

NEGOTIATION = re.compile(rb"\xff[\xfb-\xfe].")  # a Telnet client's answers to what `opened` says
MODELS = {"videoos": "StudioX50", "group": "RealPresence Group 500", "hdx": "HDX 8000 HD"}


@dataclass(kw_only=True, eq=False)
class PolyCli(Switchboard):
    """The codec."""

    name: ClassVar[str] = "poly_cli"
    title: ClassVar[str] = "Poly / Polycom codec (command line)"
    links: ClassVar[Mapping[str, int]] = {"telnet": 24, "ssh": 22, "tcp": 24, "serial": 0}

    model: Literal["videoos", "group", "hdx"] = "group"
    username: str = "admin"
    password: str = ""
    asks_user: bool = True  # False: an old unit, which asks for a password only
    echo: Literal["auto", "on", "off"] = "auto"  # auto: not on the serial line, but always on an HDX
    linestatus: Literal["document", "videoos"] = "document"
    names_missing: bool = False  # callinfo leaves the far end's name out
    callinfo_rings: bool = False  # callinfo lists a call before it is up
    interrupts: bool = False  # a notification between the lines of a reply
    system_name: str = "Boardroom"
    serial_number: str = "8213490FE29BCV"
    software: str = "6.2.2-580400"
    video_muted: bool = False
    auto_answer: Literal["yes", "no", "donotdisturb"] = "no"
    self_view: str = "Off"
    content: str = ""  # the source that is shown, "" = none
    far_content: bool = False
    camera: int = 1
    camera_moves: list[str] = field(default_factory=list)
    presets: list[int] = field(default_factory=list)
    recalled: int = -1
    calendar: bool = True
    meetings: list[list[str]] = field(
        default_factory=lambda: [["AAMk1", "2026-01-05:08:30", "2026-01-05:09:15", "Sales | weekly", "1234", "sip"]]
    )
    directory: int = 120  # how many people are in it
    woken_by: list[str] = field(default_factory=list)  # queries that woke it

    registrations: dict[str, list[str]] = field(default_factory=dict)  # port -> what it registered for, in flash
    shells: list[Any] = field(default_factory=list, init=False, repr=False)
    fingerprint: str = field(default="", init=False)
    _scheme: str = field(default="telnet", init=False, repr=False)
    _ssh: Any = field(default=None, init=False, repr=False)  # its door, once it was opened

    PLUMBING: ClassVar[frozenset[str]] = Switchboard.PLUMBING | {"shells"}

    # Doors and log-in.

    async def listen(self, where: Where) -> str:
        self._scheme = where.scheme
        if where.scheme == "ssh":
            from simulators.poly_cli.over_ssh import door

            self._ssh = self._ssh or door(self)
            self.fingerprint = self._ssh.fingerprint
            address: str = await self._ssh.serve(self, where)
            return address
        return await super().listen(where)

    @property
    def everybody(self) -> list[Any]:
        """Every open session, over SSH too."""
        return [*self.sessions, *self.shells]

    def opened(self, session: Session) -> None:
        if self._scheme == "telnet":
            session.send(b"\xff\xfb\x01\xff\xfb\x03")  # WILL ECHO, WILL SUPPRESS GO AHEAD
        if self._scheme != "serial":
            self.ask(session)

    def ask(self, session: Any) -> None:
        """Ask who it is, or greet."""
        if not self.password:
            self.welcome(session)
        else:
            session.send(b"\r\nUser: " if self.asks_user else b"\r\nPassword: ")

    def welcome(self, session: Any) -> None:
        """Logged in."""
        session.memory["in"] = True
        self.say(session, *words.whoami(self))

    def received(self, session: Any, data: bytes) -> None:
        if self._scheme == "telnet":
            data = NEGOTIATION.sub(b"", data)
        held = session.memory.get("held", b"") + data
        *lines, session.memory["held"] = held.replace(b"\r\n", b"\r").replace(b"\n", b"\r").split(b"\r")
        for line in lines:
            if session.open and (line or self._asking(session)):
                self._line(session, line.decode("utf-8", "replace").strip())

    def _asking(self, session: Any) -> bool:
        return bool(self.password) and not session.memory.get("in") and "user" in session.memory and self.asks_user

    def _line(self, session: Any, line: str) -> None:
        memory = session.memory
        if self.password and not memory.get("in"):
            self._log_in(session, line)
            return
        self.history.append(line)
        if self.setting_up:
            self.in_set_up.append(line)
        if self._echoes:
            session.send(line.encode() + (b"\n\r" if self.model == "hdx" else b"\r\n"))
        for answer in words.answer(self, session, line):  # each is said before what it announces happens
            self.say(session, answer)

    def _log_in(self, session: Any, line: str) -> None:
        memory = session.memory
        if self._scheme == "serial" and "asked" not in memory:  # the first key wakes the dialogue
            memory["asked"] = True
            self.ask(session)
            return
        if self.asks_user and "user" not in memory:
            memory["user"] = line
            session.send(b"Password: ")
            return
        user = memory.pop("user", self.username)
        right = line == self.password and user == self.username
        if right and not self.faults.refuse_login:
            self.welcome(session)
            return
        memory["tries"] = memory.get("tries", 0) + 1
        self.say(session, "-- login failed, retry --")
        if memory["tries"] < 3:
            self.ask(session)
        else:
            session.close()

    # What is said.

    @property
    def _echoes(self) -> bool:
        if self.echo == "auto":
            return self.model == "hdx" or self._scheme != "serial"
        return self.echo == "on"

    def say(self, session: Any, *lines: str) -> None:
        """Lines, with the line end of this port."""
        end = b"\r\n" if self._scheme == "serial" else b"\r\r\n"
        for line in lines:
            session.send(line.encode() + end)

    def registered(self, session: Any) -> list[str]:
        """What this session hears of. HDX and Group keep it for the port; VideoOS for the session."""
        if self.model == "videoos":
            found: list[str] = session.memory.setdefault("registered", [])
            return found
        return self.registrations.setdefault(self._scheme, [])

    def notify(self, what: str, *lines: str) -> None:
        """Tell every session that registered for it."""
        for session in self.everybody:
            if (session.memory.get("in") or not self.password) and what in self.registered(session):
                self.say(session, *lines)

    def call_changed(self, call: Call) -> None:
        if self.model == "hdx" and call.state == "ringing" and call.direction == "outgoing":
            state = "connecting"  # HDX manual p. 4-164
        else:
            state = call.state
        if state == "opened":
            who, speed = "null 1:", ""
        else:
            who, speed = f"{call.name}:{call.number}", str(call.rate if state == "connected" else 0)
        head = f"notification:callstatus:{call.direction}:{call.id}:{who}:{state}"
        self.notify("callstatus", f"{head}:{speed}:{call.cause}:{call.kind}")
        if state == "ringing" and call.direction == "incoming":
            self.notify("listen video", "listen video ringing")
        if state == "disconnected":
            videoos = f"{call.direction}:{call.number}:{call.id}:0:0:inactive"
            document = f"{call.direction}:{call.id}:0:0:disconnected"
            self.notify(
                "linestatus", f"notification:linestatus:{document if self.linestatus == 'document' else videoos}"
            )
            self.notify("callstate", f"cleared: call[{call.id}]", f"ended: call[{call.id}]")
            if not self.calls:
                self.far_content = False
        elif state == "connected":
            self.notify("callstate", f"active: call[{call.id}] speed[{call.rate}]")

    def state_changed(self, what: str) -> None:
        match what:
            case "volume":
                self.notify("volume", f"volume {self.volume}")
            case "mute":
                self.notify("mute", f"mute near {'on' if self.mic_muted else 'off'}")
                muted = "muted" if self.mic_muted else "notmuted"
                self.notify("mutestatus", f"notification:mutestatus:near:near:near:near:{muted}")
            case "sleep":
                self.notify("sleep", "listen going to sleep" if self.asleep else "listen waking up")

    def wants(self) -> Literal["rings", "answers", "refuses"]:
        if self.auto_answer == "donotdisturb":
            return "refuses"
        return "answers" if self.auto_answer == "yes" else "rings"

    def show_content(self, source: str) -> None:
        """Content on or off, from the codec itself or from here."""
        self.content = source
        self.notify("vcbutton", f"Control event: vcbutton {'play' if source else 'stop'}")

    def select_camera(self, number: int) -> None:
        self.camera = number
        self.notify("vidsourcechanges", f"notification:vidsourcechange:near:{number}:Main:people")

    def restart(self) -> None:
        super().restart()
        self.reset("video_muted", "content", "far_content", "camera")

    # Hands.

    @hand
    def touch_content(self, source: str = "2") -> None:
        """Somebody starts content at the codec ("" stops it)."""
        self.show_content(source)

    @hand
    def touch_camera(self, number: int = 2) -> None:
        """Somebody chooses another camera."""
        self.select_camera(number)

    @hand
    def far_end_shares(self, on: bool = True) -> None:
        """The far end starts or stops showing its content."""
        self.far_content = on
        self.notify("vcbutton", f"Control event: vcbutton {'farplay' if on else 'farstop'}")

    @hand
    def forget_registrations(self) -> None:
        """Feedback stops silently (seen in the field): nobody is told of anything any more."""
        self.registrations.clear()
        for session in self.everybody:
            session.memory.pop("registered", None)
