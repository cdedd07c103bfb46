"""Means, intervals and answers of the frontier's runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from frontier_models import COPULA, FORCED, GAN, PRESETS, REAL
from frontier_scores import LOWER_IS_BETTER, MEASURES

from synthgen.rng import stream

DRAWS = 2_000
SPAN_ASKED = {"default": 0.75, "strict": 0.65}
VERDICTS = (
    "better beyond the interval",
    "better within the interval",
    "equal",
    "worse within the interval",
    "worse beyond the interval",
)
Interval = dict[str, float]


def packed(rows: Mapping[str, np.ndarray]) -> dict[str, str]:
    """One line of numbers a measure: a list would take a line a number."""
    return {name: " ".join(f"{v:.3g}" for v in values) for name, values in rows.items()}


def unpacked(line: str) -> np.ndarray:
    """The reverse of `packed`."""
    return np.array(line.split(), dtype=np.float64)


class Rows:
    """Numbers of held-out rows, by seed, and how the seeds and rows of a table are drawn again."""

    def __init__(self, runs: list[dict], held_out: dict[int, np.ndarray]) -> None:
        self._by_key: dict[tuple[str, str], dict[int, dict]] = {}
        for run in runs:
            self._by_key.setdefault((run["model"], run["setting"]), {})[run["seed"]] = run
        self._held_out = held_out
        n_rows = 1 + max(int(rows.max()) for rows in held_out.values())
        rng = stream(0, "benchmark.frontier.intervals")
        self._weights = rng.multinomial(n_rows, np.full(n_rows, 1 / n_rows), DRAWS).astype(float)
        self._seeds = rng.integers(len(held_out), size=(DRAWS, len(held_out)))

    def everywhere(self) -> list[tuple[str, str]]:
        """Models and settings that were run on every seed."""
        return [key for key, runs in self._by_key.items() if len(runs) == len(self._held_out)]

    def runs(self, key: tuple[str, str]) -> list[dict]:
        """By ascending seed."""
        return [self._by_key[key][seed] for seed in sorted(self._held_out)]

    def estimate(
        self, measure: str, key: tuple[str, str], less: tuple[str, str] | None = None
    ) -> Interval | None:
        """The mean of a measure, or of a difference row by row, with its interval; None where it was not taken."""
        runs, others = self.runs(key), None if less is None else self.runs(less)
        if any(measure not in r["rows"] for r in (*runs, *(others or ()))):
            return None
        means, drawn = [], []
        for i, seed in enumerate(sorted(self._held_out)):
            values = unpacked(runs[i]["rows"][measure])
            if others is not None:
                values = values - unpacked(others[i]["rows"][measure])
            weights = self._weights[:, self._held_out[seed]]
            means.append(values.mean())
            drawn.append(weights @ values / weights.sum(axis=1))
        again = np.take_along_axis(np.stack(drawn, axis=1), self._seeds, axis=1).mean(axis=1)
        low, high = np.percentile(again, [2.5, 97.5])
        return {
            "value": round(float(np.mean(means)), 4),
            "low": round(float(low), 4),
            "high": round(float(high), 4),
        }


def summarise(runs: list[dict], held_out: dict[str, dict[int, np.ndarray]]) -> dict[str, Any]:
    """By table every model's measures and differences to the copula; then what was asked."""
    tables = {t: of_table([r for r in runs if r["table"] == t], rows) for t, rows in held_out.items()}
    return {"answers": answers(tables), "tables": tables}


def of_table(runs: list[dict], held_out: dict[int, np.ndarray]) -> dict[str, dict]:
    """Every model and setting of one table."""
    rows = Rows(runs, held_out)
    out = {}
    for model, setting in sorted(rows.everywhere()):
        same = rows.runs((model, setting))
        found: dict[str, object] = {"model": model, "setting": setting}
        for told in ("k", "winner"):
            if told in same[0]:
                found[told] = [r[told] for r in same]
        found |= {m: e for m in MEASURES if (e := rows.estimate(m, (model, setting)))}
        if model not in (COPULA, REAL) and (COPULA, setting) in rows.everywhere():
            found["less_copula"] = {
                m: rows.estimate(m, (model, setting), (COPULA, setting)) for m in MEASURES
            }
        if (model, setting) == (FORCED, "default") and (GAN, "default") in rows.everywhere():
            found["less_default"] = {m: rows.estimate(m, (model, setting), (GAN, setting)) for m in MEASURES}
        out[f"{model}, {setting}" if setting else model] = found
    return out


def answers(tables: dict[str, dict]) -> list[str]:
    """What the issue asks, each with its figures and whether it holds."""
    return [
        *(line for preset, most in SPAN_ASKED.items() for line in span_answers(tables, preset, most)),
        *(
            line
            for preset in PRESETS
            for measure in ("forest_c2st", "tstr")
            for line in copula_answers(tables, preset, measure)
        ),
        *(
            line
            for measure in ("forest_c2st", "tstr", "span_auc")
            for line in factor_answers(tables, measure)
        ),
        *gan_answers(tables),
    ]


