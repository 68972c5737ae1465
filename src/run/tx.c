/*
 * tx.c
 *	  The transactions of a worker.
 *
 * Every one starts from the settings of a new session, whatever the one before
 * left behind: a procedure that commits keeps what it SET although its step
 * fails afterwards, and the record of that failure must be writable.
 *
 * Every one takes a share lock on the extension and sees that it is still the
 * one that the process started with: DROP EXTENSION waits for the transaction
 * under way, and the run ends at the next one. In an extension that was
 * created anew the ids of this run may belong to another.
 */
#include "postgres.h"

#include "access/xact.h"
#include "base/dq_etl.h"
#include "base/spi.h"
#include "catalog/namespace.h"
#include "catalog/pg_extension.h"
#include "commands/prepare.h"
#include "miscadmin.h"
#include "postmaster/interrupt.h"
#include "run/tx.h"
#include "storage/lmgr.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"

/* the extension of the first transaction of this process */
static Oid extension_at_start = InvalidOid;

/* the owner of the pipeline, as whom this process connected */
static Oid user_at_start = InvalidOid;

volatile sig_atomic_t dq_tx_cancel_requested = false;
volatile sig_atomic_t dq_tx_cancel_deferred = false;

/*
 * dq_tx_prepare_session: settings of ours that neither the owner's ALTER
 * ROLE nor a step may change for what comes after.
 */
void
dq_tx_prepare_session(void)
{
	static const char *const fixed[][2] = {
		{"role", "none"},
		{"session_replication_role", "origin"},
		{"default_transaction_isolation", "read committed"},
		{"default_transaction_read_only", "off"},
		{"default_transaction_deferrable", "off"},
		{"exit_on_error", "off"},
		{"application_name", "dq_etl"}};
	int i;

	for (i = 0; i < lengthof(fixed); i++)
		(void) set_config_option(fixed[i][0], fixed[i][1],
								 PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SET,
								 true, 0, false);
}

/*
 * hold_extension: keep the extension from being dropped in this transaction.
 */
static void
hold_extension(void)
{
	Oid extension = dq_spi_extension_oid(false);

	LockDatabaseObject(ExtensionRelationId, extension, 0, AccessShareLock);
	if (!OidIsValid(extension_at_start))
		extension_at_start = extension;
	if (dq_spi_extension_oid(true) != extension ||
		extension != extension_at_start)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("extension \"%s\" was dropped", DQ_EXTENSION)));
}

/*
 * require_owner: a superuser's step that committed SET SESSION AUTHORIZATION
 * and then failed must not hand its next attempt to another role.
 */
static void
require_owner(void)
{
	if (GetUserId() != user_at_start)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("a step changed the role of the run")));
}

/*
 * dq_tx_begin: start a transaction of a worker. A temporary table or
 * prepared statement of an earlier step does not reach into it.
 */
void
dq_tx_begin(bool discard)
{
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
	ResetAllOptions();
	dq_tx_prepare_session();
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	hold_extension();
	if (!OidIsValid(user_at_start))
		user_at_start = GetUserId();
	if (discard)
	{
		require_owner();
		/* catalogue rows may have parts out of line */
		PushActiveSnapshot(GetTransactionSnapshot());
		ResetTempTableNamespace();
		PopActiveSnapshot();
		DropAllPreparedStatements();
	}
}

/*
 * dq_tx_continue: commit and start again, with the settings and what the
 * session holds as they are. Keeps the current memory context.
 */
void
dq_tx_continue(void)
{
	MemoryContext old = CurrentMemoryContext;

	CommitTransactionCommand();
	StartTransactionCommand();
	hold_extension();
	MemoryContextSwitchTo(old);
}

/*
 * dq_tx_commit: end a transaction of a worker. What a crash of the server
 * makes worthless anyway (stages) need not wait for the disk.
 */
void
dq_tx_commit(bool durable)
{
	if (!durable)
		(void) set_config_option("synchronous_commit", "off",
								 PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_LOCAL, true, 0, false);
	CommitTransactionCommand();
}

/*
 * dq_tx_abort: end a transaction that failed, and drop the cursors that a
 * procedure with commits in its loops may have left behind.
 */
void
dq_tx_abort(void)
{
	AbortCurrentTransaction();
	PortalErrorCleanup();
}

/*
 * dq_tx_guarded: run a function; on error abort the transaction that it
 * left behind.
 */
ErrorData *
dq_tx_guarded(MemoryContext cxt, DqGuarded fn, void *arg)
{
	MemoryContext old = MemoryContextSwitchTo(cxt);
	ErrorData *error = dq_errctx_try(fn, arg);

	if (error != NULL)
		dq_tx_abort();
	MemoryContextSwitchTo(old);
	return error;
}

/*
 * dq_tx_check_cancel: 57014 when the run was cancelled, even if a step caught
 * the error that its statement got.
 */
void
dq_tx_check_cancel(void)
{
	if (dq_tx_cancel_requested)
		ereport(ERROR,
				(errcode(ERRCODE_QUERY_CANCELED),
				 errmsg("canceling the run due to user request")));
}

/*
 * dq_tx_defer_cancel: from here on a cancel interrupts nothing, or does again.
 * Outside of any guard, even a message to the log looks for interrupts.
 */
void
dq_tx_defer_cancel(bool defer)
{
	dq_tx_cancel_deferred = defer;
	if (defer)
		QueryCancelPending = false;
}
