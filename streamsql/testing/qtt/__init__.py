"""ksqlDB's query-validation cases, in their JSON form."""
