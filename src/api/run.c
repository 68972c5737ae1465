/*
 * run.c
 *	  SQL functions that start, wait for and cancel runs.
 */
#include "postgres.h"

#include "access/xact.h"
#include "base/dq_etl.h"
#include "base/sqltext.h"
#include "api/guard.h"
#include "catalog/access.h"
#include "catalog/runlog.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "run/engine.h"
#include "run/launch.h"
#include "run/lock.h"
#include "run/start.h"
#include "run/wait.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(dq_etl_run);
PG_FUNCTION_INFO_V1(dq_etl_run_pending);
PG_FUNCTION_INFO_V1(dq_etl_rebuild);
PG_FUNCTION_INFO_V1(dq_etl_wait);
PG_FUNCTION_INFO_V1(dq_etl_cancel);
PG_FUNCTION_INFO_V1(dq_etl_version);
PG_FUNCTION_INFO_V1(dq_etl_catalog_run_is_alive);

typedef enum IfRunning
{
	IF_RUNNING_FAIL,
	IF_RUNNING_SKIP,
	IF_RUNNING_WAIT
} IfRunning;

/*
 * require_no_xid: refuse to wait for another transaction while this one has
 * written something: the run could not see it and might wait for its locks.
 */
static void
require_no_xid(const char *function)
{
	if (!TransactionIdIsValid(GetTopTransactionIdIfAny()))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("%s cannot be called in a transaction that has written data",
					function),
			 errdetail("A run has transactions of its own, which do not see uncommitted changes of this one."),
			 errhint("COMMIT first, or run it in this transaction: SELECT etl.run(..., inline => true).")));
}

/*
 * text_arg: a text argument that must not be NULL.
 */
static char *
text_arg(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", name)));
	return text_to_cstring(PG_GETARG_TEXT_PP(n));
}

/*
 * bool_arg: a boolean argument; NULL is the default.
 */
static bool
bool_arg(FunctionCallInfo fcinfo, int n, bool missing)
{
	return PG_ARGISNULL(n) ? missing : PG_GETARG_BOOL(n);
}

/*
 * parse_if_running: the overlap policy.
 */
static IfRunning
parse_if_running(const char *text)
{
	if (strcmp(text, "fail") == 0)
		return IF_RUNNING_FAIL;
	if (strcmp(text, "skip") == 0)
		return IF_RUNNING_SKIP;
	if (strcmp(text, "wait") == 0)
		return IF_RUNNING_WAIT;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown value \"%s\" for if_running", text),
			 errhint("Use 'fail', 'skip' or 'wait'.")));
}

/*
 * window_args: the window that the caller asks for, from two arguments.
 */
static DqWindowRequest
window_args(FunctionCallInfo fcinfo, int n, bool partial)
{
	DqWindowRequest request = {0};

	request.partial = partial;
	request.after = DT_NOBEGIN;
	if (PG_ARGISNULL(n) != PG_ARGISNULL(n + 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("window_start and window_end must be given together")));
	if (PG_ARGISNULL(n))
		return request;
	request.is_explicit = true;
	request.start = PG_GETARG_TIMESTAMPTZ(n);
	request.end = PG_GETARG_TIMESTAMPTZ(n + 1);
	return request;
}

/*
 * run_inline: the whole run in this transaction, as the owner that the caller
 * must be already.
 */
static DqOutcome *
run_inline(DqPipeline *pipeline, const DqWindowRequest *window, Jsonb *params)
{
	DqRunRequest request = {0};
	DqOutcome *outcome = palloc0(sizeof(DqOutcome));
	MemoryContext cxt;
	DqRun *run;

	if (GetUserId() != pipeline->owner)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("only the owner of pipeline \"%s\" can run it inline",
						pipeline->name),
				 errdetail("An inline run executes as the current user; no identity is switched."),
				 errhint("SET ROLE %s;",
						 dq_sqltext_ident(pipeline->owner_name))));
	cxt = AllocSetContextCreate(CurrentMemoryContext, "dq_etl run",
								ALLOCSET_DEFAULT_SIZES);
	request.pipeline_id = pipeline->id;
	request.window = *window;
	request.params = params;
	request.requested_by = GetUserNameFromId(GetUserId(), false);
	request.is_inline = true;
	dq_wait_cleanup(pipeline->id);
	switch (dq_start_run(&request, cxt, &run, &outcome->note))
	{
		case DQ_START_BUSY:
			outcome->kind = DQ_OUTCOME_BUSY;
			return outcome;
		case DQ_START_IDLE:
			outcome->kind = DQ_OUTCOME_IDLE;
			return outcome;
		case DQ_START_OK:
			break;
	}
	dq_engine_execute_inline(run);
	outcome->kind = DQ_OUTCOME_SUCCEEDED;
	outcome->run_id = run->id;
	return outcome;
}

/*
 * run_worker: the run in a worker, with the policy for a pipeline that is
 * running already; kind DQ_OUTCOME_BUSY is left only for skip.
 */
