"""A Somfy UAI+ on its telnet port: log-in, JSON with ids, motors that take their time, answers that come late.

Written from the published capture and the open client that RoomGate facts (room devices 4.4) name. It understands the
long form (`sdn.` and a list) and the short one (an object), and ends lines as each of the two shows it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from simulators.device import Session, SimulatorError, StreamSimulator, Timer, hand
from simulators.motor import Motor


@dataclass(kw_only=True, eq=False)
class SomfyUai(StreamSimulator):
    """The box and its motors."""

    name: ClassVar[str] = "somfy_uai"
    title: ClassVar[str] = "Somfy UAI+"
    links: ClassVar[Mapping[str, int]] = {"telnet": 23}

    username: str = "Telnet 1"
    password: str = "Password 1"
    addresses: str = "13255B,1329FB"
    group_address: str = "010105"
    seconds: float = 20.0
    answer_seconds: float = 0.1
    strays: bool = False  # answers with ids that nobody used come in between
    motors: dict[str, Motor] = field(default_factory=dict, init=False)
    heard: list[str] = field(default_factory=list, init=False)
    _ends: dict[str, Timer] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for address in self.addresses.split(","):
            self.motors[address] = Motor(self, self.seconds, self.seconds)

    def restart(self) -> None:
        """The motors stand."""
        for address in self.motors:
            self._halt(address)

    def opened(self, session: Session) -> None:
        session.memory.update(text="", step="user", user="")
        session.send(b"User:")

    def received(self, session: Session, data: bytes) -> None:
        text = session.memory["text"] + data.decode("latin-1")
        *lines, session.memory["text"] = text.replace("\n", "\r").split("\r")
        for line in filter(None, (line.strip("\0 ") for line in lines)):
            self._line(session, line)

    def _line(self, session: Session, line: str) -> None:
        step = session.memory["step"]
        if step == "user":
            session.memory.update(user=line, step="word")
            session.send(b"Password:")
        elif step == "word":
            if (session.memory["user"], line) == (self.username, self.password) and not self.faults.refuse_login:
                session.memory["step"] = "in"
                session.send(b"Connected:\r\n\x00")
            else:
                session.memory["step"] = "user"
                session.send(b"User:")
        else:
            self.heard.append(line)
            try:
                asked = json.loads(line)
                number = asked["id"]
            except (ValueError, KeyError, TypeError):
                return
            self.after(self.answer_seconds, lambda: self._answer(session, asked, number))

    def _answer(self, session: Session, asked: dict[str, Any], number: int) -> None:
        if self.strays:
            self._say(session, {"result": list(self.motors), "id": 27538})
        try:
            self._say(session, {"result": self._do(session, asked), "id": number})
        except (LookupError, TypeError, ValueError) as wrong:
            self._say(session, {"error": {"code": -32602, "message": str(wrong)}, "id": number})

    @staticmethod
    def _say(session: Session, what: dict[str, Any]) -> None:
        session.send(json.dumps(what).encode() + b"\r\n")

    def _do(self, session: Session, asked: dict[str, Any]) -> Any:
        method, params = str(asked["method"]).removeprefix("sdn."), asked["params"]
        given = params if isinstance(params, dict) else {name: value for part in params for name, value in part.items()}
        target = given.get("targetID", given.get("groupID"))
        if method == "status.ping":
            return list(self.motors)
        if target != self.group_address and target not in self.motors:
            raise LookupError("unknown target")
        if method == "status.info":
            return {"name": f"SHADE {target}", "type": "Sonesse 50DC"}
        if method == "status.position":
            return round(self.motors[target].position)
        if method == "group.get":
            return [self.group_address]
        for one in self.motors if target == self.group_address else [target]:
            if method == "move.stop":
                self._halt(one)
            elif method in ("move.up", "move.down"):
                self._go(session, one, 0.0 if method == "move.up" else 100.0, given.get("seq"))
            elif method == "move.to":
                if not 0 <= int(given["position"]) <= 100:
                    raise ValueError("invalid position")
                self._go(session, one, float(given["position"]), given.get("seq"))
            elif method == "move.ip":
                self._go(session, one, 10.0 * int(given["value"]), None)
            else:
                raise LookupError("unknown method")
        return True

    def _go(self, session: Session | None, address: str, target: float, seq: int | None) -> None:
        self._halt(address)
        motor = self.motors[address]
        way = target - motor.position

        def arrive() -> None:
            self._halt(address)
            motor._from = target
            if session is not None and seq is not None and session.open:
                told = {"seq": seq, "position": round(target)}
                self._say(session, {"method": "sdn.status.position", "params": told})

        if way:
            motor.run("down" if way > 0 else "up")
        self._ends[address] = self.after(abs(way) * self.seconds / 100, arrive)

    def _halt(self, address: str) -> None:
        self.motors[address].stop()
        if timer := self._ends.pop(address, None):
            timer.cancel()

    @hand
    def keypad(self, direction: str = "down", motor: str = "") -> None:
        """A keypad on the bus: up, down or stop, of the first motor by default."""
        address = motor or next(iter(self.motors))
        if address not in self.motors or direction not in ("up", "down", "stop"):
            raise SimulatorError(f"there is no motor {address!r}, or no {direction!r}")
        if direction == "stop":
            self._halt(address)
        else:
            self._go(None, address, 0.0 if direction == "up" else 100.0, None)
