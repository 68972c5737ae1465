/*
 * constrain.h
 *	  Constraints that make a check cost nothing next time.
 */
#ifndef DQ_CONSTRAIN_H
#define DQ_CONSTRAIN_H

#include "quality/quality.h"

typedef struct DqConstraint
{
	char *check_name;
	char *sql; /* statements; NULL: there is none for this check */
	char *note; /* why not, or what to know; may be NULL */
} DqConstraint;

/*
 * For each check that holds now for all rows, the DDL: a List of
 * DqConstraint *, in the order of the checks. Nothing is executed but the
 * checks. Throws what dq_quality_run throws.
 */
extern List *dq_constrain_checks(const DqQualityTask *task);

#endif /* DQ_CONSTRAIN_H */
