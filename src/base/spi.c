/*
 * spi.c
 *	  The only door to SPI and to another identity.
 *
 * Identity and search_path are switched around a statement, never longer. An
 * error leaves the switch to the abort of the (sub)transaction, which puts
 * user id, security context and settings back by itself.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heaptoast.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "base/dq_etl.h"
#include "base/spi.h"
#include "catalog/indexing.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/plancache.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* what to put back after a statement */
typedef struct SavedIdentity
{
	bool switched;
	Oid userid;
	int sec_context;
	int guc_level; /* 0: search_path untouched */
} SavedIdentity;

/*
 * dq_spi_extension_oid: OID of the extension in this database.
 */
Oid
dq_spi_extension_oid(bool missing_ok)
{
	Oid oid = get_extension_oid(DQ_EXTENSION, true);

	if (!OidIsValid(oid) && !missing_ok)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("extension \"%s\" is not installed in this database",
						DQ_EXTENSION),
				 errhint("CREATE EXTENSION %s;", DQ_EXTENSION)));
	return oid;
}

/*
 * dq_spi_extension_owner: the role that owns the extension and its tables.
 */
Oid
dq_spi_extension_owner(void)
{
	Oid extension = dq_spi_extension_oid(false);
	Oid owner = InvalidOid;
	Relation rel = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;

	ScanKeyInit(&key, Anum_pg_extension_oid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(extension));
	scan = systable_beginscan(rel, ExtensionOidIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		owner = ((Form_pg_extension) GETSTRUCT(tuple))->extowner;
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	if (!OidIsValid(owner))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("extension \"%s\" was dropped", DQ_EXTENSION)));
	return owner;
}

/*
 * assume_identity: take on the identity and search_path of "who".
 */
