# fettle: one Makefile for everything; `make help` lists the targets, docs/build.md explains.
#
# A build is a variant: a set of flags and a target machine. Each has its own folder,
# $(BUILD)/<variant>/. Rules exist once; `make asan` and its like call make again with VARIANT set.

SHELL         := /bin/bash
.SHELLFLAGS   := -e -o pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
MAKEFLAGS     += --no-builtin-rules
ifeq ($(MAKELEVEL),0)
JOBS          ?= $(shell nproc)
MAKEFLAGS     += --jobs=$(JOBS)
endif

BUILD         ?= build
VERSION       := $(shell cat VERSION)
HOST_ARCH     := $(shell uname -m)
V             ?= 0
Q             := $(if $(filter 1,$(V)),,@)
WERROR        ?= 1

comma         := ,

# What would be a time of building is this instead: the same sources give the same bytes.
export SOURCE_DATE_EPOCH := 1700000000

# ---- variant and target ----------------------------------------------------------------------

VARIANT       ?= $(if $(filter 1,$(DEBUG)),debug,release)
musl          := $(HOST_ARCH)-linux-musl
gnu           := $(HOST_ARCH)-linux-gnu
target_release := $(musl)
target_debug  := $(musl)
target_asan   := $(gnu)
target_tsan   := $(gnu)
target_fuzz   := $(gnu)
ifeq ($(TARGET),)
override TARGET := $(or $(target_$(VARIANT)),$(VARIANT))
endif

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
	-Wundef -Wno-missing-field-initializers -Werror=implicit-function-declaration $(if $(filter 1,$(WERROR)),-Werror)

# gcc cannot know that a function that returns no error has set its result, and warns without cause;
# clang, which builds the fuzz targets, warns of the real ones.
ifneq ($(VARIANT),fuzz)
WARNINGS      += $(if $(findstring linux,$(TARGET)),-Wjump-misses-init -Wno-maybe-uninitialized)
endif

CPPFLAGS_ALL  := -D_GNU_SOURCE -DFETTLE_VERSION='"$(VERSION)"' -Ipkg -Itests/unit \
	-isystem $(DEPS)/include -DCURL_STATICLIB -DPCRE2_STATIC -DPCRE2_CODE_UNIT_WIDTH=8 \
	-DYAML_DECLARE_STATIC -DSODIUM_STATIC -DNGHTTP2_STATICLIB

# The headers of Windows and macOS use what base/banned.h forbids; the Linux builds see to it that
# we do not.
ifeq ($(findstring linux,$(TARGET)),)
CPPFLAGS_ALL  += -DBASE_ALLOW_BANNED=
endif

lean          := -ffunction-sections -fdata-sections -fno-unwind-tables -fno-asynchronous-unwind-tables
CFLAGS_release := -O2 -g0 -DNDEBUG $(lean)
CFLAGS_debug  := -Og -g3 -DFETTLE_TEST_HOOKS
CFLAGS_asan   := -O1 -g -DFETTLE_TEST_HOOKS -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_tsan   := -O1 -g -DFETTLE_TEST_HOOKS -fsanitize=thread -fno-omit-frame-pointer
CFLAGS_fuzz   := -O1 -g -DFETTLE_TEST_HOOKS -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS_asan  := -fsanitize=address,undefined
LDFLAGS_tsan  := -fsanitize=thread
LDFLAGS_fuzz  := -fsanitize=fuzzer,address,undefined
LDFLAGS_release := -s $(if $(findstring macos,$(TARGET)),-Wl$(comma)-dead_strip,-Wl$(comma)--gc-sections)

variant_cflags := $(or $(CFLAGS_$(VARIANT)),$(CFLAGS_release))
ifneq ($(filter release $(dist_targets),$(VARIANT)),)
# Paths of the build machine must not reach a released file.
variant_cflags += -ffile-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(DEPS)=deps
endif
variant_ldflags := $(or $(LDFLAGS_$(VARIANT)),$(if $(filter $(dist_targets),$(VARIANT)),$(LDFLAGS_release)))

# The executable has a fixed address (docs/build.md says why); Debian's gcc would default to PIE.
placement     := $(if $(findstring musl,$(TARGET)),-fno-pie)
hardening     := $(if $(findstring windows,$(TARGET)),,-fstack-protector-strong)
CFLAGS_ALL    := -std=c17 -fno-common $(placement) $(hardening) $(variant_cflags) $(WARNINGS) $(CFLAGS)

