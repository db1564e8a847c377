# fettle: one Makefile for everything; `make help` lists the targets, docs/build.md explains.
#
# A build is a variant: a set of flags and a target machine. Each has its own folder,
# $(BUILD)/<variant>/. Rules exist once; `make asan` and its like call make again with VARIANT set.

SHELL         := /bin/bash
.SHELLFLAGS   := -e -o pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS     += --no-builtin-rules

BUILD         ?= build
VERSION       := $(shell cat VERSION)
HOST_ARCH     := $(shell uname -m)
V             ?= 0
Q             := $(if $(filter 1,$(V)),,@)
WERROR        ?= 1

# ---- variant and target ----------------------------------------------------------------------

VARIANT       ?= $(if $(filter 1,$(DEBUG)),debug,release)
musl          := $(HOST_ARCH)-linux-musl
gnu           := $(HOST_ARCH)-linux-gnu
target_release := $(musl)
target_debug  := $(musl)
target_asan   := $(gnu)
target_tsan   := $(gnu)
target_fuzz   := $(gnu)
TARGET        ?= $(or $(target_$(VARIANT)),$(VARIANT))

dist_targets  := x86_64-linux-musl aarch64-linux-musl x86_64-macos aarch64-macos x86_64-windows

OUT           := $(BUILD)/$(VARIANT)
EXE           := $(if $(findstring windows,$(TARGET)),.exe)
BINARY        := $(if $(filter release,$(VARIANT)),$(BUILD)/fettle,$(OUT)/fettle$(EXE))

# The third-party libraries of the target, and the compiler that made them. See packaging/deps.
DEPS          := $(shell packaging/deps prefix $(TARGET))
DEPS_READY    := $(DEPS)/.ready
CC            := $(DEPS)/bin/cc
ifeq ($(VARIANT),fuzz)
CC            := clang-14
endif
AR            := $(DEPS)/bin/ar

# ---- sources ---------------------------------------------------------------------------------

# A file with a platform suffix is compiled for that platform only; _posix is Linux and macOS.
platform      := $(if $(findstring linux,$(TARGET)),linux posix,$(if $(findstring macos,$(TARGET)),darwin posix,win32))
other         := $(filter-out $(platform),linux posix darwin win32)
only_here      = $(filter-out $(foreach suffix,$(other),%_$(suffix).c),$(1))

