"""What an analysis says about itself: true, complete and safe to show."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from made_up import analysis, hand_flagged, sorts

import dmpkit
import dmpkit.qmethod as qm
from dmpkit.errors import DataError
from dmpkit.qmethod import analysis as analysis_module
from dmpkit.qmethod import views
from dmpkit.reporting import Section

HOSTILE = "<script>alert('x')</script>\"&"
VOID = {"meta", "img", "br", "link", "hr"}


class Balanced(HTMLParser):
    """Checks that every element is closed; collects elements with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def parsed(html: str) -> Balanced:
    parser = Balanced()
    parser.feed(html)
    assert parser.open == []
    return parser


def hostile() -> qm.QAnalysis:
    data = sorts(30, 12, 2)
    return qm.analyse(
        qm.QSorts(
            data.values,
            [f"{HOSTILE}{i}" for i in range(30)],
            [f"{HOSTILE}{i}" for i in range(12)],
            texts=[f"{HOSTILE} {i}" for i in range(30)],
            notes=[HOSTILE],
        ),
        2,
    )


def test_summary_names_factors_people_extremes_and_common_ground():
    result = analysis(30, 12, 2)
    text = result.summary()
    assert text.startswith("12 sorts of 30 statements were compared, and 2 shared points of view")
    top = np.flatnonzero(result.score_array[:, 0] == 4)
    for i in top:
        assert f"    {i + 1}. {result.sorts.texts[i]}"[:60] in text
    for name in result.consensus()["statement"]:
        assert name in text.split("Common ground")[1]
    share = result.characteristics["explained_variance"].sum()
    assert f"account for {share:.0f}% of" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 88


def test_summary_of_one_factor_compares_nothing():
    text = analysis(30, 12, 1).summary()
    assert "1 shared point of view was looked for (factor). It accounts" in " ".join(text.split())
    assert "Common ground" not in text
    assert "Sets it apart" not in text


def test_what_a_reader_must_know_is_said():
    data = sorts(30, 6, 2)
    values = np.array(data.values)
    values[:, 5] = -values[:, 0] + 0.0
    data = qm.QSorts(np.column_stack([values[:, :5], np.roll(values[:, 5], 0)]))
    result = hand_flagged([[1, 0], [0, 1], [1, 0], [1, 1], [0, 0], [1, 0]], data)
    said = " ".join(views.cautions(result))
    assert "f1 is bipolar; sorts at its opposite end" in said
    assert "sort6" in said
    assert "Flagged on more than one factor: sort4." in said
    nothing = " ".join(views.cautions(hand_flagged([[1, 0]] + [[0, 0]] * 5)))
    assert "f2 has no flagged sorts" in nothing
    assert "f1 rests on a single sort" in nothing
    assert views.cautions(analysis(30, 12, 2)) == []


@pytest.mark.parametrize("correlation", ["pearson", "spearman", "kendall"])
@pytest.mark.parametrize("extraction", ["pca", "centroid"])
@pytest.mark.parametrize("rotation", ["varimax", "none", "quartimax", "oblimin", "promax"])
def test_methods_state_the_choices(correlation, extraction, rotation):
    result = analysis(30, 12, 2, correlation=correlation, extraction=extraction, rotation=rotation)
    text = result.methods_text()
    assert {"pearson": "Pearson", "spearman": "Spearman", "kendall": "Kendall"}[correlation] in text
    assert {"pca": "principal component", "centroid": "centroid factor"}[extraction] in text
    assert ("not rotated" if rotation == "none" else rotation) in text
    assert ("pattern loadings" in text) == (rotation in ("oblimin", "promax"))


def test_methods_state_data_flags_scores_levels_and_software():
    result = analysis(30, 12, 2)
    text = result.methods_text()
    assert "12 Q sorts of 30 statements" in text
    assert "-4 (2), -3 (3), -2 (3), -1 (4), 0 (6), +1 (4), +2 (3), +3 (3), +4 (2)" in text
    assert "1.96/sqrt(30) = .36 (p < .05) and its square exceeds" in text
    n1, n2 = result.flag_array.sum(axis=0)
    assert (
        f"{result.flag_array.any(axis=1).sum()} of 12 sorts are flagged ({n1} on f1 and {n2} on f2)"
        in text
    )
    assert "weighted by loading/(1 - loading^2)" in text
    assert "assumed reliability of .80" in text
    assert "1.96 standard errors" in text
    assert "2.576, 3.291 and 4.892" in text
    assert f"dmpkit {dmpkit.__version__}" in text
    assert "Brown, S. R. (1980)" in text
    assert "Zabala" in text


