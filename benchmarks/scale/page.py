"""What was measured of scale, and the cost model, as tables of `docs/explain/scale.md`.

python benchmarks/scale/page.py            writes them
python benchmarks/scale/page.py --check    ends with 1 if they are not what the results say
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "scale"
PAGE = ROOT / "docs" / "explain" / "scale.md"
PARTS = ("measured", "checks", "long table", "biobank")


def read(name: str) -> Any:
    """One result file; empty if it was not made."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def _good(name: str) -> list[dict[str, Any]]:
    return [r for r in read(name).get("runs", []) if "error" not in r]


def _fits() -> list[tuple[str, str]]:
    runs = [r for r in _good("fit-files-rows") if r["how"] == "files"]
    base = next((r for r in _good("fit-files-rows") if r["how"] == "memory"), None)
    out = []
    for run in sorted(runs, key=lambda r: r["n_rows"]):
        fit = run["phases"]["fit"]
        times = (
            ""
            if base is None or base["steps_done"] != run["steps_done"]
            else f"; {fit['cpu'] / base['phases']['fit']['cpu']:.2f} times the same steps on {base['n_rows']:,} rows in memory "
            f"({base['peak_gib']:.2f} GiB)"
        )
        out.append(
            (
                f'fit of {run["n_rows"]:,} x 20 from files, `max_memory="{run["max_memory"]}"`, {run["steps_done"]:,} steps',
                f"{run['peak_gib']:.2f} GiB, {fit['cpu']:,.0f} CPU s{times}",
            )
        )
    return out


def _quality() -> list[tuple[str, str]]:
    out = []
    for run in _good("fit-files-selection"):
        where = "in memory" if run["how"] == "memory" else f"from files, {run['peak_gib']:.2f} GiB"
        fit = run["phases"]["fit"]["cpu"]
        out.append(
            (
                f"fit of {run['n_rows']:,} x 20 {where}, {run['steps_done']:,} steps and selection",
                f"C2ST-XGB {run['c2st']['score']:.3f} against fresh rows of the same simulation; {fit:,.0f} CPU s",
            )
        )
    for run in _good("fit-files-quality"):
        where = f"{run['sample']:,} of its rows in memory" if run["how"] == "files" else "in memory"
        out.append(
            (
                f"fit of {run['n_rows']:,} rows of Adult, {where}, {run['steps']:,} steps, seed {run['seed']}",
                f"C2ST-XGB on held-out rows {run['refined']['score']:.3f}; without selection {run['plain']['score']:.3f}",
            )
        )
    return out


def _samples() -> list[tuple[str, str]]:
    out = []
    for name, run in read("sample-files-rate").get("runs", {}).items():
        what = "Adult rows written again by pyarrow alone" if name == "pyarrow" else "Adult rows to files"
        how = ", chosen (selection)" if name.startswith("refine=auto") else ""
        out.append(
            (
                f"{run['n']:,} {what}{how}",
                f"{run['rows_per_cpu_second']:,.0f} rows a CPU second, {run['peak_gib']:.2f} GiB",
            )
        )
    for run in read("sample-files-workers").get("runs", {}).values():
        same = "the same bytes" if run["same_bytes"] else "**other bytes**"
        what = f"two Ray workers against one, {run['n']:,} rows without selection"
        out.append((what, f"{run['ratio']:.2f} times as quick, {same}"))
    for engine in ("local", "ray"):
        runs = [r for r in read(f"sample-files-kill-{engine}").get("runs", {}).values() if r.get("killed")]
        if runs:
            good = sum(r["same_bytes"] and r["only_missing"] for r in runs)
            what = f"`sample_to` killed at random moments and run again ({engine})"
            out.append((what, f"{good} of {len(runs)}: only missing files written, bytes as undisturbed"))
    return out


def _teams() -> list[tuple[str, str]]:
    out = []
    for workers in (1, 2, 4):
        runs = [r for r in _good("team") if r["part"] == "quality" and r["workers"] == workers]
        if runs:
            aucs = ", ".join(f"{r['auc']:.3f} ({r['low']:.3f} to {r['high']:.3f})" for r in runs)
            out.append(
                (
                    f"Adult, {runs[0]['steps']:,} steps on {workers} Ray worker{'s' * (workers > 1)}: AUC of trees on held-out rows, selection left out",
                    aucs,
                )
            )
    return out


def _genotypes() -> list[tuple[str, str]]:
    return [
        (
            f'{r["people"]:,} people x {r["variants"]:,} variants, `.bed` to `.bed`, `max_memory="{r["max_memory"]}"`',
            f"fit {r['fit']['peak_gib']:.2f} GiB, {r['fit']['cpu_seconds']:,.0f} CPU s; sample {r['sample']['peak_gib']:.2f} GiB, "
            f"{r['sample']['cpu_seconds']:,.0f} CPU s; allele-frequency r {r['check']['synthetic']['allele_frequency_r']:.4f} "
            f"(other people {r['check']['holdout']['allele_frequency_r']:.4f}); r2 of neighbours "
            f"{r['check']['synthetic']['neighbour_r2_mean']:.3f} (real {r['check']['synthetic']['neighbour_r2_mean_real']:.3f}); "
            f"bed-reader reads it: {r['check']['bed_reader_reads_it']}; plink2: {r['check']['plink2']}",
        )
        for r in _good("genotypes")
    ]


def _evaluations() -> list[tuple[str, str]]:
    return [
        (
            f"{r['what']} {r['rows']:,} x {r['columns']} in files",
            f"{r['peak_gib']:.2f} GiB, {r['cpu_s']:,.0f} CPU s",
        )
        for r in _good("evaluate_files")
        if r["what"] in ("sketch", "evaluate")
    ]


def measured() -> str:
    """The table of what was measured."""
    rows = [*_fits(), *_quality(), *_samples(), *_teams(), *_evaluations(), *_genotypes()]
    return _table(("What", "Measured"), rows)


def checks() -> str:
    """The table of what the cost model foretold."""
    rows = [
        (
            c["what"],
            f"{c['size']:,.0f}",
            f"{c['said']:,.4g}",
            f"{c['measured']:,.4g}",
            f"{c['ratio']:.2f}" + ("" if c["within"] else " (**beyond 30%**)"),
        )
        for c in read("cost")["checks"]
    ]
    return _table(("What, and what its size counts", "Size", "Foretold", "Measured", "Ratio"), rows)


def plan(name: str) -> str:
    """A table of what is foretold."""
    return _table(("", "Foretold"), [(k, _number(v)) for k, v in read("cost")[name].items()])


def _number(value: float) -> str:
    if value >= 1e15:
        return f"{value:.1e}"
    for unit, size in (("T", 1e12), ("G", 1e9)):
        if value >= size:
            return f"{value / size:,.1f} {unit}"
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def page(text: str) -> str:
    """The page with its tables made anew."""
    for part in PARTS:
        begin, end = f"<!-- {part} -->\n", f"<!-- end of {part} -->"
        before, rest = text.split(begin)
        made = {"measured": measured, "checks": checks}.get(part, lambda name=part: plan(name))()
        text = before + begin + made + end + rest.split(end)[1]
    return text


def main() -> int:
    """Command line."""
    old = PAGE.read_text()
    new = page(old)
    if sys.argv[1:] == ["--check"]:
        return int(old != new)
    PAGE.write_text(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
