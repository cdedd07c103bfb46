"""What the processes of test_torchrun.py do: each trains with the others, and writes what it saw to a JSON file of its own."""

import dataclasses
import hashlib
import json
import os
import signal
import sys
import threading
import warnings
from pathlib import Path

import torch

from synthgen import SynthGAN, SynthVAE
from synthgen.distributed.torchrun_team import torchrun_team
from synthgen.exceptions import SynthgenError
from synthgen.networks.blocks import initialise
from synthgen.networks.discriminator import Discriminator
from synthgen.networks.generator import Generator
from synthgen.networks.output_heads import OutputHeads
from synthgen.training.batches import Batches
from synthgen.training.loop import Observers, _players
from synthgen.training.steps import discriminator_step, generator_step
from tests.distributed.tables import table
from tests.training.test_steps_reference import LAYOUT
from tests.training.test_training import CONFIG

RANK = int(os.environ.get("RANK", "0"))
SMALL = {
    "hidden_dims": (16,), "batch_size": 64, "refine": None, "verbose": 0, "validation_fraction": 0.4, "watch": False,
    "validate_every": 20, "max_steps": 60, "random_state": 0,
}  # fmt: skip
PENALISED = dataclasses.replace(CONFIG, r1_weight=0.3, r2_weight=0.3, penalty_every=1, batch_size=32)


def digest(model):
    return hashlib.sha256(model.sample(200, random_state=0).to_csv().encode()).hexdigest()


def fitted(**given):
    return SynthGAN(**{**SMALL, **given}).fit(table(), engine="torchrun")


def fits():
    first, unseeded = fitted(watch=True), fitted(random_state=None, max_steps=10)
    vae = SynthVAE(max_steps=20, hidden_dims=(16,), random_state=0, verbose=0).fit(table(), engine="torchrun")
    return {
        "first": digest(first),
        "unseeded": digest(unseeded),
        "vae": digest(vae),
        "losses": first.history_["d_loss"].tolist(),
        "auc": first.validation_history_["auc"].tolist(),
    }


def resumed(folder):
    def stop(found):
        if found.step == 40:
            raise ValueError("the power failed")

    def run(**given):
        return SynthGAN(**{**SMALL, **given}).fit(
            table(),
            engine="torchrun",
            checkpoint=folder,
            checkpoint_every=25,
            resume="callbacks" not in given,
        )

    try:
        run(callbacks=[stop])
    except (ValueError, SynthgenError) as error:
        failed = f"{type(error).__name__}: {error}"
    return {"failed": failed, "resumed": digest(run())}


def unequal():
    return {"model": digest(fitted(batch_size=33, max_steps=10))}


def changed_by_callback():
    def calm(found):
        if found.step == 20:
            found.config = dataclasses.replace(found.config, learning_rate=1e-4)

    return {"model": digest(fitted(callbacks=[calm]))}


def interrupted():
    """Ctrl-C that only the last process is told of."""
    if RANK == 1:
        threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        model = fitted(max_steps=5_000, validate_every=1000)
    return {"stopped": model.stopped_, "interrupted": model.interrupted_, "model": digest(model)}


def limited():
    model = fitted(max_steps=5_000, max_time=1.0)
    return {"steps": len(model.history_), "model": digest(model), "stopped": model.stopped_}


def unbalanced():
    """Rows of one process alone have no numbers."""
    players, _ = game()
    rows = torch.zeros(100, LAYOUT.width) if RANK == 0 else torch.full((100, LAYOUT.width), torch.nan)
    try:
        with torchrun_team() as team:
            team.train(
                players.generator, players.discriminator, players.heads, rows, [], CONFIG,
                seed=0, observers=Observers(), verbose=0,
            )  # fmt: skip
    except SynthgenError as error:
        return {"error": str(error)}


