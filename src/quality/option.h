/*
 * option.h
 *	  The options of a rule as data: what they are called, what they hold,
 *	  how they are checked when a rule object is read.
 */
#ifndef DQ_OPTION_H
#define DQ_OPTION_H

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

typedef enum DqOptionKind
{
	DQ_OPTION_TEXT,
	DQ_OPTION_BOOL,
	DQ_OPTION_INTEGER, /* whole, not negative */
	DQ_OPTION_NUMBER, /* finite numeric */
	DQ_OPTION_FRACTION, /* numeric from 0 to 1 */
	DQ_OPTION_SCALAR, /* a string, number or boolean: a value of a column */
	DQ_OPTION_SCALARS, /* a list of these */
	DQ_OPTION_TEXTS, /* a list of strings, not empty */
	DQ_OPTION_COLUMN, /* name of a column */
	DQ_OPTION_COLUMNS,
	DQ_OPTION_CONDITION, /* SQL boolean over the checked relation */
	DQ_OPTION_EXPRESSION, /* SQL value over the checked relation */
	DQ_OPTION_FOREIGN_CONDITION, /* SQL boolean over another relation */
	DQ_OPTION_QUERY, /* one SELECT */
	DQ_OPTION_RELATION, /* name of a relation */
	DQ_OPTION_INTERVAL, /* not negative */
	DQ_OPTION_WORD, /* one of "words" */
	DQ_OPTION_PATTERN, /* a regular expression */
	DQ_OPTION_PATTERNS, /* a list of these, not empty */
	DQ_OPTION_JSON /* anything; the rule's validate looks at it */
} DqOptionKind;

typedef struct DqOption
{
	const char *name;
	DqOptionKind kind;
	bool required;
	const char *words; /* DQ_OPTION_WORD: "first|second", default first */
	const char *help; /* for the reference: what it is, its default */
} DqOption;

/* ends a table of options */
#define DQ_OPTION_END                           \
	{                                           \
		NULL, DQ_OPTION_TEXT, false, NULL, NULL \
	}

/*
 * 22023 (42601, 2201B, 22007 as fits) when the document's value for this
 * option cannot be one, or a required one is missing. "what" is the document
 * in messages.
 */
extern void dq_option_check(const DqOption *option, Jsonb *doc,
							const char *what);

/*
 * The place of a WORD option's value among its words, 0 when not given.
 */
extern int dq_option_word(const DqOption *options, Jsonb *doc,
						  const char *name, const char *what);

/* relations that the value of the option reads: List of RangeVar * */
extern List *dq_option_relations(const DqOption *option, Jsonb *doc);

/* "text", "list of values", ... for the reference */
extern const char *dq_option_kind_name(DqOptionKind kind);

#endif /* DQ_OPTION_H */
