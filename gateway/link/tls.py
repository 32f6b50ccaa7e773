"""TLS contexts that believe whom the profile says, and fingerprints in the one form people compare.

What may not live here: sockets of devices. A pin is compared inside the handshake, so that whichever library speaks
TLS (asyncio, httpx), not a byte of ours leaves before the far end is known. TLS 1.0 and 1.1 stay off.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import hmac
import ssl

from gateway.link import LinkError, Trust
from gateway.model import Reason

LOOK = 3.0  # seconds for the second look at a certificate that was not believed
HANDSHAKE = 5.0  # seconds for a handshake


class NotPinned(ssl.SSLCertVerificationError):
    """The far end showed another certificate than the pinned one; `found` is its fingerprint."""

    found = ""


class _Context(ssl.SSLContext):
    """A context that may know the one certificate to believe, as 64 hex digits."""

    pin: str = ""


class _Pinning(ssl.SSLObject):
    """Compares the pin as the last step of the handshake, before the library above may write anything."""

    def do_handshake(self) -> None:
        super().do_handshake()
        pin = self.context.pin if isinstance(self.context, _Context) else ""
        der = self.getpeercert(binary_form=True) or b""
        found = hashlib.sha256(der).hexdigest()
        if not hmac.compare_digest(found, pin):
            error = NotPinned(1, "the certificate is not the pinned one")
            error.found = fingerprint_of(der)
            raise error


def fingerprint_of(der: bytes) -> str:
    """The fingerprint of a certificate in DER form, as a profile pins it: `sha256:<64 hex digits>`."""
    return f"sha256:{hashlib.sha256(der).hexdigest()}"


def pin_of(trust: Trust) -> str:
    """The 64 hex digits of a pinned certificate (colons and capitals as other tools print them are fine), "" where
    none is pinned. Raises LinkError where the fingerprint is none."""
    if not trust.fingerprint:
        return ""
    kind, _, digits = trust.fingerprint.strip().partition(":")
    digits = digits.replace(":", "").lower()
    if kind.lower() != "sha256" or len(digits) != 64 or not set(digits) <= set("0123456789abcdef"):
        raise LinkError(
            Reason.CERTIFICATE_UNTRUSTED, "the pinned fingerprint is none: it looks like sha256:<64 hex digits>"
        )
    return digits


def context(trust: Trust, protocol: str = "") -> ssl.SSLContext:
    """The client context for `trust`; shared, because loading the system's authorities takes time and memory.

    `protocol` (ALPN) keeps users apart who announce different ones: httpx writes its own into its context.
    """
    return _context(trust.any, "" if trust.any else pin_of(trust), protocol)


@functools.lru_cache(maxsize=64)
def _context(believe_any: bool, pin: str, protocol: str) -> ssl.SSLContext:
    made = _Context(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if believe_any or pin:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    else:
        made.load_default_certs(ssl.Purpose.SERVER_AUTH)
    if pin:
        made.pin = pin
        made.sslobject_class = _Pinning
    if protocol:
        made.set_alpn_protocols([protocol])
    return made


async def distrust(error: ssl.SSLCertVerificationError, host: str, port: int = 0) -> LinkError:
    """What to tell of a certificate that was not believed, with the fingerprint that the far end shows.

    OpenSSL does not hand out a certificate that it rejects, so it is looked at over a second connection to `port` on
    which nothing is sent; 0 where there is no such port (an upgraded connection).
    """
    if isinstance(error, NotPinned):
        return LinkError(Reason.CERTIFICATE_UNTRUSTED, f"the certificate is not the pinned one but {error.found}")
    found = await _look(host, port) if port else ""
    why = error.verify_message or "it cannot be verified"
    shown = f", {found}" if found else ""
    return LinkError(
        Reason.CERTIFICATE_UNTRUSTED,
        f"the certificate is not trusted ({why}{shown}): pin it with fingerprint = ..., if it is the device's",
    )


async def _look(host: str, port: int) -> str:
    try:
        async with asyncio.timeout(LOOK):
            _, writer = await asyncio.open_connection(host, port, ssl=context(Trust(any=True)))
    except (OSError, TimeoutError):
        return ""
    der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    try:
        await writer.wait_closed()
    except OSError:
        pass
    return fingerprint_of(der) if der else ""


def broken(error: ssl.SSLError) -> LinkError:
    """What to tell of a TLS failure that is not about whom to believe."""
    what = (error.reason or "handshake failed").replace("_", " ").lower()
    return LinkError(Reason.PROTOCOL_ERROR, f"no TLS 1.2 or newer could be agreed ({what})")
