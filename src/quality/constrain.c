/*
 * constrain.c
 *	  Constraints that make a check cost nothing next time.
 *
 * Everything is written so that the table stays readable and writable while
 * the rows are looked at: NOT VALID first, VALIDATE after, unique indexes
 * CONCURRENTLY. Names are chosen as the server does: cut to 63 bytes, and
 * free.
 */
#include "postgres.h"

#include "base/sqltext.h"
#include "catalog/index.h"
#include "catalog/pg_constraint.h"
#include "commands/defrem.h"
#include "lib/stringinfo.h"
#include "optimizer/optimizer.h"
#include "quality/constrain.h"
#include "quality/exprtree.h"
#include "quality/plan.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"

/* what constraints are written for */
typedef struct Target
{
	DqSource *source;
	Relation rel;
	char *relation; /* its name in SQL */
	bool partitioned;
	List *names; /* given out so far, of char * */
	bool has_primary; /* exists, or was written */
	List *not_null; /* columns that are, or were written to be */
} Target;

/*
 * choose_name: a free name for a constraint or index: the check's own, if it
 * was given one.
 */
static char *
choose_name(Target *target, const DqCheck *check, List *columns,
			const char *label)
{
	Oid schema = RelationGetNamespace(target->rel);
	StringInfoData parts;
	char *name;
	ListCell *lc;

	initStringInfo(&parts);
	foreach(lc, columns)
		appendStringInfo(&parts, "%s%s", parts.len > 0 ? "_" : "",
						 (char *) lfirst(lc));
	name = check->name_given && strlen(check->name) < NAMEDATALEN ?
			   pstrdup(check->name) :
			   makeObjectName(RelationGetRelationName(target->rel),
							  parts.len > 0 ? parts.data : NULL, label);
	foreach(lc, target->names)
	{
		if (strcmp((char *) lfirst(lc), name) == 0)
			break;
	}
	if (lc != NULL || OidIsValid(get_relname_relid(name, schema)) ||
		ConstraintNameIsUsed(CONSTRAINT_RELATION,
							 RelationGetRelid(target->rel), name))
		name = ChooseConstraintName(RelationGetRelationName(target->rel),
									parts.len > 0 ? parts.data : NULL, label,
									schema, target->names);
	target->names = lappend(target->names, name);
	return name;
}

/*
 * column_names: of a List of DqColumn *.
 */
static List *
column_names(List *columns)
{
	List *names = NIL;
	ListCell *lc;

	foreach(lc, columns)
		names = lappend(names, ((DqColumn *) lfirst(lc))->name);
	return names;
}

/*
 * write_checked: a CHECK constraint, added and validated.
 */
static void
write_checked(StringInfo sql, Target *target, const char *name,
			  const char *condition)
{
	appendStringInfo(sql,
					 "ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s) NOT VALID;\n"
					 "ALTER TABLE %s VALIDATE CONSTRAINT %s;\n",
					 target->relation, pstrdup(dq_sqltext_ident(name)),
					 condition, target->relation,
					 pstrdup(dq_sqltext_ident(name)));
}

/*
 * write_not_null: NOT NULL for columns that are not: proved by a CHECK first,
 * so that SET NOT NULL does not look at the rows under its lock.
 */
static void
write_not_null(StringInfo sql, Target *target, const DqCheck *check,
			   List *columns)
{
	ListCell *lc;

	foreach(lc, columns)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);
		char *quoted = pstrdup(dq_sqltext_ident(column->name));
		DqCheck unnamed = *check;
		char *name;

		if (list_member_int(target->not_null, column->attnum))
			continue;
		target->not_null = lappend_int(target->not_null, column->attnum);
		unnamed.name_given = false;
		/* not "not_null": 18 gives that name to the NOT NULL itself */
		name = choose_name(target, &unnamed, list_make1(column->name),
						   "present");
		write_checked(sql, target, name,
					  psprintf("%s IS NOT NULL", quoted));
		appendStringInfo(sql,
						 "ALTER TABLE %s ALTER COLUMN %s SET NOT NULL;\n"
						 "ALTER TABLE %s DROP CONSTRAINT %s;\n",
						 target->relation, quoted, target->relation,
						 dq_sqltext_ident(name));
	}
}

/*
 * covers_partitions: does a key hold all columns of the partition key?
 */
static bool
covers_partitions(const Target *target, List *columns)
{
	PartitionKey key = RelationGetPartitionKey(target->rel);
	int i;

	for (i = 0; i < key->partnatts; i++)
	{
		bool found = false;
		ListCell *lc;

		foreach(lc, columns)
			found = found ||
					((DqColumn *) lfirst(lc))->attnum == key->partattrs[i];
		if (!found)
			return false;
	}
	return true;
}

/*
 * write_key: a unique index, built while others write, made a constraint.
 */
