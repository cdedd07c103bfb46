import numpy as np
import pytest
from sklearn.decomposition import PCA

from synthgen.metrics.pca_overlay import MAX_POINTS, fit_axes, pca_overlay, projected
from synthgen.rng import stream


def rows(n=80, p=300, seed=0):
    draw = stream(seed, "test.pca_overlay")
    return (
        draw.normal(size=(p, 4)) * [8, 5, 1, 1] @ draw.normal(size=(4, n)) + draw.normal(size=(p, n)) + 3
    ).astype(np.float32)


def axes_of(values):
    centre = np.nanmean(values, axis=1)
    return fit_axes(values, centre, np.ones(len(values)), 0)


@pytest.mark.parametrize("p", [300, 20])
def test_axes_are_those_of_scikit_learn_up_to_their_sign(p):
    values = rows(p=p)
    found, expected = axes_of(values), PCA(2).fit(values.T.astype(float))
    np.testing.assert_allclose(found.explained, expected.explained_variance_ratio_, rtol=1e-4)
    cosines = np.abs((found.directions * expected.components_.T).sum(axis=0))
    np.testing.assert_allclose(cosines, 1, atol=1e-4)
    places = projected(found, values, 0)
    np.testing.assert_allclose(np.abs(places), np.abs(expected.transform(values.T)), rtol=1e-3, atol=1e-2)


def test_a_missing_value_lies_at_the_centre():
    values = rows()
    found = axes_of(values)
    filled = values.copy()
    filled[5, :10] = found.centre[5]
    values[5, :10] = np.nan
    np.testing.assert_allclose(projected(found, values, 0), projected(found, filled, 0), rtol=1e-5, atol=1e-4)


def test_columns_of_scale_zero_have_no_part():
    values = rows()
    scale = (np.arange(300) != 3).astype(float)
    found = fit_axes(values, values.mean(axis=1), scale, 0)
    assert (found.directions[3] == 0).all()


def test_the_first_table_gives_the_unit():
    values = rows(n=600)
    found = axes_of(values)
    places = {
        "ceiling": projected(found, values[:, :500], 0),
        "synthetic": projected(found, values[:, 500:], 0),
    }
    overlay = pca_overlay(found, {**places, "nothing": None})
    assert list(overlay.points) == ["ceiling", "synthetic"]
    assert overlay.means["ceiling"] == pytest.approx((0, 0), abs=1e-6) and overlay.spreads["ceiling"] == (
        1,
        1,
    )
    assert [len(axis) for axis in overlay.points["ceiling"]] == [MAX_POINTS] * 2
    np.testing.assert_allclose(
        overlay.means["synthetic"],
        (places["synthetic"].mean(axis=0) - places["ceiling"].mean(axis=0)) / places["ceiling"].std(axis=0),
        atol=1e-3,
    )


def test_there_are_no_axes_where_nothing_varies_in_two_directions():
    assert axes_of(np.ones((5, 10), dtype=np.float32)) is None
    line = np.outer(np.arange(5), np.arange(10)).astype(np.float32)
    assert axes_of(line) is None
