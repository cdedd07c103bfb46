"""Blocked gzip, as bgzip makes it, so that tabix and bcftools can index a compressed VCF.

The format is small, and writing it here makes a full disk an error: the libraries that read VCF files do not say
when a write fails.
"""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
"""The empty block that ends every whole file."""
_BLOCK = 65_280
"""Bytes in a block before compression: even if they cannot be compressed, the block stays below 64 KiB."""
_LEVEL = 4
"""Of compression: 4 times as fast as 6 on genotypes, 15% larger."""


class BlockedGzip:
    """A binary file that compresses what is written to it.

    Parameters
    ----------
    file : binary file
        Open for writing. It is not closed.

    Notes
    -----
    Each block is a gzip member of its own, with an extra field BC that holds its length less one [1]_.

    References
    ----------
    .. [1] The SAM/BAM format specification, section 4.1 (https://samtools.github.io/hts-specs/SAMv1.pdf).
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._rest = bytearray()

    def write(self, content: bytes) -> None:
        """Write bytes.

        Parameters
        ----------
        content : bytes
            Any number of them.
        """
        self._rest += content
        n_whole = len(self._rest) // _BLOCK * _BLOCK
        for start in range(0, n_whole, _BLOCK):
            self._file.write(_compressed(self._rest[start : start + _BLOCK]))
        del self._rest[:n_whole]

    def finish(self) -> None:
        """Write what is left, and the end."""
        if self._rest:
            self._file.write(_compressed(self._rest))
            self._rest.clear()
        self._file.write(END)


def _compressed(content: bytearray) -> bytes:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = packer.compress(content) + packer.flush()
    length = struct.pack("<H", len(body) + len(END) - 3)  # END's body has 2 bytes
    return b"".join((END[:16], length, body, struct.pack("<II", zlib.crc32(content), len(content))))
