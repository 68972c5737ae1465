/*
 * partition.h
 *	  An expected distribution, written as an object: values or bins, and
 *	  their weights.
 */
#ifndef DQ_PARTITION_H
#define DQ_PARTITION_H

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

typedef struct DqPartition
{
	List *values; /* of char *; NIL: bins */
	double *edges; /* finite ones, ascending */
	int n_edges;
	bool last_closed; /* the last edge belongs to the bin below it */
	/* of the values, or of n_edges + 1 bins, tails first and last */
	double *weights;
	int n_weights;
	double unseen; /* values: for all that are not in the list */
} DqPartition;

/*
 * Read "partition" of a rule object, with tail_weight_holdout and
 * internal_weight_holdout applied; NULL when there is none. 22023 for what is
 * no distribution.
 */
extern DqPartition *dq_partition_read(Jsonb *doc, const char *what);

/* the observed and expected parts as a partition object, for results */
extern Jsonb *dq_partition_object(const DqPartition *partition,
								  const double *weights);

#endif /* DQ_PARTITION_H */