static void
assume_identity(DqIdentity who, SavedIdentity *saved)
{
	saved->switched = false;
	saved->guc_level = 0;
	if (who == DQ_USER)
		return;

	if (who == DQ_BOOKKEEPING)
	{
		Oid owner = dq_spi_extension_owner();

		GetUserIdAndSecContext(&saved->userid, &saved->sec_context);
		SetUserIdAndSecContext(owner,
							   saved->sec_context |
								   SECURITY_LOCAL_USERID_CHANGE |
								   SECURITY_RESTRICTED_OPERATION);
		saved->switched = true;
	}
	saved->guc_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp",
							 PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	/* row security would hide or refuse our own rows in an owner's session */
	if (who == DQ_BOOKKEEPING)
		(void) set_config_option("row_security", "on",
								 PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
}

/*
 * restore_identity: undo assume_identity.
 */
static void
restore_identity(const SavedIdentity *saved)
{
	if (saved->guc_level > 0)
		AtEOXact_GUC(false, saved->guc_level);
	if (saved->switched)
		SetUserIdAndSecContext(saved->userid, saved->sec_context);
}

/*
 * copy_row: a row with all its values in it, since what is stored out of line
 * can be fetched under the snapshot of the query only.
 */
static HeapTuple
copy_row(HeapTuple row, TupleDesc desc)
{
	if (HeapTupleHasExternal(row))
		return toast_flatten_tuple(row, desc);
	return heap_copytuple(row);
}

/*
 * copy_rows: SPI's result table, copied into "target".
 */
static DqRows *
copy_rows(MemoryContext target)
{
	MemoryContext old = MemoryContextSwitchTo(target);
	DqRows *rows = palloc0(sizeof(DqRows));
	uint64 i;

	rows->count = SPI_tuptable ? SPI_tuptable->numvals : 0;
	if (SPI_tuptable != NULL)
	{
		rows->desc = CreateTupleDescCopy(SPI_tuptable->tupdesc);
		rows->rows = palloc(sizeof(HeapTuple) * (rows->count + 1));
		for (i = 0; i < rows->count; i++)
			rows->rows[i] = copy_row(SPI_tuptable->vals[i], rows->desc);
	}
	MemoryContextSwitchTo(old);
	return rows;
}

/*
 * lend_table: let the statements of this connection see the rows.
 */
static void
lend_table(const DqSpiTable *table)
{
	EphemeralNamedRelation lent = palloc0(sizeof(EphemeralNamedRelationData));
	int code;

	lent->md.name = pstrdup(table->name);
	lent->md.reliddesc = InvalidOid;
	lent->md.tupdesc = table->desc;
	lent->md.enrtype = ENR_NAMED_TUPLESTORE;
	lent->md.enrtuples = table->count;
	lent->reldata = table->rows;
	code = SPI_register_relation(lent);
	if (code != SPI_OK_REL_REGISTER)
		elog(ERROR, "SPI_register_relation failed: %s",
			 SPI_result_code_string(code));
}

/*
 * run_statement: one statement through SPI, as "who"; "table" may be NULL.
 *
 * With a snapshot the statement only reads and sees exactly that; else it is
 * executed read-only or not as asked. Returns the rows, or NULL when "target"
 * is NULL; *processed is set always.
 */
static DqRows *
run_statement(DqIdentity who, const char *sql, DqArgs *args,
			  const DqSpiTable *table, Snapshot snapshot, bool read_only,
			  MemoryContext target, uint64 *processed)
{
	SavedIdentity saved;
	DqRows *rows = NULL;
	/* a worker has no portal that would bring a snapshot */
	bool push = !ActiveSnapshotSet();
	int code;

	if (push)
		PushActiveSnapshot(GetTransactionSnapshot());
	assume_identity(who, &saved);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (table != NULL)
		lend_table(table);

	if (snapshot != InvalidSnapshot)
	{
		SPIPlanPtr plan = SPI_prepare(sql, args ? args->count : 0,
									  args ? args->types : NULL);

		if (plan == NULL)
			elog(ERROR, "SPI_prepare failed: %s",
				 SPI_result_code_string(SPI_result));
		code = SPI_execute_snapshot(plan, args ? args->values : NULL,
									args ? args->nulls : NULL,
									snapshot, InvalidSnapshot,
									true, false, 0);
	}
	else
		code = SPI_execute_with_args(sql, args ? args->count : 0,
									 args ? args->types : NULL,
									 args ? args->values : NULL,
									 args ? args->nulls : NULL,
									 read_only, 0);
	if (code < 0)
		elog(ERROR, "SPI failed: %s", SPI_result_code_string(code));
	*processed = SPI_processed;
	if (target != NULL)
	{
		if (SPI_tuptable == NULL)
			elog(ERROR, "statement returned no rows: %s",
				 SPI_result_code_string(code));
		rows = copy_rows(target);
	}
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	restore_identity(&saved);
	if (push)
		PopActiveSnapshot();
	return rows;
}

/*
 * dq_spi_query: a statement that returns rows.
 */
DqRows *
dq_spi_query(DqIdentity who, const char *sql, DqArgs *args)
{
	uint64 processed;

	return run_statement(who, sql, args, NULL, InvalidSnapshot, false,
						 CurrentMemoryContext, &processed);
}

/*
 * dq_spi_query_readonly: a query under the snapshot that is active, so that
 * several of them see one state.
 */
DqRows *
dq_spi_query_readonly(DqIdentity who, const char *sql, DqArgs *args)
{
	uint64 processed;

	return run_statement(who, sql, args, NULL, InvalidSnapshot, true,
						 CurrentMemoryContext, &processed);
}

/*
 * dq_spi_query_fresh: bookkeeping query that sees what others committed up to
 * now, whatever the isolation level of this transaction.
 */
DqRows *
dq_spi_query_fresh(const char *sql, DqArgs *args)
{
	uint64 processed;

	return run_statement(DQ_BOOKKEEPING, sql, args, NULL,
						 GetLatestSnapshot(), true, CurrentMemoryContext,
						 &processed);
}

/*
 * dq_spi_execute: a statement for its effect; returns the number of rows it
 * processed.
 */
uint64
dq_spi_execute(DqIdentity who, const char *sql, DqArgs *args)
{
	uint64 processed;

	(void) run_statement(who, sql, args, NULL, InvalidSnapshot, false, NULL,
						 &processed);
	return processed;
}

/*
 * dq_spi_query_table: a statement that returns rows and may read "table".
 */
DqRows *
dq_spi_query_table(DqIdentity who, const char *sql, const DqSpiTable *table)
{
	uint64 processed;

	return run_statement(who, sql, NULL, table, InvalidSnapshot, false,
						 CurrentMemoryContext, &processed);
}

/*
 * dq_spi_execute_table: the same for a statement's effect.
 */
uint64
dq_spi_execute_table(DqIdentity who, const char *sql, const DqSpiTable *table)
{
	uint64 processed;

	(void) run_statement(who, sql, NULL, table, InvalidSnapshot, false, NULL,
						 &processed);
	return processed;
}

/* where the rows of dq_spi_stream go */
typedef struct RowReceiver
{
	DestReceiver receiver;
	DqSpiRow row;
	void *arg;
} RowReceiver;

/*
 * receive_row: DestReceiver.receiveSlot.
 */
static bool
receive_row(TupleTableSlot *slot, DestReceiver *receiver)
{
	RowReceiver *to = (RowReceiver *) receiver;

	to->row(to->arg, slot);
	return true;
}

/*
 * begin_rows: DestReceiver.rStartup.
 */
static void
begin_rows(DestReceiver *receiver, int operation, TupleDesc desc)
{
}

/*
 * end_rows: DestReceiver.rShutdown and rDestroy.
 */
static void
end_rows(DestReceiver *receiver)
{
}

/*
 * dq_spi_stream: see spi.h.
 */
void
dq_spi_stream(DqIdentity who, const char *sql, DqSpiRow row, void *arg)
{
	RowReceiver to = {{receive_row, begin_rows, end_rows, end_rows,
					   DestTuplestore},
					  row,
					  arg};
	SPIExecuteOptions options = {0};
	SavedIdentity saved;
	int code;

	assume_identity(who, &saved);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	options.read_only = true;
	options.dest = &to.receiver;
	code = SPI_execute_extended(sql, &options);
	if (code != SPI_OK_SELECT)
		elog(ERROR, "SPI failed: %s", SPI_result_code_string(code));
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	restore_identity(&saved);
}

/*
 * dq_spi_as_role: see spi.h.
 */
void
dq_spi_as_role(Oid role, void (*fn)(void *arg), void *arg)
{
	Oid userid;
	int sec_context;

	GetUserIdAndSecContext(&userid, &sec_context);
	SetUserIdAndSecContext(role, sec_context | SECURITY_LOCAL_USERID_CHANGE |
									 SECURITY_RESTRICTED_OPERATION);
	fn(arg);
	SetUserIdAndSecContext(userid, sec_context);
}

/*
 * dq_spi_describe: see spi.h.
 */
TupleDesc
dq_spi_describe(DqIdentity who, const char *sql)
{
	MemoryContext caller = CurrentMemoryContext;
	CachedPlanSource *source;
	TupleDesc desc = NULL;
	SavedIdentity saved;
	MemoryContext old;
	SPIPlanPtr plan;

	assume_identity(who, &saved);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	plan = SPI_prepare(sql, 0, NULL);
	if (plan == NULL)
		elog(ERROR, "SPI failed: %s", SPI_result_code_string(SPI_result));
	source = (CachedPlanSource *) linitial(SPI_plan_get_plan_sources(plan));
	old = MemoryContextSwitchTo(caller);
	if (source->resultDesc != NULL)
		desc = CreateTupleDescCopy(source->resultDesc);
	MemoryContextSwitchTo(old);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	restore_identity(&saved);
	if (desc == NULL)
		elog(ERROR, "statement returns no rows");
	return desc;
}

/*
 * dq_args_datum: append a parameter.
 */
void
dq_args_datum(DqArgs *args, Oid type, Datum value, bool isnull)
{
	if (args->count >= DQ_MAX_ARGS)
		elog(ERROR, "too many parameters");
	args->types[args->count] = type;
	args->values[args->count] = value;
	args->nulls[args->count] = isnull ? 'n' : ' ';
	args->count++;
}

/*
 * dq_args_null: append an SQL NULL of a type.
 */
void
dq_args_null(DqArgs *args, Oid type)
{
	dq_args_datum(args, type, (Datum) 0, true);
}

/*
 * dq_args_text: append a text.
 */
void
dq_args_text(DqArgs *args, const char *value)
{
	dq_args_datum(args, TEXTOID,
				  value ? CStringGetTextDatum(value) : (Datum) 0,
				  value == NULL);
}

/*
 * dq_args_text_list: append a List of char * as text[]; NIL is '{}'.
 */
void
dq_args_text_list(DqArgs *args, List *values)
{
	Datum *elements = palloc(sizeof(Datum) * (list_length(values) + 1));
	int n = 0;
	ListCell *lc;

	foreach(lc, values)
		elements[n++] = CStringGetTextDatum((char *) lfirst(lc));
	dq_args_datum(args, TEXTARRAYOID,
				  PointerGetDatum(construct_array(elements, n, TEXTOID, -1,
												  false, TYPALIGN_INT)),
				  false);
}

/*
 * dq_args_int4: append an integer.
 */
void
dq_args_int4(DqArgs *args, int32 value)
{
	dq_args_datum(args, INT4OID, Int32GetDatum(value), false);
}

/*
 * dq_args_int8: append a bigint.
 */
void
dq_args_int8(DqArgs *args, int64 value)
{
	dq_args_datum(args, INT8OID, Int64GetDatum(value), false);
}

/*
 * dq_args_bool: append a boolean.
 */
void
dq_args_bool(DqArgs *args, bool value)
{
	dq_args_datum(args, BOOLOID, BoolGetDatum(value), false);
}

/*
 * dq_args_oid: append an oid.
 */
void
dq_args_oid(DqArgs *args, Oid value)
{
	dq_args_datum(args, OIDOID, ObjectIdGetDatum(value), false);
}

/*
 * dq_args_jsonb: append a jsonb.
 */
void
dq_args_jsonb(DqArgs *args, Jsonb *value)
{
	dq_args_datum(args, JSONBOID, value ? JsonbPGetDatum(value) : (Datum) 0,
				  value == NULL);
}

/*
 * dq_args_interval: append an interval.
 */
void
dq_args_interval(DqArgs *args, Interval *value)
{
	dq_args_datum(args, INTERVALOID,
				  value ? IntervalPGetDatum(value) : (Datum) 0,
				  value == NULL);
}

/*
 * dq_args_timestamptz: append a timestamp with time zone.
 */
void
dq_args_timestamptz(DqArgs *args, TimestampTz value)
{
	dq_args_datum(args, TIMESTAMPTZOID, TimestampTzGetDatum(value), false);
}

/*
 * dq_rows_datum: a column of a row; points into the row.
 */
Datum
dq_rows_datum(const DqRows *rows, uint64 row, const char *column,
			  bool *isnull)
{
	int fnum;

	if (row >= rows->count)
		elog(ERROR, "result has no row " UINT64_FORMAT, row);
	fnum = SPI_fnumber(rows->desc, column);
	if (fnum <= 0)
		elog(ERROR, "result has no column \"%s\"", column);
	return SPI_getbinval(rows->rows[row], rows->desc, fnum, isnull);
}

/*
 * dq_rows_is_null: is the column NULL in this row?
 */
bool
dq_rows_is_null(const DqRows *rows, uint64 row, const char *column)
{
	bool isnull;

	(void) dq_rows_datum(rows, row, column, &isnull);
	return isnull;
}

/*
 * dq_rows_text: a column of any type as text, by its output function.
 */
char *
dq_rows_text(const DqRows *rows, uint64 row, const char *column)
{
	if (dq_rows_is_null(rows, row, column))
		return NULL;
	return SPI_getvalue(rows->rows[row], rows->desc,
						SPI_fnumber(rows->desc, column));
}

/*
 * dq_rows_bool: a boolean column; NULL is false.
 */
bool
dq_rows_bool(const DqRows *rows, uint64 row, const char *column)
{
	bool isnull;
	Datum value = dq_rows_datum(rows, row, column, &isnull);

	return isnull ? false : DatumGetBool(value);
}

/*
 * dq_rows_int4: an integer column; NULL is 0.
 */
int32
dq_rows_int4(const DqRows *rows, uint64 row, const char *column)
{
	bool isnull;
	Datum value = dq_rows_datum(rows, row, column, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

/*
 * dq_rows_int8: a bigint column; NULL is 0.
 */
int64
dq_rows_int8(const DqRows *rows, uint64 row, const char *column)
{
	bool isnull;
	Datum value = dq_rows_datum(rows, row, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

/*
 * dq_rows_oid: an oid column; NULL is InvalidOid.
 */
Oid
dq_rows_oid(const DqRows *rows, uint64 row, const char *column)
{
	bool isnull;
	Datum value = dq_rows_datum(rows, row, column, &isnull);

	return isnull ? InvalidOid : DatumGetObjectId(value);
}

/*
 * dq_rows_jsonb: a jsonb column, copied; NULL pointer for NULL.
 */
Jsonb *
dq_rows_jsonb(const DqRows *rows, uint64 row, const char *column)
{
	bool isnull;
	Datum value = dq_rows_datum(rows, row, column, &isnull);

	return isnull ? NULL : DatumGetJsonbPCopy(value);
}

/*
 * dq_rows_text_list: a text[] column as a List of char *; NULL is NIL.
 */
List *
dq_rows_text_list(const DqRows *rows, uint64 row, const char *column)
{
	bool isnull;
	Datum value = dq_rows_datum(rows, row, column, &isnull);
	Datum *elements;
	bool *nulls;
	int count;
	int i;
	List *result = NIL;

	if (isnull)
		return NIL;
	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false,
					  TYPALIGN_INT, &elements, &nulls, &count);
	for (i = 0; i < count; i++)
	{
		if (!nulls[i])
			result = lappend(result, TextDatumGetCString(elements[i]));
	}
	return result;
}
