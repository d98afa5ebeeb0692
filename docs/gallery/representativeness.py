"""Representativeness."""

# room: dmpkit.representativeness

# %% prepare
# Jersey's jury is published. The invited people, their pool and the quotas at the end are
# synthetic.
import numpy as np
import pandas as pd

import dmpkit.representativeness as rep
from dmpkit.plotting import mark_synthetic
from dmpkit.workbench import Study

table = Study.open("jersey-jury-2021").table("composition")


def printed(stage, value):
    rows = table[table["stage"] == stage]
    return rows.rename(columns={"value": value})[["variable", "category", value]]


island = rep.Population.from_margins(printed("population", "share"))
responded = rep.Panel.from_counts(printed("responded", "count"))
jury = rep.Panel.from_counts(printed("selected", "count"))
came = rep.check_margins(responded, island, n_resamples=999, seed=1)
chosen = rep.check_margins(jury, island, quota_variables=list(island.variables))

draw = np.random.default_rng(7)  # from here on synthetic
invited = pd.DataFrame(
    {
        "gender": draw.choice(["woman", "man"], 1200),
        "age": draw.choice(["16-34", "35-59", "60+"], 1200, p=[0.3, 0.4, 0.3]),
        "education": draw.choice(["school", "vocational", "degree"], 1200, p=[0.3, 0.4, 0.3]),
    }
)
keen = 0.05 + 0.10 * (invited["education"] == "degree") + 0.05 * (invited["age"] == "60+")
invited["responded"] = (draw.random(1200) < keen).astype(int)
pool = invited[invited["responded"] == 1].drop(columns="responded").reset_index(drop=True)
people = invited.drop(columns="responded")
wanted = [("gender", "woman", 11, 13), ("gender", "man", 11, 13)]
wanted += [("age", "16-34", 7, 8), ("age", "35-59", 9, 10), ("age", "60+", 7, 8)]
quotas = pd.DataFrame(wanted, columns=["variable", "category", "min", "max"])
lottery = rep.simulate_lottery(pool, quotas, 24, n_draws=500, population=people, seed=1)

# %% Every category against the population
# shows: MarginCheck.plot_gaps, plot_margins, RepresentativenessAnalysis.plot_margins
# Jersey's residents who answered the invitation, and the island.
ax = came.plot_gaps()

# %% Before and after selection
# shows: MarginCheck.plot_love, plot_love, RepresentativenessAnalysis.plot_love
# Distances of those who responded and of the jury drawn from them (love plot).
ax = came.plot_love(chosen)

# %% Composition by stage
# shows: StageFlow.plot_stages, RepresentativenessAnalysis.plot_stages
# From the invited to the selected, one small picture a variable.
variables = list(island.variables)
flow = rep.stage_flow(
    table,
    ["invited", "responded", "selected"],
    population="population",
    totals={"invited": 4600, "responded": 477, "selected": 23},
    quota_variables=variables,
)
ax = flow.plot_stages()

# %% At which stage a gap arose
# shows: StageFlow.plot_waterfall, RepresentativenessAnalysis.plot_waterfall
# What response and selection added to the gap of men in Jersey.
ax = flow.plot_waterfall("sex", "Male")

# %% Were the quotas met?
# shows: QuotaAttainment.plot_quotas, RepresentativenessAnalysis.plot_quotas
# Members as bars, the range that each quota allowed as a band: Brent's climate assembly of 2020.
brent = Study.open("uk-local-panels").table("brent-quotas")
ax = rep.quota_attainment(
    rep.Panel.from_counts(brent[["variable", "category", "count"]]), brent.drop(columns="count")
).plot_quotas()

# %% Which crossings are missing
# shows: Intersections.plot_intersections, RepresentativenessAnalysis.plot_intersections
# Two variables taken together; hatched cells are people whom nobody in the panel stands for.
joint = people.value_counts().rename("count").reset_index()
crossed = rep.intersections(pool.head(24), joint)
ax = mark_synthetic(crossed.plot_intersections("age × education"))

# %% Pairs of variables
# shows: Intersections.plot_pairs, RepresentativenessAnalysis.plot_pairs
# How much of the population lives in missing cells, for each pair of variables.
ax = mark_synthetic(crossed.plot_pairs())

# %% Which variable bent the response
# shows: RIndicator.plot_partials, RepresentativenessAnalysis.plot_response
# How unevenly people responded, by variable (partial R-indicators).
response = rep.r_indicator(invited, "responded", ["gender", "age", "education"])
ax = mark_synthetic(response.plot_partials())

# %% Which groups responded more, which less
# shows: RIndicator.plot_category_partials
# The same by category, with its sign.
ax = mark_synthetic(response.plot_category_partials())

# %% How much weights would have to do
# shows: Weights.plot_weights
# Weights that would make the responding group agree with all who were invited (raking).
raked = rep.rake(rep.Panel.from_frame(pool), rep.Population.from_joint(joint))
ax = mark_synthetic(raked.plot_weights())

# %% Chances by group
# shows: Lottery.plot_groups
# How likely the lottery was to draw people of each group.
ax = mark_synthetic(lottery.plot_groups())

# %% How unevenly the chances are spread
# shows: Lottery.plot_lorenz, SelectionFairness.plot_lorenz, RepresentativenessAnalysis.plot_lottery
# The curve would follow the diagonal if all had the same chance.
ax = mark_synthetic(lottery.plot_lorenz())

# %% Is the panel a lucky draw?
# shows: Lottery.plot_tvd
# How far the panels that could have been drawn lie from the population.
ax = mark_synthetic(lottery.plot_tvd())

# %% Do rare people have a chance?
# shows: Lottery.plot_rarity
# Each person's chance against how rare their combination is in the pool.
ax = mark_synthetic(lottery.plot_rarity())

# %% Chances from lowest to highest
# shows: SelectionFairness.plot_sorted
# One line, everyone in the pool.
ax = mark_synthetic(lottery.fairness().plot_sorted())

# %% Two rules of drawing
# shows: RuleComparison.plot_sorted
# A lottery by quotas beside the rule that lifts the lowest chance (leximin).
fair = rep.simulate_lottery(pool, quotas, 24, rule="leximin", n_draws=500, seed=1)
rules = rep.compare_rules({"stratified": lottery.fairness(), "leximin": fair.fairness()})
ax = mark_synthetic(rules.plot_sorted())

# %% Two rules, spread of chances
# shows: RuleComparison.plot_lorenz
# The nearer to the diagonal, the more even.
ax = mark_synthetic(rules.plot_lorenz())
