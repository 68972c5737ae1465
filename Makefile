# dq_etl: build with PGXS.  The version number lives in dq_etl.control only.
EXTENSION   = dq_etl
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" dq_etl.control)
MODULE_big  = dq_etl
OBJS       := $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))
MODULES_SQL := $(sort $(wildcard sql/[0-9][0-9]_*.sql))
SCRIPT     := sql/dq_etl--$(EXTVERSION).sql
DATA       := $(filter-out $(SCRIPT),$(wildcard sql/dq_etl--*--*.sql))
DATA_built  = $(SCRIPT)
PG_CPPFLAGS = -I$(srcdir)/src -DDQ_VERSION='"$(EXTVERSION)"'
PG_CFLAGS   = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers
DQ_HEADERS := $(sort $(wildcard src/*/*.h))

# "make installcheck" wants an installed extension and a running server.
# schedule_jobs wants a server that has pg_cron in shared_preload_libraries and
# cron.database_name = 'contrib_regression': make installcheck WITH_CRON=1
NEEDS_CRON := schedule_jobs
REGRESS := $(filter-out $(if $(WITH_CRON),,$(NEEDS_CRON)),$(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql))))
REGRESS_OPTS = --inputdir=test --load-extension=dq_etl
ISOLATION  := $(patsubst test/specs/%.spec,%,$(sort $(wildcard test/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test --outputdir=. --load-extension=dq_etl
EXTRA_CLEAN = $(SCRIPT) results regression.diffs regression.out

PG_CONFIG  ?= pg_config
PGXS       := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifeq ($(wildcard $(PGXS)),)
$(error dq_etl needs the server development files of PostgreSQL 15 or later (Debian: postgresql-server-dev-15); install them or name their pg_config with PG_CONFIG=)
endif

# Bitcode only serves JIT inlining: build without it where its clang is missing.
ifeq ($(shell command -v $(firstword $(shell sed -n 's/^CLANG *= *//p' $(dir $(PGXS))../Makefile.global)) 2>/dev/null),)
override with_llvm := no
endif

include $(PGXS)

ifeq ($(shell test $(MAJORVERSION) -ge 15 && echo ok),)
$(error dq_etl needs PostgreSQL 15 or later; $(PG_CONFIG) is of $(VERSION))
endif

all: $(SCRIPT)

$(OBJS) $(OBJS:.o=.bc): $(DQ_HEADERS) dq_etl.control

$(SCRIPT): $(MODULES_SQL) dq_etl.control Makefile
	{ printf '%s\n' '\echo Use "CREATE EXTENSION dq_etl" to load this file. \quit'; cat /dev/null $(MODULES_SQL); } > $@

.PHONY: lint format memcheck analyze

lint:
	./test/run.sh lint

format:
	clang-format -i $(wildcard src/*.[ch] src/*/*.[ch])

memcheck:
	./test/memcheck.sh $(MEMCHECK_TESTS)

analyze:
	./test/analyze.sh
