"""Telemetry that writes no metrics: a benchmark is no deployed function, and has no namespace."""

from wxlive.telemetry import Telemetry


class QuietTelemetry(Telemetry):
    """Counts as a function does, and publishes nothing."""

    def publish(self) -> None:
        """Forget what was counted."""
        self._metrics.clear_metrics()
        self._operator_needed.clear()
