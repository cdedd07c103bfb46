"""A small part of `make fuzz`, in this process; and the harness sees what it is there to see."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

TRUST = Path(__file__).parents[2] / "benchmarks" / "trust"


def module(name):
    sys.path.insert(0, str(TRUST))
    try:
        spec = importlib.util.spec_from_file_location(name, TRUST / f"{name}.py")
        found = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(found)
        return found
    finally:
        sys.path.remove(str(TRUST))


worker = module("fuzz_worker")
models_module, inputs_module, audit = module("fuzz_models"), module("fuzz_inputs"), module("audit")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@pytest.fixture(scope="module")
def models(folder):
    return models_module.make_models(folder)


@pytest.fixture(scope="module")
def inputs(folder):
    return inputs_module.make_inputs(folder)


def test_unmutated_files_are_right(models, inputs):
    for path in models.values():
        worker.play_model(path)
    for kind, path in inputs.items():
        worker.play_input(path, kind)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("what", "n"), [("model", 200), ("input", 100)])
def test_mutated_files_are_refused_or_right(what, n, models, inputs, folder):
    replies = [worker.play({"what": what, "seed": 5, "case": i}, models, inputs, folder) for i in range(n)]
    assert [(r["case"], r["why"]) for r in replies if r["outcome"] == "fault"] == []
    assert {r["outcome"] for r in replies} == {"refused", "right"}


def test_a_case_can_be_played_again(models, folder):
    for case in range(10):
        contents = set()
        for name in ("one", "two"):
            models_module.mutate(models, 3, case, folder / name)
            contents.add((folder / name).read_bytes())
        assert len(contents) == 1


@pytest.mark.parametrize(
    ("error", "outcome"), [(KeyError("x"), "fault"), (worker.WrongAnswerError("x"), "fault"), (None, "right")]
)
def test_faults_are_told_from_right_answers(error, outcome, models, inputs, folder, monkeypatch):
    def play(_):
        if error is not None:
            raise error

    monkeypatch.setattr(worker, "play_model", play)
    assert worker.play({"what": "model", "seed": 0, "case": 0}, models, inputs, folder)["outcome"] == outcome


def answer(text, code=0):
    return [sys.executable, "-c", f"import sys; sys.stdout.write({text!r}); sys.exit({code})"]


def test_the_audit_says_what_it_does_not_know():
    clean = {"name": "a", "version": "1", "vulns": []}
    bad = {"name": "b", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["3"]}]}
    skipped = {"name": "c", "skip_reason": "no service"}
    own = {"name": "synthgen", "skip_reason": "editable"}
    for libraries, code, words in [
        ([clean, own], audit.CLEAN, "No known vulnerabilities in 1 libraries"),
        ([clean, bad], audit.FOUND, "b 2: CVE-1, mended in 3"),
        ([clean, skipped], audit.UNKNOWN, "could not be checked for: c"),
        ([], audit.UNKNOWN, "could not be checked"),
    ]:
        found = audit.vulnerabilities(answer(json.dumps({"dependencies": libraries})))
        assert found[0] == code
        assert words in found[1][0]
    for command in (answer("", 1), answer("[]"), answer("not JSON")):
        code, lines = audit.vulnerabilities(command)
        assert code == audit.UNKNOWN
        assert "could not be checked" in lines[0]
    assert audit.own_code()[0] == audit.CLEAN


def test_the_audit_ends_with_another_code_where_nothing_could_be_asked(monkeypatch, capsys):
    monkeypatch.setattr(audit, "vulnerabilities", lambda: (audit.UNKNOWN, ["could not be checked"]))
    assert audit.main() == audit.UNKNOWN
    assert "could not be checked" in capsys.readouterr().out
