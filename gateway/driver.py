"""The contract between a driver and the house: what a driver is asked, and the actions it answers with.

A driver never touches a socket, a clock or a task. It is asked, and it answers by yielding actions. What may not
live here: anything that acts. Everything a driver needs to import stands here, in `commands`, `model` and `cutters`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol, TypeAlias

import pluggy

from gateway.commands import Command
from gateway.cutters import Cutter, Whole
from gateway.model import Reason
from gateway.wire import Datagram as Datagram
from gateway.wire import HidDevice as HidDevice
from gateway.wire import HidReport as HidReport
from gateway.wire import HttpReply as HttpReply
from gateway.wire import HttpRequest as HttpRequest
from gateway.wire import Opening as Opening
from gateway.wire import Reached as Reached
from gateway.wire import SnmpGet as SnmpGet
from gateway.wire import SnmpReply as SnmpReply
from gateway.wire import SnmpSet as SnmpSet
from gateway.wire import SnmpWalk as SnmpWalk

hookspec = pluggy.HookspecMarker("roomgate")
hookimpl = pluggy.HookimplMarker("roomgate")


@dataclass(frozen=True, slots=True)
class Request:
    """A command on its way to a device. Drivers pass it back in `Taken`, `Done`, `Refused`, `Item` and `More`.

    `page` counts from 0 for commands with long answers: `command()` is called again with the next page when the
    reader wants more.
    """

    id: str
    command: Command
    unit: str = ""
    page: int = field(default=0, compare=False)


# ---- What a driver may yield ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Send:
    """Put `data` on `link`. With `reply` it holds a turn until `Answered(tag)`, a cutter's line, or the deadline.

    `tag` comes back with what answers it (a Request is a good tag). `hide` names secret parts of `data`, masked on
    the tape and in the log, echoes included.
    """

    data: Any
    tag: Hashable = None
    link: str = "main"
    reply: bool = True
    hide: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """The exchange that was sent with `tag` is over: the next one may have the turn."""

    tag: Hashable = None


@dataclass(frozen=True, slots=True)
class Ready:
    """Logged in and usable: the device is online and commands may come."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Give this connection up and start afresh, because of `reason`; `words` say more to a person."""

    reason: Reason
    words: str = ""


@dataclass(frozen=True, slots=True)
class StartTls:
    """Upgrade the main link to TLS now; `opened()` is not called again, what is sent next goes encrypted."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Keep a side link of this name to an address that the device has told; whatever was open by that name is closed.
    `url` "" only closes. That it is open, or is no more, comes as `received(Reached(...), link=link)`."""

    link: str
    url: str


@dataclass(frozen=True, slots=True)
class Later:
    """Call `due(name)` in `seconds`; the same name replaces; 0 or less cancels it."""

    seconds: float
    name: str


class Feedback:
    """What the device itself tells of a unit: declared points by name, None = it does not know.

    `assumed=True` for what is only believed (a one-way device). Equal by content, so tests compare it.
    """

    __slots__ = ("assumed", "points", "unit")

    def __init__(self, unit: str = "", /, *, assumed: bool = False, **points: Any) -> None:
        self.unit = unit
        self.assumed = assumed
        self.points = points

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Feedback) and (self.unit, self.assumed, self.points) == (
            other.unit,
            other.assumed,
            other.points,
        )

    def __hash__(self) -> int:
        return hash((self.unit, self.assumed, tuple(sorted(self.points))))

    def __repr__(self) -> str:
        shown = "".join(f", {name}={value!r}" for name, value in self.points.items())
        return f"Feedback({self.unit!r}{shown}{', assumed=True' if self.assumed else ''})"


@dataclass(frozen=True)
class Offers:
    """What `unit` can do now: command classes, and the choices for their arguments ({"input": {"31": "HDMI 1"}})."""

    unit: str
    commands: frozenset[type[Command]]
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Taken:
    """The device acknowledged the request: an echo, an OK, a prompt, an HTTP 200. Never more than that."""

    request: Request


