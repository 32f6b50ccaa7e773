"""What the codec has told of itself so far: feedback laid over the last full answers, ghosts taken out.

What may not live here: asking, and what a path means (`status.py`).
"""

from __future__ import annotations

from typing import Any

from drivers.cisco import status
from drivers.cisco.xapi import Path, Tree, at, branch, cut, merge
from gateway.model import Call

PUSHED_POINTS = frozenset(name for path in status.PUSHED for name in status.below(path))


class Mirror:
    """The codec's documents as far as they were asked for."""

    def __init__(self) -> None:
        self.tree: Tree = {}

    def points(self, names: set[str]) -> dict[str, Any]:
        """These points as they are shown now; None where the codec does not tell."""
        return {name: status.read(self.tree, name) for name in sorted(names)}

    @property
    def calls(self) -> dict[str, Call]:
        """The calls by id."""
        return {call.id: call for call in status.read(self.tree, "calls") or ()}

    @property
    def half_a_call(self) -> bool:
        """Whether a call changed that we never heard the beginning of."""
        return bool(status.halves(at(self.tree, status.CALLS)))

    def news(self, news: Tree) -> set[str]:
        """Feedback: what changed, and no more. Gives the points that it speaks of."""
        merge(self.tree, news)
        names = status.told_by(news)
        if "calls" in names:
            merge(self.tree, branch(status.CALLS, []))  # the last one may just have gone
        return names

    def answer(self, path: Path, answer: Tree) -> tuple[set[str], bool]:
        """A full answer for `path`. Gives the points that it decides, and whether a push must have been missed."""
        names = status.below(path)
        before = self.points(names & PUSHED_POINTS)
        cut(self.tree, path)
        merge(self.tree, answer)
        if path == status.CALLS:
            merge(self.tree, branch(path, []))  # no call at all is an answer, too
            for fields in status.halves(at(self.tree, path)):
                fields["Direction"] = "Outgoing"  # the codec does not say: nothing that could ring
        return names, any(status.differ(name, held, status.read(self.tree, name)) for name, held in before.items())
