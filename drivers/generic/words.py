"""The words of a device as a profile gives them: what to send for a command, and which pattern tells which point.

Deliberately small: a template, a pattern, a table of values, a range. No loops, no conditions, no memory: whoever needs
more writes a driver. What may not live here: anything that is sent or received (`worded.py`, `line.py`, `http.py`).
"""

from __future__ import annotations

import dataclasses
import json
import re
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.commands import COMMANDS, Command, Rows, secret_fields
from gateway.driver import Action, Done, Feedback, Request, Settings, setting
from gateway.model import KINDS, POINTS

HOLE = re.compile(r"\{(\w+)\}")
VERBS = frozenset(verb for kind in KINDS.values() for verb in kind.verbs)
TRUE, FALSE = ("on", "true", "yes", "closed", "1"), ("off", "false", "no", "open", "0")
PATH = "$."  # a pattern that begins so is a path into a JSON answer
PLAYS = frozenset(name for name, kind in KINDS.items() if kind.verbs or name in ("sensor", "signal", "occupancy"))
LONGEST = 4096  # characters of an answer that a pattern is tried on
RANGED = {"level": "volume", "percent": "position"}  # argument -> the point whose range it has


def read_range(value: Any) -> tuple[float, float] | None:
    """`[lowest, highest]` of the device; None where it is neither."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None
    low, high = value
    numbers = all(isinstance(end, int | float) and not isinstance(end, bool) for end in value)
    return (float(low), float(high)) if numbers and low != high else None


@dataclass(frozen=True)
class WordSettings(Settings):
    """What a profile says of a device without a driver of its own."""

    send: Mapping[str, Any] = setting(
        {}, 'what to send for a command: `"power on" = "PWR ON"`, `volume = "VOL {level}"`'
    )
    points: Mapping[str, Any] = setting(
        {}, "point -> the pattern that tells it, its first group the value; or $.path.into.json"
    )
    values: Mapping[str, Any] = setting({}, "point -> a table from the device's words to ours")
    range: Mapping[str, Any] = setting({}, "point -> [lowest, highest] of the device, for 0 to 100")
    units: tuple[str, ...] = setting(
        (), "units, where there are several: `{unit}` in what is sent, (?P<unit>...) in patterns"
    )
    ask: tuple[str, ...] = setting((), "what to send to learn the state, at the start and every `poll` seconds")
    poll: float = setting(30.0, "seconds between looks; 0 = only at the start")
    refused: str = setting("", "the pattern of an answer that is a no")
    password: str = setting("", "a secret that stands as {password} in what is sent; never shown", secret=True)

    def __post_init__(self) -> None:
        for key, words in self.send.items():
            _check_send(key, words)
        for table in (self.points, self.values, self.range):
            for name in table:
                if name not in POINTS:
                    raise ValueError(f"there is no point {name!r}")
        for name, pattern in (*self.points.items(), ("refused", self.refused or ".")):
            _check_pattern(name, pattern)
        for name, held in self.range.items():
            if read_range(held) is None:
                raise ValueError(f"range.{name} is two different numbers, [lowest, highest]")
        for name, table in self.values.items():
            if not isinstance(table, Mapping) or not table:
                raise ValueError(f"values.{name} is a table from the device's words to ours")
            for ours in table.values():
                if (value := _plain(name, str(ours))) is None or POINTS[name].complaint(value):
                    raise ValueError(f"values.{name}: {ours!r} is no value of {name}")
        if self.poll < 0 or 0 < self.poll < 0.2:
            raise ValueError("poll is 0, or at least 0.2 seconds")


def _check_send(key: str, words: Any) -> None:
    verb, _, argument = key.partition(" ")
    command = COMMANDS.get(verb)
    if command is None or verb not in VERBS or issubclass(command, Rows):
        raise ValueError(f"send: {verb!r} is no command of a part; `power`, `volume`, `input`, `move`, `stop`... are")
    if not isinstance(words, str) or not words:
        raise ValueError(f"send.{key!r} is a text")
    fields = [field.name for field in dataclasses.fields(command)]
    for hole in HOLE.findall(words):
        if hole not in ("unit", "password", *fields):
            raise ValueError(f"send.{key!r}: {verb} has no {{{hole}}}; it has {', '.join(fields) or 'nothing'}")
    if argument and not fields:
        raise ValueError(f"send.{key!r}: {verb} takes nothing more")
    if argument and fields and _argument(command, argument) is None:
        raise ValueError(f"send.{key!r}: {argument!r} is no {fields[0]} of {verb}")
    needs = [field.name for field in dataclasses.fields(command) if field.default is dataclasses.MISSING]
    if not argument and needs and needs[0] not in HOLE.findall(words):
        raise ValueError(f'send.{key!r}: say which ("{verb} ..."), or put {{{needs[0]}}} into the text')


def _check_pattern(name: str, pattern: Any) -> None:
    if not isinstance(pattern, str):
        raise ValueError(f"{name}: a pattern is a text")
    if pattern.startswith(PATH):
        return
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{name}: {pattern!r} is no pattern: {error}") from None


def _argument(command: type[Command], text: str) -> Command | None:
    """The command whose first argument is `text`; None where there is none such."""
    first = dataclasses.fields(command)[0]
    kind = str(first.type)
    value: Any = text
    if kind == "bool":
        value = True if text in TRUE else False if text in FALSE else None
    elif kind == "int":
        value = int(text) if re.fullmatch(r"-?[0-9]+", text) else None
    try:
        return None if value is None else command(**{first.name: value})
    except (TypeError, ValueError):
        return None


def _plain(point: str, text: str) -> Any:
    """A device's word as this point's type; None where it is none."""
    kind = POINTS[point].type
    word = text.strip()
    if kind is bool:
        return True if word.lower() in TRUE else False if word.lower() in FALSE else None
    if kind in (int, float):
        try:
            return float(word)
        except ValueError:
            return None
    return word if kind is str else None


class Language:
    """One device's words, ready for use."""

    def __init__(self, settings: WordSettings) -> None:
        self.settings = settings
        self.units = settings.units or ("",)
        self.rules: dict[Command | str, str] = {}
        self.choices: dict[str, dict[str, str]] = {}
        self.commands: set[type[Command]] = set()
        for key, words in settings.send.items():
            verb, _, argument = key.partition(" ")
            fixed = _argument(COMMANDS[verb], argument) if argument else None
            self.rules[fixed if fixed is not None else verb] = words
            self.commands.add(COMMANDS[verb])
            if fixed is not None and str(dataclasses.fields(fixed)[0].type) == "str":
                self.choices.setdefault(dataclasses.fields(fixed)[0].name, {})[argument] = argument
        paths = {name: path for name, path in settings.points.items() if path.startswith(PATH)}
        self.paths = {name: path.removeprefix(PATH) for name, path in paths.items()}
        self.patterns = {name: re.compile(held) for name, held in settings.points.items() if name not in paths}
        self.ranges = {name: end for name, held in settings.range.items() if (end := read_range(held))}

    def say(self, command: Command, unit: str, *, quote: bool = False) -> tuple[str, tuple[str, ...]] | None:
        """What to send for a command, and what of it is secret; None where the profile has no words for it. `quote`:
        what fills a hole is quoted for a path, or for a JSON body."""
        words = self.rules.get(command) or self.rules.get(command.verb)
        if words is None:
            return None
        held = {"unit": unit, "password": self.settings.password}
        for field in dataclasses.fields(command):
            held[field.name] = self._said(field.name, getattr(command, field.name))
        body = words.find(" ", words.find("/")) if quote else -1  # where a request's body begins
        if quote:
            held_in_path = {name: urllib.parse.quote(value, safe="") for name, value in held.items()}
            held_in_body = {name: json.dumps(value)[1:-1] for name, value in held.items()}
        else:
            held_in_path = held_in_body = held

        def fill(hole: re.Match[str]) -> str:
            return (held_in_body if 0 <= body < hole.start() else held_in_path)[hole[1]]

        names = (*secret_fields(type(command)), "password")
        secret = {table[name] for table in (held, held_in_path, held_in_body) for name in names}
        return HOLE.sub(fill, words), tuple(sorted(filter(None, secret)))

    def offers(self, unit: str) -> frozenset[type[Command]]:
        """What can be asked of a unit. Beside named units, "" is the device itself: its words do not name one."""
        if len(self.units) == 1 or "" not in self.units:
            return frozenset(self.commands)
        return frozenset(
            COMMANDS[rule if isinstance(rule, str) else rule.verb]
            for rule, words in self.rules.items()
            if ("{unit}" in words) == bool(unit)
        )

    def ask(self, words: str, unit: str) -> str:
        """A question as it is sent."""
        held = {"unit": unit, "password": self.settings.password}
        return HOLE.sub(lambda hole: held.get(hole[1], hole[0]), words)

    def named(self, words: str) -> tuple[str, ...]:
        """The units that a question is asked for."""
        return tuple(filter(None, self.units)) or ("",) if "{unit}" in words else ("",)

    def _said(self, name: str, value: Any) -> str:
        if isinstance(value, bool):
            return "1" if value else "0"
        ends = self.ranges.get(RANGED.get(name, name))
        if ends and isinstance(value, int):
            return str(round(ends[0] + (ends[1] - ends[0]) * value / 100))
        return str(value)

    def hear(self, text: str) -> Iterator[Feedback]:
        """The points that an answer, or a line that came unasked, tells."""
        found: dict[str, dict[str, Any]] = {}
        for name, unit, word in self._in_json(text) if self.paths else ():
            if (value := self.value(name, word)) is not None:
                found.setdefault(unit, {})[name] = value
        for name, pattern in self.patterns.items():
            for match in pattern.finditer(text[:LONGEST]):
                groups = match.groupdict()
                unit = groups.get("unit") or ""
                word = groups.get("value") or (match[1] if match.re.groups and match[1] else match[0])
                value = self.value(name, word)
                if unit in self.units and value is not None:
                    found.setdefault(unit, {})[name] = value
        for unit, points in found.items():
            yield Feedback(unit, **points)

    def _in_json(self, text: str) -> Iterator[tuple[str, str, str]]:
        """Point, unit and word of every path that leads somewhere."""
        try:
            tree = json.loads(text)
        except (ValueError, RecursionError):
            return
        for name, path in self.paths.items():
            for unit in self.units if "{unit}" in path else ("",):
                if (word := at(tree, path.replace("{unit}", unit))) is not None and unit in self.units:
                    yield name, unit, word

    def tells(self, name: str) -> bool:
        """Whether any pattern tells this point."""
        return name in self.settings.points

    def value(self, name: str, word: str) -> Any:
        """A device's word as this point's value; None where it is none."""
        table = self.settings.values.get(name)
        if table is not None:
            ours = table.get(word.strip())
            return None if ours is None else _number(name, _plain(name, str(ours)))
        value = _plain(name, word)
        ends = self.ranges.get(name)
        if ends and isinstance(value, float):
            value = round(100 * (value - ends[0]) / (ends[1] - ends[0]))
        value = _number(name, value)
        return None if value is None or POINTS[name].complaint(value) else value

    def same(self, command: Command, points: Mapping[str, Any]) -> bool | None:
        """Whether a ranged value is as near to the wanted one as the device can come; None where nothing is ranged."""
        wanted = {name: value for name, value in command.shown().items() if name in self.ranges}
        if not wanted or len(wanted) != len(command.shown()):
            return None
        step = {name: 100 / abs(self.ranges[name][1] - self.ranges[name][0]) for name in wanted}
        held = {name: points.get(name) for name in wanted}
        return all(held[name] is not None and abs(held[name] - wanted[name]) <= step[name] / 2 + 0.5 for name in wanted)

    def believe(self, request: Request) -> Iterator[Action]:
        """What an acknowledged command makes of points that no pattern ever tells: believed, not known."""
        unseen = self.unseen(request.command)
        if unseen:
            yield Feedback(request.unit, assumed=True, **unseen)
        elif request.command.proof == "driver" and not self.tells_of(request.command):
            believed = {name: None for name in request.command.touches if name in POINTS}
            yield Feedback(request.unit, assumed=True, **believed)
            yield Done(request)

    def tells_of(self, command: Command) -> bool:
        """Whether anything that this command touches is ever told."""
        return any(self.tells(name) for name in command.touches)

    def unseen(self, command: Command) -> dict[str, Any]:
        """The points of a command that no pattern ever tells, with the values that they are believed to have now."""
        shown = {name: value for name, value in command.shown().items() if not self.tells(name)}
        return {name: _believed(name, value) for name, value in shown.items()}


def _number(name: str, value: Any) -> Any:
    return round(value) if POINTS[name].type is int and isinstance(value, float) else value


def _believed(name: str, value: Any) -> Any:
    """One of several values that would show it: the plainest."""
    if isinstance(value, frozenset):
        return "off" if "off" in value else sorted(value)[0]
    return value


def at(tree: Any, path: str) -> str | None:
    """What stands at `audio.level` or `inputs.0.name` in JSON, as text; None where nothing does."""
    for step in path.split("."):
        if isinstance(tree, Mapping):
            tree = tree.get(step)
        elif isinstance(tree, list) and step.isdigit() and int(step) < len(tree):
            tree = tree[int(step)]
        else:
            return None
    if isinstance(tree, bool):
        return "true" if tree else "false"
    if tree is None or isinstance(tree, Mapping | list):
        return None
    return tree if isinstance(tree, str) else json.dumps(tree)
