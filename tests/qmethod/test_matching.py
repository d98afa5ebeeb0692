"""Matching with published viewpoints: by hand, by brute force, and its error rates."""

from __future__ import annotations

import pickle
import warnings
from dataclasses import replace
from itertools import permutations

import numpy as np
import pandas as pd
import pytest

import dmpkit.qmethod as qm
from dmpkit import plotting
from dmpkit.errors import DataError, DmpkitWarning
from dmpkit.qmethod import matching_rule

CODES = ("RB", "PA", "SC", "AU", "CC")


@pytest.fixture(scope="module")
def views():
    return qm.Viewpoints.load("governance-2024")


@pytest.fixture(scope="module")
def tags(views):
    return qm.synthetic_tags(views.claims)


def analysed(sorts, k):
    """An analysis; what it warns of is not the matter here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        return qm.analyse(sorts, k)


def with_scores(n_statements, z):
    """An analysis whose z-scores are given."""
    rng = np.random.default_rng(1)
    grid = np.arange(n_statements, dtype=float)
    sorts = qm.QSorts(np.column_stack([rng.permutation(grid) for _ in range(6)]))
    z = np.asarray(z, dtype=float)
    z = (z - z.mean(axis=0)) / z.std(axis=0, ddof=1)
    base = analysed(sorts, z.shape[1])
    return replace(base, z_array=z, standard_error=np.full(z.shape[1], 0.3))


def small_case():
    """Five claims with two statements each, three viewpoints, one factor."""
    claims = ("a", "b", "c", "d", "e")
    values = np.full((5, 3), np.nan)
    values[:2, 0], values[2, 0] = 1, -1
    values[1:3, 1] = 1
    values[3, 2], values[4, 2] = -1, 1
    views = qm.Viewpoints(("A", "B", "C"), ("Ay", "Bee", "Cee"), ("",) * 3, claims, claims, values)
    tags = pd.DataFrame(
        {
            "statement": [str(i) for i in range(1, 11)],
            "claim": [c for c in claims for _ in range(2)],
            "direction": [1, -1] * 5,
        }
    )
    z = [[2.0, -1.5], [1.2, -1.4], [-1.0, 1.1], [0.1, 0.3], [-0.4, 0.2]]
    return views, tags, with_scores(10, np.array(z).reshape(-1, 1))


# -- the numbers -----------------------------------------------------------------------------


def test_similarity_by_hand():
    views, tags, analysis = small_case()
    match = qm.match_viewpoints(analysis, views, tags, seed=1)
    z = analysis.z_array[:, 0]
    expected = np.array([1, -1, 1, -1, -1, 1, 0, 0, 0, 0])
    value = expected @ z / (np.sort(expected) @ np.sort(z))
    row = match.similarity.iloc[0]
    assert row["similarity"] == pytest.approx(value, abs=1e-12)
    margin = 1.959963984540054 * 0.3 * np.sqrt(6) / (np.sort(expected) @ np.sort(z))
    assert row["low"] == pytest.approx(value - margin, abs=1e-12)
    assert row["n_stated"] == 3
    claim = match.claims.iloc[2]
    assert (claim["claim"], claim["stance"], claim["part"]) == ("c", -1, "carries")
    assert claim["score"] == pytest.approx((z[4] - z[5]) / 2, abs=1e-12)
    assert claim["aligned"] == pytest.approx(-claim["score"])


def test_p_values_are_those_of_all_permutations_of_claims():
    views, tags, analysis = small_case()
    match = qm.match_viewpoints(analysis, views, tags, seed=1, mixed=False)
    assert match.exact
    z = analysis.z_array[:, 0].reshape(5, 2)
    scores = z[:, 0] - z[:, 1]
    stances = np.nan_to_num(views.values)
    unit = (stances - stances.mean(axis=0)) / stances.std(axis=0)
    every = np.array([scores[list(order)] @ unit for order in permutations(range(5))])
    observed = scores @ unit
    p = (every >= observed - 1e-9).mean(axis=0)
    np.testing.assert_allclose(match.similarity["p_value"], p, atol=1e-12)
    corrected = (every.max(axis=1)[:, None] >= observed - 1e-9).mean(axis=0)
    np.testing.assert_allclose(match.similarity["p_adjusted"], corrected, atol=1e-12)
    # orders of (+ + - 0 0), (+ + 0 0 0), (- + 0 0 0)
    assert match.similarity["attainable_p"].tolist() == pytest.approx([1 / 30, 1 / 10, 1 / 20])


def test_the_five_viewpoints_have_the_attainable_p_of_their_claims(views, tags):
    made = qm.synthetic_sorts(views, tags, n_sorts=10, seed=1)
    match = qm.match_viewpoints(analysed(made.sorts, 1), views, tags, seed=1, n_permutations=99)
    attainable = dict(
        zip(match.similarity["viewpoint"], 1 / match.similarity["attainable_p"], strict=True)
    )
    # 11 claims: 4 held; 3 held and 1 rejected; 2 held and 1 rejected
    expected = {"RB": 330, "PA": 1320, "SC": 495, "AU": 1320, "CC": 495}
    assert attainable == pytest.approx(expected)


def ordered_case(views, tags, seed=0):
    made = qm.synthetic_sorts(views, tags, n_sorts=30, noise=0.6, seed=seed)
    return analysed(made.sorts, 4)


@pytest.mark.parametrize("seed", [0, 2, 5])
def test_p_values_are_in_order(views, seed):
    match = qm.match_viewpoints(ordered_case(views, None, seed), views, seed=1, n_permutations=999)
    for table, share in ((match.similarity, 0.8), (match.mixtures, 0.2)):
        assert (table["p_value"] >= table["attainable_p"] - 1e-12).all()
        # the share is paid, also where drawn permutations alone would say less
        assert (table["p_adjusted"] >= np.minimum(1, table["p_value"] / share) - 1e-12).all()
        # what was reached could be reached
        assert (table["p_adjusted"] >= table["attainable_adjusted"] - 1e-12).all()
        least = np.minimum(1, table["attainable_p"] / share)
        assert (table["attainable_adjusted"] >= least - 1e-12).all()
        assert (table["similarity"].abs() <= 1 + 1e-12).all()
        assert table["similarity"].between(table["low"], table["high"]).all()


def test_the_corrected_p_attainable_is_that_of_the_best_fit(views, monkeypatch):
    """Half the best fit is no longer the best: what was reached lies below it."""
    analysis = ordered_case(views, None)
    options = {"seed": 1, "n_permutations": 999}
    table = qm.match_viewpoints(analysis, views, **options).similarity
    row = table[(table["factor"] == "f2") & (table["viewpoint"] == "CC")].iloc[0]
    assert row["attainable_adjusted"] <= row["p_adjusted"] < 0.02
    whole = matching_rule.best_arranged
    monkeypatch.setattr(matching_rule, "best_arranged", lambda *of: whole(*of) / 2)
    table = qm.match_viewpoints(analysis, views, **options).similarity
    assert (table["p_adjusted"] < table["attainable_adjusted"]).any()


def test_a_fifth_of_the_level_goes_to_pairs():
    views, tags, analysis = small_case()
    match = qm.match_viewpoints(analysis, views, tags, seed=1)
    assert match.exact
    z = analysis.z_array[:, 0].reshape(5, 2)
    scores = z[:, 0] - z[:, 1]
    stances = np.nan_to_num(views.values)
    pairs = np.column_stack([stances[:, [a, b]].sum(axis=1) for a, b in ((0, 1), (0, 2), (1, 2))])
    for table, patterns, share in ((match.similarity, stances, 0.8), (match.mixtures, pairs, 0.2)):
        unit = (patterns - patterns.mean(axis=0)) / np.linalg.norm(
            patterns - patterns.mean(axis=0), axis=0
        )
        every = np.array([scores[list(order)] @ unit for order in permutations(range(5))])
        most = (every.max(axis=1)[:, None] >= scores @ unit - 1e-9).mean(axis=0)
        np.testing.assert_allclose(table["p_adjusted"], np.minimum(1, most / share), atol=1e-12)
    assert "20% of the level went to pairs" in match.methods_text()


def test_claims_that_share_a_statement_are_scored_by_regression():
    """A factor that is one claim's tags and nothing else scores 0 on the claim it shares with."""
    views, tags, analysis = small_case()
    shared = pd.concat([tags, pd.DataFrame([("1", "b", 1)], columns=tags.columns)])
    question = qm.match_viewpoints(analysis, views, shared, seed=1)._question
    assert abs(question.units[:, 0] @ question.units[:, 1]) > 0.3
    alone = replace(question, z=question.units[:, :1])
    np.testing.assert_allclose(alone.scores[:, 0], [1, 0, 0, 0, 0], atol=1e-12)
    design = np.column_stack([np.ones(10), question.units])
    expected = np.linalg.lstsq(design, analysis.z_array, rcond=None)[0][1:]
    np.testing.assert_allclose(question.scores, expected, atol=1e-12)


