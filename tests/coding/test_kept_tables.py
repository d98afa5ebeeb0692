"""Every table of agreement, pairs and saturation of synthetic interviews is as it was."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from dmpkit import coding
from dmpkit.coding.synthetic import synthetic_interviews
from tests.kept_tables import Tables, frames_of, unchanged


def tables() -> Tables:
    with TemporaryDirectory() as folder:
        made = synthetic_interviews(Path(folder))
        first, second = (coding.read_project(made[name]) for name in ("coder A", "coder B"))
    project = coding.merge_blind({"coder A": first, "coder B": second})
    project = project.with_approach("coding reliability")
    found = frames_of(project, "project")
    found |= frames_of(coding.agreement(project, n_resamples=40, seed=1), "agreement")
    found |= frames_of(coding.cooccurrence(project, across_coders=True), "pairs")
    return found | frames_of(coding.saturation(project, seed=1), "saturation")


@pytest.mark.filterwarnings("ignore::dmpkit.errors.DmpkitWarning")
def test_the_tables_of_a_project_are_unchanged() -> None:
    unchanged("coding", tables())
