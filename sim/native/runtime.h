// SPDX-FileCopyrightText: 2026 The Macaw authors
// SPDX-License-Identifier: Apache-2.0

// What every simulator reads of Verilator's runtime, precompiled once.
#include <memory>

#include "verilated.h"
#include "verilated_dpi.h"
#include "verilated_vpi.h"
