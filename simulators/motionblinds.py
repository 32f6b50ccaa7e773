"""A Motionblinds gateway with its blinds: JSON in UDP datagrams, AccessTokens checked, reports pushed.

Written from RoomGate facts (room devices 4.9) and what the open client motionblinds 0.6 expects. Not documented: the
words of `actionResult` (here: "AccessToken error"), and whether a gateway checks the AccessToken of a question.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from simulators.device import Simulator, SimulatorError, Timer, Where, hand
from simulators.doors import Address, UdpDoor
from simulators.motor import Motor

GROUP = "238.0.0.18"


@dataclass(kw_only=True, eq=False)
class Motionblinds(Simulator):
    """The gateway and its blinds."""

    name: ClassVar[str] = "motionblinds"
    title: ClassVar[str] = "Motionblinds gateway"
    links: ClassVar[Mapping[str, int]] = {"udp": 32100}

    key_secret: str = "abcd1234-56ef-78"
    gateway_token: str = "1234567890ABCDEF"
    report_host: str = GROUP
    report_port: int = 32101  # 0 takes a free one, which then stands here
    roller: str = "aabbccddeeff0001"
    venetian: str = "aabbccddeeff0002"
    one_way: str = ""  # a blind that cannot answer
    seconds: float = 20.0
    blinds: dict[str, Motor] = field(default_factory=dict, init=False)
    angles: dict[str, int] = field(default_factory=dict, init=False)
    refused: int = 0
    _door: UdpDoor = field(init=False, repr=False)
    _ends: dict[str, Timer] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for mac in filter(None, (self.roller, self.venetian, self.one_way)):
            self.blinds[mac] = Motor(self, self.seconds, self.seconds)
        self.angles[self.venetian] = 0

    async def listen(self, where: Where) -> str:
        if not self.report_port:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
                free.bind((self.report_host, 0))
                self.report_port = free.getsockname()[1]
        self._door = UdpDoor(self.faults, self._received)
        port = await self._door.bind(where.host, where.port)
        self.on_stop(self._door.close)
        return f"udp://{where.host}:{port}"

    def restart(self) -> None:
        """The blinds stand; the gateway makes itself a new token."""
        for mac in self.blinds:
            self._halt(mac)
        self.gateway_token = self.gateway_token[::-1]

    # ---- the wire --------------------------------------------------------------------------------------------

    def _expected(self) -> str:
        cipher = Cipher(AES(self.key_secret.encode()), ECB()).encryptor()
        return cipher.update(self.gateway_token.encode()).hex().upper()

    def _received(self, data: bytes, peer: Address) -> None:
        try:
            asked = json.loads(data)
            what = asked["msgType"]
        except (ValueError, KeyError, TypeError):
            return
        answer = {"msgType": f"{what}Ack", "msgID": asked.get("msgID", "")}
        if what == "GetDeviceList":
            answer |= {"mac": "aabbccddeeff", "deviceType": "02000002", "ProtocolVersion": "0.9"}
            answer |= {"token": self.gateway_token}
            listed = [{"mac": "aabbccddeeff", "deviceType": "02000002"}]
            answer["data"] = listed + [{"mac": mac, "deviceType": "10000000"} for mac in self.blinds]
        elif asked.get("mac") in self.blinds:
            mac = asked["mac"]
            answer |= {"mac": mac, "deviceType": "10000000"}
            needs = what == "WriteDevice" or "AccessToken" in asked
            if needs and (asked.get("AccessToken") != self._expected() or self.faults.refuse_login):
                self.refused += 1
                answer["actionResult"] = "AccessToken error"
            else:
                answer["data"] = self._state(mac)
                if what == "WriteDevice":
                    self._obey(mac, asked.get("data", {}))
        else:
            answer["actionResult"] = "device not exist"
        self._door.send(json.dumps(answer).encode(), peer)
        self.touched()

    def _state(self, mac: str) -> dict[str, Any]:
        motor = self.blinds[mac]
        if mac == self.one_way:
            return {"type": 1, "wirelessMode": 0, "operation": 2}
        operation = {"down": 0, "up": 1}.get(motor.moving or "", 2)
        state = {"type": 2 if mac == self.venetian else 1, "operation": operation, "wirelessMode": 1, "voltageMode": 1}
        place = round(motor.position)
        limits = {"currentPosition": place, "currentAngle": self.angles.get(mac, 0), "currentState": 3}
        return state | limits | {"batteryLevel": 1195, "chargingState": 0, "RSSI": -71}

    def _obey(self, mac: str, data: Mapping[str, Any]) -> None:
        match data.get("operation"):
            case 0 | 1:
                self._go(mac, 100.0 if data["operation"] == 0 else 0.0)
            case 2:
                self._halt(mac)
                self._report(mac)
            case 5:
                self._report(mac)
        if "targetPosition" in data:
            self._go(mac, float(data["targetPosition"]))
        if "targetAngle" in data and mac in self.angles:
            self.angles[mac] = int(data["targetAngle"])
            self._report(mac)

    def _report(self, mac: str) -> None:
        if mac == self.one_way:
            return
        report = {"msgType": "Report", "mac": mac, "deviceType": "10000000", "data": self._state(mac)}
        self._door.send(json.dumps(report).encode(), (self.report_host, self.report_port))

    def _go(self, mac: str, target: float) -> None:
        self._halt(mac)
        motor = self.blinds[mac]
        way = target - motor.position
        if way:
            motor.run("down" if way > 0 else "up")
            self._ends[mac] = self.after(abs(way) * self.seconds / 100, lambda: self._arrive(mac, target))
        self._report(mac)

    def _arrive(self, mac: str, target: float) -> None:
        self._halt(mac)
        self.blinds[mac]._from = target
        self._report(mac)

    def _halt(self, mac: str) -> None:
        self.blinds[mac].stop()
        if timer := self._ends.pop(mac, None):
            timer.cancel()

    @hand
    def remote(self, direction: str = "down", blind: str = "") -> None:
        """A blind's own remote control: up, down or stop, of the first one by default."""
        mac = blind or next(iter(self.blinds))
        if mac not in self.blinds or direction not in ("up", "down", "stop"):
            raise SimulatorError(f"there is no blind {mac!r}, or no {direction!r}")
        if direction == "stop":
            self._halt(mac)
            self._report(mac)
        else:
            self._go(mac, 0.0 if direction == "up" else 100.0)
