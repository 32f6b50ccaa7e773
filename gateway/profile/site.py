"""A site's folder of TOML files -> rooms without a mistake, or clear complaints, all at once. Touches no device.

One file a room, named after it, and `site.toml` for what rooms share. What may not live here: anything that runs;
anything about one driver (its own Settings say what it takes).
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
import zoneinfo
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.complaint import Complaint, Table, did_you_mean
from gateway.driver import Driver, Timing
from gateway.link import PORTLESS, Address, Trust
from gateway.profile.adminpin import read_admin
from gateway.profile.contacts import read_contacts
from gateway.profile.joinrules import JoinSpec, read_join
from gateway.profile.keypads import read_keypads
from gateway.profile.language import LANGUAGES
from gateway.profile.linespec import LinesSpec, read_lines
from gateway.profile.meetings import CalendarSpec, read_calendars, read_meetings
from gateway.profile.parts import reach_of, read_parts, read_power, read_starts
from gateway.profile.paths import read_sources
from gateway.profile.phones import Pin, read_phones
from gateway.profile.rulebook import read_rules
from gateway.profile.settings import read_settings
from gateway.profile.steps import Known, named_parts, read_scenes
from gateway.profile.surfaces import read_surfaces
from gateway.profile.theme import Theme, read_theme
from gateway.profile.typeface import read_typeface
from gateway.spec import DeviceSpec, RoomSpec, ServerSpec, SiteSpec, Target

ROOM_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\Z")
LEAST = {"window": 1, "reply": 0.05, "ready": 0.05}  # less would let nothing through


@dataclass
class Reading:
    """What came of reading a site: the rooms that can run, and every complaint."""

    site: SiteSpec
    complaints: list[Complaint] = field(default_factory=list)

    @property
    def grave(self) -> list[Complaint]:
        """The complaints that keep something from running."""
        return [complaint for complaint in self.complaints if complaint.grave]


def read(path: Path, drivers: Mapping[str, type[Driver]]) -> Reading:
    """Read a site's folder, or a single room's file. Never raises for what the files hold."""
    complaints: list[Complaint] = []
    if path.is_file():
        files, site_file = [path], path.parent / "site.toml"
    elif path.is_dir():
        files = sorted(file for file in path.glob("*.toml") if file.name != "site.toml")
        site_file = path / "site.toml"
    else:
        complaints.append(Complaint(str(path), "", "", "there is no such folder or file", "expected a site's folder"))
        return Reading(SiteSpec({}), complaints)
    if not files:
        complaints.append(Complaint(str(path), "", "", "no room here", "expected one TOML file for each room"))
    site = _read_site(site_file, drivers, complaints) if site_file.exists() else SiteReading()
    found: list[RoomSpec] = []
    for file in files:
        room = _read_room(file, drivers, site, complaints)
        if room is not None:
            found.append(room)
    complaints += _owners(found)
    broken = {complaint.file for complaint in complaints if complaint.grave}
    rooms = {room.id: room for room in found if room.file not in broken}
    if path.is_file():  # one room alone: of what is shared, only what it uses
        used = frozenset().union(*(room.uses() for room in rooms.values()))
        site.devices = {name: device for name, device in site.devices.items() if name in used}
    calendars = {name: calendar for name, calendar in site.calendars.items() if calendar is not None}
    shared = SiteSpec(
        rooms,
        site.devices,
        site.server,
        site.name,
        site.time_zone,
        site.join,
        site.lines,
        calendars,
        site.theme,
        site.typeface,
    )
    return Reading(shared, complaints)


@dataclass
class SiteReading:
    """What site.toml holds."""

    devices: dict[str, DeviceSpec] = field(default_factory=dict)
    defaults: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    server: ServerSpec = field(default_factory=ServerSpec)
    name: str = ""
    time_zone: str = ""
    maximum_volume: int = 100
    default_volume: int | None = None
    join: JoinSpec = field(default_factory=JoinSpec)
    lines: LinesSpec | None = None
    calendars: dict[str, CalendarSpec | None] = field(default_factory=dict)  # None: it has a mistake
    theme: Theme = field(default_factory=Theme)
    admin_pin: Pin | None = None
    typeface: Path | None = None
    language: str = "en"


def load(file: Path, complaints: list[Complaint]) -> Table | None:
    """A TOML file as a table, or None with a complaint."""
    try:
        with file.open("rb") as stream:
            return Table(file.name, "", tomllib.load(stream), complaints)
    except tomllib.TOMLDecodeError as error:
        complaints.append(Complaint(file.name, "", "", f"not TOML: {error}", "expected a file in TOML 1.0"))
    except UnicodeDecodeError:
        complaints.append(Complaint(file.name, "", "", "not UTF-8", "expected a TOML file in UTF-8"))
    except OSError as error:
        complaints.append(Complaint(file.name, "", "", f"cannot be read: {error.strerror}", "expected a readable file"))
    return None


def _read_site(file: Path, drivers: Mapping[str, type[Driver]], complaints: list[Complaint]) -> SiteReading:
    top = load(file, complaints)
    site = SiteReading()
    if top is None:
        return site
    site.name = top.take("name", str, "")
    site.language = _language(top, "en")
    site.time_zone = top.take("time_zone", str, "")
    if site.time_zone and site.time_zone not in zoneinfo.available_timezones():
        top.complain("time_zone", f"found {site.time_zone!r}", did_you_mean(site.time_zone, ("Europe/Berlin", "UTC")))
    server = top.table("server")
    site.server = ServerSpec(
        host=server.take("host", str, "127.0.0.1"),
        port=server.number("port", 8080, 0, 65535, whole=True),
        plain_http=server.take("plain_http", bool, False),
        certificate=server.take("certificate", str, ""),
        key=server.take("key", str, ""),
        address=_read_public(server),
    )
    if bool(site.server.certificate) != bool(site.server.key):
        server.complain("certificate", "found only one of certificate and key", "expected both, or neither")
    server.finish()
    site.maximum_volume, site.default_volume = _read_volume(top, 100, None)
    site.join = read_join(top)
    site.lines = read_lines(top)
    site.admin_pin = read_admin(top)
    site.calendars = read_calendars(top)
    site.theme = read_theme(top, file.parent)
    site.typeface = read_typeface(top, file.parent)
    defaults = top.tables("defaults")
    for name, table in defaults.items():
        if name not in drivers:
            table.complain("", f"no driver {name!r}", did_you_mean(name, drivers))
        else:
            site.defaults[name] = _read_defaults(table, drivers[name])
    for name, table in top.tables("devices").items():
        device = _read_device(name, table, "", drivers, site.defaults)
        if device is not None:
            site.devices[name] = device
    top.finish()
    return site


def _language(top: Table, usual: str) -> str:
    found: str = top.take("language", str, usual, choices=LANGUAGES)
    return found if found in LANGUAGES else usual


def _read_public(server: Table) -> str:
    """How others reach the gateway: scheme, name and, where it has one, a port."""
    given: str = server.take("address", str, "")
    if given and not re.fullmatch(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?/?", given):
        server.complain("address", f"found {given!r}", 'expected such as "https://rooms.example.com"')
        return ""
    return given.rstrip("/")


def _read_room(
    file: Path, drivers: Mapping[str, type[Driver]], site: SiteReading, complaints: list[Complaint]
) -> RoomSpec | None:
    top = load(file, complaints)
    if top is None:
        return None
    if not ROOM_NAME.match(file.stem):
        top.complain("", f"the file is named {file.name!r}", "expected a name of small letters, digits and hyphens")
    devices: dict[str, DeviceSpec] = {}
    for name, table in top.tables("devices").items():
        device = _read_device(name, table, file.stem, drivers, site.defaults)
        if device is not None:
            devices[name] = device
    reachable = {**{name: d for name, d in site.devices.items() if name not in devices}, **devices}
    asked = set(top.data["devices"]) if isinstance(top.data.get("devices"), dict) else set()
    held = top.table("parts")
    parts = read_parts(held, reachable, asked)
    maximum, default = _read_volume(top, site.maximum_volume, site.default_volume)
    sources = read_sources(top, parts, reach_of(held, parts, reachable, asked))
    power_off, power_on = read_power(top, sources, maximum, default)
    meetings = read_meetings(top, named_parts(top), site.calendars)
    language = _language(top, site.language)
    by_id = {device.id: device for device in reachable.values()}
    known = Known(parts, sources, (), maximum, named_parts(top), "meetings" in top.data, by_id, language)
    scenes = read_scenes(top, known)
    known = dataclasses.replace(known, sources=sources, scenes={*scenes, *_tables(top, "scenes")})
    surfaces = read_surfaces(top, known, sources, scenes, reachable, asked)
    if language == "ja" and surfaces and site.typeface is None:
        words = "keys show boxes for its letters until site.toml names a typeface: [keys] typeface"
        top.complain("language", f"found {language!r}", words, grave=False)
    keypads = read_keypads(top, known)
    starts = read_starts(top)
    rules = read_rules(top, parts, {*sources, *_tables(top, "sources")})
    name = top.take("name", str, file.stem)
    group = top.take("group", str, "")
    phone_book = read_contacts(top, named_parts(top), group)
    phones = read_phones(top)
    admin_pin = read_admin(top, site.admin_pin)
    theme = read_theme(top, file.parent, site.theme)
    top.finish()
    return RoomSpec(
        file.stem,
        name,
        devices,
        parts,
        sources,
        power_on,
        power_off,
        maximum,
        default,
        file.name,
        scenes,
        surfaces,
        starts,
        rules,
        group,
        keypads=keypads,
        meetings=meetings,
        phone_book=phone_book,
        phones=phones,
        admin_pin=admin_pin,
        language=language,
        theme=theme,
    )


def _tables(top: Table, key: str) -> set[str]:
    held = top.data.get(key)
    return set(held) if isinstance(held, Mapping) else set()


def _read_volume(top: Table, maximum: int, default: int | None) -> tuple[int, int | None]:
    volume = top.table("volume")
    maximum = volume.number("maximum", maximum, 0, 100, whole=True)
    if "default" in volume.data:
        default = volume.number("default", 0, 0, 100, whole=True)
        if default > maximum:
            volume.complain("default", f"found {default}", f"expected at most the maximum, {maximum}")
    volume.finish()
    return maximum, None if default is None else min(default, maximum)


def _read_device(
    name: str, table: Table, room: str, drivers: Mapping[str, type[Driver]], defaults: Mapping[str, Mapping[str, Any]]
) -> DeviceSpec | None:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
        table.complain("", f"a device named {name!r}", "expected small letters, digits, - and _")
    driver_name = table.take("driver", str)
    if driver_name is None:
        return None
    driver = drivers.get(driver_name)
    if driver is None:
        table.complain("driver", f"found {driver_name!r}", did_you_mean(driver_name, drivers))
        return None
    merged = {**defaults.get(driver_name, {}), **table.data}
    table = Table(table.file, table.path, merged, table.complaints)
    table.taken.add("driver")
    address = _read_address(table, driver)
    trust = _read_trust(table)
    times = _read_timing(table)
    simulator = table.take("simulator", dict, {})
    simulate = table.take("simulate", bool, False)
    record = table.take("record", bool, False)
    disabled = not table.take("enabled", bool, True)
    settings, missing = read_settings(table, driver.Settings, f"see `roomgate drivers {driver.name}`")
    table.finish()
    words = "enabled = false in the profile" if disabled else ""
    for key, why in missing.items() if not (simulate or disabled) else ():
        table.complain(key, why, "the device stays disabled until it is there", grave=False)
        disabled, words = True, f"{key}: {why}"
    if address is None:
        return None
    return DeviceSpec(name, driver, address, settings, trust, times, room, simulate, simulator, record, disabled, words)


def _read_defaults(table: Table, driver: type[Driver]) -> Mapping[str, Any]:
    """What a site says for all devices of a driver, without the keys that are wrong: those are said here, once."""
    before = len(table.complaints)
    _read_trust(table)
    _read_timing(table)
    for key, kind in (("record", bool), ("simulate", bool), ("simulator", dict), ("enabled", bool)):
        table.take(key, kind, None)
    read_settings(
        table, driver.Settings, f"see `roomgate drivers {driver.name}`"
    )  # a secret that is not there is said at each device
    table.finish()
    wrong = {complaint.key for complaint in table.complaints[before:] if complaint.table == table.path}
    return {key: value for key, value in table.data.items() if key not in wrong}


def _read_timing(table: Table) -> dict[str, float]:
    timing = table.table("timing")
    known = [f.name for f in dataclasses.fields(Timing)]
    times = {
        key: timing.number(key, 1, LEAST.get(key, 0), 3600, whole=key == "window")
        for key in known
        if key in timing.data
    }
    timing.taken.update(known)
    timing.finish()
    return times


def _read_address(table: Table, driver: type[Driver]) -> Address | None:
    link = table.take("link", str)
    if link is None:
        return None
    try:
        address = Address.parse(link, driver.links)
    except ValueError as error:
        table.complain("link", str(error), f"expected {_link_example(driver)}")
        return None
    if address.scheme not in driver.links:
        known = ", ".join(f"{scheme}://" for scheme in driver.links)
        table.complain("link", f"found {address.scheme}://", f"{driver.name} speaks {known}")
        return None
    if not address.port and address.scheme not in PORTLESS:
        table.complain("link", f"found {link!r}", "expected a port, since this device has no usual one")
    return address


def _link_example(driver: type[Driver]) -> str:
    scheme = next(iter(driver.links), "tcp")
    return {"serial": "serial:///dev/ttyUSB0", "hid": "hid://0fd9"}.get(scheme, f"{scheme}://10.0.0.20")


def _read_trust(table: Table) -> Trust:
    trust = table.take("trust", str, "", choices=("any",)) if "trust" in table.data else ""
    table.taken.add("trust")
    fingerprint = table.take("fingerprint", str, "")
    if fingerprint and not re.fullmatch(r"(sha256:[0-9a-fA-F:]{64,95})|(SHA256:[A-Za-z0-9+/]{43}=?)", fingerprint):
        table.complain(
            "fingerprint", f"found {fingerprint!r}", "expected sha256:<64 hex digits>, or an SSH key's SHA256:<base64>"
        )
    if trust and fingerprint:
        table.complain("trust", "found both trust and fingerprint", "expected one of them")
    return Trust(any=trust == "any", fingerprint=fingerprint)


def _owners(rooms: Iterable[RoomSpec]) -> list[Complaint]:
    """Each motor has one owner, across rooms: nobody else may use its relays."""
    complaints: list[Complaint] = []
    owners: dict[Target, str] = {}
    for room in rooms:
        for part in room.parts.values():
            exclusive = bool(part.motion) or part.kind.name in ("screen", "shade", "relay")
            for target in part.targets:
                me = f"{room.id}: {part.id}"
                if exclusive and target in owners:
                    unit = f"/{target.unit}" if target.unit else ""
                    found = f"{target.device}{unit} already belongs to {owners[target]}"
                    expected = "expected one owner for each motor and relay"
                    complaints.append(Complaint(room.file, "parts", part.id, found, expected))
                elif exclusive:
                    owners[target] = me
    return complaints
