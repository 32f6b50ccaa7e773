"""The Cisco RoomOS simulator as it is found by name: the codec and the hands, in the room and at the far end.

What may not live here: what a command over the wire does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from simulators.cisco_roomos import panels
from simulators.cisco_roomos.calls import Call
from simulators.cisco_roomos.codec import Codec
from simulators.cisco_roomos.table import IllegalValue, NoMatch
from simulators.cisco_roomos.tree import steps_of
from simulators.device import SimulatorError, hand


class CiscoRoomOS(Codec):
    """The codec, with people around it."""

    name: ClassVar[str] = "cisco_roomos"
    title: ClassVar[str] = "Cisco RoomOS codec (xAPI over WebSocket and SSH)"
    links: ClassVar[Mapping[str, int]] = {"ws": 80, "ssh": 22}

    @hand
    def incoming_call(
        self, number: str = "alice@example.com", name: str = "Alice", protocol: str = "Sip", video: bool = True
    ) -> int:
        """Somebody calls this room; the CallId. 0: nobody here is to be disturbed, so the codec turned it away."""
        if self.do_not_disturb:
            return 0
        kind, rate = ("Video", 6000) if video else ("Audio", 64)
        return self.switchboard.ring(number, name, protocol=protocol, call_type=kind, rate=rate).id

    @hand
    def caller_gives_up(self) -> None:
        """Whoever rings here gives up."""
        for call in self._chosen(0, "Ringing", direction="Incoming"):
            self.switchboard.end(call, "RemoteDisconnect")

    @hand
    def far_end_answers(self, call_id: int = 0) -> None:
        """The far end picks up a call that was dialled here."""
        for call in self._chosen(call_id, "Dialling", "Ringing", direction="Outgoing"):
            self.switchboard.connect(call)

    @hand
    def far_end_hangs_up(self, call_id: int = 0) -> None:
        """The far end ends one call, or all."""
        for call in self._chosen(call_id):
            self.switchboard.end(call, "RemoteDisconnect")

    @hand
    def far_end_shares(self, on: bool = True) -> None:
        """The far end starts or stops showing its content."""
        self.presentation = "Receiving" if on else "Off"

    @hand
    def touch_answer(self) -> None:
        """Somebody answers on the touch panel."""
        for call in self._chosen(0, "Ringing", direction="Incoming"):
            self.switchboard.accept(call)

    @hand
    def touch_hang_up(self) -> None:
        """Somebody ends every call on the touch panel."""
        for call in self._chosen(0):
            self.switchboard.end(call, "LocalDisconnect")

    @hand
    def touch_volume(self, level: int = 50) -> None:
        """Somebody moves the volume slider."""
        if not 0 <= level <= 100:
            raise SimulatorError(f"level is {level}, expected 0 to 100")
        self.volume = level

    @hand
    def touch_volume_mute(self) -> None:
        """Somebody presses the loudspeaker mute."""
        self.volume_muted = not self.volume_muted

    @hand
    def touch_mic_mute(self, on: bool = True) -> None:
        """Somebody presses the microphone button until it shows that."""
        self.mics_muted = on

    @hand
    def touch_video_mute(self) -> None:
        """Somebody stops or starts the room's picture."""
        self.video_muted = not self.video_muted

    @hand
    def sleep_now(self) -> None:
        """Somebody presses standby on the panel."""
        self.enter_standby()

    @hand
    def wake_up(self) -> None:
        """Somebody touches the sleeping panel."""
        self.wake()

    @hand
    def touch_self_view(self, on: bool = True) -> None:
        """Somebody switches self-view on the panel."""
        self.selfview = {**self.selfview, "Mode": "On" if on else "Off"}

    @hand
    def touch_share(self, source: int = 2) -> None:
        """Somebody starts a local preview on the panel; 0 ends it."""
        self.presentation_source = source

    @hand
    def unplug_mic(self, connector: int = 1) -> None:
        """A microphone's cable is pulled."""
        self.unplugged_mics.add(connector)

    @hand
    def plug_mic(self, connector: int = 1) -> None:
        """A microphone's cable is put back."""
        self.unplugged_mics.discard(connector)

    @hand
    def widget_action(self, widget_id: str, kind: str = "clicked", value: str = "") -> None:
        """A finger on a widget: pressed, changed, released or clicked, with the widget's value."""
        if widget_id not in panels.widget_ids(self):
            raise SimulatorError(f"no saved panel has a widget {widget_id!r}")
        self.event(panels.action(widget_id, kind, value))

    @hand
    def tap_widget(self, widget_id: str) -> None:
        """A finger on a button and off again: pressed, released, clicked."""
        for kind in ("pressed", "released", "clicked"):
            self.widget_action(widget_id, kind)

    @hand
    def slide_widget(self, widget_id: str, place: int = 128) -> None:
        """A finger on a slider: pressed, changed on the way, released where it stays. 0 to 255, told as text."""
        for kind in ("pressed", "changed", "released"):
            self.widget_action(widget_id, kind, str(place))

    @hand
    def install_panel(self, panel_id: str = "lights", name: str = "Lights") -> None:
        """Somebody else (a macro, the editor) saves a panel of their own."""
        body = f"<Panel><Name>{name}</Name><PanelId>{panel_id}</PanelId></Panel>"
        self.panels[panel_id] = body
        panels.laid_out(self)

    @hand
    def clear_widgets(self) -> None:
        """The panels are drawn anew with nothing in their widgets, and whoever sets values is told."""
        self.widgets.clear()
        panels.laid_out(self)

    @hand
    def panel_clicked(self, panel_id: str) -> None:
        """A finger on a panel's button."""
        if panel_id not in self.panels:
            raise SimulatorError(f"no panel {panel_id!r} is saved")
        self.event(panels.clicked(panel_id))

    @hand
    def page_action(self, page_id: str, kind: str = "Opened") -> None:
        """A panel's page is opened or closed."""
        self.event(panels.page(page_id, kind))

    @hand
    def set_configuration(self, path: str, value: str) -> None:
        """Somebody changes a setting in the codec's web page."""
        try:
            self.configure(steps_of(path), value)
        except (NoMatch, IllegalValue) as refused:
            raise SimulatorError(f"{path} = {value!r}: {refused}") from None

    @hand
    def fill_directory(self, entries: int = 10000) -> None:
        """The corporate directory becomes as long as that."""
        self.contacts = [
            {"book": "Corporate", "folder": "", "name": f"Person {n:05}", "number": f"p{n:05}@example.com"}
            for n in range(entries)
        ]

    @hand
    def forget_feedback(self) -> None:
        """Every feedback registration vanishes and nobody is told (seen in the field)."""
        for listener in self._listeners:
            listener.registered.clear()

    def _chosen(self, call_id: int, *statuses: str, direction: str = "") -> list[Call]:
        fit = [
            call
            for call in self.calls
            if call_id in (0, call.id)
            and (not statuses or call.status in statuses)
            and direction in ("", call.direction)
        ]
        if not fit:
            raise SimulatorError("there is no such call")
        return fit
