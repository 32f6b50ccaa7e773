"""Decks that come by themselves, and which of them an administrator has given to a room: `surfaces.json`.

A protocol without a log-in lets anybody say that it is a deck; until it is adopted a deck is shown nothing and its
presses do nothing. What may not live here: what a surface shows or does (`surfacehost.py`), panels (`pairing.py`).
"""

from __future__ import annotations

import dataclasses
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.clock import Clock
from gateway.device import Device
from gateway.folder import FolderError, write_private
from gateway.model import Event, Reading, plain
from gateway.profile.layout import SurfaceSpec
from gateway.room import Room
from gateway.spec import Target
from gateway.surfaces.surfacehost import SurfaceHost

log = logging.getLogger("roomgate.surface")

MOST_WAITING = 256
MOST_SHUNNED = 1024  # decks that were turned away and are still there


class AdoptionError(LookupError):
    """It cannot be adopted, or let go; the words say why."""


@dataclass(frozen=True)
class Adopted:
    """One deck that belongs to a surface. id: the device's id and the deck's own name, `desk/streamdeck:AL12`."""

    id: str
    room: str
    surface: str
    since: float  # wall clock


@dataclass
class Adoptions:
    """All that are adopted, in memory and in the data folder (None: only in memory). Only the gateway writes it."""

    path: Path | None
    held: dict[str, Adopted] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Adoptions:
        """What the file holds. Raises FolderError for one that cannot be read: adopted decks are never forgotten."""
        try:
            document = json.loads(path.read_bytes())
            rows = [Adopted(**row) for row in document["adopted"]] if document["version"] == 1 else None
        except FileNotFoundError:
            return cls(path)
        except (OSError, ValueError, TypeError, KeyError) as problem:
            raise FolderError(f"{path} cannot be read: {problem}; restore it, or remove it and adopt again") from None
        if rows is None:
            raise FolderError(f"{path} is of a newer version")
        return cls(path, {row.id: row for row in rows})

    def save(self) -> None:
        """Write the file. Not for the event loop. Raises FolderError."""
        if self.path is None:
            return
        rows = [dataclasses.asdict(one) for one in self.held.values()]
        try:
            write_private(self.path, json.dumps({"version": 1, "adopted": rows}, indent=2).encode() + b"\n")
        except OSError as problem:
            raise FolderError(f"{self.path} cannot be written: {problem.strerror}") from problem


@dataclass(frozen=True)
class Stranger:
    """A deck that is here and not adopted."""

    id: str
    since: float  # wall clock
    facts: Mapping[str, Any]


class Ear:
    """A room's ear at a device that strangers come to, too: what happens at one deck of the room's own, and no more."""

    def __init__(self, room: Room, unit: str) -> None:
        self.room = room
        self.unit = unit

    def changed(self, player: Any, unit: str, points: Mapping[str, Reading]) -> None:
        """A deck has no points of a room's."""

    def offered(self, player: Any, unit: str) -> None:
        """Nor does it play a part."""

    def availability(self, player: Any) -> None:
        """The device came or went."""
        self.room.availability(player)

    def happened(self, player: Any, event: Event) -> None:
        """A press, or the deck itself came or went."""
        if event.data.get("unit", "") == self.unit:
            self.room.happened(player, event)


