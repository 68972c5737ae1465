/*
 * composite.c
 *	  AND, OR and NOT of other rules.
 *
 * Row by row, the members' verdicts are connected as SQL connects conditions,
 * NULL included; a member's own on_null says what its NULL is. By outcomes,
 * every member is answered as a check of its own, in the same statement.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/sqltext.h"
#include "miscadmin.h"
#include "quality/composite.h"
#include "quality/fused.h"
#include "quality/rule.h"
#include "quality/verdict.h"

/* composites in composites */
#define MAX_DEPTH 5
/* members of one */
#define MAX_MEMBERS 100

typedef enum Connective
{
	ALL,
	ANY,
	NONE
} Connective;

static const char *const connectives[] = {"all", "any", "none"};

/*
 * connective_of: the one that is given; 22023 unless it is exactly one.
 */
static Connective
connective_of(const DqCheck *check)
{
	Connective found = ALL;
	int count = 0;
	int i;

	for (i = 0; i < lengthof(connectives); i++)
	{
		if (!dq_json_has(check->doc, connectives[i]))
			continue;
		found = (Connective) i;
		count++;
	}
	if (count != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s needs exactly one of \"all\", \"any\" and \"none\"",
						check->what),
				 errhint("For example: {\"type\": \"composite\", \"any\": [\"a IS NOT NULL\", \"b IS NOT NULL\"]}.")));
	return found;
}

/*
 * read_member: a check text or rule object.
 */
static DqCheck *
read_member(const DqCheck *check, Jsonb *member)
{
	DqCheck *read;

	if (JB_ROOT_IS_OBJECT(member))
		read = dq_rule_read_object(member);
	else
	{
		DqJsonBuild build;
		char *text;

		dq_json_begin(&build);
		dq_json_add_jsonb(&build, "member", member);
		text = dq_json_text(dq_json_end(&build), "member",
							psprintf("the list of %s", check->what));
		if (text == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a member of %s must not be null", check->what)));
		read = dq_rule_read_one(text);
	}
	if (read->levels != NIL || read->group_by != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a member of %s cannot have levels or \"group_by\"",
						check->what),
				 errhint("Give them to the composite itself.")));
	if (read->type->shape == &dq_shape_history ||
		read->type->shape == &dq_shape_drift)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rule \"%s\" cannot be a member of %s",
						read->type->name, check->what),
				 errdetail("Its history follows the name of a check.")));
	return read;
}

/*
 * depth_of: how deep composites are nested, from 1.
 */
static int
depth_of(const DqCheck *check)
{
	int depth = 0;
	ListCell *lc;

	foreach(lc, check->members)
		depth = Max(depth, depth_of((DqCheck *) lfirst(lc)));
	return check->members == NIL ? 0 : depth + 1;
}

/*
 * is_on_rows: does the member give every row a verdict, and nothing else?
 */
static bool
is_on_rows(const DqCheck *member)
{
	return member->type->shape == &dq_shape_rows &&
		   member->row_filter == NULL && member->max_failed_rows < 0 &&
		   member->max_failed_fraction == NULL;
}

/*
 * by_rows: how are the members connected?
 */
static bool
by_rows(const DqCheck *check)
{
	int by = dq_option_word(check->type->options, check->doc, "by",
							check->what);
	ListCell *lc;

	if (by == 2)
		return false;
	foreach(lc, check->members)
	{
		if (is_on_rows((DqCheck *) lfirst(lc)))
			continue;
		if (by == 1)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s cannot connect the rule \"%s\" row by row",
							check->what,
							((DqCheck *) lfirst(lc))->type->name),
					 errdetail("By rows go rules on rows without \"row_filter\" and tolerance.")));
		return false;
	}
	return true;
}

/*
 * refuse_row_options: options that mean nothing for outcomes.
 */
static void
refuse_row_options(const DqCheck *check)
{
	static const char *const options[] = {
		"max_failed_rows", "max_failed_fraction", "on_null", "group_by"};
	int i;

	for (i = 0; i < lengthof(options); i++)
	{
		if (dq_json_has(check->doc, options[i]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s of outcomes cannot have option \"%s\"",
							check->what, options[i]),
					 errhint("Give the option to its members.")));
	}
}

/*
 * dq_composite_read: read the members and choose how they are connected.
 */
void
dq_composite_read(DqCheck *check)
{
	const char *key = connectives[connective_of(check)];
	ListCell *lc;

	check_stack_depth();
	foreach(lc, dq_json_parts(check->doc, key, check->what))
		check->members = lappend(check->members,
								 read_member(check, (Jsonb *) lfirst(lc)));
	if (check->members == NIL || list_length(check->members) > MAX_MEMBERS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" of %s must have between 1 and %d rules", key,
						check->what, MAX_MEMBERS)));
	if (depth_of(check) > MAX_DEPTH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is nested more than %d deep", check->what,
						MAX_DEPTH)));
	if (by_rows(check))
		return;
	refuse_row_options(check);
	check->type = &dq_rules_free_composite_checks;
}

/*
 * prepare_member: a probe of a member, within the filter of the composite.
 */
