"""Serves the codec's command line over SSH ("Enable Legacy API Over SSH"): a password log-in, then the same lines.

What may not live here: the lines, SSH itself (`_ssh`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators._ssh import Door, Shell, same

if TYPE_CHECKING:
    from simulators.poly_cli.codec import PolyCli


class SshSession(Shell):
    """One shell: to the codec a session like any other."""

    def __init__(self, codec: PolyCli) -> None:
        super().__init__()
        self._codec = codec
        self.open = True

    def session_started(self) -> None:
        self._codec.shells.append(self)
        self._codec.welcome(self)
        self._codec.touched()

    def data_received(self, data: bytes, datatype: object) -> None:
        self._codec.received(self, data)
        self._codec.touched()

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        if self in self._codec.shells:
            self._codec.shells.remove(self)
        self._codec.touched()

    def send(self, data: bytes) -> None:
        if self.open:
            super().send(data)


def door(codec: PolyCli) -> Door:
    """The codec's own user may come in."""

    def welcome(username: str, password: str) -> bool:
        return same(f"{username}:{password}", f"{codec.username}:{codec.password}") and not codec.faults.refuse_login

    return Door(welcome, lambda: SshSession(codec))
