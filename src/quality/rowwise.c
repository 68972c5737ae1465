/*
 * rowwise.c
 *	  What rules say about several columns of one row, as SQL.
 *
 * NULL: by default a row in which a value is missing has no verdict, and
 * on_null says what that counts as. The option "nulls" is asked first: what
 * it leaves out is not tested, whatever on_null says, so that these verdicts
 * apply on_null themselves and leave NULL to the rows left out.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/sqltext.h"
#include "catalog/pg_type.h"
#include "quality/compare.h"
#include "quality/rowwise.h"
#include "quality/shape.h"
#include "quality/tuple.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

/* operators of compare_columns, in the order of its option's words */
#define COMPARE_EQUAL 0
#define COMPARE_DIFFERENT 1

static const StrategyNumber strategies[] = {
	BTEqualStrategyNumber, BTEqualStrategyNumber,
	BTLessStrategyNumber, BTLessEqualStrategyNumber,
	BTGreaterStrategyNumber, BTGreaterEqualStrategyNumber};

/* so many columns are written out in exactly_one_not_null */
#define MAX_WRITTEN 6

/*
 * check_nulls: rows that "nulls" leaves out are not tested, whatever on_null
 * says: the verdict applies that.
 */
static void
check_nulls(DqCheck *check)
{
	if (check->nulls == DQ_NULLS_IGNORE_ALL ||
		check->nulls == DQ_NULLS_IGNORE_ANY)
		check->on_null = DQ_NULL_IGNORE;
}

/*
 * given_on_null: what the rule object says.
 */
static DqOnNull
given_on_null(const DqCheck *check)
{
	return (DqOnNull) dq_option_word(dq_rule_common_options(DQ_TAKES_ON_NULL),
									 check->doc, "on_null", check->what);
}

/*
 * write_policy: the verdict of a condition that is NULL when any of the
 * columns is.
 */
static void
write_policy(StringInfo buf, const DqProbe *probe, List *columns,
			 const char *condition)
{
	DqOnNull on_null = given_on_null(probe->check);

	switch (probe->check->nulls)
	{
		case DQ_NULLS_DISTINCT:
		case DQ_NULLS_EQUAL:
			appendStringInfoString(buf, condition);
			return;
		case DQ_NULLS_IGNORE_ANY:
			appendStringInfo(buf, "CASE WHEN %s THEN %s END",
							 dq_compare_present(columns, false), condition);
			return;
		case DQ_NULLS_IGNORE_ALL:
			break;
	}
	appendStringInfo(buf, "CASE WHEN %s THEN ",
					 dq_compare_present(columns, true));
	if (on_null == DQ_NULL_IGNORE)
		appendStringInfo(buf, "%s END", condition);
	else
		appendStringInfo(buf, "COALESCE(%s, %s) END", condition,
						 on_null == DQ_NULL_PASS ? "true" : "false");
}

/*
 * compare_operator: the place of the operator of compare_columns.
 */
static int
compare_operator(const DqCheck *check)
{
	return dq_option_word(check->type->options, check->doc, "op",
						  check->what);
}

/*
 * check_tolerance: 22023 when it is negative.
 */
static void
check_tolerance(const DqCheck *check)
{
	char *tolerance = dq_json_scalar_text(check->doc, "tolerance",
										  check->what);

	if (tolerance != NULL && *tolerance == '-')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"tolerance\" of %s must not be negative",
						check->what)));
}

/*
 * dq_rowwise_check_compare: a tolerance is for equality.
 */
void
dq_rowwise_check_compare(DqCheck *check)
{
	check_nulls(check);
	check_tolerance(check);
	if (dq_json_has(check->doc, "tolerance") &&
		compare_operator(check) > COMPARE_DIFFERENT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"tolerance\" of %s needs \"op\" = or <>",
						check->what),
				 errhint("Leave out \"tolerance\", or write the comparison as an expression.")));
}

/*
 * exact_type: the type in which numbers of these columns are added and
 * subtracted without loss, float8 when one of them is a float.
 */
static Oid
exact_type(const DqProbe *probe, List *columns)
{
	Oid type = INT8OID;
	ListCell *lc;

	foreach(lc, columns)
	{
		const DqColumn *column = (DqColumn *) lfirst(lc);

		dq_compare_need_number(column, probe->check->what);
		if (dq_compare_is_float(column->base_type))
			type = FLOAT8OID;
		else if (type == INT8OID && column->base_type != INT2OID &&
				 column->base_type != INT4OID)
			type = NUMERICOID;
	}
	return type;
}

