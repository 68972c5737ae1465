/*
 * result.c
 *	  A verdict as a row of etl.check_result.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "base/dq_etl.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "quality/quality.h"
#include "quality/rule.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#define RESULT_TYPE "check_result"
#define RESULT_COLUMNS 25

static const char *const status_names[] = {"pass", "warn", "fail", "error",
										   "no_data", "skipped"};

/*
 * dq_verdict_status_name: as in results.
 */
const char *
dq_verdict_status_name(DqStatus status)
{
	return status_names[status];
}

/* a row being filled */
typedef struct ResultRow
{
	int count;
	Datum values[RESULT_COLUMNS];
	bool nulls[RESULT_COLUMNS];
} ResultRow;

/*
 * put: the next column.
 */
static void
put(ResultRow *row, Datum value, bool isnull)
{
	Assert(row->count < RESULT_COLUMNS);
	row->values[row->count] = value;
	row->nulls[row->count] = isnull;
	row->count++;
}

/*
 * put_text: the next column, a text.
 */
static void
put_text(ResultRow *row, const char *value)
{
	put(row, value ? CStringGetTextDatum(value) : (Datum) 0, value == NULL);
}

/*
 * put_jsonb: the next column, a jsonb.
 */
static void
put_jsonb(ResultRow *row, Jsonb *value)
{
	put(row, value ? JsonbPGetDatum(value) : (Datum) 0, value == NULL);
}

/*
 * put_count: the next column, a bigint that is only known when the check was
 * evaluated.
 */
static void
put_count(ResultRow *row, const DqVerdict *verdict, int64 value)
{
	bool unknown = verdict->status == DQ_CHECK_ERROR ||
				   verdict->status == DQ_CHECK_SKIPPED;

	put(row, Int64GetDatum(value), unknown);
}

/*
 * put_seen: the same for rows that somebody had to look at.
 */
static void
put_seen(ResultRow *row, const DqVerdict *verdict, int64 value)
{
	if (verdict->uncounted)
		put(row, (Datum) 0, true);
	else
		put_count(row, verdict, value);
}

/*
 * put_text_list: the next column, a text[]; NIL is NULL.
 */
static void
put_text_list(ResultRow *row, List *values)
{
	Datum *elements = palloc(sizeof(Datum) * (list_length(values) + 1));
	ArrayType *array;
	int count = 0;
	ListCell *lc;

	foreach(lc, values)
		elements[count++] = CStringGetTextDatum((char *) lfirst(lc));
	array = construct_array(elements, count, TEXTOID, -1, false,
							TYPALIGN_INT);
	put(row, PointerGetDatum(array), values == NIL);
}

/*
 * result_descriptor: the row type of etl.check_result.
 */
static TupleDesc
result_descriptor(void)
{
	Oid schema = get_namespace_oid(DQ_SCHEMA, false);
	Oid type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
							   CStringGetDatum(RESULT_TYPE),
							   ObjectIdGetDatum(schema));

	if (!OidIsValid(type))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("type %s.%s does not exist", DQ_SCHEMA, RESULT_TYPE)));
	return lookup_rowtype_tupdesc_copy(type, -1);
}

/*
 * dq_verdict_datum: the verdict as a datum of type etl.check_result.
 */
Datum
dq_verdict_datum(const DqVerdict *verdict)
{
	ResultRow row = {.count = 0};
	TupleDesc desc = result_descriptor();
	Datum fraction = (Datum) 0;

	if (desc->natts != RESULT_COLUMNS)
		elog(ERROR, "type %s.%s has %d columns", DQ_SCHEMA, RESULT_TYPE,
			 desc->natts);
	put_text(&row, verdict->check_name);
	put_text(&row, verdict->check_type);
	put_text_list(&row, verdict->columns);
	put_text(&row, verdict->dimension);
	put_text(&row, dq_verdict_status_name(verdict->status));
	put_text(&row, dq_rule_severity_name(verdict->severity));
	put(&row, BoolGetDatum(verdict->success), false);
	put_seen(&row, verdict, verdict->tested_rows);
	put_seen(&row, verdict, verdict->null_rows);
	put_seen(&row, verdict, verdict->excluded_rows);
	put_count(&row, verdict, verdict->failed_rows);
	if (verdict->failed_fraction != NULL)
		fraction = DirectFunctionCall3(
			numeric_in, CStringGetDatum(verdict->failed_fraction),
			ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	put(&row, fraction, verdict->failed_fraction == NULL);
	put_jsonb(&row, verdict->observed);
	put_jsonb(&row, verdict->expected);
	put_jsonb(&row, verdict->sample);
	put_jsonb(&row, verdict->top_failed);
	put_text(&row, verdict->failed_rows_sql);
	put_text(&row, verdict->evaluation);
	put_text(&row, verdict->proof);
	put(&row, Float8GetDatum(verdict->duration_ms), false);
	put_text(&row, verdict->error_sqlstate);
	put_text(&row, verdict->error_message);
	put_text(&row, verdict->message);
	put_text(&row, verdict->description);
	put_text_list(&row, verdict->tags);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc),
											 row.values, row.nulls));
}
