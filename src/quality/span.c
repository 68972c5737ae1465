/*
 * span.c
 *	  Rows that are valid from somewhere to somewhere, beside each other.
 *
 * A span is a range, or a start and an end, where NULL means without end. In
 * the order of their starts, a span overlaps an earlier one if and only if it
 * starts before the greatest end of them, and a later one if and only if it
 * ends after the start of the next: two windows, whatever the number of rows.
 * Both rows of a pair that overlaps fail.
 *
 * Empty spans overlap nothing, and spans that end before they start are
 * nothing at all: both stand in partitions of their own.
 */
#include "postgres.h"

#include "base/json.h"
#include "catalog/pg_type.h"
#include "quality/compare.h"
#include "quality/shape.h"
#include "quality/span.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

/* a span as SQL, seen from inside of "k" or from outside */
typedef struct Span
{
	DqColumn *start;
	DqColumn *end;
	char *from_ever; /* conditions, never NULL where there is a span */
	char *for_ever;
	char *start_belongs; /* the bound itself is in */
	char *end_belongs;
	char *missing;
	char *inverted;
	char *empty; /* true for inverted ones, too */
} Span;

/* what a row knows of the others */
typedef struct Beside
{
	char *number; /* of the row */
	DqColumn *end; /* greatest of the rows before */
	DqColumn *end_belonging; /* greatest that belongs to its span */
	char *for_ever; /* one before has no end */
	DqColumn *start; /* of the row after */
	char *start_belongs;
	char *from_ever;
} Beside;

/*
 * dq_span_check_ranges: a range, or a start and an end.
 */
void
dq_span_check_ranges(DqCheck *check)
{
	if (list_length(check->columns) > 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s needs one range column, or a start and an end",
						check->what)));
	if (list_length(check->columns) == 1 && dq_json_has(check->doc, "bounds"))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"bounds\" of %s is for a start and an end",
						check->what),
				 errhint("Leave out \"bounds\": a range has its own.")));
}

/*
 * of_range: the parts of a range.
 */
static void
of_range(Span *span, const DqColumn *range)
{
	Oid subtype = get_range_subtype(range->base_type);
	const char *sql = range->sql;

	if (!OidIsValid(subtype))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is of type %s, which is no range",
						range->name, format_type_be(range->base_type)),
				 errhint("Give a range column, or two columns: a start and an end.")));
	span->start = dq_compare_like(range,
								  psprintf("pg_catalog.lower(%s)", sql),
								  subtype);
	span->end = dq_compare_like(range, psprintf("pg_catalog.upper(%s)", sql),
								subtype);
	span->from_ever = psprintf("pg_catalog.lower_inf(%s)", sql);
	span->for_ever = psprintf("pg_catalog.upper_inf(%s)", sql);
	span->start_belongs = psprintf("pg_catalog.lower_inc(%s)", sql);
	span->end_belongs = psprintf("pg_catalog.upper_inc(%s)", sql);
	span->missing = psprintf("%s IS NULL", sql);
	span->inverted = pstrdup("false");
	span->empty = psprintf("pg_catalog.isempty(%s)", sql);
}

/*
 * of_bounds: a start and an end, each of which belongs to the span or not.
 */
static void
of_bounds(Span *span, DqColumn *start, DqColumn *end, const char *bounds)
{
	StrategyNumber empty = BTGreaterEqualStrategyNumber;

	if (strcmp(bounds, "[]") == 0)
		empty = BTGreaterStrategyNumber;
	span->start = start;
	span->end = end;
	span->from_ever = psprintf("(%s)", dq_source_is_null(start, true));
	span->for_ever = psprintf("(%s)", dq_source_is_null(end, true));
	span->start_belongs = pstrdup(bounds[0] == '[' ? "true" : "false");
	span->end_belongs = pstrdup(bounds[1] == ']' ? "true" : "false");
	span->missing = pstrdup("false");
	span->inverted =
		psprintf("COALESCE(%s, false)",
				 dq_compare_columns(start, BTGreaterStrategyNumber, end));
	span->empty = psprintf("COALESCE(%s, false)",
						   dq_compare_columns(start, empty, end));
}

/*
 * add: a window over the spans of the same partition, in order.
 */
static char *
add(const DqProbe *probe, const char *name, const char *function,
	const char *order, const char *frame)
{
	return dq_shape_ordered_add(probe, name,
								psprintf("%s OVER (%s%s)", function, order,
										 frame));
}

/*
 * look_beside: add what each row has to know of the others.
 */
static Beside
look_beside(const DqProbe *probe, const Span *span, List *partition,
			const char *left_out)
{
	const char *before =
		" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING";
	Oid end_type = span->end->base_type;
	char *max = dq_compare_aggregate("max", end_type, span->end->name);
	char *together = dq_shape_partition(probe, partition);
	char *order = psprintf("PARTITION BY (%s)%s%s ORDER BY %s NULLS FIRST, %s DESC",
						   left_out, *together ? ", " : "", together,
						   span->start->sql, span->start_belongs);
	Beside beside;

	beside.number = add(probe, "number", "pg_catalog.row_number()", order,
						"");
	beside.end = dq_compare_like(
		span->end,
		add(probe, "end_before", psprintf("%s(%s)", max, span->end->sql),
			order, before),
		end_type);
	beside.end_belonging = dq_compare_like(
		span->end,
		add(probe, "last_before",
			psprintf("%s(%s) FILTER (WHERE %s)", max, span->end->sql,
					 span->end_belongs),
			order, before),
		end_type);
	beside.for_ever = add(probe, "endless_before",
						  psprintf("pg_catalog.bool_or(%s)", span->for_ever),
						  order, before);
	beside.start = dq_compare_like(
		span->start,
		add(probe, "start_after",
			psprintf("pg_catalog.lead(%s)", span->start->sql), order, ""),
		span->start->base_type);
	beside.start_belongs =
		add(probe, "first_after",
			psprintf("pg_catalog.lead(%s)", span->start_belongs), order, "");
	beside.from_ever = add(probe, "ever_after",
						   psprintf("pg_catalog.lead(%s)", span->from_ever),
						   order, "");
	return beside;
}

