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


def _models(found: dict[str, Any]) -> str:
    if "models" not in found:
        return "not run"
    return _cases(found["models"]) + f" {found['models']['signed anew']:,} of them had been signed anew"


def _inputs(found: dict[str, Any]) -> str:
    return _cases(found["inputs"]) if "inputs" in found else "not run"


def _cases(own: dict[str, Any]) -> str:
    return (
        f"{own['cases']:,} cases: {own['refused']:,} refused by name, {own['right']:,} read rightly, {own['fault']:,} faults; "
        f"the slowest took {own['slowest_seconds']:.1f} s."
    )


def _properties(found: dict[str, Any]) -> str:
    own = found.get("properties")
    if not own:
        return "not run"
    n = sum(sum(counts.values()) for counts in own["examples"].values())
    if not own["passed"]:
        return f"{n:,} examples, **not all held**"
    return f"{n:,} examples, all held" if n >= own["asked"] > 0 else f"**{n:,} of {own['asked']:,} examples**"


def _secrets(found: dict[str, Any]) -> str:
    own = found.get("secrets")
    if not own:
        return "in `make test`, in 20,000 rows of each; in 100,000: not run"
    held = own["passed"] and own["tests"] > 0
    return f"{own['tests']} tests of {own['samples']:,} rows of each, " + (
        "all held" if held else "**not all held**"
    )


def _memory(found: dict[str, Any]) -> str:
    """How far estimates were from what happened: of SynthGAN, whose fits are long."""
    own = {(r["what"], r["table"]): r for r in found["runs"] if r["model"] == "SynthGAN"}
    both = [
        (own["estimate", table], own["fit", table])
        for what, table in own
        if what == "fit" and ("estimate", table) in own
    ]
    memory = [said["peak_gib"] / was["peak_gib"] for said, was in both]
    times = [said["cpu_seconds"] / was["cpu_seconds"] for said, was in both]
    far = sum(not 0.7 <= t <= 1.3 for t in times)
    return (
        f"{len(both)} tables: memory {min(memory):.2f} to {max(memory):.2f} times what happened; time {min(times):.2f} to "
        f"{max(times):.2f} times, beyond 30% on {far}, where fits were short and selection took fewer rounds than usual"
    )


def _largest(found: dict[str, Any]) -> str:
    tall = [r for r in found["runs"] if r["what"] == "fit" and r["model"] == "SynthGAN"]
    return "; ".join(
        f"{r['rows']:,} x {r['columns']:,}: {r['peak_gib_with_sample']:.1f} GiB (sampled {r['sampled_rows']:,})"
        for r in tall
    )


def _round_trip(found: dict[str, Any]) -> str:
    aucs = [
        own["auc_of_encoded_and_decoded_rows"] - own["auc_of_rows_as_they_are"]
        for own in found["tables"].values()
    ]
    return f"{len(aucs)} tables: trees tell encoded and decoded rows from real ones by an AUC of {max(aucs):.3f} more at most"


def in_tests(_: dict[str, Any]) -> str:
    """Of promises that every run of the tests holds to."""
    return "in `make test`"


PROMISES: list[tuple[str, str, str, Callable[[dict[str, Any]], str]]] = [
    (
        "Estimators keep scikit-learn's contract",
        "scikit-learn's `parametrize_with_checks`: tests/models/test_scikit_learn.py, tests/encoders/test_scikit_learn.py",
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
        "`make kill`; tests/models/test_resume.py, tests/training/test_run.py, tests/cli/test_resume.py",
        "kill",
        _kills,
    ),
    (
        "Ctrl-C keeps the best weights; losses that are not finite go back at most three times",
        "the same tests",
        "",
        in_tests,
    ),
    (
        "A damaged, forged or newer model file gives a rightly named error or right rows: no crash, no hang, no flood of memory",
        "`make fuzz`; tests/test_archive.py, tests/models/test_content.py, tests/benchmarks/test_fuzz.py",
        "fuzz",
        _models,
    ),
    ("So do damaged tables, schemas and configurations", "`make fuzz`; tests/table", "fuzz", _inputs),
    (
        "Model files of older versions load and give the same rows",
        "tests/test_golden.py: a file of each class of each version",
        "",
        in_tests,
    ),
    (
        "No raw extreme, no level or combination of fewer than five rows is in a model file, or sampled",
        "planted secrets, searched for in files and samples: `make fuzz`; tests/models/test_secrets.py; tests/models/test_stored.py",
        "fuzz",
        _secrets,
    ),
    ("That costs little fidelity", "`python -m benchmarks.trust.round_trip`", "round-trip", _round_trip),
    (
        "Memory is estimated within 30%; time is estimated",
        "`make bench-trust`; tests/models/test_estimate.py",
        "memory",
        _memory,
    ),
    (
        "Tall, wide and many-levelled tables stay within 8 GiB, a sample included",
        "`make bench-trust`",
        "memory",
        _largest,
    ),
    (
        "Any table that fits a schema goes round: fitted, sampled, saved, loaded, sampled again equal",
        "`make fuzz`; tests/models/test_any_table.py (100 examples in `make test`)",
        "fuzz",
        _properties,
    ),
    (
        "Numbers from 5e-324 to 1e300, 64-bit whole numbers, dates from 1678 to 2261",
        "tests/models/test_extremes.py, tests/encoders",
        "",
        in_tests,
    ),
    (
        "Two fits in threads disturb neither one another nor the caller",
        "tests/models/test_parallel_fits.py",
        "",
        in_tests,
    ),
    (
        "No network, no unpickling, hostile names escaped, zip bombs refused",
        "tests/test_security.py, tests/reports/test_hostile_names.py, tests/table/test_limits.py; `make audit`",
        "",
        in_tests,
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
