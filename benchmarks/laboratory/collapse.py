"""Alarms: a forced collapse must raise one, the default on real tables must not.

    python benchmarks/laboratory/collapse.py                       everything (tables need SYNTHGEN_DATA)
    python benchmarks/laboratory/collapse.py --kinds forced        collapses only
    python benchmarks/laboratory/collapse.py --tables adult magic --seeds 0 1

Each run is a fit in a process of its own, kept at once in benchmarks/results/laboratory/collapse.json; what has a result is
not run again. Forced: a discriminator that is far too strong and has no penalty. Default: SynthGAN as it is but for
`refine=None`, as alarms are about training. What a run says: the measures of the kept weights as training took them, of
the finished model where it took none (common factors of wide tables), an auditor's AUC on held-out rows where the table
has some, and the alarms of all that. The summary has the range of every measure beside its limits.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_iris

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import problems
import runs

from synthgen import SynthGAN
from synthgen.models.recipe import table_config
from synthgen.rng import stream
from synthgen.training.alarms import LIMITS, Alarm, CollapseWarning, alarms
from synthgen.training.audit import audit
from synthgen.training.collapse import MEASURES, Watch

TARGET = Path(__file__).resolve().parents[1] / "results" / "laboratory" / "collapse.json"
KEYS = ("kind", "table", "recipe", "seed")
_NO_PENALTY = {"r1_weight": 0, "r2_weight": 0, "discriminator_learning_rate": 1e-2, "max_steps": 400}
RECIPES = {
    "minimax": {"loss": "minimax", "n_critic": 4, **_NO_PENALTY},
    "non-saturating": {"loss": "non-saturating", "n_critic": 8, "frequencies": (), **_NO_PENALTY},
    "hinge": {"loss": "hinge", "n_critic": 8, **_NO_PENALTY},
}
"""How collapses are forced."""
FORCED_ON = ("iris", "clouds", "adult")
WIDE = (
    "expr_gravier",
    "expr_nakayama",
    "expr_singh",
    "geno_1kg_phase1",
    "geno_rice44k",
    "geno_rice_imputed",
    "hap_1000G_805",
    "sc_pbmc1k_v2",
)
DEFAULT_ON = ("iris", "clouds", *problems.MIXED, "mnist_t10k", "geno_wheat_599x1279", *WIDE)
BLOCKS = 4
"""Of 1,024 generated rows, measured after training."""


def table_of(name: str) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Rows to learn from, and held-out rows where the table has some."""
    if name == "iris":
        return load_iris(as_frame=True).frame, None
    if name == "clouds":
        rows = clouds(4000)
        return rows.iloc[:3000], rows.iloc[3000:]
    if name in problems.MIXED:
        return problems.load(problems.MIXED[name])
    if name not in WIDE:
        return problems.whole_table(name), None
    stored = problems.whole_table(f"{name}.X")
    features = stored.pop("feature")
    return pd.DataFrame(stored.to_numpy().T, columns=list(features)), None


def clouds(n_rows: int) -> pd.DataFrame:
    """Eight normal clouds in six dimensions, the name of the cloud, and a column that depends on nothing."""
    draw = stream(0, "benchmark clouds")
    centres = 3 * draw.standard_normal((8, 6))
    which = draw.integers(0, 8, n_rows)
    table = pd.DataFrame(centres[which] + draw.standard_normal((n_rows, 6)), columns=list("abcdef"))
    return table.assign(cloud=np.array(list("ABCDEFGH"))[which], coin=draw.random(n_rows) < 0.3)


def run_one(job: dict) -> dict[str, object]:
    """Fit, and what was watched; the only warnings allowed are alarms."""
    table, held_out = table_of(job["table"])
    given = RECIPES.get(job["recipe"], {})
    model = SynthGAN(**given, refine=None, random_state=job["seed"], verbose=0)
    wall, cpu = time.perf_counter(), time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", CollapseWarning)
        model.fit(table)
    spent = {
        "fit_seconds": round(time.perf_counter() - wall, 1),
        "fit_cpu_seconds": round(time.process_time() - cpu, 1),
    }
    after, more = measured_after(model, table, held_out)
    watched = kept_measures(model)
    measures = (watched or after) | {k: more[k] for k in ("auditor_auc", "auditor_auc_train") if k in more}
    raised = [*model.alarms_, *alarms_after(model, measures, watched=bool(watched))]
    validation = model.validation_history_["auc"]
    return {
        "n_rows": len(table),
        "n_columns": table.shape[1],
        "matrix_columns": model.encoder_.layout_.width,
        "winner": model.winner_,
        "n_steps": len(model.history_),
        "watched_while_training": bool(watched),
        "validation_auc": round(float(validation.min()), 4) if len(validation) else None,
        "measures": tidy(measures),
        "after": tidy(after),
        "alarms": [{"code": a.code, "measures": list(a.measures), "words": a.words} for a in raised],
        **spent,
        **{k: v for k, v in more.items() if k.endswith("seconds")},
    }