static DqProbe *
prepare_member(const DqProbe *probe, const DqCheck *member)
{
	DqProbe *result = palloc0(sizeof(DqProbe));

	result->position = probe->position;
	result->check = member;
	result->source = probe->source;
	result->task = probe->task;
	result->filter = probe->filter;
	if (member->row_filter != NULL && probe->filter == NULL)
		result->filter = psprintf("(\n%s\n)", member->row_filter);
	else if (member->row_filter != NULL)
		result->filter = psprintf("(CASE WHEN %s THEN (\n%s\n) ELSE false END)",
								  probe->filter, member->row_filter);
	member->type->shape->prepare(result);
	return result;
}

/*
 * dq_composite_verdict: the members' verdicts on a row, connected.
 */
void
dq_composite_verdict(StringInfo buf, const DqProbe *probe)
{
	Connective connective = connective_of(probe->check);
	const char *word = connective == ALL ? " AND " : " OR ";
	StringInfoData list;
	ListCell *lc;

	initStringInfo(&list);
	foreach(lc, probe->check->members)
	{
		const DqCheck *member = (DqCheck *) lfirst(lc);
		const char *verdict = prepare_member(probe, member)->verdict;

		if (list.len > 0)
			appendStringInfoString(&list, word);
		if (member->on_null == DQ_NULL_IGNORE)
			appendStringInfoString(&list, verdict);
		else
			appendStringInfo(&list, "COALESCE(%s, %s)", verdict,
							 member->on_null == DQ_NULL_PASS ? "true" :
															   "false");
	}
	appendStringInfo(buf, "%s(%s)", connective == NONE ? "NOT " : "",
					 list.data);
}

/*
 * prepare: probes of the members.
 */
static void
prepare(DqProbe *probe)
{
	List *members = NIL;
	ListCell *lc;

	foreach(lc, probe->check->members)
		members = lappend(members,
						  prepare_member(probe, (DqCheck *) lfirst(lc)));
	probe->state = members;
}

/*
 * write_members: ask for everything that the members ask for.
 */
static void
write_members(struct DqFused *fused, DqProbe *probe)
{
	ListCell *lc;

	foreach(lc, (List *) probe->state)
	{
		DqProbe *member = (DqProbe *) lfirst(lc);

		member->scope_at = dq_fused_count(fused, member->filter);
		member->check->type->shape->write(fused, member);
	}
}

/*
 * member_json: what became of a member.
 */
static Jsonb *
member_json(const DqProbe *member, bool outcome)
{
	DqJsonBuild build;

	dq_json_begin(&build);
	dq_json_add_text(&build, "type", member->check->type->name);
	dq_json_add_text(&build, "name", member->check->name);
	dq_json_add_bool(&build, "holds", outcome);
	dq_json_add_int(&build, "tested_rows", member->counts.tested);
	dq_json_add_int(&build, "failed_rows", member->counts.failed);
	if (member->observed != NULL)
		dq_json_add_jsonb(&build, "observed", member->observed);
	return dq_json_end(&build);
}

/*
 * read_members: their outcomes, connected.
 */
static void
read_members(const struct DqFused *fused, DqProbe *probe)
{
	Connective connective = connective_of(probe->check);
	List *members = (List *) probe->state;
	List *parts = NIL;
	int held = 0;
	DqJsonBuild build;
	ListCell *lc;

	foreach(lc, members)
	{
		DqProbe *member = (DqProbe *) lfirst(lc);
		bool outcome;

		member->counts.total = probe->counts.total;
		member->counts.scope = dq_fused_int(fused->scan, member->scope_at);
		member->check->type->shape->read(fused, member);
		outcome = dq_verdict_outcome(member);
		held += outcome ? 1 : 0;
		parts = lappend(parts, member_json(member, outcome));
	}
	if (connective == ALL)
		probe->holds = held == list_length(members);
	else if (connective == ANY)
		probe->holds = held > 0;
	else
		probe->holds = held == 0;
	probe->counts.tested = probe->counts.scope;
	probe->finding = psprintf("%d of %d rules hold", held,
							  list_length(members));
	dq_json_begin(&build);
	dq_json_add_int(&build, "value", held);
	dq_json_add_parts(&build, "members", parts);
	probe->observed = dq_json_end(&build);
}

/*
 * failed_rows: there are none to show.
 */
static char *
failed_rows(const DqProbe *probe)
{
	return NULL;
}

/*
 * equivalent: what each member is, one row each.
 */
static char *
equivalent(const DqProbe *probe)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, (List *) probe->state)
	{
		const DqProbe *member = (DqProbe *) lfirst(lc);

		appendStringInfo(&buf, "%sSELECT %d AS member, pg_catalog.to_jsonb(m.*) AS answer FROM (%s) AS m",
						 buf.len > 0 ? " UNION ALL " : "",
						 foreach_current_index(lc) + 1,
						 member->check->type->shape->equivalent(member));
	}
	return buf.data;
}

const DqShape dq_shape_composite = {.is_metric = true,
									.scan_only = false,
									.prepare = prepare,
									.write = write_members,
									.read = read_members,
									.failed_rows = failed_rows,
									.equivalent = equivalent};
