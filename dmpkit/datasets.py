"""Reference data with provenance: finds data packages and opens them.

A data package is a folder with a ``datapackage.json`` (Data Package, version
2): title, sources, licences, and for each table its fields with types and the
SHA-256 of its file. It is found in a checkout and in an installed wheel alike.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dmpkit.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "DataPackage",
    "data_path",
    "info",
    "load",
    "names",
    "notebooks_path",
    "refresh_hashes",
    "resource_root",
    "sha256",
    "studies_path",
]

_TRUE, _FALSE = {"true", "1", "yes"}, {"false", "0", "no"}


@cache
def resource_root() -> Path:
    """The folder that holds ``data/``, ``studies/`` and ``notebooks/``.

    In a checkout this is its top folder; in an installed wheel the copy that
    was shipped inside the package.

    Examples
    --------
    >>> (resource_root() / "data").is_dir()
    True
    """
    package = Path(__file__).resolve().parent
    shipped = package / "_shipped"
    return shipped if shipped.is_dir() else package.parent


def data_path(*parts: str) -> Path:
    """A path below ``data/``."""
    return resource_root().joinpath("data", *parts)


def studies_path(*parts: str) -> Path:
    """A path below ``studies/``."""
    return resource_root().joinpath("studies", *parts)


def notebooks_path(*parts: str) -> Path:
    """A path below ``notebooks/``."""
    return resource_root().joinpath("notebooks", *parts)


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal, read in pieces."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


@dataclass(frozen=True)
class DataPackage:
    """A folder of tables with their description.

    Parameters
    ----------
    path : Path
        The folder.
    descriptor : mapping
        What ``datapackage.json`` says.

    Examples
    --------
    >>> package = info("criteria")
    >>> len(package.read("criteria"))
    52
    """

    path: Path
    descriptor: Mapping[str, Any] = field(repr=False)

    @classmethod
    def open(cls, folder: str | Path) -> DataPackage:
        """Open a folder that holds a ``datapackage.json``.

        Raises
        ------
        DataError
            If the description is absent, is not JSON, or lacks what every data
            set needs: name, title, sources, licences, resources.
        """
        path = Path(folder)
        file = path / "datapackage.json"
        try:
            descriptor = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise DataError(
                f"There is no data package in the folder {path.name!r}.",
                remedy="A data package has a datapackage.json beside its tables.",
            ) from None
        except OSError as error:
            raise DataError(f"The file cannot be read ({error.strerror}).", file=file) from None
        except (ValueError, RecursionError) as error:
            row = getattr(error, "lineno", None)
            raise DataError(
                "This is not valid JSON in UTF-8.", file=file, row=row, remedy=_RESTORE
            ) from None
        if problem := _wrong_description(descriptor):
            raise DataError(problem, file=file, remedy=_RESTORE)
        return cls(path, descriptor)

    @property
    def name(self) -> str:
        """The short name."""
        return str(self.descriptor["name"])

    @property
    def title(self) -> str:
        """One line that says what the data are."""
        return str(self.descriptor["title"])

    @property
    def description(self) -> str:
        """How the data were made and what they may be used for."""
        return str(self.descriptor.get("description", ""))

    @property
    def licences(self) -> tuple[str, ...]:
        """The licences' names."""
        return tuple(
            str(one.get("name") or one.get("title")) for one in self.descriptor["licenses"]
        )

    @property
    def sources(self) -> tuple[str, ...]:
        """Where the data come from, one citation each."""
        return tuple(str(one["title"]) for one in self.descriptor["sources"])

    @property
    def resources(self) -> tuple[str, ...]:
        """The tables' names, in order."""
        return tuple(str(one["name"]) for one in self.descriptor["resources"])

    def resource(self, name: str | None = None) -> Mapping[str, Any]:
        """What the description says of one table (the first when not named)."""
        tables: list[Mapping[str, Any]] = self.descriptor["resources"]
        if name is None:
            return tables[0]
        for one in tables:
            if one["name"] == name:
                return one
        raise DataError(
            f"The data package {self.name!r} has no table {name!r}.",
            remedy=f"It has {', '.join(map(repr, self.resources))}.",
        )

    def file(self, name: str | None = None) -> Path:
        """The path of one table, its hash checked.

        Raises
        ------
        DataError
            If the file is absent or is not the one that was described.
        """
        resource = self.resource(name)
        path = self.path / str(resource["path"])
        if not path.is_file():
            raise DataError(
                "The file of this table is missing.",
                file=path,
                remedy="Restore it: datapackage.json names it.",
            )
        wanted = str(resource.get("hash", "")).removeprefix("sha256:")
        if wanted and sha256(path) != wanted:
            raise DataError(
                "The file is not the one that the data package describes (SHA-256 differs).",
                file=path,
                remedy="Restore it, or after a wanted change run "
                "dmpkit.datasets.refresh_hashes on the folder.",
            )
        return path

    def read(self, name: str | None = None) -> pd.DataFrame:
        """One table, its columns typed as described, its hash checked.

        Parameters
        ----------
        name : str, optional
            The table's name; the first table when not given.

        Raises
        ------
        DataError
            If file, columns or cells are not as described.
        """
        import pandas as pd

        from dmpkit.tables import read_delimited

        path = self.file(name)
        fields = self.resource(name)["schema"]["fields"]
        frame, _ = read_delimited(path, delimiter=",", decimal=".", encoding="utf-8")
        wanted = [one["name"] for one in fields]
        if list(frame.columns) != wanted:
            raise DataError(
                f"The columns are {', '.join(frame.columns)}; "
                f"the description says {', '.join(wanted)}.",
                file=path,
                row=1,
                remedy=_RESTORE,
            )
        missing = self.resource(name)["schema"].get("missingValues", [""])
        typed = {one["name"]: _typed(frame[one["name"]], one, missing, path) for one in fields}
        return pd.DataFrame(typed)

    def _repr_html_(self) -> str:
        from dmpkit.reporting import summary_table

        return summary_table(
            [
                ("data package", self.title),
                ("tables", ", ".join(self.resources)),
                ("licence", ", ".join(self.licences)),
                *(("source", source) for source in self.sources),
                ("description", self.description),
            ]
        )


