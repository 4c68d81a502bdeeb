# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The importer of PyTorch's exported programs, as ``convert_pt2e`` makes them.

Such a program has real operators between dequantise and quantise. Here real numbers that are
dequantised are the integers behind them, as pairs are in ONNX files: what moves values about acts
on the integers, and what computes gives those that the next quantise would make. Where that stands
is looked up before: behind activations and movements, on every way.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from macaw.nn.errors import ModelError
from macaw.nn.graph import Quantization, Semantics
from macaw.nn.graph import operators as op
from macaw.nn.graph.operators import Activation
from macaw.nn.torch.movement import MOVEMENT
from macaw.nn.torch.operators import OPERATORS
from macaw.nn.torch.program_layers import PROGRAM_LAYERS, Constant
from macaw.nn.torch.recording import Call, Facts, Recording, Reference
from macaw.nn.torch.site import Draft, Site

__all__ = ["draft_of_program"]

_PREFIX = "quantized_decomposed."

#: What is refused by name, and what would work.
_REFUSED = {
    "quantized_decomposed.choose_qparams": (
        "dynamic quantisation takes scales from each input: quantise activations statically"
    ),
    "out_dtype": "use_reference_representation truncates what others round: convert without it",
    "round": "use_reference_representation computes otherwise than its program: convert without it",
    "addmm": "a program must be as torch.export gives it, without run_decompositions",
    "convolution": "a program must be as torch.export gives it, without run_decompositions",
}

#: What moves values about, or takes some of them, and leaves them as they are.
_KEEPING: dict[str, Callable[[Site], None]] = {
    **MOVEMENT,
    **dict.fromkeys(("alias", "clone", "detach", "dropout"), OPERATORS["contiguous"]),
    "contiguous": OPERATORS["contiguous"],
    "max_pool2d": OPERATORS["max_pool2d"],
    "split_with_sizes": MOVEMENT["split"],
    "upsample_nearest2d": OPERATORS["upsample_nearest2d"],
}

#: What bounds values, and changes nothing between the bounds.
_BOUNDING: dict[str, Callable[[Site], None]] = {
    **{name: OPERATORS[name] for name in ("clamp", "hardtanh", "relu", "relu6")},
    **{f"{name}_": OPERATORS[name] for name in ("clamp", "hardtanh", "relu", "relu6")},
}

_COMPUTING: dict[str, Callable[[Site], None]] = {
    name: OPERATORS[name] for name in ("adaptive_avg_pool2d", "avg_pool2d", "cat", "mean")
}

_ACTIVATIONS = {
    (0.0, np.inf): Activation.RELU,
    (0.0, 6.0): Activation.RELU6,
    (-1.0, 1.0): Activation.RELU_N1_TO_1,
}


@dataclass(frozen=True, kw_only=True)
class _Units:
    """What integers of a program mean, and their type by PyTorch's name."""

    scale: float
    zero_point: int
    dtype: str


def draft_of_program(torch: Any, recording: Recording) -> tuple[Draft, tuple[str, ...]]:
    """The graph of a recorded program, with semantics ``pt2e``, and the names of its outputs.

    Raises `ModelError` that names a call for what is not supported, or not exact.
    """
    return _Program(torch, recording).run()


