"""Model files for `fuzz.py`: one small model of each kind, and what is done to their files.

A mutation is a pure function of the corpus, the seed and the case's number, so that a case can be played again.
"""

from __future__ import annotations

import copy
import hashlib
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

BYTES = ("flip", "truncate", "insert", "repeat", "splice", "length", "digits", "json", "flood")
KINDS: dict[str, tuple[type, ...]] = {
    "structure": (),
    "arrays": (np.ndarray,),
    "numbers": (int, float),
    "text": (str,),
}
RESIGNED = (
    "structure",
    "structure",
    "structure",
    "arrays",
    "arrays",
    "numbers",
    "numbers",
    "text",
    "text",
    "flood",
)
"""Kinds of mutation after which the checksum is made right, and what they change."""
SMALL = ("[]", "{}", '{"a":0}', "[[]]", "1e5", '"\U0001f600"', '{"@tuple":[]}')
"""JSON that takes more memory than letters; a flood is millions of letters of it."""
HOSTILE: list[Any] = [
    None, True, False, -1, 0, 1, 2, 3, 7, 1000, 2**31, 2**63, 10**18, -(2**63), 1e308, -1e308, 1e-320, float("nan"),
    float("inf"), float("-inf"), 0.5, -0.5, "", "x", "\0", "é" * 50, "a" * 10_000, "int64", "category", "continuous",
    "datetime64[ns]", "object[str]", "categorical", [], {}, [[]], [None], [0], [-1], ["x"], {"x": 1}, (), (1, 2),
]  # fmt: skip
"""Values that stand where others should."""


def tables() -> dict[str, pd.DataFrame]:
    """A mixed table, one with relations, a wide one and one of enough rows for a selection; simulated."""
    rng = np.random.default_rng(0)
    n = 120
    whole = rng.integers(18, 80, n)
    mixed = pd.DataFrame(
        {
            "age": whole,
            "income": np.where(rng.random(n) < 0.1, np.nan, np.exp(rng.normal(10, 1, n)).round(2)),
            "sex": pd.Categorical(np.where(rng.random(n) < 0.5, "f", "m")),
            "town": rng.choice(["Rome", "Oslo", None], n),
            "when": pd.Timestamp("2021-03-01") + pd.to_timedelta(rng.integers(0, 90, n), unit="D"),
            "hour": pd.to_timedelta(rng.integers(0, 86400, n), unit="s").astype("timedelta64[s]"),
            "id": [f"P-{i:05d}" for i in range(n)],
            "fixed": 7,
            "flag": pd.array(rng.choice([True, False, None], n), dtype="boolean"),
        }
    )
    start = rng.integers(0, 50, n)
    kind = rng.choice(["a", "b", "c"], n)
    rules = pd.DataFrame(
        {
            "start": start,
            "end": start + rng.integers(0, 20, n),
            "kind": kind,
            "code": pd.Series(kind).map({"a": 1, "b": 2, "c": 2}),
            "price": rng.integers(1, 20, n),
            "amount": rng.integers(1, 9, n),
        }
    ).assign(total=lambda t: t["price"] * t["amount"])
    factors = rng.normal(size=(60, 3)) @ rng.normal(size=(3, 150)) + rng.normal(size=(60, 150))
    wide = pd.DataFrame(factors, columns=[f"g{i}" for i in range(150)])
    wide.insert(0, "class", rng.choice(["x", "y"], 60))
    many = pd.DataFrame(rng.normal(size=(260, 3)), columns=list("xyz")).assign(count=rng.poisson(3, 260))
    return {"mixed": mixed, "rules": rules, "wide": wide, "many": many}


