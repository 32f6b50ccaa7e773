"""The keys of the ready-made layouts, from what a room has: power, sources, sound, calls, motors and all the rest.

Each key is what a profile could hold, but for its labels: phrases (`language.py`) with `{name}` for the `name` beside
them. What may not live here: which layout has which keys (`readymade.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.commands import ROOM_VERBS
from gateway.profile.language import Say
from gateway.profile.layout import KEY
from gateway.profile.steps import Known

Key = dict[str, Any]
Labels = Mapping[str, str]
OURS = "say:"  # before a name that is a phrase of ours
STEP = 3  # percent that one press of louder or softer is


def said(key: Key, say: Say) -> Key:
    """The key with its labels in words: `name` is what stands for `{name}` in them."""
    held = {**key}
    name = str(held.pop("name", ""))
    name = say(name.removeprefix(OURS)) if name.startswith(OURS) else name
    return {**held, **{what: say(held[what], name=name) for what in ("label", "label_on") if what in held}}


def has(known: Known, kind: str) -> bool:
    """Whether the room has such a part."""
    return any(part.kind.name == kind for part in known.parts.values())


def named(known: Known, kind: str) -> Iterator[tuple[str, str, str]]:
    """(id, a name for keys, label) of every part of a kind."""
    for part in known.parts.values():
        if part.kind.name == kind:
            yield part.id, _slug(part.id), part.label


def _slug(text: str) -> str:
    held = "".join(c if c.isascii() and c.isalnum() else "-" for c in text.lower()).strip("-")[:30]
    return held if KEY.match(held) else "x"


def possible(key: Key, known: Known) -> bool:
    """Whether whoever plays the part that a key is for may ever come to do what it asks."""
    for what in ("press", "level"):
        deed = key.get(what, {})
        verb = deed["what"] if deed.get("do") == "toggle" else deed.get("do")
        if verb is None or (verb in ROOM_VERBS and "part" not in deed):
            continue
        part = known.parts.get(deed["part"]) if "part" in deed else known.taker(verb)
        if part is not None and not known.could(part, verb):
            return False
    return True


def power(known: Known) -> Iterator[Key]:
    """On and off, where anything can be."""
    if any("power" in part.kind.verbs for part in known.parts.values()):
        yield {
            "key": "power",
            "label": "Power",
            "icon": "power",
            "press": {"do": "toggle", "what": "power"},
            "shows": 'room.power == "on" or room.power == "warming"',
            "label_on": "Room on",
            "tone": "good",
        }


def show(sources: Labels) -> Iterator[Key]:
    """Each source."""
    for name, label in sources.items():
        icon = "laptop" if any(word in name for word in ("laptop", "hdmi", "pc", "usb")) else "source"
        yield {
            "key": f"source-{_slug(name)}",
            "label": "{name}",
            "name": label,
            "icon": icon,
            "press": {"do": "source", "source": name},
            "shows": f'room.source == "{name}"',
        }


def sound(known: Known) -> Iterator[Key]:
    """Volume, room mute, microphone mute."""
    if has(known, "volume"):
        step = {"do": "step", "by": STEP, "part": "volume"}
        yield {"key": "softer", "label": "Softer", "icon": "softer", "press": {**step, "by": -STEP}, "repeat": True}
        yield {
            "key": "volume",
            "label": "Volume",
            "icon": "speaker",
            "level": {"do": "volume"},
            "shows": "volume.volume",
        }
        yield {"key": "louder", "label": "Louder", "icon": "louder", "press": step, "repeat": True}
        yield {
            "key": "mute",
            "label": "Sound",
            "label_on": "Sound off",
            "icon": "speaker",
            "icon_on": "speaker-off",
            "press": {"do": "toggle", "what": "mute"},
            "shows": "volume.muted",
            "tone": "danger",
        }
    yield from mics(known)


def mics(known: Known) -> Iterator[Key]:
    """The room's microphones."""
    if has(known, "mics"):
        yield {
            "key": "mic-mute",
            "label": "Mics on",
            "label_on": "Mics muted",
            "icon": "microphone",
            "icon_on": "microphone-off",
            "press": {"do": "toggle", "what": "mic-mute"},
            "shows": "mics.mic_muted",
            "tone": "danger",
        }


