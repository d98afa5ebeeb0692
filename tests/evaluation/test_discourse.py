"""Discourse codings: reference numbers, thresholds, groups, refusals."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit.errors import DataError
from dmpkit.evaluation.codebook import DQI, Code, Codebook
from dmpkit.evaluation.discourse import _ratio, discourse_quality
from dmpkit.plotting import alt_text

REFERENCE = Path(__file__).parents[1] / "reference" / "evaluation"
TOLERANCE = 1e-8  # of the reference numbers


def reference(variant):
    frame = pd.read_csv(REFERENCE / f"dqi_{variant}.csv")
    wanted = json.loads((REFERENCE / f"expected_talk_{variant}.json").read_text())["dqi"]
    return frame, wanted


@pytest.mark.parametrize("variant", ["A", "B"])
def test_reference_numbers(variant):
    frame, wanted = reference(variant)
    found = discourse_quality(frame, act="speech")
    assert {c.name: c.maximum for c in found.codebook.codes} == wanted["ranges"]
    table = found.reliability.set_index("code")
    for code, numbers in wanted["items"].items():
        for name, value in numbers.items():
            assert table.loc[code, name] == pytest.approx(value, abs=TOLERANCE), (code, name)
    assert (table["acts"] == 40).all()
    coders = found.by_coder.set_index("coder")
    assert coders.loc["A", "composite_mean"] == pytest.approx(
        wanted["composite_pct_mean_coderA"], abs=TOLERANCE
    )
    assert coders.loc["B", "composite_mean"] == pytest.approx(
        wanted["composite_pct_mean_coderB"], abs=TOLERANCE
    )
    assert coders.loc["A", "composite_sd"] == pytest.approx(
        wanted["composite_sd_coderA"], abs=TOLERANCE
    )
    assert coders.loc["A", "cronbach_alpha"] == pytest.approx(
        wanted["cronbach_alpha_coderA"], abs=TOLERANCE
    )
    both = (wanted["composite_pct_mean_coderA"] + wanted["composite_pct_mean_coderB"]) / 2
    assert found.composite.value == pytest.approx(both, abs=TOLERANCE)


def test_no_composite_below_the_threshold_and_the_reason_is_said():
    frame, _ = reference("B")
    found = discourse_quality(frame, act="speech", threshold=0.75)
    assert math.isnan(found.composite.value)
    assert "constructive politics 0.73" in found.composite.note
    assert found.by_coder["composite_mean"].isna().all()
    assert "No composite is given" in found.summary()
    indicator = found.indicators()[0]
    assert indicator.name == "discourse quality composite"
    assert math.isnan(indicator.value)
    assert "below 0.75" in indicator.note
    # the same codings, another coefficient
    other = discourse_quality(frame, act="speech", coefficient="percent_agreement", threshold=0.6)
    assert other.composite.value > 0


def test_one_coder_has_no_known_reliability():
    frame, _ = reference("A")
    found = discourse_quality(frame[frame["coder"] == "A"], act="speech")
    assert math.isnan(found.composite.value)
    assert "not known" in found.composite.note
    assert found.section().render()


def test_a_code_that_never_varies_is_not_reliable():
    frame, _ = reference("A")
    found = discourse_quality(frame.assign(level=3), act="speech")
    row = found.reliability.set_index("code").loc["level"]
    assert row["percent_agreement"] == 1
    assert math.isnan(row["alpha_ordinal"])
    assert not row["reliable"]
    assert "level of justification undefined" in found.composite.note
    assert found.section().render()


def test_three_coders_need_two_named_for_the_kappas():
    frame, wanted = reference("A")
    third = frame[frame["coder"] == "A"].assign(coder="C")
    every = pd.concat([frame, third])
    table = discourse_quality(every, act="speech").reliability
    assert table["cohen_kappa"].isna().all()
    assert table["alpha_ordinal"].notna().all()
    two = discourse_quality(every, act="speech", coders=("A", "B")).reliability
    assert two["cohen_kappa"].iloc[0] == pytest.approx(
        wanted["items"]["participation"]["cohen_kappa"], abs=TOLERANCE
    )
    with pytest.raises(DataError, match="coders to compare"):
        discourse_quality(every, act="speech", coders=("A", "Z"))


def test_ranges_are_settable_and_2a_2b_count_as_2():
    frame, _ = reference("A")
    found = discourse_quality(frame, act="speech", codebook=DQI.with_maxima(resp_demands=3))
    assert found.composite.value < discourse_quality(frame, act="speech").composite.value
    letters = frame.assign(content=frame["content"].map({0: "0", 1: "1", 2: "2b"}))
    same = discourse_quality(letters, act="speech").composite.value
    assert same == discourse_quality(frame, act="speech").composite.value
    own = Codebook("own", (Code("x", "one to five", 5, minimum=1),))
    rows = pd.DataFrame({"act": [1, 1, 2, 2], "coder": ["a", "b"] * 2, "x": [1, 1, 5, 5]})
    assert discourse_quality(rows, codebook=own).composite.value == 50


def grouped(seed=1):
    frame, _ = reference("A")
    rng = np.random.default_rng(seed)
    speakers = rng.integers(0, 16, 40)
    frame["person"] = [f"P{speakers[s - 1]:02d}" for s in frame["speech"]]
    members = pd.DataFrame({"person": [f"P{i:02d}" for i in range(16)], "sex": ["f", "m"] * 8,
                            "kind": ["a"] * 3 + ["b"] * 13})  # fmt: skip
    return frame, members


def test_groups_of_speakers():
    frame, members = grouped()
    found = discourse_quality(frame, act="speech", members=members, group="sex")
    merged = frame.merge(members, on="person")
    means = merged.groupby(["sex", "speech"])["level"].mean().groupby("sex").mean()
    table = found.groups.set_index(["group", "code"])
    for sex in ("f", "m"):
        assert table.loc[(sex, "level"), "mean"] == pytest.approx(means[sex])
        assert table.loc[(sex, "level"), "scaled"] == pytest.approx(means[sex] / 3)
        assert table.loc[(sex, "composite"), "mean"] > 0
    small = discourse_quality(frame, act="speech", members=members, group="kind")
    assert small.groups["hidden"].all()
    assert small.groups["mean"].isna().all()
    assert "not shown" in small.summary()


def test_incomplete_acts_are_left_out_and_counted():
    frame, _ = reference("A")
    frame["level"] = frame["level"].astype(object)
    frame.loc[frame["speech"] == 1, "level"] = None
    found = discourse_quality(frame, act="speech")
    assert found.composite.n == 39
    assert "1 acts without all codes" in found.composite.note
    assert found.reliability.set_index("code").loc["level", "acts"] == 39


def test_a_sample_of_acts_has_an_interval_over_speakers():
    frame, _ = grouped()
    found = discourse_quality(frame, act="speech", sampled=True, seed=1)
    assert found.composite.low < found.composite.value < found.composite.high
    assert "speakers, seed 1" in found.composite.note
    again = discourse_quality(frame, act="speech", sampled=True, seed=1)
    assert again.composite == found.composite
    nobody = discourse_quality(frame.drop(columns="person"), act="speech", sampled=True)
    assert math.isnan(nobody.composite.low)
    assert "speakers are not known" in nobody.composite.note


@settings(max_examples=8, deadline=None)
@given(st.randoms())
def test_names_and_order_of_rows_change_nothing(random):
    frame, members = grouped()
    order = list(range(len(frame)))
    random.shuffle(order)
    other = frame.iloc[order].assign(person=lambda f: f["person"].str[::-1])
    turned = members.assign(person=members["person"].str[::-1])
    options = {"act": "speech", "group": "sex", "sampled": True, "seed": 1, "n_resamples": 50}
    one = discourse_quality(frame, members=members, **options)
    two = discourse_quality(other, members=turned, **options)
    assert one.composite == two.composite
    for name, table in one.frames().items():
        pd.testing.assert_frame_equal(table, two.frames()[name])


def test_pandas_and_polars_agree():
    frame, members = grouped()
    one = discourse_quality(frame, act="speech", members=members, group="sex")
    two = discourse_quality(pl.from_pandas(frame), act="speech",
                            members=pl.from_pandas(members), group="sex")  # fmt: skip
    for name, table in one.frames().items():
        pd.testing.assert_frame_equal(table, two.frames()[name])
    assert two.tables(kind="polars")["reliability"].height == 7


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"level": 4}, {}, "row 2, column level: 4 is out of range. Numbers from 0 to 3"),
        ({"level": 1.5}, {}, "not a whole number"),
        ({"content": "3c"}, {}, "'3c' is not a number"),
        ({"speech": 2}, {}, "Coder 'A' coded act '2' twice"),
        ({}, {"act": "acts"}, "Column 'acts' is missing"),
        ({}, {"threshold": 2}, "threshold is 2"),
        ({}, {"coefficient": "alpha"}, "no coefficient 'alpha'"),
        ({}, {"group": "sex"}, "need a column with the speaker"),
        ({}, {"codebook": Codebook("x", (Code("y", "y", 2),))}, "Column 'y' is missing"),
    ],
)
def test_refusals_say_what_and_where(change, options, message):
    frame = reference("A")[0].astype(object)
    for column, value in change.items():
        frame.loc[0, column] = value
    with pytest.raises(DataError, match=message):
        discourse_quality(frame, **{"act": "speech", **options})


def test_codebooks_refuse_what_cannot_be():
    with pytest.raises(DataError, match="no code 'listening'"):
        DQI.with_maxima(listening=3)
    with pytest.raises(DataError, match="maximum of 'x'"):
        Code("x", "x", 0)
    with pytest.raises(DataError, match="has no codes"):
        Codebook("empty", ())
    own = pd.DataFrame({"code": ["x"], "label": ["x"], "maximum": [2], "minimum": [1]})
    assert Codebook.from_frame(own, name="own").codes[0].minimum == 1


def test_missing_codes_are_said():
    frame, _ = reference("A")
    found = discourse_quality(frame.drop(columns=["resp_groups"]), act="speech")
    assert "respect towards groups" in found.summary()
    assert len(found.reliability) == 6


def test_pictures_and_page(tmp_path):
    frame, members = grouped()
    found = discourse_quality(frame, act="speech", members=members, group="sex")
    assert "threshold is 0.667" in alt_text(found.plot_reliability())
    assert "2 coders" in alt_text(found.plot_distribution())
    assert ">P01<" not in found.report(tmp_path / "d.html").read_text()
    assert found.to_excel(tmp_path / "d.xlsx").exists()


@pytest.mark.long
def test_the_interval_covers():
    from dmpkit.evaluation.discourse import _interval

    rng, hits = np.random.default_rng(2), 0
    for run in range(1_500):
        acts = rng.poisson(2, 15) + 1
        means = rng.normal(50, 12, 15)
        values = np.concatenate([rng.normal(m, 15, n) for m, n in zip(means, acts, strict=True)])
        ids = [str(i) for i in range(len(values))]
        rows = pd.DataFrame({"act": ids, "person": np.repeat(np.arange(15), acts).astype(str)})
        low, high, _ = _interval(rows, pd.Series(values, index=ids), 400, run)
        hits += low <= 50 <= high
    assert 0.93 <= hits / 1_500 <= 0.97


def test_the_standard_error_of_a_mean_over_acts_is_that_of_a_ratio():
    # Cochran (1977, 6.13): the mean per act of speakers drawn with all their acts
    sums, counts = np.array([12.0, 30.0, 7.0, 22.0]), np.array([2.0, 6.0, 1.0, 3.0])
    mean, error = _ratio(sums[None, :], counts[None, :])
    assert mean[0] == pytest.approx(71 / 12)
    left = [12 - 2 * 71 / 12, 30 - 6 * 71 / 12, 7 - 71 / 12, 22 - 3 * 71 / 12]
    variance = sum(x * x for x in left) / 3 / 4 / (12 / 4) ** 2
    assert error[0] == pytest.approx(np.sqrt(variance))
