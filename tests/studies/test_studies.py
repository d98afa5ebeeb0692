"""The studies that come with dmpkit: manifests, figures, notebooks, what may be stored."""

from __future__ import annotations

import ast
import json
import re
import shutil

import pytest

from dmpkit import datasets
from dmpkit.errors import DataNotDownloaded
from dmpkit.workbench import Study
from dmpkit.workbench.cells import read_cells
from dmpkit.workbench.reproduce import reproduce

FIRST = [
    "america-in-one-room-2019",
    "ccc-2019",
    "ccc-2021",
    "distortions-2022",
    "follow-up-trackers",
    "governance-viewpoints-2024",
    "irish-convention",
    "jersey-jury-2021",
    "lipset-1963",
    "minipublics-overview",
    "oecd-webinar-2021",
    "polycrisis-2024",
    "power-privilege-2022",
    "practitioner-ethics-2024",
    "response-milestones",
    "sortition-2021",
    "uk-assemblies",
    "uk-local-panels",
    "what-matching-can-show",
]
SLUGS = sorted(p.parent.name for p in datasets.studies_path().glob("*/study.toml"))
VERDICT = "application/vnd.dmpkit.verdict+json"


def open_study(slug):
    return Study.open(datasets.studies_path(slug))


def notebook(slug):
    text = open_study(slug).notebook_path().read_text(encoding="utf-8")
    return json.loads(text)


def outputs(slug):
    return [out for cell in notebook(slug)["cells"] for out in cell.get("outputs", [])]


def verdicts(slug):
    return [out["data"][VERDICT] for out in outputs(slug) if VERDICT in out.get("data", {})]


def stored_text(slug):
    """All text that a notebook stores in its outputs."""
    kept = []
    for out in outputs(slug):
        data = {k: v for k, v in out.get("data", {}).items() if k != "image/png"}
        kept.append(json.dumps([data, out.get("text", ""), out.get("metadata", {})]))
    return "\n".join(kept)


def test_the_first_studies_are_there():
    assert set(FIRST) <= set(SLUGS)


@pytest.mark.parametrize("slug", SLUGS)
def test_a_study_can_be_opened_and_says_what_it_is(slug):
    study = open_study(slug)
    assert study.question.endswith("?")
    assert study.figures
    assert study.citation
    assert study.licence


@pytest.mark.parametrize("slug", SLUGS)
def test_every_published_table_that_is_here_can_be_read(slug):
    study = open_study(slug)
    for figure in study.figures:
        if not figure.is_table:
            continue
        try:
            cells = study.published_cells(figure)
        except DataNotDownloaded:
            pytest.skip(f"data of {slug} not downloaded")
        assert cells is not None
        assert cells.rows, figure.figure


@pytest.mark.parametrize("slug", SLUGS)
def test_every_available_figure_says_where_it_stands(slug):
    assert all(figure.where for figure in open_study(slug).figures)


@pytest.mark.parametrize("slug", FIRST)
def test_the_stored_notebook_has_one_verdict_a_figure_and_none_differs(slug):
    named = [verdict["figure"] for verdict in verdicts(slug)]
    assert sorted(named) == sorted(figure.figure for figure in open_study(slug).figures)
    assert not [v["figure"] for v in verdicts(slug) if v["verdict"] == "differs"]


@pytest.mark.parametrize("slug", FIRST)
def test_the_notebook_is_well_made(slug):
    book = notebook(slug)
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    assert book["metadata"]["kernelspec"]["name"] == "python3"
    ids = [cell["id"] for cell in book["cells"]]
    assert ids[0] == "question"
    assert "published-here" in ids
    assert "try-next" in ids
    for out in outputs(slug):
        assert out["output_type"] != "error"
        if "image/png" in out.get("data", {}):
            assert len(out["metadata"]["image/png"]["alt"]) > 30


@pytest.mark.parametrize("slug", FIRST)
def test_stored_outputs_hold_no_path_of_a_machine(slug):
    assert not re.search(r"/(home|Users|root|tmp|work|mnt)/|[A-Z]:\\\\", stored_text(slug))


