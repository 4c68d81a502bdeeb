# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Elementwise passes that need not be: results go through the tables on their way to memory."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from macaw.arch.machine import MachineConfig
from macaw.compiler.elementwise import LookupTables
from macaw.compiler.machine.passes import Buffer, Copy, Pass, Placed, Rows
from macaw.compiler.machine.placing import Placing

__all__ = ["fused"]


def fused(passes: Sequence[Pass], outputs: Collection[str], config: MachineConfig) -> list[Pass]:
    """The same passes, but for those that only look up what others have made: these put their
    results through the tables, at the place of the pass that did.

    Of two operands one is made so, when the other one is there. ``outputs`` are buffers that must
    exist by their own names.
    """
    kept = list(passes)
    for each in passes:
        for index in _operands(each, kept):
            makers = _with_tables(each, index, kept, outputs, config)
            if makers is not None:
                place = kept.index(each)
                before = [other for other in kept[:place] if id(other) not in makers]
                kept = [*before, *makers.values(), *kept[place + 1 :]]
                break
    return kept


def _operands(each: Pass, passes: Sequence[Pass]) -> list[int]:
    """The operands of an elementwise pass by their numbers, what is made last before the others."""
    if each.tables is None or not isinstance(each.work, Copy):
        return []
    written = [max(_writers(rows.buffer, passes), default=-1) for rows in each.sources]
    return sorted(range(len(written)), key=lambda index: -written[index])


def _writers(buffer: Buffer, passes: Sequence[Pass]) -> list[int]:
    return [index for index, other in enumerate(passes) if other.target.buffer.name == buffer.name]


def _with_tables(
    each: Pass,
    index: int,
    passes: Sequence[Pass],
    outputs: Collection[str],
    config: MachineConfig,
) -> dict[int, Pass] | None:
    """What makes operand ``index`` of an elementwise pass, by the identity of the pass, with the
    tables and its target; ``None`` where it cannot be so."""
    rows, others = each.sources[index], each.sources[:index] + each.sources[index + 1 :]
    buffer, target = rows.buffer, each.target
    readers = [other for other in passes for read in other.reads if read.buffer.name == buffer.name]
    makers = _writers(buffer, passes)
    if not makers:
        return None
    places = Placing(config)
    whole = places.everything(buffer)
    if (
        len(readers) > 1
        or buffer.name in outputs
        or rows != whole
        or target.gaps
        or target.first_byte
        or not places.alike(buffer.image, target.buffer.image)
        or not all(places.alike(buffer.image, other.buffer.image) for other in others)
    ):
        return None
    found, tables = {}, _turned(each.tables, index)
    for maker in (passes[number] for number in makers):
        beside = [_beside(maker.target, other.buffer, config) for other in others]
        image = maker.target.buffer.image
        if maker.tables is not None or not places.alike(buffer.image, image) or None in beside:
            return None
        found[id(maker)] = replace(
            maker,
            sources=(*maker.sources, *(place for place in beside if place is not None)),
            target=replace(maker.target, buffer=replace(target.buffer, image=image)),
            tables=tables,
            also=each.operator,
        )
    return found


def _beside(target: Placed, buffer: Buffer, config: MachineConfig) -> Rows | None:
    """What stands in another buffer where a result stands in its own, word for word; ``None`` where
    that cannot be fetched."""
    image = target.buffer.image
    pitch = image.row_words(config) * config.word_bytes
    first, place = divmod(target.first_byte, pitch)
    rows = Rows(
        buffer=replace(buffer, image=image), first=first, count=target.rows,
        step=target.row_pitch // pitch if target.gaps else 1,
    )  # fmt: skip
    if target.gaps:
        column, channel = divmod(place, image.channels)
        channels = range(channel, channel + target.pixel_bytes)
        some = len(channels) < image.channels
        # Channels of a pixel fill words, as those of the next one stand behind them in the result.
        if (some and len(channels) % config.word_bytes) or (
            target.pixels > 1 and target.pixel_pitch != image.channels
        ):
            return None
        rows = replace(
            rows,
            columns=range(column, column + target.pixels),
            channels=channels if some else None,
        )
    return rows if rows.runs(config) is not None else None


def _turned(tables: LookupTables | None, first: int) -> LookupTables | None:
    """The tables with operand ``first`` as the first one."""
    if not first or tables is None or tables.second is None:
        return tables
    return replace(tables, first=tables.second, second=tables.first)
