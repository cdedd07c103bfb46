import html.parser
import json
import re
import shutil
import subprocess

import pytest

from synthgen.reports import figures

EVIL = "<script>alert('x')</script>"


class Page(html.parser.HTMLParser):
    """Collects what a browser would build: tags, attributes and text outside scripts."""

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


@pytest.fixture(scope="session")
def full_html(full_report):
    return full_report.to_html()


@pytest.fixture(scope="session")
def full_page(full_html):
    return Page(full_html)


def test_nothing_is_fetched(full_page):
    for tag, attributes in full_page.tags:
        assert tag not in ("link", "img", "iframe", "object"), tag
        assert not {"src", "href", "srcset"} & set(attributes), (tag, attributes)


def test_plotly_is_there_once(full_html):
    assert full_html.count("plotly.js v") == 1 and len(full_html.encode()) < 8_000_000


def test_names_and_levels_are_harmless(full_page, full_html):
    texts = "".join(full_page.text)
    assert EVIL in texts and "<img src=x onerror=alert(1)>" in texts  # shown as written
    assert not any("onerror" in attributes for _, attributes in full_page.tags)
    assert EVIL not in full_html
    assert len([1 for tag, _ in full_page.tags if tag == "script"]) == len(full_page.scripts)


def test_figure_data_is_json_that_cannot_end_its_element(full_page):
    data = [text for attributes, text in full_page.scripts if attributes.get("type") == "application/json"]
    assert len(data) == 5 + 3  # five marginals; trends, importances, distances
    for text in data:
        assert not re.search("[<>&]", text)
        assert json.loads(text)["data"]


def test_labels_carry_no_markup_into_plotly():
    assert figures.label("<b>x</b> & y") == "&lt;b&gt;x&lt;/b&gt; &amp; y"
    assert figures.label("abcdefgh", 5) == "abcd…"


def test_every_number_of_the_verdict_table_is_printed(full_report, full_page):
    texts = " ".join(full_page.text)
    for score in full_report.scores.values():
        for number in (score.value, score.low, score.high, score.ceiling.value, score.memoriser.value):
            assert f"{number:.3f}" in texts
        assert score.meaning in texts


def test_tables_have_headers_and_figures_words(full_page):
    headers = [attributes for tag, attributes in full_page.tags if tag == "th"]
    assert headers and all(a.get("scope") in ("col", "row") for a in headers)
    plots = [a for _, a in full_page.tags if a.get("class") == "plot"]
    assert len(plots) == 8 and all(a["role"] == "img" and a["aria-label"] for a in plots)


def test_a_report_without_holdout_warns_at_the_top(bare_report):
    texts = "".join(Page(bare_report.to_html()).text)
    assert texts.index("NO HELD-OUT ROWS") < texts.index("Scores")


def test_the_trend_figure_is_symmetric_and_complete(full_report):
    figure = figures.trend_figure(full_report.to_dict()["pairs"])
    z = figure.data[0].z
    assert len(z) == full_report.n_columns
    assert all(z[i][j] == z[j][i] for i in range(len(z)) for j in range(len(z)))
    assert all(z[i][i] is None for i in range(len(z)))


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
def test_a_browser_draws_every_figure(full_html, tmp_path):
    (tmp_path / "page.html").write_text(full_html, encoding="utf-8")
    run = subprocess.run(
        [
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
            "--virtual-time-budget=10000", "--dump-dom", "--enable-logging=stderr", (tmp_path / "page.html").as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert run.stdout.count('class="main-svg"') >= 8
    drawn, written = Page(run.stdout), Page(full_html)
    assert len(drawn.scripts) == len(written.scripts)
    assert not any("onerror" in attributes for _, attributes in drawn.tags)
    assert "CONSOLE" not in run.stderr
