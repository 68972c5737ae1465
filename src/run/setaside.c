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

#include "access/xact.h"
#include "base/dq_etl.h"
#include "base/json.h"
#include "base/session.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "catalog/quarantine.h"
#include "miscadmin.h"
#include "quality/quality.h"
#include "run/setaside.h"
#include "stage/stage.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"

/* rows that leave a stage in one statement */
#define MOVE_ROWS 50000

/* rows that enter the quarantine in one statement, and bytes of them */
#define STORE_ROWS 1000
#define STORE_BYTES (4 * 1024 * 1024)

/* sets of checks whose names are kept at hand */
#define KNOWN_SETS 16

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
 * names_of: the names of checks, as a datum: text of a text[].
 */
static Datum
names_of(const Bitmapset *failed, List *verdicts)
{
	ArrayBuildState *state = NULL;
	Oid out;
	bool is_varlena;
	int check = -1;

	while ((check = bms_next_member(failed, check)) >= 0)
	{
		DqVerdict *verdict = (DqVerdict *) list_nth(verdicts, check);

		state = accumArrayResult(state,
								 CStringGetTextDatum(verdict->check_name),
								 false, TEXTOID, CurrentMemoryContext);
	}
	getTypeOutputInfo(TEXTARRAYOID, &out, &is_varlena);
	return CStringGetTextDatum(OidOutputFunctionCall(
		out, makeArrayResult(state, CurrentMemoryContext)));
}

/* names of checks that were needed lately: most rows fail the same ones */
typedef struct KnownNames
{
	const Bitmapset *failed[KNOWN_SETS];
	Datum names[KNOWN_SETS];
	int next;
} KnownNames;

/*
 * known_names: the same, remembered.
 */
static Datum
known_names(KnownNames *known, const Bitmapset *failed, List *verdicts)
{
	int i;

	for (i = 0; i < KNOWN_SETS; i++)
	{
		if (known->failed[i] != NULL && bms_equal(known->failed[i], failed))
			return known->names[i];
	}
	i = known->next++ % KNOWN_SETS;
	known->failed[i] = failed;
	known->names[i] = names_of(failed, verdicts);
	return known->names[i];
}

/*
 * compare_rows: by place, for qsort.
 */
static int
compare_rows(const void *a, const void *b)
{
	DqBadRow *one = *(DqBadRow *const *) a;
	DqBadRow *two = *(DqBadRow *const *) b;

	return ItemPointerCompare(&one->tid, &two->tid);
}

/*
 * sorted_rows: the rows in the order in which they lie in the stage.
 */
static DqBadRow **
sorted_rows(DqBadRows *bad)
{
	long count = hash_get_num_entries(bad->rows);
	DqBadRow **rows = MemoryContextAllocHuge(CurrentMemoryContext,
											 sizeof(DqBadRow *) * count);
	HASH_SEQ_STATUS scan;
	DqBadRow *row;
	long n = 0;

	hash_seq_init(&scan, bad->rows);
	while ((row = hash_seq_search(&scan)) != NULL)
		rows[n++] = row;
	qsort(rows, n, sizeof(DqBadRow *), compare_rows);
	return rows;
}

/*
 * arrays_of: the places of rows and the checks that they fail.
 */
static void
arrays_of(DqBadRow **rows, int count, List *verdicts, DqArgs *args)
{
	Datum *places = palloc(sizeof(Datum) * count);
	Datum *names = palloc(sizeof(Datum) * count);
	KnownNames known = {0};
	int n;

	for (n = 0; n < count; n++)
	{
		CHECK_FOR_INTERRUPTS();
		places[n] = PointerGetDatum(&rows[n]->tid);
		names[n] = known_names(&known, rows[n]->failed, verdicts);
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
 * row_image: SQL for a row of the table "t" beside the stage as it is stored:
 * masked columns hide what they hold, not that they hold something. What it is
 * has to be said, as the table is the owner's.
 */
static char *
row_image(const DqBadRowOptions *options)
{
	StringInfoData buf;
	ListCell *lc;

	if (options->mask == NIL)
		return pstrdup("pg_catalog.row_to_json(t.row_data)");
	initStringInfo(&buf);
	appendStringInfoString(&buf, "(pg_catalog.to_jsonb(t.row_data)");
	foreach(lc, options->mask)
		appendStringInfo(&buf,
						 " OPERATOR(pg_catalog.||) CASE WHEN (t.row_data).%s IS NULL THEN '{}'::pg_catalog.jsonb"
						 " ELSE pg_catalog.jsonb_build_object(%s, '" MASK "'::pg_catalog.jsonb) END",
						 dq_sqltext_ident((char *) lfirst(lc)),
						 dq_sqltext_literal((char *) lfirst(lc)));
	appendStringInfoString(&buf, ")::pg_catalog.json");
	return buf.data;
}

/*
 * refuse_tampering: the stage is not what the checks saw.
 */
static void
refuse_tampering(const DqGate *gate)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("rows of \"%s\" changed while step \"%s\" took rows out",
					gate->source, gate->step),
			 errhint("No step, check, trigger or rule may change the result of another step; look for a call step that does.")));
}

/*
 * move_rows: copy bad rows into the table beside the stage and delete them
 * from it.
 */