def test_a_pair_that_one_viewpoint_carries_alone_is_no_mixture():
    """The pair fits best, since both hold claim c; but what only Bee holds is not there."""
    claims = tuple("abcdefghij")
    values = np.full((10, 2), np.nan)
    values[[0, 1, 2], 0] = 1
    values[[2, 3], 1] = 1
    views = qm.Viewpoints(("A", "B"), ("Ay", "Bee"), ("",) * 2, claims, claims, values)
    views = replace(
        views,
        codes=("A", "B", "C"),
        names=("Ay", "Bee", "Cee"),
        summaries=("",) * 3,
        values=np.column_stack([values, np.where(np.arange(10) >= 4, -1.0, np.nan)]),
    )
    tags = pd.DataFrame(
        {
            "statement": [str(i) for i in range(1, 21)],
            "claim": [c for c in claims for _ in range(2)],
            "direction": [1, -1] * 10,
        }
    )

    def answer(d):
        scores = np.array([1.0, 1.0, 2.2, d, 0.01, -0.01, 0.02, -0.02, 0.03, -0.03])
        z = np.column_stack([scores, -scores]).reshape(-1, 1)
        match = qm.match_viewpoints(
            with_scores(20, z), views, tags, seed=1, n_permutations=4999, level=0.2
        )
        fits = dict(zip(match._question.candidates, match._numbers.fit[0], strict=True))
        assert max(fits, key=fits.get) == (0, 1)
        passing = match.mixtures["p_adjusted"][0] <= 0.2
        assert passing
        return match.assignment.loc[0, ["answer", "viewpoint"]].tolist()

    assert answer(1.0) == ["mixed", "A + B"]
    assert answer(0.1) == ["match", "A"]


