"""The table of promises says what the results say, and names tests that exist."""

import importlib.util
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("trust_page", ROOT / "benchmarks" / "trust" / "page.py")
page = importlib.util.module_from_spec(spec)
spec.loader.exec_module(page)


def test_the_table_is_what_the_results_say():
    text = page.PAGE.read_text()
    assert text.split(page.BEGIN)[1].split(page.END)[0] == page.table()


def test_every_promise_names_tests_that_exist():
    for promise, tests, _, _ in page.PROMISES:
        named = re.findall(r"tests/[a-z_/]+(?:\.py)?", tests)
        assert named or "`" in tests or tests == "the same tests", promise
        assert all((ROOT / name).exists() for name in named), promise
