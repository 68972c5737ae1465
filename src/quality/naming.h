/*
 * naming.h
 *	  The names of checks.
 */
#ifndef DQ_NAMING_H
#define DQ_NAMING_H

#include "quality/rule.h"

extern void dq_naming_settle(List *checks);

#endif /* DQ_NAMING_H */
