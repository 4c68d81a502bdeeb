# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Whole public networks: golden equals TensorFlow Lite at every operator.

Run with ``-s`` for a table: model, operators compared, equal, overwritten by the runtime, MACs of
one run, seconds of the processor for all runs.
"""

import importlib

import numpy as np
import pytest
from golden_models import compare, entries

from macaw.golden import fixed_point, run
from macaw.nn import Semantics, from_tflite

#: At least so many models are expected where there are any.
COUNT = 24


def check(models, tests):
    rows = [compare(models, model, tests) for model in entries(models)]
    print("\nmodel | operators | equal | overwritten | MACs | seconds")
    for row in rows:
        print(
            f"{row.name} | {row.operators} | {row.equal} | {row.overwritten} | {row.macs:,} | "
            f"{row.seconds:.1f}"
        )
    assert len(rows) >= COUNT
    assert [difference for row in rows for difference in row.different] == []
    assert all(row.outputs > 0 for row in rows)
    assert sum(row.equal for row in rows) > 4 * sum(row.overwritten for row in rows)


def test_first_run_of_every_model(models):
    check(models, 1)


@pytest.mark.full
def test_every_run_of_every_model(models):
    check(models, None)


def test_macs_are_those_of_the_manifest(models):
    for model in entries(models):
        graph = from_tflite((models / model["file"]).read_bytes())
        assert graph.macs == model["macs"], model["id"]


def test_mutant_is_noticed(models, monkeypatch):
    """The second rounding half up instead of half away from zero."""

    def half_up(values, shift):
        return (values + ((np.int64(1) << shift) >> 1)) >> shift

    monkeypatch.setattr(fixed_point, "shift_away", half_up)
    model = next(model for model in entries(models) if "cfu_mnv2" in model["id"])
    assert compare(models, model, 1).different


def show_every_tensor(schema, content):
    """The file with all results of operators as outputs, so that none is overwritten; and the
    name and index of each."""
    flatbuffers = importlib.import_module("flatbuffers")
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    graph, shown = model.subgraphs[0], []
    for operator in graph.operators:
        for index in () if operator.outputs is None else operator.outputs:
            if graph.tensors[index].type != schema.TensorType.RESOURCE:
                shown.append(int(index))
    for tensor in graph.tensors:
        # One of the models names an axis that its biases do not have: LiteRT refuses it.
        quantization = tensor.quantization
        if quantization is not None and tensor.type == schema.TensorType.INT32:
            quantization.quantizedDimension = 0
    graph.outputs, model.signatureDefs = shown, []
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    names = [graph.tensors[index].name.decode() for index in shown]
    return bytes(builder.Output()), list(zip(names, shown, strict=True))


@pytest.mark.full
def test_every_tensor_live(oracle, models):
    """LiteRT's reference kernels, asked for all tensors, those that it would overwrite too."""
    package = oracle("tflite").__name__
    schema = importlib.import_module(f"{package}.schema_py_generated")
    interpreter = importlib.import_module(f"{package}.interpreter")
    for model in entries(models):
        content = (models / model["file"]).read_bytes()
        graph = from_tflite(content, semantics=Semantics.LITERT)
        shown, names = show_every_tensor(schema, content)
        runtime = interpreter.Interpreter(
            model_content=shown,
            experimental_op_resolver_type=interpreter.OpResolverType.BUILTIN_REF,
            num_threads=1,
        )
        runtime.allocate_tensors()
        test = model["tests"][0]
        inputs = [np.load(models / entry["file"]) for entry in test["inputs"]]
        if "sequence" in test:
            inputs = [values[0] for values in inputs]
        inputs = [
            values.reshape(graph.tensors[name].shape)
            for name, values in zip(graph.inputs, inputs, strict=True)
        ]
        for detail, values in zip(runtime.get_input_details(), inputs, strict=True):
            runtime.set_tensor(detail["index"], values)
        runtime.invoke()
        ours = run(graph, inputs, all_tensors=True)
        different = []
        for name, index in names:
            key = f"{name}#{index}" if f"{name}#{index}" in ours else name
            if runtime.get_tensor(index).tobytes() != ours[key].tobytes():
                different.append(key)
        print(f"\n{model['id']}: {len(names)} tensors, {len(different)} differ", end="")
        assert different == [], model["id"]
