"""The same seed, data, version and device give the same bytes: whatever the process, the threads, the order of sets."""

import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from synthgen.models.persistence import load
from tests.models.test_every_synthesizer import FACTORIES


def mixed():
    rng = np.random.default_rng(0)
    n = 1200
    kind = rng.integers(0, 3, n)
    start = pd.Timestamp("2024-01-01")
    return pd.DataFrame(
        {
            "kind": np.array(["a", "b", "c"])[kind],
            "x": rng.normal(kind, 1.0),
            "y": pd.Series(rng.gamma(2.0, 3.0, n).round(1)).where(rng.random(n) > 0.1),
            "day": start + pd.to_timedelta(rng.integers(0, 300, n), unit="D"),
            "code": [f"P{i:04d}" for i in range(n)],
        }
    )


def wide():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(200, 3)) @ rng.normal(size=(3, 300)) + rng.normal(size=(200, 300))
    return pd.DataFrame(values, columns=[f"g{i}" for i in range(300)])


def dosages():
    rng = np.random.default_rng(2)
    common = rng.normal(size=(300, 3))
    values = common @ rng.normal(size=(3, 200)) + rng.normal(size=(300, 200))
    return pd.DataFrame(
        1 + np.sign(values).astype(int) * (np.abs(values) > 1), columns=[f"s{i}" for i in range(200)]
    )


def fitted(folder):
    """Every model on a mixed table, one that chooses among its rows, and three on wide tables: checksums of file and rows."""
    models = {name: make().fit(mixed()) for name, make in FACTORIES.items()}
    models["chosen"] = FACTORIES["SynthGAN"](refine=4, watch=False).fit(mixed())
    models |= {f"wide {name}": FACTORIES[name]().fit(wide()) for name in ("SynthGAN", "GaussianCopula")}
    models["linked"] = FACTORIES["SynthGAN"]().fit(dosages())
    found = {}
    for name, model in models.items():
        model.save(folder / f"{name}.synthgen")
        rows = model.sample(1500, random_state=2).to_csv(index=False)
        content = (folder / f"{name}.synthgen").read_bytes()
        found[name] = [hashlib.sha256(part).hexdigest() for part in (content, rows.encode())]
    return found


@pytest.fixture(scope="module")
def by_threads(tmp_path_factory):
    """What processes of other numbers of threads and other hash seeds find."""
    program = (
        "import json, sys; from pathlib import Path; from tests.models.test_repeatable import fitted; "
        "print(json.dumps(fitted(Path(sys.argv[1]))))"
    )
    found = {}
    for n_threads in ("1", "2"):
        folder = tmp_path_factory.mktemp(f"threads{n_threads}")
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "PYTHONHASHSEED")
        environment = {**os.environ, **dict.fromkeys(names, n_threads)}
        command = [sys.executable, "-W", "ignore", "-c", program, str(folder)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        found[n_threads] = folder, json.loads(done.stdout)
    return found


def test_one_and_two_threads_give_the_same_bytes(by_threads):
    one, two = (checksums for _, checksums in by_threads.values())
    assert len(one) == len(FACTORIES) + 4
    assert one == two


def test_another_process_draws_the_same_rows_from_a_file(by_threads):
    folder, checksums = by_threads["2"]
    for name in ("SynthGAN", "wide SynthGAN", "chosen"):
        rows = load(folder / f"{name}.synthgen").sample(1500, random_state=2).to_csv(index=False)
        assert hashlib.sha256(rows.encode()).hexdigest() == checksums[name][1]


@pytest.mark.filterwarnings("ignore::synthgen.training.alarms.CollapseWarning")
@pytest.mark.parametrize("kind", ["chosen", "wide SynthGAN", "wide GaussianCopula", "linked"])
def test_rows_do_not_depend_on_batch_length_or_part(kind, by_threads):
    model = load(by_threads["1"][0] / f"{kind}.synthgen")
    whole = model.sample(3000, random_state=5)
    pd.testing.assert_frame_equal(model.sample(3000, random_state=5, batch_size=1), whole)
    parts = [
        model.sample(b - a, random_state=5, first_row=a) for a, b in ((0, 700), (700, 2048), (2048, 3000))
    ]
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), whole)
    for a, b in ((0, 1), (1024, 2049), (1030, 1031)):  # blocks of few rows
        part = model.sample(b - a, random_state=5, first_row=a)
        pd.testing.assert_frame_equal(part, whole[a:b].reset_index(drop=True), check_exact=True)


@pytest.mark.filterwarnings("ignore::synthgen.training.alarms.CollapseWarning")
def test_parts_make_up_the_whole_where_chosen_rows_must_meet_conditions(by_threads):
    model = load(by_threads["1"][0] / "chosen.synthgen")
    asked = {"random_state": 5, "conditions": {"kind": "a", "x": (-1.0, 1.5)}}
    whole = model.sample(1500, **asked)
    parts = [model.sample(b - a, first_row=a, **asked) for a, b in ((0, 1), (1, 1030), (1030, 1500))]
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), whole)
