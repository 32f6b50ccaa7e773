"""Bond Bridge with motorized shades: its local API v2 over HTTP, and what it pushes over UDP (BPUP).

Scenes, schedules, learned signals and the making of groups may not live here. The bridge speaks to one-way radio
motors, so what it calls state is its own belief: where a shade is (`actual`) and where the bridge believes it
(`position`) are two things.

Source: Bond Local API v3 (docs-local.appbond.com); the chapters named below are its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from simulators._bond import (
    ACTIONS,
    CLOSED,
    OPEN,
    POSITION_ACTIONS,
    POWER_ACTIONS,
    TILT_ACTIONS,
    Group,
    ProblemError,
    Shade,
    Switch,
    Travel,
    hashed,
    is_id,
    line,
    problem,
)
from simulators._http import HttpSimulator, Request
from simulators.device import SimulatorError, Timer, Where, hand
from simulators.doors import Address, UdpDoor

BPUP_PORT = 30007  # chapter BPUP
UNLOCKED_SECONDS = 600  # chapter Getting the Bond Token: ten minutes from power-up
SUBSCRIBED_SECONDS = 125  # chapter BPUP


@dataclass(kw_only=True, eq=False)
class Bond(HttpSimulator):
    """A bridge and its shades: those in `with_position` know positions, those in `plain` only open and close."""

    name: ClassVar[str] = "bond"
    title: ClassVar[str] = "Bond Bridge with motorized shades"
    links: ClassVar[Mapping[str, int]] = {"http": 80}

    token: str = "f074b61f628018fd"
    bond_id: str = "ZZBL12345"
    with_position: str = "79135791"  # device ids, separated by commas
    plain: str = "4caf6472"
    switched: str = ""  # devices that are only turned on and off
    with_slats: str = ""  # those of the ids above whose slats open and close
    grouped: str = ""  # "4caf64aa=79135791+4caf6472": groups and their members, separated by commas
    knows_groups: bool = True  # false: a Smart by Bond device
    slats: dict[str, str] = field(default_factory=dict, init=False)  # the last that was sent to them
    travel_seconds: float = 20.0
    preset: int = 50
    radio_seconds: float = 0.2  # an action is answered once it has been transmitted
    # Whether the state changes with the order or when the shade has arrived; the documents do not say.
    reports: Literal["start", "arrival"] = "start"
    bpup_port: int = BPUP_PORT  # 0, or this one where it is taken: a free one, which then stands here
    locked: bool = False
    shades: dict[str, Shade] = field(init=False)
    switches: dict[str, Switch] = field(init=False)
    groups: dict[str, Group] = field(default_factory=dict, init=False)
    listeners: list[str] = field(default_factory=list, init=False)

    _push: UdpDoor = field(init=False, repr=False)
    _leases: dict[Address, Timer] = field(default_factory=dict, init=False, repr=False)
    _travels: dict[str, Travel] = field(default_factory=dict, init=False, repr=False)
    _since: float = field(default=0.0, init=False, repr=False)
    _told: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        ids = [(key, True) for key in self.with_position.split(",")] + [(key, False) for key in self.plain.split(",")]
        self.shades = {
            key.strip(): Shade(
                name=f"Shade {n}", has_position=has_position, has_slats=key.strip() in self.with_slats.split(",")
            )
            for n, (key, has_position) in enumerate((item for item in ids if item[0].strip()), 1)
        }
        listed = (key.strip() for key in self.switched.split(",") if key.strip())
        self.switches = {key: Switch(name=f"Switch {n}") for n, key in enumerate(listed, 1)}
        for key in self._devices():
            if not is_id(key):
                raise SimulatorError(f"{key!r} is no device id: 1 to 16 hexadecimal digits")
        for n, (key, _, named) in enumerate((one.partition("=") for one in self.grouped.split(",") if one), 1):
            members = named.split("+")
            if not is_id(key) or not set(members) <= self.shades.keys():
                raise SimulatorError(f"{key}={named} is no group: an id, and ids of shades that there are")
            self.groups[key] = Group(name=f"Group {n}", members={member: self.shades[member] for member in members})

    async def listen(self, where: Where) -> str:
        self._push = UdpDoor(self.faults, self._subscribe)
        try:
            self.bpup_port = await self._push.bind(where.host, self.bpup_port)
        except OSError:
            if self.bpup_port != BPUP_PORT:
                raise
            self.bpup_port = await self._push.bind(where.host, 0)  # a second bridge on this machine
        self.on_stop(self._push.close)
        self.restart()
        return await super().listen(where)

    def restart(self) -> None:
        """The bridge forgets who listens; its beliefs are kept, and the shades go on by themselves."""
        self._leases.clear()
        self.listeners.clear()
        self._since, self.locked = self.clock(), False
        self.after(UNLOCKED_SECONDS, self._lock)
        for key, travel in list(self._travels.items()):
            self._set_off(key, travel.target, travel.belief)

    def memory(self) -> dict[str, Any]:
        for key in self._travels:
            self.shades[key].actual = round(self._now(key), 1)
        return super().memory()

    # The hands in the room.

    @hand
    def remote_control(self, device: str = "", action: str = "Open", heard: bool = True) -> None:
        """Press a key of a shade's own remote control, the first shade's by default; the bridge may not hear it."""
        key = self._key(device) if device else next(iter(self.shades), None)
        if key is None or key in self.switches:
            raise SimulatorError(f"no shade is named {device!r}; there are: {', '.join(self.shades) or 'none'}")
        if action not in ACTIONS:
            raise SimulatorError(f"a remote control has no key {action!r}; there are: {', '.join(ACTIONS)}")
        self._act(key, action, 0, heard=heard)

    @hand
    def unplug(self) -> None:
        """Pull the bridge's plug."""
        self.faults.unreachable = True

    @hand
    async def plug_in(self) -> None:
        """Give the bridge its power back; returns when it is there again."""
        self.faults.booting = True
        self.faults.unreachable = False
        await self.reboot()

    def _devices(self) -> dict[str, Shade | Switch]:
        return {**self.shades, **self.switches}

    def _lock(self) -> None:
        self.locked = True

    # The shades.

    def _act(self, key: str, action: str, argument: int, *, heard: bool = True) -> None:
        if key in self.switches:
            with self._telling(key):
                self.switches[key].power = POWER_ACTIONS[action]
            return
        shade = self.shades[key]
        if action in TILT_ACTIONS:
            self.slats[key] = action
            return
        if action == "Stop":
            return  # chapter Misc: ends the transmission, not the movement; that is Hold
        if action == "Hold":
            self._halt(key)
            if heard and shade.has_position:
                self._believe(key, round(shade.actual))  # dead reckoning; without a position Hold changes no state
            return
        target = {
            "Open": OPEN,
            "Close": CLOSED,
            "ToggleOpen": CLOSED if shade.open else OPEN,
            "Preset": self.preset,
            "SetPosition": argument,
            "IncreasePosition": min(shade.position + argument, CLOSED),
            "DecreasePosition": max(shade.position - argument, OPEN),
        }[action]
        known = heard and (shade.has_position or action != "Preset")
        self._set_off(key, target, target if known else None)
        if known and self.reports == "start":
            self._believe(key, target)

    def _set_off(self, key: str, target: int, belief: int | None) -> None:
        self._halt(key)
        shade = self.shades[key]
        way = target - shade.actual
        shade.moving = "down" if way > 0 else "up" if way < 0 else ""
        self._travels[key] = Travel(
            start=shade.actual,
            target=target,
            began=self.clock(),
            belief=belief,
            arrival=self.after(abs(way) / CLOSED * self.travel_seconds, lambda: self._arrive(key)),
        )

    def _arrive(self, key: str) -> None:
        travel, shade = self._travels.pop(key), self.shades[key]
        shade.actual, shade.moving = travel.target, ""
        if travel.belief is not None:
            self._believe(key, travel.belief)

    def _halt(self, key: str) -> None:
        if key in self._travels:
            self.shades[key].actual, self.shades[key].moving = round(self._now(key), 1), ""
            self._travels.pop(key).arrival.cancel()

    def _now(self, key: str) -> float:
        travel = self._travels[key]
        way = travel.target - travel.start
        run = (self.clock() - travel.began) / self.travel_seconds * CLOSED
        return travel.start + max(-run, way) if way < 0 else travel.start + min(run, way)

    def _believe(self, key: str, position: int) -> None:
        with self._telling(key):
            self.shades[key].position, self.shades[key].open = position, int(position < CLOSED)

    @contextmanager
    def _telling(self, key: str) -> Iterator[None]:
        """Whatever of a device, and of its groups, is not as before is told to who listens."""
        held: dict[str, Shade | Switch | Group] = {f"devices/{key}": self._devices()[key]}
        held |= {f"groups/{name}": group for name, group in self.groups.items() if key in group.members}
        before = {where: one.state for where, one in held.items()}
        yield
        for where, one in held.items():
            if one.state != before[where]:
                self._told += 1
                news = {"t": f"{where}/state", "i": f"{self._told:016x}", "s": 200, "m": 0, "f": 255}
                self._tell(news | {"b": one.state})

    # BPUP.

    def _subscribe(self, data: bytes, peer: Address) -> None:
        if data.strip():
            return  # only the newline that keeps a subscription alive is documented
        if peer in self._leases:
            self._leases[peer].cancel()
        self._leases[peer] = self.after(SUBSCRIBED_SECONDS, lambda: self._expire(peer))
        self._recount()
        self._push.send(line({"B": self.bond_id, "d": 0, "v": "v3.0.0"}), peer)

    def _expire(self, peer: Address) -> None:
        del self._leases[peer]
        self._recount()
        self._push.send(line({"B": self.bond_id, "err_id": 631, "err_msg": "BPUP client timeout"}), peer)

    def _recount(self) -> None:
        self.listeners = [f"{host}:{port}" for host, port in self._leases]
        self.touched()

    def _tell(self, news: dict[str, Any]) -> None:
        for peer in self._leases:
            self._push.send(line({"B": self.bond_id, "d": 0, "v": "v3.0.0"} | news), peer)

    def _inject(self, data: bytes) -> None:
        super()._inject(data)
        for peer in self._leases:
            self._push.send(data, peer)

    # HTTP.

    def requested(self, request: Request) -> None:
        where = [part for part in request.path.split("/") if part]
        try:
            body = json.loads(request.body or b"{}")
            if not isinstance(body, dict):
                raise ProblemError(400, "the body is no JSON object")
            self._admit(where, [request.headers.get("bond-token"), body.get("_token")])
            match request.method, where:
                case "PUT", ["v2", "devices", device, "actions", action]:
                    self._transmit(request, [self._found(device)], action, body.get("argument"))
                case "PUT", ["v2", "groups", group, "actions", action]:
                    self._transmit(request, list(self._group(group).members), action, body.get("argument"))
                case method, _:
                    request.answer(200, self._look(method, where))
        except ValueError:
            request.answer(400, problem(400, "the body is no JSON"))
        except ProblemError as no:
            request.answer(no.status, problem(no.status, no.words))

    def _admit(self, where: list[str], tokens: list[Any]) -> None:
        """Chapter Getting the Bond Token: two endpoints are open, the others want it in a header or as `_token`."""
        if where in (["v2", "sys", "version"], ["v2", "token"]):
            return
        if self.faults.refuse_login or self.token not in tokens:
            raise ProblemError(401, "the token is missing or wrong")

    def _transmit(self, request: Request, keys: list[str], action: str, argument: object) -> None:
        """An action: answered when the radio has sent it (PUT .../actions blocks until it has been executed), on a
        group until it has been executed on all its members, one after the other."""
        if any(action not in self._devices()[key].actions for key in keys):
            raise ProblemError(400, f"there is no action {action}")
        wanted = argument if type(argument) is int else -1
        if action in POSITION_ACTIONS and not OPEN <= wanted <= CLOSED:
            raise ProblemError(400, f"{action} takes a whole number from {OPEN} to {CLOSED}")

        def sent(left: list[str]) -> None:
            self._act(left[0], action, wanted)
            if left[1:]:
                self.after(self.radio_seconds, lambda: sent(left[1:]))
            else:
                request.answer(204)

        self.after(self.radio_seconds, lambda: sent(keys))

    def _look(self, method: str, where: list[str]) -> dict[str, Any]:
        match (method, where):
            case "GET", ["v2", "sys", "version"]:
                about = {"bondid": self.bond_id, "target": "zermatt", "fw_ver": "v3.0.0", "make": "Olibra LLC"}
                return hashed(about | {"model": "BD-1000", "uptime_s": int(self.clock() - self._since)})
            case "GET", ["v2", "token"]:
                return hashed({"locked": 1} if self.locked else {"locked": 0, "token": self.token})
            case "GET", ["v2", "bridge"]:
                return hashed({"name": "Bond Bridge", "location": "Room", "bluelight": 127})
            case "GET", ["v2", "devices"]:
                return hashed({key: {"_": self._device(key)["_"]} for key in self._devices()})
            case "GET", ["v2", "devices", device]:
                return self._device(self._found(device))
            case "GET", ["v2", "devices", device, "state"]:
                return self._devices()[self._found(device)].state
            case "GET", ["v2", "groups"] if self.knows_groups:
                return hashed({key: {"_": group.state["_"]} for key, group in self.groups.items()})
            case "GET", ["v2", "groups", key]:
                group = self._group(key)
                facts = {
                    "types": ["MS"],
                    "locations": ["Room"],
                    "devices": list(group.members),
                    "actions": group.actions,
                }
                return hashed({"name": group.name, **facts, "state": {"_": group.state["_"]}})
            case "GET", ["v2", "groups", key, "state"]:
                return self._group(key).state
            case "GET", ["v2", "devices", device, "properties"]:
                return self._properties(self._found(device))
        raise ProblemError(404, f"there is no {method} /{'/'.join(where)}")

    def _device(self, key: str) -> dict[str, Any]:
        device = self._devices()[key]
        kind = {"type": "GX"} if key in self.switches else {"type": "MS", "subtype": "ROLLER"}
        about = {"name": device.name, **kind, "location": "Room"}
        parts = {"state": {"_": device.state["_"]}, "properties": {"_": self._properties(key)["_"]}}
        return hashed(about | {"actions": list(device.actions)} | parts)

    def _properties(self, key: str) -> dict[str, Any]:
        course = {"feature_position": True, "course_time": round(self.travel_seconds * 1000)}
        return hashed(course if key in self.shades and self.shades[key].has_position else {})

    def _group(self, key: str) -> Group:
        if key not in self.groups:
            raise ProblemError(404, f"there is no group {key}")
        return self.groups[key]

    def _found(self, device: str) -> str:
        key = self._key(device)
        if key is None:
            raise ProblemError(404, f"there is no device {device}")
        return key

    def _key(self, device: str) -> str | None:
        """Chapter 64-bit Keys: leading zeros do not matter."""
        same = (key for key in self._devices() if is_id(device) and int(key, 16) == int(device, 16))
        return next(same, None)
