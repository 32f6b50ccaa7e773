"""Decks: from a press to the device, from the device to a new picture on the wire, and what twenty decks cost.

The lab is the device, the decks and a WebSocket client at once, with one clock. What may not live here: the gateway
(`deckhouse.py`).
"""

from __future__ import annotations

import contextlib
import json
import random
import selectors
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns

from benchmarks import wire
from benchmarks.deckhouse import DECKS, SHOWN
from benchmarks.lab import Series
from benchmarks.server import cpu_seconds, process, told
from benchmarks.table import Target

ROUNDS, TURNS = 5, 20
WATCHED = 10.0  # seconds
EVERY = 0.1  # seconds between two changes
PATH = "/api/v1/rooms/bench/ws"
STATE = b"KEY-STATE "


@dataclass
class Decks:
    """What was found, in microseconds; core in percent of one."""

    socket: float
    satellite: float
    usb: float
    drawn: float  # feedback to a picture that was never drawn before
    held: float  # and to one that was
    core: float
    shown: int  # pictures that came
    wanted: int  # pictures that the changes were worth


class UsbDeck:
    """A virtual hidraw node of an XL: answers who it is, takes what it is sent, and presses."""

    def __init__(self, root: Path) -> None:
        self._about = root / "sys/class/hidraw/hidraw0/device"
        self._about.mkdir(parents=True)
        (root / "dev").mkdir()
        self._door = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._door.bind(str(root / "dev/hidraw0"))
        self._door.listen(1)
        self.drawn = 0
        self.there = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        self._line = self._door.accept()[0]
        while packet := self._line.recv(16_384):
            if packet[:2] == b"G\x06":
                self._line.send(b"G\x06\x0aBENCH00001".ljust(33, b"\0"))
            elif packet[:1] == b"G":
                self._line.send(b"G" + packet[1:])
            elif packet[:3] == b"O\x02\x07" and packet[4]:
                self.drawn += 1
                if self.drawn >= 32:
                    self.there.set()

    def plug(self) -> None:
        """Put it into its port, and wait until all of its keys are drawn."""
        (self._about / "uevent").write_text("HID_ID=0003:00000FD9:0000006C\nHID_NAME=bench\nHID_UNIQ=BENCH00001\n")
        if not self.there.wait(wire.PATIENCE):
            raise SystemExit("the deck on USB was never drawn")

    def press(self, key: int) -> None:
        """A finger on a key, from 0."""
        states = bytearray(32)
        states[key] = 1
        self._line.send(b"I\x01\x00\x20\x00" + states.ljust(508, b"\0"))

    def release(self) -> None:
        """No finger on any key."""
        self._line.send(b"I\x01\x00\x20\x00" + bytes(508))


class Programs:
    """Satellite programs with a deck of 32 keys each: one at first, twenty for what they cost together."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.first = self._connect(0)
        self.lines = [self.first]

    def all(self) -> None:
        """The others come."""
        self.lines += [self._connect(number) for number in range(1, DECKS)]

    def _connect(self, number: int) -> wire.Stream:
        stream = wire.Stream.to(self.port)
        stream.until(b"CAPS")
        stream.until(b"\n")
        stream.send(
            b'ADD-DEVICE DEVICEID="deck%d" PRODUCT_NAME="bench" KEYS_TOTAL=32 KEYS_PER_ROW=8 BITMAPS=72 '
            b'BITMAP_FORMAT="png"\n' % number
        )
        for _ in range(32):
            stream.until(STATE)
        return stream

    def read(self, selector: selectors.BaseSelector, until: float) -> int:
        """Take what comes until then; how many pictures that were."""
        found = 0
        while (left := until - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                found += key.fileobj.recv(262_144).count(STATE)  # type: ignore[union-attr]
        return found

    def ping(self) -> None:
        """Say that all are there."""
        for line in self.lines:
            line.send(b"PING\n")


class Lab:
    """One thing at a time, each timed from what began it to the bytes that end it."""

    def __init__(self, device: wire.Stream, client: wire.Stream, programs: Programs, usb: UsbDeck) -> None:
        self.device, self.client, self.programs, self.usb = device, client, programs, usb
        self.turn = 0

    def _level(self) -> tuple[int, int]:
        """Low and high in turns: the key and the level."""
        self.turn += 1
        return (0, 30) if self.turn % 2 else (1, 70)

    def _wait(self, level: int) -> None:
        """The device confirms, and everybody has seen it."""
        self.device.send(b"VOL %d\n" % level)
        while (
            b'"value": %d' % level not in (message := wire.message(self.client))
            and b'"value":%d' % level not in message
        ):
            pass
        self.quiet()

    def quiet(self) -> None:
        """Nothing more comes to the first deck for a moment: all is drawn."""
        line = self.programs.first
        line.send(b"PING\n")
        line.sock.settimeout(0.03)
        with contextlib.suppress(TimeoutError):
            while line.sock.recv(262_144):
                pass
        line.sock.settimeout(wire.PATIENCE)
        line.held = b""

    def over_socket(self) -> int:
        """A command on the room's WebSocket."""
        _, level = self._level()
        frame = wire.frame({"do": "volume", "level": level})
        return self._timed(level, lambda: self.client.send(frame))

    def over_satellite(self) -> int:
        """The same by a key of a satellite deck."""
        key, level = self._level()
        words = b'KEY-PRESS DEVICEID="deck0" KEY="%d" PRESSED="' % key
        took = self._timed(level, lambda: self.programs.first.send(words + b'1"\n'))
        self.programs.first.send(words + b'0"\n')
        return took

    def over_usb(self) -> int:
        """The same by a key of a deck on USB."""
        key, level = self._level()
        took = self._timed(level, lambda: self.usb.press(key))
        self.usb.release()
        return took

    def _timed(self, level: int, do: Callable[[], None]) -> int:
        began = perf_counter_ns()
        do()
        line = self.device.until(b"\n")
        took = perf_counter_ns() - began
        if line != b"VOL %d\n" % level:
            raise AssertionError(f"{line!r} is not what was asked for: {level}")
        self._wait(level)
        return took

    def picture(self, level: int) -> int:
        """From a line of the device to the whole of the key's new picture."""
        first = self.programs.first
        began = perf_counter_ns()
        self.device.send(b"VOL %d\n" % level)
        while b"KEY=%d " % (SHOWN - 1) not in first.until(b"\n"):
            pass
        took = perf_counter_ns() - began
        wire.message(self.client)
        self.quiet()
        return took