def alarms_after(model: SynthGAN, measures: dict[str, float], *, watched: bool) -> list[Alarm]:
    """Alarms that training could not raise: all where it took no measures, else the auditor's."""
    config = table_config(model.get_params(deep=False), model.n_rows_in_, 0, "cpu")
    found = alarms(measures, config, n_rows=model.n_rows_in_)
    return [a for a in found if not watched or "auditor_auc" in a.measures]


def kept_measures(model: SynthGAN) -> dict[str, float]:
    """What training took of the weights that were kept: at the last score that is as good as the best."""
    history = model.history_
    there = [m for m in MEASURES if m in history]
    seen = history[there].dropna(how="all")
    if not len(seen):
        return {}
    kept = getattr(model, "kept_step_", None)
    return seen.loc[kept if kept in seen.index else seen.index[-1]].to_dict()


def known_rows(table: pd.DataFrame, model: SynthGAN) -> pd.DataFrame:
    """The rows whose levels were all there in the fit: tickets and names of others cannot be encoded."""
    is_known = np.ones(len(table), dtype=bool)
    for column in model.schema_:
        if column.levels is not None:
            values = table[column.name]
            is_known &= (values.isin(column.levels) | values.isna()).to_numpy(dtype=bool)
    return table[is_known].reset_index(drop=True)


def measured_after(
    model: SynthGAN, table: pd.DataFrame, held_out: pd.DataFrame | None
) -> tuple[dict[str, float], dict[str, float]]:
    """Measures of the finished model's rows against training and held-out rows; an audit, and what both took."""
    encoder = model.encoder_
    training = encoder.transform(table)
    validation = training[:0] if held_out is None else encoder.transform(known_rows(held_out, model))
    fake = np.concatenate([model.model_.generate_block(1, b) for b in range(BLOCKS)])
    start = time.process_time()
    watch = Watch.of(training, validation, encoder.layout_, 0)
    built = time.process_time()
    measures = watch.measure(fake)
    more = {
        "watch_cpu_seconds": round(built - start, 3),
        "measure_cpu_seconds": round(time.process_time() - built, 3),
    }
    if held_out is not None:
        start = time.process_time()
        more |= tidy(audit(fake, training, validation, encoder.layout_, 0))
        more["audit_cpu_seconds"] = round(time.process_time() - start, 2)
    return measures, more


def tidy(measures: dict[str, float]) -> dict[str, float | None]:
    return {k: None if v is None or math.isnan(v) else round(float(v), 4) for k, v in measures.items()}


def summarise(done: list[runs.Run]) -> dict[str, object]:
    """Of forced collapses and defaults: how many raised an alarm, and the range of every measure."""
    found: dict[str, object] = {
        "limits": [[x.measure, "above" if x.above else "below", x.value, x.code] for x in LIMITS]
    }
    for kind in ("forced", "default"):
        own = [r for r in done if r["kind"] == kind and "error" not in r]
        values = {m: [r["measures"].get(m) for r in own] for m in (*MEASURES, "auditor_auc")}
        there = {m: [v for v in vs if v is not None] for m, vs in values.items()}
        found[kind] = {
            "runs": len(own),
            "alarmed": [f"{r['table']}, {r['recipe']}, seed {r['seed']}" for r in own if r["alarms"]],
            "silent": [f"{r['table']}, {r['recipe']}, seed {r['seed']}" for r in own if not r["alarms"]],
            "failed": [f"{r['table']}, {r['recipe']}" for r in done if r["kind"] == kind and "error" in r],
            "range": {m: [min(vs), max(vs)] for m, vs in there.items() if vs},
            "most_measure_cpu_seconds": max((r["measure_cpu_seconds"] for r in own), default=None),
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--kinds", nargs="+", choices=["forced", "default"], default=["forced", "default"])
    add("--tables", nargs="+", choices=DEFAULT_ON, default=None, help="default: all of the kind")
    add("--seeds", type=int, nargs="+", default=[0])
    add("--again", action="store_true", help="run what has a result already")
    add("--one", type=json.loads, help=argparse.SUPPRESS)
    add("-o", "--output", type=Path, default=TARGET)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(run_one(arguments.one)))
        return
    wanted = set(arguments.tables or DEFAULT_ON)
    jobs = [
        {"kind": kind, "table": table, "recipe": recipe, "seed": seed}
        for kind in arguments.kinds
        for seed in arguments.seeds
        for table in (FORCED_ON if kind == "forced" else DEFAULT_ON)
        for recipe in (RECIPES if kind == "forced" else ("default",))
        if table in wanted
    ]
    runs.run_all(__file__, jobs, KEYS, arguments.output, summarise, again=arguments.again, timeout=7_200)
    print(arguments.output)


if __name__ == "__main__":
    main()
