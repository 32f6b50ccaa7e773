"""docs/api.md is true: its curl lines answer as it says, and its messages are those of the socket."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from gateway.auth import ROLES
from gateway.model import Reason
from tests.api.support import Rig, rig

PAGE = Path(__file__).parent.parent.parent / "docs" / "api.md"
TEXT = PAGE.read_text(encoding="utf-8")
HTTP, _, SOCKET = TEXT.partition("## WebSocket")


def blocks(text: str) -> Iterator[tuple[str, str]]:
    yield from re.findall(r"```(sh|json)\n(.*?)```", text, re.S)


async def curl(house: Rig, line: str) -> httpx.Response:
    """Do what one line of curl says."""
    words = shlex.split(line, comments=True)
    assert words.pop(0) == "curl"
    where, method, body = "", "GET", ""
    while words:
        match words.pop(0):
            case "-H":
                assert words.pop(0) == "$AUTH"
            case "-X":
                method = words.pop(0)
            case "-d":
                body = words.pop(0)
            case url:
                where = url.replace("$ROOM", "/api/v1/rooms/demo").replace("$URL", "/api/v1")
    return await house.client.request(method, where, content=body)


def alike(said: Any, real: Any, where: str) -> None:
    """What the page says has the keys of what is, all the way down; its values only stand for others."""
    if isinstance(said, dict) and isinstance(real, dict):
        assert said.keys() <= real.keys(), f"{where}: {said.keys() - real.keys()} is not there"
        for key in said:
            alike(said[key], real[key], f"{where}.{key}")


async def test_the_curl_lines_answer_as_the_page_says(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        last: httpx.Response | None = None
        seen = 0
        for kind, block in blocks(HTTP):
            if kind == "json":
                assert last is not None
                said, real = json.loads(block), last.json()
                assert said.keys() == real.keys(), block
                alike(said, real, block)
                assert said.get("result") == real.get("result") and said.get("status") == real.get("status")
                continue
            for line in block.strip().splitlines():
                if line.startswith("export"):
                    continue
                last = await curl(house, line)
                wanted = [int(line.rpartition("# ")[2])] if "# " in line else [200, 202]
                assert last.status_code in wanted, (line, last.text)
                seen += 1
                if "/why/" in line:
                    await house.running.house.journal.flushed()
                    last = await curl(house, line)
        assert seen > 15


async def test_the_messages_are_those_of_the_socket(tmp_path: Path) -> None:
    said = [json.loads(block) for kind, block in blocks(SOCKET) if kind == "json"]
    asked = [message for message in said if "do" in message or message.get("type") == "ping"]
    told = {message["type"]: message for message in said if message not in asked}
    async with rig(tmp_path) as house, house.socket() as ears:
        first = await ears.kind("state")
        assert first["state"]["room"] == "demo"
        await house.online()
        for message in asked:
            await ears.connection.send(json.dumps(message))
            await ears.kind("answer" if "do" in message else "pong", message["ref"])
        await ears.say(do="dance", ref=3)
        await ears.kind("problem", 3)
        house.sims["codec"].incoming_call()
        await ears.hear(lambda message: message.get("event") == "incoming call")
        house.sims["codec"].faults.unreachable = True
        await ears.hear(lambda message: message["type"] == "device" and not message["online"])
        real = {message["type"]: message for message in ears.heard}
        assert told.keys() == real.keys()
        for kind, message in told.items():
            assert {*message} - {"words"} == {*real[kind]} - {"words"}, kind
            alike({key: value for key, value in message.items() if key != "state"}, real[kind], kind)
        alike(
            told["state"]["state"], json.loads(json.dumps((await house.client.get("/api/v1/rooms/demo")).json())), "s"
        )


def test_the_tables_name_everything() -> None:
    assert all(f"| `{role}` |" in TEXT for role in ROLES)
    reasons = " ".join(TEXT.split()).partition("The reasons of `offline` are: ")[2].partition(".")[0]
    assert set(reasons.split(", ")) == {reason.value for reason in Reason}
