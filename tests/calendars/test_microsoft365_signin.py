"""Signing in to the simulated Microsoft cloud with real msal over real sockets: both modes, and what ends them."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from typing import Any

import pytest

from gateway.calendars.calendar import AuthLost, NetworkLost, Place, Throttled
from gateway.calendars.microsoft365 import Microsoft365, Microsoft365Settings
from simulators.microsoft_cloud import MicrosoftCloud
from tests.calendars.office import HOUR, NOW, ROOM, WINDOW, ZONE, office, pair, signed_in
from tests.clock import ManualClock


async def test_an_app_with_a_secret_reads_a_room(tmp_path: Path) -> None:
    async with office(tmp_path) as house, house.opened() as account:
        house.cloud.meet(ROOM, "Budget", NOW.isoformat())
        (held,) = await account.calendar(ROOM).read(WINDOW)
        assert (held.subject, held.start, held.end) == ("Budget", NOW, NOW + HOUR)
        assert len(house.asked("oauth2/v2.0/token")) == 1


async def test_an_app_with_a_certificate_is_verified(tmp_path: Path) -> None:
    certificate, key = pair()
    (tmp_path / "app.pem").write_bytes(certificate)
    (tmp_path / "app.key").write_bytes(key)
    async with office(tmp_path) as house:
        given = {"certificate": "app.pem", "key": "app.key", "secret": ""}
        async with house.opened(**given) as account:
            with pytest.raises(AuthLost, match=r"not registered on the app.*AADSTS700027"):
                await account.calendar(ROOM).read(WINDOW)
        house.cloud.certificates.append(certificate)
        async with house.opened(**given) as account:
            assert await account.calendar(ROOM).read(WINDOW) == ()


async def test_the_cloud_does_not_believe_another_key_with_the_registered_certificate(tmp_path: Path) -> None:
    """The simulator's own verification: the signature counts, not the thumbprint alone."""
    import msal

    from gateway.calendars.msal_signin import context
    from gateway.calendars.msal_wire import Wire

    certificate, _ = pair()
    _, other = pair()
    async with office(tmp_path) as house:
        house.cloud.certificates.append(certificate)
        place = Place(tmp_path, house.clock, ZONE)
        wire = Wire(context("ca.pem", place))

        def ask() -> dict[str, object]:
            app = msal.ConfidentialClientApplication(
                house.cloud.client_id,
                client_credential={"private_key": other.decode(), "public_certificate": certificate.decode()},
                authority=f"{house.cloud.address}/{house.cloud.tenant}",
                instance_discovery=False,
                http_client=wire,
            )
            told: dict[str, object] = app.acquire_token_for_client([f"{house.cloud.address}/.default"])
            return told

        told = await asyncio.to_thread(ask)
        wire.close()
        assert told["error"] == "invalid_client" and told["error_codes"] == [700027]


@pytest.mark.parametrize(
    ("certificate", "key", "words"),
    [
        ("no.pem", "", "cannot be read: no.pem"),
        ("ca.pem", "", "holds no private key"),
        ("app.pem", "other.key", "does not belong"),
        ("other.key", "", "holds no certificate"),
    ],
)
async def test_files_that_cannot_be_right_are_told_before_anybody_is_asked(
    tmp_path: Path, certificate: str, key: str, words: str
) -> None:
    (tmp_path / "app.pem").write_bytes(pair()[0])
    (tmp_path / "other.key").write_bytes(pair()[1])
    async with office(tmp_path) as house, house.opened(certificate=certificate, key=key) as account:
        with pytest.raises(AuthLost, match=words):
            await account.calendar(ROOM).read(WINDOW)
        assert not house.asked("token")


async def test_a_user_signs_in_once_and_a_restart_needs_nobody(tmp_path: Path) -> None:
    async with office(tmp_path) as house:
        async with house.opened(sign_in="user") as account:
            with pytest.raises(AuthLost, match="roomgate calendar sign-in work"):
                await account.calendar(ROOM).read(WINDOW)
            code = await account.sign_in.begin()  # type: ignore[attr-defined]
            assert code.interval == 5 and code.uri.endswith("/devicelogin")
            assert not await account.sign_in.finished(code)  # type: ignore[attr-defined]
            assert not await account.sign_in.finished(code)  # type: ignore[attr-defined]
            house.cloud.approve(code.code)
            assert await account.sign_in.finished(code)  # type: ignore[attr-defined]
            assert await account.calendar(ROOM).read(WINDOW) == ()
        file = tmp_path / "token.json"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        house.cloud.asked.clear()
        async with house.opened(sign_in="user") as account:
            assert await account.calendar(ROOM).read(WINDOW) == ()
        assert not house.asked("token")  # not even to refresh: the kept one is good
        assert house.asked("calendarView")


