"""A Yealink VC codec on TCP 6024 or a serial line.

Source: API Commands Introduction for Yealink Video Conferencing System V1.08 (Nov. 2019), after ai4av's index of it.
Not documented there, so assumed or a setting: what a command without `get` answers (`acknowledges`), how long the
states of several calls are apart, what the power key does, what a line of the address book holds before its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from simulators._polycom_calls import REJECTED, Call, Switchboard
from simulators.device import Session, hand

NOT_FOUND = "error: command not found"
ILLEGAL = "error: command has illegal parameters"
DIAL = re.compile(r'dial (?:auto|manual (video|audio|auto) (auto|sip|h323) "(\w+)") "([^"]+)"')


@dataclass(kw_only=True, eq=False)
class YealinkVc(Switchboard):
    """The codec."""

    name: ClassVar[str] = "yealink_vc"
    title: ClassVar[str] = "Yealink VC codec"
    links: ClassVar[Mapping[str, int]] = {"tcp": 6024, "serial": 0}
    top: ClassVar[int] = 10

    volume: int = 5  # 0 to 10
    model: str = "VC500"
    firmware: str = "50.20.251.31"
    echo: bool = False
    acknowledges: bool = True  # repeats a command that it has done
    one_line: bool = False  # all calls in one line of sysstatus
    quiet: bool = False  # feedback has stopped silently
    do_not_disturb: bool = False
    camera_moves: list[str] = field(default_factory=list)
    presets: list[int] = field(default_factory=list)
    recalled: int = -1
    contacts: dict[str, str] = field(default_factory=lambda: {"Tom": "10.2.1.4", "Board Room": "board@example.com"})

    def opened(self, session: Session) -> None:
        session.send(self._version().encode() + b"\r\n")

    def _version(self) -> str:
        known = {"model": self.model, "firmware": self.firmware, "hardware": "50.0.0.0.0.0.0", "productId": "1"}
        return " ".join(["version", *(f'"{key}:{word}"' for key, word in known.items()), '"cc_version:1.0"'])

    def received(self, session: Session, data: bytes) -> None:
        held = session.memory.get("held", b"") + data
        *lines, session.memory["held"] = held.split(b"\r\n")
        for raw in lines:
            line = raw.decode("utf-8", "replace")
            self.history.append(line)
            if self.echo:
                session.send(raw + b"\r\n")
            for answer in self._answer(line):
                session.send(answer.encode() + b"\r\n")

    def _answer(self, line: str) -> Iterator[str]:
        word, _, rest = line.partition(" ")
        match word:
            case "version":
                yield self._version()
            case "sysstatus" if rest == "get":
                yield from self._status()
            case "volume" | "mute" | "donotdisturb":
                yield from self._switch(word, rest, line)
            case "dial" | "answer" | "button" | "gendial":
                yield from self._do_call(word, rest, line)
            case "camera" | "preset":
                yield from self._do_camera(line)
            case "addrbook" if found := re.fullmatch(r'search "([^"]*)"', rest):
                for name, number in self.contacts.items():
                    if found[1].lower() in name.lower():
                        yield f'addrbook local "{name}" "{number}"'
                yield "addrbook all done!"
            case "addrbook" | "sysstatus":
                yield ILLEGAL
            case _:
                yield NOT_FOUND

    def _switch(self, word: str, rest: str, line: str) -> Iterator[str]:
        if word == "volume" and (found := re.fullmatch(r"set (\d{1,2})", rest)) and int(found[1]) <= 10:
            yield from self._done(line)
            self.set_volume(int(found[1]))
        elif line == "volume get":
            yield f"volume get {self.volume}"
        elif line == "mute near get":
            yield self._mute()
        elif word == "mute" and rest in ("near on", "near off", "near toggle"):
            yield from self._done(line)
            self.set_mic_mute({"near on": True, "near off": False}.get(rest, not self.mic_muted))
        elif line == "donotdisturb global get":
            yield self._disturb()
        elif word == "donotdisturb" and rest in ("global on", "global off"):
            yield from self._done(line)
            self.do_not_disturb = rest == "global on"
            self._tell(self._disturb())
        else:
            yield ILLEGAL

    def _do_call(self, word: str, rest: str, line: str) -> Iterator[str]:
        ringing = [call for call in self.calls if call.rings_here]
        talking = [call for call in self.calls if not call.rings_here and call.state != "disconnecting"]
        if word == "dial" and (found := DIAL.fullmatch(line)):
            yield from self._done(line)
            protocol = found[2] if found[2] in ("sip", "h323") else "sip"
            self.dial(found[4], kind="audio" if found[1] == "audio" else "video", protocol=protocol)
        elif word == "answer" and rest in ("yes", "no") and ringing:
            yield from self._done(line)
            if rest == "yes":
                self.connect(ringing[0])
            else:
                self.end(ringing[0], REJECTED)
        elif word == "gendial" and re.fullmatch(r"[0-9*#]", rest):
            for call in talking:
                call.tones += rest
            yield from self._done(line)
        elif line == "button hangup":
            yield from self._done(line)
            if talking:
                self.end(talking[0])
        elif line == "button power":
            yield from self._done(line)
            if self.asleep:
                self.wake()
            else:
                self.sleep()
        else:
            yield ILLEGAL

    def _do_camera(self, line: str) -> Iterator[str]:
        if found := re.fullmatch(r"camera near move (left|right|up|down|zoom\+|zoom-|stop)", line):
            self.camera_moves.append(found[1])
            yield from self._done(line)
        elif found := re.fullmatch(r"preset near (go|set) (\d)", line):
            if found[1] == "set":
                self.presets.append(int(found[2]))
            else:
                self.recalled = int(found[2])
            yield from self._done(line)
        else:
            yield ILLEGAL

    def _done(self, line: str) -> Iterator[str]:
        if self.acknowledges:
            yield line

    # What it tells.

    def _mute(self) -> str:
        return f"mute near get {'on' if self.mic_muted else 'off'}"

    def _disturb(self) -> str:
        return f"donotdisturb global get {'on' if self.do_not_disturb else 'off'}"

    def _status(self) -> list[str]:
        """The states as `sysstatus get` answers them: a line for each call, or all in one."""
        states = [state for call in self.calls if (state := self._of(call))]
        if not states:
            return [f"sysstatus get {'sleeping' if self.asleep else 'idle'}"]
        if self.one_line:
            return [f"sysstatus get {' '.join(states)}"]
        return [f"sysstatus get {state}" for state in states]

    def _of(self, call: Call) -> str:
        who = f'"callid:{call.id}" "calltype:{"audio" if "audio" in call.kind else "video"}"'
        if call.rings_here:
            return f'ringing "dialstr:{call.number}" {who}'
        if call.state == "connected":
            return f'talking "dialstr:{call.number}" {who} "protocol:{call.protocol}" "direction:{call.direction}"'
        if call.state in ("disconnecting", "disconnected") or call.direction == "incoming":
            return ""
        return f'outgoing "diastr:{call.number}" {who}'

    def _tell(self, *lines: str) -> None:
        if not self.quiet:
            for line in lines:
                self.broadcast(line.encode() + b"\r\n")

    def call_changed(self, call: Call) -> None:
        if call.state == "disconnected":
            self._tell(f'sysstatus get finished "dialstr:{call.number}" "callid:{call.id}"')
            if not self.calls:
                self._tell(*self._status())
        elif call.rings_here:
            self._tell(f"sysstatus get {self._of(call)}", f'incoming "num:{call.number}" "name:{call.name}"')
        elif call.state in ("opened", "connected"):
            self._tell(f"sysstatus get {self._of(call)}")

    def state_changed(self, what: str) -> None:
        if what == "mute":
            self._tell(self._mute())
        elif what == "sleep":
            self._tell(*self._status())

    def restart(self) -> None:
        super().restart()
        self.reset("quiet")

    @hand
    def feedback_stops(self) -> None:
        """It tells of nothing by itself any more, until it is restarted."""
        self.quiet = True
