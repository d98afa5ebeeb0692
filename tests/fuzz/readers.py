"""Every public reader of the library, with the sound files that are made hostile for it.

A reader that is in the library and neither here nor in :data:`EXEMPT` fails a test
(``test_readers.py``), so that none can be added unfuzzed.
"""

# ruff: noqa: E501  (tables are read by row)
from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from . import seeds as s
from .seeds import Seed

Run = Callable[[Path], object]


@dataclass(frozen=True)
class Reader:
    """How a reader is called on a file (the first of the seed), or on the folder.

    ``covers`` names the public functions that are reached in this way. ``names_file`` is
    False where the reader is given no file but what stands in it. ``cost`` is about the
    milliseconds that an input takes: each reader gets about equal time, times ``share``.
    """

    name: str
    run: Run
    seeds: Callable[[], Sequence[Seed]]
    covers: tuple[str, ...] = ()
    folder: bool = False
    names_file: bool = True
    cost: float = 3.0
    share: float = 1.0
    may_lack: bool = False


def _frame(path: Path) -> Any:
    from dmpkit.tables import read_table

    return read_table(path)


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")


def _lazy(module: str, called: str, /, **options: Any) -> Run:
    """A function of the library with fixed options, imported when it is called."""

    def run(path: Path) -> object:
        return functools.reduce(getattr, called.split("."), _module(module))(path, **options)

    return run


def _of_frame(module: str, called: str, /, **options: Any) -> Run:
    """A function that takes a frame, given the table in a file as it is read."""

    def run(path: Path) -> object:
        function = functools.reduce(getattr, called.split("."), _module(module))
        return function(_frame(path), **options)

    return run


def _module(name: str) -> Any:
    import importlib

    return importlib.import_module(f"dmpkit.{name}")


# --- calls that need a line or two -----------------------------------------------------------


def _package(folder: Path) -> object:
    from dmpkit.datasets import DataPackage

    package = DataPackage.open(folder)
    shown = package._repr_html_()
    return [shown, *(package.read(name) for name in package.resources)]


def _instrument(path: Path) -> object:
    from dmpkit.qmethod.instrument import Instrument

    return Instrument.open(path)


def _open_file(path: Path) -> object:
    from dmpkit.workbench.instruments import open_instrument

    return open_instrument(path)


def _pages(path: Path) -> object:
    """The sorting page from hostile statements; the page itself is looked at elsewhere."""
    from dmpkit.workbench.instruments import open_instrument, write_pages

    return write_pages(open_instrument(path), path / "out", cards=True, sheet=True)


def _wording(folder: Path) -> object:
    """Sorts with the wording of the statements in a file of its own."""
    from dmpkit.qmethod import read_sorts

    wording = next(p for p in (folder / "statements.xml", folder / "texts.txt") if p.is_file())
    return read_sorts(folder / "tidy.csv", texts=wording)


def _links(path: Path) -> object:
    from dmpkit.evaluation.criteria import Criteria
    from dmpkit.evaluation.viewpoint_links import checked_links

    return checked_links(path, list(Criteria.default().ids))


def _records(folder: Path) -> object:
    """Every kind of record by itself, as far as the folder has it, and all mistakes at once."""
    from dmpkit.evaluation.data import ABOUT, EVIDENCE, LOCAL_CRITERIA, RATINGS
    from dmpkit.evaluation.records import find_records, gather_records

    kinds = (ABOUT, EVIDENCE, LOCAL_CRITERIA, RATINGS)
    return [gather_records(folder, kind) for kind in kinds] + [
        find_records(folder, k) for k in kinds
    ]


def _gather(folder: Path) -> object:
    from dmpkit.evaluation.measurements import gather_measurements

    return gather_measurements(folder)


def _form(path: Path) -> object:
    from dmpkit.evaluation.forms import read_form
    from dmpkit.evaluation.questionnaire import instrument_items

    return read_form(path, items=instrument_items())


def _form_bare(path: Path) -> object:
    from dmpkit.evaluation.forms import read_form

    return read_form(path)


def _form_items(folder: Path) -> object:
    from dmpkit.evaluation.forms import read_form

    return read_form(folder / "google.csv", items=folder / "items.csv")


def _ledger_round(folder: Path) -> object:
    """A folder with a ledger is written to again: what is there is read first."""
    from dmpkit.impact.storage import read_ledger, write_ledger

    return write_ledger(read_ledger(folder), folder, title="Ours", licence="CC0-1.0")


