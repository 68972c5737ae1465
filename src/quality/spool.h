/*
 * spool.h
 *	  Streams of records that are kept in memory as long as they fit, then in
 *	  one temporary file.
 */
#ifndef DQ_SPOOL_H
#define DQ_SPOOL_H

#include "storage/buffile.h"

#define DQ_CACHE_LINE 64

/* soon this place will be read (0) or written (1); it need not exist */
#ifdef __GNUC__
#define DQ_PREFETCH(place, write) __builtin_prefetch(place, write)
#else
#define DQ_PREFETCH(place, write) ((void) 0)
#endif

/* where a full chunk of a stream is */
typedef struct DqSpoolChunk
{
	char *memory; /* NULL: in the file */
	int64 block;
} DqSpoolChunk;

typedef struct DqSpoolStream
{
	char *current; /* the chunk that is being filled */
	Size used;
	Size start; /* the first chunk begins here */
	DqSpoolChunk *full;
	int n_full;
	int space;
} DqSpoolStream;

typedef struct DqSpool
{
	MemoryContext context;
	DqSpoolStream *streams;
	int n_streams;
	Size chunk;
	int n_chunks; /* in memory */
	int max_chunks;
	BufFile *file; /* NULL: everything is in memory */
	int64 n_blocks; /* of the file */
	int n_spills; /* so often memory was emptied into it */
} DqSpool;

typedef struct DqSpoolReader
{
	DqSpool *spool;
	int stream;
	int next; /* chunk */
	char *buffer; /* for chunks of the file */
} DqSpoolReader;

/*
 * So many streams within about so many bytes of memory, in a context of its
 * own below the current one. Every stream has a chunk in memory at least.
 */
extern DqSpool *dq_spool_create(int streams, Size memory);
extern void dq_spool_free(DqSpool *spool);

/* put all full chunks into the file: little stays in memory */
extern void dq_spool_spill(DqSpool *spool);

/* private */
extern void dq_spool_next_chunk(DqSpool *spool, DqSpoolStream *stream);

/* bytes of a stream so far */
extern int64 dq_spool_size(const DqSpool *spool, int stream);

/* a stream from its start, chunk by chunk; false at its end */
extern void dq_spool_open(DqSpoolReader *reader, DqSpool *spool, int stream);
extern bool dq_spool_read(DqSpoolReader *reader, char **bytes, Size *len);
extern void dq_spool_close(DqSpoolReader *reader);

/*
 * Rewriting what a stream has in memory: records are read one chunk after the
 * other, and those that are wanted written again, in their order, from the
 * first chunk on. There is always room: what is written is never ahead of what
 * is read, as long as records do not grow.
 */
typedef struct DqSpoolWriter
{
	int at; /* chunk */
	char *chunk;
	Size used;
} DqSpoolWriter;

/* false when nothing is in memory; bytes that are; and at the end */
extern bool dq_spool_rewrite(DqSpoolWriter *writer, DqSpoolReader *reader,
							 DqSpool *spool, int stream);
extern int64 dq_spool_rest(const DqSpoolReader *reader);
extern void dq_spool_next_room(DqSpoolWriter *writer, DqSpoolReader *reader);
extern void dq_spool_rewritten(DqSpoolWriter *writer, DqSpoolReader *reader);

/* will a chunk more of some stream make memory be emptied into the file? */
static inline bool
dq_spool_is_full(const DqSpool *spool)
{
	return spool->n_chunks >= spool->max_chunks;
}

/* are these bytes, just read, from the file, so that they do not stay? */
static inline bool
dq_spool_is_copy(const DqSpoolReader *reader, const char *bytes)
{
	return reader->buffer != NULL && bytes >= reader->buffer &&
		   bytes < reader->buffer + reader->spool->chunk;
}

/*
 * Room for a record of at most half a block at the end of a stream. Records do
 * not go over the end of a chunk: behind the last one of a full chunk there
 * may be less than the size of a record that means nothing.
 */
static inline void *
dq_spool_room(DqSpool *spool, int stream, Size size)
{
	DqSpoolStream *s = &spool->streams[stream];
	char *room;

	if (s->used + size > spool->chunk)
		dq_spool_next_chunk(spool, s);
	room = s->current + s->used;
	s->used += size;
	DQ_PREFETCH(room + DQ_CACHE_LINE, 1);
	return room;
}

#endif /* DQ_SPOOL_H */
