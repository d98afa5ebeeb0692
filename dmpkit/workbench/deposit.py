"""A study as a package for a repository: an RO-Crate with data, run and verdicts.

RO-Crate (Research Object Crate) is a folder with a file ``ro-crate-metadata.json``
that says in schema.org's words what each file is, under which licence, and how it was
made. Data that others hold are not packed: the crate names their address and SHA-256.
"""

from __future__ import annotations

import csv
import datetime
import json
import os
import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from dmpkit.archives import check_listing
from dmpkit.errors import DataError, DataNotDownloaded, DmpkitError, MissingDependency
from dmpkit.formulas import safe_cell
from dmpkit.workbench import reproduce as running
from dmpkit.workbench.figures import DIFFERS
from dmpkit.workbench.manifest import MANIFEST, PUBLISHED, DataFile
from dmpkit.workbench.running import read_notebook
from dmpkit.workbench.study import Study, find_studies
from dmpkit.writing import atomic_write, force_folder, keep_names, sweep, unfinished_folder

if TYPE_CHECKING:
    from rocrate.rocrate import ROCrate

__all__ = ["Deposit", "check_deposit", "deposit"]

METADATA = "ro-crate-metadata.json"
CHECKSUMS = "manifest-sha256.txt"
#: Bytes of a crate's description, and of all its files unpacked, that are read.
MAX_METADATA, MAX_UNPACKED = 50_000_000, 20_000_000_000
#: What goes along though no key of ``study.toml`` names it: recipes, remarks, licences.
KEPT = ("*.py", "*.md", "LICENSE*", "LICENCE*", "datapackage.json")
LICENCES = {
    "mit": "https://spdx.org/licenses/MIT",
    "cc0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "cc by 4.0": "https://creativecommons.org/licenses/by/4.0/",
    "cc-by-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "gpl-3.0": "https://spdx.org/licenses/GPL-3.0-only",
}
MEDIA = {
    ".csv": "text/csv",
    ".ipynb": "application/x-ipynb+json",
    ".json": "application/json",
    ".md": "text/markdown",
    ".py": "text/x-python",
    ".toml": "application/toml",
    ".txt": "text/plain",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True)
class Deposit:
    """What :func:`deposit` made.

    Parameters
    ----------
    path : Path
        The folder or the zip file.
    status : str
        The outcome of the run, as ``dmpkit reproduce`` says it.
    packed : tuple of str
        The files in it.
    referenced : tuple of str
        Data of others, of which it holds address and SHA-256 only.
    left_out : tuple of str
        Files of the study's folder that nothing names, so they stayed where they are.
    """

    path: Path
    status: str
    packed: tuple[str, ...]
    referenced: tuple[str, ...]
    left_out: tuple[str, ...]


def deposit(
    study: str | os.PathLike[str],
    to: str | os.PathLike[str],
    *,
    authors: Sequence[str] = (),
    out: Path = Path("build"),
    deadline: float = 600.0,
) -> Deposit:
    """Write a study as an RO-Crate: one folder or zip file, ready for a repository.

    It holds the study's files, the notebook, the notebook as it ran with its
    outputs, the verdict on every figure, the versions of Python and packages, and
    a SHA-256 for each file. The last run in `out` is taken when neither notebook
    nor files have changed since; else the notebook is run now. Data that have to
    be downloaded are named with address, SHA-256 and licence, and never packed;
    the outputs of the notebook are, so look at what they show of such data.

    Only files that ``study.toml`` names go along, with recipes (``.py``), remarks
    (``.md``), licences and ``datapackage.json``; nothing below ``private/`` or
    ``raw/`` ever does.

    Parameters
    ----------
    study : str or path
        A slug, or the path of a study's folder.
    to : path
        What to write: a folder, or a zip file when it ends in ``.zip``. It must
        not exist yet (an empty folder may). It is there whole or not at all.
    authors : sequence of str
        Who deposits it: ``Name`` or ``Name <https://orcid.org/...>``.
    out : path
        Folder of ``dmpkit reproduce``.
    deadline : float
        Seconds that the notebook may take when it is run.

    Returns
    -------
    Deposit

    Raises
    ------
    DataError
        When the study's files are wrong, or something stands at `to` already.
    DataNotDownloaded
        When data have to be downloaded before the notebook can run.
    DmpkitError
        When the notebook fails. A figure that differs is no failure: the crate
        says so.
    MissingDependency
        When the package rocrate is absent.
    """
    if find_spec("rocrate") is None:
        raise MissingDependency("rocrate", "deposit", "It writes RO-Crates.")
    opened = Study.open(study)
    target = Path(to)
    sweep(target.parent)
    _require_free(target)
    result = _run_of(opened, out, deadline)
    target.parent.mkdir(parents=True, exist_ok=True)
    with unfinished_folder(target) as made:
        packed = _lay_out(opened, result, made / "files")
        _describe(opened, result, packed, list(authors), made)
        _put(made / "crate", target)
    away = tuple(item.file for item in opened.data if item.download)
    return Deposit(target, result.status, tuple(sorted(packed)), away, tuple(_unnamed(opened)))


