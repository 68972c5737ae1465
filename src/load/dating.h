/*
 * dating.h
 *	  Since when the version that a row of a batch brings is valid.
 */
#ifndef DQ_DATING_H
#define DQ_DATING_H

#include "load/history.h"

/* is this (base) type one that the end of a window can be put into? */
extern bool dq_dating_is_time(Oid type);

/*
 * Add valid_from to the columns of a task. 42804, 22023 when the stage has a
 * column that the load sets.
 */
extern void dq_dating_settle(DqTask *task);

/* 22008, 22003 when a row of the batch begins at infinity, or NaN */
extern void dq_dating_check(const DqHistory *history);

#endif /* DQ_DATING_H */
