"""Key Digital KD-WP8 wall keypads: eight buttons, told of as they are pressed, held and let go.

What may not live here: what a button does (the room's layout says it). The string that sets a button's light is not
published: the profile may give it. Source: Key Digital KD-WP8 owner's manual, API page.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from gateway.commands import Command, ShowKey
from gateway.cutters import Cutter, Lines
from gateway.driver import (
    Action,
    Actions,
    Driver,
    Later,
    Offers,
    Press,
    Ready,
    Refused,
    Request,
    Send,
    Settings,
    Taken,
    Timing,
    setting,
)

BUTTONS = 8
PING = b"KWPING\r"
HELD = 10.0  # seconds after which a press without its release is over (API page)
TOLD = re.compile(rb"RWP([1-8])(PR|P|R|H)", re.IGNORECASE)
LIGHT = re.compile(r"[\x20-\x7e]{1,64}\Z")


@dataclass(frozen=True)
class KeypadSettings(Settings):
    """What a profile may say of a keypad."""

    mode: Literal["normal", "toggle"] = setting(
        "normal", "How its buttons are set up: normal (press and release) or toggle (each press or tap by itself)."
    )
    ping: float = setting(10.0, "Seconds between questions whether it is there.")
    light_on: str = setting("", "String that lights a button, {button} for its number; not published by the maker.")
    light_off: str = setting("", "String that puts a button's light out.")
    light_pending: str = setting("", "String for a button that was pressed and is not proven yet; empty: light_off.")

    def __post_init__(self) -> None:
        if self.mode not in ("normal", "toggle"):
            raise ValueError(f"mode is normal or toggle, not {self.mode!r}")
        if not 1 <= self.ping <= 300:
            raise ValueError(f"ping is from 1 to 300 seconds, not {self.ping!r}")
        for name in ("light_on", "light_off", "light_pending"):
            given = getattr(self, name)
            if given and (not LIGHT.match(given) or "{button}" not in given):
                raise ValueError(f"{name} is a text of plain characters with {{button}} in it, not {given!r}")
        if bool(self.light_on) != bool(self.light_off):
            raise ValueError("light_on and light_off are given both, or neither")


class KdWp8(Driver):
    """One keypad, as the TCP server that it is."""

    name = "kd_wp8"
    title = "Key Digital KD-WP8 keypad"
    models = "KD-WP8, KD-WP8-2, KD-WP8-3"
    links: ClassVar = {"tcp": 23}
    # Only the answer to a ping ends a turn; all else it says by itself.
    cutter: Cutter = Lines((b"\r", b"\n"), unasked="(?!RWPING)")
    timing = Timing(reply=2.0)
    surfaces = "the device itself, without a unit"
    takes = frozenset({ShowKey})
    keys = BUTTONS
    sources = ("Key Digital KD-WP8 owner's manual, API page",)
    offered = (
        "press, release, press and release, hold",
        "normal and toggle buttons",
        "ping",
        "lights, where their string is known",
    )
    not_offered: ClassVar = {
        "pressing its buttons for somebody (KWPxP)": "what a button does is the room's to say, not the keypad's",
        "lights without a string of one's own": "the maker does not publish it",
        "its configuration file": "the format is not published",
    }
    Settings: ClassVar[type[Settings]] = KeypadSettings
    settings: KeypadSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.down: set[str] = set()
        self.ready = False

    def is_surface(self, unit: str) -> bool:
        """The keypad is nothing else."""
        return unit == ""

    def valid_unit(self, unit: str) -> bool:
        """It plays no part."""
        return False

    def opened(self) -> Actions:
        """It has proven usable once it answers a ping."""
        yield Send(PING, tag="ping")

    def command(self, request: Request) -> Actions:
        """A button's light; the ping after it shows that the keypad has got that far."""
        words = self._light(request.command)
        if words is None:
            yield Refused(request, "this keypad has eight buttons, and only their lights can be set")
        else:
            yield Send(words.encode("ascii") + b"\r" + PING, tag=request)

    def _light(self, command: Command) -> str | None:
        if not isinstance(command, ShowKey) or not self.settings.light_on:
            return None
        if command.key not in {str(button) for button in range(1, BUTTONS + 1)}:
            return None
        given = self.settings.light_on if command.on else self.settings.light_off
        if command.flag == "pending":
            given = self.settings.light_pending or self.settings.light_off
        return given.replace("{button}", command.key)

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        """The answer to a ping, or what fingers do."""
        told = TOLD.fullmatch(data.strip())
        if told is not None:
            yield from self._finger(told[1].decode(), told[2].upper().decode())
        elif data.strip().upper() == b"RWPING":
            if isinstance(tag, Request):
                yield Taken(tag)
            if not self.ready:
                self.ready = True
                yield Offers("", frozenset({ShowKey}) if self.settings.light_on else frozenset())
                yield Ready()
            yield Later(self.settings.ping, "ping")

    def _finger(self, button: str, what: str) -> list[Action]:
        if what == "PR" or (what == "P" and self.settings.mode == "toggle"):
            return [*self._up(button), Press(button, "down"), Press(button, "up")]
        if what == "P":
            again = self._up(button)  # its release was never told
            self.down.add(button)
            return [*again, Press(button, "down"), Later(HELD, f"held {button}")]
        if what == "H":
            if button not in self.down:
                return []
            return [Press(button, "hold"), Later(HELD, f"held {button}")]
        return self._up(button)  # without a press before it, it means nothing

    def _up(self, button: str) -> list[Action]:
        if button not in self.down:
            return []
        self.down.discard(button)
        return [Press(button, "up"), Later(0, f"held {button}")]

    def due(self, name: str) -> Actions:
        """Time to ask whether it is there; or a press that nobody can still mean."""
        if name == "ping":
            yield Send(PING, tag="ping")
        else:
            yield from self._up(name.removeprefix("held "))
