"""One press in a real browser joins each kind of meeting on each codec that can: the right command on the wire, and the
right reason where it cannot. docs/joining-table.md is made of what happened.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gateway.calendars.desk import Desk
from gateway.calendars.meeting import Meeting
from gateway.joinlink import Invitation
from gateway.tape import as_json
from tests.api.support import Rig, rig
from tests.panel.browser import Watched, chromium
from tests.panel.rooms import panel
from tests.scripted import ScriptCalendar

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
DOC = Path(__file__).parents[2] / "docs" / "joining-table.md"

TEAMS = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_abc%40thread.v2/0?context=%7b%22Tid%22%3a%22t%22%7d"
# Kind of meeting -> what its invitation says. The shapes: docs/joining.md and tests/data/invitations.
KINDS = {
    "Teams, no video address": f"Join: {TEAMS}",
    "Teams with CVI": f"Join: {TEAMS}\nJoin with a video conferencing device\n"
    "teams@cvi.example.com\nVideo ID: 112 345 678 9\n",
    "Zoom": "https://example.zoom.us/j/93412345678?pwd=abc\nMeeting ID: 934 1234 5678\nPasscode: 918273\n",
    "Webex": "https://example.webex.com/example/j.php?MTID=m1\nMeeting number: 2312 345 6789\n"
    "Join from a video system: 23123456789@example.webex.com\n",
    "Google Meet": "https://meet.google.com/abc-defg-hij\n",
    "SIP address": "Video: 76110735@sip.example.com\n",
    "H.323 address": "Video: 192.0.2.65##7615534\n",
    "Telephone with a code": "Audio: +1 678 653 7090,223344#\n",
    "No link": "Bring cake.\n",
}
# What stands in what is sent to the codec where it joins.
NEEDLES = {
    "Teams, no video address": ("teams.microsoft.com",),
    "Teams with CVI": ("teams.microsoft.com", "teams@cvi.example.com", "1123456789"),
    "Zoom": ("93412345678",),
    "Webex": ("23123456789",),
    "Google Meet": ("meet.google.com/abc-defg-hij", "abc-defg-hij"),
    "SIP address": ("76110735@sip.example.com",),
    "H.323 address": ("192.0.2.65##7615534",),
    "Telephone with a code": ("6786537090",),
}


@dataclass(frozen=True)
class Codec:
    """A codec family: its name for people, what its profile says, how its simulator is made."""

    title: str
    driver: str
    profile: str
    simulator: tuple[tuple[str, Any], ...] = ()


CODECS = (
    Codec(
        "Cisco RoomOS",
        "cisco_roomos",
        'link = "ws://127.0.0.1"\nusername = "roomgate"\npassword = { env = "TEST_CODEC_PASSWORD" }',
        (("speed", 20),),
    ),
    Codec(
        "Poly VideoOS",
        "poly_videoos",
        'link = "http://127.0.0.1"\npassword = { env = "TEST_CODEC_PASSWORD" }\npoll = 0.2\n'
        "quick = 0.05\ndialling = 0.01",
        (("password", "codec-secret"),),
    ),
    Codec(
        "Poly command line",
        "poly_cli",
        'link = "telnet://127.0.0.1"\npassword = { env = "TEST_CODEC_PASSWORD" }\ngap = 0.005',
        (("password", "codec-secret"),),
    ),
    Codec("Yealink VC", "yealink_vc", 'link = "tcp://127.0.0.1"\ngap = 0.005'),
    Codec(
        "Zoom Rooms",
        "zoom_rooms",
        'link = "ssh://127.0.0.1"\nusername = "zoom"\npassword = { env = "TEST_CODEC_PASSWORD" }\n'
        'trust = "any"\npoll = 0.5',
        (("username", "zoom"), ("password", "codec-secret")),
    ),
)


def profile(codec: Codec) -> str:
    return f"""name = "Test room"
