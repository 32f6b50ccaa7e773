"""A Lutron processor, repeater or network interface on its telnet port: log-in, prompts, levels, shades, areas.

Written from the Lutron Integration Protocol 040249, the transcript in PlaceOS' lutron/lighting_spec, and what open
clients of the QSE-CI-NWK-E expect (RoomGate facts: room devices 4.1). Not documented: whether the level of a shade on
its way is where it is or where it goes (`reports`); the words after a wrong name on a QSE-CI-NWK-E (here: the question
again).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from simulators.device import Session, SimulatorError, StreamSimulator, Timer, hand
from simulators.motor import Motor

PROMPTS = {"homeworks": b"QNET> ", "radiora2": b"GNET> ", "qse": b"QSE>"}
IAC = 255


class UnknownAction(Exception):
    """The system has no such action for what was named: ERROR,3."""


@dataclass(kw_only=True, eq=False)
class LutronLip(StreamSimulator):
    """The system's memory and its answers."""

    name: ClassVar[str] = "lutron_lip"
    title: ClassVar[str] = "Lutron system (LIP)"
    links: ClassVar[Mapping[str, int]] = {"telnet": 23}

    dialect: Literal["homeworks", "radiora2", "qse"] = "homeworks"
    username: str = ""  # "": lutron, or nwk
    password: str = "integration"  # not asked for by a QSE-CI-NWK-E
    shade_ids: str = "5,6"
    light_ids: str = "12"
    group_ids: str = "2"
    area_ids: str = "3"
    seconds: float = 20.0  # of travel
    reports: Literal["place", "target"] = "place"
    negotiates: bool = False  # telnet options when somebody comes

    shades: dict[str, Motor] = field(default_factory=dict, init=False)
    going: dict[str, float] = field(default_factory=dict, init=False)  # shade -> level that it goes to
    lights: dict[str, float] = field(default_factory=dict, init=False)
    fades: dict[str, float] = field(default_factory=dict, init=False)  # light -> seconds of its last fade
    groups: dict[str, int] = field(default_factory=dict, init=False)  # shade group -> preset
    scenes: dict[str, int] = field(default_factory=dict, init=False)
    occupied: dict[str, bool] = field(default_factory=dict, init=False)
    pressed: list[str] = field(default_factory=list, init=False)
    heard: list[str] = field(default_factory=list, init=False)
    _arrivals: dict[str, Timer] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for one in filter(None, self.shade_ids.split(",")):
            self.shades[one] = Motor(self, self.seconds, self.seconds)
        self.lights = dict.fromkeys(filter(None, self.light_ids.split(",")), 0.0)
        self.groups = dict.fromkeys(filter(None, self.group_ids.split(",")), 0)
        self.scenes = dict.fromkeys(filter(None, self.area_ids.split(",")), 0)
        self.occupied = dict.fromkeys(self.scenes, False)

    def restart(self) -> None:
        """Motors stand; what is set is kept."""
        for motor in self.shades.values():
            motor.stop()

    # ---- the terminal ----------------------------------------------------------------------------------------

    def opened(self, session: Session) -> None:
        session.memory.update(held=b"", stage="name", told=set(), prompt=True, telnet=[])
        if self.negotiates:
            session.send(bytes([IAC, 251, 1, IAC, 251, 3, IAC, 253, 24]))
        session.send(b"login: ")

    def received(self, session: Session, data: bytes) -> None:
        held = session.memory["held"] + self._without_telnet(session, data)
        while b"\n" in held:
            line, held = held.split(b"\n", 1)
            self._line(session, line.decode("latin-1").strip("\r\0 "))
        session.memory["held"] = held[-500:]

    def _without_telnet(self, session: Session, data: bytes) -> bytes:
        """Takes telnet's own bytes out: three for an option, all up to SE for a negotiation."""
        text, state = bytearray(), session.memory["telnet"]
        for byte in data:
            if not state:
                if byte == IAC:
                    state.append(byte)
                else:
                    text.append(byte)
                continue
            state.append(byte)
            if state[1] == 250:
                over = len(state) > 3 and state[-2:] == [IAC, 240]
            elif 251 <= state[1] <= 254:
                over = len(state) == 3
            else:
                over = True
            if over:
                state.clear()
        return bytes(text)

    def _line(self, session: Session, line: str) -> None:
        stage = session.memory["stage"]
        if stage == "name":
            session.memory["name"] = line
            if self.dialect == "qse":
                self._enter(session, line == (self.username or "nwk"), b"connection established\r\n")
            else:
                session.memory["stage"] = "password"
                session.send(b"password: ")
        elif stage == "password":
            right = (session.memory["name"], line) == (self.username or "lutron", self.password)
            self._enter(session, right, b"\r\n")
        elif line:
            self.heard.append(line)
            self._obey(session, line)
            if session.memory["prompt"]:
                session.send(PROMPTS[self.dialect])

    def _enter(self, session: Session, right: bool, words: bytes) -> None:
        if right and not self.faults.refuse_login:
            session.memory["stage"] = "in"
            session.send(words + PROMPTS[self.dialect])
        else:
            session.memory["stage"] = "name"
            session.send(b"login: ")

    def _say(self, session: Session, words: str) -> None:
        session.send(f"~{words}\r\n".encode())

    def _tell(self, kind: int, words: str) -> None:
        """Unasked, to whoever monitors this kind; the QSE's prompt follows even that."""
        for session in self.sessions:
            if session.memory.get("stage") == "in" and kind in session.memory["told"]:
                tail = "QSE>" if self.dialect == "qse" and session.memory["prompt"] else ""
                session.send(f"~{words}\r\n{tail}".encode())

    # ---- what it is told -------------------------------------------------------------------------------------

    def _obey(self, session: Session, line: str) -> None:
        sign, fields = line[:1], line[1:].split(",")
        word, rest = fields[0].upper(), fields[1:]
        try:
            if word == "MONITORING":
                self._monitoring(session, sign, rest)
            elif word == "DETAILS" and self.dialect == "qse":
                for one in self.shades:
                    self._say(session, f"DETAILS,SN:{one},INTEGRATIONID:(Not Set),FAMILY:SHADES(3),PRODUCT:ROLLER(1)")
            elif word == "OUTPUT" and self.dialect != "qse":
                self._zone(session, sign, "OUTPUT", rest[0], "", rest[1], rest[2:])
            elif word == "DEVICE":
                self._device(session, sign, rest)
            elif word == "SHADEGRP" and self.dialect == "homeworks":
                self._group(session, sign, *rest)
            elif word == "AREA" and self.dialect == "homeworks":
                self._area(session, sign, *rest)
            elif word == "GROUP" and self.dialect == "radiora2" and sign == "?":
                self._known(rest[0], self.occupied)
                self._say(session, f"GROUP,{rest[0]},3,{3 if self.occupied[rest[0]] else 4}")
            else:
                self._say(session, "ERROR,6")
        except (IndexError, TypeError):
            self._say(session, "ERROR,1")
        except KeyError:
            self._say(session, "ERROR,2")
        except UnknownAction:
            self._say(session, "ERROR,3")
        except ValueError:
            self._say(session, "ERROR,4")

    @staticmethod
    def _known(one: str, among: Mapping[str, object]) -> None:
        if one not in among:
            raise KeyError(one)

    def _monitoring(self, session: Session, sign: str, rest: list[str]) -> None:
        kind = int(rest[0])
        told = session.memory["told"]
        if sign == "#":
            on = rest[1] == "1"
            if kind == 12:
                session.memory["prompt"] = on
            elif kind == 255:
                told.clear()
            elif on:
                told.add(kind)
            else:
                told.discard(kind)
        held = session.memory["prompt"] if kind == 12 else kind in told
        self._say(session, f"MONITORING,{kind},{1 if held else 2}")

    def _device(self, session: Session, sign: str, rest: list[str]) -> None:
        one, component, action = rest[0], rest[1], rest[2]
        if self.dialect != "qse":
            if sign != "#" or action not in ("3", "4"):
                raise UnknownAction
            self.pressed.append(f"{one},{component},{action}")
            return
        if component == "0":
            number = {"14": "1", "18": "2", "19": "3", "20": "4"}.get(action)
            self._known(one, self.shades)
        else:
            number, one = {"14": "1"}.get(action), f"{one}/{component}"
            self._known(one, self.lights)
        if number is None:
            raise UnknownAction
        self._zone(session, sign, "DEVICE", one, component, number, rest[3:])

    def _zone(
        self, session: Session, sign: str, word: str, one: str, component: str, action: str, more: list[str]
    ) -> None:
        if one not in self.shades:
            self._known(one, self.lights)
        if sign == "?":
            if action != "1":
                raise UnknownAction
            self._say(session, self._level_words(one))
        elif action == "1":
            level = float(more[0])
            if not 0 <= level <= 100:
                raise ValueError(more)
            if one in self.lights:
                self.fades[one] = clock_seconds(more[1]) if len(more) > 1 else 0.0
                self.lights[one] = level
                self._tell(5, self._level_words(one))
            else:
                self._go(one, level)
        elif action in ("2", "3", "4") and one in self.shades:
            if action == "4":
                self._halt(one)
                self._tell(5, self._level_words(one))
            else:
                self._go(one, 100.0 if action == "2" else 0.0)
        else:
            raise UnknownAction

    def _level_words(self, one: str) -> str:
        level = self.lights[one] if one in self.lights else self.going.get(one) if self.reports == "target" else None
        if level is None:
            level = 100 - self.shades[one].position
        if self.dialect != "qse":
            return f"OUTPUT,{one},1,{level:.2f}"
        return f"DEVICE,{one.replace('/', ',') if '/' in one else one + ',0'},14,{level:.2f}"

    def _go(self, one: str, level: float) -> None:
        """Travel towards a level; it is told when the shade sets off and when it is there."""
        self._halt(one)
        motor, wanted = self.shades[one], 100 - level
        way = wanted - motor.position
        if abs(way) >= 0.5:
            self.going[one] = level
            motor.run("down" if way > 0 else "up")
            self._arrivals[one] = self.after(abs(way) * self.seconds / 100, lambda: self._arrive(one, wanted))
        self._tell(5, self._level_words(one))

    def _arrive(self, one: str, wanted: float) -> None:
        self._halt(one)
        self.shades[one]._from = wanted
        self._tell(5, self._level_words(one))

    def _halt(self, one: str) -> None:
        self.shades[one].stop()
        self.going.pop(one, None)
        if timer := self._arrivals.pop(one, None):
            timer.cancel()

    def _group(self, session: Session, sign: str, one: str, action: str, *more: str) -> None:
        self._known(one, self.groups)
        if sign == "?":
            if action != "6":
                raise UnknownAction
            self._say(session, f"SHADEGRP,{one},6,{self.groups[one]}")
        elif action == "6":
            if not 0 <= int(more[0]) <= 30:
                raise ValueError(more)
            self.groups[one] = int(more[0])
            self._tell(8, f"SHADEGRP,{one},6,{self.groups[one]}")
        elif action in ("1", "2", "3", "4"):
            for shade in self.shades:
                if action == "4":
                    self._halt(shade)
                else:
                    self._go(shade, float(more[0]) if action == "1" else 100.0 if action == "2" else 0.0)
        else:
            raise UnknownAction

    def _area(self, session: Session, sign: str, one: str, action: str, *more: str) -> None:
        self._known(one, self.scenes)
        if sign == "?" and action == "8":
            self._say(session, f"AREA,{one},8,{3 if self.occupied[one] else 4}")
        elif sign == "?" and action == "6":
            self._say(session, f"AREA,{one},6,{self.scenes[one]}")
        elif sign == "#" and action == "6":
            self.scenes[one] = int(more[0])
            self._tell(8, f"AREA,{one},6,{self.scenes[one]}")
        else:
            raise UnknownAction

    # ---- hands -----------------------------------------------------------------------------------------------

    @hand
    def wall_control(self, shade: str = "", word: str = "lower") -> None:
        """Somebody presses raise, lower or stop on the wall, for the first shade by default."""
        one = shade or next(iter(self.shades), "")
        if one not in self.shades or word not in ("raise", "lower", "stop"):
            raise SimulatorError(f"there is no shade {one!r}, or no key {word!r}")
        if word == "stop":
            self._halt(one)
            self._tell(5, self._level_words(one))
        else:
            self._go(one, 100.0 if word == "raise" else 0.0)

    @hand
    def dimmer(self, light: str = "", level: float = 60.0) -> None:
        """Somebody turns a dimmer, the first light's by default."""
        one = light or next(iter(self.lights), "")
        self._known(one, self.lights)
        self.lights[one] = level
        self._tell(5, self._level_words(one))

    @hand
    def walk_in(self, area: str = "", stays: bool = True) -> None:
        """Somebody comes in (or all have left)."""
        one = area or next(iter(self.occupied), "")
        self._known(one, self.occupied)
        self.occupied[one] = stays
        word = "GROUP,{},3,{}" if self.dialect == "radiora2" else "AREA,{},8,{}"
        self._tell(6, word.format(one, 3 if stays else 4))


def clock_seconds(text: str) -> float:
    """SS.ss, MM:SS or HH:MM:SS."""
    total = 0.0
    for part in text.split(":"):
        total = 60 * total + float(part)
    return total
