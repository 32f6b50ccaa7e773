"""The codec's cameras: where they look, how they are moved, what is remembered; and the far end's, as it is moved.

What may not live here: which picture is sent (`room`). Not on record, so assumed: the speed of a camera.
Sources: Cisco's xAPI schemas 9.15.17.4 and 26.4.1 (paths, names, ranges).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simulators.cisco_roomos.table import CommandError, Given, Int, Needed, String, Word, command
from simulators.cisco_roomos.tree import Text, Tree

if TYPE_CHECKING:
    from simulators.cisco_roomos.codec import Codec


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


# The far end's camera


@command(
    "Call FarEndControl Camera Move",
    CallId=Int(0, 65534),
    Value=Needed(Word("Left", "Right", "Up", "Down", "ZoomIn", "ZoomOut")),
)
def far_move(codec: Codec, given: Given) -> None:
    if not any(call.status == "Connected" for call in codec.calls):
        raise CommandError("No such call")
    codec.far_camera = given["Value"]


@command("Call FarEndControl Camera Stop", CallId=Int(0, 65534))
def far_stop(codec: Codec, given: Given) -> None:
    codec.far_camera = ""
