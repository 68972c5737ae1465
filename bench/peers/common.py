"""What the peers share: the connection, and the checks as the database has them."""
import os
import subprocess

HOST, PORT = os.environ["PGHOST"], os.environ["PGPORT"]


def checks():
    """(number, rule object, condition that must hold) of each check."""
    import json
    query = "SELECT json_build_object('n', n, 'rule', rule::jsonb, 'condition', condition) FROM checks ORDER BY n"
    out = subprocess.run(["psql", "-X", "-A", "-t", "-d", "bench", "-U", "postgres", "-c", query], check=True,
                         encoding="utf-8", stdout=subprocess.PIPE).stdout
    for line in out.splitlines():
        row = json.loads(line)
        yield row["n"], row["rule"], row["condition"]


def url():
    # some tools insist on a host; the socket's directory wins
    return "postgresql+psycopg2://postgres@localhost:%s/bench?host=%s" % (PORT, HOST)


def column(rule):
    return rule.get("column") or rule["columns"][0]


def allowed(rule):
    values = rule.get("allowed") or rule.get("value_set")
    if column(rule) == "customer":
        return [int(v) for v in values]
    if column(rule) == "active":
        return [v in ("true", True) for v in values]
    return values


def number_or_time(name, value):
    """A bound as the column's type."""
    import datetime
    if name in ("created", "updated"):
        return datetime.datetime.fromisoformat(value)
    return float(value)
