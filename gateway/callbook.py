"""The calls of a codec as they come and go: which ring, which ended, how, and because of what. Pure.

What may not live here: telling anybody (`room.py`), or writing it down (`journal.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gateway.model import Call, Reading

Outcome = Literal["completed", "missed", "rejected", "failed"]


@dataclass(frozen=True, slots=True)
class Record:
    """One call that is over.

    completed: people were connected; missed: it rang and was not taken, or turned away at the codec itself; rejected: a
    command of ours turned it away; failed: it was dialled here and never connected.
    begun, ended_by: the commands (ids) that dialled or answered it and that ended it; "" where nobody here did.
    seconds: how long it was connected, None where it never was.
    """

    call: Call
    outcome: Outcome
    begun: str = ""
    ended_by: str = ""
    seconds: float | None = None


@dataclass
class Callbook:
    """What a codec's calls were when it last told of them."""

    calls: dict[str, Call] = field(default_factory=dict)
    begun: dict[str, str] = field(default_factory=dict)  # call -> the command that dialled or answered it

    def hear(self, reading: Reading) -> tuple[list[Call], list[Record]]:
        """The calls that ring now and did not before, and those that are over. Nobody says so while it is stale."""
        if reading.stale or reading.value is None:
            return [], []
        now: dict[str, Call] = {call.id: call for call in reading.value}
        before, self.calls = self.calls, now
        ringing = [call for call in now.values() if rings(call) and not rings(before.get(call.id))]
        for call in now.values():
            held = before.get(call.id)
            news = held is None or (rings(held) and not rings(call))
            if news and not rings(call) and call.state != "ended" and reading.cause:
                self.begun[call.id] = reading.cause
        over = [
            self._record(call, now.get(call.id, call), reading)
            for call in before.values()
            if call.state != "ended" and (call.id not in now or now[call.id].state == "ended")
        ]
        return ringing, over

    def _record(self, before: Call, last: Call, reading: Reading) -> Record:
        start = last.start or before.start
        outcome: Outcome = "completed"
        if start is None and before.direction == "out":
            outcome = "failed"
        elif start is None:
            outcome = "rejected" if reading.cause else "missed"
        seconds = None if start is None else max(0.0, round(reading.since - start, 1))
        return Record(last, outcome, self.begun.pop(before.id, ""), reading.cause, seconds)


def rings(call: Call | None) -> bool:
    """Whether somebody calls and nobody has answered yet."""
    return call is not None and call.direction == "in" and call.state == "ringing"
