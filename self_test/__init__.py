# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Plans of self-tests: layers with random bytes, and what golden says of them."""

from macaw.self_test.plan import make_plan

__all__ = ["make_plan"]
