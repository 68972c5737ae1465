/*
 * validate_columns.h
 *	  Columns of stages and relations by name, for what is compiled.
 */
#ifndef DQ_VALIDATE_COLUMNS_H
#define DQ_VALIDATE_COLUMNS_H

#include "access/tupdesc.h"

/* a live column, or NULL */
extern Form_pg_attribute dq_validate_columns_find(TupleDesc desc,
												  const char *name);

/* a hint with the column that may be meant; NULL: none is like it */
extern char *dq_validate_columns_similar(TupleDesc desc, const char *name);

#endif /* DQ_VALIDATE_COLUMNS_H */
