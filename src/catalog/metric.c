/*
 * metric.c
 *	  What metrics were: numbers that checks compare with.
 *
 * A series is found by a hash of all that identifies it. Whose it is is part
 * of that: nobody reads or writes the numbers of another role or pipeline by
 * giving a check the same name.
 */
#include "postgres.h"

#include "base/spi.h"
#include "catalog/metric.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

/* the latest so many of a series are kept */
#define KEPT_POINTS "10000"

#define SERIES_BYTES 16

/*
 * add_part: one part of the key, with its length, so that no two keys give
 * the same bytes.
 */
static void
add_part(StringInfo buf, const char *part)
{
	if (part == NULL)
		appendStringInfoString(buf, "-:");
	else
		appendStringInfo(buf, "%zu:%s", strlen(part), part);
}

/*
 * owner_of: whose it is, as text; a role's name for etl.check.
 */
static const char *
owner_of(const DqMetricPoint *point)
{
	if (point->pipeline_id != 0)
		return NULL;
	return GetUserNameFromId(GetUserId(), false);
}

/*
 * series_key: the hash of a series, a bytea.
 */
static Datum
series_key(const DqMetricPoint *point)
{
	StringInfoData buf;
	Datum hash;
	bytea *key = palloc(VARHDRSZ + SERIES_BYTES);

	initStringInfo(&buf);
	add_part(&buf, psprintf(INT64_FORMAT, point->pipeline_id));
	add_part(&buf, owner_of(point));
	add_part(&buf, point->step);
	add_part(&buf, point->source);
	add_part(&buf, point->check_name);
	add_part(&buf, point->metric);
	add_part(&buf, point->group == NULL ?
					   NULL :
					   JsonbToCString(NULL, &point->group->root,
									  VARSIZE(point->group)));
	hash = PointerGetDatum(cstring_to_text_with_len(buf.data, buf.len));
	hash = DirectFunctionCall1(sha256_bytea, hash);
	SET_VARSIZE(key, VARHDRSZ + SERIES_BYTES);
	memcpy(VARDATA(key), VARDATA_ANY(DatumGetByteaPP(hash)), SERIES_BYTES);
	return PointerGetDatum(key);
}

/*
 * dq_metric_read: see metric.h.
 */
int
dq_metric_read(const DqMetricPoint *like, int limit, bool unpublished_too,
			   DqMetricValue **values)
{
	DqArgs args = {0};
	DqRows *rows;
	bool isnull;
	int i;

	dq_args_datum(&args, BYTEAOID, series_key(like), false);
	dq_args_timestamptz(&args, like->at);
	dq_args_bool(&args, unpublished_too);
	dq_args_int4(&args, limit);
	rows = dq_spi_query_readonly(DQ_BOOKKEEPING,
								 "SELECT point_at, value"
								 " FROM etl_catalog.metric_point"
								 " WHERE series = $1 AND point_at < $2"
								 " AND (published OR $3)"
								 " ORDER BY point_at DESC LIMIT $4",
								 &args);
	*values = palloc(sizeof(DqMetricValue) * (rows->count + 1));
	for (i = 0; i < rows->count; i++)
	{
		DqMetricValue *value = &(*values)[i];

		value->at = DatumGetTimestampTz(dq_rows_datum(rows, i, "point_at",
													  &isnull));
		value->value = DatumGetFloat8(dq_rows_datum(rows, i, "value",
													&isnull));
	}
	return (int) rows->count;
}

/*
 * trim_series: forget what is older than the latest that are kept.
 */
static void
trim_series(Datum series)
{
	DqArgs args = {0};

	dq_args_datum(&args, BYTEAOID, series, false);
	(void) dq_spi_execute(DQ_BOOKKEEPING,
						  "DELETE FROM etl_catalog.metric_point"
						  " WHERE series = $1 AND point_at <="
						  " (SELECT p.point_at FROM etl_catalog.metric_point p"
						  " WHERE p.series = $1 ORDER BY p.point_at DESC"
						  " OFFSET " KEPT_POINTS " LIMIT 1)",
						  &args);
}

/*
 * store_point: one number.
 */
static void
store_point(const DqMetricPoint *point, int64 run_id, bool published)
{
	DqArgs args = {0};
	Datum series = series_key(point);

	dq_args_datum(&args, BYTEAOID, series, false);
	dq_args_timestamptz(&args, point->at);
	dq_args_datum(&args, FLOAT8OID, Float8GetDatum(point->value), false);
	dq_args_int8(&args, point->tested_rows);
	dq_args_bool(&args, published);
	dq_args_datum(&args, INT8OID, Int64GetDatum(point->pipeline_id),
				  point->pipeline_id == 0);
	dq_args_text(&args, owner_of(point));
	dq_args_datum(&args, INT8OID, Int64GetDatum(run_id), run_id == 0);
	dq_args_text(&args, point->step);
	dq_args_text(&args, point->source);
	dq_args_text(&args, point->check_name);
	dq_args_jsonb(&args, point->group);
	(void) dq_spi_execute(DQ_BOOKKEEPING,
						  "INSERT INTO etl_catalog.metric_point AS m (series,"
						  " point_at, value, tested_rows, published,"
						  " pipeline_id, role_name, run_id, step, source,"
						  " check_name, group_key)"
						  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
						  " $11, $12)"
						  " ON CONFLICT (series, point_at) DO UPDATE SET"
						  " value = excluded.value,"
						  " tested_rows = excluded.tested_rows,"
						  " published = excluded.published,"
						  " run_id = excluded.run_id,"
						  " recorded_at = clock_timestamp()"
						  " WHERE excluded.published OR NOT m.published",
						  &args);
	trim_series(series);
}

/*
 * dq_metric_store: see metric.h.
 */
void
dq_metric_store(List *points, int64 run_id, bool published)
{
	ListCell *lc;

	foreach(lc, points)
		store_point((DqMetricPoint *) lfirst(lc), run_id, published);
}
