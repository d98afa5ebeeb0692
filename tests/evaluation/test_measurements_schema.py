"""What the files of measurements hold, field by field, and what each check answers to."""

import math
from pathlib import Path

import pandas as pd
import pytest

from dmpkit.evaluation import measurements
from dmpkit.evaluation.measured import CUT_POINTS
from dmpkit.evaluation.measurements import Measurements, answers_kind
from dmpkit.evaluation.records import Field

ID, NUMBER = {"kind": "id"}, {"kind": "number"}
NEEDED = {"required": True}
STAGES = ("before", "after")
KINDS = ("opinion", "knowledge", "consideration", "preference", "experience", "efficacy",
         "demographic")  # fmt: skip
FILES = {
    "people": (("person",), {
        "person": ID | NEEDED, "table": ID, "stayed": {"kind": "yes-no", "aliases": ("completed",)},
    }),
    "items": (("item",), {
        "item": ID | NEEDED, "kind": NEEDED | {"choices": KINDS}, "label": {}, "low": NUMBER,
        "high": NUMBER, "correct": {}, "reversed": {"kind": "yes-no"}, "criterion": ID,
        "agree_from": NUMBER, "pole_low": {}, "pole_high": {},
    }),
    "talk": ((), {
        "person": ID | NEEDED, "seconds": NUMBER | NEEDED | {"low": 0}, "session": ID, "table": ID,
        "group": ID,
    }),
    "acts": (("act", "coder"), {"act": ID | NEEDED, "coder": ID | NEEDED, "person": ID}),
    "codebook": (("code",), {
        "code": ID | NEEDED, "label": NEEDED, "maximum": NUMBER | NEEDED, "minimum": NUMBER,
    }),
    "rankings": (("person", "stage"), {"person": ID | NEEDED, "stage": {"choices": STAGES}}),
    "ballot": (("person", "item"), {"person": ID | NEEDED, "item": ID | NEEDED, "answer": {}}),
    "votes": (("statement", "group"), {
        "statement": ID | NEEDED, "group": ID | NEEDED,
        **dict.fromkeys(("agree", "disagree", "seen"), NUMBER | NEEDED | {"low": 0}),
    }),
    "replies": ((), {
        "kind": {"choices": ("organiser", "commissioner", "member", "other")}, "who": NEEDED,
        "date": {"kind": "date"}, "text": NEEDED,
    }),
}  # fmt: skip


def fields(spelled):
    return [Field(name, **what) for name, what in spelled.items()]


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_measurements_has_the_documented_columns(name):
    """Whoever prepares files relies on names, order, what must be filled and what is allowed."""
    key, spelled = FILES[name]
    kind = measurements.MEASUREMENTS[name]
    assert (kind.name, kind.file, tuple(kind.key)) == (name, f"{name}.csv", key)
    assert [repr(f) for f in kind.fields] == [repr(f) for f in fields(spelled)]


def test_there_are_these_files_in_this_order():
    assert list(measurements.MEASUREMENTS) == list(FILES)
    assert measurements.ITEM_KINDS == KINDS
    assert set(measurements.SCALED) == set(KINDS) - {"knowledge", "demographic"}
    assert measurements.STAGES == STAGES
    assert measurements.ACT_COLUMNS == ("act", "coder", "person")


def test_a_table_of_cut_points_has_the_documented_columns():
    levels = {f"at_least_{i}": NUMBER for i in range(1, 5)}
    spelled = {"criterion": ID | NEEDED, "indicator": NEEDED, "unit": {}, **levels, "basis": {},
               "note": {}}  # fmt: skip
    assert [repr(f) for f in CUT_POINTS.fields] == [repr(f) for f in fields(spelled)]
    assert tuple(CUT_POINTS.key) == ("criterion", "indicator")
    assert (CUT_POINTS.name, CUT_POINTS.file) == ("indicators", "indicators.csv")


def items(*rows):
    columns = ["item", "kind", "label", "low", "high", "correct", "reversed", "criterion",
               "agree_from", "pole_low", "pole_high"]  # fmt: skip
    numbers = {"low", "high", "agree_from"}
    blank = {c: math.nan if c in numbers else "" for c in columns}
    return pd.DataFrame([blank | row for row in rows], columns=columns)


