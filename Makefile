# dq_etl: build with PGXS. The version number lives in dq_etl.control only.
EXTENSION   = dq_etl
EXTVERSION  = $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" dq_etl.control)
MODULE_big  = dq_etl
OBJS        = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))
MODULES_SQL = $(sort $(wildcard sql/[0-9][0-9]_*.sql))
SCRIPT      = sql/dq_etl--$(EXTVERSION).sql
DATA        = $(wildcard sql/dq_etl--*--*.sql)
DATA_built  = $(SCRIPT)
PG_CPPFLAGS = -I$(srcdir)/src
PG_CFLAGS   = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers
DQ_HEADERS = $(sort $(wildcard src/*/*.h))

REGRESS     = $(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql)))
REGRESS_OPTS = --inputdir=test
ISOLATION   = $(patsubst test/specs/%.spec,%,$(sort $(wildcard test/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test --outputdir=.
EXTRA_CLEAN = $(SCRIPT)

PG_CONFIG  ?= pg_config
PGXS       := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

ifeq ($(shell test $(word 1,$(subst ., ,$(VERSION))) -ge 15 2>/dev/null && echo ok),)
$(error dq_etl needs PostgreSQL 15 or later; $(PG_CONFIG) says $(VERSION))
endif

all: $(SCRIPT)

$(OBJS): $(DQ_HEADERS)

$(SCRIPT): $(MODULES_SQL) dq_etl.control
	cat $(MODULES_SQL) > $@
