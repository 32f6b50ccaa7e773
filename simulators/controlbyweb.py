"""A ControlByWeb unit: relays and inputs behind a small web server, in the three forms of its generations.

Source: ControlByWeb user manuals (state.xml and state.json; RoomGate facts: room devices 3.2).
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal
from urllib.parse import parse_qsl

from simulators._http import HttpSimulator, Request
from simulators.device import SimulatorError, hand


@dataclass(kw_only=True, eq=False)
class ControlByWeb(HttpSimulator):
    """The unit's memory and its pages."""

    name: ClassVar[str] = "controlbyweb"
    title: ClassVar[str] = "ControlByWeb relays"
    links: ClassVar[Mapping[str, int]] = {"http": 80}

    generation: Literal["x", "webrelay10", "webrelay"] = "x"
    number_of_relays: int = 4
    password: str = ""
    relays: dict[str, bool] = field(default_factory=dict)
    inputs: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.generation == "webrelay":
            self.number_of_relays = 1
        for number in range(1, self.number_of_relays + 1):
            self.relays.setdefault(str(number), False)
            self.inputs.setdefault(str(number), False)

    def restart(self) -> None:
        """Relays open (the power-up setting of the maker)."""
        self.reset("relays")

    def requested(self, request: Request) -> None:
        if self.password and not self._welcome(request.headers.get("authorization", "")):
            request.say(401, b"", "text/html")
            return
        if request.method != "GET" or request.path not in ("/state.xml", "/state.json"):
            request.say(404, b"", "text/html")
            return
        for name, value in parse_qsl(request.query):
            self._set(name, value)
        if request.path.endswith("json") and self.generation == "x":
            told = {f"relay{n}": str(int(on)) for n, on in self.relays.items()}
            told |= {f"digitalInput{n}": str(int(on)) for n, on in self.inputs.items()}
            body = json.dumps({**told, "serialNumber": "00:0C:C8:01:02:03"})
            request.say(200, body.encode(), "application/json")
        elif request.path.endswith("json"):
            request.say(404, b"", "text/html")
        else:
            request.say(200, self._xml().encode(), "text/xml")

    def _welcome(self, header: str) -> bool:
        kind, _, pair = header.partition(" ")
        try:
            given = base64.b64decode(pair).decode().partition(":")[2]
        except ValueError:
            return False
        right = hmac.compare_digest(given.encode(), self.password.encode())
        return kind == "Basic" and right and not self.faults.refuse_login

    def _set(self, name: str, value: str) -> None:
        single = self.generation == "webrelay"
        number = "1" if single else name.removeprefix("relay")
        known = name == "relayState" if single else name.startswith("relay") and number in self.relays
        if known and value in ("0", "1"):
            self.relays[number] = value == "1"

    def _xml(self) -> str:
        def tags(kind: str, values: Mapping[str, bool]) -> str:
            lines = []
            for number, on in values.items():
                tag = {
                    "x": f"{'relay' if kind == 'relay' else 'digitalInput'}{number}",
                    "webrelay10": f"{kind}{number}state",
                    "webrelay": f"{kind}state",
                }[self.generation]
                lines.append(f"<{tag}>{int(on)}</{tag}>\r\n")
            return "".join(lines)

        serial = "<serialNumber>00:0C:C8:01:02:03</serialNumber>\r\n" if self.generation == "x" else ""
        body = tags("relay", self.relays) + tags("input", self.inputs) + serial
        return f'<?xml version="1.0" encoding="utf-8" ?>\r\n<datavalues>\r\n{body}</datavalues>\r\n'

    @hand
    def press_relay(self, number: int = 1) -> None:
        """Somebody turns a relay over on the unit's own page."""
        if str(number) not in self.relays:
            raise SimulatorError(f"there is no relay {number}")
        self.relays[str(number)] = not self.relays[str(number)]

    @hand
    def wire_input(self, number: int = 1, on: bool = True) -> None:
        """What is wired to an input closes or opens."""
        if str(number) not in self.inputs:
            raise SimulatorError(f"there is no input {number}")
        self.inputs[str(number)] = on
