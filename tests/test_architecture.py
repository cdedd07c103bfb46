"""The package keeps to its own table of who may import whom, and to the rules beside it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import synthgen
from tests.architecture import MAY_IMPORT, THIRD_PARTY, read_package, violations

ROOT = Path(synthgen.__file__).parent

PLANTED = {
    "a group that may not be imported": ("encoders/x.py", "from synthgen.networks.blocks import y", "encoders must not import networks"),
    "the same inside a function": ("encoders/x.py", "def f():\n    import synthgen.networks.blocks", "encoders must not import networks"),
    "the same for type checkers": (
        "metrics/x.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from synthgen.models.base import y",
        "metrics must not import models",
    ),
    "a module through its package": ("training/x.py", "from synthgen.table import read", "training must not import table"),
    "a lower group upwards": ("schema.py", "from synthgen.table.read import y", "schema must not import table"),
    "a group that nobody knows": ("helpers/x.py", "from synthgen.exceptions import y", "'helpers' is not in the table"),
    "the root": ("models/x.py", "from synthgen import load", "imports from synthgen, whose __init__"),
    "the root as a module": ("models/x.py", "import synthgen", "imports from synthgen, whose __init__"),
    "a package's init": ("models/x.py", "from synthgen.table import read_table", "imports from synthgen.table, whose __init__"),
    "a relative import": ("models/x.py", "from .base import y", "imports are absolute"),
    "torch in metrics": ("metrics/x.py", "import torch.nn", "metrics must not import torch at the top"),
    "pandas in networks": ("networks/x.py", "from pandas import DataFrame", "networks must not import pandas at the top"),
    "numpy in the command line": ("cli/x.py", "import numpy", "cli must not import numpy at the top"),
    "a table at the top of the command line": ("cli/x.py", "from synthgen.table.read import y", "the command line imports table inside"),
    "print": ("models/x.py", "print(1)", "prints"),
    "print in the command line": ("cli/x.py", "print(1)", "prints"),
    "stderr": ("models/x.py", "import sys\nsys.stderr.write('x')", "prints"),
    "click.echo": ("table/x.py", "click.echo('x')", "prints"),
    "default_rng": ("models/x.py", "import numpy as np\nnp.random.default_rng(0)", "only rng makes generators"),
    "the old global": ("encoders/x.py", "import numpy as np\nnp.random.normal(size=3)", "only rng makes generators"),
    "from numpy.random": ("encoders/x.py", "from numpy.random import default_rng", "only rng makes generators"),
    "the random module": ("encoders/x.py", "import random", "only rng makes generators"),
    "manual_seed": ("training/x.py", "import torch\ntorch.manual_seed(0)", "only rng makes generators"),
    "a torch generator": ("training/x.py", "import torch\ntorch.Generator('cpu')", "only rng makes generators"),
    "a global draw": ("training/x.py", "import torch\ntorch.randn(3)", "global stream"),
    "a global draw in place": ("training/x.py", "x.normal_()", "global stream"),
    "dropout": ("networks/x.py", "from torch import nn\nnn.Dropout(0.5)", "global stream"),
    "open": ("training/x.py", "open('x')", "must not touch the disk"),
    "write_text": ("reports/summary.py", "path.write_text('x')", "must not touch the disk"),
    "files": ("models/synthgan.py", "from synthgen.files import atomic_write", "must not touch the disk"),
    "assert": ("models/x.py", "assert x", "`assert` vanishes"),
    "bare except": ("models/x.py", "try:\n    x\nexcept:\n    y", "a broad except"),
    "except Exception": ("models/x.py", "try:\n    x\nexcept (ValueError, Exception):\n    y", "a broad except"),
    "an import in an except": (
        "encoders/x.py",
        "try:\n    x\nexcept ValueError:\n    from synthgen.networks.blocks import y",
        "encoders must not import networks",
    ),
}  # fmt: skip

HARMLESS = {
    "encoders/x.py": "from synthgen.encoders.base import y\nfrom synthgen.schema import Column\nimport numpy as np",
    "encoders/z.py": "from synthgen.encoders import base\nimport json",
    "cli/x.py": "import click\ndef f():\n    from synthgen.table.read import y\n    import numpy\n    click.echo(1)",
    "training/x.py": "import torch\ntorch.randn(3, generator=g)\nx.normal_(generator=g)",
    "metrics/x.py": "import numpy as np\ndef f(g: np.random.Generator) -> None:\n    g.normal()",
    "table/x.py": "path.open('rb')\ndef f():\n    import anndata",
    "reports/x.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch",
    "rng.py": "import numpy as np\nnp.random.default_rng(0)",
    "__init__.py": "from synthgen.schema import Column",
    "models/x.py": "try:\n    x\nexcept ValueError:\n    y",
}


@pytest.fixture
def plant(tmp_path):
    """A package that breaks no rule, to which files can be added."""

    def add(**files):
        root = tmp_path / "synthgen"
        packages = ("cli", "encoders", "metrics", "models", "networks", "reports", "table", "training")
        modules = [
            "schema.py",
            "exceptions.py",
            "files.py",
            "encoders/base.py",
            "networks/blocks.py",
            "table/read.py",
            "models/base.py",
        ]
        for name in ["__init__.py", *(f"{p}/__init__.py" for p in packages), *modules]:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).touch()
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        return root

    return add


def test_the_package_breaks_no_rule():
    assert violations(ROOT) == []


def test_every_group_of_the_package_is_in_the_table():
    groups = {m.group for m in read_package(ROOT)} - {"", "__main__"}
    assert groups == set(MAY_IMPORT)
    assert set(THIRD_PARTY) <= groups


@pytest.mark.parametrize("case", PLANTED)
def test_a_planted_violation_is_found(plant, case):
    name, text, message = PLANTED[case]
    found = violations(plant(**{name: text}))
    assert len(found) == 1
    assert (
        found[0].startswith(f"synthgen/{name}:{len(text.splitlines()) if case != 'bare except' else 3}:")
        or "except" in case
    )
    assert message in found[0]


def test_harmless_modules_are_not_accused(plant):
    assert violations(plant(**HARMLESS)) == []


def test_a_planted_cycle_is_found(plant):
    files = {
        "table/a.py": "from synthgen.table.b import x",
        "table/b.py": "def f():\n    from synthgen.table.c import x",
        "table/c.py": "import synthgen.table.a",
    }
    (found,) = violations(plant(**files))
    assert found.startswith("import cycle: ")
    assert all(f"table.{name}" in found for name in "abc")


def loaded_by(statement):
    """The top-level modules that a statement loads in a fresh interpreter."""
    script = (
        f"import sys, json\n{statement}\nprint(json.dumps(sorted({{m.split('.')[0] for m in sys.modules}})))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


HEAVY = {"torch", "pandas", "numpy", "sklearn", "scipy", "pyarrow", "safetensors", "jinja2", "plotly", "tqdm"}


def test_the_command_line_loads_nothing_heavy():
    help_text = (
        "from synthgen.cli.main import run\nassert run(['--help']) == 0\nassert run(['fit', '--help']) == 0"
    )
    for statement in ("import synthgen", "import synthgen.cli.main", help_text):
        assert not HEAVY & loaded_by(statement)


def test_metrics_load_no_torch():
    assert "torch" not in loaded_by(
        "import synthgen.reports.summary, synthgen.table.read, synthgen.table.write"
    )


def test_what_the_last_two_tests_look_for_can_be_found():
    assert {"numpy", "synthgen"} <= loaded_by("import synthgen.rng")
