"""A surface at work over a real socket: presses become commands, and only what changed is drawn, at once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.clock import Clock, LoopClock
from gateway.commands import SetMute, SetVolume
from gateway.driver import Driver
from gateway.house import House, links_over
from gateway.journal import Journal
from gateway.plugins import load_drivers
from gateway.profile import site as profile
from gateway.room import Room
from gateway.surfaces.holding import FIRST, LONG, THEN
from gateway.surfaces.marks import SHOWN
from gateway.surfaces.surfacehost import SurfaceHost
from tests.deck import Deck
from tests.line import LineDevice, Watch, line_device

ROOM = """
[devices.deck]
driver = "deck"
link = "tcp://127.0.0.1:1"
[volume]
maximum = 90
[parts]
volume = "deck"
[surfaces.touch]
unit = "deck/d1"
[[surfaces.touch.pages.main.keys]]
key = "louder"
label = "Louder"
press = { do = "step", by = 3 }
repeat = true
[[surfaces.touch.pages.main.keys]]
key = "volume"
label = "Volume"
level = { do = "volume" }
shows = "volume.volume"
[[surfaces.touch.pages.main.keys]]
key = "loud"
label = "Loud"
press = { do = "volume", level = 80 }
long = { do = "volume", level = 85 }
shows = "volume.volume > 70"
[[surfaces.touch.pages.main.keys]]
key = "mute"
label = "Mute"
press = { do = "mute", on = true }
[[surfaces.touch.pages.main.keys]]
key = "more"
label = "More"
press = { page = "second" }
[[surfaces.touch.pages.second.keys]]
key = "help"
label = "Help"
press = { do = "help" }
"""


@dataclass
class Bench:
    """A room whose volume and whose deck are one line device."""

    far: LineDevice
    house: House

    @property
    def room(self) -> Room:
        return self.house.rooms["room"]

    @property
    def host(self) -> SurfaceHost:
        return self.house.surfaces["room"]["touch"]

    def asked(self) -> list[tuple[Any, str]]:
        """The room's commands and their causes."""
        return [(ticket.command, ticket.cause) for _, ticket in self.room.commands.values()]

    async def drawn(self, *lines: str) -> None:
        """Wait until these lines were heard, in any order, since the last time; then forget them."""
        await self.far.until(lambda: set(lines) <= set(self.far.heard))
        self.far.heard.clear()

    async def pressed(self, *words: str) -> None:
        """The deck says it; wait until the room has heard."""
        seq = self.room.seq
        mailbox = self.room.listen()
        self.far.say(*(f"key {word}" for word in words))
        async with asyncio.timeout(5):
            while len([e for e in self.room.events if e["event"] == "press" and e["seq"] > seq]) < len(words):
                await mailbox.wait()
        self.room.unlisten(mailbox)


@contextlib.asynccontextmanager
async def bench(folder: Path, clock: Clock | None = None, text: str = ROOM) -> AsyncIterator[Bench]:
    (folder / "room.toml").write_text(text)
    drivers: dict[str, type[Driver]] = {**load_drivers(), "deck": Deck}
    reading = profile.read(folder / "room.toml", drivers)
    assert not reading.complaints, reading.complaints
    clock = clock or LoopClock()
    async with line_device() as far:
        house = House(links_over(reading.site, {"room/deck": far.link}), Journal(None, clock=clock), clock)
        task = asyncio.create_task(house.run())
        held = Bench(far, house)
        try:
            await far.until(lambda: any(line.startswith("show 5") for line in far.heard))
            yield held
        finally:
            await house.close()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


FIRST_FACES = ["show 1 Louder", "show 2 Volume/30 %", "show 3 Loud", "show 4 Mute unavailable", "show 5 More"]


async def test_it_is_drawn_when_it_comes_and_then_only_what_changes(tmp_path: Path) -> None:
    async with bench(tmp_path) as held:
        assert [line for line in held.far.heard if line.startswith("show")] == FIRST_FACES
        held.far.heard.clear()
        held.far.say("vol 75")
        await held.drawn("show 2 Volume/75 %", "show 3 Loud")
        held.far.say("vol 76")  # still loud: one key is different, and one is drawn
        await held.far.until(lambda: held.far.heard)
        assert held.far.heard == ["show 2 Volume/76 %"]


async def test_a_press_is_pending_then_true_and_its_cause_is_the_key(tmp_path: Path) -> None:
    async with bench(tmp_path) as held:
        held.far.heard.clear()
        held.far.say("key 2 set 50")
        await held.drawn("volume 50", "show 2 Volume/30 % pending", "show 2 Volume/50 %")
        assert held.asked() == [(SetVolume(50), "key:touch/volume")]
        held.far.say("key 2 set 99")  # no surface goes past the room's maximum
        await held.drawn("volume 90", "show 2 Volume/90 %")
        held.far.say("key 2 turn -2")
        await held.drawn("volume 86")


