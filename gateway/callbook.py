"""The calls of a codec as they come and go: which ring, which ended, how, and because of what. Pure.

What may not live here: telling anybody (`room.py`), or writing it down (`journal.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gateway.model import Call, Reading

Outcome = Literal["completed", "missed", "rejected", "cancelled", "failed", "lost"]


@dataclass(frozen=True, slots=True)
class Record:
    """One call that is over.

    completed: people were connected; missed: it rang and was not taken, or turned away at the codec itself; rejected: a
    command of ours turned it away; cancelled: it was dialled here, and a command of ours ended it before it connected;
    failed: it was dialled here and never connected; lost: it was gone when the codec came back, from a reboot or from
    behind a broken network, so that nobody knows how it ended.
    begun, ended_by: the commands (ids) that dialled or answered it and that ended it; "" where nobody here did.
    seconds: how long it was connected, None where it never was; of one that was lost, as long as it was seen to be.
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
    away: float | None = None  # the wall clock when the codec was last seen; None while it is there

    def hear(self, reading: Reading, now: float) -> tuple[list[Call], list[Record]]:
        """The calls that ring now and did not before, and those that are over, at `now` of the wall clock. Nobody says
        so while it is stale."""
        if reading.stale or reading.value is None:
            self.away = now if self.away is None else self.away
            return [], []
        unseen, self.away = self.away, None
        there: dict[str, Call] = {call.id: call for call in reading.value}
        before, self.calls = self.calls, there
        ringing = [call for call in there.values() if rings(call) and not rings(before.get(call.id))]
        for call in there.values():
            held = before.get(call.id)
            news = held is None or held.state == "ended" or (rings(held) and not rings(call))
            if news and not rings(call) and call.state != "ended" and reading.cause:
                self.begun[call.id] = reading.cause
        over = [
            self._record(call, there.get(call.id, call), reading, unseen if call.id not in there else None)
            for call in before.values()
            if call.state != "ended" and (call.id not in there or there[call.id].state == "ended")
        ]
        return ringing, over

    def _record(self, before: Call, last: Call, reading: Reading, unseen: float | None) -> Record:
        """A call that is over; `unseen`: since when nobody looked, where it vanished meanwhile."""
        start, begun = last.start or before.start, self.begun.pop(before.id, "")
        outcome: Outcome = "completed"
        if unseen is not None:
            outcome = "lost"
        elif start is None and before.direction == "out":
            outcome = "cancelled" if reading.cause and reading.cause != begun else "failed"
        elif start is None:
            outcome = "rejected" if reading.cause else "missed"
        end = reading.since if unseen is None else unseen
        seconds = None if start is None else max(0.0, round(end - start, 1))
        return Record(last, outcome, begun, "" if unseen is not None else reading.cause, seconds)


def rings(call: Call | None) -> bool:
    """Whether somebody calls and nobody has answered yet."""
    return call is not None and call.direction == "in" and call.state == "ringing"
