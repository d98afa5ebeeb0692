"""Files and folders that are whole or not there, also when a program is ended in the middle.

Whatever is written lies under a hidden name beside its place, is forced to disk, and
takes its place in one step: a file by a rename, a folder by a rename or an exchange.
Several files that belong together wait in a hidden folder; its renaming decides, and
what was decided is finished by the next run where this one was ended meanwhile.

The hidden names say which process made them. What a process that is gone left behind
is removed, or finished, by the next one that writes there, with a
:class:`~dmpkit.errors.LeftoverWarning` that says so.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import time
import uuid
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TypeAlias

from dmpkit.errors import DataError, LeftoverWarning, warn

__all__ = [
    "atomic_write",
    "force_folder",
    "keep_names",
    "locked",
    "new_folder",
    "replace_folder",
    "sweep",
    "unfinished_folder",
    "write_together",
]

PathLike: TypeAlias = str | os.PathLike[str]

#: Seconds after which what another computer left is taken for left; and where only
#: renames were missing.
LONG, SHORT = 86_400.0, 60.0
#: How the next run knows what to do with files that wait for their place.
PLAN = ".dmpkit-plan.json"

_HIDDEN = re.compile(
    r"\.(?P<name>.+)\.(?P<place>[0-9a-f]{8})-(?P<pid>\d+)-[0-9a-f]{12}\.(?P<kind>tmp|new|work|ready|old)"
)
_SAID = {
    "tmp": "{0}: an earlier run was ended before this file was whole; its part was removed, and "
    "what stood there before is unchanged.",
    "new": "{0}: an earlier run was ended before this was whole; its part was removed, and "
    "what stood there before is unchanged.",
    "work": "{0}: the working folder of an earlier run, which was ended, was removed.",
    "ready": "{0}: an earlier run was ended while it put finished files in place; that was "
    "done now.",
    "old": "{0}: an earlier run was ended between the old folder and the new one; the old one "
    "is back.",
}
_active: set[str] = set()


# --- one file --------------------------------------------------------------------------


@contextmanager
def atomic_write(path: PathLike) -> Iterator[Path]:
    """Write a file whole or not at all.

    Gives a temporary path in the same folder; on success it is flushed to disk
    and renamed to `path`, on failure it is removed and `path` stays as it was.
    What an earlier run that was ended left in the folder is removed first.

    Raises
    ------
    DataError
        If the folder does not exist, or the file cannot be replaced, as on Windows while
        it is open in another program.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with atomic_write(folder / "note.txt") as target:
    ...     _ = target.write_text("done")
    >>> [p.name for p in folder.iterdir()]
    ['note.txt']
    """
    final = Path(path)
    if final.is_dir():
        raise DataError("This is a folder, not a file.", file=final, remedy="Name a file in it.")
    if not final.parent.is_dir():
        raise DataError(
            f"The folder {final.parent.name!r} does not exist.",
            file=final,
            remedy="Make the folder first.",
        )
    sweep(final.parent)
    with _hidden(final, "tmp") as temporary:
        try:
            yield temporary
            _force(temporary)
            temporary.replace(final)
            keep_names(final.parent)
        except PermissionError as error:
            if error.filename is None or Path(os.fsdecode(error.filename)) not in (
                temporary,
                final,
            ):
                raise
            raise DataError(
                "The file cannot be written: it is open in another program, or the folder is "
                "read-only.",
                file=final,
                remedy="Close it there, or write to another folder.",
            ) from error


def _force(path: Path) -> None:
    """Force a file to disk."""
    with path.open("rb+") as handle:
        os.fsync(handle.fileno())


def keep_names(folder: Path) -> None:
    """Force the names of new files in a folder to disk, where the system can.

    Parameters
    ----------
    folder : path

    Examples
    --------
    >>> keep_names(Path.cwd())
    """
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders, and needs no such step
        return
    try:
        os.fsync(handle)
    except OSError:
        pass  # some network drives do not know it; the files themselves are safe
    finally:
        os.close(handle)


# --- a folder --------------------------------------------------------------------------


@contextmanager
def unfinished_folder(place: PathLike, *, work: bool = False) -> Iterator[Path]:
    """A hidden folder beside a place, for what is not finished; it is gone at the end.

    What has to stay is moved out of it before. What an earlier run that was ended left
    in the same way is removed first.

    Parameters
    ----------
    place : path
        What is being made; need not exist.
    work : bool
        Nothing of it will be kept: a working folder.

    Examples
    --------
    >>> import tempfile
    >>> with unfinished_folder(Path(tempfile.mkdtemp()) / "report") as folder:
    ...     folder.name.startswith(".report."), folder.is_dir()
    (True, True)
    >>> folder.exists()
    False
    """
    final = Path(place)
    sweep(final.parent)
    with _hidden(final, "work" if work else "new") as folder:
        folder.mkdir(mode=0o700 if work else 0o777)
        yield folder


@contextmanager
def new_folder(folder: PathLike) -> Iterator[Path]:
    """Make a folder that is not there yet, whole or not at all.

    Parameters
    ----------
    folder : path
        Its own folder has to exist.

    Raises
    ------
    DataError
        When something of the name is there: nothing is ever overwritten.

    Examples
    --------
    >>> import tempfile
    >>> with new_folder(Path(tempfile.mkdtemp()) / "out") as made:
    ...     _ = (made / "note.txt").write_text("done")
    """
    final = Path(folder)
    with unfinished_folder(final) as made:
        yield made
        force_folder(made)
        _refuse(final)
        made.rename(final)
        keep_names(final.parent)


def _refuse(final: Path) -> None:
    if final.exists() or final.is_symlink():
        raise DataError(
            f"{final.name} is there already; it was left as it is.", remedy="Choose another name."
        )


def replace_folder(new: Path, folder: Path) -> None:
    """Put a finished folder in another's place, which stays as it was if that fails.

    On Linux and macOS the two change names in one step. Elsewhere a program that is ended
    between the two steps leaves the old folder aside, and the next run puts it back.

    Parameters
    ----------
    new : path
        The finished folder, beside `folder`.
    folder : path
        Its place; may exist or not.

    Examples
    --------
    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp())
    >>> (place / "made").mkdir()
    >>> replace_folder(place / "made", place / "out")
    >>> [path.name for path in place.iterdir()]
    ['out']
    """
    if not folder.exists() and not folder.is_symlink():
        new.rename(folder)
    elif _exchange(new, folder):
        _remove(new)
    else:
        _in_two_steps(new, folder)
    keep_names(folder.parent)


def _in_two_steps(new: Path, folder: Path) -> None:
    """The old folder aside, the new one into its place."""
    aside = _hidden_name(folder, "old")
    kept = aside / folder.name
    with _acting(aside.name):
        aside.mkdir()
        try:
            folder.rename(kept)
            new.rename(folder)
        except BaseException:
            if kept.exists() and not folder.exists():
                kept.rename(folder)  # where this fails too, the next run does it
            _remove(aside)
            raise
        _remove(aside)


def _exchange(one: Path, other: Path) -> bool:
    """Let two paths change names in one step; False where the system does not know how."""
    import ctypes
    import errno

    try:
        library = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "linux":
            swap, here = library.renameat2, -100
            failed = swap(here, os.fsencode(one.absolute()), here, os.fsencode(other.absolute()), 2)
        else:  # macOS; absent elsewhere
            failed = library.renamex_np(os.fsencode(one), os.fsencode(other), 2)
    except (AttributeError, TypeError, OSError):
        return False
    if not failed:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP):
        return False
    raise OSError(code, os.strerror(code), str(one), None, str(other))


# --- several files ---------------------------------------------------------------------


@contextmanager
def write_together(
    folder: PathLike, *, owned: Sequence[str] = (), exclusive: bool = False
) -> Iterator[Path]:
    """Write files that belong together: all of them, or none.

    Parameters
    ----------
    folder : path
        Gets the files, in folders as they lie below the path that is given. Whatever else
        it holds stays.
    owned : sequence of str
        Folders in it that hold nothing but what is written here: other files in them are
        removed.
    exclusive : bool
        Overwrite nothing that is there.

    Raises
    ------
    DataError
        When there is no such folder, or a file cannot be put into its place.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with write_together(folder) as made:
    ...     _ = (made / "a.txt").write_text("one")
    ...     _ = (made / "b.txt").write_text("two")
    >>> sorted(path.name for path in folder.iterdir())
    ['a.txt', 'b.txt']
    """
    final = Path(folder)
    if not final.is_dir():
        raise DataError(
            f"The folder {final.name!r} does not exist.",
            file=final,
            remedy="Make the folder first.",
        )
    sweep(final)
    with _hidden(final / (final.absolute().name or "files"), "new") as made:
        try:
            made.mkdir()
        except PermissionError as error:
            raise DataError(
                "Nothing can be written here: the folder is read-only.",
                file=final,
                remedy="Write to another folder.",
            ) from error
        yield made
        for name in _files(made):
            if (final / name).is_dir():
                raise DataError(
                    "This is a folder, not a file.", file=final / name, remedy="Name a file in it."
                )
        plan = {"owned": list(owned), "exclusive": exclusive, "files": _files(made)}
        (made / PLAN).write_text(json.dumps(plan), encoding="utf-8")
        force_folder(made)
        ready = made.with_name(made.name.removesuffix("new") + "ready")
        with _acting(ready.name):
            made.rename(ready)
            keep_names(final)
            _finish(ready)


def _finish(ready: Path) -> None:
    """Put files into their places now, also where Ctrl+C comes between."""
    try:
        left = _place_all(ready)
    except KeyboardInterrupt:
        _place_all(ready)
        raise
    except OSError as error:
        raise DataError(
            f"Not all files could be put into their places ({error.strerror}).",
            file=error.filename,
            remedy="Close the file where it is open, and run this again.",
        ) from error
    if left:
        raise DataError(
            f"{left[0]} is there already; it was left as it is.", remedy="Choose another name."
        )


def _place_all(ready: Path, *, later: bool = False) -> list[str]:
    """Move files that wait to their places, once or again; what was left as it was.

    Parameters
    ----------
    ready : Path
        The hidden folder.
    later : bool
        Another run does it: what was written since then is newer and stays.
    """
    folder = ready.parent
    try:
        plan = json.loads((ready / PLAN).read_text(encoding="utf-8"))
        decided = (ready / PLAN).stat().st_mtime_ns
    except FileNotFoundError:  # another process has finished it
        _remove(ready)
        return []
    except (ValueError, RecursionError):
        raise _ForeignPlan from None
    if later and not _is_ours(plan, ready):
        raise _ForeignPlan
    left: list[str] = []
    newest = decided if later else None
    for source in sorted(ready.iterdir()):
        if source.name != PLAN:
            left += _move(source, folder / source.name, plan["exclusive"], newest)
    for name in plan["owned"]:
        for path in _files(folder / name) if (folder / name).is_dir() else []:
            if f"{name}/{path}" not in plan["files"]:
                (folder / name / path).unlink(missing_ok=True)
    for place in {(folder / name).parent for name in plan["files"]}:
        keep_names(place)  # before it is forgotten what was decided
    for path in _files(ready):  # the plan last: without it nobody knows what was decided
        if path != PLAN:
            (ready / path).unlink(missing_ok=True)
    _remove(ready)
    return left


class _ForeignPlan(Exception):
    """What waits in a hidden folder is nothing that this library left there."""


def _is_ours(plan: object, ready: Path) -> bool:
    """Whether a plan can be what this library left: a folder may come from a stranger.

    It moves and removes files, so it must stay within its folder, links followed.
    """
    if not isinstance(plan, dict) or set(plan) != {"owned", "exclusive", "files"}:
        return False
    lists = (plan["owned"], plan["files"])
    if not all(isinstance(x, list) and all(isinstance(n, str) for n in x) for x in lists):
        return False
    if any(path.is_symlink() for path in ready.rglob("*")):
        return False
    home = ready.parent.resolve()
    try:
        places = [
            (home / name).resolve() for name in (*plan["owned"], *plan["files"], *_files(ready))
        ]
    except (OSError, ValueError, RuntimeError):
        return False
    return all(place.is_relative_to(home) and place != home for place in places)


def _move(source: Path, target: Path, exclusive: bool, newest: int | None) -> list[str]:
    """A file or folder to its place; the names of those that were left as they were."""
    if source.is_dir() and target.is_dir():
        parts = [_move(p, target / p.name, exclusive, newest) for p in sorted(source.iterdir())]
        return [name for part in parts for name in part]
    if target.exists() and (
        exclusive or (newest is not None and target.stat().st_mtime_ns > newest)
    ):
        return [target.name]
    with suppress(FileNotFoundError):  # another process was faster
        source.replace(target)
    return []


def _files(folder: Path) -> list[str]:
    """Every file below a folder, with slashes."""
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()
    )


def force_folder(folder: Path) -> None:
    """Force all files below a folder, and their names, to disk.

    Parameters
    ----------
    folder : path

    Examples
    --------
    >>> import tempfile
    >>> force_folder(Path(tempfile.mkdtemp()))
    """
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir():
            keep_names(path)
        else:
            _force(path)


@contextmanager
def locked(
    folder: PathLike,
    *,
    timeout: float = 30.0,
    name: str = ".lock",
    what: str = "this folder",
    remedy: str = "Wait until it has written.",
) -> Iterator[None]:
    """One process at a time; the system gives the lock back when a process dies.

    Parameters
    ----------
    folder : path
        Gets a hidden file.
    timeout : float
        Seconds to wait for another process.
    name : str
        Of the hidden file.
    what, remedy : str
        What the refusal calls it, and advises.

    Raises
    ------
    DataError
        Another process held it for all of `timeout` seconds, or the system knows no lock there.

    Examples
    --------
    >>> import tempfile
    >>> with locked(tempfile.mkdtemp()):
    ...     pass
    """
    import portalocker

    flags = portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING
    lock = portalocker.Lock(
        str(Path(folder) / name), mode="a", timeout=timeout, check_interval=0.01, flags=flags
    )
    try:
        lock.acquire()
    except portalocker.exceptions.LockException:
        raise DataError(
            f"Another program has held {what} for {timeout:g} seconds.",
            file=folder,
            remedy=remedy,
        ) from None
    except PermissionError:
        raise  # who called knows what may not be written
    except OSError as error:
        raise DataError(f"The folder cannot be locked ({error.strerror}).", file=folder) from None
    try:
        yield
    finally:
        lock.release()


# --- what is left behind -----------------------------------------------------------------


def sweep(folder: PathLike) -> None:
    """Remove what runs that were ended left in a folder, or finish it, and say so.

    What belongs to a process that is at work stays.

    Parameters
    ----------
    folder : path

    Warns
    -----
    LeftoverWarning
        A sentence each.

    Examples
    --------
    >>> import tempfile
    >>> sweep(tempfile.mkdtemp())
    """
    try:
        with os.scandir(folder) as entries:
            found = [entry.name for entry in entries if entry.name.startswith(".")]
    except OSError:
        return
    for name in sorted(found):
        match = _HIDDEN.fullmatch(name)
        path = Path(folder) / name
        if path.is_symlink():  # none is ever left: it would lead out of the folder
            continue
        if match and _is_left(match, path) and (said := _cleared(match["kind"], path)):
            warn(said.format(match["name"]), LeftoverWarning)


def _cleared(kind: str, path: Path) -> str:
    """Clear one thing up, and what to say of it; nothing where this process may not."""
    try:
        if kind == "ready" and (left := _place_all(path, later=True)):
            names = ", ".join(left).replace("{", "{{").replace("}", "}}")
            return f"{_SAID[kind]} {names} had been written since and stayed."
        if kind == "old":
            return _SAID[kind] if _put_back(path) else ""
        _remove(path)
    except OSError:
        return ""
    except _ForeignPlan:
        return (
            "What waits for {!r} in a hidden folder is not of dmpkit's making; it was left alone."
        )
    return "" if path.exists() else _SAID[kind]


def _put_back(aside: Path) -> bool:
    """The old folder back, if the new one did not come; whether it was so."""
    back = [old.rename(aside.parent / old.name) for old in aside.iterdir()
            if not (aside.parent / old.name).exists()]  # fmt: skip
    _remove(aside)
    return bool(back)


def _remove(path: Path) -> None:
    """A file, a link or a folder with all it holds; what cannot be removed stays."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    with suppress(OSError):
        path.unlink(missing_ok=True)


