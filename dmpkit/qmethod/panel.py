"""A panel for rotating factors by hand in JupyterLab.

It needs ipywidgets (the extra ``lab``). What it does can be done in code with
:class:`~dmpkit.qmethod.judgemental.RotationLog` too; the panel writes such a log.
"""

from __future__ import annotations

import importlib
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from dmpkit.errors import DataError, DmpkitWarning, MissingDependency
from dmpkit.qmethod.analysis import AUTOMATIC, QAnalysis, analyse
from dmpkit.qmethod.arrays import Bools, factor_names
from dmpkit.qmethod.data import QSorts
from dmpkit.qmethod.flags import FlagRule
from dmpkit.qmethod.judgemental import Rotate, RotationLog, Split
from dmpkit.qmethod.panel_views import legend, loadings_html, picture, steps_html
from dmpkit.qmethod.rotation import Rotation
from dmpkit.reporting import escape

__all__ = ["RotationPanel", "rotate_by_hand"]


class RotationPanel:
    """The panel; made by :func:`rotate_by_hand`.

    Show it as the last value of a cell. Move the slider: the sorts turn in the
    plane of two factors, loadings and flags follow. *Keep the turn* makes it a
    step; choosing other factors keeps it too. Undo takes back the turn that is being
    tried, else the last step.

    Attributes
    ----------
    widget : ipywidgets.Widget
        What is shown.
    right, up : ipywidgets.Dropdown
        The factor to the right and the factor upwards.
    degrees : ipywidgets.FloatSlider
        The turn that is being tried: clockwise positive.
    keep, take_back, start_again, save_log : ipywidgets.Button
    invert_right, invert_up, split_right, split_up : ipywidgets.Button
    file : ipywidgets.Text
        Where *Save* writes the log.
    message : ipywidgets.HTML
        What happened last.
    """

    def __init__(self, base: QAnalysis, log: RotationLog, choices: dict[str, Any]) -> None:
        self._sorts, self._choices = base.sorts, choices
        self._base = Rotation(base.loading_array, base.rotation_matrix, base.phi_array)
        self._k = base.n_factors
        self._rule: FlagRule = choices["flags"]
        self._kept = log
        self._analysis: tuple[RotationLog, QAnalysis] | None = None
        self._quiet = False
        self._build(_widgets())
        self._draw()

    def __repr__(self) -> str:
        return f"RotationPanel: {self._k} factors of {self._sorts.n_sorts} sorts, {self.log!r}"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        found = self.widget._repr_mimebundle_(**kwargs)
        bundle, *metadata = found if isinstance(found, tuple) else (found,)
        # where no widget can be shown, the steps are
        bundle = {**bundle, "text/plain": repr(self), "text/html": self.log._repr_html_()}
        return (bundle, *metadata) if metadata else bundle

    # What it holds

    @property
    def log(self) -> RotationLog:
        """The steps, with the turn that is being tried as the last one."""
        turn = self._pending()
        return self._kept if turn is None else self._kept._with(turn)

    @property
    def analysis(self) -> QAnalysis:
        """The analysis with the rotation as it stands.

        Warns
        -----
        BipolarFactorWarning, UnflaggedFactorWarning
            As :func:`~dmpkit.qmethod.analysis.analyse` does.
        """
        log = self.log
        if self._analysis is None or self._analysis[0] != log:
            result = analyse(self._sorts, self._k, rotation=log, **self._choices)
            self._analysis = (log, result)
        return self._analysis[1]

    def _pending(self) -> Rotate | None:
        if not self.degrees.value:
            return None
        return Rotate(self._axes[0], self._axes[1], float(self.degrees.value))

    # What can be done, from the widgets and from code alike

    def rotate(self, first: str, second: str, degrees: float) -> None:
        """Turn the sorts clockwise in the plane of two factors, as a step that is kept.

        Parameters
        ----------
        first, second : str
        degrees : float
        """
        self._set(self.log.rotate(first, second, degrees))

    def invert(self, factor: str) -> None:
        """Reverse all signs of a factor.

        Parameters
        ----------
        factor : str
        """
        self._set(self.log.invert(factor))

    def split(self, factor: str) -> None:
        """Make two factors of a bipolar one; nothing can be turned afterwards.

        Parameters
        ----------
        factor : str
        """
        self._set(self.log.split(factor))

    def undo(self) -> None:
        """Take back the turn that is being tried, else the last step; with none left, nothing."""
        if self._pending() is None and self._kept.steps:
            self._set(self._kept.undo())
        else:
            self._set(self._kept)

    def reset(self) -> None:
        """Take back everything."""
        self._set(self._kept.undo(len(self._kept.steps)) if self._kept.steps else self._kept)

    def save(self, path: str | Path) -> Path:
        """Write the log as a JSON file, whole or not at all.

        Parameters
        ----------
        path : path

        Returns
        -------
        Path
        """
        return self.log.save(path)

    def _set(self, log: RotationLog) -> None:
        log.sides(self._k)  # a factor that there is not is refused before anything changes
        self._kept = log
        self._without_echo(lambda: setattr(self.degrees, "value", 0.0))
        self._draw()

    # The widgets

    def _build(self, widgets: Any) -> None:
        names = factor_names(self._k)
        self._axes = (names[0], names[1])
        wide = widgets.Layout(width="auto")
        narrow = widgets.Layout(width="9em")
        self.right = widgets.Dropdown(
            options=names, value=names[0], description="to the right", layout=narrow
        )
        self.up = widgets.Dropdown(
            options=names, value=names[1], description="upwards", layout=narrow
        )
        for box in (self.right, self.up):
            box.style.description_width = "initial"
        self.degrees = widgets.FloatSlider(
            min=-90, max=90, step=0.5, value=0, description="degrees", readout_format=".1f",
            layout=widgets.Layout(width="36em"),
            tooltip="positive: the sorts turn clockwise",
        )  # fmt: skip
        buttons = {
            "keep": "Keep the turn", "take_back": "Undo", "start_again": "Start again",
            "invert_right": "", "invert_up": "", "split_right": "", "split_up": "",
            "save_log": "Save",
        }  # fmt: skip
        for name, text in buttons.items():
            setattr(self, name, widgets.Button(description=text, layout=wide))
        self.file = widgets.Text(value="rotation.json", description="log", layout=narrow)
        self.file.layout.width = "16em"
        self.file.style.description_width = "initial"
        self._picture, self._table = widgets.HTML(), widgets.HTML()
        self._steps, self.message = widgets.HTML(), widgets.HTML()
        self._picture.layout.width = "min(520px, 100%)"
        self._connect()
        self.widget = self._arranged(widgets)

    keep: Any
    take_back: Any
    start_again: Any
    invert_right: Any
    invert_up: Any
    split_right: Any
    split_up: Any
    save_log: Any

    def _arranged(self, widgets: Any) -> Any:
        wrap = widgets.Layout(flex_flow="row wrap")
        top = widgets.HBox([self.right, self.up, self.degrees], layout=wrap)
        turns = widgets.HBox(
            [self.keep, self.take_back, self.start_again, self.invert_right, self.invert_up,
             self.split_right, self.split_up], layout=wrap,
        )  # fmt: skip
        shown = widgets.HBox([self._picture, self._table], layout=wrap)
        saving = widgets.HBox([self.file, self.save_log, self.message], layout=wrap)
        return widgets.VBox([top, turns, shown, self._steps, saving])

    def _connect(self) -> None:
        self.right.observe(self._choose_axes, "value")
        self.up.observe(self._choose_axes, "value")
        self.degrees.observe(lambda _: self._draw(), "value")
        actions = {
            self.keep: lambda: self._set(self.log),
            self.take_back: self.undo,
            self.start_again: self.reset,
            self.invert_right: lambda: self.invert(self.right.value),
            self.invert_up: lambda: self.invert(self.up.value),
            self.split_right: lambda: self.split(self.right.value),
            self.split_up: lambda: self.split(self.up.value),
            self.save_log: self._save_as_asked,
        }
        for button, action in actions.items():
            button.on_click(lambda _, action=action: self._try(action))

    def _choose_axes(self, change: Any) -> None:
        if self._quiet:
            return
        log = self.log  # with the turn that was tried in the plane that is left
        if self.right.value == self.up.value:  # the other one takes the place that became free
            other = self.up if change["owner"] is self.right else self.right
            self._without_echo(lambda: setattr(other, "value", change["old"]))
        self._axes = (self.right.value, self.up.value)
        self._set(log)

    def _try(self, action: Any) -> None:
        """Do what a button asks for; what goes wrong is said in the panel."""
        self.message.value = ""
        try:
            action()
        except (DataError, OSError) as error:
            self.message.value = f'<span role="alert">{escape(str(error))}</span>'

    def _save_as_asked(self) -> None:
        path = self.save(self.file.value.strip() or "rotation.json")
        steps = len(self.log.steps)
        self.message.value = (
            f'<span role="status">Saved {steps} step{"" if steps == 1 else "s"} in '
            f"{escape(str(path))}</span>"
        )

    def _without_echo(self, change: Any) -> None:
        self._quiet = True
        try:
            change()
        finally:
            self._quiet = False

    # Drawing

    def _draw(self) -> None:
        if self._quiet:
            return
        log, (x, y) = self.log, self._axes
        rotated = log.apply(self._base)
        n = self._sorts.n_statements
        profile = self._choices["profile"]
        flags = log.flag(rotated.loadings, self._k, n, self._rule, profile)
        sides = log.sides(self._k)
        axes = [column for column, (_, side) in enumerate(sides) if side >= 0]
        names = factor_names(self._k)
        columns = [axes[names.index(name)] for name in (x, y)]
        on_axis = _by_axis(flags, sides, self._k)
        self._picture.value = picture(
            rotated.loadings[:, columns],
            self._sorts.sorts,
            _kinds(on_axis, names.index(x), names.index(y)),
            (x, y),
            self._rule.threshold(n, profile),
            float(self.degrees.value),
        ) + legend((x, y), float(self.degrees.value))
        result = log.names(self._k)
        drawn = [name for name, (j, _) in zip(result, sides, strict=True) if names[j] in (x, y)]
        self._table.value = loadings_html(self._sorts.sorts, result, rotated.loadings, flags, drawn)
        self._steps.value = steps_html(log, pending=self._pending() is not None)
        self._label_buttons(log)

    def _label_buttons(self, log: RotationLog) -> None:
        x, y = self._axes
        split = {step.factor for step in log.steps if isinstance(step, Split)}
        self.invert_right.description, self.invert_up.description = f"Invert {x}", f"Invert {y}"
        self.split_right.description, self.split_up.description = f"Split {x}", f"Split {y}"
        for box in (self.degrees, self.invert_right, self.invert_up):
            box.disabled = bool(split)
        self.split_right.disabled, self.split_up.disabled = x in split, y in split
        self.keep.disabled = self._pending() is None
        self.take_back.disabled = self.start_again.disabled = not log.steps


