"""A Key Digital switcher: outputs, inputs, the status block, the prompt, and the people and keypads around it.

Written from the manuals of KD-PS42, KD-4x4CSA, KD-Pro4x1X and KD-MLV4x4Pro (RoomGate facts: room devices 1). Where they
do not say: the words after FAILED, the length of the lines of dashes, how a display's power would show.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from simulators.device import Session, SimulatorError, StreamSimulator, hand

DASHES = "-" * 62


@dataclass(kw_only=True, eq=False)
class KeyDigital(StreamSimulator):
    """The unit's memory and its answers."""

    name: ClassVar[str] = "key_digital"
    title: ClassVar[str] = "Key Digital switcher (KeyCode Open API)"
    links: ClassVar[Mapping[str, int]] = {"tcp": 23, "serial": 0}

    model: str = "KD-4x4CSA"
    number_of_outputs: int = 4
    number_of_inputs: int = 4
    single: bool = False  # a presentation switcher: one output, which has no number
    crlf: bool = False  # an older unit, which wants CR and LF
    greets: bool = False  # with its prompt
    echo: bool = False  # repeats the command after the prompt, as the KD-4x4CSA manual shows
    prompts: bool = True
    layers: bool = False  # KD-MLV4x4Pro
    address: int = 0  # with one, only what begins with it is obeyed
    answer_seconds: float = 0.02

    power: bool = True
    routes: dict[str, int] = field(default_factory=dict)  # filled at the start: output -> input
    audio: dict[str, int] = field(default_factory=dict)
    links_up: dict[str, bool] = field(default_factory=dict)  # input -> a source is there
    video_muted: dict[str, bool] = field(default_factory=dict)
    on: dict[str, bool] = field(default_factory=dict)  # output -> it gives a picture
    displays: dict[str, bool] = field(default_factory=dict)
    display_steps: int = 0
    display_muted: bool = False
    heard: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.single:
            self.number_of_outputs = 1
        for n in range(1, self.number_of_outputs + 1):
            self.routes.setdefault(str(n), 1)
            self.audio.setdefault(str(n), 1)
            self.video_muted.setdefault(str(n), False)
            self.displays.setdefault(str(n), False)
            self.on.setdefault(str(n), True)
        for n in range(1, self.number_of_inputs + 1):
            self.links_up.setdefault(str(n), n <= 2)

    def restart(self) -> None:
        """Mutes are forgotten, routes are kept."""
        self.reset("video_muted")

    def opened(self, session: Session) -> None:
        session.memory["held"] = ""
        if self.greets:
            session.send(self._prompt())

    def received(self, session: Session, data: bytes) -> None:
        text = session.memory["held"] + data.decode("ascii", "replace")
        if self.crlf:
            *lines, rest = text.split("\r\n")
        else:
            *lines, rest = re.split(r"\r\n?|\n", text)
            if text.endswith("\r") and not rest:
                rest = ""
        session.memory["held"] = rest[-80:]
        for line in lines:
            if line.strip():
                self.heard.append(line)
                self.after(self.answer_seconds, lambda line=line: self._answer(session, line.strip()))  # type: ignore[misc]

    def _prompt(self) -> bytes:
        return f"{self.model}>".encode()

    def _answer(self, session: Session, line: str) -> None:
        word = line.upper()
        if self.address:
            if not word.startswith(f"A{self.address:02}"):
                return  # another unit's
            word = word[3:]
        said = self._carry_out(word)
        echo = f" {line}\r\n" if self.echo else ""
        body = "".join(f"{one}\r\n" for one in said)
        session.send((echo + body).encode() + (self._prompt() if self.prompts else b""))

    def _carry_out(self, word: str) -> list[str]:
        if word == "STA":
            return self._status()
        if word in ("PN", "PF"):
            self.power = word == "PN"
            return []
        made = re.fullmatch(r"SPO(\d\d|A)?(.+)", word)
        if made is None:
            return [f"{word} FAILED"]
        chosen = list(self.routes) if made[1] in ("A", None) else [str(int(made[1]))]
        if any(output not in self.routes for output in chosen):
            return [f"{word} FAILED"]
        return [] if all(self._on_output(output, made[2]) for output in chosen) else [f"{word} FAILED"]

    def _on_output(self, output: str, word: str) -> bool:
        """What a command does to one output; False where there is no such thing."""
        if route := re.fullmatch(r"S([IBA])(\d\d)", word):
            layer, source = route[1], int(route[2])
            most = self.number_of_inputs + (self.layers and layer != "A")  # the multiviewer is one more
            if not 1 <= source <= most or (layer != "I" and not self.layers):
                return False
            if layer in "IB":
                self.routes[output] = source
            if layer in "IA" and source <= self.number_of_inputs:
                self.audio[output] = source
        elif word in ("ON", "OFF"):
            self.on[output] = word == "ON"
        elif word in ("VME", "VMD"):
            self.video_muted[output] = word == "VME"
        elif word in ("TVON", "TVOFF"):
            self.displays[output] = word == "TVON"
        elif word in ("AVU", "AVD"):
            self.display_steps += 1 if word == "AVU" else -1
        elif word in ("AME", "AMD"):
            self.display_muted = word == "AME"
        else:
            return False
        return True

    def _status(self) -> list[str]:
        lines = [f"Power : {'ON' if self.power else 'OFF'}", "Front Panel Button : Enabled"]
        if self.single:
            lines.append(f"Video Output  : Input = {self.routes['1']:02}, OUT = {'ON' if self.on['1'] else 'OFF'}")
        else:
            for output, source in self.routes.items():
                shown = "ON" if self.on[output] else "OFF"
                lines.append(
                    f"Video Output {int(output):02} : IN = {source:02}, OUT = {shown}, LINK = ON, DBG = OFF, AUTO"
                )
        for number, up in self.links_up.items():
            lines.append(f"Video Input {int(number):02} : EDID = 01, LINK = {'ON' if up else 'OFF'}")
        lines += ["MAC Address = 60:89:B1:28:00:04", "TCP Port = 0023", "F/W Version : 1.07"]
        title = "--  Key Digital Systems  STATUS  --"
        return [DASHES, title, DASHES, *(f"-- {line} --" for line in lines), DASHES]

    # Hands.

    @hand
    def front_panel(self, output: int = 1, source: int = 2) -> None:
        """Somebody routes at the unit itself."""
        if str(output) not in self.routes or not 1 <= source <= self.number_of_inputs:
            raise SimulatorError(f"there is no output {output} or no input {source}")
        self.routes[str(output)] = self.audio[str(output)] = source

    @hand
    def keypad(self, words: str = "SPO01SI03") -> None:
        """A KD-WP8 in front of the unit sends this; on a shared line everybody hears it pass."""
        self._carry_out(words.upper())
        for session in self.sessions:
            session.send(words.encode() + b"\r")

    @hand
    def plug(self, source: int = 3, there: bool = True) -> None:
        """A source is plugged in, or out."""
        if str(source) not in self.links_up:
            raise SimulatorError(f"there is no input {source}")
        self.links_up[str(source)] = there
