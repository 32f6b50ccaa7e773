"""The `listen+snmp` link: traps and informs that a device sends to a port of ours, each heard as an SnmpReply.

Its values are the notification's: sysUpTime.0, snmpTrapOID.0 (for a version 1 trap as RFC 3584, 3.1 makes it) and what
the device has to say. An inform is acknowledged. Only the device itself is heard, and only with the community of its
settings, or as the version 3 user of its settings at no lower a security level. What may not live here: what a trap
means. Stands on pysnmp's engine (RFC 3412, 3414) over the shared UDP socket of `udp.py`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import replace
from typing import Any

from pyasn1.codec.ber import decoder
from pyasn1.type.univ import OctetString
from pysnmp.carrier.asyncio.dgram import udp as carrier
from pysnmp.carrier.base import AbstractTransport, AbstractTransportDispatcher
from pysnmp.entity import config
from pysnmp.entity.engine import SnmpEngine
from pysnmp.entity.rfc3413 import ntfrcv
from pysnmp.proto.mpmod.rfc3412 import SNMPv3Message
from pysnmp.proto.secmod.rfc3414.service import UsmSecurityParameters

from gateway.driver import Opening, SnmpReply
from gateway.link import Address, Ears, Trust
from gateway.link.snmp_community import plain
from gateway.link.snmp_user import AUTH, PRIVACY, user
from gateway.link.udp import Udp

MODEL_USER = 3  # security models (RFC 3411): 1 and 2 are communities
PLAIN, PROVED, SECRET = 1, 2, 3  # security levels: noAuthNoPriv, authNoPriv, authPriv
MOST_ENGINES = 4  # a device has one engine; one that says it has more is not believed for ever
MOST = 20  # notifications a second that are listened to: a flood must not cost everybody's time


class Dispatcher(AbstractTransportDispatcher):  # type: ignore[misc]
    """pysnmp's way in, without its own sockets and clocks."""


class Answers(AbstractTransport):  # type: ignore[misc]
    """pysnmp's way out: acknowledgements and reports."""

    PROTO_TRANSPORT_DISPATCHER = Dispatcher
    ADDRESS_TYPE = carrier.UdpTransportAddress

    def __init__(self, link: Traps) -> None:
        super().__init__()
        self.link = link

    def send_message(self, outgoingMessage: Any, transportAddress: Any) -> None:
        self.link.answer(bytes(outgoingMessage), (str(transportAddress[0]), int(transportAddress[1])))


class Traps(Udp):
    """One device's notifications."""

    def __init__(self, address: Address, opening: Opening, ears: Ears) -> None:
        super().__init__(replace(address, scheme="listen+udp"), ears)
        self._opening = opening
        self._engine: Any = None
        self._dispatcher: Any = None
        self._answers = Answers(self)
        self._engines: set[bytes] = set()  # engine IDs that the user is known at
        self._times: deque[float] = deque(maxlen=MOST)

    async def open(self) -> None:
        """Make an engine and take the port; raises LinkError."""
        if self._opening.version == "3":
            user(self._opening)  # complains of passwords that no agent can have
        self._engine = await asyncio.to_thread(self._make)
        await super().open()

    def _make(self) -> Any:
        engine = SnmpEngine()
        mine = self._opening
        if mine.version == "3":
            self._engines.add(bytes(engine.snmpEngineID))
            self._know(engine)
        else:
            config.add_v1_system(engine, "device", mine.community)
        self._dispatcher = Dispatcher()
        self._dispatcher.register_transport(carrier.DOMAIN_NAME, self._answers)
        engine.register_transport_dispatcher(self._dispatcher)
        ntfrcv.NotificationReceiver(engine, self._notified)
        return engine

    def _know(self, engine: Any, where: bytes | None = None) -> None:
        """Make the user known at the engine with that ID; None = ours, for informs."""
        mine = self._opening
        config.add_v3_user(
            engine,
            mine.username,
            AUTH[mine.auth],
            mine.password if mine.auth != "none" else None,
            PRIVACY[mine.privacy],
            mine.privacy_password if mine.privacy != "none" else None,
            securityEngineId=None if where is None else OctetString(where),
        )

    def said(self, data: bytes, sender: tuple[str, int]) -> None:
        now = asyncio.get_running_loop().time()
        if self.ears is None or self._engine is None:
            return
        if len(self._times) == MOST and now - self._times[0] < 1:
            return
        self._times.append(now)
        try:
            if self._opening.version == "3":
                self._meet(data)
            self._dispatcher.handle_timer_tick(now)
            self._dispatcher._callback_function(self._answers, carrier.UdpTransportAddress(sender), data)
        except Exception:  # pysnmp raises whatever it runs into; what is no notification is none
            return

    def _meet(self, data: bytes) -> None:
        """A trap names the engine of its sender, whose keys are made for it alone (RFC 3414, 2.6)."""
        message, _ = decoder.decode(data, asn1Spec=SNMPv3Message())
        secured, _ = decoder.decode(bytes(message.getComponentByPosition(2)), asn1Spec=UsmSecurityParameters())
        where = bytes(secured.getComponentByPosition(0))
        name = bytes(secured.getComponentByPosition(3)).decode("latin-1")
        if where and where not in self._engines and name == self._opening.username:
            if len(self._engines) > MOST_ENGINES:
                raise ValueError("too many engines")
            self._engines.add(where)
            self._know(self._engine, where)

    def _notified(self, engine: Any, reference: Any, context: Any, name: Any, binds: Any, mine: Any) -> None:
        met = engine.observer.get_execution_context("rfc3412.receiveMessage:request")
        wanted = self._opening
        if wanted.version == "3":
            least = SECRET if wanted.privacy != "none" else PROVED if wanted.auth != "none" else PLAIN
            if int(met["securityModel"]) != MODEL_USER or int(met["securityLevel"]) < least:
                return
        if self.ears is not None:
            values = {".".join(map(str, tuple(oid))): plain(value) for oid, value in binds}
            self.ears.heard(SnmpReply(values), None)

    def answer(self, data: bytes, to: tuple[str, int]) -> None:
        """An acknowledgement or a report to the device."""
        if self._socket is not None and self.ears is not None:
            self._socket.send(data, to, self)

    def send(self, data: Any, tag: object = None) -> None:
        raise TypeError("a link for traps only listens")

    async def close(self) -> None:
        """Let go of the port and of the engine."""
        await super().close()
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.unregister_transport_dispatcher()


def make(address: Address, opening: Opening, trust: Trust, ears: Ears) -> Traps:
    """The link for `listen+snmp://`; raises ValueError for a query that is none."""
    return Traps(address, opening, ears)
