/*
 * timeline.h
 *	  What the versions of keys become when a batch is put among them, as SQL.
 */
#ifndef DQ_TIMELINE_H
#define DQ_TIMELINE_H

#include "lib/stringinfo.h"
#include "load/history.h"

/*
 * WITH queries up to "old" and "work" (see history.c). A row of work is a
 * version as it shall be: the columns of the task, its end, its begin as
 * stored, what is to be done with it, and where columns are carried on, the
 * begin of the stored version that they come from.
 */
extern void dq_timeline_append(StringInfo sql, const DqHistory *h);

#endif /* DQ_TIMELINE_H */
