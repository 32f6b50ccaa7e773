"""Motors told as transcripts: what is asked and when, wiring by wiring, and what is known on bad days.

Times are seconds since the first command; `!` marks an ask that waits for no turn.
"""

from __future__ import annotations

from typing import Any

import pytest

from gateway.commands import Move, SetPosition, SetPower, Stop
from gateway.model import Outcome, Result
from gateway.motion import MotionSpec
from gateway.wiring import Travel
from tests.motors import Rig

WAY = {"seconds_up": 12.0, "seconds_down": 10.0, "pulse": 0.5, "dead_time": 0.5}


def rig(wiring: Any, position: float = 0.0, *, known: bool = True, **more: Any) -> Rig:
    """A motor over a box that answers at once; `known`: it has been at its end before."""
    made = Rig(MotionSpec(wiring, **{**WAY, **more}), position)
    made.box.way = made.box.back = 0.0
    if known:
        made.motor.travel.position = position
    return made


def story(made: Rig, *deeds: Any) -> list[tuple[float, str]]:
    """Do and wait in turn; what was asked."""
    for deed in deeds:
        if isinstance(deed, int | float):
            made.advance(deed)
        else:
            made.do(deed)
    return made.log


def ended(made: Rig, request: str = "c1") -> Result | None:
    return made.outcomes[request].result if request in made.outcomes else None


# ---- hold ------------------------------------------------------------------------------------------------------


def test_hold_runs_past_the_end_and_opens() -> None:
    made = rig("hold", known=False)
    asked = story(made, Move("down"), 20)
    assert asked == [(0, "open up!"), (0, "close down"), (11, "open down!")]
    assert made.plant.position(made.clock.now()) == 100
    assert made.motor.position == 100 and ended(made) is Result.ASSUMED
    assert [p for at, p, _ in made.readings if at < 11] == [None] * sum(at < 11 for at, _, _ in made.readings)


def test_hold_stops_half_way_and_says_where_it_is_twice_a_second() -> None:
    made = rig("hold")
    asked = story(made, SetPosition(50), 20)
    assert asked == [(0, "open up!"), (0, "close down"), (5, "open down!")]
    assert made.plant.position(made.clock.now()) == pytest.approx(50)
    travelled = [(at, position) for at, position, moving in made.readings if moving == "down" and at % 0.5 == 0]
    assert [(0.5 * n, 5 * n) for n in range(10)] == sorted(set(travelled))[:10]
    assert made.readings[-1][1:] == (50, "stopped")


def test_hold_reverses_with_a_pause() -> None:
    asked = story(rig("hold"), Move("down"), 4, Move("up"), 10)
    assert asked[2:] == [
        (4, "open down!"),
        (4, "open down!"),
        (4.5, "open down!"),
        (4.5, "close up"),
        (10.5, "open up!"),
    ]


@pytest.mark.parametrize("wiring", ["hold", "motor"])
def test_back_again_while_the_stop_is_still_on_its_way_runs_to_the_end(wiring: str) -> None:
    """The last press wins: what is just being stopped must be started again, not waited for."""
    made = rig(wiring, 100.0)
    made.box.way, made.box.back = 0.1, 0.1  # seconds to the box, and of its answer back
    story(made, Move("up"), 4, Move("down"), 0.05, Move("up"), 30)
    assert made.plant.position(made.clock.now()) == 0
    assert made.motor.position == 0 and ended(made, "c3") is Result.ASSUMED


def test_a_second_move_the_same_way_goes_on() -> None:
    made = rig("hold")
    asked = story(made, Move("down"), 4, Move("down"), 20)
    assert asked == [(0, "open up!"), (0, "close down"), (11, "open down!")]
    assert ended(made) is None and ended(made, "c2") is Result.ASSUMED


def test_so_it_does_while_its_start_is_on_the_way() -> None:
    made = rig("hold")
    made.box.way = 0.1
    assert [what for _, what in story(made, Move("down"), 0.15, Move("down"), 1)] == ["open up!", "close down"]


def test_hold_at_its_end_already_runs_a_little_against_it() -> None:
    made = rig("hold")
    assert story(made, Move("up"), 5) == [(0, "open down!"), (0, "close up"), (1.2, "open up!")]
    assert ended(made) is Result.ASSUMED


