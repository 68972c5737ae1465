/*
 * numericform.h
 *	  Numerics as they are stored.
 *
 * The format on disk is that of all supported versions: a header with the
 * sign, the weight of the first digit, and digits to the base of 10000
 * without leading or trailing zeros.
 */
#ifndef DQ_NUMERICFORM_H
#define DQ_NUMERICFORM_H

/* the two upper bits of a numeric's header, and what they can be */
#define DQ_FORM_MASK 0xC000
#define DQ_FORM_NEGATIVE 0x4000
#define DQ_FORM_SHORT 0x8000
#define DQ_FORM_SPECIAL 0xC000
/* special values, by the four upper bits */
#define DQ_FORM_SPECIAL_MASK 0xF000
#define DQ_FORM_NAN 0xC000
#define DQ_FORM_INFINITY 0xD000
/* the short format */
#define DQ_FORM_SHORT_NEGATIVE 0x2000
#define DQ_FORM_SHORT_WEIGHT_NEGATIVE 0x0040
#define DQ_FORM_SHORT_WEIGHT_MASK 0x003F

/* a value, taken apart as far as comparing it needs */
typedef struct DqNumericForm
{
	int rank; /* -2 -Infinity, -1, 0, 1, 2 Infinity, 3 NaN */
	int weight;
	const char *digits;
	int len; /* of the digits, in bytes */
} DqNumericForm;

/*
 * dq_numericform_u16: a number of two bytes that may not be aligned.
 */
static inline uint16
dq_numericform_u16(const char *at)
{
	uint16 value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/*
 * dq_numericform_short_weight: from a header of the short format.
 */
static inline int
dq_numericform_short_weight(uint16 header)
{
	int weight = header & DQ_FORM_SHORT_WEIGHT_MASK;

	if (header & DQ_FORM_SHORT_WEIGHT_NEGATIVE)
		weight -= DQ_FORM_SHORT_WEIGHT_MASK + 1;
	return weight;
}

/*
 * dq_numericform_read: the bytes of a numeric, without their length, taken
 * apart.
 */
static inline void
dq_numericform_read(DqNumericForm *value, const char *data, int len)
{
	uint16 header = dq_numericform_u16(data);
	bool negative;

	value->weight = 0;
	value->digits = data;
	value->len = 0;
	if ((header & DQ_FORM_MASK) == DQ_FORM_SPECIAL)
	{
		value->rank = 3;
		if ((header & DQ_FORM_SPECIAL_MASK) == DQ_FORM_INFINITY)
			value->rank = 2;
		else if ((header & DQ_FORM_SPECIAL_MASK) != DQ_FORM_NAN)
			value->rank = -2;
		return;
	}
	if ((header & DQ_FORM_MASK) == DQ_FORM_SHORT)
	{
		negative = (header & DQ_FORM_SHORT_NEGATIVE) != 0;
		value->weight = dq_numericform_short_weight(header);
		value->digits = data + sizeof(uint16);
		value->len = len - sizeof(uint16);
	}
	else
	{
		negative = (header & DQ_FORM_MASK) == DQ_FORM_NEGATIVE;
		value->weight = (int16) dq_numericform_u16(data + sizeof(uint16));
		value->digits = data + 2 * sizeof(uint16);
		value->len = len - 2 * sizeof(uint16);
	}
	value->rank = negative ? -1 : 1;
	if (value->len == 0)
		value->rank = 0;
}

/*
 * dq_numericform_compare_digits: of two numbers without their signs.
 */
static inline int
dq_numericform_compare_digits(const DqNumericForm *a, const DqNumericForm *b)
{
	int common = Min(a->len, b->len);
	int i;

	if (a->weight != b->weight)
		return a->weight > b->weight ? 1 : -1;
	for (i = 0; i < common; i += sizeof(uint16))
	{
		uint16 x = dq_numericform_u16(a->digits + i);
		uint16 y = dq_numericform_u16(b->digits + i);

		if (x != y)
			return x > y ? 1 : -1;
	}
	return (a->len > b->len) - (a->len < b->len);
}

/*
 * dq_numericform_compare: in PostgreSQL's order.
 */
static inline int
dq_numericform_compare(const DqNumericForm *a, const DqNumericForm *b)
{
	if (a->rank != b->rank)
		return a->rank > b->rank ? 1 : -1;
	if (a->rank == 1)
		return dq_numericform_compare_digits(a, b);
	if (a->rank == -1)
		return dq_numericform_compare_digits(b, a);
	return 0;
}

#endif /* DQ_NUMERICFORM_H */
