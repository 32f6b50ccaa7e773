"""The telnet link: options answered and hidden, text passed through, in whatever pieces it comes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.driver import Opening
from gateway.link import Address, Ears, Trust, make
from gateway.link.telnet import Telnet

from .conftest import Serve, Witness

# (from the device, what the driver hears, what we answer), source for all: RFC 854 pp. 7-14, RFC 855, RFC 1143
CASES = [
    (b"login: ", b"login: ", b""),
    (b"\xff\xfd\x18", b"", b"\xff\xfc\x18"),  # DO TERMINAL-TYPE -> WONT
    (b"\xff\xfb\x01\xff\xfb\x03hi", b"hi", b"\xff\xfd\x01\xff\xfd\x03"),  # WILL ECHO, WILL SGA -> DO, DO
    (b"\xff\xfb\x01\xff\xfb\x01", b"", b"\xff\xfd\x01"),  # said twice, answered once
    (b"\xff\xfb\x01\xff\xfc\x01", b"", b"\xff\xfd\x01\xff\xfe\x01"),  # WONT ECHO after WILL -> DONT
    (b"\xff\xfb\x22", b"", b"\xff\xfe\x22"),  # WILL LINEMODE -> DONT
    (b"\xff\xfc\x22\xff\xfe\x18", b"", b""),  # WONT, DONT of what never was: no answer
    (b"a\xff\xfa\x18\x01\xff\xffx\xff\xf0b", b"ab", b""),  # sub-negotiation with an escaped 255 inside
    (b"a\xff\xffb", b"a\xffb", b""),
    (b"a\xff\xf1b\xff\xf9c", b"abc", b""),  # NOP, GA
    (b"ok\r\0ok\r\nok\0", b"ok\rok\r\nok\0", b""),
]


class Told(Telnet):
    """A Telnet link without a socket: what it would send is kept."""

    def __init__(self, heard: list[bytes]) -> None:
        ears = Ears(lambda data, tag: heard.append(data), lambda tag, words: None, lambda reason, words: None)
        super().__init__(Address("telnet", "x", 23), Trust(), ears)
        self.sent = b""
        self.transport = self  # type: ignore[assignment]

    def write(self, data: bytes) -> None:
        self.sent += data


@pytest.mark.parametrize(("wire", "text", "answer"), CASES)
async def test_options_are_answered_and_hidden(wire: bytes, text: bytes, answer: bytes) -> None:
    heard: list[bytes] = []
    link = Told(heard)
    link.data_received(wire)
    assert (b"".join(heard), link.sent) == (text, answer)


@given(st.lists(st.sampled_from([wire for wire, _, _ in CASES]) | st.binary(max_size=6)), st.integers(1, 4))
def test_any_split_is_the_same(pieces: list[bytes], size: int) -> None:
    wire = b"".join(pieces)
    whole: list[bytes] = []
    parts: list[bytes] = []
    first, second = Told(whole), Told(parts)
    first.data_received(wire)
    for start in range(0, len(wire), size):
        second.data_received(wire[start : start + size])
    assert (b"".join(whole), first.sent) == (b"".join(parts), second.sent)


async def test_over_a_real_connection(serve: Serve, witness: Witness) -> None:
    far = await serve()
    link = make(Address("telnet", "127.0.0.1", far.port), Opening(), Trust(), witness.ears)
    await link.open()
    reader, writer = await far.next()
    writer.write(b"\xff\xfd\x18\xff\xfb\x01login: ")
    await witness.until(lambda: witness.text == b"login: ")
    assert await reader.readexactly(6) == b"\xff\xfc\x18\xff\xfd\x01"
    link.send(b"a\xffb\r\n", None)
    assert await reader.readuntil(b"\n") == b"a\xff\xffb\r\n"
    await link.close()
