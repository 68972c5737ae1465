/*
 * plan.c
 *	  Which strategy answers which check.
 *
 * Strategies are tried in the order of the table, cheapest first; each takes
 * what it can and leaves the rest. Proofs from the catalogue, index probes
 * and the scan in C become rows before the last one, which takes everything.
 * A strategy sets "evaluation" and the counts of a probe, or its error.
 */
#include "postgres.h"

#include "base/errctx.h"
#include "base/guc.h"
#include "quality/fused.h"
#include "quality/indexprobe.h"
#include "quality/plan.h"
#include "quality/proof.h"
#include "quality/strategy_scan.h"

typedef struct Strategy
{
	const char *evaluation;
	/* may keep in the probe what it found out */
	bool (*applies)(const DqSource *source, DqProbe *probe);
	void (*answer)(const DqSource *source, List *probes);
} Strategy;

/*
 * always: SQL can answer everything.
 */
static bool
always(const DqSource *source, DqProbe *probe)
{
	return true;
}

/*
 * is_grouped: a verdict for each group of rows?
 */
static bool
is_grouped(const DqSource *source, DqProbe *probe)
{
	return probe->check->group_by != NIL;
}

/*
 * is_catalog: is it about the relation rather than about its rows?
 */
static bool
is_catalog(const DqSource *source, DqProbe *probe)
{
	return probe->check->type->shape == &dq_shape_schema;
}

static const Strategy strategies[] = {
	{"catalog", is_catalog, dq_shape_schema_answer},
	{"proof", dq_proof_applies, dq_proof_answer},
	{"probe", dq_indexprobe_applies, dq_indexprobe_answer},
	{"sql", is_grouped, dq_fused_answer_grouped},
	{"scan", dq_strategy_scan_applies, dq_strategy_scan_answer},
	{"sql", always, dq_fused_answer}};

/*
 * is_allowed: unless one way is forced, all are; SQL always is. Where row
 * security hides rows, nothing else may look at the rows or tell about all of
 * them.
 */
static bool
is_allowed(const DqSource *source, const Strategy *strategy)
{
	static const char *const names[] = {"", "proof", "probe", "scan", "sql"};

	if (source->partial && strcmp(strategy->evaluation, "sql") != 0 &&
		strcmp(strategy->evaluation, "catalog") != 0)
		return false;
	return dq_guc_force_evaluation == DQ_FORCE_AUTO ||
		   strcmp(strategy->evaluation, "sql") == 0 ||
		   strcmp(strategy->evaluation,
				  names[dq_guc_force_evaluation]) == 0;
}

/*
 * combine_filters: both row filters as one SQL boolean, NULL when there is
 * none. CASE keeps the order: the first may guard the second.
 */
static char *
combine_filters(const char *first, const char *second)
{
	if (first == NULL && second == NULL)
		return NULL;
	if (first == NULL || second == NULL)
		return psprintf("(\n%s\n)", first ? first : second);
	return psprintf("(CASE WHEN (\n%s\n) THEN (\n%s\n) ELSE false END)",
					first, second);
}

/*
 * prepare_probe: resolve names, in a subtransaction.
 */
static void
prepare_probe(void *arg)
{
	DqProbe *probe = (DqProbe *) arg;

	(void) dq_source_columns(probe->source, probe->check->group_by);
	probe->check->type->shape->prepare(probe);
}

/*
 * add_probe: one check, or one level of it, made ready for a relation.
 */
static List *
add_probe(List *probes, const DqSource *source, int position,
		  const DqCheck *check, const DqQualityTask *task)
{
	DqProbe *probe = palloc0(sizeof(DqProbe));

	probe->position = position;
	probe->check = check;
	probe->task = task;
	probe->source = source;
	probe->partial = source->partial && !is_catalog(source, probe);
	if (check->error != NULL)
	{
		probe->error = check->error;
		return lappend(probes, probe);
	}
	probe->filter = combine_filters(task->row_filter, check->row_filter);
	probe->error = dq_errctx_try_subxact(prepare_probe, probe);
	if (probe->error != NULL && dq_fused_is_fatal(probe->error))
		dq_errctx_rethrow(probe->error);
	return lappend(probes, probe);
}

/*
 * dq_plan_prepare: checks (a List of DqCheck *) made ready for a relation, as
 * a List of DqProbe * in the same order; a check with levels is as many. One
 * that is none, or does not fit the relation, has its error.
 */
List *
dq_plan_prepare(const DqSource *source, List *checks,
				const DqQualityTask *task)
{
	List *probes = NIL;
	ListCell *lc;

	foreach(lc, checks)
	{
		const DqCheck *check = (DqCheck *) lfirst(lc);
		int position = foreach_current_index(lc);
		ListCell *level;

		if (check->levels == NIL)
			probes = add_probe(probes, source, position, check, task);
		foreach(level, check->levels)
			probes = add_probe(probes, source, position,
							   (DqCheck *) lfirst(level), task);
	}
	return probes;
}

/*
 * dq_plan_answer: answer all probes that have no error yet, under the active
 * snapshot.
 */
void
dq_plan_answer(const DqSource *source, List *probes)
{
	int i;

	for (i = 0; i < lengthof(strategies); i++)
	{
		List *chosen = NIL;
		ListCell *lc;

		if (!is_allowed(source, &strategies[i]))
			continue;
		foreach(lc, probes)
		{
			DqProbe *probe = (DqProbe *) lfirst(lc);

			if (probe->evaluation == NULL && probe->error == NULL &&
				strategies[i].applies(source, probe))
				chosen = lappend(chosen, probe);
		}
		if (chosen != NIL)
			strategies[i].answer(source, chosen);
	}
}

/*
 * dq_plan_evaluation: the strategy that would answer this probe.
 */
const char *
dq_plan_evaluation(const DqSource *source, DqProbe *probe)
{
	int i;

	for (i = 0; i < (int) lengthof(strategies) - 1; i++)
	{
		if (is_allowed(source, &strategies[i]) &&
			strategies[i].applies(source, probe))
			return strategies[i].evaluation;
	}
	return strategies[lengthof(strategies) - 1].evaluation;
}
