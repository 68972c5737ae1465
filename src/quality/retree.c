/*
 * retree.c
 *	  Patterns as trees, for those whose meaning is certain.
 *
 * The language is what "~" of PostgreSQL accepts (advanced regular
 * expressions), less what depends on more than the characters read so far or
 * what nobody should rely on:
 *
 *	accepted	literals; escapes of punctuation and \a \b \B \e \f \n \r \t
 *				\v; \A \Z ^ $; . [...] [^...] with ranges, escapes and
 *				[:class:]; \d \D \s \S \w \W; ( ) (?: ) | ; * + ? {m} {m,}
 *				{m,n}, greedy or not
 *	refused		back references, numeric escapes, \m \M \y \Y, lookaround,
 *				embedded options, comments, ***, collating elements,
 *				equivalence classes
 *
 * As the server has no newline sensitivity unless it is asked for, ^ and $
 * are the ends of the string and . is any character. Ranges are of codes, in
 * every collation. Whether a quantifier is greedy tells where a match ends,
 * not whether there is one.
 *
 * Every pattern is first compiled by the core, so that what it refuses is
 * refused here too. Which of the characters below 128 (in a single-byte
 * encoding: of all) belong to \w, [:alpha:] and so on under the collation is
 * asked of the core, one by one. In UTF-8 the others are none under a C
 * locale, and "unknown" under any other: a string that depends on one of
 * them is left to the core (see dfa.c).
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "quality/retree.h"
#include "regex/regex.h"
#include "utils/lsyscache.h"

/* the core's own limit of a repetition */
#define MAX_REPEAT 255

/* longer patterns are for the core; keeps recursion shallow */
#define MAX_LENGTH 2000

#define BAD_NUMBER (-2)

typedef struct Parser
{
	const pg_wchar *now;
	const pg_wchar *stop;
	Oid collation;
	bool refused;
} Parser;

static DqRe *parse_either(Parser *p, bool inside);

/*
 * new_node: a node of the tree.
 */
static DqRe *
new_node(DqReKind kind, DqRe *left, DqRe *right)
{
	DqRe *re = palloc0(sizeof(DqRe));

	re->kind = kind;
	re->left = left;
	re->right = right;
	return re;
}

/*
 * new_set: a node that is a character of a set.
 */
static DqRe *
new_set(DqCodeset *set)
{
	DqRe *re = new_node(DQ_RE_SET, NULL, NULL);

	dq_codeset_settle(set);
	re->set = set;
	return re;
}

/*
 * new_character: a node that is this character.
 */
static DqRe *
new_character(pg_wchar code)
{
	DqCodeset *set = dq_codeset_new();

	dq_codeset_add(set, code, code);
	return new_set(set);
}

/*
 * any_character: a node that is any character.
 */
static DqRe *
any_character(void)
{
	DqCodeset *set = dq_codeset_new();

	dq_codeset_add(set, 1, dq_codeset_last_code());
	return new_set(set);
}

/*
 * new_repeat: a node of repetitions.
 */
static DqRe *
new_repeat(DqRe *re, int min, int max)
{
	DqRe *repeat = new_node(DQ_RE_REPEAT, re, NULL);

	repeat->min = min;
	repeat->max = max;
	return repeat;
}

/*
 * refuse: this pattern is for the core. Returns something harmless.
 */
static DqRe *
refuse(Parser *p)
{
	p->refused = true;
	p->now = p->stop;
	return new_node(DQ_RE_EMPTY, NULL, NULL);
}

/*
 * sees: is this ASCII character next?
 */
static bool
sees(const Parser *p, char c)
{
	return p->now < p->stop && *p->now == (pg_wchar) c;
}

/*
 * sees_at: is this ASCII character so many places ahead?
 */
static bool
sees_at(const Parser *p, int ahead, char c)
{
	return p->stop - p->now > ahead && p->now[ahead] == (pg_wchar) c;
}

/*
 * eats: take this ASCII character if it is next.
 */