def span_answers(tables: dict[str, dict], preset: str, most: float) -> list[str]:
    """Whether the span attack stays below what is asked."""
    found = {t: rows[f"{GAN}, {preset}"] for t, rows in tables.items() if f"{GAN}, {preset}" in rows}
    if not found:
        return []
    holds = all(f["span_auc"]["value"] <= most for f in found.values())
    shown = "; ".join(
        f"{t} k {'/'.join(map(str, f['k']))} {_shown(f['span_auc'])}, with four times the rows {_shown(f['span_auc_4x'])}, "
        f"the copula's {_span(tables[t], f'{COPULA}, {preset}')}, real rows' {_span(tables[t], REAL)}"
        for t, f in found.items()
    )
    return [f"{_yes(holds)} span AUC <= {most} at preset {preset}: {shown}."]


def copula_answers(tables: dict[str, dict], preset: str, measure: str) -> list[str]:
    """Whether a measure is never worse than the copula's beyond the interval, and how often better."""
    found = {t: rows[f"{GAN}, {preset}"] for t, rows in tables.items() if f"{GAN}, {preset}" in rows}
    found = {t: f for t, f in found.items() if "less_copula" in f}
    if not found:
        return []
    differences = {t: f["less_copula"][measure] for t, f in found.items()}
    verdicts = {t: verdict(d, measure) for t, d in differences.items()}
    shown = "; ".join(
        f"{t} {_shown(found[t][measure])}, less the copula's {_shown(d, sign=True)}, {verdicts[t]}"
        for t, d in differences.items()
    )
    never = all(v != "worse beyond the interval" for v in verdicts.values())
    better = sum(v.startswith("better") for v in verdicts.values())
    surely = sum(v == "better beyond the interval" for v in verdicts.values())
    return [
        f"{_yes(never)} {measure} at preset {preset} never worse than the copula's beyond the interval: {shown}.",
        f"{_yes(better >= 2)} {measure} at preset {preset} better than the copula's on at least two of three: on {better} "
        f"of {len(found)}, on {surely} beyond the interval.",
    ]


def factor_answers(tables: dict[str, dict], measure: str) -> list[str]:
    """At how many numbers of factors a measure is better or worse than the copula's."""
    counts = dict.fromkeys(VERDICTS, 0)
    for rows in tables.values():
        for found in rows.values():
            if found["model"] == GAN and found["setting"].startswith("k=") and "less_copula" in found:
                counts[verdict(found["less_copula"][measure], measure)] += 1
    total = sum(counts.values())
    shown = ", ".join(f"{words} {n}" for words, n in counts.items() if n)
    worse = counts["worse beyond the interval"]
    return (
        [f"{_yes(not worse)} {measure} at no k worse than the copula's: of {total}, {shown}."]
        if total
        else []
    )


def gan_answers(tables: dict[str, dict]) -> list[str]:
    """Whether the linear model, which `fit` returns below 150 rows, was the right choice."""
    out = []
    for measure in ("forest_c2st", "span_auc", "tstr"):
        found = {
            t: rows[f"{FORCED}, default"]
            for t, rows in tables.items()
            if "less_default" in rows.get(f"{FORCED}, default", {})
        }
        verdicts = {t: verdict(f["less_default"][measure], measure) for t, f in found.items()}
        right = all(v != "better beyond the interval" for v in verdicts.values())
        shown = "; ".join(
            f"{t} {_shown(f[measure])}, less the default's {_shown(f['less_default'][measure], sign=True)}, {verdicts[t]}"
            for t, f in found.items()
        )
        if found:
            out.append(f"{_yes(right)} the GAN's {measure} is not better beyond the interval: {shown}.")
    return out


def verdict(difference: Interval, measure: str) -> str:
    """In words, whether a difference is for the better."""
    sign = -1 if LOWER_IS_BETTER[measure] else 1
    value = sign * difference["value"]
    low = min(sign * difference["low"], sign * difference["high"])
    high = max(sign * difference["low"], sign * difference["high"])
    if low > 0:
        return "better beyond the interval"
    if high < 0:
        return "worse beyond the interval"
    return (
        "better within the interval" if value > 0 else "worse within the interval" if value < 0 else "equal"
    )


def _shown(estimate: Interval, *, sign: bool = False) -> str:
    form = "+.3f" if sign else ".3f"
    return f"{estimate['value']:{form}} [{estimate['low']:{form}}, {estimate['high']:{form}}]"


def _span(rows: dict[str, dict], key: str) -> str:
    return f"{rows[key]['span_auc']['value']:.3f}" if key in rows else "not run"


def _yes(holds: bool) -> str:
    return "YES" if holds else "NO"
