"""Licences of everything that is installed; an audit that never mistakes silence for health."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "dependencies"))
import audit  # noqa: E402
import licences  # noqa: E402
from licences import Package  # noqa: E402


@pytest.fixture(scope="module")
def found() -> list[Package]:
    return licences.installed()[0]


def test_every_installed_package_is_allowed_and_listed(found: list[Package]) -> None:
    assert len(found) > 60
    assert list(licences.problems(found, licences.listed())) == []


def test_the_gpl_stands_in_one_extra_alone(found: list[Package]) -> None:
    table = licences.listed()
    gpl = [package.name for package in table.values() if "GPL" in package.licence]
    assert gpl == ["factor-analyzer"]
    assert table["factor-analyzer"].needed_by == "efa"
    assert "factor-analyzer" not in licences.closure(licences.requirements()["default"])[0]


def test_what_is_not_allowed_or_not_listed_is_found() -> None:
    table = licences.listed()
    gpl = Package("new-one", "GPL-3.0", "default", "metadata")
    assert len(list(licences.problems([gpl], table))) == 2
    moved = Package("factor-analyzer", "GPL-2.0", "default", "LICENSE")
    assert any("not allowed" in problem for problem in licences.problems([moved], table))
    changed = Package("numpy", "MIT", "default", "metadata")
    assert any("listed is" in problem for problem in licences.problems([changed], table))
    for licence in ("AGPL-3.0", "unknown", "", "MIT AND GPL-3.0", "LGPL-2.1"):
        assert not licences.is_allowed(Package("a", licence, "default", ""))
    for licence in ("MIT", "Apache-2.0 OR GPL-3.0", "MPL-2.0 AND MIT"):
        assert licences.is_allowed(Package("a", licence, "default", ""))


def test_the_page_names_each_package() -> None:
    sys.path.insert(0, str(ROOT / "docs"))
    from pages import licences as page

    made = page.page()
    assert all(f"| {name} |" in made for name in licences.listed())


JINJA = {"name": "jinja2", "version": "2.10", "vulns": [{"id": "X", "fix_versions": ["2.10.1"]}]}
GOOD = {"name": "good", "version": "1.0", "vulns": []}
SKIPPED = {"name": "odd", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("answers", "code", "word"),
    [
        ({"jinja2": [JINJA], "all": [GOOD]}, 0, "looked up in: osv"),
        ({"jinja2": [JINJA], "all": [GOOD, JINJA]}, 1, "mended in 2.10.1"),
        ({"jinja2": [JINJA], "all": [GOOD, SKIPPED]}, 3, "1 not looked up"),
        ({"jinja2": [JINJA], "all": []}, 3, "0 packages"),
        ({"jinja2": [SKIPPED], "all": [GOOD]}, 3, "no clean result"),
        ({"jinja2": [{**JINJA, "vulns": []}], "all": [GOOD]}, 3, "knows nothing of jinja2"),
        ({}, 3, "NOTHING WAS AUDITED"),
    ],
)
def test_an_audit_is_clean_only_where_a_database_answered(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    answers: dict[str, list[dict[str, Any]]],
    code: int,
    word: str,
) -> None:
    def look_up(requirements: list[str], service: str) -> list[dict[str, Any]]:
        which = "jinja2" if requirements == [audit.CANARY] else "all"
        if which not in answers:
            raise audit.NoDatabase("no network")
        return answers[which]

    monkeypatch.setattr(audit, "look_up", look_up)
    monkeypatch.setattr(audit, "PLACE", tmp_path)
    assert audit.main() == code
    assert word in capsys.readouterr().out
