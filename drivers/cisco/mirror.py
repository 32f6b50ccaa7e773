"""What the codec has told of itself so far: feedback laid over the last full answers, ghosts taken out.

What may not live here: asking, and what a path means (`status.py`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from drivers.cisco import status
from drivers.cisco.xapi import Path, Tree, at, branch, cut, merge
from gateway.model import Call

# Where lost feedback shows: a full answer that differs from what was told.
PUSHED_POINTS = frozenset(name for path in status.PUSHED for name in status.below(path))


class Mirror:
    """The codec's documents as far as they were asked for."""

    def __init__(self) -> None:
        self.tree: Tree = {}
        self.reasons: dict[str, str] = {}  # call -> why it is ending, in the codec's words
        self.ended: tuple[Call, ...] = ()  # calls that the last news took away, with their reasons

    def points(self, names: set[str]) -> dict[str, Any]:
        """These points as they are shown now; None where the codec does not tell."""
        shown = {name: status.read(self.tree, name) for name in sorted(names)}
        if shown.get("calls") is not None and self.reasons:
            shown["calls"] = tuple(replace(call, reason=self.reasons.get(call.id, "")) for call in shown["calls"])
        return shown

    @property
    def calls(self) -> dict[str, Call]:
        """The calls by id."""
        return {call.id: call for call in self.points({"calls"})["calls"] or ()}

    @property
    def half_a_call(self) -> bool:
        """Whether a call changed that we never heard the beginning of."""
        return bool(status.halves(at(self.tree, status.CALLS)))

    def news(self, news: Tree) -> set[str]:
        """Feedback: what changed, and no more. Gives the points that it speaks of."""
        before = self.calls
        names = status.told_by(news)
        call, reason = status.end(news)
        if call in before and reason:
            self.reasons[call] = reason
            names.add("calls")
        merge(self.tree, {root: told for root, told in news.items() if root != "Event"})
        if "calls" in names:
            merge(self.tree, branch(status.CALLS, []))  # the last one may just have gone
        self._forget(before)
        return names

    def answer(self, path: Path, answer: Tree) -> tuple[set[str], bool]:
        """A full answer for `path`. Gives the points that it decides, and whether a push must have been missed."""
        names = status.below(path)
        before, calls = self.points(names & PUSHED_POINTS), self.calls
        cut(self.tree, path)
        merge(self.tree, answer)
        if path == status.CALLS:
            merge(self.tree, branch(path, []))  # no call at all is an answer, too
            for fields in status.halves(at(self.tree, path)):
                fields["Direction"] = "Outgoing"  # the codec does not say: nothing that could ring
        self._forget(calls)
        return names, any(status.differ(name, held, status.read(self.tree, name)) for name, held in before.items())

    def _forget(self, before: dict[str, Call]) -> None:
        """A call that is gone is shown once more, as ended, where the codec said why."""
        now = self.calls
        gone = [call for key, call in before.items() if key not in now]
        self.ended = tuple(
            replace(call, state="ended", held=False, reason=self.reasons.pop(call.id))
            for call in gone
            if call.id in self.reasons
        )
