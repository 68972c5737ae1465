/*
 * numbertext.c
 *	  Would the type numeric take a text? Grammar, range of the storage
 *	  format, and the overflow of numeric(p,s) after rounding.
 */
#include "postgres.h"

#include <ctype.h>
#include <limits.h>

#include "quality/numbertext.h"
#include "utils/numeric.h"

/* limits of the storage format: digits of four, weight in 16 bits */
#define MIN_WEIGHT (-32768 * 4)
#define MAX_WEIGHT (32767 * 4 + 3)
#define MAX_DISPLAY_SCALE 0x3FFF

/* a number as written */
typedef struct Decimal
{
	const char *s; /* its digits, and perhaps a point in them */
	int len;
	int scale; /* digits behind the point */
	int64 top; /* power of ten of the first digit */
	int64 exponent;
} Decimal;

/*
 * skip_spaces
 */
static const char *
skip_spaces(const char *s, const char *end)
{
	while (s < end && isspace((unsigned char) *s))
		s++;
	return s;
}

/*
 * special_length: of NaN or an infinity at the start, 0 when there is none.
 */
static int
special_length(const char *s, int len, bool *is_nan)
{
	int sign = len > 0 && (*s == '+' || *s == '-');

	*is_nan = false;
	if (len >= 3 && pg_strncasecmp(s, "NaN", 3) == 0)
	{
		*is_nan = true;
		return 3;
	}
	if (len >= sign + 8 && pg_strncasecmp(s + sign, "Infinity", 8) == 0)
		return sign + 8;
	if (len >= sign + 3 && pg_strncasecmp(s + sign, "inf", 3) == 0)
		return sign + 3;
	return 0;
}

/*
 * read_exponent: behind the e: optional white space and sign as strtol takes
 * them, digits; NULL when there are none. Far out of range is INT_MAX.
 */
static const char *
read_exponent(const char *s, const char *end, int64 *exponent)
{
	bool negative;
	int64 value = 0;

	s = skip_spaces(s, end);
	negative = s < end && *s == '-';
	if (s < end && (*s == '-' || *s == '+'))
		s++;
	if (s == end || !isdigit((unsigned char) *s))
		return NULL;
	for (; s < end && isdigit((unsigned char) *s); s++)
	{
		if (value < INT_MAX)
			value = value * 10 + (*s - '0');
	}
	*exponent = negative ? -value : value;
	return s;
}

/*
 * read_decimal: a number at the start; what follows it, NULL when there is
 * none.
 */
static const char *
read_decimal(const char *s, const char *end, Decimal *number)
{
	int whole = 0;
	bool point = false;

	if (s < end && (*s == '+' || *s == '-'))
		s++;
	if (s == end ||
		!isdigit((unsigned char) (*s == '.' && s + 1 < end ? s[1] : *s)))
		return NULL;
	number->s = s;
	number->scale = 0;
	number->exponent = 0;
	for (; s < end && (*s == '.' || isdigit((unsigned char) *s)); s++)
	{
		if (*s != '.')
		{
			if (point)
				number->scale++;
			else
				whole++;
		}
		else if (point)
			return NULL;
		else
			point = true;
	}
	number->len = s - number->s;
	if (s < end && (*s == 'e' || *s == 'E'))
		s = read_exponent(s + 1, end, &number->exponent);
	number->top = whole - 1 + number->exponent;
	return s;
}

/*
 * strip_zeros: let the number begin with a digit above zero; false when it is
 * zero.
 */
static bool
strip_zeros(Decimal *number)
{
	while (number->len > 0 && (*number->s == '0' || *number->s == '.'))
	{
		if (*number->s == '0')
			number->top--;
		number->s++;
		number->len--;
	}
	return number->len > 0;
}

/*
 * carries: does rounding to so many digits make one more of them?
 */
static bool
carries(const Decimal *number, int64 digits)
{
	int i;

	for (i = 0; i < number->len; i++)
	{
		if (number->s[i] == '.')
			continue;
		if (digits-- == 0)
			return number->s[i] >= '5';
		if (number->s[i] != '9')
			return false;
	}
	return false;
}

/*
 * fits: below 10 ^ (precision - scale) after rounding? The number is not zero.
 */
static bool
fits(const Decimal *number, int32 typmod)
{
	int precision = ((typmod - VARHDRSZ) >> 16) & 0xffff;
	int scale = (((typmod - VARHDRSZ) & 0x7ff) ^ 1024) - 1024;
	int64 whole = number->top + 1;

	/* rounded to zero, or to one unit of the last digit */
	if (number->top < -scale)
		return true;
	if (whole != precision - scale)
		return whole < precision - scale;
	return !carries(number, whole + scale);
}

/*
 * dq_numbertext_is_numeric: would numeric_in take it?
 */
bool
dq_numbertext_is_numeric(const char *s, int len, int32 typmod)
{
	const char *end = s + len;
	bool restricted = typmod >= (int32) VARHDRSZ;
	Decimal number;
	bool is_nan;
	int special;

	s = skip_spaces(s, end);
	special = special_length(s, end - s, &is_nan);
	if (special > 0)
		return skip_spaces(s + special, end) == end &&
			   (is_nan || !restricted);
	s = read_decimal(s, end, &number);
	if (s == NULL || skip_spaces(s, end) != end)
		return false;
	if (number.exponent >= INT_MAX / 2 || number.exponent <= -(INT_MAX / 2))
		return false;
	if (!restricted && number.scale - number.exponent > MAX_DISPLAY_SCALE)
		return false;
	if (!strip_zeros(&number))
		return true;
	if (restricted && !fits(&number, typmod))
		return false;
	return number.top <= MAX_WEIGHT &&
		   (restricted || number.top >= MIN_WEIGHT);
}
