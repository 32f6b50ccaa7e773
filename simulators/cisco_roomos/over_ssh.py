"""Serves the codec's text shell over SSH: password and keyboard-interactive log-in, with and without a PTY.

What may not live here: the shell's grammar, SSH itself (`_ssh`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators import _ssh
from simulators._ssh import Door, same
from simulators.cisco_roomos.shell import Shell

if TYPE_CHECKING:
    from simulators.cisco_roomos.codec import Codec


class Channel(_ssh.Shell):
    """One shell of the codec's."""

    def __init__(self, codec: Codec) -> None:
        super().__init__()
        self._codec = codec
        self._shell: Shell | None = None

    def session_started(self) -> None:
        self._shell = Shell(self._codec, self.send, self.close, terminal=self.has_terminal)
        self._codec.listeners.append(self._shell)
        self._shell.greet()
        self._codec.touched()

    def data_received(self, data: bytes, datatype: object) -> None:
        if self._shell is not None:
            self._shell.feed(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._shell in self._codec.listeners:
            self._codec.listeners.remove(self._shell)
        self._codec.touched()


def door(codec: Codec) -> Door:
    """The codec's user may come in, while there are sessions left."""

    def welcome(username: str, password: str) -> bool:
        return same(f"{username}:{password}", f"{codec.username}:{codec.password}") and not codec.faults.refuse_login

    def session() -> Channel | None:
        return Channel(codec) if len(codec.listeners) < codec.max_sessions else None

    return Door(welcome, session)