async def test_what_fails_says_so_for_a_moment(tmp_path: Path) -> None:
    clock = Watch()
    async with bench(tmp_path, clock) as held:
        held.far.heard.clear()
        held.far.say("key 4 down", "key 4 up")  # this device mutes nothing
        await held.drawn("show 4 Mute/Not now failed")
        assert held.asked() == []  # what cannot be done is not even asked
        clock.advance(SHOWN)
        await held.drawn("show 4 Mute unavailable")


async def test_held_it_repeats_faster_and_released_it_stops(tmp_path: Path) -> None:
    clock = Watch()
    async with bench(tmp_path, clock) as held:
        await held.pressed("1 down")
        assert [command for command, _ in held.asked()] == [SetVolume(33)]
        await held.far.until(lambda: "volume 33" in held.far.heard)
        clock.advance(FIRST - 0.01)
        assert len(held.asked()) == 1
        clock.advance(0.02)
        assert len(held.asked()) == 2
        clock.advance(THEN * 4)
        levels = [command.level for command, _ in held.asked()]
        assert levels == [33, 36, 39, 42, 45, 48]
        clock.advance(THEN * 2)
        levels = [command.level for command, _ in held.asked()]
        assert levels[-2:] == [54, 60]  # twice as fast by now
        await held.pressed("1 up")
        count = len(held.asked())
        clock.advance(5)
        assert len(held.asked()) == count


async def test_a_link_that_dies_lets_go_of_what_is_held(tmp_path: Path) -> None:
    clock = Watch()
    async with bench(tmp_path, clock) as held:
        await held.pressed("1 down")
        clock.advance(FIRST)
        count = len(held.asked())
        device = held.house.devices["room/deck"]
        mailbox = held.room.listen()
        held.far.drop()
        async with asyncio.timeout(5):
            while device.online:
                await mailbox.wait()
        clock.advance(0.5)
        assert len(held.asked()) == count and not held.host._held
        assert held.host.faces["volume"].flag == "unavailable"
        held.far.heard.clear()
        clock.advance(2)  # it comes back, and is drawn again, all of it
        await held.far.until(lambda: any(line.startswith("show 5") for line in held.far.heard))
        assert [line.partition("/")[0] for line in held.far.heard if line.startswith("show")] == [
            line.partition("/")[0] for line in FIRST_FACES
        ]


async def test_a_long_press_is_not_a_short_one(tmp_path: Path) -> None:
    clock = Watch()
    async with bench(tmp_path, clock) as held:
        await held.pressed("3 down")
        assert held.asked() == []  # it may become a long one
        await held.pressed("3 up")
        assert [command for command, _ in held.asked()] == [SetVolume(80)]
        await held.pressed("3 down")
        clock.advance(LONG)
        assert [command for command, _ in held.asked()][1:] == [SetVolume(85)]
        await held.pressed("3 up")
        assert len(held.asked()) == 2
        await held.pressed("3 down", "3 hold", "3 up")  # the surface itself says that it is long
        assert [command for command, _ in held.asked()][2:] == [SetVolume(85)]


async def test_pages_are_turned_and_what_is_left_over_is_blank(tmp_path: Path) -> None:
    async with bench(tmp_path) as held:
        held.far.heard.clear()
        turned: list[str] = []
        held.host.turned.append(turned.append)
        held.far.say("key 5 down", "key 5 up")
        await held.drawn("show 1 Help", "show 2", "show 3", "show 4", "show 5")
        assert turned == ["second"]
        held.far.say("vol 50")  # on a page that is not shown
        await held.pressed("1 down", "1 up", "3 down", "9 down", "x down", "help down")
        assert [command.verb for command, _ in held.asked()] == ["help", "help"]
        assert not any(line.startswith("show 2 V") for line in held.far.heard)


async def test_everybody_elses_commands_go_before_faces(tmp_path: Path) -> None:
    async with bench(tmp_path) as held:
        device = held.house.devices["room/deck"]
        held.far.heard.clear()
        held.host.begin()  # five faces wait for one wire
        ticket = held.room.submit(SetVolume(44), "volume")
        await ticket.ended(5)
        assert held.far.heard.index("volume 44") <= 1
        refused = device.submit(SetMute(True))
        assert refused.outcome is not None and refused.outcome.result == "refused"


async def test_of_one_key_only_the_newest_face_waits(tmp_path: Path) -> None:
    async with bench(tmp_path) as held:
        held.far.heard.clear()
        for level in range(31, 61):
            held.far.say(f"vol {level}")
        await held.far.until(lambda: "show 2 Volume/60 %" in held.far.heard)
        assert len(held.far.heard) < 31


async def test_watchers_in_browsers_see_the_same_and_press_by_name(tmp_path: Path) -> None:
    async with bench(tmp_path) as held:
        seen: list[set[str]] = []
        held.host.watchers.append(lambda news: seen.append(set(news)))
        held.host.press("volume", "set", 70)
        held.host.press("volume", "set", "loud")  # nonsense is nothing
        held.host.press("volume", "turn", None)
        await held.drawn("volume 70")
        assert seen[0] == {"volume"} and held.asked() == [(SetVolume(70), "key:touch/volume")]