libraries     := -lgit2 -lcurl -lnghttp2 -lhttp_parser -lpcre2-8 -lyaml -ljansson -lsodium -lsqlite3 -lz
tls           := $(if $(findstring windows,$(TARGET)),,-lssl -lcrypto)
system_linux  := -lm -lpthread
system_windows := -lws2_32 -lsecur32 -lcrypt32 -lbcrypt -lrpcrt4 -lole32 -ladvapi32 -liphlpapi -lshell32 -luserenv
system        := $(if $(findstring linux,$(TARGET)),$(system_linux),$(if $(findstring windows,$(TARGET)),$(system_windows)))
# mimalloc first, so that its malloc is the one everything gets.
malloc        := $(if $(findstring musl,$(TARGET)),-lmimalloc)
LIBS          := $(malloc) $(libraries) $(tls) $(system)
LINK           = $(CC) $(variant_ldflags) $(LDFLAGS) -o $@ $(filter %.o %.res %.a,$^) -L$(DEPS)/lib $(LIBS)

# ---- building --------------------------------------------------------------------------------

.PHONY: all
all: $(BINARY) ## the fully static executable build/fettle (DEBUG=1: build/debug/fettle)

# The manifest makes Windows take texts as UTF-8.
resource      := $(if $(findstring windows,$(TARGET)),$(OUT)/fettle.res)
$(OUT)/fettle.res: packaging/windows/fettle.rc packaging/windows/fettle.manifest | $(DEPS_READY)
	@mkdir -p $(@D)
	$(Q)$(DEPS)/bin/rc /:no-preprocess -- $< $@

$(BINARY): $(pkg_objects) $(cmd_objects) $(resource)
	@echo "  LINK  $@"
	$(Q)$(LINK)

.PHONY: unit
unit: $(OUT)/unit ## unit tests of this variant: build/<variant>/unit [SUITE]

# Unit tests and fuzz targets take from the archive what they need.
$(OUT)/libfettle.a: $(pkg_objects)
	@rm -f $@
	$(Q)$(DEPS)/bin/ar rcs $@ $^

$(OUT)/unit: $(unit_objects) $(OUT)/libfettle.a
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

# ---- variants --------------------------------------------------------------------------------

.PHONY: debug asan tsan
debug: ## like DEBUG=1: build/debug/fettle with assertions and test hooks, and its unit tests
asan: ## build/asan/fettle and its unit tests, with AddressSanitizer and UBSan
tsan: ## build/tsan/fettle and its unit tests, with ThreadSanitizer
debug asan tsan:
	@$(MAKE) --no-print-directory VARIANT=$@ TARGET= all unit

# ---- tests -----------------------------------------------------------------------------------

# prove runs everything and ends with one summary; tests/run-one knows what each name means.
PROVE_JOBS    ?= $(shell nproc)
PROVE         := prove --merge --jobs $(PROVE_JOBS) --exec tests/run-one
export BUILD_DIR := $(abspath $(BUILD))
export TEST_CC := $(CC)
export TEST_CPPFLAGS := $(CPPFLAGS_ALL)

