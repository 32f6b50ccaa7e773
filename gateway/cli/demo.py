"""`roomgate demo`: a whole simulated room and its gateway, in seconds, and nothing left behind.

What may not live here: anything that a real room needs too.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from gateway.cli import rehearsal
from gateway.folder import Folder, FolderError

if TYPE_CHECKING:
    from gateway.device import Device
    from gateway.driver import Driver
    from gateway.spec import RoomSpec, SiteSpec

PATIENCE = 15.0  # seconds until what is not online by then is shown as it is
TOKEN = "token"  # the file with the demo's token; its being there marks a folder as a demo's


async def demo(
    path: Path, load: Callable[[], Mapping[str, type[Driver]]], data: Path, port: int, out: TextIO, began: float
) -> int:
    """Run the room of a profile against simulators until Ctrl-C; returns the exit code."""
    rehearsal.invent_secrets(path, everything=True)
    async with contextlib.AsyncExitStack() as ends:
        ready = await ends.enter_async_context(rehearsal.simulators(path, (), "--hands"))
        # The simulators start on the other core while the gateway is loaded here.
        from gateway.profile import site as profile
        from gateway.serve import StartError, gateway, stopping
        from gateway.spec import ServerSpec

        stop = ends.enter_context(stopping())
        drivers = load()
        reading = profile.read(path, drivers)
        for complaint in reading.complaints:
            print(complaint, file=sys.stderr)
        room_id = path.stem
        if room_id not in reading.site.rooms:
            return 1
        simulated = await _unless(stop, ready())
        if simulated is None:
            return 0
        folder = ends.enter_context(_folder(data))
        spec = _simulated(reading.site, room_id, simulated)
        chosen = _free_port(port)
        try:
            running = await ends.enter_async_context(gateway(spec, drivers, folder, ServerSpec(port=chosen)))
        except StartError as error:
            raise rehearsal.RehearsalError(str(error)) from None
        devices = {device.name: device for device in running.house.devices.values()}
        await _unless(stop, _table(devices, simulated, out))
        if not stop.is_set():
            token = running.tokens.create("demo", "admin")
            token_file = running.folder.path / TOKEN
            token_file.write_text(token + "\n")
            if chosen != port and port:
                print(f"\nPort {port} is in use, so this is port {chosen}.", file=out)
            words = _what_to_try(
                running.url, spec.rooms[room_id], token, token_file, simulated, time.monotonic() - began
            )
            print(words, file=out, flush=True)
        await stop.wait()
        print("\nLeaving; nothing stays behind.", file=out, flush=True)
    return 0


async def _unless(stop: asyncio.Event, doing: Coroutine[Any, Any, Any]) -> Any:
    """What comes of `doing`; None where the sign to stop comes first."""
    task, sign = asyncio.create_task(doing), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((task, sign), return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        task.cancel()
        sign.cancel()
        await asyncio.gather(task, sign, return_exceptions=True)


def _simulated(site: SiteSpec, room: str, simulated: Mapping[str, Any]) -> SiteSpec:
    from gateway.house import links_over

    return links_over(site, rehearsal.links(room, site, dict(simulated)))


@contextlib.contextmanager
def _folder(wished: Path) -> Iterator[Path]:
    """A data folder of the demo's own, gone afterwards: the wished one, or one beside it where another demo runs."""
    made = [parent for parent in wished.parents if not parent.exists()]
    for path in (wished, wished.with_name(f"{wished.name}-{os.getpid()}")):
        if path.is_dir() and any(path.iterdir()) and not (path / TOKEN).exists():
            raise FolderError(f"{path} holds something else, and the demo removes its folder: name another with --data")
        folder = Folder.open(path)
        try:
            folder.lock()
        except FolderError:
            if path == wished:
                continue
            raise
        (path / TOKEN).touch(0o600)
        folder.close()  # the gateway locks it again
        break
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        for parent in made:  # nearest first; what is not empty stays
            with contextlib.suppress(OSError):
                parent.rmdir()


def _free_port(port: int) -> int:
    """The wished port, or any free one where somebody has it."""
    from gateway.serve import StartError, listen

    try:
        with listen("127.0.0.1", port):
            return port
    except StartError:
        with listen("127.0.0.1", 0) as listener:
            return int(listener.getsockname()[1])


async def _table(devices: Mapping[str, Device], simulated: Mapping[str, Any], out: TextIO) -> None:
    """A live table of devices coming online; on no terminal a line for each as it does."""
    news = asyncio.Event()

    class Watch:
        def changed(self, player: Any, unit: str, points: Any) -> None: ...
        def offered(self, player: Any, unit: str) -> None: ...
        def happened(self, player: Any, event: Any) -> None: ...
        def availability(self, player: Any) -> None:
            news.set()

    watch = Watch()
    live = out.isatty()
    told: dict[str, str] = {}
    drawn = 0
    for device in devices.values():
        device.listeners.append(watch)
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                lines = []
                for name, device in devices.items():
                    link = simulated.get(name, {}).get("link", str(device.address))
                    state = "online" if device.online else f"away: {device.reason}" if device.reason else "connecting"
                    lines.append(f"  {name:<12} {device.driver.name:<14} {link:<34} {state}")
                    if not live and told.get(name) != state and state != "connecting":
                        print(lines[-1], file=out, flush=True)
                    told[name] = state
                if live:
                    print(f"\x1b[{drawn}A" * bool(drawn) + "\n".join(f"\x1b[2K{line}" for line in lines), file=out)
                    drawn = len(lines)
                if all(device.online for device in devices.values()):
                    return
                news.clear()
                await news.wait()
    except TimeoutError:
        print("  (not everything came online; the reasons are above)", file=out)
    finally:
        for device in devices.values():
            device.listeners.remove(watch)


def _what_to_try(
    url: str, room: RoomSpec, token: str, token_file: Path, simulated: Mapping[str, Any], seconds: float
) -> str:
    hands = next((f"{held['hands']}" for name, held in simulated.items() if name == "codec" and "hands" in held), "")
    try_hands = (
        f"\n  The hands in the room (somebody calls the codec):\n"
        f"    curl -X POST '{hands}/hands/incoming_call?number=alice@example.com'\n"
        if hands
        else ""
    )
    deck = next((f"\n  Deck     {url}/deck/{room.id}/{surface}#token={token}" for surface in room.surfaces), "")
    return f"""
The room is ready after {seconds:.1f} s.

  Panel    {url}/panel/{room.id}#token={token}{deck}
  Admin    {url}/admin   (sign in with the token)
  API      {url}/docs
  Token    {token}   (also in {_short(token_file)})

  Try:
    export TOKEN={token}
    curl -X POST {url}/api/v1/rooms/{room.id}/power -H "Authorization: Bearer $TOKEN" -d '{{"on": true}}'
    curl -X POST {url}/api/v1/rooms/{room.id}/volume -H "Authorization: Bearer $TOKEN" -d '{{"level": 40}}'
    curl {url}/api/v1/rooms/{room.id}/why/volume -H "Authorization: Bearer $TOKEN"
{try_hands}
Ctrl-C ends it.
"""


def _short(path: Path) -> str:
    home = os.path.expanduser("~")  # noqa: PTH111
    text = str(path)
    return "~" + text[len(home) :] if text.startswith(home + "/") else text
