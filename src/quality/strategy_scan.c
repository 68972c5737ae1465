/*
 * strategy_scan.c
 *	  Answering checks on rows and keys by one scan in C.
 *
 * The scan runs in a subtransaction. A verdict that throws ends it: that check
 * is left to SQL, which tells its error, and the others are scanned again. A
 * few times; then every check that could throw is left to SQL. An error of
 * which nobody is to blame leaves all of them to SQL.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "base/errctx.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "portability/instr_time.h"
#include "quality/badrow.h"
#include "quality/exprtree.h"
#include "quality/fused.h"
#include "quality/keywork.h"
#include "quality/strategy_scan.h"
#include "quality/verdict_sink.h"
#include "utils/acl.h"

/* scans that may fail before only safe checks are scanned */
#define MAX_FAILURES 3

typedef struct Attempt
{
	const DqSource *source;
	List *probes; /* verdicts on rows */
	List *keys; /* DqKeyWork * */
	bool alone; /* without workers */
	DqSink *sink;
	bool parallel; /* workers were asked for */
	int64 rows;
} Attempt;

/*
 * is_scannable: the relation, as the current user sees it; looked at once.
 */
static bool
is_scannable(const DqSource *source)
{
	if (source->scannable == 0)
	{
		Relation rel = relation_open(source->relid, NoLock);

		unconstify(DqSource *, source)->scannable =
			dq_scan_possible(rel) ? 1 : -1;
		relation_close(rel, NoLock);
	}
	return source->scannable > 0;
}

/*
 * reads_row_only: no system columns but those that every row has, whatever
 * holds it.
 */
static bool
reads_row_only(Node *expr)
{
	Bitmapset *columns = NULL;
	int member = -1;

	pull_varattnos(expr, 1, &columns);
	while ((member = bms_next_member(columns, member)) >= 0)
	{
		AttrNumber attnum = member + FirstLowInvalidHeapAttributeNumber;

		if (attnum < 0 && attnum != TableOidAttributeNumber &&
			attnum != SelfItemPointerAttributeNumber)
			return false;
	}
	return true;
}

/*
 * dq_strategy_scan_applies: a verdict on rows that are stored.
 */
bool
dq_strategy_scan_applies(const DqSource *source, DqProbe *probe)
{
	const DqProbeTree *tree;

	if (probe->check->group_by != NIL || !is_scannable(source))
		return false;
	if (probe->check->type->shape->is_key)
		return dq_keywork_applies(probe) &&
			   reads_row_only(dq_exprtree_of(probe)->filter);
	if (probe->check->type->shape != &dq_shape_rows)
		return false;
	tree = dq_exprtree_of(probe);
	return tree->fits && reads_row_only(tree->verdict) &&
		   reads_row_only(tree->filter);
}

/*
 * make_tasks: what the sink is to do for the probes, in their order.
 */
static List *
make_tasks(List *probes)
{
	List *tasks = NIL;
	ListCell *lc;

	foreach(lc, probes)
	{
		const DqProbe *probe = (DqProbe *) lfirst(lc);
		const DqProbeTree *tree = dq_exprtree_of(probe);
		DqVerdictTask *task = palloc(sizeof(DqVerdictTask));

		task->verdict = tree->verdict;
		task->filter = tree->filter;
		task->null_fails = probe->check->on_null == DQ_NULL_FAIL;
		tasks = lappend(tasks, task);
	}
	return tasks;
}

/*
 * places_wanted: rows that fail, of all checks; 0: a few for samples.
 */
static int64
places_wanted(const Attempt *attempt)
{
	const DqProbe *probe = (DqProbe *) linitial(attempt->probes);

	return probe->task->bad == NULL ? 0 : probe->task->bad->max_rows;
}

/*
 * run_attempt: one scan for all probes; throws what a verdict throws.
 */
static void
run_attempt(void *arg)
{
	Attempt *attempt = (Attempt *) arg;
	Relation rel = table_open(attempt->source->relid, NoLock);
	List *sinks = NIL;
	int workers = 0;
	ListCell *lc;

	attempt->parallel = false;
	dq_keywork_begin(attempt->keys, rel);
	foreach(lc, attempt->keys)
		sinks = lappend(sinks, ((DqKeyWork *) lfirst(lc))->sink);
	if (attempt->probes != NIL)
	{
		attempt->sink = dq_verdict_sink_create(rel,
											   make_tasks(attempt->probes),
											   places_wanted(attempt));
		sinks = lappend(sinks, attempt->sink);
	}
	if (!attempt->alone)
		workers = dq_scan_workers(rel, sinks);
	attempt->parallel = workers > 0;
	attempt->rows = dq_scan_run(rel, sinks, workers);
	attempt->parallel = false;
	dq_keywork_finish(attempt->keys, rel, workers);
	attempt->parallel = workers > 0;
	table_close(rel, NoLock);
}

/*
 * number: a count as an answer that a shape can read.
 */
static char *
number(int64 value)
{
	return psprintf(INT64_FORMAT, value);
}

