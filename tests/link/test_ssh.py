"""The ssh link against asyncssh's server: with and without a terminal, whom it believes, how it is turned away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from gateway.driver import Opening
from gateway.link import Address, LinkError, Trust, make
from gateway.link.ssh import Ssh
from gateway.model import Reason

from .conftest import Serve, Witness

ANY = Trust(any=True)
LOGIN = Opening(username="admin", password="hunter2")


class Tshell(asyncssh.SSHServerSession[bytes]):
    """A shell that greets and echoes in capitals."""

    def __init__(self, far: Far) -> None:
        self.far = far

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self.chan = chan
        self.far.channels.append(chan)

    def pty_requested(self, term_type: str, term_size: object, term_modes: object) -> bool:
        self.far.terminal = term_type
        return True

    def shell_requested(self) -> bool:
        return not self.far.full

    def exec_requested(self, command: str) -> bool:
        raise AssertionError("a shell is wanted, not a command")

    def session_started(self) -> None:
        self.chan.write(b"Welcome\r\n")

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self.far.read += data
        self.chan.write(data.upper())


class Far(asyncssh.SSHServer):
    """The codec: which log-ins it takes, and what it saw."""

    def __init__(self) -> None:
        self.methods = {"password", "kbdint"}
        self.tries: list[str] = []
        self.terminal: str | None = None
        self.full = False
        self.read = b""
        self.channels: list[asyncssh.SSHServerChannel[bytes]] = []
        self.connections: list[asyncssh.SSHServerConnection] = []
        self.port = 0
        self.fingerprint = ""

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return "password" in self.methods

    def validate_password(self, username: str, password: str) -> bool:
        self.tries.append(f"password {username} {password}")
        return (username, password) == ("admin", "hunter2")

    def kbdint_auth_supported(self) -> bool:
        return "kbdint" in self.methods

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> Any:
        return "", "", "", [("Password: ", False)]

    def validate_kbdint_response(self, username: str, responses: Sequence[str]) -> bool:
        self.tries.append(f"kbdint {username} {responses[0]}")
        return (username, *responses) == ("admin", "hunter2")

    def session_requested(self) -> Tshell:
        return Tshell(self)


Start = Callable[..., Awaitable[Far]]


@pytest.fixture(scope="module")
def host_key() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture
async def codec(host_key: asyncssh.SSHKey) -> AsyncIterator[Start]:
    """`far = await codec()` starts a server; all is closed after the test."""
    servers: list[tuple[Far, asyncssh.SSHAcceptor]] = []

    async def start(**options: Any) -> Far:
        far = Far()
        server = await asyncssh.listen(
            "127.0.0.1", 0, server_factory=lambda: far, server_host_keys=[host_key], encoding=None, **options
        )
        far.port = server.get_port()
        far.fingerprint = host_key.convert_to_public().get_fingerprint()
        servers.append((far, server))
        return far

    yield start
    for far, server in servers:
        server.close()
        await server.wait_closed()
        for connection in far.connections:
            connection.abort()
            await connection.wait_closed()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, so that the tester's own known hosts play no part."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    return tmp_path


def dial(far: Far | int, witness: Witness, opening: Opening = LOGIN, trust: Trust = ANY) -> Ssh:
    port = far if isinstance(far, int) else far.port
    link = make(Address("ssh", "127.0.0.1", port), opening, trust, witness.ears)
    assert isinstance(link, Ssh)
    return link


async def refusal(link: Ssh) -> LinkError:
    with pytest.raises(LinkError) as caught:
        await link.open()
    await link.close()
    assert "hunter2" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("pty", [False, True])
async def test_a_shell_with_and_without_a_terminal(codec: Start, witness: Witness, pty: bool) -> None:
    far = await codec(line_editor=False)
    link = dial(far, witness, Opening(username="admin", password="hunter2", pty=pty))
    await link.open()
    assert witness.heard == []
    await witness.until(lambda: witness.text == b"Welcome\r\n")
    link.send(b"xstatus\xff\n", None)
    await witness.until(lambda: witness.text == b"Welcome\r\nXSTATUS\xff\n")
    assert far.terminal == ("vt100" if pty else None)
    await link.close()
    await link.close()
    assert witness.lost == []


@pytest.mark.parametrize("method", ["password", "kbdint"])
async def test_both_ways_to_log_in(codec: Start, witness: Witness, method: str) -> None:
    far = await codec()
    far.methods = {method}
    link = dial(far, witness)
    await link.open()
    await link.close()
    assert far.tries == [f"{method} admin hunter2"]


async def test_a_wrong_password_is_tried_once_and_said(
    codec: Start, witness: Witness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    far = await codec()
    error = await refusal(dial(far, witness, Opening(username="admin", password="wrong")))
    assert error.reason == Reason.LOGIN_REFUSED
    assert far.tries == ["kbdint admin wrong"]
    assert "wrong" not in caplog.text


async def test_host_keys_unknown_pinned_and_known(
    codec: Start, witness: Witness, home: Path, host_key: asyncssh.SSHKey
) -> None:
    far = await codec()
    stranger = await refusal(dial(far, witness, trust=Trust()))
    assert stranger.reason == Reason.CERTIFICATE_UNTRUSTED
    assert far.fingerprint in stranger.words
    assert far.tries == []
    wrong = await refusal(dial(far, witness, trust=Trust(fingerprint="SHA256:" + "A" * 43)))
    assert wrong.reason == Reason.CERTIFICATE_UNTRUSTED
    assert far.fingerprint in wrong.words
    for fingerprint in (far.fingerprint, far.fingerprint + "="):
        pinned = dial(far, witness, trust=Trust(fingerprint=fingerprint))
        await pinned.open()
        await pinned.close()
    key = asyncssh.generate_private_key("ssh-ed25519")
    known = home / ".ssh" / "known_hosts"
    known.write_text(f"[127.0.0.1]:{far.port} {key.export_public_key().decode()}")
    changed = await refusal(dial(far, witness, trust=Trust()))
    assert changed.reason == Reason.CERTIFICATE_UNTRUSTED
    known.write_bytes(b"\xff broken")
    assert (await refusal(dial(far, witness, trust=Trust()))).reason == Reason.CERTIFICATE_UNTRUSTED
    known.write_bytes(b"[127.0.0.1]:%d %s" % (far.port, host_key.export_public_key()))
    believed = dial(far, witness, trust=Trust())
    await believed.open()
    await believed.close()


async def test_no_shell_is_connection_refused(codec: Start, witness: Witness) -> None:
    far = await codec()
    far.full = True
    assert (await refusal(dial(far, witness))).reason == Reason.CONNECTION_REFUSED


async def test_no_algorithms_in_common(codec: Start, witness: Witness) -> None:
    far = await codec(encryption_algs=["3des-cbc"])
    assert (await refusal(dial(far, witness))).reason == Reason.PROTOCOL_ERROR


@pytest.mark.parametrize(
    ("greeting", "reason"),
    [(b"SSH-1.5-Cisco-1.25\r\n", Reason.PROTOCOL_ERROR), (b"", Reason.LINK_LOST)],
)
async def test_a_far_end_that_speaks_no_ssh(serve: Serve, witness: Witness, greeting: bytes, reason: Reason) -> None:
    far = await serve()
    link = dial(far.port, witness)
    opening = asyncio.create_task(refusal(link))
    _, writer = await far.next()
    writer.write(greeting)
    writer.close()
    assert (await opening).reason == reason


async def test_a_far_end_that_says_nothing(serve: Serve, witness: Witness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.link.ssh.LOGIN", 0.05)
    far = await serve()
    assert (await refusal(dial(far.port, witness))).reason == Reason.NO_RESPONSE


async def test_refused(witness: Witness, dead_port: int) -> None:
    assert (await refusal(dial(dead_port, witness))).reason == Reason.CONNECTION_REFUSED


@pytest.mark.parametrize("how", ["session", "disconnect", "abort"])
async def test_a_session_that_ends_is_lost_once(codec: Start, witness: Witness, how: str) -> None:
    far = await codec()
    link = dial(far, witness)
    await link.open()
    await witness.until(lambda: witness.heard)
    match how:
        case "session":
            far.channels[0].exit(0)
        case "disconnect":
            far.connections[0].disconnect(11, "Bye")
        case "abort":
            far.connections[0].abort()
    await witness.until(lambda: witness.lost)
    link.send(b"too late", None)
    await link.close()
    assert [reason for reason, _ in witness.lost] == [Reason.LINK_LOST]


async def test_last_words_leave_before_the_connection_closes(codec: Start, witness: Witness) -> None:
    far = await codec()
    link = dial(far, witness)
    await link.open()
    link.send(b"bye\n" * 1000, None)
    await link.close()
    assert far.read == b"bye\n" * 1000


async def test_cancelling_open_leaves_nothing(serve: Serve, witness: Witness) -> None:
    far = await serve()
    opening = asyncio.create_task(dial(far.port, witness).open())
    await far.next()
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_closing_leaves_no_task(codec: Start, witness: Witness) -> None:
    far = await codec()
    before = asyncio.all_tasks()
    link = dial(far, witness)
    await link.open()
    await link.close()
    far.connections[0].abort()
    await far.connections[0].wait_closed()
    assert asyncio.all_tasks() == before
