/*
 * source.h
 *	  The relation that is checked, and how its parts are written in SQL.
 */
#ifndef DQ_SOURCE_H
#define DQ_SOURCE_H

#include "access/attnum.h"
#include "nodes/pg_list.h"

typedef struct DqColumn
{
	char *name;
	AttrNumber attnum;
	Oid base_type; /* below all domains */
	Oid collation;
	const char *sql; /* relation.column, quoted */
} DqColumn;

typedef struct DqSource
{
	Oid relid;
	const char *alias; /* its name in expressions, quoted */
	const char *from; /* schema.relation, with the alias if any */
	List *columns; /* of DqColumn * */
	int scannable; /* kept by strategy_scan.c: 1, -1; 0: not looked at */
	bool partial; /* row security shows the current user some of the rows */
} DqSource;

extern DqSource *dq_source_open(Oid relid, const char *alias);
extern DqColumn *dq_source_column(const DqSource *source, const char *name);
extern List *dq_source_columns(const DqSource *source, List *names);
extern bool dq_source_may_read(Oid relid, AttrNumber attnum);
extern List *dq_source_primary_key(const DqSource *source);
extern char *dq_source_is_null(const DqColumn *column, bool isnull);
extern char *dq_source_literal(const char *value, Oid type);
extern const char *dq_source_free_name(const DqSource *source,
									   const char *wish);

#endif /* DQ_SOURCE_H */
