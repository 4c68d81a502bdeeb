# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""One call of a module at its place: what its conversion may ask for.

Images lie [batch, channels, height, width] in PyTorch's eyes, and [batch, height, width, channels]
in the graph. A tensor of the module may have a tensor of the graph in either order; the second is
made, by a transpose, where something asks for it.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.nn.errors import ModelError
from macaw.nn.graph import DType, Quantization, Semantics, Tensor
from macaw.nn.graph.operators import Operator, Transpose
from macaw.nn.torch.recording import Call, Facts, Reference

__all__ = ["TO_IMAGE", "TO_PLAIN", "Draft", "Site"]

#: From PyTorch's order of an image's axes to the graph's.
TO_IMAGE = (0, 2, 3, 1)

#: From the graph's order of an image's axes to PyTorch's.
TO_PLAIN = (0, 3, 1, 2)

_DTYPES = {
    "quint8": DType.UINT8,
    "int8": DType.INT8,
    "uint8": DType.UINT8,
    "float32": DType.FLOAT32,
    "int64": DType.INT64,
    "int32": DType.INT32,
}


@dataclass(kw_only=True)
class Draft:
    """A graph in the making.

    ``images`` and ``plains`` are the tensors of the graph for each tensor of the module, with the
    graph's order of axes, and with PyTorch's.
    """

    semantics: Semantics
    facts: dict[str, Facts] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
    plains: dict[str, str] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    operators: list[Operator] = field(default_factory=list)

    def define(self, name: str, facts: Facts, *, image: bool) -> str:
        """Describe a tensor of the module, which the graph has in one of both orders."""
        self.facts[name] = facts
        (self.images if image else self.plains)[name] = name
        self.tensors[name] = tensor(name, facts, image=image)
        return name

    def label(self, name: str) -> str:
        """The tensor of the graph for a tensor of the module, in either order of axes."""
        return self.images.get(name) or self.plains[name]

    def alias(self, name: str, source: str, facts: Facts) -> None:
        """Let a tensor of the module be the same as another, wherever it lies in memory."""
        self.facts[name] = facts
        for names in (self.images, self.plains):
            names.pop(name, None)
            if source in names:
                names[name] = names[source]

    def image(self, name: str) -> str:
        """The tensor of the graph for an image, in the graph's order of axes."""
        if len(self.facts[name].shape) != 4:
            raise ModelError(f"{name!r} must have 4 axes, not shape {self.facts[name].shape!r}")
        if name not in self.images:
            self.images[name] = self._transposed(name, self.plains[name], image=True)
        return self.images[name]

    def plain(self, name: str) -> str:
        """The tensor of the graph in PyTorch's order of axes."""
        if name not in self.plains:
            self.plains[name] = self._transposed(name, self.images[name], image=False)
        return self.plains[name]

    def _transposed(self, name: str, source: str, *, image: bool) -> str:
        result = f"{name}#{'nhwc' if image else 'nchw'}"
        self.tensors[result] = tensor(result, self.facts[name], image=image)
        permutation = TO_IMAGE if image else TO_PLAIN
        self.operators.append(
            Transpose(inputs=(source,), outputs=(result,), permutation=permutation)
        )
        return result


def tensor(name: str, facts: Facts, *, image: bool) -> Tensor:
    """The tensor of the graph for one of the module."""
    if facts.dtype not in _DTYPES:
        raise ModelError(f"tensor {name!r} must be {' or '.join(_DTYPES)}, not {facts.dtype}")
    quantization = None
    if facts.scale is not None and facts.zero_point is not None:
        quantization = Quantization(scale=(facts.scale,), zero_point=(facts.zero_point,))
    shape = facts.shape
    return Tensor(
        name=name,
        shape=tuple(shape[axis] for axis in TO_IMAGE) if image else shape,
        dtype=_DTYPES[facts.dtype],
        quantization=quantization,
    )


@dataclass(frozen=True, kw_only=True)
class Site:
    """A call, with the draft of the graph around it."""

    call: Call
    draft: Draft

    @property
    def facts(self) -> Facts:
        """What is known of the result, of which there must be one."""
        if isinstance(self.call.facts, tuple):
            raise ModelError(f"the result must be one tensor, not {len(self.call.facts)}")
        return self.call.facts

    def bound(self, *names: str, **defaults: Any) -> dict[str, Any]:
        """The arguments by name: ``names`` in PyTorch's order, and what those are that are left
        out. Raises `ModelError` for arguments that have no name here, or none given."""
        if len(self.call.arguments) > len(names):
            raise ModelError(f"arguments must be at most {len(names)}")
        given = dict(zip(names, self.call.arguments, strict=False)) | self.call.keywords
        for name in given:
            if name not in names:
                raise ModelError(f"the argument {name!r} is not supported")
        for name in names:
            if name not in given and name not in defaults:
                raise ModelError(f"the argument {name!r} must be given")
        return defaults | given

    def source(self, value: Any) -> str:
        """The name of an argument that must be a computed tensor."""
        if not isinstance(value, Reference):
            raise ModelError(f"operands must be computed tensors, not {type(value).__name__}")
        return value.name

    @property
    def only(self) -> str:
        """The name of the first argument, of which the call is a function."""
        values = (*self.call.arguments, *self.call.keywords.values())
        return self.source(values[0] if values else None)

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor of the module, in PyTorch's order of axes."""
        return self.draft.facts[name].shape

    def on_images(self, *sources: str) -> dict[str, Any]:
        """The ends of an operator from images to an image."""
        inputs = tuple(self.draft.image(source) for source in sources)
        result = self.draft.define(self.call.name, self.facts, image=True)
        return {"inputs": inputs, "outputs": (result,)}

    def on_plains(self, *sources: str) -> dict[str, Any]:
        """The ends of an operator that takes PyTorch's order of axes, and keeps it."""
        inputs = tuple(self.draft.plain(source) for source in sources)
        result = self.draft.define(self.call.name, self.facts, image=False)
        return {"inputs": inputs, "outputs": (result,)}

    def on_either(self, *sources: str) -> dict[str, Any]:
        """The ends of an operator of single values: images where one of its operands is one."""
        images = any(source in self.draft.images for source in sources)
        fits = all(len(self.shape(source)) == 4 for source in sources)
        return self.on_images(*sources) if images and fits else self.on_plains(*sources)

    def in_memory(self, *sources: str) -> dict[str, Any]:
        """The ends of an operator that depends on the order of values in memory: the graph's
        order of axes for images."""
        images = len(self.facts.shape) == 4
        return self.on_images(*sources) if images else self.on_plains(*sources)

    def add(self, operator: Operator) -> None:
        """Append an operator to the graph."""
        self.draft.operators.append(operator)

    def constant(
        self, role: str, data: NDArray[Any], quantization: Quantization | None = None
    ) -> str:
        """Add a constant to the graph; gives its name."""
        name = f"{self.call.name}#{role}"
        self.draft.tensors[name] = Tensor(
            name=name,
            shape=data.shape,
            dtype=DType(np.dtype(data.dtype).name),
            quantization=quantization,
            data=data,
        )
        return name

    @property
    def program(self) -> bool:
        """Whether the call is one of an exported program, which has no engine."""
        return self.draft.semantics == Semantics.PT2E

    @property
    def qnnpack(self) -> bool:
        """Whether the engine is qnnpack."""
        return self.draft.semantics == Semantics.QNNPACK
