"""HTTP and WebSocket as bytes on blocking sockets, so that a clock is read right beside the system call.

Just enough of RFC 9112 and RFC 6455 for a client whose requests were made beforehand. What may not live here: what
is measured.
"""

from __future__ import annotations

import base64
import json
import os
import socket
from typing import Any

PATIENCE = 10.0  # seconds until a server that says nothing has failed


class Stream:
    """A socket, and what has been read from it too early."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(PATIENCE)
        self.sock = sock
        self.held = b""

    @classmethod
    def to(cls, port: int) -> Stream:
        """Connect to this machine."""
        return cls(socket.create_connection(("127.0.0.1", port), PATIENCE))

    def send(self, data: bytes) -> None:
        """All of it."""
        self.sock.sendall(data)

    def until(self, end: bytes) -> bytes:
        """Everything up to and with `end`."""
        while (at := self.held.find(end)) < 0:
            self._more()
        found, self.held = self.held[: at + len(end)], self.held[at + len(end) :]
        return found

    def exactly(self, count: int) -> bytes:
        """So many bytes."""
        while len(self.held) < count:
            self._more()
        found, self.held = self.held[:count], self.held[count:]
        return found

    def _more(self) -> None:
        more = self.sock.recv(65_536)
        if not more:
            raise ConnectionError("the server closed the connection")
        self.held += more

    def close(self) -> None:
        """Let go."""
        self.sock.close()


def post(path: str, token: str, body: bytes) -> bytes:
    """A whole POST request; without a token where that is empty."""
    bearer = f"Authorization: Bearer {token}\r\n" if token else ""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{bearer}Content-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def get(path: str) -> bytes:
    """A whole GET request without a token."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def response(stream: Stream) -> tuple[int, bytes]:
    """Status and body of one response with a content-length."""
    head = stream.until(b"\r\n\r\n").lower()
    length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
    return int(head.split(b" ", 2)[1]), stream.exactly(length)


def upgrade(stream: Stream, path: str, token: str) -> None:
    """Make a WebSocket of a connection."""
    bearer = f"Authorization: Bearer {token}\r\n" if token else ""
    key = base64.b64encode(os.urandom(16)).decode()
    stream.send(
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{bearer}"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    head = stream.until(b"\r\n\r\n")
    if b" 101 " not in head:
        raise ConnectionError(f"no WebSocket at {path}: {head.decode('latin-1').splitlines()[0]}")


def frame(message: Any) -> bytes:
    """A text frame of less than 126 bytes, masked with zeros as RFC 6455 5.3 lets a client choose."""
    payload = json.dumps(message).encode()
    assert len(payload) < 126
    return bytes((0x81, 0x80 | len(payload))) + bytes(4) + payload


def message(stream: Stream) -> bytes:
    """The next text message; pings are answered on the way."""
    while True:
        first, length = stream.exactly(2)
        if length == 126:
            length = int.from_bytes(stream.exactly(2), "big")
        elif length == 127:
            length = int.from_bytes(stream.exactly(8), "big")
        payload = stream.exactly(length)
        if first & 0x0F == 0x9:
            stream.send(bytes((0x8A, 0x80 | length)) + bytes(4) + payload)
        elif first & 0x0F == 0x1:
            return payload
        elif first & 0x0F == 0x8:
            raise ConnectionError(f"the server closed the WebSocket: {payload[2:].decode()}")
