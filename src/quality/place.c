/*
 * place.c
 *	  Where rows are, and how SQL finds them there again.
 *
 * The query is one that the planner answers by going to the rows: ctid = ANY
 * for a table, and for one in parts an OR of that for each part.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "quality/place.h"

/*
 * write_part: the rows of one part, beginning with the first of "places";
 * returns how many they are.
 */
static int
write_part(StringInfo buf, const DqSource *source, const DqPlace *places,
		   int count)
{
	int i;

	appendStringInfo(buf, "(%s.tableoid OPERATOR(pg_catalog.=) %u AND %s.ctid OPERATOR(pg_catalog.=) ANY ('{",
					 source->alias, places->tableoid, source->alias);
	for (i = 0; i < count && places[i].tableoid == places->tableoid; i++)
		appendStringInfo(buf, "%s\"(%u,%u)\"", i > 0 ? "," : "",
						 ItemPointerGetBlockNumberNoCheck(&places[i].tid),
						 ItemPointerGetOffsetNumberNoCheck(&places[i].tid));
	appendStringInfoString(buf, "}'::pg_catalog.tid[]))");
	return i;
}

/*
 * dq_place_query: a query of the rows at these places, at least one.
 */
char *
dq_place_query(const DqSource *source, const DqPlace *places, int count)
{
	StringInfoData buf;
	int done;

	initStringInfo(&buf);
	appendStringInfo(&buf, "SELECT %s.* FROM %s WHERE ", source->alias,
					 source->from);
	for (done = 0; done < count;)
	{
		if (done > 0)
			appendStringInfoString(&buf, " OR ");
		done += write_part(&buf, source, places + done, count - done);
	}
	return buf.data;
}
