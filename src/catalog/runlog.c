/*
 * runlog.c
 *	  The record of runs: run, run_step, run_error, check_result.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "base/dq_etl.h"
#include "base/spi.h"
#include "catalog/pg_type.h"
#include "catalog/runlog.h"
#include "miscadmin.h"
#include "utils/timestamp.h"

/*
 * dq_runlog_state_name: the state as it is stored and shown.
 */
const char *
dq_runlog_state_name(DqRunState state)
{
	switch (state)
	{
		case DQ_RUN_QUEUED:
			return "queued";
		case DQ_RUN_RUNNING:
			return "running";
		case DQ_RUN_SUCCEEDED:
			return "succeeded";
		case DQ_RUN_FAILED:
			return "failed";
		case DQ_RUN_CANCELLED:
			return "cancelled";
		case DQ_RUN_CRASHED:
			return "crashed";
		case DQ_RUN_SKIPPED:
			return "skipped";
	}
	elog(ERROR, "unrecognized run state: %d", (int) state);
	return NULL;
}

/*
 * dq_runlog_next_id: draw the id of a new run.
 */
int64
dq_runlog_next_id(void)
{
	DqRows *rows;

	rows = dq_spi_query(DQ_BOOKKEEPING,
						"SELECT nextval('etl_catalog.run_run_id_seq') AS id",
						NULL);
	return dq_rows_int8(rows, 0, "id");
}

/*
 * dq_runlog_insert: the row of a run that starts now in this process.
 *
 * The caller holds the run's lock already: a row that says running belongs to
 * a process that can be found.
 */
void
dq_runlog_insert(int64 run_id, const DqPipeline *pipeline,
				 const DqWindow *window, Jsonb *params, bool is_inline,
				 const char *requested_by)
{
	DqStep *first =
		pipeline->steps ? (DqStep *) linitial(pipeline->steps) : NULL;
	DqArgs args = {0};

	dq_args_int8(&args, run_id);
	dq_args_int8(&args, pipeline->id);
	dq_args_text(&args, pipeline->name);
	dq_args_int4(&args, pipeline->version);
	dq_args_oid(&args, pipeline->owner);
	dq_args_timestamptz(&args, window->start);
	dq_args_timestamptz(&args, window->end);
	dq_args_timestamptz(&args, window->data_start);
	dq_args_datum(&args, DATEOID, DateADTGetDatum(window->logical_date),
				  false);
	dq_args_bool(&args, window->partial);
	dq_args_bool(&args, is_inline);
	dq_args_jsonb(&args, params);
	dq_args_text(&args, requested_by);
	dq_args_int4(&args, MyProcPid);
	dq_args_timestamptz(&args, MyStartTimestamp);
	dq_args_text(&args, first ? first->name : NULL);
	(void) dq_spi_execute(DQ_BOOKKEEPING,
						  "INSERT INTO etl_catalog.run (run_id, pipeline_id,"
						  " pipeline, version, owner_oid, state, run_window,"
						  " data_window, logical_date, partial, inline,"
						  " params, requested_by, backend_pid, backend_start,"
						  " step)"
						  " OVERRIDING SYSTEM VALUE"
						  " VALUES ($1, $2, $3, $4, $5, 'running',"
						  " tstzrange(nullif($6, '-infinity'), $7),"
						  " tstzrange(nullif($8, '-infinity'), $7),"
						  " $9, $10, $11, $12, $13, $14, $15, $16)",
						  &args);
}

/*
 * dq_runlog_set_state: end a run. The only place that changes a state.
 */
void
dq_runlog_set_state(int64 run_id, DqRunState to, bool stages_kept)
{
	DqArgs args = {0};

	Assert(to == DQ_RUN_SUCCEEDED || to == DQ_RUN_FAILED ||
		   to == DQ_RUN_CANCELLED || to == DQ_RUN_CRASHED);
	dq_args_int8(&args, run_id);
	dq_args_text(&args, dq_runlog_state_name(to));
	dq_args_bool(&args, stages_kept);
	if (dq_spi_execute(DQ_BOOKKEEPING,
					   "UPDATE etl_catalog.run SET state = $2,"
					   " finished_at = clock_timestamp(), step = NULL,"
					   " next_retry_at = NULL, stages_kept = $3"
					   " WHERE run_id = $1 AND state = 'running'",
					   &args) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("run " INT64_FORMAT " is not running", run_id)));
}

