"""Times to the answer, promises kept, and the pictures of tallies and answers."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import polars as pl
import pytest

from dmpkit.errors import DataError
from dmpkit.impact import answer_times, plot_tallies
from dmpkit.plotting import alt_text, to_png

REPORTS = pd.DataFrame(
    {
        "report": ["a", "b", "c", "d", "e", "f"],
        "got": ["2020-01-31", "2020-01", None, "2020-02-01", "2020-03-01", "2020-01"],
        "said": ["2020-06-01", "2020-05-20", "2020-03-01", None, "2020-09-01", "2020-05-02"],
    }
)


def times(frame=REPORTS, **options):
    options = {"months": 4, "until": "2020-07-01"} | options
    return answer_times(frame, item="report", received="got", answered="said", **options)


def test_times_by_another_route():
    table = times().table.set_index("item")
    days = {
        "a": ((2020, 1, 31), (2020, 1, 31), (2020, 6, 1)),
        "b": ((2020, 1, 1), (2020, 1, 31), (2020, 5, 20)),
        "d": ((2020, 2, 1), (2020, 2, 1), (2020, 7, 1)),  # unanswered: up to the day looked
        "e": ((2020, 3, 1), (2020, 3, 1), (2020, 7, 1)),  # answered later than that
    }
    for name, (first, last, end) in days.items():
        long, short = ((dt.date(*end) - dt.date(*day)).days for day in (first, last))
        assert (table.loc[name, "shortest"], table.loc[name, "longest"]) == (short, long)


def test_what_became_of_the_promise():
    result = times()
    said = dict(zip(result.table["item"], result.table["promise"], strict=True))
    assert said["a"] == "missed"  # due on 31 May
    assert said["b"] == "not decided"  # due between 1 and 31 May
    assert said["f"] == "not decided"
    assert said["c"] == "date missing"
    assert said["d"] == "missed"  # unanswered, due on 1 June
    assert said["e"] == "running"  # due on the day up to which was looked
    assert times(until="2020-10-01").table["promise"][4] == "missed"
    counts = result.counts.set_index("promise")["count"]
    assert counts.sum() == len(REPORTS)


def test_a_missing_date_gives_no_time_and_enters_no_share():
    result = times()
    assert pd.isna(result.table["shortest"][2])
    assert result.n_timed == 5
    (indicator,) = result.indicators()
    assert indicator.n == 2
    assert "4 of 6 cannot be judged" in indicator.note


def test_an_answer_on_the_last_day_is_in_time():
    one = pd.DataFrame({"report": ["x"], "got": ["2020-02-29"], "said": ["2020-06-29"]})
    assert times(one, until=None).table["promise"].tolist() == ["kept"]
    assert times(one.assign(said="2020-06-30"), until=None).table["promise"].tolist() == ["missed"]


def test_frames_of_another_kind_give_the_same():
    pd.testing.assert_frame_equal(times(pl.from_pandas(REPORTS)).table, times().table)


def test_without_a_promise_there_is_none():
    result = times(months=None)
    assert set(result.table["promise"]) == {""}
    assert result.indicators() == ()
    assert "promise" not in result.summary()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"got": "yesterday"}, "row 2, column got"),
        ({"said": "2019-12-01"}, "before it was received"),
        ({"got": "2020-02-30"}, "not a day of the calendar"),
    ],
)
def test_dates_that_cannot_be(change, words):
    with pytest.raises(DataError, match=words):
        times(REPORTS.head(1).assign(**change))


@pytest.mark.parametrize("months", [0, -4, 1.5, True, "four"])
def test_months_that_cannot_be(months):
    with pytest.raises(DataError, match="months cannot be"):
        times(months=months)


def test_no_answer_needs_a_day():
    with pytest.raises(DataError, match="no answer"):
        times(REPORTS.assign(said=None), until=None)


def test_the_picture_says_which_have_no_date():
    ax = times().plot()
    assert sum(t.get_text() == "no date of receipt" for t in ax.texts) == 1
    assert "5 of 6 have a date of receipt" in alt_text(ax)
    assert alt_text(times(synthetic=True).plot()).startswith("Synthetic data.")
    assert to_png(ax)


def test_tallies_are_drawn_as_shares_of_their_own_list():
    cards = pd.DataFrame(
        {
            "coder": ["x", "x", "y", "y"],
            "status": ["accepted", "not kept", "accepted", "rejected"],
            "count": [75, 1, 1, 3],
        }
    )
    ax = plot_tallies(cards, statuses={"not kept": "no", "rejected": "no"})
    widths = [round(bar.get_width(), 6) for bar in ax.patches]
    assert widths == [round(100 * 75 / 76, 6), round(100 / 76, 6), 25, 75]
    assert ax.patches[1].get_hatch() == ax.patches[3].get_hatch()
    assert "not kept: 1" in [t.get_text() for t in ax.texts]
    assert "x, of 76: accepted 75, not kept 1" in alt_text(ax)
    assert alt_text(plot_tallies(cards, synthetic=True)).startswith("Synthetic data.")


def test_tallies_that_cannot_be_drawn():
    empty = pd.DataFrame({"coder": ["x"], "status": ["accepted"], "count": [0]})
    with pytest.raises(DataError, match="'x' counts nothing"):
        plot_tallies(empty)
    with pytest.raises(DataError, match="not a count"):
        plot_tallies(empty.assign(count=-1))


def test_words_that_do_not_fit_above_a_bar_stand_beside_it():
    words = [f"a long word for part {k}" for k in range(8)]
    thin = pd.DataFrame({"coder": "x", "status": words, "count": [100] + [2] * 7})
    key = plot_tallies(thin).get_legend()
    assert [t.get_text() for t in key.get_texts()] == words
    assert plot_tallies(thin.head(2)).get_legend() is None


def test_who_waits_without_an_answer_is_said():
    result = times()
    assert "d: 151 days without an answer" in result.summary()
    assert "151 days,\nno answer" in [t.get_text() for t in result.plot().texts]
    assert result.table["answered"][4] == ""  # it came after the day up to which was looked
    many = pd.concat([REPORTS.assign(report=REPORTS["report"] + str(k)) for k in range(3)])
    assert "and so on" in times(many).summary()
