# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
#
# Compiles what Verilator wrote into the program `simulator`, in few translation units: to read the
# headers of its runtime takes longer than to compile most designs. They are compiled once for each
# level of optimisation, and stand in the folder RUNTIME with the objects that all designs share.
VPATH := $(dir $(lastword $(MAKEFILE_LIST)))
VM_DEFAULT_RULES := 0
include Vtop.mk
.DEFAULT_GOAL := simulator

# The design in as many parts as Verilator made of it; the rest is small.
parts := $(filter $(VM_PREFIX)___024root__%,$(VM_CLASSES_FAST))
objects := $(addsuffix .o,$(parts)) fast.o slow.o
shared := $(patsubst %,$(RUNTIME)/%.o,$(VM_GLOBAL_FAST) $(VM_GLOBAL_SLOW))

blank := $() $()
headers = $(RUNTIME)/headers$(subst =,-,$(subst $(blank),,$(1))).h
fast_headers := $(call headers,$(OPT_FAST))
slow_headers := $(call headers,$(OPT_SLOW))
compile = $(OBJCACHE) $(CXX) $(1) $(CXXFLAGS) $(CPPFLAGS)
# Another build may read the shared folder: what stands there under its name is whole.
whole = $@.$$$$ && mv $@.$$$$ $@

simulator: $(objects) $(shared)
	$(LINK) $(LDFLAGS) $^ $(LOADLIBES) $(LDLIBS) -o $@

fast.cpp: $(addsuffix .cpp,$(filter-out $(parts),$(VM_FAST)) $(VM_USER_CLASSES))
slow.cpp: $(addsuffix .cpp,$(VM_SLOW))
fast.cpp slow.cpp:
	printf '#include "%s"\n' $^ > $@

slow.o: slow.cpp $(slow_headers).gch
	$(call compile,$(OPT_SLOW)) -include $(slow_headers) -c -o $@ $<
$(filter-out slow.o,$(objects)): %.o: %.cpp $(fast_headers).gch
	$(call compile,$(OPT_FAST)) -include $(fast_headers) -c -o $@ $<

$(shared): $(RUNTIME)/%.o: %.cpp
	$(call compile,$(OPT_GLOBAL)) -c $< -o $(whole)

$(fast_headers).gch: level = $(OPT_FAST)
$(slow_headers).gch: level = $(OPT_SLOW)
$(addsuffix .gch,$(sort $(fast_headers) $(slow_headers))): %.gch: %
	$(call compile,$(level)) -x c++-header $< -o $(whole)
$(sort $(fast_headers) $(slow_headers)): runtime.h
	cp $< $(whole)
