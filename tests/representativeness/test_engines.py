"""Tables from microdata: the same on every engine, in one pass, with only the counts fetched."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dmpkit.errors import DataError
from dmpkit.representativeness import counting
from dmpkit.representativeness.data import Population

ROOT = Path(__file__).parents[2]
VARIABLES = ["gender", "age", "district"]
ROWS = 20_000


def register(n=ROWS, seed=3):
    """Records with a missing label, words that look missing, numbers, and an unused column."""
    rng = np.random.default_rng(seed)
    return pa.table(
        {
            "id": pa.array([f"person {i}" for i in range(n)]),
            "gender": pa.array(rng.choice(np.array(["woman", "man", None], object), n).tolist()),
            "age": pa.array(rng.choice(["16-29", "30-44", "NA", "nan"], n).tolist()),
            "district": pa.array(rng.integers(1, 12, n)),
            "whole": pa.array(rng.integers(0, 5, n)),
            "broken": pa.array(rng.gamma(2.0, size=n)),
        }
    )


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("register") / "register.parquet"
    pq.write_table(register(), path, row_group_size=3000)
    return path


@pytest.fixture(scope="module")
def spark():
    """A real Spark in local mode, where it is installed."""
    sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed")
    session = (
        sql.SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )
    yield session
    session.stop()


def _duckdb(path):
    return pytest.importorskip("duckdb").read_parquet(str(path))


def _dask(path):
    return pytest.importorskip("dask.dataframe").read_parquet(path, split_row_groups=2)


ENGINES = {
    "pandas": lambda path: pd.read_parquet(path),
    "pandas with arrow": lambda path: pd.read_parquet(path, dtype_backend="pyarrow"),
    "pyarrow": pq.read_table,
    "polars": pl.read_parquet,
    "polars lazy": pl.scan_parquet,
    "duckdb": _duckdb,
    "dask": _dask,
}


def reference(path, weight):
    """Cells and margins by plain Python."""
    cells: dict[tuple[str, ...], list[float]] = {}
    margins: dict[str, dict[str, list[float]]] = {name: {} for name in VARIABLES}
    for row in pq.read_table(path).to_pylist():
        amount = 1 if weight is None else row[weight]
        labels = tuple(None if row[name] is None else str(row[name]) for name in VARIABLES)
        if None not in labels:
            cells.setdefault(labels, []).append(amount)
        for name, label in zip(VARIABLES, labels, strict=True):
            if label is not None:
                margins[name].setdefault(label, []).append(amount)
    return (
        {labels: sum(amounts) for labels, amounts in cells.items()},
        {name: {k: sum(v) for k, v in found.items()} for name, found in margins.items()},
    )


def assert_counted(population, path, weight):
    cells, margins = reference(path, weight)
    near = 1e-12 if weight == "broken" else 0  # engines add broken numbers in other orders
    for name in VARIABLES:
        assert population.counts(name).to_dict() == pytest.approx(margins[name], rel=near, abs=0)
    joint = population.joint.set_index(VARIABLES)["count"]
    assert joint.to_dict() == pytest.approx(cells, rel=near, abs=0)


@pytest.mark.parametrize("weight", [None, "whole", "broken"])
@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_counts_what_is_there(engine, weight, path):
    people = ENGINES[engine](path)
    population = Population.from_microdata(people, VARIABLES, weight=weight)
    assert_counted(population, path, weight)
    assert population.categories("district") == tuple(str(k) for k in range(1, 12))
    assert any("missing of" in note for note in population.notes)


@pytest.mark.parametrize("weight", [None, "whole", "broken"])
def test_spark_counts_what_is_there(spark, weight, path):
    people = spark.read.parquet(str(path))
    assert_counted(Population.from_microdata(people, VARIABLES, weight=weight), path, weight)


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_refuses_the_same(engine, path):
    people = ENGINES[engine](path)
    with pytest.raises(DataError, match="different values") as raised:
        Population.from_microdata(people, ["id", "age"])
    assert raised.value.column == "id"
    with pytest.raises(DataError, match="not numbers"):
        Population.from_microdata(people, ["age"], weight="gender")


@pytest.mark.parametrize("engine", ["polars lazy", "duckdb", "dask"])
def test_too_many_cells_are_never_fetched(engine, path, monkeypatch):
    """With margins only, no query brings more rows than the limit and one."""
    monkeypatch.setattr(counting, "MAX_CELLS", 30)
    fetched = []
    collected = counting._collected

    def watched(frame):
        found = collected(frame)
        fetched.append(len(found))
        return found

    monkeypatch.setattr(counting, "_collected", watched)
    population = Population.from_microdata(ENGINES[engine](path), VARIABLES)
    assert population.joint is None
    assert max(fetched) == 31
    _, margins = reference(path, None)
    assert {name: population.counts(name).to_dict() for name in VARIABLES} == margins


# --- one pass


def test_polars_reads_each_row_once_and_only_the_columns_that_count(path, monkeypatch):
    plans = []
    collected = counting._collected

    def watched(frame):
        plans.append(nw.to_native(frame).explain(engine="streaming"))
        return collected(frame)

    monkeypatch.setattr(counting, "_collected", watched)
    Population.from_microdata(pl.scan_parquet(path), VARIABLES, weight="whole")
    first, whole = plans  # the first rows alone, then everything
    assert f"SLICE: Positive {{ offset: 0, len: {counting.FIRST_ROWS} }}" in first
    assert whole.count("Parquet SCAN") == 1
    assert "PROJECT 4/6 COLUMNS" in whole
    assert "SLICE" not in whole.split("Parquet SCAN")[1]


def test_a_source_that_can_be_read_only_once_is_enough_for_duckdb():
    duckdb = pytest.importorskip("duckdb")
    table = register()
    read = []

    def batches():
        for batch in table.to_batches(max_chunksize=1500):
            read.append(batch.num_rows)
            yield batch

    reader = pa.RecordBatchReader.from_batches(table.schema, batches())
    population = Population.from_microdata(duckdb.from_arrow(reader), VARIABLES)
    assert sum(read) == ROWS
    assert population.size == ROWS


def test_dask_loads_each_partition_once():
    dd = pytest.importorskip("dask.dataframe")
    frame = register().to_pandas()
    loaded = []

    def part(start):
        loaded.append(start)
        return frame.iloc[start : start + 4000]

    people = dd.from_map(part, range(0, ROWS, 4000), meta=frame.iloc[:0])
    import dask

    with dask.config.set(scheduler="synchronous"):
        population = Population.from_microdata(people, VARIABLES, weight="whole")
    assert sorted(loaded) == list(range(0, ROWS, 4000))
    assert population.size == frame["whole"].sum()


def test_spark_reads_the_table_once(spark, path, monkeypatch):
    plans = []
    collected = counting._collected

    def watched(frame):
        native = nw.to_native(frame)
        plans.append(native._jdf.queryExecution().executedPlan().toString())
        return collected(frame)

    monkeypatch.setattr(counting, "_collected", watched)
    Population.from_microdata(spark.read.parquet(str(path)), VARIABLES, weight="whole")
    assert len(plans) == 1
    assert plans[0].count("FileScan parquet") == 1
    assert "id#" not in plans[0]


# --- memory

#: Megabytes by which a process that counts ten million rows may grow.
LITTLE = 250

MEASURED = """
    import json, re, sys
    from pathlib import Path
    import polars as pl
    from dmpkit.representativeness.data import Population

    def peak():
        status = Path("/proc/self/status").read_text()
        return int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) / 1024

    engine, path = sys.argv[1:]
    if engine == "duckdb":
        import duckdb
        duckdb.sql("SET memory_limit = '300MB'")
        people = duckdb.read_parquet(path)
    elif engine == "dask":
        import dask, dask.dataframe as dd
        dask.config.set(scheduler="synchronous")
        people = dd.read_parquet(path, split_row_groups=1)
    else:
        people = pl.scan_parquet(path)
    Population.from_microdata(pl.scan_parquet(path).head(1000), ["gender"])  # libraries loaded
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts from here
    before = peak()
    if engine == "polars eager":
        people = people.collect()
    found = Population.from_microdata(people, ["gender", "age", "district"], weight="weight")
    print(json.dumps({"megabytes": peak() - before, "size": found.size,
                      "cells": len(found.joint), "counts": found.counts("age").to_dict()}))
