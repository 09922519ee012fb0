"""Measure the built functions and the layer, their imports and cold starts: ``make sizes``."""

from bench_costs.sizes import measure_sizes, write_sizes

if __name__ == "__main__":
    write_sizes(measure_sizes())
