"""One peer on one table, in the peer's own environment: needs pandas, pyarrow and the peer.

    python one.py '{"adapter": "adapt_ctgan", "table": "train.parquet", "categorical": ["class"], "rows": 600,
                    "seed": 0, "output": "synthetic.parquet", "fit_seconds": null, "many": null, "options": {}}'

`fit_seconds` ends the fit (`clock` "cpu": seconds of the processors); an adapter whose `fit` takes `seconds` is told so. `many`
rows are drawn once more, only for the time it takes. With `every_draw` a synthesizer with several ways to draw (`draws`)
writes a file for each beside `output`. Prints a line of JSON as each step ends, so that whoever stops it knows how far it came.
"""

import importlib
import inspect
import json
import resource
import signal
import sys
import time
import traceback
import warnings
from functools import partial
from pathlib import Path

import pandas as pd


class FitTooLong(TimeoutError):
    """The fit's own limit is over; raised wherever the fit is."""


def report(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


def alarm(seconds: float | None, clock: str) -> None:
    """Raise `FitTooLong` after so many seconds; None: no more."""
    timer, kind = (
        (signal.ITIMER_REAL, signal.SIGALRM) if clock == "wall" else (signal.ITIMER_PROF, signal.SIGPROF)
    )

    def stop(*_: object) -> None:
        raise FitTooLong(f"the fit was not done after {seconds:.0f} s ({clock} clock)")

    signal.signal(kind, stop)
    signal.setitimer(timer, seconds or 0)


def timed(name: str, work: partial) -> object:
    """What the work gives, its seconds reported."""
    report(begun=name)
    start, cpu = time.perf_counter(), time.process_time()
    result = work()
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    report(**{f"{name}_seconds": round(seconds, 3), f"{name}_cpu_seconds": round(cpu_seconds, 3)})
    return result


def work(job: dict) -> None:
    frame = pd.read_parquet(job["table"])
    adapter = importlib.import_module(job["adapter"])
    seconds, clock = job.get("fit_seconds"), job.get("clock", "wall")
    options = dict(job.get("options", {}))
    if seconds and "seconds" in inspect.signature(adapter.fit).parameters:
        options["seconds"] = seconds
    fit = partial(adapter.fit, frame, job["categorical"], job["seed"], **options)
    alarm(seconds, clock)
    model = timed("fit", fit)
    alarm(None, clock)
    report(fit_peak_gib=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2))
    if getattr(model, "was_stopped", False):
        report(stopped=f"at the fit's limit of {seconds:.0f} s ({clock} clock); drawn from as it was then")
    draws = {"": partial(adapter.sample, model)}
    if job.get("every_draw") and hasattr(adapter, "draws"):
        draws = adapter.draws(model, job["seed"])
    output = Path(job["output"])
    for name, draw in draws.items():
        made = timed(f"sample{name}", partial(draw, job["rows"]))
        made.to_parquet(output.with_name(f"{output.stem}{name}{output.suffix}"))
    if job.get("many"):
        for name, draw in draws.items():
            timed(f"many{name}", partial(draw, job["many"]))


def main() -> None:
    warnings.simplefilter("ignore")  # theirs, not ours
    try:
        work(json.loads(sys.argv[1]))
    except BaseException as error:  # whatever a peer raises is the result
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{last.filename.rsplit('/', 1)[-1]}, {last.name}"
        report(error=f"{type(error).__name__}: {error}"[:600], where=where)
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
