"""A Key Digital KD-WP8 wall keypad: eight buttons, fingers, a TCP server, and a TCP client that sends its strings.

Written from the owner's manual's API page. How often a held button repeats itself is not published: a setting. What it
answers to a word that it does not know is not published either: silence. The string of its lights is a setting, too.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from simulators.device import Session, StreamSimulator, Timer, hand
from simulators.values import SimulatorError

ASKED = re.compile(r"K(?:D)?WP([1-8])(PR|P|R)")  # the sheet has KDWPxPR once: a misprint that it may well take
PRESS_LASTS = 10.0  # seconds; a press without its release is over then
REACH = 2.0  # seconds that it tries to reach what its strings go to (not published)


@dataclass(kw_only=True, eq=False)
class KdWp8(StreamSimulator):
    """The keypad's memory: what is down, what is lit, what it was told."""

    name: ClassVar[str] = "kd_wp8"
    title: ClassVar[str] = "Key Digital KD-WP8 keypad"
    links: ClassVar[Mapping[str, int]] = {"tcp": 23}

    mode: Literal["normal", "toggle", "flash"] = "normal"
    hold: bool = False  # tells of held buttons
    hold_seconds: float = 0.5  # between two words of a held button
    line_end: Literal["cr", "crlf"] = "cr"
    light: str = "LIGHT {button} {state}"  # invented: the maker's is not published

    down: set[int] = field(default_factory=set)
    toggled: set[int] = field(default_factory=set)  # toggle mode: buttons after an odd number of presses
    lights: dict[int, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)  # words that it does not know
    actions: dict[int, tuple[str, str]] = field(default_factory=dict)  # its page's IP actions: button -> string, where
    unreached: list[str] = field(default_factory=list)  # strings that could not be sent

    _calls: set[asyncio.Task[None]] = field(default_factory=set, init=False, repr=False)
    _fingers: dict[int, Timer] = field(default_factory=dict, init=False, repr=False)
    _ends: dict[int, Timer] = field(default_factory=dict, init=False, repr=False)

    def restart(self) -> None:
        """Nothing is pressed and nothing lit."""
        for timer in (*self._fingers.values(), *self._ends.values()):
            timer.cancel()
        self._fingers.clear()
        self._ends.clear()
        self.down.clear()
        self.lights.clear()

    def opened(self, session: Session) -> None:
        session.memory["line"] = b""

    def received(self, session: Session, data: bytes) -> None:
        *lines, rest = (session.memory["line"] + data).split(b"\r")
        session.memory["line"] = rest[-200:]
        for line in lines:
            self._heard(session, line.decode("ascii", "replace").strip())

    def _heard(self, session: Session, line: str) -> None:
        words = line.upper()
        asked = ASKED.fullmatch(words)
        if words == "KWPING":
            session.send(self._line("RWPING"))
        elif asked is not None:
            number, what = int(asked[1]), asked[2]
            if what == "PR":
                self._say(f"RWP{number}PR")
                self._turn(number)
            elif what == "P":
                self._press(number)
            else:
                self._release(number)
        elif lit := self._lit(line):
            self.lights[lit[0]] = lit[1]
        elif line:
            self.unknown.append(line)
            del self.unknown[:-100]

    def _lit(self, line: str) -> tuple[int, str] | None:
        pattern = re.escape(self.light).replace(r"\{button\}", "([1-8])").replace(r"\{state\}", "([a-z]+)")
        found = re.fullmatch(pattern, line)
        return (int(found[1]), found[2]) if found else None

    def _line(self, words: str) -> bytes:
        return words.encode() + (b"\r" if self.line_end == "cr" else b"\r\n")

    def _say(self, words: str) -> None:
        for session in self.sessions:
            session.send(self._line(words))

    def _turn(self, number: int) -> None:
        if self.mode == "toggle":
            self.toggled ^= {number}

    def _press(self, number: int) -> None:
        self.down.add(number)
        self._say(f"RWP{number}P")
        self._turn(number)
        if number in self.actions:
            call = asyncio.get_running_loop().create_task(self._send(*self.actions[number]))
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)
        if number in self._ends:
            self._ends[number].cancel()
        self._ends[number] = self.after(PRESS_LASTS, lambda: self._over(number))

    async def _send(self, string: str, to: str) -> None:
        """Connect, send the string and its CR, and close without reading."""
        host, _, port = to.rpartition(":")
        try:
            async with asyncio.timeout(REACH):
                _, writer = await asyncio.open_connection(host, int(port))
                writer.write(string.encode("ascii") + b"\r")
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
        except OSError:
            self.unreached.append(string)
            del self.unreached[:-100]
        self.touched()

    async def _hang_up(self) -> None:
        for call in list(self._calls):
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    def _release(self, number: int) -> None:
        if number not in self.down and self.mode == "normal":
            return  # ignored, silently
        self._over(number)
        self._say(f"RWP{number}R")

    def _over(self, number: int) -> None:
        self.down.discard(number)
        for timers in (self._ends, self._fingers):
            if timer := timers.pop(number, None):
                timer.cancel()

    def _repeat(self, number: int) -> None:
        if number in self.down:
            self._say(f"RWP{number}H")
            self._fingers[number] = self.after(self.hold_seconds, lambda: self._repeat(number))

    def _button(self, number: int) -> None:
        if not 1 <= number <= 8:
            raise SimulatorError(f"button is {number}, expected 1 to 8")

    # Its web page.

    @hand
    def program(self, button: int = 1, string: str = "", to: str = "") -> None:
        """Give a button an IP action: the string that a press sends, and where (`10.0.4.2:4998`); no string: none."""
        self._button(button)
        host, _, port = to.rpartition(":")
        if string and not (host and port.isdecimal() and string.isascii()):
            raise SimulatorError("an action is plain characters, and goes to HOST:PORT")
        if not self.actions:
            self.on_stop(self._hang_up)
        self.actions.pop(button, None)
        if string:
            self.actions[button] = string, to

    # Fingers.

    @hand
    def press(self, button: int = 1) -> None:
        """A finger on a button, and it stays there."""
        self._button(button)
        self._press(button)
        if self.hold:
            self._fingers[button] = self.after(self.hold_seconds, lambda: self._repeat(button))

    @hand
    def release(self, button: int = 1) -> None:
        """The finger leaves."""
        self._button(button)
        self._release(button)

    @hand
    def tap(self, button: int = 1) -> None:
        """A finger on a button and off again."""
        self.press(button)
        self.release(button)
