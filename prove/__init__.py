# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Proofs about the hardware, each with a mutant that its check refutes."""

from macaw.prove.harness import Harness
from macaw.prove.properties import Property, Result, decide
from macaw.prove.solver import Answer, Method, Verdict, solve
from macaw.prove.table import PROPERTIES, choose, prove

__all__ = [
    "PROPERTIES",
    "Answer",
    "Harness",
    "Method",
    "Property",
    "Result",
    "Verdict",
    "choose",
    "decide",
    "prove",
    "solve",
]
