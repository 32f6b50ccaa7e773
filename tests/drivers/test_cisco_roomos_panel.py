"""The codec's touch panel as a surface: its XML, its widgets' values, fingers; in every order, at the codec's pace."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.cisco import CiscoRoomos, rpc, shell, widgets
from drivers.cisco.panel import SLIDER_PACE, TIMER, UNIT
from drivers.cisco.words import Said
from gateway.commands import LayOut, SetVolume, ShowKey
from gateway.driver import Action, Done, Later, Offers, Press, Refused, Request, Send, Taken
from gateway.roomverbs import PlannedKey, PlannedPage
from tests.drivers.cisco_bench import Bench, asked, kinds
from tests.drivers.golden import Golden

PANELS = "Cisco UI Extensions guide, doc/TechDocs/UiExtensions-Panels.md"
PAGES = (
    PlannedPage(
        "room",
        "Room",
        "display",
        (
            PlannedKey("mute", "Sound", "speaker"),
            PlannedKey("help", "Help", "help"),
            PlannedKey("volume", "Volume", "speaker", "level"),
            PlannedKey("call", "Call", "people", "text"),
        ),
    ),
    PlannedPage(
        "scenes",
        "Scenes",
        "scene",
        (
            PlannedKey("film", 'Film <&> "Bühne"\n', "scene"),
            PlannedKey("mics", "Mics on", "microphone", label_on="Mics muted"),
            PlannedKey("talk", "Talk", "scene"),
        ),
    ),
)


# ---- what goes over the wire -------------------------------------------------------------------------------------

SENT = [
    (
        Golden(
            b'{"jsonrpc":"2.0","method":"xCommand/UserInterface/Extensions/Panel/Save","id":"20",'
            b'"params":{"body":"<Extensions>..","PanelId":"x"}}',
            "save a panel",
            "exchange of jsxapi 6.0.0 with a test server, as Cisco xAPI over WebSocket D15427.02 has it",
        ),
        lambda: rpc.say("20", Said(widgets.SAVE, {"PanelId": "x"}, body="<Extensions>..")),
    ),
]


@pytest.mark.parametrize(("golden", "said"), SENT, ids=lambda held: getattr(held, "meaning", None))
def test_a_panel_over_a_websocket(golden: Golden, said: Any) -> None:
    assert said() == golden.wire.decode()


LINES = [
    (
        Golden(
            b'xCommand UserInterface Extensions Widget SetValue WidgetId: "ExampleSlider" Value: "58"', "slider", PANELS
        ),
        widgets.set_value("ExampleSlider", "58"),
    ),
    (
        Golden(
            b'xCommand UserInterface Extensions Widget SetValue WidgetId: "ExampleButton" Value: "active"',
            "button",
            PANELS,
        ),
        widgets.set_value("ExampleButton", "active"),
    ),
    (
        Golden(
            b'xCommand UserInterface Extensions Widget SetValue WidgetId: "ExampleText"'
            b' Value: "Room Temperature: 23 Deg C"',
            "text",
            PANELS,
        ),
        widgets.set_value("ExampleText", "Room Temperature: 23 Deg C"),
    ),
    (
        Golden(
            b'xCommand UserInterface Extensions Widget UnsetValue WidgetId: "ExampleGroup"', "no value any more", PANELS
        ),
        widgets.set_value("ExampleGroup", ""),
    ),
]
PARAMETER = re.compile(r'(\w+): ("[^"]*")')


@pytest.mark.parametrize(("golden", "said"), LINES, ids=lambda held: getattr(held, "meaning", None))
def test_values_over_the_shell(golden: Golden, said: Said) -> None:
    """The order of parameters means nothing to the shell; ours is that of their names."""
    ours, theirs = shell.say("1", said).decode().partition(" | ")[0], golden.wire.decode()
    assert set(PARAMETER.findall(ours)) == set(PARAMETER.findall(theirs))
    assert PARAMETER.sub("", ours).split() == PARAMETER.sub("", theirs).split()


def test_a_panel_over_the_shell_ends_with_a_dot() -> None:
    golden = Golden(
        b"xCommand UserInterface Extensions Panel Save PanelId: wx1_lab_multilineCommand\n"
        b"<Extensions>...</Extensions>\n.\n",
        "the command, its body, a line with a single dot",
        "Cisco WebexOne lab 1451 (RoomOS xAPI), section 2.2.3, multiline commands",
    )
    line, body, dot, rest = golden.wire.split(b"\n")
    ours = shell.say("7", Said(widgets.SAVE, {"PanelId": "wx1_lab_multilineCommand"}, body=body.decode()))
    assert ours.replace(b'"wx1_lab_multilineCommand" | resultId="7"', b"wx1_lab_multilineCommand") == b"\n".join(
        (line, body, dot, rest)
    )


def test_the_xml_of_a_page_is_whole_escaped_and_in_one_line() -> None:
    for order, page in enumerate(PAGES, 1):
        text = widgets.body(page, order, "HomeScreen")
        assert "\n" not in text
        panel = ElementTree.fromstring(text).find("Panel")
        assert panel is not None
        told = {child.tag: child.text for child in panel}
        assert told["PanelId"] == f"roomgate-{page.id}" and told["Location"] == "HomeScreen"
        assert (told["Order"], told["ActivityType"], told["Name"]) == (str(order), "Custom", page.label)
        ids = [element.text or "" for element in panel.iter("WidgetId")]
        assert len(ids) == len(set(ids)) and all(1 <= len(ident) <= 255 for ident in ids)
        for row in panel.iter("Row"):
            sizes = [int(re.findall(r"size=(\d)", options.text or "")[0]) for options in row.iter("Options")]
            assert sum(sizes) <= 4
    kinds_of = {
        widget.findtext("WidgetId"): (widget.findtext("Type"), widget.findtext("Name"))
        for widget in ElementTree.fromstring(widgets.body(PAGES[0], 1, "HomeScreen")).iter("Widget")
    }
    assert kinds_of == {
        "roomgate-key-mute": ("Button", "Sound"),
        "roomgate-key-help": ("Button", "Help"),
        "roomgate-text-volume": ("Text", "Volume"),
        "roomgate-key-volume": ("Slider", None),
        "roomgate-key-call": ("Text", "Call"),
        "roomgate-words-room": ("Text", " "),
    }
    second = widgets.body(PAGES[1], 2, "HomeScreen")
    assert 'Film &lt;&amp;&gt; "Bühne"' in second
    rows = [
        [widget.findtext("WidgetId") for widget in row.iter("Widget")]
        for row in ElementTree.fromstring(second).iter("Row")
    ]
    assert rows == [
        ["roomgate-key-film"],
        ["roomgate-key-mics", "roomgate-text-mics"],
        ["roomgate-key-talk"],
        ["roomgate-words-scenes"],
    ]
    assert "<Name>Mics on / Mics muted</Name>" in second


@given(st.text(), st.text())
def test_any_label_is_good_xml(label: str, text: str) -> None:
    page = PlannedPage("p", label, keys=(PlannedKey("k", text), PlannedKey("l", text, kind="text")))
    body = widgets.body(page, 1, "HomeScreen")
    assert ElementTree.fromstring(body.encode("utf-8", "replace")).find("Panel") is not None
    assert len(body.splitlines()) == 1 or "\n" not in body
    assert "\n" not in widgets.line(text) and len(widgets.line(text)) <= 255


def test_a_slider_goes_from_0_to_255() -> None:
    assert [widgets.slider(level) for level in (0, 1, 50, 100)] == [0, 3, 128, 255]
    assert all(widgets.percent(widgets.slider(level)) == level for level in range(101))


def test_every_word_of_it_is_listed() -> None:
    lines = CiscoRoomos.lines()
    for words in ("Panel Save PanelId", "Panel Remove PanelId", "Extensions List", "Widget SetValue Value"):
        assert any(words in line for line in lines), words
    assert "xfeedback register /Event/UserInterface/Extensions" in lines


# ---- laying out --------------------------------------------------------------------------------------------------


class Touch(Bench):
    """A codec with a touch panel: what our driver told it, by widget, and when."""

    def __init__(self, scheme: str = "ws", **settings: Any) -> None:
        super().__init__(scheme, peripheral="", **settings)
        self.panels: list[str] = []
        self.values: dict[str, str] = {}
        self.up()
        self.open.clear()

    def panel(self, command: Any, number: int = 1) -> tuple[Request, list[Action]]:
        request = Request(f"p{number}", command, UNIT)
        return request, self.do(self.driver.command(request))

    def said(self, send: Send) -> tuple[str, dict[str, str]]:
        """What one send says: the last two words of the command, and its parameters."""
        if isinstance(send.data, str):
            message = json.loads(send.data)
            return " ".join(message["method"].split("/")[-2:]), message.get("params", {})
        words, given = send.data.decode().partition(" | ")[0], {}
        for name, value in PARAMETER.findall(words):
            given[name] = value[1:-1]
        return " ".join(PARAMETER.sub("", words).split()[-2:]), given

    def answer(self, send: Send) -> list[Action]:
        words, given = self.said(send)
        if words == "Extensions List":
            listed = [{"id": n, "PanelId": panel} for n, panel in enumerate(self.panels, 1)]
            return self.result(send, {"Extensions": {"Panel": listed}})
        if words == "Panel Save":
            self.panels.append(given["PanelId"])
        elif words == "Panel Remove":
            self.panels.remove(given["PanelId"])
        elif words == "Widget SetValue":
            self.values[given["WidgetId"]] = given["Value"]
        elif words == "Widget UnsetValue":
            self.values.pop(given["WidgetId"], None)
        return super().answer(send)

    def lay(self) -> list[Action]:
        self.panel(LayOut.of(PAGES))
        return self.answer_all()

    def finger(self, widget: str, kind: str, value: str = "") -> list[Action]:
        action = {"WidgetId": widget, "Type": kind, "Value": value}
        return self.happen({"UserInterface": {"Extensions": {"Widget": {"Action": action}}}})

    def updated(self) -> list[Action]:
        return self.happen({"UserInterface": {"Extensions": {"Widget": {"LayoutUpdated": {"id": "1"}}}}})


@pytest.fixture(params=["ws", "ssh"])
def touch(request: pytest.FixtureRequest) -> Touch:
    return Touch(request.param)


def sets(touch: Touch, actions: Iterable[Action]) -> dict[str, str]:
    """The values that some actions give to widgets."""
    said = [touch.said(action) for action in actions if isinstance(action, Send)]
    return {given["WidgetId"]: given["Value"] for words, given in said if words == "Widget SetValue"}


def test_it_is_offered_as_a_unit_of_its_own() -> None:
    bench = Bench("ws")
    offers = [action for action in kinds(bench.up(), Offers) if isinstance(action, Offers) and action.unit == UNIT]
    assert offers == [Offers(UNIT, frozenset({LayOut, ShowKey}))]
    driver = bench.driver
    assert driver.is_surface("panel") and not driver.is_surface("") and not driver.valid_unit("panel")
    _, refused = bench.ask(SetVolume(4))
    assert not kinds(refused, Refused)
    request = Request("x", SetVolume(4), UNIT)
    assert list(driver.command(request)) == [Refused(request, "the touch panel only shows keys")]


def test_pages_are_saved_one_after_the_other_and_only_ours_are_touched(touch: Touch) -> None:
    touch.panels = ["lights", "roomgate-old", "roomgate-room"]
    request, first = touch.panel(LayOut.of(PAGES))
    assert asked(first)[0] == ("subscribe", "Event/UserInterface/Extensions") and len(first) == 2
    found = touch.answer_all()
    assert [touch.said(send)[0] for send in kinds(found, Send) if isinstance(send, Send)] == [
        "Panel Remove",
        "Panel Save",
        "Panel Save",
    ]
    assert kinds(found, Done, Refused) == [Done(request)]
    assert touch.panels == ["lights", "roomgate-room", "roomgate-room", "roomgate-scenes"]
    gone = touch.do(touch.driver.closing())
    assert [touch.said(send) for send in gone if isinstance(send, Send)] == [
        ("Panel Remove", {"PanelId": "roomgate-room"}),
        ("Panel Remove", {"PanelId": "roomgate-scenes"}),
    ]


def test_a_gateway_may_leave_its_panels_and_one_without_has_no_last_words() -> None:
    assert list(Touch().driver.closing()) == []
    stays = Touch(panel_goes=False)
    stays.lay()
    assert list(stays.driver.closing()) == []


def test_a_codec_that_lets_us_save_nothing_says_why(touch: Touch) -> None:
    request, _ = touch.panel(LayOut.of(PAGES))
    touch.answer(touch.open[0])
    touch.answer(touch.open[0])
    assert kinds(touch.error(touch.open[0], "Permission denied"), Refused) == [Refused(request, "Permission denied")]
    assert not touch.open


def test_a_codec_that_tells_of_no_fingers_gets_no_panel(touch: Touch) -> None:
    request, _ = touch.panel(LayOut.of(PAGES))
    (refused,) = kinds(touch.error(touch.open[0], "Too many subscribers"), Refused)
    assert refused == Refused(request, "the codec tells of no presses: Too many subscribers")
    assert not kinds(touch.answer_all(), Send, Done, Refused)


def test_a_newer_layout_takes_the_place_of_one_under_way(touch: Touch) -> None:
    touch.panel(LayOut.of(PAGES))
    newer, _ = touch.panel(LayOut.of(PAGES[1:]), 2)
    found = touch.answer_all()
    assert kinds(found, Done, Refused) == [Done(newer)]
    assert touch.panels == ["roomgate-scenes"]


def test_nonsense_is_refused(touch: Touch) -> None:
    request, found = touch.panel(LayOut('[{"id": 1}]'))
    assert len(kinds(found, Refused)) == 1
    request, found = touch.panel(ShowKey("mute"), 2)
    assert kinds(found, Refused) == [Refused(request, "there is no key 'mute' on the panel")]


# ---- values ------------------------------------------------------------------------------------------------------


def test_a_face_becomes_its_widgets_values_and_only_what_changed_is_sent(touch: Touch) -> None:
    touch.lay()
    request, found = touch.panel(ShowKey("volume", "Volume\n50 %", level=50))
    assert sets(touch, found) == {
        "roomgate-key-volume": "128",
        "roomgate-text-volume": "Volume 50 %",
        "roomgate-words-room": " ",
    }
    assert kinds(touch.answer_all(), Taken) == [Taken(request)]
    again, found = touch.panel(ShowKey("volume", "Volume\n50 %", level=50), 2)
    assert found == [Taken(again)]
    _, found = touch.panel(ShowKey("mute", "Sound off", on=True), 3)
    assert sets(touch, found) == {"roomgate-key-mute": "active"}
    _, found = touch.panel(ShowKey("call", "Call\nringing"), 4)
    assert sets(touch, found) == {"roomgate-key-call": "Call ringing"}


def test_a_button_with_two_labels_has_a_text_that_says_which_holds(touch: Touch) -> None:
    """A button's words are fixed once it is saved; only a text can change."""
    touch.lay()
    faces = [
        (ShowKey("mics", "Mics on"), "inactive", "Mics on"),
        (ShowKey("mics", "Mics muted", on=True), "active", "Mics muted"),
        (ShowKey("mics", "Mics muted", on=True, flag="pending"), "active", "Mics muted"),
        (ShowKey("mics", "Mics muted", on=True, flag="stale"), "active", " "),  # it is not known any more
        (ShowKey("mics", "Mics on", flag="unavailable"), "inactive", " "),
        (ShowKey("mics", "Mics on\nOffline", flag="failed"), "inactive", "Mics on Offline"),
    ]
    for number, (face, button, text) in enumerate(faces):
        touch.panel(face, number)
        touch.answer_all()
        assert (touch.values["roomgate-key-mics"], touch.values["roomgate-text-mics"]) == (button, text), face


