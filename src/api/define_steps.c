/*
 * define_steps.c
 *	  The steps of a definition: from what the user gave to checked drafts.
 *
 * Steps made by etl.extract and its sisters and rows made by hand go the same
 * way. What is stored has every option that the kind knows, so that a run
 * never has to guess a default of another release.
 */
#include "postgres.h"

#include "analyze/calls.h"
#include "analyze/definition.h"
#include "analyze/deps.h"
#include "analyze/statement.h"
#include "api/define_steps.h"
#include "base/errctx.h"
#include "base/json.h"
#include "base/sqltext.h"
#include "base/suggest.h"
#include "catalog/namespace.h"
#include "executor/executor.h"
#include "lib/stringinfo.h"
#include "load/load.h"
#include "nodes/makefuncs.h"
#include "quality/quality.h"
#include "quality/badrow.h"
#include "storage/lockdefs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/typcache.h"
#include "utils/varlena.h"

/* one step while it is checked */
typedef struct StepCheck
{
	List *drafts;
	DqDraft *draft;
	char *what; /* the step in messages */
	DqErrorFrame frame;
} StepCheck;

static const char *const query_options[] = {"query", "depends_on", NULL};
static const char *const expect_options[] = {
	"source", "checks", "on_fail", "row_filter", "max_failed_fraction",
	"quarantine",
	"depends_on", NULL};
static const char *const call_options[] = {
	"command", "phase", "depends_on", NULL};

/*
 * text_attribute: a text attribute of a step row, NULL for SQL NULL.
 */
static char *
text_attribute(HeapTupleHeader row, const char *name)
{
	bool isnull;
	Datum value = GetAttributeByName(row, name, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/*
 * read_kind: the kind of a step. 22004, 22023 with a suggestion.
 */
static DqStepKind
read_kind(HeapTupleHeader row, int position)
{
	char *name = text_attribute(row, "kind");
	List *known = NIL;
	DqStepKind kind;
	int i;

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("step %d has no kind", position)));
	if (dq_pipeline_find_kind(name, &kind))
		return kind;
	for (i = DQ_EXTRACT; i <= DQ_CALL; i++)
		known = lappend(known, pstrdup(dq_pipeline_kind_name(i)));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("step %d has unknown kind \"%s\"", position, name),
			 dq_suggest_hint(name, known)));
}

/*
 * read_step: one row of type etl.step.
 */
static DqDraft *
read_step(HeapTupleHeader row, int position)
{
	DqDraft *draft = palloc0(sizeof(DqDraft));
	bool isnull;
	Datum options;

	draft->step.position = position;
	draft->source = -1;
	draft->step.kind = read_kind(row, position);
	draft->step.name = text_attribute(row, "name");
	options = GetAttributeByName(row, "options", &isnull);
	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("step %d (%s) has no options", position,
						dq_pipeline_kind_name(draft->step.kind))));
	draft->step.options = DatumGetJsonbPCopy(options);
	if (!JB_ROOT_IS_OBJECT(draft->step.options))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options of step %d (%s) must be a JSON object",
						position, dq_pipeline_kind_name(draft->step.kind))));
	return draft;
}

/*
 * dq_define_steps_read: see define_steps.h. 22004 for a NULL in the array,
 * 22023 when it is empty.
 */
List *
dq_define_steps_read(ArrayType *steps)
{
	TypeCacheEntry *type = lookup_type_cache(ARR_ELEMTYPE(steps), 0);
	List *drafts = NIL;
	Datum *rows;
	bool *nulls;
	int count;
	int i;

	deconstruct_array(steps, ARR_ELEMTYPE(steps), type->typlen,
					  type->typbyval, type->typalign, &rows, &nulls, &count);
	if (count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("pipeline has no steps"),
				 errhint("Remove a pipeline with etl.drop_pipeline.")));
	for (i = 0; i < count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("step %d is null", i + 1)));
		drafts = lappend(drafts,
						 read_step(DatumGetHeapTupleHeader(rows[i]), i + 1));
	}
	dq_definition_name_steps(drafts);
	return drafts;
}

/*
 * required: a text option that must be there. 22004.
 */
