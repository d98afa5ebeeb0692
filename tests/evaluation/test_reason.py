"""The Deliberative Reason Index against deliberr in R and an independent program in numpy."""

from __future__ import annotations

import itertools
import json
import math
import resource
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dmpkit import evaluation as ev
from dmpkit.errors import DataError, ReasonDataWarning, SmallCellWarning
from dmpkit.evaluation.reason_data import row_ranks, row_spearman
from dmpkit.evaluation.reason_steps import (
    ChanceTerms,
    index_of,
    pair_terms,
    permuted_indices,
)

REFERENCE = Path(__file__).parents[1] / "reference" / "dri"
CASES = ("activate", "bellinzona")
STAGES = {"pre": (1, "before"), "post": (2, "after")}
FORMS = ("original", "adjusted")


@cache
def expected(case: str) -> dict[str, Any]:
    return json.loads((REFERENCE / f"{case}.expected.json").read_text())


@cache
def survey(case: str, stage: str) -> ev.ReasonSurvey:
    rows = pd.read_csv(REFERENCE / f"{case}.csv")
    number, name = STAGES[stage]
    return ev.ReasonSurvey.from_frame(rows[rows.stage_id == number], person="pnum", stage=name)


def every_stage() -> Any:
    return pytest.mark.parametrize(("case", "stage"), list(itertools.product(CASES, STAGES)))


class TestReference:
    @every_stage()
    @pytest.mark.parametrize("form", FORMS)
    def test_group_and_individual_values(self, case: str, stage: str, form: str) -> None:
        made = ev.reason_index(survey(case, stage), adjusted=form == "adjusted")
        r, numpy = expected(case)["from_R"][stage], expected(case)["from_numpy"][stage][form]
        assert made.value == pytest.approx(r[f"dri_{form}"], abs=1e-9)
        assert made.value == pytest.approx(numpy["dri"], abs=1e-9)
        wanted = {str(row["pnum"]): row[form] for row in r["individual"]}
        got = dict(zip(made.individual["person"], made.individual["value"], strict=True))
        assert got == pytest.approx(wanted, abs=1e-9)
        assert made.individual["value"].mean() == pytest.approx(made.value, abs=1e-12)

    @every_stage()
    def test_pairs_and_sizes(self, case: str, stage: str) -> None:
        r, made = expected(case)["from_R"][stage], ev.reason_index(survey(case, stage))
        c, p = survey(case, stage).considerations, survey(case, stage).preferences
        assert (made.n_people, made.n_pairs) == (r["n"], r["n_pairs"])
        assert (c.shape[1], p.shape[1]) == (r["n_C"], r["n_P"])
        assert (np.isnan(c).sum(), np.isnan(p).sum()) == (r["n_missing_C"], r["n_missing_P"])
        assert len(made.survey.left_out) == r["n_constant_C_rows"] + r["n_constant_P_rows"] == 0
        assert [c.min(), c.max()] == r["c_range"]
        assert [p.min(), p.max()] == r["p_range"]
        pairs = made.pairs
        # 1e-9: R prints thirteen digits
        assert pairs["considerations"].mean() == pytest.approx(r["mean_ccor"], abs=1e-9)
        assert pairs["preferences"].mean() == pytest.approx(r["mean_pcor"], abs=1e-9)
        assert pairs["distance"].mean() == pytest.approx(r["mean_dj"], abs=1e-9)
        together = pairs["considerations"].corr(pairs["preferences"])
        assert together == pytest.approx(r["pearson_ccor_pcor"], abs=1e-9)
        assert (pairs["weight"] < 1).mean() == pytest.approx(r["share_pairs_penalised"], abs=1e-9)

    @every_stage()
    def test_alphas(self, case: str, stage: str) -> None:
        wanted = expected(case)["from_R"][stage]["alpha"]
        alphas = ev.reason_index(survey(case, stage)).alphas["alpha"].tolist()
        # 1e-6 as the reference asks; psych turns items by their sign on a component
        assert alphas == pytest.approx(list(wanted.values()), abs=1e-6)

    @every_stage()
    @pytest.mark.parametrize("form", FORMS)
    def test_chance(self, case: str, stage: str, form: str) -> None:
        numpy = expected(case)["from_numpy"][stage][form]
        made = ev.reason_index(
            survey(case, stage), adjusted=form == "adjusted", n_permutations=10_000, seed=2
        )
        assert made.chance_level == pytest.approx(numpy["null_mean_exact"], abs=1e-9)
        assert made.corrected == pytest.approx(numpy["chance_corrected"], abs=1e-9)
        assert made.exact == numpy["exact"]
        z = (made.value - made.chance_level) / made.chance_sd
        if numpy["exact"]:
            assert made.permuted is not None
            assert len(made.permuted) == numpy["n_perm"] == 40_320
            assert made.p_value == pytest.approx(numpy["p_perm"], abs=1e-9)
            assert made.chance_sd == pytest.approx(numpy["null_sd"], abs=1e-9)
            # the mean over all re-pairings is the closed form
            assert made.permuted.mean() == pytest.approx(made.chance_level, abs=1e-12)
            assert z == pytest.approx(numpy["z"], abs=1e-6)
        else:
            p = numpy["p_perm"]
            error = math.sqrt(p * (1 - p) * (1 / 10_000 + 1 / numpy["n_perm"]))
            assert abs(made.p_value - p) <= 4 * error + 1 / 10_001
            # a spread from B draws has an error of about 1/sqrt(2B), here with skewed tails
            assert made.chance_sd == pytest.approx(numpy["null_sd"], rel=4 / math.sqrt(10_000))
            assert z == pytest.approx(numpy["z"], rel=4 / math.sqrt(10_000))


