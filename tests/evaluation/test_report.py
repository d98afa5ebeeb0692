"""The report: self-contained, honest on page one, harmless whatever the data hold."""

from __future__ import annotations

import csv
import json
import re
import shutil

import openpyxl
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from dmpkit import datasets, plotting
from dmpkit import evaluation as ev
from dmpkit.errors import DataError
from dmpkit.evaluation.report import report_html, write_records
from dmpkit.evaluation.report_texts import texts_of
from dmpkit.reporting import Section

EXAMPLE = datasets.studies_path("evaluate-a-minipublic")
RECORDS = ("about", "ratings", "evidence", "incidents", "flags", "goals", "people", "items",
           "answers_after", "replies")  # fmt: skip
FORMULA = '=cmd|" /C calc"!A0'
TURNED = "safe\u202etxt.exe\u202c"
EVIL = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"


def copied(target, names):
    target.mkdir()
    for name in names:
        shutil.copyfile(EXAMPLE / f"{name}.csv", target / f"{name}.csv")
    return target


@pytest.fixture(scope="module", autouse=True)
def _light_pictures():
    """Pictures are drawn for their words, but not painted; the tests in a browser paint them."""
    painted = plotting.to_png
    plotting.to_png = lambda picture, **_: b"\x89PNG unpainted"
    yield
    plotting.to_png = painted


@pytest.fixture
def folder(tmp_path):
    """The records that a report cannot do without, without the slow parts."""
    return copied(tmp_path / "assembly", ("about", "ratings", "evidence", "incidents", "replies"))


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """An evaluation of the records and a few answers, for tests that only read it."""
    return ev.analyse(copied(tmp_path_factory.mktemp("report") / "assembly", RECORDS))


@pytest.fixture(scope="module")
def plain_page(plain):
    return report_html(plain)


def set_cell(path, row, column, value):
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table.loc[row, column] = value
    table.to_csv(path, index=False)


def soup_of(evaluation, **options):
    return BeautifulSoup(report_html(evaluation, **options), "html.parser")


def front_of(page):
    return BeautifulSoup(page, "html.parser").find("header", class_="front").get_text(" ")


def test_page_one_says_what_is_known_and_what_is_not(plain, plain_page):
    evaluation = plain
    text = " ".join(front_of(plain_page).split())
    for row in evaluation.verdict.stages.to_dict("records"):
        assert f"{row['n_assessed']} of {row['n_known']}" in text
    assert "No total stands for it" in text
    assert "R3 Members lobbied" in text
    assert "held back from this version as confidential" in text
    assert "paid by: Synthetic town council" in text
    assert "Independence, as declared" in text
    assert "at least 2.5 of 4" in text, "the rule"
    for label in evaluation.verdict.unknown["label"].head(3):
        assert label in text
    assert "Synthetic data" in text
    assert not re.search(r"total[^.]*\d", text), "a total on page one"


def scored(scores, labels=("s", "s", "s"), **options):
    own = ev.Criteria.from_frame(pd.DataFrame({
        "id": [f"I{i}" for i in range(1, len(labels) + 1)], "label": [*"abcdefgh"[: len(labels)]],
        "stage": labels}))  # fmt: skip
    return ev.analyse(ev.Scorecard.from_frames(pd.DataFrame(scores), own, **options))


def test_a_stage_without_a_reading_shows_no_dot_and_no_number():
    found = scored({"criterion": ["I1"], "score": [4]})
    row = BeautifulSoup(report_html(found), "html.parser").find("td", class_="range")
    assert row.get_text(strip=True) == "–"
    assert not row.find("circle")
    assert row.find("rect")
    assert "1 of 3 criteria assessed, too few" in row.svg["aria-label"]


def test_page_one_shows_a_mean_near_a_limit_on_its_side():
    found = scored({"criterion": ["I1"] * 12 + ["I2"] * 12, "rater": [*"abcdefghijkl"] * 2,
                    "score": [2.0] * 12 + [3] * 11 + [2]}, ("s", "s"))  # fmt: skip
    row = BeautifulSoup(report_html(found), "html.parser").find("td", class_="range")
    assert row.get_text(strip=True) == "2.46"
    assert "mean 2.46 of 4" in row.svg["aria-label"]