def picture(known: Known) -> Iterator[Key]:
    """The picture to the far end, and the room's own."""
    if has(known, "camera"):
        yield {
            "key": "video-mute",
            "label": "Camera on",
            "label_on": "Camera off",
            "icon": "camera",
            "icon_on": "camera-off",
            "press": {"do": "toggle", "what": "video-mute"},
            "shows": "camera.video_muted",
            "tone": "danger",
        }


def calls(known: Known) -> Iterator[Key]:
    """What one does with a call."""
    if has(known, "calls"):
        ringing = 'calls.state == "ringing"'
        up = "calls.count > 0"
        yield {"key": "call", "label": "Call", "icon": "people", "shows": "calls.state"}
        yield {
            "key": "answer",
            "label": "Answer",
            "icon": "call",
            "press": {"do": "answer"},
            "shows": ringing,
            "enabled": ringing,
            "tone": "good",
        }
        yield {
            "key": "reject",
            "label": "Reject",
            "icon": "hang-up",
            "press": {"do": "reject"},
            "enabled": ringing,
            "tone": "danger",
        }
        yield {
            "key": "hang-up",
            "label": "Hang up",
            "icon": "hang-up",
            "press": {"do": "hangup"},
            "shows": up,
            "enabled": up,
            "tone": "danger",
        }
        yield {
            "key": "hold",
            "label": "Hold",
            "icon": "hold",
            "press": {"do": "hold"},
            "enabled": 'calls.state == "connected"',
        }
        yield {
            "key": "resume",
            "label": "Resume",
            "icon": "call",
            "press": {"do": "resume"},
            "enabled": 'calls.state == "on hold"',
        }
    if has(known, "share"):
        sending = 'share.sharing == "sending" or share.sharing == "preview"'
        yield {"key": "share", "label": "Share", "icon": "share", "press": {"do": "share"}, "shows": sending}
        yield {
            "key": "stop-share",
            "label": "Stop sharing",
            "icon": "stop",
            "press": {"do": "stop-share"},
            "enabled": sending,
        }
    if has(known, "picture"):
        yield {
            "key": "self-view",
            "label": "Self-view",
            "icon": "self-view",
            "press": {"do": "self-view", "on": True},
            "long": {"do": "self-view", "on": False},
            "shows": "picture.self_view",
        }


def blank(known: Known) -> Iterator[Key]:
    """Each display, with a picture or without."""
    for part, name, label in named(known, "display"):
        yield {
            "key": f"blank-{name}",
            "label": "Blank {name}",
            "name": label,
            "icon": "blank",
            "press": {"do": "video-mute", "part": part, "on": True},
            "long": {"do": "video-mute", "part": part, "on": False},
            "shows": f"{part}.video_muted",
            "tone": "warn",
        }


def displays(known: Known) -> Iterator[Key]:
    """Each display, on and off."""
    for part, name, label in named(known, "display"):
        for on in (True, False):
            yield {
                "key": f"{name}-{'on' if on else 'off'}",
                "label": "{name} on" if on else "{name} off",
                "name": label,
                "icon": "display" if on else "power",
                "press": {"do": "power", "part": part, "on": on},
                "shows": f'{part}.power == "{"on" if on else "off"}"',
                "tone": "good" if on else "plain",
            }
    yield from blank(known)


def displays_only(known: Known) -> Iterator[Key]:
    """Each display on and off, where blanking has its keys elsewhere."""
    return (key for key in displays(known) if not key["key"].startswith("blank-"))


