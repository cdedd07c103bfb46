"""Membership attacks: synthgen's own, the one metric here that is not independent of it."""

from __future__ import annotations

import pandas as pd

from synthgen import infer_schema
from synthgen.metrics.membership import membership, split_holdout
from synthgen.metrics.tables import code_tables


def membership_attacks(
    train: pd.DataFrame, holdout: pd.DataFrame, synthetic: pd.DataFrame, seed: int
) -> dict[str, object]:
    """The attacks of ``synthgen evaluate``: whether training rows can be told from held-out ones.

    Returns
    -------
    dict of str to object
        ``membership_auc``: the largest AUC of all attacks, biased upward by the choice; ``membership_auc_chosen``:
        each attack chosen on one half and measured on the other; ``membership_attacks``: AUC by attack.
    """
    tables = {"real": train, "synthetic": synthetic, "holdout": holdout}
    coded = code_tables(tables, infer_schema(train))
    outsiders, reference, _ = split_holdout(coded["holdout"], seed)
    found = membership(coded["real"], coded["synthetic"], outsiders, reference, seed)
    aucs = {a.name: a.auc.value for a in found.attacks}
    return {
        "membership_auc": max(aucs.values()) if aucs else None,
        "membership_auc_chosen": found.auc.value,
        "membership_attacks": aucs,
    }