@dataclass(frozen=True, slots=True)
class Done:
    """The device's own feedback shows what was asked for."""

    request: Request


@dataclass(frozen=True, slots=True)
class Refused:
    """The device said no; `words` are its own where it has any."""

    request: Request
    words: str


@dataclass(frozen=True, slots=True)
class Press:
    """A key of a surface went `down` or `up`, is `hold`, was `turn`ed or `set` to `value`."""

    key: str
    edge: Literal["down", "up", "hold", "turn", "set"] = "down"
    value: int | float | str | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One row of a long answer."""

    request: Request
    value: Any


@dataclass(frozen=True, slots=True)
class More:
    """A page of a long answer ended and there is more; `Done` ends the last page instead."""

    request: Request


@dataclass(frozen=True, slots=True)
class Appeared:
    """A unit is there now (a keypad that connected, a deck that was plugged in), with facts about it."""

    unit: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gone:
    """A unit is not there any more; keys that were held are released."""

    unit: str


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that people should know of happened at `unit`: a trap, a value beyond its limits. An event, no state:
    what holds now is `Feedback`. `words` are one line for people."""

    unit: str
    words: str


Action: TypeAlias = (
    Send
    | Answered
    | Ready
    | Drop
    | StartTls
    | Reach
    | Later
    | Feedback
    | Offers
    | Taken
    | Done
    | Refused
    | Press
    | Item
    | More
    | Appeared
    | Gone
    | Alert
)
Actions: TypeAlias = Iterable[Action]


@dataclass(frozen=True)
class Timing:
    """What the device can stand. All in seconds.

    window: exchanges in flight; gap: pause between sends; reply: how long an exchange may take; ready: how long from
    the open link to `Ready()`.
    """

    window: int = 1
    gap: float = 0.0
    reply: float = 3.0
    ready: float = 10.0


@dataclass(frozen=True)
class Settings:
    """What a profile may say of a device beyond `driver` and `link`. Subclass it in a driver; give every field a
    default and `metadata={"doc": ..., "secret": True}` where it is one."""


def setting(default: Any, doc: str, *, secret: bool = False) -> Any:
    """A field of a driver's Settings with its one-line explanation; a table's default is copied for each."""
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata={"doc": doc, "secret": secret}, repr=not secret)
    return field(default=default, metadata={"doc": doc, "secret": secret}, repr=not secret)