def test_stop_opens_both_at_once_and_waits_for_nothing() -> None:
    made = rig("hold")
    story(made, Move("down"), 3)
    made.box.way = made.box.back = 1.0
    assert story(made, Stop())[2:] == [(3, "open up!"), (3, "open down!")]
    assert made.readings[-1][2] == "down"  # not before the relays say so
    made.advance(2)
    assert made.readings[-1][2] == "stopped" and ended(made, "c2") is Result.ASSUMED


def test_after_a_stop_nothing_starts_within_the_dead_time() -> None:
    asked = story(rig("hold"), Move("down"), 3, Stop(), 0.1, Move("down"), 1)
    assert (3.5, "close down") in asked and not [at for at, what in asked if what == "close down" and 0 < at < 3.5]


def test_a_stop_overtakes_a_start_that_waits_in_the_queue() -> None:
    made = rig("hold")
    made.box.queue = 3.0
    story(made, Move("down"), 1, Stop(), 10)
    assert made.plant.starts == [] and made.motor.position == 0


def test_two_people_press_opposite_keys_and_the_last_one_wins() -> None:
    made = rig("hold", 50.0)
    made.box.way = 0.02
    story(made, Move("up"), 0.001, Move("down"), 30)
    assert [way for _, way in made.plant.starts] == ["down"]
    assert made.plant.position(made.clock.now()) == 100 and ended(made, "c2") is Result.ASSUMED


def test_a_relay_found_closed_is_opened_before_the_other_is_closed() -> None:
    made = rig("hold", 50.0, known=False)
    made.hand("up", True)
    made.box.poll()
    assert made.readings[-1][1:] == (None, "up")
    asked = story(made, Move("down"), 1)
    assert asked[0] == (0, "open up!") and (0.5, "close down") in asked and not made.plant.wrongs


def test_a_relay_closed_by_a_hand_that_nobody_heard_of_is_opened_too() -> None:
    made = rig("hold", 50.0)
    made.hand("up", True)
    made.box.way = 0.01
    story(made, 1, Move("down"), 1)
    assert not made.plant.contacts["up"] and made.plant.contacts["down"] and not made.plant.wrongs


def test_a_hand_on_the_other_relay_opens_both() -> None:
    made = rig("hold", 50.0)
    story(made, Move("down"), 1)
    made.hand("up", True)
    made.box.poll()
    made.advance(0)
    assert not made.plant.contacts["up"] and not made.plant.contacts["down"]
    assert ended(made) is Result.SUPERSEDED and made.motor.position is None


def test_a_hand_on_its_own_relay_is_believed_and_the_end_is_known_again() -> None:
    made = rig("hold", 50.0)
    made.hand("down", True)
    made.box.poll()
    assert made.readings[-1][1:] == (None, "down")
    made.advance(12)
    assert made.readings[-1][1:] == (100, "stopped") and made.asks() == []


def test_a_hand_that_stops_it_takes_the_position_away() -> None:
    made = rig("hold")
    story(made, Move("down"), 3)
    made.hand("down", False)
    made.box.poll()
    assert made.readings[-1][1:] == (None, "stopped") and ended(made) is Result.SUPERSEDED


@pytest.mark.parametrize("restarted", [False, True])
def test_a_box_that_goes_away_while_running_loses_the_position(restarted: bool) -> None:
    made = rig("hold")
    story(made, Move("down"), 3)
    made.box.leave(restarted=restarted)
    assert ended(made) is Result.OFFLINE
    assert made.readings[-1][1:] == (None, None)  # nobody knows whether it runs
    made.advance(2)
    made.box.come_back()
    made.advance(1)
    assert not made.plant.contacts["down"]  # what was left closed is opened
    assert made.readings[-1][1:] == (None, "stopped")
    story(made, Move("up"), 20)
    assert made.motor.position == 0 == pytest.approx(made.plant.position(made.clock.now()))


def test_a_box_that_goes_away_while_it_stands_loses_nothing() -> None:
    made = rig("hold", 50.0)
    made.box.leave()
    made.box.come_back()
    assert made.motor.position == 50


def test_a_relay_that_never_answers_is_opened_and_nothing_is_pretended() -> None:
    made = rig("hold", 50.0)
    made.box.fate = "lost"
    story(made, Move("down"), 5.5)
    assert ended(made) is Result.UNCONFIRMED and not made.plant.starts  # even the proof was lost
    made.box.fate = "good"
    made.do(Move("down"))
    made.advance(0.5)
    made.box.fate = "lost"
    story(made, Stop(), 6)
    assert ended(made, "c3") is Result.UNCONFIRMED and made.motor.position is None


