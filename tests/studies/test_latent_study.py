"""A latent space walked through: shares, pictures, and what is said of them."""

import base64
import json
import re
import struct
import warnings
import zlib
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from synthgen.exceptions import DataError, NotFittedError, ParameterError
from synthgen.metrics.intervals import Estimate
from synthgen.models.gaussian_copula import GaussianCopula
from synthgen.models.synthgan import SynthGAN
from synthgen.models.vae import SynthVAE
from synthgen.rng import stream
from synthgen.studies.latent_figures import position_figure, scatter_figure, strip
from synthgen.studies.latent_images import find_images, pixel_columns
from synthgen.studies.latent_parts import Group
from synthgen.studies.latent_pictures import cell
from synthgen.studies.latent_result import LatentStudy
from synthgen.studies.latent_rows import LatentRows
from synthgen.studies.latent_study import latent_study
from synthgen.studies.latent_text import TITLES, answer
from tests.reports.conftest import EVIL, make_people

SMALL = {"hidden_dims": (16,), "latent_dim": 6, "refine": None, "random_state": 0, "verbose": 0}
ASKED = {"n_paths": 30, "steps": 5, "verbose": 0}


def fitted(table, **changes):
    return SynthGAN(**{**SMALL, "max_steps": 30, "watch": False, **changes}).fit(table)