/*
 * near: SQL for "two numbers are equal within a tolerance"; infinities are
 * equal to themselves.
 */
static char *
near(const char *left, const char *right, const char *tolerance, Oid type)
{
	if (tolerance == NULL)
		return psprintf("%s OPERATOR(pg_catalog.=) %s", left, right);
	return psprintf("(%s OPERATOR(pg_catalog.=) %s OR pg_catalog.abs(%s OPERATOR(pg_catalog.-) %s) OPERATOR(pg_catalog.<=) %s)",
					left, right, left, right,
					dq_source_literal(tolerance, type));
}

/*
 * as_type: SQL for a column in another type.
 */
static char *
as_type(const DqColumn *column, Oid type)
{
	return psprintf("%s::%s", column->sql, dq_sqltext_type(type, -1));
}

/*
 * compare_equal: SQL for "the columns are equal".
 */
static char *
compare_equal(const DqProbe *probe, const DqColumn *left,
			  const DqColumn *right)
{
	char *tolerance = dq_json_scalar_text(probe->check->doc, "tolerance",
										  probe->check->what);
	Oid type;

	if (tolerance == NULL)
		return dq_compare_columns(left, BTEqualStrategyNumber, right);
	type = exact_type(probe, probe->columns);
	if (type == INT8OID)
		type = NUMERICOID; /* the tolerance may be a fraction */
	return near(as_type(left, type), as_type(right, type), tolerance, type);
}

/*
 * compare_null_equal: SQL for the comparison when NULL equals NULL.
 */
static char *
compare_null_equal(const DqProbe *probe, int op, const char *condition)
{
	const char *none = psprintf("NOT %s",
								dq_compare_present(probe->columns, true));

	if (op == COMPARE_EQUAL)
		return psprintf("((%s) IS TRUE OR %s)", condition, none);
	if (op == COMPARE_DIFFERENT)
		return psprintf("((%s) IS NOT TRUE AND NOT (%s))",
						condition, none);
	return psprintf("CASE WHEN %s THEN %s ELSE %s END", none,
					strategies[op] == BTLessEqualStrategyNumber ||
							strategies[op] == BTGreaterEqualStrategyNumber ?
						"true" :
						"false",
					condition);
}

/*
 * dq_rowwise_compare: one column compared with another.
 */
void
dq_rowwise_compare(StringInfo buf, const DqProbe *probe)
{
	const DqColumn *left = (DqColumn *) linitial(probe->columns);
	const DqColumn *right = (DqColumn *) lsecond(probe->columns);
	int op = compare_operator(probe->check);
	char *condition;

	if (op <= COMPARE_DIFFERENT)
		condition = compare_equal(probe, left, right);
	else
		condition = dq_compare_columns(left, strategies[op], right);
	if (probe->check->nulls == DQ_NULLS_EQUAL)
		condition = compare_null_equal(probe, op, condition);
	else if (op == COMPARE_DIFFERENT)
		condition = psprintf("NOT (%s)", condition);
	write_policy(buf, probe, probe->columns, condition);
}

/*
 * dq_rowwise_check_pairs: a tuple for each row that may be; null in one of
 * them means something only when NULL equals NULL.
 */
void
dq_rowwise_check_pairs(DqCheck *check)
{
	List *tuples = dq_tuple_read(check, "pairs", 2);
	ListCell *lc;

	check_nulls(check);
	foreach(lc, tuples)
	{
		List *tuple = (List *) lfirst(lc);

		if ((linitial(tuple) == NULL || lsecond(tuple) == NULL) &&
			check->nulls != DQ_NULLS_EQUAL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a null in \"pairs\" of %s matches nothing",
							check->what),
					 errhint("Add \"nulls\": \"equal\" to let it match NULL.")));
	}
}

/*
 * is_tuple: SQL for "the columns have these values"; never NULL.
 */