/*
 * dq_runlog_mark_crashed: a run whose process is gone; false when it ended by
 * itself between the look at its lock and now, or another transaction, which
 * nobody shall wait for, is marking it.
 */
bool
dq_runlog_mark_crashed(const DqLiveRun *live)
{
	DqArgs args = {0};

	dq_args_int8(&args, live->run_id);
	dq_args_int4(&args, live->pid);
	return dq_spi_execute(DQ_BOOKKEEPING,
						  "UPDATE etl_catalog.run SET state = 'crashed',"
						  " finished_at = clock_timestamp(),"
						  " next_retry_at = NULL, stages_kept = true"
						  " WHERE run_id IN (SELECT r.run_id"
						  " FROM etl_catalog.run r"
						  " WHERE r.run_id = $1 AND r.state = 'running'"
						  " AND r.backend_pid = $2"
						  " FOR UPDATE SKIP LOCKED)",
						  &args) == 1;
}

/*
 * dq_runlog_set_step: the step that is under way, for who looks on.
 */
void
dq_runlog_set_step(int64 run_id, const char *step)
{
	DqArgs args = {0};

	dq_args_int8(&args, run_id);
	dq_args_text(&args, step);
	(void) dq_spi_execute(DQ_BOOKKEEPING,
						  "UPDATE etl_catalog.run SET step = $2"
						  " WHERE run_id = $1",
						  &args);
}

/*
 * dq_runlog_set_attempt: the next attempt of a run begins.
 */
void
dq_runlog_set_attempt(int64 run_id, int attempt)
{
	DqArgs args = {0};

	dq_args_int8(&args, run_id);
	dq_args_int4(&args, attempt);
	(void) dq_spi_execute(DQ_BOOKKEEPING,
						  "UPDATE etl_catalog.run SET attempt = $2,"
						  " next_retry_at = NULL WHERE run_id = $1",
						  &args);
}

/*
 * dq_runlog_set_retry: the run waits until then for its next attempt.
 */
void
dq_runlog_set_retry(int64 run_id, TimestampTz at)
{
	DqArgs args = {0};

	dq_args_int8(&args, run_id);
	dq_args_timestamptz(&args, at);
	(void) dq_spi_execute(DQ_BOOKKEEPING,
						  "UPDATE etl_catalog.run SET next_retry_at = $2"
						  " WHERE run_id = $1",
						  &args);
}

/*
 * args_count: append a count; negative is unknown.
 */
static void
args_count(DqArgs *args, int64 count)
{
	dq_args_datum(args, INT8OID, Int64GetDatum(count), count < 0);
}

/*
 * dq_runlog_add_step: a step ended. counts may be NULL.
 */
void
dq_runlog_add_step(int64 run_id, int attempt, const DqStep *step,
				   const char *state, TimestampTz started_at,
				   const DqStepCounts *counts, const char *message)
{
	static const DqStepCounts unknown = {-1, -1, -1, -1, -1,
										 -1, -1, -1};
	DqArgs args = {0};

	if (counts == NULL)
		counts = &unknown;
	dq_args_int8(&args, run_id);
	dq_args_int4(&args, attempt);
	dq_args_int4(&args, step->run_order);
	dq_args_text(&args, step->name);
	dq_args_text(&args, dq_pipeline_kind_name(step->kind));
	dq_args_text(&args, dq_pipeline_phase_name(step->phase));
	dq_args_text(&args, state);
	dq_args_timestamptz(&args, started_at);
	args_count(&args, counts->read);
	args_count(&args, counts->inserted);
	args_count(&args, counts->updated);
	args_count(&args, counts->unchanged);
	args_count(&args, counts->suppressed);
	dq_args_text(&args, message);
	args_count(&args, counts->deleted);
	args_count(&args, counts->closed);
	args_count(&args, counts->rejected);
	(void) dq_spi_execute(DQ_BOOKKEEPING,
						  "INSERT INTO etl_catalog.run_step (run_id, attempt,"
						  " run_order, step, kind, phase, state, started_at,"
						  " finished_at, rows_read, rows_inserted,"
						  " rows_updated, rows_unchanged, rows_suppressed,"
						  " message, rows_deleted, rows_closed,"
						  " rows_rejected) VALUES ($1, $2, $3, $4, $5, $6, $7,"
						  " $8, clock_timestamp(), $9, $10, $11, $12, $13,"
						  " $14, $15, $16, $17)",
						  &args);
}

