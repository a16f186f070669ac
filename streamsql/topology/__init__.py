"""The waist of the hourglass: operators as immutable data.

Above it a compiler builds it, below it the runtime carries it out. May import ``catalog``,
``formats``, ``expr``, ``types`` and ``errors``.
"""
