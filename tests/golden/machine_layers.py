# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Compiled layers as the machine in Python takes them."""

import numpy as np
from conv2d_layers import Case

from macaw.arch import CoreProgram
from macaw.golden.machine.conv import Core, conv
from macaw.golden.machine.words import Words


def core_of(program: CoreProgram) -> Core:
    """A core whose memories hold the layer's words, and zeros behind them."""
    config = program.config
    array, memory = config.array, config.memory
    weights = np.zeros((memory.weight_words, array.columns, array.lanes), np.int8)
    weights[: len(program.weights)] = program.weights
    parameters = {}
    for name, values in program.parameters.items():
        parameters[name] = np.zeros(memory.parameter_entries, np.int64)
        parameters[name][: len(values)] = values
    empty = dict.fromkeys(program.table[0], 0)
    table = [*program.table, *[empty] * (memory.step_entries - len(program.table))]
    return Core(config=config, weights=weights, parameters=parameters, table=table)


def row_words(tensor: np.ndarray, lanes: int) -> Words:
    """The words of the rows of [height, ...]."""
    return Words.of_rows(
        np.ascontiguousarray(tensor).view(np.uint8).reshape(len(tensor), -1), lanes
    )


def image_stream(case: Case) -> Words:
    return row_words(case.image, case.program.config.array.lanes)


def result_stream(case: Case) -> np.ndarray:
    """The golden model's result as the words of the result stream."""
    return row_words(case.expected, case.program.config.array.lanes).data


def machine_result(case: Case, **fields: int) -> np.ndarray:
    """The machine's result stream, with some fields of the descriptor changed."""
    descriptor = case.program.descriptor | fields
    return conv(core_of(case.program), descriptor, image_stream(case)).data