static char *
is_tuple(List *columns, List *values)
{
	StringInfoData buf;
	ListCell *lc;
	ListCell *value;

	initStringInfo(&buf);
	forboth(lc, columns, value, values)
	{
		const DqColumn *column = (DqColumn *) lfirst(lc);

		appendStringInfoString(&buf, buf.len > 0 ? " AND " : "");
		if (lfirst(value) == NULL)
			appendStringInfoString(&buf, dq_source_is_null(column, true));
		else
			appendStringInfo(&buf, "%s AND %s",
							 dq_source_is_null(column, false),
							 dq_compare_value(column, lfirst(value)));
	}
	return buf.data;
}

/*
 * dq_rowwise_pair: the two values are one of the pairs.
 */
void
dq_rowwise_pair(StringInfo buf, const DqProbe *probe)
{
	StringInfoData any;
	char *condition;
	ListCell *lc;

	initStringInfo(&any);
	foreach(lc, dq_tuple_read(probe->check, "pairs", 2))
		appendStringInfo(&any, "%s(%s)", any.len > 0 ? " OR " : "",
						 is_tuple(probe->columns, (List *) lfirst(lc)));
	if (any.len == 0)
		appendStringInfoString(&any, "false");
	condition = psprintf("(%s)", any.data);
	if (probe->check->nulls != DQ_NULLS_EQUAL)
		condition = psprintf("CASE WHEN %s THEN %s END",
							 dq_compare_present(probe->columns, false),
							 condition);
	write_policy(buf, probe, probe->columns, condition);
}

/*
 * interval_option: an interval as a Datum.
 */
static Datum
interval_option(const char *text)
{
	return DirectFunctionCall3(interval_in, CStringGetDatum(text),
							   ObjectIdGetDatum(InvalidOid),
							   Int32GetDatum(-1));
}

/*
 * dq_rowwise_check_apart: one of the bounds is there, both are in order.
 */
void
dq_rowwise_check_apart(DqCheck *check)
{
	char *min = dq_json_text(check->doc, "min_interval", check->what);
	char *max = dq_json_text(check->doc, "max_interval", check->what);

	if (min == NULL && max == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s needs option \"min_interval\" or \"max_interval\"",
						check->what)));
	if (min != NULL && max != NULL &&
		DatumGetBool(DirectFunctionCall2(interval_gt, interval_option(min),
										 interval_option(max))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"min_interval\" of %s is above \"max_interval\"",
						check->what)));
}

/*
 * need_time: 42804 unless the column holds dates or times of a date.
 */
static void
need_time(const DqColumn *column, const char *what)
{
	Oid type = column->base_type;

	if (type != DATEOID && type != TIMESTAMPOID && type != TIMESTAMPTZOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is of type %s, %s needs a date or timestamp",
						column->name, format_type_be(type), what)));
}

/*
 * dq_rowwise_apart: the second column is so much later than the first. The
 * interval is added to the first, as the calendar has it.
 */
void
dq_rowwise_apart(StringInfo buf, const DqProbe *probe)
{
	const DqCheck *check = probe->check;
	const DqColumn *first = (DqColumn *) linitial(probe->columns);
	const DqColumn *second = (DqColumn *) lsecond(probe->columns);
	char *min = dq_json_text(check->doc, "min_interval", check->what);
	char *max = dq_json_text(check->doc, "max_interval", check->what);
	Oid type = TIMESTAMPOID;
	const char *form = "%s OPERATOR(pg_catalog.%s) (%s OPERATOR(pg_catalog.+) %s)";

	need_time(first, check->what);
	need_time(second, check->what);
	if (first->base_type == TIMESTAMPTZOID ||
		second->base_type == TIMESTAMPTZOID)
		type = TIMESTAMPTZOID;
	if (min != NULL)
		appendStringInfo(buf, form, as_type(second, type), ">=",
						 as_type(first, type),
						 dq_source_literal(min, INTERVALOID));
	if (min != NULL && max != NULL)
		appendStringInfoString(buf, " AND ");
	if (max != NULL)
		appendStringInfo(buf, form, as_type(second, type), "<=",
						 as_type(first, type),
						 dq_source_literal(max, INTERVALOID));
}

/*
 * dq_rowwise_check_sum: row_sum_equals has exactly one right side.
 */
void
dq_rowwise_check_sum(DqCheck *check)
{
	bool equals = (check->type->takes & DQ_TAKES_BOUNDS) == 0;

	check_nulls(check);
	check_tolerance(check);
	if (equals && dq_json_has(check->doc, "value") ==
					  dq_json_has(check->doc, "total"))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s needs either option \"value\" or option \"total\"",
						check->what)));
}

