"""Who may do what: roles, rooms, guessing, and tokens that another process makes and revokes."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from gateway.folder import FolderError
from gateway.plugins import load_drivers
from gateway.serve import StartError, gateway, is_loopback
from gateway.spec import ServerSpec, SiteSpec
from tests.api.support import rig


async def test_roles_and_rooms(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        asks = {
            "read": "rooms/demo",
            "history": "rooms/demo/history",
            "why": "rooms/demo/why/volume",
            "admin": "devices",
            "tape": "devices/demo/codec/tape",
        }
        may = {"viewer": {"read"}, "panel": {"read"}, "operator": {"read", "history", "why"}, "admin": set(asks)}
        for role, able in may.items():
            headers = house.as_(role)
            for what, path in asks.items():
                answer = await house.client.get(f"/api/v1/{path}", headers=headers)
                assert answer.status_code == (200 if what in able else 403), (role, what)
            done = await house.do("volume", {"level": 9}, headers=headers)
            assert done.status_code == (403 if role == "viewer" else 200), role
        other = house.as_("operator", "attic")
        for path in ("rooms/demo", "rooms/demo/history"):
            assert (await house.client.get(f"/api/v1/{path}", headers=other)).status_code == 403
        assert (await house.do("volume", {"level": 9}, headers=other)).status_code == 403
        assert (await house.client.get("/api/v1/rooms", headers=other)).json() == {"rooms": []}
        command = (await house.do("volume", {"level": 10})).json()["id"]
        assert (await house.client.get(f"/api/v1/commands/{command}", headers=other)).status_code == 404
        assert (await house.client.get("/readyz", headers=other)).json()["state"] == {}
        restarted = await house.client.post("/api/v1/devices/demo/codec/restart", headers=house.as_("operator"))
        assert restarted.status_code == 403


async def test_guessing_is_slowed_and_a_good_token_is_not(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        statuses = []
        for number in range(12):
            answer = await house.client.get("/api/v1/rooms", headers={"authorization": f"Bearer rg_guess{number}"})
            statuses.append(answer.status_code)
        assert statuses == [401] * 10 + [429] * 2
        assert 1 <= int(answer.headers["retry-after"]) <= 11 and answer.json()["status"] == 429
        blocked = await house.do("volume", {"level": 1}, headers={"authorization": "Bearer rg_guess"})
        assert blocked.status_code == 429 and blocked.headers["retry-after"]
        assert (await house.client.get("/api/v1/rooms")).status_code == 200
        none = await house.client.get("/api/v1/rooms", headers={"authorization": ""})
        assert none.status_code == 401 and none.headers["www-authenticate"] == "Bearer"


def roomgate(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments], capture_output=True, text=True, timeout=30, check=False
    )


async def test_tokens_of_another_process_count_within_a_second(tmp_path: Path) -> None:
    async with rig(tmp_path) as house:
        await house.online()
        data = ("--data", str(tmp_path / "data"))
        made = await asyncio.to_thread(roomgate, "token", "create", "kitchen", "--role", "panel", *data)
        text = made.stdout.strip()
        assert made.returncode == 0 and text.startswith("rg_") and "only time" in made.stderr
        listed = await asyncio.to_thread(roomgate, "token", "list", *data)
        assert "kitchen" in listed.stdout and "panel" in listed.stdout and text not in listed.stdout
        headers = {"authorization": f"Bearer {text}"}

        async def status(wanted: int) -> None:
            async with asyncio.timeout(2.5):
                while (await house.client.get("/api/v1/rooms", headers=headers)).status_code != wanted:
                    await house.do("volume", {"level": 10})  # the room works on meanwhile

        await status(200)
        assert (await asyncio.to_thread(roomgate, "token", "revoke", "kitchen", *data)).returncode == 0
        await status(401)
        again = await asyncio.to_thread(roomgate, "token", "revoke", "kitchen", *data)
        assert again.returncode == 1 and "there is no token named kitchen" in again.stderr


async def test_beyond_loopback_there_is_tls_unless_the_words_are_said(tmp_path: Path) -> None:
    drivers = load_drivers()
    secure = ServerSpec(host="0.0.0.0", port=0)
    async with gateway(SiteSpec({}), drivers, tmp_path / "data", secure) as running:
        assert running.url.startswith("https://") and running.fingerprint
        port = running.url.rpartition(":")[2]
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        _reader, writer = await asyncio.open_connection("127.0.0.1", int(port), ssl=context)
        certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        digest = hashlib.sha256(certificate).hexdigest()
        assert digest in running.fingerprint.replace(":", "").lower()
        writer.close()
        await writer.wait_closed()
        with pytest.raises(httpx.HTTPError):
            await httpx.AsyncClient(trust_env=False).get(f"http://127.0.0.1:{port}/healthz")
    allowed = ServerSpec(host="0.0.0.0", port=0, plain_http=True)
    async with gateway(SiteSpec({}), drivers, tmp_path / "data", allowed) as running:
        assert running.url.startswith("http://") and not running.fingerprint
    assert is_loopback("127.0.0.1") and is_loopback("::1") and not is_loopback("10.0.0.1") and not is_loopback("")


async def test_a_certificate_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    broken = tmp_path / "cert.pem"
    broken.write_text("no certificate")
    for server in (
        ServerSpec(port=0, certificate=str(broken), key=str(broken)),
        ServerSpec(port=0, certificate="/none", key="/none"),
    ):
        with pytest.raises((StartError, FolderError), match="certificate"):
            async with gateway(SiteSpec({}), load_drivers(), tmp_path / "data", server):
                pass
