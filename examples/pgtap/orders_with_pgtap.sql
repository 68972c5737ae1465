-- Checks among other tests of pgTAP: a row of etl.check is an ok(), with what
-- was found as a diagnostic.
BEGIN;
SELECT plan(5);
SELECT has_table('shop', 'orders', 'there are orders');
SELECT col_type_is('shop', 'orders', 'amount', 'numeric(10,2)', 'in money');

SELECT ok(success, check_name) || coalesce(E'\n' || diag(CASE WHEN NOT success THEN message END), '')
FROM   etl.check('shop.orders', ARRAY[
	'UNIQUE (order_id)',
	etl.rule('not_null', '{customer_id}', name => 'every order has a customer'),
	etl.rule('completeness_between', '{amount}', name => 'amounts are there', min_value => 0.99)]);

SELECT * FROM finish();
ROLLBACK;
