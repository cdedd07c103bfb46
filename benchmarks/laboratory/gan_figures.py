"""The figures of docs/explain/gan.md and docs/examples/gan_walk.md, each from models fitted here.

    python benchmarks/laboratory/gan_figures.py                  all of them, two minutes of one core
    python benchmarks/laboratory/gan_figures.py collapse walk    some

Written to docs/images/gan-NAME.png. Seeds are fixed, models small, tables simulated or scikit-learn's.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from scipy.stats import norm
from sklearn.datasets import load_iris, load_wine
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch.nn.functional import softplus

from synthgen import SynthGAN
from synthgen.layout import Block, MatrixLayout
from synthgen.models.latent_paths import path
from synthgen.networks.blocks import initialise
from synthgen.networks.discriminator import Discriminator
from synthgen.rng import stream, torch_stream
from synthgen.training.alarms import CollapseWarning
from synthgen.training.evaluation import Evaluation
from synthgen.training.losses import LOSSES

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "images"
REAL, FAKE, THIRD, GREY = "#4477aa", "#cc6677", "#228833", "#888888"
SPECIES = {"setosa": REAL, "versicolor": FAKE, "virginica": THIRD}
PLAIN = {
    "numeric_encoding": "raw",
    "calibrate": False,
    "refine": None,
    "watch": False,
    "validation_fraction": 0,
    "ema_decay": 0.99,
    "random_state": 0,
    "verbose": 0,
}
"""Nothing but the game: no encoding, no calibration, no selection."""
SMALL = {
    "latent_dim": 2,
    "hidden_dims": (64, 64),
    "max_steps": 600,
    "ema_decay": 0.99,
    "random_state": 0,
    "verbose": 0,
}
FORCED = {
    "loss": "non-saturating",
    "learning_rate": 0.01,
    "discriminator_learning_rate": 0.001,
    "betas": (0.9, 0.99),
    "r1_weight": 0,
    "r2_weight": 0,
    "frequencies": (),
    "ema_decay": 0.0,
    "calibrate": False,
}
"""A generator ten times as fast as its judge, with momentum, and a judge without penalties."""
RADIUS, SD = 2.0, 0.1
"""Of the ring, and of its clouds."""
MEAN, SPREAD = 3.0, 2.0
"""Of the column of the linear GAN."""


def gene() -> pd.DataFrame:
    """A gene that is silent in 40% of the cells, as logarithms."""
    draw = stream(0, "a gene")
    is_on = draw.random(2000) < 0.6
    values = np.where(is_on, draw.normal(1.5, 0.5, 2000), draw.normal(-1.5, 0.4, 2000))
    return pd.DataFrame({"expression": values})


def ring() -> pd.DataFrame:
    """Eight clouds on a circle."""
    draw = stream(0, "a ring")
    angle = draw.integers(8, size=2000) * np.pi / 4 + 0.2
    rows = RADIUS * np.column_stack([np.cos(angle), np.sin(angle)]) + draw.normal(0, SD, (2000, 2))
    return pd.DataFrame(rows, columns=["x", "y"])


def iris() -> pd.DataFrame:
    """Four numbers and a species."""
    found = load_iris(as_frame=True)
    numbers = found.data.set_axis(["sepal_length", "sepal_width", "petal_length", "petal_width"], axis=1)
    return numbers.assign(species=found.target_names[found.target])


def normal_column() -> pd.DataFrame:
    """One normal column whose mean and standard deviation are exact."""
    x = stream(0, "a column").standard_normal(2000)
    return pd.DataFrame({"x": MEAN + SPREAD * (x - x.mean()) / x.std()})


def one_number_gan(table: pd.DataFrame, **changes: object) -> SynthGAN:
    """G from one latent number to one number."""
    return SynthGAN(**{**PLAIN, "latent_dim": 1, "hidden_dims": (32, 32), "max_steps": 500, **changes}).fit(
        table
    )


def z_to_rows() -> plt.Figure:
    table = gene()
    model = one_number_gan(table)
    z = model.sample_latent(20_000, random_state=0)
    grid = np.linspace(-3, 3, 400)[:, None]
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(9, 2.8), layout="constrained")
    left.hist(z[:, 0], 60, density=True, color=GREY)
    left.set(title="p(z): given, never learnt", xlabel="z", ylabel="density")
    middle.plot(grid[:, 0], model.generate(grid)["expression"], color=FAKE, label="G(z)")
    known = np.quantile(table["expression"], norm.cdf(grid[:, 0]))
    middle.plot(grid[:, 0], known, color="black", ls=":", label=r"$F^{-1}(\Phi(z))$")
    middle.legend(frameon=False)
    middle.set(title="G: learnt", xlabel="z", ylabel="expression = G(z)")
    bins = np.linspace(-3.2, 3.4, 60)
    right.hist(table["expression"], bins, density=True, color=REAL, alpha=0.5, label="real")
    made = model.generate(z)["expression"]
    right.hist(made, bins, density=True, histtype="step", color=FAKE, lw=1.5, label="G(z)")
    right.set_ylim(0, 0.9)
    right.set(title="p(x): what comes out", xlabel="expression", ylabel="density")
    right.legend(frameon=False)
    return figure


def prior() -> plt.Figure:
    table = gene()
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(9, 2.8), layout="constrained")
    bins = np.linspace(-3.2, 3.4, 60)
    for name, colour in (("normal", REAL), ("uniform", FAKE)):
        model = one_number_gan(table, noise_prior=name)
        z = model.sample_latent(20_000, random_state=0)
        left.hist(
            z[:, 0], np.linspace(-4, 4, 81), density=True, histtype="step", color=colour, lw=1.5, label=name
        )
        grid = np.linspace(z.min(), z.max(), 400)[:, None]
        middle.plot(grid[:, 0], model.generate(grid)["expression"], color=colour)
        made = model.generate(z)["expression"]
        right.hist(made, bins, density=True, histtype="step", color=colour, lw=1.5)
    right.hist(table["expression"], bins, density=True, color=GREY, alpha=0.4, label="real")
    left.set(title="two priors: mean 0, variance 1", xlabel="z", ylabel="density")
    middle.set(title="G, learnt for each", xlabel="z", ylabel="expression = G(z)")
    right.set(title="the rows", xlabel="expression", ylabel="density")
    left.set_ylim(0, 0.55)
    left.legend(frameon=False)
    right.legend(frameon=False)
    return figure


def learning() -> plt.Figure:
    grid = np.linspace(-3, 3, 300, dtype=np.float32)[:, None]
    shown = (25, 75, 125, 200, 500)
    curves = {}

    @torch.no_grad()
    def keep(state: Evaluation) -> None:
        curves[state.step] = state.generator(torch.from_numpy(grid), torch.zeros(300, 0))[:, 0].numpy()

    model = one_number_gan(gene(), validate_every=25, callbacks=[keep])
    figure, (top, bottom) = plt.subplots(
        2, 1, figsize=(6, 4.2), sharex=True, height_ratios=[3, 1], layout="constrained"
    )
    for step, shade in zip(shown, plt.cm.viridis(np.linspace(0, 0.85, len(shown))), strict=True):
        top.plot(grid[:, 0], curves[step], color=shade, label=f"step {step}")
    top.set(title="training moves G ...", ylabel="expression = G(z)")
    top.legend(frameon=False)
    z = model.sample_latent(20_000, random_state=0)
    bottom.hist(z[:, 0], np.linspace(-3, 3, 61), density=True, color=GREY)
    bottom.set(title="... and not p(z)", xlabel="z", ylabel="density")
    return figure


def choices() -> plt.Figure:
    model = SynthGAN(**SMALL).fit(iris())
    side = np.linspace(-2.5, 2.5, 90)
    z = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    figure, axes = plt.subplots(1, 2, figsize=(7.6, 3.8), sharey=True, layout="constrained")
    for axis, kind in zip(axes, ("drawn", "likeliest"), strict=True):
        species = model.generate(z, choices=kind)["species"].to_numpy()
        for name, colour in SPECIES.items():
            axis.scatter(*z[species == name].T, s=3, color=colour, label=name, marker="s")
        axis.set(title=f'choices="{kind}"', xlabel="z0", aspect="equal")
    axes[0].set_ylabel("z1")
    axes[1].legend(loc="upper left", bbox_to_anchor=(1, 1), markerscale=4, frameon=False)
    return figure


def walk() -> plt.Figure:
    model = SynthGAN(**SMALL).fit(iris())
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(10.5, 3.2), layout="constrained")
    draw = stream(0, "a walk")
    ends = draw.standard_normal((2, 128))
    lengths = np.linalg.norm(draw.standard_normal((5000, 128)), axis=1)
    left.axhspan(*np.quantile(lengths, [0.005, 0.995]), color=GREY, alpha=0.3, label="99% of vectors drawn")
    a, b = np.array([-1.6, -0.6]), np.array([1.0, 1.3])
    for name, colour in (("slerp", REAL), ("linear", FAKE)):
        t = np.linspace(0, 1, 41)
        left.plot(t, np.linalg.norm(path(*ends, 41, name), axis=1), color=colour, label=name)
        middle.plot(*path(a, b, 41, name).T, color=colour, label=name)
        rows = model.interpolate(a, b, 41, method=name)
        right.plot(t, rows["petal_length"], color=colour)
        for species, marker in zip(SPECIES, "osd", strict=True):
            some = (rows["species"] == species).to_numpy()
            right.plot(t[some], rows["petal_length"][some], marker, color=colour, ms=4)
    cloud = model.sample_latent(400, random_state=0)
    middle.scatter(*cloud.T, s=3, color=GREY, alpha=0.5)
    left.set(title="128 latent numbers", xlabel="share of the way", ylabel="length of z", ylim=(0, 14.5))
    left.legend(frameon=False, loc="lower center")
    middle.set(title="two latent numbers: the way", xlabel="z0", ylabel="z1", aspect="equal")
    right.set(title="the rows on the way", xlabel="share of the way", ylabel="petal length, cm")
    marks = [
        plt.Line2D([], [], marker=m, ls="", color="black", ms=4, label=s)
        for s, m in zip(SPECIES, "osd", strict=True)
    ]
    right.legend(handles=marks, frameon=False)
    return figure


def collapse() -> plt.Figure:
    table = ring()
    size = {"latent_dim": 2, "hidden_dims": (64, 64), "refine": None, "random_state": 0, "verbose": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CollapseWarning)
        forced = SynthGAN(**size, max_steps=300, validation_fraction=0, **FORCED).fit(table)
        usual = SynthGAN(**size, max_steps=600, ema_decay=0.995).fit(table)
    figure, axes = plt.subplots(1, 3, figsize=(10.5, 3.3), layout="constrained")
    for axis, model, name in ((axes[0], forced, "forced"), (axes[1], usual, "default")):
        axis.scatter(table["x"], table["y"], s=2, color=REAL, alpha=0.4, label="real")
        made = model.sample(1000, random_state=1)
        axis.scatter(made["x"], made["y"], s=2, color=FAKE, alpha=0.6, label="made")
        codes = ", ".join(alarm.code for alarm in model.alarms_) or "none"
        axis.set(title=f"{name}; alarms: {codes}", xlabel="x", ylabel="y", aspect="equal")
        axis.title.set_fontsize(9)
        seen = model.history_["nearest_fake"].dropna()
        axes[2].plot(seen.index / len(model.history_), seen, "o-", ms=3, label=name)
    axes[0].legend(frameon=False, markerscale=4)
    axes[2].axhline(0.5, color=GREY, ls=":", label="alarm below")
    axes[2].set(
        title="watched while training", xlabel="share of the steps", ylabel="nearest_fake", ylim=(0, None)
    )
    axes[2].legend(frameon=False)
    return figure


def one_class() -> plt.Figure:
    layout = MatrixLayout(tuple(Block(f"x{i}", "numeric", i, i + 1, ("value",)) for i in range(3)))
    judge = Discriminator(layout, (16,), 1, ())
    initialise(judge, torch_stream(0, "judge"))
    rng = torch_stream(0, "rows")
    real, fake = torch.randn(64, 3, generator=rng) + 1, torch.randn(64, 3, generator=rng)
    figure, axes = plt.subplots(1, 2, figsize=(7.6, 3.4), layout="constrained")
    for axis, name in zip(axes, ("non-saturating", "relativistic"), strict=True):
        loss = LOSSES[name].discriminator
        judge.zero_grad()
        loss(*judge(torch.cat([real, fake])).chunk(2)).backward()
        together = _gradient(judge)
        known = judge(real).detach(), judge(fake).detach()
        parts = []
        for which, rows in enumerate((real, fake)):
            judge.zero_grad()
            scores = [s.clone() for s in known]
            scores[which] = judge(rows)
            loss(*scores).backward()
            parts.append(_gradient(judge))
        axis.scatter(together, parts[0], s=14, color=REAL, alpha=0.6, label="of the real rows")
        axis.scatter(together, parts[1], s=14, color=FAKE, alpha=0.6, label="of the fake rows")
        axis.scatter(together, parts[0] + parts[1], s=14, color="black", label="their sum", marker="x")
        axis.axline((0, 0), slope=1, color=GREY, lw=0.7)
        axis.set(title=name, xlabel="gradient of the mixed batch", ylabel="gradient of one pass")
    axes[0].legend(frameon=False)
    return figure


def when_done() -> plt.Figure:
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.3), layout="constrained")
    spread: dict[int, float] = {}

    @torch.no_grad()
    def keep(state: Evaluation) -> None:
        spread[state.step] = float(
            state.generator(torch.tensor([[0.0], [1.0]]), torch.zeros(2, 0)).diff(dim=0).abs()
        )

    linear = _linear_gan("non-saturating", quadratic=False, callbacks=[keep])
    table = ring()
    usual = SynthGAN(
        latent_dim=2,
        hidden_dims=(64, 64),
        refine=None,
        max_steps=1500,
        ema_decay=0.995,
        random_state=0,
        verbose=0,
    ).fit(table)
    for axis, model in zip(axes, (linear, usual), strict=True):
        accuracy = model.history_["d_accuracy"].rolling(25, center=True).mean()
        axis.plot(accuracy, color=REAL, label="accuracy of D on pairs")
        axis.axhline(0.5, color=GREY, ls=":", label="1/2")
        axis.set_xlabel("step")
    axes[0].plot(
        list(spread),
        np.array(list(spread.values())) / SPREAD,
        color=FAKE,
        label="sd of G(z), over the real sd",
    )
    axes[0].set(title="linear GAN: D at 1/2, and sd wrong", ylabel="share", ylim=(0, 1.05))
    axes[1].plot(
        usual.validation_history_["auc"], "o-", ms=4, color=FAKE, label="AUC of trees on validation rows"
    )
    axes[1].set(title="eight clouds: D nears 1/2, the rows get worse", ylabel="share", ylim=(0.45, 1.02))
    for axis in axes:
        axis.legend(frameon=False)
    return figure


def encode() -> plt.Figure:
    table = iris()
    model = SynthGAN(**SMALL).fit(table)
    z = model.sample_latent(400, random_state=0)
    back = model.encode(model.generate(z))
    _, error = model.encode(table, return_error=True)
    rebuilt = model.reconstruct(table)
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(10.5, 3.2), layout="constrained")
    for i, colour in enumerate((REAL, FAKE)):
        left.scatter(z[:, i], back[:, i], s=6, color=colour, label=f"z{i}")
    left.axline((0, 0), slope=1, color=GREY, lw=0.7)
    left.set(title="generated rows: z comes back", xlabel="z that made the row", ylabel="encode(row)")
    left.legend(frameon=False)
    for name, colour in SPECIES.items():
        some = (table["species"] == name).to_numpy()
        middle.scatter(
            table["sepal_length"][some], rebuilt["sepal_length"][some], s=8, color=colour, label=name
        )
    middle.axline((6, 6), slope=1, color=GREY, lw=0.7)
    middle.set(title="real rows: only nearly", xlabel="sepal length, cm", ylabel="of reconstruct(row)")
    middle.legend(frameon=False)
    right.hist(error, 30, color=GREY)
    right.set(title="error of each real row", xlabel="reconstruction error", ylabel="rows")
    return figure


def representation() -> plt.Figure:
    found = load_wine(as_frame=True)
    table, kind = found.data, found.target.to_numpy()
    model = SynthGAN(**SMALL, watch=False).fit(table)  # two latent numbers cannot fill 13 columns
    views = {
        "PCA": make_pipeline(StandardScaler(), PCA(2)).fit_transform(table),
        "latent vectors": model.transform(table),
    }
    figure, axes = plt.subplots(1, 2, figsize=(7.6, 3.4), layout="constrained")
    for axis, (name, view) in zip(axes, views.items(), strict=True):
        probe = make_pipeline(StandardScaler(), LogisticRegression())
        accuracy = cross_val_score(probe, view, kind, cv=5).mean()
        for level, colour in enumerate(SPECIES.values()):
            axis.scatter(*view[kind == level].T, s=10, color=colour, label=f"cultivar {level}")
        axis.set(
            title=f"{name}: probe right in {accuracy:.0%}", xlabel="first number", ylabel="second number"
        )
    axes[0].legend(frameon=False)
    return figure


def linear() -> plt.Figure:
    figure, axes = plt.subplots(2, 2, figsize=(9, 4.8), sharex=True, sharey="row", layout="constrained")
    games = ("non-saturating", "relativistic", "least-squares", "hinge", "minimax")
    for column, quadratic in enumerate((False, True)):
        for loss in games if not quadratic else games[:2]:
            seen: list[tuple[float, float, float]] = []
            _linear_gan(loss, quadratic=quadratic, callbacks=[_weights_into(seen)])
            steps, weight, bias = np.array(seen).T
            axes[0, column].plot(steps, np.abs(weight), label=loss)
            axes[1, column].plot(steps, bias)
        axes[0, column].axhline(SPREAD, color="black", ls=":")
        axes[1, column].axhline(MEAN, color="black", ls=":", label="of the real column")
        axes[1, column].set_xlabel("step")
    axes[0, 0].set(title="D linear: w follows the loss", ylabel="|w|, the sd of G(z)", ylim=(0, None))
    axes[0, 1].set_title("D quadratic: w finds the sd")
    axes[1, 0].set_ylabel("b, the mean of G(z)")
    axes[0, 0].legend(frameon=False, fontsize=7.5, ncols=2, loc="center right", bbox_to_anchor=(1, 0.7))
    axes[1, 0].legend(frameon=False)
    return figure


def losses() -> plt.Figure:
    t = torch.linspace(-4, 4, 200)
    figure, axes = plt.subplots(1, 2, figsize=(8.6, 3.4), layout="constrained")
    curves = {
        "minimax": -softplus(t),
        "non-saturating": softplus(-t),
        "hinge, wgan-gp": -t,
        "least-squares": 0.5 * (t - 1).square(),
    }
    for name, values in curves.items():
        axes[0].plot(t, values, label=name)
        axes[1].plot(t, -torch.from_numpy(np.gradient(values.numpy(), t.numpy())), label=name)
    axes[0].set(title="what G minimises", xlabel="score of a fake row", ylabel="loss", ylim=(-4.2, 6))
    axes[1].set(
        title="how hard G is pushed", xlabel="score of a fake row", ylabel="minus the slope", ylim=(-1, 3)
    )
    axes[0].legend(frameon=False)
    return figure


def conditions() -> plt.Figure:
    table = iris()
    model = SynthGAN(**{**SMALL, "latent_dim": 4}, conditional_on=["species"]).fit(table)
    z = model.sample_latent(12, random_state=0)
    figure, axis = plt.subplots(figsize=(5.4, 3.6), layout="constrained")
    ways = []
    for name, colour in SPECIES.items():
        real = table[table["species"] == name]
        axis.scatter(real["sepal_length"], real["petal_length"], s=6, color=colour, alpha=0.3)
        made = model.generate(z, {"species": name})
        axis.scatter(
            made["sepal_length"], made["petal_length"], s=24, color=colour, edgecolor="black", label=name
        )
        ways.append(made[["sepal_length", "petal_length"]].to_numpy())
    for way in np.stack(ways, axis=1):
        axis.plot(*way.T, color=GREY, lw=0.6, zorder=0)
    axis.set(
        title="twelve vectors, each under three species", xlabel="sepal length, cm", ylabel="petal length, cm"
    )
    axis.legend(frameon=False)
    return figure


def _linear_gan(loss: str, *, quadratic: bool, callbacks: list[Callable[[Evaluation], None]]) -> SynthGAN:
    return one_number_gan(
        normal_column(),
        hidden_dims=(),
        loss=loss,
        quadratic=quadratic,
        learning_rate=0.02,
        batch_size=256,
        max_steps=800,
        validate_every=10,
        callbacks=callbacks,
    )


def _weights_into(seen: list[tuple[float, float, float]]) -> Callable[[Evaluation], None]:
    @torch.no_grad()
    def keep(state: Evaluation) -> None:
        zero, one = state.generator(torch.tensor([[0.0], [1.0]]), torch.zeros(2, 0))[:, 0].tolist()
        seen.append((state.step, one - zero, zero))

    return keep


def _gradient(network: torch.nn.Module) -> np.ndarray:
    return torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None]).numpy()


FIGURES = {
    "z-to-rows": z_to_rows,
    "prior": prior,
    "learning": learning,
    "choices": choices,
    "walk": walk,
    "collapse": collapse,
    "one-class": one_class,
    "when-done": when_done,
    "encode": encode,
    "representation": representation,
    "linear": linear,
    "losses": losses,
    "conditions": conditions,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", choices=[*FIGURES, []], help="which; all if none is named")
    for name in parser.parse_args().names or FIGURES:
        start = time.process_time()
        figure = FIGURES[name]()
        target = FOLDER / f"gan-{name}.png"
        figure.savefig(target, dpi=100)
        plt.close(figure)
        print(
            f"{target.name}: {target.stat().st_size / 1000:.0f} kB, {time.process_time() - start:.1f} CPU seconds",
            flush=True,
        )


if __name__ == "__main__":
    main()
