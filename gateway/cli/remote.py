"""The command line's way to a running gateway, over its own API.

What may not live here: anything the API does not offer to everybody with the right token.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import httpx


class RemoteError(Exception):
    """The gateway could not be asked; the words say why."""


async def record(
    device: str, url: str | None, token: str | None, out: Path | None, from_start: bool, seconds: float | None
) -> int:
    """Write a device's tape to a file until Ctrl-C (or for `seconds`); returns the exit code."""
    url = url or os.environ.get("ROOMGATE_URL", "http://127.0.0.1:8080")
    token = token or os.environ.get("ROOMGATE_TOKEN", "")
    if not token:
        raise RemoteError("an admin's token is needed: --token, or ROOMGATE_TOKEN in the environment")
    path = out or Path(f"{device.replace('/', '-')}.jsonl")
    headers = {"authorization": f"Bearer {token}"}
    recording, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert recording is not None
    for number in (signal.SIGINT, signal.SIGTERM):  # a script in the background was started with Ctrl-C ignored
        loop.add_signal_handler(number, recording.cancel)
    lines = lost = 0
    timeout = httpx.Timeout(10, read=None)
    try:
        async with (
            httpx.AsyncClient(base_url=url, headers=headers, timeout=timeout, trust_env=False) as client,
            client.stream("GET", f"/api/v1/devices/{device}/tape", params={"follow": "1"}) as reply,
        ):
            if reply.status_code != 200:
                await reply.aread()
                raise RemoteError(f"the gateway says {reply.status_code}: {reply.json().get('detail', '')}")
            if from_start:
                await client.post(f"/api/v1/devices/{device}/restart")
            print(f"recording {device} to {path}; Ctrl-C ends it", file=sys.stderr)
            with path.open("w", encoding="utf-8") as file:
                try:
                    async with asyncio.timeout(seconds):
                        keeping = not from_start
                        async for line in reply.aiter_lines():
                            keeping = keeping or '"in": "opened"' in line
                            if line.startswith('{"missed"'):
                                lost += int(json.loads(line)["missed"])
                            if lines == 0 or keeping:
                                file.write(line + "\n")
                                file.flush()
                                lines += 1
                except (TimeoutError, asyncio.CancelledError):
                    pass
    except httpx.HTTPError as error:
        raise RemoteError(f"the gateway at {url} cannot be reached: {error or type(error).__name__}") from None
    print(f"{max(0, lines - 1)} entries", file=sys.stderr)
    if lost:
        print(f"{lost} more were lost: they came faster than they could be read here", file=sys.stderr)
    return 0
