# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Exported programs written by hand: forms that no quantizer here gives, and refusals."""

from importlib import import_module

import numpy as np
import pytest
from torch_programs import silent

from macaw.golden import run
from macaw.nn import ModelError, from_torch


@pytest.fixture
def torch(oracle):
    torch = oracle("torch")
    # It registers the operators.
    import_module("torch.ao.quantization.fx._decomposed")
    return torch


class Pairs:
    """PyTorch's operators of programs, with int8 as the type unless another is given."""

    def __init__(self, torch):
        self.torch = torch
        self.aten = torch.ops.aten
        self._library = torch.ops.quantized_decomposed

    def _more(self, dtype):
        dtype = dtype or self.torch.int8
        limits = self.torch.iinfo(dtype)
        return limits.min, limits.max, dtype

    def quantize(self, x, scale=0.25, point=0, dtype=None):
        return self._library.quantize_per_tensor.default(x, scale, point, *self._more(dtype))

    def dequantize(self, x, scale=0.25, point=0, dtype=None):
        return self._library.dequantize_per_tensor.default(x, scale, point, *self._more(dtype))

    def by_channel(self, x, scales, axis):
        more = self._more(None)
        return self._library.dequantize_per_channel.default(x, scales, None, axis, *more)

    def pair(self, x, scale=0.25, point=0):
        """``x``, quantised and dequantised."""
        return self.dequantize(self.quantize(x, scale, point), scale, point)


def exported(torch, function, *inputs, **constants):
    """The program of ``function(pairs, constants, *inputs)``."""

    class Module(torch.nn.Module):
        def __init__(self):
            super().__init__()
            for name, value in constants.items():
                self.register_buffer(name, value)

        def forward(self, *inputs):
            return function(Pairs(torch), self, *inputs)

    with silent(torch):
        return torch.export.export(Module().eval(), inputs)


def compared(torch, function, *inputs, **constants):
    """The graph of the program, whose outputs are those of PyTorch."""
    program = exported(torch, function, *inputs, **constants)
    graph = from_torch(program)
    with silent(torch):
        expected = program.module()(*inputs)
    expected = expected if isinstance(expected, tuple) else (expected,)
    found = run(graph, [each.numpy() for each in inputs])
    for name, value in zip(graph.outputs, expected, strict=True):
        np.testing.assert_array_equal(found[name], value.numpy())
        assert found[name].dtype == value.numpy().dtype
    return graph


def image(torch, channels=4):
    return torch.randn(2, channels, 5, 6, generator=torch.Generator().manual_seed(1))


def weights(torch, *shape, dtype="int8"):
    generator = torch.Generator().manual_seed(2)
    limits = (0, 256) if dtype == "uint8" else (-128, 128)
    return torch.randint(*limits, shape, generator=generator).to(getattr(torch, dtype))


def test_integers_in_and_out(torch):
    def forward(p, c, x):
        y = p.aten.conv2d.default(p.dequantize(x, 0.5, 3), p.dequantize(c.w, 0.125, 1))
        return p.quantize(y, 4.0, -5)

    graph = compared(torch, forward, weights(torch, 1, 4, 6, 6), w=weights(torch, 3, 4, 3, 3))
    assert [type(each).__name__ for each in graph.operators] == ["Transpose", "Conv2d", "Transpose"]


def test_unsigned_images_and_weights(torch):
    def forward(p, c, x):
        u8 = torch.uint8
        x = p.dequantize(p.quantize(x, 1 / 64, 128, u8), 1 / 64, 128, u8)
        y = p.aten.conv2d.default(x, p.dequantize(c.w, 0.125, 100, u8), None, [1, 1], [2, 1])
        y = p.aten.relu.default(y)
        return p.dequantize(p.quantize(y, 1.0, 7, u8), 1.0, 7, u8)

    compared(torch, forward, image(torch), w=weights(torch, 3, 4, 3, 3, dtype="uint8"))


def test_a_float_bias_of_whole_units(torch):
    def forward(p, c, x):
        return p.pair(p.aten.conv2d.default(p.pair(x), p.dequantize(c.w, 0.125), c.b), 2.0, 1)

    constants = {"w": weights(torch, 3, 4, 3, 3)}
    compared(torch, forward, image(torch), b=torch.tensor([1.0, -0.03125, 7.5]), **constants)
    program = exported(torch, forward, image(torch), b=torch.tensor([1.0, 0.03, 7.5]), **constants)
    with pytest.raises(ModelError, match="the bias must be int32 in units of the sums, as Derived"):
        from_torch(program)


