# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A compute core that tests itself: `SelfTestTop` and the blocks that it is made of."""

from macaw.hw.self_test.self_test import SelfTest
from macaw.hw.self_test.top import SelfTestTop

__all__ = ["SelfTest", "SelfTestTop"]
