/*
 * shared.h
 *	  What the caller of a run and its worker share: a small dynamic shared
 *	  memory segment, made by the caller, that lives as long as either looks
 *	  at it.
 *
 * The caller fills the request before it registers the worker. Afterwards the
 * fields below the mutex are read and written under it, up to run_id; what
 * follows is written by the worker alone before the phase becomes
 * DQ_WORKER_DONE, and read after that was seen.
 */
#ifndef DQ_SHARED_H
#define DQ_SHARED_H

#include "catalog/window.h"
#include "storage/proc.h"
#include "storage/spin.h"

#define DQ_SHARED_MAGIC 0x64715f72
#define DQ_SHARED_TEXT 8192

typedef enum DqWorkerPhase
{
	DQ_WORKER_STARTING, /* registered, nothing heard yet */
	DQ_WORKER_ATTACHED, /* our code runs, not connected yet */
	DQ_WORKER_CONNECTED,
	DQ_WORKER_RUNNING, /* the run has an id and a committed row */
	DQ_WORKER_DONE /* the outcome is there */
} DqWorkerPhase;

typedef enum DqOutcomeKind
{
	DQ_OUTCOME_SUCCEEDED,
	DQ_OUTCOME_FAILED,
	DQ_OUTCOME_IDLE, /* nothing was due */
	DQ_OUTCOME_BUSY /* another process runs the pipeline */
} DqOutcomeKind;

/* error fields, as offsets into text; 0: none */
typedef struct DqSharedError
{
	int sqlerrcode;
	int message;
	int detail;
	int hint;
	int context;
	int statement;
	int position;
	int schema_name;
	int table_name;
	int column_name;
	int constraint_name;
} DqSharedError;

typedef struct DqRunShared
{
	uint32 magic;
	/* the request */
	Oid database;
	Oid owner;
	int64 pipeline_id;
	/* the request, and once the run has an id the window that it took */
	DqWindowRequest window;
	char requested_by[NAMEDATALEN];

	slock_t mutex;
	PGPROC *caller; /* NULL: nobody waits */
	int worker_pid; /* 0: not there, or gone */
	bool cancel; /* the caller gave up */
	DqWorkerPhase phase;
	int64 run_id;
	/* valid in DQ_WORKER_DONE */
	DqOutcomeKind outcome;
	DqSharedError error;
	int note; /* offset of a warning or a reason */
	int text_used;
	char text[DQ_SHARED_TEXT];

	/* parameters of the run, a JSON text; empty: none */
	int params_len;
	char params[FLEXIBLE_ARRAY_MEMBER];
} DqRunShared;

#endif /* DQ_SHARED_H */
