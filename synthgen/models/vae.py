"""SynthVAE: a variational autoencoder behind a scikit-learn interface."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch

from synthgen.constraints.rules import Rule
from synthgen.encoders.pooling import MIN_CATEGORY_COUNT
from synthgen.encoders.table_encoder import TableEncoder
from synthgen.encoders.wide_columns import WideOptions
from synthgen.layout import MatrixLayout
from synthgen.models.calibrated import calibrate
from synthgen.models.condition_columns import condition_columns
from synthgen.models.condition_table import condition_table
from synthgen.models.covariate_table import covariate_table
from synthgen.models.device import DEVICES, loading_device, training_device
from synthgen.models.estimate_memory import MatrixShape, calibration_bytes, gan_bytes
from synthgen.models.estimate_time import Rehearsal, Times
from synthgen.models.estimate_training import n_validation_rows, vae_seconds
from synthgen.models.fit_run import FitRun
from synthgen.models.gan_fit import split_rows
from synthgen.models.latent import AbstractLatentSynthesizer
from synthgen.models.matrix_model import AbstractMatrixModel, EmptyModel
from synthgen.models.recipe import CHECKS, HIDDEN_DIMS, SCORE_HIDDEN_DIMS, default_batch_size, default_steps
from synthgen.models.relation_parameters import POOLING_CONSTRAINTS, RELATION_CONSTRAINTS
from synthgen.models.vae_model import VaeModel
from synthgen.models.wide_parameters import WIDE_CONSTRAINTS, wide_options
from synthgen.networks.blocks import initialise
from synthgen.networks.encoder import LatentEncoder
from synthgen.networks.generator import Generator
from synthgen.rng import derived_seed, torch_stream
from synthgen.schema import Schema
from synthgen.training.elbo import RowLikelihood, Vae
from synthgen.training.history import History
from synthgen.training.interruption import interruptible
from synthgen.training.threads import torch_threads
from synthgen.training.vae import VaeConfig, train_vae
from synthgen.validation import Choice, Constraint, Each, Instance, Interval, Nothing

LEARNING_RATE = 5e-3
_INF = math.inf


class SynthVAE(AbstractLatentSynthesizer):
    """A variational autoencoder for tables of mixed columns.

    Table encoder, networks and conditions are SynthGAN's; what is learnt is another thing. An encoder network gives each row a
    normal distribution of latent vectors, a decoder network gives each latent vector a distribution of rows, and both raise
    the evidence lower bound of the training rows [1]_. A choice is drawn by the softmax of its logits, a number normally
    around the decoder's output, with a spread that is learnt for each column.

    Parameters
    ----------
    latent_dim : int, default 32
        Width Z of the latent vector.
    hidden_dims : sequence of int, optional
        Width of each residual block, of both networks; empty for linear maps. None: (128, 128, 128), and (64, 64) on
        common factors.
    beta : float, default 1.0
        Weight of the Kullback-Leibler divergence from the prior in the loss [2]_. Less: rows are told apart better, and latent vectors
        drawn from the prior fall where fewer rows lie.
    batch_size : int, optional
        Rows in a batch. None: 64, 128 or 256, from the number of rows.
    max_steps : int, optional
        Updates at most. None: 300 to 14,000, from the number of rows, as SynthGAN.
    max_time : float, optional
        Seconds of training at most. With it a fit is no longer repeatable to the bit.
    learning_rate : float, default 5e-3
        Adam's, falling along a cosine.
    ema_decay : float, default 0.9995
        Of the average of the weights.
    conditional_on : sequence of str, optional
        Columns that are given to the decoder, so that rare levels can be asked for at no cost. Only columns of few
        values.
    reduce : "auto", int or None, default "auto"
        Common factors that stand for a block of many numeric columns (200 and more than a quarter of the rows, or
        2,000). "auto": by parallel analysis, at most one for so many rows as `preset` says. None: train on all columns
        themselves.
    preset : {"default", "fidelity", "strict"}, default "default"
        Rows for each common factor at least: 16, 8 or 32. More factors give more of the training rows away.
    covariates : sequence of str, optional
        Columns that stay out of the block, are modelled beside it and can be asked for in `conditions`. Columns of
        another dtype than the block's do anyway.
    validation_fraction : float, default 0.1
        Share of the rows held out to choose the weights, at most 4,000 rows; none where that would be fewer than 200.
        The networks never see these rows; what the encoder knows of single columns comes from all rows.
    validate_every : int, optional
        Steps between losses on the validation rows. None: a twelfth of all steps.
    calibrate : bool, default True
        Whether the margins of what is sampled, the decoder's noise included, are brought to the real ones after training.
    schema : Schema, optional
        Declares kinds of columns; the others are inferred.
    constraints : sequence of Rule, optional
        What every row obeys: `Inequality`, `Range`, `FixedCombinations`, `Formula`, `Unique`,
        `Dependency` or `Repeats`.
    detect_relations : bool, default True
        Whether to look for such rules in the training table, if `schema` does not say what there are.
    min_category_count : int, default 5
        Rows that must hold a level of a column for it to be kept: the rows of rarer ones are taken to hold another, and
        where most are rare, strings are made anew by their patterns. Levels that `schema` declares are kept, and so are
        true and false. A pandas categorical loses the categories that are not kept. 1 keeps all.
    device : {"auto", "cpu", "cuda", "mps"}, default "auto"
        Where to train and sample. "auto": CUDA if there is one, else the CPU.
    n_threads : int, default 1
        CPU threads of the networks while training. With 1 a fit gives the same bits on any number of cores.
    random_state : int, optional
        Seed of everything in `fit`.
    verbose : int, default 1
        0: no progress bars. They are off anyway when not writing to a terminal.

    Attributes
    ----------
    schema_, encoder_, model_, n_rows_in_
        See `AbstractSynthesizer`.
    history_ : pandas.DataFrame, shape (n_steps, 3)
        Means over each step's batch (index ``step``, from 1), in nats: `loss`, `reconstruction` (minus the
        log-likelihood) and `kl`; loss = reconstruction + beta kl.
    validation_history_ : pandas.DataFrame
        ``loss`` of the averaged weights on the validation rows, by ``step``; empty if none were held out.
    stopped_ : str
        Why training ended.

    References
    ----------
    .. [1] D. P. Kingma, M. Welling, "Auto-encoding variational Bayes", ICLR 2014.
    .. [2] I. Higgins et al., "beta-VAE: learning basic visual concepts with a constrained variational framework",
       ICLR 2017.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> table = load_iris(as_frame=True).frame
    >>> SynthVAE(max_steps=20, random_state=0, verbose=0).fit(table).sample(5).shape
    (5, 5)
    """

    parameter_constraints: ClassVar[dict[str, list[Constraint]]] = {
        "latent_dim": [Interval("int", 1, _INF)],
        "hidden_dims": [Each(Interval("int", 1, _INF)), Nothing()],
        "beta": [Interval("float", 0, _INF)],
        "batch_size": [Interval("int", 2, _INF), Nothing()],
        "max_steps": [Interval("int", 1, _INF), Nothing()],
        "max_time": [Interval("float", 0, _INF, "neither"), Nothing()],
        "learning_rate": [Interval("float", 0, 1, "neither")],
        "ema_decay": [Interval("float", 0, 1)],
        "conditional_on": [Each(Instance(str, "a column name")), Nothing()],
        **WIDE_CONSTRAINTS,
        "validation_fraction": [Interval("float", 0, 0.5, "both")],
        "validate_every": [Interval("int", 1, _INF), Nothing()],
        "calibrate": [Instance(bool, "a bool")],
        "schema": [Instance(Schema, "a Schema"), Nothing()],
        **RELATION_CONSTRAINTS,
        **POOLING_CONSTRAINTS,
        "device": [Choice(DEVICES)],
        "n_threads": [Interval("int", 1, _INF)],
        "random_state": [Interval("int", 0, 2**63), Nothing()],
        "verbose": [Interval("int", 0, _INF)],
    }

    def __init__(
        self,
        *,
        latent_dim: int = 32,
        hidden_dims: Sequence[int] | None = None,
        beta: float = 1.0,
        batch_size: int | None = None,
        max_steps: int | None = None,
        max_time: float | None = None,
        learning_rate: float = LEARNING_RATE,
        ema_decay: float = 0.9995,
        conditional_on: Sequence[str] | None = None,
        reduce: str | int | None = "auto",
        preset: str = "default",
        covariates: Sequence[str] | None = None,
        validation_fraction: float = 0.1,
        validate_every: int | None = None,
        calibrate: bool = True,
        schema: Schema | None = None,
        constraints: Sequence[Rule] | None = None,
        detect_relations: bool = True,
        min_category_count: int = MIN_CATEGORY_COUNT,
        device: str = "auto",
        n_threads: int = 1,
        random_state: int | None = None,
        verbose: int = 1,
    ) -> None:
        self.latent_dim = latent_dim
        self.hidden_dims = hidden_dims
        self.beta = beta
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.max_time = max_time
        self.learning_rate = learning_rate
        self.ema_decay = ema_decay
        self.conditional_on = conditional_on
        self.reduce = reduce
        self.preset = preset
        self.covariates = covariates
        self.validation_fraction = validation_fraction
        self.validate_every = validate_every
        self.calibrate = calibrate
        self.schema = schema
        self.constraints = constraints
        self.detect_relations = detect_relations
        self.min_category_count = min_category_count
        self.device = device
        self.n_threads = n_threads
        self.random_state = random_state
        self.verbose = verbose

    def _fit_matrix(
        self, matrix: np.ndarray, encoder: TableEncoder, seed: int, run: FitRun
    ) -> AbstractMatrixModel:
        layout, device = encoder.layout_, training_device(self.device, type(self).__name__)
        if not layout.width:
            self._keep_history(History(stopped="nothing to learn: every column is constant or regenerated"))
            return EmptyModel()
        cond_columns = condition_columns(encoder, self.conditional_on, type(self).__name__)
        if encoder.is_reduced:
            conditions = covariate_table(matrix, layout, cond_columns, derived_seed(seed, "covariates"))
        else:
            conditions = condition_table(matrix, layout, cond_columns)
        training, validation = split_rows(matrix, self.validation_fraction, seed)
        with torch_threads(self.n_threads):
            rows = torch.from_numpy(training).to(device)
            own_train = train_vae if run.team is None else run.team.train_vae
            vae, history = own_train(
                self._networks(layout, cond_columns, encoder.is_reduced, seed).to(device),
                rows if run.shards is None else run.shards.to(device),
                torch.from_numpy(validation).to(device),
                self._config(run.n_rows(matrix)),
                seed=seed,
                verbose=self.verbose,
                checkpoints=run.stage("vae"),
            )
            model = VaeModel(vae, layout, cond_columns, conditions, device)
            if self.calibrate:
                with interruptible():  # a moment, and not worth losing a fit for
                    calibrate(model, rows, derived_seed(seed, "calibration"))
        self._keep_history(history)
        return model

    def _config(self, n_rows: int) -> VaeConfig:
        """The recipe: what depends on the number of rows is filled in."""
        batch_size = self.batch_size or default_batch_size(n_rows, 1)
        max_steps = self.max_steps or default_steps(n_rows, batch_size)
        return VaeConfig(
            beta=self.beta,
            max_steps=max_steps,
            max_time=self.max_time,
            batch_size=batch_size,
            learning_rate=self.learning_rate,
            ema_decay=self.ema_decay,
            validate_every=self.validate_every or -(-max_steps // CHECKS),
        )

    def _networks(self, layout: MatrixLayout, cond_columns: list[int], is_reduced: bool, seed: int) -> Vae:
        """Both networks at their start, on the CPU."""
        usual = SCORE_HIDDEN_DIMS if is_reduced else HIDDEN_DIMS
        hidden_dims = usual if self.hidden_dims is None else self.hidden_dims
        encoder = LatentEncoder(layout.width, hidden_dims, 2 * self.latent_dim)
        decoder = Generator(self.latent_dim, len(cond_columns), hidden_dims, layout.width)
        initialise(encoder, torch_stream(seed, "encoder"))
        initialise(decoder, torch_stream(seed, "generator"))
        return Vae(encoder, decoder, RowLikelihood(layout, cond_columns), cond_columns)

    def _training_bytes(self, shape: MatrixShape, is_reduced: bool) -> dict[str, int]:
        if not shape.layout.width or is_reduced:
            return {}
        n_validation = n_validation_rows(shape.n_rows, self.validation_fraction)
        out = gan_bytes(shape, n_validation, watched=False, audited=False)
        return out | ({"calibration": calibration_bytes(shape, n_validation)} if self.calibrate else {})

    def _training_seconds(self, rehearsal: Rehearsal) -> Times:
        encoder, device = rehearsal.encoder, training_device(self.device, type(self).__name__)
        layout = encoder.layout_
        if not layout.width:
            return Times()
        cond_columns = condition_columns(encoder, self.conditional_on, type(self).__name__)
        n_validation = n_validation_rows(rehearsal.n_rows, self.validation_fraction)
        conditions = condition_table(rehearsal.matrix, layout, cond_columns)

        def networks() -> Vae:
            return self._networks(layout, cond_columns, encoder.is_reduced, rehearsal.seed).to(device)

        with torch_threads(self.n_threads):
            model = VaeModel(networks(), layout, cond_columns, conditions, device) if self.calibrate else None
            config = self._config(rehearsal.n_rows)
            return vae_seconds(rehearsal, networks, config, n_validation, model, device)

    def _training_steps(self, n_rows: int, is_reduced: bool) -> int:
        return self._config(n_rows).max_steps

    def _rows_drawn(self, n_rows: int) -> int:
        config = self._config(n_rows)
        return config.max_steps * config.batch_size

    def _wide_options(self) -> WideOptions:
        return wide_options(self.reduce, self.preset, self.covariates, self.conditional_on, is_local=True)

    def _keep_history(self, history: History) -> None:
        columns = {name: history.steps.get(name, []) for name in ("loss", "reconstruction", "kl")}
        self.history_ = pd.DataFrame(
            columns, dtype="float64", index=pd.RangeIndex(1, 1 + len(columns["loss"]), name="step")
        )
        steps = pd.Index([step for step, _ in history.validation], dtype="int64", name="step")
        losses = [loss for _, loss in history.validation]
        self.validation_history_ = pd.DataFrame({"loss": losses}, dtype="float64", index=steps)
        self.stopped_ = history.stopped
        self._history = history

    def _training_history(self) -> History:
        return self._history

    def _extra_state(self) -> dict[str, Any]:
        steps = {name: self.history_[name].to_numpy(dtype=np.float32) for name in self.history_.columns}
        checked = self.validation_history_["loss"]
        return {
            **super()._extra_state(),
            "history": steps,
            "validation": [[int(step), float(loss)] for step, loss in checked.items()],
            "stopped": self.stopped_,
            "kept": self._history.kept,
            "rollbacks": list(self._history.rollbacks),
            "interrupted": self._history.interrupted,
            "failure": self._history.failure,
        }

    def _load_extra_state(self, extra: dict[str, Any]) -> None:
        super()._load_extra_state(extra)
        steps = {name: values.astype(np.float64).tolist() for name, values in extra["history"].items()}
        validation = [(int(step), loss) for step, loss in extra["validation"]]
        told = {name: extra[name] for name in ("kept", "stopped", "rollbacks", "interrupted", "failure")}
        self._keep_history(History(steps=steps, validation=validation, **told))

    def _load_matrix_model(self, state: Mapping[str, Any]) -> AbstractMatrixModel:
        layout = self.encoder_.layout_
        if not layout.width:
            return EmptyModel()
        return VaeModel.from_state(dict(state), layout, loading_device(self.device))