/*
 * write_apart: SQL for "the span overlaps no other one", never NULL.
 */
static void
write_apart(StringInfo buf, const Span *span, const Beside *beside)
{
	appendStringInfo(buf, "NOT COALESCE(%s OR (%s AND %s OPERATOR(pg_catalog.>) 1) OR %s OR (%s AND %s), false)",
					 beside->for_ever, span->from_ever, beside->number,
					 dq_compare_columns(beside->end,
										BTGreaterStrategyNumber,
										span->start),
					 span->start_belongs,
					 dq_compare_columns(beside->end_belonging,
										BTGreaterEqualStrategyNumber,
										span->start));
	appendStringInfo(buf, " AND NOT COALESCE(%s IS NOT NULL AND (%s OR %s OR %s OR (%s AND %s AND %s)), false)",
					 beside->from_ever, span->for_ever, beside->from_ever,
					 dq_compare_columns(span->end, BTGreaterStrategyNumber,
										beside->start),
					 span->end_belongs, beside->start_belongs,
					 dq_compare_columns(span->end,
										BTGreaterEqualStrategyNumber,
										beside->start));
}

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
 * option_column: the column that an option names.
 */
static DqColumn *
option_column(const DqProbe *probe, const char *option)
{
	const DqCheck *check = probe->check;

	return dq_source_column(probe->source,
							dq_json_text(check->doc, option, check->what));
}

/*
 * bounds_of: "[)" and its like.
 */
static const char *
bounds_of(const DqCheck *check)
{
	char *bounds = dq_json_text(check->doc, "bounds", check->what);

	return bounds ? bounds : "[)";
}

/*
 * span_of: the checked columns as a span.
 */
static Span
span_of(const DqProbe *probe, List *columns)
{
	Span span;

	if (list_length(columns) == 1)
		of_range(&span, (DqColumn *) linitial(columns));
	else
		of_bounds(&span, (DqColumn *) linitial(columns),
				  (DqColumn *) lsecond(columns), bounds_of(probe->check));
	return span;
}

/*
 * dq_span_ranges: no two spans of the same partition overlap.
 */
void
dq_span_ranges(StringInfo buf, const DqProbe *probe)
{
	Span inner = span_of(probe, probe->columns);
	Span outer = span_of(probe, dq_shape_ordered_columns(probe->columns));
	Beside beside = look_beside(probe, &inner,
								option_columns(probe, "partition_by"),
								psprintf("%s OR %s", inner.missing,
										 inner.empty));

	appendStringInfo(buf, "CASE WHEN %s THEN NULL WHEN %s THEN false WHEN %s THEN true ELSE ",
					 outer.missing, outer.inverted, outer.empty);
	write_apart(buf, &outer, &beside);
	appendStringInfoString(buf, " END");
}

/*
 * write_current: append that the key has one current row, the last one.
 */
static void
write_current(StringInfo buf, const DqProbe *probe, const Beside *beside)
{
	const DqCheck *check = probe->check;
	char *name = dq_json_text(check->doc, "current", check->what);
	bool ended = dq_json_bool(check->doc, "allow_ended", false, check->what);
	DqColumn *current;
	char *count;

	if (name == NULL)
		return;
	current = dq_source_column(probe->source, name);
	if (current->base_type != BOOLOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is of type %s, not boolean",
						name, format_type_be(current->base_type)),
				 errhint("Leave out \"current\", or name a boolean column.")));
	count = dq_shape_ordered_add(
		probe, "current",
		psprintf("pg_catalog.count(*) FILTER (WHERE %s) OVER %s",
				 current->sql,
				 dq_shape_ordered_over(probe, probe->columns, NIL)));
	appendStringInfo(buf, " AND %s OPERATOR(pg_catalog.%s) 1 AND (%s IS NOT TRUE OR %s IS NULL)",
					 count, ended ? "<=" : "=",
					 dq_shape_ordered_column(current)->sql,
					 beside->from_ever);
}

/*
 * dq_span_versions: the versions of a key follow each other: each begins and
 * ends after it begins, none overlaps another, and what else is asked for.
 */
void
dq_span_versions(StringInfo buf, const DqProbe *probe)
{
	const DqCheck *check = probe->check;
	List *columns = list_make2(option_column(probe, "valid_from"),
							   option_column(probe, "valid_to"));
	List *outer_columns = dq_shape_ordered_columns(columns);
	Span inner;
	Span outer;
	Beside beside;

	of_bounds(&inner, linitial(columns), lsecond(columns), "[)");
	of_bounds(&outer, linitial(outer_columns), lsecond(outer_columns), "[)");
	beside = look_beside(probe, &inner, probe->columns,
						 psprintf("%s OR %s", inner.from_ever, inner.empty));
	appendStringInfo(buf, "CASE WHEN NOT %s THEN NULL WHEN %s OR %s THEN false ELSE ",
					 dq_compare_present(
						 dq_shape_ordered_columns(probe->columns), false),
					 outer.from_ever, outer.empty);
	write_apart(buf, &outer, &beside);
	if (dq_json_bool(check->doc, "no_gaps", false, check->what))
		appendStringInfo(buf, " AND (%s IS NULL OR COALESCE(%s, false))",
						 beside.from_ever,
						 dq_compare_columns(outer.end, BTEqualStrategyNumber,
											beside.start));
	write_current(buf, probe, &beside);
	appendStringInfoString(buf, " END");
}
