/*
 * bucket.c
 *	  Rows in buckets of time: a query that leaves out no bucket.
 *
 * Days and longer are those of local time, in the time zone of the check, so
 * that a day has 23 or 25 hours when the clock changes. Hours and minutes of
 * timestamptz are lengths of time: none is missing and none comes twice when
 * it does. Infinite times are in no bucket.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/sqltext.h"
#include "catalog/pg_type.h"
#include "quality/bucket.h"
#include "quality/moment.h"

/* buckets that are looked at; with more, the check fails */
#define MAX_BUCKETS "10000000"

/* buckets that are told about */
#define MAX_SHOWN "100"

/* in the order of DQ_BUCKET_UNITS */
static const struct
{
	const char *unit;
	const char *step;
	bool is_length; /* of time, rather than of the calendar */
} units[] = {
	{"day", "1 day", false},
	{"hour", "1 hour", true},
	{"minute", "1 minute", true},
	{"week", "7 days", false},
	{"month", "1 month", false},
	{"quarter", "3 months", false},
	{"year", "1 year", false}};

static const DqOption bucket_options[] = {DQ_BUCKET_OPTIONS, DQ_OPTION_END};

/*
 * dq_bucket_check: the time zone and the bounds.
 */
void
dq_bucket_check(DqCheck *check)
{
	dq_moment_check(check);
	dq_moment_check_literal(check, "from");
	dq_moment_check_literal(check, "until");
}

/*
 * unit_of: which of the units.
 */
static int
unit_of(const DqCheck *check)
{
	return dq_option_word(bucket_options, check->doc, "every",
						  check->what);
}

/*
 * is_absolute: are the buckets points on the time line, of timestamptz?
 */
static bool
is_absolute(const DqProbe *probe)
{
	const DqColumn *column = (DqColumn *) linitial(probe->columns);

	return column->base_type == TIMESTAMPTZOID &&
		   units[unit_of(probe->check)].is_length;
}

/*
 * bucket_of: SQL for the bucket of a time.
 */
static char *
bucket_of(const DqProbe *probe, const char *moment)
{
	const char *unit = units[unit_of(probe->check)].unit;

	if (is_absolute(probe))
		return psprintf("pg_catalog.date_trunc('%s', %s, %s)", unit, moment,
						dq_moment_zone(probe->check));
	return psprintf("pg_catalog.date_trunc('%s', %s)", unit, moment);
}

/*
 * bound: SQL for the bucket that an option names, or what it is without.
 */
static char *
bound(const DqProbe *probe, const char *option, const char *shift,
	  const char *missing)
{
	const DqCheck *check = probe->check;
	char *text = dq_json_text(check->doc, option, check->what);
	char *local;

	if (text == NULL)
		return pstrdup(missing);
	local = psprintf("(%s::pg_catalog.timestamp OPERATOR(pg_catalog.-) '%s'::pg_catalog.interval)",
					 dq_sqltext_literal(text), shift);
	if (is_absolute(probe))
		local = psprintf("pg_catalog.timezone(%s, %s)",
						 dq_moment_zone(check), local);
	return bucket_of(probe, local);
}

/*
 * write_buckets: WITH that defines "every (b, n)": all buckets and the number
 * of rows in each. A user's filter stands in the first item, which sees none
 * of the others.
 */
static void
write_buckets(StringInfo buf, const DqProbe *probe)
{
	const DqColumn *column = (DqColumn *) linitial(probe->columns);
	const char *where = dq_shape_where(probe);
	char *moment = is_absolute(probe) ?
					   dq_moment_instant(probe->check, column) :
					   dq_moment_local(probe->check, column);

	appendStringInfo(buf, "WITH filled (b, n) AS (SELECT %s, pg_catalog.count(*) FROM %s%s%spg_catalog.isfinite(%s) GROUP BY 1),",
					 bucket_of(probe, moment), probe->source->from, where,
					 *where ? " AND " : " WHERE ", column->sql);
	appendStringInfo(buf, " span (first, last) AS (SELECT %s, %s FROM (SELECT pg_catalog.min(b), pg_catalog.max(b) FROM filled) AS m (first, last)),",
					 bound(probe, "from", "0", "m.first"),
					 bound(probe, "until", "1 microsecond",
						   "m.last"));
	appendStringInfo(buf, " series (b) AS (SELECT pg_catalog.generate_series(s.first, s.last, '%s'::pg_catalog.interval) FROM span AS s LIMIT " MAX_BUCKETS " + 1),",
					 units[unit_of(probe->check)].step);
	appendStringInfoString(buf, " every (b, n) AS (SELECT g.b, COALESCE(f.n, 0) FROM series AS g LEFT JOIN filled AS f ON f.b OPERATOR(pg_catalog.=) g.b)");
}

/*
 * write_verdict: how many buckets are bad, at most how many may be, and which.
 */
static void
write_verdict(StringInfo buf, const DqProbe *probe, const char *bad,
			  const char *limit, const char *list, const char *what)
{
	const DqCheck *check = probe->check;
	char *allowed = dq_json_scalar_text(check->doc, limit, check->what);

	write_buckets(buf, probe);
	appendStringInfo(buf, " SELECT a.bad, CASE WHEN a.total OPERATOR(pg_catalog.>) 0 THEN a.bad OPERATOR(pg_catalog.<=) %s AND a.total OPERATOR(pg_catalog.<=) " MAX_BUCKETS " END, a.tested,",
					 allowed ? allowed : "0");
	appendStringInfo(buf, " pg_catalog.jsonb_build_object('buckets', a.total, '%s', (SELECT COALESCE(pg_catalog.jsonb_agg(x.j ORDER BY x.b), '[]')"
						  " FROM (SELECT e.b, %s AS j FROM every AS e WHERE %s ORDER BY e.b LIMIT " MAX_SHOWN ") AS x),"
						  " 'message', pg_catalog.concat(a.bad, ' of ', a.total, ' buckets %s'))",
					 what, list, bad, what);
	appendStringInfo(buf, " FROM (SELECT pg_catalog.count(*) FILTER (WHERE %s) AS bad, pg_catalog.count(*) AS total, COALESCE(pg_catalog.sum(e.n), 0)::pg_catalog.int8 AS tested FROM every AS e) AS a",
					 bad);
}

/*
 * dq_bucket_continuity: no bucket is empty.
 */
void
dq_bucket_continuity(StringInfo buf, const DqProbe *probe)
{
	write_verdict(buf, probe, "e.n OPERATOR(pg_catalog.=) 0", "max_missing",
				  "pg_catalog.to_jsonb(e.b)", "missing");
}

/*
 * dq_bucket_rows: the rows of every bucket are as many as the bounds say.
 */
void
dq_bucket_rows(StringInfo buf, const DqProbe *probe)
{
	StringInfoData good;

	initStringInfo(&good);
	dq_shape_metric_bounds(&good, probe, "e.n");
	write_verdict(buf, probe, psprintf("NOT (%s)", good.data), "max_outside",
				  "pg_catalog.jsonb_build_object('bucket', e.b, 'rows', e.n)",
				  "outside");
}
