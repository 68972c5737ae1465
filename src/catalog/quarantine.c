/*
 * quarantine.c
 *	  The table of rows that were kept out of a load.
 */
#include "postgres.h"

#include "base/spi.h"
#include "catalog/pg_type.h"
#include "catalog/quarantine.h"

/* rows that are still somebody's affair, by ids and step, either NULL */
#define CHOSEN                                      \
	" WHERE pipeline_id = $1"                       \
	" AND ($2 IS NULL OR quarantine_id = ANY ($2))" \
	" AND state IN ('waiting', 'replay')"

/*
 * add_ids: a bigint[] argument; 0 is NULL.
 */
static void
add_ids(DqArgs *args, Datum ids)
{
	dq_args_datum(args, INT8ARRAYOID, ids, ids == (Datum) 0);
}

/*
 * dq_quarantine_store: keep rows; their number.
 */
int64
dq_quarantine_store(const DqQuarantine *quarantine, Datum rows, Datum checks)
{
	DqArgs args = {0};

	dq_args_int8(&args, quarantine->run_id);
	dq_args_int8(&args, quarantine->pipeline_id);
	dq_args_text(&args, quarantine->pipeline);
	dq_args_oid(&args, quarantine->owner);
	dq_args_text(&args, quarantine->step);
	dq_args_text(&args, quarantine->source);
	dq_args_text_list(&args, quarantine->mask);
	dq_args_interval(&args, quarantine->keep);
	dq_args_datum(&args, JSONBARRAYOID, rows, false);
	dq_args_datum(&args, TEXTARRAYOID, checks, false);
	return dq_spi_execute(DQ_BOOKKEEPING,
						  "INSERT INTO etl_catalog.quarantine (run_id,"
						  " pipeline_id, pipeline, owner_oid, step, source,"
						  " masked, keep_until, row_data, failed_checks)"
						  " SELECT $1, $2, $3, $4, $5, $6,"
						  " coalesce($7, '{}'), clock_timestamp() + $8,"
						  " r.row_data, r.failed_checks::text[]"
						  " FROM unnest($9::jsonb[], $10::text[])"
						  " AS r (row_data, failed_checks)",
						  &args);
}

/*
 * dq_quarantine_to_replay: what the next run takes in again.
 */
int64
dq_quarantine_to_replay(int64 pipeline_id, const char *source, Datum *ids,
						Datum *rows)
{
	DqArgs args = {0};
	DqRows *result;
	bool isnull;

	dq_args_int8(&args, pipeline_id);
	dq_args_text(&args, source);
	result = dq_spi_query(DQ_BOOKKEEPING,
						  "SELECT count(*) AS n,"
						  " array_agg(quarantine_id ORDER BY quarantine_id) AS ids,"
						  " array_agg(coalesce(repaired, row_data)"
						  "  ORDER BY quarantine_id) AS rows"
						  " FROM etl_catalog.quarantine"
						  " WHERE pipeline_id = $1 AND state = 'replay'"
						  " AND source = $2",
						  &args);
	*ids = dq_rows_datum(result, 0, "ids", &isnull);
	*rows = dq_rows_datum(result, 0, "rows", &isnull);
	return dq_rows_int8(result, 0, "n");
}

/*
 * dq_quarantine_replayed: rows are part of what this run publishes.
 */
void
dq_quarantine_replayed(Datum ids, int64 count, int64 run_id)
{
	DqArgs args = {0};

	dq_args_datum(&args, INT8ARRAYOID, ids, false);
	dq_args_int8(&args, run_id);
	if (dq_spi_execute(DQ_BOOKKEEPING,
					   "UPDATE etl_catalog.quarantine"
					   " SET state = 'replayed', settled_run = $2,"
					   " settled_at = clock_timestamp()"
					   " WHERE quarantine_id = ANY ($1) AND state = 'replay'",
					   &args) != count)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("rows in quarantine were settled by somebody else meanwhile"),
				 errhint("Run the pipeline again.")));
}