# --- Lipset ---------------------------------------------------------------------------


def test_lipset_statements_are_all_marked_as_paraphrases():
    statements = open_study("lipset-1963").table("statements")
    assert len(statements) == 33
    assert statements["paraphrase"].all()
    assert statements["text"].is_unique


def test_lipset_sorts_keep_the_forced_distribution():
    sorts = open_study("lipset-1963").table("sorts").set_index("statement")
    grid = sorted([-4] * 2 + [-3] * 3 + [-2] * 4 + [-1] * 5 + [0] * 5)
    grid = sorted(grid + [1] * 5 + [2] * 4 + [3] * 3 + [4] * 2)
    assert sorts.shape == (33, 9)
    assert all(sorted(sorts[name]) == grid for name in sorts)


def test_lipset_figures_are_said_to_be_a_programs_output():
    figures = {f.figure: f for f in open_study("lipset-1963").figures}
    assert figures.pop("brown-tables").is_available is False
    assert {f.basis for f in figures.values()} == {"program output"}
    assert all(f.where.startswith("R: ") for f in figures.values())


# --- polycrisis: others hold the data ---------------------------------------------------


def test_polycrisis_ships_none_of_its_data():
    study = open_study("polycrisis-2024")
    assert all(item.download and item.licence == "CC BY-NC 4.0" for item in study.data)
    assert {p.name for p in study.folder.iterdir()} == {"study.toml", "published.csv"}


def test_polycrisis_outputs_name_no_participant():
    assert not re.search(r"\bid_\d+", stored_text("polycrisis-2024"))


def test_polycrisis_stores_no_wording_of_the_source():
    study = open_study("polycrisis-2024")
    try:
        path = study.path("kade-results")
    except DataNotDownloaded as missing:
        pytest.skip(str(missing))
    wording = [str(row[0]) for row in read_cells(path, "statements!B4:B36").rows]
    assert len(wording) == 33
    words = stored_text("polycrisis-2024") + json.dumps(
        [cell["source"] for cell in notebook("polycrisis-2024")["cells"]]
    )
    words = re.sub(r"\W+", " ", words).lower()
    for statement in wording:
        assert re.sub(r"\W+", " ", statement).strip().lower() not in words


# --- governance: the slot for published arrays ------------------------------------------


def test_the_slot_is_empty_and_described():
    study = open_study("governance-viewpoints-2024")
    arrays = study.table("published-arrays")
    assert list(arrays.columns) == ["statement", "text", "RB", "PA", "SC", "AU", "CC"]
    assert arrays.empty
    about = datasets.DataPackage.open(study.folder).description
    assert "type one row a statement" in about


def test_the_slot_takes_arrays_when_they_are_typed_in(tmp_path):
    from dmpkit.qmethod.viewpoints import array_correlations

    folder = shutil.copytree(
        datasets.studies_path("governance-viewpoints-2024"), tmp_path / "studies" / "filled"
    )
    rows = ["1,made up,1,0,-1,1,0", "2,,0,1,0,-1,-1", "3,,-1,-1,1,0,1"]
    with (folder / "published-arrays.csv").open("a", encoding="utf-8") as handle:
        handle.write("\n".join(rows) + "\n")
    datasets.refresh_hashes(folder)
    found = array_correlations(Study.open(folder).table("published-arrays"))
    assert len(found) == 10
    assert found.set_index(["viewpoint", "other"]).loc[("RB", "SC"), "correlation"] == -1


def test_no_number_is_presented_as_the_governance_studys():
    missing = {f.figure for f in open_study("governance-viewpoints-2024").figures if f.value == ""}
    assert {"sorts", "loadings", "factor-arrays", "consensus-statements"} <= missing
    said = {v["figure"]: v["verdict"] for v in verdicts("governance-viewpoints-2024")}
    assert all(
        said[name] == "not reproducible"
        for name in ("sorts", "loadings", "factor-arrays", "consensus-statements")
    )


# --- synthetic sorts ----------------------------------------------------------------------


