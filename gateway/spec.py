"""What a profile says, once it has been read and found right: a site, its rooms, devices, parts and sources.

Frozen values without a mistake in them. What may not live here: reading TOML (`profile.py`), anything that runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from gateway.driver import Driver, Settings
from gateway.link import Address, Trust
from gateway.model import Kind
from gateway.motion import MotionSpec
from gateway.profile.joinrules import JoinSpec
from gateway.profile.keypads import KeypadSpec
from gateway.profile.layout import SurfaceSpec
from gateway.profile.linespec import LinesSpec
from gateway.profile.meetings import CalendarSpec, MeetingsSpec
from gateway.profile.phones import PhonesSpec, Pin
from gateway.profile.steps import SceneSpec
from gateway.profile.theme import Theme


@dataclass(frozen=True)
class DeviceSpec:
    """One device: which driver speaks to it, where, and how. `room` "" = shared by the site."""

    name: str
    driver: type[Driver]
    address: Address
    settings: Settings
    trust: Trust = field(default_factory=Trust)
    timing: Mapping[str, float] = field(default_factory=dict)
    room: str = ""
    simulate: bool = False
    simulator: Mapping[str, Any] = field(default_factory=dict)
    record: bool = False
    disabled: bool = False
    words: str = ""  # why it is disabled

    @property
    def id(self) -> str:
        """Unique in the site: `boardroom/codec`, or the bare name of a shared one."""
        return f"{self.room}/{self.name}" if self.room else self.name


@dataclass(frozen=True)
class Target:
    """A unit of a device: `relay/1:2`."""

    device: str  # a DeviceSpec's id
    unit: str = ""


@dataclass(frozen=True)
class Jack:
    """Where a cable ends: at a switcher (`at` a device's id) or a display (a part's id); input "" = its only one."""

    at: str
    input: str = ""


@dataclass(frozen=True)
class Way:
    """How a source comes to a display or an output: which input on which outputs, and last the display's own."""

    hops: tuple[tuple[str, str], ...] = ()  # output's part id, input
    input: str = ""


@dataclass(frozen=True)
class PresetSpec:
    """A named position of a group: percent by member's part id."""

    name: str
    positions: Mapping[str, int]


@dataclass(frozen=True)
class PartSpec:
    """Who plays a part of a room: a unit of a device, a motor whose roles units play, or a group of other parts.

    feeds: an output's cables; screen: the part id of a display's screen; members, presets: a group's.
    """

    kind: Kind
    name: str = ""
    label: str = ""
    target: Target | None = None
    motion: MotionSpec | None = None
    roles: Mapping[str, Target] = field(default_factory=dict)
    default_input: str = ""
    feeds: tuple[Jack, ...] = ()
    screen: str = ""
    members: tuple[str, ...] = ()
    presets: tuple[PresetSpec, ...] = ()

    @property
    def targets(self) -> list[Target]:
        """Every unit that plays in it."""
        return [self.target] if self.target is not None else list(self.roles.values())

    @property
    def id(self) -> str:
        """`volume`, `screen.left`."""
        return f"{self.kind.name}.{self.name}" if self.name else self.kind.name


@dataclass(frozen=True)
class SourceSpec:
    """Something to show: on which displays, by which inputs, and how it can come to any display or output."""

    name: str
    label: str
    inputs: Mapping[str, str]  # part id of a display -> its input ("" = its only one)
    ways: Mapping[str, Way] = field(default_factory=dict)  # part id of a display or output -> the way there
    signal: str = ""  # part id of what tells whether it sends a picture


@dataclass(frozen=True)
class PowerSpec:
    """What a room does when it is turned on, or off. None = leave alone."""

    displays: bool | None = None
    inputs: bool = False  # the displays' default inputs
    codec: bool | None = None
    volume: int | None = None
    mute: bool | None = None
    mic_mute: bool | None = None
    video_mute: bool | None = None
    screens: Literal["up", "down"] | None = None
    shades: Literal["up", "down"] | None = None
    hang_up: bool = False
    source: str = ""


