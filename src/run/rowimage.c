/*
 * rowimage.c
 *	  A row of a stage as the quarantine keeps it: an object of jsonb.
 *
 * Not every JSON is jsonb: \u0000, half of a surrogate pair and numbers beyond
 * numeric are not. A row that has such a value must not hold up the run, which
 * would meet it again and again. So the image of a row with a column that may
 * hold JSON, or is of a type with a conversion of its own, is made as json,
 * looked at value by value, and what jsonb does not take becomes a text. Rows
 * of other types become jsonb at once.
 *
 * Values of masked columns are hidden, not that there are some.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "base/sqltext.h"
#include "catalog/pg_type.h"
#include "quality/jsontext.h"
#include "run/rowimage.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/* what a hidden value becomes */
#define MASK "\"***\""

/* JSON that is nested deeper is kept as a text */
#define MAX_DEPTH 1000

struct DqRowImage
{
	bool is_json; /* the SQL gives json that must be looked at */
	List *columns; /* of char *, as they come in the object */
	List *mask; /* of char * */
};

/*
 * is_safe: does jsonb take whatever this type becomes?
 */
static bool
is_safe(Oid type)
{
	Oid element = get_element_type(type);

	if (OidIsValid(element))
		type = element;
	return type < FirstNormalObjectId && type != JSONOID &&
		   type != RECORDOID;
}

/*
 * dq_rowimage_begin: see rowimage.h.
 */
DqRowImage *
dq_rowimage_begin(Oid relid, List *mask)
{
	DqRowImage *image = palloc0(sizeof(DqRowImage));
	Relation rel = table_open(relid, AccessShareLock);
	TupleDesc desc = RelationGetDescr(rel);
	int i;

	image->mask = mask;
	for (i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(desc, i);

		if (column->attisdropped)
			continue;
		image->columns = lappend(image->columns,
								 pstrdup(NameStr(column->attname)));
		if (!is_safe(column->atttypid))
			image->is_json = true;
	}
	table_close(rel, NoLock);
	return image;
}

/*
 * dq_rowimage_sql: see rowimage.h. What "t.row_data" is has to be said: a
 * column of that name would be found first, and the owner can put another
 * table where it is looked for.
 */
char *
dq_rowimage_sql(const DqRowImage *image, const char *type)
{
	char *row = psprintf("(t.row_data::%s)", type);
	StringInfoData buf;
	ListCell *lc;

	if (image->is_json)
		return psprintf("pg_catalog.row_to_json(%s)", row);
	initStringInfo(&buf);
	appendStringInfo(&buf, "pg_catalog.to_jsonb(%s)", row);
	foreach(lc, image->mask)
		appendStringInfo(&buf,
						 " OPERATOR(pg_catalog.||) CASE WHEN %s.%s IS NULL THEN '{}'::pg_catalog.jsonb"
						 " ELSE pg_catalog.jsonb_build_object(%s, '" MASK "'::pg_catalog.jsonb) END",
						 row, dq_sqltext_ident((char *) lfirst(lc)),
						 dq_sqltext_literal((char *) lfirst(lc)));
	return buf.data;
}

/*
 * end_of_string: behind the string that begins at s.
 */
static const char *
end_of_string(const char *s)
{
	for (s++; *s != '"'; s++)
	{
		if (*s == '\\')
			s++;
		if (*s == '\0')
			elog(ERROR, "unfinished string in the image of a row");
	}
	return s + 1;
}

/*
 * end_of_value: behind the value that begins at s.
 */
static const char *
end_of_value(const char *s)
{
	int depth = 0;

	for (; *s != '\0'; s++)
	{
		if (*s == '"')
			s = end_of_string(s) - 1;
		else if (*s == '{' || *s == '[')
			depth++;
		else if (depth == 0 && (*s == ',' || *s == '}'))
			break;
		else if (*s == '}' || *s == ']')
			depth--;
	}
	return s;
}

/*
 * is_null: is this value of JSON null?
 */
static bool
is_null(const char *s, const char *end)
{
	return end - s >= 4 && strncmp(s, "null", 4) == 0;
}

/*
 * holds: is the name in a list of names?
 */
static bool
holds(List *names, const char *name)
{
	ListCell *lc;

	foreach(lc, names)
	{
		if (strcmp((char *) lfirst(lc), name) == 0)
			return true;
	}
	return false;
}

/*
 * add_value: the value of a column, as jsonb takes it.
 */
static void
add_value(StringInfo buf, const DqRowImage *image, char *column,
		  const char *s, const char *end, List **lost)
{
	int depth;

	if (holds(image->mask, column) && !is_null(s, end))
		appendStringInfoString(buf, MASK);
	else if (dq_jsontext_classify(s, end - s, &depth) != DQ_JSONTEXT_JSONB ||
			 depth > MAX_DEPTH)
	{
		escape_json(buf, pnstrdup(s, end - s));
		*lost = lappend(*lost, column);
	}
	else
		appendBinaryStringInfo(buf, s, end - s);
}

/*
 * dq_rowimage_take: see rowimage.h. An object that row_to_json made: keys are
 * the columns in their order, without space between them.
 */
Datum
dq_rowimage_take(const DqRowImage *image, Datum value, List **lost)
{
	const char *s;
	StringInfoData buf;
	ListCell *lc;

	*lost = NIL;
	if (!image->is_json)
		return PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
	s = TextDatumGetCString(value);
	initStringInfo(&buf);
	foreach(lc, image->columns)
	{
		const char *colon = end_of_string(s + 1);
		const char *end = end_of_value(colon + 1);

		/* with the brace or comma before it */
		appendBinaryStringInfo(&buf, s, colon + 1 - s);
		add_value(&buf, image, (char *) lfirst(lc), colon + 1, end, lost);
		s = end;
	}
	appendStringInfoString(&buf, image->columns == NIL ? "{}" : "}");
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(buf.data));
}
