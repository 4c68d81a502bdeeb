# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""``macaw eval``: accuracy, differences, and the exit status."""

import json
import re
from dataclasses import replace
from pathlib import Path

import nn_graphs
import numpy as np
import onnx_networks
import pytest
import torch_models
from click.testing import CliRunner
from PIL import Image

from macaw.cli import evaluation, executor
from macaw.cli.classes import ranking
from macaw.cli.main import main
from macaw.cli.tally import Tally
from macaw.golden import run
from macaw.nn import load, save_graph

DATA = Path(__file__).parents[2] / "examples" / "data"
DIGITS = DATA / "digits.macaw"
HELD_BACK = DATA / "digits_held_back.npz"
ARRAYS = ["--arrays", "images,labels,logits"]
COUNT = 12


def call(*arguments):
    result = CliRunner().invoke(main, ["eval", *map(str, arguments), "--config", "tiny"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result.exit_code, result.output


def report(*arguments):
    status, text = call(*arguments, "--json")
    return status, json.loads(text[text.index("{\n") :])


@pytest.fixture
def digits(tmp_path):
    """A file of digits whose arrays have the names that are expected, and what is in it."""
    with np.load(HELD_BACK) as file:
        arrays = {
            "x": file["images"][:COUNT], "y": file["labels"][:COUNT],
            "expected": file["logits"][:COUNT],
        }  # fmt: skip
    return save(tmp_path / "digits.npz", arrays), arrays


def save(path, arrays):
    np.savez(path, **arrays)
    return path


def test_all_digits():
    """What the example's tests, and PyTorch, have: 356 of 360."""
    status, text = call(DIGITS, "--data", HELD_BACK, *ARRAYS)
    assert status == 0
    lines = text.splitlines()
    assert lines[:5] == [
        "digits: 8 operators, 451,904 multiplications, semantics qnnpack, on the golden model",
        "  360 inputs of 10 classes",
        "  golden = logits: 3,600 outputs, 0 mismatches",
        "  accuracy of logits: 98.89 % (356 of 360), top 5 100.00 % (360 of 360)",
        "  accuracy of golden: 98.89 % (356 of 360), top 5 100.00 % (360 of 360)",
    ]
    rows = [line.split() for line in lines[6:]]
    assert [row[0] for row in rows] == list("0123456789")
    assert sum(int(row[1]) for row in rows) == 360
    assert sum(int(row[2]) for row in rows) == 356


@pytest.mark.full
def test_the_page_shows_what_its_command_prints(monkeypatch):
    root = DATA.parents[1]
    page = (root / "docs" / "commands.md").read_text()
    [line] = re.findall(r"^macaw eval examples.*$", page, re.MULTILINE)
    [shown] = re.findall(r"^```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(root)
    result = CliRunner().invoke(main, line.split()[1:])
    assert result.exit_code == 0
    assert shown in result.output


@pytest.mark.parametrize("on", ["machine", "rtl"])
def test_every_rung_beside_golden(digits, on):
    path, arrays = digits
    status, found = report(DIGITS, "--data", path, "--on", on)
    assert (status, found["outcome"]) == (0, "equal")
    assert [(each["expected"], each["actual"]) for each in found["comparisons"]] == [
        ("expected", "golden"), ("golden", on),
    ]  # fmt: skip
    assert [each["who"] for each in found["accuracies"]] == ["expected", "golden", on]
    right = int(np.count_nonzero(arrays["expected"].argmax(axis=1) == arrays["y"]))
    assert {each["top1"] for each in found["accuracies"]} == {right}
    assert np.array(found["confusion"]).sum() == COUNT
    assert (found["cycles"] > 0) == (on == "rtl")


def test_a_limit_takes_some_of_every_part(digits):
    path, arrays = digits
    status, found = report(DIGITS, "--data", path, "--limit", 4)
    assert status == 0
    assert (found["count"], found["available"]) == (4, COUNT)
    assert (
        np.array(found["confusion"]).sum(axis=1).tolist()
        == np.bincount(arrays["y"][[0, 3, 6, 9]], minlength=10).tolist()
    )
    assert "4 of 12 inputs" in call(DIGITS, "--data", path, "--limit", 4)[1]


def test_one_wrong_value_that_is_expected_differs(digits):
    path, arrays = digits
    arrays["expected"][5, 7] ^= 1
    save(path, arrays)
    status, text = call(DIGITS, "--data", path)
    assert status == 1
    assert (
        "golden = expected: 120 outputs, 1 mismatches, of 1 inputs; the first, digits.npz[5]: "
        "1 of 10 values differ; the first at axis 0 0, axis 1 7: expected"
    ) in text


def test_one_wrong_value_of_the_machine_differs(digits, monkeypatch):
    right = executor.in_python

    def wrong(config):
        run_right = right(config)

        def spoilt(program, inputs):
            found = run_right(program, inputs)
            found[-1]["scores"].flat[3] ^= 1
            return found

        return spoilt

    monkeypatch.setattr(executor, "in_python", wrong)
    status, found = report(DIGITS, "--data", digits[0], "--on", "machine")
    assert (status, found["outcome"]) == (1, "different")
    assert [each["different"] for each in found["comparisons"]] == [0, 1]


def test_accuracy_is_each_ones_own(digits):
    """A digit whose expected scores are another's is right by golden only."""
    path, arrays = digits
    arrays["expected"] = np.roll(arrays["expected"], 1, axis=1)
    save(path, arrays)
    status, found = report(DIGITS, "--data", path)
    assert status == 1
    expected, golden = found["accuracies"]
    assert expected["top1"] == 0
    assert golden["top1"] > COUNT // 2


def test_without_a_runtime_it_is_incomplete(digits):
    path, arrays = digits
    del arrays["expected"]
    save(path, arrays)
    status, text = call(DIGITS, "--data", path)
    assert status == 3
    assert "not compared with its runtime, for the runtime of qnnpack cannot run the file" in text
    assert "accuracy of golden: " in text


def test_without_the_extra_it_is_incomplete(digits, monkeypatch):
    path, arrays = digits
    del arrays["expected"]
    save(path, arrays)
    monkeypatch.setattr(evaluation, "live_runtime", lambda path, graph: None)
    status, text = call(DIGITS, "--data", path)
    assert status == 3
    assert "not installed: pip install macaw[all]" in text


def folder_of(tmp_path, names):
    """A folder with three inputs a class for the network of `nn_graphs`, and the model's file."""
    model = tmp_path / "network.tflite"
    model.write_bytes(nn_graphs.network_file())
    generator = np.random.default_rng(8)
    for name in names:
        (tmp_path / "data" / name).mkdir(parents=True)
        for index in range(3):
            values = generator.integers(-20, 20, (8, 8, 2)).astype(np.int8)
            np.save(tmp_path / "data" / name / f"{index}.npy", values)
    return model, tmp_path / "data"


def expected_confusion(model, data, order):
    """By a rival road: one input after the other, and argmax."""
    graph, found = load(model), np.zeros((5, 5), int)
    for path in sorted(data.glob("*/*.npy")):
        [scores] = run(graph, [np.load(path)[np.newaxis]]).values()
        found[order.index(path.parent.name), scores.argmax()] += 1
    return found.tolist()


def test_a_folder_beside_the_live_runtime(oracle, tmp_path):
    oracle("tflite")
    names = ["ant", "bee", "cat", "dog", "eel"]
    model, data = folder_of(tmp_path, names)
    status, found = report(model, "--data", data)
    assert status == 0
    assert found["comparisons"][0]["expected"] == "TensorFlow Lite Micro"
    assert found["classes"] == names
    assert found["confusion"] == expected_confusion(model, data, names)
    assert "top 5" not in call(model, "--data", data)[1]


def test_labels_name_the_order_of_the_folders(tmp_path, monkeypatch):
    monkeypatch.setattr(evaluation, "live_runtime", lambda path, graph: None)
    order = ["eel", "cat", "fox", "ant", "dog"]
    model, data = folder_of(tmp_path, ["ant", "cat", "eel"])
    (tmp_path / "labels.txt").write_text("\n".join(order))
    _, found = report(model, "--data", data, "--labels", tmp_path / "labels.txt")
    assert found["confusion"] == expected_confusion(model, data, order)
    assert found["classes"] == order


def test_folders_that_are_numbers_are_those_classes(tmp_path, monkeypatch):
    """And not numbered in the order of their names."""
    monkeypatch.setattr(evaluation, "live_runtime", lambda path, graph: None)
    model, data = folder_of(tmp_path, ["4", "2"])
    _, found = report(model, "--data", data)
    assert np.array(found["confusion"]).sum(axis=1).tolist() == [0, 0, 3, 0, 3]


def test_images_of_a_folder(tmp_path, monkeypatch):
    """The digits as images give what their arrays give."""
    with np.load(HELD_BACK) as file:
        images, labels = file["images"][:COUNT, 0], file["labels"][:COUNT]
    for index, (image, label) in enumerate(zip(images, labels, strict=True)):
        folder = tmp_path / "data" / str(label)
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{index}.png")
    status, raw = report(DIGITS, "--data", tmp_path / "data", "--raw")
    assert status == 3
    arrays = report(DIGITS, "--data", HELD_BACK, "--arrays", "images,labels", "--limit", 360)[1]
    right = sum(each[index] for index, each in enumerate(raw["confusion"]))
    assert right == raw["accuracies"][-1]["top1"] == COUNT
    assert arrays["accuracies"][-1]["top1"] == 356
    status, text = call(DIGITS, "--data", tmp_path / "data")
    assert status == 2
    assert "state what the bytes of an image mean" in text


def test_a_pytorch_file(oracle, tmp_path):
    torch = oracle("torch")
    images = torch_models.photographs(torch, 4, 32)
    torch_models.residual_file(torch, tmp_path / "network.pt", "fbgemm", images)
    path = save(tmp_path / "data.npz", {"x": images.numpy(), "y": np.arange(4)})
    status, found = report(tmp_path / "network.pt", "--engine", "fbgemm", "--data", path)
    assert status == 0
    assert found["comparisons"][0]["expected"] == "PyTorch's fbgemm"
    assert found["comparisons"][0]["values"] == 40


def test_an_onnx_file(oracle, tmp_path):
    oracle("onnx")
    content = onnx_networks.quantised(
        onnx_networks.network("Relu", "Gemm"), tmp_path, form="QDQ", signed=True, per_channel=True
    )
    model = tmp_path / "network.onnx"
    model.write_bytes(content.SerializeToString())
    graph = load(model)
    shape = graph.tensors[graph.inputs[0]].shape
    values = np.random.default_rng(1).standard_normal((3, *shape[1:])).astype(np.float32)
    np.save(tmp_path / "x.npy", values)
    np.save(tmp_path / "y.npy", np.array([0, 1, 2]))
    status, found = report(
        model, "--data", tmp_path / "x.npy", "--labels", tmp_path / "y.npy", "--on", "machine"
    )
    assert status == 0, found
    assert [each["who"] for each in found["accuracies"]] == ["ONNX Runtime", "golden", "machine"]


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda a: a.pop("y"), "must have an array 'y', and has expected, x: name its arrays"),
        (lambda a: a.update(y=a["y"][:-1]), "inputs must be as many as the 11 labels"),
        (lambda a: a.update(y=a["y"] + 5), "labels must be in 0 ... 9, as output 'scores' has 10"),
        (lambda a: a.update(y=a["y"].astype(np.float32)), "labels must be whole numbers"),
        (lambda a: a.update(y=a["y"][:0], x=a["x"][:0]), "labels must be whole numbers, one for"),
        (lambda a: a.update(x=a["x"].astype(np.int8)), "[0]: input 'input_1' must be uint8"),
        (lambda a: a.update(x=a["x"][..., :4]), "of shape (1, 1, 8, 8), not uint8 of"),
        (lambda a: a.update(expected=a["expected"][:3]), "outputs must be as many as the 12"),
        (lambda a: a.update(expected=a["expected"][:, :3]), "must be uint8 of shape (1, 10) for"),
        (lambda a: a.update(expected=a["expected"].astype(int)), "must be uint8 of shape (1, 10)"),
    ],
)  # fmt: skip
def test_arrays_that_do_not_go_together_are_refused(digits, spoil, sentence):
    path, arrays = digits
    spoil(arrays)
    save(path, arrays)
    status, text = call(DIGITS, "--data", path)
    assert status == 2, text
    assert sentence in text