def test_bounds_in_every_form(torch):
    aten = torch.ops.aten
    for bound in (
        lambda y: aten.clamp.default(y, -0.5),
        lambda y: aten.clamp.default(y, max=0.75),
        lambda y: aten.clamp.default(y, 0.0, 6.0),
        lambda y: aten.clamp.default(y, min=-1.0, max=1.0),
        lambda y: aten.hardtanh.default(y),
        lambda y: aten.hardtanh.default(y, -0.25, 1.5),
        lambda y: aten.relu6.default(y),
        lambda y: aten.relu_.default(y),
    ):

        def forward(p, c, x, bound=bound):
            y = p.aten.conv2d.default(p.pair(x), p.dequantize(c.w, 2.0**-6))
            return p.pair(bound(y), 2.0**-4, 3)

        compared(torch, forward, image(torch), w=weights(torch, 3, 4, 3, 3))


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_padding_by_a_word(torch, padding):
    def forward(p, c, x):
        y = p.aten.conv2d.padding(
            p.pair(x), p.dequantize(c.w, 2.0**-6), None, [1, 1], padding, [1, 3]
        )
        return p.pair(y, 0.5)

    compared(torch, forward, image(torch), w=weights(torch, 3, 4, 2, 2))


def test_movements_before_the_quantise(torch):
    """The quantise is looked up behind them."""

    def forward(p, c, x):
        y = p.aten.conv2d.default(p.pair(x), p.dequantize(c.w, 0.125))
        y = p.aten.flatten.using_ints(p.aten.max_pool2d.default(y, [3, 2]), 1)
        first, second = p.aten.split_with_sizes.default(p.aten.relu.default(y), [2, 4], 1)
        return p.pair(first, 0.3125, -3), p.pair(second, 0.3125, -3)

    compared(torch, forward, image(torch), w=weights(torch, 3, 4, 3, 3))


def test_movements_of_integers(torch):
    def forward(p, c, x):
        y = p.aten.permute.default(p.quantize(x, 0.3125, -3), [0, 2, 3, 1])
        y = p.aten.max_pool2d.default(p.aten.clone.default(y), [2, 2])
        return p.dequantize(y, 0.3125, -3), y

    compared(torch, forward, image(torch))


def test_operands_of_other_shapes_are_refused(torch):
    program = exported(
        torch, lambda p, c, x, y: p.pair(p.aten.add.Tensor(p.pair(x), p.pair(y))),
        image(torch), torch.randn(5, 6),
    )  # fmt: skip
    with pytest.raises(ModelError, match=r"must have one shape, not \(2, 4, 5, 6\) and \(5, 6\)"):
        from_torch(program)


def test_one_kind_of_join_needs_no_quantise(torch):
    def forward(p, c, x):
        y = p.pair(x, 0.3125, 9)
        return p.aten.cat.default([y, p.aten.relu.default(y)], 1)

    compared(torch, forward, image(torch))


@pytest.mark.parametrize("scale", [0.25, 0.3125])
def test_joins_with_other_scales(torch, scale):
    def forward(p, c, x):
        joined = p.aten.cat.default([p.pair(x, 0.15625, 9), p.pair(x, 0.5, -20)], 2)
        return p.pair(joined, scale, 4)

    compared(torch, forward, image(torch))


def layer(**options):
    """A layer on an image, with what is wrong about it."""

    def forward(p, c, x):
        parameters = options.get("parameters", lambda p, c: (p.dequantize(c.w, 0.5), None))
        name = options.get("name", "conv2d.default")
        operator, overload = name.split(".")
        function = getattr(getattr(p.aten, operator), overload)
        y = function(p.pair(x), *parameters(p, c), *options.get("more", ()))
        return options.get("end", p.pair)(y)

    return forward


