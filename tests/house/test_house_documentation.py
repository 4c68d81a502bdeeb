# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The rule of documentation holds, and would notice a breach."""

import ast
import importlib
from textwrap import dedent

import pytest
from house_documentation import signature_members, violations
from house_tree import modules, text


def test_documentation():
    found = []
    for module, path in modules().items():
        found += violations(text(path), module)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("module", ["macaw.arch", "macaw.golden", "macaw.flow"])
def test_exported_names_exist(module):
    loaded = importlib.import_module(module)
    assert [name for name in loaded.__all__ if not hasattr(loaded, name)] == []


GOOD = '''
    """A module."""
    __all__ = ["LIMIT", "Block", "compute"]
    #: The largest.
    LIMIT = 3
    def compute():
        """Computes."""
    class Block(wiring.Component):
        """A block of ``width`` bits.

        Members
        -------
        i, o : In(width)
        valid : Out(1)
            Whether ``o`` is.
        """
        def __init__(self, width):
            members = {"i": In(width), **({"o": Out(width)} if width else {})}
            members["valid"] = Out(1)
            super().__init__(members)
        def elaborate(self, platform):
            pass
'''


def test_good_module_passes():
    assert violations(dedent(GOOD), "macaw.hw.sample") == []


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"""A module."""', "", "sample must have a docstring"),
        ('__all__ = ["LIMIT", "Block", "compute"]', "", "sample must have an __all__"),
        ('"compute"]', '"compute", "gone"]', "sample: gone of __all__ must exist"),
        ('"Block", "compute"', '"Block" "compute"', "sample: Blockcompute of __all__ must exist"),
        ('"""Computes."""', "pass", "sample.compute must have a docstring"),
        (
            "#: The largest.",
            "",
            "sample.LIMIT must have a comment '#:' above it or a docstring below",
        ),
        ("i, o : In(width)", "i : In(width)", "sample.Block: the member o must be described"),
        ("valid : Out(1)", "value : Out(1)", "sample.Block: the member valid must be described"),
        ("valid : Out(1)", "value : Out(1)", "sample.Block: value is described, but no member"),
        ("``width`` bits", "width bits", "sample.Block: the parameter width must be described"),
        ("Members\n", "Ports\n", "sample.Block: the member valid must be described"),
        (
            "def elaborate(self, platform):",
            "def latency(self):",
            "sample.Block.latency must have a docstring",
        ),
        (
            'members["valid"] = Out(1)',
            "members[name] = Out(1)",
            "sample.Block must give its signature as a literal dict, or as annotations",
        ),
    ],
)  # fmt: skip
def test_breach_is_noticed(old, new, sentence):
    assert old in GOOD
    found = violations(dedent(GOOD.replace(old, new)), "macaw.hw.sample")
    assert f"macaw.hw.{sentence}" in found


@pytest.mark.parametrize(("heading", "count"), [("Members", 0), ("Ports", 1)])
def test_derived_signature_outside_hw_is_allowed_with_members(heading, count):
    derived = GOOD.replace('members["valid"] = Out(1)', "members[name] = Out(1)")
    source = dedent(derived.replace("Members\n", f"{heading}\n"))
    assert len(violations(source, "macaw.sim.sample")) == count


def constructor(*lines):
    return "\n        ".join(["def __init__(self, signature):", *lines])


@pytest.mark.parametrize(
    ("body", "members"),
    [
        ("a: In(1)\n    b: Out(8)\n    depth: int", {"a", "b"}),
        (constructor("super().__init__({'a': In(1)})"), {"a"}),
        (constructor("m = {'a': In(1)}", "m |= {'b': In(1)}", "super().__init__(m)"), {"a", "b"}),
        (constructor("m = {}", "m.update({'b': In(1)})", "super().__init__(m)"), {"b"}),
        (
            constructor(
                "names = ('a', 'b')",
                "super().__init__({**dict.fromkeys(names, In(1)), 'c': Out(1)})",
            ),
            {"a", "b", "c"},
        ),
        (constructor("super().__init__(signature)"), None),
    ],
)
def test_members_of_a_signature(body, members):
    node = ast.parse(f"class Block(Component):\n    {body}").body[0]
    assert signature_members(node) == members
