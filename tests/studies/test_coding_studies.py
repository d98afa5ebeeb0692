"""The studies that code a text: recounted here in another way than in their notebooks."""

from __future__ import annotations

import csv
import itertools
from collections import Counter

from dmpkit import datasets
from dmpkit.workbench import Study


def rows(slug, name):
    with datasets.studies_path(slug, name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def figure(slug, name):
    return Study.open(datasets.studies_path(slug)).figure(name).value


# --- practitioner ethics -------------------------------------------------------------------

ETHICS = "practitioner-ethics-2024"
#: What a word forces of 25, typed by hand; and what stands below it in ordinary use.
ENDS = {
    "just one": (1, 1),
    "one": (1, 25),
    "a couple": (2, 2),
    "more than one": (2, 25),
    "a few": (2, 25),
    "some": (1, 25),
    "others": (1, 25),
    "several": (2, 25),
    "many": (2, 25),
    "a minority": (1, 12),
    "most": (13, 25),
    "nearly all": (13, 24),
}
BELOW = {
    "nearly all": {"most", "many", "several", "some", "a few", "a couple", "just one"},
    "most": {"many", "several", "some", "a few", "a couple", "just one"},
    "many": {"several", "a few", "a couple", "just one"},
    "several": {"a couple", "just one"},
    "some": {"a couple", "just one"},
    "a few": {"just one"},
    "a couple": {"just one"},
}


def words_about_people():
    return [r["quantifier"] for r in rows(ETHICS, "agreed.csv") if r["unit"] == "interviewees"]


def test_every_code_is_settled_and_every_phrase_coded_twice():
    findings = rows(ETHICS, "findings.csv")
    assert [r["finding"] for r in rows(ETHICS, "agreed.csv")] == [r["finding"] for r in findings]
    phrases = {r["finding"] for r in findings if r["phrase"]}
    coded = [(r["finding"], r["coder"]) for r in rows(ETHICS, "codings.csv")]
    assert sorted(coded) == sorted(itertools.product(phrases, ("first", "second")))


def test_what_both_coders_say_is_kept_and_all_else_has_a_reason():
    coded = {(r["finding"], r["coder"]): r for r in rows(ETHICS, "codings.csv")}
    for row in rows(ETHICS, "agreed.csv"):
        both = [coded.get((row["finding"], coder)) for coder in ("first", "second")]
        if None in both:
            assert row["quantifier"] == row["unit"] == ""
            assert row["reason"]
            continue
        pairs = {(r["quantifier"], r["unit"]) for r in both}
        assert bool(row["reason"]) == (len(pairs) == 2)
        if len(pairs) == 1:
            assert pairs == {(row["quantifier"], row["unit"])}


def test_the_agreement_by_hand():
    coded = {(r["finding"], r["coder"]): r for r in rows(ETHICS, "codings.csv")}
    names = sorted({finding for finding, _ in coded})
    for column, published in (("quantifier", "alpha-words"), ("unit", "alpha-units")):
        pairs = [tuple(coded[n, c][column] for c in ("first", "second")) for n in names]
        counts = Counter(itertools.chain(*pairs))
        total = sum(counts.values())
        observed = sum(a != b for a, b in pairs) / len(pairs)
        same = sum(v * (v - 1) for v in counts.values()) / (total * (total - 1))
        alpha = 1 - observed / (1 - same)
        assert abs(alpha - float(figure(ETHICS, published))) < 0.0005  # three digits are kept


def test_the_orders_by_hand():
    words = words_about_people()
    numbers = usual = 0
    for a, b in itertools.permutations(words, 2):
        parted = ENDS[a][0] > ENDS[b][1]
        numbers += parted
        usual += not parted and b in BELOW.get(a, ())
    assert numbers == float(figure(ETHICS, "orders-by-numbers"))
    assert numbers + usual == float(figure(ETHICS, "orders-known"))


def test_exact_numbers_and_majorities_by_hand():
    ends = [ENDS[word] for word in words_about_people()]
    assert sum(low == high for low, high in ends) == float(figure(ETHICS, "exact-numbers"))
    assert sum(low > 12.5 for low, _ in ends) == float(figure(ETHICS, "majorities"))


# --- power and privilege -------------------------------------------------------------------

POWER = "power-privilege-2022"


def test_the_points_have_the_lengths_of_the_reports_lists():
    with datasets.data_path("power-audit", "questions.csv").open(encoding="utf-8") as handle:
        questions = list(csv.DictReader(handle))
    lengths = Counter((q["stage"], q["kind"]) for q in questions)
    noted = {(r["stage"], r["kind"]): int(r["points"]) for r in rows(POWER, "points-by-stage.csv")}
    assert lengths == noted
    assert sorted(noted.values()) == [3, 4, 5, 5, 6, 7, 8]  # by the reading notes
    assert len({q["question"] for q in questions}) == 38
    assert all("?" in q["question"] for q in questions)


def test_every_link_joins_a_point_and_a_criterion_once():
    links = datasets.load("power-audit", "links")
    assert not links.duplicated().any()
    assert set(links["point"]) <= set(datasets.load("power-audit", "questions")["point"])
    assert set(links["criterion"]) <= set(datasets.load("criteria")["id"])


# --- two second-hand texts ------------------------------------------------------------------


def test_the_claims_of_the_talk_by_hand():
    headings = rows("oecd-webinar-2021", "headings.csv")
    claims = [int(r["claims"]) for r in headings]
    assert claims == [3, 5, 6, 5, 3, 6, 6, 4, 3, 2, 10]  # by the reading notes
    tense = sum(int(r["claims"]) for r in headings if r["kind"] == "tension")
    assert tense == float(figure("oecd-webinar-2021", "claims-on-tensions"))
    span = (75 * 60 + 33) - (1 * 60 + 42)
    assert span == float(figure("oecd-webinar-2021", "seconds"))
    assert abs(span / 52 - float(figure("oecd-webinar-2021", "pace"))) < 0.05  # one digit is kept


def test_no_claim_of_the_talk_is_given_a_time():
    said = {f.figure: f.value for f in Study.open("oecd-webinar-2021").figures}
    assert said["time-stamps"] == ""
    assert len(rows("oecd-webinar-2021", "time-line.csv")) == 2


def test_conditions_pair_only_across_signs():
    sign = {r["condition"]: r["sign"] for r in rows("minipublics-overview", "conditions.csv")}
    assert Counter(sign.values()) == {"+": 4, "-": 4}
    pairs = rows("minipublics-overview", "pairs.csv")
    assert all((sign[p["works"]], sign[p["fails"]]) == ("+", "-") for p in pairs)
    assert len({(p["works"], p["fails"]) for p in pairs}) == len(pairs)


def test_the_groups_of_conditions_by_hand():
    group = {}
    for pair in rows("minipublics-overview", "pairs.csv"):
        joined = group.get(pair["works"], {pair["works"]}) | group.get(
            pair["fails"], {pair["fails"]}
        )
        group |= dict.fromkeys(joined, joined)
    found = {frozenset(members) for members in group.values()}
    assert len(found) == float(figure("minipublics-overview", "groups"))
    assert frozenset({"W1", "W2", "F1", "F3"}) in found
