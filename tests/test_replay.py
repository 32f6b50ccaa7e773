"""Replay: a life recorded against any simulator, or from a running gateway, is lived again to the letter."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.remote import RemoteError, record
from gateway.commands import SendDtmf, SetVolume
from gateway.driver import (
    Actions,
    Feedback,
    Later,
    Offers,
    Ready,
    Request,
    Send,
    Settings,
    Taken,
    setting,
)
from gateway.model import Outcome, Result
from gateway.plugins import load_drivers
from gateway.recorder import header
from gateway.replay import TapeError, load, play
from gateway.tape import Tape, as_json
from tests import recording
from tests.api.support import rig
from tests.drivers.contract import Case
from tests.drivers.test_contract import LINKS
from tests.line import OFFERED, Talker, Watch, caught_up, line_device, running

# ---- exactness --------------------------------------------------------------------------------------------------


def lines_of(device: Any) -> list[dict[str, Any]]:
    """The device's tape as a file would hold it, after a trip through JSON."""
    first = header(device, device.name)
    lines = [first, *(as_json(entry) for entry, _ in device.tape.entries)]
    return [json.loads(json.dumps(line)) for line in lines]


@pytest.mark.parametrize(("case", "link"), LINKS)
async def test_a_life_against_the_simulator_is_lived_again_to_the_letter(case: Case, link: str, tmp_path: Path) -> None:
    path = tmp_path / "tape.jsonl"
    recording.write(path, await recording.life(case, link))
    replay = play(*load(path), load_drivers())
    assert replay.differences == [] and replay.inputs > 3
    assert replay.feedback or not case.hands  # a keypad presses and tells nothing


@dataclass(frozen=True)
class ExactSettings(Settings):
    password: str = setting("hush", "log-in", secret=True)


class Exact(Talker):
    """Everything that replay depends on: log-in, secrets, time to the last digit, timers, failures, side effects."""

    name = "exact"
    Settings = ExactSettings
    settings: ExactSettings

    def __init__(self, settings: Any = None, **more: Any) -> None:
        super().__init__(settings, **more)
        self.until = 0.0

    def opened(self) -> Actions:
        yield Send(f"login {self.settings.password}\n".encode(), tag="login")

    def command(self, request: Request) -> Actions:
        seconds = 0.1 + 0.2
        self.until = self.now + seconds
        yield Later(seconds, "until")
        text = f"dtmf {request.command.digits}" if isinstance(request.command, SendDtmf) else "volume"
        hide = (request.command.digits,) if isinstance(request.command, SendDtmf) else ()
        yield Send(f"{text}\n".encode(), tag=request, hide=hide)

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        if tag == "login":
            yield Feedback(name=data.decode())
            yield Offers("", OFFERED)
            yield Ready()
        elif isinstance(tag, Request):
            yield Taken(tag)
            yield Feedback(name=data.decode())
        else:
            yield from super().received(data, tag, link)

    def failed(self, tag: Hashable, reason: str) -> Actions:
        yield Feedback(name=f"{tag} {reason}" if isinstance(tag, str) else reason)

    def due(self, name: str) -> Actions:
        yield Feedback(volume=int(self.now >= self.until))


async def test_time_log_in_echo_silence_and_secrets_replay(tmp_path: Path) -> None:
    clock = Watch()
    async with line_device() as far:
        far.firmware = lambda line: f"you said {line}"
        tape = Tape(secrets=["hush"])
        async with running(Exact, far.link, clock=clock, tape=tape) as (device, watcher):
            for _ in range(20):
                clock.advance(0.123456789)
                device.submit(SetVolume(3))
                clock.advance(0.3)
            assert (await device.submit(SendDtmf("12#")).ended(5)) == Outcome(
                Result.ASSUMED, "acknowledged; nothing could show it"
            )
            far.mute()
            device.submit(SetVolume(4))
            clock.advance(3)
            await caught_up(far, device, watcher)
        text = "\n".join(json.dumps(line) for line in lines_of(device))
        assert "hush" not in text and "12#" not in text and "you said login ***" in text
        replay = play(*_split(text), {"exact": Exact})
        assert replay.differences == []
        assert all(told.points["volume"] == 1 for _, told in replay.feedback if "volume" in told.points)


