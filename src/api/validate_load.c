/*
 * validate_load.c
 *	  A load, compiled: its options once more, and its columns as an INSERT
 *	  would convert them.
 */
#include "postgres.h"

#include "access/relation.h"
#include "analyze/inspect.h"
#include "api/edge_list.h"
#include "api/validate_columns.h"
#include "api/validate_load.h"
#include "base/errctx.h"
#include "base/sqltext.h"
#include "catalog/pg_type.h"
#include "load/condition.h"
#include "load/load.h"
#include "load/narrow.h"
#include "load/options.h"
#include "catalog/namespace.h"
#include "parser/parse_coerce.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/varlena.h"

/* a load while it is looked at */
typedef struct LoadCall
{
	DqCompile *compile;
	DqCompiledStep *compiled;
	DqLoadOptions *options;
	TupleDesc stage;
	TupleDesc target;
	Oid target_oid;
	char *target_name;
} LoadCall;

/*
 * has_name: is the name in a List of char *?
 */
static bool
has_name(List *names, const char *name)
{
	ListCell *lc;

	foreach(lc, names)
	{
		if (strcmp((char *) lfirst(lc), name) == 0)
			return true;
	}
	return false;
}

/*
 * is_name: is an option, which may be NULL, this name?
 */
static bool
is_name(const char *option, const char *name)
{
	return option != NULL && strcmp(option, name) == 0;
}

/*
 * is_set: does the load itself give the target's column a value?
 */
static bool
is_set(const DqLoadOptions *options, const char *name)
{
	return is_name(options->loaded_at, name) ||
		   is_name(options->run_id, name) ||
		   is_name(options->delete_mark, name) ||
		   is_name(options->hash_column, name) ||
		   is_name(options->valid_from, name) ||
		   is_name(options->valid_to, name) ||
		   is_name(options->is_current, name);
}

/*
 * is_control: does a column of the stage only steer the load?
 */
static bool
is_control(const DqLoadOptions *options, const char *name)
{
	return has_name(options->control_columns, name) ||
		   has_name(options->sequence_by, name) ||
		   (options->truncate_when != NULL &&
			has_name(dq_condition_columns(options->truncate_when), name)) ||
		   (options->delete_when != NULL &&
			has_name(dq_condition_columns(options->delete_when), name));
}

/*
 * add_load: a finding about a load.
 */
static DqFinding *
add_load(const LoadCall *call, DqFindingLevel level, int sqlerrcode,
		 char *message)
{
	return dq_finding_add(&call->compile->findings, level,
						  call->compiled->step->name, sqlerrcode, message);
}

/*
 * digits: precision and scale of a numeric type; false when it has none.
 */
static bool
digits(int32 typmod, int *precision, int *scale)
{
	if (typmod < (int32) VARHDRSZ)
		return false;
	*precision = ((typmod - VARHDRSZ) >> 16) & 0xffff;
	*scale = (((typmod - VARHDRSZ) & 0x7ff) ^ 1024) - 1024;
	return true;
}

/*
 * numeric_width: how much a number of this type holds, in steps that only
 * compare; 0: no number.
 */
static int
numeric_width(Oid type)
{
	switch (type)
	{
		case INT2OID:
			return 1;
		case INT4OID:
			return 2;
		case INT8OID:
			return 3;
		case FLOAT4OID:
			return 4;
		case FLOAT8OID:
			return 5;
		case NUMERICOID:
			return 6;
		default:
			return 0;
	}
}

/*
 * integer_digits: how many digits before the point a type can have.
 */
static int
integer_digits(Oid type)
{
	switch (type)
	{
		case INT2OID:
			return 5;
		case INT4OID:
			return 10;
		case INT8OID:
			return 19;
		default:
			return INT_MAX;
	}
}

/*
 * narrows_number: what happens to a number that does not fit, or NULL.
 */
