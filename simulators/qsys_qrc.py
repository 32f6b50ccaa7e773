"""A Q-SYS Core as QRC sees it: a running design with Named Controls, Named Components and a snapshot bank.

Source: Q-SYS Help, QRC Commands. The Core says its state to whoever connects, looks after change groups until the
connection goes, and closes a connection that has said nothing for 60 seconds. Not documented: what the Core answers to
a control that AddControl does not know (here: error 8, for a component error 7).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from simulators.device import Session, SimulatorError, StreamSimulator, hand

Value = float | bool


class ComplaintError(Exception):
    """What the Core answers instead: a code and words."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


@dataclass(eq=False)
class Group:
    """A change group of one connection: what it holds, and what of it has been told."""

    keys: list[str] = field(default_factory=list)
    told: dict[str, Value] = field(default_factory=dict)
    timer: Any = None


@dataclass(kw_only=True, eq=False)
class QsysQrc(StreamSimulator):
    """The Core."""

    name: ClassVar[str] = "qsys_qrc"
    title: ClassVar[str] = "Q-SYS Core"
    links: ClassVar[Mapping[str, int]] = {"tcp": 1710}

    user: str = ""
    password: str = ""  # empty: anybody may
    idle_seconds: float = 60.0
    state: Literal["Idle", "Active", "Standby"] = "Active"
    design: str = "Boardroom"
    # Named Controls stand by their names, a component's as "Component\tcontrol".
    controls: dict[str, Value] = field(
        default_factory=lambda: {"MainGain": -12.0, "MainMute": False, "Room\tgain": -20.0, "Room\tmute": False}
    )
    snapshots: dict[int, dict[str, Value]] = field(default_factory=lambda: {1: {"MainGain": -30.0, "Room\tmute": True}})
    loaded: int = 0

    def restart(self) -> None:
        """Controls are kept through a loss of power."""

    def opened(self, session: Session) -> None:
        session.memory.update(held=b"", groups={}, inside=not self.password)
        self._heard(session)
        self._tell(session, {"method": "EngineStatus", "params": self._engine()})

    def closed(self, session: Session) -> None:
        session.memory["idle"].cancel()
        for group in session.memory["groups"].values():
            if group.timer is not None:
                group.timer.cancel()

    def _heard(self, session: Session) -> None:
        if (idle := session.memory.get("idle")) is not None:
            idle.cancel()
        session.memory["idle"] = self.after(self.idle_seconds, session.abort)

    def _engine(self) -> dict[str, Any]:
        return {
            "Platform": "Core 110f",
            "State": self.state,
            "DesignName": self.design,
            "DesignCode": "qALFilm6IcAz",
            "IsRedundant": False,
            "IsEmulator": False,
            "Status": {"Code": 0, "String": "OK"},
        }

    def _tell(self, session: Session, body: dict[str, Any]) -> None:
        session.send(json.dumps({"jsonrpc": "2.0"} | body, separators=(",", ":")).encode() + bytes(1))

    def received(self, session: Session, data: bytes) -> None:
        pieces = (session.memory["held"] + data).split(bytes(1))
        session.memory["held"] = pieces.pop()[:1_000_000]
        for piece in pieces:
            self._heard(session)
            try:
                asked = json.loads(piece)
                method, number = asked["method"], asked.get("id")
            except (ValueError, TypeError, KeyError):
                self._tell(session, {"error": {"code": -32700, "message": "Parse error"}, "id": None})
                continue
            try:
                answer: dict[str, Any] = {"result": self._do(session, method, asked.get("params"))}
            except ComplaintError as no:
                answer = {"error": {"code": no.code, "message": str(no)}}
            except (KeyError, TypeError, ValueError):
                answer = {"error": {"code": -32602, "message": "Invalid params"}}
            if number is not None:
                self._tell(session, answer | {"id": number})

    def _do(self, session: Session, method: str, given: Any) -> Any:
        if method == "NoOp":
            return True
        if method == "Logon":
            good = (given["User"], given["Password"]) == (self.user, self.password)
            session.memory["inside"] = not self.faults.refuse_login and (good or not self.password)
            if not session.memory["inside"]:
                raise ComplaintError(10, "Logon required")
            return True
        if not session.memory["inside"]:
            raise ComplaintError(10, "Logon required")
        if method == "StatusGet":
            return self._engine()
        if self.state != "Active":
            raise ComplaintError(-32604, "Core is on Standby")
        if method == "Control.Set":
            self._put(given["Name"], given["Value"])
            return {"Name": given["Name"], "Value": self.controls[given["Name"]]}
        if method == "Component.Set":
            component = given["Name"]
            if not any(key.startswith(f"{component}\t") for key in self.controls):
                raise ComplaintError(7, f"Component '{component}' doesn't exist")
            for one in given["Controls"]:
                self._put(f"{component}\t{one['Name']}", one["Value"])
            return []
        if method == "Snapshot.Load":
            if given["Bank"] not in self.snapshots:
                raise ComplaintError(-32602, "no such snapshot")
            self.loaded = int(given["Bank"])
            self.controls.update(self.snapshots[self.loaded])
            return True
        if method.startswith("ChangeGroup."):
            return self._group(session, method.partition(".")[2], given)
        raise ComplaintError(-32601, f"Method '{method}' not found")

    def _put(self, key: str, value: Any) -> None:
        if key not in self.controls:
            raise ComplaintError(8, f"Control '{key.replace(chr(9), '.')}' not found")
        if isinstance(self.controls[key], bool):
            self.controls[key] = bool(value)
        else:
            self.controls[key] = min(20.0, max(-100.0, float(value)))

    def _group(self, session: Session, word: str, given: Any) -> Any:
        groups: dict[str, Group] = session.memory["groups"]
        name = str(given["Id"])
        if word in ("AddControl", "AddComponentControl"):
            if name not in groups and len(groups) == 4:
                raise ComplaintError(5, "Change Groups exhausted")
            if word == "AddControl":
                keys = [str(key) for key in given["Controls"]]
            else:
                component = given["Component"]
                keys = [f"{component['Name']}\t{one['Name']}" for one in component["Controls"]]
                if not any(key.startswith(f"{component['Name']}\t") for key in self.controls):
                    raise ComplaintError(7, f"Component '{component['Name']}' doesn't exist")
            if lost := [key for key in keys if key not in self.controls]:
                raise ComplaintError(8, f"Control '{lost[0]}' not found")
            groups.setdefault(name, Group()).keys += keys
            return True
        if name not in groups:
            raise ComplaintError(6, "Unknown change group")
        group = groups[name]
        if word == "Poll":
            return self._changes(name, group)
        if word == "AutoPoll":
            self._look(session, name, group, max(0.01, float(given["Rate"])))
            return True
        raise ComplaintError(-32601, f"Method 'ChangeGroup.{word}' not found")

    def _changes(self, name: str, group: Group) -> dict[str, Any]:
        changed = [key for key in group.keys if group.told.get(key) != self.controls.get(key)]
        group.told.update({key: self.controls[key] for key in changed})
        return {"Id": name, "Changes": [self._shown(key) for key in changed]}

    def _shown(self, key: str) -> dict[str, Any]:
        component, tab, control = key.rpartition("\t")
        held = self.controls[key]
        text = ("muted" if held else "unmuted") if isinstance(held, bool) else f"{held:.1f}dB"
        return ({"Component": component} if tab else {}) | {"Name": control, "Value": held, "String": text}

    def _look(self, session: Session, name: str, group: Group, rate: float) -> None:
        found = self._changes(name, group)
        if found["Changes"]:
            self._tell(session, {"method": "ChangeGroup.Poll", "params": found})
        group.timer = self.after(rate, lambda: self._look(session, name, group, rate))

    @hand
    def turn(self, control: str = "MainGain", decibels: float = -6.0, component: str = "") -> None:
        """Move a fader in the design."""
        self._by_hand(f"{component}\t{control}" if component else control, decibels)

    @hand
    def switch(self, control: str = "MainMute", on: bool = True, component: str = "") -> None:
        """Press a button of the design."""
        self._by_hand(f"{component}\t{control}" if component else control, on)

    def _by_hand(self, key: str, value: Value) -> None:
        try:
            self._put(key, value)
        except ComplaintError as no:
            raise SimulatorError(str(no)) from None

    @hand
    def fail_over(self) -> None:
        """The other Core of a redundant pair takes over."""
        self.state = "Standby"
        for session in self.sessions:
            self._tell(session, {"method": "EngineStatus", "params": self._engine()})
