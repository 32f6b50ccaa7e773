"""How the codec comes to show us as its control system, alive: connected once, then a heartbeat every 30 s.

What may not live here: sending. Source: PlaceOS drivers, collaboration_endpoint (Timeout 35, every 30 s); parameters:
xAPI schema 9.15.17.4.
"""

from __future__ import annotations

import uuid

from drivers.cisco.words import Said

EVERY = 30.0
TIMEOUT = 35
CONNECT, BEAT = "Peripherals Connect", "Peripherals HeartBeat"


def identity(given: str, host: str) -> str:
    """The id under which the codec knows us: the same at each connection."""
    return given or str(uuid.uuid5(uuid.NAMESPACE_URL, f"roomgate://{host}"))


def words(identity: str, name: str) -> tuple[Said, Said]:
    """What to say first, and then again and again."""
    first = Said(CONNECT, {"ID": identity, "Name": name, "Type": "ControlSystem"})
    return first, Said(BEAT, {"ID": identity, "Timeout": TIMEOUT})