static char *
required(const StepCheck *check, const char *key)
{
	char *value = dq_json_text(check->draft->step.options, key, check->what);

	if (value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s has no %s", check->what, key)));
	return value;
}

/*
 * check_query: an extract or transform step.
 */
static void
check_query(StepCheck *check)
{
	DqDraft *draft = check->draft;
	char *query = required(check, "query");
	DqJsonBuild options;
	RawStmt *parsed;
	List *called;

	dq_json_check_keys(draft->step.options, query_options, check->what);
	draft->step.phase = DQ_PHASE_STAGE;
	check->frame.source = query;
	parsed = dq_statement_parse_query(query);
	dq_definition_add_reads(check->drafts, draft,
							dq_deps_relations(parsed->stmt), query);
	called = dq_calls_relations(parsed->stmt);
	draft->relations = list_concat_unique_oid(draft->relations, called);

	dq_json_begin(&options);
	dq_json_add_text(&options, "query", query);
	draft->step.options = dq_json_end(&options);
}

/*
 * check_call: a call step. 22023 for a phase that there is not.
 */
static void
check_call(StepCheck *check)
{
	DqDraft *draft = check->draft;
	char *command = required(check, "command");
	char *phase = dq_json_text(draft->step.options, "phase", check->what);
	DqJsonBuild options;
	RawStmt *parsed;

	dq_json_check_keys(draft->step.options, call_options, check->what);
	draft->step.phase = DQ_PHASE_PUBLISH;
	if (phase != NULL && (!dq_pipeline_find_phase(phase, &draft->step.phase) ||
						  draft->step.phase == DQ_PHASE_STAGE))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has unknown phase \"%s\"", check->what, phase),
				 errhint("Use 'before', 'publish', 'after', 'failure' or 'finally'.")));
	check->frame.source = command;
	parsed = dq_statement_parse_command(command);
	dq_definition_add_reads(check->drafts, draft,
							dq_deps_statement_relations(parsed->stmt),
							command);

	dq_json_begin(&options);
	dq_json_add_text(&options, "command", command);
	draft->step.options = dq_json_end(&options);
}

/*
 * parse_relation: a relation named in a text, as one can name it in SQL.
 * 42601 and 42602 when it is no name.
 */
static RangeVar *
parse_relation(const char *name)
{
	List *parts = textToQualifiedNameList(cstring_to_text(name));

	return makeRangeVarFromNameList(parts);
}

/*
 * source_relation: what an expect checks when it is no step: an existing
 * relation, named as one can name it in SQL. Returns the name to store, which
 * means the same whatever the search_path is.
 */
static char *
source_relation(const StepCheck *check, const char *source)
{
	List *drafts = check->drafts;
	DqDraft *draft = check->draft;
	RangeVar *relation = parse_relation(source);
	Oid relid;

	if (relation->schemaname == NULL)
		draft->source = dq_definition_find_stage(drafts, draft,
												 relation->relname, NULL, -1);
	if (draft->source >= 0)
		return DQ_DRAFT(drafts, draft->source)->step.name;
	relid = RangeVarGetRelid(relation, NoLock, true);
	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("source \"%s\" of step \"%s\" is neither an earlier extract or transform step nor a relation",
						source, draft->step.name),
				 dq_suggest_hint(source, dq_definition_stage_names(drafts))));
	if (isAnyTempNamespace(get_rel_namespace(relid)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("source \"%s\" of step \"%s\" is a temporary relation",
						source, draft->step.name)));
	draft->relations = list_make1_oid(relid);
	return dq_definition_relation_name(drafts, relid);
}

/*
 * fraction_option: max_failed_fraction as a JSON number; NULL when not given.
 */
static Jsonb *
fraction_option(const StepCheck *check)
{
	char *text = dq_json_scalar_text(check->draft->step.options,
									 "max_failed_fraction", check->what);
	Datum zero = NumericGetDatum(int64_to_numeric(0));
	Datum one = NumericGetDatum(int64_to_numeric(1));
	Datum fraction;
	JsonbValue value;

	if (text == NULL)
		return NULL;
	fraction = DirectFunctionCall3(numeric_in, CStringGetDatum(text),
								   ObjectIdGetDatum(InvalidOid),
								   Int32GetDatum(-1));
	/* NaN is greater than any number */
	if (DatumGetBool(DirectFunctionCall2(numeric_lt, fraction, zero)) ||
		DatumGetBool(DirectFunctionCall2(numeric_gt, fraction, one)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_failed_fraction of %s must be between 0 and 1",
						check->what)));
	value.type = jbvNumeric;
	value.val.numeric = DatumGetNumeric(fraction);
	return JsonbValueToJsonb(&value);
}

/*
 * check_quarantine: rows can only be taken out of a stage, and how is said
 * only where they are.
 */
