"""A Global Caché iTach IP2CC or GC-100-12: contact closures over TCP, and the screen that may be wired to them.

Written from the Global Caché Unified TCP API, the GC-100 API Specification (figure 1a) and the maker's list of GC-100
error codes. Where the manual and the small old units may differ, a setting says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from simulators.device import Session, StreamSimulator, Timer, Where, hand
from simulators.motor import Motor
from simulators.values import SimulatorError

UNKNOWN_COMMAND, NO_SUCH_MODULE, NO_SUCH_PORT = "001", "002", "003"  # Unified TCP API, table of errors
GC_100_ERROR = {UNKNOWN_COMMAND: 14, NO_SUCH_MODULE: 3, NO_SUCH_PORT: 4}  # the same in the GC-100's numbers
NO_SUCH_VERSION, NOT_A_RELAY, NO_STATE = 2, 11, 13  # those that only the GC-100 tells apart
OTHERS = {"1": "1 SERIAL", "2": "1 SERIAL", "4": "3 IR", "5": "3 IR"}  # a GC-100-12's other modules
ADDRESS = re.compile(r"(\d+):(\d+)")


@dataclass(kw_only=True, eq=False)
class GlobalCache(StreamSimulator):
    """The relays' memory and the unit's answers."""

    name: ClassVar[str] = "global_cache"
    title: ClassVar[str] = "Global Caché iTach IP2CC or GC-100 (relays)"
    links: ClassVar[Mapping[str, int]] = {"tcp": 4998}

    model: Literal["itach", "gc100"] = "itach"  # gc100: one client, relays in module 3, errors in its own words
    relays: int = 3
    clients: int = 8  # of an iTach; a GC-100 takes one
    version: str = "710-1008-05"
    echo: bool = False  # some units repeat `setstate,...` where the manual says `state,...`
    unified: bool = True  # takes the third argument: a pulse's length, `notify`

    # A screen motor wired to two of the relays; 0 = none is.
    wiring: Literal["momentary", "hold"] = "momentary"
    up_relay: int = 0
    down_relay: int = 0
    stop_relay: int = 0
    travel_seconds: float = 12.0

    contacts: dict[str, bool] = field(
        default_factory=dict
    )  # True = closed; filled at the start, {"1:1": False, ...}; a GC-100's are "3:1", ...
    collisions: int = 0  # how often the up and the down relay were closed together
    screen: Motor | None = field(default=None, init=False)

    _pulses: dict[str, Timer] = field(default_factory=dict, init=False, repr=False)

    async def listen(self, where: Where) -> str:
        if not 1 <= self.relays <= 99:
            raise SimulatorError(f"relays is {self.relays}, expected 1 to 99")
        for port in (self.up_relay, self.down_relay, self.stop_relay):
            if not 0 <= port <= self.relays:
                raise SimulatorError(f"there is no relay {port} to wire; there are {self.relays}")
        addresses = [self._address(port) for port in self._ports()]
        self.contacts = {address: self.contacts.get(address, False) for address in addresses}
        if self.up_relay and self.down_relay:
            self.screen = Motor(self, self.travel_seconds, self.travel_seconds)
        return await super().listen(where)

    def restart(self) -> None:
        """Every relay opens; a state does not outlive a reset. The screen stands still where it is."""
        self._pulses.clear()
        for address in self.contacts:
            self.contacts[address] = False
        if self.screen:
            self.screen.stop()

    def opened(self, session: Session) -> None:
        session.memory.update(line=b"", notify=set())
        if len(self.sessions) > (1 if self.model == "gc100" else self.clients):
            session.close()

    def received(self, session: Session, data: bytes) -> None:
        *lines, rest = (session.memory["line"] + data).split(b"\r")
        session.memory["line"] = rest[:1000]
        for line in lines:
            for answer in self._answer(session, line.decode("ascii", "replace").strip("\n")):
                session.send(answer.encode() + b"\r")

    def _answer(self, session: Session, line: str) -> list[str]:
        command, *arguments = line.split(",")
        match command, arguments:
            case "getdevices", []:
                modules = {"0": "0 ETHERNET", **self._others(), self._module: f"{self.relays} RELAY"}
                listed = [f"device,{module},{modules[module]}" for module in sorted(modules)]
                return [*listed, "endlistdevices"]
            case "getversion", [] | ["0"]:
                return [f"version,0,{self.version}" if self.model == "gc100" else self.version]
            case "getversion", [module] if module in {self._module, *self._others()}:
                return [f"version,{module},{self.version}" if self.model == "gc100" else self.version]
            case "getversion", [_]:
                return [self._error(NO_SUCH_MODULE, NO_SUCH_VERSION)]
            case "getstate", [address]:
                return [self._wrong(address, asked=True) or self._state(address)]
            case "getstate", [address, "notify"] if self._takes_more:
                session.memory["notify"].add(address)
                return [self._wrong(address, asked=True) or self._state(address)]
            case "setstate", [address, "0" | "1" as state]:
                return self._set(address, state, None, line)
            case "setstate", [address, "0" | "1" as state, pulse] if self._takes_more and pulse.isdigit():
                return self._set(address, state, int(pulse), line)
        return [self._error(UNKNOWN_COMMAND)]

    def _set(self, address: str, state: str, pulse: int | None, line: str) -> list[str]:
        if wrong := self._wrong(address):
            return [wrong]
        self._switch(address, state == "1")
        if pulse:
            back = state != "1"
            self._pulses[address] = self.after(pulse / 1000, lambda: self._switch(address, back))
        return [line if self.echo else self._state(address)]

    def _state(self, address: str) -> str:
        return f"state,{address},{int(self.contacts[address])}"

    def _wrong(self, address: str, asked: bool = False) -> str:
        parts = ADDRESS.fullmatch(address)
        if parts is None:
            return self._error(UNKNOWN_COMMAND)
        if parts[1] in self._others():
            return self._error(NO_SUCH_MODULE, NO_STATE if asked else NOT_A_RELAY)
        if parts[1] != self._module:
            return self._error(NO_SUCH_MODULE)
        return "" if address in self.contacts else self._error(NO_SUCH_PORT, NO_STATE if asked else None)

    def _error(self, code: str, gc_100: int | None = None) -> str:
        """An error in this model's words; a GC-100 has finer numbers for some."""
        if self.model == "gc100":
            return f"unknowncommand, {gc_100 or GC_100_ERROR[code]}"
        return f"ERR_0:0,{code}"

    @property
    def _module(self) -> str:
        """Where the relays are."""
        return "3" if self.model == "gc100" else "1"

    @property
    def _takes_more(self) -> bool:
        """Whether it knows a third argument; the GC-100 is older than that."""
        return self.unified and self.model != "gc100"

    def _others(self) -> Mapping[str, str]:
        return OTHERS if self.model == "gc100" else {}

    def _address(self, port: int) -> str:
        return f"{self._module}:{port}"

    def _ports(self) -> range:
        return range(1, self.relays + 1)

    # What the relays do.

    def _switch(self, address: str, closed: bool) -> None:
        if pulse := self._pulses.pop(address, None):
            pulse.cancel()
        if self.contacts[address] == closed:
            return
        self.contacts[address] = closed
        for session in self.sessions:
            if address in session.memory["notify"]:
                session.send(f"statechange,{address},{int(closed)}\r".encode())
        if self.screen:
            self._drive(self.screen, address, closed)

    def _drive(self, screen: Motor, address: str, closed: bool) -> None:
        up, down = self.contacts[self._address(self.up_relay)], self.contacts[self._address(self.down_relay)]
        if up and down:
            self.collisions += 1
            screen.stop()  # a kind motor; another one burns
        elif self.wiring == "hold":
            if up or down:
                screen.run("up" if up else "down")
            else:
                screen.stop()
        elif closed and address == self._address(self.stop_relay):
            screen.stop()
        elif closed and (up or down):
            screen.run("up" if address == self._address(self.up_relay) else "down")

    def memory(self) -> dict[str, Any]:
        return super().memory() | {"connections": len(self.sessions)}

    # Hands.

    @hand
    def press_relay(self, port: int = 1) -> None:
        """Somebody else (the unit's own web page) turns a relay over."""
        address = self._address(port)
        if address not in self.contacts:
            raise SimulatorError(f"there is no relay {port}; there are {self.relays}")
        self._switch(address, not self.contacts[address])

    @hand
    def wall_switch(self, direction: Literal["up", "down", "stop"] = "down") -> None:
        """The screen's own switch, which the relays know nothing of."""
        if self.screen is None:
            raise SimulatorError("no screen is wired: set up_relay and down_relay")
        if direction == "stop":
            self.screen.stop()
        else:
            self.screen.run(direction)
