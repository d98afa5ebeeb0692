"""Agreement between raters: coefficients, tables of them, and where raters disagree.

``ratings`` has one row a rater and one column a unit everywhere, with None or NaN
where a rating is missing; values are numbers, text or sets of codes. A sheet with one
row a unit goes through :func:`ratings_from_columns`, one with a row a rating through
:func:`ratings_from_long`. Every
coefficient gives an :class:`~dmpkit.reporting.Estimate` whose note names the
weights or the level, how the interval was made, or why there is no value.

Which one? Krippendorff's alpha takes missing ratings, any number of raters and any
level of measurement, and is our default. With one very common category alpha and
the kappas fall although the raters rarely differ, and AC1 does not; neither is
wrong, they hold different things to be chance. Show prevalence and percent agreement
beside either (:func:`agreement_table` does).

Agreement is a quality measure for a coding frame that others are meant to apply.
For reflexive thematic analysis it is not one.

Examples
--------
>>> from dmpkit.measures import agreement
>>> coders = [["time", "time", "budget", None], ["time", "budget", "budget", "time"]]
>>> agreement.percent_agreement(coders).value
0.6666666666666666
>>> agreement.krippendorff_alpha([[1, 1, 1], [1, 1, 1]]).note.split(";")[1].strip()
'undefined: every compared rating is 1'

References
----------
.. [1] Krippendorff, K. (2011). Computing Krippendorff's alpha-reliability.
.. [2] Gwet, K. L. (2014). Handbook of inter-rater reliability, 4th edition.
.. [3] Fleiss, J. L., Cohen, J. & Everitt, B. S. (1969). Large sample standard errors
   of kappa and weighted kappa. Psychological Bulletin 72, 323-327.
"""

from __future__ import annotations

from dmpkit.measures.agreement_table import AgreementTable, agreement_table
from dmpkit.measures.coefficients import (
    brennan_prediger,
    cohen_kappa,
    cohen_kappa_of_table,
    conger_kappa,
    fleiss_kappa,
    gwet_ac1,
    gwet_ac2,
    krippendorff_alpha,
    light_kappa,
    percent_agreement,
    scott_pi,
)
from dmpkit.measures.disagreement import category_agreement, confusion, disagreements
from dmpkit.measures.metrics import jaccard_distance, masi_distance
from dmpkit.measures.ratings import Ratings, ratings_from_columns, ratings_from_long

__all__ = [
    "AgreementTable",
    "Ratings",
    "agreement_table",
    "brennan_prediger",
    "category_agreement",
    "cohen_kappa",
    "cohen_kappa_of_table",
    "confusion",
    "conger_kappa",
    "disagreements",
    "fleiss_kappa",
    "gwet_ac1",
    "gwet_ac2",
    "jaccard_distance",
    "krippendorff_alpha",
    "light_kappa",
    "masi_distance",
    "percent_agreement",
    "ratings_from_columns",
    "ratings_from_long",
    "scott_pi",
]
