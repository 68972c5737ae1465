/*
 * mine.c
 *	  Checks that the data suggest: what single columns look like, and the
 *	  verification of all suggestions.
 *
 * Bounds are rounded outward to numbers that people would write, so that
 * tomorrow's rows do not fail for being a little greater than today's. That
 * keeps what is verified true, as the rounded range holds the exact one.
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "base/json.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "quality/mine.h"
#include "quality/quality.h"
#include "regex/regex.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

/* fewer values suggest nothing about the rest */
#define MIN_VALUES 10

/* a list of accepted values has to explain so many rows for each value */
#define ROWS_PER_VALUE 10

/* shapes that one pattern is made of */
#define MAX_PATTERN_SHAPES 3

/* sampled texts that a format is tried on */
#define MAX_TRIED 2000

/* formats that many texts have; the first that fits is taken */
static const struct
{
	const char *name;
	const char *pattern;
} formats[] = {
	{"an email address",
	 "^[^@[:space:]]+@[^@[:space:]]+\\.[^@[:space:]]+$"},
	{"a URL", "^https?://[^[:space:]]+$"},
	{"a UUID",
	 "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"},
	{"32 hexadecimal digits", "^[0-9a-f]{32}$"},
	{"40 hexadecimal digits", "^[0-9a-f]{40}$"},
	{"64 hexadecimal digits", "^[0-9a-f]{64}$"},
	{"an IPv4 address", "^([0-9]{1,3}\\.){3}[0-9]{1,3}$"},
	{"a phone number in E.164 form", "^\\+[1-9][0-9]{6,14}$"}};

/*
 * dq_mine_add: something that might hold.
 */
DqSuggestion *
dq_mine_add(DqMine *mine, char *check, char *reason, int64 support)
{
	DqSuggestion *suggestion = palloc0(sizeof(DqSuggestion));

	suggestion->check = check;
	suggestion->reason = reason;
	suggestion->support = support;
	mine->found = lappend(mine->found, suggestion);
	return suggestion;
}

/*
 * begin_rule: a rule object on one column.
 */
static void
begin_rule(DqJsonBuild *build, const char *type, const DqFacts *facts)
{
	dq_json_begin(build);
	dq_json_add_text(build, "type", type);
	dq_json_add_text(build, "column", facts->name);
}

/*
 * end_rule: as text.
 */
static char *
end_rule(DqJsonBuild *build)
{
	return dq_json_out(dq_json_end(build));
}

/*
 * mine_not_null: no NULL so far.
 */
static void
mine_not_null(DqMine *mine, DqFacts *facts)
{
	DqJsonBuild build;

	if (facts->nulls > 0 || facts->values < MIN_VALUES)
		return;
	begin_rule(&build, "not_null", facts);
	dq_mine_add(mine, end_rule(&build), pstrdup("no value is missing"),
				facts->values)
		->not_null = facts->name;
}

/*
 * compare_strings: list_sort's.
 */
static int
compare_strings(const ListCell *a, const ListCell *b)
{
	return strcmp((char *) lfirst(a), (char *) lfirst(b));
}

/*
 * sampled_values: the frequent values, which are all there are in the sample;
 * NIL when one is clipped.
 */
static List *
sampled_values(const DqPortrait *portrait)
{
	List *values = NIL;
	ListCell *lc;

	foreach(lc, portrait->top)
	{
		DqTopValue *top = (DqTopValue *) lfirst(lc);

		if (top->clipped)
			return NIL;
		values = lappend(values, top->value);
	}
	return values;
}

/*
 * asked_values: all values, by a query, when the sample has missed some.
 */
static List *
asked_values(DqMine *mine, const DqFacts *facts)
{
	const DqColumn *column = dq_source_column(mine->source, facts->name);
	const char *filter = mine->task->row_filter;
	List *values = NIL;
	DqRows *rows;
	uint64 i;

	rows = dq_spi_query_readonly(
		DQ_USER,
		psprintf("SELECT DISTINCT %s AS value FROM %s WHERE %s IS NOT NULL%s",
				 column->sql, mine->source->from, column->sql,
				 filter ? psprintf(" AND (\n%s\n)", filter) : ""),
		NULL);
	for (i = 0; i < rows->count; i++)
		values = lappend(values, dq_rows_text(rows, i, "value"));
	return values;
}

/*
 * mine_values: few different texts. True when suggested.
 */
