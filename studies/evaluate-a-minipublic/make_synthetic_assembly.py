"""The recipe of the synthetic assembly; run it in an empty folder to make the files anew.

Quellbridge, its assembly on heating and everybody in it are invented. 1,600 people are
invited; older and more educated ones respond more often; 40 members are drawn from those
who responded until quotas on gender and age are met, and sit at five tables of eight. Two
leave. Each member has two hidden leanings, cost before climate and own choice before
common rule, from which the answers to statements and the ranking of options follow with
noise; by the end the noise in the ranking is smaller, so that reasons and choices line up
better, and some answers have moved, a little differently at each table. Knowledge grows,
talk is uneven, two people code the talk, three raters score the criteria (one of them
milder), and five records tell what went wrong. The ledger of impact is made with
``dmpkit.impact.synthetic_ledger``. The rules are in the code; nothing here is a finding.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]

SEED = 20261122
N_INVITED, N_MEMBERS, N_TABLES = 1600, 40, 5
PLACE = {
    "gender": {"woman": 10200, "man": 9800},
    "age": {"16-34": 5800, "35-59": 8300, "60+": 5900},
    "education": {"school": 8600, "vocational": 6800, "degree": 4600},
}
QUOTAS = {
    "gender": {"woman": (19, 21), "man": (19, 21)},
    "age": {"16-34": (11, 13), "35-59": (15, 18), "60+": (11, 13)},
}
RESPONSE = {  # added up: the chance to respond
    "age": {"16-34": 0.06, "35-59": 0.09, "60+": 0.13},
    "education": {"school": -0.03, "vocational": 0.02, "degree": 0.10},
}

#: Statement: weight on cost before climate, weight on own choice, shift by the end.
STATEMENTS = {
    "K01": ("Heating must stay cheap, whatever it does to the climate", 0.9, 0.1, -0.5),
    "K02": ("The town should stop burning gas as soon as it can", -0.9, -0.1, 0.5),
    "K03": ("Each household should choose its own heating", 0.1, 0.9, -0.3),
    "K04": ("A network only pays if nearly all join it", -0.1, -0.7, 0.5),
    "K05": ("Tenants cannot be asked to pay for new boilers", 0.5, -0.3, 0.1),
    "K06": ("Those who can pay more should pay more", -0.3, -0.6, 0.2),
    "K07": ("Old houses should be left as they are", 0.6, 0.5, -0.4),
    "K08": ("Future generations count as much as we do", -0.7, -0.2, 0.2),
    "K09": ("The town hall should not run a heating company", 0.2, 0.8, -0.2),
    "K10": ("We should wait until the technology is ready", 0.8, 0.2, -0.6),
    "K11": ("Insulation comes first, before any new source of heat", -0.4, 0.2, 0.6),
    "K12": ("Local jobs matter more than the fastest way", 0.3, -0.2, 0.0),
}
#: Option: pull of cost before climate, pull of own choice.
OPTIONS = {
    "P1": ("A heat network for the whole town", -0.7, -0.9),
    "P2": ("Heat networks where streets want them", -0.5, 0.1),
    "P3": ("Grants for heat pumps", -0.4, 0.8),
    "P4": ("Insulate every home first", -0.3, -0.2),
    "P5": ("Keep gas and wait for hydrogen", 0.9, 0.2),
    "P6": ("Leave it to each household", 0.7, 0.9),
}
#: Opinion: mean before, shift by the end (scale 0 to 10).
OPINIONS = {
    "O1": ("How urgent is it to change how Quellbridge heats? (0 not at all, 10 very)", 5.4, 1.3),
    "O2": ("Should new homes be allowed to heat with gas? (0 never, 10 always)", 5.0, -1.1),
    "O3": ("Should the town own the pipes? (0 never, 10 always)", 4.8, 0.9),
    "O4": ("Is it fair that owners of large homes pay more? (0 unfair, 10 fair)", 5.6, 0.3),
    "O5": ("How much do you trust the town council with this? (0 not, 10 fully)", 4.4, 0.5),
}
#: Knowledge: right answer, share knowing it before and after.
QUIZ = {
    "Q1": ("What heats most homes in Quellbridge?", "b", 0.62, 0.92),
    "Q2": ("What does a heat pump take heat from?", "c", 0.40, 0.85),
    "Q3": ("How much of a home's energy goes into heating?", "a", 0.35, 0.72),
    "Q4": ("Who decides on pipes below a street?", "d", 0.22, 0.66),
    "Q5": ("How long does a gas boiler last?", "b", 0.45, 0.60),
    "Q6": ("What does the town's own plan promise for 2030?", "a", 0.15, 0.58),
}
#: Experience, asked at the end only: criterion, mean on a scale from 1 to 5.
EXPERIENCE = {
    "X1": ("The question was clear to me", "C01", 4.2),
    "X2": ("I heard good arguments from all sides", "C24", 3.7),
    "X3": ("I could follow the material", "C25", 3.9),
    "X4": ("Others listened to what I said", "C29", 4.1),
    "X5": ("The facilitators treated all views alike", "C31", 4.0),
    "X6": ("We had time enough", "C10", 2.9),
}
EFFICACY = {
    "E1": ("People like me can take part in decisions", 3.0, 0.4),
    "E2": ("I know how to bring a matter before the council", 2.3, 0.8),
}

#: Criterion: what the raters agree on (0 to 4), and the evidence they point to. A word in
#: place of a number is a status; what is absent nobody has looked at.
JUDGED: dict[str, tuple[float | str, str]] = {
    "C01": (3.4, "V01; V12"), "C02": (2.6, "V02; V13"), "C03": (2.0, "V03; V13"),
    "C04": (3.0, "V04"), "C05": (2.2, "V13"), "C06": (1.8, "V13"), "C07": (1.4, "V05; V12"),
    "C08": (1.0, "V03"), "C09": (2.6, "V06"), "C10": (1.8, "V07; V12"), "C11": (2.8, "V13"),
    "C12": (1.2, "V05"), "C13": (2.4, "V08"), "C14": (1.8, "V08"), "C15": (3.2, "V09"),
    "C16": (3.4, "V07"), "C17": (1.2, "V10"), "C18": (3.6, "V11"),
    "C20": (1.6, "V11"), "C21": (3.0, "V06; V12"), "C22": (2.2, "V11"),
    "C24": (2.4, "V10; V14"), "C26": (1.4, "V10"), "C29": (3.0, "V14"),
    "C31": (3.0, "V14"), "C32": (2.0, "V15"), "C33": (3.2, "V15"), "C34": (2.4, "V15"),
    "C35": ("contested", "V13; V16"), "C36": (2.0, "V16; V17"), "C37": (3.4, "V18"),
    "C38": (1.6, "V05"), "C39": (3.2, "V19"), "C42": (2.4, "V20"),
    "C44": ("not assessed", ""), "C45": (1.4, "V20"), "C46": ("not assessed", ""),
    "C47": ("not assessed", ""), "C48": ("contested", "V13"), "C50": ("not assessed", ""),
    "C51": (2.0, "V21"), "C52": (2.8, "V22"),
}  # fmt: skip
#: Rater: added to every score, share of the criteria looked at, how sure.
RATERS = {"rater A": (0.0, 1.0, "high"), "rater B": (-0.25, 0.9, "medium"),
          "rater C": (0.45, 0.75, "medium")}  # fmt: skip
EVIDENCE = [
    ("V01", "document", "Remit as published", "commissioner", "2019-07-29", "yes", "B"),
    ("V02", "interview", "Four stakeholders on the framing", "outsider", "2019-08-20", "no", "B"),
    ("V03", "minutes", "Council committee", "commissioner", "2019-07-10", "yes", "B"),
    (
        "V04",
        "letter",
        "Promise to answer within six months",
        "commissioner",
        "2019-08-02",
        "yes",
        "A",
    ),
    ("V05", "minutes", "Members' own meeting", "member", "2019-11-02", "no", "B"),
    ("V06", "accounts", "Budget and what was paid out", "organiser", "2020-01-15", "no", "C"),
    ("V07", "web page", "Plan, agenda and method", "organiser", "2019-09-05", "yes", "B"),
    ("V08", "document", "Terms of the oversight group", "organiser", "2019-08-16", "yes", "C"),
    ("V09", "document", "Code of conduct, signed", "organiser", "2019-08-17", "yes", "B"),
    ("V10", "record", "How speakers were chosen", "organiser", "2019-09-18", "no", "C"),
    ("V11", "open data", "Selection, everybody invited", "outsider", "2019-09-13", "yes", "A"),
    ("V12", "survey", "Members at the end", "outsider", "2019-12-01", "yes", "A"),
    ("V13", "interview", "Seven people on both sides", "outsider", "2020-02-05", "no", "B"),
    ("V14", "observation", "Two observers at three tables", "observer", "2019-11-17", "no", "A"),
    ("V15", "document", "Staff plan and debriefs", "organiser", "2019-12-02", "no", "C"),
    ("V16", "log", "Log of incidents", "observer", "2019-12-01", "no", "B"),
    ("V17", "statement", "What a member told us", "member", "2019-11-05", "no", "D"),
    ("V18", "record", "Every version of the final text", "outsider", "2019-12-01", "yes", "A"),
    ("V19", "document", "Final report with votes", "member", "2019-12-01", "yes", "A"),
    ("V20", "letter", "The council's answer", "commissioner", "2020-05-27", "yes", "A"),
    ("V21", "document", "The organiser's own review", "organiser", "2020-02-28", "yes", "C"),
    ("V23", "statement", "A letter to the evaluators", "member", "2019-11-26", "no", "D"),
    ("V22", "document", "Privacy notice of the platform", "organiser", "2019-08-31", "yes", "B"),
]

ABOUT = [
    ("title", "Synthetic assembly on heating in Quellbridge"),
    ("place", "Quellbridge (invented)"),
    ("commissioner", "Synthetic town council"),
    ("organiser", "Synthetic organiser"),
    ("evaluator", "Synthetic evaluators"),
    ("paid_by", "Synthetic town council, a fixed sum agreed before the first session"),
    ("independence", "The evaluators had no part in design or facilitation; the contract lets "
     "them publish without approval (invented)"),
    ("members", "40"), ("hours", "28"), ("first_day", "2019-09-21"), ("last_day", "2019-12-01"),
    ("report_day", "2023-01-31"), ("promise", "six months"), ("screened_on", "2019-07-08"),
    ("language", "en"), ("synthetic", "yes"),
]  # fmt: skip
INCIDENTS = [
    ("I1", "2019-11-03", "lobbying", "R3", "a supplier of boilers (invented)",
     "Letters to eight members at home", "B", "V16", "members defend; negotiate", "2019-12-17",
     "The supplier says the letters were meant for all residents.", "no", "", "yes"),
    ("I2", "2019-11-16", "evidence", "R1", "the council's press office (invented)",
     "Asked that one speaker be left out; the organiser refused", "B", "V13; V16",
     "hold the line", "2019-12-17", "", "no", "The speaker came.", "no"),
    ("I3", "2019-11-24", "member", "R4", "a member",
     "Said to have worked for an installer without telling", "D", "V23", "", "", "", "yes", "",
     ""),
]  # fmt: skip
FLAGS = [
    ("F1", "no sign", "", "evaluator", ""),
    ("F2", "no sign", "", "evaluator", ""),
    ("F3", "sign", "negotiated", "organiser", "A clause on approval was struck before signing."),
    ("F4", "no sign", "", "evaluator", ""),
    ("F5", "sign", "negotiable", "organiser", "The contact person changed twice."),
    ("F6", "sign", "negotiable", "organiser", "A fourth weekend was asked for and refused."),
    ("F7", "not looked", "", "", ""),
    ("F8", "no sign", "", "organiser", ""),
    ("R1", "sign", "", "evaluator", "See incident I2."),
    ("R2", "no sign", "", "evaluator", ""),
    ("R3", "shown", "", "evaluator", "See incident I1."),
]
POWER = [
    ("CC1", "partly", "The committee wrote the question; members could not change it.",
     "evaluator", ""),
    ("CC3", "no", "The promise names who answers and when.", "evaluator", ""),
    ("CC4", "yes", "Nobody outside the council could question the remit.", "member", ""),
    ("CO3", "partly", "One evening was given to widening the question.", "organiser", ""),
    ("RC2", "no", "Pay, child care and travel were given to all.", "organiser", ""),
    ("F1", "yes", "At two tables the same three people spoke most.", "observer", ""),
]  # fmt: skip
GOALS = [
    ("A heating plan adopted by the council", "legislation", "2019-07-29", "no plan",
     "plan within a year", "in committee", "V20", ""),
    ("More trust in the council among residents", "trust", "2019-07-29", "not measured",
     "five points more", "not measured", "", ""),
    ("A standing panel of residents", "power shift", "2019-12-18", "none", "a panel by 2021",
     "not yet", "", "Named only after the assembly had met."),
]  # fmt: skip
COMMUNICATION = [
    ("before", "residents", "leaflet to every home", "yes", 9400, "2019-08-08", "V07"),
    ("during", "residents", "live sessions on line", "no", 310, "2019-10-26", "V07"),
    ("after", "residents", "summary on one page", "yes", 2600, "2019-12-21", "V19"),
    ("after", "council", "the members' report", "yes", 34, "2019-12-16", "V19"),
]
DIGITAL = [
    ("lottery", "met", "V11", "Programme and seed are public."),
    ("data", "partly", "V22", ""),
    ("offline", "met", "V07", ""),
    ("unseen", "not met", "V22", "Live sessions showed faces."),
    ("voting", "met", "V19", ""),
]
REPLIES = [
    ("organiser", "Synthetic organiser", "2023-01-12", "The fourth weekend was ours to ask for "
     "and the council's to grant. We stand by the choice of speakers, and would record it "
     "better next time. (Invented.)"),
]  # fmt: skip


def answer(value: float, low: int, high: int) -> int:
    """A leaning as an answer on a scale."""
    return int(np.clip(round(value), low, high))


def invited(rng: np.random.Generator) -> list[dict[str, str | int]]:
    """Everybody invited, with a flag for each stage; ids of members are theirs elsewhere."""
    made: list[dict[str, str | int]] = []
    for number in range(1, N_INVITED + 1):
        person: dict[str, str | int] = {"person": f"SYN{number:04d}"}
        for variable, counts in PLACE.items():
            shares = np.array(list(counts.values())) / sum(counts.values())
            person[variable] = str(rng.choice(list(counts), p=shares))
        chance = sum(RESPONSE[v][str(person[v])] for v in RESPONSE)
        made.append({**person, "invited": 1, "responded": int(rng.random() < chance)})
    pool = [i for i, person in enumerate(made) if person["responded"]]
    drawn = draw(made, pool, rng)
    left = set(rng.choice(drawn, 2, replace=False).tolist())
    for i, person in enumerate(made):
        person |= {"selected": int(i in drawn), "completed": int(i in drawn and i not in left)}
    return made


def draw(made: list[dict[str, str | int]], pool: list[int], rng: np.random.Generator) -> list[int]:
    """Members drawn at random until every quota is met."""
    while True:
        drawn = [int(i) for i in rng.choice(pool, N_MEMBERS, replace=False)]
        counts = {
            (v, c): sum(made[i][v] == c for i in drawn) for v, cs in QUOTAS.items() for c in cs
        }
        if all(QUOTAS[v][c][0] <= n <= QUOTAS[v][c][1] for (v, c), n in counts.items()):
            return drawn


def people(members: list[dict[str, str | int]]) -> list[list[str | int]]:
    """Members with their table and what sub-groups are made of."""
    return [
        [m["person"], f"table {1 + i % N_TABLES}", m["gender"], m["age"], m["education"],
         "yes" if m["completed"] else "no"]
        for i, m in enumerate(members)
    ]  # fmt: skip


def items() -> list[list[str | int]]:
    """What was asked: kind, wording, scale, right answer, criterion."""
    rows: list[list[str | int]] = []
    for code, (label, *_) in STATEMENTS.items():
        rows.append([code, "consideration", label, 1, 7, "", "", "", ""])
    for code, (label, *_) in OPTIONS.items():
        rows.append([code, "preference", label, 1, len(OPTIONS), "", "", "", ""])
    for code, (label, *_) in OPINIONS.items():
        rows.append([code, "opinion", label, 0, 10, "", "", "", ""])
    for code, (label, right, *_) in QUIZ.items():
        rows.append([code, "knowledge", label, "", "", right, "", "C27", ""])
    for code, (label, criterion, _) in EXPERIENCE.items():
        rows.append([code, "experience", label, 1, 5, "", "", criterion, 4])
    for code, (label, *_) in EFFICACY.items():
        rows.append([code, "efficacy", label, 1, 5, "", "", "C49", ""])
    return rows


def leanings(n: int, rng: np.random.Generator) -> Floats:
    """Two hidden leanings of each member."""
    return rng.normal(0, 1, (n, 2))


def statements(who: Floats, tables: Floats, after: bool, rng: np.random.Generator) -> list[Any]:
    """Answers to the statements, from the leanings."""
    columns = []
    for _, cost, own, shift in STATEMENTS.values():
        common = (shift + rng.normal(0, 0.25, N_TABLES)[tables]) if after else 0.0
        raw = 4 + 1.5 * (who @ np.array([cost, own])) + common + rng.normal(0, 0.9, len(who))
        columns.append([answer(v, 1, 7) for v in raw])
    return columns


def ranks(who: Floats, after: bool, rng: np.random.Generator) -> list[list[int]]:
    """Rank of each option, 1 the best; less noise after."""
    pull = np.array([[cost, own] for _, cost, own in OPTIONS.values()])
    liked = who @ pull.T + rng.normal(0, 0.35 if after else 1.0, (len(who), len(pull)))
    if after:
        liked += np.array([0.1, 0.5, 0.1, 0.5, -0.4, -0.4])
    return [[int(r) for r in 1 + np.argsort(np.argsort(-one))] for one in liked]


def opinions(who: Floats, tables: Floats, after: bool, rng: np.random.Generator) -> list[Any]:
    """Answers from 0 to 10; by the end a common shift and one of the table."""
    columns = []
    for _, mean, shift in OPINIONS.values():
        own = 1.6 * who[:, 0] * (-1 if shift > 0 else 1)
        common = (shift + rng.normal(0, 0.4, N_TABLES)[tables]) if after else 0.0
        raw = mean + own + common + rng.normal(0, 1.0, len(who))
        columns.append([answer(v, 0, 10) for v in raw])
    return columns


def quiz(skill: Floats, after: bool, rng: np.random.Generator) -> list[list[str]]:
    """Letters ticked; who does not know ticks a wrong one or none."""
    columns = []
    for _, right, before, later in QUIZ.values():
        share = later if after else before
        knows = rng.random(len(skill)) < np.clip(share + 0.1 * skill, 0.02, 0.98)
        wrong = [c for c in "abcd" if c != right] + [""]
        columns.append([right if k else str(rng.choice(wrong)) for k in knows])
    return columns


def scales(means: list[float], n: int, rng: np.random.Generator) -> list[list[int]]:
    """Answers from 1 to 5 about a mean."""
    return [[answer(v, 1, 5) for v in rng.normal(mean, 0.95, n)] for mean in means]


def answers(
    who: Floats, skill: Floats, tables: Floats, after: bool, rng: np.random.Generator
) -> tuple[list[str], list[list[Any]]]:
    """Column names and the answers of a stage, one list a member."""
    names = [*STATEMENTS, *OPINIONS, *QUIZ, *EFFICACY]
    means = [mean + shift * after for _, mean, shift in EFFICACY.values()]
    columns = [
        *statements(who, tables, after, rng),
        *opinions(who, tables, after, rng),
        *quiz(skill, after, rng),
        *scales(means, len(who), rng),
    ]
    if after:
        names += list(EXPERIENCE)
        columns += scales([mean for *_, mean in EXPERIENCE.values()], len(who), rng)
    rows = [list(row) for row in zip(*columns, strict=True)]
    for row in rows:  # now and then a question is passed over
        for i in range(len(STATEMENTS), len(row)):
            if rng.random() < 0.015:
                row[i] = ""
    return names, rows


def talk(members: list[list[str | int]], rng: np.random.Generator) -> list[list[str | int]]:
    """Turns in seconds; some people speak far more than others."""
    weight = {m[0]: rng.gamma(3.0) * (1.3 if m[4] == "degree" else 1.0) for m in members}
    rows: list[list[str | int]] = []
    for session in (1, 2, 3):
        for table in sorted({str(m[1]) for m in members}):
            seats = [m for m in members if m[1] == table and (m[5] == "yes" or session < 3)]
            shares = np.array([weight[m[0]] for m in seats])
            for i in rng.choice(len(seats), 60, p=shares / shares.sum()):
                seconds = int(np.clip(rng.lognormal(3.2, 0.7), 3, 240))
                rows.append([seats[i][0], seconds, f"session {session}", table, seats[i][4]])
    return rows


#: Discourse code: highest value, how often the two coders differ by one.
CODES = {
    "participation": (1, 0.02),
    "level": (3, 0.10),
    "content": (2, 0.08),
    "resp_groups": (2, 0.08),
    "resp_demands": (2, 0.10),
    "resp_counter": (3, 0.12),
    "constructive": (2, 0.08),
}


def acts(members: list[list[str | int]], rng: np.random.Generator) -> list[list[str | int]]:
    """Speech acts that two people coded."""
    rows: list[list[str | int]] = []
    for number in range(1, 121):
        person = members[int(rng.integers(len(members)))][0]
        quality = rng.normal()
        true = [answer(high / 2 + 0.35 * high * quality + rng.normal(0, 0.3), 0, high)
                for high, _ in CODES.values()]  # fmt: skip
        for coder in ("coder 1", "coder 2"):
            seen = [
                answer(t + (rng.choice([-1, 1]) if rng.random() < slip else 0), 0, high)
                for t, (high, slip) in zip(true, CODES.values(), strict=True)
            ]
            rows.append([f"A{number:03d}", coder, person, *seen])
    return rows


def ballot(
    who: Floats, stayed: list[list[str | int]], rng: np.random.Generator
) -> list[list[str | int]]:
    """The last vote: eight recommendations and the text as a whole."""
    rows: list[list[str | int]] = []
    for item in [*(f"R{i}" for i in range(1, 9)), "text"]:
        base = 0.8 if item == "text" else float(rng.uniform(0.3, 2.0))
        for leaning, member in zip(who, stayed, strict=True):
            raw = base - 0.5 * leaning[0] + rng.normal(0, 0.7)
            rows.append([member[0], item, "for" if raw > 0.3 else
                         "abstain" if raw > -0.1 else "against"])  # fmt: skip
    return rows


def votes(rng: np.random.Generator) -> list[list[str | int]]:
    """Votes of an open round on line, by two groups of opinion."""
    rows: list[list[str | int]] = []
    for number in range(1, 13):
        common = rng.uniform(0.2, 0.9)
        for group, side in (("group 1", 0.15), ("group 2", -0.15)):
            seen = int(rng.integers(60, 140))
            share = np.clip(common + side * rng.choice([-1, 0, 1]), 0.05, 0.95)
            agree = int(rng.binomial(seen, share))
            against = int(rng.binomial(seen - agree, 0.7))
            rows.append([f"S{number:02d}", group, agree, against, seen])
    return rows


def ratings(rng: np.random.Generator) -> list[list[str | float]]:
    """What three people made of the criteria."""
    rows: list[list[str | float]] = []
    for criterion, (value, evidence) in JUDGED.items():
        for rater, (milder, looked, sure) in RATERS.items():
            if isinstance(value, str):
                note = {"contested": "The raters read the same evidence differently."}.get(
                    value, ""
                )
                if value != "contested":
                    rows.append([criterion, rater, value, "", "", "", ""])
                else:
                    score = {"rater A": 1.0, "rater B": 1.0, "rater C": 3.0}[rater]
                    rows.append([criterion, rater, value, score, "low", evidence, note])
            elif rng.random() < looked:
                score = float(np.clip(round(2 * (value + milder + rng.normal(0, 0.35))) / 2, 0, 4))
                rows.append([criterion, rater, "assessed", score, sure, evidence, ""])
    return rows


def write(path: Path, header: list[str], rows: list[Any]) -> None:
    """Write a table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([header, *rows])


