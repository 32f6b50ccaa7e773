"""A whole gateway with a codec's touch panel as a surface, over both transports: what people see and do on it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from gateway.surfaces.surfacehost import SurfaceHost
from tests.api.support import ROOM, Rig, rig

TOUCH = '\n[surfaces.touch]\nunit = "codec/panel"\nlayout = "conferencing"\n'
MUTE, VOLUME, WORDS = "roomgate-key-mic-mute", "roomgate-key-volume", "roomgate-words-room"
MUTE_TEXT = "roomgate-text-mic-mute"


@pytest.fixture(params=["ws", "ssh"])
def profile(request: pytest.FixtureRequest) -> str:
    return (
        ROOM.replace(
            'link = "ws://127.0.0.1"', f'link = "{request.param}://127.0.0.1"\ntrust = "any"\ntiming = {{ gap = 0.0 }}'
        )
        + TOUCH
    )


@contextlib.asynccontextmanager
async def touch(folder: Path, profile: str, **settings: Any) -> AsyncIterator[tuple[Rig, Any, SurfaceHost]]:
    async with rig(folder, profile, codec={"speed": 20, **settings}) as house:
        await house.online()
        host = house.running.house.surfaces["demo"]["touch"]
        sim = house.sims["codec"]
        await drawn(sim, host)
        yield house, sim, host


def true_values(host: SurfaceHost) -> dict[str, str]:
    """What the panel must show, worked out from the faces without the driver: every button, every slider."""
    wanted: dict[str, str] = {}
    for key, face in host.faces.items():
        kind = next(spec.kind for page in host.spec.pages for spec in page.keys if spec.id == key)
        if kind == "button" and not key.startswith(("to-", "back-")):
            wanted[f"roomgate-key-{key}"] = "active" if face.on else "inactive"
        elif kind == "level" and face.level is not None:
            wanted[f"roomgate-key-{key}"] = str((face.level * 255 + 50) // 100)
    return wanted


async def drawn(sim: Any, host: SurfaceHost) -> None:
    """Wait until the panel shows the truth."""
    await sim.until(lambda: true_values(host).items() <= sim.widgets.items(), timeout=10)


async def test_it_has_a_panel_for_each_page_and_takes_them_along_when_it_goes(tmp_path: Path, profile: str) -> None:
    async with touch(tmp_path, profile) as (_, sim, _host):
        assert list(sim.panels) == ["roomgate-room", "roomgate-call", "roomgate-equipment", "roomgate-scenes"]
        assert set(sim.widgets) > {MUTE, VOLUME, "roomgate-key-screen-left-stop", "roomgate-key-scene-film"}
        sim.install_panel("lights", "Lights")
    assert list(sim.panels) == ["lights"]


async def test_a_finger_mutes_and_the_button_shows_what_the_codec_says(tmp_path: Path, profile: str) -> None:
    async with touch(tmp_path, profile) as (house, sim, host):
        sim.tap_widget(MUTE)
        await sim.until(lambda: sim.mics_muted and sim.widgets[MUTE] == "active", timeout=5)
        ticket = next(t for part, t in house.room.commands.values() if t.command.verb == "toggle")
        assert ticket.cause == "key:touch/mic-mute"
        await house.running.house.journal.flushed()
        why = (await house.client.get("/api/v1/rooms/demo/why/mics/mic_muted")).json()
        assert "asked by key:touch/mic-mute" in why["words"]
        await sim.until(lambda: sim.widgets[MUTE_TEXT] == "Mics muted", timeout=5)
        sim.touch_mic_mute(False)  # somebody at the codec's own button
        await sim.until(lambda: (sim.widgets[MUTE], sim.widgets[MUTE_TEXT]) == ("inactive", "Mics on"), timeout=5)
        sim.incoming_call("alice@example.com", "Alice")
        await sim.until(lambda: sim.widgets.get("roomgate-key-call") == "Call ringing", timeout=5)
        sim.tap_widget("roomgate-key-answer")
        await sim.until(lambda: sim.widgets["roomgate-key-call"] == "Call connected", timeout=10)
        sim.tap_widget("roomgate-key-hang-up")
        await sim.until(lambda: sim.widgets["roomgate-key-call"] == "Call idle", timeout=10)
        await drawn(sim, host)


async def test_a_slider_sets_the_volume_within_the_rooms_limit_and_is_never_hurried(
    tmp_path: Path, profile: str
) -> None:
    async with touch(tmp_path, profile, speed=1) as (_, sim, host):
        sim.slide_widget(VOLUME, 153)
        await sim.until(lambda: sim.volume == 60 and sim.widgets[VOLUME] == "153", timeout=5)
        sim.slide_widget(VOLUME, 255)
        await sim.until(lambda: sim.volume == 80 and sim.widgets[VOLUME] == "204", timeout=5)
        for level in range(20, 40):
            sim.touch_volume(level)  # somebody turns the codec's own wheel
        await sim.until(lambda: sim.widgets[VOLUME] == "99", timeout=5)
        times = [when for when, widget, _ in sim.widget_log if widget == VOLUME]
        assert all(later - earlier > 0.18 for earlier, later in pairwise(times)), times
        await drawn(sim, host)


async def test_holding_louder_goes_on_until_the_finger_leaves(tmp_path: Path, profile: str) -> None:
    async with touch(tmp_path, profile) as (house, sim, _host):
        sim.widget_action("roomgate-key-louder", "pressed")
        await sim.until(lambda: sim.volume >= 59, timeout=5)  # 50, and three at least
        sim.widget_action("roomgate-key-louder", "released")
        await house.until(lambda: not _host._held)
        steps = [t for _, t in house.room.commands.values() if t.cause == "key:touch/louder"]
        for ticket in steps:
            await ticket.ended(5)
        assert sim.volume == steps[-1].command.level


async def test_what_fails_is_said_on_the_panel(tmp_path: Path, profile: str) -> None:
    async with touch(tmp_path, profile) as (house, sim, _):
        house.sims["projector"].faults.unreachable = True
        house.running.house.devices["demo/projector"].restart()
        await house.until(lambda: not house.running.house.devices["demo/projector"].online)
        sim.tap_widget("roomgate-key-source-laptop")
        await sim.until(lambda: sim.widgets[WORDS] == "Laptop Offline", timeout=5)
        assert sim.widgets["roomgate-key-source-laptop"] == "inactive"


async def test_all_is_told_again_when_the_panel_was_drawn_anew_or_the_codec_came_back(
    tmp_path: Path, profile: str
) -> None:
    async with touch(tmp_path, profile) as (house, sim, host):
        sim.clear_widgets()
        assert MUTE not in sim.widgets
        await drawn(sim, host)
        sim.widget_action("roomgate-key-louder", "pressed")
        await house.until(lambda: bool(host._held))
        await sim.reboot()
        await house.until(lambda: not host._held)  # nobody holds it any more
        await house.online()
        await drawn(sim, host)
        assert list(sim.panels) == ["roomgate-room", "roomgate-call", "roomgate-equipment", "roomgate-scenes"]


async def test_a_user_who_may_not_change_panels_keeps_the_rest(tmp_path: Path, profile: str) -> None:
    async with rig(tmp_path, profile, codec={"role": "User"}) as house:
        await house.online()
        host = house.running.house.surfaces["demo"]["touch"]
        for level in range(20, 60):  # the panel's questions are on the same wire
            assert (await house.do("volume", {"level": level})).status_code == 200
            if host.problem:
                break
        assert "ermission" in host.problem and not house.sims["codec"].panels
