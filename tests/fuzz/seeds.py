"""The sound files from which hostile ones are made: own samples, shortened, and none of others.

A seed is a mapping of file names to bytes. Where other people's data are at hand
(``DMPKIT_DATA_MIRROR``), :func:`mirrored` adds their smaller tables; those are read
and changed, and never kept.
"""

# ruff: noqa: E501  (tables are read by row)
from __future__ import annotations

import csv
import functools
import io
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
REFERENCE = TESTS / "reference"
TEMPLATES = ROOT / "dmpkit" / "workbench" / "templates"
Seed = dict[str, bytes]


def lines(path: Path, n: int = 14) -> bytes:
    """The first lines of a text file."""
    return b"".join(path.read_bytes().splitlines(keepends=True)[:n])


def whole(*paths: Path) -> list[Seed]:
    """A seed a file."""
    return [{path.name: path.read_bytes()} for path in paths]


def short(*paths: Path, n: int = 14) -> list[Seed]:
    """A seed a file, its first lines."""
    return [{path.name: lines(path, n)} for path in paths]


def folder(path: Path, n: int = 14, names: tuple[str, ...] = ("*.csv",)) -> Seed:
    """The tables of a folder, shortened, as one seed."""
    found = sorted(p for pattern in names for p in path.glob(pattern))
    return {p.relative_to(path).as_posix(): lines(p, n) for p in found}


def written(write: Callable[[Path], object], name: str) -> Seed:
    """What a function writes at a path, with all that it puts beside it."""
    with tempfile.TemporaryDirectory() as place:
        write(Path(place) / name)
        made = {p.name: p.read_bytes() for p in sorted(Path(place).iterdir()) if p.is_file()}
    return {name: made.pop(name), **made}


