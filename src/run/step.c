/*
 * step.c
 *	  Executing one step of a run inside the current transaction.
 *
 * A step's SQL runs as the owner (whom this process is connected as, or who
 * called inline), under the pinned settings and the run's search_path, inside
 * an error frame that names run, pipeline and step. What it changed in the
 * session is undone before anything of ours goes on.
 */
#include "postgres.h"

#include "access/xact.h"
#include "base/errctx.h"
#include "base/guc.h"
#include "base/json.h"
#include "base/dq_etl.h"
#include "base/portal.h"
#include "base/session.h"
#include "base/spi.h"
#include "catalog/metric.h"
#include "catalog/namespace.h"
#include "catalog/runlog.h"
#include "load/load.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "quality/quality.h"
#include "run/exchange.h"
#include "run/lock.h"
#include "run/setaside.h"
#include "run/step.h"
#include "run/timeout.h"
#include "run/tx.h"
#include "stage/stage.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

typedef struct StepResult
{
	DqStepCounts counts;
	char *message;
	const char *state; /* succeeded, failed or skipped */
} StepResult;

typedef struct HandlerCall
{
	DqRun *run;
	DqStep *step;
	StepResult *result;
} HandlerCall;

typedef void (*StepHandler)(DqRun *run, DqStep *step, StepResult *result);

/*
 * dq_step_find: a step of the run by its name, NULL when there is none.
 */
DqStep *
dq_step_find(DqRun *run, const char *name)
{
	ListCell *lc;

	foreach(lc, run->pipeline->steps)
	{
		DqStep *step = (DqStep *) lfirst(lc);

		if (strcmp(step->name, name) == 0)
			return step;
	}
	return NULL;
}

/*
 * build_stage: an extract or transform step.
 */
static void
build_stage(DqRun *run, DqStep *step, StepResult *result)
{
	char *query = dq_json_text(step->options, "query", step->name);

	/* rows that row security hides must be an error, not a partial load */
	dq_session_set("row_security", "off", run->is_inline);
	result->counts.read = dq_stage_build(run->schema, step->name, query);
	result->counts.read += dq_exchange_return(run, step->name);
}

/*
 * source_relation: what an expect step checks: the stage of a step, else a
 * relation found by the search_path in force.
 */
static Oid
source_relation(DqRun *run, const char *source)
{
	DqStep *step = dq_step_find(run, source);
	List *names;

	if (step != NULL && (step->kind == DQ_EXTRACT ||
						 step->kind == DQ_TRANSFORM))
		return dq_stage_relation(run->schema, source);
	names = textToQualifiedNameList(cstring_to_text(source));
	return RangeVarGetRelid(makeRangeVarFromNameList(names), AccessShareLock,
							false);
}

/*
 * gate_hint: where to look. Nothing of an inline run can be looked at later.
 */
static char *
gate_hint(DqRun *run, DqVerdict *verdict)
{
	if (!run->is_inline)
		return psprintf("See the verdicts: SELECT * FROM etl.check_results WHERE run_id = " INT64_FORMAT ";",
						run->id);
	if (verdict->failed_rows_sql != NULL)
		return psprintf("See the rows: %s", verdict->failed_rows_sql);
	return pstrdup("Run the check alone: SELECT * FROM etl.check(...);");
}

/*
 * raise_gate: the error of a gate that holds the run up, from the first check
 * that failed.
 */
static void
raise_gate(DqRun *run, DqStep *step, const char *source, List *verdicts)
{
	DqVerdict *first = NULL;
	int failed = 0;
	ListCell *lc;

	foreach(lc, verdicts)
	{
		DqVerdict *verdict = (DqVerdict *) lfirst(lc);

		if (verdict->success)
			continue;
		failed++;
		if (first == NULL)
			first = verdict;
	}
	if (first == NULL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_DQ_CHECK_FAILED),
			 failed == 1 ? errmsg("check failed on \"%s\": %s",
								  source, first->check_name) :
						   errmsg("%d checks failed on \"%s\", the first: %s",
								  failed, source, first->check_name),
			 errdetail("%s; run " INT64_FORMAT " of pipeline \"%s\" stopped in step \"%s\", nothing was loaded.",
					   first->message ? first->message : "Not good enough",
					   run->id, run->pipeline->name, step->name),
			 errhint("%s", gate_hint(run, first))));
}

