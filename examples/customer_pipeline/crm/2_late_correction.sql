-- Late news about a day that has already been loaded: one customer had
-- mistyped an e-mail address.

UPDATE public.customers SET email = 'frida.garcia@example.com' WHERE customer_id = 65;
