"""How a share is shown to a person."""


def format_share(part: int, whole: int) -> str:
    """Format a part as percent. Only everything is 100 %, and only nothing is 0 %."""
    if not whole:
        return "-"
    if part >= whole:
        return "100 %"
    return f"{min(max(100 * part / whole, 0.1), 99.9):.1f} %" if part else "0 %"
