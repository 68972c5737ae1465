/*
 * fused.h
 *	  Many checks as one SQL statement.
 */
#ifndef DQ_FUSED_H
#define DQ_FUSED_H

#include "base/spi.h"
#include "nodes/pg_list.h"
#include "quality/shape.h"

typedef struct DqFused
{
	const DqSource *source;
	/* while it is written */
	List *aggregates; /* of the scan of the relation: char * */
	List *outputs; /* texts made of them, where aggregate n is s.an: char * */
	StringInfoData own; /* subselects of checks */
	int n_own;
	/* the answer: texts or NULL */
	char **scan;
	char ***own_answers;
} DqFused;

/* an aggregate of the scan, by its place; the same one is taken once */
extern int dq_fused_aggregate(DqFused *fused, const char *sql);

/* ask for answers; each returns where they will be in "scan" (or "own") */
extern int dq_fused_output(DqFused *fused, const char *sql);
extern int dq_fused_count(DqFused *fused, const char *condition);
extern int dq_fused_verdict(DqFused *fused, const char *filter,
							const char *verdict);
extern int dq_fused_own(DqFused *fused, const char *subselect);

/* a subselect's answers */
extern char **dq_fused_own_answers(const DqFused *fused, int own);

/* an answer that is a whole number */
extern int64 dq_fused_int(char *const *answers, int at);

/*
 * One check for every group: a statement from "key, answers", and what row n
 * of it says about a group.
 */
extern DqRows *dq_fused_grouped(DqFused *fused, DqProbe *probe,
								const char *key, const char *from);
extern void dq_fused_read_grouped(DqFused *fused, DqRows *rows, int row,
								  DqProbe *group);

/* a text[] of a result row, NULLs in it kept */
extern char **dq_fused_texts(DqRows *rows, int row, const char *column);

/* the number of rows of a relation */
extern int64 dq_fused_total(const DqSource *source);

/* strategy: checks with group_by */
extern void dq_fused_answer_grouped(const DqSource *source, List *probes);

/* strategy: answer all of these */
extern void dq_fused_answer(const DqSource *source, List *probes);

/* is it about the server rather than about the check? */
extern void dq_fused_blame(DqProbe *probe, ErrorData *error);
extern bool dq_fused_is_fatal(const ErrorData *error);

#endif /* DQ_FUSED_H */
