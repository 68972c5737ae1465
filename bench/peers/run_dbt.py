"""dbt: a source with a test for each check, one query each, four at a time."""
import json
import os
import sys

from common import HOST, PORT, checks, column
from dbt.cli.main import dbtRunner

place = os.path.join(sys.argv[1], "dbt_project")
os.makedirs(os.path.join(place, "models"), exist_ok=True)
os.makedirs(os.path.join(place, "tests", "generic"), exist_ok=True)


def write(name, value):
    with open(os.path.join(place, name), "w", encoding="utf-8") as out:
        out.write(value if isinstance(value, str) else json.dumps(value, indent=1))


write("dbt_project.yml", {"name": "bench", "version": "1.0.0", "profile": "bench", "config-version": 2,
                          "flags": {"send_anonymous_usage_stats": False}})
write("profiles.yml", {"bench": {"target": "bench", "outputs": {"bench": {
    "type": "postgres", "host": HOST, "port": int(PORT), "user": "postgres", "password": "none",
    "dbname": "bench", "schema": "public", "threads": 2}}}})
write("tests/generic/holds.sql", "{% test holds(model, condition) %}select * from {{ model }} where not ({{ condition }}){% endtest %}")
tests = []
columns = {}
for n, rule, condition in checks():
    if rule["type"] == "not_null":
        columns.setdefault(column(rule), []).append({"not_null": {"name": "check_%d" % n}})
    else:
        tests.append({"holds": {"name": "check_%d" % n, "arguments": {"condition": condition}}})
write("models/sources.yml", {"version": 2, "sources": [{"name": "bench", "schema": "public", "tables": [
    {"name": "big", "data_tests": tests, "columns": [{"name": c, "data_tests": t} for c, t in columns.items()]}]}]})
done = dbtRunner().invoke(["--quiet", "test", "--project-dir", place, "--profiles-dir", place])
if done.exception:
    sys.exit(str(done.exception))
with open(os.path.join(place, "target", "run_results.json"), encoding="utf-8") as result:
    with open(sys.argv[1] + "/dbt.told", "w", encoding="utf-8") as out:
        for test in json.load(result)["results"]:
            name = test["unique_id"].split(".")[2]
            if test["failures"] is None:
                sys.exit(name + ": " + str(test["message"]))
            out.write("%s|%d\n" % (name.replace("check_", ""), test["failures"]))
