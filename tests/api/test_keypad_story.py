"""A wall keypad as a surface of a room, on a whole gateway: a finger on the wall moves the room, its light says so."""

from __future__ import annotations

from pathlib import Path

import simulators
from gateway.lines import LineDoor
from gateway.profile.linespec import LinesSpec
from tests.api.support import ROOM, rig

KEYPAD = """
[devices.keypad]
driver = "kd_wp8"
link = "tcp://127.0.0.1"
light_on = "LIGHT {button} on"
light_off = "LIGHT {button} off"

[surfaces.wall]
unit = "keypad"
keys = 8
layout = "basic"
"""


async def test_a_finger_on_the_wall_moves_the_room_and_the_light_follows(tmp_path: Path) -> None:
    async with rig(tmp_path, ROOM + KEYPAD, keypad={"speed": 20}) as house:
        await house.online()
        keypad, codec = house.sims["keypad"], house.sims["codec"]
        host = house.running.house.surfaces["demo"]["wall"]
        page = host.shown()
        assert page is not None and len(page.keys) == 8
        await keypad.until(lambda: len(keypad.lights) == 8, timeout=5)
        places = {key.id: place for place, key in enumerate(page.keys, 1)}
        keypad.tap(places["mute"])
        await keypad.until(lambda: keypad.lights[places["mute"]] == "on", timeout=5)
        assert codec.volume_muted
        codec.touch_volume_mute()
        await keypad.until(lambda: keypad.lights[places["mute"]] == "off", timeout=5)
        keypad.press(places["louder"])
        await codec.until(lambda: codec.volume >= 56, timeout=5)
        await keypad.reboot()  # a cable is pulled while a finger is on it
        await house.until(lambda: not host._held)
        await house.online()
        await keypad.until(lambda: len(keypad.lights) == 8, timeout=5)
        assert codec.volume < 80


SWITCHER = """
[devices.switcher]
driver = "key_digital"
link = "tcp://127.0.0.1"
poll = 0.2

[parts.output.tv]
unit = "switcher/1"
"""


async def test_a_keypad_that_calls_us_and_the_switcher_that_it_fronts(tmp_path: Path) -> None:
    """The other direction: its IP actions send strings, to the line door and to the switcher, and it never reads."""
    keypad = simulators.find("kd_wp8")()
    async with rig(tmp_path, ROOM + SWITCHER, switcher={"speed": 10}) as house, keypad.serving("tcp"):
        await house.online()
        codec, switcher = house.sims["codec"], house.sims["switcher"]
        output = house.room.parts["output.tv"]
        async with LineDoor(house.running.house, LinesSpec(0, allow=("127.0.0.1/32",))).open() as door:
            here = f"127.0.0.1:{door.port}"
            keypad.program(1, "demo key deck mic-mute", here)
            keypad.program(2, "demo SPO01SI04", here)  # the switcher's own words, and we sit behind the keypad
            keypad.program(3, "SPO01SI02", f"127.0.0.1:{house.running.house.devices['demo/switcher'].address.port}")
            keypad.program(4, "demo volume 33", here)
            keypad.tap(1)
            await codec.until(lambda: codec.mics_muted)
            keypad.tap(4)
            await codec.until(lambda: codec.volume == 33)
            keypad.tap(2)
            await switcher.until(lambda: switcher.routes["1"] == 4)
            await house.until(lambda: output.reading("input").value == "4")
            causes = {ticket.cause for _, ticket in house.room.commands.values()}
            assert causes >= {"key:deck/mic-mute", "line:127.0.0.1"}
            keypad.tap(3)  # past us: the switcher itself is asked, and the room shows what holds
            await switcher.until(lambda: switcher.routes["1"] == 2)
            await house.until(lambda: output.reading("input").value == "2")
        keypad.tap(4)  # the door is closed: a press is lost, and the keypad goes on
        await keypad.until(lambda: keypad.unreached == ["demo volume 33"])
