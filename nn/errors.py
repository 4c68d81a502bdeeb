# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The error of models: what a file holds, or a graph says, cannot be taken."""

__all__ = ["ExamplesNeeded", "ModelError"]


class ModelError(ValueError):
    """A model that is damaged, that contradicts itself, or that holds what Macaw does not know.

    Its message is one sentence that names the operator or tensor, and the attribute.
    """


class ExamplesNeeded(ModelError):
    """A file that is read by running it, as one of ``torch.jit`` is, and came without examples."""
