"""The `hid` link: USB devices that speak in reports, through Linux's hidraw, and their coming and going.

`hid://0fd9/0084/SERIAL`: every device of that vendor, of that product and serial number where they are named, is a
Link of its own. `?root=` is another place to look in than /, `?look=` how often in seconds: for devices without a
kernel (`hidnode.Packets`). Each open device has a thread that writes to it, since the kernel makes who writes to a HID
device wait for it: one that takes its time keeps nobody else waiting. What may not live here: what a report means.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import queue
import threading
from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from gateway.driver import HidReport
from gateway.link import Address, Ears, LinkError, Untouchable
from gateway.link.hidnode import Found, Node, open_node, present
from gateway.model import Reason

if TYPE_CHECKING:
    from gateway.link.listen import Accept

log = logging.getLogger("roomgate.link")

LOOK = 1.0  # seconds between two looks at what is plugged in; a look costs microseconds and opens nothing
AGAIN = 5  # looks until a device that could not be opened, or that its driver gave up, is tried again
BACKLOG = 4_194_304  # bytes that may wait for a device: all keys of the largest, several times over
FLUSH = 1.5  # seconds that close() leaves to what is still to be written


class Bay:
    """Looks for devices, and hands each out as a Link when it is plugged in."""

    def __init__(self, address: Address, accept: Accept) -> None:
        self.address = address
        self._accept = accept
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        self.root = Path(query.pop("root", "/"))
        try:
            self.look = float(query.pop("look", LOOK))
        except ValueError:
            raise LinkError(Reason.UNREACHABLE, "look is a number of seconds") from None
        if query or not self.look > 0:
            raise LinkError(Reason.UNREACHABLE, "a hid link knows root, and look in seconds, and nothing else")
        self.vendor = int(address.host, 16)
        product, _, self.serial = address.path.strip("/").partition("/")
        self.product = int(product, 16) if product else None
        self._looking: asyncio.TimerHandle | None = None
        self._inside: dict[Path, Hid] = {}
        self._wait: dict[Path, int] = {}  # looks until a device is tried again
        self._told: dict[Path, str] = {}  # what was wrong with it, said once

    def open(self) -> None:
        """Begin to look. Raises LinkError where this machine has no hidraw."""
        if not (self.root / "sys/class").is_dir():
            raise LinkError(Reason.UNREACHABLE, "this machine has no /sys/class/hidraw: USB decks need Linux")
        self._look()

    def _look(self) -> None:
        self._looking = asyncio.get_running_loop().call_later(self.look, self._look)
        there = {found.path: found for found in present(self.root) if self._wanted(found)}
        for path in self._wait.keys() - there.keys():
            del self._wait[path]  # it was pulled out: when it is back, it is tried at once
        for path in self._told.keys() - there.keys():
            del self._told[path]
        for path, found in there.items():
            if path in self._inside:
                continue
            left = self._wait.get(path, 0)
            if left > 0:
                self._wait[path] = left - 1
            else:
                self._try(found)

    def _wanted(self, found: Found) -> bool:
        device = found.device
        return (
            device.vendor == self.vendor
            and self.product in (None, device.product)
            and self.serial in ("", device.serial)
        )

    def _try(self, found: Found) -> None:
        from gateway.link.listen import Peer

        self._wait[found.path] = AGAIN
        try:
            node = open_node(found.path)
        except OSError as error:
            words = explain(found, error)
            if self._told.get(found.path) != words:
                self._told[found.path] = words
                log.warning("%s", words)
            return
        self._told.pop(found.path, None)
        link = Hid(self, found, node)
        self._inside[found.path] = link
        self._accept(link.take, Peer(found.path.name, 0))
        if link.ears is None:
            link.release()

    def left(self, link: Hid) -> None:
        """A device's link is over."""
        if self._inside.get(link.found.path) is link:
            del self._inside[link.found.path]

    def soon(self, path: Path) -> None:
        """It was pulled out: when it is back, it is tried at once."""
        self._wait.pop(path, None)

    async def close(self) -> None:
        """Look no more; links that were handed out stay open."""
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None


