"""What a project says about how it was coded, and what follows for measures of quality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError

if TYPE_CHECKING:
    from dmpkit.coding.data import CodedProject

__all__ = ["require_approach", "require_project"]

#: Why a measure is not offered where themes are made by a reflexive researcher.
REFLEXIVE: Final = (
    "This project says that it was coded reflexively. In reflexive thematic analysis codes are "
    "made by a researcher's own engagement with the text and themes are not there to be found, so "
    "{what} says nothing about the quality of the coding (Braun & Clarke, 2019, 2021)."
)
#: What can be done instead, by what was asked for.
INSTEAD: Final = (
    "Read the codings side by side (coding.reader) and talk about where they part. If the coding "
    "did follow a shared codebook, say so: project.with_approach('codebook')."
)
CODEBOOK: Final = (
    "The project was coded with a codebook that need not be applied alike by everyone: {what} "
    "helps to find where coders read a code differently; it is no proof of quality."
)
UNSAID: Final = (
    "The project does not say how it was coded. {What} is a measure of quality only where coders "
    "were meant to apply one codebook alike; say so with "
    "project.with_approach('coding reliability')."
)
#: What is said of saturation instead, which is no agreement of coders.
UNSAID_OF_SATURATION: Final = (
    "The project does not say how it was coded. Saturation presumes that codes lie in the data and "
    "can all be found: it says something where one codebook was applied throughout, and nothing "
    "of a reflexive analysis. Say which it was: project.with_approach('codebook')."
)


def require_project(project: object) -> None:
    """Refuse what is not a coded project, in words."""
    from dmpkit.coding.data import CodedProject

    if not isinstance(project, CodedProject):
        raise DataError(
            f"This is a {type(project).__name__}, not a coded project.",
            remedy="Read one with coding.read_project, or make one with CodedProject.from_frames.",
        )


def require_approach(project: CodedProject, what: str, *, refuse: bool = True) -> str:
    """Whether a measure of quality may be offered for a project, and why not.

    Agreement between coders presumes that there is one right way to apply a code;
    saturation presumes that codes lie in the data and can all be found. Reflexive
    thematic analysis presumes neither (Braun & Clarke 2019 on reflexivity and
    reliability, 2021 on saturation), so both are refused there. Elsewhere the
    sentence returned belongs beside the number.

    Parameters
    ----------
    project : CodedProject
        Its `approach` decides.
    what : str
        What is asked for, in words that can begin a clause: ``"agreement between
        coders"``, ``"saturation"``.
    refuse : bool
        Raise where the approach is reflexive (the default), or return the reason.

    Returns
    -------
    str
        What to say beside the measure: empty for "coding reliability".

    Raises
    ------
    DataError
        Where the project is reflexive and `refuse` is true; says why and what to do.

    References
    ----------
    Braun, V., & Clarke, V. (2019). Reflecting on reflexive thematic analysis.
    Qualitative Research in Sport, Exercise and Health, 11(4), 589-597.
    Braun, V., & Clarke, V. (2021). To saturate or not to saturate? Qualitative
    Research in Sport, Exercise and Health, 13(2), 201-216.

    Examples
    --------
    >>> import pandas as pd
    >>> from dmpkit.coding.data import CodedProject
    >>> project = CodedProject.from_frames(pd.DataFrame({"source": ["I1"], "text": ["Yes."]}))
    >>> require_approach(project.with_approach("coding reliability"), "saturation")
    ''
    >>> require_approach(project.with_approach("reflexive"), "saturation", refuse=False)[:57]
    'This project says that it was coded reflexively. In refle'
    """
    check_settings(require_approach, locals())
    require_project(project)
    if project.approach == "reflexive":
        if refuse:
            raise DataError(REFLEXIVE.format(what=what), remedy=INSTEAD)
        return REFLEXIVE.format(what=what)
    if project.approach == "codebook":
        return CODEBOOK.format(what=what)
    if project.approach == "":
        if what == "saturation":
            return UNSAID_OF_SATURATION
        return UNSAID.format(What=what[:1].upper() + what[1:])
    return ""
