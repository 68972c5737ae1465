/*
 * portrait_row.c
 *	  A column of a profile as a row of type etl.column_profile.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "base/dq_etl.h"
#include "base/json.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "quality/portrait.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#define ROW_TYPE "column_profile"
#define ROW_COLUMNS 39

/* values in lists are shown up to so many bytes */
#define MAX_SHOWN 100

/* a row being filled */
typedef struct Row
{
	int count;
	Datum values[ROW_COLUMNS];
	bool nulls[ROW_COLUMNS];
} Row;

/*
 * put: the next column.
 */
static void
put(Row *row, Datum value, bool isnull)
{
	if (row->count >= ROW_COLUMNS)
		elog(ERROR, "too many columns in a profile");
	row->values[row->count] = value;
	row->nulls[row->count] = isnull;
	row->count++;
}

/*
 * put_text: the next column, a text.
 */
static void
put_text(Row *row, const char *value)
{
	put(row, value ? CStringGetTextDatum(value) : (Datum) 0, value == NULL);
}

/*
 * put_int: the next column, a bigint, where it makes sense.
 */
static void
put_int(Row *row, int64 value, bool applies)
{
	put(row, Int64GetDatum(value), !applies);
}

/*
 * put_float: the next column, a double precision; NULL where it makes no
 * sense or is beyond the type.
 */
static void
put_float(Row *row, double value, bool applies)
{
	applies = applies && !isnan(value) && !isinf(value);
	put(row, Float8GetDatum(applies ? value : 0), !applies);
}

/*
 * put_fraction: the next column, a numeric; NULL of nothing.
 */
static void
put_fraction(Row *row, int64 part, int64 whole, bool applies)
{
	Datum value = (Datum) 0;

	applies = applies && whole > 0;
	if (applies)
		value = DirectFunctionCall1(
			numeric_trim_scale,
			DirectFunctionCall2(numeric_div,
								NumericGetDatum(int64_to_numeric(part)),
								NumericGetDatum(int64_to_numeric(whole))));
	put(row, value, !applies);
}

/*
 * put_scalar: the next column, a value as text.
 */
static void
put_scalar(Row *row, DqKind *kind, DqScalar value, bool applies)
{
	char *text = NULL;

	if (applies)
	{
		text = dq_kind_text(kind, value);
		if (strlen(text) > DQ_PROFILE_CLIP)
			text[pg_mbcliplen(text, strlen(text), DQ_PROFILE_CLIP)] = '\0';
	}
	put_text(row, text);
}

/*
 * put_moments: sum, mean, standard deviation, skewness, kurtosis. The mean of
 * integers and numerics is that of the exact sum.
 */
static void
put_moments(Row *row, DqFacts *facts)
{
	DqKind *kind = &facts->kind;
	int64 n = dq_facts_finite(facts);
	bool applies = dq_kind_is_measure(kind) && n > 0;
	Numeric sum = NULL;
	double mean;

	dq_moments_close(&facts->moments);
	mean = dq_kind_seconds(kind, facts->moments.mean);
	if (applies && kind->class == DQ_KIND_INTEGER)
		sum = dq_exactsum_wide_total(&facts->sum);
	else if (applies && kind->class == DQ_KIND_NUMERIC)
		sum = dq_exactsum_total(&facts->exact);
	if (sum != NULL)
		mean = DatumGetFloat8(DirectFunctionCall1(
			numeric_float8_no_overflow,
			DirectFunctionCall2(numeric_div, NumericGetDatum(sum),
								NumericGetDatum(int64_to_numeric(n)))));
	put(row, sum ? NumericGetDatum(sum) : (Datum) 0, sum == NULL);
	put_float(row, mean, applies);
	put_float(row,
			  dq_kind_span(kind, dq_moments_stddev(&facts->moments)),
			  applies);
	put_float(row, dq_moments_skewness(&facts->moments), applies);
	put_float(row, dq_moments_kurtosis(&facts->moments), applies);
}

