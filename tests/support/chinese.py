"""What is not Chinese on a Chinese screen."""

import re

TYPED = re.compile(
    r"o[A-Z]{27}|`[^`]*`|--[a-z-]+|\$?[A-Z]+_[A-Z_]+|https?://\S+|[\w:./-]*[0-9][\w:./-]*", re.ASCII
)
"""What is typed, or comes from outside, in whatever language."""

_NAMES = """
AlarmEmail Architecture assumed audience AutoPush AWS callback CallbackBacklog
CallbackQuarantine ClockMarginSeconds CN com Concurrent continue cron CSV Ctrl docs
errcode example executions fixed follower get_wxa_followers getliveinfo JSON Lambda li
live live_watch md minute NotifyDeadLetters NotifyQueue openid operations Operators
pause push push_message PushDeadLetters PushQueue PushRatePerSecond PythonRuntime Quotas
rate reconcile resume role secret Service stdout sync UTC watch wxlive you zh
"""


def english(shown: str) -> set[str]:
    """Return the words of a screen that are neither Chinese nor names."""
    words = re.findall(r"[A-Za-z_]{2,}", TYPED.sub("", shown))
    return {word for word in words if word not in _NAMES.split()}
