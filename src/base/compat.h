/*
 * compat.h
 *	  Differences between PostgreSQL 15 and 18, the only place that looks at
 *	  PG_VERSION_NUM.
 */
#ifndef DQ_COMPAT_H
#define DQ_COMPAT_H

#include "access/attmap.h"
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/tupdesc.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "nodes/parsenodes.h"
#include "parser/parse_relation.h"
#include "parser/parse_type.h"
#include "postmaster/bgworker.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "tcop/pquery.h"
#include "utils/acl.h"
#include "utils/backend_status.h"
#include "utils/formatting.h"
#include "utils/tuplesort.h"
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#include "varatt.h"
#endif

#if PG_VERSION_NUM < 150000
#error "dq_etl needs PostgreSQL 15 or later"
#endif

/* 17 lets a background worker connect as a role without LOGIN */
#if PG_VERSION_NUM >= 170000
#define DQ_BGW_BYPASS_LOGIN BGWORKER_BYPASS_ROLELOGINCHECK
#else
#define DQ_BGW_BYPASS_LOGIN 0
#endif

/* 17: LockHeldByMe got an argument "or a stronger mode" */
static inline bool
dq_compat_lock_held(const LOCKTAG *tag, LOCKMODE mode)
{
#if PG_VERSION_NUM >= 170000
	return LockHeldByMe(tag, mode, false);
#else
	return LockHeldByMe(tag, mode);
#endif
}

/* 18: PortalRun lost its run_once argument */
static inline bool
dq_compat_portal_run(Portal portal, bool top_level, DestReceiver *dest,
					 QueryCompletion *qc)
{
#if PG_VERSION_NUM >= 180000
	return PortalRun(portal, FETCH_ALL, top_level, dest, dest, qc);
#else
	return PortalRun(portal, FETCH_ALL, top_level, true, dest, dest, qc);
#endif
}

/* 16: renamed; both count from 1 */
static inline LocalPgBackendStatus *
dq_compat_local_backend(int index)
{
#if PG_VERSION_NUM >= 160000
	return pgstat_get_local_beentry_by_index(index);
#else
	return pgstat_fetch_stat_local_beentry(index);
#endif
}

/* 16: got a place for soft errors */
static inline TypeName *
dq_compat_type_name(const char *text)
{
#if PG_VERSION_NUM >= 160000
	return typeStringToTypeName(text, NULL);
#else
	return typeStringToTypeName(text);
#endif
}

/* 16: membership without the SET option does not allow SET ROLE */
static inline bool
dq_compat_can_set_role(Oid member, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return member_can_set_role(member, role);
#else
	return is_member_of_role(member, role);
#endif
}

/* 16: an argument "leave out what is missing" */
static inline AttrMap *
dq_compat_attrmap(TupleDesc from, TupleDesc to)
{
#if PG_VERSION_NUM >= 160000
	return build_attrmap_by_name(from, to, false);
#else
	return build_attrmap_by_name(from, to);
#endif
}

/* 16: an argument "copy"; without it the datum was always a copy */
static inline bool
dq_compat_sort_getdatum(Tuplesortstate *sort, Datum *value, bool *isnull)
{
#if PG_VERSION_NUM >= 160000
	return tuplesort_getdatum(sort, true, true, value, isnull, NULL);
#else
	return tuplesort_getdatum(sort, true, value, isnull, NULL);
#endif
}

/* 18: arguments "extra" */
static inline MinimalTuple
dq_compat_form_minimal(TupleDesc desc, Datum *values, bool *nulls)
{
#if PG_VERSION_NUM >= 180000
	return heap_form_minimal_tuple(desc, values, nulls, 0);
#else
	return heap_form_minimal_tuple(desc, values, nulls);
#endif
}

static inline MinimalTuple
dq_compat_copy_minimal(MinimalTuple tuple)
{
#if PG_VERSION_NUM >= 180000
	return heap_copy_minimal_tuple(tuple, 0);
#else
	return heap_copy_minimal_tuple(tuple);
#endif
}

/* 16: object_aclcheck() took the place of a function per kind of object */
static inline AclResult
dq_compat_schema_create(Oid schema, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(NamespaceRelationId, schema, role, ACL_CREATE);
#else
	return pg_namespace_aclcheck(schema, role, ACL_CREATE);
#endif
}

/* 16: object_ownercheck() here too */
static inline bool
dq_compat_owns_relation(Oid relid, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return object_ownercheck(RelationRelationId, relid, role);
#else
	return pg_class_ownercheck(relid, role);
#endif
}

/* 16: the same for functions */
static inline AclResult
dq_compat_function_execute(Oid function, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(ProcedureRelationId, function, role, ACL_EXECUTE);
#else
	return pg_proc_aclcheck(function, role, ACL_EXECUTE);
#endif
}

/* which rights a query needs on a relation in its range table */
typedef struct DqNeededRights
{
	AclMode required;
	Oid as_user; /* InvalidOid: whoever executes it */
	Bitmapset *selected; /* columns, as in RangeTblEntry or its like */
	Bitmapset *inserted;
	Bitmapset *updated;
} DqNeededRights;

