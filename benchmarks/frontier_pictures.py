"""The frontier as one picture for each table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from frontier_models import CLASS_WISE, COPULA, FLOOR, FORCED, GAN, MEMORISER, PRESETS, RAW_MEANS, REAL
from frontier_summary import SPAN_ASKED

COLOURS = {
    GAN: "#0b5fa5",
    COPULA: "#d95f02",
    CLASS_WISE: "#7a7a7a",
    RAW_MEANS: "#1b9e77",
    FORCED: "#7b3fa0",
    FLOOR: "#a6761d",
    MEMORISER: "#c2185b",
    REAL: "#000000",
}
MARKERS = dict(zip(PRESETS, ("D", "s", "^"), strict=True))
PANELS = (("forest_c2st", "forest C2ST AUC (lower is better)"), ("tstr", "accuracy on held-out rows"))


def draw(table: str, found: dict[str, dict], folder: Path) -> Path:
    """Fidelity and usefulness against the span attack; returns the picture's path."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(11, 5.2), sharex=True)
    for axis, (measure, title) in zip(axes, PANELS, strict=True):
        for most in SPAN_ASKED.values():
            axis.axvline(most, color="#bbbbbb", linewidth=0.8, linestyle=":")
        for model in (CLASS_WISE, RAW_MEANS, COPULA, GAN):
            _line(axis, found, model, measure)
        for model in (COPULA, GAN):
            for preset in PRESETS:
                _point(axis, found.get(f"{model}, {preset}"), measure, MARKERS[preset], model, size=7)
        _point(axis, found.get(f"{FORCED}, default"), measure, "D", FORCED, size=6)
        for model, marker in ((FLOOR, "X"), (MEMORISER, "P"), (REAL, "*")):
            _point(axis, found.get(model), measure, marker, model, size=12 if marker == "*" else 9)
        axis.set_xlabel("span attack AUC (lower is more private)")
        axis.set_title(title, fontsize=10, loc="left")
        axis.spines[["top", "right"]].set_visible(False)
    figure.suptitle(f"expr_{table}: fidelity and use against privacy", fontsize=12, x=0.01, ha="left")
    figure.legend(handles=_legend(found), loc="lower center", ncols=5, frameon=False, fontsize=8)
    figure.tight_layout(rect=(0, 0.13, 1, 1))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"frontier-{table}.png"
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)
    return path


def _line(axis: Any, found: dict[str, dict], model: str, measure: str) -> None:
    """One model over k, each point with its k."""
    points = sorted(
        (int(f["setting"].removeprefix("k=")), f["span_auc"]["value"], f[measure]["value"])
        for f in found.values()
        if f["model"] == model and f["setting"].startswith("k=")
    )
    if not points:
        return
    x, y = [p[1] for p in points], [p[2] for p in points]
    axis.plot(x, y, color=COLOURS[model], marker="o", markersize=3.5, linewidth=1.2, alpha=0.85)
    for number, *place in points:
        axis.annotate(
            str(number),
            place,
            xytext=(3, 3),
            textcoords="offset points",
            fontsize=7,
            color=COLOURS[model],
        )


def _point(axis: Any, found: dict | None, measure: str, marker: str, model: str, size: float) -> None:
    """One model with its intervals."""
    if found is None:
        return
    x, y = found["span_auc"], found[measure]
    axis.errorbar(
        x["value"],
        y["value"],
        xerr=[[x["value"] - x["low"]], [x["high"] - x["value"]]],
        yerr=[[y["value"] - y["low"]], [y["high"] - y["value"]]],
        color=COLOURS[model],
        elinewidth=0.5,
        marker=marker,
        markersize=size,
        markeredgecolor="white",
        linestyle="none",
    )


def _legend(found: dict[str, dict]) -> list[Any]:
    """Colours for models, shapes for presets."""
    from matplotlib.lines import Line2D

    shapes = {FLOOR: "X", MEMORISER: "P", REAL: "*", FORCED: "D"}
    there = {f["model"] for f in found.values()}
    names = {
        FORCED: "SynthGAN with the GAN forced",
        RAW_MEANS: "raw class means, k",
        CLASS_WISE: f"{CLASS_WISE}, k",
    }
    names |= {GAN: "SynthGAN, k (number)", COPULA: "GaussianCopula, k"}
    handles = [
        Line2D(
            [],
            [],
            color=colour,
            marker=shapes.get(model, "o"),
            linestyle="none" if model in shapes else "-",
            label=names.get(model, model),
        )
        for model, colour in COLOURS.items()
        if model in there
    ]
    return handles + [
        Line2D([], [], color="#444444", marker=m, linestyle="none", label=f"preset {p}")
        for p, m in MARKERS.items()
    ]
