"""`synthgen learning-curve`: a page, the numbers, and one line for every mistake."""

import json

import pytest

from synthgen.metrics.intervals import Estimate
from synthgen.models.synthgan import SynthGAN
from synthgen.studies import measuring

FAST = ("--set", "max_steps=3", "--set", "hidden_dims=[8]", "--set", "latent_dim=4", "--repeats", 2)


@pytest.fixture(autouse=True)
def instant(monkeypatch):
    """Measurements that take no time."""
    monkeypatch.setattr(
        measuring, "quality", lambda table, target, **_: {"c2st_auc": Estimate(table.n_rows / 1e4)}
    )
    monkeypatch.setattr(measuring, "risk", lambda table, attacked: {})


def test_a_page_the_numbers_and_the_answer(synthgen, data):
    folder = data.parent
    done = synthgen(
        "learning-curve",
        data,
        "--sizes",
        "30,60",
        *FAST,
        "-o",
        folder / "page.html",
        "--json",
        folder / "curve.json",
    )
    assert done.code == 0, done.err
    found = json.loads((folder / "curve.json").read_text())
    assert done.out.startswith(found["answer"])
    assert (found["sizes"], found["n_repeats"], len(found["fits"])) == ([30, 60], 2, 4)
    assert found["parameters"] == {"hidden_dims": "[8]", "latent_dim": "4", "max_steps": "3"}
    assert "Are the rows enough?" in (folder / "page.html").read_text()
    assert done.err.splitlines() == [
        f"synthgen: the learning curve is in {folder}/{name}" for name in ("page.html", "curve.json")
    ]


def test_standard_output_holds_the_numbers_alone(synthgen, data):
    done = synthgen("learning-curve", data, "--sizes", "30,60", *FAST, "--json", "-")
    assert json.loads(done.out)["n_rows"] == 120


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("--sizes", "30,many"),
            "--sizes must be whole numbers separated by commas, e.g. 50,100,200. Got '30,many'.",
        ),
        (
            ("--sizes", "30,200"),
            "must be at most the 84 rows that are left of 120 when 36 are held out. Got 200",
        ),
        (("--sizes", "30"), "must name two different sizes at least. Got [30]"),
        (("--holdout-fraction", "0.05"), "leaves 6 held out and 114 to learn from"),
        (("--target", "no"), "data.parquet: The target 'no' is not a column of the table."),
        (("--set", "max_step=3"), "SynthGAN has no parameter 'max_step'. Did you mean 'max_steps'?"),
        (("--set", "max_steps=0"), "The `max_steps` parameter of SynthGAN must be an int in [1, inf)"),
        (("-o", "page.png"), "-o writes a page: its name must end in .html. Got 'page.png'"),
    ],
)
def test_mistakes_are_one_line(synthgen, data, arguments, words):
    assert words in synthgen("learning-curve", data, *arguments).error


def test_an_interrupted_study_is_written_and_ends_so(synthgen, data, monkeypatch):
    fit, done = SynthGAN.fit, []

    def interrupted(self, X, y=None):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(len(X))
        return fit(self, X)

    monkeypatch.setattr(SynthGAN, "fit", interrupted)
    page = data.parent / "page.html"
    ended = synthgen("learning-curve", data, "--sizes", "30,60", *FAST, "-o", page)
    assert ended.code == 130
    assert "interrupted after 2 of 4 fits; what there is was written" in ended.err
    assert "Not all was done: it was interrupted" in page.read_text()


def test_the_help_shows_examples(synthgen):
    done = synthgen("learning-curve", "--help")
    assert done.code == 0
    assert "\n  Examples:\n    synthgen learning-curve " in done.out
