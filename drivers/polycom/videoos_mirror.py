"""What the codec has told of itself so far, and what that leaves to be asked; what can be offered because of it.

What may not live here: asking, and what a reply's fields mean (`videoos_status.py`).
"""

from __future__ import annotations

from typing import Any

from drivers.polycom import videoos_status as status
from drivers.polycom.videoos_about import VideoosSettings
from drivers.polycom.videoos_calls import Calls
from drivers.polycom.videoos_orders import CONFERENCES
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
    SetMicMute,
    SetVideoMute,
    SetVolume,
    Share,
    StopShare,
    StorePreset,
)
from gateway.driver import Offers

LOOKS = {
    "system": "/rest/system",
    "audio": "/rest/audio",
    "volume": "/rest/audio/volume",  # where /rest/audio does not tell it
    "muted": "/rest/audio/muted",
    "video": "/rest/video/local/mute",
    "content": "/rest/cameras/contentstatus",
    "cameras": "/rest/cameras/near/all",
    "calls": CONFERENCES,
    "ringing": f"{CONFERENCES}/active/connections?filter=ANSWERABLE",
}
ROOM = ("system", "audio", "video", "content", "cameras")
CALL_LOOKS = frozenset({"calls", "ringing", "dialled"})
ALONE = {"volume": "volume", "mic_muted": "muted"}  # points that can be looked at by themselves
SHOWN_BY: dict[type[Command], str] = {SetVolume: "volume", SetMicMute: "mic_muted", SetVideoMute: "video_muted"}
ALWAYS: frozenset[type[Command]] = frozenset({MoveCamera, RecallPreset, StorePreset, Search, ListBookings})
SOME: frozenset[type[Command]] = frozenset({Dial, HangUp, Reject, SendDtmf, Answer, SelectCamera, Share, StopShare})
EVERY = ALWAYS | SOME | SHOWN_BY.keys()

Told = tuple[dict[str, Any], tuple[str, ...]]  # points, and what is to be looked at because of them


class Mirror:
    """The codec as it was last told."""

    def __init__(self, settings: VideoosSettings) -> None:
        self._settings = settings
        self.points: dict[str, Any] = {}
        self.cameras: list[status.Tree] = []
        self.contents: list[status.Tree] = []
        self.calls = Calls()
        self.absent: set[str] = set()  # looks that this firmware does not know
        self._clock: tuple[float, float] | None = None  # the codec's seconds since 1970, and ours

    def clock(self, now: float) -> float | None:
        """The codec's own time in seconds since 1970; None where it tells none."""
        return None if self._clock is None else self._clock[0] + now - self._clock[1]

    def instead(self, what: str) -> tuple[str, ...]:
        """What is to be looked at for `what` on this firmware: nothing, where it does not know it."""
        if what == "audio" and what in self.absent:
            return tuple(one for one in ALONE.values() if one not in self.absent)
        return () if what in self.absent else (what,)

    def told(self, what: str, told: Any, code: int, now: float) -> Told:
        """The answer to one look at the room (404: this firmware does not know it)."""
        if code == 404:
            self.absent.add(what)
        further: tuple[str, ...] = ()
        match what:
            case "system":
                found = status.whole(told.get("systemTime"), 1) if isinstance(told, dict) else None
                self._clock = (found / 1000, now) if found else self._clock
                points = status.system(told)
            case "audio":
                points, further = self._audio(told)
            case "volume":
                points = {"volume": status.whole(told, 0, 100)}
            case "muted":
                points = {"mic_muted": status.truth(told)}
            case "video":
                points = {"video_muted": status.truth(told)}
            case "content":
                points = {"sharing": status.content(told)}
            case _:
                self.cameras, self.contents = status.sources(told)
                sends = self.points.get("sharing") == "sending"
                shown = status.selected(self.contents) if sends else None
                points = {"camera": status.selected(self.cameras), "share_source": shown}
        self.points.update(points)
        return points, further

    def _audio(self, told: Any) -> Told:
        """Where /rest/audio leaves something out, the values stand alone, too."""
        fields = told if isinstance(told, dict) else {}
        found = {"volume": status.whole(fields.get("volume"), 0, 100), "mic_muted": status.truth(fields.get("muted"))}
        further = tuple(
            ALONE[name] for name, value in found.items() if value is None and ALONE[name] not in self.absent
        )
        return {
            name: value for name, value in found.items() if value is not None or ALONE[name] in self.absent
        }, further

    def called(self, what: str, call: str, told: Any, code: int, now: float, *, last: bool) -> dict[str, Any]:
        """The answer to one look at the calls; empty until those that belong together are in (`last`)."""
        calls = self.calls
        complete = last
        if what == "dialled":
            if code in (200, 404):
                calls.dialled_told(call, told, gone=code == 404)
        elif what == "ringing":
            calls.rings(told)
        elif 200 <= code < 300:
            calls.known = True
            complete = calls.listed(told) or last
        elif code == 404:
            calls.known = False  # firmware that tells nothing of calls: they are unknown
        if not complete or not calls.known:
            return {}
        first = self.points.get("calls") is None
        self.points["calls"] = calls.compose()
        return {"calls": calls.running(self.clock(now)) if first else self.points["calls"]}

    def source(self, wanted: str) -> str:
        """The source of content that is wanted, or shown, or the first there is."""
        return wanted or status.selected(self.contents) or next(iter(status.choices(self.contents)), "")

    def offers(self) -> Offers:
        """What can be done as far as it can be seen to be done."""
        settings = self._settings
        found: set[type[Command]] = {verb for verb, point in SHOWN_BY.items() if self.points.get(point) is not None}
        choices: dict[str, dict[str, str]] = {}
        if self.points.get("calls") is not None:
            found |= {Dial, HangUp, Reject, SendDtmf}
            if settings.answer:
                found.add(Answer)
        if settings.activate and self.cameras:
            found.add(SelectCamera)
            choices["camera"] = status.choices(self.cameras)
        if self.contents and (settings.activate or settings.stop_share):
            choices["source"] = status.choices(self.contents)
            if settings.activate:
                found.add(Share)
            if settings.stop_share:
                found.add(StopShare)
        return Offers("", ALWAYS | found, choices)
