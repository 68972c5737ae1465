/*
 * define_steps.h
 *	  The steps of a definition: from what the user gave to checked drafts.
 */
#ifndef DQ_DEFINE_STEPS_H
#define DQ_DEFINE_STEPS_H

#include "nodes/pg_list.h"
#include "utils/array.h"

/* an array of etl.step as a List of DqDraft *, named, not yet checked */
extern List *dq_define_steps_read(ArrayType *steps);

/*
 * Check every step and complete it, under the search_path in force; then
 * dependencies, phases and order.
 */
extern void dq_define_steps_check(List *drafts, const char *pipeline);

#endif /* DQ_DEFINE_STEPS_H */
