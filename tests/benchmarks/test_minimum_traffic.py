# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What an inference cannot but move is counted from the tensors, and seen in the instructions."""

from benchmarks.whole_networks import minimum_traffic, network_on, whole_segment
from macaw.arch.instructions import Opcode, decode


def moved(segment, machine):
    """Bytes that the instructions of the body move between machine and memory outside: what is
    loaded, and all that is fetched and stored there."""
    outside, loaded, others = 1 << machine.address_bits, 0, 0
    program = segment.program
    for instruction in decode(machine, program.image[program.body * machine.word_bytes :]):
        values = instruction.values
        if instruction.opcode == Opcode.LOAD:
            loaded += values["count"]
        elif "address" in values and values["address"] < outside:
            others += values["count"]
    return loaded * machine.word_bytes, others * machine.word_bytes


def test_a_network_that_stays_on_the_chip_moves_its_ends_only():
    graph, machine = network_on("kws", "ecp5_85f")
    segment = whole_segment(graph, machine)
    words = -(-49 * 10 // 16) + 1 + 10  # an image of 49x10, whose rows may begin words; a result
    assert moved(segment, machine)[0] == 0
    assert minimum_traffic(segment, machine) == moved(segment, machine)[1] <= 16 * words


def test_a_tensor_that_is_too_large_is_written_and_read():
    graph, machine = network_on("vww", "ecp5_25f")
    segment = whole_segment(graph, machine, tiles=False)
    loaded, others = moved(segment, machine)
    image, result, largest = 96 * 96 * 3, 8, 48 * 48 * 16
    assert minimum_traffic(segment, machine) == loaded + image + result + 2 * largest
    assert others > image + result + 2 * largest  # other tensors find no place, though they could


def test_tiles_move_less_than_layers_one_behind_the_other():
    graph, machine = network_on("vww", "ecp5_25f")
    whole, tiles = (
        sum(moved(whole_segment(graph, machine, 2, tiles=each), machine)) for each in (False, True)
    )
    assert (whole, tiles) == (572_136, 500_712)
