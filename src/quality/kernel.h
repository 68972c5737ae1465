/*
 * kernel.h
 *	  Boolean expressions over the rows of a batch.
 *
 * An expression becomes a tree of kernels. Each answers for up to 64 rows at
 * once with two machine words. What no recogniser knows is evaluated row by
 * row by the server's own executor, so every expression has a kernel.
 *
 * A kernel that is not generic never throws (a value that cannot be fetched
 * from its toast table aside). The parts of AND, OR and CASE are evaluated in
 * their order, and each only for rows that those before it left undecided: a
 * part may guard the next.
 */
#ifndef DQ_KERNEL_H
#define DQ_KERNEL_H

#include "nodes/execnodes.h"
#include "port/pg_bitutils.h"
#include "quality/batch.h"

/* verdicts on the rows of a batch, a bit each; rows in neither are false */
typedef struct DqBits
{
	uint64 yes;
	uint64 null;
} DqBits;

struct DqKernel;
struct DqKernelSet;

/* "wanted": rows whose bits must be right; the others' may be anything */
typedef DqBits (*DqKernelAnswer)(struct DqKernel *kernel,
								 const DqBatch *batch, uint64 wanted);

/* the head of every kernel's own struct */
typedef struct DqKernel
{
	DqKernelAnswer answer;
	/* "this AND other" as one kernel, or NULL; may be NULL */
	struct DqKernel *(*merge)(struct DqKernel *kernel,
							  struct DqKernel *other);
	Node *expr; /* what it stands for; NULL when it was merged */
	bool throws; /* may throw */
	bool dense; /* answers for all rows, whatever is wanted */
	bool shared; /* several parts of the set use it */
	/* of a shared one: the last answer, and for which rows of which batch */
	uint64 serial;
	uint64 known;
	DqBits bits;
} DqKernel;

/* kernels that work on the same batches, with what they share */
typedef struct DqKernelSet
{
	TupleDesc desc;
	List *kernels; /* that have an expression which is not volatile */
	/* what kernels of one column share, private to their files */
	List *decimals;
	List *prefixes;
	ExprContext *econtext;
	TupleTableSlot *slot; /* a row for the executor */
} DqKernelSet;

/* an empty set in the current memory context */
extern DqKernelSet *dq_kernel_set_create(TupleDesc desc);

/* the kernel of an expression from exprtree.h, which must stay */
extern DqKernel *dq_kernel_compile(DqKernelSet *set, Node *expr);

/* the answer of any kernel; clears the bits that are not wanted */
extern DqBits dq_kernel_ask(DqKernel *kernel, const DqBatch *batch,
							uint64 wanted);

/*
 * Recognisers, in the files of their kind: NULL when the expression is not
 * theirs. The table in kernel.c holds them all.
 */
typedef DqKernel *(*DqRecogniser)(DqKernelSet *set, Node *expr);

extern DqKernel *dq_kernel_logic_recognise(DqKernelSet *set, Node *expr);
extern DqKernel *dq_kernel_number_recognise(DqKernelSet *set, Node *expr);
extern DqKernel *dq_kernel_pair_recognise(DqKernelSet *set, Node *expr);
extern DqKernel *dq_kernel_set_recognise(DqKernelSet *set, Node *expr);
extern DqKernel *dq_kernel_numeric_recognise(DqKernelSet *set, Node *expr);
extern DqKernel *dq_kernel_order_recognise(DqKernelSet *set, Node *expr);
extern DqKernel *dq_kernel_text_recognise(DqKernelSet *set, Node *expr);
extern DqKernel *dq_kernel_length_recognise(DqKernelSet *set, Node *expr);
extern DqKernel *dq_kernel_pattern_recognise(DqKernelSet *set, Node *expr);
extern DqKernel *dq_kernel_generic_create(DqKernelSet *set, Node *expr);

/* runs over the rows of a set of bits */
#define DQ_EACH_ROW(row, rows)                                        \
	for (uint64 rest_ = (rows);                                       \
		 rest_ != 0 && ((row) = pg_rightmost_one_pos64(rest_), true); \
		 rest_ &= rest_ - 1)

#endif /* DQ_KERNEL_H */
