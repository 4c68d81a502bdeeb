# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Public models of the tables: where they come from, and a cache of them."""

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["FetchError", "PublicModel", "address", "cached", "fetch", "public_models"]

#: What the addresses of models may be made of.
_FIELDS = ("project", "version", "path", "name")

#: Seconds without an answer after which a server is given up.
_TIMEOUT = 30


class FetchError(Exception):
    """A model that could not be fetched, or is not the one that it should be."""


@dataclass(frozen=True, kw_only=True)
class PublicModel:
    """A model file of a public ``project``: its ``path`` there, in an archive behind ``!``, at the
    ``version``, where that is known; its ``licence``, as the project states it; SHA-256 and size of
    the file; and its multiply-accumulate operations."""

    name: str
    about: str
    project: str
    path: str
    version: str | None
    licence: str
    sha256: str
    bytes: int
    macs: int

    def as_dict(self) -> dict[str, Any]:
        """In the types of JSON; ``cached`` is the file in the cache, if there is one."""
        file = cached(self)
        return asdict(self) | {"cached": None if file is None else str(file)}


@cache
def public_models() -> Mapping[str, PublicModel]:
    """The models by name."""
    entries = json.loads(Path(__file__).with_name("public_models.json").read_text())
    return {entry["name"]: PublicModel(**entry) for entry in entries}


def _folder() -> Path:
    """The folder of the cache."""
    default = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("MACAW_CACHE") or Path(default) / "macaw") / "models"


def _file(model: PublicModel) -> Path:
    return _folder() / f"{model.name}.tflite"


def cached(model: PublicModel) -> Path | None:
    """The model's file in the cache, the folder ``models`` of ``MACAW_CACHE``; ``None`` where there
    is none, or another one than it should be."""
    file = _file(model)
    return file if file.is_file() and _sha256(file) == model.sha256 else None


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def address(model: PublicModel, source: str) -> str:
    """Where ``source`` has the model: it holds ``{project}``, ``{version}``, ``{path}`` or
    ``{name}``, or is a folder of files that are called by their models' names.

    Raises `FetchError` for other names in braces, and for a model whose version is asked for, but
    not known.
    """
    if "{" not in source:
        return f"{source.rstrip('/')}/{model.name}.tflite"
    if "{version}" in source and model.version is None:
        raise FetchError(
            f"{model.name}: the project does not have the file any more, and its version is not "
            "known: fetch it from a folder of files"
        )
    values = asdict(model) | {"path": model.path.partition("!")[0]}
    try:
        return source.format_map({field: values[field] for field in _FIELDS})
    except (KeyError, ValueError, IndexError, AttributeError):
        known = ", ".join(f"{{{field}}}" for field in _FIELDS)
        raise FetchError(f"{source!r} must have no braces but those of {known}") from None


def fetch(
    model: PublicModel, source: str, progress: Callable[[int, int], None] | None = None
) -> Path:
    """The model's file in the cache, from there or from ``source``, as `address` reads it; it comes
    into the cache whole and checked, or not at all. ``progress`` is called with the bytes that have
    come, and with those of all.

    Raises `FetchError` for what cannot be fetched, and for another file than it should be, and
    ``OSError`` where the cache cannot be written.
    """
    found = cached(model)
    if found is not None:
        return found
    try:
        import pooch
        from requests import RequestException
    except ImportError:
        raise FetchError("fetching needs pooch: pip install macaw[models]") from None
    url = address(model, source)
    member = model.path.partition("!")[2] if "{path}" in source else ""
    pooch.get_logger().setLevel("ERROR")
    _folder().mkdir(parents=True, exist_ok=True)
    download = pooch.HTTPDownloader(progressbar=_Bar(progress), timeout=_TIMEOUT)
    try:
        # Beside its place, so that it can be moved there at once.
        with tempfile.TemporaryDirectory(dir=_folder()) as folder:
            file = Path(pooch.retrieve(url, None, fname="file", path=folder, downloader=download))
            if member:
                file = _member(model, file, member)
            if _sha256(file) != model.sha256:
                raise FetchError(
                    f"{model.name}: {url} must have the SHA-256 {model.sha256}, not {_sha256(file)}"
                )
            return file.replace(_file(model))
    except RequestException as error:
        raise FetchError(
            f"{model.name} could not be fetched: {error}: try again, or name another place with "
            "--from"
        ) from error
    except ValueError as error:
        raise FetchError(f"{url!r} must be an address of http or https: {error}") from error


def _member(model: PublicModel, archive: Path, member: str) -> Path:
    """A file of an archive, beside it."""
    try:
        with zipfile.ZipFile(archive) as files:
            found = archive.with_name("member")
            found.write_bytes(files.read(member))
            return found
    except (zipfile.BadZipFile, KeyError, NotImplementedError, EOFError) as error:
        raise FetchError(f"{model.name} must be {member} of an archive: {error}") from None


class _Bar:
    """What pooch tells of a download's progress."""

    def __init__(self, progress: Callable[[int, int], None] | None) -> None:
        self._progress = progress
        self._done = 0
        self.total = 0

    def update(self, count: int) -> None:
        """So many bytes more."""
        self._done += count
        if self._progress is not None:
            self._progress(self._done, self.total)

    def reset(self) -> None:
        """Begins anew."""
        self._done = 0

    def close(self) -> None:
        """Ends."""
