from __future__ import annotations

import pytest

from dmpkit.errors import DataError
from dmpkit.impact import vocabulary as words

ACTION = {
    "not_started": "in_progress decided implemented_in_part implemented put_to_a_vote abandoned "
    "superseded",
    "in_progress": "decided implemented_in_part implemented put_to_a_vote abandoned superseded",
    "decided": "implemented_in_part implemented abandoned reversed",
    "implemented_in_part": "implemented abandoned reversed",
    "implemented": "reversed",
    "put_to_a_vote": "lost_at_vote decided",
    "superseded": "",
    "abandoned": "reopened",
    "reversed": "reopened",
    "lost_at_vote": "reopened",
    "reopened": "in_progress",
}


@pytest.mark.parametrize("before", list(ACTION))
def test_the_action_table_is_that_of_the_specification(before: str) -> None:
    allowed = {s for s in words.STATUSES["action"] if words.is_allowed(before, s)}
    confirmed = set() if before == "reopened" else {before}
    assert allowed == {*ACTION[before].split(), "no_evidence", *confirmed}


def test_no_evidence_is_entered_from_and_left_to_anything() -> None:
    for status in words.STATUSES["action"]:
        assert words.is_allowed(status, "no_evidence")
        assert words.is_allowed("no_evidence", status) or status == "reopened"


def test_a_rejection_may_be_softened_and_nothing_else() -> None:
    after = {s for s in words.STATUSES["response"] if words.is_allowed("rejected", s)}
    assert after == {"accepted_in_part", "rejected"}


def test_layers_share_no_status_and_no_step_crosses_layers() -> None:
    every = [s for statuses in words.STATUSES.values() for s in statuses]
    assert len(every) == len(set(every)) == len(words.LAYER_OF)
    for before, after in words.TRANSITIONS.items():
        assert all(words.LAYER_OF[s] == words.LAYER_OF[before] for s in after)
    assert words.NO_ANSWER_BY_DEADLINE not in words.LAYER_OF
    assert set(words.OPEN) | set(words.CLOSED) == set(words.STATUSES["action"])


def test_unknown_words_show_the_closest() -> None:
    assert words.known_word("IN-progress", words.STATUSES["action"], "status") == "in_progress"
    with pytest.raises(DataError, match="closest words are 'implemented'"):
        words.known_word("implementd", words.STATUSES["action"], "status")
    with pytest.raises(DataError, match="Use one of 'day'"):
        words.known_word("zzz", words.PRECISIONS, "precision")