class _Program:
    """Walks through a program's calls, and knows what each name stands for."""

    def __init__(self, torch: Any, recording: Recording) -> None:
        self._torch = torch
        self._recording = recording
        self._draft = Draft(semantics=Semantics.PT2E)
        self._units: dict[str, _Units] = {}
        self._reals: set[str] = set()
        self._constants: dict[str, Constant] = {}
        # Activations that stand in the operator before them.
        self._fused: set[str] = set()
        self._users: dict[str, list[Call]] = {}
        for call in recording.calls:
            for name in _references((call.arguments, tuple(call.keywords.values()))):
                self._users.setdefault(name, []).append(call)

    def run(self) -> tuple[Draft, tuple[str, ...]]:
        """The draft, and the names of the outputs."""
        for label, facts in self._recording.inputs.items():
            self._draft.define(label, facts, image=False)
        for call in self._recording.calls:
            if call.kind in _REFUSED:
                raise ModelError(f"{call.name}, {call.kind}: {_REFUSED[call.kind]}")
        for call in self._recording.calls:
            try:
                self._convert(call)
            except ModelError as error:
                raise ModelError(f"{call.name}, {call.kind}: {error}") from None
        given = dict.fromkeys(self._recording.outputs)
        names = {each: self._dequantised(each) if each in self._reals else each for each in given}
        return self._draft, tuple(names[each] for each in self._recording.outputs)

    def _convert(self, call: Call) -> None:
        kind = call.kind.removeprefix(_PREFIX)
        if kind in ("dequantize_per_tensor", "dequantize_per_channel"):
            self._dequantize(call, axis=kind == "dequantize_per_channel")
        elif kind == "quantize_per_tensor":
            self._quantize(call)
        elif call.name in self._fused:
            self._same(call.name, self._operand(call))
        elif call.kind in PROGRAM_LAYERS:
            activation, last = self._activation(call)
            units = self._demanded(last)
            layer, site = PROGRAM_LAYERS[call.kind], self._site(call, units)
            self._check_operands(call)
            layer(site, self._constants, activation)
        elif call.kind in _KEEPING:
            self._keep(call)
        elif call.kind in _BOUNDING:
            self._bound(call)
        elif call.kind in _COMPUTING:
            self._check_operands(call)
            _COMPUTING[call.kind](self._site(call, self._of_several(call)))
        else:
            raise ModelError("this operator is not supported: leave it out, or behind the outputs")
        for name in call.changed:
            if name != self._operand(call):
                raise ModelError(f"it must not change {name!r}, of which its operand is a view")
            # Who reads the operand later, reads the result.
            self._same(name, call.name)

    def _operand(self, call: Call) -> str:
        """The first operand's name."""
        names = _references(call.arguments)
        if not names:
            raise ModelError("operands must be computed tensors")
        return names[0]

    def _check_operands(self, call: Call) -> None:
        """Refuse what is not dequantised."""
        for name in _references((call.arguments, tuple(call.keywords.values()))):
            if name not in self._reals and name not in self._constants:
                raise ModelError(
                    f"{name!r} must be quantised before it: quantise with "
                    "macaw.nn.torch.MacawQuantizer"
                )

    def _same(self, name: str, source: str) -> None:
        """Let a name stand for what another stands for."""
        facts = self._draft.facts[source]
        self._draft.alias(name, source, facts)
        if source in self._units:
            self._units[name] = self._units[source]
        if source in self._reals:
            self._reals.add(name)

    def _site(self, call: Call, units: _Units) -> Site:
        """The place of a call whose result has ``units`` once it is quantised."""

        def known(facts: Facts) -> Facts:
            return replace(facts, dtype=units.dtype, scale=units.scale, zero_point=units.zero_point)

        facts = call.facts
        facts = tuple(map(known, facts)) if isinstance(facts, tuple) else known(facts)
        self._units[call.name] = units
        self._reals.add(call.name)
        return Site(call=replace(call, facts=facts), draft=self._draft)

    def _units_of(self, values: tuple[Any, ...]) -> _Units:
        """Of the arguments of a (de)quantise from the scale on; they must be the whole type's."""
        scale, zero_point, low, high, dtype = values[:5]
        if isinstance(scale, Reference):
            raise ModelError("scales must be constant")
        limits = self._torch.iinfo(dtype)
        if (int(low), int(high)) != (limits.min, limits.max):
            raise ModelError(
                f"quant_min and quant_max must be {limits.min} and {limits.max}, not {low} and "
                f"{high}"
            )
        name = str(dtype).removeprefix("torch.")
        if name not in ("int8", "uint8"):
            raise ModelError(f"activations must be int8 or uint8, not {name}")
        if float(np.float32(scale)) != float(scale):
            raise ModelError(f"scale must be a float32, not {scale!r}")
        return _Units(scale=float(scale), zero_point=int(zero_point), dtype=name)

    def _quantize(self, call: Call) -> None:
        source, units = self._operand(call), self._units_of(call.arguments[1:])
        if source in self._reals and self._units[source] == units:
            self._same(call.name, source)
            self._reals.discard(call.name)
            return
        site = self._site(call, units)
        self._reals.discard(call.name)
        if source in self._reals:
            site.add(op.Requantize(**site.on_either(source)))
        elif source in self._recording.inputs:
            site.add(op.Quantize(**site.in_memory(source)))
        else:
            raise ModelError(f"{source!r} must be dequantised")

    def _dequantize(self, call: Call, *, axis: bool) -> None:
        source, rest = call.arguments[0], call.arguments[1:]
        if isinstance(call.facts, Facts) and call.facts.dtype != "float32":
            raise ModelError(f"the result must be float32, not {call.facts.dtype}")
        if not isinstance(source, Reference):
            self._constants[call.name] = _constant(source, rest, axis=axis)
            return
        if axis:
            raise ModelError("activations must have one scale, not one for each channel")
        units = self._units_of(rest)
        if source.name in self._recording.inputs and source.name not in self._units:
            facts = self._draft.facts[source.name]
            known = replace(facts, scale=units.scale, zero_point=units.zero_point)
            self._draft.define(source.name, known, image=False)
            self._units[source.name] = units
        if self._units.get(source.name) != units:
            raise ModelError(f"{source.name!r} must be dequantised as it was quantised")
        self._same(call.name, source.name)
        self._reals.add(call.name)

    def _keep(self, call: Call) -> None:
        """What moves integers, or the real numbers that stand for them."""
        source = self._operand(call)
        if source not in self._units:
            self._check_operands(call)
        if call.kind == "dropout" and True in (*call.arguments[2:], *call.keywords.values()):
            raise ModelError("the program must be exported in evaluation mode: call eval()")
        _KEEPING[call.kind](self._site(call, self._units[source]))
        if source not in self._reals:
            self._reals.discard(call.name)

    def _bound(self, call: Call) -> None:
        """A ReLU or its like alone, in the units of its result."""
        self._check_operands(call)
        _bounds(call)
        source = self._operand(call)
        units = self._awaited(call.name)
        if units is None:
            if call.kind.rstrip("_") != "relu":
                raise ModelError("the result must be quantised")
            units = self._units[source]
        if units != self._units[source]:
            moved = replace(call, name=f"{call.name}#requantised")
            site = self._site(moved, units)
            site.add(op.Requantize(**site.on_either(source)))
            arguments = (Reference(moved.name), *call.arguments[1:])
            call = replace(call, arguments=arguments)
        _BOUNDING[call.kind](self._site(call, units))

    def _of_several(self, call: Call) -> _Units:
        """The units of an operator that needs none of its own where its operands agree, as a
        concatenation does, or of one that computes."""
        units = self._awaited(call.name)
        operands = {self._units[name] for name in _references(call.arguments)}
        if units is None and call.kind == "cat" and len(operands) == 1:
            units = operands.pop()
        return self._checked(units)

    def _demanded(self, name: str) -> _Units:
        return self._checked(self._awaited(name))

    def _checked(self, units: _Units | None) -> _Units:
        if units is None:
            raise ModelError(
                "the result must be quantised, everywhere in the same way: quantise with "
                "macaw.nn.torch.MacawQuantizer"
            )
        return units

    def _awaited(self, name: str) -> _Units | None:
        """What the quantise behind a value makes of it; ``None`` where there is none, or several
        that differ."""
        if name in self._recording.outputs:
            return None
        found = {self._awaited_by(call) for call in self._users.get(name, ())}
        return found.pop() if len(found) == 1 else None

    def _awaited_by(self, call: Call) -> _Units | None:
        if call.kind == f"{_PREFIX}quantize_per_tensor":
            return self._units_of(call.arguments[1:])
        if call.kind in _KEEPING or call.kind in _BOUNDING:
            return self._awaited(call.name)
        return None

    def _activation(self, call: Call) -> tuple[Activation, str]:
        """The activation that an operator is fused with, and the name of the last of both."""
        users = self._users.get(call.name, ())
        if len(users) != 1 or users[0].kind not in _BOUNDING:
            return Activation.NONE, call.name
        [user] = users
        activation = _ACTIVATIONS.get(_bounds(user))
        if activation is None or call.name in self._recording.outputs:
            return Activation.NONE, call.name
        self._fused.add(user.name)
        return activation, user.name

    def _dequantised(self, name: str) -> str:
        """An output as real numbers, and its name, another one where that has integers."""
        draft, facts = self._draft, self._draft.facts[name]
        source = f"{name}#{facts.dtype}"
        draft.alias(source, name, facts)
        taken = {name, f"{name}#nchw", f"{name}#nhwc"} & draft.tensors.keys()
        result = f"{name}#float32" if taken else name
        draft.images.pop(result, None)
        draft.plains.pop(result, None)
        real = replace(facts, dtype="float32", scale=None, zero_point=None)
        call = Call(
            name=result, kind="dequantize", module=None, arguments=(Reference(source),),
            keywords={}, facts=real, changed=(),
        )  # fmt: skip
        site = Site(call=call, draft=draft)
        site.add(op.Dequantize(**site.on_either(source)))
        return result