static bool
mine_values(DqMine *mine, DqPortrait *portrait, int max_values)
{
	DqFacts *facts = portrait->facts;
	List *values;
	DqJsonBuild build;

	if (facts->kind.class != DQ_KIND_TEXT || !portrait->distinct_exact ||
		portrait->distinct > max_values ||
		facts->length_max > DQ_PROFILE_CLIP / 4 ||
		facts->values < ROWS_PER_VALUE * portrait->distinct)
		return false;
	values = portrait->different == (int64) portrait->distinct ?
				 sampled_values(portrait) :
				 asked_values(mine, facts);
	if (values == NIL)
		return false;
	list_sort(values, compare_strings);
	begin_rule(&build, "accepted_values", facts);
	dq_json_add_text_list(&build, "allowed", values);
	dq_mine_add(mine, end_rule(&build),
				psprintf("%d different values in " INT64_FORMAT " rows",
						 list_length(values), facts->values),
				facts->values);
	return true;
}

/*
 * round_up: the next number of the kind 1, 2, 5 times a power of ten.
 */
static double
round_up(double x)
{
	double power = pow(10, floor(log10(x)));
	static const double steps[] = {1, 2, 5, 10};
	int i;

	for (i = 0; i < lengthof(steps); i++)
	{
		if (steps[i] * power >= x)
			return steps[i] * power;
	}
	return 20 * power;
}

/*
 * add_bound: a number as bound of a rule.
 */
static void
add_bound(DqJsonBuild *build, const char *key, double value)
{
	char *text = fabs(value) < 1 ? psprintf("%.12g", value) :
								   psprintf("%.0f", value);

	dq_json_add_jsonb(build, key, dq_json_parse(text, "bound"));
}

/*
 * mine_range: numbers. What identifies rows has no upper bound.
 */
static void
mine_range(DqMine *mine, DqPortrait *portrait)
{
	DqFacts *facts = portrait->facts;
	DqKind *kind = &facts->kind;
	double low = dq_kind_double(kind, facts->min);
	double high = dq_kind_double(kind, facts->max);
	bool is_key = dq_mine_may_be_unique(portrait);
	DqJsonBuild build;

	/* whether a bound is exactly one of the ends is left to verification */
	if (fabs(low) > 1e15 || fabs(high) > 1e15 ||
		dq_facts_finite(facts) < facts->values ||
		(is_key && low < 0))
		return;
	begin_rule(&build, "between", facts);
	add_bound(&build, "min_value",
			  low >= 0 ? (low >= 1 && is_key ? 1 : 0) : -round_up(-low));
	if (!is_key)
		add_bound(&build, "max_value", high <= 0 ? 0 : round_up(high));
	dq_mine_add(mine, end_rule(&build),
				psprintf("values from %s to %s",
						 dq_kind_text(kind, facts->min),
						 dq_kind_text(kind, facts->max)),
				facts->values);
}

/*
 * now_in: the present in the units of a time.
 */
static int64
now_in(const DqKind *kind)
{
	TimestampTz now = GetCurrentTransactionStartTimestamp();

	if (kind->type == DATEOID)
		return now / USECS_PER_DAY;
	return now;
}

/*
 * mine_time: dates and timestamps: not before the year in which they begin,
 * and not in the future.
 */
static void
mine_time(DqMine *mine, DqPortrait *portrait)
{
	DqFacts *facts = portrait->facts;
	DqKind *kind = &facts->kind;
	char *low = dq_kind_text(kind, facts->min);
	char *high = dq_kind_text(kind, facts->max);
	DqJsonBuild build;

	if (kind->type == TIMEOID || dq_facts_finite(facts) < facts->values ||
		strspn(low, "0123456789") != 4)
		return;
	begin_rule(&build, "between", facts);
	dq_json_add_text(&build, "min_value", psprintf("%.4s-01-01", low));
	dq_mine_add(mine, end_rule(&build),
				psprintf("values from %s to %s", low, high), facts->values);
	if (facts->max.i <= now_in(kind))
		dq_mine_add(mine,
					psprintf("%s <= now()", dq_sqltext_ident(facts->name)),
					psprintf("the latest is %s", high), facts->values);
}

/*
 * add_looser: something about a text that needs not be said when a pattern
 * holds.
 */
static void
add_looser(DqMine *mine, DqFacts *facts, char *check, char *reason)
{
	dq_mine_add(mine, check, reason, facts->values)->looser = facts->name;
}

/*
 * mine_length: blanks and lengths of texts.
 */
static void
mine_length(DqMine *mine, DqFacts *facts)
{
	char *column = pstrdup(dq_sqltext_ident(facts->name));

	if (facts->blanks == 0)
		add_looser(mine, facts, psprintf("pg_catalog.btrim(%s) <> ''", column),
				   pstrdup("no value is blank"));
	if (facts->length_max == 0)
		return;
	if (facts->length_min == facts->length_max)
		add_looser(mine, facts,
				   psprintf("pg_catalog.length(%s) = " INT64_FORMAT, column,
							facts->length_max),
				   pstrdup("all lengths are the same"));
	else
		add_looser(mine, facts,
				   psprintf("pg_catalog.length(%s) <= %.0f", column,
							round_up((double) facts->length_max)),
				   psprintf("lengths from " INT64_FORMAT
							" to " INT64_FORMAT,
							facts->length_min, facts->length_max));
}

