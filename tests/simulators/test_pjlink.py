"""The simulated projector against an independent client (aiopjlink), and what that client does not send by hand."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator

import pytest
from aiopjlink import PJLink as Client
from aiopjlink import PJLinkERR2, PJLinkERR3, PJLinkERR4, PJLinkPassword, Power, Sources

from simulators.device import Faults, SimulatorError
from simulators.doors import UdpDoor
from simulators.pjlink import PJLink


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


@contextlib.asynccontextmanager
async def aiopjlink(address: str, password: str | None = None) -> AsyncIterator[Client]:
    client = Client("127.0.0.1", port_of(address), password)
    async with client:
        writer = client._writer
        yield client
    await closed(writer)


async def closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


class Line:
    """A bare connection, for what the library does not send."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def heard(self) -> bytes:
        return await asyncio.wait_for(self.reader.readuntil(b"\r"), 5)

    async def ask(self, command: bytes) -> bytes:
        self.writer.write(command + b"\r")
        return await self.heard()


@contextlib.asynccontextmanager
async def line(address: str) -> AsyncIterator[Line]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(address))
    try:
        yield Line(reader, writer)
    finally:
        await closed(writer)


async def test_the_library_logs_in_and_runs_the_projector() -> None:
    projector = PJLink(password="JBMIAProjectorLink", speed=100, idle_seconds=0)
    async with projector.serving() as address, aiopjlink(address, "JBMIAProjectorLink") as client:
        assert await client.power.get() is Power.OFF
        with pytest.raises(PJLinkERR3):
            await client.sources.set(Sources.Mode.DIGITAL, 2)
        await client.power.turn_on()
        assert await client.power.get() is Power.State.WARMING
        with pytest.raises(PJLinkERR3):
            await client.power.turn_off()
        await projector.until(lambda: projector.power == "on")
        assert await client.power.get() is Power.ON

        await client.sources.set(Sources.Mode.DIGITAL, 2)
        assert await client.sources.get() == (Sources.Mode.DIGITAL, "2")
        assert projector.input == "32"
        with pytest.raises(PJLinkERR2):
            await client.sources.set(Sources.Mode.DIGITAL, 9)
        assert (Sources.Mode.NETWORK, "1") in await client.sources.available()
        assert await client.sources.get_source_name(Sources.Mode.DIGITAL, 1) == "HDMI 1"
        assert await client.sources.resolution() == (1920, 1080)

        await client.mute.video(True)
        assert await client.mute.status() == (True, False)
        await client.mute.both(True)
        assert await client.mute.status() == (True, True)
        await client.freeze.set(True)
        assert await client.freeze.get() is True
        await client.speaker.turn_up()
        assert projector.speaker_volume == 11

        await client.power.turn_off()
        assert await client.power.get() is Power.State.COOLING
        with pytest.raises(PJLinkERR3):
            await client.power.turn_on()
        await projector.until(lambda: projector.power == "off")
        assert (projector.video_muted, projector.frozen) == (False, False)


async def test_the_library_reads_what_the_projector_is() -> None:
    async with PJLink().serving() as address, aiopjlink(address) as client:
        assert (await client.info.pjlink_class()).value == "2"
        assert await client.info.projector_name() == "Boardroom projector"
        assert await client.info.serial_number() == "SIM00001"
        assert await client.info.software_version() == "1.00"
        assert await client.lamps.status() == [(1234, client.lamps.State.OFF)]
        assert await client.filter.hours() == 321


async def test_a_wrong_password_is_refused() -> None:
    projector = PJLink(password="right")
    async with projector.serving() as address:
        client = Client("127.0.0.1", port_of(address), "wrong")
        with pytest.raises(PJLinkPassword):
            await client.__aenter__()
        await closed(client._writer)
        projector.faults.refuse_login = True
        client = Client("127.0.0.1", port_of(address), "right")
        with pytest.raises(PJLinkPassword):
            await client.__aenter__()
        await closed(client._writer)
        projector.faults.refuse_login = False
        async with aiopjlink(address, "right") as good:
            assert await good.power.get() is Power.OFF


async def test_every_connection_gets_its_own_random_number() -> None:
    async with PJLink(password="x").serving() as address, line(address) as one, line(address) as two:
        first, second = await one.heard(), await two.heard()
        assert first.startswith(b"PJLINK 1 ") and first != second
        digest = hashlib.md5(first[9:-1] + b"x").hexdigest().encode()
        assert await one.ask(digest + b"%1POWR ?") == b"%1POWR=0\r"
        assert await one.ask(b"%1POWR ?") == b"%1POWR=0\r"  # the digest goes before the first command only
        assert await two.ask(digest + b"%1POWR ?") == b"PJLINK ERRA\r"
        assert await two.reader.read() == b""


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (b"%1ABCD ?", b"%1ABCD=ERR1\r"),
        (b"%1POWR 2", b"%1POWR=ERR2\r"),
        (b"%1INPT ?", b"%1INPT=ERR3\r"),
        (b"%1AVMT 31", b"%1AVMT=ERR3\r"),
        (b"%1AVMT 41", b"%1AVMT=ERR2\r"),
        (b"%1NAME 1", b"%1NAME=ERR2\r"),
        (b"%1erst ?", b"%1ERST=000000\r"),
        (b"%1LAMP ?", b"%1LAMP=1234 0\r"),
        (b"%2INNM ?99", b"%2INNM=ERR2\r"),
        (b"%2RRES ?", b"%2RRES=1920x1080\r"),
        (b"%2RLMP ?", b"%2RLMP=LAMP-1\r"),
        (b"%2RFIL ?", b"%2RFIL=FILTER-1\r"),
        (b"%2IRES ?", b"%2IRES=ERR3\r"),
        (b"%2MVOL 1", b"%2MVOL=ERR3\r"),
    ],
)
async def test_the_answers_of_a_projector_in_standby(command: bytes, answer: bytes) -> None:
    async with PJLink().serving() as address, line(address) as client:
        assert await client.heard() == b"PJLINK 0\r"
        assert await client.ask(command) == answer


