"""A Sony BRAVIA professional display: its REST API over HTTP, or Simple IP Control over TCP.

Written from Sony's two manuals for professional displays. In standby it tells its power and says of everything else
that it is off. Only these two languages live here; pairing by a PIN on the screen does not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from simulators._http import HttpSimulator, Request
from simulators.device import Session, Timer, Where, hand
from simulators.values import SimulatorError

SOCKETS = {  # name -> REST address, Simple IP type and number
    "hdmi1": ("extInput:hdmi?port=1", "00000001" + "00000001"),
    "hdmi2": ("extInput:hdmi?port=2", "00000001" + "00000002"),
    "composite1": ("extInput:composite?port=1", "00000003" + "00000001"),
    "mirroring1": ("extInput:widi?port=1", "00000005" + "00000001"),
}
DONE, ERROR, NOTHING = "0" * 16, "F" * 16, "N" * 16


class FaultError(Exception):
    """An error of the API: its code and words."""


@dataclass(kw_only=True, eq=False)
class SonyBravia(HttpSimulator):
    """The display's memory and its answers in both languages."""

    name: ClassVar[str] = "sony_bravia"
    title: ClassVar[str] = "Sony BRAVIA display (REST and Simple IP)"
    links: ClassVar[Mapping[str, int]] = {"http": 80, "tcp": 20060}

    shared_secret: str = "s3cret"  # the pre-shared key of the REST API
    wake_seconds: float = 4.0
    active: bool = False
    waking: bool = False
    input: str = "hdmi1"
    app: bool = False  # an application is shown instead of an input
    volume: int = 20
    highest: int = 100
    muted: bool = False
    dark: bool = False  # the picture is off
    model: str = "FW-55BZ40H"
    serial_number: str = "1234567"
    generation: str = "5.2.0"
    label: str = "Laptop"  # of HDMI 1
    android: bool = False  # an Android TV, which says otherwise that it is off

    _scheme: str = field(default="http", init=False, repr=False)
    _waking: Timer | None = field(default=None, init=False, repr=False)

    async def listen(self, where: Where) -> str:
        self._scheme = where.scheme
        return await super().listen(where)

    def restart(self) -> None:
        self.active = self.waking = self.app = self.dark = False

    # What the display does.

    def _switch(self, on: bool) -> None:
        if not on:
            if self._waking:
                self._waking.cancel()
            changed, self.active, self.waking = self.active, False, False
            if changed:
                self._news("POWR", DONE)
        elif not self.active and not self.waking:
            self.waking = True
            self._waking = self.after(self.wake_seconds, self._awake)

    def _awake(self) -> None:
        self.active, self.waking, self.dark = True, False, False
        self._news("POWR", DONE[:-1] + "1")

    def _change(self, memory: str, value: Any, word: str, told: str) -> None:
        if getattr(self, memory) != value:
            setattr(self, memory, value)
            self._news(word, told)

    def _show(self, name: str) -> None:
        self.app = False
        self._change("input", name, "INPT", SOCKETS[name][1])

    def _loud(self, volume: int) -> None:
        self._change("volume", volume, "VOLU", str(volume).zfill(16))

    def _hush(self, muted: bool) -> None:
        self._change("muted", muted, "AMUT", str(int(muted)).zfill(16))

    def _darken(self, dark: bool) -> None:
        self._change("dark", dark, "PMUT", str(int(dark)).zfill(16))

    # Simple IP Control.

    def opened(self, session: Session) -> None:
        session.memory["stream"] = b""

    def received(self, session: Session, data: bytes) -> None:
        if self._scheme == "http":
            super().received(session, data)
            return
        stream = session.memory["stream"] + data
        while len(stream) >= 24:
            message, stream = stream[:24], stream[24:]
            if message[:2] == b"*S" and message[-1:] == b"\n":
                word = message[3:7].decode("latin-1")
                told = self._simple(message[2:3], word, message[7:23].decode("latin-1"))
                session.send(f"*SA{word}{told}\n".encode())
            else:
                stream = b""
        session.memory["stream"] = stream

    def _news(self, word: str, value: str) -> None:
        if self._scheme == "tcp":
            self.broadcast(f"*SN{word}{value}\n".encode())

    def _simple(self, kind: bytes, word: str, value: str) -> str:
        if kind == b"E" and value == "#" * 16:
            return self._enquired(word)
        if kind != b"C":
            return ERROR
        if word == "POWR" and value in (DONE, DONE[:-1] + "1"):
            self._switch(value[-1] == "1")
            return DONE
        if not self.active:
            return ERROR
        if word == "INPT":
            found = [name for name, (_, code) in SOCKETS.items() if code == value]
            if not found:
                return NOTHING
            self._show(found[0])
            return DONE
        if not value.isdigit():
            return ERROR
        number = int(value)
        if word == "VOLU" and number <= self.highest:
            self._loud(number)
        elif word == "AMUT" and number <= 1:
            self._hush(bool(number))
        elif word == "PMUT" and number <= 1:
            self._darken(bool(number))
        else:
            return ERROR
        return DONE

    def _enquired(self, word: str) -> str:
        if word == "POWR":
            return str(int(self.active)).zfill(16)
        if not self.active or (word == "INPT" and self.app):
            return ERROR
        if word == "INPT":
            return SOCKETS[self.input][1]
        numbers = {"VOLU": self.volume, "AMUT": self.muted, "PMUT": self.dark}
        return str(int(numbers[word])).zfill(16) if word in numbers else ERROR

    # REST.

    def requested(self, request: Request) -> None:
        wrong_key = request.headers.get("x-auth-psk") != self.shared_secret or self.faults.refuse_login
        try:
            asked = json.loads(request.body)
            method, params, number = asked["method"], asked["params"], asked["id"]
        except (ValueError, KeyError, TypeError):
            request.answer(400, {"error": [5, "Illegal JSON"], "id": 0})
            return
        if wrong_key:
            request.answer(403, {"error": [403, "Forbidden"], "id": number})
            return
        try:
            result = self._method(request.path, method, params[0] if params else {})
            request.answer(200, {"result": result, "id": number})
        except FaultError as fault:
            request.answer(200, {"error": list(fault.args), "id": number})

    def _method(self, path: str, method: str, given: dict[str, Any]) -> list[Any]:
        match path, method:
            case "/sony/system", "getPowerStatus":
                return [{"status": "active" if self.active else "standby"}]
            case "/sony/system", "setPowerStatus":
                self._switch(given.get("status") is True)
                return []
            case "/sony/system", "getSystemInformation":
                about = {"product": "TV", "model": self.model, "serial": self.serial_number}
                return [about | {"generation": self.generation, "name": "BRAVIA"}]
            case "/sony/system", "getPowerSavingMode":
                return [{"mode": "pictureOff" if self.dark else "off"}]
            case "/sony/avContent", "getCurrentExternalInputsStatus":
                return [[self._socket(name) for name in SOCKETS]]
        if not self.active:
            raise FaultError(7, "not power-on") if self.android else FaultError(40005, "Display Is Turned off")
        match path, method:
            case "/sony/audio", "getVolumeInformation":
                sound = {"volume": self.volume, "mute": self.muted, "maxVolume": self.highest, "minVolume": 0}
                return [[{"target": "speaker"} | sound, {"target": "headphone"} | sound]]
            case "/sony/audio", "setAudioVolume":
                wanted = str(given.get("volume"))
                if not wanted.isdigit() or int(wanted) > self.highest:
                    raise FaultError(40801, "Volume is out of range")
                self._loud(int(wanted))
            case "/sony/audio", "setAudioMute":
                self._hush(given.get("status") is True)
            case "/sony/system", "setPowerSavingMode":
                self._darken(given.get("mode") == "pictureOff")
            case "/sony/avContent", "getPlayingContentInfo":
                if self.app:
                    raise FaultError(7, "Illegal State")
                return [{"uri": SOCKETS[self.input][0], "source": "extInput:hdmi", "title": self.input.upper()}]
            case "/sony/avContent", "setPlayContent":
                found = [name for name, (uri, _) in SOCKETS.items() if uri == given.get("uri")]
                if not found:
                    raise FaultError(3, "Illegal Argument")
                self._show(found[0])
            case _:
                raise FaultError(12, "No Such Method")
        return []

    def _socket(self, name: str) -> dict[str, Any]:
        label = self.label if name == "hdmi1" else ""
        return {"uri": SOCKETS[name][0], "title": name.upper(), "label": label, "connection": True, "icon": "meta:hdmi"}

    # Hands.

    @hand
    def press_power(self) -> None:
        """The power key of the remote control."""
        self._switch(not (self.active or self.waking))

    @hand
    def select_input(self, name: str = "hdmi2") -> None:
        """The input key."""
        if name not in SOCKETS:
            raise SimulatorError(f"there is no input {name!r}; there are: {', '.join(SOCKETS)}")
        self._show(name)

    @hand
    def turn_volume(self, volume: int = 30) -> None:
        """The volume keys."""
        self._loud(max(0, min(self.highest, volume)))

    @hand
    def open_app(self) -> None:
        """Somebody starts an application: no input is shown."""
        self.app = True
