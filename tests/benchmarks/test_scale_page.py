"""The tables of the page on scale say what the results say."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("scale_page", ROOT / "benchmarks" / "scale" / "page.py")
page = importlib.util.module_from_spec(spec)
spec.loader.exec_module(page)


def test_the_tables_are_what_the_results_say():
    text = page.PAGE.read_text()
    assert text.count("<!-- end of ") == len(page.PARTS)
    assert page.page(text) == text


def test_a_result_that_was_not_made_leaves_its_rows_out(monkeypatch, tmp_path):
    monkeypatch.setattr(page, "RESULTS", tmp_path)
    assert page.measured().count("\n") == 2  # the head alone


@pytest.mark.parametrize(
    ("value", "words"),
    [(1.0017e15, "1.0e+15"), (2.5e12, "2.5 T"), (1e6, "1,000,000"), (0.0123, "0.0123"), (400, "400")],
)
def test_numbers_are_written_short(value, words):
    assert page._number(value) == words
