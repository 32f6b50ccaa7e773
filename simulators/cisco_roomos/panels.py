"""The codec's touch panel: saved panels and their widgets, and what a finger on them says.

The panel does nothing by itself: a widget keeps the value that was last set by command, whatever was pressed.
What may not live here: what a control system makes of it. The words of the refusals are our own.
Sources: Cisco UI Extensions guide (TechDocs/UiExtensions.md), xAPI schema 26.4.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from simulators.cisco_roomos.table import (
    CommandError,
    Given,
    Needed,
    String,
    Word,
    command,
)
from simulators.cisco_roomos.tree import Text, Tree

if TYPE_CHECKING:
    from simulators.cisco_roomos.codec import Codec

EDITORS = frozenset({"Admin", "Integrator", "RoomControl"})  # who may change panels (schema 26.4.1)
REPEATED = frozenset({"Panel", "Page", "Row", "Widget"})
WIDGETS = frozenset(
    {"Button", "ToggleButton", "IconButton", "GroupButton", "Slider", "Spinner", "DirectionalPad", "Text", "Spacer"}
)
VALUES = {"Button": ("active", "inactive"), "IconButton": ("active", "inactive"), "ToggleButton": ("on", "off")}
WORDS = frozenset({"Icon", "Location", "ActivityType", "Origin", "Visibility", "Type"})


def tree_of(element: ElementTree.Element) -> Any:
    """The definition as `Extensions List` answers it."""
    if not len(element):
        text = (element.text or "").strip()
        return (
            int(text) if element.tag == "Order" and text.isdigit() else (text if element.tag in WORDS else Text(text))
        )
    tree: Tree = {}
    for child in element:
        if child.tag in REPEATED:
            rows = tree.setdefault(child.tag, [])
            below = tree_of(child)
            rows.append({"id": len(rows) + 1, **(below if isinstance(below, dict) else {})})
        else:
            tree[child.tag] = tree_of(child)
    return tree


def parse(body: str) -> list[ElementTree.Element]:
    """The panels of a definition."""
    try:
        root = ElementTree.fromstring(body.strip())
    except ElementTree.ParseError as broken:
        raise CommandError(f"XML parse error: {broken}") from None
    panels = root.findall("Panel") if root.tag == "Extensions" else []
    if not panels:
        raise CommandError("XML parse error: no <Panel> in <Extensions>")
    return panels


def widget_types(codec: Codec) -> dict[str, str]:
    """Every widget of every saved panel, with its type."""
    return {name: kind for body in codec.panels.values() for name, kind in _widgets(ElementTree.fromstring(body))}


def widget_ids(codec: Codec) -> set[str]:
    """Every widget of every saved panel."""
    return set(widget_types(codec))


def _widgets(panel: ElementTree.Element) -> list[tuple[str, str]]:
    return [
        ((widget.findtext("WidgetId") or "").strip(), (widget.findtext("Type") or "").strip())
        for widget in panel.iter("Widget")
    ]


def check(panel: ElementTree.Element) -> None:
    """The rules for widgets: a type that there is, an id of its own of 1 to 255 characters."""
    found = _widgets(panel)
    for name, kind in found:
        if kind not in WIDGETS:
            raise CommandError(f"Unknown widget type {kind}")
        if not 1 <= len(name) <= 255:
            raise CommandError("Invalid WidgetId")
    if len({name for name, _ in found}) < len(found):
        raise CommandError("WidgetId is not unique")


def takes(kind: str, value: str) -> bool:
    """Whether a widget of this type can show that value; sliders count 0 to 255, as text."""
    if kind == "Slider":
        return value.isascii() and value.isdigit() and int(value) <= 255
    return value in VALUES.get(kind, (value,))


def laid_out(codec: Codec) -> None:
    """The panels were drawn anew: values of widgets that are gone are gone, and whoever sets values is told."""
    present = widget_ids(codec)
    codec.widgets = {name: value for name, value in codec.widgets.items() if name in present}
    codec.event({"UserInterface": {"Extensions": {"Widget": {"LayoutUpdated": {}}}}})


@command("UserInterface Extensions Panel Save", body=True, roles=EDITORS, PanelId=Needed(String(1, 255)))
def panel_save(codec: Codec, given: Given) -> None:
    panel = parse(given["body"])[0]
    check(panel)
    for known in panel.findall("PanelId"):
        panel.remove(known)
    ElementTree.SubElement(panel, "PanelId").text = given["PanelId"]
    codec.panels[str(given["PanelId"])] = ElementTree.tostring(panel, encoding="unicode")
    laid_out(codec)


@command("UserInterface Extensions Panel Remove", roles=EDITORS, PanelId=Needed(String(1, 255)))
def panel_remove(codec: Codec, given: Given) -> None:
    if codec.panels.pop(str(given["PanelId"]), None) is None:
        raise CommandError("No such panel")
    laid_out(codec)


@command(
    "UserInterface Extensions Panel Update",
    roles=EDITORS,
    PanelId=Needed(String(1, 255)),
    Name=String(0, 255),
    Icon=String(0, 64),
    Color=String(0, 32),
    Visibility=Word("Auto", "Hidden"),
)
def panel_update(codec: Codec, given: Given) -> None:
    body = codec.panels.get(str(given["PanelId"]))
    if body is None:
        raise CommandError("No such panel")
    panel = ElementTree.fromstring(body)
    for name in ("Name", "Icon", "Color", "Visibility"):
        if name in given:
            found = panel.find(name)
            (ElementTree.SubElement(panel, name) if found is None else found).text = given[name]
    codec.panels[str(given["PanelId"])] = ElementTree.tostring(panel, encoding="unicode")


@command("UserInterface Extensions Clear", roles=EDITORS, ActivityType=Word("All", "Custom"))
def extensions_clear(codec: Codec, given: Given) -> None:
    codec.panels.clear()
    laid_out(codec)


@command("UserInterface Extensions List", ActivityType=Word("All", "Custom"))
def extensions_list(codec: Codec, given: Given) -> Tree:
    panels = [{"id": row, **tree_of(ElementTree.fromstring(body))} for row, body in enumerate(codec.panels.values(), 1)]
    return {"Extensions": {"Version": Text("1.11"), "Panel": panels}}


@command(
    "UserInterface Extensions Widget SetValue",
    Value=Needed(String(0, 255)),
    WidgetId=Needed(String(1, 255)),
    roles=EDITORS,
)
def widget_set(codec: Codec, given: Given) -> None:
    name, value = str(given["WidgetId"]), str(given["Value"])
    kind = widget_types(codec).get(name)
    if kind is None:
        raise CommandError("No such widget")
    if not takes(kind, value):
        raise CommandError(f"A {kind} has no value {value}")
    codec.widgets[name] = value
    codec.widget_log.append((codec.clock(), name, value))
    del codec.widget_log[:-1000]


@command("UserInterface Extensions Widget UnsetValue", WidgetId=Needed(String(1, 255)), roles=EDITORS)
def widget_unset(codec: Codec, given: Given) -> None:
    if given["WidgetId"] not in widget_ids(codec):
        raise CommandError("No such widget")
    codec.widgets[str(given["WidgetId"])] = ""


def user_interface(codec: Codec) -> Tree:
    shown = [
        {"id": row, "Value": Text(value), "WidgetId": Text(name)}
        for row, (name, value) in enumerate(codec.widgets.items(), 1)
    ]
    return {"Extensions": {"Widget": shown}}


def action(widget: str, kind: str, value: str) -> Tree:
    """What a finger on a widget makes the codec say."""
    said = {"Type": Text(kind), "Value": Text(value), "WidgetId": Text(widget)}
    return {"UserInterface": {"Extensions": {"Widget": {"Action": said}}}}


def clicked(panel: str) -> Tree:
    """What opening a panel from its button makes the codec say."""
    return {"UserInterface": {"Extensions": {"Panel": {"Clicked": {"PanelId": Text(panel)}}}}}


def page(page_id: str, kind: str) -> Tree:
    """What a page that opens or closes makes the codec say."""
    return {"UserInterface": {"Extensions": {"Page": {"Action": {"PageId": Text(page_id), "Type": Text(kind)}}}}}
