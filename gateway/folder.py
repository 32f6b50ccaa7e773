"""The data folder: the one place on the disk where this gateway keeps what is its own, closed to everybody else.

It says where the folder is, makes it, checks that nobody else can write into it, and lets one gateway at a time use
it. What may not live here: what any file in it means. Imports nothing of ours.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path


class FolderError(Exception):
    """The data folder, or a file in it, cannot be used as it is. The words say what to do; show them as they stand."""


def default_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Where state lives unless `--data` says otherwise.

    As a service systemd's StateDirectory= names it (systemd.exec(5): several are separated by colons, ours is the
    first); for a person it is the state folder of the XDG Base Directory Specification, where a relative path is
    invalid and counts as unset.
    """
    if service := environment.get("STATE_DIRECTORY", "").split(":")[0]:
        return Path(service)
    state = Path(environment.get("XDG_STATE_HOME", ""))
    if not state.is_absolute():
        try:
            state = Path.home() / ".local" / "state"
        except RuntimeError:
            raise FolderError("there is no home folder to keep state in; say where with --data") from None
    return state / "roomgate"


class Folder:
    """One opened data folder; `path` is its real place, without symbolic links."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    @classmethod
    def open(cls, path: Path) -> Folder:
        """Make the folder, or make sure that it is safe to use; FolderError if it is not."""
        path = Path(os.path.abspath(path))  # noqa: PTH100  (resolve() would follow the links that are checked below)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                path.mkdir(mode=0o700)
            except FileExistsError:
                pass
            linked = path.lstat()
            real = path.resolve(strict=True)
            status = real.lstat()
        except (OSError, RuntimeError) as problem:
            words = getattr(problem, "strerror", None) or str(problem)
            raise FolderError(f"the data folder {path} cannot be used: {words}; name another with --data") from None
        me = os.geteuid()
        if stat.S_ISLNK(linked.st_mode) and linked.st_uid not in (0, me):
            raise FolderError(f"the data folder {path} is a link that another user made; name the real one with --data")
        if not stat.S_ISDIR(status.st_mode):
            raise FolderError(f"{path} is not a folder; name another with --data")
        if me not in (0, status.st_uid):
            raise FolderError(f"the data folder {path} belongs to user {status.st_uid}, and this is user {me}")
        if status.st_mode & 0o022:
            raise FolderError(f"other users can write into the data folder {path}; close it: chmod 700 {real}")
        for above in real.parents:
            mode = above.stat().st_mode
            if mode & 0o002 and not mode & stat.S_ISVTX:
                raise FolderError(
                    f"other users can replace the data folder {path}, for everybody can write into {above}"
                )
        return cls(real)

    def lock(self) -> None:
        """Claim the folder for this process until `close()` or its end, however it ends."""
        if self._lock is not None:
            return
        try:
            handle = open_private(self.path / "gateway.lock", os.O_RDWR)
        except OSError as problem:
            raise FolderError(f"the data folder {self.path} cannot be locked: {problem.strerror}") from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(handle, 0)
            os.pwrite(handle, b"%d\n" % os.getpid(), 0)
        except OSError as problem:
            words = f"the data folder {self.path} cannot be locked: {problem.strerror}"
            if problem.errno in (errno.EWOULDBLOCK, errno.EACCES):
                process = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
                known = f" (process {process})" if process.isdigit() else ""
                words = f"another gateway{known} is already using {self.path}; stop it or give this one its own --data"
            os.close(handle)
            raise FolderError(words) from None
        self._lock = handle

    def close(self) -> None:
        """Give up the claim. The file stays: removing it could take it from under somebody who just locked it."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def open_private(path: Path, flags: int) -> int:
    """Open a file that only its owner can read, made where it is missing; its descriptor, or an OSError."""
    handle = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    if os.geteuid() == 0:  # `sudo roomgate token create` must leave files that the service can open
        owner = path.parent.stat()
        with contextlib.suppress(OSError):  # a share may forbid it even to root
            os.fchown(handle, owner.st_uid, owner.st_gid)
    return handle


def write_private(path: Path, content: bytes) -> None:
    """Replace a file by one that only its owner can read: whole and on the disk, or untouched and an OSError."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(open_private(temporary, os.O_WRONLY | os.O_EXCL), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)  # the rename itself
    finally:
        os.close(folder)
