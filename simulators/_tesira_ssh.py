"""Serves a Tesira's text protocol over SSH: a password log-in, then the same lines as over telnet.

What may not live here: the lines, SSH itself (`_ssh`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators._ssh import Door, Shell, same

if TYPE_CHECKING:
    from simulators.tesira_ttp import TesiraTtp


class SshSession(Shell):
    """One shell, to the Tesira a text session like any other."""

    def __init__(self, tesira: TesiraTtp) -> None:
        super().__init__()
        self._tesira = tesira

    def session_started(self) -> None:
        self._tesira.begin(self)
        self._tesira.touched()

    def data_received(self, data: bytes, datatype: object) -> None:
        self._tesira.text(self, data)
        self._tesira.touched()

    def connection_lost(self, exc: Exception | None) -> None:
        self._tesira.end(self)
        self._tesira.touched()


def door(tesira: TesiraTtp) -> Door:
    """Any user with the password may come in; without a password, anybody."""

    def welcome(_username: str, password: str) -> bool:
        return not tesira.faults.refuse_login and (not tesira.password or same(password, tesira.password))

    return Door(welcome, lambda: SshSession(tesira))
