"""One connection to a codec: the opening, registrations and readings kept true, silence and doubt, the heartbeat.

The codec pushes what changes; we read everything once, listen, and read it all again every `verify` seconds, because
feedback can disappear silently and survives no reboot (PlaceOS collaboration_endpoint registers again every 2 min).
What may not live here: commands and their fates (`roomos.py`), how anything is written (`shell.py`, `rpc.py`), what a
status means (`status.py`) and what can be done (`offers.py`).
Sources: Cisco "xAPI over WebSocket" D15427.02; jsxapi 6.0.0, xows 1.0.5; PlaceOS collaboration_endpoint.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from drivers.cisco import about, heart, offers, rpc, shell, status
from drivers.cisco.mirror import Mirror
from drivers.cisco.panel import EVENTS, TIMER, UNIT, Panel
from drivers.cisco.wishes import Wishes
from drivers.cisco.words import Said
from drivers.cisco.xapi import NOT_READY, Heard, Path, Tree, Wire, at
from gateway.commands import Command, LayOut, ShowKey
from gateway.cutters import JsonOrLines
from gateway.driver import (
    Action,
    Actions,
    Answered,
    Driver,
    Drop,
    Feedback,
    Later,
    Offers,
    Opening,
    Ready,
    Request,
    Send,
)
from gateway.model import Reason

QUIET = 30.0  # seconds without a word before we ask whether it is still there (PlaceOS gives up after 40 s)
AGAIN = 2.0  # seconds that must lie between two registrations that a missed change brings about
KEPT = 256  # questions remembered; replies carry ids, so even a late one is of use


@dataclass(frozen=True, slots=True)
class Asked:
    """A question under way: what it was, and for whom."""

    what: Literal["command", "read", "alive", "subscribe", "unsubscribe", "heart", "panel"]
    path: Path = ()
    request: Request | None = None
    said: Said | None = None


class Session(Driver):
    """A codec's connection, over ws, wss or ssh."""

    settings: about.RoomosSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.shell = scheme == "ssh"
        self.wire: Wire = shell if self.shell else rpc
        if self.shell:  # WebSocket messages come whole
            self.cutter = JsonOrLines()
        self.greeting: Literal["banner", "echo", "over"] = "banner" if self.shell else "over"
        self.ready = False
        self.mirror = Mirror()
        self.offers: tuple[frozenset[type[Command]], offers.Choices] = (frozenset(), {})
        self.unknown: set[str] = set()  # words that this software said it does not know
        self.missing: set[type[Command]] = set()  # commands that it therefore cannot do
        self.heart = heart.words(heart.identity(self.settings.peripheral_id, host), self.settings.peripheral)
        self.known = False  # the codec has us among its peripherals
        self.numbers = 0
        self.asked: dict[str, Asked] = {}
        self.first: set[str] = set()  # ids that must be answered before we are ready
        self.readable: set[Path] = set()
        self.complaint = ""  # the first error of the opening
        self.handles: dict[Path, int] = {}
        self.deaf: set[Path] = set()  # what the codec would not subscribe us to
        self.heard_at = 0.0
        self.alive = ""  # id of the question whether it is still there
        self.renewed_at = float("-inf")
        self.wishes = Wishes()
        self.unproven: dict[Path, Request] = {}  # where the proof of a command will show
        self.panel = Panel(
            lambda said, request: self._ask(Asked("panel", (), request, said)), self.settings.panel_location
        )

    # ---- coming up -------------------------------------------------------------------------------------------

    def opening(self) -> Opening:
        """Log in; over SSH the link does, over a WebSocket the upgrade request does."""
        user, password = self.settings.username, self.settings.password
        if self.shell:
            return Opening(username=user, password=password, pty=self.settings.pty)
        if self.settings.login == "basic":
            return Opening(path="/ws", headers={"Authorization": rpc.basic(user, password)})
        return Opening(path="/ws", subprotocols=(rpc.subprotocol(user, password),))

    def opened(self) -> Actions:
        """Over SSH wait for the banner's OK; else ask for everything at once."""
        self.heard_at = self.now
        if self.greeting == "over":
            yield from self._begin()

    def _greeted(self, line: bytes) -> Iterator[Action]:
        """jsxapi 6.0.0: a line that is exactly OK, `echo off`, a second OK, JSON mode without waiting for an answer.

        With a terminal our own words come back until the echo is off: they are not OK. It may also send escape
        sequences (PlaceOS collaboration_endpoint_spec).
        """
        if shell.ESCAPES.sub(b"", line).strip() != b"OK":
            return
        if self.greeting == "banner":
            self.greeting = "echo"
            yield Send(shell.ECHO_OFF, tag="echo off")
        else:
            self.greeting = "over"
            yield Answered("echo off")
            yield Send(shell.JSON_MODE, reply=False)
            yield from self._begin()

    def _begin(self) -> Iterator[Action]:
        yield from self._subscribe(*status.PUSHED)
        yield from self._read(*status.READ)
        self.first = set(self.asked)

    def _usable(self) -> Iterator[Action]:
        """The first answers are in."""
        if not self.readable:
            yield Drop(Reason.PROTOCOL_ERROR, f"the codec tells nothing of itself: {self.complaint}")
            return
        self.ready = True
        yield from self._offer()
        yield Offers(UNIT, frozenset({LayOut, ShowKey}))
        yield Ready()
        yield Later(QUIET, "quiet")
        yield Later(self.settings.verify, "verify")
        if self.deaf:
            yield Later(self.settings.poll, "poll")
        yield from self._subscribe(*status.PUSHED_LATER)
        yield from self._read(*status.READ_LATER)
        if self.settings.peripheral:
            yield self._ask(Asked("heart", said=self.heart[0]))

    def _offer(self) -> Iterator[Action]:
        found = offers.offered(self.mirror, self.unknown, self.missing)
        if found != self.offers:
            self.offers = found
            yield Offers("", *found)

    # ---- asking ----------------------------------------------------------------------------------------------

    def _key(self, asked: Asked) -> str:
        self.numbers += 1
        key = str(self.numbers)
        self.asked[key] = asked
        if len(self.asked) > KEPT:
            del self.asked[next(iter(self.asked))]
        return key

    def _read(self, *paths: Path) -> Iterator[Action]:
        for path in paths:
            key = self._key(Asked("read", path))
            yield Send(self.wire.read(key, path), tag=key)

    def _ask(self, asked: Asked) -> Send:
        assert asked.said is not None
        said, key = asked.said, self._key(asked)
        hide = tuple(self.wire.parameter(name, str(said.parameters[name])) for name in said.secret)
        return Send(self.wire.say(key, said), tag=key, hide=hide)

    def _subscribe(self, *paths: Path) -> Iterator[Action]:
        for path in paths:
            key = self._key(Asked("subscribe", path))
            yield Send(self.wire.subscribe(key, path), tag=key)

    def _renew(self) -> Iterator[Action]:
        """Register again, then read everything, so that nothing falls between.

        The shell's output mode goes first: it is what else a codec may have forgotten.
        """
        self.renewed_at = self.now
        if self.shell:
            yield Send(shell.JSON_MODE, reply=False)
        yield from self._subscribe(*status.PUSHED, *status.PUSHED_LATER, *((EVENTS,) if self.panel.laid else ()))
        yield from self._read(*status.READ, *status.READ_LATER)

    # ---- hearing ---------------------------------------------------------------------------------------------

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        """A line or a JSON object of the shell, or a WebSocket message."""
        self.heard_at = self.now
        if self.greeting != "over":
            yield from self._greeted(data)
            return
        heard = self.wire.hear(data)
        if heard is None:
            return
        if heard.id is None:
            yield from self._told(heard.value)
            return
        asked = self.asked.pop(heard.id, None)
        if asked is None:
            return
        yield Answered(heard.id)
        if heard.id == self.alive:
            self.alive = ""
        yield from self._answered(asked, heard)
        if heard.id in self.first:
            self.first.discard(heard.id)
            if heard.code == NOT_READY:
                yield Drop(Reason.NO_RESPONSE, "the codec is still starting")
            elif not self.first:
                yield from self._usable()

    def _answered(self, asked: Asked, heard: Heard) -> Iterator[Action]:
        match asked.what:
            case "read" | "alive":
                yield from self._read_answered(asked.path, heard)
            case "subscribe":
                yield from self._subscribed(asked.path, heard)
            case "heart":
                yield from self._beaten(asked, heard)
            case "panel" if asked.said is not None:
                yield from self.panel.answered(asked.said, asked.request, heard, self.now)
            case "command" if asked.request is not None and asked.said is not None:
                yield from self._commanded(asked.request, asked.said, heard)

    def _subscribed(self, path: Path, heard: Heard) -> Iterator[Action]:
        if heard.error and path == EVENTS:
            yield from self.panel.deaf(heard.error)
            return
        if heard.error:
            self.complaint = self.complaint or heard.error
            if not heard.nothing_there and path != status.ENDED:
                self.deaf.add(path)
                if self.ready:
                    yield Later(self.settings.poll, "poll")
            return
        self.deaf.discard(path)
        handle, old = self.wire.handle(heard.value), self.handles.get(path)
        if handle is None:
            return
        self.handles[path] = handle
        if old is not None and old != handle:  # the new one first, so that nothing falls between
            key = self._key(Asked("unsubscribe"))
            yield Send(self.wire.unsubscribe(key, old), tag=key)

    def _read_answered(self, path: Path, heard: Heard) -> Iterator[Action]:
        if heard.error:
            self.complaint = self.complaint or heard.error
            self.readable.discard(path)
            if not heard.nothing_there:
                return  # it says nothing of the state: what was pushed still holds
        else:
            self.readable.add(path)
        answer = {} if heard.error else self.wire.place(path, heard.value)
        names, missed = self.mirror.answer(path, answer)
        yield from self._tell(names)
        if self.ready and path == status.CONNECTORS:
            yield from self._offer()
        if self.ready and missed and path not in self.deaf and self.now >= self.renewed_at + AGAIN:
            yield from self._renew()  # it changed and we were not told

    def _told(self, news: Tree) -> Iterator[Action]:
        names = self.mirror.news(news)
        yield from self.panel.heard(news, self.now)
        if self.mirror.half_a_call and Asked("read", status.CALLS) not in self.asked.values():
            yield from self._read(status.CALLS)
        if self.mirror.ended:  # shown once more, with the reason
            shown = self.mirror.points({"calls"})["calls"] or ()
            yield Feedback("", calls=(*shown, *self.mirror.ended))
        yield from self._tell(names)
        if self.ready and at(news, status.INPUTS) is not None:  # a source came or went: no point, but a choice
            yield from self._offer()

    def _tell(self, names: set[str]) -> Iterator[Action]:
        if not names:
            return
        points = self.mirror.points(names)
        yield Feedback("", **points)
        if self.ready:
            yield from self._offer()
        self.unproven = {
            path: request for path, request in self.unproven.items() if not self.shows(request.command, points)
        }
        if "calls" in points:
            yield from self.wishes.settle(self.mirror.calls, self.now)

    def _commanded(self, request: Request, said: Said, heard: Heard) -> Iterator[Action]:
        """The answer to a command."""
        raise NotImplementedError

    # ---- silence, doubt and the heartbeat ---------------------------------------------------------------------

    def _beaten(self, asked: Asked, heard: Heard) -> Iterator[Action]:
        """The codec may have forgotten us: connect again with the next beat. It may not let us (rights): leave it."""
        connecting = asked.said == self.heart[0]
        self.known = not heard.error
        if connecting and self.known:
            yield self._ask(Asked("heart", said=self.heart[1]))
        if connecting:
            yield Later(heart.EVERY if self.known else 0, "heart")

    def failed(self, tag: Hashable, reason: str) -> Actions:
        """Replies carry ids, so one silent exchange spoils no other: ask the lightest question before giving up."""
        if not self.ready or tag == self.alive:
            yield Drop(Reason.NO_RESPONSE, "the codec does not answer")
            return
        asked = self.asked.get(str(tag))
        if asked is not None and asked.what == "panel" and asked.said is not None:
            del self.asked[str(tag)]
            yield from self.panel.lost(asked.said, asked.request, self.now)
        if not self.alive:
            yield from self._alive()

    def _alive(self) -> Iterator[Action]:
        self.alive = self._key(Asked("alive", status.LIGHTEST))
        yield Send(self.wire.read(self.alive, status.LIGHTEST), tag=self.alive)

    def closing(self) -> Actions:
        """Without us the panel's buttons are dead."""
        if self.settings.panel_goes and self.ready:
            yield from self.panel.leave()

    def due(self, name: str) -> Actions:
        """Time to see whether it is there, to look for ourselves, or to read everything again."""
        match name:
            case "quiet":
                silent = self.now - self.heard_at
                if silent >= QUIET and not self.alive:
                    yield from self._alive()
                yield Later(QUIET - silent if silent < QUIET else QUIET, "quiet")
            case "doubt":
                paths = {path for path in status.PUSHED for point in self.unproven if point[: len(path)] == path}
                if self.wishes:
                    paths.add(status.CALLS)
                self.unproven.clear()  # asked once; the patience of the command does the rest
                yield from self._read(*sorted(paths))
            case "verify":
                yield from self._renew()
                yield Later(self.settings.verify, "verify")
            case "heart":
                yield self._ask(Asked("heart", said=self.heart[self.known]))
                yield Later(heart.EVERY, "heart")
            case _ if name.startswith(TIMER):
                yield from self.panel.due(name, self.now)
            case "poll" if self.deaf:
                yield from self._read(*sorted(self.deaf & self.readable))
                yield Later(self.settings.poll, "poll")
