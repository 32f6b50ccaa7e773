"""How a Network Dock or a Studio wraps HID reports into a TCP stream: two ways, and the device's first bytes say which.

*Plain* (a Studio): 512 bytes from the device, 1024 to it, each one report. *Cora* (a Network Dock): a header of 16
bytes with a length. What may not live here: what a report says (`reports.py`), when anything is sent (`net.py`).

Source: control-surfaces facts 7.1, 7.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gateway.cutters import Feed, Overflow
from gateway.driver import HidReport

MAGIC = bytes.fromhex("43 93 8a 41")
HEAD = 16
PLAIN_IN, PLAIN_OUT = 512, 1024
LONGEST = 8192  # bytes of a payload; the longest that is known has 512
VERBATIM, ANSWERED = 0x8000, 0x0200
WRITE, SET, GET = 0, 1, 2
ALIVE = b"\x01\x0a"


@dataclass(frozen=True)
class Stream:
    """The cutter: whole frames, header and all. Anything that is no frame is an Overflow: there is no way back in."""

    def start(self) -> Feed:
        held = bytearray()
        cora: bool | None = None

        def feed(data: Any) -> list[Any]:
            nonlocal cora
            held.extend(data)
            frames: list[Any] = []
            while held:
                if cora is None:
                    if not (MAGIC.startswith(held[:4]) or ALIVE.startswith(held[:2])):
                        raise Overflow("it is neither a Network Dock nor a Studio: its first bytes are no keepalive")
                    if len(held) < (len(MAGIC) if held[0] == MAGIC[0] else len(ALIVE)):
                        break
                    cora = held[0] == MAGIC[0]
                if cora and not MAGIC.startswith(held[:4]):
                    raise Overflow("a frame without its first four bytes")
                if cora and len(held) < HEAD:
                    break
                length = HEAD + int.from_bytes(held[12:16], "little") if cora else PLAIN_IN
                if length > HEAD + LONGEST:
                    raise Overflow(f"a frame of {length} bytes; {HEAD + LONGEST} is the most")
                if len(held) < length:
                    break
                frames.append(bytes(held[:length]))
                del held[:length]
            return frames

        return feed

    def answers(self, message: Any) -> bool:
        return False


@dataclass(frozen=True)
class Frame:
    """One frame from the device. verbatim: it is of the deck's own HID, not of the box that the deck stands behind."""

    payload: bytes
    cora: bool = False
    verbatim: bool = False
    op: int = 0
    number: int = 0

    @property
    def alive(self) -> bool:
        """It only says that it is there, and wants to hear so."""
        return self.payload[:2] == ALIVE and len(self.payload) > 4


def read(data: bytes) -> Frame:
    """One frame as `Stream` cut it."""
    if data[:4] != MAGIC:
        return Frame(data)
    flags, number = int.from_bytes(data[4:6], "little"), int.from_bytes(data[8:12], "little")
    return Frame(data[HEAD:], True, bool(flags & VERBATIM), data[6], number)


def _cora(flags: int, op: int, payload: bytes, number: int = 0) -> bytes:
    head = flags.to_bytes(2, "little") + bytes([op, 0]) + number.to_bytes(4, "little")
    return MAGIC + head + len(payload).to_bytes(4, "little") + payload


def here(frame: Frame) -> bytes:
    """The answer to a keepalive: the number of the connection back."""
    said = b"\x03\x1a" + frame.payload[5:6]
    if not frame.cora:
        return said.ljust(PLAIN_OUT, b"\0")
    return _cora(ANSWERED, frame.op, said.ljust(32, b"\0"), frame.number)


def ask(cora: bool, what: int) -> bytes:
    """A question to the box itself."""
    said = bytes([0x03, what])
    return _cora(0, GET, said) if cora else said.ljust(PLAIN_OUT, b"\0")


def wrapped(cora: bool, report: HidReport) -> bytes:
    """A report to the deck; a feature is asked for by its id alone (facts 7.2). Raises ValueError for one too long."""
    data = report.data[:1] if report.kind == "get" else report.data
    if cora:
        return _cora(VERBATIM, {"output": WRITE, "feature": SET, "get": GET}[report.kind], data)
    if len(data) > PLAIN_OUT:
        raise ValueError(f"a report of {len(data)} bytes has no place in a frame of {PLAIN_OUT}")
    return data.ljust(PLAIN_OUT, b"\0")


# ---- what a box says of itself -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Child:
    """The deck that is plugged into a box, and the box's own port for it."""

    product: int
    serial: str
    port: int


def product(payload: bytes) -> int | None:
    """The product id out of `03 80`."""
    return int.from_bytes(payload[14:16], "little") if len(payload) >= 16 else None


def firmware(payload: bytes) -> str:
    """The version out of `03 83`."""
    return _letters(payload[8:16])


def serial(payload: bytes) -> str:
    """The serial number out of `03 84`."""
    return _letters(payload[4 : 4 + payload[3]]) if len(payload) > 3 else ""


def mac(payload: bytes) -> str:
    """The address out of `03 85`, as 00:11:22:33:44:55; "" where it holds none."""
    return payload[4:10].hex(":") if len(payload) >= 10 else ""


def child(payload: bytes) -> Child | None:
    """What `01 0b` tells, answer or push: the deck that is there; None for none. Raises ValueError for half a one."""
    if len(payload) < 5 or payload[4] != 2:
        return None
    if len(payload) < 128:
        raise ValueError("it tells of a deck, but not of all that must be known of it")
    port = int.from_bytes(payload[126:128], "little")
    if not port:
        raise ValueError("it tells of a deck on no port")
    return Child(int.from_bytes(payload[28:30], "little"), _letters(payload[94:125]), port)


def _letters(data: bytes) -> str:
    """Printable letters up to the first zero."""
    return "".join(letter for letter in data.partition(b"\0")[0].decode("ascii", "replace") if "!" <= letter <= "~")
