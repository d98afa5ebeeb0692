"""Change of the reason index: swap test, customary tests, bootstrap, simulations, pictures."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from dmpkit import evaluation as ev
from dmpkit import plotting
from dmpkit.errors import (
    DataError,
    ReasonDataWarning,
    ReasonTestWarning,
    SmallSampleWarning,
)
from dmpkit.evaluation import reason_change
from dmpkit.evaluation.reason_bootstrap import (
    StagePairs,
    _disjoint_variance,
    _jackknife_variance,
    _leave_one_out,
    above_chance,
    mean_of_pairs,
)

from .test_reason import CASES, FORMS, expected, survey

ALTERNATIVES = ("greater", "two-sided")


def both(case: str) -> tuple[ev.ReasonSurvey, ev.ReasonSurvey]:
    return survey(case, "pre"), survey(case, "post")


class TestReference:
    @pytest.mark.parametrize("case", CASES)
    @pytest.mark.parametrize("form", FORMS)
    def test_change_and_swap_test(self, case: str, form: str) -> None:
        numpy = expected(case)["from_numpy"]["delta_swap_test"][form]
        adjusted = form == "adjusted"
        one = ev.compare_reason_index(*both(case), adjusted=adjusted, alternative="greater")
        two = ev.compare_reason_index(*both(case), adjusted=adjusted)
        assert one.change == pytest.approx(expected(case)["from_R"][f"delta_{form}"], abs=1e-9)
        assert one.change == pytest.approx(numpy["delta"], abs=1e-9)
        assert one.swaps.change == pytest.approx(one.change, abs=1e-12)
        assert one.swaps.exact
        if numpy["exact"]:
            assert one.swaps.n_swaps == numpy["n_swaps"]
            assert one.p_value == pytest.approx(numpy["p_greater"], abs=1e-9)
            assert two.p_value == pytest.approx(numpy["p_two_sided"], abs=1e-9)
            assert one.swaps.null_sd == pytest.approx(numpy["null_sd"], abs=1e-9)
        else:  # ours counts all 2^26 patterns, theirs 20,000 random ones
            assert one.swaps.n_swaps == 2**26
            for made, name in ((one, "p_greater"), (two, "p_two_sided")):
                p = made.p_value
                error = math.sqrt(p * (1 - p) / numpy["n_swaps"])
                assert abs(p - numpy[name]) <= 4 * error
            spread = 4 / math.sqrt(2 * numpy["n_swaps"])
            assert one.swaps.null_sd == pytest.approx(numpy["null_sd"], rel=spread)

    @pytest.mark.parametrize("case", CASES)
    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize("alternative", ALTERNATIVES)
    @pytest.mark.parametrize(("test", "name"), [("wilcoxon", "wilcox"), ("paired t", "t.test")])
    def test_customary_tests_equal_r(
        self, case: str, form: str, alternative: str, test: str, name: str
    ) -> None:
        wanted = expected(case)["from_R"]["tests"][f"{form}_{name}_{alternative.replace('-', '.')}"]
        with pytest.warns(ReasonTestWarning, match="rejects far too often"):
            made = ev.compare_reason_index(
                *both(case), adjusted=form == "adjusted", alternative=alternative, test=test  # type: ignore[arg-type]
            )  # fmt: skip
        assert made.p_value == pytest.approx(wanted, rel=1e-9)
        assert "swap test gives" in made.summary()

    @pytest.mark.parametrize("case", CASES)
    def test_stages_are_of_the_same_people(self, case: str) -> None:
        before, after = both(case)
        r = expected(case)["from_R"]
        assert (set(before.people) == set(after.people)) is r["same_pnum_set"]
        assert (before.people == after.people) is r["same_row_order"]

    def test_random_patterns_agree_with_all_patterns(self, monkeypatch: Any) -> None:
        exact = ev.compare_reason_index(*both("activate")).p_value
        monkeypatch.setattr(reason_change, "EXACT_UNITS", 5)
        made = ev.compare_reason_index(*both("activate"), n_permutations=20_000, seed=4)
        assert (made.swaps.exact, made.swaps.n_swaps) == (False, 20_000)
        assert abs(made.p_value - exact) <= 4 * math.sqrt(exact / 20_000)
        again = ev.compare_reason_index(*both("activate"), n_permutations=20_000, seed=4)
        assert again.p_value == made.p_value


def swapped_by_hand(one: ev.ReasonSurvey, two: ev.ReasonSurvey, swap: Any) -> float:
    """The change when the profiles of some people are swapped, from new surveys."""
    where = np.array(swap, dtype=bool)[:, None]
    pairs = []
    for name in ("considerations", "preferences"):
        a, b = getattr(one, name), getattr(two, name)
        pairs.append((np.where(where, b, a), np.where(where, a, b)))
    (c1, c2), (p1, p2) = pairs
    return (
        ev.reason_index(ev.ReasonSurvey(c2, p2)).value
        - ev.reason_index(ev.ReasonSurvey(c1, p1)).value
    )


class TestSwaps:
    def small(self, gaps: bool = False) -> tuple[ev.ReasonSurvey, ev.ReasonSurvey]:
        rng = np.random.default_rng(11)
        made = []
        for _ in range(2):
            c, p = rng.integers(1, 8, (6, 9)).astype(float), rng.random((6, 5))
            if gaps:
                c[0, :5], c[1, 4:] = np.nan, np.nan
            made.append(ev.ReasonSurvey(c, p))
        return made[0], made[1]

    @pytest.mark.parametrize("gaps", [False, True])
    @pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
    @pytest.mark.filterwarnings("ignore::dmpkit.errors.ReasonDataWarning")
    def test_p_counts_all_patterns_made_by_hand(self, gaps: bool, alternative: Any) -> None:
        one, two = self.small(gaps)
        every = [swapped_by_hand(one, two, s) for s in itertools.product((0, 1), repeat=6)]
        own = every[0]
        reached = {
            "greater": [v >= own - 1e-9 for v in every],
            "less": [v <= own + 1e-9 for v in every],
            "two-sided": [abs(v) >= abs(own) - 1e-9 for v in every],
        }[alternative]
        made = ev.swap_test(one, two, alternative=alternative)
        assert made.p_value == pytest.approx(np.mean(reached), abs=1e-12)
        assert made.n_swaps == 64
        assert made.null_sd == pytest.approx(np.std(every), abs=1e-9)

    @pytest.mark.filterwarnings("ignore::dmpkit.errors.ReasonDataWarning")
    def test_random_patterns_with_gaps_are_those_of_the_seed(self) -> None:
        rng = np.random.default_rng(5)
        made = []
        for _ in range(2):
            c, p = rng.integers(1, 8, (30, 9)).astype(float), rng.random((30, 5))
            c[0, :5], c[1, 4:] = np.nan, np.nan
            made.append(ev.ReasonSurvey(c, p))
        first, second = (ev.swap_test(*made, n_permutations=199, seed=8) for _ in range(2))
        assert not first.exact
        assert first.seed == 8
        assert first == second

    def test_tables_are_swapped_together(self) -> None:
        one, two = self.small()
        tables = ["x", "x", "y", "y", "z", "z"]
        every = [
            swapped_by_hand(one, two, np.repeat(s, 2)) for s in itertools.product((0, 1), repeat=3)
        ]
        wanted = np.mean([abs(v) >= abs(every[0]) - 1e-9 for v in every])
        with pytest.warns(SmallSampleWarning, match="3 small groups.*below 0.250"):
            made = ev.compare_reason_index(one, two, table=tables)
        assert made.p_value == pytest.approx(wanted)
        assert "each small group" in made.methods_text()
        with pytest.warns(SmallSampleWarning):
            named = ev.compare_reason_index(
                one, two, table=dict(zip(one.people, tables, strict=True))
            )
        assert named.p_value == made.p_value
        with pytest.raises(DataError, match="2 labels of small groups for 6 people"):
            ev.compare_reason_index(one, two, table=["x", "y"])
        with pytest.raises(DataError, match="'6' has no small group"):
            ev.compare_reason_index(one, two, table=dict.fromkeys("12345", "x"))

    def test_identical_stages_give_no_change(self) -> None:
        one, _ = self.small()
        made = ev.compare_reason_index(one, one)
        assert (made.change, made.p_value) == (0.0, 1.0)
        assert made.estimate.value == made.estimate.standard_error == 0.0
        assert "stayed" in made.summary()
        with pytest.warns(ReasonTestWarning):
            assert ev.compare_reason_index(one, one, test="wilcoxon").p_value == 1.0

    def test_order_of_people_does_not_matter(self) -> None:
        one, two = self.small()
        shuffled = two.select([3, 1, 0, 5, 2, 4])
        assert ev.compare_reason_index(one, two).p_value == pytest.approx(
            ev.compare_reason_index(one, shuffled).p_value, abs=1e-12
        )
        assert ev.compare_reason_index(one, shuffled).individual["person"].tolist() == list(
            "123456"
        )

    def test_people_of_one_stage_only_are_named(self) -> None:
        one, two = self.small()
        with pytest.warns(ReasonDataWarning, match="6 \\(only in the first stage\\)"):
            made = ev.compare_reason_index(one, two.select(range(5)))
        assert made.left_out["person"].tolist() == ["6"]
        assert made.n_people == 5
        assert "6 (only in the first" in made.summary()
        constant = two.considerations.copy()
        constant[2] = 3
        odd = ev.ReasonSurvey(constant, two.preferences)
        with pytest.warns(ReasonDataWarning, match="3 \\(after: the same answer"):
            made = ev.compare_reason_index(one, odd)
        wanted = ev.compare_reason_index(one.select([0, 1, 3, 4, 5]), two.select([0, 1, 3, 4, 5]))
        assert made.change == pytest.approx(wanted.change, abs=1e-12)

    def test_bad_options(self) -> None:
        one, two = self.small()
        with pytest.raises(DataError, match="test='sign' is not known"):
            ev.compare_reason_index(one, two, test="sign")  # type: ignore[arg-type]
        with pytest.raises(DataError, match="alternative='more' is not known"):
            ev.compare_reason_index(one, two, alternative="more")  # type: ignore[arg-type]
        with pytest.raises(DataError, match="n_permutations is 0"):
            ev.compare_reason_index(one, two, n_permutations=0)
        fewer = ev.ReasonSurvey(two.considerations[:, :7], two.preferences)
        with pytest.raises(DataError, match="9 considerations before and 7 after"):
            ev.compare_reason_index(one, fewer)
        strangers = ev.ReasonSurvey(two.considerations, two.preferences, list("uvwxyz"))
        with pytest.raises(DataError, match="0 people can be used in both"):
            ev.compare_reason_index(one, strangers)
        turned = pd.DataFrame(two.considerations, columns=[f"C{i}" for i in range(9, 0, -1)])
        with pytest.raises(DataError, match="Item 1 is 'C1' before and 'C9' after"):
            ev.compare_reason_index(one, ev.ReasonSurvey(turned, two.preferences))
        rule = ev.ReasonSurvey(two.considerations, two.preferences, missing="exclude")
        with pytest.raises(DataError, match="different rules"):
            ev.compare_reason_index(one, rule)


class TestIntervals:
    def test_variances_equal_their_definitions(self) -> None:
        rng = np.random.default_rng(12)
        f = rng.random((7, 7))
        f = f + f.T
        np.fill_diagonal(f, 0)
        pairs = list(itertools.combinations(range(7), 2))
        mean = np.mean([f[p] for p in pairs])
        disjoint = np.mean([f[a] * f[b] for a in pairs for b in pairs if not set(a) & set(b)])
        assert _disjoint_variance(f) == pytest.approx(mean**2 - disjoint, abs=1e-12)
        without = [np.mean([f[p] for p in pairs if k not in p]) for k in range(7)]
        there = ~np.eye(7, dtype=bool)
        np.testing.assert_allclose(_leave_one_out(f, there), without)
        jackknife = 6 / 7 * np.sum((without - np.mean(without)) ** 2)
        assert _jackknife_variance(np.array(without)) == pytest.approx(jackknife)
        np.fill_diagonal(f, np.nan)
        made = mean_of_pairs(f)
        variance = max((jackknife + mean**2 - disjoint) / 2, jackknife / 2)
        assert made.standard_error == pytest.approx(math.sqrt(variance))
        assert made.high - made.value == pytest.approx(stats.t.ppf(0.975, 6) * made.standard_error)

    @pytest.mark.parametrize("adjusted", [False, True])
    def test_above_chance_leaves_people_out_in_earnest(self, adjusted: bool) -> None:
        stage = survey("bellinzona", "post")
        made = above_chance(StagePairs.of(stage, adjusted))
        without = []
        for k in range(8):
            rest = ev.reason_index(stage.select([i for i in range(8) if i != k]), adjusted=adjusted)
            without.append(rest.value - rest.chance_level)
        variance = 7 / 8 * np.sum((without - np.mean(without)) ** 2)
        assert made.standard_error == pytest.approx(math.sqrt(variance), abs=1e-12)

    def test_resamples_leave_out_pairs_of_a_person_with_herself(self) -> None:
        stage = survey("bellinzona", "pre")
        weights = np.array([[2.0, 0, 1, 1, 1, 1, 1, 1]])
        value, chance = StagePairs.of(stage, False).weighted(weights)
        drawn = [0, 0, 2, 3, 4, 5, 6, 7]
        c, p = stage.correlations
        pairs = [(a, b) for a, b in itertools.combinations(drawn, 2) if a != b]
        cs, ps = (np.array([m[pair] for pair in pairs]) for m in (c, p))
        assert value[0] == pytest.approx(1 - np.mean(np.abs(cs - ps)) / math.sqrt(2), abs=1e-12)
        grid = 1 - np.abs(cs[:, None] - ps) / math.sqrt(2)
        assert chance[0] == pytest.approx(grid.mean(), abs=1e-12)

    def test_bootstrap_result(self) -> None:
        one = ev.bootstrap_reason_index(*both("activate"), n_resamples=300, seed=3, n_jobs=1)
        two = ev.bootstrap_reason_index(*both("activate"), n_resamples=300, seed=3, n_jobs=2)
        pd.testing.assert_frame_equal(one.draws, two.draws)
        rows = one.table.set_index("quantity")
        made = ev.compare_reason_index(*both("activate"))
        assert rows.loc["change", "value"] == pytest.approx(made.change, abs=1e-12)
        assert rows.loc["index after", "value"] == pytest.approx(made.after.value, abs=1e-12)
        chance = rows.loc["chance level after", "value"]
        assert chance == pytest.approx(made.after.chance_level, abs=1e-12)
        assert math.isnan(rows.loc["chance level after", "low"])
        np.testing.assert_allclose(
            one.draws["change"], one.draws["index after"] - one.draws["index before"]
        )
        above = one.draws["index after"] - one.draws["chance level after"]
        np.testing.assert_allclose(one.draws["above chance after"], above)
        # the spread of the draws is near the standard error from the pairs
        assert 0.8 < rows.loc["change", "bootstrap_sd"] / rows.loc["change", "standard_error"] < 1.3
        assert "left out" in one.methods_text()
        few = survey("bellinzona", "pre").select(range(4))
        with pytest.raises(DataError, match="4 people are too few"):
            ev.bootstrap_reason_index(few)
        assert math.isnan(ev.reason_index(few).estimates["index"].low)

    @pytest.mark.filterwarnings("ignore::dmpkit.errors.ReasonDataWarning")
    def test_gaps_are_met_by_the_jackknife(self) -> None:
        one, two = TestSwaps().small(gaps=True)
        full = ev.ReasonSurvey(*(np.random.default_rng(1).random((6, k)) for k in (9, 5)))
        for pair in ((one, two), (full, two)):
            made = ev.compare_reason_index(*pair)
            assert made.estimate.value == pytest.approx(made.change, abs=1e-12)
            without = []
            for k in range(6):
                rest = [s.select([i for i in range(6) if i != k]) for s in pair]
                without.append(ev.reason_index(rest[1]).value - ev.reason_index(rest[0]).value)
            variance = 5 / 6 * np.sum((without - np.mean(without)) ** 2)
            assert made.estimate.standard_error == pytest.approx(math.sqrt(variance), abs=1e-9)

    def test_indicators(self) -> None:
        made = ev.compare_reason_index(*both("activate"))
        found = {indicator.name: indicator for indicator in made.indicators()}
        assert list(found) == [
            "reason index before", "reason index chance level before",
            "reason index above chance before", "reason index after",
            "reason index chance level after", "reason index above chance after",
            "change of the reason index",
        ]  # fmt: skip
        above = found["reason index above chance after"]
        assert above.value == pytest.approx(made.after.value - made.after.chance_level, abs=1e-12)
        assert above.low < above.value < above.high
        assert math.isnan(found["reason index chance level after"].low)
        assert found["change of the reason index"].value == made.change
        alone = ev.reason_index(survey("activate", "post")).indicators()
        assert alone == made.indicators()[3:6]


class TestSimulations:
    def test_levels_small(self) -> None:
        made = ev.simulate_levels(400, n_people=14, seed=5, progress=False)
        # 400 runs: four standard errors about 5 % are 4.4 points
        assert 0.006 <= made.rate(null="sharp null", test="swap") <= 0.094
        for test in ("wilcoxon", "paired t"):
            assert made.rate(null="sharp null", test=test) > 0.12
        assert made.rate(null="weak null", test="swap") < 0.16
        print(made.summary())
        assert "Weak null" in made.methods_text()
        with pytest.raises(DataError, match="0 rows of the simulation fit"):
            made.rate(null="none")

    def test_coverage_small(self) -> None:
        made = ev.simulate_coverage(300, n_people=20, seed=5, progress=False)
        rows = made.table[made.table["interval"] == "from the pairs"]
        # 300 runs: four standard errors about 95 % are 5 points
        assert rows["rate"].between(0.90, 1.0).all()
        assert len(rows) == 4

    def test_workers_do_not_change_simulations(self) -> None:
        one = ev.simulate_levels(60, n_people=8, seed=1, progress=False)
        two = ev.simulate_levels(60, n_people=8, seed=1, progress=False, n_jobs=2)
        pd.testing.assert_frame_equal(one.rates, two.rates)

    def test_level_on_data(self) -> None:
        made = ev.level_on_data(*both("activate"), n_runs=400, seed=2)
        assert list(made.table.columns[:2]) == ["data", "test"]
        # far above 5 %: the research on these data found 18 to 36 %
        assert (made.table["low"] > 0.08).all()
        with pytest.raises(DataError, match="n_runs is 0"):
            ev.level_on_data(*both("activate"), n_runs=0)

    @pytest.mark.long
    @pytest.mark.parametrize("adjusted", [False, True])
    def test_levels(self, adjusted: bool) -> None:
        made = ev.simulate_levels(2000, adjusted=adjusted, seed=1, progress=False)
        print(made.summary())
        assert 0.035 <= made.rate(null="sharp null", test="swap") <= 0.065
        assert made.rate(null="sharp null", test="wilcoxon") > 0.15
        # what is known of the weak null, not what is wished: a little too often
        assert 0.05 <= made.rate(null="weak null", test="swap") <= 0.12

    @pytest.mark.long
    @pytest.mark.parametrize("seed", [1, 2])
    def test_coverage(self, seed: int) -> None:
        made = ev.simulate_coverage(2000, n_people=25, seed=seed, progress=False)
        print(made.summary())
        for quantity in ("index before", "index after", "change"):
            rate = made.rate(quantity=quantity, interval="from the pairs")
            assert 0.93 <= rate <= 0.97, quantity
        rate = made.rate(quantity="above chance after", interval="from the pairs")
        assert 0.93 <= rate <= 0.99  # too wide where there is little above chance: said in the text


class TestViews:
    def test_every_picture_says_what_is_seen(self) -> None:
        before, after = ev.synthetic_stages(12)
        change = ev.compare_reason_index(before, after, adjusted=True)
        index = ev.reason_index(after, n_permutations=100, seed=1)
        groups = ev.sub_groups(after, ["a"] * 6 + ["b"] * 6)
        drawn = ev.bootstrap_reason_index(before, after, n_resamples=50, seed=1)
        pictures = [
            index.plot_consistency(), index.plot_individual(), index.plot_chance(),
            change.plot_change(), change.plot_consistency()[0], groups.plot(), drawn.plot(),
        ]  # fmt: skip
        for made in (index, groups, drawn, change):
            assert made.summary().startswith("Synthetic answers. ")
        for ax in pictures:
            assert plotting.alt_text(ax).startswith("Synthetic data.")
        marked = [t.get_text() for t in pictures[4].figure.texts]
        assert "synthetic data" in [*marked, pictures[4].figure.get_suptitle()]
        for rates in (
            ev.simulate_levels(10, n_people=8, progress=False),
            ev.simulate_coverage(10, n_people=8, progress=False),
        ):
            assert plotting.alt_text(rates.plot()).startswith("Rates that should be")
        with pytest.raises(DataError, match="no re-pairings"):
            ev.reason_index(after).plot_chance()

    def test_report_and_workbook(self, tmp_path: Path) -> None:
        change = ev.compare_reason_index(*ev.synthetic_stages(12), adjusted=True)
        text = change.report(tmp_path / "change.html").read_text()
        assert "swap" in text
        assert change.to_excel(tmp_path / "change.xlsx").exists()
        assert list(change.frames()) == ["change", "individual", "test"]
        for made in (
            ev.reason_index(survey("bellinzona", "post"), n_permutations=5),
            ev.bootstrap_reason_index(survey("bellinzona", "post"), n_resamples=20, seed=1),
            ev.sub_groups(survey("activate", "post"), ["<b>"] * 13 + ["=1+1"] * 13),
            ev.simulate_levels(10, n_people=8, progress=False),
        ):
            assert made.report(tmp_path / "one.html").exists()
            assert made.methods_text()
            assert repr(made) == made.summary()

    def test_hostile_labels_stay_text(self, tmp_path: Path) -> None:
        rng = np.random.default_rng(2)
        people = ["<script>alert(1)</script>", "=1+1", "\u202eabc", "x" * 10_000, "e", "f", "g"]
        made = ev.reason_index(ev.ReasonSurvey(rng.random((7, 6)), rng.random((7, 5)), people))
        text = made.report(tmp_path / "one.html").read_text()
        assert "<script>" not in text
        made.to_excel(tmp_path / "one.xlsx")
        assert len(made.plot_individual().get_yticklabels()[0].get_text()) < 60
