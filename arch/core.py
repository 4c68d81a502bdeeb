# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What the compute core is told: the fields of a layer's descriptor, of its step table and of
its channels' parameters.

The compiler fills these fields, the hardware builds its structures from them; neither knows a
width or a position that does not stand here.
"""

from dataclasses import dataclass

from macaw.arch.checks import integer
from macaw.arch.config import AcceleratorConfig
from macaw.arch.parameters import CHAIN_SHIFT_BITS, FIXED_BIAS_BITS
from macaw.arch.requantization import FIXED_MODES, FLOAT32_MODES, Mode

__all__ = [
    "EXCESS",
    "SIZE_BITS",
    "Field",
    "check_fields",
    "layer_fields",
    "parameter_fields",
    "step_fields",
]

#: Bits of an image's height or width, of a result's, and of a number of column groups.
SIZE_BITS = 12

#: What the array adds to one operand of each product, which makes it unsigned: to the weights in
#: dense mode, to the activations in window mode.
EXCESS = 128


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field: its ``name``, width in ``bits``, whether it is ``signed``, and its meaning."""

    name: str
    bits: int
    meaning: str
    signed: bool = False

    @property
    def minimum(self) -> int:
        """The lowest value that fits."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def maximum(self) -> int:
        """The highest value that fits."""
        return (1 << (self.bits - self.signed)) - 1


#: Fields of the general core that the narrow one does without: it has one run a read, its ring is
#: the whole memory, a pixel's last step ends the table, and its products are signed.
_WIDE_STEP_FIELDS = {"paired", "four", "high", "shift", "capture", "evaluate"}
_WIDE_LAYER_FIELDS = {
    *("pitch", "ring_words", "ring_base", "ahead", "dilation", "next_row", "second_row"),
    *("third_row", "prologue", "body"),
    *("weight_offset", "weights_shared", "odd_width", "table_start", "body_start"),
    *("parameter_sets", "parameters_stay", "largest"),
}
#: A field that the general core does without: its result rows stand one behind the other.
_NARROW_LAYER_FIELD = "result_rows"


def _log2(value: int) -> int:
    return value.bit_length() - 1


def _offset_bits(config: AcceleratorConfig) -> int:
    """Bits of a signed byte offset within an image row and its padding."""
    return _log2(config.memory.activation_words * config.array.lanes) + 1


def step_fields(config: AcceleratorConfig) -> tuple[Field, ...]:
    """The fields of one entry of the step table.

    The table says how the reader walks the taps of one pixel (dense) or of one pair of pixels
    (window mode). An entry makes ``count + 1`` reads, ``stride`` bytes apart.
    """
    words = _log2(config.memory.activation_words)
    fields = (
        Field(
            name="offset",
            bits=_offset_bits(config),
            signed=True,
            meaning="first byte, relative to the pixel's position in its row",
        ),
        Field(name="row", bits=8, meaning="image row, relative to the kernel's top row"),
        Field(name="row_words", bits=words, meaning="the same row in words of the ring"),
        Field(name="count", bits=10, meaning="reads of this entry, less one"),
        Field(name="stride", bits=12, meaning="bytes from one read to the next"),
        Field(
            name="paired", bits=1, meaning="dense: the upper half of the lanes reads the next row"
        ),
        Field(name="four", bits=1, meaning="window: four rows of one word each, or of a half"),
        Field(name="high", bits=1, meaning="window: the two rows are the third and the fourth"),
        Field(name="shift", bits=1, meaning="window: the read completes a column of the window"),
        Field(
            name="capture",
            bits=1,
            meaning="window: the last read completes the first window of the pair behind",
        ),
        Field(
            name="evaluate", bits=1, meaning="dense: each read is evaluated; window: the pair is"
        ),
        Field(name="first", bits=1, meaning="its first evaluation starts the sums"),
        Field(name="last", bits=1, meaning="its last evaluation completes the sums"),
    )
    if config.narrow:
        return tuple(field for field in fields if field.name not in _WIDE_STEP_FIELDS)
    return fields


def layer_fields(config: AcceleratorConfig) -> tuple[Field, ...]:
    """The fields of a layer's descriptor."""
    words = _log2(config.memory.activation_words)
    offset = _offset_bits(config)
    lanes = _log2(config.array.lanes)
    steps = _log2(config.memory.step_entries) + 1
    results = _log2(config.memory.result_words)

    def size(name: str, meaning: str) -> Field:
        return Field(name=name, bits=SIZE_BITS, meaning=meaning)

    def rows(name: str, meaning: str, memory: int) -> Field:
        # Of a memory with so many bits of an address; the general core counts as for an image.
        return Field(name=name, bits=memory + 1 if config.narrow else SIZE_BITS, meaning=meaning)

    def byte(name: str, meaning: str) -> Field:
        return Field(name=name, bits=8, signed=True, meaning=meaning)

    chain: tuple[Field, ...] = ()
    if Mode.FLOAT32_CHAIN in config.requantizer.modes:
        chain = (
            Field(name="input_multiplier", bits=24, meaning="float32_chain: the input's scale"),
            Field(name="output_multiplier", bits=24, meaning="float32_chain: the last multiplier"),
        )

    largest: tuple[Field, ...] = ()
    if config.max_pooling:
        largest = (
            Field(name="largest", bits=1, meaning="the largest evaluation in the place of the sum"),
        )

    fields = (
        size("height", "rows of the image"),
        Field(name="row_bytes", bits=offset, meaning="bytes of an image row"),
        Field(name="row_words", bits=words, meaning="words of an image row, less one"),
        Field(name="pitch", bits=words + 1, meaning="words from one row of the ring to the next"),
        Field(name="ring_words", bits=words + 1, meaning="words of the ring"),
        rows("ring_rows", "rows of the ring", words),
        Field(
            name="ring_base", bits=words, meaning="word of the ring's first row, a multiple of 4"
        ),
        Field(
            name="ahead",
            bits=1,
            meaning="rows are taken while the layer before is computed, whose ring lies elsewhere",
        ),
        Field(name="input_unsigned", bits=1, meaning="the image is uint8"),
        byte("input_zero_point", "the image's zero point, as int8"),
        size("output_rows", "rows of the result, less one"),
        size("padding_top", "rows of padding above the image"),
        size("row_stride", "image rows from one output row to the next"),
        size("extent", "image rows that the kernel spans"),
        Field(name="row_start", bits=words, meaning="ring address of the first kernel row"),
        Field(name="row_step", bits=words, meaning="row_stride in words of the ring"),
        Field(name="dilation", bits=8, meaning="image rows from one kernel row to the next"),
        Field(name="next_row", bits=words, meaning="one kernel row in words of the ring"),
        Field(name="second_row", bits=words, meaning="two kernel rows in words of the ring"),
        Field(name="third_row", bits=words, meaning="three kernel rows in words of the ring"),
        Field(name="window", bits=1, meaning="window mode"),
        Field(name="table_start", bits=steps - 1, meaning="table entry of a row's first pixel"),
        Field(name="body_start", bits=steps - 1, meaning="table entry of all its other pixels"),
        Field(name="prologue", bits=steps, meaning="table entries before a row's first pixel"),
        Field(name="body", bits=steps, meaning="table entries of a pixel or pair, less one"),
        size("pixels", "pixels or pairs of a result row, less one"),
        Field(
            name="position",
            bits=offset,
            signed=True,
            meaning="byte position of a row's first pixel, padding included",
        ),
        Field(
            name="pixel_step", bits=offset - 1, meaning="bytes from one pixel or pair to the next"
        ),
        size("outer_groups", "groups with an input position of their own, less one"),
        size("inner_groups", "column groups of each of them, less one"),
        Field(name="group_step", bits=offset - 1, meaning="bytes from one outer group to the next"),
        Field(
            name="weight_start",
            bits=_log2(config.memory.weight_words),
            meaning="weight word of the first evaluation; behind the last word comes the first",
        ),
        Field(
            name="weight_offset",
            bits=8,
            meaning=f"dense: zero point of all weights, as int8, and {EXCESS}; window: 0",
        ),
        Field(
            name="weights_shared",
            bits=1,
            meaning="every column group has the weight words of the first",
        ),
        Field(
            name="parameter_start",
            bits=_log2(config.memory.parameter_entries),
            meaning="parameter entry of the first column",
        ),
        Field(
            name="parameter_sets",
            bits=_log2(max(config.parameter_sets(window=mode) for mode in (False, True))),
            meaning="sets of parameters that the column groups use in turn, less one",
        ),
        Field(
            name="parameters_stay",
            bits=1,
            meaning="each column group of a row has a set of its own",
        ),
        Field(name="group_channels", bits=lanes + 1, meaning="parameter entries of a column group"),
        Field(
            name="inner_channels", bits=lanes + 1, meaning="channels of an outer group's last group"
        ),
        Field(name="final_channels", bits=lanes + 1, meaning="channels of the last column group"),
        Field(name="result_step", bits=lanes + results, meaning="bytes from one pixel to the next"),
        Field(name="result_words", bits=results, meaning="words of a result row, less one"),
        rows("result_rows", "result rows that fit into the result buffer", results),
        Field(name="odd_width", bits=1, meaning="window: the last pair has one pixel"),
        Field(name="output_unsigned", bits=1, meaning="the result is uint8"),
        Field(
            name="mode",
            bits=max(1, (len(config.requantizer.modes) - 1).bit_length()),
            meaning="index of the requantiser's mode",
        ),
        byte("zero_point", "the result's zero point, as int8"),
        byte("minimum", "lowest result, as int8"),
        byte("maximum", "highest result, as int8"),
        *largest,
        *chain,
    )
    others = _WIDE_LAYER_FIELDS if config.narrow else {_NARROW_LAYER_FIELD}
    return tuple(field for field in fields if field.name not in others)


