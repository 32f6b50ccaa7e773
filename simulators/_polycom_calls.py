"""Calls and the far end, for the simulated codecs that speak the Polycom grammar: who dials, rings, answers and ends.

How a call is written on a wire may not live here. How long each step takes is not documented: the seconds are settings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from simulators.device import StreamSimulator, Timer, hand
from simulators.values import SimulatorError

BUSY, REJECTED, NO_ANSWER, NORMAL = 17, 21, 19, 16  # cause values of Q.850


@dataclass
class Call:
    """One call as the codec holds it. state: opened, ringing, connecting, connected, disconnected."""

    id: int
    direction: Literal["incoming", "outgoing"]
    number: str
    name: str
    rate: int = 1920
    kind: str = "videocall"
    protocol: str = "sip"
    state: str = "opened"
    cause: int = 0
    tones: str = ""

    @property
    def rings_here(self) -> bool:
        return self.direction == "incoming" and self.state == "ringing"


@dataclass(kw_only=True, eq=False)
class Switchboard(StreamSimulator):
    """A codec as far as its calls go. A device says in `call_changed` what its clients hear of a change."""

    top: ClassVar[int] = 50  # the loudest step

    far_end: Literal["answers", "busy", "rejects", "no answer"] = "answers"
    open_seconds: float = 0.0  # from the acknowledgement of a dial to the call itself: until then nothing can end it
    dial_seconds: float = 1.0  # until the far end rings
    answer_seconds: float = 3.0  # until it is answered
    connect_seconds: float = 1.0  # from the answer to sound and picture
    no_answer_seconds: float = 30.0
    hangup_seconds: float = 0.5
    first_call: int = 34
    volume: int = 20
    mic_muted: bool = False
    asleep: bool = False
    calls: list[Call] = field(default_factory=list)
    dialled: int = 0
    opening: int = 0  # dials that have no call yet
    history: list[str] = field(default_factory=list)  # what was said to it, line by line
    in_set_up: list[str] = field(default_factory=list)  # what was said to it while a call was being set up

    _steps: dict[int, Timer] = field(default_factory=dict, init=False, repr=False)

    # What a device adds.

    def call_changed(self, call: Call) -> None:
        """Tell whoever wants to know."""

    def state_changed(self, what: str) -> None:
        """Tell whoever wants to know: `volume`, `mute` or `sleep`."""

    def wants(self) -> Literal["rings", "answers", "refuses"]:
        """What becomes of an incoming call."""
        return "rings"

    # The calls.

    @property
    def setting_up(self) -> bool:
        """A call is on its way: the manual wants nothing to be sent now."""
        return self.opening > 0 or any(
            call.state in ("opened", "connecting") or (call.state == "ringing" and call.direction == "outgoing")
            for call in self.calls
        )

    def call(self, key: int) -> Call | None:
        return next((call for call in self.calls if call.id == key), None)

    def dial(self, number: str, *, rate: int = 1920, kind: str = "videocall", protocol: str = "sip") -> None:
        """Call somebody."""
        if not self.open_seconds:
            self._open(number, rate, kind, protocol)
            return
        self.opening += 1
        self.after(self.open_seconds, lambda: self._opened(number, rate, kind, protocol))

    def _opened(self, number: str, rate: int, kind: str, protocol: str) -> None:
        self.opening -= 1
        self._open(number, rate, kind, protocol)

    def _open(self, number: str, rate: int, kind: str, protocol: str) -> None:
        call = self._new("outgoing", number, number.rpartition(":")[2].partition("@")[0].title(), rate, kind, protocol)
        self._move(call, "opened")
        self._later(call, self.dial_seconds, lambda: self._reach(call))

    def _reach(self, call: Call) -> None:
        if self.far_end == "busy":
            self.end(call, BUSY)
            return
        self._move(call, "ringing")
        if self.far_end == "rejects":
            self._later(call, self.answer_seconds, lambda: self.end(call, REJECTED))
        elif self.far_end == "no answer":
            self._later(call, self.no_answer_seconds, lambda: self.end(call, NO_ANSWER))
        else:
            self._later(call, self.answer_seconds, lambda: self.connect(call))

    def connect(self, call: Call) -> None:
        """It was answered, here or there."""
        self._move(call, "connecting")
        self._later(call, self.connect_seconds, lambda: self._up(call))

    def _up(self, call: Call) -> None:
        self._halt(call)
        self._move(call, "connected")

    def end(self, call: Call, cause: int = NORMAL) -> None:
        """It is over, in a moment."""
        if call.state in ("disconnecting", "disconnected"):
            return
        call.cause = cause
        self._move(call, "disconnecting")
        self._later(call, self.hangup_seconds, lambda: self._gone(call))

    def _gone(self, call: Call) -> None:
        self._halt(call)
        self.calls.remove(call)
        self._move(call, "disconnected")

    def _new(
        self, direction: Literal["incoming", "outgoing"], number: str, name: str, rate: int, kind: str, protocol: str
    ) -> Call:
        call = Call(self.first_call + self.dialled, direction, number, name, rate, kind, protocol)
        self.dialled += 1
        self.calls.append(call)
        self.wake()
        return call

    def _move(self, call: Call, state: str) -> None:
        call.state = state
        self.call_changed(call)
        self.touched()

    def _later(self, call: Call, seconds: float, then: object) -> None:
        self._halt(call)
        assert callable(then)
        self._steps[call.id] = self.after(seconds, then)

    def _halt(self, call: Call) -> None:
        if call.id in self._steps:
            self._steps.pop(call.id).cancel()

    # Sleep, volume, microphones.

    def wake(self) -> None:
        if self.asleep:
            self.asleep = False
            self.state_changed("sleep")

    def sleep(self) -> None:
        if not self.asleep and not self.calls:
            self.asleep = True
            self.state_changed("sleep")

    def set_volume(self, level: int) -> None:
        self.volume = level
        self.state_changed("volume")

    def set_mic_mute(self, on: bool) -> None:
        self.mic_muted = on
        self.state_changed("mute")

    def restart(self) -> None:
        self.calls.clear()
        self._steps.clear()
        self.reset("volume", "mic_muted", "asleep", "opening")

    # Hands.

    @hand
    def incoming_call(self, number: str = "alice@example.com", name: str = "Alice") -> int:
        """Somebody calls this room; the call's number."""
        outcome = self.wants()
        if outcome == "refuses":
            return 0
        call = self._new("incoming", number, name, 1920, "videocall", "sip")
        self._move(call, "ringing")
        if outcome == "answers":
            self.connect(call)
        else:
            self._later(call, self.no_answer_seconds, lambda: self.end(call, NO_ANSWER))
        return call.id

    @hand
    def caller_gives_up(self) -> None:
        """Whoever rings does not ring any more."""
        for call in self._some([call for call in self.calls if call.rings_here]):
            self.end(call)

    @hand
    def far_end_answers(self) -> None:
        """Somebody picks up where it rings."""
        ringing = [call for call in self.calls if call.direction == "outgoing" and call.state in ("opened", "ringing")]
        for call in self._some(ringing):
            self.connect(call)

    @hand
    def far_end_hangs_up(self) -> None:
        """The far end of every call that is up hangs up."""
        for call in self._some([call for call in self.calls if not call.rings_here]):
            self.end(call)

    @hand
    def touch_volume(self, level: int = 50) -> None:
        """Somebody sets the volume on the codec's own panel, in percent of its range."""
        if not 0 <= level <= 100:
            raise SimulatorError(f"level is {level}, expected 0 to 100")
        self.set_volume(round(level * self.top / 100))

    @hand
    def touch_mic_mute(self, on: bool = True) -> None:
        """Somebody presses the microphone button."""
        self.set_mic_mute(on)

    @hand
    def touch_answer(self) -> None:
        """Somebody answers on the codec's own panel."""
        for call in self._some([call for call in self.calls if call.rings_here]):
            self.connect(call)

    @hand
    def touch_hang_up(self) -> None:
        """Somebody ends every call on the codec's own panel."""
        for call in self._some(list(self.calls)):
            self.end(call)

    @hand
    def sleep_now(self) -> None:
        """Nobody has been here for a while."""
        self.sleep()

    @hand
    def wake_up(self) -> None:
        """Somebody comes in."""
        self.wake()

    @staticmethod
    def _some(found: list[Call]) -> list[Call]:
        if not found:
            raise SimulatorError("there is no such call")
        return found
