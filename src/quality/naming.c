/*
 * naming.c
 *	  The names of checks. History follows the name, so a derived one depends
 *	  on what is checked, not on bounds or on the place in the list.
 */
#include "postgres.h"

#include "base/sqltext.h"
#include "quality/naming.h"

/*
 * one_line: a text with its white space folded to single blanks.
 */
static char *
one_line(const char *text)
{
	StringInfoData buf;
	const char *p;

	initStringInfo(&buf);
	for (p = text; *p != '\0'; p++)
	{
		if (*p == ' ' || (*p >= '\t' && *p <= '\r'))
		{
			if (buf.len > 0 && buf.data[buf.len - 1] != ' ')
				appendStringInfoChar(&buf, ' ');
		}
		else
			appendStringInfoChar(&buf, *p);
	}
	if (buf.len > 0 && buf.data[buf.len - 1] == ' ')
		buf.data[--buf.len] = '\0';
	return buf.data;
}

/*
 * derive_name: a stable, readable name from what is checked.
 */
static char *
derive_name(const DqCheck *check)
{
	StringInfoData buf;
	ListCell *lc;
	int room = NAMEDATALEN - 1;

	if (check->expression != NULL)
		return dq_sqltext_clip(one_line(check->expression), room);
	initStringInfo(&buf);
	foreach(lc, check->columns)
		appendStringInfo(&buf, "%s_", (char *) lfirst(lc));
	room -= strlen(check->type->name);
	if (buf.len > room)
	{
		char *clipped = dq_sqltext_clip(buf.data, room - 1);

		resetStringInfo(&buf);
		appendStringInfo(&buf, "%s_", clipped);
	}
	appendStringInfoString(&buf, check->type->name);
	return buf.data;
}

/*
 * name_taken: does one of the first "count" checks, or any that was named by
 * hand, bear the name?
 */
static bool
name_taken(List *checks, int count, const char *name)
{
	ListCell *lc;

	foreach(lc, checks)
	{
		DqCheck *check = (DqCheck *) lfirst(lc);

		if (!check->name_given && foreach_current_index(lc) >= count)
			continue;
		if (check->name != NULL && strcmp(check->name, name) == 0)
			return true;
	}
	return false;
}

/*
 * name_levels: the levels of a check bear its name.
 */
static void
name_levels(List *checks)
{
	ListCell *lc;
	ListCell *level;

	foreach(lc, checks)
	{
		DqCheck *check = (DqCheck *) lfirst(lc);

		foreach(level, check->levels)
			((DqCheck *) lfirst(level))->name = check->name;
	}
}

/*
 * dq_naming_settle: given names are unique (42710), derived ones get a number
 * when they are taken.
 */
void
dq_naming_settle(List *checks)
{
	ListCell *lc;

	foreach(lc, checks)
	{
		DqCheck *check = (DqCheck *) lfirst(lc);
		int position = foreach_current_index(lc);
		char *base;
		int number = 1;

		if (check->name_given)
		{
			ListCell *other;

			for_each_cell(other, checks, lnext(checks, lc))
			{
				DqCheck *next = (DqCheck *) lfirst(other);

				if (next->name_given && strcmp(next->name, check->name) == 0)
					ereport(ERROR,
							(errcode(ERRCODE_DUPLICATE_OBJECT),
							 errmsg("check \"%s\" is named twice",
									check->name)));
			}
			continue;
		}
		base = derive_name(check);
		check->name = base;
		while (name_taken(checks, position, check->name))
		{
			char *suffix = psprintf("_%d", ++number);
			int room = NAMEDATALEN - 1 - strlen(suffix);

			check->name = psprintf("%s%s", dq_sqltext_clip(base, room),
								   suffix);
		}
	}
	name_levels(checks);
}
