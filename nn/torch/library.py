# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""PyTorch, where it is installed, and the engine of its quantised operators."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from macaw.nn.errors import ModelError
from macaw.nn.graph import Semantics

__all__ = ["engine_semantics", "engine_set", "silent", "torch_library"]

_ENGINES = ("qnnpack", "fbgemm", "onednn", "x86")


def torch_library() -> Any:
    """The module ``torch``; `ModelError` where it is not installed."""
    try:
        import torch
    except ImportError:
        raise ModelError("PyTorch modules need PyTorch: pip install macaw[torch]") from None
    return torch


def engine_semantics(torch: Any, engine: str | None) -> tuple[str, Semantics]:
    """An engine, by default the one that is set, and whose bits it gives on this machine.

    Without AVX512-VNNI ``x86`` gives those of ``fbgemm``. Raises `ModelError` for an engine that
    is not known, or that this PyTorch does not have.
    """
    name = torch.backends.quantized.engine if engine is None else engine
    if name not in _ENGINES:
        raise ModelError(f"engine must be one of {', '.join(_ENGINES)}, not {name!r}")
    if name not in torch.backends.quantized.supported_engines:
        raise ModelError(f"engine {name!r} must be one that this PyTorch has")
    if name == "x86" and not torch.cpu._is_vnni_supported():
        return name, Semantics.FBGEMM
    return name, Semantics(name)


@contextmanager
def silent() -> Iterator[None]:
    """PyTorch without its warnings of what it will change."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def engine_set(torch: Any, engine: str) -> Iterator[None]:
    """PyTorch with an engine for a while, silent about its own future."""
    before = torch.backends.quantized.engine
    torch.backends.quantized.engine = engine
    try:
        with silent(), torch.no_grad():
            yield
    finally:
        torch.backends.quantized.engine = before
