"""HID devices of this machine as Linux shows them: which there are, and how reports go to and from one.

Linux has a node `/dev/hidrawN` for each, and tells what it is in `/sys/class/hidraw/hidrawN/device/uevent`, so that no
stranger's keyboard need be opened to find out. `Hidraw` is the kernel's node. `Packets` is a device without a kernel:
where a node is a Unix socket (SOCK_SEQPACKET), reports go as packets with a letter before them:

    O report   we write an output report          F report   we set a feature report
    G report   we ask for a feature report        I report   an input report of the device
    G report   its answer; G alone: there is none

What may not live here: the event loop (`hid.py`), what a report means.

Source: Linux, Documentation/hid/hidraw.rst.
"""

from __future__ import annotations

import array
import contextlib
import errno
import fcntl
import os
import queue
import re
import socket
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gateway.driver import HidDevice

LONGEST = 16_384  # bytes of a report
ANSWER = 5.0  # seconds for a feature report, as the kernel's own USB requests have
USB = 0x0003  # the bus in HID_ID
NODE = re.compile(r"hidraw\d+\Z")


@dataclass(frozen=True)
class Found:
    """A device that is plugged in, and its node."""

    path: Path
    device: HidDevice


def present(root: Path) -> Iterator[Found]:
    """Every USB HID device below `root` (/ but in tests), as the kernel's own text tells; none is opened.

    `uevent` holds lines such as HID_ID=0003:00000FD9:00000080, HID_NAME=Elgato Stream Deck MK.2, HID_UNIQ=AL12K1A00234.
    """
    known = root / "sys/class/hidraw"
    with contextlib.suppress(OSError):
        for about in sorted(known.iterdir()):
            with contextlib.suppress(OSError, ValueError, KeyError):
                text = (about / "device/uevent").read_text(encoding="utf-8", errors="replace")
                lines = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
                bus, vendor, product = (int(part, 16) for part in lines["HID_ID"].split(":"))
                if bus == USB and NODE.match(about.name):
                    device = HidDevice(vendor, product, lines.get("HID_UNIQ", ""), lines.get("HID_NAME", ""))
                    yield Found(root / "dev" / about.name, device)


class Node(Protocol):
    """One open device. `read` is called in the event loop and never waits; the others may, in a thread of their own."""

    def fileno(self) -> int:
        """What the event loop watches."""
        ...

    def read(self) -> bytes | None:
        """The next input report; None: nothing now. Raises OSError for a device that is gone."""
        ...

    def write(self, report: bytes) -> None:
        """An output report. Raises OSError."""
        ...

    def set_feature(self, report: bytes) -> None:
        """Raises OSError where the device does not take it."""
        ...

    def get_feature(self, report: bytes) -> bytes:
        """The answer, no longer than what asks. Raises OSError where there is none."""
        ...

    def close(self) -> None:
        """Let go, from the thread that writes."""
        ...


def open_node(path: Path) -> Node:
    """Open a node. Raises OSError."""
    return Packets(path) if stat.S_ISSOCK(path.stat().st_mode) else Hidraw(path)


class Hidraw:
    """The kernel's node. Its writes wait for the device even where O_NONBLOCK is set: they want a thread."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def fileno(self) -> int:
        return self._file

    def read(self) -> bytes | None:
        try:
            return os.read(self._file, LONGEST)
        except BlockingIOError:
            return None

    def write(self, report: bytes) -> None:
        os.write(self._file, report)

    def set_feature(self, report: bytes) -> None:
        fcntl.ioctl(self._file, feature(0x06, len(report)), array.array("B", report), True)

    def get_feature(self, report: bytes) -> bytes:
        held = array.array("B", report)
        length = fcntl.ioctl(self._file, feature(0x07, len(report)), held, True)
        return held.tobytes()[:length]

    def close(self) -> None:
        os.close(self._file)


def feature(number: int, length: int) -> int:
    """HIDIOCSFEATURE(length) is number 6, HIDIOCGFEATURE 7: _IOC(read and write, 'H', number, length) of hidraw.h."""
    return 3 << 30 | length << 16 | ord("H") << 8 | number


class Packets:
    """A device without a kernel, behind a socket."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        seconds, rest = divmod(ANSWER, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", int(seconds), int(rest * 1e6)))
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        return self._socket.fileno()

    def read(self) -> bytes | None:
        try:
            packet = self._socket.recv(LONGEST, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None
        if packet[:1] == b"G":
            self._answers.put(packet[1:])
            return None
        if not packet:
            self._answers.put(b"")  # nobody need wait for an answer any more
            raise ConnectionResetError
        return packet[1:]

    def write(self, report: bytes) -> None:
        self._socket.sendall(b"O" + report)

    def set_feature(self, report: bytes) -> None:
        self._socket.sendall(b"F" + report)

    def get_feature(self, report: bytes) -> bytes:
        self._socket.sendall(b"G" + report)
        try:
            answer = self._answers.get(timeout=ANSWER)
        except queue.Empty:
            raise TimeoutError from None
        if not answer:
            raise OSError(errno.EPIPE, os.strerror(errno.EPIPE))  # as the kernel says it: a stalled request
        return answer[: len(report)]

    def close(self) -> None:
        self._socket.close()
