# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The importer of PyTorch modules: every tensor as PyTorch has it, and what is refused."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from torch_models import (
    ENGINES,
    RESIDUAL_FUSED,
    check,
    deep_network,
    differences,
    engine_set,
    functions_network,
    mobile_network,
    photographs,
    quantised,
    quantised_by_fx,
    random_network,
    residual_network,
)

from macaw.golden import run
from macaw.nn import ModelError, Semantics, from_torch
from macaw.nn.graph import DType
from macaw.nn.graph import operators as op


@pytest.fixture
def torch(oracle):
    return oracle("torch")


def network(torch, kind, engine):
    """A network, its photographs, and what of it is fused: qnnpack cannot do all."""
    match kind:
        case "residual":
            return residual_network(torch), photographs(torch, 4, 32), RESIDUAL_FUSED
        case "mobile":
            module = mobile_network(torch, relu6=engine != "qnnpack")
            return module, photographs(torch, 2, 40), ()
        case _:
            module = functions_network(torch, clamps=engine != "qnnpack")
            return module, photographs(torch, 2, 30), ()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["residual", "mobile", "functions"])
def test_every_tensor_in_eager_mode(torch, kind, engine):
    with engine_set(torch, engine):
        module, images, fused = network(torch, kind, engine)
        check(torch, quantised(torch, module, engine, images, fuse=fused), engine, images)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["residual", "mobile", "functions"])
def test_every_tensor_in_fx_graph_mode(torch, kind, engine):
    with engine_set(torch, engine):
        module, images, _ = network(torch, kind, engine)
        check(torch, quantised_by_fx(torch, module, engine, images), engine, images)


@pytest.mark.full
@pytest.mark.parametrize("engine", ENGINES)
def test_every_tensor_of_a_deep_network(torch, engine):
    with engine_set(torch, engine):
        images = photographs(torch, 2, 160)
        module = quantised_by_fx(torch, deep_network(torch), engine, images)
        check(torch, module, engine, images[:1])


def check_random_networks(torch, engine, count):
    for index in range(count):
        with engine_set(torch, engine):
            module = random_network(torch, np.random.default_rng([13, index]), engine)
            # Sizes that no number of channels is.
            images = photographs(torch, 2, 46)[:, :, :, :38]
            check(torch, quantised(torch, module, engine, images), engine, images)


@pytest.mark.parametrize("engine", ENGINES)
def test_random_networks(torch, engine):
    check_random_networks(torch, engine, 4)


@pytest.mark.full
@pytest.mark.parametrize("engine", ENGINES)
def test_many_random_networks(torch, engine):
    check_random_networks(torch, engine, 60)