@contextmanager
def _hidden(final: Path, kind: str) -> Iterator[Path]:
    """A hidden path beside another, with the mark of this process; gone at the end."""
    path = _hidden_name(final, kind)
    with _acting(path.name):
        try:
            yield path
        finally:
            _remove(path)


def _hidden_name(final: Path, kind: str) -> Path:
    # a letter may take four bytes of the 255 that a name can have
    mark = f"{_place():08x}-{os.getpid()}-{uuid.uuid4().hex[:12]}"
    return final.with_name(f".{final.name[:50]}.{mark}.{kind}")


@contextmanager
def _acting(name: str) -> Iterator[None]:
    """While this process is at it, a name is not left behind."""
    _active.add(name)
    try:
        yield
    finally:
        _active.discard(name)


@cache
def _place() -> int:
    """Where process numbers count: this computer, or this container on it."""
    import platform

    try:
        space = os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116
    except OSError:
        space = 0
    return zlib.crc32(f"{platform.node()} {space}".encode())


def _is_left(match: re.Match[str], path: Path) -> bool:
    """Whether the process that made a hidden path is gone."""
    import psutil  # type: ignore[import-untyped, unused-ignore]

    try:
        changed = path.lstat().st_mtime
    except OSError:
        return False
    age = time.time() - changed
    if int(match["place"], 16) != _place():
        return age > (SHORT if match["kind"] == "ready" else LONG)
    pid = int(match["pid"])
    if pid >= 2**31:  # no process has such a number
        return True
    if pid == os.getpid():
        return match.string not in _active
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return True
        return bool(process.create_time() > changed + SHORT)  # another one has its number now
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return age > LONG
