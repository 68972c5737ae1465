/*
 * exchange.h
 *	  May partitions of a target be exchanged for others?
 */
#ifndef DQ_EXCHANGE_H
#define DQ_EXCHANGE_H

#include "load/task.h"

/* 0A000 when not; 22023 when there is no target yet */
extern void dq_exchange_validate(DqTask *task);

#endif /* DQ_EXCHANGE_H */
