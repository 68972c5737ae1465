/*
 * charset.c
 *	  Sets of characters.
 *
 * Named sets are ranges of code points, the same in every locale. A list in
 * brackets gives characters and ranges of them; a closing bracket or a
 * backslash in it is written behind a backslash, a hyphen too or at an end.
 * In an encoding other than UTF-8 only ASCII has code points that we know:
 * there, every other character is outside all sets but those that say so.
 */
#include "postgres.h"

#include "base/sqltext.h"
#include "base/suggest.h"
#include "mb/pg_wchar.h"
#include "quality/charset.h"

typedef struct Range
{
	pg_wchar low;
	pg_wchar high;
} Range;

struct DqCharset
{
	int count;
	Range *ranges;
	bool ascii[128];
};

#define MAX_NAMED 4
#define LAST_CODE 0x10FFFF

static const struct
{
	const char *name;
	int count;
	Range ranges[MAX_NAMED];
} named_sets[] = {
	{"ascii", 1, {{0x01, 0x7F}}},
	{"printable_ascii", 1, {{0x20, 0x7E}}},
	{"latin1", 1, {{0x01, 0xFF}}},
	/* no control characters, no line or paragraph separators, no halves */
	{"printable", 4,
	 {{0x20, 0x7E}, {0xA0, 0x2027}, {0x202A, 0xD7FF}, {0xE000, LAST_CODE}}},
	{"digits", 1, {{'0', '9'}}},
	{"alpha", 2, {{'A', 'Z'}, {'a', 'z'}}},
	{"alnum", 3, {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}},
	{"upper", 1, {{'A', 'Z'}}},
	{"lower", 1, {{'a', 'z'}}},
	{"hex", 3, {{'0', '9'}, {'A', 'F'}, {'a', 'f'}}},
	{"word", 4, {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}}};

/*
 * is_unicode: are the code points of characters those of Unicode?
 */
static bool
is_unicode(void)
{
	return GetDatabaseEncoding() == PG_UTF8;
}

/*
 * code_of: the character at s, and *len its length in bytes; 0 when its code
 * point is not known.
 */
static pg_wchar
code_of(const char *s, int *len)
{
	if (!IS_HIGHBIT_SET(*s))
	{
		*len = 1;
		return (unsigned char) *s;
	}
	*len = pg_mblen(s);
	return is_unicode() ? utf8_to_unicode((const unsigned char *) s) : 0;
}

/*
 * add_range
 */
static void
add_range(DqCharset *set, pg_wchar low, pg_wchar high)
{
	pg_wchar c;

	set->ranges[set->count].low = low;
	set->ranges[set->count].high = high;
	set->count++;
	for (c = low; c <= high && c < 128; c++)
		set->ascii[c] = true;
}

/*
 * refuse: 22023.
 */
static void
refuse(const char *list, const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid set of characters \"%s\": %s",
					dq_sqltext_clip(list, 63), why),
			 errhint("Write a list like [a-z0-9_-].")));
}

/*
 * next_listed: the next character of a list and whether it was escaped; NULL
 * at the closing bracket.
 */
static const char *
next_listed(const char *list, const char *s, pg_wchar *code, bool *escaped)
{
	int len;

	*escaped = *s == '\\';
	if (*escaped)
		s++;
	if (*s == '\0')
		refuse(list, "the closing bracket is missing");
	if (*s == ']' && !*escaped)
		return NULL;
	*code = code_of(s, &len);
	if (*code == 0)
		refuse(list, "the encoding of the database has no code points for it");
	return s + len;
}

/*
 * read_list: "[a-z0-9_]".
 */
static DqCharset *
read_list(const char *list)
{
	DqCharset *set = palloc0(sizeof(DqCharset));
	const char *s = list + 1;
	const char *next;
	pg_wchar low;
	pg_wchar high;
	bool escaped;

	set->ranges = palloc(sizeof(Range) * strlen(list));
	while ((next = next_listed(list, s, &low, &escaped)) != NULL)
	{
		s = next;
		high = low;
		if (s[0] == '-' && s[1] != ']')
		{
			s = next_listed(list, s + 1, &high, &escaped);
			if (high < low)
				refuse(list, "a range ends before it begins");
		}
		add_range(set, low, high);
	}
	if (s[1] != '\0' || set->count == 0)
		refuse(list, set->count == 0 ? "it is empty" :
									   "something follows the closing bracket");
	return set;
}

/*
 * dq_charset_get: see the header.
 */
DqCharset *
dq_charset_get(const char *name)
{
	DqCharset *set;
	List *known = NIL;
	int i;
	int j;

	if (*name == '[')
		return read_list(name);
	for (i = 0; i < lengthof(named_sets); i++)
	{
		known = lappend(known, pstrdup(named_sets[i].name));
		if (strcmp(name, named_sets[i].name) != 0)
			continue;
		set = palloc0(sizeof(DqCharset));
		set->ranges = palloc(sizeof(Range) * MAX_NAMED);
		for (j = 0; j < named_sets[i].count; j++)
			add_range(set, named_sets[i].ranges[j].low,
					  named_sets[i].ranges[j].high);
		return set;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown set of characters \"%s\"",
					dq_sqltext_clip(name, 63)),
			 dq_suggest_name(name, known) ?
				 dq_suggest_hint(name, known) :
				 errhint("Write a list like [a-z0-9_-], or one of: ascii, printable_ascii, latin1, printable, digits, alpha, alnum, upper, lower, hex, word.")));
	return NULL;
}

/*
 * dq_charset_matches: see the header.
 */
bool
dq_charset_matches(const DqCharset *set, const char *bytes, int len)
{
	const char *end = bytes + len;

	while (bytes < end)
	{
		pg_wchar code;
		int size;
		int i;

		if (!IS_HIGHBIT_SET(*bytes))
		{
			if (!set->ascii[(unsigned char) *bytes])
				return false;
			bytes++;
			continue;
		}
		code = code_of(bytes, &size);
		for (i = 0; i < set->count; i++)
		{
			if (code >= set->ranges[i].low && code <= set->ranges[i].high)
				break;
		}
		if (i == set->count)
			return false;
		bytes += size;
	}
	return true;
}
