/*
 * setaside.c
 *	  Bad rows of a stage: out of it, into the quarantine, and back again.
 *
 * An expect step with on_fail => 'quarantine' takes the rows that fail out of
 * the stage, in its own transaction, into a table beside it. The publish
 * transaction moves them into the quarantine, together with the loads of the
 * good ones, and counts: what was read is what went on and what was set aside.
 * So a run that fails leaves nothing in the quarantine (its stages are kept
 * with the bad rows in them), and a retry does not put a row there twice.
 *
 * The tables of the run belong to its owner. They are read as the owner; only
 * values cross into the bookkeeping.
 */
#include "postgres.h"

#include "base/dq_etl.h"
#include "base/json.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "catalog/pg_type.h"
#include "catalog/quarantine.h"
#include "miscadmin.h"
#include "quality/quality.h"
#include "run/setaside.h"
#include "stage/stage.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

/* rows moved in one statement */
#define BATCH 1000

/* what a hidden value becomes */
#define MASK "\"***\""

/*
 * find_step: a step of the run by its name.
 */
static DqStep *
find_step(DqRun *run, const char *name)
{
	ListCell *lc;

	foreach(lc, run->pipeline->steps)
	{
		DqStep *step = (DqStep *) lfirst(lc);

		if (strcmp(step->name, name) == 0)
			return step;
	}
	elog(ERROR, "no step \"%s\"", name);
	return NULL;
}

/*
 * table_name: the table of the rows that one step set aside.
 */
static char *
table_name(DqRun *run, const char *step)
{
	return dq_sqltext_qualified(run->schema,
								psprintf(DQ_SETASIDE_PREFIX "%d",
										 find_step(run, step)->position));
}

/*
 * options_of: how a step sets rows aside; NULL when it does not.
 */
static DqBadRowOptions *
options_of(const DqStep *step)
{
	char *on_fail = dq_json_text(step->options, "on_fail", step->name);

	if (on_fail == NULL || strcmp(on_fail, "quarantine") != 0)
		return NULL;
	return dq_badrow_options(dq_json_part(step->options, "quarantine"),
							 step->name);
}

/*
 * dq_setaside_begin: nothing found yet.
 */
DqBadRows *
dq_setaside_begin(DqRun *run, DqStep *step)
{
	DqBadRowOptions *options = options_of(step);

	return options == NULL ? NULL : dq_badrow_begin(options->max_rows);
}

/*
 * refuse_too_many: QE001: more rows fail than may be set aside.
 */
static void
refuse_too_many(DqRun *run, const DqStep *step, const char *source,
				const char *limit)
{
	ereport(ERROR,
			(errcode(ERRCODE_DQ_CHECK_FAILED),
			 errmsg("too many rows of \"%s\" fail to set them aside", source),
			 errdetail("Step \"%s\" allows %s; run " INT64_FORMAT " of pipeline \"%s\" stopped, nothing was loaded.",
					   step->name, limit, run->id, run->pipeline->name),
			 errhint("See the verdicts: SELECT * FROM etl.check_results WHERE run_id = " INT64_FORMAT ";",
					 run->id)));
}

/*
 * check_fraction: are the bad rows few enough of all?
 */
static void
check_fraction(DqRun *run, const DqStep *step, const DqGate *gate,
			   const DqBadRowOptions *options)
{
	char *limit = options->max_fraction;
	Datum fraction = DirectFunctionCall3(numeric_in, CStringGetDatum(limit),
										 ObjectIdGetDatum(InvalidOid),
										 Int32GetDatum(-1));
	Datum allowed = DirectFunctionCall2(
		numeric_mul, fraction,
		DirectFunctionCall1(int8_numeric, Int64GetDatum(gate->read)));

	if (DatumGetBool(DirectFunctionCall2(
			numeric_gt,
			DirectFunctionCall1(int8_numeric, Int64GetDatum(gate->set_aside)),
			allowed)))
		refuse_too_many(run, step, gate->source,
						psprintf("a fraction of %s", options->max_fraction));
}

/*
 * names_of: the names of the checks that a row fails, as text of a text[].
 */
static char *
names_of(const DqBadRow *row, List *verdicts)
{
	ArrayBuildState *state = NULL;
	Oid out;
	bool is_varlena;
	int check = -1;

	while ((check = bms_next_member(row->failed, check)) >= 0)
	{
		DqVerdict *verdict = (DqVerdict *) list_nth(verdicts, check);

		state = accumArrayResult(state,
								 CStringGetTextDatum(verdict->check_name),
								 false, TEXTOID, CurrentMemoryContext);
	}
	getTypeOutputInfo(TEXTARRAYOID, &out, &is_varlena);
	return OidOutputFunctionCall(out, makeArrayResult(state,
													  CurrentMemoryContext));
}

