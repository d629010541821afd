"""What a reader calls the methods of attribution, and what each of them shows."""

from __future__ import annotations

from typing import NamedTuple

FIRST_FRAME, ZERO = "first", "zero"
BASELINES = {FIRST_FRAME: "baseline: first frame", ZERO: "baseline: zero field"}


class Method(NamedTuple):
    """Title of a method, in lines as narrow as a small panel, and a sentence that says what its map shows."""

    lines: tuple[str, ...]
    meaning: str


METHODS = {
    "deconvolution": Method(
        ("Deconvolution",),
        "Which pixels would raise the score, its gradient kept positive on the way back; it follows strong edges of "
        "the field whatever the network has learnt.",
    ),
    "guided_backpropagation": Method(
        ("Guided", "Backpropagation"),
        "As Deconvolution, only through units that were active; it too follows edges of the field rather than the "
        "decision.",
    ),
    "integrated_gradients": Method(
        ("Integrated", "Gradients"),
        "Shares the change of the score between the baseline and this magnetogram out among the pixels: the sum of "
        "the map is that change.",
    ),
    "deep_lift": Method(
        ("DeepLIFT",),
        "Shares the change of the score between the baseline and this magnetogram out among the pixels, by rules "
        "instead of gradients.",
    ),
    "grad_cam_4": Method(
        ("Grad-CAM 4",), "Where the fourth convolution saw what speaks for a flare; coarse, positive alone."
    ),
    "grad_cam_5": Method(
        ("Grad-CAM 5",), "Where the last convolution saw what speaks for a flare; the coarsest, positive alone."
    ),
    "occlusion": Method(("Occlusion",), "How much the score falls when a square of the magnetogram is covered."),
}


def title_lines(method: str) -> tuple[str, ...]:
    """Title of a method such as "deep_lift.first" in short lines, its baseline last."""
    name, _, baseline = method.partition(".")
    lines = METHODS[name].lines if name in METHODS else (name.replace("_", " "),)
    if not baseline:
        return lines
    # Beneath a short title, else beside its last word.
    return (*lines, f"({baseline})") if len(lines) == 1 else (*lines[:-1], f"{lines[-1]} ({baseline})")


def title(method: str) -> str:
    """Title of a method such as "deep_lift.first" in one line: "DeepLIFT (first)"."""
    return " ".join(title_lines(method))


def meaning(method: str) -> str:
    """What a method's map shows, one sentence, with its baseline if it has one; empty for an unknown one."""
    name, _, baseline = method.partition(".")
    if name not in METHODS:
        return ""
    text = METHODS[name].meaning
    return f"{text[:-1]} ({BASELINES[baseline]})." if baseline in BASELINES else text