async def test_a_user_who_declines(tmp_path: Path) -> None:
    async with office(tmp_path) as house, house.opened(sign_in="user") as account:
        code = await account.sign_in.begin()  # type: ignore[attr-defined]
        house.cloud.approve(code.code, declined=True)
        with pytest.raises(AuthLost, match="declined"):
            await account.sign_in.finished(code)  # type: ignore[attr-defined]
        assert not (tmp_path / "token.json").exists()


async def test_a_running_gateway_sees_that_somebody_signed_in(tmp_path: Path) -> None:
    async with office(tmp_path) as house, house.opened(sign_in="user") as account:
        with pytest.raises(AuthLost):
            await account.calendar(ROOM).read(WINDOW)
        await signed_in(house)
        with pytest.raises(AuthLost):  # remembered for a minute
            await account.calendar(ROOM).read(WINDOW)
        house.clock.advance(61)
        assert await account.calendar(ROOM).read(WINDOW) == ()


async def test_a_kept_sign_in_that_is_damaged_counts_as_none(tmp_path: Path) -> None:
    async with office(tmp_path) as house:
        (tmp_path / "token.json").write_text("{]")
        async with house.opened(sign_in="user") as account:
            with pytest.raises(AuthLost, match="nobody has signed in"):
                await account.calendar(ROOM).read(WINDOW)


@pytest.mark.parametrize("mode", ["app", "user"])
async def test_an_access_token_that_ended_is_renewed(tmp_path: Path, mode: str) -> None:
    async with office(tmp_path) as house:
        if mode == "user":
            await signed_in(house)
        async with house.opened(sign_in=mode) as account:
            await account.calendar(ROOM).read(WINDOW)
            kept = (tmp_path / "token.json").read_bytes() if mode == "user" else b""
            house.cloud.expire()
            house.cloud.asked.clear()
            house.cloud.meet(ROOM, "Budget", NOW.isoformat())
            assert [held.subject for held in await account.calendar(ROOM).read(WINDOW)] == ["Budget"]
            assert len(house.asked("token")) == 1 + len(house.asked("deltatoken"))
            if mode == "user":
                assert (tmp_path / "token.json").read_bytes() != kept  # the new refresh token is kept


@pytest.mark.parametrize("mode", ["app", "user"])
async def test_tokens_of_a_few_seconds_are_asked_for_each_time(tmp_path: Path, mode: str) -> None:
    async with office(tmp_path, expires_in=2) as house:
        if mode == "user":
            await signed_in(house)
        async with house.opened(sign_in=mode) as account:
            house.cloud.asked.clear()
            await account.calendar(ROOM).read(WINDOW)
            house.cloud.pass_time(10)
            house.clock.advance(10)
            await account.calendar(ROOM).read(WINDOW)
            assert len(house.asked("oauth2/v2.0/token")) >= 2


async def test_a_revoked_user_is_auth_lost_and_comes_back_with_a_new_sign_in(tmp_path: Path) -> None:
    async with office(tmp_path) as house:
        await signed_in(house)
        async with house.opened(sign_in="user") as account:
            room = account.calendar(ROOM)
            await room.read(WINDOW)
            house.cloud.revoke()
            with pytest.raises(AuthLost, match=r"revoked.*AADSTS700082"):
                await room.read(WINDOW)
            asked = len(house.cloud.asked)
            with pytest.raises(AuthLost):
                await room.read(WINDOW)
            assert len(house.cloud.asked) == asked  # a refusal is not tried again at once
            await signed_in(house)
            house.clock.advance(61)
            assert await room.read(WINDOW) == ()


async def test_an_expired_secret_is_named_and_its_renewal_found(tmp_path: Path) -> None:
    async with office(tmp_path) as house, house.opened() as account:
        room = account.calendar(ROOM)
        house.cloud.faults.refuse_login = True
        with pytest.raises(AuthLost, match="secret has expired"):
            await room.read(WINDOW)
        house.cloud.faults.refuse_login = False
        house.clock.advance(61)
        assert await room.read(WINDOW) == ()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"secret": "not-this-one"}, "the client secret is wrong"),
        ({"client_id": "22222222-2222-3333-4444-555555555555"}, "not known in this tenant"),
        ({"tenant": "fabrikam.example"}, "knows no tenant 'fabrikam.example'"),
        ({"secret": ""}, "`certificate`"),
        ({"ca_file": "nowhere.pem"}, "nowhere.pem"),
    ],
)
async def test_what_is_wrong_is_said_and_no_secret_with_it(tmp_path: Path, wrong: dict[str, str], words: str) -> None:
    async with office(tmp_path) as house, house.opened(**wrong) as account:
        with pytest.raises(AuthLost, match=words) as caught:
            await account.calendar(ROOM).read(WINDOW)
        said = f"{caught.value!r} {caught.value.__cause__} {account.settings!r}"
        assert "not-this-one" not in said and house.cloud.secret not in said


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"client_id": "x"}, "tenant is missing"),
        ({"tenant": "x"}, "client_id is missing"),
        ({"authority": "http://login.example.com"}, "authority is no https address"),
        ({"graph": "ftp://x"}, "graph is no https address"),
        ({"tenant": "a/b"}, "tenant is neither"),
        ({"sign_in": "user", "secret": "hidden"}, "takes neither certificate nor secret"),
    ],
)
def test_settings_that_can_never_work_are_told_by_check(given: dict[str, Any], words: str) -> None:
    whole = given if "missing" in words else {"tenant": "contoso.example", "client_id": "x", **given}
    with pytest.raises(ValueError, match=words) as caught:
        Microsoft365Settings(**whole)
    assert "hidden" not in str(caught.value)


