"""What is killed: every command that takes long, and every way to write."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import nbformat
import numpy as np
import pandas as pd

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "impact"), str(TESTS / "qmethod")]

CASES: dict[str, Callable[[], Case]] = {}
HOUR_AGO = time.time() - 3600


class Case:
    """One kind of work.

    Attributes
    ----------
    weight : float
        How often it is killed beside the others.
    children : bool
        It starts processes in groups of their own.
    reads : bool
        It changes nothing.
    refused : int
        Its exit code where what it makes is there already.
    units : mapping
        Names of what is old or new as a whole, and a pattern of its files.
    """

    weight: ClassVar[float] = 2.0
    children: ClassVar[bool] = False
    reads: ClassVar[bool] = False
    refused: ClassVar[int] = 0
    units: ClassVar[Mapping[str, str]] = {"all": ""}

    def __init_subclass__(cls, **_: Any) -> None:
        cls.name = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        if not cls.__name__.startswith("_"):
            CASES[cls.name] = cls

    name: ClassVar[str] = ""

    def prepare(self, place: Path) -> None:
        """What is there before."""
        for name in self.write(place, "old") or ():
            if not (place / name).exists():
                raise AssertionError(name)

    def write(self, place: Path, what: str) -> list[str] | None:
        """Write something, the old or the new of it."""
        raise NotImplementedError

    def run(self, place: Path) -> int:
        """What is killed."""
        self.write(place, "new")
        os.write(1, b"DONE\n")
        return 0

    def acknowledged(self, said: str) -> list[str]:
        """The units that were said to be there."""
        return list(self.units) if "DONE\n" in said else []

    def inspect(self, place: Path, said: str, fault: Callable[..., None]) -> None:
        """Look closer, before the next run."""

    def same(self, now: dict[str, Any], old: dict[str, Any], new: dict[str, Any]) -> bool:
        """Whether a state that is not the new one to the letter is as good."""
        return False


def command(*words: str) -> int:
    """The command line, in this process."""
    from dmpkit.cli import main

    try:
        main(list(words), standalone_mode=True)
    except SystemExit as ended:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        if ended.code == 0:
            os.write(1, b"DONE\n")
        return ended.code if isinstance(ended.code, int) else 1
    return 0


def frame(what: str, rows: int = 5_000) -> pd.DataFrame:
    rng = np.random.default_rng(len(what) + (what == "new"))
    return pd.DataFrame(rng.normal(size=(rows, 4)).round(3), columns=list("abcd")).assign(what=what)


# --- tables, pictures, Q studies -------------------------------------------------------


class TableAsCsv(Case):
    def write(self, place: Path, what: str) -> None:
        from dmpkit.tables import write_csv

        write_csv(frame(what), place / "table.csv")


class TableAsWorkbook(Case):
    def write(self, place: Path, what: str) -> None:
        from dmpkit.tables import write_workbook

        write_workbook(place / "table.xlsx", {"one": frame(what, 200), "two": frame(what, 200)})


class Picture(Case):
    weight = 0.7
    units = {name: rf"picture\.{name}" for name in ("png", "svg", "pdf")}  # noqa: RUF012

    def write(self, place: Path, what: str) -> None:
        import matplotlib.pyplot as plt

        from dmpkit.plotting import save

        drawing, ax = plt.subplots()
        ax.plot(np.arange(300) ** (2 if what == "new" else 1))
        for ending in self.units:
            save(drawing, place / f"picture.{ending}")
            os.write(1, f"SAID {ending}\n".encode())
        plt.close(drawing)

    def acknowledged(self, said: str) -> list[str]:
        return [ending for ending in self.units if f"SAID {ending}\n" in said]


def _analysis(what: str) -> Any:
    from made_up import analysis

    return analysis(30, 24, 2 if what == "old" else 3)


class QWorkbook(Case):
    weight = 1.0

    def write(self, place: Path, what: str) -> None:
        _analysis(what).to_excel(place / "results.xlsx")


class QReport(Case):
    weight = 0.15

    def write(self, place: Path, what: str) -> None:
        _analysis(what).report(place / "report.html")


class QSorts(Case):
    """The formats of other programs; PQMethod has two files to a study."""

    units = {  # noqa: RUF012
        "pqmethod": r"study\.(DAT|STA)",
        "kade": r"kade\.xlsx",
        "csv": r"sorts\.csv",
        "parquet": r"sorts\.parquet",
    }

    def write(self, place: Path, what: str) -> None:
        from made_up import sorts

        import dmpkit.qmethod as qm

        data = sorts(30, 12 if what == "old" else 20)
        for unit, write, name in (
            ("pqmethod", qm.write_pqmethod, "study.DAT"),
            ("kade", qm.write_kade, "kade.xlsx"),
            ("csv", qm.write_sorts, "sorts.csv"),
            ("parquet", qm.write_sorts, "sorts.parquet"),
        ):
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", category=_reading())
                write(data, place / name)
            os.write(1, f"SAID {unit}\n".encode())

    def acknowledged(self, said: str) -> list[str]:
        return [unit for unit in self.units if f"SAID {unit}\n" in said]


def _reading() -> type[Warning]:
    from dmpkit.errors import ReadingWarning

    return ReadingWarning


class RotationLog(Case):
    """A step is saved as soon as it is made; what was said to be saved is there."""

    def prepare(self, place: Path) -> None:
        self._log(1).save(place / "rotation.json")

    def _log(self, steps: int) -> Any:
        from dmpkit.qmethod import RotationLog

        return RotationLog("varimax", [("rotate", "f1", "f2", 0.5 + k) for k in range(steps)])

    def run(self, place: Path) -> int:
        for steps in range(2, 40):
            self._log(steps).save(place / "rotation.json")
            os.write(1, f"SAVED {steps}\n".encode())
        os.write(1, b"DONE\n")
        return 0

    def same(self, now: dict[str, Any], old: dict[str, Any], new: dict[str, Any]) -> bool:
        return False

    units = {}  # noqa: RUF012

    def acknowledged(self, said: str) -> list[str]:
        return []

    def inspect(self, place: Path, said: str, fault: Callable[..., None]) -> None:
        saved = [int(line.split()[1]) for line in said.splitlines() if line.startswith("SAVED")]
        steps = len(json.loads((place / "rotation.json").read_text(encoding="utf-8"))["steps"])
        if steps not in (last := max(saved, default=1), last + 1):
            fault(f"{steps} steps are there, {last} were said to be", place, said)


class Resampling(Case):
    """A bootstrap on two processes, noted round by round in a log, then a workbook."""

    weight = 0.25
    children = True
    units = {"workbook": r"bootstrap\.xlsx", "log": r"rounds\.csv"}  # noqa: RUF012

    def write(self, place: Path, what: str) -> None:
        from dmpkit.resampling import run_resamples
        from dmpkit.tables import write_csv, write_workbook

        rounds = pd.DataFrame({"seed": [0] if what == "old" else [1, 2]})
        found = [
            np.concatenate(run_resamples(_means, 60, seed=int(seed), chunk_size=10, n_jobs=2,
                                         progress=False))
            for seed in rounds["seed"]
        ]  # fmt: skip
        write_csv(rounds, place / "rounds.csv")
        os.write(1, b"SAID log\n")
        write_workbook(place / "bootstrap.xlsx", {"means": pd.DataFrame(found).T})

    def acknowledged(self, said: str) -> list[str]:
        return ["workbook"] * ("DONE" in said) + ["log"] * ("SAID log" in said)


def _means(generator: np.random.Generator, size: int) -> Any:
    return generator.normal(size=(size, 2000)).mean(axis=1)


class SortingPage(Case):
    """``dmpkit qsort`` with everything that goes with the page."""

    def prepare(self, place: Path) -> None:
        self._q_set(place, 8)
        if command("qsort", "q-set.csv", "--cards", "--sheet"):
            raise AssertionError
        self._q_set(place, 12)

    def _q_set(self, place: Path, n: int) -> None:
        lines = [f"{k},Members should hear witness {k} before they vote." for k in range(1, n + 1)]
        text = "\n".join(["statement,text", *lines, ""])
        (place / "q-set.csv").write_text(text, encoding="utf-8")

    def run(self, place: Path) -> int:
        return command("qsort", "q-set.csv", "--cards", "--sheet", "--write-texts")

    units = {"pages": r"q-set-"}  # noqa: RUF012


# --- coding ----------------------------------------------------------------------------


def _project(what: str) -> Any:
    import dmpkit.coding as cd

    texts = {f"I{k}": f"Interview {k}. " + "We had too little time. " * 40 for k in range(12)}
    segments = pd.DataFrame({
        "source": list(texts), "start": 0, "end": 10 if what == "old" else 12, "code": "Time",
        "coder": "A",
    })  # fmt: skip
    return cd.CodedProject.from_frames(
        pd.DataFrame({"source": list(texts), "text": list(texts.values())}),
        segments,
        pd.DataFrame({"code": ["Time"], "definition": [what]}),
        name="Killed",
    )


class CodedProject(Case):
    def write(self, place: Path, what: str) -> None:
        import dmpkit.coding as cd

        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=_auditing())
            cd.write_qdpx(_project(what), place / "project.qdpx")


def _auditing() -> type[Warning]:
    from dmpkit.errors import ImportAuditWarning

    return ImportAuditWarning


class CodedTables(Case):
    """A folder of tables that lies there already; the reader's own notes stay."""

    def write(self, place: Path, what: str) -> None:
        import dmpkit.coding as cd

        cd.write_project(_project(what), place / "tables")
        (place / "tables" / "my notes.txt").write_text("mine", encoding="utf-8")


