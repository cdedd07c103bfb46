import html.parser
import json
import re
import shutil
import subprocess

import pytest

from synthgen.metrics.intervals import Estimate
from synthgen.reports.compare import compare, report_names
from synthgen.reports.compare_page import COLOURS, MARKS, position_figure
from synthgen.reports.compare_text import baseline_text, number

EVIL = "<script>alert('x')</script>"


def estimate(value, half=0.01):
    return {"value": value, "low": value - half, "high": value + half}


def score(value, half=0.01, *, better="higher", ceiling=1.0, floor=0.5, area="fidelity", **more):
    """A score as plain data, as `Report.to_dict` gives it."""
    position = None if value is None or ceiling == floor else (value - floor) / (ceiling - floor)
    interval = {"value": None, "low": None, "high": None} if value is None else estimate(value, half)
    return {
        "title": "Some score",
        "area": area,
        **interval,
        "better": better,
        "ceiling": estimate(ceiling),
        "floor": estimate(floor),
        "memoriser": None,
        "position": position,
        "trusted": True,
        "meaning": "It means something.",
        "caution": "",
    } | more


def report(scores, **more):
    return {
        "n_rows": {"real": 1_000, "synthetic": 900, "holdout": 500},
        "n_columns": 7,
        "has_holdout": True,
        "target": "y",
        "seed": 0,
        "synthgen_version": "0.2.0",
        "scores": scores,
    } | more


def best_of(*scores, name="column_shapes"):
    reports = {which: report({name: s}) for which, s in zip("abc", scores, strict=False)}
    return compare(reports).scores[0].best


def without_interval(found):
    return found | {"low": None, "high": None}


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        ((score(0.9), score(0.8)), "a"),
        ((score(0.8), score(0.9)), "b"),
        ((score(0.9), score(0.9)), None),
        ((score(0.9, 0.06), score(0.8, 0.06)), None),  # overlap
        ((score(0.9), score(0.7), score(0.8)), "a"),
        ((score(0.9), score(0.9), score(0.7)), None),  # the two best overlap
        ((score(0.3, better="lower"), score(0.4, better="lower")), "a"),
        ((score(None), score(0.8)), None),
        ((score(None), score(0.8), score(0.9)), "c"),
        ((without_interval(score(0.99)), score(0.8), score(0.9)), None),
        ((score(0.9, trusted=False), score(0.8, trusted=False)), None),
    ],
)
def test_best_is_what_lies_apart_on_the_better_side(scores, best):
    assert best_of(*scores) == best


@pytest.mark.parametrize(
    ("values", "best"),
    [((0.4, 0.3), "a"), ((0.3, 0.4), "b"), ((0.4, 0.6), None), ((0.52, 0.56), "a"), ((0.5, 0.515), None)],
)
def test_nearest_to_its_aim_is_best(values, best):
    assert best_of(*(score(v, better="near 0.5") for v in values)) == best
    # the aim is the ceiling, here .5 with an interval of its own
    near = [score(v, 0.001, better="near the ceiling", ceiling=0.5, floor=0.1) for v in values]
    assert best_of(*near) == best


def test_an_auc_below_a_coin_toss_is_not_better_than_one():
    assert best_of(score(0.3, better="lower"), score(0.52, better="lower"), name="c2st_auc") == "b"


def test_no_report_is_near_a_ceiling_that_is_not_there():
    scores = [score(v, better="near the ceiling") | {"ceiling": None} for v in (0.2, 0.9)]
    assert best_of(*scores) is None