_RESTORE = "Restore the file, or write it as the Data Package standard says."


def _wrong_description(said: object) -> str | None:
    """What a ``datapackage.json`` lacks, or what is of the wrong kind; None where it is sound."""
    if not isinstance(said, dict):
        return "The description is not a JSON object."
    for key in ("name", "title", "licenses", "sources", "resources"):
        if not said.get(key):
            return f"The description lacks {key!r}."
    for key in ("licenses", "sources", "resources"):
        if not _objects(said[key]):
            return f"{key!r} is not a list of objects."
    if not all(one.get("title") for one in said["sources"]):
        return "A source in 'sources' lacks its title."
    found = (_wrong_table(one) for one in said["resources"])
    return next((problem for problem in found if problem), None)


def _wrong_table(resource: Mapping[str, Any]) -> str | None:
    """The same for one table."""
    name, path = resource.get("name"), resource.get("path")
    if not (isinstance(name, str) and name and isinstance(path, str) and path):
        return "A table in 'resources' lacks its name or path."
    parts = path.replace("\\", "/").split("/")
    if ".." in parts or ":" in parts[0] or not parts[0] or "\0" in path:
        return f"The table {name!r} lies outside the folder of the data package ({path!r})."
    schema = resource.get("schema")
    schema = schema if isinstance(schema, dict) else {}
    fields = schema.get("fields")
    if not fields:
        return f"The table {name!r} has no schema."
    if not _objects(fields) or not all(isinstance(one.get("name"), str) for one in fields):
        return f"A column in the schema of the table {name!r} lacks its name."
    if len({one["name"] for one in fields}) < len(fields):
        return f"Two columns in the schema of the table {name!r} have the same name."
    if not all(isinstance(one.get("constraints", {}), dict) for one in fields):
        return f"The constraints of a column of the table {name!r} are not an object."
    missing = schema.get("missingValues", [])
    if not (isinstance(missing, list) and all(isinstance(word, str) for word in missing)):
        return f"'missingValues' of the table {name!r} is not a list of texts."
    return None