static bool
eats(Parser *p, char c)
{
	if (!sees(p, c))
		return false;
	p->now++;
	return true;
}

/*
 * is_digit: an ASCII digit, which is what a bound is made of?
 */
static bool
is_digit(pg_wchar code)
{
	return code >= '0' && code <= '9';
}

/*
 * is_letter: an ASCII letter, the first character of escapes with a meaning?
 */
static bool
is_letter(pg_wchar code)
{
	return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
}

/*
 * class_escape: the characters of \d, \s or \w, or of their complements.
 */
static DqCodeset *
class_escape(const Parser *p, pg_wchar letter)
{
	DqCodeset *members;
	char atom[3] = {'\\', (char) letter, '\0'};

	if (!is_letter(letter) || strchr("dswDSW", (int) letter) == NULL)
		return NULL;
	atom[1] = pg_ascii_tolower(atom[1]);
	members = dq_codeset_class(p->collation, atom);
	return letter < 'a' ? dq_codeset_complement(members) : members;
}

/*
 * plain_escape: the character that an escape stands for; false when it is
 * another kind of escape. "c" is what follows the backslash.
 */
static bool
plain_escape(pg_wchar c, pg_wchar *code)
{
	static const char letters[] = "abBefnrtv";
	static const char codes[] = "\007\b\\\033\f\n\r\t\v";
	const char *found;

	*code = c;
	if (!is_letter(c) && !is_digit(c))
		return true;
	found = strchr(letters, (int) c);
	if (found == NULL)
		return false;
	*code = (pg_wchar) codes[found - letters];
	return true;
}

/*
 * parse_escape: what a backslash begins, outside of brackets.
 */
static DqRe *
parse_escape(Parser *p)
{
	pg_wchar code;
	DqCodeset *set;
	pg_wchar c;

	if (p->now == p->stop)
		return refuse(p);
	c = *p->now++;
	if (plain_escape(c, &code))
		return new_character(code);
	set = class_escape(p, c);
	if (set != NULL)
		return new_set(set);
	return refuse(p);
}

/*
 * parse_class_name: the rest of [:name:], added to a set.
 */
static bool
parse_class_name(Parser *p, DqCodeset *set)
{
	char name[16];
	int len = 0;

	while (p->now < p->stop && *p->now >= 'a' && *p->now <= 'z' &&
		   len < (int) sizeof(name) - 1)
		name[len++] = (char) *p->now++;
	name[len] = '\0';
	if (len == 0 || !eats(p, ':') || !eats(p, ']'))
		return false;
	dq_codeset_add_set(set, dq_codeset_class(p->collation,
											 psprintf("[[:%s:]]", name)));
	return true;
}

/*
 * parse_end_of_range: what stands after the "-" of a range.
 */
static bool
parse_end_of_range(Parser *p, pg_wchar *code)
{
	if (p->now == p->stop || sees(p, ']'))
		return false;
	if (sees(p, '[') && (sees_at(p, 1, '.') || sees_at(p, 1, '=') ||
						 sees_at(p, 1, ':')))
		return false;
	*code = *p->now++;
	if (*code != '\\')
		return true;
	if (p->now == p->stop)
		return false;
	return plain_escape(*p->now++, code);
}

/*
 * parse_bracket_item: one item of a bracket expression, added to a set; false
 * when it is none that we know. "first" is whether it is the first.
 */
static bool
parse_bracket_item(Parser *p, DqCodeset *set, bool first)
{
	pg_wchar start = *p->now++;
	pg_wchar end;

	if (start == '[' && (sees(p, '.') || sees(p, '=')))
		return false;
	if (start == '[' && eats(p, ':'))
		return parse_class_name(p, set);
	if (start == '-' && !first && !sees(p, ']'))
		return false;
	if (start == '\\')
	{
		pg_wchar c;
		DqCodeset *members;

		if (p->now == p->stop)
			return false;
		c = *p->now++;
		if (!plain_escape(c, &start))
		{
			members = class_escape(p, c);
			if (members != NULL)
				dq_codeset_add_set(set, members);
			return members != NULL;
		}
	}
	end = start;
	if (sees(p, '-') && !sees_at(p, 1, ']'))
	{
		p->now++;
		if (!parse_end_of_range(p, &end) || end < start)
			return false;
	}
	dq_codeset_add(set, start, end);
	return true;
}

