/*
 * compare.h
 *	  Comparing columns with each other and with values, as SQL.
 *
 * By the default operators of the types, which no search_path can redirect;
 * 42804 when there are none.
 */
#ifndef DQ_COMPARE_H
#define DQ_COMPARE_H

#include "access/stratnum.h"
#include "quality/source.h"

/* "left op right": NULL when one of them is */
extern char *dq_compare_columns(const DqColumn *left, StrategyNumber strategy,
								const DqColumn *right);

/* "column = value", the value read as the column's type */
extern char *dq_compare_value(const DqColumn *column, const char *value);

/* "column IS NOT NULL AND ...", or OR, in parentheses */
extern char *dq_compare_present(List *columns, bool any);

/* whole numbers, numerics and floats; and the last of them */
extern bool dq_compare_is_number(Oid type);
extern bool dq_compare_is_float(Oid type);

/* 42804 unless it has an order, is a number */
extern void dq_compare_need_order(const DqColumn *column, const char *what);
extern void dq_compare_need_number(const DqColumn *column, const char *what);

/*
 * "sql >= value" and "sql <= value" as the check's bounds say, for a value
 * that is written in sql, of the column's type ("numeric" for integers).
 */
extern char *dq_compare_bound(const DqColumn *column, const char *sql,
							  StrategyNumber strategy, const char *value);

/* an aggregate for the type ("max"), qualified; 42804 when there is none */
extern char *dq_compare_aggregate(const char *name, Oid type,
								  const char *column);

/* something that is written like a column */
extern DqColumn *dq_compare_like(const DqColumn *column, const char *sql,
								 Oid type);

#endif /* DQ_COMPARE_H */
