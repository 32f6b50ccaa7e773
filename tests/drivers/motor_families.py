"""The families of motors that tell the motor story, and the motors of their simulators: the witnesses.

What may not live here: the story (`test_motor_story.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.clock import LoopClock
from gateway.motion import MotionSpec
from gateway.wiring import CONTACTS
from tests.motors import Plant

TRAVEL, DEAD, PULSE = 1.2, 0.15, 0.1


@dataclass(frozen=True)
class Family:
    """A driver on one link with one motor, or a motor behind relays in one wiring."""

    driver: str
    link: str
    unit: str
    motor: Callable[[Any], Any]  # the simulator -> its motor: `position`, `moving`
    settings: Mapping[str, Any] = field(default_factory=dict)
    simulator: Mapping[str, Any] = field(default_factory=dict)
    wiring: MotionSpec | None = None
    kind: str = "screen"
    box: str = ""  # the simulator's attribute with its relays, where the motor hangs on relays
    relays: tuple[str, ...] = ()  # their names: the first ones are the motor's
    turns: str = "the room: it stops, and waits for `dead_time`"  # who sees to it that a motor stands before it turns
    crowd: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # settings with more motors on the connection

    @property
    def wires(self) -> Mapping[str, str]:
        """Which unit plays which role of its wiring."""
        assert self.wiring is not None
        return dict(zip(CONTACTS[self.wiring.wiring], self.relays, strict=False)) or {"motor": self.unit}

    @property
    def crowded(self) -> Family:
        """The same with as many other motors or relays on its connection as are cheap to have."""
        settings, sim = self.crowd.get("settings", {}), self.crowd.get("simulator", {})
        return replace(self, settings={**self.settings, **settings}, simulator={**self.simulator, **sim})

    @property
    def id(self) -> str:
        if self.wiring is None or not CONTACTS[self.wiring.wiring]:
            return f"{self.driver}-{self.link}"
        if self.driver != "global_cache":
            return f"{self.driver}-{self.link}-{self.wiring.wiring}"
        how = {"pulse": f"-{self.wiring.stop_with}"}.get(self.wiring.wiring, "")
        return f"{self.driver}-{self.wiring.wiring}{how}"


def wired(wiring: Any, **more: Any) -> Family:
    """A motor on the relays of a Global Caché box."""
    spec = MotionSpec(wiring, TRAVEL, TRAVEL, PULSE, DEAD, **more)
    relays = tuple(f"1:{n}" for n in range(1, 100))
    return Family(
        "global_cache", "tcp", "1:1", lambda sim: sim.contacts.motor, {"poll": 0.2}, {"relays": 99}, spec, "screen",
        "contacts", relays,
    )  # fmt: skip


def boxed(driver: str, link: str, count: int, **settings: Any) -> Family:
    """A motor held by two relays of another box."""
    spec, relays = MotionSpec("hold", TRAVEL, TRAVEL, PULSE, DEAD), tuple(str(n) for n in range(1, count + 1))
    sim = {"speed": 10, "number_of_relays": count, **({"password": "right"} if "password" in settings else {})}
    given = {"poll": 0.15, **settings}
    return Family(driver, link, "1", lambda sim: sim.relays.motor, given, sim, spec, "screen", "relays", relays)


def scaled(seconds: float = 24.0) -> dict[str, Any]:
    return {"speed": seconds / TRAVEL, "seconds": seconds}


TOLD_NOTHING = MotionSpec("motor", TRAVEL, TRAVEL, PULSE, DEAD)  # a controller that cannot tell: the room models travel
KEY = "abcd1234-56ef-78"
MANY = tuple(str(n) for n in range(5, 104))
XY = tuple(f"{n:02X} EE EE" for n in range(1, 98))
ITSELF = "the motor's own controller"
FAMILIES = [
    wired("hold"),
    wired("start-stop"),
    wired("cycle"),
    wired("pulse", stop_with="same"),
    wired("pulse", stop_with="opposite"),
    wired("pulse", stop_with="none"),
    boxed("controlbyweb", "http", 99, password="right"),
    boxed("kmtronic", "http", 64, password="right"),
    boxed("denkovi", "snmp", 16),
    *(
        Family(
            "draper",
            link,
            "1",
            lambda sim: sim.motor["01"],
            {"channels": "1-2", "poll": 0.3, "quick": 0.1},
            {"speed": 10, "travel_seconds": 10 * TRAVEL},
            turns="the driver: it stops, and taps when the motor is seen to stand",
            crowd={"settings": {"channels": "1-9"}, "simulator": {"motors": 9}},
        )
        for link in ("serial", "tcp")
    ),
    Family(
        "bond",
        "http",
        "79135791",
        lambda sim: BondMotor(sim, sim.shades["79135791"]),
        {"token": "f074b61f628018fd", "bpup_port": 0, "poll": 0.3, "quick": 0.1},
        {"speed": 10, "travel_seconds": 10 * TRAVEL, "bpup_port": 0, "with_position": "79135791"},
        kind="shade",
        turns=ITSELF,
        crowd={"simulator": {"plain": ",".join(f"{n:08x}" for n in range(1, 40))}},
    ),
    Family(
        "lutron_lip",
        "telnet",
        "shade/5",
        lambda sim: sim.shades["5"],
        {"shades": ("5", "6"), "password": "integration", "quick": 0.1, "poll": 0.5},
        scaled(),
        kind="shade",
        turns=ITSELF,
        crowd={"settings": {"shades": MANY}, "simulator": {"shade_ids": ",".join(MANY)}},
    ),
    *(
        Family(
            "somfy_sdn",
            link,
            "06D2D2",
            lambda sim: sim.motors["06D2D2"],
            {"motors": ("06D2D2", "06D2D3"), "discover": False, "poll": 0.6, "quick": 0.2},
            scaled(),
            kind="shade",
            turns=ITSELF,
        )
        for link in ("serial", "tcp")
    ),
    Family(
        "somfy_uai",
        "telnet",
        "13255B",
        lambda sim: sim.motors["13255B"],
        {"poll": 0.6, "quick": 0.2, "password": "Password 1"},
        scaled(),
        kind="shade",
        turns=ITSELF,
        crowd={"simulator": {"addresses": ",".join(["13255B", *(f"{n:06X}" for n in range(1, 40))])}},
    ),
    Family(
        "powerview",
        "http",
        "1",
        lambda sim: sim.shades["1"],
        {"poll": 0.5, "quick": 0.1},
        scaled(),
        kind="shade",
        turns=ITSELF,
        crowd={"simulator": {"kinds": ",".join("0" * 100)}},
    ),
    Family(
        "motionblinds",
        "udp",
        "aabbccddeeff0001",
        lambda sim: sim.blinds["aabbccddeeff0001"],
        {"key": KEY, "poll": 0.4, "quick": 0.1},
        scaled(),
        kind="shade",
        turns=ITSELF,
    ),
    *(
        Family(
            "dalite_scb",
            link,
            "1",
            lambda sim: sim.screens["1"],
            {"poll": 0.15},
            {"boot_seconds": 0.4, "seconds_up": TRAVEL, "seconds_down": TRAVEL, "frame_seconds": 0.5},
            TOLD_NOTHING,
            crowd={"settings": {"screens": 9}, "simulator": {"count": 9}},
        )
        for link in ("serial", "tcp")
    ),
    *(
        Family(
            "xy_screens",
            link,
            "1",
            lambda sim: sim.screens["aaeeee"],
            {"addresses": ("AA EE EE", "EE EE EE")},
            {"speed": 10, "addresses": "aaeeee,eeeeee", "seconds_up": 10 * TRAVEL, "seconds_down": 10 * TRAVEL},
            TOLD_NOTHING,
            crowd={
                "settings": {"addresses": ("AA EE EE", *XY)},
                "simulator": {"addresses": ",".join(["aaeeee", *(one.replace(" ", "").lower() for one in XY)])},
            },
        )
        for link in ("serial", "tcp")
    ),
    Family(
        "screen_technics",
        "tcp",
        "1",
        lambda sim: sim.screens["1"],
        {"screens": 2, "poll": 0.6, "quick": 0.2},
        {
            "speed": 10,
            "count": 2,
            "between_seconds": 0.0,
            "seconds_up": 10 * TRAVEL,
            "seconds_down": 10 * TRAVEL,
        },
        turns="the driver: it stops, and half a second later starts",
        crowd={"settings": {"screens": 8}, "simulator": {"count": 8}},
    ),
]
# What a family cannot do, or does otherwise: (family, what) -> because. Printed in docs/equipment/motors.md.
CANNOT: dict[tuple[str, str], str] = {
    ("global_cache-pulse-none", "stop"): "nothing in this wiring stops a motor on its way",
}


class BondMotor:
    """A bridge's shade seen as a motor: its true place while it travels."""

    def __init__(self, sim: Any, shade: Any) -> None:
        self._sim, self._shade = sim, shade

    @property
    def position(self) -> float:
        self._sim.memory()  # which looks where it is now
        return float(self._shade.actual)

    @property
    def moving(self) -> str | None:
        return self._shade.moving or None


class Wires(dict[str, bool]):
    """The box's contacts, and the motor of tests/motors.py on them, which notes everything that must never be."""

    def __init__(self, sim: Any, family: Family, clock: LoopClock) -> None:
        super().__init__(getattr(sim, family.box))
        assert family.wiring is not None
        self.clock = clock
        self.plant = Plant(family.wiring, 0.0, clock.now())
        self.roles = {relay: role for role, relay in family.wires.items()}
        self.motor = self

    def __setitem__(self, relay: str, closed: bool) -> None:
        super().__setitem__(relay, closed)
        if relay in self.roles:
            self.plant.switch(self.roles[relay], closed, self.clock.now(), asked=self.clock.now())

    @property
    def position(self) -> float:
        self.plant.move(self.clock.now())
        return self.plant.position(self.clock.now())

    @property
    def moving(self) -> str | None:
        self.plant.move(self.clock.now())
        return self.plant.running
