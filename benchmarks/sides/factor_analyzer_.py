"""The tasks as factor_analyzer does them."""

from __future__ import annotations

from typing import Any

import numpy as np
from factor_analyzer import FactorAnalyzer, Rotator


def varimax(data: dict[str, np.ndarray]) -> Any:
    """Unrotated loadings by its exact decomposition, of which three are rotated.

    Asked to rotate by itself it would turn all columns where the decomposition is exact,
    and takes a random one where it is not.
    """

    def work() -> Any:
        fitted = FactorAnalyzer(3, rotation=None, method="principal", svd_method="lapack")
        loadings = fitted.fit(data["sorts"]).loadings_[:, :3]
        return Rotator(method="varimax").fit_transform(loadings)

    def answer(loadings: Any) -> Any:
        size = (loadings**2).sum(axis=0)
        loadings = loadings[:, np.argsort(-size, kind="stable")]
        return loadings * np.where(loadings.sum(axis=0) < 0, -1, 1)

    return work, answer
