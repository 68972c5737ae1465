/*
 * mine.h
 *	  Checks that the data suggest.
 *
 * A profile tells what might hold; all that is then verified exactly in one
 * run of the checks, and what does not hold is dropped.
 */
#ifndef DQ_MINE_H
#define DQ_MINE_H

#include "quality/portrait.h"
#include "quality/source.h"

typedef struct DqSuggestion
{
	char *check; /* as etl.check takes it */
	char *reason;
	int64 support; /* rows that it was verified on */
	List *key; /* a primary key: its columns, of char * */
	char *not_null; /* a column that has no NULL, which a key implies */
	char *pattern; /* a column that matches a pattern */
	char *looser; /* a column, of which a pattern says more */
} DqSuggestion;

/* a profile that is being mined */
typedef struct DqMine
{
	const DqProfileTask *task;
	const DqSource *source;
	DqProfile *profile;
	List *portraits; /* of DqPortrait * */
	List *found; /* of DqSuggestion * */
} DqMine;

/*
 * Checks on a relation that hold now for all rows: List of DqSuggestion *,
 * keys first. Throws what dq_profile_run and dq_quality_run throw.
 */
extern List *dq_mine_checks(const DqProfileTask *task, const char *source,
							int max_values);

/* pieces: each appends what might hold */
extern DqSuggestion *dq_mine_add(DqMine *mine, char *check, char *reason,
								 int64 support);
extern void dq_mine_keys(DqMine *mine);
extern void dq_mine_references(DqMine *mine);
extern bool dq_mine_may_be_unique(const DqPortrait *portrait);

#endif /* DQ_MINE_H */
