"""What a key shows, as a small expression over points: `volume.muted`, `room.power == "on" and not mics.mic_muted`.

Comparisons, `and`, `or`, `not` and parentheses, and no more: nothing of it is ever run as code. A value that is not
known makes what depends on it unknown, never false. What may not live here: which points a room has (`layout.py`).
Pure.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.complaint import did_you_mean
from gateway.model import Point, Reading

LONGEST, DEEPEST = 500, 20
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>-?\d+(?:\.\d+)?)|(?P<text>"[^"]*"|'[^']*')"""
    r"""|(?P<name>[a-z][a-z0-9_-]*(?:\.[a-z0-9][a-z0-9_-]*)*)|(?P<sign>==|!=|<=|>=|<|>|\(|\)))"""
)
_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
COMPARISONS = ("==", "!=", *_ORDER)

Look = Callable[[str, str], Reading]


@dataclass(frozen=True)
class Known:
    """What an expression comes to: the value (None = unknown), and whether anything in it is from before."""

    value: Any = None
    stale: bool = False


@dataclass(frozen=True)
class Constant:
    """A number, a text, true or false."""

    value: Any


@dataclass(frozen=True)
class Name:
    """One point of a part, or of the room (`room`)."""

    part: str
    point: str


@dataclass(frozen=True)
class Compare:
    """Two values and a sign between them."""

    sign: str
    left: Constant | Name
    right: Constant | Name


@dataclass(frozen=True)
class Logic:
    """`not` of one, `and` or `or` of several."""

    word: str
    of: tuple[Tree, ...]


Tree = Constant | Name | Compare | Logic


@dataclass(frozen=True)
class Expression:
    """A parsed expression, and the points that it speaks of."""

    text: str
    tree: Tree
    type: type

    @property
    def names(self) -> frozenset[tuple[str, str]]:
        """Every (part, point) in it."""
        return frozenset(_names(self.tree))

    def value(self, look: Look) -> Known:
        """What it comes to, as the points are now."""
        return _value(self.tree, look)


def parse(text: str, points: Mapping[str, Mapping[str, Point]]) -> Expression:
    """The expression; `points` by part, `room` among them. Raises ValueError in words, with what was probably meant."""
    if len(text) > LONGEST:
        raise ValueError(f"it is longer than {LONGEST} characters")
    reader = _Reader(text, points)
    tree = reader.any_of(0)
    reader.over()
    return Expression(text, tree, reader.type_of(tree))


