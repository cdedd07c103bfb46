"""Fits that are killed at random moments and taken up: do they end in the same bytes?

    python benchmarks/trust/kill.py                    30 kills (a quarter of an hour)
    python benchmarks/trust/kill.py --kills 5 --seed 3

Each fit is a process, `synthgen fit ... --checkpoint F --resume`, that is killed by SIGKILL after a random time, up to three
times in a row, and then let be. Its model must equal, byte for byte, that of a fit without checkpoints that nobody
disturbed. Writes benchmarks/results/trust/kill.json; ends with 1 if any differs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import machine

from synthgen.rng import stream

RESULTS = Path(__file__).resolve().parents[1] / "results" / "trust" / "kill.json"
MOST_IN_A_ROW = 3


@dataclass(frozen=True)
class Case:
    """A fit that is killed.

    Parameters
    ----------
    table : str
        Name of a table of `tables`.
    options : tuple of str
        Of `synthgen fit`.
    """

    table: str
    options: tuple[str, ...]


CASES = {
    "SynthGAN": Case("mixed", ("--max-steps", "1200")),
    "SynthGAN, selection off, checkpoint every 17 steps": Case(
        "mixed", ("--max-steps", "1500", "--refine", "none", "--checkpoint-every", "17")
    ),
    "SynthGAN, conditional, encoder": Case(
        "mixed",
        (
            "--max-steps",
            "800",
            "--conditional-on",
            "kind",
            "--set",
            "inference=adversarial",
            "--refine",
            "none",
        ),
    ),
    "SynthGAN, common factors": Case("wide", ("--max-steps", "1500", "--checkpoint-every", "100")),
    "SynthVAE": Case("mixed", ("--model", "synthvae", "--max-steps", "4000")),
}


def tables(folder: Path) -> dict[str, Path]:
    """The tables, written: 3,000 rows of mixed columns, and 300 rows of 600 columns."""
    rng = stream(0, "kill benchmark")
    kind = rng.integers(0, 3, 3000)
    mixed = pd.DataFrame(
        {
            "kind": np.array(["a", "b", "c"])[kind],
            "x": rng.normal(kind, 1.0),
            "y": pd.Series(rng.gamma(2.0, 3.0, 3000).round(1)).where(rng.random(3000) > 0.1),
            "n": rng.integers(0, 40, 3000),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, 3000), unit="D"),
        }
    )
    factors = rng.normal(size=(300, 4))
    values = np.sign(factors) * np.abs(factors) ** 1.6 @ rng.normal(size=(4, 600)) + rng.normal(
        size=(300, 600)
    )
    wide = pd.DataFrame(values, columns=[f"g{i}" for i in range(600)])
    found = {"mixed": folder / "mixed.parquet", "wide": folder / "wide.parquet"}
    mixed.to_parquet(found["mixed"])
    wide.to_parquet(found["wide"])
    return found


def command(case: Case, data: dict[str, Path], output: Path, checkpoints: Path | None) -> list[str]:
    """A fit; without checkpoints one that is not to be killed."""
    options = list(case.options)
    if checkpoints is None and "--checkpoint-every" in options:
        place = options.index("--checkpoint-every")
        del options[place : place + 2]
    resumed = [] if checkpoints is None else ["--checkpoint", str(checkpoints), "--resume"]
    own = [
        sys.executable,
        "-m",
        "synthgen",
        "fit",
        str(data[case.table]),
        "-o",
        str(output),
        "--force",
        "--seed",
        "5",
        "-q",
    ]
    return [*own, *options, *resumed]


def run_once(arguments: list[str], seconds: float | None) -> bool:
    """Run a fit, and kill it after some seconds; whether it was killed before it ended."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
    with subprocess.Popen(arguments, env=environment) as process:
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return True
    if code:
        raise SystemExit(f"{' '.join(arguments)} ended with {code}")
    return False


def killed(case: Case, data: dict[str, Path], folder: Path, whole: float, rng: np.random.Generator) -> dict:
    """One fit, killed up to three times; what happened, and the checksum of its model."""
    output, checkpoints = folder / "killed.synthgen", folder / "state"
    output.unlink(missing_ok=True)
    moments, found_at = [], []
    for _ in range(int(rng.integers(1, MOST_IN_A_ROW + 1))):
        moment = float(rng.uniform(0, whole))
        if not run_once(command(case, data, output, checkpoints), moment):
            break
        moments.append(round(moment, 2))
        states = sorted(checkpoints.glob("*.checkpoint")) if checkpoints.exists() else []
        found_at.append(states[-1].name if states else None)
    else:
        run_once(command(case, data, output, checkpoints), None)
    left = [path.name for path in folder.iterdir() if path.name not in ("whole.synthgen", "killed.synthgen")]
    return {"seconds": moments, "newest checkpoint": found_at, "sha256": checksum(output), "left over": left}


def checksum(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    """Kill until there are enough, and write what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=None, help="of the moments; fresh ones by default")
    parser.add_argument("-o", type=Path, default=RESULTS)
    given = parser.parse_args()
    seed = secrets.randbits(32) if given.seed is None else given.seed
    rng = stream(seed, "moments")
    began, fits = time.monotonic(), []
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        data, whole = tables(root), {}
        for name, case in CASES.items():
            folder = root / name
            folder.mkdir()
            start = time.monotonic()
            run_once(command(case, data, folder / "whole.synthgen", None), None)
            whole[name] = time.monotonic() - start, checksum(folder / "whole.synthgen")
        while sum(len(fit["seconds"]) for fit in fits) < given.kills:
            name = list(CASES)[len(fits) % len(CASES)]
            seconds, wanted = whole[name]
            fit = {"case": name, **killed(CASES[name], data, root / name, seconds, rng)}
            fits.append(fit | {"is_equal": fit["sha256"] == wanted})
            print(
                f"{name}: killed at {fit['seconds']} of {seconds:.0f} s, equal: {fits[-1]['is_equal']}",
                flush=True,
            )
    n_kills = sum(len(fit["seconds"]) for fit in fits)
    equal = sum(fit["is_equal"] for fit in fits if fit["seconds"])
    disturbed = sum(bool(fit["seconds"]) for fit in fits)
    result = {
        **machine.describe(),
        "seed": seed,
        "kills": n_kills,
        "fits_killed": disturbed,
        "fits_equal": equal,
        "wall_seconds": round(time.monotonic() - began),
        "undisturbed": {name: {"seconds": round(s, 1), "sha256": c} for name, (s, c) in whole.items()},
        "fits": fits,
    }
    given.o.parent.mkdir(parents=True, exist_ok=True)
    given.o.write_text(json.dumps(result, indent=1) + "\n")
    print(f"{n_kills} kills of {disturbed} fits; {equal} ended in the bytes of an undisturbed one")
    if equal < disturbed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
