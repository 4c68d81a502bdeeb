# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Compiled layers as the machine in Python takes them."""

import numpy as np
from conv2d_layers import Case

from macaw.arch import CoreProgram
from macaw.golden.machine.conv import Core, conv


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


def row_words(tensor: np.ndarray, words: int, lanes: int) -> np.ndarray:
    """[height, ...] as the words of rows, each filled up with zeros."""
    rows = np.ascontiguousarray(tensor).view(np.uint8).reshape(len(tensor), -1)
    padded = np.zeros((len(rows), words * lanes), np.uint8)
    padded[:, : rows.shape[1]] = rows
    return padded.reshape(-1, lanes)


def image_stream(case: Case) -> np.ndarray:
    program = case.program
    return row_words(case.image, program.image_row_words, program.config.array.lanes)


def result_stream(case: Case) -> np.ndarray:
    """The golden model's result as the words of the result stream."""
    program = case.program
    return row_words(case.expected, program.result_row_words, program.config.array.lanes)


def machine_result(case: Case, **fields: int) -> np.ndarray:
    """The machine's result stream, with some fields of the descriptor changed."""
    descriptor = case.program.descriptor | fields
    return conv(core_of(case.program), descriptor, image_stream(case))