def measure(folder: Path, servers: Collection[int]) -> Decks:
    """The gateway on a core of its own; everything else on the other."""
    with contextlib.ExitStack() as ends:
        listener = ends.enter_context(socket.create_server(("127.0.0.1", 0)))
        listener.settimeout(wire.PATIENCE)
        with socket.create_server(("127.0.0.1", 0)) as free:
            satellite = free.getsockname()[1]
        root = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="roomgate-usb-")))
        usb = UsbDeck(root)
        where = (str(listener.getsockname()[1]), str(satellite), str(root), str(folder / "decks"))
        house = ends.enter_context(process("-m", "benchmarks.deckhouse", *where, json.dumps(list(servers))))
        there = told(house)
        device = wire.Stream(listener.accept()[0])
        client = wire.Stream.to(there["port"])
        wire.upgrade(client, PATH, there["token"])
        programs = Programs(satellite)
        device.send(b"VOL 50\n")
        while b"changes" not in wire.message(client):
            pass
        lab = Lab(device, client, programs, usb)
        lab.quiet()
        levels = [level for level in range(101) if level not in (30, 50, 70)]
        random.shuffle(levels)
        drawn = _series(lab.picture(level) for level in levels)
        held = _series(lab.picture(level) for level in levels)
        usb.plug()
        presses = {name: Series() for name in ("over_socket", "over_satellite", "over_usb")}
        for _ in range(ROUNDS):
            for name, series in presses.items():
                for _ in range(TURNS):
                    series.microseconds.append(getattr(lab, name)() / 1000)
        programs.all()
        began, used, shown, changes = time.monotonic(), cpu_seconds(house.pid), 0, 0
        with selectors.DefaultSelector() as selector:
            for line in programs.lines:
                selector.register(line.sock, selectors.EVENT_READ)
            selector.register(client.sock, selectors.EVENT_READ)
            while time.monotonic() < began + WATCHED:
                device.send(b"VOL %d\n" % levels[changes % len(levels)])
                changes += 1
                programs.ping()
                shown += programs.read(selector, began + changes * EVERY)
        core = 100 * (cpu_seconds(house.pid) - used) / (time.monotonic() - began)
        p50 = {name: series.percentile(50) for name, series in presses.items()}
        return Decks(p50["over_socket"], p50["over_satellite"], p50["over_usb"], drawn.percentile(50),
                     held.percentile(50), core, shown, changes * DECKS)  # fmt: skip


def _series(nanoseconds: Iterator[int]) -> Series:
    return Series([took / 1000 for took in nanoseconds])


def targets(found: Decks) -> list[Target]:
    """What this project promises (issue of the control surfaces)."""
    return [
        Target("press on a satellite deck to device, p50, against WebSocket", found.satellite / found.socket, 2),
        Target("press on a USB deck to device, p50, against WebSocket", found.usb / found.socket, 2),
        Target("feedback to a new picture on the wire, p50", found.drawn / 1000, 10, "ms"),
        Target(f"{DECKS} decks of 32 keys, ten changes a second: one core", found.core, 50, "%"),
    ]


def words(found: Decks) -> str:
    """What else is worth knowing."""
    return (
        f"Decks: p50 of a press {found.socket:.0f} us over the WebSocket, {found.satellite:.0f} by satellite, "
        f"{found.usb:.0f} by USB; of a picture {found.drawn:.0f} us drawn, {found.held:.0f} where it was drawn before; "
        f"{found.shown} pictures came of {found.wanted} ({DECKS} decks, {WATCHED:g} s)."
    )
