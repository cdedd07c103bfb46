"""One peer on one table, in the peer's own environment: needs pandas, pyarrow and the peer.

    python one.py '{"adapter": "adapt_ctgan", "table": "train.parquet", "categorical": ["class"], "rows": 600,
                    "seed": 0, "output": "synthetic.parquet"}'

Prints a line of JSON as each step ends, so that whoever stops it knows how far it came.
"""

import importlib
import json
import sys
import time
import traceback
import warnings

import pandas as pd


def report(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


def main() -> None:
    warnings.simplefilter("ignore")  # theirs, not ours
    job = json.loads(sys.argv[1])
    frame = pd.read_parquet(job["table"])
    adapter = importlib.import_module(job["adapter"])
    try:
        for step in ("fit", "sample"):
            report(begun=step)
            start, cpu = time.perf_counter(), time.process_time()
            if step == "fit":
                model = adapter.fit(frame, job["categorical"], job["seed"])
            else:
                adapter.sample(model, job["rows"]).to_parquet(job["output"])
            seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
            report(**{f"{step}_seconds": round(seconds, 1), f"{step}_cpu_seconds": round(cpu_seconds, 1)})
    except BaseException as error:  # whatever a peer raises is the result
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{last.filename.rsplit('/', 1)[-1]}, {last.name}"
        report(error=f"{type(error).__name__}: {error}"[:600], where=where)
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