class _Reader:
    """Reads the tokens from left to right: or, and, not, comparison, and what stands in parentheses."""

    def __init__(self, text: str, points: Mapping[str, Mapping[str, Point]]) -> None:
        self.points = points
        self.tokens = list(_cut(text))
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise ValueError("it ends too early")
        self.at += 1
        return self.tokens[self.at - 1]

    def over(self) -> None:
        if self.at < len(self.tokens):
            raise ValueError(f"{self.peek()!r} is one too many")

    def any_of(self, depth: int) -> Tree:
        return self._several("or", self.all_of, depth)

    def all_of(self, depth: int) -> Tree:
        return self._several("and", self.negated, depth)

    def _several(self, word: str, below: Callable[[int], Tree], depth: int) -> Tree:
        of = [below(depth)]
        while self.peek() == word:
            self.take()
            of.append(below(depth))
        return of[0] if len(of) == 1 else self._logic(word, of)

    def _logic(self, word: str, of: list[Tree]) -> Logic:
        for tree in of:
            if self.type_of(tree) is not bool:
                raise ValueError(f"{word!r} is for what is true or false, not for {_shown(tree)}")
        return Logic(word, tuple(of))

    def negated(self, depth: int) -> Tree:
        if depth > DEEPEST:
            raise ValueError("it is too deep")
        if self.peek() == "not":
            self.take()
            return self._logic("not", [self.negated(depth + 1)])
        if self.peek() == "(":
            self.take()
            tree = self.any_of(depth + 1)
            if self.take()[1] != ")":
                raise ValueError("a ')' is missing")
            return tree
        return self.comparison()

    def comparison(self) -> Tree:
        left = self.atom()
        if self.peek() not in COMPARISONS:
            return left
        sign = self.take()[1]
        right = self.atom()
        self._comparable(sign, left, right)
        return Compare(sign, left, right)

    def atom(self) -> Constant | Name:
        kind, word = self.take()
        if kind == "number":
            return Constant(float(word) if "." in word else int(word))
        if kind == "text":
            return Constant(word[1:-1])
        if word in ("true", "false"):
            return Constant(word == "true")
        if kind == "name" and word not in ("and", "or", "not"):
            return self.name(word)
        raise ValueError(f"found {word!r} where a point or a value is expected")

    def name(self, word: str) -> Name:
        part, _, point = word.rpartition(".")
        if part in self.points and point in self.points[part]:
            return Name(part, point)
        known = [f"{held}.{name}" for held, names in self.points.items() for name in names]
        if part in self.points:
            known = [f"{part}.{name}" for name in self.points[part]]
        raise ValueError(f"no point {word!r}; {did_you_mean(word, known)}")

    def type_of(self, tree: Tree) -> type:
        if isinstance(tree, Name):
            return self.points[tree.part][tree.point].type
        return type(tree.value) if isinstance(tree, Constant) else bool

    def _comparable(self, sign: str, left: Constant | Name, right: Constant | Name) -> None:
        one, two = (_sort(self.type_of(side)) for side in (left, right))
        if one != two:
            raise ValueError(f"{_shown(left)} is {one}, and {_shown(right)} is {two}")
        if sign in _ORDER and one != "a number":
            raise ValueError(f"{sign!r} is for numbers, not for {_shown(left)}")
        for name, constant in ((left, right), (right, left)):
            if isinstance(name, Name) and isinstance(constant, Constant):
                choices = self.points[name.part][name.point].choices
                if choices and constant.value not in choices:
                    words = did_you_mean(str(constant.value), choices)
                    raise ValueError(f"{_shown(name)} is never {constant.value!r}; {words}")


def _cut(text: str) -> Iterator[tuple[str, str]]:
    place, text = 0, text.rstrip()
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None or found.lastgroup is None:
            raise ValueError(f"{text[place:].strip()[:20]!r} is not understood")
        yield found.lastgroup, found[found.lastgroup]
        place = found.end()


def _sort(held: type) -> str:
    return {bool: "true or false", int: "a number", float: "a number", str: "a text"}.get(held, "a list")


def _shown(tree: Tree) -> str:
    if isinstance(tree, Name):
        return f"{tree.part}.{tree.point}"
    return repr(tree.value) if isinstance(tree, Constant) else "that"


def _names(tree: Tree) -> Iterator[tuple[str, str]]:
    match tree:
        case Name(part, point):
            yield part, point
        case Compare(_, left, right):
            yield from _names(left)
            yield from _names(right)
        case Logic(_, of):
            for below in of:
                yield from _names(below)


def _value(tree: Tree, look: Look) -> Known:
    match tree:
        case Constant(value):
            return Known(value)
        case Name(part, point):
            reading = look(part, point)
            return Known(reading.value, reading.stale and reading.value is not None)
        case Compare(sign, left, right):
            one, two = _value(left, look), _value(right, look)
            stale = one.stale or two.stale
            if one.value is None or two.value is None:
                return Known(None, stale)
            if sign in _ORDER:
                return Known(_ORDER[sign](one.value, two.value), stale)
            return Known((one.value == two.value) is (sign == "=="), stale)
        case Logic(word, of):
            return _logic(word, [_value(below, look) for below in of])
    raise TypeError(f"no expression: {tree!r}")


def _logic(word: str, of: list[Known]) -> Known:
    """What decides alone decides; else one unknown makes all unknown."""
    stale = any(known.stale for known in of)
    values = [known.value for known in of]
    if word == "not":
        return Known(None if values[0] is None else not values[0], stale)
    deciding = word == "or"
    if deciding in values:
        return Known(deciding, stale)
    return Known(None if None in values else not deciding, stale)
