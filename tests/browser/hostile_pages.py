"""Every kind of page that dmpkit writes, made of data that try to run."""

from __future__ import annotations

import dataclasses
import functools
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import dmpkit.coding as cd
import dmpkit.evaluation as ev
import dmpkit.impact as im
import dmpkit.qmethod as qm
import dmpkit.representativeness as rp
from dmpkit import datasets, reporting
from dmpkit.workbench.evaluating import evaluate
from dmpkit.workbench.exercises import Reply
from dmpkit.workbench.figures import Verdict
from dmpkit.workbench.safe_html import Outline, clean, markdown
from tests.security.hostile_texts import ANSI, FORMULAS, PLAIN, TURNED

#: One line without delimiters of lists: ends elements and attributes, runs, links, typesets.
MARK = "window.__ran=1"
EVIL = (
    f"</td></style></title></textarea><script>{MARK}</script>\"><img src=x onerror='{MARK}'>"
    f"<svg/onload={MARK}>{{{{7*7}}}}${{7*7}}$x^$[c](javascript:{MARK})**b**<!-- &lt;i&gt;"
)
Pages = Iterator[tuple[str, str, tuple[str, ...]]]


def evil(name: object) -> str:
    """A name of data that tries to run, and is still another than its neighbours."""
    return f"{name} {EVIL}"