def _ledger_frames(folder: Path) -> object:
    from dmpkit.impact.data import Ledger

    names = ("recommendations", "events", "ratings", "reviews", "wider_impact", "goals")
    tables = {n: _frame(folder / f"{n}.csv") for n in names if (folder / f"{n}.csv").is_file()}
    return Ledger.from_frames(**tables)


def _list(path: Path) -> object:
    from dmpkit.impact.importing import ledger_from_spreadsheet

    return ledger_from_spreadsheet(path, report_date="2021-06-23", checked_on="2022-06-30")


def _decidim(path: Path) -> object:
    from dmpkit.impact.importing import ledger_from_decidim

    return ledger_from_decidim(
        path, language="en", statuses={"done": "implemented", "planned": "in_progress"},
        report_date="2021-06-23", checked_on="2022-06-30", evidence_grade=3,
    )  # fmt: skip


def _selected(folder: Path) -> object:
    """The panel that another program wrote."""
    from dmpkit.representativeness.external import _read_selected

    return _read_selected(folder, SimpleNamespace(seats=2, people=("a", "b", "c")), "it said")


def _stages(path: Path) -> object:
    from dmpkit.representativeness.analysis_inputs import read_panel_input, read_stage_input

    stage = read_stage_input(None, None, None, path)
    return stage, read_panel_input(path, stage, None, ())


def _check_study(folder: Path) -> object:
    from dmpkit.workbench.checking import check_study
    from dmpkit.workbench.study import Study

    study = Study.open(folder)
    return study._repr_html_(), study.figures, check_study(study)


def _cells(path: Path) -> object:
    from dmpkit.workbench.cells import read_cells

    return read_cells(path, "A1:C3" if path.suffix == ".xlsx" else "")


def _range(path: Path) -> object:
    from dmpkit.workbench.cells import parse_range

    return parse_range(_text(path))


def _query(path: Path) -> object:
    from dmpkit.coding.query import parse_query

    return parse_query(_text(path))


def _promise(path: Path) -> object:
    from dmpkit.impact.views import read_promise

    return read_promise(_text(path))


def _project_frames(folder: Path) -> object:
    from dmpkit.coding.data import CodedProject

    names = ("sources", "segments", "codes")
    return CodedProject.from_frames(**{name: _frame(folder / f"{name}.csv") for name in names})


def _texts_beside(folder: Path) -> object:
    from dmpkit.coding import read_project

    return read_project(folder / "highlights.csv", texts=folder)


def _viewpoints(folder: Path) -> object:
    from dmpkit.qmethod.viewpoints import Viewpoints

    return Viewpoints.from_frames(*(_frame(folder / f"{n}.csv") for n in ("viewpoints", "claims", "codings")))  # fmt: skip


def _results(folder: Path) -> object:
    from dmpkit.workbench.reproduce import earlier_results, last_results

    return last_results(folder), earlier_results(folder, ())


def _cli(*words: str) -> Run:
    """A command of the program: it ends with 0, or says what is wrong and ends with 1 or 2."""

    def run(path: Path) -> object:
        from click.testing import CliRunner

        from dmpkit.cli import main

        done = CliRunner().invoke(main, [w.format(path=path) for w in words])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        if "Traceback" in done.output or done.exit_code not in (0, 1, 2):
            raise AssertionError(f"exit code {done.exit_code}: {done.output[-500:]}")
        return done.exit_code

    return run


def _svg(path: Path) -> object:
    from dmpkit.workbench.safe_svg import clean_svg

    return clean_svg(_text(path))


def _html(path: Path) -> object:
    from dmpkit.workbench.safe_html import clean

    return clean(_text(path))


def _markdown(path: Path) -> object:
    from dmpkit.workbench.safe_html import Outline, markdown

    return markdown(_text(path), Outline("Title"))


