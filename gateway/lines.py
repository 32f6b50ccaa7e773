"""The line door: keypads and controllers that can only send strings say `ROOM action args`, one line each.

Off unless the site says `[lines]`; only the addresses that it lists are heard, and nobody is where it lists none. A
line's command is given at once, in order, whether or not anybody reads the answers. What may not live here: HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hmac
import ipaddress
import logging
import re
import typing
from collections.abc import AsyncIterator, Mapping
from typing import Any

from gateway.auth import Guard, journaled
from gateway.commands import COMMANDS, Command, Route, Rows, types_of
from gateway.house import House
from gateway.model import COLLECTIONS, KINDS, plain
from gateway.profile.linespec import LinesSpec
from gateway.room import NothingPlays, Room
from gateway.spec import PartSpec
from gateway.surfaces.roomview import RoomState
from gateway.surfaces.surface import look
from gateway.ticket import Ticket

log = logging.getLogger("roomgate.lines")

LONGEST = 512  # characters of a line
CLIENTS, WAITING = 32, 64  # connections at a time; answers of one that nobody has read
IDLE, ANSWER = 300.0, 5.0  # seconds without a line; seconds that an answer waits for its outcome
END = re.compile(rb"\r\n|\r|\n")
SWITCH = re.compile(r"SPO(\d{1,2})SI(\d{1,2})", re.IGNORECASE)  # a KD-WP8's string for the switcher that it fronts
ON, OFF = frozenset({"on", "true", "yes", "1"}), frozenset({"off", "false", "no", "0"})


def words(line: str) -> list[str]:
    """The words of a line: between blanks, or between dots where there is no blank."""
    return line.split() if " " in line.strip() else [word for word in line.strip().split(".") if word]


def wish(parts: Mapping[str, PartSpec], said: list[str], dotted: bool = False) -> tuple[Command, str]:
    """The command and the part of `volume 40`, `screen left down`, `display main power on`. Raises ValueError."""
    if not said:
        raise ValueError("say what to do, such as: volume 40")
    if len(said) == 1 and (switched := SWITCH.fullmatch(said[0])):
        return _switch(parts, *(str(int(number)) for number in switched.groups()))
    head, rest = said[0].lower(), said[1:]
    kind = KINDS.get(head) or COLLECTIONS.get(head)
    if kind is not None and not kind.single:
        name = rest[0] if rest else ""
        part = parts.get(f"{kind.name}.{name}")
        if part is None:
            known = ", ".join(held.name for held in parts.values() if held.kind is kind) or "none"
            raise ValueError(f"no {kind.name} {name!r}; there is: {known}")
        rest = rest[1:]
        verb = rest[0].lower() if rest and rest[0].lower() in kind.verbs else next(iter(kind.verbs), "")
        given = rest[1:] if rest and rest[0].lower() == verb else rest
        return _command(verb, given, dotted), part.id
    if kind is not None and head in parts and rest and rest[0].lower() in kind.verbs:
        return _command(rest[0].lower(), rest[1:], dotted), head
    return _command(head, rest, dotted), ""


def _switch(parts: Mapping[str, PartSpec], output: str, source: str) -> tuple[Command, str]:
    """`SPO01SI04`, as a keypad says it to a Key Digital switcher: input 4 to the output that is unit 1 of one."""
    outputs = [part for part in parts.values() if part.kind.name == "output" and part.target is not None]
    found = [part for part in outputs if part.target is not None and part.target.unit == output]
    if len(found) != 1:
        known = ", ".join(f"{part.id} is {part.target.unit}" for part in outputs if part.target is not None)
        raise ValueError(f"{'more than one' if found else 'no'} output is unit {output!r}; there is: {known or 'none'}")
    return Route(source), found[0].id


def _command(verb: str, given: list[str], dotted: bool) -> Command:
    cls = COMMANDS.get(verb)
    if cls is None or not cls.public or issubclass(cls, Rows):
        raise ValueError(f"{verb!r} is no action")
    fields, hints = dataclasses.fields(cls), types_of(cls)
    if len(given) > len(fields) and fields and hints[fields[-1].name] is str:  # a text may have blanks, an address dots
        last = len(fields) - 1
        given = [*given[:last], ("." if dotted else " ").join(given[last:])]
    if len(given) > len(fields):
        raise ValueError(f"{verb} takes {len(fields)} words after it, not {len(given)}")
    values = {field.name: _value(hints[field.name], word) for field, word in zip(fields, given, strict=False)}
    missing = [field.name for field in fields if field.default is dataclasses.MISSING and field.name not in values]
    if missing:
        raise ValueError(f"{verb} needs {', '.join(missing)}")
    return cls(**values)


def _value(hint: Any, word: str) -> Any:
    if typing.get_origin(hint) is typing.Literal:
        if word.lower() not in typing.get_args(hint):
            raise ValueError(f"{word!r} is none of: {', '.join(typing.get_args(hint))}")
        return word.lower()
    if hint is bool:
        if word.lower() not in ON | OFF:
            raise ValueError(f"{word!r} is neither on nor off")
        return word.lower() in ON
    if hint in (int, float):
        try:
            return hint(word)
        except ValueError:
            raise ValueError(f"{word!r} is no number") from None
    return word


class LineDoor:
    """Hears lines for the rooms of a house."""

    def __init__(self, house: House, spec: LinesSpec) -> None:
        self.house = house
        self.spec = spec
        self.allowed = [ipaddress.ip_network(network) for network in spec.allow]
        self.guard = Guard(house.clock, journaled(house.journal, house.clock))
        self.port = 0
        self._clients: set[asyncio.Task[None]] = set()
        self._refused: set[str] = set()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[LineDoor]:
        """Listen until the block is left. Raises OSError where it cannot."""
        server = await asyncio.start_server(self._came, self.spec.host, self.spec.port, limit=4 * LONGEST)
        self.port = server.sockets[0].getsockname()[1]
        log.info("lines are heard on %s:%s", self.spec.host, self.port)
        try:
            yield self
        finally:
            server.close()
            for task in list(self._clients):
                task.cancel()
            await asyncio.gather(*self._clients, return_exceptions=True)

    def may(self, address: str) -> bool:
        """Whether somebody at this address is heard."""
        try:
            here = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(here, "ipv4_mapped", None)
        return any((mapped or here) in network for network in self.allowed)

    async def _came(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        address = str((writer.get_extra_info("peername") or ("",))[0])
        if not self.may(address) or len(self._clients) >= CLIENTS:
            if address not in self._refused and len(self._refused) < 1000:
                self._refused.add(address)
                log.warning("%s may not send lines: it is not among [lines] allow, or there are too many", address)
            writer.close()
            return
        self._clients.add(task)
        try:
            await _Client(self, reader, writer, address).attend()
        except (ConnectionError, TimeoutError, asyncio.CancelledError):
            pass
        except Exception:
            log.exception("A line of %s met a fault", address)
        finally:
            self._clients.discard(task)
            writer.close()


class _Client:
    """One connection: what it says is done at once, what became of it is told in the same order."""

    def __init__(
        self, door: LineDoor, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str
    ) -> None:
        self.door = door
        self.reader = reader
        self.writer = writer
        self.address = address
        self.known = not door.spec.password  # it has said the password
        self.answers: asyncio.Queue[str | Ticket] = asyncio.Queue()

    async def attend(self) -> None:
        """Hear lines until it goes, is silent for too long, or says too much."""
        telling = asyncio.create_task(self._tell())
        try:
            held = b""
            while True:
                async with asyncio.timeout(IDLE):
                    data = await self.reader.read(2048)
                if not data:
                    break
                *lines, held = END.split(held + data)
                for line in lines:
                    if line.strip():
                        self._hear(line)
                if len(held) > LONGEST or self.answers.qsize() > WAITING:
                    return  # half a line that never ends, or somebody who does not read and goes on
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ANSWER):
                    await self.answers.join()
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)

    async def _tell(self) -> None:
        while True:
            answer = await self.answers.get()
            if not isinstance(answer, str):
                outcome = await answer.ended(ANSWER)
                if outcome is None:
                    answer = f"OK pending {answer.id}"
                else:
                    told = f"{outcome.result.value} {outcome.words}".strip()
                    answer = f"{'OK' if outcome.good else 'ERROR'} {told}"
            self.writer.write(" ".join(answer.split()).encode("utf-8", "replace") + b"\r\n")
            await self.writer.drain()
            self.answers.task_done()

    def _hear(self, line: bytes) -> None:
        try:
            if len(line) > LONGEST:
                raise ValueError(f"a line is at most {LONGEST} characters")
            self.answers.put_nowait(self._do(line.decode("utf-8", "replace")))
        except NothingPlays as error:
            self.answers.put_nowait(f"ERROR {error}")
        except ValueError as error:
            self.answers.put_nowait(f"ERROR {error}")

    def _do(self, line: str) -> str | Ticket:
        dotted = " " not in line.strip()
        said = words(line)
        if not self._password(said):
            return "ERROR the password is not right"
        if not said:
            return "OK"
        room = self.door.house.rooms.get(said[0].lower())
        if room is None:
            raise ValueError(f"there is no room {said[0]!r}")
        cause = f"line:{self.address}"
        if len(said) > 1 and said[1].lower() == "get":
            return f"OK {_get(room, said[2] if len(said) == 3 else '.'.join(said[2:]))}"
        if len(said) > 1 and said[1].lower() == "key":
            return self._key(room, said[2:], cause)
        command, part = wish(room.spec.parts, said[1:], dotted)
        return room.submit(command, part, cause=cause)

    def _password(self, said: list[str]) -> bool:
        """Takes the password off the words, where it is one of them; a wrong one is slowed."""
        if not self.door.spec.password:
            return True
        guard, right = self.door.guard, self.door.spec.password.encode()
        if not self.known and guard.wait(self.address) > 0:  # a short password must not be guessed: not even looked at
            return False
        if said and hmac.compare_digest(said[0].encode("utf-8", "replace"), right):
            self.known = True
            guard.worked(self.address)
            del said[0]
        elif not self.known:
            guard.failed(self.address, "line password")
            log.warning("%s said a wrong password", self.address)
        return self.known

    def _key(self, room: Room, said: list[str], cause: str) -> str:
        hosts: Mapping[str, Any] = self.door.house.surfaces[room.id]
        host = hosts.get(said[0]) if said else None
        if host is None:
            raise ValueError(f"no surface {said[0] if said else ''!r}; there is: {', '.join(hosts) or 'none'}")
        key = said[1] if len(said) == 2 else ""
        if not host.tap(key, cause):
            raise ValueError(f"no key {key!r} on {said[0]!r}")
        return "OK"


def _get(room: Room, name: str) -> str:
    part, _, point = name.rpartition(".")
    if part == "room" and point in room.readings("room"):
        own = room.own(point).value
        return "unknown" if own is None else str(own)
    if part not in room.parts or point not in {*room.parts[part].kind.points, "online", "state", "with", "count"}:
        raise ValueError(f"there is no point {name!r}")
    value = look(RoomState(room), part, point).value
    return "unknown" if value is None else ("on" if value else "off") if isinstance(value, bool) else str(plain(value))
