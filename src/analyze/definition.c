/*
 * definition.c
 *	  Names in a definition: of steps, and what names in their SQL mean.
 *
 * An unqualified name is an earlier step with a stage first, then a relation.
 * A name that a step has for itself or that a later step has would mean one
 * thing at the first attempt and another one when stages are already there:
 * refused, with the way out in the HINT.
 */
#include "postgres.h"

#include "analyze/definition.h"
#include "analyze/statement.h"
#include "base/dq_etl.h"
#include "base/json.h"
#include "base/sqltext.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace_d.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "storage/lockdefs.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

/*
 * dq_definition_check_name: 42602 when the name of a pipeline or step is
 * empty, 42622 when it is longer than an identifier can be.
 */
void
dq_definition_check_name(const char *name, const char *what)
{
	if (name[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("name of a %s must not be empty", what)));
	if (strlen(name) >= NAMEDATALEN)
		ereport(ERROR,
				(errcode(ERRCODE_NAME_TOO_LONG),
				 errmsg("name of a %s is too long: \"%s...\"", what,
						dq_sqltext_clip(name, NAMEDATALEN - 1)),
				 errdetail("It has %zu bytes; %d are allowed.",
						   strlen(name), NAMEDATALEN - 1)));
}

/*
 * check_step_name: the same for a step, and 42939 for a name that means
 * something in pg_catalog, which is before every stage in the search_path.
 */
static void
check_step_name(const char *name)
{
	dq_definition_check_name(name, "step");
	if (strncmp(name, DQ_SETASIDE_PREFIX, strlen(DQ_SETASIDE_PREFIX)) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_RESERVED_NAME),
				 errmsg("step name \"%s\" is reserved", name),
				 errdetail("Rows that a step sets aside are kept in tables of such names.")));
	if (OidIsValid(get_relname_relid(name, PG_CATALOG_NAMESPACE)))
		ereport(ERROR,
				(errcode(ERRCODE_RESERVED_NAME),
				 errmsg("step name \"%s\" is reserved", name),
				 errdetail("It is the name of a relation in pg_catalog.")));
	if (SearchSysCacheExists2(TYPENAMENSP, CStringGetDatum(name),
							  ObjectIdGetDatum(PG_CATALOG_NAMESPACE)))
		ereport(ERROR,
				(errcode(ERRCODE_RESERVED_NAME),
				 errmsg("step name \"%s\" is reserved", name),
				 errdetail("It is the name of a type in pg_catalog.")));
}

/*
 * dq_definition_find: index of the step with this name, -1 when there is none.
 */
int
dq_definition_find(List *drafts, const char *name)
{
	ListCell *lc;

	foreach(lc, drafts)
	{
		DqDraft *draft = (DqDraft *) lfirst(lc);

		if (draft->step.name != NULL && strcmp(draft->step.name, name) == 0)
			return foreach_current_index(lc);
	}
	return -1;
}

/*
 * default_name: a name for a step that has none, from what it is about:
 * prefix_source, numbered from 2 when that is taken.
 */
static char *
default_name(List *drafts, const char *prefix, const char *source)
{
	char *base = psprintf("%s_%s", prefix, source);
	char *name = dq_sqltext_clip(base, NAMEDATALEN - 1);
	int number = 2;

	while (dq_definition_find(drafts, name) >= 0)
	{
		char *suffix = psprintf("_%d", number++);

		name = psprintf("%s%s",
						dq_sqltext_clip(base,
										NAMEDATALEN - 1 - strlen(suffix)),
						suffix);
	}
	return name;
}

/*
 * dq_definition_name_steps: check the names of all steps, and give one to
 * every expect and load that has none. A step without a name has the text of
 * its source in options.
 */