def test_fields_of_answers_follow_the_list_of_items():
    """Scaled items are numbers between their ends, where given; others are text; blanks are out."""
    listed = items(
        {"item": "o", "kind": "opinion", "low": 1, "high": 5},
        {"item": "c", "kind": "consideration", "low": 0},
        {"item": "p", "kind": "preference", "high": 9},
        {"item": "k", "kind": "knowledge", "low": 1, "high": 2},
        {"item": "", "kind": "opinion"},
        {"item": "d", "kind": "demographic"},
        {"item": "x", "kind": "experience", "low": 1, "high": 4},
        {"item": "e", "kind": "efficacy", "low": 1, "high": 7},
        {"item": "o", "kind": "opinion", "low": 2, "high": 3},
    )
    for stage in STAGES:
        kind = answers_kind(stage, listed)
        wanted = [
            Field("person", kind="id", required=True),
            Field("o", kind="number", low=2.0, high=3.0),
            Field("c", kind="number", low=0.0),
            Field("p", kind="number", high=9.0),
            Field("k"),
            Field("d"),
            Field("x", kind="number", low=1.0, high=4.0),
            Field("e", kind="number", low=1.0, high=7.0),
        ]
        assert [repr(f) for f in kind.fields] == [repr(f) for f in wanted]
        assert (kind.name, kind.file, tuple(kind.key)) == (
            f"answers_{stage}", f"answers_{stage}.csv", ("person",)
        )  # fmt: skip
    assert answers_kind("before", None).columns == ["person"]


def places(rules, frame):
    return [(row, column) for rule in rules for row, column, *_ in rule(frame)]


def test_items_are_checked_against_themselves_and_the_criteria():
    """Ends that are level or turned round, no end, an agreement off the scale, no criterion."""
    rows = items(
        {"item": "a", "kind": "opinion", "low": 1, "high": 5, "agree_from": 5},
        {"item": "b", "kind": "opinion", "low": 5, "high": 5},
        {"item": "c", "kind": "opinion", "low": 6, "high": 5},
        {"item": "d", "kind": "efficacy", "low": 1},
        {"item": "e", "kind": "efficacy", "high": 1},
        {"item": "f", "kind": "knowledge"},
        {"item": "g", "kind": "opinion", "low": 1, "high": 5, "agree_from": 6},
        {"item": "h", "kind": "opinion", "low": 1, "high": 5, "agree_from": 0},
        {"item": "i", "kind": "experience", "low": 1, "high": 5, "criterion": "C01"},
        {"item": "j", "kind": "experience", "low": 1, "high": 5},
        {"item": "k", "kind": "opinion", "low": 1, "high": 5, "criterion": "C02"},
        {"item": "l", "kind": "opinion", "low": 1, "high": 5, "agree_from": 1, "criterion": "X"},
    )
    own = [(1, "high"), (2, "high"), (3, "high"), (4, "low"), (6, "agree_from"),
           (7, "agree_from"), (8, "agree_from")]  # fmt: skip
    assert places(measurements.item_rules(), rows) == own
    named = measurements.item_rules(["C01", "C02"])
    assert places(named, rows) == [*own, (11, "criterion")]
    messages = [list(found) for found in named[0](rows)]
    assert "'X'" in messages[-1][2]
    assert all(found[2] and found[3] for found in messages)


def test_people_who_are_not_listed_are_found_and_those_free_are_guessed():
    people = pd.DataFrame({"person": ["anna", "berta", "clara", ""]})
    assert measurements.known_people(None) == []
    assert measurements.known_people(people.head(0)) == []
    frame = pd.DataFrame({"person": ["anna", "annx", "", "bertx", "berta"]})
    (once,) = measurements.known_people(people)
    found = list(once(frame))
    assert [f[:2] for f in found] == [(1, "person"), (3, "person")]
    assert "'annx'" in found[0][2]
    assert "anna" not in found[0][3]  # she has a row already
    (often,) = measurements.known_people(people, once=None)
    assert "'anna'" in next(iter(often(frame)))[3]
    (staged,) = measurements.known_people(people, once=("stage",))
    both = frame.assign(stage=["before", "after", "after", "after", "after"])
    assert "'anna'" in next(iter(staged(both)))[3]  # she has none at this stage
    (other,) = measurements.known_people(people, "who")
    assert [f[:2] for f in other(frame.rename(columns={"person": "who"}))] == [
        (1, "who"), (3, "who"),
    ]  # fmt: skip


def test_everybody_listed_has_a_row():
    (rule,) = measurements.known_people(pd.DataFrame({"person": ["anna"]}))
    found = list(rule(pd.DataFrame({"person": ["anna", "annx"]})))
    assert "Everybody in people.csv has a row here" in found[0][3]


