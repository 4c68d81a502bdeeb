# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A module's forward as a list of calls, each with what it gave for an example.

The module is traced symbolically, so that any forward without branches on values can be read; then
the calls are made, one by one, on the example. Shapes, scales and memory formats are those of the
results: nothing about PyTorch's operators is written a second time here.
"""

from dataclasses import dataclass
from typing import Any

from macaw.nn.errors import ModelError
from macaw.nn.torch.library import engine_set

__all__ = [
    "Call",
    "Facts",
    "Recording",
    "Reference",
    "facts_of",
    "record",
    "record_program",
    "refusal",
]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a tensor: its type is PyTorch's name for it.

    ``channels_first`` and ``channels_last`` say whether its values lie so in memory, without gaps;
    both may be.
    """

    shape: tuple[int, ...]
    dtype: str
    scale: float | None
    zero_point: int | None
    channels_first: bool
    channels_last: bool


@dataclass(frozen=True)
class Reference:
    """An argument that is the result of a call, by its name, or an input of the module."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call of the forward. ``kind`` is the name of a function or method, with ``quantized.``
    before those of ``torch.ops.quantized``, or the name of a module's class, with the package of
    ``torch.ao.nn`` before it. Arguments are references, or values as they are.

    ``facts`` describes the result, a tensor or several; ``changed`` names what the call has
    written over.
    """

    name: str
    kind: str
    module: Any
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]
    facts: Facts | tuple[Facts, ...]
    changed: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Recording:
    """The calls in order; the inputs with what is known of them, and the outputs by name."""

    inputs: dict[str, Facts]
    calls: tuple[Call, ...]
    outputs: tuple[str, ...]


def record(torch: Any, module: Any, example: tuple[Any, ...], engine: str) -> Recording:
    """The calls of ``module(*example)`` in one of PyTorch's engines.

    Raises `ModelError` for what cannot be traced, and for what PyTorch refuses.
    """
    tracer = torch.fx.Tracer()
    try:
        graph = tracer.trace(module)
    except Exception as error:
        raise ModelError(
            f"{type(module).__name__} must have a forward that torch.fx can trace, "
            f"without branches on values: {refusal(error)}"
        ) from None
    with engine_set(torch, engine):
        return _Recorder(torch, module, graph).run(example)


def record_program(torch: Any, module: Any, example: tuple[Any, ...]) -> Recording:
    """The calls of the graph that ``torch.export`` made, with constants folded.

    Raises `ModelError` for what PyTorch refuses.
    """
    with torch.no_grad():
        return _Recorder(torch, module, module.graph, fold=True).run(example)


def facts_of(torch: Any, tensor: Any) -> Facts:
    """What is known of one of PyTorch's tensors."""
    affine = tensor.is_quantized and tensor.qscheme() == torch.per_tensor_affine
    last = tensor.dim() == 4 and tensor.is_contiguous(memory_format=torch.channels_last)
    return Facts(
        shape=tuple(int(size) for size in tensor.shape),
        dtype=str(tensor.dtype).removeprefix("torch."),
        scale=float(tensor.q_scale()) if affine else None,
        zero_point=int(tensor.q_zero_point()) if affine else None,
        channels_first=bool(tensor.is_contiguous()),
        channels_last=last,
    )


def refusal(error: Exception) -> str:
    """The first line of what PyTorch says, as far as it can be printed."""
    lines = str(error).strip().splitlines()
    line = lines[0] if lines else type(error).__name__
    return "".join(each if each.isprintable() else "?" for each in line)