def test_what_failed_stands_at_the_foot_of_its_page_and_goes_again(touch: Touch) -> None:
    touch.lay()
    touch.panel(ShowKey("mute", "Sound\nOffline", flag="failed"))
    touch.answer_all()
    assert touch.values["roomgate-words-room"] == "Sound Offline"
    touch.panel(ShowKey("help", "Help"), 2)
    touch.answer_all()
    assert touch.values["roomgate-words-room"] == "Sound Offline"
    touch.panel(ShowKey("mute", "Sound"), 3)
    touch.answer_all()
    assert touch.values["roomgate-words-room"] == " "


def test_a_slider_gets_five_values_a_second_and_always_the_last(touch: Touch) -> None:
    touch.lay()
    touch.panel(ShowKey("volume", "a", level=1))
    touch.answer_all()
    for number, level in enumerate((2, 3, 4), 2):
        _, found = touch.panel(ShowKey("volume", "a", level=level), number)
        assert sets(touch, found) == {}
        (later,) = kinds(found, Later)
        assert isinstance(later, Later) and later.name == f"{TIMER}roomgate-key-volume"
    found = touch.wait(SLIDER_PACE, f"{TIMER}roomgate-key-volume")
    assert sets(touch, found) == {"roomgate-key-volume": "10"}
    assert kinds(touch.answer_all(), Taken)
    assert touch.wait(SLIDER_PACE, f"{TIMER}roomgate-key-volume") != [] and touch.answer_all() is not None


