"""The page in headless Chromium: what no reading of its source can tell."""

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess

import pytest

from synthgen.reports import figures
from synthgen.reports.render import page
from tests.reports.test_page import EVIL, poisoned, wide_profile

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WIDTHS = (1240, 400)
N_POINTS = 42_000

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium: what the page does in a browser is not tested"
)

HOST = """<!DOCTYPE html><meta charset="utf-8"><body><pre id="said"></pre>{frames}
<script>
  const said = {{}};
  addEventListener("message", (event) => {{
    said[event.data.name] = event.data;
    document.getElementById("said").textContent = JSON.stringify(said);
  }});
</script>"""
"""A page that shows others in frames of given widths, and writes down what they report."""

PROBE = """
<script>
(() => {
  const errors = [];
  addEventListener("error", (event) => errors.push(event.message));
  addEventListener("unhandledrejection", (event) => errors.push(String(event.reason)));
  const hover = (plot, point) => {
    const { x, y } = plot.data[0];
    Plotly.Fx.hover(plot, { xval: x[point], yval: y[point] }, "xy");
    return [...plot.querySelectorAll(".hoverlayer text")].map((t) => t.textContent).join(" ");
  };
  const waiting = setInterval(() => {
    if (!document.documentElement.dataset.drawn) return;
    clearInterval(waiting);
    const plots = [...document.querySelectorAll(".plot")];
    const gl = plots.filter((plot) => plot.data[0].type === "scattergl");
    const narrow = plots.filter((plot) => plot.querySelector(".main-svg").clientWidth > plot.clientWidth + 1);
    const heading = document.querySelector(".columns thead button");
    heading.click();
    const up = [...document.querySelectorAll(".columns tbody th")].map((th) => th.firstChild.textContent.trim());
    heading.click();
    const down = [...document.querySelectorAll(".columns tbody th")].map((th) => th.firstChild.textContent.trim());
    const report = {
      name: NAME,
      errors, up, down,
      inner: innerWidth,
      scroll: document.documentElement.scrollWidth,
      plots: plots.length,
      drawn: plots.filter((plot) => plot.querySelector(".main-svg .plot, .main-svg .cartesianlayer")).length,
      overflowing: narrow.length,
      hovered: hover(plots[0], 0),
      hoveredPoint: gl.length ? hover(gl[0], gl[0].data[0].x.length - 1) : "",
      points: gl.map((plot) => plot.data[0].x.length),
      canvases: gl.map((plot) => plot.querySelectorAll("canvas").length),
      injected: document.querySelectorAll("[onerror], img").length,
      scripts: document.scripts.length,
      requests: performance.getEntriesByType("resource").length,
    };
    parent.postMessage(report, "*");
  }, 50);
})();
</script>
"""

TRESPASS = """
<script>
(() => {
  const blocked = [], far = "https://example.com/";
  addEventListener("securitypolicyviolation", (event) => blocked.push(event.effectiveDirective));
  const add = (tag, attributes) => document.body.append(Object.assign(document.createElement(tag), attributes));
  add("img", { src: far + "a.png" });
  add("script", { src: far + "a.js" });
  add("link", { rel: "stylesheet", href: far + "a.css" });
  add("iframe", { src: far });
  add("audio", { src: far + "a.mp3" });
  fetch(far).catch(() => {});
  try { new WebSocket("wss://example.com/"); } catch {}
  const waiting = setInterval(() => {
    if (!document.documentElement.dataset.drawn) return;
    clearInterval(waiting);
    parent.postMessage({ name: "trespass", blocked: [...new Set(blocked)].sort() }, "*");
  }, 200);
})();
</script>
"""


