/*
 * neighbour_order.c
 *	  What rules say about a value and the one before it in an order.
 *
 * Rows without a value are passed over: they have no verdict, and the value
 * before a row is the last one that there was. Rows that are equal in the
 * order are put into that of the value itself, so that the number of failing
 * rows does not depend on chance.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/sqltext.h"
#include "catalog/pg_type.h"
#include "quality/compare.h"
#include "quality/neighbour.h"
#include "quality/predicate.h"
#include "quality/shape.h"
#include "utils/builtins.h"

/* a value and the one before it, as the verdict calls them */
typedef struct Pair
{
	DqColumn *value;
	DqColumn *before;
} Pair;

/*
 * option_columns: the columns that an option names.
 */
static List *
option_columns(const DqProbe *probe, const char *option)
{
	const DqCheck *check = probe->check;

	return dq_source_columns(probe->source,
							 dq_json_text_list(check->doc, option,
											   check->what));
}

/*
 * add_pair: the value before in the order of "order_by" and then of the
 * values, among the rows that have one and agree in "partition_by".
 */
static Pair
add_pair(const DqProbe *probe, bool ascending)
{
	DqColumn *inner = (DqColumn *) linitial(probe->columns);
	List *partition = option_columns(probe, "partition_by");
	List *order = option_columns(probe, "order_by");
	DqColumn *present = dq_compare_like(
		inner, psprintf("(%s)", dq_source_is_null(inner, false)), BOOLOID);
	DqColumn *last = dq_compare_like(
		inner, psprintf("%s%s", inner->sql, ascending ? "" : " DESC"),
		inner->base_type);
	char *over = dq_shape_ordered_over(probe, lappend(partition, present),
									   lappend(order, last));
	Pair pair;

	pair.value = dq_shape_ordered_column(inner);
	pair.before = dq_compare_like(
		inner,
		dq_shape_ordered_add(probe, "previous",
							 psprintf("pg_catalog.lag(%s) OVER %s",
									  inner->sql, over)),
		inner->base_type);
	return pair;
}

/*
 * write_monotone: the first value is in order, the others beside the one
 * before.
 */
static void
write_monotone(StringInfo buf, const DqProbe *probe, bool ascending)
{
	const DqCheck *check = probe->check;
	bool strict = dq_json_bool(check->doc, "strict", false, check->what);
	Pair pair = add_pair(probe, ascending);
	StrategyNumber strategy;

	if (ascending)
		strategy = strict ? BTLessStrategyNumber : BTLessEqualStrategyNumber;
	else
		strategy = strict ? BTGreaterStrategyNumber :
							BTGreaterEqualStrategyNumber;
	appendStringInfo(buf, "CASE WHEN %s THEN %s OR %s END",
					 dq_source_is_null(pair.value, false),
					 dq_source_is_null(pair.before, true),
					 dq_compare_columns(pair.before, strategy, pair.value));
}

/*
 * dq_neighbour_increasing
 */
void
dq_neighbour_increasing(StringInfo buf, const DqProbe *probe)
{
	write_monotone(buf, probe, true);
}

/*
 * dq_neighbour_decreasing
 */
void
dq_neighbour_decreasing(StringInfo buf, const DqProbe *probe)
{
	write_monotone(buf, probe, false);
}

/*
 * dq_neighbour_check_step: a step is a number, or an interval, above zero.
 */
void
dq_neighbour_check_step(DqCheck *check)
{
	if (dq_json_is_number(check->doc, "step") &&
		dq_predicate_sign(check, "step") <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"step\" of %s must be above 0",
						check->what)));
}

/*
 * is_moment: a date or timestamp?
 */
static bool
is_moment(Oid type)
{
	return type == DATEOID || type == TIMESTAMPOID || type == TIMESTAMPTZOID;
}

/*
 * refuse_type: 42804.
 */