ITEMS = ["item", "kind", "label", "low", "high", "correct", "reversed", "criterion", "agree_from"]
RECORDS: dict[str, tuple[list[str], list[Any]]] = {
    "about": (["field", "value"], ABOUT),
    "evidence": (["evidence", "kind", "source", "made_by", "date", "public", "grade"], EVIDENCE),
    "incidents": (["incident", "date", "point", "line", "actor", "what", "grade", "evidence",
                   "response", "reply_asked", "reply", "confidential", "note", "breach"],
                  INCIDENTS),
    "flags": (["flag", "status", "state", "by", "note"], FLAGS),
    "power": (["point", "status", "seen", "by", "note"], POWER),
    "goals": (["goal", "kind", "set_on", "baseline", "target", "reached", "evidence", "note"],
              GOALS),
    "communication": (["phase", "audience", "what", "plain_language", "reach", "date",
                       "evidence"], COMMUNICATION),
    "digital": (["item", "status", "evidence", "note"], DIGITAL),
    "replies": (["kind", "who", "date", "text"], REPLIES),
}  # fmt: skip


def write_members(folder: Path, rng: np.random.Generator) -> list[dict[str, str | int]]:
    """People, items, answers, talk and votes; gives back everybody invited."""
    everybody = invited(rng)
    members = people([p for p in everybody if p["selected"]])
    stayed = np.array([m[5] == "yes" for m in members])
    tables = np.array([int(str(m[1])[6:]) - 1 for m in members])
    who, skill = leanings(len(members), rng), rng.normal(0, 1, len(members))
    write(folder / "people.csv", ["person", "table", "gender", "age", "education", "stayed"],
          members)  # fmt: skip
    write(folder / "items.csv", ITEMS, items())
    ranked: list[list[str | int]] = []
    for stage, there in (("before", np.ones(len(members), bool)), ("after", stayed)):
        after = stage == "after"
        names, rows = answers(who, skill, tables, after, rng)
        kept = [[m[0], *r] for m, r, t in zip(members, rows, there, strict=True) if t]
        write(folder / f"answers_{stage}.csv", ["person", *names], kept)
        order = ranks(who, after, rng)
        ranked += [[m[0], stage, *r] for m, r, t in zip(members, order, there, strict=True) if t]
    write(folder / "rankings.csv", ["person", "stage", *OPTIONS], ranked)
    write(folder / "talk.csv", ["person", "seconds", "session", "table", "group"],
          talk(members, rng))  # fmt: skip
    write(folder / "acts.csv", ["act", "coder", "person", *CODES], acts(members, rng))
    inside = [m for m in members if m[5] == "yes"]
    write(folder / "ballot.csv", ["person", "item", "answer"], ballot(who[stayed], inside, rng))
    return everybody