def workbook(sheets: dict[str, list[list[Any]]], name: str = "book.xlsx") -> Seed:
    """A workbook as its program saves it."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        page = book.create_sheet(title)
        for row in rows:
            page.append(row)
    out = io.BytesIO()
    book.save(out)
    return {name: out.getvalue()}


def book_of(tables: Seed, name: str = "book.xlsx") -> Seed:
    """A folder of CSV tables as the sheets of one workbook."""
    sheets = {
        Path(file).stem[:31]: list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
        for file, data in tables.items()
        if file.endswith(".csv")
    }
    return workbook({title: rows for title, rows in sheets.items() if rows}, name)


def mirrored(*patterns: str, n: int = 14) -> list[Seed]:
    """Tables of other people, shortened, where they are at hand."""
    place = os.environ.get("DMPKIT_DATA_MIRROR", "")
    if not place:
        return []
    found = [p for pattern in patterns for p in sorted(Path(place).glob(pattern))]
    return [
        {p.name: lines(p, n) if p.suffix == ".csv" else p.read_bytes()}
        for p in found
        if p.suffix == ".csv" or p.stat().st_size < 110_000
    ]


# --- by room ------------------------------------------------------------------------------


@functools.cache
def tables() -> list[Seed]:
    """Tables as people have them."""
    made: list[Seed] = [
        {"t.csv": b"a,b\n1,x\n2,y\n"},
        {"t.csv": "name;Größe\nAnna;1,5\nZoë;2,25\n".encode("cp1252")},
        {"t.tsv": b"a\tb\tc\n1\t2\t3\n"},
        {"t.csv": b'\xef\xbb\xbf"a","b, c"\r\n"1","line\nbreak"\r\n'},
        {"t.csv": b"Table 1\nSource: own\n\narea,n,share\nA,1,0.5\nB,2,0.25\n"},
        {"t.csv": "a|b\n−1|2024-01-02\n".encode("utf-16")},
    ]
    return made + mirrored("*/*.csv", n=8)


@functools.cache
def workbooks() -> list[Seed]:
    """Workbooks with numbers, dates, empty cells and titles."""
    import datetime as dt

    return [
        workbook({"one": [["a", "b", "when"], [1, "x", dt.datetime(2024, 1, 2)], [2.5, None, None]]}),
        workbook({"t": [["Table 1"], [], ["area", "n", "share"], ["A", 1, 0.5], ["B", 2, 0.25]], "u": [["x"]]}),
    ]  # fmt: skip


@functools.cache
def parquets() -> list[Seed]:
    """A Parquet file with columns of several types."""
    import pandas as pd

    frame = pd.DataFrame(
        {"a": [1, 2], "b": ["x", None], "c": [0.5, float("nan")], "d": [True, False]}
    )
    return [written(lambda path: frame.to_parquet(path), "t.parquet")]


@functools.cache
def sorts() -> list[Seed]:
    """Sorts as every program in the field writes them."""
    from dmpkit.qmethod import QSorts, write_pqmethod, write_sorts
    from tests.qmethod.formats import samples

    own = QSorts(samples.VALUES, sorts=samples.NAMES, texts=samples.TEXTS)
    makers: dict[str, Callable[[Path], object]] = {
        "kade1.xlsx": samples.kade1,
        "old1.xlsx": samples.kade1_old,
        "old2.xlsx": samples.kade2_old,
        "kade3.xlsx": samples.kade3,
        "kade.zip": samples.archive,
        "htmlq.csv": samples.htmlq,
        "eq.json": samples.firebase,
        "netlify.csv": samples.netlify,
        "sheets.csv": samples.sheets,
        "tidy.csv": lambda path: write_sorts(own, path),
        "tidy.parquet": lambda path: write_sorts(own, path),
        "rules.DAT": lambda path: write_pqmethod(own, path),
    }
    made = [written(maker, name) for name, maker in makers.items()]
    made.append({"synthetic-sorts.csv": lines(TEMPLATES / "qmethod" / "synthetic-sorts.csv", 40)})
    return made


@functools.cache
def told() -> list[Seed]:
    """What participants said of their sorts."""
    names = ("htmlq.csv", "eq.json", "netlify.csv", "sheets.csv")
    table = b'participant,statement,feedback\nAna,1,It matters\nBen,3,"Never, ever"\n'
    return [seed for seed in sorts() if next(iter(seed)) in names] + [{"said.csv": table}]


@functools.cache
def wordings() -> list[Seed]:
    """Sorts, and the wording of the statements as XML and as text."""
    sorts_of = b"statement,A,B\n1,1,-1\n2,0,0\n3,-1,1\n"
    xml = b"".join(b'<statement id="%d">Rule %d</statement>' % (i, i) for i in (1, 2, 3))
    head = b'<?xml version="1.0" encoding="UTF-8"?><statements version="1.0">'
    return [
        {"statements.xml": head + xml + b"</statements>", "tidy.csv": sorts_of},
        {"texts.txt": b"Rule 1\nRule 2\nRule 3\n", "tidy.csv": sorts_of},
    ]


@functools.cache
def real_sorts() -> list[Seed]:
    """Workbooks of real studies, where they are at hand."""
    return mirrored("polycrisis-2024/KADE*.xlsx")


@functools.cache
def saved_sorts() -> list[Seed]:
    """A folder of what two participants saved on the sorting page."""
    one = {
        "format": "dmpkit-sort", "version": 1, "study": "toy", "title": "A toy",
        "fingerprint": "0123", "language": "en", "participant": "P1", "complete": True,
        "saved": "2025-03-04", "statements": ["a", "b", "c", "d"],
        "texts": {"a": "A.", "b": "B.", "c": "C.", "d": "D."},
        "grid": [{"value": -1, "count": 1}, {"value": 0, "count": 2}, {"value": 1, "count": 1}],
        "values": {"a": 1, "b": 0, "c": 0, "d": -1}, "piles": {"a": "agree", "d": "disagree"},
        "order": ["d", "c", "b", "a"], "comments": {"a": "Because.", "d": " "}, "remark": "Odd.",
    }  # fmt: skip
    two = one | {"participant": "P2", "values": {"a": -1, "b": 0, "c": 1, "d": 0}, "comments": {}}
    return [{"1.json": json.dumps(one).encode(), "2.json": json.dumps(two).encode()}]


@functools.cache
def instruments() -> list[Seed]:
    """An instrument as a folder."""
    place = ROOT / "data" / "governance-instrument"
    small = {
        "statements.csv": b"statement,text\n1,One thing\n2,Another\n3,A third\n4,A fourth\n5,Last\n",
        "distribution.csv": b"value,count\n-1,1\n0,3\n1,1\n",
        "texts.csv": b"key,text\ntitle,A toy\nquestion,What?\nlow,least\nhigh,most\n",
    }
    return [small, folder(place, 60)]


@functools.cache
def projects() -> list[Seed]:
    """Coded projects of REFI-QDA, QualCoder, Taguette and AQDA."""
    place = REFERENCE / "coding"
    conventions = sorted((place / "conventions").glob("*.qdpx"))
    named = [
        place / "aqda" / "aqda_minipublic.csv",
        place / "aqda" / "aqda_minipublic.json",
        place / "aqda" / "aqda_minipublic.qdpx",
        place / "qualcoder" / "qc_minipublic.qdpx",
        place / "qualcoder" / "qc_minipublic_maxqda.qdpx",
        place / "qualcoder" / "qc_minipublic.data.qda",
        place / "taguette" / "tg_minipublic_highlights.csv",
        place / "taguette" / "tg_minipublic_project.sqlite3",
    ]
    return whole(*named, *conventions)


@functools.cache
def databases() -> list[Seed]:
    """The two databases, alone."""
    return [seed for seed in projects() if next(iter(seed)).endswith((".qda", ".sqlite3"))]


@functools.cache
def codebooks() -> list[Seed]:
    """Codebooks as XML and as tables."""
    place = REFERENCE / "coding"
    return whole(*sorted(place.glob("*/*.qdc")), place / "taguette" / "tg_minipublic_codebook.csv")


def table_of(header: list[str], rows: list[dict[str, str]]) -> bytes:
    """Rows as CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, header, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