def test_a_factor_that_ranks_every_claim_alike_matches_nothing(views, tags):
    z = np.where(tags["direction"] > 0, 1.0, -1.0)[:, None] + 1e-13 * np.arange(44)[:, None]
    analysis = with_scores(44, z)
    labels = dict(zip(tags["statement"], analysis.sorts.statements, strict=True))
    match = qm.match_viewpoints(
        analysis, views, tags.replace({"statement": labels}), seed=1, n_permutations=199
    )
    assert match.assignment["answer"].tolist() == ["no match"]
    assert (match.similarity["p_adjusted"] == 1).all()


# -- what must not matter --------------------------------------------------------------------


def test_what_a_summary_leaves_out_has_no_part_in_its_similarity(views, tags):
    made = qm.synthetic_sorts(views, tags, n_sorts=20, noise=0.5, seed=3)
    analysis = analysed(made.sorts, 2)
    before = qm.match_viewpoints(analysis, views, tags, seed=1, n_permutations=99)
    stated = {c for c in views.claims if "RB" in views.stance(c)}
    free = np.flatnonzero(~tags["claim"].isin(stated).to_numpy())
    z = analysis.z_array.copy()
    z[free] = z[np.random.default_rng(0).permutation(free)]
    after = qm.match_viewpoints(
        replace(analysis, z_array=z), views, tags, seed=1, n_permutations=99
    )
    for name in ("similarity", "claims"):
        one, two = getattr(before, name), getattr(after, name)
        columns = ["similarity", "low", "high"] if name == "similarity" else ["aligned", "part"]
        ours = one["viewpoint"] == "RB"
        one, two = (t.loc[ours, columns] for t in (one, two))
        pd.testing.assert_frame_equal(one, two, rtol=0, atol=1e-12)
    assert not np.allclose(before.similarity["similarity"], after.similarity["similarity"])


