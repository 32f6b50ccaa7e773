"""The real Radicale as a program of its own on loopback, with one user, and hands on its calendars."""

from __future__ import annotations

import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

USER, PASSWORD = "board@example.com", "s3cret"


@dataclass
class Radicale:
    """The server's address, and what a person with a calendar program does."""

    url: str
    client: httpx.Client

    @property
    def collection(self) -> str:
        return f"{self.url}/{USER}/room/"

    def make(self) -> None:
        """An empty calendar."""
        self.client.delete(self.collection)
        assert self.client.request("MKCALENDAR", self.collection).status_code == 201

    def put(self, name: str, text: bytes) -> None:
        """Store an object."""
        answer = self.client.put(f"{self.collection}{name}.ics", content=text)
        assert answer.status_code in (201, 204), answer.text

    def get(self, name: str) -> str:
        """An object's text as the server has it."""
        answer = self.client.get(f"{self.collection}{name}.ics")
        assert answer.status_code == 200
        return answer.text.replace("\r\n ", "").replace("\r\n", "\n")

    def delete(self, name: str) -> None:
        assert self.client.delete(f"{self.collection}{name}.ics").status_code == 200

    def names(self) -> list[str]:
        """The objects of the calendar."""
        text = self.client.request("PROPFIND", self.collection, headers={"Depth": "1"}).text
        return [one.partition(".ics<")[0] for one in text.split("/room/")[1:] if ".ics<" in one]


@contextmanager
def radicale(folder: Path, *, rights: str = "") -> Iterator[Radicale]:
    """Run it until the end of the block. Radicale takes no port 0, so a free one is looked for, three times at most."""
    (folder / "users").write_text(f"{USER}:{PASSWORD}\n", encoding="utf-8")
    for _ in range(3):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [
            *(sys.executable, "-m", "radicale", "--config", "", "--hosts", f"127.0.0.1:{port}"),
            *("--auth-type", "htpasswd", "--auth-htpasswd-filename", str(folder / "users")),
            *("--auth-htpasswd-encryption", "plain", "--auth-delay", "0.01"),
            *("--storage-filesystem-folder", str(folder / "data")),
            *(("--rights-type", "from_file", "--rights-file", rights) if rights else ("--rights-type", "owner_only")),
        ]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        try:
            if _ready(process):
                with httpx.Client(auth=(USER, PASSWORD), timeout=20, trust_env=False) as client:
                    yield Radicale(f"http://127.0.0.1:{port}", client)
                return
        finally:
            process.terminate()
            process.communicate(timeout=20)
    raise AssertionError("radicale does not start")


def _ready(process: subprocess.Popen[bytes]) -> bool:
    """Whether it says that it is ready, before it ends or half a minute is over."""
    assert process.stderr is not None
    heard, ends = b"", time.monotonic() + 30
    with selectors.DefaultSelector() as selector:
        selector.register(process.stderr, selectors.EVENT_READ)
        while b"server ready" not in heard:
            if not selector.select(max(0.0, ends - time.monotonic())):
                return False
            piece = process.stderr.read1(65536)  # type: ignore[attr-defined]
            if not piece:
                return False
            heard += piece
    return True