def check_deposit(path: str | os.PathLike[str]) -> list[str]:
    """What is wrong with a crate, folder or zip: files missing, changed, or not described.

    Parameters
    ----------
    path : path
        What :func:`deposit` wrote.

    Returns
    -------
    list of str
        A sentence each; empty when every file is the one that is described.

    Raises
    ------
    DataError
        When it is no RO-Crate.
    """
    files, described_in = _contents(Path(path))
    try:
        graph = json.loads(described_in)["@graph"]
        described = {unquote(e["@id"]): e for e in graph if "File" in _types(e)}
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        raise DataError(
            f"This is no RO-Crate: it has no {METADATA} that can be read.",
            file=Path(path),
            remedy="Give what dmpkit deposit wrote.",
        ) from None
    problems = []
    for name, entity in described.items():
        if "://" in name:
            continue
        if name not in files:
            problems.append(f"{name} is described and missing.")
        elif files[name] != entity.get("sha256"):
            problems.append(f"{name} is not the file that is described (SHA-256 differs).")
    extra = sorted(set(files) - set(described) - {METADATA})
    return problems + [f"{name} is not described." for name in extra]


# --- the run -----------------------------------------------------------------------------


def _run_of(study: Study, out: Path, deadline: float) -> running.StudyResult:
    """The last run when it still holds; else a new one."""
    if missing := study.missing_data():
        from dmpkit.workbench.downloads import not_downloaded

        raise DataNotDownloaded(f"{', '.join(missing)}: {not_downloaded(study.slug)}")
    last = running.last_results(out).get(study.slug, {})
    if _holds(study, out, last):
        others = [slug for slug in find_studies() if slug != study.slug]
        (result,) = running.earlier_results(out, others)
        if result.verdicts or not study.figures:
            return result
    (result,) = running.reproduce([str(study.folder)], jobs=1, deadline=deadline, out=out)
    if result.status in {running.FAILED, running.INVALID}:
        said = "\n".join(result.problems)
        raise DmpkitError(f"The notebook of {study.slug} did not run through:\n{said}")
    return result


def _holds(study: Study, out: Path, last: Mapping[str, Any]) -> bool:
    """True when the run is newer than all that it rests on, and of the same notebook."""
    executed = out / "executed" / f"{study.slug}.ipynb"
    if last.get("status") not in {running.REPRODUCED, DIFFERS} or not executed.is_file():
        return False
    if study.slug not in find_studies() or Study.open(study.slug).folder != study.folder:
        return False
    if last.get("versions") != running.package_versions():
        return False
    run = datetime.datetime.fromisoformat(str(last["run"])).timestamp()
    rests_on = [study.folder / MANIFEST, study.folder / PUBLISHED]
    rests_on += [study.path(item.name) for item in study.data]
    started = run - float(last.get("seconds", 0))
    if any(path.stat().st_mtime > started - 1 for path in rests_on):
        return False
    sources = [
        [cell.source for cell in read_notebook(path).cells]
        for path in (executed, study.notebook_path())
    ]
    return sources[0] == sources[1]


# --- the files ---------------------------------------------------------------------------


def _require_free(target: Path) -> None:
    if target.suffix.lower() != ".zip" and target.is_dir() and not any(target.iterdir()):
        return
    if target.exists() or target.is_symlink():
        raise DataError(
            f"{target} is there already; it was left as it is.", remedy="Choose another name."
        )