/*
 * parse_bracket: the rest of a bracket expression. A "]" in the first place
 * is a character.
 */
static DqRe *
parse_bracket(Parser *p)
{
	DqCodeset *set = dq_codeset_new();
	bool negated;
	bool first = true;

	/* [[:<:]] and [[:>:]] are word boundaries */
	if (sees(p, '[') && sees_at(p, 1, ':') &&
		(sees_at(p, 2, '<') || sees_at(p, 2, '>')))
		return refuse(p);
	negated = eats(p, '^');
	while (p->now < p->stop && (first || !sees(p, ']')))
	{
		if (!parse_bracket_item(p, set, first))
			return refuse(p);
		first = false;
	}
	if (!eats(p, ']'))
		return refuse(p);
	dq_codeset_settle(set);
	return new_set(negated ? dq_codeset_complement(set) : set);
}

/*
 * parse_group: the rest of a group, capturing or not.
 */
static DqRe *
parse_group(Parser *p)
{
	DqRe *re;

	if (eats(p, '?') && !eats(p, ':'))
		return refuse(p);
	re = parse_either(p, true);
	if (!eats(p, ')'))
		return refuse(p);
	return re;
}

/*
 * parse_number: a bound of a repetition, or BAD_NUMBER.
 */
static int
parse_number(Parser *p)
{
	int n = 0;

	if (p->now == p->stop || !is_digit(*p->now))
		return BAD_NUMBER;
	while (p->now < p->stop && is_digit(*p->now) && n <= MAX_REPEAT)
		n = n * 10 + (int) (*p->now++ - '0');
	return n <= MAX_REPEAT ? n : BAD_NUMBER;
}

/*
 * parse_bound: the rest of {m}, {m,} or {m,n} after an atom.
 */
static DqRe *
parse_bound(Parser *p, DqRe *atom)
{
	int min = parse_number(p);
	int max = min;

	if (min >= 0 && eats(p, ','))
		max = sees(p, '}') ? DQ_RE_UNBOUNDED : parse_number(p);
	if (min == BAD_NUMBER || (max < min && max != DQ_RE_UNBOUNDED) ||
		!eats(p, '}'))
		return refuse(p);
	return new_repeat(atom, min, max);
}

/*
 * parse_quantifier: an atom with the quantifier that follows it, if any.
 */
static DqRe *
parse_quantifier(Parser *p, DqRe *atom)
{
	DqRe *re;

	if (eats(p, '*'))
		re = new_repeat(atom, 0, DQ_RE_UNBOUNDED);
	else if (eats(p, '+'))
		re = new_repeat(atom, 1, DQ_RE_UNBOUNDED);
	else if (eats(p, '?'))
		re = new_repeat(atom, 0, 1);
	else if (sees(p, '{') && p->stop - p->now > 1 && is_digit(p->now[1]))
	{
		p->now++;
		re = parse_bound(p, atom);
	}
	else
		return atom;
	(void) eats(p, '?');
	return re;
}

/*
 * parse_piece: an atom with its quantifier, or a constraint, which has none.
 */
static DqRe *
parse_piece(Parser *p)
{
	pg_wchar c = *p->now++;
	pg_wchar next = p->now < p->stop ? *p->now : 0;

	switch (c)
	{
		case '^':
			return new_node(DQ_RE_START, NULL, NULL);
		case '$':
			return new_node(DQ_RE_END, NULL, NULL);
		case '*':
		case '+':
		case '?':
			return refuse(p);
		case '{':
			if (is_digit(next))
				return refuse(p);
			return parse_quantifier(p, new_character(c));
		case '.':
			return parse_quantifier(p, any_character());
		case '(':
			return parse_quantifier(p, parse_group(p));
		case '[':
			return parse_quantifier(p, parse_bracket(p));
		case '\\':
			if (next == 'A' || next == 'Z')
			{
				p->now++;
				return new_node(next == 'A' ? DQ_RE_START : DQ_RE_END,
								NULL, NULL);
			}
			return parse_quantifier(p, parse_escape(p));
		default:
			return parse_quantifier(p, new_character(c));
	}
}

