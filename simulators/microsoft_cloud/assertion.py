"""Whether a client assertion is what it says: a JWT signed with the key of a certificate that the app has registered.

Source: Microsoft identity platform, "Application authentication certificate credentials" (header alg PS256 or RS256
with x5t#S256 or x5t; claims aud, exp, iss, jti, nbf, sub); RFC 7523.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Disbelief(Exception):
    """Why an assertion is not believed: the AADSTS number and words."""

    def __init__(self, number: int, words: str) -> None:
        super().__init__(words)
        self.number = number


def verified(text: str, certificates: Iterable[bytes], client_id: str, audience: str, now: float) -> str:
    """The assertion's jti; raises Disbelief. `certificates` are PEM; `now` is the wall clock's."""
    try:
        signed, _, last = text.rpartition(".")
        first, _, second = signed.partition(".")
        header, claims = (json.loads(_bytes(part)) for part in (first, second))
        signature = _bytes(last)
    except (ValueError, TypeError):
        raise Disbelief(50027, "the assertion is no JWT") from None
    _check_signature(header, signed.encode(), signature, list(certificates))
    if claims.get("aud") != audience:
        raise Disbelief(700023, "the assertion is for another audience")
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise Disbelief(700021, "the assertion's iss or sub is not the client")
    if not float(claims.get("nbf", 0)) - 300 <= now < float(claims.get("exp", 0)) + 300:
        raise Disbelief(700024, "the assertion is not within its time")
    return str(claims.get("jti", ""))


def _check_signature(header: dict[str, Any], signed: bytes, signature: bytes, known: list[bytes]) -> None:
    for pem in known:
        certificate = x509.load_pem_x509_certificate(pem)
        if "x5t#S256" in header:
            mark, algorithm = header["x5t#S256"], hashes.SHA256()  # type: Any, hashes.HashAlgorithm
        else:
            mark, algorithm = header.get("x5t", ""), hashes.SHA1()  # the form of older clients
        if _bytes(mark) != certificate.fingerprint(algorithm):
            continue
        key = certificate.public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        pads: dict[str, padding.AsymmetricPadding] = {
            "RS256": padding.PKCS1v15(),
            "PS256": padding.PSS(padding.MGF1(hashes.SHA256()), 32),
        }
        if header.get("alg") not in pads:
            raise Disbelief(5002738, "the assertion is signed in another way than RS256 or PS256")
        try:
            key.verify(signature, signed, pads[header["alg"]], hashes.SHA256())
        except InvalidSignature:
            raise Disbelief(700027, "the assertion's signature is wrong") from None
        return
    raise Disbelief(700027, "the certificate is not registered on the application")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
