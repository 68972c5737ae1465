/*
 * scan_parallel.c
 *	  A scan by several processes.
 *
 * All processes take blocks from the same parallel scan of each heap, one
 * heap after the other. A worker begins every sink from its spec, feeds it
 * its share of the rows and sends its state through a queue of its own; the
 * leader does a share, too, and then merges worker by worker. The leader's
 * snapshot, settings and identity are those of the workers (access/parallel).
 *
 * An error in a worker is thrown in the leader. Nothing here needs to be
 * undone then: the parallel context goes with the (sub)transaction.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "base/dq_etl.h"
#include "optimizer/optimizer.h"
#include "quality/feed.h"
#include "quality/scan_parallel.h"
#include "storage/shm_mq.h"
#include "utils/snapmgr.h"

#define KEY_TASK UINT64CONST(0xD0E7000000000001)
#define KEY_SINKS UINT64CONST(0xD0E7000000000002)
#define KEY_QUEUES UINT64CONST(0xD0E7000000000003)
/* and this plus n: the scan of the nth heap */
#define KEY_SCANS UINT64CONST(0xD0E7000000010000)

#define QUEUE_SIZE ((Size) 65536)

/* a message begins with the number of its sink, or this: rows that were fed */
#define MESSAGE_DONE (-1)

/* what there is to do, in shared memory */
typedef struct SharedTask
{
	Oid relid;
	int n_sinks;
	int n_heaps;
	Oid heaps[FLEXIBLE_ARRAY_MEMBER];
} SharedTask;

/* where a sink of a worker writes to */
typedef struct Outlet
{
	shm_mq_handle *queue;
	int64 sink;
} Outlet;

PGDLLEXPORT void dq_scan_parallel_worker(dsm_segment *seg, shm_toc *toc);

/*
 * pack_sinks: names and specs, one after the other.
 */
static void
pack_sinks(StringInfo buf, List *sinks)
{
	ListCell *lc;

	foreach(lc, sinks)
	{
		DqSink *sink = (DqSink *) lfirst(lc);
		Size name_len = strlen(sink->type->name) + 1;

		appendBinaryStringInfo(buf, (const char *) &name_len, sizeof(Size));
		appendBinaryStringInfo(buf, (const char *) &sink->spec_len,
							   sizeof(Size));
		appendBinaryStringInfo(buf, sink->type->name, name_len);
		appendBinaryStringInfo(buf, sink->spec, sink->spec_len);
	}
}

/*
 * unpack_sinks: begin them in a worker.
 */
static List *
unpack_sinks(Relation rel, const char *at, int count)
{
	List *sinks = NIL;
	int i;

	for (i = 0; i < count; i++)
	{
		Size name_len;
		Size spec_len;
		const DqSinkType *type;

		memcpy(&name_len, at, sizeof(Size));
		memcpy(&spec_len, at + sizeof(Size), sizeof(Size));
		at += 2 * sizeof(Size);
		type = dq_scan_find_type(at);
		sinks = lappend(sinks, type->begin(rel, at + name_len, spec_len));
		at += name_len + spec_len;
	}
	return sinks;
}

/*
 * reserve: shared memory for everything.
 */
static void
reserve(ParallelContext *pcxt, List *heaps, StringInfo packed)
{
	shm_toc_estimator *estimator = &pcxt->estimator;
	ListCell *lc;

	shm_toc_estimate_chunk(estimator, offsetof(SharedTask, heaps) +
										  sizeof(Oid) * list_length(heaps));
	shm_toc_estimate_chunk(estimator, packed->len + 1);
	shm_toc_estimate_chunk(estimator,
						   mul_size(QUEUE_SIZE, Max(pcxt->nworkers, 1)));
	shm_toc_estimate_keys(estimator, 3 + list_length(heaps));
	foreach(lc, heaps)
	{
		Relation heap = table_open(lfirst_oid(lc), NoLock);
		Size size = table_parallelscan_estimate(heap, GetActiveSnapshot());

		shm_toc_estimate_chunk(estimator, size);
		table_close(heap, NoLock);
	}
}

