/*
 * edges.c
 *	  What depends on which column, as it is stored.
 *
 * Relations and columns are kept by OID and number, which a new name does not
 * change, and by name, for those that are gone. Neither means anything in
 * another database, so edges are not dumped.
 */
#include "postgres.h"

#include "base/spi.h"
#include "catalog/edges.h"

#define NEW_EDGES                                                      \
	"WITH n AS (SELECT DISTINCT $1 AS pipeline_id, r.*"                \
	" FROM json_to_recordset($2::json) r (step text, check_name text," \
	" target_oid oid, target_name text, target_attnum smallint,"       \
	" target_column text, source_oid oid, source_name text,"           \
	" source_attnum smallint, source_column text, through_oid oid,"    \
	" through_name text, kind text)) "

#define SAME_EDGE(left, right)                                   \
	left ".pipeline_id = " right ".pipeline_id"                  \
		 " AND " left ".step = " right ".step"                   \
		 " AND " left ".check_name = " right ".check_name"       \
		 " AND " left ".target_oid = " right ".target_oid"       \
		 " AND " left ".target_name = " right ".target_name"     \
		 " AND " left ".target_attnum = " right ".target_attnum" \
		 " AND " left ".target_column = " right ".target_column" \
		 " AND " left ".source_oid = " right ".source_oid"       \
		 " AND " left ".source_name = " right ".source_name"     \
		 " AND " left ".source_attnum = " right ".source_attnum" \
		 " AND " left ".source_column = " right ".source_column" \
		 " AND " left ".through_oid = " right ".through_oid"     \
		 " AND " left ".through_name = " right ".through_name"   \
		 " AND " left ".kind = " right ".kind"

/*
 * dq_edges_store: see edges.h.
 */
int64
dq_edges_store(int64 pipeline_id, const char *edges)
{
	DqArgs args = {0};
	DqArgs count = {0};

	dq_args_int8(&args, pipeline_id);
	dq_args_text(&args, edges);
	(void) dq_spi_execute(DQ_BOOKKEEPING,
						  NEW_EDGES "DELETE FROM etl_catalog.edge e"
									" WHERE e.pipeline_id = $1 AND NOT EXISTS"
									" (SELECT FROM n WHERE " SAME_EDGE("n", "e") ")",
						  &args);
	(void) dq_spi_execute(DQ_BOOKKEEPING,
						  NEW_EDGES "INSERT INTO etl_catalog.edge (pipeline_id,"
									" step, check_name, target_oid, target_name,"
									" target_attnum, target_column, source_oid,"
									" source_name, source_attnum, source_column,"
									" through_oid, through_name, kind)"
									" SELECT * FROM n WHERE NOT EXISTS"
									" (SELECT FROM etl_catalog.edge e"
									" WHERE " SAME_EDGE("n", "e") ")",
						  &args);
	dq_args_int8(&count, pipeline_id);
	return dq_rows_int8(dq_spi_query(DQ_BOOKKEEPING,
									 "SELECT count(*) AS edges"
									 " FROM etl_catalog.edge"
									 " WHERE pipeline_id = $1",
									 &count),
						0, "edges");
}

/* ends of edges that are relations, by the names that were stored */
#define ENDS                                                              \
	" (SELECT pipeline_id, step, source_oid AS oid, source_name AS name," \
	" source_attnum AS attnum, source_column AS col, through_oid"         \
	" FROM etl_catalog.edge WHERE source_oid <> 0"                        \
	" UNION SELECT pipeline_id, step, target_oid, target_name,"           \
	" target_attnum, target_column, 0::oid"                               \
	" FROM etl_catalog.edge WHERE target_oid <> 0"                        \
	" UNION SELECT pipeline_id, step, through_oid, through_name, 0, '',"  \
	" 0::oid FROM etl_catalog.edge WHERE through_oid <> 0) e"             \
	" JOIN etl_catalog.pipeline p USING (pipeline_id)"

/*
 * read_broken: the rows of a query as a List of DqBrokenStep *.
 */
static List *
read_broken(const char *sql)
{
	DqRows *rows = dq_spi_query(DQ_BOOKKEEPING, sql, NULL);
	List *broken = NIL;
	uint64 i;

	for (i = 0; i < rows->count; i++)
	{
		DqBrokenStep *one = palloc0(sizeof(DqBrokenStep));

		one->pipeline = dq_rows_text(rows, i, "pipeline");
		one->step = dq_rows_text(rows, i, "step");
		one->object = dq_rows_text(rows, i, "object");
		broken = lappend(broken, one);
	}
	return broken;
}

/*
 * dq_edges_dropped: see edges.h.
 */
List *
dq_edges_dropped(void)
{
	return read_broken("SELECT DISTINCT p.name AS pipeline, e.step,"
					   " e.name || CASE WHEN d.objsubid = 0 THEN ''"
					   " ELSE '.' || quote_ident(e.col) END AS object"
					   " FROM pg_event_trigger_dropped_objects() d"
					   " JOIN" ENDS " ON d.classid = 'pg_class'::regclass"
					   " AND e.oid = d.objid"
					   " AND d.objsubid IN (0, e.attnum)"
					   " ORDER BY 1, 2, 3");
}

/*
 * dq_edges_renamed: see edges.h. What is read by way of a view is named in
 * the view, which follows.
 */
List *
dq_edges_renamed(void)
{
	return read_broken(
		"SELECT DISTINCT p.name AS pipeline, e.step, e.name"
		" || CASE WHEN e.name <> format('%I.%I', n.nspname, c.relname)"
		" THEN '' ELSE '.' || quote_ident(e.col) END AS object"
		" FROM (SELECT DISTINCT objid FROM pg_event_trigger_ddl_commands()"
		" WHERE classid = 'pg_class'::regclass) d"
		" JOIN pg_class c ON c.oid = d.objid"
		" JOIN pg_namespace n ON n.oid = c.relnamespace"
		" JOIN" ENDS " ON e.oid = d.objid AND e.through_oid = 0"
		" LEFT JOIN pg_attribute a ON a.attrelid = d.objid"
		" AND a.attnum = e.attnum AND a.attnum > 0"
		" WHERE a.attname <> e.col"
		" OR e.name <> format('%I.%I', n.nspname, c.relname)"
		" ORDER BY 1, 2, 3");
}