/*
 * compare_places: for qsort: by part and place.
 */
static int
compare_places(const void *a, const void *b)
{
	const DqPlace *one = (const DqPlace *) a;
	const DqPlace *two = (const DqPlace *) b;

	if (one->tableoid != two->tableoid)
		return one->tableoid < two->tableoid ? -1 : 1;
	return ItemPointerCompare(unconstify(ItemPointerData *, &one->tid),
							  unconstify(ItemPointerData *, &two->tid));
}

/*
 * keep_places: where failing rows are, for samples. Several processes meet
 * them in an order of chance.
 */
static void
keep_places(const Attempt *attempt, const DqVerdictCount *count,
			DqProbe *probe)
{
	if (pg_class_aclcheck(attempt->source->relid, GetUserId(), ACL_SELECT) !=
		ACLCHECK_OK)
		return; /* with rights on columns alone, ctid cannot be read */
	probe->places = count->places;
	probe->n_places = count->n_places;
	probe->all_places = count->all_places;
	if (attempt->parallel)
		qsort(probe->places, probe->n_places, sizeof(DqPlace),
			  compare_places);
}

/*
 * take_answer: what the scan found for the nth probe.
 */
static void
take_answer(const Attempt *attempt, int n, DqProbe *probe)
{
	const DqVerdictCount *count = dq_verdict_sink_count(attempt->sink, n);
	char *answers[2];
	DqFused fused = {.source = attempt->source, .scan = answers};

	answers[0] = number(count->null);
	answers[1] = number(count->yes);
	probe->verdict_at = 0;
	probe->counts.total = attempt->rows;
	probe->counts.scope = count->scope;
	probe->check->type->shape->read(&fused, probe);
	probe->evaluation = "scan";
	keep_places(attempt, count, probe);
}

/*
 * without_blamed: the probes but for those that share the blamed task, or
 * when "all" is set but for all that can throw.
 */
static List *
without_blamed(const Attempt *attempt, int blamed, bool all)
{
	List *rest = NIL;
	ListCell *lc;

	foreach(lc, attempt->probes)
	{
		int n = foreach_current_index(lc);

		if ((blamed >= 0 &&
			 dq_verdict_sink_is_same(attempt->sink, n, blamed)) ||
			(all && dq_verdict_sink_throws(attempt->sink, n)))
			continue;
		rest = lappend(rest, lfirst(lc));
	}
	return rest;
}

/*
 * leave_out: what is to be blamed for an error, when "all" is set with all
 * that can throw; false when nobody is.
 */
static bool
leave_out(Attempt *attempt, bool all)
{
	int blamed = attempt->sink == NULL ? -1 :
										 dq_verdict_sink_blame(attempt->sink);

	if (blamed < 0 && !dq_keywork_is_blamed(attempt->keys))
		return false;
	if (attempt->sink != NULL)
		attempt->probes = without_blamed(attempt, blamed, all);
	attempt->keys = dq_keywork_without_blamed(attempt->keys, all);
	return true;
}

/*
 * scan_some: scan until it succeeds; the probes and keys that took part then,
 * with their answers, in the attempt.
 */
static bool
scan_some(Attempt *attempt)
{
	int failures = 0;

	while (attempt->probes != NIL || attempt->keys != NIL)
	{
		List *keys = attempt->keys;
		ErrorData *error;
		bool again = true;

		attempt->sink = NULL;
		error = dq_errctx_try_subxact(run_attempt, attempt);
		if (error == NULL)
			return true;
		if (dq_fused_is_fatal(error))
			dq_errctx_rethrow(error);
		/* this process does not know what a worker was doing */
		if (attempt->parallel)
			attempt->alone = true;
		else
			again = leave_out(attempt, ++failures >= MAX_FAILURES);
		if (attempt->sink != NULL)
			dq_verdict_sink_free(attempt->sink);
		dq_keywork_abandon(keys);
		if (!again)
			return false;
	}
	return false;
}

/*
 * dq_strategy_scan_answer: answer these (a List of DqProbe *), or some.
 */
void
dq_strategy_scan_answer(const DqSource *source, List *probes)
{
	Attempt attempt = {.source = source};
	instr_time start;
	instr_time end;
	bool answered;
	ListCell *lc;

	attempt.keys = dq_keywork_make(probes);
	foreach(lc, probes)
	{
		DqProbe *probe = (DqProbe *) lfirst(lc);

		if (probe->check->type->shape == &dq_shape_rows)
			attempt.probes = lappend(attempt.probes, probe);
	}
	INSTR_TIME_SET_CURRENT(start);
	answered = scan_some(&attempt);
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, start);
	foreach(lc, probes)
		((DqProbe *) lfirst(lc))->duration_ms += INSTR_TIME_GET_MILLISEC(end) /
												 list_length(probes);
	if (!answered)
		return;
	foreach(lc, attempt.probes)
		take_answer(&attempt, foreach_current_index(lc),
					(DqProbe *) lfirst(lc));
	dq_keywork_answer(attempt.keys, attempt.rows);
}
