"""The whole analysis from one call: what an evaluator brings, gets, and does not get."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pytest

import dmpkit.representativeness as rep
from dmpkit.errors import DataError
from dmpkit.representativeness.small_cells import Merging, fixed_by_margins, merge_small
from tests.helpers import shared_reference

HERE = Path(__file__).parents[1] / "reference" / "representativeness"
VARIABLES = ["gender", "age", "edu", "region", "tenure"]
STAGES = ["invited", "responded", "selected", "attended", "completed"]

#: What the README shows, word for word.
README = """
import dmpkit.representativeness as rep

panel = rep.read_panel("participants.csv")
population = rep.read_population("population.csv")
result = rep.analyse(panel, population)
result
result.plot_margins()
result.not_computed
result.to_excel("representativeness.xlsx")
result.report("representativeness.html")
"""


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return pd.read_csv(HERE / "recruitment_frame.csv")


@pytest.fixture(scope="module")
def population(frame: pd.DataFrame) -> rep.Population:
    return rep.Population.from_microdata(frame, VARIABLES)


@pytest.fixture(scope="module")
def whole(frame, population) -> rep.RepresentativenessAnalysis:
    home = {"adults": "hh_size", "household": "household", "frame_is_population": True}
    return rep.analyse(frame, population, stages=STAGES, household=home)


# --- the evaluator with two files ---------------------------------------------------------


def write_two_files(folder: Path, frame: pd.DataFrame, comma: bool) -> None:
    sep, decimal = (",", ".") if comma else (";", ",")
    members = frame.loc[frame["selected"] == 1, ["person", *VARIABLES]]
    members.to_csv(folder / "participants.csv", sep=sep, index=False)
    rows = [
        (v, c, 100 * share)
        for v in VARIABLES
        for c, share in frame[v].value_counts(normalize=True).items()
    ]
    table = pd.DataFrame(rows, columns=["variable", "category", "percent"])
    table.to_csv(folder / "population.csv", sep=sep, decimal=decimal, index=False)


@pytest.mark.parametrize("comma", [True, False])
def test_two_files_and_ten_lines_are_enough(tmp_path, monkeypatch, frame, whole, comma):
    write_two_files(tmp_path, frame, comma)
    monkeypatch.chdir(tmp_path)
    assert len(README.strip().splitlines()) <= 11
    seen: dict[str, object] = {}
    exec(compile(README, "README.md", "exec"), seen)
    result = seen["result"]
    assert isinstance(result, rep.RepresentativenessAnalysis)
    pd.testing.assert_frame_equal(
        result.overview.sort_values("variable", ignore_index=True)[["variable", "n", "tvd"]],
        whole.overview.sort_values("variable", ignore_index=True)[["variable", "n", "tvd"]],
        rtol=1e-9,  # percentages were written with 16 digits
    )
    assert (tmp_path / "representativeness.xlsx").is_file()
    page = (tmp_path / "representativeness.html").read_text(encoding="utf-8")
    assert "Chance and rounding" in page
    assert "Not computed" in page


# --- numbers come from the checks ---------------------------------------------------------


def test_parts_equal_the_checks_run_alone(frame, population, whole):
    members = frame[frame["selected"] == 1]
    alone = rep.check_margins(members[VARIABLES], population)
    columns = ["variable", "tvd", "tvd_floor", "expected_tvd", "p_exact", "p_exact_holm"]
    key = "variable"
    pd.testing.assert_frame_equal(
        whole.overview[columns].sort_values(key, ignore_index=True),
        alone.variables[columns].sort_values(key, ignore_index=True),
    )
    crossed = rep.intersections(members[VARIABLES], population)
    assert whole.intersections.crossings["present"].sum() == crossed.crossings["present"].sum()
    # RISQ, tests/reference/representativeness/r_reference.csv, key R.invited_to_responded.full
    assert whole.response.raw == pytest.approx(0.687188, abs=5e-7)
    assert whole.response.adjusted == pytest.approx(0.708035, abs=5e-7)
    assert whole.household.raw_share == pytest.approx(0.322, abs=0.02)
    assert whole.stages.stages["n"].tolist() == [2930, 700, 285, 60, 55, 53]


def test_origins_name_the_stage_that_moved_a_gap_furthest(whole):
    row = whole.origins.set_index("variable").loc["edu"]
    parts = whole.stages.decomposition.query("variable == 'edu' and category == 'Level4'")
    assert (row["category"], row["stage"]) == ("Level4", "responded")
    assert row["added"] == pytest.approx(parts["added"].max())
    assert parts["added"].sum() == pytest.approx(row["gap"])


def test_pandas_and_polars_agree(frame, population, whole):
    home = {"adults": "hh_size", "household": "household", "frame_is_population": True}
    other = rep.analyse(
        pl.from_pandas(frame),
        rep.Population.from_microdata(pl.from_pandas(frame), VARIABLES),
        stages=STAGES,
        household=home,
    )
    assert other.summary() == whole.summary()
    for name, table in other.frames().items():
        pd.testing.assert_frame_equal(table, whole.frames()[name], check_dtype=False)
    shown = whole.tables(kind="polars")
    assert isinstance(shown["overview"], pl.DataFrame)


def test_indicators_are_nan_with_a_reason_where_not_assessed(whole):
    bare = rep.analyse({"sex": {"F": 12, "M": 11}}, {"sex": {"F": 0.5, "M": 0.5}})
    for one in bare.indicators():
        assert np.isnan(one.value) == one.note.startswith("not assessed"), one.name
    named = {one.name: one for one in whole.indicators()}
    assert named["response rate"].value == pytest.approx(285 / 700)
    assert named["share of those selected who completed"].value == pytest.approx(53 / 60)
    assert named["quota cells met"].note == "not assessed: no quotas were given"


def test_what_was_not_computed_says_why_and_what_to_bring(whole):
    bare = rep.analyse({"sex": {"F": 12, "M": 11}}, {"sex": {"F": 0.5, "M": 0.5}})
    found = bare.not_computed.set_index("check")
    assert found.index.tolist() == [
        "quotas", "stages", "response", "intersections", "household", "lottery", "benchmark",
        "weights",
    ]  # fmt: skip
    assert "counts only" in found.loc["intersections", "reason"]
    assert found["bring"].str.len().min() > 10
    assert bare.intersections is None
    assert "not assessed" in bare.summary()
    assert "fair chance was not assessed" in bare.summary()
    with pytest.raises(DataError, match="no quotas were given"):
        bare.plot_quotas()
    assert whole.not_computed["check"].tolist() == ["quotas", "lottery", "benchmark", "weights"]


def test_margins_alone_do_not_give_intersections(frame):
    members = frame.loc[frame["selected"] == 1, VARIABLES]
    margins = {v: frame[v].value_counts(normalize=True).to_dict() for v in VARIABLES}
    result = rep.analyse(members, margins)
    reason = result.not_computed.set_index("check").loc["intersections", "reason"]
    assert reason == "only margins of the population are known"


def test_quota_variables_are_not_tested(frame, population):
    members = frame[frame["selected"] == 1][VARIABLES]
    seats = pd.DataFrame(
        {"variable": "gender", "category": ["Female", "Male"], "min": [29, 29], "max": [31, 31]}
    )
    result = rep.analyse(members, population, quotas=seats, quota_variables=["age"])
    table = result.overview.set_index("variable")
    assert table.loc[["gender", "age"], "p_exact"].isna().all()
    assert table.loc[["edu", "region"], "p_exact"].notna().all()
    assert "2 of 2 quotas met" in table.loc["gender", "reading"]
    assert "Filled by quota and not tested: " in result.summary()
    every = rep.analyse(members[["gender"]], population, quotas=seats)
    assert "filled by quota" in every.summary()
    assert "chance alone could explain" not in every.summary()


def test_a_target_is_named_where_there_is_one(frame, population):
    members = frame[frame["selected"] == 1][VARIABLES]
    result = rep.analyse(members, population, target={"gender": {"Female": 0.5, "Male": 0.5}})
    assert result.overview.set_index("variable").loc["gender", "tvd"] == 0.0
    assert "the target for gender and the population for the rest" in result.summary()


def test_everything_at_once(frame, population):
    pool = frame[frame["responded"] == 1].reset_index(drop=True)
    panel = frame[frame["selected"] == 1].reset_index(drop=True)
    panel = panel.assign(vote=["yes", "no", "yes"] * 20)
    seats = pd.DataFrame(
        {"variable": "gender", "category": ["Female", "Male"], "min": [28, 28], "max": [32, 32]}
    )
    result = rep.analyse(
        panel[["person", *VARIABLES, "vote"]],
        population,
        quotas=seats,
        pool=pool[["gender", "age"]],
        n_draws=1000,
        benchmark={"vote": {"yes": 600, "no": 400}},
        design_effect=1.5,
        weights="rake",
        answers=["vote"],
        attitudes=panel[["vote"]],
        stages=frame,
        seed=3,
    )
    assert set(result.not_computed["check"]) == {"household"}
    assert result.fairness.seats == pytest.approx(60)
    assert result.benchmark["vote"].n == 60
    assert "sensitivity_ranges" in result.frames()
    assert "Fair chance" in result.summary()
    assert result.plot_lottery() is not None
    assert {s.title for s in result.sections()} >= {"In short", "The lottery", "Methods"}


def test_a_table_of_stages_needs_an_order_that_is_known():
    printed = pd.DataFrame(
        {"stage": ["b", "b"], "variable": "sex", "category": ["F", "M"], "count": [5, 6]}
    )
    with pytest.raises(DataError, match="stage_order="):
        rep.analyse({"sex": {"F": 5, "M": 6}}, {"sex": {"F": 1, "M": 1}}, stages=printed,
                    totals={"a": 40})  # fmt: skip


def test_stages_by_name_need_a_list_of_people():
    with pytest.raises(DataError, match="as counts"):
        rep.analyse({"sex": {"F": 5, "M": 6}}, {"sex": {"F": 1, "M": 1}}, stages=["responded"])


def test_a_misspelt_category_stops_the_analysis():
    with pytest.raises(DataError, match="femal"):
        rep.analyse({"sex": {"femal": 5, "male": 6}}, {"sex": {"female": 0.5, "male": 0.5}})


@pytest.mark.parametrize("below", [1, 0, True, 2.5, "five"])
def test_a_threshold_is_a_whole_number_from_two(below):
    with pytest.raises(DataError, match="suppress_below"):
        rep.analyse({"sex": {"F": 5, "M": 6}}, {"sex": {"F": 1, "M": 1}}, suppress_below=below)


# --- printed counts -----------------------------------------------------------------------


def jersey(**more):
    table = pd.read_csv(
        shared_reference().parent / "data-sources" / "representativeness" / "panels.csv"
    )
    own = table[table["panel"] == "jersey_2021_jury"].drop(columns="panel")
    part = own[["variable", "category", "value"]]
    return rep.analyse(
        part[own["stage"] == "selected"].rename(columns={"value": "count"}),
        part[own["stage"] == "population"].rename(columns={"value": "percent"}),
        stages=own,
        stage_order=["invitations", "responded", "selected"],
        totals={"invitations": 4600, "responded": 477, "selected": 23},
        **more,
    )


def test_jersey_is_bent_by_response_and_mended_by_selection():
    result = jersey()
    age = result.overview.set_index("variable").loc["age"]
    # reference/representativeness/marginals.json
    assert age["tvd"] == pytest.approx(0.107217, abs=5e-7)
    assert age["p_exact"] == pytest.approx(0.739872, abs=5e-7)
    assert "'selected' took most back" in result.summary()
    named = {one.name: one for one in result.indicators()}
    assert named["response rate"].value == pytest.approx(477 / 4600)


# --- small cells --------------------------------------------------------------------------


class _Cells(HTMLParser):
    """Text of table cells and of alternatives of pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.alts: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.alts.append(dict(attrs)["alt"])