def write_panel(folder: Path, everybody: list[dict[str, str | int]]) -> None:
    """Everybody invited, the place, and the seats that were asked for."""
    rows = [list(person.values()) for person in everybody]
    write(folder / "panel.csv", list(everybody[0]), rows)
    place = [[v, c, n] for v, counts in PLACE.items() for c, n in counts.items()]
    write(folder / "population.csv", ["variable", "category", "count"], place)
    seats = [[v, c, *ends] for v, cells in QUOTAS.items() for c, ends in cells.items()]
    write(folder / "quotas.csv", ["variable", "category", "min", "max"], seats)


def main(folder: Path) -> None:
    """Write all files into a folder."""
    from dmpkit import impact

    rng = np.random.default_rng(SEED)
    for name, (header, rows) in RECORDS.items():
        write(folder / f"{name}.csv", header, rows)
    everybody = write_members(folder, rng)
    write(folder / "votes.csv", ["statement", "group", "agree", "disagree", "seen"], votes(rng))
    write(folder / "ratings.csv", ["criterion", "rater", "status", "score", "confidence",
                                   "evidence", "note"], ratings(rng))  # fmt: skip
    write_panel(folder / "representativeness", everybody)
    impact.write_ledger(impact.synthetic_ledger(24, years=3, seed=4), folder / "impact")


if __name__ == "__main__":
    main(Path(__file__).resolve().parent)
