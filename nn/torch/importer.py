# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The importer of quantised PyTorch modules: from a module in memory to a quantised graph.

Tensors have the names of the calls that gave them. Images get the graph's order of axes behind the
inputs, and PyTorch's before the outputs and before what takes values in that order, such as
flatten; inputs and outputs are as the module has them.
"""

from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from macaw.nn.errors import ModelError
from macaw.nn.graph import QuantizedGraph
from macaw.nn.torch.archive import check_archive
from macaw.nn.torch.layers import LAYERS
from macaw.nn.torch.library import engine_semantics, engine_set, silent, torch_library
from macaw.nn.torch.movement import MOVEMENT
from macaw.nn.torch.operators import OPERATORS
from macaw.nn.torch.program import draft_of_program
from macaw.nn.torch.program_file import is_program_file, load_program
from macaw.nn.torch.recording import Call, Recording, record, record_program, refusal
from macaw.nn.torch.script import record_script
from macaw.nn.torch.site import Draft, Site
from macaw.nn.verify import verify

__all__ = ["from_torch", "from_torch_file"]

_CONVERTERS = {**LAYERS, **MOVEMENT, **OPERATORS}

#: What is refused by name, and what would work.
_REFUSED = {
    "dynamic.": "quantize_dynamic takes scales from each input: quantise with prepare and convert",
    "reference.": "reference modules compute in float32: lower them with convert_fx",
    "quantized.": "this quantised operator is not known here",
}


def from_torch(
    module: Any, example_inputs: Any = None, *, engine: str | None = None, name: str | None = None
) -> QuantizedGraph:
    """The verified graph of a quantised module: converted in eager or in FX graph mode, made of
    such a module by ``torch.jit``, or an exported program of ``convert_pt2e``.

    ``example_inputs`` is a tensor or an array, or a tuple of them; the graph has their shapes, and
    its inputs and outputs are those of the module, [batch, channels, height, width] for images.
    ``engine`` is one of PyTorch's, by default the one that is set: the one whose bits are meant,
    and with which the module was converted, since weights are packed for it.

    A program, an ``ExportedProgram`` or the module that ``convert_pt2e`` gives, has no engine; the
    first brings its example. The graph has semantics ``pt2e``.

    Raises `ModelError` for what is not supported, and where PyTorch is not installed.
    """
    torch = torch_library()
    is_program = type(module).__name__ == "ExportedProgram"
    if is_program and example_inputs is None and module.example_inputs is not None:
        example_inputs = module.example_inputs[0]
    if example_inputs is None:
        raise ModelError("example_inputs must be given")
    examples = example_inputs if isinstance(example_inputs, tuple) else (example_inputs,)
    example = tuple(
        torch.from_numpy(each) if isinstance(each, np.ndarray) else each for each in examples
    )
    if is_program or _is_converted(torch, module):
        if engine is not None:
            raise ModelError(f"engine must not be given for an exported program: {engine!r}")
        return _from_program(torch, module, example, name)
    engine, semantics = engine_semantics(torch, engine)
    if not isinstance(module, torch.nn.Module):
        raise ModelError(f"module must be a torch.nn.Module, not {type(module).__name__}")
    if module.training:
        raise ModelError(f"{type(module).__name__} must be in evaluation mode: call eval()")
    scripted = isinstance(module, torch.jit.ScriptModule)
    recording = (record_script if scripted else record)(torch, module, example, engine)
    draft = Draft(semantics=semantics)
    for label, facts in recording.inputs.items():
        draft.define(label, facts, image=False)
    for call in recording.calls:
        try:
            _convert(call, draft)
        except ModelError as error:
            raise ModelError(f"{call.name}, {call.kind}: {error}") from None
    return verify(_graph(draft, recording, type(module).__name__ if name is None else name))


def _is_converted(torch: Any, module: Any) -> bool:
    """Whether a module is one that ``torch.export`` made."""
    aten = torch._ops.OpOverload
    return isinstance(module, torch.fx.GraphModule) and any(
        isinstance(node.target, aten) for node in module.graph.nodes
    )


def _from_program(
    torch: Any, program: Any, example: tuple[Any, ...], name: str | None
) -> QuantizedGraph:
    with silent():
        module = program if isinstance(program, torch.nn.Module) else program.module()
        recording = record_program(torch, module, example)
    draft, outputs = draft_of_program(torch, recording)
    named = replace(recording, outputs=outputs)
    return verify(_graph(draft, named, "program" if name is None else name))


def from_torch_file(
    path: str | PathLike[str],
    example_inputs: Any = None,
    *,
    engine: str | None = None,
    name: str | None = None,
) -> QuantizedGraph:
    """The same of a file: of ``torch.export.save``, or of ``torch.jit``, whose weights are packed
    for ``engine`` as it is read.

    Raises what `from_torch` raises, and `ModelError` for a file that is damaged, or that PyTorch
    does not read.
    """
    torch = torch_library()
    file = Path(path)
    check_archive(file)
    if is_program_file(file):
        program = load_program(torch, file)
        return from_torch(program, example_inputs, engine=engine, name=name)
    engine, _ = engine_semantics(torch, engine)
    try:
        with engine_set(torch, engine):
            module = torch.jit.load(str(file)).eval()
    except (RuntimeError, LookupError, ValueError) as error:
        raise ModelError(f"{file.name} must be a file of torch.jit: {refusal(error)}") from None
    return from_torch(module, example_inputs, engine=engine, name=name)


def _convert(call: Call, draft: Draft) -> None:
    site = Site(call=call, draft=draft)
    if call.kind not in _CONVERTERS:
        package = next((word for word in _REFUSED if call.kind.startswith(word)), "")
        raise ModelError(
            _REFUSED.get(package, "this operator is not supported: quantise it, or leave it out")
        )
    _CONVERTERS[call.kind](site)
    for name in call.changed:
        # Who reads the operand later, reads the result.
        draft.alias(name, call.name, site.facts)


def _graph(draft: Draft, recording: Recording, name: str) -> QuantizedGraph:
    inputs = tuple(recording.inputs)
    outputs = tuple(draft.plain(label) for label in recording.outputs)
    used = {*inputs, *outputs}
    for operator in draft.operators:
        used.update((*operator.inputs, *operator.outputs))
    return QuantizedGraph(
        name=name,
        tensors={label: tensor for label, tensor in draft.tensors.items() if label in used},
        operators=tuple(draft.operators),
        inputs=inputs,
        outputs=outputs,
        semantics=draft.semantics,
    )
