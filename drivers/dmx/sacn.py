"""sACN (ANSI E1.31): lights on a DMX universe, to a multicast group or to one node.

The packets are made by the `sacn` library, which nothing but its packet class is used of. What may not live here: fades
(`lights.py`). Source: ANSI E1.31-2018, sections 5 to 7.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sacn.messages.data_packet import DataPacket

from drivers.dmx.lights import Lights, LightSettings
from gateway.driver import Datagram, Settings, setting


@dataclass(frozen=True)
class SacnSettings(LightSettings):
    """Settings of one sACN universe."""

    universe: int = setting(1, "universe, 1 to 63999; its multicast group is 239.255.HIGH.LOW")
    priority: int = setting(100, "0 to 200; the higher sender wins")
    source_name: str = setting("RoomGate", "how we are shown on other consoles")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.universe <= 63999:
            raise ValueError("universe is 1 to 63999")
        if not 0 <= self.priority <= 200:
            raise ValueError("priority is 0 to 200")
        if not 0 < len(self.source_name.encode()) < 64:
            raise ValueError("source_name is a text of less than 64 bytes")


class Sacn(Lights):
    """One universe."""

    name = "sacn"
    title = "sACN lights (E1.31)"
    models = "whatever takes sACN: nodes, dimmers, fixtures"
    links: ClassVar[Mapping[str, int]] = {"udp": 5568}
    sources = ("ANSI E1.31-2018, Streaming ACN", "the sacn library, 1.11")
    refresh = 0.8  # E1.31 6.6.2: at least every 800 to 1000 ms while nothing changes
    offered = ("levels with fades", "presets (looks) from the profile", "priority", "multicast and unicast")
    not_offered: ClassVar[Mapping[str, str]] = {
        "receiving": "this gateway does not listen to consoles; what they do is not seen",
        "synchronisation, per-address priority": "a room's lights need neither",
        "colours": "a light is one level; a fixture's colours are channels of several lights",
    }
    Settings: ClassVar[type[Settings]] = SacnSettings
    settings: SacnSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        # One sender, one id, the same after each restart (E1.31 5.6).
        self.cid = tuple(uuid.uuid5(uuid.NAMESPACE_DNS, f"{self.settings.source_name}/{self.settings.universe}").bytes)

    def frame(self, slots: bytes, *, last: bool = False) -> Datagram:
        """An E1.31 data packet; `last` sets Stream_Terminated (6.2.6)."""
        packet = DataPacket(
            self.cid,
            self.settings.source_name,
            self.settings.universe,
            tuple(slots),
            priority=self.settings.priority,
            sequence=self.sequence,
            streamTerminated=last,
        )
        return Datagram(bytes(packet.getBytes()))