/*
 * share_task: the task, the sinks and a parallel scan of each heap.
 */
static SharedTask *
share_task(ParallelContext *pcxt, Relation rel, List *sinks, List *heaps,
		   StringInfo packed)
{
	SharedTask *task = shm_toc_allocate(pcxt->toc,
										offsetof(SharedTask, heaps) +
											sizeof(Oid) * list_length(heaps));
	char *specs = shm_toc_allocate(pcxt->toc, packed->len + 1);
	ListCell *lc;

	memcpy(specs, packed->data, packed->len + 1);
	shm_toc_insert(pcxt->toc, KEY_SINKS, specs);
	task->relid = RelationGetRelid(rel);
	task->n_sinks = list_length(sinks);
	task->n_heaps = 0;
	foreach(lc, heaps)
	{
		Relation heap = table_open(lfirst_oid(lc), NoLock);
		Size size = table_parallelscan_estimate(heap, GetActiveSnapshot());
		ParallelTableScanDesc scan = shm_toc_allocate(pcxt->toc, size);

		table_parallelscan_initialize(heap, scan, GetActiveSnapshot());
		shm_toc_insert(pcxt->toc, KEY_SCANS + task->n_heaps, scan);
		task->heaps[task->n_heaps++] = lfirst_oid(lc);
		table_close(heap, NoLock);
	}
	shm_toc_insert(pcxt->toc, KEY_TASK, task);
	return task;
}

/*
 * open_queues: one for each worker, read by this process.
 */
static shm_mq_handle **
open_queues(ParallelContext *pcxt)
{
	shm_mq_handle **queues = palloc0(sizeof(shm_mq_handle *) *
									 (pcxt->nworkers + 1));
	char *space = shm_toc_allocate(pcxt->toc,
								   mul_size(QUEUE_SIZE,
											Max(pcxt->nworkers, 1)));
	int i;

	shm_toc_insert(pcxt->toc, KEY_QUEUES, space);
	for (i = 0; i < pcxt->nworkers; i++)
	{
		shm_mq *queue = shm_mq_create(space + i * QUEUE_SIZE, QUEUE_SIZE);

		shm_mq_set_receiver(queue, MyProc);
		queues[i] = shm_mq_attach(queue, pcxt->seg, NULL);
	}
	return queues;
}

/*
 * feed_share: this process's share of all heaps.
 */
static int64
feed_share(Relation rel, List *sinks, SharedTask *task, shm_toc *toc)
{
	DqFeed *feed = dq_feed_create(rel, sinks);
	int i;

	for (i = 0; i < task->n_heaps; i++)
	{
		Relation heap = table_open(task->heaps[i], AccessShareLock);
		TableScanDesc scan =
			table_beginscan_parallel(heap,
									 shm_toc_lookup(toc, KEY_SCANS + i,
													false));

		dq_feed_heap(feed, heap, scan);
		table_endscan(scan);
		table_close(heap, NoLock);
	}
	dq_feed_end(feed);
	return feed->rows;
}

/*
 * merge_worker: take in what one worker found; returns its rows. A worker
 * that failed sends no last message; its error is thrown later.
 */
static int64
merge_worker(List *sinks, shm_mq_handle *queue)
{
	for (;;)
	{
		Size size;
		void *data;
		int64 sink_no;
		DqSink *sink;
		int64 rows;

		if (shm_mq_receive(queue, &size, &data, false) != SHM_MQ_SUCCESS)
			return -1;
		memcpy(&sink_no, data, sizeof(int64));
		if (sink_no == MESSAGE_DONE)
		{
			memcpy(&rows, (char *) data + sizeof(int64), sizeof(int64));
			return rows;
		}
		sink = (DqSink *) list_nth(sinks, sink_no);
		sink->type->merge(sink, (char *) data + sizeof(int64),
						  size - sizeof(int64));
	}
}

