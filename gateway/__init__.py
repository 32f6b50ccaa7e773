"""RoomGate: a room-control gateway. This package is the public API; `drivers` and `simulators` are not."""

__version__ = "0.1.0"
