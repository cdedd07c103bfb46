"""The two players from a description, and a generator from its weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from synthgen.layout import MatrixLayout
from synthgen.networks.blocks import initialise
from synthgen.networks.discriminator import AbstractDiscriminator, Discriminator
from synthgen.networks.encoder import LatentEncoder
from synthgen.networks.generator import AbstractGenerator, Generator
from synthgen.networks.goodfellow import MaxoutDiscriminator, ReluGenerator
from synthgen.networks.spectral import normalise_spectrum
from synthgen.rng import torch_stream

_Network = TypeVar("_Network", bound=nn.Module)


@dataclass(frozen=True)
class NetworkPlan:
    """What both players look like.

    Parameters
    ----------
    kind : {"residual", "maxout"}
        Residual MLPs, or those of the first GAN (`goodfellow`).
    latent_dim : int
        Z.
    generator_dims, discriminator_dims : sequence of int
        Hidden widths.
    pac : int
        Rows judged together.
    frequencies : sequence of float
        At which numbers are lifted.
    is_quadratic : bool
        Whether products of numbers enter the discriminator.
    has_spectral_norm : bool
        Whether the discriminator's linear maps have norm one.
    has_encoder : bool
        Whether the way back is learnt together with the generator, and pairs (row, z) are judged.
    """

    kind: str
    latent_dim: int
    generator_dims: Sequence[int]
    discriminator_dims: Sequence[int]
    pac: int
    frequencies: Sequence[float]
    is_quadratic: bool = False
    has_spectral_norm: bool = False
    has_encoder: bool = False


def build_generator(
    plan: NetworkPlan, layout: MatrixLayout, cond_dim: int, means: Tensor, seed: int
) -> AbstractGenerator:
    """A generator at its start.

    Parameters
    ----------
    plan : NetworkPlan
        What it looks like.
    layout : MatrixLayout
        What it makes.
    cond_dim : int
        C, width of the condition.
    means : Tensor, shape (F,)
        Of the real rows; the maxout plan starts from them.
    seed : int
        Of the weights.

    Returns
    -------
    AbstractGenerator
        On the CPU, with its encoder if the plan has one.
    """
    generator = _generator(plan.kind, plan.latent_dim, cond_dim, plan.generator_dims, layout)
    if isinstance(generator, ReluGenerator):
        generator.start(means, torch_stream(seed, "generator"))
    else:
        initialise(generator, torch_stream(seed, "generator"))
    if plan.has_encoder:
        generator.encoder = LatentEncoder(layout.width, plan.generator_dims, plan.latent_dim)
        initialise(generator.encoder, torch_stream(seed, "encoder"))
    return generator


def build_discriminator(
    plan: NetworkPlan, layout: MatrixLayout, cond_columns: Sequence[int], device: str, seed: int
) -> AbstractDiscriminator:
    """A discriminator at its start.

    Parameters
    ----------
    plan : NetworkPlan
        What it looks like.
    layout : MatrixLayout
        What it sees.
    cond_columns : sequence of int
        Matrix columns that are conditions.
    device : str
        Where it will run; dropout draws there.
    seed : int
        Of the weights and of dropout.

    Returns
    -------
    AbstractDiscriminator
        On the device.
    """
    n_more = plan.latent_dim if plan.has_encoder else 0
    rng = torch_stream(seed, "discriminator")
    if plan.kind == "maxout":
        dropout = torch_stream(seed, "dropout", device)
        maxout = MaxoutDiscriminator(layout.width + n_more, plan.discriminator_dims, plan.pac, dropout)
        maxout.start(rng)
        return maxout.to(device)
    discriminator = Discriminator(
        layout,
        plan.discriminator_dims,
        plan.pac,
        plan.frequencies,
        cond_columns=cond_columns,
        is_quadratic=plan.is_quadratic,
        n_more=n_more,
    )
    initialise(discriminator, rng)
    if plan.has_spectral_norm:
        normalise_spectrum(discriminator, rng)
    return discriminator.to(device)


def generator_to_state(generator: AbstractGenerator) -> dict[str, Any]:
    """A generator as JSON-able values and numpy arrays.

    Parameters
    ----------
    generator : Generator or ReluGenerator
        With or without an encoder.

    Returns
    -------
    dict
        For `generator_from_state`.
    """
    own = {k: v for k, v in generator.state_dict().items() if not k.startswith("encoder.")}
    return {
        "kind": "maxout" if isinstance(generator, ReluGenerator) else "residual",
        "latent_dim": generator.latent_dim,
        "cond_dim": generator.cond_dim,
        "hidden_dims": generator.hidden_dims,
        "weights": {k: v.cpu().numpy() for k, v in own.items()},
        "encoder": None if generator.encoder is None else encoder_to_state(generator.encoder),
    }


def generator_from_state(state: dict[str, Any], layout: MatrixLayout) -> AbstractGenerator:
    """A generator from `generator_to_state`'s data.

    Parameters
    ----------
    state : dict
        The data.
    layout : MatrixLayout
        What it makes.

    Returns
    -------
    AbstractGenerator
        On the CPU.
    """
    weights = {k: torch.from_numpy(v) for k, v in state["weights"].items()}
    dims = state["latent_dim"], state["cond_dim"], state["hidden_dims"]
    generator = _filled(lambda: _generator(state["kind"], *dims, layout), weights, state["hidden_dims"])
    if state["encoder"] is not None:
        generator.encoder = encoder_from_state(state["encoder"])
    return generator


def encoder_to_state(encoder: LatentEncoder) -> dict[str, Any]:
    """An encoder as JSON-able values and numpy arrays."""
    return {
        "hidden_dims": encoder.hidden_dims,
        "weights": {k: v.cpu().numpy() for k, v in encoder.state_dict().items()},
    }


def encoder_from_state(state: dict[str, Any]) -> LatentEncoder:
    """An encoder from `encoder_to_state`'s data, on the CPU."""
    weights = {k: torch.from_numpy(v) for k, v in state["weights"].items()}
    first, last = weights["body.0.weight"], list(weights.values())[-1]
    dims = first.shape[1], state["hidden_dims"], len(last)
    return _filled(lambda: LatentEncoder(*dims), weights, state["hidden_dims"])


def _filled(
    build: Callable[[], _Network], weights: dict[str, Tensor], hidden_dims: Sequence[int]
) -> _Network:
    """A network with these weights; it is first built without memory, so that sizes that are not theirs take none."""
    if len(hidden_dims) > len(weights):
        raise ValueError(f"{len(hidden_dims)} hidden layers of {len(weights)} arrays")
    with torch.device("meta"):
        shapes = {k: v.shape for k, v in build().state_dict().items()}
    if shapes != {k: v.shape for k, v in weights.items()}:
        raise ValueError("weights of other shapes than those of the network")
    network = build()
    network.load_state_dict(weights)
    return network


def _generator(
    kind: str, latent_dim: int, cond_dim: int, hidden_dims: Sequence[int], layout: MatrixLayout
) -> AbstractGenerator:
    if kind == "maxout":
        return ReluGenerator(latent_dim, cond_dim, hidden_dims, layout)
    return Generator(latent_dim, cond_dim, hidden_dims, layout.width)
