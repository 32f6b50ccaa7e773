"""The OpenAPI page: valid, complete, and every example in it answers on the room that is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from openapi_spec_validator import validate

from gateway.api.openapi import describe
from gateway.commands import COMMANDS
from gateway.model import KINDS
from tests.api.support import ROOM, Rig, rig

WHOLE = ROOM.replace(
    'relay.door = "relays/1:3"',
    """relay.door = "relays/1:3"
outlet.rack = "pdu/1"
shade.window = "bond/1\"""",
).replace(
    "[volume]",
    """[devices.pdu]
driver = "apc_pdu"
link = "snmp://127.0.0.1"

[devices.bond]
driver = "bond"
link = "http://127.0.0.1"
token = { env = "TEST_BOND_TOKEN" }
bpup_port = 0

[phones]
qr = true

[volume]""",
    1,
)


def filled(path: str, item: dict[str, Any]) -> str:
    """A path with its parameters' examples."""
    examples = {parameter["name"]: parameter["example"] for parameter in item.get("parameters", ())}
    return re.sub(r"\{(\w+)\}", lambda found: examples[found[1]], path)


async def answers(house: Rig, document: dict[str, Any]) -> dict[str, int]:
    """The status of every operation with its own example; commands are not waited for."""
    found: dict[str, int] = {}
    for path, item in document["paths"].items():
        where = filled(path, item)
        if "get" in item and not path.endswith(("/ws", "/flat")) and "{id}" not in path:
            found[f"GET {where}"] = (await house.client.get(where)).status_code
        if "post" in item:
            body = item["post"].get("requestBody", {}).get("content", {}).get("application/json", {}).get("example", {})
            answer = await house.client.post(f"{where}?wait=0", json=body)
            found[f"POST {where} {body}"] = answer.status_code
    return found


def test_it_is_valid() -> None:
    validate(describe({}))  # the document of a site without a room has every path too


async def test_its_examples_work(tmp_path: Path) -> None:
    async with rig(tmp_path, WHOLE) as house:
        document = (await house.client.get("/openapi.json", headers={"authorization": ""})).json()
        await house.online()
        told = await answers(house, document)
        played = {part.kind.name for part in house.room.parts.values()}
        for kind in set(KINDS) - played:  # what this room has not got cannot be read
            path = kind if KINDS[kind].single else f"{KINDS[kind].plural}/main"
            assert told.pop(f"GET /api/v1/rooms/demo/{path}") == 404
        (adopt,) = (what for what in told if "/adopt " in what)
        assert told.pop(adopt) == 404, "nobody waits here"
        (button,) = (what for what in told if what.endswith("/why") and "/meetings/" in what)
        assert told.pop(button) == 404, "no meetings here"
        wrong = {what: status for what, status in told.items() if status in (404, 405, 413, 422, 500)}
        assert not wrong, wrong
        asked = await house.do("volume?wait=0", {"level": 20})
        assert (await house.client.get(f"/api/v1/commands/{asked.json()['id']}")).status_code == 200


async def test_every_verb_has_its_place_in_it(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        document = (await house.client.get("/openapi.json")).json()
        posts = [item["post"] for item in document["paths"].values() if "post" in item]
        summaries = {post["summary"] for post in posts}
        assert {command.doc for command in COMMANDS.values() if command.public} <= summaries
        for post in posts:
            assert post["summary"] and post["responses"]


async def test_the_pages_need_no_token_and_load_nothing_from_elsewhere(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        for path in ("/docs", "/panel/demo"):
            page = await house.client.get(path, headers={"authorization": ""})
            assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
            assert "default-src 'self'" in page.headers["content-security-policy"]
            again = await house.client.get(path, headers={"if-none-match": page.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
        home = await house.client.get("/")
        assert home.headers["location"] == "/panel/demo"