@functools.cache
def evaluation() -> Seed:
    """A folder of an evaluation with every table that there may be, shortened."""
    place = ROOT / "studies" / "evaluate-a-minipublic"
    made = folder(place, 12)
    for name in ("published.csv", "computed-readings.csv"):
        made.pop(name, None)
    people = {row["person"] for row in csv.DictReader(io.StringIO(made["people.csv"].decode()))}
    for name in made:  # rows of people who are still there
        rows = list(csv.DictReader(io.StringIO((place / name).read_text("utf-8"))))
        if rows and "person" in rows[0]:
            kept = [row for row in rows if row["person"] in people][:15]
            made[name] = table_of(list(rows[0]), kept)
    made["ratings.csv"] = lines(place / "ratings.csv", 60)
    made["items.csv"] = (place / "items.csv").read_bytes()
    made["evidence.csv"] = (place / "evidence.csv").read_bytes()
    return made


@functools.cache
def screening() -> Seed:
    """A commission's sheet of flags, half filled in."""
    from dmpkit.evaluation.screen import new_sheet

    with tempfile.TemporaryDirectory() as place:
        sheet = new_sheet(Path(place) / "new")
        text = sheet.read_text("utf-8")
    return {
        "flags.csv": text.encode(),
        "about.csv": b"field,value\ntitle,Ours\nfirst_day,2026-01-14\n",
    }


@functools.cache
def baseline() -> Seed:
    """A kept screening whose hashes hold."""
    import pandas as pd

    from dmpkit.evaluation import screen as make_screen
    from dmpkit.evaluation.baseline import save_baseline
    from dmpkit.evaluation.screen import new_sheet

    with tempfile.TemporaryDirectory() as place:
        sheet = pd.read_csv(new_sheet(Path(place) / "new"), dtype=str, keep_default_na=False)
        sheet["status"] = "no sign"
        save_baseline(make_screen(sheet, on="2026-01-02", name="Ours"), Path(place))
        return {"screen.json": (Path(place) / "screen.json").read_bytes()}


@functools.cache
def ledger() -> Seed:
    """A ledger, shortened to a few recommendations with all that belongs to them."""
    place = TEMPLATES / "impact"
    held = {
        name: list(csv.DictReader(io.StringIO((place / f"{name}.csv").read_text("utf-8"))))
        for name in ("recommendations", "events", "ratings", "reviews", "wider_impact", "goals")
    }
    recs = {row["rec_id"] for row in held["recommendations"][:5]}
    kept = {
        name: [row for row in rows if row.get("rec_id") in recs or "rec_id" not in row]
        for name, rows in held.items()
    }
    events = {row.get("event_id") for row in kept["events"]}
    made: Seed = {}
    for name, rows in kept.items():
        if name == "ratings":
            rows = [
                row for row in rows if row.get("event_id", None) in events or "event_id" not in row
            ]
        made[f"{name}.csv"] = table_of(list(held[name][0]), rows)
    made["datapackage.json"] = b'{"name": "toy", "licenses": [{"name": "CC0-1.0"}]}'
    return made


@functools.cache
def lists() -> list[Seed]:
    """Lists of recommendations as offices keep them."""
    rows = [
        ["No.", "Measure", "Response", "Response date", "Status", "Status date", "Evidence link", "Evidence grade", "Comments"],
        ["1", "Trams", "Accepted", "16 December 2021", "completed", "25/03/2022", "https://example.org/act", "3", ""],
        ["2", "Bread", "rejected", "2021-12-16", "", "", "", "", "see minutes"],
        ["3", "Forests", "parked", "2021", "ongoing", "", "", "", ""],
    ]  # fmt: skip
    text = "\n".join(",".join(row) for row in rows) + "\n"
    return [{"list.csv": text.encode()}, workbook({"list": rows}, "list.xlsx")]


