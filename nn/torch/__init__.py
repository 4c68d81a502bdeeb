# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The importer of quantised PyTorch modules."""

from macaw.nn.torch.importer import from_torch, from_torch_file

__all__ = ["from_torch", "from_torch_file"]