class NewCodedTables(Case):
    """A folder of tables where there was none."""

    def prepare(self, place: Path) -> None:
        """Nothing is there before."""

    def write(self, place: Path, what: str) -> None:
        import dmpkit.coding as cd

        cd.write_project(_project(what), place / "tables", format="parquet")


class PseudonymKey(Case):
    def write(self, place: Path, what: str) -> None:
        import dmpkit.coding as cd

        names = pd.DataFrame({"original": ["Interview"], "pseudonym": [what]})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            _, key = cd.pseudonymise(_project("old"), names)
        warnings.simplefilter("always")
        key.save(place / "key.json")


# --- ledgers ---------------------------------------------------------------------------


def _ledger(what: str) -> Any:
    from ledgers import ledger

    rows = [(f"R{k % 30 + 1}", "in_progress", f"2022-01-{k % 28 + 1:02d}")
            for k in range(40 if what == "old" else 60)]  # fmt: skip
    return ledger(*rows, n=30)


class LedgerFolder(Case):
    """A ledger written over an earlier one: six tables and their description."""

    def write(self, place: Path, what: str) -> None:
        from dmpkit.impact.storage import write_ledger

        write_ledger(_ledger(what), place / "ledger", title=what)


class LedgerEvents(Case):
    """Events appended one by one: each that was acknowledged is there, and no other twice."""

    weight = 3.0
    units = {"tables": r"ledger/(?!events)"}  # noqa: RUF012

    def prepare(self, place: Path) -> None:
        LedgerFolder.write(self, place, "old")  # type: ignore[arg-type]

    def run(self, place: Path) -> int:
        from dmpkit.impact.storage import read_ledger

        ledger = read_ledger(place / "ledger")
        for k in range(8):
            note = f"{k}: " + 'long, "quoted"\nand of two lines ' * 40
            event = {"rec_id": f"R{k + 1}", "status": "in_progress", "date": "2022-05-01"}
            ledger = ledger.append({**event, "note": note, "recorded_on": "2024-01-01"})
            os.write(1, f"EVENT {ledger.events['event_id'].iloc[-1]}\n".encode())
        os.write(1, b"DONE\n")
        return 0

    def acknowledged(self, said: str) -> list[str]:
        return []

    reads = True  # its tables do not change, and each run appends more

    def inspect(self, place: Path, said: str, fault: Callable[..., None]) -> None:
        from dmpkit.errors import LedgerWarning, LeftoverWarning
        from dmpkit.impact.storage import TORN, read_ledger

        told = [line.split()[1] for line in said.splitlines() if line.startswith("EVENT")]
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            there = read_ledger(place / "ledger").events
        if lost := set(told) - set(there["event_id"]):
            fault(f"{sorted(lost)} were acknowledged and are lost", place, said)
        if not there["event_id"].is_unique or len(there) > 40 + len(told) + 1:
            fault("events stand there that nobody wrote", place, said)
        torn = (place / "ledger" / TORN).exists()
        if torn != any(w.category is LedgerWarning for w in heard):
            fault("a torn line was not told of", place, said)
        if any(w.category is LeftoverWarning for w in heard):
            fault("appending leaves nothing unfinished", place, said)
        (place / "ledger" / TORN).unlink(missing_ok=True)


