"""One room: its parts, its state, its commands. People speak to the room; the room speaks to its parts.

A command on the room expands into commands on parts that carry its id as their cause. What may not live here: how a
device is spoken to, how a listener is told (`mailbox.py`), who may do what (`auth.py`).
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any, Protocol, cast

from gateway import chains, expand, scenes
from gateway.clock import Clock
from gateway.commands import (
    COMMANDS,
    MEETING_VERBS,
    ROOM_VERBS,
    CallForHelp,
    Command,
    HangUp,
    Rows,
    RunScene,
    SelectSource,
    SetPower,
    SetVolume,
    StepVolume,
    Toggle,
    arguments,
)
from gateway.device import Device, Player
from gateway.driver import Request
from gateway.group import Group
from gateway.journal import Entry, Journal
from gateway.mailbox import Mailbox
from gateway.model import UNKNOWN, Event, Outcome, Reading, Result, plain
from gateway.part import NothingPlays, Part
from gateway.report import describe, describe_device, devices_of
from gateway.spec import RoomSpec
from gateway.starts import Starts
from gateway.ticket import RoomTicket, Ticket, new_id

__all__ = ["NothingPlays", "Part", "Room", "RowsEnded", "Watcher"]

RECENT_EVENTS = 256  # kept for clients that come back
MOTORS = ("screen", "shade")
RECENT_COMMANDS = 1000  # kept for GET /commands/{id}


class RowsEnded(LookupError):
    """A long answer broke off, with this outcome."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.words or outcome.result.value)
        self.outcome = outcome


class Watcher(Protocol):
    """Who sees what people ask of a room (its rules)."""

    def asked(self, command: Command, part_id: str, cause: str) -> None: ...


class Desk(Protocol):
    """Who knows the room's meetings, joins and books them (`gateway.calendars.desk`)."""

    def asked(self, cause: str) -> None: ...
    def changed(self) -> None: ...
    def hung_up(self) -> None: ...
    def submit(self, ticket: RoomTicket) -> None: ...
    def told(self) -> Mapping[str, Any]: ...


