/*
 * profile_diff.h
 *	  What is different between two profiles.
 */
#ifndef DQ_PROFILE_DIFF_H
#define DQ_PROFILE_DIFF_H

#include "quality/profile.h"

typedef struct DqDifference
{
	char *column; /* NULL: it is about the relation */
	const char *difference;
	char *before; /* NULL: nothing was there */
	char *after;
	double magnitude;
} DqDifference;

/* a List of DqDifference *, the greatest magnitude first */
extern List *dq_profile_diff(DqProfile *before, DqProfile *after);

#endif /* DQ_PROFILE_DIFF_H */
