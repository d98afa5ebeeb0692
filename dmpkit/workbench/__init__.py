"""The workbench: studies, their published figures, and what comes out here.

>>> from dmpkit.workbench import Study
>>> study = Study.open("lipset-1963")  # doctest: +SKIP
>>> study.reproduces("eigenvalue-1", 2.3838)  # doctest: +SKIP
"""

from dmpkit.workbench.figures import Verdict
from dmpkit.workbench.manifest import DataFile, PublishedFigure
from dmpkit.workbench.study import Study, find_studies

__all__ = ["DataFile", "PublishedFigure", "Study", "Verdict", "find_studies"]
