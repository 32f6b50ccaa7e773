"""The gateway's own bad days: each gives one clear message, and the rooms that can run, run."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.folder import FolderError
from gateway.plugins import load_drivers
from gateway.profile import site as profile
from gateway.serve import StartError, gateway
from gateway.spec import ServerSpec, SiteSpec
from tests.api.support import Rig, rig

ANY = ServerSpec(port=0)
EMPTY = SiteSpec({})


async def works(house: Rig, level: int) -> None:
    """The room does what it is asked, whatever became of the journal."""
    answer = await house.do("volume", {"level": level})
    assert (answer.status_code, answer.json()["result"]) == (200, "confirmed"), answer.text
    assert house.sims["codec"].volume == level


def told(caplog: pytest.LogCaptureFixture, logger: str) -> list[str]:
    """What an administrator reads in the log at its usual level."""
    return [r.getMessage() for r in caplog.records if r.name.startswith(logger) and r.levelno >= logging.WARNING]


async def journal_says(house: Rig, words: str) -> None:
    """Wait until /readyz tells of the journal's trouble."""
    async with asyncio.timeout(10):
        while words not in (ready := (await house.client.get("/readyz")).json())["journal"]:
            await house.running.house.journal.flushed()
            assert ready["ready"] is not None


async def test_a_full_disk_stops_the_journal_and_nothing_else(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        journal = house.running.house.journal
        await journal.flushed()
        thread, file = journal._thread, journal._file
        assert thread is not None and file is not None
        caplog.clear()
        await thread.do(lambda: file._db.execute("PRAGMA max_page_count = 1"))  # what SQLite does when the disk is full
        for level in range(30, 60):
            await works(house, level)
        await journal_says(house, "the disk is full")
        (line,) = told(caplog, "roomgate.journal")
        assert "journal.sqlite cannot be written: the disk is full" in line and "the rooms work on" in line
        why = (await house.client.get("/api/v1/rooms/demo/why/volume")).json()
        assert why["now"]["value"] == 59 and "token:tester" in why["words"]  # from memory
        await thread.do(lambda: file._db.execute("PRAGMA max_page_count = 1000000"))
        await journal.flushed()
        await journal_says(house, "ok")


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        yield
        db.execute("ROLLBACK")


async def test_a_locked_journal_catches_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        await house.running.house.journal.flushed()
        caplog.clear()
        with locked(tmp_path / "data" / "journal.sqlite"):
            await works(house, 31)
            await journal_says(house, "another program holds it locked")
            await works(house, 32)
        assert len(told(caplog, "roomgate.journal")) == 1
        await house.running.house.journal.flushed()
        await journal_says(house, "ok")


async def test_a_corrupt_journal_is_put_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / "journal.sqlite").write_bytes(b"SQLite format 3\x00" + os.urandom(8192))
    async with rig(tmp_path) as house:
        await house.online()
        await works(house, 31)
        await house.running.house.journal.flushed()
        assert (await house.client.get("/readyz")).json()["journal"] == "ok"
        (line,) = told(caplog, "roomgate.journal")
        assert "journal.sqlite" in line
        assert len(list(data.glob("journal.sqlite*"))) >= 2  # the damaged one is kept for whoever wants to look


async def test_a_port_in_use_and_a_second_gateway(tmp_path: Path) -> None:
    drivers = load_drivers()
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(StartError, match=f"port {port} on 127.0.0.1 is in use by another program"):
            async with gateway(EMPTY, drivers, tmp_path / "data", ServerSpec(port=port)):
                pass
    async with gateway(EMPTY, drivers, tmp_path / "data", ANY):
        with pytest.raises(FolderError, match=r"another gateway \(process \d+\) is already using"):
            async with gateway(EMPTY, drivers, tmp_path / "data", ANY):
                pass
    async with gateway(EMPTY, drivers, tmp_path / "data", ANY) as running:  # and then it is free again
        assert running.url


async def test_a_missing_serial_port_is_one_devices_trouble(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "room.toml").write_text(
        '[parts]\nscreen.left = "motors/1"\n\n'
        '[devices.motors]\ndriver = "draper"\nlink = "serial:///dev/roomgate-none"\n'
    )
    site = profile.read(tmp_path, load_drivers()).site
    async with gateway(site, load_drivers(), tmp_path / "data", ANY) as running:
        room = running.house.rooms["room"]
        mailbox = room.listen()
        motors = running.house.devices["room/motors"]
        async with asyncio.timeout(5):
            while motors.reason is None:
                await mailbox.wait()
        room.unlisten(mailbox)
        assert motors.reason == "unreachable" and "/dev/roomgate-none" in motors.words
    (line,) = told(caplog, "roomgate.device")
    assert line.startswith("motors is offline: unreachable (") and "/dev/roomgate-none" in line


def test_tokens_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    for content in ("{", '{"version": 9}', '{"version": 1, "tokens": [{"name": "x"}]}'):
        (data / "tokens.json").write_text(content)
        (data / "tokens.json").chmod(0o600)

        async def start() -> None:
            async with gateway(EMPTY, load_drivers(), data, ANY):
                pass

        with pytest.raises(FolderError, match=r"tokens\.json cannot be read: .*restore the file, or remove it"):
            asyncio.run(start())


def roomgate(*arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gateway", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, **more)


async def test_a_data_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    open_to_all = tmp_path / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    for data, words in (
        (tmp_path / "file", "is not a folder"),
        (tmp_path / "file" / "below", "cannot be used: .*--data"),
        (Path("/proc/roomgate"), "cannot be used: .*--data"),  # not even root can write there
        (open_to_all, "chmod 700"),
    ):
        with pytest.raises(FolderError, match=words):
            async with gateway(EMPTY, load_drivers(), data, ANY):
                pass
    (tmp_path / "room.toml").write_text('name = "Room"\n')
    ended = roomgate("serve", str(tmp_path), "--port", "0", "--data", "/proc/roomgate")
    assert ended.returncode == 1 and ended.stderr.startswith("roomgate: the data folder /proc/roomgate cannot be used")
    assert ended.stderr.count("\n") == 1


def test_output_that_cannot_be_written_is_no_traceback(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    with full.open("w") as nowhere:
        command = [sys.executable, "-m", "gateway", "drivers", "--json"]
        ended = subprocess.run(command, stdout=nowhere, stderr=subprocess.PIPE, text=True, timeout=30, check=False)
    assert ended.returncode != 0 and "No space left" in ended.stderr and "Traceback" not in ended.stderr


async def test_a_broken_room_does_not_keep_the_good_one_from_running(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "bad.toml").write_text("[parts]\nvolume = 5\n")
    (site / "good.toml").write_text('name = "Good"\n')
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", "serve", str(site), "--port", "0", "--data", str(tmp_path / "data"),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None and process.stderr is not None
    async with asyncio.timeout(20):
        first = (await process.stdout.readline()).decode()
    process.terminate()
    _out, words = await process.communicate()
    assert process.returncode == 0 and "serves good at http://127.0.0.1:" in first
    assert "bad.toml: [parts] volume: found 5" in words.decode()
    assert "running the rooms without mistakes: good" in words.decode()
