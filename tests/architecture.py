"""Reads the source of the package and says where it breaks the rules of the architecture.

The table of who may import whom is the project's design; what came to it since stands in the comments.
"""

from __future__ import annotations

import ast
import graphlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = "synthgen"
_BASE = {"exceptions", "validation"}
_NUMBERS = {"numpy", "pandas"}

MAY_IMPORT: dict[str, set[str]] = {
    "exceptions": set(),
    "version": set(),
    "disclosure": set(),  # how many rows what is kept must stand for
    "validation": {"exceptions"},
    "rng": {"exceptions"},
    "files": {"exceptions"},  # whole files or none: base, standard library only
    "archive": {"exceptions", "files", "version"},  # a state with arrays as one checksummed file
    "constraints": {"exceptions"},  # rules as users write them: no arrays
    "schema": {"constraints", *_BASE},
    "layout": _BASE,
    "dtypes": {"exceptions"},  # pandas dtypes as text
    "plain": {"dtypes", "exceptions", "schema"},  # pandas columns to plain arrays and back
    "relations": {"disclosure", "constraints", "schema", "dtypes", "plain", *_BASE},  # rules in tables: found, checked, undone
    "table": {"relations", "constraints", "schema", "dtypes", "plain", "files", "rng", *_BASE},  # rng: held-out rows are drawn
    "estimator": _BASE,  # what scikit-learn asks of the input of encoders and models
    # table: a schema that is not given is inferred
    "encoders": {"disclosure", "estimator", "table", "relations", "schema", "layout", "rng", "dtypes", "plain", *_BASE},
    "networks": {"layout", "rng", *_BASE},  # rng: weights are drawn
    "training": {"networks", "layout", "rng", "archive", "files", *_BASE},  # archive, files: checkpoints
    "sketches": {"schema", "dtypes", "plain", *_BASE},  # what one pass over rows keeps of each column
    "engines": _BASE,  # who runs tasks that do not depend on each other
    "distributed": {"engines", "training", "networks", "layout", "rng", "archive", "files", *_BASE},  # one training, many processes
    "models": {
        "disclosure", "distributed", "engines", "sketches", "estimator", "training", "networks", "encoders", "relations", "constraints", "table", "schema", "layout", "rng", "dtypes", "plain", "files", "archive",
        "version", *_BASE,
    },
    "metrics": {"schema", "rng", "dtypes", "plain", *_BASE},
    # training: limits and names of what is watched, without torch
    "reports": {"engines", "sketches", "metrics", "table", "schema", "rng", "files", "version", "training", *_BASE},
    # fits of models, measured and shown
    "studies": {"engines", "models", "reports", "metrics", "table", "schema", "rng", "files", "version", *_BASE},
    # training: its checkpoints
    "cli": {"engines", "models", "training", "reports", "studies", "table", "constraints", "schema", "files", "exceptions"},
}  # fmt: skip
"""For each group the groups that it may import, besides itself."""

THIRD_PARTY: dict[str, set[str]] = {
    "validation": {"numpy"},
    "rng": {"numpy"},
    "archive": {"numpy", "safetensors"},
    "schema": {"numpy"},
    "relations": _NUMBERS,
    "layout": {"numpy"},
    "dtypes": {*_NUMBERS, "pyarrow"},
    "plain": {*_NUMBERS, "pyarrow"},
    "table": {*_NUMBERS, "pyarrow"},
    "estimator": {*_NUMBERS, "scipy", "sklearn"},
    "encoders": {*_NUMBERS, "scipy", "sklearn"},
    "networks": {"torch"},
    "training": {"numpy", "torch", "tqdm"},
    "sketches": {*_NUMBERS, "datasketches", "pyarrow"},  # pyarrow: counts strings
    "engines": set(),
    "distributed": {"numpy", "torch"},
    "models": {
        *_NUMBERS,
        "scipy",
        "torch",
        "sklearn",
        "threadpoolctl",
        "tqdm",
    },  # tqdm: sampling shows progress too
    "metrics": {*_NUMBERS, "scipy", "sklearn"},
    "reports": {*_NUMBERS, "jinja2", "markupsafe", "plotly", "tqdm"},  # markupsafe: jinja2's own strings
    "studies": {*_NUMBERS, "scipy", "sklearn", "threadpoolctl", "plotly", "tqdm"},
    "cli": {"click"},
}
"""What stands at the top of modules besides the standard library. Inside functions anything may."""

