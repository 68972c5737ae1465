/*
 * tx.h
 *	  The transactions of a worker.
 */
#ifndef DQ_TX_H
#define DQ_TX_H

extern void dq_tx_prepare_session(void);
extern void dq_tx_begin(bool discard);
extern void dq_tx_commit(bool durable);

#endif /* DQ_TX_H */
