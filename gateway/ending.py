"""How a connection ended.

What may not live here: what is done about it (`device.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.model import Reason


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a connection is over, and for how many seconds the device had been online."""

    reason: Reason
    words: str
    lasted: float = 0.0