def _by_axis(flags: Bools, sides: tuple[tuple[int, int], ...], n_axes: int) -> Bools:
    """Flags of both halves of a split factor on its one axis."""
    found = np.zeros((len(flags), n_axes), dtype=bool)
    for column, (j, _) in enumerate(sides):
        found[:, j] |= flags[:, column]
    return found


def _kinds(flags: Bools, x: int, y: int) -> list[str]:
    return [
        "both" if row[x] and row[y] else "x" if row[x] else "y" if row[y]
        else "other" if any(row) else "none"
        for row in flags.tolist()
    ]  # fmt: skip


def rotate_by_hand(
    sorts: QSorts | QAnalysis | Any,
    n_factors: int | None = None,
    *,
    base: str = "varimax",
    log: RotationLog | None = None,
    extraction: str = "pca",
    correlation: str = "pearson",
    flags: FlagRule | None = None,
    profile: str = "qmethod",
    engine: str = "dmpkit",
    composite_reliability: float = 0.80,
) -> RotationPanel:
    """A panel in which factors are rotated by hand, for JupyterLab.

    Two factors in a picture, a slider in degrees, the sorts labelled, loadings and
    flags following. It writes a :class:`~dmpkit.qmethod.judgemental.RotationLog`
    (`.log`), gives the analysis as it stands (`.analysis`) and can be driven from
    code (`.rotate`, `.invert`, `.split`, `.undo`, `.reset`, `.save`).

    Parameters
    ----------
    sorts : QSorts, DataFrame or QAnalysis
        An analysis brings its own choices; only `flags` and `log` may be given with it.
    n_factors : int, optional
        Number of factors, two at least; left out with an analysis.
    base : str
        The rotation to start from; see :class:`~dmpkit.qmethod.judgemental.RotationLog`.
    log : RotationLog, optional
        Steps already taken; brings its own base.
    extraction, correlation, profile, engine, composite_reliability
        As in :func:`~dmpkit.qmethod.analysis.analyse`.
    flags : FlagRule, optional
        Default ``FlagRule()``, or the rule of the analysis. Flags given by hand cannot
        follow a rotation.

    Returns
    -------
    RotationPanel

    Raises
    ------
    MissingDependency
        When ipywidgets is not installed.
    DataError
        When there are fewer than two factors, the base is oblique, or the flags of
        the analysis were given by hand.

    Examples
    --------
    >>> import dmpkit.qmethod as qm
    >>> sorts = qm.QSorts([[2, 2, 0, -1], [1, 0, 2, 1], [1, 1, -1, 0], [0, 1, 0, 0], [0, -1, 1, 2],
    ...                    [-1, 0, 0, -1], [0, 0, -2, -2], [-1, -1, 1, 1], [-2, -2, -1, 0]])
    >>> panel = rotate_by_hand(sorts, 2)  # doctest: +SKIP
    >>> panel.degrees.value = 12.5  # doctest: +SKIP
    >>> panel.log  # doctest: +SKIP
    RotationLog('varimax', [Rotate('f1', 'f2', 12.5)])
    """
    if isinstance(sorts, QAnalysis):
        if n_factors is not None:
            raise DataError("an analysis brings its own number of factors.", remedy="Leave it out.")
        analysis, data = sorts, sorts.sorts
        k = analysis.unrotated_array.shape[1]
        log = log or analysis.rotation_log or RotationLog(analysis.rotation)
        rule = flags or analysis.flag_rule
        choices: dict[str, Any] = {
            name: getattr(analysis, name)
            for name in ("extraction", "correlation", "profile", "engine", "composite_reliability")
        }
    else:
        data = sorts if isinstance(sorts, QSorts) else QSorts.from_frame(sorts)
        if n_factors is None:
            raise DataError("how many factors?", remedy="Give n_factors.")
        k, log, rule = n_factors, log or RotationLog(base), flags or AUTOMATIC
        choices = {
            "extraction": extraction, "correlation": correlation, "profile": profile,
            "engine": engine, "composite_reliability": composite_reliability,
        }  # fmt: skip
    if rule is None:
        raise DataError(
            "flags given by hand cannot follow a rotation.", remedy="Give flags=FlagRule()."
        )
    choices["flags"] = rule
    start = _start(data, k, log, choices)
    if start.n_factors < 2:
        raise DataError(
            "a rotation takes two factors; there is only one.",
            remedy='Invert or split it in code: RotationLog("none").split("f1").',
        )
    log.apply(start.loading_array)  # warns where its steps were made on other loadings
    return RotationPanel(start, log.started_on(start.loading_array), choices)


def _start(data: QSorts, k: int, log: RotationLog, choices: dict[str, Any]) -> QAnalysis:
    """The analysis with the base rotation, before any step."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)  # what is odd may be why one rotates
        return analyse(data, k, rotation=log.base, **choices)


def _widgets() -> Any:
    try:
        return importlib.import_module("ipywidgets")
    except ImportError as error:
        raise MissingDependency("ipywidgets", "lab", "The panel is made of its widgets.") from error
