"""Two processes that torchrun starts train one model: the same on both, the same again, and out of step never."""

import numpy as np
import pytest

from synthgen import GaussianCopula, SynthGAN
from synthgen.exceptions import ParameterError
from tests.distributed.processes import SMALL, gradients
from tests.distributed.tables import table


@pytest.mark.parametrize("model", ["first", "unseeded", "vae"])
def test_all_processes_have_the_same_model(both, model):
    assert both[0]["fits"][model] == both[1]["fits"][model]


def test_two_processes_draw_other_rows_than_one(both):
    alone = SynthGAN(**SMALL).fit(table())
    losses = alone.history_["d_loss"].to_numpy()
    together = np.array(both[0]["fits"]["losses"])
    assert not np.allclose(losses, together)
    assert abs(losses.mean() - together.mean()) < 0.05


def test_losses_and_scores_are_the_same_on_all_processes(both):
    assert both[0]["fits"]["losses"] == both[1]["fits"]["losses"]
    assert both[0]["fits"]["auc"] == both[1]["fits"]["auc"]
    assert len(both[0]["fits"]["auc"]) == 3


def test_an_error_of_the_first_process_ends_the_others_by_name(both):
    assert both[0]["resumed"]["failed"] == "ValueError: the power failed"
    assert both[1]["resumed"]["failed"].startswith("PeerFailedError: The first process")


def test_a_fit_that_is_taken_up_ends_with_the_bytes_of_an_undisturbed_one(both):
    for own in both:
        assert own["resumed"]["resumed"] == own["fits"]["first"]


def test_batches_that_cannot_be_halved_are_shared_unequally(both):
    assert both[0]["unequal"]["model"] == both[1]["unequal"]["model"]


def test_a_recipe_that_a_callback_changed_is_changed_on_all(both):
    first, second = (own["changed"]["model"] for own in both)
    assert first == second
    assert first != both[0]["fits"]["first"]


def test_ctrl_c_of_one_process_ends_all_at_the_same_step(both):
    first, second = (own["interrupted"] for own in both)
    assert first == second
    assert first["interrupted"]
    assert first["stopped"].startswith("interrupted (Ctrl-C) at step ")


def test_the_first_clock_counts_where_time_is_limited(both):
    first, second = (own["limited"] for own in both)
    assert first == second
    assert first["stopped"] == "max_time is spent"


def test_losses_without_numbers_on_one_process_are_a_fault_of_all(both):
    first, second = (own["unbalanced"]["error"] for own in both)
    assert first == second
    assert first.startswith("Training diverged: d_loss is nan at step 1")


def test_weights_that_drift_apart_end_the_training(both):
    for own in both:
        assert "drifted apart" in own["drifted"]["error"]


def test_more_processes_than_parts_of_a_batch_are_refused(both):
    for own in both:
        assert own["refused"]["error"].startswith(
            "2 workers cannot share batches of 2 rows, 2 of which are judged together"
        )


def test_two_halves_of_a_batch_give_the_gradients_of_the_whole(both):
    whole = np.array(gradients())
    for own in both:
        assert own["halves"]["own"] == 16
        assert own["halves"]["messages"] == 2
        np.testing.assert_allclose(own["halves"]["gradients"], whole, rtol=0, atol=1e-6)
    assert np.abs(whole).max() > 0.05


def test_an_error_of_any_process_ends_all_with_its_words(both):
    first, second = (own["alone"] for own in both)
    assert second["error"] == "MemoryError: nothing is left"
    assert first["error"] == "WorkerError: Worker 1 of this training failed: MemoryError: nothing is left."
    assert first["again"].startswith("The processes of torchrun parted after an error")
    assert second["again"] == first["again"]


def test_torchrun_is_asked_for_by_its_name():
    with pytest.raises(ParameterError, match="engine='torchrun' is for a process that torchrun started"):
        SynthGAN(max_steps=5).fit(table(), engine="torchrun")


def test_models_without_networks_are_refused_by_name():
    with pytest.raises(ParameterError, match="SynthGAN and SynthVAE; GaussianCopula is fitted in one go"):
        GaussianCopula().fit(table(), engine="torchrun")