def test_outputs_that_are_named_must_be_there(digits):
    """The runtime is not asked instead, because a name is wrong."""
    path, _ = digits
    status, text = call(DIGITS, "--data", path, "--arrays", "x,y,logit")
    assert status == 2
    assert "must have an array 'logit', and has expected, x, y: name its arrays with" in text


def test_data_that_is_none_is_refused(digits, tmp_path):
    path, _ = digits
    empty = tmp_path / "empty"
    empty.mkdir()
    flat = tmp_path / "flat"
    (flat / "cat").mkdir(parents=True)
    cut = tmp_path / "cut.npz"
    cut.write_bytes(path.read_bytes()[:400])
    packed = tmp_path / "packed.npz"
    np.savez_compressed(packed, x=np.zeros((12, 1, 8, 8), np.uint8), y=np.zeros(12, int))
    spoilt = bytearray(packed.read_bytes())
    spoilt[60:90] = b"\xff" * 30
    packed.write_bytes(spoilt)
    text_file = tmp_path / "data.txt"
    text_file.write_text("nothing")
    three = tmp_path / "three.txt"
    three.write_text("a\nb\nc\n")
    stream = tmp_path / "stream.tflite"
    stream.write_bytes(nn_graphs.streaming_file())
    for model, data, more, sentence in (
        (DIGITS, empty, [], "must have a folder for each class, and has none"),
        (DIGITS, flat, [], "must have images or .npy files in its folders, and has none"),
        (DIGITS, flat, ["--labels", three], f"{flat / 'cat'} must be called as one of the labels"),
        (DIGITS, cut, [], "cut.npz must be a folder, a .npz or a .npy file"),
        (DIGITS, packed, [], "packed.npz must be a folder, a .npz or a .npy file"),
        (DIGITS, text_file, [], "data.txt must be a folder, a .npz or a .npy file"),
        (DIGITS, path, ["--labels", three], "classes must be 10, as output 'scores' has scores"),
        (DIGITS, tmp_path / "none", [], "does not exist"),
        (stream, path, [], "remembers from input to input"),
    ):
        status, text = call(model, "--data", data, *more)
        assert status == 2, text
        assert sentence in " ".join(text.split())


