"""SynthGAN: an MLP GAN behind a scikit-learn interface."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch

from synthgen.constraints.rules import Rule
from synthgen.encoders.table_encoder import TableEncoder
from synthgen.encoders.wide_columns import WideOptions
from synthgen.exceptions import ParameterError
from synthgen.layout import MatrixLayout
from synthgen.models.base import AbstractSynthesizer
from synthgen.models.condition_columns import condition_columns
from synthgen.models.condition_table import condition_table
from synthgen.models.gan_model import GanModel
from synthgen.models.gaussian_model import GaussianModel
from synthgen.models.matrix_model import AbstractMatrixModel, EmptyModel
from synthgen.models.recipe import HIDDEN_DIMS, SCORE_HIDDEN_DIMS, score_config, table_config
from synthgen.models.relation_parameters import RELATION_CONSTRAINTS
from synthgen.models.score_contest import Contest
from synthgen.models.score_gan import ScoreGanModel, ScoreRecipe, fit_scores
from synthgen.models.selection import FEWEST_ROWS, SelectedModel, Selector, fit_selector
from synthgen.models.selection import MIN_ROWS as MIN_SELECTION_ROWS
from synthgen.models.validator import validator
from synthgen.models.wide_parameters import WIDE_CONSTRAINTS, wide_options
from synthgen.networks.blocks import initialise
from synthgen.networks.discriminator import Discriminator
from synthgen.networks.generator import Generator
from synthgen.networks.output_heads import OutputHeads
from synthgen.rng import derived_seed, stream, torch_stream
from synthgen.schema import Schema
from synthgen.training.calibration import fit_calibration
from synthgen.training.history import History
from synthgen.training.loop import train
from synthgen.training.losses import LOSSES
from synthgen.training.threads import torch_threads
from synthgen.validation import Choice, Constraint, Each, Instance, Interval, Nothing, validate_parameters

MIN_VALIDATION_ROWS = 200
"""Fewer validation rows than this judge nothing: then none are held out."""
MAX_VALIDATION_ROWS = 4000
CALIBRATION_BLOCKS = (4, 20)
"""Fewest and most blocks of generated rows that the margins are calibrated on: fewer for wider matrices."""
CALIBRATION_WIDTH = 10_000
"""Matrix columns times blocks, between these bounds."""
_INF = math.inf
_WEIGHT: list[Constraint] = [Interval("float", 0, _INF), Nothing()]
_REFINE: list[Constraint] = [Interval("int", 2, 65), Choice(("auto",)), Nothing()]


class SynthGAN(AbstractSynthesizer):
    """A GAN for tables of mixed columns.

    Both networks are residual MLPs without normalisation. By default they play the relativistic game with
    gradient penalties on real and fake rows [1]_. Averaged weights are scored on validation rows while
    training, the best are kept, and the margins are calibrated at the end.

    Parameters
    ----------
    latent_dim : int, default 128
        Width Z of the noise vector.
    hidden_dims : sequence of int, optional
        Width of each residual block, of both networks. None: (128, 128, 128), and (64, 64) on common factors.
    loss : {"relativistic", "non-saturating", "minimax", "wgan-gp", "hinge", "least-squares"}
        The adversarial loss.
    n_critic : int, default 1
        Discriminator updates for each generator update.
    batch_size : int, optional
        Rows in a batch, a multiple of `pac`. None: 64, 128 or 256, from the number of rows.
    max_steps : int, optional
        Generator updates at most. None: 300 to 14,000, from the number of rows, and no more than 150 passes through
        them where that leaves at least 300.
    max_time : float, optional
        Seconds of training at most. With it a fit is no longer repeatable to the bit.
    learning_rate : float, optional
        Adam's, for both networks. None: 2e-3, falling along a cosine, and a steady 5e-3 on common factors.
    betas : (float, float), default (0.0, 0.99)
        Adam's.
    ema_decay : float, default 0.9995
        Of the average of the generator's weights.
    pac : int, default 1
        Rows that the discriminator judges together.
    r1_weight, r2_weight : float, optional
        Weights gamma of the squared gradient on real and on fake rows (half of gamma enters the loss). None: 0.3
        each, and 0 for "wgan-gp".
    gradient_penalty_weight : float, optional
        Weight of the gradient norm's squared distance from 1. None: 10 for "wgan-gp", else 0.
    penalty_every : int, optional
        Discriminator updates between penalties, which then weigh as many times more. None: 4, and 1 for "wgan-gp".
    tau : float, default 0.2
        Temperature of the relaxed categorical choices.
    frequencies : sequence of float, default (0.25, 0.5, 1.0)
        At which numeric columns enter the discriminator as sines and cosines. Empty for none.
    conditional_on : sequence of str, optional
        Columns that are given to the generator, so that rare levels can be asked for at no cost. Only columns
        of few values.
    reduce : "auto", int or None, default "auto"
        Common factors that stand for a block of many numeric columns (200 and more than a quarter of the rows, or
        2,000). "auto": by parallel analysis, at most one for so many rows as `preset` says. None: train on all columns
        themselves, for many rows and a GPU.
    preset : {"default", "fidelity", "strict"}, default "default"
        Rows for each common factor at least: 16, 8 or 32. More factors give more of the training rows away.
    covariates : sequence of str, optional
        Columns that stay out of the block, are modelled beside it and can be asked for in `conditions`. Columns of
        another dtype than the block's do anyway.
    wide_model : {"auto", "gan", "linear"}, default "auto"
        What models the common factors: "linear", jointly normal given the covariates of few values; "gan", a GAN that
        starts as that; "auto", the GAN where it is better on a quarter of the rows, which are kept aside for that,
        "linear" below 150 rows. On common factors `latent_dim`, `frequencies`, `validation_fraction`,
        `validate_every` and `patience` have no say, and `ema_decay` is at most 0.99.
    validation_fraction : float, default 0.1
        Share of the rows held out to choose the weights and the time to stop, at most 4,000 rows; none where
        that would be fewer than 200. The networks never see these rows; what the encoder knows of single columns,
        and what rows are chosen by (`refine`), comes from all rows.
    validate_every : int, optional
        Steps between scores on the validation rows. None: a twelfth of all steps.
    patience : int, optional
        Scores in a row that are worse than the best by more than its standard error before training stops. None: it
        never does, as most is gained at the end, when the learning rate has fallen.
    refine : "auto", int or None, default "auto"
        Rows drawn for each row that `sample` gives: it chooses those that boosted trees cannot tell from real rows, with
        one- and two-way margins as in the training table. An int of 2 to 64: so many, from 200 training rows on. "auto": as many
        as the choice needs (4 to 16) from 1,000 rows on, else none. None: every row drawn is given. Not on common factors.
    schema : Schema, optional
        Declares kinds of columns; the others are inferred.
    constraints : sequence of Rule, optional
        What every row obeys: `Inequality`, `Range`, `FixedCombinations`, `Formula`, `Unique`,
        `Dependency` or `Repeats`.
    detect_relations : bool, default True
        Whether to look for such rules in the training table, if `schema` does not say what there are.
    device : {"auto", "cpu", "cuda", "mps"}, default "auto"
        Where to train and sample. "auto": CUDA if there is one, else the CPU.
    precision : {"auto", "float32", "bfloat16"}, default "auto"
        "bfloat16" runs steps without penalties in mixed precision. "auto": on CUDA only.
    n_threads : int, default 1
        CPU threads of the networks while training. With 1 a fit gives the same bits on any number of cores and is not slowed down
        by what else the machine does; on a quiet machine 2 to 4 are faster.
    random_state : int, optional
        Seed of everything in `fit`.
    verbose : int, default 1
        0: no progress bars. They are off anyway when not writing to a terminal.

    Attributes
    ----------
    schema_, encoder_, model_, n_rows_in_
        See `AbstractSynthesizer`.
    history_ : pandas.DataFrame, shape (n_steps, n_measurements)
        Losses, mean scores, penalties and diagnostics of every step (index ``step``, from 1): `d_accuracy`, the share
        of pairs that the discriminator ranks rightly, and `fake_spread`, the spread of fake rows over the real rows'.
    validation_history_ : pandas.DataFrame
        ``auc`` of a tree classifier on the validation rows, by ``step``; empty if none were held out.
    stopped_ : str
        Why training ended.
    winner_ : {"gan", "linear"}
        What models the common factors of a wide table.
    contest_ : Contest or None
        How that was found.
    selector_ : Selector or None
        Chooses among rows drawn; None where every row drawn is given.

    References
    ----------
    .. [1] N. Huang et al., "The GAN is dead; long live the GAN! A modern GAN baseline", NeurIPS 2024.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> table = load_iris(as_frame=True).frame
    >>> SynthGAN(max_steps=20, random_state=0, verbose=0).fit(table).sample(5).shape
    (5, 5)
    """

    contest_: Contest | None
    selector_: Selector | None

    parameter_constraints: ClassVar[dict[str, list[Constraint]]] = {
        "latent_dim": [Interval("int", 1, _INF)],
        "hidden_dims": [Each(Interval("int", 1, _INF), min_length=1), Nothing()],
        "loss": [Choice(tuple(LOSSES))],
        "n_critic": [Interval("int", 1, _INF)],
        "batch_size": [Interval("int", 2, _INF), Nothing()],
        "max_steps": [Interval("int", 1, _INF), Nothing()],
        "max_time": [Interval("float", 0, _INF, "neither"), Nothing()],
        "learning_rate": [Interval("float", 0, 1, "neither"), Nothing()],
        "betas": [Each(Interval("float", 0, 1), min_length=2, max_length=2)],
        "ema_decay": [Interval("float", 0, 1)],
        "pac": [Interval("int", 1, _INF)],
        "r1_weight": _WEIGHT,
        "r2_weight": _WEIGHT,
        "gradient_penalty_weight": _WEIGHT,
        "penalty_every": [Interval("int", 1, _INF), Nothing()],
        "tau": [Interval("float", 0, _INF, "neither")],
        "frequencies": [Each(Interval("float", 0, _INF, "neither"))],
        "conditional_on": [Each(Instance(str, "a column name")), Nothing()],
        **WIDE_CONSTRAINTS,
        "wide_model": [Choice(("auto", "gan", "linear"))],
        "validation_fraction": [Interval("float", 0, 0.5, "both")],
        "validate_every": [Interval("int", 1, _INF), Nothing()],
        "patience": [Interval("int", 1, _INF), Nothing()],
        "refine": _REFINE,
        "schema": [Instance(Schema, "a Schema"), Nothing()],
        **RELATION_CONSTRAINTS,
        "device": [Choice(("auto", "cpu", "cuda", "mps"))],
        "precision": [Choice(("auto", "float32", "bfloat16"))],
        "n_threads": [Interval("int", 1, _INF)],
        "random_state": [Interval("int", 0, 2**63), Nothing()],
        "verbose": [Interval("int", 0, _INF)],
    }

    def __init__(
        self,
        *,
        latent_dim: int = 128,
        hidden_dims: Sequence[int] | None = None,
        loss: str = "relativistic",
        n_critic: int = 1,
        batch_size: int | None = None,
        max_steps: int | None = None,
        max_time: float | None = None,
        learning_rate: float | None = None,
        betas: Sequence[float] = (0.0, 0.99),
        ema_decay: float = 0.9995,
        pac: int = 1,
        r1_weight: float | None = None,
        r2_weight: float | None = None,
        gradient_penalty_weight: float | None = None,
        penalty_every: int | None = None,
        tau: float = 0.2,
        frequencies: Sequence[float] = (0.25, 0.5, 1.0),
        conditional_on: Sequence[str] | None = None,
        reduce: str | int | None = "auto",
        preset: str = "default",
        covariates: Sequence[str] | None = None,
        wide_model: str = "auto",
        validation_fraction: float = 0.1,
        validate_every: int | None = None,
        patience: int | None = None,
        refine: str | int | None = "auto",
        schema: Schema | None = None,
        constraints: Sequence[Rule] | None = None,
        detect_relations: bool = True,
        device: str = "auto",
        precision: str = "auto",
        n_threads: int = 1,
        random_state: int | None = None,
        verbose: int = 1,
    ) -> None:
        self.latent_dim = latent_dim
        self.hidden_dims = hidden_dims
        self.loss = loss
        self.n_critic = n_critic
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.max_time = max_time
        self.learning_rate = learning_rate
        self.betas = betas
        self.ema_decay = ema_decay
        self.pac = pac
        self.r1_weight = r1_weight
        self.r2_weight = r2_weight
        self.gradient_penalty_weight = gradient_penalty_weight
        self.penalty_every = penalty_every
        self.tau = tau
        self.frequencies = frequencies
        self.conditional_on = conditional_on
        self.reduce = reduce
        self.preset = preset
        self.covariates = covariates
        self.wide_model = wide_model
        self.validation_fraction = validation_fraction
        self.validate_every = validate_every
        self.patience = patience
        self.refine = refine
        self.schema = schema
        self.constraints = constraints
        self.detect_relations = detect_relations
        self.device = device
        self.precision = precision
        self.n_threads = n_threads
        self.random_state = random_state
        self.verbose = verbose

    def _fit_matrix(self, matrix: np.ndarray, encoder: TableEncoder, seed: int) -> AbstractMatrixModel:
        layout, device = encoder.layout_, self._device()
        self.contest_ = self.selector_ = None
        if not layout.width:
            self._keep_history(History(stopped="nothing to learn: every column is constant or regenerated"))
            return EmptyModel()
        cond_columns = condition_columns(encoder, self.conditional_on, type(self).__name__)
        if encoder.is_reduced:
            return self._fit_scores(matrix, layout, cond_columns, device, seed)
        training, validation = self._split(matrix, seed)
        config = table_config(self.get_params(deep=False), len(matrix), len(validation), device)
        with torch_threads(self.n_threads):
            rows = torch.from_numpy(training).to(device)
            networks = self._networks(layout, len(cond_columns), seed, device)
            validate = None
            if len(validation):
                validate = validator(validation, matrix, layout, cond_columns, device, seed)
            generator, history = train(
                *networks, rows, cond_columns, config, seed=seed, validate=validate, verbose=self.verbose
            )
            model = GanModel(generator, layout, cond_columns, condition_table(matrix, cond_columns), device)
            _calibrate(model, rows, derived_seed(seed, "calibration"))
        self._keep_history(history)
        if self.refine is not None and len(matrix) >= self._fewest_to_choose():
            factor = None if self.refine == "auto" else int(self.refine)
            self.selector_ = fit_selector(model, matrix, encoder, factor, seed, self.verbose)
        return model

    def _fewest_to_choose(self) -> int:
        return MIN_SELECTION_ROWS if self.refine == "auto" else FEWEST_ROWS

    def sample(
        self,
        n: int = 1,
        *,
        conditions: Mapping[str, Any] | pd.DataFrame | None = None,
        random_state: int | None = None,
        batch_size: int | None = None,
        refine: str | int | None = "auto",
    ) -> Any:
        """Draw synthetic rows.

        Parameters
        ----------
        n, conditions, random_state, batch_size
            See `AbstractSynthesizer.sample`.
        refine : "auto", int or None
            "auto": as the model was fitted. None: every row drawn is given, which takes a fraction of the time. An
            int: rows drawn for each row given; more follow the weights more closely.

        Returns
        -------
        pandas.DataFrame, shape (n, n_columns)
            Columns, order and dtypes of the training table; an anndata.AnnData where `fit` was given one.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ParameterError
            If a parameter is out of range, or `refine` is an int and the model was fitted without selection.
        ConditionError
            If a condition can never be met, or too few of the rows drawn met it or the constraints.
        """
        self._check_fitted()
        validate_parameters("sample", {"refine": _REFINE}, {"refine": refine})
        return self._sample(self._selected(refine), n, conditions, random_state, batch_size)

    def _selected(self, refine: str | int | None) -> AbstractMatrixModel:
        """The matrix model that rows are drawn from."""
        if self.selector_ is None and refine not in ("auto", None):
            raise ParameterError(
                f"The `refine` parameter of sample is {refine}, but this SynthGAN has not learnt to choose rows; "
                "fit it with refine='auto' on 1,000 rows or more, or with a number on 200."
            )
        if self.selector_ is None or refine is None:
            return self.model_
        own = self.selector_ if refine == "auto" else replace(self.selector_, factor=int(refine))
        return SelectedModel(self.model_, own, self.encoder_)

    def _fit_scores(
        self, matrix: np.ndarray, layout: MatrixLayout, cond_columns: list[int], device: str, seed: int
    ) -> AbstractMatrixModel:
        """The wide road: a linear model of the common scores, or the GAN that beats it."""
        recipe = ScoreRecipe(
            score_config(self.get_params(deep=False), len(matrix), device),
            tuple(self.hidden_dims or SCORE_HIDDEN_DIMS),
            self.pac,
            device,
            self.verbose,
        )
        with torch_threads(self.n_threads):
            found = fit_scores(matrix, layout, cond_columns, self.wide_model, recipe, seed)
        self._keep_history(found.history)
        self.contest_ = found.contest
        return found.model

    def _describe_block(self) -> dict[str, Any]:
        found = super()._describe_block()
        if self.selector_ is not None:
            found["selection"] = self.selector_.describe()
        if "wide" in found:
            gain = None if self.contest_ is None else self.contest_.to_state()
            found["wide"] |= {"winner": self.winner_, "contest": gain}
        return found

    def _privacy_notes(self) -> list[str]:
        notes = super()._privacy_notes()
        if self.selector_ is not None:
            notes.insert(
                -1,
                f"What rows are chosen by is stored: {self.selector_.ratio.n_trees} trees whose thresholds lie next to "
                f"values of training rows, and the shares of rows in the cells of {len(self.selector_.margins.sizes):,} "
                "margins, single ones only from five rows on. `refine=None` leaves it out.",
            )
        return notes

    def _wide_options(self) -> WideOptions:
        return wide_options(self.reduce, self.preset, self.covariates, self.conditional_on, is_local=True)

    @property
    def winner_(self) -> str:
        """Which model of the common scores was kept: ``gan`` or ``linear``; ``gan`` for tables that are not wide."""
        self._check_fitted()
        return "gan" if isinstance(self.model_, GanModel) else "linear"

    def _device(self) -> str:
        if self.device == "auto":
            return "cuda" if torch.cuda.is_available() else "cpu"
        if not _present(self.device):
            raise ParameterError(
                f"The `device` parameter of SynthGAN is {self.device!r}, but this machine has none; use 'auto'."
            )
        return self.device

    def _split(self, matrix: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Training and validation rows."""
        n_validation = min(int(self.validation_fraction * len(matrix)), MAX_VALIDATION_ROWS)
        if n_validation < MIN_VALIDATION_ROWS:
            return matrix, matrix[:0]
        order = stream(seed, "validation split").permutation(len(matrix))
        return matrix[order[n_validation:]], matrix[order[:n_validation]]

    def _networks(
        self, layout: MatrixLayout, cond_dim: int, seed: int, device: str
    ) -> tuple[Generator, Discriminator, OutputHeads]:
        hidden_dims = self.hidden_dims or HIDDEN_DIMS
        generator = Generator(self.latent_dim, cond_dim, hidden_dims, layout.width)
        discriminator = Discriminator(layout, hidden_dims, self.pac, self.frequencies)
        initialise(generator, torch_stream(seed, "generator"))
        initialise(discriminator, torch_stream(seed, "discriminator"))
        return generator.to(device), discriminator.to(device), OutputHeads(layout).to(device)

    def _keep_history(self, history: History) -> None:
        steps = pd.RangeIndex(1, 1 + len(history.steps.get("g_loss", [])), name="step")
        self.history_ = pd.DataFrame(history.steps, index=steps)
        validation = pd.DataFrame(history.validation, columns=["step", "auc"]).astype(
            {"step": "int64", "auc": "float64"}
        )
        self.validation_history_ = validation.set_index("step")
        self.stopped_ = history.stopped

    def _extra_state(self) -> dict[str, Any]:
        return {
            "history": {
                name: self.history_[name].to_numpy(dtype=np.float32) for name in self.history_.columns
            },
            "validation": self.validation_history_.reset_index().to_numpy().tolist(),
            "stopped": self.stopped_,
            "contest": None if self.contest_ is None else self.contest_.to_state(),
            "selector": None if self.selector_ is None else self.selector_.to_state(),
        }

    def _load_extra_state(self, extra: dict[str, Any]) -> None:
        steps = {name: values.astype(np.float64) for name, values in extra["history"].items()}
        self._keep_history(History(steps, [(int(s), a) for s, a in extra["validation"]], extra["stopped"]))
        contest = extra.get("contest")
        self.contest_ = None if contest is None else Contest.from_state(contest)
        selector = extra.get("selector")
        self.selector_ = None if selector is None else Selector.from_state(selector)

    def _load_matrix_model(self, state: dict[str, Any]) -> AbstractMatrixModel:
        layout = self.encoder_.layout_
        if not layout.width:
            return EmptyModel()
        if "regression" in state:
            return GaussianModel.from_state(state, layout)
        here = self.device == "auto" or _present(self.device)
        kind = ScoreGanModel if self.encoder_.is_reduced else GanModel
        return kind.from_state(state, layout, self._device() if here else "cpu")


def _present(device: str) -> bool:
    return {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}[device]


def _calibrate(model: GanModel, rows: torch.Tensor, seed: int) -> None:
    n_blocks = int(np.clip(CALIBRATION_WIDTH // model.layout.width, *CALIBRATION_BLOCKS))
    raw = torch.cat([model.raw_block(seed, b, None)[0] for b in range(n_blocks)])
    gumbel = torch.cat([model.gumbel_block(seed, b) for b in range(n_blocks)])
    model.set_calibration(fit_calibration(raw, gumbel, rows, model.layout, model.heads))
