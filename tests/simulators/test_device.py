"""The plumbing under every simulator: hands, memory, device time, reboot, and each fault on a real connection."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import pytest

import simulators
from simulators.device import Session, Simulator, SimulatorError, StreamSimulator, Where, hand
from simulators.doors import UdpDoor
from simulators.relay import FaultRelay


@dataclass(kw_only=True, eq=False)
class Parrot(StreamSimulator):
    """Says back what it hears."""

    name: ClassVar[str] = "parrot"
    title: ClassVar[str] = "Parrot"
    links: ClassVar[dict[str, int]] = {"tcp": 1, "serial": 0}

    password: str = "seed"
    mood: Literal["calm", "loud"] = "calm"
    heard: int = 0
    awake: bool = True
    weight: float = 0.4

    def opened(self, session: Session) -> None:
        session.send(b"hello\r")

    def received(self, session: Session, data: bytes) -> None:
        self.heard += len(data)
        session.send(data)

    def restart(self) -> None:
        self.reset("heard", "awake")

    @hand
    def sing(self, song: str = "la") -> None:
        self.broadcast(song.encode())

    @hand
    def doze(self) -> None:
        self.awake = False


Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def port_of(address: str) -> int:
    return int(address.rsplit(":", 1)[1].partition("/")[0])


@contextlib.asynccontextmanager
async def client(address: str) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(address))
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def read(reader: asyncio.StreamReader, count: int) -> bytes:
    async with asyncio.timeout(5):
        return await reader.readexactly(count)


async def ended(reader: asyncio.StreamReader) -> bytes:
    """What still came before the connection ended."""
    async with asyncio.timeout(5):
        try:
            return await reader.read()
        except ConnectionError:
            return b""


async def silence(reader: asyncio.StreamReader) -> bool:
    """True when nothing comes for a tenth of a second."""
    try:
        await asyncio.wait_for(reader.read(1), 0.1)
    except TimeoutError:
        return True
    return False


async def test_a_client_is_greeted_and_heard() -> None:
    parrot = Parrot()
    async with parrot.serving() as address, client(address) as (reader, writer):
        assert await read(reader, 6) == b"hello\r"
        writer.write(b"abc")
        await parrot.until(lambda: parrot.heard == 3)
        assert await read(reader, 3) == b"abc"
        parrot.sing("do re")
        assert await read(reader, 5) == b"do re"


async def test_the_port_is_kept_and_refused_while_the_device_is_unreachable() -> None:
    parrot = Parrot()
    async with parrot.serving("tcp://127.0.0.1:0") as address:
        async with client(address) as (reader, _):
            await read(reader, 6)
            parrot.faults.unreachable = True
            assert await ended(reader) == b""
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port_of(address))
        parrot.faults.unreachable = False
        async with client(address) as (reader, _):
            assert await read(reader, 6) == b"hello\r"


async def test_a_silent_device_reads_and_never_answers() -> None:
    parrot = Parrot()
    parrot.faults.silent = True
    async with parrot.serving() as address, client(address) as (reader, writer):
        writer.write(b"abc")
        await parrot.until(lambda: parrot.heard == 3)
        assert await silence(reader)
        parrot.faults.silent = False
        writer.write(b"d")
        assert await read(reader, 1) == b"d"


async def test_a_slow_device_answers_late_and_in_order() -> None:
    parrot = Parrot()
    async with parrot.serving() as address, client(address) as (reader, writer):
        await read(reader, 6)
        parrot.faults.apply("slow", ms=60)
        began = time.monotonic()
        writer.write(b"a")
        await parrot.until(lambda: parrot.heard == 1)
        writer.write(b"b")
        assert await read(reader, 2) == b"ab"
        assert time.monotonic() - began >= 0.06


async def test_a_chopped_answer_comes_byte_by_byte() -> None:
    parrot = Parrot()
    parrot.faults.chop = True
    pieces: list[bytes] = []

    class Pieces(asyncio.Protocol):
        def data_received(self, data: bytes) -> None:
            pieces.append(data)
            parrot.touched()

    async with parrot.serving() as address:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(Pieces, "127.0.0.1", port_of(address))
        await parrot.until(lambda: b"".join(pieces) == b"hello\r")
        transport.close()
    assert len(pieces) > 1


async def test_drop_and_garbage_happen_once() -> None:
    parrot = Parrot()
    async with parrot.serving() as address:
        async with client(address) as (reader, writer):
            await read(reader, 6)
            parrot.faults.garbage()
            assert len(await read(reader, 66)) == 66
            writer.write(b"x")
            assert await read(reader, 1) == b"x"
            parrot.faults.drop()
            assert await ended(reader) == b""
        async with client(address) as (reader, _):
            assert await read(reader, 6) == b"hello\r"


async def test_a_reboot_drops_forgets_and_returns_on_the_same_port() -> None:
    parrot = Parrot(speed=50, boot_seconds=5, heard=7)
    async with parrot.serving() as address:
        async with client(address) as (reader, _):
            await read(reader, 6)
            parrot.doze()
            parrot.heard = 9
            back = asyncio.create_task(parrot.reboot())
            assert await ended(reader) == b""
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port_of(address))
            await back
        assert (parrot.heard, parrot.awake) == (7, True)
        async with client(address) as (reader, _):
            assert await read(reader, 6) == b"hello\r"


async def test_stopping_in_the_middle_of_a_reboot_ends_it() -> None:
    parrot = Parrot(boot_seconds=600)
    await parrot.start()
    rebooting = asyncio.create_task(parrot.reboot())
    await parrot.until(lambda: not parrot.faults.reachable)
    await parrot.stop()
    await asyncio.wait_for(rebooting, 5)
    await parrot.stop()


async def test_the_device_keeps_its_own_time() -> None:
    parrot = Parrot(speed=100)
    parrot.after(2, parrot.doze)
    late = parrot.after(1000, parrot.sing)
    await parrot.until(lambda: not parrot.awake)
    assert late.running and 900 < late.left <= 1000
    await parrot.stop()
    assert not late.running


async def test_waiting_for_what_does_not_happen_shows_the_memory() -> None:
    with pytest.raises(TimeoutError, match=r"parrot.*heard"):
        await Parrot().until(lambda: False, timeout=0.01)


def test_the_memory_is_json_without_secrets() -> None:
    memory = Parrot(heard=2).memory()
    assert memory["heard"] == 2 and memory["mood"] == "calm"
    assert not {"password", "faults", "doors", "timers"} & set(memory)


def test_settings_are_understood_from_text() -> None:
    parrot = Parrot.configured({"heard": "3", "awake": "off", "weight": "1.5", "mood": "loud", "speed": 2})
    assert (parrot.heard, parrot.awake, parrot.weight, parrot.mood, parrot.speed) == (
        3,
        False,
        1.5,
        "loud",
        2,
    )


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"herd": "3"}, "did you mean 'heard'"),
        ({"heard": "three"}, "expected a whole number"),
        ({"awake": "perhaps"}, "expected on or off"),
        ({"mood": "sad"}, "calm, loud"),
        ({"faults": "x"}, "no setting 'faults'"),
        ({"speed": "0"}, "speed"),
    ],
)
def test_a_wrong_setting_is_explained(settings: dict[str, str], complaint: str) -> None:
    with pytest.raises(SimulatorError, match=complaint):
        Parrot.configured(settings)


async def test_a_wrong_link_is_explained() -> None:
    with pytest.raises(SimulatorError, match="parrot is not reached over 'tpc'; did you mean 'tcp'"):
        await Parrot().start("tpc")
    first, second = Parrot(), Parrot()
    async with first.serving() as address:
        with pytest.raises(SimulatorError, match="cannot serve on"):
            await second.start(address)


def test_hands_are_listed() -> None:
    assert set(Parrot.hands()) == {"sing", "doze", "reboot"}


def test_an_unknown_simulator_is_explained() -> None:
    with pytest.raises(SimulatorError, match="did you mean 'pjlink'"):
        simulators.find("pjlnk")


def test_every_simulator_is_found_by_its_name() -> None:
    for name in simulators.names():
        assert simulators.find(name).name == name


def is_there(path: str | Path) -> bool:
    """Whether a path exists, even as a link that leads nowhere."""
    return os.path.lexists(path)


class Pty:
    """A client's end of a serial path."""

    def __init__(self, path: str) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.ready = asyncio.Event()
        asyncio.get_running_loop().add_reader(self.fd, self.ready.set)

    async def read(self, count: int) -> bytes:
        """So many bytes, or fewer when the line was cut."""
        heard = b""
        async with asyncio.timeout(5):
            while len(heard) < count:
                await self.ready.wait()
                self.ready.clear()
                try:
                    heard += (piece := os.read(self.fd, count - len(heard)))
                except BlockingIOError:
                    continue
                except OSError:
                    return heard
                if not piece:
                    return heard
        return heard

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self.fd)
        os.close(self.fd)