static void
write_key(DqConstraint *constraint, Target *target, const DqProbe *probe)
{
	const DqCheck *check = probe->check;
	bool primary = strcmp(check->type->name, "primary_key") == 0;
	List *names = column_names(probe->columns);
	char *list = dq_sqltext_ident_list(names);
	const char *nulls = "";
	StringInfoData sql;
	char *name;

	if (check->nulls == DQ_NULLS_EQUAL)
		nulls = " NULLS NOT DISTINCT";
	else if (check->nulls == DQ_NULLS_IGNORE_ALL)
	{
		constraint->note = "no constraint leaves out keys of NULLs only";
		return;
	}
	if (target->partitioned && !covers_partitions(target, probe->columns))
	{
		constraint->note = "a key of a partitioned table must hold its partition key";
		return;
	}
	initStringInfo(&sql);
	if (primary)
		write_not_null(&sql, target, check, probe->columns);
	primary = primary && !target->has_primary;
	target->has_primary = target->has_primary || primary;
	name = pstrdup(dq_sqltext_ident(choose_name(target, check,
												primary ? NIL : names,
												primary ? "pkey" : "key")));
	if (target->partitioned)
	{
		appendStringInfo(&sql, "ALTER TABLE %s ADD CONSTRAINT %s %s%s (%s);",
						 target->relation, name,
						 primary ? "PRIMARY KEY" : "UNIQUE",
						 primary ? "" : nulls, list);
		constraint->note = "blocks writes while the index is built";
	}
	else
	{
		appendStringInfo(&sql,
						 "CREATE UNIQUE INDEX CONCURRENTLY %s ON %s (%s)%s;\n"
						 "ALTER TABLE %s ADD CONSTRAINT %s %s USING INDEX %s;",
						 name, target->relation, list, primary ? "" : nulls,
						 target->relation, name,
						 primary ? "PRIMARY KEY" : "UNIQUE", name);
		constraint->note = "not inside a transaction block";
	}
	constraint->sql = sql.data;
}

/*
 * has_unique_index: is there a unique constraint or index that a foreign key
 * may refer to?
 */
static bool
has_unique_index(const DqReference *reference)
{
	Relation rel = RelationIdGetRelation(reference->source->relid);
	bool result = false;
	ListCell *lc;

	if (rel == NULL)
		return false;
	foreach(lc, RelationGetIndexList(rel))
	{
		HeapTuple tuple = SearchSysCache1(INDEXRELID,
										  ObjectIdGetDatum(lfirst_oid(lc)));
		Form_pg_index index;
		int matched = 0;
		int i;

		if (!HeapTupleIsValid(tuple))
			continue;
		index = (Form_pg_index) GETSTRUCT(tuple);
		for (i = 0; i < index->indnkeyatts; i++)
		{
			ListCell *column;

			foreach(column, reference->columns)
				matched += ((DqColumn *) lfirst(column))->attnum ==
						   index->indkey.values[i];
		}
		result = result ||
				 (index->indisunique && index->indisvalid &&
				  index->indimmediate &&
				  heap_attisnull(tuple, Anum_pg_index_indpred, NULL) &&
				  matched == index->indnkeyatts &&
				  matched == list_length(reference->columns));
		ReleaseSysCache(tuple);
	}
	RelationClose(rel);
	return result;
}

/*
 * write_reference: a foreign key.
 */
static void
write_reference(DqConstraint *constraint, Target *target,
				const DqProbe *probe)
{
	List *names = column_names(probe->columns);
	char *other = dq_sqltext_relation(probe->reference->source->relid);
	char *name;

	if (!has_unique_index(probe->reference))
	{
		constraint->note = psprintf("no unique index on %s (%s)", other,
									dq_sqltext_ident_list(column_names(
										probe->reference->columns)));
		return;
	}
	name = pstrdup(dq_sqltext_ident(choose_name(target, probe->check, names,
												"fkey")));
	constraint->sql =
		psprintf("ALTER TABLE %s ADD CONSTRAINT %s FOREIGN KEY (%s)"
				 " REFERENCES %s (%s)%s",
				 target->relation, name, dq_sqltext_ident_list(names), other,
				 dq_sqltext_ident_list(column_names(
					 probe->reference->columns)),
				 target->partitioned ? ";" : " NOT VALID;");
	if (!target->partitioned)
		constraint->sql = psprintf("%s\nALTER TABLE %s VALIDATE CONSTRAINT %s;",
								   constraint->sql, target->relation, name);
	constraint->note = "keeps the rows right; the check itself still looks, as replication may bypass a foreign key";
}

/*
 * write_condition: a CHECK constraint of what the check evaluates for a row.
 */
