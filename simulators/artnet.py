"""A node that takes Art-Net. Source: Art-Net 4 Protocol Release (Artistic Licence), ArtDmx packet definition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from simulators._dmx import DmxNode


@dataclass(kw_only=True, eq=False)
class Artnet(DmxNode):
    """One universe, by its port address: net, sub-net and universe in fifteen bits."""

    name: ClassVar[str] = "artnet"
    title: ClassVar[str] = "Art-Net node"
    links: ClassVar[Mapping[str, int]] = {"udp": 6454}

    port_address: int = 0
    loss_seconds: float = 10.0

    def packet(self, data: bytes) -> tuple[int, bytes, bool] | None:
        if len(data) < 20 or data[0:8] != b"Art-Net\x00" or data[8:10] != b"\x00\x50":
            return None
        version, length = data[10] * 256 + data[11], data[16] * 256 + data[17]
        if version < 14 or data[14] + 256 * data[15] != self.port_address:
            return None
        if length % 2 or not 2 <= length <= 512 or len(data) != 18 + length:
            return None
        return data[12], data[18:], False
