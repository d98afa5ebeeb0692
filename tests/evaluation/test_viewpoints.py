"""A scorecard through viewpoints: links, score lines, bands, verdict, words, pictures."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit import datasets, plotting
from dmpkit import evaluation as ev
from dmpkit.errors import DataError
from dmpkit.evaluation.stress import bounded_scores, score_table, stress_factors, stressed_score
from dmpkit.evaluation.viewpoint_plots import _apart
from dmpkit.evaluation.viewpoints import FIXED_YARDSTICK, MIN_LINKS, NOTE, OWN_NOTE, _margin

INF = math.inf
NAN = math.nan
#: Sums of at most 52 terms, against the same sum in another order.
CLOSE = {"rel": 0, "abs": 1e-12}


def scores_of(values, *, status=None, ids=None):
    ids = ids or [f"C{i:02d}" for i in range(1, len(values) + 1)]
    frame = pd.DataFrame({"criterion": ids, "score": values})
    return frame if status is None else frame.assign(status=status)


def links_of(**views):
    """``V="C01 C02 -C03 ?C04"``: stressed, contested with -, by inference with ?."""
    rows = [
        (v, c.lstrip("-?"), "contested" if "-" in c else "stressed",
         "inference" if "?" in c else "text")
        for v, cell in views.items()
        for c in cell.split()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["viewpoint", "criterion", "direction", "basis"])


TEN = scores_of([4, 4, 4, 4, 4, 1, 1, 1, 1, 1])
FIVE = "C01 C02 C03 C04 C05"
REST = "C06 C07 C08 C09 C10"


# --- the score under stress ----------------------------------------------------------


def test_the_worked_check():
    """20 stressed of mean .70, 32 others of mean .45625 (all: .55): at k = 3 (42 + 14.6) / 92."""
    scores = np.r_[np.full(20, 0.70), np.full(32, 0.45625)]
    emphasis = np.r_[np.ones(20), np.zeros(32)]
    assert stressed_score(scores, emphasis, 3) == pytest.approx(56.6 / 92, **CLOSE)
    assert round(stressed_score(scores, emphasis, 3), 4) == 0.6152
    assert stressed_score(scores, emphasis, 1) == pytest.approx((14 + 14.6) / 52, **CLOSE)
    assert stressed_score(scores, emphasis, INF) == pytest.approx(0.70, **CLOSE)


_scores = st.lists(st.one_of(st.floats(0, 4), st.none()), min_size=2, max_size=12)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), values=_scores)
def test_the_score_moves_one_way_and_stays_between_its_ends(data, values):
    s = np.array([NAN if v is None else v for v in values])
    u = np.array(data.draw(st.lists(st.floats(0, 1), min_size=len(s), max_size=len(s))))
    ks = [1, 1.5, 4, 50]
    line = [stressed_score(s, u, k) for k in ks]
    if np.isnan(s).all():
        assert all(math.isnan(x) for x in line)
        return
    steps = np.diff(line)
    assert (steps >= -1e-9).all() or (steps <= 1e-9).all()
    known = ~np.isnan(s)
    ends = [float(s[known].mean())]
    if u[known].sum() > 1e-6:
        ends.append(float((u[known] * s[known]).sum() / u[known].sum()))
        assert stressed_score(s, u, INF) == pytest.approx(ends[1], abs=1e-9)
        assert all(min(ends) - 1e-9 <= x <= max(ends) + 1e-9 for x in line)
    assert line[0] == pytest.approx(ends[0], abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(values=_scores, k=st.floats(1, 100))
def test_an_unassessed_criterion_widens_the_band_and_leaves_the_score(values, k):
    s = np.array([NAN if v is None else v for v in values])
    u = (np.arange(len(s)) % 2).astype(float)
    before = bounded_scores(s, u, k)
    after = bounded_scores(np.r_[s, NAN], np.r_[u, 1.0], k)
    assert after[0] == pytest.approx(before[0], abs=1e-12, nan_ok=True)
    assert after[1] <= before[1] + 1e-12
    assert after[2] >= before[2] - 1e-12


@pytest.mark.parametrize("k", [0.5, NAN, "3", True, [], None, [1, -2]])
def test_a_stress_factor_that_cannot_be_is_refused(k):
    with pytest.raises(DataError, match="stress factor"):
        stress_factors(k)


def test_stress_factors_take_numpy_numbers():
    assert stress_factors(np.int64(2)) == (2.0,)
    assert stress_factors(np.array([3, 1.5])) == (1.5, 3.0)


# --- with the links that come with dmpkit --------------------------------------------


def test_no_viewpoint_has_a_line_with_the_links_that_come_along():
    """Their text links are 1, 0, 1, 2 and 1 stressed ones: fewer than five for each."""
    ids = list(datasets.load("criteria")["id"])
    seen = ev.through_viewpoints(scores_of([2.0] * 52, ids=ids))
    assert seen.verdict == "no lines"
    assert not seen.viewpoints["line"].any()
    assert seen.viewpoints["n_stressed_text"].tolist() == [1, 0, 1, 2, 1]
    assert seen.viewpoints["n_contested_text"].tolist() == [0, 1, 0, 0, 1]
    assert (seen.viewpoints["n_stressed_text"] < MIN_LINKS).all()
    assert not len(seen.lines)
    assert "lines" not in seen.frames()
    assert not any("Score against" in f.caption for f in seen.section().figures)
    with pytest.raises(DataError, match="No viewpoint has a line"):
        seen.plot_lines()


def test_the_words_tell_every_viewpoint_and_what_this_is_not():
    ids = list(datasets.load("criteria")["id"])
    values = [3.0 if c == "C05" else 1.0 for c in ids]
    seen = ev.through_viewpoints(scores_of(values, ids=ids))
    text = seen.summary()
    for name in datasets.load("criteria", "viewpoints")["name"]:
        assert f"\n\n{name}. " in text
    assert "it contests Access to decision makers (3.00 of 4), seen apart" in text
    assert "By inference only, and in no score" in text
    assert "not an instrument of its authors" in text
    assert "no shares of any population" in text
    assert FIXED_YARDSTICK in text
    assert NOTE in text
    assert "kappa 0.88" not in text, "how far the coders agree belongs to the methods"
    assert "kappa 0.88" in seen.methods_text()
    assert "no line is drawn" in text


def test_the_parts_of_the_summary_stand_in_the_section():
    seen = ev.through_viewpoints(scores_of([3.0], ids=["C05"]))
    html = seen.section().html
    assert "working relations with policymakers" in html
    assert html.count("text</td>") >= 4


def test_links_of_a_criterion_with_another_meaning_are_left_out():
    other = pd.DataFrame({"criterion": ["C05", "C11"], "score": [3, 3],
                          "label": ["Good food", "Suited to context"]})  # fmt: skip
    seen = ev.through_viewpoints(other)
    assert set(seen.links["criterion"]) == {"C11"}
    assert seen.changed == ("C05",)
    assert "The links of C05 are left out" in seen.summary()


# --- agreement of the codings --------------------------------------------------------


def test_agreement_of_the_codings_against_numbers_counted_by_hand():
    """20 links in common, 25 of coder B of which 5 alone; 3 categories over 260 pairs.

    Contested: 4 for both; stressed: 16 for A, 21 for B; no link: 240 and 235.
    """
    row = ev.coding_agreement().set_index("of").loc["direction"]
    assert row["n_pairs"] == 260
    assert (row["n_links_a"], row["n_links_b"], row["n_same"]) == (20, 25, 20)
    assert row["percent_agreement"] == pytest.approx(255 / 260, **CLOSE)
    chance = (240 * 235 + 16 * 21 + 4 * 4) / 260**2
    assert row["cohen_kappa"] == pytest.approx((255 / 260 - chance) / (1 - chance), **CLOSE)
    pooled = [475, 37, 8]
    expected = 1 - sum(n * (n - 1) for n in pooled) / (520 * 519)
    assert row["krippendorff_alpha"] == pytest.approx(1 - (5 / 260) / expected, **CLOSE)
    assert row["positive_agreement"] == pytest.approx(40 / 45, **CLOSE)
    assert row["share_without_link"] == pytest.approx(235 / 260, **CLOSE)


def test_agreement_on_text_links():
    row = ev.coding_agreement().set_index("of").loc["text links"]
    assert (row["n_links_a"], row["n_links_b"], row["n_same"]) == (7, 7, 7)
    assert row["positive_agreement"] == 1


# --- with links of one's own ---------------------------------------------------------


def test_a_line_by_hand():
    """Five 4s stressed among five 1s: (k * 20 + 5) / (5 k + 5)."""
    seen = ev.through_viewpoints(TEN, links=links_of(V=FIVE), k=[1, 3, INF])
    assert seen.lines["score"].tolist() == pytest.approx([2.5, 65 / 20, 4.0], **CLOSE)
    assert (seen.lines["worst"] == seen.lines["score"]).all()
    assert (seen.lines["best"] == seen.lines["score"]).all()
    row = seen.viewpoints.iloc[0]
    assert (row["range_low"], row["range_high"]) == pytest.approx((2.5, 4.0), **CLOSE)


def test_contested_criteria_are_left_out_and_shown_both_ways():
    """C06 (1) contested: apart 24/9 at k = 1, kept 25/10; both end at the stressed mean."""
    seen = ev.through_viewpoints(TEN, links=links_of(V=f"{FIVE} -C06"), k=[1, 2, INF])
    lines = seen.lines.pivot_table(index="k", columns="contested", values="score")
    assert lines["apart"].tolist() == pytest.approx([24 / 9, 44 / 14, 4.0], **CLOSE)
    assert lines["kept"].tolist() == pytest.approx([2.5, 45 / 15, 4.0], **CLOSE)
    assert seen.viewpoints.iloc[0]["mean_contested"] == 1
    assert "kept in, the score at k = 1 is 2.50" in seen.summary()


def test_inference_is_in_no_score():
    with_guess = ev.through_viewpoints(TEN, links=links_of(V=f"{FIVE} ?C06 -?C07"))
    without = ev.through_viewpoints(TEN, links=links_of(V=FIVE))
    pd.testing.assert_frame_equal(with_guess.lines, without.lines)
    assert with_guess.viewpoints.iloc[0]["n_inference"] == 2


def test_four_text_links_make_no_line_and_contested_ones_do_not_count():
    seen = ev.through_viewpoints(TEN, links=links_of(V="C01 C02 C03 C04 -C05 ?C06"))
    assert seen.with_line == ()
    assert "V. By the text it stresses Clear task (4.00 of 4)" in seen.summary()
    assert OWN_NOTE in seen.summary()
    assert NOTE not in seen.summary()


def test_a_criterion_that_does_not_apply_is_out_and_can_cost_the_line():
    status = ["not applicable"] + ["assessed"] * 9
    table = scores_of([NAN, 4, 4, 4, 4, 1, 1, 1, 1, 1], status=status)
    assert ev.through_viewpoints(table, links=links_of(V=FIVE)).with_line == ()
    six = ev.through_viewpoints(table, links=links_of(V=f"{FIVE} C06"), k=[1, INF])
    assert six.lines["score"].tolist() == pytest.approx([21 / 9, 17 / 5], **CLOSE)


def test_unknown_criteria_at_worst_and_at_best():
    """One of the five stressed unknown: at k infinite 16/4, 16/5 and 20/5."""
    table = scores_of([4, 4, 4, 4, NAN, 1, 1, 1, 1, 1])
    seen = ev.through_viewpoints(table, links=links_of(V=FIVE), k=[1, INF])
    assert seen.lines["score"].tolist() == pytest.approx([21 / 9, 4.0], **CLOSE)
    assert seen.lines["worst"].tolist() == pytest.approx([2.1, 3.2], **CLOSE)
    assert seen.lines["best"].tolist() == pytest.approx([2.5, 4.0], **CLOSE)


def test_a_contested_rating_is_unknown_and_not_its_score():
    status = ["contested"] + ["assessed"] * 9
    seen = ev.through_viewpoints(TEN.assign(status=status), links=links_of(V=FIVE), k=INF)
    assert seen.lines["worst"].tolist() == pytest.approx([3.2], **CLOSE)


def test_with_most_stressed_criteria_unassessed_only_the_band_is_given():
    table = scores_of([4, 4, NAN, NAN, NAN, 1, 1, 1, 1, 1])
    seen = ev.through_viewpoints(table, links=links_of(V=FIVE), k=[1, INF])
    assert seen.lines["score"].isna().all()
    assert seen.lines["worst"].tolist() == pytest.approx([1.3, 1.6], **CLOSE)
    assert "Only 2 of its 5 stressed criteria were assessed" in seen.summary()
    assert "no line" in plotting.alt_text(seen.plot_lines())


def brute_spread(seen):
    """The widest gap between ends of lines over all corners of the unknown scores."""
    t = seen.applicable
    unknown = np.flatnonzero(t["score"].isna())
    gaps = {}
    for corner in itertools.product((0.0, 4.0), repeat=len(unknown)):
        s = t["score"].to_numpy(float).copy()
        s[unknown] = corner
        values = [seen._weights(form) @ s for form in seen._forms]
        for pair in itertools.permutations(range(len(values)), 2):
            gaps.setdefault(pair, []).append(values[pair[0]] - values[pair[1]])
    return max(min(g) for g in gaps.values()), max(max(g) for g in gaps.values())


@settings(max_examples=25, deadline=None)
@given(values=st.lists(st.one_of(st.integers(0, 4), st.none()), min_size=10, max_size=10))
def test_the_spread_holds_for_every_way_the_unknown_could_turn_out(values):
    unknown = [i for i, v in enumerate(values) if v is None][5:]
    table = scores_of([NAN if v is None and i not in unknown else (v or 0)
                       for i, v in enumerate(values)])  # fmt: skip
    seen = ev.through_viewpoints(table, links=links_of(V=f"{FIVE} -C10", W=REST))
    sure, most = brute_spread(seen)
    assert seen.spread[1] == pytest.approx(max(sure, 0), abs=1e-9)
    assert seen.spread[2] == pytest.approx(most, abs=1e-9)


def test_all_agree():
    table = scores_of([2, 3] * 5)
    links = links_of(V="C01 C02 C03 C04 C05 C06", W="C05 C06 C07 C08 C09 C10")
    seen = ev.through_viewpoints(table, links=links)
    assert seen.verdict == "all agree"
    assert seen.spread[2] == pytest.approx(0.0, abs=1e-12)
    assert seen.summary().startswith("All agree:")
    assert not len(seen.drivers)


def test_it_depends_and_says_on_what():
    table = scores_of([4, 2, 2, 2, 2, 2, 2, 2, 2, 0])
    seen = ev.through_viewpoints(table, links=links_of(V=FIVE, W=REST))
    assert seen.verdict == "depends"
    assert seen.spread[0] == pytest.approx(0.8, **CLOSE)
    assert seen.drivers["contribution"].sum() == pytest.approx(0.8, **CLOSE)
    assert set(seen.drivers["criterion"]) == {"C01", "C10"}
    assert "driven by" in seen.summary()
    assert "Clear task (4.00)" in seen.summary()


def test_unknown_criteria_can_leave_the_verdict_open():
    table = scores_of([2, 2, 2, 2, NAN, 2, 2, 2, 2, 2])
    seen = ev.through_viewpoints(table, links=links_of(V=FIVE), margin=0.19)
    assert seen.spread[1:] == pytest.approx((0.0, 0.2), **CLOSE)
    assert seen.verdict == "not known"
    assert seen.settling == ("Access to decision makers",)
    assert "What would settle it most: Access to decision makers" in seen.summary()


def test_the_margin_moves_the_verdict_and_is_checked():
    assert ev.through_viewpoints(TEN, links=links_of(V=FIVE), margin=1.5).verdict == "all agree"
    assert ev.through_viewpoints(TEN, links=links_of(V=FIVE), margin=1.49).verdict == "depends"
    for wrong in (-1, 5, "a", True, NAN):
        with pytest.raises(DataError, match="margin"):
            ev.through_viewpoints(TEN, margin=wrong)


def test_relabelling_the_rows_changes_nothing():
    links = links_of(V=f"{FIVE} -C09", W=REST)
    one = ev.through_viewpoints(TEN, links=links)
    other = ev.through_viewpoints(TEN.sample(frac=1, random_state=1), links=links)
    pd.testing.assert_frame_equal(one.lines, other.lines)
    assert one.spread == pytest.approx(other.spread, **CLOSE)


# --- what is read, what is refused ---------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"criterion": ["C99"]}, "There is no criterion 'C99'"),
        ({"direction": ["for"]}, "'for' is not one of"),
        ({"basis": ["guess"]}, "'guess' is not one of"),
        ({"viewpoint": [""]}, "viewpoint"),
    ],
)
def test_links_that_cannot_be_are_refused_with_row_and_column(change, words):
    table = pd.DataFrame({"viewpoint": ["V"], "criterion": ["C01"]}).assign(**change)
    with pytest.raises(DataError, match=words) as caught:
        ev.through_viewpoints(TEN, links=table)
    assert "row 2" in str(caught.value)


def test_a_pair_that_stands_twice_is_refused():
    with pytest.raises(DataError, match="row 3"):
        ev.through_viewpoints(TEN, links=links_of(V="C01 -C01"))


def test_an_empty_table_of_links_is_refused():
    with pytest.raises(DataError, match="no row"):
        ev.through_viewpoints(TEN, links=links_of())


def test_an_assessed_criterion_without_a_score_is_refused():
    with pytest.raises(DataError, match="assessed and has no score"):
        score_table(scores_of([NAN], status="assessed"))


def test_pandas_and_polars_give_the_same():
    links = links_of(V=f"{FIVE} -C10")
    one = ev.through_viewpoints(TEN, links=links)
    other = ev.through_viewpoints(pl.from_pandas(TEN), links=pl.from_pandas(links))
    for name, frame in one.frames().items():
        pd.testing.assert_frame_equal(frame, other.frames()[name])
    tables = one.tables(kind="polars")
    assert tables["lines"]["score"].to_list() == one.lines["score"].tolist()


def test_default_links_can_be_added_to():
    mine = pd.DataFrame({"viewpoint": "CC", "criterion": ["C02", "C03", "C08", "C46"]})
    both = pd.concat([ev.viewpoint_links(), mine[~mine["criterion"].isin(["C46"])]])
    ids = list(datasets.load("criteria")["id"])
    both = both.assign(basis=both["basis"].fillna("text"))
    seen = ev.through_viewpoints(scores_of([2.0] * 52, ids=ids), links=both)
    row = seen.viewpoints.set_index("viewpoint").loc["CC"]
    assert row["n_stressed_text"] == 4
    assert row["name"] == "Community Context"
    assert not row["line"]


# --- from a scorecard ----------------------------------------------------------------


def test_a_scorecard_with_local_criteria():
    local = ev.local_criteria_sheet(1).assign(label="In our tongue", stage="room")
    ratings = pd.DataFrame(
        {"criterion": ["C05", "C05", "L01"], "rater": ["a", "b", "a"], "score": [2, 3, 4]}
    )
    card = ev.Scorecard.from_frames(ratings, local_criteria=local, about={"synthetic": "yes"})
    seen = card.through_viewpoints()
    scores = seen.criteria.set_index("criterion")["score"]
    assert (scores["C05"], scores["L01"]) == (2.5, 4.0)
    assert scores.notna().sum() == 2
    assert "Local criteria in this scorecard: L01; no viewpoint is linked to them" in seen.summary()
    own = links_of(V=f"{FIVE} L01")
    drawn = card.through_viewpoints(links=own, k=INF)
    assert drawn.lines["best"].tolist() == pytest.approx([(16 + 2.5 + 4) / 6], **CLOSE)
    assert "Synthetic data" in plotting.alt_text(drawn.plot_lines())


def test_links_in_the_folder_of_a_scorecard_are_taken(tmp_path):
    TEN.to_csv(tmp_path / "ratings.csv", index=False)
    assert ev.read_scorecard(tmp_path).through_viewpoints().verdict == "no lines"
    links_of(V=FIVE).to_csv(tmp_path / "links.csv", index=False)
    card = ev.read_scorecard(tmp_path)
    seen = card.through_viewpoints()
    assert seen.with_line == ("V",)
    assert OWN_NOTE in seen.summary()
    (tmp_path / "links.csv").write_text("viewpoint,criterion\nV,C01\nV,C77\n", encoding="utf-8")
    with pytest.raises(DataError, match="C77") as caught:
        card.through_viewpoints()
    assert (caught.value.row, caught.value.column) == (3, "criterion")
    assert "links.csv" in str(caught.value)


def test_the_sheet_for_local_criteria():
    sheet = ev.local_criteria_sheet()
    assert sheet["criterion"].tolist() == ["L01", "L02", "L03", "L04", "L05"]
    assert (sheet.drop(columns="criterion") == "").all().all()
    with pytest.raises(DataError):
        ev.local_criteria_sheet(0)


# --- pictures and pages --------------------------------------------------------------


def test_lines_differ_without_colour_and_carry_their_names():
    links = links_of(V=FIVE, W=REST, X="C01 C03 C05 C07 C09")
    ax = ev.through_viewpoints(TEN, links=links).plot_lines()
    main = [line for line in ax.lines if len(line.get_xdata()) == 7]
    assert len({line.get_linestyle() for line in main}) == 3
    assert len({line.get_marker() for line in main}) == 3
    assert {t.get_text() for t in ax.texts} == {"V", "W", "X"}
    assert "V: from 2.50 at k = 1 to 4.00 at k = ∞" in plotting.alt_text(ax)


def test_the_matrix_has_a_row_for_every_criterion_and_a_sign_for_every_kind():
    ids = list(datasets.load("criteria")["id"])
    seen = ev.through_viewpoints(scores_of([2.0] * 52, ids=ids))
    ax = seen.plot_links()
    assert len(ax.get_yticklabels()) == 52
    assert [len(line.get_xdata()) for line in ax.lines] == [5, 11, 2, 2]
    assert "20 links between 5 viewpoints and 52 criteria" in plotting.alt_text(ax)
    few = seen.plot_links(only_linked=True)
    assert len(few.get_yticklabels()) == seen.links["criterion"].nunique() == 13


@settings(max_examples=50, deadline=None)
@given(ends=st.lists(st.floats(0, 4), min_size=1, max_size=8))
def test_labels_keep_apart_and_in_order(ends):
    out = _apart(ends, [0.4] * len(ends), (0.0, 4.0))
    order = sorted(range(len(ends)), key=lambda i: ends[i])
    gaps = np.diff([out[i] for i in order])
    assert (gaps >= 0.4 - 1e-9).all()
    assert min(out) >= 0.2 - 1e-9
    assert max(out) <= 3.8 + 1e-9


HOSTILE = '<script>alert("x")</script> $x_1$ =1+1 \u202e'


def test_hostile_names_do_no_harm(tmp_path):
    links = links_of(V=FIVE).assign(name=HOSTILE, part=HOSTILE)
    seen = ev.through_viewpoints(TEN, links=links)
    seen.report(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    plotting.to_png(seen.plot_lines())
    plotting.to_png(seen.plot_links())
    seen.to_excel(tmp_path / "book.xlsx")


def test_an_unclosed_formula_in_a_name_is_drawn_as_it_stands():
    seen = ev.through_viewpoints(TEN, links=links_of(V=FIVE).assign(name=r"5 $ \frac{ $"))
    plotting.to_png(seen.plot_lines())
    plotting.to_png(seen.plot_links())


def test_a_criterion_has_one_score():
    twice = pd.DataFrame({"criterion": ["C01", "C02", "C01"], "score": [3, 2, 1]})
    with pytest.raises(DataError, match="C01"):
        score_table(twice)


def test_a_margin_of_nothing_and_of_the_whole_scale_are_margins():
    assert _margin(0) == 0.0
    assert _margin(4) == 4.0