/*
 * dq_runlog_add_error: why an attempt ended; step may be NULL.
 */
void
dq_runlog_add_error(int64 run_id, int attempt, const char *step,
					const ErrorData *error, bool will_retry)
{
	DqArgs args = {0};

	dq_args_int8(&args, run_id);
	dq_args_int4(&args, attempt);
	dq_args_text(&args, step);
	dq_args_text(&args, unpack_sql_state(error->sqlerrcode));
	dq_args_text(&args, error->message ? error->message : "unknown error");
	dq_args_text(&args, error->detail);
	dq_args_text(&args, error->hint);
	dq_args_text(&args, error->context);
	dq_args_text(&args, error->schema_name);
	dq_args_text(&args, error->table_name);
	dq_args_text(&args, error->column_name);
	dq_args_text(&args, error->datatype_name);
	dq_args_text(&args, error->constraint_name);
	dq_args_text(&args, error->internalquery);
	dq_args_datum(&args, INT4OID, Int32GetDatum(error->internalpos),
				  error->internalpos <= 0);
	dq_args_bool(&args, will_retry);
	(void) dq_spi_execute(DQ_BOOKKEEPING,
						  "INSERT INTO etl_catalog.run_error (run_id,"
						  " attempt, step, sqlstate, message, detail, hint,"
						  " context, schema_name, table_name, column_name,"
						  " datatype_name, constraint_name, statement,"
						  " statement_position, will_retry)"
						  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
						  " $11, $12, $13, $14, $15, $16)",
						  &args);
}

/*
 * dq_runlog_add_verdict: one check result, a datum of etl.check_result.
 */
void
dq_runlog_add_verdict(int64 run_id, int attempt, const char *step,
					  const char *source, int position, Datum result)
{
	DqArgs args = {0};
	Oid type = HeapTupleHeaderGetTypeId(DatumGetHeapTupleHeader(result));

	dq_args_int8(&args, run_id);
	dq_args_int4(&args, attempt);
	dq_args_text(&args, step);
	dq_args_text(&args, source);
	dq_args_int4(&args, position);
	dq_args_datum(&args, type, result, false);
	(void) dq_spi_execute(DQ_BOOKKEEPING,
						  "INSERT INTO etl_catalog.check_result (run_id,"
						  " attempt, step, source, position, result)"
						  " VALUES ($1, $2, $3, $4, $5, $6)",
						  &args);
}

/*
 * dq_runlog_note_idle: a call found nothing to do.
 */
void
dq_runlog_note_idle(int64 pipeline_id, const char *reason)
{
	DqArgs args = {0};

	dq_args_int8(&args, pipeline_id);
	dq_args_text(&args, reason);
	(void) dq_spi_execute(DQ_BOOKKEEPING,
						  "UPDATE etl_catalog.pipeline SET"
						  " idle_calls = idle_calls + 1, idle_reason = $2,"
						  " idle_at = clock_timestamp()"
						  " WHERE pipeline_id = $1",
						  &args);
}

/*
 * fill_live: the identity columns of a row of run.
 */