def test_positions_lie_between_the_report_s_own_floor_and_ceiling():
    found = compare(
        {
            "a": report({"x": score(0.7, 0.05, ceiling=0.9, floor=0.5)}),
            "b": report({"x": score(0.6, 0.1, better="lower", ceiling=0.5, floor=1.0)}),
            "c": report({"x": score(0.6, ceiling=0.5, floor=0.5)}),
        }
    )
    a, b, c = (e.position for e in found.scores[0].entries)
    assert (a.value, a.low, a.high) == pytest.approx((0.5, 0.375, 0.625))
    assert (b.value, b.low, b.high) == pytest.approx((0.8, 0.6, 1.0))
    assert c == Estimate(None)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n_rows": {"real": 999, "synthetic": 900, "holdout": 500}}, "real rows: 1,000 / 999"),
        ({"n_rows": {"real": 1_000, "synthetic": 900}, "has_holdout": False}, "held-out rows: 500 / none"),
        ({"n_columns": 8}, "columns compared: 7 / 8"),
    ],
)
def test_reports_of_different_tables_are_not_ranked(change, words):
    found = compare({"a": report({"x": score(0.9)}), "b": report({"x": score(0.7)}, **change)})
    assert not found.same_tables
    assert f"The reports compare different tables ({words})" in found.warnings[0]
    assert found.scores[0].best is None
    assert words in found.summary()
    assert "ceiling" not in found.summary().splitlines()[3]
    assert "Ceiling" not in re.findall("<th[^>]*>([^<]*)<", found.to_html())


def test_reports_of_different_targets_are_not_ranked_in_utility():
    scores = [{"utility_auc": score(v, area="utility"), "x": score(v)} for v in (0.9, 0.7)]
    found = compare({"a": report(scores[0]), "b": report(scores[1], target=None)})
    assert [s.best for s in found.scores] == [None, "a"]
    assert "predict different columns (y / none)" in found.warnings[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"synthgen_version": "0.3.0"}, "different versions of synthgen (0.2.0 / 0.3.0)"),
        (
            {"n_rows": {"real": 1_000, "synthetic": 90, "holdout": 500}},
            "synthetic tables differ in size (900 / 90)",
        ),
    ],
)
def test_lesser_differences_are_said(change, words):
    found = compare({"a": report({"x": score(0.9)}), "b": report({"x": score(0.7)}, **change)})
    assert found.same_tables and found.scores[0].best == "a"
    assert words in found.warnings[0]


def test_reports_that_are_alike_need_no_warning():
    found = compare({"a": report({"x": score(0.9)}), "b": report({"x": score(0.7)}, seed=3)})
    assert found.warnings == ()
    assert [(d.what, d.values) for d in found.differences] == [("seed", ("0", "3"))]


def test_a_score_that_one_report_lacks():
    found = compare({"a": report({"x": score(0.9), "z": score(0.2)}), "b": report({"y": score(0.7)})})
    assert [s.name for s in found.scores] == ["x", "z", "y"]
    assert found.scores[0].entries[1] is None and found.scores[2].entries[0] is None
    assert "–" in found.summary()
    found.to_html()


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["/runs/gan.json", "/runs/copula.json"], ["gan", "copula"]),
        (["/runs/1/r.json", "/runs/2/r.json", "/runs/2/s.json"], ["1/r", "2/r", "s"]),
        (["/a/x/r.json", "/b/x/r.json", "/b/y/r.json"], ["a/x/r", "b/x/r", "y/r"]),
        (["/runs/r.json", "/runs/r.txt"], ["/runs/r.json", "/runs/r.txt"]),
        (["/r.json", "/runs/r.json"], ["//r", "runs/r"]),
    ],
)
def test_names_are_short_and_differ(paths, names):
    assert report_names(paths) == names


@pytest.fixture(scope="module")
def three():
    """Three reports; names, titles and one far-off position that a page must bear."""
    scores = [
        {
            "column_shapes": score(v, title=f"Shapes {EVIL}"),
            "c2st_auc": score(1.6 - v, better="lower", ceiling=0.5, floor=1.0),
            "mmd": score(0.0004, 0.0001, better="lower", ceiling=0.0, floor=0.0002),
            "rare": score(None, area="privacy"),
        }
        for v in (0.9, 0.8, 0.7)
    ]
    return compare(dict(zip((f"first {EVIL}", "second", "third"), map(report, scores), strict=True)))


def test_the_json_is_the_comparison(three):
    def refuse(constant):
        raise AssertionError(constant)

    data = json.loads(three.to_json(), parse_constant=refuse)
    assert data == three.to_dict()
    assert [r["name"] for r in data["reports"]] == [f"first {EVIL}", "second", "third"]
    assert data["scores"][0]["best"] == f"first {EVIL}"
    assert data["scores"][0]["entries"][2]["value"] == estimate(0.7)


