"""Links' addresses: read, completed, refused in words that repeat no secret."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gateway.driver import Opening
from gateway.link import SCHEMES, Address, Ears, LinkError, Trust, load, make
from gateway.link.tls import pin_of
from gateway.model import Reason


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("tcp://10.0.0.5:4352", Address("tcp", "10.0.0.5", 4352)),
        ("tcp://projector", Address("tcp", "projector", 4352)),
        ("wss://codec/ws", Address("wss", "codec", 443, "/ws")),
        ("ssh://codec", Address("ssh", "codec", 22)),
        ("snmp://[fd00::1]", Address("snmp", "fd00::1", 161)),
        ("serial:///dev/ttyUSB0?baud=19200", Address("serial", "", 0, "/dev/ttyUSB0", "baud=19200")),
        ("listen+udp://:4352?from=10.0.0.5", Address("listen+udp", "", 4352, "", "from=10.0.0.5")),
    ],
)
def test_an_address_is_read_and_completed(url: str, address: Address) -> None:
    assert Address.parse(url, {"tcp": 4352}) == address
    assert Address.parse(str(address)) == address


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("projector:4352", "names no host"),
        ("//projector", "has no scheme"),
        ("tcp://projector", "names no port"),
        ("tcp://projector:70000", "a port that is none"),
        ("tcp://", "names no host"),
        ("serial://dev/ttyUSB0", "three slashes"),
        ("serial://", "three slashes"),
    ],
)
def test_a_wrong_address_is_refused_in_words(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Address.parse(url)


@pytest.mark.parametrize("url", ["ssh://admin:hunter2@codec", "admin:hunter2@codec", "http://x:hunter2@[bad"])
def test_a_password_in_an_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="user name or password") as caught:
        Address.parse(url)
    assert "hunter2" not in str(caught.value)


def test_an_unknown_scheme_is_refused(dull_ears: Ears) -> None:
    with pytest.raises(ValueError, match="no link speaks gopher://"):
        make(Address("gopher", "x", 70), Opening(), Trust(), dull_ears)
    with pytest.raises(ValueError, match="waits for connections"):
        make(Address("listen+tcp", "", 0), Opening(), Trust(), dull_ears)


def test_a_link_that_nobody_uses_costs_nothing() -> None:
    program = (
        "import sys, gateway.link as links; "
        "heavy = {'asyncssh', 'httpx', 'websockets', 'pysnmp', 'serial', 'cryptography'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


async def test_modules_are_loaded_ahead() -> None:
    for scheme in SCHEMES:
        await load(scheme)
    await load("gopher")
    assert {f"gateway.link.{module}" for module in SCHEMES.values()} <= set(sys.modules)


def test_a_pin_is_read_as_other_tools_print_it() -> None:
    digits = "0123456789abcdef" * 4
    pairs = ":".join(digits[i : i + 2] for i in range(0, 64, 2)).upper()
    assert pin_of(Trust(fingerprint=f"sha256:{digits}")) == digits
    assert pin_of(Trust(fingerprint=f"SHA256:{pairs}")) == digits
    assert pin_of(Trust()) == ""
    for wrong in ("sha256:1234", "md5:" + digits, "sha256:" + "g" * 64):
        with pytest.raises(LinkError) as caught:
            pin_of(Trust(fingerprint=wrong))
        assert caught.value.reason == Reason.CERTIFICATE_UNTRUSTED


@pytest.fixture
def dull_ears() -> Ears:
    return Ears(lambda data, tag: None, lambda tag, words: None, lambda reason, words: None)
