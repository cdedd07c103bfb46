"""Input files for `fuzz.py`: one small file of each format, and what is done to them."""

from __future__ import annotations

import gzip
import json
import random
import re
from pathlib import Path

import fuzz_models
import numpy as np

TEXTS = ("csv", "tsv", "json", "toml", "gct", "vcf")
WORDS = (
    "", "NA", "nan", "inf", "-inf", "1e999", "-1e999", "1e308", "99999999999999999999", "-9223372036854775808",
    "18446744073709551615", "0x10", "1_000", "01", "+1", "-0", "true", "TRUE", "2021-13-45", "0001-01-01",
    "9999-12-31T23:59:59.999999999Z", "2021-03-01 25:00", "\ufeff", "\0", '"', '""', "'", ",", ";", "\t", "\n", "\r\n",
    "é", "\u202e", "=1+1", "null", "[]", "{}", "[[[[", "]}", '"a":', "-1", "1.5", "categorical", "x" * 5000,
)  # fmt: skip
"""Spliced into text."""


def make_inputs(folder: Path) -> dict[str, Path]:
    """Write one small file of each format.

    Parameters
    ----------
    folder : pathlib.Path
        Where the files go.

    Returns
    -------
    dict of str to pathlib.Path
        By kind.
    """
    from synthgen.table.infer import infer_schema
    from synthgen.table.write import write_table

    table = fuzz_models.tables()["mixed"].head(40)
    plain = table.drop(columns=["hour"])
    out = {name: folder / f"input.{name}" for name in ("parquet", "arrow", "csv", "tsv", "csv.gz")}
    for name, path in out.items():
        frame = table if name in ("parquet", "arrow") else plain
        write_table(frame, path, schema=infer_schema(frame) if name == "parquet" else None)
    out["json"] = folder / "input.json"
    out["json"].write_text(infer_schema(table).to_json())
    out["toml"] = folder / "input.toml"
    out["toml"].write_text("# of a baseline\n[fit]\nrandom_state = 3\ndetect_relations = false\n")
    _genomic(out, folder)
    return out


def _genomic(out: dict[str, Path], folder: Path) -> None:
    from synthgen.table.read import read_annotated
    from synthgen.table.write import write_annotated

    rng = np.random.default_rng(1)
    out["gct"] = folder / "input.gct"
    rows = [f"g{i}\tabout {i}\t" + "\t".join(f"{v:.3f}" for v in rng.normal(size=6)) for i in range(8)]
    names = "\t".join(f"s{i}" for i in range(6))
    out["gct"].write_text(f"#1.2\n8\t6\nName\tDescription\t{names}\n" + "\n".join(rows) + "\n")
    out["vcf"] = folder / "input.vcf"
    calls = ["0/0", "0/1", "1/1", "./.", "0|1"]
    lines = [
        f"1\t{100 + i}\trs{i}\tA\tC\t.\tPASS\t.\tGT\t" + "\t".join(calls[v] for v in rng.integers(0, 5, 6))
        for i in range(8)
    ]
    out["vcf"].write_text(
        "##fileformat=VCFv4.2\n##contig=<ID=1,length=1000>\n"
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
        f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{names}\n" + "\n".join(lines) + "\n"
    )
    out["bed"] = folder / "input.bed"
    out["bed"].write_bytes(
        b"\x6c\x1b\x01" + bytes((rng.integers(0, 256, 16) & np.tile([255, 15], 8)).tolist())
    )
    (folder / "input.bim").write_text("".join(f"1\trs{i}\t0\t{100 + i}\tA\tC\n" for i in range(8)))
    (folder / "input.fam").write_text("".join(f"f{i} i{i} 0 0 {1 + i % 2} -9\n" for i in range(6)))
    out["h5ad"] = folder / "input.h5ad"
    write_annotated(read_annotated(out["gct"]), out["h5ad"])


def mutate(paths: dict[str, Path], seed: int, case: int, folder: Path) -> tuple[Path, dict[str, str]]:
    """Write the mutated file of one case.

    Parameters
    ----------
    paths : dict of str to pathlib.Path
        Of `make_inputs`.
    seed, case : int
        Which mutation.
    folder : pathlib.Path
        Where to.

    Returns
    -------
    path : pathlib.Path
        The file.
    facts : dict of str to str
        ``kind`` and ``mutation``.
    """
    rng = random.Random(f"{seed} input {case}")
    kinds = sorted(paths)
    kind = kinds[case % len(kinds)]
    path = folder / f"case.{kind}"
    content = paths[kind].read_bytes()
    is_text = kind in TEXTS or kind == "csv.gz"
    mutation = "text" if is_text and rng.random() < 0.6 else rng.choice(fuzz_models.BYTES[:5])
    inner = gzip.decompress(content) if kind == "csv.gz" and rng.random() < 0.7 else None
    if mutation == "text":
        raw = _text(inner or content, kind, rng) if kind != "csv.gz" or inner else content
    else:
        other = paths[rng.choice(kinds)].read_bytes()
        raw = fuzz_models.damaged(inner or content, other, rng, mutation)
    path.write_bytes(gzip.compress(raw) if inner else raw)
    if kind == "bed":
        for part in ("bim", "fam"):
            own = paths["bed"].with_suffix(f".{part}").read_bytes()
            changed = rng.random() < 0.4
            path.with_suffix(f".{part}").write_bytes(_text(own, part, rng) if changed else own)
    return path, {"kind": kind, "mutation": mutation}


def _text(content: bytes, kind: str, rng: random.Random) -> bytes:
    text = content.decode(errors="replace")
    for _ in range(rng.choice([1, 1, 2, 5])):
        places = [m.span() for m in re.finditer(r"[\w.:+-]+", text)]
        begin, end = rng.choice(places) if places else (0, 0)
        change = rng.random()
        if change < 0.6:
            text = text[:begin] + rng.choice(WORDS) + text[end:]
        elif change < 0.8:
            text = text[:begin] + text[end:]
        else:
            lines = text.splitlines(keepends=True)
            i = rng.randrange(len(lines)) if lines else 0
            lines[i : i + 1] = rng.choice([[], lines[i : i + 1] * 2, lines[i : i + 1] * 200])
            text = "".join(lines)
    if kind == "json" and rng.random() < 0.5:
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            return text.encode(errors="replace")
        holder, key = fuzz_models.place({"state": data}, rng)
        holder[key] = rng.choice(fuzz_models.HOSTILE)
        text = json.dumps(data)
    return text.encode(errors="replace")
