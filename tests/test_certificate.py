"""The gateway's own certificate: accepted by TLS itself, closed to others, and made anew only when it must be."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

from gateway.certificate import Certificate, ensure
from gateway.clock import LoopClock, Timer
from gateway.folder import Folder, FolderError


class ShiftedClock:
    """The hour of the day, moved by some days."""

    def __init__(self, days: float) -> None:
        self._days = days

    def now(self) -> float:
        raise NotImplementedError

    def wall(self) -> float:
        return LoopClock().wall() + self._days * 86400

    def at(self, when: float, then: Callable[[], None]) -> Timer:
        raise NotImplementedError


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder.open(tmp_path / "data")


def in_days(folder: Folder, days: float, names: Iterable[str] = ()) -> Certificate:
    return ensure(folder, names, clock=ShiftedClock(days))


def parsed(made: Certificate) -> x509.Certificate:
    return x509.load_pem_x509_certificate(made.cert_path.read_bytes())


def test_it_is_what_was_promised(folder: Folder, caplog: pytest.LogCaptureFixture) -> None:
    made = ensure(folder, ["Gate.Example.COM", "192.0.2.7", "[2001:db8::7]", "büro.example", "0.0.0.0", "::"])
    certificate = parsed(made)
    key = certificate.public_key()
    assert isinstance(key, EllipticCurvePublicKey)
    assert isinstance(key.curve, SECP256R1)
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc <= timedelta(days=825)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    hosts = set(names.get_values_for_type(x509.DNSName))
    assert hosts == {"gate.example.com", "xn--bro-hoa.example", "localhost", socket.gethostname().lower()}
    addresses = {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    assert addresses >= {"127.0.0.1", "::1", "192.0.2.7", "2001:db8::7"}
    assert not addresses & {"0.0.0.0", "::"}
    assert made.key_path.stat().st_mode & 0o777 == 0o600
    assert (
        made.fingerprint == "sha256:" + hashlib.sha256(ssl.PEM_cert_to_DER_cert(made.cert_path.read_text())).hexdigest()
    )
    (line,) = (record.getMessage() for record in caplog.records)
    assert line == f"A certificate was made (there was none). Its fingerprint is {made.fingerprint}"


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
async def test_a_client_that_trusts_it_finds_nothing_to_object_to(folder: Folder, name: str) -> None:
    made = ensure(folder)
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(made.cert_path, made.key_path)
    client_side = ssl.create_default_context(cafile=str(made.cert_path))
    client_side.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN  # Python 3.13's own default

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(greet, "127.0.0.1", 0, ssl=server_side) as server:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=client_side, server_hostname=name, ssl_handshake_timeout=5
        )
        assert await reader.read() == b"hello"
        writer.close()
        await writer.wait_closed()


def test_it_stays_as_long_as_it_serves(folder: Folder, caplog: pytest.LogCaptureFixture) -> None:
    made = ensure(folder, ["gate.example.com"])
    caplog.clear()
    assert ensure(folder, ["GATE.example.com"]) == made
    assert ensure(folder, []) == made, "a name too many does no harm"
    assert in_days(folder, 793, ["gate.example.com"]) == made
    assert in_days(folder, -9000) == made, "a host whose clock was not set yet"
    assert caplog.records == []


def _swap_key(folder: Folder) -> None:
    other = Folder.open(folder.path.parent / "other")
    ensure(other).key_path.replace(folder.path / "gateway.key")


UNFIT: dict[str, tuple[Callable[[Folder], object], float, list[str]]] = {
    "the old one does not name new.example": (lambda _: None, 0, ["new.example"]),
    "the old one expires": (lambda _: None, 800, []),
    "the old one had expired": (lambda _: None, 900, []),
    "the old one could not be read": (lambda f: (f.path / "gateway.crt").write_text("no certificate"), 0, []),
    "the old one and its key did not belong together": (_swap_key, 0, []),
    "there was none": (lambda f: (f.path / "gateway.key").unlink(), 0, []),
    "others could read the key of the old one": (lambda f: (f.path / "gateway.key").chmod(0o644), 0, []),
}


@pytest.mark.parametrize("reason", UNFIT)
def test_it_is_made_anew_and_said_when_it_no_longer_serves(
    folder: Folder, caplog: pytest.LogCaptureFixture, reason: str
) -> None:
    spoil, days, names = UNFIT[reason]
    old = ensure(folder)
    spoil(folder)
    caplog.clear()
    made = in_days(folder, days, names)
    assert made.fingerprint != old.fingerprint
    line = f"A certificate was made ({reason}). Its fingerprint is {made.fingerprint}"
    assert [(r.levelno, r.getMessage()) for r in caplog.records] == [(logging.WARNING, line)]
    assert in_days(folder, days, names) == made
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(made.cert_path, made.key_path)
    assert made.key_path.stat().st_mode & 0o777 == 0o600
    assert sorted(each.name for each in folder.path.iterdir()) == ["gateway.crt", "gateway.key"]


def test_a_name_that_cannot_be_one_and_a_folder_that_is_gone_are_errors_in_words(folder: Folder) -> None:
    with pytest.raises(FolderError, match="cannot be a name in a certificate"):
        ensure(folder, ["ü" * 80])
    folder.path.rmdir()
    with pytest.raises(FolderError, match="cannot be made"):
        ensure(folder)


def test_cryptography_is_loaded_on_first_use_only() -> None:
    script = "import sys, gateway.certificate; sys.exit('cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
