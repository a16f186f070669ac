"""Keywords of the language, as data: for the parser, completion and highlighting."""

# fmt: off
RESERVED = frozenset({
    "ADVANCE", "ALL", "AND", "AS", "AT", "BEGINNING", "BETWEEN", "BY", "CASE", "CAST",
    "CONNECTOR", "CONNECTORS", "CREATE", "DAYS", "DELETE", "DESCRIBE", "DISTINCT", "DROP",
    "ELSE", "END", "EXISTS", "EXTENDED", "FALSE", "FROM", "FULL", "GROUP", "HAVING", "HOPPING",
    "HOURS", "IN", "INNER", "INSERT", "INTO", "IS", "JOIN", "LEFT", "LIKE", "LIMIT", "LIST",
    "MILLISECOND", "MILLISECONDS", "MINUTES", "MONTHS", "NOT", "NULL", "ON", "OR", "OUTER",
    "PAUSE", "PRINT", "PROPERTIES", "QUERIES", "RESUME", "RETENTION", "RIGHT", "RUN", "SAMPLE",
    "SCRIPT", "SECONDS", "SELECT", "SIZE", "STREAM", "STREAMS", "TABLE", "TERMINATE", "THEN",
    "TOPIC", "TOPICS", "TRUE", "TUMBLING", "UNSET", "VALUES", "WHEN", "WHERE", "WINDOW", "WITH",
    "WITHIN", "YEARS",
})
"""Keywords that are names only when quoted."""

NONRESERVED = frozenset({
    "ADD", "ALTER", "ANALYZE", "ARRAY", "ASSERT", "CHANGES", "CODE", "COLUMN", "COLUMNS",
    "DATE", "DAY", "DECIMAL", "DEFINE", "EMIT", "ESCAPE", "EXPLAIN", "FINAL", "FUNCTION",
    "FUNCTIONS", "GRACE", "HEADER", "HEADERS", "HOUR", "ID", "IF", "INTEGER", "INTERVAL", "KEY",
    "MAP", "MINUTE", "MONTH", "OPTIMIZED", "PARTITION", "PARTITIONS", "PERIOD", "PLAN",
    "PLUGINS", "PRIMARY", "REPLACE", "RESET", "SCHEMA", "SECOND", "SESSION", "SET", "SHOW",
    "SINK", "SOURCE", "STRING", "STRUCT", "SUBJECT", "SYSTEM", "TABLES", "TIME", "TIMEOUT",
    "TIMESTAMP", "TOPOLOGY", "TYPE", "TYPES", "UNDEFINE", "VARCHAR", "VARIABLES", "YEAR",
    "ZONE",
})
"""Keywords that are names as well."""
# fmt: on
