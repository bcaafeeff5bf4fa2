"""All settings: flags come before GIFAPP_* variables, then gifapp.toml, then defaults."""

from __future__ import annotations

import os
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from gifapp import errors
from gifapp.domain.limits import MIN_RETENTION_DAYS, Allowance, Limits
from gifapp.domain.networks import LOOPBACK, Network, parse_networks
from gifapp.domain.rates import RATE, Rates
from gifapp.domain.validation_errors import problems_in
from gifapp.redaction import redact
from gifapp.settings_file import default_data_dir, settings_file

_DEFAULTS = Limits()
_RATES = Rates()
Rate = Annotated[str, Field(pattern=RATE, examples=["600/minute"])]
Origin = Annotated[str, Field(pattern=r"^https?://[^\s/?#@*]+$", examples=["https://blog.example.org"])]
_MAX_VALUE, _MAX_OF_UNIT = 10**15, {"s": 10**9, "days": 36_500}
"""The greatest values that clocks, MongoDB and the operating system can handle."""


class Settings(BaseSettings):
    """All settings; frozen once loaded."""

    model_config = SettingsConfigDict(env_prefix="GIFAPP_", frozen=True, extra="forbid")

    data_dir: Path = Field(default_factory=default_data_dir, description="The directory for all data.")
    # an empty one would open the service to the network
    host: str = Field(
        "127.0.0.1",
        min_length=1,
        examples=["127.0.0.1"],
        description="The address the web server listens on.",
    )
    port: int = Field(8866, ge=0, le=65535, description="The port the web server listens on.")
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$",
        examples=["https://gifs.example.org"],
        description="The URL that users open, if gifapp is behind a proxy.",
    )
    trusted_proxies: Annotated[tuple[Network, ...] | None, NoDecode] = Field(
        None,
        description="The proxies whose `X-Forwarded-For` is trusted, such as 10.0.0.7,10.1.0.0/16; "
        "default: this machine if `GIFAPP_PUBLIC_URL` is set, otherwise none.",
    )
    redis_url: str | None = Field(None, description="The Redis to use; default: gifapp starts one.")
    mongodb_url: str | None = Field(None, description="The MongoDB to use; default: gifapp starts one.")
    storage_url: str | None = Field(
        None,
        description="Where videos and GIFs are stored: file:///path or s3://bucket/prefix; "
        "default: the data directory.",
    )
    storage_cache_bytes: int = Field(
        10_000_000_000,
        ge=0,
        description="The maximum size of the local cache of files stored on S3, in bytes.",
    )
    secret_file: Path | None = Field(
        None,
        description="The file with the signing secret; default: secret.key in the data directory.",
    )
    registration: Literal["open", "invite", "closed"] = Field(
        "invite", description="Who may create an account, after the first one."
    )
    max_upload_bytes: int = Field(
        _DEFAULTS.max_upload_bytes, ge=1, description="The maximum size of an uploaded video, in bytes."
    )
    fetch: bool = Field(
        False, description="Whether users may paste links to videos on public servers, which gifapp fetches."
    )
    max_duration_s: float = Field(
        _DEFAULTS.max_duration_s, gt=0, description="The maximum duration of a clip, in seconds."
    )
    max_pixels: int = Field(
        _DEFAULTS.max_pixels, ge=1, description="The maximum number of pixels in a video's frame."
    )
    max_composed_pixels: int = Field(
        _DEFAULTS.max_composed_pixels,
        ge=1,
        description="The maximum number of pixels that one conversion may read from an animation or a zip of "
        "pictures, over all pictures.",
    )
    max_decoded_pixels: int = Field(
        _DEFAULTS.max_decoded_pixels,
        ge=1,
        description="The maximum number of pixels that one conversion may read from a video, over all "
        "frames.",
    )
    deadline_s: float = Field(
        _DEFAULTS.deadline_s, gt=0, description="The maximum time that one conversion may take, in seconds."
    )
    max_kernels: int = Field(
        40, ge=1, description="The maximum number of dashboards open at the same time, per web server."
    )
    connections_by_address: int = Field(
        500, ge=1, description="The maximum number of connections to the web server from one address."
    )
    user_jobs_running: int | None = Field(
        None,
        ge=1,
        description="The maximum number of one user's running jobs;"
        " default: all workers but one, or all but two if the jobs are long.",
    )
    user_jobs_per_hour: int | None = Field(
        None,
        ge=1,
        description="The maximum number of jobs that one user may submit per hour; default: no limit.",
    )
    user_quota_bytes: int | None = Field(
        None,
        ge=1,
        description="The storage quota of one user's videos and GIFs, in bytes; default: no limit.",
    )
    retention_days: float | None = Field(
        None,
        ge=MIN_RETENTION_DAYS,
        description="After how many days finished jobs and unused videos are deleted; default: never.",
    )
    audit_days: float = Field(
        90, gt=0, le=36_500, description="After how many days security events are deleted."
    )
    rate_login_by_address: Rate = Field(
        _RATES.login_by_address, description="The maximum rate of sign-in attempts from one address."
    )
    rate_login_by_account: Rate = Field(
        _RATES.login_by_account, description="The maximum rate of sign-in attempts for one account."
    )
    rate_register_by_address: Rate = Field(
        _RATES.register_by_address, description="The maximum rate of new accounts from one address."
    )
    rate_reads: Rate = Field(_RATES.reads, description="The maximum rate of read requests by one user.")
    rate_writes: Rate = Field(_RATES.writes, description="The maximum rate of other requests by one user.")
    rate_uploads: Rate = Field(_RATES.uploads, description="The maximum rate of uploads by one user.")
    rate_parts: Rate = Field(
        _RATES.parts, description="The maximum rate of resumable-upload chunks by one user."
    )
    rate_submits: Rate = Field(_RATES.submits, description="The maximum rate of jobs submitted by one user.")
    rate_websockets: Rate = Field(
        _RATES.websockets, description="The maximum rate of event streams opened by one user."
    )
    rate_pages: Rate = Field(
        _RATES.pages, description="The maximum rate of dashboards and operations pages opened by one user."
    )
    rate_views: Rate = Field(
        _RATES.views, description="The maximum rate of shared-GIF views from one address."
    )
    workers: str = Field(
        "1..5",
        pattern=r"^\d{1,4}\.\.0{0,3}[1-9]\d{0,3}$",
        examples=["1..5"],
        description="The minimum and maximum number of workers, such as 1..5.",
    )
    drain_s: float = Field(
        8,
        ge=0,
        description="How long a stopping process waits for running conversions and requests, in seconds.",
    )
    cors_origins: Annotated[tuple[Origin, ...], NoDecode] = Field(
        (), description="Other sites whose pages may use the API, comma-separated."
    )

    sentry_dsn: str | None = Field(None, description="The Sentry DSN to report errors to.")
    metrics_token_file: Path | None = Field(
        None, description="The file with a token that may only read /metrics."
    )
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="The format of log lines; auto: plain text on a terminal, JSON elsewhere."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The lowest level that is logged."
    )

    @field_validator("public_url")
    @classmethod
    def _check_url(cls, value: str | None) -> str | None:
        try:
            if value is not None:
                _ = urlsplit(value).port
        except ValueError as malformed:
            raise ValueError(f"must be a URL such as https://gifs.example.org ({malformed})") from None
        return value

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_at_commas(cls, value: Any) -> Any:
        return (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _parse_proxies(cls, value: Any) -> Any:
        if value is None:
            return None
        try:
            return parse_networks(value.split(",") if isinstance(value, str) else map(str, value))
        except TypeError:
            raise ValueError("must be a list of addresses or ranges such as 10.0.0.7") from None

    @field_validator("workers")
    @classmethod
    def _check_order(cls, value: str) -> str:
        minimum, _, maximum = value.partition("..")
        if int(minimum) > int(maximum):
            raise ValueError("must name the minimum first, such as 1..5")
        return value

    @field_validator("*")
    @classmethod
    def _check_size(cls, value: Any, info: ValidationInfo) -> Any:
        maximum = _MAX_OF_UNIT.get(str(info.field_name).rpartition("_")[2], _MAX_VALUE)
        if isinstance(value, int | float) and value > maximum:
            raise ValueError(f"must be at most {maximum:,}")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        path = settings_file(init_settings().get("data_dir"))
        _check_is_file(path)
        toml = TomlConfigSettingsSource(settings_cls, path)
        if "data_dir" in toml.toml_data:
            problem = (
                f"{path} cannot set it, since the file is found through it; use --data-dir or the variable"
            )
            raise errors.SettingInvalid(name="GIFAPP_DATA_DIR", problem=problem)
        return init_settings, env_settings, toml

    @property
    def limits(self) -> Limits:
        return Limits(
            max_upload_bytes=self.max_upload_bytes,
            max_duration_s=self.max_duration_s,
            max_pixels=self.max_pixels,
            max_composed_pixels=self.max_composed_pixels,
            max_decoded_pixels=self.max_decoded_pixels,
            deadline_s=self.deadline_s,
        )

    @property
    def allowance(self) -> Allowance:
        return Allowance(
            running=self.user_jobs_running,
            jobs_per_hour=self.user_jobs_per_hour,
            stored_bytes=self.user_quota_bytes,
            retention_days=self.retention_days,
        )

    @property
    def proxies(self) -> tuple[Network, ...]:
        """The proxies whose `X-Forwarded-For` is trusted."""
        if self.trusted_proxies is not None:
            return self.trusted_proxies
        return LOOPBACK if self.public_url else ()

    @property
    def rates(self) -> Rates:
        return Rates(**{rate.name: getattr(self, f"rate_{rate.name}") for rate in fields(Rates)})

    @property
    def url(self) -> str:
        """The address that users open."""
        return (self.public_url or self.local_url).rstrip("/")

    @property
    def local_url(self) -> str:
        """The web server's address on its own machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def worker_range(self) -> tuple[int, int]:
        minimum, _, maximum = self.workers.partition("..")
        return int(minimum), int(maximum)


def _check_is_file(path: Path) -> None:
    """Without this, a folder or a link to nothing would leave every setting at its default, unnoticed."""
    if os.path.lexists(path) and not path.is_file():
        raise errors.SettingInvalid(name=f"file {path}", problem="it is not a file, or a link to none")


def load(**flags: Any) -> Settings:
    """Load the settings; flags that are None count as absent.

    Raises:
        errors.SettingInvalid: names the setting and what it may be.
    """
    file = settings_file(flags.get("data_dir"))
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as refused:
        first = next(problems_in(refused, Settings.model_json_schema(), whole="settings"))
        name = "GIFAPP_" + first.path.partition(".")[0].upper()
        raise errors.SettingInvalid(name=name, problem=f"it {redact(first.words)}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as broken:
        raise errors.SettingInvalid(name=f"file {file}", problem=broken) from None
    except (ValueError, RecursionError):  # tomllib passes these on from Python
        problem = "a number in it has thousands of digits, or its brackets are nested too deeply"
        raise errors.SettingInvalid(name=f"file {file}", problem=problem) from None


def origins(**flags: Any) -> dict[str, str]:
    """Where `load(**flags)` takes each setting from: "flag", "environment", the file's path or "default"."""
    file = settings_file(flags.get("data_dir"))
    sources = {
        "flag": {name for name, value in flags.items() if value is not None},
        "environment": EnvSettingsSource(Settings)().keys(),
        str(file): TomlConfigSettingsSource(Settings, file)().keys(),
    }
    return {
        name: next((origin for origin, names in sources.items() if name in names), "default")
        for name in Settings.model_fields
    }