class LedgerExports(Case):
    units = {"parquet": r"tables/", "workbook": r"ledger\.xlsx"}  # noqa: RUF012

    def write(self, place: Path, what: str) -> None:
        from dmpkit.impact.storage import ledger_to_excel, write_parquet

        write_parquet(_ledger(what), place / "tables")
        os.write(1, b"SAID parquet\n")
        ledger_to_excel(_ledger(what), place / "ledger.xlsx")

    def acknowledged(self, said: str) -> list[str]:
        return ["workbook"] * ("DONE" in said) + ["parquet"] * ("SAID parquet" in said)


# --- evaluation ------------------------------------------------------------------------


def _ratings(score: int) -> str:
    rows = [f"C{k:02d},{rater},{score}" for k in range(1, 9) for rater in "AB"]
    return "\n".join(["criterion,rater,score", *rows, ""])


class EvaluationReport(Case):
    """``dmpkit report``: a page, its records as JSON, and a folder of tables."""

    weight = 0.1
    units = {"report": r"assembly/report"}  # noqa: RUF012

    def prepare(self, place: Path) -> None:
        (place / "assembly").mkdir()
        (place / "assembly" / "ratings.csv").write_text(_ratings(1), encoding="utf-8")
        if command("report", "assembly"):
            raise AssertionError
        (place / "assembly" / "report-records" / "old.csv").write_text("a\n", encoding="utf-8")
        (place / "assembly" / "ratings.csv").write_text(_ratings(3), encoding="utf-8")

    def run(self, place: Path) -> int:
        return command("report", "assembly")


