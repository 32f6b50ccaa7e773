"""The `serial` link: a port of this machine, opened by pyserial, carried by pyserial-asyncio.

What may not live here: what the bytes mean. Two habits of pyserial-asyncio 0.6 are kept from doing harm. It drains with
`tcdrain` when it closes, which would stop the whole gateway for as long as a device holds us off by flow control: the
port's buffer is emptied first. It reports an unplugged port to the loop's exception handler: we tell the link instead.
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
import serial_asyncio

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


class _Transport(serial_asyncio.SerialTransport):  # type: ignore[misc]
    """pyserial-asyncio's transport; a port that goes away is told to the link alone, not to the loop's handler."""

    def _fatal_error(self, exc: Exception, message: str = "") -> None:
        self._abort(exc)


class Serial(Untouchable, asyncio.Protocol):
    """One open serial port."""

    def __init__(self, address: Address, opening: Opening, ears: Ears) -> None:
        self.path = address.path
        self.line = line(address, opening)
        self.ears: Ears | None = ears
        self._port: pyserial.Serial | None = None
        self._transport: _Transport | None = None
        self._gone = asyncio.Event()

    async def open(self) -> None:
        """Open and set the port; raises LinkError."""
        try:
            port = pyserial.Serial(self.path, timeout=0, write_timeout=0, exclusive=True, **self._arguments())
        except (OSError, ValueError) as error:  # SerialException is an OSError
            raise LinkError(Reason.UNREACHABLE, self._explain(error)) from None
        if self.line.get("xonxoff"):  # an XOFF out of line noise would hold us off for ever, past closing and opening
            port.set_output_flow_control(False)  # resuming takes effect only after a stop of our own
            port.set_output_flow_control(True)
        self._port = port
        # It begins to read in the loop's next turn: not before our caller has had its own.
        self._transport = _Transport(asyncio.get_running_loop(), self, port)
        self._transport.set_write_buffer_limits(high=BACKLOG)

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

    def send(self, data: Any, tag: object = None) -> None:
        """Bytes to the wire."""
        if self._transport is None or self._port is None or self.ears is None:
            return
        written = 0
        if not self._transport.get_write_buffer_size():  # the transport alone would wait for the loop's next turn
            try:
                written = os.write(self._port.fileno(), data)
            except (BlockingIOError, InterruptedError):
                pass
            except OSError:
                self._lose(f"the serial port {self.path} went away")
                self._release()
                return
        if written < len(data):
            self._transport.write(data[written:])

    async def close(self) -> None:
        """Send what is still to be sent, 1.5 s at most, and let go of the port."""
        self.ears = None
        transport, port = self._transport, self._port
        if transport is None or port is None or self._gone.is_set():
            return
        try:
            async with asyncio.timeout(FLUSH):
                # No event tells when a UART has run empty.
                while not self._gone.is_set() and (  # noqa: ASYNC110
                    transport.get_write_buffer_size() or port.out_waiting
                ):
                    await asyncio.sleep(0.01)
        except (TimeoutError, OSError):
            pass
        finally:
            self._release()
        await self._gone.wait()

    def _release(self) -> None:
        """Close now; what the device does not take is thrown away, or closing would wait for it."""
        if self._transport is None or self._port is None or self._gone.is_set():
            return
        try:
            self._port.reset_output_buffer()
        except Exception:  # a port that went away cannot be emptied: termios.error, OSError
            log.debug("%s went away before it was closed", self.path)
        self._transport.abort()

    def _lose(self, words: str) -> None:
        ears, self.ears = self.ears, None
        if ears is not None:
            ears.lost(Reason.LINK_LOST, words)

    # ---- what the transport calls ----------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self.ears is not None:
            self.ears.heard(data, None)

    def pause_writing(self) -> None:
        self._lose(f"the device on {self.path} does not take what is sent to it")
        self._release()

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone.set()
        self._lose(f"the serial port {self.path} went away")


def make(address: Address, opening: Opening, trust: Trust, ears: Ears) -> Serial:
    """The link for `serial://`; raises ValueError for settings that are none."""
    return Serial(address, opening, ears)