def with_evil(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The frame with a hostile end of each filled cell of some columns."""
    out = frame.copy()
    for column in set(columns) & set(out.columns):
        filled = out[column].notna() & (out[column].astype(str) != "")
        out[column] = out[column].astype(object)
        out.loc[filled, column] = out.loc[filled, column].map(evil)
    return out


def bare(title: str, body: str) -> str:
    """A fragment on a page without any policy, as a notebook shows it."""
    return f"<!DOCTYPE html><html lang=en><head><title>{title}</title></head><body>{body}</body>"


def shown(value: Any) -> str:
    """What a notebook shows of a value."""
    return bare(type(value).__name__, value._repr_html_())


def of(name: str, result: Any, folder: Path) -> Pages:
    """The page of a result where it writes one, and what a notebook shows of it."""
    if hasattr(result, "report"):
        path = folder / "report.html"
        result.report(path)
        yield f"{name}: report", path.read_text("utf-8"), ()
    if hasattr(result, "_repr_html_"):
        yield f"{name}: notebook", shown(result), ()


def parts_of(thing: Any) -> dict[str, Any]:
    """Results that a result holds, by their names: fields, and mappings of results."""
    found: dict[str, Any] = {}
    for field in dataclasses.fields(thing):
        value = getattr(thing, field.name, None)
        many = value if isinstance(value, Mapping) else {field.name: value}
        found |= {str(k): v for k, v in many.items() if isinstance(v, reporting.Result)}
    return found


# -- Q methodology ----------------------------------------------------------------------------


@functools.cache
def hostile_sorts(seed: int = 3) -> qm.QSorts:
    rng = np.random.default_rng(seed)
    grid = np.repeat(np.arange(-3, 4), (1, 2, 3, 4, 3, 2, 1)).astype(float)
    views = np.random.default_rng(1).normal(size=(16, 2))
    liking = views[:, np.arange(10) % 2] + 0.5 * rng.normal(size=(16, 10))
    return qm.QSorts(
        grid[np.argsort(np.argsort(liking, axis=0), axis=0)],
        statements=[evil(f"s{i}") for i in range(1, 17)],
        sorts=[evil(f"P{i}") for i in range(1, 11)],
        texts=[evil(f"wording {i}") for i in range(1, 17)],
    )


def of_qmethod(folder: Path) -> Pages:
    sorts = hostile_sorts()
    first, second = qm.analyse(sorts, 2), qm.analyse(hostile_sorts(4), 2)
    yield "Q sorts: notebook", shown(sorts), (EVIL,)
    path = folder / "q.html"
    first.report(path, title=evil("title"))
    yield "Q report", path.read_text("utf-8"), (EVIL, evil("title"), evil("wording 3"))
    quick = {"seed": 1, "progress": False}
    results = {
        "Q analysis": first,
        "how many factors": qm.factor_retention(sorts, n_permutations=50, n_resamples=20, **quick),
        "Q bootstrap": qm.bootstrap(sorts, 2, n_resamples=40, **quick),
        "second order": qm.second_order({evil("A"): first, evil("B"): second}),
        "before and after": qm.before_after(sorts, hostile_sorts(4), 2),
        "factor match": qm.match_factors(first, second, n_permutations=99, **quick),
    }
    for name, result in results.items():
        yield from of(name, result, folder)


def of_instrument(folder: Path) -> Pages:
    words = ("title", "question", "instruction", "about", "low", "high", "hand_in")
    instrument = qm.Instrument(
        name="hostile",
        statements=tuple(f"s{i} <b>{{{{1}}}}'\"$x^$" for i in range(16)),
        texts=tuple(evil(f"wording {i}") for i in range(16)),
        **{word: evil(word) for word in words},
    )
    yield "instrument: notebook", shown(instrument), (EVIL,)
    for name in ("write_page", "write_cards", "write_sheet"):
        path = folder / f"{name}.html"
        getattr(instrument, name)(path)
        yield f"instrument: {name}", path.read_text("utf-8"), (evil("title"),)


# -- representativeness -------------------------------------------------------------------------


def of_representativeness(folder: Path) -> Pages:
    rng = np.random.default_rng(7)
    gender, age = evil("gender"), evil("age")
    invited = pd.DataFrame(
        {
            gender: rng.choice([evil("woman"), evil("man")], 600),
            age: rng.choice([evil("16-34"), evil("35+")], 600),
        }
    )
    invited["responded"] = (rng.random(600) < 0.1).astype(int)
    people = invited.drop(columns="responded")
    pool = people[invited["responded"] == 1].reset_index(drop=True)
    joint = people.value_counts().rename("count").reset_index()
    population = rp.Population.from_joint(joint)
    panel = rp.Panel.from_frame(pool)
    wanted = [(gender, evil("woman"), 5, 7), (gender, evil("man"), 5, 7)]
    quotas = pd.DataFrame(wanted, columns=["variable", "category", "min", "max"])
    results = {
        "margins": rp.check_margins(panel, population, n_resamples=99, seed=1),
        "crossings": rp.intersections(pool.head(24), joint),
        "response": rp.r_indicator(invited, "responded", [gender, age]),
        "weights": rp.rake(panel, population),
        "lottery": rp.simulate_lottery(pool, quotas, 12, n_draws=50, population=people, seed=1),
        "representativeness": rp.analyse(panel, population, seed=1),
    }
    yield "panel: notebook", shown(panel), (EVIL,)
    yield "population: notebook", shown(population), (EVIL,)
    for name, result in results.items():
        yield from of(name, result, folder)


# -- impact -----------------------------------------------------------------------------------


def of_impact(folder: Path) -> Pages:
    frames = dict(im.synthetic_ledger(30, years=4, seed=1).frames())
    names = ("rec_id", "title", "text", "topic", "process", "process_id", "assembly", "addressee")
    names += ("body", "actor", "rater", "note", "source", "ministry", "goal", "by", "reason")
    ledger = im.Ledger.from_frames(**{n: with_evil(f, *names) for n, f in frames.items()})
    result = im.analyse(ledger, "2025-01-31", promise="six months", blind=True)
    path = folder / "impact.html"
    result.report(path, title=evil("title"))
    yield "impact report", path.read_text("utf-8"), (EVIL, evil("title"))
    yield "impact: notebook", shown(result), ()
    for name, part in parts_of(result).items():
        yield from of(f"impact, {name}", part, folder)
    shares = {f"{n} {EVIL}": n for n in (3, 4)}
    yield "impact, notes", bare("notes", reporting.summary_table(shares.items())), (EVIL,)


# -- coding ------------------------------------------------------------------------------------


def of_coding(folder: Path) -> Pages:
    texts = [f"Person {i}: {EVIL}\nheard {EVIL} and said {i}." for i in range(1, 5)]
    sources = pd.DataFrame({"source": [evil(f"I{i}") for i in range(1, 5)], "text": texts})
    rows = [
        {"source": source, "code": evil(f"code {(k + i) % 3}"), "coder": evil(f"coder {c}"),
         "start": 10 * k + c, "end": 10 * k + 30, "memo": EVIL}
        for i, source in enumerate(sources["source"]) for k in range(6) for c in range(2)
    ]  # fmt: skip
    project = cd.CodedProject.from_frames(sources, pd.DataFrame(rows))
    yield "coded project: notebook", shown(project), (EVIL,)
    view = cd.reader(project, evil("I1"))
    yield "reader", view.write(folder / "reader.html").read_text("utf-8"), (EVIL,)
    yield "reader: notebook", shown(view), (EVIL,)
    results = {
        "codebook": cd.Codebook(project.codes),
        "agreement": cd.agreement(project, n_resamples=20, seed=1),
        "co-occurrence": cd.cooccurrence(project, across_coders=True),
        "case matrix": cd.case_matrix(project),
        "saturation": cd.saturation(project, n_orders=20, seed=1),
        "retrieval": cd.retrieve(project, f'"{project.codes["code"].iloc[0]}"'),
    }
    for name, result in results.items():
        yield from of(name, result, folder)


# -- evaluation --------------------------------------------------------------------------------

#: Columns of an evaluation's tables in which people write what they like.
FREE = {
    "evidence": ("source",),
    "incidents": ("actor", "what", "reply", "note"),
    "goals": ("goal", "baseline", "target", "reached", "note"),
    "replies": ("who", "text"),
    "ratings": ("rater", "note"),
    "power": ("seen", "note"),
    "digital": ("note",),
    "flags": ("note",),
    "communication": ("audience", "what"),
    "items": ("label",),
    "votes": ("statement", "group"),
    "talk": ("person", "session", "table", "group"),
    "acts": ("act", "coder", "person"),
    "people": ("person", "table", "gender", "age", "education"),
    "ballot": ("person",),
    "answers_before": ("person",),
    "answers_after": ("person",),
    "rankings": ("person",),
    "form": ("wording", "section", "pole_low", "pole_high", "note"),
}
ABOUT = ("title", "place", "commissioner", "organiser", "evaluator", "paid_by", "independence")


def hostile_evaluation(folder: Path) -> Path:
    """The synthetic assembly with hostile words wherever words are free."""
    source = datasets.studies_path("evaluate-a-minipublic")
    folder.mkdir()
    for path in source.glob("*.csv"):
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        if path.stem == "about":
            ours = table["field"].isin(ABOUT)
            table.loc[ours, "value"] = table.loc[ours, "value"].map(evil)
        with_evil(table, *FREE.get(path.stem, ())).to_csv(folder / path.name, index=False)
    return folder


def of_evaluation(folder: Path) -> Pages:
    place = hostile_evaluation(folder / "assembly")
    yield "folder check: notebook", shown(ev.check_folder(place)), ()
    result = evaluate(place, n_permutations=99)
    path = folder / "evaluation.html"
    result.report(path)
    yield "evaluation report", path.read_text("utf-8"), (EVIL,)
    yield "evaluation: notebook", shown(result), (EVIL,)
    for name, part in {**parts_of(result), **dict(result.parts)}.items():
        if isinstance(part, reporting.Result):
            yield from of(f"evaluation, {name}", part, folder)


def of_wrong_tables(folder: Path) -> Pages:
    """Mistakes are told in the words of the table: these are hostile too."""
    place = folder / "wrong"
    place.mkdir()
    rows = f'criterion,rater,score\n"{EVIL.replace(chr(34), chr(34) * 2)}",A,5\nC01,A,"{MARK}<b>"\n'
    (place / "ratings.csv").write_text(rows, encoding="utf-8")
    found = ev.check_folder(place)
    yield from of("mistakes", found, folder)


def of_forms(folder: Path) -> Pages:
    for name in ev.instruments():
        path = folder / "form.html"
        items = with_evil(
            ev.instrument(name), "wording", "section", "pole_low", "pole_high", "note"
        )
        ev.write_form(path, name, items=items, title=evil("title"), notes=True)
        yield f"form {name}", path.read_text("utf-8"), (evil("title"),)
    sheet = ev.new_sheet(folder)
    table = pd.read_csv(sheet, dtype=str, keep_default_na=False)
    table["note"] = EVIL
    table.to_csv(sheet, index=False)
    yield from of("screening", ev.read_screen(folder), folder)


# -- the workbench ------------------------------------------------------------------------------


def of_the_workbench(folder: Path) -> Pages:
    numbers = ("difference", "tolerance", "cells", "cells_different")
    every = {n: 1.0 if n in numbers else EVIL for n in Verdict.__dataclass_fields__}
    yield "verdict: notebook", shown(Verdict(**every)), (EVIL,)
    yield "reply: notebook", shown(Reply(evil("exercise"), "right", EVIL)), (EVIL,)
    yield "estimate: notebook", shown(reporting.Estimate(1.0, note=EVIL)), (EVIL,)
    frame = pd.DataFrame({evil("c"): [evil(1), evil(2)], evil("d"): [evil("x"), ""]})
    view = reporting.TableView(frame, caption=EVIL, groups=evil("d"))
    yield "table: notebook", shown(view), (evil("c"), evil(1), evil("x"))
    section = reporting.Section(evil("heading"), reporting.paragraphs(EVIL))
    made = reporting.page(EVIL, [section], subtitle=EVIL, lang=EVIL)
    yield "page", made, (EVIL, evil("heading"))
    yield "cleaned HTML", bare("HTML", clean(EVIL + frame._repr_html_())), ()
    yield "cleaned markdown", bare("markdown", markdown(f"# a\n\n{EVIL}\n\n$$x^$$", Outline())), ()


def of_every_text(folder: Path) -> Pages:
    """Each hostile text in each place that text can stand in."""
    texts = [*PLAIN, TURNED, ANSI.replace("\x1b", ""), *FORMULAS, "x" * 100_000]
    frame = pd.DataFrame({f"{i} {text}": texts for i, text in enumerate(texts)})
    caption = " ".join(texts)
    table = reporting.table_html(frame, caption=caption, headings={frame.columns[0]: caption})
    pairs = reporting.summary_table(list(zip(texts, texts, strict=True)), caption=caption)
    section = reporting.Section(caption, table + pairs + reporting.paragraphs("\n\n".join(texts)))
    yield "every text: page", reporting.page(caption, [section], subtitle=caption), tuple(PLAIN)


#: Every maker of pages.
MAKERS: dict[str, Callable[[Path], Pages]] = {
    "qmethod": of_qmethod,
    "instrument": of_instrument,
    "representativeness": of_representativeness,
    "impact": of_impact,
    "coding": of_coding,
    "evaluation": of_evaluation,
    "mistakes": of_wrong_tables,
    "forms": of_forms,
    "workbench": of_the_workbench,
    "texts": of_every_text,
}


def pages(maker: str, folder: Path) -> list[tuple[str, str, tuple[str, ...]]]:
    """The pages of a maker: name, document, and what must be seen on it letter by letter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(MAKERS[maker](folder))