/*
 * arrays_of: the places of the rows and the checks that they fail.
 */
static void
arrays_of(DqBadRows *bad, List *verdicts, DqArgs *args)
{
	long count = hash_get_num_entries(bad->rows);
	Datum *places = palloc(sizeof(Datum) * count);
	Datum *names = palloc(sizeof(Datum) * count);
	HASH_SEQ_STATUS scan;
	DqBadRow *row;
	int n = 0;

	hash_seq_init(&scan, bad->rows);
	while ((row = hash_seq_search(&scan)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		places[n] = PointerGetDatum(&row->tid);
		names[n] = CStringGetTextDatum(names_of(row, verdicts));
		n++;
	}
	dq_args_datum(args, TIDARRAYOID,
				  PointerGetDatum(construct_array(places, n, TIDOID,
												  sizeof(ItemPointerData),
												  false, TYPALIGN_SHORT)),
				  false);
	dq_args_datum(args, TEXTARRAYOID,
				  PointerGetDatum(construct_array(names, n, TEXTOID, -1,
												  false, TYPALIGN_INT)),
				  false);
}

/*
 * row_image: SQL for a row of the stage "s" as it is stored: masked columns
 * hide what they hold, not that they hold something.
 */
static char *
row_image(const DqBadRowOptions *options)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	appendStringInfoString(&buf, "pg_catalog.to_jsonb(s.*)");
	foreach(lc, options->mask)
		appendStringInfo(&buf,
						 " OPERATOR(pg_catalog.||) CASE WHEN s.%s IS NULL THEN '{}'::pg_catalog.jsonb"
						 " ELSE pg_catalog.jsonb_build_object(%s, '" MASK "'::pg_catalog.jsonb) END",
						 dq_sqltext_ident((char *) lfirst(lc)),
						 dq_sqltext_literal((char *) lfirst(lc)));
	return buf.data;
}

/*
 * move_out: copy the bad rows into the table beside the stage and delete them
 * from it; their number.
 */
static int64
move_out(DqRun *run, DqStep *step, const DqGate *gate, DqBadRows *bad,
		 const DqBadRowOptions *options)
{
	char *stage = dq_sqltext_qualified(run->schema, gate->source);
	char *table = table_name(run, step->name);
	DqArgs args = {0};
	int64 copied;
	int64 deleted;

	stage = pstrdup(stage);
	(void) dq_spi_execute(DQ_GENERATED,
						  psprintf("CREATE UNLOGGED TABLE %s (n pg_catalog.int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
								   " row_data pg_catalog.jsonb, failed_checks pg_catalog.text)",
								   table),
						  NULL);
	arrays_of(bad, gate->verdicts, &args);
	copied = dq_spi_execute(DQ_GENERATED,
							psprintf("INSERT INTO %s (row_data, failed_checks)"
									 " SELECT %s, b.names FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.tid[]), pg_catalog.unnest($2::pg_catalog.text[])) AS b (place, names)"
									 " JOIN %s AS s ON s.ctid OPERATOR(pg_catalog.=) b.place ORDER BY b.place",
									 table, row_image(options), stage),
							&args);
	args.count = 1;
	deleted = dq_spi_execute(DQ_GENERATED,
							 psprintf("DELETE FROM %s AS s WHERE s.ctid OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.tid[])",
									  stage),
							 &args);
	if (copied != deleted || deleted != hash_get_num_entries(bad->rows))
		elog(ERROR, "set " INT64_FORMAT " rows aside, deleted " INT64_FORMAT " of %ld",
			 copied, deleted, hash_get_num_entries(bad->rows));
	return deleted;
}

/*
 * let_go_on: checks whose failing rows are gone do not hold the run up.
 */
static void
let_go_on(DqGate *gate, const DqBadRows *bad)
{
	ListCell *lc;

	foreach(lc, gate->verdicts)
	{
		DqVerdict *verdict = (DqVerdict *) lfirst(lc);

		if (verdict->success || verdict->failed_rows == 0 ||
			verdict->status != DQ_CHECK_FAIL ||
			!bms_is_member(foreach_current_index(lc), bad->taken))
			continue;
		verdict->success = true;
		verdict->message = psprintf("%s and were set aside",
									verdict->message);
	}
}

/*
 * forget_earlier: what an earlier attempt at the step set aside was rolled
 * back with it.
 */
static void
forget_earlier(DqRun *run, const DqGate *gate)
{
	ListCell *lc;

	foreach(lc, run->verdicts)
	{
		DqGate *other = (DqGate *) lfirst(lc);

		if (other == gate || strcmp(other->step, gate->step) != 0)
			continue;
		other->has_table = false;
		other->set_aside = 0;
	}
}