def test_words_of_a_ballot_are_checked():
    frame = pd.DataFrame({"answer": ["for", " In  Favour ", "3", "2,5", "", "agains", "qqq", "NO"]})
    found = list(measurements._vote_words(frame))
    assert [f[:2] for f in found] == [(5, "answer"), (6, "answer")]
    assert "Did you mean 'against'?" in found[0][3]
    assert "Did you mean" not in found[1][3]
    assert found[1][3].startswith("Write for, against or abstain")


def test_codes_ranks_and_counts_are_checked():
    acts = pd.DataFrame({"act": ["x"] * 7, "coder": "?", "person": "!",
                         "level": ["1", "-2", "3.0", "2a", "1.5", "", "ab"]})  # fmt: skip
    assert [f[:2] for f in measurements._whole_codes(acts)] == [(4, "level"), (6, "level")]
    ranks = pd.DataFrame({"person": "?", "stage": "!", "a": ["1", "0", "2", "3", "", "1,5", "x"],
                          "b": ["2"] * 7})  # fmt: skip
    assert [f[:2] for f in measurements._ranks(ranks)] == [(1, "a"), (3, "a"), (6, "a")]
    assert "to 2," in next(iter(measurements._ranks(ranks)))[3]
    votes = pd.DataFrame({"agree": [3.0, 3, 2], "disagree": [2.0, 2, 2], "seen": [5.0, 4, 9]})
    assert [f[:2] for f in measurements._counts(votes)] == [(1, "seen")]


def test_which_checks_belong_to_which_table():
    people = pd.DataFrame({"person": ["anna"]})
    own = {"acts": 1, "rankings": 1, "ballot": 1, "votes": 1}
    for name in FILES:
        n = own.get(name, 0) + (name in ("talk", "acts", "rankings", "ballot"))
        assert len(measurements._rules_of(name, people)) == n, name
        assert len(measurements._rules_of(name, None)) == own.get(name, 0)
    # a person talks as often as she likes, but ranks once a stage and votes once on an item
    frame = pd.DataFrame({"person": ["anna", "annx"], "stage": ["before", "after"],
                          "item": ["i", "j"]})  # fmt: skip
    for name in ("talk", "acts", "rankings", "ballot"):
        rule = measurements._rules_of(name, people)[0]
        assert "'anna'" in next(iter(rule(frame)))[3], name
    same = frame.assign(stage="after", item="i")
    for name in ("rankings", "ballot"):
        rule = measurements._rules_of(name, people)[0]
        assert "'anna'" not in next(iter(rule(same)))[3], name


def measured():
    return Measurements({
        "people": pd.DataFrame({
            "person": list("abcd"), "table": ["1", "1", "2", "2"], "stayed": ["yes"] * 4,
            "sex": ["w", "m", "w", ""], "town": ["x", "x", "", "x"],
        }),
        "items": items(
            {"item": "o", "kind": "opinion", "low": 1, "high": 5, "label": "Opinion"},
            {"item": "k", "kind": "knowledge", "low": 0},
            {"item": "p", "kind": "preference", "low": 1, "high": 3},
            {"item": "e", "kind": "efficacy", "high": 3},
        ),
        "answers_before": pd.DataFrame({
            "person": list("ab"), "k": ["", "x"], "o": [1.0, math.nan], "e": math.nan,
            "p": [1.0, 2],
        }),
        "answers_after": pd.DataFrame({"person": list("ab"), "k": ["", ""]}),
        "talk": pd.DataFrame({"person": []}),
        "rankings": pd.DataFrame({
            "person": list("aba"), "stage": ["before", "", "after"], "r": [1.0, 2, 3],
        }),
    })  # fmt: skip


def test_tables_of_measurements_are_given_out_by_kind_and_stage():
    m = measured()
    assert m.names == ("people", "items", "answers_before", "answers_after", "talk", "rankings")
    assert m.get("talk") is None
    assert m.get("votes") is None
    assert m.items_of("opinion", "preference") == ["o", "p"]
    assert m.item("o", "high") == 5
    assert m.labels(["k", "o"]) == {"k": "k", "o": "Opinion"}
    assert m.scales(["o", "k", "p", "e"]) == {"o": (1.0, 5.0), "p": (1.0, 3.0)}
    assert list(m.answers("before", "opinion", "knowledge")) == ["person", "o", "k"]
    assert m.answers("before", "efficacy") is None  # asked, and answered by nobody
    assert m.answers("after", "knowledge") is None
    assert m.answers("after", "opinion") is None
    assert Measurements({}).answers("before", "opinion") is None
    wanted = pd.DataFrame({"person": ["b", "a"], "r": [2.0, 3.0]})
    pd.testing.assert_frame_equal(m.ranking("after"), wanted, check_dtype=False)
    assert m.ranking("before")["person"].tolist() == ["a"]
    late = Measurements({"rankings": m.get("rankings").iloc[[2]]})
    assert late.ranking("before") is None
    plain = Measurements({n: f for n, f in m.tables.items() if n != "rankings"})
    assert list(plain.ranking("before")) == ["person", "p"]
    assert plain.ranking("after") is None


