# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Layouts of what travels between the blocks, built from the contract in `macaw.arch.core`."""

from amaranth.hdl import signed, unsigned
from amaranth.lib import data

from macaw.arch.config import AcceleratorConfig
from macaw.arch.core import Field, layer_fields, parameter_fields, step_fields

__all__ = ["channel_parameters_layout", "layer_layout", "layout_of", "step_layout"]


def channel_parameters_layout(config: AcceleratorConfig) -> data.StructLayout:
    """The parameters of one output channel."""
    return layout_of(parameter_fields(config))


def layout_of(fields: tuple[Field, ...]) -> data.StructLayout:
    """A structure with one member per field, in their order."""
    shape = {True: signed, False: unsigned}
    return data.StructLayout({field.name: shape[field.signed](field.bits) for field in fields})


def layer_layout(config: AcceleratorConfig) -> data.StructLayout:
    """The descriptor of a layer."""
    return layout_of(layer_fields(config))


def step_layout(config: AcceleratorConfig) -> data.StructLayout:
    """One entry of the step table."""
    return layout_of(step_fields(config))
