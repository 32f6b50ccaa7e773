"""What the numbers say: medians over the rounds, ratios, and whether each target is met. Pure.

What may not live here: measuring.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.lab import Series

ECHO = "bare echo (the machine itself)"
PERCENTS = (50, 95, 99)
ROW = "{:<34}{:>10}{:>10}{:>10}{:>14}"


@dataclass(frozen=True)
class Medians:
    """One kind of series over all rounds: the median of each percentile, and of the processor time."""

    percentiles: Mapping[int, float]
    cpu: float
    rounds: int

    @classmethod
    def of(cls, rounds: Sequence[Series]) -> Medians:
        """The medians of several rounds."""
        found = {percent: median(series.percentile(percent) for series in rounds) for percent in PERCENTS}
        return cls(found, median(series.cpu_for_one for series in rounds), len(rounds))


@dataclass(frozen=True)
class Target:
    """A claim about the run: `found` must be at most `limit`."""

    words: str
    found: float
    limit: float
    unit: str = "x"

    @property
    def met(self) -> bool:
        return self.found <= self.limit

    def __str__(self) -> str:
        verdict = "met" if self.met else "MISSED"
        return f"{self.words:<54}{self.found:>7.2f} {self.unit:<3}(at most {self.limit:g})  {verdict}"


def targets(found: Mapping[str, Medians], megabytes: float) -> list[Target]:
    """What this project promises, as ratios within one run."""
    bare, http = found["bare relay, HTTP"].percentiles, found["gateway, HTTP"].percentiles
    socket = found["gateway, WebSocket"].percentiles
    bare_news, news = found["bare relay, feedback"].percentiles, found["gateway, feedback"].percentiles
    return [
        Target("HTTP command to device, p50, against the bare relay", http[50] / bare[50], 1.2),
        Target("HTTP command to device, p99, against the bare relay", http[99] / bare[99], 1.5),
        Target("WebSocket command to device, p50, against our HTTP", socket[50] / http[50], 0.6),
        Target("feedback to WebSocket, p50, against the bare relay", news[50] / bare_news[50], 1.5),
        Target("resident memory with the demo room", megabytes, 80, "MB"),
    ]


def quiet(found: Mapping[str, Medians]) -> bool:
    """Whether the machine had nothing else to do: the bare echo takes hardly longer at its 95th percentile."""
    echo = found[ECHO].percentiles
    return echo[95] < 4 * echo[50]


def table(found: Mapping[str, Medians]) -> str:
    """The rows, in microseconds."""
    head = ROW.format("microseconds", *(f"p{percent}" for percent in PERCENTS), "CPU for one")
    rows = [
        ROW.format(name, *(f"{medians.percentiles[percent]:.0f}" for percent in PERCENTS), f"{medians.cpu:.0f}")
        for name, medians in found.items()
    ]
    return "\n".join([head, *rows])
