/*
 * exchange.c
 *	  Rows between a run and the quarantine: into it, and back into a stage.
 *
 * The publish transaction moves what was set aside into the quarantine,
 * together with the loads of the good rows, and counts: what was read is what
 * went on and what was set aside. Rows that a person sent back become rows of
 * a new stage; the publish settles them.
 *
 * The tables of the run belong to its owner. They are read as the owner; only
 * values cross into the bookkeeping.
 */
#include "postgres.h"

#include "access/xact.h"
#include "base/session.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "catalog/pg_type.h"
#include "catalog/quarantine.h"
#include "run/exchange.h"
#include "run/rowimage.h"
#include "run/setaside.h"
#include "run/step.h"
#include "stage/stage.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* rows that enter the quarantine in one statement, and bytes of them */
#define STORE_ROWS 1000
#define STORE_BYTES (4 * 1024 * 1024)

/*
 * forget_return: an earlier attempt's rows went with its stage.
 */
static void
forget_return(DqRun *run, const char *stage)
{
	ListCell *lc;

	foreach(lc, run->returned)
	{
		if (strcmp(((DqReturn *) lfirst(lc))->stage, stage) == 0)
			run->returned = foreach_delete_current(run->returned, lc);
	}
}

/*
 * dq_exchange_return: rows that a person sent back become rows of the stage
 * that was just built; their number. They are settled by the publish.
 */
int64
dq_exchange_return(DqRun *run, const char *stage)
{
	char *table = pstrdup(dq_sqltext_qualified(run->schema, stage));
	MemoryContext old = MemoryContextSwitchTo(run->cxt);
	DqReturn *back = palloc0(sizeof(DqReturn));
	DqArgs args = {0};
	int64 inserted;

	back->stage = pstrdup(stage);
	back->count = dq_quarantine_claim(run->pipeline->id, run->pipeline->owner,
									  stage, run->id, &back->ids,
									  &back->rows);
	forget_return(run, stage);
	MemoryContextSwitchTo(old);
	if (back->count == 0)
		return 0;
	dq_args_datum(&args, JSONBARRAYOID, back->rows, false);
	inserted = dq_spi_execute(DQ_GENERATED,
							  psprintf("INSERT INTO %s SELECT r.* FROM pg_catalog.unnest($1::pg_catalog.jsonb[]) AS j (j),"
									   " LATERAL pg_catalog.jsonb_populate_record(NULL::%s, j.j) AS r",
									   table, table),
							  &args);
	if (inserted != back->count)
		elog(ERROR, "took " INT64_FORMAT " of " INT64_FORMAT " rows back in",
			 inserted, back->count);
	old = MemoryContextSwitchTo(run->cxt);
	run->returned = lappend(run->returned, back);
	MemoryContextSwitchTo(old);
	return inserted;
}

/* rows on their way into the quarantine */
typedef struct Storing
{
	const DqQuarantine *quarantine;
	const DqRowImage *image;
	MemoryContext cxt; /* of the rows that wait, reset when they are stored */
	Datum images[STORE_ROWS];
	Datum names[STORE_ROWS];
	Datum lost[STORE_ROWS]; /* columns that jsonb cannot hold */
	bool no_loss[STORE_ROWS];
	int count;
	Size bytes;
	int64 stored;
} Storing;

/*
 * array_of: an array of what waits.
 */
static Datum
array_of(Datum *values, bool *nulls, int count, Oid type)
{
	int lower = 1;

	return PointerGetDatum(construct_md_array(values, nulls, 1, &count,
											  &lower, type, -1, false,
											  TYPALIGN_INT));
}

/*
 * store_waiting: those that wait.
 */
static void
store_waiting(Storing *storing)
{
	MemoryContext old = MemoryContextSwitchTo(storing->cxt);
	int count = storing->count;

	if (count > 0)
		storing->stored +=
			dq_quarantine_store(storing->quarantine,
								array_of(storing->images, NULL, count,
										 JSONBOID),
								array_of(storing->names, NULL, count, TEXTOID),
								array_of(storing->lost, storing->no_loss,
										 count, TEXTOID));
	storing->count = 0;
	storing->bytes = 0;
	MemoryContextSwitchTo(old);
	MemoryContextReset(storing->cxt);
}

/*
 * columns_text: names of columns as the text of a text[].
 */
static Datum
columns_text(List *columns)
{
	DqArgs args = {0};
	Oid out;
	bool is_varlena;

	dq_args_text_list(&args, columns);
	getTypeOutputInfo(TEXTARRAYOID, &out, &is_varlena);
	return CStringGetTextDatum(OidOutputFunctionCall(out, args.values[0]));
}

/*
 * store_row: the next row of the table beside the stage.
 */