static const char *
narrows_number(Form_pg_attribute from, Form_pg_attribute to, Oid from_type,
			   Oid to_type)
{
	int from_width = numeric_width(from_type);
	int to_width = numeric_width(to_type);
	int precision;
	int scale;
	int had_precision;
	int had_scale;

	if (from_width == 0 || to_width == 0)
		return NULL;
	if (to_type == NUMERICOID && digits(to->atttypmod, &precision, &scale))
	{
		if (from_type == NUMERICOID &&
			digits(from->atttypmod, &had_precision, &had_scale) &&
			had_scale <= scale &&
			had_precision - had_scale <= precision - scale)
			return NULL;
		if (precision - scale >= integer_digits(from_type))
			return NULL;
		return "Digits behind the point are rounded; a number that is too large makes the load fail.";
	}
	if (to_width >= from_width)
		return NULL;
	if (to_type == FLOAT4OID || to_type == FLOAT8OID)
		return "Digits get lost.";
	if (from_type == INT4OID || from_type == INT8OID)
		return "A number that is too large makes the load fail.";
	return "Digits behind the point are rounded; a number that is too large makes the load fail.";
}

/*
 * narrows_text: the same for text and its like.
 */
static const char *
narrows_text(Form_pg_attribute from, Form_pg_attribute to, Oid from_type,
			 Oid to_type)
{
	bool from_text = from_type == TEXTOID || from_type == VARCHAROID ||
					 from_type == BPCHAROID;

	if (!from_text || (to_type != VARCHAROID && to_type != BPCHAROID) ||
		to->atttypmod < (int32) VARHDRSZ)
		return NULL;
	if (from_type != TEXTOID && from->atttypmod >= (int32) VARHDRSZ &&
		from->atttypmod <= to->atttypmod)
		return NULL;
	return "A text that is too long makes the load fail.";
}

/*
 * narrows_time: the same for times.
 */
static const char *
narrows_time(Oid from_type, Oid to_type)
{
	if (from_type == TIMESTAMPTZOID &&
		(to_type == TIMESTAMPOID || to_type == DATEOID || to_type == TIMEOID))
		return "The value depends on the time zone of the pipeline.";
	if (from_type == TIMESTAMPOID &&
		(to_type == DATEOID || to_type == TIMEOID))
		return "A part of the value gets lost.";
	return NULL;
}

/*
 * check_narrowing: when values may not fit: an error, or a warning where the
 * load allows it.
 */
static void
check_narrowing(const LoadCall *call, Form_pg_attribute from,
				Form_pg_attribute to)
{
	Oid from_type = getBaseType(from->atttypid);
	Oid to_type = getBaseType(to->atttypid);
	bool allowed = dq_options_is(call->options->narrowing, "allow");
	const char *what = narrows_number(from, to, from_type, to_type);

	if (!dq_narrow_loses(from->atttypid, from->atttypmod, to->atttypid,
						 to->atttypmod))
		return;
	if (dq_options_is(call->options->on_schema_change, "sync") &&
		dq_narrow_is_wider(from->atttypid, from->atttypmod, to->atttypid,
						   to->atttypmod))
		return;
	if (what == NULL)
		what = narrows_text(from, to, from_type, to_type);
	if (what == NULL)
		what = narrows_time(from_type, to_type);
	if (what == NULL)
		what = "Not every value fits as it is.";
	add_load(call, allowed ? DQ_FINDING_WARNING : DQ_FINDING_ERROR,
			 ERRCODE_DATATYPE_MISMATCH,
			 psprintf("column \"%s\" of type %s is narrowed to %s by %s",
					  NameStr(from->attname),
					  format_type_with_typemod(from->atttypid,
											   from->atttypmod),
					  format_type_with_typemod(to->atttypid, to->atttypmod),
					  call->target_name))
		->detail = pstrdup(what);
}

/*
 * check_type: 42804 when an INSERT would not convert the column.
 */
