/*
 * jsontext.c
 *	  Is a text JSON? One pass, no recursion, no error.
 *
 * The types json and jsonb do not take the same texts: json keeps what the
 * grammar of RFC 8259 allows, jsonb must also turn escapes into characters and
 * numbers into numeric. Nesting of any depth is JSON here; the types refuse
 * what does not fit on the stack.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "quality/jsontext.h"
#include "quality/numbertext.h"

/* levels of nesting for which no memory is asked */
#define FIRST_LEVELS 256

typedef struct Scan
{
	const char *s;
	const char *end;
	bool jsonb; /* would jsonb take all that was seen so far? */
	int deepest; /* levels of nesting */
} Scan;

/*
 * skip_space
 */
static void
skip_space(Scan *scan)
{
	while (scan->s < scan->end && (*scan->s == ' ' || *scan->s == '\t' ||
								   *scan->s == '\n' || *scan->s == '\r'))
		scan->s++;
}

/*
 * scan_unicode: the four digits behind \u as a number, -1 when there are less.
 */
static int
scan_unicode(Scan *scan)
{
	int code = 0;
	int i;

	for (i = 0; i < 4; i++)
	{
		char c = scan->s < scan->end ? *scan->s++ : '\0';

		if (c >= '0' && c <= '9')
			code = code * 16 + (c - '0');
		else if (c >= 'a' && c <= 'f')
			code = code * 16 + (c - 'a') + 10;
		else if (c >= 'A' && c <= 'F')
			code = code * 16 + (c - 'A') + 10;
		else
			return -1;
	}
	return code;
}

/*
 * can_store: has the encoding of the server a character for this escape? Of
 * other encodings only ASCII is sure.
 */
static bool
can_store(int code)
{
	return code != 0 && (code < 0x80 || GetDatabaseEncoding() == PG_UTF8);
}

/*
 * scan_string: behind the opening quote; false when it is none.
 */
static bool
scan_string(Scan *scan)
{
	bool high = false; /* half of a pair of surrogates was seen */

	while (scan->s < scan->end)
	{
		unsigned char c = *scan->s++;
		int code;

		if (c < 0x20)
			return false;
		if (c != '\\')
		{
			if (high)
				scan->jsonb = false;
			if (c == '"')
				return true;
			high = false;
			continue;
		}
		if (scan->s == scan->end)
			return false;
		c = *scan->s++;
		if (c != 'u')
		{
			if (c == '\0' || strchr("\"\\/bfnrt", c) == NULL)
				return false;
			if (high)
				scan->jsonb = false;
			high = false;
			continue;
		}
		code = scan_unicode(scan);
		if (code < 0)
			return false;
		if (high != (code >= 0xDC00 && code <= 0xDFFF))
			scan->jsonb = false;
		high = !high && code >= 0xD800 && code <= 0xDBFF;
		if (!can_store(code))
			scan->jsonb = false;
	}
	return false;
}

/*
 * scan_digits: at least one?
 */
static bool
scan_digits(Scan *scan)
{
	const char *start = scan->s;

	while (scan->s < scan->end && *scan->s >= '0' && *scan->s <= '9')
		scan->s++;
	return scan->s > start;
}

/*
 * scan_number: false when it is none.
 */
static bool
scan_number(Scan *scan)
{
	const char *start = scan->s;

	if (*scan->s == '-')
		scan->s++;
	if (scan->s < scan->end && *scan->s == '0')
		scan->s++;
	else if (!scan_digits(scan))
		return false;
	if (scan->s < scan->end && *scan->s == '.')
	{
		scan->s++;
		if (!scan_digits(scan))
			return false;
	}
	if (scan->s < scan->end && (*scan->s == 'e' || *scan->s == 'E'))
	{
		scan->s++;
		if (scan->s < scan->end && (*scan->s == '+' || *scan->s == '-'))
			scan->s++;
		if (!scan_digits(scan))
			return false;
	}
	if (scan->jsonb &&
		!dq_numbertext_is_numeric(start, scan->s - start, -1))
		scan->jsonb = false;
	return true;
}

