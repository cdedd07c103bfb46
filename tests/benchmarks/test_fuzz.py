"""A small part of `make fuzz`, in this process; and the harness sees what it is there to see."""

import importlib.util
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synthgen import archive, load
from synthgen.exceptions import FileError, ModelFileError

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
fuzz = module("fuzz")


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
    played = [worker.play_model(path) for path in models.values()]
    assert len(set(played)) == len(models)  # each has rows of its own ...
    assert [worker.play_model(path) for path in models.values()] == played  # ... and gives them again
    for kind, path in inputs.items():
        worker.play_input(path, kind)  # raises where the answer is wrong


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


def unchanged(paths, seed, case, target):
    """No mutation at all, told as one that was not signed anew."""
    target.write_bytes(paths["copula"].read_bytes())
    return {"model": "copula", "mutation": "none", "resigned": unchanged.resigned}


@pytest.mark.parametrize(
    ("differs", "resigned", "outcome"),
    [(False, "False", "right"), (True, "False", "fault"), (True, "True", "right")],
)
def test_other_rows_are_wrong_unless_signed_anew(
    differs, resigned, outcome, models, inputs, folder, monkeypatch
):
    monkeypatch.setattr(worker.fuzz_models, "mutate", unchanged)
    monkeypatch.setattr(unchanged, "resigned", resigned, raising=False)
    worker.fingerprint_of_unmutated(models["copula"])
    if differs:
        monkeypatch.setattr(worker, "N_ROWS", 19)
    reply = worker.play({"what": "model", "seed": 0, "case": 0}, models, inputs, folder)
    assert reply["outcome"] == outcome, reply["why"]


def test_a_bit_of_a_float_is_another_answer():
    rows = pd.DataFrame({"x": [0.1, np.nan], "k": pd.Categorical(["a", None])})
    others = [
        rows.assign(x=[float(np.nextafter(0.1, 1)), np.nan]), rows.assign(x=rows["x"].astype("float32")), rows[["k", "x"]],
        rows.assign(k=rows["k"].astype(object)), rows.rename(columns={"k": "K"}), rows.iloc[:1],
    ]  # fmt: skip
    found = {worker.fingerprint(table) for table in (rows, rows.copy(), *others)}
    assert len(found) == 1 + len(others)


def test_what_could_not_be_written_was_not_signed_anew(models, folder, monkeypatch):
    def refuse(*_):
        raise FileError("too large")

    told = {}
    for signs in (True, False):
        if not signs:
            monkeypatch.setattr(archive, "write_archive", refuse)
        told[signs] = {
            models_module.mutate(models, 3, case, folder / "one")["resigned"]
            for case in range(0, 60, 5)
            if models_module.random.Random(f"3 model {case}").choice(models_module.RESIGNED) != "flood"
        }
    assert told == {True: {"True"}, False: {"False"}}


@pytest.mark.parametrize("is_signed", [True, False])
def test_floods_are_files_of_their_kind_and_rightly_signed(is_signed, models, folder):
    path, refusals = folder / "flood", set()
    for seed in range(12):
        rng = models_module.random.Random(seed)
        path.write_bytes(models_module.flooded(models["copula"].read_bytes(), rng, is_signed=is_signed))
        with pytest.raises(ModelFileError) as caught:
            load(path)
        refusals |= {
            w for w in ("more than", "content is not that", "bytes after its end") if w in str(caught.value)
        }
    assert "more than" in refusals
    assert ("content is not that" in refusals) == is_signed


@pytest.mark.parametrize(
    ("held", "lines", "passed"),
    [
        (True, ['.examples:["A", {"A: went round": 30}]', 'examples:["B", {"B: went round": 25, "B: x": 5}]'], True),
        (True, ['examples:["A", {"A: went round": 30}]'], False),
        (True, [], False),
        (False, ['examples:["A", {"A: went round": 90}]'], False),
    ],
)  # fmt: skip
def test_properties_hold_only_where_all_examples_were_played(held, lines, passed, monkeypatch):
    monkeypatch.setattr(fuzz, "tested", lambda *_: (held, "\n".join(lines)))
    found = fuzz.properties(60, 0)
    assert found["passed"] is passed
    assert found["played"] == sum(sum(counts.values()) for counts in found["examples"].values())


@pytest.mark.parametrize(
    ("held", "text", "tests", "passed"),
    [(True, "19 passed in 3 s", 19, True), (True, "19 deselected", 0, False), (False, "1 failed, 18 passed", 18, False)],
)  # fmt: skip
def test_secrets_hold_only_where_tests_passed(held, text, tests, passed, monkeypatch):
    monkeypatch.setattr(fuzz, "tested", lambda *_: (held, text))
    assert fuzz.secrets(100) == {"samples": 100, "tests": tests, "passed": passed}


def test_a_stopped_run_keeps_its_parts(tmp_path):
    def stopped():
        raise KeyboardInterrupt

    def child():
        subprocess.run([sys.executable, "-c", "x = sum(range(10**7))"], check=True)
        return {"fault": 0}

    target = tmp_path / "new" / "fuzz.json"
    with pytest.raises(KeyboardInterrupt):
        fuzz.play_parts({"secrets": {"seed": 4}}, {"models": child, "inputs": stopped}, 1, target)
    written = json.loads(target.read_text())
    assert set(written) == {"secrets", "models"} and written["models"]["seed"] == 1
    assert written["models"]["cpu_seconds"] > 0  # of the child


def test_memory_that_earlier_cases_took_is_no_fault(monkeypatch):
    worker, peaks, asked = fuzz.Worker(Path()), [10, 3, 10, 9], []

    def reply(seconds):
        return {"outcome": "refused", "why": "x", "seconds": 0.0, "peak": peaks.pop(0)}

    class Process:
        stdin = io.StringIO()

        def poll(self):
            return None

    def start():
        asked.append("start")
        worker.process, worker.most_bytes = Process(), 5

    monkeypatch.setattr(worker, "_start", start)
    monkeypatch.setattr(worker, "_line", reply)
    monkeypatch.setattr(worker, "stop", lambda kill=True: setattr(worker, "process", None))
    assert worker.play({"case": 0})["outcome"] == "refused" and len(asked) == 2  # once more, by itself
    found = worker.play({"case": 1})
    assert found["outcome"] == "fault" and "memory: 9 bytes" in found["why"]


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
