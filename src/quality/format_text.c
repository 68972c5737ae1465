/*
 * format_text.c
 *	  Formats of identifiers, encodings and plain numbers.
 */
#include "postgres.h"

#include "quality/format_parts.h"

/*
 * all: does every character of s fit?
 */
static bool
all(const char *s, int len, bool (*fits)(char))
{
	int i;

	for (i = 0; i < len; i++)
	{
		if (!fits(s[i]))
			return false;
	}
	return true;
}

/*
 * is_hex: dq_is_hex as a function.
 */
static bool
is_hex(char c)
{
	return dq_is_hex(c);
}

/*
 * dq_format_text_uuid: 8-4-4-4-12, in either case, of any version.
 */
bool
dq_format_text_uuid(const char *s, int len)
{
	int i;

	if (len != 36)
		return false;
	for (i = 0; i < len; i++)
	{
		if (i == 8 || i == 13 || i == 18 || i == 23)
		{
			if (s[i] != '-')
				return false;
		}
		else if (!dq_is_hex(s[i]))
			return false;
	}
	return true;
}

/*
 * is_crockford: a digit of Crockford's base 32, in either case.
 */
static bool
is_crockford(char c)
{
	char upper = dq_is_lower(c) ? c - 'a' + 'A' : c;

	return dq_is_digit(c) || (dq_is_upper(upper) && upper != 'I' &&
							  upper != 'L' && upper != 'O' && upper != 'U');
}

/*
 * dq_format_text_ulid: 128 bits in 26 digits of Crockford's base 32.
 */
bool
dq_format_text_ulid(const char *s, int len)
{
	return len == 26 && s[0] >= '0' && s[0] <= '7' &&
		   all(s, len, is_crockford);
}

/*
 * dq_format_text_e164: plus sign and digits; no number is shorter than 7.
 */
bool
dq_format_text_e164(const char *s, int len)
{
	return len >= 8 && len <= 16 && s[0] == '+' && s[1] != '0' &&
		   dq_are_digits(s + 1, len - 1);
}

/*
 * dq_format_text_slug: lower-case words and digits joined by single hyphens.
 */
bool
dq_format_text_slug(const char *s, int len)
{
	int i;

	if (s[0] == '-' || s[len - 1] == '-')
		return false;
	for (i = 0; i < len; i++)
	{
		if (s[i] == '-' ? s[i - 1] == '-' :
						  !dq_is_lower(s[i]) && !dq_is_digit(s[i]))
			return false;
	}
	return true;
}

/*
 * scan_identifiers: the length of dot-separated identifiers of a semantic
 * version, 0 when there are none. "strict": numeric ones have no leading
 * zeros.
 */
static int
scan_identifiers(const char *s, int len, bool strict)
{
	int start = 0;
	int i;

	for (i = 0; i <= len; i++)
	{
		if (i < len && (dq_is_alnum(s[i]) || s[i] == '-'))
			continue;
		if (i == start)
			return 0;
		if (strict && s[start] == '0' && i - start > 1 &&
			dq_are_digits(s + start, i - start))
			return 0;
		if (i == len || s[i] != '.')
			break;
		start = i + 1;
	}
	return i;
}

/*
 * dq_format_text_semver: 1.2.3-pre.4+build.5
 */
bool
dq_format_text_semver(const char *s, int len)
{
	int part;
	int i = 0;
	int n;

	for (part = 0; part < 3; part++)
	{
		int start;

		if (part > 0 && (i >= len || s[i++] != '.'))
			return false;
		start = i;
		while (i < len && dq_is_digit(s[i]))
			i++;
		if (i == start || (s[start] == '0' && i - start > 1))
			return false;
	}
	if (i < len && s[i] == '-')
	{
		n = scan_identifiers(s + i + 1, len - i - 1, true);
		if (n == 0)
			return false;
		i += n + 1;
	}
	if (i < len && s[i] == '+')
	{
		n = scan_identifiers(s + i + 1, len - i - 1, false);
		if (n == 0)
			return false;
		i += n + 1;
	}
	return i == len;
}

/*
 * is_base64: a digit of base 64.
 */
static bool
is_base64(char c)
{
	return dq_is_alnum(c) || c == '+' || c == '/';
}

/*
 * is_base64url: a digit of base 64 for URLs and file names.
 */
static bool
is_base64url(char c)
{
	return dq_is_alnum(c) || c == '-' || c == '_';
}

/*
 * without_padding: the length without = signs at the end, at most two.
 */
