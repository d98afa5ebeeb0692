"""A JupyterLab of its own for the tests: own home, own token, ended when they are done."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TOASTS = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}


@dataclass(frozen=True)
class Lab:
    """Address and token of a running JupyterLab, and the folder it works in."""

    address: str
    token: str
    work: Path

    def open(self, browser: Browser, name: str) -> Page:
        """A page with the notebook, its kernel ready."""
        page = browser.new_page(viewport={"width": 1366, "height": 1000})
        page.set_default_timeout(60_000)
        page.goto(f"{self.address}/lab/tree/{name}?token={self.token}&reset")
        page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()
        # the indicator is idle before there is a kernel; the status bar is not
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        return page

    def run_all(self, page: Page) -> None:
        """What a user clicks: Run, then Run All Cells."""
        page.locator(".lm-MenuBar-itemLabel", has_text="Run").first.click()
        page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click()

    def busy_kernels(self) -> int:
        """How many kernels are working."""
        with urlopen(f"{self.address}/api/kernels?token={self.token}", timeout=10) as answer:
            return sum(kernel["execution_state"] != "idle" for kernel in json.load(answer))


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


@contextmanager
def running_lab(home: Path) -> Iterator[Lab]:
    """JupyterLab with everything that it keeps below `home`."""
    work = home / "work"
    work.mkdir()
    (home / "config" / "labconfig").mkdir(parents=True)
    settings = home / "config" / "labconfig" / "page_config.json"
    settings.write_text(json.dumps(TOASTS), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    folders = {
        f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")
    }
    arguments = [
        "--no-browser", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={work}",
    ]  # fmt: skip
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")
    with (home / "lab.log").open("w", encoding="utf-8") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *arguments],
            env={**os.environ, "HOME": str(home), **folders},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            deadline = time.monotonic() + 90
            while not answers(f"{address}/api/status?token={token}"):
                said = (home / "lab.log").read_text(encoding="utf-8")
                assert server.poll() is None, said
                assert time.monotonic() < deadline, f"JupyterLab did not start in 90 s: {said}"
                time.sleep(0.5)
            yield Lab(address, token, work)
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait(10)
            shutil.rmtree(home / "data", ignore_errors=True)
