"""Rules: what a room does by itself, when it leaves people their way, and what the journal says of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gateway.commands import Command, Move, RunScene, SelectInput, SelectSource, SetPower, SetVolume, Stop
from gateway.driver import Feedback, Offers
from gateway.house import House
from gateway.journal import Journal
from gateway.model import Call
from gateway.plugins import load_drivers
from gateway.profile import site as profile
from gateway.room import Room
from tests.clock import ManualClock

ROOM = """
[devices.matrix]
driver = "key_digital"
link = "tcp://10.9.9.1"
enabled = false
[devices.projector]
driver = "pjlink"
link = "tcp://10.9.9.2"
enabled = false
[devices.screens]
driver = "draper"
link = "tcp://10.9.9.3:4999"
channels = "1-4"
enabled = false
[devices.codec]
driver = "cisco_roomos"
link = "ws://10.9.9.4"
enabled = false
[devices.rack]
driver = "apc_pdu"
link = "snmp://10.9.9.5"
enabled = false

[parts]
calls = "codec"
volume = "codec"
screen.front = "screens/1"
shade.left = "screens/2"
shade.right = "screens/3"
outlet.amplifier = "rack/1"
signal.laptop = "matrix/in/1"
[parts.display.main]
unit = "projector"
screen = "front"
[parts.output.projector]
unit = "matrix/1"
feeds = "display.main:31"
[parts.shade.all]
members = ["left", "right"]
[sources.laptop]
into = "matrix:1"
[sources.tv]
into = "matrix:2"
[scenes.light]
steps = [ { do = "source", source = "laptop" }, { do = "move", part = "shade.left", direction = "up" } ]

[rules.screen]
kind = "screens"
[rules.dark]
kind = "shades"
sources = ["laptop"]
shades = ["all"]
reopen = true
[rules.nobody]
kind = "standby"
minutes = 10
[rules.rack]
kind = "outlets"
outlets = ["amplifier"]
"""


@dataclass
class Bench:
    """A room whose devices are never connected; what they know is told to them. Rules' commands are read off the
    journal's list, since nothing can carry them out."""

    room: Room
    house: House
    clock: ManualClock
    seen: set[str] = field(default_factory=set)

    def tell(self, part: str, **points: Any) -> None:
        held = self.room.parts[part]
        held.player.feedback(None, Feedback(held.unit, **points))  # type: ignore[attr-defined]

    def by_rules(self) -> list[tuple[str, str, Command]]:
        """(rule, part, command) since the last time it was asked."""
        self.clock.advance(0)
        found = []
        for identity, (part, ticket) in self.room.commands.items():
            if ticket.cause.startswith("rule:") and identity not in self.seen:
                self.seen.add(identity)
                found.append((ticket.cause.removeprefix("rule:"), part, ticket.command))
        return found

    def do(self, command: Command, part: str = "") -> None:
        self.room.submit(command, part, cause="token:person")

    def off(self) -> Bench:
        """Everything known, at rest, the projector off."""
        self.tell("calls", calls=(), volume=30)
        self.tell("outlet.amplifier", power="off")
        for part in ("screen.front", "shade.left", "shade.right"):
            self.tell(part, position=0, moving="stopped")
        self.tell("output.projector", input="2", audio_input="2")
        self.tell("display.main", power="off")
        assert self.by_rules() == []
        return self

    def on(self) -> Bench:
        """And on, showing the television."""
        self.off().tell("display.main", power="on", input="31")
        self.tell("screen.front", position=100, moving="stopped")
        self.tell("outlet.amplifier", power="on")
        self.by_rules()
        self.clock.advance(1)
        return self


@pytest.fixture
def held(tmp_path: Path) -> Bench:
    (tmp_path / "room.toml").write_text(ROOM, encoding="utf-8")
    reading = profile.read(tmp_path / "room.toml", load_drivers())
    assert not reading.complaints, "\n".join(map(str, reading.complaints))
    clock = ManualClock()
    house = House(reading.site, Journal(None, clock=clock), clock)
    for name in ("1", "2", "3"):
        house.devices["room/screens"].offer(Offers(name, frozenset({Move, Stop})))
    return Bench(house.rooms["room"], house, clock)


DOWN, UP = Move("down"), Move("up")


