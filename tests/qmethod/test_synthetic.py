"""Synthetic sorts keep to their recipe and say what they are."""

from __future__ import annotations

import numpy as np
import pytest

import dmpkit.qmethod as qm
from dmpkit.errors import DataError, DuplicatedSortsWarning
from dmpkit.qmethod.synthetic import _whole

CODES = ("RB", "PA", "SC", "AU", "CC")


@pytest.fixture(scope="module")
def views():
    return qm.Viewpoints.load("governance-2024")


def test_everything_says_synthetic(views):
    made = qm.synthetic_sorts(views, n_sorts=12, seed=1)
    assert made.sorts.sorts[0] == "synthetic-01"
    assert all("synthetic" in name for name in made.sorts.sorts)
    assert "Synthetic sorts" in made.sorts.notes[0]
    assert "Nobody sorted them" in made.recipe
    assert "synthetic" in repr(made)


def test_the_grid_is_forced_and_statements_are_those_of_the_instrument(views):
    made = qm.synthetic_sorts(views, n_sorts=9, noise=0.8, seed=3)
    instrument = qm.Instrument.load()
    assert made.sorts.forced
    assert made.sorts.statements == instrument.statements
    assert made.sorts.texts == instrument.texts
    np.testing.assert_array_equal(made.sorts.distribution, np.sort(instrument.distribution))


def test_shares_and_kinds_are_exact(views):
    made = qm.synthetic_sorts(
        views, n_sorts=40, shares={"RB": 3, "SC": 1}, mixtures=0.1, outside=0.2, unrelated=0.1,
        seed=5,
    )  # fmt: skip
    counts = made.members["kind"].value_counts().to_dict()
    assert counts == {"viewpoint": 24, "outside": 8, "mixture": 4, "unrelated": 4}
    people = made.members[made.members["kind"] == "viewpoint"]["viewpoint"].value_counts()
    assert people.to_dict() == {"RB": 18, "SC": 6}
    mixed = made.members[made.members["kind"] == "mixture"]
    assert (mixed["viewpoint"] == "RB").all()
    assert (mixed["other"] == "SC").all()


def test_without_noise_people_of_one_viewpoint_sort_alike_but_for_ties(views):
    with pytest.warns(DuplicatedSortsWarning, match="synthetic-"):
        made = qm.synthetic_sorts(views, n_sorts=10, noise=0, unstated=0.5, seed=2)
    r = np.corrcoef(made.sorts.values.T)
    own = made.members["viewpoint"].to_numpy()
    same = own[:, None] == own[None, :]
    assert r[same].min() > 0.9
    assert r[~same].max() < 0.9
    for code in CODES:
        column = made.sorts.values[:, own == code][:, 0]
        assert np.corrcoef(column, made.prototypes[code])[0, 1] > 0.9


def test_a_mixture_stands_in_the_middle_of_its_two_viewpoints(views):
    made = qm.synthetic_sorts(
        views, n_sorts=12, shares={"RB": 1, "SC": 1}, mixtures=1.0, noise=0.1, seed=6
    )
    middle = (made.prototypes["RB"] + made.prototypes["SC"]).to_numpy()
    for column in made.sorts.values.T:
        near = [np.corrcoef(column, made.prototypes[code])[0, 1] for code in ("RB", "SC")]
        assert abs(near[0] - near[1]) < 0.15
        assert np.corrcoef(column, middle)[0, 1] > 0.9


def test_noise_gives_the_correlation_that_the_recipe_states(views):
    made = qm.synthetic_sorts(views, n_sorts=60, shares={"AU": 1}, noise=0.7, seed=8)
    r = np.corrcoef(made.sorts.values.T)[np.triu_indices(60, 1)]
    assert r.mean() == pytest.approx(1 - 0.7**2, abs=0.05)


