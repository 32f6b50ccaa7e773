"""All that runs for a site: its devices, its motors, its rooms. Built from a SiteSpec, kept alive in one TaskGroup.

What may not live here: HTTP, tokens, command lines. The door above builds it; the interfaces ask it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Mapping

from gateway.calendars.office import Office
from gateway.clock import Clock
from gateway.composite import Composite
from gateway.device import Device, Player
from gateway.directory import Directory
from gateway.directory.phonebook import PhoneBook
from gateway.driver import secrets_of
from gateway.group import Group
from gateway.journal import Journal
from gateway.link import Address
from gateway.room import Room
from gateway.ruling import Ruler
from gateway.spec import DeviceSpec, PartSpec, RoomSpec, SiteSpec
from gateway.surfaces.adoption import Adoptions, Ear, Lobby
from gateway.surfaces.surfacehost import SurfaceHost
from gateway.tape import Budget, Tape

log = logging.getLogger("roomgate")


class House:
    """The site at work. `devices` by id (`boardroom/codec`), `rooms` by id, `surfaces` by room and name."""

    def __init__(self, spec: SiteSpec, journal: Journal, clock: Clock, adoptions: Adoptions | None = None) -> None:
        self.spec = spec
        self.journal = journal
        self.clock = clock
        self.budget = Budget()
        self.devices = {identity: self._device(device) for identity, device in spec.all_devices().items()}
        self.composites: list[Composite] = []
        self.rooms: dict[str, Room] = {}
        self.directory: Directory | None = None
        self.office: Office | None = None
        for room in spec.rooms.values():
            players = {part.id: self._player(part) for part in room.parts.values() if not part.members}
            for part in room.parts.values():
                if part.members:
                    members = {member: players[member] for member in part.members}
                    players[part.id] = Group(part.id, members, part.presets, clock=clock), ""
            self.rooms[room.id] = Room(room, players, journal, clock)
        self.rulers = [Ruler(room, clock) for room in self.rooms.values() if room.spec.rules]
        self.surfaces = {room.id: self._surfaces(room) for room in spec.rooms.values()}
        named = [surface.target for room in spec.rooms.values() for surface in room.surfaces.values()]
        claimed = frozenset(f"{target.device}/{target.unit}" for target in named if target is not None)
        self.lobby = Lobby(self.rooms, adoptions or Adoptions(None), clock, claimed)
        for identity, device in self.devices.items():
            if device.driver.adopted:
                self.lobby.watch(identity, device)

    def _device(self, spec: DeviceSpec) -> Device:
        device = Device(
            spec.name,
            spec.driver,
            spec.address,
            spec.settings,
            clock=self.clock,
            trust=spec.trust,
            tape=Tape(self.budget, secrets_of(spec.settings)),
            timing=spec.timing,
            disabled=spec.disabled,
        )
        device.words = spec.words
        return device

    def _player(self, part: PartSpec) -> tuple[Player, str]:
        if part.motion is not None:
            roles = {role: (self.devices[target.device], target.unit) for role, target in part.roles.items()}
            composite = Composite(part.id, part.motion, roles, clock=self.clock)
            self.composites.append(composite)
            return composite, ""
        assert part.target is not None
        return self.devices[part.target.device], part.target.unit

    def _surfaces(self, spec: RoomSpec) -> dict[str, SurfaceHost]:
        """A room's surfaces at work, by name; the room hears their presses, too."""
        room = self.rooms[spec.id]
        hosts: dict[str, SurfaceHost] = {}
        for name, surface in spec.surfaces.items():
            device = self.devices[surface.target.device] if surface.target else None
            if device is not None and device.driver.adopted:
                assert surface.target is not None
                device.listeners.append(Ear(room, surface.target.unit))
            elif device is not None and room not in device.listeners:
                device.listeners.append(room)
            hosts[name] = SurfaceHost(room, surface, device, self.clock)
        return hosts

    async def run(self) -> None:
        """Keep every device alive until cancelled; then leave each politely, all at once."""
        for device in self.devices.values():
            if device.warning:
                log.warning("%s: %s", device.name, device.warning)
        try:
            async with asyncio.TaskGroup() as group:
                for book in self._phone_books():
                    group.create_task(book.run(), name=f"phone book {book.room.id}")
                if self.office is not None and self.office.desks:
                    group.create_task(self.office.run(), name="calendars")
                for identity, device in self.devices.items():
                    group.create_task(device.run(), name=f"device {identity}")
                await asyncio.Event().wait()
        finally:
            for mailbox in [mailbox for room in self.rooms.values() for mailbox in room.mailboxes]:
                mailbox.close()

    def _phone_books(self) -> list[PhoneBook]:
        """The codecs' phone books that belong to the contacts."""
        directory = self.directory
        if directory is None:
            return []
        return [PhoneBook(room, directory) for room in self.rooms.values() if room.spec.phone_book]

    async def close(self) -> None:
        """Say goodbye to every device (two seconds at most) and forget the motors' timers."""
        for host in [host for hosts in self.surfaces.values() for host in hosts.values()]:
            host.close()
        self.lobby.close()
        for ruler in self.rulers:
            ruler.close()
        if self.office is not None:
            await self.office.close()
        for room in self.rooms.values():
            room.starts.close()
        for composite in self.composites:
            composite.close()
        await asyncio.gather(*(device.close() for device in self.devices.values()))

    def settled(self) -> bool:
        """Whether every device has been tried: it is online, or it is known why not."""
        return all(device.online or device.reason is not None for device in self.devices.values())

    def find_command(self, identity: str) -> tuple[Room, str] | None:
        """The room and part of a recent command."""
        for room in self.rooms.values():
            held = room.commands.get(identity)
            if held is not None:
                return room, held[0]
        return None


def links_over(spec: SiteSpec, links: Mapping[str, str]) -> SiteSpec:
    """The same site with some devices' links replaced, by device id: simulators in the place of equipment."""

    def over(devices: Mapping[str, DeviceSpec]) -> dict[str, DeviceSpec]:
        return {
            name: dataclasses.replace(device, address=Address.parse(links[device.id]), disabled=False, words="")
            if device.id in links
            else device
            for name, device in devices.items()
        }

    rooms = {name: dataclasses.replace(room, devices=over(room.devices)) for name, room in spec.rooms.items()}
    return dataclasses.replace(spec, rooms=rooms, devices=over(spec.devices))
