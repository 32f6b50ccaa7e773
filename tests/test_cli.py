"""The command line as somebody new to it meets it: every command, run as a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shlex
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import simulators
from gateway.__main__ import main
from gateway.complaint import Complaint
from gateway.plugins import load_drivers

PROFILES = Path(__file__).parent.parent / "profiles"
COMMANDS = ("serve", "demo", "check", "drivers", "simulators", "simulate", "token", "record", "replay")


class Ended(Exception):
    """A process ended before it said what was waited for."""


@contextlib.asynccontextmanager
async def roomgate(*arguments: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A command at work; stopped as Ctrl-C does, unless it has ended by itself."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "gateway",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        async with asyncio.timeout(10):
            await process.communicate()


async def says(process: asyncio.subprocess.Process, wanted: str, within: float = 20.0) -> list[str]:
    """The lines up to the one that matches."""
    assert process.stdout is not None and process.stderr is not None
    lines: list[str] = []
    async with asyncio.timeout(within):
        while line := (await process.stdout.readline()).decode():
            lines.append(line.rstrip("\n"))
            if re.search(wanted, line):
                return lines
    raise Ended("\n".join(lines) + (await process.stderr.read()).decode())


async def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command that ends by itself."""
    async with asyncio.timeout(30), roomgate(*arguments, **environment) as process:
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


def here(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """The same in this process, where nothing is served: quicker."""
    code = main(list(arguments))
    return code, capsys.readouterr().out


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], *([command] for command in COMMANDS), ["token", "create"]):
        with pytest.raises(SystemExit) as ended:
            main([*words, "--help"])
        told = capsys.readouterr().out
        assert ended.value.code == 0 and told.startswith("usage: roomgate")
        assert set(COMMANDS) <= set(re.findall(r"\w+", told)) or words
    with pytest.raises(SystemExit) as ended:
        main(["dance"])
    assert ended.value.code == 2 and "invalid choice: 'dance'" in capsys.readouterr().err


def test_drivers_and_simulators_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    code, told = here(capsys, "drivers", "--json")
    drivers = {driver["driver"]: driver for driver in json.loads(told)}
    assert code == 0 and drivers.keys() == load_drivers().keys() and drivers["pjlink"]["settings"]["password"]["secret"]
    code, told = here(capsys, "drivers", "pjlink")
    assert code == 0 and "tcp:// (port 4352)" in told and "setting   poll (float, default" in told
    assert json.loads(here(capsys, "drivers", "pjlink", "--json")[1])["driver"] == "pjlink"
    assert here(capsys, "drivers")[1].count("\n") == len(drivers)
    assert here(capsys, "drivers", "--table")[1].count("\n| `") == len(drivers)
    assert main(["drivers", "pjlik"]) == 1 and "did you mean 'pjlink'?" in capsys.readouterr().err
    listed = json.loads(here(capsys, "simulators", "--json")[1])
    assert [held["simulator"] for held in listed] == list(simulators.names()) and all(held["links"] for held in listed)
    assert here(capsys, "simulators")[1].count("\n") == len(listed)


def test_the_shipped_profiles_have_no_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    code, told = here(capsys, "check", str(PROFILES))
    assert code == 0 and told == "0 mistakes, 0 warnings; rooms that can run: boardroom, demo, huddle, lecture-hall\n"


def test_check_tells_people_and_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "room.toml").write_text("nmae = 1\ncolour = 2\n")
    (tmp_path / "good.toml").write_text('name = "Good"\n')
    code, told = here(capsys, "check", str(tmp_path))
    assert code == 1 and "room.toml: nmae: unknown key; did you mean 'name'?" in told
    assert told.endswith("2 mistakes, 0 warnings; rooms that can run: good\n")
    code, told = here(capsys, "check", str(tmp_path), "--json")
    found = json.loads(told)
    assert code == 1 and found["rooms"] == ["good"] and len(found["complaints"]) == 2
    assert found["complaints"][0].keys() == Complaint.__dataclass_fields__.keys()
    assert here(capsys, "check", str(tmp_path / "good.toml"))[0] == 0
    assert here(capsys, "check", str(tmp_path / "none"))[0] == 1


