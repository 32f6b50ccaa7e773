"""A wall keypad as a surface of a room, on a whole gateway: a finger on the wall moves the room, its light says so."""

from __future__ import annotations

from pathlib import Path

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
