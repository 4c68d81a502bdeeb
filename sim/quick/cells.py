# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Cells of the ECP5 as operations on words, with the same values at every clock.

What is not exactly as described here stays, and is simulated by its model in ``sim/cells``.
"""

from collections import defaultdict
from collections.abc import Sequence

from macaw.sim.quick.rtlil import Cell, Module, concatenation

__all__ = ["carries_to_sums", "multipliers_to_products", "selectors_to_words"]

_ZERO, _ONE = "1'0", "1'1"
_OPERAND_BITS, _PRODUCT_BITS = 18, 36
_REGISTERS = ("INPUTA", "INPUTB", "PIPELINE", "OUTPUT")
#: A place of a carry chain that adds A & B and C & D.
_SUM_OF_ANDS = "16'0111100010001000"
#: B where C is set, else A.
_TWO_TO_ONE = "16'1100101011001010"


def multipliers_to_products(module: Module) -> None:
    """A MULT18X18D with all its registers becomes a product between registers."""
    for cell in _taken(module, [cell for cell in module.cells if _is_multiplier(cell)]):
        signals = cell.connections
        signed = int(signals["\\SIGNEDA"] == _ONE)
        clock = signals["\\CLK0"]
        name = "\\" + cell.name.removeprefix("\\") + "$"
        zeros, widths = 0, {}
        for operand in "AB":
            bits = [signals[f"\\{operand}{bit}"] for bit in range(_OPERAND_BITS)]
            # Zeros below an operand are zeros below the product.
            while len(bits) > 1 and bits[0] == _ZERO:
                bits.pop(0)
                zeros += 1
            while len(bits) > 1 and bits[-1] == _ZERO and not signed:
                bits.pop()
            widths[operand] = len(bits)
            _register(module, f"{name}{operand}", len(bits), concatenation(bits), clock)
        width = _PRODUCT_BITS - zeros
        module.add_wire(f"{name}product", width)
        module.add_cell(
            "$mul",
            f"{name}multiply",
            {
                "A_SIGNED": signed, "B_SIGNED": signed,
                "A_WIDTH": widths["A"], "B_WIDTH": widths["B"], "Y_WIDTH": width,
            },
            {"A": f"{name}A", "B": f"{name}B", "Y": f"{name}product"},
        )  # fmt: skip
        _register(module, f"{name}pipeline", width, f"{name}product", clock)
        _register(module, f"{name}output", width, f"{name}pipeline", clock)
        for bit in range(_PRODUCT_BITS):
            if (target := signals.get(f"\\P{bit}")) is not None:
                place = bit - zeros
                module.connect(target, f"{name}output [{place}]" if place >= 0 else _ZERO)


def _is_multiplier(cell: Cell) -> bool:
    if cell.kind != "\\MULT18X18D":
        return False
    wanted = {"\\CE0": _ONE, "\\RST0": _ZERO, "\\SOURCEA": _ZERO, "\\SOURCEB": _ZERO}
    known = {f"\\REG_{register}_CLK" for register in _REGISTERS} | {"\\GSR", "\\RESETMODE"}
    return (
        known == set(cell.parameters)
        and all(cell.parameters[f"\\REG_{register}_CLK"] == '"CLK0"' for register in _REGISTERS)
        and all(cell.connections.get(port) == signal for port, signal in wanted.items())
        and cell.connections["\\SIGNEDA"] == cell.connections["\\SIGNEDB"] in (_ZERO, _ONE)
    )


def _register(module: Module, name: str, width: int, value: str, clock: str) -> None:
    module.add_wire(name, width, register=True)
    module.add_cell(
        "$dff",
        f"{name}$register",
        {"WIDTH": width, "CLK_POLARITY": 1},
        {"D": value, "CLK": clock, "Q": name},
    )


def carries_to_sums(module: Module) -> None:
    """A chain of CCU2C that adds two words of ANDs becomes two ANDs and a sum."""
    found = [cell for cell in module.cells if cell.kind == "\\CCU2C"]
    following = {cell.connections["\\CIN"].removesuffix(" [0]"): cell for cell in found}
    chains = []
    for cell in found:
        if cell.connections["\\CIN"] == _ZERO:
            chain = [cell]
            while (last := chain[-1].connections.get("\\COUT")) in following:
                chain.append(following[last])
            chains.append(chain)
    if sorted(map(id, found)) != sorted(id(cell) for chain in chains for cell in chain):
        return
    wanted = {
        "\\INIT0": _SUM_OF_ANDS, "\\INIT1": _SUM_OF_ANDS,
        "\\INJECT1_0": '"NO"', "\\INJECT1_1": '"NO"',
    }  # fmt: skip
    if any(cell.parameters != wanted for cell in found):
        return
    for index, chain in enumerate(chains):
        _taken(module, chain)
        name = f"\\chain${index}$"
        width = 2 * len(chain)
        word = {
            port: concatenation(
                cell.connections[f"\\{port}{half}"] for cell in chain for half in range(2)
            )
            for port in "ABCD"
        }
        for sum_name in ("first", "second", "sum"):
            module.add_wire(f"{name}{sum_name}", width)
        _binary(module, "$and", f"{name}first", width, word["A"], word["B"])
        _binary(module, "$and", f"{name}second", width, word["C"], word["D"])
        _binary(module, "$add", f"{name}sum", width, f"{name}first", f"{name}second")
        targets = [cell.connections.get(f"\\S{half}") for cell in chain for half in range(2)]
        for bit, target in enumerate(targets):
            if target is not None:
                module.connect(target, f"{name}sum [{bit}]")


def _binary(module: Module, kind: str, result: str, width: int, a: str, b: str) -> None:
    module.add_cell(
        kind,
        f"{result}$cell",
        {
            "A_SIGNED": 0, "B_SIGNED": 0, "A_WIDTH": width, "B_WIDTH": width, "Y_WIDTH": width,
        },
        {"A": a, "B": b, "Y": result},
    )  # fmt: skip


def selectors_to_words(modules: dict[str, Module]) -> None:
    """Modules that choose one of four bits, of two LUT4 and a PFUMX, become multiplexers of words
    in the modules that they stand in: a word for all that are chosen by the same signal."""
    selectors = {
        name: roles
        for name, module in modules.items()
        if (roles := _selector_roles(module)) is not None
    }
    for module in modules.values():
        groups: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        chosen = [cell for cell in module.cells if cell.kind in selectors]
        for cell in _taken(module, chosen):
            values, index, result = selectors[cell.kind]
            if result in cell.connections:
                bits = (cell.connections.get(port, port) for port in (*values, result))
                groups[cell.connections[index]].append(tuple(bits))
        for number, (index, members) in enumerate(groups.items()):
            name = f"\\select${number}$"
            width = len(members)
            module.add_wire(f"{name}index", 2)
            module.connect(f"{name}index", index)
            *values, results = map(concatenation, zip(*members, strict=True))
            low = _multiplexer(
                module, f"{name}low", width, values[0], values[1], f"{name}index [0]"
            )
            high = _multiplexer(
                module, f"{name}high", width, values[2], values[3], f"{name}index [0]"
            )
            module.connect(
                results, _multiplexer(module, f"{name}word", width, low, high, f"{name}index [1]")
            )
    for name in selectors:
        del modules[name]


def _multiplexer(module: Module, name: str, width: int, a: str, b: str, select: str) -> str:
    module.add_wire(name, width)
    signals = {"A": a, "B": b, "S": select, "Y": name}
    module.add_cell("$mux", f"{name}$cell", {"WIDTH": width}, signals)
    return name


def _selector_roles(module: Module) -> tuple[Sequence[str], str, str] | None:
    """The ports of the four values (or constants), of the index, and of the result."""
    if sorted(cell.kind for cell in module.cells) != ["\\LUT4", "\\LUT4", "\\PFUMX"]:
        return None
    ports = module.ports
    tables = {
        cell.connections["\\Z"]: cell
        for cell in module.cells
        if cell.kind == "\\LUT4" and cell.parameters == {"\\INIT": _TWO_TO_ONE}
    }
    [last] = [cell.connections for cell in module.cells if cell.kind == "\\PFUMX"]
    halves = [tables.get(last[port].removesuffix(" [0]")) for port in ("\\BLUT", "\\ALUT")]
    if None in halves or halves[0] is halves[1]:
        return None
    index, separator, _ = last["\\C0"].partition(" [1]")
    if not separator or ports.get(index) != (False, 2):
        return None
    values = []
    for half in halves:
        if half.connections["\\C"] != f"{index} [0]":
            return None
        values += [half.connections[port].removesuffix(" [0]") for port in ("\\A", "\\B")]
    result = last["\\Z"].removesuffix(" [0]")
    single = all(value in (_ZERO, _ONE) or ports.get(value) == (False, 1) for value in values)
    return (values, index, result) if single and ports.get(result) == (True, 1) else None


def _taken(module: Module, cells: Sequence[Cell]) -> Sequence[Cell]:
    """``cells``, no longer in ``module``."""
    gone = set(map(id, cells))
    module.cells = [cell for cell in module.cells if id(cell) not in gone]
    return cells
