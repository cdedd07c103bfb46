"""Two fits in threads of one process: neither disturbs the other, nor the caller."""

import threading
import warnings

import numpy as np
import pytest
import torch
from pandas.testing import assert_frame_equal

from synthgen.training.threads import torch_threads
from tests.models.test_every_synthesizer import FACTORIES


def rows_of(name, table, seed, out):
    model = FACTORIES[name](random_state=seed).fit(table)
    out[name, seed] = model.sample(1500, random_state=seed)


def together(calls):
    threads = [threading.Thread(target=rows_of, args=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(
    "pair", [("SynthGAN", "SynthGAN"), ("SynthGAN", "SynthVAE"), ("GaussianCopula", "SynthVAE")]
)
def test_fits_in_two_threads_give_what_they_give_alone(pair, diabetes):
    alone, beside = {}, {}
    calls = list(zip(pair, [diabetes, diabetes.head(300)], [1, 2], strict=True))
    for call in calls:
        rows_of(*call, alone)
    together([(*call, beside) for call in calls])
    assert beside.keys() == alone.keys() and len(alone) == 2
    for key, rows in alone.items():
        assert_frame_equal(beside[key], rows)


def test_the_callers_seeds_threads_and_filters_are_left_alone(diabetes):
    def state():
        name, keys, *rest = np.random.get_state()  # noqa: NPY002
        return (
            name,
            keys.tolist(),
            rest,
            torch.get_rng_state().tolist(),
            torch.get_num_threads(),
            warnings.filters[:],
        )

    before, in_new_threads = state(), []
    together([(name, diabetes, 3, {}) for name in ("SynthGAN", "SynthVAE")])
    watcher = threading.Thread(target=lambda: in_new_threads.append(torch.get_num_threads()))
    watcher.start()
    watcher.join()
    assert state() == before
    assert in_new_threads == [torch.get_num_threads()]


def test_the_number_of_threads_comes_back_when_blocks_overlap():
    outside = torch.get_num_threads()
    entered, may_leave, seen = threading.Event(), threading.Event(), []

    def other():
        with torch_threads(outside + 1):
            entered.set()
            may_leave.wait(10)
            seen.append(torch.get_num_threads())
        seen.append(torch.get_num_threads())

    thread = threading.Thread(target=other)
    with torch_threads(outside + 2):
        thread.start()
        assert entered.wait(10)
        with torch_threads(outside + 3):
            assert torch.get_num_threads() == outside + 3
        assert torch.get_num_threads() == outside + 2
    may_leave.set()
    thread.join()
    assert torch.get_num_threads() == outside
    assert seen == [outside + 1, outside]
