"""A folder while a sample is written to it.

While files are written, the folder ``.running`` holds the request and a record of each file, written before the file
gets its name; so a run that is killed leaves nothing that is not known. In the end ``_manifest.json`` holds all of it. Both names
are of those that pyarrow, pandas and Spark pass over when they read a folder.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from synthgen.exceptions import FileError
from synthgen.table.manifest import FileRecord, Manifest, SampleRequest
from synthgen.table.part_folder import Fill, PartFolder

MANIFEST = "_manifest.json"
RUNNING = ".running"
_REQUEST = f"{RUNNING}/request.json"
_LEFT_BEHIND = re.compile(r"\.(part-\d+\.[a-z]+|_manifest\.json)\.[0-9a-f]{8}\.part")
"""Files that a run was writing when it was killed."""


class SampleFolder:
    """A folder while a sample is written to it.

    Parameters
    ----------
    folder : PartFolder
        Made already, and locked where that is possible.
    """

    def __init__(self, folder: PartFolder) -> None:
        self.folder = folder

    def begin(self, request: SampleRequest, *, any_seed: bool, overwrite: bool) -> SampleRequest:
        """Say what is to be written, or take up what was begun.

        Parameters
        ----------
        request : SampleRequest
            What is asked for.
        any_seed : bool
            Whether the seed was only drawn: then that of the folder is taken.
        overwrite : bool
            Whether the files of another request may be removed.

        Returns
        -------
        SampleRequest
            What is to be written.

        Raises
        ------
        FileError
            If the folder holds files of another request, or anything else; or cannot be written to; or what it says
            of itself is damaged.
        """
        before = self._before()
        if before is not None and any_seed:
            request = replace(request, seed=before.seed)
        self._check_others(before)
        if before is not None and (difference := request.difference(before)):
            if not overwrite:
                raise FileError(
                    f"{self.folder.address}: holds another sample ({difference}); give another folder, or overwrite=True "
                    "(--force) to replace it."
                )
            self._clear(before)
            before = None
        if before != request:
            text = json.dumps(asdict(request), indent=1).encode()
            self.folder.write(_REQUEST, lambda sink: _put(sink, text))
        self._sweep()
        return request

    def whole(self, request: SampleRequest) -> dict[int, FileRecord]:
        """The files that need not be written again: of the right size and checksum.

        Parameters
        ----------
        request : SampleRequest
            What is to be written.

        Returns
        -------
        dict of int to FileRecord
            By number.
        """
        sizes, digest = self.folder.sizes(), request.digest
        found: dict[int, FileRecord] = {}
        for record in self._records():
            number = request.number(record.name)
            if number is None or number in found:
                continue
            first, last = request.rows(number)
            wanted = (first, last - first, sizes.get(record.name), digest)
            if (record.first_row, record.rows, record.bytes, record.request) != wanted:
                continue
            if self.folder.sha256(record.name) == record.sha256:
                found[number] = record
        return found

    def write(self, request: SampleRequest, number: int, fill: Fill) -> FileRecord:
        """Write one file, and its record before it has its name.

        Parameters
        ----------
        request : SampleRequest
            What is to be written.
        number : int
            Of the file.
        fill : callable
            Writes its content to a `synthgen.table.part_folder.HashingSink`.

        Returns
        -------
        FileRecord
            Of the file.
        """
        name, (first, last) = request.name(number), request.rows(number)
        done: list[FileRecord] = []

        def seal(n_bytes: int, sha256: str) -> None:
            done.append(FileRecord(name, first, last - first, n_bytes, sha256, request.digest))
            text = json.dumps(asdict(done[0])).encode()
            self.folder.write(f"{RUNNING}/{name}.json", lambda sink: _put(sink, text))

        self.folder.write(name, fill, seal)
        return done[0]

    def finish(
        self, request: SampleRequest, records: Mapping[int, FileRecord], n_written: int, streams: str
    ) -> Manifest:
        """Write the manifest; what was kept for an interruption goes.

        Parameters
        ----------
        request : SampleRequest
            What was written.
        records : mapping of int to FileRecord
            Of all files.
        n_written : int
            Of these, how many this run wrote.
        streams : str
            As for `Manifest`.

        Returns
        -------
        Manifest
            Of the folder.
        """
        files = tuple(records[number] for number in range(request.n_files))
        found = Manifest(self.folder.address, request, files, n_written, streams)
        text = (json.dumps(found.to_dict(), indent=1) + "\n").encode()
        sizes = self.folder.sizes()
        if MANIFEST not in sizes or self.folder.read(MANIFEST) != text:
            self.folder.write(MANIFEST, lambda sink: _put(sink, text))
        if f"{RUNNING}/" in sizes:
            self.folder.remove(f"{RUNNING}/")
        self._sweep()
        return found

    def _before(self) -> SampleRequest | None:
        """What the folder is of; the request of a longer run that was begun goes before the manifest."""
        begun, ended = self._json(_REQUEST), self._json(MANIFEST)
        before = None
        if ended is not None:
            with self._reading(MANIFEST):
                before = SampleRequest.from_dict(ended["request"])
                for record in ended["files"]:
                    FileRecord.from_dict(record)
        if begun is not None:
            with self._reading(_REQUEST):
                before = SampleRequest.from_dict(begun)
        return before

    def _check_others(self, before: SampleRequest | None) -> None:
        """Refuse what no record of the folder's own knows, be it called as our files are."""
        others = [
            name
            for name in self.folder.sizes()
            if name not in (MANIFEST, f"{RUNNING}/")
            and not _LEFT_BEHIND.fullmatch(name)
            and (before is None or before.number(name) is None)
        ]
        if others:
            more = f" and {len(others) - 1:,} more" if len(others) > 1 else ""
            raise FileError(
                f"{self.folder.address}: holds other things ({others[0]}{more}), which a folder of samples must not; "
                "give an empty folder, or the name of one that is to be made."
            )

    def _sweep(self) -> None:
        """Remove what was being written when a run, or a worker of it, was killed."""
        for name in self.folder.sizes():
            if _LEFT_BEHIND.fullmatch(name):
                self.folder.remove(name)

    def _clear(self, before: SampleRequest) -> None:
        """Remove what the folder's own records name, the records last: who is killed here can call again."""
        sizes = self.folder.sizes()
        names = [name for name in sizes if before.number(name) is not None]
        for name in [*names, f"{RUNNING}/", MANIFEST]:
            if name in sizes:
                self.folder.remove(name)

    def _records(self) -> Iterator[FileRecord]:
        """What is written of files: by the run that was ended, then by one that ended well."""
        for name in self.folder.sizes(RUNNING):
            if name.startswith("part-"):
                with contextlib.suppress(FileError):  # damaged: the file is written again
                    yield self._record(f"{RUNNING}/{name}")
        ended = self._json(MANIFEST)
        yield from () if ended is None else map(FileRecord.from_dict, ended["files"])

    def _record(self, name: str) -> FileRecord:
        with self._reading(name):
            return FileRecord.from_dict(json.loads(self.folder.read(name)))

    def _json(self, name: str) -> Any:
        """What a file of the folder's own holds; None if it is not there."""
        folder, _, own = name.rpartition("/")
        if own not in self.folder.sizes(folder):
            return None
        with self._reading(name):
            return json.loads(self.folder.read(name))

    @contextlib.contextmanager
    def _reading(self, name: str) -> Iterator[None]:
        """Errors of a file that is damaged, or not ours."""
        try:
            yield
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise FileError(
                f"{self.folder.address}: {name} is damaged, or not one of synthgen's; give another folder, or empty this one."
            ) from error


def _put(sink: Any, text: bytes) -> None:
    sink.write(text)