/* 16: they moved out of the range table entries */
static inline DqNeededRights
dq_compat_needed_rights(Query *query, RangeTblEntry *rte)
{
	DqNeededRights rights = {0};
#if PG_VERSION_NUM >= 160000
	RTEPermissionInfo *info;

	if (rte->perminfoindex == 0)
		return rights;
	info = getRTEPermissionInfo(query->rteperminfos, rte);
#else
	RangeTblEntry *info = rte;
#endif
	rights.required = info->requiredPerms;
	rights.as_user = info->checkAsUser;
	rights.selected = info->selectedCols;
	rights.inserted = info->insertedCols;
	rights.updated = info->updatedCols;
	return rights;
}

/* 17: no condition in WHERE of the tree any more; NULL before */
static inline Node *
dq_compat_merge_condition(Query *query)
{
#if PG_VERSION_NUM >= 170000
	return query->mergeJoinCondition;
#else
	return NULL;
#endif
}

/* 18: expressions of GROUP BY are columns of an entry of the range table */
static inline List *
dq_compat_group_exprs(RangeTblEntry *rte)
{
#if PG_VERSION_NUM >= 180000
	return rte->rtekind == RTE_GROUP ? rte->groupexprs : NIL;
#else
	return NIL;
#endif
}

/*
 * 18: temporal keys and NOT ENFORCED. The name of such a clause in a
 * constraint, NULL when there is none.
 */
static inline const char *
dq_compat_constraint_option(const Constraint *constraint)
{
#if PG_VERSION_NUM >= 180000
	if (constraint->without_overlaps)
		return "WITHOUT OVERLAPS";
	if (constraint->fk_with_period || constraint->pk_with_period)
		return "PERIOD";
	if (constraint->contype == CONSTR_FOREIGN && !constraint->is_enforced)
		return "NOT ENFORCED";
#endif
	return NULL;
}

/*
 * 18: NOT NULL is a constraint, which may not be validated yet. A column of a
 * system catalogue has none.
 */
static inline bool
dq_compat_not_null_unproved(Oid relid, AttrNumber attnum)
{
#if PG_VERSION_NUM >= 180000
	HeapTuple tuple = findNotNullConstraintAttnum(relid, attnum);

	return HeapTupleIsValid(tuple) &&
		   !((Form_pg_constraint) GETSTRUCT(tuple))->convalidated;
#else
	return false;
#endif
}

/* 18: NOT ENFORCED */
static inline bool
dq_compat_check_not_enforced(const ConstrCheck *check)
{
#if PG_VERSION_NUM >= 180000
	return !check->ccenforced;
#else
	return false;
#endif
}

/* 18: index scans may be instrumented */
static inline IndexScanDesc
dq_compat_index_beginscan(Relation rel, Relation index, Snapshot snapshot,
						  int n_keys)
{
#if PG_VERSION_NUM >= 180000
	return index_beginscan(rel, index, snapshot, NULL, n_keys, 0);
#else
	return index_beginscan(rel, index, snapshot, n_keys, 0);
#endif
}

/*
 * Entries of all indexes for a row just inserted. 16: an argument "only in
 * summarizing indexes".
 */
static inline void
dq_compat_insert_index_entries(ResultRelInfo *result, TupleTableSlot *row,
							   EState *estate)
{
#if PG_VERSION_NUM >= 160000
	list_free(ExecInsertIndexTuples(result, row, estate, false, false, NULL,
									NIL, false));
#else
	list_free(ExecInsertIndexTuples(result, row, estate, false, false, NULL,
									NIL));
#endif
}

/* 16: a type that is not there can be a soft error; here it is thrown */
static inline void
dq_compat_parse_type(const char *name, Oid *type, int32 *typmod)
{
#if PG_VERSION_NUM >= 160000
	(void) parseTypeString(name, type, typmod, NULL);
#else
	parseTypeString(name, type, typmod, false);
#endif
}

/* 16: input functions report errors without throwing them */
#if PG_VERSION_NUM >= 160000
#define DQ_SOFT_INPUT 1
#else
#define DQ_SOFT_INPUT 0
#endif

static inline bool
dq_compat_input_is_valid(FmgrInfo *input, char *value, Oid param, int32 typmod)
{
	Datum result;
#if PG_VERSION_NUM >= 160000
	ErrorSaveContext errors = {T_ErrorSaveContext};

	return InputFunctionCallSafe(input, value, param, typmod,
								 (Node *) &errors, &result);
#else
	result = InputFunctionCall(input, value, param, typmod);
	(void) result;
	return true;
#endif
}

/* 16: soft errors instead of a flag; false when the text does not fit */
static inline bool
dq_compat_parse_datetime(text *value, text *format, Oid collation,
						 Datum *result, Oid *type, int *offset)
{
	int32 typmod;
#if PG_VERSION_NUM >= 160000
	ErrorSaveContext errors = {T_ErrorSaveContext};

	*result = parse_datetime(value, format, collation, false, type, &typmod,
							 offset, (Node *) &errors);
	return !errors.error_occurred;
#else
	bool error = false;

	*result = parse_datetime(value, format, collation, false, type, &typmod,
							 offset, &error);
	return !error;
#endif
}

#endif /* DQ_COMPAT_H */