def test_the_screen_follows_its_projector(held: Bench) -> None:
    held.off().tell("display.main", power="warming")
    assert ("screen", "screen.front", DOWN) in held.by_rules()
    held.tell("screen.front", moving="down", position=50)
    held.tell("display.main", power="on")
    held.tell("screen.front", moving="stopped", position=100)
    assert held.by_rules() == []
    held.room.watcher.rules.held.clear()  # type: ignore[union-attr]  # that it moved was told with nobody's command
    held.tell("display.main", power="cooling")
    assert held.by_rules() == [("screen", "screen.front", UP)]
    held.tell("screen.front", moving="up")
    held.tell("display.main", power="off")
    assert [act for act in held.by_rules() if act[0] == "screen"] == []  # once is enough


def test_what_it_finds_at_its_start_it_leaves_alone(held: Bench) -> None:
    held.tell("screen.front", position=0, moving="stopped")
    held.tell("outlet.amplifier", power="off")
    held.tell("output.projector", input="1", audio_input="1")
    held.tell("display.main", power="on", input="31")
    assert held.room.own("source").value == "laptop"
    assert held.by_rules() == []
    held.house.devices["room/projector"].unit("").fade()  # the link is lost, and comes back
    held.tell("display.main", power="on", input="31")
    assert held.by_rules() == []


def test_a_screen_that_is_down_or_on_its_way_is_not_told_again(held: Bench) -> None:
    held.off().tell("screen.front", position=100)
    held.room.watcher.rules.held.clear()  # type: ignore[union-attr]
    held.tell("display.main", power="warming")
    assert [act for act in held.by_rules() if act[0] == "screen"] == []


@pytest.mark.parametrize("how", ["panel", "stop", "wall switch"])
def test_a_hand_on_the_screen_wins_until_the_room_is_off(held: Bench, how: str) -> None:
    held.on()
    if how == "panel":
        held.do(UP, "screen.front")
    elif how == "stop":
        held.do(Stop(), "screen.front")
    else:
        held.tell("screen.front", moving="up")
        held.tell("screen.front", position=0, moving="stopped")
    held.tell("display.main", power="cooling")
    held.tell("display.main", power="on")  # off and on again, but the room was never off
    assert [act for act in held.by_rules() if act[0] == "screen"] == []
    held.tell("display.main", power="off")
    held.tell("screen.front", position=0, moving="stopped")
    held.by_rules()
    held.tell("display.main", power="warming")
    assert ("screen", "screen.front", DOWN) in held.by_rules()


def down_by_rule(held: Bench) -> Bench:
    """The projector has gone on, and the rule has sent the screen down; it runs."""
    held.off().do(SetPower(True), "display.main")
    held.tell("display.main", power="warming")
    assert ("screen", "screen.front", DOWN) in held.by_rules()
    held.tell("screen.front", moving="down", position=20)
    held.room.watcher.rules.held.discard("screen.front")  # type: ignore[union-attr]  # told with nobody's command
    held.tell("display.main", power="on", input="31")
    return held


def in_hand(held: Bench) -> bool:
    """Whether no rule touches the screen when its projector goes off and on."""
    held.tell("display.main", power="cooling")
    moved = [act for act in held.by_rules() if act[0] == "screen"]
    assert moved in ([], [("screen", "screen.front", UP)])
    return not moved


@pytest.mark.parametrize("seconds", [0.0, 2.0, 60.0])
@pytest.mark.parametrize("position", [55, None])
def test_who_only_stops_what_a_rule_moves_has_it_in_hand(held: Bench, position: int | None, seconds: float) -> None:
    down_by_rule(held).tell("screen.front", moving="stopped", position=position)
    held.clock.advance(seconds)
    assert in_hand(held)


@pytest.mark.parametrize("seconds", [0.0, 60.0])
@pytest.mark.parametrize("position", [97, 100])
def test_arriving_is_no_hand(held: Bench, position: int, seconds: float) -> None:
    down_by_rule(held).tell("screen.front", moving="stopped")  # where it stands is told after that
    held.clock.advance(1)
    held.tell("screen.front", position=position)
    held.clock.advance(seconds)
    assert not in_hand(held)


