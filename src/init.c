/*
 * init.c
 *	  Module magic and load hook: one call per subsystem, nothing else.
 */
#include "postgres.h"

#include "base/guc.h"
#include "fmgr.h"

PG_MODULE_MAGIC;

void _PG_init(void);

void
_PG_init(void)
{
	dq_guc_init();
}