def test_what_a_box_refuses_was_not_done() -> None:
    made = rig("hold", 50.0)
    made.box.fate = "refused"
    story(made, Move("down"), 1)
    assert made.outcomes["c1"] == Outcome(Result.REFUSED, "no") and made.motor.position == 50


def test_slow_relays_blur_the_position_until_it_is_unknown() -> None:
    made = rig("hold")
    made.box.back = 0.4  # the relay switches at once, and its answer is late: +-0.2 s at the start, again at the stop
    story(made, SetPosition(50), 10)
    assert made.motor.travel.blur == pytest.approx(4)
    assert abs((made.motor.position or 0) - made.plant.position(made.clock.now())) <= 4
    story(made, SetPosition(20), 10, SetPosition(60), 10)
    assert made.motor.position is None and ended(made, "c3") is Result.UNCONFIRMED
    made.box.back = 0.0
    story(made, SetPosition(60), 40)  # over an end
    assert made.motor.position == pytest.approx(60) == made.plant.position(made.clock.now())


# ---- pulse, start-stop, cycle ----------------------------------------------------------------------------------


def test_pulse_starts_and_the_limit_switch_ends_it() -> None:
    assert story(rig("pulse"), Move("down"), 20) == [(0, "open up!"), (0, "close down"), (0.5, "open down!")]


@pytest.mark.parametrize(("stop_with", "stopper", "other"), [("same", "down", "up"), ("opposite", "up", "down")])
def test_pulse_stops_on_the_way(stop_with: str, stopper: str, other: str) -> None:
    made = rig("pulse", stop_with=stop_with)
    asked = story(made, Move("down"), 3, Stop(), 1)
    assert asked[3:] == [(3, f"open {other}!"), (3, f"close {stopper}!"), (3.5, f"open {stopper}!")]
    assert made.plant.position(made.clock.now()) == pytest.approx(30) and made.motor.position == pytest.approx(30)
    story(made, SetPosition(60), 20)
    assert made.plant.position(made.clock.now()) == pytest.approx(60)
    story(made, Move("up"), 20)
    assert made.plant.position(made.clock.now()) == 0 and not made.plant.wrongs


@pytest.mark.parametrize("stop_with", ["same", "opposite"])
def test_a_stop_within_the_pulse_lets_the_controller_see_both(stop_with: str) -> None:
    made = rig("pulse", 50.0, stop_with=stop_with)
    asked = story(made, Move("down"), 0.2, Stop(), 5)
    closures = [at for at, what in asked if what.startswith("close")]
    assert closures == ([0, 0.7] if stop_with == "same" else [0, 0.5]) and not made.plant.running


def test_a_stop_takes_back_a_start_that_has_not_left() -> None:
    made = rig("pulse", 50.0)
    made.box.queue = 3.0
    story(made, Move("down"), 1, Stop(), 10)
    assert made.plant.starts == [] and made.motor.position == 50 and ended(made, "c2") is Result.ASSUMED


def test_a_stop_starts_nothing_that_stands() -> None:
    assert story(rig("pulse"), Stop(), 5) == [] == story(rig("cycle"), Stop(), 5)


def test_a_motor_that_cannot_be_stopped_says_so_and_is_reversed_at_its_end() -> None:
    made = rig("pulse", stop_with="none")
    asked = story(made, Move("down"), 3, Stop(), SetPosition(50), Move("up"), 30)
    assert ended(made, "c2") is Result.REFUSED is ended(made, "c3")
    assert [at for at, what in asked if what == "close up"] == [11.5] and not made.plant.wrongs
    assert made.motor.position == 0 == pytest.approx(made.plant.position(made.clock.now()))


def test_start_stop() -> None:
    made = rig("start-stop")
    asked = story(made, Move("down"), 3, Stop(), 1)
    assert asked[2:] == [(0.5, "open down!"), (3, "close stop!"), (3.5, "open stop!")]
    story(made, Move("up"), 1, Move("down"), 20)
    assert made.motor.position == 100 == made.plant.position(made.clock.now()) and not made.plant.wrongs


def test_start_stop_stops_within_the_starting_pulse_at_once() -> None:
    asked = story(rig("start-stop"), Move("down"), 0.1, Stop(), 1)
    assert asked[2:4] == [(0.1, "open down!"), (0.1, "close stop!")]