def test_a_claim_that_nobody_states_plays_no_part_at_all(views, tags):
    more = replace(
        views,
        claims=(*views.claims, "moon"),
        labels=(*views.labels, "Moon"),
        values=np.vstack([views.values, np.full(5, np.nan)]),
    )
    made = qm.synthetic_sorts(views, tags, n_sorts=20, noise=0.5, seed=3)
    analysis = analysed(made.sorts, 3)
    extra = pd.DataFrame(
        [(tags["statement"][0], "moon", 1, 1.0, "synthetic")], columns=tags.columns
    )
    one = qm.match_viewpoints(analysis, views, tags, seed=1, n_permutations=199)
    two = qm.match_viewpoints(analysis, more, pd.concat([tags, extra]), seed=1, n_permutations=199)
    pd.testing.assert_frame_equal(one.similarity, two.similarity)
    assert not two.coverage.set_index("claim").loc["moon", "used"]


def test_the_order_of_statements_and_tags_does_not_matter(views):
    made = qm.synthetic_sorts(views, n_sorts=25, noise=0.6, seed=4)
    tags = qm.Tagging.from_frame(qm.Instrument.load().tags).table
    order = np.random.default_rng(2).permutation(44)
    shuffled = qm.QSorts(
        made.sorts.values[order],
        [made.sorts.statements[i] for i in order],
        made.sorts.sorts,
        made.sorts.distribution,
    )
    one = qm.match_viewpoints(analysed(made.sorts, 3), views, tags, seed=7, n_permutations=499)
    two = qm.match_viewpoints(
        analysed(shuffled, 3),
        views,
        tags.sample(frac=1, random_state=3),
        seed=7,
        n_permutations=499,
    )
    for name in ("assignment", "similarity", "mixtures", "claims", "unmatched"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name), rtol=0, atol=1e-9)


def test_the_seed_fixes_everything_and_is_kept(views, tags):
    made = qm.synthetic_sorts(views, tags, n_sorts=20, noise=0.6, seed=5)
    analysis = analysed(made.sorts, 2)
    first = qm.match_viewpoints(analysis, views, tags, n_permutations=199)
    again = qm.match_viewpoints(analysis, views, tags, n_permutations=199, seed=first.seed)
    pd.testing.assert_frame_equal(first.similarity, again.similarity)
    assert str(first.seed) in first.methods_text()
    copy = pickle.loads(pickle.dumps(first))  # what is worked out late goes along
    pd.testing.assert_frame_equal(copy.similarity, again.similarity)


# -- answers ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recovered(views):
    made = qm.synthetic_sorts(views, n_sorts=40, noise=0.4, unstated=0.1, seed=1)
    return made, qm.match_viewpoints(analysed(made.sorts, 5), views, seed=1, n_permutations=999)


def test_viewpoints_and_members_come_back_at_low_noise(recovered):
    made, match = recovered
    table = match.assignment
    assert list(table.columns)[-2:] == ["assigned", "why"]
    assert table["answer"].tolist() == ["match"] * 5
    assert sorted(table["viewpoint"]) == sorted(CODES)
    assert (table["viewpoint"] == table["assigned"]).all()
    assert (table["against"] == 0).all()
    assert not len(match.unmatched)
    own = dict(zip(made.members["sort"], made.members["viewpoint"], strict=True))
    flags = match.analysis.flags.set_index("sort")
    right = [
        own[sort] == view
        for factor, view in zip(table["factor"], table["viewpoint"], strict=True)
        for sort in flags.index[flags[factor]]
    ]
    assert len(right) >= 36
    assert np.mean(right) > 0.95


def test_people_between_two_viewpoints_are_called_mixed(views, tags):
    hits = []
    for seed in range(5):
        made = qm.synthetic_sorts(
            views, tags, n_sorts=12, noise=0.4, unstated=0.1, shares={"RB": 1, "PA": 1},
            mixtures=1.0, seed=seed,
        )  # fmt: skip
        match = qm.match_viewpoints(
            analysed(made.sorts, 1), views, tags, seed=1, n_permutations=999
        )
        hits.append((match.assignment["answer"][0], match.assignment["viewpoint"][0]))
    assert hits.count(("mixed", "RB + PA")) >= 4
    row = match.assignment.iloc[0]
    assert match.shown("f1") == ("RB", "PA")
    assert "government" not in set(match.carrying("f1")["claim"])  # the two clash there
    assert row["carrying"] == 5
    alone = qm.match_viewpoints(
        match.analysis, views, tags, seed=1, n_permutations=999, mixed=False
    )
    assert alone.assignment["answer"][0] != "mixed"
    assert not len(alone.mixtures)


