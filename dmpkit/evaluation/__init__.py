"""Evaluation of a finished mini-public: what was seen, what it rests on, what is not known.

Import it as ``ev``: ``from dmpkit import evaluation as ev``. Ratings of criteria
with their evidence make a profile; what other modules measured comes in as
indicators; what nobody assessed stays unknown and is shown as such.
"""

from dmpkit.evaluation.analysis import Evaluation, analyse
from dmpkit.evaluation.attrition import Attrition, attrition
from dmpkit.evaluation.baseline import (
    BaselineComparison,
    compare_with_baseline,
    read_baseline,
    save_baseline,
)
from dmpkit.evaluation.codebook import DQI, Codebook
from dmpkit.evaluation.communication import Communication, communication_matrix
from dmpkit.evaluation.conditions import WorkingConditions, working_conditions
from dmpkit.evaluation.consensus import GroupConsensus, group_informed_consensus
from dmpkit.evaluation.criteria import (
    Criteria,
)
from dmpkit.evaluation.criteria_sorts import (
    CriteriaWeights,
    criteria_statements,
    weights_from_sorts,
)
from dmpkit.evaluation.data import (
    Scorecard,
    read_scorecard,
)
from dmpkit.evaluation.digital import DigitalItems, digital_items
from dmpkit.evaluation.discourse import DiscourseQuality, discourse_quality
from dmpkit.evaluation.folder_check import FolderCheck, check_folder
from dmpkit.evaluation.forms import (
    FormAnswers,
    read_form,
)
from dmpkit.evaluation.goals import ImpactGoals, impact_goals
from dmpkit.evaluation.groups import GroupDistortions, distortions_table, group_distortions
from dmpkit.evaluation.incidents import (
    RedLines,
    evidence_held_back,
    public_flags,
    public_incidents,
    red_lines,
    weigh_incident,
)
from dmpkit.evaluation.knowledge import KnowledgeGain, exact_mcnemar, knowledge_gain
from dmpkit.evaluation.majorities import Majorities, majorities
from dmpkit.evaluation.measured import (
    MeasuredScores,
    default_cut_points,
    measured_scores,
    score_of,
    with_indicators,
)
from dmpkit.evaluation.measurements import Measurements, read_measurements
from dmpkit.evaluation.members_say import MembersSay, members_say, share_who_left
from dmpkit.evaluation.opinion import OpinionChange, civic_capacity_change, opinion_change
from dmpkit.evaluation.pairing import Paired, pair_answers
from dmpkit.evaluation.polarisation import (
    PolarisationChange,
    polarisation_change,
    polarisation_measures,
    van_der_eijk,
)
from dmpkit.evaluation.power import PowerAudit, power_audit
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
from dmpkit.evaluation.report_texts import TEXTS, read_texts
from dmpkit.evaluation.scorecard_plots import (
    plot_criteria,
    plot_leniency,
    plot_stages,
    plot_weight_ranges,
)
from dmpkit.evaluation.screen import Screen, new_sheet, read_screen, screen
from dmpkit.evaluation.support import Support, support_for_text
from dmpkit.evaluation.talk import TalkInequality, talk_inequality
from dmpkit.evaluation.talk_gap import GroupGap, group_gap
from dmpkit.evaluation.transitions import Transitions, transitions
from dmpkit.evaluation.verdict import Verdict, verdict_of
from dmpkit.evaluation.viewpoint_links import (
    coding_agreement,
    local_criteria_sheet,
    viewpoint_links,
)
from dmpkit.evaluation.viewpoint_plots import plot_links, plot_stress_lines
from dmpkit.evaluation.viewpoints import ThroughViewpoints, through_viewpoints
from dmpkit.evaluation.weights import (
    WeightComparison,
    WeightSensitivity,
    compare,
    dirichlet_mean,
    extreme_means,
    weight_sensitivity,
)

__all__ = [
    "DQI",
    "FORM_TEXTS",
    "TEXTS",
    "Attrition",
    "BaselineComparison",
    "Codebook",
    "Communication",
    "Criteria",
    "CriteriaWeights",
    "DigitalItems",
    "DiscourseQuality",
    "Evaluation",
    "Field",
    "FolderCheck",
    "FormAnswers",
    "GroupConsensus",
    "GroupDistortions",
    "GroupGap",
    "ImpactGoals",
    "KnowledgeGain",
    "Majorities",
    "MeasuredScores",
    "Measurements",
    "MembersSay",
    "OpinionChange",
    "Paired",
    "PolarisationChange",
    "PowerAudit",
    "Profile",
    "RaterAgreement",
    "ReasonBootstrap",
    "ReasonChange",
    "ReasonGroups",
    "ReasonIndex",
    "ReasonSimulation",
    "ReasonSurvey",
    "RecordKind",
    "RedLines",
    "Scorecard",
    "Screen",
    "SinglePeakedness",
    "Support",
    "SwapTest",
    "TalkInequality",
    "ThroughViewpoints",
    "Transitions",
    "Verdict",
    "WeightComparison",
    "WeightSensitivity",
    "WorkingConditions",
    "analyse",
    "attrition",
    "bootstrap_reason_index",
    "check_folder",
    "check_records",
    "civic_capacity_change",
    "coding_agreement",
    "communication_matrix",
    "compare",
    "compare_reason_index",
    "compare_with_baseline",
    "consistency_pairs",
    "criteria_statements",
    "cronbach_alpha",
    "default_cut_points",
    "digital_items",
    "dirichlet_mean",
    "discourse_quality",
    "distortions_table",
    "evidence_held_back",
    "exact_mcnemar",
    "extreme_means",
    "find_records",
    "group_distortions",
    "group_gap",
    "group_informed_consensus",
    "impact_goals",
    "instrument",
    "instrument_coverage",
    "instrument_items",
    "instruments",
    "items_from",
    "kendall_w",
    "knowledge_gain",
    "level_on_data",
    "local_criteria_sheet",
    "majorities",
    "measured_scores",
    "members_say",
    "new_sheet",
    "opinion_change",
    "pair_answers",
    "plot_criteria",
    "plot_leniency",
    "plot_links",
    "plot_stages",
    "plot_stress_lines",
    "plot_weight_ranges",
    "polarisation_change",
    "polarisation_measures",
    "power_audit",
    "profile",
    "public_flags",
    "public_incidents",
    "ranks_from_orders",
    "rater_agreement",
    "rater_leniency",
    "read_baseline",
    "read_form",
    "read_measurements",
    "read_records",
    "read_scorecard",
    "read_screen",
    "read_texts",
    "reason_chance_level",
    "reason_index",
    "red_lines",
    "save_baseline",
    "score_of",
    "screen",
    "share_who_left",
    "simulate_coverage",
    "simulate_levels",
    "single_peakedness",
    "split_ids",
    "sub_groups",
    "support_for_text",
    "swap_test",
    "synthetic_stages",
    "talk_inequality",
    "through_viewpoints",
    "transitions",
    "van_der_eijk",
    "verdict_of",
    "viewpoint_links",
    "weigh_incident",
    "weight_sensitivity",
    "weights_from_sorts",
    "with_indicators",
    "working_conditions",
    "write_form",
]
