# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What all tests share."""

import importlib
from collections.abc import Callable
from types import ModuleType

import pytest

#: For each extra of pyproject.toml that brings an oracle: the module that shows it is there.
_ORACLES = {"torch": "torch", "onnx": "onnxruntime", "tflite": "tflite"}


@pytest.fixture(scope="session")
def oracle() -> Callable[[str], ModuleType]:
    """``oracle(extra)`` is the module that the extra brings; without it the test is skipped,
    and the reason names the extra."""

    def require(extra: str) -> ModuleType:
        try:
            return importlib.import_module(_ORACLES[extra])
        except ImportError:
            pytest.skip(
                f"oracle absent: install the extra {extra!r}, e.g. pip install -e .[{extra}]"
            )

    return require