/*
 * dq_setaside_take: take the bad rows out of the stage that was checked. The
 * verdicts live as long as the run.
 */
char *
dq_setaside_take(DqRun *run, DqStep *step, DqGate *gate, DqBadRows *bad)
{
	DqBadRowOptions *options = options_of(step);
	MemoryContext old;

	gate->read = bad->total;
	gate->set_aside = hash_get_num_entries(bad->rows);
	forget_earlier(run, gate);
	if (bad->too_many || gate->set_aside > options->max_rows)
		refuse_too_many(run, step, gate->source,
						psprintf(INT64_FORMAT " rows", options->max_rows));
	if (gate->set_aside == 0)
		return NULL;
	check_fraction(run, step, gate, options);
	(void) move_out(run, step, gate, bad, options);
	gate->has_table = true;
	old = MemoryContextSwitchTo(run->cxt);
	let_go_on(gate, bad);
	MemoryContextSwitchTo(old);
	return psprintf(INT64_FORMAT " of " INT64_FORMAT " rows set aside",
					gate->set_aside, gate->read);
}

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
 * dq_setaside_return: rows that a person sent back become rows of the stage
 * that was just built; their number. They are settled by the publish.
 */
int64
dq_setaside_return(DqRun *run, const char *stage)
{
	char *table = pstrdup(dq_sqltext_qualified(run->schema, stage));
	MemoryContext old = MemoryContextSwitchTo(run->cxt);
	DqReturn *back = palloc0(sizeof(DqReturn));
	DqArgs args = {0};
	int64 inserted;

	back->stage = pstrdup(stage);
	back->count = dq_quarantine_to_replay(run->pipeline->id, stage,
										  &back->ids, &back->rows);
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

/*
 * store_batch: move the next rows into the quarantine; how many, and the
 * number of the last.
 */
static int64
store_batch(DqRun *run, const DqQuarantine *quarantine, const char *table,
			int64 *last)
{
	DqArgs args = {0};
	DqRows *rows;
	bool isnull;
	Datum images;
	Datum names;

	dq_args_int8(&args, *last);
	rows = dq_spi_query(DQ_GENERATED,
						psprintf("SELECT pg_catalog.count(*) AS count, pg_catalog.max(b.n) AS last,"
								 " pg_catalog.array_agg(b.row_data ORDER BY b.n) AS images, pg_catalog.array_agg(b.failed_checks ORDER BY b.n) AS names"
								 " FROM (SELECT * FROM %s AS t WHERE t.n OPERATOR(pg_catalog.>) $1 ORDER BY t.n LIMIT %d) AS b",
								 table, BATCH),
						&args);
	if (dq_rows_int8(rows, 0, "count") == 0)
		return 0;
	*last = dq_rows_int8(rows, 0, "last");
	images = dq_rows_datum(rows, 0, "images", &isnull);
	names = dq_rows_datum(rows, 0, "names", &isnull);
	return dq_quarantine_store(quarantine, images, names);
}

/*
 * store_rows: all rows that one step set aside; their number.
 */
static int64
store_rows(DqRun *run, const DqGate *gate, const DqBadRowOptions *options)
{
	char *table = pstrdup(table_name(run, gate->step));
	DqQuarantine quarantine = {.run_id = run->id,
							   .pipeline_id = run->pipeline->id,
							   .pipeline = run->pipeline->name,
							   .owner = run->pipeline->owner,
							   .step = gate->step,
							   .source = gate->source,
							   .mask = options->mask,
							   .keep = options->keep};
	int64 last = 0;
	int64 stored = 0;
	int64 batch;

	while ((batch = store_batch(run, &quarantine, table, &last)) > 0)
	{
		CHECK_FOR_INTERRUPTS();
		stored += batch;
	}
	return stored;
}

/*
 * rows_left: of a stage.
 */
static int64
rows_left(DqRun *run, const char *stage)
{
	DqRows *rows = dq_spi_query(DQ_GENERATED,
								psprintf("SELECT pg_catalog.count(*) AS n FROM %s",
										 dq_sqltext_qualified(run->schema,
															  stage)),
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
 * dq_setaside_publish: the rows that were set aside become visible together
 * with the loads; read = passed + quarantined, or nothing is published.
 */
void
dq_setaside_publish(DqRun *run)
{
	ListCell *lc;

	foreach(lc, run->verdicts)
	{
		DqGate *gate = (DqGate *) lfirst(lc);
		DqStep *step = find_step(run, gate->step);
		int64 passed;
		int64 stored;

		if (!gate->has_table)
			continue;
		stored = store_rows(run, gate, options_of(step));
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
