"""Whom links believe: system authorities, one pinned certificate, anybody; and what is said of a stranger."""

from __future__ import annotations

import asyncio
import ssl

import pytest

from gateway.driver import Opening
from gateway.link import Address, LinkError, Trust, make
from gateway.link.tls import context
from gateway.model import Reason

from .conftest import Identity, Serve, Witness


async def upgraded(serve: Serve, witness: Witness, identity: Identity, trust: Trust) -> tuple[bytes, LinkError | None]:
    """Connect, upgrade, say hello; returns what the far end read of it, and the error."""
    far = await serve()
    link = make(Address("tcp", "127.0.0.1", far.port), Opening(), trust, witness.ears)
    await link.open()
    reader, writer = await far.next()

    async def accept() -> bytes:
        try:
            await writer.start_tls(identity.context())
            return await reader.read(5)
        except (ssl.SSLError, OSError):
            return b""

    accepting = asyncio.create_task(accept())
    try:
        await link.start_tls()
    except LinkError as error:
        await link.close()
        return await accepting, error
    link.send(b"hello", None)
    read = await accepting
    writer.write(b"there")
    await witness.until(lambda: witness.text == b"there")
    await link.close()
    return read, None


async def test_a_pinned_certificate_is_believed(serve: Serve, witness: Witness, identity: Identity) -> None:
    assert await upgraded(serve, witness, identity, Trust(fingerprint=identity.fingerprint)) == (b"hello", None)
    assert witness.lost == []


async def test_any_certificate_is_believed_where_the_profile_says_so(
    serve: Serve, witness: Witness, identity: Identity
) -> None:
    assert await upgraded(serve, witness, identity, Trust(any=True)) == (b"hello", None)


async def test_another_than_the_pinned_one_is_not_believed(serve: Serve, witness: Witness, identity: Identity) -> None:
    read, error = await upgraded(serve, witness, identity, Trust(fingerprint="sha256:" + "0" * 64))
    assert read == b""
    assert error is not None
    assert error.reason == Reason.CERTIFICATE_UNTRUSTED
    assert identity.fingerprint in error.words


async def test_a_self_signed_certificate_is_not_believed_by_default(
    serve: Serve, witness: Witness, identity: Identity
) -> None:
    read, error = await upgraded(serve, witness, identity, Trust())
    assert read == b""
    assert error is not None
    assert error.reason == Reason.CERTIFICATE_UNTRUSTED
    assert "self-signed certificate" in error.words


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
async def test_a_far_end_without_tls_is_a_protocol_error(
    serve: Serve, witness: Witness, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.link.tls.HANDSHAKE", 0.1)  # the second one stays silent
    far = await serve()
    link = make(Address("tcp", "127.0.0.1", far.port), Opening(), Trust(any=True), witness.ears)
    await link.open()
    _, writer = await far.next()
    writer.write(answer)
    with pytest.raises(LinkError) as caught:
        await link.start_tls()
    assert caught.value.reason == Reason.PROTOCOL_ERROR
    await link.close()
    assert witness.lost == []


async def test_a_link_that_is_gone_cannot_be_upgraded(serve: Serve, witness: Witness) -> None:
    far = await serve()
    link = make(Address("tcp", "127.0.0.1", far.port), Opening(), Trust(), witness.ears)
    await link.open()
    await link.close()
    with pytest.raises(LinkError):
        await link.start_tls()


def test_contexts_are_shared_and_old_versions_are_off() -> None:
    assert context(Trust()) is context(Trust())
    assert context(Trust()) is not context(Trust(), "http/1.1")
    for trust in (Trust(), Trust(any=True), Trust(fingerprint="sha256:" + "0" * 64)):
        assert context(trust).minimum_version == ssl.TLSVersion.TLSv1_2
    assert context(Trust()).verify_mode == ssl.CERT_REQUIRED
    assert context(Trust()).check_hostname