class Lobby:
    """Hears of every deck that comes and goes at devices whose units are adopted, and gives adopted ones their room."""

    def __init__(
        self, rooms: Mapping[str, Room], adoptions: Adoptions, clock: Clock, named: frozenset[str] = frozenset()
    ) -> None:
        self.rooms = rooms
        self.named = named  # decks that a profile gives to a surface: they are adopted by it
        self.adoptions = adoptions
        self.clock = clock
        self.strangers: dict[str, Stranger] = {}
        self.shunned: dict[
            str, Stranger
        ] = {}  # strangers that were turned away: not listed again until they leave and come
        self._full = False  # it was said that no more strangers are listed
        self.hosts: dict[str, SurfaceHost] = {}  # those at work, by id
        self.devices: dict[int, tuple[str, Device]] = {}  # by identity: names are unique only in a room

    def watch(self, identity: str, device: Device) -> None:
        """A device whose units are decks."""
        self.devices[id(device)] = identity, device
        device.listeners.append(self)

    def close(self) -> None:
        """The gateway is going."""
        for host in self.hosts.values():
            host.close()
        self.hosts.clear()

    def adopt(self, deck: str, room: str, surface: str) -> Adopted:
        """Give a deck to a surface of a room, from now on; the caller saves. Raises AdoptionError."""
        if self._device_of(deck) is None:
            raise AdoptionError(f"there is no deck {deck!r}; a deck's id is DEVICE/ITS-OWN-NAME")
        if deck in self.named:
            raise AdoptionError(f"{deck!r} is given to a surface by its room's profile")
        held = self.rooms.get(room)
        if held is None:
            raise AdoptionError(f"there is no room {room!r}; rooms: {', '.join(self.rooms)}")
        if surface not in held.spec.surfaces:
            known = ", ".join(held.spec.surfaces) or "none"
            raise AdoptionError(f"room {room!r} has no surface {surface!r}; it has: {known}")
        adopted = Adopted(deck, room, surface, self.clock.wall())
        self.adoptions.held[deck] = adopted
        stranger = self.strangers.pop(deck, None) or self.shunned.pop(deck, None)
        if stranger is not None:
            self._begin(adopted, stranger.facts)
        elif deck in self.hosts:
            host = self.hosts.pop(deck)
            facts = host.facts
            host.close()
            self._begin(adopted, facts)
        return adopted

    def release(self, deck: str) -> None:
        """Take a deck from its room; the caller saves. One that waits is turned away: it is not listed again until it
        has left and comes anew; its link stays, for a program may bring other decks over it. Raises AdoptionError."""
        if deck in self.strangers:
            stranger = self.strangers.pop(deck)
            if len(self.shunned) < MOST_SHUNNED:
                self.shunned[deck] = stranger
            return
        if self.adoptions.held.pop(deck, None) is None:
            raise AdoptionError(f"{deck!r} is not adopted, and does not wait")
        host = self.hosts.pop(deck, None)
        if host is not None:
            host.clear()
            host.close()
            self._stranger(deck, host.facts)

    # ---- what devices tell -----------------------------------------------------------------------------------

    def changed(self, player: Any, unit: str, points: Mapping[str, Reading]) -> None:
        """Nothing of a deck's is for the lobby."""

    def offered(self, player: Any, unit: str) -> None:
        """Nor this."""

    def availability(self, player: Any) -> None:
        """A device that is away has no decks."""
        if not player.online:
            identity, _ = self.devices[id(player)]
            known = (*self.strangers, *self.hosts, *self.shunned)
            for deck in [deck for deck in known if deck.startswith(f"{identity}/")]:
                self._gone(deck)

    def happened(self, player: Any, event: Event) -> None:
        """A deck came, or went."""
        if event.kind not in ("appeared", "gone"):
            return
        facts = dict(event.data)
        deck = f"{self.devices[id(player)][0]}/{facts.pop('unit')}"
        if event.kind == "gone":
            self._gone(deck)
            return
        if deck in self.named:
            return
        adopted = self.adoptions.held.get(deck)
        if adopted is not None and self._surface(adopted) is not None:
            self._begin(adopted, facts)
        else:
            self._stranger(deck, facts)

    def _gone(self, deck: str) -> None:
        self.strangers.pop(deck, None)
        self.shunned.pop(deck, None)
        host = self.hosts.pop(deck, None)
        if host is not None:
            host.close()

    def _stranger(self, deck: str, facts: Mapping[str, Any]) -> None:
        if deck in self.shunned:
            return
        full = deck not in self.strangers and len(self.strangers) >= MOST_WAITING
        if full and not self._full:
            log.warning("%s and others are not listed: %d decks wait to be adopted already", deck, MOST_WAITING)
        self._full = full
        if full:
            return
        self.strangers[deck] = Stranger(deck, self.clock.wall(), plain(facts))

    def _begin(self, adopted: Adopted, facts: Mapping[str, Any]) -> None:
        before = self.hosts.pop(adopted.id, None)
        if before is not None:  # it came again before it had left
            before.close()
        found = self._device_of(adopted.id)
        surface = self._surface(adopted)
        assert found is not None and surface is not None
        identity, device = found
        target = Target(identity, adopted.id[len(identity) + 1 :])
        spec = dataclasses.replace(surface, target=target)
        host = SurfaceHost(self.rooms[adopted.room], spec, device, self.clock, facts)
        self.hosts[adopted.id] = host
        host.begin()

    def _surface(self, adopted: Adopted) -> SurfaceSpec | None:
        room = self.rooms.get(adopted.room)
        return room.spec.surfaces.get(adopted.surface) if room is not None else None

    def _device_of(self, deck: str) -> tuple[str, Device] | None:
        found = [held for held in self.devices.values() if deck.startswith(f"{held[0]}/")]
        return max(found, key=lambda held: len(held[0]), default=None)
