/*
 * emulate.h
 *	  Bringing rows into a target by a key that no index stands behind.
 */
#ifndef DQ_EMULATE_H
#define DQ_EMULATE_H

#include "load/task.h"

/*
 * What dq_diff_write does, by UPDATE and INSERT while other writers of the
 * target are held up. For foreign tables, views, and partitioned tables whose
 * partition key is not part of the key: there an update may move a row.
 */
extern void dq_emulate_write(DqTask *task, DqLoadCounts *counts);

#endif /* DQ_EMULATE_H */
