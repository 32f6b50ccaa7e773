"""The command line of the simulated Zoom Room: its words, its JSON, and the pipe that a controller takes.

What may not live here: what the words do to the room (`zoom_rooms.py`, `_zoom_phone.py`), and the SSH server. Sources:
as of `zoom_rooms.py`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from simulators._zoom_book import contacts

if TYPE_CHECKING:
    from simulators._zoom_ssh import Terminal
    from simulators.zoom_rooms import ZoomRooms

WORDS = re.compile(r"(\w+):\s*(\S+)")


class CommandLine:
    """What the room makes of lines, and how it says things."""

    def __init__(self, room: ZoomRooms) -> None:
        self.room = room

    def tell_pipe(self, word: str) -> None:
        """The pipe's own events: what a controller did to the session."""
        if self.room.terminal is None or self.room.faults.silent:
            return
        if self.room.pipe_as == "json":
            self.say("zEvent", f"Pipe {word}", {}, sync=False)
        else:
            self.room.terminal.say(f"*e Pipe {word}\n** end")

    def say(self, kind: str, key: str, told: Any, *, sync: bool, error: str = "") -> None:
        """One JSON object; `sync` is an answer to what was asked, everything else comes by itself."""
        if self.room.terminal is None or not self.room.terminal.json:
            return
        if sync and self.room.chatter:
            self.say("zConfiguration", "Audio", {"Output": {"volume": self.room.volume}}, sync=False)
        state = {"message": error, "state": "Error" if error else "OK"}
        whole = {key: told, "Status": state, "Sync": sync, "topKey": key, "type": kind}
        self.room.terminal.say(json.dumps(whole, indent=self.room.json_indent or None))

    def obey(self, terminal: Terminal, line: str) -> None:
        """One line from the client."""
        self.room.obeyed += 1
        words = " ".join(line.lower().split())
        if words in ("echo off", "echo on"):
            terminal.echo = words == "echo on"
        elif words in ("format json", "format cli"):
            terminal.json = words == "format json"
        elif self.room.pipe != "ours":
            self.room.not_done += 1
            self.tell_pipe("Reconnecting")
            if self.room.pipe == "lost":
                self.room.pipe = "coming back"
                self.room.after(self.room.pipe_seconds, self._back)
        else:
            self._carry_out(terminal, line, words)

    def _back(self) -> None:
        self.room.pipe = "ours"

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
            self.done("CallDisconnectResult", error="" if self.room.status != "NOT_IN_MEETING" else "not in a meeting")
            self.room.out()
        elif words in ("zcommand call sharing hdmi start", "zcommand call sharing hdmi stop"):
            self.done("CallSharingHDMIResult")
            self.room.share(words.endswith("start"))
        elif words == "zcommand call listparticipants":
            outside = self.room.status != "IN_MEETING"
            self.done("ListParticipantsResult", list(self.room.participants), "not in a meeting" if outside else "")
        elif words.startswith("zcommand dial phonecallout"):
            self.room.telephone_set.call(given.get("number", ""))
        elif words.startswith("zcommand dial phonehangup"):
            known = given.get("callid", "") in self.room.phones
            self.done("DialPhoneHangUpResult", error="" if known else "no such call")
            self.room.telephone_set.end(given.get("callid", ""), "ByLocal")
        elif words.startswith("zcommand sendsipdtmf"):
            known = given.get("callid", "") in self.room.phones
            self.room.tones += given.get("key", "") if known else ""
            self.done("SendSipDTMFResult", error="" if known else "no such call")
        elif words == "zcommand phonecall list" and self.room.phone_list:
            self.done("PhoneCallListResult", list(self.room.phones.values()))
        elif words == "zcommand bookings list":
            self.done("BookingsListResult", self.room.bookings)
        elif words.startswith("zcommand phonebook list"):
            self._phonebook(*(int(given[key]) if given.get(key, "").isdigit() else 0 for key in ("offset", "limit")))
        else:
            terminal.say("Unsupported Command")

    def done(self, key: str, told: Any = None, error: str = "") -> None:
        """Answer a zCommand."""
        self.say("zCommand", key, {} if told is None else told, sync=True, error=error)

    def _tell_status(self, terminal: Terminal, words: str) -> None:
        if words == "zstatus call status":
            self.say("zStatus", "Call", {"Status": self.room.status}, sync=True)
        elif words == "zstatus sharing":
            self.say("zStatus", "Sharing", self.room.shared(), sync=True)
        elif words == "zstatus systemunit":
            told = {"room_info": {"room_name": self.room.room_name}, "room_version": self.room.room_version}
            self.say("zStatus", "SystemUnit", told, sync=True)
        else:
            terminal.say("Unsupported Command")

    def _configure(self, terminal: Terminal, plain: str, given: dict[str, str]) -> None:
        if plain.startswith("zconfiguration audio output volume"):
            if given.get("volume", "").isdigit():
                self.room.touch_volume(int(given["volume"]))
            self.say("zConfiguration", "Audio", {"Output": {"volume": self.room.volume}}, sync=True)
            return
        where = {"zconfiguration call microphone mute": "Microphone", "zconfiguration call camera mute": "Camera"}
        what = where.get(plain)
        if what is None:
            terminal.say("Unsupported Command")
            return
        if self.room.unlit and self.room.status != "IN_MEETING":
            self.say("zConfiguration", "Call", {}, sync=True, error="not in a meeting")
            return
        if "mute" in given:
            (self.room.touch_mic_mute if what == "Microphone" else self.room.touch_video_mute)(given["mute"] == "on")
        held = self.room.mic_muted if what == "Microphone" else self.room.camera_muted
        self.say("zConfiguration", "Call", {what: {"Mute": held}}, sync=True)

    def _join(self, number: str, passcode: str) -> None:
        self.done("DialJoinResult")
        if self.room.passcode and passcode != self.room.passcode:
            self.room.event("MeetingNeedsPassword", {"needsPassword": True, "wrongAndRetry": bool(passcode)})
        else:
            self.room.connect(number)

    def _answer(self, jid: str, *, accepted: bool) -> None:
        known = jid in self.room.ringing
        self.done("CallAcceptResult" if accepted else "CallRejectResult", error="" if known else "no such caller")
        self.room.treat(jid, accepted=accepted)

    def _phonebook(self, offset: int, limit: int) -> None:
        rows = contacts(range(offset, min(offset + limit, self.room.directory_size)))
        self.done("PhonebookListResult", {"Contacts": rows, "Limit": limit, "Offset": offset})