static DqOutcome *
run_worker(DqPipeline *pipeline, const DqWindowRequest *window, Jsonb *params,
		   bool wait, IfRunning policy)
{
	for (;;)
	{
		DqOutcome *outcome = dq_launch_run(pipeline, window, params, wait);

		if (outcome->kind != DQ_OUTCOME_BUSY)
			return outcome;
		switch (policy)
		{
			case IF_RUNNING_FAIL:
				dq_launch_raise_busy(pipeline);
				break;
			case IF_RUNNING_SKIP:
				return outcome;
			case IF_RUNNING_WAIT:
				dq_launch_wait_pipeline(pipeline);
				break;
		}
	}
}

/*
 * load_for_run: the pipeline, which the caller may run and which may run.
 */
static DqPipeline *
load_for_run(const char *name, bool for_worker)
{
	DqPipeline *pipeline = dq_pipeline_load(name, 0, false);

	dq_access_require(pipeline, DQ_MAY_RUN);
	dq_pipeline_check_runnable(pipeline, for_worker);
	return pipeline;
}

/*
 * etl.run(pipeline, window_start, window_end, params, wait, inline,
 * if_running, partial) -> bigint
 */
Datum
dq_etl_run(PG_FUNCTION_ARGS)
{
	char *name = text_arg(fcinfo, 0, "pipeline");
	Jsonb *params = PG_ARGISNULL(3) ? NULL : PG_GETARG_JSONB_P(3);
	bool wait = bool_arg(fcinfo, 4, true);
	bool is_inline = bool_arg(fcinfo, 5, false);
	IfRunning policy = parse_if_running(text_arg(fcinfo, 6, "if_running"));
	DqWindowRequest window = window_args(fcinfo, 1,
										 bool_arg(fcinfo, 7, false));
	DqPipeline *pipeline;
	DqOutcome *outcome;

	dq_guard_writable("etl.run()");
	pipeline = load_for_run(name, !is_inline);
	if (is_inline)
	{
		while ((outcome = run_inline(pipeline, &window, params))->kind ==
				   DQ_OUTCOME_BUSY &&
			   policy == IF_RUNNING_WAIT)
			dq_launch_wait_pipeline(pipeline);
	}
	else
	{
		require_no_xid("etl.run()");
		outcome = run_worker(pipeline, &window, params, wait, policy);
	}

	switch (outcome->kind)
	{
		case DQ_OUTCOME_FAILED:
			dq_launch_raise(outcome);
			break;
		case DQ_OUTCOME_BUSY:
			if (policy == IF_RUNNING_FAIL)
				dq_launch_raise_busy(pipeline);
			PG_RETURN_NULL();
		case DQ_OUTCOME_IDLE:
			ereport(NOTICE,
					(errmsg("pipeline \"%s\" has nothing to do: %s",
							pipeline->name,
							outcome->note ? outcome->note : "not due")));
			PG_RETURN_NULL();
		case DQ_OUTCOME_SUCCEEDED:
			if (outcome->note != NULL)
				ereport(WARNING,
						(errmsg("run " INT64_FORMAT " was published, but %s",
								outcome->run_id, outcome->note)));
			break;
	}
	PG_RETURN_INT64(outcome->run_id);
}

/*
 * raise_windows_failed: what etl.run_pending says at its end.
 */
static void
raise_windows_failed(DqPipeline *pipeline, int failed, int tried,
					 StringInfo list, ErrorData *first)
{
	ereport(ERROR,
			(errcode(ERRCODE_DQ_WINDOWS_FAILED),
			 errmsg("%d of %d windows of pipeline \"%s\" failed: %s",
					failed, tried, pipeline->name, first->message),
			 errdetail("Failed runs: %s.", list->data),
			 errhint("SELECT * FROM etl.run_errors WHERE pipeline = %s ORDER BY run_id DESC;",
					 dq_sqltext_literal(pipeline->name))));
}

/*
 * etl.run_pending(pipeline, max_windows) -> bigint
 *
 * Windows are run from the oldest on, each in a worker of its own; one that
 * failed is passed by and reported at the end.
 */
