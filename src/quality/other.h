/*
 * other.h
 *	  The other relation of a check that compares two.
 */
#ifndef DQ_OTHER_H
#define DQ_OTHER_H

#include "quality/shape.h"

/*
 * The relation that the check names, found by the search_path in force and
 * locked, under an alias that is not the name of ours.
 */
extern DqSource *dq_other_open(const DqProbe *probe);

/*
 * What FROM says for it: the columns that are needed of the rows that the
 * filter lets through, under its alias. NULL: all rows. A filter that cannot
 * stand alone on that relation throws.
 */
extern char *dq_other_from(const DqSource *other, List *columns,
						   const char *filter);

/* the filter alone, as a WHERE clause over schema.relation, or "" */
extern char *dq_other_where(const DqSource *other, const char *filter);

/* "there = here" as a foreign key compares; 42804, 42883 */
extern void dq_other_equal(StringInfo buf, const DqColumn *there,
						   const DqColumn *here);

/*
 * "b and a differ by no more than the check's max_difference, or the share
 * max_relative_difference of b", for numbers; NULL when neither is given.
 */
extern char *dq_other_close(const DqCheck *check, const char *a,
							const char *b);

/* the names of the other side's columns: the option's, else ours */
extern List *dq_other_names(const DqCheck *check, const char *option,
							List *ours);

#endif /* DQ_OTHER_H */