static bool
check_type(const LoadCall *call, Form_pg_attribute from, Form_pg_attribute to)
{
	if (can_coerce_type(1, &from->atttypid, &to->atttypid,
						COERCION_ASSIGNMENT))
		return true;
	add_load(call, DQ_FINDING_ERROR, ERRCODE_DATATYPE_MISMATCH,
			 psprintf("column \"%s\" of %s is of type %s but \"%s\" has type %s",
					  NameStr(to->attname), call->target_name,
					  format_type_be(to->atttypid), call->options->source,
					  format_type_be(from->atttypid)))
		->hint = psprintf("Cast it in the query of \"%s\": %s::%s",
						  call->options->source,
						  dq_sqltext_ident(NameStr(to->attname)),
						  format_type_with_typemod(to->atttypid,
												   to->atttypmod));
	return false;
}

/*
 * check_column: one column of the stage against the target.
 */
static void
check_column(const LoadCall *call, Form_pg_attribute from)
{
	const char *name = NameStr(from->attname);
	Form_pg_attribute to = dq_validate_columns_find(call->target, name);
	DqFinding *finding;

	if (to == NULL)
	{
		if (is_control(call->options, name) ||
			!dq_options_is(call->options->on_schema_change, "fail"))
			return;
		finding = add_load(call, DQ_FINDING_ERROR, ERRCODE_UNDEFINED_COLUMN,
						   psprintf("column \"%s\" of \"%s\" does not exist in %s",
									name, call->options->source,
									call->target_name));
		finding->hint = psprintf("ALTER TABLE %s ADD COLUMN %s %s;",
								 call->target_name, dq_sqltext_ident(name),
								 dq_sqltext_type(from->atttypid,
												 from->atttypmod));
		return;
	}
	if (to->attgenerated != '\0' ||
		to->attidentity == ATTRIBUTE_IDENTITY_ALWAYS)
	{
		add_load(call, DQ_FINDING_ERROR, ERRCODE_GENERATED_ALWAYS,
				 psprintf("column \"%s\" of %s is generated and takes no values",
						  name, call->target_name))
			->hint = psprintf("Leave it out of the query of \"%s\".",
							  call->options->source);
		return;
	}
	if (check_type(call, from, to))
		check_narrowing(call, from, to);
}

/*
 * check_source: 23502 for a column of the target that must have a value and
 * gets none.
 */
static void
check_source(const LoadCall *call, Form_pg_attribute to)
{
	const char *name = NameStr(to->attname);

	if (to->attisdropped || !to->attnotnull || to->atthasdef ||
		to->attidentity != '\0' || to->attgenerated != '\0' ||
		dq_validate_columns_find(call->stage, name) != NULL ||
		is_set(call->options, name))
		return;
	add_load(call, DQ_FINDING_ERROR, ERRCODE_NOT_NULL_VIOLATION,
			 psprintf("column \"%s\" of %s is NOT NULL and has no source",
					  name, call->target_name))
		->hint = psprintf("Add it to the query of \"%s\", or: ALTER TABLE %s ALTER COLUMN %s SET DEFAULT ...;",
						  call->options->source, call->target_name,
						  dq_sqltext_ident(name));
}

/*
 * check_named: 42703 for a column that an option names and the stage lacks.
 */
static void
check_named(const LoadCall *call, List *names, const char *role)
{
	ListCell *lc;

	foreach(lc, names)
	{
		char *name = (char *) lfirst(lc);

		/* a key of a history has a column that the load dates */
		if (dq_validate_columns_find(call->stage, name) != NULL ||
			is_set(call->options, name))
			continue;
		add_load(call, DQ_FINDING_ERROR, ERRCODE_UNDEFINED_COLUMN,
				 psprintf("%s column \"%s\" of %s is missing in \"%s\"",
						  role, name, call->target_name,
						  call->options->source))
			->hint = dq_validate_columns_similar(call->stage, name);
	}
}

/*
 * wanted_rights: what a mode does with its target.
 */
