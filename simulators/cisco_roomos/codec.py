"""The simulated codec: its memory, its documents, and how a change of the one is told from the other.

What may not live here: a transport's grammar (`shell`, `rpc`), a family's commands (`room`, `cameras`, `calls`,
`meetings`, `panels`, `directory`), the hands (`hands`). Sources stand in those files.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from simulators.cisco_roomos import directory, meetings, panels, room
from simulators.cisco_roomos.calls import Call, Switchboard
from simulators.cisco_roomos.cameras import Camera
from simulators.cisco_roomos.cameras import cameras as camera_status
from simulators.cisco_roomos.listener import Listener
from simulators.cisco_roomos.table import (
    CONFIGURATION,
    Command,
    CommandError,
    IllegalValue,
    NoMatch,
    ParameterError,
    PermissionDenied,
    String,
    UnknownCommand,
    find,
)
from simulators.cisco_roomos.tree import Step, Text, Tree, address, changes, plant, select, steps_of
from simulators.device import Simulator, Timer, Where

# The Status document, branch by branch.
STATUS = {
    "Audio": room.audio,
    "Bookings": directory.booking_status,
    "Call": lambda codec: [call.status_tree(codec.clock()) for call in codec.calls],
    "Cameras": camera_status,
    "Conference": room.conference,
    "Peripherals": room.peripherals,
    "Standby": lambda codec: {"State": codec.standby},
    "SystemUnit": room.system_unit,
    "Time": room.time,
    "UserInterface": panels.user_interface,
    "Video": room.video,
}
CONFIGURATION_BY_ADDRESS = {address(steps_of(path)).casefold(): path for path in CONFIGURATION}


def _factory_settings() -> dict[str, int | str]:
    return {path: setting.default for path, setting in CONFIGURATION.items() if not setting.field}


def _touch_panel() -> dict[int, room.Peripheral]:
    return {1001: room.Peripheral("SIM-TOUCH-1", "Cisco Room Navigator", "TouchPanel")}


@dataclass(kw_only=True, eq=False)
class Codec(Simulator):
    """A room codec with its touch panel, reached over WebSocket and over SSH; both may be served at once."""

    username: str = "admin"
    password: str = ""
    role: Literal["Admin", "Integrator", "RoomControl", "User"] = "Admin"  # of that user

    system_name: str = "Meeting room"
    software_version: str = "RoomOS 26.4.1.0"
    release_date: str = "2026-04-01"
    product_id: str = "Cisco Codec EQ"
    serial_number: str = "SIM00000001"
    mic_connectors: int = 4
    isdn_link: bool = False  # H320 calls need one
    json_indent: int = 2  # of the shell's JSON mode; 0 = each answer on one line
    xpath_beside: bool = False  # XPath of an unknown command beside the result, not in it, as some versions have it
    max_sessions: int = 30
    max_subscriptions: int = 50
    far_end: Literal["answers", "busy", "rejects", "no answer"] = "answers"  # what happens to outgoing calls
    teams_rooms: bool = False  # Microsoft Teams Rooms mode
    ready: bool = True  # False: WebSocket requests are answered "not ready"

    standby_seconds: float = 5.0  # in EnteringStandby
    dial_seconds: float = 1.0  # in Dialling
    answer_seconds: float = 3.0  # until the far end answers
    no_answer_seconds: float = 30.0  # until an unanswered call ends
    connect_seconds: float = 0.5  # from accepted to connected
    disconnect_seconds: float = 0.5  # in Disconnecting
    volume_step: int = 5  # of Increase and Decrease without Steps

    standby: str = "Off"
    volume: int = 50
    volume_muted: bool = False
    mics_muted: bool = False
    video_muted: bool = False
    main_video_source: int = 1
    presentation: str = "Off"
    presentation_source: int = 0
    active_preset: int = 0
    layout: str = "Grid"
    layout_family: str = "auto"
    do_not_disturb: bool = False
    far_camera: str = ""  # which way the far end's camera goes
    transferred: list[str] = field(default_factory=list)
    last_call_id: int = 0
    conference_id: int = 1
    calls: list[Call] = field(default_factory=list)
    selfview: dict[str, str] = field(
        default_factory=lambda: {
            "FullscreenMode": "Off",
            "Mode": "Off",
            "OnMonitorRole": "First",
            "PIPPosition": "CenterRight",
        }
    )
    cameras: dict[int, Camera] = field(default_factory=lambda: {1: Camera()})
    presets: dict[int, dict[str, Any]] = field(default_factory=dict)
    unplugged_mics: set[int] = field(default_factory=set)
    peripherals: dict[int, room.Peripheral] = field(default_factory=_touch_panel)
    panels: dict[str, str] = field(default_factory=dict)  # PanelId -> its definition
    widgets: dict[str, str] = field(default_factory=dict)  # WidgetId -> the value last set
    widget_log: list[tuple[float, str, str]] = field(default_factory=list)  # (when, WidgetId, value) of every SetValue
    configuration: dict[str, int | str] = field(default_factory=_factory_settings)
    contacts: list[dict[str, str]] = field(default_factory=directory.contacts)
    bookings: list[dict[str, Any]] = field(default_factory=lambda: directory.bookings(room.today()))

    booted_at: float = field(default=0.0, init=False)
    last_login: str = field(default="", init=False)  # on SSH
    fingerprint: str = field(default="", init=False)  # of the SSH host key, once there is one
    _booted_on: datetime = field(default_factory=room.today, init=False, repr=False)
    _listeners: list[Listener] = field(default_factory=list, init=False, repr=False)
    _events: list[Tree] = field(default_factory=list, init=False, repr=False)
    _told: Tree | None = field(default=None, init=False, repr=False)
    _falling_asleep: Timer | None = field(default=None, init=False, repr=False)
    _heartbeats: dict[str, Timer] = field(default_factory=dict, init=False, repr=False)
    _boot: asyncio.Task[None] | None = field(default=None, init=False, repr=False)
    _ssh: Any = field(default=None, init=False, repr=False)  # its door, once it was opened on SSH

    VOLATILE: ClassVar[tuple[str, ...]] = (
        *("standby", "volume_muted", "mics_muted", "video_muted", "main_video_source", "selfview", "cameras"),
        *("do_not_disturb", "far_camera", "layout", "layout_family"),
        *("presentation", "presentation_source", "active_preset", "calls", "peripherals", "widgets", "widget_log"),
    )

    def __post_init__(self) -> None:
        self.passcodes: list[str] = []  # of the meetings that were joined; no part of the memory that is shown
        self.switchboard = Switchboard(self)

    # Serving.

    async def listen(self, where: Where) -> str:
        if self._told is None:
            self._switched_on()
        if where.scheme == "ws":
            from simulators.cisco_roomos.over_ws import serve_ws

            return await serve_ws(self, where)
        from simulators.cisco_roomos.over_ssh import door

        self._ssh = self._ssh or door(self)
        self.fingerprint = self._ssh.fingerprint
        address: str = await self._ssh.serve(self, where)
        return address

    async def stop(self) -> None:
        if self._boot is not None:
            self._boot.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._boot
            self._boot = None
        self._told = None
        await super().stop()

    def restart(self) -> None:
        self.reset(*self.VOLATILE)
        self.volume = int(self.configuration["Audio DefaultVolume"])
        self.switchboard.reset()
        self._listeners.clear()
        self._events.clear()
        self._heartbeats.clear()
        self._switched_on()

    def _switched_on(self) -> None:
        self.booted_at, self._booted_on = self.clock(), room.today()
        self._told = self.documents()

    def boot_soon(self, *, shutdown: bool) -> None:
        """Carry out SystemUnit Boot once its answer has left."""

        def now() -> None:
            if shutdown:
                self.faults.unreachable = True
            else:
                self._boot = asyncio.get_running_loop().create_task(self.reboot())

        self.after(1.0, now)

    # Documents and feedback.

    @property
    def listeners(self) -> list[Listener]:
        """Every open connection."""
        return self._listeners

    def documents(self) -> Tree:
        """What can be asked for."""
        status = {name: branch(self) for name, branch in STATUS.items()}
        configuration: Tree = {}
        for path, setting in CONFIGURATION.items():
            value = getattr(self, setting.field) if setting.field else self.configuration[path]
            plant(configuration, steps_of(path), Text(value) if isinstance(setting.space, String) else value)
        return {"Status": status, "Configuration": configuration}

    def get(self, steps: list[Step]) -> Any:
        """The part of the documents at an address, from the root down."""
        found = select(self.documents(), steps)
        if found is None:
            raise NoMatch(steps)
        return found

    def event(self, tree: Tree) -> None:
        """Let something have happened; it is told with the next change."""
        self._events.append({"Event": tree})

    def touched(self) -> None:
        """Tell every connection what has changed since the last time, one branch of a document in a message."""
        if self._told is not None:
            documents = self.documents()
            news = [
                {root: {name: branch}}
                for root in documents
                for name, branch in (changes(self._told[root], documents[root]) or {}).items()
            ]
            events, self._events = self._events, []
            self._told = documents
            for change in (*events, *news):
                for listener in list(self._listeners):
                    listener.notify(change)
        super().touched()

    def execute(self, path: str, given: Mapping[str, Any], body: str | None = None) -> tuple[Command, Tree]:
        """Run an xCommand; its row and its result. The caller answers first and then says `touched`."""
        row = find(path)
        if self.version < row.since:
            raise UnknownCommand(path)
        if self.role not in row.roles:
            raise PermissionDenied("Permission denied")
        if row.body != (body is not None):
            raise ParameterError("Invalid or missing parameters")
        values = row.read(given)
        return row, row.action(self, values | ({} if body is None else {"body": body})) or {}

    def configure(self, steps: list[Step], value: Any) -> None:
        """Set an xConfiguration; `steps` begin below the root."""
        path = CONFIGURATION_BY_ADDRESS.get(address(steps).casefold())
        if path is None:
            raise NoMatch(["Configuration", *steps])
        setting = CONFIGURATION[path]
        try:
            read = setting.space.read(value)
        except (ValueError, TypeError):
            raise IllegalValue("Illegal value") from None
        if setting.field:
            setattr(self, setting.field, str(read))
        else:
            self.configuration[path] = read if isinstance(read, int) else str(read)

    # What several commands share.

    def now(self) -> datetime:
        """The time of day in the device."""
        return self._booted_on + timedelta(seconds=self.clock() - self.booted_at)

    def wake(self, to: str = "Off") -> None:
        """Leave standby, or half of it."""
        if self._falling_asleep is not None:
            self._falling_asleep.cancel()
            self._falling_asleep = None
        self.standby = to

    def enter_standby(self) -> None:
        """Go to standby by way of EnteringStandby."""
        if self.standby in ("Standby", "EnteringStandby"):
            return
        self.wake("EnteringStandby")

        def asleep() -> None:
            self.standby = "Standby"

        self._falling_asleep = self.after(self.standby_seconds, asleep)

    @property
    def version(self) -> tuple[int, int]:
        """(9, 15) of "ce9.15.17.4", (26, 4) of "RoomOS 26.4.1.0"."""
        return meetings.version(self.software_version)

    def camera(self, number: int) -> Camera:
        if number not in self.cameras:
            raise CommandError("No such camera")
        return self.cameras[number]

    def peripheral(self, identity: str) -> room.Peripheral | None:
        return next((one for one in self.peripherals.values() if one.id == identity), None)

    def expect_heartbeat(self, peripheral: room.Peripheral, seconds: float) -> None:
        """Count a peripheral as lost when it says nothing for so long."""

        def lost() -> None:
            peripheral.status = "ResponseTimedOut"

        if peripheral.id in self._heartbeats:
            self._heartbeats[peripheral.id].cancel()
        self._heartbeats[peripheral.id] = self.after(seconds, lost)
