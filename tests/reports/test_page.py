import base64
import copy
import gzip
import hashlib
import html.parser
import itertools
import json
import re

import numpy as np
import pandas as pd
import pytest
from plotly.offline import get_plotlyjs

from synthgen.reports import figures, listings, text
from synthgen.reports.render import page
from synthgen.reports.summary import evaluate
from synthgen.rng import stream

EVIL = "<script>alert('x')</script>"
NOT_TEXT = {"kind", "area", "about", "metric", "better", "change"}
"""Keys of strings that are one of a few words."""


class Page(html.parser.HTMLParser):
    """Collects what a browser would build: tags, attributes and text outside scripts."""

    def __init__(self, source):
        super().__init__()
        self.tags, self.text, self.scripts = [], [], []
        self.inside = None
        self.feed(
            re.sub(r"<script>/\*\*\n\* plotly\.js.*?</script>", "<script></script>", source, flags=re.S)
        )

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.inside = (tag, dict(attrs))

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self.inside = None
        self.tags.append((f"/{tag}", {}))

    def handle_data(self, data):
        if self.inside is None:
            self.text.append(data)
        elif self.inside[0] == "script":
            self.scripts.append((self.inside[1], data))

    @property
    def words(self):
        return " ".join("".join(self.text).split())

    def figure_data(self):
        return [data for attributes, data in self.scripts if attributes.get("type") == "application/json"]


def plain_words(sentence):
    return " ".join(sentence.split())


def poisoned(data, key=None):
    """The same data with markup at the end of every text."""
    if isinstance(data, dict):
        return {k: poisoned(v, k) for k, v in data.items()}
    if isinstance(data, list):
        return [poisoned(v, key) for v in data]
    return data + EVIL if isinstance(data, str) and key not in NOT_TEXT else data


def wide_profile(n):
    """As of an expression matrix: names of genes, and numbers of five digits."""
    draw = stream(0, "test.wide")
    means, sds = draw.normal(7, 2, n), draw.gamma(2, 0.5, n)
    columns = {
        "mean_real": means,
        "mean_synthetic": means + draw.normal(0, 0.1, n),
        "sd_real": sds,
        "sd_synthetic": sds * draw.uniform(0.7, 1.05, n),
        "score": 1 - draw.uniform(0, 0.4, n),
    }
    numbers = {k: [float(f"{x:.5g}") for x in v] for k, v in columns.items()}
    return {"names": [f"ENSG{i:011}" for i in range(n)], **numbers}


@pytest.fixture(scope="session")
def full_dict(full_report):
    return full_report.to_dict()


@pytest.fixture(scope="session")
def full_html(full_report):
    return full_report.to_html()


@pytest.fixture(scope="session")
def full_page(full_html):
    return Page(full_html)


@pytest.fixture(scope="session")
def wide_html(full_dict):
    return page(full_dict | {"profile": wide_profile(42_000), "n_columns": 42_000})


def test_nothing_is_fetched(full_page):
    anchors = {attributes["id"] for _, attributes in full_page.tags if "id" in attributes}
    for tag, attributes in full_page.tags:
        assert tag not in ("link", "img", "iframe", "object", "base", "form"), tag
        assert not {"src", "srcset", "action"} & set(attributes), (tag, attributes)
        assert "href" not in attributes or attributes["href"].removeprefix("#") in anchors


def test_the_policy_of_the_page_forbids_every_request(full_page, wide_html):
    def policy(found):
        return next(a["content"] for tag, a in found.tags if tag == "meta" and "http-equiv" in a)

    narrow = policy(full_page)
    rest = "img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'"
    own = "default-src 'none'; style-src 'unsafe-inline'; script-src "
    assert re.fullmatch(f"{own}'sha256-[^ ']+' 'sha256-[^ ']+'; {rest}", narrow)
    # the functions that draw with WebGL are written while the page runs
    assert policy(Page(wide_html)) == narrow.replace("; img-src", " 'unsafe-eval'; img-src")


def test_only_the_two_scripts_of_the_page_may_run(full_html):
    scripts = re.findall("<script>(.*?)</script>", full_html, flags=re.S)
    hashes = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    assert len(scripts) == 2 and re.findall("'sha256-([^']+)'", full_html[:2_000]) == hashes