def test_the_pause_of_a_motor_that_turns_round_is_no_hand(held: Bench) -> None:
    down_by_rule(held)
    assert not in_hand(held)  # the rule has sent it back
    held.tell("screen.front", moving="stopped", position=40)
    held.clock.advance(60)
    assert "screen.front" not in held.room.watcher.rules.held  # type: ignore[union-attr]


def test_a_stop_that_goes_on_at_once_says_nothing(held: Bench) -> None:
    down_by_rule(held).tell("screen.front", moving="stopped")
    held.clock.advance(1)
    held.tell("screen.front", moving="down")
    held.room.watcher.rules.held.discard("screen.front")  # type: ignore[union-attr]  # for its second start
    held.clock.advance(60)
    assert not in_hand(held)


def test_the_wall_switch_between_the_news_and_the_deed_is_faster(held: Bench) -> None:
    held.off().tell("display.main", power="warming")
    held.do(Stop(), "screen.front")  # the rule has been asked, but has not spoken yet
    assert [act for act in held.by_rules() if act[0] == "screen"] == []


def test_shades_close_for_a_presentation_and_open_after_it(held: Bench) -> None:
    held.on()
    held.do(SelectSource("laptop"))
    assert held.by_rules() == [("dark", "shade.left", DOWN), ("dark", "shade.right", DOWN)]
    held.tell("output.projector", input="1", audio_input="1")  # and when it is shown, nothing more
    assert held.room.own("source").value == "laptop" and held.by_rules() == []
    held.do(UP, "shade.right")  # somebody wants light
    held.tell("output.projector", input="2", audio_input="2")
    assert held.by_rules() == [("dark", "shade.left", UP)]


def test_a_source_that_is_chosen_at_the_switcher_counts_as_well(held: Bench) -> None:
    held.on().tell("output.projector", input="1")
    assert held.by_rules() == [("dark", "shade.left", DOWN), ("dark", "shade.right", DOWN)]
    held.tell("display.main", power="cooling")
    held.tell("display.main", power="off")
    assert [act for act in held.by_rules() if act[0] == "dark"] == [
        ("dark", "shade.left", UP),
        ("dark", "shade.right", UP),
    ]


def test_a_scene_is_a_persons_word_too(held: Bench) -> None:
    held.on().do(RunScene("light"))
    held.tell("output.projector", input="1")
    assert held.by_rules() == [("dark", "shade.right", DOWN)]


def test_a_hand_on_a_group_holds_its_members(held: Bench) -> None:
    held.on().do(UP, "shade.all")
    held.do(SelectSource("laptop"))
    assert held.by_rules() == []


def test_outlets_go_with_the_room(held: Bench) -> None:
    held.off().do(SetPower(True))
    assert ("rack", "outlet.amplifier", SetPower(True)) in held.by_rules()
    held.tell("outlet.amplifier", power="on")
    held.room.watcher.rules.held.clear()  # type: ignore[union-attr]  # told with nobody's command: as if by hand
    held.tell("display.main", power="on", input="31")
    held.by_rules()
    held.tell("display.main", power="cooling")
    assert [act for act in held.by_rules() if act[0] == "rack"] == []  # its fan still runs
    held.tell("display.main", power="off")
    assert [act for act in held.by_rules() if act[0] == "rack"] == [("rack", "outlet.amplifier", SetPower(False))]


def test_an_outlet_in_somebodys_hands_stays(held: Bench) -> None:
    held.off().do(SetPower(False), "outlet.amplifier")
    held.do(SetPower(True))
    assert [act for act in held.by_rules() if act[0] == "rack"] == []


def nothing(held: Bench) -> Bench:
    """The television is chosen, and the display says that it gets nothing."""
    held.on().tell("display.main", signal=False)
    return held


STANDBY = ("nobody", "display.main", SetPower(False))


def test_a_display_that_shows_nothing_goes_to_standby(held: Bench) -> None:
    nothing(held).clock.advance(599)
    assert held.by_rules() == []
    held.clock.advance(2)
    assert held.by_rules() == [STANDBY]
    held.clock.advance(601)
    assert held.by_rules() == [STANDBY]  # it did not obey
    held.tell("display.main", power="off")
    held.clock.advance(3600)
    assert STANDBY not in held.by_rules()


