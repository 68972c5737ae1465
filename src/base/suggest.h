/*
 * suggest.h
 *	  "Perhaps you meant ...".
 */
#ifndef DQ_SUGGEST_H
#define DQ_SUGGEST_H

#include "nodes/pg_list.h"

extern const char *dq_suggest_name(const char *wrong, List *names);
extern int dq_suggest_hint(const char *wrong, List *names);

#endif /* DQ_SUGGEST_H */