def test_a_network_without_scores_is_refused(digits, tmp_path):
    graph = load(DIGITS)
    path = tmp_path / "cut.macaw"
    last = graph.operators[-1].outputs[0]
    kept = graph.operators[:-2]
    tensors = {name: each for name, each in graph.tensors.items() if name != last}
    save_graph(
        replace(graph, operators=kept, outputs=(kept[-1].outputs[0],), tensors=tensors), path
    )
    # 32 channels of one pixel look like scores, and the labels' classes must be theirs.
    status, found = report(path, "--data", HELD_BACK, "--arrays", "images,labels", "--limit", 1)
    assert (status, len(found["classes"])) == (3, 32)
    kept = graph.operators[:-3]
    save_graph(replace(graph, operators=kept, outputs=(kept[-1].outputs[0],)), path)
    status, text = call(path, "--data", HELD_BACK, "--arrays", "images,labels")
    assert status == 2
    assert "must have one output of scores, [1, classes], to be evaluated" in text


@pytest.mark.parametrize(
    "scores",
    [
        np.array([[-128, 127, 127, 5]], np.int8),
        np.array([[0, 255, 255, 5]], np.uint8),
        np.array([[0, 0.5, 0.5, 0.25]], np.float32),
    ],
)
def test_of_equal_scores_the_first_counts(scores):
    assert ranking(scores).tolist() == [1, 2, 3, 0]
    assert ranking(scores)[0] == scores.argmax()


def test_the_five_highest_scores_count():
    tally = Tally(["golden"], scores=0, classes=8)
    scores = np.array([[8, 7, 6, 5, 4, 3, 2, 1]], np.uint8)
    for label in range(8):
        tally.add("x", label, [[scores]])
    [accuracy] = tally.accuracies
    assert (accuracy.top1, accuracy.top5) == (1, 5)
    assert tally.confusion[:, 0].tolist() == [1] * 8