/*
 * only_warn: on_fail => warn. What failed is recorded as a warning, what could
 * not be evaluated as the error that it is; neither stops the run.
 */
static void
only_warn(List *verdicts)
{
	ListCell *lc;

	foreach(lc, verdicts)
	{
		DqVerdict *verdict = (DqVerdict *) lfirst(lc);

		if (verdict->status == DQ_CHECK_FAIL)
			verdict->status = DQ_CHECK_WARN;
		verdict->success = true;
	}
}

/*
 * judge: evaluate the checks of a task that says what is checked; called in
 * the run's memory. The verdicts outlive the transaction there and are stored
 * with the outcome, whatever that is.
 */
static void
judge(DqRun *run, DqGate *gate, DqQualityTask *task)
{
	gate->attempt = run->attempt;
	task->source = gate->source;
	task->sample_rows = dq_guc_sample_rows;
	task->pipeline_id = run->pipeline->id;
	task->step = gate->step;
	task->has_at = true;
	task->at = run->pipeline->period ? run->window.start : run->window.end;
	gate->verdicts = dq_quality_run(task);
	run->verdicts = lappend(run->verdicts, gate);
}

/*
 * check_source: an expect step.
 */
static void
check_source(DqRun *run, DqStep *step, StepResult *result)
{
	MemoryContext old = MemoryContextSwitchTo(run->cxt);
	DqGate *gate = palloc0(sizeof(DqGate));
	DqQualityTask task = {0};
	char *on_fail = dq_json_text(step->options, "on_fail", step->name);
	ListCell *lc;
	int good = 0;

	gate->step = step->name;
	gate->source = dq_json_text(step->options, "source", step->name);
	task.relid = source_relation(run, gate->source);
	task.checks = dq_json_text_list(step->options, "checks", step->name);
	task.row_filter = dq_json_text(step->options, "row_filter", step->name);
	task.max_failed_fraction =
		dq_json_scalar_text(step->options, "max_failed_fraction", step->name);
	task.bad = dq_setaside_begin(run, step);
	judge(run, gate, &task);
	if (strcmp(on_fail, "warn") == 0)
		only_warn(gate->verdicts);
	MemoryContextSwitchTo(old);

	foreach(lc, gate->verdicts)
		good += ((DqVerdict *) lfirst(lc))->status == DQ_CHECK_PASS ? 1 : 0;
	result->message = psprintf("%d of %d checks passed", good,
							   list_length(gate->verdicts));
	if (task.bad != NULL)
	{
		char *note = dq_setaside_take(run, step, gate, task.bad);

		result->counts.read = gate->read;
		result->counts.rejected = gate->set_aside;
		if (note != NULL)
			result->message = psprintf("%s; %s", result->message, note);
	}
	raise_gate(run, step, gate->source, gate->verdicts);
}

/*
 * check_target: the checks that a load declares on its target, in the
 * transaction of the load, which they veto.
 */
static void
check_target(DqRun *run, DqStep *step, StepResult *result)
{
	List *checks = dq_load_target_checks(step->options);
	MemoryContext old;
	DqQualityTask task = {0};
	DqGate *gate;
	ListCell *lc;
	int good = 0;

	if (checks == NIL)
		return;
	old = MemoryContextSwitchTo(run->cxt);
	gate = palloc0(sizeof(DqGate));
	gate->step = step->name;
	gate->source = dq_load_target(step->options);
	task.relid = source_relation(run, gate->source);
	task.checks = checks;
	judge(run, gate, &task);
	MemoryContextSwitchTo(old);

	foreach(lc, gate->verdicts)
		good += ((DqVerdict *) lfirst(lc))->status == DQ_CHECK_PASS ? 1 : 0;
	result->message = psprintf("%d of %d checks passed on the target", good,
							   list_length(gate->verdicts));
	raise_gate(run, step, gate->source, gate->verdicts);
}

/*
 * find_stage: the stage of an earlier step; 42P01.
 */
static Oid
find_stage(DqRun *run, const char *name)
{
	Oid stage = dq_stage_relation(run->schema, name);

	if (!OidIsValid(stage))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("stage \"%s\" does not exist", name)));
	return stage;
}

