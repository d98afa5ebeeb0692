"""What is named or brought beside the panel must exist: variables, quota variables, the pool."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from dmpkit.errors import DataError, ReadingWarning
from dmpkit.representativeness import analyse, check_margins, r_indicator

CENSUS = {"gender": {"woman": 0.5, "man": 0.5}, "age": {"young": 0.4, "old": 0.6}}


def _people(ids: list[str]) -> pd.DataFrame:
    n = len(ids)
    return pd.DataFrame(
        {
            "person": ids,
            "gender": (["woman", "man"] * n)[:n],
            "age": (["young", "old", "old"] * n)[:n],
        }
    )


MEMBERS = _people([f"p{i}" for i in range(12)])


@pytest.mark.parametrize("run", [analyse, check_margins])
@pytest.mark.parametrize(
    "options",
    [{"quota_variables": ["Gender"]}, {"variables": ["gender", "Age"]}, {"variables": "Age"},
     {"quota_variables": "Gender"}],
)  # fmt: skip
def test_a_name_that_no_column_has_is_refused(run: Any, options: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="upper and lower case"):
        run(MEMBERS, CENSUS, **options)


def test_names_that_are_there_are_taken() -> None:
    found = analyse(MEMBERS, CENSUS, variables="gender", quota_variables="age")
    assert list(found.margins.variables["variable"]) == ["gender"]


def test_members_who_are_not_in_the_pool_are_named() -> None:
    pool = _people([f"p{i}" for i in range(2, 40)])
    with pytest.warns(ReadingWarning, match="2 of 12 members are not in the pool"):
        found = analyse(MEMBERS, CENSUS, pool=pool)
    assert "2 of 12 members are not in the pool" in found.summary()


def test_a_pool_without_any_member_is_refused() -> None:
    with pytest.raises(DataError, match="12 of 12 members are not in the pool"):
        analyse(MEMBERS, CENSUS, pool=_people([f"q{i}" for i in range(40)]))


def test_a_pool_with_all_members_or_without_ids_is_taken() -> None:
    pool = _people([f"p{i}" for i in range(40)])
    for one in (pool, pool.drop(columns="person")):
        assert not any("in the pool" in note for note in analyse(MEMBERS, CENSUS, pool=one).notes)


def test_members_set_apart_are_named_in_the_summary() -> None:
    people = MEMBERS.assign(gender=["unknown", *MEMBERS["gender"][1:]])
    assert "n = 11 of 12 in gender: 1 unknown" in analyse(people, CENSUS).summary()
    assert "12 in age:" not in analyse(people, CENSUS).summary()
    hidden = analyse(people, CENSUS, suppress_below=3).summary()
    assert "n = 11 of 12" not in hidden
    assert "1 unknown" not in hidden


@pytest.mark.parametrize(
    "words", [("no", "yes"), ("No", "TRUE"), (0, 1), ("0", "1.0"), (False, True)]
)
def test_a_response_may_be_yes_or_no(words: tuple[object, object]) -> None:
    invited = _people([f"p{i}" for i in range(120)])
    came = [i % 7 < 3 for i in range(120)]
    plain = r_indicator(invited.assign(came=[int(one) for one in came]), "came", ["age"])
    found = r_indicator(invited.assign(came=[words[one] for one in came]), "came", ["age"])
    pd.testing.assert_frame_equal(found.category_partials, plain.category_partials)


def test_a_response_that_is_neither_is_refused_with_its_row() -> None:
    invited = _people([f"p{i}" for i in range(4)]).assign(came=["yes", "no", "perhaps", None])
    with pytest.raises(DataError, match="'perhaps' is neither 0 nor 1") as caught:
        r_indicator(invited, "came", ["age"])
    assert caught.value.row == 4


def test_the_population_says_how_many_live_alone() -> None:
    people = MEMBERS.assign(size=[1, 2, 3] * 4)
    census = CENSUS | {"size": {"1": 0.25, "2": 0.5, "3": 0.25}}
    assert (
        "25.0% in the population" in analyse(people, census, household="size").household.summary()
    )
    assert "is not known" in analyse(people, CENSUS, household="size").household.summary()
    given = {"adults": "size", "population_share": 0.2}
    assert analyse(people, census, household=given).household.true_share == 0.2
