/*
 * kernel.c
 *	  Boolean expressions over the rows of a batch: sets, and who knows what.
 *
 * Equal expressions that are not volatile get one kernel, which answers once
 * for each batch.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "optimizer/optimizer.h"
#include "quality/kernel.h"

/*
 * The first that knows an expression makes its kernel. A new kind of kernel
 * is a row here: see kernel.h.
 */
static const DqRecogniser recognisers[] = {
	dq_kernel_logic_recognise,
	dq_kernel_number_recognise,
	dq_kernel_pair_recognise,
	dq_kernel_set_recognise,
	dq_kernel_numeric_recognise,
	dq_kernel_order_recognise,
	dq_kernel_text_recognise,
	dq_kernel_length_recognise,
	dq_kernel_pattern_recognise};

/*
 * dq_kernel_set_create: for rows of this shape.
 */
DqKernelSet *
dq_kernel_set_create(TupleDesc desc)
{
	DqKernelSet *set = palloc0(sizeof(DqKernelSet));

	set->desc = desc;
	set->econtext = CreateStandaloneExprContext();
	set->slot = MakeSingleTupleTableSlot(CreateTupleDescCopy(desc),
										 &TTSOpsVirtual);
	memset(set->slot->tts_isnull, true, desc->natts * sizeof(bool));
	ExecStoreVirtualTuple(set->slot);
	set->econtext->ecxt_scantuple = set->slot;
	return set;
}

/*
 * recognise: the kernel of an expression that is new to the set.
 */
static DqKernel *
recognise(DqKernelSet *set, Node *expr)
{
	DqKernel *kernel = NULL;
	int i;

	for (i = 0; i < lengthof(recognisers) && kernel == NULL; i++)
		kernel = recognisers[i](set, expr);
	if (kernel == NULL)
		kernel = dq_kernel_generic_create(set, expr);
	return kernel;
}

/*
 * dq_kernel_compile: the kernel of an expression.
 */
DqKernel *
dq_kernel_compile(DqKernelSet *set, Node *expr)
{
	DqKernel *kernel;
	ListCell *lc;

	foreach(lc, set->kernels)
	{
		kernel = (DqKernel *) lfirst(lc);
		if (equal(kernel->expr, expr))
		{
			kernel->shared = true;
			return kernel;
		}
	}
	kernel = recognise(set, expr);
	kernel->expr = expr;
	if (!contain_volatile_functions(expr))
		set->kernels = lappend(set->kernels, kernel);
	return kernel;
}

/*
 * dq_kernel_ask: the answer of a kernel for the wanted rows.
 */
DqBits
dq_kernel_ask(DqKernel *kernel, const DqBatch *batch, uint64 wanted)
{
	DqBits bits;

	if (!kernel->shared)
		bits = kernel->answer(kernel, batch, wanted);
	else
	{
		if (kernel->serial != batch->serial || (wanted & ~kernel->known) != 0)
		{
			kernel->known = kernel->dense ? batch->all : wanted;
			kernel->bits = kernel->answer(kernel, batch, kernel->known);
			kernel->serial = batch->serial;
		}
		bits = kernel->bits;
	}
	bits.yes &= wanted;
	bits.null &= wanted;
	return bits;
}
