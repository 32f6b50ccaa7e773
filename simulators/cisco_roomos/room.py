"""What the codec does in the room: standby, sound, picture, cameras, sharing, peripherals, the unit itself.

Each part gives its rows of the command table and its branch of the Status document. Calls, panels and the
directory have their own files.
Not on record, so assumed: how far Increase goes without Steps (a setting), the speed of a camera, the words of every
refusal but SetMainVideoSource's (recorded by PlaceOS).
Sources: Cisco's xAPI schemas 9.15.17.4 and 26.4.1 (paths, names, ranges).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from simulators.cisco_roomos.table import (
    CommandError,
    Given,
    Int,
    Many,
    Needed,
    OnOff,
    String,
    Word,
    command,
)
from simulators.cisco_roomos.tree import Text, Tree

if TYPE_CHECKING:
    from simulators.cisco_roomos.codec import Codec

STAFF = frozenset({"Admin", "Integrator"})


def on_off(fact: bool) -> str:
    return "On" if fact else "Off"


# Standby


@command("Standby Activate")
def standby_activate(codec: Codec, given: Given) -> None:
    codec.enter_standby()


@command("Standby Deactivate")
def standby_deactivate(codec: Codec, given: Given) -> None:
    codec.wake()


@command("Standby Halfwake")
def standby_halfwake(codec: Codec, given: Given) -> None:
    codec.wake("Halfwake")


# Audio


@command("Audio Volume Set", Level=Needed(Int(0, 100)), Device=String(0, 64))
def volume_set(codec: Codec, given: Given) -> None:
    codec.volume = given["Level"]


@command("Audio Volume Increase", Steps=Int(1, 10), Device=String(0, 64))
def volume_increase(codec: Codec, given: Given) -> None:
    codec.volume = min(100, codec.volume + given.get("Steps", codec.volume_step))


@command("Audio Volume Decrease", Steps=Int(1, 10), Device=String(0, 64))
def volume_decrease(codec: Codec, given: Given) -> None:
    codec.volume = max(0, codec.volume - given.get("Steps", codec.volume_step))


@command("Audio Volume Mute")
def volume_mute(codec: Codec, given: Given) -> None:
    codec.volume_muted = True


@command("Audio Volume Unmute")
def volume_unmute(codec: Codec, given: Given) -> None:
    codec.volume_muted = False


@command("Audio Microphones Mute")
def microphones_mute(codec: Codec, given: Given) -> None:
    codec.mics_muted = True


@command("Audio Microphones Unmute")
def microphones_unmute(codec: Codec, given: Given) -> None:
    codec.mics_muted = False


@command("Audio Microphones ToggleMute")
def microphones_toggle(codec: Codec, given: Given) -> None:
    codec.mics_muted = not codec.mics_muted


def audio(codec: Codec) -> Tree:
    microphones = [
        {"id": number, "ConnectionStatus": "NotConnected" if number in codec.unplugged_mics else "Connected"}
        for number in range(1, codec.mic_connectors + 1)
    ]
    return {
        "Input": {"Connectors": {"Microphone": microphones}},
        "Microphones": {"Mute": on_off(codec.mics_muted)},
        "Volume": codec.volume,
        "VolumeMute": on_off(codec.volume_muted),
    }


# Video

INPUTS = {1: "camera", 2: "PC"}  # connector -> its type; each connector's source has the same number


@command("Video Input MainVideo Mute")
def main_video_mute(codec: Codec, given: Given) -> None:
    codec.video_muted = True


@command("Video Input MainVideo Unmute")
def main_video_unmute(codec: Codec, given: Given) -> None:
    codec.video_muted = False


@command(
    "Video Input SetMainVideoSource",
    ConnectorId=Many(Int(1, 7)),
    SourceId=Many(Int(1, 6)),
    Layout=Word("Equal", "PIP", "Prominent"),
)
def set_main_video_source(codec: Codec, given: Given) -> None:
    if ("ConnectorId" in given) == ("SourceId" in given):
        raise CommandError("Must supply either SourceId or ConnectorId (but not both.)")
    wanted = given.get("ConnectorId") or given["SourceId"]
    if not set(wanted) <= set(INPUTS):
        raise CommandError("No such source")
    codec.main_video_source = wanted[0]


@command(
    "Video Selfview Set",
    Mode=OnOff,
    FullscreenMode=OnOff,
    OnMonitorRole=Word("First", "Second", "Third", "Fourth"),
    PIPPosition=Word("UpperLeft", "UpperCenter", "UpperRight", "CenterLeft", "CenterRight", "LowerLeft", "LowerRight"),
)
def selfview_set(codec: Codec, given: Given) -> None:
    codec.selfview.update(given)


def video(codec: Codec) -> Tree:
    connectors = [
        {"id": number, "Connected": "True", "SourceId": number, "Type": kind} for number, kind in INPUTS.items()
    ]
    return {
        "Input": {
            "Connector": connectors,
            "MainVideoMute": on_off(codec.video_muted),
            "MainVideoSource": codec.main_video_source,
        },
        "Selfview": dict(codec.selfview),
    }


# Sharing


@command(
    "Presentation Start",
    ConnectorId=Many(Int(1, 7)),
    PresentationSource=Int(1, 6),
    SendingMode=Word("LocalRemote", "LocalOnly"),
    Instance=Word("New", "1", "2", "3", "4", "5", "6"),
    Layout=Word("Equal", "Prominent"),
)
def presentation_start(codec: Codec, given: Given) -> None:
    if "ConnectorId" in given and "PresentationSource" in given:
        raise CommandError("Must supply either PresentationSource or ConnectorId (but not both.)")
    source = given.get("PresentationSource") or given.get("ConnectorId", [2])[0]
    if source not in INPUTS:
        raise CommandError("No such source")
    connected = any(call.status == "Connected" for call in codec.calls)
    remote = connected and given.get("SendingMode", "LocalRemote") == "LocalRemote"
    codec.presentation_source = source
    codec.presentation = "Sending" if remote else codec.presentation
    if not remote:
        codec.event({"PresentationPreviewStarted": {"LocalSource": source, "LocalInstance": 1}})


@command("Presentation Stop", Instance=Int(1, 6), PresentationSource=Int(1, 6))
def presentation_stop(codec: Codec, given: Given) -> None:
    if codec.presentation_source and codec.presentation != "Sending":
        stopped = {"Cause": Text("userRequested"), "LocalSource": codec.presentation_source, "LocalInstance": 1}
        codec.event({"PresentationPreviewStopped": stopped})
    codec.presentation_source = 0
    codec.presentation = "Off" if codec.presentation == "Sending" else codec.presentation


def conference(codec: Codec) -> Tree:
    mode = "LocalRemote" if codec.presentation == "Sending" else "LocalOnly"
    shared = [{"id": 1, "SendingMode": mode, "Source": codec.presentation_source}] if codec.presentation_source else []
    return {
        "DoNotDisturb": "Inactive",
        "Presentation": {"LocalInstance": shared, "Mode": codec.presentation},
    }


# Cameras


@dataclass
class Camera:
    """A camera's place, and how fast it is going; positions are counted from the middle."""

    pan: float = 0
    tilt: float = 0
    zoom: float = 0
    going: dict[str, float] = field(default_factory=dict)  # axis -> units a second
    since: float = 0.0

    LIMITS = {"pan": (-10000, 10000), "tilt": (-2500, 2500), "zoom": (0, 11800)}

    def settle(self, now: float) -> None:
        """Where it has got to by `now`."""
        for axis, speed in self.going.items():
            low, high = self.LIMITS[axis]
            setattr(self, axis, min(high, max(low, getattr(self, axis) + speed * (now - self.since))))
        self.since = now

    def place(self) -> tuple[float, float, float]:
        return self.pan, self.tilt, self.zoom


