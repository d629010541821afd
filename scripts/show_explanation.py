"""An explained region to be looked at: an animation, and a page that steps through time."""

import logging
from pathlib import Path

from flaredag.artifacts import written_whole
from flaredag.errors import InputError
from flaredag.explanation_animations import write_animation
from flaredag.explanation_pages import page
from flaredag.explanations import Explanation, read_explanation
from flaredag.joblog import job_log

LOG = logging.getLogger("flaredag")


def show_explanation(explanation: Explanation, template: str) -> str:
    """HTML of the page of an explained region, from its template."""
    return page(explanation, template)


def main(explanation: str | Path, template: str | Path, page: str | Path, animation: str | Path) -> None:
    """Write the page and the animation of one region; each is whole or absent."""
    explained = read_explanation(explanation)
    try:
        shown = show_explanation(explained, Path(template).read_text(encoding="utf-8"))
    except InputError as error:
        raise InputError(f"{template}: {error}") from error
    with written_whole(page) as part:
        part.write_text(shown, encoding="utf-8")
    write_animation(animation, explained)
    LOG.info(
        "read %s, %d frames and %d methods; wrote %s, %d bytes, and %s, %d bytes",
        explanation,
        len(explained.issue_time),
        len(explained.methods),
        page,
        Path(page).stat().st_size,
        animation,
        Path(animation).stat().st_size,
    )


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(snakemake.input.explanation, snakemake.input.template, snakemake.output.page, snakemake.output.animation)