static void
move_rows(DqRun *run, const DqGate *gate, DqBadRow **rows, int count)
{
	char *stage = pstrdup(dq_sqltext_qualified(run->schema, gate->source));
	DqArgs args = {0};
	int64 copied;
	int64 deleted;

	arrays_of(rows, count, gate->verdicts, &args);
	copied = dq_spi_execute(DQ_GENERATED,
							psprintf("INSERT INTO %s (row_data, failed_checks)"
									 " SELECT (s.*)::%s, b.names FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.tid[]), pg_catalog.unnest($2::pg_catalog.text[])) AS b (place, names)"
									 " JOIN ONLY %s AS s ON s.ctid OPERATOR(pg_catalog.=) b.place",
									 table_name(run, gate->step),
									 stage, stage),
							&args);
	args.count = 1;
	deleted = dq_spi_execute(DQ_GENERATED,
							 psprintf("DELETE FROM ONLY %s AS s WHERE s.ctid OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.tid[])",
									  stage),
							 &args);
	if (copied != count || deleted != count)
		refuse_tampering(gate);
}

/*
 * move_out: move all bad rows, some at a time.
 */
static void
move_out(DqRun *run, const DqGate *gate, DqBadRows *bad)
{
	DqBadRow **rows = sorted_rows(bad);
	MemoryContext turn = AllocSetContextCreate(CurrentMemoryContext,
											   "dq_etl rows set aside",
											   ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(turn);
	int level = NewGUCNestLevel();
	int64 done;

	/* go to the rows: planned by size, a join would read the whole stage */
	dq_session_set("enable_hashjoin", "off", true);
	dq_session_set("enable_mergejoin", "off", true);
	dq_session_set("enable_seqscan", "off", true);
	(void) dq_spi_execute(DQ_GENERATED,
						  psprintf("CREATE UNLOGGED TABLE %s (row_data %s, failed_checks pg_catalog.text)",
								   table_name(run, gate->step),
								   dq_sqltext_qualified(run->schema,
														gate->source)),
						  NULL);
	for (done = 0; done < gate->set_aside; done += MOVE_ROWS)
	{
		MemoryContextReset(turn);
		move_rows(run, gate, rows + done,
				  (int) Min(MOVE_ROWS, gate->set_aside - done));
	}
	dq_session_leave(level);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(turn);
	pfree(rows);
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
 * check_plain: the stage is a table without children, as it was built, or a
 * place would not be enough to find a row again.
 */
static void
check_plain(DqRun *run, const DqGate *gate)
{
	Oid relid = dq_stage_relation(run->schema, gate->source);

	if (!OidIsValid(relid) || get_rel_relkind(relid) != RELKIND_RELATION ||
		has_subclass(relid))
		refuse_tampering(gate);
}

/*
 * hide_values: where columns are masked, no verdict keeps what rows hold.
 */
static void
hide_values(DqGate *gate)
{
	ListCell *lc;

	foreach(lc, gate->verdicts)
	{
		DqVerdict *verdict = (DqVerdict *) lfirst(lc);

		verdict->sample = NULL;
		verdict->top_failed = NULL;
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

	if (options->mask != NIL)
		hide_values(gate);
	check_plain(run, gate);
	gate->read = bad->total;
	gate->set_aside = hash_get_num_entries(bad->rows);
	forget_earlier(run, gate);
	if (bad->too_many || gate->set_aside > options->max_rows)
		refuse_too_many(run, step, gate->source,
						psprintf(INT64_FORMAT " rows", options->max_rows));
	if (gate->set_aside == 0)
		return NULL;
	check_fraction(run, step, gate, options);
	move_out(run, gate, bad);
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
	MemoryContext cxt; /* of the rows that wait, reset when they are stored */
	Datum images[STORE_ROWS];
	Datum names[STORE_ROWS];
	int count;
	Size bytes;
	int64 stored;
} Storing;

/*
 * store_waiting: those that wait.
 */
static void
store_waiting(Storing *storing)
{
	MemoryContext old = MemoryContextSwitchTo(storing->cxt);
	ArrayType *images;
	ArrayType *names;

	if (storing->count > 0)
	{
		images = construct_array(storing->images, storing->count, JSONOID, -1,
								 false, TYPALIGN_INT);
		names = construct_array(storing->names, storing->count, TEXTOID, -1,
								false, TYPALIGN_INT);
		storing->stored += dq_quarantine_store(storing->quarantine,
											   PointerGetDatum(images),
											   PointerGetDatum(names));
	}
	storing->count = 0;
	storing->bytes = 0;
	MemoryContextSwitchTo(old);
	MemoryContextReset(storing->cxt);
}

/*
 * store_row: the next row of the table beside the stage.
 */
static void
store_row(void *arg, TupleTableSlot *slot)
{
	Storing *storing = (Storing *) arg;
	MemoryContext old = MemoryContextSwitchTo(storing->cxt);
	bool no_image;
	bool no_names;
	Datum image = slot_getattr(slot, 1, &no_image);
	Datum names = slot_getattr(slot, 2, &no_names);

	if (no_image || no_names)
		elog(ERROR, "a row that was set aside is NULL");
	storing->images[storing->count] =
		PointerGetDatum(PG_DETOAST_DATUM_COPY(image));
	storing->names[storing->count] =
		PointerGetDatum(PG_DETOAST_DATUM_COPY(names));
	storing->bytes += VARSIZE_ANY(storing->images[storing->count]);
	storing->count++;
	MemoryContextSwitchTo(old);
	if (storing->count == STORE_ROWS || storing->bytes > STORE_BYTES)
		store_waiting(storing);
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

	storing->quarantine = &quarantine;
	storing->cxt = AllocSetContextCreate(CurrentMemoryContext,
										 "dq_etl rows to quarantine",
										 ALLOCSET_DEFAULT_SIZES);
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	dq_spi_stream(DQ_GENERATED,
				  psprintf("SELECT %s, t.failed_checks::pg_catalog.text FROM %s AS t",
						   row_image(options), table_name(run, gate->step)),
				  store_row, storing);
	PopActiveSnapshot();
	store_waiting(storing);
	MemoryContextDelete(storing->cxt);
	return storing->stored;
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
