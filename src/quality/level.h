/*
 * level.h
 *	  One check at several levels of severity.
 */
#ifndef DQ_LEVEL_H
#define DQ_LEVEL_H

#include "quality/rule.h"

/* has the rule object levels? */
extern bool dq_level_any(Jsonb *doc);

extern void dq_level_expand(DqCheck *check);

#endif /* DQ_LEVEL_H */
