/* Stand-ins for macros of PostgreSQL, for cppcheck only. */
#define PG_FUNCTION_INFO_V1(name) extern int dq_lint_info
#define PG_MODULE_MAGIC extern int dq_lint_magic
#define PGDLLEXPORT
#define PGDLLIMPORT
#define INT64_FORMAT "%lld"
#define UINT64_FORMAT "%llu"
#define pg_attribute_noreturn()
#define pg_attribute_printf(a, b)
#define foreach(cell, list) for (; (cell) != 0;)
#define forboth(cell1, list1, cell2, list2) for (; (cell1) != 0;)
#define for_each_from(cell, list, n) for (; (cell) != 0;)
#define forboth(cell1, list1, cell2, list2) for (; (cell1) != 0 && (cell2) != 0;)
#define forthree(c1, l1, c2, l2, c3, l3) for (; (c1) != 0 && (c2) != 0 && (c3) != 0;)
#define PG_TRY(...) if (1)
#define PG_CATCH(...) else
#define PG_FINALLY(...)
#define PG_END_TRY(...)
#define ereport(level, rest) dq_lint_report(level)
#define elog(level, ...) dq_lint_report(level)
