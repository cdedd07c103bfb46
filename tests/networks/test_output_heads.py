"""Soft and hard choices, against torch's own softmax."""

import pytest
import torch

from synthgen.layout import Block, MatrixLayout
from synthgen.networks.output_heads import OutputHeads

LAYOUT = MatrixLayout(
    (
        Block("a", "one-hot", 0, 3, ("x", "y", "<rest>")),
        Block("a", "numeric", 3, 4, ("score",), gate=2),
        Block("b", "numeric", 4, 5, ("score",)),
        Block("c", "one-hot", 5, 7, ("f", "m")),
        Block("d", "one-hot", 7, 10, ("1", "2", "3")),
    )
)
ONE_HOT = list(LAYOUT.one_hot)


@pytest.fixture
def raw():
    return torch.randn(50, 10, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def gumbel():
    return torch.randn(50, 8, generator=torch.Generator().manual_seed(1))


def test_blocks_are_softmax_of_logits_plus_noise(raw, gumbel):
    rows = OutputHeads(LAYOUT)(raw, gumbel, 0.5)
    noise = {"c": gumbel[:, 0:2], "a": gumbel[:, 2:5], "d": gumbel[:, 5:8]}  # narrow blocks come first
    for block in ONE_HOT:
        expected = torch.softmax((raw[:, block.start : block.stop] + noise[block.column]) / 0.5, dim=1)
        torch.testing.assert_close(rows[:, block.start : block.stop], expected)


def test_numbers_are_weighted_by_their_gate(raw, gumbel):
    rows = OutputHeads(LAYOUT)(raw, gumbel, 0.5)
    torch.testing.assert_close(rows[:, 3], raw[:, 3] * rows[:, 2])
    torch.testing.assert_close(rows[:, 4], raw[:, 4])


def test_hard_rows_are_the_limit_of_soft_ones(raw, gumbel):
    heads = OutputHeads(LAYOUT)
    torch.testing.assert_close(heads.harden(raw, gumbel), heads(raw, gumbel, 1e-4), atol=1e-3, rtol=0)


def test_hard_choices_follow_the_probabilities():
    heads = OutputHeads(LAYOUT)
    raw = torch.tensor([[0.0, 1.0, -1.0, 0, 0, 2.0, 0.0, 0.5, 0.0, -2.0]]).repeat(40_000, 1)
    noise = -torch.empty(40_000, 8).exponential_(generator=torch.Generator().manual_seed(0)).log()
    found = heads.harden(raw, noise).mean(0)
    for block in ONE_HOT:
        own = slice(block.start, block.stop)
        torch.testing.assert_close(found[own], torch.softmax(raw[0, own], dim=0), atol=0.01, rtol=0)


def test_groups_hold_every_one_hot_column_once():
    groups = OutputHeads(LAYOUT).one_hot_groups()
    assert [g.tolist() for g in groups] == [[[5, 6]], [[0, 1, 2], [7, 8, 9]]]


def test_gradients_reach_logits_and_numbers(raw, gumbel):
    raw.requires_grad_()
    OutputHeads(LAYOUT)(raw, gumbel, 0.5).square().sum().backward()
    assert (raw.grad.abs().sum(0) > 0).all()


@pytest.mark.parametrize(
    "blocks", [(Block("b", "numeric", 0, 1, ("score",)),), (Block("c", "one-hot", 0, 2, ("f", "m")),)]
)
def test_layouts_of_one_sort(blocks):
    layout = MatrixLayout(blocks)
    heads = OutputHeads(layout)
    rows = heads.harden(torch.randn(5, layout.width), torch.randn(5, heads.n_one_hot))
    assert rows.shape == (5, layout.width)