MAY_TOUCH_THE_DISK = (
    "files",
    "archive",
    "table",
    "cli",
    "models.machine",  # reads what memory is free
    "models.model_file",
    "models.sample_files",  # a folder of files, and what is in it
    "training.checkpoint",
    "training.row_shards",  # encoded rows that memory does not hold
    "distributed",
    "reports.render",
)

_GENERATORS = {
    "torch.manual_seed",
    "torch.seed",
    "torch.Generator",
    "torch.set_rng_state",
    "torch.get_rng_state",
}
_DRAWS = {
    "bernoulli", "multinomial", "normal", "poisson", "rand", "rand_like", "randint", "randint_like", "randn",
    "randn_like", "randperm", "dropout", "gumbel_softmax", "Dropout",
}  # fmt: skip
_IN_PLACE_DRAWS = {
    "bernoulli_",
    "cauchy_",
    "exponential_",
    "geometric_",
    "log_normal_",
    "normal_",
    "random_",
    "uniform_",
}
_DISK = {
    "open",
    "read_text",
    "read_bytes",
    "write_text",
    "write_bytes",
    "unlink",
    "mkdir",
    "rmdir",
    "replace_file",
}


@dataclass(frozen=True)
class Import:
    """One import statement, resolved.

    `target` is the dotted module; `names_root` says whether it takes a name from a package's ``__init__``.
    """

    target: str
    line: int
    at_top: bool
    typing_only: bool
    names_root: bool = False


@dataclass(frozen=True)
class Module:
    """One source file of the package."""

    name: str
    """Dotted, without the package: ``models.base``; empty for the root."""
    path: Path
    tree: ast.Module = field(repr=False)

    @property
    def group(self) -> str:
        """The first part of the name."""
        return self.name.split(".")[0]


def read_package(root: Path) -> list[Module]:
    """Every module below the folder of the package."""
    out = []
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        out.append(Module(name, path, ast.parse(path.read_text(encoding="utf-8"))))
    return out


def violations(root: Path) -> list[str]:
    """Everything that breaks a rule, one line each."""
    modules = read_package(root)
    known = {m.name for m in modules}
    found = []
    for module in modules:
        found += [
            f"{module.path.relative_to(root.parent)}:{line}: {text}" for line, text in _module(module, known)
        ]
    return found + _cycles(modules, known)


def imports(module: Module, known: set[str]) -> Iterator[Import]:
    """The imports of a module, those inside functions and for type checkers included."""
    for node, at_top, typing_only in _statements(module.tree.body, True, False):
        if isinstance(node, ast.Import):
            for alias in node.names:
                is_root = alias.name == PACKAGE or _inside(alias.name) in _packages(known)
                yield Import(alias.name, node.lineno, at_top, typing_only, is_root)
        elif isinstance(node, ast.ImportFrom) and node.level:
            yield Import("." * node.level + (node.module or ""), node.lineno, at_top, typing_only)
        elif isinstance(node, ast.ImportFrom):
            yield from _from(node, at_top, typing_only, known)


def _from(node: ast.ImportFrom, at_top: bool, typing_only: bool, known: set[str]) -> Iterator[Import]:
    target = node.module or ""
    inside = _inside(target)
    if inside is None or inside not in _packages(known):
        yield Import(target, node.lineno, at_top, typing_only)
        return
    for alias in node.names:
        module = f"{inside}.{alias.name}".lstrip(".")
        is_module = module in known
        full = f"{target}.{alias.name}" if is_module else target
        yield Import(full, node.lineno, at_top, typing_only, not is_module or module in _packages(known))


def _statements(
    body: list[ast.stmt], at_top: bool, typing_only: bool
) -> Iterator[tuple[ast.stmt, bool, bool]]:
    """Every statement, with whether it runs on import and whether only type checkers read it."""
    for node in body:
        yield node, at_top, typing_only
        inner_top = at_top and not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        guarded = isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        yield from _statements(getattr(node, "body", []), inner_top, typing_only or guarded)
        branches = [*getattr(node, "handlers", []), *getattr(node, "cases", [])]
        others = [getattr(node, "orelse", []), getattr(node, "finalbody", []), *(b.body for b in branches)]
        for other in others:
            yield from _statements(other, inner_top, typing_only)


