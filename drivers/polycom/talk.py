"""One exchange at a time with a shell that echoes, interrupts itself and leaves some commands unanswered.

The ground of `cli.py` and `yealink.py`: its own queue (people before polls), the echo, the pace, tones, and silence.
What may not live here: any device's words. The driver keeps its queue itself, because nothing may be sent while a call
is being set up, and gives the house one `Send` at a time; so the house knows what is on the wire and the driver which
line ends it (Integrator's Reference Manual for Polycom HDX Systems: one command at a time, 200 ms apart).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from drivers.polycom.lines import Spoken, text
from drivers.polycom.wishes import Wishes
from gateway.commands import Answer, Command, Dial, HangUp, SendDtmf
from gateway.driver import Action, Actions, Answered, Driver, Drop, Feedback, Later, Refused, Request, Send, Taken
from gateway.model import Call, Reason

PACE = 0.2  # seconds for a command that often gets no answer (same place)
SOFT = 1.0  # seconds that an acknowledgement may take whose proof is asked for anyway
STUCK = 15.0  # seconds after which an exchange that the house never sent is forgotten
PAUSE = 2.0  # seconds that a comma stands for among tones
SETTING_UP = ("dialling", "connecting")
ERROR = re.compile(r"(?:error|info): *(.*)", re.IGNORECASE)


@dataclass(eq=False, slots=True)
class Ask:
    """One exchange: what is sent, which line ends it, and for whom.

    `soft`: so many seconds end it too. `optional`: a codec that does not know it may stay silent. `always`: goes out
    while a call is being set up. `then`: asked right afterwards. `kind` says what its rows are.
    """

    words: str
    ends: re.Pattern[str] | None = None
    request: Request | None = None
    soft: float = 0.0
    optional: bool = False
    always: bool = False
    first: bool = False
    checking: bool = False
    kind: str = ""
    hide: tuple[str, ...] = ()
    then: tuple[Ask, ...] = ()
    until: float = float("inf")
    number: int = -1  # of lines that had left when it had

    @property
    def tag(self) -> Hashable:
        """What comes back with its end."""
        return self.request or self.words

    def ended_by(self, line: str) -> bool:
        """Whether this line is its last."""
        return ERROR.match(line) is not None or (self.ends is not None and self.ends.fullmatch(line) is not None)


class Talk(Driver):
    """A driver that asks one thing at a time. Subclasses say what lines mean (`heard`) and what ends mean (`over`)."""

    END: ClassVar[bytes] = b"\r"

    def __init__(self, settings: Any = None, *, host: str = "", scheme: str = "") -> None:
        super().__init__(settings, host=host, scheme=scheme)
        self.cutter = Spoken(self._ends)
        self.talking = False  # logged in: lines are answers and news
        self.ready = False
        self.echo = False  # the shell repeats what it is sent
        self.asked: Ask | None = None
        self.echoed = False  # the echo of what is asked has come
        self.people: deque[Ask] = deque()
        self.polls: deque[Ask] = deque()
        self.free_at = 0.0
        self.doubted = False  # an exchange was silent, and it is being asked whether anybody is there
        self.calls: dict[str, Call] = {}
        self.news_at: dict[str, float] = {}  # call -> when its state last changed
        self.dialled_until = 0.0
        self.lines_left = 0
        self.wishes = Wishes()
        self.tones: deque[tuple[Request, str]] = deque()

    # ---- what subclasses say ---------------------------------------------------------------------------------

    def heard(self, line: str) -> Actions:
        """A line that is neither echo nor acknowledgement: state, rows or news."""
        return ()

    def over(self, ask: Ask, line: str, error: str) -> Actions:
        """An exchange has ended, with this line; `error`: the codec's words where it said no."""
        return ()

    def probe(self) -> Ask:
        """The question that shows whether anybody is there."""
        raise NotImplementedError

    def greeted(self, line: str) -> Actions:
        """A line before the log-in is over."""
        return ()

    def calls_changed(self) -> Actions:
        """The calls are not what they were."""
        return ()

    def end_now(self, key: str) -> Actions:
        """End a call that came of a dial which a hang-up took back."""
        return ()

    # ---- hearing ---------------------------------------------------------------------------------------------

    def _is_echo(self, line: str) -> bool:
        """The first line that repeats what was asked; where that could be the answer itself, only if it echoes."""
        ask = self.asked
        return (
            ask is not None
            and not self.echoed
            and line == ask.words
            and (self.echo or (not ask.soft and not ask.ended_by(line)))
        )

    def _ends(self, line: str) -> bool:
        return self.asked is not None and not self._is_echo(line) and self.asked.ended_by(line)

    def received(self, data: Any, tag: Hashable = None, link: str = "main") -> Actions:
        """One line, or a prompt."""
        line = text(data)
        if not line:
            return
        if not self.talking:
            yield from self.greeted(line)
            return
        if self._is_echo(line):
            self.echo = self.echoed = True
            return
        ask = self.asked
        acknowledged = ask is not None and ask.request is not None and line.lower() == ask.words.lower()
        if not acknowledged:
            yield from self.heard(line)
        if tag is not None and ask is not None and ask is self.asked and ask.tag == tag:
            yield from self._close(ask, line)
        yield from self.pump()

    def _close(self, ask: Ask, line: str) -> Actions:
        self.asked, self.doubted = None, False
        self.free_at = self.now + self.gap()
        error = ERROR.fullmatch(line)
        words = (error[1] or line) if error else ""
        yield from self.over(ask, line, words)
        if not words:
            self.polls.extendleft(reversed(ask.then))

    def gap(self) -> float:
        """Seconds between an answer and the next command."""
        return 0.0

    # ---- asking ----------------------------------------------------------------------------------------------

    def setting_up(self) -> bool:
        """A call is being set up: nothing may be sent; but not for ever, since its end may be lost."""
        if self.now < self.dialled_until:
            return True
        return any(
            (call.state in SETTING_UP or (call.state == "ringing" and call.direction == "out"))
            and self.now < self.news_at.get(key, 0.0) + self.hush()
            for key, call in self.calls.items()
        )

    def hush(self) -> float:
        """Seconds, at most, that commands are held back while a call is being set up."""
        return 0.0

    def person(self, ask: Ask) -> Actions:
        """Something a person wants; a newer one of the same slot takes the place of one that still waits."""
        request = ask.request
        if request is not None:
            ask.until = min(ask.until, self.now + self.patience(request.command))
            slot = request.command.slot
            if slot:
                self.people = deque(
                    held for held in self.people if held.request is None or held.request.command.slot != slot
                )
        self.people.append(ask)
        yield from self.pump()

    def poll(self, *asks: Ask) -> None:
        """Questions of our own, unless they wait already."""
        waiting = {held.words for held in self.polls}
        self.polls.extend(ask for ask in asks if ask.words not in waiting)

    def pump(self) -> Actions:
        """Send the next, if it may go now."""
        if self.asked is not None or not self.talking or not (self.people or self.polls):
            return
        if self.now < self.free_at:
            yield Later(self.free_at - self.now, "go")
            return
        ask = self._take()
        if ask is None:
            return
        self.asked, self.echoed = ask, False
        self.lines_left += 1
        ask.number = self.lines_left
        if ask.request is not None:
            self.wishes.left(ask.request, self.calls)
        yield Send(ask.words.encode() + self.END, tag=ask.tag, hide=ask.hide)
        yield Later(ask.soft or STUCK, "soft")

    def _take(self) -> Ask | None:
        quiet = self.setting_up()
        for queue in (self.people, self.polls):
            for ask in [held for held in queue if self.now > held.until]:
                queue.remove(ask)  # the house has settled it long since
                self._forget(ask)
            for ask in queue:
                if ask.always or not quiet:
                    queue.remove(ask)
                    return ask
        return None

    def take_back(self, command: Command) -> None:
        """What this command cancels and still waits here never leaves: the house has ended it already."""
        for held in [held for held in self.people if held.request and held.request.command.verb in command.cancels]:
            self.people.remove(held)
            self._forget(held)

    def _forget(self, ask: Ask) -> None:
        if ask.request is not None:
            self.wishes.forget(ask.request)

    def now_or_never(self, words: str) -> Send:
        """What waits for no turn and no answer: a hang-up, a camera's stop."""
        self.lines_left += 1
        return Send(words.encode() + self.END, reply=False)

    def failed(self, tag: Hashable, reason: str) -> Actions:
        """Lines are told apart by what they say, so one silent exchange spoils no other: see if anybody is there."""
        ask = self.asked
        self.asked = None
        if not self.talking or (ask is not None and ask.tag != tag):
            yield Drop(Reason.NO_RESPONSE, reason)
        elif ask is not None and ask.optional and not self.ready:
            yield from self.over(ask, "", "no answer")
            yield from self.pump()
        elif self.doubted:
            yield Drop(Reason.NO_RESPONSE, "the codec does not answer")
        else:
            self.doubted = True
            if ask is not None and ask.first:
                self.polls.appendleft(ask)
            else:
                self.polls.appendleft(self.probe())
            yield from self.pump()

    def due(self, name: str) -> Actions:
        """Time for the next command, tone or poll."""
        match name:
            case "go":
                self.free_at = self.now
            case "hush":
                pass
            case "soft" if self.asked is not None:
                ask = self.asked
                yield Answered(ask.tag)
                if ask.soft:
                    yield from self._close(ask, "")
                else:
                    self.asked = None
            case "tones":
                yield from self.play()
        yield from self.pump()

    # ---- tones -----------------------------------------------------------------------------------------------

    def dtmf(self, request: Request, command: SendDtmf) -> Actions:
        """Tones go one by one (`gendial`); a comma is a pause in which others may speak."""
        digits = command.digits.upper()
        if set(digits) & set("ABCD"):
            yield Refused(request, "this codec sends only 0-9, * and #")
            return
        if not self.calls:
            yield Refused(request, "there is no call")
            return
        self.tones.append((request, digits))
        if len(self.tones) == 1:
            yield from self.play()

    def play(self) -> Actions:
        """The next tone, or the end of the series."""
        if not self.tones:
            return
        request, digits = self.tones[0]
        if not self.calls:
            self.tones.clear()
            yield Refused(request, "the call has ended")
        elif not digits:
            self.tones.popleft()
            yield Taken(request)
            yield from self.play()
        else:
            self.tones[0] = (request, digits[1:])
            if digits[0] == ",":
                yield Later(PAUSE, "tones")
            else:
                words = f"gendial {digits[0]}"
                self.people.append(Ask(words, None, request, soft=PACE, kind="tone", hide=(words,)))
                yield from self.pump()

    # ---- calls -----------------------------------------------------------------------------------------------

    def show(self, call: Call) -> Iterator[Action]:
        """The codec told of a call."""
        held = self.calls.get(call.id)
        if held is None or held.state != call.state:
            self.news_at[call.id] = self.now
            self.dialled_until = 0.0
            yield Later(self.hush(), "hush")
        if held != call:
            self.calls[call.id] = call
            yield from self.tell_calls()

    def end(self, key: str, reason: str) -> Iterator[Action]:
        """A call is over: it is shown so once, before it leaves."""
        held = self.calls.get(key)
        if held is None:
            return
        self.news_at.pop(key, None)
        self.calls[key] = replace(held, state="ended", reason=reason)
        yield Feedback("", calls=tuple(self.calls.values()))
        del self.calls[key]
        yield from self.tell_calls()

    def tell_calls(self, *, listed: int = -1) -> Iterator[Action]:
        """All calls as they are, and what that decides; `listed`: of the line that asked for all of them."""
        yield Feedback("", calls=tuple(self.calls.values()))
        yield from self.calls_changed()
        yield from self.wishes.settle(self.calls, self.now, listed=listed)
        unwanted, self.wishes.unwanted = self.wishes.unwanted, []
        for key in unwanted:
            yield from self.end_now(key)

    def answering_line(self, words: str) -> int:
        """The number of the line that asked this, where its answer is what is being heard; else -1."""
        return self.asked.number if self.asked is not None and self.asked.words == words else -1

    def patience(self, command: Any) -> float:
        """The manual allows 15 s for the news of a hang-up; an answered call takes as long as its set-up."""
        return 16.0 if isinstance(command, HangUp | Answer | Dial) else float(command.patience)


def pattern(words: str) -> re.Pattern[str]:
    """A line's pattern; the shells' spelling of On and on differs."""
    return re.compile(words, re.IGNORECASE)


def quoted(words: str) -> str:
    """A text in quotes; ValueError for what would end them or the line."""
    if '"' in words or any(ord(character) < 32 for character in words):
        raise ValueError("quotes and control characters cannot be sent")
    return f'"{words}"'


def percent(step: int, top: int) -> int:
    """A step of the codec's own scale as 0-100."""
    return (step * 200 + top) // (2 * top)


def step(level: int, top: int) -> int:
    """0-100 as a step of the codec's own scale."""
    return (level * top * 2 + 100) // 200
