# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What PyTorch's engines need of the processor."""

from typing import Any

import pytest

__all__ = ["needs_vnni"]


def needs_vnni(torch: Any, engine: str) -> None:
    """Skips the test where an engine of PyTorch is not what it is on x86 with AVX512-VNNI: other
    processors add pairs of products in 16 bits, which saturate, and take vectors of another
    length."""
    if engine != "qnnpack" and not torch.cpu._is_vnni_supported():
        pytest.skip(f"optional: {engine} of PyTorch needs a processor with AVX512-VNNI")
