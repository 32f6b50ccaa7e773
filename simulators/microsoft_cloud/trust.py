"""The simulated cloud's TLS: a certificate authority of its own, and a door that speaks HTTPS.

`msal` accepts no other scheme than https. What may not live here: HTTP, and anything of the cloud.
"""

from __future__ import annotations

import asyncio
import datetime
import functools
import ipaddress
import ssl
import tempfile
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from simulators.doors import TcpDoor, TcpSession


class TlsDoor(TcpDoor):
    """A TCP port behind TLS; a client is let in once the handshake is over."""

    whole = True

    async def _admit(self, connection: Any) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(lambda: TcpSession(self), connection, ssl=authority()[0])
        except OSError:  # the client does not trust us, or went away
            connection.close()


@functools.cache
def authority() -> tuple[ssl.SSLContext, bytes]:
    """The server's context, and the certificate (PEM) of the authority that clients must trust."""
    now = datetime.datetime.now(datetime.UTC)
    top, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    top_name, own_name = _name("simulated authority"), _name("localhost")

    def begun(subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(top_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(top.public_key()), critical=False)
        )

    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    root = begun(top_name, top).add_extension(x509.BasicConstraints(True, 0), True).add_extension(usage, True)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))])
    server = begun(own_name, own).add_extension(names, critical=False).sign(top, hashes.SHA256())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory(prefix="roomgate-") as folder:
        file = Path(folder, "server.pem")
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file.write_bytes(own.private_bytes(*form) + server.public_bytes(serialization.Encoding.PEM))
        context.load_cert_chain(file)
    return context, root.sign(top, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