def test_page_one_says_where_the_raters_agree_little():
    ids = ["I1", "I2", "I3"]
    both = {"criterion": ids * 2, "rater": ["x"] * 3 + ["y"] * 3}
    little = front_of(report_html(scored({**both, "score": [1, 2, 4, 4, 2, 1]})))
    assert "The raters agree little: Krippendorff's alpha is -" in little
    assert "below 0.667" in little
    alike = front_of(report_html(scored({**both, "score": [1, 2, 4, 1, 2, 4]})))
    assert "agree little" not in alike
    apart = {"criterion": ["I1", "I2"], "rater": ["x", "y"], "score": [1, 2]}
    assert "raters agree cannot be judged" in front_of(report_html(scored(apart)))
    alone = scored({"criterion": ids, "rater": "x", "score": [1, 2, 3]})
    assert "One person gave all the scores" in front_of(report_html(alone))


def test_page_one_says_where_nobody_signed_that_a_line_was_looked_at(folder):
    (folder / "flags.csv").write_text(
        "flag,status,state,by,note\nR6,no sign,,,\nR7,no sign,,evaluator,\n", encoding="utf-8"
    )
    text = front_of(report_html(ev.analyse(folder, confidential=True)))
    assert "who looked is not said: R6 " in text
    assert "Looked at, without a sign: R7 " in text


def test_the_report_ends_with_a_glossary_that_can_be_translated(plain, plain_page):
    soup = BeautifulSoup(plain_page, "html.parser")
    assert soup.find("nav").find("a", href="#glossary")
    chapter = soup.find_all("section", class_="chapter")[-1]
    assert chapter["id"] == "glossary"
    terms = [term.get_text() for term in chapter.find_all("dt")]
    assert 10 <= len(terms) <= 15
    assert terms == sorted(terms, key=str.casefold)
    page = report_html(plain, texts={"lang": "de", "term theil": "Theil-Index"})
    assert "<dt>Theil-Index</dt>" in page


def test_percentages_are_written_alike(plain_page):
    text = BeautifulSoup(plain_page, "html.parser").get_text(" ")
    assert not re.search(r"\d%", text)
    assert re.search(r"\d %", text)
    assert not re.search(r"-0\.0+(?!\d)", text)


def test_nothing_runs_and_nothing_is_loaded(plain_page):
    page = plain_page
    soup = BeautifulSoup(page, "html.parser")
    assert not soup.find_all(["script", "iframe", "link", "object", "form"])
    assert "default-src 'none'" in page
    for image in soup.find_all("img"):
        assert image["src"].startswith("data:image/png;base64,")
        assert len(image["alt"]) > 20
    for drawing in soup.find_all("svg"):
        assert drawing["aria-label"]
    assert len(soup.find_all("h1")) == 1
    ids = [tag["id"] for tag in soup.find_all(id=True)]
    assert len(ids) == len(set(ids))
    for link in soup.find_all("a", href=True):
        if link["href"].startswith("#"):
            assert link["href"][1:] in ids, link["href"]


def test_synthetic_data_are_marked_in_title_head_and_figures(plain_page, folder):
    soup = BeautifulSoup(plain_page, "html.parser")
    assert "synthetic data" in soup.title.string
    figures = soup.find_all("figure")
    assert figures
    assert all(figure.get("data-mark") == "synthetic data" for figure in figures)
    set_cell(folder / "about.csv", 0, "value", "Assembly on heating")
    table = pd.read_csv(folder / "about.csv", dtype=str)
    table.loc[table["field"] == "synthetic", "value"] = "no"
    table.to_csv(folder / "about.csv", index=False)
    real = soup_of(ev.analyse(folder))
    assert real.title.string == "Assembly on heating"
    assert not real.find_all("figure", attrs={"data-mark": True})
    assert not real.find_all(class_="tag")


