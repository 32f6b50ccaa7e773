"""Motionblinds (Motion, Dooya, Coulisse) behind a Wi-Fi bridge: JSON over UDP port 32100, orders proved by a key.

An order carries the bridge's token of the day, enciphered with the key from the app. What may not live here: the
bridge's multicast. Source: Motion Wi-Fi bridge integration document; RoomGate facts: room devices 4.9.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from gateway.commands import Command, Move, SetPosition, SetTilt, Stop
from gateway.driver import (
    Actions,
    Answered,
    Datagram,
    Done,
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
    shows,
)
from gateway.model import Reason

CLOSE, OPEN, STOP, QUERY = 0, 1, 2, 5  # `operation`
BRIDGES = ("02000001", "02000002")  # deviceType of the bridge itself
MAC = re.compile(r"[0-9a-f]{12,20}")
MASKED = "***"  # stands for the key where a tape is lived again
TRIES = 2
NEAR = 2  # percent by which a motor may miss its goal
QUARTER = 180  # `currentAngle` and `targetAngle` go from 0 to 180


def access_token(key: str, token: str) -> str:
    """AES-128-ECB of the token under the key, in capital hex digits. Raises ValueError for keys that are none."""
    key = key.ljust(16, "*") if key == MASKED else key
    if len(key) != 16 or not token or len(token) % 16:
        raise ValueError("the key is 16 characters, and a token is one or more times 16")
    cipher = Cipher(algorithms.AES(key.encode("ascii")), modes.ECB()).encryptor()  # the bridge's protocol
    return (cipher.update(token.encode("ascii")) + cipher.finalize()).hex().upper()


@dataclass(frozen=True)
class MotionblindsSettings(Settings):
    """Settings of one bridge."""

    key: str = setting("", "the key of 16 characters that the app shows (Settings, About, tap five times)", secret=True)
    poll: float = setting(30.0, "seconds between looks at each blind at rest")
    quick: float = setting(2.0, "seconds between looks while one moves")
    moving: float = setting(60.0, "seconds after an order in which its blind is looked at quickly")

    def __post_init__(self) -> None:
        if self.key not in ("", MASKED) and (len(self.key) != 16 or not self.key.isascii()):
            raise ValueError("key is 16 characters, such as 12ab345c-d67e-8f")
        if not 0 < self.quick <= self.poll:
            raise ValueError("quick is more than 0 and no more than poll")


@dataclass
class Blind:
    """What is known of one motor."""

    kind: str
    told: bool = False
    two_way: bool = False
    position: int | None = None
    wish: Request | None = None  # a Move that waits to arrive
    flying: Request | None = None  # an order that waits for its WriteDeviceAck
    goal: int | None = None
    until: float = 0.0
    offered: frozenset[type[Command]] = field(default_factory=frozenset)


class Motionblinds(Driver):
    """One bridge; its units are its blinds, by their MAC addresses."""

    name = "motionblinds"
    title = "Motionblinds"
    models = "Motion, Dooya and Coulisse motors behind a Wi-Fi bridge (CM-20, DD7002B and relatives)"
    links: ClassVar[Mapping[str, int]] = {"udp": 32100}
    plays = frozenset({"shade", "screen"})
    timing = Timing(window=1, gap=0.1, reply=2.0, ready=15.0)
    sources = ("Motion Wi-Fi bridge integration document", "RoomGate facts: room devices 4.9 (token: tried)")
    offered = (
        "open, close, stop (Move, Stop)",
        "position and tilt of two-way motors",
        "battery, signal of life",
        "discovery of the bridge's blinds",
    )
    not_offered: ClassVar[Mapping[str, str]] = {
        "multicast reports (238.0.0.18:32101)": "the UDP link joins no groups; blinds are asked instead",
        "jog, favourite position, limits": "set-up, done once with the app or the remote control",
        "top-down bottom-up blinds": "two positions in one blind: the model has one",
    }
    units = "a blind's MAC address as the bridge tells it, such as 20f838abcd010001"
    Settings: ClassVar[type[Settings]] = MotionblindsSettings
    settings: MotionblindsSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.blinds: dict[str, Blind] = {}
        self.token = ""
        self.tries: dict[Hashable, int] = {}
        self.ready = False
        self.count = 0

    @classmethod
    def lines(cls) -> Iterator[str]:
        """Every message, with sample values."""
        yield '{"msgType": "GetDeviceList", "msgID": "..."}'
        yield '{"msgType": "ReadDevice", "mac": "...", "deviceType": "10000000", "msgID": "..."}'
        for data in ({"operation": CLOSE}, {"operation": OPEN}, {"operation": STOP}, {"operation": QUERY}):
            yield json.dumps({"msgType": "WriteDevice", "data": data})
        for data in ({"targetPosition": 50}, {"targetAngle": 90}):
            yield json.dumps({"msgType": "WriteDevice", "data": data})

    def valid_unit(self, unit: str) -> bool:
        return MAC.fullmatch(unit) is not None

    def shows(self, command: Command, points: Mapping[str, Any]) -> bool:
        """A motor stops within a percent or two of where it should."""
        for name, wanted in command.shown().items():
            if name in ("position", "tilt") and isinstance(points.get(name), int):
                return abs(int(points[name]) - int(wanted)) <= NEAR
        return shows(command, points)

    # ---- saying ----------------------------------------------------------------------------------------------

    def opened(self) -> Actions:
        """Who is there, and which token holds?"""
        yield self._say("list", {"msgType": "GetDeviceList"})

    def _say(self, tag: Hashable, message: dict[str, Any], hide: tuple[str, ...] = ()) -> Send:
        self.count += 1
        held = {**message, "msgID": f"{20260101000000000 + int(self.now * 1000) + self.count:017d}"}
        return Send(Datagram(json.dumps(held, separators=(",", ":")).encode()), tag=tag, hide=hide)

    def _ask(self, unit: str) -> Send:
        device = {"mac": unit, "deviceType": self.blinds[unit].kind}
        return self._say(("read", unit), {"msgType": "ReadDevice", **device})

    def _write(self, tag: Hashable, unit: str, data: Mapping[str, Any]) -> Send:
        proof = access_token(self.settings.key, self.token)
        device = {"mac": unit, "deviceType": self.blinds[unit].kind}
        return self._say(tag, {"msgType": "WriteDevice", **device, "AccessToken": proof, "data": data}, (proof,))

    def command(self, request: Request) -> Actions:
        """An order for one motor."""
        blind = self.blinds.get(request.unit)
        if blind is None:
            yield Refused(request, "the bridge has no such blind")
            return
        order = self._order(request.command)
        if order is None or type(request.command) not in blind.offered:
            yield Refused(request, "this blind cannot do that")
            return
        data, goal = order
        blind.wish = request if isinstance(request.command, Move) else None
        blind.flying, blind.goal, blind.until = request, goal, self.now + self.settings.moving
        try:
            yield self._write(request, request.unit, data)
        except ValueError as error:
            yield Refused(request, str(error))

    @staticmethod
    def _order(command: Command) -> tuple[dict[str, int], int | None] | None:
        match command:
            case Move(direction):
                return {"operation": OPEN if direction == "up" else CLOSE}, 0 if direction == "up" else 100
            case Stop():
                return {"operation": STOP}, None
            case SetPosition(percent):
                return {"targetPosition": percent}, percent
            case SetTilt(percent):
                return {"targetAngle": round(percent * QUARTER / 100)}, None
        return None

    # ---- hearing ---------------------------------------------------------------------------------------------

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        """A message of the bridge; it says itself what it answers."""
        try:
            told = json.loads(data.data) if isinstance(data, Datagram) else None
        except (ValueError, RecursionError):
            return
        if not isinstance(told, dict):
            return
        unit = str(told.get("mac", ""))
        match told.get("msgType"):
            case "GetDeviceListAck":
                yield from self._listed(told)
            case "ReadDeviceAck" if unit in self.blinds:
                yield Answered(("read", unit))
                yield from self._state(unit, told.get("data"))
            case "WriteDeviceAck" if unit in self.blinds:
                yield from self._written(unit, told)
            case "Report" if unit in self.blinds:
                yield from self._state(unit, told.get("data"))
            case "Heartbeat" if isinstance(told.get("token"), str):
                self.token = told["token"]

    def _listed(self, told: dict[str, Any]) -> Actions:
        yield Answered("list")
        self.tries.pop("list", None)
        self.token = str(told.get("token", ""))
        rows = told.get("data")
        for row in rows if isinstance(rows, list) else ():
            if (
                isinstance(row, dict)
                and str(row.get("deviceType")) not in BRIDGES
                and MAC.fullmatch(str(row.get("mac")))
            ):
                self.blinds.setdefault(str(row["mac"]), Blind(str(row.get("deviceType"))))
        if not self.blinds:
            yield Drop(Reason.PROTOCOL_ERROR, "the bridge has no blinds")
            return
        yield Feedback("", model="Motion bridge", firmware=str(told.get("fwVersion") or "") or None)
        for unit in self.blinds:
            yield self._ask(unit)

    def _written(self, unit: str, told: dict[str, Any]) -> Actions:
        """The order that this blind was given last."""
        wrong = told.get("actionResult")
        for tag in [tag for tag in self.tries if isinstance(tag, Request)]:
            del self.tries[tag]
        request, self.blinds[unit].flying = self.blinds[unit].flying, None
        if wrong:
            if request is not None:
                yield Answered(request)
                yield Refused(request, str(wrong)[:200])
            self.token = ""  # it may be the token that is old
            yield self._say("list", {"msgType": "GetDeviceList"})
            return
        if request is not None:
            yield Answered(request)
            yield Taken(request)
            yield from self._begun(unit, request)
        yield from self._state(unit, told.get("data"))
        yield Later(self.settings.quick, "poll")

    def _begun(self, unit: str, request: Request) -> Actions:
        blind = self.blinds[unit]
        match request.command:
            case Stop():
                yield Feedback(unit, assumed=not blind.two_way, moving="stopped")
            case Move(direction):
                yield Feedback(unit, assumed=True, moving=direction)
                if not blind.two_way:
                    blind.wish = None
                    yield Done(request)
            case SetPosition(percent) if blind.position is not None and percent != blind.position:
                yield Feedback(unit, assumed=True, moving="down" if percent > blind.position else "up")

    def _state(self, unit: str, data: Any) -> Actions:
        blind = self.blinds[unit]
        if not isinstance(data, dict):
            return
        blind.two_way = data.get("wirelessMode") != 0
        position, angle, battery = (data.get(name) for name in ("currentPosition", "currentAngle", "batteryLevel"))
        if blind.two_way and isinstance(position, int) and 0 <= position <= 100:
            blind.position = position
            yield Feedback(unit, position=position)
            if blind.goal is not None and abs(position - blind.goal) <= NEAR:
                blind.goal, blind.until = None, 0.0
                yield Feedback(unit, moving="stopped")
                if blind.wish is not None:
                    wish, blind.wish = blind.wish, None
                    yield Done(wish)
        if blind.two_way and isinstance(angle, int) and 0 <= angle <= QUARTER:
            yield Feedback(unit, tilt=round(angle * 100 / QUARTER))
        if isinstance(battery, int) and 0 < battery <= 100:
            yield Feedback(unit, battery=battery)
        yield from self._offer(unit, tilts=isinstance(angle, int))

    def _offer(self, unit: str, *, tilts: bool) -> Actions:
        blind = self.blinds[unit]
        able: set[type[Command]] = {Move, Stop} | (
            {SetPosition} | ({SetTilt} if tilts else set()) if blind.two_way else set()
        )
        if frozenset(able) != blind.offered:
            blind.offered = frozenset(able)
            yield Offers(unit, blind.offered)
        blind.told = True
        if not self.ready and all(one.told for one in self.blinds.values()):
            self.ready = True
            yield Ready()
            yield Later(self.settings.poll, "poll")

    # ---- time ------------------------------------------------------------------------------------------------

    def due(self, name: str) -> Actions:
        """Time to look: at what moves, else at all."""
        moving = [unit for unit, blind in self.blinds.items() if blind.until > self.now]
        for unit in moving or self.blinds:
            yield self._ask(unit)
        yield Later(self.settings.quick if moving else self.settings.poll, "poll")

    def failed(self, tag: Hashable, reason: str) -> Actions:
        """A datagram may be lost: once more; then the bridge is away."""
        self.tries[tag] = self.tries.get(tag, 1) + 1
        if self.tries[tag] > TRIES:
            yield Drop(Reason.NO_RESPONSE, reason)
        elif tag == "list":
            yield from self.opened()
        elif isinstance(tag, tuple):
            yield self._ask(str(tag[1]))
        elif isinstance(tag, Request):
            yield from self.command(tag)
