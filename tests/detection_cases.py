# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Files that detect boxes, with random parameters, and the FlexBuffers in them."""

import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from operator_parts import Case, Rng
from tflite_files import FileOperator, FileTensor, constant, write_file

KIND = "TFLite_Detection_PostProcess"

#: Kinds of values in a FlexBuffer.
_INT, _FLOAT, _KEY, _STRING, _MAP, _BOOL = 1, 3, 4, 5, 9, 26


def flex_map(values: dict[str, Any], width: int = 4, *, ordered: bool = True) -> bytes:
    """A FlexBuffer of a map whose values have ``width`` bytes."""
    keys = sorted(values) if ordered else list(values)
    data, places = bytearray(), []
    for key in keys:
        places.append(len(data))
        data += key.encode() + b"\0"
    text = len(data)
    data += b"\x02no\0"
    data += bytes(-len(data) % 8)

    def distance(target: int) -> bytes:
        return (len(data) - target).to_bytes(4, "little")

    data += len(keys).to_bytes(4, "little")
    first = len(data)
    for place in places:
        data += distance(place)
    data += bytes(-(len(data) + 3 * width) % 8)
    data += (len(data) - first).to_bytes(width, "little")
    data += (4).to_bytes(width, "little")
    data += len(keys).to_bytes(width, "little")
    start, types = len(data), bytearray()
    for key in keys:
        value = values[key]
        if isinstance(value, bool):
            data += int(value).to_bytes(width, "little")
            types.append(_BOOL << 2)
        elif isinstance(value, int):
            data += value.to_bytes(width, "little", signed=True)
            types.append(_INT << 2)
        elif isinstance(value, float):
            data += struct.pack("<f" if width == 4 else "<d", value)
            types.append(_FLOAT << 2)
        else:
            data += (len(data) - text - 1).to_bytes(width, "little")
            types.append(_STRING << 2)
    data += types
    root = len(data) - start
    data += root.to_bytes(2, "little")
    return bytes(data) + bytes([_MAP << 2 | width.bit_length() - 1, 2])


def attributes(**changes: Any) -> dict[str, Any]:
    """Attributes as files have them; those that are changed to None are left out."""
    values = {
        "max_detections": 10, "max_classes_per_detection": 1, "nms_score_threshold": 0.0,
        "nms_iou_threshold": 0.5, "num_classes": 4, "y_scale": 10.0, "x_scale": 10.0,
        "h_scale": 5.0, "w_scale": 5.0, "use_regular_nms": False, "_output_quantized": True,
    }  # fmt: skip
    return {key: value for key, value in (values | changes).items() if value is not None}


def detection_file(
    tensors: list[FileTensor],
    options: bytes,
    *,
    custom: str = KIND,
    shapes: Sequence[tuple[int, ...]] = ((),) * 4,
    last: FileTensor | None = None,
    **extra: Any,
) -> bytes:
    """The file of the operator, of its codes, scores and anchors; results have no shapes in most
    files."""
    results = [FileTensor(shape=shape, dtype="float32") for shape in shapes]
    results[3] = last or results[3]
    operator = FileOperator(
        kind="CUSTOM", custom=custom, inputs=[0, 1, 2], outputs=[3, 4, 5, 6],
        options=options, **extra,
    )  # fmt: skip
    free = [index for index, tensor in enumerate(tensors) if tensor.data is None]
    return write_file([*tensors, *results], [operator], free, [3, 4, 5, 6])


def detection_case(dtype: str, *, by_class: bool, micro: bool = False) -> Callable[[Rng], Case]:
    """A maker of files with ``dtype`` codes, scores and anchors; with ``micro`` as TensorFlow Lite
    Micro takes them: results have shapes, and no box is empty.

    Scores are of few values, so that many are equal; boxes lie on each other, and some are equal.
    """

    def make(rng: Rng) -> Case:
        boxes, classes = int(rng.integers(1, 150)), int(rng.integers(1, 7))
        width = 4 + int(rng.integers(3))
        scored = (1, boxes, classes + int(rng.integers(2)))
        options = attributes(
            max_detections=int(rng.integers(1, 60)),
            num_classes=classes,
            nms_score_threshold=float(rng.choice([-1.0, 1e-8, 0.3, 0.5])),
            nms_iou_threshold=float(rng.choice([0.2, 0.5, 0.6, 1.0])),
            use_regular_nms=by_class,
            detections_per_class=[None, 3, 100][rng.integers(3)],
            y_scale=float(rng.uniform(1, 12)),
            h_scale=float(rng.uniform(1, 12)),
        )
        values: list[NDArray[Any]]
        if dtype == "uint8":
            scales = rng.uniform(0.01, 0.1, 3).astype(np.float32)
            codes = FileTensor(
                shape=(1, boxes, width), dtype=dtype, scale=scales[0],
                zero_point=int(rng.integers(100, 150)),
            )  # fmt: skip
            scores = FileTensor(shape=scored, dtype=dtype, scale=np.float32(1 / 256), zero_point=0)
            places = np.sort(rng.integers(20, 256, (boxes, 4)), axis=0)
            anchors = constant(places, dtype, scale=scales[2] / np.float32(9), zero_point=20)
            values = [
                rng.integers(0, 256, codes.shape).astype(np.uint8),
                rng.integers(0, 256, scored).astype(np.uint8),
            ]
        else:
            codes = FileTensor(shape=(1, boxes, width), dtype=dtype)
            scores = FileTensor(shape=scored, dtype=dtype)
            corners = rng.uniform(0, 1, (boxes, 2)), rng.uniform(0.01, 0.9, (boxes, 2))
            anchors = constant(np.hstack(corners), dtype)
            values = [
                rng.normal(0, 4, codes.shape).astype(np.float32),
                rng.uniform(0, 1, scored).astype(np.float32),
            ]
        if rng.random() < 0.5:
            values[1] = values[1] // 32 * 32 if dtype == "uint8" else values[1].round(1)
        if rng.random() < 0.3:
            anchors.data = np.repeat(anchors.data[::2], 2, axis=0)[:boxes]
            values[0][0, 1::2] = values[0][0, : boxes - 1 : 2]
        if rng.random() < 0.3 and not micro:
            anchors.data[::5, 2] = anchors.zero_point
        wide = 8 if rng.random() < 0.3 else 4
        most = options["max_detections"]
        shapes = [(1, most, 4), (1, most), (1, most), (1,)] if micro else [()] * 4
        tensors = [codes, scores, anchors]
        return detection_file(tensors, flex_map(options, wide), shapes=shapes), values

    return make


#: Makers of cases by name, as those of `operator_cases`.
DETECTION_CASES = {
    f"{dtype}{' by class' if by_class else ''}": detection_case(dtype, by_class=by_class)
    for dtype in ("float32", "uint8")
    for by_class in (False, True)
}
