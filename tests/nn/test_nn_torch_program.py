# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Exported programs of PyTorch: every quantised tensor as PyTorch has it, and what is refused."""

import numpy as np
import pytest
from nn_damage import rewritten
from torch_models import deep_network, photographs
from torch_programs import all_operators, all_values, check, differences, program, silent

from macaw.golden import run
from macaw.nn import ModelError, Semantics, from_torch, load
from macaw.nn.graph import operators as op


@pytest.fixture
def torch(oracle):
    return oracle("torch")


@pytest.fixture(scope="module")
def everything(oracle):
    """The network of all operators, converted, and photographs."""
    torch = oracle("torch")
    images = photographs(torch, 4, 36)
    return program(torch, all_operators(torch), images), images


def test_every_tensor(torch, everything):
    module, images = everything
    graph = check(torch, module, images)
    assert graph.semantics == Semantics.PT2E
    kinds = {type(each) for each in graph.operators}
    assert kinds >= {
        op.Conv2d, op.ConvTranspose2d, op.Linear, op.Add, op.Multiply, op.Concat, op.Split,
        op.MaxPool2d, op.AveragePool2d, op.AdaptiveAveragePool2d, op.Mean, op.Relu, op.Clip,
        op.ResizeNearest, op.Reshape, op.Transpose, op.Quantize, op.Dequantize,
    }  # fmt: skip
    fused = [each.activation for each in graph.operators if isinstance(each, op.Conv2d | op.Add)]
    assert set(fused) == {"none", "relu", "relu6", "relu_n1_to_1"}


@pytest.mark.parametrize("way", ["one thread", "without oneDNN", "channels last"])
def test_the_way_of_summing_makes_no_difference(torch, everything, way):
    module, images = everything
    graph = from_torch(module, images)
    threads, enabled = torch.get_num_threads(), torch.backends.mkldnn.enabled
    try:
        if way == "one thread":
            torch.set_num_threads(1)
        elif way == "without oneDNN":
            torch.backends.mkldnn.enabled = False
        else:
            images = images.contiguous(memory_format=torch.channels_last)
        different, _ = differences(torch, module, graph, images)
    finally:
        torch.set_num_threads(threads)
        torch.backends.mkldnn.enabled = enabled
    assert not any(different.values()), different


def test_a_deep_network(torch):
    images = photographs(torch, 4, 60)
    check(torch, program(torch, deep_network(torch), images), images)


def test_full_range_inputs_stay_exact(torch, everything):
    """Sums that photographs do not reach."""
    module, images = everything
    graph = from_torch(module, images)
    generator = torch.Generator().manual_seed(3)
    noise = 20 * torch.randn(images.shape, generator=generator)
    different, _ = differences(torch, module, graph, noise.sign() * 1000)
    assert not any(different.values()), different
    different, _ = differences(torch, module, graph, noise)
    assert not any(different.values()), different


def test_files(torch, everything, tmp_path):
    module, images = everything
    path = tmp_path / "everything.pt2"
    with silent(torch):
        torch.export.save(torch.export.export(module, (images,)), path)
    graph = load(path)
    assert graph.name == "everything"
    again = from_torch(module, images.numpy())
    assert [type(each) for each in graph.operators] == [type(each) for each in again.operators]
    for ours, expected in zip(run(graph, [images.numpy()]).values(), module(images), strict=True):
        np.testing.assert_array_equal(ours, expected.numpy())
    with pytest.raises(ModelError, match="engine must not be given for an exported program: 'x86'"):
        load(path, engine="x86")
    broken = tmp_path / "broken.pt2"
    content = rewritten(
        path.read_bytes(), lambda _, data: data.replace(b"schema_version", b"schema_vorsion")
    )
    broken.write_bytes(content)
    with pytest.raises(ModelError, match="broken.pt2 must be a file of torch.export"):
        load(broken)


def test_one_example_must_be_given(torch, everything):
    with pytest.raises(ModelError, match="example_inputs must be given"):
        from_torch(everything[0])


@pytest.mark.parametrize("bounded", [False, True])
def test_scales_that_change_on_the_way(torch, bounded):
    """What has its operand's scale by itself, with another: a requantise stands between."""
    nn = torch.nn
    images = 3 * torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(7))
    network = nn.Sequential(
        nn.Conv2d(3, 6, 3), nn.MaxPool2d(2), nn.ReLU6() if bounded else nn.Flatten()
    )
    module = program(torch, network, images)
    last = [node for node in module.graph.nodes if "quantize_per_tensor" in str(node.target)][-2:]
    for node in last:
        node.args = (node.args[0], 0.046875, 11, *node.args[3:])
    module.recompile()
    graph = from_torch(module, images)
    different, _ = differences(torch, module, graph, images)
    assert not any(different.values()), different
    kinds = [type(each) for each in graph.operators if each.outputs[0] in different
             or each.outputs[0].endswith("requantised")]  # fmt: skip
    assert kinds.count(op.Requantize) == 1
    assert kinds.count(op.Clip) + kinds.count(op.Relu) == bounded