static void
check_quarantine(StepCheck *check, const char *on_fail, bool on_stage)
{
	Jsonb *given = check->draft->step.options;
	bool wanted = strcmp(on_fail, "quarantine") == 0;

	if (wanted && !on_stage)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s cannot take rows out of an existing relation",
						check->what),
				 errhint("Make the rows a step first, with etl.extract, and check that step; or use on_fail => 'stop' or 'warn'.")));
	if (!wanted && dq_json_has(given, "quarantine"))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has options for a quarantine, but on_fail is \"%s\"",
						check->what, on_fail),
				 errhint("Pass on_fail => 'quarantine'.")));
	if (wanted)
		(void) dq_badrow_options(dq_json_part(given, "quarantine"),
								 check->what);
}

/*
 * check_expect: an expect step.
 */
static void
check_expect(StepCheck *check)
{
	DqDraft *draft = check->draft;
	Jsonb *given = draft->step.options;
	char *source = required(check, "source");
	List *checks = dq_json_text_list(given, "checks", check->what);
	char *on_fail = dq_json_text(given, "on_fail", check->what);
	char *row_filter = dq_json_text(given, "row_filter", check->what);
	Jsonb *fraction = fraction_option(check);
	DqJsonBuild options;

	dq_json_check_keys(given, expect_options, check->what);
	draft->step.phase = DQ_PHASE_STAGE;
	if (checks == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has no checks", check->what)));
	if (on_fail == NULL)
		on_fail = "stop";
	if (strcmp(on_fail, "stop") != 0 && strcmp(on_fail, "warn") != 0 &&
		strcmp(on_fail, "quarantine") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has unknown on_fail \"%s\"", check->what, on_fail),
				 errhint("Use 'stop', 'warn' or 'quarantine'.")));
	draft->source = dq_definition_find_stage(check->drafts, draft, source,
											 NULL, -1);
	check_quarantine(check, on_fail, draft->source >= 0);
	if (draft->source < 0)
		source = source_relation(check, source);
	dq_quality_validate(checks, row_filter);
	dq_definition_add_reads(check->drafts, draft,
							dq_quality_relations(checks, row_filter), NULL);
	if (draft->source >= 0)
		draft->stages = bms_add_member(draft->stages, draft->source);

	dq_json_begin(&options);
	dq_json_add_text(&options, "source", source);
	dq_json_add_text_list(&options, "checks", checks);
	dq_json_add_text(&options, "on_fail", on_fail);
	dq_json_add_text(&options, "row_filter", row_filter);
	dq_json_add_jsonb(&options, "max_failed_fraction", fraction);
	dq_json_add_jsonb(&options, "quarantine",
					  dq_json_part(given, "quarantine"));
	draft->step.options = dq_json_end(&options);
}

/*
 * load_source: index of the step that a load reads. 42704, 42809, 42P17.
 */
static int
load_source(List *drafts, const DqDraft *draft, const char *source)
{
	int found = dq_definition_find(drafts, source);

	if (found < 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("source \"%s\" of step \"%s\" does not exist", source,
						draft->step.name),
				 errdetail("A load takes the stage of an extract or transform step."),
				 dq_suggest_hint(source, dq_definition_stage_names(drafts))));
	if (!dq_definition_has_stage(DQ_DRAFT(drafts, found)))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("source \"%s\" of step \"%s\" is no extract or transform step",
						source, draft->step.name)));
	if (found >= draft->step.position)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("source \"%s\" of step \"%s\" is a later step",
						source, draft->step.name),
				 errhint("List step \"%s\" after it.", draft->step.name)));
	return found;
}

/*
 * stage_query: SQL of the rows that the stage of a step will hold. Stages that
 * it reads stand before it under their names, as they will be found first.
 */
static char *
stage_query(List *drafts, int stage)
{
	DqDraft *draft = DQ_DRAFT(drafts, stage);
	Bitmapset *needed = bms_copy(draft->stages);
	const char *separator = "WITH ";
	StringInfoData sql;
	int i;

	for (i = stage - 1; i >= 0; i--)
	{
		if (bms_is_member(i, needed))
			needed = bms_add_members(needed, DQ_DRAFT(drafts, i)->stages);
	}
	initStringInfo(&sql);
	for (i = -1; (i = bms_next_member(needed, i)) >= 0; separator = ", ")
	{
		DqStep *step = &DQ_DRAFT(drafts, i)->step;

		appendStringInfo(&sql, "%s%s AS (\n%s\n)", separator,
						 dq_sqltext_ident(step->name),
						 dq_json_text(step->options, "query", step->name));
	}
	appendStringInfo(&sql, "SELECT q.* FROM (\n%s\n) AS q",
					 dq_json_text(draft->step.options, "query",
								  draft->step.name));
	return sql.data;
}

/*
 * check_target_checks: the checks that a load declares on its target.
 */
