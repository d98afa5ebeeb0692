"""`python -m tests.fuzz`: see `campaign`."""

import os

# before anything is imported that starts threads of its own
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS", "ARROW_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ.setdefault("MPLBACKEND", "Agg")

from .campaign import main  # noqa: E402

raise SystemExit(main())
