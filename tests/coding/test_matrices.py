from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from invented import CODES, interview, scattered

import dmpkit.coding as coding
from dmpkit.errors import DataError, ReadingWarning, SmallCellWarning
from dmpkit.plotting import alt_text


def chars(row):
    return set(range(row["start"], row["end"]))


def distinct(project):
    columns = ["source", "code", "coder", "start", "end"]
    return project.segments.drop_duplicates(columns).to_dict("records")


@pytest.mark.parametrize("across", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_cooccurrence_of_segments_by_brute_force(seed, across):
    project = scattered(40, seed)
    result = coding.cooccurrence(project, list(CODES), across_coders=across)
    rows = distinct(project)
    meets = [
        (a, b) for a, b in itertools.permutations(rows, 2)
        if a["source"] == b["source"] and (across or a["coder"] == b["coder"])
        and chars(a) & chars(b)
    ]  # fmt: skip
    for i, one in enumerate(CODES):
        assert result.n[i] == sum(r["code"] == one for r in rows)
        assert result.sources[i] == len({r["source"] for r in rows if r["code"] == one})
        for j, two in enumerate(CODES):
            pairs = [(a, b) for a, b in meets if a["code"] == one and b["code"] == two]
            assert result.together[i, j] == (len(pairs) // 2 if i == j else len(pairs))
            assert result.partnered[i, j] == len({a["segment"] for a, _ in pairs})
            covered = [
                {(r["source"], "" if across else r["coder"], p)
                 for r in rows if r["code"] == code for p in chars(r)}
                for code in (one, two)
            ]  # fmt: skip
            assert result.characters[i, j] == len(covered[0] & covered[1])
            if i != j:
                n12, n = len(pairs), result.n[i] + result.n[j]
                c = n12 / (n - n12) if n > n12 else np.nan
                np.testing.assert_equal(result.c_coefficients[i, j], c)
                either = len(covered[0] | covered[1])
                assert result.jaccard[i, j] == len(covered[0] & covered[1]) / either


@pytest.mark.parametrize("window", [1, 7, 500])
def test_windows_by_brute_force(window):
    project = scattered(14, 3)
    result = coding.cooccurrence(project, list(CODES), unit="window", window=window)
    holds = {code: set() for code in CODES}
    for row in project.segments.to_dict("records"):
        length = len(project.text(row["source"]))
        for at in range(max(length - window, 0) + 1):
            if set(range(at, at + window)) & chars(row):
                holds[row["code"]].add((row["source"], row["coder"], at))
    for i, one in enumerate(CODES):
        for j, two in enumerate(CODES):
            assert result.together[i, j] == len(holds[one] & holds[two])


def test_documents_and_turns():
    project = scattered(40, 7)
    result = coding.cooccurrence(project, list(CODES), unit="document", across_coders=True)
    held = {c: set(project.segments.loc[project.segments["code"] == c, "source"]) for c in CODES}
    for (i, one), (j, two) in itertools.product(enumerate(CODES), repeat=2):
        assert result.together[i, j] == len(held[one] & held[two])
    turns = coding.cooccurrence(interview(), unit="turn")
    assert turns.pairs[["code_1", "code_2", "n_12"]].to_numpy().tolist() == [["Impact", "Media", 1]]
    lone = coding.cooccurrence(interview(), unit="turn", across_coders=True)
    assert lone.n[list(lone.codes).index("Impact")] == 1


def test_levels_and_sub_codes():
    project = scattered(40, 2)
    top = coding.cooccurrence(project, level=1)
    assert set(top.codes) == {"Impact", "Media", "Limits"}
    assert top.n.sum() == len(distinct(project))
    deep = coding.cooccurrence(project, subcodes=True)
    assert np.isnan(deep.matrix().set_index("code").loc["Impact", "Impact/Policy"])
    assert deep.n[deep.codes.index("Limits")] == top.n[top.codes.index("Limits")]
    i, j = deep.codes.index("Limits"), deep.codes.index("Media")
    assert deep.together[i, j] == top.together[top.codes.index("Limits"), top.codes.index("Media")]
    assert "one below the other" in deep.summary()
    with pytest.raises(DataError, match="level"):
        coding.cooccurrence(project, level=0)


def test_order_of_rows_does_not_matter_and_duplicates_count_once():
    project = scattered(40, 9)
    shuffled = project.with_segments(
        pd.concat([project.segments, project.segments.drop(columns="segment")])
        .drop(columns=["segment", "guid"]).sample(frac=1, random_state=1)
    )  # fmt: skip
    one, two = coding.cooccurrence(project), coding.cooccurrence(shuffled)
    pd.testing.assert_frame_equal(one.pairs, two.pairs)
    assert two.n_duplicates == len(shuffled.segments) - len(distinct(project))
    assert "counted once" in two.summary()


def test_a_c_above_one_is_said():
    sources = pd.DataFrame({"source": ["I1"], "text": ["x" * 40]})
    segments = pd.DataFrame(
        {
            "source": "I1",
            "code": ["A", "A", "B", "B"],
            "start": [0, 1, 2, 3],
            "end": [30, 30, 20, 20],
        }
    )
    row = coding.cooccurrence(coding.CodedProject.from_frames(sources, segments)).pairs.iloc[0]
    assert row["n_12"] == 4
    assert np.isnan(row["c_coefficient"])  # 4 / (2 + 2 - 4)
    assert row["jaccard"] == 18 / 30
    assert "no share" in row["note"]


def test_bad_units_and_windows():
    with pytest.raises(DataError, match="'segment'"):
        coding.cooccurrence(interview(), unit="segments")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="window"):
        coding.cooccurrence(interview(), unit="window", window=0)
    with pytest.raises(DataError, match="No speaker turns"):
        coding.cooccurrence(scattered(5, 1), unit="turn")


# --- cases ---------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["present", "segments", "words", "characters"])
@pytest.mark.parametrize("seed", range(3))
def test_case_matrix_by_brute_force(value, seed):
    project = scattered(25, seed)
    found = coding.case_matrix(project, list(CODES), value=value)
    links = dict(zip(project.case_sources["case"], project.case_sources["source"], strict=True))
    rows = distinct(project)
    for case, values in zip(found.cases, found.values, strict=True):
        text = project.text(links[case])
        starts = {
            i for i, c in enumerate(text) if not c.isspace() and (i == 0 or text[i - 1].isspace())
        }
        here = [r for r in rows if r["source"] == links[case]]
        if not here:
            assert np.isnan(values).all()
            continue
        for code, got in zip(CODES, values, strict=True):
            own = [r for r in here if r["code"] == code]
            under = {p for r in own for p in chars(r)}
            wanted = {
                "present": bool(own), "segments": len(own), "words": len(under & starts),
                "characters": len(under),
            }  # fmt: skip
            assert got == wanted[value]


def test_cases_nobody_coded_are_empty_and_said():
    found = coding.case_matrix(scattered(30, 1))
    assert found.assessed.tolist() == [True, True, True, False]
    assert "which is not 0" in found.summary()
    assert found.code_table["of"].eq(3).all()
    assert found.matrix.iloc[3, 1:].isna().all()


def test_parts_of_a_source_belong_to_their_case():
    sources = pd.DataFrame({"source": ["G1"], "text": ["one two three four"]})
    segments = pd.DataFrame({"source": ["G1"], "code": ["A"], "start": [4], "end": [18]})
    links = pd.DataFrame(
        {"case": ["P1", "P2"], "source": ["G1", "G1"], "start": [0, 8], "end": [7, 18]}
    )
    project = coding.CodedProject.from_frames(
        sources, segments, cases=pd.DataFrame({"case": ["P1", "P2"]}), case_sources=links
    )
    assert coding.case_matrix(project, value="words").values.ravel().tolist() == [1, 2]
    quotes = coding.framework_matrix(project)
    assert quotes["A"].tolist() == ["“two three four” (G1, 4–18)"] * 2


def test_framework_cells_say_what_they_leave_out():
    project = scattered(60, 4)
    short = coding.framework_matrix(project, ["Media"], most=1)
    whole = coding.framework_matrix(project, ["Media"], most=None)
    row = int(np.argmax([len(v) for v in whole["Media"]]))
    n = whole["Media"].iloc[row].count("“")
    assert f"({n - 1} more)" in short["Media"].iloc[row]


def attribute_project():
    """Ten cases of two roles; code A in 1 of 4 officials and in 5 of 6 members."""
    names = [f"S{i}" for i in range(10)]
    coded = ["S0", "S4", "S5", "S6", "S7", "S8"]
    rows = [(s, "A") for s in coded] + [(s, "B") for s in names]
    segments = pd.DataFrame(rows, columns=["source", "code"]).assign(start=0, end=4)
    cases = pd.DataFrame({"case": names, "role": ["official"] * 4 + ["member"] * 6})
    return coding.CodedProject.from_frames(
        pd.DataFrame({"source": names, "text": ["Time was short."] * 10}), segments,
        cases=cases, case_sources=pd.DataFrame({"case": names, "source": names}),
    )  # fmt: skip


def test_small_cells_warn_or_are_suppressed():
    project = attribute_project()
    with pytest.warns(SmallCellWarning, match="1 of 4 cells"):
        shown = coding.code_by_attribute(project, "role", small=3)
    cells = shown.cells.set_index(["code", "category"])
    assert cells.loc[("A", "official"), ["count", "n", "share"]].tolist() == [1, 4, 0.25]
    assert cells.loc[("A", "member"), ["count", "n"]].tolist() == [5, 6]
    hidden = coding.code_by_attribute(project, "role", small=3, suppress=True)
    assert hidden.cells["count"].isna().tolist() == [True, True, False, False]
    assert hidden.cells["small"].sum() == 1  # the other one would give it away
    assert "emptied" in hidden.summary()
    with pytest.raises(DataError, match="'role'"):
        coding.code_by_attribute(project, "rolle")


def test_join_with_other_tables():
    import polars as pl

    found = coding.case_matrix(scattered(30, 1))
    loadings = pd.DataFrame({"participant": ["P1", "P0", "X"], "f1": [0.1, 0.2, 0.3]})
    with pytest.warns(ReadingWarning, match="P2, P3.*X"):
        both = coding.join(found, loadings)
    assert both["participant"].tolist() == ["P0", "P1"]
    assert both["f1"].tolist() == [0.2, 0.1]
    with pytest.warns(ReadingWarning):
        other = coding.join(found, pl.from_pandas(loadings))
    assert isinstance(other, pl.DataFrame)
    assert other["f1"].to_list() == [0.2, 0.1]
    with pytest.raises(DataError, match="No participant"):
        coding.join(found, loadings.assign(participant=["a", "b", "c"]))
    with pytest.raises(DataError, match="X"):
        coding.join(found, loadings.assign(participant=["X", "X", "P0"]))


# --- views ---------------------------------------------------------------------------


def test_pictures_have_texts_and_the_network_is_the_same_with_its_seed():
    project = scattered(60, 1)
    result = coding.cooccurrence(project)
    places = [
        [c.get_offsets().tolist() for c in result.plot_network(seed=s).collections[1:2]]
        for s in (1, 1, 2)
    ]
    assert places[0] == places[1] != places[2]
    assert "strongest" in alt_text(result.plot_heat("jaccard"))
    assert "hatched" in coding.case_matrix(project).plot().get_xlabel()
    overlay = coding.plot_span_overlay(project, "I0")
    assert len(overlay.patches) == (project.segments["source"] == "I0").sum()
    with pytest.warns(SmallCellWarning):
        dots = coding.code_by_attribute(attribute_project(), "role", small=3)
    assert "1 dots are hollow" in alt_text(dots.plot())
    with pytest.raises(DataError, match="read"):
        coding.cooccurrence(project, ["Media"]).plot_heat()


def test_network_labels_do_not_overlap():
    result = coding.cooccurrence(scattered(120, 3))
    ax = result.plot_network()
    ax.figure.draw_without_rendering()
    boxes = [t.get_window_extent() for t in ax.texts]
    assert len(boxes) == len(result.codes)
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))


