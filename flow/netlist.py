# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""An edit of yosys' netlist that nextpnr profits from."""

__all__ = ["drop_unused_carries"]


def drop_unused_carries(netlist: dict) -> int:
    """Leave the carry outputs that nothing reads unconnected; return their number.

    ``netlist`` is what yosys' ``write_json`` writes, and is changed in place. yosys gives the
    ``COUT`` of the last CCU2C of a chain a net of its own, and nextpnr spends a whole further
    CCU2C, two of the device's LUTs, to lead that net out.
    """
    dropped = 0
    for module in netlist["modules"].values():
        used = {
            bit
            for port in module["ports"].values()
            if port["direction"] != "input"
            for bit in port["bits"]
        }
        for cell in module["cells"].values():
            directions = cell["port_directions"]
            for port, bits in cell["connections"].items():
                if directions[port] != "output":
                    used.update(bits)
        for cell in module["cells"].values():
            carry = cell["connections"].get("COUT", [])
            if cell["type"] == "CCU2C" and carry and carry[0] not in used:
                cell["connections"]["COUT"] = ["x"]
                dropped += 1
    return dropped
