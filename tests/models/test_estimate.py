"""What a fit will take, said before: it grows as it must, comes near what happens, and warns in time."""

import json
import os
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest

from synthgen.models import estimate as module
from synthgen.models import machine
from synthgen.models.estimate import Estimate, MemoryWarning
from synthgen.models.estimate_memory import MatrixShape, gan_bytes, selection_bytes, selection_rows
from synthgen.models.estimate_time import seconds_of_all
from synthgen.models.estimate_training import n_validation_rows
from synthgen.models.gan_fit import split_rows
from synthgen.models.synthgan import SynthGAN
from tests.models.test_every_synthesizer import FACTORIES

GIB = 2**30


def numbers(n_rows, n_columns=4, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({f"x{i}": rng.standard_normal(n_rows) for i in range(n_columns)})


def mixed(n_rows):
    rng = np.random.default_rng(0)
    return numbers(n_rows, 2).assign(
        level=rng.choice(["a", "b", "c"], n_rows),
        day=pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 400, n_rows), unit="D"),
        flag=rng.random(n_rows) < 0.3,
        gaps=np.where(rng.random(n_rows) < 0.2, np.nan, rng.standard_normal(n_rows)),
    )


def quick(**changes):
    return SynthGAN(
        **{"hidden_dims": (16,), "latent_dim": 8, "max_steps": 20, "random_state": 0, "verbose": 0} | changes
    )


@pytest.mark.parametrize("name", FACTORIES)
def test_every_synthesizer_estimates_and_is_left_as_it_was(name):
    model = FACTORIES[name]()
    before = dict(vars(model))
    found = model.estimate(mixed(300))
    assert found.peak_bytes > found.held_bytes > 0
    assert found.seconds == pytest.approx(sum(found.seconds_by_part.values()))
    assert found.added_bytes >= max(found.bytes_by_part.values())
    assert found.n_steps == (20 if name in ("SynthGAN", "SynthVAE") else 0)
    assert vars(model) == before


@pytest.mark.parametrize("name", FACTORIES)
@pytest.mark.parametrize(
    "table",
    [
        numbers(4, 2),
        pd.DataFrame({"a": [1, 1, 1, 1, 1]}),
        pd.DataFrame({"a": [np.nan] * 6, "b": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]}),
        pd.DataFrame({"id": [f"row-{i}" for i in range(30)], "x": range(30)}),
    ],
    ids=["four rows", "one constant column", "an empty column", "an identifier"],
)
def test_odd_tables_are_estimated(name, table):
    assert FACTORIES[name]().estimate(table).added_bytes > 0


def test_the_width_is_that_of_the_fitted_matrix():
    table = mixed(2_000)
    model = quick(refine=None)
    assert model.estimate(table).n_features == model.fit(table).encoder_.layout_.width


def test_a_column_of_very_many_levels_is_as_wide_as_in_the_fit():
    rng = np.random.default_rng(0)
    codes = pd.Categorical.from_codes(rng.integers(0, 3_000, 60_000), [f"code-{i:04d}" for i in range(3_000)])
    table = numbers(60_000, 1).assign(code=codes, text=np.asarray(codes))
    model = quick(refine=None, max_steps=2, validation_fraction=0.0, watch=False, calibrate=False)
    found = model.estimate(table)
    assert found.n_features == model.fit(table).encoder_.layout_.width >= 3


def test_a_wide_table_is_estimated_on_its_common_factors():
    found = SynthGAN(random_state=0, verbose=0).estimate(numbers(60, 300))
    assert found.n_features < 60
    assert found.bytes_by_part["block"] > 60 * 300 * 8
    assert found.n_steps == 1_800


def test_memory_grows_with_rows_and_columns():
    tables = numbers(20_000), numbers(300_000), numbers(20_000, 40)
    few, many, wide = (max(quick(refine=None).estimate(t).bytes_by_part.values()) for t in tables)
    assert 8 < many / few <= 15
    assert 2 < wide / few <= 10


def test_more_steps_take_more_time_and_the_limit_on_time_holds():
    table = numbers(1_000)
    short, long, limited = (
        quick(refine=None, **c).estimate(table).seconds_by_part["training steps"]
        for c in ({"max_steps": 20}, {"max_steps": 20_000}, {"max_steps": 20_000, "max_time": 3.0})
    )
    assert long > 50 * short
    assert limited <= 3.0


def test_selection_is_counted_only_where_there_is_one():
    table = numbers(1_000)
    assert "trees" in quick().estimate(table).seconds_by_part
    usual, all_rounds = (quick(max_steps=n).estimate(table) for n in (2_000, 1_999))
    assert usual.seconds_by_part["trees"] < all_rounds.seconds_by_part["trees"]
    assert all_rounds.seconds_at_most < 1.3 * all_rounds.seconds
    assert "trees" not in quick(refine=None).estimate(table).seconds_by_part
    assert "trees" not in quick().estimate(table.head(900)).seconds_by_part


def test_a_fit_is_refused_and_an_estimate_too():
    with pytest.raises(ValueError, match="3 rows"):
        quick().estimate(numbers(3))


def test_validation_rows_are_those_that_are_held_out():
    for n in (100, 1_999, 2_000, 30_000, 90_000):
        assert n_validation_rows(n, 0.1) == len(split_rows(np.zeros((n, 1), np.float32), 0.1, 0)[1])


