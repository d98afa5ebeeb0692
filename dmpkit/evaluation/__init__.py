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
from dmpkit.evaluation.records import (
    Field,
    RecordKind,
    check_records,
    find_records,
    read_records,
    split_ids,
)

__all__ = [
    "Criteria",
    "Field",
    "RecordKind",
    "Scorecard",
    "check_records",
    "find_records",
    "read_records",
    "read_scorecard",
    "split_ids",
]
