"""The simulated Zoom Room: its meeting, its command line in JSON mode, and the people around it.

Bad days: `far_end` (what becomes of a join), a controller that takes the session (`controller_logs_in`, and again
before the room is back: `pipe_seconds`), `passcode` (a meeting that wants one), `json_indent` (objects on one line or
many), `unlit` (mutes cannot be asked for outside of a meeting), `pipe_as` (the pipe's events as lines or as JSON),
`telephone` (off: the room is not set up for it), `phone_list` (off: an older room that cannot list its calls),
`phone_events` and `events` (off: nothing is told of telephone calls, or of anything, that was not asked for) and
`chatter` (an event stands between every question and its answer).
What may not live here: the SSH server, the command line (`_zoom_commands.py`) and the telephone (`_zoom_phone.py`).
Sources: Zoom Rooms Control System API 1.1 (overview, zCommands, zEvents) and its reference; devforum.zoom.us/t/3244;
fields of events: PepperDash Essentials, ICD Connect Conferencing. In no source, so ours: the pipe's events in JSON
mode, the keys of acknowledgements, the words of errors, the list of telephone calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from simulators._ssh import Door
from simulators._zoom_book import bookings
from simulators._zoom_commands import CommandLine
from simulators._zoom_phone import Telephone
from simulators._zoom_ssh import Terminal, door
from simulators.device import Simulator, SimulatorError, Where, hand

HOST = {"user_id": 16778240, "user_name": "Meeting room", "is_host": True}


@dataclass(kw_only=True, eq=False)
class ZoomRooms(Simulator):
    """One Zoom Room; the far end is the meeting service."""

    name: ClassVar[str] = "zoom_rooms"
    title: ClassVar[str] = "Zoom Rooms (control system API over SSH)"
    links: ClassVar[Mapping[str, int]] = {"ssh": 2244}

    username: str = "zoom"
    password: str = ""
    passcode: str = ""  # of every meeting; empty: none is asked for
    far_end: Literal["answers", "busy", "rejects", "no answer"] = "answers"  # busy: like rejects, Zoom has no such word
    answer_seconds: float = 3.0
    no_answer_seconds: float = 30.0
    pipe_seconds: float = 0.5  # until the room is back from a controller
    pipe_as: Literal["line", "json"] = "line"
    json_indent: int = 2
    unlit: bool = False
    telephone: bool = True
    phone_list: bool = True
    phone_events: bool = True
    events: bool = True  # may be switched while it runs
    chatter: bool = False
    life_time: int = 60
    directory_size: int = 250
    room_name: str = "Meeting room"
    room_version: str = "6.1.0"

    status: str = "NOT_IN_MEETING"
    number: str = ""
    mic_muted: bool = False
    camera_muted: bool = False
    volume: int = 50
    hdmi: bool = False
    asleep: bool = False
    ringing: dict[str, str] = field(default_factory=dict)  # JID -> name
    participants: list[dict[str, Any]] = field(default_factory=list)
    phones: dict[str, dict[str, Any]] = field(default_factory=dict)  # CallId -> the fields of its last event
    tones: str = ""  # that went into telephone calls
    bookings: list[dict[str, Any]] = field(default_factory=bookings)
    pipe: Literal["ours", "lost", "coming back"] = "ours"
    obeyed: int = 0  # lines from the client
    not_done: int = 0  # commands that only fetched the room back

    telephone_set: Telephone = field(init=False, repr=False)
    command_line: CommandLine = field(init=False, repr=False)
    terminal: Terminal | None = field(default=None, init=False, repr=False)
    _ssh: Door = field(init=False, repr=False)
    PLUMBING: ClassVar[frozenset[str]] = Simulator.PLUMBING | {"terminal", "telephone_set", "command_line"}

    def __post_init__(self) -> None:
        self.telephone_set = Telephone(self)
        self.command_line = CommandLine(self)
        self._ssh = door(self)

    async def listen(self, where: Where) -> str:
        return await self._ssh.serve(self, where)

    def restart(self) -> None:
        """The meeting is left; the volume is kept."""
        self.reset(
            "status",
            "number",
            "mic_muted",
            "camera_muted",
            "hdmi",
            "ringing",
            "participants",
            "pipe",
            "asleep",
            "phones",
        )

    # The hands in the room and at the far end.

    @hand
    def incoming_call(self, number: str = "alice@example.com", name: str = "Alice") -> None:
        """Somebody on Zoom calls this room."""
        self.ringing[number] = name
        told = {"callerJID": number, "calleeJID": "", "meetingID": "x", "password": "", "callerName": name}
        self.event("IncomingCallIndication", {**told, "lifeTime": self.life_time})
        self.after(self.life_time, lambda: self.treat(number, accepted=False))

    @hand
    def caller_gives_up(self) -> None:
        """Nobody wants us any more."""
        for jid in list(self.ringing):
            self.treat(jid, accepted=False)

    @hand
    def far_end_answers(self) -> None:
        """The meeting lets us in."""
        if self.status == "CONNECTING_MEETING":
            self._in()

    @hand
    def far_end_hangs_up(self) -> None:
        """The host ends the meeting."""
        self.out()

    @hand
    def incoming_phone(self, number: str = "+15557654321") -> None:
        """A telephone calls this room."""
        self.telephone_set.ring(number, incoming=True)

    @hand
    def phone_answers(self) -> None:
        """The telephone that rings is taken up, at the far end or at the room."""
        for call in list(self.phones):
            self.telephone_set.tell(call, "InCall")

    @hand
    def phone_hangs_up(self) -> None:
        """The far telephone is put down."""
        for call in list(self.phones):
            self.telephone_set.end(call, "ByRemote")

    @hand
    def touch_join(self, number: str = "93412345678") -> None:
        """Somebody joins a meeting in the room."""
        self.connect(number)

    @hand
    def somebody_joins(self, name: str = "Bob") -> None:
        """One more in the meeting."""
        one = {"user_id": 16780000 + len(self.participants), "user_name": name, "is_host": False}
        self.participants.append(one)
        self.event("ListParticipantsResult", {**one, "event": "ZRCUserChangedEventJoinedMeeting"}, kind="zCommand")

    @hand
    def touch_volume(self, level: int) -> None:
        """Somebody turns the volume."""
        if not 0 <= level <= 100:
            raise SimulatorError(f"a volume is 0 to 100, not {level}")
        self.volume = level
        self.event("Audio", {"Output": {"volume": level}}, kind="zConfiguration")

    @hand
    def touch_mic_mute(self, on: bool = True) -> None:
        """Somebody mutes the microphones."""
        self.mic_muted = on
        self.event("Call", {"Microphone": {"Mute": on}}, kind="zConfiguration")

    @hand
    def touch_video_mute(self, on: bool = True) -> None:
        """Somebody stops the video."""
        self.camera_muted = on
        self.event("Call", {"Camera": {"Mute": on}}, kind="zConfiguration")

    @hand
    def touch_share(self, on: bool = True) -> None:
        """Somebody starts or stops showing HDMI."""
        self.share(on)

    @hand
    def controller_logs_in(self) -> None:
        """A Zoom Rooms controller takes the room over."""
        self.pipe = "lost"
        self.command_line.tell_pipe("OtherControllerLogin")

    @hand
    def sleep_now(self) -> None:
        """The displays go to sleep; the control system is not told."""
        self.asleep = True

    @hand
    def wake_up(self) -> None:
        """The displays wake."""
        self.asleep = False

    # The meeting.

    def _status(self, word: str) -> None:
        self.status = word
        self.event("Call", {"Status": word}, kind="zStatus")

    def connect(self, number: str) -> None:
        """The room goes into a meeting, or tries to."""
        self.number = number
        self._status("CONNECTING_MEETING")
        if self.far_end == "answers":
            self.after(self.answer_seconds, self.far_end_answers)
        else:
            wait = self.no_answer_seconds if self.far_end == "no answer" else self.answer_seconds
            self.after(wait, self._turned_away)

    def _turned_away(self) -> None:
        if self.status == "CONNECTING_MEETING":
            self.event("CallConnectError", {"error_code": 1, "error_message": "The meeting did not let us in"})
            self._status("NOT_IN_MEETING")

    def _in(self) -> None:
        self._status("IN_MEETING")
        self.participants = [dict(HOST)]
        self.somebody_joins("Bob")

    def out(self) -> None:
        """The meeting is over."""
        if self.status != "NOT_IN_MEETING":
            self.participants.clear()
            self.number = ""
            self.event("CallDisconnect", {"success": "on"})
            self._status("NOT_IN_MEETING")

    def treat(self, jid: str, *, accepted: bool) -> None:
        """Who rings is taken, or rings no more."""
        name = self.ringing.pop(jid, None)
        if name is None:
            return
        self.event("TreatedIncomingCallIndication", {"callerJID": jid, "callerName": name, "accepted": accepted})
        if accepted:
            self.out()
            self.number = "93412345678"
            self._status("CONNECTING_MEETING")
            self.after(self.answer_seconds / 3, self.far_end_answers)

    def share(self, on: bool) -> None:
        """HDMI is shown, or no more."""
        self.hdmi = on
        self.event("Sharing", self.shared(), kind="zStatus")
        if self.status == "IN_MEETING":
            self.event("SharingState", {"paused": False, "state": "Sending" if on else "None"})

    def shared(self) -> dict[str, Any]:
        """The fields of `zStatus Sharing`."""
        told = {"isBlackMagicConnected": True, "isSharingBlackMagic": self.hdmi}
        return {**told, "dispState": "None", "password": "4711"}

    # The command line.

    def obey(self, terminal: Terminal, line: str) -> None:
        """One line from the client."""
        self.command_line.obey(terminal, line)

    def event(self, key: str, told: Any, kind: str = "zEvent") -> None:
        """Tell what happened, where anybody listens."""
        if self.pipe == "ours" and self.events:
            self.command_line.say(kind, key, told, sync=False)
