"""Data that others hold: where they are kept, and how they are fetched.

A download is kept in the user's cache folder, or in ``DMPKIT_DATA_DIR``. With
``DMPKIT_DATA_MIRROR`` set to a folder, ``<folder>/<study>/<file>`` is taken
instead of the network. Size and SHA-256 are checked every time.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dmpkit.datasets import resource_root, sha256
from dmpkit.errors import DataError, DataNotDownloaded, DmpkitError
from dmpkit.workbench.manifest import DataFile

__all__ = ["DownloadFailed", "cache_folder", "fetch_file", "locate"]

DATA_VARIABLE = "DMPKIT_DATA_DIR"
MIRROR_VARIABLE = "DMPKIT_DATA_MIRROR"
#: Bytes of a download whose size nobody has said.
MAX_BYTES = 20_000_000_000


class DownloadFailed(DmpkitError):
    """A file could not be downloaded; nothing was left behind.

    Parameters
    ----------
    message : str
        What happened.
    file : str
        The file, when the cause is the network and so the same for all files.
    """

    def __init__(self, message: str, file: str = "") -> None:
        super().__init__(f"{file}: {message}" if file else message)
        self.message, self.file = message, file


def cache_folder() -> Path:
    """The folder in which downloads are kept."""
    named = os.environ.get(DATA_VARIABLE)
    if named:
        return Path(named)
    import pooch

    return Path(pooch.os_cache("dmpkit"))


def mirror_folder() -> Path | None:
    """The folder that stands in for the network, when one is named.

    Raises
    ------
    DataError
        When it does not exist.
    """
    named = os.environ.get(MIRROR_VARIABLE)
    if not named:
        return None
    if not Path(named).is_dir():
        raise DataError(
            f"{MIRROR_VARIABLE} names the folder {named!r}, which does not exist.",
            remedy="Set it to the folder that dmpkit fetch --to has written, or unset it.",
        )
    return Path(named)


def locate(slug: str, folder: Path, item: DataFile) -> Path:
    """The path of a study's file, checked against the manifest.

    Raises
    ------
    DataNotDownloaded
        When it is a download that is not here.
    DataError
        When a shipped file is missing, or a file is not the one described.
    """
    if not item.download:
        path = _shipped(folder, item)
        _check(path, item, "Restore it, or mend sha256 and bytes in study.toml.")
        return path
    kept = cache_folder() / slug / item.file
    if kept.is_file():
        _check(kept, item, f"Get it again: dmpkit fetch {slug}")
        return kept
    mirror = mirror_folder()
    if mirror is not None and (mirror / slug / item.file).is_file():
        path = mirror / slug / item.file
        _check(path, item, f"The copy in {MIRROR_VARIABLE} is damaged or of another version.")
        return path
    raise DataNotDownloaded(not_downloaded(slug))


def not_downloaded(slug: str) -> str:
    """The line that says that a study's data are absent, and how to get them."""
    return f"data not downloaded: dmpkit fetch {slug}"


def _shipped(folder: Path, item: DataFile) -> Path:
    candidates = [folder / item.file]
    if item.file.startswith("data/"):
        candidates += [folder.parent.parent / item.file, resource_root() / item.file]
    for path in candidates:
        if path.is_file():
            return path
    raise DataError(
        f"The data file {item.file!r} ({item.name}) is missing.", file=folder / "study.toml"
    )


def _check(path: Path, item: DataFile, remedy: str) -> None:
    size = path.stat().st_size
    if item.bytes is not None and size != item.bytes:
        raise DataError(
            f"The file has {size} bytes, study.toml says {item.bytes}.", file=path, remedy=remedy
        )
    if item.sha256 and sha256(path) != item.sha256:
        raise DataError(
            "The file is not the one that study.toml describes (SHA-256 differs).",
            file=path,
            remedy=remedy,
        )


def fetch_file(slug: str, item: DataFile, to: Path | None = None) -> Path:
    """Download one file, or copy it from the mirror, and check it.

    Parameters
    ----------
    slug : str
        The study.
    item : DataFile
        A file with ``download = true``.
    to : path, optional
        Folder that gets ``<study>/<file>``; the cache folder by default.

    Raises
    ------
    DownloadFailed
        When the network, the server or the file's content failed. Nothing is
        left behind.
    """
    target = (to or cache_folder()) / slug / item.file
    if target.is_file() and sha256(target) == item.sha256:
        return target
    made = _make_folder(target.parent)
    try:
        mirror = mirror_folder()
        if mirror is not None:
            _copy(mirror / slug / item.file, target, item)
        else:
            _download(target, item)
    except BaseException:
        for path in made:
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()
        raise
    return target