def test_a_value_that_is_overtaken_on_the_way_is_followed_by_the_newest(touch: Touch) -> None:
    touch.lay()
    touch.panel(ShowKey("call", "one"))
    touch.panel(ShowKey("call", "two"), 2)
    last, found = touch.panel(ShowKey("call", "three"), 3)
    assert found == []  # one value of a widget is on its way at a time
    assert kinds(touch.answer_all(), Taken) == [Taken(last)]
    assert touch.values["roomgate-key-call"] == "three"


def test_a_refused_value_is_said_and_tried_again_with_the_next_face(touch: Touch) -> None:
    touch.lay()
    request, _ = touch.panel(ShowKey("call", "one"))
    touch.answer(next(send for send in touch.open if "words" in str(send.data)))
    assert kinds(touch.error(touch.open[0], "No such widget"), Refused) == [Refused(request, "No such widget")]
    _, found = touch.panel(ShowKey("call", "one"), 2)
    assert sets(touch, found) == {"roomgate-key-call": "one"}


def test_all_is_told_again_one_by_one_when_the_panel_was_drawn_anew(touch: Touch) -> None:
    touch.lay()
    for number, face in enumerate((ShowKey("mute", on=True), ShowKey("call", "x"), ShowKey("film")), 1):
        touch.panel(face, number)
    touch.answer_all()
    before = dict(touch.values)
    touch.values.clear()
    found = touch.updated()
    assert len(kinds(found, Send)) == 1  # so that a mute by hand has not five values before it
    touch.answer_all()
    assert touch.values == before


