/*
 * inspect.c
 *	  What an analysed query will stumble over, or does not mean.
 *
 * Rights are looked up, as the executor would, for the role that runs will
 * have; what a view reads is the view owner's affair.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "analyze/inspect.h"
#include "base/compat.h"
#include "base/sqltext.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

typedef struct Inspection
{
	DqCompile *compile;
	const char *step;
	bool windowed; /* the same window must give the same rows */
	List *functions; /* of Oid, looked at already */
	List *relations; /* of Oid, likewise */
} Inspection;

typedef struct Right
{
	AclMode bit;
	const char *name;
} Right;

static const Right rights[] = {{ACL_SELECT, "SELECT"},
							   {ACL_INSERT, "INSERT"},
							   {ACL_UPDATE, "UPDATE"},
							   {ACL_DELETE, "DELETE"},
							   {ACL_TRUNCATE, "TRUNCATE"}};

/*
 * columns_allowed: has the role a right on all columns of a set, which has
 * the offset of system columns; on any column when the set is empty?
 */
static bool
columns_allowed(Oid relid, Oid role, AclMode bit, Bitmapset *columns)
{
	int i = -1;

	if (bms_is_empty(columns))
		return pg_attribute_aclcheck_all(relid, role, bit, ACLMASK_ANY) ==
			   ACLCHECK_OK;
	while ((i = bms_next_member(columns, i)) >= 0)
	{
		AttrNumber attnum = i + FirstLowInvalidHeapAttributeNumber;
		AclResult result;

		if (attnum == InvalidAttrNumber)
			result = pg_attribute_aclcheck_all(relid, role, bit, ACLMASK_ALL);
		else
			result = pg_attribute_aclcheck(relid, attnum, role, bit);
		if (result != ACLCHECK_OK)
			return false;
	}
	return true;
}

/*
 * is_allowed: has the role one right on a relation, or on the columns that
 * the query needs it for?
 */
static bool
is_allowed(Oid relid, Oid role, AclMode bit, const DqNeededRights *needed)
{
	if (pg_class_aclcheck(relid, role, bit) == ACLCHECK_OK)
		return true;
	if (bit == ACL_SELECT)
		return columns_allowed(relid, role, bit, needed->selected);
	if (bit == ACL_INSERT)
		return columns_allowed(relid, role, bit, needed->inserted);
	if (bit == ACL_UPDATE)
		return columns_allowed(relid, role, bit, needed->updated);
	return false;
}

/*
 * check_rights: a finding when rights on a relation are missing.
 */
static void
check_rights(DqCompile *compile, const char *step, Oid relid,
			 const DqNeededRights *needed)
{
	Oid owner = compile->pipeline->owner;
	StringInfoData missing;
	DqFinding *finding;
	int i;

	/* of the rules of a view: its owner's affair */
	if (OidIsValid(needed->as_user) && needed->as_user != owner)
		return;
	initStringInfo(&missing);
	for (i = 0; i < lengthof(rights); i++)
	{
		if ((needed->required & rights[i].bit) != 0 &&
			!is_allowed(relid, owner, rights[i].bit, needed))
			appendStringInfo(&missing, "%s%s", missing.len > 0 ? ", " : "",
							 rights[i].name);
	}
	if (missing.len == 0)
		return;
	finding = dq_finding_add(&compile->findings, DQ_FINDING_ERROR, step,
							 ERRCODE_INSUFFICIENT_PRIVILEGE,
							 psprintf("permission denied for %s",
									  dq_sqltext_relation(relid)));
	finding->detail = psprintf("Runs execute as role \"%s\".",
							   compile->pipeline->owner_name);
	finding->hint = psprintf("GRANT %s ON %s TO %s;", missing.data,
							 dq_sqltext_relation(relid),
							 dq_sqltext_ident(compile->pipeline->owner_name));
}

/*
 * dq_inspect_target: see inspect.h.
 */
void
dq_inspect_target(DqCompile *compile, const char *step, Oid relid,
				  AclMode wanted)
{
	DqNeededRights needed = {0};

	needed.required = wanted;
	check_rights(compile, step, relid, &needed);
}

/*
 * has_mapping: is there a user mapping for the role, or one for PUBLIC?
 */
static bool
has_mapping(Oid role, Oid server)
{
	return SearchSysCacheExists2(USERMAPPINGUSERSERVER, ObjectIdGetDatum(role),
								 ObjectIdGetDatum(server)) ||
		   SearchSysCacheExists2(USERMAPPINGUSERSERVER,
								 ObjectIdGetDatum(InvalidOid),
								 ObjectIdGetDatum(server));
}

/*
 * check_foreign: a finding when the server of a foreign table does not know
 * the owner. Wrappers that read files have no use for mappings.
 */
