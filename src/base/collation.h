/*
 * collation.h
 *	  What is certain about a collation, without the header of locales, which
 *	  needs those of ICU.
 */
#ifndef DQ_COLLATION_H
#define DQ_COLLATION_H

/* are texts ordered by their bytes? */
extern bool dq_collation_order_is_c(Oid collation);

/* are only ASCII characters letters, digits and so on? */
extern bool dq_collation_ctype_is_c(Oid collation);

#endif /* DQ_COLLATION_H */