class Driver:
    """One device's language. A fresh one is made for every connection, so its attributes never outlive one.

    Subclasses say in class attributes what they are, and answer six questions. Each question returns or yields
    actions; `self.now` (monotonic seconds) is set before each and is the only clock there is.
    """

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    models: ClassVar[str] = ""
    links: ClassVar[Mapping[str, int]] = {}  # scheme -> usual port (0 = none)
    timing: Timing = Timing()
    cutter: Cutter = Whole()  # on the class, or set in __init__ where it depends on link or settings
    evidence: ClassVar[Literal["manual", "cross-checked", "captured"]] = "manual"
    sources: ClassVar[tuple[str, ...]] = ()
    offered: ClassVar[tuple[str, ...]] = ()  # functions of the fact sheet that work
    not_offered: ClassVar[Mapping[str, str]] = {}  # function -> because ...
    plays: ClassVar[frozenset[str]] = frozenset()  # kinds of part it can play; empty = any
    takes: ClassVar[frozenset[type[Command]] | None] = None  # all that a unit may ever offer; None: settings say
    pushes: ClassVar[bool] = False  # the device tells of every change by itself, so what it last told still holds
    units: ClassVar[str] = ""  # what a unit's name looks like: '"" or a relay such as 1:2'
    surfaces: ClassVar[str] = ""  # which units have keys: 'panel, the touch panel'
    keys: ClassVar[int] = 0  # that each of its surfaces has; 0: any number, or known only once it is there
    adopted: ClassVar[bool] = False  # its units are decks that come by themselves: nothing is theirs until adopted
    Settings: ClassVar[type[Settings]] = Settings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        self.settings = settings if settings is not None else self.Settings()
        self.host = host
        self.scheme = scheme
        self.now = 0.0

    def opening(self) -> Opening:
        """How to open the main link: log-in, path, line settings."""
        return Opening()

    def side_links(self) -> Mapping[str, str]:
        """Further links by name, as URLs (`udp://host:30007`, `listen+udp://:4352`); they never decide online."""
        return {}

    def patience(self, command: Command) -> float:
        """Seconds from the wire until the proof of `command` is overdue."""
        return command.patience

    def answers(self, data: Any, tag: Hashable) -> bool:
        """Whether `data`, which may end a turn as far as the cutter can tell, answers what was sent with `tag`. Where a
        device also tells of others' doing in the words of its answers, only the driver can tell them apart."""
        return True

    def quiet(self, data: Any) -> bool:
        """Whether this message only says that somebody is there (a ping), again and again: it is answered by `Later`
        and `Send(reply=False)` alone and changes nothing. The tape shows the first, and then counts them."""
        return False

    def shows(self, command: Command, points: Mapping[str, Any]) -> bool:
        """Whether a unit's points show `command` done; override where the device rounds or rescales."""
        return shows(command, points)

    def valid_unit(self, unit: str) -> bool:
        """Whether a profile may name this unit."""
        return unit == ""

    def may_take(self, unit: str) -> frozenset[type[Command]] | None:
        """All that a unit may come to offer, known before the device was asked; None: nobody knows."""
        return self.takes

    def is_surface(self, unit: str) -> bool:
        """Whether this unit has keys: it presses, takes `ShowKey` (and `LayOut`), and plays no part."""
        return False

    @classmethod
    def lines(cls) -> Iterable[str]:
        """Every command this driver can send, one a line, for `roomgate drivers NAME --commands`."""
        return ()

    def opened(self) -> Actions:
        """The link is up: log in, subscribe, ask the first questions."""
        return ()

    def command(self, request: Request) -> Actions:
        """Someone wants something of this device."""
        yield Refused(request, "this device cannot do that")

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        """The device spoke; `tag` is that of the Send it answers, where the link or the cutter can tell."""
        return ()

    def failed(self, tag: Hashable, reason: str) -> Actions:
        """An exchange was silent or broke. Positional replies cannot be trusted after that, so: drop the link."""
        yield Drop(Reason.NO_RESPONSE, reason)

    def due(self, name: str) -> Actions:
        """A timer that this driver set has come."""
        return ()

    def closing(self) -> Actions:
        """We are leaving: last words, two seconds at most."""
        return ()


def shows(command: Command, points: Mapping[str, Any]) -> bool:
    """Whether `points` hold every value that `command` says would show it."""
    wanted = command.shown()
    if not wanted:
        return False
    for name, value in wanted.items():
        held = points.get(name)
        if held is None or (held not in value if isinstance(value, frozenset) else held != value):
            return False
    return True


def speaks_of(told: Feedback, request: Request) -> bool:
    """Whether `told` is about what `request` asks for, and says nothing else than it where it is a choice or a switch:
    levels are rounded by devices."""
    wanted = request.command.shown()
    named = [name for name in wanted if name in told.points]
    if told.unit != request.unit or not named:
        return False
    return all(told.points[name] == wanted[name] for name in named if isinstance(wanted[name], bool | str))


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """The values of a device's secret settings, for masking; empty ones left out."""
    values = (getattr(settings, f.name) for f in dataclasses.fields(settings) if f.metadata.get("secret"))
    return tuple(str(value) for value in values if value)


class Register(Protocol):
    """What `register_drivers` is given: call it with each Driver class."""

    def __call__(self, driver: type[Driver]) -> None: ...


class Hooks:
    """The plug-in hooks of RoomGate (pluggy, project name `roomgate`)."""

    @hookspec
    def register_drivers(self, register: Register) -> None:
        """Call `register(DriverClass)` for each driver this plug-in brings."""

    @hookspec
    def register_calendars(self, register: Callable[[type], None]) -> None:
        """Call `register(AccountClass)` for each kind of calendar this plug-in brings (`gateway.calendars`)."""
