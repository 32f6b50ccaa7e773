"""The `ssh` link: one shell session as a stream of raw bytes, with or without a terminal.

What may not live here: what the shell says. Only a password logs in (as such or keyboard-interactive, tried once for
each connection): no keys, agent or configuration of the machine are used. Algorithms are asyncssh's defaults; a codec
that offers older ones only is a protocol error.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import asyncssh

from gateway.driver import Opening
from gateway.link import Address, Ears, LinkError, Trust, Untouchable
from gateway.link.tcp import ABORT, BACKLOG, CONNECT, FLUSH, connect, explain
from gateway.model import Reason

LOGIN = 15.0  # seconds for key exchange and log-in; old codecs take several
KEEPALIVE = 15  # seconds between signs of life; the second missed one ends the connection
TERMINAL = "vt100"

logging.getLogger("asyncssh").setLevel(logging.WARNING)  # it tells of every connection and every log-in otherwise


class Shell(asyncssh.SSHClientSession[bytes]):
    """The session's ears, and those of the link that holds it."""

    def __init__(self, link: Ssh) -> None:
        self._link = link

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        chan.set_write_buffer_limits(high=BACKLOG)
        chan.pause_reading()

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self._link.said(data)

    def pause_writing(self) -> None:
        self._link.lose(Reason.LINK_LOST, "does not take what is sent to it")

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is None:
            self._link.lose(Reason.LINK_LOST, "ended the session")
        elif isinstance(exc, asyncssh.ConnectionLost):
            self._link.lose(Reason.LINK_LOST, "is gone from the connection")
        elif isinstance(exc, asyncssh.DisconnectError):
            self._link.lose(Reason.LINK_LOST, "ended the connection")
        else:
            self._link.lose(Reason.LINK_LOST, "reset the connection")


class Client(asyncssh.SSHClient):
    """Decides about host keys that the machine's known hosts do not hold."""

    def __init__(self, trust: Trust) -> None:
        kind, _, digits = trust.fingerprint.strip().partition(":")
        self._pin = f"{kind.upper()}:{digits.rstrip('=')}"
        self.found = ""

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        self.found = key.get_fingerprint()
        return self._pin == self.found