def test_hostile_text_is_harmless_in_page_csv_excel_and_json(folder, tmp_path):
    long = "long " * 2000
    set_cell(folder / "about.csv", 0, "value", EVIL)
    set_cell(folder / "about.csv", 2, "value", TURNED)
    set_cell(folder / "evidence.csv", 0, "source", EVIL)
    set_cell(folder / "evidence.csv", 1, "source", FORMULA)
    set_cell(folder / "evidence.csv", 2, "source", long)
    set_cell(folder / "evidence.csv", 3, "source", "x" * 10_000)
    set_cell(folder / "incidents.csv", 0, "what", EVIL)
    set_cell(folder / "incidents.csv", 1, "actor", TURNED)
    for name in ("goals", "items", "answers_after"):
        shutil.copyfile(EXAMPLE / f"{name}.csv", folder / f"{name}.csv")
    set_cell(folder / "goals.csv", 0, "goal", FORMULA)
    set_cell(folder / "goals.csv", 1, "note", long)
    set_cell(folder / "items.csv", 30, "label", EVIL)
    set_cell(folder / "replies.csv", 0, "text", f"{EVIL} {TURNED} {long}")
    table = pd.read_csv(folder / "evidence.csv", dtype=str, keep_default_na=False)
    table["link"] = ""
    table.loc[0, "link"] = "javascript:alert(1)"
    table.loc[1, "link"] = "https://example.org/minutes"
    table["public"] = "yes"  # else the source and link are held back
    table.to_csv(folder / "evidence.csv", index=False)
    evaluation = ev.analyse(folder)
    path = evaluation.report(tmp_path / "report.html")
    page = path.read_text(encoding="utf-8")
    soup = BeautifulSoup(page, "html.parser")
    assert not soup.find_all("script")
    assert not [tag for tag in soup.find_all(True) if any(k.startswith("on") for k in tag.attrs)]
    assert "\u202e" not in page
    assert EVIL in soup.h1.get_text(), "the words are shown as they are"
    hrefs = [a["href"] for a in soup.find_all("a", href=True)]
    assert "https://example.org/minutes" in hrefs
    assert not [h for h in hrefs if h.startswith("javascript")]
    for cells in (tmp_path / "report-records").glob("*.csv"):
        with cells.open(encoding="utf-8", newline="") as stream:
            for row in csv.reader(stream):
                assert not [c for c in row if c.startswith(("=", "@", "+cmd"))], cells.name
    document = json.loads((tmp_path / "report-records.json").read_text(encoding="utf-8"))
    assert document["tables"]["goals"][0]["goal"] == FORMULA, "JSON keeps what was written"
    book = openpyxl.load_workbook(evaluation.to_excel(tmp_path / "all.xlsx"))
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row]
    assert any(c.value == FORMULA for c in cells)
    assert not [c for c in cells if c.data_type == "f"]


def test_a_translated_block_replaces_every_sentence(plain):
    """Each text is swapped for a mark; no English text of the report's own is left."""
    marks = {}
    for number, (key, text) in enumerate(ev.TEXTS.items()):
        fields = " ".join(re.findall(r"\{\w+\}", text))
        marks[key] = f"⟦{number}⟧ {fields}".strip()
    marks["lang"] = "eo"
    page = report_html(plain, texts=marks)
    soup = BeautifulSoup(page, "html.parser")
    assert soup.html["lang"] == "eo"
    for tag in soup.find_all(attrs={"lang": "en"}):
        tag.decompose()  # the texts of single methods, marked as English
    soup.find(id="annex-about").decompose()  # names of the fields of about.csv
    soup.find(id="annex-missing").find("table").decompose()  # reasons, told by the methods
    soup.style.decompose()
    for tag in [*soup.find_all(["dt", "dd", "td"]), *soup.find_all("th", scope="row")]:
        tag.decompose()  # data
    left = soup.get_text(" ")
    for label in plain.profile.criteria["label"]:
        left = left.replace(label, "")
    for key, text in ev.TEXTS.items():
        for piece in re.split(r"\{\w+\}", text):
            words = piece.strip(" .,:;()")
            if len(words.split()) > 2:
                assert words not in left, key
    assert left.count("⟦") > 60


def test_a_translation_is_checked():
    with pytest.raises(DataError, match="There is no text 'contnts'"):
        texts_of({"contnts": "x"})
    with pytest.raises(DataError, match=r"fills in \{all\}"):
        texts_of({"raters": "{n} of {all}"})
    with pytest.raises(DataError, match="braces"):
        texts_of({"raters": "{n"})
    assert texts_of({"contents": "Inhalt"})["replies"] == ev.TEXTS["replies"]


