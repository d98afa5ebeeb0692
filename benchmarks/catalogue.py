"""What is compared: our function and the peers that answer the same question."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Comparison:
    """One task on one input.

    Attributes
    ----------
    task : str
        Function of ``sides/ours.py`` and of the peer's file.
    what : str
        In words, with the size.
    kind, size : str, int
        Input of :mod:`inputs`.
    peers : tuple of str
        Names of ``peers/NAME.txt``; ``R`` stands for figures of ``peers/r.csv``.
    tolerance : float
        Largest difference of the answers, as a share of the largest number in them, up to
        which they count as the same.
    quick : int
        Size for ``--quick``; 0 leaves the row out.
    """

    task: str
    what: str
    kind: str
    size: int
    peers: tuple[str, ...]
    tolerance: float = 1e-9
    quick: int = -1


#: Iterative answers agree to what both were asked for, not to the last digit.
ITERATED = 1e-7
SMALL = {
    "ratings": 200,
    "people": 1000,
    "times": 500,
    "one_day_each": 500,
    "counts": 100,
    "sorts": 20,
    "invited": 500,
}
ERROR = "with its error"
CODERS = "3 coders, {n:,} units, 40 values"
PEOPLE = "{n:,} people, 6 variables with 28 categories"

COMPARISONS = (
    *(
        Comparison(
            f"alpha_{level}",
            f"Krippendorff's alpha, {level}: {CODERS}",
            "ratings",
            10_000,
            ("krippendorff",),
            quick=2_000,
        )
        for level in ("nominal", "ordinal", "interval", "ratio")
    ),
    Comparison(
        "alpha_nominal", f"Krippendorff's alpha, nominal: {CODERS}", "ratings", 100_000,
        ("krippendorff",), quick=0,
    ),
    Comparison("gwet", f"Gwet's AC1 {ERROR}: {CODERS}", "ratings", 10_000, ("irrCAC",)),
    Comparison("conger", f"Conger's kappa {ERROR}: {CODERS}", "ratings", 10_000, ("irrCAC",)),
    Comparison("fleiss", f"Fleiss' kappa: {CODERS}", "ratings", 10_000, ("statsmodels",)),
    Comparison("wilson", "Wilson intervals of {n:,} shares", "counts", 1_000_000, ("statsmodels",)),
    Comparison("holm", "Holm's rule for {n:,} p-values", "counts", 1_000_000, ("statsmodels",)),
    Comparison(
        "varimax", "Three components, varimax: 40 statements, {n:,} sorts", "sorts", 400,
        ("factor_analyzer",), 1e-8,
    ),
    Comparison("q_analysis", "Whole Q analysis: 33 statements, 9 sorts", "counts", 100, ("R",)),
    Comparison(
        "q_bootstrap_procrustes", "100 resamples of 33 × 9, Procrustes", "counts", 100, ("R",)
    ),
    Comparison("q_bootstrap_none", "1,000 resamples of 33 × 9, not aligned", "counts", 100, ("R",)),
    Comparison(
        "rake", f"Raking: {PEOPLE}", "people", 100_000, ("weightipy", "svy", "balance"), ITERATED
    ),
    Comparison("rake_r", f"Raking: {PEOPLE}", "people", 100_000, ("R",), ITERATED),
    Comparison(
        "rake", f"Raking: {PEOPLE}", "people", 1_000_000, ("weightipy", "svy", "balance"),
        ITERATED, 0,
    ),
    Comparison(
        "smd", "Standardised differences of half of {n:,} people from all", "people", 20_000,
        ("balance",),
    ),
    Comparison(
        "r_indicator", "R-indicator: {n:,} invited, 3 variables", "invited", 100_000,
        ("statsmodels",), ITERATED,
    ),
    Comparison(
        "kaplan_meier", "Kaplan–Meier curve: {n:,} items, whole days", "times", 100_000,
        ("statsmodels", "lifelines"),
    ),
    Comparison(
        "incidence", "Incidence of 3 outcomes with errors: {n:,} items, whole days", "times",
        100_000, ("statsmodels",),
    ),
    Comparison(
        "incidence_of_one", "Incidence of an outcome: {n:,} items, no ties", "one_day_each", 5_000,
        ("lifelines",),
    ),
    Comparison(
        "logrank", "Log-rank test: {n:,} items, 2 groups", "times", 100_000,
        ("statsmodels", "lifelines"),
    ),
    Comparison(
        "cox", "Cox regression, 3 predictors: {n:,} items", "times", 20_000, ("lifelines",),
        ITERATED, 2_000,
    ),
    Comparison(
        "reason", "Reason index with 1,000 re-pairings: 26 people", "counts", 100, ("R",)
    ),
)  # fmt: skip