async def test_a_serial_path_outlives_the_cable() -> None:
    parrot = Parrot()
    async with parrot.serving("serial") as address:
        path = address.removeprefix("serial://")
        line = Pty(path)
        assert await line.read(6) == b"hello\r"
        os.write(line.fd, b"\x03\r\n\x00")  # a cooked terminal would not pass these
        assert await line.read(4) == b"\x03\r\n\x00"
        parrot.faults.drop()
        assert await line.read(1) == b""
        line.close()

        line = Pty(path)
        assert await line.read(6) == b"hello\r"
        parrot.faults.unreachable = True
        assert await line.read(1) == b""
        line.close()
        assert not is_there(path)
        parrot.faults.unreachable = False
        line = Pty(path)
        assert await line.read(6) == b"hello\r"
        line.close()
    assert not Path(path).parent.exists()


async def test_a_serial_path_may_be_chosen(tmp_path: Path) -> None:
    chosen = tmp_path / "ttyScreen"
    async with Parrot().serving(f"serial://{chosen}") as address:
        assert address == f"serial://{chosen}" and chosen.exists()
        with pytest.raises(SimulatorError, match="exists already"):
            await Parrot().start(f"serial://{chosen}")
        assert chosen.exists()
    assert not is_there(chosen)


@dataclass(kw_only=True, eq=False)
class Echo(Simulator):
    """A server made by a library, behind the relay."""

    name: ClassVar[str] = "echo"
    title: ClassVar[str] = "Echo"
    links: ClassVar[dict[str, int]] = {"ws": 80}

    async def listen(self, where: Where) -> str:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError):
                while data := await reader.read(100):
                    writer.write(data)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)

        async def end() -> None:
            server.close()
            await server.wait_closed()

        self.on_stop(end)
        relay = FaultRelay(self.faults, server.sockets[0].getsockname()[1])
        port = relay.bind(where.host, where.port)
        self.doors.append(relay)
        return f"ws://{where.host}:{port}/ws"