def browse(folder, pages):
    """Show pages of given widths side by side; what they said, and what stood in the console."""
    frames = []
    for name, (width, source) in pages.items():
        (folder / f"{name}.html").write_text(source, encoding="utf-8")
        frames.append(
            f'<iframe src="{name}.html" style="border: 0; width: {width}px; height: 900px"></iframe>'
        )
    (folder / "host.html").write_text(HOST.format(frames="".join(frames)), encoding="utf-8")
    run = subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--enable-unsafe-swiftshader", "--window-size=1300,2000",
            f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=60000", "--dump-dom",
            "--enable-logging=stderr", (folder / "host.html").as_uri(),
        ],
        capture_output=True, text=True, timeout=180, check=True,
    )  # fmt: skip
    said = re.search('<pre id="said">(.*?)</pre>', run.stdout, flags=re.S)
    console = re.findall(r'CONSOLE[^"]*"(.*)"', run.stderr)
    # drawing without a graphics card is slow, and the driver says so
    return json.loads(html.unescape(said[1])), [line for line in console if "GL Driver Message" not in line]


def with_probe(source, probe):
    """The page with one more script, which its policy is told of."""
    script = re.search("<script>(.*?)</script>", probe, flags=re.S)[1]
    known = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    source = source.replace("script-src ", f"script-src 'sha256-{known}' ", 1)
    return source.replace("</body>", f"{probe}</body>")


@pytest.fixture(scope="module")
def wide_report(full_report):
    """With markup in every text, and the points of a wide table."""
    return poisoned(full_report.to_dict()) | {
        "profile": poisoned(wide_profile(N_POINTS)),
        "n_columns": N_POINTS,
    }


@pytest.fixture(scope="module")
def visit(wide_report, tmp_path_factory):
    source = page(wide_report)
    pages = {
        f"wide{width}": (width, with_probe(source, PROBE.replace("NAME", f'"wide{width}"')))
        for width in WIDTHS
    }
    return browse(tmp_path_factory.mktemp("browser"), pages)


def test_the_page_loads_without_a_word_in_the_console(visit):
    said, console = visit
    assert console == []
    assert sorted(said) == sorted(f"wide{width}" for width in WIDTHS)
    assert all(report["errors"] == [] for report in said.values())


def test_every_figure_is_drawn_at_every_width(visit, wide_report):
    n_figures = len(figures.all_figures(wide_report)) - 1  # positions stand in the overview's table
    for report in visit[0].values():
        assert report["plots"] == report["drawn"] == n_figures
        assert report["overflowing"] == 0
        assert report["points"] == [N_POINTS, N_POINTS]
        assert all(n > 0 for n in report["canvases"])


def test_nothing_is_wider_than_the_window(visit):
    assert {report["inner"] for report in visit[0].values()} == set(WIDTHS)
    for report in visit[0].values():
        assert report["scroll"] <= report["inner"]


def test_hovering_names_what_is_under_the_pointer(visit):
    profile = wide_profile(N_POINTS)
    worst = profile["names"][profile["score"].index(min(profile["score"]))]
    for report in visit[0].values():
        assert "real: " in report["hovered"] and "%" in report["hovered"]
        assert worst + EVIL in report["hoveredPoint"]  # as text


def test_columns_can_be_sorted_both_ways(visit):
    for report in visit[0].values():
        assert report["up"] != report["down"] and report["up"] == report["down"][::-1]


def test_markup_in_the_data_becomes_no_element(visit, wide_report):
    n_figures = len(figures.all_figures(wide_report)) - 1
    for report in visit[0].values():
        assert report["injected"] == 0
        assert report["scripts"] == n_figures + 4  # the points, plotly, the page's own and the probe


def test_nothing_is_requested(visit):
    assert all(report["requests"] == 0 for report in visit[0].values())


def test_no_request_is_possible(bare_report, tmp_path):
    source = with_probe(bare_report.to_html(), TRESPASS)
    said, _ = browse(tmp_path, {"trespass": (1000, source)})
    assert said["trespass"]["blocked"] == [
        "connect-src", "frame-src", "img-src", "media-src", "script-src-elem", "style-src-elem",
    ]  # fmt: skip
