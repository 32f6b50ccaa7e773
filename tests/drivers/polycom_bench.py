"""Turns and timers and nothing else, for the pure tests of the drivers that speak the Polycom grammar."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from drivers.polycom.cli import PolyCli
from drivers.polycom.cli_about import PolyCliSettings
from drivers.polycom.talk import Talk
from gateway.commands import Command
from gateway.driver import Action, Answered, Feedback, Later, Request, Send


class Bench:
    """A driver, what it has on the wire, and what it has said."""

    def __init__(self, driver: Talk) -> None:
        self.driver, self.feed = driver, driver.cutter.start()
        self.flight: Send | None = None
        self.sent: list[bytes] = []
        self.log: list[Action] = []
        self.timers: dict[str, float] = {}
        self.requests = 0
        self.do(driver.opened())

    def do(self, actions: Iterable[Action]) -> list[Action]:
        """Put actions into effect, as the house does."""
        found = []
        for action in actions:
            found.append(action)
            self.log.append(action)
            match action:
                case Send(data=data, reply=reply):
                    self.sent.append(data)
                    if reply:
                        assert self.flight is None, f"{data!r} while {self.flight} is on the wire"
                        self.flight = action
                case Answered(tag=tag):
                    if self.flight is not None and self.flight.tag == tag:
                        self.flight = None
                case Later(seconds=seconds, name=name):
                    self.timers.pop(name, None)
                    if seconds > 0:
                        self.timers[name] = self.driver.now + seconds
        return found

    def hear(self, data: bytes) -> list[Action]:
        """Bytes from the codec."""
        found: list[Action] = []
        for message in self.feed(data):
            tag: Any = None
            if self.driver.cutter.answers(message) and self.flight is not None:
                tag, self.flight = self.flight.tag, None
            found += self.do(self.driver.received(message, tag))
        return found

    def lines(self, *lines: str) -> list[Action]:
        """Whole lines, as they come over a network."""
        return self.hear(b"".join(line.encode() + b"\r\r\n" for line in lines))

    def ask(self, command: Command) -> tuple[Request, list[Action]]:
        """A command."""
        self.requests += 1
        request = Request(f"c{self.requests}", command)
        return request, self.do(self.driver.command(request))

    def due(self, name: str) -> list[Action]:
        """Let time pass until a timer comes."""
        self.driver.now = max(self.driver.now, self.timers.pop(name))
        return self.do(self.driver.due(name))

    def silent(self) -> list[Action]:
        """What is on the wire gets no answer."""
        assert self.flight is not None
        send, self.flight = self.flight, None
        return self.do(self.driver.failed(send.tag, "no response"))


def told(actions: Iterable[Action]) -> dict[str, Any]:
    """All points that were fed back, the last word on each."""
    return {name: value for action in actions if isinstance(action, Feedback) for name, value in action.points.items()}


def only(actions: Iterable[Action], *wanted: type[Any]) -> list[Action]:
    """Only the actions of these kinds."""
    return [action for action in actions if isinstance(action, wanted)]


# What a Group codec says while a driver comes up, in answer to each question in turn.

WAKING = {b"camera near source\r", b"camera near tracking get\r", b"vcbutton source get\r"}
GREETING = (
    "Hi, my name is : Boardroom",
    "Model: RealPresence Group 500",
    "Serial Number: 82134",
    "Software Version: 6.2.2",
    "SNMP Enabled: False",
)
ANSWERS = (
    *(
        "notify callstatus success",
        "info: event/notification already active:linestatus",
        "notify vidsourcechanges success",
    ),
    *("mute registered", "volume registered", "info: event/notification already active:sleep", "vcbutton registered"),
    *("callinfo begin", "callinfo:36:Bob:sip:bob@x.y:256:connected:muted:incoming:videocall", "callinfo end"),
    *("volume 25", "mute near off", "videomute near off", "autoanswer no", "systemsetting selfview Off"),
    *("vcbutton stop", "calendarstatus established"),
)
NO_CALL = tuple("system is not in a call" if "begin" in line else line for line in ANSWERS if "callinfo:" not in line)
IDLE = tuple(line for line in NO_CALL if line != "callinfo end")


def bench(*answers: str, scheme: str = "tcp", **settings: Any) -> Bench:
    """A driver that has been greeted and answered."""
    found = Bench(PolyCli(PolyCliSettings(**{"gap": 0.0, **settings}), scheme=scheme))
    found.lines(*GREETING, *answers)
    return found


def status(key: int, state: str, way: str = "outgoing") -> str:
    """News of a call."""
    return f"notification:callstatus:{way}:{key}:Bob:bob@x.y:{state}:384:0:videocall"
