/*
 * find.c
 *	  What differs, found: by a walk, or by a join of the server.
 *
 * The join gives every row of the batch once, in the order of the key, with
 * what is to be done with it. So one pass tells all, duplicates as neighbours.
 */
#include "postgres.h"

#include "base/session.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "lib/stringinfo.h"
#include "load/batch.h"
#include "load/column.h"
#include "load/diff.h"
#include "load/find.h"
#include "load/target.h"
#include "load/walk.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* what stands between the columns and the key in a row that the join gives */
enum
{
	AT_PLACE,
	AT_STATE,
	AT_NULL_KEY,
	AT_NULL_SEQUENCE,
	AT_OUTSIDE_INDEX,
	AT_KEY
};

/* a column of the key of the row before */
typedef struct FindKey
{
	FmgrInfo equal;
	Oid collation;
	bool by_value;
	int16 length;
	Datum previous;
} FindKey;

typedef struct Find
{
	const DqTask *task;
	DqDifference *difference;
	int n_columns;
	int n_keys;
	FindKey *keys;
	bool has_previous;
	bool repeats; /* the row before had the key of the one before it */
	MemoryContext kept; /* of "previous" */
} Find;

/*
 * condition: a condition that is asked, else false.
 */
static const char *
condition(const char *sql)
{
	return sql ? sql : "false";
}

/*
 * append_state: what is to be done with a row, as a DqRowState.
 */
static void
append_state(StringInfo sql, const DqTask *task)
{
	char *changed = dq_diff_changed(task, "excluded", "target");
	char *wins = dq_diff_wins(task, "excluded", "target");

	appendStringInfo(sql, "CASE WHEN target.ctid IS NULL THEN %d"
						  " WHEN NOT (%s) THEN %d",
					 DQ_ROW_FRESH, condition(changed), DQ_ROW_SAME);
	if (wins != NULL)
		appendStringInfo(sql, " WHEN NOT (%s) THEN %d", wins, DQ_ROW_LOST);
	appendStringInfo(sql, " ELSE %d END", DQ_ROW_STALE);
}

/*
 * append_join: rows of the batch beside those of the target. "half" is a
 * condition on excluded or NULL.
 */
static void
append_join(StringInfo sql, const DqTask *task, const char *half,
			bool match_nulls)
{
	ListCell *lc;

	appendStringInfo(sql, "SELECT %s, target.ctid, ",
					 dq_column_list(task->columns, "excluded."));
	append_state(sql, task);
	appendStringInfo(sql, ", %s, %s, %s",
					 dq_key_any_null(task->key, "excluded"),
					 condition(dq_check_null_sequence(task, "excluded")),
					 condition(dq_check_outside_index(task, "excluded")));
	foreach(lc, task->key->columns)
		appendStringInfo(sql, ", %s",
						 dq_key_operand(task->key,
										(DqKeyColumn *) lfirst(lc),
										"excluded"));
	appendStringInfo(sql, " FROM %s LEFT JOIN %s%s AS target ON %s",
					 dq_batch_rows(task, DQ_BATCH_LIVE, "excluded"),
					 dq_diff_only(task), dq_target_name(task->target),
					 dq_key_same(task->key, "target", "excluded",
								 match_nulls));
	if (half != NULL)
		appendStringInfo(sql, " WHERE %s", half);
}

/*
 * join_statement: the whole. Where NULL equals NULL, rows with a NULL in the
 * key are joined apart: the join condition for them can be neither hashed nor
 * looked up.
 */
static char *
join_statement(const DqTask *task)
{
	int first = list_length(task->columns) + AT_KEY + 1;
	StringInfoData sql;
	ListCell *lc;

	initStringInfo(&sql);
	if (!task->null_keys)
		append_join(&sql, task, NULL, false);
	else
	{
		char *is_null = dq_key_any_null(task->key, "excluded");

		append_join(&sql, task, psprintf("NOT %s", is_null), false);
		appendStringInfoString(&sql, " UNION ALL ");
		append_join(&sql, task, is_null, true);
	}
	/* also so that two writers lock rows in one order */
	foreach(lc, task->key->columns)
	{
		DqKeyColumn *column = (DqKeyColumn *) lfirst(lc);

		appendStringInfo(&sql, "%s %d USING %s",
						 foreach_current_index(lc) > 0 ? "," : " ORDER BY",
						 first + foreach_current_index(lc),
						 dq_sqltext_operator(dq_key_less(column)));
	}
	return sql.data;
}