def _split(text: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    first, *rest = [json.loads(line) for line in text.splitlines()]
    return first, rest


async def test_a_driver_that_changed_its_mind_is_told_line_by_line() -> None:
    class Changed(Talker):
        def words(self, command: Any, unit: str) -> str:
            return f"VOL {command.level}"

    async with line_device() as far, running(Talker, far.link) as (device, watcher):
        device.submit(SetVolume(40))
        await caught_up(far, device, watcher, "volume 40")
    first, *rest = lines_of(device)
    assert play(first, rest, {"talker": Talker}).differences == []
    (difference,) = play(first, rest, {"talker": Changed}).differences
    assert "VOL 40" in difference and "volume 40" in difference and "command" in difference


async def test_a_crash_is_lived_again_too() -> None:
    class Crashing(Talker):
        def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
            yield from super().received(data, tag, link)
            if data == b"! crash":
                yield Feedback(volume=1 // 0)

    class Wrong(Talker):
        def command(self, request: Request) -> Actions:
            yield Feedback(volume=1000)

    async with line_device() as far:
        async with running(Crashing, far.link) as (device, watcher):
            far.say("! crash")
            await watcher.until(lambda: not device.online)
        first, *rest = lines_of(device)
        assert play(first, rest, {"talker": Crashing}).differences == []
        (difference,) = play(first, rest, {"talker": Talker}).differences
        assert "ZeroDivisionError" in difference and "now nothing" in difference
        async with running(Wrong, far.link) as (device, watcher):
            device.submit(SetVolume(1))
            await watcher.until(lambda: not device.online)
        first, *rest = lines_of(device)
        assert play(first, rest, {"talker": Wrong}).differences == []


async def test_several_lives_and_several_callers_on_one_tape() -> None:
    from tests.test_listening import LINK, Keypad, calling, there

    async with running(Keypad, LINK) as (device, watcher):
        async with calling(device, "door") as door, calling(device, "stage") as stage:
            await watcher.until(lambda: there(device, "door", "stage"))
            door.say("! door muted True")
            stage.say("! stage muted False")
            await watcher.until(
                lambda: "muted" in device.unit("door").points and "muted" in device.unit("stage").points
            )
        await watcher.until(lambda: there(device))
        async with calling(device, "door"):
            await watcher.until(lambda: there(device, "door"))
    first, *rest = lines_of(device)
    assert {line["line"] for line in rest} == {1, 2, 3}
    replay = play(first, rest, {"talker": Keypad})
    assert replay.differences == [] and len(replay.feedback) == 2


# ---- files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no tape of this version"),
        ("not json\n", "no tape"),
        ('{"tape": 9}\n', "no tape of this version"),
        ('{"tape": 1, "driver": "unheard of"}\n', "no driver 'unheard of'"),
        ('{"tape": 1, "driver": "pjlink"}\n{"in": "opened"}\n', "line 2"),
        ('{"tape": 1, "driver": "pjlink"}\n{"t": 0, "in": "opened", "with": [{"odd": 1}]}\n', "line 2"),
        ('{"tape": 1, "driver": "pjlink"}\n{"t": 0, "in": "exploded", "with": []}\n', "exploded"),
        ('{"tape": 1, "driver": "pjlink"}\n[]\n', "line 2"),
        ('{"tape": 1, "driver": "pjlink"}\n{"t": 0, "in": "received", "with": ["x"]}\n', "line 2"),
    ],
)
def test_a_file_that_is_no_tape_is_refused_in_words(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TapeError, match=words):
        play(*load(path), load_drivers())


def test_replay_on_the_command_line(tmp_path: Path) -> None:
    tape = recording.TAPES / "global_cache.jsonl"
    command = [sys.executable, "-m", "gateway", "replay"]
    good = subprocess.run([*command, str(tape)], capture_output=True, text=True, check=False)
    assert good.returncode == 0 and " 0 differences" in good.stdout and "closed=true" in good.stdout
    changed = tmp_path / "changed.jsonl"
    changed.write_text(tape.read_text(encoding="utf-8").replace("setstate,1:1,1", "setstate,1:1,7"), encoding="utf-8")
    bad = subprocess.run([*command, str(changed), "--quiet"], capture_output=True, text=True, check=False)
    assert bad.returncode == 1 and "differs: line" in bad.stdout and "setstate,1:1,7" in bad.stdout


@pytest.mark.parametrize("device", ["projector", "codec", "relays"])
async def test_recording_a_running_gateway(device: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`roomgate record --from-start` writes a whole life, secrets masked, that `roomgate replay` lives again."""
    path = tmp_path / "recorded.jsonl"
    async with rig(tmp_path) as room:
        await room.online()
        names = {"projector": "power", "codec": "volume", "relays": "relays/door"}
        bodies: dict[str, Any] = {"projector": {"on": True}, "codec": {"level": 33}, "relays": {"closed": True}}
        task = asyncio.create_task(record(f"demo/{device}", room.running.url, room.token, path, True, 2.5))
        await room.until(lambda: not room.running.house.devices[f"demo/{device}"].online)
        await room.online()
        part = {"projector": "displays/main/"}.get(device, "")
        await room.do(f"{part}{names[device]}", bodies[device])
        assert await task == 0
    replay = play(*load(path), load_drivers())
    assert replay.differences == [] and replay.feedback
    text = path.read_text(encoding="utf-8")
    assert "-secret" not in text and text.count('"in": "opened"') <= 2
    assert '"in": "command"' in text
    assert "entries" in capsys.readouterr().err


async def test_recording_says_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROOMGATE_TOKEN", raising=False)
    with pytest.raises(RemoteError, match="token is needed"):
        await record("demo/codec", "http://127.0.0.1:9", None, None, False, 1.0)
    with pytest.raises(RemoteError, match="cannot be reached"):
        await record("demo/codec", "http://127.0.0.1:9", "x", tmp_path / "x", False, 1.0)
    async with rig(tmp_path) as room:
        with pytest.raises(RemoteError, match="404"):
            await record("demo/toaster", room.running.url, room.token, tmp_path / "x", False, 1.0)
        with pytest.raises(RemoteError, match="401"):
            await record("demo/codec", room.running.url, "rg_wrong", tmp_path / "x", False, 1.0)
    assert not (tmp_path / "x").exists()
