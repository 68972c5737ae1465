/*
 * dq_etl.h
 *	  Constants of the extension: its names in the database and its SQLSTATEs.
 *
 * A standard SQLSTATE is used wherever one fits. Our own are in class QE,
 * which the SQL standard leaves to implementations (classes beginning with
 * I to Z), and are listed in doc/reference.md.
 */
#ifndef DQ_ETL_H
#define DQ_ETL_H

#define DQ_EXTENSION "dq_etl"
#define DQ_SCHEMA "etl"
#define DQ_CATALOG "etl_catalog"
#define DQ_STAGE_PREFIX "etl_r"
/* tables beside stages; no step may be called so */
#define DQ_SETASIDE_PREFIX "dq_setaside_"

/* a gate failed: the data is not good enough to publish */
#define ERRCODE_DQ_CHECK_FAILED MAKE_SQLSTATE('Q', 'E', '0', '0', '1')
/* etl.run_pending: at least one of its windows failed */
#define ERRCODE_DQ_WINDOWS_FAILED MAKE_SQLSTATE('Q', 'E', '0', '0', '2')
/* the process of a run ended without leaving a result */
#define ERRCODE_DQ_RUN_CRASHED MAKE_SQLSTATE('Q', 'E', '0', '0', '3')
/* a load would delete more of its target than max_delete_fraction */
#define ERRCODE_DQ_DELETE_LIMIT MAKE_SQLSTATE('Q', 'E', '0', '0', '4')
/* a step or a run took longer than its timeout */
#define ERRCODE_DQ_TIMEOUT MAKE_SQLSTATE('Q', 'E', '0', '0', '5')

/*
 * Classes of our advisory lock tags (field 4). SQL's own functions use 1 and
 * 2, so none of these can be taken or squatted from SQL.
 */
#define DQ_LOCK_RUN 21857
#define DQ_LOCK_PIPELINE 21858
#define DQ_LOCK_TARGET 21859
#define DQ_LOCK_LEDGER 21860
#define DQ_LOCK_START 21861
#define DQ_LOCK_WAIT 21862

#endif /* DQ_ETL_H */
