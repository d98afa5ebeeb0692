"""Raters of recommendations: kappas against R, differing items, fidelity, sides."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from dmpkit import plotting
from dmpkit.errors import DataError, LedgerWarning, SmallSampleWarning
from dmpkit.impact.raters import HOW_FAR, raters
from dmpkit.impact.vocabulary import LAYER_OF, STATUSES

HERE = Path(__file__).parents[1] / "reference" / "agreement"
GRADES = json.loads((HERE / "raters_expected.json").read_text())
STATUS = ("not_started", "in_progress", "decided", "implemented_in_part", "implemented")


def judged(seed: str = "101") -> pd.DataFrame:
    """The two raters of the reference, their grades as statuses of the ledger."""
    table = pd.read_csv(HERE / f"raters_{seed}.csv")
    parts = [
        pd.DataFrame({"rec_id": table["id"], "rater": rater, "rater_side": side,
                      "as_of": "2024-05-01", "status": [STATUS[g] for g in table[column]],
                      "fidelity": [g - 1 if g >= 3 else None for g in table[column]],
                      "confidence": None})
        for rater, side, column in (
            ("m1", "government", "rater_a"), ("i1", "independent", "rater_b")
        )
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("seed", ["101", "102"])
def test_kappas_of_how_far_are_those_of_vcd(seed):
    table = raters(judged(seed)).agreement
    found = GRADES[seed]
    for weights in ("linear", "quadratic"):
        row = table[(table["of"] == "how far") & (table["weights"] == f"{weights}")].iloc[0]
        assert row["value"] == pytest.approx(found["vcd"][weights]["value"], abs=1e-10)
        assert row["standard_error"] == pytest.approx(found["vcd"][weights]["ASE"], abs=1e-10)
        assert row["n"] == 50
    words = table[(table["of"] == "status") & (table["coefficient"] == "Cohen's kappa")].iloc[0]
    assert words["value"] == pytest.approx(found["kappa_unweighted"], abs=1e-10)
    share = table[table["coefficient"] == "percent agreement"]["value"].iloc[0]
    assert share == pytest.approx(found["percent_agreement"], abs=1e-12)


@pytest.mark.parametrize("seed", ["101", "102"])
def test_confusion_is_that_of_the_reference(seed):
    counts = raters(judged(seed)).confusion
    cells = np.zeros((5, 5), dtype=int)
    for row in counts.itertuples():
        cells[STATUS.index(row.status_a), STATUS.index(row.status_b)] = row.n
    assert cells.tolist() == GRADES[seed]["confusion"]


def test_items_that_differ():
    found = raters(judged()).items
    cells = np.array(GRADES["101"]["confusion"])
    assert len(found) == cells.sum() - np.trace(cells)
    assert found["gap"].is_monotonic_decreasing
    apart = np.abs(np.subtract.outer(range(5), range(5)))
    assert found["gap"].sum() == (cells * apart).sum()
    assert found.iloc[0].tolist() == ["R018", 3.0, "implemented_in_part", "not_started"]


rests_on_one = pytest.mark.filterwarnings("ignore::dmpkit.errors.SmallSampleWarning")


def small() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "rec_id": ["R1", "R1", "R2", "R2", "R3"],
            "rater": ["m1", "i1", "m1", "i1", "m1"],
            "rater_side": ["government", "independent"] * 2 + ["government"],
            "status": ["implemented"] * 3 + ["no_evidence", "implemented"],
            "fidelity": [4, 2, 3, None, None],
        }
    )


@rests_on_one
def test_fidelity_beside_status():
    got = raters(small()).fidelity.set_index("rater")
    assert got.loc["m1", ["n_implemented", "n_rated", "n_weakened"]].tolist() == [3, 2, 1]
    assert got.loc["m1", "mean_fidelity"] == 3.5  # the unrated one is left out, not 0
    assert got.loc["i1", "retained"] == 0.5
    assert "50 % to 88 %, depending on the rater" in raters(small()).summary()


@rests_on_one
def test_a_status_that_says_nothing_is_no_grade():
    result = raters(small())
    assert result.ratings["grade"].isna().sum() == 1
    gap = result.items.set_index("rec_id")["gap"]
    assert math.isnan(gap["R2"])
    far = result.agreement[result.agreement["of"] == "how far"]
    assert far["n"].tolist() == [1, 1, 1]


def test_sides():
    got = raters(judged()).sides.set_index("rater_side")
    assert got["n_raters"].to_dict() == {"government": 1, "assembly member": 0, "independent": 1}
    assert math.isnan(got.loc["assembly member", "share_implemented"])
    with pytest.warns(LedgerWarning, match="Only one side judged: government"):
        result = raters(judged().assign(rater_side="government"))
    assert "Only one side judged" in result.summary()


def test_a_blank_side_is_that_of_the_rater():
    table = judged()
    table.loc[[0, 3], "rater_side"] = ["", None]
    assert raters(table).sides["n_ratings"].tolist() == [50, 0, 50]
    unsaid = raters(judged().drop(columns="rater_side")).sides.set_index("rater_side")
    assert unsaid.loc["not said", "n_raters"] == 2


def test_equal_content_is_not_called_a_range():
    assert (
        "75 %, by every rater's marks, of the content"
        in raters(judged().assign(fidelity=3)).summary()
    )


def test_the_headline_names_same_words_and_the_unweighted_kappa_beside_the_linear_one():
    result = raters(judged())
    table = result.agreement
    own = table[table["of"] == "status"].set_index("coefficient")
    same = own.loc["percent agreement"]
    assert f"the same status word on {100 * same['value']:.0f} % of {same['n']} items" in (
        result.summary()
    )
    assert "unweighted kappa" in result.summary()


def test_one_rater_only_is_said():
    table = judged()
    with (
        pytest.warns(SmallSampleWarning, match="judged by two raters"),
        pytest.warns(LedgerWarning, match="one side"),
    ):
        result = raters(table[table["rater"] == "m1"])
    assert result.agreement.empty
    assert result.confusion.empty
    assert result.indicators()[0].name == "content kept where implemented, by m1"
    with pytest.raises(DataError, match="one rater only"):
        result.plot_raters()


def test_raters_without_a_common_item():
    table = pd.DataFrame({"rec_id": ["R1", "R2"], "rater": ["a", "b"],
                          "rater_side": ["government", "independent"],
                          "status": ["decided", "implemented"]})  # fmt: skip
    with pytest.warns(SmallSampleWarning):
        result = raters(table)
    assert result.agreement["value"].isna().all()
    assert result.agreement["note"].str.contains("in common").all()


def test_the_latest_rating_counts():
    table = judged()
    later = table[(table["rater"] == "i1") & (table["rec_id"] == "R018")].assign(
        as_of="2024-09-01", status="implemented_in_part"
    )
    both = pd.concat([later, table])
    assert "R018" not in set(raters(both).items["rec_id"])
    assert "R018" in set(raters(both, date="2024-06-30").items["rec_id"])
    with pytest.raises(DataError, match="no rating up to 2023"):
        raters(both, date="2023-01-01")


def test_own_scale_and_words():
    table = small().replace({"status": {"no_evidence": "shelved"}})
    with pytest.raises(DataError, match="'shelved' is not a known status"):
        raters(table)
    scale = {**HOW_FAR, "shelved": 0}
    assert raters(table, scale=scale).items["gap"].tolist() == [4.0]
    with pytest.raises(DataError, match="grade of 'shelved' is 7"):
        raters(table, scale={"shelved": 7})


def test_every_graded_status_is_in_the_vocabulary():
    assert set(HOW_FAR) <= set(LAYER_OF)
    assert set(HOW_FAR.values()) == set(range(5))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda t: t.assign(fidelity=5), "fidelity is '5"),
        (lambda t: t.assign(status="implementd"), "'implemented'"),
        (lambda t: t.assign(rater_side="press"), "not a known side"),
        (lambda t: t.assign(rater=None), "rater is missing"),
        (lambda t: t.drop(columns="status"), "'status' is missing"),
        (lambda t: t.head(0), "no rating"),
        (lambda t: pd.concat([t, t.head(1).assign(status="decided")]), "twice on the same day"),
        (lambda t: t.assign(rater="m1", rec_id=list("abcde")), "more than one side"),
    ],
)
def test_bad_ratings_are_explained(change, match):
    with pytest.raises(DataError, match=match):
        raters(change(small()))


def test_a_side_that_is_not_known_is_shown_in_its_row():
    table = small()
    table["rater_side"] = table["rater_side"].astype(object)
    table.loc[table.index[2], "rater_side"] = "press"
    with pytest.raises(DataError) as told:
        raters(table)
    assert told.value.row == 4  # the header is the first
    assert told.value.column == "rater_side"


def test_frames_of_both_kinds():
    first, second = raters(judged()), raters(pl.from_pandas(judged()))
    for name, table in first.frames().items():
        pd.testing.assert_frame_equal(table, second.frames()[name], check_dtype=False)


def test_bootstrap_and_views(tmp_path):
    result = raters(judged(), n_resamples=80, seed=2)
    far = result.agreement[result.agreement["of"] == "how far"]
    assert (far["low"] < far["value"]).all()
    assert far["note"].str.contains("seed 2").all()
    assert "80 bootstrap resamples" in result.methods_text()
    assert "dmpkit's own proposal" in result.methods_text()
    assert result.report(tmp_path / "r.html").exists()
    assert result.to_excel(tmp_path / "r.xlsx").exists()
    names = [i.name for i in result.indicators()]
    assert names[0] == "agreement of m1 and i1 (linear kappa)"
    assert math.isnan(result.indicators()[1].low)


def test_picture():
    result = raters(judged())
    ax = result.plot_raters()
    assert len(ax.get_yticklabels()) == len(result.items)
    assert ax.get_xlabel().startswith("24 of 50 recommendations graded alike")
    assert "differ on 26 of 50, by up to 3" in plotting.alt_text(ax)
    with pytest.raises(DataError, match="no rater 'x'"):
        result.plot_raters("x")
    many = pd.concat([judged().assign(rec_id=lambda t, k=k: t["rec_id"] + k) for k in "ab"])
    drawn = raters(many).plot_raters()
    assert len(drawn.get_yticklabels()) == 40
    assert "12 more differ" in drawn.get_xlabel()


def test_how_far_each_status_is_graded() -> None:
    by_grade: dict[int, list[str]] = {}
    for status, grade in HOW_FAR.items():
        by_grade.setdefault(grade, []).append(status)
    assert {grade: sorted(by_grade[grade]) for grade in (1, 2, 3, 4)} == {
        1: ["in_progress", "put_to_a_vote", "reopened"],
        2: ["decided"],
        3: ["implemented_in_part"],
        4: ["implemented"],
    }
    assert len(by_grade[0]) == 12


def test_how_far_names_statuses_that_there_are():
    known = {status for layer in STATUSES.values() for status in layer}
    assert set(HOW_FAR) <= known
    assert {status for status, grade in HOW_FAR.items() if grade} == {
        "in_progress", "put_to_a_vote", "reopened", "decided", "implemented_in_part", "implemented",
    }  # fmt: skip
    assert {"abandoned", "rejected", "lost_at_vote", "reversed"} <= set(HOW_FAR)
