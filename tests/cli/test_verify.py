# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""``macaw verify``: what it compares, what it says, and its exit status."""

import json
import re
import struct
from dataclasses import replace

import nn_graphs
import numpy as np
import onnx_networks
import pytest
import torch_models
import torch_programs
from click.testing import CliRunner
from operator_cases import CASES
from small_core import SMALL

from macaw.arch import PRESETS
from macaw.cli import runtimes
from macaw.cli import verify as job
from macaw.cli.main import main
from macaw.golden import run
from macaw.nn import Semantics, from_tflite, load, save_graph
from macaw.sim import device


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setitem(PRESETS, "tiny", SMALL)


@pytest.fixture
def network(tmp_path):
    """A network of eight operators: its file, an input and the outputs."""
    return files(tmp_path, nn_graphs.network_file(), 4)


def files(folder, content, seed):
    model = folder / "network.tflite"
    model.write_bytes(content)
    graph = from_tflite(content)
    rng = np.random.default_rng(seed)
    shapes = [graph.tensors[name].shape for name in graph.inputs]
    inputs = [rng.integers(-128, 128, shape).astype(np.int8) for shape in shapes]
    outputs = run(graph, inputs)
    arguments = [str(model)]
    for what, arrays in (("--input", inputs), ("--expected", outputs.values())):
        for index, array in enumerate(arrays):
            path = folder / f"{what.strip('-')}{index}.npy"
            np.save(path, array)
            arguments += [what, str(path)]
    return arguments


def verify(arguments, *more, by_layer=True):
    """The exit status and what was printed."""
    chosen = ["--by-layer", "--rungs", "golden,rtl"] if by_layer else []
    result = CliRunner().invoke(main, ["verify", "--config", "tiny", *chosen, *arguments, *more])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result.exit_code, result.output


def test_a_network_is_equal(network):
    status, text = verify(network)
    assert status == 0
    assert "network: 8 operators, 1,808 multiplications, semantics tflite" in text
    assert "golden: 5 outputs, 0 mismatches against the files given" in text
    assert "3 layers, 133 outputs, 0 layers with mismatches, 100.00 % of the multi" in text


def test_the_report_as_json(network):
    status, text = verify(network, "--json")
    assert status == 0
    report = json.loads(text[text.index("{\n") :])
    assert (report["outcome"], report["macs"], report["rtl_macs"]) == ("equal", 1808, 1808)
    assert report["configuration"] == "small with fixed_double_away"
    where = [layer["where"] for layer in report["layers"]]
    assert where == ["rtl", "rtl", "host", "host", "host", "rtl", "host", "host"]
    assert all(layer["cycles"] > 0 for layer in report["layers"] if layer["where"] == "rtl")
    assert [layer["values"] for layer in report["layers"]] == [64, 64, 0, 0, 0, 5, 0, 0]


def test_one_wrong_bit_that_is_expected_differs(network):
    path = network[-1]
    values = np.load(path)
    values.view(np.int32)[0, 3] ^= 1
    np.save(path, values)
    status, text = verify(network, "--rungs", "golden")
    assert status == 1
    assert "is not that of the files given: 1 of 5 values differ; the first at axis 0 0" in text


def test_one_wrong_bit_of_the_rtl_differs(network, monkeypatch):
    right = job.run_layer

    def wrong(layer, images, **options):
        found = right(layer, images, **options)
        if layer.name == "second":
            found.result[0, 1, 2, 3] ^= 4
        return found

    monkeypatch.setattr(job, "run_layer", wrong)
    status, text = verify(network)
    assert status == 1
    assert "Conv2d 1, 'second': 1 of 64 values differ; the first at axis 0 0, axis 1 1" in text
    assert "1 layers with mismatches" in text


def test_without_an_oracle_it_is_incomplete(network, monkeypatch):
    monkeypatch.setattr(job, "live_runtime", lambda path, graph: None)
    status, text = verify(network[:3])
    assert status == 3
    assert "not compared, for its runtime is not installed: pip install -e .[all]" in text
    assert verify(network[:3], "--rungs", "rtl")[0] == 0


