"""LightGBM's text of trees, read by ourselves first: its own parser trusts what it reads.

A text whose sizes or children are wrong can make LightGBM read outside its memory or walk a circle. So the numbers of
every tree are checked here, and only they are handed on, in a text written anew.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

MAX_LEAVES = 1024
"""Of one tree; synthgen's have at most 63."""
MAX_TREES = 10_000
"""In one text; synthgen's have at most 200."""
MAX_FEATURES = 100_000
_TREE = re.compile(r"^Tree=\d+\n(.*?)\n\n", re.MULTILINE | re.DOTALL)
_HEAD = re.compile(r"\Atree\n(.*?)\n\n", re.DOTALL)
_NAN_KINDS = (0, 1, 2)
"""Bits 2 and 3 of a decision: nothing, zeros or NaN are missing."""


@dataclass(frozen=True)
class Tree:
    """One tree of L leaves; inner node i has the children ``left[i]`` and ``right[i]``, leaf k is -1 - k.

    Parameters
    ----------
    feature, decision, left, right : ndarray of int64, shape (L - 1,)
        Feature that is compared, LightGBM's kind of comparison, children.
    threshold : ndarray of float64, shape (L - 1,)
        A row goes left at or below it; infinite where only missing values go elsewhere.
    value : ndarray of float64, shape (L,)
        Of the leaves.
    """

    feature: np.ndarray
    decision: np.ndarray
    left: np.ndarray
    right: np.ndarray
    threshold: np.ndarray
    value: np.ndarray


def checked_text(text: str) -> str:
    """The same trees in a text that LightGBM can be given.

    Parameters
    ----------
    text : str
        LightGBM's model in its text format: one output, no categorical splits, no linear leaves.

    Returns
    -------
    str
        The same predictions; gains, counts and parameters are left out.

    Raises
    ------
    ValueError
        If the text is not of that format, or a number in it is out of range.
    """
    n_features, trees = read_trees(text)
    return _text(n_features, trees)


def read_trees(text: str) -> tuple[int, list[Tree]]:
    """The numbers of LightGBM's text.

    Parameters
    ----------
    text : str
        See `checked_text`.

    Returns
    -------
    n_features : int
        Columns of what the trees predict from.
    trees : list of Tree
        Each a proper tree: every node but the root is the child of one earlier node.

    Raises
    ------
    ValueError
        If the text is not of that format, or a number in it is out of range.
    """
    head, body, _ = text.partition("end of trees\n")
    found = _HEAD.match(head)
    if found is None or not body:
        raise ValueError("no trees of LightGBM")
    facts = _facts(found[1])
    if (facts.get("num_class"), facts.get("num_tree_per_iteration")) != ("1", "1"):
        raise ValueError("trees of more than one output")
    n_features = int(_integers(facts, "max_feature_idx", 1)[0]) + 1
    if not 1 <= n_features <= MAX_FEATURES:
        raise ValueError(f"{n_features} features")
    rest = head[found.end() :]
    trees = [_tree(_facts(part[1]), n_features) for part in _TREE.finditer(rest)]
    if len(trees) != rest.count("Tree=") or len(trees) > MAX_TREES:
        raise ValueError("damaged trees of LightGBM")
    return n_features, trees


def _facts(lines: str) -> dict[str, str]:
    pairs = [line.partition("=") for line in lines.splitlines() if line]
    facts = {key: value for key, _, value in pairs}
    if len(facts) < len(pairs):
        raise ValueError("a key stands twice in a tree")
    return facts


def _tree(facts: dict[str, str], n_features: int) -> Tree:
    n_leaves = int(_integers(facts, "num_leaves", 1)[0])
    if not 1 <= n_leaves <= MAX_LEAVES:
        raise ValueError(f"a tree of {n_leaves} leaves")
    if facts.get("num_cat", "0") != "0" or facts.get("is_linear", "0") != "0":
        raise ValueError("a tree with categorical splits or linear leaves")
    value = _floats(facts, "leaf_value", n_leaves)
    if not np.isfinite(value).all():
        raise ValueError("a leaf whose value is not finite")
    if n_leaves == 1:
        none = np.zeros(0, dtype=np.int64)
        return Tree(none, none, none, none, np.zeros(0), value)
    names = ("split_feature", "decision_type", "left_child", "right_child")
    feature, decision, left, right = (_integers(facts, name, n_leaves - 1) for name in names)
    threshold = _floats(facts, "threshold", n_leaves - 1)
    if feature.min() < 0 or feature.max() >= n_features:
        raise ValueError("a split on a feature that is not there")
    if not np.isin(decision & ~2, [kind << 2 for kind in _NAN_KINDS]).all():  # bit 1: missing goes left
        raise ValueError("an unknown kind of split")
    _check_children(left, right)
    return Tree(feature, decision, left, right, threshold, value)


def _check_children(left: np.ndarray, right: np.ndarray) -> None:
    """Every inner node but the root and every leaf once, and after its parent: so there is no circle."""
    n_inner = len(left)
    children = np.concatenate([left, right])
    if not np.array_equal(np.sort(children), np.r_[-n_inner - 1 : 0, 1:n_inner]):
        raise ValueError("children that are no tree")
    inner = children > 0
    if (children[inner] <= np.tile(np.arange(n_inner), 2)[inner]).any():
        raise ValueError("children that are no tree")


def _integers(facts: dict[str, str], name: str, n: int) -> np.ndarray:
    words = facts.get(name, "").split()
    if len(words) != n or not all(re.fullmatch(r"-?\d{1,9}", word, re.ASCII) for word in words):
        raise ValueError(f"{name} has not {n} whole numbers")
    return np.array([int(word) for word in words], dtype=np.int64)


def _floats(facts: dict[str, str], name: str, n: int) -> np.ndarray:
    words = facts.get(name, "").split()
    if len(words) != n:
        raise ValueError(f"{name} has not {n} numbers")
    return np.array([float(word) for word in words])


def _text(n_features: int, trees: list[Tree]) -> str:
    parts = [f"Tree={number}\n{_tree_text(tree)}\n\n" for number, tree in enumerate(trees)]
    head = {
        "version": "v4",
        "num_class": 1,
        "num_tree_per_iteration": 1,
        "label_index": 0,
        "max_feature_idx": n_features - 1,
        "objective": "binary sigmoid:1",
        "feature_names": " ".join(f"Column_{i}" for i in range(n_features)),
        "feature_infos": " ".join(["none"] * n_features),
        "tree_sizes": " ".join(str(len(part)) for part in parts),
    }
    lines = "\n".join(f"{key}={value}" for key, value in head.items())
    return f"tree\n{lines}\n\n{''.join(parts)}end of trees\n\npandas_categorical:null\n"


def _tree_text(tree: Tree) -> str:
    facts: dict[str, object] = {"num_leaves": len(tree.value), "num_cat": 0}
    if len(tree.left):
        columns = {
            "split_feature": tree.feature,
            "threshold": tree.threshold,
            "decision_type": tree.decision,
            "left_child": tree.left,
            "right_child": tree.right,
        }
        facts |= {key: " ".join(map(repr, values.tolist())) for key, values in columns.items()}
    facts |= {"leaf_value": " ".join(map(repr, tree.value.tolist())), "is_linear": 0, "shrinkage": 1}
    return "\n".join(f"{key}={value}" for key, value in facts.items()) + "\n"
