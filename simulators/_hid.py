"""A USB port without a kernel: a folder like /dev and /sys in which HID devices appear and disappear.

`dev/hidrawN` is a Unix socket (SOCK_SEQPACKET) instead of the kernel's node; reports go as packets with a letter
before them: O an output report, F a feature report that is set, G one that is asked for (and its answer; G alone:
none), I an input report. `sys/class/hidraw/hidrawN/device/uevent` says what the device is, in the kernel's words. Only
nodes, packets and faults live here: no device memory.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from simulators.doors import Door, Session

if TYPE_CHECKING:
    from simulators.faults import Faults

LONGEST = 16_384


class HidSession(Session):
    """One program that has the device open. A report is a packet: nothing can chop it."""

    def __init__(self, door: HidDoor, connection: socket.socket) -> None:
        super().__init__(door.faults, whole=True)
        self._door = door
        self._socket = connection
        connection.setblocking(False)
        self._reading = True
        asyncio.get_running_loop().add_reader(connection, self._readable)

    def send(self, data: bytes) -> None:
        if self.open and not self.faults.silent:
            self._write(data)

    def inject(self, data: bytes) -> None:
        if self.open:
            self._write(b"I" + data)

    def pause(self, reading: bool) -> None:
        """A device that is busy takes nothing; what is written waits in the socket."""
        loop = asyncio.get_running_loop()
        if reading and not self._reading:
            loop.add_reader(self._socket, self._readable)
        elif self._reading and not reading:
            loop.remove_reader(self._socket)
        self._reading = reading

    def _readable(self) -> None:
        try:
            packet = self._socket.recv(LONGEST)
        except BlockingIOError:
            return
        except OSError:
            packet = b""
        if packet:
            self._door.received(self, packet)
        else:
            self._break()

    def _write(self, data: bytes | memoryview) -> None:
        try:
            self._socket.send(data)
        except OSError:  # a program that does not read misses what the device says, as with the kernel's short queue
            pass

    def _shut(self) -> None:
        self._break()

    def _break(self) -> None:
        if self in self._door.sessions:
            self.pause(False)
            self._socket.close()
            self._door.leave(self)


class HidDoor(Door):
    """One USB device's cable. `root` is the folder; several devices may share one."""

    def __init__(
        self,
        faults: Faults,
        opened: Callable[[Session], None],
        received: Callable[[Session, bytes], None],
        closed: Callable[[Session], None],
        *,
        uevent: Callable[[], str],
        plugged: Callable[[], bool],
        root: str = "",
    ) -> None:
        super().__init__(faults, opened, received, closed)
        self.uevent, self.plugged = uevent, plugged
        self._own = "" if root else tempfile.mkdtemp(prefix="roomgate-hid-")
        self.root = Path(root or self._own)
        for folder in ("dev", "sys/class/hidraw"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        number = len(list((self.root / "dev").glob("hidraw*.used")))
        self.node = self.root / "dev" / f"hidraw{number}"
        (self.root / "dev" / f"hidraw{number}.used").touch()
        self._socket: socket.socket | None = None

    def reopen(self) -> None:
        if self._socket is not None or not self.plugged():
            return
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setblocking(False)
        self._socket.bind(str(self.node))
        self._socket.listen(8)
        asyncio.get_running_loop().add_reader(self._socket, self._accept)
        about = self.root / "sys/class/hidraw" / self.node.name / "device"
        about.mkdir(parents=True, exist_ok=True)
        (about / "uevent").write_text(self.uevent(), encoding="utf-8")

    def shut(self) -> None:
        if self._socket is not None:
            shutil.rmtree(self.root / "sys/class/hidraw" / self.node.name, ignore_errors=True)
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None
            self.node.unlink(missing_ok=True)
        self.drop()

    async def close(self) -> None:
        self.shut()
        if self._own:
            shutil.rmtree(self._own, ignore_errors=True)

    def _accept(self) -> None:
        assert self._socket is not None
        try:
            connection, _ = self._socket.accept()
        except OSError:
            return
        self.enter(HidSession(self, connection))