async def test_no_settings_at_all_stop_nothing(tmp_path: Path) -> None:
    account = Microsoft365("work", Microsoft365Settings(), Place(tmp_path, ManualClock(), ZONE))
    with pytest.raises(AuthLost, match="`tenant` is missing"):
        await account.calendar(ROOM).read(WINDOW)
    await account.close()


async def test_a_token_that_is_worthless_from_its_birth_is_auth_lost(tmp_path: Path) -> None:
    async with office(tmp_path, expires_in=-5) as house, house.opened() as account:
        with pytest.raises(AuthLost, match="just given"):
            await account.calendar(ROOM).read(WINDOW)
        asked = len(house.cloud.asked)
        with pytest.raises(AuthLost):
            await account.calendar(ROOM).read(WINDOW)
        assert len(house.cloud.asked) == asked


async def test_a_400_that_msal_remembers_does_not_outlive_its_repair(tmp_path: Path) -> None:
    """msal answers from memory for 60 seconds of the wall clock; a new application of it does not."""
    async with office(tmp_path, client_id="33333333-2222-3333-4444-555555555555") as house:
        right, house.cloud.client_id = house.cloud.client_id, "another"
        async with house.opened(client_id=right) as account:
            with pytest.raises(AuthLost, match="AADSTS700016"):
                await account.calendar(ROOM).read(WINDOW)
            house.cloud.client_id = right
            house.clock.advance(61)
            assert await account.calendar(ROOM).read(WINDOW) == ()


async def test_the_sign_in_host_may_ask_to_wait(tmp_path: Path) -> None:
    async with office(tmp_path) as house, house.opened() as account:
        room = account.calendar(ROOM)
        house.cloud.throttle("sign-in", seconds=90)
        with pytest.raises(Throttled) as caught:
            await room.read(WINDOW)
        assert caught.value.seconds == 90
        house.clock.advance(80)
        asked = len(house.cloud.asked)
        with pytest.raises(Throttled) as caught:
            await room.read(WINDOW)
        assert caught.value.seconds == pytest.approx(10) and len(house.cloud.asked) == asked
        house.clock.advance(10)
        assert await room.read(WINDOW) == ()


async def test_rooms_that_wait_together_sign_in_once(tmp_path: Path) -> None:
    async with office(tmp_path) as house, house.opened() as account:
        rooms = [f"room{number}@contoso.example" for number in range(20)]
        for room in rooms:
            house.cloud.add_room(room)
        await asyncio.gather(*(account.calendar(room).read(WINDOW) for room in rooms))
        assert len(house.asked("oauth2/v2.0/token")) == 1


async def test_no_network_at_the_start_stops_nothing(tmp_path: Path) -> None:
    async with office(tmp_path) as house:
        house.cloud.faults.unreachable = True
        async with house.opened() as account:
            room = account.calendar(ROOM)
            with pytest.raises(NetworkLost, match="does not answer") as caught:
                await room.read(WINDOW)
            assert not isinstance(caught.value, Throttled)
            house.cloud.faults.unreachable = False
            house.clock.advance(6)
            assert await room.read(WINDOW) == ()


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_sign_in_host_out_of_order_is_the_network(tmp_path: Path, status: int) -> None:
    async with office(tmp_path) as house, house.opened() as account:
        house.cloud.outage(status)
        with pytest.raises(NetworkLost):
            await account.calendar(ROOM).read(WINDOW)


async def test_an_untrusted_authority_is_not_believed(tmp_path: Path) -> None:
    async with office(tmp_path) as house, house.opened(ca_file="") as account:
        with pytest.raises(NetworkLost):
            await account.calendar(ROOM).read(WINDOW)
        assert not house.cloud.asked


async def test_an_answer_that_is_no_sign_in(tmp_path: Path) -> None:
    """A guest network's portal answers everything with a page."""

    class Portal(MicrosoftCloud):
        def requested(self, request: object) -> None:
            request.say(200, b"<html>Welcome</html>", "text/html")  # type: ignore[attr-defined]

    portal = Portal(ca_file=str(tmp_path / "ca.pem"))
    async with office(tmp_path) as house, portal.serving() as address, house.opened(authority=address) as account:
        with pytest.raises(NetworkLost, match="no sign-in"):
            await account.calendar(ROOM).read(WINDOW)