static void
write_condition(DqConstraint *constraint, Target *target,
				const DqProbe *probe)
{
	const DqCheck *check = probe->check;
	const char *condition = probe->verdict;
	StringInfoData sql;
	Node *tree;
	char *name;

	/* as it was written, unless its end is a comment */
	if (check->expression != NULL && strstr(check->expression, "--") == NULL)
		condition = check->expression;
	if (check->on_null == DQ_NULL_FAIL)
		condition = psprintf("(%s) IS TRUE", condition);
	if (probe->filter != NULL)
		condition = psprintf("(%s) IS NOT TRUE OR (%s)", probe->filter,
							 condition);
	tree = dq_exprtree_analyse(target->source, condition);
	if (tree == NULL || contain_mutable_functions(tree))
	{
		constraint->note = "a CHECK constraint may hold no subquery, and nothing that changes with time or settings";
		return;
	}
	initStringInfo(&sql);
	name = choose_name(target, check, column_names(probe->columns), "check");
	write_checked(&sql, target, name, condition);
	constraint->sql = sql.data;
}

/*
 * write_constraint: by the shape of the check.
 */
static void
write_constraint(DqConstraint *constraint, Target *target,
				 const DqProbe *probe)
{
	const DqCheck *check = probe->check;
	StringInfoData sql;

	if (probe->filter != NULL && check->type->shape != &dq_shape_rows)
	{
		constraint->note = "no constraint holds for some of the rows only";
		return;
	}
	if (strcmp(check->type->name, "not_null") == 0 && probe->filter == NULL)
	{
		initStringInfo(&sql);
		write_not_null(&sql, target, check, probe->columns);
		if (sql.len > 0)
			constraint->sql = sql.data;
		else
			constraint->note = "it is NOT NULL already, or will be by a statement above";
	}
	else if (check->type->shape == &dq_shape_key)
		write_key(constraint, target, probe);
	else if (check->type->shape == &dq_shape_reference)
		write_reference(constraint, target, probe);
	else if (check->type->shape == &dq_shape_rows)
		write_condition(constraint, target, probe);
	else
		constraint->note = "no constraint says this";
}

/*
 * open_target: the table, with what it has already.
 */
static void
open_target(Target *target, Oid relid)
{
	TupleDesc desc;
	int i;

	memset(target, 0, sizeof(Target));
	target->source = dq_source_open(relid, NULL);
	target->rel = RelationIdGetRelation(relid);
	target->relation = dq_sqltext_relation(relid);
	target->partitioned = target->rel->rd_rel->relkind ==
						  RELKIND_PARTITIONED_TABLE;
	(void) RelationGetIndexList(target->rel);
	target->has_primary = OidIsValid(target->rel->rd_pkindex);
	desc = RelationGetDescr(target->rel);
	for (i = 0; i < desc->natts; i++)
	{
		if (TupleDescAttr(desc, i)->attnotnull)
			target->not_null = lappend_int(target->not_null, i + 1);
	}
}

/*
 * why_not: why there is no constraint for a check, by its verdict; NULL when
 * there may be one.
 */
static char *
why_not(const Target *target, const DqProbe *probe, const DqVerdict *verdict)
{
	if (verdict->status == DQ_CHECK_ERROR)
		return psprintf("the check cannot be evaluated: %s",
						verdict->error_message);
	if (verdict->status != DQ_CHECK_PASS &&
		verdict->status != DQ_CHECK_NO_DATA)
		return pstrdup("the check does not hold now");
	if (verdict->failed_rows > 0)
		return pstrdup("the check holds within its tolerance only");
	if (verdict->proof != NULL)
		return psprintf("it costs nothing already: %s", verdict->proof);
	if (probe->check->levels != NIL || probe->check->group_by != NIL)
		return pstrdup("no constraint has levels or groups");
	if (!target->partitioned &&
		target->rel->rd_rel->relkind != RELKIND_RELATION)
		return pstrdup("only a table has constraints");
	return NULL;
}

/*
 * trim_end: cut newlines from the end.
 */
static void
trim_end(char *sql)
{
	Size len = sql ? strlen(sql) : 0;

	while (len > 0 && sql[len - 1] == '\n')
		sql[--len] = '\0';
}

/*
 * dq_constrain_checks: see constrain.h.
 */
List *
dq_constrain_checks(const DqQualityTask *task)
{
	List *checks = dq_rule_read_all(task->checks);
	List *verdicts = dq_quality_run(task);
	List *result = NIL;
	List *probes;
	Target target;
	int i;

	open_target(&target, task->relid);
	for (i = 0; i < list_length(checks); i++)
	{
		const DqCheck *check = (DqCheck *) list_nth(checks, i);
		DqVerdict *verdict = (DqVerdict *) list_nth(verdicts, i);
		DqConstraint *constraint = palloc0(sizeof(DqConstraint));
		DqProbe *probe;

		probes = dq_plan_prepare(target.source, list_make1((void *) check),
								 task);
		probe = (DqProbe *) linitial(probes);
		constraint->check_name = check->name;
		constraint->note = why_not(&target, probe, verdict);
		if (constraint->note == NULL)
			write_constraint(constraint, &target, probe);
		trim_end(constraint->sql);
		result = lappend(result, constraint);
	}
	RelationClose(target.rel);
	return result;
}