static void
refuse_type(const DqProbe *probe, const DqColumn *column, const char *wanted)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" is of type %s, %s needs %s", column->name,
					format_type_be(column->base_type), probe->check->what,
					wanted)));
}

/*
 * next_value: SQL of the value that follows another.
 */
static char *
next_value(const DqProbe *probe, const DqColumn *before)
{
	const DqCheck *check = probe->check;
	char *step = dq_json_scalar_text(check->doc, "step", check->what);
	Oid type = before->base_type;

	if (is_moment(type))
		return psprintf("(%s OPERATOR(pg_catalog.+) %s)::%s", before->sql,
						dq_source_literal(step ? step : "1 day", INTERVALOID),
						dq_sqltext_type(type == DATEOID ? TIMESTAMPOID : type,
										-1));
	if (!dq_compare_is_number(type) || dq_compare_is_float(type))
		refuse_type(probe, before,
					"whole numbers, numerics, dates or timestamps");
	return psprintf("(%s::pg_catalog.numeric OPERATOR(pg_catalog.+) %s)",
					before->sql,
					dq_source_literal(step ? step : "1", NUMERICOID));
}

/*
 * dq_neighbour_sequential: in the order of the values, each is one step above
 * the one before: neither gaps nor repetitions.
 */
void
dq_neighbour_sequential(StringInfo buf, const DqProbe *probe)
{
	Pair pair = add_pair(probe, true);
	char *expected = next_value(probe, pair.before);
	Oid type = pair.value->base_type;

	if (type == DATEOID)
		type = TIMESTAMPOID;
	else if (!is_moment(type))
		type = NUMERICOID;
	appendStringInfo(buf, "CASE WHEN %s THEN %s OR %s::%s OPERATOR(pg_catalog.=) %s END",
					 dq_source_is_null(pair.value, false),
					 dq_source_is_null(pair.before, true), pair.value->sql,
					 dq_sqltext_type(type, -1), expected);
}

/*
 * difference: the change from the value before as something like a column;
 * of numbers, exact unless they are floats.
 */
static DqColumn *
difference(const DqProbe *probe, const Pair *pair, bool relative)
{
	Oid type = pair->value->base_type;
	const char *cast = "";
	char *change;
	Oid result = type;

	if (dq_compare_is_number(type))
	{
		result = dq_compare_is_float(type) ? FLOAT8OID : NUMERICOID;
		cast = psprintf("::%s", dq_sqltext_type(result, -1));
	}
	else if (!is_moment(type) || relative)
		refuse_type(probe, pair->value,
					relative ? "numbers" : "numbers, dates or timestamps");
	else
		result = type == DATEOID ? INT4OID : INTERVALOID;
	change = psprintf("(%s%s OPERATOR(pg_catalog.-) %s%s)", pair->value->sql,
					  cast, pair->before->sql, cast);
	if (relative)
		change = psprintf("(%s OPERATOR(pg_catalog./) pg_catalog.abs(%s%s))",
						  change, pair->before->sql, cast);
	return dq_compare_like(pair->value, change, result);
}

/*
 * dq_neighbour_change: the change from the value before lies between bounds;
 * the first value has none, and so no verdict, nor has a relative one after
 * zero.
 */
void
dq_neighbour_change(StringInfo buf, const DqProbe *probe)
{
	const DqCheck *check = probe->check;
	bool relative = dq_json_bool(check->doc, "relative", false, check->what);
	Pair pair = add_pair(probe, true);
	DqColumn *change = difference(probe, &pair, relative);
	StringInfoData range;

	initStringInfo(&range);
	dq_predicate_range(&range, check, change);
	appendStringInfo(buf, "CASE WHEN %s AND %s%s THEN %s END",
					 dq_source_is_null(pair.value, false),
					 dq_source_is_null(pair.before, false),
					 relative ? psprintf(" AND %s OPERATOR(pg_catalog.<>) 0",
										 pair.before->sql) :
								"",
					 range.data);
}
