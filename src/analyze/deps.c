/*
 * deps.c
 *	  Which names a step's SQL reads, from its raw parse tree.
 *
 * The tree is what the grammar made, before any name was looked up, so the
 * relations need not exist. CTE names are scoped as the analyser scopes them:
 * a query of a WITH sees the names before it (all of them with RECURSIVE), the
 * statement under it sees all, and so does everything nested in these.
 */
#include "postgres.h"

#include "analyze/deps.h"
#include "base/spi.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"

typedef struct ReadScan
{
	List *ctes; /* of char *: names of CTEs in scope */
	List *found; /* of RangeVar * */
} ReadScan;

static bool scan_node(Node *node, void *context);

/*
 * same_text: are two strings equal, or both absent?
 */
static bool
same_text(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

/*
 * add_relation: note a relation, once.
 */
static void
add_relation(ReadScan *scan, RangeVar *relation)
{
	ListCell *lc;

	foreach(lc, scan->found)
	{
		RangeVar *known = (RangeVar *) lfirst(lc);

		if (same_text(known->catalogname, relation->catalogname) &&
			same_text(known->schemaname, relation->schemaname) &&
			same_text(known->relname, relation->relname))
			return;
	}
	scan->found = lappend(scan->found, relation);
}

/*
 * is_cte: does an unqualified name mean a CTE here?
 */
static bool
is_cte(const ReadScan *scan, const RangeVar *relation)
{
	ListCell *lc;

	if (relation->schemaname != NULL)
		return false;
	foreach(lc, scan->ctes)
	{
		if (strcmp((char *) lfirst(lc), relation->relname) == 0)
			return true;
	}
	return false;
}

/*
 * push_with: scan the queries of a WITH clause and bring its names into
 * scope. The list of names is copied, never changed: the caller puts its own
 * back afterwards.
 */
static void
push_with(WithClause *with, ReadScan *scan)
{
	ListCell *lc;

	if (with == NULL)
		return;
	scan->ctes = list_copy(scan->ctes);
	if (with->recursive)
	{
		foreach(lc, with->ctes)
			scan->ctes = lappend(scan->ctes,
								 lfirst_node(CommonTableExpr, lc)->ctename);
	}
	foreach(lc, with->ctes)
	{
		CommonTableExpr *cte = lfirst_node(CommonTableExpr, lc);

		(void) scan_node(cte->ctequery, scan);
		if (!with->recursive)
			scan->ctes = lappend(scan->ctes, cte->ctename);
	}
}

/*
 * scan_statement: a statement with a scope of its own. "target" is what it
 * writes: never a CTE, and read unless it is an INSERT. "body" is a copy of
 * the statement without target and WITH clause.
 */
static void
scan_statement(Node *body, WithClause *with, RangeVar *target, ReadScan *scan)
{
	List *outer = scan->ctes;

	push_with(with, scan);
	if (target != NULL)
		add_relation(scan, target);
	(void) raw_expression_tree_walker(body, scan_node, scan);
	scan->ctes = outer;
}

/*
 * scan_change: a statement that changes data; false when it is none.
 */
static bool
scan_change(Node *node, ReadScan *scan)
{
	if (IsA(node, InsertStmt))
	{
		InsertStmt body = *(InsertStmt *) node;

		body.withClause = NULL;
		body.relation = NULL;
		scan_statement((Node *) &body, ((InsertStmt *) node)->withClause,
					   NULL, scan);
		return true;
	}
	if (IsA(node, UpdateStmt))
	{
		UpdateStmt body = *(UpdateStmt *) node;

		body.withClause = NULL;
		body.relation = NULL;
		scan_statement((Node *) &body, ((UpdateStmt *) node)->withClause,
					   ((UpdateStmt *) node)->relation, scan);
		return true;
	}
	if (IsA(node, DeleteStmt))
	{
		DeleteStmt body = *(DeleteStmt *) node;

		body.withClause = NULL;
		body.relation = NULL;
		scan_statement((Node *) &body, ((DeleteStmt *) node)->withClause,
					   ((DeleteStmt *) node)->relation, scan);
		return true;
	}
	if (IsA(node, MergeStmt))
	{
		MergeStmt body = *(MergeStmt *) node;

		body.withClause = NULL;
		body.relation = NULL;
		scan_statement((Node *) &body, ((MergeStmt *) node)->withClause,
					   ((MergeStmt *) node)->relation, scan);
		return true;
	}
	return false;
}

/*
 * scan_node: tree walker.
 */
static bool
scan_node(Node *node, void *context)
{
	ReadScan *scan = (ReadScan *) context;

	if (node == NULL)
		return false;
	if (IsA(node, RangeVar))
	{
		if (!is_cte(scan, (RangeVar *) node))
			add_relation(scan, (RangeVar *) node);
		return false;
	}
	/* FOR UPDATE OF holds aliases, INTO a name to be created */
	if (IsA(node, LockingClause) || IsA(node, IntoClause))
		return false;
	if (IsA(node, SelectStmt))
	{
		SelectStmt body = *(SelectStmt *) node;

		body.withClause = NULL;
		scan_statement((Node *) &body, ((SelectStmt *) node)->withClause,
					   NULL, scan);
		return false;
	}
	if (scan_change(node, scan))
		return false;
	return raw_expression_tree_walker(node, scan_node, context);
}

/*
 * dq_deps_query: the query inside a statement, NULL when there is none: the
 * statement itself unless it is a utility command that wraps one.
 */
Node *
dq_deps_query(Node *statement)
{
	if (statement == NULL)
		return NULL;
	if (IsA(statement, RawStmt))
		return dq_deps_query(((RawStmt *) statement)->stmt);
	if (IsA(statement, ExplainStmt))
		return dq_deps_query(((ExplainStmt *) statement)->query);
	if (IsA(statement, CreateTableAsStmt))
		return dq_deps_query(((CreateTableAsStmt *) statement)->query);
	if (IsA(statement, DeclareCursorStmt))
		return dq_deps_query(((DeclareCursorStmt *) statement)->query);
	if (IsA(statement, CopyStmt))
		return dq_deps_query(((CopyStmt *) statement)->query);
	if (IsA(statement, SelectStmt) || IsA(statement, InsertStmt) ||
		IsA(statement, UpdateStmt) || IsA(statement, DeleteStmt) ||
		IsA(statement, MergeStmt))
		return statement;
	return NULL;
}

/*
 * dq_deps_relations: see deps.h. The RangeVars are those of the tree.
 */
List *
dq_deps_relations(Node *tree)
{
	ReadScan scan = {NIL, NIL};

	(void) scan_node(tree, &scan);
	return scan.found;
}

/*
 * dq_deps_statement_relations: what a whole statement reads, NIL for a
 * utility command that wraps no query.
 */
List *
dq_deps_statement_relations(Node *statement)
{
	return dq_deps_relations(dq_deps_query(statement));
}

/*
 * add_oids: append a List of OIDs to the parameters, as oid[].
 */
static void
add_oids(DqArgs *args, List *oids)
{
	Datum *elements = palloc(sizeof(Datum) * list_length(oids));
	int n = 0;
	ListCell *lc;

	foreach(lc, oids)
		elements[n++] = ObjectIdGetDatum(lfirst_oid(lc));
	dq_args_datum(args, OIDARRAYOID,
				  PointerGetDatum(construct_array(elements, n, OIDOID,
												  sizeof(Oid), true,
												  TYPALIGN_INT)),
				  false);
}

/*
 * dq_deps_overlaps: see deps.h. Follows views to what they select from, SQL
 * functions in them to what their bodies use, and parents to their children,
 * from both sides.
 */
List *
dq_deps_overlaps(List *read, List *written)
{
	DqArgs args = {0};
	List *overlaps = NIL;
	DqRows *rows;
	uint64 i;

	if (read == NIL || written == NIL)
		return NIL;
	add_oids(&args, read);
	add_oids(&args, written);
	rows = dq_spi_query(DQ_GENERATED,
						"WITH RECURSIVE reached (root, classid, objid) AS ("
						" SELECT o, 'pg_catalog.pg_class'::regclass::oid, o"
						" FROM pg_catalog.unnest($1 || $2) o"
						" UNION"
						" SELECT r.root, n.classid, n.objid"
						" FROM reached r, LATERAL ("
						" SELECT 'pg_catalog.pg_class'::regclass::oid,"
						" i.inhrelid FROM pg_catalog.pg_inherits i"
						" WHERE i.inhparent = r.objid"
						" AND r.classid = 'pg_catalog.pg_class'::regclass"
						" UNION ALL"
						" SELECT d.refclassid, d.refobjid"
						" FROM pg_catalog.pg_rewrite w"
						" JOIN pg_catalog.pg_depend d"
						" ON d.classid = 'pg_catalog.pg_rewrite'::regclass"
						" AND d.objid = w.oid"
						" WHERE w.ev_class = r.objid AND w.ev_type = '1'"
						" AND r.classid = 'pg_catalog.pg_class'::regclass"
						" UNION ALL"
						" SELECT d.refclassid, d.refobjid"
						" FROM pg_catalog.pg_depend d"
						" WHERE d.classid = r.classid AND d.objid = r.objid"
						" AND r.classid = 'pg_catalog.pg_proc'::regclass"
						") n (classid, objid)"
						" WHERE n.classid IN ('pg_catalog.pg_class'::regclass,"
						" 'pg_catalog.pg_proc'::regclass))"
						" SELECT DISTINCT r.root AS read_root,"
						" w.root AS written_root"
						" FROM reached r JOIN reached w USING (classid, objid)"
						" WHERE r.root = ANY ($1) AND w.root = ANY ($2)"
						" AND r.classid = 'pg_catalog.pg_class'::regclass"
						" ORDER BY read_root, written_root",
						&args);
	for (i = 0; i < rows->count; i++)
	{
		DqOverlap *overlap = palloc(sizeof(DqOverlap));

		overlap->read = dq_rows_oid(rows, i, "read_root");
		overlap->written = dq_rows_oid(rows, i, "written_root");
		overlaps = lappend(overlaps, overlap);
	}
	return overlaps;
}
