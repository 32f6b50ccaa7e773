"""Starts and stops a gateway: data folder, journal, tokens, certificate, socket, house, signals.

What may not live here: what is served (`app.py`), what runs in the rooms (`house.py`). Everything that can be wrong at
the start ends in one clear message.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import ipaddress
import logging
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from gateway import certificate
from gateway.app import Door
from gateway.auth import Guard, Tokens, journaled
from gateway.calendars.office import Office
from gateway.clock import Clock, LoopClock
from gateway.directory import Directory
from gateway.driver import Driver
from gateway.folder import Folder
from gateway.house import House
from gateway.journal import Journal
from gateway.lines import LineDoor
from gateway.recorder import Recorder
from gateway.spec import ServerSpec, SiteSpec
from gateway.surfaces import typefaces
from gateway.surfaces.adoption import Adoptions

log = logging.getLogger("roomgate")

# How uvicorn serves, here and in the bare relay that the benchmarks compare with.
WEB: Mapping[str, Any] = {
    "http": "httptools",
    "ws": "websockets-sansio",
    "loop": "none",
    "lifespan": "off",
    "access_log": False,
    "log_config": None,
    "server_header": False,
    "timeout_keep_alive": 65,  # seconds; a client that asks once a minute need not connect anew each time
    "timeout_graceful_shutdown": 2,
    "ws_ping_interval": 20.0,
    "ws_max_size": 1_048_576,
    "ws_per_message_deflate": False,  # messages of 150 bytes on a LAN: it costs each panel 40 kB and saves nobody time
}


class StartError(Exception):
    """The gateway cannot start; the words say why and what to do."""


@dataclass
class Running:
    """A gateway that runs: where, and what it is made of."""

    url: str
    house: House
    tokens: Tokens
    folder: Folder
    fingerprint: str = ""


class _Seldom(logging.Filter):
    """Uvicorn complains of every request that is none: once a minute is enough, or strangers fill the log."""

    said = -60.0

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.getMessage().startswith("Invalid HTTP request"):
            return True
        if (now := time.monotonic()) - self.said < 60:
            return False
        self.said = now
        return True


SELDOM = _Seldom()


class _Server(uvicorn.Server):
    """Uvicorn without its own signal handlers (the gateway has its own), telling when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def is_loopback(host: str) -> bool:
    """Whether an address to listen on can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int) -> socket.socket:
    """The listening socket, or a StartError that says who is in the way."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol must be said: asyncio sets TCP_NODELAY only on sockets that know theirs, and without it every answer
    # waits 40 ms for the client's delayed acknowledgement of its own header.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise StartError(f"port {port} on {host} is in use by another program; choose one with --port") from None
        if error.errno == errno.EACCES:
            raise StartError(f"port {port} needs more rights than this user has; choose one above 1023") from None
        raise StartError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
    listener.setblocking(False)
    return listener


@contextlib.asynccontextmanager
async def gateway(
    spec: SiteSpec,
    drivers: Mapping[str, type[Driver]],
    data: Path,
    server: ServerSpec | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[Running]:
    """A whole gateway, running until the block is left. Raises StartError or FolderError before anything runs.

    clock: another than the event loop's, for whoever moves the hour by hand.
    """
    server = server or spec.server
    async with contextlib.AsyncExitStack() as ends:
        folder = Folder.open(data)
        ends.callback(folder.close)
        folder.lock()
        clock = clock or LoopClock()
        tokens = Tokens(folder.path / "tokens.json", clock)
        cert, key, fingerprint = _tls(server, folder)
        listener = listen(server.host, server.port)
        ends.callback(listener.close)
        journal = Journal(folder.path / "journal.sqlite", clock=clock)
        journal.open()
        ends.push_async_callback(journal.close)
        typefaces.use(spec.typeface)
        house = House(spec, journal, clock, Adoptions.read(folder.path / "surfaces.json"))
        house.directory = Directory(folder.path / "contacts.sqlite")
        ends.callback(house.directory.close)
        house.office = Office(spec, house.rooms, folder.path, clock)
        for device in house.devices.values():
            if device.visits is not None and device.address.scheme.startswith("listen"):
                device.visits.guard = Guard(clock, journaled(journal, clock))
        recorder = Recorder(folder.path / "tapes")
        for identity, known in spec.all_devices().items():
            if known.record:
                recorder.record(house.devices[identity], identity)
        ends.push_async_callback(recorder.close)
        door = Door(house, tokens, drivers)
        config = uvicorn.Config(door, ssl_certfile=cert or None, ssl_keyfile=key or None, **WEB)
        try:
            config.load()
        except OSError as error:  # ssl.SSLError too
            words = error.strerror or str(error)
            raise StartError(f"the certificate {cert} with the key {key} cannot be used: {words}") from None
        logging.getLogger("uvicorn.error").addFilter(SELDOM)
        web = _Server(config)
        # Also where the block is left by an exception: a server left behind would keep the next one in this loop mute.
        ends.callback(lambda: [server.close() for server in getattr(web, "servers", ())])
        if spec.lines is not None:
            try:
                await ends.enter_async_context(LineDoor(house, spec.lines).open())
            except OSError as error:
                words = error.strerror or str(error)
                raise StartError(f"lines cannot be heard on {spec.lines.host}:{spec.lines.port}: {words}") from None
        async with asyncio.TaskGroup() as group:
            living = group.create_task(house.run())
            watching = group.create_task(_watch_tokens(tokens, house))
            group.create_task(web.serve(sockets=[listener]))
            try:
                await web.up.wait()
                host, port = listener.getsockname()[:2]
                shown = f"[{host}]" if ":" in host else host
                gc.collect()
                gc.freeze()
                yield Running(f"{'https' if cert else 'http'}://{shown}:{port}", house, tokens, folder, fingerprint)
            finally:
                watching.cancel()
                for room in house.rooms.values():
                    for mailbox in list(room.mailboxes):
                        mailbox.close()
                await house.close()
                web.should_exit = True
                living.cancel()


def _tls(server: ServerSpec, folder: Folder) -> tuple[str, str, str]:
    """Certificate, key and the fingerprint to show; empty for plain HTTP where that is allowed."""
    if server.certificate:
        for file in (server.certificate, server.key):
            if not os.access(file, os.R_OK):
                raise StartError(f"the certificate file {file} cannot be read")
        return server.certificate, server.key, ""
    if is_loopback(server.host) or server.plain_http:
        return "", "", ""
    made = certificate.ensure(folder, [server.host])
    return str(made.cert_path), str(made.key_path), made.fingerprint


async def _watch_tokens(tokens: Tokens, house: House) -> None:
    """`roomgate token` in another process takes effect within a second, also on sockets where nothing happens."""
    held = tokens.list()
    while True:
        await asyncio.sleep(1.0)
        changed = tokens.reload_if_changed()  # one that was made and revoked since the last look is in neither list
        before, held = held, tokens.list()
        if changed or held != before:
            for room in house.rooms.values():
                for mailbox in room.mailboxes:
                    mailbox.nudge()


@contextlib.contextmanager
def stopping() -> Iterator[asyncio.Event]:
    """An event that Ctrl-C, a service manager's stop or the terminal's closing sets, from now on."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup(1)
        numbers.append(signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def notify(state: str) -> None:
    """Tell systemd (sd_notify(3)); nothing where there is none."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.connect("\0" + address[1:] if address.startswith("@") else address)
        channel.sendall(state.encode())
