// SPDX-FileCopyrightText: 2026 The Macaw authors
// SPDX-License-Identifier: Apache-2.0

// The main program of every simulator: time advances by the callbacks that cocotb asks for.
// With FREE_CLOCK the top module's `clk` also runs by itself, at the simulator's full speed,
// while its output `done` is low and no callback is due: Python sleeps.
//
// Arguments: --waves FILE, --waves-first TIME, --waves-last TIME (in time steps).
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "Vtop.h"
#include "verilated.h"
#include "verilated_vpi.h"

#ifndef FREE_CLOCK
#define FREE_CLOCK 0
#endif

#if VM_TRACE
#if VM_TRACE_FST
#include "verilated_fst_c.h"
using Trace = VerilatedFstC;
#else
#include "verilated_vcd_c.h"
using Trace = VerilatedVcdC;
#endif
#endif

extern "C" void vlog_startup_routines_bootstrap(void);

namespace {

constexpr std::uint64_t NEVER = ~std::uint64_t{0};
std::uint64_t now = 0;

#if VM_TRACE
std::unique_ptr<Trace> trace;
std::uint64_t trace_first = 0;
std::uint64_t trace_last = NEVER;
#endif

void open_trace(Vtop& top, int argc, char** argv) {
#if VM_TRACE
    const char* path = nullptr;
    for (int i = 1; i + 1 < argc; i++) {
        if (!std::strcmp(argv[i], "--waves")) path = argv[i + 1];
        if (!std::strcmp(argv[i], "--waves-first")) trace_first = std::strtoull(argv[i + 1], nullptr, 10);
        if (!std::strcmp(argv[i], "--waves-last")) trace_last = std::strtoull(argv[i + 1], nullptr, 10);
    }
    if (!path) return;
    Verilated::traceEverOn(true);
    trace = std::make_unique<Trace>();
    top.trace(trace.get(), 99);
    trace->open(path);
#endif
}

void dump() {
#if VM_TRACE
    if (trace && now >= trace_first && now <= trace_last) trace->dump(now);
#endif
}

// A callback may write a signal for which another one waits.
void settle() {
    while (VerilatedVpi::callValueCbs()) {
    }
}

void apply_writes() {
    VerilatedVpi::doInertialPuts();
    settle();
}

void evaluate(Vtop& top) {
    do {
        do {
            top.eval_step();
            VerilatedVpi::clearEvalNeeded();
            apply_writes();
        } while (VerilatedVpi::evalNeeded());
        VerilatedVpi::callCbs(cbReadWriteSynch);
        apply_writes();
    } while (VerilatedVpi::evalNeeded());
    top.eval_end_step();
    VerilatedVpi::callCbs(cbReadOnlySynch);
    dump();
}

std::uint64_t next_deadline(Vtop& top) {
    return std::min<std::uint64_t>(VerilatedVpi::cbNextDeadline(),
                                   top.eventsPending() ? top.nextTimeSlot() : NEVER);
}

#if FREE_CLOCK
void run_clock(Vtop& top, std::uint64_t deadline) {
    if (top.done || deadline - now <= 2) return;
    while (!top.done && !Verilated::gotFinish() && deadline - now > 2) {
        for (int level = 1; level >= 0; level--) {
            now++;
            top.clk = level;
            top.eval();
            dump();
        }
    }
    settle();
}
#endif

}  // namespace

double sc_time_stamp() { return static_cast<double>(now); }

int main(int argc, char** argv) {
    Verilated::commandArgs(argc, argv);
    Verilated::fatalOnVpiError(false);
    auto top = std::make_unique<Vtop>("");
    open_trace(*top, argc, argv);
    vlog_startup_routines_bootstrap();
    VerilatedVpi::callCbs(cbStartOfSimulation);
    settle();
    while (!Verilated::gotFinish()) {
        evaluate(*top);
        std::uint64_t deadline = next_deadline(*top);
#if FREE_CLOCK
        run_clock(*top, deadline);
        if (Verilated::gotFinish()) break;
        deadline = next_deadline(*top);
#endif
        if (deadline == NEVER) break;
        now = deadline;
        VerilatedVpi::callCbs(cbNextSimTime);
        settle();
        VerilatedVpi::callTimedCbs();
        settle();
    }
    top->final();
    VerilatedVpi::callCbs(cbEndOfSimulation);
#if VM_TRACE
    if (trace) trace->close();
#endif
    return Verilated::threadContextp()->errorCount() > 0 ? 1 : 0;
}