/*
 * add_pattern: a rule for a pattern.
 */
static void
add_pattern(DqMine *mine, DqFacts *facts, const char *pattern, char *reason)
{
	DqJsonBuild build;

	begin_rule(&build, "match_regex", facts);
	dq_json_add_text(&build, "pattern", pattern);
	dq_mine_add(mine, end_rule(&build), reason, facts->values)->pattern =
		facts->name;
}

/*
 * matches_all: do the texts of the sample match a pattern?
 */
static bool
matches_all(const char *pattern, Datum *values, int count)
{
	text *regex = cstring_to_text(pattern);
	int i;

	for (i = 0; i < Min(count, MAX_TRIED); i++)
	{
		text *value = DatumGetTextPP(values[i]);

		if (!RE_compile_and_execute(regex, VARDATA_ANY(value),
									VARSIZE_ANY_EXHDR(value), REG_ADVANCED,
									C_COLLATION_OID, 0, NULL))
			return false;
	}
	return count > 0;
}

/*
 * mine_format: a format that is known by name. True when suggested.
 */
static bool
mine_format(DqMine *mine, DqPortrait *portrait)
{
	DqFacts *facts = portrait->facts;
	Datum *values = palloc(sizeof(Datum) * (mine->profile->sample->count + 1));
	int count = dq_profile_sampled(mine->profile,
								   (int) (facts - mine->profile->columns),
								   values);
	int i;

	for (i = 0; i < lengthof(formats); i++)
	{
		if (!matches_all(formats[i].pattern, values, count))
			continue;
		add_pattern(mine, facts, formats[i].pattern,
					psprintf("every value looks like %s", formats[i].name));
		return true;
	}
	return false;
}

/*
 * is_telling: does a shape say more than that there are letters?
 */
static bool
is_telling(const char *shape)
{
	return strpbrk(shape, "0123456789-_./:@#") != NULL;
}

/*
 * mine_pattern: few shapes that all texts of the sample have. True when
 * suggested.
 */
static bool
mine_pattern(DqMine *mine, DqPortrait *portrait)
{
	StringInfoData pattern;
	StringInfoData reason;
	int count = list_length(portrait->all_shapes);
	ListCell *lc;

	if (count == 0 || count > MAX_PATTERN_SHAPES)
		return false;
	initStringInfo(&pattern);
	initStringInfo(&reason);
	appendStringInfoString(&pattern, count > 1 ? "^(" : "^");
	foreach(lc, portrait->all_shapes)
	{
		DqShapeCount *shape = (DqShapeCount *) lfirst(lc);
		char *regex = dq_pattern_regex(shape->shape,
									   portrait->shapes_are_runs);
		bool first = foreach_current_index(lc) == 0;

		if (regex == NULL || !is_telling(shape->shape))
			return false;
		appendStringInfo(&pattern, "%s%s", first ? "" : "|", regex);
		appendStringInfo(&reason, "%s%s",
						 first ? "all values have the shape " : " or ",
						 shape->shape);
	}
	appendStringInfoString(&pattern, count > 1 ? ")$" : "$");
	add_pattern(mine, portrait->facts, pattern.data, reason.data);
	return true;
}

/*
 * mine_text: what texts look like.
 */
static void
mine_text(DqMine *mine, DqPortrait *portrait)
{
	if (!mine_format(mine, portrait))
		(void) mine_pattern(mine, portrait);
	mine_length(mine, portrait->facts);
}

/*
 * mine_column: everything about one column.
 */
static void
mine_column(DqMine *mine, DqPortrait *portrait, int max_values)
{
	DqFacts *facts = portrait->facts;

	mine_not_null(mine, facts);
	if (facts->values < MIN_VALUES)
		return;
	switch (facts->kind.class)
	{
		case DQ_KIND_INTEGER:
		case DQ_KIND_FLOAT:
		case DQ_KIND_NUMERIC:
			if (facts->has_extremes)
				mine_range(mine, portrait);
			break;
		case DQ_KIND_TIME:
			if (facts->has_extremes)
				mine_time(mine, portrait);
			break;
		case DQ_KIND_TEXT:
			if (!mine_values(mine, portrait, max_values))
				mine_text(mine, portrait);
			break;
		case DQ_KIND_BOOL:
		case DQ_KIND_OTHER:
			break;
	}
}