Datum
dq_etl_run_pending(PG_FUNCTION_ARGS)
{
	char *name = text_arg(fcinfo, 0, "pipeline");
	int limit = PG_ARGISNULL(1) ? PG_INT32_MAX : PG_GETARG_INT32(1);
	DqPipeline *pipeline;
	DqWindowRequest window = {0};
	StringInfoData list;
	ErrorData *first = NULL;
	int tried = 0;
	int failed = 0;

	if (limit < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_windows must be at least 1")));
	dq_guard_writable("etl.run_pending()");
	pipeline = load_for_run(name, true);
	require_no_xid("etl.run_pending()");
	initStringInfo(&list);
	window.after = DT_NOBEGIN;
	while (tried < limit)
	{
		DqOutcome *outcome = run_worker(pipeline, &window, NULL, true,
										IF_RUNNING_SKIP);

		if (outcome->kind == DQ_OUTCOME_IDLE ||
			outcome->kind == DQ_OUTCOME_BUSY)
			break;
		if (outcome->kind == DQ_OUTCOME_FAILED && outcome->run_id == 0)
			dq_launch_raise(outcome);
		tried++;
		if (outcome->kind == DQ_OUTCOME_FAILED)
		{
			failed++;
			appendStringInfo(&list, "%s" INT64_FORMAT,
							 failed > 1 ? ", " : "", outcome->run_id);
			if (first == NULL)
				first = outcome->error;
			if (outcome->error->sqlerrcode == ERRCODE_QUERY_CANCELED)
				break;
		}
		if (pipeline->period == NULL)
			break;
		window.after = outcome->window_end;
	}
	if (failed > 0)
		raise_windows_failed(pipeline, failed, tried, &list, first);
	PG_RETURN_INT64(tried);
}

/*
 * etl.rebuild(pipeline) -> bigint
 *
 * One run over all that is done. It may lose what the sources do not have any
 * more, so it takes whoever may edit the pipeline.
 */
Datum
dq_etl_rebuild(PG_FUNCTION_ARGS)
{
	char *name = text_arg(fcinfo, 0, "pipeline");
	DqWindowRequest window = {0};
	DqPipeline *pipeline;
	DqOutcome *outcome;

	dq_guard_writable("etl.rebuild()");
	pipeline = load_for_run(name, true);
	dq_access_require(pipeline, DQ_MAY_EDIT);
	require_no_xid("etl.rebuild()");
	window.is_rebuild = true;
	window.after = DT_NOBEGIN;
	outcome = run_worker(pipeline, &window, NULL, true, IF_RUNNING_FAIL);
	if (outcome->kind == DQ_OUTCOME_FAILED)
		dq_launch_raise(outcome);
	if (outcome->kind == DQ_OUTCOME_IDLE)
	{
		ereport(NOTICE,
				(errmsg("pipeline \"%s\" has nothing to rebuild: %s",
						pipeline->name,
						outcome->note ? outcome->note : "not due")));
		PG_RETURN_NULL();
	}
	if (outcome->note != NULL)
		ereport(WARNING,
				(errmsg("run " INT64_FORMAT " was published, but %s",
						outcome->run_id, outcome->note)));
	PG_RETURN_INT64(outcome->run_id);
}

/*
 * require_run_access: the pipeline of a run, if it is the caller's to watch or
 * to stop.
 */
static void
require_run_access(int64 run_id, DqPrivilege privilege)
{
	DqRunRow row;

	if (!dq_runlog_read(run_id, &row) ||
		!dq_access_allowed(row.live.pipeline_id, row.owner, DQ_MAY_VIEW))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("run " INT64_FORMAT " does not exist", run_id),
				 errhint("SELECT run_id, pipeline, state FROM etl.runs ORDER BY run_id DESC LIMIT 10;")));
	if (!dq_access_allowed(row.live.pipeline_id, row.owner, privilege))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for run " INT64_FORMAT, run_id)));
}

/*
 * etl.wait(run_id, timeout) -> text
 */
Datum
dq_etl_wait(PG_FUNCTION_ARGS)
{
	int64 run_id;
	int64 timeout_ms = -1;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	run_id = PG_GETARG_INT64(0);
	require_run_access(run_id, DQ_MAY_VIEW);
	if (!PG_ARGISNULL(1))
	{
		Interval *timeout = PG_GETARG_INTERVAL_P(1);
		double days = timeout->day + 30.0 * timeout->month;
		double ms = timeout->time / 1000.0 + days * (USECS_PER_DAY / 1000.0);

		if (ms < 0 || ms > (double) PG_INT32_MAX * 1000.0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("timeout is out of range")));
		timeout_ms = (int64) ms;
	}
	PG_RETURN_TEXT_P(cstring_to_text(dq_launch_wait_run(run_id, timeout_ms)));
}

/*
 * etl.cancel(run_id) -> boolean
 */
Datum
dq_etl_cancel(PG_FUNCTION_ARGS)
{
	int64 run_id;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	run_id = PG_GETARG_INT64(0);
	PreventCommandDuringRecovery("etl.cancel()");
	require_run_access(run_id, DQ_MAY_RUN);
	PG_RETURN_BOOL(dq_launch_cancel(run_id));
}

/*
 * etl.version() -> text
 */
Datum
dq_etl_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(DQ_VERSION));
}

/*
 * etl_catalog.run_is_alive(run_id, backend_pid, backend_start) -> boolean
 */
Datum
dq_etl_catalog_run_is_alive(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(dq_lock_run_is_alive(PG_GETARG_INT64(0),
										PG_GETARG_INT32(1),
										PG_GETARG_TIMESTAMPTZ(2)));
}
