"""Settings: their precedence, their checks, and what SET may say."""

from pathlib import Path

import pytest

from streamsql.engine.configuration.config import EngineConfig, load_config
from streamsql.engine.configuration.settings import FIXED, SETTINGS, SettingError, canonical, check
from streamsql.errors import EngineError
from streamsql.topology.nodes import OffsetReset


def test_defaults() -> None:
    runtime = load_config({}, environment={}, directory=Path("/nonexistent")).runtime("app")
    assert (runtime.application, runtime.commit_interval_ms) == ("app", 100)
    assert runtime.cache_bytes == 10 * 1024 * 1024
    assert runtime.state_directory is None


def test_option_before_environment_before_file(tmp_path: Path) -> None:
    (tmp_path / "streamsql.toml").write_text(
        '"commit.interval.ms" = 1\nmax.poll.records = 2\n[replication]\nfactor = 3\n'
    )
    environment = {"STREAMSQL_COMMIT_INTERVAL_MS": "20", "STREAMSQL_MAX_POLL_RECORDS": "30"}
    options = {"ksql.streams.commit.interval.ms": 300}
    config = load_config(options, environment=environment, directory=tmp_path)
    assert config.whole("commit.interval.ms") == 300
    assert config.whole("max.poll.records") == 30
    assert config.replicas == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("commit.interval.ms", "soon"),
        ("commit.interval.ms", "-1"),
        ("auto.offset.reset", "none"),
        ("processing.guarantee", "perhaps"),
        ("num.stream.threads", "4"),
        ("ksql.persistence.default.format.value", "XML"),
        ("replication.factor", "0"),
    ],
)
def test_values_are_checked(name: str, value: str) -> None:
    with pytest.raises(EngineError, match=name):
        load_config({name: value}, environment={})


def test_unknown_names_are_refused_with_a_hint() -> None:
    with pytest.raises(EngineError, match=r'Did you mean "commit\.interval\.ms"'):
        load_config({"commit.intervall.ms": "1"}, environment={})
    with pytest.raises(EngineError, match="in the environment: "):
        load_config({}, environment={"STREAMSQL_COMIT_INTERVAL_MS": "1"})


def test_a_broken_file_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "streamsql.toml").write_text("= nonsense")
    with pytest.raises(EngineError, match=r"cannot read .*streamsql\.toml"):
        load_config({}, environment={}, directory=tmp_path)


def test_client_settings_are_passed_on() -> None:
    config = load_config({"sasl.username": "ada", "compression.type": "lz4"}, environment={})
    assert config.client() == {"sasl.username": "ada", "compression.type": "lz4"}


def test_set_and_unset() -> None:
    config = EngineConfig().with_setting("ksql.streams.auto.offset.reset", "latest")
    assert config.reset(OffsetReset.EARLIEST) is OffsetReset.LATEST
    assert config.with_setting("auto.offset.reset", None).get("auto.offset.reset") is None


@pytest.mark.parametrize("name", ["state.dir", "bootstrap.servers", "sasl.username", "nonsense"])
def test_set_cannot_change_everything(name: str) -> None:
    with pytest.raises(SettingError):
        EngineConfig().with_setting(name, "x")


def test_the_old_name_of_the_cache() -> None:
    config = EngineConfig().with_setting("cache.max.bytes.buffering", "0")
    assert config.runtime("a").cache_bytes == 0
    both = config.with_setting("statestore.cache.max.bytes", "5")
    assert both.runtime("a").cache_bytes == 5


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_every_default_is_a_value_it_can_have(name: str) -> None:
    default = SETTINGS[name].default
    if default is not None:
        assert check(name, default, session=False) == name


@pytest.mark.parametrize("name", sorted({*SETTINGS, *FIXED}))
def test_names_are_canonical(name: str) -> None:
    assert canonical(name) == name
    assert canonical(f"ksql.streams.{name}") == name
