"""The page says what the results say, and nothing else."""

import pytest

from benchmarks.tables import figures, page, results, splits
from benchmarks.tables.figures import FIVE, Figures

MACHINE = {
    "processor": "P",
    "cores": 2,
    "memory_gib": 8,
    "system": "Linux",
    "python": "3",
    "libraries": {"numpy": "2"},
}
SCORES = {
    "shape_error": 0.4,
    "trend_error": 1.1,
    "logistic_detection": 0.995,
    "xgb_detection": 0.9,
    "dcr_share": 0.51,
    "membership_auc": 0.52,
    "rows_repeated": 0.001,
}


def result(table, model, seed=0, outcome="scored", scores=None, **more):
    return {
        "table": table,
        "model": model,
        "seed": seed,
        "outcome": outcome,
        "machine": MACHINE,
        "limits": {"threads": 1, "budget": 600, "clock": "wall", "many": 100_000},
        "date": "2026-01-01",
        "fit_seconds": 500.0,
        **({"scores": {**SCORES, **(scores or {})}} if outcome == "scored" else {}),
        **more,
    }


def ours(**scores):
    best = figures.PUBLISHED["figures"]["mle"]["TabDiff"]
    return [
        result(t, "SynthGAN", seed, scores={"mle": m, **scores}, many_seconds=15.0)
        for seed in range(page.SEEDS)
        for t, m in zip(FIVE, best, strict=True)
    ]


def test_figures_are_medians_over_seeds_and_means_over_tables():
    runs = [result("adult", "CTGAN", s, scores={"shape_error": v}) for s, v in enumerate((3.0, 1.0, 2.0))]
    found = Figures([*runs, result("adult", "CTGAN", 3, outcome="error", message="x", stage="fit")])
    assert found.median("CTGAN", "adult", "shape_error") == 2.0
    assert found.median("CTGAN", "adult", "fit_seconds") == 500.0
    assert found.mean("CTGAN", "shape_error") is None
    assert Figures(ours()).mean("SynthGAN", "shape_error") == pytest.approx(0.4)


def lines_of(text, start):
    return [line for line in text.splitlines() if line.startswith(start)]


def test_goals_are_reached_only_where_every_table_is_measured():
    (line,) = lines_of(page.page(ours()), "| shape error %, mean of five")
    assert "| 0.40: **yes** | not measured |" in line
    (line,) = lines_of(page.page(ours()[:4]), "| shape error %, mean of five")
    assert line.endswith("| not measured | not measured |")


@pytest.mark.parametrize(
    ("start", "scores"),
    [
        ("| shape error %, mean", {"shape_error": 0.51}),
        ("| trend error %, mean", {"trend_error": 1.21}),
        ("| logistic C2ST", {"logistic_detection": 0.98}),
        ("| C2ST-XGB, mean", {"xgb_detection": 0.84}),
        ("| MLE, adult", {"mle": 0.8}),
        ("| rows drawn twice, beyond", {"rows_repeated": 0.006}),
        ("| membership AUC, each", {"membership_auc": 0.56}),
        ("| DCR share, each", {"dcr_share": 0.53}),
    ],
)
def test_each_goal_can_be_missed_and_reached(start, scores):
    (line,) = lines_of(page.page(ours()), start)
    assert "**yes**" in line
    (line,) = lines_of(page.page(ours(**scores)), start)
    assert "**no**" in line


def test_mle_gains_turn_round_for_the_regression():
    theirs = figures.PUBLISHED["figures"]["mle"]["TabDiff"]
    found = figures.mle_gains([v + 0.01 for v in theirs])
    assert found == pytest.approx([0.01, 0.01, 0.01, 0.01, -0.01])


def test_a_peer_that_is_ahead_is_named():
    runs = [*ours(), result("magic", "ARF", scores={"xgb_detection": 0.95})]
    runs.append(result("adult", "ARF", scores={"xgb_detection": 0.15}))
    assert figures.ahead_of_peers(Figures(runs), "SynthGAN") == {"adult": True, "magic": False}
    (line,) = lines_of(page.page(runs), "| C2ST-XGB above every peer")
    assert "adult: **yes**; magic: **no**" in line


def test_without_peers_nothing_is_won():
    assert figures.ahead_of_peers(Figures(ours()), "SynthGAN") == {}
    (line,) = lines_of(page.page(ours()), "| C2ST-XGB above every peer")
    assert "not measured" in line and "yes" not in line


def test_goals_are_not_judged_by_fewer_than_three_seeds():
    runs = [r for r in ours() if r["seed"] != 2 or r["table"] != "magic"]
    (line,) = lines_of(page.page(runs), "| shape error %, mean of five")
    assert "0.40: not judged by 2 of 3 seeds" in line and "yes" not in line


def test_failures_stops_and_the_table_never_tuned_on_stand_on_the_page():
    runs = [
        *ours(),
        result("adult", "ARF", 1, outcome="time-out", stage="fit", message="not done | after <600> s"),
        result("magic", "CTGAN", 1, stopped="at the fit's limit of 600 s"),
        result("shoppers", "TVAE", scores={"errors": {"mle": "ValueError: y"}}),
        result("telco_churn", "SynthGAN", scores={"shape_error": 7.77}),
        result("adult", results.CEILING),
    ]
    text = page.page(runs)
    assert "- adult, ARF, seed 1: time-out in fit: not done / after (600> s" in text
    assert "- magic, CTGAN, seed 1: at the fit's limit of 600 s" in text
    assert "- shoppers, TVAE, seed 0: mle: ValueError: y" in text
    apart = text.split("## telco_churn, never tuned on")[1]
    assert "7.77" in apart
    assert "7.77" not in text.split("## telco_churn, never tuned on")[0]
    assert "None." not in text
    assert "None." in page.page(ours())


def test_published_figures_are_of_the_five_tables_and_telco_is_not_tuned_on():
    assert [t.name for t in splits.TABLES.values() if t.tuned] == FIVE
    for models in figures.PUBLISHED["figures"].values():
        assert all(len(values) == len(FIVE) for values in models.values())