class TestSteps:
    def test_ranks_and_correlations_equal_scipy(self) -> None:
        x = np.random.default_rng(3).integers(1, 6, (7, 9)).astype(float)
        np.testing.assert_allclose(row_ranks(x), stats.rankdata(x, axis=1))
        np.testing.assert_allclose(row_spearman(x), stats.spearmanr(x, axis=1)[0], atol=1e-12)

    def test_missing_answers_pair_by_pair_equal_scipy(self) -> None:
        rng = np.random.default_rng(4)
        x = rng.integers(1, 8, (6, 12)).astype(float)
        x[rng.random(x.shape) < 0.2] = np.nan
        got = row_spearman(x)
        for i, j in itertools.combinations(range(6), 2):
            both = ~np.isnan(x[i]) & ~np.isnan(x[j])
            wanted = stats.spearmanr(x[i, both], x[j, both])[0]
            assert got[i, j] == pytest.approx(wanted, abs=1e-12)

    @pytest.mark.parametrize("adjusted", [False, True])
    @pytest.mark.parametrize("size", [1.0, 0.25])
    def test_chance_terms_equal_all_combinations(self, size: float, adjusted: bool) -> None:
        rng = np.random.default_rng(5)
        c, p = size * rng.uniform(-1, 1, (2, 60)).round(1)  # with ties and zeros
        u = rng.integers(0, 3, (4, 60)).astype(float)
        grid = pair_terms(c[:, None], p[None, :], adjusted=adjusted)
        terms = ChanceTerms.of(c, p, adjusted=adjusted)
        assert terms.mean() == pytest.approx(grid.mean(), abs=1e-12)
        wanted = [w @ grid @ w / w.sum() ** 2 for w in u]
        np.testing.assert_allclose(terms.mean(u), wanted, atol=1e-12)
        np.testing.assert_allclose(terms.sums()[0], grid.sum(axis=1), atol=1e-10)

    @pytest.mark.parametrize("adjusted", [False, True])
    def test_floors_and_ceiling(self, adjusted: bool) -> None:
        one = np.array([1.0])
        assert index_of(pair_terms(one, one, adjusted=adjusted).mean()) == pytest.approx(1)
        assert index_of(pair_terms(one, -one, adjusted=adjusted).mean()) == pytest.approx(-3)
        zero = index_of(pair_terms(0 * one, 0 * one, adjusted=adjusted).mean())
        assert zero == pytest.approx(1 - 2 * math.sqrt(2) if adjusted else 1)

    @pytest.mark.parametrize("adjusted", [False, True])
    def test_all_ways_to_re_pair_agree(
        self, adjusted: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from dmpkit.evaluation import reason_steps

        rng = np.random.default_rng(6)
        c, p = (row_spearman(rng.random((12, 7))) for _ in range(2))
        orders = np.array([rng.permutation(12) for _ in range(20)])
        small = reason_steps._reindexed(orders, c, p, adjusted)
        monkeypatch.setattr(reason_steps, "MANY_PEOPLE", 5)
        np.testing.assert_allclose(reason_steps._reindexed(orders, c, p, adjusted), small)
        gaps = reason_steps._reindexed_with_gaps(orders, c, p, adjusted)
        np.testing.assert_allclose(gaps, small)
        i, j = np.triu_indices(12, 1)
        direct = [
            index_of(pair_terms(c[i, j], p[np.ix_(o, o)][i, j], adjusted=adjusted).mean())
            for o in orders
        ]
        np.testing.assert_allclose(small, direct)

    def test_workers_do_not_change_the_result(self) -> None:
        rng = np.random.default_rng(7)
        c, p = (row_spearman(rng.random((11, 7))) for _ in range(2))
        one, _ = permuted_indices(c, p, n_permutations=600, seed=1, n_jobs=1)
        two, _ = permuted_indices(c, p, n_permutations=600, seed=1, n_jobs=2)
        np.testing.assert_array_equal(one, two)

    def test_alpha_with_a_turned_item(self) -> None:
        x = np.array([[1, 1, 5.0], [2, 3, 3], [3, 2, 4], [5, 4, 1], [4, 5, 2]])
        turned = x * [1, 1, -1]
        assert ev.cronbach_alpha(x) == pytest.approx(ev.cronbach_alpha(turned, turn=False))
        assert ev.cronbach_alpha(x, turn=False) < 0 < ev.cronbach_alpha(x)
        assert math.isnan(ev.cronbach_alpha([[1, 2], [1, 3]]))


class TestProperties:
    @settings(max_examples=15, deadline=None)
    @given(st.integers(0, 10_000), st.booleans())
    def test_relabelling_people_changes_nothing(self, seed: int, adjusted: bool) -> None:
        rng = np.random.default_rng(seed)
        c, p = rng.integers(1, 8, (9, 12)), np.argsort(rng.random((9, 5)), axis=1)
        order = rng.permutation(9)
        one = ev.reason_index(ev.ReasonSurvey(c, p, list("abcdefghi")), adjusted=adjusted)
        people = [list("abcdefghi")[i] for i in order]
        two = ev.reason_index(ev.ReasonSurvey(c[order], p[order], people), adjusted=adjusted)
        assert one.value == pytest.approx(two.value, abs=1e-12)
        assert one.chance_level == pytest.approx(two.chance_level, abs=1e-12)
        values = [dict(zip(m.individual["person"], m.individual["value"], strict=True))
                  for m in (one, two)]  # fmt: skip
        assert values[0] == pytest.approx(values[1], abs=1e-12)

    @settings(max_examples=15, deadline=None)
    @given(st.integers(0, 10_000))
    def test_scales_and_reversals_change_nothing(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        c, p = rng.random((7, 8)), rng.random((7, 5))
        one = ev.reason_index(ev.ReasonSurvey(c, p))
        two = ev.reason_index(ev.ReasonSurvey(np.exp(3 * c), -p))
        assert one.value == pytest.approx(two.value, abs=1e-12)
        assert -3 <= one.value <= 1


class TestMissing:
    @pytest.fixture
    def answers(self) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(8)
        return rng.random((6, 8)), rng.random((6, 5))

    def test_constant_person_is_reported_and_left_out(self, answers: Any) -> None:
        c, p = answers
        full = ev.reason_index(ev.ReasonSurvey(c[1:], p[1:]))
        c[0] = 4
        survey = ev.ReasonSurvey(c, p, list("abcdef"))
        with pytest.warns(ReasonDataWarning, match="a \\(the same answer to all considerations"):
            made = ev.reason_index(survey)
        assert made.value == pytest.approx(full.value, abs=1e-12)
        assert math.isnan(made.individual["value"].iloc[0])
        assert made.individual["note"].iloc[0] == "the same answer to all considerations"
        assert made.n_people == 5
        assert "a (the same answer" in made.summary()
        assert list(made.frames()) == ["index", "individual", "pairs", "left_out"]

    def test_rules_for_missing_answers(self, answers: Any) -> None:
        c, p = answers
        others = ev.reason_index(ev.ReasonSurvey(c[1:], p[1:]))
        c[0, 0] = np.nan
        pairwise = ev.reason_index(ev.ReasonSurvey(c, p))
        assert pairwise.n_people == 6
        short = stats.spearmanr(c[0, 1:], c[1, 1:])[0]
        assert pairwise.pairs["considerations"].iloc[0] == pytest.approx(short)
        assert "1 answers are missing; two people" in pairwise.methods_text()
        with pytest.warns(ReasonDataWarning, match="1 missing answers"):
            excluded = ev.reason_index(ev.ReasonSurvey(c, p, missing="exclude"))
        assert excluded.value == pytest.approx(others.value, abs=1e-12)
        assert "excluded" in excluded.methods_text()
        assert pairwise.alphas["note"].tolist() == [
            "answers are missing",
            "",
            "answers are missing",
        ]

    def test_pairs_without_items_in_common(self, answers: Any) -> None:
        c, p = answers
        c[0, :4], c[1, 4:] = np.nan, np.nan
        with pytest.warns(ReasonDataWarning, match="1 of 15 pairs are left out"):
            made = ev.reason_index(ev.ReasonSurvey(c, p), n_permutations=50, seed=1)
        assert made.n_pairs == 14
        assert made.individual["n_pairs"].tolist() == [4, 4, 5, 5, 5, 5]
        terms = pair_terms(made.pairs["considerations"], made.pairs["preferences"])
        assert made.value == pytest.approx(index_of(terms.mean()))
        assert made.permuted is not None
        assert np.isfinite(made.permuted).all()

    def test_full_consensus_has_no_corrected_value(self) -> None:
        made = ev.reason_index(ev.ReasonSurvey([[1, 2, 3]] * 4, [[2, 1, 3]] * 4), n_permutations=9)
        assert (made.value, made.chance_level) == (1.0, 1.0)
        assert math.isnan(made.corrected)
        assert "undefined" in made.corrected_note
        assert "cannot be told" in made.summary()
        assert made.p_value == 1.0


class TestInput:
    def test_frames_of_any_kind(self) -> None:
        rows = pd.read_csv(REFERENCE / "bellinzona.csv")
        rows = rows[rows.stage_id == 1]
        one = ev.ReasonSurvey.from_frame(rows, person="pnum")
        two = ev.ReasonSurvey.from_frame(pl.from_pandas(rows), person="pnum")
        np.testing.assert_array_equal(one.considerations, two.considerations)
        assert one.people == two.people
        names = [name for name in rows.columns if name.startswith("C") and name[1:].isdigit()]
        three = ev.ReasonSurvey.from_frame(rows, considerations=names, preferences="P")
        np.testing.assert_array_equal(one.considerations, three.considerations)
        assert three.people[:2] == ("1", "2")
        four = ev.ReasonSurvey(rows[names], pl.from_pandas(rows.filter(regex=r"^P\d")))
        assert ev.reason_index(four).value == ev.reason_index(one).value
        tables = ev.reason_index(one).tables(kind="polars")
        assert isinstance(tables["individual"], pl.DataFrame)

    @pytest.mark.parametrize(
        ("c", "p", "people", "said"),
        [
            ([[1, 2, 3]], [[1, 2, 3]], None, "There are 1 people"),
            ([[1, 2, 3]] * 2, [[1, 2, 3]] * 3, None, "2 people with considerations and 3"),
            ([[1, 2]] * 3, [[1, 2, 3]] * 3, None, "only be 1 or -1"),
            ([[1, 2, 3]] * 2, [[1, 2, 3]] * 2, ["a", "a"], "'a' stands at positions 1 and 2"),
            ([[1, 2, 3]] * 2, [[1, 2, 3]] * 2, ["a"], "2 rows of answers and 1 labels"),
            ([[1, 2, "x"]] * 2, [[1, 2, 3]] * 2, None, "not a table of numbers"),
            ([[1, 2, math.inf]] * 2, [[1, 2, 3]] * 2, None, "column C3: An answer .* is infinite"),
            ([1, 2, 3], [[1, 2, 3]] * 3, None, "1 dimensions"),
            (3, [[1, 2, 3]] * 3, None, "not a data frame"),
        ],
    )
    def test_bad_surveys(self, c: Any, p: Any, people: Any, said: str) -> None:
        with pytest.raises(DataError, match=said):
            ev.ReasonSurvey(c, p, people)

    def test_bad_frames_and_options(self) -> None:
        rows = pd.DataFrame({"who": ["a", "a"], "C1": [1, 2], "C2": ["3", "x"], "P1": [1, 2]})
        with pytest.raises(DataError, match="row 3, column C2: 'x' is not a number"):
            ev.ReasonSurvey.from_frame(rows)
        with pytest.raises(DataError, match="'a' stands in more than one row"):
            ev.ReasonSurvey.from_frame(rows, person="who")
        with pytest.raises(DataError, match="No column is called 'Q' and a number"):
            ev.ReasonSurvey.from_frame(rows, considerations="Q")
        with pytest.raises(DataError, match="'person' is missing"):
            ev.ReasonSurvey.from_frame(rows, person="person")
        with pytest.raises(DataError, match="rule for missing answers"):
            ev.ReasonSurvey([[1, 2, 3]] * 2, [[1, 2, 3]] * 2, missing="drop")  # type: ignore[arg-type]
        good = ev.ReasonSurvey([[1, 2, 3], [1, 3, 2]], [[1, 2, 3]] * 2)
        with pytest.raises(DataError, match="n_permutations is -1"):
            ev.reason_index(good, n_permutations=-1)
        with pytest.raises(DataError, match="The survey is a DataFrame"):
            ev.reason_index(rows)  # type: ignore[arg-type]
        alone = ev.ReasonSurvey([[1, 2, 3], [1, 1, 1]], [[1, 2, 3]] * 2)
        with (
            pytest.warns(ReasonDataWarning),
            pytest.raises(DataError, match="No pair of people has"),
        ):
            ev.reason_index(alone)

    def test_sub_groups(self) -> None:
        stage = survey("activate", "post")
        labels = ["a"] * 12 + ["b"] * 14
        made = ev.sub_groups(stage, labels)
        inside = ev.reason_index(stage.select(range(12)))
        first = made.table.iloc[0]
        assert first["value"] == pytest.approx(inside.value, abs=1e-12)
        assert first["chance_level"] == pytest.approx(inside.chance_level, abs=1e-12)
        assert made.table["n_pairs"].sum() == 325
        whole = np.average(made.table["value"], weights=made.table["n_pairs"])
        assert whole == pytest.approx(ev.reason_index(stage).value, abs=1e-12)
        named = ev.sub_groups(stage, dict(zip(stage.people, labels, strict=True)))
        pd.testing.assert_frame_equal(made.table, named.table)
        with pytest.warns(SmallCellWarning, match="fewer than 5 people: b"):
            ev.sub_groups(stage, ["a"] * 23 + ["b"] * 3)
        with pytest.raises(DataError, match="one group"):
            ev.sub_groups(stage, ["a"] * 26)
        with pytest.raises(DataError, match="2 labels for 26 people"):
            ev.sub_groups(stage, ["a", "b"])


class TestSpeed:
    # limits with room for a busy machine; the targets are 2 ms, 0.6 s and 60 s
    def test_index_of_26_people(self) -> None:
        source = survey("activate", "post")

        def once() -> float:
            start = time.process_time()
            fresh = ev.ReasonSurvey(source.considerations, source.preferences, source.people)
            ev.reason_index(fresh)
            return time.process_time() - start

        assert min(once() for _ in range(20)) < 0.006

    def test_ten_thousand_re_pairings(self) -> None:
        start = time.process_time()
        ev.reason_index(survey("activate", "post"), adjusted=True, n_permutations=10_000, seed=1)
        assert time.process_time() - start < 2.5

    @pytest.mark.long
    def test_five_hundred_people(self) -> None:
        # processor time of one worker, which is what two share: a busy machine does not matter
        big = ev.synthetic_stages(500)[0]
        start = time.process_time()
        ev.reason_index(big, adjusted=True, n_permutations=10_000, seed=1, progress=False)
        assert time.process_time() - start < 60
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 2 * 1024**2  # 2 GiB in kB
