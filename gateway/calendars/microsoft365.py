"""Microsoft 365 over Graph: an account that signs in as an app or as a service user, and the rooms' mailboxes in it.

What may not live here: signing in (`msal_signin.py`), asking (`graph.py`), a room's calendar (`graph_calendar.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal

from gateway.calendars.calendar import Account, Place
from gateway.calendars.graph import Graph
from gateway.calendars.graph_calendar import GraphCalendar
from gateway.calendars.msal_signin import AppSignIn, SignIn, UserSignIn
from gateway.driver import Settings, setting

ADDRESS = re.compile(r"[^\s@/\\?#%<>\"']{1,64}@[A-Za-z0-9.-]{1,255}\Z")
OBJECT = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")


@dataclass(frozen=True)
class Microsoft365Settings(Settings):
    """`[calendars.NAME]` with `kind = "microsoft365"`. Relative paths are in the account's own folder."""

    tenant: str = setting("", "the tenant's id or first domain (contoso.onmicrosoft.com)")
    client_id: str = setting("", "the app registration's application (client) id")
    sign_in: Literal["app", "user"] = setting(
        "app", "app: the app itself, with certificate or secret; user: a service user, by device code"
    )
    certificate: str = setting("", "app: PEM file of the certificate that is registered on the app")
    key: str = setting("", "app: PEM file of its private key, RSA, without passphrase; default: in the same file")
    secret: str = setting("", "app: the client secret, where there is no certificate", secret=True)
    write: bool = setting(False, "book, extend, end and release meetings; needs Calendars.ReadWrite")
    authority: str = setting("https://login.microsoftonline.com", "the sign-in host; another in national clouds")
    graph: str = setting("https://graph.microsoft.com/v1.0", "Graph's address; another in national clouds")
    ca_file: str = setting("", "PEM file of further certificate authorities, such as an inspecting proxy's")

    def __post_init__(self) -> None:
        """Raises ValueError in words for what can never work."""
        if any(getattr(self, held.name) != held.default for held in fields(self)):
            for name in ("tenant", "client_id"):
                if not getattr(self, name):
                    raise ValueError(f"{name} is missing")
        for name in ("authority", "graph"):
            if not re.match(r"https://[^/\s?#@]+", getattr(self, name)):
                raise ValueError(f"{name} is no https address")
        if re.search(r"[\s/?#]", self.tenant):
            raise ValueError("tenant is neither an id nor a domain")
        if self.sign_in == "user" and (self.certificate or self.secret):
            raise ValueError('sign_in = "user" takes neither certificate nor secret: the user signs in by device code')


class Microsoft365(Account):
    """One app registration in one tenant."""

    kind: ClassVar[str] = "microsoft365"
    Settings: ClassVar[type[Settings]] = Microsoft365Settings
    mailbox_is: ClassVar[str] = "the room mailbox's address, such as board@contoso.com"

    def __init__(self, name: str, settings: Any, place: Place) -> None:
        super().__init__(name, settings, place)
        self.settings: Microsoft365Settings = settings
        way: type[SignIn] = UserSignIn if settings.sign_in == "user" else AppSignIn
        self.sign_in = way(name, settings, place)
        self.graph = Graph(settings.graph, settings.ca_file, self.sign_in, place)
        self._calendars: dict[str, GraphCalendar] = {}

    def calendar(self, mailbox: str) -> GraphCalendar:
        mailbox = mailbox.strip()
        if not ADDRESS.match(mailbox) and not OBJECT.match(mailbox):
            raise ValueError(f"{mailbox!r} is no mailbox: expected {self.mailbox_is}")
        return self._calendars.setdefault(mailbox.lower(), GraphCalendar(self, mailbox))

    async def close(self) -> None:
        await self.sign_in.close()
        await self.graph.close()