/*
 * write_sum: SQL for the sum of the columns in a type.
 */
static char *
write_sum(const DqProbe *probe, Oid type)
{
	bool is_zero = dq_json_bool(probe->check->doc, "null_is_zero", false,
								probe->check->what);
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, probe->columns)
	{
		char *column = as_type((DqColumn *) lfirst(lc), type);

		if (is_zero)
			column = psprintf("COALESCE(%s, %s)", column,
							  dq_source_literal("0", type));
		appendStringInfo(&buf, "%s%s",
						 buf.len > 0 ? " OPERATOR(pg_catalog.+) " : "",
						 column);
	}
	return psprintf("(%s)", buf.data);
}

/*
 * sum_literal: a value that a sum of this type is compared with.
 */
static char *
sum_literal(const char *value, Oid type)
{
	if (type == INT8OID && strspn(value, "-0123456789") != strlen(value))
		type = NUMERICOID;
	if (type == INT8OID && strlen(value) > 18)
		type = NUMERICOID;
	return dq_source_literal(value, type);
}

/*
 * dq_rowwise_sum_equals: the columns add up to a value or to a column.
 */
void
dq_rowwise_sum_equals(StringInfo buf, const DqProbe *probe)
{
	const DqCheck *check = probe->check;
	char *tolerance = dq_json_scalar_text(check->doc, "tolerance",
										  check->what);
	char *value = dq_json_scalar_text(check->doc, "value", check->what);
	char *total = dq_json_text(check->doc, "total", check->what);
	List *involved = list_copy(probe->columns);
	Oid type;

	if (total != NULL)
		involved = lappend(involved, dq_source_column(probe->source, total));
	type = exact_type(probe, involved);
	if (type == INT8OID && tolerance != NULL)
		type = NUMERICOID;
	if (total != NULL)
		value = as_type((DqColumn *) llast(involved), type);
	else
		value = sum_literal(value, type);
	write_policy(buf, probe, involved,
				 near(write_sum(probe, type), value, tolerance, type));
}

/*
 * dq_rowwise_sum_between: the sum of the columns lies within bounds; NaN, as
 * everywhere, within none.
 */
void
dq_rowwise_sum_between(StringInfo buf, const DqProbe *probe)
{
	const DqCheck *check = probe->check;
	Oid type = exact_type(probe, probe->columns);
	char *sum = write_sum(probe, type);
	StringInfoData condition;

	initStringInfo(&condition);
	if (type != INT8OID)
		appendStringInfo(&condition, "%s OPERATOR(pg_catalog.<) %s", sum,
						 dq_source_literal("NaN", type));
	if (check->min_value != NULL)
		appendStringInfo(&condition, "%s%s OPERATOR(pg_catalog.%s) %s",
						 condition.len > 0 ? " AND " : "", sum,
						 check->min_excluded ? ">" : ">=",
						 sum_literal(check->min_value, type));
	if (check->max_value != NULL)
		appendStringInfo(&condition, "%s%s OPERATOR(pg_catalog.%s) %s",
						 condition.len > 0 ? " AND " : "", sum,
						 check->max_excluded ? "<" : "<=",
						 sum_literal(check->max_value, type));
	write_policy(buf, probe, probe->columns,
				 psprintf("(%s)", condition.data));
}

/*
 * dq_rowwise_check_several: 22023 for a single column.
 */
