/*
 * setaside.c
 *	  Bad rows of a stage: out of it, into a table beside it.
 *
 * An expect step with on_fail => 'quarantine' takes the rows that fail out of
 * the stage, in its own transaction, into a table beside it; exchange.c moves
 * them into the quarantine when the run publishes. So a run that fails leaves
 * nothing in the quarantine (its stages are kept with the bad rows in them),
 * and a retry does not put a row there twice.
 *
 * The tables of the run belong to its owner, as whom all of this runs.
 */
#include "postgres.h"

#include "base/dq_etl.h"
#include "base/json.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "quality/quality.h"
#include "run/setaside.h"
#include "stage/stage.h"
#include "stage/takeout.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

/* sets of checks whose names are kept at hand */
#define KNOWN_SETS 16

/*
 * table_name: the table of the rows that one step set aside.
 */
static char *
table_name(DqRun *run, const char *step)
{
	return psprintf(DQ_SETASIDE_PREFIX "%d",
					dq_step_find(run, step)->position);
}

/*
 * dq_setaside_table: the same as SQL.
 */
char *
dq_setaside_table(DqRun *run, const char *step)
{
	return dq_sqltext_qualified(run->schema, table_name(run, step));
}

/*
 * dq_setaside_options: how a step sets rows aside; NULL when it does not.
 */
DqBadRowOptions *
dq_setaside_options(const DqStep *step)
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
	DqBadRowOptions *options = dq_setaside_options(step);

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
 * move_rows: some of the rows, with the names of the checks that they fail.
 */
static bool
move_rows(DqTakeout *takeout, DqBadRow **rows, int count, List *verdicts)
{
	ItemPointer places[DQ_TAKEOUT_ROWS];
	Datum names[DQ_TAKEOUT_ROWS];
	KnownNames known = {0};
	int n;

	for (n = 0; n < count; n++)
	{
		places[n] = &rows[n]->tid;
		names[n] = known_names(&known, rows[n]->failed, verdicts);
	}
	return dq_takeout_rows(takeout, places, names, count);
}

/*
 * make_table: the table beside the stage, empty.
 */
static Oid
make_table(DqRun *run, const DqGate *gate)
{
	char *stage = dq_sqltext_qualified(run->schema, gate->source);

	(void) dq_spi_execute(DQ_GENERATED,
						  psprintf("CREATE UNLOGGED TABLE %s (row_data %s, failed_checks pg_catalog.text)",
								   dq_setaside_table(run, gate->step), stage),
						  NULL);
	return dq_stage_relation(run->schema, table_name(run, gate->step));
}

/*
 * move_out: move all bad rows, some at a time.
 */
static void
move_out(DqRun *run, const DqGate *gate, DqBadRows *bad)
{
	Oid aside = make_table(run, gate);
	DqBadRow **rows = sorted_rows(bad);
	MemoryContext turn = AllocSetContextCreate(CurrentMemoryContext,
											   "dq_etl rows set aside",
											   ALLOCSET_DEFAULT_SIZES);
	DqTakeout *takeout = dq_takeout_begin(dq_stage_relation(run->schema,
															gate->source),
										  aside);
	MemoryContext old = MemoryContextSwitchTo(turn);
	int64 done;

	if (takeout == NULL)
		refuse_tampering(gate);
	for (done = 0; done < gate->set_aside; done += DQ_TAKEOUT_ROWS)
	{
		int count = (int) Min(DQ_TAKEOUT_ROWS, gate->set_aside - done);

		if (!move_rows(takeout, rows + done, count, gate->verdicts))
			refuse_tampering(gate);
		MemoryContextReset(turn);
	}
	MemoryContextSwitchTo(old);
	dq_takeout_end(takeout);
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
		int position = foreach_current_index(lc);

		if (verdict->success || verdict->failed_rows == 0 ||
			verdict->status != DQ_CHECK_FAIL ||
			!bms_is_member(position, bad->taken))
			continue;
		verdict->success = true;
		gate->let_go = bms_add_member(gate->let_go, position);
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
	DqBadRowOptions *options = dq_setaside_options(step);
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
