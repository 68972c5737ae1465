/*
 * castable_types.c
 *	  Recognisers of what input functions of PostgreSQL 15 accept, of types
 *	  other than dates and times.
 *
 * Each answers exactly as the function would, or is unsure. White space is
 * what isspace() says, as in the server. Later versions accept more (numbers
 * in other bases, underscores) and need none of this.
 */
#include "postgres.h"

#include <ctype.h>
#include <math.h>
#include <sys/socket.h>

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "quality/castable.h"
#include "quality/jsontext.h"
#include "quality/numbertext.h"
#include "utils/builtins.h"
#include "utils/inet.h"

/* deeper than this, the stack of the input function decides */
#define SURE_DEPTH 500
/* longer than this, limits of the storage format decide */
#define SURE_LENGTH (64 * 1024 * 1024)

/*
 * answer: of a yes or no.
 */
static DqAnswer
answer(bool accepted)
{
	return accepted ? DQ_YES : DQ_NO;
}

/*
 * skip_spaces
 */
static const char *
skip_spaces(const char *s)
{
	while (isspace((unsigned char) *s))
		s++;
	return s;
}

/*
 * is_integer: digits behind a sign, spaces around, in [-limit - 1, limit].
 */
static DqAnswer
is_integer(const char *s, uint64 limit)
{
	uint64 value = 0;
	bool negative;

	s = skip_spaces(s);
	negative = *s == '-';
	if (*s == '-' || *s == '+')
		s++;
	if (!isdigit((unsigned char) *s))
		return DQ_NO;
	for (; isdigit((unsigned char) *s); s++)
	{
		if (value > (limit + negative) / 10)
			return DQ_NO;
		value = value * 10 + (*s - '0');
		if (value > limit + negative)
			return DQ_NO;
	}
	return answer(*skip_spaces(s) == '\0');
}

/*
 * int2, int4, int8
 */
static DqAnswer
is_int2(const char *s, int len, int32 typmod)
{
	return is_integer(s, PG_INT16_MAX);
}

static DqAnswer
is_int4(const char *s, int len, int32 typmod)
{
	return is_integer(s, PG_INT32_MAX);
}

static DqAnswer
is_int8(const char *s, int len, int32 typmod)
{
	return is_integer(s, PG_INT64_MAX);
}

/*
 * numeric, numeric(p,s)
 */
static DqAnswer
is_numeric(const char *s, int len, int32 typmod)
{
	return answer(dq_numbertext_is_numeric(s, len, typmod));
}

/*
 * after_number: what follows a number that strtod ended at "end" with this
 * result; NULL when there is none. Words are taken even where strtod does not
 * know them; out of range is only what became zero or infinite.
 */
static const char *
after_number(const char *s, const char *end, int error, bool extreme)
{
	static const char *const words[] = {"NaN", "Infinity", "+Infinity",
										"-Infinity", "inf", "+inf", "-inf"};
	int i;

	if (end != s && error == 0)
		return end;
	for (i = 0; i < lengthof(words); i++)
	{
		if (pg_strncasecmp(s, words[i], strlen(words[i])) == 0)
			return s + strlen(words[i]);
	}
	return error == ERANGE && !extreme ? end : NULL;
}

/*
 * double precision
 */
static DqAnswer
is_float8(const char *s, int len, int32 typmod)
{
	const char *rest;
	char *end;
	double value;

	s = skip_spaces(s);
	if (*s == '\0')
		return DQ_NO;
	errno = 0;
	value = strtod(s, &end);
	rest = after_number(s, end, errno, value == 0.0 || isinf(value));
	return answer(rest != NULL && *skip_spaces(rest) == '\0');
}

/*
 * real
 */
static DqAnswer
is_float4(const char *s, int len, int32 typmod)
{
	const char *rest;
	char *end;
	float value;

	s = skip_spaces(s);
	if (*s == '\0')
		return DQ_NO;
	errno = 0;
	value = strtof(s, &end);
	rest = after_number(s, end, errno, value == 0.0 || isinf(value));
	return answer(rest != NULL && *skip_spaces(rest) == '\0');
}

/*
 * boolean
 */
static DqAnswer
is_bool(const char *s, int len, int32 typmod)
{
	bool value;

	s = skip_spaces(s);
	len = strlen(s);
	while (len > 0 && isspace((unsigned char) s[len - 1]))
		len--;
	return answer(parse_bool_with_len(s, len, &value));
}

/*
 * text, name, "char": whatever there is
 */
static DqAnswer
is_text(const char *s, int len, int32 typmod)
{
	return DQ_YES;
}

/*
 * char(n), varchar(n): what is too long may only be spaces
 */
static DqAnswer
is_limited_text(const char *s, int len, int32 typmod)
{
	int kept;

	if (typmod < (int32) VARHDRSZ || len <= typmod - (int32) VARHDRSZ)
		return DQ_YES;
	kept = pg_mbcharcliplen(s, len, typmod - VARHDRSZ);
	return answer(strspn(s + kept, " ") == len - kept);
}

/*
 * uuid: a hyphen may follow each group of four digits; braces around
 */
static DqAnswer
is_uuid(const char *s, int len, int32 typmod)
{
	bool braces = *s == '{';
	int digits = 0;

	if (braces)
		s++;
	for (; digits < 32; digits++)
	{
		if (!isxdigit((unsigned char) *s))
			return DQ_NO;
		s++;
		if (*s == '-' && digits % 4 == 3 && digits < 31)
			s++;
	}
	if (braces && *s++ != '}')
		return DQ_NO;
	return answer(*s == '\0');
}

