"""What the VideoOS driver says of itself: settings, sources, what it offers and what not, and why.

What may not live here: anything that is asked or answered.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.driver import Settings, setting

SOURCES = (
    "Poly VideoOS REST API reference guide 3.1, 98 actions",
    "dal-codecs-singlecodecs-polycom-videoos (AVI-SPL), driver source to April 2026",
    "PolyVideoOSRestAPI (S. Ifuas), source",
    "recorded exchanges of a Studio X30 with 3.12.0",
)

OFFERED = (
    "log-in, cookie session, XSRF token from firmware 4.6.2",
    "a stale session: one log-in, one retry, everyone else waits",
    "log-out at rest, when a session is old, and on leaving",
    "system: name, model, serial number, software version, asleep or not",
    "volume 0-100",
    "microphone mute",
    "video mute",
    "dial, call list, hang up one or all",
    "answer and reject (bodies as settings: never seen on a wire)",
    "DTMF with pauses",
    "content status",
    "content share and camera choice by source (settings, off at first: a guess)",
    "camera move and presets",
    "directory search, page by page",
    "calendar list",
)

NOT_OFFERED = {
    "wake, sleep": "not in the REST API; `state` shows ASLEEP, and the command line (poly_cli) can wake and sleep it",
    "room sound mute": "the REST API mutes the microphones only; set the volume instead",
    "hold, resume, transfer": "not in the REST API's list of actions",
    "merge": "not needed: a second dial joins the same conference",
    "meeting service join": "the codec's own provider joins; an address can be dialled",
    "layout, self-view": "not in the REST API's list of actions",
    "auto-answer, do-not-disturb": "variables of /rest/config, whose request body and names are not known",
    "far-end camera": "its requests are not in our sources",
    "camera position in numbers": "the model has no command for it; presets do that",
    "calendar join by id": "the model joins by address or number; a booking's row says what it has",
    "collaboration": "ends whiteboards and the like, not a share",
    "registration, configuration, media statistics": "nothing in a room is commanded by them",
    "device mode, signage, provider": "a matter of setting the codec up, not of a meeting",
    "paired panels": "nothing in a room is commanded by them",
    "reboot": "the model has no command for it",
    "push": "no notification end point is documented; every known client polls",
}


@dataclass(frozen=True)
class VideoosSettings(Settings):
    """What a profile may say of a Poly VideoOS codec."""

    username: str = setting("admin", "An administrator's account on the codec.")
    password: str = setting("", "Its password.", secret=True)
    poll: float = setting(10.0, "Seconds between looks at rest: so late may an incoming call be seen.")
    quick: float = setting(1.0, "Seconds between looks in a call and after a command.")
    dialling: float = setting(0.25, "Seconds between looks until a dialled call is shown.")
    lively: float = setting(10.0, "Seconds after a command that are looked at quickly.")
    idle: float = setting(60.0, "At rest a session is ended when it is so many seconds old; 0: after each look.")
    renew: float = setting(900.0, "In a call a session is renewed when it is so many seconds old.")
    rate: int = setting(1920, "Rate in kbit/s where a dial names none; 0 leaves it out.")
    page: int = setting(20, "Rows that a directory search asks for at a time.")
    answer: str = setting("answer", "Action that answers a call (not in the guide); empty: Answer is not offered.")
    reject: str = setting("", "Action that rejects a call; empty: its connection is deleted.")
    activate: bool = setting(False, "Offer SelectCamera and Share: both activate a source, which is a guess.")
    stop_share: str = setting("", "Action on a source that ends its share, if you know one; empty: not offered.")

    def __post_init__(self) -> None:
        if not 0 < self.quick <= self.poll:
            raise ValueError("quick is more than 0 and no more than poll")
        if not 0 < self.dialling <= self.quick:
            raise ValueError("dialling is more than 0 and no more than quick")
        for name in ("lively", "idle", "renew"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is at least 0, not {getattr(self, name)!r}")
        if self.renew < self.idle:
            raise ValueError("renew is at least idle")
        if not 0 <= self.rate <= 10000:
            raise ValueError(f"rate is 0 to 10000, not {self.rate!r}")
        if not 1 <= self.page <= 500:
            raise ValueError(f"page is 1 to 500, not {self.page!r}")
