# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A component's interface as plain values: what a design in another language must know."""

from typing import Any

from amaranth.hdl import Shape
from amaranth.lib import data, stream, wiring

__all__ = ["describe_interface", "describe_shape"]


def describe_shape(shape: Any) -> dict[str, Any]:
    """A shape as a dictionary: ``width`` and ``signed``, and for a structure its ``fields``, each
    with ``name`` and ``offset`` in bits, for an array its ``length`` and ``element``.

    >>> describe_shape(data.StructLayout({"address": 4, "value": Shape(8, signed=True)}))["fields"]
    ... # doctest: +NORMALIZE_WHITESPACE
    [{'name': 'address', 'offset': 0, 'width': 4, 'signed': False},
     {'name': 'value', 'offset': 4, 'width': 8, 'signed': True}]
    """
    cast = Shape.cast(shape)
    found: dict[str, Any] = {"width": cast.width, "signed": cast.signed}
    try:
        layout = data.Layout.cast(shape)
    except TypeError:
        return found
    if isinstance(layout, data.ArrayLayout):
        return found | {"length": layout.length, "element": describe_shape(layout.elem_shape)}
    fields = [
        {"name": name, "offset": field.offset, **describe_shape(field.shape)}
        for name, field in layout
    ]
    return found | {"fields": fields}


def describe_interface(component: wiring.Component) -> dict[str, Any]:
    """``ports`` in the order of the signature, ``streams`` by name, and ``timing``.

    A port has its Verilog ``name``, its ``direction`` (``input`` or ``output``), its shape as
    `describe_shape` gives it, and for a stream's port ``stream`` and ``role`` (``payload``,
    ``valid`` or ``ready``). A stream has its ``direction``, ``output`` where the component sends.
    ``timing`` holds every public integer of the component: its latency, its leads, in clocks.
    """
    streams = {
        "__".join(path): _direction(flow) for path, flow in _streams(component.signature.members)
    }
    ports = []
    for path, member, value in component.signature.flatten(component):
        name = "__".join(map(str, path))
        owner, _, role = name.rpartition("__")
        port = {"name": name, "direction": _direction(member.flow)}
        if owner in streams:
            port |= {"stream": owner, "role": role}
        ports.append(port | describe_shape(value.shape()))
    return {"ports": ports, "streams": streams, "timing": _timing(component)}


def _direction(flow: Any) -> str:
    return "output" if flow is wiring.Out else "input"


def _streams(members: Any, path: tuple[str, ...] = (), turned: bool = False) -> list[Any]:
    found = []
    for name, member in members.items():
        if member.is_port:
            continue
        inward = (member.flow is wiring.In) is not turned
        if isinstance(member.signature, stream.Signature):
            found.append(((*path, name), wiring.In if inward else wiring.Out))
        else:
            inner = member.signature.members
            found += _streams(inner, (*path, name), inward)
    return found


def _timing(component: wiring.Component) -> dict[str, int]:
    names = [name for name in dir(type(component)) if not name.startswith("_")]
    values = {name: getattr(component, name) for name in names}
    return {name: value for name, value in values.items() if type(value) is int}
