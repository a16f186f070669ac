"""Source text: the only producer of it. Expressions, stretches and folds become Python functions.

Values enter the text through a :class:`~streamsql.codegen.namespace.Namespace`, never by being
formatted into it; the result is readable, lies in ``linecache`` and is what EXPLAIN CODE prints.
"""