def test_columns_of_people_that_part_them_and_their_tables():
    m = measured()
    assert m.attributes == ["sex"]  # all of one town; stayed and table are no attributes
    assert m.table_of() == {"a": "1", "b": "1", "c": "2", "d": "2"}
    people = m.get("people")
    many = pd.concat([people] * 4, ignore_index=True).assign(sex=[str(i % 12) for i in range(16)])
    assert Measurements({"people": many}).attributes == ["sex"]
    many["sex"] = [str(i % 13) for i in range(16)]
    assert Measurements({"people": many}).attributes == []
    assert Measurements({"people": people.assign(table="1")}).table_of() is None
    assert Measurements({"people": people.assign(table=["1", "2", "", "2"])}).table_of() is None
    assert Measurements({}).table_of() is None
    assert Measurements({}).attributes == []


def test_answers_that_no_item_explains_are_named_with_their_place():
    listed = items({"item": "o1", "kind": "opinion"}, {"item": "k1", "kind": "knowledge"},
                   {"item": "k2", "kind": "knowledge", "correct": "a"},
                   {"item": "k3", "kind": "knowledge"})  # fmt: skip
    answers = pd.DataFrame({"person": ["a"], "o2": ["3"], "k1": ["x"], "k2": ["y"], "k3": [""],
                            "zzz": [""]})  # fmt: skip
    found = measurements.unlisted("after", answers, listed)
    assert [(e.file, e.row, e.column) for e in found] == [
        ("items.csv", 3, "correct"), ("answers_after.csv", None, "o2"),
        ("answers_after.csv", None, "zzz"),
    ]  # fmt: skip
    assert "Did you mean 'o1'? Or add a row" in found[1].remedy
    assert found[2].remedy.startswith("Add a row")
    assert measurements.unlisted("after", None, listed) == []
    assert measurements.unlisted("after", answers.head(0), None) == []
    (alone,) = measurements.unlisted("before", answers, None)
    assert (alone.file, alone.row) == ("answers_before.csv", None)


def test_every_mistake_of_a_folder_is_gathered_and_none_twice(tmp_path):
    files = {
        "people.csv": "person\nanna\nberta\n",
        "items.csv": "item,kind,low,high,correct\no1,opinion,1,5,\nk1,knowledge,,,\n",
        "answers_before.csv": "person,o1,k1,zzz\nanna,9,x,1\nnobody,2,y,2\n",
        "answers_after.csv": "person,o1,k1\nanna,3,x\nberta,2,\n",
        "talk.csv": "person,seconds\nanna,-1\nberta,20\n",
        "rankings.csv": 'person,stage,a,b\nanna,before,1,2\nberta,after,"2,0",\n',
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    tables, mistakes = measurements.gather_measurements(tmp_path)
    assert set(tables) >= {"people", "items", "answers_after", "rankings"}
    found = sorted((Path(e.file).name, e.row or 0, e.column or "") for e in mistakes)
    assert found == sorted(set(found))
    assert set(found) == {
        ("answers_before.csv", 2, "o1"), ("answers_before.csv", 3, "person"),
        ("answers_before.csv", 0, "zzz"), ("items.csv", 3, "correct"),
        ("talk.csv", 2, "seconds"),
    }  # fmt: skip
    for name in ("answers_before.csv", "talk.csv"):
        (tmp_path / name).unlink()
    (tmp_path / "items.csv").write_text(
        "item,kind,low,high,correct\no1,opinion,1,5,\nk1,knowledge,,,x\n"
    )
    read = measurements.read_measurements(tmp_path)
    assert read.names == ("people", "items", "answers_after", "rankings")
    ranks = read.get("rankings")
    assert ranks["a"].tolist() == [1.0, 2.0]
    assert ranks["b"].isna().tolist() == [False, True]
    assert read.get("answers_after")["o1"].tolist() == [3.0, 2.0]
