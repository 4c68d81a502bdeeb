# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A quantizer for PyTorch's flow of exported programs, whose float32 sums are exact."""

from collections.abc import Iterable
from typing import Any

from macaw.nn.errors import ModelError
from macaw.nn.torch.observers import derived_bias, image_observer, weight_observer

__all__ = ["MacawQuantizer"]

#: With the channels' axis of their weights.
_WEIGHTED = {"conv2d": 0, "conv_transpose2d": 1, "linear": 0}
_BINARY = ("add", "add_", "mul", "mul_")
_AVERAGING = ("adaptive_avg_pool2d", "avg_pool2d", "mean")
_BOUNDING = tuple(
    f"{name}{ending}" for name in ("relu", "relu6", "hardtanh", "clamp") for ending in ("", "_")
)

#: What has the scale of its operands.
_SHARING = (
    "cat", "chunk", "clone", "contiguous", "dropout", "flatten", "getitem", "max_pool2d", "permute",
    "reshape", "split", "split_with_sizes", "squeeze", "transpose", "unsqueeze",
    "upsample_nearest2d", "view",
)  # fmt: skip


class MacawQuantizer:
    """Annotates a program of ``torch.export`` for ``prepare_pt2e``, so that what ``convert_pt2e``
    makes of it is exact in float32, whatever the processor, and is what Macaw computes.

    Activations are int8 with a zero point, weights int8 with a scale for each output channel,
    biases int32 in units of the sums; all scales are powers of two. ReLU, ReLU6 and the like are
    fused with convolutions, linear layers and sums before them. Alone they have one scale with
    their operands, as have what moves values about, max pooling and concatenation.

    >>> MacawQuantizer()
    MacawQuantizer()

    ::

        program = torch.export.export(network, (image,)).module()
        prepared = prepare_pt2e(program, MacawQuantizer())
        prepared(photographs)
        graph = macaw.nn.from_torch(convert_pt2e(prepared), image)

    It needs torchao. It is no subclass of torchao's ``Quantizer``, whose methods it has, since
    torchao is imported with the first annotation.
    """

    def __repr__(self) -> str:
        return "MacawQuantizer()"

    def transform_for_annotation(self, model: Any) -> Any:
        """``model`` as it is."""
        return model

    def annotate(self, model: Any) -> Any:
        """Annotate ``model``, a ``torch.fx.GraphModule``, in place, and give it back.

        Raises `ModelError` where torchao is not installed.
        """
        try:
            import torchao  # noqa: F401
        except ImportError:
            raise ModelError("MacawQuantizer needs torchao: pip install macaw[torch]") from None
        _Annotation().annotate(model.graph)
        return model

    def validate(self, model: Any) -> None:
        """Nothing: what is not supported is refused by `macaw.nn.from_torch`."""

    def prepare_obs_or_fq_callback(self, model: Any, edge_or_node_to_obs_or_fq: Any) -> None:
        """Nothing: observers stay as they are."""


class _Annotation:
    """Writes annotations into the nodes of a graph."""

    def __init__(self) -> None:
        import torch
        from torchao.quantization.pt2e import quantizer

        self._torch = torch
        self._library = quantizer
        self._image = quantizer.QuantizationSpec(
            dtype=torch.int8,
            observer_or_fake_quant_ctr=image_observer(),
            quant_min=-128,
            quant_max=127,
            qscheme=torch.per_tensor_affine,
        )

    def annotate(self, graph: Any) -> None:
        """All nodes in the order of execution."""
        for node in graph.nodes:
            if node.op != "call_function" or not _is_image(node):
                continue
            kind = _kind(node)
            operands = [each for each in node.all_input_nodes if _is_image(each)]
            if kind in _WEIGHTED:
                self._weighted(node, _WEIGHTED[kind])
            elif kind in _BINARY or kind in _AVERAGING:
                self._with_result(node, dict.fromkeys(operands, self._image))
            elif kind in _SHARING or (kind in _BOUNDING and not self._is_fused(node)):
                self._shared(node, operands)

    def _with_result(self, node: Any, inputs: dict[Any, Any]) -> None:
        """Inputs as they are given, and the result behind an activation, if that follows alone."""
        last = next((user for user in node.users if self._is_fused(user)), node)
        self._write(node, inputs, self._image if last is node else None)
        if last is not node:
            self._write(last, {}, self._image)

    def _is_fused(self, node: Any) -> bool:
        """Whether a node is an activation of the operator before it."""
        if _kind(node) not in _BOUNDING or not node.all_input_nodes:
            return False
        before = node.all_input_nodes[0]
        kinds = (*_WEIGHTED, *_BINARY)
        return _kind(before) in kinds and len(before.users) == 1

    def _weighted(self, node: Any, axis: int) -> None:
        torch, library = self._torch, self._library
        image, weights, *bias = node.args[:3]
        inputs = {
            image: self._image,
            weights: library.QuantizationSpec(
                dtype=torch.int8,
                observer_or_fake_quant_ctr=weight_observer(),
                quant_min=-127,
                quant_max=127,
                qscheme=torch.per_channel_symmetric,
                ch_axis=axis,
            ),
        }
        if bias and bias[0] is not None:
            inputs[bias[0]] = library.DerivedQuantizationSpec(
                derived_from=[(image, node), (weights, node)],
                derive_qparams_fn=derived_bias,
                dtype=torch.int32,
                quant_min=-(2**31),
                quant_max=2**31 - 1,
                qscheme=torch.per_channel_symmetric,
                ch_axis=0,
            )
        self._with_result(node, inputs)

    def _shared(self, node: Any, operands: Iterable[Any]) -> None:
        first, *others = operands
        shared = self._library.SharedQuantizationSpec((first, node))
        inputs = {first: self._image, **dict.fromkeys(others, shared)}
        self._write(node, inputs, shared)

    def _write(self, node: Any, inputs: dict[Any, Any], output: Any) -> None:
        node.meta["quantization_annotation"] = self._library.QuantizationAnnotation(
            input_qspec_map=inputs, output_qspec=output, _annotated=True
        )


def _kind(node: Any) -> str:
    """The name of the operator that a node calls."""
    packet = getattr(node.target, "overloadpacket", node.target)
    return str(getattr(packet, "__name__", packet))


def _is_image(node: Any) -> bool:
    """Whether a node gives a float32 tensor, or several."""
    value = node.meta.get("val")
    several = value if isinstance(value, tuple | list) else (value,)
    return bool(several) and all(
        str(getattr(each, "dtype", "")) == "torch.float32" for each in several
    )