CameraId = Needed(Int(1, 7))
AHEAD, BACK = {"Right": 1, "Up": 1, "In": 1}, {"Left": -1, "Down": -1, "Out": -1}


@command(
    "Camera Ramp",
    CameraId=CameraId,
    Pan=Word("Left", "Right", "Stop"),
    PanSpeed=Int(1, 24),
    Tilt=Word("Down", "Up", "Stop"),
    TiltSpeed=Int(1, 24),
    Zoom=Word("In", "Out", "Stop"),
    ZoomSpeed=Int(1, 15),
    Focus=Word("Far", "Near", "Stop"),
)
def camera_ramp(codec: Codec, given: Given) -> None:
    camera = codec.camera(given["CameraId"])
    camera.settle(codec.clock())
    for axis in ("Pan", "Tilt", "Zoom"):
        way = {**AHEAD, **BACK}.get(given.get(axis, ""), 0)
        if axis in given:
            camera.going[axis.lower()] = way * 100.0 * given.get(f"{axis}Speed", 6)


@command("Camera Preset Store", CameraId=CameraId, PresetId=Int(1, 35), Name=String(0, 255), ListPosition=Int(1, 35))
def preset_store(codec: Codec, given: Given) -> Tree:
    free = next((number for number in range(1, 36) if number not in codec.presets), 0)
    number = given.get("PresetId", free)
    if not number:
        raise CommandError("No free preset")
    camera = codec.camera(given["CameraId"])
    camera.settle(codec.clock())
    name = str(given.get("Name", f"Preset {number}"))
    codec.presets[number] = {"camera": given["CameraId"], "name": name, "place": camera.place()}
    return {"PresetId": number}


