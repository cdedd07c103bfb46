"""Names and values of a table are shown as they are, and never become part of a page."""

import numpy as np
import pandas as pd
import pytest

from synthgen.metrics.intervals import Estimate
from synthgen.models.synthgan import SynthGAN
from synthgen.reports.compare import compare
from synthgen.reports.frame import notebook_frame
from synthgen.reports.summary import evaluate
from synthgen.reports.training_report import training_report
from synthgen.studies import measuring
from synthgen.studies.latent_study import latent_study
from synthgen.studies.learning_curve import learning_curve
from tests.reports.test_page import Page

NAMES = [
    "<script>window.pwned=1</script>",
    '"><img src=x onerror=window.pwned=1>',
    "</script><svg onload=window.pwned=1>",
    "{{ 7 * 7 }}{% raw %}${7*7}",
    "' onmouseover='window.pwned=1",
    "<!--<script>",
]
KNOWN = {"src": ("data:",), "href": ("#",)}
"""Where links may lead."""


def hostile_table(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return pd.DataFrame(
        {
            NAMES[0]: x,
            NAMES[1]: x + rng.normal(size=n),
            NAMES[2]: rng.choice(NAMES, n),
            NAMES[3]: pd.Categorical(np.where(x > 0, NAMES[0], NAMES[2])),
            NAMES[4]: rng.integers(0, 50, n),
            NAMES[5]: rng.choice(["a", None], n),
        }
    )


@pytest.fixture(scope="module")
def model():
    tiny = {"max_steps": 20, "hidden_dims": (8,), "latent_dim": 4, "refine": None}
    return SynthGAN(**tiny, random_state=0, verbose=0).fit(hostile_table(80, 0))


@pytest.fixture(scope="module")
def pages(model):
    train, other = hostile_table(80, 0), hostile_table(40, 1)
    report = evaluate(train, model.sample(60, random_state=0), other, target=NAMES[3], random_state=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("synthgen.studies.latent_study.MAX_ROWS", 60)
        patch.setattr("synthgen.studies.latent_study.SCALE_ROWS", 40)
        latent = latent_study(model, other, n_paths=10, steps=3, verbose=0)
        # measurements that take no time
        quality = {"c2st_auc": Estimate(0.6, 0.5, 0.7)}
        patch.setattr(measuring, "quality", lambda *_, **__: quality)
        patch.setattr(measuring, "risk", lambda *_, **__: {})
        curve = learning_curve(
        train, target=NAMES[3], model=SynthGAN(max_steps=3, hidden_dims=(4,), latent_dim=2, verbose=0),
        sizes=[10, 30], n_repeats=2, random_state=0, verbose=0,
    )  # fmt: skip
    found = {
        "report": report,
        "compare": compare({name: report.to_dict() for name in NAMES[:3]}),
        "training": training_report(model),
        "latent": latent,
        "learning curve": curve,
    }
    return {name: (one.to_html(), notebook_frame(one.to_html())) for name, one in found.items()}


@pytest.mark.parametrize("name", ["report", "compare", "training", "latent", "learning curve"])
def test_nothing_of_the_table_becomes_part_of_the_page(pages, name):
    source, framed = pages[name]
    page = Page(source)
    for tag, attributes in page.tags:
        assert not any(key.startswith("on") for key in attributes), (tag, attributes)
        for key, allowed in KNOWN.items():
            assert attributes.get(key, allowed[0]).startswith(allowed), (tag, attributes)
    assert not any("pwned" in text for about, text in page.scripts if about.get("type") != "application/json")
    for bad in ("<script>window", "<img src=x", "</script><svg", "<!--<script>"):
        assert bad not in source
        assert bad not in framed
    assert "49" not in "".join(word for word in page.words.split() if word.startswith("{{"))
    assert Page(framed).tags[0][0] in ("iframe", "div")


@pytest.mark.parametrize("name", ["report", "compare", "latent"])
def test_the_names_are_shown_as_they_are(pages, name):
    words = Page(pages[name][0]).words
    assert NAMES[0] in words or NAMES[1] in words
