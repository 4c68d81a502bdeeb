# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""How the tests of arch pin a refusal: by its type and by every letter of its sentence."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

__all__ = ["refused"]


@contextmanager
def refused(kind: type[Exception], sentence: str) -> Iterator[None]:
    """The block must raise exactly ``kind`` with exactly ``sentence``."""
    with pytest.raises(kind, match=f"^{re.escape(sentence)}$") as caught:
        yield
    assert caught.type is kind
