"""SynthGAN: an MLP GAN behind a scikit-learn interface."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from synthgen.constraints.rules import Rule
from synthgen.encoders.pooling import MIN_CATEGORY_COUNT
from synthgen.encoders.table_encoder import TableEncoder
from synthgen.encoders.wide_columns import WideOptions
from synthgen.exceptions import ParameterError
from synthgen.layout import MatrixLayout
from synthgen.models.condition_columns import condition_columns
from synthgen.models.content import drawing
from synthgen.models.device import loading_device, training_device
from synthgen.models.estimate_memory import (
    MatrixShape,
    calibration_bytes,
    gan_bytes,
    selection_bytes,
)
from synthgen.models.estimate_selection import selection_seconds
from synthgen.models.estimate_time import Rehearsal, Times
from synthgen.models.estimate_training import gan_config, gan_seconds, n_validation_rows, score_seconds
from synthgen.models.fit_run import FitRun
from synthgen.models.gan_fit import AUDIT_STEPS, fit_gan
from synthgen.models.gan_model import GanModel
from synthgen.models.gan_record import GanRecord
from synthgen.models.gaussian_model import GaussianModel
from synthgen.models.latent import AbstractLatentSynthesizer
from synthgen.models.matrix_model import AbstractMatrixModel, EmptyModel
from synthgen.models.recipe import score_config, score_plan
from synthgen.models.score_contest import Contest
from synthgen.models.score_gan import ScoreGanModel, ScoreRecipe, fit_scores
from synthgen.models.selection import FEWEST_ROWS, SelectedModel, Selector, fit_selector
from synthgen.models.selection import MIN_ROWS as MIN_SELECTION_ROWS
from synthgen.models.synthgan_parameters import CONSTRAINTS, PRESETS, REFINE, check_quadratic, filled_in
from synthgen.models.wide_parameters import wide_options
from synthgen.schema import Schema
from synthgen.training.evaluation import Evaluation
from synthgen.training.history import History
from synthgen.training.threads import torch_threads
from synthgen.validation import Constraint, validate_parameters


class SynthGAN(AbstractLatentSynthesizer):
    """A GAN for tables of mixed columns.

    Both networks are residual MLPs without normalisation. By default they play the relativistic game with
    gradient penalties on real and fake rows [1]_. Averaged weights are scored on validation rows while
    training, the best are kept, and the margins are calibrated at the end.

    Parameters
    ----------
    latent_dim : int, default 128
        Width Z of the noise vector.
    noise_prior : {"normal", "uniform"}, default "normal"
        What noise vectors are drawn from, with mean 0 and variance 1; never learnt.
    hidden_dims : sequence of int, optional
        Width of each residual block, of both networks. None: (128, 128, 128), and (64, 64) on common factors. Empty: the
        linear GAN, ``G(z) = W z + b`` against logistic regression.
    discriminator_hidden_dims : sequence of int, optional
        The same of the discriminator alone. None: as `hidden_dims`.
    networks : {"residual", "maxout"}, default "residual"
        "maxout": the networks of the first GAN, ReLU against maxout with dropout, for numeric_encoding="min-max".
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
        For both networks. None: 2e-3, falling along a cosine, and a steady 5e-3 on common factors; 0.1 for "sgd".
    discriminator_learning_rate : float, optional
        For the discriminator alone: two time scales. None: the same.
    optimizer : {"adam", "sgd"}, default "adam"
        "sgd": stochastic gradient descent with a momentum that rises from 0.5 to 0.7 and a rate that falls slowly.
    betas : (float, float), default (0.0, 0.99)
        Adam's.
    ema_decay : float, default 0.9995
        Of the average of the generator's weights.
    pac : int, default 1
        Rows that the discriminator judges together.
    discriminator_batches : {"mixed", "separate"}, default "mixed"
        Whether real and fake rows pass through the discriminator together or one class after the other; the gradients
        are the same, but for what changes with every pass: dropout's masks and the iterations of `spectral_norm`.
    r1_weight, r2_weight : float, optional
        Weights gamma of the squared gradient on real and on fake rows (half of gamma enters the loss). None: 0.3
        each, and 0 for "wgan-gp".
    gradient_penalty_weight : float, optional
        Weight of the gradient norm's squared distance from 1. None: 10 for "wgan-gp", else 0.
    penalty_every : int, optional
        Discriminator updates between penalties, which then weigh as many times more. None: 4, and 1 for "wgan-gp".
    spectral_norm : bool, default False
        Whether the discriminator's linear maps are held to norm one.
    tau : float, default 0.2
        Temperature of the relaxed categorical choices.
    frequencies : sequence of float, optional
        At which numeric columns enter the discriminator as sines and cosines. Empty for none. None: (0.25, 0.5, 1.0), and
        none for a linear or a maxout discriminator.
    quadratic : bool, default False
        Whether squares and products of the numeric columns enter the discriminator too; for at most 150 of them.
    inference : {"adversarial"}, optional
        "adversarial": an encoder of rows is learnt together with the generator, and the discriminator judges pairs of
        row and latent vector [2]_, [3]_. None: an encoder is learnt from generated rows when `encode` is first called.
    numeric_encoding : {"rank-normal", "min-max", "raw"}, default "rank-normal"
        How numbers and instants enter the networks: by ranks, moved to [0, 1], or as they are. The last two are for experiments,
        and take no missing values.
    calibrate : bool, default True
        Whether the generated margins are brought to the real ones after training.
    conditional_on : sequence of str, optional
        Columns that are given to the generator, beside the noise vector, and to the discriminator, beside the row and in a
        projection (not on common factors), so that rare levels can be asked for at no cost. Only columns of few values.
    reduce : "auto", int or None, default "auto"
        Common factors that stand for a block of many numeric columns (200 and more than a quarter of the rows, or
        2,000). "auto": by parallel analysis, at most one for so many rows as `preset` says. None: train on all columns
        themselves, for many rows and a GPU.
    preset : {"default", "fidelity", "strict", "goodfellow2014"}, default "default"
        The first three: rows for each common factor at least, 16, 8 or 32; more factors give more of the training rows
        away. "goodfellow2014": the first GAN's networks, loss and optimiser, for every parameter that is left at its
        default; without common factors.
    covariates : sequence of str, optional
        Columns that stay out of the block, are modelled beside it and can be asked for in `conditions`. Columns of
        another dtype than the block's do anyway.
    wide_model : {"auto", "gan", "linear"}, default "auto"
        What models the common factors: "linear", jointly normal given the covariates of few values; "gan", a GAN that
        starts as that; "auto", the GAN where it is better on a quarter of the rows, which are kept aside for that,
        "linear" below 150 rows. On common factors `latent_dim`, `noise_prior`, `networks`, `optimizer`, `frequencies`, `inference`,
        `calibrate`, `watch`, `validation_fraction`, `validate_every` and `patience` have no say, and `ema_decay` is at most
        0.99.
    validation_fraction : float, default 0.1
        Share of the rows held out to choose the weights and the time to stop, at most 4,000 rows; none where
        that would be fewer than 200. The networks never see these rows; what the encoder knows of single columns,
        and what rows are chosen by (`refine`), comes from all rows.
    validate_every : int, optional
        Steps between scores on the validation rows. None: a twelfth of all steps.
    patience : int, optional
        Scores in a row that are worse than the best by more than its standard error before training stops. None: it
        never does, as most is gained at the end, when the learning rate has fallen.
    watch : bool, default True
        Whether the generator's rows are measured at every evaluation and alarms raised at the end, as warnings, if it has
        collapsed or repeats training rows (see `history_`).
    callbacks : sequence of callable, optional
        Each is called with an `Evaluation` every `validate_every` steps and after the last one; it may stop training or
        change the recipe. Not stored in the model's file.
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
    min_category_count : int, default 5
        Rows that must hold a level of a column for it to be kept: the rows of rarer ones are taken to hold another, and
        where most are rare, strings are made anew by their patterns. Levels that `schema` declares are kept, and so are
        true and false. A pandas categorical loses the categories that are not kept. 1 keeps all.
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
        of pairs that the discriminator ranks rightly, and `fake_spread`, the spread of fake rows over the real rows'. And
        what is watched (`synthgen.training.collapse.MEASURES`, and `AUDITED` after 2,000 steps or more), NaN between
        evaluations.
    alarms_ : list of Alarm
        What was wrong with the weights that were kept; empty if nothing was, or fewer than 300 steps were done.
    validation_history_ : pandas.DataFrame
        ``auc`` of a tree classifier on the validation rows, by ``step``; empty if none were held out.
    stopped_ : str
        Why training ended.
    kept_step_ : int
        The evaluation whose weights were kept.
    winner_ : {"gan", "linear"}
        What models the common factors of a wide table.
    contest_ : Contest or None
        How that was found.
    selector_ : Selector or None
        Chooses among rows drawn; None where every row drawn is given.

    References
    ----------
    .. [1] N. Huang et al., "The GAN is dead; long live the GAN! A modern GAN baseline", NeurIPS 2024.
    .. [2] V. Dumoulin et al., "Adversarially learned inference", ICLR 2017.
    .. [3] J. Donahue, P. Krähenbühl, T. Darrell, "Adversarial feature learning", ICLR 2017 (BiGAN).

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> table = load_iris(as_frame=True).frame
    >>> SynthGAN(max_steps=20, random_state=0, verbose=0).fit(table).sample(5).shape
    (5, 5)
    """

    contest_: Contest | None
    selector_: Selector | None
    _record: GanRecord

    parameter_constraints: ClassVar[Mapping[str, list[Constraint]]] = CONSTRAINTS

    def __init__(
        self,
        *,
        latent_dim: int = 128,
        noise_prior: str = "normal",
        hidden_dims: Sequence[int] | None = None,
        discriminator_hidden_dims: Sequence[int] | None = None,
        networks: str = "residual",
        loss: str = "relativistic",
        n_critic: int = 1,
        batch_size: int | None = None,
        max_steps: int | None = None,
        max_time: float | None = None,
        learning_rate: float | None = None,
        discriminator_learning_rate: float | None = None,
        optimizer: str = "adam",
        betas: Sequence[float] = (0.0, 0.99),
        ema_decay: float = 0.9995,
        pac: int = 1,
        discriminator_batches: str = "mixed",
        r1_weight: float | None = None,
        r2_weight: float | None = None,
        gradient_penalty_weight: float | None = None,
        penalty_every: int | None = None,
        spectral_norm: bool = False,
        tau: float = 0.2,
        frequencies: Sequence[float] | None = None,
        quadratic: bool = False,
        inference: str | None = None,
        numeric_encoding: str = "rank-normal",
        calibrate: bool = True,
        conditional_on: Sequence[str] | None = None,
        reduce: str | int | None = "auto",
        preset: str = "default",
        covariates: Sequence[str] | None = None,
        wide_model: str = "auto",
        validation_fraction: float = 0.1,
        validate_every: int | None = None,
        patience: int | None = None,
        watch: bool = True,
        callbacks: Sequence[Callable[[Evaluation], object]] | None = None,
        refine: str | int | None = "auto",
        schema: Schema | None = None,
        constraints: Sequence[Rule] | None = None,
        detect_relations: bool = True,
        min_category_count: int = MIN_CATEGORY_COUNT,
        device: str = "auto",
        precision: str = "auto",
        n_threads: int = 1,
        random_state: int | None = None,
        verbose: int = 1,
    ) -> None:
        self.latent_dim = latent_dim
        self.noise_prior = noise_prior
        self.hidden_dims = hidden_dims
        self.discriminator_hidden_dims = discriminator_hidden_dims
        self.networks = networks
        self.loss = loss
        self.n_critic = n_critic
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.max_time = max_time
        self.learning_rate = learning_rate
        self.discriminator_learning_rate = discriminator_learning_rate
        self.optimizer = optimizer
        self.betas = betas
        self.ema_decay = ema_decay
        self.pac = pac
        self.discriminator_batches = discriminator_batches
        self.r1_weight = r1_weight
        self.r2_weight = r2_weight
        self.gradient_penalty_weight = gradient_penalty_weight
        self.penalty_every = penalty_every
        self.spectral_norm = spectral_norm
        self.tau = tau
        self.frequencies = frequencies
        self.quadratic = quadratic
        self.inference = inference
        self.numeric_encoding = numeric_encoding
        self.calibrate = calibrate
        self.conditional_on = conditional_on
        self.reduce = reduce
        self.preset = preset
        self.covariates = covariates
        self.wide_model = wide_model
        self.validation_fraction = validation_fraction
        self.validate_every = validate_every
        self.patience = patience
        self.watch = watch
        self.callbacks = callbacks
        self.refine = refine
        self.schema = schema
        self.constraints = constraints
        self.detect_relations = detect_relations
        self.min_category_count = min_category_count
        self.device = device
        self.precision = precision
        self.n_threads = n_threads
        self.random_state = random_state
        self.verbose = verbose

    def _fit_matrix(
        self, matrix: np.ndarray, encoder: TableEncoder, seed: int, run: FitRun
    ) -> AbstractMatrixModel:
        layout, device = encoder.layout_, training_device(self.device, type(self).__name__)
        self.contest_ = self.selector_ = None
        if not layout.width:
            self._keep(
                GanRecord(History(stopped="nothing to learn: every column is constant or regenerated"))
            )
            return EmptyModel()
        given = self._filled_in(run.n_rows(matrix))
        check_quadratic(given, len(layout.numeric))
        cond_columns = condition_columns(encoder, self.conditional_on, type(self).__name__)
        if encoder.is_reduced:
            return self._fit_scores(matrix, layout, cond_columns, given, seed, run)
        with torch_threads(self.n_threads):
            found = fit_gan(
                matrix, layout, cond_columns, given, device, seed, tuple(self.callbacks or ()), run
            )
        self._keep(found.record)
        if (
            found.record.history.is_whole
            and given["refine"] is not None
            and len(matrix) >= self._fewest_to_choose()
        ):
            factor = None if self.refine == "auto" else int(given["refine"])
            self._learn_to_choose(found.model, matrix, encoder, factor, seed)
        return found.model

    def _learn_to_choose(
        self,
        model: AbstractMatrixModel,
        matrix: np.ndarray,
        encoder: TableEncoder,
        factor: int | None,
        seed: int,
    ) -> None:
        """Fit the selector; Ctrl-C leaves the model without one."""
        try:
            self.selector_ = fit_selector(model, matrix, encoder, factor, seed, self.verbose)
        except KeyboardInterrupt:
            history = self._record.history
            history.interrupted = True
            self.stopped_ = history.stopped = "interrupted (Ctrl-C) while learning to choose among rows"

    def _fewest_to_choose(self) -> int:
        return MIN_SELECTION_ROWS if self.refine == "auto" else FEWEST_ROWS

    def sample(
        self,
        n: int = 1,
        *,
        conditions: Mapping[str, Any] | pd.DataFrame | None = None,
        random_state: int | None = None,
        batch_size: int | None = None,
        first_row: int = 0,
        refine: str | int | None = "auto",
    ) -> Any:
        """Draw synthetic rows.

        Parameters
        ----------
        n, conditions, random_state, batch_size, first_row
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
        validate_parameters("sample", {"refine": REFINE}, {"refine": refine})
        with drawing(self.file_):
            model = self._selected(refine)
        return self._sample(model, n, conditions, random_state, batch_size, first_row)

    def sample_to(
        self,
        out: str | os.PathLike[str],
        n: int,
        *,
        rows_per_file: int = 1_000_000,
        format: str = "parquet",
        random_state: int | None = None,
        conditions: Mapping[str, Any] | None = None,
        batch_size: int | None = None,
        engine: str = "local",
        address: str | None = None,
        workers: int | None = None,
        overwrite: bool = False,
        refine: str | int | None = "auto",
    ) -> Any:
        """Draw synthetic rows into a folder of files, in memory that does not grow with `n`.

        Parameters
        ----------
        out, n, rows_per_file, format, random_state, conditions, batch_size, engine, address, workers, overwrite
            See `AbstractSynthesizer.sample_to`.
        refine : "auto", int or None
            As for `sample`.

        Returns
        -------
        Manifest
            Of the folder; None of a ``.bed`` file.

        Raises
        ------
        NotFittedError, ParameterError, ConditionError, FileError
            As `AbstractSynthesizer.sample_to` and `sample`.
        """
        self._check_fitted()
        validate_parameters("sample_to", {"refine": REFINE}, {"refine": refine})
        self._selected(refine)
        from synthgen.models.sample_files import sample_files

        return sample_files(
            self,
            out,
            n,
            rows_per_file=rows_per_file,
            format=format,
            random_state=random_state,
            conditions=conditions,
            batch_size=batch_size,
            refine=refine,
            engine=engine,
            address=address,
            workers=workers,
            overwrite=overwrite,
        )

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
        self,
        matrix: np.ndarray,
        layout: MatrixLayout,
        cond_columns: list[int],
        given: Mapping[str, Any],
        seed: int,
        run: FitRun,
    ) -> AbstractMatrixModel:
        """The wide road: a linear model of the common scores, or the GAN that beats it."""
        device = training_device(self.device, type(self).__name__)
        recipe = ScoreRecipe(
            score_config(given, len(matrix), device),
            score_plan(given),
            device,
            self.verbose,
            tuple(self.callbacks or ()),
            run,
        )
        with torch_threads(self.n_threads):
            found = fit_scores(matrix, layout, cond_columns, self.wide_model, recipe, seed)
        self._keep(GanRecord(found.history))
        self.contest_ = found.contest
        return found.model

    def _training_bytes(self, shape: MatrixShape, is_reduced: bool) -> dict[str, int]:
        if not shape.layout.width or is_reduced:  # common factors take next to nothing
            return {}
        given = self._filled_in(shape.n_rows)
        n_validation = n_validation_rows(shape.n_rows, given["validation_fraction"])
        is_audited = given["watch"] and self._training_steps(shape.n_rows, is_reduced) >= AUDIT_STEPS
        out = gan_bytes(shape, n_validation, watched=given["watch"], audited=is_audited)
        if given["calibrate"]:
            out["calibration"] = calibration_bytes(shape, n_validation)
        if given["refine"] is not None and shape.n_rows >= self._fewest_to_choose():
            out |= selection_bytes(shape)
        return out

    def _training_seconds(self, rehearsal: Rehearsal) -> Times:
        encoder, device = rehearsal.encoder, training_device(self.device, type(self).__name__)
        if not encoder.layout_.width:
            return Times()
        given = self._filled_in(rehearsal.n_rows)
        cond_columns = condition_columns(encoder, self.conditional_on, type(self).__name__)
        with torch_threads(self.n_threads):
            if encoder.is_reduced:
                config = score_config(given, rehearsal.n_rows, device)
                recipe = ScoreRecipe(config, score_plan(given), device, 0)
                return score_seconds(rehearsal, cond_columns, self.wide_model, recipe)
            out, model = gan_seconds(rehearsal, cond_columns, given, device)
        if given["refine"] is not None and rehearsal.n_rows >= self._fewest_to_choose():
            out |= selection_seconds(rehearsal, model, self._training_steps(rehearsal.n_rows, False))
        return out

    def _training_steps(self, n_rows: int, is_reduced: bool) -> int:
        given = self._filled_in(n_rows)
        if is_reduced:
            return score_config(given, n_rows, "cpu").max_steps
        return gan_config(given, n_rows, "cpu").max_steps

    def _rows_drawn(self, n_rows: int) -> int:
        config = gan_config(self._filled_in(n_rows), n_rows, "cpu")
        return config.max_steps * config.batch_size * (config.n_critic + 1)

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
        preset = "default" if self.preset in PRESETS else self.preset
        reduce = self._filled_in(1)["reduce"]
        return wide_options(reduce, preset, self.covariates, self.conditional_on, is_local=True)

    def _number_encoding(self) -> str:
        return str(self._filled_in(1)["numeric_encoding"])

    def _filled_in(self, n_rows: int) -> dict[str, Any]:
        """The parameters, with a preset's in place of defaults."""
        return filled_in(self.get_params(deep=False), type(self), n_rows)

    @property
    def winner_(self) -> str:
        """Which model of the common scores was kept: ``gan`` or ``linear``; ``gan`` for tables that are not wide."""
        self._check_fitted()
        return "gan" if isinstance(self.model_, GanModel) else "linear"

    def _keep(self, record: GanRecord) -> None:
        """What is told of a training."""
        self.history_ = record.steps_frame()
        self.validation_history_ = record.validation_frame()
        self.stopped_ = record.history.stopped
        self.kept_step_ = record.history.kept
        self.alarms_ = list(record.alarms)
        self._record = record

    def _training_history(self) -> History | None:
        return self._record.history

    def _alarm_words(self) -> list[str]:
        return [alarm.words for alarm in self.alarms_]

    def _extra_state(self) -> dict[str, Any]:
        return {
            **super()._extra_state(),
            "record": self._record.to_state(),
            "contest": None if self.contest_ is None else self.contest_.to_state(),
            "selector": None if self.selector_ is None else self.selector_.to_state(),
        }

    def _load_extra_state(self, extra: dict[str, Any]) -> None:
        super()._load_extra_state(extra)
        self._keep(GanRecord.from_state(extra["record"]))
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
        kind = ScoreGanModel if self.encoder_.is_reduced else GanModel
        return kind.from_state(state, layout, loading_device(self.device))
