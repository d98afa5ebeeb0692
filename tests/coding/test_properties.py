"""Properties of the counts of coded material: order, names, bounds, plain counting."""

from __future__ import annotations

import math
import warnings
from collections import Counter

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from property_settings import tried

from dmpkit import coding as co
from dmpkit.errors import DmpkitWarning

from .invented import scattered

seeds = st.integers(0, 10_000)


def close(one, two):
    np.testing.assert_allclose(np.asarray(one, float), np.asarray(two, float), atol=1e-9)


def again(project, seed, coders=None):
    """The same codings in another order, and by other names of the coders."""
    rows = project.segments.sample(frac=1, random_state=seed)
    if coders:
        rows = rows.replace({"coder": coders})
    return project.with_segments(rows.reset_index(drop=True))


@tried(0.3)
@given(seeds)
def test_matrices(seed):
    project = scattered(15, seed)
    found = co.case_matrix(project, value="segments")
    segments = project.segments  # one passage coded twice alike by one person counts once
    segments = segments.drop_duplicates(["source", "code", "coder", "start", "end"])
    numbers = found.matrix.set_index("case")
    for i in range(3):
        own = segments[segments["source"] == f"I{i}"]["code"].value_counts()
        for code in numbers.columns:
            value = numbers.loc[f"P{i}", code]
            assert math.isnan(value) or value == own.get(code, 0)
    assert found.assessed.sum() == segments["source"].nunique()
    assert len(found.long()) <= numbers.size
    shares = found.code_table
    close(shares["share"], shares["cases"] / shares["of"])
    mixed = co.case_matrix(again(project, seed), value="segments")
    pd.testing.assert_frame_equal(mixed.matrix, found.matrix)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        counts = co.code_by_attribute(project, "region").counts.set_index("code")
    present = co.case_matrix(project).matrix.set_index("case")
    regions = {"P0": "Europe", "P1": "Asia", "P2": "Europe"}
    for code in counts.index:
        for region in counts.columns:
            held = [present.loc[p, code] == 1 for p, r in regions.items() if r == region]
            assert counts.loc[code, region] == sum(held)
    quotes = co.framework_matrix(project)
    assert len(quotes) == len(found.matrix)


@tried(0.3)
@given(seeds)
def test_cooccurrence(seed):
    project = scattered(15, seed)
    found = co.cooccurrence(project)
    for table in (found.c_coefficients, found.jaccard):
        inner = table[~np.isnan(table)]
        close(table, table.T)
        assert ((inner >= 0) & (inner <= 1 + 1e-12)).all()
    pairs = found.pairs
    assert (pairs["n_12"] >= 0).all()
    assert found.matrix("c_coefficient").shape[0] == len(found.code_table)
    tally = project.segments["code"].value_counts()
    table = found.code_table.set_index("code")
    assert table["segments"].to_dict() == {c: tally.get(c, 0) for c in table.index}
    mixed = co.cooccurrence(again(project, seed, {"ada": "zoe"}))
    close(mixed.c_coefficients, found.c_coefficients)


@tried(0.3)
@given(seeds)
def test_agreement(seed):
    project = scattered(24, seed).with_approach("coding reliability")
    both = project.segments.groupby("source")["coder"].nunique() == 2
    if not both.any():
        return
    found = co.agreement(project, unit="character")
    assert len(found.meanings)
    values = found.table.set_index(["code", "coefficient"])["value"]
    assert (values.dropna() <= 1 + 1e-12).all()
    percent = values.xs("percent", level="coefficient").dropna()
    assert percent.between(0, 1).all()
    turned = co.agreement(again(project, seed, {"ada": "bo", "bo": "ada"}), unit="character")
    other = turned.table.set_index(["code", "coefficient"])["value"]
    close(other.reindex(values.index), values)
    first = found.table.iloc[0]
    one = found.value(first["code"], "character", first["coefficient"])
    close([one.value], [first["value"]])
    assert len(found.disagreements) >= len(found.disagreements_on(str(first["code"])))


