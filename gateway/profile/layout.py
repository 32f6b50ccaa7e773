"""The layout of a surface: pages of keys, what each does and shows; read from `[surfaces.NAME]`, or complained of.

One layout serves every surface: a deck, a codec's touch panel, a page in a browser. What may not live here: the
ready-made layouts (`readymade.py`), what a key looks like now (`surface.py`), pressing (`surfacehost.py`).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from gateway.commands import COMMANDS, Command, StepVolume
from gateway.complaint import Table, did_you_mean, shown
from gateway.model import POINTS, Point
from gateway.profile.expression import Expression, parse
from gateway.profile.icons import ICONS
from gateway.profile.steps import Known, Step, read_step

if TYPE_CHECKING:
    from gateway.spec import Target

KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}\Z")
TONES = ("plain", "good", "warn", "danger")
# Verbs that bring something to a level, and the field that holds it: what a level key can set.
LEVELS: Mapping[str, str] = {"volume": "level", "level": "level", "position": "percent", "tilt": "percent"}
CALL_STATES = ("idle", "ringing", "dialling", "connecting", "connected", "on hold")
# What expressions know beside the points of the kinds.
OWN: Mapping[str, Point] = {name: POINTS[name] for name in ("power", "source", "next_meeting", "joinable")}
ONLINE = Point("online", bool, "The part's device is there.")
OF_CALLS: Mapping[str, Point] = {
    "state": Point("state", str, "The call that matters most.", CALL_STATES),
    "with": Point("with", str, "The name or address of its far end."),
    "count": Point("count", int, "How many calls there are.", lowest=0),
}


@dataclass(frozen=True)
class Turn:
    """Show another page."""

    page: str


Deed = Step | Turn


@dataclass(frozen=True)
class Slide:
    """What a level key sets: the verb, its field, and the part."""

    verb: str
    part: str

    def command(self, level: int) -> Command:
        """The command for a level in percent."""
        return COMMANDS[self.verb](**{LEVELS[self.verb]: level})


@dataclass(frozen=True)
class KeySpec:
    """One key. press, long, release: what happens when; repeat: again and again while it is held."""

    id: str
    label: str
    icon: str = ""
    press: tuple[Deed, ...] = ()
    long: tuple[Deed, ...] = ()
    release: tuple[Deed, ...] = ()
    repeat: bool = False
    slide: Slide | None = None
    shows: Expression | None = None
    enabled: Expression | None = None
    label_on: str = ""
    icon_on: str = ""
    tone: Literal["plain", "good", "warn", "danger"] = "plain"

    @property
    def kind(self) -> Literal["button", "level", "text"]:
        """What a surface that draws its own must make room for."""
        return "level" if self.slide else "button" if self.press or self.long or self.release else "text"

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every command that it can give."""
        return tuple(deed for deed in (*self.press, *self.long, *self.release) if isinstance(deed, Step))

    @property
    def names(self) -> frozenset[tuple[str, str]]:
        """Every (part, point) that its face depends on."""
        told = [held.names for held in (self.shows, self.enabled) if held is not None]
        return frozenset().union(*told)


@dataclass(frozen=True)
class PageSpec:
    """A page of keys, in their places."""

    id: str
    label: str
    keys: tuple[KeySpec, ...]
    icon: str = ""


@dataclass(frozen=True)
class SurfaceSpec:
    """A surface of a room: where it is (None: only in browsers), and its pages; the first is shown first."""

    name: str
    label: str
    target: Target | None
    pages: tuple[PageSpec, ...]
    keys: int = 0  # how many it has; 0 = any number

    def key(self, identity: str) -> KeySpec | None:
        """One of its keys."""
        return next((key for page in self.pages for key in page.keys if key.id == identity), None)


def points_of(known: Known) -> dict[str, dict[str, Point]]:
    """Every point that an expression may name, by part."""
    points = {"room": dict(OWN)}
    for part in known.parts.values():
        held = {name: POINTS[name] for name in part.kind.points if name != "calls"}
        points[part.id] = {**held, "online": ONLINE, **(OF_CALLS if part.kind.name == "calls" else {})}
    return points


def read_pages(above: Table, data: Mapping[str, Any], known: Known, taken: Iterable[str] = ()) -> list[PageSpec]:
    """`pages` of a surface. Keys' ids are unique over all of them; `taken`: pages that there are already."""
    reader = _Reader(known, {*data, *taken})
    outer = Table(above.file, f"{above.path}.pages", data, above.complaints)
    return [reader.page(name, outer.table(name)) for name in data]


