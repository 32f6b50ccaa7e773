"""The simulated codec: its memory, its resources and its hands.

The bad days are settings: `version` (XSRF from 4.6.2, null and 404 from 4.0) and `xsrf`, `stale_status`,
`max_sessions`, `session_seconds`, `lock_up_seconds`, `far_end`, `lists_ringing`, `content_word` (bare or quoted),
`lean` (fields left out wherever they may be), `session_path`; and hands: `expire_sessions`, `others_log_in`, `reboot`.
What may not live here: calls, sessions, pages and resources (their own files).

Sources: Poly VideoOS REST API guide 3.1, recorded exchanges of a Studio X30 with 3.12.0, the AVI-SPL driver. In no
source, so ours: the word for a unit that is awake, the words of a share, and that `activate` on a source of content
starts it and `deactivate` ends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from simulators.device import SimulatorError, Where, hand
from simulators.poly_videoos.calls import ENDING, Connection, Exchange
from simulators.poly_videoos.pages import Directory
from simulators.poly_videoos.resources import NoSuchError, Resources
from simulators.poly_videoos.sessions import LOG_IN, Sessions
from simulators.poly_videoos.web import Asked, WebSimulator

EPOCH = 1_700_000_000  # seconds since 1970 when the codec's clock began


@dataclass(kw_only=True, eq=False)
class PolyVideoos(WebSimulator):
    """A codec with two cameras, two sources of content, a directory and a calendar."""

    name: ClassVar[str] = "poly_videoos"
    title: ClassVar[str] = "Poly VideoOS codec (REST)"
    links: ClassVar[Mapping[str, int]] = {"http": 80}

    username: str = "admin"
    password: str = ""
    version: str = "4.6.2"
    xsrf: Literal["by version", "on", "off"] = "by version"
    session_path: Literal["session", "current", "both"] = "both"
    stale_status: int = 403
    max_sessions: int = 8
    session_seconds: float = 600.0  # idle time-out
    lock_up_seconds: float = 0.0  # a session held longer locks the unit up until it is rebooted; 0: never
    lists_ringing: bool = False  # a call that rings is in the conference before it is answered
    content_word: Literal["bare", "quoted"] = "quoted"
    lean: bool = False
    model: str = "StudioX30"
    serial_number: str = "8G1234567890CV"
    system_name: str = "Meeting room"
    directory_size: int = 120
    meeting_count: int = 5
    far_end: Literal["answers", "busy", "rejects", "no answer"] = "answers"

    show_seconds: float = 0.3  # until a dialled call's address tells of it
    dial_seconds: float = 1.0
    answer_seconds: float = 3.0
    no_answer_seconds: float = 30.0
    connect_seconds: float = 0.5
    disconnect_seconds: float = 0.5

    state: Literal["AWAKE", "ASLEEP"] = "AWAKE"
    volume: int = 39
    muted: bool = False
    video_muted: bool = False
    content: str = "CONTENT_IDLE"
    camera: int = 1
    content_source: int = 3
    moving: str = ""
    preset: int = -1
    presets: list[int] = field(default_factory=list)
    tones: str = ""
    calls: list[Connection] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    conference: int = 0
    last_connection: int = 2
    open_sessions: int = 0
    most_sessions: int = 0
    log_ins: int = 0
    failed_log_ins: int = 0
    requests: int = 0
    locked_up: bool = False

    _sessions: Sessions = field(init=False, repr=False)
    _exchange: Exchange = field(init=False, repr=False)
    _resources: Resources = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._sessions, self._exchange = Sessions(self), Exchange(self)
        self._resources = Resources(self, self._exchange, Directory(self.directory_size))
        self.release()

    async def listen(self, where: Where) -> str:
        self._exchange.reset()
        return await super().listen(where)

    def restart(self) -> None:
        """Sessions, calls and mutes are forgotten; the volume is kept."""
        self._sessions.clear()
        self._exchange.reset()
        self._resources.directory.queries.clear()
        self.reset("state", "muted", "video_muted", "content", "moving", "calls", "locked_up")

    def epoch(self) -> int:
        """The codec's time in ms since 1970."""
        return EPOCH * 1000 + int(self.clock() * 1000)

    def release(self) -> tuple[int, ...]:
        """The firmware's version in numbers."""
        try:
            return tuple(int(part) for part in self.version.split("."))
        except ValueError:
            raise SimulatorError(f"version is {self.version!r}, expected numbers such as 4.6.2") from None

    @property
    def checks_xsrf(self) -> bool:
        return self.xsrf == "on" or (self.xsrf == "by version" and self.release() >= (4, 6, 2))

    # The hands in the room.

    @hand
    def incoming_call(self, number: str = "alice@example.com", name: str = "Alice") -> None:
        """Somebody calls this room."""
        self._exchange.ring(number, name)

    @hand
    def caller_gives_up(self) -> None:
        """The incoming call is abandoned."""
        for call in self._some(lambda call: call.rings):
            self._exchange.end(call, "abandoned")

    @hand
    def far_end_answers(self) -> None:
        """The outgoing call is answered."""
        for call in self._some(lambda call: call.direction == "out" and call.state in ("DIALING", "RINGING")):
            call.shown = True
            self._exchange.accept(call)

    @hand
    def far_end_hangs_up(self) -> None:
        """The far end ends the call."""
        for call in self._some(lambda call: call.state not in ENDING):
            self._exchange.end(call, "far end")

    @hand
    def touch_answer(self) -> None:
        """Somebody answers at the panel."""
        for call in self._some(lambda call: call.rings):
            self._exchange.accept(call)

    @hand
    def touch_hang_up(self) -> None:
        """Somebody ends all calls at the panel."""
        for call in self._some(lambda call: call.state not in ENDING):
            self._exchange.end(call, "hung up")

    @hand
    def touch_volume(self, level: int = 50) -> None:
        """Somebody moves the volume."""
        if not 0 <= level <= 100:
            raise SimulatorError(f"level is {level}, expected 0 to 100")
        self.volume = level

    @hand
    def touch_mic_mute(self, on: bool = True) -> None:
        """Somebody presses the microphone key."""
        self.muted = on

    @hand
    def touch_video_mute(self, on: bool = True) -> None:
        """Somebody closes the camera."""
        self.video_muted = on

    @hand
    def sleep_now(self) -> None:
        """The codec goes to sleep."""
        self.state = "ASLEEP"

    @hand
    def wake_up(self) -> None:
        """Somebody touches the panel."""
        self.state = "AWAKE"

    @hand
    def expire_sessions(self) -> None:
        """Every session goes stale, and nobody is told."""
        self._sessions.clear()

    @hand
    def others_log_in(self, count: int = 1) -> None:
        """Other clients log in and stay."""
        for _ in range(count):
            self._sessions.add()

    def _some(self, fits: Any) -> list[Connection]:
        found = [call for call in self.calls if fits(call)]
        if not found:
            raise SimulatorError("there is no such call")
        return found

    # Its resources.

    def asked(self, asked: Asked) -> None:
        self.requests += 1
        if self.locked_up:
            self.reply(asked, 500)
        elif asked.path in LOG_IN:
            self._sessions.handle(asked)
        elif not self._sessions.admits(asked):
            self.reply(asked, self.stale_status)
        elif not asked.valid:
            self.reply(asked, 400, {"success": False, "reason": "the body is no JSON"})
        else:
            try:
                self.reply(asked, 200, self._resources.answer(asked))
            except NoSuchError as no:
                self.reply(asked, no.status)
