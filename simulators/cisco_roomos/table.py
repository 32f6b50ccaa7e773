"""The one table of xCommands, their parameters and ranges, and what can be wrong with a request.

Each family of commands adds its rows with `@command`; the checks are made here, from the row alone. What may not
live here: any one command's effect, or the way an error looks on a transport.
Ranges and names: Cisco's published xAPI schemas 9.15.17.4 and 26.4.1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulators.cisco_roomos.tree import Steps, Text, Tree, address

if TYPE_CHECKING:
    from simulators.cisco_roomos.codec import Codec

Given = Mapping[str, Any]
Action = Callable[["Codec", Given], Tree | None]

ANYONE = frozenset({"Admin", "Integrator", "RoomControl", "User"})


class Refused(Exception):
    """A request that the device does not carry out."""


class ParameterError(Refused):
    """A parameter is missing, unknown or out of its range."""


class UnknownCommand(Refused):
    """No command has this path."""

    def __init__(self, path: str) -> None:
        super().__init__("Unknown command")
        self.xpath = "/" + "/".join(path.split())


class NoMatch(Refused):
    """Nothing in the device's documents has this address."""

    def __init__(self, steps: Steps) -> None:
        super().__init__("No match on address expression.")
        self.root = str(steps[0])
        self.xpath = address(steps)


class IllegalValue(Refused):
    """A configuration does not take this value."""


class PermissionDenied(Refused):
    """The user's role may not do this."""


class TooManySubscribers(Refused):
    """All feedback registrations of the device are in use."""


class CommandError(Refused):
    """The command was understood and failed; `key` is where the shell puts the words: `Reason` or `Error`."""

    def __init__(self, words: str, *, key: str = "Reason", **data: Any) -> None:
        super().__init__(words)
        self.key, self.data = key, data


@dataclass(frozen=True)
class Int:
    """A whole number in a range, both ends included."""

    lowest: int
    highest: int

    def read(self, value: Any) -> int:
        number = int(value)
        if isinstance(value, bool | float) or not self.lowest <= number <= self.highest:
            raise ValueError
        return number


class Word:
    """One of a fixed set of words, in any case; JSON's true and false stand for True and False."""

    def __init__(self, *choices: str) -> None:
        self.choices = {choice.casefold(): choice for choice in choices}

    def read(self, value: Any) -> str:
        try:
            return self.choices[str(value).casefold()]
        except KeyError:
            raise ValueError from None


@dataclass(frozen=True)
class String:
    """Free text of a length in a range."""

    shortest: int
    longest: int

    def read(self, value: Any) -> Text:
        if not isinstance(value, str | int) or not self.shortest <= len(str(value)) <= self.longest:
            raise ValueError
        return Text(value)


Space = Int | Word | String


@dataclass(frozen=True)
class Needed:
    """A parameter that must be given."""

    space: Space


@dataclass(frozen=True)
class Many:
    """A parameter that may be given more than once; the command gets a list."""

    space: Space


@dataclass(frozen=True)
class Command:
    """One row of the table."""

    path: str
    action: Action
    parameters: Mapping[str, Space | Needed | Many]
    body: bool
    roles: frozenset[str]
    since: tuple[int, int] = (0, 0)  # the first software version that has it

    @property
    def result(self) -> str:
        """The name of its answer: the last two words of the path and `Result`, `DialResult` for a single word."""
        return "".join(self.path.split()[-2:]) + "Result"

    def read(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters as the action takes them; ParameterError where they do not fit the row."""
        known = {name.casefold(): name for name in self.parameters}
        values: dict[str, Any] = {}
        for key, value in given.items():
            name = known.get(key.casefold())
            if name is None or name in values:
                raise ParameterError("Invalid or missing parameters")
            values[name] = self._value(self.parameters[name], value)
        if any(isinstance(kind, Needed) and name not in values for name, kind in self.parameters.items()):
            raise ParameterError("Invalid or missing parameters")
        return values

    @staticmethod
    def _value(kind: Space | Needed | Many, value: Any) -> Any:
        several = value if isinstance(value, list) else [value]
        try:
            if isinstance(kind, Many):
                return [kind.space.read(one) for one in several]
            (one,) = several
            return (kind.space if isinstance(kind, Needed) else kind).read(one)
        except (ValueError, TypeError):
            raise ParameterError("Invalid or missing parameters") from None


COMMANDS: dict[str, Command] = {}


def command(
    path: str,
    *,
    body: bool = False,
    roles: frozenset[str] = ANYONE,
    since: tuple[int, int] = (0, 0),
    **parameters: Space | Needed | Many,
) -> Callable[[Action], Action]:
    """Add a row: the path, its parameters (bare = optional), whether a body follows, which roles may, since when."""

    def add(action: Action) -> Action:
        COMMANDS[path.casefold()] = Command(path, action, parameters, body, roles, since)
        return action

    return add


def find(path: str) -> Command:
    """The row of a path written with blanks, in any case."""
    try:
        return COMMANDS[" ".join(path.split()).casefold()]
    except KeyError:
        raise UnknownCommand(path) from None


OnOff = Word("On", "Off")


@dataclass(frozen=True)
class Setting:
    """One xConfiguration: its value space, what it is from the factory, and the field it is kept in, if any."""

    space: Space
    default: int | str
    field: str = ""


CONFIGURATION: dict[str, Setting] = {
    "Audio DefaultVolume": Setting(Int(0, 100), 50),
    "Audio Microphones Mute Enabled": Setting(Word("True", "InCallOnly"), "True"),
    "Conference AutoAnswer Delay": Setting(Int(0, 50), 0),
    "Conference AutoAnswer Mode": Setting(OnOff, "Off"),
    "Conference AutoAnswer Mute": Setting(OnOff, "Off"),
    "Conference DefaultCall Protocol": Setting(Word("Auto", "H320", "H323", "Sip", "Spark"), "Sip"),
    "NetworkServices HTTP Mode": Setting(Word("Off", "HTTP+HTTPS", "HTTPS"), "HTTP+HTTPS"),
    "NetworkServices Websocket": Setting(Word("FollowHTTPService", "Off"), "FollowHTTPService"),
    "Standby Control": Setting(OnOff, "On"),
    "Standby Delay": Setting(Int(1, 480), 10),
    "SystemUnit Name": Setting(String(0, 50), "", field="system_name"),
    "Video Input Connector[1] CameraControl CameraId": Setting(Int(1, 7), 1),
    "Video Input Connector[1] InputSourceType": Setting(Word("camera", "PC"), "camera"),
    "Video Input Connector[1] Name": Setting(String(0, 50), "Camera"),
    "Video Input Connector[2] CameraControl CameraId": Setting(Int(1, 7), 1),
    "Video Input Connector[2] InputSourceType": Setting(Word("camera", "PC"), "PC"),
    "Video Input Connector[2] Name": Setting(String(0, 50), "PC"),
}
