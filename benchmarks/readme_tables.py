"""Results as Markdown tables, for the README.

python benchmarks/readme_tables.py
"""

from __future__ import annotations

import json
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results"
SCORES = {
    "column_shapes": ("column shapes", "higher"),
    "pair_trends": ("pair trends", "higher"),
    "three_way_margins": ("three-way margins", "higher"),
    "c2st_auc": ("C2ST AUC against held-out rows", "lower, 0.5 = cannot tell"),
    "coverage": ("coverage of the real rows", "higher"),
    "utility_auc": ("trained on synthetic, AUC on held-out rows", "higher"),
    "utility_r2": ("trained on synthetic, R2 on held-out rows", "higher"),
    "membership_auc": ("membership inference, AUC of the strongest attack", "lower, 0.5 = nobody found"),
    "inference_risk": ("attribute inference, risk of the worst column", "lower"),
}


def number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def span(runs: list[dict], name: str) -> str:
    """Lowest to highest over the seeds."""
    values = [r[name] for r in runs]
    return f"{min(values):.0f} to {max(values):.0f}"


def mixed(path: Path) -> str:
    """One table's scores: median and range over the seeds, beside the baselines of the first seed."""
    result = json.loads(path.read_text())
    runs, median = result["runs"], result["median"]
    seeds = ", ".join(str(r["seed"]) for r in runs)
    lines = [
        f"**{result['table']}**: median of seeds {seeds} (lowest to highest). On a shared machine "
        f"({result['machine']['processor']}): fit {span(runs, 'fit_seconds')} s on one core, a million rows "
        f"{span(runs, 'million_rows_seconds')} s on all, {median['peak_memory_gib']:.1f} GiB.",
        "",
        "| score | SynthGAN | ceiling | floor | memoriser | better |",
        "|---|---|---|---|---|---|",
    ]
    for name, (words, better) in SCORES.items():
        if name in median:
            values = [r["scores"][name]["value"] for r in runs]
            first = runs[0]["scores"][name]
            base = " | ".join(
                number((first.get(b) or {}).get("value")) for b in ("ceiling", "floor", "memoriser")
            )
            lines.append(
                f"| {words} | **{median[name]:.3f}** ({min(values):.3f} to {max(values):.3f}) | {base} | {better} |"
            )
    return "\n".join(lines)


def main() -> None:
    for path in sorted(RESULTS.glob("mixed-*.json")):
        print(mixed(path), end="\n\n")


if __name__ == "__main__":
    main()
