/*
 * shape_count.c
 *	  The number of rows, held against bounds.
 */
#include "postgres.h"

#include "quality/fused.h"
#include "quality/shape.h"

/*
 * prepare: nothing to resolve.
 */
static void
prepare(DqProbe *probe)
{
}

/*
 * write_numbers: the number of rows within the filter is counted anyway.
 */
static void
write_numbers(struct DqFused *fused, DqProbe *probe)
{
}

/*
 * read_numbers: what was counted was tested; no row fails by itself.
 */
static void
read_numbers(const struct DqFused *fused, DqProbe *probe)
{
	probe->counts.tested = probe->counts.scope;
}

/*
 * failed_rows: there are none to show.
 */
static char *
failed_rows(const DqProbe *probe)
{
	return NULL;
}

/*
 * equivalent: the textbook form.
 */
static char *
equivalent(const DqProbe *probe)
{
	return psprintf("SELECT pg_catalog.count(*) AS tested_rows, 0::pg_catalog.int8 AS failed_rows FROM %s%s",
					probe->source->from, dq_shape_where(probe));
}

const DqShape dq_shape_count = {
	true, prepare, write_numbers, read_numbers, failed_rows, equivalent};
