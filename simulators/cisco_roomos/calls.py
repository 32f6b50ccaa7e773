"""The codec's calls: dialled, rung, answered, held and ended over device time, the far end included.

What may not live here: how a call is written on any transport.
Sources: Cisco API reference guide CE9.2 (D15335.08), "Call commands", "Call status", p. 239 "About disconnect
cause types"; xAPI over WebSocket D15427.02 (Dial, "Not paired with isdn link"). How long each step takes is not
documented: the seconds are settings. Not documented either, so of our own wording: every refusal but the ISDN one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulators.cisco_roomos.table import CommandError, Given, Int, Needed, String, Word, command
from simulators.cisco_roomos.tree import Text, Tree

if TYPE_CHECKING:
    from simulators.cisco_roomos.codec import Codec
    from simulators.device import Timer

# How the far end behaves, by the part of the number before the @; every other number does what the setting says.
FAR_ENDS = {
    "busy": "RemoteBusy",
    "reject": "RemoteRejected",
    "noanswer": "RemoteNoAnswer",
    "unknown": "UnknownRemoteSite",
}

BEHAVIOUR = {"answers": "", "busy": "RemoteBusy", "rejects": "RemoteRejected", "no answer": "RemoteNoAnswer"}

CallId = Int(0, 65534)


@dataclass
class Call:
    """One call as the codec holds it."""

    id: int
    direction: str  # Incoming, Outgoing
    number: str
    name: str
    protocol: str
    call_type: str
    rate: int
    status: str
    answer_state: str = "Unanswered"
    hold_reason: str = "None"
    dtmf: str = ""  # what was sent into this call
    connected_at: float | None = None  # device time

    @property
    def scheme(self) -> str:
        return self.protocol.lower()

    @property
    def number_with_scheme(self) -> str:
        return self.number if ":" in self.number else f"{self.scheme}:{self.number}"

    @property
    def ringing_in(self) -> bool:
        return self.direction == "Incoming" and self.status == "Ringing"

    def status_tree(self, now: float) -> Tree:
        """`Status/Call[n]`, every field of the sheet."""
        held = self.status == "OnHold"
        up = self.connected_at is not None
        return {
            "id": self.id,
            "AnswerState": self.answer_state,
            "CallType": self.call_type,
            "CallbackNumber": Text(self.number_with_scheme),
            "DeviceType": "Endpoint",
            "Direction": self.direction,
            "DisplayName": Text(self.name),
            "Duration": int(now - self.connected_at) if self.connected_at is not None else 0,
            "Encryption": {"Type": Text("AES-128" if up else "None")},
            "HoldReason": self.hold_reason,
            "PlacedOnHold": "True" if held else "False",
            "Protocol": Text(self.scheme),
            "ReceiveCallRate": self.rate if up else 0,
            "RemoteNumber": Text(self.number),
            "Status": self.status,
            "TransmitCallRate": self.rate if up else 0,
        }


class Switchboard:
    """Moves the calls along. The calls themselves stand in the codec's memory."""

    def __init__(self, codec: Codec) -> None:
        self.codec = codec
        self.timers: dict[int, Timer] = {}

    def reset(self) -> None:
        self.timers.clear()

    # Outgoing.

    def dial(self, number: str, name: str, *, protocol: str, call_type: str, rate: int) -> Call:
        call = self._new(Call(0, "Outgoing", number, name or number, protocol, call_type, rate, "Dialling"))
        self.codec.event({"OutgoingCallIndication": {"CallId": call.id}})
        self._later(call, self.codec.dial_seconds, lambda: self._reach(call))
        return call

    def _reach(self, call: Call) -> None:
        name = call.number.removeprefix(f"{call.scheme}:").split("@")[0].lower()
        cause = FAR_ENDS.get(name) or BEHAVIOUR[self.codec.far_end]
        if cause in ("RemoteBusy", "UnknownRemoteSite"):
            self.end(call, cause)
            return
        call.status = "Ringing"
        if cause == "RemoteRejected":
            self._later(call, self.codec.answer_seconds, lambda: self.end(call, cause))
        elif cause == "RemoteNoAnswer":
            self._later(call, self.codec.no_answer_seconds, lambda: self.end(call, cause))
        else:
            self._later(call, self.codec.answer_seconds, lambda: self.connect(call))

    # Incoming.

    def ring(self, number: str, name: str, *, protocol: str, call_type: str, rate: int) -> Call:
        call = self._new(Call(0, "Incoming", number, name or number, protocol, call_type, rate, "Ringing"))
        where = {"RemoteURI": Text(call.number_with_scheme), "DisplayNameValue": Text(call.name), "CallId": call.id}
        self.codec.event({"IncomingCallIndication": where})
        if self.codec.configuration["Conference AutoAnswer Mode"] == "On":
            delay = int(self.codec.configuration["Conference AutoAnswer Delay"])
            self._later(call, delay, lambda: self.accept(call, "Autoanswered"))
        else:
            self._later(call, self.codec.no_answer_seconds, lambda: self.end(call, "RemoteDisconnect"))
        return call

    def accept(self, call: Call, how: str = "Answered") -> None:
        call.answer_state = how
        call.status = "Connecting"
        if how == "Autoanswered" and self.codec.configuration["Conference AutoAnswer Mute"] == "On":
            self.codec.mics_muted = True
        self._later(call, self.codec.connect_seconds, lambda: self.connect(call))

    # Both.

    def connect(self, call: Call) -> None:
        if call.direction == "Outgoing":
            call.answer_state = "Answered"
        call.status = "Connected"
        call.connected_at = self.codec.clock()
        self._halt(call)
        self.codec.event(
            {
                "CallSuccessful": {
                    "CallId": call.id,
                    "Protocol": Text(call.scheme),
                    "Direction": Text(call.direction.lower()),
                    "CallRate": call.rate,
                    "RemoteURI": Text(call.number_with_scheme),
                    "EncryptionIn": Text("On"),
                    "EncryptionOut": Text("On"),
                }
            }
        )

    def end(self, call: Call, cause: str) -> None:
        """Disconnecting first, gone a moment later."""
        if call.status == "Disconnecting":
            return
        call.status = "Disconnecting"
        gone = {
            "CauseValue": 1,
            "CauseType": Text(cause),
            "CauseString": Text(""),
            "OrigCallDirection": Text(call.direction.lower()),
            "RemoteURI": Text(call.number_with_scheme),
            "CallId": call.id,
            "CauseCode": 0,
            "CauseOrigin": "SIP",
        }
        self.codec.event({"CallDisconnect": gone})
        self._later(call, self.codec.disconnect_seconds, lambda: self._gone(call))

    def _gone(self, call: Call) -> None:
        self._halt(call)
        self.codec.calls.remove(call)
        if not self.codec.calls:
            self.codec.conference_id += 1
            self.codec.presentation = "Off" if self.codec.presentation == "Receiving" else self.codec.presentation

    def _new(self, call: Call) -> Call:
        self.codec.last_call_id += 1
        call.id = self.codec.last_call_id
        self.codec.calls.append(call)
        self.codec.wake()
        return call

    def _later(self, call: Call, seconds: float, then: Callable[[], None]) -> None:
        """The call's next step by itself; it takes the place of the one that was to come."""
        self._halt(call)
        self.timers[call.id] = self.codec.after(seconds, then)

    def _halt(self, call: Call) -> None:
        if call.id in self.timers:
            self.timers.pop(call.id).cancel()

    def chosen(self, given: Given, fit: Iterable[Call]) -> list[Call]:
        """The call that CallId names, or every call that fits where none is named."""
        fitting = list(fit)
        if "CallId" in given:
            fitting = [call for call in fitting if call.id == given["CallId"]]
        if not fitting:
            raise CommandError("No such call")
        return fitting


