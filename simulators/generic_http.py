"""A small audio box with an HTTP interface: what docs/equipment/generic_http.md describes as an example.

No maker's manual stands behind it: its requests are on that page, and only there. What may not live here: others.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from simulators._http import HttpSimulator, Request
from simulators.device import SimulatorError, hand


@dataclass(kw_only=True, eq=False)
class GenericHttp(HttpSimulator):
    """The box's memory and its answers."""

    name: ClassVar[str] = "generic_http"
    title: ClassVar[str] = "A box with an HTTP interface (example)"
    links: ClassVar[Mapping[str, int]] = {"http": 80}

    username: str = ""
    password: str = ""
    power: bool = False
    level: int = 10  # 0 to 40
    mute: bool = False
    source: str = "hdmi1"
    relays: dict[str, bool] = field(default_factory=lambda: {"a": False, "b": False})
    asked: list[str] = field(default_factory=list)  # "PUT /relays/a", oldest first

    def restart(self) -> None:
        """Relays open; the rest is kept."""
        self.reset("relays")

    def requested(self, request: Request) -> None:
        self.asked.append(f"{request.method} {request.path}")
        if self.username and not self._welcome(request.headers.get("authorization", "")):
            request.answer(401, {"error": "log in"})
            return
        try:
            body = json.loads(request.body) if request.body else {}
        except ValueError:
            body = None
        if not isinstance(body, dict):
            request.answer(400, {"error": "not JSON"})
            return
        match request.method, request.path.strip("/").split("/"):
            case "GET", ["status"]:
                request.answer(200, self._status())
            case "PUT", ["power"] if isinstance(body.get("on"), bool):
                self.power = body["on"]
                request.answer(200, {"ok": True})
            case "POST", ["volume", level] if level.isdigit() and int(level) <= 40:
                self.level = int(level)
                request.answer(200, self._status())
            case "POST", ["mute", ("on" | "off") as word]:
                self.mute = word == "on"
                request.answer(204)
            case "PUT", ["source"] if body.get("name") in ("hdmi1", "hdmi2"):
                self.source = body["name"]
                request.answer(200, {"ok": True})
            case "PUT", ["relays", name] if name in self.relays and isinstance(body.get("closed"), bool):
                self.relays[name] = body["closed"]
                request.answer(200, {"ok": True})
            case _:
                request.answer(404, {"error": "no such thing"})

    def _welcome(self, header: str) -> bool:
        wanted = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        return hmac.compare_digest(header.encode(), f"Basic {wanted}".encode()) and not self.faults.refuse_login

    def _status(self) -> dict[str, Any]:
        return {
            "power": "on" if self.power else "standby",
            "audio": {"level": self.level, "mute": self.mute},
            "source": self.source,
            "relays": dict(self.relays),
        }

    @hand
    def turn_knob(self, level: int = 20) -> None:
        """Somebody turns the box's knob, 0 to 40."""
        if not 0 <= level <= 40:
            raise SimulatorError(f"the knob goes from 0 to 40, not to {level}")
        self.level = level

    @hand
    def press_mute(self) -> None:
        """Somebody presses the box's mute key."""
        self.mute = not self.mute
