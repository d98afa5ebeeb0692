"""Evaluation."""

# room: dmpkit.evaluation

# %% prepare
# The evaluation template: forty made-up members of an assembly that never was. Everything here
# is synthetic.
import tempfile

import pandas as pd

import dmpkit.qmethod as qm
from dmpkit import evaluation as ev
from dmpkit.plotting import alt_text, mark_synthetic, set_alt
from dmpkit.workbench import Study

folder = Study.open("evaluate-a-minipublic").folder
assembly = ev.analyse(folder, seed=1)
parts = assembly.parts

# %% How did each stage go?
# shows: Profile.plot_stages, plot_stages
# Mean score by stage, within the bounds of what nobody assessed.
ax = assembly.profile.plot_stages()

# %% Every criterion
# shows: Profile.plot_criteria, plot_criteria
# Scores from 0 to 4 with their evidence; what is not assessed stays empty.
ax = assembly.profile.plot_criteria()

# %% Are some raters kinder?
# shows: RaterAgreement.plot_leniency, plot_leniency
# Points that each rater gives above or below the average rater.
ax = parts["agreement"].plot_leniency()

# %% Do the weights decide?
# shows: WeightSensitivity.plot_ranges, plot_weight_ranges
# Between which ends the total lies under other weights of the criteria.
ax = parts["weights"].plot_ranges()

# %% Which viewpoint cares for which criterion
# shows: ThroughViewpoints.plot_links, plot_links
# What five published viewpoints on governance stress or contest, as we read their summary.
ax = parts["viewpoints"].plot_links()

# %% The score seen from each viewpoint
# shows: ThroughViewpoints.plot_lines, plot_stress_lines
# How the total moves when what a viewpoint stresses counts more. The links of this picture are
# made up.
links = pd.DataFrame({"criterion": ["C01", "C02", "C03", "C04", "C05", "C10"]})
links = links.assign(viewpoint="RB", direction="stressed", basis="text")
ax = mark_synthetic(ev.through_viewpoints(assembly.scorecard, links=links).plot_lines())

# %% Weights from people's own sorts
# shows: CriteriaWeights.plot_lines
# Sorts of the criteria by made-up people, and the total as each group would weigh it.
ids = ["C01", "C02", "C03", "C04", "C05"]
placed = [[2, 1, 2], [1, 2, 1], [0, 0, -1], [-1, -2, 0], [-2, -1, -2]]
scores = pd.DataFrame({"criterion": ids, "score": [4, 4, 2, 0, 0]})
views = qm.analyse(qm.QSorts(placed, statements=ids), 1)
ax = mark_synthetic(ev.weights_from_sorts(views, scores).plot_lines())

# %% Were red lines crossed?
# shows: RedLines.plot_lines
# The eight lines and what the log of incidents shows.
ax = parts["red lines"].plot_lines()

# %% How incidents were answered
# shows: RedLines.plot_responses
# From talking it over to leaving.
ax = parts["red lines"].plot_responses()

# %% Conditions of the work
# shows: WorkingConditions.plot
# What helps or hinders the work of a mini-public.
ax = parts["conditions"].plot()

# %% Who holds power at which stage
# shows: PowerAudit.plot
# Points of the audit of power, seen or not seen.
ax = parts["power"].plot()

# %% Were the goals reached?
# shows: ImpactGoals.plot
# Goals of the commissioner, each with its outcome.
ax = parts["goals"].plot()

# %% Who was told what, when
# shows: Communication.plot
# Audiences by phase.
ax = parts["communication"].plot()

# %% Digital tools
# shows: DigitalItems.plot
# Items by status.
ax = parts["digital"].plot()

# %% Before saying yes: the screen
# shows: Screen.plot
# Warning signs to look for before one accepts the work.
ax = parts["screen"].plot()

# %% What became of the warnings
# shows: BaselineComparison.plot
# The screen of the first day beside the profile of the last.
kept = tempfile.mkdtemp()
flags = pd.DataFrame(
    {"flag": ["F1", "F3"], "status": ["no sign", "sign"], "state": ["", "negotiable"]}
)
ev.save_baseline(ev.screen(flags, on="2026-01-15"), kept)
ax = mark_synthetic(ev.compare_with_baseline(kept, assembly.scorecard).plot())

