/*
 * codeset.c
 *	  Sets of characters, as ranges of their codes.
 */
#include "postgres.h"

#include "base/collation.h"
#include "base/compat.h"
#include "mb/pg_wchar.h"
#include "quality/codeset.h"
#include "regex/regex.h"
#include "utils/builtins.h"

/*
 * dq_codeset_last_code: the greatest code of a character in this database.
 */
uint32
dq_codeset_last_code(void)
{
	return GetDatabaseEncoding() == PG_UTF8 ? 0x10FFFF : 0xFF;
}

/*
 * dq_codeset_new: an empty set, in the current context.
 */
DqCodeset *
dq_codeset_new(void)
{
	DqCodeset *set = palloc0(sizeof(DqCodeset));

	set->space = 8;
	set->ranges = palloc(sizeof(DqCodeRange) * set->space);
	set->settled = true;
	return set;
}

/*
 * dq_codeset_add: add a range; it may overlap others.
 */
void
dq_codeset_add(DqCodeset *set, uint32 first, uint32 last)
{
	if (set->count == set->space)
	{
		set->space *= 2;
		set->ranges = repalloc(set->ranges,
							   sizeof(DqCodeRange) * set->space);
	}
	set->ranges[set->count].first = first;
	set->ranges[set->count].last = last;
	set->count++;
	set->settled = set->count == 1;
}

/*
 * dq_codeset_add_set: add all of another set.
 */
void
dq_codeset_add_set(DqCodeset *set, const DqCodeset *other)
{
	int i;

	for (i = 0; i < other->count; i++)
		dq_codeset_add(set, other->ranges[i].first, other->ranges[i].last);
	if (other->high_unknown)
		set->high_unknown = true;
}

/*
 * compare_ranges: by their first codes, for qsort.
 */
static int
compare_ranges(const void *a, const void *b)
{
	uint32 x = ((const DqCodeRange *) a)->first;
	uint32 y = ((const DqCodeRange *) b)->first;

	return (x > y) - (x < y);
}

/*
 * dq_codeset_settle: put the ranges in order and join those that touch.
 */
void
dq_codeset_settle(DqCodeset *set)
{
	int kept = 0;
	int i;

	if (set->settled)
		return;
	qsort(set->ranges, set->count, sizeof(DqCodeRange), compare_ranges);
	for (i = 1; i < set->count; i++)
	{
		DqCodeRange *previous = &set->ranges[kept];

		if (set->ranges[i].first <= previous->last + 1)
			previous->last = Max(previous->last, set->ranges[i].last);
		else
			set->ranges[++kept] = set->ranges[i];
	}
	set->count = kept + 1;
	set->settled = true;
}

/*
 * dq_codeset_complement: all other characters. What is not known of a set is
 * not known of its complement.
 */
DqCodeset *
dq_codeset_complement(DqCodeset *set)
{
	DqCodeset *result = dq_codeset_new();
	uint32 last_code = dq_codeset_last_code();
	uint32 next = 0;
	int i;

	dq_codeset_settle(set);
	for (i = 0; i < set->count; i++)
	{
		if (set->ranges[i].first > next)
			dq_codeset_add(result, next, set->ranges[i].first - 1);
		next = set->ranges[i].last + 1;
	}
	if (next <= last_code)
		dq_codeset_add(result, next, last_code);
	result->settled = true;
	result->high_unknown = set->high_unknown;
	return result;
}

/*
 * dq_codeset_class: the characters that match "atom", a class in the language
 * of the core, under a collation.
 */
DqCodeset *
dq_codeset_class(Oid collation, const char *atom)
{
	DqCodeset *set = dq_codeset_new();
	bool utf8 = GetDatabaseEncoding() == PG_UTF8;
	text *pattern = cstring_to_text(atom);
	int last = utf8 ? 127 : 255;
	int code;

	for (code = 1; code <= last; code++)
	{
		char byte = (char) code;

		if (RE_compile_and_execute(pattern, &byte, 1, REG_ADVANCED,
								   collation, 0, NULL))
			dq_codeset_add(set, code, code);
	}
	set->high_unknown = utf8 && !dq_collation_ctype_is_c(collation);
	return set;
}
