/*
 * mine_key.c
 *	  Keys and references that the data suggest.
 *
 * A column may be unique when its number of different values comes, within
 * the error of the estimate, to the number of its values. Compound keys are
 * looked for in the sample, which a key must not repeat in. References are
 * guessed from names and types: orders.customer_id and the primary key of a
 * table customer or customers.
 */
#include "postgres.h"

#include <math.h>

#include "base/spi.h"
#include "base/sqltext.h"
#include "miscadmin.h"
#include "quality/mine.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

/* columns that a compound key is made of, and of which they are chosen */
#define MAX_KEY 3
#define MAX_PARTS 8
#define MAX_CANDIDATES 56 /* 3 of 8 */
#define SLACK 1.05
/* compound keys that are verified, each by a pass of its own */
#define MAX_COMPOUND 3

/* fewer rows suggest no key */
#define MIN_KEY_ROWS 2

/*
 * numeric_scale_of: digits after the point that a type modifier allows.
 */
static int
numeric_scale_of(int32 typmod)
{
	return (typmod - VARHDRSZ) & 0x7ff;
}

/*
 * has_name_of_key: does the column's name say that it is one?
 */
static bool
has_name_of_key(const char *column)
{
	Size len = strlen(column);

	return pg_strcasecmp(column, "id") == 0 ||
		   (len > 3 && pg_strcasecmp(column + len - 3, "_id") == 0);
}

/*
 * is_measure: does the type say that it is measured, not counted or named?
 */
static bool
is_measure(const DqFacts *facts)
{
	switch (facts->kind.class)
	{
		case DQ_KIND_FLOAT:
		case DQ_KIND_BOOL:
		case DQ_KIND_TIME:
			return true;
		case DQ_KIND_NUMERIC:
			return facts->typmod < (int32) VARHDRSZ ||
				   numeric_scale_of(facts->typmod) > 0;
		case DQ_KIND_INTEGER:
		case DQ_KIND_TEXT:
		case DQ_KIND_OTHER:
			break;
	}
	return false;
}

/*
 * dq_mine_may_be_unique: as far as the profile tells. What is measured is no
 * key, but for a numeric that is called one.
 */
bool
dq_mine_may_be_unique(const DqPortrait *portrait)
{
	const DqFacts *facts = portrait->facts;
	double values = (double) facts->values;

	if (!portrait->distinct_known || facts->values < MIN_KEY_ROWS ||
		(is_measure(facts) && !(facts->kind.class == DQ_KIND_NUMERIC &&
								has_name_of_key(facts->name))))
		return false;
	if (portrait->distinct_exact)
		return portrait->distinct == values;
	return fabs(portrait->distinct - values) <=
			   4 * DQ_SKETCH_ERROR * values &&
		   (portrait->different == portrait->sampled);
}

/*
 * key_text: "PRIMARY KEY (a, b)".
 */
static char *
key_text(const char *kind, List *names)
{
	return psprintf("%s (%s)", kind, dq_sqltext_ident_list(names));
}

/*
 * may_be_primary: unique, and never NULL?
 */
static bool
may_be_primary(const DqPortrait *portrait)
{
	return portrait->facts->nulls == 0 && dq_mine_may_be_unique(portrait);
}

/*
 * choose_primary: the column that is most likely the primary key, or NULL: the
 * first whose name says so, else the first.
 */
static DqPortrait *
choose_primary(DqMine *mine)
{
	DqPortrait *first = NULL;
	ListCell *lc;

	foreach(lc, mine->portraits)
	{
		DqPortrait *portrait = (DqPortrait *) lfirst(lc);

		if (!may_be_primary(portrait))
			continue;
		if (has_name_of_key(portrait->facts->name))
			return portrait;
		if (first == NULL)
			first = portrait;
	}
	return first;
}

/* a compound key that the sample allows */
typedef struct Candidate
{
	double combinations;
	int chosen[MAX_KEY];
} Candidate;

/* rows of the sample as hashes of their values */
typedef struct Grid
{
	int rows;
	int columns;
	uint64 *cells; /* by row */
	DqPortrait *parts[MAX_PARTS];
	int found;
	Candidate keys[MAX_CANDIDATES + 1];
} Grid;

/*
 * by_distinct: columns with more different values first; qsort's.
 */
static int
by_distinct(const void *a, const void *b)
{
	const DqPortrait *x = *(DqPortrait *const *) a;
	const DqPortrait *y = *(DqPortrait *const *) b;

	if (x->distinct != y->distinct)
		return x->distinct > y->distinct ? -1 : 1;
	return x->facts < y->facts ? -1 : 1;
}

/*
 * choose_parts: columns that compound keys may be made of.
 */