static void
fill_live(const DqRows *rows, uint64 row, DqLiveRun *live)
{
	bool isnull;

	live->run_id = dq_rows_int8(rows, row, "run_id");
	live->pipeline_id = dq_rows_int8(rows, row, "pipeline_id");
	live->pid = dq_rows_int4(rows, row, "backend_pid");
	live->backend_start =
		DatumGetTimestampTz(dq_rows_datum(rows, row, "backend_start",
										  &isnull));
	live->step = dq_rows_text(rows, row, "step");
	live->started_at =
		DatumGetTimestampTz(dq_rows_datum(rows, row, "started_at", &isnull));
}

/*
 * dq_runlog_read: one run as committed now; false when there is none.
 */
bool
dq_runlog_read(int64 run_id, DqRunRow *row)
{
	DqArgs args = {0};
	DqRows *rows;

	dq_args_int8(&args, run_id);
	rows = dq_spi_query_fresh("SELECT run_id, pipeline_id, pipeline,"
							  " owner_oid, state, backend_pid,"
							  " backend_start, step, started_at"
							  " FROM etl_catalog.run WHERE run_id = $1",
							  &args);
	if (rows->count == 0)
		return false;
	fill_live(rows, 0, &row->live);
	row->pipeline = dq_rows_text(rows, 0, "pipeline");
	row->owner = dq_rows_oid(rows, 0, "owner_oid");
	row->state = dq_rows_text(rows, 0, "state");
	return true;
}

/*
 * dq_runlog_live: rows that say running, of one pipeline or (0) of all, as
 * committed now; in the current memory context.
 */
List *
dq_runlog_live(int64 pipeline_id)
{
	DqArgs args = {0};
	DqRows *rows;
	List *result = NIL;
	uint64 i;

	dq_args_int8(&args, pipeline_id);
	rows = dq_spi_query_fresh("SELECT run_id, pipeline_id, backend_pid,"
							  " backend_start, step, started_at"
							  " FROM etl_catalog.run"
							  " WHERE state IN ('queued', 'running')"
							  " AND ($1 = 0 OR pipeline_id = $1)"
							  " ORDER BY run_id",
							  &args);
	for (i = 0; i < rows->count; i++)
	{
		DqLiveRun *live = palloc0(sizeof(DqLiveRun));

		fill_live(rows, i, live);
		result = lappend(result, live);
	}
	return result;
}

/*
 * dq_runlog_stale_stages: ids of earlier runs of a pipeline whose stages are
 * still there although they succeeded, a later run of the same window did, or
 * they are older than keep_minutes. A List of int64 *.
 */
List *
dq_runlog_stale_stages(int64 pipeline_id, int64 current_run,
					   int keep_minutes)
{
	DqArgs args = {0};
	DqRows *rows;
	List *result = NIL;
	uint64 i;

	dq_args_int8(&args, pipeline_id);
	dq_args_int8(&args, current_run);
	dq_args_int4(&args, keep_minutes);
	rows = dq_spi_query(DQ_BOOKKEEPING,
						"SELECT r.run_id FROM etl_catalog.run r"
						" WHERE r.pipeline_id = $1 AND r.run_id <> $2"
						" AND r.stages_kept"
						" AND r.state NOT IN ('queued', 'running')"
						" AND (r.finished_at < clock_timestamp()"
						"      - make_interval(mins => $3)"
						"  OR r.state = 'succeeded'"
						"  OR EXISTS (SELECT FROM etl_catalog.run s"
						"   WHERE s.pipeline_id = $1"
						"   AND s.run_id > r.run_id"
						"   AND s.state = 'succeeded'"
						"   AND s.run_window @> r.run_window))"
						" ORDER BY r.run_id LIMIT 20",
						&args);
	for (i = 0; i < rows->count; i++)
	{
		int64 *id = palloc(sizeof(int64));

		*id = dq_rows_int8(rows, i, "run_id");
		result = lappend(result, id);
	}
	return result;
}

/*
 * dq_runlog_stages_dropped: the kept stages of a run are gone.
 */
void
dq_runlog_stages_dropped(int64 run_id)
{
	DqArgs args = {0};

	dq_args_int8(&args, run_id);
	(void) dq_spi_execute(DQ_BOOKKEEPING,
						  "UPDATE etl_catalog.run SET stages_kept = false"
						  " WHERE run_id = $1",
						  &args);
}
