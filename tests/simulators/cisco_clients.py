"""Clients of the simulated Cisco codec for its tests: xows, a WebSocket and a shell by hand."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import asyncssh
import xows
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from simulators.cisco_roomos import CiscoRoomOS

PASSWORD = "pa/ss+1"
PANEL = (
    "<Extensions><Version>1.11</Version>\n <Panel><Order>1</Order><PanelId>learn</PanelId><Origin>local</Origin>"
    "<Location>ControlPanel</Location>\n  <Icon>Lightbulb</Icon><Color>#1170CF</Color><Name>Lights</Name>"
    "<ActivityType>Custom</ActivityType>\n  <Page><Name>Lights</Name><Row><Name>Row</Name><Widget>"
    "<WidgetId>sw1</WidgetId><Type>ToggleButton</Type><Options>size=1</Options></Widget></Row></Page>\n"
    " </Panel></Extensions>"
)


def codec(**settings: Any) -> CiscoRoomOS:
    """Fast, but nobody gives up a ringing call before a busy machine has got to it."""
    return CiscoRoomOS.configured({"password": PASSWORD, "speed": 50, "no_answer_seconds": 3000} | settings)


@contextlib.asynccontextmanager
async def xows_client(address: str, password: str = PASSWORD) -> AsyncIterator[Any]:
    client = xows.XoWSClient(address, "admin", password)
    await client.connect()
    try:
        yield client
    finally:
        await client.disconnect()
        await client.wait_until_closed()


class Ws:
    """JSON-RPC by hand, for what the library does not send."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.told: deque[Any] = deque()  # what was said while an answer was awaited

    async def heard(self) -> Any:
        return self.told.popleft() if self.told else await self.next()

    async def next(self) -> Any:
        return json.loads(await asyncio.wait_for(self.connection.recv(), 5))

    async def ask(self, method: str, identity: Any = "1", **params: Any) -> Any:
        request = {"jsonrpc": "2.0", "method": method, "id": identity} | ({"params": params} if params else {})
        await self.connection.send(json.dumps(request))
        while "method" in (message := await self.next()):
            self.told.append(message)
        return message


@contextlib.asynccontextmanager
async def ws(address: str, password: str = PASSWORD) -> AsyncIterator[Ws]:
    async with connect(address, subprotocols=[protocol(password)], proxy=None) as connection:
        yield Ws(connection)


def protocol(password: str) -> Subprotocol:
    token = base64.urlsafe_b64encode(f"admin:{password}".encode()).decode().rstrip("=")
    return Subprotocol(f"auth-{token}")


class Shell:
    """The far end of an SSH shell."""

    def __init__(self, process: asyncssh.SSHClientProcess[bytes]) -> None:
        self.process, self.buffer = process, b""

    def send(self, text: str) -> None:
        self.process.stdin.write(text.encode())

    async def until(self, end: str) -> str:
        """Everything up to and with `end`."""
        while end.encode() not in self.buffer:
            data = await asyncio.wait_for(self.process.stdout.read(4096), 5)
            assert data, f"the shell ended before {end!r}: {self.buffer!r}"
            self.buffer += data
        text, found, self.buffer = self.buffer.partition(end.encode())
        return (text + found).decode()

    async def object(self) -> Any:
        """The next JSON object, however many lines it takes."""
        while True:
            with contextlib.suppress(ValueError):
                text = self.buffer.decode().lstrip()
                found, end = json.JSONDecoder().raw_decode(text)
                self.buffer = text[end:].encode()
                return found
            data = await asyncio.wait_for(self.process.stdout.read(4096), 5)
            assert data
            self.buffer += data

    async def ask(self, command: str) -> Any:
        self.send(f"{command}\n")
        return await self.object()


@contextlib.asynccontextmanager
async def ssh(address: str, *, terminal: str | None = None, **options: Any) -> AsyncIterator[Shell]:
    where = urlsplit(address)
    options = {"password": PASSWORD} | options
    async with asyncssh.connect(
        where.hostname or "",
        where.port or 0,
        username="admin",
        known_hosts=None,
        config=None,
        client_keys=None,
        **options,
    ) as connection:
        async with connection.create_process(term_type=terminal, encoding=None) as process:
            yield Shell(process)
            process.close()
        connection.close()
        await connection.wait_closed()


@contextlib.asynccontextmanager
async def quiet_shell(address: str, mode: str = "terminal") -> AsyncIterator[Shell]:
    """A shell past its banner and `echo off`."""
    async with ssh(address) as shell:
        await shell.until("*r Login successful\n\nOK\n\n")
        shell.send("echo off\n")
        await shell.until("\nOK\n")
        if mode == "json":
            shell.send("xpreferences outputmode json\n")
        yield shell


async def command(client: Ws, path: str, **params: Any) -> Any:
    answer = await client.ask(f"xCommand/{path.replace(' ', '/')}", **params)
    return answer.get("result", answer)
