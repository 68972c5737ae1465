/*
 * pattern.c
 *	  Shapes of texts: AAA-999.
 *
 * In a shape A stands for an ASCII capital, a for any other letter (every
 * character beyond ASCII counts as one), 9 for a digit; all else stands for
 * itself. When texts have more than MAX_PLAIN shapes, runs of the same kind
 * are written as one, with a plus sign: a+.a+@a+.a+.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "quality/pattern.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

/* with more shapes than this, runs are written as one */
#define MAX_PLAIN 50

/* shapes beyond these are only counted */
#define MAX_SHAPES 5000

/* longer texts have their beginning as shape */
#define MAX_SHAPE 60
#define MORE "..."

typedef struct ShapeEntry
{
	char shape[MAX_SHAPE + 20];
	int64 rows;
} ShapeEntry;

struct DqPatterns
{
	HTAB *plain;
	HTAB *runs;
};

/*
 * create_table: of shapes.
 */
static HTAB *
create_table(const char *name)
{
	HASHCTL control = {0};

	control.keysize = sizeof(((ShapeEntry *) NULL)->shape);
	control.entrysize = sizeof(ShapeEntry);
	control.hcxt = CurrentMemoryContext;
	return hash_create(name, 64, &control,
					   HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
}

/*
 * dq_pattern_create: no texts yet, in the current memory context.
 */
DqPatterns *
dq_pattern_create(void)
{
	DqPatterns *patterns = palloc0(sizeof(DqPatterns));

	patterns->plain = create_table("dq_etl shapes");
	patterns->runs = create_table("dq_etl shapes of runs");
	return patterns;
}

/*
 * letter_of: what stands for a character.
 */
static char
letter_of(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return 'A';
	if ((c >= 'a' && c <= 'z') || IS_HIGHBIT_SET(c))
		return 'a';
	if (c >= '0' && c <= '9')
		return '9';
	return (char) c;
}

/*
 * write_shape: the shape of a text; with runs as one or not.
 */
static void
write_shape(char *shape, const char *bytes, int len, bool runs)
{
	int at = 0;
	int i = 0;

	while (i < len && at < MAX_SHAPE)
	{
		char letter = letter_of((unsigned char) bytes[i]);

		i += Min(pg_mblen(bytes + i), len - i);
		if (runs && (letter == 'A' || letter == 'a' || letter == '9'))
		{
			while (i < len && letter_of((unsigned char) bytes[i]) == letter)
				i += Min(pg_mblen(bytes + i), len - i);
			shape[at++] = letter;
			letter = '+';
		}
		shape[at++] = letter;
	}
	shape[at] = '\0';
	if (i < len)
		strlcat(shape, MORE, MAX_SHAPE + 20);
}

/*
 * count_shape: in one of the tables, while there is room.
 */
static void
count_shape(HTAB *table, const char *shape, int64 rows)
{
	ShapeEntry *entry;
	bool found;

	if (hash_get_num_entries(table) >= MAX_SHAPES)
	{
		entry = hash_search(table, shape, HASH_FIND, NULL);
		if (entry != NULL)
			entry->rows += rows;
		return;
	}
	entry = hash_search(table, shape, HASH_ENTER, &found);
	entry->rows = found ? entry->rows + rows : rows;
}

/*
 * dq_pattern_add: a text that so many rows have.
 */
void
dq_pattern_add(DqPatterns *patterns, const char *bytes, int len, int64 rows)
{
	char shape[MAX_SHAPE + 20];

	write_shape(shape, bytes, len, false);
	count_shape(patterns->plain, shape, rows);
	write_shape(shape, bytes, len, true);
	count_shape(patterns->runs, shape, rows);
}

/*
 * compare_counts: the most frequent first; list_sort's.
 */
static int
compare_counts(const ListCell *a, const ListCell *b)
{
	const DqShapeCount *x = (const DqShapeCount *) lfirst(a);
	const DqShapeCount *y = (const DqShapeCount *) lfirst(b);

	if (x->rows != y->rows)
		return x->rows > y->rows ? -1 : 1;
	return strcmp(x->shape, y->shape);
}

/*
 * chosen: the table that is shown.
 */
static HTAB *
chosen(const DqPatterns *patterns)
{
	if (hash_get_num_entries(patterns->plain) <= MAX_PLAIN)
		return patterns->plain;
	return patterns->runs;
}

/*
 * dq_pattern_list: all shapes, the most frequent first: a List of
 * DqShapeCount *.
 */
List *
dq_pattern_list(DqPatterns *patterns)
{
	HASH_SEQ_STATUS scan;
	ShapeEntry *entry;
	List *shapes = NIL;

	hash_seq_init(&scan, chosen(patterns));
	while ((entry = hash_seq_search(&scan)) != NULL)
	{
		DqShapeCount *count = palloc(sizeof(DqShapeCount));

		count->shape = pstrdup(entry->shape);
		count->rows = entry->rows;
		shapes = lappend(shapes, count);
	}
	list_sort(shapes, compare_counts);
	return shapes;
}

/*
 * dq_pattern_has_runs: see pattern.h.
 */
bool
dq_pattern_has_runs(const DqPatterns *patterns)
{
	return chosen(patterns) == patterns->runs;
}

/*
 * dq_pattern_regex: a regular expression for the texts of a shape in which
 * all letters are ASCII, without anchors. NULL when the shape is that of a
 * beginning.
 */
char *
dq_pattern_regex(const char *shape, bool runs)
{
	StringInfoData buf;
	const char *p = shape;

	initStringInfo(&buf);
	if (strlen(shape) >= MAX_SHAPE)
		return NULL;
	while (*p != '\0')
	{
		char letter = *p;
		int count = 0;
		const char *class = letter == 'A' ? "[A-Z]" :
							letter == 'a' ? "[a-z]" :
							letter == '9' ? "[0-9]" :
											NULL;

		if (class == NULL)
		{
			if (strchr("\\^$.[]|()?*+{}", letter) != NULL)
				appendStringInfoChar(&buf, '\\');
			appendStringInfoChar(&buf, letter);
			p++;
			continue;
		}
		while (*p == letter)
		{
			count++;
			p++;
		}
		appendStringInfoString(&buf, class);
		if (runs && *p == '+')
		{
			appendStringInfoChar(&buf, '+');
			p++;
		}
		else if (count > 1)
			appendStringInfo(&buf, "{%d}", count);
	}
	return buf.data;
}
