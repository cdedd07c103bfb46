"""The map of a matrix."""

import pytest

from synthgen.exceptions import SchemaError
from synthgen.layout import Block, MatrixLayout

GATE = Block("age", "one-hot", 0, 2, ("<missing>", "<rest>"))
SCORE = Block("age", "numeric", 2, 3, ("score",), gate=1)
SEX = Block("sex", "one-hot", 3, 5, ("f", "m"))
LAYOUT = MatrixLayout((GATE, SCORE, SEX))


def test_width_names_and_parts():
    assert LAYOUT.width == 5
    assert LAYOUT.names == ["age=<missing>", "age=<rest>", "age~score", "sex=f", "sex=m"]
    assert LAYOUT.one_hot == (GATE, SEX)
    assert LAYOUT.numeric == (SCORE,)
    assert LAYOUT.columns_of(("age",)) == [0, 1, 2]


@pytest.mark.parametrize("blocks", [(SEX,), (GATE, SEX), (Block("a", "one-hot", 0, 2, ("x",)),)])
def test_gaps_and_missing_labels_are_refused(blocks):
    with pytest.raises(SchemaError, match="does not start at column"):
        MatrixLayout(blocks)


def test_an_empty_layout_has_no_width():
    assert MatrixLayout(()).width == 0