/*
 * prepare_keys: how neighbours are compared.
 */
static void
prepare_keys(Find *find)
{
	List *columns = find->task->key->columns;
	ListCell *lc;

	find->n_keys = list_length(columns);
	find->keys = palloc0(sizeof(FindKey) * find->n_keys);
	foreach(lc, columns)
	{
		DqKeyColumn *column = (DqKeyColumn *) lfirst(lc);
		FindKey *key = &find->keys[foreach_current_index(lc)];

		fmgr_info(get_opcode(column->equality), &key->equal);
		key->collation = column->collation;
		get_typlenbyval(column->type, &key->length, &key->by_value);
	}
	find->kept = AllocSetContextCreate(CurrentMemoryContext,
									   "dq_etl key of a batch",
									   ALLOCSET_SMALL_SIZES);
}

/*
 * equals_previous: has a row the key of the one before? Without NULL in it.
 */
static bool
equals_previous(Find *find, Datum *values)
{
	int i;

	for (i = 0; i < find->n_keys; i++)
	{
		FindKey *key = &find->keys[i];

		if (!DatumGetBool(FunctionCall2Coll(&key->equal, key->collation,
											values[i], key->previous)))
			return false;
	}
	return true;
}

/*
 * keep_key: remember the key of a row.
 */
static void
keep_key(Find *find, Datum *values)
{
	MemoryContext old;
	int i;

	MemoryContextReset(find->kept);
	old = MemoryContextSwitchTo(find->kept);
	for (i = 0; i < find->n_keys; i++)
		find->keys[i].previous = datumCopy(values[i], find->keys[i].by_value,
										   find->keys[i].length);
	MemoryContextSwitchTo(old);
	find->has_previous = true;
}

/*
 * is_repeated: has the row the key of the one before? Counted.
 */
static bool
is_repeated(Find *find, Datum *values)
{
	DqBatchFacts *facts = &find->difference->facts;
	bool repeated = find->has_previous && equals_previous(find, values);

	if (repeated)
		facts->excess++;
	if (repeated && !find->repeats)
		facts->duplicated++;
	find->repeats = repeated;
	if (!repeated)
		keep_key(find, values);
	return repeated;
}

/*
 * take_row: DqSpiRow: a row of the join. "arg" is a Find.
 */
static void
take_row(void *arg, TupleTableSlot *slot)
{
	Find *find = (Find *) arg;
	DqBatchFacts *facts = &find->difference->facts;
	Datum *values;
	DqRowState state;

	slot_getallattrs(slot);
	values = &slot->tts_values[find->n_columns];
	facts->rows++;
	if (DatumGetBool(values[AT_NULL_SEQUENCE]))
		facts->null_sequences++;
	if (DatumGetBool(values[AT_OUTSIDE_INDEX]))
		facts->outside_index++;
	if (DatumGetBool(values[AT_NULL_KEY]))
		facts->null_keys++;
	else if (is_repeated(find, &values[AT_KEY]))
		return;
	state = (DqRowState) DatumGetInt32(values[AT_STATE]);
	dq_difference_put(find->difference, state, slot->tts_values,
					  slot->tts_isnull);
}

/*
 * join: by a join of the server.
 */
static void
join(const DqTask *task, DqLoadMethod method, DqDifference *difference)
{
	int level = dq_choose_settings(method);
	Find find = {0};

	find.task = task;
	find.difference = difference;
	find.n_columns = list_length(task->columns);
	prepare_keys(&find);
	dq_spi_stream(DQ_USER, join_statement(task), take_row, &find);
	dq_session_leave(level);
	MemoryContextDelete(find.kept);
}

/*
 * dq_find: see find.h.
 */
void
dq_find(const DqTask *task, DqLoadMethod method, DqDifference *difference)
{
	PushActiveSnapshot(GetTransactionSnapshot());
	if (method != DQ_METHOD_WALK)
		join(task, method, difference);
	else if (!dq_walk(task, difference))
		join(task, DQ_METHOD_MERGE, difference);
	PopActiveSnapshot();
}
