"""A Global Caché iTach IP2CC: contact closures over TCP, and the screen that may be wired to two of them.

Written from the Global Caché Unified TCP API. Where that manual and the small old unit may differ, a setting says so.
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
ADDRESS = re.compile(r"(\d+):(\d+)")


@dataclass(kw_only=True, eq=False)
class GlobalCache(StreamSimulator):
    """The relays' memory and the unit's answers."""

    name: ClassVar[str] = "global_cache"
    title: ClassVar[str] = "Global Caché iTach IP2CC (relays)"
    links: ClassVar[Mapping[str, int]] = {"tcp": 4998}

    relays: int = 3
    clients: int = 8
    version: str = "710-1008-05"
    echo: bool = False  # some units repeat `setstate,...` where the manual says `state,...`
    unified: bool = True  # takes the third argument: a pulse's length, `notify`

    # A screen motor wired to two of the relays; 0 = none is.
    wiring: Literal["momentary", "hold"] = "momentary"
    up_relay: int = 0
    down_relay: int = 0
    stop_relay: int = 0
    travel_seconds: float = 12.0

    contacts: dict[str, bool] = field(default_factory=dict)  # True = closed; filled at the start, {"1:1": False, ...}
    collisions: int = 0  # how often the up and the down relay were closed together
    screen: Motor | None = field(default=None, init=False)

    _pulses: dict[str, Timer] = field(default_factory=dict, init=False, repr=False)

    async def listen(self, where: Where) -> str:
        if not 1 <= self.relays <= 99:
            raise SimulatorError(f"relays is {self.relays}, expected 1 to 99")
        for port in (self.up_relay, self.down_relay, self.stop_relay):
            if not 0 <= port <= self.relays:
                raise SimulatorError(f"there is no relay {port} to wire; there are {self.relays}")
        self.contacts = {f"1:{port}": self.contacts.get(f"1:{port}", False) for port in self._ports()}
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
        if len(self.sessions) > self.clients:
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
                return ["device,0,0 ETHERNET", f"device,1,{self.relays} RELAY", "endlistdevices"]
            case "getversion", [] | ["0"] | ["1"]:
                return [self.version]
            case "getversion", [_]:
                return [self._error(NO_SUCH_MODULE)]
            case "getstate", [address]:
                return [self._wrong(address) or self._state(address)]
            case "getstate", [address, "notify"] if self.unified:
                session.memory["notify"].add(address)
                return [self._wrong(address) or self._state(address)]
            case "setstate", [address, "0" | "1" as state]:
                return self._set(address, state, None, line)
            case "setstate", [address, "0" | "1" as state, pulse] if self.unified and pulse.isdigit():
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

    def _wrong(self, address: str) -> str:
        parts = ADDRESS.fullmatch(address)
        if parts is None:
            return self._error(UNKNOWN_COMMAND)
        if parts[1] != "1":
            return self._error(NO_SUCH_MODULE)
        return "" if address in self.contacts else self._error(NO_SUCH_PORT)

    @staticmethod
    def _error(code: str) -> str:
        return f"ERR_0:0,{code}"

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
        up, down = self.contacts[f"1:{self.up_relay}"], self.contacts[f"1:{self.down_relay}"]
        if up and down:
            self.collisions += 1
            screen.stop()  # a kind motor; another one burns
        elif self.wiring == "hold":
            if up or down:
                screen.run("up" if up else "down")
            else:
                screen.stop()
        elif closed and address == f"1:{self.stop_relay}":
            screen.stop()
        elif closed and (up or down):
            screen.run("up" if address == f"1:{self.up_relay}" else "down")

    def memory(self) -> dict[str, Any]:
        return super().memory() | {"connections": len(self.sessions)}

    # Hands.

    @hand
    def press_relay(self, port: int = 1) -> None:
        """Somebody else (the unit's own web page) turns a relay over."""
        address = f"1:{port}"
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
