/*
 * fused.c
 *	  Many checks as one SQL statement, and finding the culprit when it fails.
 *
 * The statement has no FROM of its own, so that no text in it can see a name
 * of ours:
 *
 *	SELECT (SELECT ARRAY[s.a0, ...] FROM
 *			  (SELECT count(*) AS a0, ... FROM schema.t) AS s),
 *		   (SELECT ARRAY[...] ...), ...
 *
 * The first subselect is the one scan of the relation that all checks share;
 * checks on keys and references add one each. Every subselect returns an
 * array of bigint.
 *
 * A verdict is evaluated once per row. One aggregate counts both its true and
 * its NULL results, by adding 1 for the former and 2^62 for the latter (sums
 * of bigint are exact). So the numbers agree whatever the expression is, and
 * an expensive one is paid once. "AND true" makes the parser insist on a
 * boolean. An aggregate's FILTER is evaluated before its argument, so a row
 * filter may guard the verdict.
 *
 * The statement runs in a subtransaction. When it fails it is halved until
 * single checks are left to blame: at most 2n - 1 statements for n checks,
 * all under the snapshot that is active.
 */
#include "postgres.h"

#include "base/errctx.h"
#include "base/spi.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "quality/fused.h"
#include "utils/array.h"

/* added for a NULL verdict; no table has so many rows */
#define NULL_WEIGHT "4611686018427387904"

/* checks of one statement: a select list holds at most 1664 entries */
#define MAX_FUSED 400

typedef struct Attempt
{
	DqFused fused;
	DqProbe **probes;
	int count;
} Attempt;

/*
 * add_aggregate: one aggregate of the scan; returns its place.
 */
static int
add_aggregate(DqFused *fused, const char *sql)
{
	appendStringInfo(&fused->aggregates, "%s%s AS a%d",
					 fused->n_aggregates > 0 ? ", " : "", sql,
					 fused->n_aggregates);
	return fused->n_aggregates++;
}

/*
 * add_number: one number for the answer; returns its place.
 */
static int
add_number(DqFused *fused, const char *sql)
{
	appendStringInfo(&fused->numbers, "%s%s",
					 fused->n_numbers > 0 ? ", " : "", sql);
	return fused->n_numbers++;
}

/*
 * dq_fused_count: the number of rows that meet a condition; NULL: of all.
 */
int
dq_fused_count(DqFused *fused, const char *condition)
{
	int at;

	if (condition == NULL && fused->n_aggregates > 0)
		return 0;
	if (condition == NULL)
		at = add_aggregate(fused, "pg_catalog.count(*)");
	else
		at = add_aggregate(fused,
						   psprintf("pg_catalog.count(*) FILTER (WHERE %s)",
									condition));
	return add_number(fused, psprintf("s.a%d", at));
}

/*
 * dq_fused_verdict: how often a verdict is NULL and, in the next place, how
 * often it is true, among the rows within the filter.
 */
int
dq_fused_verdict(DqFused *fused, const char *filter, const char *verdict)
{
	char *value = psprintf("COALESCE((%s AND true)::pg_catalog.int4::pg_catalog.int8, " NULL_WEIGHT ")",
						   verdict);
	int at;
	int number;

	if (filter == NULL)
		at = add_aggregate(fused, psprintf("pg_catalog.sum(%s)", value));
	else
		at = add_aggregate(fused,
						   psprintf("pg_catalog.sum(%s) FILTER (WHERE %s)",
									value, filter));
	number = add_number(fused,
						psprintf("pg_catalog.div(COALESCE(s.a%d, 0), " NULL_WEIGHT ")::pg_catalog.int8",
								 at));
	(void) add_number(fused,
					  psprintf("pg_catalog.mod(COALESCE(s.a%d, 0), " NULL_WEIGHT ")::pg_catalog.int8",
							   at));
	return number;
}

/*
 * dq_fused_own: a subselect of one row and one column, a bigint[].
 */
int
dq_fused_own(DqFused *fused, const char *subselect)
{
	appendStringInfo(&fused->own, ",\n(%s) AS own%d", subselect,
					 fused->n_own);
	return fused->n_own++;
}

/*
 * write_statement: all checks of an attempt.
 */