async def test_one_simulator_with_hands_and_faults() -> None:
    arguments = ("simulate", "pjlink", "--link", "tcp://127.0.0.1:0", "--set", "password=hush", "--hands", "0")
    async with roomgate(*arguments, "--speed", "100") as process, httpx.AsyncClient(trust_env=False) as client:
        first = json.loads((await says(process, "{"))[0])
        assert first["simulator"] == "pjlink" and re.fullmatch(r"tcp://127\.0\.0\.1:[1-9]\d*", first["link"])
        assert (await client.post(f"{first['hands']}/hands/press_power")).status_code == 200
        memory = (await client.get(first["hands"])).json()
        assert "warming" in json.dumps(memory) or '"on"' in json.dumps(memory)
        assert "hush" not in json.dumps(memory)
        for fault in ("silent", "chop", "slow?ms=20", "garbage", "drop", "refuse_login"):
            assert (await client.post(f"{first['hands']}/faults/{fault}")).status_code == 200, fault
        assert (await client.post(f"{first['hands']}/hands/dance")).status_code == 404
    assert process.returncode == 0
    code, out, err = await run("simulate", "pjlnk")
    assert (code, out) == (1, "") and err.startswith("roomgate: ") and "pjlink" in err
    code, out, err = await run("simulate", "pjlink", "--set", "pasword=x")
    assert code == 1 and "password" in err and "Traceback" not in err


@pytest.mark.parametrize("name", sorted(path.stem for path in PROFILES.glob("*.toml") if path.stem != "site"))
async def test_a_whole_room_of_simulators(name: str) -> None:
    async with roomgate("simulate", "--profile", str(PROFILES / f"{name}.toml"), "--hands") as process:
        told = json.loads((await says(process, "{"))[0])
        assert told["profile"] == name and "skipped" not in told and told["devices"]
        assert all({"simulator", "link", "hands"} <= device.keys() for device in told["devices"].values())
    assert process.returncode == 0


@pytest.mark.alone
async def test_a_site_with_simulated_devices_is_served_and_recorded_and_replayed(tmp_path: Path) -> None:
    site, data, tape = tmp_path / "site", str(tmp_path / "data"), tmp_path / "codec.jsonl"
    site.mkdir()
    (site / "site.toml").write_text(
        '[devices.pdu]\ndriver = "apc_pdu"\nlink = "snmp://10.0.0.5"\nsimulate = true\n[server]\nport = 0\n'
    )
    (site / "room.toml").write_text(
        '[devices.codec]\ndriver = "cisco_roomos"\nlink = "ws://10.0.0.1"\nusername = "x"\nsimulate = true\n'
        'password = { env = "ROOMGATE_TEST_UNSET" }\n'
        '[devices.real]\ndriver = "pjlink"\nlink = "tcp://10.0.0.2"\npassword = { env = "ROOMGATE_TEST_REAL" }\n'
        '[parts]\nvolume = "codec"\noutlet.rack = "pdu/1"\ndisplay.main = "real"\n'
    )
    code, token, _err = await run("token", "create", "me", "--role", "admin", "--data", data)
    assert code == 0
    async with roomgate("serve", str(site), "--data", data) as process:
        line = (await says(process, "serves room at"))[-1]
        url = re.search(r"http://\S+", line)
        assert url is not None and "no token exists" not in line
        headers = {"authorization": f"Bearer {token.strip()}"}
        async with httpx.AsyncClient(base_url=url[0], headers=headers, trust_env=False) as client:
            async with asyncio.timeout(15):
                while (ready := await client.get("/readyz")).status_code != 200:
                    pass
            state: dict[str, Any] = ready.json()["state"]
            assert state["room/codec"]["online"] and state["pdu"]["online"], state
            assert state["room/real"]["words"].endswith("the environment has no ROOMGATE_TEST_REAL")  # never invented
            words = (
                "record",
                "room/codec",
                "--url",
                url[0],
                "--token",
                token.strip(),
                "--out",
                str(tape),
                "--from-start",
            )
            async with roomgate(*words) as recording, asyncio.timeout(15):
                while not tape.exists() or '"opened"' not in tape.read_text():
                    await client.get("/readyz")
                while (await client.post("/api/v1/rooms/room/volume", json={"level": 23})).status_code != 200:
                    await client.get("/readyz")  # it is not back yet
                while ": 23" not in tape.read_text():
                    await client.get("/readyz")
            assert recording.returncode == 0  # ended by Ctrl-C
        wrong = await run("record", "room/none", "--url", url[0], "--token", token.strip())
        assert wrong[0] == 1 and "there is no device 'room/none'" in wrong[2]
    assert process.returncode == 0
    code, told, err = await run("replay", str(tape))
    assert code == 0 and told.endswith(" 0 differences\n") and "volume=23" in told, (told, err)
    assert (await run("replay", str(site / "room.toml")))[0] == 1
    nobody = await run("record", "x", "--url", url[0], "--token", "t")
    assert nobody[0] == 1 and "cannot be reached" in nobody[2]