class PrintedReport(EvaluationReport):
    """The same, and printed to PDF by the browser of this computer."""

    weight = 0.02
    children = True
    units = {  # noqa: RUF012
        "report": r"assembly/report(\.html|-records)",
        "pdf": r"assembly/report\.pdf",
    }

    def run(self, place: Path) -> int:
        return command("report", "assembly", "--pdf")

    def acknowledged(self, said: str) -> list[str]:
        return ["report"] * ("Page: " in said) + ["pdf"] * ("PDF: " in said)


class Screening(Case):
    """``dmpkit screen``: a page, and a line more in what is kept."""

    units = {"kept": r"commission/screen\.json", "page": r"commission/screen\.html"}  # noqa: RUF012

    def prepare(self, place: Path) -> None:
        if command("screen", "commission", "--new"):
            raise AssertionError
        self._answer(place, "no sign", "2024-01-01")
        self._answer(place, "", "")

    def _answer(self, place: Path, status: str, day: str) -> None:
        sheet = place / "commission" / "flags.csv"
        table = pd.read_csv(sheet, dtype=str, keep_default_na=False)
        table["status"] = status or "sign"
        table["note"] = "" if status else "seen"
        table.to_csv(sheet, index=False)
        if day and command("screen", "commission", "--on", day):
            raise AssertionError

    def run(self, place: Path) -> int:
        return command("screen", "commission", "--on", "2024-02-01")


class NewScreening(Case):
    """An empty sheet with its guidance."""

    def prepare(self, place: Path) -> None:
        """Nothing is there before."""

    refused = 2
    units = {"sheet": r"commission/flags\.csv", "guidance": r"commission/(?!flags)"}  # noqa: RUF012

    def run(self, place: Path) -> int:
        return command("screen", "commission", "--new")

    def inspect(self, place: Path, said: str, fault: Callable[..., None]) -> None:
        held = {p.name for p in (place / "commission").glob("[!.]*")}
        if "flags.csv" in held and len(held) < 2:
            fault("the sheet is there without its guidance", place, said)


