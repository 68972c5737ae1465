/*
 * sqltext.h
 *	  Building SQL text: the only place that quotes. No SPI here.
 *
 * All results are palloc'd in the current memory context.
 */
#ifndef DQ_SQLTEXT_H
#define DQ_SQLTEXT_H

#include "nodes/pg_list.h"

extern const char *dq_sqltext_ident(const char *name);
extern char *dq_sqltext_literal(const char *value);
extern char *dq_sqltext_qualified(const char *schema, const char *name);
extern char *dq_sqltext_ident_list(List *names);
extern char *dq_sqltext_relation(Oid relid);
extern char *dq_sqltext_operator(Oid opno);
extern char *dq_sqltext_type(Oid typid, int32 typmod);
extern char *dq_sqltext_collation(Oid collation);
extern char *dq_sqltext_clip(const char *text, int max_bytes);

#endif /* DQ_SQLTEXT_H */
