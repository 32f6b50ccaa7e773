"""Every invitation of the corpus, each with what it must give and where its form is documented: all right, exactly."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from gateway.joinlink import Invitation, find
from gateway.joinlink.reading import read
from gateway.profile.joinrules import KINDS, Rule

CORPUS = Path(__file__).parent.parent / "data" / "invitations"
CASES = [
    pytest.param(case, id=case["name"])
    for file in sorted(CORPUS.glob("*.toml"))
    for case in tomllib.loads(file.read_text(encoding="utf-8"))["case"]
]


def invitation(case: dict[str, Any]) -> Invitation:
    if "file" in case:
        return read((CORPUS / case["file"]).read_bytes(), case["file"])
    return Invitation(
        subject=case.get("subject", ""),
        location=case.get("location", ""),
        body=case.get("body", ""),
        body_type=case.get("body_type", "text"),
        online_meeting=case.get("online_meeting"),
    )


@pytest.mark.parametrize("case", CASES)
def test_invitation(case: dict[str, Any]) -> None:
    rules = [Rule.of(**rule) for rule in case.get("rules", ())]
    found = find(invitation(case), rules)
    assert [option.as_json() for option in found.options] == case["expect"]
    assert list(found.notes) == case.get("notes", [])
    if "dial_passcode" in case:
        assert found.options[0].dial_passcode == case["dial_passcode"]


def test_the_corpus_is_broad() -> None:
    cases = [param.values[0] for param in CASES]
    assert len(cases) >= 110 and len({case["name"] for case in cases}) == len(cases)
    assert all(case["source"].strip() for case in cases)
    assert {option["kind"] for case in cases for option in case["expect"]} == set(KINDS)
    spoken = {case.get("language", "en") for case in cases}
    assert spoken == {"en", "de", "fr", "es", "pt", "ja", "ko", "sv", "fi"}
