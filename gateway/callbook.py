"""The calls of a codec as they come and go: which ring, which ended, how, and because of what. Pure.

What may not live here: telling anybody (`room.py`), or writing it down (`journal.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gateway.model import Call, Reading

Outcome = Literal["completed", "missed", "rejected", "cancelled", "failed", "lost"]
BEGINNING = frozenset({"dial", "join", "answer"})  # verbs that make a call one of ours
ENDING = frozenset({"hangup", "reject", "transfer"})  # verbs that end one; the cause of the news may be another


@dataclass(frozen=True, slots=True)
class Record:
    """One call that is over.

    completed: people were connected; missed: it rang and was not taken, or turned away at the codec itself; rejected: a
    command of ours turned it away; cancelled: it was dialled here, and a command of ours ended it before it connected;
    failed: it was dialled here and never connected; lost: it was gone when the codec came back, from a reboot or from
    behind a broken network, so that nobody knows how it ended.
    begun, ended_by: the commands (ids) that dialled or answered it and that ended it; "" where nobody here did.
    seconds: how long it was connected, None where it never was. at_least: it ended while the codec was away, and the
    seconds are those that it was seen to be connected: it may have gone on.
    """

    call: Call
    outcome: Outcome
    begun: str = ""
    ended_by: str = ""
    seconds: float | None = None
    at_least: bool = False


@dataclass
class Callbook:
    """What a codec's calls were when it last told of them."""

    calls: dict[str, Call] = field(default_factory=dict)
    begun: dict[str, str] = field(default_factory=dict)  # call -> the command that dialled or answered it
    away: float | None = None  # the wall clock when the codec was last seen; None while it is there

    def hear(self, reading: Reading, now: float, verb: str = "") -> tuple[list[Call], list[Record]]:
        """The calls that ring now and did not before, and those that are over, at `now` of the wall clock. Nobody says
        so while it is stale. `verb`: of the command that is the reading's cause, "" where there is none."""
        if reading.stale or reading.value is None:
            self.away = now if self.away is None else self.away
            return [], []
        unseen, self.away = self.away, None
        there: dict[str, Call] = {call.id: call for call in reading.value}
        before, self.calls = self.calls, there
        same = {key for key, call in before.items() if key in there and not another(call, there[key], unseen)}
        ended_by = reading.cause if verb in ENDING else ""
        over = [
            self._record(call, there[call.id] if call.id in same else call, reading.since, ended_by, unseen)
            for call in before.values()
            if call.state != "ended" and (call.id not in same or there[call.id].state == "ended")
        ]
        ringing = []
        for call in there.values():
            held = before[call.id] if call.id in same else None
            if rings(call) and not rings(held):
                ringing.append(call)
            news = held is None or rings(held)
            if news and not rings(call) and call.state != "ended" and reading.cause and verb in BEGINNING:
                self.begun[call.id] = reading.cause
        return ringing, over

    def _record(self, before: Call, last: Call, since: float, ended_by: str, unseen: float | None) -> Record:
        """A call that is over since then; `unseen`: since when nobody had looked, None where somebody had."""
        start, begun = last.start or before.start, self.begun.pop(before.id, "")
        outcome: Outcome
        if unseen is not None and last.state != "ended":
            outcome = "lost"
        elif start is not None:
            outcome = "completed"
        elif before.direction == "out":
            outcome = "cancelled" if ended_by else "failed"
        else:
            outcome = "rejected" if ended_by else "missed"
        end = since if unseen is None else unseen
        seconds = None if start is None else max(0.0, round(end - start, 1))
        return Record(
            last, outcome, begun, ended_by if unseen is None else "", seconds, unseen is not None and start is not None
        )


def another(before: Call, call: Call, unseen: float | None) -> bool:
    """Whether an id stands for another call now: codecs count from the beginning again, after a reboot above all."""
    if before.state == "ended":
        return call.state != "ended"
    turned = unseen is not None and before.direction != call.direction
    return turned or (before.start is not None and call.state in ("dialling", "ringing"))


def rings(call: Call | None) -> bool:
    """Whether somebody calls and nobody has answered yet."""
    return call is not None and call.direction == "in" and call.state == "ringing"
