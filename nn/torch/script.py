# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A TorchScript module's forward as a list of calls, as `macaw.nn.torch.recording` has them.

The module is frozen, so that its graph is flat and holds all that it reads; then its nodes are
evaluated, one by one, on the example. Branches are followed, since everything is known.
"""

import operator
from collections.abc import Callable
from typing import Any

from macaw.nn.errors import ModelError
from macaw.nn.torch.library import engine_set
from macaw.nn.torch.recording import Call, Recording, Reference, facts_of, refusal

__all__ = ["record_script"]

#: What PyTorch does not offer to Python by these names.
_PLAIN: dict[str, Callable[..., Any]] = {
    "aten::FloatImplicit": float,
    "aten::IntImplicit": int,
    "aten::__getitem__": operator.getitem,
    "aten::__is__": operator.is_,
    "aten::__isnot__": operator.is_not,
    "prim::Uninitialized": lambda: None,
    "prim::is_quantized": lambda tensor: tensor.is_quantized,
}


def record_script(torch: Any, module: Any, example: tuple[Any, ...], engine: str) -> Recording:
    """The calls of a script module in one of PyTorch's engines.

    Raises `ModelError` for nodes that are no calls of operators, and for what PyTorch refuses.
    """
    with engine_set(torch, engine):
        try:
            graph = torch.jit.freeze(module).graph
        except RuntimeError as error:
            raise ModelError(f"the script must be one that freezes: {refusal(error)}") from None
        return _Script(torch).run(graph, example)


class _Script:
    """Evaluates the nodes of a frozen graph, and writes down what they give."""

    def __init__(self, torch: Any) -> None:
        self._torch = torch
        # By the names of TorchScript's values.
        self._values: dict[str, Any] = {}
        self._calls: list[Call] = []
        # The names that computed tensors have in the recording, and what stands in lists.
        self._names: dict[str, str] = {}
        self._lists: dict[str, list[str]] = {}

    def run(self, graph: Any, example: tuple[Any, ...]) -> Recording:
        """The recording for an example."""
        given = list(graph.inputs())[1:]
        if len(given) != len(example):
            raise ModelError(f"example_inputs must be {len(given)} tensors, not {len(example)}")
        inputs = {}
        for value, tensor in zip(given, example, strict=True):
            key = value.debugName()
            self._values[key], self._names[key] = tensor, key
            inputs[key] = facts_of(self._torch, tensor)
        self._nodes(graph.nodes())
        outputs = tuple(
            name for value in graph.outputs() for name in self._outputs(value.debugName())
        )
        return Recording(inputs=inputs, calls=tuple(self._calls), outputs=outputs)

    def _outputs(self, key: str) -> tuple[str, ...]:
        """The names of the tensors that a result is, or holds."""
        reference = self._reference(key)
        found = reference if isinstance(reference, tuple) else (reference,)
        if not all(isinstance(each, Reference) for each in found):
            raise ModelError(f"outputs must be tensors, not {reference!r}")
        return tuple(each.name for each in found)

    def _nodes(self, nodes: Any) -> None:
        for node in nodes:
            kind = node.kind()
            inputs = [value.debugName() for value in node.inputs()]
            outputs = [value.debugName() for value in node.outputs()]
            match kind:
                case "prim::Constant":
                    self._values[outputs[0]] = next(node.outputs()).toIValue()
                case "prim::ListConstruct" | "prim::TupleConstruct":
                    self._values[outputs[0]] = [self._values[key] for key in inputs]
                    self._lists[outputs[0]] = inputs
                case "prim::If":
                    blocks = list(node.blocks())
                    block = blocks[0 if self._values[inputs[0]] else 1]
                    self._nodes(block.nodes())
                    for key, value in zip(outputs, block.outputs(), strict=True):
                        self._same(key, value.debugName())
                case "prim::ListUnpack" | "prim::TupleUnpack":
                    self._unpack(inputs[0], outputs)
                case "prim::unchecked_cast":
                    self._same(outputs[0], inputs[0])
                case _:
                    self._operator(node, inputs, outputs)

    def _same(self, key: str, source: str) -> None:
        self._values[key] = self._values[source]
        if source in self._names:
            self._names[key] = self._names[source]
        if source in self._lists:
            self._lists[key] = self._lists[source]

    def _unpack(self, source: str, outputs: list[str]) -> None:
        if source in self._lists:
            for key, each in zip(outputs, self._lists[source], strict=True):
                self._same(key, each)
            return
        pieces = self._values[source]
        for index, key in enumerate(outputs):
            self._values[key] = pieces[index]
            if source in self._names:
                arguments = (Reference(self._names[source]), index)
                self._write("getitem", arguments, key, pieces[index])

    def _operator(self, node: Any, inputs: list[str], outputs: list[str]) -> None:
        """Call an operator, and write the call down."""
        space, _, name = node.kind().partition("::")
        offered = getattr(self._torch.ops, space) if space != "prim" else None
        function = _PLAIN.get(node.kind()) or getattr(offered, name, None)
        if len(outputs) != 1 or function is None:
            raise ModelError(f"the node {node.kind()} of the script is not supported")
        label = name if space == "aten" else f"{space}.{name}"
        places, named = self._places(node, inputs)
        tensors = [key for key in inputs if isinstance(self._values[key], self._torch.Tensor)]
        versions = [self._values[key]._version for key in tensors]
        try:
            result = function(
                *(self._values[key] for key in places),
                **{word: self._values[key] for word, key in named.items()},
            )
        except Exception as error:
            raise ModelError(f"{outputs[0]}, {label}: PyTorch refuses: {refusal(error)}") from None
        self._values[outputs[0]] = result
        changed = tuple(
            self._names[key]
            for key, version in zip(tensors, versions, strict=True)
            if self._values[key]._version != version
        )
        kind = "getitem" if name == "__getitem__" else label
        arguments = tuple(self._reference(key) for key in places)
        keywords = {word: self._reference(key) for word, key in named.items()}
        self._write(kind, arguments, outputs[0], result, changed, keywords)

    def _places(self, node: Any, inputs: list[str]) -> tuple[list[str], dict[str, str]]:
        """The inputs that are given by their place, and those that must be given by name: the last
        ones."""
        if node.schema() == "(no schema)":
            return inputs, {}
        words = self._torch._C.parse_schema(node.schema()).arguments
        count = sum(not word.kwarg_only for word in words)
        names = [word.name for word in words[count:]]
        return inputs[:count], dict(zip(names, inputs[count:], strict=True))

    def _write(
        self,
        kind: str,
        arguments: tuple[Any, ...],
        key: str,
        result: Any,
        changed: tuple[str, ...] = (),
        keywords: dict[str, Any] | None = None,
    ) -> None:
        """Write down a call that gives a tensor, or several."""
        several = isinstance(result, tuple | list)
        results = tuple(result) if several else (result,)
        if not results or not all(isinstance(each, self._torch.Tensor) for each in results):
            return
        name = f"{kind.partition('.')[2] or kind}_{key}" if key.isdecimal() else key
        self._names[key] = name
        facts = tuple(facts_of(self._torch, each) for each in results)
        self._calls.append(
            Call(
                name=name,
                kind=kind,
                module=None,
                arguments=arguments,
                keywords=keywords or {},
                facts=facts if several else facts[0],
                changed=changed,
            )
        )

    def _reference(self, key: str) -> Any:
        """An argument: a computed tensor by its name, lists of them, or a value as it is."""
        if key in self._names:
            return Reference(self._names[key])
        if key in self._lists:
            return tuple(self._reference(each) for each in self._lists[key])
        value = self._values[key]
        return tuple(value) if isinstance(value, list) else value
