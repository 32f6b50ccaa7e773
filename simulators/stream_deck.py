"""Elgato's decks on USB, at the level of HID reports: every family, its pictures, keys, dials and touch strip.

Written from control-surfaces facts, chapter 6. Keys and dials are counted from 0, from the top left. What is unplugged
forgets what it showed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from simulators._deck import FAMILIES, VENDOR, Family, Glass, dials_report, feature_report, keys_report, touch_report
from simulators._hid import HidDoor, HidSession
from simulators.device import Session, Simulator, Where, hand
from simulators.values import SimulatorError, did_you_mean

LOOK = 0.05  # seconds: how often the gateway looks at our ports


@dataclass(kw_only=True, eq=False)
class StreamDeck(Simulator):
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
    down: set[int] = field(default_factory=set)
    dials_down: set[int] = field(default_factory=set)
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

    def seen(self, key: int) -> Any:
        """A key's picture as a person sees it; None where it shows none."""
        return self.glass.seen(key)

    # ---- hands -----------------------------------------------------------------------------------------------

    @hand
    def press(self, key: int) -> None:
        """A finger on a key (or a touch key behind the keys)."""
        self._finger(key, True)

    @hand
    def release(self, key: int) -> None:
        """And off it."""
        self._finger(key, False)

    @hand
    def turn(self, dial: int, steps: int = 1) -> None:
        """Turn a dial, clockwise above 0."""
        self._say(dials_report(self.family, 1, [steps if at == dial else 0 for at in range(self._dials(dial))]))

    @hand
    def push(self, dial: int) -> None:
        """Press a dial."""
        self._dials(dial)
        self.dials_down.add(dial)
        self._say(dials_report(self.family, 0, [int(at in self.dials_down) for at in range(self.family.dials)]))

    @hand
    def pop(self, dial: int) -> None:
        """Let it go."""
        self.dials_down.discard(dial)
        self._say(dials_report(self.family, 0, [int(at in self.dials_down) for at in range(self.family.dials)]))

    @hand
    def tap(self, x: int, y: int = 50, long: bool = False) -> None:
        """Touch the strip."""
        self._say(touch_report(2 if long else 1, x, y))

    @hand
    def drag(self, x: int, x2: int, y: int = 50, y2: int = 50) -> None:
        """Draw a finger over the strip."""
        self._say(touch_report(3, x, y, x2, y2))

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

    def say(self, report: bytes) -> None:
        """Say a report of one's own."""
        self._say(report)

    def _finger(self, key: int, down: bool) -> None:
        if not 0 <= key < self.family.keys + self.family.touch_keys:
            raise SimulatorError(f"this deck has keys 0 to {self.family.keys + self.family.touch_keys - 1}")
        (self.down.add if down else self.down.discard)(key)
        self._say(keys_report(self.family, self.down))

    def _dials(self, dial: int) -> int:
        if not 0 <= dial < self.family.dials:
            raise SimulatorError(f"this deck has {self.family.dials} dials")
        return self.family.dials

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
