"""The whole road through the installed command, file to file and stream to stream."""

import subprocess
import sys

from synthgen.table.read import read_table

TINY = ["--max-steps", "3", "--set", "hidden_dims=[16]", "--seed", "1", "-q"]


def stage(arguments, given):
    done = subprocess.run(
        [sys.executable, "-m", "synthgen", *arguments], input=given, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def test_streams(data, tmp_path):
    """`cat data | synthgen fit - -o - | synthgen sample - -n 7 -o -`, and Parquet in the middle."""
    model = stage(["fit", "-", "-o", "-", *TINY], data.read_bytes())
    rows = stage(["sample", "-", "-n", "7", "-o", "-", "-q", "--format", "parquet"], model)
    (tmp_path / "rows.parquet").write_bytes(rows)
    found, wanted = read_table(tmp_path / "rows.parquet"), read_table(data)
    assert found.dtypes.equals(wanted.dtypes)
    assert len(found) == 7
    assert stage(["inspect", "-"], rows).startswith(b"standard input: 7 rows, 14 columns\n")
