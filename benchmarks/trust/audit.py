"""Known vulnerabilities of the installed libraries, by pip-audit, and code that could run what it reads.

    python benchmarks/trust/audit.py

Ends with 0 only if both were checked and nothing was found; with 1 if something was; with 2 if the list of vulnerabilities could
not be asked for: then nothing is known, and that is what is said.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CLEAN, FOUND, UNKNOWN = 0, 1, 2
OWN = "synthgen"
"""The package itself, which is installed from a folder."""
COMMAND = (
    sys.executable,
    "-m",
    "pip_audit",
    "--format",
    "json",
    "--progress-spinner",
    "off",
    "--skip-editable",
)


def vulnerabilities(command: Sequence[str] = COMMAND) -> tuple[int, list[str]]:
    """Ask for what is known of the installed libraries.

    Parameters
    ----------
    command : sequence of str
        Prints pip-audit's JSON.

    Returns
    -------
    code : int
        `CLEAN`, `FOUND` or `UNKNOWN`.
    lines : list of str
        What to say.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        libraries = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        reason = (done.stderr.strip().splitlines() or ["no answer"])[-1][:300]
        return UNKNOWN, [f"Vulnerabilities could not be checked: {reason}"]
    left_out = [d["name"] for d in libraries if "skip_reason" in d and d["name"] != OWN]
    checked = [d for d in libraries if "vulns" in d]
    lines = [
        f"{d['name']} {d['version']}: {v['id']}, mended in {', '.join(v.get('fix_versions', [])) or 'no version'}"
        for d in checked
        for v in d["vulns"]
    ]
    if lines:
        return FOUND, lines
    if left_out or not checked:
        names = ", ".join(left_out) or "all of them"
        return UNKNOWN, [f"Vulnerabilities could not be checked for: {names}."]
    return CLEAN, [f"No known vulnerabilities in {len(checked)} libraries."]


def own_code() -> tuple[int, list[str]]:
    """What in the package could run what it reads, or reach the network: the check that `make test` makes too."""
    place = ROOT / "tests" / "test_security.py"
    spec = importlib.util.spec_from_file_location("test_security", place)
    if spec is None or spec.loader is None:
        return UNKNOWN, [f"The package's code could not be checked: {place} is missing."]
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    paths = sorted(module.ROOT.rglob("*.py"))
    found = {k: v for k, v in module.all_faults(paths).items() if v != module.ALLOWED.get(k)}
    lines = [f"{path}: {name}" for path, names in found.items() for name in names]
    if lines:
        return FOUND, lines
    return CLEAN, [
        f"No code in {len(paths)} modules that unpickles, evaluates or opens a connection, but to a Ray whose address is given."
    ]


def main() -> int:
    codes = []
    for check in (own_code, vulnerabilities):
        code, lines = check()
        codes.append(code)
        print("\n".join(lines))
    return FOUND if FOUND in codes else max(codes)


if __name__ == "__main__":
    raise SystemExit(main())
