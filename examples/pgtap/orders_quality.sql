-- Checks as a test of their own: etl.check_tap prints the plan and a line for
-- each check. pgTAP need not be installed; pg_prove is all it takes.
SELECT * FROM etl.check_tap('shop.orders', ARRAY[
	'PRIMARY KEY (order_id)',
	'FOREIGN KEY (customer_id) REFERENCES shop.customers (customer_id)',
	etl.rule('accepted_values', '{state}', name => 'state is known', allowed => '{new,paid,sent}', params => '{"max_failed_rows": 2}'),
	'CONSTRAINT amount_is_positive CHECK (amount > 0)',
	etl.rule('row_count', name => 'enough orders', min_value => 500)]);
