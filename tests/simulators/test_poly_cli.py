"""The simulated Polycom command line by hand: log-in, line ends, echo, calls and the days when it hurts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from simulators import find
from simulators.poly_cli import PolyCli


class Client:
    """Somebody on a raw connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def say(self, line: str) -> None:
        self.writer.write(line.encode() + b"\r")

    async def until(self, end: bytes) -> bytes:
        """All that comes, up to these bytes."""
        return await asyncio.wait_for(self.reader.readuntil(end), 5)

    async def ask(self, line: str, end: bytes) -> bytes:
        self.say(line)
        return await self.until(end)


@contextlib.asynccontextmanager
async def client(sim: PolyCli, link: str = "tcp", *, greeted: bool = True) -> AsyncIterator[Client]:
    async with sim.serving(link) as address:
        where = urlsplit(address)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        try:
            found = Client(reader, writer)
            if greeted:
                await found.until(b"SNMP Enabled: False\r\r\n")
            yield found
        finally:
            writer.close()
            await writer.wait_closed()


def codec(**settings: Any) -> PolyCli:
    return PolyCli.configured({"speed": 50, "echo": "off", **settings})


def test_it_is_found_by_its_name() -> None:
    assert find("poly_cli") is PolyCli


async def test_three_wrong_passwords_end_the_connection() -> None:
    async with client(codec(password="x"), greeted=False) as someone:
        for _ in range(3):
            await someone.until(b"User: ")
            await someone.ask("admin", b"Password: ")
            await someone.ask("wrong", b"-- login failed, retry --\r\r\n")
        assert await asyncio.wait_for(someone.reader.read(), 5) == b""


async def test_the_right_password_is_greeted_with_whoami() -> None:
    async with client(codec(password="x", asks_user=False), greeted=False) as someone:
        await someone.until(b"Password: ")
        greeting = await someone.ask("x", b"SNMP Enabled: False\r\r\n")
        assert b"Hi, my name is : Boardroom" in greeting and b"Model: RealPresence Group 500" in greeting


@pytest.mark.parametrize(
    ("settings", "heard"),
    [
        ({"model": "group"}, b"volume get\r\nvolume 20\r\r\n"),
        ({"model": "hdx"}, b"volume get\n\rvolume 20\r\r\n"),
        ({"echo": "off"}, b"volume 20\r\r\n"),
    ],
)
async def test_echo_and_line_ends_over_a_network(settings: dict[str, str], heard: bytes) -> None:
    async with client(codec(**{"echo": "auto", **settings})) as someone:
        assert await someone.ask("volume get", b"20\r\r\n") == heard


async def test_an_unknown_command_and_one_that_lacks_something() -> None:
    async with client(codec()) as someone:
        assert await someone.ask("frobnicate", b"\n") == b"error: command not found\r\r\n"
        assert b"needs more parameters" in await someone.ask("volume", b"\n")


async def test_registrations_are_kept_over_a_restart_and_taken_once() -> None:
    sim = codec()
    async with client(sim) as someone:
        assert await someone.ask("notify callstatus", b"\n") == b"notify callstatus success\r\r\n"
        assert b"already active:callstatus" in await someone.ask("notify callstatus", b"\n")
        sim.restart()
        assert sim.registrations["tcp"] == ["callstatus"]


async def test_a_call_is_told_step_by_step() -> None:
    async with client(codec()) as someone:
        await someone.ask("notify callstatus", b"\n")
        await someone.ask("notify linestatus", b"\n")
        someone.say('dial manual "1024" "bob@example.com" sip')
        told = await someone.until(b"connected:1024:0:videocall\r\r\n")
        assert [line.rsplit(b":", 4)[1] for line in told.split(b"\r\r\n") if b"callstatus" in line] == [
            b"opened",
            b"ringing",
            b"connecting",
            b"connected",
        ]
        assert told.startswith(b"dialing manual\r\r\nnotification:callstatus:outgoing:34:null 1::opened::0:videocall")
        someone.say("hangup video 34")
        assert b"hanging up video" in await someone.until(b"notification:linestatus:outgoing:34:0:0:disconnected\r\r\n")
        assert await someone.ask("hangup video 34", b"\n") == b"connection 34 is not active\r\r\n"


@pytest.mark.parametrize(("far_end", "cause"), [("busy", b"17"), ("rejects", b"21"), ("no answer", b"19")])
async def test_calls_that_nobody_takes(far_end: str, cause: bytes) -> None:
    async with client(codec(far_end=far_end, no_answer_seconds=5)) as someone:
        await someone.ask("notify callstatus", b"\n")
        someone.say('dial auto "bob"')
        assert (await someone.until(b":disconnected:0:" + cause + b":videocall\r\r\n")).count(b"connected:") == 1


async def test_callinfo_with_names_missing_colons_and_interruptions() -> None:
    sim = codec(names_missing=True, interrupts=True)
    async with client(sim) as someone:
        assert await someone.ask("callinfo all", b"\n") == b"system is not in a call\r\r\n"
        sim.incoming_call("sip:alice@example.com", "Alice")
        sim.touch_answer()
        await sim.until(lambda: sim.calls[0].state == "connected")
        lines = (await someone.ask("callinfo all", b"callinfo end\r\r\n")).split(b"\r\r\n")
        assert lines[0] == b"callinfo begin" and b"volume 20" in lines
        assert b"callinfo:34:sip:alice@example.com:1920:connected:notmuted:incoming:videocall" in lines


@pytest.mark.parametrize("line", ["camera near source", "camera near tracking get", "vcbutton source get"])
async def test_queries_that_wake(line: str) -> None:
    sim = codec()
    async with client(sim) as someone:
        sim.sleep_now()
        await someone.ask("callinfo all", b"\n")
        await someone.ask("volume get", b"\n")
        assert sim.asleep
        await someone.ask(line, b"\n")
        assert not sim.asleep and sim.woken_by == [line]


async def test_it_notes_what_is_said_during_a_set_up() -> None:
    sim = codec(answer_seconds=1000)
    async with client(sim) as someone:
        await someone.ask('dial auto "bob"', b"\n")
        await someone.ask("volume get", b"\n")
        assert sim.in_set_up == ["volume get"]
        sim.far_end_answers()
        await sim.until(lambda: not sim.setting_up)
        sim.far_end_hangs_up()
        await sim.until(lambda: not sim.calls)


async def test_incoming_calls_ring_are_given_up_or_turned_away() -> None:
    sim = codec()
    async with client(sim) as someone:
        await someone.ask("notify callstatus", b"\n")
        sim.incoming_call()
        await someone.until(b"incoming:34:Alice:alice@example.com:ringing:0:0:videocall\r\r\n")
        sim.caller_gives_up()
        await someone.until(b":disconnected:0:16:videocall\r\r\n")
        await someone.ask("autoanswer donotdisturb", b"\n")
        assert sim.incoming_call() == 0 and not sim.calls


async def test_a_power_cut_ends_the_calls() -> None:
    sim = codec(boot_seconds=1)
    async with client(sim):
        sim.incoming_call()
        await sim.reboot()
        assert not sim.calls


async def test_the_directory_is_given_in_ranges() -> None:
    async with client(codec(directory=120)) as someone:
        page = await someone.ask('globaldir "person" range 100 149', b"done\r\r\n")
        assert page.count(b":site") == 20
