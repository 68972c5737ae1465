/*
 * finding.h
 *	  What is wrong with a definition, as data.
 */
#ifndef DQ_FINDING_H
#define DQ_FINDING_H

#include "nodes/pg_list.h"
#include "utils/elog.h"

typedef enum DqFindingLevel
{
	DQ_FINDING_ERROR, /* a run would fail */
	DQ_FINDING_WARNING, /* a run may fail, or do what is hardly meant */
	DQ_FINDING_INFO
} DqFindingLevel;

typedef struct DqFinding
{
	DqFindingLevel level;
	const char *step; /* NULL: the pipeline as a whole */
	int sqlerrcode;
	char *message;
	char *detail; /* NULL: none, as the rest */
	char *hint;
	const char *sql; /* text that the position is in */
	int position; /* in characters, from 1; 0: none */
} DqFinding;

extern const char *dq_finding_level_name(DqFindingLevel level);

/* a finding of our own, appended to *findings; it may be completed */
extern DqFinding *dq_finding_add(List **findings, DqFindingLevel level,
								 const char *step, int sqlerrcode,
								 char *message);

/* an error that was caught; "sql" is what its cursor position is in */
extern DqFinding *dq_finding_add_error(List **findings, const char *step,
									   const ErrorData *error,
									   const char *sql);

/* the line of the position, from 1; 0 when there is none */
extern int dq_finding_line(const DqFinding *finding);

/* that line, and below it a caret; NULL when there is none */
extern char *dq_finding_excerpt(const DqFinding *finding);

/* raise it: as WARNING, or as ERROR with its SQLSTATE */
extern void dq_finding_raise(const DqFinding *finding, int elevel,
							 const char *pipeline);

#endif /* DQ_FINDING_H */
