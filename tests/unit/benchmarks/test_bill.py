"""Bills: use multiplied by prices."""

import pytest

from bench_costs.bill import PRICES, Bill, dollars, scaled


def test_a_bill_is_use_times_price_by_service() -> None:
    bill = Bill("a million", {"write_units": 1_000_000, "sqs_requests": 10, "lambda_gb_s": 1.5})

    assert bill.of("DynamoDB") == pytest.approx(0.625)
    assert bill.total == pytest.approx(
        0.625 + 10 * PRICES["sqs_requests"] + 1.5 * PRICES["lambda_gb_s"]
    )
    assert bill.row().startswith("| a million | $0.000 | $0.625 |")


def test_amounts_below_a_dollar_are_shown_in_thousandths() -> None:
    assert [dollars(amount) for amount in (0, 0.0123, 1234.5)] == ["-", "$0.012", "$1,234.50"]


def test_scaling_multiplies_every_amount() -> None:
    assert scaled({"events": 2.0}, 50) == {"events": 100.0}
