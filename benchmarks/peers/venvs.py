"""Make the peers' environments, outside the repository.

    python benchmarks/peers/venvs.py [sdv] [tabularargn] [arf] [forestdiffusion] [--folder ~/.cache/synthgen-peers]

torch comes in the version of constraints.txt; the other libraries in those that the peers allow. With pip's own
settings (PIP_INDEX_URL, PIP_EXTRA_INDEX_URL) choose an index that has torch without CUDA, unless you want CUDA.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
NAMES = ("sdv", "tabularargn", "arf", "forestdiffusion")
UNNEEDED = {"tabularargn": ("torchvision", "torchaudio")}
"""Of no use for tables; builds of them for another torch break transformers, which TabularARGN imports."""
ALONE = {"forestdiffusion": ("ForestDiffusion",)}
"""Installed without what they ask for: xgboost comes as xgboost-cpu, without CUDA's libraries."""
FOLDER = Path(os.environ.get("SYNTHGEN_PEERS", Path.home() / ".cache" / "synthgen-peers"))


def python_of(name: str, folder: Path = FOLDER) -> Path:
    """The interpreter of an environment."""
    return folder / name / "bin" / "python"


def make(name: str, folder: Path) -> None:
    """A fresh environment with one peer's requirements."""
    subprocess.run([sys.executable, "-m", "venv", folder / name], check=True)
    lines = (HERE.parents[1] / "constraints.txt").read_text().splitlines()
    pip = [python_of(name, folder), "-m", "pip"]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as constraints:
        constraints.write("\n".join(line for line in lines if line.startswith("torch==")) + "\n")
        constraints.flush()
        wanted = ["-c", constraints.name, "-r", HERE / f"requirements-{name}.txt"]
        subprocess.run([*pip, "install", "--quiet", *wanted], check=True)
    if alone := ALONE.get(name):
        subprocess.run([*pip, "install", "--quiet", "--no-deps", *alone], check=True)
    if unneeded := UNNEEDED.get(name):
        subprocess.run([*pip, "uninstall", "--quiet", "--yes", *unneeded], check=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", default=NAMES, metavar="NAME", help="of " + ", ".join(NAMES))
    parser.add_argument("--folder", type=Path, default=FOLDER, help="default: $SYNTHGEN_PEERS or a cache")
    arguments = parser.parse_args()
    failed = []
    for name in arguments.names:
        try:
            make(name, arguments.folder)
            print(python_of(name, arguments.folder))
        except subprocess.CalledProcessError as error:
            failed.append(name)
            print(f"{name}: {error}", file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    raise SystemExit(main())
