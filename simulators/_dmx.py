"""A node with dimmers on one DMX universe: what arrives over UDP becomes light.

What may not live here: the form of a packet (`sacn.py`, `artnet.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from simulators.device import Simulator, Timer, Where
from simulators.doors import Address, UdpDoor


@dataclass(kw_only=True, eq=False)
class DmxNode(Simulator):
    """The universe as the fixtures see it. `levels` holds the channels that are not dark, 1 to 255."""

    loss_seconds: float = 2.5  # after which a silent sender is lost; the last levels are held

    levels: dict[str, int] = field(default_factory=dict)
    frames: int = 0
    refused: int = 0  # datagrams that were no frame of ours
    late: int = 0  # frames out of order
    lost: bool = False

    _door: UdpDoor = field(init=False, repr=False)
    _loss: Timer | None = field(default=None, init=False, repr=False)
    _sequence: int | None = field(default=None, init=False, repr=False)

    def packet(self, data: bytes) -> tuple[int, bytes, bool] | None:
        """Sequence, slots, and whether the sender leaves; None for what is no frame for us."""
        raise NotImplementedError

    async def listen(self, where: Where) -> str:
        self._door = UdpDoor(self.faults, self._received)
        port = await self._door.bind(where.host, where.port)
        self.on_stop(self._door.close)
        return f"udp://{where.host}:{port}"

    def restart(self) -> None:
        """It is dark until somebody sends."""
        self.levels.clear()
        self._sequence = None

    def _received(self, data: bytes, peer: Address) -> None:
        told = self.packet(data)
        if told is None:
            self.refused += 1
        elif self._sequence is not None and told[0] and 0 < (self._sequence - told[0]) % 256 <= 20:
            self.late += 1  # ANSI E1.31 6.7.2; Art-Net says the same of its sequence
        else:
            self._sequence = told[0]
            self.frames += 1
            self.lost = told[2]
            self.levels = {str(n): value for n, value in enumerate(told[1], 1) if value}
            if self._loss:
                self._loss.cancel()
            self._loss = self.after(self.loss_seconds, self._silence)
        self.touched()

    def _silence(self) -> None:
        self.lost = True