void
dq_definition_name_steps(List *drafts)
{
	ListCell *lc;

	foreach(lc, drafts)
	{
		DqDraft *draft = (DqDraft *) lfirst(lc);

		if (draft->step.name == NULL)
			continue;
		check_step_name(draft->step.name);
		if (dq_definition_find(drafts, draft->step.name) !=
			foreach_current_index(lc))
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_OBJECT),
					 errmsg("there are two steps named \"%s\"",
							draft->step.name)));
	}
	foreach(lc, drafts)
	{
		DqDraft *draft = (DqDraft *) lfirst(lc);
		const char *kind = dq_pipeline_kind_name(draft->step.kind);
		char *source;

		if (draft->step.name != NULL)
			continue;
		if (draft->step.kind != DQ_EXPECT && draft->step.kind != DQ_LOAD)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("step %d (%s) has no name",
							draft->step.position, kind)));
		source = dq_json_text(draft->step.options, "source", kind);
		if (source == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("step %d (%s) has no source",
							draft->step.position, kind)));
		draft->step.name = default_name(drafts, kind, source);
	}
}

/*
 * dq_definition_has_stage: does the step leave a relation behind?
 */
bool
dq_definition_has_stage(const DqDraft *draft)
{
	return draft->step.kind == DQ_EXTRACT || draft->step.kind == DQ_TRANSFORM;
}

/*
 * dq_definition_stage_names: names of all steps that have a stage, for
 * suggestions.
 */
List *
dq_definition_stage_names(List *drafts)
{
	List *names = NIL;
	ListCell *lc;

	foreach(lc, drafts)
	{
		DqDraft *draft = (DqDraft *) lfirst(lc);

		if (dq_definition_has_stage(draft))
			names = lappend(names, draft->step.name);
	}
	return names;
}

/*
 * qualify_hint: errhint that shows how to write the relation when it is meant.
 */
static int
qualify_hint(const char *name)
{
	RangeVar *relation = makeRangeVar(NULL, pstrdup(name), -1);
	Oid relid = RangeVarGetRelid(relation, NoLock, true);

	if (OidIsValid(relid))
		return errhint("If the relation is meant, write %s.",
					   dq_sqltext_relation(relid));
	return errhint("If a relation is meant, write its schema too: schema.%s.",
				   dq_sqltext_ident(name));
}

/*
 * dq_definition_find_stage: the earlier step whose stage an unqualified name
 * means to "reader", or -1 when it means a relation.
 *
 * 42P17 when it is the reader's own name or that of a later stage. sql and
 * location say where the name stands; NULL and -1 when not known.
 */
int
dq_definition_find_stage(List *drafts, const DqDraft *reader,
						 const char *name, const char *sql, int location)
{
	int found = dq_definition_find(drafts, name);
	int self = reader->step.position - 1;

	if (found < 0 || !dq_definition_has_stage(DQ_DRAFT(drafts, found)))
		return -1;
	if (found == self)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("step \"%s\" reads its own name", name),
				 qualify_hint(name),
				 dq_statement_position(sql, location)));
	if (found > self)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("step \"%s\" reads \"%s\", which is a later step",
						reader->step.name, name),
				 errdetail("A name means an earlier step first, then a relation."),
				 qualify_hint(name),
				 dq_statement_position(sql, location)));
	return found;
}

/*
 * dq_definition_relation_name: the qualified name of a relation, to be stored
 * where a step's name could stand too. 42P09 when a step is called that.
 */
char *
dq_definition_relation_name(List *drafts, Oid relid)
{
	char *name = dq_sqltext_relation(relid);

	if (dq_definition_find(drafts, name) >= 0)
		ereport(ERROR,
				(errcode(ERRCODE_AMBIGUOUS_ALIAS),
				 errmsg("\"%s\" is both a relation and a step", name)));
	return name;
}

/*
 * dq_definition_add_reads: note what a step reads: stages of earlier steps,
 * and relations as far as they exist.
 *
 * "relations" are RangeVars of the text "sql", or of unknown text when NULL.
 */
