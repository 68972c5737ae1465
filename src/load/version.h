/*
 * version.h
 *	  Versions of a key and rows of a batch, compared as SQL.
 *
 * An alias is that of a version, a row of the batch or an event: all of them
 * call their columns as the target does.
 */
#ifndef DQ_VERSION_H
#define DQ_VERSION_H

#include "access/stratnum.h"
#include "load/column.h"
#include "load/history.h"

/* a name of ours as SQL, that no column of the target has */
extern const char *dq_version_own(const DqHistory *h, const char *name);

/* SQL: the begin and the end of a row */
extern char *dq_version_from(const DqHistory *h, const char *alias);
extern char *dq_version_to(const DqHistory *h, const char *alias);

/* SQL: two points in time, by an operator of their order */
extern char *dq_version_compare(const DqHistory *h, const char *left,
								StrategyNumber strategy, const char *right);

/* SQL: is this end none? never NULL */
extern char *dq_version_is_open(const DqHistory *h, const char *end);

/* SQL: is a version valid at a point? */
extern char *dq_version_contains(const DqHistory *h, const char *alias,
								 const char *point);

/* is this the column valid_from? the one that marks keys that are gone? */
extern bool dq_version_is_start(const DqHistory *h, const DqColumn *column);
extern bool dq_version_is_mark(const DqHistory *h, const DqColumn *column);

/*
 * SQL: do two rows differ in columns that are tracked, or in the others that
 * are compared? never NULL
 */
extern char *dq_version_changed(const DqHistory *h, const char *left,
								const char *right, bool tracked);

/* SQL: is "left" younger, as far as the target keeps the sequence? no NULL */
extern char *dq_version_after(const DqHistory *h, const char *left,
							  const char *right);

/* SQL: are two rows versions of one key? "left" may be the target */
extern char *dq_version_same_key(const DqHistory *h, const char *left,
								 const char *right);

/* SQL: do two rows begin at one point? */
extern char *dq_version_same_start(const DqHistory *h, const char *left,
								   const char *right);

/* SQL: does a row of the batch say that its key is gone? */
extern char *dq_version_deletes(const DqHistory *h, const char *alias);

/* SQL: the point at which keys that are missing are gone */
extern char *dq_version_window_end(const DqHistory *h);

/* SQL: is a version one of those that a complete batch would name? */
extern char *dq_version_present(const DqHistory *h, const char *alias);

/* SQL: has the batch no row of the key of a version? */
extern char *dq_version_missing(const DqHistory *h, const char *alias);

/* SQL of a FROM item: the target */
extern char *dq_version_target(const DqHistory *h, const char *alias);

#endif /* DQ_VERSION_H */
