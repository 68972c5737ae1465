/*
 * fused.h
 *	  Many checks as one SQL statement.
 */
#ifndef DQ_FUSED_H
#define DQ_FUSED_H

#include "quality/shape.h"

typedef struct DqFused
{
	const DqSource *source;
	/* while it is written */
	StringInfoData aggregates; /* of the scan of the relation */
	StringInfoData numbers; /* bigints made of them */
	int n_aggregates;
	int n_numbers;
	StringInfoData own; /* subselects of checks */
	int n_own;
	/* the answer */
	int64 *scan;
	int64 **own_numbers;
} DqFused;

/* ask for numbers; each returns where they will be */
extern int dq_fused_count(DqFused *fused, const char *condition);
extern int dq_fused_verdict(DqFused *fused, const char *filter,
							const char *verdict);
extern int dq_fused_own(DqFused *fused, const char *subselect);

/* strategy: answer all of these */
extern void dq_fused_answer(const DqSource *source, List *probes);

/* is it about the server rather than about the check? */
extern bool dq_fused_is_fatal(const ErrorData *error);

#endif /* DQ_FUSED_H */
