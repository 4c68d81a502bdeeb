# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The channel parameters of the requantiser: a narrow memory, and copies beside the lanes."""

from contextlib import nullcontext

from amaranth import *
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from macaw.arch.checks import instance
from macaw.arch.config import AcceleratorConfig
from macaw.hw.delay import delay
from macaw.hw.fanout import fan_out
from macaw.hw.group_walker import GroupWalker
from macaw.hw.layouts import channel_parameters_layout, layer_layout
from macaw.hw.ram import BlockRam

__all__ = ["ParameterStore", "parameter_write_layout"]

#: Lanes that take an entry from one register.
_LINK = 4

#: Bits of an address of a LUT RAM. Deeper memories are banks of such: their enables are decoded in
#: front of a register.
_BANK_BITS = 4

#: Clocks from the choice of an entry to its address at the memory.
_ADDRESS_CLOCKS = 3


def parameter_write_layout(config: AcceleratorConfig) -> data.StructLayout:
    """One write to the parameter memory."""
    return data.StructLayout(
        {
            "address": range(config.memory.parameter_entries),
            "parameters": channel_parameters_layout(config),
        }
    )


class ParameterStore(wiring.Component):
    """Holds one entry of parameters per output channel, and gives each requantiser lane the entry
    of the channel that it works on.

    The parameters of a column group are copied, one channel a clock, from a narrow memory into
    small memories beside the lanes, each with sets for two groups or more: while one group is
    computed the next one's parameters arrive. Where each group of a row has a set of its own, they
    are copied once a layer.

    Parameters
    ----------
    config : AcceleratorConfig
        The configuration.

    Members
    -------
    write : In
        Writes to the memory, one a clock, always taken.
    layer : In
        The descriptor of the layer whose parameters are copied, constant from a clock before its
        ``start`` until the next.
    start : In
        Begins to copy, for one clock: `lead` and `latency` clocks after all groups of the layer
        before have been entered; or, in other than compact hardware, when all of them are
        ``complete`` and its values have begun.
    complete : Out
        All groups have been copied, and stay until the layer's end.
    enter_start : In
        Groups that are entered from now on are of this layer, for one clock: with ``start``, or
        later.
    value_layer : In
        The descriptor of the layer whose values come. In compact hardware it is ``layer``.
    value_start : In
        Begins the layer's values, for one clock, when all groups of the layer before have been
        left; not before ``enter_start``, nor behind the next ``start``.
    loaded : Out
        The parameters of the next group are on their way: values of the group may be valid
        `lead` clocks later.
    enter : In
        The next group begins: takes ``loaded``.
    valid, last, finish, leave : In
        The accumulators' values of this clock count; are an evaluation's last ones; complete a
        pixel or pair; and complete the column group.
    parameters : Out
        The lanes' parameters for these values, `latency` clocks later; with serial multipliers
        until the next values.
    """

    #: Clocks from ``valid`` to ``parameters``.
    latency = 3

    def __init__(self, config: AcceleratorConfig):
        self._config = instance("config", config, AcceleratorConfig)
        super().__init__(
            {
                "write": In(stream.Signature(parameter_write_layout(config))),
                "layer": In(layer_layout(config)),
                "start": In(1),
                "complete": Out(1),
                "enter_start": In(1),
                "value_layer": In(layer_layout(config)),
                "value_start": In(1),
                "loaded": Out(1),
                "enter": In(1),
                "valid": In(1),
                "last": In(1),
                "finish": In(1),
                "leave": In(1),
                "parameters": Out(
                    data.ArrayLayout(channel_parameters_layout(config), config.requantizer.lanes)
                ),
            }
        )

    @property
    def lead(self) -> int:
        """Clocks from ``loaded`` to the first ``valid`` of a group that is entered at once."""
        # ``loaded`` comes a clock after the last entry's choice; it is looked up a clock before
        # it is given.
        return self._copy_clocks - 1 - (self.latency - 1)

    @property
    def _copy_clocks(self) -> int:
        """Clocks from an entry's choice to where it can be read beside the lanes."""
        lanes, compact = self._config.requantizer.lanes, self._config.compact
        links = 0 if compact else -(-lanes // _LINK)
        return _ADDRESS_CLOCKS + BlockRam.latency + 2 + links

    @property
    def _halves(self):
        """Of the lanes' memories: one for the layer whose parameters are copied, and one for that
        whose values come."""
        return 1 if self._config.compact else 2

    def _slot(self, window_mode, other_half, used, within):
        """A place in the lanes' memories: ``within`` a set of a half."""
        dense, window = (
            self._config.parameter_slots(window=mode).bit_length() - 1 for mode in (False, True)
        )
        slot = (Mux(window_mode, used << window, used << dense) | within)[
            : exact_log2(self._config.parameter_depth)
        ]
        return slot if self._halves == 1 else Cat(slot, other_half)

    def elaborate(self, platform):
        m = Module()
        entry = channel_parameters_layout(self._config)
        m.submodules.ram = ram = BlockRam(
            width=-(-entry.size // 8),
            depth=self._config.memory.parameter_entries,
            technology=self._config.technology,
        )
        m.d.comb += [
            self.write.ready.eq(1),
            ram.write_address.eq(self.write.payload.address),
            ram.write_data.eq(self.write.payload.parameters.as_value()),
            ram.write_enable.eq(self.write.valid.replicate(len(ram.write_enable))),
        ]
        ports = self._lane_memories(m, entry)
        self._copy(m, ram, ports)
        self._look_up(m, ports)
        return m

    def _lane_memories(self, m, entry):
        """The ports of each lane's memory, those of its banks."""
        depth = self._halves * self._config.parameter_depth
        most = depth if self._config.compact else 1 << _BANK_BITS
        ports = []
        for lane in range(self._config.requantizer.lanes):
            ports.append([])
            for bank in range(-(-depth // most)):
                m.submodules[f"lane_{lane}_{bank}"] = words = memory.Memory(
                    shape=entry, depth=min(depth, most), init=[]
                )
                ports[-1].append((words.write_port(), words.read_port(domain="comb")))
        return ports

    def _copy(self, m, ram, ports):
        """Copies groups into the sets in turn, as long as one is free."""
        layer, array = self.layer, self._config.array
        lanes, half = self._config.requantizer.lanes, array.pair_channels
        m.submodules.groups = groups = GroupWalker(self._config)
        m.d.comb += [groups.layer.eq(layer), groups.start.eq(self.start)]
        running = Signal()
        address = Signal.like(layer.parameter_start)
        entry = Signal(range(array.lanes))
        sets = {mode: self._config.parameter_sets(window=mode) for mode in (False, True)}
        filling = Signal.like(layer.parameter_sets)
        other_half = Signal()
        # As long as values of the layer before may come, they leave sets of the other half.
        strange = Signal()
        leave = self.leave & ~strange
        in_use = Signal(range(max(sets.values()) + 1))
        ready = Signal.like(in_use)
        full = Signal()
        # All groups of a row have their sets: nothing more is copied.
        chosen = Signal()
        arrived_all = delay(m, chosen, self._copy_clocks, reset_less=False)
        m.d.comb += self.complete.eq(chosen & arrived_all)
        # The layer before is the one whose groups are entered; all of them are there.
        ahead = Signal()
        enter = self.enter & ~ahead
        # Between two groups there are three clocks, or more where no set is free, in which the
        # walker goes on, its channels are registered and ``final`` is made ready for them.
        read, final, ended = Signal(name="read"), Signal(name="final"), Signal(name="ended")
        settled = Signal(2)
        channels = delay(m, groups.channels, 1)
        m.d.comb += groups.advance.eq(ended)
        ends = read & final
        m.d.sync += [ended.eq(ends), settled.eq(Cat(1, settled))]
        with m.If(~read):
            m.d.sync += [
                read.eq(running & settled.all() & ~full),
                final.eq(channels == 1),
            ]
        with m.Else():
            m.d.sync += [
                entry.eq(Mux(final, 0, entry + 1)),
                final.eq(entry + 2 == channels),
            ]
            with m.If(final):
                m.d.sync += [filling.eq(_following(filling, layer)), read.eq(0), settled.eq(0)]
                with m.If(layer.parameters_stay & groups.last):
                    m.d.sync += [running.eq(0), chosen.eq(1)]

        # The address counts a clock later, and has registers on its way to the memory.
        reads, rewinds = Signal(name="reads"), Signal(name="rewinds")
        m.d.comb += ram.read_address.eq(delay(m, address, _ADDRESS_CLOCKS - 1))
        m.d.sync += [reads.eq(read), rewinds.eq(self.start | (ended & groups.last))]
        with m.If(rewinds):
            m.d.sync += address.eq(layer.parameter_start)
        with m.Elif(reads):
            m.d.sync += address.eq(address + 1)

        # The entry arrives with its place.
        place = data.StructLayout(
            {"entry": len(entry), "filling": len(filling), "half": 1, "window": 1}
        )
        pending, arrived = Signal(place), Signal(place)
        m.d.comb += [
            pending.entry.eq(entry),
            pending.filling.eq(filling),
            pending.half.eq(other_half),
            pending.window.eq(layer.window),
        ]
        m.d.comb += arrived.eq(delay(m, pending, _ADDRESS_CLOCKS + ram.latency))
        arrives = read
        for stage in range(_ADDRESS_CLOCKS + ram.latency):
            later = Signal(name=f"arrives_{stage}")
            m.d.sync += later.eq(arrives & ~self.start)
            arrives = later
        # The lane and the slot, one clock later, beside the entry; then from link to link of a
        # chain, each link with the lanes that are its neighbours, or, in compact hardware, at once.
        wide = lanes > half
        spread = arrived.window if wide else Const(0)
        written = Signal(
            data.StructLayout(
                {
                    "lane": range(array.lanes),
                    "slot": range(self._halves * self._config.parameter_depth),
                    "spread": 1,
                    "parameters": ram.read_data.shape(),
                }
            )
        )
        m.d.sync += [
            written.lane.eq(Mux(spread, arrived.entry % half, arrived.entry % lanes)),
            written.slot.eq(
                self._slot(
                    arrived.window,
                    arrived.half,
                    arrived.filling,
                    Mux(spread, arrived.entry // half, arrived.entry // lanes),
                )
            ),
            written.spread.eq(spread),
            written.parameters.eq(ram.read_data),
        ]
        writes = delay(m, arrives, 1, reset_less=False)

        def mine(entry, lane):
            return entry.lane == (Mux(entry.spread, lane % half, lane) if wide else lane)

        if self._config.compact:
            for lane, [(write, _)] in enumerate(ports):
                m.d.comb += [
                    write.data.eq(written.parameters),
                    write.addr.eq(written.slot),
                    write.en.eq(writes & mine(written, lane)),
                ]
        for first in range(0, 0 if self._config.compact else lanes, _LINK):
            before, writes_before = written, writes
            written = delay(m, before, 1, name=f"written_{first}")
            writes = delay(m, writes_before, 1, name=f"writes_{first}", reset_less=False)
            for lane in range(first, min(first + _LINK, lanes)):
                for bank, (write, _) in enumerate(ports[lane]):
                    m.d.comb += [write.data.eq(written.parameters), write.addr.eq(written.slot)]
                    place = before.slot[_BANK_BITS:] == bank
                    m.d.sync += write.en.eq(writes_before & mine(before, lane) & place)

        # While ``read`` is low a set that is given up is seen before the next one is filled.
        m.d.sync += [
            in_use.eq(in_use + ends - leave),
            full.eq(in_use == Mux(layer.window, sets[True], sets[False])),
        ]
        # An entry is known late: what it leaves is looked at beside it.
        some, more = (ready != 0) | ends, (ready > 1) | ((ready == 1) & ends)
        anyway = chosen | (ahead & ~self.enter_start)
        m.d.sync += [
            ready.eq(ready + ends - enter),
            self.loaded.eq(anyway | Mux(enter, more, some)),
        ]
        with m.If(self.enter_start):
            m.d.sync += ahead.eq(0)
        with m.Elif(self.start):
            m.d.sync += ahead.eq(1)
        with m.If(self.start):
            m.d.sync += [
                running.eq(1),
                read.eq(0),
                ended.eq(0),
                settled.eq(0),
                entry.eq(0),
                filling.eq(0),
                in_use.eq(0),
                ready.eq(0),
                chosen.eq(0),
                self.loaded.eq(~self.enter_start),
                other_half.eq(~other_half),
            ]
        if self._halves > 1:
            with m.If(self.start):
                m.d.sync += strange.eq(1)
            with m.Elif(self.value_start):
                m.d.sync += strange.eq(0)

    def _look_up(self, m, ports):
        """The slot of each clock's values: by beat in dense mode, by phase and beat in window
        mode, where both pixels of a pair have the same channels."""
        lanes, half = self._config.requantizer.lanes, self._config.array.pair_channels
        layer, start = self.value_layer, self.value_start
        using = Signal.like(layer.parameter_sets)
        other_half = Signal(name="values_half")
        beat = Signal(range(self._config.portions))
        phase = Signal(range(self._config.array.phases))
        with m.If(self.valid):
            m.d.sync += beat.eq(Mux(self.last, 0, beat + 1))
            with m.If(self.last):
                m.d.sync += phase.eq(Mux(self.finish, 0, phase + 1))
        with m.If(self.leave):
            m.d.sync += using.eq(_following(using, layer))
        with m.If(start):
            m.d.sync += [beat.eq(0), phase.eq(0), using.eq(0), other_half.eq(~other_half)]
        if lanes > half:
            in_window = phase
        else:
            each = half // lanes
            in_window = phase * each + beat % each
        within = Mux(delay(m, layer.window, 1), in_window, beat)
        slot = self._slot(layer.window, other_half, using, within)
        slots = fan_out(
            m,
            "slot_copies",
            delay(m, slot, 1),
            len(ports),
            clocks=self.latency - 2,
            compact=self._config.compact,
        )
        holds = self._config.requantizer.interval > 1
        taken = delay(m, self.valid, self.latency - 1, reset_less=False) if holds else Const(1, 1)
        for lane, banks in enumerate(ports):
            reads = [read for _, read in banks]
            m.d.comb += [read.addr.eq(slots[lane]) for read in reads]
            found = Array(read.data.as_value() for read in reads)
            bank = slots[lane][_BANK_BITS:] if len(reads) > 1 else 0
            with m.If(taken) if holds else nullcontext():
                m.d.sync += self.parameters[lane].as_value().eq(found[bank])


def _following(used, layer):
    """The set that is used after ``used``."""
    return Mux(used == layer.parameter_sets, 0, used + 1)
