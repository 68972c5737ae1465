/*
 * sample.c
 *	  Failing rows, looked for only when a check failed.
 *
 * A sample is a help, never a reason to fail: whatever goes wrong (a column
 * that the user may not read, a type that JSON cannot show) leaves it out.
 */
#include "postgres.h"

#include "base/errctx.h"
#include "base/session.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "quality/fused.h"
#include "quality/place.h"
#include "quality/sample.h"
#include "utils/guc.h"

/* most frequent failing values that are kept */
#define TOP_VALUES 5

/* bytes of one row as jsonb; a larger one is only mentioned */
#define MAX_ROW_BYTES 8192

typedef struct Question
{
	char *sql;
	bool by_place; /* it says where the rows are */
	Jsonb *answer;
} Question;

/*
 * ask: run the query of one jsonb. Where many places are known, the planner
 * would rather read the whole relation and look each row up among them.
 */
static void
ask(void *arg)
{
	Question *question = (Question *) arg;
	int level = NewGUCNestLevel();
	DqRows *rows;

	if (question->by_place)
		dq_session_set("enable_seqscan", "off", true);
	rows = dq_spi_query_readonly(DQ_USER, question->sql, NULL);
	question->answer = dq_rows_jsonb(rows, 0, "answer");
	dq_session_leave(level);
}

/*
 * ask_quietly: the answer, or NULL when there is none.
 */
static Jsonb *
ask_quietly(char *sql, bool by_place)
{
	Question question = {.sql = sql, .by_place = by_place};
	ErrorData *error = dq_errctx_try_subxact(ask, &question);

	if (error == NULL)
		return question.answer;
	if (dq_fused_is_fatal(error))
		dq_errctx_rethrow(error);
	return NULL;
}

/*
 * kind_row: a row "f" as jsonb, whatever a json in it holds: what no jsonb can
 * (the character 0, half a surrogate, a number beyond numeric) is shown as the
 * text of its JSON. Rows of a user's query are shown so as a whole.
 */
static char *
kind_row(const DqProbe *probe)
{
	const DqShape *shape = probe->check->type->shape;
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	appendStringInfoString(
		&buf,
		"(SELECT pg_catalog.jsonb_object_agg(e.k, CASE"
		" WHEN etl.castable(e.v::pg_catalog.text, 'pg_catalog.jsonb')"
		" THEN e.v::pg_catalog.text::pg_catalog.jsonb"
		" ELSE pg_catalog.to_jsonb(e.v::pg_catalog.text) END) FROM (VALUES ");
	if (shape->failed_places == NULL && !shape->is_key)
		appendStringInfoString(&buf, "('row', pg_catalog.to_json(f.*))");
	else
		foreach(lc, probe->source->columns)
		{
			const DqColumn *column = (DqColumn *) lfirst(lc);

			appendStringInfo(&buf, "%s(%s, pg_catalog.to_json(f.%s))",
							 foreach_current_index(lc) > 0 ? ", " : "",
							 dq_sqltext_literal(column->name),
							 dq_sqltext_ident(column->name));
		}
	appendStringInfoString(&buf, ") AS e (k, v))");
	return buf.data;
}

/*
 * rows_query: SQL for an array of what is made of each row "f".
 */
static char *
rows_query(const char *row, const char *from)
{
	return psprintf("SELECT pg_catalog.jsonb_agg(CASE"
					" WHEN pg_catalog.pg_column_size(r.j) OPERATOR(pg_catalog.<=) %d THEN r.j"
					" ELSE pg_catalog.jsonb_build_object('bytes', pg_catalog.pg_column_size(r.j)) END) AS answer"
					" FROM (SELECT %s AS j FROM %s) AS r",
					MAX_ROW_BYTES, row, from);
}

/*
 * known_rows: a query of the first failing rows whose places are known; NULL
 * when there are none. Keys say in how many rows they are, so all are asked
 * for then.
 */
static char *
known_rows(const DqProbe *probe, int count)
{
	bool keys = probe->check->type->shape->is_key;
	char *sql;

	if (count <= 0)
		return NULL;
	sql = dq_place_query(probe->source, probe->places,
						 keys ? probe->n_places : count);
	return keys ? dq_shape_key_number(probe, sql) : sql;
}

/*
 * dq_sample_rows: up to "count" failing rows as a jsonb array of objects, or
 * NULL.
 */
Jsonb *
dq_sample_rows(const DqProbe *probe, int count)
{
	bool known = probe->n_places >= count || probe->all_places;
	char *failed;
	char *from;
	Jsonb *answer;

	if (known)
		failed = known_rows(probe, Min(probe->n_places, count));
	else
		failed = probe->check->type->shape->failed_rows(probe);
	if (failed == NULL || count <= 0)
		return NULL;
	from = psprintf("(%s) AS f LIMIT %d", failed, count);
	answer = ask_quietly(rows_query("pg_catalog.to_jsonb(f.*)", from), known);
	if (answer == NULL)
		answer = ask_quietly(rows_query(kind_row(probe), from), known);
	return answer;
}

/*
 * top_value: the checked values of a failing row "f" as one jsonb.
 */
static char *
top_value(const DqProbe *probe)
{
	StringInfoData buf;
	ListCell *lc;

	if (list_length(probe->columns) == 1)
	{
		DqColumn *column = (DqColumn *) linitial(probe->columns);

		return psprintf("pg_catalog.to_jsonb(f.%s)",
						dq_sqltext_ident(column->name));
	}
	initStringInfo(&buf);
	appendStringInfoString(&buf, "pg_catalog.jsonb_build_object(");
	foreach(lc, probe->columns)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);

		appendStringInfo(&buf, "%s%s, f.%s",
						 foreach_current_index(lc) > 0 ? ", " : "",
						 dq_sqltext_literal(column->name),
						 dq_sqltext_ident(column->name));
	}
	appendStringInfoChar(&buf, ')');
	return buf.data;
}

/*
 * dq_sample_top: the most frequent failing values of the checked columns as a
 * jsonb array of {"value", "rows"}, or NULL when the check has no columns or
 * fails by NULLs alone.
 */
Jsonb *
dq_sample_top(const DqProbe *probe)
{
	char *failed;
	StringInfoData sql;
	StringInfoData group;
	ListCell *lc;

	if (probe->all_places)
		failed = known_rows(probe, probe->n_places);
	else
		failed = probe->check->type->shape->failed_rows(probe);
	if (failed == NULL || probe->columns == NIL ||
		strcmp(probe->check->type->name, "not_null") == 0)
		return NULL;
	initStringInfo(&group);
	foreach(lc, probe->columns)
		appendStringInfo(&group, "%sf.%s", group.len > 0 ? ", " : "",
						 dq_sqltext_ident(((DqColumn *) lfirst(lc))->name));
	initStringInfo(&sql);
	appendStringInfo(&sql,
					 "SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('value', t.v, 'rows', t.n)) AS answer"
					 " FROM (SELECT g.v, g.n FROM"
					 " (SELECT %s AS v, pg_catalog.count(*) AS n FROM (%s) AS f GROUP BY %s) AS g"
					 " WHERE pg_catalog.pg_column_size(g.v) OPERATOR(pg_catalog.<=) %d"
					 " ORDER BY g.n DESC, g.v::pg_catalog.text COLLATE pg_catalog.\"C\" LIMIT %d) AS t",
					 top_value(probe), failed, group.data, MAX_ROW_BYTES,
					 TOP_VALUES);
	return ask_quietly(sql.data, probe->all_places);
}
