"""Every tape under tests/tapes/ is lived again through its driver: a difference is a regression, or a stale tape."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gateway.plugins import load_drivers
from gateway.replay import load, play
from tests.drivers.test_contract import CASES
from tests.recording import TAPES, name_of, recorded

FILES = sorted(TAPES.glob("*.jsonl"))
SECRET = ("s3cret", "keep this to yourself")


def driver_of(path: Path) -> str:
    """The driver whose tape it is."""
    return str(load(path)[0]["driver"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_recorded_life_is_lived_again_without_a_difference(path: Path) -> None:
    replay = play(*load(path), load_drivers())
    shown = "\n".join(replay.differences[:5])
    assert not shown, f"if this is meant, remake it: python -m tests.recording {driver_of(path)}\n{shown}"
    assert replay.inputs and not replay.truncated
    assert replay.feedback or load_drivers()[driver_of(path)].surfaces  # a keypad has no points


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_tape_holds_no_secret_and_nothing_of_a_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    header = json.loads(text.partition("\n")[0])
    assert header["host"] in ("", "127.0.0.1") and "link" not in header
    assert not re.search("|".join(f"/{folder}/" for folder in ("dev", "tmp", "root")), text)
    assert not re.search("/home/(?!shades|scenes|rooms|gateways?)", text)  # those are PowerView's
    assert not any(secret in text for secret in SECRET)
    assert len(text) < 160 * 1024


def test_every_driver_has_its_tapes() -> None:
    missing = {name_of(case, link) for case in CASES for link in recorded(case)} - {file.name for file in FILES}
    assert not missing, f"python -m tests.recording makes {', '.join(sorted(missing))}"
