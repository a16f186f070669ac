"""The shell: the command line, the interactive prompt, and how results look.

Everything a person types at a terminal is here; what it means is not. Commands are thin: each
reads its options, asks the engine, and renders. prompt-toolkit is imported by ``prompt`` alone, and
heavy rooms only by the command that needs them, so that ``--help`` is instant. May import every
room but ``testing``.
"""
