"""Every table of the evaluation of one synthetic mini-public is as it was."""

from dmpkit.workbench import Study
from dmpkit.workbench.evaluating import evaluate
from tests.kept_tables import Tables, frames_of, unchanged


def tables() -> Tables:
    result = evaluate(Study.open("evaluate-a-minipublic").folder, seed=1, n_permutations=99)
    found: Tables = {}
    for name, part in result.parts.items():
        found |= frames_of(part, name)
    found |= frames_of(result, "evaluation")
    # not the records and hashes of the study, which may be edited, nor remarks with its place
    leave = ("evaluation: record", "evaluation: files", "evaluation: not_computed")
    return {name: frame for name, frame in found.items() if not name.startswith(leave)}


def test_the_tables_of_an_evaluation_are_unchanged() -> None:
    unchanged("evaluation", tables())
