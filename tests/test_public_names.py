"""`synthgen.__all__` is the public API: sorted, complete, documented, and nothing else."""

import inspect
import pkgutil
import types

import pytest

import synthgen
from synthgen.exceptions import SynthgenError

MACHINERY = {"annotations", "importlib", "TYPE_CHECKING", "Any"}
"""What the root needs to load names late, and offers to nobody."""


def test_all_is_sorted_and_without_repetition():
    assert sorted(set(synthgen.__all__)) == synthgen.__all__


@pytest.mark.parametrize("name", synthgen.__all__)
def test_every_name_resolves_and_is_documented(name):
    found = getattr(synthgen, name)
    assert inspect.isclass(found) or inspect.isfunction(found)
    assert found.__name__ == name
    assert len(inspect.getdoc(found) or "") > 20
    assert found.__module__.startswith("synthgen.")


def test_nothing_else_is_public():
    submodules = {m.name for m in pkgutil.iter_modules(synthgen.__path__)}
    for name in synthgen.__all__:
        getattr(synthgen, name)
    public = {name for name in vars(synthgen) if not name.startswith("_")}
    assert public - submodules - MACHINERY - set(synthgen.__all__) == set()


def test_a_star_import_gives_exactly_the_public_names():
    scope = {}
    exec("from synthgen import *", scope)
    assert sorted(set(scope) - {"__builtins__"}) == synthgen.__all__


def test_completion_offers_the_public_names():
    assert set(synthgen.__all__) <= set(dir(synthgen))


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="module 'synthgen' has no attribute 'GAN'; it has Bootstrap, "):
        _ = synthgen.GAN


def test_the_names_that_the_project_promises():
    promised = {"Column", "Report", "Schema", "SynthGAN", "SynthgenError", "evaluate", "load"}
    assert promised <= set(synthgen.__all__)
    assert isinstance(synthgen.__version__, str)


def test_every_error_derives_from_one():
    import synthgen.exceptions as module

    errors = [e for e in vars(module).values() if isinstance(e, type) and issubclass(e, Exception)]
    assert len(errors) > 5
    assert all(issubclass(e, SynthgenError) for e in errors)
    assert all(f"-- {e.__name__} " in module.__doc__ for e in errors if e is not SynthgenError)


def test_public_methods_are_documented():
    for name in synthgen.__all__:
        found = getattr(synthgen, name)
        for method_name, method in vars(found).items() if inspect.isclass(found) else ():
            if isinstance(method, types.FunctionType) and not method_name.startswith("_"):
                assert inspect.getdoc(getattr(found, method_name)), f"{name}.{method_name}"
