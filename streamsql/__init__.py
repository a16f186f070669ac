"""A streaming SQL engine on Apache Kafka, as one Python package."""
