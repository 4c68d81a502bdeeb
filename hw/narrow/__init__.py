# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The blocks of the narrow core, which is for the smallest devices."""

__all__: list[str] = []
