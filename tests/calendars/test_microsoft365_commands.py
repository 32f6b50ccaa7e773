"""`roomgate calendar sign-in` and `doctor` against the simulated Microsoft cloud, as an administrator meets them."""

from __future__ import annotations

import argparse
import asyncio
import datetime
import os
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.calendars import stripped
from gateway.calendars.meeting import Meeting
from gateway.cli import doctor, signin
from gateway.cli.calendars import CalendarError
from gateway.joinlink import Invitation
from gateway.plugins import load_drivers
from gateway.profile import site as profile
from tests.calendars.office import DAY, HOUR, ROOM, Office, office

TEAMS = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0?context=%7b%7d"
ROOM_TOML = '[meetings]\ncalendar = "office"\nmailbox = "{mailbox}"\n'


class Desk:
    """An office, its site's folder, and the commands of an administrator."""

    def __init__(self, house: Office, folder: Path) -> None:
        self.house, self.folder = house, folder
        self.data = folder / "data"

    def write(self, sign_in: str = "app", **more: str) -> None:
        """site.toml and two rooms."""
        cloud, ca = self.house.cloud, self.house.folder / "ca.pem"
        given = {"tenant": cloud.tenant, "client_id": cloud.client_id, "authority": cloud.address}
        given |= {"graph": f"{cloud.address}/v1.0", "ca_file": str(ca), "sign_in": sign_in, **more}
        lines = "\n".join(f'{name} = "{value}"' for name, value in given.items())
        secret = 'secret = { env = "OFFICE_SECRET" }' if sign_in == "app" and "certificate" not in more else ""
        site = self.folder / "site"
        site.mkdir(exist_ok=True)
        (site / "site.toml").write_text(f'[calendars.office]\nkind = "microsoft365"\n{lines}\n{secret}\n')
        (site / "board.toml").write_text(ROOM_TOML.format(mailbox=ROOM))
        (site / "attic.toml").write_text(ROOM_TOML.format(mailbox="attic@contoso.example"))

    async def sign_in(self, **more: Any) -> int:
        given = {"account": "", "again": False, "steps": False, "data": self.data, **more}
        return await signin.sign_in(*self.read(), argparse.Namespace(**given))

    async def doctor(self, room: str = "board") -> int:
        return await doctor.examine(*self.read(), room, self.data)

    def read(self) -> tuple[Any, list[str]]:
        reading = profile.read(self.folder / "site", load_drivers())
        return reading.site, [str(complaint) for complaint in reading.grave]


@asynccontextmanager
async def desk(folder: Path, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> AsyncIterator[Desk]:
    async with office(folder, **settings) as house:
        monkeypatch.setenv("OFFICE_SECRET", house.cloud.secret)
        house.cloud.add_room("attic@contoso.example")
        held = Desk(house, folder)
        held.write()
        yield held


def soon(hours: int) -> str:
    return (datetime.datetime.now(datetime.UTC) + hours * HOUR).isoformat()


async def test_an_app_is_proved_room_by_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with desk(tmp_path, monkeypatch) as held:
        cloud = held.house.cloud
        cloud.meet(ROOM, "Very secret plan", soon(2), url=TEAMS)
        cloud.meet(ROOM, "Another", soon(4), body="<p>Only words</p>")
        assert await held.sign_in() == 0
        said = capsys.readouterr().out
        assert "board                        read      2 meetings: 1 can be joined, 1 without text, 0 private" in said
        assert "attic                        read      no meetings" in said and "2 of 2 rooms can be read" in said
        assert "secret plan" not in said and cloud.secret not in said
        cloud.share("attic@contoso.example", "app", "none")
        assert await held.sign_in() == 1
        said = capsys.readouterr().out
        assert "attic                        NOT READ  NotAllowed: signed in, but not allowed at attic@" in said
        assert "1 of 2 rooms can be read" in said
        assert f"New-ServicePrincipal -AppId {cloud.client_id} -ObjectId OBJECT-ID" in said
        assert "-Role 'Application Calendars.Read' -CustomResourceScope 'RoomGate rooms'" in said
        assert (
            f"Test-ServicePrincipalAuthorization -Identity {cloud.client_id} -Resource 'attic@contoso.example'" in said
        )


async def test_a_user_is_walked_through_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with desk(tmp_path, monkeypatch, device_interval=0) as held:
        cloud = held.house.cloud
        held.write(sign_in="user")
        walking = asyncio.ensure_future(held.sign_in())
        await cloud.until(lambda: cloud.login.codes)
        (pending,) = cloud.login.codes.values()
        await cloud.until(lambda: len(held.house.asked("oauth2/v2.0/token")) >= 3)  # it waits for the person
        cloud.approve(pending.code)
        assert await walking == 0
        said = capsys.readouterr().out
        assert f"enter the code {pending.code}" in said and "2 of 2 rooms can be read" in said
        file = held.data / "calendars" / "office" / "token.json"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert await held.sign_in() == 0  # nothing to be done: no code
        assert "A sign-in is kept, and works" in capsys.readouterr().out and not cloud.login.codes


async def test_a_user_who_declines_gets_the_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with desk(tmp_path, monkeypatch, device_interval=0) as held:
        held.write(sign_in="user")
        walking = asyncio.ensure_future(held.sign_in())
        await held.house.cloud.until(lambda: held.house.cloud.login.codes)
        held.house.cloud.approve(declined=True)
        with pytest.raises(CalendarError, match="declined"):
            await walking
        assert f"Add-MailboxFolderPermission -Identity '{ROOM}:\\Calendar'" in capsys.readouterr().err


@pytest.mark.parametrize(("mode", "words"), [("app", "openssl req -x509"), ("user", "Allow public client flows: Yes")])
async def test_the_steps_alone_ask_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], mode: str, words: str
) -> None:
    async with desk(tmp_path, monkeypatch) as held:
        held.write(sign_in=mode)
        assert await held.sign_in(steps=True) == 0
        assert words in capsys.readouterr().out and not held.house.cloud.asked


