"""Global Caché iTach, Flex and GC-100: the relays of a contact-closure module (TCP 4998).

Written from the Global Caché Unified TCP API and the GC-100's list of error codes. A relay is a unit, named as the
unit itself names it: `1:3` is relay 3 of module 1. The answer to `setstate` is only an acknowledgement, because some
firmware merely echoes the command, so the state is asked for after each. What may not live here: pulses, interlocks
and travel times, which `gateway/motion.py` does for every maker's relays alike.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from gateway.commands import SetRelay
from gateway.cutters import Lines
from gateway.driver import (
    Actions,
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

LARGEST = 64  # ports of one module that are believed; the largest real one has 8
ERRORS = {  # GC-100 error codes on port 4998; the iTach's ERR_m:p,nnn is shown as it stands
    "3": "there is no such module",
    "4": "there is no such connector",
    "11": "that module is not a relay",
    "13": "that connector cannot tell a state",
    "14": "it does not know this command",
}

_DEVICE = re.compile(r"device,(\d+),(\d+) RELAY\w*")
_STATE = re.compile(r"(state|setstate|statechange),(\d+:\d+),([0-2])")  # 2: the second throw of a two-way relay
_ERROR = re.compile(r"ERR_?\d+:\d+,\d+|ERR\b.*|unknowncommand[ ,]*(\d*)")
_VERSION = re.compile(r"(?:version,\d+,)?(\d[\w.-]*)")


@dataclass(frozen=True)
class GlobalCacheSettings(Settings):
    """What a profile may say of a Global Caché unit."""

    poll: float = setting(5.0, "Seconds between questions for the relays' states.")
    notify: bool = setting(False, "Ask the unit to tell changes by itself; only newer units know how.")

    def __post_init__(self) -> None:
        if self.poll <= 0:
            raise ValueError("poll is more than 0 seconds")


class GlobalCache(Driver):
    """One unit with all its relays."""

    name = "global_cache"
    plays = frozenset({"relay"})
    takes = frozenset({SetRelay})
    title = "Global Caché relays"
    models = "iTach IP2CC and WF2CC, Flex with a relay cable, GC-100 with relays"
    links = {"tcp": 4998}
    timing = Timing(window=1, reply=3.0, ready=10.0)
    # The list of modules and the changes told unasked end no turn; nor does noise.
    cutter = Lines(
        (b"\r", b"\n"), unasked=r"(?!(set)?state,|endlistdevices|ERR|unknowncommand|version,|\d)", limit=4096
    )
    evidence = "captured"
    sources = (
        "Global Caché Unified TCP API 1.1",
        "Global Caché FAQ: GC-100 error codes returned from port 4998",
        "open-avc/openavc-drivers: captures from an IP2CC with firmware 710-1008-05",
    )
    offered = (
        "relays found by themselves (getdevices)",
        "relay state (setstate, getstate)",
        "changes told unasked (getstate ... notify, statechange)",
        "firmware version (getversion)",
    )
    not_offered = {
        "timed closure (setstate ... period)": "older units do not state that they know it; motion parts time pulses",
        "serial ports (port 4999, set_SERIAL)": "transparent: use the other device's own driver over tcp://host:4999",
        "infrared and sensor inputs": "no verb or point for them in the model",
        "discovery (AMX beacon)": "multicast listening is not there yet",
    }
    units = "a relay as module:port, such as 1:1"
    Settings = GlobalCacheSettings
    settings: GlobalCacheSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.relays: dict[str, bool | None] = {}
        self.asked: set[str] = set()  # relays whose state is being asked for
        self.listed = False
        self.ready = False

    def valid_unit(self, unit: str) -> bool:
        return re.fullmatch(r"\d{1,2}:\d{1,2}", unit) is not None

    def opened(self) -> Actions:
        yield Send(b"getdevices\r", tag="getdevices")

    def command(self, request: Request) -> Actions:
        if not isinstance(request.command, SetRelay):
            yield Refused(request, "a relay can only be closed and opened")
        elif request.unit not in self.relays:
            yield Refused(request, f"there is no relay {request.unit}; there are {', '.join(self.relays) or 'none'}")
        else:
            yield Send(f"setstate,{request.unit},{int(request.command.closed)}\r".encode(), tag=request)

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        text = data.decode("latin-1").strip()
        if device := _DEVICE.fullmatch(text):
            module, ports = device.groups()
            self.relays |= {f"{module}:{port}": None for port in range(1, min(int(ports), LARGEST) + 1)}
        elif text == "endlistdevices" and tag == "getdevices":
            yield from self._list_ended()
        elif state := _STATE.fullmatch(text):
            yield from self._state(state[1], state[2], state[3] != "0", tag)
        elif error := _ERROR.fullmatch(text):
            words = ERRORS.get(error[1] or "")
            yield from self._error(f"{text}: {words}" if words else text, tag)
        elif tag == "getversion" and (version := _VERSION.fullmatch(text)):
            yield Feedback(firmware=version[1])

    def _list_ended(self) -> Actions:
        self.listed = True
        for relay in self.relays:
            yield Offers(relay, frozenset({SetRelay}))
            yield from self._ask(relay)
        yield Send(b"getversion\r", tag="getversion")
        yield from self._usable()

    def _state(self, word: str, relay: str, closed: bool, tag: Hashable) -> Actions:
        if relay not in self.relays:
            return
        if isinstance(tag, Request):
            if relay != tag.unit:
                yield Drop(Reason.PROTOCOL_ERROR, f"it answered for relay {relay} when asked for {tag.unit}")
                return
            yield Taken(tag)  # an echo or a state, depending on firmware: proof is what getstate says
            yield from self._ask(relay)
        elif isinstance(tag, str) and tag != relay:
            yield Drop(Reason.PROTOCOL_ERROR, f"it answered for relay {relay} when asked for {tag}")
        elif word != "setstate":
            if tag is not None:
                self.asked.discard(relay)
            self.relays[relay] = closed
            yield Feedback(relay, closed=closed)
            yield from self._usable()

    def _error(self, words: str, tag: Hashable) -> Actions:
        if isinstance(tag, Request):
            yield Refused(tag, f"the unit answered {words}")
        elif tag == "getdevices":
            yield Drop(Reason.PROTOCOL_ERROR, f"it does not list its modules: {words}")
        elif isinstance(tag, str) and tag in self.relays:
            self.asked.discard(tag)
            yield Feedback(tag, closed=None)
            yield from self._usable()

    def _usable(self) -> Actions:
        """Ready once every relay was asked and has answered, be it with an error."""
        if self.listed and not self.asked and not self.ready:
            self.ready = True
            yield Ready()
            yield Later(self.settings.poll, "poll")

    def _ask(self, relay: str) -> Actions:
        if relay not in self.asked:
            self.asked.add(relay)
            notify = ",notify" if self.settings.notify and not self.ready else ""
            yield Send(f"getstate,{relay}{notify}\r".encode(), tag=relay)

    def due(self, name: str) -> Actions:
        for relay in self.relays:
            yield from self._ask(relay)
        if not self.relays:
            yield Send(b"getversion\r", tag="getversion")  # only to see that it is still there
        yield Later(self.settings.poll, "poll")