def test_a_view_that_no_summary_describes_is_no_match(views):
    made = qm.synthetic_sorts(views, n_sorts=15, noise=0.4, outside=1.0, seed=3)
    match = qm.match_viewpoints(analysed(made.sorts, 1), views, seed=1, n_permutations=499)
    assert match.assignment["answer"].tolist() == ["no match"]
    assert match.assignment["viewpoint"].tolist() == [""]
    assert set(match.unmatched["label"]) == {"f1", *CODES}
    assert match.unmatched.iloc[0]["why"]


def test_a_threshold_on_similarity_is_kept(recovered, views):
    _, match = recovered
    strict = qm.match_viewpoints(
        match.analysis, views, seed=1, n_permutations=999, min_similarity=1.0, mixed=False
    )
    assert set(strict.assignment["answer"]) == {"no match"}
    assert set(strict.assignment["why"]) == {"similarity too low"}


def test_too_few_claims_are_not_testable():
    views, tags, analysis = small_case()
    values = np.full((5, 1), np.nan)
    values[:3, 0] = 1  # 3 of 3 claims used: one arrangement
    one = qm.Viewpoints(("A",), ("Ay",), ("",), views.claims, views.labels, values)
    match = qm.match_viewpoints(analysis, one, tags, seed=1)
    row = match.assignment.iloc[0]
    assert (row["answer"], row["attainable_p"]) == ("not testable", 1.0)
    assert "not testable" in match.summary()


def test_a_factor_without_flagged_sorts_is_not_testable(views, tags):
    made = qm.synthetic_sorts(views, tags, n_sorts=12, noise=0.4, seed=1)
    flags = np.zeros((12, 2), dtype=bool)
    flags[:4, 0] = True
    with pytest.warns(DmpkitWarning):
        analysis = qm.analyse(made.sorts, 2, flags=flags)
    match = qm.match_viewpoints(analysis, views, tags, seed=1, n_permutations=99)
    assert match.assignment["answer"][1] == "not testable"
    assert match.assignment["assigned"][1] == ""
    assert match.similarity.loc[match.similarity["factor"] == "f2", "p_value"].isna().all()
    assert len(match.indicators()) == 1
    assert "f2: not testable (no flagged sorts" in match.summary()
    assert plotting.alt_text(match.plot())
    with pytest.raises(DataError, match="no sort is flagged"):
        match.plot_claims("f2")
    none = qm.analyse
    with pytest.warns(DmpkitWarning):
        empty = none(made.sorts, 1, flags=np.zeros((12, 1), dtype=bool))
    nothing = qm.match_viewpoints(empty, views, tags, seed=1, n_permutations=99)
    assert nothing.assignment["answer"].tolist() == ["not testable"]
    assert len(nothing.unmatched) == 6


# -- sensitivity -----------------------------------------------------------------------------


def test_each_tagger_alone_and_each_claim_left_out(recovered):
    _, match = recovered
    table = match.sensitivity
    variants = list(dict.fromkeys(table["variant"]))
    assert variants[:2] == ["tagger first reading", "tagger second reading"]
    assert len(variants) == 2 + 11
    assert len(table) == 13 * 5
    stability = match.stability
    assert (stability["claim_variants"] == 11).all()
    assert (stability["tagger_same"] <= stability["tagger_variants"]).all()
    changed = table[~table["same"] & (table["factor"] == "f1")]["variant"]
    assert stability["changed_without"][0] == ", ".join(
        v.removeprefix("without ") for v in changed if v.startswith("without ")
    )


