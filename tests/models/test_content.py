"""A file that was edited and signed anew: wrong content is the file's fault, whatever part it is in."""

import numpy as np
import pandas as pd
import pytest

from synthgen import Bootstrap, IndependentMarginals, SynthGAN, SynthVAE, load
from synthgen.exceptions import ConditionError, ModelFileError, ParameterError
from synthgen.models.content import drawing, loading
from synthgen.models.model_file import read_model_file, write_model_file
from tests.models.test_every_synthesizer import quick_gan, quick_vae

TABLE = pd.DataFrame(
    {
        "x": np.random.default_rng(0).normal(size=60),
        "n": np.arange(60) % 17,
        "k": pd.Categorical(["a", "b", "c"] * 20),
        "s": ["u", None, "v"] * 20,
    }
)
MAKE = {
    "SynthGAN": quick_gan,
    "SynthVAE": quick_vae,
    "IndependentMarginals": lambda: IndependentMarginals(random_state=0, verbose=0),
    "Bootstrap": lambda: Bootstrap(random_state=0, verbose=0),
}


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for name, make in MAKE.items():
        make().fit(TABLE).save(folder / name)
    return folder


def edited(paths, name, *keys, value):
    """The path of a model's file in which one value was replaced by another, or by a function of it."""
    class_name, state, _ = read_model_file(paths / name)
    holder = state
    for key in keys[:-1]:
        holder = holder[key]
    holder[keys[-1]] = value(holder[keys[-1]]) if callable(value) else value
    path = paths / f"{name}-edited"
    write_model_file(path, class_name, state)
    return path


GENERATOR = ("model", "generator")
WRONG = {
    "huge latent_dim": ("SynthGAN", (*GENERATOR, "latent_dim"), 10**9),
    "huge hidden_dims": ("SynthGAN", (*GENERATOR, "hidden_dims"), [10**7, 10**7]),
    "negative hidden_dims": ("SynthGAN", (*GENERATOR, "hidden_dims"), [-8]),
    "ninety thousand layers": ("SynthGAN", (*GENERATOR, "hidden_dims"), [1] * 90_000),
    "no hidden_dims": ("SynthGAN", (*GENERATOR, "hidden_dims"), None),
    "huge cond_dim": ("SynthGAN", (*GENERATOR, "cond_dim"), 10**9),
    "weights of NaN": ("SynthGAN", (*GENERATOR, "weights"), lambda w: {k: v * np.nan for k, v in w.items()}),
    "weights of another shape": ("SynthGAN", (*GENERATOR, "weights"), lambda w: {k: v[..., None] for k, v in w.items()}),
    "weights of text": ("SynthGAN", (*GENERATOR, "weights"), "x"),
    "a missing part": ("SynthGAN", ("model",), lambda m: {k: v for k, v in m.items() if k != "calibration"}),
    "an unknown parameter": ("SynthGAN", ("parameters", "nope"), 1),
    "parameters that are a list": ("SynthGAN", ("parameters",), []),
    "no rows": ("SynthGAN", ("n_rows_in",), 0),
    "rows that are a truth value": ("SynthGAN", ("n_rows_in",), True),
    "a schema that is none": ("SynthGAN", ("encoder", "schema"), {"columns": 3}),
    "a dtype that nobody knows": ("SynthGAN", ("encoder", "schema", "columns", 0, "dtype"), "FLOAT64"),
    "a dtype of another kind": ("SynthGAN", ("encoder", "schema", "columns", 0, "dtype"), "object[str]"),
    "no levels": ("SynthGAN", ("encoder", "schema", "columns"), lambda cs: [{k: v for k, v in c.items() if k != "levels"} for c in cs]),
    "levels of another type": ("SynthGAN", ("encoder", "schema", "columns"), lambda cs: [c | {"levels": [1, 2]} if "levels" in c else c for c in cs]),
    "a column too few": ("SynthGAN", ("encoder", "encoders"), lambda e: e[1:]),
    "many missing values": ("SynthGAN", ("encoder", "encoders", 1, "has_missing"), 10**12),
    "an encoder of a huge size": ("SynthVAE", ("model", "encoder", "hidden_dims"), [10**8]),
    "an index out of range": ("SynthVAE", ("model", "cond_columns"), [10**6]),
    "shares of infinity": ("IndependentMarginals", ("model", "shares"), lambda s: s + np.inf),
    "shares of another shape": ("IndependentMarginals", ("model", "shares"), lambda s: s[:0]),
    "rows that are not there": ("Bootstrap", ("model", "n_rows"), 10**12),
    "rows of other dtypes": ("Bootstrap", ("encoder", "schema", "columns", 1, "dtype"), "Int8"),
    "rows cut off": ("Bootstrap", ("encoder", "arrow"), lambda a: a[: len(a) // 2]),
}  # fmt: skip
"""Model, place, new value."""


@pytest.mark.parametrize("case", WRONG)
def test_wrong_content_is_the_files_fault(case, paths):
    name, keys, value = WRONG[case]
    path = edited(paths, name, *keys, value=value)
    with pytest.raises(ModelFileError, match=r"-edited: its content is not that of a model \("):
        load(path).sample(5, random_state=0)


def test_missing_values_that_the_schema_has_not_are_not_given(paths):
    path = edited(paths, "IndependentMarginals", "encoder", "schema", "columns", 3, "missing", value=False)
    with pytest.raises(ModelFileError, match="missing values where its schema has none"):
        load(path).sample(50, random_state=0)


def test_an_unedited_file_comes_through(paths):
    for name in MAKE:
        path = edited(paths, name, "n_rows_in", value=lambda n: n)
        pd.testing.assert_frame_equal(
            load(path).sample(5, random_state=0), load(paths / name).sample(5, random_state=0)
        )


def test_the_callers_own_errors_stay_what_they_are(paths):
    model = load(paths / "SynthGAN")
    with pytest.raises(ConditionError):
        model.sample(5, conditions={"k": "nope"})
    with pytest.raises(ParameterError):
        model.sample(-1)


def test_a_fitted_model_has_no_file_and_a_loaded_one_forgets_it_in_fit(paths):
    model = load(paths / "SynthVAE")
    assert model.file_ == str(paths / "SynthVAE")
    assert model.fit(TABLE).file_ == ""
    assert isinstance(model, SynthVAE)
    assert quick_gan().fit(TABLE).file_ == ""
    assert SynthGAN().get_params().keys() == load(paths / "SynthGAN").get_params().keys()


def test_memory_and_bugs_are_not_taken_for_each_other():
    with pytest.raises(ModelFileError, match=r"m: .*there is too little memory"), loading("m"):
        raise MemoryError
    with pytest.raises(MemoryError), drawing("m"):
        raise MemoryError
    with pytest.raises(KeyError), drawing(""):
        raise KeyError("a bug in a model that was fitted here")
    with pytest.raises(ModelFileError, match=r"'x' is missing"), drawing("m"):
        raise KeyError("x")
