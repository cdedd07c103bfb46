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


def test_examples_that_were_not_played_are_not_told_as_held():
    played = {"A": {"A: went round": 30}}
    for own, words in [
        ({"asked": 30, "passed": True, "examples": played}, "30 examples, all held"),
        ({"asked": 60, "passed": True, "examples": played}, "**30 of 60 examples**"),
        ({"asked": 60, "passed": True, "examples": {}}, "**0 of 60 examples**"),
        ({"asked": 0, "passed": True, "examples": {}}, "**0 of 0 examples**"),
        ({"asked": 30, "passed": False, "examples": played}, "30 examples, **not all held**"),
    ]:
        assert page._properties({"properties": own}) == words


def test_parts_of_a_stopped_run_that_are_not_there_were_not_run():
    for count in (page._models, page._inputs, page._properties, page._secrets):
        assert count({"seed": 1}).endswith("not run")


def test_secrets_that_were_not_looked_for_are_not_told_as_held():
    for passed, tests, words in [(True, 19, "all held"), (True, 0, "**not all"), (False, 19, "**not all")]:
        assert words in page._secrets({"secrets": {"samples": 100_000, "tests": tests, "passed": passed}})
