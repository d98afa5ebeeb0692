"""What must hold of every measure, and each of them written out plainly a second time."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from property_settings import tried

from dmpkit.measures import agreement as ag
from dmpkit.measures import clusters as cl
from dmpkit.measures import inequality as iq
from dmpkit.measures import proportions as pr
from dmpkit.measures import unitizing as un

pytestmark = pytest.mark.filterwarnings("ignore::dmpkit.errors.SmallSampleWarning")

CATEGORIES = [1, 2, 3, 5]
TABLES = st.integers(2, 4).flatmap(
    lambda r: st.integers(3, 9).flatmap(
        lambda n: st.lists(
            st.lists(st.sampled_from([None, *CATEGORIES]), min_size=n, max_size=n),
            min_size=r,
            max_size=r,
        )
    )
).filter(lambda t: all(any(v is not None for v in row) for row in t))  # fmt: skip
PAIRS = st.lists(
    st.tuples(st.sampled_from(CATEGORIES), st.sampled_from(CATEGORIES)), min_size=3, max_size=12
).map(lambda units: [list(row) for row in zip(*units, strict=True)])


def alike(a: float, b: float, tolerance: float = 1e-9) -> bool:
    return (math.isnan(a) and math.isnan(b)) or a == pytest.approx(b, abs=tolerance)


# --- coefficients of agreement -----------------------------------------------------


def same(a, b):
    return float(a == b)


def near(a, b):
    return 1 - (a - b) ** 2 / 16  # quadratic weights on 1 ... 5


def units_of(table):
    return [[v for v in unit if v is not None] for unit in zip(*table, strict=True)]


def observed(table, weight):
    """Mean over units with two ratings of the share of agreeing pairs."""
    paired = [u for u in units_of(table) if len(u) > 1]
    if not paired:
        return math.nan
    shares = [np.mean([weight(a, b) for a, b in itertools.permutations(u, 2)]) for u in paired]
    return float(np.mean(shares))


def shares(table):
    """Mean over rated units of the share of ratings in each category."""
    rated = [u for u in units_of(table) if u]
    return {k: float(np.mean([u.count(k) / len(u) for u in rated])) for k in CATEGORIES}


def beyond(po, pe):
    return math.nan if math.isnan(po) or 1 - pe < 1e-12 else (po - pe) / (1 - pe)


def crossed(p, q, weight):
    return sum(weight(k, j) * p[k] * q[j] for k in p for j in q)


def slow_fleiss(table, weight):
    pi = shares(table)
    return beyond(observed(table, weight), crossed(pi, pi, weight))


def slow_brennan(table, weight):
    chance = np.mean([weight(a, b) for a in CATEGORIES for b in CATEGORIES])
    return beyond(observed(table, weight), float(chance))


def slow_gwet(table, weight):
    q = len(CATEGORIES)
    total = sum(weight(a, b) for a in CATEGORIES for b in CATEGORIES)
    spread = sum(p * (1 - p) for p in shares(table).values())
    return beyond(observed(table, weight), total * spread / (q * (q - 1)))


def margin(row):
    given_ = [v for v in row if v is not None]
    return {k: given_.count(k) / len(given_) for k in CATEGORIES}


def slow_conger(table, weight):
    pairs = itertools.permutations([margin(row) for row in table], 2)
    return beyond(
        observed(table, weight), float(np.mean([crossed(p, q, weight) for p, q in pairs]))
    )


def slow_cohen(table, weight):
    both = [u for u in units_of(table) if len(u) == 2]
    if not both:
        return math.nan
    a, b = (margin(row) for row in zip(*both, strict=True))
    return beyond(float(np.mean([weight(*u) for u in both])), crossed(a, b, weight))


def slow_scott(table, weight):
    both = [u for u in units_of(table) if len(u) == 2]
    if not both:
        return math.nan
    pi = margin([v for u in both for v in u])
    return beyond(float(np.mean([weight(*u) for u in both])), crossed(pi, pi, weight))


def slow_light(table, weight):
    return float(np.mean([slow_cohen(pair, weight) for pair in itertools.combinations(table, 2)]))


FORMULAS = {
    ag.percent_agreement: observed,
    ag.fleiss_kappa: slow_fleiss,
    ag.brennan_prediger: slow_brennan,
    ag.gwet_ac1: slow_gwet,
    ag.gwet_ac2: slow_gwet,
    ag.conger_kappa: slow_conger,
    ag.light_kappa: slow_light,
}
OF_TWO = {ag.cohen_kappa: slow_cohen, ag.scott_pi: slow_scott}


@tried()
@given(TABLES)
def test_every_coefficient_is_its_formula(table):
    steps = FORMULAS if len(table) > 2 else FORMULAS | OF_TWO
    for step, formula in steps.items():
        for name, weight in ((None, same), ("quadratic", near)):
            found = step(table, name, categories=CATEGORIES)
            assert alike(found.value, formula(table, weight)), (step.__name__, name)
            assert not found.value > 1 + 1e-12
            assert not (found.low > found.value)
            assert not (found.high < found.value)


@tried()
@given(TABLES)
def test_interval_and_error_do_not_depend_on_the_order(table):
    turned = [row[::-1] for row in table[::-1]]
    for step in (*FORMULAS, ag.krippendorff_alpha):
        level = "ordinal" if step is ag.krippendorff_alpha else "quadratic"
        one, other = (step(t, level, categories=CATEGORIES) for t in (table, turned))
        for part in ("value", "standard_error", "low", "high", "p_value"):
            assert alike(getattr(one, part), getattr(other, part)), (step.__name__, part)


@tried()
@given(PAIRS)
def test_kappa_of_a_table_is_kappa_of_its_units_and_turns_with_it(pairs):
    cells = ag.confusion(pairs, categories=CATEGORIES).drop(columns="category").to_numpy()
    assert cells.sum() == len(pairs[0])
    for i, a in enumerate(CATEGORIES):
        for j, b in enumerate(CATEGORIES):
            assert cells[i, j] == sum(u == (a, b) for u in zip(*pairs, strict=True))
    one = ag.cohen_kappa_of_table(cells)
    other = ag.cohen_kappa_of_table(cells.T)
    assert alike(one.value, slow_cohen(pairs, same))
    for part in ("value", "standard_error", "p_value"):
        assert alike(getattr(one, part), getattr(other, part))


@tried()
@given(TABLES)
def test_agreement_of_a_category_is_its_count(table):
    found = ag.category_agreement(table, categories=CATEGORIES).set_index("category")
    paired = [u for u in units_of(table) if len(u) > 1]
    ratings = [v for u in paired for v in u]
    for k in CATEGORIES:
        row = found.loc[str(k)]
        assert row["n_ratings"] == ratings.count(k)
        own = [(u.count(k) - 1) / (len(u) - 1) for u in paired for v in u if v == k]
        assert alike(row["specific_agreement"], float(np.mean(own)) if own else math.nan)
        against = [[None if v is None else int(v == k) for v in r] for r in table]
        assert alike(row["alpha"], ag.krippendorff_alpha(against).value)
    if ratings:
        assert found["prevalence"].sum() == pytest.approx(1)


@tried()
@given(TABLES, st.sampled_from(["nominal", "interval"]))
def test_disagreements_add_up_to_those_of_alpha(table, level):
    found = ag.disagreements(table, level)
    alpha = ag.krippendorff_alpha(table, level).value
    values = [v for u in units_of(table) if len(u) > 1 for v in u]
    distance = (lambda a, b: (a - b) ** 2) if level == "interval" else (lambda a, b: a != b)
    among = sum(distance(a, b) for a, b in itertools.permutations(values, 2))
    if among:
        assert found["contribution"].sum() == pytest.approx((1 - alpha) * among / (len(values) - 1))
    if len(found):
        assert found["share"].sum() == pytest.approx(1)
        assert found["contribution"].is_monotonic_decreasing
        assert (found["contribution"] > 0).all()


@tried(0.5)
@given(TABLES)
def test_the_table_of_coefficients_holds_each_of_them(table):
    found = ag.agreement_table(table, categories=CATEGORIES)
    value = found.coefficients.set_index("coefficient")["value"]
    assert alike(value["percent agreement"], observed(table, same))
    assert alike(value["Fleiss' kappa"], slow_fleiss(table, same))
    assert alike(value["Gwet's AC1"], slow_gwet(table, same))
    assert alike(value["Krippendorff's alpha"], ag.krippendorff_alpha(table).value)
    assert found.n == sum(len(u) > 1 for u in units_of(table))
    assert found.raters["n_ratings"].tolist() == [sum(v is not None for v in r) for r in table]
    assert found.categories["n_ratings"].sum() == sum(len(u) for u in units_of(table) if len(u) > 1)
    assert found.disagreements["unit"].nunique() == len(found.disagreements)


SETS = st.frozensets(st.sampled_from("abcd"))


@tried(5)
@given(SETS, SETS, SETS)
def test_distances_of_sets(a, b, c):
    for distance in (ag.jaccard_distance, ag.masi_distance):
        assert distance(a, a) == 0
        assert distance(a, b) == distance(b, a)
        assert 0 <= distance(a, b) <= 1
        assert (distance(a, b) == 0) == (a == b)
    assert ag.masi_distance(a, b) >= ag.jaccard_distance(a, b) - 1e-12
    assert (
        ag.jaccard_distance(a, c) <= ag.jaccard_distance(a, b) + ag.jaccard_distance(b, c) + 1e-12
    )
    if a | b:
        assert ag.jaccard_distance(a, b) == pytest.approx(1 - len(a & b) / len(a | b))


# --- spans -------------------------------------------------------------------------


@st.composite
def marks(draw):
    length = draw(st.integers(4, 30))
    rows = []
    for coder in "abc"[: draw(st.integers(2, 3))]:
        cuts = sorted(draw(st.sets(st.integers(0, length), min_size=2, max_size=6)))
        for start, end in zip(cuts[::2], cuts[1::2], strict=False):
            rows.append((coder, start, end, draw(st.sampled_from("pq"))))
    return pd.DataFrame(rows, columns=["coder", "start", "end", "value"]), length


def mirrored(spans, length):
    return spans.assign(start=length - spans["end"], end=length - spans["start"])


@tried()
@given(marks(), st.integers(1, 50))
def test_spans_read_backwards_or_from_another_start_say_the_same(case, begin):
    spans, length = case
    moved = spans.assign(start=spans["start"] + begin, end=spans["end"] + begin)
    for version in (1995, 2016):
        first = un.unitizing_alpha(spans, length, version).value
        assert alike(first, un.unitizing_alpha(mirrored(spans, length), length, version).value)
        assert alike(first, un.unitizing_alpha(moved, length, version, begin=begin).value)
        assert not first > 1 + 1e-12
    table = un.unitizing_table(spans, length)
    pd.testing.assert_frame_equal(table, un.unitizing_table(mirrored(spans, length), length))
    pd.testing.assert_frame_equal(table, un.unitizing_table(moved, length, begin=begin))
    assert table["n_spans"].sum() == len(spans)


@tried()
@given(marks())
def test_segments_cover_the_text_once_and_count_what_is_marked(case):
    spans, length = case
    found = un.character_ratings(spans, length)
    assert found.table["length"].sum() == length
    assert (found.table["start"].iloc[1:].to_numpy() == found.table["end"].iloc[:-1]).all()
    marked = (spans["end"] - spans["start"]).groupby(spans["coder"]).sum()
    assert found.positives().to_dict() == marked.to_dict()
    plain = found.by_segment()
    assert plain.unit_weights is None
    again = ag.percent_agreement(plain.codes.tolist()).value
    assert alike(ag.percent_agreement(plain).value, again)


# --- shares ------------------------------------------------------------------------

TALLIES = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
LEVELS = st.sampled_from([0.5, 0.9, 0.95, 0.99])


def binomial(n, p):
    return [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]


@tried()
@given(TALLIES, LEVELS)
def test_intervals_of_a_share_invert_what_they_are_made_from(tally, level):
    x, n = tally
    from scipy.stats import beta, norm

    z, tail = norm.ppf((1 + level) / 2), (1 - level) / 2
    low, high = map(float, pr.wilson_interval(x, n, level=level))
    for end, there in ((low, x > 0), (high, x < n)):
        if there:
            assert (x / n - end) ** 2 == pytest.approx(z**2 * end * (1 - end) / n, abs=1e-9)
    exact = low, high = tuple(map(float, pr.clopper_pearson_interval(x, n, level=level)))
    if x > 0:
        assert sum(binomial(n, low)[x:]) == pytest.approx(tail, abs=1e-8)
    if x < n:
        assert sum(binomial(n, high)[: x + 1]) == pytest.approx(tail, abs=1e-8)
    low, high = map(float, pr.jeffreys_interval(x, n, level=level))
    assert low == 0 if x == 0 else beta.cdf(low, x + 0.5, n - x + 0.5) == pytest.approx(tail)
    assert high == 1 if x == n else beta.cdf(high, x + 0.5, n - x + 0.5) == pytest.approx(1 - tail)
    assert exact[0] <= low + 1e-12
    assert exact[1] >= high - 1e-12


@tried()
@given(TALLIES, LEVELS)
def test_the_interval_of_a_share_is_that_of_its_method(tally, level):
    x, n = tally
    methods = {
        "wilson": pr.wilson_interval,
        "clopper_pearson": pr.clopper_pearson_interval,
        "jeffreys": pr.jeffreys_interval,
    }
    for method, step in methods.items():
        found = pr.share_interval(x, n, method=method, level=level)
        assert (found.low, found.high) == tuple(map(float, step(x, n, level=level)))
        assert found.value == x / n
        assert 0 <= found.low <= found.value <= found.high <= 1


@tried()
@given(st.lists(st.integers(0, 20), min_size=1, max_size=6).filter(sum), LEVELS, st.randoms())
def test_simultaneous_intervals_are_wilsons_at_a_share_of_the_level(counts, level, random):
    low, high = pr.goodman_intervals(counts, level=level)
    for i, x in enumerate(counts):
        one = pr.wilson_interval(x, sum(counts), level=1 - (1 - level) / len(counts))
        assert (low[i], high[i]) == pytest.approx(tuple(map(float, one)), abs=1e-12)
    order = random.sample(range(len(counts)), len(counts))
    again = pr.goodman_intervals([counts[i] for i in order], level=level)
    assert np.array_equal(again[0], low[order])
    wider = pr.goodman_intervals([*counts, 0], level=level)  # one more question asked
    assert (wider[0][:-1] <= low + 1e-12).all()
    assert (wider[1][:-1] >= high - 1e-12).all()


@tried()
@given(TALLIES, TALLIES, LEVELS)
def test_a_difference_turns_with_its_groups_and_with_its_answers(a, b, level):
    found = pr.newcombe_difference(*a, *b, level=level)
    turned = pr.newcombe_difference(*b, *a, level=level)
    answers = pr.newcombe_difference(a[1] - a[0], a[1], b[1] - b[0], b[1], level=level)
    for other in (turned, answers):
        assert (found.low, found.high) == pytest.approx((-other.high, -other.low), abs=1e-9)
    assert -1 - 1e-12 <= found.low <= found.value <= found.high <= 1 + 1e-12
    assert found.value == pytest.approx(a[0] / a[1] - b[0] / b[1], abs=1e-12)


@tried()
@given(TALLIES, st.sampled_from([0.1, 0.25, 0.4, 0.5, 0.75]))
def test_the_exact_test_adds_what_is_no_more_probable(tally, share):
    x, n = tally
    found = float(pr.exact_binomial_test(x, n, share))
    chances = binomial(n, share)
    assert found == pytest.approx(sum(p for p in chances if p <= chances[x] * (1 + 1e-7)), abs=1e-9)
    assert found == pytest.approx(float(pr.exact_binomial_test(n - x, n, 1 - share)), abs=1e-9)


P_VALUES = st.lists(st.floats(0, 1) | st.just(math.nan), min_size=1, max_size=8)


@tried(3)
@given(P_VALUES, st.randoms())
def test_adjusted_p_values_are_their_definition(p, random):
    given_ = [v for v in p if not math.isnan(v)]
    m = len(given_)
    slow = {
        pr.bonferroni: lambda v: m * v,
        pr.holm: lambda v: max((m - sum(o < u for o in given_)) * u for u in given_ if u <= v),
        pr.benjamini_hochberg: lambda v: min(
            m * u / sum(o <= u for o in given_) for u in given_ if u >= v
        ),
    }
    found = {}
    for step, rule in slow.items():
        found[step] = step(p)
        want = [math.nan if math.isnan(v) else min(1.0, rule(v)) for v in p]
        np.testing.assert_allclose(found[step], want, rtol=1e-12, atol=1e-300)
        order = random.sample(range(len(p)), len(p))
        np.testing.assert_array_equal(step([p[i] for i in order]), found[step][order])
    kept = ~np.isnan(p)
    assert (found[pr.bonferroni] >= found[pr.holm])[kept].all()
    assert (found[pr.holm] >= found[pr.benjamini_hochberg] * (1 - 1e-12))[kept].all()
    assert (found[pr.benjamini_hochberg] >= np.array(p) * (1 - 1e-12))[kept].all()
    for name, step in (("holm", pr.holm), ("bh", pr.benjamini_hochberg)):
        np.testing.assert_array_equal(pr.adjust(p, name), step(p))
    np.testing.assert_array_equal(pr.adjust(p, "bonferroni"), pr.bonferroni(p))


# --- how unevenly something is spread ----------------------------------------------

AMOUNTS = st.lists(st.just(0.0) | st.floats(1e-9, 1e4), min_size=2, max_size=12).filter(
    lambda v: sum(v) > 1e-3
)
SPREAD = {
    "gini": iq.gini,
    "theil": iq.theil,
    "atkinson": iq.atkinson,
    "atkinson of aversion 2": lambda v: iq.atkinson(v, aversion=2),
}


@tried(3)
@given(AMOUNTS, st.integers(2, 4), st.floats(0.01, 100), st.randoms())
def test_inequality_knows_neither_order_nor_unit_nor_copies(values, copies, unit, random):
    mixed = [unit * v for v in random.sample(values, len(values))]
    for name, step in SPREAD.items():
        first = step(values)
        assert step(mixed) == pytest.approx(first, abs=1e-7), name
        assert step(values * copies) == pytest.approx(first, abs=1e-9), name
        assert 0 <= first <= (math.log(len(values)) if name == "theil" else 1) + 1e-12
        assert step([values[0] + 1] * len(values)) == pytest.approx(0, abs=1e-12)
    assert iq.effective_number(values * copies) == pytest.approx(
        copies * iq.effective_number(values)
    )
    assert iq.entropy(values * copies) == pytest.approx(iq.entropy(values) + math.log(copies))


@tried(3)
@given(AMOUNTS, st.floats(0.05, 0.45))
def test_a_gift_from_rich_to_poor_makes_things_more_even(values, part):
    order = np.argsort(values)
    poor, rich = int(order[0]), int(order[-1])
    gift = part * (values[rich] - values[poor])
    after = list(values)
    after[rich] -= gift
    after[poor] += gift
    for name, step in SPREAD.items():
        assert step(after) <= step(values) + 1e-9, name
    assert iq.herfindahl(after) <= iq.herfindahl(values) + 1e-12
    assert iq.entropy(after) >= iq.entropy(values) - 1e-9
    assert iq.entropy_ratio(after) >= iq.entropy_ratio(values) - 1e-9
    lower, upper = (iq.lorenz_curve(v)["share_of_total"].to_numpy() for v in (values, after))
    assert (upper >= lower - 1e-12).all()


@tried(3)
@given(AMOUNTS)
def test_measures_of_spread_are_their_formulas(values):
    n, total = len(values), sum(values)
    parts = [v / total for v in values]
    mean = total / n
    pairs = sum(abs(a - b) for a in values for b in values)
    assert iq.gini(values) == pytest.approx(pairs / (2 * n * n * mean), abs=1e-9)
    assert iq.gini(values, corrected=True) == pytest.approx(iq.gini(values) * n / (n - 1))
    nats = -sum(p * math.log(p) for p in parts if p > 0)
    assert iq.entropy(values) == pytest.approx(nats, abs=1e-9)
    assert iq.entropy(values, base=2) == pytest.approx(nats / math.log(2), abs=1e-9)
    assert iq.entropy_ratio(values) == pytest.approx(nats / math.log(n), abs=1e-9)
    squares = sum(p * p for p in parts)
    assert iq.herfindahl(values) == pytest.approx(squares)
    even = iq.herfindahl(values, normalised=True)
    assert even == pytest.approx((squares - 1 / n) / (1 - 1 / n), abs=1e-9)
    assert iq.effective_number(values) == pytest.approx(1 / squares)
    theil = sum(v / mean * math.log(v / mean) for v in values if v > 0) / n
    assert iq.theil(values) == pytest.approx(theil, abs=1e-9)
    root = sum(math.sqrt(v / mean) for v in values) / n
    assert iq.atkinson(values) == pytest.approx(1 - root**2, abs=1e-9)
    curve = iq.lorenz_curve(values)
    poorest = [sum(sorted(values)[:k]) / total for k in range(n + 1)]
    np.testing.assert_allclose(curve["share_of_total"], poorest, atol=1e-9)
    np.testing.assert_allclose(curve["share_of_people"], np.arange(n + 1) / n)


@tried(3)
@given(st.lists(st.floats(0.01, 1e4), min_size=1, max_size=12), st.floats(0.1, 10))
def test_the_geometric_mean_scales_and_stays_below_the_mean(values, factor):
    found = iq.geometric_mean(values)
    assert iq.geometric_mean([factor * v for v in values]) == pytest.approx(factor * found)
    assert min(values) - 1e-9 <= found * (1 + 1e-12)
    assert found <= np.mean(values) * (1 + 1e-12)
    assert iq.geometric_mean([1 / v for v in values]) == pytest.approx(1 / found)
    assert iq.geometric_mean([0, *values]) == 0
    raised = iq.geometric_mean([0, *values], floor=0.005)
    assert raised == pytest.approx((0.005 * found ** len(values)) ** (1 / (len(values) + 1)))


@tried(3)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=15), st.integers(0, 9))
def test_those_below_and_those_at_or_above_are_everybody(values, threshold):
    found = iq.share_below(values, threshold)
    assert found == sum(v < threshold for v in values) / len(values)
    inclusive = iq.share_below(values, threshold, inclusive=True)
    assert inclusive == sum(v <= threshold for v in values) / len(values)


@tried()
@given(AMOUNTS, st.integers(1, 4), st.randoms())
def test_theil_of_groups_knows_no_names_and_no_order(values, n_groups, random):
    groups = [f"g{i % n_groups}" for i in range(len(values))]
    between, within, table = iq.theil_decomposition(values, groups)
    assert between + within == pytest.approx(iq.theil(values), abs=1e-9)
    order = random.sample(range(len(values)), len(values))
    again = iq.theil_decomposition([values[i] for i in order], [groups[i] + "!" for i in order])
    assert again[:2] == pytest.approx((between, within), abs=1e-9)
    assert table["share_of_people"].sum() == pytest.approx(1)
    assert table["share_of_total"].sum() == pytest.approx(1)
    alone = iq.theil_decomposition(values, range(len(values)))
    assert alone[1] == pytest.approx(0, abs=1e-12)


# --- people in groups --------------------------------------------------------------

GROUPED = st.lists(
    st.lists(st.integers(-9, 9), min_size=2, max_size=5), min_size=2, max_size=6
).filter(lambda g: len({v for own in g for v in own}) > 1)


def flat(groups):
    labels = [i for i, own in enumerate(groups) for _ in own]
    return [float(v) for own in groups for v in own], labels


@tried()
@given(GROUPED, st.floats(0.1, 9), st.floats(-9, 9), st.randoms())
def test_icc_is_its_formula_and_knows_no_unit(groups, factor, shift, random):
    values, labels = flat(groups)
    n, k = len(values), len(groups)
    mean = sum(values) / n
    among = sum(len(o) * (np.mean(o) - mean) ** 2 for o in groups) / (k - 1)
    inside = sum((v - np.mean(o)) ** 2 for o in groups for v in o) / (n - k)
    size = (n - sum(len(o) ** 2 for o in groups) / n) / (k - 1)
    found = cl.icc(values, labels)
    assert found.value == pytest.approx((among - inside) / (among + (size - 1) * inside), abs=1e-9)
    assert -1 / (size - 1) - 1e-9 <= found.value <= 1 + 1e-9
    order = random.sample(range(n), n)
    moved = cl.icc([shift + factor * values[i] for i in order], [f"t{labels[i]}" for i in order])
    if inside > 1e-9:
        assert found.low - 1e-12 <= found.value <= found.high + 1e-12
        for part in ("value", "low", "high", "p_value"):
            assert alike(getattr(found, part), getattr(moved, part), 1e-6)


@tried()
@given(st.integers(0, 10_000), st.integers(2, 4), st.integers(3, 8), st.floats(0.1, 9))
def test_icc_of_raters_knows_neither_order_nor_unit(seed, k, n, factor):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(k, n)) + 2 * rng.normal(size=n) + rng.normal(size=(k, 1))
    first = cl.icc_raters(x).set_index("type")
    mixed = 3 + factor * x[rng.permutation(k)][:, rng.permutation(n)]
    numbers = ["value", "low", "high", "p_value"]
    again = cl.icc_raters(mixed).set_index("type")
    np.testing.assert_allclose(first[numbers], again[numbers], rtol=1e-6, atol=1e-9)
    # a rater's own level does not touch ICC(3)
    moved = cl.icc_raters(x + rng.normal(size=(k, 1))).set_index("type")
    names = ["ICC(3,1)", "ICC(3,k)"]
    np.testing.assert_allclose(first.loc[names, numbers], moved.loc[names, numbers], rtol=1e-6)
    one, mean = first.loc["ICC(3,1)", "value"], first.loc["ICC(3,k)", "value"]
    assert mean == pytest.approx(k * one / (1 + (k - 1) * one))
    # the sum of squares splits into units, raters and the rest
    rows = k * ((x.mean(axis=0) - x.mean()) ** 2).sum()
    columns = n * ((x.mean(axis=1) - x.mean()) ** 2).sum()
    rest = ((x - x.mean(axis=0) - x.mean(axis=1)[:, None] + x.mean()) ** 2).sum()
    assert (x**2).sum() - k * n * x.mean() ** 2 == pytest.approx(rows + columns + rest)
    between, error = rows / (n - 1), rest / ((n - 1) * (k - 1))
    assert one == pytest.approx((between - error) / (between + (k - 1) * error))


SIZES = st.lists(st.integers(1, 30), min_size=1, max_size=8)


@tried(3)
@given(SIZES, st.floats(0, 1), st.randoms())
def test_the_design_effect_is_the_variance_of_a_mean(sizes, rho, random):
    effect = cl.design_effect(rho, sizes)
    n = sum(sizes)
    # var of the sum: a person has variance 1, two of one group covariance rho
    assert effect == pytest.approx(sum(m + m * (m - 1) * rho for m in sizes) / n)
    assert effect + 1e-12 >= 1
    assert cl.design_effect(rho, random.sample(sizes, len(sizes))) == pytest.approx(effect)
    assert cl.effective_n(rho, sizes) == pytest.approx(n / effect)
    assert cl.effective_n(rho, sizes) <= n + 1e-9
    assert cl.effective_n(0, sizes) == n
    assert cl.design_effect(rho, [1] * n) == pytest.approx(1)


@tried()
@given(st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=20).filter(
    lambda c: len(set(c)) > 1), st.integers(0, 99))  # fmt: skip
def test_clusters_are_drawn_whole(clusters, seed):
    weights = cl.cluster_weights(clusters, 20, seed=seed)
    names = sorted(set(clusters))
    first = [clusters.index(name) for name in names]
    assert (weights[:, first].sum(axis=1) == len(names)).all()
    for name in names:
        own = weights[:, [c == name for c in clusters]]
        assert (own == own[:, :1]).all()
    renamed = cl.cluster_weights([c + "!" for c in clusters], 20, seed=seed)
    assert np.array_equal(weights, renamed)


# --- what once broke ---------------------------------------------------------------


def test_an_amount_too_small_to_be_a_share_adds_nothing():
    assert iq.entropy([2.0, 5e-324]) == 0


def test_the_interval_holds_a_value_below_minus_one():
    # the one unit of two ratings disagrees, and the other makes agreement likely by chance
    found = ag.fleiss_kappa([[None, 1], [1, 2]])
    assert found.low <= found.value < -1
