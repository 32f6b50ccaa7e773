"""A PJLink projector: class 1 and 2 over TCP, search and notifications over UDP.

Written from the PJLink specification, class 1 version 1.04 and class 2 version 2.00 (the section numbers below are
the latter's). Nothing of another protocol lives here.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from simulators.device import Session, StreamSimulator, Timer, Where, hand
from simulators.doors import TcpDoor, UdpDoor
from simulators.values import SimulatorError

POWER = {"off": "0", "on": "1", "cooling": "2", "warming": "3"}  # 4.2
PARTS = ("fan", "lamp", "temperature", "cover", "filter", "other")  # the digits of ERST, in this order (4.7)
LONGEST = 136  # % + class + body + space + 128 characters + CR (2.1)

UNDEFINED, OUT_OF_PARAMETER, UNAVAILABLE, FAILURE = "ERR1", "ERR2", "ERR3", "ERR4"  # 2.3, 2.4


def _inputs() -> dict[str, str]:
    return {"11": "Computer", "21": "Video", "31": "HDMI 1", "32": "HDMI 2", "41": "USB", "51": "LAN"}


@dataclass(kw_only=True, eq=False)
class PJLink(StreamSimulator):
    """The projector's memory and its answers."""

    name: ClassVar[str] = "pjlink"
    title: ClassVar[str] = "PJLink projector (class 1 and 2)"
    links: ClassVar[Mapping[str, int]] = {"tcp": 4352}

    klass: int = 2
    password: str = ""  # empty: no log-in
    notify: str = ""  # the controllers to tell of changes: "host:port, host:port"
    warm_seconds: float = 30.0
    cool_seconds: float = 60.0
    idle_seconds: float = 30.0  # 5.4; 0 = never

    power: Literal["off", "on", "cooling", "warming"] = "off"
    input: str = "31"
    inputs: dict[str, str] = field(default_factory=_inputs)
    video_muted: bool = False
    audio_muted: bool = False
    frozen: bool = False
    speaker_volume: int = 10  # 0..20; the protocol can step it and cannot read it
    microphone_volume: int = 10
    errors: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PARTS, 0))  # 0 none, 1 warning, 2 error
    lamp_hours: int = 1234
    second_lamp_hours: int = -1  # -1: it has one lamp
    filter_hours: int = 321
    signal: str = "1920x1080"  # "-" no signal, "*" not understood (4.19)
    native: str = "1920x1080"
    projector_name: str = "Boardroom projector"
    maker: str = "RoomGate"
    product: str = "Simulated projector"
    information: str = "Simulator"
    serial: str = "SIM00001"
    software: str = "1.00"
    lamp_model: str = "LAMP-1"
    filter_model: str = "FILTER-1"
    mac: str = "00:00:5e:00:53:01"

    _udp: UdpDoor | None = field(default=None, init=False, repr=False)
    _heating: Timer | None = field(default=None, init=False, repr=False)

    # The link.

    async def listen(self, where: Where) -> str:
        """TCP, and for class 2 UDP on the same port number (3.2)."""
        if self.klass not in {1, 2}:
            raise SimulatorError(f"klass is {self.klass}, expected 1 or 2")
        self._controllers()
        for attempt in range(10):
            address = await super().listen(where)
            if self.klass == 1:
                break
            door = self.doors[-1]
            assert isinstance(door, TcpDoor)
            udp = UdpDoor(self.faults, self._searched)
            try:
                await udp.bind(where.host, door.port)
            except OSError:
                if where.port or attempt == 9:
                    raise
                self.doors.remove(door)  # this free TCP port is taken on UDP: try another
                await door.close()
                continue
            self._udp = udp
            self.on_stop(udp.close)
            break
        return address

    def linked(self) -> None:
        """Announce ourselves (3.3)."""
        self._tell("LKUP", self.mac)

    def restart(self) -> None:
        if self._heating:
            self._heating.cancel()
        self.power = "off"  # standby, whatever it was
        self.video_muted = self.audio_muted = self.frozen = False

    def opened(self, session: Session) -> None:
        session.memory["line"] = b""
        if self.password or self.faults.refuse_login:
            session.memory["salt"] = secrets.token_hex(4)
            session.send(f"PJLINK 1 {session.memory['salt']}\r".encode())
        else:
            session.send(b"PJLINK 0\r")
        self._wake(session)

    def closed(self, session: Session) -> None:
        if idle := session.memory.pop("idle", None):
            idle.cancel()

    def received(self, session: Session, data: bytes) -> None:
        *lines, rest = (session.memory["line"] + data).split(b"\r")
        session.memory["line"] = rest if len(rest) <= LONGEST + 32 else b""
        for line in lines:
            self._wake(session)
            self._line(session, line)

    def _wake(self, session: Session) -> None:
        self.closed(session)
        if self.idle_seconds:
            session.memory["idle"] = self.after(self.idle_seconds, session.close)

    def _line(self, session: Session, line: bytes) -> None:
        if salt := session.memory.get("salt"):  # 5.1: the first command carries the digest
            right = hashlib.md5(f"{salt}{self.password}".encode(), usedforsecurity=False).hexdigest().encode()
            if line[:32].lower() == right and not self.faults.refuse_login:
                line = line[32:]
                session.memory["salt"] = None
            else:
                session.send(b"PJLINK ERRA\r")
                session.close()
                return
        text = line.decode("utf-8", "replace")
        if len(text) < 8 or text[0] != "%" or text[6] != " ":
            return  # not a command line (2.1)
        klass, body, parameter = text[1], text[2:6].upper(), text[7:]
        answer = UNDEFINED if klass == "2" and self.klass < 2 else self._answer(klass, body, parameter)
        session.send(f"%{klass}{body}={answer}\r".encode())

    # The commands.

    def _answer(self, klass: str, body: str, parameter: str) -> str:
        asked = parameter == "?"
        match klass + body:
            case "1POWR":
                return POWER[self.power] if asked else self._set_power(parameter)
            case "1INPT" | "2INPT":
                return self._input(klass, parameter)
            case "1AVMT":
                return self._mute(parameter)
            case "2FREZ":
                return self._freeze(parameter)
            case "2SVOL" | "2MVOL":
                return self._volume(body, parameter)
            case "2INNM":  # asks with a parameter: ?31 (4.17)
                name = self.inputs.get(parameter[1:])
                return OUT_OF_PARAMETER if parameter[:1] != "?" or name is None else name
        told = self._told(klass + body)
        return UNDEFINED if told is None else told if asked else OUT_OF_PARAMETER

    def _told(self, command: str) -> str | None:
        """What can only be asked."""
        match command:
            case "1ERST":
                return "".join(str(self.errors[part]) for part in PARTS)
            case "1LAMP":
                lit = int(self.power in {"on", "warming"})
                second = f" {self.second_lamp_hours} {lit}" if self.second_lamp_hours >= 0 else ""
                return f"{self.lamp_hours} {lit}{second}"
            case "1INST":
                return " ".join(code for code in self.inputs if code[1].isdigit() and code[0] != "6")
            case "2INST":
                return " ".join(self.inputs)
            case "2IRES":
                return self.signal if self.power == "on" else UNAVAILABLE
        plain = {
            "1NAME": self.projector_name,
            "1INF1": self.maker,
            "1INF2": self.product,
            "1INFO": self.information,
            "1CLSS": str(self.klass),
            "2SNUM": self.serial,
            "2SVER": self.software,
            "2RRES": self.native,
            "2FILT": str(self.filter_hours),
            "2RLMP": self.lamp_model,
            "2RFIL": self.filter_model,
        }
        return plain.get(command)

    def _set_power(self, parameter: str) -> str:
        if parameter not in {"0", "1"}:
            return OUT_OF_PARAMETER
        wanted = parameter == "1"
        if self.power == ("cooling" if wanted else "warming"):
            return UNAVAILABLE  # 4.1: not while the lamp is busy with the opposite
        if wanted and self.errors["lamp"] == 2:
            return FAILURE
        if wanted and self.power == "off":
            self._heat()
        elif not wanted and self.power == "on":
            self._cool()
        return "OK"

    def _input(self, klass: str, parameter: str) -> str:
        if self.power != "on":
            return UNAVAILABLE
        if parameter == "?":
            return self.input
        letters = parameter[1:].isdigit() or klass == "2"  # terminals A-Z came with class 2 (4.3)
        if parameter not in self.inputs or not letters:
            return OUT_OF_PARAMETER
        self._select(parameter)
        return "OK"

    def _mute(self, parameter: str) -> str:
        if parameter == "?":
            if self.power != "on":
                return UNAVAILABLE
            if self.video_muted and self.audio_muted:
                return "31"
            return "11" if self.video_muted else "21" if self.audio_muted else "30"
        if parameter not in {"10", "11", "20", "21", "30", "31"}:
            return OUT_OF_PARAMETER
        if self.power != "on":
            return UNAVAILABLE
        if parameter[0] in "13":
            self.video_muted = parameter[1] == "1"
        if parameter[0] in "23":
            self.audio_muted = parameter[1] == "1"
        return "OK"

    def _freeze(self, parameter: str) -> str:
        if parameter not in {"?", "0", "1"}:
            return OUT_OF_PARAMETER
        if self.power != "on":
            return UNAVAILABLE
        if parameter == "?":
            return str(int(self.frozen))
        self.frozen = parameter == "1"
        return "OK"

    def _volume(self, body: str, parameter: str) -> str:
        if parameter not in {"0", "1"}:
            return OUT_OF_PARAMETER
        if self.power != "on":
            return UNAVAILABLE
        which = "speaker_volume" if body == "SVOL" else "microphone_volume"
        step = 1 if parameter == "1" else -1
        setattr(self, which, min(20, max(0, getattr(self, which) + step)))
        return "OK"

    # What the projector does.

    def _heat(self) -> None:
        self._become("warming")
        self._heating = self.after(self.warm_seconds, lambda: self._become("on"))

    def _cool(self) -> None:
        if self._heating:
            self._heating.cancel()
        self.video_muted = self.audio_muted = self.frozen = False
        self._become("cooling")
        self._heating = self.after(self.cool_seconds, lambda: self._become("off"))

    def _become(self, power: Literal["off", "on", "cooling", "warming"]) -> None:
        self.power = power
        self._tell("POWR", POWER[power])

    def _select(self, code: str) -> None:
        if code != self.input:
            self.input = code
            self._tell("INPT", code)

    def _wrong(self, part: str, level: int) -> None:
        if part not in PARTS or level not in {0, 1, 2}:
            raise SimulatorError(f"parts are {', '.join(PARTS)}; levels are 0 (none), 1 (warning), 2 (error)")
        self.errors[part] = level
        self._tell("ERST", "".join(str(self.errors[name]) for name in PARTS))

    # UDP (3.2, 3.3).

    def _controllers(self) -> list[tuple[str, int]]:
        found = []
        for text in filter(None, (part.strip() for part in self.notify.split(","))):
            host, colon, port = text.rpartition(":")
            if not colon or not port.isdigit():
                raise SimulatorError(f"notify is {self.notify!r}, expected host:port, host:port")
            found.append((host, int(port)))
        return found

    def _tell(self, body: str, value: str) -> None:
        if self._udp is not None and self.klass == 2:
            for controller in self._controllers():
                self._udp.send(f"%2{body}={value}\r".encode(), controller)

    def _searched(self, data: bytes, sender: tuple[str, int]) -> None:
        # A projector answers to UDP 4352 of the controller; here to the port that asked, which is the same port on
        # a real network and lets many controllers share one computer.
        if data.strip().upper() == b"%2SRCH" and self._udp is not None:
            self._udp.send(f"%2ACKN={self.mac}\r".encode(), sender)

    # Hands.

    @hand
    def press_power(self) -> None:
        """The button on the remote control; nothing happens while the lamp warms up or cools down."""
        self._set_power("0" if self.power == "on" else "1")

    @hand
    def select_input(self, code: str = "32") -> None:
        """The source button."""
        if code not in self.inputs:
            raise SimulatorError(f"there is no input {code!r}; there are: {', '.join(self.inputs)}")
        if self.power == "on":
            self._select(code)

    @hand
    def press_mute(self) -> None:
        """The AV mute button: picture and sound."""
        if self.power == "on":
            self.video_muted = self.audio_muted = not self.video_muted

    @hand
    def press_freeze(self) -> None:
        if self.power == "on":
            self.frozen = not self.frozen

    @hand
    def break_lamp(self) -> None:
        """The lamp fails: light out, error, and no lighting until it is replaced."""
        self._wrong("lamp", 2)
        if self.power in {"on", "warming"}:
            self._cool()

    @hand
    def replace_lamp(self) -> None:
        self.lamp_hours = 0
        self._wrong("lamp", 0)

    @hand
    def report(self, part: str = "filter", level: int = 1) -> None:
        """A part reports a warning (1), an error (2) or that all is well (0)."""
        self._wrong(part, level)

    @hand
    def unplug_source(self) -> None:
        self.signal = "-"

    @hand
    def plug_source(self, resolution: str = "1920x1080") -> None:
        self.signal = resolution

    @hand
    def unplug(self) -> None:
        """Pull the mains plug; the lamp goes out without cooling."""
        self.restart()
        self.faults.unreachable = True

    @hand
    def plug(self) -> None:
        """Put the mains plug back."""
        self.faults.unreachable = False
