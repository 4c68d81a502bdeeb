# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Plans of self-tests: layers with random bytes, and what golden says of them.

A plan needs compiler and golden, which know nothing of each other, and the hardware that runs it
(`macaw.hw.self_test`) knows neither: so plans are made here, and handed over as
`macaw.arch.self_test.SelfTestPlan`.
"""

from macaw.self_test.plan import make_plan

__all__ = ["make_plan"]
