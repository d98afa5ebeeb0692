"""Q methodology: from sorts to viewpoints.

Read sorts with :func:`read_sorts` (or make a :class:`QSorts`), analyse them with
:func:`analyse`, and read the tables of the :class:`QAnalysis`. Each step is a
function of its own, arrays in and arrays out, named as the field names it.

>>> import dmpkit.qmethod as qm
>>> sorts = qm.QSorts([[2, 1, -1], [1, 2, 0], [0, -1, 1], [-1, 0, 2], [-2, -2, -2]])
>>> qm.analyse(sorts, 1)
QAnalysis: 1 factor of 3 sorts and 5 statements (pearson, pca, varimax)
"""

from __future__ import annotations

from dmpkit.qmethod.analysis import QAnalysis, analyse
from dmpkit.qmethod.bootstrap import QBootstrap, bootstrap
from dmpkit.qmethod.comparison import (
    BeforeAfter,
    FactorMatch,
    SecondOrder,
    before_after,
    congruence,
    match_factors,
    second_order,
)
from dmpkit.qmethod.correlation import correlate, kendall, pearson, spearman, unit_columns
from dmpkit.qmethod.data import QSorts
from dmpkit.qmethod.extraction import eigenvalues, extract_centroid, extract_pca, extract_pca_thin
from dmpkit.qmethod.flags import FlagRule, critical_value, flag
from dmpkit.qmethod.formats.feedback import read_feedback
from dmpkit.qmethod.formats.kade import write_kade
from dmpkit.qmethod.formats.pqmethod import write_pqmethod
from dmpkit.qmethod.formats.tidy import write_sorts
from dmpkit.qmethod.instrument import (
    Instrument,
    TagAgreement,
    propose_distribution,
    sample_q_set,
    tag_agreement,
)
from dmpkit.qmethod.judgemental import Invert, Rotate, RotationLog, Split
from dmpkit.qmethod.matching import ViewpointMatch, match_viewpoints
from dmpkit.qmethod.panel import RotationPanel, rotate_by_hand
from dmpkit.qmethod.readers import read_sorts
from dmpkit.qmethod.recovery import RecoveryCurves, false_match_rate, recovery_curves
from dmpkit.qmethod.retention import FactorRetention, factor_retention
from dmpkit.qmethod.rotation import (
    Rotation,
    order_and_reflect,
    reflect,
    rotate,
    rotate_equamax,
    rotate_none,
    rotate_oblimin,
    rotate_promax,
    rotate_quartimax,
    rotate_varimax,
)
from dmpkit.qmethod.scores import (
    composite_reliability,
    difference_stars,
    factor_arrays,
    factor_score_correlations,
    factor_weights,
    significant_differences,
    standard_errors,
    standard_errors_of_differences,
    statement_labels,
    z_scores,
)
from dmpkit.qmethod.sortfile import read_comments, read_sort_file, read_sort_files
from dmpkit.qmethod.synthetic import SyntheticSorts, synthetic_sorts
from dmpkit.qmethod.tagging import Tagging, synthetic_tags
from dmpkit.qmethod.viewpoints import Viewpoints

__all__ = [
    "BeforeAfter",
    "FactorMatch",
    "FactorRetention",
    "FlagRule",
    "Instrument",
    "Invert",
    "QAnalysis",
    "QBootstrap",
    "QSorts",
    "RecoveryCurves",
    "Rotate",
    "Rotation",
    "RotationLog",
    "RotationPanel",
    "SecondOrder",
    "Split",
    "SyntheticSorts",
    "TagAgreement",
    "Tagging",
    "ViewpointMatch",
    "Viewpoints",
    "analyse",
    "before_after",
    "bootstrap",
    "composite_reliability",
    "congruence",
    "correlate",
    "critical_value",
    "difference_stars",
    "eigenvalues",
    "extract_centroid",
    "extract_pca",
    "extract_pca_thin",
    "factor_arrays",
    "factor_retention",
    "factor_score_correlations",
    "factor_weights",
    "false_match_rate",
    "flag",
    "kendall",
    "match_factors",
    "match_viewpoints",
    "order_and_reflect",
    "pearson",
    "propose_distribution",
    "read_comments",
    "read_feedback",
    "read_sort_file",
    "read_sort_files",
    "read_sorts",
    "recovery_curves",
    "reflect",
    "rotate",
    "rotate_by_hand",
    "rotate_equamax",
    "rotate_none",
    "rotate_oblimin",
    "rotate_promax",
    "rotate_quartimax",
    "rotate_varimax",
    "sample_q_set",
    "second_order",
    "significant_differences",
    "spearman",
    "standard_errors",
    "standard_errors_of_differences",
    "statement_labels",
    "synthetic_sorts",
    "synthetic_tags",
    "tag_agreement",
    "unit_columns",
    "write_kade",
    "write_pqmethod",
    "write_sorts",
    "z_scores",
]
