# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Layouts of what travels between the blocks, built from the contract in `macaw.arch.core`."""

from amaranth.hdl import signed, unsigned
from amaranth.lib import data

from macaw.arch.config import AcceleratorConfig
from macaw.arch.core import Field, layer_fields, parameter_fields, step_fields
from macaw.arch.requantization import Mode

__all__ = [
    "channel_parameters_layout",
    "layer_layout",
    "layer_values_layout",
    "layout_of",
    "step_layout",
]


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


def layer_values_layout(config: AcceleratorConfig) -> data.StructLayout:
    """What all channels of a layer share; ``minimum <= maximum``.

    ``mode`` is an index into the configuration's ``modes``; it is not looked at where there is
    only one. With mode ``float32_chain`` built in, ``output_unsigned`` and the multipliers of the
    descriptor belong to it.
    """
    names = ["mode", "zero_point", "minimum", "maximum"]
    if Mode.FLOAT32_CHAIN in config.requantizer.modes:
        names += ["output_unsigned", "input_multiplier", "output_multiplier"]
    layout = layer_layout(config)
    return data.StructLayout({name: layout[name].shape for name in names})


def step_layout(config: AcceleratorConfig) -> data.StructLayout:
    """One entry of the step table."""
    return layout_of(step_fields(config))