@dataclass(frozen=True)
class StartsSpec:
    """How many of a room's motors may start within so many seconds; 0 = all."""

    together: int = 0
    apart: float = 1.0


@dataclass(frozen=True)
class RuleSpec:
    """What the room does by itself. `parts`: the ids of those that it moves or switches.

    kind: *screens* (down when their display goes on, up when it goes off), *shades* (closed while one of `sources` is
    shown), *standby* (a display that shows nothing for `minutes`, nobody in a call), *outlets* (with the room's power).
    """

    name: str
    kind: Literal["screens", "shades", "standby", "outlets"]
    parts: tuple[str, ...]
    displays: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    minutes: float = 0.0
    reopen: bool = False


@dataclass(frozen=True)
class RoomSpec:
    """One room."""

    id: str
    name: str
    devices: Mapping[str, DeviceSpec]  # its own, by bare name
    parts: Mapping[str, PartSpec]
    sources: Mapping[str, SourceSpec] = field(default_factory=dict)
    power_on: PowerSpec = field(default_factory=PowerSpec)
    power_off: PowerSpec = field(default_factory=PowerSpec)
    maximum_volume: int = 100
    default_volume: int | None = None
    file: str = ""
    scenes: Mapping[str, SceneSpec] = field(default_factory=dict)
    surfaces: Mapping[str, SurfaceSpec] = field(default_factory=dict)
    starts: StartsSpec = field(default_factory=StartsSpec)
    rules: Mapping[str, RuleSpec] = field(default_factory=dict)
    group: str = ""  # rooms of one group share contacts
    phone_book: str = ""  # for whom the codec's phone book is copied: "room", "group", "site", or "" = nobody
    keypads: Mapping[str, KeypadSpec] = field(default_factory=dict)
    meetings: MeetingsSpec | None = None  # whose calendar is shown, and how
    phones: PhonesSpec | None = None  # how people's own phones come in; None = they do not
    admin_pin: Pin | None = field(default=None, repr=False)  # asked for before an administrator's actions at a panel
    theme: Theme = field(default_factory=Theme)  # how its pages look
    language: str = "en"  # of our own words on its keys

    def uses(self) -> frozenset[str]:
        """The ids of all devices that play a part here, shared ones too."""
        targets = [target for part in self.parts.values() for target in (part.target, *part.roles.values()) if target]
        targets += [surface.target for surface in self.surfaces.values() if surface.target]
        return frozenset(target.device for target in targets)


@dataclass(frozen=True)
class ServerSpec:
    """Where and how the Room Control API is served."""

    host: str = "127.0.0.1"
    port: int = 8080
    plain_http: bool = False
    certificate: str = ""
    key: str = ""
    address: str = ""  # how others reach it, such as https://rooms.example.com; "" = as whoever asks does


@dataclass(frozen=True)
class SiteSpec:
    """All rooms, and what they share."""

    rooms: Mapping[str, RoomSpec]
    devices: Mapping[str, DeviceSpec] = field(default_factory=dict)  # the shared ones
    server: ServerSpec = field(default_factory=ServerSpec)
    name: str = ""
    time_zone: str = ""
    join: JoinSpec = field(default_factory=JoinSpec)
    lines: LinesSpec | None = None
    calendars: Mapping[str, CalendarSpec] = field(default_factory=dict)
    theme: Theme = field(default_factory=Theme)  # of pages that are in no room
    typeface: Path | None = None  # of what stands on keys, for letters that our own has not

    def only(self, room: str) -> SiteSpec:
        """The same site with this room alone, and of the shared devices only those that it uses."""
        held = self.rooms[room]
        shared = {name: device for name, device in self.devices.items() if device.id in held.uses()}
        return replace(self, rooms={room: held}, devices=shared)

    def all_devices(self) -> dict[str, DeviceSpec]:
        """Every device of the site, by id."""
        found = {spec.id: spec for spec in self.devices.values()}
        for room in self.rooms.values():
            found.update((spec.id, spec) for spec in room.devices.values())
        return found
