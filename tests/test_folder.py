"""The data folder: where it is, who may have it, and that two gateways never share it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.folder import Folder, FolderError, default_path, write_private


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def complaint(path: Path) -> str:
    with pytest.raises(FolderError) as caught:
        Folder.open(path)
    return str(caught.value)


def test_the_default_is_the_service_folder_or_the_state_folder_of_the_person(tmp_path: Path) -> None:
    assert default_path({"STATE_DIRECTORY": "/var/lib/roomgate:/var/lib/other"}) == Path("/var/lib/roomgate")
    assert default_path({"XDG_STATE_HOME": str(tmp_path)}) == tmp_path / "roomgate"
    at_home = Path.home() / ".local/state/roomgate"
    assert default_path({}) == at_home
    assert default_path({"XDG_STATE_HOME": "relative/is/invalid"}) == at_home


def test_without_a_home_the_words_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(FolderError, match="--data"):
        default_path({})


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_new_folder_is_closed_to_others_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "a" / "b" / "data"
    path.parent.mkdir(parents=True)
    os.umask(umask)
    assert Folder.open(path).path.stat().st_mode & 0o777 == 0o700


def test_missing_parents_are_made_and_an_existing_folder_is_used_again(tmp_path: Path) -> None:
    path = tmp_path / "x" / "y" / "data"
    (Folder.open(path).path / "tokens.json").touch()
    assert (Folder.open(path).path / "tokens.json").exists()


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o1777])
def test_a_folder_that_others_can_write_is_refused(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    words = complaint(tmp_path)
    assert words == f"other users can write into the data folder {tmp_path}; close it: chmod 700 {tmp_path}"


def test_a_folder_that_others_can_only_read_is_systemds_own_default(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert Folder.open(tmp_path).path == tmp_path.resolve()


def test_a_folder_that_others_can_replace_is_refused(tmp_path: Path) -> None:
    above = tmp_path / "above"
    above.mkdir()
    above.chmod(0o777)
    assert f"everybody can write into {above}" in complaint(above / "data")
    above.chmod(0o1777)  # sticky, like /tmp: only the owner can
    Folder.open(above / "data")


def test_somebody_elses_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert complaint(tmp_path) == f"the data folder {tmp_path} belongs to user {owner}, and this is user {owner + 1}"


def test_our_own_link_is_followed_to_the_real_folder(tmp_path: Path) -> None:
    """systemd's DynamicUser= makes /var/lib/roomgate a link into /var/lib/private (systemd.exec(5))."""
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir(mode=0o700)
    link.symlink_to(real)
    assert Folder.open(link).path == real.resolve()


def test_somebody_elses_link_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir(mode=0o700)
    link.symlink_to(real)
    if os.geteuid() == 0:
        os.lchown(link, 12345, 12345)
    else:
        mine = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    assert "is a link that another user made" in complaint(link)


@pytest.mark.parametrize("kind", ["a file", "a dangling link", "a circle of links", "below a file", "no right to"])
def test_what_cannot_be_a_folder_gives_one_clear_message(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "data"
    if kind == "a file":
        path.touch()
    elif kind == "a dangling link":
        path.symlink_to(tmp_path / "nowhere")
    elif kind == "a circle of links":
        path.symlink_to(path)
    elif kind == "below a file":
        path.touch()
        path /= "below"
    else:
        path = Path("/proc/roomgate")
    words = complaint(path)
    assert str(path) in words
    assert words.endswith("name another with --data")


def test_a_second_gateway_is_told_who_has_the_folder(tmp_path: Path) -> None:
    first, second = Folder.open(tmp_path), Folder.open(tmp_path)
    first.lock()
    first.lock()  # having it already is no news
    with pytest.raises(FolderError) as caught:
        second.lock()
    who = f"another gateway (process {os.getpid()})"
    assert str(caught.value) == f"{who} is already using {first.path}; stop it or give this one its own --data"
    first.close()
    second.lock()
    second.close()


HOLDER = """
import sys, threading
from pathlib import Path
from gateway.folder import Folder
folder = Folder.open(Path(sys.argv[1]))
folder.lock()
print("locked", flush=True)
threading.Event().wait()
"""


def test_a_gateway_that_was_killed_leaves_the_folder_free(tmp_path: Path) -> None:
    folder = Folder.open(tmp_path)
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "locked\n"
        with pytest.raises(FolderError, match=re.escape(f"(process {process.pid})")):
            folder.lock()
        process.send_signal(signal.SIGKILL)
    folder.lock()
    assert (tmp_path / "gateway.lock").read_text() == f"{os.getpid()}\n"
    folder.close()


def test_a_link_in_place_of_the_lock_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "gateway.lock").symlink_to(victim)
    with pytest.raises(FolderError, match="cannot be locked"):
        Folder.open(tmp_path).lock()
    assert victim.read_text() == "precious"


def test_a_private_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    os.umask(0)
    path = tmp_path / "tokens.json"
    write_private(path, b"old")
    write_private(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    occupied = tmp_path / "occupied"
    occupied.mkdir()
    with pytest.raises(OSError):
        write_private(occupied, b"a folder cannot be replaced by a file")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["occupied", "tokens.json"]


def test_what_root_writes_belongs_to_the_folders_owner(tmp_path: Path) -> None:
    """`sudo roomgate token create` on the folder of the service."""
    owner = 12345 if os.geteuid() == 0 else os.geteuid()
    os.chown(tmp_path, owner, -1)
    write_private(tmp_path / "tokens.json", b"{}")
    folder = Folder.open(tmp_path)
    folder.lock()
    folder.close()
    assert {each.stat().st_uid for each in tmp_path.iterdir()} == {owner}