static int
without_padding(const char *s, int len)
{
	int n = len;

	while (n > 0 && len - n < 2 && s[n - 1] == '=')
		n--;
	return n;
}

/*
 * dq_format_text_base64: padded, without white space.
 */
bool
dq_format_text_base64(const char *s, int len)
{
	int n = without_padding(s, len);

	return len % 4 == 0 && all(s, n, is_base64);
}

/*
 * dq_format_text_base64url: padded or not, without white space.
 */
bool
dq_format_text_base64url(const char *s, int len)
{
	int n = without_padding(s, len);

	return n > 0 && (n == len ? len % 4 != 1 : len % 4 == 0) &&
		   all(s, n, is_base64url);
}

/*
 * dq_format_text_jwt: three parts of base64url, the first of which is an
 * object; the last, the signature, may be empty.
 */
bool
dq_format_text_jwt(const char *s, int len)
{
	int dots[2] = {0, 0};
	int count = 0;
	int i;

	for (i = 0; i < len; i++)
	{
		if (s[i] == '.')
		{
			if (count == 2)
				return false;
			dots[count++] = i;
		}
		else if (!is_base64url(s[i]))
			return false;
	}
	return count == 2 && dots[0] > 2 && dots[1] > dots[0] + 1 &&
		   strncmp(s, "ey", 2) == 0 && dots[0] % 4 != 1 &&
		   (dots[1] - dots[0] - 1) % 4 != 1 && (len - dots[1] - 1) % 4 != 1;
}

/*
 * dq_format_text_hex: hexadecimal digits, any number of them.
 */
bool
dq_format_text_hex(const char *s, int len)
{
	return all(s, len, is_hex);
}

/*
 * dq_format_text_md5: 32 hexadecimal digits.
 */
bool
dq_format_text_md5(const char *s, int len)
{
	return len == 32 && all(s, len, is_hex);
}

/*
 * dq_format_text_sha1: 40 hexadecimal digits.
 */
bool
dq_format_text_sha1(const char *s, int len)
{
	return len == 40 && all(s, len, is_hex);
}

/*
 * dq_format_text_sha256: 64 hexadecimal digits.
 */
bool
dq_format_text_sha256(const char *s, int len)
{
	return len == 64 && all(s, len, is_hex);
}

/*
 * dq_format_text_sha512: 128 hexadecimal digits.
 */
bool
dq_format_text_sha512(const char *s, int len)
{
	return len == 128 && all(s, len, is_hex);
}

/*
 * dq_format_text_hex_color: #rgb, #rgba, #rrggbb, #rrggbbaa.
 */
bool
dq_format_text_hex_color(const char *s, int len)
{
	return s[0] == '#' && (len == 4 || len == 5 || len == 7 || len == 9) &&
		   all(s + 1, len - 1, is_hex);
}

/*
 * dq_format_text_integer: digits behind an optional sign.
 */
bool
dq_format_text_integer(const char *s, int len)
{
	int sign = s[0] == '-' || s[0] == '+';

	return len > sign && dq_are_digits(s + sign, len - sign);
}

/*
 * dq_format_text_decimal: an integer, and after a point at least one digit.
 */
bool
dq_format_text_decimal(const char *s, int len)
{
	const char *point = memchr(s, '.', len);
	int whole = point ? point - s : len;

	if (whole == 0 || !dq_format_text_integer(s, whole))
		return false;
	return point == NULL || (whole + 1 < len &&
							 dq_are_digits(point + 1, len - whole - 1));
}

/*
 * is_degrees: a decimal number between -limit and limit.
 */
static bool
is_degrees(const char *s, int len, int limit)
{
	const char *point;
	int whole;
	int degrees;
	int i;

	if (!dq_format_text_decimal(s, len))
		return false;
	if (s[0] == '-' || s[0] == '+')
	{
		s++;
		len--;
	}
	point = memchr(s, '.', len);
	whole = point ? point - s : len;
	if (whole > 3)
		return false;
	degrees = dq_digits_value(s, whole);
	if (degrees != limit)
		return degrees < limit;
	for (i = whole + 1; i < len; i++)
	{
		if (s[i] != '0')
			return false;
	}
	return true;
}

/*
 * dq_format_text_latitude: decimal degrees.
 */
bool
dq_format_text_latitude(const char *s, int len)
{
	return is_degrees(s, len, 90);
}

/*
 * dq_format_text_longitude: decimal degrees.
 */
bool
dq_format_text_longitude(const char *s, int len)
{
	return is_degrees(s, len, 180);
}
