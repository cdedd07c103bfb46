"""One process that plays cases for `fuzz.py`: a line of JSON in, a line of JSON out.

    python benchmarks/trust/fuzz_worker.py FOLDER

A case ends in "refused" (a SynthgenError), "right" (rows of the schema's names and dtypes, and the very rows of the unmutated
model where the file was not signed anew) or a fault: another exception, a wrong answer, too much memory. A crash and a hang are seen from outside.
"""

from __future__ import annotations

import functools
import hashlib
import json
import resource
import sys
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
import fuzz_inputs
import fuzz_models

ADDRESS_SPACE = 12 * 2**30
"""A process that asks for more is refused it: the machine must live."""
N_ROWS = 20


class WrongAnswerError(Exception):
    """What was read or sampled is not what its schema says."""


def peak() -> int:
    """The most bytes that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def check_rows(rows: Any, schema: Any, n: int) -> None:
    """Names, number of rows, dtypes, and missing values only where the schema has them."""
    from synthgen.dtypes import dtype_token

    if hasattr(rows, "obs"):
        return
    if list(rows.columns) != schema.names or len(rows) != n:
        raise WrongAnswerError(f"{rows.shape} with other names")
    for column in schema:
        token = dtype_token(rows[column.name])
        if token != column.dtype and not rows[column.name].isna().all():
            raise WrongAnswerError(f"{column.name!r} is {token}, not {column.dtype}")
        if rows[column.name].isna().any() and not column.missing and column.dtype != "category":
            raise WrongAnswerError(f"{column.name!r} has missing values, which its schema has not")


def play_model(path: Path) -> str:
    """Load and sample; what the rows are, in short."""
    from synthgen import load

    model = load(path)
    rows = model.sample(N_ROWS, random_state=0)
    check_rows(rows, model.schema_, N_ROWS)
    return fingerprint(rows)


def fingerprint(rows: Any) -> str:
    """A checksum of names, dtypes and values, floats to their last bit."""
    digest = hashlib.sha256()
    for name in rows.columns:
        digest.update(repr((name, str(rows[name].dtype), rows[name].tolist())).encode(errors="surrogatepass"))
    return digest.hexdigest()


@functools.cache
def fingerprint_of_unmutated(path: Path) -> str:
    """That of the rows of a file that nobody touched."""
    return play_model(path)


def check_equal(found: str, path: Path) -> None:
    """Refuse rows that are not those of the unmutated file."""
    if found != fingerprint_of_unmutated(path):
        raise WrongAnswerError(
            "other rows than before the mutation, under a checksum that should not be right"
        )


def play_input(path: Path, kind: str) -> None:
    """Read, and fit and sample where it can be read."""
    from synthgen import IndependentMarginals
    from synthgen.table.annotated import AnnotatedTable
    from synthgen.table.read import read_annotated, read_schema

    if kind == "json":
        schema = read_schema(path)
        IndependentMarginals(schema=schema, verbose=0).fit(fuzz_models.tables()["mixed"])
        return
    if kind == "toml":
        play_config(path)
        return
    found = read_annotated(path)
    model = IndependentMarginals(random_state=0, verbose=0).fit(found)
    if not isinstance(found, AnnotatedTable):
        check_rows(model.sample(N_ROWS, random_state=0), model.schema_, N_ROWS)


def play_config(path: Path) -> None:
    """Fit as the command line does, with a configuration file."""
    from synthgen.cli.main import run

    table = path.with_name("input.csv")
    given = [str(table), "--config", str(path), "-o", str(path.with_suffix(".out"))]
    code = run(["fit", *given, "--model", "independent-marginals", "--force"])
    if code not in (0, 2):
        raise WrongAnswerError(f"exit code {code}")


def play(
    task: dict[str, Any], models: dict[str, Path], inputs: dict[str, Path], folder: Path
) -> dict[str, Any]:
    """One case, whole."""
    from synthgen.exceptions import SynthgenError

    facts: dict[str, str] = {}
    start = time.perf_counter()
    try:
        if task["what"] == "model":
            path = folder / "case.synthgen"
            facts = fuzz_models.mutate(models, task["seed"], task["case"], path)
            found = play_model(path)
            if facts["resigned"] != "True":
                check_equal(found, models[facts["model"]])
        else:
            path, facts = fuzz_inputs.mutate(inputs, task["seed"], task["case"], folder)
            play_input(path, facts["kind"])
        outcome, why = "right", ""
    except SynthgenError as error:
        outcome, why = "refused", f"{type(error).__name__}: {error}"
        if "too little memory" in why:
            outcome = "fault"
    except WrongAnswerError as error:
        outcome, why = "fault", f"wrong answer: {error}"
    except Exception as error:  # noqa: BLE001  (whatever it is, it is a fault)
        where = traceback.extract_tb(error.__traceback__)
        own = [f"{Path(f.filename).name}:{f.lineno}" for f in where if "/synthgen/" in f.filename]
        outcome, why = "fault", f"{type(error).__name__}: {str(error)[:200]} at {' '.join(own[-3:])}"
    seconds = time.perf_counter() - start
    return {
        **task,
        **facts,
        "outcome": outcome,
        "why": why[:500],
        "seconds": round(seconds, 3),
        "peak": peak(),
    }


def main() -> None:
    folder = Path(sys.argv[1])
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    models, inputs = fuzz_models.make_models(folder), fuzz_inputs.make_inputs(folder)
    interpreter = peak()
    for path in models.values():
        fingerprint_of_unmutated(path)
    for kind, path in inputs.items():
        play_input(path, kind)
    replies = sys.stdout
    sys.stdout = sys.stderr
    print(json.dumps({"interpreter": interpreter, "unmutated": peak()}), file=replies, flush=True)
    for line in sys.stdin:
        print(json.dumps(play(json.loads(line), models, inputs, folder)), file=replies, flush=True)


if __name__ == "__main__":
    main()
