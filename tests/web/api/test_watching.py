"""Alerts, the Grafana dashboard and docs/metrics.md use existing metrics in valid PromQL."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import promql_parser
import yaml
from prometheus_client.parser import text_string_to_metric_families

from gifapp.domain.views.jobs import JobView
from gifapp.jobs.events.counters import KINDS, Counter
from tests.web.api.conftest import Person

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
_PROMETHEUS_OWN = {"up": {"instance", "job"}}
_ADDED_BY_PROMETHEUS = {"instance", "job"}
_RANGES = {"$__rate_interval": "5m"}

Labels = dict[str, set[str]]


async def known(root: Person) -> Labels:
    """Every metric that exists, with the names of its labels."""
    answer = await root.http.get("/metrics")
    series = dict(_PROMETHEUS_OWN)
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            series.setdefault(sample.name, set()).update(sample.labels)
    for kind in KINDS:  # a counter has no series before its first event
        parts = ("_total",) if isinstance(kind, Counter) else ("_sum", "_count", "_bucket")
        for part in parts:
            labels = {*kind.labels, *(["le"] if part == "_bucket" else [])}
            series.setdefault(f"{kind.name}{part}", set()).update(labels)
    return series


def expressions() -> Iterator[tuple[str, str]]:
    """Each expression and where it is written."""
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in json.loads((DEPLOY / "grafana" / "gifapp.json").read_text())["panels"]:
        assert panel["targets"], panel["title"]
        yield from ((panel["title"], target["expr"]) for target in panel["targets"])


def rules() -> list[dict[str, Any]]:
    document = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
    return [rule for group in document["groups"] for rule in group["rules"]]


def named(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Each metric of an expression, with the labels that the expression uses."""
    for written, meant in _RANGES.items():
        expression = expression.replace(written, meant)

    def walk(node: Any, grouped: set[str]) -> Iterator[tuple[str, set[str]]]:
        if isinstance(node, promql_parser.VectorSelector):
            yield str(node.name), grouped | {matcher.name for matcher in node.matchers.matchers}
        elif isinstance(node, promql_parser.AggregateExpr):
            labels = set(node.modifier.labels) if node.modifier else set()
            yield from walk(node.expr, labels)
        elif isinstance(node, promql_parser.MatrixSelector):
            yield from walk(node.vector_selector, grouped)
        elif isinstance(node, promql_parser.BinaryExpr):
            yield from walk(node.lhs, grouped)
            yield from walk(node.rhs, grouped)
        elif isinstance(node, promql_parser.Call):
            for argument in node.args:
                yield from walk(argument, grouped)
        elif isinstance(node, promql_parser.ParenExpr):
            yield from walk(node.expr, grouped)
        else:
            assert isinstance(node, promql_parser.NumberLiteral), node

    yield from walk(promql_parser.parse(expression), set())


async def test_every_expression_uses_existing_metrics_and_labels(root: Person, job: JobView) -> None:
    await root.http.get("/api/v1/jobs")  # so that there are metrics of requests
    there = await known(root)
    used = {(where, name): labels for where, expr in expressions() for name, labels in named(expr)}
    wrong = {
        expression: labels - there.get(expression[1], set()) - _ADDED_BY_PROMETHEUS
        for expression, labels in used.items()
        if expression[1] not in there or labels - there[expression[1]] - _ADDED_BY_PROMETHEUS
    }
    assert wrong == {}
    assert len({name for _, name in used}) > 20


def test_every_alert_has_a_severity_and_advice() -> None:
    for rule in rules():
        assert rule.keys() == {"alert", "expr", "for", "labels", "annotations"}, rule
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert all(len(rule["annotations"][name].split()) >= 3 for name in ("summary", "description"))
    scrape = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    assert scrape["rule_files"] == ["alerts.yml"]
    assert [config["job_name"] for config in scrape["scrape_configs"]] == ["gifapp"]


async def test_docs_list_exactly_the_existing_metrics(
    root: Person, stranger: httpx.AsyncClient, job: JobView
) -> None:
    await root.http.get("/api/v1/jobs")
    page = (ROOT / "docs" / "metrics.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| `gifapp_")]
    listed = {name for row in rows for name in re.findall(r"`(gifapp_\w+)`", row.split("|")[1])}
    families = {re.sub(r"_(bucket|sum|count|created)$", "", name) for name in await known(root)}
    assert listed == {name for name in families if name.startswith("gifapp_")}