def _references(value: Any) -> list[str]:
    """The names of all computed tensors among arguments."""
    if isinstance(value, Reference):
        return [value.name]
    if isinstance(value, tuple):
        return [name for each in value for name in _references(each)]
    return []


def _bounds(call: Call) -> tuple[float, float]:
    """The bounds of a ReLU or its like; `ModelError` where they are no numbers."""
    kind = call.kind.rstrip("_")
    if kind in ("relu", "relu6"):
        return 0.0, 6.0 if kind == "relu6" else np.inf
    names = ("min_val", "max_val") if kind == "hardtanh" else ("min", "max")
    given = dict(zip(names, call.arguments[1:], strict=False)) | call.keywords
    low, high = (given.get(name) for name in names)
    if kind == "hardtanh":
        low, high = (-1.0 if low is None else low), (1.0 if high is None else high)
    if not all(each is None or isinstance(each, int | float) for each in (low, high)):
        raise ModelError("bounds must be numbers")
    return (-np.inf if low is None else float(low)), (np.inf if high is None else float(high))


def _constant(data: Any, rest: tuple[Any, ...], *, axis: bool) -> Constant:
    """A constant, with the arguments of its dequantise."""
    scales = np.atleast_1d(np.asarray(rest[0], np.float64))
    points = np.zeros(len(scales)) if rest[1] is None else np.atleast_1d(np.asarray(rest[1]))
    return Constant(
        data=np.array(data.numpy()),
        quantization=Quantization(
            scale=tuple(float(each) for each in scales),
            zero_point=tuple(int(each) for each in points),
            axis=int(rest[2]) if axis else None,
        ),
    )