def test_the_summary_has_a_line_a_score_and_says_what_is_best(three):
    lines = three.summary().splitlines()
    shapes = next(line for line in lines if line.startswith("column_shapes"))
    assert "0.900 (0.890 to 0.910) *" in shapes and shapes.count("*") == 1
    assert shapes.split()[-2:] == ["1.000", "0.500"]
    assert any("0.0004 (0.0003 to 0.0005)" in line for line in lines)
    assert any(line.startswith(f"first {EVIL} is best") and "in 2 scores:" in line for line in lines)
    assert any(line.startswith("In the other 2 scores no report can be said to be best") for line in lines)


def test_ceilings_that_differ_are_given_as_a_range():
    scores = [score(0.9, ceiling=c, floor=0.5) for c in (0.98, 0.97)]
    found = compare({"a": report({"x": scores[0]}), "b": report({"x": scores[1]})})
    assert baseline_text(found.scores[0], "ceiling") == "0.970 to 0.980"
    assert baseline_text(found.scores[0], "floor") == "0.500"


def test_the_figure_has_a_dot_a_report_and_keeps_far_off_ones_at_the_edge(three):
    figure = position_figure([r.name for r in three.reports], three.scores)
    assert [t.name for t in figure.data] == [
        "first &lt;script&gt;alert('x')&lt;/script&gt;",
        "second",
        "third",
    ]
    assert len({(t.marker.symbol, t.marker.color) for t in figure.data}) == 3
    assert [len(t.x) for t in figure.data] == [3, 3, 3]
    first = figure.data[0]
    assert list(first.x) == pytest.approx([0.8, 0.6, -0.2])
    assert list(first.error_x.array) == pytest.approx([0.02, 0.02, 0])
    assert first.customdata[2][0] == "-100.0%"


def test_without_positions_there_is_no_figure():
    found = compare({which: report({"x": score(0.9, ceiling=0.5)}) for which in "ab"})
    assert position_figure(["a", "b"], found.scores) is None
    assert 'class="plot"' not in found.to_html()


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("back", ["#ffffff", "#14171c"])
def test_the_colours_stand_out_on_light_and_dark(back):
    for colour in COLOURS:
        light, dark = sorted((luminance(colour), luminance(back)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3, colour
    assert len(COLOURS) == len(MARKS)


class Page(html.parser.HTMLParser):
    """Tags with attributes, the text outside scripts and the scripts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.scripts = [], [], []
        self.inside = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.inside = (tag, dict(attrs))

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self.inside = None

    def handle_data(self, data):
        if self.inside is None:
            self.text.append(data)
        elif self.inside[0] == "script":
            self.scripts.append((self.inside[1], data))


@pytest.fixture(scope="module")
def page(three):
    return three.to_html()


def test_nothing_is_fetched_and_nothing_is_markup_that_should_be_text(page):
    found = Page(page)
    for tag, attributes in found.tags:
        assert tag not in ("link", "img", "iframe", "object")
        assert not {"src", "href", "srcset"} & set(attributes)
    assert EVIL in "".join(found.text) and EVIL not in page
    (data,) = [text for a, text in found.scripts if a.get("type") == "application/json"]
    assert not re.search("[<>&]", data)
    assert page.count("plotly.js v") == 1 and len(page.encode()) < 8_000_000


def test_every_number_stands_in_a_table(page, three):
    texts = " ".join("".join(Page(page).text).split())
    for compared in three.scores:
        for entry in compared.entries:
            for value in (entry.value.value, entry.value.low, entry.value.high):
                assert number(value) in texts
    for position in ("80.0%", "60.0%", "-100.0%"):
        assert position in texts
    assert all(note in texts for note in three.notes)


def test_tables_have_headers_and_the_figure_words(page):
    tags = Page(page).tags
    headers = [a for tag, a in tags if tag == "th"]
    assert all(a.get("scope") in ("col", "row", "rowgroup") for a in headers)
    (plot,) = [a for _, a in tags if a.get("class") == "plot"]
    assert plot["role"] == "img" and plot["aria-label"]


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
def test_a_browser_draws_the_figure(page, tmp_path):
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    run = subprocess.run(
        [
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
            "--virtual-time-budget=10000", "--dump-dom", "--enable-logging=stderr", (tmp_path / "page.html").as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert 'class="main-svg"' in run.stdout
    assert "CONSOLE" not in run.stderr