def test_a_runtime_that_cannot_run_the_file_is_none(network, monkeypatch):
    def fails(inputs):
        raise RuntimeError("Too large.")

    monkeypatch.setattr(job, "live_runtime", lambda path, graph: ("the runtime", fails))
    status, text = verify(network[:1], "--rungs", "golden")
    assert status == 3
    assert "not compared, for the runtime cannot run the file: Too large." in text


@pytest.mark.parametrize("when", ["made", "run"])
def test_whatever_a_runtime_raises_is_told(network, monkeypatch, when):
    """A damaged field that Macaw does not read is the runtime's to refuse, in its own way."""

    def fails(*arguments):
        raise struct.error("a buffer of 4 bytes")

    maker = fails if when == "made" else lambda path, graph: ("the runtime", fails)
    monkeypatch.setitem(runtimes._MAKERS, Semantics.TFLITE, maker)
    status, text = verify(network[:1], "--rungs", "golden")
    assert status == 3
    assert "cannot run the file: a buffer of 4 bytes. Give --expected." in text


def test_a_scale_that_means_nothing_is_refused(network, tmp_path):
    """The runtime has no multiplier for it: neither golden nor the host gets further."""
    graph = load(network[0])
    first = graph.tensors["first"]
    tiny = replace(first, quantization=replace(first.quantization, scale=(2.0**-100,)))
    path = tmp_path / "wrong.macaw"
    save_graph(replace(graph, tensors={**graph.tensors, "first": tiny}), path)
    for words in (["verify"], ["run"], ["run", "--on", "machine"]):
        result = CliRunner().invoke(main, [*words, "--config", "tiny", str(path)])
        assert result.exit_code == 2, result.output
        assert "multiplier must be below 2**30" in result.output


def test_a_file_of_macaws_own_has_no_runtime(network, tmp_path):
    path = tmp_path / "network.macaw"
    save_graph(load(network[0]), path)
    status, text = verify([str(path), *network[1:]], "--rungs", "golden")
    assert status == 0, text
    assert "golden: 5 outputs, 0 mismatches against the files given" in text
    status, text = verify([str(path)], "--rungs", "golden")
    assert status == 3
    assert "not compared, for the runtime of tflite cannot run the file: It is a Macaw" in text


@pytest.mark.parametrize("semantics", ["tflite", "litert"])
def test_the_live_runtime(oracle, network, semantics):
    oracle("tflite")
    status, text = verify(network[:1], "--rungs", "golden", "--semantics", semantics)
    assert status == 0, text
    assert "5 outputs, 0 mismatches against" in text


def test_layers_that_the_core_lacks_are_refused(network):
    status, text = verify(network[:1], "--rungs", "rtl", "--semantics", "litert")
    assert status == 2
    assert "refused: scores: semantics must be tflite, not litert" in text
    assert "2 layers, 128 outputs" in text


def test_a_part_of_the_work_says_so(network):
    status, text = verify(network, "--crop", "1", "--layers", "2")
    assert status == 0
    assert "2 layers, 32 outputs, 0 layers with mismatches" in text
    assert "; the first 1 rows of each layer only; 1 layers left out" in text
    as_json = verify(network, "--crop", "1", "--layers", "2", "--json")[1]
    report = json.loads(as_json[as_json.index("{\n") :])
    assert report["rows"] == 1
    assert text.count("skipped") == 1


