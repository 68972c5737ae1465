/*
 * finding.c
 *	  What is wrong with a definition, as data.
 *
 * A finding keeps what an error report has, so that the same mistake reads
 * the same whether etl.validate lists it, etl.define warns of it or a run
 * fails with it.
 */
#include "postgres.h"

#include "analyze/finding.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

/*
 * dq_finding_level_name: as it is shown.
 */
const char *
dq_finding_level_name(DqFindingLevel level)
{
	switch (level)
	{
		case DQ_FINDING_ERROR:
			return "error";
		case DQ_FINDING_WARNING:
			return "warning";
		case DQ_FINDING_INFO:
			return "info";
	}
	return NULL;
}

/*
 * dq_finding_add: see finding.h.
 */
DqFinding *
dq_finding_add(List **findings, DqFindingLevel level, const char *step,
			   int sqlerrcode, char *message)
{
	DqFinding *finding = palloc0(sizeof(DqFinding));

	finding->level = level;
	finding->step = step;
	finding->sqlerrcode = sqlerrcode;
	finding->message = message;
	*findings = lappend(*findings, finding);
	return finding;
}

/*
 * dq_finding_add_error: see finding.h. An internal position is one in a text
 * that the error brings along.
 */
DqFinding *
dq_finding_add_error(List **findings, const char *step,
					 const ErrorData *error, const char *sql)
{
	DqFinding *finding =
		dq_finding_add(findings, DQ_FINDING_ERROR, step, error->sqlerrcode,
					   pstrdup(error->message ? error->message : "error"));

	finding->detail = error->detail;
	finding->hint = error->hint;
	if (error->internalquery != NULL && error->internalpos > 0)
	{
		finding->sql = error->internalquery;
		finding->position = error->internalpos;
	}
	else if (sql != NULL && error->cursorpos > 0)
	{
		finding->sql = sql;
		finding->position = error->cursorpos;
	}
	return finding;
}

/*
 * locate: where the position is: the byte that its line starts with and the
 * characters before it in that line; returns the number of the line.
 */
static int
locate(const DqFinding *finding, const char **start, int *column)
{
	const char *at = finding->sql;
	int line = 1;
	int i;

	*start = at;
	*column = 0;
	for (i = 1; i < finding->position && *at != '\0'; i++)
	{
		if (*at == '\n')
		{
			line++;
			*start = at + 1;
			*column = 0;
		}
		else
			(*column)++;
		at += pg_mblen(at);
	}
	return line;
}

/*
 * dq_finding_line: see finding.h.
 */
int
dq_finding_line(const DqFinding *finding)
{
	const char *start;
	int column;

	if (finding->sql == NULL || finding->position <= 0)
		return 0;
	return locate(finding, &start, &column);
}

/*
 * dq_finding_excerpt: see finding.h. White space at the front goes, a tab
 * counts as a blank.
 */
char *
dq_finding_excerpt(const DqFinding *finding)
{
	StringInfoData buf;
	const char *at;
	int column;

	if (finding->sql == NULL || finding->position <= 0)
		return NULL;
	(void) locate(finding, &at, &column);
	while (column > 0 && (*at == ' ' || *at == '\t'))
	{
		at++;
		column--;
	}
	initStringInfo(&buf);
	for (; *at != '\0' && *at != '\n'; at++)
		appendStringInfoChar(&buf, *at == '\t' || *at == '\r' ? ' ' : *at);
	appendStringInfoChar(&buf, '\n');
	appendStringInfoSpaces(&buf, column);
	appendStringInfoChar(&buf, '^');
	return buf.data;
}

/*
 * dq_finding_raise: see finding.h. Clients show the context of errors only,
 * so a warning has the step in its message.
 */
void
dq_finding_raise(const DqFinding *finding, int elevel, const char *pipeline)
{
	bool placed = finding->sql != NULL && finding->position > 0;
	char *message = finding->message;

	if (elevel < ERROR && finding->step != NULL)
		message = psprintf("step \"%s\" would fail: %s", finding->step,
						   finding->message);
	ereport(elevel,
			(errcode(finding->sqlerrcode),
			 errmsg_internal("%s", message),
			 finding->detail ? errdetail_internal("%s", finding->detail) : 0,
			 finding->hint ? errhint("%s", finding->hint) : 0,
			 placed ? internalerrquery(finding->sql) : 0,
			 placed ? internalerrposition(finding->position) : 0,
			 finding->step ? errcontext("step \"%s\" of pipeline \"%s\"",
										finding->step, pipeline) :
							 errcontext("pipeline \"%s\"", pipeline)));
}