class ObserverForm(Case):
    def write(self, place: Path, what: str) -> None:
        import dmpkit.evaluation as ev

        ev.write_form(place / "form.html", "observer" if what == "old" else "members-after")


# --- studies ---------------------------------------------------------------------------


class _New(Case):
    refused = 2
    weight = 0.8
    units = {"study": ""}  # noqa: RUF012

    def prepare(self, place: Path) -> None:
        for name in ("studies", "notebooks"):
            (place / name).mkdir()
            (place / name / "mine.txt").write_text("mine", encoding="utf-8")


class NewStudy(_New):
    weight = 3.0

    def run(self, place: Path) -> int:
        return command("new", "my-study")


class NewEvaluation(_New):
    weight = 0.3

    def run(self, place: Path) -> int:
        return command("new", "my-assembly", "--template", "evaluation")


class NewEmptyFolder(_New):
    def run(self, place: Path) -> int:
        return command("new", "our-assembly", "--template", "evaluation", "--empty")


class NewWorkbook(_New):
    def run(self, place: Path) -> int:
        return command("new", "our-assembly", "--template", "evaluation", "--workbook")


class _Study(Case):
    """A study with a small notebook, run before."""

    children = True
    weight = 0.3

    def prepare(self, place: Path) -> None:
        folder = place / "studies" / "short"
        folder.mkdir(parents=True)
        (place / "notebooks").mkdir()
        (folder / "study.toml").write_text(
            'title = "A toy study"\nquestion = "Does two and two make four?"\n'
            'citation = "Made for a test."\nkind = "published figures"\nlicence = "CC0-1.0"\n'
            'notebook = "short.ipynb"\n', encoding="utf-8")  # fmt: skip
        (folder / "published.csv").write_text(
            "figure,description,value,file,range,tolerance,where,basis\n"
            "four,Twice two,4,,,,p. 1,printed\n", encoding="utf-8")  # fmt: skip
        self._notebook(place, "old")
        self._before(place)
        self._notebook(place, "new")

    def _notebook(self, place: Path, what: str) -> None:
        book = nbformat.v4.new_notebook()
        for k, text in enumerate((
            "from dmpkit.workbench import Study\nstudy = Study.open('short')",
            f"print({what!r})\nstudy.reproduces('four', 4)",
        )):  # fmt: skip
            cell = nbformat.v4.new_code_cell(text)
            cell["id"] = f"cell-{k}"
            book.cells.append(cell)
        nbformat.write(book, place / "notebooks" / "short.ipynb")

    def _before(self, place: Path) -> None:
        if command("reproduce", "short"):
            raise AssertionError


class Reproduction(_Study):
    weight = 0.3
    units = {  # noqa: RUF012
        "verdicts": r"build/(executed|verdicts)",
        "site": r"build/site/",
    }

    def run(self, place: Path) -> int:
        return command("reproduce", "short")

    def acknowledged(self, said: str) -> list[str]:
        told = ["verdicts"] * ("short: reproduced" in said)
        return told + ["site"] * ("Site: " in said)


class StoredNotebooks(_Study):
    units = {"notebook": r"notebooks/"}  # noqa: RUF012

    def _before(self, place: Path) -> None:
        """Nothing has been run."""

    def run(self, place: Path) -> int:
        return command("notebooks", "short")

    def acknowledged(self, said: str) -> list[str]:
        return ["notebook"] * ("short.ipynb: stored" in said)


class DepositedFolder(_Study):
    weight = 1.0
    children = False
    refused = 2
    units = {"crate": r"crate"}  # noqa: RUF012
    to = "crate"

    def prepare(self, place: Path) -> None:
        super().prepare(place)
        # a run holds when it is clearly newer than what it rests on
        for path in (place / "studies" / "short").rglob("*"):
            os.utime(path, (HOUR_AGO, HOUR_AGO))
        if command("reproduce", "short"):
            raise AssertionError

    def run(self, place: Path) -> int:
        return command("deposit", "short", "--to", self.to, "--author", "A. Name")


