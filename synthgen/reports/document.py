"""What every outcome of a measurement can be turned into: plain data, JSON, a page, a file."""

from __future__ import annotations

import abc
import json
import os
from pathlib import Path
from typing import Any, ClassVar, Self

from synthgen.exceptions import DataError, FileError
from synthgen.reports.plain import from_plain_data, to_plain_data


class PlainData:
    """A frozen dataclass of scalars, tuples, mappings and such dataclasses."""

    def to_dict(self) -> dict[str, Any]:
        """As plain data.

        Returns
        -------
        dict
            What JSON can hold; None in place of what is not a number.
        """
        return dict(to_plain_data(self))

    def to_json(self) -> str:
        """As strict JSON text.

        Returns
        -------
        str
            Indented by two spaces.
        """
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)


class Document(PlainData, abc.ABC):
    """Plain data of a stated format version, that come back from JSON and have a page.

    A subclass is a frozen dataclass with the field ``format_version``.
    """

    _called: ClassVar[str]
    """What messages call it."""
    _newest_format: ClassVar[int]
    """Of the JSON form."""

    @abc.abstractmethod
    def to_html(self) -> str:
        """As one page that needs no network and no other file."""

    @classmethod
    def from_json(cls, text: str) -> Self:
        """From `to_json`'s text.

        Parameters
        ----------
        text : str
            JSON.

        Returns
        -------
        Self
            Equal to the one that was written.

        Raises
        ------
        DataError
            If the text is not JSON, holds something else, or is from a newer version.
        """
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:  # the latter from thousands of nested brackets
            raise DataError(f"The {cls._called} is not JSON: {error}.") from error
        version = data.get("format_version") if isinstance(data, dict) else None
        if not isinstance(version, int):
            raise DataError(f"The JSON is not a synthgen {cls._called}: it has no `format_version`.")
        if version > cls._newest_format:
            raise DataError(
                f"The {cls._called} has format version {version}, this synthgen reads up to {cls._newest_format}; "
                "upgrade it."
            )
        return from_plain_data(cls, data, f"The {cls._called}")

    def _repr_html_(self) -> str:
        """The page in a frame of its own, as notebooks show it."""
        from synthgen.reports.frame import notebook_frame

        return notebook_frame(self.to_html())

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> None:
        """Write the page or the data, whole or not at all.

        Parameters
        ----------
        path : path-like
            Ends in ``.html`` or ``.json``.
        overwrite : bool
            Whether an existing file may be replaced.

        Raises
        ------
        FileError
            If the suffix is another, or the file cannot be written.
        """
        from synthgen.reports.render import write

        suffix = Path(path).suffix.lower()
        if suffix not in (".html", ".htm", ".json"):
            raise FileError(
                f"{path}: a {self._called} is written as .html or .json; got the suffix {suffix!r}."
            )
        write(path, self.to_json() if suffix == ".json" else self.to_html(), overwrite=overwrite)
