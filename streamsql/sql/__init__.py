"""Text to bound statements: the dialect, its parser and printer, and the binder.

sqlglot's tokenizer and parser scaffold read a statement into the nodes of ``ast`` and
``ast_statements``, each with the span of text it came from; the binder resolves names and types
against the catalog. sqlglot trees never leave this room. Imports rooms from ``plan`` downwards.
"""