/*
 * json, jsonb
 */
static DqAnswer
is_json(const char *s, int len, int32 typmod)
{
	int depth;
	DqJsonText kind = dq_jsontext_classify(s, len, &depth);

	if (kind != DQ_JSONTEXT_NO && depth > SURE_DEPTH)
		return DQ_UNSURE;
	return answer(kind != DQ_JSONTEXT_NO);
}

static DqAnswer
is_jsonb(const char *s, int len, int32 typmod)
{
	int depth;
	DqJsonText kind = dq_jsontext_classify(s, len, &depth);

	if (kind == DQ_JSONTEXT_NO)
		return DQ_NO;
	if (depth > SURE_DEPTH || len > SURE_LENGTH ||
		(kind == DQ_JSONTEXT_JSON && GetDatabaseEncoding() != PG_UTF8))
		return DQ_UNSURE;
	return answer(kind == DQ_JSONTEXT_JSONB);
}

/*
 * has_host_bits: bits to the right of the prefix?
 */
static bool
has_host_bits(const unsigned char *address, int bytes, int prefix)
{
	int i;

	for (i = prefix / 8; i < bytes; i++)
	{
		int mask = i == prefix / 8 ? 0xff >> (prefix % 8) : 0xff;

		if (address[i] & mask)
			return true;
	}
	return false;
}

/*
 * is_network: inet or cidr, by the server's own reader
 */
static DqAnswer
is_network(const char *s, bool is_cidr)
{
	bool six = strchr(s, ':') != NULL;
	int bytes = six ? 16 : 4;
	inet_struct address;
	int bits;

	memset(&address, 0, sizeof(address));
	bits = pg_inet_net_pton(six ? PGSQL_AF_INET6 : PGSQL_AF_INET, s,
							address.ipaddr, is_cidr ? bytes : -1);
	if (bits < 0 || bits > bytes * 8)
		return DQ_NO;
	return answer(!is_cidr || !has_host_bits(address.ipaddr, bytes, bits));
}

static DqAnswer
is_inet(const char *s, int len, int32 typmod)
{
	return is_network(s, false);
}

static DqAnswer
is_cidr(const char *s, int len, int32 typmod)
{
	return is_network(s, true);
}

/*
 * macaddr: the usual forms; the server takes stranger ones
 */
static DqAnswer
is_macaddr(const char *s, int len, int32 typmod)
{
	int i;

	if (len == 17)
	{
		for (i = 0; i < len; i++)
		{
			if (i % 3 == 2 ? (s[i] != s[2] || (s[i] != ':' && s[i] != '-')) :
							 !isxdigit((unsigned char) s[i]))
				return DQ_UNSURE;
		}
		return DQ_YES;
	}
	return DQ_UNSURE;
}

/*
 * is_hex_bytes: pairs of digits, white space between pairs
 */
static bool
is_hex_bytes(const char *s)
{
	while (*s != '\0')
	{
		if (strchr(" \n\t\r", *s) != NULL)
			s++;
		else if (isxdigit((unsigned char) s[0]) &&
				 isxdigit((unsigned char) s[1]))
			s += 2;
		else
			return false;
	}
	return true;
}

/*
 * bytea: \x and hexadecimal digits, or bytes with escapes
 */
static DqAnswer
is_bytea(const char *s, int len, int32 typmod)
{
	if (s[0] == '\\' && s[1] == 'x')
		return answer(is_hex_bytes(s + 2));
	while (*s != '\0')
	{
		if (s[0] != '\\')
			s++;
		else if (s[1] == '\\')
			s += 2;
		else if (s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
				 s[3] >= '0' && s[3] <= '7')
			s += 4;
		else
			return DQ_NO;
	}
	return DQ_YES;
}

/*
 * dq_castable_types_find: the recogniser of a type, or NULL.
 */
DqCastRecogniser
dq_castable_types_find(Oid type)
{
	static const struct
	{
		Oid type;
		DqCastRecogniser recognise;
	} known[] = {
		{INT2OID, is_int2},
		{INT4OID, is_int4},
		{INT8OID, is_int8},
		{NUMERICOID, is_numeric},
		{FLOAT4OID, is_float4},
		{FLOAT8OID, is_float8},
		{BOOLOID, is_bool},
		{TEXTOID, is_text},
		{NAMEOID, is_text},
		{CHAROID, is_text},
		{VARCHAROID, is_limited_text},
		{BPCHAROID, is_limited_text},
		{DATEOID, dq_castable_time_date},
		{TIMEOID, dq_castable_time_time},
		{TIMETZOID, dq_castable_time_time},
		{TIMESTAMPOID, dq_castable_time_timestamp},
		{TIMESTAMPTZOID, dq_castable_time_timestamptz},
		{INTERVALOID, dq_castable_time_interval},
		{UUIDOID, is_uuid},
		{JSONOID, is_json},
		{JSONBOID, is_jsonb},
		{INETOID, is_inet},
		{CIDROID, is_cidr},
		{MACADDROID, is_macaddr},
		{BYTEAOID, is_bytea}};
	int i;

	for (i = 0; i < lengthof(known); i++)
	{
		if (known[i].type == type)
			return known[i].recognise;
	}
	return NULL;
}
