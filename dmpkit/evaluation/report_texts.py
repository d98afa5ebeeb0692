"""Every sentence of the report's own, in one block that can be translated.

:data:`TEXTS` maps a key to a text; what stands in braces is filled in. A translation is a
mapping with the same keys, whole or in part (:func:`texts_of`). Texts of single methods
inside a chapter come from the methods, in English, and are marked as such.
"""

from __future__ import annotations

import json
import os
import string
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from dmpkit.errors import DataError
from dmpkit.evaluation.records import nearest

__all__ = ["TEXTS", "read_texts", "texts_of"]

#: The texts of the report in English, by key.
TEXTS: Mapping[str, str] = MappingProxyType({
    "lang": "en",
    "kind": "Evaluation report",
    "untitled": "A mini-public",
    "synthetic": "Synthetic data: everything and everybody here is invented",
    "synthetic_short": "synthetic data",
    "confidential": "CONFIDENTIAL: not for publication",
    "made_on": "Report of {day}",
    "contents": "Contents",
    "to_top": "Back to the contents",
    # page one
    "in_words": "In words",
    "caution": "This is a reading of what was assessed, stage by stage. No total stands for it, "
    "and a good stage does not make up for a poor one.",
    "rule_head": "The rule",
    "verdict_rule": "A stage is called good where the mean of its assessed criteria is at least "
    "{high} of 4, poor where it is at most {low}, and middling between. It is so whatever is "
    "unknown where that holds with every unknown criterion at 0 and at 4. Where less than "
    "{enough} of its criteria were assessed and these bounds do not settle it, nothing is said. "
    "In brackets stands how many of the assessed criteria rest on weak evidence only: grade C "
    "or D, not graded, or none cited. The limits are a proposal of dmpkit, not from the "
    "literature. Red lines are no part of "
    "this reading and stand beside it.",
    "good": "good",
    "good_sure": "good, whatever is unknown",
    "good_seen": "good as far as it was assessed",
    "middling": "middling",
    "middling_sure": "middling, whatever is unknown",
    "middling_seen": "middling as far as it was assessed",
    "poor": "poor",
    "poor_seen": "poor as far as it was assessed",
    "poor_sure": "poor, whatever is unknown",
    "not_known": "not known",
    "does_not_apply": "does not apply",
    "lead_not_known": "Too little was assessed to say how good these stages are (not known): "
    "{stages}.",
    "weak_of": "{n} of {all} on weak evidence only",
    "stage": "stage",
    "reading": "reading",
    "mean_range": "mean, and where it could lie (0 to 4)",
    "assessed": "assessed",
    "assessed_of": "{n} of {all}",
    "range_alt": "{stage}: mean {mean} of 4, between {low} and {high} with the unknown criteria "
    "at worst and at best",
    "range_none": "{stage}: no criterion assessed; anything from {low} to {high}",
    "range_silent": "{stage}: {n} of {all} criteria assessed, too few for a mean; between {low} "
    "and {high} with the unknown criteria at worst and at best",
    "raters_little": "The raters agree little: Krippendorff's alpha is {alpha}, below {limit}, "
    "from which on tentative conclusions are usually allowed. Another rater might have read these "
    "stages otherwise.",
    "raters_one": "One person gave all the scores: whether others would agree is not known.",
    "raters_unjudged": "Whether the raters agree cannot be judged: {reason}.",
    "red_lines_head": "Red lines",
    "lines_shown": "Shown, on evidence of grade A or B and after a chance to reply: {lines}.",
    "lines_sign": "With a sign, not shown: {lines}.",
    "lines_no_sign": "Looked at, without a sign: {lines}.",
    "lines_no_sign_unsigned": "Looked at, without a sign, but who looked is not said: {lines}.",
    "lines_not_looked": "Not looked at, so nothing is known: {lines}.",
    "lines_not_public": "Nothing is public of: {lines}.",
    "lines_none": "No red line could be read.",
    "lines_note": "A line that nobody looked at is not a line kept. None of this enters a score.",
    "held_back": "Incidents are held back from this version as confidential.",
    "coverage_head": "How much was assessed",
    "coverage": "Of the {all} criteria that apply {n} were assessed ({share}). On weak evidence "
    "only: {weak} of them.",
    "coverage_none": "No criterion was assessed.",
    "unknown_head": "What is not known",
    "unknown_criteria": "Criteria that were not assessed ({n}): {names}.",
    "unknown_contested": "Contested criteria ({n}): {names}.",
    "unknown_parts": "Not computed: {names}. The reasons stand in the method annex.",
    "unknown_nothing": "Every criterion was assessed, and everything could be computed.",
    "and_more": "and {n} more",
    "paid_head": "Who paid, and what was declared",
    "paid_by": "The evaluation was paid by: {who}.",
    "paid_unknown": "It is not said who paid for the evaluation.",
    "independence": "Independence, as declared: {text}",
    "independence_unknown": "Nothing was declared about the evaluator's independence.",
    # chapters
    "profile": "Profile",
    "profile_lead": "Scores run from 0 to 4. What nobody assessed is unknown, never 0. Hatched "
    "scores rest on weak evidence.",
    "total_head": "A total, and why it stands here and not in front",
    "total": "Over all criteria alike the mean is {value} of 4. It hides which stage is good and "
    "which is poor, and it says nothing of red lines; quote it with the profile or not at all.",
    "total_none_head": "Why there is no total",
    "viewpoints": "Through five viewpoints",
    "viewpoints_lead": "People in the field disagree on what matters in a mini-public. The same "
    "ratings are read with the weights that five published viewpoints would put on them.",
    "red_lines": "Red lines",
    "conditions": "Conditions",
    "conditions_lead": "They describe the conditions of this mini-public. They predict nothing.",
    "change": "Before and after",
    "change_lead": "The same members answered before the first and after the last session. A "
    "change between the two is not thereby an effect of the assembly: nobody was asked who "
    "did not take part.",
    "reason": "Reasons and choices",
    "reason_lead": "Do members who weigh the considerations alike also prefer alike, and more so "
    "than chance would have it?",
    "voice": "Voice",
    "voice_lead": "Who spoke, how they spoke to one another, and what members say of it.",
    "choice": "Choices and support",
    "choice_lead": "How members ranked the options, and how far they stand by the result.",
    "representativeness": "Representativeness",
    "impact": "Impact",
    "further": "Further measurements",
    "goals": "Goals, communication, power",
    "evidence": "Evidence",
    "evidence_lead": "Grade A is independent and checkable, B independent or checkable, C "
    "reported by somebody with an interest, D asserted.",
    "evidence_none": "No evidence is listed. Every score is then an assertion.",
    "evidence_held": "Evidence that only confidential incidents name is left out.",
    "replies": "Replies",
    "replies_lead": "Those concerned may answer here, in their own words and at their length. "
    "What they write is printed as it is.",
    "reply_of": "{who}, {day}",
    "reply_undated": "{who}, no date",
    "reply_none": "No reply has been received.",
    "slot_organiser": "Reply of the organiser",
    "slot_commissioner": "Reply of the commissioner",
    "slot_member": "Reply of members",
    "slot_other": "Other replies",
    "annex": "Method annex",
    "annex_about": "The mini-public and its evaluation",
    "annex_criteria": "The criteria",
    "criteria_default": "The {n} criteria that come with dmpkit were used. They are a proposal of "
    "dmpkit, put together from guidance and literature; no authority has adopted them.",
    "criteria_local": "Local criteria that were added ({n}): {names}.",
    "criteria_own": "The evaluator's own set of {n} criteria was used.",
    "annex_raters": "Raters",
    "raters": "Who rated the criteria ({n}): {names}.",
    "raters_none": "Nobody rated a criterion.",
    "annex_missing": "What could not be computed, and why",
    "annex_missing_none": "Everything could be computed.",
    "annex_remarks": "What the methods remarked",
    "annex_methods": "Methods",
    "annex_numbers": "Draws",
    "numbers": "Seed {seed}; {permutations} permutations and {resamples} resamples where a method "
    "draws. The same seed gives the same numbers.",
    "annex_files": "Data",
    "files": "The files that were read, each with its SHA-256, so that anybody who has them can "
    "check that this report rests on them.",
    "files_none": "The tables were given in memory; there is no file to check.",
    "annex_versions": "Versions",
    "annex_privacy": "Small groups and single people",
    "privacy": "Groups of one to four people are not shown on their own. No table here or in the "
    "records beside this page holds the answers of a single person; in some pictures a dot is a "
    "person or a pair of people, without a name.",
    # the glossary
    "glossary": "Words explained",
    "glossary_lead": "What the technical terms of this report mean, in short.",
    "term alpha": "Krippendorff's alpha",
    "means alpha": "How far raters or coders agree beyond chance: 1 is full agreement, 0 is what "
    "chance would give, below 0 they disagree more than by chance.",
    "term chance": "chance level",
    "means chance": "The value that a measure takes on average where only chance is at work, for "
    "example with answers drawn at random. A value is worth noting by its distance from it.",
    "term consensus": "consensus across groups",
    "means consensus": "Agreement that is high in every group and not only on average, so that "
    "a large group cannot carry it alone.",
    "term swap": "swap test",
    "means swap": "A test of change: each person's answers before and after are exchanged at "
    "random many times. If this often gives as large a change, chance can explain it.",
    "term gz": "effect size (gz)",
    "means gz": "The mean change divided by how much people's changes differ, corrected for small "
    "groups. About 0.2 is often called small, 0.5 medium, 0.8 large.",
    "term gini": "Gini coefficient",
    "means gini": "How unequally something is shared: 0 where all have the same, near 1 where one "
    "has everything.",
    "term holm": "Holm's correction",
    "means holm": "Who tests many items finds some difference by chance alone. This correction "
    "makes each p-value stricter, so that a false alarm among all of them stays rare.",
    "term icc": "intraclass correlation",
    "means icc": "How alike the people of one table are compared with people of different tables: "
    "0 no more alike than others, 1 all the same.",
    "term interval": "95 % interval",
    "means interval": "A range made so that, over many repetitions, it would hold the true value "
    "about 95 times in 100. A wide one says that little is known.",
    "term permutation": "permutation test",
    "means permutation": "Labels are shuffled many times to see what differences arise by chance; "
    "the seen difference is compared with them.",
    "term p_value": "p-value",
    "means p_value": "How often chance alone would give a result at least as far from what is "
    "expected. Small values speak against chance; they do not say how large an effect is.",
    "term peaked": "single-peakedness",
    "means peaked": "Options can be put in a line, and everybody likes an option less the further "
    "it lies from their favourite. Where most rankings are so, people see one common question.",
    "term reason": "reason index",
    "means reason": "Whether pairs of people who weigh the considerations alike also rank the "
    "options alike. High values mean that reasons and preferences fit together.",
    "term theil": "Theil index",
    "means theil": "Another measure of unequal shares, 0 where all have the same. It splits "
    "exactly into a part between groups and a part within them.",
    "term van_der_eijk": "van der Eijk's A",
    "means van_der_eijk": "How far answers on a scale gather in one place: 1 all give the same "
    "answer, 0 evenly spread, -1 half at each end.",
    "english": "The texts of the single methods are in English.",
    # tables
    "col_part": "part",
    "col_reason": "reason",
    "col_remark": "remark",
    "col_file": "file",
    "col_version": "version",
    "col_field": "field",
    "col_value": "value",
    "col_evidence": "id",
    "col_kind": "kind",
    "col_source": "source",
    "col_made_by": "made by",
    "col_date": "date",
    "col_public": "public",
    "col_grade": "grade",
    "col_link": "link",
    # parts
    "part profile": "By criterion and stage",
    "part measured": "Measured criteria",
    "part agreement": "Do the raters agree",
    "part weights": "How far weights matter",
    "part viewpoints": "The five viewpoints",
    "part red lines": "The eight lines",
    "part conditions": "When it works, when it fails",
    "part attrition": "Who answered before only",
    "part opinion": "Change of opinion",
    "part transitions": "Who moved where",
    "part polarisation": "Polarisation",
    "part groups": "Small groups",
    "part knowledge": "Knowledge",
    "part reason index": "Reason index after",
    "part change of the reason index": "Change of the reason index",
    "part talk": "Speaking time",
    "part discourse": "Quality of the talk",
    "part members say": "What members say",
    "part preferences": "Preferences",
    "part support": "Support for the text",
    "part consensus": "Consensus across groups",
    "part goals": "Goals of impact",
    "part communication": "Communication",
    "part digital": "Digital parts",
    "part power": "Power audit",
    "part screen": "Baseline: the screening before",
    "part fate of the flags": "What became of the red flags",
    "part total": "Total",
})  # fmt: skip