class Room:
    """A room at work. All methods are for the event loop and return at once."""

    def __init__(
        self, spec: RoomSpec, players: Mapping[str, tuple[Player, str]], journal: Journal, clock: Clock
    ) -> None:
        self.spec = spec
        self.id = spec.id
        self.journal = journal
        self.clock = clock
        self.seq = 0
        self.events: deque[Mapping[str, Any]] = deque(maxlen=RECENT_EVENTS)
        self.commands: OrderedDict[str, tuple[str, Ticket]] = OrderedDict()
        self.mailboxes: set[Mailbox] = set()
        self.watcher: Watcher | None = None
        self.desk: Desk | None = None
        self.ended: Callable[[Ticket], None] | None = None  # told of each command of the whole room that has ended
        self.starts = Starts(spec.starts, clock)
        self.parts: dict[str, Part] = {}
        self._playing: dict[tuple[int, str], list[Part]] = {}
        self._own: dict[str, Reading] = {"power": UNKNOWN, "source": UNKNOWN}
        if spec.meetings:
            self._own |= {"next_meeting": UNKNOWN, "joinable": UNKNOWN}
        for part_id, part_spec in spec.parts.items():
            player, unit = players[part_id]
            sources = {name: source.label for name, source in spec.sources.items() if part_id in source.ways}
            part = Part(part_spec, player, unit, sources)
            self.parts[part_id] = part
            self._playing.setdefault((id(player), unit), []).append(part)
            for told in (player, *devices_of(player)):
                if self not in told.listeners:
                    told.listeners.append(self)

    # ---- asking ----------------------------------------------------------------------------------------------

    def submit(self, command: Command, part_id: str = "", *, cause: str = "", identity: str = "") -> Ticket:
        """Ask the room (`part_id` "") or one part. Raises NothingPlays, and ValueError for what the room forbids."""
        if not part_id and command.verb in ROOM_VERBS:
            ticket: Ticket = self._submit_room(command, cause, identity)
        else:
            part = self._part_for(command, part_id)
            self.check(command, part_id)
            if isinstance(command, StepVolume):
                command = self._stepped(command, part)
            if isinstance(command, SelectSource):
                ticket = self._submit_room(command, cause, identity, part_id)
            else:
                ticket = self.ask(part, command, cause, identity)
        if self.watcher is not None:
            self.watcher.asked(command, part_id, cause)
        if self.desk is not None:
            self.desk.asked(cause)
        return ticket

    async def rows(self, command: Rows, part_id: str, *, cause: str = "") -> AsyncGenerator[Any, None]:
        """The rows of a long answer as the device gives them. Raises NothingPlays; RowsEnded when it breaks off."""
        part = self._part_for(command, part_id)
        if not isinstance(part.player, Device):
            raise NothingPlays(f"{part.id} has nothing to list")
        identity, began = new_id(), self.clock.now()
        self._write("command", part.id, {"verb": command.verb, **arguments(command)}, identity, cause)
        outcome = Outcome(Result.SUPERSEDED, "nobody reads on")
        try:
            async with aclosing(
                cast("AsyncGenerator[Any, None]", part.player.read(command, part.unit, cause=identity))
            ) as rows:
                async for row in rows:
                    yield row
            outcome = Outcome(Result.CONFIRMED)
        except LookupError as error:
            result, _, words = str(error).partition(": ")
            outcome = Outcome(Result(result), words)
            raise RowsEnded(outcome) from None
        finally:
            self._write_outcome(part.id, outcome, began, identity, cause)

    def check(self, command: Command, part_id: str = "") -> None:
        """The room's own limits. Raises ValueError in words."""
        if isinstance(command, SetVolume) and command.level > self.spec.maximum_volume:
            raise ValueError(f"this room's maximum volume is {self.spec.maximum_volume}")
        if isinstance(command, RunScene) and command.scene not in self.spec.scenes:
            known = ", ".join(self.spec.scenes) or "none"
            raise ValueError(f"this room has no scene {command.scene!r}; it has: {known}")
        if isinstance(command, SelectSource) and command.source not in self.spec.sources:
            known = ", ".join(self.spec.sources) or "none"
            raise ValueError(f"this room has no source {command.source!r}; it has: {known}")
        if isinstance(command, SelectSource) and part_id and command.source not in self.parts[part_id].sources:
            raise ValueError(f"there is no way from {command.source} to {part_id}, as the room is wired")

    def ask(self, part: Part, command: Command, cause: str, identity: str = "") -> Ticket:
        """Ask a part, which surely takes it; of a group, each member."""
        if isinstance(command, HangUp) and self.desk is not None:
            self.desk.hung_up()
        if isinstance(part.player, Group):
            held = part.player.chains(command, self.parts)
            ticket: Ticket = RoomTicket(Request(identity or new_id(), command), cause, self.clock.now())
            self._note(part.id, ticket)
            chains.run(self, cast("RoomTicket", ticket), held)
            return ticket
        if command.slot in ("motion", "aim") and part.kind.name in MOTORS:
            ticket = self.starts.submit(part, command, cause, identity)
        else:
            ticket = part.player.submit(command, part.unit, cause=cause, identity=identity)
        self._note(part.id, ticket)
        return ticket

    def _submit_room(self, command: Command, cause: str, identity: str, part_id: str = "") -> Ticket:
        self.check(command)
        ticket = RoomTicket(Request(identity or new_id(), command), cause, self.clock.now())
        self._note(part_id, ticket)
        if isinstance(command, CallForHelp):
            self.event("alert", {"what": "help", "text": command.text}, ticket.id)
            words = (
                "everybody who listens was told"
                if any(box.read for box in self.mailboxes)
                else "nobody listens; it is in the journal"
            )
            ticket.settle(Outcome(Result.ASSUMED, words), self.clock.now())
            return ticket
        if command.verb in MEETING_VERBS:
            if self.desk is None:
                words = "this room has no calendar"
                ticket.settle(Outcome(Result.REFUSED, words), self.clock.now())
                raise NothingPlays(words)
            self.desk.submit(ticket)
            return ticket
        try:
            held = self._expansion(command, part_id)
        except NothingPlays as error:
            ticket.settle(Outcome(Result.REFUSED, str(error)), self.clock.now())
            raise
        chains.run(self, ticket, held)
        return ticket

    def _expansion(self, command: Command, part_id: str = "") -> expand.Chains:
        if isinstance(command, Toggle):
            return self._toggled(command)
        if isinstance(command, RunScene):
            return scenes.chains(self, command.scene)
        found = expand.expand(self, command, part_id)
        if not found:
            raise NothingPlays(f"this room has nothing to {command.verb}")
        return found

    def _part_for(self, command: Command, part_id: str) -> Part:
        verb = command.verb
        if part_id:
            part = self.parts.get(part_id)
            if part is None:
                raise NothingPlays(f"this room has no part {part_id!r}; it has: {', '.join(self.parts)}")
        else:
            part = self.taker(verb)
            if part is None:
                raise NothingPlays(f"nothing in this room plays {verb}")
        if not part.offers(verb):
            offers = part.player.unit(part.unit).offers or frozenset()
            able = [v for v in part.kind.verbs if COMMANDS[v] in offers] or list(part.kind.verbs)
            raise NothingPlays(f"{part.id} does not take {verb}; it takes: {', '.join(able)}")
        return part

    def taker(self, verb: str) -> Part | None:
        """The part that a verb without a part is for, where it is not for the room itself."""
        takers = [p for p in self.parts.values() if p.kind.single and verb in p.kind.verbs and verb not in ROOM_VERBS]
        return next((taker for taker in takers if taker.offers(verb)), takers[0] if takers else None)

    def _stepped(self, step: StepVolume, part: Part) -> Command:
        """A step from where the volume is going, else from where it is; the device's own step where nobody knows."""
        unit = part.player.unit(part.unit)
        going = [t.command.level for t in unit.flight.values() if isinstance(t.command, SetVolume)]
        reading = part.reading("volume")
        level = going[-1] if going else None if reading.stale else reading.value
        if level is None:
            if unit.offers is not None and StepVolume not in unit.offers and part.player.online:
                raise NothingPlays("the volume is not known, so there is nothing to step from")
            return step
        return SetVolume(max(0, min(self.spec.maximum_volume, level + step.by)))

    def _toggled(self, toggle: Toggle) -> expand.Chains:
        """A toggle is the opposite of what is known; unknown and stale are not guessed at."""
        if toggle.what == "power":
            reading = self._own["power"]
            if reading.value is None or reading.stale:
                raise NothingPlays("the room's power is not known, so it cannot be turned over")
            return expand.expand(self, SetPower(reading.value in ("off", "cooling")))
        command_class = COMMANDS[toggle.what]
        (point,) = command_class(True).shown()  # type: ignore[call-arg]
        part = self._part_for(command_class(True), "")  # type: ignore[call-arg]
        reading = part.reading(point)
        if reading.value is None or reading.stale:
            away = f": it is offline ({part.player.reason})" if part.player.reason else ""
            raise NothingPlays(f"whether {part.id} is muted is not known, so it cannot be turned over{away}")
        return [(part, [command_class(not reading.value)])]  # type: ignore[call-arg]

    # ---- what is noted ---------------------------------------------------------------------------------------

    def _note(self, subject: str, ticket: Ticket) -> None:
        self.commands[ticket.id] = (subject, ticket)
        if len(self.commands) > RECENT_COMMANDS:
            self.commands.popitem(last=False)
        data = {"verb": ticket.command.verb, **arguments(ticket.command)}
        self._write("command", subject, data, ticket.id, ticket.cause)
        ticket.then(lambda t: self._noted(subject, t))

    def _noted(self, subject: str, ticket: Ticket) -> None:
        assert ticket.outcome is not None
        self._write_outcome(subject, ticket.outcome, ticket.submitted, ticket.id, ticket.cause)
        if not subject and self.ended is not None:
            self.ended(ticket)

    def _write_outcome(self, subject: str, outcome: Outcome, began: float, identity: str, cause: str) -> None:
        milliseconds = round(1000 * (self.clock.now() - began), 1)
        data = {"result": outcome.result.value, "words": outcome.words, "ms": milliseconds}
        self._write("outcome", subject, data, identity, cause)

    def _write(self, kind: Any, subject: str, data: Mapping[str, Any], identity: str = "", cause: str = "") -> None:
        self.journal.write(
            Entry(at=self.clock.wall(), kind=kind, room=self.id, subject=subject, id=identity, cause=cause, data=data)
        )

    # ---- what players tell -----------------------------------------------------------------------------------

    def changed(self, player: Player, unit: str, points: Mapping[str, Reading]) -> None:
        """A unit's points changed: the parts it plays have new state."""
        for part in self._playing.get((id(player), unit), ()):
            for name, reading in points.items():
                if name not in part.kind.points:
                    continue
                self._publish(part.id, name, reading)
                if name == "calls":
                    self._calls(part, reading)
        self._derive(points)

    def availability(self, player: Player) -> None:
        """A player came or went."""
        for part in self.parts.values():
            if part.player is player:
                described = describe(part)
                for mailbox in self.mailboxes:
                    mailbox.part(part.id, described)
        if isinstance(player, Device):  # those behind a motor, too
            for mailbox in self.mailboxes:
                mailbox.device(player.name, describe_device(player))
            data = {"online": player.online, "reason": player.reason, "words": player.words}
            self._write("connection", player.name, plain(data))

    def offered(self, player: Player, unit: str) -> None:
        """A unit offers other things now."""
        if self.desk is not None:
            self.desk.changed()
        for part in self._playing.get((id(player), unit), ()):
            described = describe(part)
            for mailbox in self.mailboxes:
                mailbox.part(part.id, described)

    def happened(self, player: Player, event: Event) -> None:
        """A press, or another event of a device."""
        self.event(event.kind, {"device": player.name, **event.data})

    def event(self, kind: str, data: Mapping[str, Any], cause: str = "") -> None:
        """Tell everybody of something that happened; events are numbered and kept for those who come back."""
        self.seq += 1
        told = {"type": "event", "seq": self.seq, "event": kind, "at": self.clock.wall(), **plain(data)}
        self.events.append(told)
        for mailbox in self.mailboxes:
            mailbox.put(told)
        self._write("press" if kind == "press" else "event", kind, plain(data), cause=cause)

    def meetings(self) -> None:
        """What is told of the room's meetings has changed."""
        if self.desk is not None and self.mailboxes:
            told = self.desk.told()
            for mailbox in self.mailboxes:
                mailbox.meetings(told)

    def _publish(self, subject: str, point: str, reading: Reading) -> None:
        self.seq += 1
        for mailbox in self.mailboxes:
            mailbox.changed(subject, point, reading)
        self._write(
            "change",
            f"{subject}.{point}",
            {"value": plain(reading.value), "status": reading.status},
            cause=reading.cause,
        )

    def _calls(self, part: Part, reading: Reading) -> None:
        """Incoming and ended calls, from what the codec showed before and shows now."""
        _, asked = self.commands.get(reading.cause, ("", None))
        ringing, over = part.callbook.hear(reading, self.clock.wall(), asked.command.verb if asked else "")
        for call in ringing:
            self.event("incoming call", {"call": call})
        for record in over:
            self.event("call ended", {"call": record.call, "outcome": record.outcome}, record.ended_by)
            self._write("call", part.id, plain(record), cause=record.begun or record.ended_by)

    def _derive(self, points: Mapping[str, Reading]) -> None:
        """What follows for the room's own points, and for the sources that its parts show."""
        for subject, name, reading in expand.derive(self, points):
            part = self.parts.get(subject)
            held = part.source if part else self._own[name]
            if (held.value, held.confirmed, held.stale) != (reading.value, reading.confirmed, reading.stale):
                if part:
                    part.source = reading
                else:
                    self._own[name] = reading
                self._publish(subject, name, reading)

    # ---- telling ---------------------------------------------------------------------------------------------

    def listen(self) -> Mailbox:
        """A new listener's mailbox; give it back with `unlisten`."""
        mailbox = Mailbox()
        self.mailboxes.add(mailbox)
        return mailbox

    def unlisten(self, mailbox: Mailbox) -> None:
        """Forget a listener."""
        self.mailboxes.discard(mailbox)

    def own(self, point: str) -> Reading:
        """One of the room's own points: `power`, `source`, and `next_meeting`, `joinable` where there is a calendar."""
        return self._own.get(point, UNKNOWN)

    def learn(self, point: str, reading: Reading) -> None:
        """Something that the room is told from beside its equipment, such as its next meeting."""
        if self._own[point].value != reading.value:
            self._own[point] = reading
            self._publish("room", point, reading)

    def readings(self, part_id: str) -> dict[str, Reading]:
        """All readings of a part, or of the room itself (`room`)."""
        if part_id == "room":
            return dict(self._own)
        part = self.parts[part_id]
        return {point: part.reading(point) for point in part.kind.points}
