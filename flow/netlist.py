# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Edits of yosys' netlist that nextpnr profits from."""

from collections import defaultdict

__all__ = ["drop_unused_carries", "use_output_registers"]


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


def use_output_registers(netlist: dict) -> int:
    """Move the registers behind Gowin's block RAMs into the cells; return how many there were.

    ``netlist`` is what yosys' ``write_json`` writes, and is changed in place. yosys never sets
    ``READ_MODE``, by which an SDPX9B has a register behind its output. Here a cell gets it if each
    bit of its output that is used goes into a plain register of the same clock, and nowhere else.
    """
    moved = 0
    for module in netlist["modules"].values():
        cells = module["cells"]
        readers = defaultdict(list)
        for name, port in module["ports"].items():
            for bit in port["bits"] if port["direction"] != "input" else ():
                readers[bit].append(name)
        for name, cell in cells.items():
            for port, bits in cell["connections"].items():
                for bit in bits if cell["port_directions"][port] != "output" else ():
                    readers[bit].append(name if port == "D" and cell["type"] == "DFF" else "")
        for cell in [cell for cell in cells.values() if cell["type"] == "SDPX9B"]:
            outputs, clock = cell["connections"]["DO"], cell["connections"]["CLKB"]
            used = [bit for bit in outputs if readers[bit]]
            behind = [readers[bit] for bit in used]
            if not used or not all(
                len(names) == 1
                and names[0] in cells
                and cells[names[0]]["connections"]["CLK"] == clock
                for names in behind
            ):
                continue
            later = {
                bit: cells.pop(name)["connections"]["Q"][0]
                for bit, (name,) in zip(used, behind, strict=True)
            }
            cell["connections"]["DO"] = [later.get(bit, bit) for bit in outputs]
            cell["parameters"]["READ_MODE"] = "1"
            moved += len(later)
    return moved
