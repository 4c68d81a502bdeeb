# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A program for a machine, as a file: instructions, constants, and where its tensors stand."""

import json
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

from macaw.arch.machine import MachineConfig

__all__ = ["PROGRAM_VERSION", "Program", "ProgramError", "TensorPlace"]

#: The version of the format and of the instructions in it. A machine takes no other.
PROGRAM_VERSION = 6

_MAGIC = b"macaw program\n"
_NUMBER = 4


class ProgramError(ValueError):
    """A file that is no program, is damaged, or is of another version or machine."""


@dataclass(frozen=True, kw_only=True)
class TensorPlace:
    """An 8-bit image [height, width, channels] in the memory outside, from word ``address`` on: its
    rows one behind the other, each beginning with a new word.

    ``transposed`` says that it stands there as the image [width, height, channels]: then the rows
    in memory are its columns.
    """

    name: str
    address: int
    height: int
    width: int
    channels: int
    signed: bool
    transposed: bool = False

    @property
    def rows(self) -> int:
        """Rows in memory."""
        return self.width if self.transposed else self.height

    @property
    def row_bytes(self) -> int:
        """Bytes in use of a row in memory."""
        return (self.height if self.transposed else self.width) * self.channels


@dataclass(frozen=True, kw_only=True)
class Program:
    """What a machine of ``config_digest`` runs.

    ``image`` is what the memory outside holds from word 0 on, before anything runs: instructions
    and constants. ``body`` is the word of the first instruction of one inference, ``prologue`` that
    of what is run once before, if there is any. A run needs ``memory_words`` words of memory.
    """

    name: str
    config_digest: str
    image: bytes
    body: int
    memory_words: int
    inputs: tuple[TensorPlace, ...]
    outputs: tuple[TensorPlace, ...]
    prologue: int | None = None

    def to_bytes(self) -> bytes:
        """The file: a mark, a version, a header of JSON, the image, and a CRC-32 of all that."""
        header = asdict(self)
        del header["image"]
        text = json.dumps(header, sort_keys=True).encode()
        parts = (_MAGIC, _number(PROGRAM_VERSION), _number(len(text)), text, self.image)
        content = b"".join(parts)
        return content + _number(zlib.crc32(content))

    @staticmethod
    def from_bytes(content: bytes) -> "Program":
        """The program of a file.

        Raises `ProgramError` for anything else, a damaged file or another version.
        """
        start = len(_MAGIC) + 2 * _NUMBER
        if not content.startswith(_MAGIC):
            raise ProgramError("file must be a Macaw program, and does not begin like one")
        if len(content) < start + _NUMBER:
            raise ProgramError(f"program must be complete, not {len(content)} bytes long")
        version = int.from_bytes(content[len(_MAGIC) : len(_MAGIC) + _NUMBER], "little")
        if version != PROGRAM_VERSION:
            raise ProgramError(
                f"program must be of version {PROGRAM_VERSION}, not {version}: compile it again"
            )
        body, checksum = content[:-_NUMBER], content[-_NUMBER:]
        if _number(zlib.crc32(body)) != checksum:
            raise ProgramError(
                "program must have the checksum that stands at its end: its file "
                "is damaged or incomplete"
            )
        size = int.from_bytes(body[start - _NUMBER : start], "little")
        values = json.loads(body[start : start + size])
        for name in ("inputs", "outputs"):
            values[name] = tuple(TensorPlace(**each) for each in values[name])
        return Program(image=body[start + size :], **values)

    def save(self, path: Path) -> None:
        """Writes the file."""
        path.write_bytes(self.to_bytes())

    @staticmethod
    def load(path: Path) -> "Program":
        """Reads a file; raises `ProgramError` as `from_bytes` does, and ``OSError``."""
        return Program.from_bytes(path.read_bytes())

    def check(self, config: MachineConfig) -> None:
        """Raises `ProgramError` unless the program is for ``config``."""
        if self.config_digest != config.digest:
            raise ProgramError(
                f"{self.name}: program must be for a machine {config.digest} ({config.name}), "
                f"not for {self.config_digest}: compile it for this one"
            )


def _number(value: int) -> bytes:
    return value.to_bytes(_NUMBER, "little")
