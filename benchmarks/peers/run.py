"""What other synthesizers do with wide tables, under ten minutes and 16 GiB.

    python benchmarks/peers/venvs.py                       makes their environments
    python benchmarks/peers/run.py                         everything that has no result yet
    python benchmarks/peers/run.py --peers CTGAN --tables simulated-300 --clock cpu --threads 1

Tables: 600 simulated rows of 300, 1,000 and 42,000 genes, and 598 cells of sc_pbmc1k_v2 x 33,538 genes (if SYNTHGEN_DATA
has it). Every peer runs with its defaults, in its own environment and process, under the same limits as SynthGAN beside
it; a run that ends is scored on fresh rows as in wide.py. Each result is kept at once in
benchmarks/results/wide-peers.json: seconds, peak memory, scores, or the error and how far the run had come.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import limits as limiting
import peer_tables
import runs
import venvs
import wide_scores

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "results" / "wide-peers.json"
PEERS = {
    "SynthGAN": ("adapt_synthgen", None, ("synthgen",)),
    "SDV GaussianCopula": ("adapt_sdv_copula", "sdv", ("sdv", "copulas", "rdt")),
    "CTGAN": ("adapt_ctgan", "sdv", ("ctgan", "rdt", "torch")),
    "TVAE": ("adapt_tvae", "sdv", ("ctgan", "rdt", "torch")),
    "TabularARGN": ("adapt_tabularargn", "tabularargn", ("mostlyai-engine", "torch")),
}
"""Adapter, environment, and the libraries whose versions are recorded."""
KEYS = ("peer", "table")
_VERSIONS = "import json,sys;from importlib.metadata import version;print(json.dumps({n:version(n) for n in sys.argv[1:]}))"


def run_one(peer: str, table: str, limits: limiting.Limits, threads: int, folder: Path) -> dict[str, object]:
    """One peer on one table, and what came of it."""
    adapter, environment, libraries = PEERS[peer]
    python = sys.executable if environment is None else str(venvs.python_of(environment, folder))
    if not Path(python).exists():
        raise SystemExit(
            f"{peer}: no environment at {python}; make it: python {HERE / 'venvs.py'} {environment}"
        )
    parts = peer_tables.load(table)
    with tempfile.TemporaryDirectory() as scratch:
        train, output = Path(scratch) / "train.parquet", Path(scratch) / "synthetic.parquet"
        parts.train.to_parquet(train)
        job = {
            "adapter": adapter,
            "table": str(train),
            "categorical": parts.categorical,
            "rows": len(parts.train),
            "seed": 0,
            "output": str(output),
        }
        variables = {
            **os.environ,
            "OMP_NUM_THREADS": str(threads),
            "OMP_WAIT_POLICY": "passive",
            "CUDA_VISIBLE_DEVICES": "",
            "PYTHONPATH": str(HERE.parents[1]) if environment is None else "",
        }
        ended = limiting.run(
            [python, str(HERE / "one.py"), json.dumps(job)], limits, Path(scratch), variables
        )
        result = {
            "peer": peer,
            "table": table,
            "rows": len(parts.train),
            "columns": parts.train.shape[1],
            "versions": _versions(python, libraries),
            "limits": {**asdict(limits), "threads": threads},
            **outcome(ended, limits),
        }
        if result["outcome"] == "scored":
            result["scores"] = score(parts, pd.read_parquet(output))
    return result


def outcome(ended: limiting.Ending, limits: limiting.Limits) -> dict[str, object]:
    """How a run ended, in words and numbers."""
    facts: dict[str, object] = {}
    for line in ended.output.splitlines():
        if line.startswith("{"):
            facts |= json.loads(line)
    stage = facts.pop("begun", "reading the table")
    used = {"seconds": ended.seconds, "cpu_seconds": ended.cpu_seconds, "peak_gib": ended.peak_gib, **facts}
    if ended.reason == "time":
        message = f"not done after {limits.seconds:.0f} s ({limits.clock} clock)"
        return {"outcome": "time-out", "stage": stage, "message": message, **used}
    if ended.reason == "memory":
        return {"outcome": "memory", "stage": stage, "message": f"held more than {limits.gib} GiB", **used}
    if ended.status == 0:
        return {"outcome": "scored", **used}
    if ended.status == -9:
        message = f"killed by the system, which had no memory left, when it held {ended.peak_gib} GiB"
        return {"outcome": "memory", "stage": stage, "message": message, **used}
    message = str(used.pop("error", ended.errors[-600:]))
    is_memory = any(
        word in message for word in ("MemoryError", "can't allocate memory", "Unable to allocate")
    )
    return {"outcome": "memory" if is_memory else "error", "stage": stage, "message": message, **used}


def score(parts: peer_tables.Tables, synthetic: pd.DataFrame) -> dict[str, object]:
    """Scores of the block; values that came back as text or with holes are an error worth recording."""
    try:
        made = synthetic[parts.features].to_numpy(dtype=float)
    except (KeyError, ValueError) as error:
        return {"error": str(error)[:300]}
    found = wide_scores.scores(
        parts.train[parts.features].to_numpy(), made, parts.fresh[parts.features].to_numpy(), parts.kind, 0
    )
    whole = (made == made.round()).mean()
    return {**found, "whole_share": float(whole), "negative_share": float((made < 0).mean())}


def _versions(python: str, libraries: tuple[str, ...]) -> dict[str, str]:
    done = subprocess.run([python, "-c", _VERSIONS, *libraries], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def summarise(done: list[dict]) -> dict[str, dict[str, str]]:
    """Peer by table: a word or the forest's AUC."""
    out: dict[str, dict[str, str]] = {}
    for r in done:
        text = r["outcome"]
        if text == "scored":
            found = r["scores"].get("forest_c2st_auc", {"value": None})["value"]
            text = f"forest C2ST {found:.2f}" if found is not None else r["scores"].get("error", "no score")
        else:
            text += f": {r['message'][:120]}"
        out.setdefault(r["table"], {})[r["peer"]] = (
            f"{text} ({r['cpu_seconds']:.0f} CPU s, {r['peak_gib']:.1f} GiB)"
        )
    return out


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peers", nargs="+", choices=list(PEERS), default=list(PEERS))
    parser.add_argument(
        "--tables", nargs="+", choices=list(peer_tables.TABLES), default=list(peer_tables.TABLES)
    )
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--gib", type=float, default=16)
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall", help="cpu: for a busy machine")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--folder", type=Path, default=venvs.FOLDER, help="of the environments")
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    arguments = parser.parse_args()
    limits = limiting.Limits(arguments.seconds, arguments.gib, arguments.clock)
    for table in arguments.tables:
        for peer in arguments.peers:
            done = runs.load(arguments.output)
            if not arguments.again and any((r["peer"], r["table"]) == (peer, table) for r in done):
                continue
            new = runs.with_run(done, run_one(peer, table, limits, arguments.threads, arguments.folder), KEYS)
            runs.save(arguments.output, new, summary=summarise(new))
            print(table, peer, summarise(new)[table][peer], flush=True)


if __name__ == "__main__":
    main()
