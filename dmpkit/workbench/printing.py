"""A page as PDF, printed by the browser that is on the computer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from dmpkit.errors import DataError, DmpkitError
from dmpkit.writing import atomic_write, unfinished_folder

__all__ = ["PrintingFailed", "find_browser", "print_pdf"]

#: Programs that print a page from the command line.
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "microsoft-edge",
)
#: Where they lie when they are not on the path.
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
HOW = "Open the page in a browser, choose Print, and save it as PDF (A4, no headers)."


class PrintingFailed(DmpkitError):
    """No PDF could be made; the message says how to make it by hand."""


def find_browser() -> str | None:
    """A browser that can print from the command line, or None.

    Returns
    -------
    str or None
        Path of the program.
    """
    found = (shutil.which(name) for name in BROWSERS)
    return next(filter(None, found), next((p for p in PLACES if Path(p).is_file()), None))


def print_pdf(page: Path, pdf: Path, *, deadline: float = 120) -> Path:
    """Print a page to PDF with the browser of this computer.

    Parameters
    ----------
    page : Path
        An HTML file.
    pdf : Path
        Where to; written whole or not at all.
    deadline : float
        Seconds that the browser may take.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        When there is no such page.
    PrintingFailed
        When there is no browser, or it made no PDF; the message says what to do.
    """
    if not page.is_file():
        raise DataError("There is no such page.", file=page)
    program = find_browser()
    if program is None:
        raise PrintingFailed(f"No browser was found that prints by itself. {HOW}")
    with unfinished_folder(Path(tempfile.gettempdir()) / "printing", work=True) as folder:
        made = folder / "page.pdf"
        command = [
            program,
            "--headless",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-pdf-header-footer",
            f"--user-data-dir={folder}/profile",
            f"--print-to-pdf={made}",
            page.resolve().as_uri(),
        ]
        if sys.platform != "win32" and os.geteuid() == 0:
            command.insert(1, "--no-sandbox")  # a browser refuses to run as root otherwise
        try:
            subprocess.run(  # noqa: S603
                command,
                capture_output=True,
                timeout=deadline,
                check=False,
                env={**os.environ, "TMPDIR": str(folder)},  # what it leaves goes with the folder
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PrintingFailed(f"The browser did not print ({error}). {HOW}") from None
        if not made.is_file() or not made.read_bytes().startswith(b"%PDF"):
            raise PrintingFailed(f"The browser made no PDF. {HOW}")
        try:
            with atomic_write(pdf) as temporary:
                shutil.copyfile(made, temporary)
        except OSError as error:
            raise PrintingFailed(f"{pdf.name} cannot be written ({error.strerror}).") from None
    return pdf