def parameter_fields(config: AcceleratorConfig) -> tuple[Field, ...]:
    """The fields of an output channel's parameters, as wide as the modes of ``config`` need."""
    modes = config.requantizer.modes
    float32 = any(mode in FLOAT32_MODES for mode in modes)
    fixed = any(mode in FIXED_MODES for mode in modes)
    chain = Mode.FLOAT32_CHAIN in modes
    fields = [Field(name="bias", bits=32, signed=True, meaning="int32, added with wrap-around")]
    if float32 or fixed or chain:
        bits = 31 if fixed else 24
        fields.append(Field(name="multiplier", bits=bits, meaning="the mode's multiplier"))
    bits = CHAIN_SHIFT_BITS if chain else 6 if float32 else 5 if fixed else 2
    fields.append(
        Field(
            name="shift",
            bits=bits + fixed,
            signed=fixed,
            meaning="the mode's shift; raw: which byte of the sum",
        )
    )
    if chain or Mode.FLOAT32_BIAS in modes:
        meaning = "the real bias of float32_bias and float32_chain, 0 in other modes"
        fields.append(Field(name="fixed_bias", bits=FIXED_BIAS_BITS, signed=True, meaning=meaning))
    return tuple(fields)


def check_fields(what: str, fields: tuple[Field, ...], values: dict[str, int]) -> None:
    """Refuse ``values`` that do not fit ``fields``.

    Raises ``ValueError`` that names ``what`` and the field; ``KeyError`` for a missing field.
    """
    for field in fields:
        integer(f"{what}: {field.name}", values[field.name], field.minimum, field.maximum)
