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
 * array of text, whole numbers and JSON among them.
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
#include "quality/exprtree.h"
#include "quality/fused.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

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
 * add_text: the place of a text in a list of distinct ones.
 */
static int
add_text(List **list, const char *sql)
{
	ListCell *lc;

	foreach(lc, *list)
	{
		if (strcmp((char *) lfirst(lc), sql) == 0)
			return foreach_current_index(lc);
	}
	*list = lappend(*list, pstrdup(sql));
	return list_length(*list) - 1;
}

/*
 * dq_fused_aggregate: one aggregate of the scan; returns its place. The same
 * text asked for twice is computed once.
 */
int
dq_fused_aggregate(DqFused *fused, const char *sql)
{
	return add_text(&fused->aggregates, sql);
}

/*
 * dq_fused_output: one text of the answer, made of aggregates called s.a0,
 * s.a1, ...; returns its place.
 */
int
dq_fused_output(DqFused *fused, const char *sql)
{
	return add_text(&fused->outputs, sql);
}

/*
 * number_output: a bigint for the answer; returns its place.
 */
static int
number_output(DqFused *fused, const char *sql)
{
	return dq_fused_output(fused, psprintf("(%s)::pg_catalog.text", sql));
}

/*
 * dq_fused_count: the number of rows that meet a condition; NULL: of all.
 */
int
dq_fused_count(DqFused *fused, const char *condition)
{
	const char *sql = "pg_catalog.count(*)";

	if (condition != NULL)
		sql = psprintf("pg_catalog.count(*) FILTER (WHERE %s)", condition);
	return number_output(fused, psprintf("s.a%d",
										 dq_fused_aggregate(fused, sql)));
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
	char *sql = psprintf("pg_catalog.sum(%s)", value);
	int at;
	int number;

	if (filter != NULL)
		sql = psprintf("%s FILTER (WHERE %s)", sql, filter);
	at = dq_fused_aggregate(fused, sql);
	number = number_output(fused,
						   psprintf("pg_catalog.div(COALESCE(s.a%d, 0), " NULL_WEIGHT ")::pg_catalog.int8",
									at));
	(void) number_output(fused,
						 psprintf("pg_catalog.mod(COALESCE(s.a%d, 0), " NULL_WEIGHT ")::pg_catalog.int8",
								  at));
	return number;
}

/*
 * dq_fused_own: a subselect of one row and one column, a text[].
 */
int
dq_fused_own(DqFused *fused, const char *subselect)
{
	appendStringInfo(&fused->own, ",\n(%s) AS own%d", subselect,
					 fused->n_own);
	return fused->n_own++;
}

/*
 * dq_fused_own_answers: what a subselect returned.
 */
char **
dq_fused_own_answers(const DqFused *fused, int own)
{
	return fused->own_answers[own];
}

/*
 * dq_fused_int: an answer that is a whole number, 0 for NULL.
 */
int64
dq_fused_int(char *const *answers, int at)
{
	if (answers[at] == NULL)
		return 0;
	return DatumGetInt64(DirectFunctionCall1(int8in,
											 CStringGetDatum(answers[at])));
}

/*
 * begin_statement: nothing asked for yet but the number of rows, which is the
 * first answer.
 */
static void
begin_statement(DqFused *fused)
{
	fused->aggregates = NIL;
	fused->outputs = NIL;
	fused->n_own = 0;
	initStringInfo(&fused->own);
	(void) dq_fused_count(fused, NULL);
}

/*
 * aggregate_list: "sql AS a0, sql AS a1, ..."
 */
static char *
aggregate_list(const DqFused *fused)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, fused->aggregates)
		appendStringInfo(&buf, "%s%s AS a%d", buf.len > 0 ? ", " : "",
						 (char *) lfirst(lc), foreach_current_index(lc));
	return buf.data;
}

/*
 * output_list: the answers, as the elements of a text[].
 */
static char *
output_list(const DqFused *fused)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, fused->outputs)
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "",
						 (char *) lfirst(lc));
	return buf.data;
}

