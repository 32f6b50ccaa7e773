"""Q-SYS over QRC: JSON-RPC 2.0 on TCP 1710, each message ended by a NUL.

The units stand in the profile: a Named Control, or the controls of a Named Component. One change group holds them all,
and the Core polls it for us (AutoPoll), so every change comes by itself. The Core drops whoever is silent for 60
seconds. What may not live here: what a control means to a room (`blocks.py`). Source: Q-SYS Help, QRC Commands.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from drivers.audio.blocks import Block, blocks
from gateway.commands import Command, RecallPreset
from gateway.cutters import Lines
from gateway.driver import (
    Action,
    Actions,
    Answered,
    Driver,
    Drop,
    Feedback,
    Later,
    Offers,
    Ready,
    Refused,
    Request,
    Send,
    Settings,
    Taken,
    Timing,
    setting,
)
from gateway.model import Reason

GROUP = "roomgate"
ALIVE = 25.0  # seconds; the Core closes a socket that was silent for 60
KEPT = 2000  # ids that are remembered
LOGON_REQUIRED = 10  # QRC Commands, error code reference
STANDBY = -32604


@dataclass(frozen=True)
class QsysQrcSettings(Settings):
    """Settings of a Core."""

    user: str = setting("", "user of the Core, where its Administrator asks for one")
    password: str = setting("", "the user's password or PIN", secret=True)
    units: Mapping[str, Any] = setting(
        {}, 'unit -> its controls: `units.room = { component = "Room", volume = "gain", mute = "mute" }`'
    )
    snapshots: str = setting("", "snapshot bank whose snapshots 1 to 99 are the presets")
    ramp: float = setting(0.0, "seconds that a preset takes")
    rate: float = setting(0.3, "seconds between the Core's looks at what has changed")

    def __post_init__(self) -> None:
        blocks(self.units, ("component",))
        if not 0.02 <= self.rate <= 30:
            raise ValueError("rate is 0.02 to 30 seconds")
        if not 0 <= self.ramp <= 60:
            raise ValueError("ramp is 0 to 60 seconds")


class QsysQrc(Driver):
    """One Core and the controls that the profile names."""

    name = "qsys_qrc"
    title = "Q-SYS (QRC)"
    models = "Q-SYS Cores: 110f, 8 Flex, Nano, 510i, 610 and others, and the emulator"
    links: ClassVar[Mapping[str, int]] = {"tcp": 1710}
    plays = frozenset({"volume", "mics", "microphone", "sound"})
    cutter = Lines((b"\0",), turns=False, limit=1_000_000)
    timing = Timing(window=4, reply=3.0)
    sources = ("Q-SYS Help, External Control APIs, QRC Commands", "RoomGate facts: room devices 6")
    offered = (
        "EngineStatus, StatusGet",
        "Logon, error 10",
        "NoOp under the 60 second rule",
        "Named Controls and Named Components: gain and mute",
        "one change group with AutoPoll",
        "Snapshot.Load as presets",
    )
    not_offered: ClassVar[Mapping[str, str]] = {
        "Mixer.*": "a mixer's controls can be Named Controls, and those tell what they are; Mixer.* does not",
        "LoopPlayer, PA, page stations": "no part of a room asks for them",
        "Snapshot.Save": "set-up, done once in Q-SYS Designer",
        "ECP (port 1702)": "an older protocol of the same Core",
    }
    pushes = True
    units = "a name from `units`; nothing for the Core itself (its snapshots)"
    Settings: ClassVar[type[Settings]] = QsysQrcSettings
    settings: QsysQrcSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.blocks = blocks(self.settings.units, ("component",))
        self.where = {  # component ("" = a Named Control), control -> the units and what it is to them
            key: [(u, c) for u, other in self.blocks.items() for c in other.controls if self._key(other, c) == key]
            for held in self.blocks.values()
            for key in (self._key(held, control) for control in held.controls)
        }
        self.told: set[tuple[str, str]] = set()
        self.asked: dict[int, Hashable] = {}  # id -> tag
        self.count = 0
        self.waiting: set[Hashable] = set()  # additions to the change group that are not answered
        self.faults: dict[str, str] = {}
        self.started = self.ready = False

    @staticmethod
    def _key(block: Block, control: str) -> tuple[str, str]:
        return block.more.get("component", ""), block.controls[control]

    @classmethod
    def lines(cls) -> Iterator[str]:
        """Every method that can be called."""
        yield from ("Logon", "NoOp", "StatusGet", "Control.Set", "Component.Set", "Snapshot.Load")
        yield from (f"ChangeGroup.{word}" for word in ("AddControl", "AddComponentControl", "Poll", "AutoPoll"))

    def valid_unit(self, unit: str) -> bool:
        return unit == "" or unit in self.blocks

    def may_take(self, unit: str) -> frozenset[type[Command]]:
        """A snapshot is recalled by whichever unit, a control set where the profile names it."""
        presets: frozenset[type[Command]] = frozenset({RecallPreset} if self.settings.snapshots else ())
        return presets | self.blocks[unit].offers() if unit else presets

    # ---- asking ----------------------------------------------------------------------------------------------

    def _call(self, method: str, params: object, tag: Hashable, hide: tuple[str, ...] = ()) -> Send:
        self.count += 1
        self.asked[self.count] = tag
        self.asked.pop(self.count - KEPT, None)  # a command that was replaced while it waited is never answered
        return Send(self._text({"method": method, "params": params, "id": self.count}), tag=tag, hide=hide)

    @staticmethod
    def _text(message: dict[str, Any]) -> bytes:
        return json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False).encode() + b"\0"

    def opened(self) -> Actions:
        """Log on where we have a user, and ask for the Core's state."""
        held = self.settings
        if held.user or held.password:
            hide = (held.password,) if held.password else ()
            yield self._call("Logon", {"User": held.user, "Password": held.password}, "logon", hide)
        else:
            yield self._call("StatusGet", 0, "status")

    def _subscribe(self) -> Actions:
        """Put every unit's controls into the change group; the Core destroys it when the link goes."""
        self.started = True
        self.waiting = {("add", unit) for unit in self.blocks}
        for unit, block in self.blocks.items():
            names = list(block.controls.values())
            if component := block.more.get("component"):
                params = {"Id": GROUP, "Component": {"Name": component, "Controls": [{"Name": n} for n in names]}}
                yield self._call("ChangeGroup.AddComponentControl", params, ("add", unit))
            else:
                yield self._call("ChangeGroup.AddControl", {"Id": GROUP, "Controls": names}, ("add", unit))
        if not self.waiting:
            yield from self._usable()

    def command(self, request: Request) -> Actions:
        """Set a control, or load a snapshot."""
        block = self.blocks.get(request.unit)
        order = block.order(request.command) if block else None
        if isinstance(request.command, RecallPreset) and self.settings.snapshots and request.command.preset:
            params = {"Name": self.settings.snapshots, "Bank": request.command.preset, "Ramp": self.settings.ramp}
            yield self._call("Snapshot.Load", params, request)
        elif block is None or order is None:
            yield Refused(request, "this unit of the profile has no control for that")
        else:
            component, control = self._key(block, order[0])
            held: dict[str, Any] = {"Name": control, "Value": order[1]}
            if component:
                yield self._call("Component.Set", {"Name": component, "Controls": [held]}, request)
            else:
                yield self._call("Control.Set", held, request)

    # ---- hearing ---------------------------------------------------------------------------------------------

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        """A reply by its id, a change, or the Core's state."""
        try:
            message = json.loads(data)
        except (ValueError, RecursionError):
            yield Drop(Reason.PROTOCOL_ERROR, "not JSON")
            return
        if not isinstance(message, dict):
            return
        number, result, error = message.get("id"), message.get("result"), message.get("error")
        params = message.get("params")
        for body in (params, result):
            if isinstance(body, dict) and isinstance(body.get("Changes"), list):
                yield from self._changed(body["Changes"])
        if message.get("method") == "EngineStatus":
            yield from self._status(params)
        held = self.asked.pop(number, None) if isinstance(number, int) else None
        if held is None:
            return
        yield Answered(held)
        if isinstance(error, dict):
            yield from self._refused(held, error)
        else:
            yield from self._replied(held, result)

    def _replied(self, tag: Hashable, result: object) -> Actions:
        if isinstance(tag, Request):
            if isinstance(tag.command, RecallPreset):
                yield Feedback(tag.unit, assumed=True, preset=str(tag.command.preset))
            yield Taken(tag)
            if self.blocks:  # what has changed now, and not only at the next look
                yield self._call("ChangeGroup.Poll", {"Id": GROUP}, "poll")
        elif tag == "logon":
            yield self._call("StatusGet", 0, "status")
        elif tag == "status":
            yield from self._status(result)
            if not self.started:
                yield from self._subscribe()
        elif tag in self.waiting:
            yield from self._added(tag)
        elif tag == "first":
            yield from self._usable()

    def _refused(self, tag: Hashable, error: dict[str, Any]) -> Actions:
        code, words = error.get("code"), str(error.get("message") or f"error {error.get('code')}")
        if code == LOGON_REQUIRED or tag == "logon":
            yield Drop(Reason.LOGIN_REFUSED, words)
        elif code == STANDBY:
            yield Drop(Reason.NO_RESPONSE, words)
        elif isinstance(tag, Request):
            yield Refused(tag, words)
        elif tag in self.waiting and isinstance(tag, tuple):
            self.faults[tag[1]] = words
            yield from self._added(tag)
        else:
            yield Drop(Reason.PROTOCOL_ERROR, words)

    def _added(self, tag: Hashable) -> Actions:
        self.waiting.discard(tag)
        if not self.waiting:
            yield self._call("ChangeGroup.Poll", {"Id": GROUP}, "first")

    def _usable(self) -> Actions:
        """The first look has shown which controls there are: offer those, and have the Core look from now on."""
        if self.ready:
            return
        self.ready = True
        yield Offers("", self.may_take(""))
        for unit, block in self.blocks.items():
            absent = [held for name, held in block.controls.items() if self._key(block, name) not in self.told]
            if absent:
                self.faults.setdefault(unit, f"the running design has no control {absent[0]!r}")
            else:
                yield Offers(unit, self.may_take(unit))
        yield Feedback("", faults=tuple(f"{unit}: {words}" for unit, words in self.faults.items()))
        yield Ready()
        if self.blocks:
            yield self._call("ChangeGroup.AutoPoll", {"Id": GROUP, "Rate": self.settings.rate}, "auto")
        yield Later(ALIVE, "alive")

    def _changed(self, changes: list[Any]) -> Iterator[Action]:
        for change in changes:
            if not isinstance(change, dict):
                continue
            key = (str(change.get("Component") or ""), str(change.get("Name")))
            if key in self.where:
                self.told.add(key)
            for unit, control in self.where.get(key, ()):
                yield Feedback(unit, **self.blocks[unit].points(control, change.get("Value")))

    def _status(self, status: object) -> Actions:
        if not isinstance(status, dict):
            return
        design, platform = status.get("DesignName"), status.get("Platform")
        if isinstance(design, str):
            yield Feedback("", name=design)
        if isinstance(platform, str):
            yield Feedback("", model=f"Q-SYS {platform}")
        state = status.get("State")
        if state in ("Idle", "Standby"):  # no design runs here: no control can be had
            yield Drop(Reason.NO_RESPONSE, f"the Core says {state}: it runs no design")

    def due(self, name: str) -> Actions:
        """NoOp keeps the socket; its answer is not documented, so that of StatusGet shows that the Core lives."""
        yield Send(self._text({"method": "NoOp", "params": {}}), reply=False)
        yield self._call("StatusGet", 0, "status")
        yield Later(ALIVE, "alive")