def make_models(folder: Path) -> dict[str, Path]:
    """Fit and save one model of every kind.

    Parameters
    ----------
    folder : pathlib.Path
        Where the files go; those that are there already are kept.

    Returns
    -------
    dict of str to pathlib.Path
        By kind.
    """
    from synthgen import Bootstrap, GaussianCopula, IndependentMarginals, SynthGAN, SynthVAE

    given = tables()
    quick = {"hidden_dims": (8,), "latent_dim": 4, "max_steps": 20, "random_state": 0, "verbose": 0}
    baseline = {"random_state": 0, "verbose": 0}
    plans = {
        "gan": (SynthGAN(**quick), "mixed"),
        "gan-conditions": (SynthGAN(**quick, conditional_on=["sex", "flag"]), "mixed"),
        "gan-relations": (SynthGAN(**quick), "rules"),
        "gan-wide": (SynthGAN(**quick, covariates=["class"]), "wide"),
        "gan-selection": (SynthGAN(**quick, refine=2), "many"),
        "vae": (SynthVAE(**quick), "mixed"),
        "copula": (GaussianCopula(**baseline), "mixed"),
        "independent": (IndependentMarginals(**baseline), "mixed"),
        "bootstrap": (Bootstrap(**baseline), "mixed"),
    }
    out = {}
    for kind, (model, table) in plans.items():
        path = out[kind] = folder / f"{kind}.synthgen"
        if not path.exists():
            model.fit(given[table]).save(path)
    return out


# --- mutations ----------------------------------------------------------------------------------------------------


def mutate(paths: dict[str, Path], seed: int, case: int, target: Path) -> dict[str, str]:
    """Write the mutated file of one case.

    Parameters
    ----------
    paths : dict of str to pathlib.Path
        Of `make_models`.
    seed, case : int
        Which mutation; two in five cases are signed anew.
    target : pathlib.Path
        Where to.

    Returns
    -------
    dict of str to str
        ``model``, ``mutation`` and ``resigned``: whether its checksum is right.
    """
    rng = random.Random(f"{seed} model {case}")
    kinds = sorted(paths)
    model = kinds[case % len(kinds)]
    if case % 5 < 2:
        mutation = rng.choice(RESIGNED)
        resigned = _resign(paths[model], target, rng, mutation)
    else:
        mutation, resigned = rng.choice(BYTES), False
        content = paths[model].read_bytes()
        other = paths[rng.choice(kinds)].read_bytes()
        target.write_bytes(damaged(content, other, rng, mutation))
    return {"model": model, "mutation": mutation, "resigned": str(resigned)}


def flooded(content: bytes, rng: random.Random, *, is_signed: bool) -> bytes:
    """A file with very many values in few bytes, in its own header or around it; made without taking much memory itself."""
    length = int.from_bytes(content[:8], "little")
    unit = rng.choice(SMALL).ljust(rng.choice([0, 16, 24])) + ","
    # what is rightly signed is parsed, and may take 16 times its size
    n = rng.choice([10**4, 10**6, (2 if is_signed else 6) * 10**6]) // len(unit)
    if not is_signed and rng.random() < 0.3:
        raw = b'{"x":[' + unit.encode() * n + b"0]," + content[9 : 8 + length]
    else:
        own = json.loads(
            json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["synthgen"])["header"]
        )
        own.pop("state")
        parts = json.dumps(own)[:-1] + ', "state": {"x": [', unit, "0]}}"
        digest = hashlib.sha256(parts[0].encode())
        for _ in range(n):
            digest.update(unit.encode())
        digest.update(parts[2].encode())
        inner = [_escaped(part) for part in parts]
        inner[0] = f'{{"sha256": "{digest.hexdigest() if is_signed else "0" * 64}", "header": "' + inner[0]
        inner[2] += '"}'
        begin, middle, end = (_escaped(part).encode() for part in inner)
        raw = b'{"__metadata__": {"synthgen": "' + begin + middle * n + end + b'"}}'
    return len(raw).to_bytes(8, "little") + raw + (b"" if is_signed else content[8 + length :])