/*
 * lead: launch workers, do a share, merge.
 */
static int64
lead(ParallelContext *pcxt, Relation rel, List *sinks, SharedTask *task,
	 shm_mq_handle **queues)
{
	int64 rows = 0;
	bool complete = true;
	int i;

	LaunchParallelWorkers(pcxt);
	for (i = 0; i < pcxt->nworkers_launched; i++)
		shm_mq_set_handle(queues[i], pcxt->worker[i].bgwhandle);
	if (parallel_leader_participation || pcxt->nworkers_launched == 0)
		rows = feed_share(rel, sinks, task, pcxt->toc);
	else
		dq_feed_end(dq_feed_create(rel, sinks));
	for (i = 0; i < pcxt->nworkers_launched; i++)
	{
		int64 fed = merge_worker(sinks, queues[i]);

		complete = complete && fed >= 0;
		rows += fed;
	}
	WaitForParallelWorkersToFinish(pcxt);
	if (!complete)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a parallel worker ended without its part of the scan")));
	return rows;
}

/*
 * dq_scan_parallel_run: feed all rows to the sinks with the help of workers.
 */
int64
dq_scan_parallel_run(Relation rel, List *sinks, int workers, int *launched)
{
	List *heaps = dq_scan_heaps(rel);
	StringInfoData packed;
	ParallelContext *pcxt;
	SharedTask *task;
	shm_mq_handle **queues;
	int64 rows;

	initStringInfo(&packed);
	pack_sinks(&packed, sinks);
	EnterParallelMode();
	pcxt = CreateParallelContext(DQ_EXTENSION, "dq_scan_parallel_worker",
								 workers);
	reserve(pcxt, heaps, &packed);
	InitializeParallelDSM(pcxt);
	task = share_task(pcxt, rel, sinks, heaps, &packed);
	queues = open_queues(pcxt);
	rows = lead(pcxt, rel, sinks, task, queues);
	*launched = pcxt->nworkers_launched;
	DestroyParallelContext(pcxt);
	ExitParallelMode();
	return rows;
}

/*
 * send_bytes: a piece of a sink's state, to the leader.
 */
static void
send_bytes(void *arg, const char *bytes, Size len)
{
	Outlet *outlet = (Outlet *) arg;
	shm_mq_iovec parts[2];

	parts[0].data = (const char *) &outlet->sink;
	parts[0].len = sizeof(int64);
	parts[1].data = bytes;
	parts[1].len = len;
	(void) shm_mq_sendv(outlet->queue, parts, 2, false, true);
}

/*
 * dq_scan_parallel_worker: what a worker does.
 */
void
dq_scan_parallel_worker(dsm_segment *seg, shm_toc *toc)
{
	SharedTask *task = shm_toc_lookup(toc, KEY_TASK, false);
	char *space = shm_toc_lookup(toc, KEY_QUEUES, false);
	shm_mq *queue = (shm_mq *) (space + ParallelWorkerNumber * QUEUE_SIZE);
	Outlet outlet;
	Relation rel;
	List *sinks;
	int64 rows;
	ListCell *lc;

	shm_mq_set_sender(queue, MyProc);
	outlet.queue = shm_mq_attach(queue, seg, NULL);
	rel = table_open(task->relid, AccessShareLock);
	sinks = unpack_sinks(rel, shm_toc_lookup(toc, KEY_SINKS, false),
						 task->n_sinks);
	rows = feed_share(rel, sinks, task, toc);
	foreach(lc, sinks)
	{
		DqSink *sink = (DqSink *) lfirst(lc);

		outlet.sink = foreach_current_index(lc);
		sink->type->save(sink, send_bytes, &outlet);
	}
	outlet.sink = MESSAGE_DONE;
	send_bytes(&outlet, (const char *) &rows, sizeof(int64));
	shm_mq_detach(outlet.queue);
	table_close(rel, NoLock);
}
