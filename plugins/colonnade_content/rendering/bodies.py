"""Rendering of one body, for a process apart: it imports little and gets a text only."""

from colonnade.decoding import words_of
from colonnade.errors import FieldError, ValidationFailed
from colonnade_content.rendering.limits import MarkdownRejected
from colonnade_content.rendering.markdown import render_markdown


class RendererFailed(ValueError):
    """Failure of the renderer on a text; its words are for the log."""


def render_body(text: str) -> str:
    """Render a Markdown body as HTML.

    Raises:
        ValidationFailed: it cannot be rendered; `details["line"]` is where, counted from 1.
        RendererFailed: the renderer broke on it.
    """
    try:
        return render_markdown(text)
    except MarkdownRejected as error:
        raise cannot_be_rendered(str(error), error.line) from None
    except RecursionError:
        raise cannot_be_rendered("The text is nested too deeply.") from None
    except Exception as error:
        # Extensions of the parser may fail on a text that none of their authors thought of.
        raise RendererFailed(f"{type(error).__name__}: {words_of(error)}") from None


def cannot_be_rendered(sentence: str, line: int = 1) -> ValidationFailed:
    """Make the error for a body, with a pointer to it."""
    field = FieldError(
        "/body", f"cannot be rendered, line {line}: {sentence.rstrip('.')}", "not_rendered"
    )
    return ValidationFailed(details={"line": line}, fields=[field])
