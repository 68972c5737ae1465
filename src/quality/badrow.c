/*
 * badrow.c
 *	  Which rows of a relation fail which checks, and how many may.
 *
 * What a row fails is told by its place, so the relation must not change
 * between the checks and whoever takes the rows out: it is the stage of a run,
 * which nobody else writes.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/spi.h"
#include "miscadmin.h"
#include "quality/badrow.h"
#include "quality/place.h"
#include "quality/rule.h"
#include "quality/shape.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#define DEFAULT_MAX_ROWS 100000
#define DEFAULT_KEEP "90 days"

static const char *const option_keys[] = {
	"max_rows", "max_fraction", "keep", "mask", NULL};

static const DqOption options_table[] = {
	{"max_rows", DQ_OPTION_INTEGER, false, NULL, NULL},
	{"max_fraction", DQ_OPTION_FRACTION, false, NULL, NULL},
	{"keep", DQ_OPTION_INTERVAL, false, NULL, NULL},
	{"mask", DQ_OPTION_TEXTS, false, NULL, NULL},
	DQ_OPTION_END};

/*
 * dq_badrow_options: options of a quarantine, checked and completed.
 */
DqBadRowOptions *
dq_badrow_options(Jsonb *options, const char *what)
{
	DqBadRowOptions *result = palloc0(sizeof(DqBadRowOptions));
	const char *which = psprintf("the quarantine of %s", what);
	const char *keep = DEFAULT_KEEP;
	const DqOption *option;

	result->max_rows = DEFAULT_MAX_ROWS;
	if (options != NULL)
	{
		dq_json_check_keys(options, option_keys, which);
		for (option = options_table; option->name != NULL; option++)
			dq_option_check(option, options, which);
		result->max_rows = dq_json_int(options, "max_rows", DEFAULT_MAX_ROWS,
									   which);
		result->max_fraction = dq_json_scalar_text(options, "max_fraction",
												   which);
		result->mask = dq_json_text_list(options, "mask", which);
		if (dq_json_has(options, "keep"))
			keep = dq_json_text(options, "keep", which);
	}
	if (result->max_fraction == NULL)
		result->max_fraction = pstrdup("1");
	result->keep = DatumGetIntervalP(
		DirectFunctionCall3(interval_in, CStringGetDatum(keep),
							ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	return result;
}

/*
 * dq_badrow_begin: nothing found yet.
 */
DqBadRows *
dq_badrow_begin(int64 max_rows)
{
	DqBadRows *bad = palloc0(sizeof(DqBadRows));
	HASHCTL control = {.keysize = sizeof(ItemPointerData),
					   .entrysize = sizeof(DqBadRow),
					   .hcxt = CurrentMemoryContext};

	bad->max_rows = max_rows;
	bad->rows = hash_create("dq_etl rows in quarantine", 1024, &control,
							HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	return bad;
}

/*
 * dq_badrow_add: a row fails a check.
 */
void
dq_badrow_add(DqBadRows *bad, const ItemPointerData *tid, int check)
{
	MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(bad));
	bool found;
	DqBadRow *row = hash_search(bad->rows, tid, HASH_ENTER, &found);

	if (!found)
		row->failed = NULL;
	row->failed = bms_add_member(row->failed, check);
	if (hash_get_num_entries(bad->rows) > bad->max_rows)
		bad->too_many = true;
	MemoryContextSwitchTo(old);
}

/*
 * collect_probe: ask where the rows are that fail one check.
 */
static void
collect_probe(DqBadRows *bad, const DqProbe *probe)
{
	char *sql = probe->check->type->shape->failed_places(probe);
	DqRows *rows;
	uint64 i;

	/* one more row than are allowed tells that there are too many */
	rows = dq_spi_query_readonly(DQ_USER,
								 psprintf("%s LIMIT " INT64_FORMAT, sql,
										  bad->max_rows + 1),
								 NULL);
	for (i = 0; i < rows->count && !bad->too_many; i++)
	{
		bool isnull;
		Datum place = dq_rows_datum(rows, i, "place", &isnull);

		CHECK_FOR_INTERRUPTS();
		if (!isnull)
			dq_badrow_add(bad, (ItemPointer) DatumGetPointer(place),
						  probe->position);
	}
}

/*
 * take_places: the rows that fail one check, when its answer told where all
 * of them are; false when it did not.
 */
static bool
take_places(DqBadRows *bad, const DqProbe *probe)
{
	int i;

	if (!probe->all_places || probe->n_places != probe->counts.failed)
		return false;
	for (i = 0; i < probe->n_places && !bad->too_many; i++)
		dq_badrow_add(bad, &probe->places[i].tid, probe->position);
	return true;
}

/*
 * dq_badrow_collect: the rows that fail checks of severity error or
 * critical, as far as these checks are about single rows.
 */
void
dq_badrow_collect(DqBadRows *bad, List *probes)
{
	ListCell *lc;

	foreach(lc, probes)
	{
		const DqProbe *probe = (DqProbe *) lfirst(lc);

		if (!probe->counts.uncounted)
			bad->total = Max(bad->total, probe->counts.total);
		if (probe->error != NULL || probe->check->severity < DQ_ERROR ||
			probe->check->group_by != NIL ||
			probe->check->type->shape->failed_places == NULL)
			continue;
		bad->taken = bms_add_member(bad->taken, probe->position);
		if (probe->counts.failed > bad->max_rows)
			bad->too_many = true;
		if (probe->counts.failed > 0 && !bad->too_many &&
			!take_places(bad, probe))
			collect_probe(bad, probe);
	}
}
