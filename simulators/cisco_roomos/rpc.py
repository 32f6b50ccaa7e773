"""The codec's JSON-RPC 2.0, as it is met over WebSocket: xGet, xQuery, xSet, xCommand and xFeedback.

Texts in, texts out; what may not live here: sockets and log-ins, and what a command does.
Source: xAPI over WebSocket, D15427.02. Not in it, so of our own wording: the message of -32601, -32602 for a
parameter, and that a command without a result answers {"status": "OK"}.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simulators.cisco_roomos.listener import Listener
from simulators.cisco_roomos.table import (
    CommandError,
    IllegalValue,
    NoMatch,
    ParameterError,
    PermissionDenied,
    Refused,
    TooManySubscribers,
    UnknownCommand,
)
from simulators.cisco_roomos.tree import Step, Tree, descend

if TYPE_CHECKING:
    from simulators.cisco_roomos.codec import Codec

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602
COMMAND_ERROR, PERMISSION_DENIED, TOO_MANY_SUBSCRIBERS, NOT_READY = 1, -31999, -31998, -31997
CODES: dict[type[Refused], int] = {
    CommandError: COMMAND_ERROR,
    PermissionDenied: PERMISSION_DENIED,
    TooManySubscribers: TOO_MANY_SUBSCRIBERS,
    UnknownCommand: METHOD_NOT_FOUND,
    ParameterError: INVALID_PARAMS,
    IllegalValue: INVALID_PARAMS,
    NoMatch: INVALID_PARAMS,
}


class RpcError(Exception):
    """An error object: code, message and data."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message} | ({} if data is None else {"data": data})


class Rpc(Listener):
    """One WebSocket connection."""

    def __init__(self, codec: Codec, send: Callable[[str], None]) -> None:
        super().__init__(codec)
        self._send = send
        self._last = 0

    def feed(self, text: str | bytes) -> None:
        """Answer one message."""
        request: Any = None
        after: list[Callable[[], None]] = []
        try:
            try:
                request = json.loads(text)
            except ValueError:
                raise RpcError(PARSE_ERROR, "Parse error") from None
            answer = {"result": self._call(request, after)}
        except RpcError as wrong:
            answer = {"error": wrong.error}
        except Refused as refused:
            answer = {"error": self._refusal(refused)}
        identity = request.get("id") if isinstance(request, dict) else None
        if identity is not None or "error" in answer:  # a request without an id wants no answer (JSON-RPC 2.0, 4.1)
            self._say({"jsonrpc": "2.0", "id": identity, **answer})
        for then in after:
            then()
        self.codec.touched()

    def _call(self, request: Any, after: list[Callable[[], None]]) -> Any:
        if not isinstance(request, dict) or request.get("jsonrpc") != "2.0":
            raise RpcError(INVALID_REQUEST, "Invalid request")
        method, params = request.get("method"), request.get("params", {})
        if not isinstance(method, str) or not isinstance(params, dict):
            raise RpcError(INVALID_REQUEST, "Invalid request")
        if not self.codec.ready:
            raise RpcError(NOT_READY, "System not ready")
        if method.startswith("xCommand/"):
            given = {name: value for name, value in params.items() if name != "body"}
            _, result = self.codec.execute(method.replace("/", " ").partition(" ")[2], given, params.get("body"))
            return result or {"status": "OK"}
        if method == "xFeedback/Subscribe":
            return self._subscribe(params, after)
        methods = {
            "xGet": self._get,
            "xQuery": self._query,
            "xSet": self._set,
            "xFeedback/Unsubscribe": self._unsubscribe,
        }
        if method not in methods:
            raise RpcError(METHOD_NOT_FOUND, "Method not found")
        return methods[method](params)

    def _get(self, params: Tree) -> Any:
        path = self._steps(params, "Path")
        return plain(descend(self.codec.get(path), path))

    def _query(self, params: Tree) -> Any:
        return plain(self.codec.get(self._steps(params, "Query")))

    def _set(self, params: Tree) -> bool:
        root, *path = self._steps(params, "Path")
        if str(root).casefold() != "configuration" or "Value" not in params:
            raise RpcError(INVALID_PARAMS, "Invalid params")
        self.codec.configure(path, params["Value"])
        return True

    def _subscribe(self, params: Tree, after: list[Callable[[], None]]) -> Tree:
        steps = self._steps(params, "Query")
        identity = self._last + 1
        self.register(identity, steps)
        self._last = identity
        if params.get("NotifyCurrentValue") is True and str(steps[0]).casefold() != "event":
            now = self.codec.get(steps)
            after.append(lambda: self._event(identity, now))
        return {"Id": identity}

    def _unsubscribe(self, params: Tree) -> bool:
        if self.registered.pop(params.get("Id"), None) is None:
            raise RpcError(INVALID_PARAMS, "Unknown subscription Id", {"Id": params.get("Id")})
        return True

    @staticmethod
    def _steps(params: Tree, name: str) -> list[Step]:
        steps = params.get(name)
        good = isinstance(steps, list) and steps and all(isinstance(step, str | int) for step in steps)
        if not good or set(steps or ()) == {"**"}:
            raise RpcError(INVALID_PARAMS, "Invalid params")
        return list(steps or ())

    @staticmethod
    def _refusal(refused: Refused) -> Tree:
        code = CODES[type(refused)]
        if isinstance(refused, UnknownCommand):
            return {"code": code, "message": "Method not found"}
        if isinstance(refused, NoMatch):
            return {"code": code, "message": "No match on Path argument"}
        data = refused.data if isinstance(refused, CommandError) else None
        return {"code": code, "message": str(refused)} | ({"data": data} if data else {})

    def notify(self, change: Tree) -> None:
        for key, part in self.matching(change).items():
            self._event(key, part)

    def _event(self, identity: object, part: Tree) -> None:
        self._say({"jsonrpc": "2.0", "method": "xFeedback/Event", "params": {"Id": identity, **plain(part)}})

    def _say(self, message: Tree) -> None:
        self._send(json.dumps(message, ensure_ascii=False))


def plain(node: Any) -> Any:
    """A tree as JSON: a copy, so that a message cannot change with the memory."""
    if isinstance(node, dict):
        return {name: plain(value) for name, value in node.items()}
    return [plain(value) for value in node] if isinstance(node, list) else node
