"""Every project of the adversarial data set, and how to put them on disk: `python -m datasets.catalog --to DIR`."""

import argparse
from pathlib import Path

from datasets import friction, labels, midnights, site, small, texts
from datasets.project import Project
from datasets.writer import write_all

ORGANIZATIONS = [{"id": "org_oracle", "name": "Oracle"}, {"id": "org_other", "name": "Other"}]


def projects() -> list[Project]:
    """All of them, in a fixed order."""
    return [
        *midnights.projects(),
        small.ties(),
        small.minimal(),
        small.nulls(),
        small.many_values(),
        small.aliases(),
        small.empty(),
        small.cohorts(),
        texts.mapped(),
        texts.hive(),
        friction.project(),
        site.derived(),
        site.stored(),
        site.hive(),
        small.other_tenant(),
        labels.project(),
    ]


def build(folder: Path) -> None:
    """Writes the whole set; the same rows every time."""
    write_all(projects(), folder, ORGANIZATIONS)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, required=True)
    build(parser.parse_args().to)
