"""Runs one statement of DuckDB per line of input on the file it is given; answers each with its rows as one line of JSON."""
import json
import sys

import duckdb

connection = duckdb.connect(sys.argv[1])
print("ready", flush=True)
for statement in sys.stdin:
    rows = connection.execute(statement).fetchall()
    print(json.dumps(rows), flush=True)
