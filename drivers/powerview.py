"""Hunter Douglas PowerView: shades, tilt and scenes over the gateway's (generation 3) or hub's (generation 2) HTTP API.

Neither has a log-in. What may not live here: travel times. Sources: the gateway's own API pages (generation 3) and the
hub's API as published by open projects (generation 2); aiopvapi; RoomGate facts: room devices 4.7.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from gateway.commands import Command, Move, RecallPreset, SetPosition, SetTilt, Stop
from gateway.driver import (
    Actions,
    Appeared,
    Done,
    Driver,
    Drop,
    Feedback,
    HttpReply,
    HttpRequest,
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

FULL = 65535  # generation 2: all the way open
PRIMARY, TILT = 1, 3  # posKind of generation 2
QUARTER, HALF = frozenset({1, 9}), frozenset({2, 4, 5, 10})  # capabilities: slats turn by 90 or by 180 degrees
ONLY_TILT = frozenset({5})
ID = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class PowerViewSettings(Settings):
    """Settings of one gateway or hub."""

    generation: Literal["3", "2"] = setting("3", "3: PowerView gateway; 2: PowerView hub")
    scenes: tuple[str, ...] = setting((), "ids of scenes; preset 1 of the unit scenes is the first")
    poll: float = setting(10.0, "seconds between looks at rest")
    quick: float = setting(1.0, "seconds between looks after a shade was sent off")
    travel: float = setting(90.0, "seconds that a shade may take from end to end: so long it is looked at quickly")
    tolerance: int = setting(1, "percent by which a shade may miss a position and still be there")

    def __post_init__(self) -> None:
        if self.generation not in ("3", "2"):
            raise ValueError("generation is '3' or '2'")
        if not 0 < self.quick <= self.poll or self.travel <= 0 or not 0 <= self.tolerance <= 10:
            raise ValueError("quick is more than 0 and no more than poll, travel more than 0, tolerance 0 to 10")
        if any(not isinstance(one, str) or not ID.fullmatch(one) for one in self.scenes):
            raise ValueError("scenes are numbers, as texts")


@dataclass
class Shade:
    """What is known of one shade."""

    kind: int = 0  # its capabilities
    position: int | None = None
    start: int | None = None
    move: Request | None = None


class PowerView(Driver):
    """One gateway or hub; its units are its shades."""

    name = "powerview"
    title = "Hunter Douglas PowerView"
    models = "PowerView gateway (generation 3), PowerView hub (generation 2)"
    links: ClassVar[Mapping[str, int]] = {"http": 80}
    timing = Timing(window=1, reply=10.0, ready=30.0)
    plays = frozenset({"shade"})
    takes = frozenset({Move, RecallPreset, SetPosition, SetTilt, Stop})
    evidence = "cross-checked"  # aiopvapi drives the simulator (tests/drivers/test_powerview.py)
    sources = (
        "PowerView gateway API (generation 3), as served by the gateway itself",
        "PowerView hub API (generation 2), as published by open projects",
        "RoomGate facts: room devices 4.7",
    )
    offered = (
        "shades: name, firmware, position, open, close, stop, percent",
        "tilt of slats that turn by 90 or 180 degrees",
        "scenes as presets of the unit scenes",
        "both generations",
    )
    not_offered: ClassVar[Mapping[str, str]] = {
        "server-sent events (generation 3)": "no link reads an endless reply yet; shades are looked at instead",
        "direction of travel": "the API tells it in its events only",
        "second rail or fabric": "one position is one part; the primary one is used",
        "top-down shades turned round (type 6)": "no source says which end its 0 is",
        "battery": "four steps, no percentage, and shades have no point for it",
        "jog, calibrate, rooms, automations, Platinum (TCP 522)": "set-up, RoomGate's own, and another protocol",
    }
    units = 'a shade\'s id, such as "12", or "scenes"'
    Settings: ClassVar[type[Settings]] = PowerViewSettings
    settings: PowerViewSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.shades: dict[str, Shade] = {}
        self.ready = False
        self.until = 0.0

    @classmethod
    def lines(cls) -> Iterator[str]:
        """Every request."""
        yield from ("GET /home/shades", "PUT /home/shades/positions?ids=1", "PUT /home/shades/stop?ids=1")
        yield from ("PUT /home/scenes/1/activate", "GET /api/shades", "PUT /api/shades/1", "GET /api/scenes?sceneId=1")

    def valid_unit(self, unit: str) -> bool:
        return unit in ("", "scenes") or ID.fullmatch(unit) is not None

    def shows(self, command: Command, points: Mapping[str, Any]) -> bool:
        """A shade stops within a percent of where it was sent."""
        held = points.get("tilt" if isinstance(command, SetTilt) else "position")
        if isinstance(command, SetPosition | SetTilt) and held is not None:
            return bool(abs(held - command.percent) <= self.settings.tolerance)
        return shows(command, points)

    # ---- asking ----------------------------------------------------------------------------------------------

    def opened(self) -> Actions:
        """What shades there are."""
        yield self._look()

    def _look(self) -> Send:
        path = "home/shades" if self.settings.generation == "3" else "api/shades"
        return Send(HttpRequest("GET", path), tag="shades")

    def due(self, name: str) -> Actions:
        """Time to look."""
        yield self._look()

    def command(self, request: Request) -> Actions:
        """An HTTP 200 acknowledges; the position that is read afterwards confirms."""
        unit, command = request.unit, request.command
        if isinstance(command, RecallPreset) and unit == "scenes" and 1 <= command.preset <= len(self.settings.scenes):
            scene = self.settings.scenes[command.preset - 1]
            old = self.settings.generation == "2"
            where = f"api/scenes?sceneId={scene}" if old else f"home/scenes/{scene}/activate"
            yield Send(HttpRequest("GET" if old else "PUT", where), tag=request)
            return
        shade = self.shades.get(unit)
        if shade is None:
            yield Refused(request, "there is no such shade, or no such scene")
            return
        moving = shade.kind not in ONLY_TILT
        match command:
            case Move(direction) if moving:
                yield self._put(request, primary=1.0 if direction == "up" else 0.0)
            case SetPosition(percent) if moving:
                yield self._put(request, primary=(100 - percent) / 100)
            case SetTilt(percent) if shade.kind in QUARTER | HALF:
                span = 0.5 if shade.kind in HALF else 1.0
                yield self._put(request, tilt=span * (100 - percent) / 100)
            case Stop() if self.settings.generation == "3":
                yield Send(HttpRequest("PUT", f"home/shades/stop?ids={unit}"), tag=request)
            case Stop():
                yield self._send(request, f"api/shades/{unit}", {"shade": {"motion": "stop"}})
            case _:
                yield Refused(request, "this shade cannot do that")

    def _put(self, request: Request, **wanted: float) -> Send:
        if self.settings.generation == "3":
            return self._send(request, f"home/shades/positions?ids={request.unit}", {"positions": wanted})
        (name, share), *_ = wanted.items()
        kind = PRIMARY if name == "primary" else TILT
        positions = {"posKind1": kind, "position1": round(share * FULL)}
        return self._send(request, f"api/shades/{request.unit}", {"shade": {"positions": positions}})

    @staticmethod
    def _send(request: Request, path: str, body: Mapping[str, Any]) -> Send:
        data = json.dumps(body, separators=(",", ":")).encode()
        return Send(HttpRequest("PUT", path, {"Content-Type": "application/json"}, data), tag=request)

    # ---- hearing ---------------------------------------------------------------------------------------------

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        """The list of shades, or an acknowledgement."""
        if not isinstance(data, HttpReply):
            return
        if isinstance(tag, Request):
            yield from self._acted(tag, data)
        elif data.status == 423:  # generation 2: the hub looks after itself for a moment
            yield Later(self.settings.poll, "poll")
        elif (listed := self._listed(data)) is None:
            yield Drop(Reason.PROTOCOL_ERROR, f"no list of shades, but HTTP {data.status}")
        else:
            for one in listed:
                yield from self._shade(one)
            if not self.ready:
                self.ready = True
                names = {str(n): scene for n, scene in enumerate(self.settings.scenes, 1)}
                yield Offers("scenes", frozenset({RecallPreset} if names else ()), {"preset": names})
                yield Ready()
            yield Later(self.settings.quick if self.now < self.until else self.settings.poll, "poll")

    def _listed(self, reply: HttpReply) -> list[dict[str, Any]] | None:
        try:
            body = json.loads(reply.body)
        except (ValueError, RecursionError):
            return None
        if self.settings.generation == "2":
            body = body.get("shadeData") if isinstance(body, dict) else None
        if reply.status != 200 or not isinstance(body, list):
            return None
        return [one for one in body if isinstance(one, dict) and type(one.get("id")) is int and one["id"] >= 0]

    def _shade(self, told: Mapping[str, Any]) -> Actions:
        unit = str(told["id"])
        if unit not in self.shades:
            kind = told.get("capabilities")
            shade = self.shades[unit] = Shade(kind if type(kind) is int else 0)
            verbs: set[type[Command]] = {Stop}
            verbs |= set() if shade.kind in ONLY_TILT else {Move, SetPosition}
            verbs |= {SetTilt} if shade.kind in QUARTER | HALF else set()
            yield Appeared(unit)
            yield Offers(unit, frozenset(verbs))
            yield Feedback(unit, name=name_of(told))
        shade = self.shades[unit]
        primary, tilt = self._shares(told.get("positions"))
        shade.position = None if primary is None else 100 - round(100 * primary)
        yield Feedback(unit, position=shade.position)
        if shade.kind in HALF:
            yield Feedback(unit, tilt=None if tilt is None else min(100, round(abs(0.5 - tilt) * 200)))
        elif shade.kind in QUARTER:
            yield Feedback(unit, tilt=None if tilt is None else 100 - round(100 * tilt))
        if shade.move is not None and shade.position is not None:
            yield from self._under_way(shade, shade.move, shade.position)

    def _shares(self, told: Any) -> tuple[float | None, float | None]:
        """Primary and tilt, 0 to 1; None where they are not told."""
        if not isinstance(told, dict):
            return None, None
        if self.settings.generation == "3":
            found = {PRIMARY: told.get("primary"), TILT: told.get("tilt")}
        else:
            found = {}
            for number in ("1", "2"):
                kind, value = told.get(f"posKind{number}"), told.get(f"position{number}")
                if kind in (PRIMARY, TILT) and type(value) is int:
                    found[kind] = value / FULL
        primary, tilt = (
            float(value) if isinstance(value, int | float) and 0 <= value <= 1 else None
            for value in (found.get(PRIMARY), found.get(TILT))
        )
        return primary, tilt

    @staticmethod
    def _under_way(shade: Shade, request: Request, place: int) -> Actions:
        assert isinstance(request.command, Move)
        down = request.command.direction == "down"
        begun = shade.start is not None and (place > shade.start if down else place < shade.start)
        if begun or place == (100 if down else 0):
            shade.move = None
            yield Done(request)

    def _acted(self, request: Request, reply: HttpReply) -> Actions:
        if reply.status == 423:
            yield Refused(request, "the hub is under maintenance (423)")
        elif not 200 <= reply.status < 300:
            yield Refused(request, f"HTTP {reply.status}")
        else:
            yield Taken(request)
            self.until = self.now + self.settings.travel
            if shade := self.shades.get(request.unit):
                command = request.command
                shade.move, shade.start = (request if isinstance(command, Move) else None), shade.position
                stopped = "stopped" if isinstance(command, Stop) else None
                yield Feedback(request.unit, assumed=True, moving=stopped)
            yield self._look()


def name_of(told: Mapping[str, Any]) -> str | None:
    """A shade's name: plain in `ptName` (generation 3), or in base64."""
    plain, coded = told.get("ptName"), told.get("name")
    if isinstance(plain, str):
        return plain
    try:
        return base64.b64decode(coded, validate=True).decode() if isinstance(coded, str) else None
    except ValueError:
        return None
