# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The numbers of TensorFlow Lite's file format that the importer knows.

They are those of tensorflow/compiler/mlir/lite/schema/schema.fbs, where each field of a table
has its number by its place, and which only ever grows; a test compares them with the schema that
LiteRT ships. A few tables are less than a library, and are read with every offset checked.
"""

from enum import IntEnum

__all__ = [
    "ACTIVATIONS",
    "BUILTINS",
    "CUSTOM",
    "IDENTIFIER",
    "MODEL",
    "OPERATOR",
    "OPERATOR_CODE",
    "OPTIONS",
    "QUANTIZATION",
    "SUBGRAPH",
    "TENSOR",
    "TYPES",
    "Buffer",
    "Padding",
    "Type",
]

#: Bytes 4 ... 7 of a file.
IDENTIFIER = b"TFL3"

#: Fields of the tables, by name.
MODEL = {"version": 0, "operator_codes": 1, "subgraphs": 2, "buffers": 4}
#: Of an operator code.
OPERATOR_CODE = {"deprecated_builtin_code": 0, "custom_code": 1, "version": 2, "builtin_code": 3}
#: Of a subgraph.
SUBGRAPH = {"tensors": 0, "inputs": 1, "outputs": 2, "operators": 3, "name": 4}
#: Of a tensor.
TENSOR = {
    "shape": 0, "type": 1, "buffer": 2, "name": 3, "quantization": 4, "is_variable": 5,
    "sparsity": 6, "has_rank": 8, "variant_tensors": 9, "external_buffer": 10,
}  # fmt: skip
#: Of an operator.
OPERATOR = {
    "opcode_index": 0, "inputs": 1, "outputs": 2, "builtin_options_type": 3,
    "builtin_options": 4, "custom_options": 5, "custom_options_format": 6,
    "large_custom_options_offset": 9, "builtin_options_2_type": 11,
}  # fmt: skip
#: Of a tensor's quantisation.
QUANTIZATION = {"scale": 2, "zero_point": 3, "details_type": 4, "quantized_dimension": 6}


class Buffer(IntEnum):
    """Fields of a buffer."""

    DATA = 0
    OFFSET = 1
    SIZE = 2


class Type(IntEnum):
    """Types of tensors."""

    FLOAT32 = 0
    INT32 = 2
    UINT8 = 3
    INT64 = 4
    BOOL = 6
    INT8 = 9
    RESOURCE = 13


class Padding(IntEnum):
    """How much a convolution or pooling is padded."""

    SAME = 0
    VALID = 1


#: Every type of the format by its number, for refusals.
TYPES = (
    "float32", "float16", "int32", "uint8", "int64", "string", "bool", "int16", "complex64",
    "int8", "float64", "complex128", "uint64", "resource", "variant", "uint32", "uint16", "int4",
    "bfloat16", "int2", "uint4",
)  # fmt: skip

#: Fused activations by their number.
ACTIVATIONS = ("none", "relu", "relu_n1_to_1", "relu6", "tanh", "sign_bit")

#: Number, format and default of each field of a table of attributes.
_Fields = dict[str, tuple[int, str, float]]

_ADD: _Fields = {"activation": (0, "b", 0), "pot_scale_int16": (1, "?", True)}
_FUSED: _Fields = {"activation": (0, "b", 0)}
_POOL: _Fields = {
    "padding": (0, "b", 0), "stride_w": (1, "i", 0), "stride_h": (2, "i", 0),
    "filter_w": (3, "i", 0), "filter_h": (4, "i", 0), "activation": (5, "b", 0),
}  # fmt: skip

#: The tables of attributes: number in the union, and each field's number, format and default. The
#: formats are those of `struct`, and ``v`` for a vector of int32 and ``s`` for a string.
OPTIONS: dict[str, tuple[int, _Fields]] = {
    "Conv2DOptions": (1, {
        "padding": (0, "b", 0), "stride_w": (1, "i", 0), "stride_h": (2, "i", 0),
        "activation": (3, "b", 0), "dilation_w": (4, "i", 1), "dilation_h": (5, "i", 1),
        "quantized_bias_type": (6, "b", 0),
    }),
    "DepthwiseConv2DOptions": (2, {
        "padding": (0, "b", 0), "stride_w": (1, "i", 0), "stride_h": (2, "i", 0),
        "depth_multiplier": (3, "i", 0), "activation": (4, "b", 0),
        "dilation_w": (5, "i", 1), "dilation_h": (6, "i", 1),
    }),
    "Pool2DOptions": (5, _POOL),
    "FullyConnectedOptions": (8, {
        "activation": (0, "b", 0), "weights_format": (1, "b", 0), "keep_num_dims": (2, "?", 0),
        "asymmetric_quantize_inputs": (3, "?", 0), "quantized_bias_type": (4, "b", 0),
    }),
    "SoftmaxOptions": (9, {"beta": (0, "f", 0.0)}),
    "ConcatenationOptions": (10, {"axis": (0, "i", 0), "activation": (1, "b", 0)}),
    "AddOptions": (11, _ADD),
    "ResizeBilinearOptions": (15, {
        "old_height": (0, "i", 0), "old_width": (1, "i", 0),
        "align_corners": (2, "?", 0), "half_pixel_centers": (3, "?", 0),
    }),
    "ReshapeOptions": (17, {"new_shape": (0, "v", 0)}),
    "SpaceToDepthOptions": (19, {"block_size": (0, "i", 0)}),
    "MulOptions": (21, _FUSED),
    "PadOptions": (22, {}),
    "GatherOptions": (23, {"axis": (0, "i", 0), "batch_dims": (1, "i", 0)}),
    "BatchToSpaceNDOptions": (24, {}),
    "SpaceToBatchNDOptions": (25, {}),
    "TransposeOptions": (26, {}),
    "ReducerOptions": (27, {"keep_dims": (0, "?", 0)}),
    "SubOptions": (28, _ADD),
    "DivOptions": (29, _FUSED),
    "SqueezeOptions": (30, {"squeeze_dims": (0, "v", 0)}),
    "StridedSliceOptions": (32, {
        "begin_mask": (0, "i", 0), "end_mask": (1, "i", 0), "ellipsis_mask": (2, "i", 0),
        "new_axis_mask": (3, "i", 0), "shrink_axis_mask": (4, "i", 0), "offset": (5, "?", 0),
    }),
    "SplitOptions": (35, {"num_splits": (0, "i", 0)}),
    "CastOptions": (37, {"in_type": (0, "b", 0), "out_type": (1, "b", 0)}),
    "DequantizeOptions": (38, {}),
    "MaximumMinimumOptions": (39, {}),
    "ArgMaxOptions": (40, {"output_type": (0, "b", 0)}),
    "PadV2Options": (43, {}),
    "SliceOptions": (48, {}),
    "TransposeConvOptions": (49, {
        "padding": (0, "b", 0), "stride_w": (1, "i", 0), "stride_h": (2, "i", 0),
        "activation": (3, "b", 0), "quantized_bias_type": (4, "b", 0),
    }),
    "TileOptions": (51, {}),
    "ExpandDimsOptions": (52, {}),
    "ShapeOptions": (55, {"out_type": (0, "b", 0)}),
    "PackOptions": (59, {"values_count": (0, "i", 0), "axis": (1, "i", 0)}),
    "UnpackOptions": (64, {"num": (0, "i", 0), "axis": (1, "i", 0)}),
    "FloorDivOptions": (65, {}),
    "ResizeNearestNeighborOptions": (74, {
        "align_corners": (0, "?", 0), "half_pixel_centers": (1, "?", 0),
    }),
    "LeakyReluOptions": (75, {"alpha": (0, "f", 0.0)}),
    "SquaredDifferenceOptions": (76, {}),
    "MirrorPadOptions": (77, {"mode": (0, "b", 0)}),
    "AbsOptions": (78, {}),
    "SplitVOptions": (79, {"num_splits": (0, "i", 0)}),
    "GatherNdOptions": (83, {}),
    "QuantizeOptions": (89, {}),
    "HardSwishOptions": (91, {}),
    "DepthToSpaceOptions": (94, {"block_size": (0, "i", 0)}),
    "CallOnceOptions": (103, {"init_subgraph_index": (0, "i", 0)}),
    "BroadcastToOptions": (104, {}),
    "VarHandleOptions": (111, {"container": (0, "s", 0), "shared_name": (1, "s", 0)}),
    "ReadVariableOptions": (112, {}),
    "AssignVariableOptions": (113, {}),
}  # fmt: skip

#: Every operator by its number: name, newest version that is known, and its table of attributes.
#: A file may leave a table out whose attributes all have their defaults.
BUILTINS: dict[int, tuple[str, int, str | None]] = {
    0: ("ADD", 5, "AddOptions"),
    1: ("AVERAGE_POOL_2D", 3, "Pool2DOptions"),
    2: ("CONCATENATION", 4, "ConcatenationOptions"),
    3: ("CONV_2D", 8, "Conv2DOptions"),
    4: ("DEPTHWISE_CONV_2D", 7, "DepthwiseConv2DOptions"),
    5: ("DEPTH_TO_SPACE", 2, "DepthToSpaceOptions"),
    6: ("DEQUANTIZE", 6, "DequantizeOptions"),
    9: ("FULLY_CONNECTED", 12, "FullyConnectedOptions"),
    14: ("LOGISTIC", 3, None),
    17: ("MAX_POOL_2D", 3, "Pool2DOptions"),
    18: ("MUL", 7, "MulOptions"),
    19: ("RELU", 3, None),
    20: ("RELU_N1_TO_1", 1, None),
    21: ("RELU6", 3, None),
    22: ("RESHAPE", 1, "ReshapeOptions"),
    23: ("RESIZE_BILINEAR", 4, "ResizeBilinearOptions"),
    25: ("SOFTMAX", 3, "SoftmaxOptions"),
    26: ("SPACE_TO_DEPTH", 2, "SpaceToDepthOptions"),
    28: ("TANH", 3, None),
    34: ("PAD", 4, "PadOptions"),
    36: ("GATHER", 7, "GatherOptions"),
    37: ("BATCH_TO_SPACE_ND", 4, "BatchToSpaceNDOptions"),
    38: ("SPACE_TO_BATCH_ND", 4, "SpaceToBatchNDOptions"),
    39: ("TRANSPOSE", 6, "TransposeOptions"),
    40: ("MEAN", 3, "ReducerOptions"),
    41: ("SUB", 5, "SubOptions"),
    42: ("DIV", 2, "DivOptions"),
    43: ("SQUEEZE", 2, "SqueezeOptions"),
    45: ("STRIDED_SLICE", 8, "StridedSliceOptions"),
    49: ("SPLIT", 4, "SplitOptions"),
    53: ("CAST", 6, "CastOptions"),
    54: ("PRELU", 1, None),
    55: ("MAXIMUM", 4, "MaximumMinimumOptions"),
    56: ("ARG_MAX", 3, "ArgMaxOptions"),
    57: ("MINIMUM", 4, "MaximumMinimumOptions"),
    60: ("PADV2", 4, "PadV2Options"),
    65: ("SLICE", 6, "SliceOptions"),
    67: ("TRANSPOSE_CONV", 5, "TransposeConvOptions"),
    69: ("TILE", 3, "TileOptions"),
    70: ("EXPAND_DIMS", 1, "ExpandDimsOptions"),
    74: ("SUM", 2, "ReducerOptions"),
    75: ("SQRT", 1, None),
    77: ("SHAPE", 1, "ShapeOptions"),
    82: ("REDUCE_MAX", 3, "ReducerOptions"),
    83: ("PACK", 4, "PackOptions"),
    88: ("UNPACK", 4, "UnpackOptions"),
    89: ("REDUCE_MIN", 3, "ReducerOptions"),
    90: ("FLOOR_DIV", 3, "FloorDivOptions"),
    97: ("RESIZE_NEAREST_NEIGHBOR", 4, "ResizeNearestNeighborOptions"),
    98: ("LEAKY_RELU", 2, "LeakyReluOptions"),
    99: ("SQUARED_DIFFERENCE", 2, "SquaredDifferenceOptions"),
    100: ("MIRROR_PAD", 3, "MirrorPadOptions"),
    101: ("ABS", 5, "AbsOptions"),
    102: ("SPLIT_V", 2, "SplitVOptions"),
    107: ("GATHER_ND", 5, "GatherNdOptions"),
    111: ("ELU", 1, None),
    114: ("QUANTIZE", 3, "QuantizeOptions"),
    117: ("HARD_SWISH", 1, "HardSwishOptions"),
    129: ("CALL_ONCE", 1, "CallOnceOptions"),
    130: ("BROADCAST_TO", 4, "BroadcastToOptions"),
    142: ("VAR_HANDLE", 1, "VarHandleOptions"),
    143: ("READ_VARIABLE", 1, "ReadVariableOptions"),
    144: ("ASSIGN_VARIABLE", 1, "AssignVariableOptions"),
}

#: The operators without a number, by their name: the type and the default of each attribute, None
#: for one that must be there. They stand in no schema, but in the kernel's ``Init``.
CUSTOM: dict[str, dict[str, tuple[type[int | float | bool], int | float | bool | None]]] = {
    "TFLite_Detection_PostProcess": {
        "max_detections": (int, None), "max_classes_per_detection": (int, None),
        "detections_per_class": (int, 100), "use_regular_nms": (bool, False),
        "nms_score_threshold": (float, None), "nms_iou_threshold": (float, None),
        "num_classes": (int, None), "y_scale": (float, None), "x_scale": (float, None),
        "h_scale": (float, None), "w_scale": (float, None),
    },
}  # fmt: skip
