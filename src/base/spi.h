/*
 * spi.h
 *	  The only door to SPI and to another identity.
 *
 * Every statement says as whom it runs:
 *
 * DQ_BOOKKEEPING	fixed SQL of ours on our own tables, as the owner of the
 *					extension, under search_path pg_catalog, pg_temp and as a
 *					restricted operation. Never a word of a user's text.
 * DQ_GENERATED		SQL built by us, as the current user, under search_path
 *					pg_catalog, pg_temp; everything else in it is qualified.
 * DQ_USER			SQL that holds a user's own text, as the current user, in
 *					the search_path that is in force.
 *
 * Values travel as parameters ($1, $2, ...). Result rows are copied into the
 * memory context of the caller. Each call compares SPI's return code with the
 * expected one and throws XX000 when they differ.
 */
#ifndef DQ_SPI_H
#define DQ_SPI_H

#include "access/htup.h"
#include "access/tupdesc.h"
#include "datatype/timestamp.h"
#include "executor/tuptable.h"
#include "utils/tuplestore.h"
#include "utils/jsonb.h"

typedef enum DqIdentity
{
	DQ_BOOKKEEPING,
	DQ_GENERATED,
	DQ_USER
} DqIdentity;

#define DQ_MAX_ARGS 24

typedef struct DqArgs
{
	int count;
	Oid types[DQ_MAX_ARGS];
	Datum values[DQ_MAX_ARGS];
	char nulls[DQ_MAX_ARGS];
} DqArgs;

typedef struct DqRows
{
	TupleDesc desc;
	uint64 count;
	HeapTuple *rows;
} DqRows;

/*
 * Call fn(arg) with the identity of a role and as a restricted operation: to
 * read the role's SQL as it would, never to execute it. The caller has the
 * privileges of the role. An error leaves the switch to whoever aborts the
 * (sub)transaction.
 */
extern void dq_spi_as_role(Oid role, void (*fn)(void *arg), void *arg);

/* parameters; a NULL pointer is an SQL NULL */
extern void dq_args_datum(DqArgs *args, Oid type, Datum value, bool isnull);
extern void dq_args_text(DqArgs *args, const char *value);
extern void dq_args_text_list(DqArgs *args, List *values);
extern void dq_args_int4(DqArgs *args, int32 value);
extern void dq_args_int8(DqArgs *args, int64 value);
extern void dq_args_bool(DqArgs *args, bool value);
extern void dq_args_oid(DqArgs *args, Oid value);
extern void dq_args_jsonb(DqArgs *args, Jsonb *value);
extern void dq_args_interval(DqArgs *args, Interval *value);
extern void dq_args_timestamptz(DqArgs *args, TimestampTz value);
extern void dq_args_null(DqArgs *args, Oid type);

/* statements; args may be NULL */
extern DqRows *dq_spi_query(DqIdentity who, const char *sql, DqArgs *args);
extern DqRows *dq_spi_query_fresh(const char *sql, DqArgs *args);
extern DqRows *dq_spi_query_readonly(DqIdentity who, const char *sql,
									 DqArgs *args);
extern uint64 dq_spi_execute(DqIdentity who, const char *sql, DqArgs *args);

/*
 * Rows that a statement finds under a name, which goes before that of any
 * table, but not into functions that the statement calls.
 */
typedef struct DqSpiTable
{
	const char *name;
	TupleDesc desc;
	Tuplestorestate *rows;
	double count; /* for the planner */
} DqSpiTable;

extern DqRows *dq_spi_query_table(DqIdentity who, const char *sql,
								  const DqSpiTable *table);
extern uint64 dq_spi_execute_table(DqIdentity who, const char *sql,
								   const DqSpiTable *table);

/*
 * A query whose rows are handed over one by one as they are found, under the
 * snapshot that is active. "row" must not keep what the slot points to.
 */
typedef void (*DqSpiRow)(void *arg, TupleTableSlot *slot);

extern void dq_spi_stream(DqIdentity who, const char *sql, DqSpiRow row,
						  void *arg);

/* the columns that a query would return; it is analysed and not executed */
extern TupleDesc dq_spi_describe(DqIdentity who, const char *sql);

/* columns of a result row, by name; NULL (or isnull) for SQL NULL */
extern Datum dq_rows_datum(const DqRows *rows, uint64 row, const char *column,
						   bool *isnull);
extern char *dq_rows_text(const DqRows *rows, uint64 row, const char *column);
extern bool dq_rows_bool(const DqRows *rows, uint64 row, const char *column);
extern int32 dq_rows_int4(const DqRows *rows, uint64 row, const char *column);
extern int64 dq_rows_int8(const DqRows *rows, uint64 row, const char *column);
extern Oid dq_rows_oid(const DqRows *rows, uint64 row, const char *column);
extern Jsonb *dq_rows_jsonb(const DqRows *rows, uint64 row,
							const char *column);
extern List *dq_rows_text_list(const DqRows *rows, uint64 row,
							   const char *column);
extern bool dq_rows_is_null(const DqRows *rows, uint64 row,
							const char *column);

/* who owns the extension; throws 55000 when it is not installed here */
extern Oid dq_spi_extension_oid(bool missing_ok);
extern Oid dq_spi_extension_owner(void);

#endif /* DQ_SPI_H */
