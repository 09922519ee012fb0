"""Count what every function uses and write what a million of everything costs: ``make costs``."""

import sys

from bench_costs.cost_report import write_costs
from bench_costs.estimates import estimate_bills
from bench_costs.jobs import run_jobs

if __name__ == "__main__":
    jobs = run_jobs()
    bills = estimate_bills(jobs)
    write_costs(jobs, bills)
    print("\n".join(bill.row() for bill in bills), file=sys.stderr)