/*
 * draw_bars: the bins as characters, one for each.
 */
static char *
draw_bars(const DqPortrait *portrait)
{
	static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇",
										 "█"};
	static const char *const ascii[] = {"_", ".", ":", "-", "=", "+", "*",
										"#"};
	const char *const *levels = GetDatabaseEncoding() == PG_UTF8 ? blocks :
																   ascii;
	StringInfoData buf;
	int64 most = 1;
	int i;

	initStringInfo(&buf);
	for (i = 0; i < DQ_BINS; i++)
		most = Max(most, portrait->bins[i]);
	for (i = 0; i < DQ_BINS; i++)
	{
		int level = (int) ceil((double) portrait->bins[i] * 7 / (double) most);

		appendStringInfoString(&buf, levels[level]);
	}
	return buf.data;
}

/*
 * put_histogram: as characters and as numbers.
 */
static void
put_histogram(Row *row, const DqPortrait *portrait)
{
	Datum bins[DQ_BINS];
	int i;

	if (!portrait->has_bins)
	{
		put_text(row, NULL);
		put(row, (Datum) 0, true);
		return;
	}
	put_text(row, draw_bars(portrait));
	for (i = 0; i < DQ_BINS; i++)
		bins[i] = Int64GetDatum(dq_portrait_scale(portrait,
												  portrait->bins[i]));
	put(row,
		PointerGetDatum(construct_array(bins, DQ_BINS, INT8OID,
										sizeof(int64), FLOAT8PASSBYVAL,
										TYPALIGN_DOUBLE)),
		false);
}

/*
 * push_entry: an object {key: text, "rows": n, "fraction": f} of a JSON list.
 */
static void
push_entry(StringInfo json, const DqPortrait *portrait, const char *key,
		   const char *text, bool clipped, int64 rows)
{
	DqJsonBuild build;
	char *fraction;
	int shown = strlen(text);

	if (shown > MAX_SHOWN)
	{
		shown = pg_mbcliplen(text, shown, MAX_SHOWN);
		clipped = true;
	}
	dq_json_begin(&build);
	dq_json_add_text(&build, key, pnstrdup(text, shown));
	if (clipped)
		dq_json_add_bool(&build, "clipped", true);
	dq_json_add_int(&build, "rows", dq_portrait_scale(portrait, rows));
	fraction = psprintf("%.6g", (double) rows / (double) portrait->sampled);
	dq_json_add_jsonb(&build, "fraction", dq_json_parse(fraction, "fraction"));
	appendStringInfo(json, "%s%s", json->len > 1 ? ", " : "",
					 dq_json_out(dq_json_end(&build)));
}

/*
 * is_told: is a value worth telling? One that occurs once is not, unless all
 * values are told.
 */
static bool
is_told(const DqPortrait *portrait, int64 rows)
{
	return rows > 1 || (portrait->complete &&
						portrait->different == list_length(portrait->top));
}

/*
 * put_lists: the most frequent value, frequent values, shapes.
 */
static void
put_lists(Row *row, const DqPortrait *portrait)
{
	StringInfoData json;
	ListCell *lc;
	DqTopValue *first = portrait->top ? linitial(portrait->top) : NULL;

	put_text(row, first && first->rows > 1 ? first->value : NULL);
	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	foreach(lc, portrait->top)
	{
		DqTopValue *top = (DqTopValue *) lfirst(lc);

		if (is_told(portrait, top->rows))
			push_entry(&json, portrait, "value", top->value, top->clipped,
					   top->rows);
	}
	appendStringInfoChar(&json, ']');
	put(row, JsonbPGetDatum(dq_json_parse(json.data, "values")), false);

	resetStringInfo(&json);
	appendStringInfoChar(&json, '[');
	foreach(lc, portrait->shapes)
	{
		DqShapeCount *shape = (DqShapeCount *) lfirst(lc);

		push_entry(&json, portrait, "pattern", shape->shape, false,
				   shape->rows);
	}
	appendStringInfoChar(&json, ']');
	put(row, JsonbPGetDatum(dq_json_parse(json.data, "patterns")),
		portrait->facts->kind.class != DQ_KIND_TEXT);
}