static AclMode
wanted_rights(const DqLoadOptions *options)
{
	const char *mode = options->mode;

	if (strcmp(mode, "append") == 0)
		return ACL_INSERT | (options->dedupe_key != NIL ? ACL_SELECT : 0);
	if (strcmp(mode, "insert_ignore") == 0)
		return ACL_INSERT | ACL_SELECT;
	if (strcmp(mode, "replace_all") == 0 &&
		!dq_options_is(options->method, "delete"))
		return ACL_INSERT |
			   (dq_options_is(options->method, "truncate") ? ACL_TRUNCATE : 0);
	if (strncmp(mode, "replace", strlen("replace")) == 0)
		return ACL_INSERT | ACL_SELECT | ACL_DELETE;
	return ACL_INSERT | ACL_SELECT | ACL_UPDATE;
}

/*
 * judge_load: guarded: what etl.define would refuse now.
 */
static void
judge_load(void *arg)
{
	LoadCall *call = (LoadCall *) arg;
	const DqStep *step = call->compiled->step;

	(void) dq_load_validate(step->name, step->options, NULL);
}

/*
 * open_target: guarded: options, and the target's columns when it is there.
 */
static void
open_target(void *arg)
{
	LoadCall *call = (LoadCall *) arg;
	const DqStep *step = call->compiled->step;
	List *name;
	Relation rel;

	call->options = dq_options_read(step->options,
									psprintf("load \"%s\"", step->name));
	name = textToQualifiedNameList(cstring_to_text(call->options->target));
	rel = relation_openrv_extended(makeRangeVarFromNameList(name),
								   AccessShareLock, true);
	if (rel == NULL)
		return;
	call->target_oid = RelationGetRelid(rel);
	call->target = CreateTupleDescCopyConstr(RelationGetDescr(rel));
	call->target_name = dq_sqltext_relation(call->target_oid);
	relation_close(rel, NoLock);
}

/*
 * check_columns: the stage against the target, both known.
 */
static void
check_columns(const LoadCall *call)
{
	int i;

	for (i = 0; i < call->stage->natts; i++)
		check_column(call, TupleDescAttr(call->stage, i));
	for (i = 0; i < call->target->natts; i++)
		check_source(call, TupleDescAttr(call->target, i));
	check_named(call, call->options->key, "key");
	check_named(call, call->options->sequence_by, "sequence");
	check_named(call, call->options->update_columns, "updated");
	check_named(call, call->options->track, "tracked");
}

/*
 * add_edges: what the load makes depend on what.
 */
static void
add_edges(const LoadCall *call)
{
	const DqLoadOptions *options = call->options;
	List *filters = list_copy(options->sequence_by);

	if (options->delete_when != NULL)
		filters = list_concat(filters,
							  dq_condition_columns(options->delete_when));
	if (options->guard != NULL)
		filters = list_concat(filters, dq_condition_columns(options->guard));
	if (options->window_column != NULL)
		filters = lappend(filters, options->window_column);
	dq_edge_list_load(call->compiled, options->source, call->stage,
					  call->target_oid, call->target, options->key, filters);
}

/*
 * dq_validate_load_step: see validate_load.h.
 */
void
dq_validate_load_step(DqCompile *compile, DqCompiledStep *compiled)
{
	LoadCall call = {0};
	DqCompiledStep *stage;
	ErrorData *error;

	call.compile = compile;
	call.compiled = compiled;
	error = dq_errctx_try_undone(open_target, &call);
	if (error == NULL)
		error = dq_errctx_try_undone(judge_load, &call);
	if (error != NULL)
		(void) dq_finding_add_error(&compile->findings, compiled->step->name,
									error, NULL);
	if (call.options == NULL)
		return;
	compiled->stages = list_make1(call.options->source);
	if (call.options->keys_from != NULL)
		compiled->stages = lappend(compiled->stages, call.options->keys_from);
	stage = dq_compile_find(compile, call.options->source);
	if (call.target == NULL)
		return;
	dq_inspect_target(compile, compiled->step->name, call.target_oid,
					  wanted_rights(call.options));
	if (stage == NULL || stage->result == NULL)
	{
		compiled->blocked = true;
		return;
	}
	call.stage = stage->result;
	check_columns(&call);
	add_edges(&call);
}
