"""What is promised and the latest counts, as the table at the top of `docs/explain/reliability.md`.

python benchmarks/trust/page.py            writes it
python benchmarks/trust/page.py --check    ends with 1 if it is not what the results say
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "trust"
PAGE = ROOT / "docs" / "explain" / "reliability.md"
BEGIN, END = "<!-- reliability -->\n", "<!-- end of reliability -->"


def read(name: str) -> dict[str, Any]:
    """One result file; empty if it was not made."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def _kills(found: dict[str, Any]) -> str:
    return f"{found['kills']} kills of {found['fits_killed']} fits; {found['fits_equal']} ended in the same bytes"


def in_tests(_: dict[str, Any]) -> str:
    """Of promises that every run of the tests holds to."""
    return "in `make test`"


PROMISES: list[tuple[str, str, str, Callable[[dict[str, Any]], str]]] = [
    (
        "Estimators keep scikit-learn's contract, but for listed exceptions",
        "`parametrize_with_checks`: tests/models/test_scikit_learn.py, tests/encoders/test_scikit_learn.py",
        "",
        in_tests,
    ),
    (
        "Same seed, same bytes, across processes, threads and batch sizes; parts of a sample make up the whole",
        "tests/models/test_repeatable.py, tests/common/synthesizer_checks.py",
        "",
        in_tests,
    ),
    (
        "A fit killed at any moment is taken up to the same bytes",
        "`make kill`; tests/models/test_resume.py, tests/training/test_run.py",
        "kill",
        _kills,
    ),
]


def table() -> str:
    """The promises, one line each."""
    lines = ["| Promised | Tested by | Latest count |", "|---|---|---|"]
    for promise, tests, name, count in PROMISES:
        found = read(name) if name else {}
        counted = count(found) if found or not name else "not run"
        lines.append(f"| {promise} | {tests} | {counted} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the table, or compare."""
    text = PAGE.read_text()
    before, rest = text.split(BEGIN)
    old, after = rest.split(END)
    if "--check" in sys.argv:
        raise SystemExit(0 if old == table() else f"{PAGE.name}: run python benchmarks/trust/page.py")
    PAGE.write_text(before + BEGIN + table() + END + after)


if __name__ == "__main__":
    main()
