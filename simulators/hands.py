"""The hands in the room over HTTP: look at a simulated device's memory, press its buttons, give it a bad day.

    GET  /                what the device holds, as JSON
    GET  /hands           what can be done to it, with arguments
    POST /hands/{name}    do it; arguments in the query or in a JSON body
    GET  /faults          which faults are on
    POST /faults/{name}   switch one: silent?on=false, slow?ms=200, drop, ...

Loopback only, one request a connection, and no web framework: a room of ten devices opens ten of these.
No device may live here.
"""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Literal, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl, unquote, urlsplit

from simulators.device import Simulator
from simulators.doors import Session, TcpDoor
from simulators.faults import Faults
from simulators.values import SimulatorError, did_you_mean, parsed, plain

LONGEST = 65536


class ProblemError(Exception):
    """What is answered instead (RFC 9457)."""

    def __init__(self, status: HTTPStatus, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.body = {
            "type": "about:blank",
            "title": status.phrase,
            "status": int(status),
            "detail": detail,
        } | more


async def serve_hands(device: Simulator, port: int = 0) -> tuple[str, Callable[[], Awaitable[None]]]:
    """Serve a device's memory and hands on 127.0.0.1; the address, and what to await to end it."""
    desk = Desk(device)
    door = TcpDoor(Faults(), desk.opened, desk.received, desk.closed)
    try:
        taken = door.bind("127.0.0.1", port)
    except OSError as broken:
        raise SimulatorError(f"the hands cannot be served on port {port}: {broken}") from broken
    door.reopen()

    async def close() -> None:
        await desk.close()
        await door.close()

    return f"http://127.0.0.1:{taken}", close


class Desk:
    """Reads requests and answers them."""

    def __init__(self, device: Simulator) -> None:
        self.device = device
        self._tasks: set[asyncio.Task[None]] = set()

    def opened(self, session: Session) -> None:
        session.memory["heard"] = b""

    def closed(self, session: Session) -> None:
        """Nothing is remembered of a client."""

    def received(self, session: Session, data: bytes) -> None:
        heard = session.memory["heard"] = session.memory["heard"] + data
        head, end, body = heard.partition(b"\r\n\r\n")
        if not end or session.memory.get("asked"):
            if len(heard) > LONGEST:
                session.abort()
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = fields.get("content-length", "0")
        if not length.isdigit() or len(first.split(" ")) != 3 or int(length) > LONGEST:
            session.abort()
            return
        if len(body) >= int(length):
            session.memory["asked"] = True
            method, target, _ = first.split(" ")
            task = asyncio.get_running_loop().create_task(self._serve(session, method, target, body[: int(length)]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Leave what is still being done (a reboot) to the device."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, session: Session, method: str, target: str, body: bytes) -> None:
        kind = "application/json"
        try:
            status, answer = HTTPStatus.OK, await self.answer(method, target, body)
        except ProblemError as problem:
            status, answer, kind = problem.status, problem.body, "application/problem+json"
        data = json.dumps(answer, indent=2, ensure_ascii=False).encode() + b"\n"
        session.send(
            f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n".encode()
            + data
        )
        session.close()

    async def answer(self, method: str, target: str, body: bytes) -> dict[str, Any]:
        """Do what a request asks; the answer, or a ProblemError."""
        parts = urlsplit(target)
        steps = [unquote(step) for step in parts.path.split("/") if step]
        match method, steps:
            case "GET", []:
                return self.device.memory()
            case "GET", ["hands"]:
                return described(self.device)
            case "GET", ["faults"]:
                return self.device.faults.as_dict()
            case "POST", ["hands", name]:
                return await self._reach(name, arguments(parts.query, body))
            case "POST", ["faults", name]:
                return self._fault(name, arguments(parts.query, body))
            case _, [] | ["hands" | "faults"] | ["hands" | "faults", _]:
                raise ProblemError(HTTPStatus.METHOD_NOT_ALLOWED, f"{method} does nothing here")
        exists = ["GET /", "GET /hands", "POST /hands/{name}", "GET /faults", "POST /faults/{name}"]
        raise ProblemError(HTTPStatus.NOT_FOUND, f"there is no {parts.path}", exists=exists)

    async def _reach(self, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        known = type(self.device).hands()
        if name not in known:
            words = f"{self.device.name} has no hand {name!r}{did_you_mean(name, known)}"
            raise ProblemError(HTTPStatus.NOT_FOUND, words, exists=sorted(known))
        try:
            result = known[name](self.device, **fitted(known[name], given))
            if inspect.isawaitable(result):
                result = await result
        except SimulatorError as wrong:
            raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, f"{name}: {wrong}") from None
        return {"hand": name, "result": plain(result), "memory": self.device.memory()}

    def _fault(self, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        faults = self.device.faults
        if name not in faults.names():
            words = f"no fault is named {name!r}{did_you_mean(name, faults.names())}"
            raise ProblemError(HTTPStatus.NOT_FOUND, words, exists=faults.names())

        def switch(on: bool = True, ms: float = 500.0) -> None:
            faults.apply(name, on=on, ms=ms)

        try:
            switch(**fitted(switch, given))
        except SimulatorError as wrong:
            raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, f"{name}: {wrong}") from None
        return {"fault": name, "faults": faults.as_dict()}


def arguments(query: str, body: bytes) -> dict[str, Any]:
    """What a request gives: its query, and its body over that."""
    given: dict[str, Any] = dict(parse_qsl(query, keep_blank_values=True))
    if body.strip():
        try:
            told = json.loads(body)
        except ValueError as broken:
            raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, f"the body is no JSON: {broken}") from None
        if not isinstance(told, dict):
            raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "the body is no JSON object of arguments")
        given |= told
    return given


def wanted(method: Callable[..., Any]) -> dict[str, tuple[inspect.Parameter, Any]]:
    """The arguments that a hand takes, with their types."""
    hints = get_type_hints(method)
    parameters = inspect.signature(method).parameters
    return {name: (parameter, hints[name]) for name, parameter in parameters.items() if name in hints}


def fitted(method: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The given arguments in the types that a hand takes; a SimulatorError for one that does not fit."""
    known = wanted(method)
    for name in given:
        if name not in known:
            raise SimulatorError(f"no argument {name!r}{did_you_mean(name, known)}")
    for name, (parameter, _) in known.items():
        if parameter.default is inspect.Parameter.empty and name not in given:
            raise SimulatorError(f"the argument {name!r} is missing")
    return {name: parsed(name, value, known[name][1]) for name, value in given.items()}


def described(device: Simulator) -> dict[str, Any]:
    """Every hand: what it is for, its arguments, their types and defaults."""
    return {
        name: {
            "about": (inspect.getdoc(method) or "").partition("\n")[0],
            "arguments": {
                argument: _described(parameter, kind) for argument, (parameter, kind) in wanted(method).items()
            },
        }
        for name, method in type(device).hands().items()
    }


def _described(parameter: inspect.Parameter, kind: Any) -> dict[str, Any]:
    choices = list(get_args(kind)) if get_origin(kind) is Literal else None
    told: dict[str, Any] = {"choices": choices} if choices else {"type": getattr(kind, "__name__", str(kind))}
    return told if parameter.default is inspect.Parameter.empty else told | {"default": parameter.default}