def _answer(path: Path) -> object:
    """An answer to an exercise, whatever a notebook holds."""
    import json

    from dmpkit.workbench.exercises import check, listing

    try:
        answer = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        answer = _text(path)
    names = list(listing()["exercise"])
    return [check(name, answer) for name in names[:: max(1, len(names) // 4)]]


def _beside(folder: Path) -> object:
    from dmpkit.workbench.evaluating import check_evaluation

    return check_evaluation(folder)


# --- seeds that only one reader needs ---------------------------------------------------------


def _table(name: str, text: str) -> Callable[[], list[Seed]]:
    return lambda: [{name: text.encode()}]


def _rotation() -> list[Seed]:
    from dmpkit.qmethod import RotationLog

    log = RotationLog("varimax", [("rotate", "f1", "f2", 20), ("invert", "f2")])
    return [{"rotation.json": log.to_json().encode()}]


def _key() -> list[Seed]:
    import pandas as pd

    from dmpkit.coding.pseudonyms import _LOG, PseudonymKey

    names = pd.DataFrame({"original": ["Anna"], "pseudonym": ["Eva"], "kind": ["person"]})
    cell = {
        "table": "sources",
        "row": "1",
        "column": "text",
        "sha256": "0",
        "edits": [[0, 3, "Anna"]],
    }
    key = PseudonymKey(names, (cell,), {"codes": {"a": "b"}}, (), pd.DataFrame(columns=_LOG))
    return [s.written(key.save, "key.json")]


def _viewpoint_tables() -> list[Seed]:
    return [s.folder(s.ROOT / "data" / "viewpoints" / "governance-2024", 200)]


def _highlights() -> list[Seed]:
    place = s.REFERENCE / "coding"
    made = {"highlights.csv": (place / "taguette" / "tg_minipublic_highlights.csv").read_bytes()}
    return [made | {p.name: p.read_bytes() for p in sorted((place / "texts").glob("*.txt"))}]


def _with_items() -> list[Seed]:
    from dmpkit.evaluation.questionnaire import instrument_items

    place = s.TESTS / "evaluation" / "forms"
    items = instrument_items().to_csv(index=False).encode()
    return [{"google.csv": (place / "google.csv").read_bytes(), "items.csv": items}]


def _ledger_book() -> list[Seed]:
    from dmpkit.impact.storage import ledger_to_excel, read_ledger

    def write(path: Path) -> None:
        import tempfile

        with tempfile.TemporaryDirectory() as place:
            for name, data in s.ledger().items():
                (Path(place) / name).write_bytes(data)
            ledger_to_excel(read_ledger(place), path)

    return [s.written(write, "ledger.xlsx")]


def _assembly() -> list[Seed]:
    """An evaluation with its two sub-folders."""
    place = s.TEMPLATES / "representativeness"
    made = dict(s.evaluation())
    made |= {f"impact/{name}": data for name, data in s.ledger().items()}
    made["representativeness/panel.csv"] = s.lines(place / "synthetic-people.csv", 20)
    made["representativeness/population.csv"] = (place / "population.csv").read_bytes()
    return [made]


def _measured() -> list[Seed]:
    names = ["people", "items", "answers_before", "answers_after", "talk", "acts", "codebook", "rankings", "ballot", "votes", "replies"]  # fmt: skip
    held = {k: v for k, v in s.evaluation().items() if k.removesuffix(".csv") in names}
    return [held, s.book_of(held)]


def _scored() -> list[Seed]:
    names = ["about", "criteria", "local_criteria", "ratings", "evidence", "incidents", "flags", "power", "goals", "communication", "digital"]  # fmt: skip
    held = {k: v for k, v in s.evaluation().items() if k.removesuffix(".csv") in names}
    return [held]


def _translation() -> list[Seed]:
    import json

    from dmpkit.evaluation.report_texts import TEXTS

    few = dict(list(TEXTS.items())[:12])
    return [{"texts.json": json.dumps(few, indent=1).encode()}]


def _ran() -> list[Seed]:
    import json

    said = {"lipset-1963": {"status": "reproduced", "run": "2026-01-02T03:04:05+00:00", "seconds": 1.5,
                            "verdicts": [{"figure": "a", "ok": True}], "versions": {"numpy": "2"}}}  # fmt: skip
    return [{"results.json": json.dumps(said, indent=1).encode(),
             "executed/lipset-1963.ipynb": s.notebook()["toy.ipynb"]}]  # fmt: skip


Q = "qmethod.formats"
COUNTS = "variable,category,count\nsex,f,10\nsex,m,12\nage,young,9\nage,old,13\n"
JOINT = "sex,age,count\nf,young,10\nf,old,20\nm,young,30\nm,old,40\n"
PEOPLE = "person,sex,age,weight\na,f,young,1\nb,m,old,2\nc,f,old,1\n"
RATED = "a,b,c\nx,x,y\ny,y,y\nx,y,\nx,x,x\n"
LONG = "unit,rater,value\n1,a,x\n1,b,x\n2,a,y\n2,b,x\n"
TAGS = "statement,claim,direction,strength,tagger\n1,c1,1,0.5,t1\n2,c1,-1,1,t1\n3,c2,1,1,t2\n"
SURVEY = "who,C1,C2,C3,C4,P1,P2,P3\na,1,2,3,,1,2,3\nb,2,1,3,,1,3,2\nc,3,2,1,,2,1,3\n"
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><defs><path id="a" d="M0 0"/></defs>'
    '<use href="#a" style="fill:red"/><text onclick="x()">a &amp; b</text><script>x()</script></svg>'
)
HTML = (
    '<h2 id="a">Title</h2><table><tr><th>a</th><td style="x">1</td></tr></table>'
    '<a href="javascript:x()">l</a><img src="data:image/png;base64,AAAA" alt="b"><p>$x^2$</p>'
)
MARKDOWN = "# Title\n\nText with $x_1$ and *words*.\n\n| a | b |\n|---|---|\n| 1 | <b>2</b> |\n\n[l](x.html)\n"
STAYS = "id,start,stop,from,to\n1,0,2,a,b\n1,2,5,b,\n2,0,3,a,c\n"

READERS: tuple[Reader, ...] = (
    # ground
    Reader("tables.read_delimited", _lazy("tables", "read_delimited"), s.tables, cost=2.4),
    Reader("tables.read_delimited titles", _lazy("tables", "read_delimited", skip_titles=True), s.tables, cost=1.6),
    Reader("tables.read_table", _lazy("tables", "read_table"), lambda: s.tables() + s.workbooks() + s.parquets(), cost=6, share=2),
    Reader(
        "tables.read_below_titles",
        _lazy("tables", "read_below_titles"),
        lambda: s.tables() + s.workbooks(),
        cost=6,
    ),
    Reader("tables.read_sheet", _lazy("tables", "read_sheet"), s.workbooks, cost=13),
    Reader("workbooks.open_workbook", _lazy("workbooks", "open_workbook"), s.workbooks, ("workbooks.check_parts",), cost=11),
    Reader("datasets.DataPackage.open", _package, lambda: [s.package()], ("datasets.DataPackage.read", "datasets.load"), folder=True, cost=2.4),
    # measures
    Reader("measures.ratings.Ratings.read", _of_frame("measures.ratings", "Ratings.read"), _table("r.csv", RATED), names_file=False, cost=2.3),
    Reader("measures.ratings.ratings_from_columns", _of_frame("measures.ratings", "ratings_from_columns"), _table("r.csv", RATED), names_file=False, cost=2.3),
    Reader("measures.ratings.ratings_from_long", _of_frame("measures.ratings", "ratings_from_long"), _table("r.csv", LONG), names_file=False, cost=3.1),
    # Q methodology
    Reader("qmethod.readers.read_sorts", _lazy("qmethod.readers", "read_sorts"), s.sorts, (
        f"{Q}.files.read_text", f"{Q}.files.load_json", f"{Q}.files.open_archive", f"{Q}.files.check_cells",
        f"{Q}.kade.read_kade1", f"{Q}.kade.read_kade2", f"{Q}.kade.read_kade3", f"{Q}.kade.read_kade_zip",
        f"{Q}.pqmethod.read_pqmethod", f"{Q}.tables.read_csv", f"{Q}.tables.read_excel",
        f"{Q}.tables.read_parquet", f"{Q}.tables.from_cells", f"{Q}.websort.read_htmlq_csv",
        f"{Q}.websort.read_htmlq", f"{Q}.websort.read_bars", f"{Q}.websort.read_eq_json",
        f"{Q}.websort.read_eq_csv", f"{Q}.workbooks.open_book",
    ), cost=10, share=3),
    Reader("qmethod.readers.read_sorts real", _lazy("qmethod.readers", "read_sorts"), s.real_sorts, may_lack=True, cost=100, share=0.5),
    Reader("qmethod.readers.read_sorts texts", _wording, s.wordings, folder=True, cost=4),
    Reader("qmethod.readers.read_sorts folder", _lazy("qmethod.readers", "read_sorts"), s.saved_sorts, folder=True, cost=0.59),
    Reader("qmethod.formats.feedback.read_feedback", _lazy("qmethod.formats.feedback", "read_feedback"), s.told, cost=7),
    Reader("qmethod.sortfile.read_sort_file", _lazy("qmethod.sortfile", "read_sort_file"), s.saved_sorts, cost=0.44),
    Reader("qmethod.sortfile.read_sort_files", _lazy("qmethod.sortfile", "read_sort_files"), s.saved_sorts, folder=True, cost=0.54),
    Reader("qmethod.sortfile.read_comments", _lazy("qmethod.sortfile", "read_comments"), s.saved_sorts, folder=True, cost=0.89),
    Reader("qmethod.data.QSorts.from_frame", _of_frame("qmethod.data", "QSorts.from_frame"), _table("q.csv", "statement,text,A,B\n1,One,1,-1\n2,Two,0,0\n3,Three,-1,1\n"), names_file=False, cost=4.6),
    Reader("qmethod.instrument.Instrument.open", _instrument, s.instruments, ("qmethod.instrument.Instrument.load",), folder=True, cost=3.5),
    Reader("qmethod.instrument.check_tags", _of_frame("qmethod.instrument", "check_tags"), _table("t.csv", TAGS), names_file=False, cost=3.3),
    Reader("qmethod.judgemental.RotationLog.load", _lazy("qmethod.judgemental", "RotationLog.load"), _rotation, ("qmethod.judgemental.RotationLog.from_json",), cost=0.35),
    Reader("qmethod.tagging.Tagging.from_frame", _of_frame("qmethod.tagging", "Tagging.from_frame"), _table("t.csv", TAGS), names_file=False, cost=3.4),
    Reader("qmethod.viewpoints.Viewpoints.from_frames", _viewpoints, _viewpoint_tables, ("qmethod.viewpoints.Viewpoints.load",), folder=True, names_file=False, cost=6.3),
    # coding
    Reader("coding.exchange.readers.read_project", _lazy("coding", "read_project"), s.projects, (
        "coding.exchange.aqda.read_aqda_json", "coding.exchange.aqda.read_aqda_csv",
        "archives.open_zip", "archives.check_listing",
        "coding.exchange.archive.read_bounded", "coding.exchange.archive.open_archive",
        "coding.exchange.archive.Archive.read", "coding.exchange.refi.read_qdpx",
        "coding.exchange.refi.read_code", "coding.exchange.taguette.read_highlights",
    ), cost=13, share=3),
    Reader("coding.exchange.readers.read_project database", _lazy("coding", "read_project"), s.databases, (
        "coding.exchange.databases.open_database", "coding.exchange.qualcoder.read_qualcoder",
        "coding.exchange.taguette.read_taguette",
    ), cost=16, share=2),
    Reader("coding.exchange.readers.read_project texts", _texts_beside, _highlights, folder=True, cost=9.4),
    Reader("coding.exchange.codebooks.read_codebook", _lazy("coding", "read_codebook"), s.codebooks, cost=13, share=2),
    Reader("coding.pseudonyms.PseudonymKey.read", _lazy("coding.pseudonyms", "PseudonymKey.read"), _key, cost=0.77),
    Reader("coding.names.NameList.read", _of_frame("coding.names", "NameList.read"), _table("n.csv", "original,pseudonym,kind\nAnna,Eva,person\nBern,Stadt,place\n"), names_file=False, cost=2.8),
    Reader("coding.query.parse_query", _query, _table("q.txt", "(Impact AND NOT 'Red lines') AND region == 'Europe' OR ONLY Media"), names_file=False, cost=0.29),
    Reader("coding.data.CodedProject.from_frames", _project_frames, lambda: [{
        "sources.csv": b"source,text\nt1,It was too short.\nt2,It was too long and dull.\n",
        "segments.csv": b"source,start,end,code,coder\nt1,7,16,Time,ada\nt2,3,6,Time,bob\n",
        "codes.csv": b"code,parent,description\nTime,,How long\n",
    }], ("coding.checking.check_codes", "coding.checking.check_sources", "coding.checking.check_segments",
         "coding.checking.check_cases", "coding.checking.check_notes"), folder=True, names_file=False, cost=11),
    # evaluation
    Reader("evaluation.data.read_scorecard", _lazy("evaluation.data", "read_scorecard"), _scored, ("evaluation.records.read_records", "evaluation.data.Scorecard.from_frames", "evaluation.records.check_records", "evaluation.records.find_records"), folder=True, cost=52),
    Reader("evaluation.data.read_scorecard book", _lazy("evaluation.data", "read_scorecard"), lambda: [s.book_of(_scored()[0])], cost=51),
    Reader("evaluation.records.gather_records", _records, _scored, ("evaluation.record_cells.read_choice", "evaluation.record_cells.read_number", "evaluation.record_cells.read_date"), folder=True, cost=36),
    Reader("evaluation.folder_check.check_folder", _lazy("evaluation.folder_check", "check_folder"), lambda: [s.evaluation()], folder=True, cost=150),
    Reader("evaluation.measurements.read_measurements", _lazy("evaluation.measurements", "read_measurements"), lambda: _measured()[:1], folder=True, cost=31),
    Reader("evaluation.measurements.gather_measurements", _gather, lambda: _measured()[:1], folder=True, cost=76),
    Reader("evaluation.measurements.read_measurements book", _lazy("evaluation.measurements", "read_measurements"), lambda: _measured()[1:], cost=51),
    Reader("evaluation.screen.read_screen", _lazy("evaluation.screen", "read_screen"), lambda: [s.screening()], folder=True, cost=8.3),
    Reader("evaluation.baseline.read_baseline", _lazy("evaluation.baseline", "read_baseline"), lambda: [s.baseline()], folder=True, cost=1.7),
    Reader("evaluation.forms.read_form", _form, s.forms, cost=28, share=2),
    Reader("evaluation.forms.read_form bare", _form_bare, s.forms, cost=9.6),
    Reader("evaluation.forms.read_form items", _form_items, _with_items, folder=True, cost=6.2),
    Reader("evaluation.form_columns.read_sheet", _lazy("evaluation.form_columns", "read_sheet"), s.forms, cost=5.5),
    Reader("evaluation.report_texts.read_texts", _lazy("evaluation.report_texts", "read_texts"), _translation, cost=0.6),
    Reader("evaluation.criteria.Criteria.read", _lazy("evaluation.criteria", "Criteria.read"), lambda: [{"criteria.csv": s.lines(s.ROOT / "data" / "criteria" / "criteria.csv")}], ("evaluation.criteria.Criteria.from_frame",), cost=9.3),
    Reader("evaluation.viewpoint_links.checked_links", _links, _table("links.csv", "viewpoint,criterion,direction,basis\nRB,C01,stressed,text\nV,C02,,\n"), cost=31),
    Reader("evaluation.rankings.read_rankings", _of_frame("evaluation.rankings", "read_rankings"), _table("r.csv", "person,stage,x,y,z\na,before,1,2,3\nb,before,2,1,3\na,after,3,2,1\n"), names_file=False, cost=3.8),
    Reader("evaluation.rankings.ranks_from_orders", _of_frame("evaluation.rankings", "ranks_from_orders", column="order", separator=";"), _table("r.csv", "person,order\na,x;y;z\nb,z;x;y\n"), names_file=False, cost=3),
    Reader("evaluation.codebook.Codebook.from_frame", _of_frame("evaluation.codebook", "Codebook.from_frame", name="own"), _table("c.csv", "code,label,maximum,minimum\nheard,takes up,3,0\njust,reasons,2,0\n"), ("evaluation.codebook.Code.read",), names_file=False, cost=4),
    Reader("evaluation.reason_data.ReasonSurvey.from_frame", _of_frame("evaluation.reason_data", "ReasonSurvey.from_frame", person="who"), _table("s.csv", SURVEY), names_file=False, cost=8),
    # impact
    Reader("impact.storage.read_ledger", _lazy("impact.storage", "read_ledger"), lambda: [s.ledger()], ("impact.checking.check_recommendations", "impact.checking.check_events", "impact.checking.check_others"), folder=True, cost=35, share=2),
    Reader("impact.storage.write_ledger over", _ledger_round, lambda: [s.ledger()], folder=True, cost=70),
    Reader("impact.data.Ledger.from_frames", _ledger_frames, lambda: [s.ledger()], folder=True, names_file=False, cost=50),
    Reader("impact.storage.ledger_from_excel", _lazy("impact.storage", "ledger_from_excel"), _ledger_book, cost=50),
    Reader("impact.importing.ledger_from_spreadsheet", _list, s.lists, ("impact.importing_guesses.check_roles", "impact.importing_guesses.check_totals", "impact.importing_words.check_given_words", "impact.spreadsheet_dates.read_date"), cost=35),
    Reader("impact.importing.ledger_from_decidim", _decidim, s.decidim, cost=30),
    Reader("impact.multistate.read_stays", _of_frame("impact.multistate", "read_stays"), _table("s.csv", STAYS), names_file=False, cost=6),
    Reader("impact.views.read_promise", _promise, _table("p.txt", "6 months"), names_file=False, cost=0.3),
    # representativeness
    Reader("representativeness.readers.read_population", _lazy("representativeness.readers", "read_population"), s.populations, cost=9),
    Reader("representativeness.readers.read_panel", _lazy("representativeness.readers", "read_panel"), s.panels, cost=7),
    Reader("representativeness.quotas.read_quotas", _lazy("representativeness.quotas", "read_quotas"), s.quotas, ("representativeness.quotas.Quotas.from_frame",), cost=5),
    Reader("representativeness.population.Population.from_margins", _of_frame("representativeness.population", "Population.from_margins"), _table("m.csv", COUNTS), names_file=False, cost=8),
    Reader("representativeness.population.Population.from_joint", _of_frame("representativeness.population", "Population.from_joint"), _table("j.csv", JOINT), names_file=False, cost=9),
    Reader("representativeness.population.Population.from_microdata", _of_frame("representativeness.population", "Population.from_microdata", weight="weight"), _table("p.csv", PEOPLE), names_file=False, cost=15),
    Reader("representativeness.panel.Panel.from_frame", _of_frame("representativeness.panel", "Panel.from_frame"), _table("p.csv", PEOPLE), names_file=False, cost=8),
    Reader("representativeness.panel.Panel.from_counts", _of_frame("representativeness.panel", "Panel.from_counts"), _table("c.csv", COUNTS), names_file=False, cost=6),
    Reader("representativeness.analysis_inputs.read_panel_input", _stages, s.panels, ("representativeness.analysis_inputs.read_stage_input", "representativeness.stage_data.read_flag", "representativeness.stage_data.read_flags"), names_file=False, cost=6),
    Reader("representativeness.external selected.csv", _selected, lambda: [{"selected.csv": b"dmpkit_id,sex\na,f\nb,m\n"}], folder=True, names_file=False, cost=2),
    # workbench
    Reader("workbench.manifest.read_manifest", _lazy("workbench.manifest", "read_manifest"), s.studies, folder=True, cost=1.5),
    Reader("workbench.manifest.read_published", _lazy("workbench.manifest", "read_published"), lambda: s.whole(*sorted(s.TEMPLATES.glob("*/published.csv"))), cost=0.5),
    Reader("workbench.checking.check_study", _check_study, s.studies, ("workbench.study.Study.open",), folder=True, cost=2),
    Reader("workbench.cells.read_cells", _cells, lambda: s.workbooks() + s.tables()[:1], cost=4),
    Reader("workbench.cells.parse_range", _range, _table("r.txt", "'Sheet 2'!B5:D54"), names_file=False, cost=0.3),
    Reader("workbench.instruments.open_instrument", _open_file, lambda: [{"statements.csv": s.instruments()[0]["statements.csv"]}, *s.sorts()], cost=12),
    Reader("workbench.instruments.write_pages", _pages, lambda: s.instruments()[:1], folder=True, cost=4),
    Reader("workbench.instruments.read_translation", _lazy("workbench.instruments", "read_translation"), _table("t.json", '{"title": "Ein Titel", "steps": {"a": "b"}}'), cost=0.4),
    Reader("workbench.running.read_notebook", _lazy("workbench.running", "read_notebook"), lambda: [s.notebook()], cost=0.8),
    Reader("workbench.deposit.check_deposit", _lazy("workbench.deposit", "check_deposit"), s.crates, cost=1.5),
    Reader("workbench.reproduce.last_results", _results, _ran, folder=True, cost=110),
    Reader("workbench.evaluating.check_evaluation", _beside, _assembly, ("workbench.evaluating.read_beside",), folder=True, cost=220),
    Reader("workbench.exercises.check", _answer, _table("a.json", '["0.62"]'), names_file=False, cost=20),
    Reader("workbench.safe_svg.clean_svg", _svg, _table("p.svg", SVG), names_file=False, cost=1),
    Reader("workbench.safe_html.clean", _html, _table("p.html", HTML), names_file=False, cost=3),
    Reader("workbench.safe_html.markdown", _markdown, _table("p.md", MARKDOWN), names_file=False, cost=5),
    # the program
    Reader("cli check", _cli("check", "{path}"), lambda: [*s.studies(), s.evaluation()], folder=True, cost=60),
    Reader("cli screen", _cli("screen", "{path}", "--on", "2026-01-02"), lambda: [s.screening()], folder=True, cost=30),
    Reader("cli qsort", _cli("qsort", "{path}", "--to", "{path}/out"), lambda: s.instruments()[:1], folder=True, cost=5),
)  # fmt: skip

_OWN = "takes what the library made itself, and opens nothing"
_ARGUMENT = "judges one argument of a call, written in code"
_FRAMES = "works on panels and frames that the readers above have read"
#: Public names that look like readers and are none, with the reason.
EXEMPT = {
    "arguments.check_settings": _ARGUMENT,
    "evaluation.criteria_sorts.weights_from_sorts": _OWN,
    "evaluation.verdict.read_stage": _OWN,
    "impact.followup.check_choice": _ARGUMENT,
    "impact.followup.check_horizon": _ARGUMENT,
    "impact.followup.check_level": _ARGUMENT,
    "impact.groups.GroupTest.from_score": _OWN,
    "qmethod.extraction.check_n_factors": _ARGUMENT,
    "qmethod.flags.check_flags": _ARGUMENT,
    "qmethod.instrument.Instrument.from_sorts": _OWN,
    "qmethod.permuting.check_permutations": _ARGUMENT,
    "reporting.Figure.from_axes": _OWN,
    "representativeness.entries.from_mapping": _ARGUMENT,
    "representativeness.feasibility.check_feasibility": _FRAMES,
    "representativeness.margins.check_margins": _FRAMES,
    "representativeness.response_margins.r_indicator_from_margins": _FRAMES,
    "representativeness.stage_data.flow_from_counts": _FRAMES,
    "representativeness.stage_data.flow_from_people": _FRAMES,
}

_SHIPPED = "opens only what is shipped with dmpkit"
_WRITES = "opens what it has written itself"
#: Modules that call something that opens files: the reader through which strangers' bytes
#: come there, or why none do.
OPENING = {
    "archives": "coding.exchange.readers.read_project",
    "cli": "cli check",
    "coding.exchange.aqda": "coding.exchange.readers.read_project",
    "coding.exchange.archive": "coding.exchange.readers.read_project",
    "coding.exchange.codebooks": "coding.exchange.codebooks.read_codebook",
    "coding.exchange.databases": "coding.exchange.readers.read_project database",
    "coding.exchange.refi_write": _WRITES,
    "coding.exchange.taguette": "coding.exchange.readers.read_project database",
    "coding.exchange.xml_stream": "coding.exchange.readers.read_project",
    "coding.pseudonyms": "coding.pseudonyms.PseudonymKey.read",
    "coding.synthetic": _WRITES,
    "datasets": "datasets.DataPackage.open",
    "evaluation.analysis": "opens files for their SHA-256 alone",
    "evaluation.baseline": "evaluation.baseline.read_baseline",
    "evaluation.criteria": "evaluation.criteria.Criteria.read",
    "evaluation.forms": "evaluation.forms.read_form items",
    "evaluation.measured": _SHIPPED,
    "evaluation.outside_records": _SHIPPED,
    "evaluation.questionnaire": _SHIPPED,
    "evaluation.report_texts": "evaluation.report_texts.read_texts",
    "evaluation.stress": _SHIPPED,
    "evaluation.viewpoint_links": "evaluation.viewpoint_links.checked_links",
    "impact.importing": "impact.importing.ledger_from_spreadsheet",
    "impact.storage": "impact.storage.write_ledger over",
    "qmethod.formats.feedback": "qmethod.formats.feedback.read_feedback",
    "qmethod.formats.files": "qmethod.readers.read_sorts",
    "qmethod.formats.pqmethod": "qmethod.readers.read_sorts",
    "qmethod.formats.statements": "qmethod.readers.read_sorts texts",
    "qmethod.formats.tables": "qmethod.readers.read_sorts",
    "qmethod.formats.tidy": _WRITES,
    "qmethod.formats.websort": "qmethod.readers.read_sorts",
    "qmethod.instrument": "qmethod.instrument.Instrument.open",
    "qmethod.judgemental": "qmethod.judgemental.RotationLog.load",
    "qmethod.matching": _SHIPPED,
    "qmethod.readers": "qmethod.readers.read_sorts",
    "qmethod.recovery": _SHIPPED,
    "qmethod.sortfile": "qmethod.sortfile.read_sort_file",
    "qmethod.sorting_page": _SHIPPED,
    "qmethod.synthetic": _SHIPPED,
    "representativeness.analysis_inputs": "representativeness.analysis_inputs.read_panel_input",
    "representativeness.quotas": "representativeness.quotas.read_quotas",
    "representativeness.readers": "representativeness.readers.read_panel",
    "tables": "tables.read_table",
    "workbench.cells": "workbench.cells.read_cells",
    "workbench.checking": "workbench.checking.check_study",
    "workbench.creating": _SHIPPED,
    "workbench.deposit": "workbench.deposit.check_deposit",
    "workbench.evaluating": "workbench.evaluating.check_evaluation",
    "workbench.evaluation_folder": _SHIPPED,
    "workbench.exercises": _SHIPPED,
    "workbench.instruments": "workbench.instruments.read_translation",
    "workbench.manifest": "workbench.manifest.read_manifest",
    "workbench.printing": "opens the PDF that the browser has just printed",
    "workbench.reproduce": "workbench.reproduce.last_results",
    "workbench.running": "workbench.running.read_notebook",
    "workbench.safe_svg": "workbench.safe_svg.clean_svg",
    "workbench.site": _SHIPPED,
    "workbench.start": "opens the first cell of the notebooks that lie in the project",
    "workbench.storing": _WRITES,
    "workbench.study": "workbench.checking.check_study",
    "workbooks": "workbooks.open_workbook",
    "workers": "unpickles what a worker of the same run has sent, never a file",
    "writing": "tests/test_hostile_leftovers.py",
}