"""


def counted_apart(engine, path):
    """What a process of its own counts, and by how many megabytes it grew at most."""
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("the peak of memory can be read on Linux only")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(MEASURED), engine, str(path)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout.splitlines()[-1])
    print(engine, f"{found['megabytes']:.0f} megabytes")
    return found


@pytest.fixture(scope="module")
def ten_million(tmp_path_factory):
    """Ten million rows in a Parquet file."""
    path = tmp_path_factory.mktemp("large") / "register.parquet"
    rng = np.random.default_rng(1)
    ages = np.zeros(4)
    writer = None
    for _ in range(50):
        n = 200_000
        age, weight = rng.integers(0, 4, n), rng.integers(1, 4, n)
        ages += np.bincount(age, weights=weight, minlength=4)
        table = pa.table(
            {
                "gender": pa.array(np.array(["woman", "man"])[rng.integers(0, 2, n)]),
                "age": pa.array(np.array(["a", "b", "c", "d"])[age]),
                "district": pa.array(rng.integers(0, 400, n)),
                "weight": pa.array(weight),
                "noise": pa.array(rng.random(n)),
            }
        )
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    writer.close()
    return path, dict(zip("abcd", ages, strict=True))


@pytest.mark.long
@pytest.mark.parametrize("engine", ["polars lazy", "duckdb", "dask"])
def test_ten_million_rows_are_counted_in_little_memory(engine, ten_million):
    path, ages = ten_million
    if engine != "polars lazy":
        pytest.importorskip(engine)
    found = counted_apart(engine, path)
    assert found["counts"] == ages
    assert found["size"] == sum(ages.values())
    assert found["cells"] == 2 * 4 * 400
    assert found["megabytes"] < LITTLE


@pytest.mark.long
def test_the_same_rows_in_memory_are_many_times_as_large(ten_million):
    assert counted_apart("polars eager", ten_million[0])["megabytes"] > 1.5 * LITTLE
