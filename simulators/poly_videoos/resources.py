"""The codec's resources: what each address answers, and what a POST there does.

What may not live here: log-ins, memory and hands. Paths are those of the Poly VideoOS REST API guide 3.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulators.poly_videoos.calls import Exchange
from simulators.poly_videoos.pages import Directory, meetings
from simulators.poly_videoos.web import Asked, Word

if TYPE_CHECKING:
    from simulators.poly_videoos.codec import PolyVideoos

MOVES = ("LEFT", "RIGHT", "UP", "DOWN", "ZOOMIN", "ZOOMOUT", "FOCUSNEAR", "FOCUSFAR")


class NoSuchError(Exception):
    """Answered with this status."""

    def __init__(self, status: int = 404) -> None:
        super().__init__(status)
        self.status = status


@dataclass
class Resources:
    """All that can be asked by somebody who is logged in."""

    codec: PolyVideoos
    exchange: Exchange
    directory: Directory

    def answer(self, asked: Asked) -> Any:
        """What this request is answered with; it may change the codec."""
        match asked.method, asked.path[1:]:
            case "GET", ("system",):
                return self._system()
            case "GET", ("system", "sipservers") if self.codec.release() >= (4,):
                return None
            case "GET", ("system", "status"):
                return [{"langtag": "", "name": "system.status.sipserver", "stateList": ["up"]}]
            case _, ("audio", *rest):
                return self._audio(asked, rest)
            case "GET", ("video", "local", "mute"):
                return {"result": self.codec.video_muted}
            case "POST", ("video", "local", "mute"):
                self.codec.video_muted = self._given(asked.body, "mute", bool)
                return {"success": True, "reason": ""}
            case _, ("cameras", *rest):
                return self._cameras(asked, rest)
            case _, ("conferences", *rest):
                return self._conferences(asked, rest)
            case "GET", ("calendar",):
                return {"status": "ONLINE"}
            case "GET", ("calendar", "meetings"):
                return self._meetings(asked.query)
            case _, ("directory", "queries", *rest):
                return self._queries(asked, rest)
        raise NoSuchError

    def _system(self) -> dict[str, Any]:
        told = {"state": self.codec.state, "systemName": self.codec.system_name, "softwareVersion": self.codec.version}
        if self.codec.lean:
            return told
        about = {
            "build": "366027",
            "model": self.codec.model,
            "serialNumber": self.codec.serial_number,
            "rebootNeeded": False,
        }
        return (
            told | about | {"uptime": round(self.codec.clock(), 2), "systemTime": self.codec.epoch(), "timeOffset": 0}
        )

    def _audio(self, asked: Asked, rest: list[str]) -> Any:
        match asked.method, rest:
            case "GET", []:
                if self.codec.lean:
                    return None
                told = {"muteLocked": False, "muted": self.codec.muted, "numOfMicsConnected": 1}
                return told | {"volume": self.codec.volume}
            case "GET", ["volume"]:
                return self.codec.volume
            case "GET", ["muted"]:
                return self.codec.muted
            case "GET", ["microphones"] if self.codec.release() >= (4,):
                return None
            case "POST", ["volume"]:
                if type(asked.body) is not int or not 0 <= asked.body <= 100:
                    raise NoSuchError(400)
                self.codec.volume = asked.body
                return {"success": True, "reason": ""}
            case "POST", ["muted"]:
                if type(asked.body) is not bool:
                    raise NoSuchError(400)
                self.codec.muted = asked.body
                return {"success": True, "reason": ""}
            case "POST", [] if self._given(asked.body, "action", str) == "playDTMF":
                self.codec.tones += self._given(asked.body, "dtmfChar", str)
                return {"success": True, "reason": ""}
        raise NoSuchError

    def _cameras(self, asked: Asked, rest: list[str]) -> Any:
        match asked.method, rest:
            case "GET", ["contentstatus"]:
                return Word(self.codec.content) if self.codec.content_word == "bare" else self.codec.content
            case "GET", ["near", "all"]:
                return self._sources()
            case "POST", ["near", "presets", index] if index.isdecimal() and int(index) < 100:
                self._preset(int(index), self._given(asked.body, "action", str))
                return {"success": True, "reason": ""}
            case "POST", ["near", source]:
                self._source(source, asked.body)
                return {"success": True, "reason": ""}
        raise NoSuchError

    def _sources(self) -> list[dict[str, Any]]:
        kinds = ((1, "Main", "PEOPLE"), (2, "Side", "PEOPLE"), (3, "HDMI", "CONTENT"), (4, "Wireless", "CONTENT"))
        chosen = (self.codec.camera, self.codec.content_source)
        about = {"model": "", "connected": True}
        return [
            {"cameraIndex": index, "name": title, "sourceType": kind, "selected": index in chosen, **about}
            | {"ptzcapable": kind == "PEOPLE"}
            for index, title, kind in kinds
        ]

    def _preset(self, index: int, action: str) -> None:
        match action:
            case "store":
                self.codec.presets = sorted({*self.codec.presets, index})
            case "activate" if index in self.codec.presets:
                self.codec.preset = index
            case "clear":
                self.codec.presets = [one for one in self.codec.presets if one != index]
            case _:
                raise NoSuchError(400)

    def _source(self, source: str, body: Any) -> None:
        action = self._given(body, "action", str)
        index = int(source) if source.isdecimal() else self.codec.camera if source == "selectedpeople" else 0
        if not 1 <= index <= 4:
            raise NoSuchError
        match action:
            case "moveStart" if index <= 2:
                word = self._given(body, "direction", str)
                if word.removeprefix("MOVE_") not in MOVES:
                    raise NoSuchError(400)
                self.codec.moving = word
            case "moveStop":
                self.codec.moving = ""
            case "activate" if index <= 2:
                self.codec.camera = index
            case "activate":
                self.codec.content_source, self.codec.content = index, "CONTENT_SENDING"
            case "deactivate" if index > 2:
                self.codec.content = "CONTENT_IDLE"
            case _:
                raise NoSuchError(400)

    def _conferences(self, asked: Asked, rest: list[str]) -> Any:
        conference = self.exchange.conference()
        known = rest and rest[0] in ("active", str(self.codec.conference))
        match asked.method, rest:
            case "GET", []:
                return [conference] if conference else []
            case "POST", []:
                rate = asked.body.get("rate", 1024) if isinstance(asked.body, dict) else 0
                kind = asked.body.get("dialType", "AUTO") if isinstance(asked.body, dict) else ""
                call = self.exchange.dial(self._given(asked.body, "address", str), str(kind), rate)
                return [{"href": f"/rest/conferences/{self.codec.conference}/connections/{call.id}"}]
            case "GET", [_] if known and conference:
                return conference
            case "DELETE", [_] if known and conference:
                for call in self.exchange.listed():
                    self.exchange.end(call, "hung up")
                return {"success": True, "reason": ""}
            case "GET", [_, "connections"] if known:
                return self.exchange.filtered(asked.query.get("filter", ""))
            case "GET", [_, "mediastats"] if known and conference:
                return self.exchange.media()
            case _, [_, "connections", identity] if known:
                return self._connection(asked, identity)
        raise NoSuchError

    def _connection(self, asked: Asked, identity: str) -> Any:
        call = next((call for call in self.codec.calls if str(call.id) == identity), None)
        if call is None:
            raise NoSuchError
        if asked.method == "GET":
            return self.exchange.connection(call)
        if asked.method == "DELETE":
            self.exchange.end(call, "rejected" if call.rings else "hung up")
        elif self._given(asked.body, "action", str) == "answer" and call.rings:
            self.exchange.accept(call)
        else:
            raise NoSuchError(400)
        return {"success": True, "reason": ""}

    def _meetings(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        now = self.codec.epoch() // 1000
        found = meetings(now + 60, self.codec.meeting_count)
        if query.get("start", "").isdecimal() and query.get("end", "").isdecimal():
            start, end = int(query["start"]) * 1000, int(query["end"]) * 1000
            return [one for one in found if start <= one["startTime"] <= end]
        return found[: int(query["number"])] if query.get("number", "").isdecimal() else found

    def _queries(self, asked: Asked, rest: list[str]) -> Any:
        directory = self.directory
        if asked.method == "POST" and not rest:
            return directory.search(self._given(asked.body, "searchString", str))
        query = int(rest[0]) if len(rest) == 1 and rest[0].isdecimal() else 0
        if query not in directory.queries:
            raise NoSuchError
        if asked.method == "DELETE":
            del directory.queries[query]
            return {"success": True, "reason": ""}
        start, limit = (asked.query.get(key, "0") for key in ("start", "limit"))
        if not (start.isdecimal() and limit.isdecimal()):
            raise NoSuchError(400)
        return directory.page(query, int(start), int(limit) or 20)

    @staticmethod
    def _given(body: Any, key: str, kind: type) -> Any:
        value = body.get(key) if isinstance(body, dict) else None
        if type(value) is not kind:
            raise NoSuchError(400)
        return value
