"""One project of a data set: who it belongs to, what lies in its tables, and how the files are written."""

from dataclasses import dataclass, field

Row = dict


@dataclass
class Project:
    """A project as rows. `sessions` is None where the server must derive them from the events."""

    id: str
    name: str
    events: list[Row] = field(default_factory=list)
    sessions: list[Row] | None = None
    profiles: list[Row] | None = None
    groups: list[Row] | None = None
    gsc_daily: list[Row] | None = None
    organization: str = "org_oracle"
    domain: str | None = "https://example.com"
    types: tuple[str, ...] = ("website",)
    timezone: str = "UTC"
    currency: str = "USD"
    week_start: str = "monday"
    # How the files are written.
    folders: str = "day"  # or "hive": year=/month=/day=
    timestamps: str = "ms"  # "ms", "us", "ns": without a zone; "tz": microseconds adjusted to UTC
    properties: str = "map"  # or "json": one text column
    compression: str = "zstd"
    files_per_day: int = 1
    # Only these columns of events are written; None writes all.
    event_columns: tuple[str, ...] | None = None

    def describe(self) -> Row:
        """The project as `projects.json` describes it."""
        return {
            "id": self.id,
            "name": self.name,
            "organization_id": self.organization,
            "domain": self.domain,
            "types": list(self.types),
            "timezone": self.timezone,
            "currency": self.currency,
            "week_start": self.week_start,
        }