/*
 * row_descriptor: of etl.column_profile.
 */
static TupleDesc
row_descriptor(void)
{
	Oid schema = get_namespace_oid(DQ_SCHEMA, false);
	Oid type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
							   CStringGetDatum(ROW_TYPE),
							   ObjectIdGetDatum(schema));

	if (!OidIsValid(type))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("type %s.%s does not exist", DQ_SCHEMA, ROW_TYPE)));
	return lookup_rowtype_tupdesc_copy(type, -1);
}

/*
 * put_counts: what was counted in all rows.
 */
static void
put_counts(Row *row, DqPortrait *portrait)
{
	DqFacts *facts = portrait->facts;
	DqKind *kind = &facts->kind;
	bool is_text = kind->class == DQ_KIND_TEXT;
	bool has_length = is_text || kind->type == BYTEAOID;

	put_int(row, portrait->rows, true);
	put_int(row, facts->nulls, true);
	put_fraction(row, facts->nulls, portrait->rows, true);
	put_int(row, facts->empties, has_length);
	put_int(row, facts->blanks, is_text);
	put_int(row, (int64) portrait->distinct, portrait->distinct_known);
	put_float(row, portrait->distinct_exact ? 0 : DQ_SKETCH_ERROR,
			  portrait->distinct_known);
}

/*
 * dq_portrait_datum: see portrait.h.
 */
Datum
dq_portrait_datum(const DqProfile *profile, DqPortrait *portrait)
{
	DqFacts *facts = portrait->facts;
	DqKind *kind = &facts->kind;
	bool is_number = dq_kind_is_number(kind);
	bool has_length = (kind->class == DQ_KIND_TEXT ||
					   kind->type == BYTEAOID) &&
					  facts->values > 0;
	TupleDesc desc = row_descriptor();
	Row row = {.count = 0};
	int i;

	put_text(&row, facts->name);
	put_text(&row, facts->type_name);
	put_counts(&row, portrait);
	put_scalar(&row, kind, facts->min, facts->has_extremes);
	put_scalar(&row, kind, facts->max, facts->has_extremes);
	put_moments(&row, facts);
	put_int(&row, facts->zeros, is_number);
	put_int(&row, facts->negatives, is_number);
	put_int(&row, facts->nans,
			kind->class == DQ_KIND_FLOAT || kind->class == DQ_KIND_NUMERIC);
	put_int(&row, facts->plus_infinities + facts->minus_infinities,
			dq_kind_is_measure(kind) && kind->class != DQ_KIND_INTEGER &&
				kind->type != TIMEOID);
	put_fraction(&row, facts->trues, facts->values,
				 kind->class == DQ_KIND_BOOL);
	put_int(&row, facts->length_min, has_length);
	put_float(&row, (double) facts->length_sum / (double) facts->values,
			  has_length);
	put_int(&row, facts->length_max, has_length);
	for (i = 0; i < DQ_QUANTILES; i++)
		put_scalar(&row, kind, portrait->quantiles[i],
				   portrait->has_quantiles);
	put_histogram(&row, portrait);
	put_lists(&row, portrait);
	put_text(&row, dq_portrait_order(profile, facts));
	put_int(&row, portrait->sampled, true);
	put_float(&row,
			  portrait->complete ? 0 : 0.5 / sqrt((double) portrait->sampled),
			  true);
	if (desc->natts != row.count)
		elog(ERROR, "type %s.%s has %d columns", DQ_SCHEMA, ROW_TYPE,
			 desc->natts);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc),
											 row.values, row.nulls));
}