def test_a_variant_is_what_the_changed_tagging_gives(recovered, views):
    _, match = recovered
    tags = match.tagging.table
    own = tags[tags["tagger"] == "second reading"]
    direct = qm.match_viewpoints(match.analysis, views, own, seed=match.seed, n_permutations=999)
    table = match.sensitivity
    variant = table[table["variant"] == "tagger second reading"]
    np.testing.assert_allclose(
        variant["similarity"], direct.assignment["similarity"], rtol=0, atol=1e-12
    )
    assert variant["viewpoint"].tolist() == direct.assignment["viewpoint"].tolist()
    without = replace(views, values=np.where(_is(views, "ethics"), np.nan, views.values))
    direct = qm.match_viewpoints(match.analysis, without, tags, seed=match.seed, n_permutations=999)
    variant = table[table["variant"] == "without ethics"]
    assert variant["p_adjusted"].tolist() == pytest.approx(direct.assignment["p_adjusted"].tolist())


def _is(views, claim):
    return np.array([c == claim for c in views.claims])[:, None]


# -- published arrays ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def arrays(views):
    made = qm.synthetic_sorts(views, n_sorts=30, noise=0.5, seed=6)
    return made, made.prototypes


def test_arrays_of_the_same_q_set_are_compared_by_congruence(arrays, views):
    made, published = arrays
    analysis = analysed(made.sorts, 5)
    match = qm.match_viewpoints(analysis, views, arrays=published, seed=1, n_permutations=199)
    assert match.basis == "arrays"
    table = match.similarity.pivot_table(index="factor", columns="viewpoint", values="similarity")
    for j, factor in enumerate(analysis.factors):
        for code in CODES:
            r = np.corrcoef(analysis.z_array[:, j], published[code])[0, 1]
            assert table.loc[factor, code] == pytest.approx(r, abs=1e-12)
    said = match.assignment
    assert said.loc[said["answer"] == "match", "similarity"].min() >= 0.85
    assert (said["answer"] == "match").sum() >= 4
    mixed_up = published.iloc[::-1]
    mixed_up = mixed_up.assign(text="words are no viewpoint")
    again = qm.match_viewpoints(analysis, views, arrays=mixed_up, seed=1, n_permutations=199)
    np.testing.assert_allclose(again.similarity["similarity"], match.similarity["similarity"])
    assert not len(match.claims)
    assert not len(match.sensitivity)
    with pytest.raises(DataError, match="Arrays were compared"):
        match.plot_claims("f1")
    own = match.statements("f1", "RB")
    assert own["array"].tolist() == published["RB"].tolist()
    assert own["statement"].tolist() == published["statement"].tolist()


def test_a_factor_between_two_arrays_is_mixed(arrays, views):
    made, published = arrays
    middle = sum(published[c] / published[c].std() for c in ("RB", "SC")).to_numpy()
    base = analysed(made.sorts, 1)
    z = ((middle - middle.mean()) / middle.std(ddof=1))[:, None]
    analysis = replace(base, z_array=z)
    match = qm.match_viewpoints(analysis, views, arrays=published, seed=1, n_permutations=199)
    assert match.assignment[["answer", "viewpoint"]].iloc[0].tolist() == ["mixed", "RB + SC"]
    # two arrays that both fit, and cannot be told apart
    twins = published.assign(PA=published["RB"] + 0.01 * published["CC"])
    z = published[["RB"]].to_numpy() / published["RB"].std()
    match = qm.match_viewpoints(
        replace(base, z_array=z), views, arrays=twins, seed=1, n_permutations=199
    )
    assert match.assignment["answer"][0] == "mixed"
    assert set(match.shown("f1")) == {"RB", "PA"}


def test_arrays_of_another_q_set_are_refused(arrays, views):
    made, published = arrays
    analysis = analysed(made.sorts, 2)
    cases = [
        (published.iloc[1:], "do not share one Q set"),
        (published.assign(XX=1.0), "'XX' are not viewpoints"),
        (published[["statement"]], "are missing"),
        (published.drop(columns="statement"), "'statement'"),
        (published.assign(RB=0.0), "same score everywhere"),
        (pd.concat([published, published.head(1)]), "stands at positions"),
    ]
    for frame, message in cases:
        with pytest.raises(DataError, match=message):
            qm.match_viewpoints(analysis, views, arrays=frame)


# -- what is refused -------------------------------------------------------------------------