class _Recorder:
    """Makes the calls of a traced graph, and writes down what they give."""

    def __init__(self, torch: Any, module: Any, graph: Any, *, fold: bool = False) -> None:
        self._torch = torch
        self._module = module
        self._graph = graph
        self._fold = fold
        self._values: dict[Any, Any] = {}
        self._constants: set[Any] = set()

    def run(self, example: tuple[Any, ...]) -> Recording:
        """The recording for an example."""
        given = list(example)
        inputs: dict[str, Facts] = {}
        calls: list[Call] = []
        outputs: tuple[str, ...] = ()
        for node in self._graph.nodes:
            if node.op == "placeholder":
                value = self._input(node, given)
                self._values[node] = value
                if self._is_tensor(value):
                    inputs[node.name] = facts_of(self._torch, value)
            elif node.op == "get_attr":
                self._values[node] = _attribute(self._module, node.target)
                self._constants.add(node)
            elif node.op == "output":
                outputs = self._outputs(node.args[0])
            else:
                call = self._call(node)
                if call is not None:
                    calls.append(call)
        if given:
            raise ModelError(f"example_inputs must be {len(inputs)} tensors, not {len(example)}")
        return Recording(inputs=inputs, calls=tuple(calls), outputs=outputs)

    def _input(self, node: Any, given: list[Any]) -> Any:
        if given:
            return given.pop(0)
        if node.args:
            return node.args[0]
        raise ModelError(f"example_inputs must have a tensor for {node.target!r}")

    def _is_tensor(self, value: Any) -> bool:
        return isinstance(value, self._torch.Tensor)

    def _call(self, node: Any) -> Call | None:
        """The call of a node; None for one that gives no tensor, whose value is kept."""
        module = self._module.get_submodule(node.target) if node.op == "call_module" else None
        kind = _module_kind(module) if node.op == "call_module" else _kind(node.target)
        arguments = self._torch.fx.node.map_arg(node.args, self._values.__getitem__)
        keywords = self._torch.fx.node.map_arg(node.kwargs, self._values.__getitem__)
        # An operator in place changes what its operand is a view of, too.
        known = self._values if self._fold and kind.endswith("_") else node.all_input_nodes
        operands = [each for each in known if self._is_tensor(self._values[each])]
        versions = [self._values[each]._version for each in operands]
        try:
            if module is not None:
                result = module(*arguments, **keywords)
            elif node.op == "call_function":
                result = node.target(*arguments, **keywords)
            else:
                result = getattr(arguments[0], node.target)(*arguments[1:], **keywords)
        except Exception as error:
            raise ModelError(f"{node.name}, {kind}: PyTorch refuses: {refusal(error)}") from None
        self._values[node] = result
        if self._fold and self._folded(node, kind):
            self._constants.add(node)
            return None
        results = result if isinstance(result, tuple | list) else (result,)
        if not results or not all(self._is_tensor(each) for each in results):
            return None
        facts = tuple(facts_of(self._torch, each) for each in results)
        changed = [
            each.name
            for each, version in zip(operands, versions, strict=True)
            if self._values[each]._version != version
        ]
        return Call(
            name=node.name,
            kind=kind,
            module=module,
            arguments=tuple(self._argument(each) for each in node.args),
            keywords={key: self._argument(each) for key, each in node.kwargs.items()},
            facts=facts if isinstance(result, tuple | list) else facts[0],
            changed=tuple(changed),
        )

    def _folded(self, node: Any, kind: str) -> bool:
        """Whether a call makes a constant of constants, and not of integers their real numbers,
        whose scales must stay known."""
        known = bool(node.all_input_nodes) and self._constants.issuperset(node.all_input_nodes)
        return known and not kind.startswith("quantized_decomposed.dequantize")

    def _argument(self, value: Any) -> Any:
        """An argument with references in the place of computed tensors."""

        def known(node: Any) -> Any:
            held = self._values[node]
            several = isinstance(held, tuple | list) and held and self._is_tensor(held[0])
            if node not in self._constants and (self._is_tensor(held) or several):
                return Reference(node.name)
            return held

        if isinstance(value, tuple | list):
            return tuple(self._argument(each) for each in value)
        return known(value) if isinstance(value, self._torch.fx.Node) else value

    def _outputs(self, value: Any) -> tuple[str, ...]:
        """The names of the outputs, which may be a tensor, or a list or dictionary of tensors."""
        if isinstance(value, dict):
            value = tuple(value.values())
        if isinstance(value, tuple | list):
            return tuple(name for each in value for name in self._outputs(each))
        if not isinstance(value, self._torch.fx.Node) or not self._is_tensor(self._values[value]):
            raise ModelError(f"outputs must be tensors, not {value!r}")
        return (str(value.name),)


def _attribute(module: Any, path: str) -> Any:
    for part in path.split("."):
        module = getattr(module, part)
    return module


def _kind(target: Any) -> str:
    """The name of a function or a method."""
    if isinstance(target, str):
        return target
    packet = getattr(target, "overloadpacket", target)
    qualified = getattr(packet, "_qualified_op_name", "")
    space, _, name = qualified.partition("::")
    if name and space != "aten":
        return f"{space}.{name}"
    return str(getattr(packet, "__name__", packet))


def _module_kind(module: Any) -> str:
    """The name of a module's class, after ``dynamic.``, ``reference.`` or ``quantized.``."""
    path = type(module).__module__.split(".")
    package = next((word for word in ("dynamic", "reference", "quantized") if word in path), None)
    name = type(module).__name__
    return name if package is None else f"{package}.{name}"