static void
check_target_checks(StepCheck *check)
{
	List *checks = dq_load_target_checks(check->draft->step.options);

	if (checks == NIL)
		return;
	dq_quality_validate(checks, NULL);
	dq_definition_add_reads(check->drafts, check->draft,
							dq_quality_relations(checks, NULL), NULL);
}

/*
 * check_load: a load step. Its options are the loader's to judge, but for
 * depends_on, which every step has.
 */
static void
check_load(StepCheck *check)
{
	DqDraft *draft = check->draft;
	char *source = required(check, "source");
	char *target;
	char *keys_from;
	Datum options;

	draft->step.phase = DQ_PHASE_PUBLISH;
	draft->source = load_source(check->drafts, draft, source);
	draft->stages = bms_add_member(draft->stages, draft->source);
	(void) required(check, "target");
	options = DirectFunctionCall2(jsonb_delete,
								  JsonbPGetDatum(draft->step.options),
								  CStringGetTextDatum("depends_on"));
	draft->step.options = dq_load_validate(draft->step.name,
										   DatumGetJsonbP(options),
										   stage_query(check->drafts,
													   draft->source));
	keys_from = dq_load_keys_from(draft->step.options);
	if (keys_from != NULL)
		draft->stages = bms_add_member(draft->stages,
									   load_source(check->drafts, draft,
												   keys_from));
	check_target_checks(check);
	target = dq_json_text(draft->step.options, "target", check->what);
	draft->target = RangeVarGetRelid(parse_relation(target), NoLock, true);
}

/*
 * take_policy: the policy of a step out of its options, checked; NULL when it
 * has none. What run_if reads, the step reads.
 */
static Jsonb *
take_policy(StepCheck *check)
{
	DqStep *step = &check->draft->step;
	Jsonb *stored = dq_json_part(step->options, "policy");
	Datum rest;
	RawStmt *parsed;
	List *targets;
	char *query;

	step->policy = dq_policy_read(stored, true, check->what);
	if (stored == NULL)
		return NULL;
	rest = DirectFunctionCall2(jsonb_delete, JsonbPGetDatum(step->options),
							   CStringGetTextDatum("policy"));
	step->options = DatumGetJsonbP(rest);
	if (step->policy->run_if == NULL)
		return stored;
	query = psprintf("SELECT (%s\n) AS run_if", step->policy->run_if);
	check->frame.source = query;
	parsed = dq_statement_parse_query(query);
	targets = castNode(SelectStmt, parsed->stmt)->targetList;
	if (list_length(targets) != 1 ||
		IsA(linitial_node(ResTarget, targets)->val, RowExpr))
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("run_if of %s must be one expression", check->what)));
	dq_definition_add_reads(check->drafts, check->draft,
							dq_deps_relations(parsed->stmt), query);
	check->frame.source = NULL;
	return stored;
}

/*
 * put_policy: the policy back into the options, as it was given.
 */
static void
put_policy(StepCheck *check, Jsonb *stored)
{
	DqStep *step = &check->draft->step;
	DqJsonBuild build;
	Datum both;

	if (stored == NULL)
		return;
	dq_json_begin(&build);
	dq_json_add_jsonb(&build, "policy", stored);
	both = DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(step->options),
							   JsonbPGetDatum(dq_json_end(&build)));
	step->options = DatumGetJsonbP(both);
}

/*
 * check_step: one step, inside a frame that names it.
 */
static void
check_step(List *drafts, DqDraft *draft, const char *pipeline)
{
	StepCheck check;
	Jsonb *policy;

	check.drafts = drafts;
	check.draft = draft;
	check.what = psprintf("step \"%s\"", draft->step.name);
	dq_errctx_push(&check.frame, 0, pipeline, draft->step.name, NULL);
	draft->declared = dq_json_text_list(draft->step.options, "depends_on",
										check.what);
	policy = take_policy(&check);
	switch (draft->step.kind)
	{
		case DQ_EXTRACT:
		case DQ_TRANSFORM:
			check_query(&check);
			break;
		case DQ_EXPECT:
			check_expect(&check);
			break;
		case DQ_LOAD:
			check_load(&check);
			break;
		case DQ_CALL:
			check_call(&check);
			break;
	}
	put_policy(&check, policy);
	dq_errctx_pop(&check.frame);
}

/*
 * dq_define_steps_check: see define_steps.h.
 */
void
dq_define_steps_check(List *drafts, const char *pipeline)
{
	ListCell *lc;

	foreach(lc, drafts)
		check_step(drafts, (DqDraft *) lfirst(lc), pipeline);
	dq_order_steps(drafts);
}
