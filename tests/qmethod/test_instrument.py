"""The instrument: a Q set, its grid, its tagging, and what is printed from it."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dmpkit.qmethod as qm
from dmpkit import datasets
from dmpkit.errors import DataError
from dmpkit.qmethod.instrument import MAX_STATEMENTS, check_tags
from dmpkit.qmethod.sorting_page import cards_page, page_texts, sheet_page, sorting_page

EVIL = "</script><script>document.title='taken'</script><!-- {{script}} & \u2028 \"'"


@pytest.fixture(scope="module")
def governance():
    return qm.Instrument.load("governance-instrument")


@pytest.fixture
def toy():
    return qm.Instrument(
        "toy", "A toy", tuple("abcde"), tuple(f"Statement {x}." for x in "ABCDE"), [-1, 0, 0, 0, 1]
    )


# -- the governance instrument ------------------------------------------------------------


def test_every_claim_has_two_statements_for_and_two_against(governance):
    statements = datasets.load("governance-instrument", "statements")
    claims = datasets.load("viewpoints/governance-2024", "claims")["claim"]
    cells = statements.groupby(["claim", "direction"]).size()
    assert set(cells.index.get_level_values("claim")) == set(claims)
    assert cells.unique().tolist() == [2]
    assert len(cells) == 2 * len(claims)
    assert 40 <= governance.n_statements <= 48


def test_statements_of_one_claim_stand_apart(governance):
    claims = list(datasets.load("governance-instrument", "statements")["claim"])
    for i, claim in enumerate(claims):
        assert claim not in claims[i + 1 : i + 5]


def test_each_viewpoint_should_agree_with_half_of_what_touches_it():
    statements = datasets.load("governance-instrument", "statements")
    codings = datasets.load("viewpoints/governance-2024", "codings")
    both = codings.merge(statements, on="claim")
    leaning = (both["holds"] * both["direction"]).groupby(both["viewpoint"])
    assert leaning.sum().tolist() == [0] * 5
    assert leaning.size().to_dict() == {"AU": 16, "CC": 12, "PA": 16, "RB": 16, "SC": 12}


def test_statements_are_short_and_say_one_thing(governance):
    for text in governance.texts:
        assert len(text.split()) <= 16, text
        assert text.endswith(".")
        assert ";" not in text
        assert not re.search(r"\b(not|never|no)\b|n't", text), f"a negation: {text}"


def test_both_readings_cover_every_claim_in_both_directions(governance):
    claims = set(datasets.load("viewpoints/governance-2024", "claims")["claim"])
    for tagger in ("first reading", "second reading"):
        tags = governance.tags[governance.tags["tagger"] == tagger]
        assert set(tags["statement"]) == set(governance.statements)
        cells = tags.groupby(["claim", "direction"]).size()
        assert set(tags["claim"]) == claims
        assert len(cells) == 2 * len(claims)
        assert cells.min() >= 2


def test_the_first_reading_follows_the_design(governance):
    design = datasets.load("governance-instrument", "statements")
    tags = governance.tags.query("tagger == 'first reading' and strength == 1")
    both = design.merge(tags, on=["statement", "claim", "direction"])
    assert len(both) == len(design) == len(tags)


def test_the_printed_agreement_is_the_one_computed(governance):
    claims = list(datasets.load("viewpoints/governance-2024", "claims")["claim"])
    found = qm.tag_agreement(governance.tags, statements=governance.statements, claims=claims)
    readme = " ".join((governance.path / "README.md").read_text(encoding="utf-8").split())
    said = (
        f"Agreement over the {found.n_cells} pairs of statement and claim: {found.percent:.1f}% "
        f"the same answer, Cohen's kappa {found.kappa:.2f}; {found.both} pairs tagged by both "
        f"({found.same_strength} of them with the same strength), "
        f"{found.first_only + found.second_only} by one only, none in opposite directions."
    )
    assert said in readme
    assert found.opposite == 0


def test_it_says_that_it_is_a_proposal_and_who_read_it(governance):
    about = datasets.info("governance-instrument").description
    assert "not the instrument of Parry, Curato and Dryzek" in about
    assert "developers, not by outsiders" in about
    assert "a proposal of the dmpkit developers" in governance.about
    assert "not the statements of that study" in governance.about
    assert governance.about in page_texts(governance)["about"]


def test_the_sheet_in_the_package_is_the_one_made_now(governance):
    kept = (governance.path / "sort-sheet.html").read_text(encoding="utf-8")
    assert kept == sheet_page(governance)


# -- grids --------------------------------------------------------------------------------


@settings(deadline=None, max_examples=150)
@given(
    n=st.integers(5, MAX_STATEMENTS),
    columns=st.sampled_from([None, 3, 5, 9, 13, 21]),
    spread=st.floats(0.3, 50),
)
def test_a_proposed_grid_is_whole_symmetric_and_falls_outwards(n, columns, spread):
    if columns is not None and columns > n:
        with pytest.raises(DataError, match="columns"):
            qm.propose_distribution(n, columns=columns, spread=spread)
        return
    grid = qm.propose_distribution(n, columns=columns, spread=spread)
    counts, values = grid["count"].to_numpy(), grid["value"].to_numpy()
    assert counts.sum() == n
    assert counts.min() >= 1
    assert (counts == counts[::-1]).all()
    assert (values == -values[::-1]).all()
    assert (np.diff(counts[: len(counts) // 2 + 1]) >= 0).all()


def test_the_grid_of_lipset_is_what_would_be_proposed():
    sorts = qm.QSorts.from_frame(datasets.DataPackage.open(
        datasets.studies_path("lipset-1963")).read("sorts"))  # fmt: skip
    assert qm.propose_distribution(33)["count"].tolist() == sorts.grid["count"].tolist()


@pytest.mark.parametrize(
    ("n", "columns", "spread"),
    [(4, None, 0.7), (301, None, 0.7), (20, 4, 0.7), (20, 1, 0.7), (20, 23, 0.7), (20, 9, 0.0),
     (20, 9, float("nan"))],
)  # fmt: skip
def test_a_grid_that_cannot_be_is_refused(n, columns, spread):
    with pytest.raises(DataError):
        qm.propose_distribution(n, columns=columns, spread=spread)


# -- a Q set from a concourse -----------------------------------------------------------


@pytest.fixture
def concourse():
    cells = [(t, d) for t in "xyz" for d in (1, -1) for _ in range(5)]
    return pd.DataFrame(cells, columns=["topic", "direction"]).assign(
        text=[f"Text {i}." for i in range(30)]
    )


def test_a_q_set_takes_as_many_from_each_cell(concourse):
    drawn = qm.sample_q_set(concourse, 20, by=["topic", "direction"], seed=3)
    sizes = drawn.groupby(["topic", "direction"]).size()
    assert sorted(sizes) == [3, 3, 3, 3, 4, 4]
    assert drawn["text"].is_unique
    assert list(drawn.columns) == list(concourse.columns)


def test_every_statement_of_a_cell_can_be_drawn(concourse):
    seen = {
        text
        for seed in range(60)
        for text in qm.sample_q_set(concourse, 6, by=["topic", "direction"], seed=seed)["text"]
    }
    assert seen == set(concourse["text"])


def test_the_same_seed_draws_the_same_from_polars(concourse):
    ours = qm.sample_q_set(concourse, 12, by="topic", seed=1)
    theirs = qm.sample_q_set(pl.from_pandas(concourse), 12, by="topic", seed=1)
    assert isinstance(theirs, pl.DataFrame)
    assert theirs["text"].to_list() == ours["text"].tolist()
    assert (
        qm.sample_q_set(concourse, 12, by="topic", seed=2)["text"].tolist() != ours["text"].tolist()
    )


def test_a_poor_concourse_is_refused_by_name(concourse):
    poor = concourse.drop(index=[0, 1, 2, 3])
    with pytest.raises(DataError, match=r"'x × 1'.* has 1 statements; 2 are needed"):
        qm.sample_q_set(poor, 12, by=["topic", "direction"], seed=1)
    with pytest.raises(DataError, match="cannot cover 6 cells"):
        qm.sample_q_set(concourse, 5, by=["topic", "direction"], seed=1)
    with pytest.raises(DataError, match="to spare"):
        qm.sample_q_set(concourse, 31, by="direction", seed=1)
    with pytest.raises(DataError, match="nothing"):
        qm.sample_q_set(concourse, 12, by="nothing", seed=1)
    with pytest.raises(DataError, match="empty cell"):
        qm.sample_q_set(concourse.assign(topic=None), 12, by="topic", seed=1)


# -- reading and refusing -----------------------------------------------------------------


def write(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


STATEMENTS = "statement,text\n" + "".join(f"{i},Text {i}.\n" for i in range(1, 6))


def test_a_folder_with_statements_alone_gets_a_proposed_grid(tmp_path):
    found = qm.Instrument.open(write(tmp_path, statements=STATEMENTS))
    assert found.grid["count"].tolist() == qm.propose_distribution(5)["count"].tolist()
    assert found.statements == ("1", "2", "3", "4", "5")
    assert found.low == "most disagree"


def test_a_folder_with_grid_and_texts_is_read(tmp_path):
    found = qm.Instrument.open(
        write(
            tmp_path,
            statements=STATEMENTS,
            distribution="value,count\n-1,2\n0,1\n1,2\n",
            texts="key,text\ntitle,Our parks\nhigh,most like us\n",
        )
    )
    assert found.title == "Our parks"
    assert found.high == "most like us"
    assert found.values.tolist() == [-1, -1, 0, 1, 1]


def test_the_grid_of_sorts_beside_the_statements_is_taken():
    found = qm.Instrument.open(datasets.studies_path("lipset-1963"))
    assert found.grid["count"].tolist() == [2, 3, 4, 5, 5, 5, 4, 3, 2]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "no statements.csv"),
        ({"statements": "statement,words\n1,a\n2,b\n3,c\n"}, "text"),
        ({"statements": "statement,text\n1,Same.\n2,Same.\n3,c.\n"}, "Same"),
        ({"statements": "statement,text\n1,a.\n1,b.\n3,c.\n"}, "'1'"),
        ({"statements": "statement,text\n1,a.\n2,\n3,c.\n"}, "statement 2"),
        ({"statements": "statement,text\n1,a.\n2,b.\n"}, "2 statements"),
        ({"statements": STATEMENTS, "distribution": "value,count\n0,3\n1,1\n"}, "4 places"),
        ({"statements": STATEMENTS, "distribution": "value,count\n0,2.5\n1,2.5\n"}, "whole"),
        ({"statements": STATEMENTS, "distribution": "value,count\n0,1e9\n1,2\n"}, "whole"),
        ({"statements": STATEMENTS, "distribution": "value,count\na,2\n1,3\n"}, "'a'"),
        ({"statements": STATEMENTS, "texts": "key,text\nheading,Hi\n"}, "'heading'"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_file(tmp_path, files, message):
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        qm.Instrument.open(write(tmp_path, **files))
    assert caught.value.file is not None


def test_names_that_would_leave_the_folder_are_refused():
    for name in ("../x", "a/b", "", ".hidden", "x" * 90):
        with pytest.raises(DataError, match="name"):
            qm.Instrument(name, "t", ("a", "b", "c"), ("A", "B", "C"))


def test_the_fingerprint_tells_sets_and_grids_apart_but_not_wordings(toy):
    def other(**changes):
        given = {"name": "toy", "title": "t", "statements": toy.statements, "texts": toy.texts,
                 "distribution": [-1, 0, 0, 0, 1]} | changes  # fmt: skip
        return qm.Instrument(**given).fingerprint

    assert other(texts=tuple("vwxyz")) == toy.fingerprint
    assert other(distribution=[-1, -1, 0, 1, 1]) != toy.fingerprint
    assert other(statements=tuple("abcdf")) != toy.fingerprint


# -- tags ---------------------------------------------------------------------------------


def tags(*rows):
    return pd.DataFrame(rows, columns=["statement", "claim", "direction", "strength", "tagger"])


def test_kappa_against_a_table_worked_by_hand():
    table = tags(
        ("1", "x", 1, 1, "A"), ("2", "x", 1, 1, "A"), ("3", "x", -1, 1, "A"),
        ("1", "x", 1, 0.5, "B"), ("2", "x", -1, 1, "B"),
    )  # fmt: skip
    found = qm.tag_agreement(table, statements=list("1234"), claims=["x"])
    # answers A: + + - 0, B: + - 0 0; equal in 2 of 4;
    # by chance 2/4*1/4 + 1/4*1/4 + 1/4*2/4 = 5/16; kappa = (8 - 5) / (16 - 5)
    assert found.percent == 50
    assert found.kappa == pytest.approx(3 / 11, abs=1e-15)
    assert (found.both, found.first_only, found.second_only, found.opposite) == (1, 1, 0, 1)
    assert found.same_strength == 0
    assert len(found.differences) == 3


def test_kappa_equals_that_of_another_implementation():
    from sklearn.metrics import cohen_kappa_score

    rng = np.random.default_rng(5)
    rows = [
        (str(i), str(j), int(rng.choice([-1, 1])), 1.0, tagger)
        for tagger in "AB"
        for i in range(8)
        for j in range(5)
        if rng.random() < 0.6
    ]
    found = qm.tag_agreement(
        tags(*rows), statements=[str(i) for i in range(8)], claims=list("01234")
    )
    signs = {t: {(i, j): d for i, j, d, _, who in rows if who == t} for t in "AB"}
    cells = [(str(i), str(j)) for i in range(8) for j in range(5)]
    a, b = ([signs[t].get(cell, 0) for cell in cells] for t in "AB")
    assert found.kappa == pytest.approx(cohen_kappa_score(a, b), abs=1e-12)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (("9", "x", 1, 1, "A"), "statement"),
        (("1", "x", 2, 1, "A"), "direction"),
        (("1", "x", 0, 1, "A"), "direction"),
        (("1", "x", 1, 0, "A"), "strength"),
        (("1", "x", 1, 1.5, "A"), "strength"),
        (("1", "x", 1, np.nan, "A"), "strength"),
        (("2", "x", -1, 1, "A"), "claim"),
        (("1", "x", "yes", 1, "A"), "direction"),
    ],
)
def test_a_wrong_tag_is_named(row, column):
    with pytest.raises(DataError) as caught:
        check_tags(tags(("2", "x", 1, 1, "A"), row), statements=["1", "2"])
    assert (caught.value.row, caught.value.column) == (3, column)


def test_agreement_needs_two_taggers_and_known_claims():
    with pytest.raises(DataError, match="1 taggers"):
        qm.tag_agreement(tags(("1", "x", 1, 1, "A")))
    with pytest.raises(DataError, match="'x'"):
        qm.tag_agreement(tags(("1", "x", 1, 1, "A"), ("1", "x", 1, 1, "B")), claims=["y"])


# -- pages ----------------------------------------------------------------------------------


def blocks(page):
    found = re.findall(
        r'<script type="application/json" id="(\w+)">(.*?)</script>', page, flags=re.DOTALL
    )
    return {name: json.loads(text) for name, text in found}


def test_all_that_is_read_stands_in_one_block(governance):
    texts = blocks(sorting_page(governance))["texts"]
    assert tuple(texts["statements"].values()) == governance.texts
    assert texts == page_texts(governance)
    page = sorting_page(governance)
    used = {
        key
        for call in re.findall(r"\bt\(([^,)]*)", page)
        for key in re.findall(r"'(\w+)'", call.split("?")[-1])
    }
    used |= set(re.findall(r'data-t(?:-label)?="(\w+)"', page))
    used |= {f"step_{step}" for step in ("start", "piles", "grid", "comments", "save")}
    used |= {"placed", "swapped", "displaced"}  # chosen by what happened
    assert used | {"lang", "dir", "noscript", "statements"} == set(texts)


def test_no_text_can_run_or_end_the_block():
    evil = qm.Instrument(
        "evil", EVIL, ("a", "<b>", "c"), (EVIL, "<img src=x onerror=alert(1)>", "C."),
        question=EVIL, about=EVIL, low=EVIL, hand_in=EVIL,
    )  # fmt: skip
    page = sorting_page(evil)
    assert page.count("<script") == 3
    assert page.count("</script>") == 3
    assert "<img" not in page
    assert blocks(page)["texts"]["question"] == EVIL
    for other in (cards_page(evil), sheet_page(evil)):
        assert "<script" not in other
        assert "<img" not in other


def test_the_policy_allows_this_script_and_nothing_else(toy):
    import base64
    import hashlib

    page = sorting_page(toy)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    script = re.search(r"<script>(.*?)</script>", page, flags=re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"https?:", page)


def test_a_translation_replaces_texts_and_unknown_ones_are_refused(toy):
    page = sorting_page(toy, texts={"begin": "Los", "lang": "de", "statements": {"a": "Satz A."}})
    texts = blocks(page)["texts"]
    assert (texts["begin"], texts["statements"]["a"]) == ("Los", "Satz A.")
    assert texts["statements"]["b"] == "Statement B."
    assert '<html lang="de"' in page
    for wrong in ({"nothing": "x"}, {"begin": 3}, {"statements": {"z": "x"}}, {"statements": "x"}):
        with pytest.raises(DataError):
            sorting_page(toy, texts=wrong)


def test_cards_and_sheet_hold_every_statement_and_place(governance, tmp_path):
    governance.write_cards(tmp_path / "cards.html")
    governance.write_sheet(tmp_path / "sheet.html")
    cards = (tmp_path / "cards.html").read_text(encoding="utf-8")
    assert all(f"<small>{label}</small>" in cards for label in governance.statements)
    sheet = (tmp_path / "sheet.html").read_text(encoding="utf-8")
    rows = re.findall(r"<tr>(<td.*?)</tr>", sheet)
    columns = [
        sum('class="place"' in re.findall("<td.*?/td>", row)[c] for row in rows) for c in range(9)
    ]
    assert columns == governance.grid["count"].tolist()
