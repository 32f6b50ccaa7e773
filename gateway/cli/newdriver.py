"""Writes the three files that a driver begins with: a driver, its simulator and its test, which pass as they stand.

They speak the lamp of docs/write-a-driver.md; whoever has a manual changes them line by line, and stays green. What may
not live here: anything that runs a driver.
"""

from __future__ import annotations

import keyword
import re
from pathlib import Path

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")

DRIVER = '''"""@TITLE@: say here over what it speaks, and which manual this is.

What may not live here: sockets, clocks, tasks. Source: the manual, with its pages.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.commands import SetPower
from gateway.cutters import Lines
from gateway.driver import (
    Actions,
    Driver,
    Feedback,
    Later,
    Offers,
    Ready,
    Refused,
    Request,
    Send,
    Settings,
    Taken,
    Timing,
    setting,
)


@dataclass(frozen=True)
class @CLASS@Settings(Settings):
    """Settings of this device, beyond `driver` and `link`."""

    poll: float = setting(30.0, "seconds between questions while nothing happens")


class @CLASS@(Driver):
    """One device."""

    name = "@NAME@"
    title = "@TITLE@"
    models = "which models, which firmware"
    links: ClassVar[Mapping[str, int]] = {"tcp": 7000}
    plays = frozenset({"display"})
    takes = frozenset({SetPower})  # all that it may ever offer: profiles are checked against it
    cutter = Lines((b"\\n",), unasked="NEWS ")  # what comes unasked ends no turn
    timing = Timing(reply=2.0)
    pushes = True  # it tells of every change by itself
    sources = ("the manual, document and page",)
    offered = ("power",)
    not_offered: ClassVar[Mapping[str, str]] = {"what the manual has beside": "because ..."}
    Settings: ClassVar[type[Settings]] = @CLASS@Settings
    settings: @CLASS@Settings

    def opened(self) -> Actions:
        """Ask the first question; its answer proves the device usable."""
        yield Send(b"?\\n", tag="first")

    def command(self, request: Request) -> Actions:
        """Someone wants something."""
        match request.command:
            case SetPower(on):
                yield Send(b"ON\\n" if on else b"OFF\\n", tag=request)
            case _:
                yield Refused(request, "this device only goes on and off")

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        """The device spoke: an answer, or news. What is not understood is ignored, never raised."""
        state = data.removeprefix(b"NEWS ")
        if state not in (b"ON", b"OFF"):
            if isinstance(tag, Request):
                yield Refused(tag, data.decode("ascii", "replace"))
            return
        yield Feedback("", power=state.decode().lower())  # this is what confirms a SetPower
        if isinstance(tag, Request):
            yield Taken(tag)
        elif tag == "first":
            yield Offers("", frozenset({SetPower}))
            yield Ready()
            yield Later(self.settings.poll, "poll")

    def due(self, name: str) -> Actions:
        """Time to ask again."""
        yield Send(b"?\\n", tag="poll")
        yield Later(self.settings.poll, "poll")
'''

SIMULATOR = '''"""A simulated @TITLE@. Written from the manual, not from the driver.

It imports nothing of `gateway` or `drivers`. Source: the manual, with its pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from simulators.device import Session, StreamSimulator, hand


@dataclass(kw_only=True, eq=False)
class @CLASS@(StreamSimulator):
    """The device's memory, and its answers."""

    name: ClassVar[str] = "@NAME@"
    title: ClassVar[str] = "@TITLE@"
    links: ClassVar[Mapping[str, int]] = {"tcp": 7000}

    on: bool = False

    def opened(self, session: Session) -> None:
        session.memory["held"] = b""

    def received(self, session: Session, data: bytes) -> None:
        *lines, session.memory["held"] = (session.memory["held"] + data)[-200:].split(b"\\n")
        for line in lines:
            if line in (b"ON", b"OFF"):
                self.on = line == b"ON"
            session.send(self._state() if line in (b"?", b"ON", b"OFF") else b"WHAT\\n")

    def _state(self) -> bytes:
        return b"ON\\n" if self.on else b"OFF\\n"

    @hand
    def press_switch(self) -> None:
        """Somebody presses the switch on the device."""
        self.on = not self.on
        self.broadcast(b"NEWS " + self._state())
'''

TEST = '''"""The @NAME@ driver, question by question, with golden bytes; its CASE joins the shared contract suite."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drivers.@NAME@ import @CLASS@
from gateway.commands import SetPower
from gateway.driver import Feedback, Later, Offers, Ready, Refused, Request, Send, Taken
from tests.drivers.contract import Case, Do, Hand
from tests.drivers.golden import Golden

CASE = Case(
    driver=@CLASS@,
    simulator="@NAME@",
    links=("tcp",),
    simulator_settings={"speed": 20},
    commands=[
        Do(SetPower(True), seen=lambda sim: sim.on),
        Do(SetPower(False), seen=lambda sim: not sim.on),
    ],
    hands=[Hand(do=lambda sim: sim.press_switch(), shows={"power": "on"})],
)
ON = Golden(b"ON\\n", "switch on", "the manual, document and page")


def test_it_comes_up_by_its_first_answer() -> None:
    driver = @CLASS@()
    assert list(driver.opened()) == [Send(b"?\\n", tag="first")]
    wanted = [Feedback(power="off"), Offers("", frozenset({SetPower})), Ready(), Later(30.0, "poll")]
    assert list(driver.received(b"OFF", "first")) == wanted


def test_a_command_and_its_answers() -> None:
    driver = @CLASS@()
    request = Request("1", SetPower(True))
    assert list(driver.command(request)) == [Send(ON.wire, tag=request)]
    assert list(driver.received(b"ON", request)) == [Feedback(power="on"), Taken(request)]
    assert list(driver.received(b"WHAT", request)) == [Refused(request, "WHAT")]
    assert list(driver.received(b"NEWS OFF")) == [Feedback(power="off")]


@given(st.binary(max_size=40))
def test_nothing_it_may_say_raises(noise: bytes) -> None:
    list(@CLASS@().received(noise))
'''


class TakenError(Exception):
    """One of the files is there already."""


def class_name(name: str) -> str:
    """`acme_matrix` -> `AcmeMatrix`."""
    return "".join(word.capitalize() for word in name.split("_"))


def write(name: str, into: Path) -> list[Path]:
    """Write driver, simulator and test of `name` below a checkout; returns the files.

    Raises ValueError for a name that is none, TakenError where a file is there already; nothing is written then.
    """
    if not NAME.fullmatch(name) or keyword.iskeyword(name) or len(name) > 40:
        raise ValueError(f"{name!r} is no name for a driver: small letters, digits and _, such as acme_matrix")
    files = {
        into / "drivers" / f"{name}.py": DRIVER,
        into / "simulators" / f"{name}.py": SIMULATOR,
        into / "tests" / "drivers" / f"test_{name}.py": TEST,
    }
    taken = [file for file in files if file.exists() or file.with_suffix("").is_dir()]
    if taken:
        raise TakenError(f"{taken[0]} is there already")
    title = name.replace("_", " ").capitalize()
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        filled = text.replace("@NAME@", name).replace("@CLASS@", class_name(name)).replace("@TITLE@", title)
        file.write_text(filled, encoding="utf-8")
    return list(files)