class DepositedArchive(DepositedFolder):
    to = "crate.zip"


class CheckedStudy(_Study):
    weight = 1.0
    reads = True
    children = False

    def run(self, place: Path) -> int:
        return command("check", "short")


class FetchedData(Case):
    """Two files of a study that others hold, from a server, over an older version."""

    units = {"one": r"data/away/one", "two": r"data/away/two"}  # noqa: RUF012
    size = 3_000_000

    def prepare(self, place: Path) -> None:
        import hashlib

        (place / "served").mkdir()
        folder = place / "studies" / "away"
        folder.mkdir(parents=True)
        (place / "notebooks").mkdir()
        (place / "data" / "away").mkdir(parents=True)
        toml = (
            'title = "A toy study"\nquestion = "Does two and two make four?"\n'
            'citation = "Made for a test."\nkind = "published figures"\nlicence = "CC0-1.0"\n'
            'notebook = "away.ipynb"\n'
        )
        for k, name in enumerate(("one", "two")):
            data = np.random.default_rng(k).bytes(self.size)
            (place / "served" / f"{name}.csv").write_bytes(data)
            (place / "data" / "away" / f"{name}.csv").write_bytes(b"an older version")
            toml += (
                f'\n[[data]]\nname = "{name}"\nfile = "{name}.csv"\ndownload = true\n'
                f'url = "http://127.0.0.1:PORT/{name}.csv"\nlicence = "CC0-1.0"\n'
                f'sha256 = "{hashlib.sha256(data).hexdigest()}"\n'
            )
        (folder / "study.toml").write_text(toml, encoding="utf-8")
        (folder / "published.csv").write_text(
            "figure,description,value,file,range,tolerance,where,basis\n", encoding="utf-8"
        )

    children = True

    def run(self, place: Path) -> int:
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(place / "served")],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        toml = place / "studies" / "away" / "study.toml"
        port = server.stdout.readline().strip()  # type: ignore[union-attr]
        os.environ["DMPKIT_DATA_DIR"] = str(place / "data")
        text = toml.read_text(encoding="utf-8")
        hidden = Path(os.environ["TMPDIR"]).parent / "studies" / "away"
        shutil.copytree(toml.parent, hidden, dirs_exist_ok=True)
        (hidden / "study.toml").write_text(text.replace("PORT", port), encoding="utf-8")
        try:
            return command("fetch", str(hidden)) or 0
        finally:
            server.kill()

    def acknowledged(self, said: str) -> list[str]:
        return [unit for unit in self.units if f"{unit}.csv (3,000,000 bytes" in said]


SERVER = """
import functools, http.server, sys
class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_): ...
handler = functools.partial(Handler, directory=sys.argv[1])
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
print(server.server_port, flush=True)
server.serve_forever()
"""


class CopiedNotebooks(Case):
    """``dmpkit lab`` where there are no notebooks yet; JupyterLab itself is not started."""

    def prepare(self, place: Path) -> None:
        shipped = place / "_shipped" / "notebooks"
        (shipped / "solutions").mkdir(parents=True)
        for name in ("00-start", "01-tour", "solutions/01-tour"):
            (shipped / f"{name}.ipynb").write_text("{}" * 5000, encoding="utf-8")

    def run(self, place: Path) -> int:
        from dmpkit import cli, datasets
        from dmpkit.workbench import storing

        shipped = place / "_shipped" / "notebooks"
        if not any((place / "notebooks").glob("*.ipynb")):
            storing.notebooks_folder = lambda: shipped
        datasets.notebooks_path = lambda *_: shipped
        cli._lab_folder()
        os.write(1, b"DONE\n")
        return 0


class DescribedData(Case):
    def prepare(self, place: Path) -> None:
        (place / "a.csv").write_text("a\n1\n", encoding="utf-8")
        about = {"name": "x", "resources": [{"name": "a", "path": "a.csv", "pad": "x" * 99_999}]}
        (place / "datapackage.json").write_text(json.dumps(about), encoding="utf-8")

    def run(self, place: Path) -> int:
        from dmpkit.datasets import refresh_hashes

        refresh_hashes(place)
        os.write(1, b"DONE\n")
        return 0
