"""A Network Dock with a deck in it, or a Stream Deck Studio: TCP, the device speaks first.

Written from control-surfaces facts, chapter 7. A dock has a second port for the deck; it is open while the deck is
plugged in. What a real dock sets as flags of its keepalives is not known: here they are 0. The deck of a dock and the
Studio share one set of hands; keys and dials are counted from 0, from the top left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from simulators._deck import FAMILIES, VENDOR, Family, Glass, feature_report
from simulators._deckhands import DeckHands
from simulators.device import Session, Simulator, Where, hand
from simulators.doors import TcpDoor
from simulators.values import SimulatorError, did_you_mean

CORA = b"\x43\x93\x8a\x41"
OF_DECK, RESULT, ACK = 0x8000, 0x0100, 0x0200
BEAT = 1.0  # seconds between two keepalives


class DeckDoor(TcpDoor):
    """The dock's port for its deck: there is none while nothing is plugged in."""

    plugged = True

    def reopen(self) -> None:
        if self.plugged:
            super().reopen()


@dataclass(kw_only=True, eq=False)
class StreamDeckNet(DeckHands, Simulator):
    """One box on the network."""

    name: ClassVar[str] = "stream_deck_net"
    title: ClassVar[str] = "Elgato Network Dock, Stream Deck Studio"
    links: ClassVar[Mapping[str, int]] = {"tcp": 5343}

    box: Literal["dock", "studio"] = "dock"
    model: str = "mk2"  # of the deck in the dock
    serial: str = "SIM000000001"  # of the deck
    firmware: str = "1.02.003"
    box_serial: str = "DOCK00000001"
    box_firmware: str = "1.05.004"
    mac: str = "00:11:22:33:44:55"
    boot_seconds: float = 0.5

    plugged: bool = True
    deaf: bool = False  # the deck's port says nothing any more, while the dock does
    port: int = 0  # the deck's
    answered: int = 0  # keepalives
    outputs: int = 0

    log: list[tuple[str, bytes]] = field(default_factory=list, init=False, repr=False)  # what came, by whom it was for
    errors: list[str] = field(default_factory=list, init=False, repr=False)
    glass: Glass = field(default_factory=lambda: Glass(FAMILIES["mk2"]), init=False, repr=False)
    PLUMBING: ClassVar[frozenset[str]] = Simulator.PLUMBING | {"log", "glass", "errors"}

    def __post_init__(self) -> None:
        if self.model not in FAMILIES:
            raise SimulatorError(f"there is no deck {self.model!r}{did_you_mean(self.model, FAMILIES)}")
        self.glass = Glass(self.family)

    @property
    def family(self) -> Family:
        """The deck: a Studio is its own."""
        return FAMILIES["studio" if self.box == "studio" else self.model]

    async def listen(self, where: Where) -> str:
        """Take the box's port, and one for its deck."""
        door = TcpDoor(self.faults, self._opened, self._box_received, self._closed)
        port = door.bind(where.host, where.port)
        self.doors.append(door)
        if self.box == "dock":
            deck = DeckDoor(self.faults, self._opened, self._deck_received, self._closed)
            self.port = deck.bind(where.host, 0)
            deck.plugged = self.plugged
            self.doors.append(deck)
        return f"tcp://{where.host}:{port}"

    def restart(self) -> None:
        """All that it shows is lost with its power; fingers stay where they are."""
        self.glass = Glass(self.family)

    def memory(self) -> dict[str, Any]:
        """With what is on the glass."""
        held = self.glass
        shown = {key: f"{len(data)} bytes" for key, data in sorted(held.files.items())}
        glass = {"pictures": shown, "windows": len(held.windows), "colours": held.colours, "logo": held.logo}
        wrong = [*self.errors, *held.errors]
        return super().memory() | glass | {"brightness": held.brightness, "drawn": held.drawn, "errors": wrong}

    # ---- hands -----------------------------------------------------------------------------------------------

    @hand
    def unplug(self) -> None:
        """Pull the deck out of the dock."""
        self._deck_door().plugged = self.plugged = False
        self.down.clear()
        self.dials_down.clear()
        self._deck_door().shut()
        self.restart()
        self._tell_of_deck()

    @hand
    def plug(self) -> None:
        """Put it (or another one) back."""
        self._deck_door().plugged = self.plugged = True
        if self.faults.reachable:
            self._deck_door().reopen()
        self._tell_of_deck()

    @hand
    def hang(self, deaf: bool = True) -> None:
        """The deck says nothing any more, or again; the dock is well."""
        self.deaf = deaf

    @hand
    def babble(self, data: str = "ffffffff") -> None:
        """The deck's port says these bytes, in hexadecimal: no frame."""
        for session in self._deck_door().sessions:
            session.inject(bytes.fromhex(data))

    def _deck_door(self) -> DeckDoor:
        for door in self.doors:
            if isinstance(door, DeckDoor):
                return door
        raise SimulatorError("nothing is plugged into a Studio")

    def _tell_of_deck(self) -> None:
        for session in self.doors[0].sessions:
            self._box_says(session, self._about_deck())

    # ---- what it says ----------------------------------------------------------------------------------------

    def _say(self, report: bytes) -> None:
        if self.box == "studio":
            for session in self.doors[0].sessions:
                session.send(report.ljust(512, b"\0"))
        elif not self.deaf:
            for session in self._deck_door().sessions:
                session.send(frame(OF_DECK, 0, 0, report))

    def _box_says(self, session: Session, payload: bytes, flags: int = 0, op: int = 0, number: int = 0) -> None:
        studio = self.box == "studio"
        session.send(payload.ljust(512, b"\0") if studio else frame(flags, op, number, payload))

    def _about_deck(self) -> bytes:
        """`01 0b`: whether a deck is there, which, and on which port."""
        told = bytearray(128)
        told[0:2] = b"\x01\x0b"
        if self.plugged and self.box == "dock":
            told[4] = 2
            told[26:28] = VENDOR.to_bytes(2, "little")
            told[28:30] = self.family.product.to_bytes(2, "little")
            told[94 : 94 + len(self.serial)] = self.serial.encode()
            told[126:128] = self.port.to_bytes(2, "little")
        return bytes(told)

    def _about_box(self, what: int) -> bytes:
        """The answer to `03 WHAT`; b"" where there is none."""
        head = bytes([0x03, what])
        match what:
            case 0x80:
                product = 0xFFFF if self.box == "dock" else self.family.product
                return head + bytes(10) + VENDOR.to_bytes(2, "little") + product.to_bytes(2, "little") + bytes(16)
            case 0x83:
                return head + bytes(6) + self.box_firmware.encode()[:8].ljust(8, b"\0")
            case 0x84:
                serial = self.box_serial if self.box == "dock" else self.serial
                return head + bytes([0, len(serial)]) + serial.encode()
            case 0x85:
                return head + bytes(2) + bytes.fromhex(self.mac.replace(":", ""))
            case 0x1C:
                return self._about_deck()
        return b""

    # ---- connections -----------------------------------------------------------------------------------------

    def _opened(self, session: Session) -> None:
        session.memory["held"] = bytearray()
        session.memory["number"] = len(self.doors[0].sessions) % 256
        self._beat(session)
        self.touched()

    def _closed(self, session: Session) -> None:
        self.touched()

    def _beat(self, session: Session) -> None:
        if not session.open:
            return
        payload = bytes([0x01, 0x0A, 0, 0, 0, session.memory["number"]]).ljust(32, b"\0")
        of_deck = self.box == "dock" and session in self._deck_door().sessions
        if not (of_deck and self.deaf):
            self._box_says(session, payload)
        self.after(BEAT, lambda: self._beat(session))

    def _frames(self, session: Session, data: bytes) -> list[tuple[int, int, int, bytes]]:
        """What a client sent, whole: flags, operation, number, payload."""
        held: bytearray = session.memory["held"]
        held += data
        found: list[tuple[int, int, int, bytes]] = []
        if self.box == "studio":
            while len(held) >= 1024:
                found.append((0, 0, 0, bytes(held[:1024])))
                del held[:1024]
            return found
        while len(held) >= 16:
            length = int.from_bytes(held[12:16], "little")
            if held[:4] != CORA or held[7] or length > 65_536:
                self._wrong("no frame", bytes(held))
                session.abort()
                return found
            if len(held) < 16 + length:
                break
            flags, number = int.from_bytes(held[4:6], "little"), int.from_bytes(held[8:12], "little")
            found.append((flags, held[6], number, bytes(held[16 : 16 + length])))
            del held[: 16 + length]
        return found

    def _box_received(self, session: Session, data: bytes) -> None:
        for flags, op, number, payload in self._frames(session, data):
            self._note("box", payload)
            if payload[:2] == b"\x03\x1a":
                self._heard_us(session, flags, payload)
            elif self.box == "studio" and payload[:1] == b"\x02":
                self.outputs += 1
                self.glass.output(payload)
            elif payload[:1] == b"\x03" and (answer := self._about_box(payload[1])):
                if flags == 0 and (op == 2 or self.box == "studio"):
                    self._box_says(session, answer, RESULT, op, number)
            elif self.box == "studio" and payload[:2] in (b"\x03\x08", b"\x03\x06") and not any(payload[32:]):
                self.glass.set(payload[:32])
            elif payload[:1] not in (b"\x08", b"\xa1"):  # a client that does not know yet what we are asks so, too
                self._wrong("the box does not know this", payload)
        self.touched()

    def _deck_received(self, session: Session, data: bytes) -> None:
        for flags, op, number, payload in self._frames(session, data):
            self._note("deck", payload)
            if payload[:2] == b"\x03\x1a" and not flags & OF_DECK:
                self._heard_us(session, flags, payload)
            elif not flags & OF_DECK:  # of what is not the deck's own, this port only knows which deck it is
                if payload[:2] == b"\x03\x1c" and op == 2:
                    session.send(frame(RESULT, op, number, self._about_deck()))
            elif op == 0:
                self.outputs += 1
                self.glass.output(payload)
            elif op == 1:
                self.glass.set(payload)
            elif (answer := self._feature(payload)) and not self.deaf:
                session.send(frame(OF_DECK | RESULT, op, number, answer))
        self.touched()

    def _feature(self, asked: bytes) -> bytes:
        if self.family.speech != "main" and asked[:1] == b"\xa1":
            return (b"\xa1\0\0\0\0" + self.firmware.encode()).ljust(32, b"\0")
        return feature_report(self.family, asked[:1].ljust(32, b"\0"), self.serial, self.firmware)

    def _heard_us(self, session: Session, flags: int, payload: bytes) -> None:
        if payload[2] != session.memory["number"] or (self.box == "dock" and (flags != ACK or len(payload) != 32)):
            self._wrong("a keepalive's answer that is none", payload)
        self.answered += 1

    def _note(self, whom: str, payload: bytes) -> None:
        self.log.append((whom, payload))
        del self.log[:-2000]

    def _wrong(self, words: str, data: bytes) -> None:
        self.errors.append(f"{words}: {data[:20].hex(' ')} ({len(data)} bytes)")
        del self.errors[:-50]


def frame(flags: int, op: int, number: int, payload: bytes) -> bytes:
    """A Cora frame: facts 7.2."""
    fields = ((flags, 2), (op, 1), (0, 1), (number, 4), (len(payload), 4))
    return CORA + b"".join(value.to_bytes(size, "little") for value, size in fields) + payload
