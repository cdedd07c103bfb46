"""The page on scikit-learn runs from top to bottom, and lists the checks that are not passed."""

import re
from pathlib import Path

from synthgen.models import inference
from tests.common.estimator_checks import EXCEPTIONS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "how-to" / "scikit-learn.md"
PYTHON = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
NONE = "No check is excepted."


def test_the_code_runs_and_its_claims_hold(monkeypatch):
    monkeypatch.setattr(inference, "TRAINING_STEPS", 30)  # the page claims nothing of the vectors' worth
    text = PAGE.read_text(encoding="utf-8")
    snippets = list(PYTHON.finditer(text))
    assert sum("assert" in found[1] for found in snippets) > 5
    namespace: dict[str, object] = {}
    for found in snippets:
        first_line = text.count("\n", 0, found.start(1))
        exec(compile("\n" * first_line + found[1], str(PAGE), "exec"), namespace)


def test_the_exceptions_are_those_of_the_tests():
    contract = PAGE.read_text(encoding="utf-8").split("## The contract")[1]
    rows = [
        f"| {kind} | {check} | {why} |"
        for kind, checks in EXCEPTIONS.items()
        for check, why in checks.items()
    ]
    assert re.findall(r"^\| .*(?<!-)\|$", contract, re.MULTILINE)[1:] == rows
    assert (NONE in contract) == (not rows)
