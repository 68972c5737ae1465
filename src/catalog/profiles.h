/*
 * profiles.h
 *	  Saved profiles of relations.
 *
 * A profile shows values of rows. It is seen by who has the privileges of the
 * role that saved it, and by who may read all its columns of all relations
 * that went into it, when these are tables or materialized views without row
 * security for that user, and are still called as they were.
 */
#ifndef DQ_PROFILES_H
#define DQ_PROFILES_H

#include "nodes/pg_list.h"

typedef struct DqSavedProfile
{
	int64 id;
	char *relation; /* as it is shown: schema-qualified */
	char *label; /* may be NULL */
	List *oids; /* relations that went into it */
	List *names; /* their names, of char * */
	List *columns; /* of char * */
	bool all_columns; /* and not some that were chosen */
	char *row_filter; /* may be NULL */
	bool partial; /* row security hid some of the rows */
	int64 rows;
	bytea *state;
} DqSavedProfile;

/* save as the current user; returns the id */
extern int64 dq_profiles_insert(const DqSavedProfile *profile);

/* 42704 when there is none that the current user may see */
extern DqSavedProfile *dq_profiles_read(int64 id);

/* 42704 as above; 42501 when the current user may see but not drop it */
extern void dq_profiles_drop(int64 id);

/* may the current user read these columns of these relations as a whole? */
extern bool dq_profiles_may_read(List *oids, List *names, List *columns);

#endif /* DQ_PROFILES_H */
