"""Known vulnerabilities of what is installed: ``make audit``.

pip-audit (Apache-2.0) looks every installed package up in a public database of
vulnerabilities. It runs in an environment of its own under ``build/``. A mirror of a
package index that knows no vulnerabilities looks just like a clean bill of health, so
a release with well-known holes is looked up first: where it is not found to be
vulnerable, the database is not there, and nothing is said about the rest.

Ends with 0 when every package was looked up and none is known to be vulnerable, with
1 when one is, and with 3 when no database could be reached or a package is unknown to
it: then nothing is known.
"""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / "build" / "audit"
#: Databases, in the order in which they are tried.
SERVICES = ("osv", "pypi")
#: Published with holes that every database lists.
CANARY = "jinja2==2.10"
CLEAN, VULNERABLE, NOT_KNOWN = 0, 1, 3


class NoDatabase(Exception):
    """Nothing could be looked up, and why."""


def program() -> Path:
    """pip-audit, in an environment of its own."""
    folder = PLACE / "env"
    bin_folder = folder / ("Scripts" if sys.platform == "win32" else "bin")
    found = bin_folder / ("pip-audit.exe" if sys.platform == "win32" else "pip-audit")
    if not found.is_file():
        print("Installing pip-audit ...", flush=True)
        venv.create(folder, with_pip=True)
        install = [str(bin_folder / "python"), "-m", "pip", "install", "--quiet", "pip-audit>=2.7"]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NoDatabase(f"pip-audit cannot be installed: {last_line(done.stderr)}")
    return found


def last_line(text: str) -> str:
    """The last line that says something."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "no word")


def look_up(requirements: list[str], service: str) -> list[dict[str, Any]]:
    """What a database says of exact versions."""
    listed = PLACE / "requirements.txt"
    listed.write_text("\n".join(requirements) + "\n", encoding="utf-8")
    command = [str(program()), "--requirement", str(listed), "--no-deps", "--disable-pip"]
    command += ["--vulnerability-service", service, "--format", "json", "--timeout", "30"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        raise NoDatabase(last_line(done.stderr)[-300:]) from None
    return found


def reached() -> str:
    """The first database that knows of a well-known hole."""
    reasons = []
    for service in SERVICES:
        try:
            (canary,) = look_up([CANARY], service)
        except NoDatabase as reason:
            reasons.append(f"{service}: {reason}")
            continue
        if canary.get("vulns"):
            return service
        reasons.append(f"{service}: it answers, but knows nothing of {CANARY}: {canary}")
    raise NoDatabase("\n".join(reasons))


def installed() -> list[str]:
    """Exact versions of all packages beside this one's own."""
    found = {d.metadata["Name"].lower(): d.version for d in metadata.distributions()}
    return [f"{name}=={version}" for name, version in sorted(found.items()) if name != "dmpkit"]


def judge(found: list[dict[str, Any]]) -> int:
    """Print what was found, and give the code to end with."""
    holes = [package for package in found if package.get("vulns")]
    unknown = [package for package in found if "skip_reason" in package]
    for package in holes:
        for hole in package["vulns"]:
            fixed = ", ".join(hole.get("fix_versions", [])) or "no release yet"
            print(f"{package['name']} {package['version']}: {hole['id']}, mended in {fixed}")
    for package in unknown:
        print(f"{package['name']}: not looked up ({package['skip_reason']})")
    print(
        f"{len(found)} packages: {len(holes)} with known vulnerabilities, "
        f"{len(unknown)} not looked up."
    )
    return VULNERABLE if holes else NOT_KNOWN if unknown or not found else CLEAN


def main() -> int:
    """Look everything up, where there is a database."""
    PLACE.mkdir(parents=True, exist_ok=True)
    try:
        service = reached()
        found = look_up(installed(), service)
    except NoDatabase as reason:
        print(f"No database of vulnerabilities was reached.\n{reason}")
        print(f"NOTHING WAS AUDITED: this is no clean result (code {NOT_KNOWN}).")
        return NOT_KNOWN
    print(f"looked up in: {service}")
    return judge(found)


if __name__ == "__main__":
    sys.exit(main())