# %% Did opinions change?
# shows: OpinionChange.plot
# Means before and after, question by question.
ax = parts["opinion"].plot()

# %% How large the changes are
# shows: OpinionChange.plot_effects
# Mean changes with intervals.
ax = parts["opinion"].plot_effects()

# %% One question in full
# shows: OpinionChange.plot_distribution
# All answers to one question, before and after.
item = parts["opinion"].items["item"].iloc[0]
ax = parts["opinion"].plot_distribution(item)

# %% From answer to answer
# shows: Transitions.plot
# Who moved from where to where on one question.
ax = parts["transitions"].plot()

# %% Did the members move apart?
# shows: PolarisationChange.plot
# How far answers crowd at both ends, before and after (agreement A).
ax = parts["polarisation"].plot()

# %% Did tables become of one mind?
# shows: GroupDistortions.plot
# Spread of answers at each table before and after (homogenisation).
ax = parts["groups"].plot()

# %% What was learnt
# shows: KnowledgeGain.plot
# Right answers before and after, by question.
ax = parts["knowledge"].plot()

# %% What members say
# shows: MembersSay.plot
# The share that agrees with each statement on the process.
ax = parts["members say"].plot()

# %% Do people who think alike choose alike?
# shows: ReasonIndex.plot_consistency
# Each dot is a pair of members: agreement on considerations against agreement on preferences.
ax = parts["reason index"].plot_consistency()

# %% Before and after, pair by pair
# shows: ReasonChange.plot_consistency
# The same on two occasions.
ax = parts["change of the reason index"].plot_consistency()[0]

# %% The index of each member
# shows: ReasonIndex.plot_individual
# Members from the lowest to the highest.
ax = parts["reason index"].plot_individual()

# %% What chance alone would give
# shows: ReasonIndex.plot_chance
# The index when preferences are dealt out at random, and the index found.
ax = parts["reason index"].plot_chance()

# %% Change of the reason index
# shows: ReasonChange.plot_change
# Index and individual values by stage.
ax = parts["change of the reason index"].plot_change()

# %% The reason index with intervals
# shows: ReasonBootstrap.plot
# What resampling the members gives; synthetic answers.
before, after = ev.synthetic_stages(20, seed=1)
resampled = ev.bootstrap_reason_index(before, after, n_resamples=200, seed=1, progress=False)
ax = resampled.plot()

# %% The reason index by group
# shows: ReasonGroups.plot
# Values and chance levels of two groups.
ax = ev.sub_groups(after, ["east"] * 10 + ["west"] * 10).plot()

# %% Which test keeps its word
# shows: ReasonSimulation.plot
# How often two tests find a change where none is; a few simulated runs.
ax = ev.simulate_levels(40, seed=1, progress=False).plot()

# %% Who spoke how much
# shows: TalkInequality.plot_lorenz
# The curve would follow the diagonal if all spoke as long.
ax = mark_synthetic(parts["talk"].plot_lorenz())

# %% Talk by group
# shows: TalkInequality.plot_groups
# Each group's share of the talk beside its share of the members.
ax = mark_synthetic(parts["talk"].plot_groups())

# %% Can the codings of talk be relied on?
# shows: DiscourseQuality.plot_reliability
# Agreement of the coders by code.
ax = mark_synthetic(parts["discourse"].plot_reliability())

# %% How talk was coded
# shows: DiscourseQuality.plot_distribution
# Values by coder.
ax = parts["discourse"].plot_distribution()
ax.figure.suptitle("synthetic data", x=0.99, ha="right", fontsize=8, color="0.4")
ax = set_alt(ax, f"Synthetic data. {alt_text(ax)}")

# %% Option against option
# shows: SinglePeakedness.plot_pairwise
# How many prefer the row to the column.
ax = mark_synthetic(parts["preferences"].plot_pairwise())

# %% Do rankings fit one line?
# shows: SinglePeakedness.plot_proximity
# How near the rankings come to a common left-to-right order, with chance.
ax = mark_synthetic(parts["preferences"].plot_proximity())

# %% Who supports the text
# shows: Support.plot
# Support by sub-group.
ax = mark_synthetic(parts["support"].plot())

# %% What all groups agree on
# shows: GroupConsensus.plot
# Statements by agreement in every group.
ax = mark_synthetic(parts["consensus"].plot())