def test_cycle_counts_its_closures() -> None:
    made = rig("cycle", first="down")
    asked = story(made, Move("down"), 3, Stop(), 1)
    assert [at for at, what in asked if what.startswith("close")] == [0, 3]
    assert made.motor.position == pytest.approx(30)
    story(made, Move("down"), 20)  # the next closure would go up: it goes up a little first, and stops
    assert [way for _, way in made.plant.starts] == ["down", "up", "down"] and not made.plant.wrongs
    assert made.motor.position == 100 == made.plant.position(made.clock.now())
    before = len(made.log)
    story(made, Move("down"), 5)  # there already: a closure would send it up
    assert made.log[before:] == [] and ended(made, "c4") is Result.ASSUMED


def test_cycle_never_closes_where_the_motor_may_have_arrived() -> None:
    made = rig("cycle", first="down")
    asked = story(made, Move("down"), 9.7, Stop(), 5)
    assert [what for _, what in asked].count("close input!") == 0
    assert made.motor.position == 100 and not made.plant.running


def test_a_closure_so_late_that_it_may_have_turned_the_motor_round_is_not_believed() -> None:
    made = rig("pulse", stop_with="opposite")
    story(made, Move("down"), 6)
    made.box.way = 4.5
    story(made, Stop(), 4.6)
    assert made.plant.running == "up" and made.readings[-1][1:] == (None, None)


def test_cycle_knows_nothing_once_a_closure_may_have_been_missed() -> None:
    made = rig("cycle", first="down")
    made.box.fate = "lost"
    story(made, Move("down"), 6)
    assert ended(made) is Result.UNCONFIRMED and made.readings[-1][1:] == (None, None)
    made.box.fate = "good"
    story(made, Stop(), 40, SetPosition(50), 1, Move("up"), 40)
    assert ended(made, "c2") is Result.REFUSED is ended(made, "c3")
    assert ended(made, "c4") is Result.ASSUMED and made.motor.position is None  # which end it is at, nobody knows


@pytest.mark.parametrize("wiring", ["pulse", "start-stop"])
def test_a_pulse_left_closed_is_opened_when_the_box_is_back(wiring: str) -> None:
    made = rig(wiring)
    story(made, Move("down"), 0.2)
    made.box.leave()
    made.advance(20)
    assert made.motor.position == 100 and made.plant.contacts["down"]  # it runs to its end by itself
    made.box.come_back()
    made.advance(0)
    assert not made.plant.contacts["down"]


def test_a_hand_on_a_starting_contact_is_believed() -> None:
    made = rig("start-stop", 50.0)
    made.hand("up", True)
    made.box.poll()
    assert made.readings[-1][1:] == (None, "up")
    made.advance(15)
    assert made.readings[-1][1:] == (0, "stopped")


# ---- a controller, and the rest -----------------------------------------------------------------------------------


def test_motor() -> None:
    made = rig("motor")
    asked = story(made, Move("down"), 3, Move("up"), 2, SetPosition(50), 20)
    assert asked[:4] == [(0, "move down"), (3, "stop motor!"), (3.5, "move up"), (5, "stop motor!")]
    assert made.plant.position(made.clock.now()) == pytest.approx(50) == made.motor.position
    assert story(made, Stop())[-1] == (25, "stop motor!") and not made.plant.wrongs


def test_a_start_that_a_stop_overtook_is_not_believed_unless_the_stop_is() -> None:
    made = rig("motor", 50.0)
    made.box.fate, made.box.way = "refused", 0.01
    story(made, Move("up"), Stop(), 30)
    assert ended(made, "c2") is Result.REFUSED and made.motor.position is None  # it may have taken the Move, or not


def test_nothing_else_is_taken() -> None:
    made = rig("hold")
    made.do(SetPower(True))
    assert ended(made) is Result.REFUSED


def test_a_gateway_that_goes_leaves_nothing_closed() -> None:
    made = rig("hold")
    story(made, Move("down"), 3)
    made.ask(made.motor.leave())
    made.advance(1)
    assert not made.plant.contacts["down"] and made.asks(3) == ["open down!"]


def test_travel_needs_more_than_the_way_to_be_sure_of_an_end() -> None:
    travel = Travel(12, 10)
    travel.turn("down", 0, 0)
    assert travel.at(10.5) is None and travel.at(11.01) == 100
    travel.turn(None, 11.1, 11.1)
    travel.turn("up", 20, 20)
    assert travel.at(26) == 50 and travel.needs("up", 25, 26) == pytest.approx(3)
    assert travel.needs("up", 0, 26) == pytest.approx(7.2)