/*
 * is_never_later: in every row of the sample in which both are there, is the
 * first time not later than the second?
 */
static bool
is_never_later(DqMine *mine, int first, int second)
{
	DqReservoir *sample = mine->profile->sample;
	DqKind *kind = &mine->profile->columns[first].kind;
	TupleTableSlot *slot = MakeSingleTupleTableSlot(sample->desc,
													&TTSOpsMinimalTuple);
	bool earlier = false;
	bool holds = true;
	int i;

	for (i = 0; i < sample->count && holds; i++)
	{
		bool nulls[2];
		int64 x;
		int64 y;

		ExecStoreMinimalTuple(sample->picks[i].row, slot, false);
		x = dq_kind_scalar(kind, slot_getattr(slot, first + 1, &nulls[0])).i;
		y = dq_kind_scalar(kind, slot_getattr(slot, second + 1, &nulls[1])).i;
		if (nulls[0] || nulls[1])
			continue;
		earlier = earlier || x < y;
		holds = x <= y;
	}
	ExecDropSingleTupleTableSlot(slot);
	return holds && earlier;
}

/*
 * mine_times: pairs of times of which one never comes before the other.
 */
static void
mine_times(DqMine *mine)
{
	int i;
	int j;

	for (i = 0; i < mine->profile->count; i++)
	{
		DqFacts *one = &mine->profile->columns[i];

		for (j = 0; j < mine->profile->count; j++)
		{
			DqFacts *other = &mine->profile->columns[j];

			if (i == j || one->kind.class != DQ_KIND_TIME ||
				one->kind.type != other->kind.type ||
				Min(one->values, other->values) < MIN_VALUES ||
				!is_never_later(mine, i, j))
				continue;
			dq_mine_add(mine,
						psprintf("%s <= %s",
								 pstrdup(dq_sqltext_ident(one->name)),
								 pstrdup(dq_sqltext_ident(other->name))),
						pstrdup("one is never later than the other"),
						Min(one->values, other->values));
		}
	}
}

/*
 * has_name: is the name in the list?
 */
static bool
has_name(List *names, const char *name)
{
	ListCell *lc;

	foreach(lc, names)
	{
		if (strcmp((char *) lfirst(lc), name) == 0)
			return true;
	}
	return false;
}

/*
 * verify: keep what holds now. Where the rows were counted, that is the
 * support. Keys come first, so that it is known what they imply.
 */
static List *
verify(DqMine *mine, const DqProfileTask *task, const char *source)
{
	DqQualityTask checks = {0};
	List *key = NIL;
	List *patterns = NIL;
	List *kept = NIL;
	ListCell *lc;
	ListCell *verdict_cell;

	checks.relid = task->relid;
	checks.source = source;
	checks.row_filter = task->row_filter;
	checks.visible_rows = true;
	foreach(lc, mine->found)
		checks.checks = lappend(checks.checks,
								((DqSuggestion *) lfirst(lc))->check);
	if (checks.checks == NIL)
		return NIL;
	forboth(lc, mine->found, verdict_cell, dq_quality_run(&checks))
	{
		DqSuggestion *suggestion = (DqSuggestion *) lfirst(lc);
		DqVerdict *verdict = (DqVerdict *) lfirst(verdict_cell);

		if (verdict->status != DQ_CHECK_PASS || verdict->failed_rows > 0)
			continue;
		if (!verdict->uncounted)
			suggestion->support = verdict->tested_rows;
		/* the tightest key that holds; others may be so by chance */
		if (suggestion->key != NIL && key != NIL)
			continue;
		if (suggestion->key != NIL)
			key = suggestion->key;
		if (suggestion->not_null && has_name(key, suggestion->not_null))
			continue;
		if (suggestion->looser && has_name(patterns, suggestion->looser))
			continue;
		if (suggestion->pattern)
			patterns = lappend(patterns, suggestion->pattern);
		kept = lappend(kept, suggestion);
	}
	return kept;
}

/*
 * dq_mine_checks: see mine.h.
 */
List *
dq_mine_checks(const DqProfileTask *task, const char *source, int max_values)
{
	DqMine mine = {0};
	bool partial;
	ListCell *lc;

	mine.task = task;
	mine.source = dq_source_open(task->relid, NULL);
	mine.profile = dq_profile_run(task, &partial);
	if (mine.profile->rows == 0)
		return NIL;
	mine.portraits = dq_portrait_draw(mine.profile, max_values + 1);
	dq_mine_keys(&mine);
	foreach(lc, mine.portraits)
		mine_column(&mine, (DqPortrait *) lfirst(lc), max_values);
	mine_times(&mine);
	dq_mine_references(&mine);
	return verify(&mine, task, source);
}