def test_methods_of_other_choices():
    kade = analysis(30, 12, 2, profile="kade").methods_text()
    assert "reaches or exceeds" in kade
    assert "mean of the standardised values" in kade
    assert "Banasick" in kade
    assert "Zabala" not in kade
    lenient = analysis(30, 12, 2, flags=qm.FlagRule(level=0.01, majority=False)).methods_text()
    assert "2.576/sqrt(30) = .47 (p < .01); " in lenient
    other = analysis(30, 12, 2, composite_reliability=0.7).methods_text()
    assert "assumed reliability of .70" in other
    by_hand = hand_flagged([[1, 0], [0, 1], [1, 0], [0, 1], [1, 0], [0, 1]]).methods_text()
    assert "flagged by hand; 6 of 6 sorts" in by_hand


def test_notebook_view_is_whole_and_escaped():
    html = hostile()._repr_html_()
    parsed(html)
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_report_is_self_contained_with_alternative_texts(tmp_path):
    result = hostile()
    path = result.report(tmp_path / "report.html")
    assert path == tmp_path / "report.html"
    html = path.read_text(encoding="utf-8")
    page = parsed(html)
    assert "<script" not in html
    pictures = [attributes for tag, attributes in page.seen if tag == "img"]
    assert len(pictures) == 2 + 1 + 3  # composites, z-scores, loadings, correlations, scree
    assert all(p["alt"] and p["src"].startswith("data:image/png;base64,") for p in pictures)
    links = [v for _, a in page.seen for k, v in a.items() if k in ("src", "href") and v]
    assert all(link.startswith("data:") for link in links)
    headings = re.findall(r"<h([1-3])", html)
    assert headings[0] == "1"
    assert headings.count("1") == 1
    for title in ("Overview", "Factor f1", "Factor f2", "Statements", "Sorts", "Methods"):
        assert f"<h2>{title}</h2>" in html
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_report_into_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        analysis(30, 12, 2).report(tmp_path / "none" / "report.html")


