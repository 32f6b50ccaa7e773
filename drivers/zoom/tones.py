"""The tones that go into a telephone call of a Zoom Room: one key after the other, each when the one before was taken.

What may not live here: which call is on the telephone (`phone.py`), and the wire (`words.py`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from drivers.zoom import words
from gateway.driver import Action, Later, Refused, Request, Taken

PAUSE = 2.0  # seconds of a comma among tones
TIMER = "tones"  # of a pause


@dataclass(frozen=True, slots=True)
class Tone:
    """One key of a command's tones, into the room's own CallId; a comma is a pause."""

    request: Request
    call: str
    key: str


class Tones:
    """What waits, what is on its way, and whether a pause is being kept: never two of these at once."""

    def __init__(self) -> None:
        self.waiting: deque[Tone] = deque()
        self.flying: Request | None = None  # whose key was sent and not answered yet; it is the first that waits
        self.pausing = False

    def play(self, request: Request, call: str, digits: str) -> Iterator[Action]:
        """These keys, after those that wait already."""
        self.waiting.extend(Tone(request, call, key) for key in digits.upper())
        yield from self._next()

    def answered(self, request: Request) -> Iterator[Action]:
        """The room took the key of this command that was on its way."""
        if self.flying == request:
            self.flying = None
            if self.waiting and self.waiting[0].request == request:
                yield from self._first_done()
            yield from self._next()

    def paused(self) -> Iterator[Action]:
        """A pause is over."""
        if self.pausing:
            self.pausing = False
            yield from self._first_done()
            yield from self._next()

    def forget(self, request: Request) -> Iterator[Action]:
        """The room refused a key of this command, or never got it: the rest of them goes nowhere."""
        if self.flying == request:
            self.flying = None
        yield from self._without(lambda tone: tone.request == request)

    def silence(self, why: str, call: str = "") -> Iterator[Action]:
        """No key goes into this call any more, or into none at all; a key on its way is still waited for."""
        over = [tone for tone in self.waiting if call in ("", tone.call)]
        for request in dict.fromkeys(tone.request for tone in over):
            yield Refused(request, why)
        yield from self._without(lambda tone: call in ("", tone.call))

    def wait(self, request: Request) -> bool:
        """Whether keys of this command are still to go."""
        return any(tone.request == request for tone in self.waiting)

    def _first_done(self) -> Iterator[Action]:
        done = self.waiting.popleft()
        if not self.wait(done.request):
            yield Taken(done.request)

    def _without(self, over: Callable[[Tone], bool]) -> Iterator[Action]:
        if self.pausing and over(self.waiting[0]):
            self.pausing = False
            yield Later(0, TIMER)
        self.waiting = deque(tone for tone in self.waiting if not over(tone))
        yield from self._next()

    def _next(self) -> Iterator[Action]:
        if not self.waiting or self.flying is not None or self.pausing:
            return
        tone = self.waiting[0]
        if tone.key == ",":
            self.pausing = True
            yield Later(PAUSE, TIMER)
        else:
            self.flying = tone.request
            yield words.Ask(words.tone(tone.call, tone.key), tone.request, hide=(f"Key: {tone.key}",)).send()
