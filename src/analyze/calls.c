/*
 * calls.c
 *	  What a query reads through the functions that it calls.
 *
 * Names are looked up as far as that goes without types: every function of a
 * name may be meant, so each one counts. Too many can only put a step behind
 * a load that it does not need to wait for.
 */
#include "postgres.h"

#include "access/transam.h"
#include "analyze/calls.h"
#include "base/spi.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"

/*
 * add_functions: append the functions of a name that are not built in.
 */
static List *
add_functions(List *functions, List *name)
{
	FuncCandidateList found =
		FuncnameGetCandidates(name, -1, NIL, false, false, false, true);

	for (; found != NULL; found = found->next)
	{
		if (found->oid >= FirstNormalObjectId)
			functions = list_append_unique_oid(functions, found->oid);
	}
	return functions;
}

/*
 * find_calls: tree walker; *functions is a List of OIDs.
 */
static bool
find_calls(Node *node, void *functions)
{
	if (node == NULL)
		return false;
	if (IsA(node, FuncCall))
		*(List **) functions = add_functions(*(List **) functions,
											 ((FuncCall *) node)->funcname);
	return raw_expression_tree_walker(node, find_calls, functions);
}

/*
 * oid_array: a List of OIDs as oid[].
 */
static Datum
oid_array(List *oids)
{
	Datum *elements = palloc(sizeof(Datum) * list_length(oids));
	int n = 0;
	ListCell *lc;

	foreach(lc, oids)
		elements[n++] = ObjectIdGetDatum(lfirst_oid(lc));
	return PointerGetDatum(construct_array(elements, n, OIDOID, sizeof(Oid),
										   true, TYPALIGN_INT));
}

/*
 * dq_calls_relations: see calls.h.
 */
List *
dq_calls_relations(Node *tree)
{
	List *functions = NIL;
	List *relations = NIL;
	DqArgs args = {0};
	DqRows *rows;
	uint64 i;

	(void) find_calls(tree, &functions);
	if (functions == NIL)
		return NIL;
	dq_args_datum(&args, OIDARRAYOID, oid_array(functions), false);
	rows = dq_spi_query(DQ_GENERATED,
						"WITH RECURSIVE used (classid, objid) AS ("
						" SELECT 'pg_catalog.pg_proc'::regclass::oid, o"
						" FROM pg_catalog.unnest($1) o"
						" UNION"
						" SELECT d.refclassid, d.refobjid FROM used u"
						" JOIN pg_catalog.pg_depend d"
						" ON d.classid = u.classid AND d.objid = u.objid"
						" AND d.refclassid IN"
						" ('pg_catalog.pg_proc'::regclass,"
						" 'pg_catalog.pg_class'::regclass)"
						" WHERE u.classid = 'pg_catalog.pg_proc'::regclass)"
						" SELECT objid AS relation FROM used"
						" WHERE classid = 'pg_catalog.pg_class'::regclass"
						" ORDER BY objid",
						&args);
	for (i = 0; i < rows->count; i++)
		relations = lappend_oid(relations, dq_rows_oid(rows, i, "relation"));
	return relations;
}
