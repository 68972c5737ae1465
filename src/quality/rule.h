/*
 * rule.h
 *	  A check as data, and what a type of rule is.
 *
 * Types stand in families, a table each (rules_*.c). Rule objects are read
 * and validated from the tables; a new rule is a row in one of them.
 */
#ifndef DQ_RULE_H
#define DQ_RULE_H

#include "lib/stringinfo.h"
#include "nodes/primnodes.h"
#include "quality/option.h"
#include "quality/quality.h"

struct DqColumn;
struct DqShape;
struct DqProbe;

typedef enum DqOnNull
{
	DQ_NULL_IGNORE, /* a row without a verdict is not tested */
	DQ_NULL_FAIL, /* it fails */
	DQ_NULL_PASS /* it passes */
} DqOnNull;

typedef enum DqOnEmpty
{
	DQ_EMPTY_DEFAULT, /* fail for metrics, pass for all others */
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

typedef struct DqCheck DqCheck;

/* how many columns a rule is about */
typedef enum DqArity
{
	DQ_NO_COLUMNS,
	DQ_ONE_COLUMN,
	DQ_EACH_COLUMN, /* one or more; every one must satisfy the rule */
	DQ_COLUMN_LIST, /* one or more, together */
	DQ_TWO_COLUMNS,
	DQ_ANY_COLUMNS /* none or more */
} DqArity;

/* groups of common options that a rule takes besides those of all */
#define DQ_TAKES_TOLERANCE 0x01 /* max_failed_rows, max_failed_fraction */
#define DQ_TAKES_ON_NULL 0x02
#define DQ_TAKES_NULLS 0x04
#define DQ_TAKES_BOUNDS 0x08 /* min_value, max_value */
#define DQ_NEEDS_BOUND 0x10 /* at least one of them */
#define DQ_TAKES_ALLOWED 0x20 /* allowed or value_set; required */
#define DQ_TAKES_ROW_FILTER 0x40
#define DQ_TAKES_COLUMNS 0x80 /* follows from the arity */
#define DQ_TAKES_GROUPS 0x100 /* group_by */
#define DQ_TAKES_FILTER (DQ_TAKES_ROW_FILTER | DQ_TAKES_GROUPS)
/* metrics: the least or greatest value of its column, and nothing else */
#define DQ_IS_EXTREME 0x200
/* metrics: rows without values in the columns are tested, too */
#define DQ_TESTS_NULLS 0x400

/* groups of the history family, see rules_history.h */
#define DQ_TAKES_HISTORY 0x1000
#define DQ_TAKES_REFERENCE 0x2000
#define DQ_TAKES_PARTITION 0x4000

/* what most rules on rows take */
#define DQ_TAKES_ROWS (DQ_TAKES_TOLERANCE | DQ_TAKES_ON_NULL | DQ_TAKES_FILTER)
/* what most metrics take */
#define DQ_TAKES_METRIC (DQ_TAKES_BOUNDS | DQ_TAKES_FILTER)

typedef struct DqRuleType
{
	const char *name;
	const char *aliases; /* other spellings, "a|b"; NULL: none */
	const char *dimension;
	const struct DqShape *shape;
	DqArity arity;
	int takes;
	const DqOption *options; /* its own, ended by DQ_OPTION_END; NULL: none */
	/* look at options further, while the rule is read; may be NULL */
	void (*validate)(DqCheck *check);
	/*
	 * Rows: what must hold, as an SQL boolean that is NULL when there is no
	 * verdict: for each column, or for the whole row (probe->columns).
	 */
	void (*predicate)(StringInfo buf, const DqCheck *check,
					  const struct DqColumn *column);
	void (*verdict)(StringInfo buf, const struct DqProbe *probe);
	/*
	 * Metrics: a value of the rows as SQL, of aggregates over the columns
	 * (probe->columns), without any filter; and whether "value" is good, as
	 * an SQL boolean: NULL means that bounds decide.
	 */
	void (*metric)(StringInfo buf, const struct DqProbe *probe);
	void (*holds)(StringInfo buf, const struct DqProbe *probe,
				  const char *value);
	/*
	 * What else is worth telling about "value", as an SQL expression of type
	 * jsonb, an object or NULL; may be NULL.
	 */
	void (*detail)(StringInfo buf, const struct DqProbe *probe,
				   const char *value);
	/*
	 * Catalogue, and metrics of keys, whose counts are known: fill "holds"
	 * and "observed" of the probe.
	 */
	void (*look)(struct DqProbe *probe);
	const char *help; /* one sentence for the reference */
} DqRuleType;

typedef struct DqRuleFamily
{
	const char *name;
	const DqRuleType *types;
	int count;
} DqRuleFamily;

/* a row in rule_types.c for each */
extern const DqRuleFamily dq_rules_column;
extern const DqRuleFamily dq_rules_column_text;
extern const DqRuleFamily dq_rules_column_order;
extern const DqRuleFamily dq_rules_key;
extern const DqRuleFamily dq_rules_row;
extern const DqRuleFamily dq_rules_aggregate;
extern const DqRuleFamily dq_rules_schema;
extern const DqRuleFamily dq_rules_relation;
extern const DqRuleFamily dq_rules_time;
extern const DqRuleFamily dq_rules_history;
extern const DqRuleFamily dq_rules_free;

struct DqCheck
{
	const DqRuleType *type;
	Jsonb *doc; /* the rule object; {} for a check text */
	const char *what; /* how messages call it: rule "between" */
	char *name;
	bool name_given;
	List *columns; /* of char * */
	char *expression; /* SQL boolean, parsed alone */
	char *min_value;
	char *max_value;
	bool bounds_are_numbers; /* given as JSON numbers */
	bool min_excluded; /* min_inclusive => false */
	bool max_excluded;
	List *allowed; /* of char * */
	char *pattern;
	RangeVar *referenced;
	List *referenced_columns; /* of char *; NIL: the primary key */
	char *row_filter; /* SQL boolean, parsed alone */
	List *group_by; /* of char *, columns */
	DqSeverity severity;
	int64 max_failed_rows; /* -1: not given */
	char *max_failed_fraction; /* numeric as text; NULL: not given */
	DqOnNull on_null;
	DqOnEmpty on_empty;
	DqNulls nulls;
	int sample_limit; /* -1: the task's */
	char *description;
	List *tags; /* of char * */
	const char *dimension; /* the type's unless given */
	/*
	 * Several levels: a check for each, complete, with its own severity, in
	 * ascending order. NIL: this check is its only level.
	 */
	List *levels;
	List *members; /* of DqCheck *: what a composite is made of */
	struct ErrorData *error; /* the text cannot be a check: see broken.h */
};

/* names in rule objects and results */
extern const char *dq_rule_severity_name(DqSeverity severity);
extern const char *dq_rule_nulls_name(DqNulls nulls);

/* what counts when there was nothing to test, never DQ_EMPTY_DEFAULT */
extern DqOnEmpty dq_rule_on_empty(const DqCheck *check);

/* all families, ended by NULL */
extern const DqRuleFamily *const *dq_rule_families(void);

/* an empty check of a type, with all defaults; 22023 with a suggestion */
extern DqCheck *dq_rule_new(const char *type);

/* options that every rule or a group of rules takes: a table for "takes" */
extern const DqOption *dq_rule_common_options(int group);

/* every table of options that a type takes: List of const DqOption * */
extern List *dq_rule_option_tables(const DqRuleType *type);

/*
 * A list of texts as checks, each with its final name; and the same with a
 * check that has an error for a text that cannot be one.
 */
extern List *dq_rule_read(List *texts);
extern List *dq_rule_read_all(List *texts);

/* the type of this name or alias, or NULL */
extern const DqRuleType *dq_rule_find_type(const char *name);

/* one text, or one rule object (inside another, too), without derived name */
extern DqCheck *dq_rule_read_one(const char *text);
extern DqCheck *dq_rule_read_object(Jsonb *doc);

/* 22023 when it is not a numeric between 0 and 1 */
extern void dq_rule_check_fraction(const char *fraction, const char *what);

/* a relation's name, qualified or not, quoted where needed */
extern RangeVar *dq_rule_relation(const char *name);

#endif /* DQ_RULE_H */
