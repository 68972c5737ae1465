/*
 * tx.h
 *	  The transactions of a worker.
 */
#ifndef DQ_TX_H
#define DQ_TX_H

#include <signal.h>

#include "base/errctx.h"

/* set by the signal handler of a worker; looked at between statements */
extern volatile sig_atomic_t dq_tx_cancel_requested;
/* while the record is written: a cancel is remembered, nothing is interrupted */
extern volatile sig_atomic_t dq_tx_cancel_deferred;

extern void dq_tx_prepare_session(void);
extern void dq_tx_begin(bool discard);
extern void dq_tx_continue(void);
extern void dq_tx_commit(bool durable);
extern void dq_tx_abort(void);
extern void dq_tx_check_cancel(void);
extern void dq_tx_defer_cancel(bool defer);
extern ErrorData *dq_tx_guarded(MemoryContext cxt, DqGuarded fn, void *arg);

#endif /* DQ_TX_H */