runnable       = $(wildcard $(1)/*.bats) $(shell find $(1) -maxdepth 1 -name '*.sh' -perm -u+x 2>/dev/null | sort)
e2e_tests     := $(call runnable,tests/e2e)
quick_tests   := $(call runnable,tests/arch) $(call runnable,tests/docs) $(e2e_tests)
slow_folders  := $(filter-out tests/arch/ tests/docs/ tests/e2e/ tests/unit/ tests/fuzz/ tests/bench/ tests/diff/ tests/rig/,$(sort $(dir $(wildcard tests/*/*.bats tests/*/*.sh))))
slow_tests    := $(foreach folder,$(slow_folders),$(call runnable,$(folder:/=)))
unit_suites    = $$($(BUILD)/$(1)/unit --list | sed 's/^/unit:$(1):/')

# These begin by installing what is missing; what follows is a new make, because even the name of the
# library folder depends on the compiler. (The + tells make that this is one too.)
again         := $(MAKE) --no-print-directory

.PHONY: check test demo check-run test-run
check: setup ## fast: unit tests, command line tests, layers, headers, generated files, examples
	+@$(again) all
	+@$(again) debug
	+@$(again) check-run

test: setup ## everything: check, sanitizers, crash and fault tests, corpora, cross-built binaries
	+@$(again) all
	+@$(again) debug
	+@$(again) asan
	+@$(again) tsan
	+@$(again) fuzz-build
	+@$(again) dist
	@tests/rig/kube/build >/dev/null || [ $$? = 77 ]
	+@$(again) test-run
	@tests/rig/kube/build >/dev/null || [ $$? = 77 ]

demo: setup ## a git repository applied in a temporary folder: plan, drift, repair, rollback
	+@$(again) all
	@FETTLE=$(abspath $(BUILD))/fettle packaging/demo

.PHONY: rig-kube
rig-kube: ## a Kubernetes API server with controllers on this machine, until Ctrl-C (needs Go)
	@tests/rig/kube/rig show

check-run:
	@$(PROVE) $(quick_tests) $(call unit_suites,debug)

test-run:
	@trap 'tests/rig/kube/rig unshare || :' EXIT; \
	$(PROVE) $(quick_tests) $(call unit_suites,debug) $(call unit_suites,asan) $(call unit_suites,tsan) \
		$(addprefix asan@,$(e2e_tests)) $(slow_tests) $(patsubst tests/fuzz/%.c,fuzz:%,$(fuzz_sources))

# ---- fuzzing ---------------------------------------------------------------------------------

FUZZ_SECONDS  ?= 60
fuzz_binaries := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(fuzz_sources))
fuzz_names    := $(patsubst tests/fuzz/fuzz_%.c,%,$(fuzz_sources))

.PHONY: fuzz fuzz-build fuzz-regress
fuzz: fuzz-build ## run each fuzz target for FUZZ_SECONDS (60) on a copy of its corpus
	@for name in $(fuzz_names); do tests/run-one fuzz-for:$$name:$(FUZZ_SECONDS); done

fuzz-build: ## build build/fuzz/fuzz_*
	@$(MAKE) --no-print-directory VARIANT=fuzz TARGET= fuzz-binaries

fuzz-regress: fuzz-build ## run the committed corpora once
	@$(PROVE) $(patsubst tests/fuzz/%.c,fuzz:%,$(fuzz_sources))

.PHONY: fuzz-binaries
fuzz-binaries: $(fuzz_binaries)
$(BUILD)/fuzz/fuzz_%: $(OUT)/obj/tests/fuzz/fuzz_%.o $(OUT)/libfettle.a
	@echo "  LINK  $@"
	$(Q)$(LINK)

# ---- quality ---------------------------------------------------------------------------------

all_code       = $(filter-out %_cases.h,$(wildcard pkg/*/*.[ch] cmd/fettle/*.[ch] tests/unit/*.[ch] tests/fuzz/*.[ch]))
shell_scripts  = packaging/deps packaging/demo $(wildcard packaging/bin/*) .ci/run tests/run-one tests/rig/kube/build tests/rig/kube/rig \
	$(shell find tests -name '*.sh' -o -name '*.bash' | sort)

.PHONY: fmt analyze bench gen
fmt: ## format the C code
	@clang-format-14 -i $(all_code)

analyze: ## gcc -fanalyzer, cppcheck, shellcheck
	@$(MAKE) --no-print-directory VARIANT=analyze TARGET=$(gnu) CFLAGS='-O1 -fanalyzer -Wno-error' analyze-objects
	@cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
		--suppress=missingIncludeSystem --suppress=unknownMacro --suppress=returnDanglingLifetime --suppress=autoVariables --error-exitcode=1 -j 2 -D_GNU_SOURCE \
		-DFETTLE_VERSION='"0"' -Ipkg $(pkg_sources) $(cmd_sources)
	@shellcheck -x -S warning -e SC2154 $(shell_scripts)

.PHONY: analyze-objects
analyze-objects: $(pkg_objects) $(cmd_objects)

bench: all ## measure what the design promises, as ratios
	@if [ -x tests/bench/run ]; then tests/bench/run; else for script in tests/bench/*.sh; do "$$script"; done; fi

gen: all ## write man pages, completions and the like from the command tables
	@$(BUILD)/fettle __gen .

# ---- release ---------------------------------------------------------------------------------

TARGETS       ?= $(dist_targets)
DIST          ?= dist

.PHONY: dist repro install clean setup
dist: ## cross-build TARGETS (all five), check them, pack them into dist/
	@for target in $(TARGETS); do \
		$(MAKE) --no-print-directory VARIANT=$$target TARGET=$$target all; \
		packaging/bin/check-binary $$target $(BUILD)/$$target; \
	done
	@packaging/bin/pack $(VERSION) $(BUILD) $(DIST) $(TARGETS)

repro: ## build the release twice, in different folders, and compare
	@packaging/bin/repro $(TARGETS)

PREFIX        ?= /usr/local
DESTDIR       ?=
into           = $(DESTDIR)$(PREFIX)/$(1)

install: all ## install into DESTDIR/PREFIX: binary, man pages, completions, systemd unit
	install -D -m 0755 $(BUILD)/fettle $(call into,bin/fettle)
	install -D -m 0644 -t $(call into,share/man/man1) docs/man/*.1
	install -D -m 0644 completions/fettle.bash $(call into,share/bash-completion/completions/fettle)
	install -D -m 0644 -t $(call into,share/zsh/site-functions) completions/_fettle
	install -D -m 0644 -t $(call into,share/fish/vendor_completions.d) completions/fettle.fish
	install -d $(call into,lib/systemd/system)
	sed 's|/usr/local/bin/fettle|$(PREFIX)/bin/fettle|g' packaging/fettle-apply.service \
		>$(call into,lib/systemd/system/fettle-apply.service)

setup: ## install the Debian packages that building and testing need (sudo unless root)
	@packaging/bin/setup

clean: ## remove what was built (the library cache stays)
	rm -rf $(BUILD) $(DIST)

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1|\2/p' Makefile | awk -F'|' '{ printf "  %-14s %s\n", $$1, $$2 }'
