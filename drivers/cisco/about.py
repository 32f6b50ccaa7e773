"""What the driver says of itself: settings, sources, what it offers and what not, and why.

What may not live here: anything that is asked or answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gateway.driver import Settings, setting

SOURCES = (
    'Cisco "xAPI over WebSocket" D15427.02',
    "Cisco xAPI schemas 9.15.17.4 and 26.4.1 (cisco-ce/roomos.cisco.com)",
    "jsxapi 6.0.0 and its recorded replies",
    "xows 1.0.5",
    "Cisco API reference guides CE8.2 (D15335.04), CE9.2 (D15335.08), SX80 TC7.3 (D15107.05)",
    "PlaceOS drivers, collaboration_endpoint",
    "Cisco UI Extensions guide (cisco-ce/roomos.cisco.com, doc/TechDocs/UiExtensions.md, UiExtensions-Panels.md)",
)

OFFERED = (
    "JSON-RPC over WebSocket, both log-ins",
    "text shell over SSH in JSON mode, with and without a terminal",
    "feedback, verified and registered again",
    "standby",
    "volume",
    "volume mute",
    "microphone mute",
    "main video mute",
    "dial, answer, reject, hold, resume, hang up one or all, unattended transfer",
    "Webex, Teams, Zoom and Meet join, by software version",
    "DTMF, with pauses",
    "call list, with the reason why a call ended",
    "auto-answer, do-not-disturb",
    "content share with source and local preview",
    "layout, self-view",
    "main camera, camera move, zoom and stop, the far end's camera",
    "camera presets",
    "directory search",
    "bookings",
    "being shown as a control system (Peripherals), heartbeat",
    "name, model, serial number, software version",
    "the touch panel as a surface (UI Extensions)",
)

NOT_OFFERED = {
    "half-wake": "a room is on or off; a codec that is half awake is shown as standby",
    "volume steps": "the room turns a step into a volume, which can be confirmed",
    "merge": "Call Join is marked for Cisco's internal use in the schemas",
    "answering a booking (Bookings Respond)": "no such command in the room model yet",
    "directory folders": "a search returns people, not folders",
    "list of stored presets": "no such command in the room model yet",
    "UI extensions of others": "only panels of our own are saved, read and removed",
    "web views and the persistent web app on a Navigator": "part of it needs Control Hub",
    "reboot": "no such command in the room model yet",
    "XML over HTTP, HttpFeedback": "both transports that are offered push by themselves and need no listener of ours",
    "telnet, RS-232": "the same grammar, but their log-in dialogue is not documented in the sources",
}


@dataclass(frozen=True)
class RoomosSettings(Settings):
    """What a profile may say of a codec."""

    username: str = setting("admin", "User on the codec. Its role must allow calls, where calls are wanted.")
    password: str = setting("", "Password of that user.", secret=True)
    login: Literal["subprotocol", "basic"] = setting(
        "subprotocol", "How a WebSocket logs in: subprotocol (CE9.8 and later) or basic."
    )
    pty: bool = setting(False, "Ask for a terminal over SSH: only for a codec that gives no shell without one.")
    phonebook: Literal["corporate", "local"] = setting("corporate", "The directory that is searched.")
    teams: Literal["guest", "rooms"] = setting(
        "guest", "How Teams meetings are joined first: as a WebRTC guest, or by a device in Teams Rooms mode."
    )
    camera: int = setting(
        1, "The CameraId that is moved where the codec does not say which belongs to the main source."
    )
    peripheral: str = setting(
        "RoomGate", "Name under which the codec lists us as its control system; empty: not at all."
    )
    peripheral_id: str = setting("", "Our id in that list; empty: made from the codec's address.")
    page: int = setting(50, "Rows that a directory search asks for at a time.")
    verify: int = setting(120, "Seconds between full readings, in case feedback was lost.")
    poll: int = setting(5, "Seconds between readings of what the codec will not push (too many subscribers).")

    panel_location: Literal["HomeScreen", "ControlPanel"] = setting(
        "HomeScreen", "Where the buttons of our panels stand on the touch panel."
    )
    panel_goes: bool = setting(True, "Take our panels away when the gateway stops: without it their buttons are dead.")

    def __post_init__(self) -> None:
        if self.login not in ("subprotocol", "basic"):
            raise ValueError(f"login is subprotocol or basic, not {self.login!r}")
        if self.phonebook not in ("corporate", "local"):
            raise ValueError(f"phonebook is corporate or local, not {self.phonebook!r}")
        if self.panel_location not in ("HomeScreen", "ControlPanel"):
            raise ValueError(f"panel_location is HomeScreen or ControlPanel, not {self.panel_location!r}")
        if self.teams not in ("guest", "rooms"):
            raise ValueError(f"teams is guest or rooms, not {self.teams!r}")
        for name, longest in (("peripheral", 100), ("peripheral_id", 100)):
            if len(getattr(self, name)) > longest:
                raise ValueError(f"{name} has at most {longest} characters")
        if not 1 <= self.camera <= 7:
            raise ValueError(f"camera is from 1 to 7, not {self.camera!r}")
        if self.page > 65534:
            raise ValueError(f"page is at most 65534, not {self.page!r}")
        for name, lowest in (("page", 1), ("verify", 10), ("poll", 1)):
            if getattr(self, name) < lowest:
                raise ValueError(f"{name} is at least {lowest}, not {getattr(self, name)!r}")
