# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The register map is a map: one register a place, each large enough for what it tells."""

import pytest

from macaw.arch.machine import COUNTERS, Error
from macaw.arch.machines import MACHINES
from macaw.arch.registers import ADDRESS_BITS, IDENTITY, REGISTER_BITS, Access, registers


@pytest.mark.parametrize("config", MACHINES.values(), ids=lambda config: config.name)
def test_each_register_has_a_place_and_a_name(config):
    found = registers(config)
    assert [register.address for register in found] == list(range(len(found)))
    assert len(found) <= 1 << ADDRESS_BITS
    assert len({register.name for register in found}) == len(found)
    assert all(1 <= register.bits <= REGISTER_BITS for register in found)
    assert {register.name for register in found} >= set(COUNTERS)


@pytest.mark.parametrize("config", MACHINES.values(), ids=lambda config: config.name)
def test_registers_tell_which_machine_it_is(config):
    named = {register.name: register for register in registers(config)}
    assert named["identity"].constant.to_bytes(4, "little") == b"MACA"
    assert named["identity"].constant == IDENTITY
    digest = named["digest_high"].constant << REGISTER_BITS | named["digest_low"].constant
    assert f"{digest:012x}" == config.digest
    assert named["program"].bits == config.address_bits
    assert max(Error) < 1 << named["error"].bits


def test_constants_are_only_read():
    for config in MACHINES.values():
        for register in registers(config):
            assert register.constant is None or register.access == Access.READ
            assert register.constant is None or register.constant < 1 << register.bits


def test_errors_are_told_by_number_and_name():
    [error] = [each for each in registers(MACHINES["tiny"]) if each.name == "error"]
    for each in Error:
        assert f"{each.value} {each.name.lower()}" in error.meaning
