# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The importer of quantised PyTorch modules and programs, and a quantizer that makes such."""

from macaw.nn.torch.importer import from_torch, from_torch_file
from macaw.nn.torch.quantizer import MacawQuantizer

__all__ = ["MacawQuantizer", "from_torch", "from_torch_file"]
