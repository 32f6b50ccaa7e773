"""What every polled display shares: rounds, waiting commands, silence while the power changes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import pytest

from gateway.commands import SelectInput, SetPower
from gateway.driver import Actions, Appeared, Drop, Feedback, Gone, Later, Offers, Ready, Refused, Request, Send, Taken
from gateway.model import Reason
from gateway.polled import KNOCK, Ask, Polled, PolledSettings


class Sign(Polled):
    """Answers with `unit what value`."""

    name = "sign"
    several: tuple[str, ...] = ("",)

    def served(self) -> tuple[str, ...]:
        return self.several

    def opened(self) -> Actions:
        yield from self.begin("power")

    def wanted(self, unit: str) -> Iterable[str]:
        return ("power",)

    def question(self, ask: Ask) -> Send:
        return Send(f"{ask.unit}?", tag=ask)

    def say(self, request: Request) -> Actions:
        yield Send(f"{request.unit}!{request.command.verb}", tag=request)

    def offer(self, unit: str) -> Offers:
        return Offers(unit, frozenset({SetPower, SelectInput}))

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        if isinstance(tag, Ask):
            yield from self.learned(tag, power=data)
        elif isinstance(tag, Request):
            yield from self.acknowledged(tag, "power")


class Two(Sign):
    """The same, with two units."""

    several = ("1", "2")


def told(driver: Sign, power: str, unit: str = "") -> list[Any]:
    return list(driver.received(power, Ask(unit, "power")))


def wish(number: int, command: Any, unit: str = "") -> Request:
    return Request(f"c{number}", command, unit)


def sign(power: str) -> Sign:
    driver = Sign(PolledSettings(warm_up=60.0))
    list(driver.opened())
    assert Ready() in told(driver, power)
    return driver


def test_the_newest_of_two_that_wait_is_the_one_that_is_sent() -> None:
    driver = sign("warming")
    older, newer = wish(1, SelectInput("1")), wish(2, SelectInput("2"))
    list(driver.command(older))
    list(driver.command(newer))
    sent = [action for action in told(driver, "on") if isinstance(action, Send)]
    assert Send("!input", tag=newer) in sent and all(send.tag != older for send in sent)


def test_what_waited_too_long_is_not_sent_any_more() -> None:
    driver = sign("warming")
    request = wish(1, SelectInput("1"))
    list(driver.command(request))
    driver.now = 61.0
    assert Refused(request, "it has not come on in time") in told(driver, "on")


def test_off_is_verified_before_it_is_a_reason() -> None:
    driver = sign("off")
    request = wish(1, SelectInput("1"))
    assert list(driver.command(request)) == [Send("?", tag=Ask("", "power")), Later(0.5, "quick")]
    assert list(driver.due("quick")) == [Later(0.5, "quick")]  # the answer is still to come
    assert told(driver, "off")[-1] == Refused(request, "it is off")
    list(driver.command(request))
    assert Send("!input", tag=request) in told(driver, "on")


def test_a_display_that_does_not_come_on_refuses_what_waited_for_it() -> None:
    driver = sign("off")
    on, request = wish(1, SetPower(True)), wish(2, SelectInput("1"))
    list(driver.command(on))
    assert Taken(on) in list(driver.received("OK", on))
    assert told(driver, "off")[-1] == Later(0.5, "quick")
    list(driver.command(request))
    told(driver, "off")
    driver.now = 61.0
    assert Refused(request, "it has not come on in time") in list(driver.due("quick"))
    assert not driver.kept and not driver.busy("")


def test_silence_while_the_power_changes_has_an_end() -> None:
    driver = sign("warming")
    assert list(driver.failed(Ask("", "power"), "no response")) == [Later(0.5, "quick")]
    driver.now = 59.0
    assert list(driver.failed(Ask("", "power"), "no response")) == [Later(0.5, "quick")]
    driver.now = 60.0
    assert list(driver.failed(Ask("", "power"), "no response")) == [Drop(Reason.NO_RESPONSE, "no response")]
    assert list(sign("on").failed(Ask("", "power"), "no response")) == [Drop(Reason.NO_RESPONSE, "no response")]


def test_one_of_several_goes_away_and_is_knocked_for_now_and_then() -> None:
    driver = Two()
    list(driver.opened())
    assert Ready() not in told(driver, "on", "1")
    gone = list(driver.failed(Ask("2", "power"), "no response"))
    assert gone[0] == Gone("2") and Ready() in gone
    told(driver, "on", "1")
    knocks = 0
    for _ in range(2 * KNOCK):
        sent = [action.tag for action in driver.due("poll") if isinstance(action, Send)]
        assert Ask("1", "power") in sent
        told(driver, "on", "1")
        if Ask("2", "power") in sent:
            knocks += 1
            assert list(driver.failed(Ask("2", "power"), "no response")) == []
    assert knocks == 2
    assert Appeared("2") in told(driver, "on", "2") and "2" not in driver.away
    list(driver.failed(Ask("2", "power"), "no response"))
    assert list(driver.failed(Ask("1", "power"), "no response")) == [Drop(Reason.NO_RESPONSE, "no response")]


@pytest.mark.parametrize("wrong", [{"quick": 0.0}, {"poll": 0.1}, {"warm_up": 0.0}, {"settle": -1.0}])
def test_settings_that_make_no_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="is more than 0"):
        PolledSettings(**wrong)


def test_while_it_warms_up_no_more_is_asked_for_what_waits() -> None:
    driver = sign("warming")
    assert [type(action) for action in driver.command(wish(1, SelectInput("1")))] == [
        Later
    ]  # it is being asked already
    assert driver.patience(SelectInput("1")) == 70.0


def test_a_change_of_power_is_told_while_it_is_under_way() -> None:
    driver = sign("off")
    on = wish(1, SetPower(True))
    list(driver.command(on))
    list(driver.received("OK", on))
    assert told(driver, "off")[0] == Feedback("", assumed=True, power="warming")  # it has no word for it
    assert told(driver, "warming")[0] == Feedback("", power="warming")  # it has one
    assert told(driver, "on")[0] == Feedback("", power="on")
    off = wish(2, SetPower(False))
    list(driver.command(off))
    list(driver.received("OK", off))
    assert told(driver, "on")[0] == Feedback("", assumed=True, power="cooling")
    driver.now = 61.0  # it was not heard after all
    assert told(driver, "on")[0] == Feedback("", power="on")