def test_fingers_are_registered_for_again_with_all_the_rest(touch: Touch) -> None:
    """Registrations vanish silently: once a panel is laid out, its events are among those of the slow timer."""
    events = ("subscribe", "Event/UserInterface/Extensions")
    assert events not in asked(touch.wait(120, "verify"))
    touch.answer_all()
    touch.lay()
    assert events in asked(touch.wait(120, "verify"))


def test_no_answer_to_a_value_spoils_nothing(touch: Touch) -> None:
    touch.lay()
    touch.panel(ShowKey("call", "one"))
    (lost,) = [send for send in touch.open if "key-call" in str(send.data)]
    found = touch.do(touch.driver.failed(lost.tag, "no response"))
    touch.open.remove(lost)
    assert kinds(found, Refused) and ("read", "Status/Standby/State") in asked(found)
    _, found = touch.panel(ShowKey("call", "two"), 2)
    touch.answer_all()
    assert touch.values["roomgate-key-call"] == "two"


# ---- fingers -----------------------------------------------------------------------------------------------------


def presses(actions: Iterable[Action]) -> list[tuple[str, str, Any]]:
    return [(action.key, action.edge, action.value) for action in actions if isinstance(action, Press)]


def test_a_finger_on_a_button_is_down_and_up_and_is_answered_with_what_holds(touch: Touch) -> None:
    touch.lay()
    touch.panel(ShowKey("mute", on=True))
    touch.answer_all()
    touch.values.clear()
    assert presses(touch.finger("roomgate-key-mute", "pressed")) == [("mute", "down", None)]
    found = touch.finger("roomgate-key-mute", "released")
    assert presses(found) == [("mute", "up", None)] and sets(touch, found) == {"roomgate-key-mute": "active"}
    assert presses(touch.finger("roomgate-key-mute", "clicked")) == []
    touch.answer_all()
    assert touch.values["roomgate-key-mute"] == "active"
    assert presses(touch.finger("roomgate-key-mute", "clicked")) == [("mute", "down", None), ("mute", "up", None)]
    assert all(
        action.unit == UNIT for action in touch.finger("roomgate-key-help", "pressed") if isinstance(action, Press)
    )