heard = st.lists(st.lists(st.integers(0, 1), min_size=4, max_size=4), min_size=6, max_size=10)


@tried(0.5)
@given(heard)
def test_saturation(rows):
    table = pd.DataFrame(rows, columns=list("abcd"))
    table = table.assign(interview=[f"I{i}" for i in range(len(rows))])
    found = co.saturation(table, n_orders=20, seed=1)
    seen, fresh = set(), []
    for row in rows:
        now = {i for i, v in enumerate(row) if v} - seen
        fresh.append(len(now))
        seen |= now
    curve = found.interviews
    assert curve["new"].tolist() == fresh
    assert curve["cumulative"].tolist() == np.cumsum(fresh).tolist()
    close([curve["expected"].iloc[-1]], [len(seen)])
    assert (np.diff(curve["expected"]) >= -1e-9).all()
    assert (curve["low"] <= curve["high"]).all()
    assert found.table["codes"].item() == len(seen)
    runs = found.runs
    for row in runs.itertuples():
        assert row.new == sum(fresh[row.run_first - 1 : row.run_last])
    totals = found.totals.set_index("estimator")
    assert math.isnan(totals.loc["Chao2", "value"]) or (
        totals.loc["Chao2", "value"] >= len(seen) - 1e-9
    )
    assert found.group("all").new.tolist() == fresh
    backwards = co.saturation(table.iloc[::-1], n_orders=20, seed=1)
    close(backwards.totals["value"], found.totals["value"])  # the order does not matter to these
    close(backwards.interviews["expected"], curve["expected"])


people = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("cd"), st.sampled_from("xyz")),
    min_size=1, max_size=15,
)  # fmt: skip


@tried()
@given(people, st.randoms(use_true_random=False))
def test_anonymity(rows, random):
    frame = pd.DataFrame(rows, columns=["one", "two", "said"])
    frame = frame.assign(person=range(len(rows)))
    found = co.anonymity(frame, ["one", "two"], sensitive="said")
    cells = Counter((a, b) for a, b, _ in rows)
    assert found.k == min(cells.values())
    kinds = [{s for a, b, s in rows if (a, b) == cell} for cell in cells]
    assert found.l_distinct == min(map(len, kinds))
    assert 1 - 1e-12 <= found.l_entropy <= found.l_distinct + 1e-9
    assert len(found.alone) == sum(n < 5 for n in cells.values())
    mixed = co.anonymity(frame.sample(frac=1, random_state=random.randrange(9)), ["two", "one"],
                         sensitive="said")  # fmt: skip
    close([mixed.k, mixed.l_entropy], [found.k, found.l_entropy])


words = st.sampled_from(["all", "most", "some", "few", "one"])


@tried()
@given(st.lists(words, min_size=2, max_size=4), st.integers(10, 60))
def test_quantified(said, n):
    frame = pd.DataFrame({"finding": [f"f{i}" for i in range(len(said))], "quantifier": said})
    found = co.quantified(frame, n)
    table = found.findings
    assert ((table["low"] >= 0) & (table["low"] <= table["high"]) & (table["high"] <= n)).all()
    for word, row in zip(said, table.itertuples(), strict=True):
        assert co.quantifier_bounds(word, n) == (row.low, row.high)
    larger = {(r.more, r.fewer) for r in found.relations.itertuples()}
    assert not any((b, a) in larger for a, b in larger)
    assert len(found.words)


spoken = st.lists(st.tuples(st.sampled_from(["Ada", "Ben"]), st.integers(1, 6)),
                  min_size=2, max_size=8)  # fmt: skip


@tried()
@given(spoken)
def test_turns(lines):
    text = "\n".join(f"{who}: {' '.join(['word'] * n)}" for who, n in lines)
    found = co.find_turns({"I1": text}).speakers.set_index("speaker")
    total = sum(n for _, n in lines)
    for who in {who for who, _ in lines}:
        own = [n for name, n in lines if name == who]
        row = found.loc[who]
        assert (row["turns"], row["words"]) == (len(own), sum(own))
        close([row["share"]], [sum(own) / total])
    close([found["share"].sum()], [1])
