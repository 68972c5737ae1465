/*
 * retry.h
 *	  Which errors another attempt may heal.
 */
#ifndef DQ_RETRY_H
#define DQ_RETRY_H

extern bool dq_retry_may_heal(int sqlerrcode);

#endif /* DQ_RETRY_H */