def _lay_out(
    study: Study, result: running.StudyResult, folder: Path
) -> dict[str, tuple[Path, str]]:
    """Copy and write all files below a folder: name in the crate -> path and description."""
    import nbformat

    packed: dict[str, tuple[Path, str]] = {}
    for name, (source, about) in _sources(study).items():
        packed[name] = _copy(source, folder / name), about
    made = {
        f"executed/{study.notebook}": ("The notebook as it ran, with its outputs", ""),
        "verdicts.csv": ("The verdict on every figure, a row each", _verdicts_csv(result)),
        "verdicts.json": ("The same, with the run", _verdicts_json(study, result)),
        "versions.json": ("Versions of Python and of packages in the run", _versions(result)),
        "README.md": ("What this is, and how to run it again", _readme(study, result)),
    }
    for name, (about, text) in made.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if name.startswith("executed/"):
            text = nbformat.writes(result.notebook) + "\n"  # type: ignore[no-untyped-call, unused-ignore]
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
        packed[name] = folder / name, about
    (folder / CHECKSUMS).write_text(_checksums(packed), encoding="utf-8", newline="\n")
    packed[CHECKSUMS] = folder / CHECKSUMS, "SHA-256 of the other files"
    return packed


def _sources(study: Study) -> dict[str, tuple[Path, str]]:
    """What is copied: name in the crate -> where it lies, what it is."""
    base = f"studies/{study.slug}"
    found = {
        f"{base}/{MANIFEST}": (study.folder / MANIFEST, "What the study says about itself"),
        f"{base}/{PUBLISHED}": (study.folder / PUBLISHED, "The published figures"),
        f"notebooks/{study.notebook}": (
            study.notebook_path(),
            "The notebook, as its authors left it",
        ),
    }
    for item in study.data:
        if not item.download:
            _require_public(study, item)
            path = study.path(item.name)
            inside = path.is_relative_to(study.folder)
            name = f"{base}/{item.file}" if inside else item.file
            found[name] = (path, item.description)
            beside = path.parent / "datapackage.json"
            if beside.is_file():
                about = "Description of the tables beside it"
                found.setdefault(str(PurePosixPath(name).parent / beside.name), (beside, about))
    for pattern in KEPT:
        for path in sorted(study.folder.rglob(pattern)):
            name = path.relative_to(study.folder).as_posix()
            if path.is_file() and not _is_private(PurePosixPath(name)):
                found.setdefault(f"{base}/{name}", (path, ""))
    return found


def _unnamed(study: Study) -> Iterator[str]:
    """Files of the study's folder that do not go along."""
    taken = {path.resolve() for path, _ in _sources(study).values()}
    for path in sorted(study.folder.rglob("*")):
        name = path.relative_to(study.folder)
        hidden = any(part.startswith((".", "__")) for part in name.parts)
        if path.is_file() and not hidden and path.resolve() not in taken:
            yield name.as_posix()


def _require_public(study: Study, item: DataFile) -> None:
    if _is_private(PurePosixPath(item.file)):
        raise DataError(
            f"The data {item.name!r} are kept private by their place or name, {item.file}.",
            file=study.folder / MANIFEST,
            remedy="Deposit a study only when all its data may be given away.",
        )


def _is_private(name: PurePosixPath) -> bool:
    """Participants' raw data are kept in these places and under these names."""
    parts = [part.casefold() for part in name.parts]
    return (
        bool({"private", "raw"} & set(parts[:-1]))
        or ".private." in parts[-1]
        or any(part.startswith((".", "__")) for part in parts)
    )


