"""Bond Bridge and Smart by Bond: shades and switched devices over the Bond local API v2, with its UDP push.

Written from Bond's own "Bond Local API" (docs-local.appbond.com, source github.com/bondhome/api-v2, v3.0.0), cited
below as "Bond API". What may not live here: a travel model. A bridge transmits to a motor and cannot hear it: what it
calls state is its own belief (Bond API, "State Variable"), often changed as soon as the order is out. So all of it is
fed back as assumed, unless the profile says `two_way`; that a motor was held is never more than believed.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from typing import Any, ClassVar

from drivers.bond.words import (
    GROUP,
    ID,
    NEEDED,
    STATE_TOPIC,
    UNIT,
    BondSettings,
    Device,
    action,
    mapping,
    number,
    texts,
    where,
)
from gateway.commands import Command, Move, SetPosition, SetTilt, Stop
from gateway.driver import (
    Actions,
    Datagram,
    Done,
    Driver,
    Drop,
    Feedback,
    Gone,
    HttpReply,
    HttpRequest,
    Later,
    Offers,
    Opening,
    Ready,
    Refused,
    Request,
    Send,
    Taken,
    Timing,
)
from gateway.model import Reason

KEEP_ALIVE = 60.0  # "every 60 seconds"; the Bond forgets us after 125 (Bond API, "BPUP")
ALIVE = 70.0  # every keep-alive is answered, so a longer silence means that the push does not reach us
KNOCK = 10.0  # between keep-alives while nothing has answered


class Bond(Driver):
    """One Bond; its units are the ids of its devices, and `group/` with the ids of its groups."""

    name = "bond"
    title = "Bond Bridge and Smart by Bond devices"
    models = "Bond Bridge, Bond Bridge Pro, Smart by Bond; firmware v2 and later"
    links: ClassVar[Mapping[str, int]] = {"http": 80, "https": 443}
    # An action is answered when it has been executed, within 7 s (Bond API, PUT .../actions/{action}).
    timing = Timing(window=1, reply=8.0, ready=60.0)
    evidence = "cross-checked"  # against bond-async
    sources = ("Bond Local API v3.0.0 (docs-local.appbond.com)", "RoomGate facts: room devices 4.8")
    plays = frozenset({"shade", "screen", "outlet"})
    takes = frozenset(NEEDED)
    units = "a device's id as /v2/devices lists it, such as 79135791, or a group's, such as group/4caf6472"
    offered = (
        "sys/version: model, firmware, Bond id",
        "devices: name and actions of each, changes found by hash",
        "device state: position, open, power",
        "Open and Close (Move)",
        "Hold (Stop)",
        "SetPosition; Preset (preset 1); TiltOpen and TiltClose (tilt 0 and 100)",
        "TurnOn and TurnOff (SetPower)",
        "groups: one order to all their members",
        "BPUP push over UDP, with polling as the fall-back",
    )
    not_offered: ClassVar[Mapping[str, str]] = {
        "token endpoint": "it is open for 10 minutes after power-up; the token belongs into the profile's secrets",
        "light, fan speed, flame, tilt in percent": "a shade's slats open and close; the others are no shades",
        "IncreasePosition, DecreasePosition, ToggleOpen": "relative to a belief; SetPosition and Move are not",
        "making and changing groups, scenes, schedules": "made in the app; scenes and schedules are RoomGate's own",
    }
    Settings = BondSettings
    settings: BondSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.devices: dict[str, Device] = {}
        self.asked: set[Hashable] = set()
        self.looking = True  # a round of looks is under way; the first one ends with Ready
        self.ready = False
        self.grouping = True  # it knows groups: a Bond Bridge does, a Smart by Bond does not
        self.bond_id = ""
        self.heard = float("-inf")  # when the push was last heard

    def opening(self) -> Opening:
        """The token goes with every request, as a header (Bond API, "Getting the Bond Token")."""
        return Opening(headers={"BOND-Token": self.settings.token})

    def side_links(self) -> Mapping[str, str]:
        """The push comes over UDP from the same host (Bond API, "BPUP")."""
        if not self.settings.bpup_port:
            return {}
        host = f"[{self.host}]" if ":" in self.host else self.host
        return {"push": f"udp://{host}:{self.settings.bpup_port}"}

    def patience(self, command: Command) -> float:
        """An action alone may take 7 s to be answered."""
        return max(command.patience, 10.0)

    def valid_unit(self, unit: str) -> bool:
        return not unit or UNIT.fullmatch(unit) is not None

    def opened(self) -> Actions:
        yield self._get("version")
        if self.settings.bpup_port:
            yield from self.due("push")

    def due(self, name: str) -> Actions:
        if name == "push":
            yield Send(Datagram(b"\n"), link="push", reply=False)
            yield Later(KEEP_ALIVE if self._push_heard() else KNOCK, "push")
        elif name == "poll":
            self.looking = True
            yield self._get("devices")
        elif name == "quick":
            yield from self._look_quickly()

    def command(self, request: Request) -> Actions:
        device = self.devices.get(request.unit)
        word, argument = action(request.command)
        if device is None:
            yield Refused(request, "the Bond has no such device or group")
        elif isinstance(request.command, SetTilt) and not word:
            yield Refused(request, "its slats only open (0) and close (100)")
        elif word not in device.actions:
            yield Refused(request, f"this device has no action {word or 'for that'}")
        else:
            path = f"{where(request.unit)}/actions/{word}"
            body = json.dumps({} if argument is None else {"argument": argument}, separators=(",", ":"))
            yield Send(HttpRequest("PUT", path, {"Content-Type": "application/json"}, body.encode()), tag=request)

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        if link == "push":
            yield from self._pushed(data)
        elif not isinstance(data, HttpReply):
            return
        elif data.status == 401:
            yield Drop(Reason.LOGIN_REFUSED, "the Bond refused the token")
        elif isinstance(tag, Request):
            yield from self._acted(tag, data)
        elif isinstance(tag, tuple) and tag in self.asked:
            self.asked.discard(tag)
            what, unit = tag
            yield from self._answered(what, unit, data)
            if self.looking and not self.asked:
                self.looking = False
                if not self.ready:
                    self.ready = True
                    yield Ready()
                yield Later(self.settings.poll, "poll")

    # ---- reading -------------------------------------------------------------------------------------------------

    def _get(self, what: str, unit: str = "") -> Send:
        """`state` is a part of a round of looks, `now` is between the rounds."""
        path = {
            "version": "/v2/sys/version",
            "devices": "/v2/devices",
            "groups": "/v2/groups",
            "device": where(unit),
            "state": f"{where(unit)}/state",
            "now": f"{where(unit)}/state",
        }[what]
        self.asked.add((what, unit))
        return Send(HttpRequest("GET", path), tag=(what, unit))

    def _give_up(self, words: str) -> Actions:
        self.looking = False
        yield Drop(Reason.PROTOCOL_ERROR, words)

    def _answered(self, what: str, unit: str, reply: HttpReply) -> Actions:
        body = mapping(reply.body)
        if unit and reply.status == 404:  # removed with the app
            yield from self._removed(unit)
        elif what == "groups" and (reply.status == 404 or body is None):
            self.grouping = False
        elif reply.status != 200 or body is None:
            yield from self._give_up(f"the answer for {what} is none of a Bond's (HTTP {reply.status})")
        elif what == "version":
            yield from self._identified(body)
        elif what == "devices":
            yield from self._listed(body, "")
            if self.grouping:
                yield self._get("groups")
        elif what == "groups":
            yield from self._listed(body, GROUP)
        elif what == "device":
            yield from self._described(unit, body)
        else:
            yield from self._told(unit, body, between=what == "now")

    def _identified(self, body: Mapping[str, Any]) -> Actions:
        told = {key: value for key, value in body.items() if isinstance(value, str)}
        if "fw_ver" not in told:
            yield from self._give_up("this is no Bond: its /v2/sys/version names no firmware")
            return
        self.bond_id = told.get("bondid", "")
        model = " ".join(filter(None, (told.get("make"), told.get("model"))))
        yield Feedback("", model=model or None, serial=self.bond_id or None, firmware=told["fw_ver"])
        yield self._get("devices")

    def _listed(self, body: Mapping[str, Any], prefix: str) -> Actions:
        """A device's hash changes when anything of it does, its state included, and so does a group's (Bond API,
        GET /v2/devices, GET /v2/groups)."""
        listed = {prefix + one: entry for one, entry in body.items() if ID.fullmatch(one)}
        known = {unit for unit in self.devices if unit.startswith(GROUP) == bool(prefix)}
        for unit in sorted(known - listed.keys()):
            yield from self._removed(unit)
        for unit, entry in listed.items():
            device = self.devices.setdefault(unit, Device())
            found = entry.get("_") if isinstance(entry, dict) else None
            if found is None or found != device.hash:
                device.hash = found
                yield self._get("device", unit)

    def _described(self, unit: str, body: Mapping[str, Any]) -> Actions:
        """Judge by actions, not by type, as Bond asks its clients to (Bond API, Device)."""
        device = self.devices.setdefault(unit, Device())
        device.actions = frozenset(texts(body.get("actions")))  # a group's: those that all its members know
        device.members = texts(body.get("devices"))
        yield Offers(unit, frozenset(verb for verb, needed in NEEDED.items() if needed <= device.actions))
        name = body.get("name")
        yield Feedback(unit, name=name if isinstance(name, str) else None)
        yield self._get("state", unit)

    def _removed(self, unit: str) -> Actions:
        if self.devices.pop(unit, None) is not None:
            yield Offers(unit, frozenset())
            yield Gone(unit)

    def _told(self, unit: str, state: Mapping[str, Any], *, between: bool) -> Actions:
        """What the Bond says of a device. Told between two rounds, a later hash says nothing any more: when the device
        goes back to where it was in the last round, its hash is the old one, too."""
        device = self.devices.get(unit)
        if device is None:
            return
        if between:
            device.hash = None
        position, opened, power = (number(state.get(key)) for key in ("position", "open", "power"))
        assumed = not self.settings.two_way
        if device.still:
            if device.still != (position, opened):  # somebody else moves it
                device.still = None
                yield Feedback(unit, moving=None)
        elif device.still is not None:
            device.still = (position, opened)
        # A group tells null where its members differ (Bond API, GET /v2/groups/{group_id}/state).
        differs = any(key in state and state[key] is None for key in ("position", "open"))
        if position is None and opened in (0, 1) and not differs:
            # 1 = open (Bond API, "Open"): of the far end only, lost once held
            position, assumed = None if device.still else 100 * (1 - opened), True
        device.position = position if position is not None and 0 <= position <= 100 else None
        if position is not None or opened is not None or differs:  # 0 = open, 100 = closed (Bond API, "Position")
            yield Feedback(unit, assumed=assumed, position=device.position)
        if power in (0, 1):
            yield Feedback(unit, assumed=assumed, power="on" if power else "off")
        yield from self._arrived(device)

    def _arrived(self, device: Device) -> Actions:
        """A Move has its proof when the shade is at that end or on its way there."""
        here, request = device.position, device.move
        if here is None:
            return
        if request is not None:
            under_way = device.start is not None and (here < device.start if device.goal == 0 else here > device.start)
            if here == device.goal or under_way:
                device.move = None
                yield Done(request)
        if here == device.goal:
            device.until = 0.0

    def _acted(self, request: Request, reply: HttpReply) -> Actions:
        device = self.devices.get(request.unit)
        if not 200 <= reply.status < 300:
            words = (mapping(reply.body) or {}).get("error_msg")
            yield Refused(request, words if isinstance(words, str) and words else f"HTTP {reply.status}")
            return
        if device is None:
            return
        yield Taken(request)
        for group, held in self.devices.items():
            if request.unit in held.members and held.still is not None and not isinstance(request.command, Stop):
                held.still = None  # not all of it stands any more
                yield Feedback(group, moving=None)
        yield from self._ordered(request.unit, device, request)
        for member in device.members:
            if member in self.devices:
                yield from self._ordered(member, self.devices[member], request)

    def _ordered(self, unit: str, device: Device, request: Request) -> Actions:
        """The radio has sent it to this device: by its own order, or by its group's."""
        command = request.command
        device.move, device.goal, device.start, device.until = None, None, device.position, 0.0
        if isinstance(command, Stop):
            device.still = ()
            yield Feedback(unit, assumed=True, moving="stopped")
        elif isinstance(command, SetTilt):
            yield Feedback(unit, assumed=True, tilt=command.percent)
        elif isinstance(command, Move | SetPosition):
            if device.still is not None:
                device.still = None
                yield Feedback(unit, moving=None)
            if isinstance(command, Move):
                device.goal = 0 if command.direction == "up" else 100
                device.move = request if unit == request.unit else None
            else:
                device.goal = command.percent
            device.until = self.now + self.settings.travel
            yield Later(self.settings.quick, "quick")
        yield self._get("now", unit)

    def _look_quickly(self) -> Actions:
        moving = [unit for unit, device in self.devices.items() if device.until > self.now]
        if moving:
            yield Later(self.settings.quick, "quick")
        if not self._push_heard():
            for unit in moving:
                if ("now", unit) not in self.asked:
                    yield self._get("now", unit)

    # ---- the push ------------------------------------------------------------------------------------------------

    def _push_heard(self) -> bool:
        return self.now - self.heard < ALIVE

    def _pushed(self, data: Any) -> Actions:
        message = mapping(data.data if isinstance(data, Datagram) else data)
        if message is None or "B" not in message or (self.bond_id and message["B"] != self.bond_id):
            return
        if "err_id" in message:  # such as "BPUP client timeout": knock again
            self.heard = float("-inf")
            yield Later(1.0, "push")
            return
        if not self._push_heard():
            yield Later(KEEP_ALIVE, "push")
        self.heard = self.now
        topic, state = message.get("t"), message.get("b")
        named = STATE_TOPIC.fullmatch(topic) if isinstance(topic, str) else None
        if named and isinstance(state, dict) and message.get("s", 200) == 200:
            unit = named[2] if named[1] == "devices" else GROUP + named[2]
            yield from self._told(unit, state, between=True)