pkg_sources   := $(call only_here,$(sort $(wildcard pkg/*/*.c)))
cmd_sources   := $(call only_here,$(sort $(wildcard cmd/fettle/*.c)))
unit_sources  := $(call only_here,$(sort $(wildcard tests/unit/*.c)))
fuzz_sources  := $(sort $(wildcard tests/fuzz/fuzz_*.c))

objects        = $(patsubst %.c,$(OUT)/obj/%.o,$(1))
pkg_objects   := $(call objects,$(pkg_sources))
cmd_objects   := $(call objects,$(cmd_sources))
unit_objects  := $(call objects,$(unit_sources))
fuzz_objects  := $(call objects,$(fuzz_sources))
all_objects   := $(pkg_objects) $(cmd_objects) $(unit_objects) $(fuzz_objects)

# ---- flags -----------------------------------------------------------------------------------

WARNINGS      := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -Wwrite-strings -Wcast-qual -Wformat=2 -Wimplicit-fallthrough \
	-Wundef -Werror=implicit-function-declaration $(if $(filter 1,$(WERROR)),-Werror)
ifneq ($(VARIANT),fuzz)
WARNINGS      += $(if $(findstring linux,$(TARGET)),-Wjump-misses-init)
endif

CPPFLAGS_ALL  := -D_GNU_SOURCE -DFETTLE_VERSION='"$(VERSION)"' -Ipkg -Itests/unit \
	-isystem $(DEPS)/include -DCURL_STATICLIB -DPCRE2_STATIC -DPCRE2_CODE_UNIT_WIDTH=8 \
	-DYAML_DECLARE_STATIC -DSODIUM_STATIC -DNGHTTP2_STATICLIB

lean          := -ffunction-sections -fdata-sections -fno-unwind-tables -fno-asynchronous-unwind-tables
CFLAGS_release := -O2 -g0 -DNDEBUG $(lean)
CFLAGS_debug  := -Og -g3 -DFETTLE_TEST_HOOKS
CFLAGS_asan   := -O1 -g -DFETTLE_TEST_HOOKS -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_tsan   := -O1 -g -DFETTLE_TEST_HOOKS -fsanitize=thread -fno-omit-frame-pointer
CFLAGS_fuzz   := -O1 -g -DFETTLE_TEST_HOOKS -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS_asan  := -fsanitize=address,undefined
LDFLAGS_tsan  := -fsanitize=thread
LDFLAGS_fuzz  := -fsanitize=fuzzer,address,undefined
LDFLAGS_release := -s -Wl,--gc-sections

variant_cflags := $(or $(CFLAGS_$(VARIANT)),$(CFLAGS_release))
ifneq ($(filter release $(dist_targets),$(VARIANT)),)
# Paths of the build machine must not reach a released file.
variant_cflags += -ffile-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(DEPS)=deps
endif
variant_ldflags := $(or $(LDFLAGS_$(VARIANT)),$(if $(filter $(dist_targets),$(VARIANT)),$(LDFLAGS_release)))

CFLAGS_ALL    := -std=c17 -fno-common -fstack-protector-strong $(variant_cflags) $(WARNINGS) $(CFLAGS)

libraries     := -lgit2 -lcurl -lnghttp2 -lhttp_parser -lpcre2-8 -lyaml -ljansson -lsodium -lsqlite3 -lz
tls           := $(if $(findstring windows,$(TARGET)),,-lssl -lcrypto)
system_linux  := -lm -lpthread
system_windows := -lws2_32 -lsecur32 -lcrypt32 -lbcrypt -lrpcrt4 -lole32 -ladvapi32 -liphlpapi -lshell32 -luserenv
system        := $(if $(findstring linux,$(TARGET)),$(system_linux),$(if $(findstring windows,$(TARGET)),$(system_windows)))
# mimalloc first, so that its malloc is the one everything gets.
malloc        := $(if $(findstring musl,$(TARGET)),-Wl,--whole-archive -lmimalloc -Wl,--no-whole-archive)
LIBS          := $(malloc) $(libraries) $(tls) $(system)
LINK           = $(CC) $(variant_ldflags) $(LDFLAGS) -o $@ $(filter %.o,$^) -L$(DEPS)/lib $(LIBS)

# ---- building --------------------------------------------------------------------------------

.PHONY: all
all: $(BINARY) ## the fully static executable build/fettle (DEBUG=1: build/debug/fettle)

$(BINARY): $(pkg_objects) $(cmd_objects)
	@echo "  LINK  $@"
	$(Q)$(LINK)

.PHONY: unit
unit: $(OUT)/unit ## unit tests of this variant: build/<variant>/unit [SUITE]

$(OUT)/unit: $(unit_objects) $(pkg_objects)
	@echo "  LINK  $@"
	$(Q)$(LINK)

$(OUT)/obj/%.o: %.c $(OUT)/flags | $(DEPS_READY)
	@echo "  CC    $(if $(filter release,$(VARIANT)),,$(VARIANT) )$<"
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# Changed flags rebuild everything; the same flags leave the file alone.
flags_line    := $(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(variant_ldflags) $(LDFLAGS)
.PHONY: force
$(OUT)/flags: force
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(flags_line))' | cmp -s - $@ || echo '$(subst ','\'',$(flags_line))' >$@

$(DEPS_READY):
	@packaging/deps build $(TARGET) >/dev/null

.PHONY: deps print-deps
deps: $(DEPS_READY) ## build the third-party libraries of TARGET
print-deps: $(DEPS_READY) ## print the folder of the third-party libraries of TARGET
	@echo $(DEPS)

-include $(all_objects:.o=.d)

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1|\2/p' Makefile | awk -F'|' '{ printf "  %-14s %s\n", $$1, $$2 }'
