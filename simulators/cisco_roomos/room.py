"""What the codec does in the room: standby, sound, picture, sharing, peripherals, the unit itself.

Each part gives its rows of the command table and its branch of the Status document. Calls, cameras, panels and the
directory have their own files.
Not on record, so assumed: how far Increase goes without Steps (a setting), the words of every refusal but
SetMainVideoSource's (recorded by PlaceOS).
Sources: Cisco's xAPI schemas 9.15.17.4 and 26.4.1 (paths, names, ranges).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

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


# By name on every version from CE 9.15 on; by family before RoomOS 11. Whether 11 still shows families is not on
# record, so assumed not; nor is it whether layouts are listed outside a call, so assumed.
LAYOUTS = ("Grid", "Overlay", "Prominent", "Stack", "Focus")


@command("Video Layout SetLayout", since=(9, 15), LayoutName=Needed(String(1, 128)))
def set_layout(codec: Codec, given: Given) -> None:
    if given["LayoutName"] not in LAYOUTS:
        raise CommandError("No such layout")
    codec.layout = str(given["LayoutName"])


@command(
    "Video Layout LayoutFamily Set",
    LayoutFamily=Needed(Word("auto", "custom", "equal", "overlay", "prominent", "single")),
    Target=Word("local", "remote"),
)
def layout_family_set(codec: Codec, given: Given) -> None:
    codec.layout_family = given["LayoutFamily"]


def layout(codec: Codec) -> Tree:
    tree: Tree = {}
    if codec.version >= (9, 15):
        listed = [{"id": number, "LayoutName": Text(name)} for number, name in enumerate(LAYOUTS, 1)]
        tree["CurrentLayouts"] = {"ActiveLayout": Text(codec.layout), "AvailableLayouts": listed}
    if codec.version < (11, 0):
        tree["LayoutFamily"] = {"Local": Text(codec.layout_family.capitalize())}
    return tree


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
        "Layout": layout(codec),
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
        "DoNotDisturb": "Active" if codec.do_not_disturb else "Inactive",
        "Presentation": {"LocalInstance": shared, "Mode": codec.presentation},
    }


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