@command(
    "Dial",
    Number=Needed(String(0, 255)),
    Protocol=Word("Auto", "H320", "H323", "Sip", "Spark"),
    CallRate=Int(64, 10000),
    CallType=Word("Auto", "Audio", "Video"),
    DisplayName=String(0, 255),
    BookingId=String(0, 255),
    Appearance=String(0, 255),
    TrackingData=String(0, 255),
)
def dial(codec: Codec, given: Given) -> Tree:
    protocol = given.get("Protocol", codec.configuration["Conference DefaultCall Protocol"])
    if protocol == "H320" and not codec.isdn_link:
        raise CommandError("Not paired with isdn link", key="Error", Cause=21)
    if not given["Number"]:
        raise CommandError("Number is empty", key="Error", Cause=2)
    kind = "Audio" if given.get("CallType") == "Audio" else "Video"
    call = codec.switchboard.dial(
        str(given["Number"]),
        str(given.get("DisplayName", "")),
        protocol="Sip" if protocol == "Auto" else protocol,
        call_type=kind,
        rate=64 if kind == "Audio" else given.get("CallRate", 6000),
    )
    return {"CallId": call.id, "ConferenceId": codec.conference_id}


@command("Call Accept", CallId=CallId)
def accept(codec: Codec, given: Given) -> None:
    for call in codec.switchboard.chosen(given, (call for call in codec.calls if call.ringing_in)):
        codec.switchboard.accept(call)


@command("Call Reject", CallId=CallId)
def reject(codec: Codec, given: Given) -> None:
    for call in codec.switchboard.chosen(given, (call for call in codec.calls if call.ringing_in)):
        codec.switchboard.end(call, "LocalReject")


@command("Call Disconnect", CallId=CallId)
def disconnect(codec: Codec, given: Given) -> None:
    for call in codec.switchboard.chosen(given, codec.calls):
        codec.switchboard.end(call, "LocalDisconnect")


@command("Call Hold", CallId=CallId, Reason=Word("Conference", "Transfer", "Other"))
def hold(codec: Codec, given: Given) -> None:
    for call in codec.switchboard.chosen(given, (call for call in codec.calls if call.status == "Connected")):
        call.status, call.hold_reason = "OnHold", given.get("Reason", "Other")


@command("Call Resume", CallId=CallId)
def resume(codec: Codec, given: Given) -> None:
    for call in codec.switchboard.chosen(given, (call for call in codec.calls if call.status == "OnHold")):
        call.status, call.hold_reason = "Connected", "None"


@command("Call DTMFSend", DTMFString=Needed(String(0, 32)), CallId=CallId, Feedback=Word("Audible", "Silent"))
def dtmf_send(codec: Codec, given: Given) -> None:
    for call in codec.switchboard.chosen(given, (call for call in codec.calls if call.status == "Connected")):
        call.dtmf += given["DTMFString"]


@command("Call UnattendedTransfer", CallId=Needed(CallId), Number=Needed(String(0, 255)))
def transfer(codec: Codec, given: Given) -> None:
    for call in codec.switchboard.chosen(given, (call for call in codec.calls if call.connected_at is not None)):
        codec.transferred.append(f"{call.number} to {given['Number']}")
        codec.switchboard.end(call, "LocalDisconnect")


@command("Conference DoNotDisturb Activate", Timeout=Int(1, 1440))
def do_not_disturb(codec: Codec, given: Given) -> None:
    codec.do_not_disturb = True


@command("Conference DoNotDisturb Deactivate")
def disturb(codec: Codec, given: Given) -> None:
    codec.do_not_disturb = False
