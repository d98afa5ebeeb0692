"""Causal words in a report on associations, found so that they can be weighed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from dmpkit.errors import DataError
from dmpkit.reporting import format_number

__all__ = ["lint_causal_words"]

#: What to look for, and what an association allows to say instead; our own list.
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        r"caus(?:e|es|ed|ing|al|ally|ation)": "goes with, is associated with",
        r"because of|due to|owing to|thanks to": "together with, after",
        r"(?<!marginal )effects?|effected|effective(?:ly|ness)?": "association, difference",
        r"impact(?:s|ed|ing)? (?:of|on)": "share, association with",
        r"influenc(?:e|es|ed|ing)": "goes with",
        r"affect(?:s|ed|ing)?": "goes with, differs by",
        r"(?:led|leads?|leading) to": "was followed by",
        r"result(?:s|ed|ing)? (?:in|from)": "was followed by, came after",
        r"driv(?:e|es|en|er|ers|ing)": "goes with",
        r"determin(?:e|es|ed|ant|ants|ing)": "goes with",
        r"explain(?:s|ed|ing)?": "goes with",
        r"(?:in|de)creas(?:e|es|ed|ing) the (?:chances?|odds|likelihood|probability)":
            "was more (less) often",
        r"mak(?:e|es|ing) it (?:more|less) likely": "was more (less) often",
        r"consequences?(?: of)?|consequently": "what followed",
        r"brought about|brings? about": "was followed by",
        r"prevent(?:s|ed|ing)?": "did not follow",
        r"succeed(?:s|ed)? in|success(?:ful|fully)? in": "was followed by",
    }
)  # fmt: skip
_PATTERN = re.compile("|".join(f"(?P<w{i}>\\b(?:{w})\\b)" for i, w in enumerate(_WORDS)), re.I)
_NEGATED = re.compile(r"\b(?:not|no|never|neither|nor|cannot|without)\b[^.;:]{0,60}$", re.I)


def ratio_text(ratio: float) -> str:
    """A ratio with two decimals, but never 0.00, and no digits that nobody believes.

    Examples
    --------
    >>> ratio_text(0.347), ratio_text(0.0021), ratio_text(5e9), ratio_text(float("inf"))
    ('0.35', 'under 0.01', 'over 1,000', '∞')
    """
    if 0 < ratio < 0.01:
        return "under 0.01"
    return "over 1,000" if 1000 < ratio < float("inf") else format_number(float(ratio))


def lint_causal_words(text: str) -> pd.DataFrame:
    """Words in a report that claim a cause where the data show an association.

    A word list of our own (English); it cannot read, so every finding is for a person
    to weigh: a causal word is right where a trace shows the cause (attribution
    "caused"). A word that is denied shortly before in its clause is marked.

    Parameters
    ----------
    text : str
        The report, plain text.

    Returns
    -------
    DataFrame
        ``line, word, sentence, negated, instead``, one row a finding, in order;
        empty where there is none.

    Raises
    ------
    DataError
        When it is not a text.

    Examples
    --------
    >>> lint_causal_words("High cost caused rejection.")[["word", "instead"]].values.tolist()
    [['caused', 'goes with, is associated with']]
    >>> lint_causal_words("This does not show a cause.")["negated"].tolist()
    [True]
    """
    if not isinstance(text, str):
        raise DataError(f"The report is a {type(text).__name__}, not a text.")
    instead = list(_WORDS.values())
    rows = []
    for found in _PATTERN.finditer(text):
        number = int(str(found.lastgroup)[1:])
        start = max(text.rfind(mark, 0, found.start()) for mark in ".!?\n") + 1
        ends = [text.find(mark, found.end()) for mark in ".!?\n"]
        end = min([e for e in ends if e >= 0], default=len(text) - 1) + 1
        rows.append(
            (
                text.count("\n", 0, found.start()) + 1,
                found.group(),
                text[start:end].strip(),
                _NEGATED.search(text[start : found.start()]) is not None,
                instead[number],
            )
        )
    return pd.DataFrame(rows, columns=["line", "word", "sentence", "negated", "instead"])
