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
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import peer_tables
import runs
import wide_scores

from benchmarks.peers import launch, venvs
from benchmarks.peers import limits as limiting

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "results" / "wide-peers.json"
PEERS = ("SynthGAN", "SDV GaussianCopula", "CTGAN", "TVAE", "TabularARGN")
KEYS = ("peer", "table")


def run_one(peer: str, table: str, limits: limiting.Limits, threads: int, folder: Path) -> dict[str, object]:
    """One peer on one table, and what came of it."""
    found = launch.PEERS[peer]
    parts = peer_tables.load(table)
    with tempfile.TemporaryDirectory() as scratch:
        train, output = Path(scratch) / "train.parquet", Path(scratch) / "synthetic.parquet"
        parts.train.to_parquet(train)
        job = {
            "table": str(train),
            "categorical": parts.categorical,
            "rows": len(parts.train),
            "seed": 0,
            "output": str(output),
        }
        result: dict[str, object] = {
            "peer": peer,
            "table": table,
            "rows": len(parts.train),
            "columns": parts.train.shape[1],
            "versions": launch.versions(found, folder),
            "limits": {**asdict(limits), "threads": threads},
            **launch.launch(found, job, limits, threads, folder, Path(scratch)),
        }
        if result["outcome"] == "done":
            result |= {"outcome": "scored", "scores": score(parts, pd.read_parquet(output))}
    return result


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
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=PEERS)
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