def left_over(folder: Path, *files: str) -> list[str]:
    """Files that are still there, and processes whose command line names the folder."""
    found = [file for file in files if os.path.lexists(file)]
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if str(folder) in line:
                found.append(line)
    return found


async def test_the_demo_does_what_it_says_and_leaves_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    profile = tmp_path / "demo.toml"  # a copy, so that its simulators can be told from others'
    profile.write_text((PROFILES / "demo.toml").read_text())
    async with roomgate("demo", "--port", "0", "--profile", str(profile), XDG_STATE_HOME=str(state)) as process:
        lines = await says(process, "Ctrl-C ends it")
        told = "\n".join(lines)
        ready = re.search(r"ready after (\d+\.\d) s", told)
        assert ready is not None and "not everything came online" not in told, told
        token = re.search(r"Token +(rg_\S+)", told)
        panel = re.search(r"Panel +(http\S+)", told)
        assert token is not None and panel is not None
        assert re.search(r"Deck +http\S+/deck/demo/deck#token=rg_", told) and re.search(r"Admin +http\S+/admin ", told)
        assert (state / "roomgate" / "demo" / "token").read_text().strip() == token[1]
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            curls = [shlex.split(line) for line in lines if line.strip().startswith("curl")]
            assert len(curls) == 4
            for words in curls:
                url = next(word for word in words if word.startswith("http"))
                body = words[words.index("-d") + 1] if "-d" in words else ""
                header = words[words.index("-H") + 1].replace("$TOKEN", token[1]) if "-H" in words else ": "
                method = "POST" if "-X" in words else "GET"
                name, _, text = header.partition(": ")
                answer = await client.request(method, url, content=body, headers={name: text} if name else {})
                assert answer.status_code in (200, 202), (words, answer.text)
            assert (await client.get(panel[1])).status_code == 200
        async with roomgate("demo", "--port", "0", "--profile", str(profile), XDG_STATE_HOME=str(state)) as another:
            await says(another, "Ctrl-C ends it")  # two at once do not harm each other
        assert another.returncode == 0 and (state / "roomgate" / "demo" / "token").exists()
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(8):
            await process.wait()
    assert process.returncode == 0
    assert not state.exists() or not any(state.rglob("*"))
    (serial,) = re.findall(r"serial://(/\S+)", told)
    assert not left_over(tmp_path, serial)


async def test_the_demo_stops_at_any_moment_and_spares_what_is_not_its_own(tmp_path: Path) -> None:
    profile = tmp_path / "demo.toml"
    profile.write_text((PROFILES / "demo.toml").read_text())
    async with roomgate("demo", "--port", "0", "--profile", str(profile), "--data", str(tmp_path / "d")) as process:
        await says(process, "online")  # the first device is there, the others are not
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(8):
            await process.wait()
    assert process.returncode == 0 and not left_over(tmp_path) and not (tmp_path / "d").exists()
    mine = tmp_path / "mine"
    mine.mkdir(mode=0o700)
    (mine / "tokens.json").write_text("precious")
    code, _out, err = await run("demo", "--port", "0", "--profile", str(profile), "--data", str(mine))
    assert code == 1 and "holds something else" in err and (mine / "tokens.json").read_text() == "precious"
