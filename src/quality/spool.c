/*
 * spool.c
 *	  Streams of records that are kept in memory as long as they fit, then in
 *	  one temporary file.
 *
 * A stream is a list of chunks of the same size. When no more chunks may be
 * in memory, all full ones are written to a temporary file, and from then on
 * each as soon as it is full; its memory is filled again. The file belongs to
 * the current resource owner, so that it goes with a failed (sub)transaction;
 * temp_file_limit and temp_tablespaces apply.
 *
 * The first chunks begin at different places, so that streams which grow
 * equally fast do not all write to the same lines of the processor's cache.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "quality/spool.h"
#include "utils/memutils.h"

#define MAX_CHUNK ((Size) 65536)

/*
 * dq_spool_create: empty streams.
 */
DqSpool *
dq_spool_create(int streams, Size memory)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "dq_etl spool",
												  ALLOCSET_DEFAULT_SIZES);
	DqSpool *spool = MemoryContextAllocZero(context, sizeof(DqSpool));
	int i;

	spool->context = context;
	spool->chunk = BLCKSZ;
	while (spool->chunk < MAX_CHUNK &&
		   spool->chunk * 2 * streams <= memory / 4)
		spool->chunk *= 2;
	spool->max_chunks = Max(memory / spool->chunk, (Size) streams);
	spool->n_streams = streams;
	spool->streams = MemoryContextAllocZero(context, sizeof(DqSpoolStream) *
														 streams);
	for (i = 0; i < streams; i++)
	{
		spool->streams[i].start = (Size) i * DQ_CACHE_LINE % spool->chunk;
		spool->streams[i].used = spool->chunk;
	}
	return spool;
}

/*
 * dq_spool_free: with its file.
 */
void
dq_spool_free(DqSpool *spool)
{
	if (spool->file != NULL)
		BufFileClose(spool->file);
	MemoryContextDelete(spool->context);
}

/*
 * write_chunk: to the end of the file; its block there.
 */
static int64
write_chunk(DqSpool *spool, char *memory)
{
	int64 block = spool->n_blocks;

	CHECK_FOR_INTERRUPTS();
	BufFileWrite(spool->file, memory, spool->chunk);
	spool->n_blocks += spool->chunk / BLCKSZ;
	return block;
}

/*
 * spill: all full chunks into the file, which is new.
 */
static void
spill(DqSpool *spool)
{
	int i;
	int j;

	spool->file = BufFileCreateTemp(false);
	for (i = 0; i < spool->n_streams; i++)
	{
		DqSpoolStream *stream = &spool->streams[i];

		for (j = 0; j < stream->n_full; j++)
		{
			stream->full[j].block = write_chunk(spool, stream->full[j].memory);
			pfree(stream->full[j].memory);
			stream->full[j].memory = NULL;
			spool->n_chunks--;
		}
	}
}

/*
 * dq_spool_next_chunk: put the full chunk of a stream away and give it an
 * empty one.
 */
void
dq_spool_next_chunk(DqSpool *spool, DqSpoolStream *stream)
{
	MemoryContext caller = MemoryContextSwitchTo(spool->context);

	if (stream->current != NULL)
	{
		DqSpoolChunk *full;

		if (stream->n_full == stream->space)
		{
			stream->space = Max(stream->space * 2, 8);
			stream->full = stream->full == NULL ?
							   palloc(sizeof(DqSpoolChunk) * stream->space) :
							   repalloc(stream->full,
										sizeof(DqSpoolChunk) * stream->space);
		}
		if (spool->file == NULL && spool->n_chunks >= spool->max_chunks)
			spill(spool);
		full = &stream->full[stream->n_full++];
		full->memory = NULL;
		full->block = -1;
		if (spool->file != NULL)
			full->block = write_chunk(spool, stream->current);
		else
		{
			full->memory = stream->current;
			stream->current = NULL;
		}
	}
	if (stream->current == NULL)
	{
		stream->current = palloc(spool->chunk);
		spool->n_chunks++;
	}
	stream->used = stream->n_full == 0 ? stream->start : 0;
	MemoryContextSwitchTo(caller);
}

/*
 * dq_spool_size: bytes of a stream so far.
 */
int64
dq_spool_size(const DqSpool *spool, int stream)
{
	const DqSpoolStream *s = &spool->streams[stream];

	if (s->current == NULL)
		return 0;
	return (int64) s->n_full * spool->chunk + s->used - s->start;
}

/*
 * dq_spool_open: begin to read a stream, which must not grow meanwhile.
 */
void
dq_spool_open(DqSpoolReader *reader, DqSpool *spool, int stream)
{
	reader->spool = spool;
	reader->stream = stream;
	reader->next = 0;
	reader->buffer = NULL;
}

/*
 * dq_spool_read: the next chunk, valid until the next call.
 */
bool
dq_spool_read(DqSpoolReader *reader, char **bytes, Size *len)
{
	DqSpool *spool = reader->spool;
	DqSpoolStream *stream = &spool->streams[reader->stream];
	int at = reader->next++;
	Size skip;

	CHECK_FOR_INTERRUPTS();
	if (at > stream->n_full || stream->current == NULL)
		return false;
	skip = at == 0 ? stream->start : 0;
	if (at == stream->n_full)
	{
		*bytes = stream->current + skip;
		*len = stream->used - skip;
		return true;
	}
	*len = spool->chunk - skip;
	if (stream->full[at].memory != NULL)
	{
		*bytes = stream->full[at].memory + skip;
		return true;
	}
	if (reader->buffer == NULL)
		reader->buffer = MemoryContextAlloc(spool->context, spool->chunk);
	if (BufFileSeekBlock(spool->file, stream->full[at].block) != 0 ||
		BufFileRead(spool->file, reader->buffer, spool->chunk) != spool->chunk)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read a temporary file: %m")));
	*bytes = reader->buffer + skip;
	return true;
}

/*
 * dq_spool_close: end reading; the stream stays.
 */
void
dq_spool_close(DqSpoolReader *reader)
{
	if (reader->buffer != NULL)
		pfree(reader->buffer);
}
