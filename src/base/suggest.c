/*
 * suggest.c
 *	  "Perhaps you meant ...": the nearest known name to a misspelt one, by
 *	  PostgreSQL's own Levenshtein distance.
 */
#include "postgres.h"

#include "base/sqltext.h"
#include "base/suggest.h"
#include "utils/varlena.h"

/* longest string that the distance function accepts is 255 bytes */
#define MAX_COMPARED 63

/*
 * dq_suggest_name: the name nearest to "wrong", or NULL when none is within
 * half its length; one that differs in the case of letters only is the
 * nearest. names is a List of char *; the result is one of them.
 */
const char *
dq_suggest_name(const char *wrong, List *names)
{
	const char *best = NULL;
	char *given = dq_sqltext_clip(wrong, MAX_COMPARED);
	int limit = strlen(given) / 2 + 1;
	ListCell *lc;

	foreach(lc, names)
	{
		char *name = (char *) lfirst(lc);
		int len = strlen(name);
		int distance;

		if (pg_strcasecmp(wrong, name) == 0)
			return name;
		if (len > MAX_COMPARED)
			continue;
		distance = varstr_levenshtein_less_equal(given, strlen(given),
												 name, len,
												 1, 1, 1, limit - 1, true);
		if (distance < limit)
		{
			limit = distance;
			best = name;
			if (distance == 0)
				break;
		}
	}
	return best;
}

/*
 * dq_suggest_hint: errhint for use inside ereport; says nothing when no name
 * is near.
 */
int
dq_suggest_hint(const char *wrong, List *names)
{
	const char *best = dq_suggest_name(wrong, names);

	if (best == NULL)
		return 0;
	return errhint("Perhaps you meant \"%s\".", best);
}
