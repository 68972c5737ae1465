/*
 * worker.h
 *	  The background worker that executes one run.
 */
#ifndef DQ_WORKER_H
#define DQ_WORKER_H

#define DQ_WORKER_LIBRARY "dq_etl"
#define DQ_WORKER_FUNCTION "dq_worker_main"

extern PGDLLEXPORT void dq_worker_main(Datum arg);

#endif /* DQ_WORKER_H */
