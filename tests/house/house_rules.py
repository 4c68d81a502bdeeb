# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Rules for single files; each gives a sentence for every breach."""

import re
from pathlib import Path

SPDX = (
    "SPDX-FileCopyrightText: 2026 The Macaw authors",
    "SPDX-License-Identifier: Apache-2.0",
)
MAXIMUM_LINES = 400
MAXIMUM_BYTES = 300_000

_COMMENTED = {
    ".py", ".toml", ".sv", ".v", ".vlt", ".cpp", ".h", ".sh", ".yml", ".yaml", ".mk", ".lpf",
}  # fmt: skip
_GENERATED = {".pyc", ".vcd", ".fst", ".il", ".o", ".so", ".a", ".bit", ".config", ".log", ".svf"}
# Such a folder at the root, but neither one below another folder nor the end of an address.
_MACHINE_PATH = re.compile(
    r"(?<![\w.~:/-])/(?:home|root|work|tmp|mnt|opt|Users|farm)(?=[/\s\"'`)]|$)"
)


def spdx_violations(path: Path, text: str) -> list[str]:
    """Source files start with the two lines of SPDX, in the comments of their language; a
    ``#!`` line may stand before."""
    if path.suffix not in _COMMENTED and not text.startswith("#!") and path.name != "Makefile":
        return []
    lines = text.splitlines()
    if lines and lines[0].startswith("#!"):
        lines = lines[1:]
    mark = "#" if text.startswith("#") or not text else "//"
    if lines[:2] == [f"{mark} {line}" for line in SPDX]:
        return []
    return [f"{path} must start with the two SPDX lines"]


def path_violations(path: Path, text: str) -> list[str]:
    """No file names a folder of one machine."""
    return [
        f"{path}:{number} must not name a folder of one machine: {line.strip()}"
        for number, line in enumerate(text.splitlines(), 1)
        if _MACHINE_PATH.search(line)
    ]


def length_violations(path: Path, text: str) -> list[str]:
    """No source file is longer than `MAXIMUM_LINES`."""
    count = len(text.splitlines())
    if path.suffix not in _COMMENTED or count <= MAXIMUM_LINES:
        return []
    return [f"{path} must have at most {MAXIMUM_LINES} lines, not {count}"]


def generated_violations(path: Path, size: int) -> list[str]:
    """No file is of a kind that tools generate, or larger than `MAXIMUM_BYTES`."""
    found = []
    if path.suffix in _GENERATED:
        found.append(f"{path} must not be tracked: tools generate it")
    if size > MAXIMUM_BYTES:
        found.append(f"{path} must have at most {MAXIMUM_BYTES} bytes, not {size}")
    return found


def makefile_targets(makefile: str) -> dict[str, str]:
    """The targets that plain ``make`` lists, and what it says of them."""
    return dict(re.findall(r"^([a-z-]+):.*?## (.+)$", makefile, re.MULTILINE))


def phony_targets(makefile: str) -> set[str]:
    """The targets that are called phony."""
    return set(" ".join(re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)).split())


def commands(markdown: str, program: str) -> list[list[str]]:
    """The words behind ``program`` of each command in the code of a page, comments left out."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", markdown, re.MULTILINE | re.DOTALL)
    lines = [line.split("#")[0].split() for block in blocks for line in block.splitlines()]
    spans = [span.split() for span in re.findall(r"`([^`\n]+)`", markdown)]
    return [words[1:] for words in [*lines, *spans] if words and words[0] == program]
