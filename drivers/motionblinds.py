"""Motionblinds (Coulisse, Dooya): blinds behind a Wi-Fi gateway that speaks JSON in UDP datagrams.

Orders carry an AccessToken: the gateway's token, encrypted with the key that the Motionblinds app shows. What may not
live here: travel times. Sources: the gateway's integration guide as open clients read it (motionblinds 0.6); RoomGate
facts: room devices 4.9.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from gateway.commands import Command, Move, SetPosition, SetTilt, Stop
from gateway.driver import (
    Actions,
    Answered,
    Appeared,
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

CLOSE, OPEN, STOP, QUERY = 0, 1, 2, 5  # operation
BLINDS = frozenset({"10000000", "22000000", "22000002", "10000011"})  # one motor each; others have two
SLATS = frozenset({2, 5, 15, 21, 28, 29, 57, 60})  # types with an angle
ONE_WAY, LIMITS_ONLY = 0, 2  # wirelessMode: no answer at all; no percentage
GROUP = re.compile(r"(?:2[23][0-9](?:\.[0-9]{1,3}){3})?")  # an IPv4 multicast address, or none
MAC = re.compile(r"[0-9A-Fa-f]{12,20}")
TRIES = 2  # a datagram that is lost is said again: each order may be
TURN = 180  # degrees from open to closed; 90 for type 5
HALF_TURN = frozenset({5})


def access_token(key: str, token: str) -> str:
    """AES-128-ECB of the gateway's token, as capital hexadecimal digits; "" without a key, or for a token that is none.

    A key of another length is filled up or cut: the gateway will say that it is wrong.
    """
    held, asked = key.encode(), token.encode()
    if not held or len(asked) != 16:
        return ""
    cipher = Cipher(algorithms.AES(held.ljust(16)[:16]), modes.ECB()).encryptor()  # the protocol's own choice
    return (cipher.update(asked) + cipher.finalize()).hex().upper()


@dataclass(frozen=True)
class MotionblindsSettings(Settings):
    """Settings of one gateway."""

    key: str = setting("", "the key that the Motionblinds app shows, 16 characters with its dashes", secret=True)
    report_port: int = setting(32101, "UDP port on which the gateway reports changes; 0 = poll only")
    multicast: str = setting("238.0.0.18", 'the group it reports to; "" = to us alone')
    poll: float = setting(30.0, "seconds between looks at rest")
    quick: float = setting(2.0, "seconds between looks at a blind that was sent off")
    travel: float = setting(90.0, "seconds that a blind may take from end to end: so long it is looked at quickly")
    tolerance: int = setting(1, "percent by which a blind may miss a position and still be there")

    def __post_init__(self) -> None:
        if not 0 < self.quick <= self.poll or self.travel <= 0 or not 0 <= self.tolerance <= 10:
            raise ValueError("quick is more than 0 and no more than poll, travel more than 0, tolerance 0 to 10")
        if not 0 <= self.report_port <= 65535 or not GROUP.fullmatch(self.multicast):
            raise ValueError("report_port is a UDP port or 0, multicast an IPv4 multicast address or nothing")


@dataclass
class Blind:
    """What is known of one blind."""

    kind: str  # deviceType
    turn: int = 0  # degrees of its slats; 0 = none
    mode: int = 1  # wirelessMode
    known: bool = False
    position: int | None = None
    start: int | None = None
    move: Request | None = None
    until: float = 0.0


class Motionblinds(Driver):
    """One gateway; its units are the blinds' addresses (mac)."""

    name = "motionblinds"
    title = "Motionblinds (Coulisse, Dooya) Wi-Fi gateways"
    models = "Motionblinds gateways CMD-01, CMD-02 and compatible ones (Brel Home, Bloc Blinds and others)"
    links: ClassVar[Mapping[str, int]] = {"udp": 32100}
    timing = Timing(window=1, gap=0.04, reply=3.0, ready=20.0)
    plays = frozenset({"shade", "screen"})
    takes = frozenset({Move, SetPosition, SetTilt, Stop})
    evidence = "cross-checked"  # the client motionblinds reads the simulator (tests/drivers/test_motionblinds.py)
    sources = ("motionblinds 0.6 (open client)", "RoomGate facts: room devices 4.9")
    offered = (
        "GetDeviceList: which blinds there are",
        "open, close, stop, percent, angle",
        "position, angle, state and battery; reports as they happen, and polled",
        "AccessToken; a token that changed is fetched again",
    )
    not_offered: ClassVar[Mapping[str, str]] = {
        "two motors in one blind (top down bottom up, day and night)": "one position is one part",
        "favourite position": "it is one without a number, and not all gateways know it",
        "jog, limits, pairing": "set up once, with the app",
        "battery in percent": "the gateway tells hundredths of a volt, of 2, 3 or 4 cells",
    }
    units = "a blind's address such as abcdefghujkl0001 in hexadecimal digits"
    Settings: ClassVar[type[Settings]] = MotionblindsSettings
    settings: MotionblindsSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.blinds: dict[str, Blind] = {}
        self.access = ""
        self.number = 0
        self.doing: dict[str, list[Request]] = {}  # unit -> commands that wait for their acknowledgement, oldest first
        self.tries: dict[Request, int] = {}
        self.silent = 0  # exchanges in a row without an answer
        self.ready = False

    @classmethod
    def lines(cls) -> Iterator[str]:
        """Every kind of message."""
        yield from ("GetDeviceList", "ReadDevice", "WriteDevice {operation 0, 1, 2, 5; targetPosition; targetAngle}")

    def side_links(self) -> Mapping[str, str]:
        """The gateway's reports come to a port of ours."""
        port = self.settings.report_port
        return {"reports": f"listen+udp://{self.settings.multicast}:{port}?from={self.host}"} if port else {}

    def valid_unit(self, unit: str) -> bool:
        return not unit or MAC.fullmatch(unit) is not None

    def shows(self, command: Command, points: Mapping[str, Any]) -> bool:
        """A blind stops within a percent of where it was sent."""
        held = points.get("tilt" if isinstance(command, SetTilt) else "position")
        if isinstance(command, SetPosition | SetTilt) and held is not None:
            return bool(abs(held - command.percent) <= self.settings.tolerance)
        return shows(command, points)

    # ---- asking ----------------------------------------------------------------------------------------------

    def opened(self) -> Actions:
        """Who is there, and which token holds."""
        yield self._list()

    def _say(self, what: str, tag: Hashable, **more: Any) -> Send:
        """`msgID` is 17 digits in time order, as the guide wants them; they need not be the time."""
        self.number += 1
        message = {"msgType": what, **more, "msgID": f"{20200101000000000 + self.number}"}
        hide = (self.access,) if "AccessToken" in more else ()
        return Send(Datagram(json.dumps(message, separators=(",", ":")).encode()), tag=tag, hide=hide)

    def _list(self) -> Send:
        return self._say("GetDeviceList", ("list", ""))

    def _read(self, unit: str) -> Send:
        blind = self.blinds[unit]
        more = {"AccessToken": self.access} if self.access else {}
        return self._say("ReadDevice", ("read", unit), mac=unit, deviceType=blind.kind, **more)

    def _write(self, unit: str, tag: Hashable, **data: int) -> Send:
        kind = self.blinds[unit].kind
        return self._say("WriteDevice", tag, mac=unit, deviceType=kind, AccessToken=self.access, data=data)

    def due(self, name: str) -> Actions:
        """Time to look: at all, or (asking the blind itself) at what was sent off."""
        if name == "poll":
            yield self._list()
            return
        running = [unit for unit, blind in self.blinds.items() if blind.until > self.now]
        for unit in running:
            yield self._write(unit, ("query", unit), operation=QUERY)
        if running:
            yield Later(self.settings.quick, "quick")

    # ---- doing -----------------------------------------------------------------------------------------------

    def command(self, request: Request) -> Actions:
        """WriteDeviceAck acknowledges; what the blind reports afterwards confirms."""
        yield from self._order(request)

    def _order(self, request: Request) -> Actions:
        blind = self.blinds.get(request.unit)
        data: dict[str, int] = {}
        match request.command:
            case Move(direction):
                data["operation"] = OPEN if direction == "up" else CLOSE
            case Stop():
                data["operation"] = STOP
            case SetPosition(percent):
                data["targetPosition"] = percent
            case SetTilt(percent) if blind is not None and blind.turn:
                data["targetAngle"] = round(percent * blind.turn / 100)
        if blind is None or not data:
            yield Refused(request, "there is no such blind" if blind is None else "this blind cannot do that")
        elif not self.access:
            yield Refused(request, "the key is not set, or the gateway's token is none")
        else:
            self.doing[request.unit] = [one for one in self.doing.get(request.unit, ()) if one != request] + [request]
            yield self._write(request.unit, request, **data)

    # ---- hearing ---------------------------------------------------------------------------------------------

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        """A datagram: an answer, or a report that nobody asked for."""
        try:
            told = json.loads(data.data if isinstance(data, Datagram) else data)
        except (ValueError, TypeError, RecursionError):
            return
        if not isinstance(told, dict):
            return
        unit, more = told.get("mac"), told.get("data")
        blind = self.blinds.get(unit) if isinstance(unit, str) else None
        what = told.get("msgType")
        before = self.access
        if isinstance(told.get("token"), str):
            self.access = access_token(self.settings.key, told["token"])
        if link == "main":
            self.silent = 0
        if what == "GetDeviceListAck" and isinstance(more, list):
            yield from self._listed(more)
        elif told.get("actionResult"):
            yield from self._wrong(str(told["actionResult"]), unit, fresh=self.access not in ("", before))
        elif blind is not None and isinstance(unit, str) and what in ("ReadDeviceAck", "WriteDeviceAck", "Report"):
            if what == "ReadDeviceAck":
                yield Answered(("read", unit))
            elif what == "WriteDeviceAck":
                yield from self._acknowledged(unit, blind)
            if isinstance(more, dict) and what != "WriteDeviceAck":  # an ack tells what was before
                yield from self._told(unit, blind, more)

    def _listed(self, listed: list[Any]) -> Actions:
        yield Answered(("list", ""))
        for one in listed:
            unit, kind = (one.get("mac"), one.get("deviceType")) if isinstance(one, dict) else (None, None)
            if isinstance(unit, str) and MAC.fullmatch(unit) and kind in BLINDS and unit not in self.blinds:
                self.blinds[unit] = Blind(kind)
                yield Appeared(unit)
        for unit in self.blinds:
            yield self._read(unit)
        yield from self._usable()
        yield Later(self.settings.poll, "poll")

    def _usable(self) -> Actions:
        if not self.ready and all(blind.known for blind in self.blinds.values()):
            self.ready = True
            yield Ready()

    def _told(self, unit: str, blind: Blind, data: Mapping[str, Any]) -> Actions:
        kind, blind.mode = _number(data.get("type")), _number(data.get("wirelessMode"), blind.mode) or 0
        if kind is not None:
            blind.turn = (90 if kind in HALF_TURN else TURN) if kind in SLATS else 0
        if not blind.known:
            blind.known = True
            verbs: set[type[Command]] = {Move, Stop}
            verbs |= set() if blind.mode in (ONE_WAY, LIMITS_ONLY) else {SetPosition}
            verbs |= {SetTilt} if blind.turn else set()
            yield Offers(unit, frozenset(verbs))
        if blind.mode != ONE_WAY:
            moving = {CLOSE: "down", OPEN: "up", STOP: "stopped"}.get(_number(data.get("operation"), -1) or 0)
            place = _number(data.get("currentPosition"))
            if blind.mode == LIMITS_ONLY:
                place = {1: 0, 2: 100}.get(_number(data.get("currentState"), -1) or 0)
            blind.position = place if place is not None and 0 <= place <= 100 else None
            yield Feedback(unit, moving=moving, position=blind.position)
            angle = _number(data.get("currentAngle"))
            if blind.turn:
                known = angle is not None and 0 <= angle <= blind.turn
                yield Feedback(unit, tilt=round(100 * (angle or 0) / blind.turn) if known else None)
            yield from self._under_way(blind, moving)
        yield from self._usable()

    @staticmethod
    def _under_way(blind: Blind, moving: str | None) -> Actions:
        request, place = blind.move, blind.position
        if request is None or not isinstance(request.command, Move):
            return
        direction = request.command.direction
        way = 0 if place is None or blind.start is None else place - blind.start
        begun = way > 0 if direction == "down" else way < 0
        if moving == direction or begun or place == (100 if direction == "down" else 0):
            blind.move = None
            yield Done(request)

    def _acknowledged(self, unit: str, blind: Blind) -> Actions:
        """Which of ours it is: the oldest command's, else a look's. It names none, but they say all the same."""
        request = self._oldest(unit)
        if request is None:
            yield Answered(("query", unit))
            return
        yield Answered(request)
        yield from self._taken(unit, blind, request)

    def _oldest(self, unit: str) -> Request | None:
        waiting = self.doing.get(unit)
        request = waiting.pop(0) if waiting else None
        if request is not None:
            self.tries.pop(request, None)
        return request

    def failed(self, tag: Hashable, reason: str) -> Actions:
        """Datagrams get lost: an order is said again, and the gateway is given up when nothing is answered any more."""
        self.silent += 1
        if self.silent > TRIES or tag == ("list", ""):
            yield Drop(Reason.NO_RESPONSE, reason)
        elif isinstance(tag, Request):
            tries = self.tries[tag] = self.tries.get(tag, 1) + 1
            waiting = self.doing.get(tag.unit, [])
            if waiting[-1:] == [tag] and tries <= TRIES:  # a newer order, such as Stop, is not undone
                yield from self._order(tag)
            elif tag in waiting:
                waiting.remove(tag)
                self.tries.pop(tag, None)
        elif isinstance(tag, tuple) and tag[0] == "read" and not self.ready:
            yield self._read(tag[1])

    def _taken(self, unit: str, blind: Blind, request: Request) -> Actions:
        command = request.command
        blind.move, blind.start = (request if isinstance(command, Move) else None), blind.position
        if blind.mode == ONE_WAY:
            match command:
                case Stop():
                    yield Feedback(unit, assumed=True, moving="stopped", position=None)
                case Move(direction):
                    yield Feedback(unit, assumed=True, moving=direction, position=None)
            yield Taken(request)
            if isinstance(command, Move):
                yield Done(request)
            return
        yield Feedback(unit, moving=None)
        yield Taken(request)
        blind.until = self.now + self.settings.travel
        yield Later(self.settings.quick, "quick")

    def _wrong(self, words: str, unit: Any, *, fresh: bool) -> Actions:
        """It refuses: an AccessToken that is wrong is one that has changed, or a wrong key. Some tell the new token
        with the refusal (`fresh`): then the order is said again with it."""
        waiting = [one for one, held in self.doing.items() if held]
        one = unit if unit in waiting else waiting[0] if waiting else None  # it need not name the blind
        request = self._oldest(one) if one is not None else None
        tags: tuple[Hashable, ...] = (request,) if request is not None else (("read", unit), ("query", unit))
        for tag in tags:
            yield Answered(tag)
        if request is not None and fresh and "token" in words.lower():
            yield from self._order(request)
            return
        if request is not None:
            yield Refused(request, words)
        if "token" in words.lower() and not self.ready:
            yield Drop(Reason.LOGIN_REFUSED, "the gateway refused the key: 16 characters, as the app shows them")
        elif "token" in words.lower():
            yield self._list()


def _number(value: Any, instead: int | None = None) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else instead
