"""The commands of the Polycom command line, as far as room control needs them, and what each answers.

Sources: Integrator's Reference Manuals for Polycom HDX Systems and RealPresence Group Series, each command by its name.
Of our own wording, since no source has it: `answering video`, the second line of the greeting, most refusals.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from simulators._polycom_calls import REJECTED

if TYPE_CHECKING:
    from simulators.poly_cli.codec import PolyCli

NOT_FOUND = "error: command not found"
MORE = "error: command needs more parameters to execute successfully"
Handler = Callable[["PolyCli", Any, re.Match[str]], Iterator[str]]
COMMANDS: list[tuple[re.Pattern[str], Handler]] = []


def command(words: str) -> Callable[[Handler], Handler]:
    """Say which lines this answers."""

    def keep(handler: Handler) -> Handler:
        COMMANDS.append((re.compile(words), handler))
        return handler

    return keep


def answer(codec: PolyCli, session: Any, line: str) -> Iterator[str]:
    """What it says to a line, one line after the other."""
    for words, handler in COMMANDS:
        if match := words.fullmatch(line):
            yield from handler(codec, session, match)
            return
    known = {words.pattern.split(" ", 1)[0] for words, _ in COMMANDS}
    yield MORE if line in known else NOT_FOUND


def whoami(codec: PolyCli) -> list[str]:
    """The greeting (AVI-SPL Group Series driver; the second line is not on record)."""
    from simulators.poly_cli.codec import MODELS

    return [
        f"Hi, my name is : {codec.system_name}",
        "Here is what I know about myself:",
        f"Model: {MODELS[codec.model]}",
        f"Serial Number: {codec.serial_number}",
        f"Software Version: {codec.software}",
        "Build Information: root on app-build",
        "H323 Enabled: True",
        "HTTP Enabled: True",
        "SNMP Enabled: False",
    ]


@command("whoami")
def who(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    yield from whoami(codec)


@command(
    r"notify (callstatus|mutestatus|linestatus|sysstatus|sysalerts|screenchanges|vidsourcechanges|calendarmeetings)"
)
def notify(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    registered = codec.registered(session)
    if match[1] in registered:
        yield f"info: event/notification already active:{match[1]}"
    else:
        registered.append(match[1])
        yield f"notify {match[1]} success"


@command(r"(volume|mute|sleep|vcbutton|callstate) register")
def register(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    registered = codec.registered(session)
    if match[1] in registered:
        yield f"info: event/notification already active:{match[1]}"
    else:
        registered.append(match[1])
        yield f"{match[1]} registered"


@command(r"listen (video|sleep)")
def listen(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    codec.registered(session).append("sleep" if match[1] == "sleep" else "listen video")
    yield f"listen {match[1]} registered"


@command(r"volume (?:(get)|set (\d+)|(up|down))")
def volume(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    wanted = int(match[2]) if match[2] else codec.volume + {"up": 1, "down": -1}.get(match[3] or "", 0)
    if not 0 <= wanted <= 50:
        yield "error: volume is out of range"
        return
    yield f"volume {wanted}"
    if not match[1]:
        codec.set_volume(wanted)


@command(r"mute near (on|off|toggle|get)")
def mute(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    on = {"on": True, "off": False, "toggle": not codec.mic_muted}.get(match[1], codec.mic_muted)
    yield f"mute near {'on' if on else 'off'}"
    if match[1] != "get":
        codec.set_mic_mute(on)


@command(r"mute far get")
def mute_far(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    yield "mute far off" if codec.calls else "mute far no call connected"


@command(r"videomute near (on|off|get)")
def videomute(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    if codec.model == "hdx":
        yield NOT_FOUND
        return
    if match[1] != "get":
        codec.video_muted = match[1] == "on"
    yield f"videomute near {'on' if codec.video_muted else 'off'}"


@command("wake")
def wake(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    yield "wake"
    codec.wake()


@command("sleep")
def sleep(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    yield "sleep"
    codec.sleep()


# Calls


@command(r'dial (?:auto|manual "?(\d+)"?) "?([^" ]+)"?(?: (h323|h320|ip|isdn|sip))?')
def dial(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    if match[3] in ("h320", "isdn") and codec.model != "hdx":
        yield "info: ISDN line not enabled."
        return
    yield "dialing manual" if match[1] else "dialing auto"
    codec.dial(match[2], rate=int(match[1] or 1920), protocol=match[3] or "sip")


@command(r'dial phone (sip|h323) "?([^" ]+)"?')
def dial_phone(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    yield f"dialing voice_{match[1]}"
    codec.dial(match[2], rate=64, kind="audiocall", protocol=match[1])


@command(r'dial addressbook "(.+)"')
def dial_addressbook(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    yield f'dialing addressbook "{match[1]}"'
    codec.dial(f"{match[1].replace(' ', '.').lower()}@example.com")


@command(r"answer (video|phone)")
def answer_call(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    ringing = [call for call in codec.calls if call.rings_here]
    if not ringing:
        yield "error: no incoming call"
        return
    yield f"answering {match[1]}"
    codec.connect(ringing[0])


@command(r'hangup (?:all|video(?: "?(\d+)"?)?)')
def hangup(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    found = [codec.call(int(match[1]))] if match[1] else list(codec.calls)
    if found == [None]:
        yield f"connection {match[1]} is not active"
        return
    yield "hanging up video" if "video" in match[0] else "hanging up all"
    for call in found:
        if call is not None:
            codec.end(call, REJECTED if call.rings_here else 16)


@command(r'callinfo (?:all|callid "?(\d+)"?)')
def callinfo(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    calls = [call for call in codec.calls if call.state == "connected" or codec.callinfo_rings]
    calls = [call for call in calls if match[1] in (None, str(call.id))]
    if not calls:
        yield "system is not in a call"
        return
    lines = []
    for call in calls:
        name = "" if codec.names_missing or not call.name else f"{call.name}:"
        muted = "muted" if codec.mic_muted else "notmuted"
        lines.append(
            f"callinfo:{call.id}:{name}{call.number}:{call.rate}:{call.state}:{muted}:{call.direction}:{call.kind}"
        )
    if match[1]:
        yield from lines
        return
    yield "callinfo begin"
    for line in lines:
        if codec.interrupts:
            yield f"volume {codec.volume}"
            yield "notification:sysstatus:lan:up"
        yield line
    yield "callinfo end"


@command("getcallstate")
def getcallstate(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    if codec.model == "videoos":
        yield NOT_FOUND
        return
    for number in range(3):
        state = codec.calls[number].state if number < len(codec.calls) else "inactive"
        yield f"cs: call[{number}] {state}"


@command(r"gendial ([0-9*#])")
def gendial(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    for call in codec.calls:
        call.tones += match[1]
    yield from ()  # often no reply


@command(r"autoanswer (get|yes|no|donotdisturb)")
def autoanswer(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    if match[1] != "get":
        codec.auto_answer = match[1]  # type: ignore[assignment]
    yield f"autoanswer {codec.auto_answer}"


# Picture, cameras, content


@command(r"systemsetting (?:get selfview|selfview (on|off|auto))")
def selfview(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    if match[1]:
        codec.self_view = match[1].capitalize()
    yield f"systemsetting selfview {codec.self_view}"


def _wakes(codec: PolyCli, line: str) -> None:
    if codec.asleep:
        codec.woken_by.append(line)
        codec.wake()


@command(r"camera near (?:source|(\d))")
def camera(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    _wakes(codec, match[0])
    if match[1]:
        codec.select_camera(int(match[1]))
        yield f"camera near {match[1]}"
    else:
        yield f"camera near source {codec.camera}"


@command(r"camera near tracking get")
def tracking(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    _wakes(codec, match[0])
    yield "camera near tracking off"


@command(r"camera (near|far) move (left|right|up|down|zoom\+|zoom-|stop)")
def move(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    codec.camera_moves.append(f"{match[1]} {match[2]}")
    if codec.model != "hdx" and match[2] != "stop":
        yield match[0]


@command(r"preset near (go|set) (\d{1,2})")
def preset(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    number = int(match[2])
    if match[1] == "set":
        codec.presets.append(number)
    else:
        codec.recalled = number
    yield match[0]


@command(r"vcbutton (get|stop|source get|play(?: ([12346]))?)")
def vcbutton(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    if match[1] == "get":
        yield f"vcbutton {'play' if codec.content else 'stop'}"
    elif match[1] == "source get":
        _wakes(codec, match[0])
        yield f"vcbutton source get {codec.content or 'none'}"
        yield "vcbutton source get succeeded"
    elif match[1] == "stop":
        yield "vcbutton stop"
        yield "vcbutton stop succeeded"
        codec.show_content("")
    else:
        yield match[0]
        yield "vcbutton play succeeded"
        codec.show_content(match[2] or "2")


# Directory and calendar


@command(r'globaldir "([^"]*)" range (\d+) (\d+)')
def globaldir(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    names = [f"Person {number:05d}" for number in range(codec.directory)]
    found = [name for name in names if match[1].lower() in name.lower()]
    first, last = int(match[2]), int(match[3])
    for number, name in enumerate(found[first : last + 1]):
        yield f"globaldir {number}. {name} : uid-{name[-5:]}:site"
    yield f'globaldir "{match[1]}" range {first} {last} done'


@command("calendarstatus get")
def calendarstatus(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    yield f"calendarstatus {'established' if codec.calendar else 'unavailable'}"


@command(r'calendarmeetings list "\w+:[\d:]+"(?: "\w+:[\d:]+")?')
def calendarmeetings(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    if not codec.calendar:
        yield "error: calendar service is not available"
        return
    yield "calendarmeetings list begin"
    for key, start, end, title, *_ in codec.meetings:
        yield f"meeting|{key}|{start}|{end}|{title}"
    yield "calendarmeetings list end"


@command(r'calendarmeetings info "([^"]+)"')
def calendarinfo(codec: PolyCli, session: Any, match: re.Match[str]) -> Iterator[str]:
    for key, start, end, title, number, protocol in codec.meetings:
        if key == match[1]:
            yield "calendarmeetings info start"
            yield f"id|{key}"
            yield f"{start}|{end}|{title}"
            yield "organizer|Carol"
            yield "location|Boardroom"
            yield f"dialingnumber|video|{number}|{protocol}"
            yield "calendarmeetings info end"
            return
    yield "error: meeting not found"
