"""The workbench: studies, their published figures, and what comes out here.

>>> from dmpkit.workbench import Study
>>> study = Study.open("governance-viewpoints-2024")
>>> study.reproduces("viewpoints", 5)
viewpoints: published 5, here 5, difference 0 (tolerance 0): matches print
"""

from dmpkit.workbench.figures import Verdict
from dmpkit.workbench.manifest import DataFile, PublishedFigure
from dmpkit.workbench.study import Study, find_studies

__all__ = ["DataFile", "PublishedFigure", "Study", "Verdict", "find_studies"]
