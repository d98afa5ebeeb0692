"""Time of the reason index, beside what R's deliberr takes for the same work.

Run ``python benchmarks/reason.py`` (``--quick`` leaves out 500 people). CPU time of
this process, linear algebra on one thread, best of some repetitions. R's figure is our
own run of deliberr 0.1.0 under R 4.2.2 on a shared machine with two cores: 1,000 random
re-pairings of one stage of 26 people took 94 s of CPU time; a tilde marks what is reckoned
from it. Every line says what it was aimed at.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable

from threadpoolctl import threadpool_limits

from dmpkit import evaluation as ev


def cpu_seconds(work: Callable[[], object], repetitions: int) -> float:
    """Least CPU time of one call."""
    taken = []
    for _ in range(repetitions):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def line(what: str, seconds: float, aim: str, r: str) -> None:
    print(f"{what:<62} {1000 * seconds:>10,.1f} ms   aim {aim:<10} R {r}")


def from_answers(survey: ev.ReasonSurvey) -> ev.ReasonIndex:
    """The index from the bare answers, nothing kept from an earlier call."""
    return ev.reason_index(
        ev.ReasonSurvey(survey.considerations, survey.preferences, survey.people)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out 500 people")
    quick = parser.parse_args().quick
    before, after = ev.synthetic_stages(26, n_considerations=42)
    n = 10_000

    def re_pair(survey: ev.ReasonSurvey, adjusted: bool) -> Callable[[], object]:
        return lambda: ev.reason_index(
            survey, adjusted=adjusted, n_permutations=n, seed=1, progress=False
        )

    with threadpool_limits(1):
        seconds = cpu_seconds(lambda: from_answers(after), 20)
        line("index and exact chance level, 26 people", seconds, "2 ms", "-")
        for adjusted in (False, True):
            form = "adjusted" if adjusted else "original"
            seconds = cpu_seconds(re_pair(after, adjusted), 3)
            line(f"10,000 re-pairings, 26 people, {form}", seconds, "600 ms", "~940,000 ms")
        seconds = cpu_seconds(lambda: ev.compare_reason_index(before, after), 5)
        line("change with all 2^26 swaps counted, 26 people", seconds, "-", "not offered")
        if quick:
            return
        large = ev.synthetic_stages(500)[0]
        seconds = cpu_seconds(re_pair(large, True), 1)
        line("10,000 re-pairings, 500 people, adjusted", seconds, "60,000 ms", "not tried")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if sys.platform == "darwin":
        peak /= 1024
    print(f"{'memory at most':<62} {peak:>10,.0f} MiB  aim 2,048 MiB")


if __name__ == "__main__":
    main()