@pytest.mark.parametrize("engine", ENGINES)
def test_functions_with_weights(torch, engine):
    """FX graph mode packs the weights of functions, too."""

    class Functional(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.kernel = torch.nn.Parameter(torch.randn(8, 3, 3, 3) / 5)
            self.matrix = torch.nn.Parameter(torch.randn(5, 8) / 3)
            self.sums = torch.nn.Parameter(torch.randn(8))
            self.offset = torch.nn.Parameter(torch.randn(5))

        def forward(self, x):
            # FX graph mode wants a convolution's arguments in full.
            x = torch.nn.functional.conv2d(x, self.kernel, self.sums, [1, 1], [1, 1], [1, 1], 1)
            x = torch.nn.functional.relu(x)
            x = torch.nn.functional.adaptive_avg_pool2d(x, 1).view(-1, 8)
            return torch.nn.functional.linear(x, self.matrix, self.offset)

    with engine_set(torch, engine):
        images = photographs(torch, 2, 30)
        graph = check(torch, quantised_by_fx(torch, Functional(), engine, images), engine, images)
    layers = [each for each in graph.operators if isinstance(each, op.Conv2d | op.Linear)]
    assert [each.activation for each in layers] == ["relu", "none"]


@pytest.fixture
def residual(torch):
    """A network for fbgemm, its input, and its graph."""
    with engine_set(torch, "fbgemm"):
        images = photographs(torch, 4, 32)
        module = quantised(torch, residual_network(torch), "fbgemm", images, fuse=RESIDUAL_FUSED)
        return module, images, from_torch(module, images, engine="fbgemm", name="residual")


def test_borders_are_pytorch_s(residual):
    graph = residual[2]
    assert (graph.name, graph.semantics) == ("residual", Semantics.FBGEMM)
    (given,), (result,) = graph.inputs, graph.outputs
    assert (graph.tensors[given].shape, graph.tensors[given].dtype) == ((4, 3, 32, 32), "float32")
    assert (graph.tensors[result].shape, graph.tensors[result].dtype) == ((4, 10), "float32")
    kinds = [type(operator).__name__ for operator in graph.operators]
    # One to images at the input, one back before the vectors.
    assert kinds.count("Transpose") == 2
    assert kinds.index("Transpose") == 0
    assert kinds[-4:] == ["Reshape", "Linear", "Linear", "Dequantize"]


def test_float_bias_stays_float(residual):
    graph = residual[2]
    layer = next(each for each in graph.operators if isinstance(each, op.Conv2d))
    assert graph.tensors[layer.inputs[2]].dtype == DType.FLOAT32
    assert graph.tensors[layer.inputs[1]].quantization.axis == 0


def test_order_of_vectors_is_noticed(torch, residual):
    """A mutant: values are flattened in the graph's order instead of PyTorch's."""
    module, images, graph = residual
    operators = list(graph.operators)
    index = [type(operator) for operator in operators].index(op.Reshape)
    back = operators[index - 1]
    assert isinstance(back, op.Transpose)
    operators[index] = replace(operators[index], inputs=back.inputs)
    mutant = replace(graph, operators=tuple(operators))
    with engine_set(torch, "fbgemm"):
        assert sum(differences(torch, module, graph, images)[0].values()) == 0
        assert sum(differences(torch, module, mutant, images)[0].values()) > 0


def test_what_is_written_over_is_read_anew(torch):
    """ReLU in its place: the sum reads the result, not the operand."""

    class Over(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.relu = torch.nn.ReLU(inplace=True)

        def forward(self, x):
            y = torch.ops.quantized.mul(x, x, 0.5, 3)
            z = self.relu(y)
            return torch.ops.quantized.add(y, z, 0.5, 3)

    with engine_set(torch, "fbgemm"):
        values = torch.quantize_per_tensor(torch.randn(2, 64) * 5, 0.25, 100, torch.quint8)
        graph = from_torch(Over().eval(), values, engine="fbgemm")
        (total,) = [each for each in graph.operators if isinstance(each, op.Add)]
        assert total.inputs == ("relu", "relu")
        expected = Over()(values).int_repr().numpy()
    (ours,) = run(graph, [values.int_repr().numpy()]).values()
    assert np.array_equal(ours, expected)


def test_channels_can_be_shuffled(torch):
    class Shuffle(torch.nn.Module):
        def forward(self, x):
            batch, channels, height, width = x.size()
            x = x.view(batch, 2, channels // 2, height, width).transpose(1, 2)
            first, second = torch.relu(x.reshape(batch, -1, height, width)).split(3, dim=1)
            return torch.cat([second, first], 1).unsqueeze(0).squeeze(0)

    values = torch.arange(6 * 20).reshape(1, 6, 4, 5).to(torch.uint8)
    with engine_set(torch, "fbgemm"):
        image = torch._make_per_tensor_quantized_tensor(values, 0.5, 30)
        graph = from_torch(Shuffle().eval(), image, engine="fbgemm")
        expected = Shuffle()(image).int_repr().numpy()
    (ours,) = run(graph, [values.numpy()]).values()
    assert np.array_equal(ours, expected)


@pytest.mark.parametrize("engine", ENGINES)
def test_images_can_be_given_channels_last(torch, engine):
    """A pool before any convolution: in memory an image must lie as the engine takes it; where
    averages have no ties, it need not."""

    def pool(kernel):
        return torch.ao.quantization.QuantWrapper(
            torch.nn.Sequential(torch.nn.AvgPool2d(kernel), torch.nn.AdaptiveAvgPool2d((3, 5)))
        )

    with engine_set(torch, engine):
        images = photographs(torch, 2, 30)[:, :, :27]
        even = quantised(torch, pool((1, 2)), engine, images)
        if engine != "qnnpack":
            with pytest.raises(ModelError, match="channels must lie innermost in memory: let a c"):
                from_torch(even, images, engine=engine)
        check(torch, even, engine, images.contiguous(memory_format=torch.channels_last))
        # Windows of 3 pixels, then of 3 times 5.
        images = photographs(torch, 2, 30)[:, :, :27, :25]
        check(torch, quantised(torch, pool((3, 1)), engine, images), engine, images)


def test_x86_without_vnni_is_fbgemm(torch, residual, monkeypatch):
    module, images, _ = residual
    monkeypatch.setattr(torch.cpu, "_is_vnni_supported", lambda: False)
    assert from_torch(module, images, engine="x86").semantics == Semantics.FBGEMM
    monkeypatch.setattr(torch.cpu, "_is_vnni_supported", lambda: True)
    assert from_torch(module, images, engine="x86").semantics == Semantics.X86


def test_engine_is_by_default_that_which_is_set(torch, residual):
    module, images, _ = residual
    with engine_set(torch, "fbgemm"):
        assert from_torch(module, images).semantics == Semantics.FBGEMM


def test_without_pytorch_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(
        ModelError, match=r"^PyTorch modules need PyTorch: pip install macaw\[torch\]$"
    ):
        from_torch(None, None)


def small(torch, forward, **children):
    """A module with children and a forward of its own."""

    class Small(torch.nn.Module):
        def __init__(self):
            super().__init__()
            for name, child in children.items():
                setattr(self, name, child)

        def forward(self, x):
            return forward(self, x)

    return Small().eval()


def image(torch, *, planar=False, zero_point=3):
    values = torch.arange(2 * 6 * 35).reshape(2, 6, 5, 7) % 251
    form = torch.contiguous_format if planar else torch.channels_last
    values = values.to(torch.uint8).contiguous(memory_format=form)
    return torch._make_per_tensor_quantized_tensor(values, 0.25, zero_point)


def branching(self, x):
    return torch_relu(x) if x.sum() > 0 else x


def torch_relu(x):
    return x.relu()


FLAT = {"planar": True}
REFUSED = [
    (branching, "fbgemm", {}, r"Small must have a forward that torch.fx can trace"),
    (lambda s, x: x.mean([2, 3]), "fbgemm", {}, "mean, mean: an image whose channels lie"),
    (lambda s, x: x.mean(1), "fbgemm", {}, "mean, mean: dim must be the axes 2 and 3"),
    (lambda s, x: s.f.avg_pool2d(x, 2), "fbgemm", FLAT, "avg_pool2d: channels must lie innermost"),
    (lambda s, x: s.f.adaptive_avg_pool2d(x, 2), "fbgemm", FLAT, "channels must lie innermost"),
    (
        lambda s, x: s.f.avg_pool2d(x, 2, divisor_override=3),
        "fbgemm", {}, "divisor_override must be None, not 3",
    ),
    (
        lambda s, x: s.f.avg_pool2d(x, 2, padding=1, count_include_pad=False),
        "qnnpack", {}, "count_include_pad must be True",
    ),
    (
        lambda s, x: s.f.avg_pool2d(x, 4, padding=1, stride=3, ceil_mode=True),
        "fbgemm", {}, "ceil_mode must be False where count_include_pad is True",
    ),
    (
        lambda s, x: s.f.avg_pool2d(x, 2, ceil_mode=True),
        "qnnpack", {}, "ceil_mode must be False in the engine qnnpack",
    ),
    (lambda s, x: s.f.max_pool2d(x, 2, dilation=2), "fbgemm", {}, "dilation must be 1, not 2"),
    (lambda s, x: s.f.hardtanh(x, 0.0, 2.0), "qnnpack", {}, "qnnpack mixes up the pixels"),
    (lambda s, x: s.o.relu6(x), "qnnpack", {}, "relu6, quantized.relu6: the engine qnnpack mixes"),
    (lambda s, x: s.o.add(x, x[:, :, :1, :1], 1.0, 0), "fbgemm", {}, "getitem, getitem: "),
    (lambda s, x: s.o.hardswish(x, 0.1, 3), "fbgemm", FLAT, "channels must lie innermost"),
    (lambda s, x: s.o.elu(x, 0.1, 3), "fbgemm", FLAT, "channels must lie innermost"),
    (lambda s, x: s.o.cat([x, x], 1, 0.1, 3), "fbgemm", FLAT, "channels must lie innermost"),
    (lambda s, x: s.o.elu(x, 0.1, 3, 1.0, 2.0), "fbgemm", {}, "scale and input_scale must be 1"),
    (
        lambda s, x: s.f.interpolate(x, scale_factor=1.3),
        "fbgemm", {}, "scale_factor must lead to whole pixels, not .1.3, 1.3",
    ),
    (
        lambda s, x: s.f.interpolate(x, size=9, mode="bilinear"),
        "fbgemm", {}, "mode must be 'nearest', not 'bilinear'",
    ),
    (lambda s, x: s.o.add_scalar(x, 2.0), "fbgemm", {}, "this quantised operator is not known"),
    (lambda s, x: x.dequantize().exp(), "fbgemm", {}, "exp, exp: this operator is not supported"),
    (lambda s, x: s.o.add(x, 3, 1.0, 0), "fbgemm", {}, "add, quantized.add: PyTorch refuses"),
    (lambda s, x: [x, 3], "fbgemm", {}, "outputs must be tensors, not 3"),
]  # fmt: skip


@pytest.mark.parametrize(("forward", "engine", "form", "sentence"), REFUSED)
def test_refusal(torch, forward, engine, form, sentence):
    module = small(torch, forward)
    module.f, module.o = torch.nn.functional, torch.ops.quantized
    with engine_set(torch, engine), pytest.raises(ModelError, match=sentence):
        from_torch(module, image(torch, **form), engine=engine)


def test_engine_is_checked(torch):
    module = torch.nn.ReLU().eval()
    with pytest.raises(ModelError, match="engine must be one of qnnpack, .*, not 'cuda'"):
        from_torch(module, image(torch), engine="cuda")
    with pytest.raises(ModelError, match=r"module must be a torch.nn.Module, not int"):
        from_torch(3, image(torch))
    with pytest.raises(ModelError, match=r"ReLU must be in evaluation mode: call eval\(\)"):
        from_torch(torch.nn.ReLU(), image(torch))


def test_inputs_are_counted(torch):
    module = small(torch, lambda s, x: torch_relu(x))
    with pytest.raises(ModelError, match="example_inputs must have a tensor for 'x'"):
        from_torch(module, (), engine="fbgemm")
    with pytest.raises(ModelError, match="example_inputs must be 1 tensors, not 2"):
        from_torch(module, (image(torch), image(torch)), engine="fbgemm")


def test_signed_activations_are_refused(torch):
    with engine_set(torch, "fbgemm"):
        values = torch.quantize_per_tensor(torch.randn(2, 64), 0.1, 0, torch.qint8)
        with pytest.raises(ModelError, match="must be quint8 or .*, not qint8"):
            from_torch(torch.nn.ReLU().eval(), values, engine="fbgemm")


def test_other_quantised_modules_are_refused_by_name(torch):
    from torch.ao import quantization
    from torch.ao.quantization import quantize_fx

    with engine_set(torch, "fbgemm"):
        vectors = torch.randn(2, 6)
        dynamic = quantization.quantize_dynamic(
            torch.nn.Sequential(torch.nn.Linear(6, 5)).eval(), {torch.nn.Linear}
        )
        with pytest.raises(ModelError, match=r"_0, dynamic.Linear: quantize_dynamic takes scales"):
            from_torch(dynamic, vectors, engine="fbgemm")
        mapping = quantization.get_default_qconfig_mapping("fbgemm")
        prepared = quantize_fx.prepare_fx(
            torch.nn.Sequential(torch.nn.Linear(6, 5)).eval(), mapping, (vectors,)
        )
        prepared(vectors)
        reference = quantize_fx.convert_to_reference_fx(prepared)
        with pytest.raises(ModelError, match="reference.Linear: reference modules compute in fl"):
            from_torch(reference, vectors, engine="fbgemm")
        with pytest.raises(ModelError, match="_0, Linear: this operator is not supported"):
            from_torch(torch.nn.Sequential(torch.nn.Linear(6, 5)).eval(), vectors)


def test_layers_that_engines_get_wrong_are_refused(torch):
    from torch.ao.nn.quantized import Conv2d, ConvTranspose2d

    def weights(shape):
        values = torch.ones(shape, dtype=torch.int8)
        return torch._make_per_tensor_quantized_tensor(values, 0.1, 0)

    for engine in ("onednn", "x86"):
        with engine_set(torch, engine):
            layer = ConvTranspose2d(6, 4, 3)
            layer.set_weight_bias(weights((6, 4, 3, 3)), None)
            with pytest.raises(ModelError, match="6 channels to 4 are not supported by the engine"):
                from_torch(torch.nn.Sequential(layer).eval(), image(torch), engine=engine)
    with engine_set(torch, "fbgemm"):
        layer = Conv2d(6, 4, 3, padding=1, padding_mode="reflect")
        with pytest.raises(ModelError, match="padding_mode must be 'zeros', not 'reflect'"):
            from_torch(torch.nn.Sequential(layer).eval(), image(torch), engine="fbgemm")
        layer = ConvTranspose2d(6, 4, 3, dilation=2)
        layer.set_weight_bias(weights((6, 4, 3, 3)), None)
        with pytest.raises(ModelError, match=r"dilation must be 1, not \(2, 2\)"):
            from_torch(torch.nn.Sequential(layer).eval(), image(torch), engine="fbgemm")