def _objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _typed(
    column: pd.Series[str], described: Mapping[str, Any], missing: list[str], path: Path
) -> pd.Series[Any]:
    """One column as the schema says; a cell that does not fit is named."""
    import pandas as pd

    from dmpkit.tables import to_numbers

    kind = described.get("type", "string")
    empty = column.isin(missing)
    required = described.get("constraints", {}).get("required", False)
    if required and empty.any():
        row = int(empty.to_numpy().argmax()) + 2
        raise DataError("A required cell is empty.", file=path, row=row, column=str(column.name))
    if kind in ("number", "integer"):
        text = column.where(~empty, "").to_frame()
        numbers = to_numbers(text, file=path)[column.name]
        if kind == "integer":
            whole = empty | (numbers % 1 == 0)
            _require_all(whole, column, path, "is not a whole number")
        return numbers if kind == "number" or empty.any() else numbers.astype("int64")
    if kind == "boolean":
        low = column.str.lower()
        values = low.map(lambda v: True if v in _TRUE else False if v in _FALSE else None)
        _require_all(values.notna() | empty, column, path, "is neither true nor false")
        return values.astype("boolean") if empty.any() else values.astype(bool)
    if kind == "date":
        dates = pd.to_datetime(column.where(~empty, None), format="%Y-%m-%d", errors="coerce")
        _require_all(dates.notna() | empty, column, path, "is not a date written YYYY-MM-DD")
        return dates
    return column.where(~empty, None)


def _require_all(fits: pd.Series[bool], column: pd.Series[str], path: Path, complaint: str) -> None:
    """Name the first cell that does not fit its described type."""
    if not fits.all():
        row = int((~fits).to_numpy().argmax())
        raise DataError(
            f"{column.iloc[row]!r} {complaint}.", file=path, row=row + 2, column=str(column.name)
        )


def info(name: str) -> DataPackage:
    """The data package ``data/<name>``.

    Examples
    --------
    >>> info("criteria").resources[0]
    'criteria'
    """
    folder = data_path(*name.split("/"))
    if ".." in name or not (folder / "datapackage.json").is_file():
        raise DataError(
            f"There is no data set {name!r}.",
            remedy=f"There are {', '.join(map(repr, names()))}.",
        )
    return DataPackage.open(folder)


def names() -> list[str]:
    """The names of all data packages below ``data/``.

    Examples
    --------
    >>> "criteria" in names()
    True
    """
    root = data_path()
    return sorted(p.parent.relative_to(root).as_posix() for p in root.rglob("datapackage.json"))


def load(name: str, resource: str | None = None) -> pd.DataFrame:
    """One table of the data package ``data/<name>``, typed, its hash checked.

    Parameters
    ----------
    name : str
        For example ``"criteria"`` or ``"viewpoints/governance-2024"``.
    resource : str, optional
        The table; the first one when not given.

    Examples
    --------
    >>> list(load("viewpoints/governance-2024", "viewpoints")["code"])
    ['RB', 'PA', 'SC', 'AU', 'CC']
    """
    return info(name).read(resource)


def refresh_hashes(folder: str | Path) -> None:
    """Write the present size and SHA-256 of every table into ``datapackage.json``.

    For authors, after a wanted change of a table.
    """
    from dmpkit.tables import atomic_write

    path = Path(folder) / "datapackage.json"
    descriptor = json.loads(path.read_text(encoding="utf-8"))
    for resource in descriptor["resources"]:
        file = path.parent / resource["path"]
        resource["bytes"] = file.stat().st_size
        resource["hash"] = f"sha256:{sha256(file)}"
    with atomic_write(path) as target:
        target.write_text(
            json.dumps(descriptor, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )
