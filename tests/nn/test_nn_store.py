# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Macaw's own files: every graph comes back as it was, and what is no graph is refused."""

import json
import zlib
from dataclasses import fields, replace

import numpy as np
import pytest
import torch_models
from nn_damage import check, damaged
from nn_graphs import network, network_file, streaming_file
from operator_cases import CASES

from macaw.golden import run
from macaw.nn import ModelError, Semantics, from_tflite, load, save_graph
from macaw.nn.graph import operators as operator_classes
from macaw.nn.store import GRAPH_MARK, GRAPH_VERSION, from_macaw, to_macaw

NUMBER = 4
START = len(GRAPH_MARK) + 2 * NUMBER


def arrays(graph):
    """All arrays of a graph, by names."""
    found = {name: each.data for name, each in graph.tensors.items() if each.data is not None}
    return found | {f"state {each.name}": each.initial for each in graph.states}


def assert_same(graph, other):
    """All values, their types and the order of tensors are the same."""
    assert other == graph
    assert repr(other) == repr(graph)
    assert list(other.tensors) == list(graph.tensors)
    expected, found = arrays(graph), arrays(other)
    assert list(found) == list(expected)
    for name, array in expected.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].tobytes() == array.tobytes()


def graphs():
    """Every operator's case, and the two small networks."""
    for name, make in CASES.items():
        yield name, from_tflite(make(np.random.default_rng(5))[0], name=name)
    yield "network", network()
    yield "streaming", from_tflite(streaming_file(), semantics=Semantics.LITERT)


def header(content):
    size = int.from_bytes(content[START - NUMBER : START], "little")
    return json.loads(content[START : START + size]), content[START + size : -NUMBER]


def sealed(values, data, version=GRAPH_VERSION):
    """A file of any header, with the right checksum."""
    text = values if isinstance(values, bytes) else json.dumps(values).encode()
    numbers = version.to_bytes(NUMBER, "little") + len(text).to_bytes(NUMBER, "little")
    content = GRAPH_MARK + numbers + text + data
    return content + zlib.crc32(content).to_bytes(NUMBER, "little")


def test_graphs_come_back():
    kinds = set()
    for _, graph in graphs():
        content = to_macaw(graph)
        assert_same(graph, from_macaw(content))
        assert to_macaw(from_macaw(content)) == content
        kinds |= {type(operator).__name__ for operator in graph.operators}
    assert len(kinds) > 30


def test_the_comparison_can_fail():
    graph = network()
    values, data = header(to_macaw(graph))
    other = bytearray(data)
    other[7] ^= 1
    with pytest.raises(AssertionError):
        assert_same(graph, from_macaw(sealed(values, bytes(other))))
    values["tensors"][0]["quantization"]["scale"][0] *= 2
    with pytest.raises(AssertionError):
        assert_same(graph, from_macaw(sealed(values, data)))


def test_what_comes_back_computes_the_same():
    graph = network()
    image = np.random.default_rng(2).integers(-128, 128, (1, 8, 8, 2)).astype(np.int8)
    ours = run(from_macaw(to_macaw(graph)), [image], all_tensors=True)
    for name, values in run(graph, [image], all_tensors=True).items():
        assert values.tobytes() == ours[name].tobytes()


@pytest.mark.parametrize(
    ("make", "options"), [("residual_network", {}), ("functions_network", {"clamps": False})]
)
def test_networks_of_pytorch_come_back(oracle, make, options):
    torch = oracle("torch")
    images = torch_models.photographs(torch, 2, 32)
    with torch_models.engine_set(torch, "qnnpack"):
        module = getattr(torch_models, make)(torch, **options)
        module = torch_models.quantised(torch, module, "qnnpack", images)
        graph = torch_models.from_torch(module, (images[:1],), engine="qnnpack")
    again = from_macaw(to_macaw(graph))
    assert_same(graph, again)
    assert again.semantics is Semantics.QNNPACK


def test_public_models_come_back(models):
    files = json.loads((models / "manifest.json").read_text())["models"]
    files = sorted((models / each["file"] for each in files), key=lambda path: path.stat().st_size)
    for file in files[:8]:
        graph = load(file)
        assert_same(graph, from_macaw(to_macaw(graph)))


def test_every_field_of_an_operator_has_a_type_that_is_read():
    """A field of a new kind must be thought of here."""
    known = {
        int, bool, float, operator_classes.Activation, tuple[str, ...], tuple[int, ...],
        tuple[int, int], tuple[int, int, int, int], tuple[tuple[int, int], ...],
        tuple[float, float, float, float],
    }  # fmt: skip
    for name in operator_classes.__all__:
        kind = getattr(operator_classes, name)
        if isinstance(kind, type) and issubclass(kind, operator_classes.Operator):
            assert {each.type for each in fields(kind)} <= known, name


def test_files(tmp_path):
    path = tmp_path / "net.macaw"
    save_graph(network(), path)
    assert_same(network(), load(path))
    assert load(path, semantics=Semantics.TFLITE) == network()
    with pytest.raises(ModelError, match=r"semantics of net.macaw must be tflite, as it says, not"):
        load(path, semantics=Semantics.LITERT)
    # By its beginning under any name, and by its name with any beginning.
    path.rename(tmp_path / "net")
    assert_same(network(), load(tmp_path / "net"))
    (tmp_path / "other.macaw").write_bytes(network_file())
    with pytest.raises(ModelError, match=r"^file must be a Macaw graph, which begins with b'maca"):
        load(tmp_path / "other.macaw")