/*
 * scan_word
 */
static bool
scan_word(Scan *scan, const char *word)
{
	int len = strlen(word);

	if (scan->end - scan->s < len || memcmp(scan->s, word, len) != 0)
		return false;
	scan->s += len;
	return true;
}

/*
 * scan_scalar: a value that is neither object nor array.
 */
static bool
scan_scalar(Scan *scan)
{
	switch (*scan->s)
	{
		case '"':
			scan->s++;
			return scan_string(scan);
		case 't':
			return scan_word(scan, "true");
		case 'f':
			return scan_word(scan, "false");
		case 'n':
			return scan_word(scan, "null");
		default:
			return (*scan->s == '-' || (*scan->s >= '0' && *scan->s <= '9')) &&
				   scan_number(scan);
	}
}

/*
 * scan_key: a string and a colon.
 */
static bool
scan_key(Scan *scan)
{
	skip_space(scan);
	if (scan->s == scan->end || *scan->s++ != '"' || !scan_string(scan))
		return false;
	skip_space(scan);
	return scan->s < scan->end && *scan->s++ == ':';
}

/*
 * scan_after: what may follow a value at this depth: closing brackets (depth
 * falls) and then a comma, and the key of the next member. False when it is
 * something else. At depth 0 the document is complete.
 */
static bool
scan_after(Scan *scan, const bool *in_object, int *depth)
{
	while (*depth > 0)
	{
		skip_space(scan);
		if (scan->s == scan->end)
			return false;
		if (*scan->s == ',')
		{
			scan->s++;
			return in_object[*depth - 1] ? scan_key(scan) : true;
		}
		if (*scan->s != (in_object[*depth - 1] ? '}' : ']'))
			return false;
		scan->s++;
		(*depth)--;
	}
	return true;
}

/*
 * scan_document: one value, of any depth; in_object has room for "room"
 * levels and grows into the current memory context.
 */
static bool
scan_document(Scan *scan, bool *in_object, int room)
{
	bool *levels = in_object;
	int depth = 0;

	do
	{
		skip_space(scan);
		if (scan->s == scan->end)
			return false;
		if (*scan->s == '{' || *scan->s == '[')
		{
			bool object = *scan->s++ == '{';

			if (depth == room)
			{
				bool *larger = palloc(room * 2);

				memcpy(larger, levels, room);
				levels = larger;
				room *= 2;
			}
			levels[depth++] = object;
			scan->deepest = Max(scan->deepest, depth);
			skip_space(scan);
			if (scan->s == scan->end)
				return false;
			if (*scan->s != (object ? '}' : ']'))
			{
				if (object && !scan_key(scan))
					return false;
				continue;
			}
		}
		else if (!scan_scalar(scan))
			return false;
		if (!scan_after(scan, levels, &depth))
			return false;
	} while (depth > 0);
	skip_space(scan);
	return scan->s == scan->end;
}

/*
 * dq_jsontext_classify: which types of the server take it; how deep it is.
 */
DqJsonText
dq_jsontext_classify(const char *s, int len, int *depth)
{
	bool valid;
	bool levels[FIRST_LEVELS];
	Scan scan;

	scan.s = s;
	scan.end = s + len;
	scan.jsonb = true;
	scan.deepest = 0;
	valid = scan_document(&scan, levels, FIRST_LEVELS);
	*depth = scan.deepest;
	if (!valid)
		return DQ_JSONTEXT_NO;
	return scan.jsonb ? DQ_JSONTEXT_JSONB : DQ_JSONTEXT_JSON;
}

/*
 * dq_jsontext_valid: the type json takes it.
 */
bool
dq_jsontext_valid(const char *s, int len)
{
	int depth;

	return dq_jsontext_classify(s, len, &depth) != DQ_JSONTEXT_NO;
}
