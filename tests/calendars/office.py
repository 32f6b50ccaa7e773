"""What the Microsoft 365 tests stand on: the simulated cloud over HTTPS, an account that signs in to it with msal."""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from gateway.calendars.calendar import Place
from gateway.calendars.meeting import Window
from gateway.calendars.microsoft365 import Microsoft365, Microsoft365Settings
from simulators.microsoft_cloud import MicrosoftCloud
from tests.clock import ManualClock

ROOM = "board@contoso.example"
ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime.datetime(2026, 3, 2, 8, 0, tzinfo=datetime.UTC)  # a Monday
HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)
WINDOW = Window(NOW - DAY, NOW + 7 * DAY)


@dataclass
class Office:
    """A cloud, a clock, and a folder."""

    cloud: MicrosoftCloud
    clock: ManualClock
    folder: Path

    def account(self, **more: Any) -> Microsoft365:
        """A gateway's account, not used yet."""
        more = {"secret": self.cloud.secret, **more} if more.get("sign_in") != "user" else more
        given = {
            "tenant": self.cloud.tenant,
            "client_id": self.cloud.client_id,
            "authority": self.cloud.address,
            "graph": f"{self.cloud.address}/v1.0",
            "ca_file": "ca.pem",
            **more,
        }
        return Microsoft365("work", Microsoft365Settings(**given), Place(self.folder, self.clock, ZONE))

    @asynccontextmanager
    async def opened(self, **more: Any) -> AsyncIterator[Microsoft365]:
        """An account that is closed at the end."""
        account = self.account(**more)
        try:
            yield account
        finally:
            await account.close()

    def asked(self, word: str) -> list[str]:
        """The requests that had this in them."""
        return [line for line in self.cloud.asked if word in line]


@asynccontextmanager
async def office(folder: Path, **settings: Any) -> AsyncIterator[Office]:
    """A cloud with one room."""
    cloud = MicrosoftCloud(ca_file=str(folder / "ca.pem"), **settings)
    cloud.add_room(ROOM, "Board room")
    async with cloud.serving():
        yield Office(cloud, ManualClock(wall=NOW.timestamp()), folder)


async def signed_in(house: Office, **more: Any) -> None:
    """A service user does the device code once, in a process of its own."""
    async with house.opened(sign_in="user", **more) as account:
        code = await account.sign_in.begin()  # type: ignore[attr-defined]
        house.cloud.approve(code.code)
        assert await account.sign_in.finished(code)  # type: ignore[attr-defined]


def pair() -> tuple[bytes, bytes]:
    """A certificate and its key, made on the spot."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "roomgate")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .sign(key, hashes.SHA256())
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate.public_bytes(serialization.Encoding.PEM), key.private_bytes(*form)
