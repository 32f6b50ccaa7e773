"""What a room does by itself, by the rules of its profile; and when it lets people have their way. Pure.

A rule acts when something *becomes* so (the projector goes on), never because it is so: what the gateway finds at its
start it leaves alone. A part that a person has moved or switched is *held*: no rule touches it until the room is
powered off. What may not live here: clocks, sending (`ruling.py`), reading profiles (`rulebook.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gateway.commands import Command, CyclePower, Move, RunScene, SelectSource, SetPower
from gateway.model import Reading
from gateway.spec import RoomSpec, RuleSpec

LIT, DARK = ("on", "warming"), ("off", "standby", "cooling")
BY_RULE = "rule:"
END = {"up": 0, "down": 100}
NEAR = 5  # percent from an end that still count as being there: positions waver
SETTLING = 3.0  # seconds after a stop in which a motor may still tell where it stands
WATCHED: Mapping[str, tuple[str, ...]] = {
    "room": ("power",),
    "display": ("power", "source", "signal"),
    "screen": ("position", "moving"),
    "shade": ("position", "moving"),
    "outlet": ("power",),
    "signal": ("signal",),
    "calls": ("calls",),
}
HANDS: Mapping[str, tuple[str, ...]] = {"screen": ("moving",), "shade": ("moving",), "outlet": ("power",)}


@dataclass(frozen=True)
class Act:
    """What a rule wants of a part."""

    rule: str
    part: str
    command: Command


class Rules:
    """The rules of one room and what they must remember. `now` is set before it is asked anything."""

    def __init__(self, room: RoomSpec) -> None:
        self.room = room
        self.rules = tuple(room.rules.values())
        self.now = 0.0
        self.held: set[str] = set()  # parts that a person has in hand
        self._values: dict[tuple[str, str], Any] = {}  # what is known now; stale is not
        self._last: dict[tuple[str, str], Any] = {}  # what was known last
        self._lit: dict[str, bool] = {}  # screen -> whether one of its displays was last seen lit
        self._on: bool | None = None  # the room's power, as last known
        self._presenting: dict[str, bool] = {}  # rule -> whether one of its sources is shown
        self._closed: dict[str, list[str]] = {}  # rule -> the shades that it has closed
        self._sent: dict[str, str] = {}  # screen or shade -> where a rule last sent it
        self._ran: set[str] = set()  # screens and shades that were seen to run since they were last sent anywhere
        self._halted: dict[str, tuple[float, bool]] = {}  # of those, which stand now -> since when, and asked by nobody
        self._idle: dict[tuple[str, str], float] = {}  # rule, display -> since when it shows nothing
        kinds = {part.id: part.kind.name for part in room.parts.values()}
        self.watched = {
            (part, point) for part, kind in {**kinds, "room": "room"}.items() for point in WATCHED.get(kind, ())
        }
        self._kinds = kinds

    # ---- what it is told ---------------------------------------------------------------------------------------

    def changed(self, part: str, point: str, reading: Reading) -> list[Act]:
        """A point that is watched has a new reading."""
        before = self._last.get((part, point))
        value = None if reading.stale else reading.value
        self._values[part, point] = value
        if value is not None:
            self._last[part, point] = value
        if not reading.cause and before is not None and value not in (None, before):
            self._by_hand(part, point, value)
        if point == "moving" and self._kinds.get(part) in ("screen", "shade"):
            self._watch_stop(part, value, reading.cause)
        return [*self._acts(part, point, value), *self._watch_idle()]

    def asked(self, command: Command, part: str, cause: str) -> list[Act]:
        """Somebody asked for something: what people ask of a part is in their hands."""
        if cause.startswith(BY_RULE):
            return []
        self._hold(command, part)
        if not part:  # it may send any of them anywhere: to stand for a moment on the way is no person's doing
            self._ran.clear()
        self._idle = dict.fromkeys(self._idle, self.now)  # somebody is there
        acts: list[Act] = []
        if isinstance(command, SelectSource):
            for rule in self._of("shades"):
                self._presenting.setdefault(rule.name, False)  # it is a person who begins it
                acts += self._present(rule, command.source in rule.sources)
        if isinstance(command, SetPower) and not part:
            if command.on:
                acts += self._outlets(on=True)
            else:
                self.held.clear()
        return acts

    def due(self) -> list[Act]:
        """Time has passed: displays that have shown nothing for long enough, motors that stay where they stopped."""
        for part in [part for part, (since, _) in self._halted.items() if since + SETTLING <= self.now + 1e-6]:
            self._judge_stop(part)
        minutes = {rule.name: rule.minutes for rule in self._of("standby")}
        over = [key for key, since in self._idle.items() if since + 60 * minutes[key[0]] <= self.now + 1e-6]
        for key in over:
            self._idle[key] = self.now  # if it does not obey, once more after as long
        return [Act(rule, display, SetPower(False)) for rule, display in over]

    def next_due(self) -> float | None:
        """When `due` should be asked next; None: nothing waits."""
        minutes = {rule.name: rule.minutes for rule in self._of("standby")}
        quiet = (since + 60 * minutes[rule] for (rule, _), since in self._idle.items())
        return min((*quiet, *(since + SETTLING for since, _ in self._halted.values())), default=None)

    # ---- people ------------------------------------------------------------------------------------------------

    def _hold(self, command: Command, part: str) -> None:
        """What a person asks of a part by name, alone or in a scene, no rule undoes."""
        if isinstance(command, RunScene):
            for step in self.room.scenes[command.scene].steps:
                if step.part:
                    self._hold(step.command, step.part)
            return
        kind = self._kinds.get(part, "")
        if kind in ("screen", "shade"):
            self.held.update(self.room.parts[part].members or (part,))
        elif (kind == "outlet" and isinstance(command, SetPower | CyclePower)) or (
            kind == "display" and command == SetPower(True)
        ):
            self.held.add(part)

    def _by_hand(self, part: str, point: str, value: Any) -> None:
        """Something changed that nobody asked the gateway for: a wall switch, a remote control, a button."""
        kind = self._kinds.get(part, "")
        moved = point == "position" and (part, "moving") not in self._last  # it tells no direction
        if (point in HANDS.get(kind, ()) and value != "stopped") or (kind in ("screen", "shade") and moved):
            self.held.add(part)
        if kind == "display":
            self._idle = {key: self.now if key[1] == part else since for key, since in self._idle.items()}

    def _watch_stop(self, part: str, moving: Any, cause: str) -> None:
        """One that stops on its way was stopped by somebody: whoever asks the gateway for that has it in hand already.
        Where it stands may be told a moment after that it stands."""
        if moving == "stopped" and part in self._ran:
            self._halted[part] = (self.now, not cause)
        else:
            self._halted.pop(part, None)
        if moving in ("up", "down"):
            self._ran.add(part)
        else:
            self._ran.discard(part)

    def _judge_stop(self, part: str) -> None:
        """With no place known, only what nobody asked for is a hand: its contact was opened, say."""
        _, unasked = self._halted.pop(part)
        position = self._values.get((part, "position"))
        if unasked if position is None else NEAR < position < 100 - NEAR:
            self.held.add(part)

    # ---- rules -------------------------------------------------------------------------------------------------

    def _of(self, kind: Literal["screens", "shades", "standby", "outlets"]) -> Iterator[RuleSpec]:
        return (rule for rule in self.rules if rule.kind == kind)

    def _acts(self, part: str, point: str, value: Any) -> list[Act]:
        kind = self._kinds.get(part, part)
        if kind == "display" and point == "power":
            return self._screens(part)
        if kind == "display" and point == "source":
            return [act for rule in self._of("shades") for act in self._shown(rule)]
        if kind == "room" and value is not None:
            return self._room(value)
        return []

    def _room(self, power: str) -> list[Act]:
        """The room goes on or off; it is off only when the last projector has cooled down."""
        was = self._on
        self._on = power != "off" if power != "cooling" else was
        if power == "off" and was is not False:
            return self._went_off(known=was is not None)
        return self._outlets(on=True) if self._on and was is False else []

    def _went_off(self, *, known: bool) -> list[Act]:
        self.held.clear()
        if not known:  # it was found off
            self._presenting = dict.fromkeys((rule.name for rule in self._of("shades")), False)
            return []
        reopened = [act for rule in self._of("shades") for act in self._present(rule, presenting=False)]
        return [*reopened, *self._outlets(on=False)]

    def _screens(self, display: str) -> list[Act]:
        """The screen of a display that goes on or off; one that several share is down while any of them is lit."""
        acts: list[Act] = []
        for rule in self._of("screens"):
            if display not in rule.displays:
                continue
            screen = self.room.parts[display].screen
            sharers = [one for one in rule.displays if self.room.parts[one].screen == screen]
            powers = [self._values.get((one, "power")) for one in sharers]
            lit = True if any(power in LIT for power in powers) else False if all(p in DARK for p in powers) else None
            before = self._lit.get(f"{rule.name} {screen}")
            if lit is None or lit == before:
                continue
            self._lit[f"{rule.name} {screen}"] = lit
            if before is not None:
                members = self.room.parts[screen].members or (screen,)
                acts += self._moves(rule, members, "down" if lit else "up")
        return acts

    def _shown(self, rule: RuleSpec) -> list[Act]:
        """Whether one of the rule's sources is shown anywhere; what shows nothing known says nothing."""
        shown = [self._values.get((part, "source")) for part, kind in self._kinds.items() if kind == "display"]
        known = [source for source in shown if source is not None]
        return self._present(rule, any(source in rule.sources for source in known)) if known else []

    def _present(self, rule: RuleSpec, presenting: bool) -> list[Act]:
        before = self._presenting.get(rule.name)
        self._presenting[rule.name] = presenting
        if presenting and before is False:
            acts = self._moves(rule, rule.parts, "down")
            self._closed[rule.name] = [act.part for act in acts]
            return acts
        if before and not presenting and rule.reopen:
            return self._moves(rule, self._closed.pop(rule.name, ()), "up")
        return []

    def _moves(self, rule: RuleSpec, parts: Any, direction: Literal["up", "down"]) -> list[Act]:
        """Those that are in nobody's hands, and neither there nor on their way."""
        for part in [part for part in parts if part in self._halted]:
            self._judge_stop(part)
        acts = [
            Act(rule.name, part, Move(direction))
            for part in parts
            if part not in self.held and not self._there(part, direction)
        ]
        self._sent.update((act.part, direction) for act in acts)
        self._ran.difference_update(act.part for act in acts)
        return acts

    def _there(self, part: str, direction: str) -> bool:
        """Whether it is at that end or on its way; what was just sent the other way may not have told yet."""
        moving, position = self._values.get((part, "moving")), self._values.get((part, "position"))
        if moving in ("up", "down"):
            return bool(moving == direction)
        return bool(position == END[direction] and self._sent.get(part, direction) == direction)

    def _outlets(self, *, on: bool) -> list[Act]:
        state = "on" if on else "off"
        return [
            Act(rule.name, outlet, SetPower(on))
            for rule in self._of("outlets")
            for outlet in rule.parts
            if outlet not in self.held and self._values.get((outlet, "power")) != state
        ]

    # ---- displays that show nothing ----------------------------------------------------------------------------

    def _watch_idle(self) -> list[Act]:
        quiet = self._nobody_calls()
        for rule in self._of("standby"):
            for display in rule.displays:
                key = (rule.name, display)
                if quiet and display not in self.held and self._shows_nothing(display):
                    self._idle.setdefault(key, self.now)
                else:
                    self._idle.pop(key, None)
        return []

    def _nobody_calls(self) -> bool:
        """Surely nobody: a codec that is away may be in a call all the same."""
        if "calls" not in self._kinds:
            return True
        calls = self._values.get(("calls", "calls"))
        return calls is not None and all(call.state == "ended" for call in calls)

    def _shows_nothing(self, display: str) -> bool:
        """It is on and surely without a picture: it says so, its source says so, or no source leads to it."""
        if self._values.get((display, "power")) != "on":
            return False
        signal = self._values.get((display, "signal"))
        if signal is not None:
            return not signal
        source = self._values.get((display, "source"))
        if source is not None:
            teller = self.room.sources[source].signal
            return bool(teller) and self._values.get((teller, "signal")) is False
        return any(display in one.ways for one in self.room.sources.values())
