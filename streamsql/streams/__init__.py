"""The DSL: KStream and KTable, which build a topology and nothing else.

May import ``topology``, ``catalog``, ``formats``, ``expr``, ``types`` and ``errors``.
"""
