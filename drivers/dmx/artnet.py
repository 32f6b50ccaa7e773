"""Art-Net 4: lights on a DMX universe, to one node or to a subnet.

No library at hand makes the packet without owning a socket, so its eighteen bytes of header are made here. What may not
live here: fades (`lights.py`). Source: Art-Net 4 Protocol Release (Artistic Licence), ArtDmx packet definition.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from drivers.dmx.lights import Lights, LightSettings
from gateway.driver import Datagram, Settings, setting

ID = b"Art-Net\0"
OP_DMX = 0x5000  # little endian on the wire
VERSION = 14  # high byte first


@dataclass(frozen=True)
class ArtnetSettings(LightSettings):
    """Settings of one Art-Net universe."""

    net: int = setting(0, "net, 0 to 127")
    subnet: int = setting(0, "sub-net, 0 to 15")
    universe: int = setting(0, "universe in it, 0 to 15")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (0 <= self.net <= 127 and 0 <= self.subnet <= 15 and 0 <= self.universe <= 15):
            raise ValueError("net is 0 to 127, subnet and universe are 0 to 15")


class Artnet(Lights):
    """One universe."""

    name = "artnet"
    title = "Art-Net lights"
    models = "whatever takes Art-Net 3 or 4: nodes, dimmers, fixtures"
    links: ClassVar[Mapping[str, int]] = {"udp": 6454}
    evidence = "cross-checked"  # against stupidArtnet
    sources = ("Art-Net 4 Protocol Release (Artistic Licence), ArtDmx",)
    refresh = 4.0  # "re-transmit ... every 4 seconds" while nothing changes (ArtDmx, refresh rate)
    offered = ("levels with fades", "presets (looks) from the profile", "net, sub-net and universe")
    not_offered: ClassVar[Mapping[str, str]] = {
        "ArtPoll": "a node need not be found: its address stands in the profile",
        "receiving": "this gateway does not listen to consoles; what they do is not seen",
        "broadcast": "Art-Net 4 wants ArtDmx unicast",
        "colours": "a light is one level; a fixture's colours are channels of several lights",
    }
    Settings: ClassVar[type[Settings]] = ArtnetSettings
    settings: ArtnetSettings

    def frame(self, slots: bytes, *, last: bool = False) -> Datagram:
        """An ArtDmx packet; Art-Net has no word for leaving."""
        low = self.settings.subnet << 4 | self.settings.universe
        head = struct.pack("<8sH", ID, OP_DMX) + struct.pack(">H", VERSION)
        return Datagram(
            head + bytes((self.sequence, 0, low, self.settings.net)) + struct.pack(">H", len(slots)) + slots
        )