def test_a_wrong_graph_is_not_saved(tmp_path):
    with pytest.raises(ModelError, match="tensor 'z', an output, must be defined"):
        save_graph(replace(network(), outputs=("z",)), tmp_path / "net.macaw")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("make", [network_file, streaming_file])
def test_damaged_files_are_refused(make):
    content = to_macaw(from_tflite(make()))
    refused, verified = check(from_macaw, content, damaged, 4, 400)
    # Some damage leaves all bytes as they were.
    assert refused > 350
    assert verified < 50


def test_every_flipped_bit_and_every_length_is_refused():
    content = to_macaw(from_tflite(CASES["ARG_MAX"](np.random.default_rng(1))[0]))
    for place in range(len(content)):
        with pytest.raises(ModelError):
            from_macaw(content[:place])
        wrong = bytearray(content)
        wrong[place] ^= 1 << place % 8
        with pytest.raises(ModelError):
            from_macaw(bytes(wrong))


def replaced(values, rng):
    """JSON with one value in it, at any depth, another one."""
    places = []

    def visit(value):
        for key in value if isinstance(value, dict) else range(len(value)):
            places.append((value, key))
            if isinstance(value[key], dict | list):
                visit(value[key])

    values = json.loads(json.dumps(values))
    visit(values)
    parent, key = places[int(rng.integers(len(places)))]
    choices = [
        None, True, -1, 0, 1, 3, 2**31, 10**30, 0.5, float("nan"), float("inf"), "", "image",
        "int8", "Add", "float32", [], [1], {}, [[0, 0]], parent[key],
    ]  # fmt: skip
    choices.append([parent[key], parent[key]])
    found = choices[int(rng.integers(len(choices)))]
    if rng.random() < 0.1 and isinstance(parent, dict):
        del parent[key]
    elif rng.random() < 0.1 and isinstance(parent, list):
        parent.insert(key, parent[key])
    else:
        parent[key] = found
    return values


@pytest.mark.parametrize("make", [network_file, streaming_file])
def test_headers_that_say_something_else(make):
    """Behind the right checksum everything is checked too."""
    values, data = header(to_macaw(from_tflite(make())))
    refused, verified = check(
        from_macaw, None, lambda _, rng: sealed(replaced(values, rng), data), 6, 600
    )
    assert refused > 300
    assert verified > 5


def changed(**more):
    """The header of the small network with some values changed, and its data."""
    values, data = header(to_macaw(network()))
    return sealed(values | more, data)


def first_operator(**more):
    values, data = header(to_macaw(network()))
    values["operators"][0] |= more
    return sealed(values, data)


VALUES, DATA = header(to_macaw(network()))
REFUSED = {
    b"": r"^file must be a Macaw graph, which begins with b'macaw graph\\n', not b''$",
    GRAPH_MARK: "^graph must be complete, not 12 bytes long$",
    sealed(VALUES, DATA, version=2): "^graph must be of version 1, not 2: save it again from its",
    sealed(VALUES, DATA)[:-1]: "^graph must have the checksum that stands at its end",
    sealed(b"{", b""): "^header must be JSON, which it is not$",
    sealed(b"[" * 100_000, b""): "^header must be JSON, which it is not$",
    sealed([], b""): r"^header: fields must be name, tensors, inputs, outputs, states, semantics",
    sealed(VALUES, DATA[:-1]): r"^data of 'depthwise#\w+' must be in the file, for ",
    sealed(VALUES, DATA + b"0"): r"^data must be \d+ bytes, not \d+$",
    changed(operators=3): "^operators must be a list, not 3$",
    changed(semantics="torch"): "^header: semantics must be Semantics, not 'torch'$",
    changed(inputs="image"): r"^header: inputs must be tuple, not 'image'$",
    changed(operators=[{"operator": "Magic"}]): "^operator 0 must be one of macaw.nn.graph",
    changed(operators=[{"operator": "Add"}]): r"^operator 0, Add: fields must be inputs, outputs",
    changed(tensors=VALUES["tensors"] * 2): r"^tensor 'image' must be defined once$",
    changed(states=[{"name": "s", "read": "r", "written": "w"}]): "^tensor 'r', an input, must be",
    first_operator(groups=True): "^operator 0, Conv2d: groups must be int, not True$",
    first_operator(stride=[1]): r"^operator 0, Conv2d: stride must be tuple, not \[1\]$",
    first_operator(groups=2): "^operator 0, Conv2d to 'first': ",
}


@pytest.mark.parametrize("content", REFUSED, ids=range(len(REFUSED)))
def test_what_is_refused(content):
    with pytest.raises(ModelError, match=REFUSED[content]):
        from_macaw(content)


def test_a_header_longer_than_the_file_is_refused():
    content = bytearray(sealed(VALUES, DATA))
    content[START - NUMBER : START] = (1 << 30).to_bytes(NUMBER, "little")
    body = bytes(content[:-NUMBER])
    with pytest.raises(ModelError, match=r"^header must have at most \d+ bytes, not 1073741824$"):
        from_macaw(body + zlib.crc32(body).to_bytes(NUMBER, "little"))


def test_truth_values_are_0_or_1():
    values, data = header(to_macaw(network()))
    values["tensors"].append(
        {"name": "b", "shape": [2], "dtype": "bool", "quantization": None, "constant": True}
    )
    assert from_macaw(sealed(values, data + b"\1\0")).tensors["b"].data.tolist() == [True, False]
    with pytest.raises(ModelError, match=r"^data of 'b' must be 0 or 1$"):
        from_macaw(sealed(values, data + b"\2\0"))
