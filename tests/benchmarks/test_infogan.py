"""The InfoGAN experiment: its measures against known answers, and a few steps on simulated rows."""

import numpy as np
import pandas as pd
import pytest
import torch

from benchmarks.laboratory import infogan, infogan_steps
from synthgen.layout import Block, MatrixLayout
from synthgen.rng import stream
from synthgen.training.batches import Batches


def test_levels_that_match_up_to_their_names_separate_perfectly():
    factor = np.array(["a", "b", "c"] * 20)
    named = np.array([2, 0, 1] * 20)
    assert infogan.separation(named, factor) == pytest.approx({"ari": 1, "nmi": 1, "accuracy": 1})
    constant = infogan.separation(np.zeros(60, dtype=int), factor)
    assert constant == pytest.approx({"ari": 0, "nmi": 0, "accuracy": 1 / 3})


def test_the_best_mapping_gives_each_level_one_name():
    factor, named = np.repeat([0, 1], [90, 10]), np.arange(100) % 2
    # level 0 or 1 stands for factor 0 (45 rows), the other for factor 1 (5 rows)
    assert infogan.separation(named, factor)["accuracy"] == 0.5


def test_correlation_is_the_largest_and_a_constant_has_none():
    x = stream(0, "x").normal(size=500)
    numbers = np.column_stack([np.ones(500), stream(0, "y").normal(size=500), -2 * x])
    assert infogan.largest_correlation(numbers, x) == pytest.approx(1)
    assert infogan.largest_correlation(numbers[:, :1], x) == 0


def test_moments_of_a_slanted_stroke():
    image = np.zeros((28, 28))
    rows = np.arange(4, 24)
    image[rows, 2 + rows // 2] = 10.0
    found = infogan.moments(np.stack([image.ravel(), image.T.ravel()]))
    x, y = 2 + rows // 2, rows
    assert found["ink"].tolist() == [200, 200]
    assert found["slant"][0] == pytest.approx(np.polyfit(y, x, 1)[0])
    assert found["slant"][1] == pytest.approx(np.polyfit(x, y, 1)[0])
    assert (found["width"][0], found["height"][0]) == pytest.approx((x.std(), y.std()))


def test_codes_have_their_shape_and_a_loss_that_is_least_at_the_truth():
    code = infogan_steps.Code(3)
    drawn = code.draw(Batches(torch.zeros(2, 1), 4000, 0))
    assert drawn.shape == (4000, 5)
    assert drawn[:, :3].sum(0) == pytest.approx(np.full(3, 4000 / 3), rel=0.1)
    assert drawn[:, 3:].abs().max() <= 1 and drawn[:, 3:].var(0) == pytest.approx(np.full(2, 1 / 3), rel=0.05)
    unknown = torch.zeros(4000, 5)
    assert float(code.loss(unknown, drawn)) == pytest.approx(np.log(3) + 2 / 3, rel=0.03)
    truth = torch.cat([50 * drawn[:, :3], drawn[:, 3:]], dim=1)
    assert float(code.loss(truth, drawn)) == pytest.approx(0, abs=1e-6)


def simulated() -> infogan.Problem:
    rng = stream(0, "simulated")
    group = rng.integers(2, size=400)
    table = pd.DataFrame(
        {
            "x": rng.normal(size=400) + 3 * group,
            "y": rng.normal(size=400) - 3 * group,
            "level": np.where(rng.random(400) < 0.1 + 0.8 * group, "a", "b"),
        }
    )
    factors, quantities = pd.DataFrame({"group": group}), table[["x"]]
    options = {"hidden_dims": (16,)}
    return infogan.Problem(table, factors, quantities, np.arange(400) >= 300, "rank-normal", options)


def test_a_few_steps_and_all_that_is_judged():
    found = infogan.run_one(simulated(), 1.0, 20, 0)
    assert found["factors"]["group"]["k-means"]["ari"] > 0.7
    assert found["quantities"]["x"]["first component"] > 0.7
    assert sum(found["level_shares"]) == pytest.approx(1)
    assert 0.5 < found["tree_auc"] <= 1


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_q_learns_only_where_the_information_term_counts(weight):
    matrix = stream(0, "matrix").normal(size=(300, 3)).astype(np.float32)
    layout = MatrixLayout(tuple(Block(f"c{i}", "numeric", i, i + 1, ("z",)) for i in range(3)))
    options = {"hidden_dims": (16,), "batch_size": 64, "max_steps": 5}
    game = infogan_steps.start(layout, matrix, infogan_steps.Code(2), weight, 0, options)
    before = game.discriminator.head.weight.detach().clone()
    averaged, _ = infogan_steps.train(game, matrix, 0)
    assert torch.equal(game.discriminator.head.weight, before) == (weight == 0)
    rows, code = averaged.sample(torch.from_numpy(matrix), 500, 0)
    assert rows.shape == (500, 3) and code.shape == (500, 4)
    assert averaged.name(rows)[1].shape == (500, 2)


def a_run(table: str, seed: int, ours: float, theirs: float) -> dict[str, object]:
    scores = {h: {"ari": theirs, "nmi": 0.1, "accuracy": 0.5} for h in infogan.HOW}
    scores["code"] = {"ari": ours, "nmi": 0.2, "accuracy": 0.6}
    return {
        "table": table,
        "weight": 1.0,
        "steps": 1500,
        "seed": seed,
        "factors": {"label": scores},
        "quantities": {"ink": dict.fromkeys(infogan.SHOWN, 0.5)},
        "fit_cpu_seconds": 9.0,
        **dict.fromkeys(infogan.COSTS, 0.7),
    }


def test_the_rule_wants_both_tables_and_reads_medians():
    digits = [a_run("mnist_t10k", s, ours, 0.3) for s, ours in enumerate((0.1, 0.36, 0.4))]
    assert infogan.summarise(digits)["tables"]["mnist_t10k"]["passes"]
    assert not infogan.summarise(digits)["into_the_package"]
    assert not infogan.summarise([*digits, a_run("adult", 0, 0.34, 0.3)])["into_the_package"]
    assert infogan.summarise([*digits, a_run("adult", 0, 0.36, 0.3)])["into_the_package"]


def test_the_page_gets_its_tables(tmp_path):
    result, page = tmp_path / "infogan.json", tmp_path / "page.md"
    infogan.runs.save(result, [a_run("adult", 0, 0.36, 0.3), a_run("adult", 1, 0.4, 0.3)], summary={})
    page.write_text("a\n<!-- infogan.json: begin -->\nold\n<!-- infogan.json: end -->\nb\n")
    infogan.write_page(page, result)
    text = page.read_text()
    assert text.startswith("a\n") and text.endswith("b\n") and "old" not in text
    assert "| adult, label | adjusted Rand index | 0.380 (0.360 to 0.400) | 0.300 (0.300 to 0.300) |" in text
    page.write_text("nothing")
    with pytest.raises(SystemExit, match="needs one"):
        infogan.write_page(page, result)
