"""A small table with numbers, text and coded levels, split; from scikit-learn's bundled wine data."""

from dataclasses import replace

import numpy as np
from sklearn.datasets import load_wine

from benchmarks.tables.splits import Split, Table, categorical


def wine_split(n_train=120):
    data = load_wine(as_frame=True)
    frame = data.frame.iloc[:, [0, 4, 5, 9]].copy()
    frame["magnesium"] = frame["magnesium"].astype("int64")
    frame["hue"] = np.where(frame.index % 7 == 0, None, np.where(data.frame["hue"] > 1, "high", "low"))
    frame["class"] = (data.target > 0).astype("int64")
    frame = frame.sample(frac=1, random_state=0).reset_index(drop=True)
    table = Table("wine", "class", levels=("class",))
    train, holdout = frame[:n_train], frame[n_train:].reset_index(drop=True)
    return Split(table, train, holdout, categorical(train, table))


def with_train(split, train):
    return replace(split, train=train)
