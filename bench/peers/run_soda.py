"""Soda Core: one scan, which it fuses into few queries itself."""
import logging
import sys

from common import HOST, PORT, checks, column
from soda.scan import Scan

logging.disable(logging.CRITICAL)
lines = ["checks for big:"]
for n, rule, condition in checks():
    if rule["type"] == "not_null":
        lines += ["  - missing_count(%s) = 0:" % column(rule), '      name: "%d"' % n]
    else:
        lines += ["  - failed_%d = 0:" % n, '      name: "%d"' % n,
                  "      failed_%d expression: count(CASE WHEN NOT (%s) THEN 1 END)" % (n, condition)]
scan = Scan()
scan.set_data_source_name("bench")
scan.set_scan_definition_name("bench")
scan.disable_telemetry()
scan.add_configuration_yaml_str("""
data_source bench:
  type: postgres
  host: %s
  port: %s
  username: postgres
  password: none
  database: bench
  schema: public
""" % (HOST, PORT))
scan.add_sodacl_yaml_str("\n".join(lines))
scan.execute()
with open(sys.argv[1] + "/soda.told", "w", encoding="utf-8") as out:
    for check in scan.get_scan_results()["checks"]:
        out.write("%s|%d\n" % (check["name"], check["diagnostics"]["value"]))
