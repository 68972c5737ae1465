/*
 * rule.h
 *	  A check as data, and the table of rule types.
 */
#ifndef DQ_RULE_H
#define DQ_RULE_H

#include "lib/stringinfo.h"
#include "nodes/primnodes.h"
#include "quality/quality.h"

struct DqColumn;
struct DqShape;

typedef enum DqOnNull
{
	DQ_NULL_IGNORE, /* a row without a verdict is not tested */
	DQ_NULL_FAIL, /* it fails */
	DQ_NULL_PASS /* it passes */
} DqOnNull;

typedef enum DqOnEmpty
{
	DQ_EMPTY_PASS,
	DQ_EMPTY_WARN,
	DQ_EMPTY_FAIL
} DqOnEmpty;

/* NULL in keys */
typedef enum DqNulls
{
	DQ_NULLS_DISTINCT, /* no key with a NULL equals another */
	DQ_NULLS_EQUAL, /* NULL equals NULL */
	DQ_NULLS_IGNORE_ALL, /* as equal; keys of NULLs only are left out */
	DQ_NULLS_IGNORE_ANY /* keys that hold a NULL are left out */
} DqNulls;

struct DqCheck;

/* write what must hold for one column, as an SQL boolean */
typedef void (*DqWritePredicate)(StringInfo buf, const struct DqCheck *check,
								 const struct DqColumn *column);

typedef struct DqRuleType
{
	const char *name;
	const char *alias; /* another spelling; NULL: none */
	const char *dimension;
	const struct DqShape *shape;
	int options; /* groups of options, see rule.c */
	int required; /* groups of which one must be given */
	DqWritePredicate predicate; /* NULL: no predicate on a column */
} DqRuleType;

typedef struct DqCheck
{
	const DqRuleType *type;
	char *name;
	bool name_given;
	List *columns; /* of char * */
	char *expression; /* SQL boolean, parsed alone */
	char *min_value;
	char *max_value;
	bool bounds_are_numbers; /* given as JSON numbers */
	List *allowed; /* of char * */
	char *pattern;
	RangeVar *referenced;
	List *referenced_columns; /* of char *; NIL: the primary key */
	char *row_filter; /* SQL boolean, parsed alone */
	DqSeverity severity;
	int64 max_failed_rows; /* -1: not given */
	char *max_failed_fraction; /* numeric as text; NULL: not given */
	DqOnNull on_null;
	DqOnEmpty on_empty;
	DqNulls nulls;
} DqCheck;

/* names in rule objects and results */
extern const char *dq_rule_severity_name(DqSeverity severity);
extern const char *dq_rule_nulls_name(DqNulls nulls);

/* an empty check of a type, with all defaults */
extern DqCheck *dq_rule_new(const char *type);

/* a list of texts as checks, each with its final name */
extern List *dq_rule_read(List *texts);

/* 22023 when it is not a numeric between 0 and 1 */
extern void dq_rule_check_fraction(const char *fraction, const char *what);

#endif /* DQ_RULE_H */
