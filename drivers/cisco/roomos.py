"""Cisco RoomOS and CE codecs, over the text shell or JSON-RPC: calls, meetings, sound, share, cameras, directory.

What may not live here: the connection and what is told over it (`session.py`), how a command is called (`words.py`,
`meetings.py`) or written (`shell.py`, `rpc.py`), what shows a call command done (`wishes.py`).
Sources: Cisco "xAPI over WebSocket" D15427.02; xAPI schemas 9.15.17.4 and 26.4.1; jsxapi 6.0.0, xows 1.0.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from drivers.cisco import about, lines, meetings, offers, rows, words
from drivers.cisco.panel import EVENTS, UNIT
from drivers.cisco.session import Asked, Session
from drivers.cisco.words import Said
from drivers.cisco.xapi import Heard, at, text
from gateway.commands import Command, Join, LayOut, ListBookings, Rows, Search, SendDtmf, ShowKey
from gateway.driver import (
    Action,
    Actions,
    Done,
    Item,
    Later,
    More,
    Refused,
    Request,
    Settings,
    Taken,
    Timing,
)

DOUBT = 1.0  # seconds after an acknowledgement before we look for ourselves: feedback may have been lost


class CiscoRoomos(Session):
    """One codec, over ws, wss or ssh."""

    name = "cisco_roomos"
    plays = frozenset({"volume", "mics", "camera", "calls", "share", "picture", "codec"})
    takes = offers.EVERY | {LayOut, ShowKey}
    pushes = True
    surfaces = "panel, the codec's touch panel"
    title = "Cisco RoomOS / CE codec"
    models = "Room, Desk, Board and SX/DX/MX series with CE9.7 or later (WebSocket), CE8 or later (SSH)"
    links = {"wss": 443, "ws": 80, "ssh": 22}
    # Replies carry ids, so several may be under way; 50 ms between them, 2 s for each (PlaceOS collaboration_endpoint).
    timing = Timing(window=4, gap=0.05, reply=2.0, ready=10.0)
    evidence = "manual"
    sources = about.SOURCES
    offered = about.OFFERED
    not_offered = about.NOT_OFFERED
    Settings: ClassVar[type[Settings]] = about.RoomosSettings
    settings: about.RoomosSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.tones: dict[str, tuple[Request, list[tuple[float, str]]]] = {}  # by timer: what is still to be sent

    @classmethod
    def lines(cls) -> tuple[str, ...]:
        """Every line that can be sent, as over SSH."""
        return lines.lines()

    def patience(self, command: Command) -> float:
        """Pauses in tones take their time."""
        pauses = command.digits.count(",") if isinstance(command, SendDtmf) else 0
        return command.patience + pauses * words.PAUSE

    def command(self, request: Request) -> Actions:
        """Put a command into the codec's words."""
        command = request.command
        if request.unit == UNIT:
            yield from self._of_panel(request)
        elif isinstance(command, Search) and any(ord(character) < 32 for character in command.text):
            yield Refused(request, "a search text must not hold control characters")  # jsxapi refuses them, too
        elif isinstance(command, SendDtmf):
            try:
                words.call_id(command.call, self.mirror.calls)
            except words.Cannot as why:
                yield Refused(request, str(why))
                return
            self.tones[f"tones {request.id}"] = request, words.tones(command.digits)
            yield from self._next_tones(f"tones {request.id}")
        else:
            try:
                said = self._say(request)
            except words.Cannot as why:
                yield Refused(request, str(why))
                return
            self.wishes.made(request, self.mirror.calls, self.now)
            if command.proof == "points":
                self.unproven[offers.PROOF[type(command)]] = request
            for one in said:
                yield self._ask(Asked("command", request=request, said=one))

    def is_surface(self, unit: str) -> bool:
        """The touch panel."""
        return unit == UNIT

    def _of_panel(self, request: Request) -> Iterator[Action]:
        if isinstance(request.command, LayOut):
            yield from self._subscribe(EVENTS)
            yield from self.panel.lay_out(request)
        elif isinstance(request.command, ShowKey):
            yield from self.panel.show(request, self.now)
        else:
            yield Refused(request, "the touch panel only shows keys")

    def _say(self, request: Request) -> tuple[Said, ...]:
        command, settings = request.command, self.settings
        if isinstance(command, Join):
            rooms_mode = settings.teams == "rooms"
            return (meetings.join(command, offers.software(self.mirror), self.unknown, rooms_mode=rooms_mode),)
        cameras = offers.camera_ids(self.mirror)
        main = self.mirror.points({"camera"})["camera"]
        known = words.Known(
            calls=self.mirror.calls,
            sources=offers.source_ids(self.mirror),
            cameras=cameras,
            camera=cameras.get(main, settings.camera),
            named_layouts=bool(offers.layouts(self.mirror)),
            phonebook=settings.phonebook.capitalize(),
            rows=settings.page,
            page=request.page,
        )
        return words.say(command, known)

    def _next_tones(self, name: str) -> Iterator[Action]:
        """The next piece, after its pause; when the last is acknowledged, so is the command."""
        request, pieces = self.tones[name]
        if not pieces:
            del self.tones[name]
            yield Taken(request)
            return
        (pause, digits), *rest = pieces
        if pause:
            self.tones[name] = request, [(0.0, digits), *rest]
            yield Later(pause, name)
            return
        self.tones[name] = request, rest
        assert isinstance(request.command, SendDtmf)
        yield self._ask(Asked("command", request=request, said=words.tone(digits, request.command.call)))

    # ---- commands' fates -------------------------------------------------------------------------------------

    def _commanded(self, request: Request, said: Said, heard: Heard) -> Iterator[Action]:
        if heard.error:
            yield from self._refused(request, said, heard)
        elif isinstance(request.command, Rows):
            yield from self._found(request, heard)
        elif isinstance(request.command, SendDtmf):
            yield from self._next_tones(f"tones {request.id}")
        else:
            yield Taken(request)
            self.wishes.taken(request, text(at(heard.value, ("CallId",))))
            yield from self.wishes.settle(self.mirror.calls, self.now)
            if self.unproven or self.wishes:
                yield Later(DOUBT, "doubt")

    def _refused(self, request: Request, said: Said, heard: Heard) -> Iterator[Action]:
        if heard.unknown_command:  # ask, don't assume: what it does not know is not offered again
            self.unknown.add(said.words)
            if not isinstance(request.command, Join):
                self.missing.add(type(request.command))
            yield from self._offer()
            if said.instead:
                yield self._ask(Asked("command", request=request, said=said.instead[0]))
                return
        self.tones.pop(f"tones {request.id}", None)
        self.unproven = {path: held for path, held in self.unproven.items() if held != request}
        call = text(said.parameters.get("CallId"))
        outcome = self.wishes.refused(request, heard.error, self.mirror.calls, call)
        if outcome is not None:
            yield outcome

    def _found(self, request: Request, heard: Heard) -> Iterator[Action]:
        read = rows.bookings if isinstance(request.command, ListBookings) else rows.contacts
        found, count, total = read(heard.value)
        for row in found:
            yield Item(request, row)
        asked_for = (request.page + 1) * self.settings.page
        more = asked_for < total if total is not None else count == self.settings.page
        more = more and asked_for <= words.LAST_ROW  # no codec can be asked for what lies beyond
        yield More(request) if more and count else Done(request)

    def due(self, name: str) -> Actions:
        """The pause between tones is over; the rest is the connection's."""
        if name in self.tones:
            yield from self._next_tones(name)
        else:
            yield from super().due(name)