def explain(found: Found, error: OSError) -> str:
    """Why a device cannot be opened, in words."""
    what = f"{found.device.name or 'a device'} ({found.path.name})"
    if error.errno == errno.EACCES:
        return f"no permission to use {what}: a udev rule gives it to the gateway's user, see the driver's page"
    return f"{what} cannot be opened: {os.strerror(error.errno or 0)}"


class Hid(Untouchable):
    """One open device."""

    def __init__(self, bay: Bay, found: Found, node: Node) -> None:
        self.bay = bay
        self.found = found
        self.ears: Ears | None = None
        self._node = node
        self._work: queue.SimpleQueue[tuple[HidReport, Hashable] | None] = queue.SimpleQueue()
        self._waiting = 0  # bytes
        self._reading = self._released = self._abandoned = False
        self._over = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        # A device that hangs may keep it for the kernel's five seconds: nobody waits for it when the gateway ends.
        self._thread = threading.Thread(target=self._write, name=f"roomgate-{found.path.name}", daemon=True)
        self._thread.start()

    def take(self, ears: Ears) -> Hid:
        """Somebody has taken it."""
        self.ears = ears
        return self

    async def open(self) -> None:
        """Begin to hear: which device it is first."""
        self._loop.call_soon(self._begin)

    def _begin(self) -> None:
        if self.ears is None:
            return
        self.ears.heard(self.found.device, None)
        if not self._released:
            self._loop.add_reader(self._node.fileno(), self._readable)
            self._reading = True

    def _readable(self) -> None:
        try:
            report = self._node.read()
        except OSError:
            self._lose("it was unplugged")
            self.bay.soon(self.found.path)
            return
        if report is not None and self.ears is not None:
            self.ears.heard(HidReport("input", report), None)

    def send(self, data: Any, tag: Hashable) -> None:
        """A report to the device, behind those that wait already."""
        if not isinstance(data, HidReport) or data.kind not in ("output", "feature", "get") or not data.data:
            raise TypeError(f"a hid link carries HidReports, not {data!r:.60}")
        if self.ears is None or self._released:
            return
        if self._waiting > BACKLOG:
            self._lose("it does not take what is sent to it")
            return
        self._waiting += len(data.data)
        self._work.put((data, tag))

    def _write(self) -> None:
        """The thread of this device: one report after the other, and its node's end."""
        while (work := self._work.get()) is not None and not self._abandoned:
            report, tag = work
            answer: HidReport | None = HidReport("done", b"")
            words = ""
            try:
                match report.kind:
                    case "output":
                        self._node.write(report.data)
                    case "feature":
                        self._node.set_feature(report.data)
                    case _:
                        answer = HidReport("feature", self._node.get_feature(report.data))
            except OSError as error:
                answer, words = None, os.strerror(error.errno) if error.errno else "no answer"
            if not self._tell(self._done, report, tag, answer, words):
                break
        self._node.close()
        self._tell(self._over.set)

    def _tell(self, what: Any, *details: Any) -> bool:
        try:
            self._loop.call_soon_threadsafe(what, *details)
        except RuntimeError:  # the loop is closed: the gateway has ended
            return False
        return True

    def _done(self, report: HidReport, tag: Hashable, answer: HidReport | None, words: str) -> None:
        self._waiting -= len(report.data)
        if self.ears is None:
            return
        if answer is not None:
            self.ears.heard(answer, tag)
        elif report.kind == "output":
            self._lose(f"it does not take what is sent to it: {words}")
        else:
            self.ears.broke(tag, words)

    def _lose(self, words: str) -> None:
        ears, self.ears = self.ears, None
        self._abandoned = True
        self.release()
        if ears is not None:
            ears.lost(Reason.LINK_LOST, words)

    def release(self) -> None:
        """Hear no more; the thread writes what it still has, and closes."""
        if self._released:
            return
        self._released = True
        self.bay.left(self)
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._node.fileno())
        self._work.put(None)  # from here on the node is the thread's alone

    async def close(self) -> None:
        """Write what is still to be written, 1.5 s at most, and let go."""
        self.ears = None
        self.release()
        try:
            async with asyncio.timeout(FLUSH):
                await self._over.wait()
        except TimeoutError:
            self._abandoned = True