def test_figures_of_the_simulation_are_called_our_own():
    study = open_study("what-matching-can-show")
    assert study.kind == "synthetic"
    assert {f.basis for f in study.figures} == {"computed by us"}


@pytest.mark.parametrize("slug", ["what-matching-can-show", "governance-viewpoints-2024"])
def test_pictures_of_synthetic_sorts_say_so(slug):
    alts = [
        out["metadata"]["image/png"]["alt"]
        for cell in notebook(slug)["cells"]
        if cell["id"].startswith(("match", "curves", "hidden"))
        for out in cell.get("outputs", [])
        if "image/png" in out.get("data", {})
    ]
    assert len(alts) == 2
    assert all("synthetic" in alt.lower() for alt in alts)


# --- the tour ----------------------------------------------------------------------------


def tour():
    path = datasets.notebooks_path("01-tour-q-methodology.ipynb")
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def test_the_tour_has_twelve_pictures_and_a_form():
    ids = [cell["id"] for cell in tour()]
    numbered = [name for name in ids if re.fullmatch(r"picture-\d+", name)]
    assert numbered == [f"picture-{i}" for i in range(1, 13)]
    pictures = {
        cell["id"]: out["metadata"]["image/png"]["alt"]
        for cell in tour()
        for out in cell.get("outputs", [])
        if "image/png" in out.get("data", {})
    }
    before_the_form = ids[: ids.index("your-own-file")]
    assert len([name for name in pictures if name in before_the_form]) == 12
    assert all(len(alt) > 30 for alt in pictures.values())
    for name in ("before-after", "match"):
        assert "synthetic" in pictures[name].lower()


def test_the_form_reads_a_file_of_ones_own(tmp_path):
    import dmpkit.qmethod as qm

    path = tmp_path / "own.csv"
    path.write_bytes(datasets.studies_path("lipset-1963", "sorts.csv").read_bytes())
    study = open_study("lipset-1963")
    source = {cell["id"]: "".join(cell["source"]) for cell in tour()}["your-file"]
    source = source.replace('MY_FILE = ""', f"MY_FILE = {str(path)!r}", 1)
    held = {"qm": qm, "study": study}
    exec(source, held)  # a cell of our own notebook
    assert held["yours"].n_sorts == 9


# --- one wrong number takes no other figure's verdict --------------------------------------

LENGTH = """\
import inspect
import dmpkit.qmethod as qm

source = inspect.getsource(qm.z_scores)
wrong = source.replace("(len(x) - 1)", "len(x)")
assert wrong != source
space = dict(qm.z_scores.__globals__)
exec("from __future__ import annotations\\n" + wrong, space)
qm.z_scores.__code__ = space["z_scores"].__code__
"""
CRITICAL = """\
from dmpkit.qmethod import flags

for values in flags._CRITICAL.values():
    values[0.05] = 1.95
"""
CODING = """\
import dataclasses
import dmpkit.qmethod as qm

read = qm.Viewpoints.load.__func__


def load(cls, name):
    views = read(cls, name)
    values = views.values.copy()
    values[views.claims.index("government"), views.codes.index("PA")] *= -1
    return dataclasses.replace(views, values=values)


qm.Viewpoints.load = classmethod(load)
"""
CLOSED = """\
import sys
import dmpkit.impact

ways = sys.modules["dmpkit.impact.multiverse"]  # the function has the module's name
ways.DENOMINATORS = {**ways.DENOMINATORS, "closed": ways.DENOMINATORS["all"]}
"""
DAYS = """\
import dmpkit.impact.deadlines as deadlines

exact = deadlines.period
deadlines.period = lambda text: tuple(day + (len(text) == 7) for day in exact(text))
"""
WORDS = """\
import dmpkit.coding.quantifiers as words

words.ORDER = tuple(pair for pair in words.ORDER if pair != ("some", "a couple"))
"""


