"""A PowerView gateway (generation 3) or hub (generation 2) with its shades and scenes, over HTTP.

Written from RoomGate facts (room devices 4.7) and the hub's API as open projects publish it. Not documented: whether
the position told on the way is where the shade is or where it goes (here: where it is).
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal
from urllib.parse import parse_qs

from simulators._http import HttpSimulator, Request
from simulators.device import SimulatorError, Timer, hand
from simulators.motor import Motor


@dataclass(kw_only=True, eq=False)
class PowerView(HttpSimulator):
    """The shades' memory."""

    name: ClassVar[str] = "powerview"
    title: ClassVar[str] = "Hunter Douglas PowerView gateway"
    links: ClassVar[Mapping[str, int]] = {"http": 80}

    generation: Literal["2", "3"] = "3"
    kinds: str = "0,1,2"  # capabilities of shades 1, 2, 3
    seconds: float = 20.0
    maintenance: bool = False
    shades: dict[str, Motor] = field(default_factory=dict, init=False)
    tilts: dict[str, float] = field(default_factory=dict, init=False)
    scenes: dict[str, float] = field(default_factory=lambda: {"43": 70.0, "44": 0.0}, init=False)
    activated: list[str] = field(default_factory=list, init=False)
    _ends: dict[str, Timer] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for number, kind in enumerate(self.kinds.split(","), 1):
            self.shades[str(number)] = Motor(self, self.seconds, self.seconds)
            if kind in ("1", "2", "4", "5"):
                self.tilts[str(number)] = 0.0

    def restart(self) -> None:
        """The shades stand."""
        for one in self.shades:
            self._halt(one)

    def requested(self, request: Request) -> None:
        if self.maintenance:
            request.answer(423, {})
            return
        where = request.path.strip("/").split("/")
        query = {name: values[0] for name, values in parse_qs(request.query).items()}
        try:
            body = json.loads(request.body or b"{}")
            found = (self._three if self.generation == "3" else self._two)(request.method, where, query, body)
        except (KeyError, ValueError, TypeError):
            found = None
        if found is None:
            request.answer(404, {"errMsg": "not found"})
        else:
            request.say(200, json.dumps(found).encode(), "application/json")

    def _three(self, method: str, where: list[str], query: dict[str, str], body: Any) -> Any:
        match method, where:
            case "GET", ["home", "shades"]:
                return [self._about(one) for one in self.shades]
            case "GET", ["home", "shades", one]:
                return self._about(one)
            case "GET", ["home", "scenes"]:
                return [{"id": int(one), "ptName": f"Scene {one}"} for one in self.scenes]
            case "GET", ["gateway"]:
                return {"config": {"serialNumber": "A23BE435", "firmware": {"mainProcessor": {"name": "PV_Gen3"}}}}
            case "PUT", ["home", "shades", "positions"]:
                for one in query["ids"].split(","):
                    self._place(one, body["positions"].get("primary"), body["positions"].get("tilt"))
                return {"responses": [{"err": 0}]}
            case "PUT", ["home", "shades", "stop"]:
                for one in query["ids"].split(","):
                    self._halt(one)
                return {"responses": [{"err": 0}]}
            case "PUT", ["home", "scenes", scene, "activate"]:
                return {"shadeIds": self._scene(scene)}
        return None

    def _two(self, method: str, where: list[str], query: dict[str, str], body: Any) -> Any:
        match method, where:
            case "GET", ["api", "shades"]:
                return {"shadeIds": [int(one) for one in self.shades], "shadeData": [*map(self._old, self.shades)]}
            case "GET", ["api", "scenes"] if "sceneId" in query:
                return {"scene": {"shadeIds": self._scene(query["sceneId"])}}
            case "GET", ["api", "fwversion"]:
                return {"firmware": {"mainProcessor": {"name": "PV Hub2.0", "revision": 2}}}
            case "PUT", ["api", "shades", one]:
                if body["shade"].get("motion") == "stop":
                    self._halt(one)
                positions = body["shade"].get("positions", {})
                if positions:
                    share = positions["position1"] / 65535
                    self._place(one, *((share, None) if positions["posKind1"] == 1 else (None, share)))
                return {"shade": self._old(one)}
        return None

    def _about(self, one: str) -> dict[str, Any]:
        places = {"primary": round(1 - self.shades[one].position / 100, 4), "secondary": 0, "velocity": 0}
        return {
            "id": int(one),
            "type": 5,
            "name": b64encode(f"Shade {one}".encode()).decode(),
            "ptName": f"Shade {one}",
            "capabilities": int(self.kinds.split(",")[int(one) - 1]),
            "powerType": 0,
            "batteryStatus": 3,
            "roomId": 1,
            "positions": places | ({"tilt": self.tilts[one]} if one in self.tilts else {"tilt": 0}),
        }

    def _old(self, one: str) -> dict[str, Any]:
        about = self._about(one)
        places = {"posKind1": 1, "position1": round(about["positions"]["primary"] * 65535)}
        if one in self.tilts:
            places |= {"posKind2": 3, "position2": round(self.tilts[one] * 65535)}
        del about["ptName"]
        return about | {"positions": places}

    def _place(self, one: str, primary: float | None, tilt: float | None) -> None:
        if one not in self.shades or not all(value is None or 0 <= value <= 1 for value in (primary, tilt)):
            raise ValueError(one)
        if tilt is not None and one in self.tilts:
            self.tilts[one] = tilt
        if primary is not None:
            self._go(one, 100 * (1 - primary))

    def _scene(self, scene: str) -> list[int]:
        place = self.scenes[scene]
        self.activated.append(scene)
        for one in self.shades:
            self._go(one, place)
        return [int(one) for one in self.shades]

    def _go(self, one: str, target: float) -> None:
        self._halt(one)
        motor = self.shades[one]
        way = target - motor.position
        if way:
            motor.run("down" if way > 0 else "up")
            self._ends[one] = self.after(abs(way) * self.seconds / 100, lambda: self._arrive(one, target))

    def _arrive(self, one: str, target: float) -> None:
        self._halt(one)
        self.shades[one]._from = target

    def _halt(self, one: str) -> None:
        self.shades[one].stop()
        if timer := self._ends.pop(one, None):
            timer.cancel()

    @hand
    def remote(self, direction: str = "down", shade: int = 1) -> None:
        """The shade's own remote control: up, down or stop."""
        if str(shade) not in self.shades or direction not in ("up", "down", "stop"):
            raise SimulatorError(f"there is no shade {shade}, or no {direction!r}")
        if direction == "stop":
            self._halt(str(shade))
        else:
            self._go(str(shade), 0.0 if direction == "up" else 100.0)
