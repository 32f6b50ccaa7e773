"""SNMP version 3: users with passwords (RFC 3414), on pysnmp's engine.

What may not live here: walks, tags. An engine takes about 0.1 s and 1 MB to make: all devices with the same user share
one, made in a thread so that no press waits for it, and the last link that leaves closes it. Its MIBs are its own; none
is loaded for a device.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from typing import Any

from pyasn1.type.univ import ObjectIdentifier
from pysnmp.error import PySnmpError
from pysnmp.hlapi.v3arch import asyncio as hlapi
from pysnmp.proto import errind

from gateway.driver import Opening
from gateway.link import Address, LinkError
from gateway.link.snmp import Answer, Kind, Pair
from gateway.link.snmp_community import BULK, RETRIES, TIMEOUT, answered, typed
from gateway.link.tcp import CONNECT, explain
from gateway.link.udp import find
from gateway.model import Reason

SHORTEST = 8  # characters of a password (RFC 3414, 11.2)
AUTH = {
    "none": hlapi.USM_AUTH_NONE,
    "md5": hlapi.USM_AUTH_HMAC96_MD5,
    "sha": hlapi.USM_AUTH_HMAC96_SHA,
    "sha256": hlapi.USM_AUTH_HMAC192_SHA256,
}
PRIVACY = {"none": hlapi.USM_PRIV_NONE, "des": hlapi.USM_PRIV_CBC56_DES, "aes": hlapi.USM_PRIV_CFB128_AES}
# What an agent, or the engine on our side, says of a user or password that is not the right one.
STRANGERS = (
    errind.AuthenticationError,
    errind.AuthenticationFailure,
    errind.DecryptionError,
    errind.NoAccessEntry,
    errind.UnknownSecurityName,
    errind.UnknownUserName,
    errind.UnsupportedSecurityLevel,
    errind.WrongDigest,
)
COMMANDS = {"get": hlapi.get_cmd, "next": hlapi.next_cmd, "bulk": hlapi.bulk_cmd, "set": hlapi.set_cmd}


class Engine:
    """A pysnmp engine and how many links use it."""

    def __init__(self) -> None:
        self.links = 0
        self.ready = asyncio.get_running_loop().create_task(asyncio.to_thread(hlapi.SnmpEngine))


_engines: dict[tuple[Any, ...], Engine] = {}


class Users:
    """One agent, asked as a user."""

    def __init__(self, address: Address, opening: Opening) -> None:
        self.address = address
        self._opening = opening
        self._key: tuple[Any, ...] = ()
        self._engine: Any = None
        self._target: Any = None
        self._user: Any = None
        self._asking: set[asyncio.Task[Answer]] = set()

    async def open(self) -> None:
        """Find the agent's address and an engine; raises LinkError."""
        self._user = user(self._opening)
        try:
            async with asyncio.timeout(CONNECT):
                family, far = (await find(self.address.host, self.address.port))[0]
        except (OSError, UnicodeError) as error:
            raise explain(error, f"{self.address.host}:{self.address.port}") from None
        kind = hlapi.Udp6TransportTarget if family == socket.AF_INET6 else hlapi.UdpTransportTarget
        self._target = await kind.create(far[:2], timeout=TIMEOUT, retries=RETRIES)
        mine = self._opening
        key = asyncio.get_running_loop(), mine.username, mine.auth, mine.password, mine.privacy, mine.privacy_password
        held = _engines.get(key)
        if held is None:
            held = _engines[key] = Engine()
        held.links += 1
        self._key = key
        self._engine = await asyncio.shield(held.ready)

    def ask(self, kind: Kind, pairs: Sequence[Pair]) -> asyncio.Future[Answer]:
        """One request; on the wire with the loop's next turn."""
        task = asyncio.get_running_loop().create_task(self._ask(kind, pairs))
        self._asking.add(task)
        task.add_done_callback(self._forget)
        return task

    async def _ask(self, kind: Kind, pairs: Sequence[Pair]) -> Answer:
        binds = [(ObjectIdentifier(oid), typed(value)) for oid, value in pairs]
        counts = (0, BULK) if kind == "bulk" else ()
        try:
            wrong, status, index, told = await COMMANDS[kind](
                self._engine, self._user, self._target, hlapi.ContextData(), *counts, *binds, lookupMib=False
            )
        except PySnmpError as error:
            raise LinkError(Reason.PROTOCOL_ERROR, f"the request could not be made ({type(error).__name__})") from None
        if isinstance(wrong, errind.RequestTimedOut):
            raise TimeoutError
        where = f"{self.address.host}:{self.address.port}"
        if isinstance(wrong, STRANGERS):
            words = f"the SNMP agent at {where} does not accept the user or its passwords ({wrong})"
            raise LinkError(Reason.LOGIN_REFUSED, words)
        if wrong:
            raise LinkError(Reason.PROTOCOL_ERROR, f"the SNMP agent at {where}: {wrong}")
        return answered(status, index, told)

    def _forget(self, task: asyncio.Task[Answer]) -> None:
        self._asking.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, also where nobody waits for it any more

    async def close(self) -> None:
        """Forget every request; the last link closes the engine."""
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)
        key, self._key = self._key, ()
        held = _engines.get(key)
        if held is None:
            return
        held.links -= 1
        if held.links == 0:
            del _engines[key]
            await asyncio.shield(retire(held))


async def retire(held: Engine) -> None:
    """Close an engine that nobody uses, its socket and its clock."""
    engine = await held.ready
    dispatcher = engine.transport_dispatcher
    if dispatcher is None:
        return
    clock = dispatcher.loopingcall
    engine.close_dispatcher()
    if clock is not None:
        await asyncio.wait([clock])
    await asyncio.sleep(0)  # the loop closes the socket


def user(opening: Opening) -> Any:
    """The user as pysnmp knows one. Raises LinkError for passwords that no agent can have."""
    if opening.auth not in AUTH or opening.privacy not in PRIVACY:
        raise LinkError(Reason.LOGIN_REFUSED, f"auth is one of {', '.join(AUTH)}; privacy one of {', '.join(PRIVACY)}")
    if opening.privacy != "none" and opening.auth == "none":
        raise LinkError(Reason.LOGIN_REFUSED, "SNMPv3 has no privacy without authentication")
    keys: dict[str, Any] = {}
    for name, kind, key, table in (
        ("auth", opening.auth, opening.password, AUTH),
        ("priv", opening.privacy, opening.privacy_password, PRIVACY),
    ):
        if kind == "none":
            continue
        if len(key) < SHORTEST:
            raise LinkError(Reason.LOGIN_REFUSED, f"an SNMPv3 password has at least {SHORTEST} characters")
        keys |= {f"{name}Key": key, f"{name}Protocol": table[kind]}
    return hlapi.UsmUserData(opening.username, **keys)