[devices.codec]
driver = "{codec.driver}"
{codec.profile}
[parts]
calls = "codec"
[meetings]
calendar = "codec"
"""


async def column(browser: Browser, codec: Codec, folder: Path) -> dict[str, str]:
    """What came of every kind of meeting on a codec, in words for the table."""
    told: dict[str, str] = {}
    async with rig(folder, profile(codec), codec=dict(codec.simulator)) as house, panel(browser, house) as seen:
        office = house.running.house.office
        assert office is not None
        desk = office.desks["demo"]
        desk.keeper.calendar = calendar = ScriptCalendar()
        for kind, body in KINDS.items():
            told[kind] = await _pressed(house, seen, desk, calendar, kind, body)
    return told


async def _pressed(house: Rig, seen: Watched, desk: Desk, calendar: ScriptCalendar, kind: str, body: str) -> str:
    start = datetime.now(UTC) - timedelta(minutes=5)
    calendar.meetings = [Meeting(kind, start, start + timedelta(hours=1), Invitation(kind, "", body))]
    await desk.keeper.look()
    card = seen.page.locator("[data-card=meetings] .now")
    await card.locator("strong").filter(has_text=kind).wait_for()
    item = desk.showing.listed[0]
    if item.why is not None:
        assert await card.locator("[data-why]").inner_text() == item.why.words
        assert await card.get_by_role("button").count() == 0
        return item.why.words
    device = house.running.house.devices["demo/codec"]
    before = set(house.room.commands)
    await card.get_by_role("button", name=f"Join: {kind}").click()
    await house.until(lambda: bool(set(house.room.commands) - before))
    ticket = next(
        held
        for identity, (_, held) in house.room.commands.items()
        if identity not in before and held.command.verb == "join-meeting"
    )
    outcome = await ticket.ended(60)
    assert outcome is not None and outcome.good, f"{kind}: {outcome}"
    wire = " ".join(json.dumps(as_json(entry)) for entry, _ in device.tape.entries)  # as tapes are written
    assert any(needle in wire.replace("%23", "#").replace("%40", "@") for needle in NEEDLES[kind]), kind
    for secret in ("918273", "223344"):
        assert secret not in wire, f"{kind}: {wire[max(0, wire.index(secret) - 160) : wire.index(secret) + 60]}"
    assert "918273" not in await seen.page.content() and "223344" not in await seen.page.content()
    await house.client.post("/api/v1/rooms/demo/calls/hangup?wait=20", json={})
    await house.until(lambda: not desk.joiner.open_calls(), 20)
    return f"**{outcome.words}**"


def table(columns: dict[str, dict[str, str]]) -> str:
    """The page."""
    lines = [
        "# What each codec joins",
        "",
        "Made by `python -m tests.panel.test_joining_table` of what happens: one press on the panel in a browser, each",
        "codec simulated. **Bold** is what is joined and how; plain is the reason that the panel shows.",
        "",
        "| meeting | " + " | ".join(columns) + " |",
        "| --- |" + " --- |" * len(columns),
    ]
    lines += [f"| {kind} | " + " | ".join(told[kind] for told in columns.values()) + " |" for kind in KINDS]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.driver)
async def test_one_press_joins_or_says_why(browser: Browser, tmp_path: Path, codec: Codec) -> None:
    told = await column(browser, codec, tmp_path)
    rows = [line.split(" | ") for line in DOC.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    place = [title.strip("| ") for title in rows[0]].index(codec.title)
    documented = {
        row[0].strip("| "): row[place].removesuffix(" |") for row in rows[2 if rows[1][0] == "| ---" else 1 :]
    }
    assert told == {kind: documented[kind] for kind in KINDS}, "run `python -m tests.panel.test_joining_table`"


async def _main() -> None:
    columns: dict[str, dict[str, str]] = {}
    async with chromium() as browser:
        for codec in CODECS:
            with tempfile.TemporaryDirectory() as folder:
                columns[codec.title] = await column(browser, codec, Path(folder))
    DOC.write_text(table(columns), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(_main())
