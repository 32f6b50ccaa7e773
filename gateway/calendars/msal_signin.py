"""Signing in to Microsoft with msal, as an app or as a service user, behind one interface: `token()`.

msal runs in a thread of its own, is made on first use, and made again after every refusal, for it remembers a 400 for a
minute. One question at a time, however many rooms wait; what went wrong is remembered for a while, so that a wrong
secret is not tried five times a second. What may not live here: Graph; what an error means (`signin_words.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gateway.calendars import signin_words
from gateway.calendars.calendar import AuthLost, CalendarTrouble, NetworkLost, Place, Throttled
from gateway.calendars.retryafter import retry_after
from gateway.folder import write_private

if TYPE_CHECKING:
    import ssl

    from gateway.calendars.microsoft365 import Microsoft365Settings
    from gateway.calendars.msal_wire import Wire

log = logging.getLogger("roomgate.calendars")
EARLY = 120.0  # seconds before its end that a token is no longer used
AFTER_REFUSAL = 60.0  # seconds that a refusal is remembered
AFTER_SILENCE = 5.0  # seconds that a network failure is
FILE = "token.json"


class SignIn(ABC):
    """A sign-in that gives access tokens."""

    def __init__(self, name: str, settings: Microsoft365Settings, place: Place) -> None:
        self.name, self.settings, self.place = name, settings, place
        self._thread = ThreadPoolExecutor(1, f"msal {name}")
        self._asking: asyncio.Task[str] | None = None
        self._token, self._until = "", 0.0
        self._trouble: tuple[Callable[[float], CalendarTrouble], float] | None = None
        self._app: Any = None
        self._wire: Wire | None = None

    @property
    def resource(self) -> str:
        """Graph's own address, of which scopes are parts."""
        parts = urlsplit(self.settings.graph)
        return f"{parts.scheme}://{parts.netloc}"

    async def token(self, *, instead_of: str = "") -> str:
        """An access token, another one than `instead_of`. Raises AuthLost, NetworkLost, Throttled."""
        if instead_of and instead_of == self._token:
            self._token = ""
        now = self.place.clock.now()
        if self._token and now < self._until:
            return self._token
        if self._trouble is not None and now < self._trouble[1]:
            raise self._trouble[0](self._trouble[1] - now)
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().create_task(self._ask(fresh=bool(instead_of)))
            self._asking.add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(self._asking)

    async def close(self) -> None:
        """Ask nothing more."""
        if self._asking is not None:
            self._asking.cancel()
            with contextlib.suppress(asyncio.CancelledError, CalendarTrouble):
                await self._asking
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._wire is not None:
            self._wire.close()

    async def _ask(self, *, fresh: bool) -> str:
        told = await self.in_thread(lambda: self._acquire(fresh=fresh))
        text, seconds = told.get("access_token"), told.get("expires_in")
        if not isinstance(text, str) or not text:
            raise self.remember(self._refusal(told))
        self._trouble = None
        self._token = text
        seconds = float(seconds) if isinstance(seconds, int | float) else 0.0
        self._until = self.place.clock.now() + max(0.0, seconds - EARLY)
        return text

    async def in_thread(self, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """msal's answer; what it raises in our words, and remembered."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except CalendarTrouble as trouble:
            raise self.remember(trouble) from None
        except Exception as broken:
            raise self.remember(self._failure(broken)) from None

    def remember(self, trouble: CalendarTrouble) -> CalendarTrouble:
        """Raise the like of it for a while without asking; forget the app, and what it remembers."""
        words = str(trouble)
        make: Callable[[float], CalendarTrouble] = lambda left: type(trouble)(words)  # noqa: E731
        seconds = AFTER_SILENCE
        if isinstance(trouble, Throttled):
            seconds = trouble.seconds
            make = lambda left: Throttled(words, left)  # noqa: E731
        elif isinstance(trouble, AuthLost):
            seconds = AFTER_REFUSAL
            self._token = ""
        self._trouble = make, self.place.clock.now() + seconds
        self._app = None
        return trouble

    def forget(self) -> None:
        """Ask anew: an administrator has just changed something."""
        self._trouble, self._token, self._app = None, "", None

    def _refusal(self, told: dict[str, Any]) -> CalendarTrouble:
        status, name = self._wire.status if self._wire else 0, told.get("error")
        if status == 429 or (name in signin_words.PASSING and status != 400):
            return self._throttled()
        return AuthLost(f"{self.name}: {signin_words.words(told)}")

    def _failure(self, broken: Exception) -> CalendarTrouble:
        from msal.exceptions import MsalError
        from requests.exceptions import RequestException

        status = self._wire.status if self._wire else 0
        if status in (429, 503, 504):
            return self._throttled()
        if isinstance(broken, ValueError | KeyError) and status in (400, 404):
            return AuthLost(f"{self.name}: the sign-in host knows no tenant {self.settings.tenant!r}")
        host = urlsplit(self.settings.authority).netloc
        if isinstance(broken, RequestException | MsalError) or status >= 500:
            return NetworkLost(f"{self.name}: the sign-in host {host} does not answer")
        if status:
            return NetworkLost(f"{self.name}: what answers at {host} is no sign-in; is a portal or a proxy between?")
        log.debug("%s: msal stumbled: %s", self.name, type(broken).__name__)
        return AuthLost(f"{self.name}: the sign-in's settings cannot be used ({type(broken).__name__})")

    def _throttled(self) -> Throttled:
        seconds = retry_after(self._wire.retry_after if self._wire else "", self.place.clock.wall())
        return Throttled(f"{self.name}: the sign-in host asks us to wait", seconds)

    def _common(self) -> dict[str, Any]:
        """What either kind of msal's applications takes. In the thread."""
        from gateway.calendars.msal_wire import Wire

        for setting in ("tenant", "client_id"):
            if not getattr(self.settings, setting):
                raise AuthLost(f"{self.name}: the setting `{setting}` is missing")
        if self._wire is None:
            self._wire = Wire(context(self.settings.ca_file, self.place))
        self._wire.status, self._wire.retry_after = 0, ""
        authority = f"{self.settings.authority.rstrip('/')}/{self.settings.tenant}"
        return {"authority": authority, "http_client": self._wire, "instance_discovery": False}

    @abstractmethod
    def _acquire(self, *, fresh: bool) -> dict[str, Any]:
        """msal's answer with a token or an error. In the thread; may raise anything."""


class AppSignIn(SignIn):
    """App-only: the app itself, with a certificate or a secret."""

    def _acquire(self, *, fresh: bool) -> dict[str, Any]:
        import msal

        if self._app is None:
            common = self._common()
            self._app = msal.ConfidentialClientApplication(
                self.settings.client_id, client_credential=self._credential(), **common
            )
        if fresh:
            self._app.remove_tokens_for_client()
        told: dict[str, Any] = self._app.acquire_token_for_client(scopes=[f"{self.resource}/.default"])
        return told

    def _credential(self) -> Any:
        from gateway.calendars.appcertificate import CertificateError, read

        settings = self.settings
        if settings.secret and not settings.certificate:
            return settings.secret
        if not settings.certificate:
            raise AuthLost(f"{self.name}: an app signs in with `certificate` (and `key`) or `secret`: none is there")
        try:
            held = read(settings.certificate, settings.key, self.place)
        except CertificateError as wrong:
            raise AuthLost(f"{self.name}: {wrong}") from None
        return {"private_key": held.key, "public_certificate": held.certificate}


@dataclass
class Code:
    """What a person must do for the device code sign-in."""

    uri: str
    code: str = field(repr=False)
    interval: float = 5.0
    expires: float = 900.0
    flow: dict[str, Any] = field(default_factory=dict, repr=False)


class UserSignIn(SignIn):
    """A service user, who has signed in once with a device code; its tokens stand in a file of the account's folder."""

    def __init__(self, name: str, settings: Microsoft365Settings, place: Place) -> None:
        super().__init__(name, settings, place)
        self._cache: Any = None
        self._mark: tuple[int, int] | None = None  # the file as it was when it was read or written

    @property
    def file(self) -> Path:
        """Where the tokens are kept."""
        return self.place.folder / FILE

    @property
    def scopes(self) -> list[str]:
        """What the user must allow. Outside the worldwide cloud a scope is named in full."""
        scope = "Calendars.ReadWrite.Shared" if self.settings.write else "Calendars.Read.Shared"
        return [scope if self.resource == "https://graph.microsoft.com" else f"{self.resource}/{scope}"]

    async def begin(self) -> Code:
        """Ask for a code. Raises CalendarTrouble."""
        self.forget()
        flow = await self.in_thread(self._begin)
        if "user_code" not in flow:
            raise AuthLost(f"{self.name}: {signin_words.words(flow)}")
        interval = float(flow.get("interval", 5))
        flow["interval"] = 1  # msal would wait itself, a second at a time; `exit_condition` keeps it from that
        uri = str(flow.get("verification_uri", ""))
        return Code(uri, str(flow["user_code"]), interval, float(flow.get("expires_in", 900)), flow)

    async def finished(self, code: Code) -> bool:
        """Whether the person has done it; the tokens are kept then. Raises CalendarTrouble where that will not be."""
        told = await self.in_thread(lambda: self._poll(code))
        if "access_token" in told:
            self.forget()
            return True
        if told.get("error") in ("authorization_pending", "slow_down"):
            return False
        raise AuthLost(f"{self.name}: {signin_words.words(told)}")

    def _begin(self) -> dict[str, Any]:
        flow: dict[str, Any] = self._ready().initiate_device_flow(scopes=self.scopes)
        return flow

    def _poll(self, code: Code) -> dict[str, Any]:
        app = self._ready()
        before = {held["home_account_id"] for held in app.get_accounts()}
        told: dict[str, Any] = app.acquire_token_by_device_flow(code.flow, exit_condition=lambda flow: True)
        if "access_token" in told:
            new = told.get("id_token_claims", {}).get("oid", "")
            for held in app.get_accounts():  # one user for one account of ours: the one who has just signed in
                if held["home_account_id"] in before and not held["home_account_id"].startswith(f"{new}."):
                    app.remove_account(held)
            self._keep()
        return told

    def _acquire(self, *, fresh: bool) -> dict[str, Any]:
        app = self._ready()
        accounts = app.get_accounts()
        told: dict[str, Any] | None = None
        if accounts:
            told = app.acquire_token_silent_with_error(self.scopes, account=accounts[0], force_refresh=fresh)
        if told is None:
            raise AuthLost(f"{self.name}: nobody has signed in yet; run: roomgate calendar sign-in {self.name}")
        self._keep()
        return told

    def _ready(self) -> Any:
        """msal's application over the tokens of the file, which another process may have written meanwhile."""
        import msal

        mark = self._marked()
        if self._cache is None or mark != self._mark:
            self._cache, self._mark, self._app = msal.SerializableTokenCache(), mark, None
            if mark is not None:
                try:
                    self._cache.deserialize(self.file.read_text(encoding="utf-8"))
                except (OSError, ValueError):
                    self._cache = msal.SerializableTokenCache()
                    log.warning("%s: the kept sign-in cannot be read; it counts as none", self.name)
        if self._app is None:
            self._app = msal.PublicClientApplication(self.settings.client_id, token_cache=self._cache, **self._common())
        return self._app

    def _keep(self) -> None:
        if not self._cache.has_state_changed:
            return
        try:
            write_private(self.file, self._cache.serialize().encode())
        except OSError as broken:
            log.warning("%s: the sign-in cannot be kept: %s", self.name, broken.strerror)
            return
        self._cache.has_state_changed = False
        self._mark = self._marked()

    def _marked(self) -> tuple[int, int] | None:
        try:
            found = self.file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino


def context(ca_file: str, place: Place) -> ssl.SSLContext:
    """Whom to believe: what this machine believes, and the authorities of `ca_file`. Raises AuthLost. Blocks."""
    import ssl

    held = ssl.create_default_context()
    if ca_file:
        try:
            held.load_verify_locations(place.folder / ca_file)
        except OSError:  # ssl.SSLError is one
            raise AuthLost(f"the file of `ca_file` cannot be read: {ca_file}") from None
    return held