def _copy(source: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return target


def _checksums(packed: Mapping[str, tuple[Path, str]]) -> str:
    from dmpkit.datasets import sha256

    return "".join(f"{sha256(path)}  {name}\n" for name, (path, _) in sorted(packed.items()))


def _verdicts_csv(result: running.StudyResult) -> str:
    import io

    rows = [
        {name: safe_cell(value) for name, value in verdict.as_dict().items()}
        for verdict in result.verdicts
    ]
    columns = list(rows[0]) if rows else ["figure", "verdict"]
    stream = io.StringIO()
    returns = any("\r" in str(value) for row in rows for value in row.values())
    quoting: Any = csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL
    writer = csv.DictWriter(stream, columns, lineterminator="\n", quoting=quoting)
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _verdicts_json(study: Study, result: running.StudyResult) -> str:
    said = {
        "study": study.slug,
        "status": result.status,
        "headline": result.headline_text,
        "run": result.run,
        "seconds": round(result.seconds, 1),
        "versions": result.versions,
        "verdicts": [verdict.as_dict() for verdict in result.verdicts],
    }
    return json.dumps(said, indent=1, ensure_ascii=False, default=str) + "\n"


def _versions(result: running.StudyResult) -> str:
    """What computed: the packages named by the run, and those that dmpkit asks for."""
    import platform

    wanted = {
        re.split(r"[^\w.-]", one, maxsplit=1)[0]
        for one in metadata.requires("dmpkit") or ()
        if "extra ==" not in one
    }
    packages = {}
    for name in sorted(wanted | set(running.PACKAGES), key=str.casefold):
        try:
            packages[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    said = {"run": result.versions, "python": platform.python_version(), "packages": packages}
    return json.dumps(said | {"system": platform.system()}, indent=1) + "\n"


def _readme(study: Study, result: running.StudyResult) -> str:
    away = [
        f"- {item.file}: {item.url} (SHA-256 {item.sha256}, {item.licence})"
        for item in study.data
        if item.download
    ]
    lines = [
        f"# {study.title}",
        study.question,
        study.summary,
        f"Source: {study.citation}",
        f"Licence of the data: {study.licence}",
        f"Outcome of the run ({result.run}): {result.status}. {result.headline_text}",
        "`verdicts.csv` has the verdict on every figure, `executed/` the notebook with its "
        "outputs, `versions.json` what it ran with, `ro-crate-metadata.json` all of it in a "
        "form that programs read.",
        "## Run it again",
        f"Install dmpkit {metadata.version('dmpkit')} with the packages of `versions.json`. In "
        f"this folder: `dmpkit fetch {study.slug}` (if it needs data of others), then "
        f"`dmpkit reproduce {study.slug}`.",
    ]
    if away:
        lines += ["## Data that others hold", "Not part of this package:", "\n".join(away)]
    return "\n\n".join(filter(None, lines)) + "\n"


# --- the description ---------------------------------------------------------------------


def _describe(
    study: Study,
    result: running.StudyResult,
    packed: Mapping[str, tuple[Path, str]],
    authors: list[str],
    made: Path,
) -> None:
    """Write the crate with its metadata to ``made/crate``."""
    from rocrate.rocrate import ROCrate

    crate = ROCrate()
    crate.name = study.title
    crate.description = " ".join(filter(None, (study.question, study.summary)))
    crate.datePublished = datetime.datetime.now(datetime.UTC).date()
    crate.license = _licence(crate, study.licence)
    crate.root_dataset["citation"] = _source(crate, study)
    crate.root_dataset["keywords"] = f"reproduction, deliberative mini-publics, {study.kind}"
    if people := [_person(crate, text) for text in authors]:
        crate.root_dataset["author"] = people
    base = f"studies/{study.slug}/"
    licences = {base + item.file: item.licence for item in study.data if item.licence}
    entities = {}
    for name, (path, about) in packed.items():
        about_it = _about(path, name, about)
        if name.startswith((base, "data/")) and not name.endswith((".py", ".md")):
            about_it["license"] = _licence(crate, licences.get(name, study.licence))
        entities[name] = crate.add_file(str(path), name, properties=about_it)
    away = [_elsewhere(crate, item) for item in study.data if item.download]
    _describe_run(crate, study, result, entities, away)
    crate.write(str(made / "crate"))


def _about(path: Path, name: str, about: str) -> dict[str, Any]:
    from dmpkit.datasets import sha256

    media = MEDIA.get(PurePosixPath(name).suffix.lower())
    return {
        "name": PurePosixPath(name).name,
        "sha256": sha256(path),
        "contentSize": str(path.stat().st_size),
        **({"description": about} if about else {}),
        **({"encodingFormat": media} if media else {}),
    }


def _elsewhere(crate: ROCrate, item: DataFile) -> Any:
    """A file that others hold: address, hash and licence, and not the file."""
    said: dict[str, Any] = {"name": item.file, "sha256": item.sha256}
    if item.description:
        said["description"] = item.description
    if item.bytes is not None:
        said["contentSize"] = str(item.bytes)
    said["license"] = _licence(crate, item.licence)
    return crate.add_file(item.url, fetch_remote=False, validate_url=False, properties=said)


def _entity(crate: ROCrate, identifier: str, kind: str, **about: Any) -> Any:
    return crate.add_jsonld({"@id": identifier, "@type": kind, **about})


def _licence(crate: ROCrate, text: str) -> Any:
    known = LICENCES.get(text.strip().casefold())
    name = known or "#licence-" + (re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-") or "none")
    return crate.get(name) or _entity(crate, name, "CreativeWork", name=text)


def _source(crate: ROCrate, study: Study) -> Any:
    name = f"https://doi.org/{study.doi}" if study.doi else "#source"
    about = {"author": study.authors} if study.authors else {}
    if study.year:
        about["datePublished"] = str(study.year)
    return _entity(crate, name, "ScholarlyArticle", name=study.citation, **about)


def _person(crate: ROCrate, text: str) -> Any:
    found = re.fullmatch(r"\s*([^<>]+?)\s*(?:<(https://orcid\.org/[\dX-]+)>)?\s*", text)
    if not found:
        raise DataError(
            f"{text!r} is not an author.", remedy="Write Name or Name <https://orcid.org/...>."
        )
    name = found[2] or "#" + re.sub(r"\W+", "-", found[1]).strip("-")
    return _entity(crate, name, "Person", name=found[1])


def _describe_run(
    crate: ROCrate,
    study: Study,
    result: running.StudyResult,
    entities: Mapping[str, Any],
    away: Sequence[Any],
) -> None:
    """The run as an action: with what, from what, what came out; and every verdict."""
    programs = []
    for one in result.versions.split(", "):
        name, _, version = one.partition(" ")
        programs.append(
            _entity(crate, f"#{name}", "SoftwareApplication", name=name, version=version)
        )
    base = f"studies/{study.slug}/"
    figures = [
        _entity(
            crate,
            f"#figure-{verdict.figure}",
            "PropertyValue",
            name=verdict.figure,
            value=verdict.here,
            description=f"{verdict.published} -> {verdict.here}: {verdict.verdict}",
            valueReference=verdict.verdict,
        )
        for verdict in result.verdicts
    ]
    made = [entities[n] for n in (f"executed/{study.notebook}", "verdicts.csv", "verdicts.json")]
    action = _entity(
        crate,
        "#run",
        "CreateAction",
        name=f"Run of {study.notebook}: {result.status}",
        description=result.headline_text or result.status,
        endTime=result.run,
    )
    action["instrument"] = [entities[f"notebooks/{study.notebook}"], *programs]
    action["object"] = [e for name, e in entities.items() if name.startswith((base, "data/"))]
    action["object"] = [*action["object"], *away]
    action["result"] = made
    crate.root_dataset["mentions"] = action
    if figures:
        crate.root_dataset["variableMeasured"] = figures


# --- writing and reading -----------------------------------------------------------------


def _put(crate: Path, target: Path) -> None:
    """Move the finished crate to its place in one step."""
    if target.suffix.lower() != ".zip":
        if os.name == "nt" and target.is_dir():
            target.rmdir()  # empty, as was made sure of; elsewhere the next step does it
        force_folder(crate)
        crate.rename(target)
        keep_names(target.parent)
        return
    with (
        atomic_write(target) as archive,
        zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as stream,
    ):
        for path in sorted(crate.rglob("*")):
            if path.is_file():
                stream.write(path, path.relative_to(crate).as_posix())


def _contents(path: Path) -> tuple[dict[str, str], bytes]:
    """SHA-256 of every file of a crate, and its metadata; nothing is unpacked to disk."""
    from dmpkit.datasets import sha256

    if path.is_dir():
        found = {p.relative_to(path).as_posix(): p for p in path.rglob("*") if p.is_file()}
        described = b""
        if METADATA in found:
            with found[METADATA].open("rb") as stream:
                described = stream.read(MAX_METADATA)
        return {name: sha256(file) for name, file in found.items()}, described
    try:
        check_listing(path)
        with zipfile.ZipFile(path) as archive:
            return _contents_of_zip(archive, path)
    except DataError:
        raise
    except Exception:  # zipfile raises many kinds on damaged archives
        raise DataError(
            "This is neither a folder nor a zip file, or it is damaged.",
            file=path,
            remedy="Give what dmpkit deposit wrote; a download may be cut off.",
        ) from None


def _contents_of_zip(archive: zipfile.ZipFile, path: Path) -> tuple[dict[str, str], bytes]:
    import hashlib

    members = [member for member in archive.infolist() if not member.is_dir()]
    size = sum(member.file_size for member in members)
    if size > MAX_UNPACKED:
        raise DataError(
            f"The crate would take {size / 1e9:.0f} GB unpacked; "
            f"{MAX_UNPACKED / 1e9:.0f} GB is the limit.",
            file=path,
        )
    files, described = {}, b""
    for member in members:
        digest = hashlib.sha256()
        with archive.open(member) as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
                if member.filename == METADATA and len(described) < MAX_METADATA:
                    described += block
        files[member.filename] = digest.hexdigest()
    return files, described


def _types(entity: Mapping[str, Any]) -> list[str]:
    kind = entity.get("@type", [])
    return [kind] if isinstance(kind, str) else list(kind)
