"""Factor analysis through the package factor_analyzer, with the care it needs.

The package (GPL-2, extra ``efa``) is imported only when it is asked for. Left to
itself it would give other numbers than Q programs do, so this module

- takes exact singular values and keeps k columns before it rotates (by default
  they are approximate, and the exact ones rotate all columns);
- gives principal components data whose Pearson correlations are the wanted ones
  (it refuses a correlation matrix): ranks for Spearman, signs of the differences
  of all ordered pairs of statements for Kendall;
- orders and reflects the columns by the rule of R's ``psych::principal``;
- computes factor correlations and communalities from the loadings (its
  communalities are wrong after an oblique rotation);
- says so in a named error or warning when its algorithm fails.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from dmpkit.errors import ConvergenceWarning, DataError, MissingDependency, warn
from dmpkit.qmethod.arrays import Floats, average_ranks, column_signs
from dmpkit.qmethod.correlation import correlate, pair_signs
from dmpkit.qmethod.extraction import check_n_factors
from dmpkit.qmethod.rotation import Rotation, factor_correlations, order_and_reflect, rotate_none

__all__ = [
    "EXTRACTIONS",
    "ROTATIONS",
    "communalities",
    "factor_analysis",
    "sampling_adequacy",
]

EXTRACTIONS = {"pca": "principal", "ml": "ml", "minres": "minres"}
ROTATIONS = (
    "none",
    "varimax",
    "quartimax",
    "equamax",
    "geomin_ort",
    "oblimin",
    "quartimin",
    "geomin_obl",
    "promax",
)
SMALLEST_UNIQUENESS = 0.005  # factor_analyzer lets no uniqueness fall below it
_SINGULAR = 1e-10


def factor_analysis(
    values: Floats,
    n_factors: int,
    *,
    extraction: str = "pca",
    rotation: str = "varimax",
    correlation: str = "pearson",
) -> tuple[Floats, Rotation]:
    """Extract and rotate factors of the sorts with factor_analyzer.

    Parameters
    ----------
    values : ndarray, shape (n, p)
        The sorts.
    n_factors : int
    extraction : {"pca", "ml", "minres"}
        Principal components, maximum likelihood, minimum residuals.
    rotation : str
        ``none``, ``varimax``, ``quartimax``, ``equamax``, ``geomin_ort`` (orthogonal);
        ``oblimin``, ``quartimin``, ``geomin_obl``, ``promax`` (oblique). Its promax
        normalises the rows before it makes the target and so differs from R's.
    correlation : {"pearson", "spearman", "kendall"}

    Returns
    -------
    unrotated : ndarray, shape (p, k)
    rotation : Rotation
        In the order and with the signs of
        :func:`~dmpkit.qmethod.rotation.order_and_reflect`.

    Raises
    ------
    DataError
        When a name is unknown, the correlation matrix is singular (ml and minres
        need its inverse) or the algorithm fails.
    MissingDependency
        When factor_analyzer is absent or does not work with scikit-learn here.

    Warns
    -----
    ConvergenceWarning
        When ml or minres does not converge.

    Examples
    --------
    >>> sorts = np.array([[-2, -1], [-1, -2], [0, 0], [1, 2], [2, 1.0]])
    >>> unrotated, rotated = factor_analysis(sorts, 1)
    >>> unrotated.round(3).ravel()
    array([0.949, 0.949])
    """
    _check_name("extraction", extraction, tuple(EXTRACTIONS))
    _check_name("rotation", rotation, ROTATIONS)
    k = check_n_factors(n_factors, values.shape[1])
    correlations = correlate(values, correlation)
    if extraction == "pca":
        table = data_with_correlations(values, correlation)
        loadings = _fit(table, k, extraction, svd_method="lapack")[:, :k]
    else:
        _refuse_singular(correlations, values.shape[0], extraction)
        loadings = _fit(correlations, k, extraction, is_corr_matrix=True)
    if loadings.shape != (values.shape[1], k) or not np.isfinite(loadings).all():
        raise DataError(
            f"extraction {extraction!r} gives no {k} factors from these sorts.",
            remedy="Ask for fewer factors.",
        )
    unrotated = np.asarray(loadings * column_signs(loadings), dtype=np.float64)
    return unrotated, order_and_reflect(_rotate(unrotated, rotation))


def sampling_adequacy(values: Floats, correlation: str = "pearson") -> Mapping[str, Any]:
    """Kaiser-Meyer-Olkin measure and Bartlett's test, from factor_analyzer.

    In a Q study the sorts are the variables and the statements the cases; the
    statements are not a random sample, so Bartlett's p-value is a convention
    rather than a test.

    Parameters
    ----------
    values : ndarray, shape (n, p)
        The sorts.
    correlation : {"pearson", "spearman", "kendall"}
        Bartlett's test is given for Pearson correlations only (else NaN).

    Returns
    -------
    mapping
        ``kmo``, ``kmo_sorts`` (p values), ``bartlett_chi2``, ``bartlett_df``,
        ``bartlett_p_value``, and ``note``, which says why a value is NaN.

    Raises
    ------
    MissingDependency
        When factor_analyzer is absent.

    Examples
    --------
    >>> sorts = np.array([[-2, -1], [-1, -2], [0, 0], [1, 2], [2, 1.0]])
    >>> sampling_adequacy(sorts)["kmo"]
    0.5
    """
    package = _package()
    p = values.shape[1]
    found: dict[str, Any] = {
        "kmo": np.nan,
        "kmo_sorts": np.full(p, np.nan),
        "bartlett_chi2": np.nan,
        "bartlett_df": p * (p - 1) / 2,
        "bartlett_p_value": np.nan,
        "note": "",
    }
    if _smallest_eigenvalue(correlate(values, correlation)) <= _SINGULAR * p:
        found["note"] = (
            "KMO and Bartlett's test need the inverse of the correlation matrix, which is singular."
        )
        return found
    table = data_with_correlations(values, correlation)
    with _quiet():
        each, total = package.calculate_kmo(table)
        found |= {"kmo": float(total), "kmo_sorts": np.asarray(each, dtype=np.float64)}
        if correlation == "pearson":
            chi2, p_value = package.calculate_bartlett_sphericity(table)
            found |= {"bartlett_chi2": float(chi2), "bartlett_p_value": float(p_value)}
        else:
            found["note"] = "Bartlett's test is for Pearson correlations."
    return found


def data_with_correlations(values: Floats, correlation: str) -> Floats:
    """Data whose Pearson correlations are the wanted correlations of the sorts.

    Parameters
    ----------
    values : ndarray, shape (n, p)
    correlation : {"pearson", "spearman", "kendall"}

    Returns
    -------
    ndarray, shape (n, p), or (n (n - 1), p) for Kendall

    Examples
    --------
    >>> data_with_correlations(np.array([[3.0, 5.0], [1.0, 9.0]]), "spearman")
    array([[2., 1.],
           [1., 2.]])
    """
    if correlation == "spearman":
        return average_ranks(values)
    if correlation == "kendall":
        signs = pair_signs(values)
        return np.vstack([signs, -signs])
    return values


def communalities(loadings: Floats, phi: Floats) -> Floats:
    r"""Share of each sort that the factors explain: the diagonal of :math:`L \Phi L'`.

    Parameters
    ----------
    loadings : ndarray, shape (p, k)
        Pattern loadings after an oblique rotation.
    phi : ndarray, shape (k, k)

    Returns
    -------
    ndarray, shape (p,)

    Examples
    --------
    >>> communalities(np.array([[0.6, 0.5]]), np.array([[1.0, 0.3], [0.3, 1.0]]))
    array([0.79])
    """
    return np.asarray(((loadings @ phi) * loadings).sum(axis=1), dtype=np.float64)


def _fit(table: Floats, n_factors: int, extraction: str, **options: Any) -> Floats:
    """Unrotated loadings as factor_analyzer gives them."""
    model = _package().FactorAnalyzer(
        n_factors=n_factors, rotation=None, method=EXTRACTIONS[extraction], **options
    )
    with _quiet() as caught:
        try:
            model.fit(table)
        except TypeError as error:
            raise MissingDependency(
                "factor_analyzer",
                "efa",
                f"It does not work with the installed scikit-learn ({error}); "
                "it needs scikit-learn older than 1.8.",
            ) from error
        except (ValueError, np.linalg.LinAlgError) as error:
            raise DataError(
                f"extraction {extraction!r} fails on these sorts ({error}).",
                remedy="Use extraction='pca' or 'centroid'.",
            ) from error
    if any("converge" in str(message.message) for message in caught):
        warn(
            f"extraction {extraction!r} did not converge; its loadings are approximate. "
            "Compare with extraction='pca'.",
            ConvergenceWarning,
            stacklevel=4,
        )
    return np.asarray(model.loadings_, dtype=np.float64)


def _rotate(unrotated: Floats, method: str) -> Rotation:
    p, k = unrotated.shape
    if method == "none" or k < 2:
        return rotate_none(unrotated)
    rotator_class = importlib.import_module("factor_analyzer.rotator").Rotator
    options = {"kappa": k / (2 * p)} if method == "equamax" else {}
    with _quiet():
        rotated = rotator_class(method=method, **options).fit_transform(unrotated.copy())
    loadings = np.asarray(rotated, dtype=np.float64)
    matrix = np.asarray(np.linalg.lstsq(unrotated, loadings, rcond=None)[0], dtype=np.float64)
    return Rotation(loadings, matrix, factor_correlations(matrix))


def _package() -> Any:
    try:
        with _quiet():
            return importlib.import_module("factor_analyzer")
    except ImportError as error:
        raise MissingDependency(
            "factor_analyzer", "efa", "engine='factor_analyzer' extracts and rotates with it."
        ) from error


@contextmanager
def _quiet() -> Iterator[list[warnings.WarningMessage]]:
    """Keep its warnings about its own dependencies from the reader."""
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        yield caught


def _check_name(what: str, name: str, offered: tuple[str, ...]) -> None:
    if name not in offered:
        raise DataError(
            f"{what} {name!r} is not offered with engine='factor_analyzer'.",
            remedy=f"Choose one of: {', '.join(offered)}.",
        )


def _smallest_eigenvalue(correlations: Floats) -> float:
    return float(np.linalg.eigvalsh(correlations)[0])


def _refuse_singular(correlations: Floats, n_statements: int, extraction: str) -> None:
    p = correlations.shape[0]
    if _smallest_eigenvalue(correlations) > _SINGULAR * p:
        return
    why = (
        f"there are {p} sorts but only {n_statements} statements"
        if p >= n_statements
        else "some sorts are identical, exact opposites or sums of others"
    )
    raise DataError(
        f"extraction {extraction!r} needs the inverse of the correlation matrix, "
        f"which is singular: {why}.",
        remedy="Use extraction='pca' or 'centroid', or leave out the sorts that repeat others.",
    )
