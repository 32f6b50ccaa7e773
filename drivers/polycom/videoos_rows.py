"""Answers that come in rows: the directory, page by page as the reader asks, and the codec's calendar.

What may not live here: what a row's fields mean (`videoos_status.py`). A search is a query that the codec keeps until
it is deleted (guide 3.1, /rest/directory/queries), so one that nobody reads on in is deleted, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from drivers.polycom import videoos_status as status
from drivers.polycom.videoos_about import VideoosSettings
from drivers.polycom.videoos_orders import post
from drivers.polycom.videoos_session import Exchange
from gateway.commands import ListBookings, Search
from gateway.driver import Action, Done, HttpReply, Item, More, Refused, Request

QUERIES = "/rest/directory/queries"
FORGOTTEN = 60.0  # seconds after which nobody reads on
SCOPE = {"serverScope": "ALL", "entryScope": "ANY", "groupScope": "RECURSIVE", "order": "DISPLAY_NAME"}


@dataclass
class Query:
    """A search under way: the codec's id for it, and when it was last read."""

    read: float
    id: str = ""


class Rows:
    """The searches that are open, and what is asked for them."""

    def __init__(self, settings: VideoosSettings, ask: Callable[[Exchange], Iterator[Action]]) -> None:
        self._settings = settings
        self._ask = ask
        self._ended = 0
        self.open: dict[str, Query] = {}

    def asked(self, request: Request, now: float, clock: float | None) -> Iterator[Action]:
        """A reader wants the first page, or the next. `clock`: the codec's seconds since 1970."""
        command = request.command
        if isinstance(command, ListBookings):
            where = "number=50" if clock is None else f"start={int(clock)}&end={int(clock) + command.days * 86400}"
            yield from self._ask(Exchange("GET", f"/rest/calendar/meetings?{where}", b"", request))
        elif isinstance(command, Search) and request.page == 0:
            self.open[request.id] = Query(now)
            step = post(QUERIES, {"searchString": command.text, **SCOPE})
            yield from self._ask(Exchange(step.method, step.path, step.body, request))
        elif (query := self.open.get(request.id)) is not None:
            query.read = now
            yield from self._page(request, query)
        else:
            yield Refused(request, "the search was ended, because nobody read on")

    def _page(self, request: Request, query: Query) -> Iterator[Action]:
        size = self._settings.page
        path = f"{QUERIES}/{query.id}?start={request.page * size}&limit={size}"
        yield from self._ask(Exchange("GET", path, b"", request))

    def answered(self, request: Request, reply: HttpReply) -> Iterator[Action]:
        """The codec answered a question of `asked`."""
        words, told = status.refused(reply), status.parsed(reply)
        if words:
            yield Refused(request, words)
            yield from self.end(request.id)
        elif isinstance(request.command, ListBookings):
            for one in status.entries(told):
                yield Item(request, status.booking(one))
            yield Done(request)
        else:
            yield from self._found(request, told)

    def _found(self, request: Request, told: object) -> Iterator[Action]:
        query = self.open.get(request.id)
        if query is None:
            yield Refused(request, "the search was ended, because nobody read on")
        elif not query.id:
            query.id = status.query(told)
            if query.id:
                yield from self._page(request, query)
            else:
                del self.open[request.id]
                yield Refused(request, "the codec did not say where the answer to the search is")
        else:
            found = status.entries(told)
            for one in found:
                yield Item(request, status.entry(one))
            if len(found) >= self._settings.page:
                yield More(request)
            else:
                yield Done(request)
                yield from self.end(request.id)

    def tidy(self, now: float) -> Iterator[Action]:
        """End the searches that nobody reads on in."""
        for identity in [identity for identity, query in self.open.items() if now > query.read + FORGOTTEN]:
            yield from self.end(identity)

    def end(self, identity: str) -> Iterator[Action]:
        """The codec need not keep it any longer."""
        query = self.open.pop(identity, None)
        if query is not None and query.id:
            self._ended += 1
            yield from self._ask(Exchange("DELETE", f"{QUERIES}/{query.id}", b"", ("end of search", self._ended)))
