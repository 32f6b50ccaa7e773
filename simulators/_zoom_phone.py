"""Telephone calls of the simulated Zoom Room.

What may not live here: the command line. The events' fields are those that PepperDash Essentials (PhoneCallStatus) and
ICD Connect Conferencing (PhoneCallStatus, PhoneCallTerminated) read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulators.zoom_rooms import ZoomRooms


class Telephone:
    """What the room's telephone does; its calls are the room's `phones`."""

    def __init__(self, room: ZoomRooms) -> None:
        self.room = room
        self.made = 0

    def ring(self, number: str, *, incoming: bool) -> str:
        """A telephone call begins; its id."""
        self.made += 1
        call = str(self.made)
        self.room.phones[call] = {
            "CallId": call,
            "IsIncomingCall": incoming,
            "PeerDisplayName": "",
            "PeerNumber": number,
            "PeerUri": "",
        }
        self.tell(call, "Incoming" if incoming else "Init")
        return call

    def tell(self, call: str, status: str) -> None:
        """A telephone call is in this state now."""
        if call in self.room.phones:
            self.room.phones[call]["Status"] = f"PhoneCallStatus_{status}"
            self._event("PhoneCallStatus", self.room.phones[call])

    def end(self, call: str, reason: str) -> None:
        """A telephone call is over."""
        ended = self.room.phones.pop(call, None)
        if ended is not None:
            told = {key: value for key, value in ended.items() if key != "Status"}
            self._event("PhoneCallTerminated", {**told, "Reason": f"PhoneCallTerminateReason_{reason}"})

    def call(self, number: str) -> None:
        """`zCommand Dial PhoneCallOut`."""
        self.room.command_line.done("DialPhoneCallOutResult")
        if not self.room.telephone:
            told = {"CallId": "0", "IsIncomingCall": False, "PeerNumber": number}
            self._event("PhoneCallTerminated", {**told, "Reason": "PhoneCallTerminateReason_ByInitAudioDeviceFailed"})
            return
        call = self.ring(number, incoming=False)
        self.room.after(self.room.answer_seconds / 3, lambda: self.tell(call, "Ringing"))
        if self.room.far_end == "answers":
            self.room.after(self.room.answer_seconds, lambda: self.tell(call, "InCall"))
        else:
            wait = self.room.no_answer_seconds if self.room.far_end == "no answer" else self.room.answer_seconds
            self.room.after(wait, lambda: self.end(call, "ByRemote"))

    def _event(self, key: str, told: dict[str, Any]) -> None:
        if self.room.phone_events:
            self.room.event(key, told)