void
dq_definition_add_reads(List *drafts, DqDraft *reader, List *relations,
						const char *sql)
{
	ListCell *lc;

	foreach(lc, relations)
	{
		RangeVar *relation = (RangeVar *) lfirst(lc);
		int stage = -1;
		Oid relid;

		if (relation->schemaname == NULL)
			stage = dq_definition_find_stage(drafts, reader,
											 relation->relname, sql,
											 sql ? relation->location : -1);
		if (stage >= 0)
		{
			reader->stages = bms_add_member(reader->stages, stage);
			continue;
		}
		relid = RangeVarGetRelid(relation, NoLock, true);
		if (OidIsValid(relid))
			reader->relations = list_append_unique_oid(reader->relations,
													   relid);
	}
}

/*
 * interval_text: an interval as text that does not depend on the session;
 * NULL for NULL.
 */
static char *
interval_text(const Interval *interval)
{
	struct pg_itm itm;
	char buf[MAXDATELEN + 1];

	if (interval == NULL)
		return NULL;
	interval2itm(*interval, &itm);
	EncodeInterval(&itm, INTSTYLE_POSTGRES, buf);
	return pstrdup(buf);
}

/*
 * utc_text: a time as text that does not depend on the session.
 */
static char *
utc_text(TimestampTz time)
{
	char buf[MAXDATELEN + 1];
	int utc = 0;

	return pstrdup(JsonEncodeDateTime(buf, TimestampTzGetDatum(time),
									  TIMESTAMPTZOID, &utc));
}

/*
 * dq_definition_document: the whole definition as the next one is compared
 * with: settings, the list of steps, and each step under its name.
 */
Jsonb *
dq_definition_document(const DqPipeline *pipeline, List *drafts)
{
	DqJsonBuild doc;
	DqJsonBuild steps;
	List *order = NIL;
	ListCell *lc;

	dq_json_begin(&steps);
	foreach(lc, drafts)
	{
		DqStep *step = &((DqDraft *) lfirst(lc))->step;
		DqJsonBuild one;

		dq_json_begin(&one);
		dq_json_add_text(&one, "kind", dq_pipeline_kind_name(step->kind));
		dq_json_add_text(&one, "phase", dq_pipeline_phase_name(step->phase));
		dq_json_add_text_list(&one, "depends_on", step->depends_on);
		dq_json_add_jsonb(&one, "options", step->options);
		dq_json_add_jsonb(&steps, step->name, dq_json_end(&one));
		order = lappend(order, step->name);
	}
	dq_json_begin(&doc);
	dq_json_add_text(&doc, "description", pipeline->description);
	dq_json_add_text(&doc, "period", interval_text(pipeline->period));
	if (pipeline->has_start)
		dq_json_add_text(&doc, "start_at", utc_text(pipeline->start_at));
	dq_json_add_text(&doc, "timezone", pipeline->timezone);
	dq_json_add_bool(&doc, "catchup", pipeline->catchup);
	dq_json_add_text(&doc, "lookback", interval_text(pipeline->lookback));
	dq_json_add_text(&doc, "settle", interval_text(pipeline->settle));
	dq_json_add_text(&doc, "deadline", interval_text(pipeline->deadline));
	dq_json_add_bool(&doc, "depends_on_past", pipeline->depends_on_past);
	dq_json_add_text(&doc, "schedule", pipeline->schedule);
	dq_json_add_int(&doc, "retries", pipeline->retries);
	dq_json_add_text(&doc, "retry_delay",
					 interval_text(pipeline->retry_delay));
	if (list_length(dq_json_keys(pipeline->policy_given)) > 0)
		dq_json_add_jsonb(&doc, "policy", pipeline->policy_given);
	dq_json_add_text_list(&doc, "tags", pipeline->tags);
	dq_json_add_jsonb(&doc, "params", pipeline->params);
	dq_json_add_jsonb(&doc, "settings", pipeline->settings);
	dq_json_add_text_list(&doc, "step order", order);
	dq_json_add_jsonb(&doc, "steps", dq_json_end(&steps));
	return dq_json_end(&doc);
}