def test_bad_options_and_tags_are_refused(views, tags):
    made = qm.synthetic_sorts(views, tags, n_sorts=8, noise=0.4, seed=1)
    analysis = analysed(made.sorts, 1)
    odd = tags.copy()
    odd.loc[5, "statement"] = "zz"
    with pytest.raises(DataError, match="statement 'zz'") as caught:
        qm.match_viewpoints(analysis, views, odd)
    assert (caught.value.row, caught.value.column) == (7, "statement")
    odd = tags.copy()
    odd.loc[5, "claim"] = "zz"
    with pytest.raises(DataError, match="claim 'zz'"):
        qm.match_viewpoints(analysis, views, odd)
    with pytest.raises(DataError, match="Only 2 of the claims"):
        qm.match_viewpoints(analysis, views, tags[tags["claim"].isin(["power", "context"])])
    with pytest.raises(DataError, match="needs a tagging"):
        qm.match_viewpoints(analysis, views)
    for options in ({"level": 0}, {"level": 1.5}, {"min_similarity": -0.1}):
        with pytest.raises(DataError, match="not between"):
            qm.match_viewpoints(analysis, views, tags, **options)
    for options, message in (
        ({"seed": -1}, "seed is -1; it must"),
        ({"seed": "x"}, "seed is 'x'; it must"),
        ({"seed": 1.5}, "seed is 1.5; it must"),
        ({"n_permutations": "x"}, "The number of permutations 'x' is not"),
        ({"n_permutations": 99.5}, "The number of permutations 99.5 is not"),
        ({"n_permutations": 18}, "18 permutations"),
        ({"level": "x"}, "The level 'x' is not a number"),
        ({"min_similarity": "x"}, "The smallest similarity 'x' is not a number"),
    ):
        with pytest.raises(DataError, match=message) as caught:
            qm.match_viewpoints(analysis, views, tags, **options)
        assert caught.value.remedy
    match = qm.match_viewpoints(analysis, views, tags, n_permutations=99, seed=1)
    with pytest.raises(DataError, match="no factor 'f9'"):
        match.carrying("f9")
    with pytest.raises(DataError, match="no viewpoint 'XX'"):
        match.statements("f1", "XX")


def test_claims_tagged_by_the_same_statements_do_not_break_the_numbers():
    views, tags, analysis = small_case()
    twin = tags.assign(claim=tags["claim"].replace({"e": "d"}))
    twin = pd.concat([twin, twin[twin["claim"] == "d"].assign(claim="e")])
    match = qm.match_viewpoints(analysis, views, twin, seed=1)
    assert np.isfinite(match.similarity["p_adjusted"]).all()


# -- views -----------------------------------------------------------------------------------


def test_every_view_says_synthetic_and_whose_proposal_it_is(recovered):
    _, match = recovered
    assert match.synthetic
    for text in (match.summary(), match.methods_text(), match._repr_html_(), match.section().html):
        assert "Synthetic sorts" in text
        assert "own proposal" in text.replace("&#x27;", "'")
    assert "synthetic" in repr(match)
    for ax in (match.plot(), match.plot_claims("f1")):
        assert plotting.alt_text(ax).startswith("Synthetic data. ")
        assert plotting.alt_text(ax).lower().count("synthetic") == 1
        drawn = [ax.get_title(loc=side) for side in ("left", "center", "right")]
        words = " ".join([*drawn, ax.get_xlabel(), ax.get_ylabel()]).lower()
        assert words.count("synthetic") == 1
    assert max(map(len, match.summary().splitlines())) <= 88
    assert len(match.section().figures) == 6