def test_empty_slots_are_printed_and_replies_stand_as_written(plain_page):
    soup = BeautifulSoup(plain_page, "html.parser")
    slots = {s.h3.get_text(): s.get_text(" ") for s in soup.find(id="replies").find_all("section")}
    assert set(slots) == {"Reply of the organiser", "Reply of the commissioner", "Reply of members"}
    assert "fourth weekend was ours to ask for" in slots["Reply of the organiser"]
    assert "No reply has been received." in slots["Reply of members"]


def test_the_annex_has_hashes_versions_seed_and_whose_criteria(folder):
    evaluation = ev.analyse(folder, seed=17)
    text = soup_of(evaluation).find(id="annex").get_text(" ")
    assert all(one in text for one in evaluation.files["sha256"])
    assert "Seed 17" in text
    assert "The 52 criteria that come with dmpkit" in text
    assert "proposal of dmpkit" in text
    assert evaluation.versions["numpy"] in text
    assert "alpha" in text, "agreement of the raters"
    own = "id,label,stage\nI1,Food,kitchen\nI2,Rooms,kitchen\n"
    (folder / "criteria.csv").write_text(own, encoding="utf-8")
    for name in ("evidence", "incidents", "replies"):
        (folder / f"{name}.csv").unlink()
    (folder / "ratings.csv").write_text("criterion,score\nI1,3\n", encoding="utf-8")
    assert "own set of 2 criteria" in soup_of(ev.analyse(folder)).find(id="annex").get_text(" ")


def test_sections_of_other_modules_have_their_chapters(folder):
    given = {"impact": [Section("Ledger", "<h3>Below</h3><p>done</p>")]}
    soup = soup_of(ev.analyse(folder, sections=given))
    chapter = soup.find("section", id="impact")
    assert chapter.h2.get_text() == "Impact"
    assert [h.get_text() for h in chapter.find_all(["h3", "h4"])] == ["Ledger", "Below"]


def test_the_confidential_version_says_so_everywhere(folder, tmp_path):
    public, apart = (ev.analyse(folder, confidential=flag) for flag in (False, True))
    assert "installer" not in report_html(public)
    page = report_html(apart)
    assert "installer" in page
    assert "CONFIDENTIAL" in BeautifulSoup(page, "html.parser").title.string
    assert "CONFIDENTIAL" in front_of(page)
    write_records(public, tmp_path / "r")
    assert "installer" not in (tmp_path / "r-records.json").read_text(encoding="utf-8")


def test_the_total_stands_in_the_profile_with_its_warning_or_not_at_all(folder):
    text = soup_of(ev.analyse(folder)).find(id="part-total").get_text(" ")
    assert "Why there is no total" in text
    assert "50" in text
    rows = "".join(f"{one},A,3\n" for one in ev.Criteria.default().ids)
    (folder / "ratings.csv").write_text(f"criterion,rater,score\n{rows}", encoding="utf-8")
    text = soup_of(ev.analyse(folder)).find(id="part-total").get_text(" ")
    assert "3.00 of 4" in text
    assert "or not at all" in text


def test_records_are_written_anew_and_wrong_names_refused(folder, tmp_path):
    evaluation = ev.analyse(folder)
    evaluation.report(tmp_path / "r.html")
    (tmp_path / "r-records" / "old.csv").write_text("x", encoding="utf-8")
    write_records(evaluation, tmp_path / "r")
    assert not (tmp_path / "r-records" / "old.csv").exists()
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"assembly", "r.html", "r-records", "r-records.json"}
    with pytest.raises(DataError, match=r"must end in \.html"):
        evaluation.report(tmp_path / "r.pdf")
    with pytest.raises(DataError, match="does not exist"):
        evaluation.report(tmp_path / "no" / "r.html")


def test_the_scorecard_writes_it_too(folder, tmp_path):
    path = ev.read_scorecard(folder).report(tmp_path / "r.html", records=False, seed=4)
    assert "Seed 4" in path.read_text(encoding="utf-8")
