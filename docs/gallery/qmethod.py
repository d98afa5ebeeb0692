"""Q methodology."""

# room: dmpkit.qmethod

# %% prepare
# Lipset's nine sorts come with dmpkit. The last lines make up people who hold the five
# published viewpoints: synthetic sorts.
import warnings

import dmpkit.qmethod as qm
from dmpkit.plotting import mark_synthetic
from dmpkit.workbench import Study

sorts = qm.QSorts.from_frame(Study.open("lipset-1963").table("sorts"))
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # two of these factors have sorts at both ends
    result = qm.analyse(sorts, n_factors=3)
    boot = qm.bootstrap(sorts, 3, n_resamples=200, seed=1, progress=False)
    made = qm.synthetic_sorts("governance-2024", n_sorts=24, noise=0.5, seed=5)
    later = qm.synthetic_sorts("governance-2024", n_sorts=24, noise=0.5, seed=6)
    synthetic = qm.analyse(made.sorts, 5)

# %% How many factors?
# shows: QAnalysis.plot_scree
# The variation that each factor holds (eigenvalue), from the largest down; those kept are filled.
ax = result.plot_scree()

# %% Seven criteria for the number of factors
# shows: FactorRetention.plot
# Where the usual criteria put the number of factors, and how often resamples find each factor
# again.
retention = qm.factor_retention(sorts, n_permutations=200, n_resamples=100, seed=1, progress=False)
ax = retention.plot()

# %% Who sorted like whom
# shows: QAnalysis.plot_correlations
# How alike the sorts are two by two, put together by factor.
ax = result.plot_correlations()

# %% People in the plane of two factors
# shows: QAnalysis.plot_loadings
# Each mark is a person; far out on one axis means close to that viewpoint.
ax = result.plot_loadings("f1", "f2")

# %% A viewpoint as a sorted grid
# shows: QAnalysis.plot_composite
# How somebody who fully shares factor 1 would have placed the statements.
ax = result.plot_composite("f1")

# %% Every statement on every factor
# shows: QAnalysis.plot_z_scores
# Where the marks of a row lie apart the viewpoints disagree; where they meet they agree.
ax = result.plot_z_scores()

# %% Do the statements hold their place when other people sort?
# shows: QBootstrap.plot_z_scores
# Scores of all statements with intervals from resampled participants (bootstrap).
ax = boot.plot_z_scores()

# %% Do people stay with their factor?
# shows: QBootstrap.plot_loadings
# Loadings with intervals from the same resamples.
ax = boot.plot_loadings()

# %% Is it the same factor each time?
# shows: QBootstrap.plot_stability
# How alike the factors of the resamples are to those of all sorts.
ax = boot.plot_stability()

# %% How often is each sort flagged?
# shows: QBootstrap.plot_flags
# The share of resamples in which a sort defines a factor.
ax = boot.plot_flags()

# %% Which distinguishing statements can be relied on
# shows: QBootstrap.plot_distinguishing
# The share of resamples in which each distinguishing statement stays one.
ax = boot.plot_distinguishing()

# %% Two studies, factor by factor
# shows: FactorMatch.plot
# How alike the factors of two analyses are (congruence); frames mark the best pairs.
other = qm.analyse(later.sorts, 5)
ax = mark_synthetic(qm.match_factors(synthetic, other, n_permutations=199, seed=1).plot())

# %% Who moved between viewpoints
# shows: BeforeAfter.plot
# Synthetic people before and after, by the viewpoint they stand for.
names = [f"synthetic-{i:02d}" for i in range(1, 25)]
before, after = (
    qm.QSorts(one.sorts.values, one.sorts.statements, names, one.sorts.distribution)
    for one in (made, later)
)
ax = mark_synthetic(qm.before_after(before, after, n_factors=5).plot())

# %% Your factors beside the published viewpoints
# shows: ViewpointMatch.plot
# Similarity of every factor with each of five published viewpoints on governance.
match = qm.match_viewpoints(synthetic, "governance-2024", n_permutations=499, seed=1)
ax = mark_synthetic(match.plot())

# %% Which claims carry a match
# shows: ViewpointMatch.plot_claims
# What speaks for the nearest viewpoint of factor 1, and what speaks against it.
ax = mark_synthetic(match.plot_claims("f1"))

# %% Published viewpoints side by side
# shows: Viewpoints.plot
# Claims of the five viewpoints: + held, − rejected, a dot for not stated.
ax = qm.Viewpoints.load("governance-2024").plot()

# %% Would matching find them again?
# shows: RecoveryCurves.plot
# Viewpoints that were put in and found again, by number of participants: a test of the
# arithmetic.
curves = qm.recovery_curves(
    "governance-2024",
    noise=[0.5, 0.8],
    n_sorts=[12, 30],
    n_repeats=3,
    n_permutations=99,
    seed=1,
    progress=False,
)
ax = curves.plot()
