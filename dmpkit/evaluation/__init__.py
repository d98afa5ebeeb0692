"""Evaluation of a finished mini-public: what was seen, what it rests on, what is not known.

Import it as ``ev``: ``from dmpkit import evaluation as ev``. Ratings of criteria
with their evidence make a profile; what other modules measured comes in as
indicators; what nobody assessed stays unknown and is shown as such.
"""

from dmpkit.evaluation.attrition import Attrition, attrition
from dmpkit.evaluation.consensus import GroupConsensus, group_informed_consensus
from dmpkit.evaluation.criteria import (
    Criteria,
)
from dmpkit.evaluation.data import (
    Scorecard,
    read_scorecard,
)
from dmpkit.evaluation.groups import GroupDistortions, distortions_table, group_distortions
from dmpkit.evaluation.knowledge import KnowledgeGain, exact_mcnemar, knowledge_gain
from dmpkit.evaluation.majorities import Majorities, majorities
from dmpkit.evaluation.measured import (
    MeasuredScores,
    default_cut_points,
    measured_scores,
    score_of,
    with_indicators,
)
from dmpkit.evaluation.opinion import OpinionChange, civic_capacity_change, opinion_change
from dmpkit.evaluation.pairing import Paired, pair_answers
from dmpkit.evaluation.polarisation import (
    PolarisationChange,
    polarisation_change,
    polarisation_measures,
    van_der_eijk,
)
from dmpkit.evaluation.preferences import SinglePeakedness, single_peakedness
from dmpkit.evaluation.profile import (
    Profile,
    profile,
)
from dmpkit.evaluation.questionnaire import (
    FORM_TEXTS,
    instrument,
    instrument_coverage,
    instrument_items,
    instruments,
    items_from,
    write_form,
)
from dmpkit.evaluation.rankings import ranks_from_orders
from dmpkit.evaluation.raters import (
    RaterAgreement,
    kendall_w,
    rater_agreement,
    rater_leniency,
)
from dmpkit.evaluation.reason import (
    consistency_pairs,
    reason_chance_level,
    reason_index,
    sub_groups,
)
from dmpkit.evaluation.reason_bootstrap import ReasonBootstrap, bootstrap_reason_index
from dmpkit.evaluation.reason_change import SwapTest, compare_reason_index, swap_test
from dmpkit.evaluation.reason_data import ReasonSurvey
from dmpkit.evaluation.reason_simulation import (
    ReasonSimulation,
    level_on_data,
    simulate_coverage,
    simulate_levels,
    synthetic_stages,
)
from dmpkit.evaluation.reason_steps import cronbach_alpha
from dmpkit.evaluation.reason_views import ReasonChange, ReasonGroups, ReasonIndex
from dmpkit.evaluation.records import (
    Field,
    RecordKind,
    check_records,
    find_records,
    read_records,
    split_ids,
)
from dmpkit.evaluation.scorecard_plots import (
    plot_criteria,
    plot_leniency,
    plot_stages,
    plot_weight_ranges,
)
from dmpkit.evaluation.support import Support, support_for_text
from dmpkit.evaluation.talk import TalkInequality, talk_inequality
from dmpkit.evaluation.talk_gap import GroupGap, group_gap
from dmpkit.evaluation.transitions import Transitions, transitions
from dmpkit.evaluation.weights import (
    WeightComparison,
    WeightSensitivity,
    compare,
    dirichlet_mean,
    extreme_means,
    weight_sensitivity,
)

__all__ = [
    "FORM_TEXTS",
    "Attrition",
    "Criteria",
    "Field",
    "GroupConsensus",
    "GroupDistortions",
    "GroupGap",
    "KnowledgeGain",
    "Majorities",
    "MeasuredScores",
    "OpinionChange",
    "Paired",
    "PolarisationChange",
    "Profile",
    "RaterAgreement",
    "ReasonBootstrap",
    "ReasonChange",
    "ReasonGroups",
    "ReasonIndex",
    "ReasonSimulation",
    "ReasonSurvey",
    "RecordKind",
    "Scorecard",
    "SinglePeakedness",
    "Support",
    "SwapTest",
    "TalkInequality",
    "Transitions",
    "WeightComparison",
    "WeightSensitivity",
    "attrition",
    "bootstrap_reason_index",
    "check_records",
    "civic_capacity_change",
    "compare",
    "compare_reason_index",
    "consistency_pairs",
    "cronbach_alpha",
    "default_cut_points",
    "dirichlet_mean",
    "distortions_table",
    "exact_mcnemar",
    "extreme_means",
    "find_records",
    "group_distortions",
    "group_gap",
    "group_informed_consensus",
    "instrument",
    "instrument_coverage",
    "instrument_items",
    "instruments",
    "items_from",
    "kendall_w",
    "knowledge_gain",
    "level_on_data",
    "majorities",
    "measured_scores",
    "opinion_change",
    "pair_answers",
    "plot_criteria",
    "plot_leniency",
    "plot_stages",
    "plot_weight_ranges",
    "polarisation_change",
    "polarisation_measures",
    "profile",
    "ranks_from_orders",
    "rater_agreement",
    "rater_leniency",
    "read_records",
    "read_scorecard",
    "reason_chance_level",
    "reason_index",
    "score_of",
    "simulate_coverage",
    "simulate_levels",
    "single_peakedness",
    "split_ids",
    "sub_groups",
    "support_for_text",
    "swap_test",
    "synthetic_stages",
    "talk_inequality",
    "transitions",
    "van_der_eijk",
    "weight_sensitivity",
    "with_indicators",
    "write_form",
]
