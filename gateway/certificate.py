"""The gateway's own self-signed certificate, for TLS without an authority: whoever connects compares its fingerprint.

Made on first use and kept in the data folder; made anew, and said, when it no longer serves. What may not live here:
a certificate that somebody brings (that is the web server's setting), and any judgement of other people's.
"""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import socket
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gateway.clock import Clock, LoopClock
from gateway.folder import Folder, FolderError, write_private

if TYPE_CHECKING:  # cryptography is loaded on first use
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

log = logging.getLogger("roomgate.certificate")

LIFE = timedelta(days=825)  # the most that Apple's systems accept (support.apple.com/103769)
EARLY = timedelta(days=1)  # valid since yesterday, for clients whose clock is slow
RENEW = timedelta(days=30)  # before the end, for a gateway that runs for weeks


class Certificate(NamedTuple):
    """Where the certificate and its key are, and the fingerprint as a profile pins it: `sha256:` and 64 hex digits."""

    cert_path: Path
    key_path: Path
    fingerprint: str


def ensure(folder: Folder, names: Iterable[str] = (), *, clock: Clock | None = None) -> Certificate:
    """The gateway's certificate for these names or addresses, made where there is none that still serves.

    It also names this host, localhost and this host's addresses of the day. A change of those addresses alone does
    not renew it, for a renewed certificate has a new fingerprint and every panel that pinned the old one stops.
    """
    now = datetime.fromtimestamp((clock or LoopClock()).wall(), UTC)
    cert_path, key_path = folder.path / "gateway.crt", folder.path / "gateway.key"
    wanted = _alternatives([*names, socket.gethostname(), "localhost", "127.0.0.1", "::1"])
    try:
        reason = _unfit(cert_path, key_path, wanted, now)
        if reason:
            key, certificate = _make(wanted | _alternatives(_own_addresses()), now)
            _write(cert_path, key_path, key, certificate)
            fingerprint = _fingerprint(cert_path)
            log.warning("A certificate was made (%s). Its fingerprint is %s", reason, fingerprint)
    except OSError as problem:
        raise FolderError(f"the certificate in {folder.path} cannot be made: {problem}") from problem
    return Certificate(cert_path, key_path, _fingerprint(cert_path))


def _unfit(cert_path: Path, key_path: Path, wanted: set[str], now: datetime) -> str:
    """Why the certificate that is there cannot be used; "" where it can."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from cryptography.x509 import SubjectAlternativeName, load_pem_x509_certificate

    try:
        certificate = load_pem_x509_certificate(cert_path.read_bytes())
        key = load_pem_private_key(key_path.read_bytes(), None)
        names = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
    except FileNotFoundError:
        return "there was none"
    except OSError:
        raise
    except Exception:  # whatever else a parser says of a damaged file
        return "the old one could not be read"
    if key_path.stat().st_mode & 0o077:
        return "others could read the key of the old one"
    if key.public_key() != certificate.public_key():
        return "the old one and its key did not belong together"
    # One from the future is kept: it is this host's clock that is wrong (no battery), and it will be set.
    if now > certificate.not_valid_after_utc - RENEW:
        return "the old one expires" if now < certificate.not_valid_after_utc else "the old one had expired"
    missing = wanted - {str(name.value) for name in names}
    return f"the old one does not name {', '.join(sorted(missing))}" if missing else ""


def _make(names: set[str], now: datetime) -> tuple[EllipticCurvePrivateKey, x509.Certificate]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, socket.gethostname()[:64] or "roomgate")])
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)  # digital signature only
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    alternatives = [_general_name(name) for name in sorted(names)]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLY)
        .not_valid_after(now - EARLY + LIFE)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(key, hashes.SHA256())
    )
    return key, certificate


def _write(cert_path: Path, key_path: Path, key: EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    write_private(key_path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    write_private(cert_path, certificate.public_bytes(Encoding.PEM))


def _fingerprint(cert_path: Path) -> str:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509 import load_pem_x509_certificate

    return "sha256:" + load_pem_x509_certificate(cert_path.read_bytes()).fingerprint(SHA256()).hex()


def _alternatives(names: Iterable[str]) -> set[str]:
    """Names and addresses in the one form that a certificate writes them; "any address" is none."""
    found: set[str] = set()
    for name in names:
        with contextlib.suppress(ValueError):
            address = ipaddress.ip_address(name.strip("[]").partition("%")[0])
            if not address.is_unspecified:
                found.add(str(address))
            continue
        try:
            found.add(name.lower() if name.isascii() else name.encode("idna").decode())
        except UnicodeError:
            raise FolderError(f"{name!r} cannot be a name in a certificate") from None
    return found - {""}


def _general_name(name: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _own_addresses() -> Iterator[str]:
    """This host's address towards the rest of the world. Connecting a UDP socket sends nothing: it only asks the
    routing table, here for the addresses reserved for documentation (RFC 5737, RFC 3849)."""
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((far, 9))
            yield str(probe.getsockname()[0])