def drifted():
    players, _ = game()
    networks = [players.generator, players.discriminator]
    with torchrun_team() as team:
        team.group.check_same(networks)
        if RANK == 1:
            with torch.no_grad():
                next(players.discriminator.parameters()).view(-1)[0] += 1e-6
        try:
            team.group.check_same(networks)
        except SynthgenError as error:
            return {"error": str(error)}


def refused():
    try:
        fitted(batch_size=2, pac=2)
    except SynthgenError as error:
        return {"error": str(error)}


def alone():
    """The last process has no memory left, and does not end; the processes cannot meet again."""

    def exhausted(module, arguments):
        raise MemoryError("nothing is left")

    players, rows = game()
    if RANK == 1:
        players.discriminator.register_forward_pre_hook(exhausted)
    try:
        with torchrun_team() as team:
            team.train(
                players.generator, players.discriminator, players.heads, rows, [], CONFIG,
                seed=0, observers=Observers(), verbose=0,
            )  # fmt: skip
    except (SynthgenError, MemoryError) as error:
        found = {"error": f"{type(error).__name__}: {error}"}
    try:
        fitted()
    except SynthgenError as error:
        return {**found, "again": str(error)}


class Given(Batches):
    """The rows and noise of a whole batch, or the part of them that is one process's."""

    def __init__(self, matrix, batch_size, part=slice(None)):
        super().__init__(matrix, len(range(*part.indices(batch_size))), 7)
        self.whole, self.part = Batches(matrix, batch_size, 7), part

    def rows(self):
        return self.whole.rows()[self.part]

    def normal(self, width):
        return self.whole.normal(width)[self.part]

    def gumbel(self, width):
        return self.whole.gumbel(width)[self.part]


def game():
    generator, discriminator = (
        Generator(6, 0, (16, 16), LAYOUT.width),
        Discriminator(LAYOUT, (16, 16), 1, (0.5,)),
    )
    for i, network in enumerate((generator, discriminator)):
        initialise(network, torch.Generator().manual_seed(i))
        for p in network.parameters():
            p.data += 0.1 * torch.randn(p.shape, generator=torch.Generator().manual_seed(3))
    players = _players(generator, discriminator, OutputHeads(LAYOUT), [], PENALISED, torch.device("cpu"))
    rng = torch.Generator().manual_seed(0)
    heads = players.heads
    matrix = heads.harden(torch.randn(500, LAYOUT.width, generator=rng), torch.zeros(500, heads.n_one_hot))
    return players, matrix


def gradients(part=slice(None), joined=None):
    """Of both players' steps, with penalties, as the optimisers see them."""
    players, matrix = game()
    if joined is not None:
        joined(players)
    batches = Given(matrix, 32, part)
    discriminator_step(players, batches, PENALISED, penalise=True)
    found = [p.grad.clone() for p in players.discriminator.parameters()]
    generator_step(players, batches, PENALISED)
    found += [p.grad.clone() for p in players.generator.parameters()]
    return torch.cat([g.reshape(-1) for g in found]).tolist()


def halves():
    from synthgen.distributed.averaging import average_gradients

    with torchrun_team() as team:
        group = team.group
        own = group.own_share(32, 1)
        part = slice(0, own) if RANK == 0 else slice(32 - own, 32)

        def joined(players):
            for optimizer in (players.generator_optimizer, players.discriminator_optimizer):
                average_gradients(optimizer, group.summed, group.weight)

        return {"own": own, "gradients": gradients(part, joined), "messages": group.n_messages}


def main(folder):
    folder = Path(folder)
    warnings.simplefilter("error")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have had it ignored
    found = {
        "fits": fits(),
        "resumed": resumed(folder / "checkpoints"),
        "unequal": unequal(),
        "changed": changed_by_callback(),
        "interrupted": interrupted(),
        "limited": limited(),
        "unbalanced": unbalanced(),
        "drifted": drifted(),
        "refused": refused(),
        "halves": halves(),
        "alone": alone(),
    }
    (folder / f"{RANK}.json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