/*
 * write_statement: all checks of an attempt.
 */
static char *
write_statement(Attempt *attempt)
{
	DqFused *fused = &attempt->fused;
	int i;

	begin_statement(fused);
	for (i = 0; i < attempt->count; i++)
	{
		DqProbe *probe = attempt->probes[i];

		probe->scope_at = dq_fused_count(fused, probe->filter);
		probe->check->type->shape->write(fused, probe);
	}
	return psprintf("SELECT (SELECT ARRAY[%s] FROM (SELECT %s FROM %s) AS s) AS scan%s",
					output_list(fused), aggregate_list(fused),
					fused->source->from, fused->own.data);
}

/*
 * dq_fused_texts: a text[] of a result row; NULL elements are NULL.
 */
char **
dq_fused_texts(DqRows *rows, int row, const char *column)
{
	bool isnull;
	Datum value = dq_rows_datum(rows, row, column, &isnull);
	Datum *elements;
	bool *nulls;
	char **result;
	int count;
	int i;

	if (isnull)
		elog(ERROR, "no answers in column \"%s\"", column);
	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false,
					  TYPALIGN_INT, &elements, &nulls, &count);
	result = palloc0(sizeof(char *) * (count + 1));
	for (i = 0; i < count; i++)
	{
		if (!nulls[i])
			result[i] = TextDatumGetCString(elements[i]);
	}
	return result;
}

/*
 * read_probe: hand out the answers to one check.
 */
static void
read_probe(DqFused *fused, DqProbe *probe)
{
	probe->counts.total = dq_fused_int(fused->scan, 0);
	probe->counts.scope = dq_fused_int(fused->scan, probe->scope_at);
	probe->check->type->shape->read(fused, probe);
	probe->evaluation = "sql";
}

/*
 * run_attempt: run the statement and hand out the answers; throws whatever
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

	fused->scan = dq_fused_texts(rows, 0, "scan");
	fused->own_answers = palloc(sizeof(char **) * (fused->n_own + 1));
	for (i = 0; i < fused->n_own; i++)
		fused->own_answers[i] = dq_fused_texts(rows, 0, psprintf("own%d", i));
	for (i = 0; i < attempt->count; i++)
		read_probe(fused, attempt->probes[i]);
}

/*
 * dq_fused_grouped: run one check for all groups; rows of "k" and "scan".
 */
DqRows *
dq_fused_grouped(DqFused *fused, DqProbe *probe, const char *key,
				 const char *from)
{
	begin_statement(fused);
	probe->scope_at = 0;
	probe->check->type->shape->write(fused, probe);
	return dq_spi_query_readonly(
		DQ_USER,
		psprintf("SELECT s.k, ARRAY[%s] AS scan FROM (SELECT %s AS k, %s FROM %s) AS s",
				 output_list(fused), key, aggregate_list(fused), from),
		NULL);
}

/*
 * dq_fused_read_grouped: what one row of it says.
 */
void
dq_fused_read_grouped(DqFused *fused, DqRows *rows, int row, DqProbe *group)
{
	fused->scan = dq_fused_texts(rows, row, "scan");
	read_probe(fused, group);
}

/*
 * dq_fused_total: the number of rows of a relation.
 */
int64
dq_fused_total(const DqSource *source)
{
	DqRows *rows = dq_spi_query_readonly(
		DQ_USER,
		psprintf("SELECT pg_catalog.count(*) AS n FROM %s", source->from),
		NULL);

	return dq_rows_int8(rows, 0, "n");
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
 * dq_fused_blame: the check is in error: by what its author wrote rather than
 * by what we made of it, where that is to be told.
 */
void
dq_fused_blame(DqProbe *probe, ErrorData *error)
{
	ErrorData *complaint = NULL;

	if (error->sqlerrcode == ERRCODE_DATATYPE_MISMATCH)
		complaint = dq_exprtree_complaint(probe);
	probe->error = complaint ? complaint : error;
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
		dq_fused_blame(probes[0], error);
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
