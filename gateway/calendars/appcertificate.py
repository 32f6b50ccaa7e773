"""An app's certificate and its key, read from PEM files and found to belong together. Blocks; call it in a thread.

What may not live here: signing in with them.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from pathlib import Path

from gateway.calendars.calendar import Place


class CertificateError(Exception):
    """The files cannot be used; the words name them, and hold nothing of their contents."""


@dataclass(frozen=True)
class AppCertificate:
    """PEM texts, and until when they are good."""

    certificate: str
    key: str = field(repr=False)
    until: datetime.datetime


def read(certificate: str, key: str, place: Place) -> AppCertificate:
    """The two files (`key` "" = in the same file); relative paths are in the account's folder."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        load_pem_private_key,
    )

    pem = _bytes(place.folder / certificate, "certificate")
    secret = _bytes(place.folder / key, "key") if key else pem
    try:
        held = x509.load_pem_x509_certificate(pem)
    except ValueError:
        raise CertificateError(f"the file of `certificate` holds no certificate in PEM: {certificate}") from None
    try:
        private = load_pem_private_key(secret, None)
    except TypeError:
        raise CertificateError("the private key is locked with a passphrase; RoomGate takes it without one") from None
    except Exception:
        raise CertificateError(f"the file of `key` holds no private key in PEM: {key or certificate}") from None
    if not isinstance(private, rsa.RSAPrivateKey):
        raise CertificateError("the private key is no RSA key, and Microsoft takes no other")
    if private.public_key() != held.public_key():
        raise CertificateError("the private key does not belong to the certificate")
    until = held.not_valid_after_utc
    if until.timestamp() < place.clock.wall():
        raise CertificateError(f"the certificate ended on {until:%Y-%m-%d}; make a new one and register it on the app")
    text = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return AppCertificate(held.public_bytes(Encoding.PEM).decode(), text, until)


def _bytes(file: Path, what: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as broken:
        raise CertificateError(f"the file of `{what}` cannot be read: {file.name}: {broken.strerror}") from None