def motors(known: Known) -> Iterator[Key]:
    """Each screen and shade: up, stop, down."""
    for kind in ("screen", "shade"):
        for part, name, label in named(known, kind):
            up, down = ("up", "down") if kind == "screen" else ("open", "close")
            move = {"do": "move", "part": part}
            for word, way in ((up, "up"), (down, "down")):
                yield {
                    "key": f"{name}-{way}",
                    "label": f"{{name}} {word}",
                    "name": label,
                    "icon": way,
                    "press": {**move, "direction": way},
                    "shows": f'{part}.moving == "{way}" or {part}.position == {0 if way == "up" else 100}',
                }
                if way == "up":
                    stop = {"do": "stop", "part": part}
                    yield {
                        "key": f"{name}-stop",
                        "label": "{name} stop",
                        "name": label,
                        "icon": "stop",
                        "press": stop,
                    }


def lights(known: Known) -> Iterator[Key]:
    """Each light, each outlet."""
    for part, name, label in named(known, "light"):
        shows = {"shows": f"{part}.level"}
        slide = {"do": "level", "part": part}
        yield {"key": name, "label": "{name}", "name": label, "icon": "light", "level": slide, **shows}
        for level, word in ((100, "on"), (0, "off")):
            yield {
                "key": f"{name}-{word}",
                "label": f"{{name}} {word}",
                "name": label,
                "icon": "light",
                "press": {"do": "level", "part": part, "level": level},
                "shows": f"{part}.level {'>' if level else '=='} 0",
            }
    for part, name, label in named(known, "outlet"):
        press = {"do": "power", "part": part, "on": True}
        yield {
            "key": name,
            "label": "{name}",
            "name": label,
            "icon": "outlet",
            "press": press,
            "long": {**press, "on": False},
            "shows": f'{part}.power == "on"',
        }


def scenes_of(scenes: Labels) -> Iterator[Key]:
    """Each scene."""
    for name, label in scenes.items():
        yield {
            "key": f"scene-{_slug(name)}",
            "label": "{name}",
            "name": label,
            "icon": "scene",
            "press": {"do": "scene", "scene": name},
        }


def microphones(known: Known) -> Iterator[Key]:
    """Each microphone: muted or not."""
    for part, name, label in named(known, "microphone"):
        press = {"do": "mic-mute", "part": part, "on": True}
        yield {
            "key": name,
            "label": "{name}",
            "name": label,
            "icon": "microphone",
            "icon_on": "microphone-off",
            "press": press,
            "long": {**press, "on": False},
            "shows": f"{part}.mic_muted",
            "tone": "danger",
        }


def cameras(known: Known) -> Iterator[Key]:
    """The camera that is sent, and each that turns: held keys move, their release stops."""
    found = [("camera", "camera", OURS + "Camera")] if has(known, "camera") else []
    for part, name, label in (*found, *named(known, "ptz")):
        for way, icon in (
            ("left", "left"),
            ("right", "right"),
            ("up", "up"),
            ("down", "down"),
            ("in", "zoom-in"),
            ("out", "zoom-out"),
        ):
            press = {"do": "aim", "part": part, "to": way}
            words = f"aim:{{name}} {way}" if way in ("up", "down") else f"{{name}} {way}"
            yield {"key": f"{name}-{way}", "label": words, "name": label, "icon": icon, "press": press}
        for preset in (1, 2):
            recall: Key = {"do": "preset", "part": part, "preset": preset}
            words = f"{{name}} {preset}"
            yield {"key": f"{name}-preset-{preset}", "label": words, "name": label, "icon": "camera", "press": recall}


def meeting(known: Known) -> Iterator[Key]:
    """The meeting that is on, or the next one; and the key that joins it, live while there is one to join."""
    if known.meetings:
        yield {"key": "next-meeting", "label": "Next meeting", "icon": "calendar", "shows": "room.next_meeting"}
    if known.meetings and has(known, "calls"):
        yield {
            "key": "join",
            "label": "Join",
            "icon": "call",
            "press": {"do": "join-meeting"},
            "shows": "room.joinable",
            "enabled": "room.joinable",
            "tone": "good",
        }


def help_key() -> Iterator[Key]:
    """Help."""
    yield {"key": "help", "label": "Help", "icon": "help", "press": {"do": "help"}, "tone": "warn"}
