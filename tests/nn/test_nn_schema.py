# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The numbers of the file format are those of the schema that LiteRT ships."""

import functools
import importlib
import inspect
import re

import pytest

from macaw.nn.tflite import schema as ours

#: Our tables, and what the schema calls them.
TABLES: dict[str, dict[str, int]] = {
    "Model": ours.MODEL,
    "OperatorCode": ours.OPERATOR_CODE,
    "SubGraph": ours.SUBGRAPH,
    "Tensor": ours.TENSOR,
    "Operator": ours.OPERATOR,
    "QuantizationParameters": ours.QUANTIZATION,
    "Buffer": {name.lower(): field.value for name, field in ours.Buffer.__members__.items()},
    **{
        table: {name: field for name, (field, _, _) in fields.items()}
        for table, (_, fields) in ours.OPTIONS.items()
    },
}
#: Names of ours that are shorter than the schema's.
NAMES = {
    "activation": "fusedactivationfunction",
    "filter_w": "filterwidth",
    "filter_h": "filterheight",
    "dilation_w": "dilationwfactor",
    "dilation_h": "dilationhfactor",
    "in_type": "indatatype",
    "out_type": "outdatatype",
    "builtin_options_2_type": "builtinoptions2type",
}
#: What the schema no longer has, but old files do.
OLD = {"old_height", "old_width"}


@pytest.fixture(scope="module")
def schema(oracle):
    return importlib.import_module(f"{oracle('tflite').__name__}.schema_py_generated")


@functools.cache
def classes(schema):
    """The source of each class of the schema."""
    pieces = re.split(r"^class (\w+)\(object\):$", inspect.getsource(schema), flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def fields(schema, table):
    """The numbers of a table's fields, by their names in lower case."""
    source = classes(schema)[table]
    pattern = r"def (\w+)\(self[^)]*\):\s+o = flatbuffers[^\n]*Offset\((\d+)\)"
    return {name.lower(): (int(offset) - 4) // 2 for name, offset in re.findall(pattern, source)}


@pytest.mark.parametrize("table", TABLES)
def test_fields(schema, table):
    theirs = fields(schema, table)
    for name, number in TABLES[table].items():
        if name in OLD:
            assert number not in theirs.values()
            continue
        key = name.replace("_", "") if table == "ShapeOptions" else name
        assert theirs[NAMES.get(key, key.replace("_", ""))] == number


def test_operators(schema):
    for number, (name, newest, options) in ours.BUILTINS.items():
        assert getattr(schema.BuiltinOperator, name) == number
        assert newest >= 1
        assert options is None or options in ours.OPTIONS
    for name, (number, _) in ours.OPTIONS.items():
        assert getattr(schema.BuiltinOptions, name) == number


def test_enumerations(schema):
    for number, name in enumerate(ours.TYPES):
        assert getattr(schema.TensorType, name.upper()) == number
    for name, number in ours.Type.__members__.items():
        assert getattr(schema.TensorType, name) == number
    for number, name in enumerate(ours.ACTIVATIONS):
        assert getattr(schema.ActivationFunctionType, name.upper()) == number
    for name, number in ours.Padding.__members__.items():
        assert getattr(schema.Padding, name) == number


def test_wrong_number_would_be_noticed(schema):
    assert fields(schema, "Conv2DOptions")["stridew"] == 1
    assert fields(schema, "Conv2DOptions")["strideh"] == 2
