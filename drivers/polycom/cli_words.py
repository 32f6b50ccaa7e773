"""Commands in the words of the Polycom command line, and the questions that show them done.

Each is an `Ask`, or a `ValueError` that says why not. What may not live here: memory, time, what lines say.
Sources: Integrator's Reference Manuals for HDX and RealPresence Group (a command's page is headed by its first word).
"""

from __future__ import annotations

from drivers.polycom.cli_grammar import TOP
from drivers.polycom.talk import PACE, SOFT, Ask, pattern, quoted, step
from gateway.commands import (
    Answer,
    Command,
    Dial,
    HangUp,
    ListBookings,
    MoveCamera,
    RecallPreset,
    Reject,
    Search,
    SelectCamera,
    SendDtmf,
    SetAutoAnswer,
    SetDoNotDisturb,
    SetMicMute,
    SetPower,
    SetSelfView,
    SetVideoMute,
    SetVolume,
    Share,
    StopShare,
    StorePreset,
)
from gateway.driver import Request

ANSWERS = {  # a question -> what answers it; none of these wakes a sleeping codec
    "callinfo all": r"callinfo end|system is not in a call",
    "volume get": r"volume \d+",
    "mute near get": r"mute near (on|off)",
    "videomute near get": r"videomute near (on|off)",
    "autoanswer get": r"autoanswer (yes|no|donotdisturb)",
    "systemsetting get selfview": r"systemsetting selfview \w+",
    "vcbutton get": r"vcbutton (get )?(play|stop)( \d)?",
    "calendarstatus get": r"calendarstatus .*",
}
WAKING = {  # these wake it (a driver for VideoOS): asked only after somebody's command or news, never by the clock
    "camera near source": r"camera near source -?\d+",
    "vcbutton source get": r"vcbutton source get (succeeded|failed)",
}
REGISTRATIONS = (
    "notify callstatus",
    "notify linestatus",
    "notify vidsourcechanges",
    "mute register",
    "volume register",
    "sleep register",
    "vcbutton register",
)
NEEDS: dict[str, tuple[type[Command], ...]] = {  # question that must have been answered -> what its answer proves
    "volume get": (SetVolume,),
    "mute near get": (SetMicMute,),
    "videomute near get": (SetVideoMute,),
    "callinfo all": (Dial, Answer, Reject, HangUp, SendDtmf, Search),
    "autoanswer get": (SetAutoAnswer, SetDoNotDisturb),
    "systemsetting get selfview": (SetSelfView,),
    "vcbutton get": (Share, StopShare),
    "calendarstatus get": (ListBookings,),
}
ESSENTIAL = ("callinfo all", "volume get", "mute near get")


def question(words: str, *, first: bool = False, checking: bool = False) -> Ask:
    """One of the questions above."""
    soft = SOFT if words in WAKING else 0.0
    ends = pattern(ANSWERS.get(words) or WAKING[words])
    return Ask(words, ends, first=first, checking=checking, soft=soft, optional=words not in ESSENTIAL)


def registration(words: str, *, first: bool = False) -> Ask:
    """Registers for news; asked again it is answered `info: event/notification already active:...`."""
    ends = pattern(r"notify \w+ success|\w+ registered|(info: *)?event/notification already active.*")
    return Ask(words, ends, first=first, optional=True)


def whoami() -> Ask:
    """Who it is; clients wait for the last line (AVI-SPL Group Series driver)."""
    return Ask("whoami", pattern(r"snmp enabled:.*"), first=True, optional=True)


def _set(request: Request, words: str, ends: str, *then: str) -> Ask:
    """A command whose acknowledgement may be its own words, and so proves nothing: the questions after it do."""
    return Ask(words, pattern(ends), request, soft=SOFT, then=tuple(question(one) for one in then))


def dial(command: Dial, *, rate: int, isdn: bool) -> str:
    """IRM `dial`: addressbook, phone, manual or auto."""
    if command.protocol == "spark":
        raise ValueError("this codec does not call over spark")
    if command.protocol == "h320" and not isdn:
        raise ValueError("only an HDX calls over h320")
    kind, _, name = command.address.partition(":")
    if kind == "addressbook" and name:
        return f"dial addressbook {quoted(name)}"
    address = quoted(command.address)
    if command.kind == "audio":
        if command.protocol not in ("", "sip"):
            raise ValueError("this codec makes audio calls over sip")
        return f"dial phone sip {address if ' ' in command.address else command.address}"
    if command.protocol or command.rate:
        return f'dial manual "{command.rate or rate}" {address} {command.protocol}'.rstrip()
    return f"dial auto {address}"


def said(request: Request, *, page: int) -> Ask | None:
    """A command that needs no memory of the codec, as its exchange; None for one that does."""
    command: Command = request.command
    match command:
        case SetVolume(level=level):
            return _set(request, f"volume set {step(level, TOP)}", r"volume \d+", "volume get")
        case SetMicMute(on=on):
            return _set(request, f"mute near {_on(on)}", r"mute near (on|off)", "mute near get")
        case SetVideoMute(on=on):
            return _set(request, f"videomute near {_on(on)}", r"videomute near (on|off)", "videomute near get")
        case SetSelfView(on=on):
            words = f"systemsetting selfview {_on(on)}"
            return _set(request, words, r"systemsetting selfview \w+", "systemsetting get selfview")
        case SetPower(on=on):
            return _set(request, "wake" if on else "sleep", "wake" if on else "sleep")
        case SelectCamera(camera=camera):
            return _set(request, f"camera near {camera}", rf"camera near {camera}", "camera near source")
        case MoveCamera(to=to, far=far):
            words = f"camera {'far' if far else 'near'} move {ZOOM.get(to, to)}"
            return Ask(words, None, request, soft=PACE)  # an HDX gives no feedback (IRM `camera`)
        case RecallPreset(preset=preset):
            return _set(request, f"preset near go {preset}", rf"preset near go {preset}")
        case StorePreset(preset=preset):
            return _set(request, f"preset near set {preset}", rf"preset near set {preset}")
        case Share(source=source):
            words = f"vcbutton play {source}".rstrip()
            ask = _set(request, words, r"vcbutton play (succeeded|failed)", "vcbutton source get", "vcbutton get")
            ask.soft = 3 * SOFT
            return ask
        case StopShare():
            return _set(request, "vcbutton stop", r"vcbutton stop( succeeded| failed)?", "vcbutton get")
        case Search(text=text):
            first = request.page * page
            words = f"globaldir {quoted(text)} range {first} {first + page - 1}"
            return Ask(words, pattern(r"globaldir .*\bdone"), request, kind="search")
        case ListBookings(days=days):
            if days > 2:
                raise ValueError("the command line lists today and tomorrow: other days need a date")
            words = f'calendarmeetings list "today:00:00" "{"today" if days == 1 else "tomorrow"}:23:59"'
            return Ask(words, pattern(r"calendarmeetings list end"), request, kind="bookings")
    return None


def meeting(key: str, request: Request) -> Ask:
    """The details of one booking."""
    ends = pattern(r"calendarmeetings info end")
    return Ask(f'calendarmeetings info "{key}"', ends, request, kind="meeting", soft=3 * SOFT)


ZOOM = {"in": "zoom+", "out": "zoom-"}


def _on(fact: bool) -> str:
    return "on" if fact else "off"
