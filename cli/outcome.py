# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What a command came to: its exit status."""

from enum import IntEnum

__all__ = ["Outcome", "max_outcome"]


class Outcome(IntEnum):
    """What a comparison came to, and the exit status of every command.

    ``DIFFERENT`` is also what could not be done though it was rightly asked for: a simulation that
    fails, a tool that is missing; ``REFUSED`` also a file, an array or an option that is not right.
    """

    EQUAL = 0
    DIFFERENT = 1
    REFUSED = 2
    INCOMPLETE = 3


def max_outcome(*outcomes: Outcome) -> Outcome:
    """The worst of them: a difference counts more than a refusal, and that more than what was
    left out."""
    order = (Outcome.DIFFERENT, Outcome.REFUSED, Outcome.INCOMPLETE, Outcome.EQUAL)
    return min(outcomes, key=order.index)
