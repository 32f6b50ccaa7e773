"""The law of motors, whatever happens: a state machine of commands, hands and bad days over an honest plant."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gateway.commands import Move, SetPosition, Stop
from gateway.model import Result
from gateway.motion import MotionSpec
from gateway.wiring import CONTACTS
from tests.motors import Rig

UP, DOWN, PULSE, DEAD = 8.0, 6.0, 0.3, 0.4
SPECS = {
    "hold": MotionSpec("hold", UP, DOWN, PULSE, DEAD),
    "same": MotionSpec("pulse", UP, DOWN, PULSE, DEAD, "same"),
    "opposite": MotionSpec("pulse", UP, DOWN, PULSE, DEAD, "opposite"),
    "none": MotionSpec("pulse", UP, DOWN, PULSE, DEAD, "none"),
    "start-stop": MotionSpec("start-stop", UP, DOWN, PULSE, DEAD),
    "cycle": MotionSpec("cycle", UP, DOWN, PULSE, DEAD, first="down"),
    "motor": MotionSpec("motor", UP, DOWN, PULSE, DEAD),
}
POLL = 0.5


class Story(RuleBasedStateMachine):
    """Random lives of one motor."""

    spec = SPECS["hold"]
    faults = True

    @initialize(position=st.integers(0, 100))
    def begin(self, position: int) -> None:
        self.rig = Rig(self.spec, position)
        self.stops: list[float] = []
        self.newest = ""
        self.given: list[str] = []
        self.ill = False  # the box has had its bad day
        self.guesses = False  # a hand or a fault has done what no feedback could ever show
        self._poll()

    def _poll(self) -> None:
        self.rig.box.poll()
        self.rig.clock.at(self.rig.clock.now() + POLL, self._poll)

    def _give(self, command: Move | SetPosition | Stop) -> None:
        self.newest = self.rig.do(command)
        self.given.append(self.newest)

    @rule(direction=st.sampled_from(["up", "down"]))
    def move(self, direction: str) -> None:
        self._give(Move(direction))  # type: ignore[arg-type]

    @rule(percent=st.integers(0, 100))
    def position(self, percent: int) -> None:
        self._give(SetPosition(percent))

    @rule()
    def stop(self) -> None:
        motor, plant = self.rig.motor, self.rig.plant
        plant.move(self.rig.clock.now())
        if motor.fickle and motor.position is None and not plant.running:
            return  # nobody stops a motor that stands; a closure would start it
        if motor.fickle and motor.position is None:
            self.guesses = True
        self._give(Stop())
        self.stops.append(self.rig.clock.now())

    @rule(seconds=st.sampled_from([0.001, 0.004, 0.01, 0.1, 0.3, 0.45, 1.0, 3.0, 12.0, 40.0]))
    def wait(self, seconds: float) -> None:
        self.rig.advance(seconds)

    @rule(queue=st.sampled_from([0.0, 0.0, 0.2, 1.0]), way=st.sampled_from([0.001, 0.02, 0.2]))
    def traffic(self, queue: float, way: float) -> None:
        self.rig.box.queue, self.rig.box.way, self.rig.box.back = queue, way, way

    @precondition(lambda self: self.faults)
    @rule(fate=st.sampled_from(["good", "good", "refused", "lost"]))
    def fate(self, fate: str) -> None:
        self.rig.box.fate, self.ill = fate, True

    @precondition(lambda self: self.faults and not self.rig.box.away)
    @rule(seconds=st.sampled_from([1.0, 4.0, 7.0]))
    def stall(self, seconds: float) -> None:
        self.ill = True
        self.rig.box.busy = max(self.rig.box.busy, self.rig.clock.now() + seconds)

    @precondition(lambda self: self.faults and not self.rig.box.away)
    @rule(restarted=st.booleans(), arrives=st.booleans())
    def leave(self, restarted: bool, arrives: bool) -> None:
        self.ill = True
        self.rig.box.leave(restarted=restarted, arrives=arrives)

    @precondition(lambda self: self.faults and self.rig.box.away)
    @rule()
    def come_back(self) -> None:
        self.rig.advance(10.0)  # what was on its way has arrived by now
        self.rig.box.come_back()

    @precondition(lambda self: self.faults and self.spec.wiring != "motor")
    @rule(role=st.integers(0, 2), closed=st.booleans())
    def hand(self, role: int, closed: bool) -> None:
        contacts = CONTACTS[self.spec.wiring]
        self.guesses |= self.spec.wiring != "hold"  # a closure between two polls is never heard of
        self.rig.hand(contacts[role % len(contacts)], closed)

    # ---- what must hold --------------------------------------------------------------------------------------

    @invariant()
    def the_law(self) -> None:
        if not hasattr(self, "rig"):
            return
        rig, now = self.rig, self.rig.clock.now()
        # Where a closure that nobody heard of, or a Stop at an unknown end, may have started it, the contacts count.
        out_of_step = (rig.unheard or self.guesses) and self.spec.wiring != "hold"
        wrongs = [wrong for wrong in rig.plant.wrongs if "was closed on" in wrong or not out_of_step]
        assert not wrongs, wrongs
        if rig.plant.collided is not None and not self.ill:
            assert now - rig.plant.collided < POLL + 10.0, "a hand closed the other one, and nobody opens both"
        for at in self.stops:
            asked = [t for t, what in rig.log if what.startswith("close") and not what.endswith("!")]
            early = [t for t in asked if at - rig.began + 0.001 < t < at - rig.began + DEAD - 0.001]
            assert not early, f"started {early} after a stop at {at - rig.began}"

    @invariant()
    def the_position_is_honest(self) -> None:
        if not hasattr(self, "rig"):
            return
        rig, motor = self.rig, self.rig.motor
        now = motor.now = rig.clock.now()
        rig.plant.move(now)
        if motor.position is None or motor.asks or self.guesses or rig.unheard:
            return
        if any(rig.plant.contacts[role] != motor.contacts[role] for role in CONTACTS[self.spec.wiring]):
            return  # somebody switched one, and the news is still on its way
        error = abs(motor.position - rig.plant.position(now))
        assert error <= motor.travel.blur + 0.1, f"{motor.position} is told, {rig.plant.position(now)} is true"

    @invariant()
    def every_request_ends(self) -> None:
        if not hasattr(self, "rig"):
            return
        self.stops = [at for at in self.stops if self.rig.clock.now() - at < 5]
        if not self.faults and not self.rig.motor.asks and self.newest in self.rig.outcomes:
            assert self.rig.outcomes[self.newest].result in (Result.ASSUMED, Result.REFUSED, Result.UNCONFIRMED)

    def teardown(self) -> None:
        if not hasattr(self, "rig"):
            return
        rig = self.rig
        rig.advance(8.0)
        rig.box.fate, rig.box.queue = "good", 0.0
        if rig.box.away:
            rig.advance(10.0)
            rig.box.come_back()
        rig.advance(40.0)
        self.the_law()
        self.the_position_is_honest()
        if self.newest:
            assert self.newest in rig.outcomes, "the newest request never ended"
        assert not rig.motor.asks
        rig.do(Stop())
        rig.advance(9.0)
        assert not rig.motor.owed
        left = {role for role, closed in rig.plant.contacts.items() if closed} - rig.plant.by_hand.keys()
        assert not left, f"{left} left closed"


@pytest.mark.parametrize("faults", [False, True], ids=["good days", "bad days"])
@pytest.mark.parametrize("name", SPECS)
def test_the_law_holds(name: str, faults: bool) -> None:
    story = type("Story", (Story,), {"spec": SPECS[name], "faults": faults})
    run_state_machine_as_test(
        story,
        settings=settings(
            max_examples=16,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
