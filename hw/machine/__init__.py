# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The accelerator around the compute core: engines that bring its streams and take its results."""

from macaw.hw.machine.accelerator import Accelerator

__all__ = ["Accelerator"]
