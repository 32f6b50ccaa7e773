"""The codec's touch panel as a surface: our own UI Extensions panels, their widgets' values, and what fingers do.

A page of keys is one panel on the Touch 10 or Navigator. Whatever a finger did, the panel waits to be told: each action
is answered with the value that really holds. Panels of others are never touched: ours carry a prefix. What may not live
here: how a command is written, or the connection (`session.py`), the XML (`widgets.py`).
Sources: Cisco UI Extensions guide (TechDocs/UiExtensions.md, UiExtensions-Panels.md), xAPI schema 26.4.1.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from drivers.cisco import widgets
from drivers.cisco.words import Said
from drivers.cisco.xapi import Heard, Path, Tree, at, number, text
from gateway.commands import LayOut, ShowKey
from gateway.driver import Action, Done, Later, Press, Refused, Request, Send, Taken
from gateway.roomverbs import PlannedKey

UNIT = "panel"
EVENTS: Path = ("Event", "UserInterface", "Extensions")
ACTION: Path = (*EVENTS, "Widget", "Action")
UPDATED: Path = (*EVENTS, "Widget", "LayoutUpdated")
SLIDER_PACE = 0.2  # seconds between two values of one slider: the codec takes 5 a second (UI Extensions guide)
TIMER = "panel "  # timers of ours begin so

Ask = Callable[[Said, Request | None], Send]


class Panel:
    """What the touch panel was given, and what it still must be told. Every method yields actions."""

    def __init__(self, ask: Ask, location: str) -> None:
        self._ask = ask
        self._location = location
        self.laid: tuple[str, ...] = ()  # the ids of our panels there
        self.laying: Request | None = None
        self._plan: deque[Said] = deque()  # what is still to be said until all is laid out
        self._keys: dict[str, PlannedKey] = {}  # by widget
        self._page: dict[str, str] = {}  # key -> the widget that holds its page's words
        self._failed: dict[str, dict[str, str]] = {}  # page's words -> key -> what it has to say
        self._wanted: dict[str, str] = {}  # widget -> the value that holds
        self._told: dict[str, str] = {}  # widget -> the value it was last given, and took
        self._under_way: dict[str, str] = {}  # widget -> the value on its way
        self._again: deque[str] = deque()  # widgets to be told once more, one at a time
        self._waits: dict[str, tuple[Request, set[str]]] = {}  # ShowKeys whose widgets are not all told
        self._last: dict[str, float] = {}  # widget -> when the codec last answered a value
        self._slid: dict[str, int] = {}  # slider -> where a finger has it
        self._down: set[str] = set()
        self._clicks: set[str] = set()

    # ---- laying out ------------------------------------------------------------------------------------------

    def lay_out(self, request: Request) -> Iterator[Action]:
        """Save a panel for each page, after those of ours that are no longer meant are gone."""
        assert isinstance(request.command, LayOut)
        try:
            pages = request.command.pages()
        except ValueError as error:
            yield Refused(request, str(error))
            return
        self.laying = request
        self.laid = tuple(widgets.panel(page.id) for page in pages)
        self._keys = {widgets.widget(key.id): key for page in pages for key in page.keys}
        self._page = {key.id: widgets.words(page.id) for page in pages for key in page.keys}
        self._failed = {widgets.words(page.id): {} for page in pages}
        self._wanted.clear()
        self._again.clear()
        self._told.clear()
        self._under_way.clear()
        self._plan = deque(
            Said(widgets.SAVE, {"PanelId": widgets.panel(page.id)}, body=widgets.body(page, order, self._location))
            for order, page in enumerate(pages, 1)
        )
        yield self._ask(Said(widgets.LIST), request)

    def _next(self, request: Request) -> Iterator[Action]:
        if self._plan:
            yield self._ask(self._plan.popleft(), request)
            return
        self.laying = None
        yield Done(request)

    def deaf(self, words: str) -> Iterator[Action]:
        """The codec will not tell of fingers: then there is no use in a panel."""
        request, self.laying = self.laying, None
        self._plan.clear()
        if request is not None:
            yield Refused(request, f"the codec tells of no presses: {words}")

    def leave(self) -> Iterator[Action]:
        """Take our panels away: without us their buttons are dead."""
        for panel in self.laid:
            yield self._ask(Said(widgets.REMOVE, {"PanelId": panel}), None)
        self.laid = ()

    # ---- answers ---------------------------------------------------------------------------------------------

    def answered(self, said: Said, request: Request | None, heard: Heard, now: float) -> Iterator[Action]:
        """The codec's answer to something of ours."""
        if said.words in (widgets.SET, widgets.UNSET):
            yield from self._set(str(said.parameters["WidgetId"]), heard.error, now)
        elif request is None or request != self.laying:
            return  # it was for a layout that is no longer meant
        elif said.words == widgets.SAVE and heard.error:
            self._plan.clear()
            self.laying = None
            yield Refused(request, heard.error)
        else:
            if said.words == widgets.LIST:
                old = [panel for panel in _listed(heard.value) if panel not in self.laid]
                self._plan.extendleft(Said(widgets.REMOVE, {"PanelId": panel}) for panel in old)
            yield from self._next(request)

    def lost(self, said: Said, request: Request | None, now: float) -> Iterator[Action]:
        """No answer came, and the codec is still there."""
        yield from self.answered(said, request, Heard(None, None, "no answer"), now)

    def _set(self, widget: str, error: str, now: float) -> Iterator[Action]:
        value = self._under_way.pop(widget, None)
        self._last[widget] = now  # it arrived before this: so no two can arrive closer than the pace
        if value is not None and not error:
            self._told[widget] = value
        if error:
            self._told.pop(widget, None)
        for identity, (request, left) in list(self._waits.items()):
            if widget in left and (error or self._wanted.get(widget) == value):
                left.discard(widget)
                if error:
                    del self._waits[identity]
                    yield Refused(request, error)
                elif not left:
                    del self._waits[identity]
                    yield Taken(request)
        if not error and value is not None and self._wanted.get(widget) != value:
            yield from self._tell(widget, now)
        yield from self._next_again(now)

    # ---- values ----------------------------------------------------------------------------------------------

    def show(self, request: Request, now: float) -> Iterator[Action]:
        """Give a key's widgets what its face shows."""
        assert isinstance(request.command, ShowKey)
        face = request.command
        key = self._keys.get(widgets.widget(face.key))
        if key is None:
            yield Refused(request, f"there is no key {face.key!r} on the panel")
            return
        values = widgets.values(key, face)
        words = self._page[key.id]
        failed = self._failed[words]
        failed.pop(key.id, None)
        if face.flag == "failed":
            failed[key.id] = widgets.line(face.text)
        values[words] = next(reversed(failed.values()), widgets.NOTHING)
        self._wanted.update(values)
        open_ones = {widget for widget, value in values.items() if self._told.get(widget) != value}
        if not open_ones:
            yield Taken(request)
            return
        self._waits = {held: wait for held, wait in self._waits.items() if wait[0].command.key != face.key}  # type: ignore[attr-defined]
        self._waits[request.id] = (request, open_ones)
        for widget in sorted(open_ones):
            yield from self._tell(widget, now, request)

    def _tell(self, widget: str, now: float, request: Request | None = None) -> Iterator[Action]:
        """Give a widget what it should have, unless a value is on its way; sliders at the codec's pace."""
        if widget in self._under_way:
            return
        key = self._keys.get(widget)
        if key is not None and key.kind == "level":
            rest = self._last.get(widget, float("-inf")) + SLIDER_PACE - now
            if rest > 0.0005:
                yield Later(rest, TIMER + widget)
                return
        value = self._wanted[widget]
        self._under_way[widget] = value
        yield self._ask(widgets.set_value(widget, value), request)

    def due(self, name: str, now: float) -> Iterator[Action]:
        """A slider may be moved again."""
        widget = name.removeprefix(TIMER)
        if widget in self._wanted:
            yield from self._tell(widget, now)

    def _next_again(self, now: float) -> Iterator[Action]:
        while self._again:
            widget = self._again.popleft()
            if widget in self._wanted and widget not in self._under_way and self._told.get(widget) is None:
                yield from self._tell(widget, now)
                return

    def _stale(self, widget: str, now: float) -> Iterator[Action]:
        """A finger may have changed what the panel shows: it is told the truth again."""
        if widget in self._wanted:
            self._told.pop(widget, None)
            yield from self._tell(widget, now)

    # ---- fingers ---------------------------------------------------------------------------------------------

    def heard(self, news: Tree, now: float) -> Iterator[Action]:
        """What the codec tells of its panels."""
        if at(news, UPDATED) is not None and self.laying is None:
            self._told.clear()
            self._again = deque(sorted(self._wanted))
            yield from self._next_again(now)
        action = at(news, ACTION)
        if isinstance(action, dict):
            widget, kind, value = (text(action.get(name)) for name in ("WidgetId", "Type", "Value"))
            key = self._keys.get(widget)
            if key is not None and key.kind == "level":
                yield from self._slide(widget, key.id, kind, value, now)
            elif key is not None and key.kind == "button":
                yield from self._button(widget, key.id, kind, now)

    def _button(self, widget: str, key: str, kind: str, now: float) -> Iterator[Action]:
        match kind:
            case "pressed":
                self._down.add(key)
                yield Press(key, "down", unit=UNIT)
            case "released":
                self._clicks.add(key)
                if key in self._down:
                    self._down.discard(key)
                    yield Press(key, "up", unit=UNIT)
                yield from self._stale(widget, now)
            case "clicked":
                if key not in self._clicks:  # neither press nor release was told
                    self._down.discard(key)
                    yield Press(key, "down", unit=UNIT)
                    yield Press(key, "up", unit=UNIT)
                self._clicks.discard(key)
                yield from self._stale(widget, now)

    def _slide(self, widget: str, key: str, kind: str, value: str, now: float) -> Iterator[Action]:
        place = number(value)
        level = widgets.percent(place) if place is not None and 0 <= place <= widgets.FULL else None
        if kind in ("changed", "released") and level is not None and self._slid.get(key) != level:
            self._slid[key] = level
            yield Press(key, "set", level, UNIT)
        if kind == "released":
            self._slid.pop(key, None)
            yield from self._stale(widget, now)


def _listed(answer: object) -> list[str]:
    """The ids of our panels, in the answer to `Extensions List`."""
    panels = at(answer, ("Extensions", "Panel"))
    found = [text(at(panel, ("PanelId",))) for panel in panels] if isinstance(panels, list) else []
    return [panel for panel in found if panel.startswith(widgets.PREFIX)]
