# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""``macaw run``: the outputs that are written and shown, and what is refused."""

import json
from pathlib import Path

import nn_graphs
import numpy as np
import pytest
import torch_models
from click.testing import CliRunner
from PIL import Image

from macaw.cli import executor
from macaw.cli.main import main
from macaw.golden import run
from macaw.nn import from_tflite, load

DATA = Path(__file__).parents[2] / "examples" / "data"
DIGITS = DATA / "digits.macaw"


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "network.tflite"
    path.write_bytes(nn_graphs.network_file())
    return path


@pytest.fixture
def image(tmp_path):
    """An input of the model's, int8 [1, 8, 8, 2]."""
    path = tmp_path / "image.npy"
    np.save(path, np.random.default_rng(4).integers(-128, 128, (1, 8, 8, 2)).astype(np.int8))
    return path


def invoke(*arguments):
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result.exit_code, result.output


def call(*arguments):
    return invoke("run", *arguments)


def report(*arguments):
    status, text = call(*arguments, "--json")
    assert status == 0, text
    return json.loads(text[text.index("{\n") :])


@pytest.fixture
def digit(tmp_path):
    """A held-back digit, and the scores that PyTorch gives it, both uint8."""
    with np.load(DATA / "digits_held_back.npz") as file:
        np.save(tmp_path / "digit.npy", file["images"][:1])
        return tmp_path / "digit.npy", file["logits"][:1]


@pytest.mark.parametrize("on", ["golden", "machine", "rtl"])
def test_outputs_are_pytorchs(digit, tmp_path, on):
    path, expected = digit
    folder = tmp_path / "new" / "results"
    found = report(DIGITS, "--input", path, "--output", folder, "--on", on, "--config", "tiny")
    assert len(set(expected.ravel())) >= 8
    written = np.load(folder / "scores.npy")
    assert written.dtype == np.uint8
    np.testing.assert_array_equal(written, expected)
    [output] = found["outputs"]
    assert output["first"] == expected.ravel()[:8].tolist()
    assert (output["shape"], output["dtype"]) == ([1, 10], "uint8")
    assert output["file"] == str(folder / "scores.npy")
    best = np.argsort(-expected.ravel().astype(int), kind="stable")[:5]
    assert [each["index"] for each in output["classes"]] == best.tolist()
    assert (found["cycles"] > 0) == (on == "rtl")


def test_a_wrong_machine_shows(digit, monkeypatch):
    """What is shown of the machine is the machine's."""
    right = executor.in_python

    def wrong(config):
        run_right = right(config)
        return lambda program, inputs: [
            {name: values ^ 1 for name, values in each.items()}
            for each in run_right(program, inputs)
        ]

    monkeypatch.setattr(executor, "in_python", wrong)
    found = report(DIGITS, "--input", digit[0], "--config", "tiny", "--on", "machine")
    assert found["outputs"][0]["first"] == (digit[1] ^ 1).ravel()[:8].tolist()


def test_what_the_host_does_is_named(model, image):
    arguments = (model, "--input", image, "--config", "tiny", "--on", "machine")
    assert "shares" in report(*arguments)["host"]
    assert "host: shares: Softmax must run on the host" in call(*arguments)[1]


def test_what_is_shown(model, image, tmp_path):
    labels = tmp_path / "labels.txt"
    labels.write_text("ant\nbee\ncat\ndog\neel\n\n")
    status, text = call(model, "--input", image, "--labels", labels)
    assert status == 0
    lines = text.splitlines()
    assert lines[0] == (
        "network: 8 operators, 1,808 multiplications, semantics tflite, on the golden model"
    )
    assert lines[1] == f"  inputs: {image}"
    values = next(iter(run(load(model), [np.load(image)]).values())).ravel()
    assert lines[2] == "  output 'result': float32 1x5: " + " ".join(
        f"{each:.6g}" for each in values
    )
    best = int(values.argmax())
    assert lines[3].startswith(
        f"    first: {best} {['ant', 'bee', 'cat', 'dog', 'eel'][best]} ({values[best]:.4g}), "
    )


def test_inputs_are_drawn_from_the_seed():
    one, same, other = (report(DIGITS, "--seed", seed) for seed in (1, 1, 2))
    assert one == same
    assert one["inputs"] == "drawn from seed 1"
    assert one["outputs"][0]["first"] != other["outputs"][0]["first"]


def test_a_file_of_macaws_own_and_pytorchs_layout():
    """uint8 [1, channels, height, width], as the module had it."""
    found = report(DIGITS, "--seed", "3")
    values = np.random.default_rng(3).integers(0, 256, (1, 1, 8, 8)).astype(np.uint8)
    expected = run(load(DIGITS), [values])["scores"]
    [output] = found["outputs"]
    assert output["first"] == expected.ravel()[:8].tolist()
    tensor = load(DIGITS).tensors["scores"]
    first = output["classes"][0]
    assert first["index"] == expected.argmax()
    assert first["score"] == (int(expected.max()) - tensor.zero_point) * tensor.scale


