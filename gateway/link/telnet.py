"""The `telnet` link: TCP with the Telnet protocol taken off. What the text means may not live here.

Options are declined, but the far end may echo (RFC 857) and never needs to say "go ahead" (RFC 858). Line ends go out
as the driver wrote them.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Any

from gateway.driver import Opening
from gateway.link import Address, Ears, Trust
from gateway.link.tcp import Tcp

# RFC 854 and RFC 855: the commands and options that matter here.
SE, SB, WILL, WONT, DO, DONT, IAC = 240, 250, 251, 252, 253, 254, 255
ECHO, SUPPRESS_GO_AHEAD = 1, 3


class Where(Enum):
    """Where in the Telnet protocol the next byte stands."""

    TEXT = auto()
    AFTER_RETURN = auto()
    COMMAND = auto()  # after IAC
    OPTION = auto()  # after IAC and one of WILL, WONT, DO, DONT
    NEGOTIATION = auto()  # after IAC SB, until IAC SE
    NEGOTIATION_COMMAND = auto()


class Telnet(Tcp):
    """One Telnet connection."""

    def __init__(self, address: Address, trust: Trust, ears: Ears | None, *, secure: bool = False) -> None:
        super().__init__(address, trust, ears, secure=secure)
        self._at = Where.TEXT
        self._verb = 0
        self._will: set[int] = set()  # what the far end does with our consent: answered once, or both talk for ever

    def send(self, data: Any, tag: object = None) -> None:
        super().send(data.replace(b"\xff", b"\xff\xff") if b"\xff" in data else data)

    def data_received(self, data: bytes) -> None:
        if self._at is not Where.TEXT or b"\xff" in data or b"\r\0" in data or data.endswith(b"\r"):
            data = self._strip(data)
        if data:
            super().data_received(data)

    def _strip(self, data: bytes) -> bytes:
        text = bytearray()
        reply = bytearray()
        for byte in data:
            match self._at:
                case Where.TEXT | Where.AFTER_RETURN if byte == IAC:
                    self._at = Where.COMMAND
                case Where.AFTER_RETURN if byte == 0:  # CR NUL is a bare CR (RFC 854, p. 11)
                    self._at = Where.TEXT
                case Where.TEXT | Where.AFTER_RETURN:
                    text.append(byte)
                    self._at = Where.AFTER_RETURN if byte == 13 else Where.TEXT
                case Where.COMMAND if byte in (WILL, WONT, DO, DONT):
                    self._verb = byte
                    self._at = Where.OPTION
                case Where.COMMAND if byte == SB:
                    self._at = Where.NEGOTIATION
                case Where.COMMAND:
                    if byte == IAC:
                        text.append(IAC)
                    self._at = Where.TEXT
                case Where.OPTION:
                    reply += self._answer(self._verb, byte)
                    self._at = Where.TEXT
                case Where.NEGOTIATION if byte == IAC:
                    self._at = Where.NEGOTIATION_COMMAND
                case Where.NEGOTIATION_COMMAND:
                    self._at = Where.TEXT if byte == SE else Where.NEGOTIATION
        if reply:
            super().send(bytes(reply))
        return bytes(text)

    def _answer(self, verb: int, option: int) -> bytes:
        if verb == DO:
            return bytes((IAC, WONT, option))
        if verb == WILL and option in (ECHO, SUPPRESS_GO_AHEAD):
            if option in self._will:
                return b""
            self._will.add(option)
            return bytes((IAC, DO, option))
        if verb == WILL:
            return bytes((IAC, DONT, option))
        if verb == WONT and option in self._will:
            self._will.discard(option)
            return bytes((IAC, DONT, option))
        return b""


def make(address: Address, opening: Opening, trust: Trust, ears: Ears) -> Telnet:
    """The link for `telnet://`."""
    return Telnet(address, trust, ears)