@command("Camera Preset Activate", PresetId=Needed(Int(1, 35)))
def preset_activate(codec: Codec, given: Given) -> None:
    preset = codec.presets.get(given["PresetId"])
    if preset is None:
        raise CommandError("No such preset")
    camera = codec.camera(preset["camera"])
    camera.going.clear()
    camera.pan, camera.tilt, camera.zoom = preset["place"]
    codec.active_preset = given["PresetId"]


@command("Camera Preset Remove", PresetId=Needed(Int(1, 35)))
def preset_remove(codec: Codec, given: Given) -> None:
    if codec.presets.pop(given["PresetId"], None) is None:
        raise CommandError("No such preset")


@command("Camera Preset List", CameraId=Int(1, 7))
def preset_list(codec: Codec, given: Given) -> Tree:
    wanted = [
        (number, preset)
        for number, preset in sorted(codec.presets.items())
        if given.get("CameraId", preset["camera"]) == preset["camera"]
    ]
    rows = [
        {"id": row, "PresetId": number, "Name": Text(preset["name"]), "CameraId": preset["camera"]}
        for row, (number, preset) in enumerate(wanted, 1)
    ]
    return {"Preset": rows}


def cameras(codec: Codec) -> Tree:
    def one(number: int, camera: Camera) -> Tree:
        place: dict[str, Any] = {name.title(): round(getattr(camera, name)) for name in Camera.LIMITS}
        return {"id": number, "Connected": "True", "Position": place}

    return {"Camera": [one(number, camera) for number, camera in codec.cameras.items()]}


# Peripherals


@dataclass
class Peripheral:
    """Something that is connected to the codec, or says that it is."""

    id: str
    name: str
    type: str
    status: str = "Connected"


@command(
    "Peripherals Connect",
    ID=Needed(String(1, 100)),
    Name=String(0, 100),
    Type=Needed(Word("Byod", "ControlSystem", "Other", "TouchPanel")),
    SerialNumber=String(0, 100),
    HardwareInfo=String(0, 100),
    SoftwareInfo=String(0, 100),
    NetworkAddress=String(0, 100),
)
def peripherals_connect(codec: Codec, given: Given) -> None:
    known = codec.peripheral(given["ID"])
    if known is None:
        number = max(codec.peripherals, default=1000) + 1
        codec.peripherals[number] = Peripheral(given["ID"], str(given.get("Name", "")), given["Type"])
    else:
        known.status, known.name, known.type = "Connected", str(given.get("Name", known.name)), given["Type"]


@command("Peripherals HeartBeat", ID=Needed(String(1, 100)), Timeout=Int(1, 65535))
def peripherals_heartbeat(codec: Codec, given: Given) -> None:
    known = codec.peripheral(given["ID"])
    if known is None:
        raise CommandError("No such peripheral")
    known.status = "Connected"
    codec.expect_heartbeat(known, given.get("Timeout", 60))


def peripherals(codec: Codec) -> Tree:
    devices = [
        {"id": number, "ID": Text(one.id), "Name": Text(one.name), "Status": one.status, "Type": one.type}
        for number, one in codec.peripherals.items()
    ]
    return {"ConnectedDevice": devices}


# The unit itself


@command("SystemUnit Boot", Action=Word("Restart", "Shutdown"), Force=Word("True", "False"), roles=STAFF)
def boot(codec: Codec, given: Given) -> None:
    codec.boot_soon(shutdown=given.get("Action") == "Shutdown")


def system_unit(codec: Codec) -> Tree:
    connected = [call for call in codec.calls if call.connected_at is not None]
    return {
        "BroadcastName": Text(codec.system_name),
        "Hardware": {"Module": {"SerialNumber": Text(codec.serial_number)}},
        "ProductId": Text(codec.product_id),
        "ProductType": Text("Cisco Codec"),
        "Software": {
            "DisplayName": Text(codec.software_version),
            "ReleaseDate": Text(codec.release_date),
            "Version": Text(codec.software_version),
        },
        "State": {
            "NumberOfActiveCalls": len(connected),
            "NumberOfInProgressCalls": len(codec.calls) - len(connected),
        },
        "Uptime": int(codec.clock() - codec.booted_at),
    }


def time(codec: Codec) -> Tree:
    return {"SystemTime": Text(codec.now().strftime("%Y-%m-%dT%H:%M:%S+0000"))}


def today() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