class Ssh(Untouchable):
    """One SSH connection with one shell on it."""

    def __init__(self, address: Address, opening: Opening, trust: Trust, ears: Ears) -> None:
        self.address = address
        self.opening = opening
        self.trust = trust
        self.ears: Ears | None = ears
        self._connection: asyncssh.SSHClientConnection | None = None
        self._channel: asyncssh.SSHClientChannel[bytes] | None = None
        self._opened = False

    @property
    def where(self) -> str:
        """The far end, as shown to people."""
        return f"{self.address.host}:{self.address.port}"

    async def open(self) -> None:
        """Connect, log in, start the shell; raises LinkError."""
        client = Client(self.trust)
        try:
            async with asyncio.timeout(CONNECT):
                sock = await connect(self.address.host, self.address.port)
        except (OSError, UnicodeError, LinkError) as error:
            raise explain(error, self.where) from None
        try:
            async with asyncio.timeout(LOGIN):
                self._connection = await self._log_in(sock, client)
                self._channel = await self._start_shell(self._connection)
        except TimeoutError:
            words = f"{self.where} did not complete the SSH log-in within {LOGIN:g} s"
            raise LinkError(Reason.NO_RESPONSE, words) from None
        except (asyncssh.Error, OSError, ValueError) as error:
            raise self._explain(error, client) from None
        finally:
            if self._channel is None:
                self._abort()
                sock.close()
        self._opened = True
        asyncio.get_running_loop().call_soon(self._begin)  # not before our caller has had its turn

    async def _log_in(self, sock: Any, client: Client) -> asyncssh.SSHClientConnection:
        known: Any = ()  # the machine's ~/.ssh/known_hosts, where there is one
        if self.trust.any:
            known = None
        elif self.trust.fingerprint or not (Path.home() / ".ssh" / "known_hosts").is_file():
            known = b""
        return await asyncssh.connect(
            self.address.host,
            self.address.port,
            sock=sock,
            config=None,
            client_factory=lambda: client,
            known_hosts=known,
            username=self.opening.username,
            password=self.opening.password,
            client_keys=None,
            agent_path=None,
            public_key_auth=False,
            host_based_auth=False,
            gss_host=None,
            preferred_auth=("keyboard-interactive", "password"),
            login_timeout=LOGIN,
            keepalive_interval=KEEPALIVE,
            keepalive_count_max=2,
        )

    async def _start_shell(self, connection: asyncssh.SSHClientConnection) -> asyncssh.SSHClientChannel[bytes]:
        channel, _ = await connection.create_session(
            lambda: Shell(self),
            request_pty=self.opening.pty,
            term_type=TERMINAL if self.opening.pty else None,
            encoding=None,
        )
        return channel

    def _explain(self, error: Exception, client: Client) -> LinkError:
        if isinstance(error, asyncssh.HostKeyNotVerifiable):
            if self.trust.fingerprint:
                words = f"the host key of {self.where} is not the pinned one but {client.found}"
            else:
                words = (
                    f"the host key of {self.where} is not known ({client.found}): "
                    "pin it with fingerprint = ..., if it is the device's"
                )
            return LinkError(Reason.CERTIFICATE_UNTRUSTED, words)
        if isinstance(error, asyncssh.PermissionDenied):
            return LinkError(Reason.LOGIN_REFUSED, f"{self.where} does not accept the user name or the password")
        if isinstance(error, asyncssh.ConnectionLost):
            return LinkError(Reason.LINK_LOST, f"{self.where} ended the connection during the log-in")
        if isinstance(error, asyncssh.KeyExchangeFailed):
            return LinkError(Reason.PROTOCOL_ERROR, f"{self.where} and the gateway have no SSH algorithms in common")
        if isinstance(error, asyncssh.ChannelOpenError):
            return LinkError(Reason.CONNECTION_REFUSED, f"{self.where} gives no shell, perhaps for too many sessions")
        if isinstance(error, asyncssh.Error):
            return LinkError(Reason.PROTOCOL_ERROR, f"{self.where} does not keep to the SSH protocol")
        if isinstance(error, ValueError):  # what asyncssh says of a known_hosts file that it cannot read
            return LinkError(Reason.CERTIFICATE_UNTRUSTED, "the known_hosts file of the gateway's user is broken")
        return explain(error, self.where)

    def _begin(self) -> None:
        if self._channel is not None and self.ears is not None:
            self._channel.resume_reading()

    def said(self, data: bytes) -> None:
        """The shell said something."""
        if self.ears is not None:
            self.ears.heard(data, None)

    def lose(self, reason: Reason, words: str) -> None:
        """The session is gone."""
        ears, self.ears = self.ears, None
        if ears is not None and self._opened:
            ears.lost(reason, f"{self.where} {words}")

    def send(self, data: Any, tag: object = None) -> None:
        """Bytes to the wire."""
        if self._channel is not None and self.ears is not None:
            self._channel.write(data)

    async def close(self) -> None:
        """Send what is still to be sent, 1.5 s at most, and hang up."""
        self.ears = None
        connection, channel = self._connection, self._channel
        self._connection = self._channel = None
        if connection is None:
            return
        try:
            if channel is not None:
                async with asyncio.timeout(FLUSH):
                    channel.close()
                    await channel.wait_closed()
            connection.close()
        except TimeoutError:
            connection.abort()
        except BaseException:
            connection.abort()
            raise
        try:
            async with asyncio.timeout(ABORT):
                await connection.wait_closed()
        except TimeoutError:
            connection.abort()

    def _abort(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abort()


def make(address: Address, opening: Opening, trust: Trust, ears: Ears) -> Ssh:
    """The link for `ssh://`."""
    return Ssh(address, opening, trust, ears)