/*
 * tell_rebuild: what gave way to a load that rebuilds its target.
 */
static void
tell_rebuild(DqRun *run, DqStep *step, StepResult *result)
{
	char *target = dq_load_target(step->options);
	ListCell *lc;

	foreach(lc, run->emptied)
	{
		DqEmptied *one = (DqEmptied *) lfirst(lc);

		if (strcmp(one->target, target) != 0)
			continue;
		result->counts.deleted += one->rows;
		one->rows = 0;
	}
	result->message = result->message ?
						  psprintf("rebuilt; %s", result->message) :
						  pstrdup("rebuilt");
}

/*
 * load_target: a load step.
 */
static void
load_target(DqRun *run, DqStep *step, StepResult *result)
{
	char *keys_from = dq_load_keys_from(step->options);
	DqLoadRun load = {0};
	DqLoadCounts counts;

	load.run_id = run->id;
	load.data_start = run->window.data_start;
	load.window_end = run->window.end;
	load.timezone = run->pipeline->timezone;
	load.source = find_stage(run, dq_json_text(step->options, "source",
											   step->name));
	if (keys_from != NULL)
		load.keys_from = find_stage(run, keys_from);
	counts = dq_load_run(step->name, &load, step->options);
	result->counts.read = counts.rows_read;
	result->counts.inserted = counts.inserted;
	result->counts.updated = counts.updated;
	result->counts.unchanged = counts.unchanged;
	result->counts.deleted = counts.deleted;
	result->counts.closed = counts.closed;
	result->counts.rejected = counts.rejected;
	result->counts.suppressed = counts.suppressed;
	check_target(run, step, result);
	if (run->is_rebuild)
		tell_rebuild(run, step, result);
}

/*
 * call_command: a call step. Before and after the publish transaction it is a
 * top-level statement, so that VACUUM and procedures that commit work.
 */
static void
call_command(DqRun *run, DqStep *step, StepResult *result)
{
	char *command = dq_json_text(step->options, "command", step->name);
	RawStmt *parsed = dq_portal_parse_one(command,
										  "the command of the step");
	bool top_level = step->phase != DQ_PHASE_PUBLISH && !run->is_inline;

	/* the step's settings must outlive a ROLLBACK in a procedure */
	if (top_level)
		dq_tx_continue();
	result->counts.read = dq_portal_run(parsed, command, top_level);
	/* what it deferred belongs to the step and its settings; publish waits */
	if (top_level)
		(void) dq_spi_execute(DQ_USER, "SET CONSTRAINTS ALL IMMEDIATE", NULL);
}

static const StepHandler handlers[] = {
	[DQ_EXTRACT] = build_stage,
	[DQ_TRANSFORM] = build_stage,
	[DQ_EXPECT] = check_source,
	[DQ_LOAD] = load_target,
	[DQ_CALL] = call_command};

/*
 * source_text: the text of a step that an error position points into.
 */
static const char *
source_text(DqStep *step)
{
	switch (step->kind)
	{
		case DQ_EXTRACT:
		case DQ_TRANSFORM:
			return dq_json_text(step->options, "query", step->name);
		case DQ_CALL:
			return dq_json_text(step->options, "command", step->name);
		case DQ_EXPECT:
		case DQ_LOAD:
			break;
	}
	return NULL;
}

/*
 * iso_date: a date as text that every DateStyle reads the same.
 */