async def test_mistakes_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk(tmp_path, monkeypatch) as held:
        with pytest.raises(CalendarError, match=r"no calendar 'ofice'.*did you mean 'office'"):
            await held.sign_in(account="ofice")
        with pytest.raises(CalendarError, match=r"no room 'bord'.*did you mean 'board'"):
            await held.doctor("bord")
        monkeypatch.delenv("OFFICE_SECRET")
        with pytest.raises(CalendarError, match="the environment has no OFFICE_SECRET"):
            await held.sign_in()


async def test_the_doctor_names_the_mailbox_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with desk(tmp_path, monkeypatch) as held:
        cloud = held.house.cloud
        cloud.mailboxes[ROOM].strips = True
        for hours in range(2, 7):
            cloud.meet(ROOM, "Plan", soon(hours), body=f"<p>{TEAMS}</p>")
        assert await held.doctor() == 1
        said = capsys.readouterr().out
        assert "5 of 5 meetings have no text" in said and "organiser's name as their subject" in said
        assert (
            f"Set-CalendarProcessing -Identity '{ROOM}' -DeleteComments $false -DeleteSubject $false "
            "-AddOrganizerToSubject $false -RemovePrivateProperty $false\n" in said
        )
        assert "0 of 5 meetings hold a way to join" in said
        cloud.mailboxes[ROOM].rows.clear()
        cloud.mailboxes[ROOM].strips = False
        for hours in range(2, 7):
            cloud.meet(ROOM, "Plan", soon(hours), body=f"<p>{TEAMS}</p>")
        assert await held.doctor() == 0
        said = capsys.readouterr().out
        assert "Set-CalendarProcessing" not in said and "5 of 5 meetings hold a way to join" in said


async def test_the_doctor_tells_the_sign_in_from_the_permission_and_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with desk(tmp_path, monkeypatch) as held:
        cloud = held.house.cloud
        cloud.share(ROOM, "app", "none")
        assert await held.doctor() == 1
        assert "no permission: signed in, but not allowed" in capsys.readouterr().out
        cloud.faults.refuse_login = True
        assert await held.doctor() == 1
        assert "sign-in lost: office: the client secret has expired" in capsys.readouterr().out
        cloud.faults.unreachable = True
        assert await held.doctor() == 1
        assert "network lost: office: the sign-in host localhost:" in capsys.readouterr().out


async def test_the_doctor_sees_a_token_that_others_can_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with desk(tmp_path, monkeypatch, device_interval=0) as held:
        held.write(sign_in="user")
        walking = asyncio.ensure_future(held.sign_in())
        await held.house.cloud.until(lambda: held.house.cloud.login.codes)
        held.house.cloud.approve()
        await walking
        (held.data / "calendars" / "office" / "token.json").chmod(0o644)
        assert await held.doctor() == 1
        assert "chmod 600" in capsys.readouterr().out


async def test_the_whole_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk(tmp_path, monkeypatch) as held:
        for words, code, wanted in (
            (["sign-in", "office"], 0, b"2 of 2 rooms can be read"),
            (["doctor", "board"], 0, b"signed in, and allowed"),
            (["doctor", "cellar"], 1, b"no room 'cellar'"),
        ):
            more = ["--site", str(tmp_path / "site"), "--data", str(held.data)]
            running = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "gateway", "calendar", *words, *more),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env={**os.environ},
            )
            said, _ = await running.communicate()
            assert running.returncode == code and wanted in said, said.decode()


def meeting(subject: str = "Plan", body: str = "text", organizer: str = "Alice Example", **more: Any) -> Meeting:
    start = datetime.datetime(2026, 3, 2, tzinfo=datetime.UTC)
    given: dict[str, Any] = {"answer": "accepted", **more}
    return Meeting("x", start, start + DAY, Invitation(subject, body=body), organizer, **given)


@pytest.mark.parametrize(
    ("meetings", "settings"),
    [
        ([], ()),
        ([meeting()] * 9, ()),
        ([meeting(body="")] * 2, ()),  # two alone prove nothing
        ([meeting(body=" <div>&nbsp;</div>")] * 3 + [meeting()] * 3, ()),  # half of them: organisers' habits
        ([meeting(body="", private=True)] * 3, ("-DeleteComments $false",)),
        ([meeting(body="")] * 3, ("-DeleteComments $false", "-RemovePrivateProperty $false")),
        ([meeting(body="", own=True)] * 5, ()),  # booked on the panel
        (
            [meeting("Alice Example Plan", private=True)] * 4,
            ("-AddOrganizerToSubject $false",),
        ),
        ([meeting(answer="none", private=True)] * 4, ("-AutomateProcessing AutoAccept",)),
    ],
)
def test_what_a_mailbox_removes_is_told_by_its_meetings(meetings: list[Meeting], settings: tuple[str, ...]) -> None:
    assert stripped.find(meetings).settings == settings