def test_states_take_an_axis_of_steps(tmp_path):
    content = nn_graphs.streaming_file()
    model = tmp_path / "stream.tflite"
    model.write_bytes(content)
    graph = from_tflite(content)
    shape = graph.tensors[graph.inputs[0]].shape
    steps = np.random.default_rng(2).integers(-128, 128, (3, *shape)).astype(np.int8)
    state = graph.initial_state()
    results = [next(iter(run(graph, [step], state=state).values())) for step in steps]
    for name, values in (("input", steps), ("expected", np.stack(results))):
        np.save(tmp_path / f"{name}.npy", values)
    arguments = [str(model), "--rungs", "golden", "--input", str(tmp_path / "input.npy")]
    status, text = verify([*arguments, "--expected", str(tmp_path / "expected.npy")])
    assert status == 0, text
    np.save(tmp_path / "expected.npy", np.stack(results[::-1]))
    assert verify([*arguments, "--expected", str(tmp_path / "expected.npy")])[0] == 1


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda x: x[:, :4], "must be int8 of shape (1, 8, 8, 2), not int8 of shape (1, 4, 8, 2)"),
        (lambda x: x.astype(np.int16), "must be int8 of shape (1, 8, 8, 2), not int16"),
        (lambda x: np.stack([x, x]), "must have shape (1, 8, 8, 2), not (2, 1, 8, 8, 2)"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(network, spoil, sentence):
    np.save(network[2], spoil(np.load(network[2])))
    status, text = verify(network)
    assert status == 2
    assert sentence in text


def test_files_that_are_no_models_are_refused(network, tmp_path):
    other = tmp_path / "other.tflite"
    other.write_bytes(b"no model at all")
    status, text = verify([str(other)])
    assert status == 2
    assert "must be a TensorFlow Lite file" in text
    status, text = verify([network[0], "--input", str(other)])
    assert status == 2
    assert "must be a .npy file" in text
    status, text = verify([*network, "--input", network[2]])
    assert status == 2
    assert "input files must be 1, one for each input, not 2" in text


def test_a_whole_network_on_the_machine(network):
    """Each tensor that the machine makes, in Python and on the RTL, and once more without those
    that need not be kept."""
    status, text = verify(network, by_layer=False)
    assert status == 0
    assert "machine: 6 tensors, " in text
    assert "rtl: 6 tensors, " in text
    assert "rtl, as it is meant to run: 1 tensors, 5 values, 0 tensors with mismatches" in text
    assert "Softmax must run on the host" in text
    assert "6 operators in one program" in text


def test_one_wrong_byte_of_the_machine_differs(network, monkeypatch):
    """The first wrong value is named, in the coordinates of its tensor."""
    whole = device.SimDevice.run_all

    def spoilt(self, inputs):
        [results] = whole(self, inputs)
        if "sum" in results:
            results["sum"] = results["sum"] ^ np.eye(4, dtype=np.int8)[..., None]
        return [results]

    monkeypatch.setattr(device.SimDevice, "run_all", spoilt)
    status, text = verify(network, "--rungs", "rtl", "--json", by_layer=False)
    report = json.loads(text[text.index("{") :])
    assert status == 1
    assert (
        "the first at axis 0 0, axis 1 0, axis 2 0"
        in report["network"]["rungs"][0]["differences"]["sum"]
    )


def test_the_rung_machine_needs_a_machine(network):
    status, text = verify(["--config", "up5k", "--rungs", "machine", *network], by_layer=False)
    assert status == 2
    assert "rung machine needs one of ecp5_85f, ecp5_25f, tiny, not up5k" in text


def test_unknown_rungs_are_a_wrong_usage(network):
    result = CliRunner().invoke(main, ["verify", network[0], "--rungs", "golden,moon"])
    assert result.exit_code == 2
    assert "moon" in result.output


def test_a_transposed_convolution_on_the_rtl(tmp_path):
    content, _ = CASES["TRANSPOSE_CONV"](np.random.default_rng(5))
    status, text = verify(files(tmp_path, content, 3))
    assert status == 0, text
    assert "1 layers" in text


@pytest.mark.parametrize(("form", "signed"), [("QDQ", True), ("QOperator", False)])
def test_an_onnx_file_on_the_rtl(oracle, tmp_path, form, signed):
    oracle("onnx")
    model = onnx_networks.quantised(
        onnx_networks.network("Relu", "Gemm"), tmp_path, form=form, signed=signed, per_channel=True
    )
    path = tmp_path / "network.onnx"
    path.write_bytes(model.SerializeToString())
    status, text = verify([str(path)])
    assert status == 0, text
    assert "semantics onnxruntime" in text
    assert "10 outputs, 0 mismatches against ONNX Runtime" in text
    assert "0 layers with mismatches, 100.00 % of the multiplications" in text


def test_a_pytorch_file_on_the_rtl(oracle, tmp_path):
    torch = oracle("torch")
    images = torch_models.photographs(torch, 2, 32)
    path = tmp_path / "network.pt"
    torch_models.residual_file(torch, path, "qnnpack", images)
    np.save(tmp_path / "image.npy", images[:1].numpy())
    arguments = [str(path), "--engine", "qnnpack", "--input", str(tmp_path / "image.npy")]
    status, text = verify(arguments)
    assert status == 0, text
    assert "10 outputs, 0 mismatches against PyTorch's qnnpack" in text
    assert "0 layers with mismatches, 100.00 % of the multiplications" in text
    status, text = verify([str(path), "--engine", "qnnpack"])
    assert status == 2
    assert "is read by running it: give its inputs with --input" in text


def test_an_exported_program_on_the_rtl(oracle, tmp_path):
    torch = oracle("torch")
    images = torch_models.photographs(torch, 2, 16)
    module = torch_programs.program(
        torch, torch_programs.small_network(torch), images[:1], images[1:]
    )
    path = tmp_path / "network.pt2"
    with torch_programs.silent(torch):
        torch.export.save(torch.export.export(module, (images[:1],)), path)
    for more in ([], ["--input", str(tmp_path / "image.npy")]):
        np.save(tmp_path / "image.npy", images[1:].numpy())
        status, text = verify([str(path), *more])
        assert status == 0, text
        assert "semantics pt2e" in text
        assert "5 outputs, 0 mismatches against PyTorch's program" in text
        assert "0 layers with mismatches, 100.00 % of the multiplications" in text
    status, text = verify([str(path), "--engine", "fbgemm"])
    assert status == 2
    assert "engine must not be given for an exported program: 'fbgemm'" in text


def test_where_pytorch_saturates_it_says_so(oracle, tmp_path):
    torch = oracle("torch")
    images = torch.full((1, 8, 6, 6), 255, dtype=torch.uint8)
    with torch_models.engine_set(torch, "fbgemm"):
        layer = torch.ao.nn.quantized.Conv2d(8, 8, 3, padding=1, groups=8)
        weights = torch.full((8, 1, 3, 3), 127, dtype=torch.int8)
        weights = torch._make_per_tensor_quantized_tensor(weights, 0.01, 0)
        layer.set_weight_bias(weights, None)
        layer.scale, layer.zero_point = 20.0, 0
        module = torch.nn.Sequential(torch.ao.quantization.QuantStub(), layer).eval()
        module[0] = torch.ao.nn.quantized.Quantize(1.0, 0, torch.quint8)
        path = tmp_path / "saturating.pt"
        torch.jit.trace(module, images.float()).save(str(path))
    np.save(tmp_path / "image.npy", images.float().numpy())
    arguments = [str(path), "--engine", "fbgemm", "--rungs", "golden"]
    status, text = verify([*arguments, "--input", str(tmp_path / "image.npy")], by_layer=False)
    assert status == 1, text
    assert "is not that of PyTorch's fbgemm: " in text
    assert re.search("; PyTorch's fbgemm may be wrong in 'conv2d_[0-9]+', where it adds", text)
    np.save(tmp_path / "image.npy", images.float().numpy() / 2 - 0.5)
    status, text = verify([*arguments, "--input", str(tmp_path / "image.npy")], by_layer=False)
    assert status == 0, text
    assert "may be wrong" not in text
