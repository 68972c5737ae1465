/*
 * wait.h
 *	  The one wait primitive: sleep on the latch without hiding a deadlock.
 */
#ifndef DQ_WAIT_H
#define DQ_WAIT_H

#include "datatype/timestamp.h"

typedef struct DqWait
{
	TimestampTz next_look; /* when to look for a deadlock again */
	int shown; /* pid that others see this process wait for, or 0 */
} DqWait;

extern void dq_wait_begin(DqWait *wait);
extern void dq_wait_sleep(DqWait *wait, int pid, long max_ms,
						  const char *what);
extern void dq_wait_end(DqWait *wait);
/* not long: while a run that is over by its record still cleans up */
extern void dq_wait_cleanup(int64 pipeline_id);

#endif /* DQ_WAIT_H */