async def test_the_relay_carries_a_library_server_with_its_faults() -> None:
    echo = Echo(speed=50)
    async with echo.serving() as address:
        async with client(address) as (reader, writer):
            writer.write(b"abc")
            assert await read(reader, 3) == b"abc"
            echo.faults.silent = True
            writer.write(b"lost")
            assert await silence(reader)
            echo.faults.silent = False
            writer.write(b"a stream with a hole in it says no more")
            assert await silence(reader)
        async with client(address) as (reader, writer):
            echo.faults.chop = True
            writer.write(b"xyz")
            assert await read(reader, 3) == b"xyz"
            writer.write_eof()
            assert await ended(reader) == b""
        async with client(address) as (reader, _):
            await echo.reboot()
            assert await ended(reader) == b""


async def test_datagrams_know_the_faults() -> None:
    parrot = Parrot()
    door = UdpDoor(parrot.faults, lambda data, sender: door.send(data, sender))
    port = await door.bind("127.0.0.1", 0)
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    asker = UdpDoor(Parrot().faults, lambda data, sender: heard.put_nowait(data))
    await asker.bind("127.0.0.1", 0)

    asker.send(b"one", ("127.0.0.1", port))
    assert await asyncio.wait_for(heard.get(), 5) == b"one"
    parrot.faults.slow = 30
    asker.send(b"two", ("127.0.0.1", port))
    assert await asyncio.wait_for(heard.get(), 5) == b"two"
    parrot.faults.clear()
    parrot.faults.unreachable = True
    asker.send(b"three", ("127.0.0.1", port))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(heard.get(), 0.1)
    await asker.close()
    await door.close()
