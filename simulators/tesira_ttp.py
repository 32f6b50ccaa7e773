"""A Biamp Tesira that speaks the Tesira Text Protocol over telnet and SSH.

Sources: Tesira help, Tesira Text Protocol (syntax, responses, subscriptions); Biamp, Telnet session negotiation. It
negotiates options before it greets, echoes what it is told, and reports a subscribed attribute before the `+OK` and
then at each change. The level of a block is held between its limits; a mute is a switch.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from simulators.device import Session, SimulatorError, StreamSimulator, Where, hand

Value = float | bool
ASKED = bytes((255, 253, 24, 255, 251, 1, 255, 251, 3))  # DO terminal type, WILL echo, WILL suppress go-ahead
GREETING = "\r\nWelcome to the Tesira Text Protocol Server...\r\n\r\n"
LOST = '-ERR address not found: {"deviceId":0 "classCode":0 "instanceNum":0}'


@dataclass(kw_only=True, eq=False)
class TesiraTtp(StreamSimulator):
    """The server and the DSP blocks of its design."""

    name: ClassVar[str] = "tesira_ttp"
    title: ClassVar[str] = "Biamp Tesira"
    links: ClassVar[Mapping[str, int]] = {"telnet": 23, "ssh": 22}

    username: str = "default"
    password: str = ""  # empty: the system is not protected
    highest: float = 12.0
    blocks: dict[str, dict[str, list[Value]]] = field(  # instance tag -> attribute -> by index from 1
        default_factory=lambda: {
            "Level1": {"level": [-20.0, -20.0], "mute": [False, False]},
            "Mute1": {"mute": [False, False]},
            "my level 2": {"level": [0.0], "mute": [False]},
        }
    )
    presets: dict[int, str] = field(default_factory=lambda: {1001: "Meeting", 1002: "Quiet room"})
    recalled: int = 0
    negotiated: int = 0  # answers to options that were heard
    everybody: list[Any] = field(default_factory=list, init=False, repr=False)  # open text sessions
    _ssh: Any = field(default=None, init=False, repr=False)  # its door, once it was opened

    async def listen(self, where: Where) -> str:
        """SSH through a library, telnet by itself."""
        if where.scheme == "ssh":
            from simulators._tesira_ssh import door

            self._ssh = self._ssh or door(self)
            address: str = await self._ssh.serve(self, where)
            return address
        return await super().listen(where)

    def restart(self) -> None:
        """What was set is kept; subscriptions go with their sessions."""

    # ---- telnet ----------------------------------------------------------------------------------------------

    def opened(self, session: Session) -> None:
        session.memory.update(raw=b"", unanswered=3)
        session.send(ASKED)

    def closed(self, session: Session) -> None:
        self.end(session)

    def received(self, session: Session, data: bytes) -> None:
        """Take the options out; greet once each has been answered."""
        raw = session.memory["raw"] + data
        text = b""
        while raw:
            if raw[0] != 255:
                text, raw = text + raw[:1], raw[1:]
            elif len(raw) < 3:
                break
            else:
                raw = raw[3:]
                self.negotiated += 1
                session.memory["unanswered"] -= 1
                if session.memory["unanswered"] == 0:
                    if self.password:
                        session.memory["ask"] = "login"
                        session.send(b"login: ")
                    else:
                        self.begin(session)
        session.memory["raw"] = raw
        if session.memory["unanswered"] <= 0 and text:
            self.text(session, text)

    # ---- a text session --------------------------------------------------------------------------------------

    def begin(self, session: Any) -> None:
        """Somebody is in."""
        session.memory.update(line=session.memory.get("line", b""), verbose=True, subscribed={}, ask="")
        self.everybody.append(session)
        session.send(GREETING.encode())

    def end(self, session: Any) -> None:
        """Somebody has gone."""
        if session in self.everybody:
            self.everybody.remove(session)

    def text(self, session: Any, data: bytes) -> None:
        """Lines, which end in LF."""
        *lines, rest = (session.memory.get("line", b"") + data).split(b"\n")
        session.memory["line"] = rest[:4096]
        for line in lines:
            words = line.decode("utf-8", "replace").strip("\r\0 ")
            if ask := session.memory.get("ask"):
                self._log_in(session, ask, words)
            elif words:
                session.send(f"{words}\r\n".encode())  # the echo
                for answer in self._answer(session, words):
                    session.send(f"{answer}\r\n".encode())

    def _log_in(self, session: Any, ask: str, words: str) -> None:
        if ask == "login":
            session.memory.update(ask="password", user=words)
            session.send(f"{words}\r\nPassword: ".encode())
        elif (session.memory["user"], words) == (self.username, self.password) and not self.faults.refuse_login:
            self.begin(session)
        else:
            session.memory["ask"] = "login"
            session.send(b"\r\nLogin incorrect\r\nlogin: ")

    def _answer(self, session: Any, line: str) -> list[str]:
        try:
            tag, verb, *rest = shlex.split(line)
        except ValueError:
            return ["-ERR Parse error at 0: could not parse the line"]
        if tag == "SESSION":
            return self._session(session, verb, rest)
        if tag == "DEVICE":
            return self._device(session, verb, rest)
        if tag not in self.blocks:
            return [LOST]
        if verb not in ("get", "set", "toggle", "increment", "decrement", "subscribe", "unsubscribe"):
            return [f"-ERR Parse error at {len(tag) + 1}: verb was not one of the commands supported by Services"]
        if not rest or rest[0] not in self.blocks[tag]:
            return [f"-ERR '{rest[0] if rest else ''}' is not supported by Level::Attributes"]
        held = self.blocks[tag][rest[0]]
        if len(rest) < 2 or not rest[1].isdigit() or not 1 <= int(rest[1]) <= len(held):
            return [f"-ERR Parse error at {len(line)}: could not parse value"]
        index = int(rest[1])
        match verb:
            case "get":
                return [self._ok(session, self._shown(held[index - 1]))]
            case "set" if len(rest) == 3:
                return self._set(session, tag, rest[0], index, rest[2])
            case "subscribe" if len(rest) >= 3:
                key = (tag, rest[0], index)
                if rest[2] in session.memory["subscribed"]:
                    return ["-ERR ALREADY_SUBSCRIBED"]
                session.memory["subscribed"][rest[2]] = key
                return [self._report(session, rest[2], held[index - 1]), "+OK"]
        return [f"-ERR Parse error at {len(line)}: not enough parameters supplied"]

    def _set(self, session: Any, tag: str, attribute: str, index: int, text: str) -> list[str]:
        held = self.blocks[tag][attribute]
        try:
            value: Value = (
                {"true": True, "false": False}[text]
                if isinstance(held[0], bool)
                else min(self.highest, max(-100.0, float(text)))
            )
        except (KeyError, ValueError):
            return ["-ERR Parse error: could not parse value"]
        self._change(tag, attribute, index, value)
        return ["+OK"]

    def _change(self, tag: str, attribute: str, index: int, value: Value) -> None:
        if self.blocks[tag][attribute][index - 1] == value:
            return
        self.blocks[tag][attribute][index - 1] = value
        for one in list(self.everybody):
            for label, key in one.memory["subscribed"].items():
                if key == (tag, attribute, index):
                    one.send(f"{self._report(one, label, value)}\r\n".encode())

    @staticmethod
    def _shown(value: Value | str) -> str:
        if isinstance(value, str):
            return f'"{value}"'
        return str(value).lower() if isinstance(value, bool) else f"{value:.6f}"

    def _ok(self, session: Any, text: str) -> str:
        return f'+OK "value":{text}' if session.memory["verbose"] else f"+OK {text}"

    def _report(self, session: Any, label: str, value: Value) -> str:
        text = self._shown(value)
        return f'! "publishToken":"{label}" "value":{text}' if session.memory["verbose"] else f'! "{label}" {text}'

    def _session(self, session: Any, verb: str, rest: list[str]) -> list[str]:
        if (verb, rest[:1]) == ("get", ["aliases"]):
            tags = " ".join(f'"{tag}"' for tag in sorted([*self.blocks, "DEVICE"]))
            return [f'+OK "list":[{tags}]']
        if verb == "set" and len(rest) == 2 and rest[0] in ("verbose", "detailedResponse"):
            if rest[0] == "verbose":
                session.memory["verbose"] = rest[1] == "true"
            return ["+OK"]
        return [f"-ERR '{rest[0] if rest else ''}' is not supported by TextSession::Attributes"]

    def _device(self, session: Any, verb: str, rest: list[str]) -> list[str]:
        told = {"serialNumber": "01234567", "version": "4.2.0.21341", "hostname": "TesiraForte1"}
        if verb == "get" and rest and rest[0] in told:
            return [self._ok(session, self._shown(told[rest[0]]))]
        names = {name: number for number, name in self.presets.items()}
        if verb == "recallPresetByName" and rest and rest[0] in names:
            self.recalled = names[rest[0]]
            return ["+OK"]
        if verb == "recallPreset" and rest and rest[0].isdigit() and int(rest[0]) in self.presets:
            self.recalled = int(rest[0])
            return ["+OK"]
        return ["-ERR the preset or attribute is not there"]

    @hand
    def turn(self, tag: str = "Level1", index: int = 1, decibels: float = -6.0) -> None:
        """Move a fader of the design."""
        self._by_hand(tag, "level", index, decibels)

    @hand
    def press_mute(self, tag: str = "Mute1", index: int = 1, on: bool = True) -> None:
        """Press a mute button."""
        self._by_hand(tag, "mute", index, on)

    def _by_hand(self, tag: str, attribute: str, index: int, value: Value) -> None:
        held = self.blocks.get(tag, {}).get(attribute, [])
        if not 1 <= index <= len(held):
            raise SimulatorError(f"there is no {tag} {attribute} {index}")
        self._change(tag, attribute, index, value)
