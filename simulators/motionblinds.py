"""A Motion Wi-Fi bridge with its blinds: JSON over UDP port 32100, orders proved with the key.

Source: Motion Wi-Fi bridge integration document (message types, operations, states); the token was tried against a
known pair (RoomGate facts: room devices 4.9). In no source, so ours: the words of `actionResult`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from simulators.device import Simulator, SimulatorError, Where, hand
from simulators.doors import Address, UdpDoor
from simulators.motor import Motor

BRIDGE = {"mac": "20f838abcd01", "deviceType": "02000002"}


@dataclass(kw_only=True, eq=False)
class Motionblinds(Simulator):
    """The bridge's memory."""

    name: ClassVar[str] = "motionblinds"
    title: ClassVar[str] = "Motionblinds bridge"
    links: ClassVar[Mapping[str, int]] = {"udp": 32100}

    key: str = "abcd1234-56ef-78"
    current: str = "1234567890ABCDEF"
    two_way: str = "20f838abcd010001"  # MAC addresses, with commas between
    one_way: str = "20f838abcd010002"
    seconds: float = 20.0
    lose: int = 0  # so many datagrams are lost on their way to us
    blinds: dict[str, Motor] = field(default_factory=dict, init=False)
    angles: dict[str, int] = field(default_factory=dict)
    goals: dict[str, int] = field(default_factory=dict, init=False)
    refused: int = 0

    _door: UdpDoor = field(init=False, repr=False)
    _peer: Address | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        for mac in self._macs():
            self.blinds[mac] = Motor(self, self.seconds, self.seconds)
            self.angles.setdefault(mac, 0)

    def _macs(self) -> list[str]:
        return [mac for text in (self.two_way, self.one_way) for mac in text.split(",") if mac]

    async def listen(self, where: Where) -> str:
        self._door = UdpDoor(self.faults, self._received)
        port = await self._door.bind(where.host, where.port)
        self.on_stop(self._door.close)
        return f"udp://{where.host}:{port}"

    def restart(self) -> None:
        """A bridge has a new token after it was without power; the motors go on by themselves."""
        self.current = f"{(int(self.current, 16) + 1) % 16**16:016X}"

    def memory(self) -> dict[str, Any]:
        told = super().memory()
        return {name: value for name, value in told.items() if name != "key"}

    def _inject(self, data: bytes) -> None:
        if self._peer is not None:
            self._door.send(data, self._peer)

    def _received(self, data: bytes, peer: Address) -> None:
        self._peer = peer
        if self.lose:
            self.lose -= 1
            return
        try:
            asked = json.loads(data)
        except ValueError:
            return
        answer = self._answer(asked) if isinstance(asked, dict) and len(str(asked.get("msgID", ""))) == 17 else None
        if answer is not None:
            self._door.send(json.dumps(answer).encode(), peer)
        self.touched()

    def _answer(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        mac = asked.get("mac", "")
        match asked.get("msgType"):
            case "GetDeviceList":
                rows = [{"mac": mac, "deviceType": "10000000"} for mac in self.blinds]
                head = {"msgType": "GetDeviceListAck", **BRIDGE, "fwVersion": "A1.0.1_B0.1.2", "ProtocolVersion": "0.9"}
                return {**head, "token": self.current, "data": [BRIDGE, *rows]}
            case "ReadDevice" if mac in self.blinds:
                return {"msgType": "ReadDeviceAck", "mac": mac, "deviceType": "10000000", "data": self._state(mac)}
            case "WriteDevice" if mac in self.blinds:
                head = {"msgType": "WriteDeviceAck", "mac": mac, "deviceType": "10000000"}
                if self.faults.refuse_login or asked.get("AccessToken") != self._proof():
                    self.refused += 1
                    return {**head, "actionResult": "AccessToken error"}
                if not self._write(mac, asked.get("data")):
                    return {**head, "actionResult": "parameter error"}
                return {**head, "data": self._state(mac)}
        return None

    def _proof(self) -> str:
        box = Cipher(algorithms.AES(self.key.encode()), modes.ECB()).encryptor()
        return box.update(self.current.encode()).hex().upper()

    def _write(self, mac: str, data: Any) -> bool:
        motor = self.blinds[mac]
        match data:
            case {"operation": 0 | 1 as way}:
                self.goals.pop(mac, None)
                motor.run("down" if way == 0 else "up")
            case {"operation": 2}:
                motor.stop()
            case {"operation": 5}:
                pass
            case {"targetPosition": int(goal)} if 0 <= goal <= 100 and mac in self.two_way:
                self._go(mac, goal)
            case {"targetAngle": int(angle)} if 0 <= angle <= 180 and mac in self.two_way:
                self.angles[mac] = angle
            case _:
                return False
        return True

    def _go(self, mac: str, goal: int) -> None:
        motor = self.blinds[mac]
        motor.stop()
        way = goal - motor.position
        self.goals[mac] = goal
        if way:
            motor.run("down" if way > 0 else "up")
            self.after(abs(way) * self.seconds / 100, lambda: self._there(mac, goal))

    def _there(self, mac: str, goal: int) -> None:
        if self.goals.get(mac) == goal and self.blinds[mac].moving:
            self.blinds[mac].stop()

    def _state(self, mac: str) -> dict[str, Any]:
        if mac not in self.two_way:
            return {"type": 1, "operation": 2, "currentState": 0, "wirelessMode": 0, "batteryLevel": 0, "RSSI": -79}
        position = round(self.blinds[mac].position)
        told = {"type": 1, "operation": 2, "currentPosition": position, "currentAngle": self.angles[mac]}
        return {**told, "currentState": 3, "wirelessMode": 1, "batteryLevel": 87, "RSSI": -68}

    @hand
    def remote_control(self, direction: str = "down", blind: int = 1) -> None:
        """Somebody uses a blind's own remote control: up, down or stop."""
        motors = list(self.blinds.values())
        if not 1 <= blind <= len(motors) or direction not in ("up", "down", "stop"):
            raise SimulatorError(f"there is no blind {blind}, or no {direction!r}")
        if direction == "stop":
            motors[blind - 1].stop()
        else:
            motors[blind - 1].run("up" if direction == "up" else "down")
