"""The simulated genotypes are what their card says."""

import os
import subprocess
import sys

import numpy as np
import pytest

from synthgen.table.read import read_table
from tests.datasets.builders import FOLDER, builder

pytest.importorskip("msprime", reason='needs the extra: pip install "synthgen[coalescent]"')

HERE = FOLDER / "coalescent"
coalescent = builder("coalescent")


@pytest.fixture(scope="module")
def genotypes():
    return coalescent.simulate(90, 0.5, seed=5)


def run(*arguments):
    subprocess.run(
        [sys.executable, HERE / "build.py", *map(str, arguments)],
        check=True,
        capture_output=True,
        env=dict(os.environ),
    )


def test_sites_are_ordered_biallelic_and_common_enough(genotypes):
    frequencies = genotypes.haplotypes.mean(axis=0)
    assert genotypes.haplotypes.shape[0] == 180
    assert set(np.unique(genotypes.haplotypes)) == {0, 1}
    assert len(frequencies) > 500
    assert np.minimum(frequencies, 1 - frequencies).min() >= 0.01
    assert (np.diff(genotypes.positions) > 0).all()
    assert genotypes.positions.max() <= 500_000
    assert len(set(genotypes.variants)) == len(frequencies)


def test_populations_are_of_equal_size_and_in_no_order(genotypes):
    assert [(genotypes.populations == p).sum() for p in coalescent.POPULATIONS] == [30, 30, 30]
    assert len(set(genotypes.populations[:30])) == 3


def test_populations_differ_and_neighbours_are_linked(genotypes):
    whose = np.repeat(genotypes.populations, 2)
    africa, europe = (genotypes.haplotypes[whose == p].mean(axis=0) for p in ("AFR", "EUR"))
    between = (africa * (1 - europe) + europe * (1 - africa)).sum()
    within = (africa * (1 - africa) + europe * (1 - europe)).sum() * 60 / 59
    assert 0.05 < 1 - within / between < 0.35  # Hudson's F_ST
    r2 = np.corrcoef(genotypes.haplotypes[:, :400].T) ** 2
    gaps = np.abs(np.subtract.outer(np.arange(400), np.arange(400)))
    assert r2[gaps == 1].mean() > 2 * r2[gaps > 200].mean()


def test_dosages_are_sums_of_the_two_haplotypes_of_an_individual(genotypes):
    dosages, haplotypes = coalescent.dosage_table(genotypes), coalescent.haplotype_table(genotypes)
    assert (
        list(dosages.columns) == list(haplotypes.columns) == ["individual", "population", *genotypes.variants]
    )
    assert set(dosages.dtypes.iloc[2:]) == {np.dtype("int8")}
    summed = haplotypes.groupby("individual")[genotypes.variants].sum()
    assert (summed.loc[dosages["individual"]].to_numpy() == dosages.iloc[:, 2:].to_numpy()).all()


def test_missing_calls_differ_by_site_and_leave_the_others_alone(genotypes):
    whole, holed = coalescent.dosage_table(genotypes), coalescent.dosage_table(genotypes, 0.1, seed=1)
    values = holed.iloc[:, 2:].to_numpy()
    shares = np.isnan(values).mean(axis=0)
    assert values.dtype == np.float32
    assert 0.08 < shares.mean() < 0.12
    assert shares.std() > 0.05  # one rate for all sites would give sqrt(.1 * .9 / 90) = .03
    there = ~np.isnan(values)
    assert (values[there] == whole.iloc[:, 2:].to_numpy()[there]).all()


def test_the_command_splits_individuals_the_same_way_each_time(tmp_path):
    names = [tmp_path / name for name in ("a.parquet", "b.parquet", "c.parquet", "d.parquet")]
    size = ("--individuals", 20, "--holdout-individuals", 10, "--megabases", 0.1, "--seed", 2)
    run(names[0], "--holdout", names[1], *size)
    run(names[2], "--holdout", names[3], *size)
    train, holdout = read_table(names[0]), read_table(names[1])
    assert (len(train), len(holdout)) == (20, 10)
    assert list(train) == list(holdout)
    assert not set(train["individual"]) & set(holdout["individual"])
    assert names[0].read_bytes() == names[2].read_bytes()
    assert names[1].read_bytes() == names[3].read_bytes()


def test_plink_files_hold_the_same_dosages(tmp_path):
    bed_reader = pytest.importorskip("bed_reader", reason='needs the extra: pip install "synthgen[genomics]"')
    size = ("--individuals", 21, "--megabases", 0.1, "--seed", 2)
    run(tmp_path / "g.bed", *size)
    run(tmp_path / "g.parquet", *size)
    table = read_table(tmp_path / "g.parquet")
    with bed_reader.open_bed(tmp_path / "g.bed") as bed:
        assert (bed.read(dtype="int8") == table.iloc[:, 2:].to_numpy()).all()
        assert list(bed.iid) == list(table["individual"])
        assert list(bed.fid) == list(table["population"])
        assert list(bed.sid) == list(table.columns[2:])
        assert (bed.bp_position == [int(n.rsplit("_", 1)[1]) for n in bed.sid]).all()


def test_haplotypes_do_not_go_into_plink_files(tmp_path):
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run(tmp_path / "h.bed", "--haplotypes")
    assert b"--haplotypes goes with Parquet" in caught.value.stderr