static char *
iso_date(DateADT date)
{
	struct pg_tm tm = {0};
	char *buf = palloc(MAXDATELEN + 1);

	if (DATE_NOT_FINITE(date))
		EncodeSpecialDate(date, buf);
	else
	{
		j2date(date + POSTGRES_EPOCH_JDATE,
			   &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
		EncodeDateOnly(&tm, USE_ISO_DATES, buf);
	}
	return buf;
}

/*
 * enter_step: the session as a step's SQL must find it; returns the level for
 * dq_session_leave.
 */
static int
enter_step(DqRun *run, const DqStep *step)
{
	bool nested = run->is_inline;
	int level = dq_session_enter(run->pipeline->settings, run->schema,
								 nested);
	DqWindow *window = &run->window;
	ListCell *lc;

	dq_session_set("TimeZone", run->pipeline->timezone, nested);
	dq_session_set("dq_etl.window_start",
				   timestamptz_to_str(window->start), nested);
	dq_session_set("dq_etl.window_end",
				   timestamptz_to_str(window->end), nested);
	dq_session_set("dq_etl.data_start",
				   timestamptz_to_str(window->data_start), nested);
	dq_session_set("dq_etl.logical_date", iso_date(window->logical_date),
				   nested);
	dq_session_set("dq_etl.run_id", psprintf(INT64_FORMAT, run->id), nested);
	dq_session_set("dq_etl.params", dq_json_out(run->params), nested);
	if (step == NULL || step->policy->settings == NULL)
		return level;
	foreach(lc, dq_json_keys(step->policy->settings))
	{
		char *name = (char *) lfirst(lc);
		char *value = dq_json_scalar_text(step->policy->settings, name,
										  step->name);

		dq_session_set(name, value, nested);
	}
	return level;
}

/*
 * leave_step: undo what the step did to the session.
 */
static void
leave_step(DqRun *run, int level)
{
	if (run->is_inline)
	{
		dq_session_leave(level);
		return;
	}
	ResetAllOptions();
	dq_tx_prepare_session();
	if (GetUserId() != run->pipeline->owner)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("a step changed the role of the run")));
	dq_lock_reassert(run->pipeline->id, run->id);
}

/*
 * dq_step_note_missing: see step.h. Without a stage, who reads it has to be
 * left out too; without anything else only if the policy says so.
 */
void
dq_step_note_missing(DqRun *run, DqStep *step)
{
	run->missing[step->run_order - 1] =
		step->kind == DQ_EXTRACT || step->kind == DQ_TRANSFORM ||
		step->policy->on_failure == DQ_FAILURE_SKIP_DOWNSTREAM;
}

/*
 * skip_step: shall the step be left out, because of what it depends on or its
 * run_if? Says why in the result.
 */
static bool
skip_step(DqRun *run, DqStep *step, StepResult *result)
{
	DqRows *rows;
	ListCell *lc;

	foreach(lc, step->depends_on)
	{
		DqStep *before = dq_step_find(run, (char *) lfirst(lc));

		if (!run->missing[before->run_order - 1])
			continue;
		result->message = psprintf("step \"%s\" was left out", before->name);
		run->missing[step->run_order - 1] = true;
		return true;
	}
	if (step->policy->run_if == NULL)
		return false;
	rows = dq_spi_query(DQ_USER,
						psprintf("SELECT COALESCE((%s\n)::pg_catalog.bool, false) AS run_if",
								 step->policy->run_if),
						NULL);
	if (dq_rows_bool(rows, 0, "run_if"))
		return false;
	result->message = pstrdup("run_if is not true");
	dq_step_note_missing(run, step);
	return true;
}

/*
 * call_handler: the work of a step, as a guarded function.
 */
static void
call_handler(void *arg)
{
	HandlerCall *call = (HandlerCall *) arg;

	handlers[call->step->kind](call->run, call->step, call->result);
}

/*
 * do_step: the work of a step within its timeout. Where others share its
 * transaction it fails alone if its policy says so.
 */
static void
do_step(DqRun *run, DqStep *step, StepResult *result)
{
	HandlerCall call = {run, step, result};
	ErrorData *error;

	dq_timeout_start_step(step->policy->timeout_ms);
	if (step->policy->on_failure == DQ_FAILURE_FAIL ||
		(step->phase != DQ_PHASE_PUBLISH && !run->is_inline))
	{
		call_handler(&call);
		dq_timeout_stop_step();
		return;
	}
	error = dq_errctx_try_subxact(call_handler, &call);
	dq_timeout_stop_step();
	if (error == NULL)
		return;
	dq_timeout_explain(run, error);
	if (error->sqlerrcode == ERRCODE_QUERY_CANCELED ||
		dq_timeout_run_is_over())
		dq_errctx_rethrow(error);
	memset(&result->counts, -1, sizeof(result->counts));
	result->state = "failed";
	result->message = error->message;
	dq_step_note_missing(run, step);
}

/*
 * dq_step_execute: run one step, or leave it out, and record it, in the
 * current transaction. Any error leaves run->current at the step.
 */
