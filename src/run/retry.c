/*
 * retry.c
 *	  Which errors another attempt may heal, by SQLSTATE.
 *
 * What another session, the network or a shortage caused may be gone in a
 * while; what the data or the SQL says (22, 23, 42) comes back. A cancel is
 * somebody's wish. The policy is data, so that it can become a pipeline's own.
 */
#include "postgres.h"

#include "run/retry.h"
#include "utils/elog.h"

/* single conditions that heal */
static const int healing_states[] = {
	ERRCODE_T_R_SERIALIZATION_FAILURE,
	ERRCODE_T_R_DEADLOCK_DETECTED,
	ERRCODE_LOCK_NOT_AVAILABLE,
	ERRCODE_CANNOT_CONNECT_NOW,
	ERRCODE_IO_ERROR};

/* whole classes that heal: insufficient resources, connection */
static const int healing_classes[] = {
	ERRCODE_INSUFFICIENT_RESOURCES,
	ERRCODE_CONNECTION_EXCEPTION};

/*
 * dq_retry_may_heal: is the error one that another attempt may not meet?
 */
bool
dq_retry_may_heal(int sqlerrcode)
{
	int i;

	for (i = 0; i < lengthof(healing_states); i++)
	{
		if (sqlerrcode == healing_states[i])
			return true;
	}
	for (i = 0; i < lengthof(healing_classes); i++)
	{
		if (ERRCODE_TO_CATEGORY(sqlerrcode) ==
			ERRCODE_TO_CATEGORY(healing_classes[i]))
			return true;
	}
	return false;
}
