"""cuallee: has no PostgreSQL of its own; a user loads the table into pandas.

Length of a text is checked by a pattern. It fails NULL, so rows with NULL are
left out first, and counts differently, so only verdicts are told. Comparisons of columns and with times are left out,
which it does not have.
"""
import sys

import pandas
import sqlalchemy
from common import allowed, checks, column, number_or_time, url
from cuallee import Check, CheckLevel

frame = pandas.read_sql("SELECT * FROM big", sqlalchemy.create_engine(url()))
names = {"greater_than": "is_greater_than", "at_least": "is_greater_or_equal_than", "less_than": "is_less_than",
         "at_most": "is_less_or_equal_than"}
told = []
for n, rule, _ in checks():
    kind, name = rule["type"], column(rule)
    if name == "created" and kind != "not_null":
        continue
    one = Check(CheckLevel.WARNING, "check %d" % n)
    if kind == "not_null":
        one.is_complete(name)
    elif kind == "between":
        one.is_between(name, (number_or_time(name, rule["min_value"]), number_or_time(name, rule["max_value"])))
    elif kind in names:
        getattr(one, names[kind])(name, number_or_time(name, rule["value"]))
    elif kind == "accepted_values":
        one.is_contained_in(name, tuple(allowed(rule)))
    elif kind == "not_accepted_values":
        one.not_contained_in(name, tuple(allowed(rule)))
    elif kind == "not_equal_to":
        one.not_contained_in(name, (number_or_time(name, rule["value"]),))
    elif kind == "length_between":
        one.has_pattern(name, "^.{%s,%s}$" % (rule["min_value"], rule["max_value"]))
    else:
        continue
    status = one.validate(frame if kind == "not_null" else frame.dropna(subset=[name]))["status"].iloc[0]
    told.append("%d|%s" % (n, status.lower()))
with open(sys.argv[1] + "/cuallee.told", "w", encoding="utf-8") as out:
    out.write("\n".join(told) + "\n")
