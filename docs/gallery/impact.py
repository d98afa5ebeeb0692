"""Impact."""

# room: dmpkit.impact

# %% prepare
# A made-up assembly with 60 recommendations and dated events over five years: synthetic.
import numpy as np
import pandas as pd

import dmpkit.impact as impact
from dmpkit.plotting import mark_synthetic
from dmpkit.workbench import Study

ledger = impact.synthetic_ledger(60, years=5, seed=1)
result = impact.analyse(ledger, "2025-01-31", promise="six months", blind=True)
many = impact.synthetic_ledger(20, years=4, n_processes=4, seed=2).durations("2027-05-31")

# %% One line a recommendation
# shows: ImpactAnalysis.plot_swimmer, plot_swimmer
# What became of each, from receipt to the day of the look (swimmer plot).
ax = result.plot_swimmer(per_page=30)

# %% How many stand where, over time
# shows: ImpactAnalysis.plot_occupancy, Occupancy.plot, plot_occupancy
# The state of all recommendations stacked over time.
ax = result.plot_occupancy()

# %% How soon answers came
# shows: ImpactAnalysis.plot_response
# The share answered by days since receipt, with the promised time.
ax = result.plot_response()

# %% Each answer against its promise
# shows: ImpactAnalysis.plot_answers, plot_answers
# Kept, late, or still owed: a synthetic list of twelve.
twelve = impact.synthetic_ledger(12, seed=3)
ax = impact.analyse(twelve, "2025-01-31", promise="six months").plot_answers()

# %% From answer to action
# shows: ImpactAnalysis.plot_alluvial, plot_flows
# What was said, and what was done about it.
ax = result.plot_alluvial()

# %% How it ended
# shows: ImpactAnalysis.plot_outcome, CumulativeIncidence.plot, plot_incidence
# The share that came to each end by a given day (cumulative incidence).
ax = result.plot_outcome()

# %% Two raters
# shows: ImpactAnalysis.plot_raters, RaterComparison.plot_raters, plot_raters
# The recommendations on which a ministry and a members' panel differ; both are made up.
ax = result.plot_raters("synthetic ministry", "synthetic members' panel")

# %% Was it planned already?
# shows: ImpactAnalysis.plot_uptake, CherryPicking.plot_uptake
# The share taken up by property of the recommendation.
ax = result.plot_uptake()

# %% What goes with being taken up
# shows: CherryPicking.plot_forest, ImpactAnalysis.plot_forest
# Odds ratios with intervals; proposals in six synthetic assemblies.
draw = np.random.default_rng(4)
table = pd.DataFrame({"city": np.repeat(list("ABCDEF"), 30)})
table["planned"] = draw.choice(["yes", "no"], len(table))
table["cost"] = draw.choice(["low", "high"], len(table))
liked = 0.2 + 0.3 * (table["planned"] == "yes") + 0.2 * (table["cost"] == "low")
table["fate"] = np.where(draw.random(len(table)) < liked, "yes", "no")
picked = impact.cherry_picking(
    table,
    fate="fate",
    predictors=["planned", "cost"],
    process="city",
    levels=["no", "yes"],
    orders={"cost": ["high", "low"], "planned": ["no", "yes"]},
    n_resamples=199,
    synthetic=True,
)
ax = picked.plot_forest()

# %% How far the counting rule moves the result
# shows: ImpactAnalysis.plot_range, Multiverse.plot_range
# The share under each choice, all others free.
ax = result.plot_range()

# %% Every way of counting in order
# shows: ImpactAnalysis.plot_curve, Multiverse.plot_curve
# All defensible ways to count, from the lowest share to the highest (multiverse).
ax = result.plot_curve()

# %% One count, three denominators
# shows: TallyShares.plot_shares
# Implemented of all, of the answered and of the closed.
counts = result.status.counts.query("layer == 'any'")
tally = impact.shares_of(counts, count="certain", label="Synthetic assembly")
ax = mark_synthetic(tally.plot_shares())

# %% Why pending ones must not be dropped
# shows: CumulativeIncidence.plot_naive, plot_naive
# A common mistake beside the right curve: what is rejected can no longer be implemented.
curve = impact.cumulative_incidence(many["time"], many["cause"])
ax = mark_synthetic(curve.plot_naive("implemented"))

# %% Waiting for one kind of end
# shows: KaplanMeier.plot
# The share not yet ended, whatever the end (Kaplan–Meier).
ended = (many["cause"] != "").astype(int)  # blank: still pending
waiting = impact.kaplan_meier(many["time"], ended)
ax = mark_synthetic(waiting.plot())

# %% When the date is known only between two reviews
# shows: IntervalCurve.plot, plot_interval
# The curve is fixed where drawn and open where hatched.
ax = mark_synthetic(impact.turnbull([0, 6, 6, 9, 12], [6, 9, 12, 18, None]).plot())

# %% Answers against a promise, from public dates
# shows: AnswerTimes.plot
# The Irish Convention on the Constitution: two of nine reports have a date of submission.
reports = Study.open("irish-convention").table("reports").fillna("")
reports["name"] = reports["report"].astype(str) + " " + reports["topic"]
ax = impact.answer_times(
    reports, item="name", received="submitted", answered="answered", months=4
).plot()

# %% Several tallies of the same list
# shows: plot_tallies
# Report cards on the Irish Convention by the year they were drawn up.
cards = Study.open("irish-convention").table("report-cards").astype({"as_of": str})
ax = impact.plot_tallies(cards, coder="as_of")

# %% Dated events of several assemblies
# shows: plot_timeline
# What happened after the reports, on one time line.
events = Study.open("response-milestones").table("milestones")
chosen = events[events["case"].isin(events["case"].unique()[:3])]
ax = impact.plot_timeline(chosen, precision="precision")