def _escaped(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def damaged(content: bytes, other: bytes, rng: random.Random, mutation: str) -> bytes:
    out, n = bytearray(content), len(content)
    at = rng.randrange(n) if rng.random() < 0.5 else rng.randrange(min(n, 2000))
    size = rng.choice([1, 2, 8, 64, 1000])
    if mutation == "flip":
        for _ in range(rng.choice([1, 1, 2, 8, 100])):
            out[rng.randrange(n)] ^= 1 << rng.randrange(8)
    elif mutation == "truncate":
        del out[rng.choice([at, n - 1, 8, 9, 0]) :]
    elif mutation == "insert":
        out[at:at] = bytes(rng.randrange(256) for _ in range(size))
    elif mutation == "repeat":
        out[at:at] = out[at : at + size]
    elif mutation == "splice":
        begin = rng.randrange(len(other))
        out[at : at + size] = other[begin : begin + size]
    elif mutation == "length":
        length = int.from_bytes(out[:8], "little")
        new = rng.choice([0, 1, length - 1, length + 1, length + 8, n, n - 8, 2**31, 2**40, 2**63, 2**64 - 1])
        out[:8] = new.to_bytes(8, "little")
    elif mutation == "flood":
        return flooded(content, rng, is_signed=False)
    else:
        return _header(content, rng, mutation)
    return bytes(out)


def _header(content: bytes, rng: random.Random, mutation: str) -> bytes:
    """The safetensors header changed and its length made right, the checksum left as it was."""
    length = int.from_bytes(content[:8], "little")
    text = content[8 : 8 + length].decode()
    if mutation == "digits":
        places = [i for i, c in enumerate(text) if c.isdigit()]
        i = rng.choice(places)
        text = text[:i] + rng.choice(["9", "-1", "99999999999", "0", "1e9", "[]", ""]) + text[i + 1 :]
    else:
        data = json.loads(text)
        name = rng.choice(list(data))
        change = rng.choice(["drop", "rename", "value"])
        value = data.pop(name)
        if change == "rename":
            data[name + rng.choice(["x", "/0", "../../x"])] = value
        elif change == "value":
            data[name] = rng.choice([v for v in HOSTILE if not isinstance(v, float)])
        text = json.dumps(data)
    raw = text.encode()
    return len(raw).to_bytes(8, "little") + raw + content[8 + length :]


def _resign(path: Path, target: Path, rng: random.Random, mutation: str) -> bool:
    """The state changed, and written as `save` would write it; whether it could be."""
    from synthgen.archive import read_archive, write_archive
    from synthgen.exceptions import FileError

    if mutation == "flood":
        target.write_bytes(flooded(path.read_bytes(), rng, is_signed=True))
        return True
    header, state = read_archive(path, "synthgen", newest=10**6, oldest=0)
    whole: dict[str, Any] = {"class": header.pop("class"), "state": state}
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        holder, key = place(whole, rng, KINDS[mutation])
        holder[key] = _changed(holder[key], whole, rng)
        if rng.random() < 0.2 and isinstance(holder, dict) and holder is not whole:
            _meddle(holder, key, rng)
    try:
        write_archive(target, "synthgen", {**header, "class": whole["class"]}, _as_state(whole["state"]))
    except (
        TypeError,
        ValueError,
        RecursionError,
        OverflowError,
        FileError,
    ):  # no state that could be written at all
        target.write_bytes(path.read_bytes()[: rng.randrange(100)])
        return False
    return True


def _as_state(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {"@": value}


def place(whole: dict[str, Any], rng: random.Random, kinds: tuple[type, ...] = ()) -> tuple[Any, Any]:
    """A holder that can be changed, and a key in it; of a value of one of the kinds, where there is any."""
    found: list[tuple[Any, Any]] = []
    _collect(whole, found)
    own = [(holder, key) for holder, key in found if isinstance(holder[key], kinds)] if kinds else []
    if not own and rng.random() < 0.3:  # down at random, so that large parts and rare ones are met too
        holder, key = whole, rng.choice(list(whole))
        while (inside := _keys(holder[key])) and rng.random() > 0.1:
            holder, key = holder[key], rng.choice(inside)
        return holder, key
    return rng.choice(own or found)


def _collect(holder: Any, found: list[tuple[Any, Any]]) -> None:
    for key in _keys(holder):
        if isinstance(holder[key], tuple):
            holder[key] = list(holder[key])  # tuples cannot be changed
        found.append((holder, key))
        _collect(holder[key], found)


def _keys(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value)
    return list(range(len(value))) if isinstance(value, (list, tuple)) else []


def _meddle(holder: dict[str, Any], key: str, rng: random.Random) -> None:
    value = holder.pop(key)
    if rng.random() < 0.5:
        holder[rng.choice(["x", "@array", "", key + "x", key.upper()])] = value


def _changed(value: Any, whole: dict[str, Any], rng: random.Random) -> Any:
    choice = rng.random()
    if isinstance(value, np.ndarray) and choice < 0.85:
        return _array(value, rng)
    if choice < 0.15:
        holder, key = place(whole, rng)
        return copy.deepcopy(holder[key])
    if isinstance(value, (list, tuple)) and value and choice < 0.7:
        items = list(value)
        i = rng.randrange(len(items))
        change = rng.choice(["drop", "double", "reverse", "many", "one"])
        if change == "drop":
            del items[i]
        elif change == "double":
            items.insert(i, items[i])
        elif change == "many":
            items = items * 20
        elif change == "one":
            items[i] = rng.choice(HOSTILE)
        else:
            items.reverse()
        return items
    if isinstance(value, bool) and choice < 0.5:
        return not value
    if isinstance(value, (int, float)) and choice < 0.6:
        return rng.choice([value + 1, value - 1, -value, value * 1000 + 1, value * 10**9, float(value) + 0.5])
    if isinstance(value, str) and value and choice < 0.4:
        return rng.choice([value[::-1], value[:-1], value + value, value.upper(), value * 1000])
    return rng.choice(HOSTILE)


def _array(value: np.ndarray, rng: random.Random) -> np.ndarray:
    change = rng.choice(
        ["dtype", "shape", "cut", "longer", "empty", "fill", "one", "one", "random", "permuted", "axis"]
    )
    if change == "dtype":
        return value.astype(rng.choice(["f8", "f4", "f2", "i8", "i4", "u1", "?", "u8", "i1"]))
    if change == "shape":
        return value.reshape(rng.choice([(-1,), (1, -1), (-1, 1)]))
    if change == "cut":
        return value[: len(value) // 2] if value.ndim else value.reshape(1)
    if change == "longer":
        return np.concatenate([value, value]) if value.ndim else value.reshape(1)
    if change == "empty":
        return value.reshape(-1)[:0]
    if change == "axis":
        return value.T if value.ndim > 1 else np.stack([value, value])
    flat = value.reshape(-1).copy()
    if change == "permuted":
        rng.shuffle(flat)  # type: ignore[arg-type]
    elif change == "fill":
        flat[:] = _extreme(value.dtype, rng)
    elif change == "one" and flat.size:
        for _ in range(rng.choice([1, 3])):
            flat[rng.randrange(flat.size)] = _extreme(value.dtype, rng)
    elif change == "random":
        raw = bytes(rng.randrange(256) for _ in range(min(flat.nbytes, 4096)))
        view = flat.view(np.uint8)
        view[: len(raw)] = np.frombuffer(raw, np.uint8) & (1 if value.dtype == bool else 255)
    return flat.reshape(value.shape)


def _extreme(dtype: np.dtype, rng: random.Random) -> Any:
    if dtype.kind == "f":
        top = float(np.finfo(dtype).max)
        return rng.choice([np.nan, np.inf, -np.inf, top, -top, 0.0, -1.0, 1e-30, 1e4])
    if dtype.kind == "b":
        return rng.choice([True, False])
    info = np.iinfo(dtype)
    return rng.choice([info.max, info.min, 0, max(info.min, -1), 1, 127])
