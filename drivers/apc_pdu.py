"""APC switched rack PDUs over SNMP: the outlets of the AP79xx (rPDU) and of the AP8xxx and later (rPDU2).

Written from APC's PowerNet-MIB, whose object names stand beside the OIDs. What may not live here: metering, alarms,
anything of SNMP itself. SNMP v1 and v2c cannot refuse a log-in: a wrong read community is silence ("no response"),
a wrong write community is silence to commands only. Version 3 does refuse one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from gateway.commands import Command, CyclePower, SetPower
from gateway.driver import (
    Actions,
    Done,
    Driver,
    Drop,
    Feedback,
    Later,
    Offers,
    Opening,
    Ready,
    Refused,
    Request,
    Send,
    Settings,
    SnmpGet,
    SnmpReply,
    SnmpSet,
    SnmpWalk,
    Taken,
    Timing,
    setting,
)
from gateway.model import Reason

ON, OFF, REBOOT = 1, 2, 3  # immediateOn, immediateOff, immediateReboot: the same in both families
MOST = 16  # OIDs in one GET
COMMANDS = frozenset({SetPower, CyclePower})
SILENCE = "no response (SNMP answers a wrong read_community with silence too)"
UNHEARD = "it answers questions but not this order: is `community` the one that may write?"


@dataclass(frozen=True)
class Family:
    """Where one family of PDUs keeps its outlets; a column's OID is followed by the outlet's number."""

    names: str
    state: str
    states: Mapping[int, str]
    control: str
    identity: Mapping[str, str]  # point -> OID


# In the order of asking: the newer PDUs also answer for the older tree.
FAMILIES: Mapping[str, Family] = {
    "rPDU2": Family(
        names="1.3.6.1.4.1.318.1.1.26.9.2.3.1.3",  # rPDU2OutletSwitchedStatusName
        state="1.3.6.1.4.1.318.1.1.26.9.2.3.1.5",  # rPDU2OutletSwitchedStatusState: off(1), on(2)
        states={1: "off", 2: "on"},  # the other way round than the command, and than rPDU
        control="1.3.6.1.4.1.318.1.1.26.9.2.4.1.5",  # rPDU2OutletSwitchedControlCommand
        identity={
            "name": "1.3.6.1.4.1.318.1.1.26.2.1.3.1",  # rPDU2IdentName
            "firmware": "1.3.6.1.4.1.318.1.1.26.2.1.6.1",  # rPDU2IdentFirmwareRev
            "model": "1.3.6.1.4.1.318.1.1.26.2.1.8.1",  # rPDU2IdentModelNumber
            "serial": "1.3.6.1.4.1.318.1.1.26.2.1.9.1",  # rPDU2IdentSerialNumber
        },
    ),
    "rPDU": Family(
        names="1.3.6.1.4.1.318.1.1.12.3.5.1.1.2",  # rPDUOutletStatusOutletName
        state="1.3.6.1.4.1.318.1.1.12.3.5.1.1.4",  # rPDUOutletStatusOutletState: outletStatusOn(1), ...Off(2)
        states={1: "on", 2: "off"},
        control="1.3.6.1.4.1.318.1.1.12.3.3.1.1.4",  # rPDUOutletControlOutletCommand
        identity={
            "name": "1.3.6.1.4.1.318.1.1.12.1.1.0",  # rPDUIdentName
            "firmware": "1.3.6.1.4.1.318.1.1.12.1.3.0",  # rPDUIdentFirmwareRev
            "model": "1.3.6.1.4.1.318.1.1.12.1.5.0",  # rPDUIdentModelNumber
            "serial": "1.3.6.1.4.1.318.1.1.12.1.6.0",  # rPDUIdentSerialNumber
        },
    ),
}


@dataclass(frozen=True)
class ApcSettings(Settings):
    """What a profile may say of a rack PDU."""

    family: Literal["auto", "rPDU", "rPDU2"] = setting("auto", "rPDU (AP79xx), rPDU2 (AP8xxx and later), or find out")
    version: Literal["1", "2c", "3"] = setting("2c", "SNMP version")
    community: str = setting("private", "v1 and v2c: the community that may write", secret=True)
    read_community: str = setting(
        "public", "v1 and v2c: the community that may read; a wrong one = no response", secret=True
    )
    username: str = setting("", "v3: user name")
    auth: Literal["none", "md5", "sha", "sha256"] = setting("sha", "v3: how the log-in is proved")
    password: str = setting("", "v3: authentication passphrase", secret=True)
    privacy: Literal["none", "des", "aes"] = setting("aes", "v3: how the data is encrypted")
    privacy_password: str = setting("", "v3: privacy passphrase", secret=True)
    poll: float = setting(5.0, "seconds between two looks at all outlets")
    quick: float = setting(1.0, "seconds between two looks at an outlet that was just switched")

    def __post_init__(self) -> None:
        if not 0 < self.quick <= self.poll:
            raise ValueError("quick is more than 0 and no more than poll")
        if self.version == "3" and not self.username:
            raise ValueError("version 3 needs a username")
        if self.privacy != "none" and self.auth == "none":
            raise ValueError("SNMPv3 has no privacy without auth (RFC 3414): set auth, or privacy to none")


class ApcPdu(Driver):
    """One rack PDU, or a chain of them behind one address; its units are the outlets."""

    name = "apc_pdu"
    title = "APC switched rack PDU"
    models = "AP79xx (rPDU), AP84xx, AP86xx, AP88xx, AP89xx and later (rPDU2)"
    links: ClassVar[Mapping[str, int]] = {"snmp": 161}
    timing = Timing(window=1, reply=5.0, ready=30.0)  # the link asks twice, 2 s each
    evidence = "cross-checked"  # against Debian's snmpd
    sources = ("APC PowerNet-MIB", "NUT drivers/apc-pdu-mib.c (walk of an AP7900)", "RoomGate facts: room devices 3.3")
    plays = frozenset({"outlet"})
    units = "an outlet's number in the PDU's own table, such as 3"
    offered = (
        "outlet on, off (SetPower)",
        "outlet reboot (CyclePower)",
        "outlet status, of both families",
        "outlet names",
        "identity: name, model, serial number, firmware",
        "SNMP v1, v2c and v3",
    )
    not_offered: ClassVar[Mapping[str, str]] = {
        "delayed on, off and reboot, cancel": "delays are the room's to keep; the PDU's own would hide what happens",
        "load": "each model meters something else: banks, phases or single outlets",
        "MasterSwitch, Easy PDU, Raritan, Eaton, Denkovi": "other trees; not looked at in this driver yet",
        "traps": "they need a listener and their own set-up in the PDU; polling shows the same",
    }
    Settings = ApcSettings
    settings: ApcSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.family = FAMILIES["rPDU2"]
        self.outlets: dict[str, str | None] = {}  # unit -> power
        self.asked: set[Hashable] = set()  # the round of looks under way; the first one ends with Ready
        self.ready = False
        self.switched: dict[str, float] = {}  # unit -> until when it is looked at quickly
        self.cycles: dict[str, tuple[Request, bool]] = {}  # unit -> its reboot, and whether it was seen off

    def opening(self) -> Opening:
        s = self.settings
        return Opening(
            username=s.username,
            password=s.password,
            community=s.read_community,
            write_community=s.community,
            version=s.version,
            auth=s.auth,
            privacy=s.privacy,
            privacy_password=s.privacy_password,
        )

    def patience(self, command: Command) -> float:
        """The relay clicks at once; a reboot waits 5 to 60 s between off and on (rPDUOutletConfigRebootDuration)."""
        return 90.0 if isinstance(command, CyclePower) else 15.0

    def valid_unit(self, unit: str) -> bool:
        return not unit or (unit.isdecimal() and unit.isascii() and unit[0] != "0" and len(unit) < 5)

    def opened(self) -> Actions:
        yield from self._try("rPDU2" if self.settings.family == "auto" else self.settings.family)

    def due(self, name: str) -> Actions:
        if name == "poll":
            yield from self._look()
        elif name == "quick":
            self.switched = {unit: until for unit, until in self.switched.items() if until > self.now}
            for some in _slices(list(self.switched)):
                yield Send(SnmpGet(tuple(f"{self.family.state}.{unit}" for unit in some)), tag="quick")

    def command(self, request: Request) -> Actions:
        self.cycles.pop(request.unit, None)
        command = request.command
        if request.unit not in self.outlets:
            yield Refused(request, "the PDU has no such outlet")
        elif isinstance(command, SetPower | CyclePower):
            value = REBOOT if isinstance(command, CyclePower) else ON if command.on else OFF
            yield Send(SnmpSet(((f"{self.family.control}.{request.unit}", value),)), tag=request)
        else:
            yield Refused(request, "an outlet cannot do that")

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        if not isinstance(data, SnmpReply):
            return
        match tag:
            case Request():
                yield from self._ordered(tag, data)
            case ("names", str(family)):
                yield from self._named(family, data)
            case ("identity", *_):
                yield from self._identified(data)
            case ("check", Request() as request):
                yield from self._told(data)
                yield from self._checked(request)
            case "quick":
                yield from self._told(data)
                if self.switched:
                    yield Later(self.settings.quick, "quick")
            case ("state", *_):
                yield from self._told(data)
        if tag in self.asked:
            self.asked.discard(tag)
            if not self.asked:
                yield from self._looked()

    def failed(self, tag: Hashable, reason: str) -> Actions:
        """SNMP pairs answers with questions, so that an unanswered order says nothing of the rest: look whether the
        PDU is there at all. An unanswered question is a PDU that is away."""
        if isinstance(tag, Request):
            yield Send(SnmpGet((f"{self.family.state}.{tag.unit}",)), tag=("check", tag))
        else:
            yield Drop(Reason.NO_RESPONSE, SILENCE if reason == "no response" else reason)

    # ---- reading -------------------------------------------------------------------------------------------------

    def _try(self, family: str) -> Actions:
        """The outlets' names show which tree there is, and how many outlets (a chain of PDUs counts on)."""
        self.family = FAMILIES[family]
        yield Send(SnmpWalk(self.family.names), tag=("names", family))

    def _named(self, family: str, reply: SnmpReply) -> Actions:
        named = {unit: name for unit, name in _below(self.family.names, reply) if name is not None}
        if not named:
            if family == "rPDU2" and self.settings.family == "auto":
                yield from self._try("rPDU")
            else:
                words = f" ({reply.error})" if reply.error else ""
                yield Drop(Reason.PROTOCOL_ERROR, f"it shows no switched outlets of APC's{words}")
            return
        for unit, name in named.items():
            self.outlets[unit] = None
            yield Offers(unit, COMMANDS)
            yield Feedback(unit, outlet_name=str(name))
        yield self._ask("identity", *self.family.identity.values())
        yield from self._look()

    def _ask(self, what: str, *oids: str) -> Send:
        self.asked.add((what, *oids))
        return Send(SnmpGet(oids), tag=(what, *oids))

    def _look(self) -> Actions:
        for some in _slices(list(self.outlets)):
            yield self._ask("state", *(f"{self.family.state}.{unit}" for unit in some))

    def _looked(self) -> Actions:
        if not self.ready:
            self.ready = True
            yield Ready()
        yield Later(self.settings.poll, "poll")

    def _identified(self, reply: SnmpReply) -> Actions:
        found = {point: reply.values.get(oid) for point, oid in self.family.identity.items()}
        told: dict[str, Any] = {point: str(text) for point, text in found.items() if text}
        if told:
            yield Feedback("", **told)

    def _told(self, reply: SnmpReply) -> Actions:
        if reply.error:
            yield Drop(Reason.PROTOCOL_ERROR, f"the PDU answered {reply.error} about its outlets")
            return
        for unit, value in _below(self.family.state, reply):
            if unit not in self.outlets:
                continue
            power = self.family.states.get(value) if isinstance(value, int) else None
            self.outlets[unit] = power
            yield Feedback(unit, power=power)
            if unit in self.cycles:
                request, was_off = self.cycles[unit]
                if was_off and power == "on":
                    del self.cycles[unit]
                    self.switched.pop(unit, None)
                    yield Done(request)
                elif power == "off":
                    self.cycles[unit] = request, True

    # ---- switching -----------------------------------------------------------------------------------------------

    def _ordered(self, request: Request, reply: SnmpReply) -> Actions:
        if reply.error:
            yield Refused(request, f"the PDU refused: {reply.error}")
            return
        yield Taken(request)
        if isinstance(request.command, CyclePower):
            self.cycles[request.unit] = request, False
        self.switched[request.unit] = self.now + self.patience(request.command)
        yield Send(SnmpGet((f"{self.family.state}.{request.unit}",)), tag="quick")

    def _checked(self, request: Request) -> Actions:
        """The PDU answers, but it did not answer this order: was it carried out all the same?"""
        power = self.outlets.get(request.unit)
        if isinstance(request.command, CyclePower) and power == "off":
            yield from self._ordered(request, SnmpReply({}))
        elif not self.shows(request.command, {"power": power}):
            yield Refused(request, UNHEARD)


def _slices(units: list[str]) -> Iterator[list[str]]:
    return (units[start : start + MOST] for start in range(0, len(units), MOST))


def _below(column: str, reply: SnmpReply) -> Iterator[tuple[str, int | str | None]]:
    """The rows of one column in a reply: outlet, value; None where the agent has no such object."""
    for oid, value in reply.values.items():
        unit = oid.removeprefix(f"{column}.")
        if unit != oid and unit.isdecimal():
            yield unit, value
