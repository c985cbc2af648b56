"""Answers of get_top_pages, get_page_performance, get_page_conversions, get_rolling_active_users, get_engagement_metrics."""

NOT_SET = "(not set)"


def page(row: dict) -> tuple[str, str]:
    """(origin, path) of a row."""
    return row.get("origin", NOT_SET), row["path"]


def change(row: dict, measure: str) -> tuple:
    """(earlier value, change) of a measure of a row."""
    change = row["changes"][measure]
    return change["earlier"], change["change"]
