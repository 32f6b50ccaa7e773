"""Stories over every display and projector: an input asked for while it is off, comes on, or goes off."""

from __future__ import annotations

from typing import Any

import pytest

import simulators
from drivers.epson_vp import EpsonVp
from drivers.lg_sicp import LgSicp
from drivers.nec_display import NecDisplay
from drivers.pjlink import Pjlink
from drivers.samsung_mdc import SamsungMdc
from drivers.sony.bravia import SonyBravia
from gateway.commands import SelectInput, SetPower
from gateway.driver import Driver
from gateway.polled import Polled
from tests.drivers import (
    test_epson_vp,
    test_lg_sicp,
    test_nec_display,
    test_pjlink,
    test_samsung_mdc,
    test_sony_bravia,
)
from tests.drivers.contract import Case, run_device, value

STORIES: list[tuple[type[Driver], Case, str]] = [  # the input that is not selected at first, in the device's own name
    (EpsonVp, test_epson_vp.CASE, "A0"),
    (LgSicp, test_lg_sicp.CASE, "hdmi2"),
    (NecDisplay, test_nec_display.CASE, "hdmi2"),
    (Pjlink, test_pjlink.CASE, "32"),
    (SamsungMdc, test_samsung_mdc.CASE, "hdmi2"),
    (SonyBravia, test_sony_bravia.CASE, "hdmi2"),
]
LINKS = [
    pytest.param(case, link, code, id=f"{driver.name}-{link}") for driver, case, code in STORIES for link in case.links
]


def make(case: Case) -> Any:
    """The case's simulator."""
    return simulators.find(case.simulator)(**case.simulator_settings)


async def confirmed(*tickets: Any) -> None:
    for ticket in tickets:
        outcome = await ticket.ended(15)
        assert outcome is not None and outcome.result == "confirmed", outcome


@pytest.mark.parametrize(("case", "link", "code"), LINKS)
async def test_on_and_an_input_at_once(case: Case, link: str, code: str) -> None:
    sim = make(case)
    async with sim.serving(link) as address, run_device(case.driver, address, case.settings) as (device, watcher):
        await watcher.until(lambda: device.online)
        assert value(device, "power") in ("off", "standby")
        await confirmed(device.submit(SetPower(True)), device.submit(SelectInput(code)))
        assert value(device, "power") == "on" and value(device, "input") == code


@pytest.mark.parametrize(("case", "link", "code"), LINKS)
async def test_on_again_while_it_is_still_turning_off(case: Case, link: str, code: str) -> None:
    sim = make(case)
    async with sim.serving(link) as address, run_device(case.driver, address, case.settings) as (device, watcher):
        await watcher.until(lambda: device.online)
        await confirmed(device.submit(SetPower(True)))
        off = device.submit(SetPower(False))
        await watcher.until(lambda: value(device, "power") != "on")
        await confirmed(device.submit(SetPower(True)))
        outcome = await off.ended(5)
        assert outcome is not None and outcome.result in ("superseded", "confirmed"), outcome
        assert value(device, "power") == "on"


@pytest.mark.parametrize(("case", "link", "code"), LINKS)
async def test_an_input_while_it_is_off_is_refused_with_the_reason(case: Case, link: str, code: str) -> None:
    sim = make(case)
    async with sim.serving(link) as address, run_device(case.driver, address, case.settings) as (device, watcher):
        await watcher.until(lambda: device.online)
        outcome = await device.submit(SelectInput(code)).ended(5)
        assert outcome is not None and outcome.result == "refused" and "it is off" in outcome.words


def test_they_all_share_the_same_patience() -> None:
    assert all(issubclass(driver, Polled) for driver, _, _ in STORIES)