def _fields(text: str) -> set[str]:
    """Names in braces."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def texts_of(translation: Mapping[str, str] | None = None) -> dict[str, str]:
    """The texts with a translation laid over them.

    Parameters
    ----------
    translation : mapping of str to str, optional
        Keys of :data:`TEXTS`; those that are not in it stay English. ``lang`` is the code
        of the language, such as ``de``.

    Returns
    -------
    dict of str to str

    Raises
    ------
    DataError
        A key that is not known, or a text that fills in something that its original
        does not have.

    Examples
    --------
    >>> texts_of({"lang": "de", "replies": "Antworten"})["replies"]
    'Antworten'
    >>> texts_of({"reply_of": "{name}"})
    Traceback (most recent call last):
    ...
    dmpkit.errors.DataError: The text 'reply_of' fills in {name}, which is not there. It may hold \
{day} and {who}.
    """
    given = dict(translation or {})
    for key, text in given.items():
        if key not in TEXTS:
            raise DataError(f"There is no text {key!r}.", remedy=nearest(str(key), TEXTS))
        if not isinstance(text, str):
            raise DataError(f"The text {key!r} is no text.")
        try:
            extra = _fields(text) - _fields(TEXTS[key])
        except ValueError:
            raise DataError(f"The braces of the text {key!r} do not match.") from None
        if extra:
            known = " and ".join(f"{{{name}}}" for name in sorted(_fields(TEXTS[key])))
            raise DataError(
                f"The text {key!r} fills in {{{sorted(extra)[0]}}}, which is not there.",
                remedy=f"It may hold {known}." if known else "Nothing is filled in here.",
            )
    return {**TEXTS, **given}


def read_texts(path: str | os.PathLike[str]) -> dict[str, str]:
    """A translation from a JSON file, checked.

    Parameters
    ----------
    path : path
        An object of keys and texts; see :func:`texts_of`.

    Raises
    ------
    DataError
        When it cannot be read or does not fit.
    """
    source = Path(path)
    try:
        given = json.loads(source.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DataError(f"The file cannot be read ({error.strerror}).", file=source) from None
    except (ValueError, RecursionError):
        raise DataError(
            "The file is not JSON in UTF-8.", file=source, remedy="Start from --write-texts."
        ) from None
    if not isinstance(given, dict):
        raise DataError(
            "The file holds no object of keys and texts.",
            file=source,
            remedy="Start from --write-texts.",
        )
    try:
        texts_of(given)
    except DataError as error:
        raise DataError(error.problem, file=source, remedy=error.remedy) from None
    return {str(key): str(text) for key, text in given.items()}
