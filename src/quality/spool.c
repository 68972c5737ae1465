/*
 * spool.c
 *	  Streams of records that are kept in memory as long as they fit, then in
 *	  one temporary file.
 *
 * A stream is a list of chunks of the same size. When no more chunks may be
 * in memory, all full ones are written to a temporary file and their memory is
 * used again. The file belongs to the current resource owner, so that it goes
 * with a failed (sub)transaction; temp_file_limit and temp_tablespaces apply.
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
		spool->streams[i].start = (Size) i * DQ_CACHE_LINE %
								  (spool->chunk / 2);
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
 * spill_stream: its full chunks into the file.
 */
static void
spill_stream(DqSpool *spool, DqSpoolStream *stream)
{
	int i;

	for (i = stream->n_full - 1; i >= 0; i--)
	{
		DqSpoolChunk *chunk = &stream->full[i];

		if (chunk->memory == NULL)
			return; /* and so are those before */
		chunk->block = write_chunk(spool, chunk->memory);
		pfree(chunk->memory);
		chunk->memory = NULL;
		spool->n_chunks--;
	}
}

/*
 * dq_spool_spill: put all full chunks into the file.
 */
void
dq_spool_spill(DqSpool *spool)
{
	MemoryContext caller = MemoryContextSwitchTo(spool->context);
	int i;

	if (spool->file == NULL)
		spool->file = BufFileCreateTemp(false);
	if (BufFileSeekBlock(spool->file, spool->n_blocks) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not write to a temporary file: %m")));
	for (i = 0; i < spool->n_streams; i++)
		spill_stream(spool, &spool->streams[i]);
	spool->n_spills++;
	MemoryContextSwitchTo(caller);
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
		if (stream->n_full == stream->space)
		{
			stream->space = Max(stream->space * 2, 8);
			stream->full = stream->full == NULL ?
							   palloc(sizeof(DqSpoolChunk) * stream->space) :
							   repalloc(stream->full,
										sizeof(DqSpoolChunk) * stream->space);
		}
		if (dq_spool_is_full(spool))
			dq_spool_spill(spool);
		stream->full[stream->n_full].memory = stream->current;
		stream->full[stream->n_full].block = -1;
		stream->n_full++;
	}
	stream->current = palloc(spool->chunk);
	spool->n_chunks++;
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

/*
 * chunk_memory: of the nth chunk of a stream; NULL when it is in the file.
 */
static char *
chunk_memory(const DqSpoolStream *stream, int at)
{
	return at == stream->n_full ? stream->current : stream->full[at].memory;
}

/*
 * dq_spool_rewrite: begin with the first chunk in memory.
 */
bool
dq_spool_rewrite(DqSpoolWriter *writer, DqSpoolReader *reader, DqSpool *spool,
				 int stream)
{
	const DqSpoolStream *s = &spool->streams[stream];
	int at = s->n_full;

	if (s->current == NULL)
		return false;
	while (at > 0 && chunk_memory(s, at - 1) != NULL)
		at--;
	dq_spool_open(reader, spool, stream);
	reader->next = at;
	writer->at = at;
	writer->chunk = chunk_memory(s, at);
	writer->used = at == 0 ? s->start : 0;
	return true;
}

/*
 * dq_spool_rest: bytes that are still to be read, at most.
 */
int64
dq_spool_rest(const DqSpoolReader *reader)
{
	const DqSpoolStream *s = &reader->spool->streams[reader->stream];

	return (int64) (s->n_full + 1 - reader->next) * reader->spool->chunk;
}

/*
 * dq_spool_next_room: go on writing in the next chunk.
 */
void
dq_spool_next_room(DqSpoolWriter *writer, DqSpoolReader *reader)
{
	writer->at++;
	writer->chunk = chunk_memory(&reader->spool->streams[reader->stream],
								 writer->at);
	writer->used = 0;
}

/*
 * dq_spool_rewritten: the chunk that was written last is the current one of
 * the stream; those behind it are not needed any more.
 */
void
dq_spool_rewritten(DqSpoolWriter *writer, DqSpoolReader *reader)
{
	DqSpool *spool = reader->spool;
	DqSpoolStream *s = &spool->streams[reader->stream];
	int i;

	for (i = writer->at + 1; i <= s->n_full; i++)
	{
		pfree(chunk_memory(s, i));
		spool->n_chunks--;
	}
	s->n_full = writer->at;
	s->current = writer->chunk;
	s->used = writer->used;
	dq_spool_close(reader);
}