/*
 * dq_quarantine_purge: delete rows that are past their time.
 */
int64
dq_quarantine_purge(int64 pipeline_id, int max_rows)
{
	DqArgs args = {0};

	dq_args_int8(&args, pipeline_id);
	dq_args_int4(&args, max_rows);
	return dq_spi_execute(DQ_BOOKKEEPING,
						  "DELETE FROM etl_catalog.quarantine"
						  " WHERE quarantine_id IN ("
						  "SELECT q.quarantine_id FROM etl_catalog.quarantine q"
						  " WHERE q.keep_until < clock_timestamp()"
						  " AND q.pipeline_id = $1 AND q.state <> 'replay'"
						  " LIMIT $2 FOR UPDATE SKIP LOCKED)",
						  &args);
}

/*
 * dq_quarantine_find: whose row it is; false when there is none.
 */
bool
dq_quarantine_find(int64 quarantine_id, DqQuarantineRow *row)
{
	DqArgs args = {0};
	DqRows *rows;

	dq_args_int8(&args, quarantine_id);
	rows = dq_spi_query(DQ_BOOKKEEPING,
						"SELECT pipeline_id, owner_oid, state"
						" FROM etl_catalog.quarantine"
						" WHERE quarantine_id = $1 FOR UPDATE",
						&args);
	if (rows->count == 0)
		return false;
	row->pipeline_id = dq_rows_int8(rows, 0, "pipeline_id");
	row->owner = dq_rows_oid(rows, 0, "owner_oid");
	row->state = dq_rows_text(rows, 0, "state");
	return true;
}

/*
 * dq_quarantine_repair: what the row should have been.
 */
void
dq_quarantine_repair(int64 quarantine_id, Jsonb *row)
{
	DqArgs args = {0};

	dq_args_int8(&args, quarantine_id);
	dq_args_jsonb(&args, row);
	(void) dq_spi_execute(DQ_BOOKKEEPING,
						  "UPDATE etl_catalog.quarantine SET repaired = $2"
						  " WHERE quarantine_id = $1",
						  &args);
}

/*
 * dq_quarantine_masked: how many of these rows lack values and nobody has
 * repaired them.
 */
int64
dq_quarantine_masked(int64 pipeline_id, Datum ids, const char *step)
{
	DqArgs args = {0};

	dq_args_int8(&args, pipeline_id);
	add_ids(&args, ids);
	dq_args_text(&args, step);
	return dq_rows_int8(dq_spi_query(DQ_BOOKKEEPING,
									 "SELECT count(*) AS n"
									 " FROM etl_catalog.quarantine" CHOSEN
									 " AND ($3 IS NULL OR step = $3)"
									 " AND masked <> '{}' AND repaired IS NULL",
									 &args),
						0, "n");
}

/*
 * dq_quarantine_replay: the next run takes them in; their number.
 */
int64
dq_quarantine_replay(int64 pipeline_id, Datum ids, const char *step)
{
	DqArgs args = {0};

	dq_args_int8(&args, pipeline_id);
	add_ids(&args, ids);
	dq_args_text(&args, step);
	return dq_spi_execute(DQ_BOOKKEEPING,
						  "UPDATE etl_catalog.quarantine"
						  " SET state = 'replay'" CHOSEN
						  " AND ($3 IS NULL OR step = $3)",
						  &args);
}

/*
 * dq_quarantine_discard: nobody wants them; their number.
 */
int64
dq_quarantine_discard(int64 pipeline_id, Datum ids, const char *reason)
{
	DqArgs args = {0};

	dq_args_int8(&args, pipeline_id);
	add_ids(&args, ids);
	dq_args_text(&args, reason);
	return dq_spi_execute(DQ_BOOKKEEPING,
						  "UPDATE etl_catalog.quarantine"
						  " SET state = 'discarded', note = $3,"
						  " settled_at = clock_timestamp()" CHOSEN,
						  &args);
}
