#!/usr/bin/env python3
"""Run cases of a neutral format against a server with dq_etl.

    test/conformance/run.py FILE.jsonl [--psql "psql -d DB"] [--at-least PERCENT]
                            [--only CHECK] [--verbose]

A case is a small table, one check and what its author expects of it; the
README beside this script says what each field means. Every case gets its
tables in a transaction that is rolled back. Printed are all differences, then
passed, failed, unsupported and waived cases for each check, and a total. The
exit status is 1 when fewer than PERCENT (default 100) of the cases pass;
waived ones do not count.
"""
import argparse
import collections
import json
import shlex
import subprocess
import sys

SCHEMA = "dq_conformance"

# what the parameters of a case are called in rule objects
RENAMED = {
    "min": "min_value",
    "max": "max_value",
    "set": "allowed",
    "n": "value",
    "type": "data_type",
    "types": "data_types",
    "name": "column",
}


class Number(str):
    """A number as it was written, so that no digit is lost."""


def parse(text):
    return json.loads(text, parse_float=Number, parse_int=Number)


def dump(value):
    """JSON of a parsed value."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(dump(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(json.dumps(k) + ": " + dump(v) for k, v in value.items()) + "}"
    return json.dumps(value)


def literal(text):
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def identifier(name):
    return '"' + name.replace('"', '""') + '"'


def cell(value, type_name):
    """A value of a table as SQL."""
    if value is None:
        return "NULL::" + type_name
    text = value if isinstance(value, str) else dump(value)
    return literal(text) + "::" + type_name


def create(name, table):
    """The statements that make a table."""
    columns = table["columns"]
    place = SCHEMA + "." + identifier(name)
    out = ["CREATE TABLE %s (%s);" % (place, ", ".join(identifier(c["name"]) + " " + c["type"] for c in columns))]
    rows = ["(" + ", ".join(cell(v, c["type"]) for v, c in zip(row, columns)) + ")" for row in table["rows"]]
    if rows and columns:
        out.append("INSERT INTO %s VALUES %s;" % (place, ",\n".join(rows)))
    return out


def rule(case):
    """The rule object, and SQL of what must be computed for it."""
    doc = {"type": case["check"]}
    computed = {}
    if case["columns"]:
        doc["columns"] = case["columns"]
    for name, value in case["params"].items():
        if value is None:
            continue
        if isinstance(value, dict) and set(value) == {"expr"}:
            computed[RENAMED.get(name, name)] = value["expr"]
        elif name == "ties":
            doc["ties"] = "any" if value else "fail"
        elif name == "ranges":
            doc["ranges"] = [{RENAMED[k]: v for k, v in r.items()} for r in value]
        elif name == "relation":
            doc["relation"] = SCHEMA + "." + identifier(value)
        else:
            doc[RENAMED.get(name, name)] = value
    if case["max_failed_fraction"] is not None:
        doc["max_failed_fraction"] = Number(case["max_failed_fraction"])
    if case.get("where"):
        doc["row_filter"] = case["where"]
    return doc, computed


def script(number, case):
    """Everything that psql runs for a case; its output begins with a mark."""
    doc, computed = rule(case)
    check = literal(dump(doc))
    if computed:
        extra = ", ".join("%s, (%s)::text" % (literal(k), v) for k, v in computed.items())
        check = "(%s::jsonb || jsonb_build_object(%s))::text" % (check, extra)
    table = SCHEMA + ".the_table"
    out = ["\\echo =case %d" % number, "BEGIN;", "CREATE SCHEMA %s;" % SCHEMA]
    out += create("the_table", case["table"])
    for name, other in (case.get("relations") or {}).items():
        out += create(name, other)
    out += [
        "\\if :ERROR", "\\echo =unusable :LAST_ERROR_MESSAGE", "\\endif",
        "\\echo =rows",
        "SELECT jsonb_agg(to_jsonb(t) ORDER BY t.ctid) FROM %s AS t;" % table,
        "\\unset failed_rows_sql",
        "SELECT to_jsonb(r) AS verdict, r.failed_rows_sql FROM etl.check('%s', ARRAY[%s], sample_rows => 1000) AS r"
        % (table, check), "\\gset",
        "\\if :ERROR", "\\echo =error :LAST_ERROR_SQLSTATE :LAST_ERROR_MESSAGE", "\\else",
        "\\echo =verdict", "\\echo :verdict",
        "\\if :{?failed_rows_sql}",
        "\\echo =failing", "SELECT jsonb_agg(to_jsonb(q)) FROM (:failed_rows_sql\n) AS q;",
        "\\endif", "\\endif", "ROLLBACK;"]
    return "\n".join(out) + "\n"


def ask(psql, cases):
    """What the server says: for each case a dict of its marked lines."""
    text = "SET client_min_messages = error;\nSET search_path = pg_catalog;\n"
    text += "".join(script(i, c) for i, c in enumerate(cases))
    done = subprocess.run(psql + ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=0", "-f", "-"], input=text,
                          encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    answers, current, mark = [], None, None
    for line in done.stdout.split("\n"):
        if line.startswith("=case "):
            current, mark = {}, None
            answers.append(current)
        elif line.startswith("=") and current is not None:
            mark, _, rest = line[1:].partition(" ")
            current[mark] = rest
        elif mark and line:
            current[mark] += line
    if len(answers) != len(cases):
        sys.exit("psql answered %d of %d cases\n%s" % (len(answers), len(cases), done.stderr[-2000:]))
    return answers


def known_checks(psql):
    query = "SELECT rule_type FROM etl.rule_types() UNION SELECT unnest(aliases) FROM etl.rule_types()"
    done = subprocess.run(psql + ["-X", "-q", "-A", "-t", "-c", query], encoding="utf-8",
                          stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.exit("the server has no dq_etl")
    return set(done.stdout.split())


def same(a, b, tolerance=None):
    """Are two JSON values equal; numbers by value, times as text."""
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y, tolerance) for x, y in zip(a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return set(a) == set(b) and all(same(a[k], b[k], tolerance) for k in a)
    if a is None or b is None or isinstance(a, bool) or isinstance(b, bool):
        return a is b
    try:
        x, y = float(a), float(b)
    except (TypeError, ValueError):
        return isinstance(a, str) and isinstance(b, str) and a.replace("T", " ") == b.replace("T", " ")
    return abs(x - y) <= float(tolerance or 0) * max(abs(x), abs(y))


def sort_key(value):
    try:
        return (0, float(value), "")
    except (TypeError, ValueError):
        return (1, 0.0, dump(value))


def same_values(a, b):
    """Are two lists equal in any order."""
    rest = list(b)
    for x in a:
        for i, y in enumerate(rest):
            if same(x, y):
                del rest[i]
                break
        else:
            return False
    return not rest


def observed_of(case, verdict):
    """The metric in a verdict, as the cases write it."""
    observed = verdict["observed"] or {}
    if case["check"] == "row_count_equals_relation":
        return {"self": observed.get("value"), "other": observed.get("relation_value", observed.get("other"))}
    return observed.get("value") if isinstance(observed, dict) else observed


def compare_details(case, verdict):
    """Differences in what is told besides the metric, where both tell it."""
    observed = verdict["observed"] or {}
    for name, value in (case["expect"].get("details") or {}).items():
        ours = observed.get(name)
        if name in ("missing", "unexpected"):
            if not same_values(ours or [], value):
                yield "%s: %s instead of %s" % (name, dump(ours), dump(value))
        elif name in ("value_counts", "observed_partition", "expected_partition"):
            if ours is not None and not same(ours, value, 1e-9) and not reordered(ours, value):
                yield "%s: %s instead of %s" % (name, dump(ours)[:200], dump(value)[:200])
        elif ours is not None and not same(ours, value):
            yield "%s: %s instead of %s" % (name, dump(ours), dump(value))


def reordered(ours, theirs):
    """Partitions by value are equal in any order."""
    if isinstance(ours, list):
        return same_values(ours, theirs)
    if "values" not in ours or "values" not in theirs:
        return False
    a = sorted(zip(ours["values"], ours["weights"]), key=lambda p: sort_key(p[0]))
    b = sorted(zip(theirs["values"], theirs["weights"]), key=lambda p: sort_key(p[0]))
    return same([list(p) for p in a], [list(p) for p in b], 1e-9)


def compare_rows(case, failing, source, rows):
    """Differences in the failing rows, given as rows of the table."""
    expect, columns = case["expect"], case["columns"]
    if expect.get("failed_positions") is not None:
        want = [rows[int(i)] for i in expect["failed_positions"]]
        have = [{k: v for k, v in row.items() if k in rows[0]} for row in failing] if rows else []
        if not same_values(have, want):
            yield "%s: rows %s instead of %s" % (source, dump(have)[:300], dump(want)[:300])
    if expect.get("failed_values") is not None:
        have = [row.get(columns[0]) if len(columns) == 1 else [row.get(c) for c in columns] for row in failing]
        if not same_values(have, expect["failed_values"]):
            yield "%s: values %s instead of %s" % (source, dump(have)[:300], dump(expect["failed_values"])[:300])


def differences(case, answer):
    """What is not as expected: a list of texts, empty for agreement."""
    expect = case["expect"]
    if "unusable" in answer:
        return ["the table cannot be made: " + answer["unusable"]]
    if "error" in answer or "verdict" not in answer:
        message = answer.get("error", "no answer")
        return [] if expect["status"] == "error" else ["error: " + message]
    verdict = parse(answer["verdict"])
    status = verdict["status"]
    if status == "no_data" and expect.get("no_data"):
        status = "pass" if verdict["success"] else "fail"
    if status != expect["status"]:
        return ["status: %s instead of %s (%s)" % (verdict["status"], expect["status"],
                                                   verdict["error_message"] or verdict["message"])]
    if status == "error":
        return []
    out = []
    for name in ("failed_rows", "tested_rows", "null_rows"):
        if expect.get(name) is not None and not same(verdict[name], expect[name]):
            out.append("%s: %s instead of %s" % (name, verdict[name], expect[name]))
    if expect.get("observed") is not None:
        ours, theirs = observed_of(case, verdict), expect["observed"]
        if not same(ours, theirs, expect.get("tolerance")):
            if not (isinstance(ours, list) and isinstance(theirs, list) and case["check"] != "quantile_between"
                    and same_values(ours, theirs)):
                out.append("observed: %s instead of %s" % (dump(ours), dump(theirs)))
    out += compare_details(case, verdict)
    rows = parse(answer["rows"]) if answer.get("rows") else []
    if answer.get("failing") is not None:
        out += compare_rows(case, parse(answer["failing"] or "[]") or [], "failed_rows_sql", rows)
    if verdict["sample"] is not None:
        out += compare_rows(case, verdict["sample"], "sample", rows)
    elif expect.get("failed_values") and answer.get("failing") is None:
        out.append("failing rows are not told")
    return out


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file")
    parser.add_argument("--psql", default="psql", help="command that connects")
    parser.add_argument("--at-least", type=float, default=100, metavar="PERCENT")
    parser.add_argument("--only", metavar="CHECK", help="cases of this check")
    parser.add_argument("--verbose", action="store_true", help="print waived differences, too")
    return parser.parse_args()


def main():
    options = arguments()
    psql = shlex.split(options.psql)
    with open(options.file, encoding="utf-8") as source:
        cases = [parse(line) for line in source if line.strip()]
    if options.only:
        cases = [c for c in cases if c["check"] == options.only]
    known = known_checks(psql)
    counts = collections.defaultdict(collections.Counter)
    for case, answer in zip(cases, ask(psql, cases)):
        found = [] if case["check"] not in known else differences(case, answer)
        if case["check"] not in known:
            outcome = "unsupported"
        elif not found:
            outcome = "passed"
        elif case.get("waiver") or case.get("asserted") is False:
            outcome = "waived"
        else:
            outcome = "failed"
        counts[case["check"]][outcome] += 1
        if outcome == "failed" or (outcome == "waived" and options.verbose):
            print("%s: %s" % (outcome, case["id"]))
            for text in found:
                print("    " + text)
            if case.get("waiver"):
                print("    waived: " + case["waiver"])
    columns = ("passed", "failed", "unsupported", "waived")
    print("%-32s %7s %7s %12s %7s" % (("check",) + columns))
    total = collections.Counter()
    for name in sorted(counts):
        total.update(counts[name])
        print("%-32s %7d %7d %12d %7d" % ((name,) + tuple(counts[name][c] for c in columns)))
    print("%-32s %7d %7d %12d %7d" % (("total",) + tuple(total[c] for c in columns)))
    counted = sum(total.values()) - total["waived"]
    share = 100.0 * total["passed"] / counted if counted else 100.0
    print("%.1f %% of %d cases that count pass" % (share, counted))
    return 0 if share >= options.at_least else 1


if __name__ == "__main__":
    sys.exit(main())