@pytest.mark.parametrize("on", ["golden", "machine"])
def test_states_take_steps(tmp_path, on):
    content = nn_graphs.streaming_file()
    path = tmp_path / "stream.tflite"
    path.write_bytes(content)
    graph = from_tflite(content)
    shape = graph.tensors[graph.inputs[0]].shape
    steps = np.random.default_rng(2).integers(-128, 128, (3, *shape)).astype(np.int8)
    np.save(tmp_path / "steps.npy", steps)
    found = report(
        path, "--input", tmp_path / "steps.npy", "--output", tmp_path, "--on", on,
        "--config", "tiny",
    )  # fmt: skip
    state = graph.initial_state()
    expected = [next(iter(run(graph, [step], state=state).values())) for step in steps]
    assert found["steps"] == 3
    np.testing.assert_array_equal(np.load(found["outputs"][0]["file"]), np.stack(expected))
    # Without what it remembers, the second step is another.
    alone = next(iter(run(graph, [steps[1]]).values()))
    assert not np.array_equal(alone, expected[1])


def test_a_pytorch_file(oracle, tmp_path):
    torch = oracle("torch")
    images = torch_models.photographs(torch, 2, 32)
    path = tmp_path / "network.pt"
    module = torch_models.residual_file(torch, path, "qnnpack", images)
    with torch_models.engine_set(torch, "qnnpack"):
        bytes_ = np.random.default_rng(1).integers(0, 256, (32, 32, 3), np.uint8)
        Image.fromarray(bytes_).save(tmp_path / "image.png")
        expected = module(torch.from_numpy(bytes_.transpose(2, 0, 1)[None] / np.float32(64) - 2))
    arguments = [path, "--engine", "qnnpack", "--input", tmp_path / "image.png"]
    pixels = ["--mean", "128", "--std", "64"]
    assert "state --shape, for example 3x224x224" in call(*arguments, *pixels)[1]
    found = report(*arguments, *pixels, "--shape", "3x32x32")
    assert found["semantics"] == "qnnpack"
    assert found["outputs"][0]["first"] == expected.numpy().ravel()[:8].tolist()
    # It is read by running it, by the other commands too.
    np.save(tmp_path / "image.npy", images[:1].numpy())
    words = ["inspect", str(path), "--engine", "qnnpack"]
    assert "is read by running it: give its inputs with --input" in invoke(*words)[1]
    status, text = invoke(*words, "--input", str(tmp_path / "image.npy"))
    assert status == 0
    assert "semantics qnnpack" in text


def spoilt(path, spoil):
    np.save(path, spoil(np.load(path)))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda x: x[0], "must be int8 of shape (1, 8, 8, 2), not int8 of shape (8, 8, 2)"),
        (lambda x: x.astype(np.uint8), "must be int8 of shape (1, 8, 8, 2), not uint8"),
        (lambda x: x.astype(np.float64), "must be int8 of shape (1, 8, 8, 2), not float64"),
        (lambda x: np.stack([x, x]), "must have shape (1, 8, 8, 2), not (2, 1, 8, 8, 2)"),
        (
            lambda x: np.array(3, np.int8),
            "must be int8 of shape (1, 8, 8, 2), not int8 of shape ()",
        ),
    ],
)
def test_arrays_that_do_not_fit_are_refused(model, image, spoil, sentence):
    spoilt(image, spoil)
    status, text = call(model, "--input", image)
    assert status == 2
    assert sentence in text


def test_what_is_refused(model, image, tmp_path):
    damaged = tmp_path / "damaged.npy"
    damaged.write_bytes(image.read_bytes()[:60])
    words = tmp_path / "words.npy"
    np.save(words, np.array(["ant"]))
    pickled = tmp_path / "pickled.npy"
    np.save(pickled, np.array([{}], object), allow_pickle=True)
    other = tmp_path / "input.csv"
    other.write_text("1,2")
    labels = tmp_path / "labels.txt"
    labels.write_text("ant\nbee\n")
    binary = tmp_path / "binary.txt"
    binary.write_bytes(b"\xff\xfe\x00")
    twice = tmp_path / "twice.txt"
    twice.write_text("ant\nant\n")
    file = tmp_path / "file"
    file.write_text("")
    for arguments, sentence in (
        (["--input", damaged], "damaged.npy must be a .npy file"),
        (["--input", pickled], "pickled.npy must be a .npy file"),
        (["--input", words], "words.npy must be a .npy file: it holds <U3, and no numbers"),
        (["--input", other], "input.csv must end in .npy or .png, .jpg, .jpeg"),
        (["--input", image, "--input", image], "input files must be 1, one for each input, not 2"),
        (["--labels", labels], "labels must name 5 classes, as output 'result' has scores, not 2"),
        (["--labels", binary], "binary.txt must be a text with a class a line"),
        (["--labels", twice], "must name each class once, a line each, not 'ant' twice"),
        (["--labels", file], "must name each class once, a line each, not nothing"),
        (["--input", tmp_path / "none.npy"], "does not exist"),
        (["--output", file / "below"], f"{file / 'below'} cannot be used"),
        (["--semantics", "torch"], "'torch' is not one of 'tflite', 'litert'"),
        (["--raw", "--scale", "2"], "--raw takes bytes as they are: leave out --scale"),
        (["--std", "0"], "std not 0"),
        (["--mean", "a,b"], "must be of the form NUMBER[,NUMBER...], not 'a,b'"),
        (["--shape", "3x0x4"], "must be of the form CHANNELSxHEIGHTxWIDTH, not '3x0x4'"),
    ):
        status, text = call(model, *arguments)
        assert status == 2, text
        # click wraps its own sentences.
        assert sentence in " ".join(text.split()), text