void
dq_rowwise_check_several(DqCheck *check)
{
	if (list_length(check->columns) < 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s needs at least two columns", check->what)));
}

/*
 * dq_rowwise_at_least_one: one of the columns has a value.
 */
void
dq_rowwise_at_least_one(StringInfo buf, const DqProbe *probe)
{
	appendStringInfoString(buf, dq_compare_present(probe->columns, true));
}

/*
 * write_only: SQL for "this column has a value and no other one has".
 */
static void
write_only(StringInfo buf, List *columns, const DqColumn *only)
{
	ListCell *lc;

	appendStringInfo(buf, "%s(", buf->len > 0 ? " OR " : "");
	foreach(lc, columns)
	{
		const DqColumn *column = (DqColumn *) lfirst(lc);

		appendStringInfo(buf, "%s%s",
						 foreach_current_index(lc) > 0 ? " AND " : "",
						 dq_source_is_null(column, column != only));
	}
	appendStringInfoChar(buf, ')');
}

/*
 * dq_rowwise_exactly_one: one of the columns has a value, the others none.
 * Few columns are written as plain conditions, which are fast.
 */
void
dq_rowwise_exactly_one(StringInfo buf, const DqProbe *probe)
{
	ListCell *lc;

	if (list_length(probe->columns) <= MAX_WRITTEN)
	{
		foreach(lc, probe->columns)
			write_only(buf, probe->columns, (DqColumn *) lfirst(lc));
		return;
	}
	appendStringInfoString(buf, "pg_catalog.num_nonnulls(");
	foreach(lc, probe->columns)
		appendStringInfo(buf, "%s%s",
						 foreach_current_index(lc) > 0 ? ", " : "",
						 ((DqColumn *) lfirst(lc))->sql);
	appendStringInfoString(buf, ") OPERATOR(pg_catalog.=) 1");
}

/*
 * dq_rowwise_all_or_none: all of the columns have values, or none has.
 */
void
dq_rowwise_all_or_none(StringInfo buf, const DqProbe *probe)
{
	appendStringInfo(buf, "%s OR NOT %s",
					 dq_compare_present(probe->columns, false),
					 dq_compare_present(probe->columns, true));
}

/*
 * dq_rowwise_required: where the condition holds, the columns have values;
 * elsewhere there is no verdict or, when asked for, they have none.
 */
void
dq_rowwise_required(StringInfo buf, const DqProbe *probe)
{
	const DqCheck *check = probe->check;
	char *condition = dq_json_text(check->doc, "condition", check->what);

	appendStringInfo(buf, "CASE WHEN (\n%s\n) THEN %s", condition,
					 dq_compare_present(probe->columns, false));
	if (dq_json_bool(check->doc, "otherwise_null", false, check->what))
		appendStringInfo(buf, " ELSE NOT %s",
						 dq_compare_present(probe->columns, true));
	appendStringInfoString(buf, " END");
}

/*
 * dq_rowwise_different: no two columns of the row have the same value.
 */
void
dq_rowwise_different(StringInfo buf, const DqProbe *probe)
{
	DqNulls nulls = probe->check->nulls;
	StringInfoData pairs;
	ListCell *lc;

	initStringInfo(&pairs);
	foreach(lc, probe->columns)
	{
		const DqColumn *left = (DqColumn *) lfirst(lc);
		ListCell *other;

		for_each_cell(other, probe->columns, lnext(probe->columns, lc))
		{
			const DqColumn *right = (DqColumn *) lfirst(other);

			appendStringInfo(&pairs, "%s(%s) IS NOT TRUE",
							 pairs.len > 0 ? " AND " : "",
							 dq_compare_columns(left, BTEqualStrategyNumber,
												right));
			if (nulls == DQ_NULLS_EQUAL || nulls == DQ_NULLS_IGNORE_ALL)
				appendStringInfo(&pairs, " AND NOT (%s AND %s)",
								 dq_source_is_null(left, true),
								 dq_source_is_null(right, true));
		}
	}
	if (nulls == DQ_NULLS_IGNORE_ANY || nulls == DQ_NULLS_IGNORE_ALL)
		appendStringInfo(buf, "CASE WHEN %s THEN %s END",
						 dq_compare_present(probe->columns,
											nulls == DQ_NULLS_IGNORE_ALL),
						 pairs.data);
	else
		appendStringInfoString(buf, pairs.data);
}

/*
 * dq_rowwise_correlation: Pearson's, in double precision, of the rows in
 * which both columns have values; NULL when one of them does not vary.
 */
void
dq_rowwise_correlation(StringInfo buf, const DqProbe *probe)
{
	const DqColumn *left = (DqColumn *) linitial(probe->columns);
	const DqColumn *right = (DqColumn *) lsecond(probe->columns);

	dq_compare_need_number(left, probe->check->what);
	dq_compare_need_number(right, probe->check->what);
	appendStringInfo(buf, "pg_catalog.corr(%s, %s)",
					 as_type(left, FLOAT8OID), as_type(right, FLOAT8OID));
}