async def test_a_class_one_projector_knows_no_class_two() -> None:
    async with PJLink(klass=1, power="on").serving() as address, line(address) as client:
        await client.heard()
        assert await client.ask(b"%1CLSS ?") == b"%1CLSS=1\r"
        assert await client.ask(b"%2SNUM ?") == b"%2SNUM=ERR1\r"
        assert await client.ask(b"%2INPT 31") == b"%2INPT=ERR1\r"
        assert await client.ask(b"%1INPT 32") == b"%1INPT=OK\r"
        assert await client.ask(b"%1AVMT ?") == b"%1AVMT=30\r"
        assert await client.ask(b"%1AVMT 11") == b"%1AVMT=OK\r"
        assert await client.ask(b"%1AVMT ?") == b"%1AVMT=11\r"
        assert await client.ask(b"%1AVMT 21") == b"%1AVMT=OK\r"
        assert await client.ask(b"%1AVMT ?") == b"%1AVMT=31\r"
        assert await client.ask(b"%1AVMT 10") == b"%1AVMT=OK\r"
        assert await client.ask(b"%1AVMT ?") == b"%1AVMT=21\r"


async def test_commands_may_come_in_pieces_and_together() -> None:
    async with PJLink().serving() as address, line(address) as client:
        await client.heard()
        client.writer.write(b"%1PO")
        client.writer.write(b"WR ?\r%1CL")
        assert await client.heard() == b"%1POWR=0\r"
        assert await client.ask(b"SS ?") == b"%1CLSS=2\r"


async def test_an_idle_connection_is_closed() -> None:
    async with PJLink(speed=200).serving() as address, line(address) as client:
        await client.heard()
        assert await asyncio.wait_for(client.reader.read(), 5) == b""


async def test_a_broken_lamp_cannot_be_lit() -> None:
    projector = PJLink(power="on", speed=200, idle_seconds=0)
    async with projector.serving() as address, aiopjlink(address) as client:
        projector.break_lamp()
        assert projector.power == "cooling"
        await projector.until(lambda: projector.power == "off")
        with pytest.raises(PJLinkERR4):
            await client.power.turn_on()
        assert (await client.errors.query())[client.errors.Category.LAMP] is client.errors.Level.ERROR
        projector.replace_lamp()
        await client.power.turn_on()
        await projector.until(lambda: projector.power == "on")
        assert await client.lamps.status() == [(0, client.lamps.State.ON)]


@contextlib.asynccontextmanager
async def controller() -> AsyncIterator[tuple[UdpDoor, asyncio.Queue[bytes]]]:
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    door = UdpDoor(Faults(), lambda data, sender: heard.put_nowait(data))
    await door.bind("127.0.0.1", 0)
    try:
        yield door, heard
    finally:
        await door.close()


async def test_a_search_is_answered_with_the_hardware_address() -> None:
    async with controller() as (door, heard), PJLink(mac="00:00:5e:00:53:99").serving() as address:
        door.send(b"%2SRCH\r", ("127.0.0.1", port_of(address)))
        assert await asyncio.wait_for(heard.get(), 5) == b"%2ACKN=00:00:5e:00:53:99\r"


async def test_controllers_are_told_of_changes() -> None:
    async with controller() as (door, heard):

        async def told() -> bytes:
            return await asyncio.wait_for(heard.get(), 5)

        projector = PJLink(notify=f"127.0.0.1:{door.port}", speed=200)
        async with projector.serving():
            assert await told() == b"%2LKUP=00:00:5e:00:53:01\r"
            projector.press_power()
            assert await told() == b"%2POWR=3\r"
            assert await told() == b"%2POWR=1\r"
            projector.select_input("32")
            assert await told() == b"%2INPT=32\r"
            projector.report("filter", 1)
            assert await told() == b"%2ERST=000010\r"
            projector.unplug()
            assert projector.power == "off"
            projector.plug()
            assert await told() == b"%2LKUP=00:00:5e:00:53:01\r"


@pytest.mark.parametrize("settings", [{"klass": 3}, {"notify": "here"}])
async def test_a_setting_that_cannot_be_is_explained(settings: dict[str, object]) -> None:
    with pytest.raises(SimulatorError, match=next(iter(settings))):
        await PJLink.configured(settings).start()
