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
    "prim::unchecked_cast": lambda value: value,
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
                case "prim::ConstantChunk":
                    values = (self._values[inputs[0]], node.i("chunks"), node.i("dim"))
                    arguments = (self._reference(inputs[0]), *values[1:])
                    pieces = f"chunk_{outputs[0]}"
                    self._evaluate("chunk", self._torch.chunk, values, arguments, pieces, inputs)
                    self._unpack(pieces, outputs)
                case _:
                    self._operator(kind, inputs, outputs)

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
                self._write("getitem", arguments, key, pieces[index], ())

    def _operator(self, kind: str, inputs: list[str], outputs: list[str]) -> None:
        space, _, name = kind.partition("::")
        if len(outputs) != 1 or (space == "prim" and kind not in _PLAIN):
            raise ModelError(f"the node {kind} of the script is not supported")
        function = _PLAIN.get(kind) or getattr(getattr(self._torch.ops, space), name)
        arguments = tuple(self._reference(key) for key in inputs)
        values = tuple(self._values[key] for key in inputs)
        label = name if space == "aten" else f"{space}.{name}"
        if name == "__getitem__":
            label = "getitem"
        self._evaluate(label, function, values, arguments, outputs[0], inputs)

    def _evaluate(
        self,
        kind: str,
        function: Any,
        values: tuple[Any, ...],
        arguments: tuple[Any, ...],
        key: str,
        inputs: list[str],
    ) -> None:
        tensors = [name for name in inputs if isinstance(self._values[name], self._torch.Tensor)]
        versions = [self._values[name]._version for name in tensors]
        try:
            result = function(*values)
        except Exception as error:
            raise ModelError(f"{key}, {kind}: PyTorch refuses: {refusal(error)}") from None
        self._values[key] = result
        changed = tuple(
            self._names[name]
            for name, version in zip(tensors, versions, strict=True)
            if self._values[name]._version != version
        )
        self._write(kind, arguments, key, result, changed)

    def _write(
        self, kind: str, arguments: tuple[Any, ...], key: str, result: Any, changed: tuple[str, ...]
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
                keywords={},
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
