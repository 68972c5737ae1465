"""Great Expectations: one suite on a table asset."""
import sys

import great_expectations as gx
import great_expectations.expectations as gxe
from common import allowed, checks, column, number_or_time, url

STRICT = {"greater_than": ("min_value", "strict_min"), "at_least": ("min_value", None),
          "less_than": ("max_value", "strict_max"), "at_most": ("max_value", None)}


def expectation(rule):
    kind, name = rule["type"], column(rule)
    if kind == "not_null":
        return gxe.ExpectColumnValuesToNotBeNull(column=name)
    if kind == "between":
        return gxe.ExpectColumnValuesToBeBetween(column=name, min_value=number_or_time(name, rule["min_value"]),
                                                 max_value=number_or_time(name, rule["max_value"]))
    if kind in STRICT:
        side, strict = STRICT[kind]
        options = {side: number_or_time(name, rule["value"])}
        if strict:
            options[strict] = True
        return gxe.ExpectColumnValuesToBeBetween(column=name, **options)
    if kind == "not_equal_to":
        return gxe.ExpectColumnValuesToNotBeInSet(column=name, value_set=[number_or_time(name, rule["value"])])
    if kind == "compare_columns":
        return gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A=rule["columns"][0], column_B=rule["columns"][1],
                                                           or_equal=True, ignore_row_if="either_value_is_missing")
    if kind == "length_between":
        return gxe.ExpectColumnValueLengthsToBeBetween(column=name, min_value=int(rule["min_value"]), max_value=int(rule["max_value"]))
    if kind == "accepted_values":
        return gxe.ExpectColumnValuesToBeInSet(column=name, value_set=allowed(rule))
    return gxe.ExpectColumnValuesToNotBeInSet(column=name, value_set=allowed(rule))


context = gx.get_context(mode="ephemeral")
asset = context.data_sources.add_postgres("bench", connection_string=url()).add_table_asset("big", table_name="big")
batch = asset.add_batch_definition_whole_table("all").get_batch()
suite = context.suites.add(gx.ExpectationSuite(name="bench"))
for n, rule, _ in checks():
    one = expectation(rule)
    one.meta = {"n": n}  # results come in another order
    suite.add_expectation(one)
told = batch.validate(suite, result_format="BASIC")
with open(sys.argv[1] + "/great_expectations.told", "w", encoding="utf-8") as out:
    for result in told.results:
        n = result.expectation_config.meta["n"]
        if "unexpected_count" not in result.result:
            sys.exit("check %d: %s" % (n, result.exception_info))
        out.write("%d|%d\n" % (n, result.result["unexpected_count"]))