def test_plotly_is_there_once(full_html):
    assert full_html.count("plotly.js v") == 1 and len(full_html.encode()) < 8_000_000


def test_names_and_levels_are_harmless(full_page, full_html):
    assert EVIL in full_page.words and "<img src=x onerror=alert(1)>" in full_page.words  # shown as written
    assert not any("onerror" in attributes for _, attributes in full_page.tags)
    assert EVIL not in full_html


def test_markup_in_any_text_of_the_report_is_harmless(full_dict, full_page):
    report = poisoned(full_dict)
    report["skipped"] = [{"name": EVIL, "reason": EVIL}]
    report["profile"] = poisoned(wide_profile(30))
    report["disclosure"] |= {EVIL: report["disclosure"]["linkability"]}
    source = page(report)
    assert EVIL not in source
    found = Page(source)
    assert found.words.count(EVIL) > 100
    assert not any("onerror" in attributes for _, attributes in found.tags)
    scripts = [a for tag, a in found.tags if tag == "script"]
    assert (
        len(scripts) == len(figures.all_figures(report)) - 1 + 3
    )  # positions; points, plotly, the page's own


def test_figure_data_is_json_that_cannot_end_its_element(full_page):
    for data in full_page.figure_data():
        assert not re.search("[<>&]", data)
        assert json.loads(data)["data"]


def test_every_figure_but_the_positions_is_on_the_page(full_report, full_page):
    names = list(full_report.figures())
    assert names == [
        "scores", *(f"marginal: {m.name}" for m in full_report.marginals), "pair trends", "detection", "importances",
        "membership", "distances",
    ]  # fmt: skip
    # where scores lie between floor and ceiling stands in the table of the overview
    assert len(full_page.figure_data()) == len(names) - 1
    assert full_page.words.count("of the way") >= 3


def test_labels_carry_no_markup_into_plotly():
    assert figures.label("<b>x</b> & y") == "&lt;b&gt;x&lt;/b&gt; &amp; y"
    assert figures.label("abcdefgh", 5) == "abcd…"


def test_every_verdict_is_printed_under_its_word_with_its_advice(full_dict):
    kinds = ["good", "minor", "unknown", "wrong", "leak"]
    given = [
        {"kind": k, "about": "columns", "sentence": f"S-{k}.", "columns": [], "advice": f"A-{k}."}
        for k in kinds
    ]
    found = Page(page(full_dict | {"verdicts": given})).words
    places = [
        found.index(f"{mark} {word} S-{kind}. Try: A-{kind}.")
        for kind, word, mark in (
            ("leak", "Given away", "!"),
            ("wrong", "Wrong", "×"),
            ("unknown", "Not known", "?"),
            ("minor", "Slight", "~"),
            ("good", "Good", "✓"),
        )
    ]
    assert places == sorted(places) and places[-1] < found.index("Overview Each score")


def test_the_reports_own_verdicts_are_printed(full_report, full_page):
    assert full_report.verdicts
    for verdict in full_report.verdicts:
        assert plain_words(verdict.sentence) in full_page.words
        assert plain_words(verdict.advice) in full_page.words


def test_every_number_of_the_scores_is_printed(full_report, full_page):
    for score in full_report.scores.values():
        for number in (score.value, score.low, score.high, score.ceiling.value, score.memoriser.value):
            assert text.number(number) in full_page.words
        assert score.meaning in full_page.words


def test_every_score_has_its_formula_and_source(full_report, full_page):
    from synthgen.reports.wordings import WORDINGS

    for name in full_report.scores:
        assert WORDINGS[name].formula in full_page.words and WORDINGS[name].source in full_page.words


def test_tables_have_headers_and_figures_words(full_page):
    headers = [attributes for tag, attributes in full_page.tags if tag == "th"]
    assert headers and all(a.get("scope") in ("col", "row", "colgroup") for a in headers)
    plots = [a for _, a in full_page.tags if a.get("class") == "plot"]
    assert plots and all(a["role"] == "img" and a["aria-label"] for a in plots)
    regions = [a for _, a in full_page.tags if a.get("class") == "scroll"]
    assert regions and all(a["tabindex"] == "0" and a["aria-label"] for a in regions)