def test_a_bipolar_factor_is_said_to_hide_its_other_end(views):
    made = qm.synthetic_sorts(views, n_sorts=40, noise=0.6, outside=0.15, unrelated=0.1, seed=5)
    match = qm.match_viewpoints(analysed(made.sorts, 5), views, seed=1)
    assert match.bipolar == ("f1", "f2")
    words = " ".join(match.summary().split())
    assert "f1 is bipolar: only its positive end is compared" in words
    assert "6 sorts at its negative end would be hidden" in words
    assert "(least like f1 is Structural Constraints, -.79)" in words
    assert "At its negative end stands one sort (synthetic-14)" in words
    assert 'rotation=RotationLog("varimax").split("f1")' in words
    before = "Decide which factors to split before looking at the match"
    assert before in words
    assert before in match._repr_html_()
    assert "RotationLog(&quot;varimax&quot;).split(&quot;f1&quot;)" in match._repr_html_()

    log = qm.RotationLog("varimax").split("f1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        split = qm.match_viewpoints(qm.analyse(made.sorts, 5, rotation=log), views, seed=1)
    assert split.bipolar == ("f2",)
    assert "f1+ is bipolar" not in split.summary() + split._repr_html_()


def test_the_advice_goes_on_from_a_rotation_by_hand(views):
    made = qm.synthetic_sorts(views, n_sorts=40, noise=0.6, outside=0.15, unrelated=0.1, seed=5)
    log = qm.RotationLog("varimax", [("rotate", "f2", "f3", 1.0)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        analysis = qm.analyse(made.sorts, 5, rotation=log)
    match = qm.match_viewpoints(analysis, views, seed=1)
    assert 'rotation=analysis.rotation_log.split("f1")' in " ".join(match.summary().split())


def test_real_sorts_are_not_called_synthetic(recovered, views):
    _, match = recovered
    sorts = match.analysis.sorts
    plain = qm.QSorts(sorts.values, sorts.statements, None, sorts.distribution, sorts.texts)
    again = qm.match_viewpoints(analysed(plain, 5), views, seed=1, n_permutations=99)
    assert "ynthetic" not in again.summary() + again.methods_text() + repr(again)
    for ax in (again.plot(), again.plot_claims("f1")):
        assert "ynthetic" not in ax.get_title(loc="left") + ax.get_title(loc="right")
        assert "ynthetic" not in plotting.alt_text(ax)
    assert "Decide which" not in again.summary() or again.bipolar
    noted = qm.QSorts(
        sorts.values, sorts.statements, None, sorts.distribution, sorts.texts,
        ("Read from a folder called synthetic.",),
    )  # fmt: skip
    assert not replace(again, analysis=replace(again.analysis, sorts=noted)).synthetic


def test_names_from_data_are_escaped(recovered, views):
    _, match = recovered
    evil = replace(views, names=("<script>x</script>", *views.names[1:]))
    again = qm.match_viewpoints(match.analysis, evil, seed=1, n_permutations=99)
    assert "<script>" not in again._repr_html_() + again.section().render()


def test_tables_and_workbook(recovered, tmp_path):
    import openpyxl

    _, match = recovered
    tables = match.tables("polars")
    assert tables["similarity"].shape == (25, 11)
    assert tables["mixtures"].shape == (50, 11)
    path = match.to_excel(tmp_path / "match.xlsx")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[:3] == ["About", "assignment", "similarity"]
    assert book["assignment"].max_row == 6


def test_the_report_is_one_page_with_pictures_and_tables(recovered, views, tmp_path):
    _, match = recovered
    evil = replace(views, names=("<script>x</script>", *views.names[1:]))
    again = qm.match_viewpoints(match.analysis, evil, seed=1, n_permutations=99)
    path = again.report(tmp_path / "match.html")
    html = path.read_text(encoding="utf-8")
    assert path.name == "match.html"
    assert html.count("<img") == 6
    for words in ("Factors and published viewpoints", "Synthetic sorts", "one claim left out"):
        assert words in html
    assert "<script>" not in html


def test_statements_behind_a_comparison(recovered):
    _, match = recovered
    row = match.assignment.iloc[0]
    own = match.statements("f1", row["viewpoint"])
    assert own["aligned"].is_monotonic_decreasing
    assert set(own["claim"]) == set(match.carrying("f1")["claim"])
    expected = own["z_score"] * own["stance"] * np.sign(own["tag"])
    np.testing.assert_allclose(own["aligned"], expected)


def test_pictures_draw_what_the_tables_say(recovered):
    _, match = recovered
    ax = match.plot_claims("f1", match.shown("f1")[0])
    drawn = [line.get_xdata()[0] for line in ax.lines if line.get_marker() in ("o", "X")]
    table = match.claims
    rows = table[(table["factor"] == "f1") & (table["viewpoint"] == match.shown("f1")[0])]
    assert sorted(drawn) == pytest.approx(sorted(rows["aligned"]))
    ax = match.plot()
    drawn = [line.get_xdata()[0] for line in ax.lines if line.get_marker() in ("o", "D")]
    assert sorted(drawn) == pytest.approx(sorted(match.similarity["similarity"]))
