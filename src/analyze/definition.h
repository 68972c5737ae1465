/*
 * definition.h
 *	  A pipeline while it is being defined: names, dependencies, phases, order.
 *
 * Callers fill drafts from what the user gave, in list order; every function
 * takes the whole list, since what a name means depends on what stands before
 * it.
 */
#ifndef DQ_DEFINITION_H
#define DQ_DEFINITION_H

#include "catalog/pipeline.h"
#include "nodes/bitmapset.h"

typedef struct DqDraft
{
	DqStep step; /* depends_on, phase, run_order: by
								 * dq_order_steps */
	List *declared; /* of char *: depends_on as given */
	int source; /* index of the step that an expect or a load
								 * is about; -1: none, or a relation */
	Oid target; /* relation that a load writes */
	List *relations; /* of Oid: relations that are read and are no
								 * stages */
	Bitmapset *stages; /* indexes of steps whose stage is read */
	Bitmapset *needs; /* indexes of all steps that go first */
} DqDraft;

/* DqDraft * of an index, which is position - 1 */
#define DQ_DRAFT(drafts, i) ((DqDraft *) list_nth(drafts, i))

extern void dq_definition_check_name(const char *name, const char *what);
extern void dq_definition_name_steps(List *drafts);
extern bool dq_definition_has_stage(const DqDraft *draft);
extern int dq_definition_find(List *drafts, const char *name);
extern int dq_definition_find_stage(List *drafts, const DqDraft *reader,
									const char *name, const char *sql,
									int location);
extern char *dq_definition_relation_name(List *drafts, Oid relid);
extern List *dq_definition_stage_names(List *drafts);
extern void dq_definition_add_reads(List *drafts, DqDraft *reader,
									List *relations, const char *sql);
extern Jsonb *dq_definition_document(const DqPipeline *pipeline,
									 List *drafts);

/* order.c */
extern void dq_order_steps(List *drafts);

#endif /* DQ_DEFINITION_H */