def _make_folder(folder: Path) -> list[Path]:
    """Make a folder with its parents; gives those that are new, innermost first."""
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DownloadFailed(
            f"The folder {str(folder)!r} cannot be made: {error.strerror}. "
            f"Choose another one with --to or {DATA_VARIABLE}."
        ) from error
    return new


def _copy(source: Path, target: Path, item: DataFile) -> None:
    from dmpkit.tables import atomic_write

    if not source.is_file():
        raise DownloadFailed(
            f"The mirror ({MIRROR_VARIABLE}) has no {source.parent.name}/{source.name}."
        )
    with atomic_write(target) as temporary:
        shutil.copyfile(source, temporary)
        _verify(temporary, item, f"The copy in the mirror, {source.parent.name}/{source.name},")


def _verify(path: Path, item: DataFile, what: str) -> None:
    if sha256(path) != item.sha256:
        raise DownloadFailed(
            f"{what} is not the file that study.toml describes: it has {path.stat().st_size} bytes"
            f"{f' instead of {item.bytes}' if item.bytes else ''} and another SHA-256. "
            "Nothing was kept."
        )


class _TooLong(Exception):
    """The server sends more than the file has."""


class _Bounded:
    """A progress bar that stops a download which goes on for longer than it may."""

    def __init__(self, bar: Any, path: Path, most: int) -> None:
        self.bar, self.path, self.most, self.told = bar, path, most, 0

    @property
    def total(self) -> int:
        return int(self.bar.total)

    @total.setter
    def total(self, value: int) -> None:
        self.bar.total = value

    def update(self, n: int) -> None:
        self.told += n  # whole blocks, though some may have come half full
        if self.told > self.most and self.path.is_file():
            self.told = self.path.stat().st_size
            if self.told > self.most:
                raise _TooLong
        self.bar.update(n)

    def reset(self) -> None:  # told at the end, when what was counted is told again
        self.told = 0
        self.bar.reset()

    def close(self) -> None:
        self.bar.close()


def _download(target: Path, item: DataFile) -> None:
    """Download through pooch to a temporary file; keep it only when it is right."""
    import logging

    import pooch
    import requests
    from tqdm import tqdm

    from dmpkit.tables import atomic_write

    host = urlsplit(item.url).hostname or item.url
    pooch.get_logger().setLevel(logging.ERROR)
    bar = tqdm(
        desc=item.file, unit="B", unit_scale=True, leave=False, delay=1.0, disable=None,
        total=item.bytes or 1,
    )  # fmt: skip
    most = MAX_BYTES if item.bytes is None else item.bytes
    try:
        with bar, atomic_write(target) as temporary:
            bounded = _Bounded(bar, temporary, most)
            agent = {"User-Agent": "dmpkit"}
            get = pooch.HTTPDownloader(timeout=30, headers=agent, progressbar=bounded)
            get(item.url, str(temporary), None)
            _verify(temporary, item, f"What {host} sent for {item.file}")
    except _TooLong:
        raise DownloadFailed(
            f"{host} sends more than the {most:,} bytes that {item.file} may have. "
            "Nothing was kept."
        ) from None
    except requests.exceptions.HTTPError as error:
        answer = error.response
        said = f"{answer.status_code} {answer.reason}" if answer is not None else "no answer"
        raise DownloadFailed(
            f"{host} does not give {item.file}: {said}. Nothing was kept."
        ) from error
    except (requests.exceptions.RequestException, OSError) as error:
        raise DownloadFailed(_no_network(host, error), item.file) from error


def _no_network(host: str, error: Exception) -> str:
    import requests

    if isinstance(error, requests.exceptions.Timeout):
        happened = f"{host} did not answer in time"
    elif isinstance(error, requests.exceptions.ChunkedEncodingError):
        happened = f"the connection to {host} broke off"
    elif isinstance(error, requests.exceptions.ConnectionError):
        happened = f"there is no connection to {host}"
    else:
        happened = f"the download from {host} failed ({type(error).__name__})"
    return (
        f"{happened}. Nothing was kept. Where there is a network, run "
        f"'dmpkit fetch --all --to FOLDER'; then set {MIRROR_VARIABLE} to that folder here."
    )


def fetch(slug: str, items: Iterable[DataFile], to: Path | None = None) -> list[Path]:
    """Download all of a study's files that are not shipped."""
    return [fetch_file(slug, item, to) for item in items if item.download]