def test_results_write_pages_and_workbooks(tmp_path):
    project = scattered(40, 1)
    for result in (coding.cooccurrence(project), coding.case_matrix(project)):
        assert result.report(tmp_path / "page.html").read_text().count("<h1>") == 1
        assert result.to_excel(tmp_path / "book.xlsx").stat().st_size > 1000
        assert set(result.tables(kind="polars")) == set(result.frames())
        assert "no interval" in result.methods_text()


def test_cases_without_sources_are_said():
    project = attribute_project().with_tables(case_sources=None)
    with pytest.warns(ReadingWarning, match="no source belongs"):
        found = coding.case_matrix(project)
    assert found.of_sources
    assert found.cases[0] == "S0"
    with pytest.raises(DataError, match="No source belongs"):
        coding.code_by_attribute(project, "role")
    with pytest.raises(DataError, match="No source belongs"):
        coding.retrieve(project, "role == 'member'")


def test_codes_that_only_hold_others_are_pointed_out():
    texts = pd.DataFrame({"source": ["I1"], "text": ["Time was short."]})
    rows = pd.DataFrame({"source": ["I1"], "code": ["Limits/Time"], "start": [0], "end": [4]})
    project = coding.CodedProject.from_frames(texts, rows)
    both = ["Limits", "Limits/Time"]
    plain = coding.case_matrix(project, both)
    assert plain.values.tolist() == [[0, 1]]
    assert "though codes below them were: Limits. With subcodes=True" in plain.summary()
    rolled = coding.case_matrix(project, both, subcodes=True)
    assert rolled.values.tolist() == [[1, 1]]
    assert "subcodes=True" not in rolled.summary()
