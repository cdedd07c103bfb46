"""What processes tell each other, and what those that do not lead leave alone."""

import numpy as np
import torch

from synthgen.archive import pack, unpack
from synthgen.training.checkpoint import Checkpoints
from synthgen.training.history import History


def test_a_state_comes_out_of_a_message_as_it_went_in():
    state = {
        "a": np.array(np.inf),
        "b": {"c/d": np.arange(3, dtype=np.int64), "e": [1, (2.5, None)]},
        "f": "ü",
    }
    found = unpack(pack(state))
    assert found["a"] == np.inf and found["a"].shape == ()
    assert found["b"]["c/d"].dtype == np.int64 and found["b"]["c/d"].tolist() == [0, 1, 2]
    assert found["b"]["e"] == [1, (2.5, None)]
    assert found["f"] == "ü"


def test_losses_of_steps_since_the_last_look_become_their_means():
    history = History()
    for value in (1.0, 2.0):
        history.record({"d_loss": torch.tensor(value), "r1": torch.tensor(torch.nan)})
    history.share(lambda values: (values + 3 * values) / 2)
    history.flush()
    assert history.steps["d_loss"] == [2.0, 4.0]
    assert np.isnan(history.steps["r1"]).all()


def test_a_process_that_does_not_lead_leaves_the_folder_alone(tmp_path):
    leader = Checkpoints(tmp_path / "folder", None, False)
    follower = Checkpoints(tmp_path / "folder", None, False, leads=False)
    assert follower.seed is None
    Checkpoints(tmp_path / "other", None, False, leads=False)
    assert not (tmp_path / "other").exists()
    follower.close()
    leader.close()


def test_a_folder_that_is_lent_stays_locked_by_its_owner(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    owner = Checkpoints("folder", 7, False)
    lent = owner.lent()
    assert lent.folder == tmp_path / "folder"
    assert lent.every == 7
    lent.close()
    assert owner._lock is not None
    owner.close()
