/*
 * catalogue.h
 *	  What pg_catalog says about a relation, as SQL.
 *
 * Every word in it is qualified; it reads the same under any search_path.
 */
#ifndef DQ_CATALOGUE_H
#define DQ_CATALOGUE_H

#include "quality/shape.h"

/* 'schema.relation'::regclass */
extern char *dq_catalogue_regclass(Oid relid);

/* texts as an SQL array */
extern char *dq_catalogue_array(List *texts);

/* the names of the columns, in order, as an SQL array */
extern char *dq_catalogue_columns(const DqSource *source);

/* "the column is there and meets the condition", over pg_attribute AS a */
extern char *dq_catalogue_column(const DqSource *source, const char *name,
								 const char *condition);

/* a digest of the columns in order: names, types, NOT NULL and so on */
extern char *dq_catalogue_fingerprint(const char *relation);

/* conditions and details of rules: DqRuleType.holds and .detail */
extern void dq_catalogue_has_primary_key(StringInfo buf, const DqProbe *probe,
										 const char *value);
extern void dq_catalogue_has_unique(StringInfo buf, const DqProbe *probe,
									const char *value);
extern void dq_catalogue_has_index(StringInfo buf, const DqProbe *probe,
								   const char *value);
extern void dq_catalogue_indexes(StringInfo buf, const DqProbe *probe,
								 const char *value);
extern void dq_catalogue_has_foreign_key(StringInfo buf, const DqProbe *probe,
										 const char *value);
extern void dq_catalogue_foreign_keys(StringInfo buf, const DqProbe *probe,
									  const char *value);
extern void dq_catalogue_grants_are(StringInfo buf, const DqProbe *probe,
									const char *value);
extern void dq_catalogue_grants(StringInfo buf, const DqProbe *probe,
								const char *value);
extern void dq_catalogue_row_security_on(StringInfo buf, const DqProbe *probe,
										 const char *value);
extern void dq_catalogue_comment_present(StringInfo buf, const DqProbe *probe,
										 const char *value);
extern void dq_catalogue_comments(StringInfo buf, const DqProbe *probe,
								  const char *value);
extern void dq_catalogue_unchanged(StringInfo buf, const DqProbe *probe,
								   const char *value);
extern void dq_catalogue_fingerprints(StringInfo buf, const DqProbe *probe,
									  const char *value);

#endif /* DQ_CATALOGUE_H */
