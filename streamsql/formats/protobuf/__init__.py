"""PROTOBUF: messages with and without the number of their schema, by Google's runtime."""
