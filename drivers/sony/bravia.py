"""Sony BRAVIA professional displays: REST (http) or Simple IP Control (tcp 20060, with news), one driver for both.

The same points and the same input names (`hdmi1`) either way. REST needs the pre-shared key and tells more: the inputs
and their labels, model, serial number and software. Simple IP knows no log-in and tells changes by itself. What may
not live here: the two languages (`rest.py`, `simple_ip.py`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from drivers.sony import rest, simple_ip
from gateway.commands import Command, SelectInput, SetMute, SetPower, SetVideoMute, SetVolume
from gateway.cutters import Cutter, Whole
from gateway.driver import Actions, Drop, HttpReply, Offers, Opening, Refused, Request, Send, Timing, setting
from gateway.model import Reason
from gateway.polled import Ask, Polled, PolledSettings

UNKNOWN = {"input": {"input": None}, "sound": {"volume": None, "muted": None}, "volume": {"volume": None}}


@dataclass(frozen=True)
class SonyBraviaSettings(PolledSettings):
    """What a profile may say of a Sony display."""

    psk: str = setting("", "The pre-shared key of the display's REST API (link http://).", secret=True)
    inputs: str = setting("hdmi1, hdmi2, hdmi3, hdmi4", "The inputs that are offered; REST asks the display instead.")


class SonyBravia(Polled):
    """One display."""

    name = "sony_bravia"
    title = "Sony BRAVIA displays"
    models = "Sony BRAVIA professional displays (FW, BZ series) and the BRAVIA sets that know these interfaces"
    links = {"http": 80, "tcp": 20060}
    timing = Timing(window=1, reply=5.0, ready=20.0)
    cutter: Cutter = Whole()
    evidence = "cross-checked"  # REST: against pybravia
    sources = (
        "Sony BRAVIA Professional Displays: REST API",
        "Sony BRAVIA Professional Displays: Simple IP Control",
        "RoomGate facts: room devices 5.4",
    )
    offered = (
        "power",
        "inputs (REST: found by themselves, with labels)",
        "volume and mute",
        "picture off and on (REST: power saving; Simple IP: PMUT)",
        "model, serial number, software (REST)",
        "news unasked (Simple IP)",
    )
    not_offered = {
        "remote control keys (IRCC)": "a key press cannot be proved",
        "applications, scenes, picture settings": "the model has no verb for them",
        "ADCP projectors (TCP 53595)": "another language; they speak PJLink, too",
        "pairing by PIN on the screen": "professional displays take the pre-shared key",
    }
    plays = frozenset({"display", "volume"})
    takes = frozenset({SetPower, SelectInput, SetVolume, SetMute, SetVideoMute})
    units = '""'
    Settings = SonyBraviaSettings
    settings: SonyBraviaSettings
    optional = frozenset({"identity", "inputs", "picture"})

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.rest = scheme != "tcp"
        self.cutter = Whole() if self.rest else simple_ip.CUTTER
        self.top = 100  # the highest volume
        self.inputs = {name.strip(): name.strip().upper() for name in self.settings.inputs.split(",") if name.strip()}
        self.learned_once: set[str] = set()

    def opening(self) -> Opening:
        return Opening(headers={"X-Auth-PSK": self.settings.psk} if self.rest else {})

    def opened(self) -> Actions:
        yield from self.begin("power")

    def wanted(self, unit: str) -> Iterable[str]:
        """Asleep, it answers for its power only."""
        if self.points[unit].get("power") != "on":
            return ("power",)
        if not self.rest:
            return simple_ip.QUESTIONS
        return (*rest.QUESTIONS, *(what for what in rest.ONCE if what not in self.learned_once))

    def question(self, ask: Ask) -> Send:
        return Send(rest.asking(ask.what) if self.rest else simple_ip.asking(ask.what), tag=ask)

    def offer(self, unit: str) -> Offers:
        commands: set[type[Command]] = {SetPower, SelectInput, SetVolume, SetMute}
        if Ask(unit, "picture") not in self.absent:
            commands.add(SetVideoMute)
        return Offers(unit, frozenset(commands), {"input": dict(self.inputs)})

    def shows(self, command: Command, points: Mapping[str, Any]) -> bool:
        """A volume is rounded to the display's own steps."""
        if isinstance(command, SetVolume):
            return points.get("volume") == round(round(command.level * self.top / 100) * 100 / self.top)
        return super().shows(command, points)

    def _words(self, command: Command) -> tuple[str, Any]:
        return rest.setting_to(command, self.top) if self.rest else simple_ip.setting_to(command)

    def say(self, request: Request) -> Actions:
        what, data = self._words(request.command)
        if not what:
            yield Refused(request, "a display cannot do that")
        elif data is None:
            yield Refused(request, f"there is no such input; there are {', '.join(self.inputs)}")
        else:
            yield Send(data, tag=request)

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        if isinstance(data, HttpReply):
            if isinstance(tag, Ask | Request):
                yield from self._replied(data, tag)
        elif isinstance(data, bytes) and len(data) == simple_ip.LENGTH:
            yield from self._message(data, tag)

    # ---- REST ----------------------------------------------------------------------------------------------------

    def _replied(self, reply: HttpReply, tag: Ask | Request) -> Actions:
        result, error, words = rest.read(reply)
        if reply.status in (401, 403) or error in (401, 403):
            yield Drop(Reason.LOGIN_REFUSED, "the display refused the pre-shared key")
        elif error == -1:
            yield Drop(Reason.PROTOCOL_ERROR, f"this is no answer of a BRAVIA's REST API ({words})")
        elif isinstance(tag, Request):
            if error:
                yield Refused(tag, f"{words or 'the display refused it'} ({error})")
            else:
                yield from self.acknowledged(tag, self._words(tag.command)[0])
        elif error:  # "display is off", "illegal state" (an app is shown): not now
            yield from self.learned(tag, absent=error in rest.UNSUPPORTED, **UNKNOWN.get(tag.what, {}))
        else:
            self.learned_once.add(tag.what)
            if tag.what == "sound":
                self.top = rest.top_of(result)
            elif tag.what == "inputs":
                self.inputs = rest.inputs(result) or self.inputs
            yield from self.learned(tag, **rest.points(tag.what, result))

    # ---- Simple IP -----------------------------------------------------------------------------------------------

    def _message(self, message: bytes, tag: Hashable) -> Actions:
        kind, what, value = simple_ip.read(message)
        if kind == "N":
            if self.ready and (told := simple_ip.points(what, value)):
                yield from self.tell("", **told)
            return
        if kind != "A" or not isinstance(tag, Ask | Request):
            return
        if what != (tag.what if isinstance(tag, Ask) else self._words(tag.command)[0]):
            yield Drop(Reason.PROTOCOL_ERROR, f"the display answered {message.decode('latin-1').strip()!r} out of step")
        elif isinstance(tag, Request):
            if value == "0" * 16:
                yield from self.acknowledged(tag, what)
            else:
                yield Refused(tag, "the display has no such thing" if value == "N" * 16 else "the display refused it")
        else:
            points = simple_ip.points(what, value)
            yield from self.learned(tag, **(points or UNKNOWN.get(what, {})))
