"""The yardstick: the least that FastAPI does between HTTP, a device's line and a WebSocket; and a bare echo.

No token, no model of the body, no room, no journal. Started by `server.py` as a process of its own, with the very
options that the gateway gives to uvicorn. What may not live here: anything of the gateway's.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import socket
import sys

import uvicorn
from fastapi import FastAPI, Request, Response, WebSocket


class Echo(asyncio.Protocol):
    """Says what it hears: what this machine takes from one process to another and back, whatever runs there."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


async def relay(device_port: int, options: dict[str, object]) -> None:
    """Relay between the device on `device_port` and whoever connects, until standard input ends."""
    from_device, to_device = await asyncio.open_connection("127.0.0.1", device_port)
    app = FastAPI()
    listeners: set[WebSocket] = set()

    @app.post("/volume")
    async def volume(request: Request) -> Response:
        level = (await request.json())["level"]
        to_device.write(b"VOL %d\n" % level)
        return Response(b'{"sent": true}', media_type="application/json")

    @app.websocket("/ws")
    async def listen(websocket: WebSocket) -> None:
        await websocket.accept()
        listeners.add(websocket)
        async for _ in websocket.iter_text():
            pass
        listeners.discard(websocket)

    async def forward() -> None:
        while line := await from_device.readline():
            for listener in tuple(listeners):
                await listener.send_text(line.decode().strip())

    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # so that TCP_NODELAY is set
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    server = uvicorn.Server(uvicorn.Config(app, **options))  # type: ignore[arg-type]
    forwarding = asyncio.create_task(forward())
    echo = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0)
    where = {"port": listener.getsockname()[1], "echo": echo.sockets[0].getsockname()[1]}
    print(json.dumps(where), flush=True)
    gc.collect()
    gc.freeze()  # as the gateway does
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await asyncio.to_thread(sys.stdin.read)
    server.should_exit = True
    await serving
    forwarding.cancel()
    echo.close()
    to_device.close()


if __name__ == "__main__":
    os.sched_setaffinity(0, json.loads(sys.argv[3]))
    asyncio.run(relay(int(sys.argv[1]), json.loads(sys.argv[2])))