def test_a_finger_on_a_slider_sets_and_the_last_place_counts(touch: Touch) -> None:
    touch.lay()
    touch.panel(ShowKey("volume", "v", level=50))
    touch.answer_all()
    touch.driver.now += 1
    found = [
        *touch.finger("roomgate-key-volume", "pressed", "128"),
        *touch.finger("roomgate-key-volume", "changed", "140"),
        *touch.finger("roomgate-key-volume", "changed", "153"),
    ]
    assert presses(found) == [("volume", "set", 55), ("volume", "set", 60)] and sets(touch, found) == {}
    found = touch.finger("roomgate-key-volume", "released", "153")
    assert presses(found) == [] and sets(touch, found) == {"roomgate-key-volume": "128"}  # until it is true
    assert presses(touch.finger("roomgate-key-volume", "released", "255")) == [("volume", "set", 100)]
    for nonsense in ("256", "-1", "loud", ""):
        assert presses(touch.finger("roomgate-key-volume", "changed", nonsense)) == []


def test_fingers_on_others_widgets_are_none_of_ours(touch: Touch) -> None:
    touch.lay()
    for widget in ("lights", "roomgate-words-room", "roomgate-key-call", "", "roomgate-key-"):
        assert touch.finger(widget, "pressed") == [] and touch.finger(widget, "changed", "3") == []


