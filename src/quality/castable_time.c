/*
 * castable_time.c
 *	  Recognisers of what input functions of PostgreSQL 15 accept of dates and
 *	  times: the server's own parser, which returns codes, and the checks of
 *	  range that the input functions add.
 *
 * Later versions have input functions that do not throw and never come here.
 */
#include "postgres.h"

#include <ctype.h>

#include "base/compat.h"
#include "pgtime.h"
#include "quality/castable.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#if DQ_SOFT_INPUT

/*
 * The parser has other arguments there; nothing asks these.
 */
DqAnswer
dq_castable_time_date(const char *s, int len, int32 typmod)
{
	return DQ_UNSURE;
}

DqAnswer
dq_castable_time_time(const char *s, int len, int32 typmod)
{
	return DQ_UNSURE;
}

DqAnswer
dq_castable_time_timestamp(const char *s, int len, int32 typmod)
{
	return DQ_UNSURE;
}

DqAnswer
dq_castable_time_timestamptz(const char *s, int len, int32 typmod)
{
	return DQ_UNSURE;
}

DqAnswer
dq_castable_time_interval(const char *s, int len, int32 typmod)
{
	return DQ_UNSURE;
}

#else

/* what the parser finds */
typedef struct Fields
{
	/* the largest buffer of the input functions, see each */
	char buffer[MAXDATELEN + MAXDATEFIELDS];
	char *field[MAXDATEFIELDS];
	int type[MAXDATEFIELDS];
	int count;
	int kind;
	struct pg_tm tm;
	fsec_t fsec;
	int zone;
} Fields;

/*
 * parse: cut the text into fields; false when it cannot be.
 */
static bool
parse(Fields *fields, const char *s, Size room)
{
	return ParseDateTime(s, fields->buffer, room, fields->field, fields->type,
						 MAXDATEFIELDS, &fields->count) == 0;
}

/*
 * may_throw: is there a word that the parser may take for a time zone that
 * does not exist, the one thing that it throws about?
 */
static bool
may_throw(Fields *fields)
{
	int i;

	for (i = 0; i < fields->count; i++)
	{
		if (fields->type[i] == DTK_DATE &&
			!isdigit((unsigned char) *fields->field[i]) &&
			pg_tzset(fields->field[i]) == NULL)
			return true;
	}
	return false;
}

/*
 * decode: the text as a date and time. DQ_YES: it is one, range unseen.
 */
static DqAnswer
decode(Fields *fields, const char *s, Size room)
{
	if (!parse(fields, s, room))
		return DQ_NO;
	if (may_throw(fields))
		return DQ_UNSURE;
	return DecodeDateTime(fields->field, fields->type, fields->count,
						  &fields->kind, &fields->tm, &fields->fsec,
						  &fields->zone) == 0 ?
			   DQ_YES :
			   DQ_NO;
}

/*
 * dq_castable_time_date
 */
DqAnswer
dq_castable_time_date(const char *s, int len, int32 typmod)
{
	Fields fields;
	DateADT date;
	DqAnswer answer = decode(&fields, s, MAXDATELEN + 1);

	if (answer != DQ_YES)
		return answer;
	if (fields.kind != DTK_DATE)
		return fields.kind == DTK_EPOCH || fields.kind == DTK_LATE ||
					   fields.kind == DTK_EARLY ?
				   DQ_YES :
				   DQ_NO;
	if (!IS_VALID_JULIAN(fields.tm.tm_year, fields.tm.tm_mon,
						 fields.tm.tm_mday))
		return DQ_NO;
	date = date2j(fields.tm.tm_year, fields.tm.tm_mon, fields.tm.tm_mday) -
		   POSTGRES_EPOCH_JDATE;
	return IS_VALID_DATE(date) ? DQ_YES : DQ_NO;
}

/*
 * dq_castable_time_time: with time zone or without.
 */
DqAnswer
dq_castable_time_time(const char *s, int len, int32 typmod)
{
	Fields fields;

	if (!parse(&fields, s, MAXDATELEN + 1))
		return DQ_NO;
	if (may_throw(&fields))
		return DQ_UNSURE;
	return DecodeTimeOnly(fields.field, fields.type, fields.count,
						  &fields.kind, &fields.tm, &fields.fsec,
						  &fields.zone) == 0 ?
			   DQ_YES :
			   DQ_NO;
}

/*
 * is_timestamp
 */
static DqAnswer
is_timestamp(const char *s, bool with_zone)
{
	Fields fields;
	Timestamp result;
	DqAnswer answer = decode(&fields, s, MAXDATELEN + MAXDATEFIELDS);

	if (answer != DQ_YES)
		return answer;
	if (fields.kind != DTK_DATE)
		return fields.kind == DTK_EPOCH || fields.kind == DTK_LATE ||
					   fields.kind == DTK_EARLY ?
				   DQ_YES :
				   DQ_NO;
	return tm2timestamp(&fields.tm, fields.fsec,
						with_zone ? &fields.zone : NULL, &result) == 0 ?
			   DQ_YES :
			   DQ_NO;
}

/*
 * dq_castable_time_timestamp: rounding to timestamp(p) can leave no range.
 */
DqAnswer
dq_castable_time_timestamp(const char *s, int len, int32 typmod)
{
	return is_timestamp(s, false);
}

/*
 * dq_castable_time_timestamptz
 */
DqAnswer
dq_castable_time_timestamptz(const char *s, int len, int32 typmod)
{
	return is_timestamp(s, true);
}

/*
 * dq_castable_time_interval: in the styles of the server, then ISO 8601.
 */
DqAnswer
dq_castable_time_interval(const char *s, int len, int32 typmod)
{
	char buffer[256];
	char *field[MAXDATEFIELDS];
	int type[MAXDATEFIELDS];
	int count;
	int kind;
	int error;
	struct pg_itm_in found;
	Interval result;

	memset(&found, 0, sizeof(found));
	error = ParseDateTime(s, buffer, sizeof(buffer), field, type,
						  MAXDATEFIELDS, &count);
	if (error == 0)
		error = DecodeInterval(field, type, count,
							   typmod >= 0 ? INTERVAL_RANGE(typmod) :
											 INTERVAL_FULL_RANGE,
							   &kind, &found);
	if (error == DTERR_BAD_FORMAT)
		error = DecodeISO8601Interval(unconstify(char *, s), &kind, &found);
	if (error != 0 || kind != DTK_DELTA)
		return DQ_NO;
	return itmin2interval(&found, &result) == 0 ? DQ_YES : DQ_NO;
}

#endif /* DQ_SOFT_INPUT */
