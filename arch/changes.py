# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A configuration with some fields changed, as a command line gives them."""

import dataclasses
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from macaw.arch.checks import one_of
from macaw.arch.config import AcceleratorConfig
from macaw.arch.requantization import Mode

__all__ = ["changed", "field_names"]


def field_names(config: AcceleratorConfig) -> tuple[str, ...]:
    """The names of all fields but ``name``; those of a subsystem have its name before a dot.

    >>> from macaw.arch import preset
    >>> field_names(preset("tiny"))[:3]
    ('technology', 'array.lanes', 'array.columns')
    """
    return tuple(_fields(config))


def _fields(config: AcceleratorConfig) -> dict[str, Any]:
    found = {}
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            for inner in dataclasses.fields(value):
                found[f"{field.name}.{inner.name}"] = getattr(value, inner.name)
        elif field.name != "name":
            found[field.name] = value
    return found


def changed(config: AcceleratorConfig, changes: Mapping[str, str]) -> AcceleratorConfig:
    """``config`` with the fields in ``changes``, whose values are texts: integers, names,
    ``true`` or ``false``, and names with commas between them for modes. A changed configuration
    is called as before, with ``_changed`` behind.

    >>> from macaw.arch import preset
    >>> small = changed(preset("tiny"), {"array.columns": "2", "weight_zero_point": "false"})
    >>> small.name, small.array.columns, small.weight_zero_point
    ('tiny_changed', 2, False)

    Raises ``ValueError`` for a name that is no field, with the list of them, for a text that is
    no such value, and what the configuration itself refuses.
    """
    if not changes:
        return config
    known = _fields(config)
    top: dict[str, Any] = {"name": f"{config.name}_changed"}
    inner: dict[str, dict[str, Any]] = {}
    for name, text in changes.items():
        value = _value(name, text, known[one_of("field", name, tuple(known))])
        owner, dot, last = name.rpartition(".")
        if dot:
            inner.setdefault(owner, {})[last] = value
        else:
            top[name] = value
    for owner, values in inner.items():
        top[owner] = dataclasses.replace(getattr(config, owner), **values)
    return dataclasses.replace(config, **top)


def _value(name: str, text: str, present: Any) -> Any:
    """The text as a value of the kind of ``present``."""
    if isinstance(present, bool):
        return one_of(name, text, ("true", "false")) == "true"
    if isinstance(present, StrEnum):
        kind = type(present)
        return kind(one_of(name, text, tuple(kind)))
    if isinstance(present, tuple):
        return tuple(Mode(one_of(name, word, tuple(Mode))) for word in text.split(","))
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{name} must be an integer, not {text!r}") from None
