"""Links in the documents lead somewhere, and their Python parses."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("datasets/**/*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)\)")
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)


def test_there_are_documents():
    assert {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "index.md"} <= {d.name for d in DOCUMENTS}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: str(d.relative_to(ROOT)))
def test_links_lead_somewhere(document):
    text = document.read_text(encoding="utf-8")
    broken = [t for t in LINK.findall(text) if "://" not in t and not (document.parent / t).exists()]
    assert not broken


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: str(d.relative_to(ROOT)))
def test_python_parses(document):
    for snippet in PYTHON.findall(document.read_text(encoding="utf-8")):
        ast.parse(snippet)
    assert document.stat().st_size > 0