void
dq_step_execute(DqRun *run, DqStep *step)
{
	DqErrorFrame frame;
	StepResult result = {{-1, -1, -1, -1, -1, -1, -1, -1}, NULL, "succeeded"};
	int level;

	dq_tx_check_cancel();
	run->current = step;
	run->step_started = GetCurrentTimestamp();
	dq_errctx_push(&frame, run->id, run->pipeline->name, step->name, NULL);
	level = enter_step(run, step);
	if (skip_step(run, step, &result))
		result.state = "skipped";
	else
	{
		frame.source = source_text(step);
		do_step(run, step, &result);
	}
	leave_step(run, level);
	dq_errctx_pop(&frame);

	dq_runlog_add_step(run->id, run->attempt, step, result.state,
					   run->step_started, &result.counts, result.message);
	run->current = NULL;
}

/*
 * empty_target: the target of a load, unless another load of the run has it.
 */
static void
empty_target(DqRun *run, DqStep *step)
{
	char *target = dq_load_target(step->options);
	DqEmptied *one;
	ListCell *lc;

	foreach(lc, run->emptied)
	{
		if (strcmp(((DqEmptied *) lfirst(lc))->target, target) == 0)
			return;
	}
	one = palloc(sizeof(DqEmptied));
	one->target = target;
	one->rows = dq_load_empty(step->name, step->options);
	run->emptied = lappend(run->emptied, one);
}

/*
 * dq_step_empty_targets: of all loads of a rebuild, the last one first, so
 * that what refers to others goes before them. Called in the run's memory.
 */
void
dq_step_empty_targets(DqRun *run)
{
	int i;

	run->emptied = NIL;
	for (i = list_length(run->pipeline->steps) - 1; i >= 0; i--)
	{
		DqStep *step = (DqStep *) list_nth(run->pipeline->steps, i);
		DqErrorFrame frame;
		int level;

		if (step->kind != DQ_LOAD)
			continue;
		dq_tx_check_cancel();
		run->current = step;
		run->step_started = GetCurrentTimestamp();
		dq_errctx_push(&frame, run->id, run->pipeline->name, step->name,
					   NULL);
		level = enter_step(run, NULL);
		empty_target(run, step);
		leave_step(run, level);
		dq_errctx_pop(&frame);
	}
	run->current = NULL;
}

/*
 * dq_step_check_constraints: fire what is deferred, so that a load is not
 * called good before its deferred constraints hold.
 */
void
dq_step_check_constraints(DqRun *run)
{
	DqErrorFrame frame;
	int level;

	dq_errctx_push(&frame, run->id, run->pipeline->name, NULL, NULL);
	level = enter_step(run, NULL);
	(void) dq_spi_execute(DQ_USER, "SET CONSTRAINTS ALL IMMEDIATE", NULL);
	leave_step(run, level);
	dq_errctx_pop(&frame);
}

/*
 * told_verdict: a verdict of a gate, which also says what became of the rows.
 */
static Datum
told_verdict(const DqGate *gate, int position, bool published)
{
	DqVerdict verdict = *(DqVerdict *) list_nth(gate->verdicts, position);

	if (bms_is_member(position, gate->let_go))
		verdict.message =
			psprintf(published ? "%s and were set aside" :
								 "%s; none is in quarantine, as the run published nothing",
					 verdict.message);
	return dq_verdict_datum(&verdict);
}

/*
 * dq_step_store_verdicts: write the verdicts gathered so far, and the numbers
 * that later ones compare with; they stay in memory, since the transaction
 * may still be rolled back. Published: the run succeeds in this transaction.
 */
void
dq_step_store_verdicts(DqRun *run, bool published)
{
	ListCell *lc;

	foreach(lc, run->verdicts)
	{
		DqGate *gate = (DqGate *) lfirst(lc);
		ListCell *lv;

		foreach(lv, gate->verdicts)
		{
			DqVerdict *verdict = (DqVerdict *) lfirst(lv);
			int position = foreach_current_index(lv);

			dq_runlog_add_verdict(run->id, gate->attempt, gate->step,
								  gate->source, position + 1,
								  told_verdict(gate, position, published));
			dq_metric_store(verdict->points, run->id, published);
		}
	}
}
