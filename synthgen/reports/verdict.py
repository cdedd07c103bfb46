"""One sentence of judgement."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """One sentence of judgement, and what it is about.

    Parameters
    ----------
    kind : {"leak", "wrong", "unknown", "minor", "good"}
        Something of the real rows is given away; something differs from them; something could not be judged; a
        difference is slight;
        something is as it should be.
    about : str
        What it is about: ``columns``, ``pairs``, ``relations``, ``regions``, ``detection``, ``utility``, ``copies``, ``near copies``,
        ``membership``, ``disclosure``, ``rows``, ``holdout`` or ``skipped``.
    sentence : str
        The judgement, with its figures.
    columns : tuple of str
        The columns concerned, if any.
    advice : str
        What to try next; often empty.
    """

    kind: str
    about: str
    sentence: str
    columns: tuple[str, ...] = ()
    advice: str = ""