def test_what_a_gan_holds_is_two_matrices():
    layout = SynthGAN(max_steps=1, refine=None, verbose=0).fit(numbers(200)).encoder_.layout_
    small, large = (MatrixShape(n, layout, 4) for n in (100_000, 1_100_000))
    grown = [gan_bytes(s, 4_000, watched=True, audited=True) for s in (small, large)]
    # float32 and four columns of numbers, in the table's order and in that of training
    assert grown[1]["training"] - grown[0]["training"] == 2 * 4 * 4 * 1_000_000
    assert grown[1]["audit"] - grown[0]["audit"] == 3 * 4 * 4 * 1_000_000
    assert selection_rows(large) == (300_000, 300_032)
    assert selection_bytes(large)["margins"] - selection_bytes(small)["margins"] > 4 * 4 * 1_000_000


def test_seconds_lie_on_the_line_through_two_sizes(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("synthgen.models.estimate_time.time.process_time", lambda: now[0])

    def piece(n):
        now[0] += 3.0 + 0.5 * n

    assert seconds_of_all(piece, (10, 20), 100) == pytest.approx(53.0)
    assert seconds_of_all(piece, (10, 20), 15) == pytest.approx(10.5)


@pytest.mark.parametrize("name", FACTORIES)
def test_a_fit_that_will_not_fit_is_warned_of_and_goes_on(name, monkeypatch):
    monkeypatch.setattr(module, "free_memory", lambda: 100_000)
    with pytest.warns(MemoryWarning, match=r"will take about .* more memory, and 98 KiB are free"):
        model = FACTORIES[name]().fit(mixed(2_000))
    assert len(model.sample(3)) == 3


def test_the_warning_begins_at_four_fifths(monkeypatch):
    table = mixed(3_000)
    added = max(quick(refine=None).estimate(table).bytes_by_part.values())
    monkeypatch.setattr(module, "free_memory", lambda: int(added / 0.85))
    with pytest.warns(MemoryWarning):
        quick(refine=None).fit(table)
    monkeypatch.setattr(module, "free_memory", lambda: int(added / 0.75))
    with warnings.catch_warnings():
        warnings.simplefilter("error", MemoryWarning)
        quick(refine=None).fit(table)


def test_nothing_is_tried_in_a_fit_that_has_room(monkeypatch):
    def refuse(*_, **__):
        raise RuntimeError("rows were encoded to see what they take")

    monkeypatch.setattr(module, "_tried", refuse)
    assert len(quick().fit(mixed(300)).sample(2)) == 2


def test_words_say_memory_time_and_the_warning():
    parts = {"margins": 3 * GIB, "trees": GIB}
    found = Estimate(5 * GIB, 2 * GIB, 10 * GIB, 600.0, 1200.0, 1_000, 30, 50, parts, {"trees": 590.0})
    assert "5.0 GiB at the peak, 3.0 GiB of it added by the fit; 10.0 GiB are free" in found.words()
    assert "time: 10 min of one core, 20 min at most" in found.words()
    assert "margins 3.0 GiB, trees 1.0 GiB" in found.words()
    assert "Fit on fewer rows" not in found.words()
    tight = Estimate(5 * GIB, 2 * GIB, 3 * GIB, 600.0, 600.0, 1_000, 30, 50, parts, {})
    assert tight.is_tight
    assert "Fit on fewer rows" in tight.words()


def test_a_group_s_limit_is_heeded(tmp_path, monkeypatch):
    proc, groups = tmp_path / "proc", tmp_path / "cgroup"
    (proc / "self").mkdir(parents=True)
    (groups / "box" / "inner").mkdir(parents=True)
    monkeypatch.setattr(machine, "PROC", proc)
    monkeypatch.setattr(machine, "CGROUP", groups)
    (proc / "meminfo").write_text("MemTotal: 64 kB\nMemAvailable:   5000000 kB\n")
    assert machine.free_memory() == 5_000_000 * 1024
    (proc / "self" / "cgroup").write_text("0::/box/inner\n")
    (groups / "box" / "inner" / "memory.max").write_text("max\n")
    (groups / "box" / "memory.max").write_text("3000000000\n")
    (groups / "box" / "memory.current").write_text("1000000000\n")
    assert machine.free_memory() == 2_000_000_000
    (proc / "self" / "cgroup").write_text("3:cpu,memory:/box\n")
    (groups / "memory" / "box").mkdir(parents=True)
    (groups / "memory" / "box" / "memory.limit_in_bytes").write_text("900000000")
    (groups / "memory" / "box" / "memory.usage_in_bytes").write_text("100000000")
    assert machine.free_memory() == 800_000_000


ONE = """
import json, sys
import lightgbm, sklearn.ensemble
import numpy as np, pandas as pd
from synthgen.models.synthgan import SynthGAN

def status(name):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))

rng = np.random.default_rng(0)
n = 200_000
table = pd.DataFrame({f"x{i}": rng.standard_normal(n).astype("float32") for i in range(6)})
table["level"] = pd.Categorical.from_codes(rng.integers(0, 30, n), [f"l{i}" for i in range(30)])
model = SynthGAN(hidden_dims=(16,), max_steps=4, refine=None, validation_fraction=0.001, random_state=0, verbose=0)
if sys.argv[1] == "estimate":
    found = model.estimate(table)
    print(json.dumps([found.held_bytes, found.peak_bytes]))
else:
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    before = status("VmRSS")
    model.fit(table)
    print(json.dumps([before, status("VmHWM")]))
"""


@pytest.mark.skipif(
    not os.access("/proc/self/clear_refs", os.W_OK), reason="the peak of a fit is not to be had"
)
def test_the_peak_is_within_30_percent_of_what_happens():
    said, seen = (
        json.loads(
            subprocess.run(
                [sys.executable, "-c", ONE, what],
                capture_output=True,
                check=True,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            ).stdout
        )
        for what in ("estimate", "fit")
    )
    assert said[1] == pytest.approx(seen[1], rel=0.3)
    assert said[1] - said[0] == pytest.approx(seen[1] - seen[0], rel=0.3)
