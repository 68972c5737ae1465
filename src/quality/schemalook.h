/*
 * schemalook.h
 *	  Columns as they are and as rules want them.
 */
#ifndef DQ_SCHEMALOOK_H
#define DQ_SCHEMALOOK_H

#include "quality/shape.h"

/* what pg_attribute says about a column */
typedef struct DqActual
{
	Oid type;
	int32 typmod;
	bool not_null;
} DqActual;

extern bool dq_schemalook_read(const DqSource *source, const char *name,
							   DqActual *actual);
extern Oid dq_schemalook_known_type(const char *name, int32 *typmod);
extern bool dq_schemalook_is_of_type(const DqActual *actual, Oid type,
									 int32 typmod);
extern char *dq_schemalook_type_condition(Oid type, int32 typmod);
extern List *dq_schemalook_names(const DqSource *source);
extern List *dq_schemalook_missing(List *names, List *others);
extern char *dq_schemalook_joined(List *names);
extern char *dq_schemalook_finding(List *missing, List *unexpected);

/* DqRuleType.holds */
typedef void DqSchemalookSql(StringInfo buf, const DqProbe *probe,
							 const char *value);

/* what rules look at (DqRuleType.look), and the same as SQL (.holds) */
extern void dq_schemalook_column_exists(DqProbe *probe);
extern DqSchemalookSql dq_schemalook_sql_column_exists;
extern void dq_schemalook_column_type(DqProbe *probe);
extern DqSchemalookSql dq_schemalook_sql_column_type;
extern void dq_schemalook_columns_ordered(DqProbe *probe);
extern DqSchemalookSql dq_schemalook_sql_columns_ordered;
extern void dq_schemalook_columns_set(DqProbe *probe);
extern DqSchemalookSql dq_schemalook_sql_columns_set;
extern void dq_schemalook_columns_not_contain(DqProbe *probe);
extern DqSchemalookSql dq_schemalook_sql_columns_not_contain;
extern void dq_schemalook_column_count(DqProbe *probe);
extern DqSchemalookSql dq_schemalook_sql_column_count;
extern void dq_schemalook_column_nullable(DqProbe *probe);
extern DqSchemalookSql dq_schemalook_sql_column_nullable;
extern void dq_schemalook_column_names(DqProbe *probe);
extern DqSchemalookSql dq_schemalook_sql_column_names;

/* schema_matches (schemamatch.c) */
extern const DqOption dq_schemamatch_options[];
extern void dq_schemamatch_check(DqCheck *check);
extern void dq_schemamatch_look(DqProbe *probe);
extern void dq_schemamatch_sql(StringInfo buf, const DqProbe *probe,
							   const char *value);

#endif /* DQ_SCHEMALOOK_H */
