"""Binds a surface to its room: presses become commands, and what changes in the room is drawn at once, key by key.

It listens to the room like any client and to its device like the room does. Only changed keys are sent, each a command
that a newer face of the same key replaces and that everybody else's commands go before. What may not live here: what a
key looks like (`surface.py`), how it is drawn or said (drivers).
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gateway.clock import Clock
from gateway.commands import DrawKey, LayOut, Rest, ShowKey, StepVolume
from gateway.device import Device
from gateway.model import Event, Reading, Result
from gateway.profile.layout import Deed, KeySpec, PageSpec, SurfaceSpec, Turn, faster
from gateway.profile.steps import Step
from gateway.room import NothingPlays, Room
from gateway.roomverbs import PlannedKey, PlannedPage
from gateway.surfaces.holding import Holding
from gateway.surfaces.marks import Marks
from gateway.surfaces.painting import Painter, form_of, forms_of
from gateway.surfaces.roomview import Eyes, RoomState, index
from gateway.surfaces.surface import BLANK, Face, away, changed, faces
from gateway.ticket import Ticket

log = logging.getLogger("roomgate.surface")

TURN = 2  # percent for each notch of a dial
WORDS: Mapping[Result, str] = {
    Result.OFFLINE: "Offline",
    Result.REFUSED: "Refused",
    Result.UNCONFIRMED: "No answer",
}


class SurfaceHost:
    """One surface at work. `device` None: it is only in browsers, which press and watch by hand."""

    def __init__(
        self,
        room: Room,
        spec: SurfaceSpec,
        device: Device | None,
        clock: Clock,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        self.room = room
        self.spec = spec
        self.clock = clock
        self.device = device
        self.unit = spec.target.unit if spec.target else ""
        self.state = RoomState(room)
        self.page = spec.pages[0].id if spec.pages else ""
        self.faces: dict[str, Face] = {}  # as they are, of every key of every page
        self.watchers: list[Callable[[Mapping[str, Face]], None]] = []  # told of each difference
        self.turned: list[Callable[[str], None]] = []  # told of each page that is turned to
        self.problem = ""  # why the surface itself does not take what it is told
        self._marks = Marks(clock, lambda key: self.draw((self._keys[key],)))
        self._held: dict[str, Holding] = {}
        self.facts: Mapping[str, Any] = {}  # what the unit said of itself as it appeared
        self._painter: Painter | None = None  # of a deck that shows pictures
        self._asleep = False  # it was told that its room is off
        self._laid = False  # a surface that draws its own has room for the keys
        self._keys = {key.id: key for page in spec.pages for key in page.keys}
        self._about = index(self._keys.values())
        self._eyes = Eyes(self.refresh)
        room.mailboxes.add(self._eyes)
        self.faces = faces(self.state, self._keys.values(), self._marks.touched)
        if facts:
            self._meet(facts)
        if device is not None:
            device.listeners.append(self)

    def close(self) -> None:
        """The gateway is going: hands off."""
        self.let_go()
        self._marks.close()
        self.room.mailboxes.discard(self._eyes)
        if self._painter is not None:
            self._painter.close()
        if self.device is not None and self in self.device.listeners:
            self.device.listeners.remove(self)

    # ---- pages -----------------------------------------------------------------------------------------------

    @property
    def named(self) -> bool:
        """Whether the surface draws its own pages, all at once, and knows keys by their names."""
        offers = self.device.unit(self.unit).offers if self.device is not None else None
        return offers is not None and LayOut in offers

    def shown(self) -> PageSpec | None:
        """The page that is shown."""
        return next((page for page in self.spec.pages if page.id == self.page), None)

    def turn(self, page: str) -> None:
        """Show another page: what is held is let go."""
        if page == self.page:
            return
        before = len(shown.keys) if (shown := self.shown()) else 0
        self.let_go()
        self.page = page
        for told in list(self.turned):
            told(page)
        if self.device is not None and not self.named and (now := self.shown()):
            self._send({key.id: self.faces[key.id] for key in now.keys})
            for place in range(len(now.keys) + 1, before + 1):
                self._blank(str(place))

    # ---- faces -----------------------------------------------------------------------------------------------

    def refresh(self, part: str, point: str = "") -> None:
        """Something is new about a part, or one of its points: draw the keys that are about it."""
        if (part, point) == ("room", "power") and self.device is not None and self.device.online:
            self._doze()
        keys = self._about.get((part, point), ()) if point else self._about.get((part, ""), ())
        self.draw(keys)

    def draw(self, keys: Iterable[KeySpec]) -> None:
        """Make these keys' faces anew, and tell of those that are different."""
        news = changed(self.faces, faces(self.state, keys, self._marks.touched))
        if not news:
            return
        self.faces.update(news)
        for watcher in list(self.watchers):
            watcher(news)
        self._send(news)

    def _send(self, news: Mapping[str, Face]) -> None:
        if self.device is None or not self.device.online:
            return
        if self.named:
            if self._laid:
                for key, face in news.items():
                    if not _leads(self._keys[key]):
                        self._show(face.command(key))
            return
        page = self.shown()
        places = {key.id: number for number, key in enumerate(page.keys, 1)} if page else {}
        for key, face in news.items():
            if key in places:
                self._place(str(places[key]), face)

    def _place(self, place: str, face: Face) -> None:
        """A face on the key at this place: as a picture where the deck shows pictures."""
        if self._painter is not None and self._painter.form_at(place) is not None:
            self._painter.paint(place, face)
        else:
            self._show(face.command(place))

    def _meet(self, facts: Mapping[str, Any]) -> None:
        """What the unit said of itself as it appeared."""
        self.facts = facts
        if self._painter is not None:
            self._painter.close()
        form = form_of(facts)
        self._painter = Painter(form, self._show, forms=forms_of(facts)) if form is not None else None

    def clear(self) -> None:
        """Show nothing any more: the deck is somebody else's."""
        page = self.shown()
        for place in range(1, len(page.keys) + 1 if page is not None and not self.named else 1):
            self._blank(str(place))
        if self._asleep:
            self._show(Rest(False))

    def _blank(self, place: str) -> None:
        if self._painter is not None and self._painter.form_at(place) is not None:
            self._painter.blank(place)
        else:
            self._show(BLANK.command(place))

    def _doze(self) -> None:
        """Dark with its room, and bright with it."""
        if self._asleep != (asleep := self.room.own("power").value == "off"):
            self._asleep = asleep
            self._show(Rest(asleep))

    def _show(self, command: ShowKey | DrawKey | Rest) -> None:
        assert self.device is not None
        offers = self.device.unit(self.unit).offers
        if type(command) in offers if offers is not None else not isinstance(command, Rest):
            self.device.submit(command, self.unit, cause=f"surface:{self.spec.name}")

    def begin(self) -> None:
        """The surface is there (again): it is told everything."""
        self._laid = False
        if self.device is None or not self.device.online or self.device.unit(self.unit).offers is None:
            return
        self._asleep = False
        self._doze()
        if not self.named:
            page = self.shown()
            self._send({key.id: self.faces[key.id] for key in page.keys} if page else {})
            return
        plan = LayOut.of(
            PlannedPage(
                page.id,
                page.label,
                page.icon,
                tuple(
                    PlannedKey(key.id, key.label or key.id, key.icon, key.kind, key.label_on)
                    for key in page.keys
                    if not _leads(key)
                ),
            )
            for page in self.spec.pages
        )
        self.device.submit(plan, self.unit, cause=f"surface:{self.spec.name}").then(self._laid_out)

    def _laid_out(self, ticket: Ticket) -> None:
        assert ticket.outcome is not None
        outcome = ticket.outcome
        self._laid = outcome.good
        self.problem = "" if outcome.good else outcome.words or outcome.result.value
        if outcome.good:
            self._send(self.faces)
        elif outcome.result not in (Result.OFFLINE, Result.SUPERSEDED):
            log.warning("%s: the surface %s cannot be laid out: %s", self.room.id, self.spec.name, self.problem)

    # ---- what the device tells -------------------------------------------------------------------------------

    def changed(self, player: Any, unit: str, points: Mapping[str, Reading]) -> None:
        """A surface's own points show on no key."""

    def availability(self, player: Any) -> None:
        """It came, and is drawn; or it went, and nobody holds its keys any more."""
        if player.online:
            self.begin()
        else:
            self._laid = False
            self.let_go()

    def offered(self, player: Any, unit: str) -> None:
        """It can be drawn now."""
        if unit == self.unit and player.online:
            self.begin()

    def happened(self, player: Any, event: Event) -> None:
        """A press; or the unit itself came or went."""
        data = event.data
        if data.get("unit", "") != self.unit:
            return
        if event.kind == "press":
            self.press(str(data["key"]), str(data["edge"]), data.get("value"))
        elif event.kind == "appeared":
            self._meet({name: value for name, value in data.items() if name != "unit"})
            self.begin()
        elif event.kind == "gone":
            self.let_go()

    # ---- hands -----------------------------------------------------------------------------------------------

    def press(self, key: str, edge: str, value: Any = None) -> None:
        """Something was done to a key: `down`, `up`, `hold`, `turn` by `value`, or `set` to it. The key by its name,
        or by its place on the page that is shown, from 1."""
        spec = self._keys.get(key)
        if spec is None and key.isdecimal() and not self.named and (page := self.shown()):
            spec = page.keys[int(key) - 1] if 0 < int(key) <= len(page.keys) else None
        if spec is None:
            return
        match edge:
            case "down":
                self._down(spec)
            case "up":
                self._up(spec)
            case "hold":
                if spec.id in self._held:
                    self._held[spec.id].lengthen()
                else:
                    self._down(spec)
            case "turn":
                self._turned(spec, value)
            case "set":
                self._set(spec, value)

    def tap(self, key: str, cause: str) -> bool:
        """Somebody who is no device pressed a key and let it go; False where there is no such key."""
        page = self.shown()
        if key.isdecimal() and page is not None and 0 < int(key) <= len(page.keys):
            key = page.keys[int(key) - 1].id
        if key not in self._keys:
            return False
        told = {"device": "", "unit": "", "key": key, "edge": "tap", "value": None, "surface": self.spec.name}
        self.room.event("press", told, cause)
        self.press(key, "down")
        self.press(key, "up")
        return True

    def drop(self, key: str) -> None:
        """Whoever held this key has gone: it is let go, and that is no press."""
        if key in self._held:
            self._release(self._keys[key], pressed=False)

    def let_go(self) -> None:
        """Nobody holds any key any more: what repeats ends, what a release stops is stopped."""
        for key in list(self._held):
            self._release(self._keys[key], pressed=False)

    def _down(self, key: KeySpec) -> None:
        if key.id in self._held:  # its release was never told
            self._release(key, pressed=False)
        why = away(self.state, key)
        if why:
            self._marks.fail(key.id, why)
            return
        if key.long:
            self._held[key.id] = Holding(self.clock, long=lambda: self._do(key, key.long))
        elif key.repeat:
            self._held[key.id] = Holding(self.clock, tick=lambda tick: self._do(key, key.press, tick))
            self._do(key, key.press)
        else:
            self._held[key.id] = Holding(self.clock)
            self._do(key, key.press)

    def _up(self, key: KeySpec) -> None:
        if key.id in self._held:
            self._release(key, pressed=True)

    def _release(self, key: KeySpec, *, pressed: bool) -> None:
        held = self._held.pop(key.id)
        held.end()
        if key.long and pressed and not held.was_long:
            self._do(key, key.press)
        if key.release:
            self._do(key, key.release)

    def _turned(self, key: KeySpec, value: Any) -> None:
        if key.slide is None or not _number(value):
            return
        step = int(value) * TURN
        if key.slide.verb == "volume":
            self._do(key, (Step(StepVolume(max(-100, min(100, step))), key.slide.part),))
        elif (level := self.faces[key.id].level) is not None:
            self._set(key, level + step)

    def _set(self, key: KeySpec, value: Any) -> None:
        """A level was set by hand; a switch that was turned over is a press."""
        if key.slide is None:
            self._down(key)
            self._up(key)
        elif _number(value):
            level = max(0, min(100, round(value)))
            if key.slide.verb == "volume":
                level = min(level, self.room.spec.maximum_volume)
            self._do(key, (Step(key.slide.command(level), key.slide.part),))

    def _do(self, key: KeySpec, deeds: tuple[Deed, ...], tick: int = 0) -> None:
        for deed in deeds:
            if isinstance(deed, Turn):
                self.turn(deed.page)
                continue
            step = faster(deed, tick)
            try:
                ticket = self.room.submit(step.command, step.part, cause=f"key:{self.spec.name}/{key.id}")
            except (NothingPlays, ValueError) as error:
                log.info("%s: key %s of %s: %s", self.room.id, key.id, self.spec.name, error)
                self._marks.fail(key.id, "Not now")
                if tick and key.id in self._held:
                    self._held[key.id].end()
                continue
            self._await(key, ticket)

    def _await(self, key: KeySpec, ticket: Ticket) -> None:
        """Pending until it has ended: then the truth, or, for a moment, what became of it."""
        self._marks.wait(key.id)
        if ticket.outcome is None:
            self.draw((key,))

        def ended(ticket: Ticket) -> None:
            assert ticket.outcome is not None
            self._marks.settle(key.id, WORDS.get(ticket.outcome.result, ""))

        ticket.then(ended)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < math.inf


def _leads(key: KeySpec) -> bool:
    """Whether a key only leads to other pages: a surface that shows all its pages needs none."""
    deeds = (*key.press, *key.long, *key.release)
    return bool(deeds) and all(isinstance(deed, Turn) for deed in deeds)
