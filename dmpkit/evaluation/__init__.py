"""Evaluation of a finished mini-public: what was seen, what it rests on, what is not known.

Import it as ``ev``: ``from dmpkit import evaluation as ev``. Ratings of criteria
with their evidence make a profile; what other modules measured comes in as
indicators; what nobody assessed stays unknown and is shown as such.
"""

from dmpkit.evaluation.criteria import (
    Criteria,
)
from dmpkit.evaluation.data import (
    Scorecard,
    read_scorecard,
)
from dmpkit.evaluation.knowledge import KnowledgeGain, exact_mcnemar, knowledge_gain
from dmpkit.evaluation.opinion import OpinionChange, civic_capacity_change, opinion_change
from dmpkit.evaluation.pairing import Paired, pair_answers
from dmpkit.evaluation.profile import (
    Profile,
    profile,
)
from dmpkit.evaluation.raters import (
    RaterAgreement,
    kendall_w,
    rater_agreement,
    rater_leniency,
)
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
)

__all__ = [
    "Criteria",
    "Field",
    "KnowledgeGain",
    "OpinionChange",
    "Paired",
    "Profile",
    "RaterAgreement",
    "RecordKind",
    "Scorecard",
    "check_records",
    "civic_capacity_change",
    "exact_mcnemar",
    "find_records",
    "kendall_w",
    "knowledge_gain",
    "opinion_change",
    "pair_answers",
    "plot_criteria",
    "plot_leniency",
    "plot_stages",
    "profile",
    "rater_agreement",
    "rater_leniency",
    "read_records",
    "read_scorecard",
    "split_ids",
]