@functools.cache
def decidim() -> list[Seed]:
    """An export of Decidim's accountability component."""
    text = (
        "id;parent/id;title/ca;title/en;status/key;progress;updated_at;url\n"
        "1;;Trens;Trams;done;100;2022-03-25 10:00:00 UTC;https://example.org/1\n"
        "2;1;Part;Part;planned;;2022-03-25 10:00:00 UTC;https://example.org/2\n"
    )
    return [{"results.csv": text.encode()}]


@functools.cache
def populations() -> list[Seed]:
    """Margins, a joint table and microdata."""
    place = TEMPLATES / "representativeness"
    made: list[Seed] = [
        {"population.csv": (place / "population.csv").read_bytes()},
        {"joint.csv": b"sex,age,count\nf,young,10\nf,old,20\nm,young,30\nm,old,40\n"},
        {"people.csv": b"sex,age,weight\nf,young,1.5\nm,old,0.5\nf,old,1\n"},
        {"titled.csv": b"Table 3\n\nvariable;category;share\nsex;f;50,5\nsex;m;49,5\n"},
        book_of({"population.csv": (place / "population.csv").read_bytes()}),
    ]
    return made + parquets()


@functools.cache
def panels() -> list[Seed]:
    """Lists of members, and counts."""
    place = TEMPLATES / "representativeness" / "synthetic-people.csv"
    made = short(place, n=20)
    made.append(
        {"counts.csv": b"variable,category,count\nsex,f,10\nsex,m,12\nage,young,9\nage,old,13\n"}
    )
    made.append(book_of(made[0]))
    return made + mirrored("sortition-2021/example_small*respondents.csv")


@functools.cache
def quotas() -> list[Seed]:
    """Seats by category."""
    made = whole(TEMPLATES / "representativeness" / "quotas.csv")
    made.append({"q.csv": b"variable,category,min,max\nsex,f,4,6\nsex,m,4,6\n"})
    return made + mirrored("sortition-2021/example_small*categories.csv")


@functools.cache
def studies() -> list[Seed]:
    """Folders of studies from the templates."""
    made = []
    for name in ("published-figures", "software-reference", "qmethod", "coding", "raw-data"):
        place = TEMPLATES / name
        made.append(folder(place, 30, ("*.csv", "study.toml")))
    return made


@functools.cache
def package() -> Seed:
    """A data package without hashes, so that its table may differ."""
    field = [
        {"name": "code", "type": "string", "constraints": {"required": True}},
        {"name": "n", "type": "integer"},
        {"name": "share", "type": "number"},
        {"name": "on", "type": "date"},
        {"name": "sure", "type": "boolean"},
    ]
    said = {
        "name": "toy", "title": "A toy", "licenses": [{"name": "CC0-1.0"}],
        "sources": [{"title": "Made by hand."}],
        "resources": [{"name": "t", "path": "t.csv", "schema": {"fields": field, "missingValues": [""]}}],
    }  # fmt: skip
    table = b"code,n,share,on,sure\na,1,0.5,2024-01-02,true\nb,,,,false\n"
    return {"datapackage.json": json.dumps(said, indent=1).encode(), "t.csv": table}


@functools.cache
def notebook() -> Seed:
    """A notebook of two cells with an output."""
    import nbformat

    book = nbformat.v4.new_notebook()
    book.cells = [
        nbformat.v4.new_markdown_cell("# Title", id="a"),
        nbformat.v4.new_code_cell(
            "1 + 1", id="b", outputs=[nbformat.v4.new_output("stream", text="2")]
        ),
    ]
    return {"toy.ipynb": nbformat.writes(book).encode()}


@functools.cache
def crates() -> list[Seed]:
    """A small crate as a zip, and as a folder of files."""
    import hashlib

    from .containers import pack

    said = b"a,b\n1,2\n"
    graph = [
        {"@id": "ro-crate-metadata.json", "@type": "CreativeWork"},
        {"@id": "a%20b.csv", "@type": ["File"], "sha256": hashlib.sha256(said).hexdigest()},
        {"@id": "https://example.org/x.csv", "@type": "File"},
    ]
    meta = json.dumps({"@context": "x", "@graph": graph}).encode()
    return [{"crate.zip": pack([("ro-crate-metadata.json", meta), ("a b.csv", said)])}]


@functools.cache
def forms() -> list[Seed]:
    """Exports of questionnaires."""
    place = TESTS / "evaluation" / "forms"
    made = short(*sorted(place.glob("*.csv")))
    return [*made, book_of(made[0], "form.xlsx")]