def test_report_with_a_factor_that_nobody_holds(tmp_path):
    result = hand_flagged([[1, 0], [1, 0], [0, 0], [0, 0], [0, 0], [0, 0]])
    html = result.report(tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<h2>Factor f1</h2>" in html
    assert "<h2>Factor f2</h2>" not in html
    assert "f2 has no flagged sorts" in html
    parsed(result._repr_html_())
    assert "f2: 0 defining sorts" in result.summary()


def test_report_with_one_factor_and_without_texts(tmp_path):
    result = analysis(30, 12, 1, texts=False)
    parsed(result.report(tmp_path / "r.html").read_text(encoding="utf-8"))


def test_report_without_any_flags(tmp_path):
    result = hand_flagged(np.zeros((6, 2), bool))
    parsed(result.report(tmp_path / "r.html").read_text(encoding="utf-8"))
    assert "Common ground" in result.summary()
    assert isinstance(result.section(), Section)


def test_section_holds_tables_and_a_picture_for_each_factor():
    part = analysis(30, 12, 2).section()
    assert len(part.figures) == 4
    assert all(figure.alt for figure in part.figures)
    parsed(part.render())


def test_indicators_are_the_tables_numbers_and_have_no_intervals():
    result = analysis(30, 12, 2)
    found = {indicator.name: indicator for indicator in result.indicators()}
    assert found["variance explained by 2 factors"].value == pytest.approx(
        result.characteristics["explained_variance"].sum(), abs=1e-12
    )
    assert found["sorts that define a factor"].value == result.flag_array.any(axis=1).mean()
    assert found["consensus statements"].value == len(result.consensus()) / 30
    z = result.z_array
    assert found["highest correlation between two factors"].value == pytest.approx(
        np.corrcoef(z.T)[0, 1], abs=1e-12
    )
    assert all(np.isnan(i.low) and np.isnan(i.high) for i in found.values())
    assert len(analysis(30, 12, 1).indicators()) == 2


@pytest.mark.parametrize("extraction", ["pca", "centroid"])
def test_rotation_leaves_the_variance_explained_as_it_was(extraction):
    """What factors explain together is the space they span, not how its axes lie."""
    plain = analysis(30, 12, 3, extraction=extraction, rotation="none")
    total = 100 * (plain.unrotated_array**2).sum() / 12
    if extraction == "pca":
        assert plain.eigenvalues["cumulative"][2] == pytest.approx(total, abs=1e-9)
    name = "variance explained by 3 factors"
    for rotation in ("none", "varimax", "quartimax", "oblimin", "promax"):
        result = analysis(30, 12, 3, extraction=extraction, rotation=rotation)
        assert views.explained_in_all(result) == pytest.approx(total, abs=1e-9)
        found = {indicator.name: indicator.value for indicator in result.indicators()}
        assert found[name] == pytest.approx(total, abs=1e-9)
        words = f"together they explain {total:.1f} per cent"
        assert words in result.methods_text()
        assert f"account for {total:.0f}% of" in " ".join(result.summary().split())
        oblique = rotation in ("oblimin", "promax")
        own = result.characteristics["explained_variance"].sum()
        assert (abs(own - total) > 0.05) == oblique
        assert ("do not add up" in result.methods_text()) == oblique
    assert words in result.section().html


def test_methods_say_whose_centroid_was_combined_with_the_rules_of_kade():
    odd = analysis(30, 12, 2, extraction="centroid", profile="kade").methods_text()
    assert "The centroid extraction, however, is that of the R package qmethod" in odd
    for how in ({"profile": "kade", "extraction": "centroid_brown"}, {"extraction": "centroid"}):
        assert "however" not in analysis(30, 12, 2, **how).methods_text()


def test_a_split_leaves_the_variance_explained_as_it_was():
    log = qm.RotationLog("varimax").split("f1")
    whole, halves = analysis(30, 12, 2), analysis(30, 12, 2, rotation=log)
    assert halves.n_factors == 3
    assert views.explained_in_all(halves) == pytest.approx(views.explained_in_all(whole), abs=1e-9)


def test_tables_for_reading_leave_the_analysis_as_it_is():
    result = analysis(30, 12, 2)
    before = {name: table.copy() for name, table in result.tables().items()}
    result._repr_html_()
    views.sorts_for_reading(result)
    views.statements_for_reading(result)
    for name, table in result.tables().items():
        assert table.equals(before[name])


@pytest.mark.parametrize(
    ("table", "factor"),
    [
        *[(name, None) for name in analysis_module.TABLES],
        ("distinguishing", "f1"),
        ("crib_sheet", 2),
        ("consensus", None),
        ("consensus_levels", None),
        ("equivalence", None),
    ],
)
def test_every_table_can_be_read_whole(table, factor):
    result = analysis(30, 12, 2)
    view = result.view(table, factor)
    html = view._repr_html_()
    parsed(html)
    if "text" in view.frame.columns:
        chosen = set(view.frame["text"])
        assert max(map(len, chosen)) > 100
        for text in chosen:
            assert f">{text}</td>" in html
            assert text in repr(view)
    for column in view.frame.select_dtypes("float"):
        assert f"{view.frame[column].iloc[0]:.2f}".replace("-0.00", "0.00") in html


def test_a_view_says_what_the_stars_mean_and_takes_a_level():
    result = analysis(30, 12, 2)
    view = result.view("distinguishing", "F1", level=0.01)
    assert "f1" in view.caption
    assert "p < .01" in view.caption
    assert "6* p < .000001" in view.caption
    assert len(view.frame) == len(result.distinguishing("f1", level=0.01))
    assert len(view.frame) < len(result.distinguishing("f1"))
    assert "6* p < .000001" in " ".join(result.summary().split())
    first = result.distinguishing("f1").iloc[0]
    assert f"{first['statement']} {first['stars']}" in " ".join(result.summary().split())


def test_a_view_that_cannot_be_made_says_why():
    result = analysis(30, 12, 2)
    with pytest.raises(DataError, match=r"no table 'arrays'.*factor_arrays"):
        result.view("arrays")
    with pytest.raises(DataError, match="needs a factor"):
        result.view("distinguishing")
    with pytest.raises(DataError, match="has no factor to choose"):
        result.view("loadings", "f1")
    with pytest.raises(DataError, match="has no level"):
        result.view("loadings", level=0.05)
    with pytest.raises(DataError, match="The factors are: f1, f2"):
        result.view("crib_sheet", "f3")


def test_a_report_has_one_table_for_each_factor_and_a_title_of_ones_own(tmp_path):
    result = analysis(30, 12, 2)
    page = result.report(tmp_path / "r.html", title="Views on <juries>").read_text(encoding="utf-8")
    assert "<h1>Views on &lt;juries&gt;</h1>" in page
    assert "size: A4" in page
    for name in result.factors:
        part = page.split(f"<h2>Factor {name}</h2>")[1].split("<h2>")[0]
        assert part.count("<table") == 1
        assert part.count(">higher than the others<") == 1  # once a group, not in each row
        table = views.factor_for_reading(result, name)
        assert not table["statement"].duplicated().any()
        own = result.distinguishing(name)
        marked = table[table["stars"] != ""]
        assert dict(zip(marked["statement"], marked["stars"], strict=True)) == dict(
            zip(own["statement"], own["stars"], strict=True)
        )
        assert set(result.crib_sheet(name)["statement"]) <= set(table["statement"])
        z = dict(zip(result.sorts.statements, result.z_scores[name], strict=True))
        assert table["z_score"].tolist() == [z[i] for i in table["statement"]]
