"""The codec's one conference: calls dialled, rung, answered and ended over device time, the far end included.

What may not live here: how a request comes in. Shapes: guide 3.1 (/rest/conferences) and a recorded Studio X30; that
an address shows parentConfId and address only after a moment is from the AVI-SPL driver. The words of `state` are in
no source: these are ours, after the command line's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulators.device import Timer
    from simulators.poly_videoos.codec import PolyVideoos

ENDING = ("DISCONNECTING", "DISCONNECTED")


@dataclass
class Connection:
    """One call as the codec holds it."""

    id: int
    direction: str  # in, out
    address: str
    name: str
    call_type: str
    rate: int
    state: str
    shown: bool = False  # its address tells who it is
    start: int = 0  # ms
    why: str = ""

    @property
    def rings(self) -> bool:
        return self.direction == "in" and self.state == "RINGING"


class Exchange:
    """Moves the calls along; the calls themselves stand in the codec's memory."""

    def __init__(self, codec: PolyVideoos) -> None:
        self.codec = codec
        self.timers: dict[int, Timer] = {}

    # What happens to calls.

    def dial(self, address: str, kind: str, rate: int) -> Connection:
        call = self._new("out", address, address, kind, rate, "DIALING")
        self.codec.after(self.codec.show_seconds, lambda: self._show(call))
        self._later(call, self.codec.dial_seconds, lambda: self._reach(call))
        return call

    def _show(self, call: Connection) -> None:
        call.shown = True

    def _reach(self, call: Connection) -> None:
        call.shown = True
        match self.codec.far_end:
            case "busy":
                self.end(call, "busy")
            case "rejects":
                call.state = "RINGING"
                self._later(call, self.codec.answer_seconds, lambda: self.end(call, "rejected"))
            case "no answer":
                call.state = "RINGING"
                self._later(call, self.codec.no_answer_seconds, lambda: self.end(call, "no answer"))
            case _:
                call.state = "RINGING"
                self._later(call, self.codec.answer_seconds, lambda: self.accept(call))

    def ring(self, address: str, name: str) -> Connection:
        call = self._new("in", address, name, "SIP", 1920, "RINGING")
        call.shown = True
        self._later(call, self.codec.no_answer_seconds, lambda: self.end(call, "no answer"))
        return call

    def accept(self, call: Connection) -> None:
        """Answered, here or there: up after a moment."""
        call.state = "CONNECTING"
        self._later(call, self.codec.connect_seconds, lambda: self._connect(call))

    def _connect(self, call: Connection) -> None:
        self._halt(call)
        call.state, call.start = "CONNECTED", self.codec.epoch()

    def end(self, call: Connection, why: str) -> None:
        """Disconnecting first, gone a moment later."""
        if call.state in ENDING:
            return
        call.state, call.why = "DISCONNECTING", why
        self._later(call, self.codec.disconnect_seconds, lambda: self._gone(call))

    def _gone(self, call: Connection) -> None:
        self._halt(call)
        self.codec.calls.remove(call)
        self.codec.ended.append(f"{call.address}: {call.why}")
        if not self.codec.calls:
            self.codec.conference += 1
            self.codec.content = "CONTENT_IDLE"

    def _new(self, direction: str, address: str, name: str, kind: str, rate: int, state: str) -> Connection:
        self.codec.last_connection += 1
        call = Connection(self.codec.last_connection, direction, address, name, kind, rate, state)
        self.codec.calls.append(call)
        self.codec.state = "AWAKE"
        return call

    def _later(self, call: Connection, seconds: float, then: Any) -> None:
        self._halt(call)
        self.timers[call.id] = self.codec.after(seconds, then)

    def _halt(self, call: Connection) -> None:
        if call.id in self.timers:
            self.timers.pop(call.id).cancel()

    def reset(self) -> None:
        self.timers.clear()

    # How they are shown.

    def listed(self) -> list[Connection]:
        """Those in the conference: an unanswered one only where this firmware lists it."""
        return [call for call in self.codec.calls if not call.rings or self.codec.lists_ringing]

    def conference(self) -> dict[str, Any] | None:
        """What GET /rest/conferences shows of the one conference; None where there is none."""
        calls = self.listed()
        shown = [call for call in calls if call.shown]
        if not calls:
            return None
        return {
            "id": self.codec.conference,
            "startTime": min((call.start for call in calls if call.start), default=0),
            "duration": 0,
            "isActive": any(call.state == "CONNECTED" for call in calls),
            "isMute": self.codec.muted,
            "connections": [self.connection(call) for call in shown],
            "terminals": [{"address": call.address, "systemID": call.name} for call in shown],
        }

    def connection(self, call: Connection) -> dict[str, Any]:
        """One connection; without its address until the call has got that far."""
        if not call.shown:
            return {"id": call.id}
        return {
            "id": call.id,
            "parentConfId": self.codec.conference,
            "address": call.address,
            "callType": "VOICE" if "VOICE" in call.call_type else f"VIDEO_{call.call_type}",
            "callInfo": "",
            "rate": call.rate,
            "state": call.state,
            "startTime": call.start,
        }

    def filtered(self, which: str) -> list[dict[str, Any]]:
        """GET .../connections?filter=..."""
        fits: dict[str, Callable[[Connection], bool]] = {
            "ALL": lambda call: True,
            "ACTIVE": lambda call: call.state == "CONNECTED",
            "ANSWERABLE": lambda call: call.rings,
            "INCOMING": lambda call: call.direction == "in",
            "PENDING": lambda call: call.state in ("DIALING", "RINGING", "CONNECTING"),
        }
        fit = fits.get(which or "ALL")
        return [self.connection(call) for call in self.codec.calls if fit and fit(call)]

    def media(self) -> list[dict[str, Any]]:
        """Four rows: a client was seen that needs them all."""
        kinds = ("AUDIO_TX", "AUDIO_RX", "VIDEO_TX", "VIDEO_RX")
        return [{"sourceType": kind, "bitrate": 0, "framerate": 0, "width": 0, "height": 0} for kind in kinds]