# ---- whatever comes ----------------------------------------------------------------------------------------------

WIDGETS = ["roomgate-key-mute", "roomgate-key-volume", "roomgate-key-call", "lights"]
STEPS = st.one_of(
    st.tuples(st.just("show"), st.sampled_from(["mute", "help", "volume", "call", "film"]), st.integers(0, 100)),
    st.tuples(st.just("answer"), st.integers(0, 5), st.booleans()),
    st.tuples(
        st.just("finger"), st.sampled_from(WIDGETS), st.sampled_from(["pressed", "changed", "released", "clicked"])
    ),
    st.tuples(st.just("wait"), st.floats(0, 0.5), st.none()),
    st.tuples(st.just("updated"), st.none(), st.none()),
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["ws", "ssh"]), st.lists(STEPS, max_size=30))
def test_whatever_happens_the_panel_ends_with_what_holds_and_no_slider_is_hurried(
    scheme: str, steps: list[tuple[str, Any, Any]]
) -> None:
    touch = Touch(scheme)
    touch.lay()
    timers: dict[str, float] = {}
    moved: list[float] = []
    wanted: dict[str, ShowKey] = {}

    def note(actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, Later):
                timers[action.name] = touch.driver.now + action.seconds
        if "roomgate-key-volume" in sets(touch, actions):
            moved.append(touch.driver.now)

    def wait(seconds: float) -> None:
        until = touch.driver.now + seconds
        while due := sorted((when, name) for name, when in timers.items() if name.startswith(TIMER) and when <= until):
            when, name = due[0]
            del timers[name]
            touch.driver.now = max(touch.driver.now, when)
            note(touch.do(touch.driver.due(name)))
        touch.driver.now = until

    for number, (what, one, two) in enumerate(steps):
        match what:
            case "show":
                face = ShowKey(one, f"{one} {two}", level=two if one == "volume" else None, on=two > 50)
                wanted[one] = face
                note(touch.panel(face, number)[1])
            case "answer" if touch.open:
                note(touch.answer(touch.open[one % len(touch.open)]))
            case "finger":
                note(touch.finger(one, two, "100"))
            case "wait":
                wait(one)
            case "updated":
                touch.values.clear()
                note(touch.updated())
    for _ in range(40):
        while touch.open:
            note(touch.answer(touch.open[0]))
        wait(0.25)
    pages = {key.id: key for page in PAGES for key in page.keys}
    for ident, face in wanted.items():
        shown = widgets.values(pages[ident], face)
        assert shown.items() <= touch.values.items(), f"{ident}: {shown} {touch.values}"
    assert all(later - earlier >= SLIDER_PACE - 0.001 for earlier, later in pairwise(moved))


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["WidgetId", "Type", "Value", "Action", "Widget", "LayoutUpdated", "Panel", "id"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["ws", "ssh"]), JUNK, JUNK)
def test_no_event_and_no_answer_raises(scheme: str, event: Any, answer: Any) -> None:
    touch = Touch(scheme)
    touch.panel(LayOut.of(PAGES))
    touch.happen({"UserInterface": {"Extensions": event}})
    if isinstance(answer, dict):
        while touch.open:
            touch.result(touch.open[0], answer)
    touch.happen({"UserInterface": {"Extensions": {"Widget": event}}})