static char *
write_statement(Attempt *attempt)
{
	DqFused *fused = &attempt->fused;
	int i;

	initStringInfo(&fused->aggregates);
	initStringInfo(&fused->numbers);
	initStringInfo(&fused->own);
	(void) dq_fused_count(fused, NULL);
	for (i = 0; i < attempt->count; i++)
	{
		DqProbe *probe = attempt->probes[i];

		probe->scope_at = dq_fused_count(fused, probe->filter);
		probe->check->type->shape->write(fused, probe);
	}
	return psprintf("SELECT (SELECT ARRAY[%s] FROM (SELECT %s FROM %s) AS s) AS scan%s",
					fused->numbers.data, fused->aggregates.data,
					fused->source->from, fused->own.data);
}

/*
 * bigints: a bigint[] of the answer.
 */
static int64 *
bigints(DqRows *rows, const char *column)
{
	bool isnull;
	Datum value = dq_rows_datum(rows, 0, column, &isnull);
	Datum *elements;
	int64 *result;
	int count;
	int i;

	if (isnull)
		elog(ERROR, "no numbers in column \"%s\"", column);
	deconstruct_array(DatumGetArrayTypeP(value), INT8OID, sizeof(int64),
					  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &elements, NULL,
					  &count);
	result = palloc(sizeof(int64) * (count + 1));
	for (i = 0; i < count; i++)
		result[i] = DatumGetInt64(elements[i]);
	return result;
}

/*
 * run_attempt: run the statement and hand out the numbers; throws whatever
 * the checks throw.
 */
static void
run_attempt(void *arg)
{
	Attempt *attempt = (Attempt *) arg;
	DqFused *fused = &attempt->fused;
	char *sql = write_statement(attempt);
	DqRows *rows = dq_spi_query_readonly(DQ_USER, sql, NULL);
	int i;

	fused->scan = bigints(rows, "scan");
	fused->own_numbers = palloc(sizeof(int64 *) * (fused->n_own + 1));
	for (i = 0; i < fused->n_own; i++)
		fused->own_numbers[i] = bigints(rows, psprintf("own%d", i));
	for (i = 0; i < attempt->count; i++)
	{
		DqProbe *probe = attempt->probes[i];

		probe->counts.total = fused->scan[0];
		probe->counts.scope = fused->scan[probe->scope_at];
		probe->check->type->shape->read(fused, probe);
		probe->evaluation = "sql";
	}
}

/*
 * dq_fused_is_fatal: an error that says nothing about the check: the server
 * is short of something, another session is in the way, the transaction has
 * to be repeated.
 */
bool
dq_fused_is_fatal(const ErrorData *error)
{
	switch (ERRCODE_TO_CATEGORY(error->sqlerrcode))
	{
		case MAKE_SQLSTATE('0', '8', '0', '0', '0'):
		case MAKE_SQLSTATE('4', '0', '0', '0', '0'):
		case MAKE_SQLSTATE('5', '3', '0', '0', '0'):
		case MAKE_SQLSTATE('5', '7', '0', '0', '0'):
		case MAKE_SQLSTATE('5', '8', '0', '0', '0'):
			return true;
		default:
			return error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE;
	}
}

/*
 * answer_some: answer these checks with one statement or, when that fails,
 * with one for each half. The time is shared equally.
 */
static void
answer_some(const DqSource *source, DqProbe **probes, int count)
{
	Attempt attempt = {.probes = probes, .count = count};
	ErrorData *error;
	instr_time start;
	instr_time end;
	int i;

	CHECK_FOR_INTERRUPTS();
	attempt.fused.source = source;
	INSTR_TIME_SET_CURRENT(start);
	error = dq_errctx_try_subxact(run_attempt, &attempt);
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, start);
	for (i = 0; i < count; i++)
		probes[i]->duration_ms += INSTR_TIME_GET_MILLISEC(end) / count;

	if (error == NULL)
		return;
	if (dq_fused_is_fatal(error))
		dq_errctx_rethrow(error);
	if (count == 1)
	{
		probes[0]->error = error;
		return;
	}
	answer_some(source, probes, count / 2);
	answer_some(source, probes + count / 2, count - count / 2);
}

/*
 * dq_fused_answer: answer all of these (a List of DqProbe *): each has an
 * evaluation or an error afterwards.
 */
void
dq_fused_answer(const DqSource *source, List *probes)
{
	DqProbe **all = palloc(sizeof(DqProbe *) * (list_length(probes) + 1));
	int count = 0;
	int done;
	ListCell *lc;

	foreach(lc, probes)
		all[count++] = (DqProbe *) lfirst(lc);
	for (done = 0; done < count; done += MAX_FUSED)
		answer_some(source, all + done, Min(MAX_FUSED, count - done));
}
