"""The `serial` link: a port of this machine, opened by pyserial and then read and written by the event loop itself.

What may not live here: what the bytes mean. Not built on pyserial-asyncio 0.6: that leaves every write to the next turn
of the loop, reports an unplugged port to the loop's exception handler, and drains with `tcdrain` when it closes, which
stops the whole gateway for as long as a device holds us off by flow control.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import serial as pyserial

from gateway.driver import Opening
from gateway.link import Address, Ears, LinkError, Trust, Untouchable
from gateway.model import Reason

log = logging.getLogger("roomgate.link")

FRAMING = re.compile(r"([5-8])([NEOMS])(1|1\.5|2)")
FLOWS = {"": {}, "xonxoff": {"xonxoff": True}, "rtscts": {"rtscts": True}}
FLUSH = 1.5  # seconds that close() leaves to what is still to be sent
BACKLOG = 65_536  # bytes held back by flow control before the device counts as lost; a minute at 9600 baud


def line(address: Address, opening: Opening) -> dict[str, Any]:
    """pyserial's arguments for a port: the driver's settings, overridden by the URL's `?baud=19200&framing=8O1&flow=`.

    Raises ValueError in words.
    """
    query = dict(parse_qsl(address.query, keep_blank_values=True))
    baud = query.pop("baud", str(opening.baud))
    framing = query.pop("framing", opening.framing).upper()
    flow = query.pop("flow", opening.flow)
    if query:
        raise ValueError(f"a serial link knows baud, framing and flow, not {', '.join(sorted(query))}")
    if not baud.isascii() or not baud.isdigit() or not 50 <= int(baud) <= 4_000_000:
        raise ValueError(f"baud is a number such as 9600, not {baud!r}")
    cut = FRAMING.fullmatch(framing)
    if cut is None:
        raise ValueError(f"framing is data bits, parity (N, E, O) and stop bits such as 8N1, not {framing!r}")
    if flow not in FLOWS:
        raise ValueError(f"flow is xonxoff, rtscts or nothing, not {flow!r}")
    stop = float(cut[3])
    return {
        "baudrate": int(baud),
        "bytesize": int(cut[1]),
        "parity": cut[2],
        "stopbits": int(stop) if stop.is_integer() else stop,
        **FLOWS[flow],
    }


class Serial(Untouchable):
    """One open serial port."""

    def __init__(self, address: Address, opening: Opening, ears: Ears) -> None:
        self.path = address.path
        self.line = line(address, opening)
        self.ears: Ears | None = ears
        self._port: pyserial.Serial | None = None
        self._fd = -1
        self._pending = bytearray()

    async def open(self) -> None:
        """Open and set the port; raises LinkError."""
        try:
            port = pyserial.Serial(self.path, timeout=0, write_timeout=0, exclusive=True, **self._arguments())
        except (OSError, ValueError) as error:  # SerialException is an OSError
            raise LinkError(Reason.UNREACHABLE, self._explain(error)) from None
        self._port = port
        self._fd = port.fileno()
        asyncio.get_running_loop().call_soon(self._begin)  # not before our caller has had its turn

    def _arguments(self) -> dict[str, Any]:
        if self.line["parity"] == "N" or not str(Path(self.path).resolve()).startswith("/dev/pts/"):
            return self.line
        # The kernel's pseudo-terminals have no parity; asking for it is an error on some systems.
        log.debug("%s is a pseudo-terminal: parity %s is left out", self.path, self.line["parity"])
        return self.line | {"parity": "N", "bytesize": 8}

    def _explain(self, error: Exception) -> str:
        number = getattr(error, "errno", None)
        if number == errno.ENOENT:
            return f"there is no serial port {self.path}"
        if number == errno.EACCES:
            return f"no permission to use {self.path}; the gateway's user wants the group that owns it, often dialout"
        if number in (errno.EBUSY, errno.EAGAIN):
            return f"another program is using {self.path}"
        return f"{self.path} cannot be used as a serial port"

    def _begin(self) -> None:
        if self._port is not None and self.ears is not None:
            asyncio.get_running_loop().add_reader(self._fd, self._readable)

    def send(self, data: Any, tag: object = None) -> None:
        """Bytes to the wire."""
        if self._port is None or self.ears is None:
            return
        if self._pending:
            self._pending += data
        else:
            written = self._write(data)
            if written == len(data):
                return
            self._pending += data[written:]
            asyncio.get_running_loop().add_writer(self._fd, self._writable)
        if len(self._pending) > BACKLOG:
            self._lose(f"the device on {self.path} does not take what is sent to it")

    def _write(self, data: bytes | bytearray) -> int:
        try:
            return os.write(self._fd, data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            self._lose(f"the serial port {self.path} went away")
            return len(data)

    def _writable(self) -> None:
        del self._pending[: self._write(self._pending)]
        if not self._pending and self._port is not None:
            asyncio.get_running_loop().remove_writer(self._fd)

    def _readable(self) -> None:
        try:
            data = os.read(self._fd, 4096)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:  # ready to be read, but nothing there: hung up
            self._lose(f"the serial port {self.path} went away")
        elif self.ears is not None:
            self.ears.heard(data, None)

    def _lose(self, words: str) -> None:
        ears, self.ears = self.ears, None
        self._release()
        if ears is not None:
            ears.lost(Reason.LINK_LOST, words)

    async def close(self) -> None:
        """Send what is still to be sent, 1.5 s at most, and let go of the port."""
        self.ears = None
        if self._port is None:
            return
        asyncio.get_running_loop().remove_reader(self._fd)
        try:
            async with asyncio.timeout(FLUSH):
                # No event tells when a UART has run empty.
                while self._port is not None and (self._pending or self._port.out_waiting):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            self._release(empty=True)
        except (TimeoutError, OSError):
            pass
        finally:
            self._release()

    def _release(self, *, empty: bool = False) -> None:
        port, self._port = self._port, None
        self._pending.clear()
        if port is None:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._fd)
        loop.remove_writer(self._fd)
        try:
            if not empty:
                port.reset_output_buffer()  # or closing waits, up to 30 s, for a device that holds us off
        except Exception:  # a port that went away cannot be flushed: termios.error, OSError
            log.debug("%s went away before it was closed", self.path)
        port.close()


def make(address: Address, opening: Opening, trust: Trust, ears: Ears) -> Serial:
    """The link for `serial://`; raises ValueError for settings that are none."""
    return Serial(address, opening, ears)
