"""What lines and HTTP requests in the words of a profile have in common: what is asked when, and what it proves.

What may not live here: how words travel (`line.py`, `http.py`), and what they mean (`words.py`).
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, ClassVar

from drivers.generic.words import PLAYS, Language, WordSettings
from gateway.commands import Command
from gateway.driver import Actions, Driver, Feedback, Later, Offers, Ready, Refused, Request, Send, Taken, shows


class Worded(Driver):
    """A device whose words stand in the profile. Subclasses say how words are put (`put`) and hand on answers."""

    plays = PLAYS
    units = 'one of `units`, "" where there are none'
    quoted: ClassVar[bool] = False  # arguments are percent-encoded and escaped for JSON
    settings: WordSettings

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.words = Language(self.settings)
        self.refusal = re.compile(self.settings.refused) if self.settings.refused else None
        self.begun = False

    def put(self, words: str, tag: Hashable, hide: tuple[str, ...]) -> Send:
        """Words as they travel; raises ValueError, with the reason, for what cannot be sent."""
        raise NotImplementedError

    def valid_unit(self, unit: str) -> bool:
        return unit in self.words.units

    def may_take(self, unit: str) -> frozenset[type[Command]]:
        """What the profile has words for."""
        return self.words.offers(unit)

    def shows(self, command: Command, points: Mapping[str, Any]) -> bool:
        """A device with fewer steps than a hundred comes as near as it can."""
        near = self.words.same(command, points)
        return shows(command, points) if near is None else near

    def begin(self) -> Actions:
        """It is usable."""
        if not self.begun:
            self.begun = True
            for unit in self.words.units:
                yield Offers(unit, self.words.offers(unit), self.words.choices)
            yield Ready()

    def look(self) -> Actions:
        """Ask all there is to ask."""
        for words in self.settings.ask:
            for unit in self.words.named(words):
                yield self.put(self.words.ask(words, unit), "look", (self.settings.password,))
        if self.settings.ask and self.settings.poll:
            yield Later(self.settings.poll, "poll")

    def due(self, name: str) -> Actions:
        """Time to look again."""
        yield from self.look()

    def command(self, request: Request) -> Actions:
        """Say it in the device's words."""
        said = self.words.say(request.command, request.unit, quote=self.quoted)
        if said is None:
            yield Refused(request, "the profile has no words for that")
            return
        try:
            send = self.put(said[0], request, said[1])
        except ValueError as error:
            yield Refused(request, str(error))
            return
        yield send
        if not send.reply:
            yield from self.taken(request)

    def taken(self, request: Request, heard: Sequence[Feedback] = ()) -> Actions:
        """The device took it, and told this with its answer; look, where that does not show it."""
        yield Taken(request)
        yield from self.words.believe(request)
        told = any(not request.command.touches.isdisjoint(news.points) for news in heard)
        if self.settings.ask and not told and self.words.tells_of(request.command):
            yield from self.look()