def _inside(target: str) -> str | None:
    """The module's name without the package; None if it is not ours."""
    if target == PACKAGE:
        return ""
    return target.removeprefix(f"{PACKAGE}.") if target.startswith(f"{PACKAGE}.") else None


def _packages(known: set[str]) -> set[str]:
    return {""} | {name.rpartition(".")[0] for name in known}


def _module(module: Module, known: set[str]) -> Iterator[tuple[int, str]]:
    for found in imports(module, known):
        yield from ((found.line, text) for text in _import(module, found))
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Assert):
            yield node.lineno, "`assert` vanishes under -O; raise an error of synthgen's."
        if isinstance(node, ast.ExceptHandler) and _is_broad(node):
            yield node.lineno, "a broad except hides faults; name the errors."
        if isinstance(node, ast.Call):
            yield from ((node.lineno, text) for text in _call(module, node))


def _import(module: Module, found: Import) -> Iterator[str]:
    if found.target.startswith("."):
        yield f"imports {found.target} relatively; imports are absolute."
        return
    inside = _inside(found.target)
    if inside is None:
        yield from _third_party(module, found)
        return
    if module.name in ("", "__main__"):
        return
    if found.names_root:
        yield f"imports from {found.target}, whose __init__ gathers names; import the module that has them."
        return
    target = inside.split(".")[0]
    if module.group not in MAY_IMPORT:
        yield f"the group {module.group!r} is not in the table of who may import whom."
    elif target != module.group and target not in MAY_IMPORT[module.group]:
        yield f"{module.group} must not import {target}."
    elif module.group == "cli" and found.at_top and target not in ("cli", "exceptions", "files"):
        yield f"the command line imports {target} inside the commands, so that --help need not wait for it."
    elif target == "files" and not _may_touch_the_disk(module):
        yield "must not touch the disk."


def _third_party(module: Module, found: Import) -> Iterator[str]:
    top = found.target.split(".")[0]
    if top == "random" or found.target.startswith("numpy.random"):
        yield f"imports {found.target}; only rng makes generators."
        return
    allowed = THIRD_PARTY.get(module.group, set()) | sys.stdlib_module_names
    if found.at_top and not found.typing_only and top not in allowed:
        yield f"{module.group or 'the root'} must not import {top} at the top."


def _call(module: Module, node: ast.Call) -> Iterator[str]:
    name = ast.unparse(node.func)
    last = name.rpartition(".")[2]
    if name == "print" or name in ("sys.stdout.write", "sys.stderr.write"):
        yield "prints; only the command line does, by click.echo."
    if name in ("click.echo", "click.secho") and module.group != "cli":
        yield "prints; only the command line does."
    if last in _DISK and not _may_touch_the_disk(module):
        yield f"calls {name}: must not touch the disk."
    if module.name != "rng":
        yield from _randomness(name, last, {k.arg for k in node.keywords})


def _randomness(name: str, last: str, keywords: set[str | None]) -> Iterator[str]:
    if (
        name.startswith(("np.random.", "numpy.random.", "torch.random."))
        or name in _GENERATORS
        or "manual_seed" in last
    ):
        yield f"calls {name}; only rng makes generators."
    is_torch = name.startswith(("torch.", "nn.", "functional.", "F."))
    if ((is_torch and last in _DRAWS) or last in _IN_PLACE_DRAWS) and "generator" not in keywords:
        yield f"calls {name} without generator=: it would draw from the global stream."


def _may_touch_the_disk(module: Module) -> bool:
    return module.group in MAY_TOUCH_THE_DISK or module.name in MAY_TOUCH_THE_DISK


def _is_broad(node: ast.ExceptHandler) -> bool:
    types = [] if node.type is None else getattr(node.type, "elts", [node.type])
    return not types or any(ast.unparse(t) in ("Exception", "BaseException") for t in types)


def _cycles(modules: list[Module], known: set[str]) -> list[str]:
    graph = {m.name: _targets(m, known) for m in modules}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return [f"import cycle: {' <- '.join(error.args[1])}"]
    return []


def _targets(module: Module, known: set[str]) -> set[str]:
    """The modules of the package that a module imports, at the top or inside functions."""
    return {inside for one in imports(module, known) if (inside := _inside(one.target))}
