"""Genotypes of very many variants: simulated, fitted and sampled straight from ``.bed`` to ``.bed``, and held against a holdout.

Each phase runs in a process of its own, whose peak memory (ru_maxrss), processor and wall seconds are kept. The people of all
files come from the same populations (Balding and Nichols [1]_): ancestral frequencies from a beta distribution, moved apart by
F_ST; neighbouring variants are in linkage disequilibrium, as each haplotype goes on with its place in the distribution of
alleles until it recombines. Ceiling: other people of the same populations. Floor: each variant's genotypes in another order.

    python benchmarks/scale/genotypes.py --people 2000 --variants 500000

References
----------
.. [1] D. J. Balding, R. A. Nichols, "A method for quantifying differentiation between populations at multi-allelic loci",
   Genetica 96, 1995.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import numpy as np
import pandas as pd
import runs

from synthgen.rng import stream
from synthgen.table.annotated import Annotation
from synthgen.table.bed_blocks import open_bed_blocks, write_bed_blocks

RESULTS = Path(__file__).resolve().parents[1] / "results" / "scale" / "genotypes.json"
KEYS = ("people", "variants", "model", "seed", "factors")
POPULATIONS = np.array([0.4, 0.25, 0.2, 0.15])
F_ST = 0.05
MISSING = 0.01
RECOMBINATION = 0.08
"""Chance that a haplotype begins anew at a variant; of one variant in `NEW_BLOCK` all do."""
NEW_BLOCK = 50
TOGETHER = 2_000
PCA_VARIANTS = 10_000
PCS = 6


def people(n: int, seed: int, role: str) -> tuple[np.ndarray, pd.DataFrame]:
    """Population, sex and phenotype of so many people."""
    rng = stream(seed, "people", *role.encode())
    population = rng.choice(len(POPULATIONS), n, p=POPULATIONS)
    sex = pd.Categorical(rng.choice(["male", "female"], n), ["male", "female"])
    risk = 1 / (1 + np.exp(1.0 - 0.6 * population - 0.4 * (sex == "male")))
    phenotype = pd.Categorical(np.where(rng.random(n) < risk, "case", "control"), ["control", "case"])
    return population, pd.DataFrame({"sex": sex, "phenotype": phenotype})


def dosages(n_variants: int, population: np.ndarray, seed: int, role: str):
    """Blocks of dosages: frequencies are the same in every role, people's own numbers are not."""
    place = np.zeros((2, len(population)), dtype=np.float32)
    for number, start in enumerate(range(0, n_variants, TOGETHER)):
        size = min(TOGETHER, n_variants - start)
        shared = stream(seed, "frequencies", number)
        ancestral = np.clip(shared.beta(0.5, 1.5, size), 0.02, 0.98)[:, None]
        spread = (1 - F_ST) / F_ST
        frequency = shared.beta(ancestral * spread, (1 - ancestral) * spread, (size, len(POPULATIONS)))
        frequency = np.clip(frequency, 0.002, 0.998).astype(np.float32)
        begins = (shared.random(size) < 1 / NEW_BLOCK) | (np.arange(size) + start == 0)
        own = stream(seed, "genotypes", number, *role.encode())
        out = np.empty((size, len(population)), dtype=np.int8)
        for j in range(size):
            fresh = own.random((2, len(population)), dtype=np.float32)
            if begins[j]:
                place = fresh
            else:
                is_new = own.random((2, len(population)), dtype=np.float32) < RECOMBINATION
                place = np.where(is_new, fresh, place)
            out[j] = (place < frequency[j][population]).sum(axis=0)
        out[own.random(out.shape, dtype=np.float32) < MISSING] = -127
        yield out


