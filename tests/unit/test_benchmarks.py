"""The benchmarks' own arithmetic: what they count, compare and fit is right."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from baseline import save, worse
from bill import PRICES, Bill, dollars, scaled
from measuring import Measurement, exponents
from meter import Meter
from pages import fill


def measured(
    name: str = "sync",
    ratios: Iterable[float] = (1.0,),
    *,
    more_is_better: bool = False,
    followers: int | None = None,
) -> Measurement:
    figures = [10 * ratio for ratio in ratios]
    floors = [10.0] * len(figures)
    return Measurement(name, "", "s", floors, figures, followers, more_is_better)


# ---------------------------------------------------------------- baseline


@pytest.mark.parametrize(
    ("then", "now", "is_worse"),
    [
        ([1.0, 1.1], [1.2, 1.2], True),
        ([1.0, 1.1], [1.1, 1.2], False),
        ([1.0, 1.0], [0.5, 0.5], False),
        ([1.0, 1.0], [0.9, 1.3], False),
        ([1.0, 1.0], [1.02, 1.02], False),
    ],
    ids=["beyond the spread then", "within it", "better", "within the spread now", "noise"],
)
def test_a_ratio_is_named_when_it_got_worse_by_more_than_its_spread(
    tmp_path: Path, then: list[float], now: list[float], *, is_worse: bool
) -> None:
    committed = tmp_path / "baseline.json"
    save([measured(ratios=then)], committed)

    named = list(worse([measured(ratios=now)], committed))

    assert bool(named) == is_worse
    assert all("sync: ratio 1.2, was 1.05" in line for line in named)


def test_a_rate_gets_worse_by_falling(tmp_path: Path) -> None:
    committed = tmp_path / "baseline.json"
    save([measured(ratios=[0.9], more_is_better=True)], committed)

    assert not list(worse([measured(ratios=[1.0], more_is_better=True)], committed))
    assert list(worse([measured(ratios=[0.8], more_is_better=True)], committed))


def test_a_part_of_the_benchmarks_changes_a_part_of_the_baseline(tmp_path: Path) -> None:
    committed = tmp_path / "baseline.json"
    save([measured("a"), measured("b")], committed)
    save([measured("a", [2.0]), measured("b", [3.0], followers=10)], committed)

    now = [measured("a", [9.0]), measured("b", [9.0]), measured("new", [9.0])]
    found = [line.split(" (")[0] for line in worse(now, committed)]
    assert found == ["a: ratio 9, was 2", "b: ratio 9, was 1"]


# -------------------------------------------------------------------- meter

KB = "x" * 1024


@pytest.mark.parametrize(
    ("operation", "request_", "answer", "read", "written"),
    [
        ("PutItem", {"Item": {"a": {"S": "x"}}}, {}, 0, 1),
        ("PutItem", {"Item": {"a": {"S": KB}}}, {}, 0, 2),
        ("UpdateItem", {}, {}, 0, 1),
        ("GetItem", {"ConsistentRead": True}, {"Item": {"a": {"S": 5 * KB}}}, 2, 0),
        ("GetItem", {"ConsistentRead": True}, {}, 1, 0),
        ("GetItem", {}, {"Item": {"a": {"S": 5 * KB}}}, 1, 0),
        (
            "Scan",
            {"ConsistentRead": True},
            {"Items": [{"a": {"S": KB}}], "ScannedCount": 8},
            3,
            0,
        ),
        ("Scan", {"ConsistentRead": True}, {"Count": 3, "ScannedCount": 300}, 10, 0),
    ],
)
def test_units_are_counted_as_the_developer_guide_says(
    operation: str, request_: dict[str, Any], answer: dict[str, Any], read: int, written: int
) -> None:
    meter = Meter()
    meter.count(operation, {"TableName": "t", **request_}, answer)

    assert (meter.read_units["t"], meter.write_units["t"]) == (read, written)
    assert meter.requests == {operation: 1}


def test_a_transaction_is_charged_twice() -> None:
    meter = Meter()
    writes = [
        {"Put": {"TableName": "t", "Item": {"a": {"B": "x" * 2000}}}},
        {"Update": {"TableName": "t"}},
        {"ConditionCheck": {"TableName": "t"}},
    ]
    meter.count("TransactWriteItems", {"TransactItems": writes}, {})

    assert meter.write_units["t"] == 2 * (2 + 1 + 1)


def test_each_statement_of_a_batch_is_charged() -> None:
    meter = Meter()
    statement = {"Statement": "INSERT INTO \"t\" VALUE {'a': ?}", "Parameters": [{"S": "x"}]}
    meter.count("BatchExecuteStatement", {"Statements": [statement] * 25}, {})

    assert meter.write_units["t"] == 25


# --------------------------------------------------------------------- bill


def test_a_bill_is_use_times_price_by_service() -> None:
    bill = Bill("a million", {"write_units": 1_000_000, "sqs_requests": 10, "lambda_gb_s": 1.5})

    assert bill.of("DynamoDB") == pytest.approx(0.625)
    assert bill.total == pytest.approx(
        0.625 + 10 * PRICES["sqs_requests"] + 1.5 * PRICES["lambda_gb_s"]
    )
    assert bill.row().startswith("| a million | $0.000 | $0.625 |")


def test_money_is_shown_as_a_person_reads_it() -> None:
    assert [dollars(amount) for amount in (0, 0.0123, 1234.5)] == ["-", "$0.012", "$1,234.50"]
    assert scaled({"events": 2.0}, 50) == {"events": 100.0}


# ------------------------------------------------------------ growth, pages


def test_the_exponent_is_that_of_the_power_law() -> None:
    sizes = (10_000, 100_000, 1_000_000)
    linear = [measured("linear", [size / 1000], followers=size) for size in sizes]
    flat = [measured("flat", [3.0], followers=size) for size in sizes]
    once = [measured("once", [3.0], followers=10), measured("no size")]

    assert exponents([*linear, *flat, *once]) == pytest.approx({"linear": 1.0, "flat": 0.0})


def test_a_table_takes_its_place_in_the_page_and_leaves_the_rest(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- t begins -->\nold\n<!-- t ends -->\nb\n", encoding="utf-8")

    fill(page, "t", ["new \\1"])

    text = page.read_text(encoding="utf-8")
    assert text == "a\n<!-- t begins -->\nnew \\1\n<!-- t ends -->\nb\n"
    with pytest.raises(ValueError, match="no place for 'other'"):
        fill(page, "other", [])