class _Reader:
    """Reads one surface's pages."""

    def __init__(self, known: Known, pages: Collection[str]) -> None:
        self.known = known
        self.pages = pages
        self.points = points_of(known)
        self.ids: set[str] = set()

    def page(self, name: str, table: Table) -> PageSpec:
        label = table.take("label", str, name.replace("-", " ").title())
        icon = self.icon(table, "icon")
        listed = table.take("keys", list)
        keys = [self.key(name, table, number, entry) for number, entry in enumerate(listed or (), 1)]
        if not KEY.match(name):
            table.complain("", f"a page named {name!r}", "expected small letters, digits, - and _, 41 at most")
        table.finish()
        return PageSpec(name, label, tuple(key for key in keys if key is not None), icon)

    def key(self, page: str, above: Table, number: int, entry: Any) -> KeySpec | None:
        if not isinstance(entry, Mapping):
            above.complain(
                f"keys[{number}]", f"found {shown(entry)}", 'expected a table such as { label = "Help", ... }'
            )
            return None
        table = Table(above.file, f"{above.path}.keys[{number}]", entry, above.complaints)
        identity = table.take("key", str, f"{page}-{number}")
        if not KEY.match(identity):
            table.complain("key", f"found {identity!r}", "expected small letters, digits, - and _, 41 at most")
        elif identity in self.ids:
            table.complain("key", f"another key is {identity!r} already", "expected a name of its own")
        self.ids.add(identity)
        press, long, release = (self.deeds(table, what) for what in ("press", "long", "release"))
        slide = self.slide(table)
        spec = KeySpec(
            identity,
            table.take("label", str, ""),
            self.icon(table, "icon"),
            press,
            long,
            release or _stops(press),
            table.take("repeat", bool, False),
            slide,
            self.expression(table, "shows"),
            self.expression(table, "enabled"),
            table.take("label_on", str, ""),
            self.icon(table, "icon_on"),
            table.take("tone", str, "plain", choices=TONES),
        )
        self.possible(table, spec)
        table.finish()
        return spec

    def deeds(self, table: Table, what: str) -> tuple[Deed, ...]:
        held = table.data.get(what)
        table.taken.add(what)
        if held is None:
            return ()
        listed = held if isinstance(held, list) else [held]
        deeds: list[Deed] = []
        for number, entry in enumerate(listed, 1):
            key = f"{what}[{number}]" if isinstance(held, list) else what
            if isinstance(entry, Mapping) and "page" in entry:
                own = Table(table.file, f"{table.path}.{key}", entry, table.complaints)
                page = own.take("page", str, choices=self.pages)
                own.finish()
                if page is not None:
                    deeds.append(Turn(page))
                continue
            step = read_step(table, key, entry, self.known)
            if step is not None:
                deeds.append(step)
        return tuple(deeds)

    def slide(self, table: Table) -> Slide | None:
        held = table.data.get("level")
        table.taken.add("level")
        if held is None:
            return None
        if not isinstance(held, Mapping):
            table.complain("level", f"found {shown(held)}", 'expected a table such as { do = "volume" }')
            return None
        verb = held.get("do")
        if verb not in LEVELS:
            words = did_you_mean(str(verb), LEVELS) if verb else f"expected do, one of: {', '.join(LEVELS)}"
            table.complain("level", f"found {shown(verb)}" if verb else "do is missing", words)
            return None
        step = read_step(table, "level", {LEVELS[str(verb)]: 0, **held}, self.known)
        return Slide(str(verb), step.part) if step is not None else None

    def expression(self, table: Table, key: str) -> Expression | None:
        text = table.take(key, str, "")
        if not text:
            return None
        try:
            found = parse(text, self.points)
        except ValueError as error:
            if not self._of_broken(text):
                table.complain(key, f"found {shown(text)}", str(error))
            return None
        if key == "enabled" and found.type is not bool:
            table.complain(key, f"found {shown(text)}", "expected something that is true or false")
        return found

    def _of_broken(self, text: str) -> bool:
        """Whether it speaks of a part that could not be read: that was complained of where it stands."""
        broken = set(self.known.asked) - set(self.known.parts)
        return any(re.search(rf"(?<![\w.-]){re.escape(part)}\.", text) for part in broken)

    def icon(self, table: Table, key: str) -> str:
        found: str = table.take(key, str, "", choices=(*ICONS, ""))
        return found

    def possible(self, table: Table, key: KeySpec) -> None:
        """Complain of what no key can be."""
        if key.slide and (key.press or key.long or key.release):
            table.complain("level", "found beside press, long or release", "expected one or the other")
        if key.repeat and key.long:
            table.complain("repeat", "found beside long", "a key that repeats while held has no long press")
        if key.repeat and not any(isinstance(deed, Step) for deed in key.press):
            table.complain("repeat", "found without a command in press", "expected what is to be repeated")
        if key.kind == "text" and key.shows is None and not key.label and not table.data.keys() & set(_DOES):
            table.complain("", "does nothing and shows nothing", "expected label, press, level or shows")
        if not key.label and not key.icon and key.shows is None:
            table.complain("label", "missing, and so are icon and shows", "expected something to see")


_DOES = ("press", "long", "release", "level", "shows")


def _stops(press: tuple[Deed, ...]) -> tuple[Deed, ...]:
    """A camera that a press sends off is stopped by the release, whether or not the profile says so."""
    return tuple(
        Step(dataclasses.replace(deed.command, to="stop"), deed.part)  # type: ignore[call-arg]
        for deed in press
        if isinstance(deed, Step) and deed.command.verb == "aim" and getattr(deed.command, "to", "stop") != "stop"
    )


def faster(step: Step, tick: int) -> Step:
    """What a held key does at its `tick`: steps grow the longer it is held."""
    command = step.command
    if not isinstance(command, StepVolume):
        return step
    by = command.by * min(4, 1 + tick // 6)
    return Step(StepVolume(max(-100, min(100, by))), step.part)