def pair(torch):
    """A convolution and a linear layer."""
    nn = torch.nn
    torch.manual_seed(4)
    return nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 36, 5))


def converted(torch, quantizer=None, *, reference=False):
    images = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(5))
    return program(torch, pair(torch), images, quantizer=quantizer, reference=reference), images


def xnnpack(torch, **options):
    with silent(torch):
        from torchao.testing.pt2e._xnnpack_quantizer import (
            XNNPACKQuantizer,
            get_symmetric_quantization_config,
        )

        return XNNPACKQuantizer().set_global(get_symmetric_quantization_config(**options))


def inductor(torch):
    with silent(torch):
        from torchao.quantization.pt2e.quantizer import x86_inductor_quantizer as library

        config = library.get_default_x86_inductor_quantization_config()
        return library.X86InductorQuantizer().set_global(config)


@pytest.mark.parametrize(
    ("options", "reference", "sentence"),
    [
        ({"is_per_channel": True}, False, "conv2d, conv2d: scales of .* must be powers of two"),
        (
            {"is_per_channel": True, "is_dynamic": True},
            False,
            "choose_qparams: dynamic quantisation takes scales from each input: quantise",
        ),
        ({"is_per_channel": False}, True, "use_reference_representation"),
    ],
)
def test_other_quantizers_are_refused_by_name(torch, options, reference, sentence):
    module, images = converted(torch, xnnpack(torch, **options), reference=reference)
    with pytest.raises(ModelError, match=sentence):
        from_torch(module, images)


def test_unsigned_and_float_tensors_of_inductor_are_refused(torch):
    module, images = converted(torch, inductor(torch))
    with pytest.raises(ModelError, match="conv2d, conv2d: scales of .* must be powers of two"):
        from_torch(module, images)


def test_what_is_not_quantised_is_refused(torch):
    with silent(torch):
        images = torch.randn(2, 3, 8, 8)
        exported = torch.export.export(pair(torch).eval(), (images,))
    with pytest.raises(ModelError, match="conv2d, conv2d: the result must be quantised"):
        from_torch(exported)


def test_decomposed_programs_are_refused(torch):
    module, images = converted(torch)
    with silent(torch):
        exported = torch.export.export(module, (images,)).run_decompositions()
    with pytest.raises(ModelError, match="convolution: .* without run_decompositions"):
        from_torch(exported)


def edited(torch, change):
    """The pair of layers, quantised, with a node's arguments changed."""
    module, images = converted(torch)
    for node in module.graph.nodes:
        change(node)
    module.recompile()
    return module, images


def test_what_is_not_exact_is_refused(torch):
    """Without any of these rules the program is taken, and PyTorch's own results depend on the
    order of its sums."""

    def other_scale(node):
        if "quantize_per_tensor" in str(node.target):
            node.args = (node.args[0], 3 / 128, *node.args[2:])

    with pytest.raises(ModelError, match="scales of .* must be powers of two, not 0.0234375"):
        from_torch(*edited(torch, other_scale))

    def double(node):
        if str(node.target).endswith("quantize_per_tensor.default"):
            node.args = (node.args[0], 0.1, *node.args[2:])

    with pytest.raises(ModelError, match="scale must be a float32, not 0.1"):
        from_torch(*edited(torch, double))

    def narrow(node):
        if str(node.target).endswith("quantize_per_tensor.default"):
            node.args = (*node.args[:4], 126, *node.args[5:])

    with pytest.raises(ModelError, match="quant_min and quant_max must be -128 and 127, not -128"):
        from_torch(*edited(torch, narrow))
    module, images = converted(torch)
    bias = next(name for name, each in module.named_buffers() if each.dtype == torch.int32)
    getattr(module, bias)[1] = 1 << 24
    with pytest.raises(ModelError, match=r"sums of channel 1 must be at most 2\*\*24, which"):
        from_torch(module, images)
    module, images = converted(torch)
    scales = [name for name, _ in module.named_buffers() if name.startswith("_scale")]
    getattr(module, scales[1])[0] *= 0.75
    with pytest.raises(ModelError, match="the bias must be int32 in units of the sums"):
        from_torch(module, images)


def test_sums_of_other_scales_depend_on_their_order(torch):
    """Why they are refused: one program gives other sums for one image."""
    torch.manual_seed(6)
    network = torch.nn.Sequential(torch.nn.Conv2d(256, 64, 3, padding=1))
    images = torch.randn(1, 256, 16, 16)
    different = {}
    for name, quantizer in {"powers": None, "others": xnnpack(torch, is_per_channel=True)}.items():
        module = program(torch, network, images, quantizer=quantizer)
        sums = []
        for enabled in (True, False):
            before = torch.backends.mkldnn.enabled
            torch.backends.mkldnn.enabled = enabled
            try:
                sums.append(all_values(torch, module, images)["conv2d"])
            finally:
                torch.backends.mkldnn.enabled = before
        different[name] = int(torch.count_nonzero(sums[0] != sums[1]))
    assert different["powers"] == 0
    assert different["others"] > 1000