def simulate(job: dict[str, object]) -> dict[str, object]:
    """Write the training people and the holdout."""
    n, p, seed = int(job["people"]), int(job["variants"]), int(job["seed"])
    rng = stream(seed, "variants")
    features = pd.DataFrame(
        {
            "chromosome": (np.arange(p) * 22 // p + 1).astype(str),
            "cm": 0.0,
            "position": np.arange(1, p + 1) * 1_000,
            "allele_1": rng.choice(list("AC"), p),
            "allele_2": rng.choice(list("GT"), p),
        },
        index=[f"rs{i + 1}" for i in range(p)],
    )
    for role in ("real", "holdout"):
        population, covariates = people(n, seed, role)
        with write_bed_blocks(
            Path(job["folder"]) / f"{role}.bed", covariates, Annotation(features, "plink")
        ) as out:
            for block in dosages(p, population, seed, role):
                out.append(block)
    return {}


def fit(job: dict[str, object]) -> dict[str, object]:
    """Fit, and write the model."""
    import synthgen

    model = getattr(synthgen, str(job["model"]))(random_state=int(job["seed"]), verbose=0)
    if job["factors"]:
        model.set_params(reduce=int(job["factors"]))
    folder = Path(job["folder"])
    start = time.perf_counter()
    model.fit(folder / "real.bed", max_memory=str(job["max_memory"]))
    fitted = time.perf_counter() - start
    fit_peak = peak()
    model.save(folder / "model.synthgen")
    size = (folder / "model.synthgen").stat().st_size
    facts = model.describe()["wide"]
    return {
        "fit_wall_seconds": round(fitted, 1),
        "fit_peak_gib": fit_peak,
        "model_bytes": size,
        "n_factors": facts["n_factors"],
        "winner": facts.get("winner"),
    }


def sample(job: dict[str, object]) -> dict[str, object]:
    """Read the model, and write as many new people."""
    import synthgen
    from synthgen.models.bed_sample import sample_to_bed

    folder = Path(job["folder"])
    start = time.perf_counter()
    model = synthgen.load(folder / "model.synthgen")
    loaded = time.perf_counter() - start
    sample_to_bed(model, folder / "synthetic.bed", int(job["people"]), seed=int(job["seed"]), verbose=0)
    return {"load_wall_seconds": round(loaded, 1)}


def check(job: dict[str, object]) -> dict[str, object]:
    """Hold the sample against the training people, beside the holdout and a floor."""
    from bed_reader import open_bed

    folder = Path(job["folder"])
    with open_bed(folder / "synthetic.bed") as file:  # the library itself, not our reader
        first, last = file.read(np.s_[:, :50]), file.read(np.s_[:, -50:])
        is_read = bool(file.shape == (int(job["people"]), int(job["variants"])))
    is_read &= bool(np.isin(np.nan_to_num(np.concatenate([first, last]), nan=0), [0, 1, 2]).all())
    real = statistics(folder / "real.bed")
    out: dict[str, object] = {"bed_reader_reads_it": is_read, "plink2": plink2(folder / "synthetic")}
    for role in ("synthetic", "holdout", "floor"):
        out[role] = compared(
            real, statistics(folder / ("real.bed" if role == "floor" else f"{role}.bed"), role == "floor")
        )
    return out


def statistics(path: Path, is_shuffled: bool = False) -> dict[str, np.ndarray]:
    """Frequencies, missing shares, neighbours' r2, and dosages of some variants."""
    file = open_bed_blocks(path)
    step = max(1, file.n_variants // PCA_VARIANTS)
    frequency, missing, r2, thinned, last = [], [], [], [], None
    for which, found in file.blocks(TOGETHER):
        values = np.where(found < 0, np.float32(np.nan), found.astype(np.float32))
        if is_shuffled:
            values = stream(0, "floor", which.start).permuted(values, axis=1)
        mean = np.nanmean(values, axis=1)
        frequency.append(mean / 2)
        missing.append(np.isnan(values).mean(axis=1))
        centred = np.nan_to_num(values - mean[:, None])
        centred /= np.maximum(np.sqrt((centred**2).sum(axis=1, keepdims=True)), 1e-6)
        near = centred if last is None else np.concatenate([last, centred])
        r2.append((near[1:] * near[:-1]).sum(axis=1) ** 2)
        last = centred[-1:]
        thinned.append(centred[(-which.start) % step :: step])
    return {
        "frequency": np.concatenate(frequency),
        "missing": np.concatenate(missing),
        "r2": np.concatenate(r2),
        "thinned": np.concatenate(thinned),
    }


def compared(real: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> dict[str, float]:
    """How alike two sets of people are. In [0, 1], 1 best, but for the missing share and mean r2."""
    values, axes = np.linalg.eigh(real["thinned"].T @ real["thinned"])
    loadings = real["thinned"] @ axes[:, ::-1][:, :PCS] / np.sqrt(values[::-1][:PCS])
    explained = [(loadings.T @ x["thinned"]).var(axis=1) for x in (real, other)]
    return {
        "allele_frequency_r": correlation(real["frequency"], other["frequency"]),
        "allele_frequency_mean_difference": float(np.abs(real["frequency"] - other["frequency"]).mean()),
        "neighbour_r2_r": correlation(real["r2"], other["r2"]),
        "neighbour_r2_mean": float(other["r2"].mean()),
        "neighbour_r2_mean_real": float(real["r2"].mean()),
        "pc_variance_ratio": [round(float(b / a), 3) for a, b in zip(*explained, strict=True)],
        "missing_share": float(other["missing"].mean()),
        "missing_r": correlation(real["missing"], other["missing"]),
    }


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's, 0 where one is constant."""
    return float(np.corrcoef(a, b)[0, 1]) if a.std() and b.std() else 0.0


def plink2(stem: Path) -> str:
    """What plink2 says of the file, where it is installed."""
    if (program := shutil.which("plink2")) is None:
        return "not installed"
    command = [program, "--bfile", str(stem), "--freq", "--out", str(stem) + "-plink2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "reads it" if done.returncode == 0 else done.stderr[-500:]


def peak() -> float:
    """GiB that this process has held at most."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 3)


PHASES = {"simulate": simulate, "fit": fit, "sample": sample, "check": check}


def one(phase: str, job: dict[str, object]) -> None:
    """One phase in this process; prints its figures."""
    start = time.perf_counter()
    found = PHASES[phase](job)
    wall, cpu = time.perf_counter() - start, time.process_time()
    print(
        json.dumps(
            {"wall_seconds": round(wall, 1), "cpu_seconds": round(cpu, 1), "peak_gib": peak(), **found}
        )
    )


def run(job: dict[str, object], folder: Path) -> dict[str, object]:
    """All phases, each in its own process."""
    out: dict[str, object] = {k: job[k] for k in (*KEYS, "max_memory")}
    environment = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive", **os.environ}
    for phase in PHASES:
        command = [
            sys.executable,
            __file__,
            "--phase",
            phase,
            "--job",
            json.dumps({**job, "folder": str(folder)}),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if done.returncode:
            return {**out, "error": f"{phase}: {done.stderr.strip()[-1500:]}"}
        out[phase] = json.loads(done.stdout.splitlines()[-1])
        print(phase, json.dumps(out[phase]), flush=True)
    return out


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--variants", type=int, nargs="+", default=[500_000])
    parser.add_argument("--model", default="SynthGAN")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--factors", type=int, default=0, help="as many common factors; 0: found")
    parser.add_argument("--max-memory", default="4GiB")
    parser.add_argument("--folder", type=Path, help="for the files; a temporary one by default")
    parser.add_argument("--target", type=Path, default=RESULTS)
    parser.add_argument("--phase", choices=PHASES, help=argparse.SUPPRESS)
    parser.add_argument("--job", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.phase:
        one(given.phase, json.loads(given.job))
        return
    for variants in given.variants:
        job = {
            "people": given.people,
            "variants": variants,
            "model": given.model,
            "seed": given.seed,
            "factors": given.factors,
            "max_memory": given.max_memory,
        }
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            found = run(job, Path(folder))
        if "error" in found:
            sys.exit(str(found["error"]))
        runs.save(given.target, runs.with_run(runs.load(given.target), found, KEYS))


if __name__ == "__main__":
    main()
