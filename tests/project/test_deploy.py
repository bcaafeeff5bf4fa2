"""The files in `deploy/` match their schemas and use existing settings and commands."""

import configparser
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import crossplane
import kubernetes_validate
import psutil
import pytest
import yaml
from click.testing import CliRunner
from dockerfile_parse import DockerfileParser

from gifapp import errors
from gifapp.__main__ import gifapp
from gifapp.domain.limits import Limits
from gifapp.jobs.db.documents import JobDocument
from gifapp.jobs.timings import Timings
from gifapp.processes import wait_until
from gifapp.settings import Settings
from gifapp.up.ports import free_port
from gifapp.up.programs import REDIS_SERVER
from gifapp.up.servers import redis_responds

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
MANIFESTS = list(yaml.safe_load_all((DEPLOY / "kubernetes" / "gifapp.yaml").read_text()))
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
MAX_JOB_S = Limits().deadline_s + Timings().overtime_s


def containers(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return manifest["spec"]["template"]["spec"]["containers"] if manifest["kind"] == "Deployment" else []


def unit(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(path)
    return parser


def test_compose_file_is_valid() -> None:
    argv = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    checked = subprocess.run(
        [*argv, str(DEPLOY / "compose.yaml")], check=False, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("name", ["gifapp.yaml", "secret.example.yaml"])
def test_kubernetes_manifests_are_valid(name: str) -> None:
    for manifest in yaml.safe_load_all((DEPLOY / "kubernetes" / name).read_text()):
        kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)


def test_every_variable_is_a_setting() -> None:
    named = {
        name
        for path in DEPLOY.rglob("*")
        if path.is_file()
        for name in re.findall(r"\bGIFAPP_[A-Z_]+\b", path.read_text())
    }
    assert named <= {f"GIFAPP_{name.upper()}" for name in Settings.model_fields}
    assert len(named) > 8


def commands() -> list[list[str]]:
    """The gifapp commands in each file."""
    docker = DockerfileParser(str(DEPLOY / "Dockerfile"))
    assert [
        instruction["value"] for instruction in docker.structure if instruction["instruction"] == "ENTRYPOINT"
    ] == ['["gifapp"]']
    argument_lists = [
        yaml.safe_load(instruction["value"])
        for instruction in docker.structure
        if instruction["instruction"] == "CMD"
    ]
    argument_lists += [
        service["command"] for name, service in COMPOSE["services"].items() if name in ("web", "workers")
    ]
    argument_lists += [container["args"] for manifest in MANIFESTS for container in containers(manifest)]
    argument_lists += [unit(path)["Service"]["ExecStart"].split()[1:] for path in UNITS]
    return argument_lists


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_exists(words: list[str]) -> None:
    result = CliRunner().invoke(gifapp, [*map(str, words), "--help"])
    assert result.exit_code == 0, result.output


def test_redis_password_is_in_no_argument_list(tmp_path: Path) -> None:
    service = COMPOSE["services"]["redis"]
    assert "PASSWORD" not in str(service["command"])
    assert service["environment"] == {"REDISCLI_AUTH": "${REDIS_PASSWORD:?}"}
    server, port = tmp_path / "valkey-server", free_port()
    server.symlink_to(REDIS_SERVER.find())
    *shell, script = (word.replace("$$", "$") for word in service["command"])
    script = script.replace("valkey-server -", f"valkey-server - --bind 127.0.0.1 --port {port}")
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "REDISCLI_AUTH": "correct horse"}
    url = f"redis://:correct%20horse@127.0.0.1:{port}/0"
    with subprocess.Popen(
        [*shell, script], env=environment, cwd=tmp_path, stdout=subprocess.DEVNULL
    ) as redis:
        try:
            assert wait_until(lambda: redis_responds(url), timeout_s=20)
            assert "horse" not in " ".join(psutil.Process(redis.pid).cmdline())
            with pytest.raises(errors.ServiceRefused):
                redis_responds(url.replace("horse", "house"))
        finally:
            redis.terminate()
        assert redis.wait(20) == 0


def test_stopping_worker_has_time_to_finish_its_conversion() -> None:
    [worker] = [manifest for manifest in MANIFESTS if manifest["metadata"]["name"] == "gifapp-worker"]
    pod = worker["spec"]["template"]["spec"]
    [drain_s] = [
        float(variable["value"])
        for variable in pod["containers"][0]["env"]
        if variable["name"] == "GIFAPP_DRAIN_S"
    ]
    assert MAX_JOB_S < drain_s < pod["terminationGracePeriodSeconds"]
    workers = COMPOSE["services"]["workers"]
    assert (
        MAX_JOB_S
        < float(workers["environment"]["GIFAPP_DRAIN_S"])
        < 60 * int(workers["stop_grace_period"].removesuffix("m"))
    )
    service = unit(DEPLOY / "systemd" / "gifapp-workers.service")["Service"]
    assert MAX_JOB_S < float(service["Environment"].partition("=")[2]) < float(service["TimeoutStopSec"])


def test_containers_run_without_root_and_with_read_only_file_systems() -> None:
    for name in ("web", "workers"):
        service = COMPOSE["services"][name]
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
    for container in (container for manifest in MANIFESTS for container in containers(manifest)):
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"]
        assert not context["allowPrivilegeEscalation"]
    for path in UNITS:
        service = unit(path)["Service"]
        assert (service["NoNewPrivileges"], service["ProtectSystem"]) == ("yes", "strict")
    assert "USER 10001" in (DEPLOY / "Dockerfile").read_text()


def test_keda_scales_on_the_work_to_do() -> None:
    _, scaled = yaml.safe_load_all((DEPLOY / "kubernetes" / "keda.yaml").read_text())
    [trigger] = scaled["spec"]["triggers"]
    assert set(trigger["metadata"]) == {"dbName", "collection", "query", "queryValue"}
    assert all(isinstance(value, str) for value in trigger["metadata"].values())  # KEDA requires a string
    assert trigger["metadata"]["collection"] == JobDocument._get_collection_name()
    assert json.loads(trigger["metadata"]["query"])  # tests/jobs/test_supervisor.py checks what it counts
    assert (scaled["spec"]["minReplicaCount"], scaled["spec"]["maxReplicaCount"]) == (1, 5)
    assert scaled["spec"]["scaleTargetRef"]["name"] in {
        manifest["metadata"]["name"] for manifest in MANIFESTS
    }


def test_nginx_forwards_websockets_and_uploads_with_sticky_sessions() -> None:
    parsed = crossplane.parse(str(DEPLOY / "nginx" / "gifapp.conf"), check_ctx=False)
    assert parsed["status"] == "ok", parsed["errors"]
    blocks = parsed["config"][0]["parsed"]
    [server] = [block["block"] for block in blocks if block["directive"] == "server"]
    [location] = [directive["block"] for directive in server if directive["directive"] == "location"]
    settings = {(directive["directive"], *directive["args"][:1]): directive["args"] for directive in location}
    assert settings["proxy_set_header", "Upgrade"] == ["Upgrade", "$http_upgrade"]
    assert settings["client_max_body_size", "0"]
    assert settings["proxy_request_buffering", "off"]
    assert settings["proxy_set_header", "X-Forwarded-For"] == ["X-Forwarded-For", "$remote_addr"]
    assert [settings["proxy_set_header", name][1] for name in ("X-Real-IP", "X-Scheme", "Forwarded")] == [
        ""
    ] * 3
    [upstream] = [block["block"] for block in blocks if block["directive"] == "upstream"]
    assert "hash" in [directive["directive"] for directive in upstream]


def test_caddy_drops_addresses_that_clients_report() -> None:
    lines = (DEPLOY / "caddy" / "Caddyfile").read_text().splitlines()
    changes = {line.partition("#")[0].strip() for line in lines if "header_up" in line}
    dropped = {f"header_up -{name}" for name in ("X-Real-IP", "X-Scheme", "Forwarded")}
    assert changes == {"header_up X-Forwarded-For {remote_host}", *dropped}


def test_no_proxy_gives_up_a_server_for_the_faults_of_clients() -> None:
    nginx = (DEPLOY / "nginx" / "gifapp.conf").read_text()
    servers = [line.strip() for line in nginx.splitlines() if line.strip().startswith("server 127.")]
    assert servers == [f"server 127.0.0.1:{port} max_fails=0;" for port in (8866, 8867)]
    caddy = [line.split("#")[0].split() for line in (DEPLOY / "caddy" / "Caddyfile").read_text().splitlines()]
    settings = {words[0]: words[1:] for words in caddy if words}
    assert "fail_duration" not in settings
    assert settings["health_uri"] == ["/health/live"]