def test_all_noise_and_unrelated_people_share_nothing(views):
    for options in ({"noise": 1.0}, {"noise": 0.0, "unrelated": 1.0}):
        made = qm.synthetic_sorts(views, n_sorts=60, seed=4, **options)
        r = np.corrcoef(made.sorts.values.T)[np.triu_indices(60, 1)]
        assert abs(r.mean()) < 0.02
    outside = qm.synthetic_sorts(views, n_sorts=10, noise=0.2, outside=1.0, seed=4)
    assert np.corrcoef(outside.sorts.values.T).min() > 0.8


def test_stated_stances_are_kept_and_hidden_ones_scale(views):
    stated = ~np.isnan(views.values)
    silent = qm.synthetic_sorts(views, n_sorts=5, unstated=0, seed=1).stances[list(CODES)]
    np.testing.assert_array_equal(silent.to_numpy()[stated], views.values[stated])
    assert (silent.to_numpy()[~stated] == 0).all()
    loud = qm.synthetic_sorts(views, n_sorts=5, unstated=1.0, seed=1).stances[list(CODES)]
    np.testing.assert_array_equal(loud.to_numpy()[stated], views.values[stated])
    assert 0.6 < loud.to_numpy()[~stated].std() < 1.4


def test_the_same_seed_gives_the_same_sorts(views):
    first, second = (qm.synthetic_sorts(views, n_sorts=8, seed=11) for _ in range(2))
    np.testing.assert_array_equal(first.sorts.values, second.sorts.values)
    assert first.members.equals(second.members)
    other = qm.synthetic_sorts(views, n_sorts=8, seed=12)
    assert not np.array_equal(first.sorts.values, other.sorts.values)


def test_own_tags_and_grid(views):
    tags = qm.synthetic_tags(views.claims, 2)
    made = qm.synthetic_sorts(views, tags, n_sorts=4, noise=0.9, seed=1)
    assert made.sorts.n_statements == 22
    grid = [-1.0] * 11 + [1.0] * 11
    made = qm.synthetic_sorts(views, tags, n_sorts=4, noise=0.9, distribution=grid, seed=1)
    assert made.sorts.grid["count"].tolist() == [11, 11]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_sorts": 1}, "1 sorts"),
        ({"noise": 1.2}, "noise is 1.2"),
        ({"unstated": -1}, "not stated is -1"),
        ({"mixtures": 0.6, "outside": 0.6}, "shares of mixtures"),
        ({"unrelated": -0.1}, "shares of mixtures"),
        ({"shares": {"XX": 1}}, "no viewpoint 'XX'"),
        ({"shares": {"RB": -1}}, "share of RB"),
        ({"shares": {"RB": 0}}, "share 0"),
        ({"distribution": [0, 1, 2]}, "3 places for 44"),
        ({"seed": -1}, "seed is -1; it must"),
    ],
)
def test_what_cannot_be_made_is_refused(views, options, message):
    with pytest.raises(DataError, match=message):
        qm.synthetic_sorts(views, **options)


def test_tags_must_fit_the_viewpoints(views):
    with pytest.raises(DataError, match="claim 'moon'"):
        qm.synthetic_sorts(views, qm.synthetic_tags([*views.claims, "moon"]))
    with pytest.raises(DataError, match="claim that SC states"):
        qm.synthetic_sorts(views, qm.synthetic_tags(["standards", "government", "context"]))


@pytest.mark.parametrize(
    ("n", "shares", "counts"),
    [
        (10, [0.19, 0.26, 0.55], [2, 3, 5]),  # 1.9, 2.6, 5.5: the two largest remainders
        (10, [3.4, 3.3, 3.3], [4, 3, 3]),
        (3, [1.0, 1.0], [2, 1]),  # of equal remainders the first
        (7, [0.0, 1.0], [0, 7]),
    ],
)
def test_people_are_shared_out_by_largest_remainder(n, shares, counts):
    assert _whole(n, np.array(shares)) == counts


def test_a_share_without_end_is_refused():
    with pytest.raises(DataError, match=r"share of .* is inf"):
        qm.synthetic_sorts("governance-2024", n_sorts=10, shares={"RB": float("inf")}, seed=1)
