"""Rows for whoever asks: pull and push queries, PRINT."""
