"""The code of the pages on GANs runs, each page from top to bottom in one namespace, and what it asserts holds."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = ("explain/gan.md", "examples/gan_walk.md")
PYTHON = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
NOT_RUN = "# not run"
IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")


@pytest.mark.parametrize("page", PAGES)
def test_the_code_runs_and_its_claims_hold(page, capsys):
    text = (DOCS / page).read_text(encoding="utf-8")
    snippets = [found for found in PYTHON.finditer(text) if not found[1].startswith(NOT_RUN)]
    assert sum("assert" in found[1] for found in snippets) > 5
    namespace: dict[str, object] = {}
    for found in snippets:
        first_line = text.count("\n", 0, found.start(1))
        code = compile("\n" * first_line + found[1], page, "exec")
        exec(code, namespace)  # a traceback names the page's line
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("page", PAGES)
def test_every_figure_exists_and_says_what_it_shows(page):
    figures = IMAGE.findall((DOCS / page).read_text(encoding="utf-8"))
    assert figures
    for words, target in figures:
        assert words
        assert ((DOCS / page).parent / target).is_file()