static void
check_foreign(Inspection *inspection, Oid relid)
{
	const DqPipeline *pipeline = inspection->compile->pipeline;
	Oid server = GetForeignTable(relid)->serverid;
	ForeignServer *foreign = GetForeignServer(server);
	char *wrapper = GetForeignDataWrapper(foreign->fdwid)->fdwname;
	bool certain = strcmp(wrapper, "postgres_fdw") == 0;
	DqFinding *finding;

	if (strcmp(wrapper, "file_fdw") == 0 ||
		has_mapping(pipeline->owner, server))
		return;
	finding = dq_finding_add(&inspection->compile->findings,
							 certain ? DQ_FINDING_ERROR : DQ_FINDING_WARNING,
							 inspection->step, ERRCODE_UNDEFINED_OBJECT,
							 psprintf("foreign server \"%s\" has no user mapping for role \"%s\"",
									  foreign->servername,
									  pipeline->owner_name));
	finding->detail = psprintf("Foreign table %s is on that server.",
							   dq_sqltext_relation(relid));
	finding->hint = psprintf("CREATE USER MAPPING FOR %s SERVER %s OPTIONS (user '...', password '...');",
							 dq_sqltext_ident(pipeline->owner_name),
							 dq_sqltext_ident(foreign->servername));
}

/*
 * relation_owner: InvalidOid when the relation is gone.
 */
static Oid
relation_owner(Oid relid)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid owner = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
		ReleaseSysCache(tuple);
	}
	return owner;
}

/*
 * check_code: a superuser that writes into a table, or reads a view, of
 * another role executes what that role has put into triggers, rules and
 * functions.
 */
static void
check_code(Inspection *inspection, Oid relid, char relkind, AclMode required)
{
	DqCompile *compile = inspection->compile;
	Oid owner = relation_owner(relid);
	DqFinding *finding;

	if (!superuser_arg(compile->pipeline->owner) || !OidIsValid(owner) ||
		superuser_arg(owner))
		return;
	if (relkind != RELKIND_VIEW &&
		(required & (ACL_INSERT | ACL_UPDATE | ACL_DELETE)) == 0)
		return;
	finding = dq_finding_add(&compile->findings, DQ_FINDING_WARNING,
							 inspection->step,
							 ERRCODE_INSUFFICIENT_PRIVILEGE,
							 psprintf("superuser \"%s\" would execute code of role \"%s\"",
									  compile->pipeline->owner_name,
									  GetUserNameFromId(owner, false)));
	finding->detail = psprintf("%s belongs to that role, which decides what its triggers, rules and functions do.",
							   dq_sqltext_relation(relid));
	finding->hint = psprintf("SELECT etl.set_owner(%s, 'role that is no superuser');",
							 dq_sqltext_literal(compile->pipeline->name));
}

/*
 * check_relation: everything about one relation of a range table.
 */
static void
check_relation(Inspection *inspection, Query *query, RangeTblEntry *rte)
{
	DqNeededRights needed = dq_compat_needed_rights(query, rte);

	if (needed.required != 0)
	{
		check_rights(inspection->compile, inspection->step, rte->relid,
					 &needed);
		check_code(inspection, rte->relid, rte->relkind, needed.required);
	}
	if (list_member_oid(inspection->relations, rte->relid))
		return;
	inspection->relations = lappend_oid(inspection->relations, rte->relid);
	if (rte->relkind == RELKIND_FOREIGN_TABLE)
		check_foreign(inspection, rte->relid);
}

/*
 * check_function: check_functions_in_node callback; goes on always.
 */
static bool
check_function(Oid function, void *context)
{
	Inspection *inspection = (Inspection *) context;
	DqCompile *compile = inspection->compile;
	const char *owner = compile->pipeline->owner_name;
	DqFinding *finding;
	char *name;

	if (list_member_oid(inspection->functions, function))
		return false;
	inspection->functions = lappend_oid(inspection->functions, function);
	name = format_procedure_qualified(function);
	if (dq_compat_function_execute(function, compile->pipeline->owner) !=
		ACLCHECK_OK)
	{
		finding = dq_finding_add(&compile->findings, DQ_FINDING_ERROR,
								 inspection->step,
								 ERRCODE_INSUFFICIENT_PRIVILEGE,
								 psprintf("permission denied for function %s",
										  name));
		finding->hint = psprintf("GRANT EXECUTE ON FUNCTION %s TO %s;",
								 name, dq_sqltext_ident(owner));
	}
	if (inspection->windowed &&
		func_volatile(function) == PROVOLATILE_VOLATILE)
	{
		finding = dq_finding_add(&compile->findings, DQ_FINDING_WARNING,
								 inspection->step,
								 ERRCODE_INVALID_FUNCTION_DEFINITION,
								 psprintf("extract of a window calls volatile function %s",
										  name));
		finding->detail = "The same window gives other rows when it is run again.";
	}
	return false;
}

/*
 * inspect_node: tree walker.
 */
static bool
inspect_node(Node *node, void *context)
{
	Inspection *inspection = (Inspection *) context;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		Query *query = (Query *) node;
		ListCell *lc;

		foreach(lc, query->rtable)
		{
			RangeTblEntry *rte = (RangeTblEntry *) lfirst(lc);

			if (rte->rtekind == RTE_RELATION)
				check_relation(inspection, query, rte);
		}
		return query_tree_walker(query, inspect_node, context, 0);
	}
	(void) check_functions_in_node(node, check_function, context);
	return expression_tree_walker(node, inspect_node, context);
}

/*
 * dq_inspect_query: see inspect.h.
 */
void
dq_inspect_query(DqCompile *compile, DqCompiledStep *compiled)
{
	Inspection inspection = {0};

	inspection.compile = compile;
	inspection.step = compiled->step->name;
	inspection.windowed = compile->pipeline->period != NULL &&
						  compiled->step->kind == DQ_EXTRACT;
	(void) inspect_node((Node *) compiled->query, &inspection);
}
