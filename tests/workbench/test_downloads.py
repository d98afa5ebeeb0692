"""Data that others hold: fetched whole and right, or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dmpkit.errors import DataError, DataNotDownloaded
from dmpkit.workbench import Study
from dmpkit.workbench.downloads import DownloadFailed, fetch_file

CONTENT = b"sort,score\n" + b"A,1\n" * 5000
SHA = hashlib.sha256(CONTENT).hexdigest()


#: Bytes that the endless file has come to.
sent: list[int] = []


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/missing.csv":
            self.send_error(404)
            return
        body = CONTENT.replace(b"1", b"2") if self.path == "/changed.csv" else CONTENT
        self.send_response(200)
        if self.path == "/endless.csv":
            self.end_headers()
            with contextlib.suppress(OSError):
                for _ in range(5_000):  # half a gigabyte, to who would take it
                    self.wfile.write(b"x" * 100_000)
                    sent.append(100_000)
            return
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        # a broken download stops half way and closes the connection
        self.wfile.write(body[: len(body) // 2] if self.path == "/broken.csv" else body)

    def log_message(self, *args: object) -> None: ...


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_address[1]}"
        httpd.shutdown()
        thread.join()


def make(bench, url: str) -> Study:
    toml = (
        f'[[data]]\nname = "a"\nfile = "a.csv"\ndownload = true\nurl = "{url}"\n'
        f'licence = "CC BY 4.0"\nsha256 = "{SHA}"\nbytes = {len(CONTENT)}\n'
    )
    bench.study("away", "", [], toml=toml)
    return Study.open("away")


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def test_a_good_download_is_kept_and_used(bench, server: str, tmp_path: Path) -> None:
    study = make(bench, f"{server}/a.csv")
    assert not study.data_present()
    with pytest.raises(DataNotDownloaded, match="data not downloaded: dmpkit fetch away"):
        study.table("a")
    path = fetch_file("away", study.data[0])
    assert path == tmp_path / "cache" / "away" / "a.csv"
    assert path.read_bytes() == CONTENT
    assert files(path.parent) == [path]
    assert study.data_present()
    assert len(study.table("a")) == 5000


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("broken.csv", "Nothing was kept"),
        ("changed.csv", "is not the file that study.toml describes"),
        ("missing.csv", "127.0.0.1 does not give a.csv: 404 Not Found"),
    ],
)
def test_a_bad_download_leaves_nothing(bench, server, tmp_path, name: str, message: str) -> None:
    study = make(bench, f"{server}/{name}")
    with pytest.raises(DownloadFailed, match=message):
        fetch_file("away", study.data[0])
    assert not (tmp_path / "cache").exists()
    with pytest.raises(DownloadFailed):
        fetch_file("away", study.data[0], bench.root / "class")
    assert not (bench.root / "class").exists()


def test_a_bad_download_does_not_harm_what_is_there(bench, server, tmp_path) -> None:
    study = make(bench, f"{server}/changed.csv")
    folder = tmp_path / "cache" / "away"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_bytes(b"older")
    with pytest.raises(DownloadFailed):
        fetch_file("away", study.data[0])
    assert files(folder) == [folder / "a.csv"]
    assert (folder / "a.csv").read_bytes() == b"older"
    with pytest.raises(DataError, match="dmpkit fetch away"):
        study.data_present()


def test_an_endless_download_is_broken_off(bench, server, tmp_path) -> None:
    study = make(bench, f"{server}/endless.csv")
    with pytest.raises(DownloadFailed, match="sends more than the"):
        fetch_file("away", study.data[0])
    assert sum(sent) < 100_000_000
    assert not files(tmp_path / "cache")


def test_without_a_network_it_says_what_to_do(bench, tmp_path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    study = make(bench, f"http://127.0.0.1:{port}/a.csv")
    with pytest.raises(DownloadFailed) as caught:
        fetch_file("away", study.data[0])
    assert "there is no connection to 127.0.0.1" in str(caught.value)
    assert "dmpkit fetch --all --to FOLDER" in str(caught.value)
    assert not (tmp_path / "cache").exists()


def test_a_mirror_stands_in_for_the_network(bench, monkeypatch, tmp_path) -> None:
    study = make(bench, "https://no-such-host.invalid/a.csv")
    mirror = tmp_path / "mirror"
    (mirror / "away").mkdir(parents=True)
    monkeypatch.setenv("DMPKIT_DATA_MIRROR", str(mirror))
    with pytest.raises(DownloadFailed, match=r"has no away/a\.csv"):
        fetch_file("away", study.data[0])
    assert not study.data_present()
    (mirror / "away" / "a.csv").write_bytes(CONTENT[:-1])
    with pytest.raises(DataError, match="DMPKIT_DATA_MIRROR is damaged"):
        study.path("a")
    with pytest.raises(DownloadFailed, match="is not the file"):
        fetch_file("away", study.data[0])
    assert not (tmp_path / "cache").exists()
    (mirror / "away" / "a.csv").write_bytes(CONTENT)
    assert study.path("a") == mirror / "away" / "a.csv"
    assert fetch_file("away", study.data[0], tmp_path / "class").read_bytes() == CONTENT
    monkeypatch.setenv("DMPKIT_DATA_MIRROR", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="which does not exist"):
        study.path("a")


def test_shipped_files_are_checked_too(bench) -> None:
    toml = f'[[data]]\nname = "a"\nfile = "a.csv"\nsha256 = "{SHA}"\n'
    folder = bench.study("here", "", [], toml=toml)
    with pytest.raises(DataError, match=r"'a\.csv' \(a\) is missing"):
        Study.open("here").path("a")
    (folder / "a.csv").write_bytes(CONTENT)
    assert Study.open("here").data_present()
    (folder / "a.csv").write_bytes(CONTENT + b"B,1\n")
    with pytest.raises(DataError, match=r"a\.csv: The file is not the one"):
        Study.open("here").data_present()


def test_the_sources_own_description_is_not_taken_for_ours(bench, monkeypatch, tmp_path) -> None:
    """A datapackage.json of another form beside a downloaded file changes nothing."""
    study = make(bench, "https://no-such-host.invalid/a.csv")
    folder = tmp_path / "mirror" / "away"
    folder.mkdir(parents=True)
    monkeypatch.setenv("DMPKIT_DATA_MIRROR", str(folder.parent))
    (folder / "a.csv").write_bytes(CONTENT)
    (folder / "datapackage.json").write_text('{"name": "theirs", "resources": []}')
    assert study.path("a") == folder / "a.csv"
    assert len(study.table("a"))
