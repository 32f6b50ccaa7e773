"""Displays that may share one line, each with its id: which ids there are, and which inputs people are offered.

What may not live here: any protocol. Floor 1: drivers build on it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import ClassVar

from gateway.commands import Command, SelectInput, SetMute, SetPower, SetVideoMute, SetVolume
from gateway.driver import Offers, Opening, setting
from gateway.polled import Ask, Polled, PolledSettings

SHOWN = {"hdmi": "HDMI", "displayport": "DisplayPort", "hdbaset": "HDBaseT", "magicinfo": "MagicINFO"}
VERBS: Mapping[str, type[Command]] = {  # question -> the verb that it shows
    **{"power": SetPower, "input": SelectInput, "volume": SetVolume, "mute": SetMute, "screen": SetVideoMute},
}


@dataclass(frozen=True)
class DisplaysSettings(PolledSettings):
    """What a profile may say of displays on a line. Subclasses say which ids and inputs there can be."""

    ids: ClassVar[range] = range(1, 256)
    known: ClassVar[Collection[str]] = ()  # names of all inputs of the protocol

    displays: str = setting("1", "Ids behind this link, as the menus show them: '1', or '1, 2, 5' on a shared line.")
    inputs: str = setting("hdmi1, hdmi2, displayport1", "The inputs that this model has, as offered to people.")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.numbers()
        if unknown := [name for name in self.named() if name not in self.known]:
            raise ValueError(f"inputs are among {', '.join(self.known)}, not {', '.join(unknown)}")

    def numbers(self) -> tuple[int, ...]:
        """The ids, one by one. Raises ValueError in words."""
        parts = [part.strip() for part in self.displays.split(",")]
        found = tuple(dict.fromkeys(int(part) if part.isdecimal() else -1 for part in parts))
        if not all(one in self.ids for one in found):
            wanted = f"from {self.ids[0]} to {self.ids[-1]}, such as '1' or '1, 2'"
            raise ValueError(f"displays: ids are {wanted}, not {self.displays!r}")
        return found

    def named(self) -> tuple[str, ...]:
        """The inputs, one by one."""
        return tuple(name.strip() for name in self.inputs.split(",") if name.strip())


class Displays(Polled):
    """One display, or all of one line: the only one is the unit "", of several each is its id."""

    Settings = DisplaysSettings
    settings: DisplaysSettings
    plays = frozenset({"display", "volume"})
    takes = frozenset(VERBS.values())
    units = '"", or an id such as "2" where the setting displays names several'

    def served(self) -> tuple[str, ...]:
        found = self.settings.numbers()
        return ("",) if len(found) == 1 else tuple(str(one) for one in found)

    def opening(self) -> Opening:
        return Opening(baud=9600, framing="8N1")

    def number(self, unit: str) -> int:
        """A unit's id on the line."""
        return int(unit) if unit else self.settings.numbers()[0]

    def offer(self, unit: str) -> Offers:
        """What is shown by questions that the display knows."""
        commands = frozenset(verb for what, verb in VERBS.items() if Ask(unit, what) not in self.absent)
        return Offers(unit, commands, self.inputs())

    def inputs(self) -> Mapping[str, Mapping[str, str]]:
        """The inputs as choices, with words for people."""
        return {"input": {name: label(name) for name in self.settings.named()}}


def label(name: str) -> str:
    """`hdmi1` as `HDMI 1`, `pc` as `PC`."""
    for word, shown in SHOWN.items():
        if name.startswith(word):
            rest = name[len(word) :]
            return f"{shown} {rest}" if rest[:1].isdigit() else f"{shown}{rest}"
    return name.upper() if len(name) <= 4 else name.capitalize()