def with_code(slug, code, folder):
    """A study in a folder of its own, its notebook with a cell put before all others."""
    study = open_study(slug)
    try:
        for item in study.data:
            study.path(item.name)
    except DataNotDownloaded as missing:
        pytest.skip(str(missing))
    book = notebook(slug)
    first = {"cell_type": "code", "id": "sabotage", "metadata": {}, "outputs": []}
    book["cells"].insert(0, {**first, "execution_count": None, "source": code})
    shutil.copytree(study.folder, folder / "studies" / slug)
    (folder / "notebooks").mkdir()
    (folder / "notebooks" / study.notebook).write_text(json.dumps(book), encoding="utf-8")
    return folder / "studies" / slug


def sabotaged(slug, code, folder):
    """The result of a study when code of dmpkit is wrong."""
    (result,) = reproduce([str(with_code(slug, code, folder))], out=folder / "out")
    return result


def assert_one_verdict_a_figure(result):
    given = sorted(verdict.figure for verdict in result.verdicts)
    assert given == sorted(figure.figure for figure in result.study.figures)
    for problem in result.problems:
        assert "it says no more" not in problem  # every assert has words
        assert "NameError" not in problem


@pytest.mark.parametrize(
    ("slug", "code", "differ"),
    [
        pytest.param(
            "governance-viewpoints-2024",
            CODING,
            {"closer-to-government", "at-a-distance", "pairs"},
            marks=pytest.mark.long,
        ),
        ("ccc-2021", CLOSED, {"highest"}),
        (
            "irish-convention",
            DAYS,
            {"days-report-9-shortest", "days-report-9-longest"},
        ),
        pytest.param(
            "practitioner-ethics-2024",
            WORDS,
            {"orders-known", "orders-of-the-notes"},
            marks=pytest.mark.long,
        ),
        pytest.param(
            "lipset-1963",
            LENGTH,
            {
                "z-scores",
                "characteristics",
                "standard-errors-of-differences",
                "differences",
                "z-scores-factor-analyzer",
            },
            marks=pytest.mark.long,
        ),
        pytest.param(
            "polycrisis-2024",
            LENGTH,
            {
                *(f"z-scores-f{j}" for j in (1, 2, 3)),
                *(f"differences-{pair}" for pair in ("f1-f2", "f1-f3", "f2-f3")),
                "distinguishing-f3",
                "distinguishing-stars-f3",
            },
            marks=pytest.mark.long,
        ),
        pytest.param(
            "polycrisis-2024",
            CRITICAL,
            {"distinguishing-f3", "distinguishing-stars-f3"},
            marks=pytest.mark.long,
        ),
    ],
)
def test_wrong_code_shows_in_its_figures_and_takes_no_other_verdict(slug, code, differ, tmp_path):
    result = sabotaged(slug, code, tmp_path)
    assert_one_verdict_a_figure(result)
    found = {verdict.figure for verdict in result.verdicts if verdict.differs}
    if slug == "lipset-1963":  # an extra that is not always there
        found |= {"z-scores-factor-analyzer"}
    assert found == differ
    assert any("AssertionError: " in problem for problem in result.problems)


@pytest.mark.parametrize("slug", FIRST)
def test_values_and_verdicts_stand_in_cells_without_asserts(slug):
    for cell in notebook(slug)["cells"]:
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]))
        asserts = [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]
        assert all(node.msg is not None for node in asserts), cell["id"]
        assert bool(asserts) == cell["id"].endswith("-said"), cell["id"]


@pytest.mark.parametrize("slug", FIRST)
def test_no_cell_needs_a_name_of_a_cell_of_asserts(slug):
    """Each name read is made by a cell of values, or by the cell itself."""
    code = [cell for cell in notebook(slug)["cells"] if cell["cell_type"] == "code"]
    made, said = set(), set()
    for cell in code:
        names = [n for n in ast.walk(ast.parse("".join(cell["source"]))) if isinstance(n, ast.Name)]
        stored = {n.id for n in names if isinstance(n.ctx, ast.Store)}
        if cell["id"].endswith("-said"):
            said |= stored - made
            continue
        made |= stored
        read = {n.id for n in names if isinstance(n.ctx, ast.Load)}
        assert not (read & said) - made, cell["id"]