/*
 * parse_sequence: pieces one after the other, up to "|", ")" or the end.
 */
static DqRe *
parse_sequence(Parser *p, bool inside)
{
	DqRe *re = new_node(DQ_RE_EMPTY, NULL, NULL);

	while (p->now < p->stop && !sees(p, '|'))
	{
		if (sees(p, ')'))
		{
			if (!inside)
				return refuse(p);
			break;
		}
		re = new_node(DQ_RE_CONCAT, re, parse_piece(p));
	}
	return re;
}

/*
 * parse_either: sequences with "|" between them.
 */
static DqRe *
parse_either(Parser *p, bool inside)
{
	DqRe *re;

	check_stack_depth();
	re = parse_sequence(p, inside);
	while (eats(p, '|'))
		re = new_node(DQ_RE_EITHER, re, parse_sequence(p, inside));
	return re;
}

/*
 * is_certain: does the pattern mean under this collation and in this encoding
 * what we think? The core throws for nondeterministic collations.
 */
static bool
is_certain(const char *pattern, Oid collation)
{
	if (strlen(pattern) > MAX_LENGTH)
		return false;
	if (!OidIsValid(collation) || !get_collation_isdeterministic(collation))
		return false;
	return GetDatabaseEncoding() == PG_UTF8 ||
		   pg_database_encoding_max_length() == 1;
}

/*
 * to_codes: the pattern as the core sees it.
 */
static pg_wchar *
to_codes(const char *pattern, int *count)
{
	int len = strlen(pattern);
	pg_wchar *codes = palloc(sizeof(pg_wchar) * (len + 1));

	*count = pg_mb2wchar_with_len(pattern, codes, len);
	return codes;
}

/*
 * dq_retree_regex: a pattern of "~".
 */
DqRe *
dq_retree_regex(const char *pattern, Oid collation)
{
	Parser p = {.collation = collation};
	regex_t compiled;
	pg_wchar *codes;
	int count;
	DqRe *re;

	if (!is_certain(pattern, collation))
		return NULL;
	codes = to_codes(pattern, &count);
	if (pg_regcomp(&compiled, codes, count, REG_ADVANCED | REG_NOSUB,
				   collation) != REG_OKAY)
		return NULL;
	pg_regfree(&compiled);

	p.now = codes;
	p.stop = codes + count;
	re = parse_either(&p, false);
	return p.refused ? NULL : re;
}

/*
 * dq_retree_like: a pattern of LIKE. It is anchored at both ends but where a
 * "%" stands, "_" is a character, and a backslash makes the next character a
 * plain one; the core throws when there is none.
 */
DqRe *
dq_retree_like(const char *pattern, Oid collation)
{
	DqRe *re = new_node(DQ_RE_EMPTY, NULL, NULL);
	pg_wchar *codes;
	int count;
	int i;

	if (!is_certain(pattern, collation))
		return NULL;
	codes = to_codes(pattern, &count);
	if (count == 0 || codes[0] != '%')
		re = new_node(DQ_RE_START, NULL, NULL);
	for (i = 0; i < count; i++)
	{
		DqRe *piece;

		if (codes[i] == '%')
		{
			if (i == count - 1)
				return re;
			if (i == 0)
				continue;
			piece = new_repeat(any_character(), 0, DQ_RE_UNBOUNDED);
		}
		else if (codes[i] == '_')
			piece = any_character();
		else if (codes[i] == '\\' && ++i == count)
			return NULL;
		else
			piece = new_character(codes[i]);
		re = new_node(DQ_RE_CONCAT, re, piece);
	}
	return new_node(DQ_RE_CONCAT, re, new_node(DQ_RE_END, NULL, NULL));
}
