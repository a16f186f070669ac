"""The page of settings, made from the tables that the engine goes by."""

from streamsql.engine.configuration.settings import CLIENT_PREFIXES, FIXED, SETTINGS

_HEAD = """# Settings

This page is made from the tables of the engine (`streamsql.engine.configuration.settings`) by a
test, which also holds the two equal.

A setting is looked for, in this order: in an option (`--set NAME=VALUE`, or `settings=` of
`streamsql.connect`), in the environment (`STREAMSQL_COMMIT_INTERVAL_MS` is `commit.interval.ms`),
in `streamsql.toml` in the working directory, in the defaults
(`streamsql.engine.configuration.config:load_config`). Names are those of ksqlDB and Kafka Streams
where these have one, with or without the prefix `ksql.streams.`. A name that does not exist and a
value that a setting cannot have are errors: nothing is taken and ignored.

```toml streamsql.toml
"commit.interval.ms" = 200
statestore.cache.max.bytes = 0
```

`SET 'name' = 'value'` changes a setting for the statements after it, `UNSET 'name'` takes that
back; a query keeps the settings it was created under. In a file that is run as one application a
later `SET` counts for the whole application. `SHOW PROPERTIES` lists what is in force.

## Settings with a choice
"""

_FIXED = """
## Settings with one value

These names of ksqlDB and Kafka Streams describe what is always so here. They accept the one value
that is true.
"""

_CLIENT = """
## Settings of the connection

Names that begin with {prefixes} are handed to the Kafka client library as they are. They are
given when the engine starts, not by `SET`.

The program itself reads two further variables of the environment: `STREAMSQL_LOG` is the level of
the log on standard error (`WARNING` by default), and `STREAMSQL_CRASH_AT` is for tests of the
commit path.
"""


def settings_page() -> str:
    """Return the text of the page."""
    rows = [
        f"| `{setting.name}` | {_code(setting.default)} | {'yes' if setting.session else 'no'} "
        f"| {setting.meaning} |\n"
        for setting in SETTINGS.values()
    ]
    fixed = [f"| `{name}` | `{value}` |\n" for name, value in sorted(FIXED.items())]
    prefixes = ", ".join(f"`{prefix}`" for prefix in CLIENT_PREFIXES)
    return "".join(
        [
            f"{_HEAD}\n| setting | default | by SET | meaning |\n|---|---|---|---|\n",
            *rows,
            f"{_FIXED}\n| setting | value |\n|---|---|\n",
            *fixed,
            _CLIENT.format(prefixes=prefixes),
        ]
    )


def _code(value: str | None) -> str:
    return "" if not value else f"`{value}`"
