/*
 * bounds.c
 *	  The two bounds of a check: in order, and perhaps infinite.
 *
 * A lower bound above the upper one is a slip of the pen that would let every
 * row fail, or pass. It is refused as early as it shows: numbers, and dates
 * that are written alike, when the rule is read; all others once the type of
 * the column is known.
 */
#include "postgres.h"

#include <ctype.h>

#include "base/json.h"
#include "base/sqltext.h"
#include "quality/bounds.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/typcache.h"

/*
 * refuse_order: 22023, with the bounds as they might have been meant. "order"
 * is that of min_value and max_value.
 */
static void
refuse_order(const DqCheck *check, int order)
{
	if (order < 0 || (order == 0 && !check->min_excluded &&
					  !check->max_excluded))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 order == 0 ?
				 errmsg("nothing lies between the bounds of %s", check->what) :
				 errmsg("\"min_value\" of %s is above \"max_value\"",
						check->what),
			 errdetail("The bounds are %s and %s.",
					   dq_sqltext_clip(check->min_value, 63),
					   dq_sqltext_clip(check->max_value, 63)),
			 order == 0 ?
				 errhint("Include both bounds, or move one of them.") :
				 errhint("Exchange them: min_value => %s, max_value => %s.",
						 dq_sqltext_literal(
							 dq_sqltext_clip(check->max_value, 63)),
						 dq_sqltext_literal(
							 dq_sqltext_clip(check->min_value, 63)))));
}

/*
 * compare_numbers: two texts that are numbers.
 */
static int
compare_numbers(const char *a, const char *b)
{
	return DatumGetInt32(DirectFunctionCall2(
		numeric_cmp,
		DirectFunctionCall3(numeric_in, CStringGetDatum(a),
							ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)),
		DirectFunctionCall3(numeric_in, CStringGetDatum(b),
							ObjectIdGetDatum(InvalidOid),
							Int32GetDatum(-1))));
}

/*
 * are_alike: two dates or times that are written alike, largest unit first,
 * so that their order is that of their bytes: digits and other characters in
 * the same places, "2024-01-31" or more.
 */
static bool
are_alike(const char *a, const char *b)
{
	int i;

	if (strlen(a) != strlen(b) || strlen(a) < strlen("2024-01-31") ||
		strspn(a, "0123456789-: T.") != strlen(a) || a[4] != '-' ||
		a[7] != '-')
		return false;
	for (i = 0; a[i] != '\0'; i++)
	{
		bool digit = isdigit((unsigned char) a[i]) != 0;

		if (digit != (isdigit((unsigned char) b[i]) != 0) ||
			(!digit && a[i] != b[i]) || (i < 4 && !digit))
			return false;
	}
	return true;
}

/*
 * dq_bounds_check: see bounds.h.
 */
void
dq_bounds_check(const DqCheck *check)
{
	const char *min = check->min_value;
	const char *max = check->max_value;

	if (min == NULL || max == NULL)
		return;
	if (dq_json_is_number(check->doc, "min_value") &&
		dq_json_is_number(check->doc, "max_value"))
		refuse_order(check, compare_numbers(min, max));
	else if (are_alike(min, max))
		refuse_order(check, strcmp(min, max));
}

/*
 * value_of: a text as a value of a type.
 */
static Datum
value_of(const char *text, Oid type)
{
	Oid input;
	Oid parameter;

	getTypeInputInfo(type, &input, &parameter);
	return OidInputFunctionCall(input, unconstify(char *, text), parameter,
								-1);
}

/*
 * dq_bounds_check_values: see bounds.h. A type without order is none of our
 * business.
 */
void
dq_bounds_check_values(const DqCheck *check, Oid type, Oid collation)
{
	TypeCacheEntry *entry = lookup_type_cache(type,
											  TYPECACHE_CMP_PROC_FINFO);

	if (check->min_value == NULL || check->max_value == NULL ||
		!OidIsValid(entry->cmp_proc))
		return;
	refuse_order(check,
				 DatumGetInt32(FunctionCall2Coll(&entry->cmp_proc_finfo,
												 collation,
												 value_of(check->min_value,
														  type),
												 value_of(check->max_value,
														  type))));
}

/*
 * is_infinity: the text of an infinite number, date or time, with this sign.
 */
static bool
is_infinity(const char *text, bool negative)
{
	if (text == NULL || (*text == '-') != negative)
		return false;
	if (*text == '-' || *text == '+')
		text++;
	return pg_strcasecmp(text, "infinity") == 0 ||
		   pg_strcasecmp(text, "inf") == 0;
}

/*
 * dq_bounds_open_below: see bounds.h.
 */
bool
dq_bounds_open_below(const DqCheck *check)
{
	return is_infinity(check->min_value, true) && !check->min_excluded;
}

/*
 * dq_bounds_open_above: see bounds.h.
 */
bool
dq_bounds_open_above(const DqCheck *check)
{
	return is_infinity(check->max_value, false) && !check->max_excluded;
}

/*
 * dq_bounds_infinite: see bounds.h.
 */
bool
dq_bounds_infinite(const DqCheck *check)
{
	return is_infinity(check->min_value, false) ||
		   is_infinity(check->min_value, true) ||
		   is_infinity(check->max_value, false) ||
		   is_infinity(check->max_value, true);
}
