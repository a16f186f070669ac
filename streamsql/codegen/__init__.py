"""Topology nodes as Python functions: the only producer of source text.

A text is made of nodes alone and is the same for all tasks of a query; what a task has for its
nodes is bound when the text is loaded. Values enter through a
:class:`~streamsql.codegen.namespace.Namespace`, never by being formatted into the text, which is
readable, lies in ``linecache`` and is what EXPLAIN CODE prints. May import ``topology``,
``formats``, ``expr``, ``types`` and ``errors``.
"""