@pytest.mark.parametrize("which", ["full_html", "wide_html"])
def test_there_is_a_table_behind_every_figure(request, which):
    found, waiting = Page(request.getfixturevalue(which)), 0
    for tag, attributes in found.tags:
        if attributes.get("class") == "plot":
            waiting += 1
        elif tag == "table":
            waiting = 0
        assert not (tag == "/section" and waiting)


def test_headings_are_in_order(full_page):
    assert next(a for tag, a in full_page.tags if tag == "html")["lang"] == "en"
    levels = [int(tag[1]) for tag, _ in full_page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_a_report_without_holdout_warns_at_the_top_and_marks_what_cannot_be_trusted(bare_report):
    words = Page(bare_report.to_html()).words
    assert words.index("NO HELD-OUT ROWS") < words.index("Overview")
    doubtful = [s for s in bare_report.scores.values() if not s.trusted and s.value is not None]
    assert doubtful
    assert words.count("Cannot be trusted without held-out rows.") == len(doubtful)


def test_the_controls_stand_beside_every_attack(full_report, full_page):
    assert "Negative control" in full_page.words and "Positive control" in full_page.words
    for which in ("synthetic", "ceiling", "memoriser"):
        for attack in full_report.membership[which].attacks:
            assert attack.name in full_page.words and text.number(attack.auc.value) in full_page.words
    assert "no guarantee: a stronger attack" in full_page.words


def test_faults_are_listed_only_beyond_chance(full_dict):
    report = copy.deepcopy(full_dict)
    fault = {"what": "scale", "p_value": 1e-9, "effect": 1.3, "words": "is far too wide"}
    report["column_checks"][0]["faults"] = [fault, fault | {"p_value": 0.004, "words": "is hardly too wide"}]
    rows, n_more = listings.column_rows(report)
    assert rows[0]["faults"] == ["is far too wide"] and n_more == 0
    assert len(rows) == len(report["columns"])


def test_columns_with_faults_that_have_no_room_are_counted(full_dict):
    check = copy.deepcopy(full_dict["column_checks"][0])
    check["faults"] = [{"what": "scale", "p_value": 0.0, "effect": 1.3, "words": "is too wide"}]
    report = full_dict | {"column_checks": [check | {"name": f"g{i}"} for i in range(600)], "columns": []}
    rows, n_more = listings.column_rows(report)
    assert len(rows) == 500 and n_more == 100
    words = Page(page(report)).words
    assert "100 more columns with faults" in words and "The 30 columns with the most faults" in words


def test_of_many_columns_the_worst_stand_open():
    def row(name, n_faults, score):
        return {"name": name, "faults": ["x"] * n_faults, "shape": {"score": {"value": score}}}

    rows = [row("fine", 0, 0.9), row("low", 0, 0.5), row("faulty", 1, 0.9), row("empty", 0, None)]
    assert listings.worst_columns(rows) == rows
    many = rows + [row(f"fine{i}", 0, 0.99) for i in range(60)]
    assert [r["name"] for r in listings.worst_columns(many)][:3] == ["faulty", "low", "fine"]
    assert len(listings.worst_columns(many)) == 30


EMPTY = {
    "columns": {"columns": [], "column_checks": [], "marginals": []},
    "pairs": {"pairs": [], "pair_tests": [], "triples": None, "relations": []},
    "detection": {"detection": None, "linear_detection": None, "regions": None, "mmd": None},
    "wide": {"profile": None},
}


def without_area(report, area):
    return {name: score for name, score in report["scores"].items() if score["area"] != area}


@pytest.mark.parametrize("section", ["columns", "pairs", "detection", "utility", "privacy"])
def test_a_section_without_data_is_left_out(full_dict, section):
    report = full_dict | EMPTY.get(section, {"scores": without_area(full_dict, section)})
    before, after = listings.sections(full_dict), listings.sections(report)
    assert section in before and list(after) == [s for s in before if s != section]
    tags = Page(page(report)).tags
    assert not any(a.get("id") == section or a.get("href") == f"#{section}" for _, a in tags)


def test_a_report_of_nothing_is_still_a_page(bare_report):
    report = bare_report.to_dict()
    for key, value in report.items():
        if isinstance(value, list):
            report[key] = []
    single = ("profile", "triples", "detection", "linear_detection", "mmd", "regions", "importances", "rare")
    by_name = ("scores", "column_ceilings", "distances", "membership", "disclosure")
    report |= dict.fromkeys(single) | {key: {} for key in by_name}
    found = Page(page(report))
    assert list(listings.sections(report)) == ["method"] and "No verdict" in found.words
    assert figures.all_figures(report) == {} and text.summary(report).startswith("40 synthetic rows")


def test_the_trend_figure_is_symmetric_and_complete(full_report):
    figure = figures.trend_figure(full_report.to_dict()["pairs"])
    z = figure.data[0].z
    assert len(z) == full_report.n_columns
    assert all(z[i][j] == z[j][i] for i in range(len(z)) for j in range(len(z)))
    assert all(z[i][i] is None for i in range(len(z)))


def test_areas_of_uneven_bins_are_shares():
    marginal = {"kind": "number", "edges": [0, 1, 2, 6], "real": [0.4, 0.2, 0.4], "synthetic": [0.2, 0, 0.8]}
    real, synthetic = figures.marginal_figure(marginal).data
    assert real.y == pytest.approx([0.4, 0.2, 0.1, 0.1]) and synthetic.y == pytest.approx([0.2, 0, 0.2, 0.2])
    assert synthetic.customdata == (0.2, 0, 0.8, 0.8)  # what hovering says


def test_instants_of_any_year_are_shown():
    marginal = {
        "kind": "datetime",
        "edges": [-62135596801.0, 1577836800.0, 1577923261.0, 253402300800.0],
        "real": [0.2, 0.5, 0.3],
    }
    marginal["synthetic"] = marginal["real"]
    assert [row[0] for row in text.bins(marginal)] == [
        "0000-12-31 23:59:59 to 2020-01-01", "2020-01-01 to 2020-01-02 00:01:01",
        "2020-01-02 00:01:01 to 10000-01-01",
    ]  # fmt: skip
    assert figures.marginal_figure(marginal).data[0].x[-1] == pytest.approx(10_000, abs=1e-3)
    near = marginal | {"edges": [0.0, 86_400.0, 1577836800.0, 1577923261.0]}
    assert figures.marginal_figure(near).data[0].x[2] == "2020-01-01T00:00:00.000"


def test_names_of_few_real_rows_and_real_extremes_never_reach_the_report():
    names = ["Ann Secret", "Bob Secret", "Eve Secret", "Joe Secret"]

    def make(n, seed, planted):
        draw = stream(seed, "test.names")
        frame = pd.DataFrame({"group": draw.choice(["a", "b", "c"], n), "age": draw.normal(40, 9, n)})
        frame["pay"] = np.where(frame.group == "a", 0.0, draw.choice([0.0, 1.0], n, p=[0.999, 0.001]))
        if planted:
            frame.loc[:7, "group"] = [name for name in names for _ in range(2)]
            frame.loc[:7, "pay"] = [*np.arange(7) * 1_111.3 + 20_000, 987_654.3]
            frame.loc[:1, "age"] = [131.73519, -17.41357]
        return frame

    report = evaluate(make(900, 1, True), make(900, 2, False), make(300, 3, False), target="age")
    for source in (report.to_json(), report.to_html()):
        assert not any(name in source for name in names)
        for value in ("987654", "987,654", "131.7", "17.41"):
            assert value not in source.replace(get_plotlyjs(), "")
    assert any("rare levels never occur" in f.words for c in report.column_checks for f in c.faults) or any(
        c.n_lost_levels == 4 and not c.lost_levels for c in report.column_checks
    )


def test_what_was_sampled_says_so(full_report, full_page):
    linear, found = full_report.linear_detection, full_report.membership["synthetic"]
    for words in (
        f"{linear.n_rows} rows of each table and {linear.n_columns} of {full_report.n_columns} columns (linear model)",
        f"searches {found.n_synthetic} synthetic ones. Used: {found.n_columns} of {full_report.n_columns} columns",
        f"Looked for in {full_report.rare.n_sets} sets",
        f"on {full_report.mmd.n_rows} rows of each table and {full_report.mmd.n_columns} of",
        "It raises no verdict",
        f"({found.exposed_by}) points at these rows",
    ):
        assert words in full_page.words


def test_long_names_that_begin_alike_keep_rows_of_their_own():
    names = ["a" * 80 + end for end in "xyz"]
    pairs = [{"first": a, "second": b, "score": 0.9} for a, b in itertools.pairwise(names)]
    assert len(set(figures.trend_figure(pairs).data[0].x)) == 3


def test_pairs_are_joined_with_their_tests_and_sorted():
    def pair(second, score):
        return {"first": "a", "second": second, "score": score}

    tests = [{"first": "a", "second": "c", "real": 0.9, "other": 0.1, "p_value": 0.0}]
    rows = listings.pair_rows(
        {"pairs": [pair("b", None), pair("c", 0.9), pair("d", 0.5)], "pair_tests": tests}
    )
    assert [r["second"] for r in rows] == ["d", "c", "b"]
    assert [r["v_real"] for r in rows] == [None, 0.9, None]


def test_a_pair_whose_strength_changed_is_listed_among_the_worst():
    rows = [{"v_real": 0.5, "v_synthetic": 0.5} for _ in range(60)]
    rows[50] = {"v_real": 0.9, "v_synthetic": 0.1}
    worst = listings.worst_pairs(rows)
    assert rows[50] in worst and len(worst) <= 2 * listings.WORST


def test_a_page_of_42000_columns_is_small_and_holds_every_point_once(wide_html):
    assert len(wide_html.encode()) < 8_000_000
    found = Page(wide_html)
    (packed,) = [data for attributes, data in found.scripts if attributes.get("id") == "points"]
    points = json.loads(gzip.decompress(base64.b64decode(packed)))
    profile = wide_profile(42_000)
    assert sorted(points["names"]) == profile["names"]
    at = points["names"].index("ENSG00000000007")
    assert points["mean_real"][at] == pytest.approx(profile["mean_real"][7], rel=1e-3)
    assert points["error"] == sorted(points["error"])  # the worst are drawn last, on top
    (means, sds) = (json.loads(d)["data"][0] for d in found.figure_data()[-2:])
    assert (means["x"], means["y"], means["text"]) == ("mean_real", "mean_synthetic", "names")
    assert (sds["x"], sds["y"], sds["marker"]["color"]) == ("sd_real", "sd_synthetic", "error")
    worst = profile["names"][profile["score"].index(min(profile["score"]))]
    assert worst in found.words and "42,000 numeric columns" in found.words


def test_columns_without_a_number_are_no_points():
    profile = wide_profile(4)
    profile["sd_synthetic"][1] = profile["score"][2] = None
    assert sorted(figures.wide_points(profile)["names"]) == ["ENSG00000000000", "ENSG00000000003"]
    nothing = profile | {"score": [None] * 4}
    assert figures.wide_points(nothing)["names"] == []
    assert [row["name"] for row in listings.wide_rows({"profile": nothing})] == []


def test_the_summary_begins_with_the_verdicts_the_worst_first(full_report):
    lines = full_report.summary().splitlines()
    first = full_report.verdicts[0]
    assert lines[1] == "" and lines[2] == f"{text.KINDS[first.kind].upper():12}{first.sentence}"
    scores = next(i for i, line in enumerate(lines) if line.startswith("score "))
    said = [i for v in full_report.verdicts for i, line in enumerate(lines) if line.endswith(v.sentence)]
    assert said == sorted(said) and said[-1] < scores
    assert all(f"{'':12}Try: {v.advice}" in lines for v in full_report.verdicts if v.advice)


@pytest.mark.parametrize(
    ("function", "value", "shown"),
    [
        (text.number, -0.0001, "0.000"),
        (text.number, None, "–"),
        (text.number, 0.73649, "0.736"),
        (text.number, 17.2183, "17.22"),
        (text.number, 12_345.6, "12,346"),
        (text.count, 32_000, "32,000"),
        (text.compact, 0.012345, "0.01235"),
        (text.compact, 12_345.6, "12,346"),
        (text.compact, 1.23456e300, "1.235e+300"),
        (text.brief, -0.001, "0.00"),
        (text.brief, 1e9, "1e+09"),
        (text.brief, None, "–"),
        (text.chance, 0.0009, "below 0.001"),
        (text.chance, 0.02, "0.020"),
        (text.chance, None, "–"),
        (text.place, 0.834, "83% of the way"),
        (text.place, -0.1, "worse than the floor"),
        (text.place, 1.1, "beyond the ceiling"),
        (text.place, None, ""),
    ],
)
def test_numbers_in_words(function, value, shown):
    assert function(value) == shown
