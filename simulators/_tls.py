"""A certificate for simulated devices that speak TLS: made on the spot, signed by itself, gone with the process.

No protocol and no device may live here.
"""

from __future__ import annotations

import asyncio
import datetime
import functools
import ssl
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from simulators.doors import Session, TcpSession


@functools.cache
def server_context() -> ssl.SSLContext:
    """The device's side of TLS, with its own certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "simulated device")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory(prefix="roomgate-") as folder:
        file = Path(folder, "device.pem")
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
        context.load_cert_chain(file)
    return context


async def upgrade(session: Session) -> bool:
    """Go on encrypted once all that was said in the clear has left; False where the client did not come along."""
    if not isinstance(session, TcpSession) or session._transport is None:
        return False
    plain = session._transport
    plain.pause_reading()  # what the client says next belongs to TLS
    while session.open and session._next is not None:  # noqa: ASYNC110 - one turn of the loop for each byte at most
        await asyncio.sleep(0)
    if not session.open:
        return False
    try:
        secure = await asyncio.get_running_loop().start_tls(plain, session, server_context(), server_side=True)
    except (OSError, asyncio.CancelledError):
        plain.abort()
        return False
    assert secure is not None
    session._transport = secure
    return True
