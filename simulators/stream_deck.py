"""Elgato's decks on USB, at the level of HID reports: every family, its pictures, keys, dials and touch strip.

Written from control-surfaces facts, chapter 6. Keys and dials are counted from 0, from the top left. What is unplugged
forgets what it showed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from simulators._deck import FAMILIES, VENDOR, Family, Glass, feature_report
from simulators._deckhands import DeckHands
from simulators._hid import HidDoor, HidSession
from simulators.device import Session, Simulator, Where, hand
from simulators.values import SimulatorError, did_you_mean

LOOK = 0.05  # seconds: how often the gateway looks at our ports


@dataclass(kw_only=True, eq=False)
class StreamDeck(DeckHands, Simulator):
    """One deck on one cable."""

    name: ClassVar[str] = "stream_deck"
    title: ClassVar[str] = "Elgato Stream Deck on USB"
    links: ClassVar[Mapping[str, int]] = {"hid": 0}

    model: str = "mk2"
    serial: str = "SIM000000001"
    firmware: str = "1.02.003"
    root: str = ""  # a folder of ports that it shares with other decks; else it makes one
    boot_seconds: float = 0.5

    plugged: bool = True
    busy: bool = False  # it takes nothing that is written to it
    outputs: int = 0
    programs: int = 0  # that have it open

    log: list[tuple[str, bytes]] = field(default_factory=list, init=False, repr=False)  # reports as they came
    glass: Glass = field(default_factory=lambda: Glass(FAMILIES["mk2"]), init=False, repr=False)
    PLUMBING: ClassVar[frozenset[str]] = Simulator.PLUMBING | {"log", "glass"}

    def __post_init__(self) -> None:
        if self.model not in FAMILIES:
            raise SimulatorError(f"there is no deck {self.model!r}{did_you_mean(self.model, FAMILIES)}")
        self.glass = Glass(self.family)

    @property
    def family(self) -> Family:
        """What it is."""
        return FAMILIES[self.model]

    async def listen(self, where: Where) -> str:
        """Be plugged into a port of that folder."""
        door = HidDoor(
            self.faults,
            self._opened,
            self._received,
            self._closed,
            uevent=self._uevent,
            plugged=lambda: self.plugged,
            root=self.root,
        )
        self.doors.append(door)
        return f"hid://{VENDOR:04x}?root={door.root}&look={LOOK}"

    def restart(self) -> None:
        """All that it shows is lost with its power; fingers stay where they are."""
        self.glass = Glass(self.family)
        self.outputs = 0

    def memory(self) -> dict[str, Any]:
        """With what is on the glass."""
        held = self.glass
        shown = {key: f"{len(data)} bytes" for key, data in sorted(held.files.items())}
        glass = {"pictures": shown, "windows": len(held.windows), "colours": held.colours, "logo": held.logo}
        return super().memory() | glass | {"brightness": held.brightness, "drawn": held.drawn, "errors": held.errors}

    # ---- hands -----------------------------------------------------------------------------------------------

    @hand
    def unplug(self) -> None:
        """Pull the cable."""
        self.plugged = False
        self.down.clear()
        self.dials_down.clear()
        for door in self.doors:
            door.shut()
        self.restart()

    @hand
    def plug(self) -> None:
        """Put it back."""
        self.plugged = True
        for door in self.doors:
            door.reopen()

    @hand
    def hang(self, busy: bool = True) -> None:
        """Take nothing any more, or again."""
        self.busy = busy
        for session in self._sessions():
            session.pause(not busy)

    def _say(self, report: bytes) -> None:
        for session in self._sessions():
            session.send(b"I" + report)

    def _sessions(self) -> list[HidSession]:
        return [held for door in self.doors for held in door.sessions if isinstance(held, HidSession)]

    # ---- the cable -------------------------------------------------------------------------------------------

    def _uevent(self) -> str:
        return (
            f"DRIVER=hid-generic\nHID_ID=0003:{VENDOR:08X}:{self.family.product:08X}\n"
            f"HID_NAME=Elgato {self.family.title}\nHID_PHYS=usb-sim-1/input0\nHID_UNIQ={self.serial}\n"
        )

    def _opened(self, session: Session) -> None:
        self.programs += 1
        if self.busy and isinstance(session, HidSession):
            session.pause(False)
        self.touched()

    def _closed(self, session: Session) -> None:
        self.programs -= 1
        self.touched()

    def _received(self, session: Session, data: bytes) -> None:
        letter, report = data[:1].decode("latin-1"), data[1:]
        self.log.append((letter, report))
        del self.log[:-2000]
        match letter:
            case "O":
                self.outputs += 1
                self.glass.output(report)
            case "F":
                self.glass.set(report)
            case "G":
                session.send(b"G" + feature_report(self.family, report, self.serial, self.firmware))
        self.touched()
