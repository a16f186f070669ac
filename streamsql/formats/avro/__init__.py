"""AVRO: values and keys behind the number of their schema, by fastavro."""
