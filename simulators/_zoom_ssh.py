"""Serves a Zoom Room's command line over SSH: password log-in, with and without a terminal, one client at a time.

What may not live here: the commands, SSH itself (`_ssh`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators._ssh import Door, Shell, same

if TYPE_CHECKING:
    from simulators.zoom_rooms import ZoomRooms


class Terminal(Shell):
    """One session: lines in, bytes out."""

    def __init__(self, room: ZoomRooms) -> None:
        super().__init__()
        self._room = room
        self._held = b""
        self.echo, self.json = True, False

    def session_started(self) -> None:
        if self._room.terminal is not None:  # "It supports a single SSH connection at a time"
            self.say("*e Connection rejected")
            self.close(1)
            return
        self._room.terminal = self
        self.say("ZAAPI control system API")
        self.say("*r Login successful")
        self.say("OK")
        self._room.touched()

    def data_received(self, data: bytes, datatype: object) -> None:
        *lines, self._held = (self._held + data).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            if self.echo:
                self.say(line.decode("utf-8", "replace"))
            if line.strip():
                self._room.obey(self, line.decode("utf-8", "replace").strip())
                self._room.touched()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._room.terminal is self:
            self._room.terminal = None
        self._room.touched()

    def say(self, line: str) -> None:
        """A line, or lines, to the client."""
        self.send(line.replace("\n", "\r\n").encode() + b"\r\n")


def door(room: ZoomRooms) -> Door:
    """The room's user may come in."""

    def welcome(username: str, password: str) -> bool:
        return same(f"{username}:{password}", f"{room.username}:{room.password}") and not room.faults.refuse_login

    return Door(welcome, lambda: Terminal(room))
