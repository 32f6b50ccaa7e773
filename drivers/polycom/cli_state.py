"""What the codec is known to do and hold: its points and calls, as its lines tell them, and what they leave in doubt.

What may not live here: log-in and commands (`cli.py`), what a line says (`cli_grammar.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from drivers.polycom import cli_grammar
from drivers.polycom.cli_grammar import TOP, Told
from drivers.polycom.cli_words import ANSWERS, NEEDS, REGISTRATIONS, question, registration
from drivers.polycom.talk import Talk, percent
from drivers.polycom.wishes import ringing
from gateway.driver import Action, Actions, Feedback, Item

FORGOTTEN = 90.0  # seconds without news after which a call that callinfo does not list was set up in vain
MOST = 32  # calls that are remembered of a list
AGAIN = 60.0  # seconds between two renewals of the registrations


class Hearing(Talk):
    """A codec as far as it tells of itself."""

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.dialect = ""
        self.model = ""
        self.known: set[str] = set()  # questions that this codec answers
        self.points: dict[str, Any] = {}
        self.answering = ""
        self.own_content = self.far_content = False
        self.power: str | None = None
        self.listing: list[Told] | None = None
        self.rows = 0
        self.meetings: list[dict[str, Any]] = []
        self.renewed_at = float("-inf")

    # ---- what lines say --------------------------------------------------------------------------------------

    def heard(self, line: str) -> Actions:
        """State, calls, rows, identity: each line by what it says, whatever it interrupts."""
        kind = self.asked.kind if self.asked else ""
        request = self.asked.request if self.asked else None
        lowered = line.lower()
        if lowered.startswith("callinfo") or lowered == "system is not in a call":
            yield from self._callinfo(line)
        elif news := cli_grammar.told(line):
            yield from self._call(news)
        elif (found := cli_grammar.point(line)) is not None:
            yield from self._point(*found)
        elif kind == "search" and request and (row := cli_grammar.entry(line)) is not None:
            self.rows += 1
            yield Item(request, row)
        elif kind == "bookings" and (row := cli_grammar.meeting(line)) is not None:
            self.meetings.append(row)
        elif kind == "meeting" and self.meetings:
            self.meetings[0].update(cli_grammar.detail(line))
        elif lowered == "listen video ringing":
            if not ringing(self.calls):
                self.poll(question("callinfo all"))
        elif lowered.startswith("connection ") and lowered.endswith(" is not active"):
            yield from self._call(Told(line.split(" ")[1], "inactive"))
            yield from self.wishes.settle(self.calls, self.now)
        else:
            yield from self._identified(line)

    def _point(self, name: str, value: Any) -> Actions:
        match name:
            case "volume":
                yield from self._tell(volume=percent(value, TOP))
            case "answering":
                self.answering = value
                yield from self._tell(auto_answer=value == "yes", do_not_disturb=value == "donotdisturb")
            case "content":
                yield from self._content(value)
            case "content source":
                if value == "none":
                    self.own_content = False
                yield from self._tell(share_source=None if value == "none" else value, sharing=self._sharing())
            case "power":
                woke = value == "on" and self.power == "standby"
                self.power = value
                yield from self._tell(power=value)
                if woke and self.ready:  # it may have done anything in its sleep
                    self._look()
            case _:
                yield from self._tell(**{name: value})

    def _tell(self, **points: Any) -> Actions:
        if self.asked is not None and self.asked.checking and self.ready:
            missed = {"volume", "mic_muted", "sharing"} & points.keys()
            if any(self.points.get(name) != points[name] for name in missed):
                self._renew()
        self.points.update(points)
        yield Feedback("", **points)

    def _content(self, word: str) -> Actions:
        match word:
            case "play":
                self.own_content, self.far_content = True, False
                if self.power != "standby" and self.asked is None:
                    self.poll(question("vcbutton source get"))
            case "stop":
                self.own_content = False
            case "farplay":
                self.far_content = True
            case "farstop":
                self.far_content = False
        told: dict[str, Any] = {} if self.own_content else {"share_source": None}
        yield from self._tell(sharing=self._sharing(), **told)

    def _sharing(self) -> str:
        connected = any(call.state == "connected" for call in self.calls.values())
        if self.own_content:
            return "sending" if connected else "preview"
        return "receiving" if self.far_content else "off"

    # ---- calls -----------------------------------------------------------------------------------------------

    def _call(self, news: Told) -> Iterator[Action]:
        if news.gone:
            yield from self.end(news.id, f"cause {news.cause}" if news.cause not in ("", "0") else "")
            return
        call = cli_grammar.merged(news, self.calls.get(news.id))
        if call is None:
            self.poll(question("callinfo all"))  # some news name no direction
        else:
            yield from self.show(call)

    def _callinfo(self, line: str) -> Actions:
        lowered = line.lower()
        if lowered == "callinfo begin":
            self.listing = []
        elif lowered == "callinfo end":
            listing, self.listing = self.listing or [], None
            yield from self._listed(listing)
        elif lowered == "system is not in a call":
            self.listing = None
            yield from self._listed([])
        elif (news := cli_grammar.callinfo(line)) is not None:
            if self.listing is not None:
                self.listing = [*self.listing[-MOST:], news]
            else:
                yield from self._call(news)

    def _listed(self, listing: list[Told]) -> Actions:
        """All calls there are; but one that is being set up may not be among them yet."""
        shown = {news.id for news in listing if not news.gone}
        missed = not shown <= self.calls.keys()
        for key, call in list(self.calls.items()):
            young = self.now < self.news_at.get(key, 0.0) + FORGOTTEN
            if key not in shown and (call.state in ("connected", "on hold", "unknown", "disconnecting") or not young):
                missed = missed or call.state == "connected"
                yield from self.end(key, "")
        for news in listing:
            found = None if news.gone else cli_grammar.merged(news, self.calls.get(news.id))
            if found is not None:
                if news.id not in self.calls or self.calls[news.id].state != found.state:
                    self.news_at[news.id] = self.now
                self.calls[news.id] = found
        if missed and self.ready and self.asked is not None and self.asked.checking:
            self._renew()
        yield from self.tell_calls(listed=self.answering_line("callinfo all"))

    def calls_changed(self) -> Actions:
        """A codec in a call is awake; and what is shared goes to the far end or not."""
        if any(call.state == "connected" for call in self.calls.values()) and self.power != "on":
            self.power = "on"
            yield Feedback("", power="on")
        if self.own_content and self.points.get("sharing") != self._sharing():
            yield from self._tell(sharing=self._sharing())

    # ---- doubt -----------------------------------------------------------------------------------------------

    def _look(self) -> None:
        self.poll(*(question(words, checking=True) for words in ANSWERS if words in self.known and words in NEEDS))

    def _renew(self) -> None:
        """Something changed and we were not told: register again, but not over and over."""
        if self.now >= self.renewed_at + AGAIN:
            self.renewed_at = self.now
            self.poll(*(registration(words) for words in REGISTRATIONS))

    def _identified(self, line: str) -> Actions:
        found = cli_grammar.identity(line)
        if found is None:
            return
        name, value = found
        if name == "model":
            self.model = value
            self.dialect = self.dialect or cli_grammar.dialect(value)
        told: dict[str, Any] = {name: value}
        yield Feedback("", **told)
