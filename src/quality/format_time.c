/*
 * format_time.c
 *	  Formats of dates, times and durations. The calendar is Gregorian for
 *	  all years; the year 0000 exists, as in ISO 8601.
 */
#include "postgres.h"

#include "quality/format_parts.h"

/*
 * is_leap: has the year 366 days?
 */
static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/*
 * is_day: does the calendar have it?
 */
static bool
is_day(int year, int month, int day)
{
	static const int days[] = {31, 28, 31, 30, 31, 30,
							   31, 31, 30, 31, 30, 31};

	if (month < 1 || month > 12 || day < 1)
		return false;
	return day <= days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

/*
 * dq_format_time_iso_date: YYYY-MM-DD.
 */
bool
dq_format_time_iso_date(const char *s, int len)
{
	return len == 10 && s[4] == '-' && s[7] == '-' && dq_are_digits(s, 4) &&
		   dq_are_digits(s + 5, 2) && dq_are_digits(s + 8, 2) &&
		   is_day(dq_digits_value(s, 4), dq_digits_value(s + 5, 2),
				  dq_digits_value(s + 8, 2));
}

/*
 * dq_format_time_basic_date: YYYYMMDD.
 */
bool
dq_format_time_basic_date(const char *s, int len)
{
	return len == 8 && dq_are_digits(s, 8) &&
		   is_day(dq_digits_value(s, 4), dq_digits_value(s + 4, 2),
				  dq_digits_value(s + 6, 2));
}

/*
 * is_written_date: two digits, two digits, four digits with one separator.
 */
static bool
is_written_date(const char *s, int len, const char *separators)
{
	return len == 10 && s[2] == s[5] && s[2] != '\0' &&
		   strchr(separators, s[2]) != NULL && dq_are_digits(s, 2) &&
		   dq_are_digits(s + 3, 2) && dq_are_digits(s + 6, 4);
}

/*
 * dq_format_time_us_date: MM/DD/YYYY or MM-DD-YYYY.
 */
bool
dq_format_time_us_date(const char *s, int len)
{
	return is_written_date(s, len, "/-") &&
		   is_day(dq_digits_value(s + 6, 4), dq_digits_value(s, 2),
				  dq_digits_value(s + 3, 2));
}

/*
 * dq_format_time_european_date: DD.MM.YYYY, DD/MM/YYYY or DD-MM-YYYY.
 */
bool
dq_format_time_european_date(const char *s, int len)
{
	return is_written_date(s, len, "./-") &&
		   is_day(dq_digits_value(s + 6, 4), dq_digits_value(s + 3, 2),
				  dq_digits_value(s, 2));
}

/*
 * dq_format_time_iso_month: YYYY-MM.
 */
bool
dq_format_time_iso_month(const char *s, int len)
{
	return len == 7 && s[4] == '-' && dq_are_digits(s, 4) &&
		   dq_are_digits(s + 5, 2) &&
		   is_day(dq_digits_value(s, 4), dq_digits_value(s + 5, 2), 1);
}

/*
 * has_53_weeks: does the ISO year begin on a Thursday, or on a Wednesday in a
 * leap year?
 */
static bool
has_53_weeks(int year)
{
	/* day of the week of 31 December, Sunday is 0 */
	int last = (year + year / 4 - year / 100 + year / 400) % 7;
	int before = year > 0 ? year - 1 : 399;

	before = (before + before / 4 - before / 100 + before / 400) % 7;
	return last == 4 || before == 3;
}

/*
 * dq_format_time_iso_week: YYYY-Www or YYYY-Www-D.
 */
bool
dq_format_time_iso_week(const char *s, int len)
{
	int week;

	if ((len != 8 && len != 10) || s[4] != '-' || s[5] != 'W' ||
		!dq_are_digits(s, 4) || !dq_are_digits(s + 6, 2))
		return false;
	week = dq_digits_value(s + 6, 2);
	if (week < 1 || week > 53 ||
		(week == 53 && !has_53_weeks(dq_digits_value(s, 4))))
		return false;
	return len == 8 || (s[8] == '-' && s[9] >= '1' && s[9] <= '7');
}

/*
 * scan_time: the length of HH:MM, HH:MM:SS or HH:MM:SS.f at the start, 0 when
 * there is none; *seconds gives the whole seconds, -1 without any.
 */
static int
scan_time(const char *s, int len, int *seconds)
{
	int i = 5;

	if (len < 5 || s[2] != ':' || !dq_are_digits(s, 2) ||
		!dq_are_digits(s + 3, 2) || dq_digits_value(s, 2) > 23 ||
		dq_digits_value(s + 3, 2) > 59)
		return 0;
	*seconds = -1;
	if (len < 8 || s[5] != ':' || !dq_are_digits(s + 6, 2))
		return i;
	*seconds = dq_digits_value(s + 6, 2);
	i = 8;
	if (len > 9 && s[8] == '.' && dq_is_digit(s[9]))
	{
		i = 9;
		while (i < len && dq_is_digit(s[i]))
			i++;
	}
	return i;
}

/*
 * scan_offset: the length of Z, +HH, +HHMM or +HH:MM at the start, 0 when
 * there is none; *minutes is what it is from UTC. "strict": Z or +HH:MM.
 */
static int
scan_offset(const char *s, int len, bool strict, int *minutes)
{
	int n;

	*minutes = 0;
	if (len >= 1 && (s[0] == 'Z' || (strict && s[0] == 'z')))
		return 1;
	if (len < 3 || (s[0] != '+' && s[0] != '-') || !dq_are_digits(s + 1, 2) ||
		dq_digits_value(s + 1, 2) > 23)
		return 0;
	*minutes = dq_digits_value(s + 1, 2) * 60;
	n = len >= 6 && s[3] == ':' ? 4 : 3;
	if (len >= n + 2 && dq_are_digits(s + n, 2) && (n == 4 || !strict))
	{
		if (dq_digits_value(s + n, 2) > 59)
			return 0;
		*minutes += dq_digits_value(s + n, 2);
		n += 2;
	}
	else if (n == 4 || strict)
		return 0;
	if (s[0] == '-')
		*minutes = -*minutes;
	return n;
}

/*
 * is_leap_second_time: may the seconds be 60, at the end of a day of UTC?
 */
static bool
is_leap_second_time(const char *s, int offset)
{
	int utc = dq_digits_value(s, 2) * 60 + dq_digits_value(s + 3, 2) - offset;

	return (utc + 2 * 1440) % 1440 == 1439;
}

/*
 * dq_format_time_iso_time: HH:MM, HH:MM:SS or HH:MM:SS.f.
 */
bool
dq_format_time_iso_time(const char *s, int len)
{
	int seconds;

	return scan_time(s, len, &seconds) == len && seconds < 60;
}

/*
 * dq_format_time_full_time: HH:MM:SS[.f] and Z or +HH:MM.
 */
bool
dq_format_time_full_time(const char *s, int len)
{
	int seconds;
	int offset;
	int n = scan_time(s, len, &seconds);

	if (n == 0 || seconds < 0 ||
		scan_offset(s + n, len - n, true, &offset) != len - n || len == n)
		return false;
	return seconds < 60 || (seconds == 60 && is_leap_second_time(s, offset));
}

/*
 * dq_format_time_rfc3339: date-time of RFC 3339.
 */
bool
dq_format_time_rfc3339(const char *s, int len)
{
	return len > 11 && dq_format_time_iso_date(s, 10) &&
		   (s[10] == 'T' || s[10] == 't' || s[10] == ' ') &&
		   dq_format_time_full_time(s + 11, len - 11);
}

/*
 * dq_format_time_iso_timestamp: YYYY-MM-DDTHH:MM[:SS[.f]], a space instead of
 * T, with or without an offset.
 */
bool
dq_format_time_iso_timestamp(const char *s, int len)
{
	int seconds;
	int offset;
	int n;

	if (len < 16 || !dq_format_time_iso_date(s, 10) ||
		(s[10] != 'T' && s[10] != ' '))
		return false;
	n = scan_time(s + 11, len - 11, &seconds);
	if (n == 0 || seconds >= 60)
		return false;
	n += 11;
	return n == len ||
		   scan_offset(s + n, len - n, false, &offset) == len - n;
}

/*
 * scan_designated: numbers with designators in the order of "letters", each
 * at most once: the length, 0 when there is none. A fraction ends it.
 */
static int
scan_designated(const char *s, int len, const char *letters, bool *fraction)
{
	int end = 0;

	*fraction = false;
	while (end < len && !*fraction)
	{
		const char *found;
		int i = end;

		while (i < len && dq_is_digit(s[i]))
			i++;
		if (i == end)
			break;
		if (i + 1 < len && (s[i] == '.' || s[i] == ',') &&
			dq_is_digit(s[i + 1]))
		{
			*fraction = true;
			i++;
			while (i < len && dq_is_digit(s[i]))
				i++;
		}
		if (i == len || s[i] == '\0')
			return 0;
		found = strchr(letters, s[i]);
		if (found == NULL)
			return 0;
		letters = found + 1;
		end = i + 1;
	}
	return end;
}

/*
 * dq_format_time_iso_duration: P3Y6M4DT12H30M5S or P2W; the smallest unit may
 * have a fraction.
 */
bool
dq_format_time_iso_duration(const char *s, int len)
{
	bool fraction;
	int n;
	int time;

	if (len < 3 || s[0] != 'P')
		return false;
	n = scan_designated(s + 1, len - 1, "W", &fraction);
	if (n == 0)
		n = scan_designated(s + 1, len - 1, "YMD", &fraction);
	n++;
	if (n == len)
		return true;
	if (s[n] != 'T' || fraction || s[n - 1] == 'W')
		return false;
	n++;
	time = scan_designated(s + n, len - n, "HMS", &fraction);
	return time > 0 && n + time == len;
}