def test_layers_are_refused(torch):
    int16, channels = torch.int16, weights(torch, 3, 4, 3, 3)
    for sentence, forward, constants in (
        ("weights must be constant, and quantised", layer(parameters=lambda p, c: (c.w, None)),
         {"w": torch.randn(3, 4, 3, 3)}),
        ("weights must be int8 or uint8, not int16",
         layer(parameters=lambda p, c: (p.dequantize(c.w, 0.5, 0, int16), None)),
         {"w": channels.to(int16)}),
        ("weights must have scales for output channels, not along axis 3",
         layer(parameters=lambda p, c: (p.by_channel(c.w, c.scales, 1), None)),
         {"scales": torch.full((4,), 0.5)}),
        ("groups must be 1, not 2",
         layer(name="conv_transpose2d.input", more=([1, 1], [0, 0], [0, 0], 2)),
         {"w": weights(torch, 4, 3, 3, 3)}),
        (r"dilation must be 1, not \(2, 2\)",
         layer(name="conv_transpose2d.input", more=([1, 1], [0, 0], [0, 0], 1, [2, 2])),
         {"w": weights(torch, 4, 3, 3, 3)}),
        ("the result must be quantised, everywhere", layer(end=lambda y: y), {}),
    ):  # fmt: skip
        program = exported(torch, forward, image(torch), **{"w": channels, **constants})
        with pytest.raises(ModelError, match=sentence):
            from_torch(program)


def test_a_bias_that_is_computed_is_refused(torch):
    def forward(p, c, x, b):
        return p.pair(p.aten.conv2d.default(p.pair(x), p.dequantize(c.w, 0.5), p.pair(b)))

    program = exported(torch, forward, image(torch), torch.ones(3), w=weights(torch, 3, 4, 3, 3))
    with pytest.raises(ModelError, match="conv2d, conv2d: the bias must be constant"):
        from_torch(program)


def test_programs_are_refused(torch):
    def two_quantises(p, c, x):
        y = p.aten.add.Tensor(p.pair(x), p.pair(x))
        return p.pair(y), p.pair(y, 0.5)

    def also_an_output(p, c, x):
        y = p.aten.add.Tensor(p.pair(x), p.pair(x))
        return p.pair(y), y

    def in_place(p, c, x):
        y = p.aten.add.Tensor(p.pair(x), p.pair(x))
        return p.pair(p.aten.relu_.default(p.aten.flatten.using_ints(y, 1))), p.pair(y)

    for sentence, forward in (
        ("add, add: the result must be quantised, everywhere in the same way", two_quantises),
        ("add, add: the result must be quantised, everywhere in the same way", also_an_output),
        ("relu, relu: 'inputs_0' must be quantised before it", lambda p, c, x: p.pair(
            p.aten.relu.default(x))),
        ("softmax: this operator is not supported", lambda p, c, x: p.pair(
            p.aten.softmax.int(p.pair(x), 1))),
        ("the argument 'alpha' is not supported", lambda p, c, x: p.pair(
            p.aten.add.Tensor(p.pair(x), p.pair(x), alpha=2))),
        ("operands must be computed tensors, not float", lambda p, c, x: p.pair(
            p.aten.add.Tensor(p.pair(x), 0.5))),
        ("activations must be int8 or uint8, not int16", lambda p, c, x: p.dequantize(
            p.quantize(x, 0.25, 0, torch.int16), 0.25, 0, torch.int16)),
        ("must be dequantised as it was quantised", lambda p, c, x: p.dequantize(
            p.quantize(x), 0.5)),
        ("activations must have one scale, not one for each channel", lambda p, c, x: p.by_channel(
            p.quantize(x), c.scales, 1)),
        ("relu6, relu6: the result must be quantised", lambda p, c, x: p.aten.relu6.default(
            p.pair(x))),
        ("dropout: the program must be exported in evaluation mode", lambda p, c, x: p.pair(
            p.aten.dropout.default(p.pair(x), 0.5, True))),
        ("dequantize_per_tensor: the result must be float32, not bfloat16", lambda p, c, x: (
            torch.ops.quantized_decomposed.dequantize_per_tensor.default(
                p.quantize(x), 0.25, 0, -128, 127, torch.int8, out_dtype=torch.bfloat16))),
        ("clamp, clamp: bounds must be numbers", lambda p, c, x: p.pair(
            p.aten.clamp.Tensor(p.pair(x), c.scales[0]))),
        ("relu_: it must not change 'add', of which its operand is a view", in_place),
        ("scales of .* must be powers of two, not 0.3125", lambda p, c, x: p.pair(
            p.aten.mean.dim(p.pair(x, 0.3125), [2, 3], True), 0.25)),
    ):  # fmt: skip
        with pytest.raises(ModelError, match=sentence):
            from_torch(exported(torch, forward, image(torch), scales=torch.full((4,), 0.5)))
