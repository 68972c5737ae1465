/*
 * datetimeformat.c
 *	  Is a text a date or time as a template of to_timestamp writes it?
 *
 * The server's reader of templates reports what it does not like without
 * throwing; what it accepts (it is lenient: fields may be short, missing or
 * followed by anything) must print back as it was.
 */
#include "postgres.h"

#include "base/compat.h"
#include "base/errctx.h"
#include "base/sqltext.h"
#include "catalog/pg_type.h"
#include "pgtime.h"
#include "quality/datetimeformat.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/formatting.h"
#include "utils/timestamp.h"

typedef struct Printing
{
	Datum moment; /* timestamptz */
	text *format;
	Oid collation;
	text *printed;
} Printing;

/*
 * print_zoned: DqGuarded: in the time zone of the session.
 */
static void
print_zoned(void *arg)
{
	Printing *printing = (Printing *) arg;

	printing->printed = DatumGetTextPP(
		DirectFunctionCall2Coll(timestamptz_to_char, printing->collation,
								printing->moment,
								PointerGetDatum(printing->format)));
}

/*
 * print_at: the moment at an offset (seconds west of Greenwich), whatever the
 * session's zone is.
 */
static text *
print_at(TimestampTz moment, int offset, text *format, Oid collation)
{
	Printing printing = {TimestampTzGetDatum(moment), format, collation, NULL};
	pg_tz *session = session_timezone;
	ErrorData *error;

	session_timezone = pg_tzset_offset(offset);
	error = dq_errctx_try(print_zoned, &printing);
	session_timezone = session;
	if (error != NULL)
		dq_errctx_rethrow(error);
	return printing.printed;
}

/*
 * print: what was read, by the template again; NULL when no timestamp holds
 * it. A time alone is of some day; nothing of that shows.
 */
static text *
print(Datum value, Oid type, int offset, text *format, Oid collation)
{
	TimeTzADT *zoned;
	Timestamp moment;
	int overflow;

	switch (type)
	{
		case DATEOID:
			moment = date2timestamp_opt_overflow(DatumGetDateADT(value),
												 &overflow);
			if (overflow != 0)
				return NULL;
			break;
		case TIMEOID:
			moment = DatumGetTimeADT(value);
			break;
		case TIMETZOID:
			zoned = DatumGetTimeTzADTP(value);
			return print_at(zoned->time + (int64) zoned->zone * USECS_PER_SEC,
							zoned->zone, format, collation);
		case TIMESTAMPTZOID:
			return print_at(DatumGetTimestampTz(value), offset, format,
							collation);
		default:
			moment = DatumGetTimestamp(value);
			break;
	}
	return DatumGetTextPP(
		DirectFunctionCall2Coll(timestamp_to_char, collation,
								TimestampGetDatum(moment),
								PointerGetDatum(format)));
}

/*
 * dq_datetimeformat_matches: see the header.
 */
bool
dq_datetimeformat_matches(text *value, text *format, Oid collation)
{
	Oid type = InvalidOid;
	int offset = 0;
	Datum read;
	text *printed;

	if (!dq_compat_parse_datetime(value, format, collation, &read, &type,
								  &offset))
		return false;
	printed = print(read, type, offset, format, collation);
	return printed != NULL &&
		   VARSIZE_ANY_EXHDR(printed) == VARSIZE_ANY_EXHDR(value) &&
		   memcmp(VARDATA_ANY(printed), VARDATA_ANY(value),
				  VARSIZE_ANY_EXHDR(value)) == 0;
}

/*
 * dq_datetimeformat_check: a moment written by the template must be readable
 * by it, or no value will ever match.
 */
void
dq_datetimeformat_check(text *format, Oid collation)
{
	Oid type;
	int offset;
	Datum read;
	text *sample;

	if (VARSIZE_ANY_EXHDR(format) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("date and time format must not be empty")));
	sample = DatumGetTextPP(
		DirectFunctionCall2Coll(timestamptz_to_char, collation,
								TimestampTzGetDatum(0),
								PointerGetDatum(format)));
	if (!dq_compat_parse_datetime(sample, format, collation, &read, &type,
								  &offset))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("to_timestamp cannot read dates in the format \"%s\"",
						dq_sqltext_clip(text_to_cstring(format), 63)),
				 errhint("See what it reads: https://www.postgresql.org/docs/current/functions-formatting.html")));
}
