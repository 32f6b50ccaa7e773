"""What must never be written down, is not: passwords, tokens, tones. Every file is looked through."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.api.support import ROOM, rig

TONES = "73#19*46"


async def test_no_secret_is_in_journal_tape_log_or_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="roomgate")
    recorded = ROOM.replace('driver = "cisco_roomos"', 'driver = "cisco_roomos"\nrecord = true')
    texts: list[str] = []
    async with rig(tmp_path, recorded) as house:
        await house.online()
        codec = house.sims["codec"]
        refused = await house.do("calls/dtmf", {"digits": TONES})  # no call yet
        assert refused.status_code == 502
        texts.append(refused.text)
        codec.incoming_call()
        await house.until(lambda: house.room.readings("calls")["calls"].value)
        assert (await house.do("calls/answer")).status_code == 200
        await house.until(lambda: house.room.readings("calls")["calls"].value[0].state == "connected")
        sent = await house.do("calls/dtmf", {"digits": TONES})
        assert (sent.status_code, sent.json()["result"]) == (200, "assumed"), sent.text
        wrong = await house.do("calls/dtmf", {"digits": TONES + "x"})
        assert wrong.status_code == 422
        texts.append(wrong.text)
        await house.running.house.journal.flushed()
        history = await house.client.get("/api/v1/rooms/demo/history")
        assert '"digits":"***"' in history.text
        texts.append(history.text)
        for device in ("codec", "projector"):
            texts.append((await house.client.get(f"/api/v1/devices/demo/{device}/tape")).text)
        texts += [(await house.client.get("/api/v1/devices")).text, (await house.client.get("/api/v1/rooms/demo")).text]
        token = house.token
    hidden = (TONES, "codec-secret", "projector-secret", token)
    for text in (*texts, caplog.text):
        assert not [secret for secret in hidden if secret in text]
    files = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert {"journal.sqlite", "tokens.json"} <= {path.name for path in files}
    assert [path for path in files if path.parent.name == "tapes"], "the tape was recorded"
    for path in files:
        content = path.read_bytes()
        assert not [secret for secret in hidden if secret.encode() in content], path
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