@pytest.mark.parametrize(
    ("what", "points"),
    [
        ("display.main", {"signal": True}),
        ("calls", {"calls": (Call("1", "out", "connected"),)}),
        ("calls", {"calls": None}),
    ],
)
def test_news_of_somebody_begins_it_anew(held: Bench, what: str, points: dict[str, Any]) -> None:
    nothing(held).clock.advance(500)
    held.tell(what, **points)
    held.clock.advance(3600)
    assert held.by_rules() == []
    held.tell("calls", calls=())
    held.tell("display.main", signal=False)
    held.clock.advance(599)
    assert held.by_rules() == []
    held.clock.advance(1)
    assert held.by_rules() == [STANDBY]


def test_whoever_does_something_is_there(held: Bench) -> None:
    nothing(held).clock.advance(500)
    held.do(SetVolume(20), "volume")
    held.clock.advance(599)
    assert held.by_rules() == []
    held.clock.advance(1)
    assert held.by_rules() == [STANDBY]


def test_the_sources_own_signal_and_no_source_at_all_count(held: Bench) -> None:
    held.on().clock.advance(700)
    assert held.by_rules() == []  # the television, of which nobody knows
    held.tell("output.projector", input="1", audio_input="1")
    held.tell("signal.laptop", signal=True)
    held.by_rules()
    held.clock.advance(700)
    assert held.by_rules() == []
    held.tell("signal.laptop", signal=False)
    held.clock.advance(600)
    assert held.by_rules() == [STANDBY]
    held.tell("signal.laptop", signal=True)
    held.tell("output.projector", input="4", audio_input="4")  # where no source of the room is
    held.clock.advance(600)
    assert STANDBY in held.by_rules()


def test_a_display_that_somebody_switched_on_by_name_stays_on(held: Bench) -> None:
    held.off().do(SetPower(True), "display.main")
    held.tell("display.main", power="on", input="31", signal=False)
    held.clock.advance(3600)
    assert STANDBY not in held.by_rules()
    held.do(SelectInput("32"), "display.main")


async def test_the_journal_says_which_rule_it_was(tmp_path: Path) -> None:
    (tmp_path / "room.toml").write_text(ROOM, encoding="utf-8")
    reading = profile.read(tmp_path / "room.toml", load_drivers())
    clock = ManualClock()
    journal = Journal(None, clock=clock)
    journal.open()
    house = House(reading.site, journal, clock)
    house.devices["room/screens"].offer(Offers("1", frozenset({Move, Stop})))
    held = Bench(house.rooms["room"], house, clock)
    held.off().tell("display.main", power="warming")
    assert ("screen", "screen.front", DOWN) in held.by_rules()
    (entry,) = [entry for entry in await journal.history("room", kinds=("command",)) if entry.subject == "screen.front"]
    assert entry.cause == "rule:screen" and entry.data["verb"] == "move"
    await house.close()
    await journal.close()
    assert clock.next is None or not house.rooms["room"].mailboxes


WRONG = [
    ('kind = "standby"', 'kind = "stanby"', "[rules.nobody] kind: found 'stanby'; did you mean 'standby'?"),
    ("minutes = 10", "", "[rules.nobody] minutes: missing"),
    ('sources = ["laptop"]', 'sources = ["lap"]', "no source 'lap'"),
    ('shades = ["all"]', 'shades = ["al"]', "no shade 'al'; did you mean 'all'?"),
    ("reopen = true", "repoen = true", "repoen: unknown key; did you mean 'reopen'?"),
    ('outlets = ["amplifier"]', "", "[rules.rack] outlets: missing"),
    ('screen = "front"', "", "[rules.screen] displays: no display names a screen"),
    ('kind = "screens"', 'kind = "screens"\ndisplays = ["mian"]', "no display 'mian'; did you mean 'main'?"),
]


@pytest.mark.parametrize(("old", "new", "words"), WRONG, ids=[words for *_, words in WRONG])
def test_mistakes_are_said_in_words(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert ROOM.count(old) == 1
    (tmp_path / "room.toml").write_text(ROOM.replace(old, new), encoding="utf-8")
    found = [str(complaint) for complaint in profile.read(tmp_path / "room.toml", load_drivers()).complaints]
    assert any(words in complaint for complaint in found), found
