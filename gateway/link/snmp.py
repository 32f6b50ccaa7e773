"""The `snmp` link: SnmpGet, SnmpWalk and SnmpSet, each answered by an SnmpReply with its tag.

What may not live here: what an object means (MIB files are never loaded, OIDs are numbers), how requests look on the
wire: that is `snmp_community.py` for versions 1 and 2c, `snmp_user.py` for version 3.
"""

from __future__ import annotations

import asyncio
import importlib
import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, cast

from gateway.driver import Opening, SnmpGet, SnmpReply, SnmpSet, SnmpWalk
from gateway.link import Address, Ears, LinkError, Trust, Untouchable

MOST_OIDS = 16  # in one request
MOST_ROWS = 10_000  # of one walk

OID = re.compile(r"\d+(\.\d+)+")
Kind = Literal["get", "next", "bulk", "set"]
Value = int | str | None
Pair = tuple[str, Value]


@dataclass(frozen=True, slots=True)
class Answer:
    """An agent's answer to one request: its error ("" = none) with the number of the pair at fault, and the pairs."""

    error: str
    index: int
    pairs: Sequence[Pair]
    ended: bool = False  # the last pair lies behind the end of the MIB


class Session(Protocol):
    """How requests are put to one agent."""

    async def open(self) -> None: ...
    def ask(self, kind: Kind, pairs: Sequence[Pair]) -> asyncio.Future[Answer]:
        """On the wire at once; the future fails with TimeoutError or LinkError."""
        ...

    async def close(self) -> None: ...


class Snmp(Untouchable):
    """One agent and the exchanges under way with it."""

    def __init__(self, address: Address, opening: Opening, ears: Ears) -> None:
        self.address = address
        self.ears: Ears | None = ears
        self.version = opening.version
        self._session: Session | None = None
        self._opening = opening
        self._exchanges: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Find the agent's address and take a socket; nothing is sent yet."""
        # In a thread: pysnmp takes a while to import, above all its engine.
        if self.version == "3":
            users = await asyncio.to_thread(importlib.import_module, "gateway.link.snmp_user")
            session: Session = users.Users(self.address, self._opening)
        else:
            communities = await asyncio.to_thread(importlib.import_module, "gateway.link.snmp_community")
            session = communities.Communities(self.address, self._opening)
        self._session = session
        await session.open()

    def send(self, data: Any, tag: Hashable) -> None:
        """Begin one exchange."""
        kind, pairs = first(data, self.version)
        if self._session is None or self.ears is None:
            return
        asked = self._session.ask(kind, pairs)
        task = asyncio.get_running_loop().create_task(self._exchange(data, tag, asked))
        self._exchanges.add(task)
        task.add_done_callback(self._exchanges.discard)

    async def _exchange(self, data: Any, tag: Hashable, asked: asyncio.Future[Answer]) -> None:
        try:
            if isinstance(data, SnmpWalk):
                reply = await self._walk(data.oid, asked)
            elif isinstance(data, SnmpGet):
                reply = await self._get(data.oids, asked)
            else:
                answer = await asked
                reply = SnmpReply(dict(answer.pairs), answer.error)
        except TimeoutError:
            if self.ears is not None:
                self.ears.broke(tag, "no response")
        except LinkError as error:
            ears, self.ears = self.ears, None
            if ears is not None:
                ears.lost(error.reason, error.words)
        else:
            if self.ears is not None:
                self.ears.heard(reply, tag)

    async def _get(self, oids: tuple[str, ...], asked: asyncio.Future[Answer]) -> SnmpReply:
        values: dict[str, Value] = dict.fromkeys(oids)
        left = list(oids)
        answer = await asked
        # Version 1 gives nothing at all when one object is not there: leave that one out and ask again.
        while answer.error == "noSuchName" and 1 <= answer.index <= len(left):
            del left[answer.index - 1]
            if not left:
                return SnmpReply(values)
            answer = await self._ask("get", [(oid, None) for oid in left])
        if not answer.error:
            values |= {oid: value for oid, value in answer.pairs if oid in values}
        return SnmpReply(values, answer.error)

    async def _walk(self, root: str, asked: asyncio.Future[Answer]) -> SnmpReply:
        values: dict[str, Value] = {}
        below = numbers(root)
        last = below
        kind: Kind = "next" if self.version == "1" else "bulk"
        answer = await asked
        while True:
            if answer.error:
                return SnmpReply(values, "" if answer.error == "noSuchName" else answer.error)
            for oid, value in answer.pairs:
                here = numbers(oid)
                if here[: len(below)] != below:
                    return SnmpReply(values)
                if here <= last:
                    return SnmpReply(values, "the agent's OIDs do not increase")
                if len(values) == MOST_ROWS:
                    return SnmpReply(values, f"more than {MOST_ROWS} rows")
                values[oid] = value
                last = here
            if answer.ended or not answer.pairs:
                return SnmpReply(values)
            answer = await self._ask(kind, [(".".join(map(str, last)), None)])

    def _ask(self, kind: Kind, pairs: Sequence[Pair]) -> asyncio.Future[Answer]:
        if self._session is None:
            raise asyncio.CancelledError
        return self._session.ask(kind, pairs)

    async def close(self) -> None:
        """Give up what is under way."""
        self.ears = None
        session, self._session = self._session, None
        for task in self._exchanges:
            task.cancel()
        await asyncio.gather(*self._exchanges, return_exceptions=True)
        if session is not None:
            await session.close()


def first(data: Any, version: str) -> tuple[Kind, list[Pair]]:
    """The request that an exchange begins with. Raises ValueError or TypeError for what no agent can be asked."""
    kind: Kind
    match data:
        case SnmpGet(oids):
            kind, pairs = "get", [(oid, cast(Value, None)) for oid in oids]
        case SnmpSet(given):
            kind, pairs = "set", [(oid, cast(Value, value)) for oid, value in given]
        case SnmpWalk(oid):
            kind, pairs = ("next" if version == "1" else "bulk"), [(oid, None)]
        case _:
            raise TypeError(f"an SNMP link carries SnmpGet, SnmpSet and SnmpWalk, not {type(data).__name__}")
    if not 1 <= len(pairs) <= MOST_OIDS:
        raise ValueError(f"an SNMP exchange has 1 to {MOST_OIDS} OIDs, not {len(pairs)}")
    for oid, value in pairs:
        if not OID.fullmatch(oid):
            raise ValueError(f"an OID is numbers with dots between, not {oid!r}")
        if isinstance(value, str):
            value.encode("latin-1")
    return kind, pairs


def numbers(oid: str) -> tuple[int, ...]:
    """An OID as numbers, which compare as agents order them."""
    return tuple(map(int, oid.split(".")))


def make(address: Address, opening: Opening, trust: Trust, ears: Ears) -> Snmp:
    """The link for `snmp://`."""
    return Snmp(address, opening, ears)