static void
store_row(void *arg, TupleTableSlot *slot)
{
	Storing *storing = (Storing *) arg;
	MemoryContext old = MemoryContextSwitchTo(storing->cxt);
	int n = storing->count++;
	bool no_image;
	bool no_names;
	Datum image = slot_getattr(slot, 1, &no_image);
	Datum names = slot_getattr(slot, 2, &no_names);
	List *lost;

	if (no_image || no_names)
		elog(ERROR, "a row that was set aside is NULL");
	storing->images[n] = dq_rowimage_take(storing->image, image, &lost);
	storing->names[n] = PointerGetDatum(PG_DETOAST_DATUM_COPY(names));
	storing->no_loss[n] = lost == NIL;
	if (lost != NIL)
		storing->lost[n] = columns_text(lost);
	storing->bytes += VARSIZE_ANY(storing->images[n]);
	MemoryContextSwitchTo(old);
	if (storing->count == STORE_ROWS || storing->bytes > STORE_BYTES)
		store_waiting(storing);
}

/*
 * enter_settings: those of the pipeline, but for how values look: whatever
 * they say, what is written is read again as it was. Returns the level.
 */
static int
enter_settings(DqRun *run)
{
	static const char *const fixed[][2] = {{"DateStyle", "ISO"},
										   {"IntervalStyle", "postgres"},
										   {"extra_float_digits", "1"},
										   {"bytea_output", "hex"}};
	int level = dq_session_enter(run->pipeline->settings, NULL, true);
	int i;

	for (i = 0; i < lengthof(fixed); i++)
		dq_session_set(fixed[i][0], fixed[i][1], true);
	return level;
}

/*
 * stream_rows: all rows that one step set aside.
 */
static void
stream_rows(DqRun *run, const DqGate *gate, Storing *storing)
{
	char *type = dq_sqltext_qualified(run->schema, gate->source);
	char *table = dq_setaside_table(run, gate->step);
	int level = enter_settings(run);

	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	dq_spi_stream(DQ_GENERATED,
				  psprintf("SELECT %s, t.failed_checks::pg_catalog.text FROM %s AS t",
						   dq_rowimage_sql(storing->image, type), table),
				  store_row, storing);
	PopActiveSnapshot();
	store_waiting(storing);
	dq_session_leave(level);
}

/*
 * store_rows: all rows that one step set aside; their number.
 */
static int64
store_rows(DqRun *run, const DqGate *gate, const DqBadRowOptions *options)
{
	DqQuarantine quarantine = {.run_id = run->id,
							   .pipeline_id = run->pipeline->id,
							   .pipeline = run->pipeline->name,
							   .owner = run->pipeline->owner,
							   .owner_name = run->pipeline->owner_name,
							   .step = gate->step,
							   .source = gate->source,
							   .mask = options->mask,
							   .keep = options->keep};
	Storing *storing = palloc0(sizeof(Storing));
	int64 stored;

	storing->quarantine = &quarantine;
	storing->image = dq_rowimage_begin(dq_stage_relation(run->schema,
														 gate->source),
									   options->mask);
	storing->cxt = AllocSetContextCreate(CurrentMemoryContext,
										 "dq_etl rows to quarantine",
										 ALLOCSET_DEFAULT_SIZES);
	stream_rows(run, gate, storing);
	MemoryContextDelete(storing->cxt);
	stored = storing->stored;
	pfree(storing);
	return stored;
}

/*
 * rows_left: of a stage.
 */
static int64
rows_left(DqRun *run, const char *stage)
{
	char *table = dq_sqltext_qualified(run->schema, stage);
	DqRows *rows = dq_spi_query(DQ_GENERATED,
								psprintf("SELECT pg_catalog.count(*) AS n FROM %s",
										 table),
								NULL);

	return dq_rows_int8(rows, 0, "n");
}

/*
 * set_aside_later: rows of the same stage that later steps set aside.
 */
static int64
set_aside_later(DqRun *run, const DqGate *gate)
{
	int64 count = 0;
	bool later = false;
	ListCell *lc;

	foreach(lc, run->verdicts)
	{
		DqGate *other = (DqGate *) lfirst(lc);

		if (later && strcmp(other->source, gate->source) == 0)
			count += other->set_aside;
		later = later || other == gate;
	}
	return count;
}

/*
 * dq_exchange_publish: the rows that were set aside become visible together
 * with the loads; read = passed + quarantined, or nothing is published.
 */
void
dq_exchange_publish(DqRun *run)
{
	ListCell *lc;

	foreach(lc, run->verdicts)
	{
		DqGate *gate = (DqGate *) lfirst(lc);
		DqStep *step = dq_step_find(run, gate->step);
		int64 passed;
		int64 stored;

		if (!gate->has_table)
			continue;
		stored = store_rows(run, gate, dq_setaside_options(step));
		passed = rows_left(run, gate->source) + set_aside_later(run, gate);
		if (stored != gate->set_aside || passed + stored != gate->read)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("rows of \"%s\" do not add up", gate->source),
					 errdetail("Step \"%s\" read " INT64_FORMAT " and set " INT64_FORMAT " aside; " INT64_FORMAT " are in quarantine and " INT64_FORMAT " went on.",
							   gate->step, gate->read, gate->set_aside, stored,
							   passed),
					 errhint("No step may change the result of another; look for a call step that does.")));
	}
	foreach(lc, run->returned)
	{
		DqReturn *back = (DqReturn *) lfirst(lc);

		dq_quarantine_replayed(back->ids, back->count, run->id);
	}
}