def tiny(n: int = 41, seed: int = 5) -> pd.DataFrame:
    """Synthetic members with rare categories."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "person": range(n),
            "age": rng.choice(["young", "middle", "old", "oldest"], n, p=[0.3, 0.3, 0.33, 0.07]),
            "area": rng.choice(["north", "south", "island"], n, p=[0.6, 0.35, 0.05]),
            "faith": rng.choice(["none", "rare", "prefer not to say"], n, p=[0.9, 0.05, 0.05]),
        }
    )


def crowd() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    n = 4000
    return pd.DataFrame(
        {
            "age": rng.choice(["young", "middle", "old", "oldest"], n, p=[0.3, 0.3, 0.3, 0.1]),
            "area": rng.choice(["north", "south", "island"], n, p=[0.6, 0.3, 0.1]),
            "faith": rng.choice(["none", "rare"], n, p=[0.8, 0.2]),
        }
    )


COUNTS = {
    "count",
    "members",
    "before",
    "continued",
    "n_unknown",
    "unknown",
    "outside",
    "panel_count",
}


@pytest.mark.parametrize("seed", [5, 6, 7, 8])
def test_no_small_cell_is_left_anywhere(tmp_path, seed):
    members, people = tiny(seed=seed), crowd()
    attitudes = {"vote": {"yes": 30, "no": 9, "blank": 2}}
    result = rep.analyse(
        members,
        people,
        suppress_below=5,
        benchmark={"vote": {"yes": 600, "no": 300, "blank": 100}},
        attitudes=attitudes,
        weights="rake",
    )
    for name, table in result.frames().items():
        for column in COUNTS & set(table.columns):
            values = pd.to_numeric(table[column]).dropna()
            assert not values.between(1, 4).any(), (name, column)
    for table in (result.margins.categories, result.margins.set_apart):
        assert not table["count"].between(1, 4).any()
    path = result.to_excel(tmp_path / "out.xlsx")
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets:
        head = next((r for r in sheet.iter_rows(values_only=True) if COUNTS & set(r)), None)
        if head is None:
            continue
        for row in sheet.iter_rows(values_only=True):
            for label, value in zip(head, row, strict=True):
                if label in COUNTS and isinstance(value, int | float):
                    assert not 0 < value < 5, (sheet.title, label, row)
    page = result.report(tmp_path / "out.html").read_text(encoding="utf-8")
    reader = _Cells()
    reader.feed(page)
    assert reader.alts
    text = re.sub(r"data:image[^\"]*", "", page)
    text = re.sub(r"<table[^>]*><caption>Merged categories.*?</table>", "", text, flags=re.S)
    for rare in ("oldest", "island", "rare"):
        counts = members[["age", "area", "faith"]].melt()["value"].value_counts()
        if 0 < counts.get(rare, 0) < 5:  # the rare category stands only within a merged one
            for alone in (f">{rare}<", f"{rare} × ", f" × {rare}<"):
                assert alone not in text, alone
            assert not any(re.search(rf"(?<!\+ ){rare}(?! \+)[ :(]", alt) for alt in reader.alts)
    assert "weights are numbers of single persons" in set(result.not_computed["reason"])


def test_hidden_cells_do_not_follow_from_what_is_shown():
    result = rep.analyse(tiny(), crowd(), suppress_below=5)
    margins = result.margins.categories
    members = result.intersections
    totals = margins.groupby("variable")["count"].sum()
    assert (totals >= 39).all()
    if members is not None:
        raw = tiny()
        unknown = members.crossings.set_index("crossing")["unknown"]
        for name, cells in members.cells.groupby("crossing"):
            if unknown[name] != 0:  # NaN where few: its numbers would show them against the margins
                assert cells.loc[cells["share"] != 0, "count"].isna().all()
            assert cells["count"].isna().any() or not cells["count"].between(1, 4).any()
            assert cells.loc[cells["count"].isna(), ["share", "gap"]].isna().all().all()
        assert members.n == len(raw)


def test_merging_leaves_no_small_cell_and_never_merges_one_alone():
    rng = np.random.default_rng(2)
    for _ in range(300):
        k = int(rng.integers(2, 8))
        counts = rng.poisson(rng.choice([2, 6, 20], size=(k, 1)), size=(k, int(rng.integers(1, 4))))
        labels = list("abcdefgh"[:k])
        merged = merge_small(labels, counts, 5)
        small = ((counts > 0) & (counts < 5)).any(axis=1)
        if merged is None:
            continue
        assert set(np.array(labels)[small]) <= set(merged)
        assert len(merged) != 1
        inside = np.array([name in merged for name in labels])
        summed = counts[inside].sum(axis=0)
        assert not ((summed > 0) & (summed < 5)).any()
        assert not inside.all()


def test_bands_are_merged_with_their_neighbours():
    ages = ["16-29", "30-44", "45-59", "60-74", "75+"]
    merged = merge_small(ages, [[2], [9], [8], [7], [3]], 5)
    assert merged == {"16-29": "16-29 + 30-44", "30-44": "16-29 + 30-44", "60-74": "60-74 + 75+",
                      "75+": "60-74 + 75+"}  # fmt: skip
    shuffled = merge_small(["75+", "30-44", "under 30", "45-59"], [[2], [9], [4], [8]], 5)
    assert set(shuffled) == {"75+", "45-59", "under 30", "30-44"}
    assert shuffled["under 30"] == "under 30 + 30-44"
    rng = np.random.default_rng(5)
    for _ in range(300):
        k = int(rng.integers(2, 8))
        counts = rng.poisson(rng.choice([2, 6, 20], size=(k, 1)), size=(k, int(rng.integers(1, 4))))
        labels = [f"{10 * i}-{10 * i + 9}" for i in range(k)]
        found = merge_small(labels, counts, 5)
        if found is None:
            continue
        shown = pd.DataFrame(counts).groupby([found.get(x, x) for x in labels]).sum().to_numpy()
        assert not ((shown > 0) & (shown < 5)).any()
        assert len(shown) > 1
        assert (pd.Series(found).value_counts() > 1).all()


def test_the_summary_names_what_was_merged_and_who_is_absent():
    panel = {"age": {"16-29": 2, "30-44": 12, "45+": 30}, "area": {"North": 26, "South": 18}}
    island = {"age": {"16-29": 20, "30-44": 30, "45+": 50},
              "area": {"North": 50, "South": 40, "West": 10}}  # fmt: skip
    hidden = rep.analyse(panel, island, suppress_below=5)
    assert "age: 16-29, 30-44" in hidden.summary()
    said = "Nobody is in area: West (10.0 %, where 4.4 members were to be expected)."
    assert said in hidden.summary()
    assert said in rep.analyse(panel, island).margins.summary()
    full = rep.analyse(panel, {**island, "area": {"North": 50, "South": 49, "West": 1}})
    assert "Nobody is in" not in full.summary()


def test_a_cell_is_fixed_exactly_where_no_other_table_has_the_same_margins():
    rng = np.random.default_rng(4)
    for _ in range(60):
        table = rng.poisson(3, size=(3, 3)) * rng.integers(0, 2, size=(3, 3)) * 50
        if not table.any():
            continue
        cells = pd.DataFrame(
            {"cell": [f"a{i} × b{j}" for i in range(3) for j in range(3)], "count": table.ravel()}
        )
        there = table > 0
        moves = np.zeros((3, 3), dtype=bool)
        for rows in ([0, 1], [0, 2], [1, 2]):
            for columns in ([0, 1], [0, 2], [1, 2]):
                block = np.ix_(rows, columns)
                if there[block].all():  # a change round a rectangle keeps all margins
                    moves[block] = True
        fixed = fixed_by_margins(cells).reshape(3, 3)
        assert not (fixed & moves).any()
        if there.sum() < 6:  # without a longer way round, the rectangles are all there is
            assert (fixed | moves | ~there).all()


def test_stages_that_few_people_left_are_left_out(frame, population):
    result = rep.analyse(frame, population, stages=STAGES, suppress_below=5)
    assert result.stages.flow.stages == ("listed", "invited", "responded", "selected")
    assert "stage attended" in set(result.not_computed["check"])
    groups = result.stages.groups
    left = groups["before"] - groups["continued"]
    assert not left.between(1, 4).any()
    assert not groups["continued"].between(1, 4).any()


def test_jersey_without_small_cells():
    result = jersey(suppress_below=5)
    for name, table in result.frames().items():
        for column in COUNTS & set(table.columns):
            assert not pd.to_numeric(table[column]).between(1, 4).any(), (name, column)
    assert set(result.merging.table["variable"]) >= {"age", "tenure"}
    assert "merged" in result.frames()
    assert "16-29 + " in result.summary() or "16-29" in set(result.merging.table["category"])


def test_a_quota_that_was_missed_is_said_first_and_never_called_enforced():
    people = pd.DataFrame({"level": ["low"] * 27 + ["mid"] * 11 + ["high"] * 12})
    population = pd.DataFrame(
        {"variable": ["level"] * 3, "category": ["low", "mid", "high"], "count": [36, 32, 32]}
    )
    seats = population.assign(min=[17, 15, 15], max=[19, 17, 17]).drop(columns="count")
    result = rep.analyse(people, population, quotas=seats)
    first = "The quota was not met (low: asked 17–19, 27 are members"
    assert result.summary().startswith(f"level: {first}")
    assert result.overview["reading"].iloc[0].startswith(first)
    assert result.margins.variables["reading"].iloc[0].startswith(first)
    assert "enforced" not in result.summary() + result.margins.summary()
    met = rep.analyse(people, population, quotas=seats.assign(min=0, max=50))
    assert "not met" not in met.summary() + met.margins.summary()
    assert "enforced" in met.summary()
    assert "enforced" in met.margins.summary()


def test_merged_categories_are_the_same_in_panel_members_and_printed_numbers():
    """A variable that cannot be shown leaves the panel, its records and the printed numbers."""
    merging = Merging(5, {"age": {"old": "rest", "older": "rest"}}, dropped=("faith",))
    people = pd.DataFrame({"age": ["young"] * 6 + ["old"] * 2 + ["older"] * 4,
                           "faith": ["a", "b"] * 6})  # fmt: skip
    panel = merging.panel(rep.Panel.from_frame(people, variables=["age", "faith"]))
    assert panel.of("age").to_dict() == {"young": 6, "rest": 6}
    assert panel.variables == ("age",)
    assert panel.members["age"].value_counts().to_dict() == {"young": 6, "rest": 6}
    assert "faith" not in panel.members
    printed = merging.printed(pd.DataFrame({
        "Variable": ["age", "age", "age", "faith"], "Category": ["young", "old", "older", "a"],
        "Count": [6, "2", 4, 6],
    }))  # fmt: skip
    assert printed.columns.tolist() == ["variable", "category", "count"]
    assert printed.to_numpy().tolist() == [["age", "young", 6], ["age", "rest", 6]]
