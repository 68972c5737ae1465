/*
 * narrow.c
 *	  Does every value of one type fit into another as it is?
 *
 * The server's own judgement is whether a conversion is implicit; where only
 * an assignment makes it, something may be lost. Modifiers are judged for the
 * types that have them here.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "load/narrow.h"
#include "parser/parse_coerce.h"
#include "utils/lsyscache.h"

/* decimal digits that the integer types need, and of fractions of a second */
#define INT2_DIGITS 5
#define INT4_DIGITS 10
#define INT8_DIGITS 19
#define MAX_SECOND_DIGITS 6

/*
 * numeric_precision, numeric_scale: of a modifier, packed as numeric.c says.
 */
static int
numeric_precision(int32 typmod)
{
	return ((typmod - VARHDRSZ) >> 16) & 0xffff;
}

static int
numeric_scale(int32 typmod)
{
	return (((typmod - VARHDRSZ) & 0x7ff) ^ 1024) - 1024;
}

/*
 * is_string: text, or what is stored like it?
 */
static bool
is_string(Oid type)
{
	return type == TEXTOID || type == VARCHAROID || type == BPCHAROID;
}

/*
 * numeric_loses: into numeric(p, s), from a number of a type.
 */
static bool
numeric_loses(Oid from, int32 from_typmod, int32 to_typmod)
{
	int scale = numeric_scale(to_typmod);
	int digits = numeric_precision(to_typmod) - scale;

	switch (from)
	{
		case INT2OID:
			return scale < 0 || digits < INT2_DIGITS;
		case INT4OID:
			return scale < 0 || digits < INT4_DIGITS;
		case INT8OID:
			return scale < 0 || digits < INT8_DIGITS;
		case NUMERICOID:
			return from_typmod < 0 || scale < numeric_scale(from_typmod) ||
				   digits < numeric_precision(from_typmod) -
								numeric_scale(from_typmod);
	}
	return true;
}

/*
 * second_digits: digits of fractions of a second that values of a type have.
 */
static int
second_digits(Oid type, int32 typmod)
{
	if (type == DATEOID)
		return 0;
	return typmod < 0 ? MAX_SECOND_DIGITS : typmod;
}

/*
 * modifier_loses: into a type with a modifier, from one that is the same or
 * becomes it implicitly.
 */
static bool
modifier_loses(Oid from, int32 from_typmod, Oid to, int32 to_typmod)
{
	switch (to)
	{
		case VARCHAROID:
		case BPCHAROID:
			return !is_string(from) || from_typmod < 0 ||
				   from_typmod > to_typmod;
		case VARBITOID:
			return from_typmod < 0 || from_typmod > to_typmod;
		case BITOID:
		case INTERVALOID:
			return from != to || from_typmod != to_typmod;
		case NUMERICOID:
			return numeric_loses(from, from_typmod, to_typmod);
		case TIMEOID:
		case TIMETZOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return second_digits(from, from_typmod) > to_typmod;
	}
	return false;
}

/*
 * dq_narrow_loses: see narrow.h.
 */
bool
dq_narrow_loses(Oid from, int32 from_typmod, Oid to, int32 to_typmod)
{
	Oid from_base = getBaseTypeAndTypmod(from, &from_typmod);
	Oid to_base = getBaseTypeAndTypmod(to, &to_typmod);
	bool is_json = from_base == JSONOID || from_base == JSONBOID;

	if (OidIsValid(get_element_type(from_base)) &&
		OidIsValid(get_element_type(to_base)))
		return dq_narrow_loses(get_element_type(from_base), from_typmod,
							   get_element_type(to_base), to_typmod);
	if (to_base == NAMEOID && from_base != NAMEOID)
		return true;
	/* whatever it is, it has a text */
	if (is_string(to_base) && to_typmod < 0)
		return false;
	if (is_json && (to_base == JSONOID || to_base == JSONBOID))
		return false;
	if (from_base != to_base &&
		!can_coerce_type(1, &from_base, &to_base, COERCION_IMPLICIT))
		return true;
	if (to_typmod < 0 ||
		(from_base == to_base && from_typmod == to_typmod))
		return false;
	return modifier_loses(from_base, from_typmod, to_base, to_typmod);
}

/*
 * dq_narrow_is_wider: see narrow.h.
 */
bool
dq_narrow_is_wider(Oid type, int32 typmod, Oid other, int32 other_typmod)
{
	Oid base = getBaseType(type);
	Oid other_base = getBaseType(other);

	if (type == other && typmod == other_typmod)
		return false;
	if (base != other_base &&
		!can_coerce_type(1, &other, &type, COERCION_IMPLICIT))
		return false;
	return dq_narrow_loses(type, typmod, other, other_typmod) &&
		   !dq_narrow_loses(other, other_typmod, type, typmod);
}