@pytest.fixture(scope="module", autouse=True)
def few_rows():
    """Fewer samples, for the time's sake."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("synthgen.studies.latent_study.MAX_ROWS", 300)
        patch.setattr("synthgen.studies.latent_study.SCALE_ROWS", 200)
        yield


@pytest.fixture(scope="module")
def people_model():
    return fitted(make_people(150, 1))


@pytest.fixture(scope="module")
def study(people_model):
    return latent_study(people_model, make_people(120, 2), **ASKED)


@pytest.fixture(scope="module")
def bare(people_model):
    return latent_study(people_model, **ASKED)


def test_every_group_is_judged_between_the_ends(study):
    assert [g.name for g in study.groups] == list(TITLES)
    sizes = {g.name: (g.n_walks, g.n_rows, len(g.positions)) for g in study.groups}
    for name in ("slerp", "slerp, likeliest", "linear", "mixtures"):
        assert sizes[name] == (30, 90, 5)
    assert sizes["holdout"] == (120, 120, 0)
    for group in study.groups:
        for found in (group.as_samples, group.as_real):
            assert 0 <= found.low <= found.value <= found.high <= 1
    assert study.group("samples").difference.value == 0
    assert study.group("holdout").as_real.value == pytest.approx(0.95, abs=0.02)


def test_positions_and_shares_are_of_the_same_rows(study):
    group = study.group("linear")
    assert np.mean([p.value for p in group.positions[1:-1]]) == pytest.approx(group.as_real.value)


def test_ends_of_all_drawn_walks_are_the_same_rows(people_model):
    rows = LatentRows(people_model, 0)
    a, b = rows.vectors(5, "a"), rows.vectors(5, "b")
    names = ["height", "tall"]
    ways = [rows.walks(a, b, 4, m, names, is_likeliest=False) for m in ("slerp", "linear")]
    ends = [way.iloc[[i for i in range(20) if i % 4 in (0, 3)]] for way in ways]
    pd.testing.assert_frame_equal(*ends)
    assert not ways[0].equals(ways[1])


def test_walks_are_those_of_interpolate(people_model):
    rows = LatentRows(people_model, 0)
    a, b = rows.vectors(2, "a"), rows.vectors(2, "b")
    for method in ("slerp", "linear"):
        found = rows.walks(a, b, 6, method, people_model.schema_.names, is_likeliest=True)
        wanted = people_model.interpolate(a[1], b[1], 6, method=method).drop(columns="code")
        pd.testing.assert_frame_equal(found[6:].drop(columns="code").reset_index(drop=True), wanted)


def test_walks_of_conditional_models_keep_the_condition_of_their_start():
    model = fitted(make_people(150, 1), conditional_on=["tall"])
    rows = LatentRows(model, 0)
    a, b = rows.vectors(40, "a"), rows.vectors(40, "b")
    tall = rows.walks(a, b, 5, "slerp", ["tall"], is_likeliest=False)["tall"].to_numpy().reshape(40, 5)
    assert (tall == tall[:, :1]).all()
    assert 0 < tall[:, 0].mean() < 1
    np.testing.assert_array_equal(tall[:, 0], model.generate(a)["tall"])


def test_without_held_out_rows_it_says_so(bare):
    assert bare.n_holdout is None
    assert "holdout" not in [g.name for g in bare.groups]
    assert all(g.as_real is None and g.real_difference is None for g in bare.groups)
    assert "nothing of the real rows" in bare.remarks[0]
    html = bare.to_html()
    assert html.index("No held-out rows were given") < html.index("How plausible the rows are")
    assert "As plausible as held-out rows" not in html and "nothing of the real rows" in bare.summary()


def test_the_same_seed_gives_the_same_study(people_model, study):
    again = latent_study(people_model, make_people(120, 2), **ASKED)
    assert again == study
    assert latent_study(people_model, make_people(120, 2), **ASKED, random_state=1) != study


def test_it_comes_back_from_json_and_as_a_frame(study, bare):
    for found in (study, bare):
        assert LatentStudy.from_json(found.to_json()) == found
        frame = found.to_frame()
        assert list(frame["group"]) == [g.name for g in found.groups]
        assert frame["as_real"].isna().all() == (found is bare)
    assert json.loads(study.to_json())["n_paths"] == 30


def test_pictures_show_what_changed(study):
    assert len(study.walks) == 6 and len(study.traversals) == 3
    for picture in [w.picture for w in study.walks] + [t.picture for t in study.traversals]:
        assert set(picture.columns) == {"height", "weight", EVIL, "tall", "seen"}
        assert not any(picture.changed[0])
        for j, name in enumerate(picture.columns):
            if name in (EVIL, "tall"):
                texts = [row[j] for row in picture.cells]
                assert [a != b for a, b in pairwise(texts)] == [row[j] for row in picture.changed[1:]]
        assert {c.name for c in picture.curves} <= {"height", "weight", "seen"}
        assert all(len(set(c.values)) > 1 for c in picture.curves)
    assert [len(w.x) for w in study.walks] == [5] * 6
    assert [c.name for c in study.clouds] == ["samples", "holdout"]
    assert 0 < sum(study.explained) <= 1 + 1e-9
    effects = [t.effect for t in study.traversals]
    assert effects == sorted(effects, reverse=True)


def test_a_number_that_does_nothing_is_not_shown():
    draw = stream(0, "test.dims")
    model = fitted(pd.DataFrame({"x": draw.normal(size=200), "y": draw.normal(size=200)}), latent_dim=5)
    kept = model.model_.raw

    def deaf(z, cond):
        z = z.clone()
        z[:, [0, 1, 3]] = 0
        return kept(z, cond)

    whole = model.model_.whole_block

    def deaf_block(z, cond, key, *, likeliest):
        z = z.copy()
        z[:, [0, 1, 3]] = 0
        return whole(z, cond, key, likeliest=likeliest)

    model.model_.raw, model.model_.whole_block = deaf, deaf_block
    found = latent_study(model, **ASKED)
    assert {t.dim for t in found.traversals[:2]} == {2, 4}
    assert found.traversals[2].effect == 0


def test_the_page_escapes_names_and_fetches_nothing(study):
    html = study.to_html()
    assert EVIL not in html and "<img src=x" not in html
    assert "&lt;script&gt;alert" in html
    own = re.sub(r"<script>.*?</script>", "", html, flags=re.S)
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", own)
    assert "default-src 'none'" in html
    assert all(TITLES[g.name] in html for g in study.groups)
    with_curves = [p.picture for p in (*study.walks, *study.traversals) if p.picture.curves]
    assert html.count('class="plot"') == 2 + len(with_curves) > 2


def test_figures_show_the_numbers(study):
    figure = position_figure(study)
    drawn = {t.name: t for t in figure.data}
    group = study.group("linear")
    np.testing.assert_allclose(
        drawn[TITLES["linear"]].y, [100 * p.value for p in group.positions], atol=0.006
    )
    assert [s.y0 for s in figure.layout.shapes] == [95]
    assert [len(t.x) for t in scatter_figure(study).data[2:]] == [5] * 6


def group_of(name, as_samples, real=None, half=0.005):
    def around(value):
        return None if value is None else Estimate(value, value - half, value + half)

    base, real_base = 0.95, None if real is None else 0.9
    return Group(
        name,
        100,
        900,
        around(as_samples),
        around(as_samples - base),
        around(real),
        None if real is None else around(real - real_base),
        (),
    )


@pytest.mark.parametrize(
    ("along", "real", "kind"),
    [
        (0.95, None, "no holes seen"),
        (0.94, 0.89, "no holes seen"),
        (0.93, None, "cannot be told"),
        (0.92, None, "holes"),
        (0.95, 0.8, "holes"),
        (0.95, 0.85, "cannot be told"),
    ],
)
def test_the_answer_follows_its_rule(along, real, kind):
    groups = {
        "slerp": group_of("slerp", along, real),
        "samples": group_of("samples", 0.95, None if real is None else 0.9),
        "mixtures": group_of("mixtures", 0.8, None if real is None else 0.8),
        "independent": group_of("independent", 0.3, None if real is None else 0.2),
    }
    found, text = answer(groups)
    assert found == kind
    assert text.startswith(f"{kind.capitalize()}: {along:.1%} [")
    assert ("Judged by samples alone" in text) == (real is None)


def test_nothing_can_be_told_where_controls_pass_as_often_as_samples():
    names = ("slerp", "samples", "mixtures", "independent")
    found, text = answer({n: group_of(n, 0.95 - 0.03 * (n == "mixtures")) for n in names})
    assert found == "cannot be told"
    assert "the controls pass about as often as samples do" in text


def test_samples_that_fall_short_of_real_rows_are_named():
    groups = {n: group_of(n, 0.95, 0.5) for n in ("slerp", "samples")}
    groups |= {n: group_of(n, 0.4, 0.1) for n in ("mixtures", "independent")}
    assert "Samples themselves fall short of real rows" in answer(groups)[1]


def test_a_generator_with_a_hole_in_its_walks_is_caught(monkeypatch):
    """Rows of inner points of walks are torn apart; samples are not."""
    draw = stream(0, "test.hole")
    x = draw.normal(size=600)
    table = pd.DataFrame({"x": x, "y": x + 0.1 * draw.normal(size=600)})
    model = fitted(table[:300], max_steps=200, latent_dim=16)
    walks = LatentRows.walks

    def torn(self, *args, **kwargs):
        found = walks(self, *args, **kwargs)
        return found.assign(y=found["y"].to_numpy()[::-1])

    monkeypatch.setattr(LatentRows, "walks", torn)
    assert latent_study(model, table[300:], n_paths=100, verbose=0).kind == "holes"


@pytest.mark.parametrize("prior", ["normal", "uniform"])
def test_numbers_go_to_the_ends_of_their_prior(prior):
    model = fitted(make_people(60, 1)[["height"]], noise_prior=prior)
    found = latent_study(model, **ASKED)
    reach = {"normal": 3, "uniform": np.sqrt(3)}[prior]
    assert found.traversals[0].values[-1] == pytest.approx(reach, abs=1e-3)
    assert ("very nearly a sample" in " ".join(found.remarks)) == (prior == "normal")
    assert ("leave its box" in " ".join(found.remarks)) == (prior == "uniform")


def test_a_table_of_one_column_of_levels():
    table = pd.DataFrame({"g": ["a", "b", "a", "c"] * 20})
    found = latent_study(fitted(table), **ASKED)
    assert found.kind == "cannot be told"
    assert found.walks[0].picture.columns == ("g",) and found.walks[0].picture.curves == ()
    found.to_html()


def test_autoencoders_have_a_latent_space_too():
    model = SynthVAE(max_steps=20, hidden_dims=(8,), latent_dim=3, random_state=0, verbose=0)
    found = latent_study(model.fit(make_people(60, 1)), **ASKED)
    assert (found.model, found.latent_dim) == ("SynthVAE", 3)


def test_wide_tables_of_common_factors():
    draw = stream(0, "test.wide")
    values = draw.normal(size=(60, 4)) @ draw.normal(size=(4, 260)) + draw.normal(size=(60, 260))
    table = pd.DataFrame(values, columns=[f"gene {i}" for i in range(260)])
    model = fitted(table[:40])
    found = latent_study(model, table[40:], n_paths=40, steps=5, verbose=0)
    assert model.encoder_.block_ is not None
    assert found.n_judged_columns == 200 and found.side is None
    assert found.group("slerp").n_walks == 40 and len(found.walks[0].picture.columns) == 12
    assert any("200 of the 260 columns are judged" in r for r in found.remarks)


def test_fewer_walks_are_taken_of_wide_tables(monkeypatch, people_model):
    monkeypatch.setattr("synthgen.studies.latent_rows.MAX_CELLS", 5 * 5 * 25)
    found = latent_study(people_model, **ASKED)
    assert (found.n_paths, found.n_paths_wanted) == (25, 30)
    assert any("25 walks were taken in place of 30" in r for r in found.remarks)


@pytest.fixture(scope="module")
def digits():
    table = load_digits(as_frame=True)
    return table.data.astype("int64").set_axis([f"p{i:03}" for i in range(64)], axis=1).iloc[:150]


def test_rows_that_are_images_are_drawn(digits):
    table = digits.assign(digit=load_digits().target[:150].astype(str))
    found = latent_study(fitted(table, detect_relations=False), n_paths=10, steps=5, verbose=0)
    assert found.side == 8
    assert [len(w.picture.images) for w in found.walks] == [5] * 6
    assert set(found.walks[0].picture.columns) <= {"digit"}
    assert found.to_html().count('<img class="strip" src="data:image/png;base64,') == 6 + 3


def test_images_are_found_by_names_and_values(digits):
    found = find_images(digits)
    assert (found.side, found.low, found.high) == (8, 0, 16)
    assert find_images(digits * draw_scales(64)) is None  # as gene counts: a range of its own for each
    assert find_images(digits - 5 * np.arange(64)) is None
    assert find_images(digits.iloc[:, :63]) is None
    assert find_images(digits.astype(str)) is None


def draw_scales(n):
    return np.exp(stream(0, "test.scales").normal(0, 3, n))


def test_pixels_are_ordered_by_their_number():
    names = [f"p{i}" for i in range(64)]
    assert pixel_columns([*sorted(names), "label"]) == names
    assert pixel_columns([*names, "a", "b", "c", "d"]) == []
    assert pixel_columns([*names[:-1], "p70"]) == []
    assert pixel_columns(["x"]) == pixel_columns([]) == []


def test_a_strip_is_a_png_of_all_images():
    tiles = stream(0, "test.tiles").integers(0, 256, (3, 4, 4), dtype=np.uint8)
    data = base64.b64decode(
        strip([base64.b64encode(t.tobytes()).decode() for t in tiles], 4).partition(",")[2]
    )
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    assert (width, height) == (3 * 4 + 2, 4)
    size = struct.unpack(">I", data[33:37])[0]
    lines = np.frombuffer(zlib.decompress(data[41 : 41 + size]), np.uint8).reshape(4, width + 1)[:, 1:]
    for i, tile in enumerate(tiles):
        np.testing.assert_array_equal(lines[:, 5 * i : 5 * i + 4], tile)
    assert zlib.crc32(data[37 : 41 + size]) == struct.unpack(">I", data[41 + size : 45 + size])[0]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.23456, "1.235"),
        (None, "–"),
        (np.nan, "–"),
        (pd.NaT, "–"),
        (7, "7"),
        (pd.Timestamp("2020-03-01"), "2020-03-01"),
        ("x" * 50, "x" * 39 + "…"),
        (True, "True"),
    ],
)
def test_cells_are_short(value, text):
    assert cell(value) == text


def test_models_without_a_latent_space_are_refused(people_model):
    copula = GaussianCopula(random_state=0).fit(make_people(60, 1)[["height"]])
    with pytest.raises(ParameterError, match="GaussianCopula, which has no latent space; SynthGAN and"):
        latent_study(copula)
    with pytest.raises(NotFittedError):
        latent_study(SynthGAN())
    constant = fitted(pd.DataFrame({"a": [1.0] * 20}))
    with pytest.raises(DataError, match="no latent space"):
        latent_study(constant)


def test_held_out_rows_must_fit(people_model):
    holdout = make_people(60, 2)
    with pytest.raises(DataError, match="held-out table lacks column 'weight'"):
        latent_study(people_model, holdout.drop(columns="weight"), **ASKED)
    with pytest.raises(DataError, match="at least 20 rows"):
        latent_study(people_model, holdout.head(19), **ASKED)
    with pytest.raises(DataError, match="height"):
        latent_study(people_model, holdout.assign(height="tall"), **ASKED)


def test_columns_that_the_model_does_not_know_are_ignored(people_model, study):
    holdout = make_people(120, 2).assign(more=1)
    assert latent_study(people_model, holdout, **ASKED) == study


@pytest.mark.parametrize(("name", "value"), [("n_paths", 1), ("steps", 2), ("random_state", -1)])
def test_parameters_are_held_to_their_ranges(people_model, name, value):
    with pytest.raises(ParameterError, match=name):
        latent_study(people_model, **{**ASKED, name: value})


def test_no_remark_is_lost_without_warnings(study):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = replace(study, remarks=("one", "two")).summary()
    assert found.endswith("- one\n- two")
