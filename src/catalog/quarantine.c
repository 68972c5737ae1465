/*
 * quarantine.c
 *	  The table of rows that were kept out of a load.
 */
#include "postgres.h"

#include "base/spi.h"
#include "catalog/pg_type.h"
#include "catalog/quarantine.h"
#include "miscadmin.h"

/* role $n has the privileges of the owner, who is still called so */
#define OWNED_BY(n)                                            \
	" AND EXISTS (SELECT FROM pg_roles me, pg_roles owner"     \
	" WHERE me.oid = " n " AND (me.rolsuper"                   \
	" OR owner.oid = owner_oid AND owner.rolname = owner_name" \
	" AND pg_has_role(me.oid, owner.oid, 'USAGE')))"

/* rows that are still somebody's affair, by ids and step, either NULL */
#define CHOSEN                                      \
	" WHERE pipeline_id = $1"                       \
	" AND ($2 IS NULL OR quarantine_id = ANY ($2))" \
	" AND state IN ('waiting', 'replay')" OWNED_BY("$3")

/*
 * choose: arguments of CHOSEN.
 */
static void
choose(DqArgs *args, int64 pipeline_id, Datum ids)
{
	dq_args_int8(args, pipeline_id);
	dq_args_datum(args, INT8ARRAYOID, ids, ids == (Datum) 0);
	dq_args_oid(args, GetUserId());
}

/*
 * dq_quarantine_store: keep rows; their number.
 */
int64
dq_quarantine_store(const DqQuarantine *quarantine, Datum rows, Datum checks,
					Datum lost)
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
	dq_args_datum(&args, TEXTARRAYOID, lost, false);
	dq_args_text(&args, quarantine->owner_name);
	return dq_spi_execute(DQ_BOOKKEEPING,
						  "INSERT INTO etl_catalog.quarantine (run_id,"
						  " pipeline_id, pipeline, owner_oid, step, source,"
						  " masked, quarantined_at, keep_until, row_data,"
						  " failed_checks, owner_name)"
						  " SELECT $1, $2, $3, $4, $5, $6,"
						  " CASE WHEN r.lost IS NULL THEN $7"
						  " ELSE $7 || r.lost::text[] END, t.now, t.now + $8,"
						  " r.row_data, r.failed_checks::text[], $12"
						  " FROM (SELECT clock_timestamp() AS now OFFSET 0) t,"
						  " unnest($9::jsonb[], $10::text[], $11::text[])"
						  " AS r (row_data, failed_checks, lost)",
						  &args);
}

/*
 * dq_quarantine_claim: what a run takes in again. Rows that a living run has
 * claimed are left to it; so are those that are locked right now.
 */
int64
dq_quarantine_claim(int64 pipeline_id, Oid owner, const char *source,
					int64 run_id, Datum *ids, Datum *rows)
{
	DqArgs args = {0};
	DqRows *result;
	bool isnull;

	dq_args_int8(&args, pipeline_id);
	dq_args_text(&args, source);
	dq_args_int8(&args, run_id);
	dq_args_oid(&args, owner);
	result = dq_spi_query(DQ_BOOKKEEPING,
						  "WITH free AS ("
						  "SELECT quarantine_id FROM etl_catalog.quarantine q"
						  " WHERE pipeline_id = $1 AND state = 'replay'"
						  " AND source = $2"
						  " AND NOT EXISTS (SELECT FROM etl_catalog.run u"
						  "  WHERE u.run_id = q.claimed_run AND u.run_id <> $3"
						  "  AND u.state = 'running')" OWNED_BY("$4") " FOR UPDATE SKIP LOCKED), claimed AS ("
																	  "UPDATE etl_catalog.quarantine q SET claimed_run = $3"
																	  " FROM free f"
																	  " WHERE f.quarantine_id = q.quarantine_id"
																	  " RETURNING q.quarantine_id,"
																	  " coalesce(q.repaired, q.row_data) AS row_data)"
																	  " SELECT count(*) AS n,"
																	  " array_agg(quarantine_id ORDER BY quarantine_id) AS ids,"
																	  " array_agg(row_data ORDER BY quarantine_id) AS rows"
																	  " FROM claimed",
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
					   " WHERE quarantine_id = ANY ($1) AND state = 'replay'"
					   " AND claimed_run = $2",
					   &args) != count)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("rows in quarantine that this run took in again were changed meanwhile"),
				 errdetail("Somebody repaired, discarded or deleted some of them; the run has them as they were."),
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
						  " AND (q.pipeline_id = $1 AND q.state <> 'replay'"
						  "  OR NOT EXISTS (SELECT FROM etl_catalog.pipeline p"
						  "   WHERE p.pipeline_id = q.pipeline_id))"
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
						"SELECT pipeline_id, owner_oid, owner_name, state"
						" FROM etl_catalog.quarantine"
						" WHERE quarantine_id = $1 FOR UPDATE",
						&args);
	if (rows->count == 0)
		return false;
	row->pipeline_id = dq_rows_int8(rows, 0, "pipeline_id");
	row->owner = dq_rows_oid(rows, 0, "owner_oid");
	row->owner_name = dq_rows_text(rows, 0, "owner_name");
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
						  "UPDATE etl_catalog.quarantine SET repaired = $2,"
						  " claimed_run = NULL"
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

	choose(&args, pipeline_id, ids);
	dq_args_text(&args, step);
	return dq_rows_int8(dq_spi_query(DQ_BOOKKEEPING,
									 "SELECT count(*) AS n"
									 " FROM etl_catalog.quarantine" CHOSEN
									 " AND ($4 IS NULL OR step = $4)"
									 " AND masked <> '{}' AND repaired IS NULL",
									 &args),
						0, "n");
}

/*
 * dq_quarantine_homeless: how many of these rows are from other steps.
 */
int64
dq_quarantine_homeless(int64 pipeline_id, Datum ids, const char *step,
					   List *sources)
{
	DqArgs args = {0};

	choose(&args, pipeline_id, ids);
	dq_args_text(&args, step);
	dq_args_text_list(&args, sources);
	return dq_rows_int8(dq_spi_query(DQ_BOOKKEEPING,
									 "SELECT count(*) AS n"
									 " FROM etl_catalog.quarantine" CHOSEN
									 " AND ($4 IS NULL OR step = $4)"
									 " AND source <> ALL (coalesce($5, '{}'))",
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

	choose(&args, pipeline_id, ids);
	dq_args_text(&args, step);
	return dq_spi_execute(DQ_BOOKKEEPING,
						  "UPDATE etl_catalog.quarantine"
						  " SET state = 'replay'" CHOSEN
						  " AND ($4 IS NULL OR step = $4)",
						  &args);
}

/*
 * dq_quarantine_discard: nobody wants them; their number.
 */
int64
dq_quarantine_discard(int64 pipeline_id, Datum ids, const char *reason)
{
	DqArgs args = {0};

	choose(&args, pipeline_id, ids);
	dq_args_text(&args, reason);
	return dq_spi_execute(DQ_BOOKKEEPING,
						  "UPDATE etl_catalog.quarantine"
						  " SET state = 'discarded', note = $4,"
						  " settled_at = clock_timestamp()" CHOSEN,
						  &args);
}
