# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The register map: how a host starts programs on a machine, and learns how they ended."""

from dataclasses import dataclass
from enum import StrEnum

from macaw.arch.machine import COUNTERS, MachineConfig

__all__ = [
    "ADDRESS_BITS",
    "IDENTITY",
    "REGISTER_BITS",
    "VERSION",
    "Access",
    "Register",
    "registers",
]

#: Bits of a register.
REGISTER_BITS = 32

#: Bits of a register's address.
ADDRESS_BITS = 5

#: What the first register holds: "MACA" in ASCII, the first letter in the lowest byte.
IDENTITY = int.from_bytes(b"MACA", "little")

#: The version of this map; another one may have other registers behind the second.
VERSION = 1


class Access(StrEnum):
    """What a host may do; a write to any other register changes nothing."""

    READ = "read"
    WRITE = "write"
    BOTH = "read, write"


@dataclass(frozen=True, kw_only=True)
class Register:
    """The ``bits`` lowest bits at ``address``, counted in registers; the others read as zero.

    ``constant`` is the value of a register that has one.
    """

    name: str
    address: int
    bits: int
    access: Access
    meaning: str
    constant: int | None = None


def registers(config: MachineConfig) -> tuple[Register, ...]:
    """The registers of a machine, in the order of their addresses."""
    digest = int(config.digest, 16)
    constants = {
        "identity": (IDENTITY, "the letters MACA"),
        "version": (VERSION, "of this map"),
        "digest_low": (digest % 2**REGISTER_BITS, "the configuration's digest, its last 32 bits"),
        "digest_high": (digest >> REGISTER_BITS, "and its first 16 bits"),
    }
    values = {
        "program": (config.address_bits, Access.BOTH, "word of a program's first instruction"),
        "start": (1, Access.WRITE, "a one begins the program, unless one runs"),
        "busy": (1, Access.READ, "a program runs"),
        "error": (2, Access.READ, "why the last one ended: 0 done, 1 opcode, 2 wait, 3 stuck"),
        "error_index": (REGISTER_BITS // 2, Access.READ, "the instruction that ended it"),
        **{name: (REGISTER_BITS, Access.READ, meaning) for name, meaning in COUNTERS.items()},
    }
    found = [
        Register(
            name=name,
            address=address,
            bits=REGISTER_BITS,
            access=Access.READ,
            meaning=meaning,
            constant=constant,
        )
        for address, (name, (constant, meaning)) in enumerate(constants.items())
    ]
    found += [
        Register(name=name, address=address, bits=bits, access=access, meaning=meaning)
        for address, (name, (bits, access, meaning)) in enumerate(values.items(), len(found))
    ]
    return tuple(found)
