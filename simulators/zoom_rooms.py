"""The simulated Zoom Room: its meeting, its command line in JSON mode, and the people around it.

Bad days: `far_end` (what becomes of a join), a controller that takes the session (`controller_logs_in`, and again
before the room is back: `pipe_seconds`), `passcode` (a meeting that wants one), `json_indent` (objects on one line or
many), `unlit` (mutes cannot be asked for outside of a meeting), `pipe_as` (the pipe's events as lines or as JSON),
`telephone` (off: the room is not set up for it) and `phone_list` (off: an older room that cannot list its calls).
What may not live here: the SSH server. Sources: Zoom Rooms Control System API 1.1 (overview, zCommands, zEvents) and
its reference; devforum.zoom.us/t/3244; fields of events: PepperDash Essentials, ICD Connect Conferencing. In no source,
so ours: the pipe's events in JSON mode, the keys of acknowledgements, the words of errors, the list of telephone calls.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from simulators._ssh import Door
from simulators._zoom_phone import Telephone
from simulators._zoom_ssh import Terminal, door
from simulators.device import Simulator, SimulatorError, Where, hand

WORDS = re.compile(r"(\w+):\s*(\S+)")
HOST = {"user_id": 16778240, "user_name": "Meeting room", "is_host": True}


def _bookings() -> list[dict[str, Any]]:
    return [
        {
            "meetingName": "Evening Mtg",
            "meetingNumber": "186736193",
            "startTime": "2019-02-10T20:00:00-08:00",
            "endTime": "2019-02-10T20:30:00-08:00",
            "creatorEmail": "creator@example.com",
            "creatorName": "",
            "isPrivate": False,
            "calendarID": "7gd5p1e9agfceron8gfidehkfq",
        }
    ]


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
    bookings: list[dict[str, Any]] = field(default_factory=_bookings)
    pipe: Literal["ours", "lost", "coming back"] = "ours"
    obeyed: int = 0  # lines from the client
    not_done: int = 0  # commands that only fetched the room back

    telephone_set: Telephone = field(init=False, repr=False)
    terminal: Terminal | None = field(default=None, init=False, repr=False)
    _ssh: Door = field(init=False, repr=False)
    PLUMBING: ClassVar[frozenset[str]] = Simulator.PLUMBING | {"terminal", "telephone_set"}

    def __post_init__(self) -> None:
        self.telephone_set = Telephone(self)
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
        self.after(self.life_time, lambda: self._treat(number, accepted=False))

    @hand
    def caller_gives_up(self) -> None:
        """Nobody wants us any more."""
        for jid in list(self.ringing):
            self._treat(jid, accepted=False)

    @hand
    def far_end_answers(self) -> None:
        """The meeting lets us in."""
        if self.status == "CONNECTING_MEETING":
            self._in()

    @hand
    def far_end_hangs_up(self) -> None:
        """The host ends the meeting."""
        self._out()

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
        self._connect(number)

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
        self._share(on)

    @hand
    def controller_logs_in(self) -> None:
        """A Zoom Rooms controller takes the room over."""
        self.pipe = "lost"
        self._pipe("OtherControllerLogin")

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

    def _connect(self, number: str) -> None:
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

    def _out(self) -> None:
        if self.status != "NOT_IN_MEETING":
            self.participants.clear()
            self.number = ""
            self.event("CallDisconnect", {"success": "on"})
            self._status("NOT_IN_MEETING")

    def _treat(self, jid: str, *, accepted: bool) -> None:
        name = self.ringing.pop(jid, None)
        if name is None:
            return
        self.event("TreatedIncomingCallIndication", {"callerJID": jid, "callerName": name, "accepted": accepted})
        if accepted:
            self._out()
            self.number = "93412345678"
            self._status("CONNECTING_MEETING")
            self.after(self.answer_seconds / 3, self.far_end_answers)

    def _share(self, on: bool) -> None:
        self.hdmi = on
        self.event("Sharing", self._sharing(), kind="zStatus")
        if self.status == "IN_MEETING":
            self.event("SharingState", {"paused": False, "state": "Sending" if on else "None"})

    def _sharing(self) -> dict[str, Any]:
        told = {"isBlackMagicConnected": True, "isSharingBlackMagic": self.hdmi}
        return {**told, "dispState": "None", "password": "4711"}

    # The command line.

    def event(self, key: str, told: Any, kind: str = "zEvent") -> None:
        """Tell what happened, where anybody listens."""
        if self.pipe == "ours":
            self._say(kind, key, told, sync=False)

    def _pipe(self, word: str) -> None:
        if self.terminal is None or self.faults.silent:
            return
        if self.pipe_as == "json":
            self._say("zEvent", f"Pipe {word}", {}, sync=False)
        else:
            self.terminal.say(f"*e Pipe {word}\n** end")

    def _say(self, kind: str, key: str, told: Any, *, sync: bool, error: str = "") -> None:
        if self.terminal is None or not self.terminal.json:
            return
        state = {"message": error, "state": "Error" if error else "OK"}
        whole = {key: told, "Status": state, "Sync": sync, "topKey": key, "type": kind}
        self.terminal.say(json.dumps(whole, indent=self.json_indent or None))

    def obey(self, terminal: Terminal, line: str) -> None:
        """One line from the client."""
        self.obeyed += 1
        words = " ".join(line.lower().split())
        if words in ("echo off", "echo on"):
            terminal.echo = words == "echo on"
        elif words in ("format json", "format cli"):
            terminal.json = words == "format json"
        elif self.pipe != "ours":
            self.not_done += 1
            self._pipe("Reconnecting")
            if self.pipe == "lost":
                self.pipe = "coming back"
                self.after(self.pipe_seconds, self._back)
        else:
            self._carry_out(terminal, line, words)

    def _back(self) -> None:
        self.pipe = "ours"

    def _carry_out(self, terminal: Terminal, line: str, words: str) -> None:
        given = {name.lower(): value for name, value in WORDS.findall(line)}
        plain = words.split(":", maxsplit=1)[0]
        if words.startswith("zstatus"):
            self._tell_status(terminal, words)
        elif words.startswith("zconfiguration"):
            self._configure(terminal, plain, given)
        elif words.startswith("zcommand dial join"):
            self._join(given.get("meetingnumber", ""), given.get("password", ""))
        elif words.startswith(("zcommand call accept", "zcommand call reject")):
            self._answer(given.get("callerjid", ""), accepted="accept" in plain)
        elif words in ("zcommand call disconnect", "zcommand call leave"):
            self.done("CallDisconnectResult", error="" if self.status != "NOT_IN_MEETING" else "not in a meeting")
            self._out()
        elif words in ("zcommand call sharing hdmi start", "zcommand call sharing hdmi stop"):
            self.done("CallSharingHDMIResult")
            self._share(words.endswith("start"))
        elif words == "zcommand call listparticipants":
            outside = self.status != "IN_MEETING"
            self.done("ListParticipantsResult", list(self.participants), "not in a meeting" if outside else "")
        elif words.startswith("zcommand dial phonecallout"):
            self.telephone_set.call(given.get("number", ""))
        elif words.startswith("zcommand dial phonehangup"):
            known = given.get("callid", "") in self.phones
            self.done("DialPhoneHangUpResult", error="" if known else "no such call")
            self.telephone_set.end(given.get("callid", ""), "ByLocal")
        elif words.startswith("zcommand sendsipdtmf"):
            known = given.get("callid", "") in self.phones
            self.tones += given.get("key", "") if known else ""
            self.done("SendSipDTMFResult", error="" if known else "no such call")
        elif words == "zcommand phonecall list" and self.phone_list:
            self.done("PhoneCallListResult", list(self.phones.values()))
        elif words == "zcommand bookings list":
            self.done("BookingsListResult", self.bookings)
        elif words.startswith("zcommand phonebook list"):
            self._phonebook(*(int(given[key]) if given.get(key, "").isdigit() else 0 for key in ("offset", "limit")))
        else:
            terminal.say("Unsupported Command")

    def done(self, key: str, told: Any = None, error: str = "") -> None:
        """Answer a zCommand."""
        self._say("zCommand", key, {} if told is None else told, sync=True, error=error)

    def _tell_status(self, terminal: Terminal, words: str) -> None:
        if words == "zstatus call status":
            self._say("zStatus", "Call", {"Status": self.status}, sync=True)
        elif words == "zstatus sharing":
            self._say("zStatus", "Sharing", self._sharing(), sync=True)
        elif words == "zstatus systemunit":
            told = {"room_info": {"room_name": self.room_name}, "room_version": self.room_version}
            self._say("zStatus", "SystemUnit", told, sync=True)
        else:
            terminal.say("Unsupported Command")

    def _configure(self, terminal: Terminal, plain: str, given: dict[str, str]) -> None:
        if plain.startswith("zconfiguration audio output volume"):
            if given.get("volume", "").isdigit():
                self.touch_volume(int(given["volume"]))
            self._say("zConfiguration", "Audio", {"Output": {"volume": self.volume}}, sync=True)
            return
        where = {"zconfiguration call microphone mute": "Microphone", "zconfiguration call camera mute": "Camera"}
        what = where.get(plain)
        if what is None:
            terminal.say("Unsupported Command")
            return
        if self.unlit and self.status != "IN_MEETING":
            self._say("zConfiguration", "Call", {}, sync=True, error="not in a meeting")
            return
        if "mute" in given:
            (self.touch_mic_mute if what == "Microphone" else self.touch_video_mute)(given["mute"] == "on")
        held = self.mic_muted if what == "Microphone" else self.camera_muted
        self._say("zConfiguration", "Call", {what: {"Mute": held}}, sync=True)

    def _join(self, number: str, passcode: str) -> None:
        self.done("DialJoinResult")
        if self.passcode and passcode != self.passcode:
            self.event("MeetingNeedsPassword", {"needsPassword": True, "wrongAndRetry": bool(passcode)})
        else:
            self._connect(number)

    def _answer(self, jid: str, *, accepted: bool) -> None:
        known = jid in self.ringing
        self.done("CallAcceptResult" if accepted else "CallRejectResult", error="" if known else "no such caller")
        self._treat(jid, accepted=accepted)

    def _phonebook(self, offset: int, limit: int) -> None:
        numbers = range(offset, min(offset + limit, self.directory_size))
        rows = [
            {
                "jid": f"c{n}@xmpp.zoom.us",
                "screenName": f"Person {n:05}",
                "email": f"p{n}@example.com",
                "phoneNumber": "",
            }
            for n in numbers
        ]
        self.done("PhonebookListResult", {"Contacts": rows, "Limit": limit, "Offset": offset})