static void
choose_parts(DqMine *mine, Grid *grid)
{
	DqPortrait **all = palloc(sizeof(DqPortrait *) *
							  (list_length(mine->portraits) + 1));
	int count = 0;
	ListCell *lc;

	foreach(lc, mine->portraits)
	{
		DqPortrait *portrait = (DqPortrait *) lfirst(lc);
		DqKindClass class = portrait->facts->kind.class;

		if (portrait->facts->nulls == 0 && portrait->distinct_known &&
			portrait->distinct > 1 && portrait->sampled == grid->rows &&
			class != DQ_KIND_FLOAT && class != DQ_KIND_BOOL)
			all[count++] = portrait;
	}
	qsort(all, count, sizeof(DqPortrait *), by_distinct);
	grid->columns = Min(count, MAX_PARTS);
	memcpy(grid->parts, all, sizeof(DqPortrait *) * grid->columns);
}

/*
 * fill_grid: hashes of the sample's values of the chosen columns.
 */
static void
fill_grid(DqMine *mine, Grid *grid)
{
	Datum *values = palloc(sizeof(Datum) * (grid->rows + 1));
	int i;
	int j;

	grid->cells = palloc(sizeof(uint64) * (grid->rows + 1) * MAX_PARTS);
	for (j = 0; j < grid->columns; j++)
	{
		DqFacts *facts = grid->parts[j]->facts;
		DqKind *kind = &facts->kind;

		(void) dq_profile_sampled(mine->profile,
								  (int) (facts - mine->profile->columns),
								  values);
		for (i = 0; i < grid->rows; i++)
		{
			char *string = kind->class == DQ_KIND_TEXT ||
								   kind->class == DQ_KIND_OTHER ?
							   TextDatumGetCString(values[i]) :
							   dq_kind_datum_text(kind, values[i]);

			grid->cells[i * MAX_PARTS + j] =
				dq_sketch_hash(string, strlen(string));
			pfree(string);
		}
	}
	pfree(values);
}

/*
 * compare_hashes: qsort's.
 */
static int
compare_hashes(const void *a, const void *b)
{
	uint64 x = *(const uint64 *) a;
	uint64 y = *(const uint64 *) b;

	return (x > y) - (x < y);
}

/*
 * is_key_of_sample: does the sample not repeat in these columns?
 */
static bool
is_key_of_sample(const Grid *grid, const int *chosen, int count)
{
	uint64 *keys = palloc(sizeof(uint64) * (grid->rows + 1));
	bool unique = true;
	int i;
	int j;

	for (i = 0; i < grid->rows; i++)
	{
		keys[i] = 0;
		for (j = 0; j < count; j++)
			keys[i] = dq_sketch_mix(keys[i] ^
									grid->cells[i * MAX_PARTS + chosen[j]]) +
					  1;
	}
	qsort(keys, grid->rows, sizeof(uint64), compare_hashes);
	for (i = 1; i < grid->rows && unique; i++)
		unique = keys[i] != keys[i - 1];
	pfree(keys);
	return unique;
}

/*
 * try_key: note these columns as a key if they may be one. So many
 * combinations of values must exist as there are rows, within the error of
 * the estimates.
 */
static void
try_key(Grid *grid, const int *chosen, int count, double rows)
{
	Candidate *candidate = &grid->keys[grid->found];
	int i;

	candidate->combinations = 1;
	for (i = 0; i < count; i++)
	{
		candidate->chosen[i] = chosen[i];
		candidate->combinations *= grid->parts[chosen[i]]->distinct;
	}
	if (candidate->combinations * SLACK >= rows &&
		is_key_of_sample(grid, chosen, count))
		grid->found++;
}

/*
 * try_keys: all combinations of so many columns, from the place "from" on.
 */
static void
try_keys(Grid *grid, int *chosen, int have, int want, int from, double rows)
{
	int i;

	if (have == want)
	{
		CHECK_FOR_INTERRUPTS();
		try_key(grid, chosen, want, rows);
		return;
	}
	for (i = from; i < grid->columns; i++)
	{
		chosen[have] = i;
		try_keys(grid, chosen, have + 1, want, i + 1, rows);
	}
}

/*
 * by_combinations: the tightest key first; qsort's.
 */
static int
by_combinations(const void *a, const void *b)
{
	const Candidate *x = (const Candidate *) a;
	const Candidate *y = (const Candidate *) b;

	if (x->combinations != y->combinations)
		return x->combinations < y->combinations ? -1 : 1;
	return memcmp(x->chosen, y->chosen, sizeof(x->chosen));
}

/*
 * add_compound: suggest a compound key, its columns in the order of the table.
 */
