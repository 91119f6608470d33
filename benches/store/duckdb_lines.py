"""Runs one statement of DuckDB per line of input on the file it is given; answers each with its rows as one line of JSON."""
import json
import sys

import duckdb

connection = duckdb.connect(sys.argv[1])
connection.execute("SET enable_progress_bar = false")  # it would go to our output
print("ready", flush=True)
for statement in sys.stdin:
    rows = connection.execute(statement).fetchall()
    print(json.dumps(rows), flush=True)
