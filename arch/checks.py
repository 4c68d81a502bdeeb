# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of parameters: every refusal of the project speaks in this one voice."""

import operator
from typing import Any

__all__ = ["instance", "integer", "one_of", "power_of_two"]


def integer(what: str, value: Any, minimum: int, maximum: int) -> int:
    """``value`` as an ``int`` in ``minimum`` ... ``maximum``; numpy's integers are taken.

    Raises ``TypeError`` for anything that is no integer (a float, a string, a bool) and
    ``ValueError`` outside the range; both name ``what`` and show the value.

    >>> integer("lanes", 16, 1, 64)
    16
    >>> integer("lanes", 16.0, 1, 64)
    Traceback (most recent call last):
    TypeError: lanes must be an integer, not 16.0
    """
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{what} must be an integer, not {value!r}") from None
    if not minimum <= number <= maximum:
        raise ValueError(f"{what} must be in {minimum} ... {maximum}, not {number!r}")
    return number


def power_of_two(what: str, value: Any, minimum: int, maximum: int) -> int:
    """``value`` as an ``int`` that is a power of two in ``minimum`` ... ``maximum``.

    Raises ``TypeError`` and ``ValueError`` as `integer` does.
    """
    number = integer(what, value, minimum, maximum)
    if number & (number - 1):
        raise ValueError(f"{what} must be a power of two, not {number!r}")
    return number


def one_of(what: str, value: Any, choices: Any) -> Any:
    """``value`` if it is one of ``choices``; otherwise ``ValueError`` with the list of them."""
    if value not in choices:
        names = ", ".join(str(choice) for choice in choices)
        raise ValueError(f"{what} must be one of {names}, not {value!r}")
    return value


def instance(what: str, value: Any, kind: type) -> Any:
    """``value`` if it is an instance of ``kind``; otherwise ``TypeError``.

    >>> instance("config", 5, dict)
    Traceback (most recent call last):
    TypeError: config must be a dict, not 5
    """
    if not isinstance(value, kind):
        article = "an" if kind.__name__[0] in "AEIOUaeiou" else "a"
        raise TypeError(f"{what} must be {article} {kind.__name__}, not {value!r}")
    return value
