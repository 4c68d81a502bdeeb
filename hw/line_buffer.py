# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The line buffer: a ring of image rows in four banks, read at any byte offset."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import instance, one_of, power_of_two
from macaw.arch.config import Technology
from macaw.arch.core import SIZE_BITS
from macaw.hw.byte_aligner import ByteAligner
from macaw.hw.countdown import countdown
from macaw.hw.delay import delay
from macaw.hw.fanout import fan_out
from macaw.hw.ram import BlockRam
from macaw.hw.selector import select

__all__ = ["LineBuffer"]

_BANKS = 4

#: Clocks by which the offset reaches the aligners before the words.
_OFFSET_LEAD = 2


class LineBuffer(wiring.Component):
    """Image rows of a stream, kept as a ring of rows until the reader gives them up.

    Rows come as words of ``lanes`` bytes, each row beginning with a new word. A row stands at
    ``pitch`` words from the one before; word w lies in bank w mod 4. A read names up to four
    words by their addresses' row part and one signed byte offset that all rows share:

    - ``four = 0``: two rows, each at any byte offset: words (row 0, w), (row 0, w + 1),
      (row 1, w), (row 1, w + 1). If only row 0 is wanted, any ``pitch`` will do; for both the
      rows' distance must be 2 modulo 4.
    - ``four = 1``: four rows, one word each, offset a multiple of ``lanes``; or the upper half of
      a word, with an offset of half a word more, whose bytes come as the lower half of a run. The
      rows' distance must be odd.

    While there is room, a word is taken in each clock; only a row of a single word makes the next
    one wait for two clocks.

    A ring whose size is no multiple of four, or rows at other distances, read wrong data: the
    compiler chooses ``pitch`` and ``ring_rows`` so that this cannot happen.

    Parameters
    ----------
    lanes : int
        Bytes of a word.
    words : int
        Words of all banks, a power of two.
    technology : Technology
        The memory cells to use.
    compact : bool
        What chooses and turns words comes to all of their parts from one register.

    Members
    -------
    height : In
        Rows of the image: so many are taken from the stream, then none until ``start``.
    row_words : In
        Words of a row, less one.
    pitch : In
        Words from one row to the next.
    ring_rows : In
        Rows that the ring holds.
    base : In
        Word of the ring's first row, a multiple of 4.
    image_unsigned : In
        The stream is uint8: the top bit of each byte is flipped, so that bytes are int8 inside.
    start : In
        Begins an image: one clock, while no row is being written.
    image : In
        The words of the rows.
    received : Out
        Rows written completely and readable since ``start``.
    released : In
        Rows that the reader no longer needs, counted from the image's first row; it may run
        ahead of ``received``.
    rows : In
        Read: ring addresses of the first words of four rows, counted from ``read_base``.
    read_base : In
        Word of the first row of the ring that is read: ``base``, or, while another image comes
        into a ring of its own, the base of the one before it.
    offset : In
        Read: the signed byte offset in these rows.
    four : In
        Read: which of the two forms.
    runs : Out
        Four runs of ``lanes`` bytes (int8 values as bits), `latency` clocks after ``rows``:
        with ``four = 0`` only the first two count, and of upper halves the lower half of each run.

    Raises ``ValueError`` for sizes out of range. The parameters must be constant from
    a clock before ``start`` on.
    """

    #: Clocks from a row's last word to ``received``, the memory's write included.
    write_latency = 4

    def __init__(
        self,
        *,
        lanes: int,
        words: int,
        technology: Technology = Technology.GENERIC,
        compact: bool = False,
    ):
        self._compact = instance("compact", compact, bool)
        self._lanes = power_of_two("lanes", lanes, 8, 32)
        self._technology = one_of("technology", technology, tuple(Technology))
        most = min(1 << 16, _BANKS * BlockRam.deepest(technology))
        self._words = power_of_two("words", words, 64, most)
        address = range(words)
        offset = (words * lanes).bit_length()
        super().__init__(
            {
                "height": In(SIZE_BITS),
                "row_words": In(address),
                "pitch": In(range(words + 1)),
                "ring_rows": In(SIZE_BITS),
                "base": In(address),
                "image_unsigned": In(1),
                "start": In(1),
                "image": In(stream.Signature(data.ArrayLayout(8, lanes))),
                "received": Out(SIZE_BITS),
                "released": In(SIZE_BITS),
                "rows": In(data.ArrayLayout(unsigned(words.bit_length() - 1), _BANKS)),
                "read_base": In(address),
                "offset": In(signed(offset)),
                "four": In(1),
                "runs": Out(data.ArrayLayout(data.ArrayLayout(8, lanes), _BANKS)),
            }
        )

    @property
    def latency(self) -> int:
        """Clocks from ``rows``, ``offset`` and ``four`` to ``runs``."""
        return 3 + BlockRam.latency + 1 + ByteAligner.stages(self._lanes)

    def elaborate(self, platform):
        m = Module()
        banks = []
        for index in range(_BANKS):
            bank = BlockRam(
                width=self._lanes, depth=self._words // _BANKS, technology=self._technology
            )
            m.submodules[f"bank_{index}"] = bank
            banks.append(bank)
        self._write(m, banks)
        self._read(m, banks)
        return m

    def _write(self, m, banks):
        """The stream's side: rows one after the other, while the ring has room."""
        address_bits = len(self.row_words)
        row = Signal(address_bits)
        word = Signal(address_bits)
        written = Signal(SIZE_BITS)
        following = Signal(SIZE_BITS, init=1)
        taking = Signal()

        # Rows up to ``limit`` may be taken. It only grows, so it may be looked at late.
        reach = Signal(SIZE_BITS + 1, reset_less=True)
        limit = Signal(SIZE_BITS)
        m.d.sync += [
            reach.eq(self.released + self.ring_rows),
            limit.eq(Mux(reach < self.height, reach, self.height)),
        ]
        # Room for the row in hand and for the one after, so that the change of rows costs no
        # clock, unless the row had a single word: then ``written`` has been compared too late.
        room = Signal(2)
        settled, long = Signal(), Signal()
        m.d.sync += [
            room[0].eq(written != limit),
            room[1].eq(following != limit),
            settled.eq(1),
        ]
        # Between two images nothing is taken, even when the next one's height is there already.
        running, all_in = Signal(), Signal()
        m.d.sync += all_in.eq(written == self.height)
        with m.If(all_in):
            m.d.sync += running.eq(0)
        taken = self.image.valid & taking
        last = countdown(m, "words", self.row_words, start=self.start, advance=taken)
        ends_row = taken & last
        ring_rows = (self.ring_rows - 1)[:SIZE_BITS]
        # A row later by one clock: no row ends in the clock after another.
        ring_ends = countdown(
            m, "ring", ring_rows, start=self.start, advance=delay(m, ends_row, 1, reset_less=False)
        )
        m.d.comb += self.image.ready.eq(taking)
        with m.If(taken):
            m.d.sync += [word.eq(word + 1), long.eq(1)]
        with m.If(ends_row):
            m.d.sync += [
                word.eq(0),
                long.eq(0),
                settled.eq(0),
                written.eq(following),
                following.eq(following + 1),
                taking.eq(long & room[1]),
                row.eq(Mux(ring_ends, self.base, row + self.pitch)),
            ]
        with m.Elif(~taking):
            m.d.sync += taking.eq(running & settled & room[0])
        with m.If(self.start):
            m.d.sync += [
                row.eq(self.base),
                word.eq(0),
                long.eq(0),
                settled.eq(0),
                written.eq(0),
                following.eq(1),
                taking.eq(0),
                reach.eq(0),
                limit.eq(0),
                room.eq(0),
                running.eq(1),
                all_in.eq(0),
            ]

        address = Signal(address_bits, reset_less=True)
        payload = Signal.like(self.image.payload, reset_less=True)
        enables = Signal(_BANKS)
        chosen = (row[:2] + word[:2])[:2]
        m.d.sync += [
            address.eq(row + word),
            enables.eq(Mux(taken, 1 << chosen, 0)),
        ]
        m.d.sync += [
            payload[lane].eq(self.image.payload[lane] ^ (self.image_unsigned << 7))
            for lane in range(self._lanes)
        ]
        for index, bank in enumerate(banks):
            m.d.comb += [
                bank.write_address.eq(address[2:]),
                bank.write_data.eq(payload),
                bank.write_enable.eq(enables[index].replicate(self._lanes)),
            ]
        arrived = written
        for stage in range(self.write_latency - 1):
            later = Signal(SIZE_BITS, name=f"arrived_{stage}")
            m.d.sync += later.eq(Mux(self.start, 0, arrived))
            arrived = later
        m.d.comb += self.received.eq(arrived)

    def _read(self, m, banks):
        """The reader's side: four word addresses to banks, and their data back in order."""
        bits = len(self.row_words)
        lane_bits = self._lanes.bit_length() - 1
        # A clock for the two words of a row, one for the addresses, one for the banks' choice.
        offset_word = self.offset[lane_bits:].as_signed()
        places = [Signal(bits, name=f"place_{i}", reset_less=True) for i in range(2)]
        bases = [Signal(bits, name=f"base_{i}", reset_less=True) for i in range(2)]
        m.d.sync += [base.eq(self.read_base + index) for index, base in enumerate(bases)]
        m.d.sync += [
            place.eq(offset_word + base) for place, base in zip(places, bases, strict=True)
        ]
        rows, four = delay(m, self.rows, 1), delay(m, self.four, 1)
        # With ``four`` the aligners pass the words of the requests 0 and 2. In compact hardware
        # these are the rows 0 and 1, so that the second run needs no other way.
        order = (0, 2, 1, 3) if self._compact else (0, 1, 2, 3)
        requests = [Signal(bits, name=f"request_{i}", reset_less=True) for i in range(_BANKS)]
        for index, request in enumerate(requests):
            row = Mux(four, rows[order[index]], rows[index // 2])
            place = Mux(four, places[0], places[index % 2])
            m.d.sync += request.eq(row + place)

        for index, bank in enumerate(banks):
            # The first request goes first: a read of one row alone lets the others collide.
            address = requests[3][2:]
            for request in reversed(requests[:3]):
                address = Mux(request[:2] == index, request[2:], address)
            chosen = Signal(bits - 2, name=f"address_{index}", reset_less=True)
            m.d.sync += chosen.eq(address)
            m.d.comb += bank.read_address.eq(chosen)

        words = []
        wait = 1 + BlockRam.latency
        for index, request in enumerate(requests):
            name = f"select_copies_{index}"
            chosen_banks = fan_out(m, name, request[:2], 4, clocks=wait, compact=self._compact)
            word = Signal(8 * self._lanes, name=f"word_{index}", reset_less=True)
            quarter = 2 * self._lanes
            for part, chosen_bank in enumerate(chosen_banks):
                bits_of_part = slice(part * quarter, (part + 1) * quarter)
                parts = [bank.read_data.as_value()[bits_of_part] for bank in banks]
                name = f"select_{index}_{part}"
                m.d.sync += word[bits_of_part].eq(
                    select(m, name, chosen_bank, parts, technology=self._technology)
                )
            words.append(word)

        fine = delay(m, self.offset[:lane_bits], 3 + wait - _OFFSET_LEAD)
        runs = []
        for index in range(2):
            m.submodules[f"aligner_{index}"] = aligner = ByteAligner(
                lanes=self._lanes,
                offset_lead=_OFFSET_LEAD,
                technology=self._technology,
                compact=self._compact,
            )
            m.d.comb += [
                aligner.words.eq(Cat(words[2 * index], words[2 * index + 1])),
                aligner.offset.eq(fine),
            ]
            runs.append(aligner.run)
        # Of each row its upper half may be wanted, in the place of the lower one.
        half = 4 * self._lanes
        halves = fan_out(
            m,
            "half_copies",
            self.offset[lane_bits - 1],
            _BANKS,
            clocks=3 + wait,
            compact=self._compact,
        )
        turned = [
            Cat(Mux(halves[index], word[half:], word[:half]), word[half:])
            for index, word in enumerate(words)
        ]
        straight = [
            delay(m, turned[index], aligner.latency, name=f"straight_{index}") for index in order
        ]
        second = runs[1]
        if not self._compact:
            # Each quarter of the second run has its own copy.
            fours = fan_out(m, "four_copies", self.four, 4, clocks=3 + wait + aligner.latency)
            second = Cat(
                Mux(
                    copy,
                    straight[1].word_select(part, 2 * self._lanes),
                    runs[1].as_value().word_select(part, 2 * self._lanes),
                )
                for part, copy in enumerate(fours)
            )
        m.d.comb += [
            self.runs[0].eq(runs[0]),
            self.runs[1].eq(second),
            self.runs[2].eq(straight[2]),
            self.runs[3].eq(straight[3]),
        ]