static void
add_compound(DqMine *mine, const Grid *grid, const Candidate *key, int count)
{
	List *names = NIL;
	ListCell *lc;
	int i;

	foreach(lc, mine->portraits)
	{
		for (i = 0; i < count; i++)
		{
			if (grid->parts[key->chosen[i]] == lfirst(lc))
				names = lappend(names,
								((DqPortrait *) lfirst(lc))->facts->name);
		}
	}
	dq_mine_add(mine, key_text("PRIMARY KEY", names),
				psprintf("no two rows agree in these %d columns", count),
				mine->profile->rows)
		->key = names;
}

/*
 * mine_compound: keys of two columns or, when there are none, of three; those
 * first whose columns have the fewest combinations of values, as the others
 * may be keys by chance.
 */
static void
mine_compound(DqMine *mine)
{
	Grid grid = {0};
	int chosen[MAX_KEY];
	int want;
	int i;

	grid.rows = mine->profile->sample->count;
	if (grid.rows < MIN_KEY_ROWS)
		return;
	choose_parts(mine, &grid);
	fill_grid(mine, &grid);
	for (want = 2; want <= MAX_KEY && grid.found == 0; want++)
	{
		try_keys(&grid, chosen, 0, want, 0, (double) mine->profile->rows);
		qsort(grid.keys, grid.found, sizeof(Candidate), by_combinations);
		for (i = 0; i < Min(grid.found, MAX_COMPOUND); i++)
			add_compound(mine, &grid, &grid.keys[i], want);
	}
	pfree(grid.cells);
}

/*
 * dq_mine_keys: a primary key, and what else may be unique.
 */
void
dq_mine_keys(DqMine *mine)
{
	DqPortrait *primary = choose_primary(mine);
	ListCell *lc;

	foreach(lc, mine->portraits)
	{
		DqPortrait *portrait = (DqPortrait *) lfirst(lc);
		List *names = list_make1(portrait->facts->name);

		if (!dq_mine_may_be_unique(portrait))
			continue;
		if (portrait == primary)
			dq_mine_add(mine, key_text("PRIMARY KEY", names),
						pstrdup("all values are there, and different"),
						portrait->facts->values)
				->key = names;
		else
			dq_mine_add(mine, key_text("UNIQUE", names),
						pstrdup("all values are different"),
						portrait->facts->values);
	}
	if (primary == NULL)
		mine_compound(mine);
}

/*
 * find_referenced: tables of the source's schema that a column may refer to,
 * with their key.
 */
static DqRows *
find_referenced(DqMine *mine, const DqFacts *facts)
{
	DqArgs args = {0};

	dq_args_oid(&args, mine->source->relid);
	dq_args_text(&args, facts->name);
	dq_args_oid(&args, facts->kind.type);
	return dq_spi_query_readonly(
		DQ_GENERATED,
		"SELECT c.oid, a.attname"
		" FROM pg_class s JOIN pg_class c USING (relnamespace)"
		" JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary"
		" AND i.indisvalid AND i.indnkeyatts = 1"
		" JOIN pg_attribute a ON a.attrelid = c.oid"
		" AND a.attnum = i.indkey[0] AND a.atttypid = $3"
		" WHERE s.oid = $1 AND c.oid <> $1 AND c.relkind IN ('r', 'p')"
		" AND NOT c.relispartition"
		" AND has_column_privilege(c.oid, a.attnum, 'SELECT')"
		" AND ((a.attname = $2 AND lower($2) <> 'id')"
		" OR lower($2) IN (lower(c.relname) || '_id',"
		" rtrim(lower(c.relname), 's') || '_id',"
		" lower(c.relname) || 'id', rtrim(lower(c.relname), 's') || 'id',"
		" regexp_replace(lower(c.relname), 'ies$', 'y') || '_id',"
		" regexp_replace(lower(c.relname), '^(dim|fact|d|f)_', '') || '_id',"
		" lower(c.relname), rtrim(lower(c.relname), 's')))"
		" ORDER BY c.relname LIMIT 3",
		&args);
}

/*
 * dq_mine_references: foreign keys by names and types.
 */
void
dq_mine_references(DqMine *mine)
{
	ListCell *lc;

	foreach(lc, mine->portraits)
	{
		DqFacts *facts = ((DqPortrait *) lfirst(lc))->facts;
		DqRows *rows;
		uint64 i;

		if (facts->values == 0 || facts->kind.class == DQ_KIND_BOOL)
			continue;
		rows = find_referenced(mine, facts);
		for (i = 0; i < rows->count; i++)
		{
			char *relation = dq_sqltext_relation(dq_rows_oid(rows, i, "oid"));
			char *column = dq_rows_text(rows, i, "attname");

			dq_mine_add(mine,
						psprintf("FOREIGN KEY (%s) REFERENCES %s (%s)",
								 dq_sqltext_ident(pstrdup(facts->name)),
								 relation, dq_sqltext_ident(column)),
						psprintf("all values are in %s", relation),
						facts->values);
		}
	}
}
