/*
 * quality.c
 *	  The doors of quality.h: checks on a relation, from text to verdicts.
 *
 * Everything runs as the current user. Where row security filters the relation
 * for this user, a task says what that means: the visible rows are checked, by
 * SQL alone, and a notice tells so; or the evaluation fails, as in a pipeline,
 * where an answer about some of the rows is no answer.
 */
#include "postgres.h"

#include "access/xact.h"
#include "analyze/deps.h"
#include "base/errctx.h"
#include "base/guc.h"
#include "base/session.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "quality/checktext.h"
#include "quality/exprtree.h"
#include "quality/plan.h"
#include "quality/quality.h"
#include "quality/badrow.h"
#include "quality/verdict.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

/*
 * read_task: the checks of a task, those that are none among them, and its
 * row filter and tolerance looked at.
 */
static List *
read_task(const DqQualityTask *task)
{
	List *checks = dq_rule_read_all(task->checks);

	if (task->row_filter != NULL)
		(void) dq_checktext_expression(task->row_filter, DQ_FILTER_TEXT);
	if (task->max_failed_fraction != NULL)
		dq_rule_check_fraction(task->max_failed_fraction, "the checks");
	return checks;
}

/*
 * dq_quality_validate: throw when a text cannot be a check.
 */
void
dq_quality_validate(List *checks, const char *row_filter)
{
	(void) dq_rule_read(checks);
	if (row_filter != NULL)
		(void) dq_checktext_expression(row_filter, DQ_FILTER_TEXT);
}

/*
 * expression_relations: what a boolean expression reads in its subqueries.
 */
static List *
expression_relations(const char *text, const char *what)
{
	if (text == NULL)
		return NIL;
	return dq_deps_relations(dq_checktext_expression(text, what));
}

/*
 * option_relations: what the options of a rule object read.
 */
static List *
option_relations(const DqCheck *check)
{
	List *relations = NIL;
	ListCell *lc;

	foreach(lc, dq_rule_option_tables(check->type))
	{
		const DqOption *option;

		for (option = lfirst(lc); option->name != NULL; option++)
			relations = list_concat(relations,
									dq_option_relations(option, check->doc));
	}
	return relations;
}

/*
 * check_relations: what a check reads, with its levels and members.
 */
static List *
check_relations(const DqCheck *check)
{
	List *relations = NIL;
	ListCell *lc;

	if (check->referenced != NULL)
		relations = lappend(relations, check->referenced);
	relations = list_concat(relations,
							expression_relations(check->expression,
												 DQ_CHECK_TEXT));
	relations = list_concat(relations, option_relations(check));
	foreach(lc, list_concat_copy(check->levels, check->members))
		relations = list_concat(relations,
								check_relations((DqCheck *) lfirst(lc)));
	return relations;
}

/*
 * dq_quality_relations: relations that the checks read besides their source,
 * as a List of RangeVar *; one may appear several times.
 */
List *
dq_quality_relations(List *checks, const char *row_filter)
{
	List *relations = expression_relations(row_filter, DQ_FILTER_TEXT);
	ListCell *lc;

	foreach(lc, dq_rule_read(checks))
		relations = list_concat(relations,
								check_relations((DqCheck *) lfirst(lc)));
	return relations;
}

/*
 * try_to_read: throw now what would make every check fail: no right to read,
 * row security, a view that is broken.
 */
static void
try_to_read(const DqSource *source)
{
	(void) dq_spi_query_readonly(DQ_USER,
								 psprintf("SELECT FROM %s LIMIT 0",
										  source->from),
								 NULL);
}

/*
 * levels_of: the probes of the check at a position, mildest level first.
 */
static List *
levels_of(List *probes, int position)
{
	List *levels = NIL;
	ListCell *lc;

	foreach(lc, probes)
	{
		DqProbe *probe = (DqProbe *) lfirst(lc);

		if (probe->position == position)
			levels = lappend(levels, probe);
	}
	return levels;
}

/*
 * tell_partial: a notice that the verdicts are about some of the rows only.
 */
static void
tell_partial(const DqSource *source, List *probes)
{
	ListCell *lc;

	foreach(lc, probes)
	{
		if (!((DqProbe *) lfirst(lc))->partial)
			continue;
		ereport(NOTICE,
				(errmsg("the checks of %s see only the rows that row security shows to you",
						dq_sqltext_relation(source->relid))));
		return;
	}
}

/*
 * dq_quality_run: evaluate all checks under one snapshot.
 *
 * The snapshot sees what this transaction did up to now, and is pushed for
 * the statements that follow, samples included.
 */
List *
dq_quality_run(const DqQualityTask *task)
{
	List *checks = read_task(task);
	List *verdicts = NIL;
	List *probes;
	DqSource *source;
	int level;
	int i;

	source = dq_source_open(task->relid, NULL);
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	level = NewGUCNestLevel();
	if (!task->visible_rows)
		dq_session_set("row_security", "off", true);

	try_to_read(source);
	probes = dq_plan_prepare(source, checks, task);
	if (task->visible_rows)
		tell_partial(source, probes);
	dq_plan_answer(source, probes);
	if (task->bad != NULL)
		dq_badrow_collect(task->bad, probes);
	for (i = 0; i < list_length(checks); i++)
		verdicts = lappend(verdicts,
						   dq_verdict_judge(levels_of(probes, i), task));

	dq_session_leave(level);
	PopActiveSnapshot();
	return verdicts;
}

typedef struct Explaining
{
	const DqProbe *probe;
	char *sql;
} Explaining;

/*
 * write_equivalent: may throw, as it resolves names.
 */
static void
write_equivalent(void *arg)
{
	Explaining *explaining = (Explaining *) arg;
	const DqProbe *probe = explaining->probe;

	explaining->sql = probe->check->type->shape->equivalent(probe);
}

/*
 * explain_probe: how one check would be answered.
 */
static DqExplanation *
explain_probe(const DqSource *source, DqProbe *probe)
{
	DqExplanation *explanation = palloc0(sizeof(DqExplanation));
	Explaining explaining = {.probe = probe};
	ErrorData *error = probe->error;

	explanation->check_name = probe->check->name;
	if (error == NULL)
		error = dq_errctx_try_subxact(write_equivalent, &explaining);
	if (error == NULL && probe->check->type->shape == &dq_shape_rows)
		error = dq_exprtree_of(probe)->error;
	if (error != NULL)
		explanation->evaluation = psprintf("error: %s", error->message);
	else
	{
		explanation->evaluation = dq_plan_evaluation(source, probe);
		if (probe->partial)
			explanation->evaluation =
				psprintf("%s, of the rows that row security shows",
						 explanation->evaluation);
		explanation->equivalent_sql = explaining.sql;
	}
	return explanation;
}

/*
 * dq_quality_explain: how each check would be answered.
 */
List *
dq_quality_explain(const DqQualityTask *task)
{
	List *checks = read_task(task);
	DqSource *source = dq_source_open(task->relid, NULL);
	List *result = NIL;
	ListCell *lc;

	foreach(lc, dq_plan_prepare(source, checks, task))
	{
		DqProbe *probe = (DqProbe *) lfirst(lc);

		/* all levels are answered in the same way */
		if (list_length(result) > probe->position)
			continue;
		result = lappend(result, explain_probe(source, probe));
	}
	return result;
}
