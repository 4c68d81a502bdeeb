# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Reference pages of the blocks, from their docstrings and their signatures."""

import inspect
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from macaw.arch.config import AcceleratorConfig
from macaw.flow.interface import describe_interface
from macaw.hw.blocks import blocks_of, make_block

__all__ = ["block_page", "member_meanings", "reference"]

_SECTION = re.compile(r"^(Parameters|Members)\n-+\n", re.MULTILINE)
_ENTRY = re.compile(r"^(\w[\w, ]*) : .*\n((?:    .*\n|\n(?=    ))*)", re.MULTILINE)


def member_meanings(docstring: str) -> dict[str, str]:
    """What the section *Members* of a docstring says of each member.

    >>> member_meanings("A block.\\n\\nMembers\\n-------\\na, b : In(8)\\n    Two numbers.\\n")
    {'a': 'Two numbers.', 'b': 'Two numbers.'}
    """
    section = _sections(docstring).get("Members", "")
    return {
        name: " ".join(meaning.split())
        for names, meaning in _ENTRY.findall(section)
        for name in names.split(", ")
    }


def _sections(docstring: str) -> dict[str, str]:
    """The text before the first heading as ``""``, and each section by its heading."""
    parts = _SECTION.split(docstring + "\n")
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def _table(titles: Iterable[str], rows: Iterable[Iterable[Any]]) -> list[str]:
    titles = list(titles)
    lines = [titles, ["---"] * len(titles), *rows]
    return [f"| {' | '.join(str(cell) for cell in line)} |" for line in lines]


def block_page(
    name: str, config: AcceleratorConfig, costs: Mapping[str, Mapping[str, Any]] = {}
) -> str:
    """The reference of the block called ``name``, in Markdown: what it does, its parameters,
    timing and ports for ``config``, and what it costs.

    ``costs`` maps a device's name to figures by their names. Raises what `make_block` raises.
    """
    component = make_block(name, config)
    docstring = inspect.getdoc(type(component)) or ""
    sections, meanings = _sections(docstring), member_meanings(docstring)
    interface = describe_interface(component)
    lines = [f"## {name}", "", f"`from {type(component).__module__} import {name}`", ""]
    lines += [sections[""].strip(), ""]
    if "Parameters" in sections:
        entries = _ENTRY.findall(sections["Parameters"])
        lines += _table(
            ("parameter", "meaning"),
            ((f"`{key}`", " ".join(text.split())) for key, text in entries),
        )
        lines.append("")
    if interface["timing"]:
        timing = [(f"`{key}`", clocks, _timing_meaning(type(component), key))
                for key, clocks in interface["timing"].items()]  # fmt: skip
        lines += [*_table(("timing", "clocks", "meaning"), timing), ""]
    rows: list[tuple[Any, ...]] = []
    for port in interface["ports"]:
        meaning = meanings.get(port["name"].split("__")[0], "")
        if port.get("role", "payload") != "payload":
            meaning = f"{port['role']} of `{port['stream']}`"
        rows.append((f"`{port['name']}`", port["direction"], _bits(port), meaning))
    lines += [*_table(("port", "direction", "bits", "meaning"), rows), ""]
    if costs:
        figures = list(dict.fromkeys(figure for each in costs.values() for figure in each))
        rows = [
            (device, *(of_device.get(figure, "–") for figure in figures))
            for device, of_device in costs.items()
        ]
        lines += [*_table(("device", *figures), rows), ""]
    return "\n".join(lines)


def _bits(shape: Mapping[str, Any]) -> str:
    """``8``, ``signed 8``, or ``4 × signed 8`` for an array."""
    if "element" in shape:
        return f"{shape['length']} × {_bits(shape['element'])}"
    return f"{'signed ' * shape['signed']}{shape['width']}"


def _timing_meaning(kind: type, name: str) -> str:
    """The docstring of a property, or the comment ``#:`` above a constant."""
    value = inspect.getattr_static(kind, name)
    if isinstance(value, property):
        return " ".join((inspect.getdoc(value) or "").split())
    source = inspect.getsource(kind)
    comment = re.search(rf"((?:^ +#: .*\n)+) +{name} = ", source, re.MULTILINE)
    return " ".join(comment[1].replace("#:", "").split()) if comment else ""


def reference(
    config: AcceleratorConfig, costs: Mapping[str, Mapping[str, Mapping[str, Any]]] = {}
) -> str:
    """The reference of all blocks for ``config``; ``costs`` has those of each block by name.

    A block that refuses the configuration is left out: a lane with a result each clock, where the
    lanes are serial.
    """
    head = [
        "# The blocks",
        "",
        f"Widths and clocks are those of the configuration `{config.name}` ({config.digest}). Each",
        "block takes new operands in every clock, unless it says otherwise.",
        "",
    ]
    if costs:
        head += [
            "What a block costs are the cells of its netlist, synthesised alone and not placed, on",
            "each device as the preset of that device makes it.",
            "",
        ]
    pages = []
    for name in blocks_of(config):
        with suppress(ValueError):
            pages.append(block_page(name, config, costs.get(name, {})))
    return "\n".join(head) + "\n".join(["", *pages])
