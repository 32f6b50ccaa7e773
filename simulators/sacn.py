"""A node that takes sACN. Source: ANSI E1.31-2018, table 4-1 (the data packet, octet by octet) and section 6."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from simulators._dmx import DmxNode

PREAMBLE = bytes.fromhex("00100000") + b"ASC-E1.17\0\0\0"


@dataclass(kw_only=True, eq=False)
class Sacn(DmxNode):
    """One universe."""

    name: ClassVar[str] = "sacn"
    title: ClassVar[str] = "sACN node (E1.31)"
    links: ClassVar[Mapping[str, int]] = {"udp": 5568}

    universe: int = 1
    source: str = ""
    priority: int = -1

    def packet(self, data: bytes) -> tuple[int, bytes, bool] | None:
        def number(start: int, end: int) -> int:
            return int.from_bytes(data[start:end], "big")

        if len(data) < 126 or not data.startswith(PREAMBLE):
            return None
        vectors = number(18, 22) == 4 and number(40, 44) == 2 and data[117] == 2
        lengths = all(number(at, at + 2) == 0x7000 | (len(data) - at) for at in (16, 38, 115))
        shape = data[118] == 0xA1 and number(119, 121) == 0 and number(121, 123) == 1
        if not (vectors and lengths and shape) or number(113, 115) != self.universe or data[125] != 0:
            return None
        if number(123, 125) != len(data) - 125:
            return None
        self.source = data[44:108].rstrip(b"\0").decode("utf-8", "replace")
        self.priority = data[108]
        return data[111], data[126:], bool(data[112] & 0x40)
